from odoo import api, fields, models
from odoo.tools import SQL


class ArForecast(models.AbstractModel):
    """EXTENDS figures: the dates of a plan in the expected cash."""
    _inherit = 'ar.forecast'

    @api.model
    def _get_promised_dates(self, companies, date):
        """EXTENDS figures: the instalment that pays the item in full, for active plans.

        Instalments pay the items in the order of their due dates. The later date counts when an
        item was promised, too.
        """
        self.env['ar.payment.plan'].flush_model()
        self.env['ar.payment.plan.instalment'].flush_model()
        planned = SQL(
            """
            SELECT COALESCE(stood.other_id, item.line_id) AS line_id, MIN(part.due_date) AS date
              FROM (
                SELECT line.move_line_id AS line_id, line.plan_id, SUM(line.amount) OVER (
                           PARTITION BY line.plan_id
                           ORDER BY COALESCE(l.date_maturity, l.date), l.id) AS up_to
                  FROM ar_payment_plan_line line
                  JOIN ar_payment_plan plan ON plan.id = line.plan_id
                  JOIN account_move_line l ON l.id = line.move_line_id
                 WHERE %(known)s
              ) item
              JOIN (
                SELECT plan_id, due_date, SUM(amount) OVER (
                           PARTITION BY plan_id ORDER BY due_date, id) AS up_to
                  FROM ar_payment_plan_instalment
              ) part ON part.plan_id = item.plan_id AND part.up_to >= item.up_to
              LEFT JOIN (%(pairs)s) stood ON stood.item_id = item.line_id
             GROUP BY COALESCE(stood.other_id, item.line_id)
            """, known=self._get_known_plans(companies, date),
            pairs=self.env['ar.doubtful.line']._get_claim_pairs())
        promised = super()._get_promised_dates(companies, date)
        return planned if promised is None else SQL(
            "SELECT line_id, MAX(date) AS date FROM (%s UNION ALL %s) known GROUP BY line_id",
            promised, planned)

    @api.model
    def _get_known_plans(self, companies, date):
        """Return the condition on alias `plan`: active at the end of ``date``."""
        return SQL(
            "plan.company_id = ANY(%(companies)s) AND plan.started_on <= %(date)s"
            " AND (plan.state = 'active' OR plan.closed_on > %(date)s)",
            companies=companies.ids, date=date)


class ArAgedBalance(models.Model):
    """EXTENDS figures: what stands under a plan, beside the buckets of the original dates."""
    _inherit = 'ar.aged.balance'

    @api.model
    def _get_item_overlays(self, options):
        """EXTENDS figures: items under a plan that was active at the day of the report."""
        overlays = super()._get_item_overlays(options)
        # sudo: whether there are any is no secret; the rows follow the items' own rules.
        Plan = self.env['ar.payment.plan'].sudo()
        if not Plan.search_count([('company_id', 'in', self.env.companies.ids)], limit=1):
            return overlays
        self.env['ar.payment.plan'].flush_model()
        overlays['planned'] = self._get_part_query(
            options, SQL("line.amount"), SQL(
                "ar_payment_plan_line line JOIN ar_payment_plan plan ON plan.id = line.plan_id"),
            self.env['ar.forecast']._get_known_plans(self.env.companies, options['date']))
        return overlays


class ArCockpit(models.AbstractModel):
    """EXTENDS figures: what waits about payment plans."""
    _inherit = 'ar.cockpit'

    @api.model
    def _get_todos(self, scope):
        """EXTENDS figures: plans to approve, instalments late, plans just broken."""
        todos = super()._get_todos(scope)
        if not self.env['ar.payment.plan'].has_access('read'):
            return todos
        today = fields.Date.to_string(scope['date'])
        week = fields.Date.to_string(fields.Date.subtract(scope['date'], days=7))
        approve = self.env._("Payment plans to approve")
        late = self.env._("Instalments late")
        broken = self.env._("Payment plans broken in the last 7 days")
        rows = [
            ('plans', approve, 'fa-calendar-plus-o', 'warning', 'ar.payment.plan',
             [('state', '=', 'to_approve')], None),
            ('instalments', late, 'fa-calendar-times-o', 'warning', 'ar.payment.plan.instalment',
             [('plan_state', '=', 'active'), ('state', 'in', ('open', 'late')),
              ('due_date', '<', today)], None),
            ('plans_broken', broken, 'fa-chain-broken', 'warning', 'ar.payment.plan',
             [('state', '=', 'broken'), ('closed_on', '>=', week)], None),
        ]
        return [*todos, *(self._get_todo(scope, *row) for row in rows)]
