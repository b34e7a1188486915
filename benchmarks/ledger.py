"""Make a receivables ledger of any size: `make ledger CUSTOMERS=6000 INVOICES=200000`.

The ledger is made without our module, copied to `<database>_plain`, and only then is
`ar_collections` installed: so the benchmark has both, and the installation meets years of
invoices, as it would at a customer's.
"""

import argparse
import os
import time
from datetime import date

from environment import (
    clone_database,
    database_exists,
    drop_database,
    execute,
    open_env,
    run_odoo,
)

OVERDUE_SHARE = 0.3


def parse_arguments():
    """Return the command line as a namespace."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument('--database', default=os.environ.get('DB', 'ar_bench'))
    parser.add_argument('--customers', type=int, default=6000)
    parser.add_argument('--invoices', type=int, default=200_000)
    parser.add_argument('--documents', type=int, default=2000, help="made through the ORM")
    parser.add_argument('--today', type=date.fromisoformat, default=date.today())
    parser.add_argument('--seed', type=int, default=19)
    parser.add_argument('--without-module', action='store_true')
    parser.add_argument('--existing', action='store_true',
                        help="fill a database that has account and sale; copy and install nothing")
    parser.add_argument('--single', action='store_true', help="keep no copy without the module")
    return parser.parse_args()


def fill(arguments):
    """Create companies, customers and documents in a database that has account and sale."""
    with open_env(arguments.database) as env:
        from ledger_customers import LedgerCustomers
        from ledger_exemplars import LedgerExemplars
        from ledger_orm import OrmDocuments
        from ledger_setup import LedgerSetup
        from ledger_sql import LedgerSql

        env['res.lang']._activate_lang('fr_FR')
        setup = LedgerSetup(env, arguments.today).run()
        customers = LedgerCustomers(env, arguments.seed).run(arguments.customers)
        env.cr.commit()
        documents = OrmDocuments(setup, customers, arguments.seed)
        share = min(arguments.documents, arguments.invoices // 2)
        print(f"Through the ORM: {documents.run(share)}")
        LedgerExemplars(documents.with_company(setup.company_a)).run()
        env.cr.commit()
        made, overdue = count_invoices(env, arguments.today)
        # What SQL adds is found by id later, when the check compares it with what the ORM made.
        env.cr.execute("DROP TABLE IF EXISTS bench_limit; CREATE TABLE bench_limit AS "
                       "SELECT max(id) AS move_id, %s::date AS today FROM account_move",
                       [arguments.today])
        LedgerSql(env, arguments.today, arguments.seed).run(
            max(arguments.invoices - made, 0),
            max(round(arguments.invoices * OVERDUE_SHARE) - overdue, 0),
        )


def count_invoices(env, today):
    """Return how many invoices exist and how many of their items are open and overdue."""
    env.cr.execute("""
        SELECT (SELECT count(*) FROM account_move WHERE move_type = 'out_invoice'), count(*)
          FROM account_move_line l JOIN account_account a ON a.id = l.account_id
         WHERE a.account_type = 'asset_receivable' AND l.reconciled IS NOT TRUE
           AND l.parent_state = 'posted' AND l.amount_residual > 0 AND l.date_maturity < %s
    """, [today])
    return env.cr.fetchone()


def main():
    """Create the database, fill it, copy it, install the module; or fill the one that is there."""
    arguments = parse_arguments()
    database = arguments.database
    if arguments.existing:
        fill(arguments)
        return
    if database_exists(database):
        raise SystemExit(f"Database {database} exists already: drop it or name another (DB=...).")
    started = time.perf_counter()
    run_odoo('-d', database, '-i', 'account,sale', '--stop-after-init', '--no-http')
    print(f"Database with account and sale: {time.perf_counter() - started:.0f} s")
    try:
        fill(arguments)
    except BaseException:
        drop_database(database)
        raise
    print(f"Ledger written: {time.perf_counter() - started:.0f} s")
    execute(database, 'VACUUM ANALYZE')
    if not arguments.without_module:
        if not arguments.single:
            clone_database(database, f'{database}_plain')
        before = time.perf_counter()
        run_odoo('-d', database, '-i', 'ar_collections', '--stop-after-init', '--no-http')
        print(f"ar_collections installed on it: {time.perf_counter() - before:.0f} s")
        execute(database, 'ANALYZE')
    print(f"Done: {time.perf_counter() - started:.0f} s, analyzed (ANALYZE).")


if __name__ == '__main__':
    main()
