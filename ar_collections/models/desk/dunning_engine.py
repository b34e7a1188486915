from odoo import api, models
from odoo.tools import SQL

# Read once and kept in memory: asked for each item, so that the few disputed ones alone are looked
# up. A question that names the item inside would read all disputes again for each item.
IS_DISPUTED = SQL(
    "l.id IN (SELECT line.move_line_id FROM ar_dispute_line line WHERE line.state = 'open'"
    " AND line.move_line_id IS NOT NULL)")
# Of the item's own currency; one open dispute at most (unique index).
DISPUTED = SQL(
    "(SELECT line.amount FROM ar_dispute_line line"
    " WHERE line.move_line_id = l.id AND line.state = 'open')")


class ArDunningEngine(models.AbstractModel):
    """EXTENDS dunning: a promise suspends the ladder, a dispute takes its part out of it."""
    _inherit = 'ar.dunning.engine'

    @api.model
    def _get_item_exclusions(self, company, date):
        """EXTENDS dunning: promised until the deadline; disputed in full."""
        return [
            *super()._get_item_exclusions(company, date),
            ('promised', SQL(
                "l.id IN (SELECT line.move_line_id FROM ar_promise_line line"
                " JOIN ar_promise promise ON promise.id = line.promise_id"
                " WHERE line.state = 'open' AND promise.deadline >= %s)", date)),
            ('disputed', SQL(
                "(%s AND %s >= l.amount_residual_currency)", IS_DISPUTED, DISPUTED)),
        ]

    @api.model
    def _get_item_residual(self, company):
        """EXTENDS dunning: less the disputed part.

        In company currency the part is taken at the item's own ratio, so that both amounts say
        the same.
        """
        residual, residual_currency = super()._get_item_residual(company)
        # sudo: whoever sends a reminder need not be allowed to read the dispute behind it.
        if not self.env['ar.dispute.line'].sudo().search_count(
                [('state', '=', 'open'), ('company_id', '=', company.id)], limit=1):
            return residual, residual_currency
        # Disputed in full it is excluded anyway, and the explanation shows what it owes.
        part = SQL(
            "CASE WHEN %(is_disputed)s AND %(disputed)s < l.amount_residual_currency"
            " THEN %(disputed)s ELSE 0 END", is_disputed=IS_DISPUTED, disputed=DISPUTED)
        return (
            SQL("ROUND(%(residual)s * (1 - %(part)s / NULLIF(l.amount_residual_currency, 0)),"
                " %(digits)s)",
                residual=residual, part=part, digits=company.currency_id.decimal_places),
            SQL("(%s - %s)", residual_currency, part),
        )
