from odoo import api, fields, models

from ..models.desk.portal_act_answer import EXPLAINED


class ArPortalActRefuse(models.TransientModel):
    """Answer what a customer asked for on its pages, when it is not what was asked for."""
    _name = 'ar.portal.act.refuse'
    _description = "Answer to what a customer asked for"

    act_ids = fields.Many2many('ar.portal.act', string="Acts of the customer", required=True)
    answer = fields.Text(
        string="Our answer to the customer", help="The customer reads this on its pages.")
    is_answer_needed = fields.Boolean(
        string="An answer is required", compute='_compute_is_answer_needed')
    by_mail = fields.Boolean(
        string="By e-mail too", compute='_compute_by_mail', store=True, readonly=False)
    mail_hint = fields.Char(string="It goes to", compute='_compute_mail_hint')

    @api.depends('act_ids')
    def _compute_is_answer_needed(self):
        for dialog in self:
            dialog.is_answer_needed = any(
                act.kind in EXPLAINED for act in dialog.act_ids)

    @api.depends('act_ids')
    def _compute_by_mail(self):
        for dialog in self:
            dialog.by_mail = all(
                company.ar_answer_mail for company in dialog.act_ids.company_id)

    @api.depends('act_ids')
    def _compute_mail_hint(self):
        for dialog in self:
            dialog.mail_hint = self.env['ar.answer']._get_hint(dialog.act_ids._get_told())

    def action_refuse(self):
        """Close what was asked for, with what is written here."""
        self.ensure_one()
        self.act_ids._refuse(self.answer, by_mail=self.by_mail)
        return True
