"""One document of each kind, made through the ORM, from which the SQL rows are copied."""

from datetime import timedelta

from odoo.fields import Command

# Untaxed euros of every exemplar; SQL copies scale all amounts by (their amount / this one).
EXEMPLAR_AMOUNT = 100.0
CURRENCY_UNITS = {'EUR': 1, 'USD': 1.25, 'JPY': 125, 'KWD': 0.4}


class LedgerExemplars:
    """Create the exemplars of the main company and remember their ids in `bench_exemplar`."""

    def __init__(self, documents):
        self.documents = documents
        self.env = documents.env

    def run(self):
        """Fill the working tables that the SQL copies join."""
        partner = self.documents.customers[0]
        rows = []
        for kind in ('open1', 'paid1'):
            for currency in CURRENCY_UNITS:
                rows.append(self._make(f'{kind}_{currency}', partner, currency))
        for kind in ('part1', 'open3', 'paid3', 'credit'):
            rows.append(self._make(f'{kind}_EUR', partner, 'EUR'))
        rows.append(self._make_on_account(partner))
        self.env.flush_all()
        self._store(rows)

    def _make(self, kind, partner, currency):
        documents = self.documents
        record = documents.setup.currency(currency)
        move_type = 'out_refund' if kind.startswith('credit') else 'out_invoice'
        term = 'inv3' if '3' in kind else 'inv1'
        values = documents._prepare_invoice_values(term, move_type, record)
        values.update({
            'partner_id': partner.id,
            'invoice_date': documents.today - timedelta(days=95),
            'invoice_line_ids': [Command.create({
                'name': "Delivered goods",
                'quantity': 1,
                'price_unit': EXEMPLAR_AMOUNT * CURRENCY_UNITS[currency],
                'tax_ids': [Command.set(documents.tax.ids)],
            })],
        })
        move = self.env['account.move'].create(values)
        move.action_post()
        payment = self.env['account.payment']
        if kind.startswith('paid'):
            payment = documents._pay(move, delay=3)
        elif kind.startswith('part'):
            payment = documents._pay(move, share=0.4, delay=3)
        return kind, move.id, payment.id or None

    def _make_on_account(self, partner):
        payment = self.env['account.payment'].create({
            'payment_type': 'inbound',
            'partner_type': 'customer',
            'partner_id': partner.id,
            'amount': EXEMPLAR_AMOUNT,
            'date': self.documents.today - timedelta(days=40),
            'journal_id': self.documents.bank.id,
        })
        payment.action_post()
        return 'onacc_EUR', None, payment.id

    def _store(self, rows):
        cr = self.env.cr
        cr.execute("""
            DROP TABLE IF EXISTS bench_exemplar, bench_exemplar_line, bench_exemplar_partial;
            CREATE UNLOGGED TABLE bench_exemplar (
                kind varchar PRIMARY KEY, move_id int, payment_id int, payment_move_id int,
                lines int, partials int, is_full boolean)
        """)
        for row in rows:
            cr.execute('INSERT INTO bench_exemplar (kind, move_id, payment_id) '
                       'VALUES (%s, %s, %s)', row)
        cr.execute("""
            UPDATE bench_exemplar e SET payment_move_id = p.move_id
              FROM account_payment p WHERE p.id = e.payment_id;
            CREATE UNLOGGED TABLE bench_exemplar_line AS
            SELECT e.kind, l.id AS line_id, l.move_id = e.payment_move_id AS of_payment,
                   row_number() OVER (PARTITION BY e.kind
                                      ORDER BY l.move_id IS NOT DISTINCT FROM e.payment_move_id,
                                               l.id)::int AS rank
              FROM bench_exemplar e
              JOIN account_move_line l ON l.move_id IN (e.move_id, e.payment_move_id);
            UPDATE bench_exemplar_line SET of_payment = FALSE WHERE of_payment IS NULL;
            CREATE UNLOGGED TABLE bench_exemplar_partial AS
            SELECT d.kind, r.id AS partial_id, d.rank AS debit_rank, c.rank AS credit_rank,
                   r.full_reconcile_id IS NOT NULL AS is_full,
                   row_number() OVER (PARTITION BY d.kind ORDER BY r.id)::int AS rank
              FROM account_partial_reconcile r
              JOIN bench_exemplar_line d ON d.line_id = r.debit_move_id
              JOIN bench_exemplar_line c ON c.line_id = r.credit_move_id AND c.kind = d.kind;
            UPDATE bench_exemplar e SET
                lines = (SELECT count(*) FROM bench_exemplar_line l WHERE l.kind = e.kind),
                partials = (SELECT count(*) FROM bench_exemplar_partial r WHERE r.kind = e.kind),
                is_full = EXISTS (SELECT FROM bench_exemplar_partial r
                                   WHERE r.kind = e.kind AND r.is_full)
        """)
