from odoo import fields, models


class AccountMove(models.Model):
    """EXTENDS credit: how much of an invoice the orders behind it were judged for."""
    _inherit = 'account.move'

    def _get_unjudged_amount(self):
        """Return what a draft invoice adds to the exposure beyond what its orders give up for it.

        An order was judged for what it still had to be invoiced. Lines that were added by hand, a
        higher price or quantity, a second invoice of the same goods and an order that was closed
        for credit leave a remainder that nobody has judged.

        :return: company currency, zero when the orders answer for all of it
        :rtype: float
        """
        self.ensure_one()
        # sudo: whoever posts invoices may not read the orders.
        sale_lines = self.sudo().line_ids.sale_line_ids
        if not sale_lines:
            return self.amount_total_signed
        company, currency = self.company_id, self.currency_id
        date = self.invoice_date or fields.Date.context_today(self)
        # As the lines of orders have it: tax included, without cash rounding.
        items = self.invoice_line_ids.filtered(lambda line: line.display_type == 'product')
        beyond = sum(items.mapped('price_total'))
        for order in sale_lines.order_id:
            if order.state == 'sale' and not order.ar_closed and (
                    order._get_debtors() == self.commercial_partner_id):
                before, after = order._get_remaining_around(self)
                beyond -= order.currency_id._convert(before - after, currency, company, date)
        # Each line is rounded on its own: a share of an order may be a cent off for each.
        if currency.compare_amounts(beyond, currency.rounding * len(items)) <= 0:
            return 0.0
        return currency._convert(beyond, company.currency_id, company, date)


class SaleOrder(models.Model):
    """EXTENDS credit: what an order gives up for one invoice."""
    _inherit = 'sale.order'

    def _get_remaining_around(self, move):
        """Return what this order has to be invoiced (before, after) one draft invoice.

        The same sum as in the exposure, see `ar.credit.exposure._get_line_remaining`. Of several
        drafts the order answers for the older one first.

        :param move: `account.move`, a draft of this order
        :return: two amounts, tax included, in order currency
        """
        self.ensure_one()
        before = after = 0.0
        for line in self.order_line.filtered(lambda line: not line.display_type):
            later = line.invoice_lines.filtered(
                lambda item: item.move_id.state == 'draft' and item.move_id.id > move.id)
            own = line.invoice_lines.filtered(lambda item: item.move_id == move)
            if line.product_uom_qty:
                invoiced = line.qty_invoiced - line._get_invoiced_by(later)
                after += line._get_remaining_at(invoiced)
                before += line._get_remaining_at(invoiced - line._get_invoiced_by(own))
            elif line.is_downpayment:
                sums = [sum(
                    item.price_total * (-1 if item.move_type == 'out_refund' else 1)
                    for item in items if item.parent_state != 'cancel')
                    for items in (line.invoice_lines - later - own, own)]
                before -= sums[0]
                after -= sum(sums)
        return max(before, 0.0), max(after, 0.0)


class SaleOrderLine(models.Model):
    """EXTENDS credit: what one line still has to be invoiced."""
    _inherit = 'sale.order.line'

    def _get_invoiced_by(self, items):
        """Return the quantity of draft invoice lines, in the unit of this order line."""
        return sum(
            (item.product_uom_id or self.product_uom_id)._compute_quantity(
                item.quantity, self.product_uom_id, round=False, raise_if_failure=False)
            * (-1 if item.move_type == 'out_refund' else 1) for item in items)

    def _get_remaining_at(self, invoiced):
        """Return what this line has to be invoiced when so much of its quantity is invoiced.

        :return: tax included, in order currency
        """
        self.ensure_one()
        sign = 1 if self.product_uom_qty > 0 else -1
        left = max((self.product_uom_qty - invoiced) * sign, 0.0)
        return self.price_total * left / abs(self.product_uom_qty)
