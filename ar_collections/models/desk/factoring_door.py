from odoo import api, models
from odoo.tools import SQL


class ArDoor(models.AbstractModel):
    """EXTENDS desk: the customer's pages take no money for what must be paid to the factor."""
    _inherit = 'ar.door'

    @api.model
    def _get_payable_items(self, items):
        """EXTENDS desk."""
        items = super()._get_payable_items(items)
        factors = self._read_factors([item['line_id'] for item in items])
        return [item for item in items if item['line_id'] not in factors]

    @api.model
    def _get_item_notes(self, customer, ids):
        """EXTENDS desk: whom to pay instead."""
        notes = super()._get_item_notes(customer, ids)
        for item_id, factor in self._read_factors(ids).items():
            notes.setdefault(item_id, []).append(
                ('factor', 'warning', self.env._("To be paid to %s", factor)))
        return notes

    @api.model
    def _read_factors(self, ids):
        """Return {item id: name of the factor} of items that are with one, in one query."""
        if not self.env['ar.factoring.contract']._is_used():
            return {}
        self.env['ar.factoring.line'].flush_model(['state', 'move_id', 'contract_id'])
        return dict(self.env.execute_query(SQL(
            """
            SELECT l.id, factor.name
              FROM account_move_line l
              JOIN ar_factoring_line line ON line.move_id = l.move_id AND line.state = 'assigned'
              JOIN ar_factoring_contract contract ON contract.id = line.contract_id
              JOIN res_partner factor ON factor.id = contract.partner_id
             WHERE l.id = ANY(%s)
            """, list(ids))))
