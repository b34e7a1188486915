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
    """Mails that carry a message of ours leave at most once, and never with an outdated claim.

    Odoo's queue commits after the SMTP dialogue, so a process killed in between sends again after
    a restart. For our mails the state *sending* is committed before the dialogue: whoever finds it
    later knows that the outcome is unknown, and a person decides.
    """
    _inherit = 'mail.mail'

    def _send(self, auto_commit=False, raise_exception=False, smtp_session=None,
              alias_domain_id=False, mail_server=False, post_send_callback=None):
        """EXTENDS mail: guard our own mails, leave all others as they are."""
        options = {
            'auto_commit': auto_commit, 'raise_exception': raise_exception,
            'smtp_session': smtp_session, 'alias_domain_id': alias_domain_id,
            'mail_server': mail_server, 'post_send_callback': post_send_callback,
        }
        guarded = {name: found for name in self._get_ar_guarded_models()
                   if (found := self._get_ar_messages(name))}
        if not guarded:
            return super()._send(**options)
        ours = self.browse().concat(
            *(messages.mail_id for messages in guarded.values())).with_env(self.env)
        result = True
        if self - ours:
            result = super(MailMail, self - ours)._send(**options)
        if not auto_commit and not modules.module.current_test:
            # Inside somebody's transaction, which may be run again: the queue sends them.
            self.env.ref('mail.ir_cron_mail_scheduler_action').sudo()._trigger()
            return result
        for messages in guarded.values():
            outdated = messages._get_outdated_claims()
            if outdated:
                outdated._withdraw_mails()
                self._ar_commit(auto_commit)
            for message in messages - outdated:
                mail = message.mail_id.with_env(self.env)
                if message._claim_for_sending(auto_commit):
                    super(MailMail, mail)._send(**options)
        return result

    def _postprocess_sent_message(self, success_pids, success_emails, failure_reason=False,
                                  failure_type=None):
        """EXTENDS mail: bring the outcome back to the message."""
        # Read before super: it deletes mails marked so.
        outcome = {mail: (mail.state, failure_reason or mail.failure_reason) for mail in self}
        for name in self._get_ar_guarded_models():
            for message in self._get_ar_messages(name):
                message._take_outcome(*outcome[message.mail_id.with_env(self.env)], failure_type)
        return super()._postprocess_sent_message(
            success_pids, success_emails, failure_reason=failure_reason,
            failure_type=failure_type)

    @api.model
    def _get_ar_guarded_models(self):
        """Hook: return the models whose mails are guarded; each inherits `ar.mail.guard`."""
        return ['ar.reminder']

    def _get_ar_messages(self, name):
        """Return the records of a guarded model that left, or will leave, by these mails."""
        # sudo: the mail queue runs for everybody.
        return self.env[name].sudo().search([('mail_id', 'in', self.ids)])

    @api.model
    def _ar_commit(self, auto_commit):
        if auto_commit:
            self.env.cr.commit()  # pylint: disable=invalid-commit


class ArMailGuard(models.AbstractModel):
    """A message that leaves by mail, at most once: recorded first, claimed, then sent.

    Heirs have the fields `state` (with 'queued', 'sending', 'sent', 'failed', 'unknown'),
    `mail_id`, `reason` and `retry_count`, and the methods `_set_sent`, `_set_failed` and
    `_set_unknown`; `_get_ar_guarded_models` names them.
    """
    _name = 'ar.mail.guard'
    _description = "Message that leaves at most once"

    def _update_state(self, allowed, target, **vals):
        """Move to ``target`` those that are in an allowed state, and return them."""
        moving = self.filtered(lambda one: one.state in allowed)
        if moving:
            moving.write(dict(vals, state=target))
        return moving

    def _set_requeued(self):
        """The server refused for now: nothing has left, the same message may try again."""
        return self._update_state(('sending',), 'queued')

    def _set_sending(self):
        """About to leave the house; committed before it does."""
        return self._update_state(('queued',), 'sending')

    def _get_outdated_claims(self):
        """Hook: return the messages that say what is no longer true."""
        return self.browse()

    def _withdraw_mails(self):
        """Hook: take outdated mails back from the queue."""

    def _take_outcome(self, state, reason, failure_type):
        """Bring the outcome of the mail to its message.

        :param str state: state of the mail
        :param str reason: why it failed, as Odoo wrote it
        :param str failure_type: of the mail
        """
        self.ensure_one()
        if state == 'sent':
            self._set_sent()
        elif failure_type == 'mail_smtp' and self.state == 'queued':
            self._retry_later(reason)
        elif state == 'exception' and self._is_temporary(reason):
            self._retry_later(reason)
        elif state in ('exception', 'cancel'):
            self._set_failed(self._get_refusal_text(reason))

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
        # The commit gives the row free for a moment: whoever looks then must not take us for dead.
        key = SQL("hashtext(%s), %s", self._table, self.id)
        [(alone,)] = self.env.execute_query(SQL("SELECT pg_try_advisory_lock(%s)", key))
        if not alone:
            self._set_requeued()
            return False
        try:
            self.env.flush_all()
            self.env.cr.commit()  # pylint: disable=invalid-commit
            # Waits for who has only looked at the row; nobody changes it meanwhile.
            self.env.execute_query(SQL(
                "SELECT id FROM %s WHERE id = %s FOR UPDATE",
                SQL.identifier(self._table), self.id))
        except Exception:
            self.env.cr.rollback()
            raise
        finally:
            self.env.execute_query(SQL("SELECT pg_advisory_unlock(%s)", key))
        self.invalidate_recordset(['state'])
        return self.state == 'sending'

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

    @api.model
    def _recover_lost(self):
        """Mark as unknown what a dead process left in the act of sending."""
        found = self.search([('state', '=', 'sending')])
        free = self.env.execute_query(SQL(
            "SELECT id FROM UNNEST(%s::int[]) id WHERE pg_try_advisory_xact_lock(hashtext(%s), id)",
            found.ids, self._table)) if found else []
        lost = self.browse([row[0] for row in free]).try_lock_for_update()
        lost.invalidate_recordset(['state'])
        lost = lost.filtered(lambda message: message.state == 'sending')
        if lost:
            lost._set_unknown(self.env._(
                "The server stopped while this message was leaving. Ask the customer or look at "
                "the mail server before you send it again."))
            lost.mail_id.filtered(lambda mail: mail.state == 'outgoing').write({
                'state': 'exception', 'failure_type': 'unknown',
                'failure_reason': self.env._("Outcome unknown")})
