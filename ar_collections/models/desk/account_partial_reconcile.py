from odoo import api, models
from odoo.tools import SQL


class AccountPartialReconcile(models.Model):
    """EXTENDS account: promises and disputes follow what is matched and unmatched."""
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
        if not item_ids:
            return
        self.env['ar.promise.line'].flush_model(['move_line_id'])
        self.env['ar.dispute.line'].flush_model(['move_line_id'])
        rows = self.env.execute_query(SQL(
            """
            SELECT 'ar.promise', promise_id FROM ar_promise_line WHERE move_line_id = ANY(%(ids)s)
             UNION
            SELECT 'ar.dispute', dispute_id FROM ar_dispute_line WHERE move_line_id = ANY(%(ids)s)
            """, ids=item_ids))
        # sudo: whoever registers a payment need not know the collector's desk.
        for model in ('ar.promise', 'ar.dispute'):
            self.env[model].sudo().browse(
                sorted(row[1] for row in rows if row[0] == model))._follow()
