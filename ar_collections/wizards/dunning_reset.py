from odoo import fields, models
from odoo.exceptions import UserError


class ArDunningReset(models.TransientModel):
    """Lowers the level of open items by hand; history stays, it only stops counting."""
    _name = 'ar.dunning.reset'
    _description = "Lower the dunning level"

    customer_ids = fields.Many2many('ar.customer', string="Customers", required=True)
    move_ids = fields.Many2many(
        'account.move', string="Only these invoices", help="Empty: every open item.")
    level_id = fields.Many2one(
        'ar.dunning.level', string="Back to",
        help="This level stays reached. Empty: the items start their ladder again.")
    reason = fields.Char(required=True)

    def action_reset(self):
        """Stop counting the levels above the chosen one, and say so on the customers."""
        self.ensure_one()
        self.customer_ids.check_access('write')
        lines = self._get_lines()
        if not lines:
            raise UserError(self.env._("No open item of these customers has a level to lower."))
        # sudo: sent lines are history, only this flag may change, and only here.
        lines.sudo().write({'counted': False})
        self.customer_ids.sudo()._message_log_batch({
            customer.id: self.env._(
                "Dunning level lowered to %(level)s by %(user)s: %(reason)s",
                level=self.level_id.name or self.env._("none"), user=self.env.user.name,
                reason=self.reason)
            for customer in self.customer_ids
        })
        for company, customers in self.customer_ids.grouped('company_id').items():
            customers.sudo()._refresh(company, partner_ids=customers.partner_id.ids)
        return {'type': 'ir.actions.act_window_close'}

    def _get_lines(self):
        domain = fields.Domain([
            ('reminder_id.customer_id', 'in', self.customer_ids.ids), ('kind', '=', 'step'),
            ('state', 'in', ('sent', 'skipped')), ('counted', '=', True),
            ('move_line_id.reconciled', '=', False),
        ])
        if self.move_ids:
            domain &= fields.Domain('move_id', 'in', self.move_ids.ids)
        if self.level_id:
            domain &= fields.Domain('level_id.offset_days', '>', self.level_id.offset_days)
        return self.env['ar.reminder.line'].search(domain)
