"""Builders of the tests on late interest."""
from datetime import date
from decimal import Decimal

from hypothesis import HealthCheck, settings

from odoo.tests import BaseCase

from ...tools.interest import compute_statement
from ...tools.interest_rules import (
    Bracket,
    Compensation,
    Rate,
    Regime,
)

# Rates that count for a half-year: the main refinancing rate of 1 January and 1 July.
ECB = {
    (2023, 1): '2.50', (2023, 2): '4.00', (2024, 1): '4.50', (2024, 2): '4.25',
    (2025, 1): '3.15', (2025, 2): '2.15', (2026, 1): '2.15', (2026, 2): '2.40',
}
UK_TIERS = Compensation((
    Bracket(Decimal(0), Decimal(40)), Bracket(Decimal(1000), Decimal(70)),
    Bracket(Decimal(10000), Decimal(100))))
DUTCH_SCALE = Compensation((
    Bracket(Decimal(0), Decimal(0), Decimal(15)),
    Bracket(Decimal(2500), Decimal(375), Decimal(10)),
    Bracket(Decimal(5000), Decimal(625), Decimal(5)),
    Bracket(Decimal(10000), Decimal(875), Decimal(1)),
    Bracket(Decimal(200000), Decimal(2775), Decimal('0.5'))), Decimal(40), Decimal(6775))


def examples(count):
    """The same cases on every machine, and nothing written to the disk."""
    # The first draw of a process reads all its modules: slow, and no fault of the test.
    return settings(
        max_examples=count, deadline=None, derandomize=True, database=None,
        suppress_health_check=[HealthCheck.too_slow])


def half_years(table, reference='ecb'):
    return [
        Rate(reference, date(year, 1 if half == 1 else 7, 1),
             date(year, 6, 30) if half == 1 else date(year, 12, 31), Decimal(value), "table")
        for (year, half), value in table.items()]


def fixed(percent, **options):
    return Regime('test', fixed_rate=Decimal(percent), **options)


def day(text):
    return date.fromisoformat(text)


class InterestCase(BaseCase):

    def statement(self, principal, due, end, regime, rates=None, events=(), **options):
        return compute_statement(
            Decimal(str(principal)), day(due), day(end), regime,
            half_years(ECB) if rates is None else rates, events, **options)

    def lines(self, statement):
        return [
            (str(s.date_from), str(s.date_to), s.days, str(s.base), str(s.rate), str(s.amount))
            for s in statement.segments]
