"""What a collector agrees upon with the customer, as steps of `desk_machine`."""
from datetime import timedelta

from hypothesis import strategies as st
from hypothesis.stateful import initialize

from odoo.fields import Command

from .desk_oracle import Dispute, Item, Plan, Promise, cents

DATA = st.data()
SOON = st.integers(0, 8)


def step(ready, often=1, **draws):
    """Make a step of a method: taken when there is something to do, `often` in each round.

    :param ready: function of the machine
    :param draws: strategies of its arguments, by name
    """
    def decorate(method):
        method.ready, method.often, method.draws = ready, often, draws
        return method

    return decorate


class DeskAgreements:
    """Part of `DeskMachine`: promises, disputes and plans."""

    @initialize(data=DATA, soon=SOON, number=st.integers(1, 3))
    def agree(self, data, soon, number):
        """A life begins with one agreement of each kind: without any there is nothing to see.

        Another plan waits for its answer, and what is left of the items is reminded.
        """
        self.note_promise(data, soon)
        self.note_dispute(data)
        self.draw_up_plan(data, soon, number)
        self.propose(self.plans[0])
        self.start(self.plans[0])
        self.look()
        if self.free_for_plan:
            self.draw_up_plan(data, soon, number)
            self.propose(self.plans[1])
        self.send_reminders(data)

    # === PROMISES === #

    @step(lambda self: self.free_for_promise, data=DATA, soon=SOON)
    def note_promise(self, data, soon):
        items = self.choose(data, self.free_for_promise)
        self.promises.append(Promise(self.env['ar.promise'].create({
            'customer_id': self.case.account_of().id, 'currency_id': items.currency_id.id,
            'promise_date': self.day + timedelta(days=soon),
            'amount': self.amount(data, sum(map(Item.own, items))),
            'line_ids': [Command.create({'move_line_id': item.id}) for item in items]})))

    @step(lambda self: self.open_promises or self.open_plans, data=DATA)
    def give_up(self, data):
        one = self.pick(data, self.open_promises + self.open_plans)
        one.record.action_cancel()
        one.state = 'cancelled'

    # === DISPUTES === #

    @step(lambda self: self.free_for_dispute, data=DATA)
    def note_dispute(self, data):
        items = self.choose(data, self.free_for_dispute)
        amounts = {item: self.amount(data, Item.own(item)) for item in items}
        self.disputes.append(Dispute(self.env['ar.dispute'].create({
            'customer_id': self.case.account_of().id, 'currency_id': items.currency_id.id,
            'reason_id': self.env.ref('ar_collections.ar_dispute_reason_price').id,
            'line_ids': [Command.create({'move_line_id': item.id, 'amount': amount})
                         for item, amount in amounts.items()]}),
            {item: cents(amount) for item, amount in amounts.items()}))

    @step(lambda self: self.open_disputes, data=DATA)
    def uphold(self, data):
        self.settle(self.pick(data, self.open_disputes), 'upheld')

    @step(lambda self: self.open_disputes, data=DATA)
    def withdraw(self, data):
        self.settle(self.pick(data, self.open_disputes), 'withdrawn')

    def settle(self, one, state):
        one.record._settle(state, "As ordered.")
        one.state = state

    def can_reopen(self, one):
        """Whether a person may open it again: no other one holds its items, or will."""
        return one.state in ('upheld', 'withdrawn') and one.is_owed() and not any(
            other.has(chosen.line) for other in self.disputes for chosen in one.items
            if other is not one and other.state not in ('upheld', 'withdrawn'))

    @step(lambda self: self.reopenable, data=DATA)
    def reopen(self, data):
        one = self.pick(data, self.reopenable)
        one.record.action_reopen()
        one.reopen()
        self.see('reopening')

    @step(lambda self: self.correctable, data=DATA)
    def credit_disputed(self, data):
        """Credit the invoices by Odoo's own dialogue, as much as is owed on them or a part."""
        one = self.pick(data, self.correctable)
        context = one.record.action_credit_note()['context']
        wizard = self.env['account.move.reversal'].with_context(**context).create({
            'date': self.day, 'journal_id': self.get_moves(one).journal_id.id})
        wizard.reverse_moves()
        for note in wizard.new_move_ids:
            items = self.of_invoices.filtered(
                lambda item, note=note: item.move_id == note.reversed_entry_id)
            owed = sum(map(Item.own, items))
            if owed:
                note.invoice_line_ids.price_unit = self.amount(data, owed)
                note.action_post()
                one.notes.append(note)
                self.see('credit note of a dispute')

    # === PLANS === #

    @step(lambda self: self.free_for_plan, data=DATA, soon=SOON, number=st.integers(1, 3))
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
        one = self.pick(data, self.submittable)
        self.propose(one)
        self.see('plan proposed')

    def propose(self, one):
        """Spread again what is owed by now, from a day to come, and propose it."""
        plan = one.record
        plan.first_date = max(plan.first_date, self.day)
        plan.action_spread()
        plan.action_submit()
        one.propose(self.day + timedelta(days=self.case.company.ar_plan_validity_days))

    @step(lambda self: self.proposed, data=DATA)
    def accept(self, data):
        """The customer agrees: whatever was paid since the proposal counts."""
        self.start(self.pick(data, self.proposed))
        self.see('plan accepted')

    def start(self, one):
        one.record.action_start()
        one.start()

    @step(lambda self: self.proposed, data=DATA)
    def send_back(self, data):
        one = self.pick(data, self.proposed)
        one.record.action_send_back()
        one.state = 'draft'
        self.see('plan sent back')
