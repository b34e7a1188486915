"""Rates of late interest that the parties agreed: fixed, or following a published rate.

No ORM, no clock here. Whether an agreed rate is lawful is told for each line of a statement; it is
never altered.
"""
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from .interest_rules import InterestError, MissingRate, Rate, Regime, find_rate
from .reference_rates import check_contract_rate


@dataclass(frozen=True)
class ContractRate:
    """``fixed`` percent a year, or ``reference`` x ``factor`` + ``margin`` points.

    An index follows its reference as published for each half-year: a day carries the rate of its
    own half-year, as a rate by law does where nothing else is said.
    """
    fixed: Decimal | None = None
    reference: str | None = None
    factor: Decimal = Decimal(1)
    margin: Decimal = Decimal(0)

    def check(self):
        """Raise InterestError unless it is either fixed or indexed."""
        if (self.fixed is None) == (not self.reference):
            raise InterestError("a contract rate is either fixed or follows a reference rate")
        if self.factor <= 0:
            raise InterestError("a reference rate is multiplied by more than zero")

    def find(self, rates: Iterable[Rate], day: date) -> Decimal:
        """Return the percentage of a day.

        :raise MissingRate: when the reference rate of that day was not entered
        """
        if self.fixed is not None:
            return self.fixed
        rule = Regime('contract', reference=self.reference, factor=self.factor, margin=self.margin)
        return find_rate(rule, rates, day).value


@dataclass(frozen=True)
class Limits:
    """The floor (``factor`` x ``reference``) and the cap that the law sets to contract rates."""
    reference: str | None = None
    factor: Decimal = Decimal(1)
    cap: Decimal | None = None


@dataclass(frozen=True)
class Flag:
    """What is wrong with the rate of one line: 'floor', 'cap', or 'unknown' when the floor of a
    day is not known; ``limit`` in percent, from the day ``since`` on."""
    code: str
    since: date
    limit: Decimal | None = None


def flag_segment(first: date, last: date, percent: Decimal, limits: Limits,
                 rates: Iterable[Rate]) -> Flag | None:
    """Return the first thing that is wrong with an agreed rate between two days, or None.

    A fixed rate runs through half-years whose floors differ: each of them is looked at.

    :param first: first day of the segment
    :param last: last day, included
    """
    if limits.cap is not None and percent > limits.cap:
        return Flag('cap', first, limits.cap)
    if not limits.reference:
        return None
    known = sorted((rate for rate in rates if rate.reference == limits.reference
                    and rate.date_from <= last and rate.date_to >= first),
                   key=lambda rate: rate.date_from)
    day = first
    for rate in known:
        if rate.date_from > day:
            return Flag('unknown', day)
        floor = rate.value * limits.factor
        if check_contract_rate(percent, floor, limits.cap) == 'floor':
            return Flag('floor', day, floor)
        day = date.fromordinal(rate.date_to.toordinal() + 1)
    return None if day > last else Flag('unknown', day)


__all__ = ['ContractRate', 'Flag', 'Limits', 'MissingRate', 'flag_segment']
