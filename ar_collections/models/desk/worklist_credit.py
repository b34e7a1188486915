from odoo import api, models
from odoo.tools import SQL, format_date, formatLang


class ArWorklist(models.Model):
    """What waits for a decision about credit: held orders, and limits that were asked for."""
    _inherit = 'ar.worklist'
    _depends = {
        'ar.credit.hold': ['customer_id', 'company_id', 'state', 'held_at', 'amount'],
        'ar.credit.request': ['customer_id', 'company_id', 'state'],
    }

    @api.model
    def _get_priority_parts(self, company, date):
        """EXTENDS desk: decisions about credit that nobody has taken yet."""
        return [
            *super()._get_priority_parts(company, date),
            ('hold', self._get_hold_part(company), {}),
            ('limit', self._get_limit_part(company), {}),
        ]

    @api.model
    def _get_hold_part(self, company):
        """Orders that are held: somebody releases or refuses them."""
        return SQL(
            """
            SELECT customer_id, %(points)s AS points,
                   jsonb_build_object('number', COUNT(*), 'amount', SUM(amount),
                                      'date', MIN(held_at)::date) AS detail
              FROM ar_credit_hold WHERE company_id = %(company)s AND state = 'held'
             GROUP BY customer_id
            """, points=company.ar_worklist_waiting_points, company=company.id)

    @api.model
    def _get_limit_part(self, company):
        """Limits that were asked for; drafts have not been asked for yet."""
        return SQL(
            """
            SELECT customer_id, %(points)s AS points,
                   jsonb_build_object('number', COUNT(*)) AS detail
              FROM ar_credit_request WHERE company_id = %(company)s AND state = 'submitted'
             GROUP BY customer_id
            """, points=company.ar_worklist_waiting_points, company=company.id)

    @api.model
    def _get_waiting_codes(self):
        """EXTENDS desk."""
        return [*super()._get_waiting_codes(), 'hold', 'limit']

    @api.model
    def _get_part_records(self, company, code):
        """EXTENDS desk."""
        if code == 'hold':
            return 'ar.credit.hold', [('state', '=', 'held')]
        if code == 'limit':
            return 'ar.credit.request', [('state', '=', 'submitted')]
        return super()._get_part_records(company, code)

    @api.model
    def _get_part_text(self, company, code, part):
        """EXTENDS desk."""
        if code == 'hold':
            return self.env._(
                "Orders held, waiting for a decision: %(number)s, %(amount)s, since %(date)s",
                number=part['number'], date=format_date(self.env, part['date']),
                amount=formatLang(
                    self.env, part['amount'] or 0.0, currency_obj=company.currency_id))
        if code == 'limit':
            return self.env._("Limit requests that wait for a decision: %s", part['number'])
        return super()._get_part_text(company, code, part)
