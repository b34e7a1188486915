import ast
import email.utils
import threading
import time
from datetime import date
from decimal import Decimal
from pathlib import Path
from zoneinfo import ZoneInfo

from odoo.tests import BaseCase, tagged

from ...connectors import base, registry
from ...connectors.allianz_trade import AllianzTradeClient
from ...connectors.atradius import AtradiusClient
from ...connectors.errors import (
    ConfigurationError,
    CredentialsError,
    NextStep,
    TemporaryError,
    UnexpectedAnswerError,
)
from ...connectors.parsing import load_json, load_xml, parse_amount, parse_day, strip_html
from ...connectors.recherche_entreprises import RechercheEntreprisesClient
from ...connectors.results import CoverOrder, Money
from ...connectors.transport import LocalSimulator
from ..simulators.allianz_trade import FAMILIES, AllianzTrade
from ..simulators.open_data import RechercheEntreprises
from .connector_common import ConnectorCase

PARIS = ZoneInfo('Europe/Paris')


class BothEnvironments(AllianzTrade):
    """The paths of test and production at one address: only the token tells them apart."""

    def __init__(self):
        super().__init__()
        test, production = ([parts.split('/') for parts in FAMILIES[name].values()] for name in (
            'test', 'production'))
        self._routes += [
            (method, [*new, *parts[len(old):]], *more)
            for method, parts, *more in self._routes
            for old, new in zip(test, production, strict=True) if parts[:len(old)] == old]


@tagged('post_install', '-at_install')
class TestTokens(ConnectorCase):
    simulator_class = AllianzTrade
    client_class = AllianzTradeClient
    credentials = {'api_key': AllianzTrade.api_key}
    options = {'business_unit': 'EHXX', 'policy_id': '900100'}

    def test_one_token_serves_until_shortly_before_its_end(self):
        self.client.list_covers()
        self.pass_time(3400)
        self.client.list_covers()
        self.assertEqual(self.sim.count('token'), 1)
        self.pass_time(90)
        self.client.list_covers()
        self.assertEqual(self.sim.count('token'), 2, "renewed before the end, not after a refusal")
        self.assertEqual(self.sim.count('search_covers'), 3)

    def test_a_token_that_ended_early_is_renewed_once(self):
        self.client.list_covers()
        self.sim.tokens.clear()
        self.client.list_covers()
        self.assertEqual((self.sim.count('token'), self.sim.count('search_covers')), (2, 3))

    def test_a_second_401_stops_with_a_credential_error(self):
        self.sim.fail('search_covers', 'status', status=401, times=9)
        with self.assertRaises(CredentialsError) as caught:
            self.client.list_covers()
        self.assertEqual(caught.exception.next_step, NextStep.FIX_CREDENTIALS)
        self.assertEqual((self.sim.count('token'), self.sim.count('search_covers')), (2, 2))

    def test_a_write_after_401_is_sent_with_the_new_token_once(self):
        self.client.test_connection()
        order = CoverOrder('7100001', Money(Decimal(1000), 'EUR'), 'REQ/1')
        self.sim.fail('create_cover', 'status', status=401)
        self.client.request_cover(order)
        self.assertEqual((self.sim.count('create_cover'), len(self.sim.jobs)), (2, 1))

    def test_refused_credentials_are_not_tried_again(self):
        client = self.make_client(credentials={'api_key': 'wrong-key'})
        for _attempt in range(5):
            with self.assertRaises(CredentialsError):
                client.list_covers()
        self.assertEqual(self.sim.count('token'), 1)
        with self.assertRaises(CredentialsError):
            self.make_client(credentials={'api_key': 'wrong-key'}).list_covers()
        self.assertEqual(self.sim.count('token'), 1, "nor by another worker")
        client.unblock()
        with self.assertRaises(CredentialsError):
            client.list_covers()
        self.assertEqual(self.sim.count('token'), 2, "a person may ask for one more")
        self.client.list_covers()

    def test_a_token_is_found_only_by_its_environment_account_and_credentials(self):
        keys = {
            self.make_client(**changes).account_key for changes in (
                {}, {'environment': 'production'}, {'account': 'second'},
                {'credentials': {'api_key': 'another-key'}}, {'simulator': None})}
        self.assertEqual(len(keys), 5)
        self.assertEqual(self.make_client().account_key, self.client.account_key)

    # Fault 3
    def test_two_accounts_and_two_environments_never_share_a_token(self):
        with_both = BothEnvironments().start()
        self.addCleanup(with_both.stop)
        first, second, production = (self.make_client(
            simulator=LocalSimulator(with_both.url), **changes) for changes in (
            {}, {'account': 'second'}, {'environment': 'production'}))
        for client in (first, second, first, second):
            client.list_covers()
        self.assertEqual(with_both.count('token'), 2)
        production.list_covers()
        self.assertEqual(with_both.count('token'), 3, "a switch of environment logs in anew")
        for client in (production, first):
            client.list_covers()
        self.assertEqual(with_both.count('token'), 3)
        sent = [call['headers']['authorization'] for call in with_both.calls
                if call['route'] == 'search_covers']
        one, two, other = sent[0], sent[1], sent[4]
        self.assertEqual(len({one, two, other}), 3)
        self.assertEqual(sent, [one, two, one, two, other, other, one])
        self.assertFalse(with_both.errors)

    def test_waiting_workers_share_one_login(self):
        self.sim.fail('token', 'drip', seconds=0.001)
        clients = [self.make_client() for _n in range(6)]
        threads = [threading.Thread(target=client.test_connection) for client in clients]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        self.assertEqual(self.sim.count('token'), 1)

    def test_an_answer_without_token_is_unexpected(self):
        self.sim.fail('token', 'mutate', delete=['access_token'])
        with self.assertRaises(UnexpectedAnswerError) as caught:
            self.client.test_connection()
        self.assertEqual(caught.exception.message, 'access_token')

    def test_a_login_is_not_repeated_when_the_server_fails(self):
        self.sim.fail('token', 'status', status=500, times=9)
        with self.assertRaises(TemporaryError):
            self.client.list_covers()
        self.assertEqual(self.sim.count('token'), 1)


@tagged('post_install', '-at_install')
class TestReads(ConnectorCase):
    simulator_class = RechercheEntreprises
    client_class = RechercheEntreprisesClient

    def ask(self):
        return self.client.get_company('012345674')

    def test_a_read_survives_what_passes(self):
        for fault in ({'fault': 'status', 'status': 503}, {'fault': 'drop'}, {'fault': 'html'},
                      {'fault': 'drop_after'}, {'fault': 'truncate'}, {'fault': 'empty'},
                      {'fault': 'hang', 'seconds': 0.8},
                      {'fault': 'status', 'status': 200, 'body': 'no object'}):
            self.sim.fail(times=1, **fault)
            hangs = {'timeouts': self.impatient} if fault['fault'] == 'hang' else {}
            self.client = self.make_client(**hangs)
            with self.subTest(fault):
                if fault.get('body'):
                    with self.assertRaises(UnexpectedAnswerError):
                        self.ask()
                else:
                    self.assertEqual(self.ask().name, "ATELIERS DU LEVANT")

    def test_a_packed_answer_is_read(self):
        self.sim.fail(fault='packed')
        self.assertEqual(self.ask().name, "ATELIERS DU LEVANT")
        self.assertEqual(len(self.sim.calls), 1)

    def test_attempts_are_counted_and_waits_grow(self):
        self.sim.fail(fault='status', status=502, times=99)
        with self.assertRaises(TemporaryError) as caught:
            self.ask()
        self.assertEqual((len(self.sim.calls), caught.exception.evidence.attempts), (4, 4))
        self.assertEqual(len(self.slept), 3)
        self.assertLess(self.slept[0], self.slept[1])
        self.assertLess(self.slept[1], self.slept[2])

    def test_every_technical_failure_has_one_code(self):
        page = {'body': '<html>gateway</html>', 'content_type': 'text/html'}
        for fault in ({'status': 500}, {'status': 200, **page}, {'status': 502, **page},
                      {'status': 200, 'body': None}, {'status': 200, 'body': '{"a": NaN}',
                                                      'content_type': 'text/plain'}):
            self.sim.reset()
            self.sim.fail(fault='status', times=9, **fault)
            with self.subTest(fault), self.assertRaises(TemporaryError) as caught:
                self.ask()
            self.assertEqual(caught.exception.code, 'technical')

    def test_retry_after_in_seconds_is_obeyed(self):
        self.sim.fail(fault='status', status=429, headers={'Retry-After': '7'})
        self.ask()
        self.assertEqual(self.slept, [7])

    def test_retry_after_as_a_date_is_obeyed(self):
        moment = email.utils.formatdate(self.clock() + 12, usegmt=True)
        self.sim.fail(fault='status', status=503, headers={'Retry-After': moment})
        self.ask()
        self.assertEqual(self.slept, [12])

    def test_a_long_wait_is_left_to_the_caller(self):
        self.sim.fail(fault='status', status=429, headers={'Retry-After': '3600'})
        with self.assertRaises(TemporaryError) as caught:
            self.ask()
        self.assertEqual((caught.exception.code, caught.exception.retry_after, self.slept),
                         ('rate', 3600, []))

    def test_429_without_a_word_waits_longer_each_time(self):
        self.sim.fail(fault='status', status=429, times=2)
        self.ask()
        self.assertEqual(len(self.slept), 2)

    def test_an_unreadable_retry_after_is_no_reason_to_fail(self):
        self.sim.fail(fault='status', status=429, headers={'Retry-After': 'soon'})
        self.ask()

    def test_a_slow_trickle_ends_at_the_total_time(self):
        self.client.total_timeout = 0.3
        self.client.max_retries = 0
        # About 650 bytes: 13 seconds without a limit.
        self.sim.fail(fault='drip', seconds=0.02)
        started = time.monotonic()
        with self.assertRaises(TemporaryError):
            self.ask()
        self.assertLess(time.monotonic() - started, 8)

    def test_an_endless_answer_is_cut(self):
        self.sim.fail(fault='status', status=200, times=9,
                      body='"' + 'x' * (33 * 1024 * 1024) + '"', content_type='text/plain')
        self.client.max_retries = 0
        with self.assertRaises(TemporaryError):
            self.ask()

    def test_a_nested_bomb_is_a_technical_failure(self):
        self.sim.fail(fault='status', status=200, body='[' * 100_000, content_type='text/plain',
                      times=9)
        with self.assertRaises(TemporaryError):
            self.ask()

    def test_an_item_that_lost_its_name_is_a_task(self):
        self.sim.fail(fault='mutate', delete=['results.0.nom_raison_sociale',
                                              'results.0.nom_complet'])
        with self.assertRaises(UnexpectedAnswerError) as caught:
            self.ask()
        self.assertEqual((caught.exception.next_step, caught.exception.message),
                         (NextStep.ASK_PERSON, 'results[0].nom_complet'))
        self.assertIn('012345674', caught.exception.evidence.body)

    def test_an_object_in_place_of_a_list_is_a_list_of_one(self):
        answer = self.client._get('get_company', self.client._url('api', '/search'),
                                  {'q': '012345674'}).json()
        self.sim.fail(fault='mutate', set={'results': answer['results'][0]})
        self.assertEqual(self.ask().provider_id, '012345674')

    def test_an_integer_in_place_of_a_siren_keeps_its_zeros(self):
        self.sim.fail(fault='mutate', set={'results.0.siren': 12345674})
        self.assertEqual(self.ask().provider_id, '012345674')


@tagged('post_install', '-at_install')
class TestParsing(BaseCase):

    def test_amounts(self):
        for value, amount in (('', None), (None, None), ('0', 0), (0, 0), ('1 234,5', '1234.5'),
                              ('1\u202f234\u00a0567,89', '1234567.89'), ("1'000.50", '1000.50'),
                              ('1.234.567,89', '1234567.89'), ('0,125x', ValueError),
                              ('1,000', ValueError), ('1,2,3', ValueError), (True, ValueError),
                              ('1e3', '1000'), ('Infinity', ValueError), ({}, ValueError)):
            with self.subTest(value):
                if amount is ValueError:
                    self.assertRaises(ValueError, parse_amount, value)
                else:
                    self.assertEqual(parse_amount(value), amount and Decimal(amount) or amount)
        self.assertEqual(load_json('{"a": 0.1}')['a'] + Decimal('0.2'), Decimal('0.3'))

    def test_days(self):
        for value, form, day in (
                ('2026-03-29', '', date(2026, 3, 29)), ('20260329', '', date(2026, 3, 29)),
                ('1er avril 2026', '', date(2026, 4, 1)),
                ('12 Décembre 2026', '', date(2026, 12, 12)),
                ('2026-06-30T22:30:00Z', '', date(2026, 7, 1)),
                ('2026-12-31T23:30:00+01:00', '', date(2026, 12, 31)),
                ('2026-12-31T23:30:00', '', date(2026, 12, 31)),
                ('03/04/2026', '%m/%d/%Y', date(2026, 3, 4)), ('', '', None), (None, '', None)):
            with self.subTest(value):
                self.assertEqual(parse_day(value, PARIS, form), day)
        for value, form in (('31/02/2026', '%d/%m/%Y'), ('2026-02-30', ''), ('03/04/2026', ''),
                            ('30 février 2026', ''), ('3 brumaire 2026', ''), ('soon', '')):
            with self.subTest(value), self.assertRaises(ValueError):
                parse_day(value, PARIS, form)

    def test_xml_bombs_and_entities_are_refused(self):
        bomb = b'<!DOCTYPE a [<!ENTITY x "ha"><!ENTITY y "&x;&x;&x;">]><a>&y;</a>'
        leak = b'<!DOCTYPE a [<!ENTITY x SYSTEM "file:///etc/passwd">]><a>&x;</a>'
        remote = b'<!DOCTYPE a SYSTEM "http://127.0.0.1:1/x.dtd"><a/>'
        for content in (bomb, leak, remote, b'', b'no xml', b'<a>'):
            with self.subTest(content), self.assertRaises(ValueError):
                load_xml(content)
        self.assertEqual(load_xml(b'<a>1</a>').text, '1')

    def test_html_is_stripped_to_its_words(self):
        self.assertEqual(strip_html('<span class="x">Very&nbsp;low</span> <b>risk</b>'),
                         "Very low risk")


@tagged('post_install', '-at_install')
class TestRules(BaseCase):
    """What holds for every client."""

    def test_no_client_knows_odoo(self):
        folder = Path(base.__file__).parent
        for path in folder.glob('*.py'):
            for node in ast.walk(ast.parse(path.read_text())):
                names = [x.name for x in node.names] if isinstance(node, ast.Import) else []
                names += [node.module or ''] if isinstance(node, ast.ImportFrom) else []
                self.assertFalse([x for x in names if x.split('.')[0] == 'odoo'], path.name)

    def test_every_registered_client_declares_itself(self):
        for code in registry.CLIENTS:
            cls = registry.get_client_class(code)
            with self.subTest(code):
                self.assertEqual(cls.code, code)
                self.assertTrue(cls.specs)
                self.assertFalse(set(cls.specs) & set(cls.manual))
                for bases in cls.bases.values():
                    for url in bases.values():
                        self.assertRegex(url, r'^https://[\w.-]+(/[\w.-]+)*$')
        with self.assertRaises(ConfigurationError):
            registry.get_client_class('nobody')

    def test_missing_credentials_are_named_without_a_call(self):
        with self.assertRaises(ConfigurationError) as caught:
            AtradiusClient({'client_id': 'x'}, options={
                'customer_id': '1', 'policy_id': '1', 'policy_currency': 'EUR'})
        self.assertIn('client_secret', str(caught.exception))
