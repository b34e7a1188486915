from odoo import api, models
from odoo.tools import format_date, formatLang

# Unit of the numbers that are no amounts.
UNITS = {
    'window_days': 'days', 'days': 'days', 'window_months': 'count', 'countback_months': 'count',
    'paid_days': 'amount_days', 'terms_days': 'amount_days', 'late_paid_days': 'amount_days',
    'late_days': 'amount_days', 'late_rate': 'percent', 'actions': 'count',
    'actions_paid': 'count', 'collectors': 'count', 'cei_months': 'count', 'dso': 'days',
    'best_dso': 'days', 'roll_not_due': 'percent', 'roll_1': 'percent', 'roll_31': 'percent',
    'roll_61': 'percent', 'roll_91': 'percent',
}


class _NumberTexts(dict):
    """Texts of the numbers that a template names, each formatted once and only when named."""

    def __init__(self, kpi, numbers, currency):
        super().__init__()
        self.kpi, self.numbers, self.currency = kpi, numbers, currency
        self.units = kpi._get_units()

    def __missing__(self, code):
        self[code] = self.kpi._format(
            self.numbers[code], self.units.get(code, 'money'), self.currency)
        return self[code]


class ArKpi(models.AbstractModel):
    """Words of the figures: name, formula, and the numbers put into it."""
    _inherit = 'ar.kpi'

    @api.model
    def _get_units(self):
        """Return {code of a number: unit} of the numbers that are no amounts of money.

        Hook: a room that adds such numbers adds their units, see `_format`.
        """
        return UNITS

    @api.model
    def _get_figures(self):
        """Return the figures in the order in which they are shown.

        Rows are lists: after a term, the extractor of terms takes `(` for another call.

        Hook: a room adds its own: the numbers that its text names come from `_get_numbers`.

        :return: list of {'code', 'label', 'unit': 'money', 'days' or 'percent', 'formula',
            'numbers': text with %(code)s of numbers, 'items': kind for `_get_action`}
        """
        return [dict(zip(('code', 'label', 'unit', 'formula', 'numbers', 'items'), row,
                         strict=True))
                for row in (*self._get_balance_figures(), *self._get_payment_figures(),
                            *self._get_roll_figures(), *self._get_work_figures())]

    def _get_balance_figures(self):
        return [
            ['receivables', self.env._("Receivables"), 'money', self.env._(
                "Opening + billed − credited − received − written off + exchange + other entries"),
             "%(opening)s + %(billed)s − %(credited)s − %(cash)s − %(written_off)s + %(exchange)s"
             " + %(other)s", 'open'],
            ['overdue', self.env._("Overdue"), 'money', self.env._(
                "Open items after their due date; credits not matched are not taken off"),
             self.env._("%(open_items)s open − %(not_due)s not due"), 'overdue'],
            ['dso', self.env._("DSO"), 'days', self.env._("Receivables ÷ sales × days"),
             "%(receivables)s ÷ %(window_sales)s × %(window_days)s", 'open'],
            ['dso_countback', self.env._("DSO by count-back"), 'days', self.env._(
                "Days of the latest sales that make up the receivables, month by month"),
             self.env._("%(receivables)s against the sales of the last %(countback_months)s"
                        " months"), 'window'],
            ['best_dso', self.env._("Best possible DSO"), 'days',
             self.env._("Receivables not due ÷ sales × days"),
             "%(current)s ÷ %(window_sales)s × %(window_days)s", 'not_due'],
            ['add', self.env._("Average days delinquent"), 'days',
             self.env._("DSO − best possible DSO"), "%(dso)s − %(best_dso)s", 'overdue'],
            ['cei', self.env._("Collection effectiveness"), 'percent', self.env._(
                "(Opening + sales − closing) ÷ (opening + sales − closing not due)"),
             "(%(cei_opening)s + %(cei_sales)s − %(receivables)s) ÷ (%(cei_opening)s"
             " + %(cei_sales)s − %(current)s)", 'window'],
            ['overdue_rate', self.env._("Overdue rate"), 'percent',
             self.env._("Overdue ÷ open items"), "%(overdue)s ÷ %(open_items)s", 'overdue'],
            ['over90_rate', self.env._("90+ rate"), 'percent', self.env._(
                "Unpaid 90 days after the due date ÷ what was invoiced, of the invoices whose 90th"
                " day fell in the month"), "%(cohort_unpaid)s ÷ %(cohort)s", 'cohort'],
            ['over90_share', self.env._("Share over 90 days"), 'percent',
             self.env._("Overdue by more than 90 days ÷ open items"),
             "%(over90)s ÷ %(open_items)s", 'over90'],
        ]

    def _get_payment_figures(self):
        return [
            ['days_to_pay', self.env._("Days to pay"), 'days', self.env._(
                "Σ (amount received × days from invoice to payment) ÷ Σ amount received"),
             "%(paid_days)s ÷ %(paid)s", 'paid'],
            ['days_terms', self.env._("Days of terms"), 'days', self.env._(
                "Σ (amount received × days from invoice to due date) ÷ Σ amount received"),
             "%(terms_days)s ÷ %(paid)s", 'paid'],
            ['days_late', self.env._("Days late"), 'days', self.env._(
                "Σ (amount received × days from due date to payment) ÷ Σ amount received"),
             "%(late_paid_days)s ÷ %(paid)s", 'paid'],
            ['lateness_cost', self.env._("Cost of lateness"), 'money', self.env._(
                "Overdue amount of each day of the month × annual rate ÷ 365"),
             "%(late_days)s × %(late_rate)s ÷ 365", 'overdue'],
            ['cash_per_day', self.env._("Cash freed by a day of DSO"), 'money',
             self.env._("Sales of twelve months ÷ 365"), "%(year_sales)s ÷ 365", 'year'],
        ]

    def _get_roll_figures(self):
        formula = self.env._(
            "Of what stood there at the end of the month before: still open and older now")
        buckets = [
            ['roll_not_due', self.env._("Roll rate, not due → overdue")],
            ['roll_1', self.env._("Roll rate, 1–30 → 31–60")],
            ['roll_31', self.env._("Roll rate, 31–60 → 61–90")],
            ['roll_61', self.env._("Roll rate, 61–90 → 91–120")],
            ['roll_91', self.env._("Roll rate, 91–120 → over 120")]]
        return [
            *((code, label, 'percent', formula, f"%({code}_moved)s ÷ %({code}_base)s",
              f'{code}_moved')
              for code, label in buckets),
            ['loss_probability', self.env._("Share that ends over 120 days"), 'percent',
             self.env._("Product of the roll rates"),
             "%(roll_not_due)s × %(roll_1)s × %(roll_31)s × %(roll_61)s × %(roll_91)s", 'rolled'],
        ]

    def _get_work_figures(self):
        return [
            ['action_efficiency', self.env._("Action efficiency"), 'percent', self.env._(
                "Reminders, calls and visits followed by money within 7 days ÷ those whose 7 days"
                " ended in the month"), "%(actions_paid)s ÷ %(actions)s", 'actions'],
            ['productivity', self.env._("Collected per collector"), 'money',
             self.env._("Money received after the due date ÷ number of collectors"),
             "%(paid_late)s ÷ %(collectors)s", 'paid_late'],
        ]

    # === EXPLAINING === #

    @api.model
    def _explain(self, numbers, currency, get_action=None, figures=None):
        """Return {code: {'value', 'text', 'label', 'formula', 'numbers', 'action'}}.

        Figures whose numbers are not there (roll rates of a group) are left out.

        :param dict numbers: of one month, see `_get_numbers`
        :param get_action: see `_get_actions`; without it the windows are left out
        :param list figures: `_get_figures`, read once by those who explain many months
        """
        texts = _NumberTexts(self, numbers, currency)
        result = {}
        for figure in figures or self._get_figures():
            code = figure['code']
            if code not in numbers:
                continue
            value = numbers[code]
            text = '' if value is None else figure['numbers'] % texts
            result[code] = {
                'value': None if value is None else float(value),
                'text': self._format(value, figure['unit'], currency),
                'label': figure['label'], 'formula': figure['formula'],
                'numbers': ' '.join(filter(None, (text, self._get_remark(code, numbers)))),
            }
            if get_action:
                result[code]['action'] = get_action(figure['items'], numbers)
        return result

    def _get_remark(self, code, numbers):
        """Return what must be said beside a figure: a cap, or why there is none."""
        if code == 'dso_countback' and numbers['countback_capped']:
            return self.env._("The sales of this time do not explain the balance: more than this.")
        if numbers[code] is not None:
            return ''
        if code == 'lateness_cost':
            return self.env._("Set what money costs per year in the settings of Receivables.")
        if code == 'productivity':
            return self.env._("No customer has a collector.")
        if code in ('dso', 'dso_countback', 'best_dso', 'add', 'cei', 'cash_per_day'):
            return self.env._("No sales in this time.")
        return self.env._("Nothing to measure in this month.")

    @api.model
    def _format(self, value, unit, currency):
        """Return a number as the reader writes it; a dash when it is not known."""
        if value is None:
            return "–"
        if unit == 'money':
            return formatLang(self.env, float(value), currency_obj=currency)
        if unit == 'count':
            return formatLang(self.env, float(value), digits=0)
        if unit == 'percent':
            return self.env._("%s %%", formatLang(self.env, float(value), digits=1))
        if unit == 'amount_days':
            return self.env._(
                "%s × days", formatLang(self.env, float(value), currency_obj=currency))
        return self.env._("%s days", formatLang(self.env, float(value), digits=1))

    def _get_action_name(self, kind, end):
        """Return the title of the window that shows what is behind a figure."""
        day = format_date(self.env, end)
        month = format_date(self.env, end, date_format='MMMM yyyy')
        return {
            'open': self.env._("Open on %s", day), 'overdue': self.env._("Overdue on %s", day),
            'over90': self.env._("Overdue by more than 90 days on %s", day),
            'window': self.env._("Invoices and credit notes up to %s", day),
            'year': self.env._("Invoices and credit notes up to %s", day),
            'paid': self.env._("Paid in %s", month),
            'paid_late': self.env._("Paid late in %s", month),
            'cohort': self.env._("90 days after the due date in %s", month),
            'opening': self.env._("Open at the beginning of %s", month),
            'not_due': self.env._("Not due on %s", day),
            'open_credits': self.env._("Open credits on %s", day),
            'actions': self.env._("Reminders whose 7 days ended in %s", month),
        }.get(kind, self.env._("Movements of %s", month))
