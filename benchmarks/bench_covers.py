"""The insured part of all open items: what it adds to the aged balance, and against bare SQL.

Called through bench_steps.py as `covers_<step>`.
"""

import statistics

from bench_figures import AGES, get_company
from environment import Measure

REPEATS = 5
COVERS = 3000

# Hand-written for this one policy: one layer at a time, one currency, named covers alone. No
# limit of the terms, no shared buyer, no second policy, no day but today.
BARE = """
SELECT partner_id, SUM(ROUND(GREATEST(LEAST(upto, capacity) - (upto - amount), 0) * 0.9, 2))
  FROM (
        SELECT item.partner_id, item.company_id, item.amount, COALESCE(layer.amount, 0) AS capacity,
               SUM(item.amount) OVER (
                   PARTITION BY item.partner_id ORDER BY item.invoiced, item.due, item.id) AS upto
          FROM (
                SELECT l.id, l.company_id, p.commercial_partner_id AS partner_id,
                       cover.id AS cover_id,
                       COALESCE(l.invoice_date, l.date) AS invoiced,
                       COALESCE(original.date, l.date_maturity, l.date) AS due,
                       l.amount_residual * COALESCE(
                           m.amount_untaxed / NULLIF(m.amount_total, 0), 1) AS amount
                  FROM account_move_line l
                  JOIN account_move m ON m.id = l.move_id
                  JOIN res_partner p ON p.id = l.partner_id
                  JOIN ar_customer c ON c.partner_id = p.commercial_partner_id
                       AND c.company_id = %(company)s
                  JOIN ar_cover cover ON cover.customer_id = c.id
                  LEFT JOIN ar_original_due original ON original.move_line_id = l.id
                 WHERE l.account_id = ANY(%(accounts)s) AND l.company_id = ANY(%(tree)s)
                   AND l.reconciled IS NOT TRUE AND l.parent_state = 'posted'
                   AND l.date <= %(date)s AND l.amount_residual > 0
               ) item
          LEFT JOIN ar_cover_layer layer ON layer.cover_id = item.cover_id
               AND layer.date_from <= item.invoiced
               AND (layer.date_to IS NULL OR layer.date_to >= item.invoiced)
       ) stacked
 WHERE company_id = %(company)s
 GROUP BY partner_id
"""


def step_balance(env, options):
    """Aged balance of every customer today, with the Insured column and without, in turns."""
    env, company, today = get_company(env)
    count = make_covers(env, company, today, options.get('covers', COVERS))
    Balance = env['ar.aged.balance'].with_context(ar_date=str(today))
    names = [*(f'bucket_{number}:sum' for number in range(1, len(AGES) + 2)),
             'credit_amount:sum', 'amount:sum']
    tree = company.browse(company._get_ar_tree_ids())
    params = {'accounts': tree._get_ar_exposure_account_ids(), 'company': company.id,
              'tree': tree.ids, 'date': today}
    insured_query = env['ar.cover']._get_insured_query(company, today)
    seconds = {'with': [], 'without': [], 'insured': [], 'bare': []}
    queries, found = {}, {}
    for _turn in range(REPEATS):
        for label, more in (('without', []), ('with', ['insured_amount:sum'])):
            env.invalidate_all()
            with Measure(env.cr) as block:
                found[label] = Balance._read_group([], ['partner_id'], [*names, *more])
            seconds[label].append(block.seconds)
            queries[label] = block.queries
        with Measure(env.cr) as block:
            found['insured'] = env.execute_query(insured_query)
        seconds['insured'].append(block.seconds)
        with Measure(env.cr) as block:
            env.cr.execute(BARE, params)
            found['bare'] = env.cr.fetchall()
        seconds['bare'].append(block.seconds)
    ours = {}
    for _line, _company, partner_id, amount in found['insured']:
        ours[partner_id] = ours.get(partner_id, 0) + amount
    column = {partner.id: amount for partner, *_amounts, amount in found['with']}
    return {
        **{label: statistics.median(values) for label, values in seconds.items()},
        'runs': {label: [round(value, 2) for value in values]
                 for label, values in seconds.items()},
        'queries': queries, 'covers': count, 'items': len(found['insured']),
        'same': get_cents(ours) == get_cents(dict(found['bare'])) == get_cents(column),
        'differences': sum(get_cents(ours).get(key) != cents for key, cents in get_cents(
            dict(found['bare'])).items()),
    }


def get_cents(amounts):
    """Return {partner: cents} of those who have any, comparable."""
    return {key: cents for key, amount in amounts.items()
            if (cents := round(float(amount or 0) * 100))}


def make_covers(env, company, today, number):
    """Insure so many customers: two layers each, the second since half a year; rolled back."""
    insurer = env['res.partner'].create({'name': "Insurer", 'is_company': True})
    policy = env['ar.insurance.policy'].create({
        'name': "Bench", 'company_id': company.id, 'insurer_id': insurer.id,
        'currency_id': company.currency_id.id, 'date_from': '2000-01-01',
        'insured_percentage': 90, 'earlier_covered': 'yes'})
    env.flush_all()
    env.cr.execute(
        """
        WITH cover AS (
            INSERT INTO ar_cover (policy_id, customer_id, company_id, currency_id, kind, status,
                                  source)
            SELECT %(policy)s, c.id, c.company_id, %(currency)s, 'named', 'granted', 'provider'
              FROM ar_customer c WHERE c.company_id = %(company)s ORDER BY c.id LIMIT %(number)s
            RETURNING id, customer_id, company_id
        )
        INSERT INTO ar_cover_layer (cover_id, policy_id, customer_id, company_id, kind, rank,
                                    amount, insured_percentage, date_from, date_to, status, source)
        SELECT cover.id, %(policy)s, cover.customer_id, cover.company_id, 'permanent', 10,
               1000 * (1 + cover.id %% 40) * part.share, 0, part.first, part.last, 'granted',
               'provider'
          FROM cover CROSS JOIN (VALUES
               (2, '2000-01-01'::date, %(today)s::date - 181),
               (1, %(today)s::date - 180, NULL)) part (share, first, last)
        """, {'policy': policy.id, 'currency': company.currency_id.id, 'company': company.id,
              'number': number, 'today': today})
    env.invalidate_all()
    env['ar.original.due']._note(company)
    env.cr.execute("ANALYZE ar_cover, ar_cover_layer, ar_original_due, ar_customer")
    return env['ar.cover'].search_count([('policy_id', '=', policy.id)])


# === ROWS === #
def add_rows(bench, figures):
    """Add the rows of the Insured column to the table of bench.py."""
    ratio = figures['with'] / figures['without']
    bench.add(f"Aged balance today with the Insured column, {figures['covers']:,} covers",
              f"{figures['with']:.2f} s, {figures['queries']['with']} queries",
              f"without it {figures['without']:.2f} s: {ratio:.2f} ×", "≤ 1.5 ×", ratio <= 1.5)
    same = "same amounts" if figures['same'] else "**different amounts**"
    ratio = figures['insured'] / figures['bare']
    bench.add(f"… the insured part of {figures['items']:,} open items alone",
              f"{figures['insured']:.2f} s",
              f"bare SQL {figures['bare']:.2f} s ({same}): {ratio:.2f} ×", "≤ 2 ×",
              ratio <= 2 and figures['same'])
