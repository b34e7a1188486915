from odoo.fields import Command
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

    def test_agreements_are_not_read_once_per_item(self):
        """A thousand customers with a dispute each: each table is read a few times, not always."""
        self.multiply(1000)
        self.env['ar.customer']._refresh(self.company)
        item = self.env['account.move.line'].search([
            ('partner_id', '=', self.buyer.id), ('amount_residual', '>', 0),
            ('account_type', '=', 'asset_receivable')], limit=1)
        dispute = self.env['ar.dispute'].create({
            'customer_id': self.account_of().id,
            'reason_id': self.env['ar.dispute.reason'].search([], limit=1).id,
            'line_ids': [Command.create({'move_line_id': item.id, 'amount': 1})]})
        self.env.flush_all()
        cr = self.env.cr
        columns = self.columns('ar_dispute_line', 'line').replace('line."move_line_id"', 'l.id')
        cr.execute(
            f"INSERT INTO ar_dispute_line ({self.columns('ar_dispute_line')}, move_id)"
            f" SELECT {columns},"
            "         l.move_id FROM ar_dispute_line line, account_move_line l"
            "  WHERE line.dispute_id = %s AND l.account_id = %s AND l.amount_residual = %s"
            "    AND l.id <> %s", [dispute.id, item.account_id.id, item.amount_residual, item.id])
        disputes = cr.rowcount + 1
        self.assertGreater(disputes, 900)
        cr.execute("ANALYZE ar_dispute_line, ar_customer; SET LOCAL"
                   " max_parallel_workers_per_gather = 0")

        def count_read():
            cr.execute("SELECT pg_stat_get_xact_tuples_returned('ar_dispute_line'::regclass)")
            return cr.fetchone()[0]

        before = count_read()
        self.env['ar.dunning.engine']._decide(self.company, self.company._get_ar_today())
        self.assertLess(count_read() - before, 10 * disputes)
        # Each loses its part of 1.00.
        cr.execute(
            "SELECT COUNT(*), SUM(total - residual_currency) FROM ar_dunning_item"
            " WHERE residual_currency <> total")
        self.assertEqual(cr.fetchone(), (disputes, disputes))
