import random

from odoo.tests import BaseCase, tagged

from ...tools.financial_scores import (
    EMERGING_MARKETS_CONSTANT,
    altman_z2,
    conan_holder,
)
from ...tools.identifiers import check_identifiers
from ...tools.scoring import (
    Band,
    Criterion,
    compute_score,
    find_band,
    get_signature,
)

LATE = Criterion('late', 30, (Band(0, 100), Band(5, 80), Band(30, 20), Band(90, 0)))
SHARE = Criterion('share', 10, (Band(0, 100), Band(50, 0)))
RATING = Criterion('rating', 60, (Band(0, 0), Band(50, 100)))


@tagged('post_install', '-at_install')
class TestScoring(BaseCase):
    """Points, weights and what is unknown."""

    def points(self, value):
        return find_band(value, LATE.bands)[0].points

    def test_a_band_begins_at_its_value_and_ends_before_the_next(self):
        self.assertEqual(
            [self.points(value) for value in (0, 4.99, 5, 29.99, 30, 89.99, 90, 10_000)],
            [100, 100, 80, 80, 20, 20, 0, 0])

    def test_the_lowest_band_takes_everything_below(self):
        self.assertEqual(self.points(-40), 100)
        self.assertEqual(find_band(-40, LATE.bands)[1:], (None, 5))

    def test_bands_may_come_in_any_order(self):
        self.assertEqual(find_band(6, LATE.bands[::-1]), (Band(5, 80), 5, 30))

    def test_the_highest_band_is_open(self):
        self.assertEqual(find_band(90, LATE.bands)[1:], (90, None))

    def test_no_band_is_an_error(self):
        with self.assertRaises(ValueError):
            find_band(1, ())

    def test_the_mean_is_weighted(self):
        score = compute_score([LATE, SHARE, RATING], {'late': 10, 'share': 60, 'rating': 70})
        self.assertAlmostEqual(score.value, (30 * 80 + 10 * 0 + 60 * 100) / 100)
        self.assertEqual(score.coverage, 100)

    def test_what_is_unknown_stretches_the_others_and_is_told(self):
        score = compute_score([LATE, SHARE, RATING], {'late': 10, 'share': 0, 'rating': None})
        self.assertAlmostEqual(score.value, (30 * 80 + 10 * 100) / 40)
        self.assertEqual(score.coverage, 40)
        rating = score.lines[2]
        self.assertEqual((rating.value, rating.points, rating.share), (None, None, 0))
        self.assertEqual([line.share for line in score.lines], [75, 25, 0])

    def test_zero_is_a_figure(self):
        self.assertEqual(compute_score([RATING], {'rating': 0}).value, 0)

    def test_no_figure_at_all_is_no_score(self):
        score = compute_score([LATE, RATING], {'other': 3})
        self.assertIsNone(score.value)
        self.assertEqual(score.coverage, 0)
        self.assertIsNone(compute_score([], {}).value)

    def test_contributions_add_up_to_the_score(self):
        rng = random.Random(3)
        for _round in range(200):
            criteria = [
                Criterion(f'c{n}', rng.uniform(0.1, 50), tuple(
                    Band(rng.uniform(-50, 50), rng.uniform(0, 100)) for _b in range(4)))
                for n in range(rng.randint(1, 8))]
            values = {c.code: rng.choice([None, rng.uniform(-80, 80)]) for c in criteria}
            score = compute_score(criteria, values)
            if score.value is None:
                self.assertFalse(any(value is not None for value in values.values()))
                continue
            self.assertAlmostEqual(sum(line.contribution for line in score.lines), score.value, 4)
            self.assertAlmostEqual(sum(line.share for line in score.lines), 100, 6)
            self.assertTrue(0 <= score.value <= 100)

    def test_the_signature_changes_with_bands_and_weights_only(self):
        def signature(late, criterion=LATE):
            return get_signature(compute_score([criterion, SHARE], {'late': late, 'share': 1}))
        self.assertEqual(signature(6), signature(29))
        self.assertNotEqual(signature(6), signature(30))
        self.assertNotEqual(signature(None), signature(6))
        self.assertNotEqual(signature(6), signature(6, Criterion('late', 31, LATE.bands)))


@tagged('post_install', '-at_install')
class TestFinancialScores(BaseCase):
    """The formulas, by hand, on accounts of round figures; ratios are written beside."""

    ALTMAN = {
        'working_capital': 400, 'retained_earnings': 600, 'ebit': 150, 'equity': 600,
        'total_assets': 1000, 'total_debt': 400,
    }
    CONAN = {
        'ebitda': 120, 'permanent_capital': 600, 'receivables_and_cash': 300,
        'total_assets': 1000, 'total_debt': 480, 'financial_cost': 40, 'sales': 2000,
        'staff_cost': 280, 'value_added': 400,
    }

    def test_altman_z2(self):
        # 6.56 × 0.4 + 3.26 × 0.6 + 6.72 × 0.15 + 1.05 × 1.5
        self.assertAlmostEqual(altman_z2(**self.ALTMAN), 2.624 + 1.956 + 1.008 + 1.575)

    def test_altman_of_a_firm_with_losses_is_negative(self):
        found = altman_z2(
            working_capital=-200, retained_earnings=-500, ebit=-100, equity=-300,
            total_assets=1000, total_debt=1300)
        self.assertAlmostEqual(found, -1.312 - 1.63 - 0.672 - 1.05 * 300 / 1300)

    def test_the_emerging_markets_form_adds_its_constant(self):
        found = altman_z2(**self.ALTMAN, constant=EMERGING_MARKETS_CONSTANT)
        self.assertAlmostEqual(found, 3.25 + 7.163)

    def test_conan_and_holder(self):
        # 24 × 0.25 + 22 × 0.6 + 16 × 0.3 − 87 × 0.02 − 10 × 0.7
        self.assertAlmostEqual(conan_holder(**self.CONAN), 6 + 13.2 + 4.8 - 1.74 - 7)

    def test_the_unit_of_the_accounts_does_not_matter(self):
        for function, accounts in ((altman_z2, self.ALTMAN), (conan_holder, self.CONAN)):
            thousands = {name: amount / 1000 for name, amount in accounts.items()}
            self.assertAlmostEqual(function(**accounts), function(**thousands))

    def test_without_a_denominator_there_is_no_score(self):
        for name in ('total_assets', 'total_debt'):
            self.assertIsNone(altman_z2(**{**self.ALTMAN, name: 0}))
        for name in ('total_assets', 'total_debt', 'sales', 'value_added'):
            self.assertIsNone(conan_holder(**{**self.CONAN, name: 0}), name)
        self.assertIsNone(conan_holder(**{**self.CONAN, 'value_added': -5}))


@tagged('post_install', '-at_install')
class TestIdentifiers(BaseCase):
    """732 829 320 and its SIRET are the examples of python-stdnum's own documentation."""

    def test_right_numbers_pass(self):
        for country, registry, vat in (
            ('FR', '732829320', None), ('FR', '732 829 320 00074', 'FR44 732829320'),
            ('FR', None, '/'), ('BE', None, 'BE0428759497'), ('DE', None, '136695976'),
            ('GR', None, 'EL094259216'), (None, None, None), ('DE', 'HRB 123', None),
            ('FR', '35600000049837', None),
        ):
            self.assertEqual(check_identifiers(country, registry, vat), [], (registry, vat))

    def test_wrong_digits_are_named(self):
        for country, registry, vat, expected in (
            ('FR', '732829321', None, ('wrong_digit', 'SIREN', '732829321')),
            ('FR', '732 829 320 00075', None, ('wrong_digit', 'SIRET', '73282932000075')),
            ('FR', '7328293', None, ('wrong_form', 'SIREN', '7328293')),
            ('BE', None, 'BE0428759498', ('wrong_digit', 'VAT', 'BE0428759498')),
            ('FR', None, 'FR45732829320', ('wrong_digit', 'VAT', 'FR45732829320')),
            ('DE', None, '12', ('wrong_form', 'VAT', '12')),
        ):
            self.assertEqual(check_identifiers(country, registry, vat), [expected])

    def test_a_vat_number_of_another_company_is_told(self):
        self.assertEqual(
            check_identifiers('FR', '732829320', 'FR40303265045'),
            [('mismatch', 'VAT', 'FR40303265045')])
