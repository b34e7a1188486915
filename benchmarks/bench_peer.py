"""The same ledger through two peers of OCA, as their own menus would do it.

`account_credit_control` 19.0 for reminders, `account_financial_risk` 19.0 for the exposure.
"""

from bench_credit import share_items
from environment import Measure

# The offsets of our ladder's overdue levels, as the peer counts them: days after the due date.
LEVELS = (5, 15, 30)


def prepare_policy(env):
    """Give the peer a policy with our ladder's first levels and make it the company's."""
    from odoo.fields import Command

    company = env.ref('base.main_company')
    accounts = env['account.account'].search([('account_type', '=', 'asset_receivable')])
    template = env.ref('account_credit_control.email_template_credit_control_base')
    policy = env['credit.control.policy'].create({
        'name': "Benchmark ladder",
        'company_id': company.id,
        'account_ids': [Command.set(accounts.ids)],
        'level_ids': [Command.create({
            'name': f"{days} days", 'level': number, 'computation_mode': 'net_days',
            'delay_days': days, 'email_template_id': template.id, 'channel': 'email',
            'custom_text': "Please pay.", 'custom_mail_text': "<p>Please pay.</p>",
            'mail_show_invoice_detail': True,
        }) for number, days in enumerate(LEVELS, start=1)],
    })
    company.credit_policy_id = policy
    env.flush_all()
    return company, policy


def step_peer_run(env, _options):
    """Generate the credit control lines of the whole ledger, once (it takes minutes)."""
    company, policy = prepare_policy(env)
    env.cr.execute('SELECT today FROM bench_limit')
    today = env.cr.fetchone()[0]
    env.cr.commit()
    run = env['credit.control.run'].create({
        'date': today,
        'company_id': company.id,
        'policy_ids': [(6, 0, policy.ids)],
    })
    with Measure(env.cr) as block:
        lines = run._generate_credit_lines()
        env.flush_all()
    env.cr.commit()
    return {'seconds': block.seconds, 'queries': block.queries, 'lines': len(lines),
            'cpu': block.cpu}


def step_peer_send(env, options):
    """Prepare messages for some customers: the communications, then their mails without PDF."""
    lines = env['credit.control.line'].search([('state', '=', 'draft')], order='partner_id')
    partners = lines.partner_id[:options['number']]
    lines = lines.filtered(lambda line: line.partner_id in partners)
    lines.write({'state': 'to_be_sent'})
    template = env.ref('account_credit_control.email_template_credit_control_base')
    template.report_template_ids = False
    env.flush_all()
    Communication = env['credit.control.communication']
    with Measure(env.cr) as created:
        communications = Communication._generate_comm_from_credit_lines(lines)
        env.flush_all()
    with Measure(env.cr) as mailed:
        communications._generate_emails()
        env.flush_all()
    return {'number': len(communications), 'create': created.seconds, 'mail': mailed.seconds,
            'queries': created.queries + mailed.queries}


def step_peer_risk(env, options):
    """Exposure and the list of those over it, for as many customers as in our own row.

    What the peer counts is switched on as in our exposure: open and draft invoices. Orders need
    one more module of theirs and are left out, to their advantage.
    """
    company = env.ref('base.main_company')
    env = env(context=dict(env.context, allowed_company_ids=company.ids))
    accounts = env['account.account'].search([
        ('account_type', '=', 'asset_receivable'), ('company_ids', 'in', company.ids)]).ids
    env.cr.execute(
        "SELECT DISTINCT p.commercial_partner_id FROM account_move_line l"
        " JOIN res_partner p ON p.id = l.partner_id"
        " WHERE l.account_id = ANY(%s) AND l.company_id = %s", [accounts, company.id])
    known = [row[0] for row in env.cr.fetchall()]
    created = share_items(env, company, accounts, options['customers'] - len(known))
    partners = env['res.partner'].browse([*known, *created])
    env.cr.execute(
        """
        UPDATE res_partner
           SET credit_limit = jsonb_build_object(%s::text, 100 + id %% 5000),
               risk_invoice_draft_include = true, risk_invoice_open_include = true,
               risk_invoice_unpaid_include = true
         WHERE id = ANY(%s)
        """, [company.id, partners.ids])
    env.cr.commit()
    env.cr.execute('ANALYZE')
    env.cr.commit()
    env.invalidate_all(flush=False)
    with Measure(env.cr) as figures:
        partners.mapped('risk_total')
    env.invalidate_all()
    with Measure(env.cr) as over:
        found = env['res.partner'].search([('risk_exception', '=', True)])
    return {
        'customers': len(partners), 'found': len(found),
        'exposure': {'seconds': figures.seconds, 'queries': figures.queries},
        'over': {'seconds': over.seconds, 'queries': over.queries},
    }
