from odoo import api, fields, models


class ArDisputeSettle(models.TransientModel):
    _name = 'ar.dispute.settle'
    _description = "Settle disputes"

    dispute_ids = fields.Many2many('ar.dispute', required=True)
    state = fields.Selection(
        [('upheld', "Claim upheld"), ('withdrawn', "Withdrawn by the customer")], required=True)
    resolution = fields.Text(string="What was found and agreed", required=True)
    answer = fields.Text(
        string="Our answer to the customer",
        help="The customer reads this on its pages. Empty: what was answered before stays.")

    by_mail = fields.Boolean(
        string="By e-mail too", compute='_compute_by_mail', store=True, readonly=False)
    mail_hint = fields.Char(string="It goes to", compute='_compute_mail_hint')

    @api.depends('dispute_ids', 'state')
    def _compute_by_mail(self):
        for dialog in self:
            # Who withdraws a dispute knows.
            dialog.by_mail = dialog.state == 'upheld' and all(
                company.ar_answer_mail for company in dialog.dispute_ids.company_id)

    @api.depends('dispute_ids', 'answer')
    def _compute_mail_hint(self):
        for dialog in self:
            told = dialog.dispute_ids.filtered(lambda one: one.state == 'open')
            dialog.mail_hint = self.env['ar.answer']._get_hint(
                told if dialog.answer else told.filtered('answer'))

    def action_settle(self):
        """Close the disputes with what is written here."""
        self.ensure_one()
        opened = self.dispute_ids.filtered(lambda one: one.state == 'open')
        if self.answer:
            opened.answer = self.answer
        self.dispute_ids._settle(self.state, self.resolution)
        if self.by_mail and self.state == 'upheld':
            self.env['ar.answer']._answer(opened)
        return True
