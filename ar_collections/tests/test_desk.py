from lxml import etree

from odoo import fields
from odoo.exceptions import AccessError, UserError, ValidationError
from odoo.fields import Command
from odoo.tests import tagged

from .common import CollectionsCommon


class DeskCommon(CollectionsCommon):

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.company.ar_promise_grace_days = 2
        cls.company.ar_promise_tolerance = 1.0

    def promise(self, moves, day, amount=None, user=None):
        """Note a promise about the open items of some invoices."""
        customer = self.env['ar.customer']._get_or_create(moves.partner_id, self.company)
        items = self.items(moves)
        return self.env['ar.promise'].with_user(user or self.env.user).create({
            'customer_id': customer.id, 'currency_id': items.currency_id.id,
            'promise_date': day, 'amount': amount or sum(items.mapped('amount_residual_currency')),
            'line_ids': [Command.create({'move_line_id': item.id}) for item in items]})

    def dispute(self, moves, amount=None, reason='price', user=None):
        """Note a dispute about the open items of some invoices."""
        customer = self.env['ar.customer']._get_or_create(moves.partner_id, self.company)
        items = self.items(moves)
        return self.env['ar.dispute'].with_user(user or self.env.user).create({
            'customer_id': customer.id, 'currency_id': items.currency_id.id,
            'reason_id': self.env.ref(f'ar_collections.ar_dispute_reason_{reason}').id,
            'line_ids': [Command.create({
                'move_line_id': item.id, **({'amount': amount} if amount else {})})
                for item in items]})


@tagged('post_install', '-at_install')
class TestPromise(DeskCommon):

    def test_a_promise_suspends_the_ladder_until_its_deadline(self):
        invoice = self.invoice(100, due='2026-05-20')
        promise = self.promise(invoice, '2026-06-05')
        self.assertEqual(str(promise.deadline), '2026-06-07')
        run = self.run_dunning('2026-06-07')
        self.assertFalse(run.reminder_ids)
        self.assertEqual(self.reasons(run), [('promised', 100)])
        self.go('2026-06-08')
        self.assertEqual(len(self.run_dunning('2026-06-08').reminder_ids), 1)

    def test_the_ladder_resumes_where_it_was(self):
        """Level 5 has left, a promise, broken: level 15 follows, neither 5 again nor 30."""
        invoice = self.invoice(100, due='2026-05-24')
        self.night('2026-06-01')
        self.promise(invoice, '2026-06-26')
        # The days of the levels 15 and 30 pass while the promise stands.
        for day in ('2026-06-09', '2026-06-23', '2026-06-28'):
            self.assertEqual(self.reasons(self.run_dunning(day)), [('promised', 100)])
        self.go('2026-06-29')
        promise = self.account_of().promise_ids
        promise._follow()
        self.assertEqual(promise.state, 'broken')
        self.night('2026-06-29')
        sent = [('2026-06-01', 5, 100, 'sent'), ('2026-06-29', 15, 100, 'sent')]
        self.assertReminders(sent)
        self.assertEqual(invoice.ar_dunning_level_id.offset_days, 15)
        self.night('2026-06-30')
        self.assertReminders([*sent, ('2026-06-30', 30, 100, 'sent')])

    def test_a_waiting_reminder_loses_what_was_promised_meanwhile(self):
        invoice = self.invoice(100, due='2026-05-24')
        self.run_dunning('2026-06-01')
        self.promise(invoice, '2026-06-05')
        self.send()
        self.assertEqual(self.reminders().state, 'cancelled')

    def test_kept_by_cash_within_grace_and_tolerance(self):
        promise = self.promise(self.invoice(100, due='2026-05-20'), '2026-06-05')
        self.pay(promise.line_ids.move_id, 99, '2026-06-07')
        self.assertRecordValues(promise, [{'state': 'kept', 'paid_amount': 99}])

    def test_a_part_that_was_promised_is_enough(self):
        promise = self.promise(self.invoice(100, due='2026-05-20'), '2026-06-05', amount=40)
        self.pay(promise.line_ids.move_id, 30, '2026-06-03')
        self.assertEqual(promise.state, 'open')
        self.pay(promise.line_ids.move_id, 10, '2026-06-04')
        self.assertEqual(promise.state, 'kept')
        self.assertEqual(len(self.run_dunning('2026-06-05').reminder_ids), 1)

    def test_broken_the_day_after_the_deadline_and_told_once(self):
        promise = self.promise(self.invoice(100, due='2026-05-20'), '2026-06-05')
        cron = self.env.ref('ar_collections.ir_cron_ar_promise_follow')
        for day, state in (('2026-06-07', 'open'), ('2026-06-08', 'broken')):
            self.go(day)
            for _twice in range(2):
                with self.enter_registry_test_mode():
                    cron.method_direct_trigger()
            promise.invalidate_recordset()
            self.assertEqual(promise.state, state)
        self.assertEqual(len(promise.customer_id.activity_ids), 1)
        self.assertEqual(promise.customer_id.broken_promise_count, 1)

    def test_money_after_the_deadline_does_not_mend_it(self):
        promise = self.promise(self.invoice(100, due='2026-05-20'), '2026-06-05')
        self.go('2026-06-20')
        self.pay(promise.line_ids.move_id, 100, '2026-06-20')
        self.assertEqual(promise.state, 'broken')

    def test_late_booking_of_money_in_time_mends_it(self):
        promise = self.promise(self.invoice(100, due='2026-05-20'), '2026-06-05')
        self.go('2026-06-20')
        promise._follow()
        self.assertEqual(promise.state, 'broken')
        self.pay(promise.line_ids.move_id, 100, '2026-06-04')
        self.assertEqual(promise.state, 'kept')

    def test_a_credit_note_is_no_payment(self):
        invoice = self.invoice(100, due='2026-05-20')
        promise = self.promise(invoice, '2026-06-05')
        self.match(invoice, self.credit_note(60, '2026-06-02'))
        self.assertRecordValues(promise, [{'state': 'open', 'paid_amount': 0}])
        self.pay(invoice, 40, '2026-06-05')
        self.assertEqual(promise.state, 'kept')

    def test_nothing_left_to_pay(self):
        invoice = self.invoice(100, due='2026-05-20')
        promise = self.promise(invoice, '2026-06-05')
        self.match(invoice, self.credit_note(100, '2026-06-02'))
        self.assertEqual(promise.state, 'void')

    def test_undoing_the_reconciliation_opens_it_again(self):
        invoice = self.invoice(100, due='2026-05-20')
        promise = self.promise(invoice, '2026-06-05')
        self.pay(invoice, 100, '2026-06-03')
        self.assertEqual(promise.state, 'kept')
        invoice.line_ids.remove_move_reconcile()
        self.assertRecordValues(promise, [{'state': 'open', 'closed_on': False, 'paid_amount': 0}])

    def test_an_older_payment_matched_again_brings_no_new_money(self):
        invoice = self.invoice(100, due='2026-05-20')
        self.pay(invoice, 60, '2026-05-28')
        promise = self.promise(invoice, '2026-06-05')
        self.assertEqual(promise.amount, 40)
        payment_item = invoice.line_ids.matched_credit_ids.credit_move_id
        invoice.line_ids.remove_move_reconcile()
        (self.items(invoice) | payment_item).reconcile()
        self.assertRecordValues(promise, [{'state': 'open', 'paid_amount': 0}])

    def test_an_item_is_promised_once_at_a_time(self):
        invoice = self.invoice(100, due='2026-05-20')
        first = self.promise(invoice, '2026-06-05')
        with self.assertRaises(ValidationError), self.env.cr.savepoint():
            self.promise(invoice, '2026-06-09')
        first.action_cancel()
        self.assertEqual(self.promise(invoice, '2026-06-09').state, 'open')

    def test_what_cannot_be_promised(self):
        invoice = self.invoice(100, due='2026-05-20')
        stranger = self.customer("Stranger")
        with self.assertRaises(ValidationError):
            self.promise(invoice, '2026-06-05', amount=100.01)
        other = self.env['ar.customer']._get_or_create(stranger, self.company)
        with self.assertRaises(ValidationError):
            self.env['ar.promise'].create({
                'customer_id': other.id, 'amount': 100, 'promise_date': '2026-06-05',
                'currency_id': self.company.currency_id.id,
                'line_ids': [Command.create({'move_line_id': self.items(invoice).id})]})

    def test_nobody_types_the_state(self):
        collector = self.user('collector')
        promise = self.promise(self.invoice(100, due='2026-05-20'), '2026-06-05', user=collector)
        for vals in ({'state': 'kept'}, {'deadline': '2027-01-01'}, {'tolerance': 100}):
            with self.assertRaises(AccessError):
                promise.write(vals)
        with self.assertRaises(AccessError):
            promise.unlink()

    def test_broken_promises_count_in_the_score(self):
        promise = self.promise(self.invoice(100, due='2026-05-20'), '2026-06-05')
        self.go('2026-06-09')
        promise._follow()
        scorecard = self.env['ar.scorecard'].search([], limit=1)
        values = self.env['ar.customer']._get_score_values(
            self.company, promise.customer_id.ids, scorecard)
        self.assertEqual(values['broken_promises'], {promise.customer_id.id: 1.0})


@tagged('post_install', '-at_install')
class TestDispute(DeskCommon):

    def test_disputed_in_full_leaves_the_ladder(self):
        dispute = self.dispute(self.invoice(100, due='2026-05-20'))
        run = self.run_dunning('2026-06-01')
        self.assertFalse(run.reminder_ids)
        self.assertEqual(self.reasons(run), [('disputed', 100)])
        dispute._settle('upheld', "Proof of delivery sent.")
        self.assertEqual(len(self.run_dunning('2026-06-02').reminder_ids), 1)

    def test_the_ladder_resumes_where_it_was(self):
        """At the level after the last one sent: not from the start, nor at that of its age."""
        invoice = self.invoice(100, due='2026-05-26')
        self.night('2026-06-01')
        dispute = self.dispute(invoice)
        for day in ('2026-06-11', '2026-06-20', '2026-07-04'):
            self.night(day)
        self.assertReminders([('2026-06-01', 5, 100.0, 'sent')])
        dispute._settle('upheld', "Proof of delivery sent.")
        self.night('2026-07-05')
        self.assertReminders(
            [('2026-06-01', 5, 100.0, 'sent'), ('2026-07-05', 15, 100.0, 'sent')])

    def test_the_pivot_by_reason_owner_and_product(self):
        product = self.env['product.product'].create({'name': "Pump"})
        owners = self.env.user | self.user('collector', 'pivot_owner')
        disputes = self.env['ar.dispute']
        for number, (reason, amount) in enumerate(
                (('price', 100), ('price', 40), ('delivery', 7), ('delivery', 300))):
            invoice = self.invoice(amount, due='2026-05-20', post=False)
            if number % 2:
                invoice.invoice_line_ids.product_id = product
                invoice.invoice_line_ids.write({'price_unit': amount, 'tax_ids': False})
            invoice.action_post()
            dispute = self.dispute(invoice, reason=reason)
            dispute.owner_id = owners[number // 2]
            disputes |= dispute
        view = etree.fromstring(self.env['ar.dispute'].get_view(view_type='pivot')['arch'])
        measure = view.xpath("//field[@type='measure']/@name")[0]
        for field in ('reason_id', 'owner_id', 'product_id'):
            found = {group[field] and group[field][0]: group[f'{measure}:sum']
                     for group in self.env['ar.dispute'].formatted_read_group(
                         [('id', 'in', disputes.ids)], [field], [f'{measure}:sum'])}
            slow = {}
            for dispute in disputes:
                key = dispute[field].id
                slow[key] = slow.get(key, 0) + sum(
                    dispute.line_ids.move_line_id.mapped('amount_residual'))
            self.assertEqual(found, slow, field)
            self.assertEqual(len(found), 2, field)
        # Days to settle: a mean of those that are settled, not of zeros beside it.
        self.go('2026-06-05')
        disputes[0]._settle('upheld', "As agreed")
        days = [group['days_open:avg'] for group in self.env['ar.dispute'].formatted_read_group(
            [('id', 'in', disputes.ids)], ['reason_id'], ['days_open:avg'])]
        self.assertCountEqual(days, [4, False])

    def test_the_rest_of_a_disputed_item_is_still_claimed(self):
        invoice = self.invoice(100, due='2026-05-24')
        self.dispute(invoice, amount=30)
        self.run_dunning('2026-06-01')
        self.assertRecordValues(self.reminders(), [{'amount_due': 70, 'amount_claimed': 70}])
        self.send()
        self.deliver()
        self.assertRecordValues(self.reminders(), [{'state': 'sent', 'amount_claimed': 70}])

    def test_a_dispute_after_the_proposal_lowers_the_claim_when_it_leaves(self):
        invoice = self.invoice(100, due='2026-05-24')
        self.run_dunning('2026-06-01')
        self.dispute(invoice, amount=25)
        self.send()
        self.assertEqual(self.reminders().amount_claimed, 75)

    def test_the_part_in_company_currency_keeps_the_ratio(self):
        dollar = self.use_dollar(('2026-01-01', 2.0))
        self.dispute(self.invoice(200, due='2026-05-24', currency=dollar), amount=50)
        self.run_dunning('2026-06-01')
        self.assertEqual(self.reminders().amount_claimed, 75)

    def test_payment_closes_it_and_undoing_opens_it_again(self):
        invoice = self.invoice(100, due='2026-05-20')
        dispute = self.dispute(invoice)
        self.pay(invoice, 100, '2026-06-01')
        self.assertRecordValues(dispute, [{'state': 'paid', 'days_open': 0}])
        invoice.line_ids.remove_move_reconcile()
        self.assertRecordValues(dispute, [{'state': 'open', 'closed_on': False}])

    def test_a_credit_note_made_from_it_settles_it(self):
        invoice = self.invoice(100, due='2026-05-20')
        dispute = self.dispute(invoice)
        action = dispute.action_credit_note()
        wizard = self.env['account.move.reversal'].with_context(**action['context']).create(
            {'journal_id': invoice.journal_id.id})
        wizard.refund_moves()
        self.assertEqual(dispute.credit_note_ids.reversed_entry_id, invoice)
        self.assertEqual(dispute.state, 'open')
        dispute.credit_note_ids.action_post()
        self.match(invoice, dispute.credit_note_ids)
        self.assertEqual(dispute.state, 'credited')
        invoice.line_ids.remove_move_reconcile()
        self.assertEqual(dispute.state, 'open')

    def test_owner_and_deadline_come_from_the_reason(self):
        reason = self.env.ref('ar_collections.ar_dispute_reason_quality')
        reason.owner_id = self.user('manager')
        dispute = self.dispute(self.invoice(100, due='2026-05-20'), reason='quality')
        self.assertEqual(dispute.owner_id, reason.owner_id)
        self.assertEqual(str(dispute.deadline), '2026-06-16')
        self.assertEqual(dispute.activity_ids.user_id, reason.owner_id)
        dispute._settle('withdrawn', "They found the pallet.")
        self.assertFalse(dispute.activity_ids)

    def test_no_more_than_is_owed(self):
        with self.assertRaises(ValidationError):
            self.dispute(self.invoice(100, due='2026-05-20'), amount=100.01)

    def test_reopening_needs_something_owed(self):
        invoice = self.invoice(100, due='2026-05-20')
        dispute = self.dispute(invoice)
        dispute._settle('upheld', "Price as ordered.")
        self.pay(invoice, 70, '2026-06-01')
        dispute.action_reopen()
        self.assertRecordValues(dispute, [{'state': 'open', 'amount': 30}])
        self.pay(invoice, 30, '2026-06-01')
        self.assertEqual(dispute.state, 'paid')
        with self.assertRaises(UserError):
            dispute.action_reopen()

    def test_invoices_say_it(self):
        plain, disputed = self.invoice(100, due='2026-05-20'), self.invoice(50, due='2026-05-20')
        dispute = self.dispute(disputed)
        self.promise(plain, '2026-06-05')
        Move = self.env['account.move']
        self.assertEqual(disputed.ar_dispute_state, 'open')
        self.assertEqual(str(plain.ar_promise_date), '2026-06-05')
        mine = [('company_id', '=', self.company.id)]
        self.assertEqual(Move.search([*mine, ('ar_dispute_state', '=', 'open')]), disputed)
        self.assertEqual(Move.search([*mine, ('ar_promise_date', '>=', '2026-06-05')]), plain)
        dispute._settle('upheld', "Price as ordered.")
        self.assertEqual(Move.search([*mine, ('ar_dispute_state', '=', 'settled')]), disputed)

    def test_the_steps_of_the_reason_are_ticked_on_the_dispute(self):
        mine, other = self.user('own', login='mine'), self.user('own', login='other')
        price, quality = (self.env.ref(f'ar_collections.ar_dispute_reason_{code}')
                          for code in ('price', 'quality'))
        self.env.cr.execute(  # A language more, as an import of translations writes it.
            "UPDATE ar_dispute_reason_step SET name = name || '{\"fr_FR\": \"Comparer\"}'"
            " WHERE id = %s", [price.step_ids[0].id])
        dispute = self.dispute(self.invoice(100, due='2026-05-20'))
        dispute.customer_id.collector_id = mine
        self.env.cr.execute(
            "SELECT step.name = reason.name FROM ar_dispute_step step"
            " JOIN ar_dispute_reason_step reason ON reason.sequence = step.sequence"
            " WHERE step.dispute_id = %s AND reason.reason_id = %s", [dispute.id, price.id])
        self.assertEqual(self.env.cr.fetchall(), [(True,)] * 3, "in every language")
        steps = dispute.step_ids.with_user(mine)
        steps[0].done = True
        self.assertRecordValues(steps[0], [
            {'done_by_id': mine.id, 'done_on': fields.Date.to_date('2026-06-01')}])
        self.assertEqual(dispute.next_step, steps[1].name)
        for step, vals in ((steps[1], {'done_by_id': other.id}), (steps[1], {'done_on': False})):
            with self.assertRaises(AccessError):
                step.write(vals)
        with self.assertRaises(AccessError):
            steps[1].with_user(other).done = True
        # What was done for one dispute was not done for another.
        foreign = self.dispute(self.invoice(50, due='2026-05-20', partner=self.customer("Else")))
        foreign.customer_id.collector_id = other
        own = self.dispute(self.invoice(70, due='2026-05-20'))
        for elsewhere in (foreign, own):
            with self.assertRaises(AccessError):
                steps[0].dispute_id = elsewhere.id
        with self.assertRaises(UserError):
            steps[0].name = "Something else"
        with self.assertRaises(UserError):
            steps[0].unlink()
        # Another reason: what was done stays, the rest is that reason's.
        dispute.with_user(mine).reason_id = quality
        self.assertEqual(dispute.step_ids.mapped('name'),
                         [price.step_ids[0].name, *quality.step_ids.mapped('name')])
        steps[0].done = False
        self.assertFalse(steps[0].done_by_id or steps[0].done_on)
        dispute._settle('upheld', "As ordered.")
        self.assertFalse(dispute.next_step)
        with self.assertRaises(UserError):
            dispute.step_ids[1].with_user(mine).done = True
        # Of merged customers they follow their dispute: without a customer, everybody saw them.
        twin = self.account_of(self.customer("Twin"))
        twin.sudo()._absorb(dispute.customer_id.sudo())
        self.assertEqual(dispute.step_ids.mapped('customer_id'), twin)

    def test_a_perimeter_hides_what_others_follow(self):
        mine, other = self.user('own', login='mine'), self.user('own', login='other')
        dispute = self.dispute(self.invoice(100, due='2026-05-20'))
        dispute.customer_id.collector_id = mine
        self.assertEqual(self.env['ar.dispute'].with_user(mine).search_count([]), 1)
        self.assertEqual(self.env['ar.dispute'].with_user(other).search_count([]), 0)


@tagged('post_install', '-at_install')
class TestDeskQueries(DeskCommon):

    def test_payments_without_agreements_cost_one_query(self):
        invoice = self.invoice(100, due='2026-05-20')
        items = self.items(invoice).ids
        self.env['account.partial.reconcile']._ar_follow_items(items)
        with self.assertQueryCount(1):
            self.env['account.partial.reconcile']._ar_follow_items(items)
