from odoo import api, fields, models
from odoo.tools import format_date, formatLang

# A change smaller than this, in days, is no trend.
STEADY = 0.5


class ArCockpit(models.AbstractModel):
    """The DSO of the cockpit, as `ar.kpi` reads it: the line of the months and the tile."""
    _inherit = 'ar.cockpit'

    @api.model
    def _get_dso_rows(self, scope):
        """Return one row per month of the period, the oldest first; the last ends today.

        :return: list of {date, label, dso, countback, help, action}; days, None when there are no
            sales to divide by; [] when no month has any
        """
        currency, months = self.env['ar.kpi']._read_dso(
            self._get_small_scope(scope), scope['months'], scope['date'])
        rows = []
        for month in months:
            dso = month['dso']
            rows.append({
                'date': fields.Date.to_string(month['date']),
                'label': format_date(self.env, month['date'], date_format='MMM yy'),
                'dso': self._get_days(dso),
                # Where nothing was sold the one is not known; the other would draw a line of
                # zeros. More than all sales says "at least so many": a peak that is none.
                'countback': None if dso is None or month['countback_capped']
                else self._get_days(month['dso_countback']),
                'help': self.env._(
                    "Receivables %(balance)s ÷ sales %(sales)s × %(days)s days",
                    balance=self._format_money(month['receivables'], currency),
                    sales=self._format_money(month['window_sales'], currency),
                    days=int(month['window_days'])),
                'action': self._get_items_action(
                    {**scope, 'date': month['date']},
                    self.env._("Open items at %s", format_date(self.env, month['date']))),
            })
        return rows if any(row['dso'] is not None for row in rows) else []

    @staticmethod
    def _get_days(value):
        return None if value is None else float(value)

    def _format_money(self, amount, currency):
        return formatLang(
            self.env, float(amount), rounding_unit='units', currency_obj=currency)

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
