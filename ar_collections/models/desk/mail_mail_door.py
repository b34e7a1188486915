import re

from odoo import api, models

from .portal_link import ADDRESS, PERSONAL

PLACE = re.compile(rf'{re.escape(ADDRESS)}/{PERSONAL}\b')


class MailMail(models.Model):
    """EXTENDS mail: the mail that leaves carries a fresh link; the text that is kept has none.

    So neither the database nor a colleague who reads the history can open the customer's pages
    in its name.
    """
    _inherit = 'mail.mail'

    def _prepare_outgoing_body(self):
        """EXTENDS mail."""
        body = super()._prepare_outgoing_body()
        if not body or not PLACE.search(body):
            return body
        url = self._make_ar_link()
        return PLACE.sub(url[url.index(ADDRESS):], body) if url else body

    def _make_ar_link(self):
        """Return the address of a link for this mail, or nothing when it may not carry one.

        Only mails that we made ourselves: the words alone, in anybody's message, give no link.
        """
        self.ensure_one()
        Link = self.env['ar.portal.link']
        # sudo: the queue sends for everybody.
        waiting = Link.sudo().search([('mail_id', '=', self.id)], limit=1)
        if waiting:
            return waiting._renew()
        origin = self._get_ar_link_origins().get(self.model)
        if not origin:
            return False
        message = self._get_ar_messages(self.model)
        if not message:
            return False
        _link, url = Link._make(
            message.customer_id, origin=origin, source=self.subject,
            recipient=self.recipient_ids if len(self.recipient_ids) == 1 else None)
        return url

    @api.model
    def _get_ar_link_origins(self):
        """Return {model whose own mail carries a link: origin of `ar.portal.link`}."""
        return {'ar.reminder': 'reminder', 'ar.statement.sending': 'statement'}
