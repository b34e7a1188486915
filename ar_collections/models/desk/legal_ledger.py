from odoo import api, models
from odoo.tools import SQL


class AccountPartialReconcile(models.Model):
    """EXTENDS account: cases, write-offs and transfers follow what is matched and unmatched."""
    _inherit = 'account.partial.reconcile'

    @api.model_create_multi
    def create(self, vals_list):
        partials = super().create(vals_list)
        partials._ar_follow_legal((partials.debit_move_id | partials.credit_move_id).ids)
        return partials

    def unlink(self):
        items = (self.debit_move_id | self.credit_move_id).ids
        result = super().unlink()
        self._ar_follow_legal(items)
        return result

    @api.model
    def _ar_follow_legal(self, item_ids):
        """Bring in step what stands about these items: one query when nothing does."""
        if not item_ids:
            return
        sources = (
            ('ar.doubtful.transfer', 'ar_doubtful_line', 'transfer_id', 'move_line_id'),
            ('ar.write.off', 'ar_write_off_line', 'write_off_id', 'move_line_id'),
            ('ar.agency.payment', 'ar_agency_payment_line', 'payment_id', 'move_line_id'),
            ('ar.legal.case', 'ar_legal_case_line', 'case_id', 'move_line_id'),
        )
        for _model, table, _parent, field in sources:
            self.env[table.replace('ar_', 'ar.', 1).replace('_', '.')].flush_model([field])
        rows = self.env.execute_query(SQL(
            """
            SELECT source.model, source.id FROM (%s) source
             UNION
            SELECT 'ar.legal.case', line.case_id
              FROM ar_doubtful_line moved
              JOIN ar_legal_case_line line ON line.move_line_id = moved.move_line_id
             WHERE moved.doubtful_line_id = ANY(%s)
            """,
            SQL(" UNION ALL ").join(SQL(
                "SELECT %s AS model, %s AS id FROM %s WHERE %s = ANY(%s)", model,
                SQL.identifier(parent), SQL.identifier(table), SQL.identifier(field), item_ids)
                for model, table, parent, field in sources), item_ids))
        for model, _table, _parent, _field in sources:
            # sudo: whoever matches a payment need not know the collector's desk.
            self.env[model].sudo().browse(
                sorted(row[1] for row in rows if row[0] == model))._follow()
