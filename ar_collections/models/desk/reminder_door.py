from odoo import models


class ArReminder(models.Model):
    """EXTENDS dunning: the button to the customer's pages, after the table of items."""
    _inherit = 'ar.reminder'

    def _get_items_values(self):
        """EXTENDS dunning."""
        return {**super()._get_items_values(), 'door_url': self._get_door_url()}

    def _get_door_url(self):
        """Return the address of the pages, or nothing when the message has no link.

        The text that is kept has no token: the mail that leaves gets one (`mail.mail`).
        """
        self.ensure_one()
        if not self.level_id.payment_link or not self.company_id.sudo().ar_door_in_mails:
            return False
        return f"{self.get_base_url()}{self.env['ar.portal.link']._get_personal_address()}"


class ArStatementSending(models.Model):
    """EXTENDS figures: the mail of a statement leads to the pages by a link of its own."""
    _inherit = 'ar.statement.sending'

    def _compute_words(self):
        """EXTENDS figures."""
        result = super()._compute_words()
        address = self.env['ar.portal.link']._get_personal_address()
        for sending in self:
            if sending.company_id.sudo().ar_door_in_mails:
                sending.page_url = f"{sending.get_base_url()}{address}"
        return result
