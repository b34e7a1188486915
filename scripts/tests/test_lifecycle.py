"""Installed on years of invoices, upgraded, used, and uninstalled: Odoo's own data as before."""

import re

# A chart, two years of documents, and the usual accidents of a real ledger.
LEDGER = """
from odoo import Command, fields
company = env.company
if not company.chart_template:
    env['account.chart.template'].try_loading('generic_coa', company=company, install_demo=False)
company.email = 'credit@house.example.com'
partners = env['res.partner'].create([
    {'name': f"Old customer {n}", 'is_company': True, 'email': f'old{n}@example.com'}
    for n in range(8)])
today = fields.Date.today()
for months in range(1, 25):
    day = fields.Date.subtract(today, months=months)
    moves = env['account.move'].create([
        {'move_type': 'out_invoice', 'partner_id': partner.id, 'invoice_date': day,
         'invoice_date_due': fields.Date.add(day, days=30), 'invoice_payment_term_id': False,
         'invoice_line_ids': [Command.create(
             {'name': "Goods", 'price_unit': 100 + months, 'tax_ids': False})]}
        for partner in partners[:2 + months % 6]])
    moves.action_post()
    if months % 3:
        env['account.payment.register'].with_context(
            active_model='account.move', active_ids=moves[:-1].ids).create(
            {'payment_date': fields.Date.add(day, days=20)})._create_payments()
env.cr.commit()
"""

USE = """
company = env.company
customers = env['ar.customer'].search([('company_id', '=', company.id)])
assert customers, "the existing ledger was not read at installation"
open_lines = env['account.move.line'].search([
    ('account_type', '=', 'asset_receivable'), ('parent_state', '=', 'posted'),
    ('company_id', '=', company.id), ('partner_id', '!=', False)])
assert abs(sum(customers.mapped('balance')) - sum(open_lines.mapped('balance'))) < 0.001
policy = company.ar_dunning_policy_id
policy.write({'hour_from': 0, 'hour_to': 24, 'saturday': True, 'sunday': True,
              'skip_holidays': False})
run = env['ar.dunning.run']._run(company)
assert run.reminder_ids
run.reminder_ids.filtered(lambda r: r.state == 'proposed')._set_approved(person=env.user)
env['ar.reminder']._cron_send()
assert env['ar.reminder'].search_count([('state', '=', 'queued')])
env['ar.reminder'].search([('state', '=', 'queued')])._set_sent()
customers[0].activity_schedule('mail.mail_activity_data_todo')
env['ir.config_parameter'].set_param('ar_collections.test', '1')
env.cr.commit()
"""

# The token in the link of a reminder that has left must go on working. The administrators get a
# role and the company its default policy: only the day of their last change tells.
KEPT = {
    'account_move': {'access_token'},
    'res_company': {'write_date', 'write_uid'},
    'res_partner': {'write_date', 'write_uid'},
}
# Odoo's own book-keeping about modules, requests and rendered assets.
HOUSEKEEPING = re.compile(
    r'^(ir_(attachment|asset|cron|logging|model|module|ui|profile|exports|default|act|actions|rule)'
    r'|bus_bus|base_registry_signaling|orm_signaling|res_users_log|res_device|rel_|mail_gateway'
    r'|mail_push|base_|web_tour|publisher)')


def tables(odoo, database):
    """Return {table: [columns]} of everything."""
    found = {}
    for table, column in odoo.sql(
            database, "SELECT table_name, column_name || ' ' || data_type"
                      "  FROM information_schema.columns"
                      " WHERE table_schema = 'public' ORDER BY 1, 2"):
        found.setdefault(table, []).append(column)
    return found


def fingerprint(odoo, database, columns):
    """Return checksums of the tables that matter most, over the columns they had at the start."""
    sums = {}
    for table in ('account_move', 'account_move_line', 'account_partial_reconcile',
                  'account_payment', 'res_partner', 'res_company'):
        names = [c.split()[0] for c in columns[table]]
        names = [n for n in names if n not in KEPT.get(table, ())]
        row = ", ".join(f'"{name}"' for name in names)
        [[value]] = odoo.sql(
            database, f"SELECT md5(string_agg(ROW({row})::text, '|' ORDER BY id)) FROM {table}")
        sums[table] = value
    return sums


def counts(odoo, database, names):
    """Return {table: rows} of the tables that hold data of the company."""
    query = " UNION ALL ".join(
        f"SELECT '{name}', COUNT(*) FROM \"{name}\"" for name in names
        if not HOUSEKEEPING.match(name))
    return {name: int(count) for name, count in odoo.sql(database, query)}


def indexes(odoo, database):
    """Return the names of all indexes."""
    return {row[0] for row in odoo.sql(
        database, "SELECT indexname FROM pg_indexes WHERE schemaname = 'public'")}


def test_install_upgrade_use_and_uninstall_on_years_of_invoices(odoo, scratch_name):
    odoo.install(scratch_name, 'account', 'sale', 'resource', 'portal')
    odoo.shell(scratch_name, LEDGER)
    columns = tables(odoo, scratch_name)
    sums = fingerprint(odoo, scratch_name, columns)
    rows = counts(odoo, scratch_name, columns)
    old_indexes = indexes(odoo, scratch_name)

    for log in (odoo.install(scratch_name, 'ar_collections'),
                odoo.upgrade(scratch_name, 'ar_collections')):
        assert not re.search(r' (WARNING|ERROR|CRITICAL) .*ar_collections', log), log[-3000:]
    assert fingerprint(odoo, scratch_name, columns) == sums, "installing wrote into Odoo's data"
    assert 'ar_customer' in tables(odoo, scratch_name)
    for table in ('account_move', 'account_move_line', 'res_partner'):
        assert tables(odoo, scratch_name)[table] == columns[table], "nothing is stored there"

    odoo.shell(scratch_name, USE)
    assert fingerprint(odoo, scratch_name, columns) == sums, "dunning wrote into Odoo's data"

    log = odoo.run('module', 'uninstall', '-d', scratch_name, 'ar_collections').stdout
    assert not re.search(r' (ERROR|CRITICAL) ', log), log[-3000:]
    assert tables(odoo, scratch_name) == columns
    assert fingerprint(odoo, scratch_name, columns) == sums
    now = counts(odoo, scratch_name, columns)
    assert {n: (rows[n], now[n]) for n in now if rows[n] != now[n]} == {}
    assert indexes(odoo, scratch_name) == old_indexes
    left = r"""
        SELECT 'attachment', COUNT(*) FROM ir_attachment WHERE res_model LIKE 'ar.%'
         UNION ALL SELECT 'parameter', COUNT(*) FROM ir_config_parameter
                    WHERE key LIKE 'ar\_collections%'
         UNION ALL SELECT 'xml id', COUNT(*) FROM ir_model_data
                    WHERE module = 'ar_collections'
         UNION ALL SELECT 'follower', COUNT(*) FROM mail_followers WHERE res_model LIKE 'ar.%'
         UNION ALL SELECT 'message', COUNT(*) FROM mail_message WHERE model LIKE 'ar.%'
         UNION ALL SELECT 'cron', COUNT(*) FROM ir_cron WHERE cron_name LIKE 'Receivables:%'
    """
    assert {name: int(n) for name, n in odoo.sql(scratch_name, left) if int(n)} == {}
