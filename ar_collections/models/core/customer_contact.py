from odoo import api, fields, models


class ArCustomer(models.Model):
    """What the contact's own card says, shown where the collector works."""
    _inherit = 'ar.customer'

    contact_ids = fields.One2many(related='partner_id.child_ids', string="Contacts")
    reach = fields.Selection(
        [('email', "By e-mail"), ('other', "By post or phone only"), ('none', "Not at all")],
        string="Can be reached", compute='_compute_reach')
    has_credit_limit = fields.Boolean(compute='_compute_credit_limit', compute_sudo=True)
    credit_limit = fields.Monetary(
        string="Credit limit", compute='_compute_credit_limit', compute_sudo=True,
        help="Limit of the contact, or the one that the Invoicing settings give to everybody.")
    credit_limit_left = fields.Monetary(
        string="Left", compute='_compute_credit_limit', compute_sudo=True,
        help="Limit minus balance; negative when the customer owes more than the limit.")

    @api.depends('collections_contact_id', 'partner_id.email', 'partner_id.phone',
                 'partner_id.street', 'partner_id.city', 'partner_id.child_ids')
    def _compute_reach(self):
        """Look at the addresses that a reminder would try, in the same order."""
        for customer in self:
            partner = customer.partner_id
            candidates = customer.collections_contact_id | partner | partner.child_ids.filtered(
                lambda contact: contact.type == 'invoice')
            if any(contact.email_normalized for contact in candidates):
                customer.reach = 'email'
            elif any(contact.phone or (contact.street and contact.city)
                     for contact in candidates):
                customer.reach = 'other'
            else:
                customer.reach = 'none'

    @api.depends('partner_id.credit_limit', 'balance')
    def _compute_credit_limit(self):
        for company, customers in self.grouped('company_id').items():
            for customer in customers.with_company(company):
                limit = customer.partner_id.credit_limit
                customer.has_credit_limit = limit > 0
                customer.credit_limit = limit
                customer.credit_limit_left = limit - customer.balance if limit > 0 else 0
