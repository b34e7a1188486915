from decimal import Decimal
from unittest.mock import patch

from odoo import Command, fields
from odoo.exceptions import AccessError, UserError, ValidationError
from odoo.tests import Form, tagged

from ..connectors.results import (
    Attention,
    CoverStatus,
    Layer,
    LayerKind,
    Money,
    PendingAction,
)
from ..models.insurance.cover_status import PENDING_ACTIONS, STATUSES
from .cover_common import CoverCommon


@tagged('post_install', '-at_install')
class TestCoverDecision(CoverCommon):
    """What a decision does to a cover: amounts by day of delivery, history, who is told."""

    def test_the_words_are_those_of_the_clients(self):
        self.assertEqual({code for code, _label in STATUSES}, {str(x) for x in CoverStatus})
        self.assertEqual({code for code, _label in PENDING_ACTIONS}, {
            str(x) for x in PendingAction})
        kinds = dict(self.env['ar.cover.layer']._fields['kind'].selection)
        self.assertEqual(set(kinds), {str(x) for x in LayerKind})

    def test_granted_then_reduced_keeps_what_was_delivered_before(self):
        cover = self.decide('granted', 50000, day='2026-05-01')
        self.assertEqual(self.covered('2026-05-01'), 50000)
        self.go('2026-06-10')
        self.decide('reduced', 20000)
        self.assertEqual((self.covered('2026-06-09'), self.covered('2026-06-10')), (50000, 20000))
        self.assertRecordValues(cover, [{
            'status': 'reduced', 'reduced_from': 50000, 'amount_today': 20000,
            'reduced_on': fields.Date.to_date('2026-06-10')}])

    def test_an_amount_that_falls_is_a_reduction_whatever_its_code_says(self):
        """Allianz repeats the first day of the cover beside the lower amount."""
        first = fields.Date.to_date('2026-05-01')
        self.decide('granted', 50000, valid_from=first, day='2026-05-01')
        self.go('2026-06-10')
        cover = self.decide('granted_partial', 30000, valid_from=first, day='2026-05-01')
        self.assertEqual(cover.status, 'reduced')
        self.assertEqual((self.covered('2026-06-09'), self.covered('2026-06-10')), (50000, 30000))

    def test_a_reduction_that_was_asked_for_is_none(self):
        self.decide('granted', 50000, day='2026-05-01')
        request = self.ask(30000, 'reduce')
        cover = self.decide('granted', 30000, asked=request)
        self.assertEqual((cover.status, cover.reduced_on), ('granted', False))

    def test_cut_below_what_we_asked_for_is_a_reduction(self):
        self.decide('granted', 50000, day='2026-05-01')
        request = self.ask(30000, 'reduce')
        cover = self.decide('granted_partial', 10000, asked=request)
        self.assertRecordValues(cover, [{
            'status': 'reduced', 'reduced_from': 50000, 'amount_today': 10000}])
        self.assertEqual(len(cover.activity_ids), 1)

    def test_the_same_decision_twice_is_one(self):
        for _twice in range(2):
            cover = self.decide('granted', 50000, day='2026-05-01')
            self.decide('refused', day='2026-06-01', cover_id='C2')
        self.assertEqual(len(cover.layer_ids), 4)
        before = len(cover.message_ids), len(cover.activity_ids)
        self.decide('refused', day='2026-06-01', cover_id='C2')
        self.assertEqual((len(cover.message_ids), len(cover.activity_ids)), before)
        self.assertEqual(len(cover.layer_ids), 4)

    def test_notice_of_a_withdrawal_covers_until_its_day(self):
        self.decide('granted', 50000, day='2026-05-01')
        cover = self.decide(
            'withdrawal_announced', 50000, withdrawal_on=fields.Date.to_date('2026-07-01'))
        self.assertEqual((self.covered('2026-06-30'), self.covered('2026-07-01')), (50000, 0))
        self.go('2026-06-30')
        cover.invalidate_recordset()
        self.assertEqual(cover.amount_today, 50000)
        self.go('2026-07-01')
        cover.invalidate_recordset()
        self.assertEqual(cover.amount_today, 0)

    def test_a_withdrawal_that_is_put_off_covers_until_its_new_day(self):
        self.decide('granted', 50000, day='2026-05-01')
        for until in ('2026-07-01', '2026-09-01', '2026-08-01'):
            self.decide('withdrawal_announced', 50000, withdrawal_on=fields.Date.to_date(until))
            last = fields.Date.subtract(fields.Date.to_date(until), days=1)
            self.assertEqual((self.covered(last), self.covered(until)), (50000, 0), until)

    def test_without_a_date_the_notice_of_the_policy_counts_and_otherwise_a_person(self):
        self.decide('granted', 50000, day='2026-05-01')
        cover = self.decide('withdrawal_announced', 50000)
        self.assertTrue(cover.needs_person)
        self.assertEqual(self.covered('2027-01-01'), 50000, "nobody knows from when")
        self.contract.withdrawal_notice_days = 30
        self.decide('withdrawn', cover_id='C1')
        self.assertEqual((self.covered('2026-06-30'), self.covered('2026-07-01')), (50000, 0))

    def test_an_unknown_code_changes_nothing_and_asks_for_a_person_once(self):
        cover = self.decide('granted', 50000, day='2026-05-01')
        for _twice in range(2):
            self.decide('unknown', 10, code='ZZ9', attention=(
                Attention('unknown_code', 'decisionCode', 'ZZ9'),))
        self.assertEqual(self.covered('2026-06-01'), 50000)
        self.assertRecordValues(cover, [{
            'status': 'unknown', 'needs_person': True, 'provider_code': 'ZZ9'}])
        self.assertEqual(len(cover.activity_ids), 1)
        self.assertEqual(cover.activity_ids.user_id, self.collector)
        self.assertIn('ZZ9', cover.attention)
        cover.with_user(self.collector).action_looked_at()
        self.assertFalse(cover.needs_person or cover.activity_ids)
        self.decide('unknown', 10, code='ZZ9', attention=(
            Attention('unknown_code', 'decisionCode', 'ZZ9'),))
        self.assertFalse(cover.needs_person, "it has been looked at")

    def test_an_amount_that_is_missing_or_in_another_currency_changes_nothing(self):
        cover = self.decide('granted', 50000, day='2026-05-01')
        self.decide('granted', layers=(Layer(LayerKind.PERMANENT, None),))
        self.assertEqual(self.covered('2026-06-01'), 50000)
        self.decide('granted', layers=(
            Layer(LayerKind.PERMANENT, Money(Decimal(70000), 'USD')),))
        self.assertEqual(self.covered('2026-06-01'), 50000)
        self.assertTrue(cover.needs_person)
        self.assertIn('USD', cover.attention)

    def test_an_increase_refused_leaves_the_old_cover(self):
        self.decide('granted', 50000, day='2026-05-01')
        cover = self.decide('increase_refused', 80000)
        self.assertEqual((cover.status, self.covered('2026-06-01')), ('increase_refused', 50000))

    def test_suspended_covers_nothing_new(self):
        self.decide('granted', 50000, day='2026-05-01')
        self.decide('suspended')
        self.assertEqual((self.covered('2026-05-31'), self.covered('2026-06-01')), (50000, 0))

    def test_permanent_temporary_and_top_up_add_up(self):
        until = fields.Date.to_date('2026-06-30')
        self.decide('granted', layers=(
            Layer(LayerKind.PERMANENT, Money(Decimal(20000), 'EUR')),
            Layer(LayerKind.TEMPORARY, Money(Decimal(5000), 'EUR'), valid_until=until)))
        self.decide('granted', 10000, kind='top_up', only=['top_up'], cover_id='CAP')
        self.assertEqual((self.covered('2026-06-30'), self.covered('2026-07-01')), (35000, 30000))
        cover = self.decide('refused', only=['top_up'], cover_id='CAP', day='2026-06-15')
        self.assertEqual(self.covered('2026-06-15'), 25000)
        self.assertEqual(len(cover), 1)

    def test_replaced_before_it_began_never_covers(self):
        self.decide('granted', 50000, valid_from=fields.Date.to_date('2026-09-01'))
        self.decide('granted', 60000, valid_from=fields.Date.to_date('2026-08-01'), cover_id='C2')
        self.assertEqual(self.covered('2026-07-31'), 0)
        self.assertEqual((self.covered('2026-08-01'), self.covered('2026-10-01')), (60000, 60000))

    def test_a_test_answer_changes_no_cover(self):
        provider = self.env['ar.provider'].create({
            'name': "Test", 'code': 'atradius', 'company_id': self.company.id})
        self.contract.provider_id = provider
        from ..connectors.results import Confidence, Meta
        meta = Meta('atradius', 'simulator', 'list_covers', 'x', fields.Datetime.now(),
                    Confidence.OBSERVED)
        self.assertFalse(self.decide('granted', 50000, meta=meta))
        self.assertFalse(self.account.cover_ids)
        self.assertEqual(provider.event_ids.kind, 'cover')
        provider.test_counts = True
        self.assertEqual(self.decide('granted', 50001, meta=meta).environment, 'simulator')

    # === BY HAND === #

    def entry(self, **vals):
        wizard = self.env['ar.cover.entry'].with_user(self.collector).create({
            'customer_id': self.account.id, 'policy_id': self.contract.id, **vals})
        wizard.action_apply()
        return self.account.cover_ids

    def test_typed_in_with_its_letter(self):
        letter = self.env['ir.attachment'].with_user(self.collector).create({
            'name': "decision.pdf", 'raw': b'%PDF', 'res_model': 'ar.cover.entry'})
        cover = self.entry(status='granted', amount=40000, date_from='2026-06-01',
                           document_ids=letter.ids, insurer_reference='A-7')
        self.assertEqual((cover.source, cover.insurer_reference), ('manual', 'A-7'))
        self.assertEqual(cover.layer_ids.document_ids, letter)
        self.assertEqual((letter.res_model, letter.res_id), ('ar.cover', cover.id))
        self.entry(status='reduced', amount=10000, date_from='2026-06-20')
        self.assertEqual((self.covered('2026-06-19'), self.covered('2026-06-20')), (40000, 10000))
        self.entry(status='withdrawn', date_from='2026-07-01')
        self.assertEqual((self.covered('2026-06-30'), self.covered('2026-07-01')), (10000, 0))

    def test_a_stolen_attachment_is_refused(self):
        secret = self.env['ir.attachment'].create({
            'name': "salaries.pdf", 'raw': b'%PDF', 'res_model': 'res.partner',
            'res_id': self.buyer.id})
        with self.assertRaises(AccessError):
            self.entry(status='granted', amount=1000, document_ids=secret.ids)
        self.assertEqual(secret.res_model, 'res.partner')

    def test_nobody_writes_a_cover_past_the_dialogue(self):
        cover = self.decide('granted', 50000)
        for user in (self.collector, self.boss):
            with self.assertRaises(AccessError):
                cover.with_user(user).write({'status': 'granted_conditional'})
            with self.assertRaises(AccessError):
                cover.layer_ids.with_user(user).write({'amount': 1})
            with self.assertRaises(AccessError):
                self.env['ar.cover'].with_user(user).create({
                    'policy_id': self.contract.id, 'customer_id': self.account.id,
                    'status': 'granted'})
        with self.assertRaises(UserError):
            cover.layer_ids.write({'amount': 1})
        auditor = self.user('auditor', company_ids=[Command.set(self.companies.ids)])
        with self.assertRaises(AccessError):
            self.account.with_user(auditor).action_type_decision()
        with self.assertRaises(AccessError):
            cover.with_user(auditor).action_looked_at()

    def test_no_deadline_has_a_default_and_the_screen_says_so(self):
        form = Form(self.env['ar.insurance.policy'].with_user(self.boss))
        form.name, form.date_from = "Empty", fields.Date.today()
        policy = form.save()
        for name in ('max_credit_days', 'max_extension_days', 'overdue_notice_days',
                     'claim_window_days', 'withdrawal_notice_days'):
            self.assertIsNone(policy._get_days(name))
        self.assertIn("Maximum credit period", policy.unknown_terms)
        policy.max_credit_days = 120
        self.assertNotIn("Maximum credit period", policy.unknown_terms)
        self.assertEqual(policy._get_days('max_credit_days'), 120)
        with self.assertRaises(ValidationError):
            policy.overdue_notice_days = -1

    # === WHO SEES, AND MERGED CUSTOMERS === #

    def test_a_perimeter_and_another_company_see_nothing(self):
        cover = self.decide('granted', 50000)
        stranger = self.user('own', 'stranger')
        elsewhere = self.user('collector', 'elsewhere')
        elsewhere.write({'company_ids': [Command.set(self.other.ids)],
                         'company_id': self.other.id})
        for user, company in ((stranger, self.company), (elsewhere, self.other)):
            env = self.env(user=user, context={'allowed_company_ids': company.ids})
            for model in ('ar.cover', 'ar.cover.layer'):
                self.assertFalse(env[model].search([]), (user.login, model))
        self.assertEqual(self.env['ar.cover'].with_user(self.collector).search([]), cover)

    def test_merged_customers_keep_one_cover_and_all_history(self):
        twin = self.env['ar.customer']._get_or_create(self.customer("Twin"), self.company)
        third = self.env['ar.customer']._get_or_create(self.customer("Third"), self.company)
        self.decide('granted', 50000, day='2026-05-01')
        self.decide('granted', 20000, customer=twin, day='2026-05-01')
        self.decide('granted', 7000, customer=third, policy=self.make_policy(name="Other"))
        self.ask(60000, 'increase')
        self.ask(30000, 'increase', customer=twin)
        self.account._absorb(twin)
        cover = self.account.cover_ids
        self.assertRecordValues(cover, [{'amount_today': 50000, 'needs_person': True}])
        self.assertEqual(sorted(cover.layer_ids.mapped('amount')), [20000, 50000])
        self.assertEqual(sorted(self.account.cover_request_ids.mapped('state')),
                         ['cancelled', 'open'])
        self.account._absorb(third)
        self.assertEqual(self.account.cover_today, 57000)

    # === WHAT FOLLOWS === #

    def test_the_limit_follows(self):
        self.contract.write({
            'limit_follows': True, 'limit_percent': 80, 'limit_without_cover': 'none'})
        self.decide('granted', 50000)
        self.assertEqual(self.account.credit_limit_today, 40000)
        self.go('2026-06-10')
        self.decide('reduced', 20000)
        self.account.invalidate_recordset()
        self.assertEqual(self.account.credit_limit_today, 16000)
        self.go('2026-06-12')
        self.decide('withdrawal_announced', 20000,
                    withdrawal_on=fields.Date.to_date('2026-07-01'))
        for day, limit in (('2026-06-30', 16000), ('2026-07-01', 0)):
            self.go(day)
            for _twice in range(2):
                self.run_cron('ir_cron_ar_cover_follow')
            self.account.invalidate_recordset()
            self.assertEqual(self.account.credit_limit_today, limit, day)
        self.assertTrue(self.account.no_credit_today)
        self.assertLessEqual(len(self.account.limit_ids), 5)

    def test_the_limit_stays_when_the_policy_does_not_ask(self):
        self.decide('granted', 50000)
        self.assertEqual(self.account.credit_limit_today, 1000)

    def test_a_temporary_layer_is_a_temporary_limit(self):
        self.contract.limit_follows = True
        until = fields.Date.to_date('2026-06-30')
        self.decide('granted', layers=(
            Layer(LayerKind.PERMANENT, Money(Decimal(20000), 'EUR')),
            Layer(LayerKind.TEMPORARY, Money(Decimal(5000), 'EUR'), valid_until=until)))
        self.assertEqual(self.account.credit_limit_today, 25000)
        self.assertEqual(self.account.credit_limit_until, until)
        self.go('2026-07-01')
        self.run_cron('ir_cron_ar_cover_follow')
        self.account.invalidate_recordset()
        self.assertEqual(self.account.credit_limit_today, 20000)

    # === ENDED BY THE CALENDAR === #

    def follow(self, date):
        """Run the night twice: the second changes nothing."""
        self.go(date)
        for _twice in range(2):
            self.run_cron('ir_cron_ar_cover_follow')

    def test_a_cover_whose_layers_have_ended_expires_and_is_told_once(self):
        until = fields.Date.to_date('2026-06-30')
        cover = self.decide('granted', 50000, valid_until=until)
        steady = self.decide('granted', customer=self.env['ar.customer']._get_or_create(
            self.customer("Steady"), self.company), cover_id='C3', layers=(
                Layer(LayerKind.PERMANENT, Money(Decimal(20000), 'EUR')),
                Layer(LayerKind.TEMPORARY, Money(Decimal(5000), 'EUR'), valid_until=until)))
        self.follow('2026-06-30')
        self.assertEqual((cover.status, cover.amount_today), ('granted', 50000))
        self.follow('2026-07-01')
        self.assertRecordValues(cover, [{
            'status': 'expired', 'expired_on': until, 'amount_today': 0, 'needs_person': False}])
        [activity] = cover.activity_ids
        self.assertEqual(activity.user_id, self.collector)
        self.assertIn("06/30/2026", activity.note)
        self.assertEqual((steady.status, steady.amount_today), ('granted', 20000))
        self.assertFalse(steady.activity_ids)
        # The insurer prolongs it.
        self.decide('granted', 50000, valid_until=fields.Date.to_date('2026-12-31'))
        self.assertRecordValues(cover, [{
            'status': 'granted', 'expired_on': False, 'amount_today': 50000}])

    def test_a_policy_that_ends_takes_its_covers_along_and_is_told_once(self):
        self.contract.date_to = '2026-06-30'
        others = [self.decide('granted_partial', 1000, cover_id=f'C{number}', customer=self.env[
            'ar.customer']._get_or_create(self.customer(f"Buyer {number}"), self.company))
            for number in (7, 8)]
        covers = self.decide('granted', 50000).union(*others)
        refused = self.decide('refused', cover_id='C9', customer=self.env[
            'ar.customer']._get_or_create(self.customer("Refused"), self.company))
        told = refused.activity_ids
        self.follow('2026-07-02')
        self.assertEqual(set(covers.mapped('status')), {'expired'})
        self.assertEqual(covers.mapped('expired_on'), [fields.Date.to_date('2026-06-30')] * 3)
        self.assertEqual((refused.status, refused.activity_ids), ('refused', told))
        self.assertFalse(covers.activity_ids)
        [activity] = self.contract.activity_ids
        self.assertIn("3 covers", activity.note)
        # The contract goes on: what was granted counts again, as it was.
        self.contract.date_to = '2027-06-30'
        self.follow('2026-07-03')
        self.assertEqual(covers.mapped('status'), ['granted', 'granted_partial', 'granted_partial'])
        self.assertFalse(any(covers.mapped('expired_on')))
        self.assertEqual(len(self.contract.activity_ids), 1)

    def test_an_announced_withdrawal_is_one_from_its_day_on(self):
        self.decide('granted', 50000, day='2026-05-01')
        cover = self.decide(
            'withdrawal_announced', 50000, withdrawal_on=fields.Date.to_date('2026-07-01'))
        self.follow('2026-06-30')
        self.assertEqual(cover.status, 'withdrawal_announced')
        before = len(cover.activity_ids)
        self.follow('2026-07-01')
        self.assertRecordValues(cover, [{
            'status': 'withdrawn', 'expired_on': False, 'amount_today': 0}])
        self.assertEqual(len(cover.activity_ids), before + 1)

    def test_what_ended_long_ago_is_put_right_without_a_word(self):
        cover = self.decide('granted', 50000, day='2026-01-05', valid_until=fields.Date.to_date(
            '2026-02-01'))
        self.follow('2026-06-01')
        self.assertEqual((cover.status, len(cover.activity_ids)), ('expired', 0))

    def test_a_night_that_is_cut_short_goes_on_with_the_rest(self):
        until = fields.Date.to_date('2026-06-30')
        covers = self.env['ar.cover'].union(*(
            self.decide('granted', 1000, cover_id=f'C{number}', valid_until=until,
                        customer=self.env['ar.customer']._get_or_create(
                            self.customer(f"Buyer {number}"), self.company))
            for number in (4, 5)))
        self.go('2026-07-01')
        with patch.object(self.registry['ir.cron'], '_commit_progress', lambda *a, **k: 0):
            self.assertFalse(covers._expire_by_calendar())
        self.assertEqual(covers.mapped('status'), ['expired', 'granted'])
        self.follow('2026-07-01')
        self.assertEqual(covers.mapped('status'), ['expired', 'expired'])
        self.assertEqual([len(cover.activity_ids) for cover in covers], [1, 1])
