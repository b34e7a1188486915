from odoo import Command
from odoo.exceptions import AccessError, UserError, ValidationError
from odoo.tests import tagged
from odoo.tools import SQL

from .legal_common import LegalCommon


@tagged('post_install', '-at_install')
class TestWriteOff(LegalCommon):
    """A loss: asked for, decided by somebody else, booked, undone by the ledger."""

    def test_booked_it_settles_the_item_and_the_books_tie(self):
        invoice = self.invoice(100, due='2026-03-01')
        self.invoice(50, due='2026-03-01')
        self.assertTies()
        record = self.write_off(invoice)
        self.assertEqual(record.state, 'draft')
        self.book(record)
        self.assertRecordValues(record, [{
            'state': 'booked', 'amount': 100, 'tax_amount': 0, 'loss_amount': 100}])
        self.assertEqual(self.items(invoice).amount_residual, 0)
        self.assertEqual(self.balance(self.losses), 100)
        self.assertEqual(self.balance(self.receivable), 50)
        self.assertTies()

    def test_a_part_leaves_the_rest_open(self):
        invoice = self.invoice(100, due='2026-03-01')
        self.book(self.write_off(invoice, amount=30))
        self.assertEqual(self.items(invoice).amount_residual, 70)
        self.assertTies()

    def test_the_vat_is_shown_and_recovered_only_when_asked(self):
        invoice = self.taxed(1000)
        self.assertEqual(invoice.amount_total, 1200)
        tax_account = invoice.line_ids.filtered('tax_line_id').account_id
        before = self.balance(tax_account)
        record = self.write_off(invoice, amount=600)
        self.assertRecordValues(record, [{
            'amount': 600, 'tax_amount': 100, 'loss_amount': 600}])
        self.book(record)
        self.assertEqual((self.balance(self.losses), self.balance(tax_account)), (600, before))
        record = self.write_off(invoice, recover_tax=True)
        self.assertRecordValues(record, [{
            'amount': 600, 'tax_amount': 100, 'loss_amount': 500}])
        self.book(record)
        self.assertEqual(self.balance(self.losses), 1100)
        self.assertEqual(self.balance(tax_account), round(before + 100, 2))
        self.assertEqual(invoice.payment_state, 'paid')
        self.assertTies()

    def test_vat_that_was_never_due_is_not_declared(self):
        """Due on payment: a loss is no payment, and no VAT falls due by it."""
        waiting = self.account('445799', "VAT waiting", 'liability_current', reconcile=True)
        declared = self.account('445710', "VAT collected", 'liability_current')
        self.company.tax_exigibility = True
        self.company.tax_cash_basis_journal_id = self.journal('general')
        tax = self.env['account.tax'].create({
            'name': "On payment", 'amount': 20, 'company_id': self.company.id,
            'country_id': self.company.account_fiscal_country_id.id,
            'tax_exigibility': 'on_payment', 'cash_basis_transition_account_id': waiting.id})
        tax.invoice_repartition_line_ids.filtered(
            lambda line: line.repartition_type == 'tax').account_id = declared
        invoice = self.invoice(1000, due='2026-03-01', post=False)
        invoice.invoice_line_ids.tax_ids = tax
        invoice.action_post()
        with self.assertRaisesRegex(UserError, "falls due when it is paid"):
            self.to_doubtful(invoice)
        self.pay(invoice, 300)
        self.assertEqual((self.balance(waiting), self.balance(declared)), (-150, -50))
        record = self.book(self.write_off(invoice, amount=450))
        self.assertRecordValues(record, [{'amount': 450, 'tax_amount': 75, 'loss_amount': 375}])
        self.assertEqual(
            [self.balance(one) for one in (waiting, declared, self.losses)], [-75, -50, 375])
        self.pay(invoice, 150)
        self.book(self.write_off(invoice, recover_tax=True))
        self.assertEqual(
            [self.balance(one) for one in (waiting, declared, self.losses)], [0, -75, 625])
        self.assertEqual(invoice.payment_state, 'paid')
        self.assertTies()

    def test_foreign_currency_leaves_no_exchange_difference(self):
        dollar = self.env.ref('base.USD')
        dollar.active = True
        for day, rate in (('2026-01-01', 2.0), ('2026-05-01', 1.7)):
            self.env['res.currency.rate'].create({
                'currency_id': dollar.id, 'company_id': self.company.id, 'name': day,
                'rate': rate})
        invoice = self.invoice(300, due='2026-03-01', currency=dollar)
        entries = self.env['account.move'].search_count([('move_type', '=', 'entry')])
        self.book(self.write_off(invoice, amount=100.01))
        self.book(self.write_off(invoice))
        item = self.items(invoice)
        self.assertTrue(item.reconciled)
        self.assertEqual(self.balance(self.losses), 150)
        self.assertEqual(
            self.env['account.move'].search_count([('move_type', '=', 'entry')]), entries + 2)
        self.assertTies()

    def test_reversing_the_entry_opens_it_again(self):
        invoice = self.invoice(100, due='2026-03-01')
        case = self.case(invoice)
        record = self.book(self.write_off(invoice, case_id=case.id))
        self.assertRecordValues(case, [{'stage': 'closed', 'outcome': 'uncollectible'}])
        self.reverse(record)
        self.assertRecordValues(record, [{'state': 'undone', 'booked_on': False}])
        self.assertEqual(self.items(invoice).amount_residual, 100)
        self.assertEqual(case.stage, 'notice')
        self.assertTies()
        self.assertEqual(self.book(self.write_off(invoice)).state, 'booked')

    def test_unmatching_and_matching_again(self):
        invoice = self.invoice(100, due='2026-03-01')
        record = self.book(self.write_off(invoice))
        invoice.line_ids.remove_move_reconcile()
        self.assertEqual(record.state, 'undone')
        (self.items(invoice) | record.line_ids.credit_line_id).reconcile()
        self.assertEqual(record.state, 'booked')
        record = record.with_user(self.accountant).sudo()
        record.move_id.button_draft()
        self.assertEqual(record.state, 'approved')
        record.move_id.action_post()
        self.assertEqual(record.state, 'booked')

    def test_part_paid_part_lost_is_a_settlement(self):
        invoice = self.invoice(100, due='2026-03-01')
        case = self.case(invoice)
        self.pay(invoice, 60, '2026-06-01')
        self.book(self.write_off(invoice))
        self.assertRecordValues(case, [{'stage': 'closed', 'outcome': 'settled'}])

    # === DECISION === #

    def test_nobody_approves_their_own(self):
        self.env['ar.credit.authority'].search([]).max_write_off = 1000
        record = self.write_off(self.invoice(100, due='2026-03-01'), user=self.boss)
        record.action_submit()
        with self.assertRaises(AccessError):
            record.action_approve()
        self.assertEqual(record.state, 'submitted')

    def test_nobody_approves_what_they_submitted(self):
        self.env['ar.credit.authority'].search([]).max_write_off = 1000
        record = self.write_off(self.invoice(100, due='2026-03-01'), amount=1)
        theirs = record.with_user(self.boss)
        theirs.line_ids.amount = 100
        theirs.action_submit()
        with self.assertRaisesRegex(AccessError, "of their own"):
            theirs.action_approve()

    def test_only_within_the_authority(self):
        self.env['ar.credit.authority'].search([]).write(
            {'max_write_off': 99, 'unlimited': False})
        record = self.write_off(self.invoice(100, due='2026-03-01'))
        record.action_submit()
        self.assertEqual(record.activity_ids.user_id, self.company._get_ar_responsible())
        with self.assertRaises(AccessError):
            record.with_user(self.boss).action_approve()
        self.env['ar.credit.authority'].search([]).max_write_off = 100
        with self.assertRaises(AccessError):
            record.with_user(self.clerk).action_approve()
        record.with_user(self.boss).action_approve()
        self.assertRecordValues(record, [{'state': 'approved', 'decided_by_id': self.boss.id}])
        self.assertEqual(record.move_id.state, 'draft')

    def test_small_ones_need_no_approval(self):
        self.company.ar_write_off_free = 10
        small = self.write_off(self.invoice(10, due='2026-03-01'))
        large = self.write_off(self.invoice(10.01, due='2026-03-01'))
        (small | large).action_submit()
        self.assertEqual((small.state, large.state), ('approved', 'submitted'))

    def test_a_refusal_says_why(self):
        record = self.write_off(self.invoice(100, due='2026-03-01'))
        record.action_submit()
        with self.assertRaises(UserError):
            record.with_user(self.boss).action_refuse()
        record.with_user(self.boss).answer = "Ask the lawyer first"
        record.with_user(self.boss).action_refuse()
        self.assertEqual(record.state, 'refused')
        self.assertFalse(record.move_id)

    def test_nobody_types_the_state_or_changes_what_is_decided(self):
        record = self.write_off(self.invoice(100, due='2026-03-01'))
        for vals in ({'state': 'approved'}, {'decided_by_id': self.clerk.id},
                     {'user_id': self.boss.id}, {'loss_amount': 1}):
            with self.assertRaises(AccessError):
                record.write(vals)
        with self.assertRaises(AccessError):
            self.env['ar.write.off'].with_user(self.clerk).create({
                'customer_id': record.customer_id.id, 'state': 'approved'})
        for vals in ({'balance': 1}, {'tax_balance': 9}, {'state': 'booked'}):
            with self.assertRaises(AccessError):
                record.line_ids.write(vals)
        record.action_submit()
        with self.assertRaises(UserError):
            record.line_ids.amount = 50
        other = self.items(self.invoice(5, due='2026-03-01'))
        for call in (
                lambda: record.write({'line_ids': [(5, 0, 0)]}),
                lambda: record.line_ids.unlink(),
                lambda: record.line_ids.create(
                    {'write_off_id': record.id, 'move_line_id': other.id})):
            with self.assertRaises(UserError), self.env.cr.savepoint():
                call()
        with self.assertRaises(UserError):
            record.unlink()

    def test_no_more_than_is_owed_when_it_is_decided(self):
        invoice = self.invoice(100, due='2026-03-01')
        with self.assertRaises(ValidationError), self.env.cr.savepoint():
            self.write_off(invoice, amount=100.01)
        record = self.write_off(invoice)
        self.pay(invoice, 10, '2026-06-01')
        with self.assertRaises(ValidationError):
            record.action_submit()

    def test_cancelling_deletes_the_draft_entry(self):
        record = self.write_off(self.invoice(100, due='2026-03-01'))
        self.company.ar_write_off_free = 1000
        record.action_submit()
        move = record.move_id
        record.action_cancel()
        self.assertFalse(move.exists())
        self.assertEqual(record.state, 'cancelled')
        self.assertTies()

    def test_without_an_account_it_says_what_to_do(self):
        self.company.ar_bad_debt_account_id = False
        self.company.account_fiscal_country_id = self.env.ref('base.be')
        self.company.ar_write_off_free = 1000
        record = self.write_off(self.invoice(100, due='2026-03-01'))
        with self.assertRaisesRegex(UserError, "account of losses in the settings"):
            record.action_submit()

    # === SALES NEEDED === #

    def margin_of(self, cost, price=100.0, other=0.0):
        product = self.env['product.product'].with_company(self.company).create(
            {'name': "Thing", 'standard_price': cost})
        invoice = self.invoice(price, due='2026-05-01', post=False)
        invoice.invoice_line_ids.product_id = product
        invoice.invoice_line_ids.write({'price_unit': price, 'tax_ids': False})
        invoice.action_post()
        if other:
            self.invoice(other, due='2026-05-02')
        return invoice

    def test_the_published_example(self):
        """A margin of 5 % and 12,000 unpaid: 240,000 of sales to make up for it (issue, A03)."""
        self.margin_of(cost=95, price=100)
        invoice = self.invoice(12000, due='2024-05-01')
        record = self.write_off(invoice)
        self.assertEqual(record.sales_needed, 240000)
        self.assertIn("240,000.00", record.sales_needed_text)

    def test_unknown_is_unknown_and_never_zero(self):
        invoice = self.margin_of(cost=0)
        record = self.write_off(invoice)
        self.assertFalse(record.sales_needed)
        self.assertIn("Unknown", record.sales_needed_text)
        self.company.ar_margin_percent = 25
        record.invalidate_recordset()
        self.assertEqual(record.sales_needed, 400)
        self.assertIn("usual margin", record.sales_needed_text)

    def test_a_margin_known_for_a_part_only_is_not_known(self):
        self.margin_of(cost=50, price=100, other=30)
        self.assertEqual(self.account_of()._get_margins()[self.account_of().id],
                         (None, 'unknown'))
        self.margin_of(cost=50, price=100)
        self.assertEqual(
            self.account_of()._get_margins()[self.account_of().id], (0.5, 'own'))

    def test_credit_notes_and_units_count(self):
        dozen = self.env.ref('uom.product_uom_dozen')
        product = self.env['product.product'].with_company(self.company).create(
            {'name': "Egg", 'standard_price': 1})
        invoice = self.invoice(24, due='2026-05-01', post=False)
        line = invoice.invoice_line_ids
        line.product_id = product
        line.write({'product_uom_id': dozen.id, 'quantity': 1, 'price_unit': 24,
                    'tax_ids': False})
        invoice.action_post()
        self.assertEqual(self.account_of()._get_margins()[self.account_of().id], (0.5, 'own'))

    def test_no_margin_makes_up_for_nothing(self):
        invoice = self.margin_of(cost=120, price=100)
        record = self.write_off(invoice)
        self.assertFalse(record.sales_needed)
        self.assertIn("No sales make up for it", record.sales_needed_text)


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

    def pay_doubtful(self, item, amount):
        """Book money straight on the doubtful account, as a bank entry does."""
        journal = self.journal('bank')
        entry = self.env['account.move'].create({
            'move_type': 'entry', 'journal_id': journal.id, 'date': '2026-06-01', 'line_ids': [
                Command.create({'account_id': account.id, 'partner_id': self.buyer.id,
                                'balance': balance})
                for account, balance in (
                    (item.account_id, -amount), (journal.default_account_id, amount))]})
        entry.action_post()
        (item | entry.line_ids.filtered(lambda one: one.account_id == item.account_id)).reconcile()
        return entry

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


@tagged('post_install', '-at_install')
class TestAgencyPayment(LegalCommon):
    """Gross frees the customer, the fee is a cost, the agency owes the net amount."""

    def payment(self, case, gross, fee=0.0, **vals):
        return self.env['ar.agency.payment'].with_user(self.clerk).create({
            'case_id': case.id, 'gross_amount': gross, 'fee_amount': fee, **vals})

    def test_gross_fee_net(self):
        old, new = self.invoice(100, due='2026-02-01'), self.invoice(80, due='2026-03-01')
        case = self.case(new | old)
        self.hand_over(case)
        payment = self.payment(case, 120, 18, reference="A-77")
        self.assertRecordValues(payment, [{
            'net_amount': 102, 'party_id': self.agency.id, 'state': 'draft'}])
        payment.action_propose()
        self.assertEqual(payment.move_id.state, 'draft')
        payment.move_id.with_user(self.accountant).action_post()
        self.assertEqual(payment.state, 'booked')
        self.assertEqual(
            [self.items(old).amount_residual, self.items(new).amount_residual], [0, 60])
        self.assertEqual(
            [self.balance(account) for account in (self.agency_account, self.fees)], [102, 18])
        self.assertEqual(case.collected_amount, 120)
        self.assertTies()
        self.reverse(payment)
        self.assertEqual(payment.state, 'undone')
        self.assertEqual(case.residual, 180)
        self.assertTies()

    def test_the_last_payment_closes_the_case(self):
        case = self.case(self.invoice(100, due='2026-02-01'))
        self.hand_over(case)
        payment = self.payment(case, 100, 100)
        payment.action_propose()
        payment.move_id.with_user(self.accountant).action_post()
        self.assertRecordValues(case, [{'stage': 'closed', 'outcome': 'paid'}])
        self.assertEqual(self.balance(self.agency_account), 0)

    def test_no_more_than_is_owed(self):
        case = self.case(self.invoice(100, due='2026-02-01'))
        payment = self.payment(case, 100.01)
        with self.assertRaises(ValidationError):
            payment.action_propose()

    def test_a_doubtful_item_is_paid_where_it_stands(self):
        invoice = self.invoice(100, due='2026-02-01')
        case = self.case(invoice)
        self.to_doubtful(invoice)
        payment = self.payment(case, 70)
        payment.action_propose()
        payment.move_id.with_user(self.accountant).action_post()
        self.assertEqual(self.balance(self.doubtful), 30)
        self.assertEqual(case.residual, 30)
        self.assertTies()

    def test_what_the_agency_has_collected_keeps_a_promise_and_a_plan(self):
        invoice = self.invoice(100, due='2026-02-01')
        promise = self.agree('ar.promise', self.items(invoice))
        plan = self.agree('ar.payment.plan', self.items(invoice))
        payment = self.payment(self.case(invoice), 100, 10, date='2026-06-03')
        payment.action_propose()
        self.assertEqual((promise.state, plan.state), ('open', 'active'))
        payment.move_id.with_user(self.accountant).action_post()
        self.assertRecordValues(promise, [{'state': 'kept', 'paid_amount': 100}])
        self.assertRecordValues(plan, [{'state': 'kept', 'paid_amount': 100}])
        self.reverse(payment)
        self.assertEqual((promise.state, plan.state), ('open', 'active'))

    def test_an_accountant_posts_nobody_else(self):
        case = self.case(self.invoice(100, due='2026-02-01'))
        payment = self.payment(case, 100)
        payment.action_propose()
        with self.assertRaises(AccessError):
            payment.with_user(self.user('own')).action_post_entry()
        with self.assertRaises(UserError):
            payment.gross_amount = 50
