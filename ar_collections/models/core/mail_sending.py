from odoo import fields, models


class ArMailSending(models.AbstractModel):
    """One message to one person, from *waiting* to *sent*, at most once (`ar.mail.guard`).

    Heirs add the field `state` with their own words for it.
    """
    _name = 'ar.mail.sending'
    _description = "Message with its mail"
    _inherit = ['ar.mail.guard']

    reason = fields.Char(readonly=True, help="Why it was left out or failed, in words.")
    retry_count = fields.Integer(readonly=True)
    sent_at = fields.Datetime(readonly=True)
    mail_id = fields.Many2one(
        'mail.mail', readonly=True, ondelete='set null', index='btree_not_null')

    def _put_in_queue(self, template):
        """Render the mails and put them into Odoo's queue, in this transaction.

        :param template: `mail.template` of the model, which has the field `recipient_id`
        """
        # sudo: templates are written by administrators; rendering them needs their rights.
        mails = template.sudo().send_mail_batch(
            self.ids, email_values={'is_notification': True, 'auto_delete': False})
        by_record = {mail.res_id: mail for mail in mails}
        for one in self:
            one.mail_id = by_record[one.id]
        self.env['mail.notification'].sudo().create([{
            'mail_mail_id': one.mail_id.id, 'mail_message_id': one.mail_id.mail_message_id.id,
            'res_partner_id': one.recipient_id.id, 'notification_type': 'email',
            'notification_status': 'ready', 'is_read': True} for one in self])

    def _set_queued(self):
        """The mail stands in the queue."""
        return self._update_state(('waiting',), 'queued', reason=False)

    def _set_sent(self):
        """It has left, or somebody says so."""
        return self._update_state(
            ('queued', 'sending', 'unknown'), 'sent', sent_at=fields.Datetime.now(), reason=False)

    def _set_failed(self, reason):
        """It has not reached anybody.

        :param str reason: in words
        """
        return self._update_state(
            ('waiting', 'queued', 'sending', 'sent', 'unknown'), 'failed', reason=reason)

    def _set_unknown(self, reason):
        """Nobody knows whether it has left.

        :param str reason: in words
        """
        return self._update_state(('sending',), 'unknown', reason=reason)
