"""Each of these once failed: mistakes found by reading the desk again."""
from odoo.exceptions import AccessError, UserError, ValidationError
from odoo.fields import Command
from odoo.tests import tagged

from .plan_common import PlanCommon


@tagged('post_install', '-at_install')
class TestDeskMended(PlanCommon):

    def test_what_an_item_owed_is_not_typed_in(self):
        """Lowered to 40 of 100, no payment of the item was ever seen."""
        collector = self.user('collector')
        invoice = self.invoice(100, due='2026-05-20')
        item = self.items(invoice)
        promise = self.env['ar.promise'].with_user(collector).create({
            'customer_id': self.account_of().id, 'currency_id': item.currency_id.id,
            'promise_date': '2026-06-05', 'amount': 40,
            'line_ids': [Command.create({'move_line_id': item.id, 'amount': 40})]})
        self.assertEqual(promise.line_ids.amount, 100)
        with self.assertRaises(AccessError):
            promise.line_ids.amount = 40
        self.pay(invoice, 40, '2026-06-02')
        self.assertEqual(promise.state, 'kept')

    def test_a_credit_is_not_promised(self):
        """Matched, it made the promise about the rest void."""
        invoice, credit = self.invoice(100, due='2026-05-20'), self.credit_note(50, '2026-05-25')
        with self.assertRaisesRegex(ValidationError, "is a credit"):
            self.promise(invoice | credit, '2026-06-05', amount=50)

    def test_an_item_added_later_counts_from_then_on(self):
        first, second = self.invoice(100, due='2026-05-20'), self.invoice(100, due='2026-05-20')
        promise = self.promise(first, '2026-06-10')
        self.pay(second, 60, '2026-06-02')
        promise.write({'line_ids': [Command.create({'move_line_id': self.items(second).id})]})
        self.match(second, self.credit_note(40, '2026-06-03'))
        self.assertRecordValues(promise, [{'state': 'open', 'paid_amount': 0}])

    def test_the_items_of_a_closed_agreement_are_history(self):
        collector = self.user('collector')
        invoice, other = self.invoice(100, due='2026-05-20'), self.invoice(50, due='2026-05-20')
        promise = self.promise(invoice, '2026-06-05', user=collector)
        dispute = self.dispute(invoice, amount=10, user=collector)
        self.pay(invoice, 100, '2026-06-01')
        self.assertEqual((promise.state, dispute.state), ('kept', 'paid'))
        item = self.items(other).id
        for agreement, parent in ((promise, 'promise_id'), (dispute, 'dispute_id')):
            lines = agreement.line_ids.with_user(collector)
            for change in (
                lambda lines=lines: lines.unlink(),
                lambda lines=lines: lines.write({'move_line_id': item}),
                lambda lines=lines, parent=parent, agreement=agreement: lines.create(
                    {parent: agreement.id, 'move_line_id': item}),
                lambda lines=lines: lines.write({'state': 'open'}),
            ):
                with self.assertRaises(UserError), self.env.cr.savepoint():
                    change()

    def test_no_item_moves_and_the_last_one_stays(self):
        collector = self.user('collector')
        first, second = self.invoice(100, due='2026-05-20'), self.invoice(50, due='2026-05-20')
        promise = self.promise(first, '2026-06-05', user=collector)
        other = self.promise(second, '2026-06-05', user=collector)
        with self.assertRaises(UserError):
            promise.line_ids.promise_id = other
        with self.assertRaises(UserError), self.env.cr.savepoint():
            promise.line_ids.unlink()
        promise.write({'amount': 60, 'line_ids': [
            Command.create({'move_line_id': self.items(self.invoice(5, due='2026-05-20')).id})]})
        with self.assertRaises(UserError), self.env.cr.savepoint():
            promise.line_ids[0].unlink()

    def test_a_cancelled_invoice_breaks_no_promise(self):
        invoice = self.invoice(100, due='2026-05-20')
        promise, dispute = self.promise(invoice, '2026-06-05'), self.dispute(invoice, amount=30)
        invoice.button_draft()
        self.assertEqual((promise.state, dispute.state), ('void', 'void'))
        self.follow('2026-06-20')
        invoice.button_cancel()
        self.assertEqual(promise.state, 'void')
        self.assertFalse(promise.customer_id.activity_ids)

    def test_back_from_draft_it_is_agreed_again(self):
        invoice = self.invoice(100, due='2026-05-20')
        promise, dispute = self.promise(invoice, '2026-06-05'), self.dispute(invoice, amount=30)
        invoice.button_draft()
        invoice.action_post()
        self.assertEqual((promise.state, dispute.state), ('open', 'open'))

    def test_new_instalments_in_draft_keep_what_was_agreed(self):
        """Odoo replaces the items: what hung on them was deleted with them."""
        invoice = self.invoice(100, terms=[(30, 50), (60, 50)], date='2026-04-01')
        promise = self.promise(invoice, '2026-06-05')
        self.assertEqual(len(promise.line_ids), 2)
        invoice.button_draft()
        invoice.invoice_payment_term_id = False
        invoice.invoice_date_due = '2026-06-01'
        self.assertEqual(len(self.items(invoice)), 1)
        invoice.action_post()
        self.assertEqual(len(promise.line_ids), 2, "nothing is lost")
        self.assertEqual(promise.line_ids.move_id, invoice)
        self.assertIn(self.items(invoice), promise.line_ids.move_line_id)
        self.assertEqual(promise.state, 'open')
        self.pay(invoice, 100, '2026-06-02')
        self.assertEqual(promise.state, 'kept')

    def test_new_instalments_in_draft_keep_the_part_that_is_disputed(self):
        """The dispute of 30 became one of the whole item that replaced the lost one."""
        invoice = self.invoice(100, terms=[(30, 50), (60, 50)], date='2026-03-01')
        terms, dispute = invoice.invoice_payment_term_id, self.dispute(invoice, amount=30)
        old = self.items(invoice)
        invoice.button_draft()
        invoice.invoice_payment_term_id = False
        invoice.invoice_payment_term_id = terms
        self.assertNotEqual(self.items(invoice), old, "Odoo has replaced one")
        invoice.action_post()
        self.assertEqual(dispute.line_ids.move_line_id, self.items(invoice))
        self.assertEqual(dispute.line_ids.mapped('amount'), [30, 30])
        self.assertRecordValues(dispute, [{'state': 'open', 'amount': 60}])
        self.assertEqual(self.run_dunning().reminder_ids.amount_claimed, 40, "the rest")

    def test_a_smaller_item_in_draft_lowers_what_is_disputed_of_it(self):
        """Else the invoice could not be posted while the dispute stands about another one."""
        invoice = self.invoice(100, terms=[(30, 20), (60, 80)], date='2026-03-01')
        other = self.invoice(70, due='2026-05-20')
        terms, dispute = invoice.invoice_payment_term_id, self.dispute(invoice | other, amount=20)
        old = self.items(invoice)
        invoice.button_draft()
        invoice.invoice_payment_term_id = False
        terms.line_ids[0].value_amount, terms.line_ids[1].value_amount = 10, 90
        invoice.invoice_payment_term_id = terms
        self.assertEqual(dispute.state, 'open', "about the other one")
        invoice.action_post()
        new = self.items(invoice) - old
        self.assertEqual(new.amount_residual, 10)
        self.assertEqual({line.move_line_id: line.amount for line in dispute.line_ids}, {
            new: 10, self.items(invoice) - new: 20, self.items(other): 20})

    def test_undoing_an_older_payment_while_a_newer_promise_stands(self):
        """The unique index refused to undo the reconciliation at all."""
        invoice = self.invoice(100, due='2026-05-20')
        first = self.promise(invoice, '2026-06-10', amount=40)
        self.pay(invoice, 40, '2026-06-02')
        second = self.promise(invoice, '2026-06-20')
        invoice.line_ids.remove_move_reconcile()
        self.assertEqual((first.state, second.state), ('replaced', 'open'))
        self.assertFalse(first._follow() | second._follow())

    def test_a_replaced_promise_is_broken_on_its_day_like_others(self):
        """The night passed it over: broken or not hung on whether anything was booked after."""
        invoice = self.invoice(100, due='2026-05-20')
        first = self.promise(invoice, '2026-06-10', amount=40)
        self.pay(invoice, 40, '2026-06-02')
        self.promise(invoice, '2026-06-20')
        invoice.line_ids.remove_move_reconcile()
        self.follow('2026-06-12')
        self.assertEqual(first.state, 'replaced', "two days of grace")
        self.follow('2026-06-13')
        self.assertEqual(first.state, 'broken')
        self.assertFalse(first._follow())

    def test_a_later_dispute_that_was_settled_holds_no_item(self):
        """Paid and unpaid again, the older one stayed paid."""
        invoice = self.invoice(100, due='2026-05-20')
        first = self.dispute(invoice)
        first._settle('upheld', "As ordered.")
        second = self.dispute(invoice)
        second._settle('upheld', "As ordered.")
        first.action_reopen()
        self.pay(invoice, 100, '2026-06-02')
        self.assertEqual((first.state, second.state), ('paid', 'upheld'))
        invoice.line_ids.remove_move_reconcile()
        self.assertEqual((first.state, second.state), ('open', 'upheld'))

    def test_no_reopening_beside_a_later_dispute_that_may_open_by_itself(self):
        """The unique index then refused to undo the payment."""
        invoice, other = self.invoice(100, due='2026-05-20'), self.invoice(50, due='2026-05-20')
        first = self.dispute(invoice | other)
        first._settle('upheld', "As ordered.")
        second = self.dispute(invoice)
        self.pay(invoice, 100, '2026-06-02')
        self.assertEqual(second.state, 'paid')
        with self.assertRaisesRegex(UserError, f"{second.name}.*new dispute"):
            first.action_reopen()
        invoice.line_ids.remove_move_reconcile()
        self.assertEqual((first.state, second.state), ('upheld', 'open'))

    def test_a_plan_that_nobody_agreed_to_replaces_none(self):
        """Cancelled as a draft, or lapsed: a payment in time that is booked late came too late."""
        for propose in (False, True):
            with self.subTest(propose=propose):
                self.go('2026-06-01')
                invoice = self.invoice(90, due='2026-05-20')
                first = self.active_plan(invoice)
                self.follow('2026-06-21')
                self.assertEqual(first.state, 'broken')
                second = self.draft_plan(invoice, first='2026-07-20')
                if propose:
                    second.action_submit()
                    self.follow('2026-07-07')
                else:
                    second.action_cancel()
                self.assertEqual(second.state, 'cancelled')
                self.pay(invoice, 90, '2026-06-15')
                self.assertEqual(first.state, 'kept')
                invoice.line_ids.remove_move_reconcile()
                self.go('2026-06-18')
                self.assertTrue(first._follow())
                self.assertEqual(first.state, 'active')

    def test_a_plan_that_waits_for_approval_holds_its_items(self):
        """The unique index refused the payment that made the older one good."""
        self.company.ar_plan_approval_amount = 10
        invoice = self.invoice(90, due='2026-05-20')
        first = self.draft_plan(invoice)
        first.action_submit()
        first.sudo()._propose()
        first.action_start()
        self.follow('2026-06-21')
        second = self.draft_plan(invoice, first='2026-07-20')
        second.action_submit()
        self.assertEqual((first.state, second.state), ('broken', 'to_approve'))
        self.pay(invoice, 30, '2026-06-15')
        self.assertEqual((first.state, second.state), ('cancelled', 'to_approve'))

    def test_a_loss_before_the_dispute_is_no_answer_to_it(self):
        """Paid in full, a dispute about the rest ended as written off."""
        invoice = self.invoice(100, due='2026-05-20')
        accounts = self.env['account.account'].create({
            'code': '654100', 'name': "Bad debts", 'account_type': 'expense',
            'company_ids': [Command.set(self.company.ids)]})
        self.company.write({'ar_bad_debt_account_id': accounts.id, 'ar_write_off_free': 1000})
        loss = self.env['ar.write.off'].create({
            'customer_id': self.account_of().id, 'reason': "Gone.", 'date': '2026-06-01',
            'line_ids': [Command.create({'move_line_id': self.items(invoice).id, 'amount': 10})]})
        loss.action_submit()
        loss.move_id.action_post()
        dispute = self.dispute(invoice)
        self.pay(invoice, 90, '2026-06-01')
        self.assertEqual(dispute.state, 'paid')

    def test_today_is_the_company_s(self):
        self.company.resource_calendar_id.tz = 'Pacific/Auckland'
        promise = self.promise(self.invoice(100, due='2026-05-20'), '2026-06-05')
        self.go('2026-06-07', '11:00:00')
        self.follow()
        self.assertEqual(promise.state, 'open', "23:00 of the last day")
        self.go('2026-06-07', '13:00:00')
        self.follow()
        self.assertEqual(promise.state, 'broken', "the next day has begun there")

    def test_a_closing_day_is_the_company_s_whoever_closes(self):
        collector = self.user('collector')
        collector.tz = 'Pacific/Auckland'
        self.go('2026-06-03', '20:00:00')
        promise = self.promise(self.invoice(100, due='2026-05-20'), '2026-06-05', user=collector)
        dispute = self.dispute(self.invoice(100, due='2026-05-20'), user=collector)
        self.assertEqual(str(promise.taken_on), '2026-06-03')
        promise.action_cancel()
        dispute._settle('upheld', "As ordered.")
        self.assertEqual((str(promise.closed_on), str(dispute.closed_on)), ('2026-06-03',) * 2)
        self.assertEqual(dispute.days_open, 0)

    def test_overlays_in_currencies_with_three_decimals_and_none(self):
        for name, amount, part in (('KWD', 20.5, 10.125), ('JPY', 1000, 333)):
            currency = self.env.ref(f'base.{name}')
            currency.active = True
            currency.rounding = 0.001 if name == 'KWD' else 1
            self.env['res.currency.rate'].create({
                'currency_id': currency.id, 'company_id': self.company.id, 'name': '2026-01-01',
                'rate': 1.0})
            self.dispute(self.invoice(amount, due='2026-05-20', currency=currency), amount=part)
            self.env.flush_all()
            [(found,)] = self.env['ar.aged.balance'].with_context(
                ar_date='2026-06-01', ar_valuation='document')._read_group(
                [('document_currency_id', '=', currency.id)], [], ['disputed_amount:sum'])
            self.assertAlmostEqual(found, part, 3)

    def test_overlays_of_a_report_at_the_rate_of_the_day(self):
        """Booked at par, worth half of it on the day: as the column in dollars, and no more."""
        dollar = self.env.ref('base.USD')
        dollar.active = True
        self.env['res.currency.rate'].create([
            {'currency_id': dollar.id, 'company_id': self.company.id, 'name': day, 'rate': rate}
            for day, rate in (('2026-01-01', 1.0), ('2026-05-31', 2.0))])
        disputed, promised, planned = (
            self.invoice(amount, due='2026-05-20', currency=dollar) for amount in (90, 81, 33))
        self.dispute(disputed, amount=41)
        self.promise(promised, '2026-06-10')
        self.active_plan(planned)
        self.invoice(1000, due='2026-05-20')
        self.env.flush_all()
        names = ['amount', 'disputed_amount', 'promised_amount', 'planned_amount']

        def read(**options):
            rows = self.env['ar.aged.balance'].with_context(ar_date='2026-06-01', **{
                f'ar_{key}': value for key, value in options.items()})._read_group(
                [('document_currency_id', '=', dollar.id)], ['move_id'],
                [f'{name}:sum' for name in names])
            return {move: [round(value, 2) for value in values] for move, *values in rows}

        document, ledger = read(valuation='document'), read()
        self.assertEqual(document, {
            disputed: [90, 41, 0, 0], promised: [81, 0, 81, 0], planned: [33, 0, 0, 33]})
        self.assertEqual(document, ledger, "booked at par")
        halves = {move: [value / 2 for value in values] for move, values in document.items()}
        self.assertEqual(read(valuation='revalued'), halves)
        self.credit_note(30, '2026-05-15', currency=dollar)
        self.env.flush_all()
        rows = read(valuation='revalued', credits='oldest')
        self.assertEqual({move: values[1:] for move, values in rows.items()}, {
            move: [min(value, rows[move][0]) for value in values[1:]]
            for move, values in halves.items()})
        self.assertEqual(sum(values[0] for values in rows.values()), (90 + 81 + 33 - 30) / 2)
        options = {'date': '2026-06-01', 'valuation': 'revalued'}
        self.assertLessEqual(set(names), set(dict(
            self.env['ar.aged.report']._get_dataset(options)['columns'])))

    def test_the_part_that_was_promised_stands_beside_the_buckets(self):
        invoice = self.invoice(100, due='2026-05-20')
        self.promise(invoice, '2026-06-10', amount=40)
        other = self.invoice(100, due='2026-05-21')
        self.promise(other, '2026-06-10')
        self.pay(other, 30, '2026-06-01')
        [(found,)] = self.env['ar.aged.balance'].with_context(
            ar_date='2026-06-01')._read_group([], [], ['promised_amount:sum'])
        self.assertEqual(found, 40 + 70)

    def test_invoices_without_an_agreement_are_found(self):
        plain, disputed = self.invoice(100, due='2026-05-20'), self.invoice(50, due='2026-05-20')
        self.dispute(disputed)
        self.promise(plain, '2026-06-05')
        mine = [('id', 'in', (plain | disputed).ids)]
        Move = self.env['account.move']
        self.assertEqual(Move.search([*mine, ('ar_dispute_state', '=', False)]), plain)
        self.assertEqual(Move.search([*mine, ('ar_promise_date', '=', False)]), disputed)
        self.assertEqual(Move.search([*mine, ('ar_promise_date', '=', '2026-06-05')]), plain)

    def test_who_settles_hears_of_it_when_it_opens_again(self):
        reason = self.env.ref('ar_collections.ar_dispute_reason_quality')
        reason.owner_id = self.user('manager')
        invoice = self.invoice(100, due='2026-05-20')
        dispute = self.dispute(invoice, reason='quality')
        self.pay(invoice, 100, '2026-06-01')
        self.assertFalse(dispute.activity_ids)
        invoice.line_ids.remove_move_reconcile()
        self.assertEqual(dispute.activity_ids.user_id, reason.owner_id)

    def test_a_dispute_is_not_reopened_beside_another(self):
        invoice = self.invoice(100, due='2026-05-20')
        first = self.dispute(invoice)
        first._settle('upheld', "As ordered.")
        self.dispute(invoice, amount=10)
        with self.assertRaisesRegex(UserError, "close that one first"):
            first.action_reopen()
