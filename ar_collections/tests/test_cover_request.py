import csv
import io
from decimal import Decimal
from unittest.mock import patch

from odoo import fields
from odoo.exceptions import AccessError, UserError
from odoo.tests import tagged
from odoo.tools import html2plaintext, mute_logger

from ..connectors.results import Cover, CoverOrder, CoverStatus, Money
from .atradius_common import BUYER, AtradiusCommon
from .simulators.atradius import Atradius

DAY = fields.Date.to_date


@tagged('post_install', '-at_install')
class TestCoverRequest(AtradiusCommon):
    """Sent once, whatever happens on the way."""

    def test_silence_is_looked_up_before_anything_is_repeated(self):
        self.sim.fail('apply', 'hang')
        request = self.ask(40000)
        self.send()
        self.assertEqual((request.state, self.sim.count('apply')), ('unknown', 1))
        self.send()
        self.assertEqual(self.sim.count('apply'), 1, "not before its time")
        self.go('2026-06-01', '09:30:00')
        self.send()
        self.assertEqual((request.state, self.sim.count('apply')), ('answered', 1))
        self.assertEqual(self.account.cover_ids.amount_today, 40000)

    def test_what_never_arrived_is_sent_after_the_look_up(self):
        self.sim.fail('apply', 'drop')
        request = self.ask(40000)
        self.send()
        self.assertIn(request.state, ('unknown', 'queued'))
        self.go('2026-06-01', '10:30:00')
        self.send()
        self.assertEqual(request.state, 'answered')
        self.assertEqual(len(self.sim.covers), 1)

    def test_a_crash_while_sending_is_looked_up(self):
        """The answer came back to a process that was killed before it could note it."""
        request = self.ask(40000)
        order = request._get_order()
        with self.enter_registry_test_mode():
            self.provider._call('request_cover', order)
        request.write({'state': 'sending', 'sent_at': fields.Datetime.now()})
        self.send()
        self.assertEqual((request.state, self.sim.count('apply')), ('answered', 1))

    def test_a_crash_before_sending_sends_once(self):
        request = self.ask(40000)
        request.write({'state': 'sending', 'sent_at': fields.Datetime.now()})
        self.send()
        self.assertEqual((request.state, self.sim.count('apply')), ('answered', 1))

    def test_a_mistake_of_ours_in_one_request_does_not_stop_the_others(self):
        """And what it has sent is looked up afterwards."""
        other = self.env['ar.customer']._get_or_create(self.customer("Aube"), self.company)
        self.link(self.provider, '8200002', other)
        first, second = self.ask(40000), self.ask(30000, customer=other)
        original = self.registry['ar.cover.request']._take

        def fail(request, result):
            if request == first:
                raise ZeroDivisionError
            return original(request, result)

        with patch.object(self.registry['ar.cover.request'], '_take', fail), \
                mute_logger('odoo.addons.ar_collections.models.insurance.cover_request_sending'):
            self.send()
        self.assertEqual((first.state, second.state), ('sending', 'answered'))
        self.assertIn("error of the program", first.problem)
        self.send()
        self.assertEqual((first.state, self.sim.count('apply')), ('answered', 2))
        self.assertFalse(first.problem)

    def test_a_request_that_is_open_there_already_is_followed(self):
        self.sim.refer = {BUYER}
        with self.enter_registry_test_mode():
            self.provider._call('request_cover', CoverOrder(
                str(BUYER), Money(Decimal(25000), 'EUR'), 'TYPED-IN-PORTAL'))
        request = self.ask(40000)
        self.send()
        self.assertEqual((request.state, self.sim.count('apply')), ('open', 1))
        self.grant(25000)
        self.poll()
        self.assertEqual((request.state, request.granted_amount), ('answered', 25000))

    def test_one_open_request_for_a_buyer(self):
        self.sim.refer = {BUYER}
        self.ask(40000)
        with self.assertRaises(UserError):
            self.ask(50000)

    def test_a_refusal_in_words_of_the_insurer(self):
        self.sim.refusal = "Action has been refused."
        request = self.ask(40000)
        self.send()
        self.assertEqual((request.state, request.status), ('failed', 'rejected_input'))
        self.assertIn("refused", request.problem.lower())
        self.ask(45000)

    def test_what_the_insurer_would_refuse_does_not_leave(self):
        with self.assertRaises(UserError) as caught:
            self.ask(40500)
        self.assertIn('41,000', str(caught.exception))
        with self.assertRaises(UserError):
            self.ask(0)
        usd = self.ask(40000, send=False)
        usd.currency_id = self.currencies['USD']
        with self.assertRaises(UserError):
            usd.action_send()
        self.contract.excluded_country_ids = self.env.ref('base.be')
        self.buyer.country_id = self.env.ref('base.be')
        with self.assertRaises(UserError):
            self.ask(40000)
        self.contract.date_to = '2026-05-31'
        with self.assertRaises(UserError):
            self.ask(40000)
        self.assertFalse(self.sim.count('apply'))

    def test_without_a_link_nothing_leaves(self):
        self.env['ar.provider.link'].search([]).unlink()
        with self.assertRaises(UserError):
            self.ask(40000)

    def test_wrong_credentials_wait_and_are_not_repeated(self):
        self.provider._set_credentials({'client_secret': 'wrong'})
        request = self.ask(40000)
        for _twice in range(2):
            self.send()
            self.go('2026-06-03')
        self.assertEqual((request.state, self.sim.count('token')), ('queued', 1))
        self.assertTrue(request.problem)
        with self.enter_registry_test_mode():
            self.provider._set_credentials({'client_secret': Atradius.client_secret})
        self.send()
        self.assertEqual(request.state, 'answered', (request.problem, request.next_try_at))

    def test_the_amount_is_proposed_with_its_working(self):
        self.invoice(12300, due='2026-05-20')
        request = self.ask(send=False)
        self.assertEqual(request.proposed_amount, 13000)
        self.assertIn('12,300', request.proposal_note)
        request.with_user(self.collector).action_use_proposal()
        self.assertEqual(request.amount, 13000)

    def test_who_may(self):
        with self.assertRaises(AccessError):
            self.ask(40000, user=self.seller)
        request = self.ask(40000, send=False)
        with self.assertRaises(AccessError):
            request.with_user(self.collector).write({'state': 'answered'})
        stranger = self.user('own', 'stranger')
        self.account.collector_id = self.boss
        with self.assertRaises(AccessError):
            request.with_user(stranger).with_context(
                allowed_company_ids=self.company.ids).action_send()

    def test_by_hand_from_asking_to_the_answer(self):
        self.contract.provider_id = False
        request = self.ask(40000)
        self.assertEqual((request.state, request.by_hand), ('open', True))
        self.assertEqual(request.activity_ids.user_id, self.collector)
        self.send()
        self.poll()
        self.assertEqual(request.state, 'open')
        action = request.with_user(self.collector).action_type_decision()
        self.env['ar.cover.entry'].with_user(self.collector).with_context(
            **action['context']).create({'status': 'granted_partial', 'amount': 25000}
                                        ).action_apply()
        self.assertRecordValues(request, [{
            'state': 'answered', 'granted_amount': 25000, 'status': 'granted_partial'}])
        self.assertFalse(request.activity_ids)
        self.assertEqual(request.cover_id.amount_today, 25000)

    def test_what_cofaserve_takes_by_hand_has_a_pack_and_is_watched(self):
        """Connected or not: an order that the client calls `manual` is for a person."""
        self.contract.provider_id = self.env['ar.provider'].create({
            'name': "CofaServe", 'code': 'coface_cofaserve', 'company_id': self.company.id,
            'environment': 'production', 'is_on': True})
        request = self.ask(40000, send=False)
        self.assertTrue(request.goes_by_hand)
        mine = request.with_user(self.collector)
        with self.assertRaises(AccessError):
            mine.provider_status = "typed too early"
        with self.assertRaises(AccessError):
            mine.create({'customer_id': self.account.id, 'policy_id': self.contract.id,
                         'asked_on': '2026-05-01'})
        mine.action_send()
        self.assertEqual((request.state, request.by_hand, request.asked_on), ('open', True, False))
        mine.write({'insurer_reference': "CS-17", 'provider_status': "En cours"})
        mine.action_mark_asked()
        self.assertRecordValues(request, [{
            'asked_on': DAY('2026-06-01'), 'insurer_reference': "CS-17", 'status': 'pending',
            'look_again_on': DAY('2026-06-08'), 'provider_status': "En cours"}])
        self.assertRecordValues(request.activity_ids, [{
            'date_deadline': DAY('2026-06-08'), 'user_id': self.collector.id}])
        self.assertIn("CS-17", request.activity_ids.note)
        mine.look_again_on = DAY('2026-06-15')
        self.assertEqual(request.activity_ids.date_deadline, DAY('2026-06-15'))
        with self.assertRaises(AccessError):
            mine.status = 'granted'
        # The answer, however it comes, ends it; what was typed in is history then.
        request._answer(Cover('C1', CoverStatus.REFUSED, decided_on=DAY('2026-06-10')),
                        source='manual')
        self.assertFalse(request.activity_ids)
        with self.assertRaises(AccessError):
            mine.provider_status = "later"

    def test_the_pack_of_a_request_says_what_odoo_says(self):
        self.contract.write({'provider_id': False, 'policy_number': "P-9"})
        self.buyer.write({
            'ref': "=C1", 'vat': "FR23334175221", 'city': "Lyon", 'zip': "69001",
            'property_payment_term_id': self.env.ref(
                'account.account_payment_term_30days').id})
        self.decide('granted', 10000, buyer_id='777', cover_id='C4')
        bill = self.invoice(3000, due='2026-05-15', date='2026-04-15')
        self.invoice(1000, due='2026-07-15', date='2026-05-20')
        self.invoice(77, due='2025-05-15', date='2025-04-15')
        self.pay(bill, 500, '2026-05-20')
        self.env['ar.customer']._refresh(self.company)
        request = self.ask(40000, action='increase')
        table = request.with_user(self.collector)._get_pack_csv()
        self.assertTrue(table.startswith(b'\xef\xbb\xbf'))
        [row] = csv.DictReader(io.StringIO(table.decode('utf-8-sig')), delimiter=';')
        credit = self.buyer.with_company(self.company).credit
        for label, value in {
            'Policy number': "P-9", 'Buyer number': "777", 'Our customer number': "'=C1",
            'Tax number': "FR23334175221", 'What is asked for': "Increase",
            'Amount asked for': '40000.00', 'Insurer\'s reference of the cover': "C4",
            'Cover today: Named buyer': '10000.00', 'Payment term': "30 Days",
            'Invoiced in 12 months, tax included': '4000.00', 'First invoice': '2025-04-15',
            'Owed in all, less credits': f'{credit:.2f}', 'Our number of this request':
            request.name,
        }.items():
            self.assertEqual(row[label], value, label)
        self.env['res.lang']._activate_lang('fr_FR')
        for lang, amount in (('en_US', "40,000.00"), ('fr_FR', "40 000,00")):
            self.insurer.lang = lang
            html, _kind = self.env['ir.actions.report']._render_qweb_html(
                'ar_collections.report_ar_cover_request', request.ids)
            text = " ".join(html2plaintext(html).replace('\xa0', ' ').replace(
                '\u202f', ' ').split())
            for expected in (request.name, "P-9", "777", amount):
                self.assertIn(expected, text)
