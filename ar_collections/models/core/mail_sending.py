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
