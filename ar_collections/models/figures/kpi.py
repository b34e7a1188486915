from decimal import Decimal
from functools import cache

from odoo import api, fields, models

from ...tools import kpi

ROLL_CODES = ('roll_not_due', 'roll_1', 'roll_31', 'roll_61', 'roll_91')
FLOWS = ('billed', 'credited', 'cash', 'written_off', 'exchange', 'other')
# Movements that lower the balance are told as positive amounts.
LOWERING = ('credited', 'cash', 'written_off')
YEAR_MONTHS = 12


class ArKpi(models.AbstractModel):
    """Turns the amounts of the ledger into figures, each with what it was computed from."""
    _inherit = 'ar.kpi'

    @api.model
    def _read_kpis(self, scope=None, months=24, date=None):
        """Return the key figures of a scope, month by month, as the ledger is known now.

        A handful of statements, whatever the number of months and customers. A figure that cannot
        be known has the value None; a figure of a room that is not there is left out.

        :param dict scope: see `_get_frame`; nothing is everything the reader may see
        :param int months: how many months; the last one ends on ``date``
        :param date: last day that counts; today in the company's calendar when omitted
        :return: list of {'date': day, 'currency_id': id, figure code: {'value', 'text', 'label',
            'formula', 'numbers', 'action'}}, the oldest month first
        """
        scope = scope or {}
        frame = self._get_frame(scope, months, date or self._get_today(scope))
        rows = self._read_frame(frame).get(None) or self._get_numbers(frame, {}, [])
        return self._explain_months(rows, frame.currency, scope)

    @api.model
    def _explain_months(self, rows, currency, scope):
        """Return `_read_kpis` from the numbers of months, however they were read."""
        get_action, figures = self._get_actions(scope), self._get_figures()
        return [{'date': numbers['date'], 'currency_id': currency.id,
                 **self._explain(numbers, currency, get_action, figures)} for numbers in rows]

    @api.model
    def _read_numbers(self, scope=None, months=24, date=None, group=None):
        """Return {key: [numbers of each month]}: figures and what they are made of, unformatted.

        :param group: None (one key: None), 'customer', 'collector' or 'risk_class'; keys are ids
        :return: amounts and figures as `Decimal`; roll rates only without a group
        """
        scope = scope or {}
        return self._read_frame(self._get_frame(
            scope, months, date or self._get_today(scope), group))

    def _get_today(self, scope):
        return self._get_companies(scope)[:1]._get_ar_today()

    def _read_frame(self, frame):
        data, cells = self._read_amounts(frame)
        rolls = kpi.roll_amounts(cells, frame.days, frame.first) if cells else []
        return {key: self._get_numbers(frame, amounts, rolls) for key, amounts in data.items()}

    # === NUMBERS === #

    @api.model
    def _get_numbers(self, frame, amounts, rolls):
        """Return the numbers of each month reported, from the amounts by code and period.

        Hook: a room that added parts adds its numbers here, under codes of its own.

        :param amounts: {code: {period: (amount, second amount)}}
        :param rolls: for each month, [(amount, amount that rolled)] by bucket
        """
        count = len(frame.days)
        settings = frame.companies[:1]
        first = {code: {period: pair[0] for period, pair in periods.items()}
                 for code, periods in amounts.items()}
        second = {code: {period: pair[1] for period, pair in periods.items()}
                  for code, periods in amounts.items()}
        series = {code: kpi.cumulate(first.get(code, {}), count)
                  for code in ('items', 'credits', 'late_1', 'late_91', 'doubtful')}
        late_days = kpi.amount_days(amounts.get('late_1', {}), frame.days, kpi.EPOCH)
        flows = {code: [first.get(code, {}).get(index, kpi.ZERO) for index in range(count)]
                 for code in FLOWS}
        sales = [flows['billed'][index] + flows['credited'][index] for index in range(count)]
        balance = [items + credit for items, credit in zip(
            series['items'], series['credits'], strict=True)]
        result = []
        for index in range(frame.first, count):
            numbers = {
                'date': frame.days[index],
                'days': (frame.days[index] - frame.days[index - 1]).days,
                'opening': balance[index - 1], 'receivables': balance[index],
                'open_items': series['items'][index], 'open_credits': -series['credits'][index],
                'overdue': series['late_1'][index], 'over90': series['late_91'][index],
                'not_due': series['items'][index] - series['late_1'][index],
                'doubtful': series['doubtful'][index],
                'late_days': late_days[index],
                'late_rate': Decimal(str(settings.ar_late_cost_rate)),
                'collectors': first.get('collectors', {}).get(0, kpi.ZERO),
                **{code: -flows[code][index] if code in LOWERING else flows[code][index]
                   for code in FLOWS},
            }
            for code, source, place in (
                    ('paid', 'paid', first), ('paid_days', 'paid', second),
                    ('terms_days', 'terms', first), ('late_paid_days', 'terms', second),
                    ('paid_late', 'paid_late', first), ('cohort', 'cohort', first),
                    ('cohort_unpaid', 'cohort', second), ('actions', 'actions', first),
                    ('actions_paid', 'actions', second)):
                numbers[code] = place.get(source, {}).get(index, kpi.ZERO)
            self._add_windows(numbers, frame, settings, index, sales, balance)
            self._add_figures(numbers, rolls[index - frame.first] if rolls else [])
            result.append(numbers)
        return result

    def _add_windows(self, numbers, frame, settings, index, sales, balance):
        """Add what spans several months: DSO and its window, sales of a year, openings."""
        months = settings.ar_kpi_months or 1
        numbers.update(self._get_dso_numbers(frame, settings, index, sales, balance))
        total = numbers['window_sales']
        numbers.update({
            'cei_opening': balance[index - months],
            'cei_sales': total / months if settings.ar_kpi_cei_average else total,
            'year_sales': sum(sales[index - YEAR_MONTHS + 1:index + 1], kpi.ZERO),
        })

    def _add_figures(self, numbers, rolls):
        """Add the figures: one pure formula each, see `tools/kpi.py`."""
        n = numbers
        n['current'] = kpi.current_part(n['receivables'], n['not_due'])
        n['best_dso'] = kpi.dso(n['current'], n['window_sales'], n['window_days'])
        n['add'] = kpi.average_days_delinquent(n['dso'], n['best_dso'])
        n['cei'] = kpi.collection_effectiveness(
            n['cei_opening'], n['cei_sales'], n['receivables'], n['current'])
        n['overdue_rate'] = kpi.percent(n['overdue'], n['open_items'])
        n['over90_rate'] = kpi.percent(n['cohort_unpaid'], n['cohort'])
        n['over90_share'] = kpi.percent(n['over90'], n['open_items'])
        n['days_to_pay'] = kpi.weighted_mean(n['paid_days'], n['paid'])
        n['days_terms'] = kpi.weighted_mean(n['terms_days'], n['paid'])
        n['days_late'] = kpi.weighted_mean(n['late_paid_days'], n['paid'])
        n['action_efficiency'] = kpi.percent(n['actions_paid'], n['actions'])
        n['productivity'] = kpi.per_head(n['paid_late'], int(n['collectors']))
        n['lateness_cost'] = kpi.cost_of_lateness(n['late_days'], n['late_rate'])
        n['cash_per_day'] = kpi.cash_per_day(n['year_sales'])
        if rolls:
            for code, (base, moved) in zip(ROLL_CODES, rolls, strict=True):
                n[f'{code}_base'], n[f'{code}_moved'] = base, moved
                n[code] = kpi.percent(moved, base)
            n['loss_probability'] = kpi.loss_probability([n[code] for code in ROLL_CODES])

    # === ITEMS === #

    @api.model
    def _get_action(self, kind, numbers, scope):
        """Return the window of what stands behind a figure of one month.

        :param str kind: 'open', 'overdue', 'over90', 'sales', 'window', 'year', 'paid',
            'paid_late', 'cohort', a code of `_get_movements`, one of `_get_other_windows` or of
            `_get_more_windows`
        :param dict numbers: of the month; `date` and `days` are used, `window_months` for windows
        """
        return self._get_actions(scope)(kind, numbers)

    def _get_actions(self, scope):
        """Return a function (kind, numbers) → window, with the scope read once."""
        companies, customers = self._get_companies(scope), self._get_customer_domain(scope)
        if scope.get('customer_domain') is not None:
            # Where the ids came from says the same in fewer words.
            customers = fields.Domain(scope['customer_domain'])
        base = fields.Domain([
            ('account_id', 'in', companies._get_ar_account_ids()),
            ('parent_state', '=', 'posted'), ('company_id', 'in', companies.ids)])
        others = fields.Domain([('company_id', 'in', companies.ids)])
        if customers is not None and not customers.is_true():
            others &= fields.Domain('customer_id', 'any', customers)
            base &= fields.Domain(
                'partner_id.commercial_partner_id.ar_customer_ids', 'any',
                customers & fields.Domain('company_id', 'in', companies.ids))
        window = self.env['ar.customer']._get_items_action(fields.Domain.TRUE)
        base, others = list(base), self._get_other_windows(list(others), companies)

        @cache
        def get_window(kind, end, days, months):
            start, name = fields.Date.subtract(end, days=days - 1), self._get_action_name(kind, end)
            if kind in others:
                return {
                    'type': 'ir.actions.act_window', 'name': name, 'view_mode': 'list,form',
                    'views': [(False, 'list'), (False, 'form')], 'context': {'create': False},
                    **others[kind](start, end)}
            moves = self._get_moves_domain(kind, companies, start, end)
            items = self._get_items_domain(kind, months, start, end) if moves is None else moves
            return {**window, 'name': name, 'domain': [*base, *items]}

        def get_action(kind, numbers):
            # A window of its own for each figure: whoever gets it may change it.
            return dict(get_window(kind, fields.Date.to_date(numbers['date']),
                                   int(numbers['days']), int(numbers['window_months'])))

        return get_action

    def _get_items_domain(self, kind, months, start, end):
        """Return the condition on journal items behind a figure, in words a client can keep.

        :param int months: window of the sales in DSO
        """
        invoices = ('out_invoice', 'out_receipt', 'out_refund')
        day = fields.Date.to_string
        if kind in ('open', 'overdue', 'over90'):
            found = fields.Domain('ar_open_on', '=', day(end))
            if kind != 'open':
                found &= fields.Domain('balance', '>', 0) & self._get_due_domain(
                    last=fields.Date.subtract(end, days=1 if kind == 'overdue' else 91))
            return list(found)
        if kind in ('paid', 'paid_late'):
            code = 'ar_paid_within' if kind == 'paid' else 'ar_paid_late_within'
            return [(code, '=', f'{day(start)}/{day(end)}')]
        if kind == 'cohort':
            return [('date_maturity', '>=', day(fields.Date.subtract(start, days=90))),
                    ('date_maturity', '<=', day(fields.Date.subtract(end, days=90))),
                    ('balance', '>', 0), ('move_id.move_type', 'in', invoices[:2])]
        months = {'window': months, 'year': YEAR_MONTHS}.get(kind, 1)
        first = kpi.month_ends(end, months + 1)[0]
        return [('date', '>', day(first)), ('date', '<=', day(end)),
                ('move_id.move_type', 'in', invoices)]

    def _get_other_windows(self, base, companies):
        """Return {kind: function (first day, last day) → model and domain} beside the items.

        Hook: a room whose figures click to records of its own adds them.

        :param list base: domain of the scope, for models with `customer_id` and `company_id`
        :param companies: `res.company`, those of the scope
        """
        def get_reminders(start, end):
            first, last = (fields.Date.to_string(fields.Date.subtract(day, days=7))
                           for day in (start, end))
            return {'res_model': 'ar.reminder', 'domain': [
                *base, ('state', '=', 'sent'), ('sent_date', '>=', first),
                ('sent_date', '<=', last)]}

        return {'actions': get_reminders}
