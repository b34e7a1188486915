from datetime import datetime, time

import pytz

from odoo import api, fields, models
from odoo.tools import format_date

from ...tools import kpi
from ..figures.kpi_fields import KnownFloat
from .kpi_queries import ACTION_KINDS


class ArKpi(models.AbstractModel):
    """EXTENDS figures: promises kept, disputes and their time, calls and visits."""
    _inherit = 'ar.kpi'

    @api.model
    def _get_numbers(self, frame, amounts, rolls):
        """EXTENDS figures: each number under the code that the words of its figure name."""
        result = super()._get_numbers(frame, amounts, rolls)
        for index, numbers in enumerate(result, start=frame.first):
            for code, source, place in (
                    ('promises_kept', 'promises', 0), ('promises_broken', 'promises', 1),
                    ('promised_kept', 'promised', 0), ('promised_broken', 'promised', 1),
                    ('disputed', 'disputed', 0), ('disputes_settled', 'settled', 0),
                    ('settling_days', 'settled', 1), ('contacts', 'contacts', 0),
                    ('contacts_paid', 'contacts', 1)):
                numbers[code] = amounts.get(source, {}).get(index, (kpi.ZERO, kpi.ZERO))[place]
            self._add_desk_figures(numbers)
        return result

    def _add_desk_figures(self, numbers):
        """Add the figures: one pure formula each, see `tools/kpi.py`."""
        n = numbers
        n['promises_decided'] = n['promises_kept'] + n['promises_broken']
        n['promised_decided'] = n['promised_kept'] + n['promised_broken']
        n['promise_kept_rate'] = kpi.promise_kept_rate(n['promises_kept'], n['promises_broken'])
        n['promise_kept_share'] = kpi.promise_kept_rate(n['promised_kept'], n['promised_broken'])
        n['dispute_rate'] = kpi.dispute_rate(n['disputed'], n['open_items'])
        n['dispute_dso'] = kpi.dso(n['disputed'], n['window_sales'], n['window_days'])
        n['dispute_days'] = kpi.resolution_days(n['settling_days'], n['disputes_settled'])
        n['contact_efficiency'] = kpi.percent(n['contacts_paid'], n['contacts'])

    # === WORDS === #

    @api.model
    def _get_units(self):
        """EXTENDS figures: what is counted or measured in days."""
        return {
            **super()._get_units(), 'promises_kept': 'count', 'promises_decided': 'count',
            'disputes_settled': 'count', 'settling_days': 'days', 'contacts': 'count',
            'contacts_paid': 'count'}

    @api.model
    def _get_figures(self):
        """EXTENDS figures: those of the desk come last."""
        kept = self.env._("Kept ÷ kept or broken, of the promises whose day fell in the month")
        rows = [
            ['promise_kept_rate', self.env._("Promises kept"), 'percent', kept,
             "%(promises_kept)s ÷ %(promises_decided)s", 'promises'],
            ['promise_kept_share', self.env._("Promises kept, by amount"), 'percent', kept,
             "%(promised_kept)s ÷ %(promised_decided)s", 'promises'],
            ['dispute_rate', self.env._("Dispute rate"), 'percent',
             self.env._("Disputed and open at the end ÷ open items"),
             "%(disputed)s ÷ %(open_items)s", 'disputed'],
            ['dispute_dso', self.env._("Days of sales in dispute"), 'days',
             self.env._("Disputed and open at the end ÷ sales × days"),
             "%(disputed)s ÷ %(window_sales)s × %(window_days)s", 'disputed'],
            ['dispute_days', self.env._("Days to settle a dispute"), 'days', self.env._(
                "Days from opening to settling ÷ disputes settled in the month"),
             "%(settling_days)s ÷ %(disputes_settled)s", 'settled'],
            ['contact_efficiency', self.env._("Efficiency of calls and visits"), 'percent',
             self.env._("Calls and visits followed by money within 7 days ÷ those whose 7 days"
                        " ended in the month"),
             "%(contacts_paid)s ÷ %(contacts)s", 'contacts'],
        ]
        return [*super()._get_figures(), *(
            dict(zip(('code', 'label', 'unit', 'formula', 'numbers', 'items'), row, strict=True))
            for row in rows)]

    def _get_remark(self, code, numbers):
        """EXTENDS figures: the days of sales need sales."""
        if code == 'dispute_dso' and numbers[code] is None:
            return self.env._("No sales in this time.")
        return super()._get_remark(code, numbers)

    # === RECORDS BEHIND === #

    def _get_action_name(self, kind, end):
        """EXTENDS figures: titles of the windows of the desk."""
        day = format_date(self.env, end)
        month = format_date(self.env, end, date_format='MMMM yyyy')
        name = {
            'promises': self.env._("Promises whose day fell in %s", month),
            'disputed': self.env._("Disputes open on %s", day),
            'settled': self.env._("Disputes settled in %s", month),
            'contacts': self.env._("Calls and visits whose 7 days ended in %s", month),
            'contacts_paid': self.env._(
                "Calls and visits followed by money, of those that ended in %s", month),
        }.get(kind)
        return name or super()._get_action_name(kind, end)

    def _get_other_windows(self, base, companies):
        """EXTENDS figures: the promises, disputes, calls and visits of a month."""
        zone = pytz.timezone(companies[:1]._get_ar_tz())

        def get_moment(day):
            midnight = zone.localize(datetime.combine(day, time.min))
            return fields.Datetime.to_string(midnight.astimezone(pytz.utc).replace(tzinfo=None))

        def get_promises(start, end):
            return {'res_model': 'ar.promise', 'domain': [
                *base, ('state', 'in', ['kept', 'broken']),
                ('promise_date', '>=', fields.Date.to_string(start)),
                ('promise_date', '<=', fields.Date.to_string(end))]}

        def get_disputed(_start, end):
            day = fields.Date.to_string(end)
            return {'res_model': 'ar.dispute', 'domain': [
                *base, ('opened_on', '<=', day),
                '|', ('state', '=', 'open'), ('closed_on', '>', day)]}

        def get_settled(start, end):
            return {'res_model': 'ar.dispute', 'domain': [
                *base, ('closed_on', '>=', fields.Date.to_string(start)),
                ('closed_on', '<=', fields.Date.to_string(end))]}

        def get_contacts(start, end):
            return {'res_model': 'ar.interaction', 'domain': [
                *base, ('direction', '=', 'out'), ('kind', 'in', list(ACTION_KINDS)),
                ('date', '>=', get_moment(fields.Date.subtract(start, days=7))),
                ('date', '<', get_moment(fields.Date.subtract(end, days=6)))]}

        def get_followed(start, end):
            return {'res_model': 'ar.interaction', 'domain': [*base, (
                'followed_within', '=',
                f'{fields.Date.to_string(start)}/{fields.Date.to_string(end)}')]}

        return {**super()._get_other_windows(base, companies), 'promises': get_promises,
                'disputed': get_disputed, 'settled': get_settled, 'contacts': get_contacts,
                'contacts_paid': get_followed}

    @api.model
    def _get_more_windows(self):
        """EXTENDS figures: calls and visits are actions too; what is disputed of what is open."""
        more = super()._get_more_windows()
        return {
            **more, 'action_efficiency': (*more['action_efficiency'], 'contacts', 'contacts_paid'),
            'contact_efficiency': ('contacts_paid',), 'dispute_rate': ('debits',),
            'dispute_dso': ('window',)}


class ArKpiSnapshot(models.Model):
    """EXTENDS figures: the figures of the desk, frozen with the others."""
    _inherit = 'ar.kpi.snapshot'

    promise_kept_rate = KnownFloat(
        string="Promises kept", digits=(16, 1), readonly=True, aggregator='avg',
        help="Percentage of the promises due in the month that were kept; those still open, "
             "replaced or cancelled are not counted.")
    promise_kept_share = KnownFloat(
        string="Promises kept, by amount", digits=(16, 1), readonly=True, aggregator='avg',
        help="Percentage of the amounts promised for the month that stood in kept promises.")
    dispute_rate = KnownFloat(
        string="Dispute rate", digits=(16, 1), readonly=True, aggregator='avg',
        help="Disputed ÷ open items at the end of the day, in percent.")
    dispute_dso = KnownFloat(
        string="Days of sales in dispute", digits=(16, 1), readonly=True, aggregator='avg',
        help="Disputed ÷ sales × days: the part of DSO that disputes hold.")
    dispute_days = KnownFloat(
        string="Days to settle a dispute", digits=(16, 1), readonly=True, aggregator='avg',
        help="Mean days from opening to settling of the disputes settled in the month.")
    contact_efficiency = KnownFloat(
        string="Efficiency of calls and visits", digits=(16, 1), readonly=True, aggregator='avg',
        help="Percentage of our calls and visits that money followed within 7 days.")
