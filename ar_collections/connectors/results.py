"""What clients return. Amounts are Decimal in the currency beside them, dates are dates.

Every result carries `meta`: who said it, in which environment, when, and the answer as it came
(masked). `attention` lists what a person must look at: codes that we do not know, values that could
not be read. None always means "not said", never zero.
"""
import enum
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal
from types import MappingProxyType
from typing import Any


class CoverStatus(enum.StrEnum):
    """The neutral statuses of a cover or of a request for one."""

    DRAFT = 'draft'
    SUBMITTED = 'submitted'
    PENDING = 'pending'
    GRANTED = 'granted'
    GRANTED_CONDITIONAL = 'granted_conditional'
    GRANTED_PARTIAL = 'granted_partial'
    PRELIMINARY = 'preliminary'
    REFUSED = 'refused'
    INCREASE_REFUSED = 'increase_refused'
    REDUCED = 'reduced'
    WITHDRAWAL_ANNOUNCED = 'withdrawal_announced'
    WITHDRAWN = 'withdrawn'
    SUSPENDED = 'suspended'
    CANCELLED = 'cancelled'
    SUPERSEDED = 'superseded'
    EXPIRED = 'expired'
    REJECTED_INPUT = 'rejected_input'
    ERROR = 'error'
    UNKNOWN = 'unknown'


class LayerKind(enum.StrEnum):
    """Kinds of amounts that add up to a cover."""

    PERMANENT = 'permanent'
    TEMPORARY = 'temporary'
    TOP_UP = 'top_up'
    DISCRETIONARY = 'discretionary'
    NON_NAMED = 'non_named'


class PendingAction(enum.StrEnum):
    """What is under way beside the status."""

    BATCH_CHANGE = 'batch_change'
    CANCELLATION = 'cancellation'
    FUTURE_WITHDRAWAL = 'future_withdrawal'
    POSTPONED_WITHDRAWAL = 'postponed_withdrawal'
    REINSTATEMENT = 'reinstatement'
    TRANSFER = 'transfer'
    CONVERSION = 'conversion'
    WITHDRAWAL = 'withdrawal'
    UNKNOWN = 'unknown'


class Confidence(enum.StrEnum):
    """How well the contract behind an answer is known (docs/connectors.md)."""

    DOCUMENTED = 'documented'
    OBSERVED = 'observed'
    UNCONFIRMED = 'unconfirmed'


@dataclass(frozen=True)
class Attention:
    """Something to show to a person, with the raw value. Codes: unknown_code, unreadable_date,
    unreadable_amount, missing_field, ended_early, total_differs, other_currency, contradiction."""

    code: str
    field: str
    value: str = ''


@dataclass(frozen=True)
class Meta:
    """Where an answer comes from."""

    provider: str
    environment: str
    operation: str
    correlation_id: str
    #: Time of receipt, UTC.
    received_at: datetime
    confidence: Confidence
    #: The answer as it came, secrets masked and natural persons left out.
    raw: Any = field(default=None, repr=False, compare=False)


@dataclass(frozen=True)
class Money:
    """An amount in one currency (ISO code)."""

    amount: Decimal
    currency: str


@dataclass(frozen=True)
class Identifier:
    """A number of a company: kind is the provider's or one of siren, siret, vat, duns, lei."""

    kind: str
    value: str
    country: str = ''


@dataclass(frozen=True)
class Address:
    """A postal address as the provider writes it; country is an ISO code of two letters."""

    street: str = ''
    postal_code: str = ''
    city: str = ''
    country: str = ''


@dataclass(frozen=True)
class Company:
    """A company as one provider knows it. `reason` says why it was found: id, number, name."""

    provider_id: str
    name: str = ''
    address: Address = Address()
    identifiers: tuple[Identifier, ...] = ()
    #: None: the provider does not say.
    active: bool | None = None
    closed_on: date | None = None
    legal_form: str = ''
    activity_code: str = ''
    reason: str = ''
    #: The provider's own measure of the match, 0 to 100.
    score: Decimal | None = None
    attention: tuple[Attention, ...] = ()
    meta: Meta | None = None

    def number(self, kind: str) -> str:
        """Return the company's number of a kind, '' when it has none."""
        return next((x.value for x in self.identifiers if x.kind == kind), '')


@dataclass(frozen=True)
class Candidates:
    """Answer to a search. Only a single hit on a number may link without a person."""

    companies: tuple[Company, ...]
    #: False when more pages exist that were not read.
    complete: bool = True
    announced_total: int | None = None
    meta: Meta | None = None

    @property
    def certain(self) -> Company | None:
        """The one company found by a number and not closed, or None: then a person picks."""
        if self.complete and len(self.companies) == 1:
            company = self.companies[0]
            if company.reason in ('id', 'number') and company.active is not False:
                return company
        return None


@dataclass(frozen=True)
class Rating:
    """A provider's opinion. `value` is raw; what it means on our scale is data elsewhere."""

    scale: str
    value: str
    rated_on: date | None = None
    previous: str = ''
    #: 'up', 'down', 'same' or '': in the provider's sense of better and worse.
    trend: str = ''
    #: The company has failed or is closed; stands outside every scale.
    in_default: bool = False
    #: The provider gives no opinion.
    unrated: bool = False
    #: Percent.
    probability_of_default: Decimal | None = None
    advised_amount: Money | None = None
    label: str = ''
    comments: tuple[str, ...] = ()
    attention: tuple[Attention, ...] = ()
    meta: Meta | None = None


@dataclass(frozen=True)
class Condition:
    """A condition that the insurer attaches to a decision."""

    code: str
    text: str = ''
    kind: str = ''


@dataclass(frozen=True)
class Layer:
    """One amount of a cover. `amount` None: not said, keep what was known before."""

    kind: LayerKind
    amount: Money | None
    valid_from: date | None = None
    #: Last day on which a delivery is covered.
    valid_until: date | None = None
    #: Percent.
    insured_percentage: Decimal | None = None
    conditions: tuple[Condition, ...] = ()


@dataclass(frozen=True)
class Cover:
    """The insurer's decision in force for a buyer, in policy currency."""

    cover_id: str
    status: CoverStatus
    #: The provider's code behind the status.
    provider_code: str = ''
    buyer_id: str = ''
    policy_id: str = ''
    own_reference: str = ''
    requested: Money | None = None
    layers: tuple[Layer, ...] = ()
    applied_on: date | None = None
    decided_on: date | None = None
    effective_from: date | None = None
    effective_until: date | None = None
    #: First day on which deliveries are no longer covered.
    withdrawal_on: date | None = None
    pending_action: PendingAction | None = None
    conditions: tuple[Condition, ...] = ()
    attention: tuple[Attention, ...] = ()
    meta: Meta | None = None

    def usable_amount(self, day: date) -> Decimal | None:
        """Return what covers a delivery of that day, in policy currency.

        None means that the decision does not say: keep the amount known before.
        """
        if self.status in UNREADABLE or any(layer.amount is None for layer in self.layers):
            return None
        if self.status in NO_COVER or not self._covers(day):
            return Decimal(0)
        if not self.layers:
            return None
        return sum((
            layer.amount.amount for layer in self.layers
            if (not layer.valid_from or layer.valid_from <= day)
            and (not layer.valid_until or day <= layer.valid_until)
        ), Decimal(0))

    def _covers(self, day):
        if self.withdrawal_on and day >= self.withdrawal_on:
            return False
        if self.status == CoverStatus.WITHDRAWN and not self.withdrawal_on:
            return False
        return not (self.effective_from and day < self.effective_from) and not (
            self.effective_until and day > self.effective_until)


UNREADABLE = frozenset({CoverStatus.UNKNOWN, CoverStatus.ERROR})
NO_COVER = frozenset({
    CoverStatus.DRAFT, CoverStatus.SUBMITTED, CoverStatus.PENDING, CoverStatus.REFUSED,
    CoverStatus.CANCELLED, CoverStatus.SUPERSEDED, CoverStatus.EXPIRED, CoverStatus.REJECTED_INPUT,
})


@dataclass(frozen=True)
class CoverOrder:
    """What we ask for. A request is not a cover: its amount is never the one granted."""

    buyer_id: str
    amount: Money
    #: Our own reference, kept by the provider: the way to find the request again.
    reference: str
    kind: LayerKind = LayerKind.PERMANENT
    effective_from: date | None = None
    #: Asking for a comment or urgency may switch off the automatic answer.
    urgent: bool = False
    comment: str = ''


@dataclass(frozen=True)
class CoverRequest:
    """A request at the provider. `cover` is filled once there is a decision."""

    request_id: str
    status: CoverStatus
    own_reference: str = ''
    buyer_id: str = ''
    cover_id: str = ''
    requested: Money | None = None
    cover: Cover | None = None
    #: True when the request was there before ours and ours was not sent.
    attached: bool = False
    attention: tuple[Attention, ...] = ()
    meta: Meta | None = None


@dataclass(frozen=True)
class Policy:
    """What an API tells about the contract; the rest is typed in from the paper."""

    policy_id: str
    status: str
    live: bool | None
    currency: str
    starts_on: date | None = None
    expires_on: date | None = None
    attention: tuple[Attention, ...] = ()
    meta: Meta | None = None


@dataclass(frozen=True)
class Order:
    """An order of a report or of an opinion, which may take days."""

    order_id: str
    #: 'pending', 'ready', 'cancelled', 'lost' or 'unknown'.
    state: str
    publications: tuple[str, ...] = ()
    expected_on: date | None = None
    own_reference: str = ''
    attention: tuple[Attention, ...] = ()
    meta: Meta | None = None


@dataclass(frozen=True)
class CompanyEvent:
    """Something that happened to a company. `kind` is ours, `code` the provider's."""

    event_id: str
    kind: str
    company_id: str = ''
    code: str = ''
    source: str = ''
    label: str = ''
    happened_on: date | None = None
    published_on: date | None = None
    details: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))
    attention: tuple[Attention, ...] = ()
    meta: Meta | None = None


@dataclass(frozen=True)
class Batch:
    """Part of a list that was read page by page.

    Only a complete batch says anything about what is not in it. `position` resumes the walk.
    """

    items: tuple[Any, ...]
    complete: bool
    position: Any = None
    announced_total: int | None = None
    attention: tuple[Attention, ...] = ()
    meta: Meta | None = None


@dataclass(frozen=True)
class VatCheck:
    """Answer of VIES. Only VALID and INVALID are answers; everything else is an error."""

    country: str
    number: str
    valid: bool
    name: str = ''
    address: str = ''
    #: Proof of the consultation; only given when the request named its author.
    consultation: str = ''
    meta: Meta | None = None


@dataclass(frozen=True)
class Monitoring:
    """State of a surveillance. `already` tells that there was nothing to do."""

    company_id: str
    active: bool
    already: bool = False
    monitoring_id: str = ''
    meta: Meta | None = None


@dataclass(frozen=True)
class CallbackHint:
    """What a callback is good for: which object to read again from the provider."""

    kind: str
    object_id: str = ''
