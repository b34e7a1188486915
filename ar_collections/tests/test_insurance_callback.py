from urllib.parse import urlsplit

from odoo.tests import HttpCase, tagged

from .provider_common import LEVANT, ProviderCommon
from .secret_scan import Listener, SecretScan
from .simulators.allianz_trade import AllianzTrade
from .simulators.coface import CofaceIcon


@tagged('post_install', '-at_install')
class TestProviderCallback(SecretScan, ProviderCommon, HttpCase):
    """Faults 31 and 32: whoever calls the address makes us read again, and nothing else."""

    frozen = False

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.sim = cls.start(CofaceIcon)
        cls.provider = cls.make_provider(cls.sim)
        cls.cron = cls.env.ref('ar_collections.ir_cron_ar_provider_poll')

    def make_address(self):
        action = self.provider.action_new_callback()
        url = self.env['ar.provider.credentials'].browse(action['res_id']).with_context(
            **action['context']).callback_url
        self.env.flush_all()
        return urlsplit(url).path

    def ring(self, path, body=None):
        self.env.flush_all()
        headers = {'Content-Type': 'application/json'} if body else None
        answer = self.url_open(path, data=body, headers=headers)
        self.env.invalidate_all()
        return answer

    def rings(self):
        return self.env['ar.provider.event'].search([
            ('provider_id', '=', self.provider.id), ('source', '=', 'callback')])

    def triggers(self):
        return self.env['ir.cron.trigger'].search_count([('cron_id', '=', self.cron.id)])

    def test_a_call_brings_the_poll_forward_and_is_kept_once(self):
        path = self.make_address()
        before = self.triggers()
        answer = self.ring(path)
        self.assertEqual((answer.status_code, answer.content), (200, b''))
        self.assertEqual(self.triggers(), before + 1)
        self.assertRecordValues(self.rings(), [{
            'state': 'new', 'kind': 'callback', 'environment': 'test'}])
        # Replayed: nothing happens.
        self.assertEqual(self.ring(path).status_code, 200)
        self.assertEqual((len(self.rings()), self.triggers()), (1, before + 1))
        self.assertFalse(self.sim.calls, "nothing is asked inside the request")

    def test_nothing_that_is_sent_is_kept_or_believed(self):
        account = self.make_account("Levant", LEVANT)
        self.link(self.provider, account, 'ICO0000000101')
        path = self.make_address()
        self.ring(path, body='{"coverId": "9", "amount": 0, "status": "WITHDRAWN", "x": "canary"}')
        event = self.rings()
        self.assertEqual(len(event), 1)
        self.assertEqual(self.ring(path, body='x' * 70_000).status_code, 413)
        for name in event._fields:
            self.assertNotIn('canary', str(event[name]), name)
        self.assertFalse(event.customer_id)
        self.assertFalse(self.env['ar.rating'].search([('customer_id', '=', account.id)]))

    def test_only_the_secret_opens_and_only_its_fingerprint_is_stored(self):
        path = self.make_address()
        token = path.rsplit('/', 1)[1]
        self.assertGreaterEqual(len(token), 40)
        self.assertEqual(self.ring('/ar_collections/callback/' + 'x' * 43).status_code, 404)
        self.assertEqual(self.ring(
            f'/ar_collections/callback/{self.provider.sudo().callback_digest}').status_code, 404)
        for table in ('ar_provider', 'ar_provider_credentials', 'ar_provider_secret'):
            self.env.cr.execute(f'SELECT to_jsonb(t)::text FROM "{table}" t')
            self.assertFalse([row for row in self.env.cr.fetchall() if token in row[0]], table)
        again = self.make_address()
        self.assertEqual(self.ring(path).status_code, 404, "the old address is dead")
        self.assertEqual(self.ring(again).status_code, 200)
        self.provider.is_on = False
        self.assertEqual(self.ring(again).status_code, 404)

    # Fault 38
    def test_the_secret_of_the_address_is_found_nowhere_else(self):
        with Listener() as listener:
            path = self.make_address()
            self.token = path.rsplit('/', 1)[1]
            self.ring(path, body=f'{{"token": "{self.token}", "key": "{CofaceIcon.api_key}"}}')
            self.ring(f'{path}?token={self.token}')
            self.ring(f'{path}x')
            self.poll()
        self.assertEqual(len(self.rings()), 2)
        self.assertIn(self.token, "\n".join(listener.lines), "the listener hears the address")
        # The access log holds each address, as docs/connectors.md says; urllib3 is the caller's.
        self.look_in("logs", [line for line in listener.lines if not line.startswith(
            ('werkzeug ', 'urllib3.'))])
        self.look_in_tables()
        self.look_in_files()
        self.look_in_exports('ar.provider', 'ar.provider.event')

    def get_secrets(self):
        return super().get_secrets() | {self.token}

    def test_too_many_calls_are_turned_away(self):
        path = self.make_address()
        codes = [self.ring(f'{path}?n={number}').status_code for number in range(33)]
        self.assertEqual(codes.count(200), 30)
        self.assertEqual(codes[-1], 429)
        self.assertEqual(len(self.rings()), 30)

    def test_without_any_callback_the_poll_finds_it_all(self):
        account = self.make_account("Levant", LEVANT)
        link = self.link(self.provider, account, 'ICO0000000101')
        self.poll()
        self.assertTrue(link.order_id)
        self.make_address()
        self.assertFalse(self.rings())

    def test_a_provider_without_callbacks_has_no_address(self):
        self.assertTrue(self.provider.has_callbacks)
        sim = self.start(AllianzTrade)
        self.assertTrue(self.make_provider(sim, name="AT").has_callbacks)
        self.assertFalse(self.env['ar.provider'].create(
            {'name': "E", 'code': 'ellisphere'}).has_callbacks)
