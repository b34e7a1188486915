from collections import defaultdict
from datetime import date, timedelta
from decimal import Decimal

from dateutil.relativedelta import relativedelta

from odoo import fields
from odoo.exceptions import AccessError, UserError
from odoo.fields import Domain
from odoo.tests import tagged
from odoo.tools import SQL

from ..tools import forecast as tool
from .common import CollectionsCommon
from .random_ledger import RandomLedgerCommon, day_between
from .scale_common import ScaleCommon

CASES = ('low', 'likely', 'high')


def money(value):
    return Decimal(str(value)).quantize(Decimal('0.001'))


class ForecastCommon(CollectionsCommon):
    """Short ways to ask for the forecast."""

    def items_of(self, day=None, **context):
        """Return the rows of the forecast as known at the end of a day."""
        if day:
            context['ar_date'] = str(day)
        return self.env['ar.forecast.item'].with_context(**context).search([])

    def weeks_of(self, day=None, scope=None, **options):
        return self.env['ar.forecast']._read_rows(scope or {}, day, **options)

    @classmethod
    def history(cls, partner, delay, number):
        """Pay some invoices of a customer, each so many days after it fell due."""
        for turn in range(number):
            due = date(2025, 9, 1) + timedelta(days=30 * turn)
            invoice = cls.invoice(100, due=str(due), partner=partner)
            cls.pay(invoice, date=str(due + timedelta(days=delay)))


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
        import random
        rng = random.Random(5)
        for _turn in range(3):
            day = day_between(rng)
            for item in self.items(day):
                if item.residual > 0:
                    self.assertTrue(day < item.early_date <= item.likely_date <= item.late_date)


@tagged('post_install', '-at_install')
class TestExpectedCash(ForecastCommon):
    """What a user sees: reasons, searches, hooks, rights, kept forecasts."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.buyer.country_id = cls.env.ref('base.fr')
        cls.history(cls.buyer, 10, number=6)

    def test_reasons(self):
        thin = self.customer("Thin", country_id=self.env.ref('base.fr').id)
        self.invoice(500, due='2026-06-20')
        self.invoice(70, due='2026-06-20', partner=thin)
        self.credit_note(20, '2026-05-20')
        found = {item.partner_id.name: item.reason for item in self.items_of()
                 if item.basis != 'credit'}
        self.assertEqual(found, {
            'Buyer': "Due date +10 days: own history of 6 payments, blended with customers in France",
            'Thin': "Due date +10 days: no own payments yet: customers in France"})
        credit = self.items_of().filtered(lambda item: item.basis == 'credit')
        self.assertEqual((credit.reason, credit.amount, credit.credit_used),
                         ("Credit: lowers what the customer will pay", 0, -20))

    def test_later_than_ever_says_so(self):
        self.invoice(500, due='2026-01-10')
        item = self.items_of()
        self.assertEqual(item.basis, 'tail')
        self.assertIn("later than nearly ever", item.reason)
        self.assertGreater(item.likely_date, date(2026, 6, 1))

    def test_credit_notes_are_no_payments(self):
        stranger = self.customer("Stranger")
        invoice = self.invoice(100, due='2026-03-01', partner=stranger)
        self.match(invoice, self.credit_note(100, '2026-04-20', partner=stranger))
        self.invoice(100, due='2026-06-20', partner=stranger)
        self.assertEqual(self.items_of().payment_count, 0)

    def test_instalments_have_their_own_dates(self):
        invoice = self.invoice(300, date='2026-05-25', terms=[(30, 50), (60, 50)])
        dates = [item.likely_date for item in self.items_of()]
        self.assertEqual(dates, [date(2026, 7, 4), date(2026, 8, 3)])
        self.assertEqual(invoice.ar_expected_payment_date, date(2026, 8, 3))
        self.assertEqual(self.items(invoice).mapped('ar_expected_payment_date'), dates)

    def test_invoices_and_items_are_found_and_grouped(self):
        first = self.invoice(100, due='2026-06-10')
        second = self.invoice(200, due='2026-07-20', date='2026-05-20')
        paid = self.env['account.move'].search(
            [('payment_state', '=', 'paid'), ('company_id', '=', self.company.id)], limit=1)
        Move = self.env['account.move']
        ours = Domain('id', 'in', (first + second + paid).ids)
        name = 'ar_expected_payment_date'
        for domain, expected in (
            ([(name, '=', '2026-06-20')], first), ([(name, '!=', '2026-06-20')], second + paid),
            ([(name, '>', '2026-06-20')], second), ([(name, '<=', '2026-07-30')], first + second),
            ([(name, '=', False)], paid), ([(name, '!=', False)], first + second),
        ):
            self.assertEqual(Move.search(ours & Domain(domain), order='id'),
                             expected.sorted('id'), domain)
        groups = Move._read_group(ours, [f'{name}:month'], ['id:recordset'])
        self.assertEqual({str(month): moves for month, moves in groups}, {
            '2026-06-01': first, '2026-07-01': second, 'False': paid})
        self.assertEqual(Move.search(ours & Domain(name, '!=', False), order=f'{name} desc'),
                         second + first)
        Line = self.env['account.move.line']
        lines = self.items(first + second)
        groups = Line._read_group(
            [('id', 'in', lines.ids)], [f'{name}:week'], ['amount_residual:sum'])
        self.assertEqual([amount for _week, amount in groups], [100, 200])
        self.assertEqual(Line.search([('id', 'in', lines.ids), (name, '<', '2026-07-01')]),
                         self.items(first))

    def test_a_draft_has_no_date(self):
        draft = self.invoice(100, due='2026-06-10', post=False)
        self.assertFalse(draft.ar_expected_payment_date)
        self.assertFalse(self.env['account.move'].new().ar_expected_payment_date)

    def test_a_promise_and_a_dispute_come_through_the_hooks(self):
        """What the rooms that know promises and disputes will do: extend two methods."""
        promised, disputed, broken = (
            self.invoice(amount, due='2026-06-10') for amount in (100, 200, 300))
        line_ids = [self.items(move).id for move in (promised, broken)]
        Forecast = type(self.env['ar.forecast'])
        self.patch(Forecast, '_get_promised_dates', lambda this, companies, day: SQL(
            "SELECT * FROM (VALUES (%s, %s::date), (%s, %s::date)) promise (line_id, date)",
            line_ids[0], '2026-06-29', line_ids[1], '2026-05-29'))
        self.patch(Forecast, '_get_dispute_days', lambda this, companies, day: SQL(
            "SELECT %s AS line_id, 14 AS days", self.items(disputed).id))
        found = {item.residual: item for item in self.items_of()}
        self.assertEqual(
            {amount: (str(item.likely_date), item.basis) for amount, item in found.items()}, {
                100: ('2026-06-29', 'promise'), 200: ('2026-07-04', 'habit'),
                300: ('2026-06-20', 'habit')})
        self.assertEqual(found[100].reason, "Promised for 06/29/2026")
        self.assertIn("14 days to settle the dispute", found[200].reason)

    def test_aged_balance_by_expected_date(self):
        self.invoice(100, due='2026-06-03')
        rows = self.env['ar.aged.balance'].with_context(ar_age_by='expected').search([])
        self.assertEqual(rows.base_date, self.items_of().likely_date)

    def test_a_week_opens_its_items(self):
        self.invoice(100, due='2026-06-10')
        self.invoice(40, due='2026-12-10', date='2026-05-20')
        rows = self.weeks_of()
        self.assertEqual(str(rows[0]['week']), '2026-06-01')
        self.assertEqual({row['number']: row['likely'] for row in rows if row['likely']},
                         {3: 100, 14: 40})
        self.assertEqual(len(self.env['ar.forecast']._read_weeks({})), 13)
        for row in rows:
            action = row['action']
            found = self.env[action['res_model']].with_context(
                **action['context']).search(action['domain'])
            self.assertEqual(sum(found.mapped('amount')), row['likely'])
        week = self.env['ar.forecast.week'].search([('number', '=', 3)])
        action = week.action_open_items()
        self.assertEqual(self.env['ar.forecast.item'].search(action['domain']).amount, 100)
        self.assertEqual(week.label, "Week of 06/15/2026")

    def test_the_forecast_begins_tomorrow(self):
        """At the end of a Sunday the first week is the next one."""
        self.go('2026-06-07')
        self.assertEqual(str(self.weeks_of()[0]['week']), '2026-06-08')
        self.go('2026-06-06')
        self.assertEqual(str(self.weeks_of()[0]['week']), '2026-06-01')

    def test_rights(self):
        """Own perimeter, every customer, nobody; and what the weeks add up follows."""
        stranger = self.customer("Stranger")
        self.invoice(100, due='2026-06-10')
        self.invoice(70, due='2026-06-10', partner=stranger)
        self.entry(30, '2026-05-10', due='2026-06-10')
        self.entry(5, '2026-05-10').line_ids[0].partner_id = False
        self.env['ar.customer']._refresh(self.company)
        self.env['ar.forecast.habit']._refresh(self.company)
        own, auditor, plain = (
            self.user('own'), self.user('auditor'), self.user('base.group_user', login='plain'))
        self.account_of(stranger).collector_id = auditor
        self.account_of().collector_id = own
        for user, amount in ((own, 130), (auditor, 205)):
            env = self.env(user=user)
            self.assertEqual(sum(env['ar.forecast.item'].search([]).mapped('amount')), amount)
            weeks = env['ar.forecast.week'].search([])
            self.assertEqual(sum(weeks.mapped('likely')), amount)
            self.assertEqual(env['ar.forecast']._read_rows({})[-1]['likely_total'], amount)
            self.assertTrue(env['ar.forecast.item'].search([])[0].reason)
            self.assertTrue(env['account.move'].search(
                [('ar_expected_payment_date', '!=', False)]))
        self.assertEqual(
            self.env(user=own)['ar.forecast.habit'].search([]).partner_id, self.buyer)
        for model in ('ar.forecast.item', 'ar.forecast.week', 'ar.forecast.habit'):
            with self.assertRaises(AccessError):
                self.env(user=plain)[model].search([])
        with self.assertRaises(AccessError):
            self.env(user=own)['ar.forecast.snapshot'].search([])
        with self.assertRaises(AccessError):
            self.env(user=auditor)['ar.forecast.snapshot'].create({
                'company_id': self.company.id, 'date': '2026-01-01', 'number': 1})

    def test_another_company_stays_out(self):
        other = self.make_company("Other House")
        self.invoice(100, due='2026-06-10')
        self.invoice(900, due='2026-06-10', company=other)
        auditor = self.user('auditor')
        self.assertEqual(self.env(user=auditor)['ar.forecast.item'].search([]).amount, 100)
        both = auditor.env(user=auditor, context=dict(
            self.env.context, allowed_company_ids=(self.company + other).ids))
        with self.assertRaises(AccessError):
            both['ar.forecast.item'].search([])

    def test_scope_of_the_cockpit(self):
        stranger = self.customer("Stranger")
        self.invoice(100, due='2026-06-10')
        self.invoice(70, due='2026-06-10', partner=stranger)
        customer = self.account_of(stranger)
        self.account_of().collector_id = self.env.user
        for scope, amount in (
            ({}, 170), ({'customer_ids': customer.ids}, 70), ({'customer_ids': []}, 0),
            ({'segment': [('partner_id', '=', self.buyer.id)]}, 100),
            ({'collector_id': self.env.user.id}, 100),
        ):
            self.assertEqual(self.weeks_of(scope=scope)[-1]['likely_total'], amount)

    def test_a_kept_forecast_is_never_written_again(self):
        invoice = self.invoice(100, due='2026-06-10')
        Snapshot = self.env['ar.forecast.snapshot']
        Snapshot._take(self.company)
        kept = Snapshot.search([])
        self.assertEqual(set(kept.mapped('date')), {date(2026, 5, 31)})
        self.assertEqual({row.number: row.likely for row in kept if row.likely}, {3: 100})
        self.go('2026-06-05')
        Snapshot._take(self.company)
        self.assertEqual(Snapshot.search([]), kept)
        # Booked late: known today, not known on the day.
        self.go('2026-06-22')
        self.credit_note(15, '2026-05-29')
        self.pay(invoice, date='2026-06-18')
        weeks = self.env['ar.forecast.week'].with_context(ar_date='2026-05-31').search([])
        third = weeks.filtered(lambda week: week.number == 3)
        self.assertEqual((third.frozen, third.likely, third.actual), (100, 85, 100))
        Snapshot._take(self.company)
        self.assertEqual(set(Snapshot.search([]).mapped('date')),
                         {date(2026, 5, 31), date(2026, 6, 21)})

    def test_last_quarter(self):
        """Ten customers who pay after 10 days, one early, one late, one never."""
        review = self.env['ar.forecast.review'].create({})
        self.assertEqual(str(review.date), '2026-03-01')
        self.assertFalse(review.judged)
        for delay in (10, 10, 9, 11, -4, 60, None):
            invoice = self.invoice(100, due='2026-03-10')
            if delay is not None:
                self.pay(invoice, date=str(date(2026, 3, 10) + timedelta(days=delay)))
        self.match(self.invoice(100, due='2026-03-10'), self.credit_note(100, '2026-03-15'))
        item = self.env['ar.forecast.item'].with_context(ar_date='2026-03-01').search([], limit=1)
        dates = [str(item[name]) for name in ('early_date', 'likely_date', 'late_date')]
        self.assertEqual(dates, ['2026-03-20'] * 3)
        self.invoice(100, due='2026-08-10', date='2026-02-20')
        hits = self.env['ar.forecast']._read_hits(date(2026, 3, 1))
        days = (0 + 0 + 1 + 1 + 14 + 50 + (date(2026, 6, 1) - date(2026, 3, 20)).days) / 7
        self.assertEqual(
            {**hits, 'mean_days': round(hits['mean_days'], 6)},
            {'judged': 7, 'in_range': 2, 'before': 2, 'after': 3, 'mean_days': round(days, 6)})
        review.invalidate_recordset()
        self.assertAlmostEqual(review.in_range, 2 / 7)
        weeks = self.env['ar.forecast.week'].with_context(
            **review.action_show_weeks()['context']).search([])
        self.assertEqual(str(weeks[0].week), '2026-03-02')
        self.assertEqual(str(weeks[12].week), '2026-05-25')
        self.assertEqual(review.action_show_items()['context'], {'ar_date': '2026-03-01'})
        review.date = '2026-06-01'
        with self.assertRaises(UserError):
            review.action_show_weeks()

    def test_crons_run_twice(self):
        self.invoice(100, due='2026-06-10')
        with self.enter_registry_test_mode():
            for name in ('learn', 'take', 'learn', 'take'):
                self.env.ref(f'ar_collections.ir_cron_ar_forecast_{name}').method_direct_trigger()
        self.assertEqual(len(self.env['ar.forecast.snapshot'].search(
            [('company_id', '=', self.company.id)])), 15)

    def test_merged_partners(self):
        twin = self.customer("Twin")
        self.history(twin, 10, number=1)
        self.invoice(100, due='2026-06-10', partner=twin)
        self.env['ar.forecast.habit']._refresh(self.company)
        self.env['base.partner.merge.automatic.wizard']._merge(
            (self.buyer + twin).ids, self.buyer)
        self.assertEqual(self.items_of().partner_id, self.buyer)
        self.env['ar.forecast.habit']._refresh(self.company)
        self.env.invalidate_all()
        self.assertEqual(self.items_of().payment_count, 7)


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
