from odoo import Command
from odoo.exceptions import UserError
from odoo.tests import tagged

from .credit_common import BlockCommon


@tagged('post_install', '-at_install')
class TestInvoiceStop(BlockCommon):
    """Only customer invoices and receipts, and only if the company asks for it."""

    def test_off_by_default(self):
        self.assertEqual(self.invoice(5000, due='2026-06-30').state, 'posted')

    def test_invoices_and_receipts_are_stopped(self):
        self.company.ar_invoice_stop = True
        for kind in ('out_invoice', 'out_receipt'):
            with self.assertRaisesRegex(UserError, "stopped by credit control"):
                self.invoice(5000, due='2026-06-30', kind=kind)
        self.assertEqual(self.invoice(900, due='2026-06-30').state, 'posted')

    def test_the_banner_of_odoo_steps_back_on_invoices_too(self):
        """odoo#276308: one answer, that of our rules."""
        self.company.account_use_credit_limit = True
        move = self.invoice(5000, due='2026-06-30', post=False)
        self.assertFalse(move.partner_credit_warning)
        self.company.ar_credit_active = False
        self.env.invalidate_all()
        self.assertTrue(move.partner_credit_warning)

    def test_what_lowers_the_debt_is_never_stopped(self):
        """binaural-dev/odoo-venezuela#1172."""
        self.company.ar_invoice_stop = True
        self.rule('stop')
        bill = self.invoice(100, due='2026-06-30', post=False)
        self.account_of().credit_stop = True
        with self.assertRaises(UserError):
            bill.action_post()
        self.assertEqual(self.credit_note(50, '2026-06-01').state, 'posted')
        self.assertEqual(self.entry(-10, '2026-06-01').state, 'posted')
        self.assertIn(self.pay(self.buyer, 30).state, ('in_process', 'paid'))

    def test_invoices_of_orders_were_judged_with_them(self):
        """frappe/erpnext#37888: goods that left are invoiced."""
        self.company.ar_invoice_stop = True
        order = self.quote([(1, 900, False)])
        self.set_limit(1)
        self.assertEqual(self.bill(order).state, 'posted')

    def test_an_order_closed_and_then_invoiced_is_judged(self):
        self.company.ar_invoice_stop = True
        order = self.quote([(1, 900, False)])
        order.ar_closed = True
        self.quote([(1, 900, False)])
        with self.assertRaises(UserError):
            self.bill(order)

    def test_drafts_that_count_are_not_counted_twice(self):
        self.company.write({'ar_invoice_stop': True, 'ar_exposure_drafts': True})
        self.assertEqual(self.invoice(900, due='2026-06-30').state, 'posted')

    def test_what_is_posted_together_counts_together(self):
        """A root and its branch share one limit."""
        self.companies.ar_invoice_stop = True
        moves = self.invoice(600, due='2026-06-30', post=False) | self.invoice(
            600, due='2026-06-30', post=False, company=self.branch)
        with self.assertRaisesRegex(UserError, "stopped by credit control"):
            moves.action_post()
        self.set_limit(1200)
        moves.action_post()
        self.assertEqual(set(moves.mapped('state')), {'posted'})

    def test_what_goes_beyond_the_order_is_judged(self):
        """The order was judged for its own amount, not for what was written into its draft."""
        self.company.ar_invoice_stop = True

        def drafts():
            for percent in (0, 30):
                order = self.quote([(3, 300, True), (1, -80, True)])
                if percent:
                    self.bill(order, 'percentage', amount=percent)
                yield order, self.bill(order, post=False)

        def add_line(bill):
            bill.invoice_line_ids = [Command.create({
                'name': "More", 'quantity': 1, 'price_unit': 200, 'tax_ids': False})]

        def raise_price(bill):
            bill.invoice_line_ids.filtered(lambda line: line.price_unit == 300).price_unit = 400

        def raise_quantity(bill):
            bill.invoice_line_ids.filtered(lambda line: line.price_unit == 300).quantity = 4

        self.set_limit(100000)
        for change in (add_line, raise_price, raise_quantity):
            for order, bill in drafts():
                change(bill)
                self.set_limit(1)
                with self.assertRaisesRegex(UserError, "stopped by credit control"):
                    bill.action_post()
                self.set_limit(100000)
                bill.button_cancel()
                order._action_cancel()
        # Taken apart, in dozens, in another currency, cent by cent: the order's own amount.
        order = self.quote([(3, 33.33, True), (7, 9.99, True)], currency=self.currencies['USD'])
        bill = self.bill(order, post=False)
        for line in bill.invoice_line_ids:
            line.quantity = line.quantity / 3
        self.set_limit(1)
        bill.action_post()
        self.assertEqual(self.bill(order).state, 'posted')
        self.set_limit(100000)
        order = self.quote([(24, 10, False)])
        bill = self.bill(order, post=False)
        bill.invoice_line_ids.write({
            'product_uom_id': self.env.ref('uom.product_uom_dozen').id, 'quantity': 2,
            'price_unit': 120})
        self.set_limit(1)
        bill.action_post()
        self.assertEqual(bill.amount_total, 240)
        # Invoiced already: the same order does not answer for a second invoice.
        again = bill.copy()
        again.invoice_line_ids.sale_line_ids = order.order_line
        with self.assertRaisesRegex(UserError, "stopped by credit control"):
            again.action_post()
