from odoo import fields, models


class ArItemLine(models.AbstractModel):
    """A line about one receivable item, which it needs to exist.

    Heirs say where `company_id` comes from, and `currency_id` where it is not the item's.
    """
    _name = 'ar.item.line'
    _description = "Line about an item"

    company_id = fields.Many2one('res.company')
    move_line_id = fields.Many2one(
        'account.move.line', string="Item", required=True, ondelete='cascade', index=True)
    move_id = fields.Many2one(related='move_line_id.move_id', string="Invoice", store=True)
    date_maturity = fields.Date(related='move_line_id.date_maturity', string="Due date")
    currency_id = fields.Many2one(related='move_line_id.currency_id')
    company_currency_id = fields.Many2one(
        related='company_id.currency_id', string="Company currency")
