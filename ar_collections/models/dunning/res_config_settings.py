from odoo import fields, models


class ResConfigSettings(models.TransientModel):
    _inherit = 'res.config.settings'

    ar_dunning_policy_id = fields.Many2one(
        related='company_id.ar_dunning_policy_id', readonly=False)
    ar_dunning_active = fields.Boolean(related='company_id.ar_dunning_active', readonly=False)
    ar_letter_sending = fields.Selection(
        related='company_id.ar_letter_sending', readonly=False, required=True)
