from odoo import fields, models


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

    def action_settle(self):
        """Close the disputes with what is written here."""
        self.ensure_one()
        if self.answer:
            self.dispute_ids.filtered(lambda one: one.state == 'open').answer = self.answer
        self.dispute_ids._settle(self.state, self.resolution)
        return True
