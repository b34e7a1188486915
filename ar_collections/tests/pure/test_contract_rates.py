from datetime import date
from decimal import Decimal

from hypothesis import given
from hypothesis import strategies as st

from odoo.tests import tagged

from ...tools.contract_rates import ContractRate, Limits, flag_segment
from ...tools.interest_rules import InterestError, MissingRate, Regime
from .interest_common import ECB, InterestCase, examples, half_years

# "Other cases" of the French orders: legifiscal.fr and notaires2normandie.com.
LEGAL = {(2024, 1): '5.07', (2024, 2): '4.92', (2025, 1): '3.71', (2025, 2): '2.76'}


@tagged('post_install', '-at_install')
class TestContractRates(InterestCase):
    """An agreed rate that follows a published one, with figures that redo by hand."""

    def indexed(self, reference='ecb', factor='1', margin='0'):
        return Regime('contract', reference=reference, factor=Decimal(factor),
                      margin=Decimal(margin))

    def test_ecb_and_twelve_points(self):
        found = self.statement(10000, '2024-11-30', '2025-03-31', self.indexed(margin='12'))
        # 10,000 × 16.25 % × 31 / 365 and 10,000 × 15.15 % × 90 / 365.
        self.assertEqual(self.lines(found), [
            ('2024-12-01', '2024-12-31', 31, '10000', '16.25', '138.01'),
            ('2025-01-01', '2025-03-31', 90, '10000', '15.15', '373.56')])

    def test_three_times_the_legal_rate(self):
        found = self.statement(
            3650, '2024-05-31', '2024-07-10', self.indexed('fr_legal', '3'),
            half_years(LEGAL, 'fr_legal'))
        # The published floors 15.21 and 14.76: 3,650 × 15.21 % × 30 / 365, × 14.76 % × 10 / 365.
        self.assertEqual(self.lines(found), [
            ('2024-06-01', '2024-06-30', 30, '3650', '15.21', '45.63'),
            ('2024-07-01', '2024-07-10', 10, '3650', '14.76', '14.76')])

    def test_a_half_year_that_nobody_entered_is_an_error(self):
        with self.assertRaises(MissingRate):
            self.statement(10, '2026-11-30', '2027-01-02', self.indexed(margin='12'))
        with self.assertRaises(MissingRate):
            ContractRate(reference='ecb').find(half_years(ECB), date(2027, 1, 1))

    def test_flags_say_which_half_year_is_below_the_floor(self):
        """In 2024 the floor lay above the French default: 14.5 was below 15.21 and 14.76."""
        limits, rates = Limits('fr_legal', Decimal(3)), half_years(LEGAL, 'fr_legal')
        flag = flag_segment(
            date(2024, 8, 1), date(2025, 6, 30), Decimal('14.5'), limits, rates)
        self.assertEqual((flag.code, flag.since, str(flag.limit)),
                         ('floor', date(2024, 8, 1), '14.76'))
        self.assertIsNone(flag_segment(
            date(2025, 1, 1), date(2025, 12, 31), Decimal('14.5'), limits, rates))
        # 8.28 in the second half of 2025, 11.13 in the first.
        flag = flag_segment(date(2025, 7, 1), date(2026, 1, 5), Decimal('8.28'), limits, rates)
        self.assertEqual((flag.code, flag.since), ('unknown', date(2026, 1, 1)))
        self.assertEqual(flag_segment(
            date(2025, 6, 30), date(2025, 7, 1), Decimal('9'), limits, rates).since,
            date(2025, 6, 30))

    def test_a_cap_and_nonsense(self):
        flag = flag_segment(date(2025, 1, 1), date(2025, 1, 2), Decimal('20.01'),
                            Limits(cap=Decimal(20)), [])
        self.assertEqual(flag.code, 'cap')
        for wrong in (ContractRate(), ContractRate(fixed=Decimal(1), reference='ecb'),
                      ContractRate(reference='ecb', factor=Decimal(0))):
            with self.assertRaises(InterestError):
                wrong.check()

    @examples(100)
    @given(st.decimals(-2, 20, places=2), st.integers(1, 5))
    def test_once_and_no_points_is_the_reference(self, margin, factor):
        """Each day of an index is its reference of that day, times the factor, plus the points."""
        rates = half_years(ECB)
        contract = ContractRate(reference='ecb', factor=Decimal(factor), margin=margin)
        for rate in rates:
            for day in (rate.date_from, rate.date_to):
                self.assertEqual(contract.find(rates, day), rate.value * factor + margin)
