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
