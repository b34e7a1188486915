from odoo.tools import SQL


def post_init_hook(env):
    """Give each company its default policy and read the existing ledger once."""
    companies = env['res.company'].search([])
    companies._ar_set_defaults()
    for company in companies:
        env['ar.customer']._refresh(company)
    # How customers pay is learnt once before anybody looks at the cockpit.
    env.ref('ar_collections.ir_cron_ar_forecast_learn')._trigger()


def uninstall_hook(env):
    """Remove what the ORM does not remove by itself: parameters, activities, notes, files."""
    env['ir.config_parameter'].search([('key', '=like', r'ar\_collections.%')]).unlink()
    env['ir.default'].search([('field_id.name', '=like', r'ar\_%')]).unlink()
    # Our records go with their tables: one by one, those in use could not be deleted.
    env['ir.model.data'].search([
        ('module', '=', 'ar_collections'), ('model', '=like', 'ar.%')]).unlink()
    # Nor do they hold on to what Odoo deletes before the tables: templates, types of activities.
    env.cr.execute(r"""
        SELECT ours.relname, link.conname
          FROM pg_constraint link
          JOIN pg_class ours ON ours.oid = link.conrelid
          JOIN pg_class target ON target.oid = link.confrelid
         WHERE link.contype = 'f' AND link.confdeltype IN ('a', 'r')
           AND ours.relname LIKE 'ar\_%' AND target.relname NOT LIKE 'ar\_%'
           AND ours.relnamespace = current_schema::regnamespace
    """)
    for table, name in env.cr.fetchall():
        env.cr.execute(SQL("ALTER TABLE %s DROP CONSTRAINT %s", SQL.identifier(table),
                           SQL.identifier(name)))
    # Lists for the approvers hang on no record; our types on any.
    types = env['ir.model.data'].search([
        ('module', '=', 'ar_collections'), ('model', '=', 'mail.activity.type')]).mapped('res_id')
    env['mail.activity'].with_context(active_test=False).search([
        '|', ('res_model', '=like', 'ar.%'), ('activity_type_id', 'in', types)]).unlink()
    # Reports on their way: their documents go with us, and their mails belong to no record.
    env['ar.report.sending'].search([]).mail_id.unlink()
    env['ir.attachment'].search([('res_model', '=like', 'ar.%')]).unlink()
    # Our notes on invoices carry our own message id.
    env['mail.message'].search([
        '|', ('model', '=like', 'ar.%'), ('message_id', '=like', '%@ar-collections>')]).unlink()
