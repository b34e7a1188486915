from odoo import fields, models
from odoo.tools import SQL

from ...tools.open_items import items_at
from ..core.described_fields import PlainChar, PlainDate


class AccountMoveLine(models.Model):
    """EXTENDS account: ways to ask for the items behind a figure of the past.

    For searching only: windows that a figure opens carry a date, not thousands of ids.
    """
    _inherit = 'account.move.line'

    ar_open_on = PlainDate(
        string="Open on", compute='_compute_ar_figure_dates', search='_search_ar_open_on',
        exportable=False, help="Receivable items that were open at the end of that day.")
    ar_open_through = PlainChar(
        string="Open on both days", compute='_compute_ar_figure_dates', exportable=False,
        search='_search_ar_open_through',
        help="Receivable items that were open at the end of two days: 2026-01-31/2026-02-28.")
    ar_paid_within = PlainChar(
        string="Paid within", compute='_compute_ar_figure_dates', exportable=False,
        search='_search_ar_paid_within',
        help="Items on which money was received between two days: 2026-01-01/2026-01-31.")
    ar_paid_late_within = PlainChar(
        string="Paid late within", compute='_compute_ar_figure_dates', exportable=False,
        search='_search_ar_paid_late_within',
        help="Items on which money was received after the due date, between two days.")

    def _compute_ar_figure_dates(self):
        for name in ('ar_open_on', 'ar_open_through', 'ar_paid_within', 'ar_paid_late_within'):
            self[name] = False

    def _search_ar_open_on(self, operator, value):
        if operator != 'in':
            return NotImplemented
        return self._get_ar_id_domain([self._get_ar_open_query(day) for day in value if day])

    def _search_ar_open_through(self, operator, value):
        if operator != 'in':
            return NotImplemented
        return self._get_ar_id_domain([
            SQL(" INTERSECT ").join(self._get_ar_open_query(day) for day in span.split('/'))
            for span in value if span])

    def _get_ar_open_query(self, day):
        companies = self.env.companies
        return SQL("SELECT line_id FROM (%s) item", items_at(
            companies.ids, companies._get_ar_account_ids(), fields.Date.to_date(day)))

    def _search_ar_paid_within(self, operator, value):
        return self._search_ar_payments(operator, value, SQL("TRUE"))

    def _search_ar_paid_late_within(self, operator, value):
        return self._search_ar_payments(
            operator, value, SQL("cl.date > COALESCE(l.date_maturity, l.date)"))

    def _search_ar_payments(self, operator, value, condition):
        if operator != 'in':
            return NotImplemented
        companies, journals = self.env.companies, set()
        for company in companies:
            journals.update(self.env['ar.customer']._get_cash_journal_ids(company))
        queries = []
        for span in filter(None, value):
            start, _sep, end = span.partition('/')
            queries.append(SQL(
                """
                SELECT l.id FROM account_partial_reconcile pr
                  JOIN account_move_line l ON l.id = pr.debit_move_id
                  JOIN account_move_line cl ON cl.id = pr.credit_move_id
                 WHERE pr.max_date BETWEEN %(start)s AND %(end)s AND %(condition)s
                   AND l.account_id = ANY(%(accounts)s) AND cl.parent_state = 'posted'
                   AND cl.journal_id = ANY(%(cash)s) AND NOT l.journal_id = ANY(%(cash)s)
                """,
                start=fields.Date.to_date(start), end=fields.Date.to_date(end),
                condition=condition, accounts=companies._get_ar_account_ids(),
                cash=sorted(journals)))
        return self._get_ar_id_domain(queries)

    def _get_ar_id_domain(self, queries):
        if not queries:
            return fields.Domain.FALSE
        return fields.Domain('id', 'in', SQL("(%s)", SQL(" UNION ").join(
            SQL("(%s)", query) for query in queries)))
