"""Invoices under promises, disputes and plans as a state machine; hypothesis chooses its steps.

After every step the states are those that the slow oracle (`desk_oracle`) reads from the ledger.
"""
from collections import Counter
from datetime import timedelta
from inspect import getmembers

from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from odoo import fields
from odoo.fields import Command

from .desk_agreements import DeskAgreements
from .desk_invariants import DeskInvariants
from .desk_oracle import Claim, Item, cents
from .desk_plans import DATA, step

PAST = st.sampled_from([0, 0, 1, 4, 12])


class DeskMachine(DeskAgreements, DeskInvariants, RuleBasedStateMachine):
    """One life: real entries of one customer, in a savepoint that is thrown away at the end.

    Steps are chosen only when there is something to do: `look` reads the ledger after each one.
    """

    def __init__(self, case):
        super().__init__()
        self.case, self.env = case, case.env
        self.savepoint = self.env.cr.savepoint()
        self.savepoint.__enter__()
        self.day = fields.Date.to_date('2026-06-01')
        case.go(str(self.day))
        self.promises, self.disputes, self.plans = [], [], []
        self.steps = dict(getmembers(type(self), lambda one: hasattr(one, 'ready')))
        self.done = Counter()
        self.transfers = self.env['ar.doubtful.transfer']
        Claim.known, Item.losses, Item.money = {}, set(), set()
        self.invoices, self.waiting, self.seen_mails = case.invoices, False, set()
        self.look()

    def teardown(self):
        self.savepoint.close(rollback=True)
        self.env.invalidate_all()

    @rule(data=DATA)
    def go_on(self, data):
        """Take a step that is due: none is taken again before all that were ready.

        As rules of their own the steps would be drawn very unevenly, some of them never.
        """
        rounds = {name: self.done[name] / method.often
                  for name, method in self.steps.items() if method.ready(self)}
        name = data.draw(st.sampled_from([
            name for name, done in rounds.items() if done < min(rounds.values()) + 1]),
            label="step")
        self.done[name] += 1
        getattr(self, name)(**{
            key: data if strategy is DATA else data.draw(strategy, label=key)
            for key, strategy in self.steps[name].draws.items()})

    # === WHAT THERE IS === #

    def look(self):
        self.posted = self.invoices.filtered(lambda move: move.state == 'posted')
        self.drafts = self.invoices - self.posted
        items = self.case.items(self.posted)
        items = items.union(*(Claim.of(item).lines for item in items)).filtered(
            lambda item: item.balance > 0 and item.move_id.state == 'posted')
        self.open = items.filtered(lambda item: Item.own(item) > 0)
        self.of_invoices = self.open.filtered(lambda item: item.move_id in self.invoices)
        self.booked = self.transfers.filtered(
            lambda one: one.state == 'booked'
            and one.line_ids.root_line_id.parent_state == 'posted')
        self.untouched = self.booked.filtered(
            lambda one: not one.line_ids.doubtful_line_id.matched_credit_ids)
        self.matched = [
            part for part in self.case.items(self.invoices).matched_credit_ids
            if part.debit_move_id.id not in Claim.known
            or Item(part.debit_move_id).standing() == part.debit_move_id]
        self.payments = self.case.items(
            self.invoices).matched_credit_ids.credit_move_id.payment_id.filtered(
            lambda payment: payment.move_id.state == 'posted')
        self.matched += self.booked.line_ids.doubtful_line_id.matched_credit_ids.filtered(
            lambda part: part.credit_move_id not in Claim.of(part.debit_move_id).lines)
        self.cancellable = self.never_moved(self.drafts.filtered(
            lambda move: move.state == 'draft'))
        self.reversible = self.never_moved(self.of_invoices.move_id).filtered(
            lambda move: not move.reversal_move_ids)
        self.open_promises = [one for one in self.promises if one.state == 'open']
        self.open_disputes = [one for one in self.disputes if one.is_open]
        self.open_plans = [
            one for one in self.plans if one.state in ('to_approve', 'proposed', 'active')]
        self.correctable = [
            one for one in self.open_disputes if self.get_moves(one) <= self.posted]
        self.reopenable = [one for one in self.disputes if self.can_reopen(one)]
        self.submittable = [one for one in self.plans if self.can_submit(one)]
        self.to_approve = [one for one in self.plans if one.state == 'to_approve']
        self.proposed = [one for one in self.plans if one.state == 'proposed']
        self.free_for_promise, self.free_for_dispute, self.free_for_plan = (
            self.open.filtered(lambda item, taken=taken: not any(one.has(item) for one in taken))
            for taken in (self.open_promises, self.open_disputes, self.open_plans))
        self.divisible = self.free_for_promise.filtered(lambda item: Item.own(item) > 1)
        self.mendable = [one for one in self.plans if self.can_mend(one)]
        self.kept_promises = [
            one for one in self.promises if one.state == 'kept' and self.get_matched(one)]
        self.broken_promises = [one for one in self.promises if one.state == 'broken' and any(
            one.has(item) for item in self.open)]
        self.settled_disputes = [
            one for one in self.disputes if one.state in ('paid', 'credited')
            and self.case.items(self.get_moves(one)).matched_credit_ids]

    @staticmethod
    def pick(data, records):
        return records[data.draw(st.integers(0, len(records) - 1), label="which")]

    @staticmethod
    def amount(data, most):
        """Draw an amount: the whole as often as a part, as people pay."""
        whole = data.draw(st.booleans(), label="whole")
        return (most if whole else data.draw(st.integers(1, most), label="cents")) / 100

    def choose(self, data, items):
        first = self.pick(data, items)
        return first | self.pick(data, items) if data.draw(st.booleans(), label="two") else first

    @staticmethod
    def get_moves(agreement):
        return agreement.record.line_ids.move_id

    def never_moved(self, moves):
        return moves.filtered(lambda move: not Claim.known.keys() & set(move.line_ids.ids))

    def see(self, event):
        """Remember that something has really happened; the test requires some of it."""
        self.case.seen.add(('event', event))

    # === MONEY === #

    @step(lambda self: self.open, data=DATA, ago=PAST)
    def receive(self, data, ago):
        item = self.pick(data, self.open)
        owed = Item.own(item)
        amount = self.amount(data, owed)
        self.receive_for(item, amount, self.day - timedelta(days=ago))
        self.see('payment' if cents(amount) == owed else 'partial payment')

    @step(lambda self: self.open_promises, data=DATA)
    def keep_promise(self, data):
        """All that a promise is about is paid, item by item."""
        one = self.pick(data, self.open_promises)
        for item in self.open.filtered(one.has):
            self.receive_for(item, Item.own(item) / 100, self.day)

    def receive_for(self, item, amount, day):
        if item.account_id in self.case.company.ar_doubtful_account_ids:
            self.match_with(item, amount, day)
            return
        target = item.move_id if item.move_id in self.invoices else self.case.buyer
        payment = self.case.pay(target, amount, day, match=False)
        (self.case.items(payment.move_id) | item).reconcile()

    def match_with(self, item, amount, day):
        """Book and match money on the doubtful account, which no payment form reaches."""
        journal = self.case.journal('bank')
        entry = self.env['account.move'].create({
            'move_type': 'entry', 'journal_id': journal.id, 'date': day, 'line_ids': [
                Command.create({'account_id': account.id, 'partner_id': self.case.buyer.id,
                                'debit': debit, 'credit': credit})
                for account, debit, credit in (
                    (item.account_id, 0, amount), (journal.default_account_id, amount, 0))]})
        entry.action_post()
        (item | entry.line_ids.filtered('credit')).reconcile()

    @step(lambda self: self.of_invoices, data=DATA)
    def credit(self, data):
        item = self.pick(data, self.of_invoices)
        note = self.case.credit_note(self.amount(data, Item.own(item)), str(self.day))
        (self.case.items(note) | item).reconcile()
        self.see('credit note')

    @step(lambda self: self.matched, data=DATA)
    def unmatch(self, data):
        self.pick(data, self.matched).unlink()
        self.see('un-reconciliation')

    @step(lambda self: self.payments, data=DATA)
    def take_back_payment(self, data):
        self.pick(data, self.payments).action_draft()
        self.see('payment to draft')

    # === INVOICES === #

    @step(lambda self: self.posted, data=DATA)
    def to_draft(self, data):
        self.pick(data, self.posted).button_draft()
        self.see('to draft')

    @step(lambda self: self.posted, data=DATA)
    def correct(self, data):
        """An invoice is opened and posted again; in between nothing is owed on it."""
        self.open_and_post(self.pick(data, self.posted))
        self.see('correct')

    @step(lambda self: self.correctable, data=DATA)
    def correct_all_disputed(self, data):
        """All that a dispute is about is opened: it is void until the invoices are posted."""
        self.open_and_post(self.get_moves(self.pick(data, self.correctable)))
        self.see('correct all disputed')

    def open_and_post(self, moves):
        moves.button_draft()
        self.states_are_those_of_the_ledger()
        moves.action_post()

    @step(lambda self: self.drafts, data=DATA)
    def post_again(self, data):
        move = self.pick(data, self.drafts)
        if move.state == 'cancel':
            move.button_draft()
        move.action_post()
        self.see('post again')

    @step(lambda self: self.cancellable, data=DATA)
    def cancel(self, data):
        self.pick(data, self.cancellable).button_cancel()
        self.see('cancel')

    @step(lambda self: self.reversible, data=DATA)
    def reverse(self, data):
        """Odoo undoes what is matched first, so this is two events for whoever follows."""
        move = self.pick(data, self.reversible)
        self.case.items(move).remove_move_reconcile()
        self.states_are_those_of_the_ledger()
        move._reverse_moves([{'date': self.day, 'invoice_date': self.day}], cancel=True)
        self.see('reversal')

    # === DOUBTFUL, LOST, COLLECTED BY OTHERS === #

    @step(lambda self: self.of_invoices, data=DATA)
    def to_doubtful(self, data):
        item = self.pick(data, self.of_invoices)
        transfer = self.transfers._transfer_to_doubtful(item, "Insolvent")
        if transfer:
            Claim.of(item).add(transfer.move_id)
            transfer.move_id.action_post()
            self.transfers |= transfer
            self.see('transfer')

    @step(lambda self: self.booked, data=DATA)
    def and_back(self, data):
        transfer = self.pick(data, self.booked)
        if Item.own(transfer.line_ids.doubtful_line_id) > 0:
            transfer.action_back()
            Claim.of(transfer.line_ids.move_line_id).add(transfer.back_move_id)
            transfer.back_move_id.action_post()
            self.see('transfer back')

    @step(lambda self: self.untouched, data=DATA)
    def undo_transfer(self, data):
        transfer = self.pick(data, self.untouched)
        Claim.of(transfer.line_ids.move_line_id).add(
            transfer.move_id._reverse_moves([{'date': self.day}], cancel=True))
        self.see('transfer undone')

    @step(lambda self: self.untouched, data=DATA)
    def transfer_to_draft(self, data):
        """An accountant opens the entry, the night comes, and it is posted again."""
        transfer = self.pick(data, self.untouched)
        transfer.move_id.button_draft()
        self.states_are_those_of_the_ledger()
        transfer.move_id.action_post()
        self.see('transfer to draft')

    @step(lambda self: self.open, data=DATA)
    def lose(self, data):
        """Write off what a dispute is about rather than anything else, as people do."""
        items = self.open.filtered(self.pick(data, self.open_disputes).has) if (
            self.open_disputes) else self.pick(data, self.open)
        whole = self.done['lose'] % 2
        loss = self.env['ar.write.off'].create({
            'customer_id': self.case.account_of().id, 'reason': "Gone.", 'date': self.day,
            'line_ids': [Command.create({
                'move_line_id': item.id, 'amount': Item.own(item) / 100 if whole else (
                    self.amount(data, Item.own(item)))})
                for item in items or self.pick(data, self.open)]})
        loss.action_submit()
        Item.losses.add(loss.move_id.id)
        loss.move_id.action_post()
        self.see('loss')

    @step(lambda self: self.open, data=DATA)
    def pay_agency(self, data):
        """Money that an agency has collected is the customer's money."""
        item = self.pick(data, self.open)
        case = self.env['ar.legal.case'].create({
            'customer_id': self.case.account_of().id,
            'line_ids': [Command.create({'move_line_id': item.id})]})
        paid = self.env['ar.agency.payment'].create({
            'case_id': case.id, 'gross_amount': self.amount(data, Item.own(item)),
            'date': self.day})
        paid.action_propose()
        Item.money.add(paid.move_id.id)
        paid.move_id.action_post()
        # Else the case would keep its items out of the reminders.
        case._set_stage('closed', "Done.", outcome='settled')
        self.see('agency')

    # === TIME === #

    @step(lambda self: True, often=4, days=st.sampled_from([3, 7, 12, 12]))
    def sleep(self, days):
        self.day += timedelta(days=days)
        self.case.follow(str(self.day))
        self.sleep_over_plans()

    @step(lambda self: True, often=2, data=DATA, days=st.sampled_from([0, 1, 5]))
    def remind(self, data, days):
        self.sleep(days)
        # The night may have broken a plan: what is claimed now goes by that.
        self.states_are_those_of_the_ledger()
        self.send_reminders(data)

    def send_reminders(self, data):
        """What a run proposes is what the oracle lets it claim; it leaves now, or some day."""
        run = self.case.run_dunning(str(self.day))
        self.lines_are_what_is_due(run.reminder_ids)
        proposed = run.reminder_ids.filtered(lambda one: one.state == 'proposed')
        if proposed:
            proposed._approve()
        self.waiting = bool(self.get_waiting_reminders())
        ways = [self.prepare, self.leave] if self.waiting else []
        for go_on in ways[:data.draw(st.sampled_from([2, 2, 1, 0]), label="steps")]:
            self.pay_meanwhile(data)
            go_on()

    def pay_meanwhile(self, data):
        """Pay a cent of what a message on its way claims, as often as not."""
        items = self.get_waiting_reminders().line_ids.move_line_id.filtered(
            lambda item: item.parent_state == 'posted' and Item.own(item) > 1)
        if items and data.draw(st.booleans(), label="paid meanwhile"):
            self.receive_for(self.pick(data, items), 0.01, self.day)

    def get_waiting_reminders(self):
        return self.case.reminders().filtered(lambda one: one.state in ('approved', 'queued'))

    @step(lambda self: self.waiting)
    def prepare(self):
        """What was approved becomes a message; whatever was due when it was proposed."""
        prepared = self.case.send()
        self.lines_are_what_is_due(prepared.filtered(lambda one: one.state == 'queued'))

    @step(lambda self: self.waiting)
    def leave(self):
        """The mail server gets what waits in the queue, unless the claim has changed since."""
        queued = self.get_waiting_reminders().filtered(lambda one: one.state == 'queued')
        self.mails_claim_what_is_due(self.case.deliver())
        self.env.invalidate_all()
        if any(one.state == 'approved' for one in queued):
            self.case.seen.add(('ar.reminder', 'withdrawn'))
        self.waiting = bool(self.get_waiting_reminders())

    # === INVARIANTS === #

    @invariant()
    def holds(self):
        self.states_are_those_of_the_ledger()
        self.look()
        self.agreements_stay_with_their_invoices()
        self.what_is_disputed_stays()
        self.an_item_is_reminded_once()
        self.planned_items_age_by_their_instalments()
