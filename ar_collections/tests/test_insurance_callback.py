import json
from datetime import timedelta
from urllib.parse import urlsplit

from odoo import fields
from odoo.exceptions import AccessError
from odoo.tests import HttpCase, tagged

from .provider_common import LEVANT, ProviderCommon
from .secret_scan import Listener, SecretScan
from .simulators.allianz_trade import AllianzTrade
from .simulators.coface import DELIVERY, CofaceIcon


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

    def test_only_the_secret_opens_and_nobody_reads_it(self):
        path = self.make_address()
        token = path.rsplit('/', 1)[1]
        self.assertGreaterEqual(len(token), 40)
        self.assertEqual(self.ring('/ar_collections/callback/' + 'x' * 43).status_code, 404)
        self.assertEqual(self.ring(
            f'/ar_collections/callback/{self.provider.sudo().callback_digest}').status_code, 404)
        # It is told to the provider, so it is kept: among the credentials and nowhere else.
        kept = self.env['ar.provider.secret'].search([('value', '=', token)])
        self.assertRecordValues(kept, [{'provider_id': self.provider.id}])
        for user in (self.user('admin', 'ar_admin'), self.user('manager')):
            with self.assertRaises(AccessError):
                kept.with_user(user).read(['value'])
        for table in ('ar_provider', 'ar_provider_credentials'):
            self.env.cr.execute(f'SELECT to_jsonb(t)::text FROM "{table}" t')
            self.assertFalse([row for row in self.env.cr.fetchall() if token in row[0]], table)
        again = self.make_address()
        self.assertFalse(kept.filtered_domain([('value', '=', token)]))
        self.assertEqual(self.ring(path).status_code, 404, "the old address is dead")
        self.assertEqual(self.ring(again).status_code, 200)
        self.provider.is_on = False
        self.assertEqual(self.ring(again).status_code, 404)

    # === REPEATED, LATE, OUT OF ORDER === #

    def test_a_call_without_content_is_news_again_after_we_have_read(self):
        """Coface rings without a word: the order is looked at each time, and ordered once."""
        link = self.link(self.provider, self.make_account("Levant", LEVANT), 'ICO0000000101')
        self.poll()
        self.assertTrue(link.order_id)
        path = self.make_address()
        self.ring(path)
        looks = self.sim.count('order_state')
        self.poll()
        self.assertEqual(self.sim.count('order_state'), looks + 1, "too early: looked at anyway")
        self.assertFalse(self.rings().filtered(lambda event: event.state == 'new'))
        for order in self.sim.orders.values():
            order['publications'][0]['status'] = 'delivered'
        before = self.triggers()
        for _repeated in range(3):
            self.assertEqual(self.ring(path).status_code, 200)
        self.assertEqual(self.triggers(), before + 1, "read once for the three")
        self.poll()
        self.assertEqual(link.rating_ids.mapped('value'), ['6'])
        # The last of its sixteen tries comes long afterwards.
        self.ring(path)
        self.poll()
        self.assertEqual((len(link.rating_ids), self.sim.count('order')), (1, 1))

    def test_coface_is_told_the_address_in_its_order_and_calls_it(self):
        self.sim.reset()
        self.env['ir.config_parameter'].set_param('web.base.url', self.base_url())
        link = self.link(self.provider, self.make_account("Levant", LEVANT), 'ICO0000000101')
        path = self.make_address()
        self.poll()
        [order] = [json.loads(call['body']) for call in self.sim.calls
                   if call['route'] == 'order']
        self.assertEqual(order['callbackUrl'], self.base_url() + path)
        self.assertFalse(self.rings())
        # While we are switched off it is not answered; it comes again a minute later.
        self.provider.is_on = False
        self.let_time_pass(DELIVERY)
        self.provider.is_on = True
        self.assertFalse(self.rings())
        self.let_time_pass(60)
        self.assertEqual(
            [ping['statuses'] for ping in self.sim.callbacks.values()], [[404, 200]])
        self.assertRecordValues(self.rings(), [{
            'state': 'new', 'kind': 'callback', 'source': 'callback', 'environment': 'test'}])
        self.assertFalse(link.rating_ids)
        self.poll()
        self.assertEqual((link.rating_ids.value, self.sim.count('order')), ('6', 1))
        self.assertEqual(self.rings().state, 'done')
        self.assertFalse(self.sim.errors)

    def let_time_pass(self, seconds):
        """Move the simulator's clock: it calls by itself what has become due."""
        self.env.flush_all()
        self.env.cr.clear()
        with self.allow_requests(all_requests=True):
            self.sim.advance(seconds)
        self.env.invalidate_all()

    def test_what_rings_while_we_read_is_read_in_a_minute(self):
        path = self.make_address()
        self.ring(path)
        event = self.rings()
        self.provider._forget_poll_wish(event.received_at - timedelta(seconds=1))
        event.invalidate_recordset()
        self.assertEqual(event.state, 'new')
        self.assertTrue(self.env['ir.cron.trigger'].search_count([
            ('cron_id', '=', self.cron.id), ('call_at', '>', event.received_at)]))
        self.provider._forget_poll_wish(event.received_at)
        event.invalidate_recordset()
        self.assertEqual(event.state, 'done')

    def test_calls_out_of_order_change_nothing_but_the_time_of_reading(self):
        """What the insurer says when it is read counts, whatever its messages said and when."""
        sim = self.start(AllianzTrade)
        self.provider = provider = self.make_provider(sim, name="Allianz Trade")
        for option in provider.option_ids:
            option.value = {'business_unit': 'EHXX', 'policy_id': '900100'}.get(option.name)
        account = self.make_account("Levant", LEVANT)
        self.link(provider, account, '7100001')
        today = fields.Date.today()
        self.env['ar.insurance.policy'].create({
            'name': "Export", 'company_id': self.company.id, 'provider_id': provider.id,
            'insurer_id': self.customer("Insurer").id, 'insured_percentage': 90,
            'currency_id': self.company.currency_id.id, 'date_from': today - timedelta(days=99)})
        sim.covers = {'C1': {
            'coverId': 'C1', 'companyId': '7100001', 'policy': {'policyId': '900100'},
            'creditLimitDetails': {'requestedAmount': 40000, 'currencyCode': 'EUR'},
            'creditLimitsAggregation': {'creditLimits': [{
                'technicalDecisionStatusCode': 'AlreadyAgreed', 'amount': 40000,
                'currencyCode': 'EUR', 'startDate': str(today - timedelta(days=30))}]}}}
        path = self.make_address()

        def ring_and_read(amount):
            self.assertEqual(self.ring(path, json.dumps(
                {'coverId': 'C1', 'amount': amount})).status_code, 200)
            self.poll()
            return account.cover_ids.amount_today

        self.assertEqual(ring_and_read(10000), 40000, "told before it was decided")
        sim.change({'reduce': {'cover': 'C1', 'amount': 10000}})
        self.assertEqual(ring_and_read(40000), 10000, "the message of the grant comes late")
        for amount in (10000, 40000, 10000):
            self.assertEqual(ring_and_read(amount), 10000, "repeated")
        cover = account.cover_ids
        self.assertEqual((cover.status, cover.reduced_from), ('reduced', 40000))
        self.assertEqual((len(cover.layer_ids), len(cover.activity_ids)), (2, 1))
        self.assertFalse(sim.errors)

    # Fault 38
    def test_the_secret_of_the_address_is_found_nowhere_else(self):
        with Listener() as listener:
            path = self.make_address()
            self.token = path.rsplit('/', 1)[1]
            self.ring(path, body=f'{{"token": "{self.token}", "key": "{CofaceIcon.api_key}"}}')
            self.ring(f'{path}?token={self.token}')
            self.ring(f'{path}x')
            link = self.link(self.provider, self.make_account("Levant", LEVANT), 'ICO0000000101')
            self.poll()
            # Told to the provider, which repeats it in its list: our order is looked up there.
            self.confirm(self.provider, 'find_request')
            self.assertIn(self.token, self.sim.calls[-1]['body'])
            link.write({'order_id': False, 'next_try_at': False})
            self.poll()
            self.assertTrue(link.order_id)
            self.sim.orders[link.order_id]['note'] = f"called {self.sim.orders[link.order_id]}"
            self.sim.orders[link.order_id]['publications'][0]['status'] = 'cancelled'
            self.ring(f'{path}?n=2')
            self.poll()
            self.assertIn('***', self.env['ar.provider.event'].search([
                ('kind', '=', 'order'), ('link_id', '=', link.id)]).raw)
        self.assertEqual(len(self.rings()), 3)
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
        self.sim.reset()
        account = self.make_account("Levant", LEVANT)
        link = self.link(self.provider, account, 'ICO0000000101')
        self.poll()
        self.assertTrue(link.order_id)
        self.assertFalse(self.sim.callbacks)
        for order in self.sim.orders.values():
            order['publications'][0]['status'] = 'delivered'
        # An hour later.
        link.next_try_at = False
        self.poll()
        self.assertEqual((link.rating_ids.value, self.sim.count('order')), ('6', 1))
        self.assertFalse(link.order_id)
        self.assertFalse(self.rings())

    def test_a_provider_without_callbacks_has_no_address(self):
        self.assertTrue(self.provider.has_callbacks)
        sim = self.start(AllianzTrade)
        self.assertTrue(self.make_provider(sim, name="AT").has_callbacks)
        self.assertFalse(self.env['ar.provider'].create(
            {'name': "E", 'code': 'ellisphere'}).has_callbacks)
