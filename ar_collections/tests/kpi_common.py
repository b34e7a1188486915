"""A slow reader of the ledger: one item after the other, one day after the other."""
import random
from collections import namedtuple
from datetime import timedelta
from decimal import Decimal

from odoo import Command, fields

from .common import CollectionsCommon

Item = namedtuple('Item', (
    'date', 'due', 'invoiced', 'balance', 'changes', 'kind', 'partner', 'journal', 'line'))
Payment = namedtuple('Payment', ('day', 'date', 'amount', 'item'))


def money(value):
    """Return an amount as it was booked."""
    return Decimal(str(round(value, 2)))


class KpiCommon(CollectionsCommon):
    """Random ledgers of one company, and what a patient clerk would make of them."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.dollar = cls.use_dollar(
            ('2024-01-01', 1.25), ('2025-09-01', 1.1), ('2026-02-01', 1.3))
        cls.expense = cls.env['account.account'].create({
            'name': "Bad debts", 'code': '654000', 'account_type': 'expense',
            'company_ids': [Command.set(cls.company.ids)]})

    @classmethod
    def write_off(cls, invoice, amount, date):
        """Book a part of an invoice as lost, and match it."""
        receivable = cls.items(invoice).account_id[:1]
        move = cls.env['account.move'].create({
            'move_type': 'entry', 'date': date, 'journal_id': cls.journal('general').id,
            'line_ids': [
                Command.create({'account_id': receivable.id, 'balance': -amount,
                                'partner_id': invoice.partner_id.commercial_partner_id.id}),
                Command.create({'account_id': cls.expense.id, 'balance': amount})]})
        move.action_post()
        cls.match(move, invoice)
        return move

    def build(self, seed, steps=34):
        """Make a ledger of sixteen months with something of everything."""
        dice = random.Random(seed)
        buyers = [self.customer(f"Buyer {seed} {number}") for number in range(4)]
        contact = self.customer(f"Contact {seed}", parent_id=buyers[0].id)
        for _step in range(steps):
            date = fields.Date.to_date('2025-02-01') + timedelta(days=dice.randrange(480))
            person = dice.choice([*buyers, contact])
            amount = round(dice.uniform(10, 3000), 2)
            kind = dice.choice(['invoice'] * 6 + ['credit', 'advance', 'entry'])
            if kind == 'credit':
                self.credit_note(amount, date, person)
            elif kind == 'advance':
                self.pay(person.commercial_partner_id, amount, date)
            elif kind == 'entry':
                self.entry(dice.choice([-1, 1]) * amount, date, person.commercial_partner_id)
            else:
                self.add_invoice(dice, date, person, amount)
        return buyers

    def add_invoice(self, dice, date, person, amount):
        terms = dice.choice([None, None, [(0, 40), (45, 60)]])
        invoice = self.invoice(
            amount, date=date, partner=person, terms=terms,
            due=None if terms else date + timedelta(days=dice.choice([0, 10, 30, 60])),
            currency=dice.choice([None, None, None, self.dollar]))
        last = fields.Date.today()
        for _part in range(dice.choice([0, 1, 1, 2])):
            day = min(date + timedelta(days=dice.randrange(-10, 150)), last)
            if not invoice.amount_residual:
                break
            share = dice.choice([0.3, 1])
            part = max(round(invoice.amount_residual * share, 2), 0.01)
            if dice.random() < 0.15 and invoice.currency_id == self.company.currency_id:
                self.write_off(invoice, part, max(day, date))
            else:
                self.pay(invoice, part, day)

    # === THE CLERK === #

    def read_items(self, company=None):
        """Return (items, payments) of a company, read through Odoo one after the other."""
        company = company or self.company
        lines = self.env['account.move.line'].search([
            ('account_id.account_type', '=', 'asset_receivable'),
            ('parent_state', '=', 'posted'), ('company_id', '=', company.id)])
        items, payments = [], []
        for line in lines:
            changes = [(part.max_date, -money(part.amount)) for part in line.matched_credit_ids]
            changes += [(part.max_date, money(part.amount)) for part in line.matched_debit_ids]
            item = Item(
                line.date, line.date_maturity or line.date, line.invoice_date or line.date,
                money(line.balance), changes, self.get_kind(line), line.partner_id,
                line.journal_id, line)
            items.append(item)
            payments += [
                Payment(part.max_date, part.credit_move_id.date, money(part.amount), item)
                for part in line.matched_credit_ids
                if part.credit_move_id.journal_id.type in ('bank', 'cash', 'credit')
                and line.journal_id.type not in ('bank', 'cash', 'credit')]
        return items, payments

    def get_kind(self, line):
        """Return what an entry did to the balance."""
        if line.move_type in ('out_invoice', 'out_receipt'):
            return 'billed'
        if line.move_type == 'out_refund':
            return 'credited'
        if line.journal_id.type in ('bank', 'cash', 'credit'):
            return 'cash'
        if line.journal_id == line.company_id.currency_exchange_journal_id:
            return 'exchange'
        against = line.move_id.line_ids.account_id.mapped('account_type')
        if line.balance < 0 and any(kind.startswith('expense') for kind in against):
            return 'written_off'
        return 'other'

    @staticmethod
    def residual(item, day):
        """Return what was open of an item at the end of a day."""
        if item.date > day:
            return Decimal(0)
        return item.balance + sum(amount for moment, amount in item.changes if moment <= day)

    def clerk(self, items, payments, before, day):
        """Return the numbers of the period after ``before`` up to ``day``."""
        debit = [item for item in items if item.balance > 0]
        total = sum((self.residual(item, day) for item in items), Decimal(0))
        numbers = {
            'opening': sum((self.residual(item, before) for item in items), Decimal(0)),
            'receivables': total,
            'open_items': sum((self.residual(item, day) for item in debit), Decimal(0)),
            'overdue': self.get_late(debit, day, 1), 'over90': self.get_late(debit, day, 91),
            'late_days': sum((
                self.get_late(debit, before + timedelta(days=number), 1)
                for number in range(1, (day - before).days + 1)), Decimal(0)),
        }
        for kind in ('billed', 'credited', 'cash', 'written_off', 'exchange', 'other'):
            amount = sum((item.balance for item in items
                          if item.kind == kind and before < item.date <= day), Decimal(0))
            numbers[kind] = -amount if kind in ('credited', 'cash', 'written_off') else amount
        paid = [pay for pay in payments if before < pay.day <= day]
        numbers.update({
            'paid': sum((pay.amount for pay in paid), Decimal(0)),
            'paid_days': sum((pay.amount * (pay.date - pay.item.invoiced).days
                              for pay in paid), Decimal(0)),
            'terms_days': sum((pay.amount * (pay.item.due - pay.item.invoiced).days
                               for pay in paid), Decimal(0)),
            'late_paid_days': sum((pay.amount * (pay.date - pay.item.due).days
                                   for pay in paid), Decimal(0)),
            'paid_late': sum((pay.amount for pay in paid if pay.date > pay.item.due), Decimal(0)),
        })
        cohort = [item for item in debit if item.kind == 'billed'
                  and before < item.due + timedelta(days=90) <= day]
        numbers['cohort'] = sum((item.balance for item in cohort), Decimal(0))
        numbers['cohort_unpaid'] = sum((
            self.residual(item, item.due + timedelta(days=90)) for item in cohort), Decimal(0))
        return numbers

    def get_late(self, items, day, age):
        return sum((self.residual(item, day) for item in items
                    if (day - item.due).days >= age), Decimal(0))
