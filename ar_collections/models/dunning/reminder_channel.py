from odoo import api, fields, models
from odoo.tools import plaintext2html

CHANNEL_ORDER = ('email', 'sms', 'letter', 'call', 'task')


class ArReminder(models.Model):
    """The way out: which address a channel needs, and one method per channel."""
    _inherit = 'ar.reminder'

    def _get_next_channel(self):
        """Return the channel after the present one that reaches somebody, and whom.

        The level's own fallbacks come first, then the others; the task is the end of the list.

        :return: (channel, `res.partner`)
        """
        self.ensure_one()
        ways = [*self.level_id._get_channels(), *CHANNEL_ORDER]
        ways = list(dict.fromkeys(ways))
        tried = ways.index(self.channel) if self.channel in ways else -1
        for channel in ways[tried + 1:]:
            for partner in self._get_candidates():
                if self._can_reach(channel, partner):
                    return channel, partner
        return 'task', self.partner_id

    def _get_candidates(self):
        """Return the addresses to try, in order."""
        self.ensure_one()
        invoice_contacts = self.partner_id.child_ids.filtered(lambda p: p.type == 'invoice')
        # Who has left is archived, and gets nothing any more.
        return (self.customer_id.collections_contact_id.filtered('active') | invoice_contacts
                | self.partner_id)

    def _can_reach(self, channel, partner):
        """Return whether ``partner`` has the address that ``channel`` needs.

        Same conditions as `ar.dunning.engine._get_reachable_conditions`.
        """
        if channel == 'email':
            return bool(partner.email_normalized)
        if channel == 'letter':
            return bool(partner.street and partner.city)
        if channel == 'sms':
            return 'sms.sms' in self.env and bool(partner.phone)
        return channel == 'task' or bool(partner.phone)

    def _reroute_unreachable(self):
        """Give those whose address has gone since the proposal another channel."""
        for reminder in self:
            if not reminder._can_reach(reminder.channel, reminder.recipient_id):
                others = [p for p in reminder._get_candidates()
                          if reminder._can_reach(reminder.channel, p)]
                if others:
                    reminder.recipient_id = others[0]
                else:
                    reminder._switch_channel()

    def _send_sms(self):
        """Queue one SMS per reminder through Odoo's own SMS; `_follow_sms` hears the outcome."""
        for reminder in self:
            body = reminder._render_text('sms_body')
            message = reminder._message_sms(
                body, partner_ids=reminder.recipient_id.ids, put_in_queue=True)
            reminder._set_queued(message_id=message.id, body=plaintext2html(body))
        self._log_history()

    @api.model
    def _follow_sms(self):
        """Bring the status of queued SMS back: left, or refused with the provider's reason."""
        waiting = self.search([('state', '=', 'queued'), ('channel', '=', 'sms')])
        if not waiting:
            return
        notifications = self.env['mail.notification'].sudo().search([
            ('mail_message_id', 'in', waiting.message_id.ids), ('notification_type', '=', 'sms')])
        by_message = notifications.grouped('mail_message_id')
        for reminder in waiting:
            notification = by_message.get(reminder.message_id, notifications.browse())[:1]
            status = notification.notification_status
            if status in ('process', 'pending', 'sent'):
                reminder._set_sent()
            elif status in ('exception', 'bounce', 'canceled'):
                reminder._set_failed(notification.format_failure_reason())

    def _send_call(self):
        """Plan the call: script and items for the collector."""
        self._plan_activity('call')
        self._set_sent()
        self._log_history()

    def _send_task(self):
        """Nothing else reached the customer: a person must."""
        self._plan_activity('task')
        self._set_sent()
        self._log_history()

    def _plan_activity(self, kind):
        """Plan a call or a task on the customer, for its collector."""
        xmlid = ('mail.mail_activity_data_call' if kind == 'call'
                 else 'ar_collections.mail_activity_type_collect')
        for reminder in self:
            lang = reminder.user_id.lang or self.env.user.lang
            reminder = reminder.with_context(lang=lang)
            reminder.customer_id.with_context(mail_activity_quick_update=True).activity_schedule(
                xmlid, date_deadline=fields.Date.context_today(reminder),
                summary=reminder._get_activity_summary(kind),
                note=reminder._get_activity_note(),
                user_id=(reminder.user_id or reminder.company_id._get_ar_responsible()).id,
            )

    def _get_activity_summary(self, kind):
        self.ensure_one()
        if kind == 'call':
            return self.env._("Call about %s", self.level_id.name)
        return self.env._("No address works: reach this customer (%s)", self.level_id.name)

    def _get_activity_note(self):
        """The call guide of the level and the table of items."""
        self.ensure_one()
        return self.env['ir.qweb']._render('ar_collections.reminder_activity_note', {
            'reminder': self, 'script': self._render_text('call_script'),
        })
