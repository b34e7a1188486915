"""What each SQL-made document will be: kind, customer, dates, amount, name and ids."""

# Primes that scatter documents over kinds, customers and dates; the seed shifts them.
SCATTER = 1_000_003
FOREIGN = ('USD', 'JPY', 'KWD')


class LedgerPlan:
    """One row per future document in `bench_plan`; the same arguments give the same plan."""

    def __init__(self, cr, today, seed):
        self.cr = cr
        self.today = today
        self.seed = seed

    def run(self, invoices, overdue_items):
        """Write the plan and return its number of documents."""
        mix = self._get_mix(invoices, overdue_items)
        total = self._store_mix(mix)
        self._store_customers()
        self._store_documents(total)
        self._store_names()
        self._reserve_ids()
        return total

    # === MIX === #
    def _get_mix(self, invoices, overdue):
        """Return (group, kind, number) rows; instalment invoices count three overdue items."""
        over3 = round(overdue * 0.045)
        over1 = overdue - 3 * over3
        not_due = round(invoices * 0.05)
        paid = invoices - over1 - over3 - not_due
        if paid < 0:
            raise SystemExit("More overdue items than invoices allow.")
        mix = [('overdue', 'open3_EUR', over3), ('overdue', 'part1_EUR', round(over1 * 0.15))]
        mix += [('overdue', f'open1_{name}', round(over1 * 0.03)) for name in FOREIGN]
        mix.append(('overdue', 'open1_EUR', over1 - sum(row[2] for row in mix[1:])))
        mix += [
            ('not_due', 'open3_EUR', not_due // 20),
            ('not_due', 'open1_EUR', not_due - not_due // 20),
        ]
        mix += [('paid', f'paid1_{name}', round(paid * 0.03)) for name in FOREIGN]
        mix.append(('paid', 'paid3_EUR', round(paid * 0.05)))
        mix.append(('paid', 'paid1_EUR', paid - round(paid * 0.05) - 3 * round(paid * 0.03)))
        mix.append(('credit', 'credit_EUR', invoices // 100))
        mix.append(('credit', 'onacc_EUR', invoices // 100))
        return mix

    def _store_mix(self, mix):
        self.drop()
        self.cr.execute('CREATE UNLOGGED TABLE bench_mix '
                        '(low int, high int, grouping_name varchar, kind varchar)')
        total = 0
        for group, kind, number in mix:
            if number > 0:
                self.cr.execute('INSERT INTO bench_mix VALUES (%s, %s, %s, %s)',
                                [total, total + number - 1, group, kind])
                total += number
        return total

    def _store_customers(self):
        self.cr.execute("""
            CREATE UNLOGGED TABLE bench_customer AS
            SELECT row_number() OVER (ORDER BY p.ref) - 1 AS rank, p.id AS partner_id,
                   p.complete_name AS commercial_name,
                   COALESCE(c.id, p.id) AS contact_id,
                   COALESCE(c.complete_name, p.complete_name) AS contact_name
              FROM res_partner p
              LEFT JOIN res_partner c ON c.parent_id = p.id AND c.type = 'invoice'
             WHERE p.ref ~ '^C[0-9]{6}$';
            CREATE UNIQUE INDEX ON bench_customer (rank);
            ANALYZE bench_customer
        """)

    # === DOCUMENTS === #
    def _store_documents(self, total):
        """Draw four numbers in [0, 1) per document and turn them into customer, dates, amount.

        Amounts are multiples that split without rounding: 15 % tax, 30/30/40 % instalments,
        40 % part payments and the four fixed exchange rates all come out exact.
        """
        self.cr.execute("""
            CREATE UNLOGGED TABLE bench_plan AS
            WITH drawn AS (
                SELECT i, ((i::bigint * %(scatter)s + %(seed)s) %% %(total)s)::int AS place,
                       abs(hashint8(i::bigint * 31 + %(seed)s)::bigint) / 2147483649.0 AS r1,
                       abs(hashint8(i::bigint * 37 + %(seed)s)::bigint) / 2147483649.0 AS r2,
                       abs(hashint8(i::bigint * 41 + %(seed)s)::bigint) / 2147483649.0 AS r3,
                       abs(hashint8(i::bigint * 43 + %(seed)s)::bigint) / 2147483649.0 AS r4
                  FROM generate_series(1, %(total)s) AS i
            ), placed AS (
                SELECT d.*, m.kind, m.grouping_name, c.partner_id, c.contact_id, c.contact_name,
                       c.commercial_name, c.rank,
                       CASE m.grouping_name
                           WHEN 'overdue' THEN %(today)s::date - 31 - (240 * r2 * r2)::int
                                - CASE WHEN m.kind LIKE 'open3%%' THEN 60 ELSE 0 END
                           WHEN 'not_due' THEN %(today)s::date - (29 * r2)::int
                           WHEN 'credit' THEN %(today)s::date - 5 - (120 * r2)::int
                           ELSE %(today)s::date - 130 - (930 * r2)::int
                       END AS date
                  FROM drawn d
                  JOIN bench_mix m ON d.place BETWEEN m.low AND m.high
                  JOIN bench_customer c ON c.rank = floor(
                       (SELECT count(*) FROM bench_customer) * power(r1, 1.3))
            )
            SELECT i, kind, grouping_name, partner_id, commercial_name, date,
                   CASE WHEN r4 < 0.5 THEN contact_id ELSE partner_id END AS contact_id,
                   CASE WHEN r4 < 0.5 THEN contact_name ELSE commercial_name END AS display_name,
                   CASE
                       WHEN kind = 'onacc_EUR' THEN date
                       WHEN kind LIKE 'part1%%' THEN LEAST(date + 45, %(today)s::date)
                       WHEN kind LIKE 'paid%%'
                       -- Each customer has a habit: early, on time, late or very late.
                       THEN date + CASE WHEN kind LIKE 'paid3%%' THEN 90 ELSE 30 END
                            + (CASE rank %% 10 WHEN 0 THEN -12 WHEN 1 THEN -5 WHEN 7 THEN 12
                                               WHEN 8 THEN 20 WHEN 9 THEN 30 ELSE 1 END
                               + (9 * r3)::int)
                   END AS payment_date,
                   CASE
                       WHEN kind LIKE '%%1_EUR' AND kind NOT LIKE 'part%%'
                       THEN 0.2 * (100 + (40000 * r3 * r3 * r4)::int)
                       WHEN kind LIKE '%%_EUR' THEN 2.0 * (10 + (4000 * r3 * r3 * r4)::int)
                       ELSE 20.0 * (1 + (400 * r3 * r3 * r4)::int)
                   END / 100.0 AS scale
              FROM placed
        """, {
            'total': total, 'today': self.today, 'seed': self.seed,
            'scatter': self._get_scatter(total),
        })

    @staticmethod
    def _get_scatter(total):
        # A multiplier without common divisor visits every place exactly once.
        scatter = SCATTER
        while total % scatter == 0:
            scatter += 2
        return scatter

    # === NAMES === #
    def _store_names(self):
        """Continue the journals' own numbering, year by year."""
        self.cr.execute("""
            CREATE UNLOGGED TABLE bench_named AS
            WITH dated AS (
                SELECT p.*, x.lines, x.partials, x.is_full,
                       x.payment_id IS NOT NULL AS has_payment,
                       x.move_id IS NOT NULL AS has_invoice,
                       m.journal_id, e.journal_id AS payment_journal_id,
                       regexp_replace(m.sequence_prefix, '[0-9]{4}',
                                      to_char(p.date, 'YYYY')) AS prefix,
                       regexp_replace(e.sequence_prefix, '/[0-9]{4}/',
                                      '/' || to_char(p.payment_date, 'YYYY') || '/')
                           AS payment_prefix
                  FROM bench_plan p
                  JOIN bench_exemplar x ON x.kind = p.kind
                  LEFT JOIN account_move m ON m.id = x.move_id
                  LEFT JOIN account_move e ON e.id = x.payment_move_id
            ), last AS (
                SELECT journal_id, sequence_prefix, max(sequence_number) AS number
                  FROM account_move GROUP BY journal_id, sequence_prefix
            )
            SELECT d.*,
                   CASE WHEN has_invoice THEN COALESCE(l.number, 0) + row_number() OVER (
                       PARTITION BY d.journal_id, d.prefix ORDER BY d.date, d.i) END::int AS number,
                   CASE WHEN has_payment THEN COALESCE(k.number, 0) + row_number() OVER (
                       PARTITION BY d.payment_journal_id, d.payment_prefix
                       ORDER BY d.payment_date, d.i) END::int AS payment_number
              FROM dated d
              LEFT JOIN last l ON l.journal_id = d.journal_id AND l.sequence_prefix = d.prefix
              LEFT JOIN last k ON k.journal_id = d.payment_journal_id
                              AND k.sequence_prefix = d.payment_prefix
        """)

    # === IDS === #
    def _reserve_ids(self):
        """Give every future row its id, then move the sequences past them."""
        bases = {name: self._last_id(name) for name in (
            'account_move', 'account_move_line', 'account_payment', 'account_partial_reconcile',
            'account_full_reconcile')}
        self.cr.execute("""
            DROP TABLE bench_plan;
            CREATE UNLOGGED TABLE bench_plan AS
            SELECT i, kind, partner_id, contact_id, display_name, commercial_name, date,
                   payment_date, scale, prefix, number, payment_prefix, payment_number,
                   prefix || lpad(number::text, GREATEST(5, length(number::text)), '0') AS name,
                   payment_prefix || lpad(payment_number::text,
                       GREATEST(5, length(payment_number::text)), '0') AS payment_name,
                   %(account_move)s + CASE WHEN has_invoice THEN
                       sum(has_invoice::int + has_payment::int) OVER w - has_payment::int END::int
                       AS move_id,
                   %(account_move)s + CASE WHEN has_payment THEN
                       sum(has_invoice::int + has_payment::int) OVER w END::int AS payment_move_id,
                   %(account_payment)s + CASE WHEN has_payment THEN
                       sum(has_payment::int) OVER w END::int AS payment_id,
                   %(account_full_reconcile)s + CASE WHEN is_full THEN
                       sum(is_full::int) OVER w END::int AS full_id,
                   %(account_move_line)s + (sum(lines) OVER w - lines)::int AS line_base,
                   %(account_partial_reconcile)s + (sum(partials) OVER w - partials)::int
                       AS partial_base,
                   lines, partials
              FROM bench_named WINDOW w AS (ORDER BY i);
            DROP TABLE bench_named;
            CREATE UNIQUE INDEX ON bench_plan (i);
            ANALYZE bench_plan;
            SELECT setval('account_move_id_seq',
                          GREATEST(max(move_id), max(payment_move_id))),
                   setval('account_payment_id_seq', max(payment_id)),
                   setval('account_full_reconcile_id_seq', max(full_id)),
                   setval('account_move_line_id_seq', max(line_base + lines)),
                   setval('account_partial_reconcile_id_seq', max(partial_base + partials))
              FROM bench_plan
        """, bases)

    def _last_id(self, table):
        self.cr.execute(f"SELECT GREATEST(max(id), (SELECT last_value FROM {table}_id_seq), 0) "
                        f'FROM {table}')
        return self.cr.fetchone()[0]

    def drop(self):
        """Remove the working tables (not the exemplars, which the check reads)."""
        self.cr.execute('DROP TABLE IF EXISTS bench_plan, bench_named, bench_mix, bench_customer')
