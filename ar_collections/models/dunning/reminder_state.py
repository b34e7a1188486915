import logging

import psycopg2

from odoo import fields, models
from odoo.exceptions import UserError

_logger = logging.getLogger(__name__)


class ArReminder(models.Model):
    """The state machine: nothing else writes the state of a reminder or of its lines."""
    _inherit = 'ar.reminder'

    def _update_state(self, allowed, target, **vals):
        """Move these reminders to ``target`` and return those that moved.

        A reminder that is there already, or in a state that does not lead there, is left alone:
        repeating a step changes nothing.

        :param tuple allowed: states from which ``target`` may be reached
        :param str target: new state
        :param vals: further values of the reminder
        :return: the reminders that moved
        """
        moving = self.filtered(lambda reminder: reminder.state in allowed)
        refused = self - moving
        if refused:
            _logger.info("Reminders %s stay as they are: no way to %s", refused.ids, target)
        if moving:
            moving.write(dict(vals, state=target))
            moving.line_ids.write({'state': target})
        return moving

    # === STATES === #

    def _set_approved(self, *, person=None):
        """Let these leave; ``person`` says who acted: the automation cap starts anew."""
        allowed = ('proposed', 'failed', 'unknown')
        for policy, reminders in self.grouped('policy_id').items():
            for company, batch in reminders.grouped('company_id').items():
                vals = {'send_after': policy._get_next_opening(company), 'reason': False}
                if person:
                    vals.update(approved_by_id=person.id, auto=False)
                batch._update_state(allowed, 'approved', **vals)

    def _set_proposed(self):
        """Take an approval back, for instance when a run is stopped."""
        return self._update_state(('approved',), 'proposed', approved_by_id=False)

    def _set_queued(self, **vals):
        """Handed to the mail queue or the SMS queue, in the same transaction."""
        return self._update_state(('approved',), 'queued', **vals)

    def _set_back_to_approved(self):
        """What the queued message claims is no longer true: prepare it again."""
        return self._update_state(('queued',), 'approved', mail_id=False, message_id=False)

    def _set_requeued(self):
        """The server refused for now: nothing has left, the same message may try again."""
        return self._update_state(('sending',), 'queued')

    def _set_sending(self):
        """About to leave the house; committed before it does."""
        return self._update_state(('queued',), 'sending')

    def _set_sent(self, *, reason=False, **vals):
        """It has left. The lines now count as levels reached."""
        now = fields.Datetime.now()
        moved = self.browse()
        for company, reminders in self.grouped('company_id').items():
            moved |= reminders._update_state(
                ('approved', 'queued', 'sending', 'unknown'), 'sent', reason=reason,
                sent_at=now, sent_date=company._get_ar_today(), **vals)
        try:
            with self.env.cr.savepoint():
                moved._after_sent()
        except psycopg2.OperationalError:
            raise
        except Exception:
            # The message is out: what follows it must not make it look unsent.
            _logger.exception("Follow-up of sent reminders %s failed", moved.ids)
        return moved

    def _set_failed(self, reason):
        """It did not arrive, and we know it: red, with one click to try another channel."""
        overtaken = self._get_overtaken()
        moved = (self - overtaken)._update_state(
            ('approved', 'queued', 'sending', 'sent', 'unknown'), 'failed', reason=reason)
        overtaken.write({'reason': reason})
        (moved | overtaken)._log_failure(reason)
        return moved

    def _get_overtaken(self):
        """Return those already sent whose customer has a newer reminder under way.

        A late bounce must not put a second open reminder beside it; the reason is kept.
        """
        sent = self.filtered(lambda reminder: reminder.state == 'sent')
        newer = self.search([
            ('customer_id', 'in', sent.customer_id.ids), ('state', 'in', self._get_open_states()),
        ]).customer_id
        return sent.filtered(lambda reminder: reminder.customer_id in newer)

    def _set_unknown(self, reason):
        """The process died between sending and hearing the answer: a person must decide."""
        moved = self.browse()
        for company, reminders in self.grouped('company_id').items():
            moved |= reminders._update_state(
                ('sending',), 'unknown', reason=reason, sent_at=fields.Datetime.now(),
                sent_date=company._get_ar_today())
        return moved

    def _set_skipped(self, reason):
        """A person decided that this message should not leave: the level counts as done."""
        return self._update_state(
            ('proposed', 'approved', 'failed', 'unknown'), 'skipped', reason=reason, auto=False)

    def _set_cancelled(self, reason):
        """There is no longer anything to claim: if that changes, the level comes again."""
        return self._update_state(
            ('proposed', 'approved', 'failed', 'unknown'), 'cancelled', reason=reason)

    # === HOOKS === #

    def _after_sent(self):
        """Hook: plan the call that goes with the level."""
        self.filtered('level_id.also_call').filtered(
            lambda reminder: reminder.channel not in ('call', 'task'))._plan_activity('call')

    def _log_failure(self, reason):
        """Tell the collector in the customer's chatter."""
        self.customer_id._message_log_batch({
            reminder.customer_id.id: self.env._(
                "Reminder %(name)s did not arrive: %(reason)s", name=reminder.name, reason=reason)
            for reminder in self
        })

    # === PEOPLE === #

    def _approve(self):
        """Approve the proposals among these as the current user, and wake the sender.

        :return: the reminders approved
        :raise UserError: when none of them waits for approval
        """
        self = self.filtered(lambda reminder: reminder.state == 'proposed')
        if not self:
            raise UserError(self.env._(
                "None of these reminders waits for approval. Failed ones have their own buttons: "
                "try again, other channel, give up."))
        self.sudo()._set_approved(person=self.env.user)
        self._trigger_sending()
        self.run_id.sudo()._close_approval_activities()
        return self

    def _switch_channel(self):
        """Move to the next channel that reaches somebody."""
        self.ensure_one()
        channel, recipient = self._get_next_channel()
        self.write({'channel': channel, 'recipient_id': recipient.id, 'mail_id': False})
        if self.state in ('failed', 'unknown'):
            self._set_approved(person=self.env.user)

    def _trigger_sending(self):
        """Wake the sender now and at the next opening of what waits."""
        # sudo: whoever may approve may let the scheduler do its work.
        cron = self.env.ref('ar_collections.ir_cron_ar_reminder_send').sudo()
        openings = {reminder.send_after for reminder in self if reminder.send_after}
        cron._trigger(at=sorted(openings) or None)
