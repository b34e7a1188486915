from dataclasses import replace

from odoo import api, models

from ...tools.interest_rules import ZERO


class ArInterestEngine(models.AbstractModel):
    """An item under a payment plan that waives late interest gives no claim while it is kept."""
    _inherit = 'ar.interest.engine'

    @api.model
    def _read_items(self, customers, date, moves, paid_since):
        """EXTENDS law: mark the items of plans with that clause, in one query."""
        items = super()._read_items(customers, date, moves, paid_since)
        # sudo: what was agreed binds whoever makes the statement.
        stayed = set(self.env['ar.payment.plan.line'].sudo().search([
            ('move_line_id', 'in', [part for item in items for part in item['parts']]),
            ('plan_id.interest_stayed', '=', True), ('state', 'in', ('active', 'kept')),
        ]).move_line_id.ids) if items else set()
        for item in items:
            item['stayed'] = not stayed.isdisjoint(item['parts'])
        return items

    def _compute_item(self, item, frame, *args, **kwargs):
        """EXTENDS law: broken, the plan waives nothing, and the interest of all the time is due."""
        claim = super()._compute_item(item, frame, *args, **kwargs)
        if not item.get('stayed') or not claim.statement:
            return claim
        return replace(
            claim, statement=None, interest=ZERO, compensation=ZERO, reason='planned')

    @api.model
    def _describe_reason(self, claim):
        """EXTENDS law."""
        if claim.reason == 'planned':
            return self.env._(
                "Under a payment plan: no late interest is claimed as long as it is kept.")
        return super()._describe_reason(claim)
