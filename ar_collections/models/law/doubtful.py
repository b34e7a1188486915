from odoo import models
from odoo.tools import SQL


class ArInterestEngine(models.AbstractModel):
    """Interest runs on when a claim moves to the doubtful account: for the law it is the same debt.

    What is owed for lateness stays that of the invoice's item; what is paid on the items that the
    transfers made counts, and the matching of these items among each other does not.
    """
    _inherit = 'ar.interest.engine'

    def _get_moved_claims(self, company):
        """EXTENDS law: the claims that were ever moved, and all their items."""
        # Of what came back in part a person may say that it is no longer followed up; items on
        # the doubtful account never are, Odoo leaves general entries out.
        return SQL(
            """
            SELECT claim.key AS root_id, array_agg(claim.item_id) AS parts,
                   SUM(part.amount_residual_currency) AS owed,
                   bool_or(part.no_followup AND returned.id IS NOT NULL
                           AND part.reconciled IS NOT TRUE) AS excluded
              FROM (%s) claim (key, item_id)
              JOIN account_move_line part ON part.id = claim.item_id
              LEFT JOIN ar_doubtful_line returned ON returned.back_line_id = part.id
             GROUP BY claim.key
            """,
            # Where nothing ever moved this finds nothing, and asks nothing beside.
            self.env['ar.doubtful.line']._make_claim_query(SQL(
                "SELECT root_line_id AS key, root_line_id AS item_id FROM ar_doubtful_line"
                " WHERE company_id = %s", company.id)))
