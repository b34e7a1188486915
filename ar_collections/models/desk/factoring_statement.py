from odoo import api, models
from odoo.tools import SQL


class ArStatement(models.AbstractModel):
    """EXTENDS figures: what is with a factor is owed, but not to be paid to us."""
    _inherit = 'ar.statement'

    @api.model
    def _get_other_payees(self, ids):
        """EXTENDS figures: name and account of the factor, the same words as a reminder."""
        payees = super()._get_other_payees(ids)
        if not self.env['ar.factoring.contract']._is_used():
            return payees
        self.env['ar.factoring.line'].flush_model(['state', 'move_id', 'contract_id'])
        rows = self.env.execute_query(SQL(
            """
            SELECT l.id, line.contract_id
              FROM account_move_line l
              JOIN ar_factoring_line line ON line.move_id = l.move_id AND line.state = 'assigned'
             WHERE l.id = ANY(%s)
            """, list(ids)))
        # sudo: whom to pay is meant for the customer, whoever makes the statement.
        contracts = self.env['ar.factoring.contract'].sudo().browse({row[1] for row in rows})
        words = {contract.id: contract._get_payee() for contract in contracts}
        return {**payees, **{item_id: words[contract_id] for item_id, contract_id in rows}}
