from decimal import Decimal
from fractions import Fraction

from odoo.tests import BaseCase, tagged

from ...tools.interest import Credit, Payment, Stay, Stop
from ...tools.interest_rules import (
    InterestError,
    MissingRate,
    NoStatutoryClaim,
    Rate,
    Regime,
    RegimeKey,
    count_days,
    pick_regime,
    round_half_up,
    to_decimal,
)
from .interest_common import UK_TIERS, InterestCase, day, fixed


@tagged('post_install', '-at_install')
class TestAnchoring(InterestCase):
    """One claim over three half-years, 12,000 due on 31 May 2025, paid on 15 February 2026."""

    def interest(self, anchoring, **options):
        regime = Regime('fr', reference='ecb', margin=Decimal(10), anchoring=anchoring, **options)
        return self.statement(12000, '2025-05-31', '2026-02-15', regime)

    def test_each_day_at_the_rate_of_its_half_year(self):
        found = self.interest('segment')
        self.assertEqual(str(found.interest), '1048.44')
        self.assertEqual(self.lines(found), [
            ('2025-06-01', '2025-06-30', 30, '12000', '13.15', '129.70'),
            ('2025-07-01', '2025-12-31', 184, '12000', '12.15', '734.99'),
            ('2026-01-01', '2026-02-15', 46, '12000', '12.15', '183.75')])
        self.assertEqual(found.days, 260)

    def test_frozen_at_the_start(self):
        found = self.interest('start')
        self.assertEqual(str(found.interest), '1124.05')
        self.assertEqual(len(found.segments), 1)

    def test_frozen_at_payment(self):
        self.assertEqual(str(self.interest('payment').interest), '1038.58')

    def test_each_part_payment_carries_the_rate_of_its_day(self):
        regime = Regime('ie', reference='ecb', margin=Decimal(8), anchoring='payment')
        found = self.statement(
            12000, '2025-05-31', '2025-08-31', regime,
            events=[Payment(day('2025-06-20'), Decimal(2000))])
        self.assertEqual(self.lines(found), [
            ('2025-06-01', '2025-06-20', 20, '2000', '11.15', '12.22'),
            ('2025-06-01', '2025-08-31', 92, '10000', '10.15', '255.84')])

    def test_due_on_the_last_day_of_a_half_year_takes_the_next_rate(self):
        regime = Regime('fr', reference='ecb', margin=Decimal(10), anchoring='start')
        found = self.statement(1000, '2025-06-30', '2025-07-30', regime)
        self.assertEqual(found.segments[0].rate, Decimal('12.15'))


@tagged('post_install', '-at_install')
class TestStatement(InterestCase):
    """Days, events, compounding, refusals."""

    def test_paid_on_the_due_date_owes_nothing(self):
        regime = fixed(10, compensation=UK_TIERS)
        for end in ('2026-03-30', '2026-03-31'):
            found = self.statement(500, '2026-03-31', end, regime)
            self.assertEqual((found.interest, found.compensation, found.total), (0, 0, 500))
        found = self.statement(500, '2026-03-31', '2026-04-01', regime)
        self.assertEqual((found.segments[0].days, found.compensation), (1, 40))

    def test_a_payment_in_time_leaves_only_the_rest(self):
        found = self.statement(
            1500, '2026-03-31', '2026-06-30', fixed(10, compensation=UK_TIERS),
            events=[Payment(day('2026-03-31'), Decimal(600))])
        self.assertEqual(found.segments[0].base, 900)
        self.assertEqual(found.compensation, 40)

    def test_interest_first_or_principal_first(self):
        paid = Payment(day('2026-04-30'), Decimal(1000))
        first = self.statement(
            10000, '2026-03-31', '2026-05-31', fixed('12.15', allocation='interest'),
            events=[paid])
        self.assertEqual(first.allocations[0].to_interest, Decimal('99.86'))
        self.assertEqual(first.principal_due, Decimal('9099.86'))
        other = self.statement(
            10000, '2026-03-31', '2026-05-31', fixed('12.15'), events=[paid])
        self.assertEqual(other.principal_due, 9000)
        self.assertGreater(first.total, other.total)

    def test_costs_first(self):
        found = self.statement(
            10000, '2026-03-31', '2026-04-30',
            fixed(10, allocation='cost', compensation=UK_TIERS),
            events=[Payment(day('2026-04-15'), Decimal(120))])
        part = found.allocations[0]
        self.assertEqual((part.to_cost, part.to_interest), (100, 20))

    def test_the_contract_may_say_otherwise_for_one_payment(self):
        found = self.statement(
            10000, '2026-03-31', '2026-05-31', fixed(10, allocation='interest'),
            events=[Payment(day('2026-04-30'), Decimal(1000), 'principal')])
        self.assertEqual(found.principal_due, 9000)

    def test_a_credit_note_never_pays_interest(self):
        found = self.statement(
            1000, '2026-03-31', '2026-06-30', fixed(10, allocation='interest'),
            events=[Credit(day('2026-05-31'), Decimal(400))])
        self.assertEqual([s.base for s in found.segments], [1000, 600])
        never_owed = self.statement(
            1000, '2026-03-31', '2026-06-30', fixed(10),
            events=[Credit(day('2026-05-31'), Decimal(400), from_start=True)])
        self.assertEqual([s.base for s in never_owed.segments], [600])
        more = self.statement(
            1000, '2026-03-31', '2026-06-30', fixed(10),
            events=[Credit(day('2026-05-31'), Decimal(1500))])
        self.assertEqual(more.allocations[0].surplus, 500)
        self.assertEqual((str(more.interest_due), more.principal_due), ('16.71', 0))

    def test_too_much_money_is_a_surplus(self):
        found = self.statement(
            100, '2026-03-31', '2026-06-30', fixed(10),
            events=[Payment(day('2026-04-30'), Decimal(150))])
        self.assertEqual(found.principal_due, 0)
        self.assertEqual(found.allocations[0].surplus, Decimal('49.18'))
        self.assertEqual(found.total, 0)

    def test_insolvency_stops_interest_on_the_eve(self):
        # L622-28: the opening judgment stops the course of interest.
        found = self.statement(
            36500, '2026-03-31', '2026-12-31', fixed(10, compensation=UK_TIERS),
            events=[Stop(day('2026-04-11'))])
        self.assertEqual((found.interest, found.compensation), (100, 100))
        self.assertEqual(str(found.segments[-1].date_to), '2026-04-10')
        late = self.statement(
            36500, '2026-04-10', '2026-12-31', fixed(10, compensation=UK_TIERS),
            events=[Stop(day('2026-04-11'))])
        self.assertEqual((late.interest, late.compensation), (0, 0))

    def test_an_agreed_stay_shows_and_costs_nothing(self):
        found = self.statement(
            36500, '2026-03-31', '2026-04-30', fixed(10),
            events=[Stay(day('2026-04-11'), day('2026-04-20'), "plan of 2 April")])
        self.assertEqual([(s.rule, s.days, s.amount) for s in found.segments], [
            ('rate', 10, 100), ('stay', 10, 0), ('rate', 10, 100)])
        self.assertEqual(found.days, 20)

    def test_dutch_interest_joins_the_principal_after_each_full_year(self):
        # Article 6:119a(3) of the Dutch civil code.
        found = self.statement(
            1000, '2020-12-31', '2023-01-31', fixed(10, compounding=True))
        self.assertEqual(self.lines(found), [
            ('2021-01-01', '2021-12-31', 365, '1000', '10', '100.00'),
            ('2022-01-01', '2022-12-31', 365, '1100.00', '10', '110.00'),
            ('2023-01-01', '2023-01-31', 31, '1210.00', '10', '10.28')])
        self.assertEqual(found.segments[2].capitalised, 210)

    def test_interest_that_was_paid_bears_none(self):
        """Of 109.34 of interest, 100 of it joined, 60 is paid: the rest of it is the base."""
        found = self.statement(
            1000, '2020-12-31', '2022-03-31', fixed(10, compounding=True),
            events=[Payment(day('2022-01-31'), Decimal(1060))])
        self.assertEqual(self.lines(found)[1:], [
            ('2022-01-01', '2022-01-31', 31, '1100.00', '10', '9.34'),
            ('2022-02-01', '2022-03-31', 59, '49.34', '10', '0.80')])

    def test_a_leap_day_due_date_has_anniversaries(self):
        found = self.statement(1000, '2024-02-28', '2026-03-31', fixed(10, compounding=True))
        self.assertEqual(
            [str(s.date_to) for s in found.segments], ['2025-02-28', '2026-02-28', '2026-03-31'])

    def test_leap_years(self):
        for count, amount in (('365', '1002.74'), ('actual', '1000.00'), ('30/360', '1000.00')):
            found = self.statement(
                10000, '2023-12-31', '2024-12-31', fixed(10, day_count=count))
            self.assertEqual(str(found.interest), amount, count)

    def test_thirty_days_make_a_month(self):
        for first, last, days in (
            ('2026-01-01', '2026-01-31', 30), ('2026-02-01', '2026-02-28', 28),
            ('2026-03-01', '2026-03-31', 32), ('2026-01-01', '2026-12-31', 360),
            ('2026-01-31', '2026-01-31', 0),
        ):
            self.assertEqual(count_days(day(first), day(last), '30/360'), days, (first, last))

    def test_a_half_goes_up(self):
        for value, rounded in (('0.005', '0.01'), ('0.015', '0.02'), ('1.0049', '1.00')):
            self.assertEqual(str(round_half_up(Fraction(value), 2)), rounded)
        self.assertEqual(round_half_up(Fraction(1234, 10), 0), 123)
        self.assertEqual(str(to_decimal(12.15)), '12.15')
        self.assertEqual(str(to_decimal(10.0)), '10')

    def test_a_missing_half_year_raises(self):
        regime = Regime('fr', reference='ecb', margin=Decimal(10))
        with self.assertRaises(MissingRate) as caught:
            self.statement(1000, '2026-11-30', '2027-01-15', regime)
        self.assertEqual(
            (caught.exception.reference, str(caught.exception.day)), ('ecb', '2027-01-01'))

    def test_a_rate_is_not_asked_for_when_nothing_is_open(self):
        regime = Regime('fr', reference='ecb', margin=Decimal(10))
        found = self.statement(
            1000, '2026-11-30', '2027-01-15', regime,
            events=[Payment(day('2026-12-10'), Decimal(1000))])
        self.assertEqual(str(found.interest), '3.40')
        self.assertEqual(len(found.segments), 1)

    def test_rates_of_another_country_do_not_count(self):
        regime = Regime('uk', reference='boe', margin=Decimal(8))
        with self.assertRaises(MissingRate):
            self.statement(1000, '2025-11-30', '2025-12-15', regime)

    def test_nonsense_is_refused(self):
        for regime in (
            Regime('x'), fixed(5, rounding='never'), fixed(5, day_count='364'),
            Regime('x', reference='ecb', anchoring='payment', allocation='interest'),
        ):
            with self.assertRaises(InterestError):
                self.statement(1000, '2025-11-30', '2025-12-15', regime)
        with self.assertRaises(InterestError):
            self.statement(-1, '2025-11-30', '2025-12-15', fixed(5))

    def test_a_negative_reference_rate_never_pays_the_debtor(self):
        regime = Regime('x', reference='ecb', margin=Decimal(0))
        rate = Rate('ecb', day('2020-01-01'), day('2020-12-31'), Decimal('-0.88'))
        self.assertEqual(self.statement(
            1000, '2020-01-31', '2020-12-31', regime, [rate]).interest, 0)


@tagged('post_install', '-at_install')
class TestPickRegime(BaseCase):
    """When in doubt there is no statutory claim."""
    keys = [RegimeKey('FR', 'business'), RegimeKey('FR', 'consumer', confirmed=False)]

    def test_known_business(self):
        self.assertEqual(pick_regime(self.keys, 'FR', 'business'), self.keys[0])

    def test_refusals(self):
        for country, debtor, reason in (
            (None, 'business', 'country'), ('FR', None, 'debtor'), ('US', 'business', 'regime'),
            ('FR', 'public', 'regime'), ('FR', 'consumer', 'unconfirmed'),
        ):
            with self.assertRaises(NoStatutoryClaim) as caught:
                pick_regime(self.keys, country, debtor)
            self.assertEqual(caught.exception.reason, reason)
