"""Are the rates that somebody typed or imported what they say they are? No ORM, no clock here.

Every published rate is tied to another one: the French floor is three times the legal rate, the
British rate is Bank Rate plus eight. Whoever copies a wrong page is caught by its neighbour.
"""
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from itertools import pairwise

from .interest_rules import InterestError, Rate, Regime


@dataclass(frozen=True)
class Tie:
    """``published`` = ``base`` x factor + points, rounded up to ``step`` where there is one."""
    published: str
    base: str
    factor: int = 1
    points: Decimal = Decimal(0)
    step: Decimal | None = None

    def expect(self, base: Decimal) -> Decimal:
        if base * self.factor + self.points < 0:
            # § 247 BGB stood at -0.88 from 2016 to 2022: a reference may, a rate due may not.
            return base * self.factor + self.points
        rule = Regime('tie', reference=self.base, margin=self.points, rate_step=self.step)
        return rule.get_rate(base * self.factor)


# A reference may be published alone, or as the rate that follows from it; both may be imported.
TIES = (
    Tie('fr_floor', 'fr_legal', factor=3),                        # L441-10 II
    Tie('fr_business', 'ecb', points=Decimal(10)),                # L441-10 II
    Tie('eu_business', 'ecb', points=Decimal(8)),                 # directive 2011/7/EU, article 2
    Tie('be_business', 'ecb', points=Decimal(8), step=Decimal('0.5')),
    Tie('de_business', 'de_base', points=Decimal(9)),             # § 288 II BGB
    Tie('de_consumer', 'de_base', points=Decimal(5)),             # § 288 I BGB
    Tie('at_business', 'at_base', points=Decimal('9.2')),         # § 456 UGB
    Tie('uk_business', 'boe', points=Decimal(8)),                 # SI 2002/1675
    # § 247 BGB moves with the main refinancing rate: their distance never changes.
    Tie('de_base', 'ecb', points=Decimal('-0.88')),
)
# A rate outside is a slip of the keyboard: 215 for 2.15.
LOWEST, HIGHEST = Decimal(-2), Decimal(30)
LARGEST_STEP = Decimal(6)


@dataclass(frozen=True)
class Finding:
    """One thing that does not fit; ``code`` is one of 'range', 'period', 'overlap', 'gap', 'jump',
    'tie', and ``expected`` what a tied rate should be."""
    code: str
    rate: Rate
    expected: Decimal | None = None
    other: Rate | None = None


def half_year_of(day: date) -> tuple[date, date]:
    """Return the first and last day of the half-year of a day."""
    if day.month <= 6:
        return date(day.year, 1, 1), date(day.year, 6, 30)
    return date(day.year, 7, 1), date(day.year, 12, 31)


def check_rates(rates: Iterable[Rate]) -> list[Finding]:
    """Return what does not fit in a table of rates, worst first.

    A gap or a jump is worth a look; everything else is an error.
    """
    table = {}
    for rate in rates:
        table.setdefault(rate.reference, []).append(rate)
    findings = []
    for group in table.values():
        group.sort(key=lambda rate: (rate.date_from, rate.date_to))
        for rate in group:
            if not LOWEST <= rate.value <= HIGHEST:
                findings.append(Finding('range', rate))
            if rate.date_to < rate.date_from or not _is_whole(rate):
                findings.append(Finding('period', rate))
        for before, after in pairwise(group):
            if after.date_from <= before.date_to:
                findings.append(Finding('overlap', after, other=before))
            elif after.date_from - before.date_to > timedelta(days=1):
                findings.append(Finding('gap', after, other=before))
            if abs(after.value - before.value) > LARGEST_STEP:
                findings.append(Finding('jump', after, other=before))
    findings += _check_ties(table)
    order = ('range', 'period', 'overlap', 'tie', 'gap', 'jump')
    return sorted(findings, key=lambda finding: order.index(finding.code))


def _is_whole(rate):
    """Whether a rate covers whole half-years."""
    return (half_year_of(rate.date_from)[0] == rate.date_from
            and half_year_of(rate.date_to)[1] == rate.date_to)


def _check_ties(table):
    for tie in TIES:
        for published in table.get(tie.published, ()):
            for base in table.get(tie.base, ()):
                if base.date_from <= published.date_from <= base.date_to:
                    expected = tie.expect(base.value)
                    if published.value != expected:
                        yield Finding('tie', published, expected, base)


def find_last_known(rates: Iterable[Rate], reference: str) -> date | None:
    """Return the last day for which a reference rate is known without a gap before it."""
    last = None
    for rate in sorted(
            (r for r in rates if r.reference == reference), key=lambda r: r.date_from):
        if last is not None and rate.date_from > last + timedelta(days=1):
            continue
        last = rate.date_to if last is None else max(last, rate.date_to)
    return last


def check_contract_rate(
    percent: Decimal, floor: Decimal | None, cap: Decimal | None,
) -> str | None:
    """Return 'floor' or 'cap' when a contract rate lies outside, else None; it is never altered.

    :raise InterestError: when the floor is above the cap
    """
    if floor is not None and cap is not None and floor > cap:
        raise InterestError("the floor of contract rates lies above their cap")
    if floor is not None and percent < floor:
        return 'floor'
    if cap is not None and percent > cap:
        return 'cap'
    return None
