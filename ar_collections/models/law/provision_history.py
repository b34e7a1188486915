from decimal import Decimal

from odoo import api, fields, models
from odoo.tools import SQL

from ...tools import kpi, provision
from ...tools.kpi import ROLL_EDGES
from ...tools.open_items import DUE_DATE, PARTNER

# Invoices that fell due in these two years before the last one say what is never paid.
HISTORY_YEARS = 2
ROLL_MONTHS = 12


class ArProvisionHistory(models.AbstractModel):
    """Reads from the ledger what was lost in the past; it decides nothing."""
    _name = 'ar.provision.history'
    _description = "Loss history of receivables"

    @api.model
    def _get_unpaid(self, companies, date, partners, fallback):
        """Return what reached each bucket and what of it was never paid, in one statement.

        Invoices that fell due between three years and one year before ``date``: so each had its
        whole year. Lost: what neither money nor a credit note had settled a year after the due
        date, and what a general entry settled (written off), but for the part that it paid: see
        `_get_general_payment`. A claim moved to the doubtful account is one still: what counts is
        what came in there.

        :param companies: `res.company`, one legal entity with its branches
        :param partners: {partner id: group id}
        :param fallback: id of the group of everybody else, or None
        :return: {group id: [(reached, lost, number of items) of each bucket]} in company currency
        """
        self.env.flush_all()
        edges = SQL(", ").join(
            SQL("COALESCE(SUM(pr.amount) FILTER (WHERE pr.max_date < i.due + %s), 0) AS before_%s",
                edge, SQL(str(number))) for number, edge in enumerate(ROLL_EDGES, start=1))
        sums = SQL(", ").join(
            SQL("SUM(reached_%(n)s), SUM(LEAST(reached_%(n)s, lost)),"
                " COUNT(*) FILTER (WHERE reached_%(n)s > 0)", n=SQL(str(number)))
            for number in range(provision.BUCKETS))
        reached = SQL(", ").join(
            SQL("GREATEST(amount - before_%(n)s, 0) AS reached_%(n)s", n=SQL(str(number)))
            for number in range(1, provision.BUCKETS))
        rows = self.env.execute_query(SQL(
            """
            WITH item AS (
                SELECT l.id, p.commercial_partner_id AS partner_id, l.balance AS amount,
                       %(due)s AS due
                  FROM account_move_line l %(partner)s
                  JOIN account_move m ON m.id = l.move_id
                 WHERE l.account_id = ANY(%(accounts)s) AND l.company_id = ANY(%(companies)s)
                   AND l.parent_state = 'posted' AND l.balance > 0
                   AND m.move_type IN ('out_invoice', 'out_receipt')
                   AND %(due)s > %(start)s AND %(due)s <= %(end)s
            ), settled AS (
                SELECT i.partner_id, i.amount, %(edges)s,
                       COALESCE(SUM(
                           CASE WHEN cl.journal_id = ANY(%(general)s) THEN %(payment)s
                                ELSE pr.amount END) FILTER (
                           WHERE pr.max_date <= i.due + %(year)s), 0) AS paid
                  FROM item i
                  LEFT JOIN %(partials)s ON pr.item_id = i.id AND pr.max_date <= %(date)s
                  LEFT JOIN account_move_line cl ON cl.id = pr.credit_move_id
                 GROUP BY i.id, i.partner_id, i.amount
            ), fate AS (
                SELECT partner_id, amount AS reached_0, %(reached)s,
                       GREATEST(amount - paid, 0) AS lost
                  FROM settled
            )
            SELECT COALESCE(g.group_id, %(fallback)s::int), %(sums)s
              FROM fate LEFT JOIN unnest(%(partners)s::int[], %(groups)s::int[])
                   g (partner_id, group_id) ON g.partner_id = fate.partner_id
             GROUP BY 1
            """,
            due=DUE_DATE, partner=PARTNER, accounts=companies._get_ar_account_ids(),
            companies=companies.ids, start=fields.Date.subtract(date, years=HISTORY_YEARS + 1),
            end=fields.Date.subtract(date, years=1), edges=edges, year=provision.LOSS_DAYS,
            general=self._get_general_journals(companies),
            payment=self._get_general_payment(companies.root_id[:1], SQL("pr.amount")),
            partials=self._get_partials(), date=date,
            fallback=fallback, reached=reached, sums=sums,
            partners=list(partners), groups=list(partners.values())))
        return {row[0]: [(Decimal(row[1 + 3 * number] or 0), Decimal(row[2 + 3 * number] or 0),
                          row[3 + 3 * number]) for number in range(provision.BUCKETS)]
                for row in rows}

    def _get_partials(self):
        """Return the table `pr` of what settled the claim of each row of the table `item`.

        A move to the doubtful account, or back, settles nothing.
        """
        Doubtful = self.env['ar.doubtful.line']
        if not Doubtful._is_used():
            return SQL("(SELECT debit_move_id AS item_id, credit_move_id, amount, max_date"
                       "   FROM account_partial_reconcile) pr")
        return SQL(
            """
            (WITH claim (key, item_id) AS (%s)
             SELECT claim.key AS item_id, partial.credit_move_id, partial.amount, partial.max_date
               FROM claim JOIN account_partial_reconcile partial
                    ON partial.debit_move_id = claim.item_id
              WHERE NOT EXISTS (SELECT FROM claim own WHERE own.key = claim.key
                                AND own.item_id = partial.credit_move_id)) pr
            """, Doubtful._get_claim_query(SQL("SELECT id, id FROM item")))

    @api.model
    def _get_general_payment(self, company, amount):
        """Return what of an amount that a general entry settled was paid; alias `cl`.

        All of it where an agency or a factor had the money; else the share of the entry that
        stands on bank, cash, card and supplier accounts: money booked by hand, and a claim set off
        against what we owe. The rest is a loss, or the claim stands elsewhere.

        :param company: `res.company`, root of the legal entity
        :param SQL amount: what the credit line `cl` settled
        :rtype: SQL
        """
        money = self.env['ar.agreement.line']._get_money_condition(company)
        return SQL(
            """
            CASE WHEN %(money)s THEN %(amount)s ELSE COALESCE((
                SELECT %(amount)s * LEAST(given.paid, given.settled) / NULLIF(given.settled, 0)
                  FROM (SELECT COALESCE(SUM(part.debit) FILTER (WHERE account.account_type IN (
                                   'asset_cash', 'liability_credit_card', 'liability_payable')
                               ), 0) AS paid,
                               SUM(part.credit) FILTER (
                                   WHERE part.account_id = cl.account_id
                                      OR account.account_type = 'asset_receivable') AS settled
                          FROM account_move_line part
                          JOIN account_account account ON account.id = part.account_id
                         WHERE part.move_id = cl.move_id) given), 0) END
            """, money=money, amount=amount)

    def _get_general_journals(self, companies):
        """Return the ids of the general journals, that of exchange differences left out."""
        # sudo: the kinds of journals are no secret, whoever may read them.
        journals = self.env['account.journal'].sudo().with_context(active_test=False).search([
            ('company_id', 'parent_of', companies.ids), ('type', '=', 'general')])
        return (journals - companies.sudo().root_id.currency_exchange_journal_id).ids

    @api.model
    def _get_rolls(self, companies, date, partner_ids):
        """Return (amount a month before, amount that rolled on) of each bucket but the last.

        Added up over the last twelve full months: in the days of a month that is not over yet too
        little could roll. See `ar.kpi` for the figures of one month.

        :param partner_ids: commercial partners of the group; None: everybody
        """
        # sudo: see above; the company is the reader's own.
        engine = self.env['ar.kpi'].sudo()
        scope = {'company_ids': companies.ids}
        if partner_ids is not None:
            customers = self.env['ar.customer'].sudo().with_context(active_test=False)
            scope['customer_ids'] = customers.search([
                ('company_id', 'in', companies.ids), ('partner_id', 'in', list(partner_ids))]).ids
        eve = fields.Date.subtract(date.replace(day=1), days=1)
        last = eve if fields.Date.add(date, days=1).day > 1 else date
        frame = engine._get_frame(scope, ROLL_MONTHS, last)
        _data, cells = engine._read_amounts(frame)
        months = kpi.roll_amounts(cells, frame.days, frame.first)
        return [(sum((month[bucket][0] for month in months), provision.ZERO),
                 sum((month[bucket][1] for month in months), provision.ZERO))
                for bucket in range(provision.BUCKETS - 1)]
