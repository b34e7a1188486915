import logging
from datetime import timedelta

from odoo import api, fields, models, modules
from odoo.tools import SQL

_logger = logging.getLogger(__name__)

RETRY_MINUTES = (5, 15, 60, 240)
MAX_CONNECTION_RETRIES = 40


class MailMail(models.Model):
    """Mails that carry a reminder leave at most once, and never with an outdated claim.

    Odoo's queue commits after the SMTP dialogue, so a process killed in between sends again after
    a restart. For our mails the state *sending* is committed before the dialogue: whoever finds it
    later knows that the outcome is unknown, and a person decides.
    """
    _inherit = 'mail.mail'

    def _send(self, auto_commit=False, raise_exception=False, smtp_session=None,
              alias_domain_id=False, mail_server=False, post_send_callback=None):
        """EXTENDS mail: guard the mails of reminders, leave all others as they are."""
        options = {
            'auto_commit': auto_commit, 'raise_exception': raise_exception,
            'smtp_session': smtp_session, 'alias_domain_id': alias_domain_id,
            'mail_server': mail_server, 'post_send_callback': post_send_callback,
        }
        # sudo: the mail queue runs for everybody.
        reminders = self.env['ar.reminder'].sudo().search([('mail_id', 'in', self.ids)])
        if not reminders:
            return super()._send(**options)
        ours = reminders.mail_id.with_env(self.env)
        result = True
        if self - ours:
            result = super(MailMail, self - ours)._send(**options)
        if not auto_commit and not modules.module.current_test:
            # Inside somebody's transaction, which may be run again: the queue sends them.
            self.env.ref('mail.ir_cron_mail_scheduler_action').sudo()._trigger()
            return result
        outdated = reminders._get_outdated_claims()
        if outdated:
            outdated._withdraw_mails()
            self._ar_commit(auto_commit)
        for reminder in reminders - outdated:
            mail = reminder.mail_id.with_env(self.env)
            if reminder._claim_for_sending(auto_commit):
                super(MailMail, mail)._send(**options)
        return result

    def _postprocess_sent_message(self, success_pids, success_emails, failure_reason=False,
                                  failure_type=None):
        """EXTENDS mail: bring the outcome back to the reminder."""
        # Read before super: it deletes mails marked so.
        outcome = {mail: (mail.state, failure_reason or mail.failure_reason) for mail in self}
        reminders = self.env['ar.reminder'].sudo().search([('mail_id', 'in', self.ids)])
        for reminder in reminders:
            state, reason = outcome[reminder.mail_id.with_env(self.env)]
            if state == 'sent':
                reminder._set_sent()
            elif failure_type == 'mail_smtp' and reminder.state == 'queued':
                reminder._retry_later(reason)
            elif state in ('exception', 'cancel'):
                reminder._set_failed(reason or self.env._("The mail server refused the message."))
        return super()._postprocess_sent_message(
            success_pids, success_emails, failure_reason=failure_reason,
            failure_type=failure_type)

    @api.model
    def _ar_commit(self, auto_commit):
        if auto_commit:
            self.env.cr.commit()  # pylint: disable=invalid-commit


class ArReminder(models.Model):
    _inherit = 'ar.reminder'

    def _get_outdated_claims(self):
        """Return the queued reminders whose claim is not today's residual any more.

        One query for any number. A mail may wait for hours in the queue; an invoice is paid
        meanwhile.
        """
        self.flush_recordset()
        self.env['account.move.line'].flush_model()
        rows = self.env.execute_query(SQL(
            """
            SELECT DISTINCT line.reminder_id
              FROM ar_reminder_line line
              JOIN ar_reminder reminder ON reminder.id = line.reminder_id
                   AND reminder.state = 'queued'
              LEFT JOIN account_move_line l ON l.id = line.move_line_id
             WHERE line.reminder_id = ANY(%s)
               AND (l.id IS NULL OR l.parent_state <> 'posted'
                    OR l.amount_residual_currency <> line.amount_residual_currency
                    OR l.no_followup IS TRUE AND line.kind <> 'credit')
            """, self.ids))
        return self.browse([row[0] for row in rows])

    def _withdraw_mails(self):
        """Take the mails back from the queue: the sender prepares them again with true amounts."""
        mails = self.mail_id
        self._set_back_to_approved()
        mails.write({'state': 'cancel'})
        self._trigger_sending()

    def _claim_for_sending(self, auto_commit):
        """Mark *sending* and commit, then hold the row while the mail leaves.

        :return: whether this process may send it
        """
        self.ensure_one()
        if not self.try_lock_for_update():
            return False
        self.invalidate_recordset(['state'])
        if self.state == 'sending':
            self._recover_lost()
            self.env['mail.mail']._ar_commit(auto_commit)
            return False
        if not self._set_sending():
            return False
        if not auto_commit:
            return True
        self.env.flush_all()
        self.env.cr.commit()  # pylint: disable=invalid-commit
        locked = self.try_lock_for_update()
        self.invalidate_recordset(['state'])
        return bool(locked) and self.state == 'sending'

    def _retry_later(self, reason):
        """The mail server cannot be reached: nothing has left, so try again later, for days."""
        self.ensure_one()
        if self.retry_count >= MAX_CONNECTION_RETRIES:
            self._set_failed(reason)
            return
        minutes = RETRY_MINUTES[min(self.retry_count, len(RETRY_MINUTES) - 1)]
        self.mail_id.write({
            'state': 'outgoing', 'failure_reason': reason,
            'scheduled_date': fields.Datetime.now() + timedelta(minutes=minutes),
        })
        self.write({'retry_count': self.retry_count + 1, 'reason': reason})
