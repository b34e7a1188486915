import csv
import io
import json
from decimal import Decimal

from odoo import fields
from odoo.exceptions import AccessError, UserError
from odoo.tests import tagged
from odoo.tools import html2plaintext

from ..connectors.results import Cover, CoverOrder, CoverStatus, Money
from .cover_common import CoverCommon
from .simulators.atradius import Atradius

BUYER = 8200001
DAY = fields.Date.to_date


class AtradiusCommon(CoverCommon):

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.sim = Atradius().start()
        cls.addClassCleanup(cls.sim.stop)

    def setUp(self):
        super().setUp()
        self.sim.reset()
        self.provider = self.make_provider(self.sim, 'atradius', {
            'client_id': Atradius.client_id, 'client_secret': Atradius.client_secret,
            'app_key': Atradius.app_key}, {
            'customer_id': '4711', 'policy_id': '700123', 'policy_currency': 'EUR'})
        self.link(self.provider, str(BUYER))

    def tearDown(self):
        self.assertFalse(self.sim.errors, "an error of the simulator itself")
        super().tearDown()

    def send(self):
        self.run_cron('ir_cron_ar_cover_send')

    def poll(self):
        self.run_cron('ir_cron_ar_provider_poll')

    def decide_there(self, **values):
        """The insurer changes its mind about the only cover in force."""
        [cover] = [x for x in self.sim.covers.values() if x['coverStatus'] != 'HISTORIC']
        cover.update(values)

    def grant(self, amount):
        self.decide_there(coverStatus='DECISION', decisionCode='DC04', totalDecision={
            'decisionAmtInPolicyCurrency': str(amount), 'decisionExpiryDate': '',
            'decisionConditions': []})


@tagged('post_install', '-at_install')
class TestCoverStory(AtradiusCommon):
    """From the request to the reduction, over real HTTP, and what follows in the house."""

    def test_asked_granted_in_part_reduced_and_the_order_held(self):
        self.contract.write({'limit_follows': True, 'limit_without_cover': 'none'})
        self.rule('cover_reduced')
        self.sim.refer = {BUYER}
        request = self.ask(60000)
        self.assertEqual((request.state, self.sim.count('apply')), ('queued', 0), "record first")
        self.send()
        self.assertEqual((request.state, request.status), ('open', 'pending'))
        self.poll()
        self.assertEqual(request.state, 'open', "still with an underwriter")
        self.grant(36000)
        self.poll()
        self.assertRecordValues(request, [{
            'state': 'answered', 'status': 'granted_partial', 'granted_amount': 36000,
            'amount': 60000}])
        cover = request.cover_id
        self.assertRecordValues(cover, [{
            'status': 'granted_partial', 'amount_today': 36000, 'environment': 'simulator',
            'requested_amount': 60000}])
        self.assertEqual(self.account.credit_limit_today, 36000)
        order = self.quote([(1, 30000, False)], user_id=self.seller.id)
        self.assertEqual(order.state, 'sale')

        self.go('2026-06-08')
        self.decide_there(decisionCode='DC09', decisionDate='2026-06-08', totalDecision={
            'decisionAmtInPolicyCurrency': '20000', 'decisionExpiryDate': '',
            'decisionConditions': []})
        for _twice in range(2):
            self.poll()
        self.assertRecordValues(cover, [{
            'status': 'reduced', 'amount_today': 20000, 'reduced_from': 36000}])
        self.assertEqual(self.covered('2026-06-07', cover), 36000, "delivered before")
        self.account.invalidate_recordset()
        self.assertEqual(self.account.credit_limit_today, 20000)
        self.assertEqual(cover.activity_ids.mapped('user_id'), self.collector)
        self.assertEqual(len(cover.activity_ids), 1, "told once")
        held = self.quote([(1, 5000, False)], user_id=self.seller.id)
        self.assertEqual(held.state, 'draft')
        self.assertIn('cover_reduced', held.sudo().ar_hold_ids.reason_codes)
        [event] = self.provider.event_ids.filtered(lambda event: event.code == 'DC09')
        self.assertEqual((event.state, event.customer_id), ('done', self.account))

    def test_withdrawn_and_gone_from_the_list(self):
        self.ask(40000)
        self.send()
        cover = self.account.cover_ids
        self.assertEqual(cover.amount_today, 40000, "decided at once")
        self.go('2026-06-10')
        self.decide_there(coverStatus='HISTORIC', historicCode='WCLD',
                          withdrawalDate='2026-06-10')
        self.poll()
        cover.invalidate_recordset()
        self.assertEqual((cover.status, cover.amount_today), ('withdrawn', 0))
        self.assertEqual(self.covered('2026-06-09', cover), 40000)

    def test_what_left_the_list_without_a_word_is_for_a_person(self):
        self.ask(40000)
        self.send()
        cover = self.account.cover_ids
        self.sim.covers.clear()
        for _twice in range(2):
            self.poll()
        cover.invalidate_recordset()
        self.assertTrue(cover.needs_person)
        self.assertEqual(cover.amount_today, 40000, "until somebody knows")
        self.assertEqual(len(cover.activity_ids), 1)

    def test_an_unknown_code_keeps_the_cover_and_goes_to_the_inbox(self):
        self.ask(40000)
        self.send()
        self.decide_there(decisionCode='DC77')
        self.poll()
        cover = self.account.cover_ids
        self.assertEqual((cover.status, cover.amount_today), ('unknown', 40000))
        [event] = self.provider.event_ids.filtered(lambda event: event.state == 'person')
        self.assertEqual(event.code, 'DC77')

    def test_given_up(self):
        self.ask(40000)
        self.send()
        request = self.ask(action='cancel')
        self.send()
        self.assertEqual((request.state, request.status), ('answered', 'cancelled'))
        self.assertEqual(self.account.cover_ids.amount_today, 0)

    def test_an_increase_supersedes_the_cover_in_force(self):
        self.ask(20000)
        self.send()
        self.ask(45000, 'increase')
        self.send()
        calls = [call for call in self.sim.calls if call['route'] == 'change']
        self.assertEqual(len(calls), 1)
        self.assertEqual(self.account.cover_ids.amount_today, 45000)
        self.poll()
        self.assertEqual(len(self.account.cover_ids), 1)
        self.assertFalse(self.account.cover_ids.needs_person)

    def test_a_reduction_that_we_ask_for_is_sent_once_and_alarms_nobody(self):
        self.contract.limit_follows = True
        self.rule('cover_reduced')
        self.ask(45000)
        self.send()
        cover = self.account.cover_ids
        in_force = cover.insurer_reference
        self.go('2026-06-10')
        request = self.ask(20000, 'reduce')
        self.assertEqual((request.state, self.sim.count('change')), ('queued', 0), "record first")
        for _twice in range(2):
            self.send()
        [call] = [call for call in self.sim.calls if call['route'] == 'change']
        body = json.loads(call['body'])
        self.assertEqual(
            {name: body[name] for name in (
                'action', 'coverId', 'creditLimitAmount', 'customerRefNumber')},
            {'action': 'reduce', 'coverId': in_force, 'creditLimitAmount': 20000,
             'customerRefNumber': request.name})
        self.assertEqual(self.sim.count('apply'), 1)
        for _twice in range(2):
            self.poll()
        self.assertRecordValues(request, [{
            'state': 'answered', 'status': 'granted', 'granted_amount': 20000,
            'cover_id': cover.id}])
        self.assertRecordValues(cover, [{
            'status': 'granted', 'amount_today': 20000, 'reduced_on': False,
            'needs_person': False}])
        self.assertEqual(
            (self.covered('2026-06-09', cover), self.covered('2026-06-10', cover)),
            (45000, 20000), "what was delivered before keeps its cover")
        self.assertEqual(self.account.cover_ids, cover)
        self.assertFalse(cover.activity_ids)
        self.account.invalidate_recordset()
        self.assertEqual(self.account.credit_limit_today, 20000)
        order = self.quote([(1, 5000, False)], user_id=self.seller.id)
        self.assertEqual(order.state, 'sale')

    def test_a_reduction_under_way_covers_as_before_until_it_is_decided(self):
        """Still with an underwriter; then decided, in a code of the insurer's reductions."""
        self.ask(45000)
        self.send()
        cover = self.account.cover_ids
        self.go('2026-06-10')
        self.sim.refer = {BUYER}
        request = self.ask(20000, 'reduce')
        self.send()
        self.poll()
        self.assertEqual((request.state, request.status), ('open', 'pending'))
        self.assertEqual((cover.status, cover.amount_today), ('granted', 45000))
        self.go('2026-06-12')
        for listed in self.sim.covers.values():
            if listed['coverStatus'] == 'DECISION':
                listed.update(coverStatus='HISTORIC', historicCode='SCLD')
        self.decide_there(
            coverStatus='DECISION', decisionCode='DC09', decisionDate='2026-06-12',
            effectFromDate='2026-06-12', totalDecision={
                'decisionAmtInPolicyCurrency': '20000', 'decisionExpiryDate': '',
                'decisionConditions': []})
        for _twice in range(2):
            self.poll()
        self.assertEqual((request.state, request.granted_amount), ('answered', 20000))
        self.assertRecordValues(cover, [{
            'status': 'granted', 'amount_today': 20000, 'reduced_on': False}])
        self.assertEqual(self.covered('2026-06-11', cover), 45000)
        self.assertFalse(cover.activity_ids)

    def test_a_reduction_whose_answer_was_lost_is_looked_up(self):
        self.ask(45000)
        self.send()
        self.sim.fail('change', 'hang')
        request = self.ask(20000, 'reduce')
        self.send()
        self.assertEqual((request.state, self.sim.count('change')), ('unknown', 1))
        self.go('2026-06-01', '09:30:00')
        self.send()
        self.assertEqual((request.state, self.sim.count('change')), ('answered', 1))
        cover = self.account.cover_ids
        self.assertEqual((cover.status, cover.amount_today), ('granted', 20000))

    def test_a_failed_poll_closes_nothing(self):
        self.ask(40000)
        self.send()
        self.sim.fail('covers', 'html', times=9, status=503)
        self.poll()
        self.assertEqual(self.account.cover_ids.amount_today, 40000)
        self.assertFalse(self.account.cover_ids.needs_person)


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
