from decimal import Decimal

from odoo import api, fields, models
from odoo.tools import SQL, format_date, formatLang

from ...tools import kpi

# A change smaller than this, in days, is no trend.
STEADY = 0.5


class ArCockpit(models.AbstractModel):
    """The DSO of the cockpit: the definition and the formulas of `ar.kpi`, and nothing more.

    The page of key figures reads every movement and reconciliation. Balance and sales need the
    lines alone, because a receivable balance is the sum of its lines whatever was matched: one
    pass over them, fast enough to be read each time the page is opened.
    """
    _inherit = 'ar.cockpit'

    @api.model
    def _get_dso_rows(self, scope):
        """Return one row per month of the period, the oldest first; the last ends today.

        :return: list of {date, label, dso, countback, help, action}; days, None when there are no
            sales to divide by; [] when no month has any
        """
        frame = self.env['ar.kpi']._get_frame(
            self._get_small_scope(scope), scope['months'], scope['date'])
        balances, sales = self._read_balances_and_sales(frame)
        months = frame.companies[:1].ar_kpi_months or 1
        lengths = [(after - before).days for before, after in zip(
            frame.days, frame.days[1:], strict=False)]
        rows = []
        for index in range(frame.first, len(frame.days)):
            window = sum(sales[index - months + 1:index + 1], kpi.ZERO)
            days = (frame.days[index] - frame.days[index - months]).days
            dso = kpi.dso(balances[index], window, days)
            # Where nothing was sold the one is not known; the other would draw a line of zeros.
            back = None if dso is None else kpi.dso_countback(balances[index], [
                (sales[past], lengths[past - 1])
                for past in range(index, index - kpi.COUNTBACK_MONTHS, -1)])
            rows.append({
                'date': fields.Date.to_string(frame.days[index]),
                'label': format_date(self.env, frame.days[index], date_format='MMM yy'),
                'dso': self._get_days(dso),
                'countback': self._get_days(back and back.days),
                'help': self.env._(
                    "Receivables %(balance)s ÷ sales %(sales)s × %(days)s days",
                    balance=self._format_money(balances[index], frame),
                    sales=self._format_money(window, frame), days=days),
                'action': self._get_items_action(
                    {**scope, 'date': frame.days[index]},
                    self.env._("Open items at %s", format_date(self.env, frame.days[index]))),
            })
        return rows if any(row['dso'] is not None for row in rows) else []

    def _read_balances_and_sales(self, frame):
        """Return the balance at the end of each period and the sales in it: one query.

        Sales are invoices, receipts and credit notes, tax included, as in `ar.kpi`; their lines
        tell it by journal and invoice date, without a second look at every entry.
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
            lines=self.env['ar.kpi']._get_lines(frame), last=frame.days[-1],
            journals=journals.ids))
        count = len(frame.days)
        changes = {period: Decimal(change) for period, change, _sold in rows}
        sold = {period: Decimal(amount or 0) for period, _change, amount in rows}
        return kpi.cumulate(changes, count), [sold.get(index, kpi.ZERO) for index in range(count)]

    @staticmethod
    def _get_days(value):
        return None if value is None else float(value)

    def _format_money(self, amount, frame):
        return formatLang(
            self.env, float(amount), rounding_unit='units', currency_obj=frame.currency)

    def _get_dso_tile(self, scope, months):
        """Return the tile: the DSO of today and its change since the beginning of the period."""
        known = [row for row in months if row['dso'] is not None]
        last = known[-1] if known else None
        trend = False
        if len(known) > 1:
            change = last['dso'] - known[0]['dso']
            words = {'days': formatLang(self.env, abs(change), digits=1),
                     'month': known[0]['label']}
            trend = {
                'icon': 'minus' if abs(change) < STEADY else 'caret-up' if change > 0
                else 'caret-down',
                'tone': 'bad' if change >= STEADY else 'good' if change <= -STEADY else False,
                'text': self.env._("%(days)s days more than in %(month)s", **words)
                if change > 0 else self.env._("%(days)s days less than in %(month)s", **words),
            }
        definition = self.env._(
            "Days of sales outstanding: receivables divided by the sales of the period, times its "
            "days, tax included on both sides.")
        return {
            'code': 'dso', 'sequence': 20, 'label': self.env._("DSO"), 'kind': 'days',
            'value': last['dso'] if last else None,
            'tone': trend['tone'] if trend else False,
            'note': False if last else self.env._("no sales to divide by"),
            'help': f"{definition} {last['help']}" if last else definition,
            'trend': trend,
            'action': last['action'] if last else self._get_items_action(
                scope, self.env._("Open items")),
        }
