"""Late interest and compensation that a debtor can recompute by hand. No ORM, no clock here.

Interest runs from the day after the due date to the last day counted, both included (directive
2011/7/EU, article 3: entitled from the day following the date for payment). A statement is a list
of segments: over each of them the base and the rate stand still. Amounts are `Decimal`; what is
between two roundings is a `Fraction`, so that nothing is lost and any split adds up exactly.

A rate that nobody entered raises: a claim is never computed on a guess.
"""
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from decimal import Decimal
from fractions import Fraction

from .interest_rules import (
    ZERO,
    InterestError,
    MissingRate,
    Rate,
    Regime,
    count_days,
    find_rate,
    get_divisor,
    round_half_up,
)

__all__ = [
    'Allocation', 'Credit', 'InterestError', 'MissingRate', 'Payment', 'Segment', 'Statement',
    'Stay', 'Stop', 'compute_statement',
]
DAY = timedelta(days=1)


# === EVENTS === #

@dataclass(frozen=True)
class Payment:
    """Money received: interest still runs on it on the day it arrives.

    ``allocation`` beats the rule of the regime, when the contract or the payer says so.
    """
    date: date
    amount: Decimal
    allocation: str | None = None
    label: str = ''


@dataclass(frozen=True)
class Credit:
    """A credit note: cuts the principal, never interest. ``from_start``: it was never owed."""
    date: date
    amount: Decimal
    from_start: bool = False
    label: str = ''


@dataclass(frozen=True)
class Stop:
    """Interest ends with the eve of this day (opening of an insolvency, L622-28 in France)."""
    date: date
    source: str = ''


@dataclass(frozen=True)
class Stay:
    """No interest between two days, both included, because the parties agreed so."""
    date_from: date
    date_to: date
    source: str = ''


# === RESULT === #

@dataclass(frozen=True)
class Segment:
    """One line of a statement: ``days`` at ``rate`` percent a year of ``base``.

    ``exact`` is unrounded; ``amount`` is what is printed and added up. ``rule`` is one of
    'rate', 'stay'. ``capitalised`` is the part of the base that is interest of earlier years.
    """
    date_from: date
    date_to: date
    days: int
    base: Decimal
    rate: Decimal
    divisor: int
    exact: Fraction
    amount: Decimal
    rule: str = 'rate'
    source: str = ''
    capitalised: Decimal = ZERO


@dataclass(frozen=True)
class Allocation:
    """What one payment or credit note was set against; ``surplus`` found nothing to pay."""
    date: date
    amount: Decimal
    to_cost: Decimal
    to_interest: Decimal
    to_principal: Decimal
    surplus: Decimal
    label: str = ''
    is_credit: bool = False


@dataclass(frozen=True)
class Statement:
    """Everything that a debtor needs to check a claim; all amounts in one currency.

    ``interest`` is the sum of the segments, ``interest_due`` what payments left of it, and so on.
    ``base`` is what was owed when interest began, on which compensation is counted; zero when
    nothing was late. ``total`` = ``principal_due`` + ``interest_due`` + ``compensation_due``.
    """
    principal: Decimal
    due: date
    end: date
    segments: tuple[Segment, ...]
    allocations: tuple[Allocation, ...]
    interest: Decimal
    compensation: Decimal
    principal_due: Decimal
    interest_due: Decimal
    compensation_due: Decimal
    stopped_on: date | None = None
    base: Decimal = ZERO

    @property
    def total(self) -> Decimal:
        return self.principal_due + self.interest_due + self.compensation_due

    @property
    def exact_interest(self) -> Fraction:
        return sum((segment.exact for segment in self.segments), Fraction(0))

    @property
    def days(self) -> int:
        """Days that bore interest, by the calendar."""
        return sum((s.date_to - s.date_from).days + 1 for s in self.segments if s.rule == 'rate')


# === COMPUTATION === #

@dataclass
class _Ledger:
    """What is owed while time passes."""
    regime: Regime
    decimals: int
    principal: Decimal
    cost: Decimal = ZERO
    interest: Decimal = ZERO
    capitalised: Decimal = ZERO
    exact: Fraction = Fraction(0)
    printed: Decimal = ZERO
    segments: list[Segment] = field(default_factory=list)
    allocations: list[Allocation] = field(default_factory=list)

    def accrue(self, first, last, rate, base=None, rule='rate'):
        """Add the segment first..last, both included, at a `Rate`."""
        base = self.principal + self.capitalised if base is None else base
        if base <= 0 or last < first:
            return
        days = count_days(first, last, self.regime.day_count)
        divisor = get_divisor(first, self.regime.day_count)
        exact = Fraction(base) * Fraction(rate.value) / 100 * days / divisor
        if self.regime.rounding == 'daily':
            amount = days * round_half_up(exact / days if days else exact, self.decimals)
        elif self.regime.rounding == 'segment':
            amount = round_half_up(exact, self.decimals)
        else:
            # Each line prints what it adds to the rounded total: the lines always sum to it.
            amount = round_half_up(self.exact + exact, self.decimals) - self.printed
        self.exact += exact
        self.printed += amount
        self.interest += amount
        self.segments.append(Segment(
            first, last, days, base, rate.value, divisor, exact, amount, rule, rate.source,
            self.capitalised))

    def capitalise(self):
        """At the end of a full year its interest joins the base, as printed."""
        self.capitalised = self.interest
        self.exact = Fraction(self.printed)

    def apply(self, event):
        """Set a payment or a credit note against what is owed."""
        left = event.amount
        taken = {'cost': ZERO, 'interest': ZERO, 'principal': ZERO}
        is_credit = isinstance(event, Credit)
        order = ('principal',) if is_credit else _ORDERS[
            event.allocation or self.regime.allocation]
        for name in order:
            taken[name] = min(left, getattr(self, name))
            setattr(self, name, getattr(self, name) - taken[name])
            left -= taken[name]
        self.capitalised = min(self.capitalised, self.interest)
        self.allocations.append(Allocation(
            event.date, event.amount, taken['cost'], taken['interest'], taken['principal'],
            left, event.label, is_credit))
        return taken['principal']


_ORDERS = {
    'interest': ('interest', 'principal', 'cost'),
    'cost': ('cost', 'interest', 'principal'),
    'principal': ('principal', 'interest', 'cost'),
}


def compute_statement(
    principal: Decimal,
    due: date,
    end: date,
    regime: Regime,
    rates: Iterable[Rate] = (),
    events: Iterable = (),
    decimals: int = 2,
) -> Statement:
    """Return the statement of one invoice or instalment.

    :param principal: what was owed on the due date, tax included (C-585/20)
    :param due: last day on which payment was in time
    :param end: last day counted: the day of payment, or the day of the claim
    :param regime: the rule
    :param rates: dated reference rates; those of other references are left aside
    :param events: `Payment`, `Credit`, `Stop`, `Stay`, in any order; later than ``end``: ignored
    :param decimals: of the currency
    :raise MissingRate: when a day that bears interest has no reference rate
    :raise InterestError: when what comes in makes no sense
    """
    _check(principal, regime, events := list(events))
    rates = [rate for rate in rates if rate.reference == regime.reference]
    stays = [event for event in events if isinstance(event, Stay)]
    stop = min((e.date for e in events if isinstance(e, Stop)), default=None)
    moves = sorted(
        (e for e in events if isinstance(e, Payment | Credit) and e.date <= end),
        key=lambda e: (e.date, isinstance(e, Payment)))
    last = end if stop is None else min(end, stop - DAY)
    start = due + DAY

    ledger = _Ledger(regime, decimals, principal)
    early = [e for e in moves if e.date <= due or getattr(e, 'from_start', False)]
    for event in early:
        ledger.apply(event)
    moves = [event for event in moves if event not in early]
    late_base = ledger.principal if last >= start else ZERO
    compensation = regime.compensation.get_amount(late_base, decimals)
    ledger.cost = compensation

    if regime.anchoring == 'payment':
        _walk_slices(ledger, start, last, end, rates, moves, stays)
    else:
        _walk_days(ledger, start, last, rates, moves, stays)
    return Statement(
        principal=principal, due=due, end=end, segments=tuple(ledger.segments),
        allocations=tuple(ledger.allocations),
        interest=sum((segment.amount for segment in ledger.segments), ZERO),
        compensation=compensation, principal_due=ledger.principal,
        interest_due=ledger.interest, compensation_due=ledger.cost,
        stopped_on=stop if stop is not None and stop <= end else None, base=late_base)


def _check(principal, regime, events):
    regime.check()
    if principal < 0:
        raise InterestError("a claim has no negative principal")
    for event in events:
        if getattr(event, 'amount', ZERO) < 0:
            raise InterestError("an event has no negative amount")
        if isinstance(event, Stay) and event.date_to < event.date_from:
            raise InterestError("a stay ends before it begins")


def _walk_days(ledger, start, last, rates, moves, stays):
    """One rate per stretch of days: that of its own half-year, or that of the first day."""
    regime = ledger.regime
    frozen = None
    if regime.anchoring == 'start' and start <= last and ledger.principal > 0:
        frozen = find_rate(regime, rates, start)
    anniversaries = _get_anniversaries(start, last) if regime.compounding else []
    ends = _get_ends(start, last, regime, [] if frozen else rates, moves, stays, anniversaries)
    first, waiting = start, list(moves)
    for day in ends:
        stay = next((s for s in stays if s.date_from <= first <= s.date_to), None)
        if stay:
            ledger.accrue(first, day, Rate(
                regime.reference or '', first, day, ZERO, stay.source), rule='stay')
        elif ledger.principal + ledger.capitalised > 0:
            # Asked only for days that bear interest: what is paid needs no rate.
            ledger.accrue(first, day, frozen or find_rate(regime, rates, first))
        while waiting and waiting[0].date <= day:
            ledger.apply(waiting.pop(0))
        if day in anniversaries:
            ledger.capitalise()
        first = day + DAY
    for event in waiting:
        ledger.apply(event)


def _walk_slices(ledger, start, last, end, rates, moves, stays):
    """Each part of the principal carries the one rate in force on the day it is paid."""
    slices = []
    for event in moves:
        slices.append((event.date, ledger.apply(event)))
    slices.append((end, ledger.principal))
    for paid_on, amount in slices:
        until = min(paid_on, last)
        if amount <= 0 or until < start:
            continue
        rate = find_rate(ledger.regime, rates, until)
        for first, day in _leave_out(start, until, stays):
            for cut in _get_ends(first, day, ledger.regime, [], [], [], []):
                ledger.accrue(first, cut, rate, base=amount)
                first = cut + DAY


def _get_ends(start, last, regime, rates, moves, stays, anniversaries) -> Sequence[date]:
    """Return the last day of every segment."""
    if last < start:
        return []
    ends = {last, *anniversaries, *(event.date for event in moves)}
    if regime.fixed_rate is None:
        ends.update(rate.date_from - DAY for rate in rates)
        ends.update(rate.date_to for rate in rates)
    for stay in stays:
        ends.update((stay.date_from - DAY, stay.date_to))
    if regime.day_count == 'actual':
        ends.update(date(year, 12, 31) for year in range(start.year, last.year + 1))
    return sorted(day for day in ends if start <= day <= last)


def _get_anniversaries(start, last):
    """Return the last day of every full year since interest began."""
    found, years = [], 1
    while True:
        try:
            day = start.replace(year=start.year + years) - DAY
        except ValueError:   # 29 February
            day = date(start.year + years, 2, 28)
        if day > last:
            return found
        found.append(day)
        years += 1


def _leave_out(first, last, stays):
    """Return the stretches of first..last that no stay covers."""
    stretches = []
    for stay in sorted(stays, key=lambda stay: stay.date_from):
        if stay.date_to < first or stay.date_from > last:
            continue
        if stay.date_from > first:
            stretches.append((first, stay.date_from - DAY))
        first = max(first, stay.date_to + DAY)
    if first <= last:
        stretches.append((first, last))
    return stretches

