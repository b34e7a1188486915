from odoo import api, models
from odoo.fields import Domain
from odoo.tools import SQL

from ...tools.open_items import ALL
from ..core.described_fields import GroupableDate

READERS = 'ar_collections.group_ar_auditor,ar_collections.group_ar_collector_own'
COMPARISONS = ('<', '<=', '>', '>=')
COLUMNS = SQL(
    "l.id AS line_id, l.move_id, l.company_id, p.commercial_partner_id AS partner_id,"
    " COALESCE(l.date_maturity, l.date) AS due_date")


class AccountMoveLine(models.Model):
    """EXTENDS account: when an open item is expected to be paid."""
    _inherit = 'account.move.line'

    ar_expected_payment_date = GroupableDate(
        string="Expected payment", compute='_compute_ar_expected_payment_date',
        search='_search_ar_expected_payment_date', compute_sudo=True, groups=READERS,
        help="Promised date, else due date and the customer's usual delay; never in the past.")

    def _compute_ar_expected_payment_date(self):
        """A fixed number of queries per company."""
        dates = self._get_ar_expected_dates(
            'line_id', self.company_id, SQL("l.id = ANY(%s)", self._origin.ids))
        for line in self:
            line.ar_expected_payment_date = dates.get(line._origin.id)

    def _search_ar_expected_payment_date(self, operator, value):
        return self._search_ar_expected('line_id', operator, value)

    @api.model
    def _search_ar_expected(self, column, operator, value):
        query = self._get_ar_expected_query(column)
        if operator in COMPARISONS:
            return Domain('id', 'in', SQL(
                "(SELECT expected.id FROM (%s) expected WHERE expected.date %s %s)",
                query, SQL(operator), value))
        if operator != 'in':
            return NotImplemented
        domain = Domain('id', 'in', SQL(
            "(SELECT expected.id FROM (%s) expected WHERE expected.date = ANY(%s::date[]))",
            query, [day for day in value if day]))
        if False in value:
            domain |= Domain('id', 'not in', SQL(
                "(SELECT expected.id FROM (%s) expected)", query))
        return domain

    @api.model
    def _get_ar_expected_query(self, column, companies=None, where=ALL):
        """Return the query of (id, date) of what is open today.

        :param str column: 'line_id' or 'move_id'; an invoice is paid with its last instalment
        """
        companies = companies or self.env.companies
        return SQL(
            "SELECT expected.%(column)s AS id, MAX(expected.likely_date) AS date"
            "  FROM (%(query)s) expected WHERE expected.likely_date IS NOT NULL"
            " GROUP BY expected.%(column)s",
            column=SQL.identifier(column), query=self.env['ar.forecast']._get_expected_query(
                companies, self.env.company._get_ar_today(), where=where, columns=COLUMNS))

    @api.model
    def _get_ar_expected_dates(self, column, companies, where):
        """Return {id: date} of open items of some companies; see `_get_ar_expected_query`."""
        if not companies:
            return {}
        self.env.flush_all()
        return dict(self.env.execute_query(
            self._get_ar_expected_query(column, companies, where)))

    def _ar_field_to_sql(self, alias, name, query):
        """EXTENDS dunning: items can be grouped by the week or month they are expected in."""
        if name != 'ar_expected_payment_date' or query is None:
            return super()._ar_field_to_sql(alias, name, query)
        self._check_field_access(self._fields[name], 'read')
        return join_expected(self, alias, query, 'line_id')


class AccountMove(models.Model):
    """EXTENDS account: when an invoice is expected to be paid in full."""
    _inherit = 'account.move'

    ar_expected_payment_date = GroupableDate(
        string="Expected payment", compute='_compute_ar_expected_payment_date',
        search='_search_ar_expected_payment_date', compute_sudo=True, groups=READERS,
        help="Day on which the last open instalment is expected to be paid.")

    def _compute_ar_expected_payment_date(self):
        """A fixed number of queries."""
        dates = self.env['account.move.line']._get_ar_expected_dates(
            'move_id', self.company_id, SQL("l.move_id = ANY(%s)", self._origin.ids))
        for move in self:
            move.ar_expected_payment_date = dates.get(move._origin.id)

    def _search_ar_expected_payment_date(self, operator, value):
        return self.env['account.move.line']._search_ar_expected('move_id', operator, value)

    def _ar_field_to_sql(self, alias, name, query):
        """EXTENDS dunning: invoices can be grouped by the month they are expected in."""
        if name != 'ar_expected_payment_date' or query is None:
            return super()._ar_field_to_sql(alias, name, query)
        self._check_field_access(self._fields[name], 'read')
        return join_expected(self, alias, query, 'move_id')


class ArAgedBalance(models.Model):
    """EXTENDS figures: the aged balance by expected payment date."""
    _inherit = 'ar.aged.balance'

    @api.model
    def _get_expected_dates(self, options):
        return SQL(
            "SELECT expected.line_id, expected.likely_date AS date FROM (%s) expected"
            " WHERE expected.likely_date IS NOT NULL",
            self.env['ar.forecast']._get_expected_query(
                self.env.companies, options['date'], columns=COLUMNS))


def join_expected(records, alias, query, column):
    """Join the expected dates once to a query, and return the expression of the date."""
    name = query.make_alias(alias, 'ar_expected')
    query.add_join(
        'LEFT JOIN', name,
        SQL("(%s)", records.env['account.move.line']._get_ar_expected_query(column)),
        SQL("%s = %s", SQL.identifier(name, 'id'), SQL.identifier(alias, 'id')))
    return SQL.identifier(name, 'date')
