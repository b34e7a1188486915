from odoo import Command, api, models
from odoo.tools import SQL


class ArDunningEngine(models.AbstractModel):
    """EXTENDS dunning: the late items that a free notice may be about."""
    _inherit = 'ar.dunning.engine'

    @api.model
    def _get_free_notice_items(self, company, date, customer):
        """Return the late items of one customer that nothing keeps out of a reminder.

        :return: list of dictionaries: item_id, move_id, policy_id, due, age and amounts
        """
        self.env.flush_all()
        return self.env.execute_query_dict(SQL(
            "SELECT * FROM (%s) placed WHERE reason IS NULL AND age > 0 ORDER BY due, item_id",
            self._get_placed_query(
                company, date, SQL("c.id = %s", customer.id), customer.ids)))


class ArReminder(models.Model):
    """EXTENDS dunning: the free notice as a reminder of its own."""
    _inherit = 'ar.reminder'

    @api.model
    def _create_free_notice(self, customer, level, channel, recipient, rows, date):
        """Return the notice as a proposal; a row with a unique key before anything leaves.

        :param customer: `ar.customer`
        :param level: `ar.dunning.level` whose text it uses
        :param str channel: 'email' or 'letter'
        :param recipient: `res.partner`
        :param rows: as `_get_free_notice_items` returns them
        :param date date: today
        """
        first = rows[0]['item_id']
        notice = self.create({
            'key': f'notice-{customer.id}-{first}-{date}-{len(customer.reminder_ids)}',
            'company_id': customer.company_id.id, 'customer_id': customer.id,
            'partner_id': customer.partner_id.id, 'recipient_id': recipient.id,
            'policy_id': level.policy_id.id, 'level_id': level.id, 'date': date,
            'planned_channel': channel, 'channel': channel, 'execution': 'approve',
            'user_id': customer.collector_id.id, 'free_notice': True,
            'line_ids': [Command.create({
                'customer_id': customer.id, 'company_id': customer.company_id.id,
                'move_line_id': row['item_id'], 'move_id': row['move_id'], 'kind': 'step',
                # It teaches the ladder nothing: the level that claims comes afterwards.
                'counted': False, 'level_id': level.id, 'state': 'proposed',
                'name': row['name'], 'invoice_date': row['invoice_date'],
                'date_maturity': row['due'], 'currency_id': row['currency_id'],
                'amount_total': row['total'],
                'amount_residual_currency': row['residual_currency'],
                'amount_residual': row['residual'], 'days_overdue': row['age'],
            }) for row in rows],
        })
        notice.name = f"REM/{date.year}/{notice.id:06d}"
        self.env.flush_all()
        engine = self.env['ar.dunning.engine']
        engine._insert_credit_lines(notice.ids, SQL("(%s)", engine._get_credit_query(
            customer.company_id, SQL("c.id = %s", customer.id))))
        engine._update_totals(notice.ids)
        notice.invalidate_recordset()
        return notice

    def _get_law_action(self):
        """Open this one reminder."""
        self.ensure_one()
        return {
            'type': 'ir.actions.act_window', 'res_model': 'ar.reminder', 'res_id': self.id,
            'view_mode': 'form', 'views': [(False, 'form')]}
