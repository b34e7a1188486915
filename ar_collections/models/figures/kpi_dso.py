from decimal import Decimal

from odoo import api, models
from odoo.tools import SQL

from ...tools import kpi


class ArKpi(models.AbstractModel):
    """Days of sales outstanding: one definition, for the key figures and for the cockpit.

    The page of key figures reads every movement and reconciliation. Balance and sales need the
    lines alone, because a receivable balance is the sum of its lines whatever was matched: whoever
    wants no more than the DSO gets it from one pass over them.
    """
    _inherit = 'ar.kpi'

    def _get_dso_numbers(self, frame, settings, index, sales, balance):
        """Return the DSO of one month, and what it was computed from.

        :param int index: the month, as a place in ``frame.days``
        :param list sales: sales of each period, tax included
        :param list balance: receivables at the end of each period
        """
        months = settings.ar_kpi_months or 1
        total = sum(sales[index - months + 1:index + 1], kpi.ZERO)
        days = Decimal((frame.days[index] - frame.days[index - months]).days)
        back = kpi.dso_countback(balance[index], [
            (sales[past], (frame.days[past] - frame.days[past - 1]).days)
            for past in range(index, index - kpi.COUNTBACK_MONTHS, -1)])
        return {
            'window_months': Decimal(months), 'window_sales': total, 'window_days': days,
            'dso': kpi.dso(balance[index], total, days),
            'dso_countback': back and back.days,
            'countback_months': Decimal(back.months) if back else kpi.ZERO,
            'countback_capped': bool(back and back.capped),
        }

    @api.model
    def _read_dso(self, scope, months, date):
        """Return the DSO of each month, the oldest first: one query.

        The figures are those of `_read_numbers`, in the same conventions.

        :param dict scope: see `_get_frame`
        :param int months: how many months; the last one ends on ``date``
        :return: the currency, and a list of {'date', 'receivables'} with `_get_dso_numbers`
        """
        frame = self._get_frame(scope, months, date)
        balance, sales = self._read_balances_and_sales(frame)
        return frame.currency, [{
            'date': frame.days[index], 'receivables': balance[index],
            **self._get_dso_numbers(frame, frame.companies[:1], index, sales, balance),
        } for index in range(frame.first, len(frame.days))]

    def _read_balances_and_sales(self, frame):
        """Return the balance at the end of each period and the sales in it: one query.

        Sales are invoices, receipts and credit notes, tax included; their lines tell it by journal
        and invoice date, without a second look at every entry.
        """
        # sudo: whoever may read figures need not be allowed to read journals.
        journals = self.env['account.journal'].sudo().with_context(active_test=False).search([
            ('company_id', 'parent_of', frame.companies.ids), ('type', '=', 'sale')])
        rows = self.env.execute_query(SQL(
            """
            SELECT %(period)s, SUM(amount), SUM(amount) FILTER (WHERE is_sale)
              FROM (
                SELECT l.date, SUM(l.balance * %(factor)s) AS amount,
                       l.journal_id = ANY(%(journals)s) AND l.invoice_date IS NOT NULL AS is_sale
                  FROM account_move_line l %(join)s
                 WHERE %(lines)s AND l.date <= %(last)s
                 GROUP BY 1, 3
              ) day
             GROUP BY 1
            """,
            period=frame.period(SQL("day.date")), factor=frame.factor, join=frame.join,
            lines=self._get_lines(frame), last=frame.days[-1], journals=journals.ids))
        count = len(frame.days)
        changes = {period: Decimal(change) for period, change, _sold in rows}
        sold = {period: Decimal(amount or 0) for period, _change, amount in rows}
        return kpi.cumulate(changes, count), [sold.get(index, kpi.ZERO) for index in range(count)]
