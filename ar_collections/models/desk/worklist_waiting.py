from odoo import api, models
from odoo.tools import SQL, format_date

# code: (model, state that waits for us, further conditions)
WAITING = {
    'plan': ('ar.payment.plan', 'to_approve', []),
    'write_off': ('ar.write.off', 'submitted', []),
    'reply': ('ar.reply', 'new', []),
    'contact': ('ar.portal.act', 'new', [('kind', '=', 'contact')]),
    'question': ('ar.portal.act', 'new', [('kind', '!=', 'contact')]),
}


class ArWorklist(models.Model):
    """What else waits for a click of ours: approvals, messages to read, what the pages brought."""
    _inherit = 'ar.worklist'
    _depends = {
        'ar.payment.plan': ['customer_id', 'company_id', 'state'],
        'ar.write.off': ['customer_id', 'company_id', 'state'],
        'ar.reply': ['customer_id', 'company_id', 'state', 'received_on'],
        'ar.portal.act': ['customer_id', 'company_id', 'state', 'kind', 'done_on'],
        'ar.interaction': ['key'],
    }

    @api.model
    def _get_priority_parts(self, company, date):
        """EXTENDS desk: one row per kind of record; what a customer asked on its pages stays
        until it is answered there, whatever was said on the telephone meanwhile.
        """
        return [
            *super()._get_priority_parts(company, date),
            ('plan', self._get_waiting_part(company, SQL("ar_payment_plan"), SQL(
                "state = 'to_approve'"), SQL("NULL::date")), {}),
            ('write_off', self._get_waiting_part(company, SQL("ar_write_off"), SQL(
                "state = 'submitted'"), SQL("NULL::date")), {}),
            ('reply', self._get_waiting_part(company, SQL("ar_reply"), SQL(
                "state = 'new'"), SQL("received_on")), {}),
            ('contact', self._get_waiting_part(company, SQL("ar_portal_act"), SQL(
                "state = 'new' AND kind = 'contact'"), SQL("done_on")), {}),
            ('question', self._get_waiting_part(company, SQL("ar_portal_act"), SQL(
                "state = 'new' AND kind <> 'contact'"), SQL("done_on")), {}),
        ]

    @api.model
    def _get_waiting_part(self, company, table, condition, day):
        """Return the query of records that wait: how many, and since when.

        :param SQL table: with the columns customer_id and company_id
        :param SQL condition: which of them wait
        :param SQL day: column of the day since which one waits
        """
        return SQL(
            """
            SELECT customer_id, %(points)s AS points,
                   jsonb_build_object('number', COUNT(*), 'date', MIN(%(day)s)) AS detail
              FROM %(table)s
             WHERE company_id = %(company)s AND customer_id IS NOT NULL AND %(condition)s
             GROUP BY customer_id
            """, points=company.ar_worklist_waiting_points, company=company.id, table=table,
            condition=condition, day=day)

    @api.model
    def _get_waiting_codes(self):
        """EXTENDS desk."""
        return [*super()._get_waiting_codes(), *WAITING]

    @api.model
    def _get_part_records(self, company, code):
        """EXTENDS desk."""
        if code not in WAITING:
            return super()._get_part_records(company, code)
        model, state, further = WAITING[code]
        return model, [('state', '=', state), *further]

    @api.model
    def _get_part_text(self, company, code, part):
        """EXTENDS desk."""
        number, date = part.get('number'), part.get('date')
        day = format_date(self.env, date) if date else ""
        if code == 'plan':
            return self.env._("Payment plans that wait for approval: %s", number)
        if code == 'write_off':
            return self.env._("Write-offs that wait for approval: %s", number)
        if code == 'reply':
            return self.env._(
                "Replies to read: %(number)s, since %(date)s", number=number, date=day)
        if code == 'contact':
            return self.env._(
                "Better contacts named by the customer: %(number)s, since %(date)s",
                number=number, date=day)
        if code == 'question':
            return self.env._(
                "Asked on the customer's pages, not answered: %(number)s, since %(date)s",
                number=number, date=day)
        return super()._get_part_text(company, code, part)
