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

    def since(self):
        """Return (cents, day, kind) of what was matched since it was chosen."""
        return [part for key, part in Item(self.line).partials.items() if key not in self.known]

    def settled(self, deadline=None):
        """Return (money by the deadline, money, settled otherwise, lost after the deadline)."""
        item = Item(self.line)
        gone = max(self.amount - item.open, 0)
        new = self.since()
        money = [(amount, day) for amount, day, kind in new if kind == 'money']
        cash = sum(amount for amount, _day in money)
        in_time = sum(amount for amount, day in money if deadline is None or day <= deadline)
        late = sum(amount for amount, day, kind in new
                   if kind == 'loss' and deadline and day > deadline)
        return min(in_time, gone), min(cash, gone), max(gone - cash, 0), late


class Agreement:
    """What the test noted of one agreement."""

    before = 'new'

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
    """What was typed in of each item is noted here; nothing but opening it again lowers it."""

    BY_LEDGER = ('paid', 'credited', 'written_off', 'void')
    state = 'open'

    def __init__(self, record, amounts):
        """Note the cents that are disputed, by item."""
        super().__init__(record)
        self.amounts = [amounts[chosen.line] for chosen in self.items]
        self.notes = []

    @property
    def is_open(self):
        return self.state == 'open'

    def is_owed(self):
        return any(Item(chosen.line).open > 0 for chosen in self.items)

    def judge(self, today, others):
        if self.is_open and not self.is_owed():
            self.state = self.read_end()
        elif self.state in self.BY_LEDGER and self.is_owed():
            self.state = 'open'

    def read_end(self):
        """Return why nothing is owed any more."""
        if not any(Item(chosen.line).posted for chosen in self.items):
            return 'void'
        if any(note.state == 'posted' for note in self.notes):
            return 'credited'
        lost = any(kind == 'loss' for chosen in self.items
                   for _amount, _day, kind in chosen.since())
        return 'written_off' if lost else 'paid'

    def reopen(self):
        """Somebody opens it again: no more is disputed than is owed by now."""
        self.state = 'open'
        owed = [Item(chosen.line).open for chosen in self.items]
        self.amounts = [min(amount, most) if most > 0 else amount
                        for amount, most in zip(self.amounts, owed, strict=True)]

    def part(self, line):
        root = Claim.of(line).root
        return sum(amount for chosen, amount in zip(self.items, self.amounts, strict=True)
                   if Claim.of(chosen.line).root == root) if self.is_open else 0


class Plan(Agreement):
    """A draft until it is submitted, proposed until it starts or lapses; then the ledger's."""

    state, started, signed_on, overtaken = 'draft', False, False, False

    def submit(self, last_day, limit):
        """Return whether it must be approved first: what is owed is more than the limit."""
        self.propose(last_day)
        if self.owed > limit:
            self.state = 'to_approve'
        return self.state == 'to_approve'

    def propose(self, last_day):
        """What is owed now, and the instalments as they are now, are what the plan is about."""
        Agreement.__init__(self, self.record)
        self.parts = [
            (part.due_date, part.due_date + timedelta(days=self.record.grace_days),
             cents(part.amount)) for part in self.record.instalment_ids.sorted('due_date')]
        self.state, self.last_day, self.part_states = 'proposed', last_day, []

    def start(self):
        self.state, self.started = 'active', True

    def sleep(self, today):
        """The night comes: a proposal that waits for too long lapses."""
        if self.state == 'proposed' and self.last_day < today:
            self.state = 'cancelled'

    def found(self):
        started = self.record.state in ('active', 'kept', 'broken')
        self.record.invalidate_recordset(['is_overtaken'])
        return self.record.id, self.record.state, self.record.acknowledged_on, (
            self.record.is_overtaken), *(
            self.record.instalment_ids.sorted('due_date').mapped('state') if started else ())

    def expected(self):
        started = self.state in ('active', 'kept', 'broken')
        return self.record.id, self.state, self.signed_on, self.overtaken, *(
            self.part_states if started else ())

    def is_newer_on_same_items(self, other):
        """What nobody agreed to takes no item over, unless the customer may still agree."""
        takes = self.started or self.state in ('to_approve', 'proposed')
        return takes and super().is_newer_on_same_items(other)

    def judge(self, today, others):
        self.overtaken = self.state == 'proposed' and any(
            deadline < today and self.settled(deadline)[0] < min(
                sum(amount for _due, _deadline, amount in self.parts[:number]),
                self.owed - self.settled()[2])
            for number, (_due, deadline, _amount) in enumerate(self.parts, 1))
        if self.state in ('draft', 'to_approve', 'proposed', 'cancelled'):
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
