from odoo import api, fields, models


class ArStatementWizard(models.TransientModel):
    """EXTENDS figures: whose statements list what they do not ask for, and why."""
    _inherit = 'ar.statement.wizard'

    law_note = fields.Text(string="What the law says", compute='_compute_law_note')

    @api.depends('customer_ids')
    def _compute_law_note(self):
        for wizard in self:
            wizard.law_note = wizard.customer_ids._describe_unasked()
