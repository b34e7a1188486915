from odoo import fields, models


class ResConfigSettings(models.TransientModel):
    _inherit = 'res.config.settings'

    ar_promise_grace_days = fields.Integer(
        related='company_id.ar_promise_grace_days', readonly=False)
    ar_promise_tolerance = fields.Float(
        related='company_id.ar_promise_tolerance', readonly=False)
