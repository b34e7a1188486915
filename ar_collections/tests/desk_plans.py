"""Payment plans from the draft to the signature, as steps of `desk_machine`."""
from datetime import timedelta

from hypothesis import strategies as st

from odoo.exceptions import AccessError, UserError, ValidationError
from odoo.fields import Command

from .desk_oracle import Item, Plan, cents
from .test_payment_plan_portal import draw_signature

DATA = st.data()
SOON = st.integers(0, 8)
NUMBER = st.sampled_from([1, 3, 4])


def step(ready, often=1, **draws):
    """Make a step of a method: taken when there is something to do, `often` in each round.

    :param ready: function of the machine
    :param draws: strategies of its arguments, by name
    """
    def decorate(method):
        method.ready, method.often, method.draws = ready, often, draws
        return method

    return decorate


class DeskPlans:
    """Part of `DeskMachine`: who draws a plan up, who approves it, who signs it."""

    @step(lambda self: self.free_for_plan, data=DATA, soon=SOON, number=NUMBER)
    def draw_up_plan(self, data, soon, number):
        """Draw up a plan; as a draft it holds no item and stops nothing."""
        items = self.choose(data, self.free_for_plan)
        number = min(number, sum(map(Item.own, items)))  # A cent for each instalment at least.
        self.plans.append(Plan(self.env['ar.payment.plan'].create({
            'customer_id': self.case.account_of().id, 'currency_id': items.currency_id.id,
            'number': number, 'interval': 'week', 'first_date': self.day + timedelta(days=soon),
            'line_ids': [Command.create({'move_line_id': item.id}) for item in items]})))

    def can_submit(self, one):
        """Whether every item still owes something, and stands in no plan by now."""
        items = one.record.line_ids.move_line_id
        return one.state == 'draft' and all(item in self.open for item in items) and sum(
            map(Item.own, items)) >= one.record.number and not any(
            other.has(item) for other in self.open_plans for item in items)

    @step(lambda self: self.submittable, data=DATA)
    def submit(self, data):
        self.submit_plan(self.pick(data, self.submittable))

    def submit_plan(self, one):
        """Spread again what is owed by now, from a day to come, and submit it.

        Whatever is above the amount of the settings goes to somebody else first: nobody starts or
        signs it meanwhile, and whoever submitted it does not approve it.
        """
        plan, company = one.record, self.case.company
        plan.first_date = max(plan.first_date, self.day)
        plan.action_spread()
        plan.action_submit()
        if one.submit(self.get_last_day(), cents(company.ar_plan_approval_amount)):
            self.see('plan submitted for approval')
            for error, forbidden in (
                    (UserError, plan.action_start), (AccessError, plan.action_approve),
                    (UserError, lambda: self.sign_plan(one, 'portal'))):
                with self.case.assertRaises(error):
                    forbidden()
        else:
            self.see('plan proposed')

    def get_last_day(self):
        return self.day + timedelta(days=self.case.company.ar_plan_validity_days)

    @step(lambda self: self.to_approve, often=2, data=DATA)
    def approve(self, data):
        """Approve, unless the ledger has changed since: then it is drawn up again."""
        one = self.pick(data, self.to_approve)
        items = one.record.line_ids.move_line_id
        if all(item in self.open for item in items) and min(one.parts)[0] >= self.day and sum(
                map(Item.own, items)) == sum(amount for _due, _deadline, amount in one.parts):
            self.approve_plan(one)
        else:
            with self.case.assertRaises(ValidationError):
                one.record.with_user(self.case.boss).action_approve()
            self.see('approval outdated')

    def approve_plan(self, one):
        one.record.with_user(self.case.boss).action_approve()
        one.propose(self.get_last_day())
        self.see('plan approved')

    @step(lambda self: self.to_approve, data=DATA)
    def disapprove(self, data):
        one = self.pick(data, self.to_approve)
        one.record.with_user(self.case.boss).action_send_back()
        one.state = 'draft'
        self.see('plan not approved')

    @step(lambda self: self.to_approve, data=DATA)
    def take_back(self, data):
        """Whoever submitted it changes it."""
        one = self.pick(data, self.to_approve)
        one.record.action_send_back()
        one.state = 'draft'
        self.see('plan taken back')

    @step(lambda self: self.open_plans, often=2, data=DATA)
    def give_up_plan(self, data):
        self.give_up(self.pick(data, self.to_approve or self.open_plans))

    @step(lambda self: self.proposed, data=DATA)
    def accept(self, data):
        """The customer agrees: whatever was paid since the proposal counts."""
        self.start(self.pick(data, self.proposed))
        self.see('plan accepted')

    def start(self, one):
        one.record.action_start()
        one.start()

    @step(lambda self: self.proposed, data=DATA, way=st.sampled_from(['portal', 'paper']))
    def sign(self, data, way):
        """The customer signs: the debt is acknowledged, whatever becomes of the plan."""
        one = self.pick(data, self.proposed)
        self.sign_plan(one, way)
        one.start()
        one.signed_on = self.day
        self.see('plan signed')

    def sign_plan(self, one, way):
        plan = one.record
        plan.invalidate_recordset(['is_overtaken'])
        would_last = plan._is_signable_online()
        plan._sign(
            "Jane Buyer", way, self.day, signature=way == 'portal' and draw_signature(),
            author=self.case.buyer)
        # The page takes a signature when the plan is not broken by it at once, and only then.
        self.case.assertEqual(would_last, plan.state != 'broken')

    @step(lambda self: self.proposed, data=DATA)
    def send_back(self, data):
        """The customer refuses, or wants other terms."""
        one = self.pick(data, self.proposed)
        one.record.action_send_back()
        one.state = 'draft'
        self.see('plan sent back')

    @step(lambda self: self.mendable, often=3, data=DATA)
    def find_money(self, data):
        """Money that came in time is found and booked late: a broken plan is active again, or kept.

        Unless another plan has taken over by then what it is about.
        """
        old = self.pick(data, self.mendable)
        items = old.record.line_ids.move_line_id
        if self.can_renew(items) and self.done['find_money'] % 2:
            self.plans.append(Plan(self.env['ar.payment.plan'].create({
                'customer_id': self.case.account_of().id, 'currency_id': items.currency_id.id,
                'number': 1, 'first_date': self.day,
                'line_ids': [Command.create({'move_line_id': item.id}) for item in items]})))
            self.submit_plan(self.plans[-1])
            self.states_are_those_of_the_ledger()
        missing = self.get_missed(old)
        for item in items.filtered(lambda item: item in self.open):
            amount = min(missing, Item.own(item))
            if amount > 0:
                self.receive_for(item, amount / 100, old.parts[0][0])
                missing -= amount

    def can_renew(self, items):
        return all(item in self.free_for_plan for item in items)

    def get_missed(self, one):
        """Return the cents that a plan lacks up to its last instalment that was missed."""
        _in_time, paid, _otherwise, _late = one.settled()
        return sum(amount for _due, deadline, amount in one.parts if deadline < self.day) - paid

    def can_mend(self, one):
        return one.state == 'broken' and any(
            item in self.open for item in one.record.line_ids.move_line_id)

    @step(lambda self: self.proposed)
    def let_lapse(self):
        """On the way there an instalment may be missed before the signature."""
        self.sleep(6)
        self.states_are_those_of_the_ledger()
        self.sleep(2)

    def sleep_over_plans(self):
        """Let the night pass over the proposals: what has lapsed is signed by nobody."""
        for plan in self.proposed:
            plan.sleep(self.day)
            if plan.state == 'proposed' and plan.record.is_overtaken:
                self.see('plan overtaken')
            if plan.state == 'cancelled':
                self.see('plan lapsed')
                with self.case.assertRaises(UserError):
                    self.sign_plan(plan, 'portal')
