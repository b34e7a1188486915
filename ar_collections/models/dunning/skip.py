from odoo import api, fields, models

from ..core.unkeyed import UnkeyedMany2one

KEEP_DAYS = 60

SKIP_REASONS = [
    ('no_followup', "Excluded from follow-up on the invoice"),
    ('in_payment', "A payment is in process"),
    ('blocked', "Payment blocked on the invoice"),
    ('open_reminder', "Already in a reminder that is not finished"),
    ('stopped', "Dunning is stopped for this customer"),
    ('no_policy', "No dunning policy applies"),
    ('credits', "Covered by open credits"),
    ('too_soon', "Last message too recent"),
    ('one_message', "One message at a time: another one goes first"),
    ('minimum', "Below the minimum amount of the level"),
]


class ArDunningSkip(models.Model):
    _name = 'ar.dunning.skip'
    _description = "Item left out by a dunning run"
    _log_access = False
    _order = 'run_id desc, customer_id, id'

    run_id = fields.Many2one('ar.dunning.run', required=True, ondelete='cascade', index=True)
    company_id = UnkeyedMany2one('res.company', required=True)
    currency_id = fields.Many2one(related='company_id.currency_id')
    customer_id = UnkeyedMany2one('ar.customer', index=True)
    move_line_id = fields.Many2one('account.move.line', string="Item", ondelete='cascade')
    move_id = UnkeyedMany2one('account.move', string="Invoice")
    level_id = UnkeyedMany2one('ar.dunning.level')
    reason = fields.Selection(SKIP_REASONS, required=True)
    amount = fields.Monetary()

    @api.autovacuum
    def _gc_skips(self):
        """The explanations of old runs are not history: the reminders are."""
        limit = fields.Date.subtract(fields.Date.today(), days=KEEP_DAYS)
        skips = self.search([('run_id.date', '<', limit)], limit=10000)
        skips.unlink()
        return len(skips), int(len(skips) == 10000)
