"""The measured steps of credit control: confirming orders, and who is over the limit.

Called through bench_steps.py as `credit_<step>`.
"""

import statistics

from environment import Measure

REPEATS = 5

BARE_OVER_LIMIT = """
    SELECT c.id
      FROM ar_customer c
      JOIN (
            SELECT p.commercial_partner_id AS id, SUM(part.amount) AS amount
              FROM (
                    SELECT partner_id, amount_residual AS amount
                      FROM account_move_line
                     WHERE account_id = ANY(%(accounts)s) AND reconciled IS NOT TRUE
                       AND parent_state = 'posted' AND company_id = %(company)s
                     UNION ALL
                    SELECT o.partner_invoice_id,
                           ol.price_total * (ol.product_uom_qty - ol.qty_invoiced)
                           / NULLIF(ol.product_uom_qty, 0)
                      FROM sale_order o JOIN sale_order_line ol ON ol.order_id = o.id
                     WHERE o.state = 'sale' AND o.company_id = %(company)s
                   ) part
              JOIN res_partner p ON p.id = part.partner_id
             GROUP BY p.commercial_partner_id
           ) total ON total.id = c.partner_id
      JOIN res_partner p ON p.id = c.partner_id
     WHERE c.company_id = %(company)s
       AND (p.credit_limit ->> %(company)s::text)::numeric > 0
       AND total.amount > (p.credit_limit ->> %(company)s::text)::numeric
"""


def get_company(env):
    """Return the environment and the main company of the ledger."""
    company = env.ref('base.main_company')
    env = env(context=dict(env.context, allowed_company_ids=company.ids))
    return env, company.with_env(env)


def share_items(env, company, accounts, missing):
    """Create ``missing`` partners and give them every second open item; return them."""
    partners = env['res.partner'].with_context(tracking_disable=True).create(
        [{'name': f"Credit {turn}", 'is_company': True} for turn in range(max(missing, 0))])
    env.flush_all()
    if partners:
        env.cr.execute(
            """
            UPDATE account_move_line l SET partner_id = new.id
              FROM unnest(%s::int[]) WITH ORDINALITY new (id, number)
             WHERE l.account_id = ANY(%s) AND l.reconciled IS NOT TRUE AND l.company_id = %s
               AND l.parent_state = 'posted' AND l.id %% 2 = 0
               AND new.number = 1 + (l.id / 2) %% %s
            """, [partners.ids, list(accounts), company.id, len(partners)])
    return partners.ids


def fill_customers(env, company, number):
    """Bring the ledger to ``number`` customers with a limit, sharing its open items among them."""
    Customer = env['ar.customer']
    missing = number - Customer.search_count([('company_id', '=', company.id)])
    created = share_items(env, company, company._get_ar_account_ids(), missing)
    Customer.with_context(tracking_disable=True)._get_or_create(
        env['res.partner'].browse(created), company)
    env.flush_all()
    env.cr.execute(
        """
        UPDATE res_partner p
           SET credit_limit = jsonb_build_object(%s::text, 100 + p.id %% 5000)
          FROM ar_customer c WHERE c.partner_id = p.id AND c.company_id = %s
        """, [company.id, company.id])
    env.cr.commit()
    env.cr.execute('ANALYZE')
    env.cr.commit()
    env.invalidate_all(flush=False)


def step_over_limit(env, options):
    """Who is over the limit, against bare SQL; and Odoo's own figure for as many partners."""
    env, company = get_company(env)
    fill_customers(env, company, options['customers'])
    Customer = env['ar.customer'].with_context(active_test=False)
    domain = [('company_id', '=', company.id), ('is_over_limit', '=', True)]
    params = {'accounts': company._get_ar_account_ids(), 'company': company.id}
    ours, bare, queries = [], [], 0
    Customer.search(domain)
    for _turn in range(REPEATS):
        env.invalidate_all()
        with Measure(env.cr) as block:
            found = set(Customer.search(domain).ids)
        ours.append(block.seconds)
        queries = block.queries
        with Measure(env.cr) as block:
            env.cr.execute(BARE_OVER_LIMIT, params)
            expected = {row[0] for row in env.cr.fetchall()}
        bare.append(block.seconds)
    customers = Customer.search([('company_id', '=', company.id)])
    partners = customers.partner_id
    env.invalidate_all()
    with Measure(env.cr) as figures:
        customers.mapped('exposure')
    env.invalidate_all()
    with Measure(env.cr) as core:
        partners.mapped('credit')
    return {
        'ours': statistics.median(ours), 'bare': statistics.median(bare), 'queries': queries,
        'over': len(found), 'same': found == expected, 'customers': len(customers),
        'exposure': {'seconds': figures.seconds, 'queries': figures.queries},
        'core': {'seconds': core.seconds, 'queries': core.queries},
    }


class _Confirming:
    """Creates one order after the other; measures only the confirmation."""

    def __init__(self, env):
        from odoo.fields import Command

        self.env, company = get_company(env)
        if 'ar_credit_active' in company._fields:
            company.ar_credit_active = True
        self.Command = Command
        env.cr.execute("SELECT id FROM res_partner WHERE ref ~ '^C[0-9]{6}$' ORDER BY id LIMIT 250")
        self.partners = [row[0] for row in env.cr.fetchall()]
        env.cr.execute("UPDATE res_partner SET credit_limit = jsonb_build_object(%s::text, 10^9)"
                       " WHERE id = ANY(%s)", [company.id, self.partners])
        if 'ar.credit.rule' in self.env:
            # Every rule that is shipped to warn or hold is made to hold, and is asked. Everybody
            # passes all the same: what is measured is the judging, not the holding.
            rules = self.env['ar.credit.rule'].search([('decision', '!=', 'ignore')])
            rules.write({'decision': 'hold', 'overdue_amount': 10**9})
            self.env['ar.risk.class'].search([]).write(
                {'order_decision': 'allow', 'deposit_percent': 0})
        self.product = self.env['product.product'].create(
            {'name': "Goods", 'type': 'service', 'taxes_id': False})
        self.queries = self.turn = 0

    def create_orders(self, number):
        return self.env['sale.order'].create([{
            'partner_id': self.partners[(self.turn + turn) % len(self.partners)],
            'order_line': [self.Command.create({
                'product_id': self.product.id, 'price_unit': 100, 'product_uom_qty': line + 1})
                for line in range(5)],
        } for turn in range(number)])

    def confirm(self):
        """Return the seconds that confirming one order takes."""
        # Another customer each time: the orders of one run are no exposure of one customer.
        self.turn += 1
        order = self.create_orders(1)
        self.env.flush_all()
        self.env.invalidate_all()
        with Measure(self.env.cr) as block:
            order.action_confirm()
            self.env.flush_all()
        assert order.state == 'sale'
        self.queries = block.queries
        return block.seconds


def step_confirm(env, options):
    """Confirm orders with and without the module, in turns; count the queries of our judging."""
    from odoo.api import SUPERUSER_ID, Environment
    from odoo.modules.registry import Registry

    with Registry(options['plain']).cursor() as cr:
        plain = Environment(cr, SUPERUSER_ID, {})
        sides = {'with': _Confirming(env), 'without': _Confirming(plain)}
        seconds = {name: [] for name in sides}
        warm = options['number'] // 5
        for turn in range(options['number']):
            if turn == warm:
                # The ledger has no orders of its own. The planner learns of those of the first
                # turns, as it does wherever orders are committed: plans for empty tables are slow.
                for side in sides.values():
                    side.env.cr.execute("ANALYZE sale_order, sale_order_line")
            for name in list(sides) if turn % 2 else list(reversed(sides)):
                seconds[name].append(sides[name].confirm())
        queries = {name: side.queries for name, side in sides.items()}
        cr.rollback()
        plain.invalidate_all(flush=False)
    ours = sides['with']
    counts = {}
    # The first round fills the caches of this process and is overwritten.
    for number in (1, 1, 200):
        orders = ours.create_orders(number)
        orders.env['ar.customer']._get_or_create(orders.partner_id, orders.company_id)
        orders.env.flush_all()
        # Each in a transaction of its own, as a click is: what this one has prepared is forgotten.
        orders.env.cr.postrollback.run()
        with Measure(orders.env.cr) as block:
            held = orders._hold_offenders()
        assert not held
        counts[number] = block.queries
    env.cr.rollback()
    env.invalidate_all(flush=False)
    return {
        'median': {name: statistics.median(values[warm:]) for name, values in seconds.items()},
        'queries': queries, 'judging': counts, 'number': options['number'],
    }


# === ROWS === #
def add_rows(bench, over, confirm, peer=None):
    """Add the rows of credit control to the table of bench.py."""
    ratio = over['ours'] / over['bare']
    same = "same customers" if over['same'] else "**different customers**"
    bench.add(f"Over limit among {over['customers']:,} customers: {over['over']:,}",
              f"{over['ours']:.3f} s, {over['queries']} queries",
              f"bare SQL {over['bare']:.3f} s ({same}): {ratio:.2f} ×", "≤ 3 ×",
              ratio <= 3 and over['same'])
    bench.add(f"Exposure of {over['customers']:,} customers",
              f"{over['exposure']['seconds']:.2f} s, {over['exposure']['queries']} queries",
              f"Odoo's own `credit`: {over['core']['seconds']:.2f} s, "
              f"{over['core']['queries']:,} queries")
    if peer:
        bench.add(f"… against OCA account_financial_risk: exposure of {peer['customers']:,}",
                  f"{over['exposure']['seconds']:.2f} s",
                  f"{peer['exposure']['seconds']:.1f} s, {peer['exposure']['queries']:,} queries: "
                  f"{peer['exposure']['seconds'] / over['exposure']['seconds']:.0f} ×")
        bench.add("… against OCA account_financial_risk: its list of customers over the limit",
                  f"{over['ours']:.3f} s",
                  f"{peer['over']['seconds']:.1f} s, {peer['over']['queries']:,} queries, "
                  f"{peer['found']:,} found: {peer['over']['seconds'] / over['ours']:.0f} ×")
    if not confirm:
        return
    import bench_click

    ours, theirs = confirm['median']['with'], confirm['median']['without']
    bench.add(f"Confirm one order of 5 lines (median of {confirm['number']})",
              f"{ours * 1000:.1f} ms, {confirm['queries']['with']} queries",
              f"without the module {theirs * 1000:.1f} ms, {confirm['queries']['without']} "
              f"queries: {ours / theirs:.3f} ×", "≤ 1.05 ×", ours / theirs <= 1.05)
    bench_click.add_row(bench, confirm['click'])
    counts = {int(number): count for number, count in confirm['judging'].items()}
    bench.add("Queries of judging by number of orders",
              ', '.join(f"{number}: {count}" for number, count in counts.items()), '',
              "constant", len(set(counts.values())) == 1)
