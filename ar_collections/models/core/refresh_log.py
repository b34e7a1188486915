from odoo import api, fields, models

KEEP_DAYS = 90


class ArRefreshLog(models.Model):
    _name = 'ar.refresh.log'
    _description = "Refresh of the customer figures"
    _order = 'id desc'

    company_id = fields.Many2one('res.company', required=True, ondelete='cascade', index=True)
    mode = fields.Selection(
        [('full', "All customers"), ('changed', "Changed customers")], required=True)
    started_at = fields.Datetime(required=True)
    seconds = fields.Float(digits=(16, 3), help="How long it took, in seconds.")
    customer_count = fields.Integer(string="Customers refreshed")
    last_line_id = fields.Integer(
        help="Highest journal item read: the next quick refresh starts after it.")
    last_partial_id = fields.Integer(help="Highest reconciliation read.")

    @api.autovacuum
    def _gc_logs(self):
        limit = fields.Datetime.subtract(fields.Datetime.now(), days=KEEP_DAYS)
        logs = self.search([('started_at', '<', limit)], limit=1000)
        logs.unlink()
        return len(logs), 0
