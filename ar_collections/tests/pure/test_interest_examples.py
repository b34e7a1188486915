from datetime import date
from decimal import Decimal
from pathlib import Path

from odoo.tests import tagged

from ...tools.interest import Payment
from ...tools.interest_rules import (
    Bracket,
    Compensation,
    Rate,
    Regime,
    round_half_up,
)
from .interest_common import (
    DUTCH_SCALE,
    UK_TIERS,
    InterestCase,
    day,
    fixed,
    half_years,
)


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

    def test_french_bank(self):
        # help.shine.fr/fr/articles/4062963: 3,000 at three times the legal rate of the second half
        # of 2024, 3 x 4.92 = 14.76 %, 30 days.
        contract = Regime('fr', reference='legal', factor=Decimal(3))
        found = self.statement(3000, '2024-09-30', '2024-10-30', contract, half_years(
            {(2024, 2): '4.92'}, 'legal'))
        self.assertEqual(found.segments[0].rate, Decimal('14.76'))
        self.assertEqual(str(found.interest), '36.39')

    def test_italian_textbook(self):
        # knowunity.it, "economia, il calcolo dell'interesse": an invoice of 8,200 paid 22 days
        # late, bank rate plus 8 points = 8.05 %.
        regime = Regime('it', reference='ecb', margin=Decimal(8))
        found = self.statement(8200, '2015-03-31', '2015-04-22', regime, half_years(
            {(2015, 1): '0.05'}))
        self.assertEqual(
            (found.segments[0].days, str(found.interest)), (22, '39.79'))

    def test_spanish_collection_software(self):
        # covline.es/calcular-intereses-demora: 2,300 due on 6 October 2017, paid 30 days later, at
        # an agreed 5 %.
        found = self.check('9.45', 2300, '5', '2017-10-06', '2017-11-05')
        self.assertEqual(found.days, 30)

    def test_belgian_software_house(self):
        # xando.pro/verwijlintresten-berekenen: 1,000 at an agreed 10 %, 60 days, printed as 16.4.
        found = self.check('16.44', 1000, '10', '2026-01-31', '2026-04-01')
        self.assertEqual(
            (found.days, round_half_up(found.exact_interest, 1)), (60, Decimal('16.4')))

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

    def test_dutch_bookkeeper(self):
        # go-figure.nl/tag/rente: 11/365 x 8 % x 1,000 = 2.41
        self.check('2.41', 1000, '8', '2026-03-01', '2026-03-12')

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

    def test_nobody_reads_the_repealed_article(self):
        """L441-6 of the French commercial code became L441-10 in 2019; pages still cite it."""
        root = Path(__file__).parents[2]
        read = [path for path in root.rglob('*') if path.suffix in (
            '.xml', '.py', '.po', '.pot', '.csv', '.js', '.rst', '.html') and
            'tests' not in path.parts]
        self.assertGreater(len(read), 400)
        wrong = [path.name for path in read if "L441-6" in path.read_text(encoding='utf-8')]
        self.assertFalse(wrong)
        self.assertIn("L441-10", (root / 'i18n' / 'fr.po').read_text(encoding='utf-8'))

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
