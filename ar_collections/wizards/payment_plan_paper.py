import base64

from odoo import fields, models
from odoo.exceptions import ValidationError


class ArPaymentPlanPaper(models.TransientModel):
    _name = 'ar.payment.plan.paper'
    _description = "Payment plan signed on paper"

    plan_id = fields.Many2one('ar.payment.plan', required=True, readonly=True)
    name = fields.Char(string="Signed by", required=True)
    date = fields.Date(
        string="Signed on", required=True, help="The debt counts as acknowledged on this day.")
    document = fields.Binary(string="Signed letter", required=True, attachment=False)
    document_name = fields.Char()

    def action_sign(self):
        """File the signed letter and start the plan."""
        self.ensure_one()
        plan = self.plan_id
        plan.check_access('write')
        if not plan.proposed_on or not plan.proposed_on <= self.date <= (
                plan.company_id._get_ar_today()):
            raise ValidationError(self.env._(
                "It was signed between the day of the proposal and today."))
        # sudo: the state and the signature are written by the buttons only.
        plan.sudo()._sign(
            self.name, 'paper', self.date, author=self.env.user.partner_id,
            attachments=[(self.document_name or "signed.pdf", self._get_document())])
        return True

    def _get_document(self):
        # `bin_size` in the context would give its size instead.
        return base64.b64decode(self.with_context(bin_size=False).document)
