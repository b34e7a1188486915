from unittest.mock import patch

from lxml import etree

from odoo import Command, fields
from odoo.exceptions import AccessError, UserError
from odoo.tests import tagged
from odoo.tools import html2plaintext

from .deadline_common import DeadlineCommon, day
from .scale_common import ScaleCommon


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
