"""What can go wrong, sorted by what must happen next. Users get their texts by code, not these."""
import enum
from dataclasses import dataclass


class NextStep(enum.StrEnum):
    """What whoever catches the error has to do."""

    RETRY_LATER = 'retry_later'
    TELL_USER = 'tell_user'
    FIX_CREDENTIALS = 'fix_credentials'
    ASK_PERSON = 'ask_person'
    LOOK_UP = 'look_up'
    FIX_CONFIGURATION = 'fix_configuration'


@dataclass(frozen=True)
class Evidence:
    """What can be shown to a provider's support. Secrets are masked, personal data are left out."""

    provider: str
    environment: str
    operation: str
    method: str = ''
    url: str = ''
    status: int | None = None
    correlation_id: str = ''
    #: The provider's own words: code of the error, number of the request in its log.
    provider_code: str = ''
    provider_reference: str = ''
    body: str = ''
    attempts: int = 1


class ConnectorError(Exception):
    """Base of everything that happens between us and a provider.

    :param code: stable, for programs: what happened
    :param message: for the log, in English
    :param retry_after: seconds that the provider asks us to wait
    :param provider_messages: the provider's own texts, masked
    """

    next_step = NextStep.ASK_PERSON

    def __init__(self, code: str, message: str = '', *, evidence: Evidence | None = None,
                 retry_after: float | None = None, provider_messages: tuple[str, ...] = (),
                 details: dict | None = None):
        super().__init__(code, message)
        self.code = code
        self.message = message or code
        self.evidence = evidence
        self.retry_after = retry_after
        self.provider_messages = provider_messages
        self.details = details or {}

    def __str__(self):
        text = f"{self.code}: {self.message}" if self.message != self.code else self.code
        if self.evidence:
            text += f" [{self.evidence.provider} {self.evidence.operation}"
            if self.evidence.status:
                text += f", HTTP {self.evidence.status}"
            text += f", {self.evidence.correlation_id}]"
        return text


class TemporaryError(ConnectorError):
    """Network, time-out of a read, 429, 5xx, unreadable answer: nothing was decided."""

    next_step = NextStep.RETRY_LATER


class RefusedError(ConnectorError):
    """The provider understood and said no. The same call will be refused again."""

    next_step = NextStep.TELL_USER


class InvalidInputError(RefusedError):
    """Our own check found that it would be refused: nothing was sent. `details` may propose."""


class CredentialsError(RefusedError):
    """Wrong or expired credentials: stop this account until somebody edits them."""

    next_step = NextStep.FIX_CREDENTIALS


class AccessError(RefusedError):
    """403: the route, the application key or the right is missing; not the password."""

    next_step = NextStep.FIX_CONFIGURATION


class NotFoundError(RefusedError):
    """The provider does not know the company or the object. Cache it: asking again may cost."""

    next_step = NextStep.ASK_PERSON


class AmbiguousError(RefusedError):
    """Several companies answer; `details['candidates']` holds them. A person picks."""

    next_step = NextStep.ASK_PERSON


class AlreadyPendingError(RefusedError):
    """A request for this buyer is open already: attach to it (`details['request']`)."""


class BudgetError(RefusedError):
    """The day's budget of billed calls is used up. Nothing was sent."""


class UnexpectedAnswerError(ConnectorError):
    """Readable, but not what was agreed: keep the previous value and ask a person."""


class UnknownOutcomeError(ConnectorError):
    """A write was sent and its answer was lost. Look it up before any repeat."""

    next_step = NextStep.LOOK_UP


class SentBeforeError(UnknownOutcomeError):
    """The journal knows this write: nothing was sent now. Says nothing about the connection."""


class ConfigurationError(Exception):
    """Something to mend in settings or code. Outside the family: never swallowed with it."""

    next_step = NextStep.FIX_CONFIGURATION

    def __init__(self, code: str, message: str = ''):
        super().__init__(code, message)
        self.code = code
        self.message = message or code

    def __str__(self):
        return f"{self.code}: {self.message}"


class NotSupportedError(ConfigurationError):
    """The provider has no such operation, or its contract is closed and it is done by hand."""


class UnconfirmedError(ConfigurationError):
    """The operation rests on assumptions and has not been switched on."""


class BlockedAddressError(ConfigurationError):
    """An address outside the allowed hosts. Nothing was sent there."""
