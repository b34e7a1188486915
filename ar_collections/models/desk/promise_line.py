from odoo import api, fields, models
from odoo.exceptions import ValidationError


class ArPromiseLine(models.Model):
    _name = 'ar.promise.line'
    _description = "Item of a promise to pay"
    _inherit = ['ar.agreement.line']
    _order = 'date_maturity, id'

    promise_id = fields.Many2one('ar.promise', required=True, ondelete='cascade', index=True)
    customer_id = fields.Many2one(related='promise_id.customer_id', store=True)
    company_id = fields.Many2one(related='promise_id.company_id', store=True)
    currency_id = fields.Many2one(related='promise_id.currency_id')
    state = fields.Selection(related='promise_id.state', store=True)
    amount = fields.Monetary(
        string="Open when promised", compute='_compute_amount', store=True, readonly=False,
        precompute=True, help="What the item owed when the promise was noted.")

    _open_uniq = models.UniqueIndex(
        "(move_line_id) WHERE state = 'open'",
        "One of these items is already promised: change or cancel that promise first.")

    @api.depends('move_line_id')
    def _compute_amount(self):
        for line in self:
            line.amount = line.move_line_id.amount_residual_currency

    @api.constrains('move_line_id', 'promise_id', 'amount')
    def _check_move_line_id(self):
        self._check_items('promise_id')
        for line in self:
            if line.state == 'open' and line.currency_id.compare_amounts(
                    line.amount, line.residual) > 0:
                raise ValidationError(self.env._(
                    "%s owes less than that.", line.move_line_id.display_name))
