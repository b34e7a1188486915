from odoo import models


class ArCustomer(models.Model):
    """EXTENDS core: the customer names whom to write to, on its pages or in a reply."""
    _inherit = 'ar.customer'

    def _take_named_contact(self, email, name, comment, phone=False):
        """Add the contact, or take the one with the same address; it gets the reminders.

        Who may write the customer is checked by the callers.

        :param str email: normalized, or empty: then the contact is always a new one
        :param str name: of a new contact; one that is known keeps its own
        :param str comment: where a new contact comes from
        :return: `res.partner`
        """
        self.ensure_one()
        contact = Partner = self.env['res.partner']
        if email:
            contact = Partner.search([
                ('id', 'child_of', self.partner_id.id), ('email_normalized', '=', email)], limit=1)
        if not contact:
            contact = Partner.create({
                'name': name, 'email': email, 'phone': phone, 'parent_id': self.partner_id.id,
                'type': 'contact', 'lang': self.partner_id.lang, 'comment': comment})
        # Whoever was found wrong once is right when the customer itself says so.
        self.wrong_contact_ids -= contact
        self.collections_contact_id = contact
        return contact
