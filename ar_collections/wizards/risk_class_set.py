from odoo import fields, models


class ArRiskClassSet(models.TransientModel):
    """Sets a class by hand: who, why, until when."""
    _name = 'ar.risk.class.set'
    _description = "Set a risk class by hand"

    customer_ids = fields.Many2many('ar.customer', required=True)
    risk_class_id = fields.Many2one('ar.risk.class', string="Risk class", required=True)
    until = fields.Date(help="Last day; then the score decides again. Empty: no end.")
    reason = fields.Char(required=True)

    def action_set(self):
        """Give the customers the class, with its consequences."""
        self.ensure_one()
        self.customer_ids.check_access('write')
        self.customer_ids._set_risk_class(self.risk_class_id, self.reason, until=self.until)
        return {'type': 'ir.actions.act_window_close'}
