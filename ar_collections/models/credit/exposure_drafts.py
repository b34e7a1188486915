from odoo import api, models
from odoo.tools import SQL


class ArCreditExposure(models.AbstractModel):
    """EXTENDS credit: what draft invoices and credit notes add to the exposure."""
    _inherit = 'ar.credit.exposure'

    def _get_drafts_query(self, company, company_ids, scope, whole=True):
        """Draft invoices: all of them if the company says so, otherwise those made from orders.

        Odoo counts a draft as invoiced: were it counted nowhere, preparing an invoice would make
        room for another order.
        """
        kind = SQL("TRUE") if company.ar_exposure_drafts or not whole else SQL(
            """
            EXISTS (SELECT 1 FROM account_move_line il
                      JOIN sale_order_line_invoice_rel rel ON rel.invoice_line_id = il.id
                     WHERE il.move_id = m.id)
            """)
        # The quick statement asks only whether there is a draft, unless all of them count anyway.
        credit = self._get_draft_credit() if whole or company.ar_exposure_drafts else SQL("0")
        debtor, join, where = self._get_debtor(SQL("m.partner_id"), scope)
        return SQL(
            """
            SELECT %s AS partner_id, m.amount_total_signed - %s AS amount
              FROM account_move m %s
             WHERE m.state = 'draft' AND m.company_id = ANY(%s)
               AND m.move_type IN ('out_invoice', 'out_refund', 'out_receipt') AND %s AND %s
            """, debtor, credit, join, company_ids, kind, where)

    @api.model
    def _get_draft_credit(self):
        """Return what the draft `m` takes off without giving it back to an order, zero or less.

        A draft credit note makes its order open again by the same amount, until it is posted. One
        that does not (the order was emptied, or has a negative total, which counts as nothing)
        would make room with a paper that no accountant has seen: it counts once it is posted.

        :return: SQL, company currency
        """
        return SQL(
            """
            COALESCE((
                SELECT SUM(LEAST(item.effect + CASE
                           WHEN ol.is_downpayment OR ol.price_total < 0 AND o.amount_total >= 0
                           THEN -item.effect
                           WHEN ol.price_total < 0 THEN 0
                           ELSE GREATEST(%s, 0) END, 0))
                  FROM (SELECT il.id, CASE WHEN m.move_type = 'out_refund' THEN -il.price_total
                                           ELSE il.price_total END AS effect
                          FROM account_move_line il WHERE il.move_id = m.id) item
                  JOIN sale_order_line_invoice_rel rel ON rel.invoice_line_id = item.id
                  JOIN sale_order_line ol ON ol.id = rel.order_line_id
                  JOIN sale_order o ON o.id = ol.order_id
                 WHERE item.effect < 0
            ) * ABS(m.amount_total_signed) / NULLIF(m.amount_total, 0), 0)
            """, self._get_line_remaining())
