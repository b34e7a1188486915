from odoo import api, models
from odoo.tools import SQL


class ArPromise(models.Model):
    """A loss is booked on what was promised.

    Like a credit note it lowers what had to be paid, up to the deadline: the rest was waived. One
    that is booked later does not make a broken promise good.
    """
    _inherit = 'ar.promise'

    def _get_settlements(self, company):
        """EXTENDS desk: without the losses booked after the deadline."""
        figures, lost = super()._get_settlements(company), self._read_late_losses()
        return {promise_id: (paid, max(otherwise - lost.get(promise_id, 0.0), 0.0))
                for promise_id, (paid, otherwise) in figures.items()}

    def _read_late_losses(self):
        """Return {promise id: written off after its deadline}, in its currency; one query."""
        self.env['ar.write.off.line'].flush_model(['credit_line_id'])
        claims = self.env['ar.doubtful.line']._get_claim_query(SQL(
            "SELECT id, move_line_id FROM ar_promise_line"
            " WHERE promise_id = ANY(%s) AND move_line_id IS NOT NULL", self.ids))
        return {promise_id: float(amount) for promise_id, amount in self.env.execute_query(SQL(
            """
            SELECT promise.id, SUM(pr.debit_amount_currency)
              FROM (%s) claim (line_id, item_id)
              JOIN account_partial_reconcile pr ON pr.debit_move_id = claim.item_id
              JOIN ar_write_off_line loss ON loss.credit_line_id = pr.credit_move_id
              JOIN account_move_line cl ON cl.id = pr.credit_move_id
              JOIN ar_promise_line line ON line.id = claim.line_id
              JOIN ar_promise promise ON promise.id = line.promise_id
             WHERE cl.date > promise.deadline AND pr.id > COALESCE(line.last_partial_id, 0)
             GROUP BY promise.id
            """, claims))}


class ArDispute(models.Model):
    """A dispute about a loss ends with it, and says so."""
    _inherit = 'ar.dispute'

    @api.model
    def _get_ledger_states(self):
        """EXTENDS desk."""
        return (*super()._get_ledger_states(), 'written_off')

    def _get_settled_state(self):
        """EXTENDS desk: neither paid nor credited when a loss was booked on one of its claims.

        One that is older than the dispute is no answer to it.
        """
        state = super()._get_settled_state()
        if state != 'paid':
            return state
        # Read from the ledger: the loss itself may follow it only after this.
        self.env['ar.write.off.line'].flush_model(['credit_line_id'])
        claims = self.env['ar.doubtful.line']._get_claim_query(SQL(
            "SELECT id, move_line_id FROM ar_dispute_line"
            " WHERE dispute_id = %s AND move_line_id IS NOT NULL", self.id))
        lost = self.env.execute_query(SQL(
            """
            SELECT 1
              FROM (%s) claim (line_id, item_id)
              JOIN ar_dispute_line line ON line.id = claim.line_id
              JOIN account_partial_reconcile pr ON pr.debit_move_id = claim.item_id
                   AND pr.id > COALESCE(line.last_partial_id, 0)
              JOIN ar_write_off_line loss ON loss.credit_line_id = pr.credit_move_id
             LIMIT 1
            """, claims))
        return 'written_off' if lost else state
