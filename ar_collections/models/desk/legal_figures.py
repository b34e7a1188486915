from odoo import api, fields, models
from odoo.tools import SQL

# Wherever the claim stood or stands: transfers that were undone too, for the past dates.
CASE_ITEMS = SQL(
    """
    SELECT line.move_line_id AS line_id, line.case_id, line.company_id, line.is_open
      FROM ar_legal_case_line line
     UNION
    SELECT part.item_id, line.case_id, line.company_id, line.is_open
      FROM ar_legal_case_line line
      JOIN ar_doubtful_line moved ON moved.root_line_id = line.move_line_id
     CROSS JOIN LATERAL (VALUES (moved.doubtful_line_id), (moved.back_line_id)) part (item_id)
     WHERE part.item_id IS NOT NULL
    """)


class ArDunningSkip(models.Model):
    """EXTENDS dunning: why the legal stage keeps an item out of a run."""
    _inherit = 'ar.dunning.skip'

    reason = fields.Selection(
        selection_add=[('legal', "At legal stage")], ondelete={'legal': 'cascade'})


class ArDunningEngine(models.AbstractModel):
    """EXTENDS dunning: a legal case takes its items off the ladder."""
    _inherit = 'ar.dunning.engine'

    @api.model
    def _get_item_exclusions(self, company, date):
        """EXTENDS dunning: in an open legal case, whatever else is agreed about the item."""
        return [('legal', SQL(
            "l.id IN (SELECT part.line_id FROM (%s) part WHERE part.is_open)", CASE_ITEMS)),
            *super()._get_item_exclusions(company, date)]


class ArForecast(models.AbstractModel):
    """EXTENDS figures: money at legal stage is not expected next week."""
    _inherit = 'ar.forecast'

    @api.model
    def _get_dispute_days(self, companies, date):
        """EXTENDS figures: the day named in the case, else the days of recovery from its opening.

        Counted from the due date, as the forecast counts; the longer of dispute and case.
        """
        disputes = super()._get_dispute_days(companies, date)
        self._flush_legal()
        legal = SQL(
            """
            SELECT part.line_id, GREATEST(
                       COALESCE(legal_case.expected_date,
                                legal_case.opened_on + company.ar_legal_days)
                       - COALESCE(l.date_maturity, l.date), 1)::int AS days
              FROM (%(items)s) part
              JOIN ar_legal_case legal_case ON legal_case.id = part.case_id
              JOIN res_company company ON company.id = part.company_id
              JOIN account_move_line l ON l.id = part.line_id
             WHERE part.company_id = ANY(%(companies)s) AND legal_case.opened_on <= %(date)s
               AND (legal_case.stage <> 'closed' OR legal_case.closed_on > %(date)s)
            """, items=CASE_ITEMS, companies=companies.ids, date=date)
        return SQL(
            "SELECT line_id, MAX(days)::int AS days FROM (%s UNION ALL %s) stay"
            " GROUP BY line_id", disputes, legal) if disputes else SQL(
            "SELECT line_id, MAX(days)::int AS days FROM (%s) stay GROUP BY line_id", legal)

    @api.model
    def _flush_legal(self):
        for name in ('ar.legal.case', 'ar.legal.case.line', 'ar.doubtful.line', 'res.company'):
            self.env[name].flush_model()

    @api.model
    def _read_legal_items(self, item_ids):
        """Return {item id: name of its open case}, in one query."""
        self._flush_legal()
        return dict(self.env.execute_query(SQL(
            """
            SELECT part.line_id, MAX(legal_case.name)
              FROM (%s) part JOIN ar_legal_case legal_case ON legal_case.id = part.case_id
             WHERE part.is_open AND part.line_id = ANY(%s)
             GROUP BY part.line_id
            """, CASE_ITEMS, list(item_ids))))


class ArForecastItem(models.Model):
    """EXTENDS figures: the reason of a date says that a case is behind it."""
    _inherit = 'ar.forecast.item'

    def _compute_reason(self):
        result = super()._compute_reason()
        late = self.filtered('dispute_days')
        cases = self.env['ar.forecast']._read_legal_items(late.line_id.ids) if late else {}
        for item in late:
            name = cases.get(item.line_id.id)
            if name:
                item.reason = self.env._(
                    "At legal stage, case %(case)s: money is counted on %(days)s days after the "
                    "due date", case=name, days=item.dispute_days)
        return result


class ArAgedBalance(models.Model):
    """EXTENDS figures: what is at legal stage, beside the buckets."""
    _inherit = 'ar.aged.balance'

    @api.model
    def _get_item_overlays(self, options):
        """EXTENDS figures: what the items of cases open at the day still owed at its end."""
        overlays = super()._get_item_overlays(options)
        # sudo: whether there are any is no secret; the rows follow the items' own rules.
        if not self.env['ar.legal.case'].sudo().search_count(
                [('company_id', 'in', self.env.companies.ids)], limit=1):
            return overlays
        self.env['ar.forecast']._flush_legal()
        items = SQL(
            """
            SELECT part.line_id FROM (%s) part
              JOIN ar_legal_case legal_case ON legal_case.id = part.case_id
             WHERE legal_case.opened_on <= %s
               AND (legal_case.stage <> 'closed' OR legal_case.closed_on > %s)
            """, CASE_ITEMS, options['date'], options['date'])
        overlays['legal'] = SQL(
            "SELECT line_id, %s AS amount FROM (%s) item",
            SQL("residual_currency") if options['valuation'] == 'document' else SQL("residual"),
            self.env.companies._get_ar_items_query(
                options['date'], columns=SQL("l.id AS line_id"),
                where=SQL("l.id IN (%s)", items)))
        return overlays


class ArCockpit(models.AbstractModel):
    """EXTENDS figures: what waits at the end of the line."""
    _inherit = 'ar.cockpit'

    @api.model
    def _get_todos(self, scope):
        """EXTENDS figures: next steps of cases that are due, write-offs to approve."""
        today = fields.Date.to_string(scope['date'])
        steps = self.env._("Next steps of legal cases")
        losses = self.env._("Write-offs to approve")
        rows = [
            ('legal', steps, 'fa-gavel', 'warning', 'ar.legal.case',
             [('stage', '!=', 'closed'), ('next_date', '<=', today)], None),
            ('write_off', losses, 'fa-scissors', 'warning', 'ar.write.off',
             [('state', '=', 'submitted')], None),
        ]
        return [*super()._get_todos(scope), *(
            self._get_todo(scope, *row) for row in rows if self.env[row[4]].has_access('read'))]
