import re

from odoo.exceptions import UserError, ValidationError
from odoo.fields import Command
from odoo.tests import Form, tagged

from .plan_common import PlanCommon


@tagged('post_install', '-at_install')
class TestPlanTerms(PlanCommon):
    """What is planned: items, instalments, rounding, by hand."""

    def test_three_months_with_the_rest_on_the_last(self):
        plan = self.draft_plan(self.invoice(1000, due='2026-05-20'), first='2026-08-31')
        self.assertEqual(self.parts(plan), [
            ('2026-08-31', 333.33, 0, 'open'), ('2026-09-30', 333.33, 0, 'open'),
            ('2026-10-31', 333.34, 0, 'open')])
        self.assertEqual(plan.difference, 0)

    def test_a_currency_without_cents(self):
        yen = self.env.ref('base.JPY')
        yen.active = True
        self.env['res.currency.rate'].create({
            'currency_id': yen.id, 'company_id': self.company.id, 'name': '2026-01-01',
            'rate': 160.0})
        plan = self.draft_plan(self.invoice(1000, due='2026-05-20', currency=yen))
        self.assertEqual([part[1] for part in self.parts(plan)], [333, 333, 334])

    def test_by_hand_must_add_up(self):
        plan = self.draft_plan(self.invoice(1000, due='2026-05-20'), instalment_ids=[
            Command.create({'due_date': '2026-06-15', 'amount': 600}),
            Command.create({'due_date': '2026-07-15', 'amount': 300})])
        self.assertEqual(plan.difference, 100)
        with self.assertRaisesRegex(ValidationError, "come to"):
            plan.action_submit()
        plan.instalment_ids[1].amount = 400
        plan.action_submit()
        self.assertEqual(plan.state, 'proposed')

    def test_the_form_spreads_as_one_types(self):
        invoice = self.invoice(1000, due='2026-05-20')
        collector = self.user('collector')
        action = self.account_of().with_user(collector).action_new_payment_plan()
        with Form(self.env['ar.payment.plan'].with_user(collector).with_context(
                **action['context'])) as form:
            self.assertEqual(len(form.instalment_ids), 3)
            form.number = 4
            form.first_amount = 400
            form.first_date = '2026-06-20'
            self.assertEqual(len(form.instalment_ids), 4)
        plan = form.record
        self.assertEqual(plan.line_ids.move_id, invoice)
        self.assertEqual([part[1] for part in self.parts(plan)], [400, 200, 200, 200])
        self.assertEqual(plan.user_id, collector)

    def test_money_between_draft_and_proposal(self):
        invoice = self.invoice(1000, due='2026-05-20')
        plan = self.draft_plan(invoice)
        self.pay(invoice, 100, '2026-06-01')
        with self.assertRaisesRegex(ValidationError, "come to"):
            plan.action_submit()
        plan.action_spread()
        plan.action_submit()
        self.assertEqual((plan.state, plan.amount, plan.paid_amount), ('proposed', 900, 0))

    def test_what_cannot_be_planned(self):
        invoice = self.invoice(1000, due='2026-05-20')
        plan = self.draft_plan(invoice)
        other = self.draft_plan(invoice)
        plan.action_submit()
        with self.assertRaisesRegex(ValidationError, "close that one first"):
            other.action_submit()
        with self.assertRaises(ValidationError):
            self.draft_plan(self.invoice(1, due='2026-05-20'), number=101)
        late = self.draft_plan(self.invoice(100, due='2026-05-20'), first='2026-05-31')
        with self.assertRaisesRegex(ValidationError, "in the past"):
            late.action_submit()

    def test_what_was_proposed_stays(self):
        plan = self.draft_plan(self.invoice(1000, due='2026-05-20'))
        plan.action_submit()
        for vals in ({'number': 4}, {'interest_stayed': True}, {'conditions': "Else"}):
            with self.assertRaises(UserError):
                plan.write(vals)
        with self.assertRaises(UserError):
            plan.with_user(self.user('collector')).instalment_ids[0].amount = 1
        with self.assertRaises(UserError):
            plan.instalment_ids[0].unlink()
        plan.action_send_back()
        plan.number = 4
        plan.action_spread()
        self.assertEqual(len(plan.instalment_ids), 4)


@tagged('post_install', '-at_install')
class TestPlanFollows(PlanCommon):
    """Kept or broken, by instalment, from what came in."""

    def test_kept_instalment_by_instalment(self):
        invoice = self.invoice(900, due='2026-05-20')
        plan = self.active_plan(invoice)
        self.go('2026-06-15')
        self.pay(invoice, 300, '2026-06-15')
        self.assertEqual(self.parts(plan)[0], ('2026-06-15', 300, 300, 'paid'))
        self.assertEqual(str(plan.next_date), '2026-07-15')
        self.pay(invoice, 400, '2026-06-20')
        self.assertEqual([part[2:] for part in self.parts(plan)], [
            (300, 'paid'), (300, 'paid'), (100, 'open')])
        self.follow('2026-08-20')
        self.assertEqual((plan.state, plan.late_amount), ('active', 200))
        self.assertEqual(self.parts(plan)[2][3], 'late')
        self.pay(invoice, 200, '2026-08-20')
        self.assertRecordValues(plan, [{'state': 'kept', 'remaining_amount': 0}])

    def test_the_grace_then_broken_and_told_once(self):
        plan = self.active_plan(self.invoice(900, due='2026-05-20'))
        for day, state, part in (
            ('2026-06-15', 'active', 'open'), ('2026-06-16', 'active', 'late'),
            ('2026-06-20', 'active', 'late'), ('2026-06-21', 'broken', 'missed'),
            ('2026-06-22', 'broken', 'missed'),
        ):
            self.follow(day)
            self.follow(day)
            self.assertEqual((plan.state, self.parts(plan)[0][3]), (state, part), day)
        self.assertEqual(len(plan.activity_ids), 1)
        self.assertEqual(str(plan.closed_on), '2026-06-21')

    def test_money_booked_late_mends_it_money_that_came_late_does_not(self):
        invoice, other = self.invoice(900, due='2026-05-20'), self.invoice(90, due='2026-05-20')
        plan, second = self.active_plan(invoice), self.active_plan(other)
        self.follow('2026-06-25')
        self.assertEqual((plan.state, second.state), ('broken', 'broken'))
        self.pay(invoice, 300, '2026-06-18')
        self.assertEqual((plan.state, self.parts(plan)[0][3]), ('active', 'paid'))
        self.assertFalse(plan.activity_ids)
        self.pay(other, 30, '2026-06-23')
        self.assertEqual((second.state, self.parts(second)[0][3]), ('broken', 'paid_late'))

    def test_two_missed_instalments_may_be_needed(self):
        self.company.ar_plan_missed_allowed = 2
        plan = self.active_plan(self.invoice(900, due='2026-05-20'))
        self.follow('2026-06-25')
        self.assertEqual((plan.state, self.parts(plan)[0][3]), ('active', 'missed'))
        self.follow('2026-07-21')
        self.assertEqual(plan.state, 'broken')

    def test_the_tolerance_is_that_of_the_proposal(self):
        self.company.ar_plan_tolerance = 2
        invoice = self.invoice(900, due='2026-05-20')
        plan = self.active_plan(invoice)
        self.company.ar_plan_tolerance = 0
        self.pay(invoice, 294, '2026-06-15')
        self.follow('2026-06-25')
        self.assertEqual((plan.state, self.parts(plan)[0][3]), ('active', 'paid'))

    def test_a_credit_note_lowers_the_last_instalment(self):
        invoice = self.invoice(900, due='2026-05-20')
        plan = self.active_plan(invoice)
        self.match(invoice, self.credit_note(200, '2026-06-05'))
        self.assertRecordValues(plan, [
            {'paid_amount': 0, 'other_amount': 200, 'remaining_amount': 700}])
        self.follow('2026-06-21')
        self.assertEqual(plan.state, 'broken', "a credit note is no payment")
        self.pay(invoice, 300, '2026-06-10')
        self.assertEqual(plan.state, 'active')
        self.pay(invoice, 400, '2026-06-20')
        self.assertEqual(plan.state, 'kept')

    def test_reconciliation_closes_all_and_undoing_opens_all(self):
        invoice = self.invoice(900, due='2026-05-20')
        plan = self.active_plan(invoice)
        promise = self.promise(invoice, '2026-06-20')
        dispute = self.dispute(invoice, amount=50)
        self.pay(invoice, 900, '2026-06-02')
        self.assertEqual((plan.state, promise.state, dispute.state), ('kept', 'kept', 'paid'))
        invoice.line_ids.remove_move_reconcile()
        self.assertEqual((plan.state, promise.state, dispute.state), ('active', 'open', 'open'))
        self.assertEqual((plan.closed_on, plan.paid_amount), (False, 0))
        invoice.button_draft()
        self.assertEqual((plan.state, promise.state, dispute.state), ('kept', 'void', 'void'))
        invoice.action_post()
        self.assertEqual((plan.state, promise.state, dispute.state), ('active', 'open', 'open'))

    def test_a_newer_plan_takes_over(self):
        invoice = self.invoice(900, due='2026-05-20')
        plan = self.active_plan(invoice)
        self.follow('2026-06-25')
        newer = self.active_plan(invoice, first='2026-07-01')
        self.assertEqual((plan.state, newer.state), ('broken', 'active'))
        self.pay(invoice, 300, '2026-06-16')
        self.assertEqual((plan.state, newer.state), ('cancelled', 'active'))

    def test_a_proposal_lapses(self):
        plan = self.draft_plan(self.invoice(900, due='2026-05-20'))
        plan.action_submit()
        self.assertEqual(str(plan.valid_until), '2026-06-16')
        self.follow('2026-06-16')
        self.assertEqual(plan.state, 'proposed')
        self.follow('2026-06-17')
        self.assertEqual(plan.state, 'cancelled')

    def test_who_follows_it_hears_once_that_nobody_signed(self):
        plan = self.draft_plan(self.invoice(900, due='2026-05-20'), first='2026-06-05')
        plan.action_submit()
        self.assertEqual((str(plan.sign_until), str(plan.valid_until)),
                         ('2026-06-10', '2026-06-16'))
        for day, told, signable in (
                ('2026-06-10', 0, True), ('2026-06-11', 1, False), ('2026-06-12', 1, False),
                ('2026-06-17', 1, False)):
            self.follow(day)
            self.follow(day)
            self.assertEqual((len(plan.activity_ids), plan._is_signable_online()),
                             (told, signable), day)
        self.assertIn("not signed by 06/10/2026", plan.activity_ids.summary)
        self.assertEqual(plan.state, 'cancelled')

    def test_other_days_after_nobody_signed(self):
        plan = self.draft_plan(self.invoice(900, due='2026-05-20'), first='2026-06-05')
        plan.action_submit()
        self.assertEqual(plan.action_send()['res_model'], 'mail.compose.message')
        self.follow('2026-06-11')
        with self.assertRaisesRegex(UserError, "back to draft"):
            plan.action_send()
        plan.action_send_back()
        plan.first_date = '2026-06-20'
        plan.action_spread()
        plan.action_submit()
        self.assertFalse(plan.activity_ids)
        self.follow('2026-06-26')
        self.assertEqual((len(plan.activity_ids), plan.is_overtaken), (1, True))


@tagged('post_install', '-at_install')
class TestPlanElsewhere(PlanCommon):
    """The ladder, the ageing, the forecast, the score and the cockpit know of it."""

    def test_the_ladder_claims_only_what_is_late(self):
        old, young = self.invoice(200, due='2026-05-20'), self.invoice(700, due='2026-05-25')
        plan = self.active_plan(old | young)

        def asked_for():
            """Return what a collector reads of these items, and what is ticked."""
            data = self.env['ar.worklist'].load_customer(plan.customer_id.id)
            self.assertEqual({row['state'] for row in data['items']}, {f"Payment plan {plan.name}"})
            self.assertEqual(data['is_all_agreed'], not data['guides'])
            return ([(row['claim'], row['is_free']) for row in data['items']],
                    len(data['defaults']['item_ids']),
                    [re.findall(r"[\d,]+\.\d\d", guide['text']) for guide in data['guides']])

        run = self.run_dunning('2026-06-10')
        self.assertFalse(run.reminder_ids)
        self.assertEqual(self.reasons(run), [('planned', 200), ('planned', 700)])
        self.assertEqual(asked_for(), ([(200, True), (700, True)], 0, []))
        self.run_dunning('2026-06-17')
        self.assertEqual(asked_for(), ([(200, True), (100, True)], 2, [['300.00']]))
        [reminder] = self.reminders()
        self.assertEqual(
            {line.move_line_id.move_id: line.amount_residual for line in reminder.line_ids},
            {old: 200, young: 100})
        self.assertEqual(reminder.amount_claimed, 300)
        self.pay(young, 250, '2026-06-17')
        self.send()
        self.deliver()
        self.assertRecordValues(self.reminders(), [{'state': 'sent', 'amount_claimed': 50}])

    def test_paid_meanwhile_the_reminder_does_not_leave(self):
        invoice = self.invoice(900, due='2026-05-25')
        self.active_plan(invoice)
        self.run_dunning('2026-06-17')
        self.pay(invoice, 300, '2026-06-17')
        self.send()
        self.assertEqual(self.reminders().state, 'cancelled')

    def test_broken_everything_is_claimed_again(self):
        invoice = self.invoice(900, due='2026-05-25')
        plan = self.active_plan(invoice)
        self.follow('2026-06-21')
        self.assertEqual(plan.state, 'broken')
        self.run_dunning('2026-06-21')
        self.assertEqual(self.reminders().amount_claimed, 900)

    def test_a_late_part_in_another_currency(self):
        dollar = self.use_dollar(('2026-01-01', 2.0))
        self.active_plan(self.invoice(900, due='2026-05-25', currency=dollar))
        self.run_dunning('2026-06-17')
        self.assertRecordValues(self.reminders().line_ids, [
            {'amount_residual_currency': 300, 'amount_residual': 150}])

    def overlay(self, day):
        [(amount, total)] = self.env['ar.aged.balance'].with_context(ar_date=day)._read_group(
            [], [], ['planned_amount:sum', 'amount:sum'])
        return amount or 0, total or 0

    def test_both_dates_in_the_ageing_and_the_forecast(self):
        old, young = self.invoice(200, due='2026-05-20'), self.invoice(700, due='2026-05-25')
        self.active_plan(old | young)
        self.assertEqual(self.overlay('2026-06-01'), (900, 900))
        self.assertEqual(self.overlay('2026-05-31'), (0, 900), "not known yet")
        rows = {row.line_id.move_id: row for row in self.env['ar.forecast.item'].with_context(
            ar_date='2026-06-01').search([('company_id', '=', self.company.id)])}
        self.assertEqual(
            {move: (str(row.due_date), str(row.likely_date), row.basis)
             for move, row in rows.items()},
            {old: ('2026-05-20', '2026-06-15', 'promise'),
             young: ('2026-05-25', '2026-08-15', 'promise')})
        self.pay(young, 100, '2026-06-01')
        self.assertEqual(self.overlay('2026-06-01'), (800, 800), "never more than is open")

    def test_score_and_cockpit(self):
        plan = self.active_plan(self.invoice(900, due='2026-05-20'))
        waiting = self.draft_plan(self.invoice(9000, due='2026-05-20'))
        waiting.action_submit()
        scorecard = self.env['ar.scorecard'].create({'name': "Plans", 'criterion_ids': [
            Command.create({'code': 'broken_plans', 'band_ids': [
                Command.create({'value_from': 0, 'points': 100}),
                Command.create({'value_from': 1, 'points': 0})]})]})
        manager = self.user('manager')

        def score():
            return self.env['ar.customer']._get_score_values(
                self.company, plan.customer_id.ids, scorecard)['broken_plans']

        def todos():
            self.env.flush_all()
            data = self.env['ar.cockpit'].with_user(manager).load_cockpit({}, True)
            counts = {row['code']: row['count'] for row in data['actions']}
            return [counts.get(code, 0) for code in ('plans', 'instalments', 'plans_broken')]

        self.assertEqual(score(), {plan.customer_id.id: 0})
        self.assertEqual(todos(), [1, 0, 0])
        self.follow('2026-06-17')
        self.assertEqual(todos(), [1, 1, 0])
        self.follow('2026-06-21')
        self.assertEqual(todos(), [1, 0, 1])
        self.assertEqual(score(), {plan.customer_id.id: 1})

    def test_interest_waits_when_the_plan_says_so(self):
        plain, stayed = self.invoice(1000, due='2026-04-20'), self.invoice(1000, due='2026-04-20')
        self.active_plan(plain)
        plan = self.active_plan(stayed, interest_stayed=True)
        engine, customer = self.env['ar.interest.engine'], plan.customer_id
        customer.partner_id.country_id = self.env.ref('base.fr')

        def claimed():
            return {claim.move_id: (bool(claim.interest), claim.reason)
                    for claim in engine._get_item_claims(
                        customer, self.company._get_ar_today())}

        self.assertEqual(claimed(), {
            plain.id: (True, None), stayed.id: (False, 'planned')})
        self.follow('2026-06-21')
        self.assertEqual(plan.state, 'broken')
        self.assertEqual(claimed(), {plain.id: (True, None), stayed.id: (True, None)})

    def test_the_customer_shows_them(self):
        plan = self.active_plan(self.invoice(900, due='2026-05-20'))
        customer = plan.customer_id
        self.assertEqual((customer.payment_plan_count, customer.planned_amount), (1, 900))
        self.assertEqual(
            self.env['ar.payment.plan'].search(customer.action_view_payment_plans()['domain']),
            plan)
        items = self.env['account.move.line'].search(plan.action_view_items()['domain'])
        self.assertEqual(items, plan.line_ids.move_line_id)

    def test_merged_customers_keep_their_plans(self):
        plan = self.active_plan(self.invoice(900, due='2026-05-20'))
        other = self.account_of(self.customer("Other"))
        other._absorb(plan.customer_id)
        for records in (plan, plan.line_ids, plan.instalment_ids):
            self.assertEqual(records.customer_id, other)
