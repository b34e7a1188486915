from odoo import api, models

GROWTH_FIELDS = {'product_uom_qty', 'price_unit', 'discount', 'tax_ids', 'product_id',
                 'product_uom_id', 'display_type'}


class SaleOrderLine(models.Model):
    """EXTENDS sale: a confirmed order cannot grow past what was decided."""
    _inherit = 'sale.order.line'

    @api.model_create_multi
    def create(self, vals_list):
        lines = super().create(vals_list)
        lines.order_id._refuse_growth()
        return lines

    def write(self, vals):
        result = super().write(vals)
        if GROWTH_FIELDS & set(vals):
            self.order_id._refuse_growth()
        return result
