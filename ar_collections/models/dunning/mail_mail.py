from odoo import models
from odoo.tools import SQL


class ArReminder(models.Model):
    """A reminder that waits in the mail queue is read again before it leaves."""
    _name = 'ar.reminder'
    _inherit = ['ar.reminder', 'ar.mail.guard']

    def _get_outdated_claims(self):
        """Return the queued reminders whose claim is not what we would claim now.

        A mail may wait for hours in the queue; meanwhile an invoice is paid or blocked, a credit
        arrives, the customer is put on stop. Two queries per company for any number.
        """
        self.env.flush_all()
        outdated = self.browse()
        for company, reminders in self.grouped('company_id').items():
            rows = self.env.execute_query(SQL(
                "%s UNION %s", reminders._get_changed_items_query(company),
                reminders._get_changed_credits_query(company)))
            outdated |= self.browse([row[0] for row in rows])
        return outdated.filtered(lambda reminder: reminder.state == 'queued')

    def _get_changed_items_query(self, company):
        """Reminders with an item that is paid, changed or excluded by now."""
        engine = self.env['ar.dunning.engine']
        _residual, residual_currency = engine._get_item_residual(company)
        excluded = SQL(" OR ").join(
            condition for code, condition
            in engine._get_item_exclusions(company, company._get_ar_today())
            if code != 'open_reminder'
        )
        return SQL(
            """
            SELECT line.reminder_id
              FROM ar_reminder_line line
              JOIN ar_customer c ON c.id = line.customer_id
              LEFT JOIN account_move_line l ON l.id = line.move_line_id
              LEFT JOIN account_move m ON m.id = l.move_id
              LEFT JOIN res_partner p ON p.id = l.partner_id
             WHERE line.reminder_id = ANY(%(ids)s)
               AND (l.id IS NULL OR l.parent_state <> 'posted'
                    OR CASE WHEN line.kind = 'credit' THEN l.amount_residual_currency
                            ELSE %(residual_currency)s END <> line.amount_residual_currency
                    OR line.kind <> 'credit' AND (%(excluded)s))
            """, ids=self.ids, excluded=excluded, residual_currency=residual_currency)

    def _get_changed_credits_query(self, company):
        """Reminders whose customer has got a credit since, in a currency that is claimed."""
        credits = self.env['ar.dunning.engine']._get_credit_query(company, SQL(
            "c.id = ANY(%s)", self.customer_id.ids))
        return SQL(
            """
            SELECT reminder.id
              FROM ar_reminder reminder
              JOIN ar_dunning_policy policy ON policy.id = reminder.policy_id
                   AND policy.netting <> 'ignore'
              JOIN (%(credits)s) credit ON credit.customer_id = reminder.customer_id
             WHERE reminder.id = ANY(%(ids)s) AND reminder.move_id IS NULL
               AND EXISTS (SELECT 1 FROM ar_reminder_line line
                            WHERE line.reminder_id = reminder.id AND line.kind <> 'credit'
                              AND line.currency_id = credit.currency_id)
               AND NOT EXISTS (SELECT 1 FROM ar_reminder_line line
                                WHERE line.reminder_id = reminder.id
                                  AND line.move_line_id = credit.item_id)
            """, ids=self.ids, credits=credits)

    def _withdraw_mails(self):
        """Take the mails back from the queue: the sender prepares them again with true amounts."""
        mails = self.mail_id
        self._set_back_to_approved()
        mails.write({'state': 'cancel'})
        self._trigger_sending()
