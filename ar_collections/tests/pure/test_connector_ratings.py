from datetime import date
from decimal import Decimal

from odoo.tests import tagged

from ...connectors.capability import Capability
from ...connectors.creditsafe import CreditsafeClient
from ...connectors.dnb import DnbClient
from ...connectors.ellisphere import EllisphereClient
from ...connectors.errors import (
    ConnectorError,
    CredentialsError,
    InvalidInputError,
    NotFoundError,
    RefusedError,
    TemporaryError,
    UnexpectedAnswerError,
)
from ...connectors.infolegale import InfolegaleClient
from ...connectors.results import Money
from ..simulators.ellisphere import Ellisphere
from ..simulators.infolegale import Infolegale
from ..simulators.ratings import Creditsafe, Dnb
from .connector_common import ConnectorCase

ONE, TWO, CLOSED = '012345674', '002003002', '031000425'


@tagged('post_install', '-at_install')
class TestInfolegale(ConnectorCase):
    simulator_class = Infolegale
    client_class = InfolegaleClient
    credentials = {'username': Infolegale.username, 'password': Infolegale.password}
    options = {'portfolio_id': '77'}

    def test_a_token_of_fifteen_minutes_is_refreshed_with_the_old_one(self):
        self.client.get_company(ONE)
        self.pass_time(1200)
        self.client.get_company(ONE)
        self.assertEqual((self.sim.count('login'), self.sim.count('refresh')), (1, 1))

    def test_a_refused_refresh_falls_back_to_a_login(self):
        self.client.get_company(ONE)
        self.pass_time(1200)
        self.sim.refreshes.clear()
        self.client.get_company(ONE)
        self.assertEqual((self.sim.count('login'), self.sim.count('refresh')), (2, 1))

    def test_a_token_that_ends_in_the_middle_of_a_run_is_not_noticed(self):
        for _company in range(40):
            self.client.get_company(ONE)
            self.pass_time(60)
        self.assertEqual(self.sim.count('find'), 40, "no call was refused")
        self.assertEqual(self.sim.count('login'), 1)

    def test_score_and_risk_of_a_sound_company(self):
        rating = self.client.get_rating(ONE)
        self.assertEqual(
            (rating.value, rating.previous, rating.trend, rating.in_default, rating.advised_amount),
            ('17', '18', 'same', False, Money(Decimal(500000), 'EUR')))
        self.assertEqual(rating.comments, ("Paie en 204 jours.",))

    def test_insolvancy_and_closed_are_default_and_a_new_word_is_surfaced(self):
        self.assertTrue(self.client.get_rating(TWO).in_default)
        self.assertTrue(self.client.get_rating(CLOSED).in_default)
        self.sim.statuses = {ONE: 'dormant'}
        rating = self.client.get_rating(ONE)
        self.assertEqual((rating.in_default, rating.attention[0].value), (False, 'dormant'))

    def test_comments_as_a_list_are_read_too(self):
        self.sim.fail('score', 'mutate', set={'comments': ["<b>Bon</b> payeur"]})
        self.assertEqual(self.client.get_rating(ONE).comments, ("Bon payeur",))

    def test_a_score_of_zero_is_a_score_and_none_is_not(self):
        self.assertEqual(self.client.get_rating(CLOSED).value, '0')
        self.sim.fail('score', 'mutate', set={'score': None})
        self.assertTrue(self.client.get_rating(ONE).unrated)

    def test_an_unknown_company_is_not_found_and_a_wrong_number_not_sent(self):
        self.assertFalse(self.client.search_company('099000127').companies)
        with self.assertRaises(NotFoundError):
            self.client.get_rating('099000127')
        calls = len(self.sim.calls)
        with self.assertRaises(InvalidInputError):
            self.client.get_rating('099000128')
        self.assertEqual(len(self.sim.calls), calls)

    def test_words_give_candidates(self):
        found = self.client.search_company("du")
        self.assertEqual({x.provider_id for x in found.companies}, {ONE, CLOSED})

    def test_alerts_keep_the_zeros_of_an_integer_siren(self):
        self.sim.alerts = [
            {'adId': f'RCS-{n}', 'source': 'BOD', 'name': "X", 'parutionDate': '2027-01-10',
             'creationDate': '2027-01-10', 'siren': 12345674, 'urlEvent': f'/event/{n}'}
            for n in range(250)]
        batch = self.client.list_changes(date(2027, 1, 1), date(2027, 1, 15))
        self.assertEqual((len(batch.items), batch.complete), (250, True))
        self.assertEqual(batch.items[0].company_id, ONE)

    def test_no_alerts_is_a_success_and_a_failure_is_not(self):
        span = (date(2027, 1, 1), date(2027, 1, 15))
        batch = self.client.list_changes(*span)
        self.assertEqual((batch.items, batch.complete), ((), True))
        self.sim.fail('alert', 'status', status=500, times=9)
        with self.assertRaises(TemporaryError):
            self.client.list_changes(*span)

    def test_already_there_is_done(self):
        self.assertFalse(self.client.start_monitoring(ONE, 'C1').already)
        self.assertTrue(self.client.start_monitoring(ONE, 'C1').already)
        self.sim.fail('add_item', 'status', status=304)
        self.assertTrue(self.client.start_monitoring(ONE, 'C1').already)
        item = self.sim.items[ONE]
        self.assertFalse(self.client.stop_monitoring(item).already)
        self.assertTrue(self.client.stop_monitoring(item).already)


@tagged('post_install', '-at_install')
class TestEllisphere(ConnectorCase):
    simulator_class = Ellisphere
    client_class = EllisphereClient
    credentials = {'contract_id': Ellisphere.contract_id, 'user_id': Ellisphere.user_id,
                   'password': Ellisphere.password}

    def test_a_search_by_number_and_by_name(self):
        company = self.client.search_company('012 345 674').certain
        self.assertEqual((company.provider_id, company.number('siren'), company.address.city),
                         ('4400001', ONE, "NANTES"))
        self.assertIsNone(self.client.search_company("levant").certain)
        self.assertEqual(self.client.search_company("l'aube <&>").companies, ())

    def test_two_hundred_hits_are_not_complete(self):
        self.sim.hits = 200
        found = self.client.search_company("levant")
        self.assertEqual((len(found.companies), found.complete), (1, False))

    def test_the_score_is_not_the_legend_nor_the_history(self):
        rating = self.client.get_rating('4400001')
        self.assertEqual(
            (rating.value, rating.label, rating.rated_on, rating.advised_amount),
            ('7', 'B', date(2026, 12, 31), Money(Decimal(25000), 'EUR')))
        self.assertEqual(rating.comments, ("Point faible",))

    def test_zero_or_inactive_is_default(self):
        self.assertTrue(self.client.get_rating('4400003').in_default)
        self.assertFalse(self.client.get_rating('4400002').in_default)

    def test_already_monitored_is_a_401_and_no_credential_error(self):
        self.assertFalse(self.client.start_monitoring(ONE).already)
        self.assertTrue(self.client.start_monitoring(ONE).already)
        self.assertEqual(self.client.list_changes(ONE).items[0].details['value'], '7')
        self.assertEqual(len(self.client.list_changes().items), 1)
        self.assertEqual(self.client.list_changes(TWO).items, ())

    def test_an_err_inside_a_200_is_an_error(self):
        with self.assertRaises(NotFoundError) as caught:
            self.client.get_rating('4499999')
        self.assertEqual(caught.exception.evidence.provider_code, '3100')
        self.sim.fail('order', 'status', status=200, content_type='application/xml',
                      body='<svcOnlineOrderResponse><result code="ERR"><minorCode>9</minorCode>'
                      '<minorMessage>Produit fermé</minorMessage></result>'
                      '</svcOnlineOrderResponse>')
        with self.assertRaises(RefusedError) as caught:
            self.client.get_rating('4400001')
        self.assertIn("Produit fermé", caught.exception.provider_messages)

    def test_real_refusals_of_the_credentials_block_the_account(self):
        client = self.make_client(credentials={**self.credentials, 'password': 'wrong-pass'})
        for _attempt in range(4):
            with self.assertRaises(CredentialsError):
                client.search_company(ONE)
        self.assertEqual(len(self.sim.calls), 1)

    def test_entities_and_bombs_are_not_opened(self):
        bomb = ('<!DOCTYPE r [<!ENTITY x SYSTEM "file:///etc/passwd">]>'
                '<svcSearchResponse><result code="OK"/><response>&x;</response>'
                '</svcSearchResponse>')
        self.sim.fail('search', 'status', status=200, body=bomb, content_type='application/xml',
                      times=9)
        with self.assertRaises(TemporaryError) as caught:
            self.client.search_company(ONE)
        self.assertEqual(caught.exception.code, 'technical')
        self.assertNotIn('root:', caught.exception.evidence.body)

    def test_a_report_without_score_is_unexpected(self):
        self.sim.fail('order', 'status', status=200, content_type='application/xml',
                      body='<svcOnlineOrderResponse><result code="OK"/><response><intlReport>'
                      '<header><score><value type="score">10</value></score></header>'
                      '</intlReport></response></svcOnlineOrderResponse>')
        with self.assertRaises(UnexpectedAnswerError):
            self.client.get_rating('4400001')

    def test_a_paid_report_is_ordered_once_even_when_its_answer_is_lost(self):
        for fault in ({'fault': 'drop_after'}, {'fault': 'html', 'status': 502},
                      {'fault': 'truncate'}):
            self.sim.reset()
            self.sim.fail('order', times=9, **fault)
            with self.subTest(fault), self.assertRaises(TemporaryError):
                self.client.get_rating('4400001')
            self.assertEqual(self.sim.count('order'), 1)

    def test_the_credentials_in_the_body_stay_out_of_everything_we_keep(self):
        self.sim.fail('order', 'status', status=500, content_type='application/xml',
                      body=f'<e><password>{Ellisphere.password.replace("<", "&lt;")}</password>'
                      f'{Ellisphere.user_id}</e>'.replace('&<', '&amp;<'))
        with self.capture() as logs, self.assertRaises(ConnectorError) as caught:
            self.client.get_rating('4400001')
        rating = self.client.get_rating('4400001')
        text = f'{logs.output}{caught.exception!r}{caught.exception.evidence}{rating.meta.raw}'
        for secret in ('canary-ellisphere', 'pass-'):
            self.assertNotIn(secret, text)


@tagged('post_install', '-at_install')
class TestCreditsafe(ConnectorCase):
    simulator_class = Creditsafe
    client_class = CreditsafeClient
    credentials = {'username': Creditsafe.username, 'password': Creditsafe.password}
    options = {'portfolio_id': '55'}

    def test_a_wrong_password_never_locks_the_account(self):
        client = self.make_client(credentials={**self.credentials, 'password': 'wrong-pass'})
        for _attempt in range(9):
            with self.assertRaises(CredentialsError):
                client.test_connection()
        self.assertEqual((self.sim.count('authenticate'), self.sim.locked_until), (1, 0))

    def test_a_locked_account_is_not_asked_again(self):
        self.sim.locked_until = self.sim.now() + 300
        with self.assertRaises(TemporaryError):
            self.client.test_connection()
        self.assertEqual(self.sim.count('authenticate'), 1)

    def test_search_and_score(self):
        company = self.client.search_company(number=ONE).certain
        self.assertEqual((company.provider_id, company.active), ('FR-0-' + ONE, True))
        rating = self.client.get_rating(company.provider_id)
        self.assertEqual(
            (rating.value, rating.label, rating.rated_on, rating.advised_amount.amount),
            ('74', 'A', date(2026, 10, 2), 12000))

    def test_letter_e_is_kept_and_flagged_and_not_rated(self):
        rating = self.client.get_rating('FR-0-' + CLOSED)
        self.assertEqual((rating.unrated, rating.in_default, rating.label), (True, True, 'E'))
        self.assertEqual(rating.attention[0].code, 'unknown_code')

    def test_directors_are_not_kept(self):
        rating = self.client.get_rating('FR-0-' + ONE)
        self.assertNotIn("PERSONNE-INVENTEE", repr(rating.meta.raw))
        self.assertIn('creditScore', rating.meta.raw['report'])

    def test_a_path_cannot_be_smuggled_in(self):
        for number in ('../monitoring', 'FR-0-1?x=1', 'FR/0', ''):
            with self.subTest(number), self.assertRaises(InvalidInputError):
                self.client.get_rating(number)

    def test_watching_twice_and_events(self):
        self.assertFalse(self.client.start_monitoring('FR-0-' + ONE).already)
        self.assertTrue(self.client.start_monitoring('FR-0-' + ONE).already)
        self.sim.events = [{'eventId': n, 'company': {'id': 'FR-0-' + ONE}, 'ruleCode': 101,
                            'eventDate': '2027-01-10', 'oldValue': '74', 'newValue': '40'}
                           for n in range(120)]
        client = self.make_client(confirmed=[Capability.LIST_CHANGES])
        batch = client.list_changes()
        self.assertEqual((len(batch.items), batch.complete), (120, True))
        self.sim.events[119] = self.sim.events[0]
        batch = client.list_changes()
        self.assertEqual((len(batch.items), batch.complete), (119, False), "one has moved")


@tagged('post_install', '-at_install')
class TestDnb(ConnectorCase):
    simulator_class = Dnb
    client_class = DnbClient
    credentials = {'key': Dnb.key, 'secret': Dnb.secret}
    options = {'block_id': 'invented_L1_v1'}

    def make_client(self, *args, **changes):
        return super().make_client(*args, **{'environment': 'production', **changes})

    def test_a_token_for_a_day_in_both_forms(self):
        for form in ('expiresIn', 'expirationDateTime'):
            self.sim.reset()
            self.elapsed = 0
            self.sim.expiry = form
            self.share()
            client = self.make_client()
            client.test_connection()
            self.pass_time(80_000)
            client.test_connection()
            with self.subTest(form):
                self.assertEqual(self.sim.count('token'), 1)
                self.pass_time(7000)
                client.test_connection()
                self.assertEqual(self.sim.count('token'), 2)

    def test_a_match_by_resemblance_is_never_certain(self):
        found = self.client.search_company("du")
        self.assertEqual([x.score for x in found.companies], [90, 80])
        self.assertIsNone(found.certain)
        self.assertIsNone(self.client.search_company("levant").certain)
        self.assertEqual(self.client.search_company(number=ONE).certain.provider_id, '990000001')
        self.assertFalse(self.client.search_company("nobody").companies)

    def test_the_percentile_is_the_value_and_the_class_its_label(self):
        rating = self.client.get_rating('990000001')
        self.assertEqual((rating.value, rating.label, rating.rated_on),
                         ('62', '2', date(2026, 12, 1)))
        self.sim.assessment = {}
        self.assertTrue(self.client.get_rating('990000001').unrated)
        self.sim.assessment = {'failureScore': {'nationalPercentile': 0}}
        self.assertEqual(self.client.get_rating('990000001').attention[0].value, '0')
