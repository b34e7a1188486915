from odoo import api, fields, models
from odoo.tools import SQL


class ArDunningEngine(models.AbstractModel):
    """EXTENDS dunning: an active plan takes its items out of the ladder, but for what is late."""
    _inherit = 'ar.dunning.engine'

    @api.model
    def _get_item_exclusions(self, company, date):
        """EXTENDS dunning: items under an active plan of which nothing is late."""
        return [
            *super()._get_item_exclusions(company, date),
            ('planned', SQL("(%s) <= 0", self._get_late_part(date))),
        ]

    @api.model
    def _get_item_residual(self, company):
        """EXTENDS dunning: of an item under an active plan, what is late of the instalments.

        In company currency at the item's own ratio, so that both amounts say the same. An item of
        which nothing is late is excluded anyway, and the explanation shows what it owes.
        """
        residual, residual_currency = super()._get_item_residual(company)
        # sudo: whoever sends a reminder need not be allowed to read the plan behind it.
        if not self.env['ar.payment.plan'].sudo().search_count(
                [('state', '=', 'active'), ('company_id', '=', company.id)], limit=1):
            return residual, residual_currency
        late = SQL("(%s)", self._get_late_part(company._get_ar_today()))
        claimed = SQL(
            "CASE WHEN %(late)s > 0 THEN LEAST(%(late)s, %(open)s) ELSE %(open)s END",
            late=late, open=residual_currency)
        return (
            SQL("ROUND(%(residual)s * %(claimed)s / NULLIF(%(open)s, 0), %(digits)s)",
                residual=residual, claimed=claimed, open=residual_currency,
                digits=company.currency_id.decimal_places),
            claimed,
        )

    @api.model
    def _get_late_part(self, date):
        """Return the expression of what is late of item `l` under its active plan; else NULL.

        The instalments whose day has come and gone, less what came in, fall on the items in the
        order of their due dates, each up to what it owes.
        """
        return SQL(
            """
            SELECT LEAST(late.amount - earlier.amount, l.amount_residual_currency)
              FROM ar_payment_plan_line mine
              JOIN ar_payment_plan plan ON plan.id = mine.plan_id
             CROSS JOIN LATERAL (
                SELECT LEAST(COALESCE(SUM(part.amount), 0),
                             plan.amount - COALESCE(plan.other_amount, 0))
                       - COALESCE(plan.paid_amount, 0) AS amount
                  FROM ar_payment_plan_instalment part
                 WHERE part.plan_id = plan.id AND part.due_date < %(date)s
             ) late
             CROSS JOIN LATERAL (
                SELECT COALESCE(SUM(item.amount_residual_currency), 0) AS amount
                  FROM ar_payment_plan_line other
                  JOIN account_move_line item ON item.id = other.move_line_id
                       AND item.parent_state = 'posted' AND item.amount_residual > 0
                 WHERE other.plan_id = plan.id
                   AND (COALESCE(item.date_maturity, item.date), item.id)
                       < (COALESCE(l.date_maturity, l.date), l.id)
             ) earlier
             WHERE mine.move_line_id = l.id AND mine.state = 'active'
            """, date=date)


class ArDunningSkip(models.Model):
    """EXTENDS dunning: why a plan keeps an item out of a run."""
    _inherit = 'ar.dunning.skip'

    reason = fields.Selection(
        selection_add=[('planned', "Under a payment plan")], ondelete={'planned': 'cascade'})
