from collections import defaultdict
from dataclasses import dataclass
from decimal import Decimal

from odoo import api, fields, models
from odoo.exceptions import AccessError
from odoo.tools import SQL

from ...tools.kpi import COUNTBACK_MONTHS, EPOCH, month_ends
from ...tools.open_items import ALL, DUE_DATE

# Months read before the first one reported: count-back, windows of sales and openings need them.
HISTORY = COUNTBACK_MONTHS
# An item in the oldest bucket of the roll rates has nowhere to roll to.
ROLL_DAYS = 155
# What `group` may be: a column of the customer.
GROUPS = {'customer': 'id', 'collector': 'collector_id', 'risk_class': 'risk_class_id'}
ALL_CUSTOMERS = ('ar_collections.group_ar_auditor', 'ar_collections.group_ar_collector')


@dataclass(frozen=True)
class Frame:
    """What every query of one reading shares: who, when, and the SQL that says so.

    ``days`` are the last days of the periods, of which those from ``first`` on are reported;
    ``join`` and ``where`` limit the lines `l` to the scope; ``key`` is what results are grouped
    by; ``factor`` turns the currency of a line's company into ``currency``.
    """
    companies: object
    currency: object
    days: list
    first: int
    group: str | None
    join: SQL
    where: SQL
    key: SQL
    factor: SQL
    accounts: list
    cash_journals: list

    def period(self, day):
        """Return the SQL of the period that holds a day; beyond the last for later ones."""
        return SQL("width_bucket(%s - 1, %s::date[])", day, self.days)


def get_reminder_followed(cash_journals):
    """Return the condition that money followed the reminder `l` within seven days."""
    return SQL(
        """
        EXISTS (SELECT 1 FROM ar_reminder_line rl
                  JOIN account_partial_reconcile pr ON pr.debit_move_id = rl.move_line_id
                  JOIN account_move_line cl ON cl.id = pr.credit_move_id
                 WHERE rl.reminder_id = l.id AND rl.kind <> 'credit'
                   AND cl.journal_id = ANY(%s) AND cl.parent_state = 'posted'
                   AND cl.date BETWEEN l.sent_date AND l.sent_date + 7)
        """, cash_journals)


class ArKpi(models.AbstractModel):
    """Reads what the key figures are made of: a few statements for any number of months.

    The ledger is read as a stream of changes: a line adds its balance on its date, a
    reconciliation takes its amount off on its own. So one pass gives the balances at every month
    end, late amounts included: what became late on day d is what changed on day d or, for what was
    open before, the day after the due date.

    Doubtful accounts are no part of the receivable here and shown apart; company currency; a
    customer is the commercial partner of the line.
    """
    _name = 'ar.kpi'
    _description = "Key figures of receivables"

    # === SCOPE === #

    @api.model
    def _get_frame(self, scope, months, day, group=None):
        """Return the frame of one reading.

        :param dict scope: ``company_ids`` (the active companies when missing), and optionally
            ``customer_ids`` (of `ar.customer`), ``segment`` (a domain on `ar.customer`),
            ``collector_id`` (False: customers without collector; None: all)
        :param int months: number of months reported
        :param day: last day that counts; the last month ends there
        :param group: None, or a key of `GROUPS`
        :raise AccessError: for a company that is not active, or without a right on customers
        """
        companies = self._get_companies(scope)
        domain = self._get_customer_domain(scope)
        restricted = domain is not None
        if restricted:
            # The record rules of the reader apply here: nobody counts customers out of sight.
            customers = self.env['ar.customer'].with_context(active_test=False)._search(
                domain & fields.Domain('company_id', 'in', companies.ids))
        join, where = SQL(), ALL
        if restricted or group:
            join = SQL(
                """
                %(kind)s JOIN res_partner p ON p.id = l.partner_id
                %(kind)s JOIN ar_customer c ON c.partner_id = p.commercial_partner_id
                     AND c.company_id = l.company_id
                """, kind=SQL("INNER" if restricted else "LEFT"))
        if restricted:
            where = SQL("c.id IN %s", customers.subselect())
        currency = companies.currency_id if len(companies.currency_id) == 1 else (
            self.env.company.currency_id)
        journals = self.env['ar.customer']
        return Frame(
            companies=companies, currency=currency, days=month_ends(day, months + HISTORY),
            first=HISTORY, group=group, join=join, where=where,
            key=SQL("c.%s", SQL.identifier(GROUPS[group])) if group else SQL("NULL::int"),
            factor=self._get_factor(companies, currency, day),
            accounts=companies._get_ar_account_ids(),
            cash_journals=sorted({
                journal for company in companies
                for journal in journals._get_cash_journal_ids(company)}),
        )

    def _get_companies(self, scope):
        companies = self.env['res.company'].browse(
            scope.get('company_ids') or self.env.companies.ids)
        if not self.env.su:
            self.env['ar.customer'].check_access('read')
            if companies - self.env.companies:
                raise AccessError(self.env._("These figures belong to another company."))
        # sudo: the settings of a company are the same whoever reads.
        return companies.sudo()

    def _get_customer_domain(self, scope):
        """Return the domain of the customers asked for; None when it is the whole ledger."""
        domain = fields.Domain.TRUE
        if scope.get('customer_ids') is not None:
            domain &= fields.Domain('id', 'in', list(scope['customer_ids']))
        if scope.get('collector_id') is not None:
            domain &= fields.Domain('collector_id', '=', scope['collector_id'])
        if scope.get('segment'):
            domain &= fields.Domain(scope['segment'])
        everything = self.env.su or any(self.env.user.has_group(name) for name in ALL_CUSTOMERS)
        return None if everything and domain.is_true() else domain

    def _get_factor(self, companies, currency, day):
        """Return the SQL that turns an amount of company `l.company_id` into ``currency``.

        One rate for all months, that of the last day in the books of the active company: so months
        compare and movements tie.
        """
        foreign = companies.filtered(lambda company: company.currency_id != currency)
        if not foreign:
            return SQL("1")
        rates = [SQL("WHEN %s THEN %s::numeric", company.id, currency._get_conversion_rate(
            company.currency_id, currency, self.env.company, day)) for company in foreign]
        return SQL("(CASE l.company_id %s ELSE 1 END)", SQL(" ").join(rates))

    def _get_lines(self, frame):
        """Return the condition on receivable lines `l` in the scope."""
        return SQL(
            "l.account_id = ANY(%s) AND l.company_id = ANY(%s) AND l.parent_state = 'posted'"
            " AND %s", frame.accounts, frame.companies.ids, frame.where)

    # === READING === #

    @api.model
    def _read_amounts(self, frame):
        """Return {key: {code: {period: (amount, second amount)}}} of all parts, and the cells.

        A room that knows more (promises, disputes) extends `_get_parts`.
        """
        self.env.flush_all()
        data, cells = defaultdict(lambda: defaultdict(dict)), []
        for query in self._get_parts(frame):
            for key, code, due, period, fresh, amount, second in self.env.execute_query(query):
                if code == 'cell':
                    cells.append((due, period, fresh, Decimal(amount)))
                else:
                    # Two parts may tell of the same code: actions of several rooms add up.
                    known = data[key][code].get(period, (0, 0))
                    data[key][code][period] = (
                        known[0] + Decimal(amount or 0), known[1] + Decimal(second or 0))
        return data, cells

    @api.model
    def _get_parts(self, frame):
        """Return the queries that give (key, code, NULL, period, NULL, amount, second amount).

        Hook: another room adds its own and turns the codes into figures in `_get_numbers`.
        """
        parts = [
            self._get_changes_query(frame), self._get_payments_query(frame),
            self._get_cohort_query(frame), self._get_actions_query(frame),
            self._get_collectors_query(frame),
        ]
        doubtful = frame.companies.root_id.ar_doubtful_account_ids
        return [*parts, self._get_doubtful_query(frame, doubtful.ids)] if doubtful else parts

    def _get_changes_query(self, frame):
        """Movements by kind, open items, credits and late amounts: everything of the balance.

        Kinds: invoices and receipts are billed, credit notes credited, entries of bank, cash and
        card journals cash (a discount or fee inside a payment with it), entries of the exchange
        journal exchange; a credit of a general entry against an expense is written off; other.
        """
        exchange = frame.companies.root_id.currency_exchange_journal_id.ids
        kind = SQL(
            """
            CASE WHEN m.move_type IN ('out_invoice', 'out_receipt') THEN 'billed'
                 WHEN m.move_type = 'out_refund' THEN 'credited'
                 WHEN l.journal_id = ANY(%(cash)s) THEN 'cash'
                 WHEN l.journal_id = ANY(%(exchange)s) THEN 'exchange'
                 WHEN l.balance < 0 AND written.move_id IS NOT NULL THEN 'written_off'
                 ELSE 'other' END
            """, cash=frame.cash_journals, exchange=exchange)
        return SQL(
            """
            WITH change AS (
                SELECT %(key)s AS key, %(kind)s AS kind, CASE WHEN l.balance > 0 THEN %(due)s END
                       AS due, l.date AS day, TRUE AS fresh, l.balance * %(factor)s AS amount
                  FROM account_move_line l JOIN account_move m ON m.id = l.move_id
                  LEFT JOIN (%(written)s) written ON written.move_id = l.move_id %(join)s
                 WHERE %(lines)s AND l.date <= %(last)s
                 UNION ALL
                SELECT %(key)s, 'match', CASE WHEN l.balance > 0 THEN %(due)s END, pr.max_date,
                       %(booked)s = %(matched)s, -pr.amount * %(factor)s
                  FROM account_partial_reconcile pr
                  JOIN account_move_line l ON l.id = pr.debit_move_id %(join)s
                 WHERE %(lines)s AND pr.max_date <= %(last)s
                 UNION ALL
                SELECT %(key)s, 'match', CASE WHEN l.balance > 0 THEN %(due)s END, pr.max_date,
                       %(booked)s = %(matched)s, pr.amount * %(factor)s
                  FROM account_partial_reconcile pr
                  JOIN account_move_line l ON l.id = pr.credit_move_id %(join)s
                 WHERE %(lines)s AND pr.max_date <= %(last)s
            ),
            cell AS MATERIALIZED (
                SELECT key, kind, due, %(day)s AS period, fresh, SUM(amount) AS amount,
                       SUM(amount * (GREATEST(day, due + 1) - %(epoch)s::date)) AS moment
                  FROM change GROUP BY 1, 2, 3, 4, 5
            )
            SELECT key, kind AS code, NULL::date AS due, period, NULL::bool AS fresh,
                   SUM(amount)::text AS amount, NULL AS second
              FROM cell WHERE kind <> 'match' GROUP BY key, kind, period
             UNION ALL
            SELECT key, CASE WHEN due IS NULL THEN 'credits' ELSE 'items' END, NULL, period, NULL,
                   SUM(amount)::text, NULL
              FROM cell GROUP BY key, due IS NULL, period
             UNION ALL
            SELECT key, 'late_' || age, NULL, GREATEST(period, %(aged)s) AS since, NULL,
                   SUM(amount)::text, SUM(moment)::text
              FROM cell CROSS JOIN unnest(ARRAY[1, 91]) age
             WHERE due IS NOT NULL GROUP BY key, age, since
            %(cells)s
            """,
            key=frame.key, kind=kind, written=self._get_written_query(frame), due=DUE_DATE,
            factor=frame.factor, join=frame.join,
            lines=self._get_lines(frame), last=frame.days[-1], epoch=EPOCH,
            booked=frame.period(SQL("l.date")), matched=frame.period(SQL("pr.max_date")),
            day=frame.period(SQL("day")), aged=frame.period(SQL("(due + age)")),
            cells=SQL() if frame.group else SQL(
                """
                UNION ALL
                SELECT NULL, 'cell', due, period, fresh, SUM(amount)::text, NULL
                  FROM cell WHERE due + %s > %s GROUP BY due, period, fresh
                """, ROLL_DAYS, frame.days[frame.first - 1]),
        )

    def _get_written_query(self, frame):
        """Return the query of the general entries that book an expense.

        Journals and accounts are resolved first, so that bills are not read; a join, because a
        condition on each line would keep PostgreSQL from reading in parallel.
        """
        # sudo: which accounts are expenses is no secret, whoever may read the chart.
        journals = self.env['account.journal'].sudo().with_context(active_test=False).search([
            ('company_id', 'parent_of', frame.companies.ids), ('type', '=', 'general')])
        accounts = self.env['account.account'].sudo().with_context(active_test=False).search([
            ('account_type', '=like', 'expense%'),
            ('company_ids', 'parent_of', frame.companies.ids)])
        return SQL(
            """
            SELECT DISTINCT o.move_id FROM account_move_line o
             WHERE o.account_id = ANY(%s) AND o.journal_id = ANY(%s) AND o.company_id = ANY(%s)
               AND o.date <= %s
            """, accounts.ids, journals.ids, frame.companies.ids, frame.days[-1])

    def _get_payments_query(self, frame):
        """Money received on items: amount × days from invoice to payment, of terms, of lateness.

        Source of the three: weighted by amount, terms + days late = days to pay. A payment taken
        back (a debit of a bank journal) is no item that was paid.
        """
        paid, invoiced = SQL("cl.date"), SQL("COALESCE(l.invoice_date, l.date)")
        return SQL(
            """
            WITH payment AS (
                SELECT %(key)s AS key, %(period)s AS period, pr.amount * %(factor)s AS amount,
                       %(paid)s - %(invoiced)s AS days, %(due)s - %(invoiced)s AS terms,
                       %(paid)s - %(due)s AS late
                  FROM account_partial_reconcile pr
                  JOIN account_move_line l ON l.id = pr.debit_move_id
                  JOIN account_move_line cl ON cl.id = pr.credit_move_id %(join)s
                 WHERE pr.max_date > %(start)s AND pr.max_date <= %(last)s AND %(lines)s
                   AND cl.journal_id = ANY(%(cash)s) AND cl.parent_state = 'posted'
                   AND NOT l.journal_id = ANY(%(cash)s)
            )
            SELECT key, part.code, NULL::date, period, NULL::bool, part.amount::text,
                   part.second::text
              FROM (SELECT key, period, SUM(amount) AS amount, SUM(amount * days) AS days,
                           SUM(amount * terms) AS terms, SUM(amount * late) AS late,
                           COALESCE(SUM(amount) FILTER (WHERE late > 0), 0) AS overdue
                      FROM payment GROUP BY key, period) total
             CROSS JOIN LATERAL (
                 VALUES ('paid', amount, days), ('terms', terms, late), ('paid_late', overdue, 0)
             ) part (code, amount, second)
            """,
            key=frame.key, period=frame.period(SQL("pr.max_date")), factor=frame.factor,
            paid=paid, invoiced=invoiced, due=DUE_DATE, join=frame.join,
            lines=self._get_lines(frame), cash=frame.cash_journals,
            start=frame.days[frame.first - 1], last=frame.days[-1])

    def _get_cohort_query(self, frame):
        """Invoiced amounts by the period of their 90th day after the due date, and what was still
        unpaid at the end of that day. Source: at-risk rate, docs.upflow.io.
        """
        ninety = SQL("(%s + 90)", DUE_DATE)
        return SQL(
            """
            SELECT key, 'cohort', NULL::date, period, NULL::bool, SUM(amount)::text,
                   SUM(unpaid)::text
              FROM (
                SELECT %(key)s AS key, %(period)s AS period, l.balance * %(factor)s AS amount,
                       (l.balance - COALESCE(matched.amount, 0)) * %(factor)s AS unpaid
                  FROM account_move_line l JOIN account_move m ON m.id = l.move_id
                  LEFT JOIN (
                      SELECT l.id, SUM(pr.amount) AS amount
                        FROM account_partial_reconcile pr
                        JOIN account_move_line l ON l.id = pr.debit_move_id
                       WHERE l.account_id = ANY(%(accounts)s) AND pr.max_date <= %(ninety)s
                         AND %(ninety)s > %(start)s AND %(ninety)s <= %(last)s
                       GROUP BY l.id
                  ) matched ON matched.id = l.id
                  %(join)s
                 WHERE %(lines)s AND l.balance > 0 AND l.date <= %(ninety)s
                   AND m.move_type IN ('out_invoice', 'out_receipt')
                   AND %(ninety)s > %(start)s AND %(ninety)s <= %(last)s
              ) item
             GROUP BY key, period
            """,
            key=frame.key, period=frame.period(ninety), factor=frame.factor, ninety=ninety,
            join=frame.join, lines=self._get_lines(frame), accounts=frame.accounts,
            start=frame.days[frame.first - 1], last=frame.days[-1])

    def _get_actions_query(self, frame):
        """Reminders by the period in which their seven days ended; those followed by money.

        So a reminder counts once, when its time is over, whenever the figures are read. Rooms with
        other actions (calls, visits) add a part of their own with the code 'actions'.
        """
        return SQL(
            """
            SELECT %(key)s AS key, 'actions', NULL::date, %(period)s AS period, NULL::bool,
                   COUNT(*)::text, COUNT(*) FILTER (WHERE %(followed)s)::text
              FROM ar_reminder l JOIN ar_customer c ON c.id = l.customer_id
             WHERE l.state = 'sent' AND l.company_id = ANY(%(companies)s) AND %(where)s
               AND l.sent_date + 7 > %(start)s AND l.sent_date + 7 <= %(last)s
             GROUP BY 1, 4
            """,
            key=frame.key, period=frame.period(SQL("(l.sent_date + 7)")),
            followed=get_reminder_followed(frame.cash_journals), where=frame.where,
            companies=frame.companies.ids, start=frame.days[frame.first - 1], last=frame.days[-1])

    def _get_collectors_query(self, frame):
        """Number of people who follow customers of the scope, as it is now."""
        return SQL(
            """
            SELECT %(key)s AS key, 'collectors', NULL::date, 0, NULL::bool,
                   COUNT(DISTINCT c.collector_id)::text, NULL
              FROM ar_customer c
             WHERE c.company_id = ANY(%(companies)s) AND %(where)s GROUP BY 1
            """, key=frame.key, companies=frame.companies.ids, where=frame.where)

    def _get_doubtful_query(self, frame, account_ids):
        """Balance of the doubtful accounts, shown beside the receivable and never in it."""
        return SQL(
            """
            SELECT %(key)s AS key, 'doubtful', NULL::date, %(period)s AS period, NULL::bool,
                   SUM(l.balance * %(factor)s)::text, NULL
              FROM account_move_line l %(join)s
             WHERE l.account_id = ANY(%(accounts)s) AND l.company_id = ANY(%(companies)s)
               AND l.parent_state = 'posted' AND l.date <= %(last)s AND %(where)s
             GROUP BY 1, 4
            """,
            key=frame.key, period=frame.period(SQL("l.date")), factor=frame.factor,
            join=frame.join, accounts=account_ids, companies=frame.companies.ids,
            last=frame.days[-1], where=frame.where)
