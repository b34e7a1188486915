from odoo import api, fields, models
from odoo.tools import SQL, format_date, formatLang

from .procedural_rule import CLOCKS

# The debtor's own time: nothing of ours is lost when it ends.
NOT_OURS = ('opposition',)
LAW_KINDS = ['prescription', *(code for code, _label in CLOCKS if code not in NOT_OURS)]


class ArWorklist(models.Model):
    """EXTENDS desk: the last days of the law that come near."""
    _inherit = 'ar.worklist'
    _depends = {'ar.deadline': [
        'amount', 'company_id', 'customer_id', 'kind', 'last_day', 'move_line_id', 'state']}

    @api.model
    def _get_priority_parts(self, company, date):
        """EXTENDS desk: prescription and time limits of proceedings."""
        return [
            *super()._get_priority_parts(company, date),
            self._get_deadline_part('law_deadline', company, date, LAW_KINDS),
        ]

    @api.model
    def _get_deadline_part(self, code, company, date, kinds):
        """Return one part of a priority: deadlines of these kinds in their time of warning.

        From the day on which somebody is told (settings of the company) to the last lawful day,
        both included. An item that was paid since the night speaks no more. The detail has the
        number, and kind, last day and amount of the first one; the customer is shown although it
        is to be contacted later, when that would be too late.

        :param str code: code of the part
        :param company: `res.company`
        :param date date: today in this company
        :param list kinds: kinds of `ar.deadline`
        :return: one entry of `_get_priority_parts`
        :rtype: tuple
        """
        return code, SQL(
            """
            SELECT first.customer_id, %(points)s AS points,
                   jsonb_build_object(
                       'number', first.number, 'date', first.last_day, 'kind', first.kind,
                       'amount', first.amount,
                       'is_before', COALESCE(first.last_day < c.follow_up_date, FALSE)) AS detail
              FROM (
                SELECT DISTINCT ON (d.customer_id) d.customer_id, d.last_day, d.kind, d.amount,
                       COUNT(*) OVER (PARTITION BY d.customer_id) AS number
                  FROM ar_deadline d
                  LEFT JOIN account_move_line l ON l.id = d.move_line_id
                 WHERE d.company_id = %(company)s AND d.state = 'open'
                   AND d.kind = ANY(%(kinds)s) AND d.last_day >= %(date)s
                   AND d.last_day <= %(date)s::date
                       + CASE d.kind WHEN 'prescription' THEN %(years)s ELSE %(lead)s END
                   AND (d.move_line_id IS NULL OR l.reconciled IS NOT TRUE)
                 ORDER BY d.customer_id, d.last_day, d.id
              ) first
              JOIN ar_customer c ON c.id = first.customer_id
            """,
            points=company.ar_worklist_deadline_points, company=company.id, kinds=list(kinds),
            date=date, years=company.ar_prescription_lead_days,
            lead=company.ar_deadline_lead_days,
        ), {'always': SQL("(part.detail->>'is_before')::boolean")}

    @api.model
    def _get_waiting_codes(self):
        """EXTENDS desk."""
        return [*super()._get_waiting_codes(), 'law_deadline']

    @api.model
    def _get_part_records(self, company, code):
        """EXTENDS desk."""
        if code == 'law_deadline':
            return self._get_deadline_records(company, LAW_KINDS)
        return super()._get_part_records(company, code)

    @api.model
    def _get_deadline_records(self, company, kinds):
        """Return model and domain of what `_get_deadline_part` counts; paid ones go by night."""
        today = company._get_ar_today()
        return 'ar.deadline', [
            ('state', '=', 'open'), ('kind', 'in', list(kinds)), ('last_day', '>=', today),
            '|', '&', ('kind', '=', 'prescription'), (
                'last_day', '<=', fields.Date.add(today, days=company.ar_prescription_lead_days)),
            '&', ('kind', '!=', 'prescription'), (
                'last_day', '<=', fields.Date.add(today, days=company.ar_deadline_lead_days))]

    @api.model
    def _get_part_text(self, company, code, part):
        """EXTENDS desk."""
        if code != 'law_deadline':
            return super()._get_part_text(company, code, part)
        return self._get_deadline_text(company, part)

    @api.model
    def _get_deadline_text(self, company, part):
        """Return the sentence of `_get_deadline_part`: the first deadline, and how many."""
        kinds = dict(self.env['ar.deadline']._fields['kind']._description_selection(self.env))
        words = {
            'kind': kinds.get(part['kind'], part['kind']),
            'date': format_date(self.env, part['date']),
            'amount': formatLang(
                self.env, part['amount'] or 0.0, currency_obj=company.currency_id),
        }
        if part['number'] == 1:
            return self.env._("%(kind)s: last day %(date)s, %(amount)s at risk", **words)
        return self.env._(
            "Deadlines: %(number)s. The first, %(kind)s: last day %(date)s, %(amount)s at risk",
            number=part['number'], **words)
