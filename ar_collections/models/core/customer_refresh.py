import time
from functools import partial

from odoo import api, fields, models
from odoo.tools import SQL

from ...tools.open_items import DUE_DATE, open_items

BEHAVIOUR_MONTHS = 12
CASH_JOURNALS = ('bank', 'cash', 'credit')


class ArCustomer(models.Model):
    _inherit = 'ar.customer'

    @api.model
    def _refresh(self, company, partner_ids=None, changed_only=False):
        """Create missing customers and read the figures of all, or some, from the ledger.

        A handful of SQL statements whatever the number of customers. Running it twice gives the
        same figures.

        :param company: `res.company`, one
        :param partner_ids: ids of commercial partners; every customer when omitted
        :param bool changed_only: look only at customers with entries or reconciliations since the
            last refresh, and at those whose open items changed or fell due
        :return: number of customers refreshed
        :rtype: int
        """
        started, clock = fields.Datetime.now(), time.monotonic()
        self.env.flush_all()
        if changed_only and partner_ids is None:
            partner_ids = self._get_changed_partner_ids(company)
        scope = None if partner_ids is None else sorted(set(partner_ids))
        count = 0
        if scope is None or scope:
            count = self._upsert_figures(company, scope)
        self.invalidate_model()
        if partner_ids is None or changed_only:
            self._log_refresh(company, started, clock, count, changed_only)
        return count

    def _refresh_now(self):
        """Refresh these few customers, unless another transaction is already writing them."""
        free = self.sudo().try_lock_for_update()
        for company, customers in free.grouped('company_id').items():
            self.sudo()._refresh(company, partner_ids=customers.partner_id.ids)

    @api.model
    def _cron_refresh(self):
        """Scheduled action: quick refresh of every company during the day."""
        companies = self.env['res.company'].search(fields.Domain.TRUE)
        self.env['ir.cron']._ar_work_through(companies, partial(self._refresh, changed_only=True))

    @api.model
    def _cron_refresh_full(self):
        """Scheduled action: every night, read everything again before the dunning run."""
        companies = self.env['res.company'].search(fields.Domain.TRUE)
        self.env['ir.cron']._ar_work_through(companies, self._refresh)

    # === QUERIES === #

    def _upsert_figures(self, company, scope):
        parts = self._get_figure_parts(company, scope)
        columns = [SQL.identifier(name) for part in parts for name in part['columns']]
        values = [
            SQL("%s.%s", SQL.identifier(part['name']), SQL.identifier(name))
            if part['columns'][name] is None
            else SQL("COALESCE(%s.%s, %s)", SQL.identifier(part['name']), SQL.identifier(name),
                     part['columns'][name])
            for part in parts for name in part['columns']
        ]
        joins = SQL(" ").join(
            SQL("LEFT JOIN (%(query)s) %(name)s ON %(name)s.partner_id = base.partner_id",
                query=part['query'], name=SQL.identifier(part['name']))
            for part in parts
        )
        updates = SQL(", ").join(SQL("%s = EXCLUDED.%s", col, col) for col in columns)
        self.env.cr.execute(SQL(
            """
            INSERT INTO ar_customer (
                partner_id, company_id, active, refreshed_at,
                create_uid, create_date, write_uid, write_date, %(columns)s)
            SELECT base.partner_id, %(company)s, TRUE, %(now)s,
                   %(uid)s, %(now)s, %(uid)s, %(now)s, %(values)s
              FROM (%(base)s) base
                   %(joins)s
             ORDER BY base.partner_id
            ON CONFLICT (partner_id, company_id)
            DO UPDATE SET refreshed_at = EXCLUDED.refreshed_at, %(updates)s
            """,
            columns=SQL(", ").join(columns), values=SQL(", ").join(values), joins=joins,
            base=self._get_base_query(company, scope), company=company.id,
            now=fields.Datetime.now(), uid=self.env.uid, updates=updates,
        ))
        count = self.env.cr.rowcount
        if scope is None:
            # Thousands of rows may be new: the plans of what follows must not believe in none.
            self.env.cr.execute(SQL("ANALYZE ar_customer"))
        self._update_next_action(company, scope)
        return count

    def _get_base_query(self, company, scope):
        """Everyone who has or had receivable items, plus the customers that exist already."""
        in_scope = self._get_scope_condition(scope, SQL("c.partner_id"))
        return SQL(
            """
            SELECT DISTINCT p.commercial_partner_id AS partner_id
              FROM account_move_line l
              JOIN res_partner p ON p.id = l.partner_id
             WHERE l.account_id = ANY(%(accounts)s) AND l.company_id = %(company)s
               AND l.parent_state = 'posted' AND %(lines)s
             UNION
            SELECT c.partner_id FROM ar_customer c
             WHERE c.company_id = %(company)s AND %(in_scope)s
            """,
            accounts=company._get_ar_account_ids(), company=company.id,
            lines=self._get_line_scope(scope), in_scope=in_scope,
        )

    def _get_figure_parts(self, company, scope):
        """Return the sub-queries that make up the figures; other rooms add theirs.

        :param company: `res.company`
        :param scope: list of commercial partner ids, or None for all
        :return: list of {'name', 'query' (one row per partner_id), 'columns': {name: default}}
        """
        today = company._get_ar_today()
        return [
            {
                'name': 'open', 'query': self._get_open_query(company, scope, today),
                'columns': {
                    'balance': 0, 'overdue_amount': 0, 'not_due_amount': 0,
                    'open_credit_amount': 0, 'item_count': 0, 'overdue_item_count': 0,
                    'oldest_due_date': None,
                },
            },
            {
                'name': 'receipt', 'query': self._get_receipt_query(company, scope),
                'columns': {'last_payment_date': None},
            },
            {
                'name': 'behaviour', 'query': self._get_behaviour_query(company, scope, today),
                'columns': {'avg_days_late': None},
            },
        ]

    def _get_open_query(self, company, scope, today):
        items = self._get_items_query(company, scope)
        return SQL(
            """
            SELECT partner_id,
                   SUM(residual) AS balance,
                   SUM(residual) FILTER (WHERE residual > 0 AND due < %(today)s)
                       AS overdue_amount,
                   SUM(residual) FILTER (WHERE residual > 0 AND due >= %(today)s)
                       AS not_due_amount,
                   -SUM(residual) FILTER (WHERE residual < 0) AS open_credit_amount,
                   COUNT(*) FILTER (WHERE residual > 0) AS item_count,
                   COUNT(*) FILTER (WHERE residual > 0 AND due < %(today)s)
                       AS overdue_item_count,
                   MIN(due) FILTER (WHERE residual > 0 AND due < %(today)s) AS oldest_due_date,
                   MAX(write_date) AS last_write_date
              FROM (%(items)s) item
             GROUP BY partner_id
            """,
            items=items, today=today,
        )

    def _get_items_query(self, company, scope):
        return open_items(
            company.id, company._get_ar_account_ids(),
            SQL("p.commercial_partner_id AS partner_id, l.amount_residual AS residual,"
                " l.write_date, %s AS due", DUE_DATE),
            where=self._get_line_scope(scope),
        )

    def _get_receipt_query(self, company, scope):
        return SQL(
            """
            SELECT p.commercial_partner_id AS partner_id, MAX(l.date) AS last_payment_date
              FROM account_move_line l
              JOIN res_partner p ON p.id = l.partner_id
             WHERE l.account_id = ANY(%(accounts)s) AND l.company_id = %(company)s
               AND l.parent_state = 'posted' AND l.credit > 0
               AND l.journal_id = ANY(%(journals)s) AND %(lines)s
             GROUP BY p.commercial_partner_id
            """,
            accounts=company._get_ar_account_ids(), company=company.id,
            journals=self._get_cash_journal_ids(company), lines=self._get_line_scope(scope),
        )

    def _get_behaviour_query(self, company, scope, today):
        """Weighted days late: paid in cash or bank over 12 months, and open late items.

        Source of the definition: amount × (payment date − due date) ÷ amount, terms + days late
        = days to pay; open late items at their age keep a customer who never pays from looking
        punctual.
        """
        return SQL(
            """
            SELECT partner_id, SUM(amount * days) / NULLIF(SUM(amount), 0) AS avg_days_late
              FROM (
                SELECT p.commercial_partner_id AS partner_id, pr.amount AS amount,
                       cl.date - %(due)s AS days
                  FROM account_partial_reconcile pr
                  JOIN account_move_line l ON l.id = pr.debit_move_id
                  JOIN account_move_line cl ON cl.id = pr.credit_move_id
                  JOIN res_partner p ON p.id = l.partner_id
                 WHERE pr.max_date > %(since)s
                   AND l.account_id = ANY(%(accounts)s) AND l.company_id = %(company)s
                   AND l.parent_state = 'posted' AND %(lines)s
                   AND cl.journal_id = ANY(%(journals)s)
                 UNION ALL
                SELECT partner_id, residual, %(today)s - due
                  FROM (%(items)s) item
                 WHERE residual > 0 AND due < %(today)s
              ) paid
             GROUP BY partner_id
            """,
            due=DUE_DATE, since=fields.Date.subtract(today, months=BEHAVIOUR_MONTHS),
            accounts=company._get_ar_account_ids(), company=company.id, today=today,
            journals=self._get_cash_journal_ids(company), lines=self._get_line_scope(scope),
            items=self._get_items_query(company, scope),
        )

    def _update_next_action(self, company, scope):
        """Set the next action date of the customers in scope: here, the collector's own date."""
        self.env.cr.execute(SQL(
            "UPDATE ar_customer c SET next_action_date = c.follow_up_date"
            " WHERE c.company_id = %(company)s AND %(scope)s"
            "   AND c.next_action_date IS DISTINCT FROM c.follow_up_date",
            company=company.id, scope=self._get_scope_condition(scope, SQL("c.partner_id")),
        ))

    # === HELPERS === #

    def _get_changed_partner_ids(self, company):
        """Partners with new entries or reconciliations, changed open items, or newly late items."""
        last = self.env['ar.refresh.log'].search([('company_id', '=', company.id)], limit=1)
        if not last:
            return None
        rows = self.env.execute_query(SQL(
            """
            SELECT p.commercial_partner_id
              FROM account_move_line l JOIN res_partner p ON p.id = l.partner_id
             WHERE l.id > %(line)s AND l.account_id = ANY(%(accounts)s)
               AND l.company_id = %(company)s
             UNION
            SELECT p.commercial_partner_id
              FROM account_partial_reconcile pr
              JOIN account_move_line l ON l.id = pr.debit_move_id
              JOIN res_partner p ON p.id = l.partner_id
             WHERE pr.id > %(partial)s AND l.account_id = ANY(%(accounts)s)
               AND l.company_id = %(company)s
             UNION
            SELECT COALESCE(now.partner_id, c.partner_id)
              FROM (%(open)s) now
              FULL JOIN (SELECT * FROM ar_customer WHERE company_id = %(company)s) c
                   ON c.partner_id = now.partner_id
             -- A due date put off or a follow-up excluded changes no amount, but the next action.
             WHERE now.last_write_date >= %(since)s
                OR (COALESCE(c.balance, 0), COALESCE(c.overdue_amount, 0),
                    COALESCE(c.open_credit_amount, 0), COALESCE(c.item_count, 0),
                    c.oldest_due_date)
                   IS DISTINCT FROM
                   (COALESCE(now.balance, 0), COALESCE(now.overdue_amount, 0),
                    COALESCE(now.open_credit_amount, 0), COALESCE(now.item_count, 0),
                    now.oldest_due_date)
            """,
            line=last.last_line_id, partial=last.last_partial_id, company=company.id,
            accounts=company._get_ar_account_ids(),
            open=self._get_open_query(company, None, company._get_ar_today()),
            since=last.create_date,
        ))
        return [row[0] for row in rows]

    def _log_refresh(self, company, started, clock, count, changed_only):
        [(line_id, partial_id)] = self.env.execute_query(SQL(
            "SELECT (SELECT MAX(id) FROM account_move_line),"
            "       (SELECT MAX(id) FROM account_partial_reconcile)"))
        self.env['ar.refresh.log'].sudo().create({
            'company_id': company.id, 'mode': 'changed' if changed_only else 'full',
            'started_at': started, 'seconds': time.monotonic() - clock, 'customer_count': count,
            'last_line_id': line_id or 0, 'last_partial_id': partial_id or 0,
        })

    def _get_line_scope(self, scope):
        return self._get_scope_condition(scope, SQL("p.commercial_partner_id"))

    @staticmethod
    def _get_scope_condition(scope, column):
        return SQL("TRUE") if scope is None else SQL("%s = ANY(%s)", column, list(scope))

    def _get_cash_journal_ids(self, company):
        """Journals whose entries are money: only they count as payment."""
        # sudo: the salesperson who opens a customer may not read journals.
        return self.env['account.journal'].sudo().with_context(active_test=False).search([
            ('company_id', 'parent_of', company.id), ('type', 'in', CASH_JOURNALS),
        ]).ids
