from datetime import date
from decimal import Decimal
from fractions import Fraction

from odoo.tests import BaseCase, tagged

from ...tools.interest import Credit, Payment, Stay, Stop, compute_statement
from ...tools.interest_rules import (
    Bracket,
    Compensation,
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


@tagged('post_install', '-at_install')
class TestPublishedExamples(InterestCase):
    """Figures that somebody else computed and published."""

    def check(self, amount, principal, percent, due, end, **options):
        found = self.statement(principal, due, end, fixed(percent, **options))
        self.assertEqual(str(found.interest), amount)
        return found

    def test_british_government(self):
        # gov.uk/late-commercial-payments-interest-debt-recovery/charging-interest-commercial-debt:
        # 1,000 pounds at 8 % + 0.5 %: 85 a year, 23p a day, after 50 days 11.50.
        regime = Regime('uk', reference='boe', margin=Decimal(8), anchoring='start',
                        rounding='daily', compensation=UK_TIERS)
        rate = Rate('boe', day('2017-01-01'), day('2018-06-30'), Decimal('0.5'))
        self.assertEqual(
            str(self.statement(1000, '2017-01-31', '2017-02-01', regime, [rate]).interest), '0.23')
        found = self.statement(1000, '2017-01-31', '2017-03-22', regime, [rate])
        self.assertEqual(found.segments[0].days, 50)
        self.assertEqual(str(found.interest), '11.50')
        year = self.statement(1000, '2017-01-31', '2018-01-31', regime, [rate])
        self.assertEqual(year.exact_interest, 85)

    def test_british_vendor_pages(self):
        # support.paidnice.com/en/articles/11600906: 5,000 at 12.25 %, 101 days, 70 of compensation.
        found = self.check('169.68', 5000, '12.25', '2025-05-20', '2025-08-29', rounding='daily',
                           compensation=UK_TIERS)
        self.assertEqual(found.segments[0].days, 101)
        self.assertEqual(str(found.interest_due + found.compensation), '239.68')
        # tools.gera.services/late-payment-interest-calculator: 4.27 a day, 90 days, 100.
        found = self.check('384.30', 12000, '13', '2025-01-31', '2025-05-01', rounding='daily',
                           compensation=UK_TIERS)
        self.assertEqual(found.compensation, 100)

    def test_french_accountant(self):
        # agenceipro.com/zoom-sur-les-penalites-de-retard: 15,000 at 15 %, 30 days.
        self.check('184.93', 15000, '15', '2026-03-31', '2026-04-30')

    def test_german_everyday_count(self):
        # anleiter.de/wie-berechnet-man-verzugszinsen: 1,000 at 5.12 %, 25 days, actual / 365.
        self.check('3.51', 1000, '5.12', '2026-03-06', '2026-03-31')

    def test_german_court_practice(self):
        # p-konto.de/wiki/zinsformel: 10,000 at 6 % from 1 January 2016 to 30 July, 210 days / 360.
        found = self.check('350.00', 10000, '6', '2015-12-31', '2016-07-30', day_count='30/360')
        self.assertEqual(found.segments[0].days, 210)

    def test_austrian_construction_paper(self):
        # solidbau.at/wissen-service/verzugszinsen-ein-nicht-zu-unterschaetzender-faktor: 9.2 points
        # over a base of -0.62, then 1.88: 8,580 and 11,080 a year on 100,000.
        regime = Regime('at', reference='at', margin=Decimal('9.2'))
        for base, amount in (('-0.62', '8580.00'), ('1.88', '11080.00')):
            rate = Rate('at', day('2022-01-01'), day('2023-12-31'), Decimal(base))
            found = self.statement(100000, '2021-12-31', '2022-12-31', regime, [rate])
            self.assertEqual(str(found.interest), amount)

    def test_swiss_law_office_counts_the_days(self):
        # law.ch/lawinfo/verzugszins/berechnungen: from the 1st to the 20th 19 days on the whole,
        # then 10 days to the 30th on what a part payment left.
        found = self.statement(
            10000, '2026-01-01', '2026-01-30', fixed(5),
            events=[Payment(day('2026-01-20'), Decimal(4000))])
        self.assertEqual(self.lines(found), [
            ('2026-01-02', '2026-01-20', 19, '10000', '5', '26.03'),
            ('2026-01-21', '2026-01-30', 10, '6000', '5', '8.22')])

    def test_irish_ministry_gives_a_daily_rate(self):
        # djei.ie/enterprise/smes/latepay.htm: 0.15 + 8 = 8.15 % is 0.022 % a day.
        regime = Regime('ie', reference='ecb', margin=Decimal(8), anchoring='payment')
        rate = Rate('ecb', day('2014-07-01'), day('2014-12-31'), Decimal('0.15'))
        found = self.statement(100, '2014-08-01', '2014-08-02', regime, [rate])
        self.assertEqual(found.segments[0].rate, Decimal('8.15'))
        self.assertEqual(round_half_up(found.exact_interest, 3), Decimal('0.022'))

    def test_dutch_scale(self):
        # Decree on extrajudicial costs as printed by stedin.net and alektumgroup.nl: the last band
        # ends at 1,000,000 exactly where the maximum of 6,775 is reached.
        for principal, amount in (
            (100, 40), ('266.66', 40), ('266.67', '40.00'), (1000, 150), (2500, 375), (4000, 525),
            (5000, 625), (10000, 875), (200000, 2775), (1000000, 6775), (5000000, 6775),
        ):
            self.assertEqual(
                DUTCH_SCALE.get_amount(Decimal(str(principal))), Decimal(amount), principal)

    def test_irish_tiers(self):
        # Schedule of S.I. 580/2012 as the ministry prints it (enterprise.gov.ie, compensation for
        # recovery costs): not exceeding 1,000, not exceeding 10,000, exceeding 10,000.
        tiers = Compensation((
            Bracket(Decimal(0), Decimal(40)), Bracket(Decimal('1000.01'), Decimal(70)),
            Bracket(Decimal('10000.01'), Decimal(100))))
        for principal, amount in ((1000, 40), ('1000.01', 70), (10000, 70), ('10000.01', 100)):
            self.assertEqual(tiers.get_amount(Decimal(str(principal))), amount, principal)

    def test_british_tiers(self):
        for principal, amount in (
            ('0.01', 40), ('999.99', 40), (1000, 70), ('9999.99', 70), (10000, 100),
        ):
            self.assertEqual(UK_TIERS.get_amount(Decimal(principal)), amount, principal)

    def test_belgian_consumer_caps(self):
        # Book XIX of the code of economic law, as told by lalibre.be on 15 June 2023.
        caps = Compensation((
            Bracket(Decimal(0), Decimal(20)),
            Bracket(Decimal('150.01'), Decimal(30), Decimal(10), Decimal(150)),
            Bracket(Decimal('500.01'), Decimal(65), Decimal(5), Decimal(500))),
            maximum=Decimal(2000))
        for principal, amount in (
            (150, 20), ('150.10', '30.01'), (500, 65), (1000, 90), (39200, 2000), (50000, 2000),
        ):
            self.assertEqual(caps.get_amount(Decimal(str(principal))), Decimal(amount), principal)

    def test_published_half_year_rates(self):
        """Rates as gazettes and chambers print them, from the reference rate of the half-year."""
        plus8 = Regime('eu', reference='ecb', margin=Decimal(8))
        belgian = Regime('be', reference='ecb', margin=Decimal(8), rate_step=Decimal('0.5'))
        french = Regime('fr', reference='ecb', margin=Decimal(10))
        for regime, on, percent in (
            (plus8, '2024-08-01', '12.25'),     # LU: mj.gouvernement.lu; NL: mijn.metaalunie.nl
            (plus8, '2025-12-31', '10.15'),     # ES: BOE-A-2025-27201 for the next half-year
            (plus8, '2026-01-01', '10.15'),
            (french, '2024-09-01', '14.25'),    # lemoniteur.fr
            (belgian, '2024-02-01', '12.5'),    # medenam.be
            (belgian, '2024-08-01', '12.5'),    # trendstop.levif.be: unchanged
            (belgian, '2025-02-01', '11.5'),
            (belgian, '2025-08-01', '10.5'),
            (belgian, '2023-08-01', '12.0'),    # a multiple stays where it is
        ):
            found = self.statement(100, str(date.fromordinal(day(on).toordinal() - 1)), on, regime)
            self.assertEqual(found.segments[0].rate, Decimal(percent), (regime.code, on))


@tagged('post_install', '-at_install')
class TestWrongPages(InterestCase):
    """Pages that are wrong: we must not agree with them."""

    def test_the_latest_rate_is_not_the_one_of_the_first_day(self):
        # calcolatorifiscali.it prints 11.65 and 10.65 for Italy, propulsebyca.fr 13.65 for France:
        # they took a later rate of the bank instead of that of 1 July or 1 January.
        for margin, on, wrong, right in (
            (8, '2024-07-01', '11.65', '12.25'), (8, '2025-01-01', '10.65', '11.15'),
            (10, '2024-07-01', '13.65', '14.25'),
        ):
            regime = Regime('x', reference='ecb', margin=Decimal(margin))
            eve = str(date.fromordinal(day(on).toordinal() - 1))
            rate = self.statement(100, eve, on, regime).segments[0].rate
            self.assertEqual(rate, Decimal(right))
            self.assertNotEqual(rate, Decimal(wrong))

    def test_dutch_rate_of_january_2023(self):
        # nfco.nl prints 12 %; it was 2.50 + 8.
        regime = Regime('nl', reference='ecb', margin=Decimal(8))
        self.assertEqual(
            self.statement(100, '2023-01-01', '2023-01-31', regime).segments[0].rate,
            Decimal('10.5'))

    def test_slips_of_the_calculator(self):
        # toolfy.io: 2,000 at 13.25 %, 45 days is not 32.66 (it rounded 45/365 first);
        # emprendepyme.net: 1,000 at 3.75 %, 120 days is not 12.38.
        for principal, percent, end, wrong, right in (
            (2000, '13.25', '2025-03-17', '32.66', '32.67'),
            (1000, '3.75', '2025-05-31', '12.38', '12.33'),
        ):
            found = self.statement(principal, '2025-01-31', end, fixed(percent))
            self.assertEqual(str(found.interest), right)
            self.assertNotEqual(str(found.interest), wrong)

    def test_the_french_default_is_not_the_legal_rate_plus_ten(self):
        # exeoffice.eu adds ten points to the legal rate (2.76 in the second half of 2025).
        regime = Regime('fr', reference='ecb', margin=Decimal(10))
        rate = self.statement(100, '2025-07-31', '2025-08-31', regime).segments[0].rate
        self.assertEqual(rate, Decimal('12.15'))
        self.assertNotEqual(rate, Decimal('12.76'))


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
