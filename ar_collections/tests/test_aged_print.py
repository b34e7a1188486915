import io
from collections import Counter
from contextlib import suppress
from unittest.mock import patch

from psycopg2 import IntegrityError

from odoo.exceptions import AccessError, UserError
from odoo.tests import tagged
from odoo.tools import mute_logger
from odoo.tools.pdf import PdfReader

from .test_aged_report import ReportCommon

FIGURES = 'odoo.addons.ar_collections.models.figures'
WIZARD = 'odoo.addons.ar_collections.wizards.aged_options'


class Killed(BaseException):
    """The server dies: nothing of ours catches it."""


@tagged('post_install', '-at_install')
class TestAgedPrint(ReportCommon):
    """A document too long to wait for: read once, printed part by part, joined."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.auditor = cls.user('auditor')

    def setUp(self):
        super().setUp()
        # Five items fill five pages, two in a part; customers are read in three slices.
        for name, value in ((f'{FIGURES}.aged_report_pdf.LINES_ON_FIRST', 4),
                            (f'{FIGURES}.aged_report_pdf.LINES_ON_PAGE', 4),
                            (f'{FIGURES}.aged_print_work.PAGES_PER_RUN', 2),
                            (f'{FIGURES}.aged_report_slices.SLICE_ITEMS', 2),
                            (f'{WIZARD}.MAX_ITEMS', 2)):
            self.startPatcher(patch(name, value))
        # A test has one transaction: committing is left to those who really work.
        self.startPatcher(patch.object(
            type(self.env['ir.cron']), '_commit_progress', lambda cron, *args, **kwargs: 60))
        self.printed = []
        Report = type(self.env['ar.aged.report'])
        whole = Report._print_pages

        def watch(report, values, pages, first, count):
            content = whole(report, values, pages, first, count)
            self.printed.append((first, pages, values))
            return content

        self.startPatcher(patch.object(Report, '_print_pages', watch))

    def ask(self, user=None, **vals):
        """Ask for every item in the dialogue; return the document that is made of it."""
        wizard = self.env['ar.aged.options'].with_user(user or self.auditor).create(
            {'date': '2026-06-01', **vals})
        action = wizard.action_print_detailed()
        self.assertEqual(action['res_model'], 'ar.aged.print')
        return self.env['ar.aged.print'].browse(action['res_id'])

    def work(self, steps=None):
        """Let the scheduled action work, or kill it before its step of that number."""
        Job = type(self.env['ar.aged.print'])
        step, done = Job._take_step, []

        def count(job):
            done.append(job)
            if steps is not None and len(done) > steps:
                raise Killed
            return step(job)

        with patch.object(Job, '_take_step', count), suppress(Killed):
            self.env['ar.aged.print']._cron_print()
        self.env.invalidate_all()

    def text(self, job):
        reader = PdfReader(io.BytesIO(job.attachment_id.raw))
        return [" ".join(page.extract_text().split()) for page in reader.pages]

    def number(self, text):
        return round(float(text.replace(',', '') or 0), 2)

    def balance(self):
        """Return Odoo's own balance of the receivable accounts."""
        [(amount,)] = self.env['account.move.line']._read_group([
            ('account_id.account_type', '=', 'asset_receivable'),
            ('company_id', '=', self.company.id), ('parent_state', '=', 'posted')],
            [], ['balance:sum'])
        return round(amount, 2)

    def test_parts_add_up_to_the_balance_of_the_account_as_it_was_read(self):
        before = self.balance()
        job = self.ask(credits='own')
        self.assertEqual((job.state, job.progress), ('waiting', 0))
        self.work(steps=2)
        self.assertEqual((job.state, job.progress), ('printing', 40))
        # What comes between two parts is in none of them.
        self.invoice(9999, '2026-05-28', self.third)
        self.pay(self.buyer, 123, '2026-05-28')
        self.assertNotEqual(self.balance(), before)
        self.work()
        self.assertEqual((job.state, job.progress, job.item_count), ('done', 100, 5))
        self.assertEqual([first for first, _pages, _values in self.printed], [1, 3, 5])
        lines = [line for _first, pages, _values in self.printed for page in pages for line in page]
        total = self.printed[0][2]['total_index']
        for kind in ('item', 'subtotal', 'total'):
            self.assertAlmostEqual(sum(
                self.number(line['cells'][total]) for line in lines if line['kind'] == kind),
                before, msg=kind)
        [control] = self.printed[0][2]['control']
        self.assertEqual(self.number(control['ledger']), before)
        self.assertTrue(control['ties'])
        text = self.text(job)
        self.assertEqual(len(text), job.page_count)
        for number, page in enumerate(text, 1):
            self.assertIn(f"Page {number}/5", page)
        documents = Counter(line['label'] for line in lines if line['kind'] == 'item')
        self.assertEqual((len(documents), max(documents.values())), (5, 1))
        words = Counter(" ".join(text).split())
        for name in documents:
            self.assertEqual(words[name], 1, name)
        self.assertIn("Control with the ledger", text[-1])
        self.assertNotIn("9,999", " ".join(text))
        self.assertFalse(any(job.part_ids.mapped('content')), "joined once, kept once")
        self.assertFalse(any(job.part_ids.mapped('pages')))

    def test_the_same_lines_as_the_short_way(self):
        options = {'date': '2026-06-01', 'credits': 'oldest'}
        Report = self.env['ar.aged.report'].with_user(self.auditor)
        for group_by in (None, 'account_id', 'policy_id', 'country_id'):
            whole = Report._get_dataset(options, detailed=True, group_by=group_by)
            sliced = Report._get_sliced_dataset(options, group_by=group_by)
            self.assertEqual(
                list(Report._iter_pages(sliced)), list(Report._iter_pages(whole)), group_by)
        with patch.object(type(Report), '_add_items', lambda report, balance, domain, dataset: [
                row.update(items=[]) for section in dataset['sections']
                for group in section['groups'] for row in group['rows']]), \
                self.assertRaisesRegex(UserError, "instead of"):
            list(Report._iter_pages(Report._get_sliced_dataset(options)))

    def test_killed_anywhere_each_part_is_printed_once(self):
        job = self.ask()
        for steps in range(5):
            self.work(steps=steps and 1)
        self.assertEqual(job.state, 'printing')
        self.work()
        self.assertEqual(job.state, 'done', job.reason)
        self.work()
        self.assertEqual([first for first, _pages, _values in self.printed], [1, 3, 5])
        self.assertEqual(job.part_ids.mapped('tries'), [1, 1, 1])
        # Told once, on an activity that ends when the document is taken.
        self.assertEqual(job.activity_ids.user_id, self.auditor)
        self.assertIn("5 pages", job.activity_ids.summary)
        mine = job.with_user(self.auditor)
        self.assertIn(f'/{job.attachment_id.id}?', mine.action_download()['url'])
        self.assertTrue(mine.attachment_id.raw)
        self.assertFalse(job.activity_ids)
        mine.unlink()
        half = self.ask()
        self.work(steps=2)
        half.with_user(self.auditor).unlink()
        self.assertFalse(self.env['ir.attachment'].search([
            ('res_model', 'in', ('ar.aged.print', 'ar.aged.print.part')),
            ('res_field', 'in', (False, 'pages', 'content'))]), "no file is left behind")

    def test_stopped_and_resumed(self):
        job = self.ask()
        mine = job.with_user(self.auditor)
        self.assertEqual(self.ask(), job, "the same question is the same document")
        self.assertNotEqual(self.ask(credits='own'), job)
        with self.assertRaises(IntegrityError), mute_logger('odoo.sql_db'), \
                self.env.cr.savepoint():
            job.copy({'state': 'waiting'})
        self.env['ar.aged.print'].search([('id', '!=', job.id)]).unlink()
        self.work(steps=2)
        mine.action_stop()
        self.work()
        self.assertEqual((job.state, len(self.printed)), ('stopped', 1))
        with self.assertRaisesRegex(UserError, "not ready"):
            mine.action_download()
        mine.action_resume()
        self.work()
        self.assertEqual((job.state, len(self.printed)), ('done', 3))
        mine.action_stop()
        self.assertEqual(job.state, 'done')

    def test_nobody_opens_the_document_of_somebody_else(self):
        own, manager = self.user('own'), self.user('manager')
        for partner in (self.buyer, self.formula, self.third):
            self.account_of(partner).collector_id = manager if partner == self.buyer else own
        job = self.ask(own)
        self.work()
        self.assertEqual((job.state, job.customer_count), ('done', 2), job.reason)
        text = " ".join(self.text(job))
        self.assertNotIn("Buyer", text)
        self.assertNotIn("Control with the ledger", text)
        for other in (manager, self.auditor, self.user('admin', 'an_admin')):
            self.assertFalse(self.env['ar.aged.print'].with_user(other).search([]))
            for act in (lambda one: one.read(['description']), lambda one: one.action_stop(),
                        lambda one: one.action_download(), lambda one: one.unlink()):
                with self.assertRaises(AccessError):
                    act(job.with_user(other))
            with self.assertRaises(AccessError):
                job.attachment_id.with_user(other).read(['raw'])
        for vals in ({'state': 'waiting'}, {'question': {}}, {'user_id': manager.id}):
            with self.assertRaises(AccessError):
                job.with_user(own).write(vals)
        with self.assertRaises(AccessError):
            self.env['ar.aged.print.part'].with_user(own).search([])

    def test_what_cannot_be_printed_says_why_and_stops_nobody_else(self):
        lost, nothing = self.ask(self.user('own')), self.ask(credits='own')
        nothing.question = {**nothing.question, 'domain': [['partner_id', '=', 0]]}
        poison, good = self.ask(credits='oldest'), self.ask()
        lost.user_id.group_ids = self.env.ref('base.group_user')
        self.env['ar.aged.print'].search([('id', '=', poison.id)])._take_step()
        poison.part_ids[0].tries = 3
        self.work()
        self.assertEqual(
            (lost | nothing | poison | good).mapped('state'), ['failed'] * 3 + ['done'])
        self.assertIn("Nothing was open", nothing.reason)
        self.assertIn("Pages 1 to 2 stopped the server 3 times", poison.reason)
        self.assertEqual(poison.activity_ids.user_id, self.auditor)
        poison.with_user(self.auditor).action_resume()
        self.assertFalse(poison.activity_ids)
        self.work()
        self.assertEqual(poison.state, 'done')
