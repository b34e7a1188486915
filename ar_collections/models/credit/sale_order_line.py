from odoo import api, models

GROWTH_FIELDS = {'product_uom_qty', 'price_unit', 'discount', 'tax_ids', 'product_id',
                 'product_uom_id', 'display_type', 'order_id'}
# What Odoo computes from the line and its invoices. An RPC client could type it in.
COMPUTED_FIELDS = {'price_subtotal', 'price_tax', 'price_total', 'qty_invoiced', 'invoice_lines',
                   'invoice_status', 'untaxed_amount_invoiced', 'untaxed_amount_to_invoice'}


class SaleOrderLine(models.Model):
    """EXTENDS sale: a confirmed order cannot grow past what was decided."""
    _inherit = 'sale.order.line'

    @api.model_create_multi
    def create(self, vals_list):
        orders = self.env['sale.order'].browse(
            {vals['order_id'] for vals in vals_list if vals.get('order_id')})
        orders._refuse_typed(COMPUTED_FIELDS & set().union(*vals_list))
        before = orders._get_confirmed_totals()
        lines = super().create(vals_list)
        lines.order_id._refuse_growth(before=before)
        return lines

    def write(self, vals):
        self.order_id._refuse_typed(COMPUTED_FIELDS & set(vals))
        if not GROWTH_FIELDS & set(vals):
            return super().write(vals)
        before = self.order_id._get_confirmed_totals()
        result = super().write(vals)
        self.order_id._refuse_growth(before=before)
        return result
