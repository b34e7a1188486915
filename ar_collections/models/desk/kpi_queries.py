from odoo import api, models
from odoo.tools import SQL

# Contacts that are an action of ours, as a reminder is one: somebody was asked to pay.
ACTION_KINDS = ('call', 'visit')
ACTION_DAYS = 7


class ArKpi(models.AbstractModel):
    """EXTENDS figures: reads promises, disputes and contacts; four statements more, whatever the
    number of months and customers.
    """
    _inherit = 'ar.kpi'

    @api.model
    def _get_parts(self, frame):
        """EXTENDS figures: codes 'promises', 'promised', 'disputed', 'settled', 'contacts', and
        more 'actions'.
        """
        return [*super()._get_parts(frame), self._get_promises_query(frame),
                self._get_disputed_query(frame), self._get_settled_query(frame),
                self._get_contacts_query(frame)]

    def _get_promises_query(self, frame):
        """Promises by the month of the day promised: (kept, broken) by number and by amount.

        Known now: a promise that is still open, was replaced or cancelled, or had nothing left to
        pay has no outcome. A foreign amount counts at the ratio of its items in the ledger; when
        Odoo has replaced them, at the rate of their invoice.
        """
        return SQL(
            """
            WITH promise AS (
                SELECT %(key)s AS key, %(period)s AS period, l.state = 'kept' AS kept,
                       ROUND(l.amount * CASE WHEN l.currency_id = company.currency_id THEN 1
                                             ELSE COALESCE(item.rate, item.invoice_rate) END,
                             money.decimal_places) * %(factor)s AS amount
                  FROM ar_promise l JOIN ar_customer c ON c.id = l.customer_id
                  JOIN res_company company ON company.id = l.company_id
                  JOIN res_currency money ON money.id = company.currency_id
                  LEFT JOIN LATERAL (
                    SELECT SUM(i.balance) / NULLIF(SUM(i.amount_currency), 0) AS rate,
                           MAX(1 / NULLIF(m.invoice_currency_rate, 0))::numeric AS invoice_rate
                      FROM ar_promise_line part
                      LEFT JOIN account_move_line i ON i.id = part.move_line_id
                      LEFT JOIN account_move m ON m.id = part.move_id
                     WHERE part.promise_id = l.id
                  ) item ON l.currency_id <> company.currency_id
                 WHERE l.state IN ('kept', 'broken') AND l.company_id = ANY(%(companies)s)
                   AND %(where)s AND l.promise_date > %(start)s AND l.promise_date <= %(last)s
            )
            SELECT key, part.code, NULL::date, period, NULL::bool, part.kept::text,
                   part.broken::text
              FROM (SELECT key, period, COUNT(*) FILTER (WHERE kept) AS kept,
                           COUNT(*) FILTER (WHERE NOT kept) AS broken,
                           SUM(amount) FILTER (WHERE kept) AS kept_amount,
                           SUM(amount) FILTER (WHERE NOT kept) AS broken_amount
                      FROM promise GROUP BY key, period) total
             CROSS JOIN LATERAL (
                 VALUES ('promises', kept::numeric, broken::numeric),
                        ('promised', kept_amount, broken_amount)
             ) part (code, kept, broken)
            """,
            key=frame.key, period=frame.period(SQL("l.promise_date")), factor=frame.factor,
            companies=frame.companies.ids, where=frame.where,
            start=frame.days[frame.first - 1], last=frame.days[-1])

    def _get_disputed_query(self, frame):
        """What was disputed and open at the end of each month, in company currency.

        Never more of an item than it owed on that day; a part of a foreign item at its own ratio.
        A claim that was moved to a doubtful account counts while it stood among the receivables,
        as the open items do that it is compared with.
        """
        return SQL(
            """
            SELECT key, 'disputed', NULL::date, period, NULL::bool,
                   SUM(LEAST(disputed, owed) * factor)::text, NULL
              FROM (
                SELECT %(key)s AS key, l.id, stop.number - 1 AS period, %(factor)s AS factor,
                       SUM(ROUND(line.amount * COALESCE(
                               l.balance / NULLIF(l.amount_currency, 0), 1),
                               money.decimal_places)) AS disputed,
                       l.balance - COALESCE((
                           SELECT SUM(pr.amount) FROM account_partial_reconcile pr
                            WHERE pr.debit_move_id = l.id AND pr.max_date <= stop.day), 0) AS owed
                  FROM ar_dispute dispute
                  JOIN unnest(%(days)s::date[]) WITH ORDINALITY stop (day, number)
                       ON stop.number > %(first)s AND dispute.opened_on <= stop.day
                       AND (dispute.state = 'open' OR dispute.closed_on > stop.day)
                  JOIN ar_customer c ON c.id = dispute.customer_id
                  JOIN ar_dispute_line line ON line.dispute_id = dispute.id
                  LEFT JOIN (%(pairs)s) stood ON stood.item_id = line.move_line_id
                  JOIN account_move_line l ON l.id = COALESCE(stood.other_id, line.move_line_id)
                       AND l.date <= stop.day
                  JOIN res_currency money ON money.id = l.company_currency_id
                 WHERE %(lines)s
                 GROUP BY 1, l.id, stop.number, stop.day
              ) item
             WHERE owed > 0 GROUP BY key, period
            """,
            key=frame.key, factor=frame.factor, days=frame.days, first=frame.first,
            pairs=self.env['ar.doubtful.line']._get_claim_pairs(), lines=self._get_lines(frame))

    def _get_settled_query(self, frame):
        """Disputes by the month in which they were settled, and their days from the opening."""
        return SQL(
            """
            SELECT %(key)s AS key, 'settled', NULL::date, %(period)s AS period, NULL::bool,
                   COUNT(*)::text, SUM(GREATEST(l.closed_on - l.opened_on, 0))::text
              FROM ar_dispute l JOIN ar_customer c ON c.id = l.customer_id
             WHERE l.state <> 'open' AND l.company_id = ANY(%(companies)s) AND %(where)s
               AND l.closed_on > %(start)s AND l.closed_on <= %(last)s
             GROUP BY 1, 4
            """,
            key=frame.key, period=frame.period(SQL("l.closed_on")),
            companies=frame.companies.ids, where=frame.where,
            start=frame.days[frame.first - 1], last=frame.days[-1])

    def _get_contacts_query(self, frame):
        """Our calls and visits by the period in which their seven days ended, as reminders are.

        Followed by money: on the items that were spoken about; when none was named, on any of the
        customer. A call that nobody answered is an action all the same.
        """
        start, last = frame.days[frame.first - 1], frame.days[-1]
        return SQL(
            """
            %(contacts)s
            SELECT key, part.code, NULL::date, period, NULL::bool, made::text, paid::text
              FROM (SELECT contact.key, %(period)s AS period, COUNT(*) AS made,
                           COUNT(followed.id) AS paid
                      FROM contact LEFT JOIN followed ON followed.id = contact.id
                     WHERE contact.day + %(wait)s > %(start)s
                       AND contact.day + %(wait)s <= %(last)s
                     GROUP BY 1, 2) total
             CROSS JOIN (VALUES ('actions'), ('contacts')) part (code)
            """,
            contacts=self._get_followed_contacts(
                frame.companies, frame.cash_journals, start, last, frame.key, frame.where),
            wait=ACTION_DAYS, start=start, last=last,
            period=frame.period(SQL("(contact.day + %s)", ACTION_DAYS)))

    @api.model
    def _get_followed_contacts(self, companies, cash_journals, start, last, key, where):
        """Return the WITH of `contact` (id, key, day) and `followed` (id): our calls and visits
        whose seven days end about ``start`` to ``last``, and those that money followed.

        :param SQL key: what contacts are grouped by
        :param SQL where: condition on the customer `c`
        """
        day = SQL(
            "(l.date AT TIME ZONE 'UTC' AT TIME ZONE (CASE l.company_id %s END))::date",
            SQL(" ").join(SQL("WHEN %s THEN %s", company.id, company._get_ar_tz())
                          for company in companies))
        return SQL(
            """
            WITH contact AS (
                SELECT l.id, %(key)s AS key, l.company_id, c.partner_id, %(day)s AS day,
                       EXISTS (SELECT 1 FROM ar_interaction_item_rel rel
                                WHERE rel.interaction_id = l.id) AS named
                  FROM ar_interaction l JOIN ar_customer c ON c.id = l.customer_id
                 WHERE l.active AND l.direction = 'out' AND l.kind = ANY(%(kinds)s)
                   AND l.company_id = ANY(%(companies)s) AND %(where)s
                   AND l.date > %(start)s::date - %(wait)s - 2 AND l.date < %(last)s::date + 2
            ),
            money AS (
                SELECT i.id AS item_id, i.company_id, p.commercial_partner_id AS partner_id,
                       cl.date AS day
                  FROM account_partial_reconcile pr
                  JOIN account_move_line i ON i.id = pr.debit_move_id
                  JOIN account_move_line cl ON cl.id = pr.credit_move_id
                  JOIN res_partner p ON p.id = i.partner_id
                 WHERE i.account_id = ANY(%(accounts)s) AND i.company_id = ANY(%(companies)s)
                   AND p.commercial_partner_id IN (SELECT partner_id FROM contact)
                   AND cl.journal_id = ANY(%(cash)s) AND cl.parent_state = 'posted'
                   AND cl.date > %(start)s::date - %(wait)s - 2 AND cl.date <= %(last)s
            ),
            followed AS (
                SELECT DISTINCT contact.id
                  FROM contact JOIN money ON money.partner_id = contact.partner_id
                       AND money.company_id = contact.company_id
                       AND money.day BETWEEN contact.day AND contact.day + %(wait)s
                 WHERE NOT contact.named OR EXISTS (
                       SELECT 1 FROM ar_interaction_item_rel rel
                        WHERE rel.interaction_id = contact.id
                          AND rel.move_line_id = money.item_id)
            )
            """,
            key=key, day=day, kinds=list(ACTION_KINDS), companies=companies.ids, where=where,
            wait=ACTION_DAYS, cash=cash_journals, start=start, last=last,
            accounts=companies._get_ar_exposure_account_ids())


class ArInteraction(models.Model):
    """EXTENDS desk: which calls and visits money followed."""
    _name = 'ar.interaction'
    _inherit = ['ar.interaction', 'ar.followed']

    def _get_followed_query(self, companies, cash_journals, start, end):
        """EXTENDS figures."""
        contacts = self.env['ar.kpi']._get_followed_contacts(
            companies, cash_journals, start, end, SQL("NULL"), SQL("TRUE"))
        return SQL(
            "(%s SELECT contact.id FROM contact JOIN followed ON followed.id = contact.id"
            " WHERE contact.day + %s BETWEEN %s AND %s)", contacts, ACTION_DAYS, start, end)
