import json

from odoo import api, fields, models
from odoo.tools import SQL


class ArDunningEngine(models.AbstractModel):
    """EXTENDS dunning: an active plan takes its items out of the ladder, but for what is late."""
    _inherit = 'ar.dunning.engine'

    @api.model
    def _get_item_exclusions(self, company, date):
        """EXTENDS dunning: items under an active plan of which nothing is late."""
        exclusions = super()._get_item_exclusions(company, date)
        waiting = [item_id for item_id, late in self._read_late_parts(company, date).items()
                   if late <= 0]
        # Written as a list: PostgreSQL hashes it once, whatever it expects of the plans.
        return [*exclusions, ('planned', SQL("l.id = ANY(%s)", waiting))] if waiting else exclusions

    @api.model
    def _get_item_residual(self, company):
        """EXTENDS dunning: of an item under an active plan, what is late of the instalments.

        In company currency at the item's own ratio, so that both amounts say the same. An item of
        which nothing is late is excluded anyway, and the explanation shows what it owes.
        """
        residual, residual_currency = super()._get_item_residual(company)
        parts = {item_id: str(late) for item_id, late in self._read_late_parts(
            company, company._get_ar_today()).items() if late > 0}
        if not parts:
            return residual, residual_currency
        is_late = SQL("l.id = ANY(%s)", list(parts))
        claimed = SQL(
            "LEAST((%(parts)s::jsonb ->> l.id::text)::numeric, %(open)s)",
            parts=json.dumps(parts), open=residual_currency)
        return (
            SQL("CASE WHEN %(is_late)s THEN ROUND("
                "%(residual)s * %(claimed)s / NULLIF(%(open)s, 0), %(digits)s)"
                " ELSE %(residual)s END",
                is_late=is_late, residual=residual, claimed=claimed, open=residual_currency,
                digits=company.currency_id.decimal_places),
            SQL("CASE WHEN %(is_late)s THEN %(claimed)s ELSE %(open)s END",
                is_late=is_late, claimed=claimed, open=residual_currency),
        )

    @api.model
    def _read_late_parts(self, company, date):
        """Return {item id: what is late of it} of the open items under active plans.

        The instalments whose day has come and gone by ``date``, less what came in, fall on the
        items in the order of their due dates, each up to what it owes; zero and less: nothing is
        late. In the item's currency. One query, and as a rule few rows.

        :rtype: dict[int, Decimal]
        """
        for model in ('ar.payment.plan', 'ar.payment.plan.line', 'ar.payment.plan.instalment'):
            self.env[model].flush_model()
        self.env['account.move.line'].flush_model(
            ['amount_residual', 'amount_residual_currency', 'date_maturity', 'parent_state'])
        return dict(self.env.execute_query(SQL(
            """
            SELECT line.move_line_id, LEAST(
                       l.amount_residual_currency,
                       LEAST(COALESCE(late.amount, 0),
                             plan.amount - COALESCE(plan.other_amount, 0))
                       - COALESCE(plan.paid_amount, 0) + l.amount_residual_currency
                       - SUM(l.amount_residual_currency) OVER (
                             PARTITION BY plan.id
                             ORDER BY COALESCE(l.date_maturity, l.date), l.id))
              FROM ar_payment_plan plan
              JOIN ar_payment_plan_line line ON line.plan_id = plan.id
              JOIN account_move_line l ON l.id = line.move_line_id
                   AND l.parent_state = 'posted' AND l.amount_residual_currency > 0
              LEFT JOIN (
                SELECT part.plan_id, SUM(part.amount) AS amount
                  FROM ar_payment_plan_instalment part
                 WHERE part.plan_state = 'active' AND part.company_id = %(company)s
                   AND part.due_date < %(date)s
                 GROUP BY part.plan_id
              ) late ON late.plan_id = plan.id
             WHERE plan.state = 'active' AND plan.company_id = %(company)s
            """, company=company.id, date=date)))


class ArDunningSkip(models.Model):
    """EXTENDS dunning: why a plan keeps an item out of a run."""
    _inherit = 'ar.dunning.skip'

    reason = fields.Selection(
        selection_add=[('planned', "Under a payment plan")], ondelete={'planned': 'cascade'})
