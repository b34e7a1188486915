from odoo import models
from odoo.exceptions import AccessError


class ArLawEntry(models.AbstractModel):
    """What a credit manager decides and an accountant posts: statements of interest, provisions."""
    _name = 'ar.law.entry'
    _description = "Decision that ends in an entry"
    _inherit = ['mail.thread']
    # What the ledger and the buttons alone write.
    _protected_fields = frozenset({'state', 'move_id'})

    def _refuse_protected(self, names):
        if not self.env.su and self._protected_fields & set(names):
            raise AccessError(self.env._("This changes by its buttons only."))

    def _check_manager(self):
        self.check_access('write')
        if not self.env.user.has_group('ar_collections.group_ar_manager'):
            raise AccessError(self.env._(
                "Only a credit manager claims late interest and makes provisions."))

    def action_view_move(self):
        """Open the entry or the document."""
        self.ensure_one()
        return {
            'type': 'ir.actions.act_window', 'res_model': 'account.move',
            'res_id': self.move_id.id, 'view_mode': 'form', 'views': [(False, 'form')],
        }
