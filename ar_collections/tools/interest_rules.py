"""What a late-payment rule is made of: rate, days, rounding, compensation. No ORM here."""
from collections.abc import Hashable, Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from decimal import ROUND_HALF_UP, Decimal
from fractions import Fraction

ZERO = Decimal(0)
ANCHORINGS = ('segment', 'start', 'payment')
DAY_COUNTS = ('365', 'actual', '30/360')
ROUNDINGS = ('daily', 'segment', 'end')
ALLOCATIONS = ('interest', 'cost', 'principal')


class InterestError(ValueError):
    """What comes in makes no sense, or no claim can be founded on it."""


class MissingRate(InterestError):
    """Nobody entered the reference rate of a day: the claim cannot be computed."""

    def __init__(self, reference: str, day: date):
        self.reference = reference
        self.day = day
        super().__init__(f"no reference rate {reference!r} on {day}")


class NoStatutoryClaim(InterestError):
    """The law gives nothing here, or we cannot show that it does.

    ``reason`` is one of 'country', 'debtor', 'regime', 'unconfirmed'.
    """

    def __init__(self, reason: str):
        self.reason = reason
        super().__init__(f"no statutory claim: {reason}")


@dataclass(frozen=True)
class Rate:
    """A reference rate, in percent a year, over the days that it was entered for.

    The last day is always said: nothing is carried on into a half-year that nobody looked up.
    """
    reference: str
    date_from: date
    date_to: date
    value: Decimal
    source: str = ''


@dataclass(frozen=True)
class Bracket:
    """Compensation from a principal on: ``amount`` plus ``percent`` of what exceeds ``over``."""
    start: Decimal
    amount: Decimal
    percent: Decimal = ZERO
    over: Decimal | None = None


@dataclass(frozen=True)
class Compensation:
    """Recovery cost per invoice: one bracket is a fixed sum, several are tiers or a scale."""
    brackets: tuple[Bracket, ...] = ()
    minimum: Decimal = ZERO
    maximum: Decimal | None = None
    source: str = ''

    def get_amount(self, principal: Decimal, decimals: int = 2) -> Decimal:
        """Return what is due for one late invoice of this amount, tax included."""
        reached = [b for b in self.brackets if principal >= b.start]
        if principal <= 0 or not reached:
            return ZERO
        bracket = max(reached, key=lambda b: b.start)
        over = bracket.start if bracket.over is None else bracket.over
        exact = Fraction(bracket.amount) + (
            Fraction(principal) - Fraction(over)) * Fraction(bracket.percent) / 100
        amount = max(round_half_up(exact, decimals), self.minimum)
        return amount if self.maximum is None else min(amount, self.maximum)


def split_compensation(
    compensation: Compensation, bases: Mapping[Hashable, Decimal], decimals: int = 2,
) -> dict[Hashable, Decimal]:
    """Return the compensation of invoices that one notice names together: {invoice: amount}.

    On the sum of what is owed on them (Dutch civil code, article 6:96 (7)), but never
    more than that of each invoice by itself. What the sum gives is shared in proportion, and the
    shares add up to it.

    :param bases: {invoice: what is owed on it}, tax included
    :param decimals: of the currency
    """
    single = {key: compensation.get_amount(base, decimals) for key, base in bases.items()}
    whole = sum(bases.values(), ZERO)
    total = compensation.get_amount(whole, decimals)
    if sum(single.values(), ZERO) <= total:
        return single
    return share_amount(total, bases, decimals)


def share_amount(
    amount: Decimal, bases: Mapping[Hashable, Decimal], decimals: int = 2,
) -> dict[Hashable, Decimal]:
    """Share an amount in proportion; the shares are rounded and add up to it."""
    whole, reached, given, shares = sum(bases.values(), ZERO), ZERO, ZERO, {}
    for key, base in bases.items():
        reached += base
        upto = round_half_up(Fraction(amount) * Fraction(reached) / Fraction(whole), decimals)
        shares[key], given = upto - given, upto
    return shares


@dataclass(frozen=True)
class Regime:
    """A rule of late payment.

    ``anchoring``: which reference rate a day carries: that of its own half-year ('segment'), that
    of the first day of interest ('start'), that of the day of payment ('payment'). With
    ``fixed_rate`` (a contract, Switzerland) there is no reference and nothing to anchor.
    ``factor``: a contract may multiply the reference first (three times the legal rate).
    ``rate_step``: the sum of reference and margin is rounded up to a multiple of it (Belgium).
    ``allocation``: what a part payment pays first.
    """
    code: str
    reference: str | None = None
    factor: Decimal = Decimal(1)
    margin: Decimal = ZERO
    fixed_rate: Decimal | None = None
    anchoring: str = 'segment'
    rate_step: Decimal | None = None
    day_count: str = '365'
    rounding: str = 'segment'
    compounding: bool = False
    allocation: str = 'principal'
    compensation: Compensation = Compensation()
    source: str = ''

    def check(self):
        """Raise InterestError when the rule cannot be applied."""
        for value, known in (
            (self.anchoring, ANCHORINGS), (self.day_count, DAY_COUNTS),
            (self.rounding, ROUNDINGS), (self.allocation, ALLOCATIONS),
        ):
            if value not in known:
                raise InterestError(f"unknown rule {value!r}")
        if self.fixed_rate is None and not self.reference:
            raise InterestError("a rule needs a reference rate or a fixed rate")
        if self.anchoring == 'payment' and self.allocation != 'principal':
            # The rate is known only once all is paid: no interest can be paid off before.
            raise InterestError("frozen at payment: part payments reduce the principal")
        if self.anchoring == 'payment' and self.compounding:
            raise InterestError("frozen at payment: interest does not join the principal")
        if self.anchoring == 'payment' and self.rounding == 'daily':
            # Each part paid would round its own day: a payment could raise the claim.
            raise InterestError("frozen at payment: the interest of one day is not rounded")

    def get_rate(self, reference: Decimal) -> Decimal:
        """Return the percentage due when the reference rate stands at ``reference``."""
        rate = reference * self.factor + self.margin
        if self.rate_step:
            steps = Fraction(rate) / Fraction(self.rate_step)
            rate = -(-steps.numerator // steps.denominator) * self.rate_step
        return max(rate, ZERO)


def find_rate(regime: Regime, rates: Iterable[Rate], day: date) -> Rate:
    """Return the rate that a rule gives on a day, margin included.

    :raise MissingRate: when the reference rate of that day was not entered
    """
    if regime.fixed_rate is not None:
        return Rate('', day, day, max(regime.fixed_rate, ZERO), regime.source)
    found = [
        rate for rate in rates
        if rate.reference == regime.reference and rate.date_from <= day <= rate.date_to]
    if not found:
        raise MissingRate(regime.reference, day)
    rate = max(found, key=lambda rate: rate.date_from)
    return Rate(
        rate.reference, rate.date_from, rate.date_to, regime.get_rate(rate.value), rate.source)


def count_days(first: date, last: date, day_count: str) -> int:
    """Return the days from first to last, both included, by a convention.

    30/360 (German): every month has 30 days. It is a difference of two positions in the year, so
    that the parts of a period always add up to the whole.
    """
    if day_count != '30/360':
        return (last - first).days + 1
    eve = date.fromordinal(first.toordinal() - 1)
    return _position_360(last) - _position_360(eve)


def _position_360(day: date) -> int:
    return 360 * day.year + 30 * day.month + min(day.day, 30)


def get_divisor(day: date, day_count: str) -> int:
    """Return the days of a year by a convention."""
    if day_count == '30/360':
        return 360
    if day_count == 'actual':
        return (date(day.year + 1, 1, 1) - date(day.year, 1, 1)).days
    return 365


def round_half_up(value: Fraction, decimals: int) -> Decimal:
    """Round a fraction to a number of decimals; a half goes away from zero."""
    scaled = abs(value) * 10 ** decimals
    units = (2 * scaled.numerator + scaled.denominator) // (2 * scaled.denominator)
    sign = -1 if value < 0 else 1
    return Decimal(sign * units).scaleb(-decimals)


def to_decimal(value: float, digits: int = 6) -> Decimal:
    """Turn a stored figure into the decimal that a person entered: 12.15, not 12.1500000000001."""
    return Decimal(repr(value)).quantize(
        Decimal(1).scaleb(-digits), rounding=ROUND_HALF_UP).normalize() + ZERO


@dataclass(frozen=True)
class RegimeKey:
    """Who a rule is for: country code, kind of debtor, and whether a person stands behind it."""
    country: str
    debtor: str
    confirmed: bool = True


def pick_regime(keys: Iterable[RegimeKey], country: str | None, debtor: str | None) -> RegimeKey:
    """Return the rule for a debtor; when in doubt, none.

    A claim that was not made can be made later; one that was unlawful cannot be unsent.

    :param country: ISO code of the country whose law applies, None when unknown
    :param debtor: 'business', 'consumer', 'public', None when nothing shows what it is
    :raise NoStatutoryClaim: with the reason
    """
    if not country:
        raise NoStatutoryClaim('country')
    if not debtor:
        raise NoStatutoryClaim('debtor')
    found = [key for key in keys if (key.country, key.debtor) == (country, debtor)]
    if not found:
        raise NoStatutoryClaim('regime')
    confirmed = [key for key in found if key.confirmed]
    if not confirmed:
        raise NoStatutoryClaim('unconfirmed')
    return confirmed[0]
