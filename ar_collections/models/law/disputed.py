from odoo import api, models
from odoo.tools import SQL

from ...tools.interest_rules import ZERO, to_decimal


class ArInterestEngine(models.AbstractModel):
    """The part of an item that is disputed bears no claim while the dispute is open."""
    _inherit = 'ar.interest.engine'

    @api.model
    def _get_disputed(self, item_ids):
        """Return {item id: amount disputed today} in the item's currency, in one query."""
        self.env['ar.dispute.line'].flush_model()
        rows = self.env.execute_query(SQL(
            "SELECT move_line_id, SUM(amount) FROM ar_dispute_line"
            " WHERE state = 'open' AND move_line_id = ANY(%s) GROUP BY move_line_id",
            list(item_ids)))
        return {item_id: to_decimal(amount) for item_id, amount in rows}

    @api.model
    def _read_items(self, customers, date, moves, paid_since):
        """EXTENDS law: what is left of each item beside the disputed part.

        The guard claims what is undisputed only; once the dispute is settled, interest of the
        whole time comes back with the next statement.
        """
        items = super()._read_items(customers, date, moves, paid_since)
        disputed = self._get_disputed(
            [part for item in items for part in item['parts']]) if items else {}
        for item in items:
            part = sum((disputed.get(one, ZERO) for one in item['parts']), ZERO)
            item['disputed'] = part
            if part:
                item['amount'] = float(max(to_decimal(item['amount']) - part, ZERO))
        return items

    @api.model
    def _describe_reason(self, claim):
        """EXTENDS law."""
        if claim.reason == 'disputed':
            return self.env._("Disputed: nothing is claimed before the dispute is settled.")
        return super()._describe_reason(claim)
