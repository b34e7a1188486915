from odoo import models


class AccountMoveReversal(models.TransientModel):
    """EXTENDS account: a credit note made from a dispute is linked to it."""
    _inherit = 'account.move.reversal'

    def reverse_moves(self, is_modify=False):
        action = super().reverse_moves(is_modify=is_modify)
        dispute = self.env['ar.dispute'].browse(self.env.context.get('ar_dispute_id')).exists()
        if dispute:
            # The key only links what was made; the right to do so is that to write the dispute.
            dispute.check_access('write')
            dispute.sudo().credit_note_ids |= self.new_move_ids
            dispute._follow()
        return action
