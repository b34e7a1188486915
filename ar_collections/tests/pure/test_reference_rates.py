from datetime import date
from decimal import Decimal
from pathlib import Path

from lxml import etree

from odoo.tests import BaseCase, tagged

from ...tools.interest_rules import InterestError, Rate
from ...tools.reference_rates import (
    check_contract_rate,
    check_rates,
    find_last_known,
    half_year_of,
)

DATA = Path(__file__).parents[2] / 'data' / 'reference_rates.xml'


def rate(reference, half, value):
    year, number = half.split('H')
    first, last = half_year_of(date(int(year), 1 if number == '1' else 7, 1))
    return Rate(reference, first, last, Decimal(value))


def shipped():
    """The rows of the data file, read as text: what a reader of the file sees."""
    found = []
    for record in etree.parse(DATA).iter('record'):
        row = {field.get('name'): field.text for field in record.iter('field')}
        found.append(Rate(
            row['reference'], date.fromisoformat(row['date_from']),
            date.fromisoformat(row['date_to']), Decimal(row['value']), row['source']))
    return found


@tagged('post_install', '-at_install')
class TestReferenceRates(BaseCase):

    def codes(self, *rates):
        return [finding.code for finding in check_rates(rates)]

    def test_a_right_table_raises_nothing(self):
        self.assertEqual(self.codes(
            rate('fr_legal', '2026H1', '2.62'), rate('fr_floor', '2026H1', '7.86'),
            rate('ecb', '2026H1', '2.15'), rate('ecb', '2026H2', '2.40'),
            rate('fr_business', '2026H1', '12.15'), rate('de_base', '2026H2', '1.52'),
            rate('boe', '2026H1', '3.75'), rate('uk_business', '2026H1', '11.75'),
            rate('be_business', '2026H1', '10.5')), [])

    def test_the_base_rate_below_zero_of_2016_to_2022_fits(self):
        self.assertEqual(self.codes(
            rate('ecb', '2022H1', '0.00'), rate('de_base', '2022H1', '-0.88'),
            rate('de_business', '2022H1', '8.12')), [])

    def test_wrong_pages_are_caught_by_their_neighbours(self):
        """Rows as those pages print them; see the list of wrong pages in docs/law.md."""
        for page, right, expected in (
            (rate('eu_business', '2024H2', '11.65'), rate('ecb', '2024H2', '4.25'), '12.25'),
            (rate('eu_business', '2025H1', '10.65'), rate('ecb', '2025H1', '3.15'), '11.15'),
            (rate('eu_business', '2023H1', '12'), rate('ecb', '2023H1', '2.50'), '10.50'),
            (rate('fr_business', '2025H2', '12.76'), rate('ecb', '2025H2', '2.15'), '12.15'),
            (rate('de_business', '2026H1', '9.27'), rate('de_base', '2026H1', '1.27'), '10.27'),
        ):
            [finding] = check_rates([page, right])
            self.assertEqual((finding.code, finding.expected), ('tie', Decimal(expected)))

    def test_slips_of_the_keyboard(self):
        self.assertEqual(self.codes(rate('ecb', '2026H1', '215')), ['range'])
        self.assertEqual(
            self.codes(rate('ecb', '2026H1', '2.15'), rate('ecb', '2026H2', '21.5')), ['jump'])
        odd = Rate('ecb', date(2026, 2, 1), date(2026, 6, 30), Decimal('2.15'))
        self.assertEqual(self.codes(odd), ['period'])
        backwards = Rate('ecb', date(2026, 7, 1), date(2026, 6, 30), Decimal('2.15'))
        self.assertEqual(self.codes(backwards), ['period'])

    def test_two_rates_for_one_day_and_a_hole(self):
        self.assertEqual(
            self.codes(rate('ecb', '2026H1', '2.15'), rate('ecb', '2026H1', '2.40')), ['overlap'])
        self.assertEqual(
            self.codes(rate('ecb', '2025H1', '3.15'), rate('ecb', '2026H1', '2.15')), ['gap'])

    def test_the_last_known_half_year_stops_before_a_hole(self):
        rates = [rate('ecb', '2025H1', '3.15'), rate('ecb', '2025H2', '2.15'),
                 rate('ecb', '2026H2', '2.40')]
        self.assertEqual(find_last_known(rates, 'ecb'), date(2025, 12, 31))
        self.assertIsNone(find_last_known(rates, 'boe'))

    def test_a_contract_rate_is_flagged(self):
        # 2024 in France: 14.5 % lies under the floor of a contract although the default of the
        # law was itself 14.5 %.
        for percent, floor, cap, found in (
            ('14.5', '15.21', None, 'floor'), ('15.21', '15.21', None, None),
            ('20', None, '15', 'cap'), ('12', '7.86', '15', None),
        ):
            self.assertEqual(check_contract_rate(
                Decimal(percent), floor and Decimal(floor), cap and Decimal(cap)), found)
        with self.assertRaises(InterestError):
            check_contract_rate(Decimal(10), Decimal(15), Decimal(12))


@tagged('post_install', '-at_install')
class TestShippedRates(BaseCase):
    """The data file itself."""

    def test_no_error_in_what_we_ship(self):
        errors = [f for f in check_rates(shipped()) if f.code not in ('gap', 'jump')]
        self.assertEqual(errors, [])

    def test_each_row_says_where_it_was_read(self):
        for row in shipped():
            self.assertTrue(row.source and len(row.source) > 10, row)

    def test_every_published_rate_has_its_base(self):
        known = {(r.reference, r.date_from) for r in shipped()}
        for (reference, on) in known:
            if reference == 'fr_floor':
                self.assertIn(('fr_legal', on), known)
