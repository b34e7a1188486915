from odoo import Command
from odoo.exceptions import AccessError, UserError, ValidationError
from odoo.tests import tagged
from odoo.tools import SQL

from .legal_common import LegalCommon


@tagged('post_install', '-at_install')
class TestDoubtful(LegalCommon):
    """411 to 416 and back: what is owed stays owed, to the cent, on every screen."""

    def test_the_item_moves_and_the_aged_balance_still_shows_it(self):
        invoice = self.invoice(100, due='2026-03-01')
        self.invoice(50, due='2026-03-01')
        transfer = self.to_doubtful(invoice, post=False)
        self.assertRecordValues(transfer, [{'state': 'draft', 'amount': 100}])
        self.assertEqual(transfer.move_id.state, 'draft')
        self.assertTies()
        transfer.move_id.action_post()
        self.assertEqual(transfer.state, 'booked')
        self.assertTrue(self.items(invoice).reconciled)
        self.assertEqual(self.balance(self.doubtful), 100)
        self.assertEqual(self.balance(self.receivable), 50)
        self.assertEqual(self.aged_total(), 150)
        self.assertTies()
        moved = transfer.line_ids.doubtful_line_id
        self.assertEqual(str(moved.date_maturity), '2026-03-01')
        self.assertEqual(moved.partner_id, self.buyer)

    def test_nothing_is_moved_twice(self):
        invoice = self.invoice(100, due='2026-03-01')
        self.assertTrue(self.to_doubtful(invoice, post=False))
        self.assertFalse(self.to_doubtful(invoice, post=False))

    def test_the_way_back_opens_the_invoice(self):
        invoice = self.invoice(100, due='2026-03-01')
        transfer = self.to_doubtful(invoice)
        transfer.with_user(self.boss).action_back()
        self.assertEqual(transfer.state, 'booked')
        transfer.back_move_id.action_post()
        self.assertEqual(transfer.state, 'undone')
        self.assertEqual(self.items(invoice).amount_residual, 100)
        self.assertEqual(invoice.payment_state, 'not_paid')
        self.assertEqual(self.balance(self.doubtful), 0)
        self.assertTrue(all(
            line.reconciled for line in (transfer.move_id | transfer.back_move_id).line_ids))
        self.assertTies()
        again = self.to_doubtful(invoice)
        self.assertEqual(again.state, 'booked')

    def test_the_way_back_of_what_is_left(self):
        invoice = self.invoice(100, due='2026-03-01')
        transfer = self.to_doubtful(invoice)
        moved = transfer.line_ids.doubtful_line_id
        payment = self.pay(self.buyer, 40, '2026-06-01')
        line = payment.move_id.line_ids.filtered(lambda one: one.account_id == self.receivable)
        payment.move_id.button_draft()
        line.account_id = self.doubtful
        payment.move_id.with_user(self.accountant).action_post()
        (moved | payment.move_id.line_ids.filtered(
            lambda one: one.account_id == self.doubtful)).reconcile()
        self.assertEqual(moved.amount_residual, 60)
        self.assertTies()
        transfer.with_user(self.boss).action_back()
        transfer.back_move_id.action_post()
        self.assertEqual(transfer.state, 'undone')
        self.assertEqual(self.balance(self.doubtful), 0)
        self.assertEqual(self.balance(self.receivable), 60)
        back = self.items(transfer.back_move_id)
        self.assertRecordValues(back, [{'amount_residual': 60}])
        self.assertEqual(str(back.date_maturity), '2026-03-01')
        self.assertTies()

    def test_reversing_and_unmatching_open_it_again(self):
        invoice = self.invoice(100, due='2026-03-01')
        transfer = self.to_doubtful(invoice)
        self.reverse(transfer)
        self.assertEqual(transfer.state, 'undone')
        self.assertEqual(self.items(invoice).amount_residual, 100)
        self.assertTies()

    def test_a_case_goes_on_with_what_was_moved(self):
        invoice = self.invoice(100, due='2026-03-01')
        case = self.case(invoice)
        transfer = self.to_doubtful(invoice)
        self.assertRecordValues(case, [{'stage': 'notice', 'residual': 100}])
        self.book(self.write_off(
            None, items=transfer.line_ids.doubtful_line_id, case_id=case.id))
        self.assertRecordValues(case, [{
            'stage': 'closed', 'outcome': 'uncollectible', 'residual': 0}])
        self.assertEqual(self.balance(self.doubtful), 0)
        self.assertTies()

    def test_the_vat_of_a_doubtful_item_is_that_of_its_invoice(self):
        invoice = self.taxed(1000)
        transfer = self.to_doubtful(invoice)
        record = self.write_off(
            None, items=transfer.line_ids.doubtful_line_id, recover_tax=True)
        self.assertRecordValues(record, [{'amount': 1200, 'tax_amount': 200,
                                          'loss_amount': 1000}])

    def test_cancelling_frees_the_item(self):
        invoice = self.invoice(100, due='2026-03-01')
        transfer = self.to_doubtful(invoice, post=False)
        transfer.with_user(self.boss).action_cancel()
        self.assertEqual(transfer.state, 'cancelled')
        self.assertTrue(self.to_doubtful(invoice))

    def test_only_a_manager_decides(self):
        case = self.case(self.invoice(100, due='2026-03-01'), user=self.clerk)
        with self.assertRaises(AccessError):
            case.action_doubtful()
        self.assertTrue(case.with_user(self.boss).action_doubtful()['res_id'])
        transfer = self.env['ar.doubtful.transfer'].search([])
        with self.assertRaises(AccessError):
            transfer.with_user(self.clerk).action_cancel()

    def test_without_an_account_it_says_what_to_do(self):
        self.company.ar_doubtful_account_ids = False
        with self.assertRaisesRegex(UserError, "settings of Receivables"):
            self.to_doubtful(self.invoice(100, due='2026-03-01'), post=False)
        with self.assertRaises(ValidationError):
            self.company.ar_doubtful_account_id = self.doubtful

    def test_an_account_of_receivables_may_be_the_target(self):
        """Where the chart types doubtful debtors as receivable, nothing else is needed."""
        target = self.account('407000', "Doubtful debtors", 'asset_receivable', reconcile=True)
        self.company.ar_doubtful_account_id = target
        invoice = self.invoice(100, due='2026-03-01')
        self.to_doubtful(invoice)
        self.assertEqual(self.balance(target), 100)
        self.assertEqual(self.aged_total(), 100)

    # === WHAT WAS AGREED === #

    def agree_on_all(self, moves):
        items = self.items(moves)
        return [self.agree(model, items)
                for model in ('ar.promise', 'ar.dispute', 'ar.payment.plan')]

    def assertStand(self, records, item, states=('open', 'open', 'active'), residual=100):
        self.env.flush_all()
        self.env.invalidate_all()
        self.assertEqual([one.state for one in records], list(states))
        for record in records:
            self.assertRecordValues(record.line_ids, [{
                'move_line_id': item.id, 'residual': residual, 'amount': 100}])
            self.assertFalse(record._follow(), "once more changes nothing")

    def test_what_was_agreed_follows_there_and_back(self):
        invoice = self.invoice(100, due='2026-03-01')
        item, records = self.items(invoice), self.agree_on_all(invoice)
        transfer = self.to_doubtful(invoice, post=False)
        self.assertStand(records, item)
        transfer.move_id.action_post()
        moved = transfer.line_ids.doubtful_line_id
        self.assertStand(records, moved)
        self.assertEqual(records[0].line_ids.move_id, invoice, "it is about the invoice")
        self.assertEqual(str(invoice.ar_promise_date), '2026-06-05')
        transfer.with_user(self.boss).action_back()
        transfer.back_move_id.with_user(self.accountant).action_post()
        self.assertStand(records, item)
        again = self.to_doubtful(invoice)
        self.assertStand(records, again.line_ids.doubtful_line_id)
        self.reverse(again)
        self.assertStand(records, item)
        third = self.to_doubtful(invoice)
        third.move_id.button_draft()
        self.assertEqual([one.state for one in records], ['open', 'open', 'active'])
        self.assertEqual(records[0].line_ids.move_line_id, item)
        third.move_id.action_post()
        self.assertStand(records, third.line_ids.doubtful_line_id)
        invoice.line_ids.remove_move_reconcile()
        self.assertStand(records, item)

    def test_money_counts_wherever_the_claim_stands(self):
        invoice = self.invoice(100, due='2026-03-01')
        records = self.agree_on_all(invoice)
        self.pay(invoice, 30, '2026-06-01')
        transfer = self.to_doubtful(invoice)
        moved = transfer.line_ids.doubtful_line_id
        self.assertStand(records, moved, residual=70)
        self.assertEqual(records[0].paid_amount, 30)
        payment = self.pay_doubtful(moved, 20)
        self.assertStand(records, moved, residual=50)
        self.assertEqual((records[0].paid_amount, records[2].paid_amount), (50, 50))
        transfer.with_user(self.boss).action_back()
        transfer.back_move_id.action_post()
        back = self.items(transfer.back_move_id)
        self.assertStand(records, back, residual=50)
        self.assertRecordValues(self.case(transfer.back_move_id), [{'residual': 50}])
        self.pay(self.buyer, 50, '2026-06-01', match=False)
        paid = self.env['account.move.line'].search([
            ('account_id', '=', self.receivable.id), ('balance', '=', -50),
            ('reconciled', '=', False)])
        (back | paid).reconcile()
        self.assertStand(records, back, ('kept', 'paid', 'kept'), 0)
        payment.line_ids.remove_move_reconcile()
        self.assertEqual([one.state for one in records], ['open', 'open', 'active'])
        self.assertEqual(records[0].paid_amount, 80)

    def test_two_instalments_of_one_invoice_come_back_each_to_its_own(self):
        invoice = self.invoice(100, date='2026-02-01', terms=[(0, 50), (10, 50)])
        old, new = self.items(invoice).sorted('date_maturity')
        promises = [self.agree('ar.promise', item) for item in (old, new)]
        transfer = self.to_doubtful(invoice)
        first, _second = transfer.line_ids.sorted('date_maturity')
        self.pay_doubtful(first.doubtful_line_id, 20)
        transfer.with_user(self.boss).action_back()
        transfer.back_move_id.action_post()
        self.assertEqual((old.amount_residual, new.amount_residual), (0, 50))
        self.assertEqual(
            [one.line_ids.move_line_id for one in promises], [first.back_line_id, new])
        self.assertEqual([one.line_ids.residual for one in promises], [30, 50])
        self.assertFalse(first.back_line_id.no_followup, "what came back is on the ladder again")
        self.assertTies()

    def test_the_aged_balance_shows_it_where_it_stood_on_each_day(self):
        invoice = self.invoice(100, due='2026-03-01')
        self.agree_on_all(invoice)
        self.go('2026-06-03')
        self.to_doubtful(invoice)

        def table(day):
            self.env.flush_all()
            rows = self.env['ar.aged.balance'].with_context(ar_date=day)._read_group(
                [], ['account_id'], [f'{name}_amount:sum' for name in (
                    'promised', 'disputed', 'planned')])
            return [(row[0], *(round(value) for value in row[1:])) for row in rows]

        self.assertEqual(table('2026-06-02'), [(self.receivable, 100, 100, 100)])
        self.assertEqual(table('2026-06-03'), [(self.doubtful, 100, 100, 100)])

    def test_a_new_promise_may_be_about_a_doubtful_item(self):
        invoice = self.invoice(100, due='2026-03-01')
        moved = self.to_doubtful(invoice).line_ids.doubtful_line_id
        promise = self.agree('ar.promise', moved)
        self.assertEqual(promise.line_ids.move_id, invoice)
        self.assertStand([promise], moved, ['open'])
        with self.assertRaises(ValidationError), self.env.cr.savepoint():
            self.agree('ar.promise', moved)
        other = self.account('417000', "Other", 'asset_current', reconcile=True)
        self.company.ar_doubtful_account_ids = other
        with self.assertRaises(ValidationError):
            promise.line_ids.move_line_id = moved

    def test_where_doubtful_debtors_are_receivables_the_ladder_waits_too(self):
        target = self.account('407000', "Doubtful debtors", 'asset_receivable', reconcile=True)
        self.company.ar_doubtful_account_id = target
        first, second = (self.invoice(amount, due='2026-03-01') for amount in (100, 60))
        self.agree('ar.promise', self.items(first))
        self.case(second)
        transfers = self.to_doubtful(first) | self.to_doubtful(second)
        # Odoo leaves lines of general entries out of the reminders: a person lets them in again.
        transfers.line_ids.doubtful_line_id.no_followup = False
        run = self.run_dunning('2026-06-02')
        self.assertFalse(run.reminder_ids)
        self.assertEqual(sorted(self.reasons(run)), [('legal', 60), ('promised', 100)])

    def test_an_acknowledgement_counts_on_the_doubtful_account(self):
        self.company.country_id = self.france
        invoice = self.invoice(100, due='2021-08-01')
        self.env['ar.limitation.act'].create({
            'customer_id': self.account_of().id, 'kind': 'acknowledgement', 'date': '2025-05-01',
            'item_ids': [Command.set(self.items(invoice).ids)]})

        def days():
            Deadline = self.env['ar.deadline']
            items = Deadline._read_prescription_items(self.company, SQL("TRUE"))
            return [(item['invoiced'], str(limitation.last_day))
                    for item, _rule, limitation in Deadline._get_limitations(self.company, items)]

        before = days()
        self.assertEqual([last for _day, last in before], ['2030-05-01'])
        self.to_doubtful(invoice)
        self.env.flush_all()
        self.assertEqual(days(), before, "the debt is the same")

    # === LOSSES === #

    def test_a_loss_ends_what_was_agreed_and_undone_brings_it_back(self):
        invoice = self.invoice(100, due='2026-03-01')
        records = self.agree_on_all(invoice)
        moved = self.to_doubtful(invoice).line_ids.doubtful_line_id
        loss = self.book(self.write_off(None, items=moved))
        self.assertEqual([one.state for one in records], ['void', 'written_off', 'kept'])
        self.reverse(loss)
        self.assertStand(records, moved)

    def test_a_loss_after_the_day_does_not_make_a_broken_promise_good(self):
        invoice = self.invoice(100, due='2026-03-01')
        promise = self.agree('ar.promise', self.items(invoice))
        self.go('2026-06-20')
        promise._follow()
        self.assertEqual(promise.state, 'broken')
        self.book(self.write_off(invoice, date='2026-06-20'))
        self.assertEqual(promise.state, 'broken')
