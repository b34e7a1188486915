from odoo import api, fields, models
from odoo.tools import SQL

from ...tools.open_items import DUE_DATE

RECENT_MONTHS = 3
BEHAVIOUR_MONTHS = 12
# Accounts closed longer ago say nothing about today.
STATEMENT_YEARS = 3


class ArCustomer(models.Model):
    """The figures of the scorecards: one grouped query per family, for any number of customers."""
    _inherit = 'ar.customer'

    @api.model
    def _get_score_values(self, company, customer_ids, scorecard):
        """Return {code: {customer id: figure}}; a customer without a figure is left out.

        Rooms that know more (promises, ratings, events) extend this and add their code.

        :param company: `res.company`, one
        :param customer_ids: ids of customers of that company
        :param scorecard: `ar.scorecard`; a family that none of its criteria needs is not read
        """
        today = company._get_ar_today()
        codes = set(scorecard.criterion_ids.mapped('code'))
        values = {}
        for family, queries in (
            (('weighted_days_late', 'share_overdue', 'oldest_overdue', 'relation_age'),
             self._get_ledger_values),
            (('lateness_trend',), self._get_trend_values),
            (('order_growth',), self._get_order_values),
            (('altman', 'conan_holder'), self._get_statement_values),
        ):
            if any(code in codes for code in family):
                values.update(queries(company, customer_ids, today))
        countries = scorecard.criterion_ids.filtered(lambda c: c.code == 'country').country_ids
        if countries:
            values['country'] = self._get_country_values(customer_ids, countries)
        return values

    def _get_country_values(self, customer_ids, countries):
        """1 for a customer in one of these countries, 0 elsewhere; unknown without a country."""
        rows = self.env.execute_query(SQL(
            """
            SELECT c.id, p.country_id = ANY(%(countries)s)
              FROM ar_customer c JOIN res_partner p ON p.id = c.partner_id
             WHERE c.id = ANY(%(ids)s) AND p.country_id IS NOT NULL
            """,
            countries=countries.ids, ids=list(customer_ids)))
        return {customer_id: float(listed) for customer_id, listed in rows}

    def _get_ledger_values(self, company, customer_ids, today):
        """Behaviour and open items, as the refresh read them, and the first invoice.

        Nothing open is a good sign only for somebody who was invoiced before.
        """
        rows = self.env.execute_query(SQL(
            """
            SELECT c.id, c.avg_days_late,
                   CASE WHEN open.amount > 0 THEN 100 * c.overdue_amount / open.amount
                        WHEN first.date IS NOT NULL THEN 0 END,
                   CASE WHEN c.oldest_due_date IS NOT NULL
                        THEN GREATEST(%(today)s - c.oldest_due_date, 0)
                        WHEN open.amount > 0 OR first.date IS NOT NULL THEN 0 END,
                   12 * EXTRACT(YEAR FROM AGE(%(today)s::date, first.date))
                      + EXTRACT(MONTH FROM AGE(%(today)s::date, first.date))
              FROM ar_customer c
             CROSS JOIN LATERAL (
                SELECT COALESCE(c.overdue_amount, 0) + COALESCE(c.not_due_amount, 0) AS amount
              ) open
              LEFT JOIN (
                SELECT m.commercial_partner_id, MIN(m.invoice_date) AS date
                  FROM account_move m
                 WHERE m.company_id = %(company)s AND m.state = 'posted'
                   AND m.move_type IN ('out_invoice', 'out_receipt')
                   AND m.commercial_partner_id IN (
                       SELECT partner_id FROM ar_customer WHERE id = ANY(%(ids)s))
                 GROUP BY m.commercial_partner_id
              ) first ON first.commercial_partner_id = c.partner_id
             WHERE c.id = ANY(%(ids)s)
            """,
            today=today, company=company.id, ids=list(customer_ids)))
        codes = ('weighted_days_late', 'share_overdue', 'oldest_overdue', 'relation_age')
        return {code: {row[0]: float(row[index]) for row in rows if row[index] is not None}
                for index, code in enumerate(codes, start=1)}

    def _get_trend_values(self, company, customer_ids, today):
        """Days late of the last three months minus those of the nine before, both by amount.

        Only what was paid in bank or cash counts: the two periods are compared like with like.
        """
        recent = fields.Date.subtract(today, months=RECENT_MONTHS)
        rows = self.env.execute_query(SQL(
            """
            SELECT customer_id,
                   SUM(amount * days) FILTER (WHERE paid > %(recent)s)
                       / NULLIF(SUM(amount) FILTER (WHERE paid > %(recent)s), 0)
                 - SUM(amount * days) FILTER (WHERE paid <= %(recent)s)
                       / NULLIF(SUM(amount) FILTER (WHERE paid <= %(recent)s), 0)
              FROM (
                SELECT c.id AS customer_id, pr.amount, cl.date AS paid, cl.date - %(due)s AS days
                  FROM account_partial_reconcile pr
                  JOIN account_move_line l ON l.id = pr.debit_move_id
                  JOIN account_move_line cl ON cl.id = pr.credit_move_id
                  JOIN res_partner p ON p.id = l.partner_id
                  JOIN ar_customer c ON c.partner_id = p.commercial_partner_id
                       AND c.company_id = %(company)s AND c.id = ANY(%(ids)s)
                 WHERE pr.max_date > %(since)s AND cl.date > %(since)s AND cl.date <= %(today)s
                   AND l.account_id = ANY(%(accounts)s) AND l.company_id = %(company)s
                   AND l.parent_state = 'posted' AND cl.journal_id = ANY(%(journals)s)
              ) payment
             GROUP BY customer_id
            """,
            due=DUE_DATE, recent=recent, today=today, company=company.id, ids=list(customer_ids),
            since=fields.Date.subtract(today, months=BEHAVIOUR_MONTHS),
            accounts=company._get_ar_account_ids(), journals=self._get_cash_journal_ids(company)))
        return {'lateness_trend': {
            customer_id: float(trend) for customer_id, trend in rows if trend is not None}}

    def _get_order_values(self, company, customer_ids, today):
        """Confirmed orders of twelve months against the twelve before, in percent.

        Unknown for somebody who has not ordered for two full years: a first year always grows.
        """
        rows = self.env.execute_query(SQL(
            """
            SELECT c.id,
                   100 * SUM(o.amount_untaxed / o.currency_rate)
                             FILTER (WHERE o.date_order > %(year)s)
                       / NULLIF(SUM(o.amount_untaxed / o.currency_rate)
                             FILTER (WHERE o.date_order <= %(year)s
                                       AND o.date_order > %(two_years)s), 0),
                   SUM(o.amount_untaxed / o.currency_rate)
                       FILTER (WHERE o.date_order <= %(year)s AND o.date_order > %(two_years)s)
              FROM sale_order o
              JOIN res_partner p ON p.id = o.partner_invoice_id
              JOIN ar_customer c ON c.partner_id = p.commercial_partner_id
                   AND c.company_id = o.company_id AND c.id = ANY(%(ids)s)
             WHERE o.company_id = %(company)s AND o.state = 'sale' AND o.currency_rate > 0
             GROUP BY c.id
            HAVING MIN(o.date_order) <= %(two_years)s
            """,
            company=company.id, ids=list(customer_ids),
            year=fields.Date.subtract(today, months=12),
            two_years=fields.Date.subtract(today, months=24)))
        return {'order_growth': {
            customer_id: float(percent or 0.0) - 100
            for customer_id, percent, before in rows if before and before > 0}}

    def _get_statement_values(self, company, customer_ids, today):
        """Scores of the latest annual accounts typed in, unless they are too old."""
        rows = self.env.execute_query(SQL(
            """
            SELECT DISTINCT ON (s.customer_id) s.customer_id,
                   CASE WHEN s.has_altman THEN s.altman END,
                   CASE WHEN s.has_conan_holder THEN s.conan_holder END
              FROM ar_financial_statement s
             WHERE s.customer_id = ANY(%(ids)s) AND s.year >= %(year)s
             ORDER BY s.customer_id, s.year DESC
            """,
            ids=list(customer_ids), year=today.year - STATEMENT_YEARS))
        return {code: {row[0]: float(row[index]) for row in rows if row[index] is not None}
                for index, code in ((1, 'altman'), (2, 'conan_holder'))}
