import json

from odoo import fields
from odoo.tests import tagged

from .atradius_common import BUYER, AtradiusCommon

DAY = fields.Date.to_date


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

    def revise(self, amount, asked):
        """The insurer revises the terms of the cover in force: DC10."""
        self.decide_there(
            decisionCode='DC10', decisionDate='2026-06-08',
            creditLimitApplicationAmountInPolicyCurrency=str(asked), totalDecision={
                'decisionAmtInPolicyCurrency': str(amount), 'decisionExpiryDate': '',
                'decisionConditions': []})

    def test_revised_terms_above_what_was_in_force_alarm_nobody(self):
        """Half of what was asked for is more than there was: no reduction."""
        self.contract.write({
            'withdrawal_notice_days': 30, 'limit_follows': True, 'limit_without_cover': 'none'})
        self.rule('cover_reduced')
        self.ask(20000)
        self.send()
        cover = self.account.cover_ids
        self.assertEqual(cover.amount_today, 20000)
        self.go('2026-06-08')
        self.revise(30000, asked=60000)
        for _twice in range(2):
            self.poll()
        self.assertRecordValues(cover, [{
            'status': 'granted_partial', 'amount_today': 30000, 'reduced_on': False,
            'reduced_from': 0.0, 'needs_person': False}])
        self.assertFalse(cover.activity_ids)
        order = self.quote([(1, 25000, False)], user_id=self.seller.id)
        self.assertEqual(order.state, 'sale', "beyond the 20,000 of before")

    def test_revised_terms_below_what_was_in_force_are_a_reduction(self):
        """Also when nothing says what was asked for; after the notice of the policy."""
        self.contract.write({
            'withdrawal_notice_days': 30, 'limit_follows': True, 'limit_without_cover': 'none'})
        self.rule('cover_reduced')
        self.ask(40000)
        self.send()
        cover = self.account.cover_ids
        self.go('2026-06-08')
        self.revise(25000, asked='')
        for _twice in range(2):
            self.poll()
        self.assertRecordValues(cover, [{'status': 'reduced', 'reduced_from': 40000}])
        self.assertEqual(
            (self.covered('2026-07-07', cover), self.covered('2026-07-08', cover)),
            (40000, 25000), "thirty days of notice")
        self.assertEqual(len(cover.activity_ids), 1)
        self.go('2026-07-08')
        held = self.quote([(1, 26000, False)], user_id=self.seller.id)
        self.assertEqual(held.state, 'draft')
        self.assertIn('cover_reduced', held.sudo().ar_hold_ids.reason_codes)

    def test_a_change_that_nobody_confirmed_goes_by_hand(self):
        """Known here, or known at the insurer only: what a PUT expects is an assumption."""
        self.ask(20000)
        self.send()
        cover = self.account.cover_ids
        for action, amount in (('increase', 45000), ('reduce', 10000), ('cancel', 0)):
            request = self.ask(amount, action)
            self.assertEqual((request.by_hand, request.state), (True, 'open'), action)
            request.action_withdraw()
        # As new: there is a cover at the insurer all the same.
        request = self.ask(45000)
        self.assertFalse(request.by_hand)
        for _twice in range(2):
            self.send()
        self.assertRecordValues(request, [{
            'by_hand': True, 'state': 'open', 'status': 'submitted', 'attempts': 1}])
        self.assertEqual(len(request.activity_ids), 1)
        self.assertIn("assumption", "".join(request.message_ids.mapped('body')))
        self.assertEqual(self.provider.health, 'good')
        self.assertEqual((self.sim.count('change'), self.sim.count('apply')), (0, 1))
        self.assertEqual(cover.amount_today, 20000)

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
        self.confirm_changes()
        self.ask(40000)
        self.send()
        request = self.ask(action='cancel')
        self.send()
        self.assertEqual((request.state, request.status), ('answered', 'cancelled'))
        self.assertEqual(self.account.cover_ids.amount_today, 0)

    def test_an_increase_supersedes_the_cover_in_force(self):
        self.confirm_changes()
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
        self.confirm_changes()
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
        self.confirm_changes()
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
        self.confirm_changes()
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
