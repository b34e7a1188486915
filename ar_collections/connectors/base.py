"""The base of all clients. One method sends, one makes errors; providers fill in hooks."""
import enum
import hashlib
import time
from collections.abc import Callable, Iterable, Mapping
from datetime import UTC, datetime
from typing import Any, ClassVar
from urllib.parse import quote, urlsplit
from zoneinfo import ZoneInfo

from .answer import Answer
from .capability import Capability, Spec, Support
from .errors import (
    BlockedAddressError,
    BudgetError,
    ConfigurationError,
    ConnectorError,
    CredentialsError,
    InvalidInputError,
    NotSupportedError,
    UnconfirmedError,
    UnexpectedAnswerError,
    UnknownOutcomeError,
)
from .exchange import Call, Exchange, Kind
from .masking import Masker, Secret
from .parsing import Reader
from .results import Confidence, Meta
from .state import DailyBudget, Limiter, Token, TokenCache, WriteJournal, WriteState
from .transport import LocalSimulator, get_origin, resolve_link

USER_AGENT = 'ar_collections/19.0 (Odoo add-on; credit and collections)'


class Environment(enum.StrEnum):
    """Which of the provider's installations is spoken to."""

    PRODUCTION = 'production'
    TEST = 'test'


class Client(Exchange):
    """A client of one provider for one account. Not shared between threads; its state may be.

    :param credentials: values named by `credential_fields`; empty for open data
    :param environment: which installation; there is no way from one to the other
    :param account: tells accounts of one provider apart in the token cache
    :param options: settings that are no secrets: policy number, customer number, other base URLs
    :param confirmed: capabilities whose assumptions somebody has checked against the contract
    :param budget: billed calls that may be made; without one, none is made in production
    :param simulator: permission to talk to a simulator; cannot come from data
    :param clock: seconds since 1970; `sleep` waits. Tests bring their own.
    """

    code: ClassVar[str] = ''
    #: Base addresses by environment and family of paths, without trailing slash.
    bases: ClassVar[Mapping[str, Mapping[str, str]]] = {}
    #: Other hosts that a setting may name, beside those of `bases`.
    other_hosts: ClassVar[frozenset[str]] = frozenset()
    credential_fields: ClassVar[tuple[str, ...]] = ()
    required_options: ClassVar[tuple[str, ...]] = ()
    #: Operations whose contract is closed, done by hand.
    manual: ClassVar[frozenset[Capability]] = frozenset()
    #: Calls in seconds, for each operation of an account.
    rate: ClassVar[tuple[int, float] | None] = None
    #: The limit is that of our address or key: all operations of all accounts share it.
    rate_is_shared: ClassVar[bool] = False
    uses_token: ClassVar[bool] = True
    #: Keys of answers that hold natural persons: never kept.
    personal_keys: ClassVar[frozenset[str]] = frozenset()
    specs: ClassVar[dict[str, Spec]] = {}

    def __init_subclass__(cls, **kwargs):
        made = super().__init_subclass__(**kwargs)
        own = {
            spec.capability.value: spec for value in vars(cls).values()
            if (spec := getattr(value, 'spec', None))
        }
        cls.specs = {**cls.specs, **own}
        return made

    def __init__(self, credentials: Mapping[str, str] | None = None, *,
                 environment: Environment | str = Environment.TEST, account: str = '',
                 options: Mapping[str, Any] | None = None,
                 confirmed: Iterable[Capability] = (),
                 timezone: str = 'Europe/Paris',
                 tokens: TokenCache | None = None, limiter: Limiter | None = None,
                 journal: WriteJournal | None = None, budget: DailyBudget | None = None,
                 callback_url: str = '',
                 simulator: LocalSimulator | None = None,
                 timeouts: tuple[float, float] | None = None,
                 clock: Callable[[], float] = time.time,
                 sleep: Callable[[float], None] = time.sleep):
        if environment not in Environment._value2member_map_:
            raise ConfigurationError('environment', f"{self.code}: no environment {environment}")
        self.environment = Environment(environment)
        self.account = account
        self.options = dict(options or {})
        self.confirmed = frozenset(Capability(x) for x in confirmed)
        self.zone = ZoneInfo(timezone)
        if simulator is not None and not isinstance(simulator, LocalSimulator):
            raise ConfigurationError('simulator', "granted by an object, not by data")
        self._simulator = simulator
        self.clock, self.sleep = clock, sleep
        self.tokens = tokens if tokens is not None else TokenCache()
        self.limiter = limiter if limiter is not None else Limiter()
        self.journal = journal if journal is not None else WriteJournal()
        self.budget = budget
        self.masker = Masker()
        self._callback_url = self._take_callback(callback_url)
        self._credentials = self._take_credentials(credentials or {})
        self._bases = self._take_bases()
        super().__init__(timeouts, simulator, USER_AGENT)

    def __repr__(self):
        return f"<{type(self).__name__} {self.stamp} {self.account}>"

    @property
    def stamp(self) -> str:
        """The environment that every answer carries: a simulator never passes for the provider."""
        return 'simulator' if self._simulator else self.environment.value

    # === CAPABILITIES === #

    @classmethod
    def get_support(cls, capability: Capability, confirmed: Iterable[Capability] = ()) -> Support:
        """Return how this provider offers an operation."""
        spec = cls.specs.get(capability)
        if not spec:
            return Support.MANUAL if capability in cls.manual else Support.NO
        if spec.confidence == Confidence.UNCONFIRMED and capability not in confirmed:
            return Support.UNCONFIRMED
        return Support.YES

    def require(self, capability: Capability) -> None:
        """Raise unless the operation may be called."""
        support = self.get_support(capability, self.confirmed)
        if support == Support.UNCONFIRMED:
            raise UnconfirmedError(
                'unconfirmed', f"{self.code}: {capability} rests on assumptions, it is off")
        if support != Support.YES:
            raise NotSupportedError(f'not_supported_{support}', f"{self.code}: no {capability}")

    def __getattr__(self, name):
        # Operations that a provider lacks exist as a clear refusal.
        if name in Capability._value2member_map_:
            self.require(Capability(name))
        raise AttributeError(f"{type(self).__name__} has no {name}")

    # === SETTINGS === #

    def _take_credentials(self, credentials):
        missing = [name for name in self.credential_fields if not credentials.get(name)]
        if missing:
            raise ConfigurationError('credentials', f"{self.code}: missing {', '.join(missing)}")
        missing = [name for name in self.required_options if not self.options.get(name)]
        if missing:
            raise ConfigurationError('options', f"{self.code}: missing {', '.join(missing)}")
        for value in credentials.values():
            self.masker.add(value)
        return {name: Secret(value) for name, value in credentials.items() if value}

    def _take_callback(self, url):
        """Keep the address at which the provider may call us: a secret, as it holds one."""
        self.masker.add(url)
        self.masker.add(url.rpartition('/')[2])
        return Secret(url)

    def _get_callback_url(self) -> str:
        """Return the address to tell the provider, '' when there is none, or none with https."""
        url = self._callback_url.reveal()
        return url if url.startswith('https://') or self._simulator else ''

    def _take_bases(self):
        bases = dict(self.bases.get(self.environment, {}))
        if not bases:
            raise ConfigurationError('environment', f"{self.code}: no {self.environment} known")
        allowed = {urlsplit(url).netloc for url in bases.values()} | self.other_hosts
        for name, url in (self.options.get('bases') or {}).items():
            if get_origin(url) not in {f'https://{host}' for host in allowed} or '?' in url:
                raise BlockedAddressError('host', f"{self.code}: address of {name} is not allowed")
            bases[name] = url.rstrip('/')
        if self._simulator:
            bases = {name: self._simulator.origin + urlsplit(url).path
                     for name, url in bases.items()}
        return bases

    def _secret(self, name: str) -> str:
        secret = self._credentials.get(name)
        return secret.reveal() if secret else ''

    def _url(self, base: str, path: str, *parts: object) -> str:
        """Return an address; `parts` replace the {} of the path, each as one segment of it.

        :raise InvalidInputError: for a part that would lead to another path
        """
        texts = [str(part) for part in parts]
        if any(text.strip('.') == '' or '/' in text or '\\' in text for text in texts):
            raise InvalidInputError('identifier', "not usable in an address")
        return self._bases[base] + path.format(*(quote(text, safe='') for text in texts))

    def _link(self, base: str, link: str) -> str:
        """Return a link that came from the provider, if it stays on the provider's host."""
        return resolve_link(self._bases[base] + '/', link)

    # === TOKENS === #

    @property
    def account_key(self) -> tuple:
        """Key of everything that is kept for this account."""
        digest = hashlib.sha256('\0'.join(
            f'{name}\0{secret.reveal()}' for name, secret in sorted(self._credentials.items())
        ).encode()).hexdigest()
        where = self._simulator.origin if self._simulator else ''
        return (self.code, self.environment.value, where, self.account, digest)

    def _token(self) -> Token:
        """Return a token that is not about to end; log in when there is none."""
        key = self.account_key
        with self.tokens.lock(key):
            token = self.tokens.get(key)
            if token and token.is_fresh(self.clock()):
                self.masker.add(token.value.reveal())
                return token
            self.tokens.check(key)
            try:
                token = self._renew(token)
            except CredentialsError:
                self.tokens.block(key)
                raise
            self.tokens.put(key, token)
            return token

    def _renew(self, token: Token | None) -> Token:
        """Return a new token. Providers with a refresh token override it."""
        return self._login()

    def _login(self) -> Token:
        """Return a token; every provider that needs one says how."""
        raise NotImplementedError(f"{type(self).__name__} has no login")

    def _make_token(self, value: str, seconds: Any, refresh: str = '') -> Token:
        try:
            lifetime = max(0.0, float(seconds))
        except (TypeError, ValueError):
            lifetime = 0.0
        self.masker.add(value)
        self.masker.add(refresh)
        return Token(Secret(value), self.clock() + lifetime, lifetime, Secret(refresh))

    def unblock(self) -> None:
        """Allow one more login after credentials were refused: a person asks for it."""
        self.tokens.unblock(self.account_key)

    # === READING === #

    def _read(self, answer: Answer, data: Any = None) -> Reader:
        """Return a strict reader of an answer's JSON object (or of a part of it)."""
        if data is None:
            data = answer.json()
        if not isinstance(data, dict):
            raise self._error(UnexpectedAnswerError, 'not_an_object', answer=answer)

        def fail(code, path):
            raise self._error(UnexpectedAnswerError, code, path, answer=answer)

        return Reader(data, fail, self.zone)

    def _meta(self, answer: Answer, raw: Any = None) -> Meta:
        spec = self.specs.get(answer.operation)
        raw = raw if raw is not None else answer.json_or_none()
        return Meta(
            provider=self.code, environment=self.stamp, operation=answer.operation,
            correlation_id=answer.correlation_id,
            received_at=datetime.fromtimestamp(self.clock(), UTC),
            confidence=spec.confidence if spec else Confidence.OBSERVED,
            raw=self.masker.data(raw, self.personal_keys))

    # === CALLS === #

    def _get(self, operation: str, url: str, params: Mapping | None = None, **more) -> Answer:
        return self._run(Call(operation, 'GET', url, Kind.READ, params=params, **more))

    def _search(self, operation: str, url: str, data: Any, **more) -> Answer:
        """POST that only reads: may be repeated."""
        return self._run(Call(operation, 'POST', url, Kind.READ, json=data, **more))

    def _write(self, key: Any, call: Call) -> Answer:
        """Send a write once.

        :param key: our own reference; the same write has the same key for ever
        :raise UnknownOutcomeError: sent and not answered, now or before
        """
        key = (self.code, self.stamp, self.account, key)
        self.journal.begin(key)
        try:
            answer = self._run(call)
        except (UnknownOutcomeError, UnexpectedAnswerError):
            self.journal.settle(key, WriteState.UNKNOWN)
            raise
        except (ConnectorError, ConfigurationError) as error:
            # Not executed: refused by the provider, or never sent.
            self.journal.settle(key, WriteState.REFUSED)
            raise error
        except BaseException:
            self.journal.settle(key, WriteState.UNKNOWN)
            raise
        self.journal.settle(key, WriteState.DONE)
        return answer

    def _settle(self, key: Any, found: bool) -> None:
        """Note what a look-up has shown about a write: it happened, or it never did."""
        key = (self.code, self.stamp, self.account, key)
        if found:
            self.journal.settle(key, WriteState.DONE)
        else:
            self.journal.forget(key)

    def _check_budget(self, operation: str) -> None:
        if self.budget:
            self.budget.take(operation)
        elif self.environment == Environment.PRODUCTION:
            raise BudgetError('no_budget', f"{operation} is billed and no budget was given")

    def _check_currency(self, currency: str, allowed: Iterable[str]) -> None:
        if currency not in allowed:
            raise InvalidInputError('currency', f"{currency} is not accepted by {self.code}")
