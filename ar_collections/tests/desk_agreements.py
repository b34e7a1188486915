"""What a collector agrees upon with the customer, as steps of `desk_machine`."""
from datetime import timedelta

from hypothesis.stateful import initialize

from odoo.fields import Command

from .desk_oracle import Dispute, Item, Promise, cents
from .desk_plans import DATA, NUMBER, SOON, DeskPlans, step


class DeskAgreements(DeskPlans):
    """Part of `DeskMachine`: promises, disputes and plans."""

    @initialize(data=DATA, soon=SOON, number=NUMBER)
    def agree(self, data, soon, number):
        """A life begins with one agreement of each kind: without any there is nothing to see.

        Another plan waits for its answer, and what is left of the items is reminded.
        """
        self.note_promise(data, soon)
        self.note_dispute(data)
        self.draw_up_plan(data, soon, number)
        self.submit_plan(self.plans[0])
        self.states_are_those_of_the_ledger()
        if self.plans[0].state == 'to_approve':
            self.approve_plan(self.plans[0])
            self.states_are_those_of_the_ledger()
        self.start(self.plans[0])
        self.look()
        if self.free_for_plan:
            self.draw_up_plan(data, soon, number)
            self.submit_plan(self.plans[1])
        self.send_reminders(data)

    # === PROMISES === #

    @step(lambda self: self.free_for_promise, data=DATA, soon=SOON)
    def note_promise(self, data, soon):
        items = self.choose(data, self.free_for_promise)
        self.note_promise_of(items, self.amount(data, sum(map(Item.own, items))), soon)

    def note_promise_of(self, items, amount, soon):
        self.promises.append(Promise(self.env['ar.promise'].create({
            'customer_id': self.case.account_of().id, 'currency_id': items.currency_id.id,
            'promise_date': self.day + timedelta(days=soon), 'amount': amount,
            'line_ids': [Command.create({'move_line_id': item.id}) for item in items]})))

    @step(lambda self: self.divisible, data=DATA)
    def promise_again(self, data):
        """A cent is promised and paid, then the rest is promised; the cent is taken back.

        The first one cannot be open again: the second says what was agreed last.
        """
        item = self.pick(data, self.divisible)
        self.note_promise_of(item, 0.01, 8)
        before = item.matched_credit_ids
        self.receive_for(item, 0.01, self.day)
        self.states_are_those_of_the_ledger()
        self.note_promise_of(item, Item.own(item) / 100, 8)
        (item.matched_credit_ids - before).unlink()

    @step(lambda self: self.kept_promises, data=DATA)
    def bounce(self, data):
        """What kept a promise is taken back: it is open again, or broken by now."""
        one = self.pick(data, self.kept_promises)
        for item in self.get_matched(one):
            item.matched_credit_ids[-1:].unlink()

    @step(lambda self: self.broken_promises, data=DATA)
    def find_promised(self, data):
        """Money that came on the day of a broken promise is booked late."""
        one = self.pick(data, self.broken_promises)
        for item in self.open.filtered(one.has):
            self.receive_for(item, Item.own(item) / 100, one.record.deadline)

    def get_matched(self, one):
        return one.record.line_ids.move_line_id.filtered('matched_credit_ids')

    @step(lambda self: self.open_promises, data=DATA)
    def give_up_promise(self, data):
        self.give_up(self.pick(data, self.open_promises))

    def give_up(self, one):
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

    @step(lambda self: self.settled_disputes, data=DATA)
    def unsettle(self, data):
        """What closed a dispute is undone: it opens by itself."""
        items = self.case.items(self.get_moves(self.pick(data, self.settled_disputes)))
        self.pick(data, items.matched_credit_ids).unlink()

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
