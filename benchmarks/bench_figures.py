"""Aged balance of the whole ledger: against bare SQL, against the peer, as XLSX and as PDF."""

import io
import statistics
from datetime import timedelta

from environment import Measure, peak_memory_mb

PEERS = ('odoo-addon-account-financial-report==19.0.0.0.26.3',
         'odoo-addon-date-range==19.0.1.0.1', 'odoo-addon-report-xlsx==19.0.1.0.2.2')
REPEATS = 5
AGES = (0, 30, 60, 90, 120)

# Hand-written for the default conventions, without rights, options, names or any other column: one
# pass over the accounts. Nothing that is right can be much faster.
BARE = """
SELECT p.commercial_partner_id, {buckets},
       SUM(residual) FILTER (WHERE residual < 0), SUM(residual)
  FROM (
        SELECT l.partner_id, %(date)s::date - COALESCE(l.date_maturity, l.date) AS days,
               l.amount_residual + COALESCE(later.amount, 0) AS residual
          FROM account_move_line l
          LEFT JOIN (
                SELECT id, SUM(amount) AS amount
                  FROM (
                        SELECT debit_move_id AS id, amount FROM account_partial_reconcile
                         WHERE max_date > %(date)s
                         UNION ALL
                        SELECT credit_move_id, -amount FROM account_partial_reconcile
                         WHERE max_date > %(date)s
                       ) part
                 GROUP BY id
               ) later ON later.id = l.id
         WHERE l.account_id = ANY(%(accounts)s) AND l.company_id = %(company)s
           AND l.parent_state = 'posted' AND l.date <= %(date)s
           AND (l.reconciled IS NOT TRUE OR later.id IS NOT NULL)
       ) item
  LEFT JOIN res_partner p ON p.id = item.partner_id
 WHERE residual <> 0
 GROUP BY 1
"""


def get_company(env):
    """Return the environment of the main company, the company and the ledger's date."""
    company = env.ref('base.main_company')
    env = env(context=dict(env.context, allowed_company_ids=company.ids))
    env.cr.execute('SELECT today FROM bench_limit')
    return env, company.with_env(env), env.cr.fetchone()[0]


def get_bare_query():
    """Return the bare SQL with one column per bucket."""
    bounds = [(None, 0), *zip((age + 1 for age in AGES), (*AGES[1:], None), strict=True)]
    buckets = []
    for start, end in bounds:
        conditions = ["residual > 0"]
        if start is not None:
            conditions.append(f"days >= {start}")
        if end is not None:
            conditions.append(f"days <= {end}")
        buckets.append(f"SUM(residual) FILTER (WHERE {' AND '.join(conditions)})")
    return BARE.format(buckets=", ".join(buckets))


def step_aged(env, _options):
    """Balance of every customer today and 180 days ago, in turns with the bare SQL."""
    env, company, today = get_company(env)
    names = [*(f'bucket_{number}:sum' for number in range(1, len(AGES) + 2)),
             'credit_amount:sum', 'amount:sum']
    query = get_bare_query()
    result = {}
    for label, days in (('today', 0), ('past', 180)):
        date = today - timedelta(days=days)
        Balance = env['ar.aged.balance'].with_context(ar_date=str(date))
        params = {'accounts': company._get_ar_exposure_account_ids(), 'company': company.id,
                  'date': date}
        ours, bare, queries = [], [], 0
        for _turn in range(REPEATS):
            env.invalidate_all()
            with Measure(env.cr) as block:
                rows = Balance._read_group([], ['partner_id'], names)
            ours.append(block.seconds)
            queries = block.queries
            with Measure(env.cr) as block:
                env.cr.execute(query, params)
                expected = env.cr.fetchall()
            bare.append(block.seconds)
        result[label] = {
            'ours': statistics.median(ours), 'bare': statistics.median(bare), 'queries': queries,
            'customers': len(rows), 'same': get_sums(
                (partner.id, *amounts) for partner, *amounts in rows) == get_sums(expected),
            'runs': [round(value, 2) for value in ours],
            'bare_runs': [round(value, 2) for value in bare]}
    return result


def get_sums(rows):
    """Return {partner: its amounts in cents}, comparable."""
    return {partner or None: tuple(round(float(amount or 0) * 100) for amount in amounts)
            for partner, *amounts in rows}


def step_documents(env, options):
    """One document: XLSX with every item, PDF with every customer, or PDF with as many items as
    it takes ('detailed').
    """
    from odoo.tools.pdf import PdfReader

    env, _company, today = get_company(env)
    Report = env['ar.aged.report']
    kind = options['kind']
    domain = get_most_items(env, today) if kind == 'detailed' else ()
    with Measure(env.cr) as block:
        dataset = Report._get_dataset({'date': today}, domain, detailed=kind != 'pdf')
        content = (Report._render_xlsx if kind == 'xlsx' else Report._render_pdf)(dataset)
    return {
        'seconds': block.seconds, 'queries': block.queries, 'bytes': len(content),
        'items': dataset['item_count'], 'customers': dataset['customer_count'],
        'pages': 0 if kind == 'xlsx' else len(PdfReader(io.BytesIO(content)).pages),
        'own_memory': peak_memory_mb(),
    }


def step_background(env, _options):
    """The PDF of every item, as the scheduled action makes it: read once, in parts, joined."""
    env, company, today = get_company(env)
    # As a person: the superuser belongs to no company's users.
    user = env.ref('base.user_admin')
    user.company_ids |= company
    job = env['ar.aged.print'].with_user(user)._start({'date': today}, (), None).sudo()
    with Measure(env.cr) as block:
        env['ar.aged.print']._cron_print()
    return {
        'seconds': block.seconds, 'queries': block.queries, 'state': job.state,
        'bytes': len(job.attachment_id.raw or b''), 'items': job.item_count,
        'pages': job.page_count, 'parts': len(job.part_ids),
        'ties': all(line['ties'] for line in (job.page_values or {}).get('control', [{'ties': 0}])),
    }


def get_most_items(env, today):
    """Return the domain of customers whose items just fit into a detailed PDF."""
    from odoo.addons.ar_collections.models.figures.aged_report_pdf import MAX_ITEMS

    room, chosen = MAX_ITEMS, []
    for partner, count in env['ar.aged.balance'].with_context(ar_date=str(today))._read_group(
            [], ['partner_id'], ['__count'], order='partner_id'):
        if count <= room:
            chosen.append(partner.id)
            room -= count
    return [('partner_id', 'in', chosen)]


def step_peer(env, _options):
    """The figures of the peer's report, without a document; once per day, it takes long."""
    env, company, today = get_company(env)
    accounts = env['account.account'].search([('account_type', '=', 'asset_receivable')])
    Report = env['report.account_financial_report.aged_partner_balance']
    result = {}
    for label, days in (('today', 0), ('past', 180)):
        wizard = env['aged.partner.balance.report.wizard'].create({
            'company_id': company.id, 'date_at': today - timedelta(days=days),
            'account_ids': [(6, 0, accounts.ids)], 'target_move': 'posted'})
        env.flush_all()
        env.invalidate_all()
        data = wizard._prepare_report_data()
        data['date_at'] = str(wizard.date_at)
        with Measure(env.cr) as block:
            values = Report._get_report_values([wizard.id], data)
        result[label] = {
            'seconds': block.seconds, 'queries': block.queries, 'total': sum(
                account['residual'] for account in values['aged_partner_balance'])}
    return result


# === RUNNING === #
def run(bench):
    """Measure everything and add the rows; called by bench.py."""
    from environment import clone_database, database_exists, drop_database, run_odoo

    work = f'{bench.arguments.database}_figures'
    clone_database(bench.arguments.database, work)
    try:
        bench.update(work)
        aged = bench.step('figures_aged', work)
        xlsx = bench.step('figures_documents', work, kind='xlsx')
        pdf = bench.step('figures_documents', work, kind='pdf')
        detailed = bench.step('figures_documents', work, kind='detailed')
        background = bench.step('figures_background', work)
    finally:
        drop_database(work)
    plain = f'{bench.arguments.database}_plain'
    peer = None
    if database_exists(plain):
        addons = [str(bench.get_peer(PEERS, 'account_financial_report'))]
        clone_database(plain, work)
        try:
            run_odoo(
                '-d', work, '-i', 'account_financial_report', '--stop-after-init', '--no-http',
                '--addons-path', bench.get_addons_path(addons))
            peer = bench.step('figures_peer', work, addons=addons)
        finally:
            drop_database(work)
    add_rows(bench, aged, xlsx, pdf, detailed, background, peer)


# === ROWS === #
def add_rows(bench, aged, xlsx, pdf, detailed, background, peer):
    """Add the rows of the aged balance to the table of bench.py."""
    for label, words in (('today', "today"), ('past', "180 days ago")):
        figures = aged[label]
        ratio = figures['ours'] / figures['bare']
        same = "same amounts" if figures['same'] else "**different amounts**"
        bench.add(f"Aged balance of {figures['customers']:,} customers, {words}",
                  f"{figures['ours']:.2f} s, {figures['queries']} queries",
                  f"bare SQL {figures['bare']:.2f} s ({same}): {ratio:.2f} ×", "≤ 2 ×",
                  ratio <= 2 and figures['same'])
        if peer:
            faster = peer[label]['seconds'] / figures['ours']
            bench.add(f"OCA account_financial_report: its aged balance, {words}",
                      f"ours {figures['ours']:.2f} s",
                      f"{peer[label]['seconds']:.1f} s, {peer[label]['queries']:,} queries, "
                      f"{peer['memory']:.0f} MB: {faster:.0f} ×", "≥ 15 × faster", faster >= 15)
    bench.add(f"XLSX of {xlsx['items']:,} open items ({xlsx['bytes'] / 1e6:.1f} MB)",
              f"{xlsx['seconds']:.1f} s, {xlsx['queries']} queries, {xlsx['memory']:.0f} MB", '',
              "≤ 10 s", xlsx['seconds'] <= 10)
    bench.add(f"PDF of {pdf['customers']:,} customers ({pdf['pages']} pages, "
              f"{pdf['bytes'] / 1e6:.1f} MB)",
              f"{pdf['seconds']:.1f} s, {pdf['queries']} queries, {pdf['memory']:.0f} MB", '',
              "< 1 GB", pdf['memory'] < 1024)
    bench.add(f"PDF with each of {detailed['items']:,} items, the most one waits for "
              f"({detailed['pages']} pages, {detailed['bytes'] / 1e6:.1f} MB)",
              f"{detailed['seconds']:.1f} s, {detailed['memory']:.0f} MB", '', "< 1 GB",
              detailed['memory'] < 1024)
    done = background['state'] == 'done' and background['ties']
    bench.add(f"PDF with each of {background['items']:,} items, in the background "
              f"({background['pages']:,} pages, {background['parts']} parts, "
              f"{background['bytes'] / 1e6:.1f} MB)",
              f"{background['seconds']:.0f} s, {background['memory']:.0f} MB",
              "ties with the ledger" if done else "**not done**", "< 1 GB",
              done and background['memory'] < 1024)
