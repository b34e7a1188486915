from odoo import api, fields, models
from odoo.tools import SQL


class ArPaymentPlanLine(models.Model):
    """An item under a payment plan."""
    _name = 'ar.payment.plan.line'
    _description = "Item under a payment plan"
    _inherit = ['ar.agreement.owed.line']
    _order = 'date_maturity, id'
    _agreement = 'plan_id'

    plan_id = fields.Many2one('ar.payment.plan', required=True, ondelete='cascade', index=True)
    customer_id = fields.Many2one(related='plan_id.customer_id', store=True)
    company_id = fields.Many2one(related='plan_id.company_id', store=True)
    currency_id = fields.Many2one(related='plan_id.currency_id')
    state = fields.Selection(related='plan_id.state', store=True)
    amount = fields.Monetary(
        string="Open when proposed",
        help="What the item owed when the plan was proposed.")

    _live_uniq = models.UniqueIndex(
        "(move_line_id) WHERE state IN ('to_approve', 'proposed', 'active')",
        "One of these items stands in another payment plan: close that one first.")

    @api.model
    def _get_taking_condition(self):
        """EXTENDS agreement: what nobody agreed to takes nothing over, unless it still waits."""
        return SQL(
            "(other.state = ANY(%s) OR EXISTS (SELECT FROM ar_payment_plan plan"
            " WHERE plan.id = other.plan_id AND plan.started_on IS NOT NULL))",
            list(self.env['ar.payment.plan']._get_live_states()))

    def _read_amounts(self):
        """Read again what the items owe; reconciliations from here on count for the plan."""
        self.env.flush_all()
        self.env.cr.execute(SQL(
            """
            UPDATE ar_payment_plan_line line
               SET amount = l.amount_residual_currency,
                   last_partial_id = (SELECT COALESCE(MAX(id), 0) FROM account_partial_reconcile)
              FROM account_move_line l
             WHERE l.id = line.move_line_id AND line.id = ANY(%s)
            """, self.ids))
        self.invalidate_recordset(['amount', 'last_partial_id'], flush=False)
        self.modified(['amount'])
