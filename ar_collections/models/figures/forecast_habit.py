from odoo import api, fields, models
from odoo.fields import Domain
from odoo.tools import SQL

from ...tools import forecast as tool
from ...tools.open_items import DUE_DATE
from ..core.customer_refresh import CASH_JOURNALS
from ..core.unkeyed import UnkeyedMany2one

# Habits older than this are learnt again before they are used.
MAX_AGE_DAYS = 8


class ArForecastHabit(models.Model):
    """How late a customer pays, learnt every night from the payments of two years.

    One row per customer with payments or open items, and one per company, without customer, that
    serves whoever is new. See `tools/forecast.py` for what the numbers mean. A cache: every row can
    be made again from the ledger, as of any day.
    """
    _name = 'ar.forecast.habit'
    _description = "Payment habit of a customer"
    _rec_name = 'partner_id'
    _order = 'usual_days desc, id'
    _log_access = False

    company_id = fields.Many2one(
        'res.company', required=True, readonly=True, index=True, ondelete='cascade')
    partner_id = UnkeyedMany2one('res.partner', string="Customer", readonly=True)
    customer_id = fields.Many2one(
        'ar.customer', string="Customer account", compute='_compute_customer_id',
        search='_search_customer_id')
    country_id = UnkeyedMany2one(
        'res.country', string="Country", readonly=True,
        help="The customers of a country lend each other their habits where history is thin.")
    payment_count = fields.Integer(
        string="Payments", readonly=True, help="Own payments that were read, parts included.")
    own_days = fields.Float(
        string="Own delay", digits=(16, 1), readonly=True, aggregator='avg',
        help="Mean of the own payments in days after the due date; recent ones weigh more. "
             "Negative: pays early.")
    usual_days = fields.Float(
        string="Expected delay", digits=(16, 1), readonly=True, aggregator='avg',
        help="The own delay, drawn towards that of the customers of the same country where there "
             "are few payments.")
    learnt_on = fields.Date(string="Learnt on", readonly=True)

    # Arrays in PostgreSQL's notation: the query casts them once per customer.
    delays = fields.Text(readonly=True)
    totals = fields.Text(readonly=True)
    tail_ages = fields.Text(readonly=True)
    tail_early = fields.Text(readonly=True)
    tail_likely = fields.Text(readonly=True)
    tail_late = fields.Text(readonly=True)

    _partner_uniq = models.UniqueIndex('(company_id, partner_id) WHERE partner_id IS NOT NULL')
    _company_uniq = models.UniqueIndex('(company_id) WHERE partner_id IS NULL')

    # === COMPUTES === #

    @api.depends('partner_id', 'company_id')
    def _compute_customer_id(self):
        customers = {
            (customer.partner_id.id, customer.company_id.id): customer
            for customer in self.env['ar.customer'].with_context(active_test=False).search([
                ('partner_id', 'in', self.partner_id.ids),
                ('company_id', 'in', self.company_id.ids)])}
        for habit in self:
            habit.customer_id = customers.get((habit.partner_id.id, habit.company_id.id))

    def _search_customer_id(self, operator, value):
        if operator not in ('in', 'any'):
            return NotImplemented
        domain = Domain('id', operator, value) if operator == 'in' else Domain(value)
        customers = self.env['ar.customer'].with_context(active_test=False)._search(domain)
        return Domain('id', 'in', SQL(
            "(SELECT habit.id FROM ar_forecast_habit habit JOIN (%s) customer"
            "   ON customer.partner_id = habit.partner_id"
            "  AND customer.company_id = habit.company_id)",
            customers.select(SQL("ar_customer.partner_id, ar_customer.company_id"))))

    # === LEARNING === #

    @api.model
    def _cron_learn(self):
        """Scheduled action: learn the habits of every company again."""
        companies = self.env['res.company'].search(Domain.TRUE)
        self.env['ir.cron']._ar_work_through(companies, self._refresh)

    @api.model
    def _refresh(self, company):
        """Replace the habits of one company; running it twice gives the same rows."""
        today = company._get_ar_today()
        rows = self._learn(company, today)
        self.env.cr.execute(SQL("DELETE FROM ar_forecast_habit WHERE company_id = %s", company.id))
        self.env.cr.execute(SQL(
            "INSERT INTO ar_forecast_habit (%s, learnt_on) SELECT habit.*, %s FROM (%s) habit",
            SQL(", ").join(SQL.identifier(name) for name in COLUMNS), today,
            self._get_rows_query(rows)))
        self.env.cr.execute(SQL("ANALYZE ar_forecast_habit"))
        self.invalidate_model()

    @api.model
    def _get_habits_query(self, companies, date):
        """Return the query of the habits as known at the end of ``date``.

        Today: the stored ones. For a past day, or where none are stored yet, they are learnt from
        what the ledger knows of that day.

        :return: SQL with the columns of `COLUMNS`
        """
        stored = self.env['res.company']
        # sudo: a company's habits are used, not shown; what the reader sees has rules of its own.
        known = dict(self.sudo()._read_group(
            [('company_id', 'in', companies.ids), ('partner_id', '=', False)],
            ['company_id'], ['learnt_on:max']))
        for company in companies:
            learnt_on = known.get(company)
            if learnt_on and date >= company._get_ar_today() and (
                    date - learnt_on).days <= MAX_AGE_DAYS:
                stored |= company
        parts = []
        if stored:
            parts.append(SQL(
                "SELECT %s FROM ar_forecast_habit WHERE company_id = ANY(%s)",
                SQL(", ").join(SQL.identifier(name) for name in COLUMNS), stored.ids))
        if companies - stored:
            parts.append(self._get_rows_query(self._learn(companies - stored, date)))
        return SQL(" UNION ALL ").join(parts)

    @api.model
    def _get_rows_query(self, rows):
        """Return rows in the order of `COLUMNS` as a query."""
        return SQL(
            "SELECT * FROM unnest(%s) habit (%s)",
            SQL(", ").join(
                SQL("%s::%s[]", list(values), SQL(kind)) for values, kind in zip(
                    zip(*rows, strict=True), COLUMNS.values(), strict=True)),
            SQL(", ").join(SQL.identifier(name) for name in COLUMNS))

    @api.model
    def _learn(self, companies, date):
        """Return the rows of some companies, from what was known at the end of ``date``.

        Three queries, whatever the number of customers.

        :return: list of tuples in the order of `COLUMNS`; at least one per company
        """
        self.env.flush_all()
        payments = {company.id: {} for company in companies}
        for company_id, partner_id, delay, share, issued, paid in self.env.execute_query(
                self._get_payments_query(companies, date)):
            payments[company_id].setdefault(partner_id, []).append(
                tool.Payment(delay, share * tool.recency(paid), issued, paid))
        ages = {company.id: {} for company in companies}
        for company_id, partner_id, age in self.env.execute_query(SQL(
                "SELECT company_id, partner_id, %s::date - due_date FROM (%s) item"
                " WHERE residual > 0", date, companies._get_ar_items_query(date))):
            ages[company_id].setdefault(partner_id, []).append(age)
        countries = self._get_countries({
            partner_id for found in (payments, ages) for rows in found.values()
            for partner_id in rows})
        rows = []
        for company in companies:
            segments = {
                partner_id: countries.get(partner_id)
                for partner_id in {*payments[company.id], *ages[company.id]}}
            habits = tool.learn(
                payments[company.id], segments,
                [age for items in ages[company.id].values() for age in items])
            rows.append(self._make_row(company.id, None, None, habits.default, habits.tail))
            rows.extend(
                self._make_row(company.id, partner_id, segments.get(partner_id), habit)
                for partner_id, habit in habits.customers.items() if partner_id)
        return rows

    def _make_row(self, company_id, partner_id, country_id, habit, tail=None):
        return (
            company_id, partner_id, country_id, habit.payments, habit.own, habit.usual,
            _to_array(habit.delays), _to_array(habit.totals),
            *([_to_array(tail.ages), *map(_to_array, zip(*tail.remaining, strict=True))]
              if tail else [None] * 4))

    def _get_payments_query(self, companies, date):
        """Return the query of (company, partner, delay, share of the item, issued, paid).

        What was matched with an entry of a bank or cash journal over `HISTORY_MONTHS`: a credit
        note pays nothing. A payment counts from the day on which both it and the item exist. The
        last two columns say how many days before ``date``.
        """
        # sudo: whoever may read figures need not be allowed to read journals.
        journals = self.env['account.journal'].sudo().with_context(active_test=False).search([
            ('company_id', 'parent_of', companies.ids), ('type', 'in', CASH_JOURNALS)])
        return SQL(
            """
            SELECT l.company_id, p.commercial_partner_id, pr.max_date - %(due)s,
                   LEAST(pr.amount / l.balance, 1)::float8,
                   %(date)s::date - COALESCE(l.invoice_date, l.date), %(date)s::date - pr.max_date
              FROM account_partial_reconcile pr
              JOIN account_move_line l ON l.id = pr.debit_move_id
              JOIN account_move_line cl ON cl.id = pr.credit_move_id
              LEFT JOIN res_partner p ON p.id = l.partner_id
             WHERE pr.max_date > %(since)s AND pr.max_date <= %(date)s AND pr.amount > 0
               AND l.account_id = ANY(%(accounts)s) AND l.company_id = ANY(%(companies)s)
               AND l.parent_state = 'posted' AND l.balance > 0
               AND cl.journal_id = ANY(%(journals)s)
             ORDER BY pr.max_date, pr.id
            """,
            due=DUE_DATE, date=date,
            since=fields.Date.subtract(date, months=tool.HISTORY_MONTHS),
            accounts=companies._get_ar_exposure_account_ids(), companies=companies.ids,
            journals=journals.ids)

    def _get_countries(self, partner_ids):
        return dict(self.env.execute_query(SQL(
            "SELECT id, country_id FROM res_partner WHERE id = ANY(%s)",
            [partner_id for partner_id in partner_ids if partner_id])))


COLUMNS = {
    'company_id': 'int', 'partner_id': 'int', 'country_id': 'int', 'payment_count': 'int',
    'own_days': 'float8', 'usual_days': 'float8', 'delays': 'text', 'totals': 'text',
    'tail_ages': 'text', 'tail_early': 'text', 'tail_likely': 'text', 'tail_late': 'text',
}


def _to_array(values):
    """Return numbers in PostgreSQL's notation of an array."""
    return '{%s}' % ','.join(map(str, values))
