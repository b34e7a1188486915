"""A slow oracle of promises, disputes and plans, in plain Python.

It reads posted lines and the reconciliations between them, nothing of ours, and never a residual:
what an item owes is its balance less its reconciliations.
"""
from datetime import timedelta


def cents(amount):
    return round(amount * 100)


class Item:
    """What the ledger says of one receivable item at this moment, in cents."""

    def __init__(self, line):
        self.line = line
        self.posted = line.move_id.state == 'posted'
        self.partials = {
            part.id: (cents(part.debit_amount_currency), part.credit_move_id.date,
                      part.credit_move_id.journal_id.type in ('bank', 'cash'))
            for part in line.matched_credit_ids}
        self.owed = cents(line.amount_currency) - sum(p[0] for p in self.partials.values())

    @property
    def open(self):
        return self.owed if self.posted else 0


class Chosen:
    """An item as it was when it was chosen."""

    def __init__(self, line):
        now = Item(line)
        self.line, self.amount, self.known = line, now.open, set(now.partials)

    def settled(self, deadline=None):
        """Return (money by the deadline, money, settled otherwise)."""
        item = Item(self.line)
        gone = max(self.amount - item.open, 0)
        money = [(part[0], part[1]) for key, part in item.partials.items()
                 if key not in self.known and part[2]]
        cash = sum(amount for amount, _day in money)
        in_time = sum(amount for amount, day in money if deadline is None or day <= deadline)
        return min(in_time, gone), min(cash, gone), max(gone - cash, 0)


class Agreement:
    """What the test noted of one agreement."""

    def __init__(self, record):
        self.record = record
        self.items = [Chosen(line.move_line_id) for line in record.line_ids]
        self.owed = sum(chosen.amount for chosen in self.items)

    def has(self, line):
        return any(chosen.line == line for chosen in self.items)

    def settled(self, deadline=None):
        return [sum(parts) for parts in zip(
            *(chosen.settled(deadline) for chosen in self.items), strict=True)]

    def is_newer_on_same_items(self, other):
        return self.record.id > other.record.id and any(
            self.has(chosen.line) for chosen in other.items)


class Promise(Agreement):
    state = 'open'

    def judge(self, today, others):
        if self.state == 'cancelled':
            return
        in_time, _paid, otherwise = self.settled(self.record.deadline)
        needed = min(cents(self.record.amount), self.owed - otherwise)
        if needed <= 0 and not in_time:
            state = 'void'
        elif in_time >= needed:
            state = 'kept'
        else:
            state = 'broken' if self.record.deadline < today else 'open'
        if state == 'open' != self.state and any(
                other.is_newer_on_same_items(self) for other in others):
            state = 'replaced'
        self.state = state

    def blocks(self, line, today):
        return self.state == 'open' and self.record.deadline >= today and self.has(line)


class Dispute(Agreement):
    is_open, by_ledger = True, False

    def judge(self, today, others):
        owed = any(Item(chosen.line).open > 0 for chosen in self.items)
        if self.is_open and not owed:
            self.is_open, self.by_ledger = False, True
        elif self.by_ledger and owed:
            self.is_open, self.by_ledger = True, False

    def part(self, line):
        return sum(cents(row.amount) for row in self.record.line_ids
                   if row.move_line_id == line) if self.is_open else 0


class Plan(Agreement):
    state = 'active'

    def __init__(self, record):
        super().__init__(record)
        self.parts = [(part.due_date, part.due_date + timedelta(days=record.grace_days),
                       cents(part.amount)) for part in record.instalment_ids.sorted('due_date')]
        self.part_states = []

    def judge(self, today, others):
        if self.state == 'cancelled':
            return
        _in_time, paid, otherwise = self.settled()
        up_to, missed, self.part_states = 0, 0, []
        for due, deadline, amount in self.parts:
            up_to += amount
            needed = min(up_to, self.owed - otherwise)
            late = self.settled(deadline)[0] < needed and deadline < today
            if paid >= needed:
                self.part_states.append('paid_late' if late else 'paid')
            elif missed:
                self.part_states.append('due')
            else:
                self.part_states.append(
                    'missed' if late else 'late' if due < today else 'open')
            missed += late
        state = 'broken' if missed else (
            'kept' if all(part.startswith('paid') for part in self.part_states) else 'active')
        if state == 'active' != self.state and any(
                other.is_newer_on_same_items(self) for other in others):
            state = 'cancelled'
        self.state = state

    def claimable(self, line, today):
        """Return what may be claimed of an item, or None when it is not under this plan."""
        if self.state != 'active' or not self.has(line):
            return None
        _in_time, paid, otherwise = self.settled()
        late = min(sum(amount for due, _deadline, amount in self.parts if due < today),
                   self.owed - otherwise) - paid
        for chosen in sorted(self.items, key=lambda one: (one.line.date_maturity, one.line.id)):
            owed = max(Item(chosen.line).open, 0)
            if chosen.line == line:
                return max(min(late, owed), 0)
            late -= owed
        return None
