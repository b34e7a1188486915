from odoo import api, models
from odoo.tools import SQL

from ...const import OPEN_STATES


class ArWorklist(models.Model):
    """What to say, in the words of the dunning level where the customer stands."""
    _inherit = 'ar.worklist'

    @api.model
    def _get_script_words(self, customer, work, facts):
        """Return the call script of the level, with the figures of the customer.

        In the language of the reader. Of the reminder that waits, else of the highest level sent,
        else of the level that comes next.

        :param customer: `ar.customer`, one
        :param dict work: row of the worklist: `amount` to ask for, in company currency
        :param dict facts: ``days`` overdue of the oldest item
        :return: {'name', 'text'}, or False when there is no level or its script is empty
        """
        amount = work['amount']
        level = self._get_script_level(customer)
        if not level.call_script:
            return False
        # A draft in memory, never stored: the scripts are written about a reminder.
        draft = self.env['ar.reminder'].sudo().new({
            'company_id': customer.company_id.id, 'customer_id': customer.id,
            'partner_id': customer.partner_id.id, 'recipient_id': customer.partner_id.id,
            'policy_id': level.policy_id.id, 'level_id': level.id, 'user_id': self.env.uid,
            'date': customer.company_id._get_ar_today(), 'days_overdue': facts['days'],
            'amount_due': amount, 'amount_claimed': amount,
        })
        # Amounts in the format of whoever reads them out.
        draft.lang = self.env.user.lang
        return {'name': level.name, 'text': draft._render_text('call_script').strip()}

    @api.model
    def _get_script_level(self, customer):
        """Return the level at which a customer is called today.

        :return: `ar.dunning.level` with superuser rights, one or empty
        """
        # sudo: texts of the company, for a customer whom the reader may see.
        customer = customer.sudo()
        waiting = self.env['ar.reminder'].sudo().search(
            [('customer_id', '=', customer.id), ('state', 'in', OPEN_STATES)], limit=1)
        level = waiting.level_id or customer.dunning_level_id
        if level:
            return level
        company, date = customer.company_id, customer.company_id._get_ar_today()
        self.env.flush_all()
        rows = self.env.execute_query(SQL(
            "SELECT step.level_id FROM (%s) step WHERE step.level_id IS NOT NULL"
            " ORDER BY step.next_date, step.item_id LIMIT 1",
            self.env['ar.dunning.engine']._get_next_step_query(
                company, date, SQL(
                    "c.id = %s AND COALESCE(l.date_maturity, l.date) < %s", customer.id, date),
                customer.ids)))
        return self.env['ar.dunning.level'].sudo().browse(rows[0] if rows else ())
