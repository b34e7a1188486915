from odoo import api, fields, models
from odoo.exceptions import AccessError
from odoo.tools import SQL

CASH_JOURNALS = ('bank', 'cash', 'credit')


class ArStatement(models.AbstractModel):
    """The figures of a statement of account, for any number of customers at once.

    PDF, sheet, portal page and e-mail all read them here. Amounts are in the document's own
    currency: what the customer owes in dollars is told in dollars.
    """
    _name = 'ar.statement'
    _description = "Statement of account: figures"

    @api.model
    def _read_statements(self, customers, *, kind='open', date_from=None, date_to=None,
                         branches=False):
        """Return the statements of ``customers``, in a handful of queries for all of them.

        The items of a customer are those of its commercial entity: whatever contact they were
        booked on.

        :param customers: `ar.customer` records; the right to read them was checked
        :param str kind: 'open' for the items open at ``date_to``, 'movements' to add what was
            booked from ``date_from`` to ``date_to``
        :param date_from: first day of the movements
        :param date_to: day at whose end the items are read; today when omitted
        :param bool branches: add the branches of the customer's company
        :return: {customer id: list of sections}, one per currency, that of the company first;
            a section is {'currency', 'items', 'movements', 'opening', 'closing', 'ages',
            'credit', 'balance', 'due', 'elsewhere', 'unasked'}: ``ages`` has one amount per column
            of `_get_ages`, ``due`` is what should be paid to us today, net of open credits,
            ``elsewhere`` a list of (what should be paid to somebody else today, to whom in words),
            ``unasked`` a list of (code, what is owed today but may not be asked for); an item of
            these has the code as its own 'unasked'
        :raise AccessError: when a branch is not open to the user
        """
        self.env.flush_all()
        statements = {}
        for company, batch in customers.sudo().grouped('company_id').items():
            today = company._get_ar_today()
            scope = self._get_scope(company, batch, branches)
            end = min(date_to or today, today)
            items = self._read_items(scope, end)
            now = items if end == today else self._read_items(scope, today)
            movements = self._read_movements(scope, date_from, end) if kind == 'movements' else {}
            columns = self._get_ages()
            current = self._list_items(now)
            payees = self._get_other_payees([item['line_id'] for item in current])
            unasked = self._get_unasked(
                company, today, [item['line_id'] for item in current if item['residual'] > 0])
            for item in (*current, *self._list_items(items)):
                item['unasked'] = unasked.get(item['line_id'], False)
            for customer in batch:
                key = customer.partner_id.id
                statements[customer.id] = self._make_sections(
                    company, columns, end, today, items.get(key, {}), now.get(key, {}),
                    movements.get(key, {}), payees)
        return statements

    @api.model
    def _get_other_payees(self, ids):
        """Hook: return {item id: whom to pay instead of us, in words}, set-based.

        :param ids: ids of open `account.move.line`
        """
        return {}

    @api.model
    def _get_unasked(self, company, date, ids):
        """Hook: return {item id: code} of what is owed, but may not be asked for; set-based.

        It stays in the balance, and out of what is due.

        :param company: `res.company`
        :param date date: today in this company
        :param ids: ids of open `account.move.line`
        """
        return {}

    @api.model
    def _get_unasked_text(self, code):
        """Hook: return what is not asked for, in words of the debtor.

        :param str code: of `_get_unasked`
        """
        return code

    # === SCOPE === #

    @api.model
    def _get_scope(self, company, customers, branches):
        companies = self._get_companies(company, branches)
        return {
            'companies': companies, 'accounts': companies._get_ar_exposure_account_ids(),
            'partners': customers.partner_id.ids,
        }

    @api.model
    def _get_companies(self, company, branches=False):
        """Return the company, and its branches when asked for.

        :raise AccessError: when one of the branches is not open to the user
        """
        if not branches:
            return company
        # sudo: to know which branches there are; whether they may be read is asked next.
        tree = self.env['res.company'].sudo().search([('id', 'child_of', company.id)])
        closed = tree - self.env.user.company_ids
        if closed and not self.env.su:
            raise AccessError(self.env._(
                "The statement would show the branch %s, which is not open to you.",
                closed[0].name))
        return tree

    # === ITEMS === #

    def _read_items(self, scope, date):
        """Return {partner_id: {currency_id: [item]}} of the items open at the end of ``date``."""
        query = scope['companies']._get_ar_items_query(
            date, where=SQL("p.commercial_partner_id = ANY(%s)", scope['partners']))
        rows = self.env.execute_query_dict(SQL(
            """
            SELECT item.line_id, item.move_id, item.company_id, item.partner_id,
                   item.currency_id, COALESCE(item.invoice_date, item.date) AS date,
                   item.due_date, item.amount_currency AS amount,
                   item.residual_currency AS residual, item.move_type,
                   m.name, m.ref, journal.type AS journal_type
              FROM (%(items)s) item
              JOIN account_move m ON m.id = item.move_id
              JOIN account_journal journal ON journal.id = item.journal_id
             WHERE item.residual_currency <> 0
             ORDER BY item.due_date, item.date, item.line_id
            """, items=query))
        return self._index(rows)

    @api.model
    def _index(self, rows):
        found = {}
        for row in rows:
            found.setdefault(row['partner_id'], {}).setdefault(row['currency_id'], []).append(row)
        return found

    @api.model
    def _list_items(self, found):
        """Return the items of `_read_items` as one list."""
        return [item for parts in found.values() for rows in parts.values() for item in rows]

    # === MOVEMENTS === #

    def _read_movements(self, scope, date_from, date_to):
        """Return {partner_id: {currency_id: [movement]}}; the first one carries the opening.

        One movement per entry: an entry that moves the debt from one of our accounts to another
        comes to nothing and is left out.
        """
        rows = self.env.execute_query_dict(SQL(
            """
            WITH line AS MATERIALIZED (
                SELECT l.id, l.move_id, l.company_id, l.currency_id, l.date, l.amount_currency,
                       COALESCE(l.date_maturity, l.date) AS due_date, l.journal_id,
                       p.commercial_partner_id AS partner_id
                  FROM account_move_line l
                  JOIN res_partner p ON p.id = l.partner_id
                 WHERE l.account_id = ANY(%(accounts)s) AND l.company_id = ANY(%(companies)s)
                   AND l.parent_state = 'posted' AND l.date <= %(to)s
                   AND p.commercial_partner_id = ANY(%(partners)s)
            ), shift AS (%(shifts)s)
            SELECT partner_id, currency_id, 'opening' AS kind, NULL::date AS date,
                   NULL::date AS due_date, NULL::int AS move_id, NULL::int AS company_id,
                   SUM(amount) AS amount, NULL AS name, NULL AS ref, NULL AS move_type,
                   NULL AS journal_type
              FROM (SELECT partner_id, currency_id, amount_currency AS amount FROM line
                     WHERE date < %(from)s
                     UNION ALL
                    SELECT partner_id, currency_id, amount FROM shift
                     WHERE date < %(from)s) before
             GROUP BY partner_id, currency_id
             UNION ALL
            SELECT line.partner_id, line.currency_id, 'entry', line.date, MAX(line.due_date),
                   line.move_id, line.company_id, SUM(line.amount_currency), m.name, m.ref,
                   m.move_type, journal.type
              FROM line
              JOIN account_move m ON m.id = line.move_id
              JOIN account_journal journal ON journal.id = line.journal_id
             WHERE line.date >= %(from)s
             GROUP BY line.partner_id, line.currency_id, line.date, line.move_id,
                      line.company_id, m.id, journal.type
            HAVING SUM(line.amount_currency) <> 0
             UNION ALL
            SELECT partner_id, currency_id, 'shift', date, NULL, NULL, NULL, SUM(amount), NULL,
                   NULL, NULL, NULL
              FROM shift
             WHERE date >= %(from)s
             GROUP BY partner_id, currency_id, date
            HAVING SUM(amount) <> 0
             ORDER BY date NULLS FIRST, kind, move_id
            """, to=date_to, shifts=self._get_shift_query(date_to),
            accounts=scope['accounts'], companies=scope['companies'].ids,
            partners=scope['partners'], **{'from': date_from or date_to}))
        return self._index(rows)

    @api.model
    def _get_shift_query(self, date_to):
        """Matches whose other side is not in the same column: another currency, customer, company.

        A dollar invoice paid in euro leaves the dollars without an entry in dollars. Without these
        rows the balance of a currency would not be the sum of its open items.
        """
        return SQL(
            """
            SELECT debit.partner_id, debit.currency_id, pr.max_date AS date,
                   -pr.debit_amount_currency AS amount
              FROM line debit
              JOIN account_partial_reconcile pr ON pr.debit_move_id = debit.id
              LEFT JOIN line credit ON credit.id = pr.credit_move_id
             WHERE pr.max_date <= %(to)s
               AND (credit.partner_id, credit.currency_id)
                   IS DISTINCT FROM (debit.partner_id, debit.currency_id)
             UNION ALL
            SELECT credit.partner_id, credit.currency_id, pr.max_date, pr.credit_amount_currency
              FROM line credit
              JOIN account_partial_reconcile pr ON pr.credit_move_id = credit.id
              LEFT JOIN line debit ON debit.id = pr.debit_move_id
             WHERE pr.max_date <= %(to)s
               AND (credit.partner_id, credit.currency_id)
                   IS DISTINCT FROM (debit.partner_id, debit.currency_id)
            """, to=date_to)

    # === SECTIONS === #

    def _make_sections(self, company, columns, date, today, items, now, movements, payees):
        """Put items and movements of one customer together, one section per currency."""
        wanted = {*items, *movements, *(key for key, rows in now.items() if rows)}
        currencies = self.env['res.currency'].browse(wanted).sorted(
            lambda currency: (currency != company.currency_id, currency.name))
        sections = []
        for currency in currencies:
            section = self._make_section(
                currency, columns, date, items.get(currency.id, []),
                movements.get(currency.id, []))
            current = now.get(currency.id, [])
            asked = [item for item in current if not item['unasked']]
            others = [item for item in asked if item['line_id'] in payees]
            section['due'] = self._get_due(currency, today, [
                item for item in asked if item['line_id'] not in payees])
            section['unasked'] = [
                (code, currency.round(sum(
                    item['residual'] for item in current if item['unasked'] == code)))
                for code in sorted({item['unasked'] for item in current if item['unasked']})]
            section['elsewhere'] = [
                (due, payee) for payee in sorted({payees[item['line_id']] for item in others})
                if (due := self._get_due(currency, today, [
                    item for item in others if payees[item['line_id']] == payee]))]
            if (section['items'] or section['movements'] or section['due'] or section['elsewhere']
                    or not currency.is_zero(section['opening'])):
                sections.append(section)
        return sections

    @api.model
    def _make_section(self, currency, columns, date, items, movements):
        ages = [0.0] * len(columns)
        credit = 0.0
        for item in items:
            item['days'] = (date - item['due_date']).days
            if item['residual'] < 0:
                credit += item['residual']
            else:
                ages[self._get_age_index(columns, item['days'])] += item['residual']
        opening, rows = 0.0, []
        balance = currency.round(sum(item['residual'] for item in items))
        running = 0.0
        for row in movements:
            running += row['amount']
            if row['kind'] == 'opening':
                opening = currency.round(row['amount'])
            else:
                rows.append({**row, 'balance': currency.round(running)})
        return {
            'currency': currency, 'items': items, 'movements': rows, 'opening': opening,
            'closing': currency.round(running) if movements else balance,
            'ages': [currency.round(amount) for amount in ages],
            'credit': currency.round(credit), 'balance': balance,
        }

    @api.model
    def _get_due(self, currency, today, items):
        """Return what should be paid today: items due by today minus every open credit."""
        due = sum(item['residual'] for item in items
                  if item['residual'] < 0 or item['due_date'] <= today)
        return max(currency.round(due), 0.0)

    @api.model
    def _get_ages(self):
        """Return the columns of the ageing line: list of (label, first day late, last day)."""
        return [(bucket.name, first, last)
                for bucket, first, last in self.env['ar.aged.bucket']._get_bounds()]

    @api.model
    def _get_age_index(self, columns, days):
        """Return the column of an item; due today is not late."""
        index = 0
        for number, (_label, first, _last) in enumerate(columns):
            if number and days >= first:
                index = number
        return index

    # === WORDS === #

    @api.model
    def _get_kind_label(self, row):
        """Return what a document is, in the language of the context."""
        if row.get('kind') == 'shift':
            return self.env._("Matched with another currency or account")
        labels = {'out_invoice': self.env._("Invoice"), 'out_refund': self.env._("Credit note"),
                  'out_receipt': self.env._("Receipt")}
        if row['move_type'] in labels:
            return labels[row['move_type']]
        if row['journal_type'] in CASH_JOURNALS:
            return self.env._("Payment")
        return self.env._("Entry")

    @api.model
    def _get_default_dates(self, company):
        """Return the period that people ask for most: since the first day of last month."""
        today = company._get_ar_today()
        return fields.Date.start_of(fields.Date.subtract(today, months=1), 'month'), today
