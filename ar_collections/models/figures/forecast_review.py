from datetime import timedelta

from odoo import api, fields, models
from odoo.tools import SQL

from ..core.customer_refresh import CASH_JOURNALS
from .forecast import WEEKS


class ArForecast(models.AbstractModel):
    _inherit = 'ar.forecast'

    @api.model
    def _get_last_quarter(self):
        """Return the Sunday from which thirteen full weeks lie behind us."""
        first = self._get_first_week(fields.Date.context_today(self) - timedelta(days=1))
        return first - timedelta(days=1, weeks=WEEKS)

    @api.model
    def _read_hits(self, date):
        """Return how right the forecast made at the end of ``date`` was, item by item.

        Made again from what the ledger knew of that day, for the items that the user may read.
        Judged are those whose late date has passed, so that early payers do not flatter the result;
        what was settled without money is left out; what is still open counts as late, with the days
        until today.

        :return: {'judged': number of items, 'in_range', 'before', 'after': how many of them were
            paid between the early and the late date, before, after or not at all, 'mean_days': mean
            distance of the payment from the likely date in days, None when nothing was judged}
        """
        item = self.env['ar.forecast.item'].with_context(ar_date=fields.Date.to_string(date))
        items = item._search([('residual', '>', 0)]).select(SQL(
            "ar_forecast_item.line_id, ar_forecast_item.residual, ar_forecast_item.early_date,"
            " ar_forecast_item.likely_date, ar_forecast_item.late_date"))
        # sudo: whoever may read figures need not be allowed to read journals.
        journals = self.env['account.journal'].sudo().with_context(active_test=False).search([
            ('company_id', 'parent_of', self.env.companies.ids), ('type', 'in', CASH_JOURNALS)])
        [row] = self.env.execute_query_dict(SQL(
            """
            WITH item AS MATERIALIZED (%(items)s),
            paid AS (
                SELECT item.line_id, SUM(pr.amount) >= item.residual AS settled,
                       MAX(pr.max_date) AS day, BOOL_OR(cl.journal_id = ANY(%(journals)s)) AS cash
                  FROM item
                  JOIN account_partial_reconcile pr ON pr.debit_move_id = item.line_id
                  JOIN account_move_line cl ON cl.id = pr.credit_move_id
                 WHERE pr.max_date > %(date)s AND pr.max_date <= %(today)s
                 GROUP BY item.line_id, item.residual
            ), judged AS (
                SELECT item.*, CASE WHEN paid.settled THEN paid.day END AS day
                  FROM item LEFT JOIN paid ON paid.line_id = item.line_id
                 WHERE item.late_date < %(today)s
                   AND (paid.settled IS NOT TRUE OR paid.cash)
            )
            SELECT COUNT(*) AS judged,
                   COUNT(*) FILTER (WHERE day BETWEEN early_date AND late_date) AS in_range,
                   COUNT(*) FILTER (WHERE day < early_date) AS before,
                   COUNT(*) FILTER (WHERE day > late_date OR day IS NULL) AS after,
                   AVG(ABS(COALESCE(day, %(today)s) - likely_date))::float8 AS mean_days
              FROM judged
            """,
            items=items, journals=journals.ids, date=date,
            today=fields.Date.context_today(self)))
        return row
