from datetime import timedelta
from unittest.mock import patch

from lxml import etree

from odoo import Command, fields
from odoo.exceptions import AccessError, UserError
from odoo.tests import Form, tagged
from odoo.tools import html2plaintext

from ..tools.holidays import is_closed
from .deadline_common import DeadlineCommon, day
from .scale_common import ScaleCommon


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


@tagged('post_install', '-at_install')
class TestWhoIsTold(DeadlineCommon):
    """Activities, rights, guard, cockpit, paper."""

    def test_the_list_is_sorted_by_days_left_then_by_euros_at_risk(self):
        """As the screen asks for it: kinds mixed, the customer with most at risk first."""
        for amount, due in ((100, '2021-09-30'), (900, '2021-09-30'), (500, '2021-09-30'),
                            (20, '2021-08-31'), (9000, '2022-01-31')):
            self.invoice(amount, due=due)
        twin = self.customer("Twin", country_id=self.france.id)
        self.invoice(700, due='2026-03-31', partner=twin)
        # The claim is to be declared on the day on which three prescriptions end.
        self.account_of(twin).write({
            'insolvency_date': '2026-07-20', 'insolvency_state': 'liquidation',
            'insolvency_published_on': '2026-07-30'})
        self.account_of()
        self.build('2026-08-20')
        view = self.env['ar.deadline'].get_view(
            self.env.ref('ar_collections.ar_deadline_view_list').id)
        order = etree.fromstring(view['arch']).get('default_order')
        found = self.env['ar.deadline'].with_user(self.collector).web_search_read(
            [('state', 'in', ('open', 'missed'))],
            {name: {} for name in ('kind', 'days_left', 'amount')}, order=order)['records']
        self.assertEqual([(row['days_left'], row['amount']) for row in found], [
            (11, 20.0), (41, 900.0), (41, 700.0), (41, 500.0), (41, 100.0), (164, 9000.0)])
        self.assertEqual(found[2]['kind'], 'insolvency_claim')

    def test_one_activity_per_customer_in_time_and_once(self):
        self.go('2026-05-18')
        bills = [self.invoice(100, due='2021-11-15'), self.invoice(100, due='2021-11-20')]
        customer = self.account_of()
        self.build()
        self.assertFalse(customer.activity_ids)
        # 180 days before 20 November.
        self.build('2026-05-24')
        [activity] = customer.activity_ids
        self.assertEqual(activity.user_id, self.collector)
        self.assertEqual(activity.date_deadline, day('2026-11-15'))
        self.assertIn(bills[0].name, activity.note)
        self.build('2026-05-25')
        self.assertEqual(customer.activity_ids, activity)
        for bill in bills:
            self.pay(bill, date='2026-05-25')
        self.build()
        self.assertFalse(customer.activity_ids)

    def test_the_activity_speaks_the_language_of_its_reader(self):
        self.env['res.lang']._activate_lang('fr_FR')
        self.collector.lang = 'fr_FR'
        self.invoice(100, due='2021-11-15')
        self.account_of()
        self.build()
        self.assertIn("15/11/2026", self.account_of().activity_ids.summary)

    def test_nobody_types_a_deadline(self):
        self.invoice(1000, due='2021-09-30')
        self.account_of()
        self.build()
        row = self.rows()
        for user in (self.collector, self.boss):
            for vals in ({'last_day': '2030-01-01'}, {'state': 'done'}, {'amount': 0},
                         {'done_on': '2026-01-01'}):
                with self.assertRaises(AccessError, msg=vals):
                    row.with_user(user).write(vals)
            with self.assertRaises(AccessError):
                row.with_user(user).unlink()
            with self.assertRaises(AccessError):
                self.env['ar.deadline'].with_user(user).create({'kind': 'prescription'})
        with self.assertRaises(UserError):
            row.with_user(self.collector)._set_done(day('2026-06-01'), " ")

    def test_perimeter_and_company(self):
        stranger = self.user('own', 'clock_stranger')
        auditor = self.user('auditor', 'clock_auditor')
        bill = self.invoice(1000, due='2021-09-30')
        self.account_of().collector_id = self.collector
        act = self.act('formal_notice', '2026-05-15', bill)
        order = self.order(bill, '2026-05-20')
        row = self.rows()
        for record in (row, act, order):
            record.with_user(auditor).read(['display_name'])
            self.assertFalse(record.with_user(stranger).has_access('read'), record)
            self.assertFalse(record.with_user(auditor).has_access('write'), record)
        with self.assertRaises(AccessError):
            row.with_user(auditor).action_done()
        with self.assertRaises(AccessError):
            self.env['ar.deadline'].with_user(auditor).action_build()
        with self.assertRaises(AccessError):
            self.account_of().with_user(auditor).action_build_deadlines()
        other = self.make_company("Elsewhere")
        outsider = self.user('collector', 'clock_outsider')
        outsider.write({'company_ids': [Command.set(other.ids)], 'company_id': other.id})
        for record in (row, act, order):
            self.assertFalse(record.with_user(outsider).with_context(
                allowed_company_ids=other.ids).has_access('read'), record)

    def test_an_old_claim_entered_today_is_barred_today(self):
        """The night has not passed: what is posted already old has its clock at once."""
        self.go('2026-06-01')
        self.invoice(200, due='2026-05-20')
        self.assertFalse(self.table(), "A young claim waits for the night.")
        self.invoice(1000, due='2020-05-20')
        self.assertIn(('2025-05-20', 'missed', 1000), [row[1:] for row in self.table()])
        self.assertIn(('prescribed', 1000.0), self.reasons(self.run_dunning('2026-06-01')))

    def test_what_is_barred_is_neither_reminded_nor_claimed(self):
        barred = self.invoice(1000, due='2021-05-20')
        self.invoice(200, due='2026-05-20')
        disputed = self.invoice(300, due='2026-05-20')
        self.env['ar.dispute'].create({
            'customer_id': self.account_of().id, 'currency_id': self.company.currency_id.id,
            'reason_id': self.env.ref('ar_collections.ar_dispute_reason_price').id,
            'line_ids': [Command.create({'move_line_id': self.items(disputed).id})]})
        self.build()
        run = self.run_dunning('2026-06-04')
        self.assertEqual(self.reminders().line_ids.mapped('move_id.amount_total'), [200.0])
        self.assertIn(('prescribed', 1000.0), self.reasons(run))
        told = {skip.reason: skip for skip in run.skip_ids}
        for reason, source, why, step in (
            ('prescribed', "L110-4", "Prescription passed on 05/20/2026", 'barred'),
            ('disputed', "2011/7/EU", "The debtor disputes it", 'settle'),
        ):
            self.assertIn(source, told[reason].law_source)
            self.assertIn(why, told[reason].law_why)
            self.assertEqual((told[reason].lawful_step, told[reason].allowed_from), (step, False))
        found = self.items_of(day='2026-06-04')
        [claim] = [claim for claim in found if claim.move_id == barred.id]
        self.assertEqual((claim.reason, float(claim.interest)), ('prescribed', 0.0))
        self.assertIn("05/20/2026", self.env['ar.interest.engine']._describe_reason(claim))

    def test_the_cockpit_counts_what_is_lost_soon(self):
        self.invoice(1000, due='2021-06-20')
        self.invoice(500, due='2021-05-20')
        self.account_of()
        self.build()
        data = self.env['ar.cockpit'].with_user(self.boss).load_cockpit(refresh=True)
        [tile] = [tile for tile in data['tiles'] if tile['code'] == 'deadlines']
        self.assertEqual((tile['value'], tile['tone']), (1, 'bad'))
        self.assertIn("1,000", tile['note'])
        self.assertEqual(
            self.env['ar.deadline'].search(tile['action']['domain']).mapped('amount'), [1000.0])
        self.assertIn(('deadline_missed', 1), [
            (todo['code'], todo['count']) for todo in data['actions']])

    def page(self, customer, lang):
        html, _kind = self.env['ir.actions.report'].with_context(lang=lang)._render_qweb_html(
            'ar_collections.report_ar_deadlines', customer.ids)
        return " ".join(html2plaintext(html).replace('\xa0', ' ').split())

    def test_the_page_of_the_file_lists_every_item_even_far_ones(self):
        near, far = self.invoice(1000, due='2021-09-30'), self.invoice(90, due='2026-03-31')
        self.act('formal_notice', '2026-05-15', near)
        self.order(near, '2026-05-20')
        text = self.page(self.account_of(), 'en_US')
        for expected in (near.name, far.name, "09/30/2026", "03/31/2031", "11/20/2026",
                         "20-23.204", "L110-4"):
            self.assertIn(expected, text)

    def test_merged_customers_keep_acts_and_orders(self):
        twin = self.customer("Twin", country_id=self.france.id)
        bill = self.invoice(1000, due='2021-09-30', partner=twin)
        self.act('acknowledgement', '2026-05-15', bill, twin)
        self.account_of()
        self.account_of()._absorb(self.account_of(twin))
        self.assertEqual(self.account_of().limitation_act_ids.kind, 'acknowledgement')


@tagged('post_install', '-at_install')
class TestDeadlineScale(ScaleCommon):
    """As many queries for a thousand customers as for ten."""

    def test_a_constant_number_of_queries(self):
        self.company.country_id = self.buyer.country_id = self.env.ref('base.fr')
        self.items(self.env['account.move'].search([
            ('partner_id', '=', self.buyer.id), ('move_type', '=', 'out_invoice')])).write(
            {'date_maturity': '2021-09-30'})
        counts = []
        for count in (10, 990):
            self.multiply(count)
            self.env['ar.customer']._refresh(self.company)
            # Telling a thousand collectors is a record each; counting is not.
            with patch.object(type(self.env['ar.deadline']), '_tell', lambda *args: None):
                with self.counted(counts):
                    self.env['ar.deadline']._build(self.company)
        self.assertEqual(len(self.env['ar.deadline'].search([
            ('company_id', '=', self.company.id), ('state', '=', 'open')])), 3003)
        self.assertLessEqual(counts[1], counts[0] + 4)
        customers = self.env['ar.customer'].search([('company_id', '=', self.company.id)])
        for some in (customers[:10], customers):
            self.env.invalidate_all()
            with self.counted(counts):
                some.mapped('next_deadline')
        self.assertLessEqual(counts[3], counts[2] + 4)
        self.assertTrue(fields.Date.today())
