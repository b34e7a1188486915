from odoo import api, fields, models
from odoo.tools import SQL


class ArCollectorPreview(models.TransientModel):
    _name = 'ar.collector.preview'
    _description = "What the collector rules would change"

    company_id = fields.Many2one(
        'res.company', required=True, readonly=True, default=lambda self: self.env.company)
    line_ids = fields.One2many('ar.collector.preview.line', 'preview_id', readonly=True)
    change_count = fields.Integer(string="Customers that change", readonly=True)

    @api.model_create_multi
    def create(self, vals_list):
        previews = super().create([{} for _vals in vals_list])
        for preview in previews:
            preview._fill()
        return previews

    def _fill(self):
        """Write one line per customer whose collector would change, in one statement."""
        self.env.flush_all()
        self.env.cr.execute(SQL(
            """
            INSERT INTO ar_collector_preview_line (
                preview_id, customer_id, old_id, new_id, rule_id, create_uid, create_date)
            SELECT %s, change.customer_id, change.old_id, change.new_id, change.rule_id, %s, %s
              FROM (%s) change WHERE change.old_id IS DISTINCT FROM change.new_id
            """, self.id, self.env.uid, fields.Datetime.now(),
            self.env['ar.collector.rule']._get_changes_query(self.company_id)))
        self.env.invalidate_all()
        self.change_count = len(self.line_ids)

    @api.model
    def action_open(self):
        """Open the preview of the current company."""
        self.check_access('create')
        preview = self.create({})
        return {
            'type': 'ir.actions.act_window', 'res_model': self._name, 'res_id': preview.id,
            'name': self.env._("What the rules would change"), 'view_mode': 'form',
            'target': 'current',
        }

    def action_apply(self):
        """Let the rules choose now, as the scheduled action does at night."""
        self.ensure_one()
        self.check_access('write')
        self.env['ar.collector.rule'].check_access('write')
        count = len(self.env['ar.collector.rule']._assign(self.company_id))
        return {
            'type': 'ir.actions.client', 'tag': 'display_notification',
            'params': {
                'type': 'success', 'message': self.env._(
                    "%s customers have another collector.", count),
                'next': self.env['ir.actions.act_window']._for_xml_id(
                    'ar_collections.ar_collector_rule_action'),
            },
        }


class ArCollectorPreviewLine(models.TransientModel):
    _name = 'ar.collector.preview.line'
    _description = "Customer whose collector would change"
    _order = 'id'

    preview_id = fields.Many2one(
        'ar.collector.preview', required=True, ondelete='cascade', index=True)
    customer_id = fields.Many2one('ar.customer', readonly=True, ondelete='cascade')
    balance = fields.Monetary(related='customer_id.balance')
    currency_id = fields.Many2one(related='customer_id.currency_id')
    old_id = fields.Many2one('res.users', string="Collector today", readonly=True)
    new_id = fields.Many2one('res.users', string="Collector by rule", readonly=True)
    rule_id = fields.Many2one(
        'ar.collector.rule', readonly=True, ondelete='cascade')
