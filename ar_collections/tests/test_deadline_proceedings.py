from datetime import timedelta

from odoo.exceptions import UserError
from odoo.tests import Form, tagged

from ..tools.holidays import is_closed
from .deadline_common import DeadlineCommon, day


@tagged('post_install', '-at_install')
class TestProceedings(DeadlineCommon):
    """Payment orders and insolvency, off weekends and holidays."""

    def test_six_months_before_september_2026_and_three_since(self):
        bill = self.invoice(1000, due='2026-01-31')
        self.order(bill, '2026-08-31')
        self.order(bill, '2026-09-01')
        self.assertEqual(
            sorted(str(row.last_day) for row in self.rows('order_service')),
            # 28 February 2027 is a Sunday; 1 December 2026 a Tuesday.
            ['2026-12-01', '2027-03-01'])
        moved = self.rows('order_service').filtered(lambda row: row.last_day.year == 2027)
        self.assertIn("02/28/2027", moved.explanation)

    def test_from_the_order_to_the_title(self):
        bill = self.invoice(1000, due='2026-01-31')
        order = self.order(bill, '2026-05-20')
        self.assertEqual(order.state, 'ordered')
        order.served_on = '2026-06-01'
        self.assertEqual(order.state, 'served')
        self.assertRecordValues(self.rows('order_service'), [
            {'state': 'done', 'done_on': day('2026-06-01')}])
        self.assertEqual(self.rows('opposition').last_day, day('2026-07-01'))
        rule = self.rows('opposition').procedural_rule_id
        rule.action_withdraw()
        self.build()
        self.assertEqual(order.state, 'served', "no rule: nobody knows that it is over")
        rule.action_confirm()
        self.build('2026-07-02')
        self.assertEqual(order.state, 'title')
        [act] = self.account_of().limitation_act_ids
        self.assertRecordValues(act, [{'kind': 'claim', 'date': day('2026-06-01')}])

    def test_opposition_and_deposit(self):
        bill = self.invoice(1000, due='2026-01-31')
        order = self.order(bill, '2026-05-20', served_on='2026-06-01')
        order.write({'opposed_on': '2026-06-15', 'deposit_asked_on': '2026-06-19'})
        # Fifteen days make Saturday 4 July: Monday 6 July.
        self.assertEqual(self.rows('deposit').last_day, day('2026-07-06'))
        self.assertEqual(self.rows('opposition').state, 'obsolete')
        order.deposit_paid_on = '2026-06-30'
        self.assertEqual((self.rows('deposit').state, order.state), ('done', 'opposed'))

    def test_an_order_not_served_lapses(self):
        order = self.order(self.invoice(1000, due='2026-01-31'), '2026-06-01')
        self.build('2026-12-02')
        self.assertEqual((self.rows('order_service').state, order.state), ('missed', 'lapsed'))
        with self.assertRaises(UserError):
            order.action_close()
        order.closed_reason = "Brought again"
        order.with_user(self.collector).action_close()
        self.assertEqual((self.rows('order_service').state, order.state), ('obsolete', 'closed'))

    def test_no_order_for_what_must_be_declared_or_a_consumer_owes_no_more(self):
        bill = self.invoice(1000, due='2024-04-30')
        account = self.account_of()
        account.insolvency_date = '2026-05-20'
        with self.assertRaisesRegex(UserError, "L622-24"):
            self.order(bill, '2026-05-21')
        # One that was made before is history.
        self.assertTrue(self.order(bill, '2026-05-19'))
        account.write({'insolvency_date': False, 'debtor_kind': 'consumer'})
        self.build()
        with self.assertRaisesRegex(UserError, "L218-2"):
            self.order(bill, '2026-05-21')
        self.assertTrue(self.order(bill, '2026-04-30'))

    def test_an_order_served_too_late_has_lapsed_and_interrupts_nothing(self):
        order = self.order(self.invoice(1000, due='2021-12-31'), '2026-01-15')
        order.served_on = '2026-07-15'
        act = self.env['ar.limitation.act'].search([('key', '=', f'{order._name},{order.id}')])
        self.assertEqual((self.rows('order_service').state, act.state), ('done', 'valid'))
        self.build('2026-08-01')
        self.assertEqual(order.state, 'served')
        self.assertFalse(self.rows().filtered(lambda row: row.state == 'open'))
        # 15 July was the last day; the deed bears another date after all.
        order.served_on = '2026-07-16'
        row = self.rows('order_service')
        self.assertEqual((row.state, row.done_on, order.state), ('missed', False, 'lapsed'))
        self.assertEqual(act.state, 'void')
        self.assertIn("07/15/2026", act.void_reason)
        self.assertNotIn('open', self.rows('opposition').mapped('state'))
        self.assertEqual(
            [(str(one.last_day), one.state) for one in self.rows() if one.state == 'open'],
            [('2026-12-31', 'open')])
        order.served_on = '2026-07-14'
        self.assertEqual(order.state, 'served')
        again = self.env['ar.limitation.act'].search([('key', '=', f'{order._name},{order.id}')])
        self.assertEqual((str(again.date), again.state, act.state),
                         ('2026-07-14', 'valid', 'void'))

    def test_claims_are_declared_within_two_months_of_the_publication(self):
        self.invoice(700, due='2026-03-31')
        self.invoice(300, due='2026-07-31')
        later = self.invoice(50, due='2026-07-31', date='2026-05-25')
        customer = self.account_of()
        customer.write({
            'insolvency_date': '2026-05-20', 'insolvency_state': 'liquidation',
            'insolvency_published_on': '2026-05-31'})
        self.build()
        [row] = self.rows('insolvency_claim')
        self.assertEqual(
            (row.start_day, row.last_day, row.amount),
            (day('2026-05-31'), day('2026-07-31'), 700.0))
        self.assertFalse(self.rows('insolvency_relief'))
        listed = self.env['account.move.line'].search(list(row._get_items_domain()))
        self.assertEqual(sum(listed.mapped('amount_residual')), 700.0)
        self.assertNotIn(self.items(later), listed)

    def test_an_insolvency_typed_in_counts_before_the_gazette_tells_it(self):
        """No notice found says nothing: the letter of the trustee comes first. A reversed opening
        and one that was closed ask for nothing, but a new one of later does."""
        self.invoice(700, due='2026-03-31')
        customer = self.account_of()
        customer.write({
            'insolvency_date': '2026-05-20', 'insolvency_state': 'none_found',
            'bodacc_checked_on': '2026-06-01'})
        self.build()
        self.assertEqual(self.rows('insolvency_claim').last_day, day('2026-07-20'))
        notice = self.env['ar.legal.notice'].sudo().create({
            'customer_id': customer.id, 'event_id': 'A1', 'kind': 'reorganisation',
            'judged_on': '2026-05-20', 'published_on': '2026-05-28'})
        self.build()
        self.assertEqual(self.rows('insolvency_claim').state, 'obsolete', "reversed")
        notice.write({'judged_on': '2015-05-20', 'published_on': '2015-05-28'})
        customer.write({
            'insolvency_state': 'closed', 'insolvency_published_on': '2015-05-28'})
        self.build()
        self.assertEqual(
            (self.rows('insolvency_claim').state, self.rows('insolvency_claim').last_day),
            ('open', day('2026-07-20')))

    def test_creditors_abroad_and_overseas_have_four(self):
        self.invoice(700, due='2026-03-31')
        customer = self.account_of()
        customer.write({
            'insolvency_date': '2026-05-20', 'insolvency_state': 'liquidation',
            'insolvency_published_on': '2026-05-29'})
        for country, post, months in (
                ('fr', '69001', '2026-07-29'), ('be', '1000', '2026-09-29'),
                ('fr', '97400', '2026-09-29'), ('re', '97400', '2026-09-29')):
            self.company.partner_id.write({
                'country_id': self.env.ref(f'base.{country}').id, 'zip': post})
            self.build()
            self.assertEqual(str(self.rows('insolvency_claim').last_day), months, country)

    def test_a_missed_declaration_opens_the_clock_of_relief(self):
        self.invoice(700, due='2026-03-31')
        customer = self.account_of()
        customer.write({
            'insolvency_date': '2026-03-20', 'insolvency_state': 'liquidation',
            'insolvency_published_on': '2026-04-02'})
        self.build('2026-06-03')
        self.assertEqual(self.rows('insolvency_claim').state, 'missed')
        self.assertEqual(self.rows('insolvency_relief').last_day, day('2026-10-02'))

    def test_doing_it_closes_it_and_notes_the_act(self):
        self.invoice(700, due='2026-03-31')
        customer = self.account_of()
        customer.write({
            'insolvency_date': '2026-05-20', 'insolvency_state': 'liquidation',
            'insolvency_published_on': '2026-05-29'})
        self.build()
        row = self.rows('insolvency_claim').with_user(self.collector)
        action = row.action_done()
        with Form(self.env[action['res_model']].with_user(self.collector).with_context(
                **action['context'])) as form:
            self.assertEqual(form.act, 'insolvency_claim')
            form.note = "Declared by registered letter"
            form.reference = "RAR 1A"
        form.record.action_done()
        self.assertRecordValues(row, [{
            'state': 'done', 'done_on': day('2026-06-01'), 'done_by_id': self.collector.id}])
        self.assertRecordValues(customer.limitation_act_ids, [{
            'kind': 'insolvency_claim', 'reference': "RAR 1A", 'date': day('2026-06-01')}])
        self.build('2026-08-15')
        self.assertEqual(row.state, 'done')
        self.assertFalse(self.rows('insolvency_relief'))
        row.action_reopen()
        self.assertEqual(row.state, 'missed')

    def test_no_movable_day_is_ever_closed(self):
        bill = self.invoice(1000, due='2026-01-31')
        for number in range(60):
            self.order(bill, str(day('2026-02-01') + timedelta(days=7 * number // 2)))
        rows = self.rows('order_service')
        self.assertEqual(len(rows), 60)
        self.assertFalse([row for row in rows if is_closed(row.last_day, 'FR')])
        self.assertTrue([row for row in rows if row.last_day != row.counted_day])
