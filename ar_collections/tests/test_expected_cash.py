import random
from collections import defaultdict
from datetime import date
from decimal import Decimal

from dateutil.relativedelta import relativedelta

from odoo import fields
from odoo.tests import tagged

from ..tools import forecast as tool
from .random_ledger import RandomLedgerCommon, day_between
from .scale_common import ScaleCommon

CASES = ('low', 'likely', 'high')


def money(value):
    return Decimal(str(value)).quantize(Decimal('0.001'))


@tagged('post_install', '-at_install')
class TestExpectedCashOracle(RandomLedgerCommon):
    """Random ledgers with three companies and currencies, against plain Python."""

    @classmethod
    def _entry_vals(cls, rng, company):
        vals = super()._entry_vals(rng, company)
        # Money comes in through the bank; what stays in the general journal pays nothing.
        if vals['line_ids'][0][2]['balance'] < 0 and rng.random() < 0.7:
            vals['journal_id'] = cls.journal('bank', company).id
        return vals

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.make_ledger(20, size=24)
        france, belgium = cls.env.ref('base.fr'), cls.env.ref('base.be')
        for turn, partner in enumerate(cls.partners):
            partner.commercial_partner_id.country_id = (france, belgium, False)[turn % 3]
        cls.env = cls.env(context=dict(
            cls.env.context, allowed_company_ids=cls.companies.ids))

    def learn(self, company, ledger, day):
        """Return the habits of a company, from its lines and partials one by one."""
        rows, partials = ledger
        payments, ages, segments = defaultdict(list), [], {}
        since = day - relativedelta(months=tool.HISTORY_MONTHS)
        lines = {line.id: line for line in self.env['account.move.line'].browse(rows)}
        for debit, credit, both, amount, _debit_currency, _credit_currency in partials:
            row = rows.get(debit)
            if not row or row['company'] != company.id or not since < both <= day:
                continue
            journal = self.env['account.move.line'].browse(credit).journal_id
            if journal.type not in ('bank', 'cash', 'credit') or not amount:
                continue
            paid = (day - both).days
            issued = (day - (lines[debit].invoice_date or lines[debit].date)).days
            share = min(float(amount / row['balance']), 1.0)
            payments[row['partner']].append(tool.Payment(
                (both - row['due']).days, share * tool.recency(paid), issued, paid))
        for line_id, (residual, _currency) in self.open_at(ledger, day).items():
            row = rows[line_id]
            if row['company'] == company.id and residual > 0:
                ages.append((day - row['due']).days)
                segments[row['partner']] = None
        for partner_id in {*payments, *segments}:
            segments[partner_id] = self.env['res.partner'].browse(partner_id).country_id.id or None
        return tool.learn(payments, segments, ages)

    def test_dates_equal_a_slow_computation(self):
        """Every item, every company, today and on past days."""
        ledger = self.read_ledger(self.companies)
        seen = set()
        for day in (date(2025, 10, 15), date(2026, 1, 31), date(2026, 4, 30), date(2026, 6, 1)):
            found = {item.line_id.id: item for item in self.env['ar.forecast.item'].with_context(
                ar_date=str(day)).search([])}
            open_items = self.open_at(ledger, day)
            self.assertEqual(set(found), set(open_items))
            habits = {company.id: self.learn(company, ledger, day) for company in self.companies}
            for line_id, (residual, _currency) in open_items.items():
                row, item = ledger[0][line_id], found[line_id]
                if residual <= 0:
                    self.assertEqual((item.basis, item.likely_date), ('credit', False))
                    continue
                known = habits[row['company']]
                habit = known.customers.get(row['partner'], known.default)
                if row['partner'] is None:
                    habit = known.default
                expected = tool.expect(habit, known.tail, row['due'], day)
                self.assertEqual(
                    (item.early_date, item.likely_date, item.late_date, item.basis),
                    (expected.early, expected.likely, expected.late, expected.basis), row)
                self.assertGreater(item.early_date, day)
                seen.add((item.basis, item.payment_count > 0))
        self.assertEqual(
            seen, {('habit', True), ('habit', False), ('tail', True), ('tail', False)})

    def test_weeks_add_up_to_the_ledger(self):
        """Low, likely and high are each the balance of the receivable accounts, to the cent."""
        ledger = self.read_ledger(self.companies)
        for day in (date(2025, 11, 30), date(2026, 3, 15), date(2026, 6, 1)):
            for company in self.companies:
                balance = sum(
                    (residual for line_id, (residual, _currency) in self.open_at(
                        ledger, day).items() if ledger[0][line_id]['company'] == company.id),
                    Decimal(0))
                env = self.env(context=dict(self.env.context, allowed_company_ids=company.ids))
                rows = env['ar.forecast']._read_rows({'company_ids': company.ids}, day)
                self.assertEqual([row['number'] for row in rows], list(range(1, 16)))
                for case in CASES:
                    self.assertEqual(money(sum(money(row[case]) for row in rows)), money(balance))
                    self.assertEqual(money(rows[-1][f'{case}_total']), money(balance))
                for row in rows:
                    self.assertLessEqual(row['low_total'], row['likely_total'] + 1e-9)
                    self.assertLessEqual(row['likely_total'], row['high_total'] + 1e-9)
                stored = env['ar.forecast.week'].with_context(ar_date=str(day)).search([])
                for row, week in zip(rows, stored, strict=True):
                    self.assertEqual(
                        [money(row[key]) for case in CASES for key in (case, f'{case}_total')],
                        [money(week[key]) for case in CASES for key in (case, f'{case}_total')])

    def test_credits_lower_the_oldest_items(self):
        """Per customer: expected amounts are never below zero while the customer owes."""
        ledger, day = self.read_ledger(self.companies), date(2026, 6, 1)
        rows, parties = ledger[0], defaultdict(list)
        for line_id, (residual, _currency) in self.open_at(ledger, day).items():
            row = rows[line_id]
            parties[row['company'], row['partner']].append((row['due'], line_id, residual))
        found = {item.line_id.id: item for item in self.items(day)}
        for (_company, partner), items in parties.items():
            credits = -sum(residual for _due, _id, residual in items if residual < 0)
            for _due, line_id, residual in sorted(items):
                if residual <= 0:
                    continue
                used = min(credits, residual) if partner else Decimal(0)
                credits -= used
                self.assertEqual(money(found[line_id].amount), money(residual - used))
                self.assertEqual(money(found[line_id].credit_used), money(used))

    def items(self, day):
        return self.env['ar.forecast.item'].with_context(ar_date=str(day)).search([])

    def test_what_came_in(self):
        """Receipts after the day on items open then, by week, against the partials."""
        ledger, day = self.read_ledger(self.companies), date(2026, 2, 15)
        rows, partials = ledger
        open_items = self.open_at(ledger, day)
        cash, other = defaultdict(Decimal), defaultdict(Decimal)
        for debit, credit, both, amount, *_currencies in partials:
            if debit in open_items and open_items[debit][0] > 0 and both > day:
                number = min((both - date(2026, 2, 16)).days // 7 + 1, 14)
                journal = self.env['account.move.line'].browse(credit).journal_id
                target = cash if journal.type == 'bank' else other
                target[rows[debit]['company'], number] += amount
        self.assertTrue(cash and other)
        weeks = self.env['ar.forecast.week'].with_context(ar_date=str(day)).search([])
        self.assertEqual(len(weeks), 15 * len(self.companies))
        for week in weeks:
            key = (week.company_id.id, week.number)
            self.assertEqual(money(week.actual), money(cash[key]))
            self.assertEqual(money(week.other), money(other[key]))

    def test_stored_habits_give_the_same_dates(self):
        day = fields.Date.context_today(self.env['ar.forecast'])
        self.assertFalse(self.env['ar.forecast.habit'].search([]))
        before = [(item.id, item.early_date, item.likely_date, item.late_date, item.basis)
                  for item in self.items(day)]
        for company in self.companies:
            self.env['ar.forecast.habit']._refresh(company)
        rows = self.env['ar.forecast.habit'].search([])
        self.assertEqual(len(rows.filtered(lambda row: not row.partner_id)), len(self.companies))
        self.env.invalidate_all()
        self.assertEqual(before, [
            (item.id, item.early_date, item.likely_date, item.late_date, item.basis)
            for item in self.items(day)])
        values = [row.read(['partner_id', 'delays', 'totals'])[0] for row in rows]
        for company in self.companies:
            self.env['ar.forecast.habit']._refresh(company)
        again = self.env['ar.forecast.habit'].search([])
        self.assertEqual(
            [(value['partner_id'], value['delays'], value['totals']) for value in values],
            [(row.partner_id.id and (row.partner_id.id, row.partner_id.display_name),
              row.delays, row.totals) for row in again])

    def test_companies_in_another_currency_are_converted(self):
        day = date(2026, 6, 1)
        target = self.company.currency_id
        rows = self.env['ar.forecast']._read_rows({'company_ids': self.companies.ids}, day)
        total = 0
        for company in self.companies:
            env = self.env(context=dict(self.env.context, allowed_company_ids=company.ids))
            own = env['ar.forecast']._read_rows({'company_ids': company.ids}, day)
            total += company.currency_id._convert(
                own[-1]['likely_total'], target, self.company, day, round=False)
        self.assertAlmostEqual(rows[-1]['likely_total'], total, delta=0.2)
        self.assertGreater(len(self.companies.currency_id), 1)

    def test_random_days_never_expect_the_past(self):
        rng = random.Random(5)
        for _turn in range(3):
            day = day_between(rng)
            for item in self.items(day):
                if item.residual > 0:
                    self.assertTrue(day < item.early_date <= item.likely_date <= item.late_date)


@tagged('post_install', '-at_install')
class TestExpectedCashScale(ScaleCommon):
    """The number of queries does not depend on the number of customers."""

    def test_query_counts(self):
        self.multiply(10)
        self.env['ar.customer']._refresh(self.company)
        results = []
        for more in (0, 0, 990):
            if more:
                self.multiply(more)
                self.env['ar.customer']._refresh(self.company)
            counts = []
            with self.counted(counts):
                self.env['ar.forecast.habit']._refresh(self.company)
            with self.counted(counts):
                rows = self.env['ar.forecast']._read_rows({})
            with self.counted(counts):
                self.env['ar.forecast']._read_rows({}, '2026-03-01')
            with self.counted(counts):
                self.env['ar.forecast.item'].search([]).mapped('reason')
            with self.counted(counts):
                self.env['ar.forecast.week'].search([]).mapped('label')
            moves = self.env['account.move'].search(
                [('company_id', '=', self.company.id)], limit=1000)
            with self.counted(counts):
                moves.mapped('ar_expected_payment_date')
            results.append(counts)
            self.assertGreater(rows[-1]['likely_total'], 0)
        self.assertEqual(results[2], results[1])
