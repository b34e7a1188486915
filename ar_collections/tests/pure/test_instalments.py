from datetime import date, timedelta
from decimal import Decimal

from hypothesis import given, settings
from hypothesis import strategies as st

from odoo.tests import BaseCase, tagged

from ...tools.instalments import get_dates, split_amount

ALIKE = settings(max_examples=200, deadline=None, derandomize=True, database=None)
units = st.sampled_from([Decimal("0.01"), Decimal("1"), Decimal("0.001"), Decimal("0.05")])


@tagged('post_install', '-at_install')
class TestInstalments(BaseCase):

    def test_the_rest_of_rounding_comes_last(self):
        cent = Decimal("0.01")
        self.assertEqual(
            split_amount(Decimal(1000), 3, cent),
            [Decimal("333.33"), Decimal("333.33"), Decimal("333.34")])
        self.assertEqual(
            split_amount(Decimal(1000), 3, cent, Decimal(400)), [400, 300, 300])
        self.assertEqual(split_amount(Decimal(100), 3, Decimal(1)), [33, 33, 34])
        self.assertEqual(split_amount(Decimal(7), 1, cent, Decimal(3)), [7])

    def test_what_cannot_be_split(self):
        for total, number, first in ((0, 1, 0), (10, 0, 0), (10, 2, 10), (10, 2, 11), (2, 3, 0)):
            with self.assertRaises(ValueError):
                split_amount(Decimal(total), number, Decimal(1), Decimal(first))

    @ALIKE
    @given(st.integers(1, 10**9), st.integers(1, 120), units, st.integers(0, 10**6))
    def test_amounts(self, total, number, unit, first):
        try:
            amounts = split_amount(total * unit, number, unit, first * unit)
        except ValueError:
            self.assertTrue(total < number + max(first, 0) or first >= total)
            return
        self.assertEqual(sum(amounts), total * unit)
        self.assertEqual(len(amounts), number)
        self.assertTrue(all(amount > 0 and amount % unit == 0 for amount in amounts))
        alike = amounts[1 if first and number > 1 else 0:-1]
        self.assertLessEqual(len(set(alike)), 1)
        if alike:
            self.assertTrue(0 <= amounts[-1] - alike[0] < number * unit)

    def test_the_end_of_the_month(self):
        self.assertEqual(list(map(str, get_dates(date(2027, 1, 31), 'month', 4))), [
            '2027-01-31', '2027-02-28', '2027-03-31', '2027-04-30'])
        self.assertEqual(list(map(str, get_dates(date(2027, 11, 30), 'quarter', 3))), [
            '2027-11-30', '2028-02-29', '2028-05-30'])
        self.assertEqual(list(map(str, get_dates(date(2027, 12, 20), 'two_weeks', 3))), [
            '2027-12-20', '2028-01-03', '2028-01-17'])

    @ALIKE
    @given(st.integers(0, 20000), st.sampled_from(['week', 'two_weeks', 'month', 'quarter']),
           st.integers(1, 60))
    def test_dates_go_forward(self, days, interval, number):
        first = date(2000, 1, 1) + timedelta(days=days)
        dates = list(get_dates(first, interval, number))
        self.assertEqual((dates[0], len(dates)), (first, number))
        self.assertEqual(sorted(set(dates)), dates)
        if interval in ('month', 'quarter'):
            self.assertTrue(all(
                one.day == first.day or (one + timedelta(days=1)).day == 1 for one in dates))
