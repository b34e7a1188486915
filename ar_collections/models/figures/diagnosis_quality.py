from odoo import api, models
from odoo.tools import SQL

from .diagnosis import DAYS_OF_DRAFTS


class ArDiagnosis(models.AbstractModel):
    """What escapes on the way to the invoice, and what is wrong with the data."""
    _inherit = 'ar.diagnosis'

    # === LEAKS === #

    def _query_never_sent(self, scope):
        """Invoices of the period that Odoo has neither mailed nor marked as sent."""
        return SQL(
            "SELECT m.id, m.amount_total_signed AS amount,"
            "       m.amount_total_signed * (%s - m.invoice_date) AS amount_days"
            "  FROM account_move m WHERE %s AND m.is_move_sent IS NOT TRUE",
            scope['today'], self._get_moves(scope))

    def _query_never_sent_open(self, scope):
        """Those among all unsent invoices that are still to be paid."""
        return SQL(
            """
            SELECT m.id, m.amount_residual_signed AS amount,
                   m.amount_residual_signed * (%(today)s - m.invoice_date) AS amount_days
              FROM account_move m
             WHERE m.company_id = ANY(%(companies)s) AND m.state = 'posted'
               AND m.move_type = 'out_invoice' AND m.is_move_sent IS NOT TRUE
               AND m.amount_residual_signed > 0 AND m.invoice_date IS NOT NULL
            """, today=scope['today'], companies=scope['company_ids'])

    def _query_not_invoiced(self, scope):
        """Order lines delivered beyond what is invoiced, at the price of the order, with tax."""
        return SQL(
            """
            SELECT id, amount, amount * days AS amount_days FROM (
                SELECT ol.id,
                       ol.price_total / NULLIF(ol.product_uom_qty, 0)
                       * (ol.qty_delivered - COALESCE(ol.qty_invoiced, 0))
                       / COALESCE(NULLIF(o.currency_rate, 0), 1) AS amount,
                       %(today)s - %(day)s AS days
                  FROM sale_order_line ol JOIN sale_order o ON o.id = ol.order_id
                 WHERE o.state = 'sale' AND o.company_id = ANY(%(companies)s)
                   AND o.ar_closed IS NOT TRUE AND ol.display_type IS NULL
                   AND ol.is_downpayment IS NOT TRUE
                   AND ol.qty_delivered > COALESCE(ol.qty_invoiced, 0)
            ) line WHERE amount > 0
            """, today=scope['today'], companies=scope['company_ids'],
            day=SQL("COALESCE(o.effective_date, o.date_order)::date") if self._has_deliveries()
            else SQL("o.date_order::date"))

    def _query_old_drafts(self, scope):
        """Customer invoices that have waited as drafts for more than a week."""
        return SQL(
            """
            SELECT m.id, m.amount_total_signed AS amount,
                   m.amount_total_signed * (%(today)s - m.create_date::date) AS amount_days
              FROM account_move m
             WHERE m.company_id = ANY(%(companies)s) AND m.state = 'draft'
               AND m.move_type = 'out_invoice' AND m.create_date::date <= %(today)s - %(days)s
            """, today=scope['today'], companies=scope['company_ids'], days=DAYS_OF_DRAFTS)

    def _query_long_terms(self, scope):
        """Instalments due later than the law of the seller's country allows.

        Businesses of the same country only: abroad the contract may choose its law, and a consumer
        has other rules. The days are those beyond the last lawful date.
        """
        Cap = self.env['ar.term.cap']
        countries = scope['companies'].sudo().country_id
        last = Cap._get_last_day(SQL("m.invoice_date"), SQL("cap"))
        return SQL(
            """
            SELECT id, amount, amount * days AS amount_days FROM (
                SELECT l.id, l.balance AS amount,
                       COALESCE(l.date_maturity, l.date) - (%(last)s) AS days
                  FROM account_move_line l
                  JOIN account_move m ON m.id = l.move_id
                  JOIN res_company company ON company.id = m.company_id
                  JOIN res_partner house ON house.id = company.partner_id
                  JOIN res_partner p ON p.id = m.commercial_partner_id
                  -- One cap per invoice: the youngest that is in force, as `_at` chooses it.
                  JOIN LATERAL (
                      SELECT * FROM (%(caps)s) known
                       WHERE known.country_id = house.country_id
                         AND m.invoice_date BETWEEN known.date_from AND known.date_to
                       ORDER BY known.date_from DESC, known.id LIMIT 1
                  ) cap ON TRUE
                 WHERE %(moves)s AND l.account_id = ANY(%(accounts)s) AND l.balance > 0
                   AND COALESCE(p.country_id, house.country_id) = house.country_id
                   AND (p.is_company OR p.vat IS NOT NULL)
            ) term WHERE days > 0
            """, last=last, caps=Cap._get_limit_query(countries.ids),
            moves=self._get_moves(scope), accounts=scope['accounts'])

    # === CREDIT NOTES === #

    def _get_credit_notes_query(self, scope):
        """Credit notes of the period with their reason: (id, amount, reason).

        Odoo writes "Reversal of: <invoice>, <reason>" in the language of the customer: what stands
        behind the number of the invoice is the reason, whatever the language.
        """
        return SQL(
            """
            SELECT m.id, -m.amount_total_signed AS amount, COALESCE(
                       CASE WHEN strpos(m.ref, origin.name) > 0 THEN NULLIF(trim(
                            BOTH ' ,' FROM substr(m.ref, strpos(m.ref, origin.name)
                                                  + length(origin.name))), '') END, '') AS reason
              FROM account_move m
              LEFT JOIN account_move origin ON origin.id = m.reversed_entry_id
             WHERE %s
            """, self._get_moves(scope, ('out_refund',)))

    def _query_credit_notes(self, scope, reason=None):
        chosen = SQL("TRUE") if reason is None else SQL("lower(reason) = lower(%s)", reason)
        return SQL("SELECT id, amount, 0 AS amount_days FROM (%s) note WHERE %s",
                   self._get_credit_notes_query(scope), chosen)

    @api.model
    def _read_credit_reasons(self, scope, limit=10):
        """Return [(reason, count, amount)], the dearest first; '' is a credit note without one."""
        return self.env.execute_query(SQL(
            "SELECT MIN(reason), COUNT(*), SUM(amount) FROM (%s) note GROUP BY lower(reason)"
            " ORDER BY SUM(amount) DESC, MIN(reason) LIMIT %s",
            self._get_credit_notes_query(scope), limit))

    # === THE BOOKS === #

    def _query_books(self, scope):
        """Every posted line of the receivable accounts: their balance."""
        return SQL(
            "SELECT l.id, l.balance AS amount, 0 AS amount_days FROM account_move_line l"
            " WHERE l.account_id = ANY(%s) AND l.company_id = ANY(%s)"
            "   AND l.parent_state = 'posted'", scope['accounts'], scope['company_ids'])

    @api.model
    def _read_tie(self, scope):
        """Return the balance of the accounts, of the customers, and what stands between them.

        :return: {'books', 'customers', 'no_partner', 'draft_matched', 'other'}; books = customers
            + no_partner + draft_matched + other, to the cent
        """
        [(books, )] = self.env.execute_query(SQL(
            "SELECT COALESCE(SUM(amount), 0) FROM (%s) line", self._query_books(scope)))
        # Residuals as they stand: with entries dated later than today, as in the balance above.
        [(customers, nobody)] = self.env.execute_query(SQL(
            """
            SELECT COALESCE(SUM(l.amount_residual) FILTER (WHERE l.partner_id IS NOT NULL), 0),
                   COALESCE(SUM(l.amount_residual) FILTER (WHERE l.partner_id IS NULL), 0)
              FROM account_move_line l
             WHERE l.account_id = ANY(%s) AND l.company_id = ANY(%s)
               AND l.parent_state = 'posted' AND l.reconciled IS NOT TRUE
            """, scope['accounts'], scope['company_ids']))
        drafts = self._read_total('draft_matched', scope)[1]
        currency = scope['company'].currency_id
        return {
            'books': books, 'customers': customers, 'no_partner': nobody,
            'draft_matched': currency.round(drafts),
            'other': currency.round(books - customers - nobody - drafts),
        }

    def _query_draft_matched(self, scope):
        """Lines of draft entries that are still matched with posted ones.

        Odoo keeps the match when an invoice goes back to draft: the payment then reads as used,
        its invoice is not in the books, and the customers no longer add up to the account. The
        amount is what the account has more than the customers.
        """
        return SQL(
            """
            SELECT id, SUM(amount) AS amount, 0 AS amount_days FROM (
                SELECT draft.id, -pr.amount AS amount
                  FROM account_partial_reconcile pr
                  JOIN account_move_line draft ON draft.id = pr.debit_move_id
                  JOIN account_move_line posted ON posted.id = pr.credit_move_id
                 WHERE %(condition)s
                 UNION ALL
                SELECT draft.id, pr.amount
                  FROM account_partial_reconcile pr
                  JOIN account_move_line draft ON draft.id = pr.credit_move_id
                  JOIN account_move_line posted ON posted.id = pr.debit_move_id
                 WHERE %(condition)s
            ) matched GROUP BY id
            """, condition=SQL(
                "draft.parent_state = 'draft' AND posted.parent_state = 'posted'"
                " AND posted.account_id = ANY(%s) AND posted.company_id = ANY(%s)",
                scope['accounts'], scope['company_ids']))

    def _query_no_partner(self, scope):
        """Open receivable lines without a customer."""
        return SQL(
            """
            SELECT l.id, l.amount_residual AS amount, 0 AS amount_days FROM account_move_line l
             WHERE l.account_id = ANY(%s) AND l.company_id = ANY(%s)
               AND l.parent_state = 'posted' AND l.reconciled IS NOT TRUE
               AND l.partner_id IS NULL AND l.amount_residual <> 0
            """, scope['accounts'], scope['company_ids'])

    # === THE CUSTOMERS === #

    def _query_no_email(self, scope):
        """Customers who owe something and whom no e-mail can reach."""
        return SQL(
            """
            SELECT item.partner_id AS id, SUM(item.amount) AS amount, 0 AS amount_days
              FROM (%(open)s) item
             WHERE item.partner_id IS NOT NULL
               AND NOT EXISTS (
                   SELECT 1 FROM res_partner p
                    WHERE p.commercial_partner_id = item.partner_id
                      AND (p.id = item.partner_id OR p.type = 'invoice' AND p.active)
                      AND p.email_normalized IS NOT NULL)
               AND NOT EXISTS (
                   SELECT 1 FROM ar_customer c
                     JOIN res_partner p ON p.id = c.collections_contact_id
                    WHERE c.partner_id = item.partner_id
                      AND c.company_id = ANY(%(companies)s) AND p.email_normalized IS NOT NULL)
             GROUP BY item.partner_id HAVING SUM(item.amount) > 0
            """, open=self._get_open_query(scope), companies=scope['company_ids'])

    def _query_no_followup(self, scope):
        """Open items that Odoo's own flag keeps out of every reminder."""
        return SQL(
            "SELECT id, amount, amount * days AS amount_days FROM (%s) item"
            " WHERE amount > 0 AND no_followup", self._get_open_query(scope))
