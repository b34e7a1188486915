import io
from datetime import date
from unittest.mock import patch

import openpyxl

from odoo import Command, fields
from odoo.exceptions import AccessError, UserError
from odoo.tests import tagged
from odoo.tools.pdf import PdfReader

from .common import CollectionsCommon


class ReportCommon(CollectionsCommon):
    """Three customers, one of them with a name that a spreadsheet would compute."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.formula = cls.customer("=1+1 Trading")
        cls.third = cls.customer("Zenith", ref='C-77')
        cls.invoice(1000.10, '2026-05-20')
        cls.invoice(2000.20, '2026-06-20')
        cls.invoice(300.30, '2026-01-10', cls.formula)
        cls.invoice(50, '2026-04-10', cls.third)
        cls.credit_note(20.05, '2026-05-30', cls.third)
        cls.pay(cls.invoice(700, '2026-02-01', cls.third), 700, '2026-05-31')
        cls.env['ar.customer']._refresh(cls.company)

    def dataset(self, *, detailed=True, domain=(), group_by=None, **options):
        return self.env['ar.aged.report']._get_dataset(
            {'date': date(2026, 6, 1), **options}, list(domain), detailed=detailed,
            group_by=group_by)

    def pdf_text(self, dataset):
        content = self.env['ar.aged.report']._render_pdf(dataset)
        return [page.extract_text() for page in PdfReader(io.BytesIO(content)).pages]


@tagged('post_install', '-at_install')
class TestAgedReport(ReportCommon):

    def test_the_dataset_adds_up_and_ties_to_the_ledger(self):
        for credits in ('column', 'oldest', 'own'):
            dataset = self.dataset(credits=credits, group_by='collector_id')
            [section] = dataset['sections']
            names = [name for name, _label in dataset['columns']]
            self.assertEqual('credit_amount' in names, credits != 'own')
            total = names.index('amount')
            self.assertEqual(section['values'][total], 3330.55)
            self.assertAlmostEqual(sum(section['values'][:total]), 3330.55)
            for group in section['groups']:
                for row in group['rows']:
                    self.assertEqual(len(row['items']), row['count'])
                    for index, value in enumerate(row['values']):
                        self.assertAlmostEqual(
                            sum(item['values'][index] for item in row['items']), value)
            [control] = dataset['control']
            self.assertEqual((control['ledger'], control['difference']), (3330.55, 0))
        for group_by in ('policy_id', 'account_id', 'parent_group_id', 'country_id'):
            dataset = self.dataset(group_by=group_by)
            items = [item for section in dataset['sections'] for group in section['groups']
                     for row in group['rows'] for item in row['items']]
            self.assertEqual(len(items), 5, group_by)

    def test_customers_and_groups_stand_by_name(self):
        self.third.name, self.formula.name = "Épicerie", "delta"
        self.invoice(5, '2026-05-01', self.customer("Fleuriste"))
        [section] = self.dataset()['sections']
        self.assertEqual([row['name'] for row in section['groups'][0]['rows']],
                         ["Buyer", "delta", "Épicerie", "Fleuriste"])
        for partner, country in ((self.buyer, 'base.fr'), (self.formula, 'base.be'),
                                 (self.third, False)):
            partner.country_id = country and self.env.ref(country)
        [section] = self.dataset(group_by='country_id')['sections']
        self.assertEqual([group['name'] for group in section['groups']][:2], ["Belgium", "France"])
        self.assertEqual(section['groups'][-1]['name'], "None")

    def test_amounts_of_any_size_keep_apart(self):
        Report = self.env['ar.aged.report']
        dataset = self.dataset(detailed=False)
        usual = Report._get_page_values(dataset)
        self.assertEqual((usual['amount_size'], usual['head_size']), (11, 11))
        label = "Zahlungsvereinbarung"
        dataset['columns'] = [(name, label) for name, _label in dataset['columns']]
        [section] = dataset['sections']
        section['values'][-1] = 12_345_678_901_234.56
        found = Report._get_page_values(dataset)
        self.assertLess(found['amount_size'], 11)
        room = 1440 * 0.74 / len(dataset['columns']) - 6
        # Sixteen figures, five signs between them.
        self.assertLessEqual(found['amount_size'] * (16 * 0.7 + 5 * 0.4), room + 1)
        self.assertLessEqual(found['head_size'] * len(label) * 0.7, room + 1)

    def test_a_past_day_and_a_part_of_the_ledger(self):
        dataset = self.dataset(date=date(2026, 5, 30))
        self.assertEqual(dataset['sections'][0]['values'][-1], 4030.55)
        self.assertEqual(dataset['control'][0]['difference'], 0)
        part = self.dataset(domain=[('partner_id', '=', self.third.id)])
        self.assertEqual((part['control'], part['filtered']), ([], True))
        self.assertEqual(part['sections'][0]['values'][-1], 29.95)
        empty = self.dataset(date=date(2020, 1, 1))
        self.assertEqual((empty['sections'], empty['item_count']), ([], 0))
        self.env['ar.aged.report']._render_xlsx(empty)

    def test_whoever_sees_a_part_gets_a_part_and_no_control(self):
        collector = self.user('own')
        self.account_of(self.buyer).collector_id = collector
        self.account_of(self.formula).collector_id = self.env.ref('base.user_admin')
        self.account_of(self.third).collector_id = self.env.ref('base.user_admin')
        dataset = self.env['ar.aged.report'].with_user(collector)._get_dataset({})
        self.assertEqual(dataset['sections'][0]['values'][-1], 3000.30)
        self.assertFalse(dataset['control'])

    def test_the_workbook_holds_numbers_formulas_filters_and_a_frozen_head(self):
        dataset = self.dataset()
        content = self.env['ar.aged.report']._render_xlsx(dataset)
        for values in (False, True):
            book = openpyxl.load_workbook(io.BytesIO(content), data_only=values)
            for sheet in book.worksheets[:2]:
                self.assertTrue(sheet.freeze_panes)
                self.assertTrue(sheet.auto_filter.ref)
                head = int(''.join(filter(str.isdigit, sheet.freeze_panes))) - 1
                column = sheet.max_column
                cells = [sheet.cell(row, column).value
                         for row in range(head + 1, sheet.max_row + 1)]
                self.assertAlmostEqual(sum(cells), 3330.55)
                total = sheet.cell(head - 1, column).value
                if values:
                    self.assertAlmostEqual(total, 3330.55)
                else:
                    letter = sheet.cell(head, column).column_letter
                    self.assertEqual(
                        total, f'=SUBTOTAL(109,{letter}{head + 1}:{letter}{sheet.max_row})')
        names = [cell.value for cell in book.worksheets[0]['C']]
        self.assertIn("=1+1 Trading", names)
        items = book.worksheets[1]
        due = next(cell.value for cell in items['H'] if getattr(cell.value, 'year', 0) == 2026)
        self.assertTrue(due)
        text = [cell.value for row in items['A1:B8'] for cell in row]
        self.assertIn("in a column of their own", text)
        self.assertEqual(len(book.worksheets), 3)

    def test_two_currencies_have_two_totals(self):
        usd = self.use_dollar(('2025-01-01', 2))
        self.invoice(80, '2026-05-20', currency=usd)
        dataset = self.dataset(valuation='document')
        self.assertEqual(
            sorted((section['currency'], section['values'][-1])
                   for section in dataset['sections']), [('EUR', 3330.55), ('USD', 80)])
        self.assertFalse(dataset['control'])
        book = openpyxl.load_workbook(
            io.BytesIO(self.env['ar.aged.report']._render_xlsx(dataset)))
        formulas = [cell.value for row in book.worksheets[0].iter_rows() for cell in row
                    if str(cell.value).startswith('=SUMIFS')]
        self.assertEqual(len(formulas), 2 * len(dataset['columns']))
        self.assertTrue(any('"USD"' in formula for formula in formulas))

    def test_the_pdf_has_everything_on_its_pages(self):
        for detailed in (False, True):
            dataset = self.dataset(detailed=detailed, credits='oldest')
            [text] = self.pdf_text(dataset)
            for words in ("Aged balance", "Our House", "Page 1/1", "set against the oldest items",
                          "Aged by: due date", "3,330.55", "Zenith", "=1+1 Trading",
                          "Control with the ledger", "Over 120 days"):
                self.assertIn(words, " ".join(text.split()), detailed)

    def test_a_long_pdf_is_printed_in_parts(self):
        dataset = self.dataset(detailed=False)
        [group] = dataset['sections'][0]['groups']
        group['rows'] = [dict(group['rows'][0], name=f"Customer {number:03}")
                         for number in range(90)]
        module = 'odoo.addons.ar_collections.models.figures.aged_report_pdf.PAGES_PER_RUN'
        self.startPatcher(patch(module, 2))
        pages = self.pdf_text(dataset)
        text = [" ".join(page.split()) for page in pages]
        for number, page in enumerate(text, 1):
            self.assertIn(f"Page {number}/{len(text)}", page)
            self.assertIn("Over 120 days", page, "every page has its head")
        self.assertEqual(len(text), 3)
        for number in range(90):
            self.assertEqual(sum(f"Customer {number:03}" in page for page in text), 1)

    def test_languages(self):
        self.env['res.lang']._activate_lang('fr_FR')
        Report = self.env['ar.aged.report'].with_context(lang='fr_FR')
        self.assertEqual(Report._format(-1234567.5, 2).replace('\u202f', ' ').replace(
            '\xa0', ' '), '-1 234 567,50')
        self.assertEqual(Report._format(0, 2), '')
        self.env['res.lang']._activate_lang('en_IN')
        self.assertEqual(
            self.env['ar.aged.report'].with_context(lang='en_IN')._format(1234567.5, 2),
            '12,34,567.50')

    def test_the_dialogue(self):
        auditor = self.user('auditor')
        wizard = self.env['ar.aged.options'].with_user(auditor).create({
            'date': '2026-05-30', 'credits': 'own', 'overdue_only': True,
            'group_by': 'collector_id'})
        action = wizard.action_show()
        self.assertEqual(action['context']['ar_date'], '2026-05-30')
        rows = self.env['ar.aged.balance'].with_user(auditor).with_context(
            **action['context']).search(action['domain'])
        self.assertEqual(
            rows.partner_id, self.buyer | self.formula | self.third)
        for method, suffix in (('action_print', 'pdf'), ('action_print_detailed', 'pdf'),
                               ('action_export', 'xlsx')):
            getattr(wizard, method)()
            self.assertTrue(wizard.file)
            self.assertEqual(wizard.file_name, f"Aged balance 2026-05-30.{suffix}")
        with self.assertRaises(AccessError):
            wizard.with_user(self.user('collector')).read(['file'])
        chosen = self.env['ar.aged.balance'].with_user(auditor).with_context(
            ar_date='2026-03-31', ar_credits='own').action_choose()['context']
        self.assertEqual(chosen['default_date'], date(2026, 3, 31))
        self.assertEqual(chosen['default_credits'], 'own')

    def test_a_sheet_that_would_lose_rows_is_refused(self):
        with patch('odoo.addons.ar_collections.models.figures.aged_report_xlsx.MAX_ROWS', 13), \
                self.assertRaisesRegex(UserError, "5 lines do not fit .* row 13"):
            self.env['ar.aged.report']._render_xlsx(self.dataset())

    def test_too_long_to_read(self):
        dataset = self.dataset()
        dataset['item_count'] = 60_000
        with self.assertRaisesRegex(UserError, "XLSX"):
            self.env['ar.aged.report']._render_pdf(dataset)


@tagged('post_install', '-at_install')
class TestReportSchedule(ReportCommon):

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.auditor, cls.own = cls.user('auditor'), cls.user('own')
        cls.env['ar.customer']._get_or_create(cls.buyer, cls.company).collector_id = cls.own
        cls.env['ar.customer']._get_or_create(
            cls.formula | cls.third, cls.company).collector_id = cls.auditor

    def schedule(self, **vals):
        return self.env['ar.report.schedule'].create({
            'name': "Aged balance of Monday", 'company_id': self.company.id, 'kind': 'xlsx',
            'user_ids': [Command.set((self.auditor | self.own).ids)], **vals})

    def cron(self):
        with self.enter_registry_test_mode():
            self.env.ref('ar_collections.ir_cron_ar_report_schedule').method_direct_trigger()
        self.env.invalidate_all()

    def test_each_reader_gets_what_their_rights_show_once(self):
        schedule = self.schedule()
        self.assertEqual(str(schedule.next_date), '2026-06-01')
        self.cron()
        self.cron()
        schedule.action_send_now()
        self.cron()
        self.assertEqual(str(schedule.next_date), '2026-06-08')
        sendings = schedule.sending_ids
        self.assertEqual(sendings.mapped('state'), ['queued', 'queued'],
                         sendings.mapped('reason'))
        totals = {}
        for sending in sendings:
            self.assertEqual(sending.mail_id.recipient_ids, sending.user_id.partner_id)
            [attachment] = sending.mail_id.attachment_ids
            book = openpyxl.load_workbook(io.BytesIO(attachment.raw), data_only=True)
            names = {cell.value for cell in book.worksheets[0]['C']}
            totals[sending.user_id] = names & {"Buyer", "=1+1 Trading", "Zenith"}
        self.assertEqual(totals, {
            self.auditor: {"Buyer", "=1+1 Trading", "Zenith"}, self.own: {"Buyer"}})
        # The document belongs to its reader.
        other = sendings.filtered(lambda row: row.user_id == self.auditor)
        with self.assertRaises(AccessError):
            other.mail_id.attachment_ids.with_user(self.own).read(['raw'])
        self.go('2026-06-08')
        self.cron()
        self.assertEqual(len(schedule.sending_ids), 4)

    def test_whoever_lost_the_right_gets_nothing(self):
        schedule = self.schedule(kind='pdf')
        self.own.group_ids = self.env.ref('base.group_user')
        self.auditor.email = False
        self.cron()
        self.assertEqual(schedule.sending_ids.mapped('state'), ['failed', 'failed'])
        self.assertTrue(all(schedule.sending_ids.mapped('reason')))
        self.assertEqual(schedule.problem_count, 2)
        self.assertFalse(schedule.sending_ids.mail_id)
        self.cron()
        self.assertEqual(len(schedule.sending_ids), 2)

    def test_a_lost_outcome_waits_for_a_person_and_the_cockpit_says_so(self):
        schedule = self.schedule()
        self.cron()
        lost, other = schedule.sending_ids
        lost._set_sending()  # what a process leaves that dies while it sends
        self.cron()
        self.assertEqual((lost.state, lost.mail_id.state), ('unknown', 'exception'))
        self.assertIn("mail server", lost.reason)
        self.assertEqual(other.state, 'queued')
        self.assertEqual(schedule.problem_count, 1)
        todo = next(row for row in self.env['ar.cockpit'].load_cockpit({})['actions']
                    if row['code'] == 'reports')
        self.assertEqual(self.env['ar.report.schedule'].search(todo['action']['domain']), schedule)
        with self.assertRaises(AccessError):
            lost.with_user(self.auditor).action_retry()
        with self.assertRaises(AccessError):
            lost.with_user(self.own).write({'state': 'sent'})
        first = lost.mail_id
        lost.with_user(self.user('manager')).action_retry()
        self.cron()
        self.assertEqual((lost.state, first.state), ('queued', 'cancel'))
        self.assertNotEqual(lost.mail_id, first)
        lost._set_sending()
        self.cron()
        lost.action_mark_sent()
        self.assertEqual(lost.state, 'sent')
        with self.assertRaisesRegex(UserError, "None of these"):
            lost.action_retry()

    def test_one_report_that_cannot_be_made_stops_nobody_else(self):
        schedule = self.schedule()
        Report = type(self.env['ar.aged.report'])
        render = Report._render_xlsx

        def fail_for_one(report, dataset):
            if report.env.user == self.own:
                raise ValueError("no room left")
            return render(report, dataset)

        with patch.object(Report, '_render_xlsx', fail_for_one):
            self.cron()
        states = {row.user_id: row.state for row in schedule.sending_ids}
        self.assertEqual(states, {self.auditor: 'queued', self.own: 'failed'})

    def test_what_is_too_long_for_an_email_is_printed_and_its_summary_sent(self):
        schedule = self.schedule(kind='detailed', group_by='collector_id')
        with patch('odoo.addons.ar_collections.models.figures.report_sending.MAX_ITEMS', 2):
            self.cron()
            # Of the auditor's customers five items are open, of the collector's two.
            sendings = {row.user_id: row for row in schedule.sending_ids}
            long, short = sendings[self.auditor], sendings[self.own]
            self.assertEqual((long.state, short.state), ('queued', 'queued'), long.reason)
            job = self.env['ar.aged.print'].search([])
            self.assertEqual((job.user_id, job.state, job.question['group_by'], str(job.date)),
                             (self.auditor, 'waiting', 'collector_id', '2026-06-01'))
            address = f'{job.get_base_url()}/odoo/receivables-aged-prints/{job.id}'
            self.assertIn(address, long.mail_id.body_html)
            self.assertNotIn('receivables-aged-prints', short.mail_id.body_html)
            summary, whole = self.text(long), self.text(short)
            documents = self.items(self.env['account.move'].search([
                ('partner_id', '=', self.buyer.id)])).mapped('move_name')
            for name in documents:
                self.assertNotIn(name, summary)
                self.assertIn(name, whole)
            for name in ("Buyer", "=1+1 Trading", "Zenith"):
                self.assertIn(name, summary)
            # Prepared again, it speaks of the same document, whatever became of it meanwhile.
            with self.enter_registry_test_mode():
                self.env.ref('ar_collections.ir_cron_ar_aged_print').method_direct_trigger()
            self.env.invalidate_all()
            self.assertEqual((job.state, job.item_count), ('done', 5), job.reason)
            long._set_failed("refused")
            long.with_user(self.user('manager')).action_retry()
            self.cron()
        self.assertEqual(long.state, 'queued', long.reason)
        self.assertIn(address, long.mail_id.body_html)
        self.assertEqual(self.env['ar.aged.print'].search([]), job)

    def text(self, sending):
        [attachment] = sending.mail_id.attachment_ids
        pages = PdfReader(io.BytesIO(attachment.raw)).pages
        return " ".join(" ".join(page.extract_text() for page in pages).split())

    def test_dates(self):
        schedule = self.schedule()
        day = fields.Date.to_date

        def after(text):
            return str(schedule._get_date_after(day(text)))

        self.assertEqual(after('2026-06-01'), '2026-06-08')
        self.assertEqual(after('2026-06-07'), '2026-06-08')
        schedule.write({'interval': 'monthly', 'day': 31})
        self.assertEqual(str(schedule.next_date), '2026-06-30')
        self.assertEqual(after('2026-01-31'), '2026-02-28')
        self.assertEqual(after('2026-02-28'), '2026-03-31')
        for as_of, expected in (('day', '2026-06-03'), ('week', '2026-05-31'),
                                ('month', '2026-05-31')):
            schedule.as_of = as_of
            self.assertEqual(str(schedule._get_figures_date(day('2026-06-03'))), expected)

    def test_a_missed_week_is_made_good_once(self):
        schedule = self.schedule()
        self.env.flush_all()
        self.go('2026-06-25')
        self.cron()
        self.assertEqual(len(schedule.sending_ids), 2)
        self.assertEqual(str(schedule.next_date), '2026-06-29')
