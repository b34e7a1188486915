from odoo.fields import Command

from .test_desk import DeskCommon


class PlanCommon(DeskCommon):
    """Payment plans: five days of grace, no tolerance, one missed instalment breaks a plan."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.company.write({
            'ar_plan_grace_days': 5, 'ar_plan_tolerance': 0, 'ar_plan_missed_allowed': 1,
            'ar_plan_approval_amount': 5000, 'ar_plan_approval_months': 12,
            'ar_plan_validity_days': 15})

    def draft_plan(self, moves, number=3, first='2026-06-15', user=None, **vals):
        """Draw up a plan about the open items of some invoices."""
        customer = self.env['ar.customer']._get_or_create(moves.partner_id, self.company)
        items = self.items(moves).filtered(lambda item: not item.reconciled)
        return self.env['ar.payment.plan'].with_user(user or self.env.user).create({
            'customer_id': customer.id, 'currency_id': items.currency_id.id,
            'number': number, 'first_date': first,
            'line_ids': [Command.create({'move_line_id': item.id}) for item in items], **vals})

    def active_plan(self, moves, number=3, first='2026-06-15', **vals):
        """Draw up a plan and start it without a signature."""
        plan = self.draft_plan(moves, number, first, **vals)
        plan.action_submit()
        self.assertEqual(plan.state, 'proposed')
        plan.action_start()
        return plan

    def parts(self, plan):
        """Return [(due date, amount, received, state)] of the instalments."""
        return [(str(part.due_date), part.amount, part.paid_amount, part.state)
                for part in plan.instalment_ids.sorted('due_date')]

    def follow(self, day=None):
        """Move to a day and let the night pass."""
        if day:
            self.go(day)
        for name in ('ir_cron_ar_promise_follow', 'ir_cron_ar_payment_plan_follow'):
            with self.enter_registry_test_mode():
                self.env.ref(f'ar_collections.{name}').method_direct_trigger()
        self.env.invalidate_all()
