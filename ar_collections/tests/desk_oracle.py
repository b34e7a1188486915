"""A slow oracle of promises, disputes and plans, in plain Python.

It reads posted lines and the reconciliations between them, nothing of ours, and never a residual:
what an item owes is its balance less its reconciliations. A claim that was moved to another
account owes what its invoice owes: only what came from outside lowers it.
"""
from datetime import timedelta


def cents(amount):
    return round(amount * 100)


class Claim:
    """An item and the lines of the entries that moved it about; the test tells which."""

    known = {}

    def __init__(self, root):
        self.root, self.lines = root, root

    @classmethod
    def of(cls, line):
        return cls.known.get(line.id) or cls(line)

    def add(self, entry):
        self.lines |= entry.line_ids
        for line in self.lines:
            self.known[line.id] = self


class Item:
    """What the ledger says of one claim at this moment, in cents."""

    losses, money = set(), set()

    def __init__(self, line):
        self.claim = Claim.of(line)
        self.line, lines = line, self.claim.lines
        self.posted = self.claim.root.move_id.state == 'posted'
        self.partials = {
            part.id: (cents(part.debit_amount_currency), part.credit_move_id.date,
                      self.get_kind(part.credit_move_id))
            for part in lines.matched_credit_ids if part.credit_move_id not in lines}
        back = sum(cents(part.credit_amount_currency) for part in lines.matched_debit_ids
                   if part.debit_move_id not in lines)
        self.owed = back + cents(self.claim.root.amount_currency) - sum(
            p[0] for p in self.partials.values())

    def get_kind(self, line):
        if line.journal_id.type in ('bank', 'cash') or line.move_id.id in self.money:
            return 'money'
        return 'loss' if line.move_id.id in self.losses else 'other'

    @property
    def open(self):
        return self.owed if self.posted else 0

    @staticmethod
    def own(line):
        """Return what stands open on this very line, wherever the rest of the claim is."""
        return cents(line.amount_currency) - sum(
            cents(part.debit_amount_currency) for part in line.matched_credit_ids)

    def standing(self):
        """Return the line on which something is open, of those that are posted."""
        lines = self.claim.lines.filtered(
            lambda line: line.move_id.state == 'posted' and line.balance > 0)
        return lines.filtered(lambda line: self.own(line) > 0)[-1:]


class Chosen:
    """An item as it was when it was chosen."""

    def __init__(self, line):
        now = Item(line)
        self.line, self.amount, self.known = line, Item.own(line), set(now.partials)

    def settled(self, deadline=None):
        """Return (money by the deadline, money, settled otherwise, lost after the deadline)."""
        item = Item(self.line)
        gone = max(self.amount - item.open, 0)
        new = [part for key, part in item.partials.items() if key not in self.known]
        money = [(amount, day) for amount, day, kind in new if kind == 'money']
        cash = sum(amount for amount, _day in money)
        in_time = sum(amount for amount, day in money if deadline is None or day <= deadline)
        late = sum(amount for amount, day, kind in new
                   if kind == 'loss' and deadline and day > deadline)
        return min(in_time, gone), min(cash, gone), max(gone - cash, 0), late


class Agreement:
    """What the test noted of one agreement."""

    def __init__(self, record):
        self.record = record
        self.items = [Chosen(line.move_line_id) for line in record.line_ids]
        self.owed = sum(chosen.amount for chosen in self.items)

    def has(self, line):
        root = Claim.of(line).root
        return any(Claim.of(chosen.line).root == root for chosen in self.items)

    def settled(self, deadline=None):
        return [sum(parts) for parts in zip(
            *(chosen.settled(deadline) for chosen in self.items), strict=True)]

    def found(self):
        """Return what the record says now."""
        return self.record.id, self.record.state

    def expected(self):
        """Return what it should say, after `judge`."""
        return self.record.id, self.state

    def is_newer_on_same_items(self, other):
        return self.record.id > other.record.id and any(
            self.has(chosen.line) for chosen in other.items)


class Promise(Agreement):
    state = 'open'

    def judge(self, today, others):
        if self.state == 'cancelled':
            return
        in_time, _paid, otherwise, late = self.settled(self.record.deadline)
        needed = min(cents(self.record.amount), self.owed - max(otherwise - late, 0))
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

    def found(self):
        return self.record.id, self.record.state == 'open'

    def expected(self):
        return self.record.id, self.is_open

    def judge(self, today, others):
        owed = any(Item(chosen.line).open > 0 for chosen in self.items)
        if self.is_open and not owed:
            self.is_open, self.by_ledger = False, True
        elif self.by_ledger and owed:
            self.is_open, self.by_ledger = True, False

    def part(self, line):
        return sum(cents(row.amount) for row in self.record.line_ids
                   if Claim.of(row.move_line_id).root == Claim.of(line).root
                   ) if self.is_open else 0


class Plan(Agreement):
    state = 'active'

    def __init__(self, record):
        super().__init__(record)
        self.parts = [(part.due_date, part.due_date + timedelta(days=record.grace_days),
                       cents(part.amount)) for part in record.instalment_ids.sorted('due_date')]
        self.part_states = []

    def found(self):
        states = () if self.record.state == 'cancelled' else (
            self.record.instalment_ids.sorted('due_date').mapped('state'))
        return self.record.id, self.record.state, *states

    def expected(self):
        return self.record.id, self.state, *(
            () if self.state == 'cancelled' else self.part_states)

    def judge(self, today, others):
        if self.state == 'cancelled':
            return
        _in_time, paid, otherwise, _late = self.settled()
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

    def dated(self):
        """Return {(line id, date): cents}: every cent still owed, with its instalment.

        Cent by cent along the plan: what was paid is gone from its beginning, the items follow in
        the order of their due dates, and whatever is beyond the plan comes with its last date.
        """
        if self.state != 'active':
            return {}
        days = [due for due, _deadline, amount in self.parts for _cent in range(amount)]
        place, found = self.settled()[1], {}
        lines = self.record.line_ids.move_line_id.browse().union(
            *(Claim.of(chosen.line).lines for chosen in self.items)).filtered(
            lambda line: line.move_id.state == 'posted' and Item.own(line) > 0)
        for line in lines.sorted(lambda one: (one.date_maturity or one.date, one.id)):
            for _cent in range(Item.own(line)):
                key = line.id, days[min(place, len(days) - 1)]
                found[key] = found.get(key, 0) + 1
                place += 1
        return found

    def claimable(self, line, today):
        """Return what may be claimed of an item, or None when it is not under this plan."""
        if self.state != 'active' or not self.has(line):
            return None
        _in_time, paid, otherwise, _lost = self.settled()
        late = min(sum(amount for due, _deadline, amount in self.parts if due < today),
                   self.owed - otherwise) - paid
        stand = [Item(chosen.line).standing() for chosen in self.items]
        for item in sorted(filter(None, stand), key=lambda one: (one.date_maturity, one.id)):
            owed = Item.own(item)
            if item == line:
                return max(min(late, owed), 0)
            late -= owed
        return None
