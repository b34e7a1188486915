from odoo import api, fields, models


class ArPortalActRefuse(models.TransientModel):
    """Answer what a customer asked for on its pages, when it is not what was asked for."""
    _name = 'ar.portal.act.refuse'
    _description = "Answer to what a customer asked for"

    act_ids = fields.Many2many('ar.portal.act', string="Acts of the customer", required=True)
    answer = fields.Text(
        string="Our answer to the customer", help="The customer reads this on its pages.")
    is_answer_needed = fields.Boolean(
        string="An answer is required", compute='_compute_is_answer_needed')

    @api.depends('act_ids')
    def _compute_is_answer_needed(self):
        for dialog in self:
            dialog.is_answer_needed = any(act.kind == 'instalments' for act in dialog.act_ids)

    def action_refuse(self):
        """Close what was asked for, with what is written here."""
        self.ensure_one()
        self.act_ids._refuse(self.answer)
        return True
