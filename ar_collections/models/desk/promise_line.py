from odoo import fields, models


class ArPromiseLine(models.Model):
    _name = 'ar.promise.line'
    _description = "Item of a promise to pay"
    _inherit = ['ar.agreement.owed.line']
    _order = 'date_maturity, id'
    _agreement = 'promise_id'

    promise_id = fields.Many2one('ar.promise', required=True, ondelete='cascade', index=True)
    customer_id = fields.Many2one(related='promise_id.customer_id', store=True)
    company_id = fields.Many2one(related='promise_id.company_id', store=True)
    currency_id = fields.Many2one(related='promise_id.currency_id')
    state = fields.Selection(related='promise_id.state', store=True)
    amount = fields.Monetary(
        string="Open when promised",
        help="What the item owed when it was promised; what the customer promised of it stands on "
             "the promise.")

    _open_uniq = models.UniqueIndex(
        "(move_line_id) WHERE state = 'open'",
        "One of these items is already promised: change or cancel that promise first.")

    def unlink(self):
        """EXTENDS agreement: what is promised stays within what the items owe."""
        promises = self.promise_id
        result = super().unlink()
        promises.exists()._check_amount()
        return result
