from odoo.tests import tagged

from .scale_common import ScaleCommon


@tagged('post_install', '-at_install')
class TestQueryCounts(ScaleCommon):
    """The number of queries does not depend on the number of customers."""

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
