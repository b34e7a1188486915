import csv
import io
from datetime import date, timedelta

from psycopg2 import IntegrityError

from odoo import Command
from odoo.exceptions import AccessError, UserError, ValidationError
from odoo.tests import HttpCase, tagged
from odoo.tools import html2plaintext, mute_logger

from .deadline_common import day
from .insured_common import InsuredCommon


@tagged('post_install', '-at_install')
class TestOverdueNotices(InsuredCommon):
    """Recorded first, told once, sent by hand."""

    def test_from_the_list_to_the_notice(self):
        one, two = self.invoice(1000, due='2026-05-15'), self.invoice(500, due='2026-05-20')
        self.build()
        rows = self.rows('overdue_notice').with_user(self.collector)
        action = rows.action_prepare_notice()
        notice = self.env['ar.overdue.notice'].browse(action['res_id'])
        self.assertEqual(notice.line_ids.move_id, one | two)
        self.assertRecordValues(notice, [{
            'amount': 1500.0, 'last_day': day('2026-06-14'), 'buyer_reference': "B-77",
            'state': 'draft'}])
        # Again: the same one.
        self.assertEqual(rows.action_prepare_notice()['res_id'], notice.id)
        self.assertEqual(self.env['ar.overdue.notice'].search_count([]), 1)

    def test_sending_stops_the_clock_and_what_follows_runs_on(self):
        bill = self.invoice(1000, due='2026-05-15')
        notice = self.notice(bill).with_user(self.collector)
        self.assertEqual(self.rows('overdue_notice').overdue_notice_id, notice)
        notice.reference = "NOA 5"
        notice.action_mark_sent()
        self.assertRecordValues(self.rows('overdue_notice'), [
            {'state': 'done', 'done_on': day('2026-06-01')}])
        self.assertEqual(notice.sent_by_id, self.collector)
        self.assertEqual(set(self.last_days()), {'extension', 'collections', 'insurance_claim'})
        notice.write({'handed_over_on': '2026-06-02', 'claim_filed_on': '2026-06-03'})
        self.assertEqual(set(self.last_days()), {'extension'})
        with self.assertRaises(UserError):
            notice.action_mark_answered()
        notice.answer = 'kept'
        notice.action_mark_answered()
        notice.action_close()
        self.assertEqual(notice.state, 'closed')

    def test_a_day_typed_into_a_draft_stops_no_clock(self):
        notice = self.notice(self.invoice(1000, due='2026-05-15'))
        notice.sent_on = '2026-06-01'
        self.assertEqual(set(self.last_days()), {
            'overdue_notice', 'extension', 'collections', 'insurance_claim'})
        notice.action_mark_sent()
        self.assertEqual(self.rows('overdue_notice').state, 'done')

    def test_an_item_is_told_once_per_policy(self):
        bill = self.invoice(1000, due='2026-05-15')
        first = self.notice(bill)
        with mute_logger('odoo.sql_db'), self.assertRaises(IntegrityError), \
                self.env.cr.savepoint():
            self.notice(bill)
        first.action_cancel()
        self.assertEqual(self.last_days()['overdue_notice'], '2026-06-14')
        self.notice(bill)

    def test_what_was_told_is_history(self):
        bill = self.invoice(1000, due='2026-05-15')
        notice = self.notice(bill)
        notice.action_mark_sent()
        self.pay(bill, 400, date='2026-06-01')
        self.assertEqual(notice.amount, 1000.0)
        boss = notice.with_user(self.boss)
        for vals in ({'line_ids': [Command.clear()]},
                     {'customer_id': self.account_of(self.customer("X")).id}):
            with self.assertRaises(UserError, msg=vals):
                boss.write(vals)
        with self.assertRaises(AccessError):
            boss.state = 'draft'
        with self.assertRaises(UserError):
            boss.unlink()
        with self.assertRaises(UserError):
            boss.action_mark_sent()

    def test_items_of_somebody_else_and_empty_notices_are_refused(self):
        other = self.invoice(10, due='2026-05-15', partner=self.customer("Other"))
        with self.assertRaises(ValidationError):
            self.notice(other)
        with self.assertRaises(ValidationError):
            self.notice()

    def test_rights(self):
        notice = self.notice(self.invoice(1000, due='2026-05-15'))
        self.account_of().collector_id = self.collector
        auditor, stranger = self.user('auditor', 'n_auditor'), self.user('own', 'n_stranger')
        notice.with_user(auditor).read(['name'])
        for button in ('action_mark_sent', 'action_cancel'):
            with self.assertRaises(AccessError):
                getattr(notice.with_user(auditor), button)()
        for record in (notice, notice.line_ids):
            self.assertFalse(record.with_user(stranger).has_access('read'))
        with self.assertRaises(AccessError):
            notice.with_user(stranger).action_pack_pdf()

    # === DATA PACK === #

    def make_pack(self):
        self.buyer.write({
            'vat': "FR23334175221", 'street': "1 rue des Lilas", 'zip': "69001", 'city': "Lyon",
            'ref': "=C1"})
        bill = self.invoice(1000, due='2026-05-15')
        self.pay(bill, 250, date='2026-05-20')
        self.night('2026-06-01')
        return bill, self.notice(bill)

    def test_the_table_has_every_field_and_no_formula(self):
        bill, notice = self.make_pack()
        self.go('2026-06-04')
        notice.write({'cause': 'cash', 'note': "Director ill.\nBack in July."})
        content = notice._get_pack_csv()
        self.assertTrue(content.startswith(b'\xef\xbb\xbf'))
        [row] = csv.DictReader(io.StringIO(content.decode('utf-8-sig')), delimiter=';')
        for label, value in {
            'Policy number': "P-0042", 'Buyer': "Buyer", 'Buyer number': "B-77",
            'Tax number': "FR23334175221", 'Address': "1 rue des Lilas, 69001 Lyon",
            'Invoice': bill.name, 'Date': '2026-04-15', 'Original due date': '2026-05-15',
            'Days overdue': '20', 'Currency': 'EUR', 'Invoiced, tax included': '1000.00',
            'Paid or credited': '250.00', 'Open amount': '750.00', 'Told in this notice': '750.00',
            'Why unpaid': "Short of cash", 'To send by': '2026-06-14', 'Disputed': "No",
            'Note': "Director ill. | Back in July.",
            'Our customer number': "'=C1", 'Cover today: Named buyer': '5000.00',
        }.items():
            self.assertEqual(row[label], value, label)
        self.assertIn("Level", row['Steps taken'])

    def read_pack(self, notice, lang='en_US'):
        """Return the row of the table, and the words of the paper in a language."""
        [row] = csv.DictReader(
            io.StringIO(notice._get_pack_csv().decode('utf-8-sig')), delimiter=';')
        self.policy_2026.insurer_id.lang = lang
        html, _kind = self.env['ir.actions.report']._render_qweb_html(
            'ar_collections.report_ar_overdue_notice', notice.ids)
        words = html2plaintext(html).replace('\xa0', ' ').replace('\u202f', ' ')
        return row, " ".join(words.split())

    def test_an_extension_says_until_when(self):
        """EXP of AT-4: the due date of one invoice is to be put off."""
        _bill, notice = self.make_pack()
        with self.assertRaises(ValidationError):
            notice.write({'category': 'extension', 'new_due_date': '2026-05-15'})
        notice.write({'category': 'extension', 'new_due_date': False})
        with self.assertRaisesRegex(UserError, "new due date"):
            notice.action_mark_sent()
        notice.write({'new_due_date': '2026-07-31', 'note': "Two months more."})
        self.env['res.lang']._activate_lang('fr_FR')
        for lang, due in (('en_US', "07/31/2026"), ('fr_FR', "31/07/2026")):
            row, paper = self.read_pack(notice, lang)
            self.assertEqual((row['New due date asked for'], row['Note']),
                             ('2026-07-31', "Two months more."))
            self.assertNotIn('Repayment plan', row)
            self.assertIn(due, paper)
            self.assertIn("Two months more.", paper)
        notice.action_mark_sent()
        with self.assertRaises(UserError):
            notice.new_due_date = '2026-08-31'

    def test_a_repayment_plan_is_told_with_its_instalments(self):
        """RES of AT-4."""
        bill, notice = self.make_pack()
        notice.category = 'rescheduling'
        with self.assertRaisesRegex(UserError, "repayment plan"):
            notice.action_mark_sent()
        plan = self.env['ar.payment.plan'].create({
            'customer_id': notice.customer_id.id, 'currency_id': self.company.currency_id.id,
            'number': 3, 'first_date': '2026-06-15',
            'line_ids': [Command.create({'move_line_id': self.items(bill).id})]})
        stranger = self.customer("Other")
        foreign = self.invoice(10, due='2026-05-15', partner=stranger)
        other = self.env['ar.payment.plan'].create({
            'customer_id': self.account_of(stranger).id,
            'currency_id': self.company.currency_id.id, 'first_date': '2026-06-15',
            'line_ids': [Command.create({'move_line_id': self.items(foreign).id})]})
        with self.assertRaises(ValidationError):
            notice.payment_plan_id = other
        notice.payment_plan_id = plan
        self.assertTrue(notice.with_user(self.collector).payment_plan_id.display_name)
        row, paper = self.read_pack(notice)
        self.assertEqual(
            (row['Repayment plan'], row['Sum of instalments'], row['Instalments']),
            (plan.name, '750.00', "2026-06-15: 250.00 | 2026-07-15: 250.00 | 2026-08-15: 250.00"))
        self.assertNotIn('New due date asked for', row)
        for words in (plan.name, "06/15/2026: $ 250.00", "08/15/2026"):
            self.assertIn(words.replace("$ ", ""), paper.replace("€ ", "").replace("$ ", ""))
        notice.action_mark_sent()
        with self.assertRaises(UserError):
            notice.payment_plan_id = False

    def test_the_paper_says_the_same_in_the_language_of_the_insurer(self):
        self.env['res.lang']._activate_lang('fr_FR')
        bill, notice = self.make_pack()
        for lang, due in (('en_US', "05/15/2026"), ('fr_FR', "15/05/2026")):
            self.policy_2026.insurer_id.lang = lang
            html, _kind = self.env['ir.actions.report']._render_qweb_html(
                'ar_collections.report_ar_overdue_notice', notice.ids)
            text = " ".join(html2plaintext(html).replace('\xa0', ' ').split())
            for expected in (bill.name, due, "P-0042", "B-77", "FR23334175221"):
                self.assertIn(expected, text)


@tagged('post_install', '-at_install')
class TestPackDownload(InsuredCommon, HttpCase):
    """The table by its address, for those who may read the notice."""

    frozen = False

    def test_download(self):
        today = date.today()
        notice = self.notice(self.invoice(
            1000, date=str(today - timedelta(days=60)), due=str(today - timedelta(days=30))))
        self.user('own', 'pack_stranger', password='pack_stranger')
        self.account_of().collector_id = self.collector
        url = f'/ar_collections/overdue_notice/{notice.id}/csv'
        self.authenticate('pack_stranger', 'pack_stranger')
        self.assertEqual(self.url_open(url).status_code, 404)
        self.authenticate('clock_collector', 'clock_collector')
        answer = self.url_open(url)
        self.assertEqual(answer.status_code, 200)
        self.assertIn("P-0042", answer.content.decode('utf-8-sig'))
        # The pack of a request for cover, by the same rules.
        request = self.env['ar.cover.request'].create({
            'customer_id': self.account_of().id, 'policy_id': self.policy_2026.id, 'amount': 100})
        url = f'/ar_collections/cover_request/{request.id}/csv'
        answer = self.url_open(url)
        self.assertIn("P-0042", answer.content.decode('utf-8-sig'))
        self.authenticate('pack_stranger', 'pack_stranger')
        self.assertEqual(self.url_open(url).status_code, 404)
