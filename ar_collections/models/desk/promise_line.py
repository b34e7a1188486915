from odoo import api, fields, models
from odoo.exceptions import AccessError


class ArPromiseLine(models.Model):
    _name = 'ar.promise.line'
    _description = "Item of a promise to pay"
    _inherit = ['ar.agreement.line']
    _order = 'date_maturity, id'
    _agreement = 'promise_id'

    promise_id = fields.Many2one('ar.promise', required=True, ondelete='cascade', index=True)
    customer_id = fields.Many2one(related='promise_id.customer_id', store=True)
    company_id = fields.Many2one(related='promise_id.company_id', store=True)
    currency_id = fields.Many2one(related='promise_id.currency_id')
    state = fields.Selection(related='promise_id.state', store=True)
    amount = fields.Monetary(
        string="Open when promised", compute='_compute_amount', store=True, precompute=True,
        help="What the item owed when it was promised; what the customer promised of it stands on "
             "the promise.")

    _open_uniq = models.UniqueIndex(
        "(move_line_id) WHERE state = 'open'",
        "One of these items is already promised: change or cancel that promise first.")

    @api.depends('move_line_id')
    def _compute_amount(self):
        for line in self:
            # Kept when the item is gone: what was promised is history.
            line.amount = line.move_line_id.amount_residual_currency or line.amount

    @api.constrains('move_line_id', 'promise_id')
    def _check_move_line_id(self):
        self._check_items()

    @api.model_create_multi
    def create(self, vals_list):
        """EXTENDS agreement: what an item owed is read from the ledger, whatever a form says."""
        return super().create([
            {name: value for name, value in vals.items() if name != 'amount'}
            for vals in vals_list])

    def write(self, vals):
        if 'amount' in vals and not self.env.su:
            raise AccessError(self.env._(
                "What an item owed is read from the ledger. Change the amount of the promise."))
        return super().write(vals)

    def unlink(self):
        """EXTENDS agreement: what is promised stays within what the items owe."""
        promises = self.promise_id
        result = super().unlink()
        promises.exists()._check_amount()
        return result
