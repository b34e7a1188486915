from odoo import api, models
from odoo.tools import SQL


class ArAgedBalance(models.Model):
    """EXTENDS figures: items under an active plan, aged by the dates of its instalments."""
    _inherit = 'ar.aged.balance'

    @api.model
    def _get_item_parts(self, options, items):
        """EXTENDS figures: what is still to be paid of each item with each instalment.

        By the rules of the plan itself: money pays the instalments in the order of their dates,
        what is settled otherwise lowers the last ones, and instalments pay the items in the order
        of their due dates. So what is open of the items, in that order, lies on the instalments
        from what was paid on: the item that owes from 100 to 250 of a plan of twice 200, of which
        nothing came in, owes 100 with the first instalment and 50 with the second.
        """
        others = super()._get_item_parts(options, items)
        Line = self.env['ar.payment.plan.line']
        companies, date = self.env.companies, options['date']
        # sudo: whether there are any is no secret; the rows follow the items' own rules.
        if not self.env['ar.payment.plan'].sudo().search_count(
                [('company_id', 'in', companies.ids), ('started_on', '<=', date)], limit=1):
            return others
        for model in ('ar.payment.plan', 'ar.payment.plan.line', 'ar.payment.plan.instalment'):
            self.env[model].flush_model()
        Doubtful = self.env['ar.doubtful.line']
        known = SQL(
            "SELECT line.*, plan.started_on FROM ar_payment_plan_line line"
            " JOIN ar_payment_plan plan ON plan.id = line.plan_id WHERE %s",
            self.env['ar.forecast']._get_known_plans(companies, date))
        planned = SQL(
            """
            WITH known AS (%(known)s),
            claim (key, item_id) AS (%(claims)s),
            paid AS (
                SELECT known.plan_id, SUM(LEAST(
                           COALESCE(money.amount, 0),
                           CASE WHEN invoice.state = 'posted'
                                THEN GREATEST(known.amount - COALESCE(owed.amount, 0), 0)
                                ELSE known.amount END)) AS amount
                  FROM known
                  LEFT JOIN account_move invoice ON invoice.id = known.move_id
                  LEFT JOIN (
                    SELECT claim.key, SUM(item.residual_currency) AS amount
                      FROM claim JOIN %(items)s item ON item.line_id = claim.item_id
                     GROUP BY claim.key
                  ) owed ON owed.key = known.id
                  LEFT JOIN (
                    SELECT line.id AS key, SUM(pr.debit_amount_currency) AS amount
                      FROM claim
                      JOIN known line ON line.id = claim.key
                      JOIN account_partial_reconcile pr ON pr.debit_move_id = claim.item_id
                           AND pr.id > COALESCE(line.last_partial_id, 0)
                           AND pr.max_date <= %(date)s
                      JOIN account_move_line cl ON cl.id = pr.credit_move_id
                     WHERE %(money)s
                     GROUP BY line.id
                  ) money ON money.key = known.id
                 GROUP BY known.plan_id
            ),
            owed AS (
                SELECT item.line_id, member.plan_id, item.residual_currency AS amount,
                       SUM(item.residual_currency) OVER (
                           PARTITION BY member.plan_id ORDER BY item.due_date, item.line_id
                       ) - item.residual_currency AS starts
                  FROM (
                    SELECT DISTINCT ON (claim.item_id) claim.item_id, known.plan_id
                      FROM claim JOIN known ON known.id = claim.key
                     ORDER BY claim.item_id, known.started_on DESC, known.plan_id DESC
                  ) member
                  JOIN %(items)s item ON item.line_id = member.item_id
                 WHERE item.residual_currency > 0
            )
            SELECT owed.line_id, part.number, part.due_date AS date,
                   GREATEST(LEAST(part.up_to - paid.amount - owed.starts, owed.amount), 0) AS up_to
              FROM owed
              JOIN paid ON paid.plan_id = owed.plan_id
              JOIN (
                SELECT plan_id, due_date,
                       ROW_NUMBER() OVER by_date AS number, SUM(amount) OVER by_date AS up_to
                  FROM ar_payment_plan_instalment
                WINDOW by_date AS (PARTITION BY plan_id ORDER BY due_date, id)
              ) part ON part.plan_id = owed.plan_id
            """,
            known=known, items=items, date=date,
            claims=Doubtful._get_claim_query(SQL("SELECT id, move_line_id FROM known"
                                                 " WHERE move_line_id IS NOT NULL")),
            money=SQL(" OR ").join(
                SQL("(line.company_id = %s AND %s)", company.id,
                    Line._get_money_condition(company)) for company in companies))
        return planned if others is None else SQL("%s UNION ALL %s", others, planned)
