"""Check that the SQL-made part of a ledger is what Odoo would have written.

Three independent looks: the columns that are filled (against documents that took the ORM's own
road), the accounting invariants in plain SQL, and Odoo's own recomputation on a random sample.
"""

import argparse
import os
import random

from environment import open_env

# What a table's rows are compared by: rows of one signature must fill the same columns.
SIGNATURES = {
    'account_move': (
        "concat_ws(' ', r.move_type, r.payment_state, r.origin_payment_id IS NOT NULL,"
        " r.statement_line_id IS NOT NULL)"
    ),
    'account_move_line': (
        "concat_ws(' ', m.move_type, r.display_type, a.account_type, r.reconciled,"
        " COALESCE(r.matching_number LIKE 'P%', FALSE), r.payment_id IS NOT NULL)"
    ),
    'account_payment': "concat_ws(' ', r.state, r.is_reconciled, r.memo IS NOT NULL)",
    'account_partial_reconcile': "(r.full_reconcile_id IS NOT NULL)::varchar",
}
JOINS = {
    'account_move': 'JOIN account_move m ON m.id = r.id',
    'account_move_line':
        'JOIN account_move m ON m.id = r.move_id JOIN account_account a ON a.id = r.account_id',
    'account_payment': 'JOIN account_move m ON m.id = r.move_id',
    'account_partial_reconcile':
        'JOIN account_move_line l ON l.id = r.debit_move_id '
        'JOIN account_move m ON m.id = l.move_id',
}
# Depend on the customer or on the bank statement, not on how the row was made.
FREE_COLUMNS = {'fiscal_position_id', 'partner_bank_id', 'reversed_entry_id', 'exchange_move_id',
                'ref', 'write_uid', 'create_uid'}

INVARIANTS = {
    "entries that do not balance": """
        SELECT count(*) FROM (SELECT move_id FROM account_move_line GROUP BY move_id
                               HAVING sum(balance) <> 0 OR sum(debit) <> sum(credit)) x""",
    "entries that do not balance in their currency": """
        SELECT count(*) FROM (
            SELECT l.move_id FROM account_move_line l JOIN account_move m ON m.id = l.move_id
             WHERE m.origin_payment_id IS NOT NULL OR m.move_type LIKE 'out_%%'
             GROUP BY l.move_id HAVING sum(l.amount_currency) <> 0) x""",
    "lines whose balance is not debit - credit": """
        SELECT count(*) FROM account_move_line WHERE balance <> debit - credit""",
    "company amounts with more than two decimals": """
        SELECT count(*) FROM account_move_line WHERE balance <> round(balance, 2)
            OR amount_residual <> round(amount_residual, 2)""",
    "foreign amounts finer than their currency": """
        SELECT count(*) FROM account_move_line l JOIN res_currency c ON c.id = l.currency_id
         WHERE amount_currency <> round(amount_currency, c.decimal_places)
            OR amount_residual_currency <> round(amount_residual_currency, c.decimal_places)""",
    "residuals that differ from balance less partials": """
        SELECT count(*) FROM account_move_line l
          JOIN account_account a ON a.id = l.account_id AND a.reconcile
          LEFT JOIN (SELECT debit_move_id AS id, sum(amount) AS amount,
                            sum(debit_amount_currency) AS currency
                       FROM account_partial_reconcile GROUP BY 1) d ON d.id = l.id
          LEFT JOIN (SELECT credit_move_id AS id, sum(amount) AS amount,
                            sum(credit_amount_currency) AS currency
                       FROM account_partial_reconcile GROUP BY 1) c ON c.id = l.id
         WHERE l.parent_state = 'posted' AND (
               l.amount_residual <> l.balance - COALESCE(d.amount, 0) + COALESCE(c.amount, 0)
            OR l.amount_residual_currency
               <> l.amount_currency - COALESCE(d.currency, 0) + COALESCE(c.currency, 0))""",
    "reconciled flags that contradict the residual": """
        SELECT count(*) FROM account_move_line l
          JOIN account_account a ON a.id = l.account_id AND a.reconcile
         WHERE l.parent_state = 'posted' AND l.matching_number IS NOT NULL
           AND l.reconciled <> (amount_residual = 0 AND amount_residual_currency = 0)""",
    "full reconciliations that do not sum to zero": """
        SELECT count(*) FROM (SELECT full_reconcile_id FROM account_move_line
                               WHERE full_reconcile_id IS NOT NULL GROUP BY full_reconcile_id
                               HAVING sum(balance) <> 0) x""",
    "matching numbers that do not name their reconciliation": """
        SELECT count(*) FROM account_move_line
         WHERE full_reconcile_id IS NOT NULL
           AND matching_number <> full_reconcile_id::varchar""",
    "partial matching numbers without their partial": """
        SELECT count(*) FROM account_move_line l
         WHERE l.matching_number LIKE 'P%%' AND NOT EXISTS (
               SELECT FROM account_partial_reconcile p
                WHERE p.id = substr(l.matching_number, 2)::int)""",
    "partials dated otherwise than the later of their lines": """
        SELECT count(*) FROM account_partial_reconcile p
          JOIN account_move_line d ON d.id = p.debit_move_id
          JOIN account_move_line c ON c.id = p.credit_move_id
         WHERE p.max_date <> GREATEST(d.date, c.date)""",
    "lines that disagree with their entry": """
        SELECT count(*) FROM account_move_line l JOIN account_move m ON m.id = l.move_id
         WHERE l.parent_state <> m.state OR l.move_name <> m.name OR l.date <> m.date
            OR l.journal_id <> m.journal_id OR l.company_id <> m.company_id""",
    "receivable lines on another partner than the commercial one": """
        SELECT count(*) FROM account_move_line l JOIN account_move m ON m.id = l.move_id
          JOIN res_partner p ON p.id = l.partner_id
         WHERE m.move_type LIKE 'out_%%' AND l.partner_id <> m.commercial_partner_id""",
    "invoices whose due date is not their last instalment": """
        SELECT count(*) FROM account_move m JOIN (
            SELECT move_id, max(date_maturity) AS due FROM account_move_line
             WHERE display_type = 'payment_term' GROUP BY move_id) l ON l.move_id = m.id
         WHERE m.invoice_date_due <> l.due""",
    "invoices whose residual is not that of their items": """
        SELECT count(*) FROM account_move m JOIN (
            SELECT move_id, sum(amount_residual) AS residual,
                   sum(amount_residual_currency) AS currency FROM account_move_line
             WHERE display_type = 'payment_term' GROUP BY move_id) l ON l.move_id = m.id
         WHERE m.amount_residual_signed <> l.residual OR m.amount_residual <> abs(l.currency)""",
    "SQL-made names that do not end in their number": """
        SELECT count(*) FROM account_move
         WHERE id > (SELECT move_id FROM bench_limit)
           AND name <> sequence_prefix || lpad(
               sequence_number::text, GREATEST(5, length(sequence_number::text)), '0')""",
    "payments that differ from their entry": """
        SELECT count(*) FROM account_payment p JOIN account_move m ON m.id = p.move_id
         WHERE p.name <> m.name OR p.date <> m.date OR p.amount <> m.amount_total
            OR m.origin_payment_id <> p.id""",
    "ids above their sequence": """
        SELECT count(*) FROM (VALUES
            ((SELECT max(id) FROM account_move), (SELECT last_value FROM account_move_id_seq)),
            ((SELECT max(id) FROM account_move_line),
             (SELECT last_value FROM account_move_line_id_seq)),
            ((SELECT max(id) FROM account_payment), (SELECT last_value FROM account_payment_id_seq))
        ) x (highest, last) WHERE highest > last""",
}


class LedgerCheck:
    """Collects differences; an empty list means that the ledger is sound."""

    def __init__(self, env, sample, seed):
        self.env = env
        self.sample = sample
        self.random = random.Random(seed)
        self.problems = []
        env.cr.execute('SELECT move_id FROM bench_limit')
        self.limit = env.cr.fetchone()[0]

    def run(self):
        """Run the three looks and return the problems found."""
        self._check_columns()
        self._check_invariants()
        self._check_recomputation()
        return self.problems

    # === FILLED COLUMNS === #
    def _check_columns(self):
        for table in SIGNATURES:
            by_orm = self._get_filled(table, 'm.id <= %s')
            by_sql = self._get_filled(table, 'm.id > %s')
            for signature, (some, always) in sorted(by_sql.items()):
                if signature not in by_orm:
                    self.problems.append(f"{table}: no ORM document is of kind {signature!r}")
                    continue
                orm_some, orm_always = by_orm[signature]
                difference = ((some - orm_some) | (orm_always - always)) - FREE_COLUMNS
                if difference:
                    self.problems.append(
                        f"{table} [{signature}]: {sorted(difference)} filled on one side only"
                    )
            print(f"  {table}: {len(by_sql)} kinds compared with the ORM's")

    def _get_filled(self, table, condition):
        """Return {signature: (columns filled in some row, columns filled in every row)}."""
        self.env.cr.execute(f"""
            WITH rows AS (
                SELECT {SIGNATURES[table]} AS signature, to_jsonb(r) AS row
                  FROM {table} r {JOINS[table]}
                 WHERE {condition.replace('%s', str(self.limit))} AND m.company_id = 1
                   AND m.id <= {self.limit} + 20000
            ), filled AS (
                SELECT signature, key, count(*) AS number
                  FROM rows CROSS JOIN LATERAL jsonb_each(row)
                 WHERE value <> 'null'::jsonb GROUP BY signature, key
            )
            SELECT signature, array_agg(key),
                   array_agg(key) FILTER (WHERE number = total)
              FROM filled JOIN (SELECT signature, count(*) AS total FROM rows GROUP BY 1) t
             USING (signature)
             GROUP BY signature
        """)
        return {signature: (set(some), set(always or ()))
                for signature, some, always in self.env.cr.fetchall()}

    # === INVARIANTS === #
    def _check_invariants(self):
        for label, query in INVARIANTS.items():
            self.env.cr.execute(query.replace('%%', '%'))
            wrong = self.env.cr.fetchone()[0]
            if wrong:
                self.problems.append(f"{wrong} {label}")
        print(f"  {len(INVARIANTS)} invariants over the whole ledger")

    # === RECOMPUTATION === #
    def _check_recomputation(self):
        self.env.cr.execute("SELECT max(id) FROM account_move")
        ids = self.random.sample(
            range(self.limit + 1, self.env.cr.fetchone()[0] + 1), self.sample)
        moves = self.env['account.move'].browse(ids)
        payments = moves.origin_payment_id
        self._compare(moves.line_ids, 'amount_residual', 'amount_residual_currency', 'reconciled')
        self._compare(
            moves, 'amount_untaxed', 'amount_tax', 'amount_total', 'amount_residual',
            'amount_untaxed_signed', 'amount_tax_signed', 'amount_total_signed',
            'amount_residual_signed', 'amount_total_in_currency_signed',
            'amount_untaxed_in_currency_signed', 'payment_state', 'commercial_partner_id')
        self._compare(
            moves.filtered(lambda m: m.is_invoice()), 'invoice_date_due', 'partner_shipping_id',
            'invoice_partner_display_name')
        self._compare(payments, 'is_reconciled', 'is_matched', 'state')
        print(f"  {len(moves)} random SQL-made entries recomputed by Odoo")

    def _compare(self, records, *names):
        """Let Odoo recompute stored fields and compare; the caller rolls back."""
        stored = {record.id: [record[name] for name in names] for record in records}
        for name in names:
            self.env.add_to_compute(records._fields[name], records)
        for record in records:
            for name, old in zip(names, stored[record.id], strict=True):
                new = record[name]
                same = abs(old - new) < 1e-6 if isinstance(old, float) else old == new
                if not same:
                    self.problems.append(
                        f"{record._name} {record.id}: {name} is {old}, Odoo says {new}")


def main():
    """Check one database; exit code 1 when anything differs."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument('--database', default=os.environ.get('DB', 'ar_bench'))
    parser.add_argument('--sample', type=int, default=500)
    parser.add_argument('--seed', type=int, default=19)
    arguments = parser.parse_args()
    with open_env(arguments.database) as env:
        problems = LedgerCheck(env, arguments.sample, arguments.seed).run()
        env.cr.rollback()
        env.invalidate_all(flush=False)
    for problem in problems[:40]:
        print(f"  PROBLEM {problem}")
    print(f"{len(problems)} problems found in {arguments.database}.")
    raise SystemExit(bool(problems))


if __name__ == '__main__':
    main()
