from decimal import Decimal

from odoo import fields, models
from odoo.tools import SQL
from odoo.tools.misc import format_date

from ..tools import kpi

TOP = 10
LINE, MOVE = 'account.move.line', 'account.move'


class ArDiagnosisWizard(models.TransientModel):
    """Turns the figures of `ar.diagnosis` into lines: label, value, how it is read."""
    _inherit = 'ar.diagnosis.wizard'

    def _get_lines(self, scope):
        """Return the values of all lines, in the order in which they are shown."""
        facts = {'turnover': self.env['ar.diagnosis']._read_turnover(scope)}
        sections = [
            self._get_step_lines(scope, facts), self._get_lateness_lines(scope, facts),
            self._get_customer_lines(scope, facts), self._get_concentration_lines(scope, facts),
            self._get_leak_lines(scope, facts), self._get_credit_lines(scope, facts),
            self._get_data_lines(scope, facts), self._get_tie_lines(scope, facts),
        ]
        summary = self._get_summary_lines(facts)
        return [line for lines in (summary, *sections) for line in lines]

    def _line(self, section, code, name, value, *, model=None, count=0, amount=0.0, days=0.0,
              share=0.0, cash=0.0, explanation='', params=None):
        return {
            'section': section, 'code': code, 'name': name, 'value': value, 'res_model': model,
            'count': count, 'amount': amount, 'days': days, 'share': share, 'cash': cash,
            'explanation': explanation, 'params': params or False,
        }

    def _total(self, code, scope, params=None):
        return self.env['ar.diagnosis']._read_total(code, scope, params)

    # === STEPS === #

    def _get_step_lines(self, scope, facts):
        """Mean days of each step, weighted by amount, and the cash that they tie up."""
        per_day = float(facts['turnover']['per_day'] or 0)
        steps = [
            ('step_invoicing', MOVE, self.env._("Invoicing"), self.env._(
                "From the last delivery, or the order when there is none, to the invoice.")),
            ('step_sending', MOVE, self.env._("Sending"), self.env._(
                "From the date of the invoice to the first e-mail or letter that carried it. Only "
                "invoices whose sending Odoo has seen.")),
            ('step_terms', LINE, self.env._("Agreed terms"), self.env._(
                "From the invoice to the due date of each instalment. Agreed, not lost.")),
            ('step_late', LINE, self.env._("Lateness"), self.env._(
                "From the due date to the day the money came, bank and cash only. Early payments "
                "count as negative days.")),
        ]
        if self.env['ar.diagnosis']._has_deliveries():
            steps.insert(0, ('step_delivery', 'sale.order', self.env._("Delivery"), self.env._(
                "From the order to its first delivery.")))
        lines = []
        for code, model, name, explanation in steps:
            count, amount, amount_days = self._total(code, scope)
            days = amount_days / amount if amount > 0 else None
            facts[code] = days
            lines.append(self._line(
                'steps', code, name, self._days(days), model=model, count=count, amount=amount,
                days=days or 0.0, cash=(days or 0.0) * per_day, explanation=explanation))
        return lines

    # === LATENESS === #

    def _get_lateness_lines(self, scope, facts):
        turnover = facts['turnover']
        paid, late = self._total('paid', scope), self._total('paid_late', scope)
        lateness = self._total('lateness', scope)
        overdue = self._total('overdue', scope)
        very_late = self._total('very_late', scope)
        gross = self._total('age', scope)
        cost = kpi.cost_of_lateness(Decimal(str(lateness[2])), Decimal(str(self.cost_rate)))
        share = 100 * late[1] / paid[1] if paid[1] else None
        facts.update(cost=cost, late_share=share, overdue=overdue)

        def rate(part):
            return 100 * part / gross[1] if gross[1] > 0 else None

        lines = [
            self._line('lateness', 'paid_late', self.env._("Paid late"),
                       self._percent(share), model=LINE,
                       count=late[0], amount=late[1], share=share or 0.0,
                       days=late[2] / late[1] if late[1] else 0.0, explanation=self.env._(
                           "Share of the money of the period that came after its due date; days: "
                           "how late it was.")),
            self._line('lateness', 'overdue', self.env._("Overdue today"), self._money(overdue[1]),
                       model=LINE, count=overdue[0], amount=overdue[1],
                       share=rate(overdue[1]) or 0.0,
                       days=overdue[2] / overdue[1] if overdue[1] else 0.0,
                       explanation=self.env._(
                           "Open items whose due date has passed; share of all items.")),
            self._line('lateness', 'very_late', self.env._("More than 90 days late"),
                       self._money(very_late[1]), model=LINE, count=very_late[0],
                       amount=very_late[1], share=rate(very_late[1]) or 0.0,
                       days=very_late[2] / very_late[1] if very_late[1] else 0.0,
                       explanation=self.env._("Share of all open items.")),
            self._line('lateness', 'lateness', self.env._("Cost of lateness"),
                       self._money(float(cost or 0)), model=LINE, count=lateness[0],
                       amount=float(cost or 0), explanation=self.env._(
                           "Σ (late amount × days late in the period) × %s a year ÷ 365.",
                           self._percent(self.cost_rate))),
            self._line('lateness', 'sales', self.env._("Cash freed by one day of DSO"),
                       self._money(float(turnover['per_day'] or 0)), model=LINE,
                       amount=float(turnover['per_day'] or 0), explanation=self.env._(
                           "Sales of a year, tax included, ÷ 365.")),
        ]
        return [*lines, *self._get_age_lines(scope, gross), *self._get_month_lines(scope)]

    def _get_age_lines(self, scope, gross):
        lines = []
        for bucket, first, last in self.env['ar.aged.bucket']._get_bounds():
            count, amount, _days = self._total('age', scope, {'first': first, 'last': last})
            lines.append(self._line(
                'ages', 'age', bucket.name, self._money(amount), model=LINE, count=count,
                amount=amount, share=100 * amount / gross[1] if gross[1] > 0 else 0.0,
                params={'first': first, 'last': last}))
        return lines

    def _get_month_lines(self, scope):
        """Mean days late of what was paid in each month."""
        rows = self.env.execute_query(SQL(
            "SELECT date_trunc('month', paid_at)::date, COUNT(DISTINCT id), SUM(amount),"
            "       SUM(amount * days)"
            "  FROM (SELECT *, GREATEST(paid, %(start)s) AS paid_at FROM (%(paid)s) one) paid"
            " GROUP BY 1 ORDER BY 1",
            start=scope['from'], paid=self.env['ar.diagnosis']._get_paid_query(scope)))
        return [
            self._line('months', 'paid_month',
                       format_date(self.env, month, date_format='MMM y'),
                       self._days(days / amount if amount else None), model=LINE, count=count,
                       amount=amount, days=days / amount if amount else 0.0,
                       params={'month': fields.Date.to_string(month)})
            for month, count, amount, days in rows
        ]

    # === CUSTOMERS === #

    def _get_customer_lines(self, scope, facts):
        Diagnosis = self.env['ar.diagnosis']
        rows = self.env.execute_query(SQL(
            """
            SELECT partner_id, COUNT(DISTINCT id), SUM(amount), SUM(amount_days),
                   COALESCE(SUM(amount) FILTER (WHERE is_open), 0)
              FROM (%s) late WHERE partner_id IS NOT NULL
             GROUP BY partner_id ORDER BY SUM(amount_days) DESC, partner_id LIMIT %s
            """, Diagnosis._get_lateness_query(scope), TOP))
        # sudo: names of customers, for a reader who may see every customer of the company.
        names = {one.id: one.display_name
                 for one in self.env['res.partner'].sudo().browse([row[0] for row in rows])}
        total = float(facts['cost'] or 0)
        lines = []
        for partner, count, amount, amount_days, overdue in rows:
            cost = float(kpi.cost_of_lateness(
                Decimal(str(amount_days)), Decimal(str(self.cost_rate))) or 0)
            lines.append(self._line(
                'customers', 'customer', names[partner], self._money(cost), model=LINE,
                count=count, amount=cost, days=amount_days / amount if amount else 0.0,
                share=100 * cost / total if total else 0.0, cash=overdue, explanation=self.env._(
                    "Late amounts × days late in the period × cost of money; cash: overdue "
                    "today."), params={'partner': partner}))
        return lines

    # === CONCENTRATION === #

    def _get_concentration_lines(self, scope, facts):
        Diagnosis = self.env['ar.diagnosis']
        lines = []
        for code, query, top_name, index_name in (
                ('top_open', Diagnosis._get_open_query(scope),
                 self.env._("Receivables: share of the ten largest customers"),
                 self.env._("Receivables: Herfindahl index")),
                ('sales', Diagnosis._query_sales(scope),
                 self.env._("Sales: share of the ten largest customers"),
                     self.env._("Sales: Herfindahl index"))):
            rows = self.env.execute_query(SQL(
                "SELECT partner_id, SUM(amount) FROM (%s) one WHERE partner_id IS NOT NULL"
                " GROUP BY partner_id HAVING SUM(amount) > 0 ORDER BY 2 DESC, 1", query))
            total = sum(amount for _partner, amount in rows)
            top = [partner for partner, _amount in rows[:TOP]]
            held = sum(amount for _partner, amount in rows[:TOP])
            share = 100 * held / total if total else None
            index = sum((100 * amount / total) ** 2 for _p, amount in rows) if total else 0
            facts.setdefault('shares', {})[code] = share
            lines.append(self._line(
                'concentration', code, top_name, self._percent(share), model=LINE,
                count=len(rows), amount=held, share=share or 0.0, params={'partners': top},
                explanation=self.env._("Of %s customers with a positive total.", len(rows))))
            lines.append(self._line(
                'concentration', code, index_name, f"{index:,.0f}".replace(',', '\u202f'),
                model=LINE, count=len(rows), amount=total,
                params={'partners': [partner for partner, _amount in rows[:TOP]]},
                explanation=self.env._(
                    "Sum of the squared shares in percent: 10,000 is a single customer; below "
                    "1,500 is spread out, above 2,500 concentrated.")))
        return lines

    # === LEAKS === #

    def _get_leak_lines(self, scope, facts):
        lines = []
        for code, model, name, explanation in (
                ('never_sent', MOVE, self.env._("Invoices never sent"), self.env._(
                    "Posted in the period; Odoo knows of no sending. Days: their age.")),
                ('never_sent_open', MOVE,
                 self.env._("Of all unsent invoices, still to be paid"), self.env._(
                    "A customer cannot pay what never arrived.")),
                ('not_invoiced', 'sale.order.line',
                 self.env._("Delivered, not invoiced"), self.env._(
                    "Order lines delivered beyond what is invoiced, at the price of the order, "
                    "tax included. Days: since the delivery.")),
                ('old_drafts', MOVE, self.env._("Drafts older than a week"), self.env._(
                    "Customer invoices prepared and not posted. Days: since they were made.")),
                ('long_terms', LINE, self.env._("Terms beyond the legal cap"), self.env._(
                    "Instalments of domestic businesses due later than the law allows, by every "
                    "lawful way of counting. Days: beyond the last lawful date."))):
            count, amount, amount_days = self._total(code, scope)
            facts[code] = amount
            lines.append(self._line(
                'leaks', code, name, self._money(amount), model=model, count=count,
                amount=amount, days=amount_days / amount if amount else 0.0,
                explanation=explanation))
        return lines

    # === CREDIT NOTES === #

    def _get_credit_lines(self, scope, facts):
        count, total, _days = self._total('credit_notes', scope)
        _count, sales, _days = self._total('sales', scope)
        billed = sales + total
        share = 100 * total / billed if billed > 0 else None
        facts['credit_share'] = share
        lines = [self._line(
            'credits', 'credit_notes', self.env._("All credit notes"),
            self._percent(share), model=MOVE,
            count=count, amount=total, share=share or 0.0,
            explanation=self.env._("Share of what was invoiced in the period."))]
        for reason, number, amount in self.env['ar.diagnosis']._read_credit_reasons(scope):
            lines.append(self._line(
                'credits', 'credit_notes', reason or self.env._("No reason recorded"),
                self._money(amount), model=MOVE, count=number, amount=amount,
                share=100 * amount / total if total else 0.0, params={'reason': reason},
                explanation=self.env._("Share of all credit notes.")))
        return lines

    # === DATA === #

    def _get_data_lines(self, scope, facts):
        Diagnosis = self.env['ar.diagnosis']
        wrong = Diagnosis._read_wrong_numbers(scope)
        checks = [
            ('no_partner', LINE, None,
             self.env._("Receivable lines without a customer"), self.env._(
                "Nobody can be asked for them.")),
            ('draft_matched', LINE, None,
             self.env._("Drafts still matched with a payment"), self.env._(
                "An invoice went back to draft and its payment still reads as used: the sum of "
                "the customers is not the account. Post the invoice again, or undo the match.")),
            ('no_email', 'res.partner', None,
             self.env._("Customers without an e-mail address"), self.env._(
                "They owe something; neither they nor an invoice contact can be written to.")),
            ('partners', 'res.partner', {'partners': sorted(wrong)},
             self.env._("Company or VAT numbers that fail their check"), self.env._(
                "A digit is wrong, or the two numbers do not belong to the same company.")),
            ('no_followup', LINE, None,
             self.env._("Open items excluded from reminders"), self.env._(
                "Odoo's own flag on the item; set by default on entries of general journals, "
                "opening balances among them.")),
            ('old_credits', LINE, None,
             self.env._("Credits unmatched for more than two months"), self.env._(
                "Payments and credit notes that wait to be matched. Days: their age.")),
        ]
        lines = []
        for code, model, params, name, explanation in checks:
            count, amount, amount_days = self._total(code, scope, params)
            lines.append(self._line(
                'data', code, name, self._money(amount), model=model, count=count,
                amount=amount, days=amount_days / amount if amount else 0.0,
                explanation=explanation, params=params))
        facts['data'] = sum(1 for line in lines if line['count'])
        return lines

    def _get_tie_lines(self, scope, facts):
        tie = self.env['ar.diagnosis']._read_tie(scope)
        facts['tie'] = tie
        labels = [
            ('books', 'books', self.env._("Balance of the receivable accounts"), self.env._(
                "Every posted line of the receivable and doubtful accounts.")),
            ('customers', 'open', self.env._("Sum of the customers"),
             self.env._("Their open items.")),
            ('no_partner', 'no_partner', self.env._("Lines without a customer"), ''),
            ('draft_matched', 'draft_matched',
             self.env._("Drafts still matched with a payment"), ''),
        ]
        lines = [
            self._line('tie', code, name, self._money(tie[key]), model=LINE, amount=tie[key],
                       explanation=explanation)
            for key, code, name, explanation in labels
        ]
        lines.append(self._line(
            'tie', 'other', self.env._("Left unexplained"), self._money(tie['other']),
            amount=tie['other'], explanation=self.env._(
                "Matches with accounts or companies outside this diagnosis; zero in most books.")))
        return lines

    # === SUMMARY === #

    def _get_summary_lines(self, facts):
        turnover = facts['turnover']
        rows = [
            ('open_at_end',
             self.env._("Total receivables"), self._money(float(turnover['receivable'])),
             float(turnover['receivable']), self.env._("Balance at the end of the period.")),
            ('sales', self.env._("Sales of the period"), self._money(float(turnover['sales'])),
             float(turnover['sales']), self.env._("Invoices minus credit notes, tax included.")),
            ('open_at_end', self.env._("DSO"), self._days(turnover['dso']), 0.0, self.env._(
                "Receivables ÷ sales × days of the period.")),
            ('open_at_end',
             self.env._("DSO by count-back"), self._days(turnover['countback']), 0.0, self.env._(
                "How many days of the latest sales make up the receivables.")),
            ('open_at_end',
             self.env._("Best possible DSO"), self._days(turnover['best']), 0.0, self.env._(
                "The same with what is not yet due: nobody late.")),
            ('paid_late',
             self.env._("Paid late"), self._percent(facts['late_share']), 0.0, self.env._(
                "Share of the money of the period that came after its due date.")),
            ('overdue', self.env._("Overdue today"), self._money(facts['overdue'][1]),
             facts['overdue'][1], self.env._("Would be in the bank if everybody paid on time.")),
            ('lateness', self.env._("Cost of lateness"), self._money(float(facts['cost'] or 0)),
             float(facts['cost'] or 0), self.env._("In the period, at the cost of money chosen.")),
            ('not_invoiced',
             self.env._("Delivered, not invoiced"), self._money(facts['not_invoiced']),
             facts['not_invoiced'], self.env._("Work done that nobody has been asked to pay.")),
            ('sales', self.env._("Cash freed by one day of DSO"),
             self._money(float(turnover['per_day'] or 0)), float(turnover['per_day'] or 0),
             self.env._("Sales of a year ÷ 365.")),
        ]
        models_of = {'not_invoiced': 'sale.order.line'}
        return [
            self._line('summary', code, name, value, model=models_of.get(code, LINE),
                       amount=amount, explanation=explanation)
            for code, name, value, amount, explanation in rows
        ]
