from odoo import api, models


class AccountPartialReconcile(models.Model):
    """EXTENDS account: promises, disputes and plans follow what is matched and unmatched."""
    _inherit = 'account.partial.reconcile'

    @api.model_create_multi
    def create(self, vals_list):
        partials = super().create(vals_list)
        partials._ar_follow_items((partials.debit_move_id | partials.credit_move_id).ids)
        return partials

    def unlink(self):
        items = (self.debit_move_id | self.credit_move_id).ids
        result = super().unlink()
        self._ar_follow_items(items)
        return result

    @api.model
    def _ar_follow_items(self, item_ids):
        """Bring in step what was agreed about these items: one query when nothing was."""
        if item_ids:
            self.env['ar.agreement']._follow_lines('move_line_id', item_ids)
