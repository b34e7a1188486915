"""The bulk of the ledger: copies of the exemplars with their own customer, dates and amounts."""

from contextlib import contextmanager

from ledger_plan import LedgerPlan

CHUNK = 50_000
TABLES = (
    'account_move', 'account_move_line', 'account_payment', 'account_full_reconcile',
    'account_partial_reconcile', 'account_move__account_payment',
    'account_move_line_account_tax_rel',
)
# Every amount of a document is proportional to its untaxed amount.
MOVE_AMOUNTS = (
    'amount_untaxed', 'amount_tax', 'amount_total', 'amount_residual', 'amount_untaxed_signed',
    'amount_untaxed_in_currency_signed', 'amount_tax_signed', 'amount_total_signed',
    'amount_total_in_currency_signed', 'amount_residual_signed',
)
LINE_AMOUNTS = (
    'debit', 'credit', 'balance', 'amount_currency', 'tax_base_amount', 'amount_residual',
    'amount_residual_currency', 'price_unit', 'price_subtotal', 'price_total',
    'discount_amount_currency', 'discount_balance',
)
PAYMENT_AMOUNTS = ('amount', 'amount_company_currency_signed')
PARTIAL_AMOUNTS = ('amount', 'debit_amount_currency', 'credit_amount_currency')


class LedgerSql:
    """INSERT … SELECT from the exemplars joined with the plan, under every constraint."""

    def __init__(self, env, today, seed):
        self.cr = env.cr
        self.plan = LedgerPlan(env.cr, today, seed)
        self.columns = {}

    def run(self, invoices, overdue_items, report=print):
        """Add so many invoices, of which so many items are open and overdue."""
        self.cr.execute('SET synchronous_commit TO off')
        documents = self.plan.run(invoices, overdue_items)
        self.cr.commit()
        with self._checked_at_the_end(report):
            for start in range(0, documents, CHUNK):
                scope = {'low': start + 1, 'high': min(start + CHUNK, documents)}
                self._copy_documents(scope)
                self._copy_lines(scope)
                self._copy_partials(scope)
                self.cr.commit()
                report(f"  {scope['high']:>9,} of {documents:,} documents")
        self.plan.drop()
        return documents

    @contextmanager
    def _checked_at_the_end(self, report):
        """Take foreign keys and plain indexes away, and make them again over all the rows.

        Made again, a foreign key checks every row at once: the same rule, ten times faster than
        a check per row. Unique keys, checks and NOT NULL stay on meanwhile.
        """
        self.cr.execute("""
            SELECT conrelid::regclass::text, quote_ident(conname), pg_get_constraintdef(oid)
              FROM pg_constraint WHERE contype = 'f' AND conrelid::regclass::text = ANY(%s)
        """, [list(TABLES)])
        keys = self.cr.fetchall()
        self.cr.execute("""
            SELECT indexrelid::regclass::text, pg_get_indexdef(indexrelid)
              FROM pg_index WHERE NOT indisunique AND indrelid::regclass::text = ANY(%s)
        """, [list(TABLES)])
        indexes = self.cr.fetchall()
        for table, name, _definition in keys:
            self.cr.execute(f'ALTER TABLE {table} DROP CONSTRAINT {name}')
        for name, _definition in indexes:
            self.cr.execute(f'DROP INDEX {name}')
        self.cr.commit()
        yield
        self.cr.execute("SET maintenance_work_mem TO '1GB'")
        for _name, definition in indexes:
            self.cr.execute(definition)
        self.cr.commit()
        report(f"  {len(indexes)} indexes made again")
        for table, name, definition in keys:
            self.cr.execute(f'ALTER TABLE {table} ADD CONSTRAINT {name} {definition}')
        self.cr.commit()
        report(f"  {len(keys)} foreign keys checked")

    # === COPYING === #
    def _get_columns(self, table):
        if table not in self.columns:
            self.cr.execute(
                'SELECT column_name FROM information_schema.columns '
                "WHERE table_name = %s AND table_schema = 'public' ORDER BY ordinal_position",
                [table],
            )
            self.columns[table] = [name for name, in self.cr.fetchall()]
        return self.columns[table]

    def _prepare_copy(self, table, overrides, amounts, source):
        """Return an INSERT that copies all columns of `e`, scaled or replaced where told."""
        values = {name: f'e."{name}"' for name in self._get_columns(table)}
        values.update({name: f'trim_scale(e."{name}" * p.scale)' for name in amounts})
        values.update(overrides)
        names = ', '.join(f'"{name}"' for name in values)
        return f'INSERT INTO {table} ({names}) SELECT {", ".join(values.values())} {source}'

    def _copy_documents(self, scope):
        """Invoices and payments with their entries, in one statement.

        A payment names its entry and the entry names its payment: only within one statement do
        both foreign keys hold when they are checked.
        """
        invoices = self._prepare_copy('account_move', {
            'id': 'p.move_id',
            'name': 'p.name',
            'payment_reference': 'CASE WHEN e.payment_reference IS NOT NULL THEN p.name END',
            'sequence_prefix': 'p.prefix',
            'sequence_number': 'p.number',
            'partner_id': 'p.contact_id',
            'partner_shipping_id': 'p.partner_id',
            'commercial_partner_id': 'p.partner_id',
            'invoice_partner_display_name': 'p.display_name',
            'date': 'p.date',
            'invoice_date': 'p.date',
            'invoice_date_due': 'p.date + (e.invoice_date_due - e.date)',
        }, MOVE_AMOUNTS, self._from('e.id = x.move_id'))
        entries = self._prepare_copy('account_move', {
            'id': 'p.payment_move_id',
            'name': 'p.payment_name',
            'ref': "replace(e.ref, m.name, p.name)",
            'sequence_prefix': 'p.payment_prefix',
            'sequence_number': 'p.payment_number',
            'origin_payment_id': 'p.payment_id',
            'partner_id': 'p.partner_id',
            'commercial_partner_id': 'p.partner_id',
            'partner_shipping_id':
                'CASE WHEN e.partner_shipping_id IS NOT NULL THEN p.partner_id END',
            'invoice_partner_display_name': 'p.commercial_name',
            'date': 'p.payment_date',
        }, MOVE_AMOUNTS, self._from('e.id = x.payment_move_id'))
        payments = self._prepare_copy('account_payment', {
            'id': 'p.payment_id',
            'move_id': 'p.payment_move_id',
            'name': 'p.payment_name',
            'memo': "replace(e.memo, m.name, p.name)",
            'partner_id': 'p.partner_id',
            'date': 'p.payment_date',
        }, PAYMENT_AMOUNTS, self._from('e.id = x.payment_id', 'account_payment'))
        self.cr.execute(f"""
            WITH invoices AS ({invoices}),
                 entries AS ({entries}),
                 payments AS ({payments})
            INSERT INTO account_move__account_payment (invoice_id, payment_id)
            SELECT p.move_id, p.payment_id FROM bench_plan p
             WHERE p.i BETWEEN %(low)s AND %(high)s
               AND p.move_id IS NOT NULL AND p.payment_id IS NOT NULL
        """, scope)

    @staticmethod
    def _from(condition, table='account_move'):
        return f"""
              FROM bench_plan p
              JOIN bench_exemplar x ON x.kind = p.kind
              LEFT JOIN account_move m ON m.id = x.move_id
              JOIN {table} e ON {condition}
             WHERE p.i BETWEEN %(low)s AND %(high)s
        """

    def _copy_lines(self, scope):
        # The full reconciliations come first: lines and partials point to them.
        self.cr.execute("""
            INSERT INTO account_full_reconcile (id, create_uid, write_uid, create_date, write_date)
            SELECT full_id, 1, 1, now() AT TIME ZONE 'UTC', now() AT TIME ZONE 'UTC'
              FROM bench_plan WHERE i BETWEEN %(low)s AND %(high)s AND full_id IS NOT NULL
        """, scope)
        self.cr.execute(self._prepare_copy('account_move_line', {
            'id': 'p.line_base + x.rank',
            'move_id': 'CASE WHEN x.of_payment THEN p.payment_move_id ELSE p.move_id END',
            'move_name': 'CASE WHEN x.of_payment THEN p.payment_name ELSE p.name END',
            'partner_id': 'p.partner_id',
            'payment_id': 'CASE WHEN e.payment_id IS NOT NULL THEN p.payment_id END',
            'name': 'replace(e.name, m.name, COALESCE(p.name, p.payment_name))',
            'ref': 'replace(e.ref, m.name, p.name)',
            'date': 'CASE WHEN x.of_payment THEN p.payment_date ELSE p.date END',
            'invoice_date': 'CASE WHEN e.invoice_date IS NOT NULL THEN p.date END',
            'date_maturity': 'CASE WHEN x.of_payment THEN p.payment_date ELSE p.date END '
                             '+ (e.date_maturity - e.date)',
            'full_reconcile_id': 'CASE WHEN e.full_reconcile_id IS NOT NULL THEN p.full_id END',
            'matching_number': """CASE
                WHEN e.full_reconcile_id IS NOT NULL THEN p.full_id::varchar
                WHEN e.matching_number IS NOT NULL THEN 'P' || (p.partial_base + 1) END""",
        }, LINE_AMOUNTS, """
              FROM bench_plan p
              JOIN bench_exemplar_line x ON x.kind = p.kind
              JOIN bench_exemplar y ON y.kind = p.kind
              LEFT JOIN account_move m ON m.id = COALESCE(y.move_id, y.payment_move_id)
              JOIN account_move_line e ON e.id = x.line_id
             WHERE p.i BETWEEN %(low)s AND %(high)s
        """), scope)
        self.cr.execute("""
            INSERT INTO account_move_line_account_tax_rel (account_move_line_id, account_tax_id)
            SELECT p.line_base + x.rank, r.account_tax_id
              FROM bench_plan p
              JOIN bench_exemplar_line x ON x.kind = p.kind
              JOIN account_move_line_account_tax_rel r ON r.account_move_line_id = x.line_id
             WHERE p.i BETWEEN %(low)s AND %(high)s
        """, scope)

    def _copy_partials(self, scope):
        self.cr.execute(self._prepare_copy('account_partial_reconcile', {
            'id': 'p.partial_base + x.rank',
            'debit_move_id': 'p.line_base + x.debit_rank',
            'credit_move_id': 'p.line_base + x.credit_rank',
            'full_reconcile_id': 'CASE WHEN x.is_full THEN p.full_id END',
            'max_date': 'GREATEST(p.date, p.payment_date)',
        }, PARTIAL_AMOUNTS, """
              FROM bench_plan p
              JOIN bench_exemplar_partial x ON x.kind = p.kind
              JOIN account_partial_reconcile e ON e.id = x.partial_id
             WHERE p.i BETWEEN %(low)s AND %(high)s
        """), scope)
