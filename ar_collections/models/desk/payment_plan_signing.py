import base64

from odoo import fields, models
from odoo.exceptions import UserError

REPORT = 'ar_collections.ar_payment_plan_report'
# First bytes of a PNG file.
PNG = b'\x89PNG\r\n\x1a\n'


class ArPaymentPlan(models.Model):
    """The signature of the customer: online through the link, or on paper."""
    _inherit = 'ar.payment.plan'

    lang = fields.Char(compute='_compute_lang', help="Language of the recipient.")
    recipient_id = fields.Many2one('res.partner', compute='_compute_lang')

    def _compute_access_url(self):
        """OVERRIDES portal: the page that shows the plan and takes the signature."""
        for plan in self:
            plan.access_url = f'/my/payment_plan/{plan.id}'

    def _compute_lang(self):
        for plan in self:
            customer = plan.customer_id
            plan.recipient_id = plan.contact_id or customer._get_statement_recipient() or (
                customer.partner_id)
            plan.lang = (plan.recipient_id.lang or customer.partner_id.lang
                         or plan.company_id.partner_id.lang or self.env.lang)

    def _is_link_open(self):
        """Return whether the link in the mail opens the plan: while it runs, and then as long
        as a link to the customer's pages would, from its last day on.
        """
        self.ensure_one()
        if self.state == 'active':
            return True
        company = self.company_id
        last = self.valid_until if self.state == 'proposed' else self.closed_on
        return bool(last) and company._get_ar_today() <= fields.Date.add(
            last, days=company.ar_door_link_days)

    def _get_report_base_filename(self):
        """Return the name of the file that the portal page downloads."""
        self.ensure_one()
        return self.name.replace('/', '-')

    def action_send(self):
        """Open Odoo's composer with the proposal: the letter attached, the link to sign in it."""
        self.ensure_one()
        self.check_access('write')
        self._check_signable()
        template = self.env.ref('ar_collections.mail_template_ar_payment_plan')
        return {
            'type': 'ir.actions.act_window', 'res_model': 'mail.compose.message',
            'view_mode': 'form', 'target': 'new', 'name': self.env._("Send the proposal"),
            'context': {
                'default_model': self._name, 'default_res_ids': self.ids,
                'default_template_id': template.id, 'default_composition_mode': 'comment',
                'default_email_layout_xmlid': 'mail.mail_notification_light',
                'force_email': True,
            },
        }

    def action_preview(self):
        """Open the page as the customer sees it."""
        self.ensure_one()
        self.check_access('read')
        if self.state in ('draft', 'to_approve'):
            raise UserError(self.env._("The customer sees the plan once it is proposed."))
        return {'type': 'ir.actions.act_url', 'target': 'self', 'url': self.get_portal_url()}

    def action_signed_on_paper(self):
        """Open the dialogue that files a plan signed on paper."""
        self.ensure_one()
        self.check_access('write')
        self._check_signable(lapsed=True)
        return {
            'type': 'ir.actions.act_window', 'res_model': 'ar.payment.plan.paper',
            'view_mode': 'form', 'target': 'new', 'name': self.env._("Signed on paper"),
            'context': {'default_plan_id': self.id},
        }

    def _sign(self, name, way, date, signature=False, author=None, attachments=()):
        """Take the signature: the debt is acknowledged, the plan starts.

        The signed plan is kept as a PDF in the history.

        :param str name: who signed
        :param str way: 'portal' or 'paper'
        :param date date: day of the signature
        :param signature: image, base64; online only
        :param author: `res.partner` in whose name the history says it
        :param attachments: list of (name, content) to keep beside
        :raise UserError: when the plan does not wait for a signature, or it cannot be read
        """
        self.ensure_one()
        self._check_signable(lapsed=way == 'paper')
        if way == 'portal':
            self._check_signature(signature)
        self.write({
            'signed_by': name, 'signed_on': fields.Datetime.now(), 'signature': signature,
            'signature_way': way, 'acknowledged_on': date})
        self._start()
        # Who waits for it hears of it: the collector, or who drew it up.
        told = (self.collector_id or self.user_id).filtered(
            lambda user: user.active and not user.share and user != self.env.user)
        content, _kind = self.env['ir.actions.report']._render_qweb_pdf(REPORT, self.ids)
        message = self.message_post(
            body=self.env._("Signed by %s", name), author_id=author and author.id,
            partner_ids=told.partner_id.ids,
            attachments=[(f'{self._get_report_base_filename()}.pdf', content), *attachments])
        self.signed_document_ids = message.attachment_ids

    def _check_signature(self, signature):
        """Refuse what is no drawing: the browser sends a PNG, and nothing else is printed."""
        try:
            content = base64.b64decode(signature, validate=True)
        except (TypeError, ValueError):
            content = b''
        if not content.startswith(PNG):
            raise UserError(self.env._("The signature could not be read. Please try again."))
