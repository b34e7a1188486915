from odoo import api, fields, models
from odoo.tools import SQL, format_date

from ...tools.kpi import ROLL_EDGES
from .kpi import ROLL_CODES
from .kpi_queries import get_reminder_followed

# What a figure is compared with: windows beside the one that it opens itself.
MORE = {
    'dso': ('window',), 'dso_countback': ('open',), 'best_dso': ('window',),
    'add': ('not_due', 'window'), 'cei': ('open', 'not_due'), 'overdue_rate': ('debits',),
    'over90_share': ('debits',), 'loss_probability': ('roll_base',),
    **{code: (f'{code}_base',) for code in ROLL_CODES},
    'action_efficiency': ('actions_paid',),
}


class ArKpi(models.AbstractModel):
    """Windows of what stands below the line of a ratio, and of items that grew older."""
    _inherit = 'ar.kpi'

    @api.model
    def _get_more_windows(self):
        """Return {code of a figure: kinds for `_get_action`} beside the one that it opens itself.

        Hook: a room whose records a figure counts too adds them.
        """
        return MORE

    @api.model
    def _get_due_domain(self, first=None, last=None):
        """Return the condition of items due from ``first`` to ``last``, each may be missing.

        An opening balance may have no due date: the day of its entry counts, as in the figures.
        """
        def between(name):
            return fields.Domain([
                *([(name, '>=', fields.Date.to_string(first))] if first else []),
                *([(name, '<=', fields.Date.to_string(last))] if last else [])])

        return between('date_maturity') | (
            fields.Domain('date_maturity', '=', False) & between('date'))

    def _get_moves_domain(self, kind, companies, start, end):
        """EXTENDS figures: open debts, and the buckets of the roll rates, item by item."""
        day, before = fields.Date.to_string, fields.Date.subtract(start, days=1)
        debts = fields.Domain('balance', '>', 0)
        if kind == 'debits':
            return debts & fields.Domain('ar_open_on', '=', day(end))
        if kind == 'roll_base':
            return debts & fields.Domain('ar_open_on', '=', day(before)) & self._get_due_domain(
                first=fields.Date.subtract(before, days=ROLL_EDGES[-1] - 1))
        code, _sep, part = kind.rpartition('_')
        both = fields.Domain('ar_open_through', '=', f'{day(before)}/{day(end)}')
        if kind == 'rolled':
            return debts & both & fields.Domain.OR(
                self._get_bucket_domain(number, before, end) for number in range(len(ROLL_CODES)))
        if code not in ROLL_CODES:
            return super()._get_moves_domain(kind, companies, start, end)
        number = ROLL_CODES.index(code)
        if part == 'base':
            return debts & fields.Domain('ar_open_on', '=', day(before)) & (
                self._get_bucket_domain(number, before))
        return debts & both & self._get_bucket_domain(number, before, end)

    def _get_bucket_domain(self, number, before, end=None):
        """Return the condition of the items of a bucket on one day; with ``end``, of those in an
        older one by then.
        """
        youngest = ROLL_EDGES[number - 1] if number else None
        last = None if youngest is None else fields.Date.subtract(before, days=youngest)
        if end:
            older = fields.Date.subtract(end, days=ROLL_EDGES[number])
            last = min(last, older) if last else older
        return self._get_due_domain(
            first=fields.Date.subtract(before, days=ROLL_EDGES[number] - 1), last=last)

    def _get_action_name(self, kind, end):
        """EXTENDS figures: titles of these windows."""
        day = format_date(self.env, end)
        month = format_date(self.env, end, date_format='MMMM yyyy')
        start = format_date(self.env, end.replace(day=1))
        code, _sep, part = kind.rpartition('_')
        if kind == 'debits':
            return self.env._("Open items on %s, without credits", day)
        if kind == 'actions_paid':
            return self.env._("Reminders followed by money, of those that ended in %s", month)
        if kind == 'rolled' or code in ROLL_CODES and part == 'moved':
            return self.env._("Still open and older on %s", day)
        if kind == 'roll_base' or code in ROLL_CODES:
            return self.env._("What stood there before %s", start)
        return super()._get_action_name(kind, end)

    def _get_other_windows(self, base, companies):
        """EXTENDS figures: the reminders that money followed."""
        windows = super()._get_other_windows(base, companies)

        def get_followed(start, end):
            return {'res_model': 'ar.reminder', 'domain': [*base, (
                'followed_within', '=',
                f'{fields.Date.to_string(start)}/{fields.Date.to_string(end)}')]}

        return {**windows, 'actions_paid': get_followed}


class ArReminder(models.Model):
    """EXTENDS dunning: which reminders money followed."""
    _name = 'ar.reminder'
    _inherit = ['ar.reminder', 'ar.followed']

    def _get_followed_query(self, companies, cash_journals, start, end):
        """EXTENDS figures."""
        return SQL(
            "(SELECT l.id FROM ar_reminder l WHERE l.state = 'sent' AND l.company_id = ANY(%s)"
            " AND l.sent_date + 7 BETWEEN %s AND %s AND %s)",
            companies.ids, start, end, get_reminder_followed(cash_journals))
