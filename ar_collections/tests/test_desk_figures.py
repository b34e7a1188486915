import random
from datetime import timedelta
from decimal import Decimal
from itertools import pairwise
from unittest.mock import patch

from odoo import fields
from odoo.exceptions import UserError
from odoo.tests import tagged

from ..tools.kpi import month_ends
from .kpi_common import money
from .test_desk import DeskCommon


@tagged('post_install', '-at_install')
class TestDeskFigures(DeskCommon):
    """What was agreed shows in the figures, as known at the day they are asked for."""

    def expected(self, day):
        return {row.line_id: row for row in self.env['ar.forecast.item'].with_context(
            ar_date=day).search([('company_id', '=', self.company.id)])}

    def overlay(self, name, day):
        [(amount,)] = self.env['ar.aged.balance'].with_context(ar_date=day)._read_group(
            [], [], [f'{name}_amount:sum'])
        return amount or 0

    def test_a_promised_date_is_the_expected_one(self):
        invoice = self.invoice(100, due='2026-05-20')
        item = self.items(invoice)
        promise = self.promise(invoice, '2026-06-12')
        row = self.expected('2026-06-01')[item]
        self.assertRecordValues(row, [{'basis': 'promise'}])
        self.assertEqual(str(row.likely_date), '2026-06-12')
        self.assertNotEqual(self.expected('2026-05-31')[item].basis, 'promise', "not known yet")
        self.go('2026-06-15')
        promise._follow()
        self.assertEqual(promise.state, 'broken')
        self.assertNotEqual(self.expected('2026-06-15')[item].basis, 'promise')

    def test_a_dispute_puts_the_money_off(self):
        plain, disputed = self.invoice(100, due='2026-06-20'), self.invoice(50, due='2026-06-20')
        self.dispute(disputed, reason='quality')
        rows = self.expected('2026-06-01')
        days = (rows[self.items(disputed)].likely_date
                - rows[self.items(plain)].likely_date).days
        self.assertEqual(days, 15)

    def test_five_settled_disputes_tell_the_usual_time(self):
        """Four leave the deadline of the reason; the mean of five counts, less what has passed."""
        days, since = (20, 30, 40, 50, 61), fields.Date.to_date('2026-01-05')
        disputes = self.env['ar.dispute']
        self.go(since)
        for _case in days:
            disputes |= self.dispute(self.invoice(10, due='2026-01-02'), reason='quality')
        for dispute, passed in list(zip(disputes, days, strict=True))[:-1]:
            self.go(since + timedelta(days=passed))
            dispute._settle('upheld', "As ordered")
        self.go('2026-05-28')
        disputed = self.dispute(self.invoice(50, due='2026-06-20'), reason='quality')
        item, plain = disputed.line_ids.move_line_id, self.items(
            self.invoice(100, due='2026-06-20'))

        def get_delay():
            self.env.invalidate_all()
            rows = self.expected('2026-06-01')
            return (rows[item].likely_date - rows[plain].likely_date).days

        self.assertEqual(get_delay(), disputed.reason_id.deadline_days - 4)
        self.go(since + timedelta(days=days[-1]))
        disputes[-1]._settle('upheld', "As ordered")
        self.go('2026-06-01')
        # (20 + 30 + 40 + 50 + 61) ÷ 5 = 40.2, and four days have passed.
        self.assertEqual(get_delay(), 40 - 4)

    def test_beside_the_buckets(self):
        self.dispute(self.invoice(100, due='2026-05-20'), amount=30)
        promise = self.promise(self.invoice(70, due='2026-05-20'), '2026-06-05')
        self.assertEqual(self.overlay('disputed', '2026-06-01'), 30)
        self.assertEqual(self.overlay('promised', '2026-06-01'), 70)
        self.assertEqual(self.overlay('promised', '2026-05-31'), 0)
        self.go('2026-06-03')
        self.pay(promise.line_ids.move_id, 70, '2026-06-03')
        self.assertEqual(self.overlay('promised', '2026-06-03'), 0)
        self.assertEqual(self.overlay('promised', '2026-06-02'), 70, "as known then")

    def test_on_the_cockpit(self):
        self.promise(self.invoice(70, due='2026-05-20'), '2026-06-05')
        late = self.dispute(self.invoice(50, due='2026-05-20'), reason='not_received')
        self.go('2026-06-04')
        late.invalidate_recordset()
        manager = self.user('manager')
        data = self.env['ar.cockpit'].with_user(manager).load_cockpit({}, True)
        tiles = {tile['code']: tile['value'] for tile in data['tiles']}
        todos = {row['code']: row['count'] for row in data['actions']}
        self.assertEqual((tiles['promises'], todos['disputes'], todos.get('broken', 0)), (1, 1, 0))

    def test_posting_and_paying_ask_nothing_of_the_forecast(self):
        """Odoo describes its fields while it writes entries: that must not cost a forecast."""
        habit = type(self.env['ar.forecast.habit'])
        with patch.object(habit, '_get_habits_query', autospec=True) as asked:
            self.pay(self.invoice(100, due='2026-05-20'), 100, '2026-06-01')
            for model in ('account.move', 'account.move.line'):
                fields = self.env[model].fields_get(['ar_expected_payment_date'])
                self.assertTrue(fields['ar_expected_payment_date']['groupable'])
        self.assertFalse(asked.called)


@tagged('post_install', '-at_install')
class TestDeskKeyFigures(DeskCommon):
    """Promises, disputes and calls among the key figures, month by month."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.dollar = cls.use_dollar(
            ('2025-01-01', 1.25), ('2026-03-01', 1.1), ('2026-05-01', 1.3))

    def call(self, partner, date, items=None, kind='call', **values):
        return self.env['ar.interaction']._log(
            self.account_of(partner), kind, 'spoken', date=date,
            item_ids=items if items is not None else (), **values)

    def found(self, figure):
        return self.env[figure['action']['res_model']].search(figure['action']['domain'])

    # === BY HAND === #

    def test_promises_of_the_month(self):
        """The example that stands at the formula: 2 of 3 kept, 400 of 1,000."""
        amounts = (300, 100, 600, 70, 80)
        kept, small, broken, opened, taken = (
            self.invoice(amount, due='2026-04-20') for amount in amounts)
        self.go('2026-05-04')
        promises = [self.promise(kept, '2026-05-20'), self.promise(small, '2026-05-31'),
                    self.promise(broken, '2026-05-10')]
        self.promise(opened, '2026-06-10')
        self.promise(taken, '2026-05-12').action_cancel()
        self.pay(kept, 300, '2026-05-18')
        self.pay(small, 100, '2026-06-01')
        self.go('2026-06-03')
        self.env['ar.promise'].search([])._follow()
        may, june = self.env['ar.kpi']._read_kpis(months=2)
        self.assertAlmostEqual(may['promise_kept_rate']['value'], 200 / 3)
        self.assertEqual(may['promise_kept_share']['value'], 40)
        self.assertEqual(may['promise_kept_rate']['numbers'], "2 ÷ 3")
        self.assertEqual(self.found(may['promise_kept_rate']).ids, sorted(
            (promise.id for promise in promises), key=lambda one: (
                self.env['ar.promise'].browse(one).promise_date, one), reverse=True))
        self.assertIsNone(june['promise_kept_rate']['value'], "nothing is decided yet")
        self.assertIn("Nothing to measure", june['promise_kept_rate']['numbers'])

    def test_disputes_at_the_end_of_the_month(self):
        """The example that stands at the formula, before and after 80 were paid."""
        part, whole = self.invoice(100, due='2026-04-20'), self.invoice(50, due='2026-04-20')
        self.invoice(250, due='2026-04-20')
        self.go('2026-04-27')
        self.dispute(part, amount=30)
        second = self.dispute(whole)
        april = self.env['ar.kpi']._read_kpis(months=1, date=fields.Date.to_date('2026-04-30'))
        self.assertEqual(april[0]['dispute_rate']['value'], 20)
        self.pay(part, 80, '2026-05-05')
        self.go('2026-05-31')
        [may] = self.env['ar.kpi']._read_kpis(months=1)
        self.assertAlmostEqual(may['dispute_rate']['value'], 70 / 320 * 100)
        self.assertEqual(sum(self.found(may['dispute_rate']).line_ids.mapped('residual')), 70)
        self.assertIsNone(may['dispute_days']['value'])
        self.assertAlmostEqual(may['dispute_dso']['value'], 70 / 400 * 92, msg="March to May")
        self.go('2026-06-04')
        second._settle('upheld', "Delivered as ordered")
        may, june = self.env['ar.kpi']._read_kpis(months=2)
        self.assertAlmostEqual(may['dispute_rate']['value'], 70 / 320 * 100, msg="as it stood")
        self.assertEqual(june['dispute_rate']['value'], 20 / 320 * 100)
        self.assertEqual((june['dispute_days']['value'], self.found(june['dispute_days'])),
                         (38, second))

    def test_calls_are_actions_too(self):
        """Money on the seventh day, on the items spoken about; whoever called us is no action."""
        partners = [self.customer(f"Called {number}") for number in range(4)]
        first, second, third, fourth = (
            self.invoice(100, due='2026-04-20', partner=partner) for partner in partners)
        other = self.invoice(50, due='2026-04-20', partner=partners[1])
        # In Brussels it is the 10th already; the seventh day is the 17th.
        self.company.resource_calendar_id.tz = 'Europe/Brussels'
        self.env.registry.clear_cache()
        called = [
            self.call(partners[0], '2026-05-09 22:30:00'),
            self.call(partners[1], '2026-05-10 10:00:00', self.items(second)),
            self.call(partners[2], '2026-05-10 10:00:00', self.items(third), 'visit')]
        self.call(partners[3], '2026-05-10 10:00:00', direction='in')
        self.call(partners[3], '2026-05-10 10:00:00', kind='email')
        self.call(partners[0], '2026-05-10 11:00:00').active = False
        self.pay(first, 10, '2026-05-17')
        self.pay(other, 50, '2026-05-11')
        self.pay(third, 100, '2026-05-18')
        self.pay(fourth, 100, '2026-05-11')
        may = self.env['ar.kpi']._read_kpis(months=2)[0]
        for code in ('contact_efficiency', 'action_efficiency'):
            self.assertAlmostEqual(may[code]['value'], 100 / 3, msg=code)
            self.assertEqual(may[code]['numbers'], "1 ÷ 3")
        self.assertEqual(set(self.found(may['contact_efficiency']).ids),
                         {one.id for one in called})
        scope = {'customer_ids': self.account_of(partners[0]).ids}
        alone = self.env['ar.kpi']._read_kpis(scope, months=2)[0]['contact_efficiency']
        self.assertEqual((alone['value'], self.found(alone)), (100, called[0]))
        self.env['ar.kpi.snapshot']._read_again(self.company)
        row = self.env['ar.kpi.snapshot'].search([
            ('company_id', '=', self.company.id), ('scope', '=', 'company'),
            ('basis', '=', 'now'), ('date', '=', '2026-05-31')])
        self.assertAlmostEqual(row.contact_efficiency, 100 / 3, 1)
        self.assertIs(row.promise_kept_rate, False, "unknown is not zero")
        self.assertEqual(row.action_view_figure('contact_efficiency')['res_model'],
                         'ar.interaction')
        for code in ('contact_efficiency', 'action_efficiency'):
            followed = row.action_view_figure(code, 'contacts_paid')
            self.assertEqual(self.env[followed['res_model']].search(followed['domain']), called[0])
            self.assertIn("followed by money", row.explanation)
        with self.assertRaises(UserError):
            row.action_view_figure('contact_efficiency', 'roll_base')

    def test_nobody_counts_the_customers_of_others(self):
        own, other = self.user('own'), self.user('collector')
        partners = [self.customer(name) for name in ("Mine", "Theirs")]
        for partner, person in zip(partners, (own, other), strict=True):
            self.account_of(partner).collector_id = person
            invoice = self.invoice(100, due='2026-05-20', partner=partner)
            self.dispute(invoice, amount=50 if person == own else 100)
        rates = [self.env(user=user)['ar.kpi']._read_kpis(months=1)[0]['dispute_rate']
                 for user in (own, other)]
        self.assertEqual([rate['value'] for rate in rates], [50, 75])
        seen = self.env(user=own)['ar.dispute'].search(rates[0]['action']['domain'])
        self.assertEqual(seen.partner_id, partners[0])

    # === AGAINST A SLOW READER === #

    def build(self, seed):
        dice = random.Random(seed)
        partners = [self.customer(f"Buyer {seed} {number}") for number in range(3)]
        day, invoices = fields.Date.to_date('2026-02-02'), []
        while day < fields.Date.to_date('2026-05-28'):
            self.go(day)
            invoice = self.invoice(
                dice.randrange(1000, 90000) / 100, due=day - timedelta(days=3),
                partner=dice.choice(partners), currency=dice.choice([None, None, self.dollar]))
            invoices.append(invoice)
            kind, owed = dice.choice(['promise', 'dispute', 'both', 'none']), invoice.amount_total
            if kind in ('promise', 'both'):
                self.promise(invoice, day + timedelta(days=dice.randrange(1, 25)),
                             amount=dice.choice([None, round(owed / 3, 2)]))
            if kind in ('dispute', 'both'):
                self.dispute(invoice, amount=dice.choice([None, round(owed / 7, 2)]))
            for old in dice.sample(invoices, min(len(invoices), 2)):
                if old.amount_residual and dice.random() < 0.6:
                    self.pay(old, round(old.amount_residual * dice.choice([1, 1, 0.4]), 2), day)
            disputes = self.env['ar.dispute'].search([('state', '=', 'open')])
            if disputes and dice.random() < 0.3:
                dice.choice(disputes)._settle('upheld', "As ordered")
            day += timedelta(days=dice.randrange(2, 7))
        self.go('2026-06-01')
        self.env['ar.promise'].search([])._follow()
        return partners

    def clerk(self, before, day, partner):
        """Return the numbers of one customer and period, one record after the other."""
        numbers = dict.fromkeys((
            'promises_kept', 'promises_broken', 'promised_kept', 'promised_broken', 'disputed',
            'disputes_settled', 'settling_days'), Decimal(0))
        for promise in self.env['ar.promise'].search([('partner_id', '=', partner.id)]):
            if promise.state in ('kept', 'broken') and before < promise.promise_date <= day:
                [item] = promise.line_ids.move_line_id
                numbers[f'promises_{promise.state}'] += 1
                numbers[f'promised_{promise.state}'] += money(
                    promise.amount * item.balance / item.amount_currency)
        for dispute in self.env['ar.dispute'].search([('partner_id', '=', partner.id)]):
            closed = dispute.closed_on
            if closed and before < closed <= day:
                numbers['disputes_settled'] += 1
                numbers['settling_days'] += (closed - dispute.opened_on).days
            if dispute.opened_on <= day and (not closed or closed > day):
                [line] = dispute.line_ids
                item = line.move_line_id
                owed = money(item.balance) - sum(
                    money(part.amount) for part in item.matched_credit_ids
                    if part.max_date <= day)
                numbers['disputed'] += min(
                    money(line.amount * item.balance / item.amount_currency), owed)
        return numbers

    def test_as_a_patient_clerk_reads_them(self):
        partners = self.build(4)
        days = month_ends(fields.Date.to_date('2026-06-01'), 6)
        months = self.env['ar.kpi']._read_numbers(months=5)[None]
        by_customer = self.env['ar.kpi']._read_numbers(months=5, group='customer')
        totals = {}
        for index, (before, day) in enumerate(pairwise(days)):
            for partner in partners:
                expected = self.clerk(before, day, partner)
                row = by_customer[self.account_of(partner).id][index]
                self.assertEqual({code: row[code] for code in expected}, expected, day)
                for code, value in expected.items():
                    totals[index, code] = totals.get((index, code), 0) + value
        self.assertEqual({key: months[key[0]][key[1]] for key in totals}, totals)
        seen = {code for (_index, code), value in totals.items() if value}
        self.assertEqual(len(seen), 7, "every number was met")
