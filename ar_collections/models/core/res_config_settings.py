from odoo import fields, models


class ResConfigSettings(models.TransientModel):
    _inherit = 'res.config.settings'

    ar_approver_id = fields.Many2one(related='company_id.ar_approver_id', readonly=False)
    ar_collector_id = fields.Many2one(related='company_id.ar_collector_id', readonly=False)

    def action_ar_refresh(self):
        """Read the whole ledger again, now."""
        self.env['ar.customer'].check_access('write')
        self.env['ar.customer'].sudo()._refresh(self.env.company)
        return self.env['ir.actions.act_window']._for_xml_id(
            'ar_collections.ar_refresh_log_action')
