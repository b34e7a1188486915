"""The measured steps; each runs in a process of its own, so that peak memory is its own too.

Called by bench.py: `bench_steps.py <step> <database> [<json options>]`, answers one line of JSON.
"""

import json
import statistics
import sys

from environment import Measure, execute, open_env, peak_memory_mb

REPEATS = 3


def prepare_company(env):
    """Return the main company and the ledger's date, with a policy that may send at any hour."""
    env.cr.execute('SELECT today FROM bench_limit')
    today = env.cr.fetchone()[0]
    company = env.ref('base.main_company')
    policy = company.ar_dunning_policy_id or env.ref('ar_collections.ar_dunning_policy_cautious')
    company.ar_dunning_policy_id = policy
    company.ar_dunning_active = True
    days = ('monday', 'tuesday', 'wednesday', 'thursday', 'friday', 'saturday', 'sunday')
    policy.write({
        **dict.fromkeys(days, True), 'hour_from': 0, 'hour_to': 24, 'skip_holidays': False,
    })
    env.flush_all()
    return company.with_company(company), today


def measure(env, function, repeats=REPEATS, keep_last=False):
    """Run a function several times on the same data; return median time, queries and result."""
    seconds, queries, result = [], 0, None
    for turn in range(repeats):
        env.invalidate_all()
        with Measure(env.cr) as block:
            result = function()
            env.flush_all()
        seconds.append(block.seconds)
        queries = block.queries
        if not (keep_last and turn == repeats - 1):
            env.cr.rollback()
            env.invalidate_all(flush=False)
    return {
        'seconds': statistics.median(seconds), 'queries': queries,
        'runs': [round(value, 3) for value in seconds],
    }, result


# === OUR MODULE === #
def step_refresh(env, _options):
    """Full refresh of every customer of the main company, then the incremental one."""
    company, _today = prepare_company(env)
    Customer = env['ar.customer'].with_company(company)
    env.cr.commit()
    full, count = measure(env, lambda: Customer._refresh(company))
    Customer._refresh(company)
    env.cr.commit()
    changed, changed_count = measure(env, lambda: Customer._refresh(company, changed_only=True))
    return {'full': full, 'changed': changed, 'customers': count,
            'changed_customers': changed_count}


def step_preview(env, _options):
    """Decide without creating anything, and read the result as the preview shows it."""
    company, today = prepare_company(env)
    env.cr.commit()

    def preview():
        wizard = env['ar.dunning.preview'].with_company(company).create(
            {'company_id': company.id, 'date': today})
        return wizard.message_count, wizard.amount

    result, (messages, amount) = measure(env, preview)
    return {'preview': result, 'messages': messages, 'amount': float(amount or 0)}


def step_run(env, options):
    """Create all proposals; compare with bare SQL, turn by turn, and check equality of rows."""
    from bench_bare_sql import (
        TABLES,
        create_bare_tables,
        get_bare_name,
        run_bare_sql,
        summarize,
    )

    company, today = prepare_company(env)
    create_bare_tables(env.cr)
    Run = env['ar.dunning.run'].with_company(company)
    # The rows of the bare SQL need a run to belong to.
    holder = Run.create({'company_id': company.id, 'date': today})
    params = get_bare_params(company, today, holder)
    env.cr.commit()
    ours, bare, queries, summaries = [], [], 0, {}
    for _turn in range(REPEATS):
        with Measure(env.cr) as block:
            run = Run._run(company, today)
            env.flush_all()
        ours.append(block.seconds)
        queries = block.queries
        summaries['ours'] = summarize(env.cr, run.id)
        env.cr.rollback()
        env.invalidate_all(flush=False)
        with Measure(env.cr) as block:
            run_bare_sql(env.cr, params)
        bare.append(block.seconds)
        summaries['bare'] = summarize(env.cr)
        env.cr.rollback()
        # No night meets the dead rows of three runs that were rolled back.
        for table in (*TABLES, *(get_bare_name(table) for table in TABLES)):
            execute(env.cr.dbname, f'VACUUM {table}')
    # Once more in one process, to see the processor time.
    env.cr.execute('SET max_parallel_workers_per_gather = 0')
    with Measure(env.cr) as alone:
        Run._run(company, today)
        env.flush_all()
    env.cr.rollback()
    env.invalidate_all(flush=False)
    reminders = sum(int(row[2]) for row in summaries['ours']['reminders'])
    lines = sum(int(row[1]) for row in summaries['ours']['lines'])
    if options.get('keep'):
        Run._run(company, today)
        env.cr.commit()
        env.cr.execute('ANALYZE')
        env.cr.commit()
    return {
        'ours': statistics.median(ours), 'bare': statistics.median(bare), 'queries': queries,
        'cpu': alone.cpu, 'runs': [round(x, 2) for x in ours],
        'bare_runs': [round(x, 2) for x in bare],
        'same': summaries['ours'] == summaries['bare'], 'summaries': summaries,
        'reminders': reminders, 'lines': lines,
    }


def get_bare_params(company, today, run):
    """Return the numbers of the one ladder, which the bare SQL has as constants."""
    policy = company.ar_dunning_policy_id
    levels = policy.level_ids.sorted('offset_days')
    before = levels.filtered(lambda level: level.offset_days < 0)[-1:]
    first = levels.filtered(lambda level: level.offset_days >= 0)[:1]
    return {
        'accounts': company._get_ar_account_ids(), 'company': company.id, 'date': today,
        'policy': policy.id, 'first_level': first.id, 'first_offset': first.offset_days,
        'before_level': before.id, 'before_offset': before.offset_days, 'run': run.id,
    }


def step_queries(env, options):
    """Count the queries of refresh and run for a growing number of customers."""
    company, today = prepare_company(env)
    env.cr.commit()
    counts = {}
    # The first round only fills the caches of this process and is overwritten.
    for number in (options['sizes'][0], *options['sizes']):
        customers = env['ar.customer'].search(
            [('company_id', '=', company.id)], limit=number, order='id')
        partner_ids = customers.partner_id.ids
        with Measure(env.cr) as refresh:
            env['ar.customer']._refresh(company, partner_ids=partner_ids)
        with Measure(env.cr) as run:
            env['ar.dunning.run']._run(company, today, customers=customers)
        counts[number] = (refresh.queries, run.queries)
        env.cr.rollback()
        env.invalidate_all(flush=False)
    return counts


def step_send(env, options):
    """Prepare e-mails as the nightly action does, beside Odoo's own batch of the same template."""
    prepare_company(env)
    env.cr.commit()
    number, batch = options['number'], options['batch']
    reminders = env['ar.reminder'].search(
        [('state', '=', 'approved'), ('channel', '=', 'email')], limit=number, order='id')
    ours, core, queries = [], [], 0
    for _turn in range(REPEATS):
        env.invalidate_all()
        with Measure(env.cr) as block:
            for start in range(0, len(reminders), batch):
                reminders[start:start + batch]._send_batch(reminders[start:start + batch])
                env.flush_all()
        ours.append(block.seconds)
        queries = block.queries
        queued = reminders.filtered(lambda reminder: reminder.state == 'queued')
        prepared = len(queued)
        env.cr.rollback()
        env.invalidate_all(flush=False)
        with Measure(env.cr) as block:
            for start in range(0, len(reminders), batch):
                part = reminders[start:start + batch]
                for template, same in part.grouped(
                        lambda reminder: reminder.level_id.mail_template_id).items():
                    template.send_mail_batch(same.ids)
                env.flush_all()
        core.append(block.seconds)
        env.cr.rollback()
        env.invalidate_all(flush=False)
    return {
        'number': len(reminders), 'prepared': prepared, 'ours': statistics.median(ours),
        'core': statistics.median(core), 'queries': queries,
        'runs': [round(x, 2) for x in ours], 'core_runs': [round(x, 2) for x in core],
    }


def step_letters(env, options):
    """Print many letters as one PDF: ledger read again, rendered, filed singly, history written."""
    import io

    from odoo.tools.pdf import PdfReader

    prepare_company(env)
    letters = env['ar.reminder'].search(
        [('state', '=', 'approved')], limit=options['number'], order='id')
    letters.write({'channel': 'letter'})
    env.cr.commit()
    seconds = []
    for _turn in range(REPEATS):
        env.invalidate_all()
        with Measure(env.cr) as block:
            batch = letters._print_letters()
            env.flush_all()
        seconds.append(block.seconds)
        content = batch.attachment_id.raw
        number, singles = batch.letter_count, len(letters.attachment_id)
        env.cr.rollback()
        env.invalidate_all(flush=False)
    return {
        'number': number, 'singles': singles, 'bytes': len(content),
        'pages': len(PdfReader(io.BytesIO(content)).pages), 'seconds': statistics.median(seconds),
        'queries': block.queries, 'runs': [round(x, 1) for x in seconds],
    }


# === POSTING AND PAYING === #
def step_posting(env, options):
    """Post and pay invoices with and without the module, in turns, in one process."""
    from odoo.api import SUPERUSER_ID, Environment
    from odoo.modules.registry import Registry

    with Registry(options['plain']).cursor() as cr:
        plain = Environment(cr, SUPERUSER_ID, {})
        sides = {'with': _Posting(env), 'without': _Posting(plain)}
        seconds = {name: [] for name in sides}
        for turn in range(options['number']):
            order = list(sides) if turn % 2 else list(reversed(sides))
            for name in order:
                seconds[name].append(sides[name].post_and_pay(turn))
        queries = {name: side.queries for name, side in sides.items()}
        cr.rollback()
        plain.invalidate_all(flush=False)
    env.cr.rollback()
    env.invalidate_all(flush=False)
    # The first ones warm the caches of this process.
    warm = options['number'] // 5
    middle = {name: statistics.median(values[warm:]) for name, values in seconds.items()}
    mean = {name: statistics.fmean(values[warm:]) for name, values in seconds.items()}
    return {'median': middle, 'mean': mean, 'queries': queries, 'number': options['number']}


class _Posting:
    """Creates one invoice after the other; measures only posting and paying."""

    def __init__(self, env):
        company = env.ref('base.main_company')
        self.env = env(context=dict(env.context, allowed_company_ids=company.ids))
        env.cr.execute("SELECT id FROM res_partner WHERE ref ~ '^C[0-9]{6}$' ORDER BY id LIMIT 50")
        self.partners = [row[0] for row in env.cr.fetchall()]
        self.tax = self.env['account.tax'].search([
            ('company_id', '=', company.id), ('type_tax_use', '=', 'sale'), ('amount', '=', 15.0),
        ], limit=1)
        self.queries = 0

    def post_and_pay(self, turn):
        """Return the seconds that posting and paying one invoice take."""
        from odoo.fields import Command

        move = self.env['account.move'].create({
            'move_type': 'out_invoice',
            'partner_id': self.partners[turn % len(self.partners)],
            'invoice_line_ids': [Command.create({
                'name': "Delivered goods", 'quantity': 1, 'price_unit': 100.0,
                'tax_ids': [Command.set(self.tax.ids)],
            })],
        })
        self.env.flush_all()
        # What is kept for one transaction is not kept from one step to the next, nor between turns.
        self.env.cr.cache.clear()
        with Measure(self.env.cr) as block:
            move.action_post()
            self.env.flush_all()
            self.env.cr.cache.clear()
            self.env['account.payment.register'].with_context(
                active_model='account.move', active_ids=move.ids,
            ).create({})._create_payments()
            self.env.flush_all()
        self.queries = block.queries
        return block.seconds


def main():
    """Run one step and print its figures as the last line."""
    step, database = sys.argv[1:3]
    options = json.loads(sys.argv[3]) if len(sys.argv) > 3 else {}
    with open_env(database, options.get('addons', ())) as env:
        if step.startswith('peer_'):
            import bench_peer

            result = getattr(bench_peer, f'step_{step}')(env, options)
        elif step.startswith('credit_'):
            import bench_credit

            result = getattr(bench_credit, step.replace('credit_', 'step_', 1))(env, options)
        elif step.startswith('click_'):
            import bench_click

            result = getattr(bench_click, step.replace('click_', 'step_', 1))(env, options)
        elif step.startswith('figures_'):
            import bench_figures

            result = getattr(bench_figures, step.replace('figures_', 'step_', 1))(env, options)
        elif step.startswith('covers_'):
            import bench_covers

            result = getattr(bench_covers, step.replace('covers_', 'step_', 1))(env, options)
        elif step.startswith('poll_'):
            import bench_poll

            result = getattr(bench_poll, step.replace('poll_', 'step_', 1))(env, options)
        elif step.startswith('worklist_'):
            import bench_worklist

            result = getattr(bench_worklist, step.replace('worklist_', 'step_', 1))(env, options)
        elif step.startswith('kpi_'):
            import bench_kpi

            result = getattr(bench_kpi, step.replace('kpi_', 'step_', 1))(env, options)
        else:
            result = globals()[f'step_{step}'](env, options)
        env.cr.rollback()
    result['memory'] = peak_memory_mb()
    print(json.dumps(result, default=str))


if __name__ == '__main__':
    main()
