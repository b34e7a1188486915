from odoo import api, models
from odoo.exceptions import AccessError, UserError

from ...tools.own_defaults import keep_own_defaults

GROWTH_FIELDS = {'product_uom_qty', 'price_unit', 'discount', 'tax_ids', 'product_id',
                 'product_uom_id', 'display_type', 'order_id', 'is_downpayment', 'extra_tax_data'}
# What Odoo computes from the line and its invoices. An RPC client could type it in.
COMPUTED_FIELDS = {'price_subtotal', 'price_tax', 'price_total', 'qty_invoiced', 'invoice_lines',
                   'invoice_status', 'untaxed_amount_invoiced', 'untaxed_amount_to_invoice',
                   'state'}
# Odoo shares out a few cents over the lines by hand; more is somebody else's hand.
CENTS = 20


class SaleOrderLine(models.Model):
    """EXTENDS sale: a confirmed order cannot grow past what was decided."""
    _inherit = 'sale.order.line'

    @api.model
    def default_get(self, fields):
        """EXTENDS sale: no default types in what nobody may type in."""
        return keep_own_defaults(self, super().default_get(fields), COMPUTED_FIELDS)

    @api.model_create_multi
    def create(self, vals_list):
        orders = self.env['sale.order'].browse(
            {vals['order_id'] for vals in vals_list if vals.get('order_id')})
        orders._refuse_typed(COMPUTED_FIELDS & set().union(*vals_list))
        before = orders._get_confirmed_totals()
        lines = super().create(vals_list)
        lines._refuse_disguised()
        lines.order_id._refuse_growth(before=before)
        return lines

    def write(self, vals):
        orders = self.order_id
        orders._refuse_typed(COMPUTED_FIELDS & set(vals))
        if not GROWTH_FIELDS & set(vals):
            return super().write(vals)
        before = orders._get_confirmed_totals()
        result = super().write(vals)
        self._refuse_disguised()
        # An order grows too when a line with a negative amount leaves it.
        (orders | self.order_id)._refuse_growth(before=before)
        return result

    def unlink(self):
        before = self.order_id._get_confirmed_totals()
        result = super().unlink()
        self.env['sale.order'].union(*before)._refuse_growth(before=before)
        return result

    def _refuse_disguised(self):
        """Refuse lines that look cheaper, or invoiced already, to whoever reads the order.

        :raise UserError: naming the line
        """
        if self.env.su:
            return
        for line in self.filtered(lambda line: (
                line.company_id.ar_credit_active and (line.is_downpayment or line.extra_tax_data))):
            if line.is_downpayment and line.product_uom_qty:
                raise UserError(self.env._(
                    "“%s” is the line of a down payment: it has no quantity of its own. Use a line "
                    "of its own for goods and services.", line.name))
            currency = line.currency_id
            if line.extra_tax_data and currency.compare_amounts(
                    abs(line._get_total_with(line.extra_tax_data) - line._get_total_with({})),
                    CENTS * currency.rounding) > 0:
                raise AccessError(self.env._(
                    "Odoo computes the tax of “%s” itself, other amounts cannot be typed in.",
                    line.name))

    def _get_total_with(self, extra_tax_data):
        """Return the total of this line, tax included, in order currency, with these amounts."""
        Tax = self.env['account.tax']
        base_line = self._prepare_base_line_for_taxes_computation(extra_tax_data=extra_tax_data)
        Tax._add_tax_details_in_base_line(base_line, self.company_id)
        Tax._round_base_lines_tax_details([base_line], self.company_id)
        return base_line['tax_details']['total_included_currency']
