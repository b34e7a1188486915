from odoo import api, models
from odoo.tools import SQL


class AccountPartialReconcile(models.Model):
    """EXTENDS credit: agreements follow what is matched and unmatched."""
    _inherit = 'account.partial.reconcile'

    @api.model
    def _ar_widen(self, item_ids):
        """EXTENDS credit: a claim on the doubtful account stands for the invoice it came from."""
        return self.env['ar.doubtful.line']._widen(item_ids)

    @api.model
    def _get_ar_followers(self, item_ids):
        """EXTENDS credit: promises, disputes and plans."""
        followers = super()._get_ar_followers(item_ids)
        for model, line_model in self.env['ar.agreement']._get_line_models().items():
            Line = self.env[line_model]
            Line.flush_model(['move_line_id', Line._agreement])
            followers.append((model, SQL(
                "SELECT %s FROM %s WHERE move_line_id = ANY(%s)",
                SQL.identifier(Line._agreement), SQL.identifier(Line._table), list(item_ids))))
        return followers
