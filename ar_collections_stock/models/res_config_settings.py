from odoo import fields, models


class ResConfigSettings(models.TransientModel):
    _inherit = 'res.config.settings'

    ar_delivery_stop = fields.Boolean(related='company_id.ar_delivery_stop', readonly=False)
