from odoo import api, models
from odoo.tools import SQL


class ArAgedBalance(models.Model):
    """EXTENDS figures: what is assigned to a factor, beside the buckets."""
    _inherit = 'ar.aged.balance'

    @api.model
    def _get_item_overlays(self, options):
        """EXTENDS figures: what the invoices with a factor at the end of the day still owed us.

        From the day of the assignment until the factor was paid, handed the invoice back, or the
        assignment was taken back. Invoices that have left the customer's account are not in the
        aged balance, so not here either. A claim that was moved to the doubtful account counts
        where it stood on that day.
        """
        overlays = super()._get_item_overlays(options)
        if not self.env['ar.factoring.contract']._is_used():
            return overlays
        for model in ('ar.factoring.line', 'ar.doubtful.line'):
            self.env[model].flush_model()
        items = SQL(
            """
            WITH assigned AS (
                SELECT l.id FROM ar_factoring_line line
                  JOIN account_move_line l ON l.move_id = line.move_id
                 WHERE line.date <= %(date)s AND line.company_id = ANY(%(companies)s)
                   AND (line.state = 'assigned' OR line.settled_on > %(date)s)
            )
            SELECT id FROM assigned
             UNION ALL
            SELECT moved.doubtful_line_id
              FROM assigned JOIN ar_doubtful_line moved ON moved.move_line_id = assigned.id
             WHERE moved.doubtful_line_id IS NOT NULL
            """, date=options['date'], companies=self.env.companies.ids)
        overlays['assigned'] = SQL(
            "SELECT line_id, %s AS amount FROM (%s) item",
            SQL("residual_currency") if options['valuation'] == 'document' else SQL("residual"),
            self.env.companies._get_ar_items_query(
                options['date'], columns=SQL("l.id AS line_id"),
                where=SQL("l.id IN (%s)", items)))
        return overlays
