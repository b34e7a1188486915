from odoo import Command
from odoo.tests import tagged

from .credit_common import BlockCommon


@tagged('post_install', '-at_install')
class TestGrowth(BlockCommon):
    """A confirmed order cannot grow past what was decided (OCA/credit-control#534, #537, #544)."""

    def setUp(self):
        super().setUp()
        self.confirmed = self.quote([(9, 100, False)], user_id=self.seller.id)
        self.assertEqual(self.confirmed.state, 'sale')
        self.line = self.confirmed.order_line

    def test_quantity_price_discount_and_tax(self):
        for vals in ({'product_uom_qty': 11}, {'price_unit': 120},
                     {'tax_ids': [Command.set(self.taxes[self.company].ids)]},
                     {'product_uom_id': self.env.ref('uom.product_uom_dozen').id}):
            self.refused(self.line, 'write', vals)
            self.refused(self.confirmed, 'write', {
                'order_line': [Command.update(self.line.id, vals)]})
        self.rpc(self.line, 'write', {'discount': 50})
        self.rpc(self.line, 'write', {'discount': 0})
        self.assertEqual(self.confirmed.amount_total, 900)

    def test_up_to_the_limit_it_may_grow(self):
        self.rpc(self.line, 'write', {'product_uom_qty': 10})
        self.assertEqual(self.confirmed.ar_decided_amount, 1000)

    def test_new_lines(self):
        line = {'product_id': self.goods.id, 'price_unit': 500, 'tax_ids': False}
        self.refused(self.confirmed, 'write', {'order_line': [Command.create(line)]})
        self.refused(self.env['sale.order.line'], 'create', [
            {**line, 'order_id': self.confirmed.id}])
        quote = self.offer(5000)
        self.refused(quote.order_line, 'write', {'order_id': self.confirmed.id})

    def test_a_negative_line_cannot_be_taken_back(self):
        order = self.quote([(1, 90, False), (-1, 80, False)], user_id=self.seller.id)
        self.assertEqual((order.state, self.exposure()), ('sale', 910))
        self.refused(order.order_line[1], 'write', {'product_uom_qty': 2})
        self.refused(order.order_line[1], 'unlink')

    def test_another_debtor_another_currency(self):
        other = self.customer("Other")
        self.set_limit(10, other)
        self.refused(self.confirmed, 'write', {'partner_invoice_id': other.id})
        self.refused(self.confirmed, 'write', {'partner_id': other.id})
        self.refused(self.confirmed, 'write', {'currency_id': self.currencies['GBP'].id})

    def test_another_company(self):
        """Confirmed where nobody judges, then moved."""
        self.other.ar_credit_active = False
        order = self.quote([(1, 5000, False)], company=self.other, user_id=self.boss.id)
        chief = self.user('sales_team.group_sale_manager', 'chief',
                          company_ids=[Command.set(self.companies.ids)])
        self.refused(order, 'write', {'company_id': self.company.id}, user=chief,
                     allowed_company_ids=self.companies.ids)
        self.assertEqual(order.company_id, self.other)

    def test_an_order_of_before_may_shrink(self):
        """Confirmed before the rules came: no total was judged, less must stay possible."""
        self.company.ar_credit_active = False
        order = self.quote([(50, 100, False)], user_id=self.seller.id)
        self.company.ar_credit_active = True
        self.env.flush_all()
        self.env.cr.execute(
            "UPDATE sale_order SET ar_decided_amount = NULL WHERE id = %s", order.ids)
        order.invalidate_recordset()
        self.rpc(order.order_line, 'write', {'product_uom_qty': 40})
        self.rpc(order, 'write', {'order_line': [Command.create(
            {'name': "Thank you", 'display_type': 'line_note'})]})
        self.assertEqual(order.amount_total, 4000)
        self.refused(order.order_line[0], 'write', {'product_uom_qty': 41})

    def test_what_an_order_gave_up_is_not_taken_back(self):
        """Made smaller, another order confirmed in its place, and made large again."""
        self.rpc(self.line, 'write', {'product_uom_qty': 1})
        self.assertEqual(self.confirmed.ar_decided_amount, 100)
        other = self.offer(850)
        self.rpc(other, 'action_confirm')
        self.assertEqual(other.state, 'sale')
        for vals in ({'product_uom_qty': 9}, {'price_unit': 300}):
            self.refused(self.line, 'write', vals)
            self.refused(self.confirmed, 'write', {
                'order_line': [Command.update(self.line.id, vals)]})
        self.rpc(self.line, 'write', {'price_unit': 150})
        self.assertEqual((self.confirmed.amount_total, self.exposure()), (150, 1000))

    def test_lines_that_change_together_are_judged_together(self):
        """One article more, another less: the order takes no more credit than before."""
        order = self.quote([(1, 60, False), (1, 40, False)], user_id=self.seller.id)
        self.set_limit(10)
        less, more = order.order_line
        self.rpc(order, 'write', {'order_line': [
            Command.update(less.id, {'price_unit': 10}),
            Command.update(more.id, {'price_unit': 90})]})
        self.rpc(order, 'write', {'order_line': [
            Command.update(more.id, {'price_unit': 95}),
            Command.update(less.id, {'price_unit': 5})]})
        self.assertEqual((order.amount_total, order.ar_decided_amount), (100, 100))
        self.refused(order, 'write', {'order_line': [
            Command.update(more.id, {'price_unit': 96}),
            Command.create({'name': "More", 'display_type': 'line_note'})]})
        self.refused(order, 'write', {
            'partner_invoice_id': self.customer_at_its_limit().id,
            'order_line': [Command.update(less.id, {'price_unit': 4})]})

    def customer_at_its_limit(self):
        other = self.customer("Other")
        self.set_limit(10, other)
        return other

    def test_a_negative_line_cannot_leave(self):
        """Moved to a quotation, or deleted as a down payment that Odoo lets go."""
        order = self.quote([(1, 90, False), (-1, 80, False)], user_id=self.seller.id)
        negative = order.order_line[1]
        self.set_limit(950)
        self.refused(negative, 'write', {'order_id': self.offer(10).id})
        self.refused(negative, 'write', {'state': 'draft'})
        negative.sudo().is_downpayment = True
        self.refused(negative, 'unlink')
        self.refused(order, 'write', {'order_line': [Command.delete(negative.id)]})
        self.set_limit(990)
        self.rpc(negative, 'unlink')
        self.assertEqual((order.amount_total, order.ar_decided_amount), (90, 90))

    def test_a_draft_credit_note_makes_no_room(self):
        """A salesperson prepares invoices: what no accountant has posted takes nothing off."""
        def prepare(orders):
            self.env.invalidate_all()
            wizard = self.rpc(self.env['sale.advance.payment.inv'], 'create', [{
                'advance_payment_method': 'delivered', 'consolidated_billing': True,
                'sale_order_ids': [Command.set(orders.ids)]}])
            self.rpc(self.env['sale.advance.payment.inv'].browse(wizard), 'create_invoices')
            return orders.invoice_ids.filtered(lambda move: move.state == 'draft')

        self.assertEqual(self.exposure(), 900)
        negative = self.quote([(-100, 50, False)], user_id=self.seller.id)
        self.assertEqual((negative.state, self.exposure()), ('sale', 900))
        draft = prepare(self.confirmed | negative)
        self.assertEqual((draft.amount_total_signed, self.exposure()), (-4100, 900))
        draft.button_cancel()
        negative.action_cancel()
        self.assertEqual(self.exposure(), 900)
        done = self.quote([(9, 10, False, self.work)], user_id=self.seller.id)
        done.order_line.qty_delivered = 9
        self.pay(self.bill(done))
        self.rpc(done.order_line, 'write', {'qty_delivered': 0})
        note = prepare(done)
        self.assertEqual((note.move_type, note.amount_total_signed), ('out_refund', -90))
        self.assertEqual(self.exposure(), 900, "open again, until it is posted")
        self.rpc(done.order_line, 'write', {'product_uom_qty': 0})
        self.assertEqual(self.exposure(), 900)
        note.invoice_date = '2026-06-01'
        note.action_post()
        self.assertEqual(self.exposure(), 810)

    def test_discounts_and_down_payments_of_odoo_still_work(self):
        """Its own dialogues write amounts of tax by hand, to the cent, as the salesperson."""
        self.set_limit(90000)
        # The first discount makes the product of discounts, and notes it on the company.
        self.seller.group_ids += (self.env.ref('product.group_product_manager')
                                  | self.env.ref('base.group_erp_manager'))
        order = self.quote([(3, 33.33, True), (7, 14.29, True)], user_id=self.seller.id,
                           confirm=False)
        total = order.amount_total
        for model, vals, method in (
                ('sale.order.discount', {
                    'sale_order_id': order.id, 'discount_type': 'so_discount',
                    'discount_percentage': 0.0777}, 'action_apply_discount'),
                ('sale.order', {}, 'action_confirm'),
                ('sale.advance.payment.inv', {
                    'advance_payment_method': 'percentage', 'amount': 33.33,
                    'sale_order_ids': [Command.set(order.ids)]}, 'create_invoices')):
            records = order if model == 'sale.order' else self.env[model].browse(
                self.rpc(self.env[model], 'create', [vals]))
            self.rpc(records, method)
            self.env.invalidate_all()
        self.assertEqual(order.state, 'sale')
        self.assertAlmostEqual(order.amount_total, total * (1 - 0.0777), delta=0.05)
        down = order.order_line.filtered('is_downpayment')
        self.assertTrue(down.filtered('extra_tax_data'))
        self.assertEqual(order.invoice_ids.state, 'draft')
        self.assertAlmostEqual(self.exposure() - 900, order.amount_total, delta=0.02)

    def test_a_release_covers_growth_up_to_its_cap(self):
        answer = self.env['ar.credit.answer'].with_user(self.boss).create({
            'mode': 'allow_growth', 'order_id': self.confirmed.id, 'cap': 2000,
            'reason': "Good customer"})
        answer.action_confirm()
        self.rpc(self.line, 'write', {'product_uom_qty': 20})
        self.refused(self.line, 'write', {'product_uom_qty': 21})
