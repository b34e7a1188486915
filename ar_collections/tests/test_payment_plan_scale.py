from odoo.fields import Command
from odoo.tests import tagged

from .plan_common import PlanCommon


@tagged('post_install', '-at_install')
class TestPlanScale(PlanCommon):
    """The number of queries does not depend on the number of plans."""

    def start(self, count):
        """Start ``count`` plans of two instalments, one item each, for ten customers."""
        partners = self.env['res.partner'].create([
            {'name': f"Many {number}", 'is_company': True} for number in range(10)])
        income = self.journal('sale').default_account_id
        entries = self.env['account.move'].create([{
            'move_type': 'entry', 'date': '2026-05-01', 'journal_id': self.journal('general').id,
            'line_ids': [
                *(Command.create({
                    'account_id': partner.property_account_receivable_id.id,
                    'partner_id': partner.id, 'balance': 90, 'date_maturity': '2026-05-20'})
                  for _item in range(count // 10)),
                Command.create({'account_id': income.id, 'balance': -9 * count})],
        } for partner in partners])
        entries.action_post()
        customers = self.env['ar.customer']._get_or_create(partners, self.company)
        by_partner = {customer.partner_id: customer for customer in customers}
        items = self.items(entries)
        items.no_followup = False
        plans = self.env['ar.payment.plan'].create([{
            'customer_id': by_partner[item.partner_id].id, 'currency_id': item.currency_id.id,
            'number': 2, 'first_date': '2026-06-15',
            'line_ids': [Command.create({'move_line_id': item.id})],
        } for item in items])
        plans._propose()
        plans.write({'state': 'active', 'started_on': '2026-06-01'})
        self.env.flush_all()
        return plans

    def work(self, plans):
        """Return the queries of following unchanged plans, of two reads and of a run."""
        counts = []
        for action in (
            plans._follow,
            lambda: plans.mapped('late_amount'),
            lambda: plans.customer_id.mapped('payment_plan_count'),
            lambda: self.env['ar.aged.balance']._read_group([], [], ['planned_amount:sum']),
            lambda: self.env['ar.dunning.run']._run(self.company),
        ):
            self.env.flush_all()
            self.env.invalidate_all()
            start = self.env.cr.sql_log_count
            action()
            self.env.flush_all()
            counts.append(self.env.cr.sql_log_count - start)
        return counts

    def test_ten_and_five_hundred(self):
        few = self.start(10)
        self.work(few)
        ten = self.work(few)
        many = few | self.start(490)
        self.assertEqual(self.work(many), ten, "follow, late, counts, ageing, run")
        self.go('2026-06-30')
        start = self.env.cr.sql_log_count
        self.assertEqual(len(many._follow()), 500)
        self.assertEqual(set(many.mapped('state')), {'broken'})
        # What changes is written and told once per plan, no more.
        self.assertLess(self.env.cr.sql_log_count - start, 500 * 40)
