from odoo import api, models
from odoo.tools import SQL

# Model, its lines, the field of the lines that names it.
SOURCES = (
    ('ar.doubtful.transfer', 'ar.doubtful.line', 'transfer_id'),
    ('ar.write.off', 'ar.write.off.line', 'write_off_id'),
    ('ar.agency.payment', 'ar.agency.payment.line', 'payment_id'),
    ('ar.legal.case', 'ar.legal.case.line', 'case_id'),
)


class AccountPartialReconcile(models.Model):
    """EXTENDS desk: cases, write-offs and transfers follow what is matched and unmatched."""
    _inherit = 'account.partial.reconcile'

    @api.model
    def _get_ar_followers(self, item_ids):
        """EXTENDS desk: the case of a claim that was moved to doubtful accounts, too."""
        followers = super()._get_ar_followers(item_ids)
        for model, line_model, parent in SOURCES:
            Line = self.env[line_model]
            Line.flush_model(['move_line_id', parent])
            followers.append((model, SQL(
                "SELECT %s FROM %s WHERE move_line_id = ANY(%s)", SQL.identifier(parent),
                SQL.identifier(Line._table), list(item_ids))))
        self.env['ar.doubtful.line'].flush_model(['doubtful_line_id'])
        return [*followers, ('ar.legal.case', SQL(
            """
            SELECT line.case_id FROM ar_doubtful_line moved
              JOIN ar_legal_case_line line ON line.move_line_id = moved.move_line_id
             WHERE moved.doubtful_line_id = ANY(%s)
            """, list(item_ids)))]
