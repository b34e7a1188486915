"""The measured steps of the worklist: a list of 20,000 customers, opened as the screen does by a
collector who sees all of them, and by one who sees the own ones and those of an absent colleague.

Called through bench_steps.py as `worklist_<step>`.
"""

import statistics

from bench_worklist_history import COLLECTORS, add_history, make_collectors
from environment import Measure

REPEATS = 5
CUSTOMERS = 20000

# Overdue money by customer, the plain way: no promise, dispute, habit, right, tab or name.
BARE = """
    SELECT p.commercial_partner_id, SUM(l.amount_residual) AS amount
      FROM account_move_line l JOIN res_partner p ON p.id = l.partner_id
     WHERE l.account_id = ANY(%(accounts)s) AND l.company_id = %(company)s
       AND l.reconciled IS NOT TRUE AND l.parent_state = 'posted' AND l.amount_residual > 0
       AND COALESCE(l.date_maturity, l.date) < %(day)s
     GROUP BY 1 ORDER BY 2 DESC
"""


def step_page(env, options):
    """The first page of all customers with money overdue, one customer opened, and bare SQL.

    As a collector of all customers, then as one of own customers: record rules apply to both.
    """
    company = env.ref('base.main_company')
    env.cr.execute('SELECT today FROM bench_limit')
    today = env.cr.fetchone()[0]
    type(company)._get_ar_today = lambda _company: today
    env = env(context=dict(env.context, allowed_company_ids=company.ids))
    company = company.with_env(env)
    spread_over(env, company, options.get('customers', CUSTOMERS))
    add_waiting(env, company, today)
    collector, own = make_collectors(env, company)
    add_history(env, company, today)
    params = {'accounts': company._get_ar_account_ids(), 'company': company.id, 'day': today}

    def read_plainly():
        env.cr.execute(BARE, params)
        return env.cr.fetchall()

    bare, _queries, rows = timed(env, read_plainly)
    everybody, mine = (open_as(env, user) for user in (collector, own))
    return {
        **everybody, 'bare_customers': len(rows), 'bare': bare, 'collectors': COLLECTORS,
        **{f'own_{name}': figure for name, figure in mine.items()},
    }


def open_as(env, user):
    """Return the figures of the screen as this user opens it: the list, then its first customer."""
    env = env(user=user.id, su=False)
    Worklist = env['ar.worklist']
    page, queries, result = timed(env, lambda: Worklist.load_worklist({'scope': 'all'}))
    first = result['rows'][0]['id']
    detail, detail_queries, _detail = timed(env, lambda: Worklist.load_customer(first))
    return {
        'customers': result['tabs'][0]['count'], 'page': page, 'queries': queries,
        'customer': detail, 'customer_queries': detail_queries,
    }


def spread_over(env, company, number):
    """Give the open items of the ledger to so many customers; the transaction is rolled back."""
    env.cr.execute(
        "SELECT column_name FROM information_schema.columns WHERE table_name = 'res_partner'"
        " AND is_generated = 'NEVER' AND column_name NOT IN ('id', 'commercial_partner_id')")
    columns = ', '.join(f'"{row[0]}"' for row in env.cr.fetchall())
    env.cr.execute(
        f"INSERT INTO res_partner ({columns}) SELECT {columns}"
        "  FROM res_partner, generate_series(1, %s) n"
        " WHERE res_partner.id = (SELECT MIN(partner_id) FROM ar_customer)"
        " RETURNING id", [number])
    partners = [row[0] for row in env.cr.fetchall()]
    env.cr.execute(
        "UPDATE res_partner SET commercial_partner_id = id WHERE id = ANY(%s)", [partners])
    env.cr.execute(
        """
        UPDATE account_move_line l
           SET partner_id = (%(partners)s::int[])[1 + numbered.n %% %(size)s]
          FROM (SELECT id, ROW_NUMBER() OVER (ORDER BY id) AS n FROM account_move_line
                 WHERE account_id = ANY(%(accounts)s) AND reconciled IS NOT TRUE
                   AND amount_residual > 0 AND parent_state = 'posted') numbered
         WHERE numbered.id = l.id
        """, {'partners': partners, 'size': number, 'accounts': company._get_ar_account_ids()})
    # The rights of whoever has own customers ask the document, too.
    env.cr.execute(
        """
        UPDATE account_move m SET partner_id = l.partner_id, commercial_partner_id = l.partner_id
          FROM account_move_line l
         WHERE l.move_id = m.id AND l.partner_id = ANY(%s) AND m.partner_id <> l.partner_id
        """, [partners])
    env.invalidate_all()
    env['ar.customer']._refresh(company)
    env['ar.forecast.habit']._refresh(company)
    env.cr.execute("ANALYZE account_move_line, res_partner, ar_customer")


def add_waiting(env, company, today):
    """Two deadlines near for every third customer in arrears, a limit asked for by every tenth, a
    dispute past its deadline with its steps for every seventh.
    """
    env.cr.execute(
        """
        INSERT INTO ar_deadline (kind, key, customer_id, partner_id, company_id, currency_id,
                                 last_day, amount, state, move_line_id)
        SELECT clock.kind, 'bench:' || c.id, c.id, c.partner_id, c.company_id, %(currency)s,
               %(today)s::date + c.id %% 15, 1000, 'open',
               (SELECT MIN(l.id) FROM account_move_line l
                 WHERE l.partner_id = c.partner_id AND l.reconciled IS NOT TRUE)
          FROM ar_customer c, (VALUES ('prescription'), ('overdue_notice')) clock (kind)
         WHERE c.company_id = %(company)s AND c.id %% 3 = 0 AND c.overdue_amount > 0
        """,
        {'company': company.id, 'currency': company.currency_id.id, 'today': today})
    env.cr.execute(
        """
        INSERT INTO ar_credit_request (customer_id, company_id, kind, amount, reason, user_id,
                                       state)
        SELECT id, company_id, 'amount', 1000, 'They grow', %s, 'submitted'
          FROM ar_customer WHERE company_id = %s AND id %% 10 = 0 AND overdue_amount > 0
        """, [env.uid, company.id])
    reason = env.ref('ar_collections.ar_dispute_reason_quality')
    env.cr.execute(
        """
        WITH dispute AS (
            INSERT INTO ar_dispute (name, customer_id, company_id, currency_id, reason_id,
                                    opened_on, deadline, state, amount)
            SELECT 'bench:' || id, id, company_id, %(currency)s, %(reason)s, %(today)s::date - 40,
                   %(today)s::date - 20, 'open', 100
              FROM ar_customer
             WHERE company_id = %(company)s AND id %% 7 = 0 AND overdue_amount > 0
            RETURNING id, customer_id, company_id
        )
        INSERT INTO ar_dispute_step (dispute_id, customer_id, company_id, sequence, name, done)
        SELECT dispute.id, dispute.customer_id, dispute.company_id, step.sequence, step.name, FALSE
          FROM dispute, ar_dispute_reason_step step WHERE step.reason_id = %(reason)s
        """,
        {'company': company.id, 'currency': company.currency_id.id, 'today': today,
         'reason': reason.id})
    env.cr.execute("ANALYZE ar_deadline, ar_credit_request, ar_dispute, ar_dispute_step")


def timed(env, function):
    """Return (median seconds, queries, result) of a few turns."""
    seconds, queries, result = [], 0, None
    for _turn in range(REPEATS):
        env.invalidate_all()
        with Measure(env.cr) as block:
            result = function()
        seconds.append(block.seconds)
        queries = block.queries
    return statistics.median(seconds), queries, result


# === ROWS === #
def add_rows(bench, page):
    """Add the row of the worklist to the table of bench.py."""
    same = page['customers'] == page['bare_customers']
    bench.add(f"Worklist of {page['customers']:,} customers, first page",
              f"{page['page']:.2f} s, {page['queries']} queries",
              f"bare SQL of the amounts alone {page['bare']:.2f} s"
              + ("" if same else f", **{page['bare_customers']:,} customers**"), "< 1 s",
              page['page'] < 1 and same)
    bench.add("… one customer opened",
              f"{page['customer']:.2f} s, {page['customer_queries']} queries")
    bench.add(f"… opened by one of {page['collectors']} collectors with own customers, who stands "
              f"in for another: {page['own_customers']:,} customers",
              f"{page['own_page']:.2f} s, {page['own_queries']} queries; one customer "
              f"{page['own_customer']:.2f} s, {page['own_customer_queries']} queries", "",
              "< 1 s", page['own_page'] < 1)
