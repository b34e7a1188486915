from odoo import api, models
from odoo.tools import SQL


class AccountPartialReconcile(models.Model):
    """EXTENDS account: what stands about items follows what is matched and unmatched."""
    _inherit = 'account.partial.reconcile'

    @api.model_create_multi
    def create(self, vals_list):
        partials = super().create(vals_list)
        partials._ar_follow_items((partials.debit_move_id | partials.credit_move_id).ids)
        return partials

    def unlink(self):
        if not self:
            return super().unlink()  # Odoo does so for each line whenever it posts.
        items = (self.debit_move_id | self.credit_move_id).ids
        result = super().unlink()
        self._ar_follow_items(items)
        return result

    @api.model
    def _ar_follow_items(self, item_ids):
        """Bring in step what stands about these items: one query when nothing does."""
        if not item_ids:
            return
        followers = self._get_ar_followers(self._ar_widen(item_ids))
        found = {model: set() for model, _query in followers}
        for model, record_id in self.env.execute_query(SQL(" UNION ALL ").join(
                SQL("SELECT %s AS model, follower.id FROM (%s) follower (id)", model, query)
                for model, query in followers)):
            found[model].add(record_id)
        for model, ids in found.items():
            if ids:
                # sudo: whoever registers a payment need not know the collector's desk.
                self.env[model].sudo().browse(sorted(ids))._follow()

    @api.model
    def _ar_widen(self, item_ids):
        """Hook: return these items and those that they stand for."""
        return item_ids

    @api.model
    def _get_ar_followers(self, item_ids):
        """Hook: return who has records about these items, in the order in which they follow.

        What the queries read is flushed here. Money that comes in may free a held order.

        :param item_ids: ids of `account.move.line`
        :return: list of (model, query of ids of its records); the model has a `_follow`
        """
        self.env['ar.credit.hold'].flush_model(['customer_id', 'state'])
        partners = self.env['account.move.line'].browse(item_ids).partner_id
        return [('ar.credit.hold', self.env['ar.credit.hold']._get_held_query(partners))]
