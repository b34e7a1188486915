"""The measured steps of the key figures: 24 months rebuilt from the ledger, and stored ones.

Called through bench_steps.py as `kpi_<step>`.
"""

import statistics

from environment import Measure

REPEATS = 3
MONTHS = 24

# Balance and overdue at the end of one day, the plain way; asked once per month.
BARE_MONTH = """
    WITH later AS (
        SELECT line_id, SUM(amount) AS amount
          FROM (SELECT debit_move_id AS line_id, amount FROM account_partial_reconcile
                 WHERE max_date > %(day)s
                 UNION ALL
                SELECT credit_move_id, -amount FROM account_partial_reconcile
                 WHERE max_date > %(day)s) part
         GROUP BY line_id
    )
    SELECT COALESCE(SUM(residual), 0),
           COALESCE(SUM(residual) FILTER (WHERE balance > 0 AND due < %(day)s), 0)
      FROM (SELECT l.balance, COALESCE(l.date_maturity, l.date) AS due,
                   l.amount_residual + COALESCE(later.amount, 0) AS residual
              FROM account_move_line l LEFT JOIN later ON later.line_id = l.id
             WHERE l.account_id = ANY(%(accounts)s) AND l.company_id = %(company)s
               AND l.parent_state = 'posted' AND l.date <= %(day)s) item
"""


def timed(env, function, turns=REPEATS):
    """Return (median seconds, queries, result) of a few turns."""
    seconds, queries, result = [], 0, None
    for _turn in range(turns):
        env.invalidate_all()
        with Measure(env.cr) as block:
            result = function()
        seconds.append(block.seconds)
        queries = block.queries
    return statistics.median(seconds), queries, result


def step_page(env, options):
    """24 months of a company: rebuilt, stored, opened as a page; and the plain way to compare."""
    turns = options.get('turns', REPEATS)
    company = env.ref('base.main_company')
    env.cr.execute('SELECT today FROM bench_limit')
    today = env.cr.fetchone()[0]
    type(company)._get_ar_today = lambda _company: today
    env = env(context=dict(env.context, allowed_company_ids=company.ids))
    company = company.with_env(env)
    kpi, snapshot = env['ar.kpi'], env['ar.kpi.snapshot']

    rebuilt = timed(env, lambda: kpi._read_numbers(months=MONTHS, date=today)[None], turns)
    told = timed(env, lambda: kpi._read_kpis(months=MONTHS, date=today), turns)
    customers = timed(env, lambda: kpi._read_numbers(
        months=1, date=today, group='customer'), turns) if options.get('customers', True) else None
    params = {'accounts': company._get_ar_account_ids(), 'company': company.id}

    def read_plainly():
        months = []
        for row in rebuilt[2]:
            env.cr.execute(BARE_MONTH, {**params, 'day': row['date']})
            months.append(tuple(round(float(value), 2) for value in env.cr.fetchone()))
        return months

    bare = timed(env, read_plainly, turns)
    night = timed(env, lambda: snapshot._read_again(company), turns)
    arch = snapshot.get_view(env.ref('ar_collections.ar_kpi_snapshot_view_list').id, 'list')
    fields = {name: {} for name in arch['models']['ar.kpi.snapshot']}
    domain = [('basis', '=', 'now'), ('scope', '=', 'company'), ('company_id', '=', company.id)]
    page = timed(env, lambda: snapshot.web_search_read(domain, fields, limit=80))
    quick = timed(env, lambda: kpi._read_kpis_quickly({'company_ids': company.ids}, MONTHS))
    # As every night.
    env['ar.forecast.habit']._refresh(company)
    cockpit = env['ar.cockpit']
    fresh = timed(env, lambda: cockpit.load_cockpit(refresh=True))
    kept = timed(env, cockpit.load_cockpit)
    ours = [(round(float(row['receivables']), 2), round(float(row['overdue']), 2))
            for row in rebuilt[2]]
    return {
        'rebuilt': rebuilt[:2], 'told': told[:2], 'bare': bare[:2], 'same': ours == bare[2],
        'night': night[:2], 'rows': night[2], 'page': page[:2],
        'months': len(page[2]['records']), 'quick': quick[:2],
        'cockpit': [*fresh[:2], len(fresh[2]['tiles'])], 'cockpit_kept': kept[:2],
        'customers': customers and [*customers[:2], len(customers[2])],
    }


# === ROWS === #
def add_rows(bench, page):
    """Add the rows of the key figures to the table of bench.py."""
    def text(figure):
        return f"{figure[0]:.2f} s, {figure[1]} queries"

    same = "same balances" if page['same'] else "**different balances**"
    bench.add(f"Key figures: the page of {page['months']} months, stored", text(page['page']), '',
              "≤ 1 s", page['page'][0] <= 1)
    bench.add("Key figures: 24 months with words and drill-down, stored", text(page['quick']), '',
              "≤ 1 s", page['quick'][0] <= 1)
    bench.add("Key figures: 24 months rebuilt from the ledger", text(page['told']),
              f"24 times balance and overdue alone, bare SQL: {page['bare'][0]:.2f} s ({same})",
              "≤ 10 s", page['told'][0] <= 10 and page['same'])
    bench.add(f"Cockpit of {page['cockpit'][2]} tiles, opened again within some minutes",
              text(page['cockpit_kept']), "it says its age", "≤ 1 s", page['cockpit_kept'][0] <= 1)
    bench.add("… read from the ledger", text(page['cockpit']), "habits learnt at night", "≤ 1 s",
              page['cockpit'][0] <= 1)
    bench.add(f"Key figures of {page['customers'][2]:,} customers, one month",
              text(page['customers']))
    bench.add(f"Key figures: the nightly reading of company, collectors and classes "
              f"({page['rows']:,} rows)", text(page['night']))
