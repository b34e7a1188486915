"""The same ledger through OCA `account_credit_control` 19.0, as its own menus would do it."""

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
    return {'seconds': block.seconds, 'queries': block.queries, 'lines': len(lines)}


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
