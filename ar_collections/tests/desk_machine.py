"""Invoices under promises, disputes and plans as a state machine; hypothesis chooses its steps.

After every step the states are those that the slow oracle (`desk_oracle`) reads from the ledger.
"""
from collections import Counter
from datetime import timedelta

from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from odoo import fields
from odoo.fields import Command
from odoo.tools import SQL

from .desk_oracle import Claim, Dispute, Item, Plan, Promise, cents

DATA = st.data()
PAST = st.sampled_from([0, 0, 1, 4, 12])
SOON = st.integers(0, 8)


class DeskMachine(RuleBasedStateMachine):
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
        self.transfers = self.env['ar.doubtful.transfer']
        Claim.known, Item.losses, Item.money = {}, set(), set()
        self.invoices = self.env['account.move'].union(*(
            case.invoice(amount, due=f'2026-05-{20 + number}')
            for number, amount in enumerate((310, 95.5, 180))))
        self.invoices |= case.invoice(300, date='2026-05-01', terms=[(20, 50), (50, 50)])
        self.look()

    def teardown(self):
        self.savepoint.close(rollback=True)
        self.env.invalidate_all()

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
        self.open_promises = [one for one in self.promises if one.state == 'open']
        self.open_disputes = [one for one in self.disputes if one.is_open]
        self.open_plans = [one for one in self.plans if one.state == 'active']
        self.free_for_promise, self.free_for_dispute, self.free_for_plan = (
            self.open.filtered(lambda item, taken=taken: not any(one.has(item) for one in taken))
            for taken in (self.open_promises, self.open_disputes, self.open_plans))

    @staticmethod
    def pick(data, records):
        return records[data.draw(st.integers(0, len(records) - 1), label="which")]

    @staticmethod
    def amount(data, most):
        """Draw an amount: the whole as often as a part, as people pay."""
        amount = st.just(most) | st.integers(1, most)
        return data.draw(amount, label="cents") / 100

    def choose(self, data, items):
        first = self.pick(data, items)
        return first | self.pick(data, items) if data.draw(st.booleans(), label="two") else first

    def never_moved(self, moves):
        return moves.filtered(lambda move: not Claim.known.keys() & set(move.line_ids.ids))

    # === MONEY === #

    @precondition(lambda self: self.open)
    @rule(data=DATA, ago=PAST)
    def receive(self, data, ago):
        item = self.pick(data, self.open)
        amount, day = self.amount(data, Item.own(item)), self.day - timedelta(days=ago)
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

    @precondition(lambda self: self.of_invoices)
    @rule(data=DATA)
    def credit(self, data):
        item = self.pick(data, self.of_invoices)
        note = self.case.credit_note(self.amount(data, Item.own(item)), str(self.day))
        (self.case.items(note) | item).reconcile()

    @precondition(lambda self: self.matched)
    @rule(data=DATA)
    def unmatch(self, data):
        self.pick(data, self.matched).unlink()

    @precondition(lambda self: self.payments)
    @rule(data=DATA)
    def take_back_payment(self, data):
        self.pick(data, self.payments).action_draft()

    # === INVOICES === #

    @precondition(lambda self: self.posted)
    @rule(data=DATA)
    def to_draft(self, data):
        self.pick(data, self.posted).button_draft()

    @precondition(lambda self: self.posted)
    @rule(data=DATA)
    def correct(self, data):
        """An invoice is opened and posted again; in between nothing is owed on it."""
        move = self.pick(data, self.posted)
        move.button_draft()
        self.states_are_those_of_the_ledger()
        move.action_post()

    @precondition(lambda self: self.drafts)
    @rule(data=DATA)
    def post_again(self, data):
        move = self.pick(data, self.drafts)
        if move.state == 'cancel':
            move.button_draft()
        move.action_post()

    @precondition(lambda self: self.cancellable)
    @rule(data=DATA)
    def cancel(self, data):
        self.pick(data, self.cancellable).button_cancel()

    @precondition(lambda self: self.of_invoices)
    @rule(data=DATA)
    def reverse(self, data):
        move = self.pick(data, self.of_invoices).move_id
        if not move.reversal_move_ids and self.never_moved(move):
            move._reverse_moves([{'date': self.day, 'invoice_date': self.day}], cancel=True)

    # === DOUBTFUL, LOST, COLLECTED BY OTHERS === #

    @precondition(lambda self: self.of_invoices)
    @rule(data=DATA)
    def to_doubtful(self, data):
        item = self.pick(data, self.of_invoices)
        transfer = self.transfers._transfer_to_doubtful(item, "Insolvent")
        if transfer:
            Claim.of(item).add(transfer.move_id)
            transfer.move_id.action_post()
            self.transfers |= transfer

    @precondition(lambda self: self.booked)
    @rule(data=DATA)
    def and_back(self, data):
        transfer = self.pick(data, self.booked)
        if Item.own(transfer.line_ids.doubtful_line_id) > 0:
            transfer.action_back()
            Claim.of(transfer.line_ids.move_line_id).add(transfer.back_move_id)
            transfer.back_move_id.action_post()

    @precondition(lambda self: self.untouched)
    @rule(data=DATA)
    def undo_transfer(self, data):
        transfer = self.pick(data, self.untouched)
        Claim.of(transfer.line_ids.move_line_id).add(
            transfer.move_id._reverse_moves([{'date': self.day}], cancel=True))

    @precondition(lambda self: self.untouched)
    @rule(data=DATA)
    def transfer_to_draft(self, data):
        """An accountant opens the entry, the night comes, and it is posted again."""
        transfer = self.pick(data, self.untouched)
        transfer.move_id.button_draft()
        self.states_are_those_of_the_ledger()
        transfer.move_id.action_post()

    @precondition(lambda self: self.open)
    @rule(data=DATA)
    def lose(self, data):
        item = self.pick(data, self.open)
        loss = self.env['ar.write.off'].create({
            'customer_id': self.case.account_of().id, 'reason': "Gone.", 'date': self.day,
            'line_ids': [Command.create({
                'move_line_id': item.id, 'amount': self.amount(data, Item.own(item))})]})
        loss.action_submit()
        Item.losses.add(loss.move_id.id)
        loss.move_id.action_post()

    @precondition(lambda self: self.open)
    @rule(data=DATA)
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

    # === WHAT IS AGREED === #

    @initialize(data=DATA, soon=SOON, number=st.integers(1, 3))
    def agree(self, data, soon, number):
        """A life begins with one agreement of each kind: without any there is nothing to see."""
        self.note_promise(data, soon)
        self.note_dispute(data)
        self.draw_up_plan(data, soon, number)

    @precondition(lambda self: self.free_for_promise)
    @rule(data=DATA, soon=SOON)
    def note_promise(self, data, soon):
        items = self.choose(data, self.free_for_promise)
        self.promises.append(Promise(self.env['ar.promise'].create({
            'customer_id': self.case.account_of().id, 'currency_id': items.currency_id.id,
            'promise_date': self.day + timedelta(days=soon),
            'amount': self.amount(data, sum(map(Item.own, items))),
            'line_ids': [Command.create({'move_line_id': item.id}) for item in items]})))

    @precondition(lambda self: self.free_for_dispute)
    @rule(data=DATA)
    def note_dispute(self, data):
        items = self.choose(data, self.free_for_dispute)
        self.disputes.append(Dispute(self.env['ar.dispute'].create({
            'customer_id': self.case.account_of().id, 'currency_id': items.currency_id.id,
            'reason_id': self.env.ref('ar_collections.ar_dispute_reason_price').id,
            'line_ids': [Command.create({
                'move_line_id': item.id, 'amount': self.amount(data, Item.own(item))})
                for item in items]})))

    @precondition(lambda self: self.free_for_plan)
    @rule(data=DATA, soon=SOON, number=st.integers(1, 3))
    def draw_up_plan(self, data, soon, number):
        items = self.choose(data, self.free_for_plan)
        number = min(number, sum(map(Item.own, items)))  # A cent for each instalment at least.
        plan = self.env['ar.payment.plan'].create({
            'customer_id': self.case.account_of().id, 'currency_id': items.currency_id.id,
            'number': number, 'interval': 'week', 'first_date': self.day + timedelta(days=soon),
            'line_ids': [Command.create({'move_line_id': item.id}) for item in items]})
        plan.action_submit()
        plan.action_start()
        self.plans.append(Plan(plan))

    @precondition(lambda self: self.open_promises or self.open_plans)
    @rule(data=DATA)
    def give_up(self, data):
        one = self.pick(data, self.open_promises + self.open_plans)
        one.record.action_cancel()
        one.state = 'cancelled'

    @precondition(lambda self: self.open_disputes)
    @rule(data=DATA)
    def settle(self, data):
        one = self.pick(data, self.open_disputes)
        one.record._settle('upheld', "As ordered.")
        one.is_open = one.by_ledger = False

    # === TIME === #

    @rule(days=st.sampled_from([1, 2, 4, 7]))
    def sleep(self, days):
        self.day += timedelta(days=days)
        self.case.follow(str(self.day))

    @rule()
    def remind(self):
        """What a run proposes and sends is what the oracle lets it claim."""
        run = self.case.run_dunning(str(self.day))
        for line in run.reminder_ids.line_ids.filtered(lambda line: line.kind == 'step'):
            assert cents(line.amount_residual_currency) == self.claimable(line.move_line_id)
        waiting = run.reminder_ids.filtered(lambda one: one.state == 'proposed')
        if waiting:
            waiting._approve()
        self.case.send()

    def claimable(self, item):
        """Return what may be claimed of an item now; nothing while it is suspended."""
        if any(one.blocks(item, self.day) for one in self.promises):
            return 0
        owed = Item.own(item) - sum(one.part(item) for one in self.disputes)
        if owed <= 0:
            return 0
        for plan in self.plans:
            late = plan.claimable(item, self.day)
            if late is not None:
                return min(late, owed)
        return owed

    # === INVARIANTS === #

    @invariant()
    def holds(self):
        self.states_are_those_of_the_ledger()
        self.look()
        self.agreements_stay_with_their_invoices()
        self.an_item_is_reminded_once()
        self.planned_items_age_by_their_instalments()

    def states_are_those_of_the_ledger(self):
        self.env.invalidate_all()
        kinds = (self.promises, self.disputes, self.plans)
        for kind in kinds:
            for one in kind:
                one.judge(self.day, kind)
        expected = [one.expected() for kind in kinds for one in kind]
        found = [one.found() for kind in kinds for one in kind]
        assert found == expected, f"{found} is not what the ledger says: {expected}"
        # Running it again changes nothing, and says so.
        for one in (one for kind in kinds for one in kind):
            assert not one.record._follow(), f"{one.record} changes when nothing has happened"
        assert [one.found() for kind in kinds for one in kind] == expected
        self.case.seen |= {(one.record._name, one.record.state) for kind in kinds for one in kind}

    def planned_items_age_by_their_instalments(self):
        """Each cent under a plan stands with its instalment, the others by their due dates."""
        expected = {}
        for plan in self.plans:
            expected.update(plan.dated())
        planned = {line_id for line_id, _date in expected}
        expected.update({
            (item.id, item.date_maturity): Item.own(item)
            for item in self.open if item.id not in planned})
        found = Counter()
        for line_id, base_date, amount in self.age('plan', self.day, self.open.ids):
            found[line_id, base_date] += cents(amount)
        assert found == expected, f"{found} is not what the plans say: {expected}"
        # At any day, the total of an item is what it is by due date.
        sums = {'plan': Counter(), 'due': Counter()}
        for basis, total in sums.items():
            for line_id, _date, amount in self.age(basis, self.day - timedelta(days=3)):
                total[line_id] += cents(amount)
        assert sums['plan'] == sums['due']

    def age(self, basis, day, ids=None):
        Balance = self.env['ar.aged.balance'].with_context(
            ar_date=str(day), ar_age_by=basis, allowed_company_ids=self.case.company.ids)
        self.env.flush_all()
        return self.env.execute_query(SQL(
            "SELECT line_id, base_date, amount FROM (%s) item WHERE %s",
            Balance._get_query(Balance._get_options()),
            SQL("TRUE") if ids is None else SQL("line_id = ANY(%s)", ids)))

    def agreements_stay_with_their_invoices(self):
        for one in (*self.promises, *self.disputes, *self.plans):
            assert len(one.record.line_ids) == len(one.items)
            for line in one.record.line_ids:
                root = Claim.of(line.move_line_id).root
                assert line.move_id == root.move_id, "it is about the invoice"
                standing = Item(root).standing()
                if standing and root.move_id.state == 'posted':
                    assert line.move_line_id == standing

    def an_item_is_reminded_once(self):
        lines = self.env['ar.reminder.line'].search([
            ('company_id', '=', self.case.company.id), ('kind', '=', 'step'),
            ('state', 'in', ('proposed', 'approved', 'queued', 'sending'))])
        assert len(lines) == len(lines.move_line_id), "in two open reminders at once"
