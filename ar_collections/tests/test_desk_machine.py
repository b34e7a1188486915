"""Random lives of invoices under promises, disputes and plans, against a slow oracle."""
import random
from datetime import timedelta

from odoo import fields
from odoo.fields import Command
from odoo.tests import tagged

from .desk_oracle import Claim, Dispute, Item, Plan, Promise, cents
from .plan_common import PlanCommon

STEPS = 34


@tagged('post_install', '-at_install')
class TestDeskMachine(PlanCommon):
    """After every step the states are those that the ledger says, whatever the order of events."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        accounts = cls.env['account.account'].create([{
            'code': code, 'name': name, 'account_type': kind, 'reconcile': kind != 'expense',
            'company_ids': [Command.set(cls.company.ids)]} for code, name, kind in (
                ('416000', "Doubtful", 'asset_current'), ('654100', "Bad debts", 'expense'),
                ('467000', "Agencies", 'asset_current'))])
        cls.company.write({
            'ar_promise_tolerance': 0, 'ar_plan_approval_amount': 10**6,
            'ar_doubtful_account_ids': [Command.set(accounts[0].ids)],
            'ar_bad_debt_account_id': accounts[1].id, 'ar_agency_account_id': accounts[2].id,
            'ar_write_off_free': 10**6})

    def test_first_life(self):
        self.live(1)

    def test_second_life(self):
        self.live(2)

    def test_third_life(self):
        self.live(3)

    def live(self, seed):
        self.random = random.Random(seed)
        self.day = fields.Date.to_date('2026-06-01')
        self.promises, self.disputes, self.plans, self.story = [], [], [], []
        self.transfers = self.env['ar.doubtful.transfer']
        Claim.known, Item.losses, Item.money = {}, set(), set()
        self.invoices = self.env['account.move'].union(*(
            self.invoice(self.random.randrange(50, 400), due=f'2026-05-{20 + number}')
            for number in range(4)))
        self.invoices |= self.invoice(300, date='2026-05-01', terms=[(20, 50), (50, 50)])
        steps = [
            (self.receive, 6), (self.credit, 2), (self.unmatch, 4), (self.to_draft, 2),
            (self.post_again, 3), (self.cancel, 1), (self.note_promise, 4),
            (self.note_dispute, 3), (self.draw_up_plan, 4), (self.sleep, 5), (self.remind, 2),
            (self.take_back_payment, 1), (self.give_up, 1), (self.settle, 1), (self.reverse, 1),
            (self.to_doubtful, 4), (self.and_back, 2), (self.undo_transfer, 1),
            (self.transfer_to_draft, 1), (self.lose, 1), (self.pay_agency, 1),
        ]
        for _turn in range(STEPS):
            step = self.random.choices(*zip(*steps, strict=True))[0]
            self.story.append((step.__name__, str(self.day)))
            step()
            self.check()

    # === STEPS === #

    def pick(self, records):
        return self.random.choice(list(records)) if records else records

    def open_items(self):
        items = self.items(self.invoices.filtered(lambda move: move.state == 'posted'))
        return items.union(*(Claim.of(item).lines for item in items)).filtered(
            lambda item: item.balance > 0 and item.move_id.state == 'posted'
            and Item.own(item) > 0)

    def amount_of(self, item):
        owed = Item.own(item)
        return (owed if self.random.random() < 0.4 else self.random.randrange(1, owed + 1)) / 100

    def receive(self):
        item = self.pick(self.open_items())
        if item:
            day = self.day - timedelta(days=self.random.choice((0, 0, 1, 4, 12)))
            if item.account_id in self.company.ar_doubtful_account_ids:
                self.match_with(item, self.amount_of(item), day, 'bank')
                return
            target = item.move_id if item.move_id in self.invoices else self.buyer
            payment = self.pay(target, self.amount_of(item), day, match=False)
            (self.items(payment.move_id) | item).reconcile()

    def credit(self):
        item = self.pick(self.invoice_items())
        if item:
            note = self.credit_note(self.amount_of(item), str(self.day))
            (self.items(note) | item).reconcile()

    def unmatch(self):
        partials = [
            part for part in self.items(self.invoices).matched_credit_ids
            if part.debit_move_id.id not in Claim.known
            or Item(part.debit_move_id).standing() == part.debit_move_id]
        partials += list(self.booked().line_ids.doubtful_line_id.matched_credit_ids.filtered(
            lambda part: part.credit_move_id not in Claim.of(part.debit_move_id).lines))
        if partials:
            self.pick(partials).unlink()

    def take_back_payment(self):
        payments = self.items(self.invoices).matched_credit_ids.credit_move_id.payment_id
        if payments:
            self.pick(payments).action_draft()

    def to_draft(self):
        move = self.pick(self.invoices.filtered(lambda move: move.state == 'posted'))
        if move:
            move.button_draft()

    def post_again(self):
        move = self.pick(self.invoices.filtered(lambda move: move.state != 'posted'))
        if move:
            if move.state == 'cancel':
                move.button_draft()
            move.action_post()

    def cancel(self):
        move = self.pick(self.never_moved(self.invoices.filtered(
            lambda move: move.state == 'draft')))
        if move:
            move.button_cancel()

    def reverse(self):
        item = self.pick(self.invoice_items())
        if item and not item.move_id.reversal_move_ids and self.never_moved(item.move_id):
            item.move_id._reverse_moves([{'date': self.day, 'invoice_date': self.day}], cancel=True)

    def invoice_items(self):
        return self.open_items().filtered(lambda item: item.move_id in self.invoices)

    def never_moved(self, moves):
        return moves.filtered(lambda move: not any(
            line.id in Claim.known for line in move.line_ids))

    def match_with(self, item, amount, day, kind):
        """Book and match an entry that takes an amount off an item, on its own account."""
        journal = self.journal(kind)
        other = journal.default_account_id or self.company.ar_agency_account_id
        entry = self.env['account.move'].create({
            'move_type': 'entry', 'journal_id': journal.id, 'date': day, 'line_ids': [
                Command.create({'account_id': account.id, 'partner_id': self.buyer.id,
                                'debit': debit, 'credit': credit})
                for account, debit, credit in (
                    (item.account_id, 0, amount), (other, amount, 0))]})
        entry.action_post()
        (item | entry.line_ids.filtered('credit')).reconcile()
        return entry

    def to_doubtful(self):
        """Move a claim; most often one about which something stands."""
        items = self.open_items().filtered(
            lambda item: item.account_id.account_type == 'asset_receivable')
        agreed = items.filtered(lambda item: any(
            one.has(item) for one in (*self.promises, *self.disputes, *self.plans)))
        item = self.pick(agreed or items)
        if not item:
            return
        transfer = self.transfers._transfer_to_doubtful(item, "Insolvent")
        if transfer:
            Claim.of(item).add(transfer.move_id)
            transfer.move_id.action_post()
            self.transfers |= transfer

    def booked(self):
        return self.transfers.filtered(
            lambda one: one.state == 'booked'
            and one.line_ids.root_line_id.parent_state == 'posted')

    def and_back(self):
        transfer = self.pick(self.booked().filtered(
            lambda one: Item.own(one.line_ids.doubtful_line_id) > 0))
        if transfer:
            transfer.action_back()
            Claim.of(transfer.line_ids.move_line_id).add(transfer.back_move_id)
            transfer.back_move_id.action_post()

    def undo_transfer(self):
        transfer = self.pick(self.booked().filtered(
            lambda one: not one.line_ids.doubtful_line_id.matched_credit_ids))
        if transfer:
            item = transfer.line_ids.move_line_id
            entry = transfer.move_id._reverse_moves([{'date': self.day}], cancel=True)
            Claim.of(item).add(entry)

    def transfer_to_draft(self):
        """An accountant opens the entry, the night comes, and it is posted again."""
        transfer = self.pick(self.booked().filtered(
            lambda one: not one.line_ids.doubtful_line_id.matched_credit_ids))
        if transfer:
            transfer.move_id.button_draft()
            self.check()
            transfer.move_id.action_post()

    def lose(self):
        item = self.pick(self.open_items())
        if item:
            loss = self.env['ar.write.off'].create({
                'customer_id': self.account_of().id, 'reason': "Gone.", 'date': self.day,
                'line_ids': [Command.create({
                    'move_line_id': item.id, 'amount': self.amount_of(item)})]})
            loss.action_submit()
            Item.losses.add(loss.move_id.id)
            loss.move_id.action_post()

    def pay_agency(self):
        """Money that an agency has collected is the customer's money."""
        self.close_cases()
        item = self.pick(self.open_items())
        if item:
            case = self.env['ar.legal.case'].create({
                'customer_id': self.account_of().id,
                'line_ids': [Command.create({'move_line_id': item.id})]})
            paid = self.env['ar.agency.payment'].create({
                'case_id': case.id, 'gross_amount': self.amount_of(item), 'date': self.day})
            paid.action_propose()
            Item.money.add(paid.move_id.id)
            paid.move_id.action_post()
            self.close_cases()

    def close_cases(self):
        """A case would keep its items out of the reminders, which is not the subject here."""
        for case in self.env['ar.legal.case'].search([('stage', '!=', 'closed')]):
            case._set_stage('closed', "Done.", outcome='settled')

    def choose(self, agreements, is_live):
        taken = [one for one in agreements if is_live(one)]
        free = self.open_items().filtered(
            lambda item: not any(one.has(item) for one in taken))
        return free.browse(
            item.id for item in self.random.sample(list(free), min(len(free), 2)))

    def note_promise(self):
        items = self.choose(self.promises, lambda one: one.state == 'open')
        if items:
            owed = sum(Item.own(item) for item in items)
            amount = owed if self.random.random() < 0.5 else self.random.randrange(1, owed + 1)
            self.promises.append(Promise(self.env['ar.promise'].create({
                'customer_id': self.account_of().id, 'currency_id': items.currency_id.id,
                'promise_date': self.day + timedelta(days=self.random.randrange(9)),
                'amount': amount / 100,
                'line_ids': [Command.create({'move_line_id': item.id}) for item in items]})))

    def note_dispute(self):
        items = self.choose(self.disputes, lambda one: one.is_open)
        if items:
            self.disputes.append(Dispute(self.env['ar.dispute'].create({
                'customer_id': self.account_of().id, 'currency_id': items.currency_id.id,
                'reason_id': self.env.ref('ar_collections.ar_dispute_reason_price').id,
                'line_ids': [Command.create(
                    {'move_line_id': item.id, 'amount': self.amount_of(item)})
                    for item in items]})))

    def draw_up_plan(self):
        items = self.choose(self.plans, lambda one: one.state == 'active')
        if items and sum(Item.own(item) for item in items) > 10:
            plan = self.env['ar.payment.plan'].create({
                'customer_id': self.account_of().id, 'currency_id': items.currency_id.id,
                'number': self.random.randrange(1, 4), 'interval': 'week',
                'first_date': self.day + timedelta(days=self.random.randrange(9)),
                'line_ids': [Command.create({'move_line_id': item.id}) for item in items]})
            plan.action_submit()
            plan.action_start()
            self.plans.append(Plan(plan))

    def give_up(self):
        one = self.pick([
            *(one for one in self.promises if one.state == 'open'),
            *(one for one in self.plans if one.state == 'active')])
        if one:
            one.record.action_cancel()
            one.state = 'cancelled'

    def settle(self):
        one = self.pick([one for one in self.disputes if one.is_open])
        if one:
            one.record._settle('upheld', "As ordered.")
            one.is_open = False

    def sleep(self):
        self.day += timedelta(days=self.random.choice((1, 2, 4, 7)))
        self.follow(str(self.day))

    def remind(self):
        """What a run proposes and sends is what the oracle lets it claim."""
        self.close_cases()
        run = self.run_dunning(str(self.day))
        for line in run.reminder_ids.line_ids.filtered(lambda line: line.kind == 'step'):
            self.assertEqual(
                cents(line.amount_residual_currency), self.claimable(line.move_line_id),
                self.story)
        waiting = run.reminder_ids.filtered(lambda one: one.state == 'proposed')
        if waiting:
            waiting._approve()
        self.send()

    def claimable(self, item):
        """Return what may be claimed of an item now; nothing while it is suspended."""
        if any(one.blocks(item, self.day) for one in self.promises):
            return 0
        owed = Item.own(item)
        disputed = sum(one.part(item) for one in self.disputes)
        if disputed >= owed:
            return 0
        owed -= disputed
        for plan in self.plans:
            late = plan.claimable(item, self.day)
            if late is not None:
                return min(late, owed)
        return owed

    # === INVARIANTS === #

    def check(self):
        self.env.invalidate_all()
        for kind in (self.promises, self.disputes, self.plans):
            for one in kind:
                one.judge(self.day, kind)
        found = self.read_states()
        expected = [
            *((one.record.id, one.state) for one in self.promises),
            *((one.record.id, one.is_open) for one in self.disputes),
            *((one.record.id, one.state, *one.part_states)
              if one.state != 'cancelled' else (one.record.id, 'cancelled')
              for one in self.plans)]
        self.assertEqual(found, expected, self.story)
        # Running it again changes nothing, and says so.
        for kind in (self.promises, self.disputes, self.plans):
            for one in kind:
                self.assertFalse(one.record._follow(), self.story)
        self.assertEqual(self.read_states(), expected, self.story)
        for one in (*self.promises, *self.disputes, *self.plans):
            self.assertEqual(len(one.record.line_ids), len(one.items), self.story)
            self.assertTrue(all(line.move_id for line in one.record.line_ids), self.story)
            for line in one.record.line_ids:
                root = Claim.of(line.move_line_id).root
                self.assertEqual(line.move_id, root.move_id, "it is about the invoice")
                standing = Item(root).standing()
                if standing and root.move_id.state == 'posted':
                    self.assertEqual(line.move_line_id, standing, self.story)
        open_lines = self.env['ar.reminder.line'].search([
            ('company_id', '=', self.company.id), ('kind', '=', 'step'),
            ('state', 'in', ('proposed', 'approved', 'queued', 'sending'))])
        items = open_lines.mapped('move_line_id.id')
        self.assertEqual(len(items), len(set(items)), "one open reminder per item")

    def read_states(self):
        return [
            *((one.record.id, one.record.state) for one in self.promises),
            *((one.record.id, one.record.state == 'open') for one in self.disputes),
            *((one.record.id, one.record.state,
               *one.record.instalment_ids.sorted('due_date').mapped('state'))
              if one.record.state != 'cancelled' else (one.record.id, 'cancelled')
              for one in self.plans)]
