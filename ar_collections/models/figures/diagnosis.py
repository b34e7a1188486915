from decimal import Decimal

from odoo import api, fields, models
from odoo.tools import SQL

from ...tools import kpi
from ...tools.identifiers import check_identifiers

CASH_JOURNALS = ('bank', 'cash', 'credit')
DAYS_OF_DRAFTS = 7
DAYS_OF_CREDITS = 60


class ArDiagnosis(models.AbstractModel):
    """What the existing ledger says about receivables, before anything is set up.

    One query per finding, each returning (id, amount, amount_days): the figure on the screen and
    the list behind it come from the same rows. Amounts are in company currency, tax included.
    """
    _name = 'ar.diagnosis'
    _description = "Diagnosis: figures"

    # === SCOPE === #

    @api.model
    def _get_scope(self, company, date_from, date_to):
        """Return what every query needs: companies, accounts, journals, period, today.

        The branches that the user may open count with their company: one set of books.
        """
        # sudo: which branches there are; those closed to the user are taken out at once.
        tree = self.env['res.company'].sudo().search([('id', 'child_of', company.id)])
        companies = tree & self.env.user.company_ids if not self.env.su else tree
        companies |= company
        journals = self.env['account.journal'].sudo().with_context(active_test=False).search([
            ('company_id', 'in', (companies | company.sudo().parent_ids).ids),
            ('type', 'in', CASH_JOURNALS)])
        today = company._get_ar_today()
        return {
            'company': company, 'companies': companies, 'company_ids': companies.ids,
            'accounts': companies._get_ar_exposure_account_ids(), 'journals': journals.ids,
            'from': date_from, 'to': date_to, 'today': today,
        }

    @api.model
    def _prepare(self, scope):
        """Read what many figures share once, into tables that live as long as the transaction.

        :return: the scope, whose queries read these tables from now on
        """
        for name, query in (
                ('open', self._get_open_query(scope)), ('paid', self._get_paid_query(scope)),
                ('sales', self._query_sales(scope))):
            table = SQL.identifier(f'ar_diagnosis_{name}')
            self.env.cr.execute(SQL("DROP TABLE IF EXISTS pg_temp.%s", table))
            self.env.cr.execute(SQL("CREATE TEMP TABLE %s ON COMMIT DROP AS %s", table, query))
            self.env.cr.execute(SQL("ANALYZE %s", table))
        return {**scope, 'is_ready': True}

    @api.model
    def _get_ids_query(self, code, scope, params=None):
        """Return the query of the ids behind a figure."""
        return SQL("SELECT id FROM (%s) found", self._get_query(code, scope, params))

    @api.model
    def _get_query(self, code, scope, params=None):
        """Return the query of (id, amount, amount_days) of one finding."""
        return getattr(self, f'_query_{code}')(scope, **(params or {}))

    @api.model
    def _read_total(self, code, scope, params=None):
        """Return (count, amount, amount × days) of one finding."""
        [(count, amount, days)] = self.env.execute_query(SQL(
            "SELECT COUNT(DISTINCT id), COALESCE(SUM(amount), 0), COALESCE(SUM(amount_days), 0)"
            "  FROM (%s) found", self._get_query(code, scope, params)))
        return count, float(amount), float(days)

    @api.model
    def _is_empty(self, scope):
        """Return whether the companies have no posted receivable line at all."""
        return not self.env.execute_query(SQL(
            "SELECT 1 FROM account_move_line WHERE account_id = ANY(%s) AND company_id = ANY(%s)"
            "   AND parent_state = 'posted' LIMIT 1", scope['accounts'], scope['company_ids']))

    # === STEPS === #

    @api.model
    def _has_deliveries(self):
        """Return whether orders know when they were delivered (stock is installed)."""
        return 'effective_date' in self.env['sale.order']._fields

    def _query_step_delivery(self, scope):
        """Order → first delivery, orders delivered in the period."""
        return SQL(
            """
            SELECT o.id, o.amount_total / COALESCE(NULLIF(o.currency_rate, 0), 1) AS amount,
                   o.amount_total / COALESCE(NULLIF(o.currency_rate, 0), 1)
                   * GREATEST(o.effective_date::date - o.date_order::date, 0) AS amount_days
              FROM sale_order o
             WHERE o.state = 'sale' AND o.company_id = ANY(%(companies)s)
               AND o.effective_date::date BETWEEN %(start)s AND %(end)s AND o.amount_total > 0
            """, companies=scope['company_ids'], start=scope['from'], end=scope['to'])

    def _query_step_invoicing(self, scope):
        """Last delivery before the invoice, else order → invoice.

        A delivery reaches a customer, as in the order's own date of delivery: neither a step inside
        the warehouse nor a return is one.
        """
        if self._has_deliveries():
            start, join = SQL(
                "COALESCE(MAX(pick.date_done::date) FILTER ("
                "   WHERE pick.date_done::date <= m.invoice_date), MIN(o.date_order::date))"), SQL(
                "LEFT JOIN (stock_picking pick JOIN stock_location dest"
                "           ON dest.id = pick.location_dest_id AND dest.usage = 'customer')"
                "     ON pick.sale_id = o.id AND pick.state = 'done'")
        else:
            start, join = SQL("MIN(o.date_order::date)"), SQL("")
        return SQL(
            """
            SELECT m.id, m.amount_total_signed AS amount,
                   m.amount_total_signed * GREATEST(m.invoice_date - %(start)s, 0) AS amount_days
              FROM account_move m
              JOIN (SELECT DISTINCT il.move_id, ol.order_id
                      FROM account_move_line il
                      JOIN sale_order_line_invoice_rel rel ON rel.invoice_line_id = il.id
                      JOIN sale_order_line ol ON ol.id = rel.order_line_id) link
                   ON link.move_id = m.id
              JOIN sale_order o ON o.id = link.order_id
              %(join)s
             WHERE %(moves)s AND m.amount_total_signed > 0
             GROUP BY m.id
            """, start=start, join=join, moves=self._get_moves(scope))

    def _query_step_sending(self, scope):
        """Invoice → first e-mail or letter with it, invoices whose sending Odoo has seen."""
        letters = SQL("")
        if 'snailmail.letter' in self.env:
            letters = SQL(
                " UNION ALL SELECT res_id, write_date::date FROM snailmail_letter"
                "  WHERE model = 'account.move' AND state = 'sent'")
        return SQL(
            """
            SELECT m.id, m.amount_total_signed AS amount,
                   m.amount_total_signed * GREATEST(sent.day - m.invoice_date, 0) AS amount_days
              FROM account_move m
              JOIN (SELECT res_id, MIN(day) AS day FROM (
                        SELECT mm.res_id, mm.date::date AS day
                          FROM mail_message mm
                          JOIN mail_notification n ON n.mail_message_id = mm.id
                           AND n.notification_type = 'email'
                          JOIN res_partner p ON p.id = n.res_partner_id AND p.partner_share
                         WHERE mm.model = 'account.move'
                           AND mm.message_type IN ('comment', 'email_outgoing')
                        %(letters)s) every GROUP BY res_id) sent ON sent.res_id = m.id
             WHERE %(moves)s AND m.is_move_sent AND m.amount_total_signed > 0
            """, letters=letters, moves=self._get_moves(scope))

    def _query_step_terms(self, scope):
        """Invoice → due date: what was agreed, instalment by instalment."""
        return SQL(
            """
            SELECT l.id, l.balance AS amount,
                   l.balance * (COALESCE(l.date_maturity, l.date) - m.invoice_date) AS amount_days
              FROM account_move_line l JOIN account_move m ON m.id = l.move_id
             WHERE %(moves)s AND l.account_id = ANY(%(accounts)s) AND l.balance > 0
            """, moves=self._get_moves(scope), accounts=scope['accounts'])

    def _query_step_late(self, scope):
        """Due date → receipt of the money, early payments included with their negative days."""
        return SQL(
            "SELECT id, amount, amount * days AS amount_days FROM (%s) paid",
            self._get_paid_query(scope))

    def _get_moves(self, scope, types=('out_invoice',)):
        """Return the condition on `m`: documents posted in the period."""
        return SQL(
            "m.company_id = ANY(%(companies)s) AND m.state = 'posted'"
            " AND m.move_type = ANY(%(types)s) AND m.invoice_date BETWEEN %(start)s AND %(end)s",
            companies=scope['company_ids'], types=list(types), start=scope['from'],
            end=scope['to'])

    def _get_paid_query(self, scope):
        """Money received in the period for each item: (id, partner_id, amount, due, paid, days).

        Only bank and cash count: a credit note or a write-off is no payment.
        """
        if scope.get('is_ready'):
            return SQL("SELECT * FROM ar_diagnosis_paid")
        return SQL(
            """
            SELECT l.id, p.commercial_partner_id AS partner_id, pr.amount,
                   COALESCE(l.date_maturity, l.date) AS due, cl.date AS paid,
                   cl.date - COALESCE(l.date_maturity, l.date) AS days
              FROM account_partial_reconcile pr
              JOIN account_move_line l ON l.id = pr.debit_move_id
              JOIN account_move_line cl ON cl.id = pr.credit_move_id
              LEFT JOIN res_partner p ON p.id = l.partner_id
             WHERE pr.max_date BETWEEN %(start)s AND %(end)s
               AND l.account_id = ANY(%(accounts)s) AND l.company_id = ANY(%(companies)s)
               AND l.parent_state = 'posted' AND cl.parent_state = 'posted'
               AND cl.journal_id = ANY(%(journals)s)
            """, start=scope['from'], end=scope['to'], accounts=scope['accounts'],
            companies=scope['company_ids'], journals=scope['journals'])

    # === LATENESS === #

    def _query_paid(self, scope):
        return SQL("SELECT id, amount, amount * days AS amount_days FROM (%s) paid",
                   self._get_paid_query(scope))

    def _query_paid_late(self, scope):
        """Money of the period that came after its due date."""
        return SQL("SELECT id, amount, amount * days AS amount_days FROM (%s) paid WHERE days > 0",
                   self._get_paid_query(scope))

    def _query_paid_month(self, scope, month):
        """Money received in one month."""
        first = fields.Date.to_date(month)
        last = fields.Date.end_of(first, 'month')
        return self._query_paid({
            **scope, 'from': max(first, scope['from']), 'to': min(last, scope['to'])})

    def _get_open_query(self, scope):
        """Items open today: (id, partner_id, amount, due, days, no_followup)."""
        if scope.get('is_ready'):
            return SQL("SELECT * FROM ar_diagnosis_open")
        return SQL(
            """
            SELECT item.line_id AS id, item.partner_id, item.residual AS amount,
                   item.due_date AS due, %(today)s - item.due_date AS days,
                   l.no_followup, item.contact_id
              FROM (%(items)s) item JOIN account_move_line l ON l.id = item.line_id
            """, today=scope['today'],
            items=scope['companies']._get_ar_items_query(scope['today']))

    def _query_open(self, scope):
        return SQL("SELECT id, amount, amount * days AS amount_days FROM (%s) item",
                   self._get_open_query(scope))

    def _query_open_at_end(self, scope):
        """Items open at the end of the period, with what was still outside at that time."""
        return SQL(
            "SELECT line_id AS id, residual AS amount, 0 AS amount_days FROM (%s) item",
            scope['companies']._get_ar_items_query(scope['to']))

    def _query_age(self, scope, first=None, last=None):
        """Open items between two ages; credits stand apart."""
        return SQL(
            "SELECT id, amount, amount * days AS amount_days FROM (%s) item WHERE amount > 0"
            "   AND (%s::int IS NULL OR days >= %s) AND (%s::int IS NULL OR days <= %s)",
            self._get_open_query(scope), first, first, last, last)

    def _query_overdue(self, scope):
        return self._query_age(scope, 1)

    def _query_very_late(self, scope):
        return self._query_age(scope, 91)

    def _query_credits(self, scope, days=0):
        """Credits that nobody has matched, positive; older than so many days."""
        return SQL(
            "SELECT id, -amount AS amount, -amount * days AS amount_days FROM (%s) item"
            " WHERE amount < 0 AND days >= %s", self._get_open_query(scope), days)

    def _query_old_credits(self, scope):
        return self._query_credits(scope, DAYS_OF_CREDITS)

    def _get_lateness_query(self, scope):
        """Every amount that was late in the period: (id, partner_id, amount, amount_days).

        The days are those of the period only, from the day after the due date to the day of the
        money: what was late before the period has cost its year already.
        """
        return SQL(
            """
            SELECT id, partner_id, amount, amount * days AS amount_days, is_open FROM (
                SELECT id, partner_id, amount, FALSE AS is_open,
                       LEAST(paid, %(end)s) - GREATEST(due, %(start)s - 1) AS days
                  FROM (%(paid)s) paid
                 UNION ALL
                SELECT id, partner_id, amount, TRUE,
                       LEAST(%(today)s, %(end)s) - GREATEST(due, %(start)s - 1)
                  FROM (%(open)s) item WHERE amount > 0
            ) late WHERE days > 0
            """, start=scope['from'], end=scope['to'], today=scope['today'],
            paid=self._get_paid_query(scope), open=self._get_open_query(scope))

    def _query_lateness(self, scope):
        return SQL("SELECT id, amount, amount_days FROM (%s) late",
                   self._get_lateness_query(scope))

    def _query_customer(self, scope, partner):
        """What one customer paid late, or has not paid yet."""
        return SQL("SELECT id, amount, amount_days FROM (%s) late WHERE partner_id = %s",
                   self._get_lateness_query(scope), partner)

    def _query_top_open(self, scope, partners):
        """Open items of some customers."""
        return SQL(
            "SELECT id, amount, amount * days AS amount_days FROM (%s) item"
            " WHERE partner_id = ANY(%s)", self._get_open_query(scope), list(partners))

    def _query_sales(self, scope, partners=None):
        """Receivable lines of the invoices and credit notes of the period."""
        if partners is None and scope.get('is_ready'):
            return SQL("SELECT * FROM ar_diagnosis_sales")
        chosen = SQL("TRUE") if partners is None else SQL(
            "p.commercial_partner_id = ANY(%s)", list(partners))
        return SQL(
            """
            SELECT l.id, l.balance AS amount, 0 AS amount_days, m.invoice_date,
                   p.commercial_partner_id AS partner_id
              FROM account_move_line l JOIN account_move m ON m.id = l.move_id
              LEFT JOIN res_partner p ON p.id = l.partner_id
             WHERE %(moves)s AND l.account_id = ANY(%(accounts)s) AND %(chosen)s
            """, moves=self._get_moves(scope, ('out_invoice', 'out_refund', 'out_receipt')),
            accounts=scope['accounts'], chosen=chosen)

    # === TURNOVER === #

    @api.model
    def _read_turnover(self, scope):
        """Return the days sales outstanding at the end of the period, by `tools.kpi`.

        :return: {'dso', 'countback', 'best', 'sales', 'receivable', 'per_day'}; None when unknown
        """
        items = scope['companies']._get_ar_items_query(scope['to'])
        [(receivable, not_due)] = self.env.execute_query(SQL(
            "SELECT COALESCE(SUM(residual), 0), COALESCE(SUM(residual) FILTER ("
            "   WHERE residual > 0 AND due_date >= %s), 0) FROM (%s) item", scope['to'], items))
        months = self.env.execute_query(SQL(
            "SELECT date_trunc('month', invoice_date)::date, SUM(amount) FROM (%s) sale GROUP BY 1"
            " ORDER BY 1 DESC", self._query_sales(scope)))
        receivable, not_due = Decimal(str(receivable)), Decimal(str(not_due))
        sold = {month: Decimal(str(amount)) for month, amount in months}
        sales, days = sum(sold.values(), Decimal(0)), (scope['to'] - scope['from']).days + 1
        periods, last = [], scope['to']
        while last >= scope['from']:
            first = max(last.replace(day=1), scope['from'])
            periods.append((sold.get(last.replace(day=1), Decimal(0)), (last - first).days + 1))
            last = fields.Date.subtract(first, days=1)
        countback = kpi.dso_countback(receivable, periods)
        current = kpi.current_part(receivable, not_due)
        return {
            'receivable': receivable, 'sales': sales, 'days': days,
            'dso': kpi.dso(receivable, sales, days), 'best': kpi.dso(current, sales, days),
            'countback': countback.days if countback else None,
            'per_day': kpi.cash_per_day(sales / days * kpi.YEAR),
        }

    # === QUALITY === #

    @api.model
    def _read_wrong_numbers(self, scope):
        """Return the customers whose company or VAT number fails its check.

        :return: {partner_id: list of (problem, kind, number)}
        """
        rows = self.env.execute_query(SQL(
            """
            SELECT p.id, country.code, p.company_registry, p.vat
              FROM res_partner p LEFT JOIN res_country country ON country.id = p.country_id
             WHERE p.id IN (SELECT partner_id FROM (%s) sale UNION
                            SELECT partner_id FROM (%s) item)
               AND COALESCE(p.company_registry, p.vat) IS NOT NULL
            """, self._query_sales(scope), self._get_open_query(scope)))
        return {
            partner_id: problems for partner_id, country, registry, vat in rows
            if (problems := check_identifiers(country, registry, vat))
        }

    def _query_partners(self, scope, partners):
        """Customers given by their ids, with what they owe today."""
        return SQL(
            """
            SELECT p.id, COALESCE(SUM(item.amount), 0) AS amount, 0 AS amount_days
              FROM res_partner p LEFT JOIN (%s) item ON item.partner_id = p.id
             WHERE p.id = ANY(%s) GROUP BY p.id
            """, self._get_open_query(scope), list(partners))
