from odoo import api, fields, models
from odoo.tools import SQL

# What a visitor may ask for at once: more would keep the server busy for one click.
LONGEST_DAYS = 3 * 366
MOST_MOVEMENTS = 2000


class ArStatement(models.AbstractModel):
    """What a customer chooses on its own page: open items, or the movements between two days."""
    _inherit = 'ar.statement'

    @api.model
    def _read_choice(self, customer, values):
        """Return what a browser asks for, checked; the page of today's open items when in doubt.

        :param customer: `ar.customer`, one, sudoed
        :param dict values: 'show' ('movements' or anything else), 'date_from' and 'date_to' as
            'YYYY-MM-DD'; days after today mean today
        :return: (options of `_read_statements`, what is wrong in words or False)
        """
        company = customer.company_id
        today = company._get_ar_today()
        options = {'kind': 'open', 'date_from': False, 'date_to': today, 'branches': False}
        if values.get('show') != 'movements':
            return options, False
        first, last = self._get_default_dates(company)
        try:
            first = fields.Date.to_date(values.get('date_from') or first)
            last = min(fields.Date.to_date(values.get('date_to') or last), today)
        except (TypeError, ValueError):
            return options, self.env._("A day is missing, or it is none. Please choose both days.")
        if first > last:
            return options, self.env._("The first day must be before the last one.")
        if (last - first).days > LONGEST_DAYS:
            return options, self.env._("Please choose three years at most.")
        if self._has_too_many_movements(customer, first, last):
            return options, self.env._(
                "There are too many movements between these days for one page. Please choose fewer "
                "days, or ask us for the whole list.")
        return {**options, 'kind': 'movements', 'date_from': first, 'date_to': last}, False

    @api.model
    def _has_too_many_movements(self, customer, first, last):
        scope = self._get_scope(customer.company_id, customer, False)
        self.env['account.move.line'].flush_model()
        [(count,)] = self.env.execute_query(SQL(
            """
            SELECT COUNT(*) FROM (
                SELECT FROM account_move_line l JOIN res_partner p ON p.id = l.partner_id
                 WHERE l.account_id = ANY(%s) AND l.company_id = ANY(%s)
                   AND l.parent_state = 'posted' AND l.date BETWEEN %s AND %s
                   AND p.commercial_partner_id = ANY(%s)
                 LIMIT %s) line
            """, scope['accounts'], scope['companies'].ids, first, last, scope['partners'],
            MOST_MOVEMENTS + 1))
        return count > MOST_MOVEMENTS
