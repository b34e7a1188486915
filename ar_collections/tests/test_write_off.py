from odoo.exceptions import AccessError, UserError, ValidationError
from odoo.tests import tagged

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
        tax, waiting, declared = self.tax_on_payment()
        invoice = self.invoice(1000, due='2026-03-01', post=False)
        invoice.invoice_line_ids.tax_ids = tax
        invoice.action_post()
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
        dollar = self.use_dollar(('2026-01-01', 2.0), ('2026-05-01', 1.7))
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
