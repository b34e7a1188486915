from odoo import fields, models


class ResCompany(models.Model):
    """EXTENDS core: whether the official gazette is watched, and how that went last."""
    _inherit = 'res.company'

    ar_bodacc_active = fields.Boolean(string="Watch the BODACC")
    ar_bodacc_error = fields.Char(string="Why the last look failed", readonly=True)


class ResConfigSettings(models.TransientModel):
    _inherit = 'res.config.settings'

    ar_bodacc_active = fields.Boolean(related='company_id.ar_bodacc_active', readonly=False)
    ar_bodacc_error = fields.Char(related='company_id.ar_bodacc_error')
