from datetime import timedelta
from decimal import Decimal
from unittest.mock import patch

from odoo import Command, fields
from odoo.exceptions import AccessError, UserError
from odoo.tests import tagged

from ..tools.kpi import ROLL_EDGES, bucket_of, month_ends
from .kpi_common import KpiCommon

MONTHS = 14


@tagged('post_install', '-at_install')
class TestKpiOracle(KpiCommon):
    """Random ledgers, read twice: in a few statements, and by a patient clerk."""

    def check(self, seed):
        buyers = self.build(seed)
        self.spread(buyers)
        today = fields.Date.to_date('2026-06-01')
        rows = self.env['ar.kpi']._read_numbers(months=MONTHS)[None]
        days = month_ends(today, MONTHS + 1)
        self.assertEqual([row['date'] for row in rows], days[1:])
        items, payments = self.read_items()
        kinds = {item.kind for item in items}
        self.assertLessEqual({'billed', 'credited', 'cash', 'other', 'exchange'}, kinds)
        for before, day, row in zip(days, days[1:], rows, strict=False):
            expected = self.clerk(items, payments, before, day)
            self.assertEqual({code: row[code] for code in expected}, expected, (seed, day))
            self.check_ledger(row, before, day)
            self.check_rolls(items, before, day, row)
        self.check_parts(buyers, rows, seed)
        # A month back in time is what it was, whatever is read after it or not.
        back = self.env['ar.kpi']._read_numbers(months=3, date=days[-3])[None]
        self.assertEqual(back, rows[-5:-2])
        return rows

    def spread(self, buyers):
        """Give the first two customers collectors; leave one to nobody."""
        self.env['ar.customer']._refresh(self.company)
        if not hasattr(self, 'people'):
            self.people = [self.user('collector', f'collector.{number}') for number in range(2)]
        for buyer, person in zip(buyers, self.people, strict=False):
            self.account_of(buyer).collector_id = person

    def check_ledger(self, row, before, day):
        """The roll-forward ends on the balance that Odoo's own accounts show, to the cent."""
        domain = [('account_id.account_type', '=', 'asset_receivable'),
                  ('parent_state', '=', 'posted'), ('company_id', '=', self.company.id)]
        for code, moment in (('opening', before), ('receivables', day)):
            [(balance,)] = self.env['account.move.line']._read_group(
                [*domain, ('date', '<=', moment)], aggregates=['balance:sum'])
            self.assertEqual(row[code], Decimal(str(round(balance or 0, 2))))
        self.assertEqual(
            row['opening'] + row['billed'] - row['credited'] - row['cash'] - row['written_off']
            + row['exchange'] + row['other'], row['receivables'])
        self.assertEqual(row['open_items'] - row['open_credits'], row['receivables'])
        self.assertEqual(row['overdue'] + row['not_due'], row['open_items'])

    def check_rolls(self, items, before, day, row):
        for bucket, code in enumerate(
                ('roll_not_due', 'roll_1', 'roll_31', 'roll_61', 'roll_91')):
            stood = [item for item in items if item.balance > 0 and item.date <= before
                     and bucket_of((before - item.due).days) == bucket]
            base = sum((self.residual(item, before) for item in stood), Decimal(0))
            moved = sum((self.residual(item, day) for item in stood
                         if bucket_of((day - item.due).days) > bucket), Decimal(0))
            self.assertEqual((row[f'{code}_base'], row[f'{code}_moved']), (base, moved), code)
        self.assertEqual(len(ROLL_EDGES), 5)

    def check_parts(self, buyers, rows, seed):
        """Customers and collectors add up to the whole; a scope is the same as its group."""
        last = {code: rows[-1][code] for code in (
            'receivables', 'overdue', 'over90', 'billed', 'cash', 'paid', 'cohort', 'late_days')}
        read = self.env['ar.kpi']._read_numbers
        for group in ('customer', 'collector', 'risk_class'):
            parts = read(months=2, group=group)
            for code, value in last.items():
                self.assertEqual(sum(part[-1][code] for part in parts.values()), value,
                                 (seed, group, code))
        by_customer, by_collector = read(months=3, group='customer'), read(
            months=3, group='collector')
        account = self.account_of(buyers[0])
        [alone] = read({'customer_ids': account.ids}, months=3).values()
        segment = read({'segment': [('partner_id', '=', buyers[0].id)]}, months=3)[None]
        person = read({'collector_id': self.people[0].id}, months=3)[None]
        nobody = read({'collector_id': False}, months=3)[None]
        for index in range(3):
            for code in last:
                self.assertEqual(alone[index][code], by_customer[account.id][index][code])
                self.assertEqual(segment[index][code], alone[index][code])
                self.assertEqual(
                    person[index][code], by_collector[self.people[0].id][index][code])
                self.assertEqual(nobody[index][code], by_collector[None][index][code])

    def test_seed_1(self):
        self.check(1)

    def test_seed_2(self):
        self.check(2)

    def test_what_a_figure_opens_adds_up_to_it(self):
        self.build(5)
        items, payments = self.read_items()
        by_line = {item.line: item for item in items}
        today = fields.Date.today()
        for month in self.env['ar.kpi']._read_kpis(months=6):
            day, before = month['date'], month_ends(month['date'], 2)[0]
            found = self.open(month['receivables'])
            self.assertEqual(found, self.env['account.move.line'].union(*(
                item.line for item in items if self.residual(item, day))), day)
            self.assertEqual(
                sum(self.residual(by_line[line], day) for line in found),
                Decimal(str(month['receivables']['value'])))
            self.assertEqual(
                sum(self.residual(by_line[line], day) for line in self.open(month['overdue'])),
                Decimal(str(month['overdue']['value'])))
            self.assertEqual(self.open(month['days_to_pay']), self.env['account.move.line'].union(*(
                pay.item.line for pay in payments if before < pay.day <= day)))
            self.assertEqual(self.open(month['over90_rate']), self.env['account.move.line'].union(*(
                item.line for item in items if item.kind == 'billed' and item.balance > 0
                and before < item.due + timedelta(days=90) <= day)))
        self.assertEqual(day, today)
        self.check_movements(by_line)

    def check_movements(self, by_line):
        """A movement opens the entries that it adds up; with the closing, they tie."""
        for numbers in self.env['ar.kpi']._read_numbers(months=6)[None]:
            day, before = numbers['date'], month_ends(numbers['date'], 2)[0]
            for code in ('opening', 'not_due', 'open_credits', 'billed', 'credited', 'cash',
                         'written_off', 'exchange', 'other'):
                lines = self.open({'action': self.env['ar.kpi']._get_action(code, numbers, {})})
                if code in ('opening', 'not_due', 'open_credits'):
                    moment = before if code == 'opening' else day
                    total = sum((self.residual(by_line[line], moment) for line in lines),
                                Decimal(0))
                else:
                    total = sum((by_line[line].balance for line in lines), Decimal(0))
                sign = -1 if code in ('open_credits', 'credited', 'cash', 'written_off') else 1
                self.assertEqual(sign * total, numbers[code], (code, day))
            self.check_windows(by_line, numbers, before)

    def check_windows(self, by_line, numbers, before):
        """Both parts of a rate open the items that they add up."""
        day, codes = numbers['date'], (
            'roll_not_due', 'roll_1', 'roll_31', 'roll_61', 'roll_91')

        def total(kind, moment):
            lines = self.open({'action': self.env['ar.kpi']._get_action(kind, numbers, {})})
            return sum((self.residual(by_line[line], moment) for line in lines), Decimal(0))

        self.assertEqual(total('debits', day), numbers['open_items'], day)
        for code in codes:
            self.assertEqual(total(f'{code}_base', before), numbers[f'{code}_base'], (code, day))
            self.assertEqual(total(f'{code}_moved', day), numbers[f'{code}_moved'], (code, day))
        self.assertEqual(
            (total('roll_base', before), total('rolled', day)),
            (sum(numbers[f'{code}_base'] for code in codes),
             sum(numbers[f'{code}_moved'] for code in codes)), day)

    def open(self, figure):
        action = figure['action']
        return self.env[action['res_model']].search(action['domain'])


@tagged('post_install', '-at_install')
class TestKpiFigures(KpiCommon):
    """Ledgers that a person can add up. Today: 2026-06-01."""

    def last(self, scope=None, **options):
        return self.env['ar.kpi']._read_kpis(scope, months=2, **options)[0]

    def test_a_ledger_by_hand(self):
        """900 billed in March to May, 300 open of which 100 overdue, at the end of May."""
        self.pay(self.invoice(600, date='2026-03-10', due='2026-04-09'), date='2026-04-19')
        self.invoice(100, date='2026-04-15', due='2026-05-15')
        self.invoice(200, date='2026-05-20', due='2026-06-19')
        may = self.last()
        self.assertEqual(str(may['date']), '2026-05-31')
        values = {code: figure['value'] for code, figure in may.items()
                  if isinstance(figure, dict)}
        self.assertEqual(values['receivables'], 300)
        self.assertEqual(values['overdue'], 100)
        self.assertAlmostEqual(values['dso'], 300 / 900 * 92)
        self.assertAlmostEqual(values['best_dso'], 200 / 900 * 92)
        self.assertAlmostEqual(values['add'], 100 / 900 * 92)
        self.assertAlmostEqual(values['dso_countback'], 31 + 30, msg="all of May and of April")
        self.assertAlmostEqual(values['cei'], (0 + 900 - 300) / (0 + 900 - 200) * 100)
        self.assertAlmostEqual(values['overdue_rate'], 100 / 3)
        # Of what was not due at the end of April, everything is overdue now.
        self.assertEqual(values['roll_not_due'], 100)
        self.assertEqual((values['roll_1'], values['loss_probability']), (None, None))
        self.assertEqual((values['days_to_pay'], values['action_efficiency']), (None, None))
        self.assertEqual(may['dso']['numbers'], "300.00 € ÷ 900.00 € × 92.0 days".replace(
            '300.00 €', self.money(300)).replace('900.00 €', self.money(900)))
        april = self.env['ar.kpi']._read_kpis(months=3)[0]
        self.assertEqual([april[code]['value'] for code in (
            'days_terms', 'days_late', 'days_to_pay')], [30, 10, 40])

    def money(self, amount):
        return self.env['ar.kpi']._format(Decimal(amount), 'money', self.company.currency_id)

    def test_unknown_is_not_zero(self):
        for month in self.env['ar.kpi']._read_kpis(months=3):
            self.assertEqual(month['receivables']['value'], 0)
            for code in ('dso', 'cei', 'overdue_rate', 'days_late', 'productivity'):
                self.assertIsNone(month[code]['value'], code)
                self.assertTrue(month[code]['numbers'])

    def test_cost_of_lateness_needs_a_rate(self):
        self.invoice(1000, date='2026-03-01', due='2026-04-30')
        self.assertIsNone(self.last()['lateness_cost']['value'])
        self.assertIn("settings", self.last()['lateness_cost']['numbers'])
        self.company.ar_late_cost_rate = 7.3
        self.assertAlmostEqual(self.last()['lateness_cost']['value'], 1000 * 31 * 0.073 / 365)

    def test_settings_of_sales(self):
        self.invoice(300, date='2026-03-10', due='2026-06-10')
        self.invoice(100, date='2026-05-10', due='2026-06-10')
        self.company.ar_kpi_months = 1
        self.assertAlmostEqual(self.last()['dso']['value'], 400 / 100 * 31)
        self.company.ar_kpi_months = 12
        self.assertAlmostEqual(self.last()['dso']['value'], 365)
        self.assertAlmostEqual(self.last()['cash_per_day']['value'], 400 / 365)
        self.company.ar_kpi_months, self.company.ar_kpi_cei_average = 2, True
        self.invoice(100, date='2026-02-10', due='2026-04-10')
        # From the end of March: 400 + half of 100 − 500 ÷ 400 + 50 − 400.
        self.assertAlmostEqual(self.last()['cei']['value'], -100)

    def test_countback_says_when_sales_do_not_explain_the_balance(self):
        self.entry(5000, '2023-01-10')
        self.invoice(100, date='2026-05-10', due='2026-06-10')
        figure = self.last()['dso_countback']
        self.assertEqual(figure['value'], (fields.Date.to_date('2026-05-31')
                                           - fields.Date.to_date('2024-05-31')).days)
        self.assertIn("more than this", figure['numbers'])

    def test_doubtful_accounts_stand_beside(self):
        doubtful = self.env['account.account'].create({
            'name': "Doubtful", 'code': '416000', 'account_type': 'asset_current',
            'reconcile': True, 'company_ids': [Command.set(self.company.ids)]})
        self.company.ar_doubtful_account_ids = doubtful
        self.invoice(500, date='2026-01-10', due='2026-02-10')
        self.env['account.move'].create({
            'move_type': 'entry', 'date': '2026-05-05', 'journal_id': self.journal('general').id,
            'line_ids': [
                Command.create({'account_id': doubtful.id, 'partner_id': self.buyer.id,
                                'balance': 200}),
                Command.create({
                    'account_id': self.buyer.property_account_receivable_id.id,
                    'partner_id': self.buyer.id, 'balance': -200})]}).action_post()
        row = self.env['ar.kpi']._read_numbers(months=2)[None][0]
        self.assertEqual((row['receivables'], row['doubtful'], row['other'], row['written_off']),
                         (300, 200, -200, 0))

    def test_a_payment_taken_back_was_no_payment(self):
        invoice = self.invoice(500, date='2026-03-10', due='2026-04-09')
        payment = self.pay(invoice, date='2026-05-10')
        lines = self.items(invoice | payment.move_id)
        lines.remove_move_reconcile()
        back = payment.move_id._reverse_moves([{'date': '2026-05-20'}])
        back.action_post()
        self.match(payment.move_id, back)
        row = self.env['ar.kpi']._read_numbers(months=2)[None][0]
        self.assertEqual((row['paid'], row['cash'], row['overdue']), (0, 0, 500))

    def test_an_item_without_a_due_date_is_behind_its_figure(self):
        """An opening balance may have none: the day of its entry counts."""
        move = self.entry(80, '2026-05-10')
        self.env.flush_all()
        self.env.cr.execute(
            "UPDATE account_move_line SET date_maturity = NULL WHERE move_id = %s", [move.id])
        self.env.invalidate_all()
        figure = self.last()['overdue']
        self.assertEqual(figure['value'], 80)
        self.assertEqual(
            self.env['account.move.line'].search(figure['action']['domain']), self.items(move))

    def test_action_efficiency(self):
        """Money on the seventh day counts, on the eighth it does not."""
        paid, late, open_still = (self.customer(f"Reminded {n}") for n in range(3))
        invoices = [self.invoice(100, due='2026-04-20', partner=partner)
                    for partner in (paid, late, open_still)]
        self.go('2026-05-10')
        self.night('2026-05-10')
        self.assertEqual(len(self.reminders().filtered(lambda r: r.state == 'sent')), 3)
        self.pay(invoices[0], date='2026-05-17')
        self.pay(invoices[1], date='2026-05-18')
        self.go('2026-06-01')
        figure = self.last()['action_efficiency']
        self.assertAlmostEqual(figure['value'], 100 / 3)
        found = self.env['ar.reminder'].search(figure['action']['domain'])
        self.assertEqual(found, self.reminders())
        numbers = self.env['ar.kpi']._read_numbers(months=2)[None][0]
        followed = self.env['ar.kpi']._get_action('actions_paid', numbers, {})
        self.assertEqual(self.env['ar.reminder'].search(followed['domain']),
                         found.filtered(lambda one: one.customer_id.partner_id == paid))
        with self.assertRaisesRegex(UserError, "two days"):
            self.env['ar.reminder'].search([('followed_within', '=', 'yesterday')])
        # Seen on the 16th, nobody knows yet.
        early = self.env['ar.kpi']._read_kpis(months=1, date=fields.Date.to_date('2026-05-16'))
        self.assertIsNone(early[0]['action_efficiency']['value'])

    def test_collected_per_collector(self):
        people = [self.user('collector', f'person.{number}') for number in range(2)]
        for person in people:
            buyer = self.customer(f"Of {person.login}")
            self.pay(self.invoice(100, due='2026-04-20', partner=buyer), date='2026-05-02')
            self.account_of(buyer).collector_id = person
        self.pay(self.invoice(40, due='2026-05-20'), date='2026-05-02')
        self.account_of()
        self.assertEqual(self.last()['productivity']['value'], 100)
        self.assertEqual(self.last({'collector_id': people[0].id})['productivity']['value'], 100)

    def test_a_room_adds_its_figure(self):
        """What a room does: numbers under a code, words, and nothing until then."""
        self.invoice(100, date='2026-05-10', due='2026-06-10')
        self.assertNotIn('answered_rate', self.last())
        model = self.env.registry['ar.kpi']
        numbers, figures = model._get_numbers, model._get_figures

        def get_numbers(this, frame, amounts, rolls):
            rows = numbers(this, frame, amounts, rolls)
            for row in rows:
                row.update(asked=Decimal(80), answered=Decimal(60), answered_rate=Decimal(75))
            return rows

        def get_figures(this):
            return [*figures(this), {
                'code': 'answered_rate', 'label': "Answered", 'unit': 'percent',
                'formula': "Answered ÷ asked", 'numbers': "%(answered)s ÷ %(asked)s",
                'items': 'open'}]

        with patch.object(model, '_get_numbers', get_numbers), \
                patch.object(model, '_get_figures', get_figures):
            figure = self.last()['answered_rate']
            self.assertEqual((figure['value'], figure['text']), (75, "75.0 %"))
            self.assertEqual(figure['numbers'], f"{self.money(60)} ÷ {self.money(80)}")
            self.env['ar.kpi.snapshot']._read_again(self.company)
            row = self.env['ar.kpi.snapshot'].search([
                ('company_id', '=', self.company.id), ('scope', '=', 'company')], limit=1)
            self.assertEqual(row.explanations['answered_rate']['text'], "75.0 %")

    def test_companies_of_two_currencies(self):
        """One rate for all months, that of the last day; the sum says its currency."""
        other = self.make_company("Elsewhere", currency='USD')
        self.invoice(100, date='2026-05-10', due='2026-06-10')
        self.invoice(130, date='2026-05-10', due='2026-06-10', company=other)
        both = self.env(context=dict(
            self.env.context, allowed_company_ids=[self.company.id, other.id]))
        may = both['ar.kpi']._read_kpis(months=2)[0]
        self.assertEqual(may['currency_id'], self.company.currency_id.id)
        self.assertEqual(may['receivables']['value'], 200)
        [alone] = both['ar.kpi']._read_kpis({'company_ids': other.ids}, months=1)
        self.assertEqual((alone['currency_id'], alone['receivables']['value']),
                         (self.dollar.id, 130))

    # === RIGHTS === #

    def test_nobody_reads_more_than_allowed(self):
        own, other = self.user('own'), self.user('collector')
        mine, free, theirs = (self.customer(name) for name in ("Mine", "Free", "Theirs"))
        for partner, amount in ((mine, 1), (free, 20), (theirs, 300)):
            self.invoice(amount, due='2026-05-20', partner=partner)
        self.env['ar.customer']._refresh(self.company)
        self.account_of(mine).collector_id = own
        self.account_of(theirs).collector_id = other
        self.env.flush_all()

        def read(user, **scope):
            kpi = self.env(user=user)['ar.kpi']
            return kpi._read_kpis(scope, months=1)[0]

        self.assertEqual(read(own)['overdue']['value'], 21)
        self.assertEqual(read(other)['overdue']['value'], 321)
        self.assertEqual(read(own, collector_id=other.id)['overdue']['value'], 0)
        self.assertEqual(
            read(own, customer_ids=self.account_of(theirs).ids)['overdue']['value'], 0)
        found = self.env(user=own)['account.move.line'].search(
            read(own)['overdue']['action']['domain'])
        self.assertEqual(sum(found.mapped('amount_residual')), 21)
        outsider = self.user('base.group_user', 'outsider')
        with self.assertRaises(AccessError):
            read(outsider)
        foreign = self.make_company("Elsewhere")
        with self.assertRaises(AccessError):
            read(other, company_ids=foreign.ids)
