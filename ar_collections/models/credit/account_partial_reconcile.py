from odoo import api, models


class AccountPartialReconcile(models.Model):
    """EXTENDS account: money that comes in may free a held order."""
    _inherit = 'account.partial.reconcile'

    @api.model_create_multi
    def create(self, vals_list):
        partials = super().create(vals_list)
        self.env['ar.credit.hold']._wake_for(partials.debit_move_id.partner_id)
        return partials
