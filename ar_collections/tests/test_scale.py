from contextlib import contextmanager

from odoo.tests import tagged

from .common import CollectionsCommon


@tagged('post_install', '-at_install')
class TestQueryCounts(CollectionsCommon):
    """The number of queries does not depend on the number of customers."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        for number, due in enumerate(('2026-05-26', '2026-05-10', '2026-06-03')):
            cls.invoice(100 + number, due=due)
        cls.credit_note(5, '2026-05-20')

    def columns(self, table, alias=None):
        """Return the columns that a copy takes over as they are."""
        self.env.cr.execute(
            "SELECT column_name FROM information_schema.columns WHERE table_name = %s"
            " AND is_generated = 'NEVER' AND column_name NOT IN ('id', 'partner_id', 'move_id',"
            " 'commercial_partner_id', 'name', 'sequence_number', 'access_token', 'email',"
            " 'email_normalized')", [table])
        prefix = f'{alias}.' if alias else ''
        return ", ".join(f'{prefix}"{row[0]}"' for row in self.env.cr.fetchall())

    def multiply(self, count):
        """Copy the customer with its open items, in SQL: the ORM would take minutes."""
        self.env.flush_all()
        self.env.cr.execute(
            f"INSERT INTO res_partner ({self.columns('res_partner')}, name, email,"
            "                         email_normalized)"
            f" SELECT {self.columns('res_partner', 'source')}, 'Copy ' || n,"
            "         'c' || n || '@example.com', 'c' || n || '@example.com'"
            "   FROM res_partner source, generate_series(1, %s) n WHERE source.id = %s"
            " RETURNING id", [count, self.buyer.id])
        ids = [row[0] for row in self.env.cr.fetchall()]
        self.env.cr.execute(
            "UPDATE res_partner SET commercial_partner_id = id WHERE id = ANY(%s)", [ids])
        self.env.cr.execute(
            f"INSERT INTO account_move ({self.columns('account_move')}, name, partner_id,"
            "                          commercial_partner_id)"
            f" SELECT {self.columns('account_move', 'source')}, source.name || '-' || p.id, p.id,"
            "         p.id"
            "   FROM account_move source, unnest(%s) p (id)"
            "  WHERE source.commercial_partner_id = %s", [ids, self.buyer.id])
        self.env.cr.execute(
            f"INSERT INTO account_move_line ({self.columns('account_move_line')}, name,"
            "                               partner_id, move_id)"
            f" SELECT {self.columns('account_move_line', 'source')}, source.name,"
            "         copy.partner_id, copy.id"
            "   FROM account_move_line source JOIN account_move m ON m.id = source.move_id"
            "   JOIN account_move copy ON copy.partner_id = ANY(%s)"
            "    AND copy.name = m.name || '-' || copy.partner_id"
            "  WHERE m.commercial_partner_id = %s", [ids, self.buyer.id])
        self.env.invalidate_all()
        self.env.cr.execute("ANALYZE account_move_line, account_move, res_partner")
        return ids

    @contextmanager
    def counted(self, counts):
        self.env.flush_all()
        self.env.invalidate_all()
        before = self.env.cr.sql_log_count
        yield
        self.env.flush_all()
        counts.append(self.env.cr.sql_log_count - before)

    def work(self):
        """Refresh, preview and run once; return the number of queries of each."""
        counts = []
        with self.counted(counts):
            self.env['ar.customer']._refresh(self.company)
        with self.counted(counts):
            self.env['ar.dunning.preview'].create({})
        with self.counted(counts):
            run = self.env['ar.dunning.run']._run(self.company)
        self.assertTrue(run.reminder_ids)
        return run, counts

    def test_refresh_preview_and_run(self):
        self.multiply(10)
        self.work()[0].reminder_ids._set_cancelled("warm")
        run, ten = self.work()
        self.assertEqual(len(run.reminder_ids), 11)
        run.reminder_ids._set_cancelled("again")
        self.multiply(990)
        run, thousand = self.work()
        self.assertEqual(len(run.reminder_ids), 1001)
        self.assertEqual(thousand, ten, "refresh, preview, run")

    def test_fields_of_invoices_items_and_contacts(self):
        self.multiply(200)
        self.env['ar.customer']._refresh(self.company)
        self.env['ar.dunning.run']._run(self.company).reminder_ids._set_sent()
        for model, names in (
            ('account.move', ['ar_dunning_level_id', 'ar_last_reminder_date',
                              'ar_next_action_date', 'ar_dunning_policy_id']),
            ('account.move.line', ['ar_dunning_level_id', 'ar_days_overdue']),
            ('res.partner', ['ar_overdue_amount', 'ar_max_days_overdue', 'ar_dunning_level_id']),
            ('ar.customer', ['effective_policy_id', 'policy_reason', 'reminder_count']),
        ):
            domain = ([('ar_customer_ids.company_id', '=', self.company.id)]
                      if model == 'res.partner' else [('company_id', '=', self.company.id)])
            every = self.env[model].search(domain)
            counts = []
            for records in (every[:10], every[:10], every[:200]):
                with self.counted(counts):
                    for name in names:
                        records.mapped(name)
            self.assertEqual(counts[2], counts[1], model)
