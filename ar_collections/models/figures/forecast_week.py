from odoo import api, fields, models
from odoo.tools import SQL
from odoo.tools.misc import format_date

from ...tools.searching import search_told
from ..core.customer_refresh import CASH_JOURNALS
from .forecast import CREDITS_LEFT, LATER, WEEKS
from .forecast_item import DEPENDS

KINDS = [('week', "Week"), ('later', "Later"), ('credit', "Credits left over")]

# The sums are those of the items that the reader may see.
CONTEXT_KEYS = ('ar_date', 'uid')


def summed(field, label, **options):
    """Return a field whose value depends on the day in the context and on the reader."""
    return field(string=label, readonly=True, depends_context=CONTEXT_KEYS, **options)


class ArForecastWeek(models.Model):
    """Thirteen weeks of expected cash, what comes later, and what came in. Computed in SQL.

    The context may choose the day (`ar_date`). For a past day the forecast is made again from what
    the ledger knew at its end, and stands beside what came in since on the very items that were
    open then; what was forecast in those days is kept in `ar.forecast.snapshot`.

    Only items that the reader may see are added up.
    """
    _name = 'ar.forecast.week'
    _description = "Expected cash by week"
    _auto = False
    _rec_name = 'label'
    _order = 'company_id, number'
    _depends = {
        **DEPENDS, 'ar.forecast.snapshot': ['company_id', 'date', 'likely', 'number'],
    }

    company_id = fields.Many2one('res.company', readonly=True)
    currency_id = fields.Many2one('res.currency', readonly=True)
    number = fields.Integer(readonly=True, aggregator=None)
    kind = fields.Selection(KINDS, readonly=True)
    week = summed(fields.Date, "Week", help="Monday of the week.")
    label = fields.Char(
        string="When", compute='_compute_label', search='_search_label',
        depends_context=('ar_date', 'lang'))
    likely = summed(
        fields.Monetary, "Expected", help="Items whose likely date lies in this week.")
    likely_total = summed(
        fields.Monetary, "Expected so far", aggregator=None,
        help="Expected up to the end of the week.")
    low_total = summed(
        fields.Monetary, "Low, so far", aggregator=None,
        help="Up to the end of the week when every item comes on its late date.")
    high_total = summed(
        fields.Monetary, "High, so far", aggregator=None,
        help="Up to the end of the week when every item comes on its early date.")
    low = summed(
        fields.Monetary, "Low case", help="Items whose late date lies in this week.")
    high = summed(
        fields.Monetary, "High case", help="Items whose early date lies in this week.")
    frozen = summed(
        fields.Monetary, "Forecast in those days",
        help="What the forecast showed on that very day, kept since.")
    actual = summed(
        fields.Monetary, "Came in",
        help="Received in bank or cash, in the week, on the items that were open on the day.")
    actual_total = summed(
        fields.Monetary, "Came in so far", aggregator=None,
        help="Received up to the end of the week on the items that were open on the day.")
    other = summed(
        fields.Monetary, "Settled otherwise",
        help="Credit notes, write-offs and the like, on the items that were open on the day.")

    @api.depends('number', 'week')
    def _compute_label(self):
        for row in self:
            row.label = self.env['ar.forecast']._get_label(row.number, row.week)

    def _search_label(self, operator, value):
        return search_told(self, 'label', operator, value)

    # === QUERY === #

    @property
    def _table_query(self):
        return self._get_query(self.env['ar.forecast.item']._get_date())

    @api.model
    def _get_query(self, date):
        """Return the query of the rows, from the items that the user may read."""
        Item = self.env['ar.forecast.item'].with_context(ar_date=fields.Date.to_string(date))
        items = Item._search([]).select(SQL(
            "ar_forecast_item.line_id, ar_forecast_item.company_id, ar_forecast_item.amount,"
            " ar_forecast_item.residual, ar_forecast_item.early_number,"
            " ar_forecast_item.likely_number, ar_forecast_item.late_number"))
        return SQL(
            """
            WITH item AS MATERIALIZED (%(items)s),
            expected AS (
                SELECT company_id, number, SUM(low) AS low, SUM(likely) AS likely, SUM(high) AS high
                  FROM (
                    SELECT company_id, late_number AS number, amount AS low, 0 AS likely, 0 AS high
                      FROM item
                     UNION ALL SELECT company_id, likely_number, 0, amount, 0 FROM item
                     UNION ALL SELECT company_id, early_number, 0, 0, amount FROM item
                  ) cases
                 GROUP BY company_id, number
            ), came AS (%(came)s)
            SELECT company.id * 100 + n.number AS id, company.id AS company_id, company.currency_id,
                   n.number,
                   CASE n.number WHEN %(later)s THEN 'later' WHEN %(left)s THEN 'credit'
                        ELSE 'week' END AS kind,
                   CASE WHEN n.number <= %(weeks)s
                        THEN %(first)s::date + 7 * (n.number - 1) END AS week,
                   COALESCE(e.low, 0) AS low, COALESCE(e.likely, 0) AS likely,
                   COALESCE(e.high, 0) AS high,
                   SUM(COALESCE(e.low, 0)) OVER running AS low_total,
                   SUM(COALESCE(e.likely, 0)) OVER running AS likely_total,
                   SUM(COALESCE(e.high, 0)) OVER running AS high_total,
                   snapshot.likely AS frozen, COALESCE(came.cash, 0) AS actual,
                   SUM(COALESCE(came.cash, 0)) OVER running AS actual_total,
                   COALESCE(came.other, 0) AS other
              FROM res_company company
             CROSS JOIN generate_series(1, %(left)s) n (number)
              LEFT JOIN expected e ON e.company_id = company.id AND e.number = n.number
              LEFT JOIN came ON came.company_id = company.id AND came.number = n.number
              LEFT JOIN ar_forecast_snapshot snapshot
                   ON snapshot.company_id = company.id AND snapshot.number = n.number
                  AND snapshot.date = %(date)s AND %(sees_all)s
             WHERE company.id = ANY(%(companies)s)
            WINDOW running AS (PARTITION BY company.id ORDER BY n.number)
            """,
            items=items, came=self._get_came_query(date), later=LATER, left=CREDITS_LEFT,
            weeks=WEEKS, first=self.env['ar.forecast']._get_first_week(date), date=date,
            sees_all=self.env['ar.forecast.snapshot'].has_access('read'),
            companies=self.env.companies.ids)

    def _get_came_query(self, date):
        """Return the query of what came in by company and week, in bank or cash, or otherwise."""
        # sudo: whoever may read figures need not be allowed to read journals.
        journals = self.env['account.journal'].sudo().with_context(active_test=False).search([
            ('company_id', 'parent_of', self.env.companies.ids), ('type', 'in', CASH_JOURNALS)])
        return SQL(
            """
            SELECT item.company_id, %(number)s AS number,
                   SUM(pr.amount) FILTER (WHERE cl.journal_id = ANY(%(journals)s)) AS cash,
                   SUM(pr.amount) FILTER (WHERE cl.journal_id <> ALL(%(journals)s)) AS other
              FROM account_partial_reconcile pr
              JOIN item ON item.line_id = pr.debit_move_id AND item.residual > 0
              JOIN account_move_line cl ON cl.id = pr.credit_move_id
             WHERE pr.max_date > %(date)s AND pr.max_date <= %(today)s
             GROUP BY 1, 2
            """,
            number=self.env['ar.forecast']._get_number_sql(date, SQL("pr.max_date")),
            journals=journals.ids, date=date, today=fields.Date.context_today(self))

    # === ACTIONS === #

    def action_open_items(self):
        """Open the items that are expected in this week."""
        self.ensure_one()
        item = self.env['ar.forecast.item']
        return item._get_action(
            item._get_date(), self.number, [('company_id', '=', self.company_id.id)])

    @api.model
    def _get_action(self, date):
        """Return the action that shows the forecast made at the end of a day.

        A past day stands beside what came in.
        """
        action = self.env['ir.actions.act_window']._for_xml_id(
            'ar_collections.ar_forecast_week_action')
        action['context'] = {'ar_date': fields.Date.to_string(date)}
        if date < fields.Date.context_today(self):
            action['name'] = self.env._(
                "Expected cash of %s and what came in", format_date(self.env, date))
            action['view_id'] = False
            action['views'] = [
                (self.env.ref('ar_collections.ar_forecast_week_view_list_past').id, 'list'),
                (self.env.ref('ar_collections.ar_forecast_week_view_graph_past').id, 'graph'),
                (False, 'pivot')]
        return action
