from datetime import date, timedelta

from odoo.exceptions import AccessError, UserError
from odoo.fields import Domain
from odoo.tests import tagged
from odoo.tools import SQL

from .forecast_common import ForecastCommon


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
            'Buyer': "Due date +10 days: own history of 6 payments,"
                     " blended with customers in France",
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
