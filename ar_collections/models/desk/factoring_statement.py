from odoo import api, models
from odoo.tools import SQL

from ..dunning.reminder_layout import format_account


class ArStatement(models.AbstractModel):
    """EXTENDS figures: what is with a factor is owed, but not to be paid to us."""
    _inherit = 'ar.statement'

    @api.model
    def _get_other_payees(self, ids):
        """EXTENDS figures: name and account of the factor, in one query."""
        payees = super()._get_other_payees(ids)
        if not self.env['ar.factoring.contract']._is_used():
            return payees
        self.env['ar.factoring.line'].flush_model(['state', 'move_id', 'contract_id'])
        return {**payees, **{
            item_id: f"{factor}, {format_account(number)[0]}" if number else factor
            for item_id, factor, number in self.env.execute_query(SQL(
                """
                SELECT l.id, factor.name, bank.acc_number
                  FROM account_move_line l
                  JOIN ar_factoring_line line ON line.move_id = l.move_id
                                             AND line.state = 'assigned'
                  JOIN ar_factoring_contract contract ON contract.id = line.contract_id
                  JOIN res_partner factor ON factor.id = contract.partner_id
                  LEFT JOIN res_partner_bank bank ON bank.id = contract.bank_id
                 WHERE l.id = ANY(%s)
                """, list(ids)))}}
