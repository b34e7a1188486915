from odoo import api, fields, models
from odoo.exceptions import UserError, ValidationError
from odoo.tools import SQL, formatLang


class ArDisputeLine(models.Model):
    _name = 'ar.dispute.line'
    _description = "Disputed item"
    _inherit = ['ar.agreement.line']
    _order = 'date_maturity, id'
    _agreement = 'dispute_id'

    dispute_id = fields.Many2one('ar.dispute', required=True, ondelete='cascade', index=True)
    customer_id = fields.Many2one(related='dispute_id.customer_id', store=True)
    company_id = fields.Many2one(related='dispute_id.company_id', store=True)
    currency_id = fields.Many2one(related='dispute_id.currency_id')
    state = fields.Selection(related='dispute_id.state', store=True)
    amount = fields.Monetary(
        string="Disputed", compute='_compute_amount', store=True, readonly=False, precompute=True,
        help="The part that the customer disputes; the rest is still reminded.")

    _open_uniq = models.UniqueIndex(
        "(move_line_id) WHERE state = 'open'",
        "One of these items is already disputed: add to that dispute.")
    _amount_positive = models.Constraint(
        'CHECK(amount > 0)', "The amount disputed must be positive.")

    @api.depends('move_line_id')
    def _compute_amount(self):
        for line in self:
            line.amount = line.move_line_id.amount_residual_currency or line.amount

    @api.constrains('move_line_id', 'dispute_id', 'amount')
    def _check_move_line_id(self):
        self._check_items()
        for line in self:
            if line.state == 'open' and line.currency_id.compare_amounts(
                    line.amount, line.residual) > 0:
                raise ValidationError(self.env._(
                    "%(item)s owes %(residual)s: no more than that can be disputed.",
                    item=line.move_line_id.display_name,
                    residual=formatLang(
                        self.env, line.residual, currency_obj=line.currency_id)))

    @api.model
    def _get_holding_states(self):
        """Return the states that hold an item: open, or opened again when a payment is undone."""
        return ('open', *self.env['ar.dispute']._get_ledger_states())

    @api.model
    def _get_taking_condition(self):
        """EXTENDS agreement: not one that a person has settled."""
        return SQL("other.state = ANY(%s)", list(self._get_holding_states()))

    def _check_free(self):
        """EXTENDS agreement: two that the ledger may open would meet on the same item."""
        result = super()._check_free()
        # sudo: the other one may belong to a colleague.
        taken = self.sudo().search([
            ('move_line_id', 'in', self.move_line_id.ids), ('dispute_id', 'not in',
             self.dispute_id.ids), ('state', 'in', self._get_holding_states())], limit=1)
        if taken:
            raise UserError(self.env._(
                "%(item)s was settled in %(dispute)s, which opens again when that is undone. Note "
                "a new dispute about what is still owed.",
                item=taken.move_line_id.display_name, dispute=taken.dispute_id.display_name))
        return result

    def _limit_to_residual(self):
        """Lower the amounts to what is still owed, when a dispute is opened again."""
        for line in self:
            if 0 < line.residual < line.amount:
                line.amount = line.residual

    def _get_follow_values(self, item):
        """EXTENDS agreement: a part stays disputed, or as much as the new item owes.

        Written with the item: computed from it, the amount would become all that it owes.
        """
        return {**super()._get_follow_values(item), 'amount': min(
            self.amount, item.amount_residual_currency)}
