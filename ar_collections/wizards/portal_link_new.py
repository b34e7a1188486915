from odoo import api, fields, models
from odoo.exceptions import UserError

TEMPLATE = 'ar_collections.mail_template_ar_portal_link'


class ArPortalLinkNew(models.TransientModel):
    """Make a customer's link: to copy, or to send by e-mail."""
    _name = 'ar.portal.link.new'
    _description = "New customer's link"

    customer_id = fields.Many2one('ar.customer', required=True, readonly=True)
    partner_id = fields.Many2one(related='customer_id.partner_id', string="Company of the contact")
    recipient_id = fields.Many2one(
        'res.partner', string="For", domain="[('id', 'child_of', partner_id)]",
        compute='_compute_recipient_id', store=True, readonly=False,
        help="Who gets the link. It may be forwarded to whoever pays.")
    days = fields.Integer(
        string="Open for (days)", compute='_compute_recipient_id', store=True, readonly=False)
    # Told once: it is written nowhere.
    url = fields.Char(string="Link", store=False, readonly=True)

    _days_range = models.Constraint(
        'CHECK(days BETWEEN 1 AND 730)', "A customer's link is open for 1 to 730 days.")

    @api.depends('customer_id')
    def _compute_recipient_id(self):
        for dialog in self:
            customer = dialog.customer_id
            dialog.recipient_id = customer._get_statement_recipient() if customer else False
            dialog.days = customer.company_id.ar_door_link_days if customer else 60

    def action_make(self):
        """Make the link and show it."""
        self.ensure_one()
        self._check_right()
        _link, url = self.env['ar.portal.link']._make(
            self.customer_id, recipient=self.recipient_id, days=self.days)
        self._log_made()
        return {
            'type': 'ir.actions.act_window', 'res_model': self._name, 'target': 'new',
            'name': self.env._("Customer's link"), 'view_mode': 'form',
            'views': [(self.env.ref('ar_collections.ar_portal_link_new_view_form_made').id,
                       'form')],
            'context': {'default_customer_id': self.customer_id.id, 'default_url': url},
        }

    def action_send(self):
        """Send the link by e-mail, in the language of who gets it."""
        self.ensure_one()
        self._check_right()
        if not self.recipient_id.email_normalized:
            raise UserError(self.env._(
                "Choose a contact with an e-mail address, or make the link and copy it."))
        customer = self.customer_id
        # The row first: the mail that leaves gets its token from it.
        link, _url = self.env['ar.portal.link']._make(
            customer, origin='mail', recipient=self.recipient_id, days=self.days)
        lang = self.recipient_id.lang or customer._get_statement_lang()
        # sudo: templates are written by administrators; rendering them needs their rights.
        mail_id = self.env.ref(TEMPLATE).sudo().with_context(lang=lang).send_mail(
            customer.id, email_values={
                'recipient_ids': [fields.Command.set(self.recipient_id.ids)],
                'email_to': False, 'is_notification': True})
        link.sudo().mail_id = mail_id
        self.env.ref('mail.ir_cron_mail_scheduler_action').sudo()._trigger()
        self._log_made()
        return {'type': 'ir.actions.act_window_close'}

    def action_revoke_all(self):
        """Withdraw every link of this customer: also on printed statements, and to its plans."""
        self.ensure_one()
        self.check_access('write')
        self.customer_id.check_access('write')
        self.env['ar.portal.link'].search(
            [('customer_id', '=', self.customer_id.id)]).action_revoke()
        self.customer_id.action_reset_statement_link()
        # sudo: the token is no figure of the plan; the right to withdraw it was asked above.
        self.env['ar.payment.plan'].sudo().search([
            ('customer_id', '=', self.customer_id.id), ('access_token', '!=', False),
        ]).access_token = False
        self.customer_id._message_log(body=self.env._(
            "Every link to the customer's pages was withdrawn."))
        return {'type': 'ir.actions.act_window_close'}

    def _check_right(self):
        self.check_access('write')
        self.customer_id.check_access('write')
        if self.recipient_id and (
                self.recipient_id.commercial_partner_id != self.customer_id.partner_id):
            raise UserError(self.env._(
                "%(contact)s is no contact of %(customer)s.",
                contact=self.recipient_id.display_name,
                customer=self.customer_id.display_name))

    def _log_made(self):
        self.customer_id._message_log(body=self.env._(
            "A link to the customer's pages was made for %s.",
            self.recipient_id.display_name or self.customer_id.display_name))
