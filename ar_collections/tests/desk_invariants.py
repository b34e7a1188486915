"""What holds after every step of `desk_machine`, read from the ledger by the slow oracle."""
from collections import Counter
from datetime import timedelta

from lxml import html

from odoo.tools import SQL

from ..models.figures.aged_bucket import MAX_BUCKETS
from .desk_oracle import Claim, Item, cents
from .test_portal_link import html_of


def read_mail(mail):
    """Return what a mail claims: (sorted list of (document, cents), cents to pay)."""
    items, total = [], None
    for row in html.fromstring(html_of(mail)).iter('tr'):
        cells = [" ".join(cell.text_content().split()) for cell in row.iter('td')]
        if not cells or not cells[-1].startswith('€') and not cells[-1].endswith('€'):
            continue
        amount = cents(float(cells[-1].strip('€ \xa0').replace(',', '')))
        if cells[0].startswith("To pay"):
            total = amount
        elif len(cells) > 4 and amount > 0:
            items.append((cells[0], amount))
    return sorted(items), total


class DeskInvariants:
    """Part of `DeskMachine`: the checks."""

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
        for records in filter(None, (self.get_records(kind) for kind in kinds)):
            assert not records._follow(), f"one of {records} changes when nothing has happened"
        assert [one.found() for kind in kinds for one in kind] == expected
        for one in (one for kind in kinds for one in kind):
            if one.before != one.state:
                self.case.seen.add((one.record._name, one.before, one.state))
                one.before = one.state

    @staticmethod
    def get_records(kind):
        return kind and kind[0].record.union(*(one.record for one in kind))

    # === AGEING === #

    def planned_items_age_by_their_instalments(self):
        """Each cent under a plan stands with its instalment, the others by their due dates."""
        expected = {}
        for plan in self.plans:
            expected.update(plan.dated())
        planned = {line_id for line_id, _date in expected}
        expected.update({
            (item.id, item.date_maturity): Item.own(item)
            for item in self.open if item.id not in planned})
        found, ids = Counter(), set(self.open.ids)
        for line_id, base_date, amount in self.age('plan', self.day):
            if line_id in ids:
                found[line_id, base_date] += cents(amount)
        assert found == expected, f"{found} is not what the plans say: {expected}"
        # At any day, the total of an item is what it is by due date.
        sums = {'plan': Counter(), 'due': Counter()}
        for basis, total in sums.items():
            for line_id, _date, amount in self.age(basis, self.day - timedelta(days=3)):
                total[line_id] += cents(amount)
        assert sums['plan'] == sums['due']

    def age(self, basis, day):
        """Return (item, aged date, amount) of the aged balance.

        The columns of each row come to its amount, and all rows to what Odoo's own accounts say.
        """
        Balance = self.env['ar.aged.balance'].with_context(
            ar_date=str(day), ar_age_by=basis, allowed_company_ids=self.case.company.ids)
        self.env.flush_all()
        rows = self.env.execute_query(SQL(
            "SELECT line_id, base_date, amount, credit_amount + %s FROM (%s) item",
            SQL(" + ").join(SQL.identifier(f'bucket_{number + 1}')
                            for number in range(MAX_BUCKETS)),
            Balance._get_query(Balance._get_options())))
        for line_id, _date, amount, columns in rows:
            assert columns == amount, f"the columns of {line_id} come to {columns}, not {amount}"
        total, balance = sum(cents(row[2]) for row in rows), self.read_balance(day)
        assert total == balance, f"{basis} on {day}: {total} is not the balance {balance}"
        return [row[:3] for row in rows]

    def read_balance(self, day):
        """Return what stands on the accounts of customers on a day, in cents.

        Odoo keeps the matching of an entry that is set to draft: what is matched with it is not
        open, though the account still holds it.
        """
        company = self.case.company
        [(balance,)] = self.env['account.move.line']._read_group([
            '|', ('account_id.account_type', '=', 'asset_receivable'),
            ('account_id', 'in', company.ar_doubtful_account_ids.ids),
            ('company_id', '=', company.id), ('parent_state', '=', 'posted'),
            ('date', '<=', day)], aggregates=['balance:sum'])
        [(matched,)] = self.env.execute_query(SQL(
            """
            SELECT COALESCE(SUM(CASE WHEN c.parent_state = 'posted'
                                     THEN -part.amount ELSE part.amount END), 0)
              FROM account_partial_reconcile part
              JOIN account_move_line d ON d.id = part.debit_move_id
              JOIN account_move_line c ON c.id = part.credit_move_id
             WHERE d.company_id = %s AND part.max_date <= %s
               AND (d.parent_state = 'posted') <> (c.parent_state = 'posted')
            """, company.id, day))
        return cents(balance) - cents(matched)

    # === MESSAGES === #

    def agreements_stay_with_their_invoices(self):
        for one in (*self.promises, *self.disputes, *self.plans):
            assert len(one.record.line_ids) == len(one.items)
            for line in one.record.line_ids:
                root = Claim.of(line.move_line_id).root
                assert line.move_id == root.move_id, "it is about the invoice"
                standing = Item(root).standing()
                if standing and root.move_id.state == 'posted':
                    assert line.move_line_id == standing

    def what_is_disputed_stays(self):
        for one in self.disputes:
            found = sorted(cents(line.amount) for line in one.record.line_ids)
            assert found == sorted(one.amounts), f"{found} is disputed, {one.amounts} was noted"

    def an_item_is_reminded_once(self):
        lines = self.env['ar.reminder.line'].search([
            ('company_id', '=', self.case.company.id), ('kind', '=', 'step'),
            ('state', 'in', ('proposed', 'approved', 'queued', 'sending'))])
        assert len(lines) == len(lines.move_line_id), "in two open reminders at once"

    def lines_are_what_is_due(self, reminders):
        for line in reminders.line_ids.filtered(lambda line: line.kind == 'step'):
            item, found = line.move_line_id, cents(line.amount_residual_currency)
            due = self.claimable(item)
            assert found == due, f"{found} of {item.display_name} is claimed, {due} is due"

    def mails_claim_what_is_due(self, mails):
        """Read the mails as the mail server got them: the amounts are those of this moment."""
        reminders = self.case.reminders().filtered(
            lambda one: one.state == 'sent' and one.id not in self.seen_mails)
        self.seen_mails |= set(reminders.ids)
        credits, expected = self.read_credits(), []
        for reminder in reminders:
            lines = reminder.line_ids.filtered(lambda line: line.kind != 'credit')
            due = sum(self.claimable(line.move_line_id) for line in lines
                      if line.kind == 'step' or line.move_line_id.date_maturity < self.day)
            expected.append((sorted(
                (line.name, self.claimable(line.move_line_id)) for line in lines),
                due - min(due, credits)))
            self.case.seen.add(('ar.reminder', 'sent'))
        found = [read_mail(mail) for mail in mails]
        assert sorted(found) == sorted(expected), f"{found} in the mails, {expected} is due"

    def read_credits(self):
        """Return what stands open to the customer's credit, in cents."""
        credits = self.env['account.move.line'].search([
            ('account_id.account_type', '=', 'asset_receivable'), ('balance', '<', 0),
            ('company_id', '=', self.case.company.id), ('parent_state', '=', 'posted')])
        return sum(cents(-line.amount_currency) - sum(
            cents(part.credit_amount_currency) for part in line.matched_debit_ids)
            for line in credits)

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
