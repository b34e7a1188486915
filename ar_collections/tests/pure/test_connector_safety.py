import contextlib
import copy
import logging
import pickle
import socket
import ssl
import tempfile
import threading
import time
import traceback
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from zoneinfo import ZoneInfo

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from odoo.tests import tagged

from ...connectors.atradius import AtradiusClient
from ...connectors.errors import (
    BlockedAddressError,
    ConfigurationError,
    ConnectorError,
    CredentialsError,
    TemporaryError,
    UnconfirmedError,
    UnexpectedAnswerError,
    UnknownOutcomeError,
)
from ...connectors.exchange import Call, Kind
from ...connectors.masking import Masker, Secret
from ...connectors.recherche_entreprises import RechercheEntreprisesClient
from ...connectors.registry import get_client_class
from ...connectors.results import CoverOrder, Money
from ...connectors.transport import Adapter, LocalSimulator, resolve_link
from ..simulators.__main__ import SIMULATORS
from ..simulators.atradius import Atradius
from ..simulators.coface import CofaServe
from ..simulators.open_data import RechercheEntreprises
from .connector_common import ConnectorCase, is_assumed

PARIS = ZoneInfo('Europe/Paris')


@tagged('post_install', '-at_install')
class TestAddresses(ConnectorCase):
    """No address of a user or of a provider leads anywhere but to the provider."""

    simulator_class = RechercheEntreprises
    client_class = RechercheEntreprisesClient

    def test_a_redirect_is_never_followed(self):
        for status in (301, 302, 307, 308):
            for place in ('http://169.254.169.254/latest/meta-data/', 'file:///etc/passwd',
                          f'{self.sim.url}/search?q=x', '//evil.example/'):
                self.sim.reset()
                self.sim.fail(fault='redirect', status=status, location=place)
                with self.subTest(status=status, place=place), \
                        self.assertRaises(UnexpectedAnswerError) as caught:
                    self.client.get_company('012345674')
                self.assertEqual(caught.exception.code, 'redirect')
                self.assertEqual(len(self.sim.calls), 1)

    def test_a_base_address_outside_the_list_is_refused(self):
        for url in ('https://evil.example', 'http://recherche-entreprises.api.gouv.fr',
                    'https://recherche-entreprises.api.gouv.fr.evil.example',
                    'https://recherche-entreprises.api.gouv.fr@evil.example',
                    'https://recherche-entreprises.api.gouv.fr:8443', 'file:///etc/passwd',
                    'https://127.0.0.1', 'https://localhost', 'https://[::1]', 'https://0x7f000001',
                    'https://2130706433', 'gopher://x', '', 'https://', 'https://a:b:c'):
            with self.subTest(url), self.assertRaises(BlockedAddressError):
                RechercheEntreprisesClient(options={'bases': {'api': url}})
        RechercheEntreprisesClient(options={
            'bases': {'api': 'https://recherche-entreprises.api.gouv.fr/next'}})

    def test_a_simulator_cannot_come_from_data(self):
        for value in (self.sim.url, {'url': self.sim.url}, True):
            with self.assertRaises(ConfigurationError):
                RechercheEntreprisesClient(simulator=value)
        with self.assertRaises(BlockedAddressError):
            RechercheEntreprisesClient(options={'bases': {'api': self.sim.url}})
        for url in ('http://10.0.0.1:80', 'https://127.0.0.1', 'http://127.0.0.1.evil.example',
                    'file:///x', 'http://evil@example.com'):
            with self.assertRaises(BlockedAddressError):
                LocalSimulator(url)

    def test_a_public_name_that_leads_to_this_machine_gets_nothing(self):
        port = self.sim.url.rsplit(':', 1)[1]

        class Fooled(RechercheEntreprisesClient):
            # As if the provider's name had been pointed to a machine of ours.
            bases = {'production': {'api': f'https://localhost:{port}'}}

        client = Fooled(environment='production', timeouts=(1, 1), sleep=self.sleep)
        self.addCleanup(client.close)
        client.session.proxies = {}
        with self.assertRaises(BlockedAddressError) as caught:
            client.get_company('012345674')
        self.assertEqual(caught.exception.code, 'private_address')
        self.assertFalse(self.sim.calls)

    def test_a_broken_tls_answer_is_no_proof_that_nothing_was_sent(self):
        """A write whose answer cannot be deciphered may have arrived; a certificate that is refused
        stops us before anything is sent."""
        heard = []
        url, certificate = self.serve_tls(heard)

        class Broken(RechercheEntreprisesClient):
            bases = {'production': {'api': url}}

        client = Broken(environment='production', timeouts=(5, 5), sleep=self.sleep)
        self.addCleanup(client.close)
        client.session.proxies = {}
        client.session.mount('https://', Adapter((5, 5), public_only=False))
        call = Call('order', 'POST', f'{url}/orders', Kind.WRITE, json={'buy': 1}, signed=False)
        client.session.verify = True
        with self.assertRaises(TemporaryError) as caught:
            client._run(call)
        self.assertEqual((caught.exception.details, heard), ({'not_sent': True}, []))
        client.session.verify = certificate
        with self.assertRaises(UnknownOutcomeError):
            client._run(call)
        self.assertIn(b'"buy": 1', heard[0])

    def serve_tls(self, heard):
        """Serve TLS that reads a request and answers with noise; return (address, certificate)."""
        folder = self.enterContext(tempfile.TemporaryDirectory())
        key = ec.generate_private_key(ec.SECP256R1())
        name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, 'localhost')])
        now = datetime.now(UTC)
        made = x509.CertificateBuilder().subject_name(name).issuer_name(name).public_key(
            key.public_key()).serial_number(1).not_valid_before(now - timedelta(days=1)
            ).not_valid_after(now + timedelta(days=1)).add_extension(
            x509.SubjectAlternativeName([x509.DNSName('localhost')]), False).add_extension(
            x509.BasicConstraints(ca=True, path_length=None), True).sign(key, hashes.SHA256())
        path = f'{folder}/both.pem'
        with open(path, 'wb') as file:
            file.write(key.private_bytes(
                serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8,
                serialization.NoEncryption()))
            file.write(made.public_bytes(serialization.Encoding.PEM))
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(path)
        listener = socket.create_server(('127.0.0.1', 0))
        self.addCleanup(listener.close)

        def serve():
            for _call in range(2):
                plain, _address = listener.accept()
                with contextlib.suppress(OSError):
                    secure = context.wrap_socket(plain, server_side=True)
                    if request := secure.recv(65536):
                        while b'"buy": 1' not in request:
                            request += secure.recv(65536)
                        heard.append(request)
                    with socket.socket(fileno=secure.detach()) as raw:
                        raw.sendall(b'noise in place of an answer')

        thread = threading.Thread(target=serve, daemon=True)
        thread.start()
        self.addCleanup(thread.join, 5)
        return f'https://localhost:{listener.getsockname()[1]}', path

    def test_links_stay_on_the_host(self):
        here = 'https://api.example.com/v3/'
        self.assertEqual(resolve_link(here, '/v3/covers/1'), 'https://api.example.com/v3/covers/1')
        self.assertEqual(resolve_link(here, 'https://API.example.com/x'),
                         'https://API.example.com/x')
        for link in ('https://api.example.com.evil.org/', 'http://api.example.com/x', '//evil.org',
                     'https://api.example.com@evil.org/', 'https://api.example.com:444/x',
                     'file:///etc/passwd', 'javascript:alert(1)', '\\\\evil.org\\x', '', None, 7,
                     'https://api.example.com\\@evil.org'):
            with self.subTest(link), self.assertRaises(BlockedAddressError):
                resolve_link(here, link)

    def test_the_session_knows_no_other_scheme_and_no_netrc(self):
        client = RechercheEntreprisesClient()
        self.addCleanup(client.close)
        self.assertEqual(list(client.session.adapters), ['https://'])
        self.assertFalse(client.session.trust_env)

    def test_every_answer_carries_its_environment(self):
        self.assertEqual(self.client.get_company('012345674').meta.environment, 'simulator')
        self.assertEqual(self.make_client(environment='production').stamp, 'simulator')
        self.assertEqual(RechercheEntreprisesClient(environment='production').stamp, 'production')

    def test_timeouts_hold_on_every_call(self):
        client = self.make_client(timeouts=self.impatient)
        client.max_retries = 0
        self.sim.fail(fault='hang', seconds=4)
        started = time.monotonic()
        with self.assertRaises(TemporaryError):
            client.get_company('012345674')
        self.assertLess(time.monotonic() - started, 3.5)


@tagged('post_install', '-at_install')
class TestAssumptions(ConnectorCase):
    """What a simulator answers by our assumption is off until somebody confirms it. Every other
    test of a client checks that no operation that is on was served by such an answer."""

    LIMIT = CoverOrder('8200001', Money(Decimal(20000), 'EUR'), 'REQ/1')
    MORE = CoverOrder('8200001', Money(Decimal(30000), 'EUR'), 'REQ/2')
    # Provider, operation, its options, what comes before it, the call.
    OPERATIONS = [
        ('allianz_trade', 'get_rating', {'grade_path': '/assumed-grades/{company_id}'}, None,
         lambda client, before: client.get_rating('7100001')),
        ('allianz_trade', 'change_cover', {}, None,
         lambda client, before: client.change_cover('C1', TestAssumptions.MORE)),
        ('atradius', 'change_cover', {},
         lambda client: client.request_cover(TestAssumptions.LIMIT),
         lambda client, before: client.request_cover(TestAssumptions.MORE)),
        ('atradius', 'change_cover', {},
         lambda client: client.request_cover(TestAssumptions.LIMIT),
         lambda client, before: client.change_cover(
             before.cover_id, buyer_id='8200001', reference='REQ/2')),
        ('coface_cofaserve', 'get_cover',
         {'delivery_path': '/assumed/deliveries/{delivery_id}'}, None,
         lambda client, before: client.get_cover('D1')),
        ('coface_icon', 'find_request', {}, None,
         lambda client, before: client.find_request('ORD/1')),
        ('creditsafe', 'list_changes', {}, None, lambda client, before: client.list_changes()),
    ]
    OPTIONS = {
        'allianz_trade': {'business_unit': 'EHXX', 'policy_id': '900100'},
        'atradius': {'customer_id': '1', 'policy_id': '700123', 'policy_currency': 'EUR'},
        'coface_cofaserve': {'policy_number': CofaServe.policy_number}}
    COVER = {'coverId': 'C1', 'companyId': '7100001', 'policy': {'extensionId': ''}}

    def test_what_rests_on_an_assumption_is_off_until_it_is_confirmed(self):
        for code, operation, options, prepare, call in self.OPERATIONS:
            with self.subTest(code=code, operation=operation):
                self.start(code)
                options = {**self.OPTIONS.get(code, {}), **options}
                client = self.make_any(code, options)
                before = prepare and prepare(client)
                self.assertRaises(UnconfirmedError, call, client, before)
                self.assertFalse(self.assumed, "nothing was asked")
                self.assertFalse([x for x in self.sim.calls if x['method'] in ('PUT', 'PATCH')])
                call(self.make_any(code, options, confirmed=[operation]), before)
                self.assertIn((code, operation), self.assumed)
                self.assertFalse(self.sim.errors)

    def test_no_marked_route_is_missing_in_this_list(self):
        marked = {
            (simulator.code, member.__name__) for simulator in SIMULATORS
            for member in vars(simulator).values()
            if hasattr(member, 'route') and is_assumed(member.route[2])}
        self.assertEqual(marked, {
            ('allianz_trade', 'grade'), ('allianz_trade', 'patch_cover'),
            ('atradius', 'change_limit'), ('coface_cofaserve', 'delivery'),
            ('creditsafe', 'changes')})

    def start(self, code):
        self.sim = next(x for x in SIMULATORS if x.code == code)().start()
        self.addCleanup(self.sim.stop)
        self.assumed.clear()
        self.share()
        if code == 'allianz_trade':
            self.sim.covers['C1'] = self.COVER

    def make_any(self, code, options, **more):
        cls = get_client_class(code)
        environment = 'test' if 'test' in cls.bases else 'production'
        return self.make_client(
            cls, {name: getattr(self.sim, name) for name in cls.credential_fields},
            options=options, environment=environment, **more)


@tagged('post_install', '-at_install')
class TestSecrets(ConnectorCase):
    """Nothing that identifies us stands in a log, an exception, a result or a repr."""

    simulator_class = Atradius
    client_class = AtradiusClient
    credentials = {'client_id': Atradius.client_id, 'client_secret': Atradius.client_secret,
                   'app_key': Atradius.app_key}
    options = {'customer_id': '4411', 'policy_id': '700123', 'policy_currency': 'EUR'}

    def assertClean(self, *things):
        text = ''.join(f'{thing!r}{thing}' for thing in things)
        # The last one is the beginning of the Basic header.
        for secret in (*self.credentials.values(), 'canary-atradius-token', 'Y2FuYXJ5LWF0cmFk'):
            self.assertNotIn(secret, text)

    def test_logs_results_and_reprs_are_clean(self):
        logging.getLogger('urllib3').setLevel(logging.DEBUG)
        self.addCleanup(logging.getLogger('urllib3').setLevel, logging.NOTSET)
        with self.capture() as logs:
            rating = self.client.get_rating('8200001')
            self.client.list_covers()
        token = self.client._token()
        self.assertGreaterEqual(len([x for x in logs.output if 'list_covers' in x]), 1)
        self.assertClean(*logs.output, rating, rating.meta.raw, self.client, self.client.__dict__,
                         token, token.__dict__, self.client.tokens.__dict__,
                         self.client.account_key)

    def test_an_error_that_repeats_the_secrets_is_masked_everywhere(self):
        echo = {'errors': [{'detail': f"no {Atradius.client_secret} here"}],
                'password': 'something-else'}
        for status in (400, 401, 403, 404, 422, 500):
            self.sim.reset()
            self.share()
            client = self.make_client()
            client.max_retries = 0
            client.test_connection()
            echo['trace'] = f'token {client._token().value.reveal()} {Atradius.app_key}'
            self.sim.fail('covers', 'status', status=status, body=echo, times=9)
            with self.capture() as logs, self.assertRaises(ConnectorError) as raised:
                client.list_covers()
            caught = raised.exception
            trace = ''.join(traceback.format_exception(caught))
            with self.subTest(status):
                self.assertIn('***', caught.evidence.body)
                self.assertNotIn('something-else', caught.evidence.body)
                self.assertClean(caught, caught.evidence, caught.provider_messages, trace,
                                 *logs.output, caught.__context__, caught.__cause__)

    def test_a_refused_login_tells_nothing(self):
        client = self.make_client(
            credentials={**self.credentials, 'client_id': 'canary-atradius-x'})
        with self.capture() as logs, self.assertRaises(CredentialsError) as caught:
            client.test_connection()
        self.assertNotIn('canary-atradius-x', repr(caught.exception.evidence))
        self.assertClean(caught.exception, caught.exception.evidence, *logs.output)

    def test_a_network_error_does_not_carry_the_request(self):
        self.client.max_retries = 0
        self.sim.fail('covers', 'drop')
        with self.assertRaises(ConnectorError) as caught:
            self.client.list_covers()
        self.assertIsNone(caught.exception.__context__)
        self.assertIsNone(caught.exception.__cause__)

    def test_a_secret_shows_itself_to_nobody(self):
        secret = Secret('canary-value')
        self.assertEqual(f'{secret} {secret!r} %s' % secret, ' '.join(["Secret(***)"] * 3))
        for attempt in (pickle.dumps, copy.deepcopy):
            with self.assertRaises(TypeError):
                attempt(secret)

    def test_every_spelling_on_the_wire_is_masked(self):
        masker = Masker()
        masker.add('p&ss "w<ord>é')
        for text in ('p&ss "w<ord>é', 'p%26ss%20%22w%3Cord%3E%C3%A9', 'p%26ss+%22w%3Cord%3E%C3%A9',
                     'p&amp;ss "w&lt;ord&gt;é', 'p&amp;ss &quot;w&lt;ord&gt;é',
                     'p&ss \\"w<ord>\\u00e9', 'p&ss \\"w<ord>é'):
            with self.subTest(text):
                self.assertEqual(masker.text(f'a {text} b'), "a *** b")
        for text in ('"apiKey": "unknown-to-us"', '<password>unknown-to-us</password>',
                     'api_token=unknown-to-us&x=1', 'Bearer unknown-to-us'):
            self.assertNotIn('unknown-to-us', masker.text(text))
