from odoo import api, fields, models
from odoo.tools import SQL

# Money announced by a payment provider is waited for so long, and once in so many days: whoever
# announces a transfer every week and never makes it hears from us.
PENDING_DAYS = 7
PENDING_AGAIN_DAYS = 90


class ArDunningEngine(models.AbstractModel):
    """EXTENDS dunning: no reminder while the customer waits for our answer, or its payment runs.
    """
    _inherit = 'ar.dunning.engine'

    @api.model
    def _get_item_exclusions(self, company, date):
        """EXTENDS dunning: asked on the pages, and not answered yet; paid online, not settled.

        A proposal that was accepted waits on while its plan is drawn up, for the days of an answer
        at most, and then until the proposed plan is signed, lapses or is cancelled.
        """
        return [
            *super()._get_item_exclusions(company, date),
            ('asked', SQL(
                "l.id IN (SELECT rel.move_line_id FROM ar_portal_act act"
                " JOIN ar_portal_act_item_rel rel ON rel.act_id = act.id"
                " WHERE act.state = 'new' AND act.wait_until >= %(date)s UNION ALL"
                " SELECT rel.move_line_id FROM ar_payment_plan plan"
                " JOIN ar_portal_act act ON act.plan_id = plan.id"
                " JOIN ar_portal_act_item_rel rel ON rel.act_id = act.id"
                " WHERE plan.state IN ('draft', 'to_approve') AND act.wait_until >= %(date)s"
                " OR plan.state = 'proposed' AND plan.valid_until >= %(date)s)", date=date)),
            ('paying', SQL(
                "l.id IN (SELECT rel.move_line_id FROM payment_transaction tx"
                " JOIN ar_payment_transaction_item_rel rel ON rel.transaction_id = tx.id"
                " WHERE tx.state IN ('pending', 'authorized')"
                " AND tx.last_state_change >= %(since)s AND NOT EXISTS ("
                "    SELECT 1 FROM payment_transaction earlier"
                "      JOIN ar_payment_transaction_item_rel old ON old.transaction_id = earlier.id"
                "     WHERE old.move_line_id = rel.move_line_id"
                "       AND earlier.state IN ('pending', 'authorized', 'cancel')"
                "       AND earlier.last_state_change >= %(again)s"
                "       AND earlier.last_state_change < %(since)s))",
                since=fields.Date.subtract(date, days=PENDING_DAYS),
                again=fields.Date.subtract(date, days=PENDING_AGAIN_DAYS))),
        ]


class ArDunningSkip(models.Model):
    """EXTENDS dunning: why the pages keep an item out of a run."""
    _inherit = 'ar.dunning.skip'

    reason = fields.Selection(
        selection_add=[('asked', "The customer waits for our answer"),
                       ('paying', "An online payment is on its way")],
        ondelete={'asked': 'cascade', 'paying': 'cascade'})
