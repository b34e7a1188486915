import logging
import re
from datetime import timedelta

from odoo import api, fields, models, modules
from odoo.tools import SQL

_logger = logging.getLogger(__name__)

RETRY_MINUTES = (5, 15, 60, 240)
MAX_RETRIES = 40
# A reply as smtplib writes it: (550, b'5.1.1 <a@b>: recipient refused')
SMTP_REPLY = re.compile(r"\((\d{3}),\s*b?['\"](.*?)['\"]\)")
# A reply code 4yz means "not now" (RFC 5321, 4.2.1): greylisting, a full queue.
TEMPORARY_REPLY = re.compile(r"\(\s*4\d\d\s*,|\b4[0-5]\d[ -]4\.\d+\.\d+")


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
            elif state == 'exception' and reminder._is_temporary(reason):
                reminder._retry_later(reason)
            elif state in ('exception', 'cancel'):
                reminder._set_failed(reminder._get_refusal_text(reason))
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

    @api.model
    def _get_refusal_text(self, reason):
        """Return what the mail server said, without the wrapping of Python and Odoo.

        :param str reason: failure reason of the mail
        """
        replies = SMTP_REPLY.findall(reason or '')
        if replies:
            return "; ".join(f"{code} {text}" for code, text in replies)
        return reason or self.env._("The mail server refused the message.")

    @api.model
    def _is_temporary(self, reason):
        """Return whether the mail server's answer means that it may accept later."""
        return bool(TEMPORARY_REPLY.search(reason or ''))

    def _retry_later(self, reason):
        """The server cannot be reached, or said "not now": nothing has left, try again for days."""
        self.ensure_one()
        self._set_requeued()
        if self.retry_count >= MAX_RETRIES:
            self._set_failed(reason)
            return
        minutes = RETRY_MINUTES[min(self.retry_count, len(RETRY_MINUTES) - 1)]
        self.mail_id.write({
            'state': 'outgoing', 'failure_reason': reason,
            'scheduled_date': fields.Datetime.now() + timedelta(minutes=minutes),
        })
        self.write({'retry_count': self.retry_count + 1, 'reason': reason})
