import csv
import hashlib
import io
import re
import zipfile

from odoo import Command
from odoo.exceptions import AccessError, UserError
from odoo.tests import HttpCase, tagged
from odoo.tools import html2plaintext
from odoo.tools.pdf import PdfReader

from odoo.addons.ar_collections.models.desk.case_file import clean_name, steady_pdf

from .legal_common import LegalCommon

# One white point.
PIXEL = (b'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAQAAAC1HAwCAAAAC0lEQVR42mP8/x8AAwMCAO+ip1sAAAAASUVORK5C'
         b'YII=')


class FileCommon(LegalCommon):

    def unzip(self, file):
        """Return {path below the folder: bytes} of the ZIP."""
        archive = zipfile.ZipFile(io.BytesIO(file.attachment_id.raw))
        self.assertIsNone(archive.testzip())
        names = archive.namelist()
        self.assertEqual(len(names), len(set(names)))
        return {name.partition('/')[2]: archive.read(name) for name in names}

    def make(self, case):
        case.action_case_file()
        return self.env['ar.case.file'].search([('case_id', '=', case.id)], limit=1)

    def story(self):
        """A case with something of everything."""
        invoice = self.taxed(1000)
        other = self.invoice(300, due='2026-04-01')
        self.env['ir.attachment'].create({
            'name': f"{invoice.name}.pdf", 'raw': b'%PDF-1.4 the legal one',
            'res_model': 'account.move', 'res_id': invoice.id,
            'res_field': 'invoice_pdf_report_file', 'mimetype': 'application/pdf'})
        invoice.invalidate_recordset()
        self.night('2026-06-01')
        customer = self.account_of()
        items = self.items(invoice | other)
        self.env['ar.promise'].create({
            'customer_id': customer.id, 'currency_id': self.company.currency_id.id,
            'promise_date': '2026-06-05', 'amount': 500,
            'line_ids': [Command.create({'move_line_id': items[0].id})]})
        customer.message_post(
            body="Please pay", subject="=cmd|' /C calc'!A0 ../../etc/passwd",
            message_type='comment', subtype_xmlid='mail.mt_comment',
            partner_ids=self.buyer.ids)
        customer.message_post(body="The director is a liar", subtype_xmlid='mail.mt_note')
        customer.message_post(body="Shall we sue?", subtype_xmlid='mail.mt_comment')
        case = self.case(invoice | other, user=self.clerk)
        case.action_print_notice()
        case.message_post(
            body="For us", subtype_xmlid='mail.mt_note', attachments=[("memo.txt", b"Weak point")])
        return case


@tagged('post_install', '-at_install')
class TestCaseFile(FileCommon):
    """One click, everything in it, every hash right, nothing that should stay inside."""

    def test_every_hash_is_right_and_everything_is_there(self):
        case = self.story()
        file = self.make(case)
        self.assertRecordValues(file, [{'state': 'done', 'error': False}])
        files = self.unzip(file)
        listed = dict(reversed(line.split('  ', 1)) for line in
                      files['SHA256SUMS'].decode().splitlines())
        self.assertEqual(set(listed), set(files) - {'SHA256SUMS'})
        for path, found in listed.items():
            self.assertEqual(hashlib.sha256(files[path]).hexdigest(), found, path)
        index = list(csv.reader(
            io.StringIO(files['index.csv'].decode('utf-8-sig')), delimiter=';'))
        self.assertEqual(
            {row[0]: row[4] for row in index[1:]},
            {path: found for path, found in listed.items() if path != 'index.csv'})
        self.assertEqual(
            hashlib.sha256(file.attachment_id.raw).hexdigest(), file.sha256)
        for folder in ('00-Story', '01-Statement', '02-Invoices/', '05-Reminders/', '06-Mails/',
                       '08-Promises', '12-Formal-notice/'):
            self.assertTrue([path for path in files if path.startswith(folder)], folder)
        self.assertIn(b'%PDF-1.4 the legal one', files.values())
        self.assertEqual(len([path for path in files if path.startswith('02-')]), 2)

    def test_the_signed_order_and_what_was_said_are_in_it(self):
        product = self.env['product.product'].create(
            {'name': "Goods", 'type': 'service', 'invoice_policy': 'order', 'taxes_id': False})
        order = self.env['sale.order'].create({
            'partner_id': self.buyer.id, 'company_id': self.company.id,
            'signature': PIXEL, 'signed_by': "Jane Buyer", 'signed_on': '2026-03-01 10:00:00',
            'order_line': [Command.create(
                {'product_id': product.id, 'price_unit': 700, 'tax_ids': False})]})
        order.action_confirm()
        unsigned = order.copy()
        unsigned.action_confirm()
        moves = (order | unsigned)._create_invoices(grouped=True)
        moves.invoice_date = '2026-03-02'
        moves.action_post()
        case = self.case(moves, user=self.clerk)
        self.assertFalse([path for path in self.unzip(self.make(case)) if path.startswith('07')])
        for kind, direction, note in (
                ('call', 'out', "Jane promised nothing"), ('letter', 'in', "We dispute all"),
                ('visit', 'out', "Nobody at the door")):
            self.env['ar.interaction'].with_user(self.clerk).create({
                'customer_id': case.customer_id.id, 'kind': kind, 'direction': direction,
                'note': note})
        files = self.unzip(self.make(case))
        self.assertEqual(
            sorted(path.rpartition('.')[0] for path in files if path.startswith('03-Orders/')),
            sorted([f"03-Orders/{order.name}-signed", f"03-Orders/{unsigned.name}"]))
        signed = files[next(path for path in files if 'signed' in path)].decode()
        self.assertIn("Jane Buyer", signed, "tests get the order as HTML")
        [said] = [content for path, content in files.items() if path.startswith('07-')]
        for words in ("Jane promised nothing", "We dispute all", "Nobody at the door",
                      "Letter", "Visit"):
            self.assertIn(words, said.decode())

    def test_deadlines_have_a_page(self):
        self.company.country_id = self.buyer.country_id = self.env.ref('base.fr')
        case = self.story()
        self.assertFalse([path for path in self.unzip(self.make(case)) if '13-' in path])
        self.invoice(200, due='2021-10-01')
        self.env['ar.deadline']._build(self.company)
        self.assertTrue(self.env['ar.deadline'].search_count(
            [('customer_id', '=', case.customer_id.id)]))
        # Tests get the page as HTML: Odoo prints no PDF in them.
        self.assertIn(b'Prescription', self.unzip(self.make(case))['13-Deadlines.pdf'])

    def test_what_colleagues_say_stays_inside(self):
        case = self.story()
        case.party_id = self.agency
        # Written by e-mail, on the same pages as what the customer writes.
        for author, words in (
                (self.boss.partner_id, "Our claim is thin"), (self.agency, "Counsel advises"),
                (self.customer("Accountant of the buyer"), "We will pay nothing")):
            case.message_post(
                body=words, message_type='email', subtype_xmlid='mail.mt_comment',
                author_id=author.id)
        whole = b"".join(self.unzip(self.make(case)).values())
        for words in (b"Please pay", b"We will pay nothing"):
            self.assertIn(words, whole)
        for words in (b"Our claim is thin", b"Counsel advises"):
            self.assertNotIn(words, whole)
        self.assertNotIn(b"liar", whole)
        self.assertNotIn(b"Shall we sue", whole)
        self.assertNotIn(b"Weak point", whole)

    def test_names_are_safe_and_no_cell_is_a_formula(self):
        file = self.make(self.story())
        archive = zipfile.ZipFile(io.BytesIO(file.attachment_id.raw))
        for name in archive.namelist():
            self.assertRegex(name, r'^[A-Za-z0-9][A-Za-z0-9._/-]*$')
            self.assertNotIn('..', name)
        index = self.unzip(file)['index.csv'].decode('utf-8-sig')
        for row in csv.reader(io.StringIO(index), delimiter=';'):
            for cell in row:
                self.assertNotIn(cell[:1], tuple('=+-@'), row)

    def test_same_content_same_bytes(self):
        case = self.story()
        first, second = self.make(case), None
        steps = case.step_ids
        self.go('2026-06-01', hour='15:30:00')
        second = self.make(case)
        self.assertNotEqual(first, second)
        self.assertEqual(first.sha256, second.sha256)
        self.assertEqual(len(case.step_ids), len(steps) + 1)
        self.pay(case.line_ids.move_id[0], 10, '2026-06-01')
        self.assertNotEqual(self.make(case).sha256, first.sha256)


@tagged('post_install', '-at_install')
class TestCaseFileJob(FileCommon):
    """Made once, in pieces, by whoever may; what fails is told."""

    def test_a_killed_job_goes_on(self):
        case = self.story()
        file = self.env['ar.case.file'].sudo().create({
            'case_id': case.id, 'name': "X", 'date': '2026-06-01', 'lang': 'en_US'})
        file._list_documents()
        calls = []
        self.assertFalse(file._make(keep_on=lambda: calls.append(1) or len(calls) < 3))
        made = {one.id: one.attachment_id.id for one in file.document_ids if one.sha256}
        self.assertEqual((file.state, len(made)), ('waiting', 3))
        cron = self.env.ref('ar_collections.ir_cron_ar_case_file')
        for _twice in range(2):
            with self.enter_registry_test_mode():
                cron.method_direct_trigger()
        file.invalidate_recordset()
        self.assertEqual(file.state, 'done')
        for document in file.document_ids:
            self.assertEqual(
                made.get(document.id, document.attachment_id.id), document.attachment_id.id)
        self.assertEqual(self.env['ir.attachment'].search_count(
            [('res_model', '=', 'ar.case.file'), ('res_id', '=', file.id)]), 1)

    def test_many_documents_wait_for_the_job(self):
        moves = self.env['account.move']
        for number in range(26):
            moves |= self.invoice(10 + number, due='2026-03-01')
        case = self.case(moves)
        action = case.action_case_file()
        self.assertEqual(action['tag'], 'display_notification')
        file = case.file_ids
        self.assertEqual(file.state, 'waiting')
        case.action_case_file()
        self.assertEqual(case.file_ids, file)
        with self.assertRaises(UserError):
            file.action_download()

    def test_what_cannot_be_made_is_told(self):
        case = self.case(self.invoice(100, due='2026-03-01'))
        file = self.env['ar.case.file'].create({
            'case_id': case.id, 'name': "X", 'date': '2026-06-01', 'lang': 'en_US'})
        file._list_documents()
        file.document_ids[0].write({'maker': 'attachment', 'res_id': 2147483647})
        file._make()
        self.assertEqual(file.state, 'done')
        self.assertTrue(file.error)
        self.assertIn(b'missing', self.unzip(file)['index.csv'])

    def test_nobody_writes_a_file_by_hand(self):
        case = self.case(self.invoice(100, due='2026-03-01'))
        file = self.make(case)
        for call in (
                lambda: file.with_user(self.boss).write({'sha256': 'x'}),
                lambda: file.document_ids.with_user(self.boss).write({'sha256': 'x'}),
                lambda: self.env['ar.case.file'].with_user(self.boss).create(
                    {'case_id': case.id, 'name': "X", 'date': '2026-06-01'}),
                lambda: case.with_user(self.user('auditor')).action_case_file()):
            with self.assertRaises(AccessError):
                call()

    def test_names_and_dates(self):
        for text, safe in (("../../etc/passwd", 'etc-passwd'), ("Été: n°1 / a", 'Ete-n1-a'),
                           ("...", 'document'), ("a" * 99, "a" * 60), ("", 'document')):
            self.assertEqual(clean_name(text), safe)
        one, two = (b"%%PDF /CreationDate (D:2026060109%d+02'00') end" % minute
                    for minute in (1000, 5959))
        self.assertEqual(steady_pdf(one), steady_pdf(two))
        self.assertEqual(len(steady_pdf(one)), len(one))

    def test_the_story_tells_in_order(self):
        case = self.story()
        plan = self.env['ar.payment.plan'].create({
            'customer_id': case.customer_id.id, 'currency_id': self.company.currency_id.id,
            'number': 2, 'first_date': '2026-06-10', 'line_ids': [Command.create({
                'move_line_id': item.id}) for item in case.line_ids.move_line_id]})
        plan.action_submit()
        plan.sudo()._propose()
        plan._answer('refusal', "Too dear.")
        dates = [row[0] for row in case._get_story()]
        self.assertEqual(dates, sorted(dates))
        text = re.sub('<[^>]+>', ' ', str(case.story_html))
        for words in ("due on", "Promise of", "Case opened", "Level +5 sent",
                      "in 2 instalments refused by the customer"):
            self.assertIn(words, text)


@tagged('post_install', '-at_install')
class TestCaseFileDoor(FileCommon, HttpCase):
    """Who may fetch the ZIP."""

    def test_another_company_and_another_perimeter_cannot_fetch_it(self):
        case = self.case(self.invoice(100, due='2026-03-01'), user=self.clerk)
        file = self.make(case)
        other = self.make_company("Other House")
        self.user('collector', login='foreign').write({
            'company_ids': [Command.set(other.ids)], 'company_id': other.id})
        case.customer_id.sudo().collector_id = self.clerk
        self.user('own', login='narrow')
        url = f'/web/content/{file.attachment_id.id}?download=true'
        for login, status in (('collector', 200), ('foreign', 404), ('narrow', 404)):
            self.authenticate(login, login)
            response = self.url_open(url)
            self.assertEqual(response.status_code, status, login)
            self.assertEqual(response.content[:2] == b'PK', status == 200, login)

    def test_a_full_story_is_one_page(self):
        """Everything at its most: items, costs, events of two lines each, the real printer."""
        moves = self.env['account.move'].union(*(
            self.invoice(1000 + number, due='2026-03-01') for number in range(8)))
        case = self.case(moves)
        case.write({'cost_ids': [Command.create({
            'name': f"Bailiff {number}", 'date': '2026-05-01', 'amount': 50,
            'recoverable': True}) for number in range(3)]})
        for number in range(40):
            case._log_step('notice', f"Step {number}: the lawyer wrote again to the debtor at "
                           "its new address and asked for an answer within eight days, or the "
                           "court would be seized", date='2026-05-02', kind='note')
        content, _kind = self.env['ir.actions.report'].with_context(
            force_report_rendering=True)._render_qweb_pdf(
                'ar_collections.ar_case_story_report', case.ids)
        pages = PdfReader(io.BytesIO(content)).pages
        text = " ".join(" ".join(page.extract_text() for page in pages).split())
        self.assertIn("Step 39", text, "the latest stays")
        self.assertIn("earlier events", text)
        self.assertEqual(len(pages), 1)

    def test_promise_plan_dispute_and_claim_on_paper(self):
        """Everything made as in life, printed by the real printer, and read back."""
        self.company.country_id = self.france
        case = self.story()
        first, other = case.line_ids.move_id.sorted('amount_total', reverse=True)
        items = self.items(first), self.items(other)
        plan = self.agree('ar.payment.plan', items[1], first_date='2026-06-15', sign=True)
        dispute = self.agree('ar.dispute', items[0], part=400,
                             description="Two boxes were wet.")
        self.pay(first, 200, '2026-06-04')
        self.go('2026-06-09')
        promise = self.env['ar.promise'].search([('customer_id', '=', case.customer_id.id)])
        promise._follow()
        for record, words in (
                (plan, "We propose two parts."), (self.env['ar.answer'].sudo().create({
                    'key': 'x', 'customer_id': case.customer_id.id, 'dispute_id': dispute.id,
                    'answer': "Dry when they left.", 'state': 'sent'}), "Dry when they left.")):
            record.message_post(body=words, subject="About it", message_type='comment',
                                subtype_xmlid='mail.mt_comment', partner_ids=self.buyer.ids)
        claim = self.env['ar.claim']._prepare_for(
            case.customer_id, self.company._get_ar_today())
        self.assertTrue(claim.amount_total)
        self.to_doubtful(first)
        self.assertTrue(self.items(first).reconciled, "on the doubtful account by now")
        case.invalidate_recordset()
        file = self.make(case.with_context(force_report_rendering=True))
        self.assertRecordValues(file, [{'state': 'done', 'error': False}])
        files = self.unzip(file)
        # The index as a court would check it: computed again from the bytes of the ZIP.
        rows = list(csv.reader(io.StringIO(files['index.csv'].decode('utf-8-sig')), delimiter=';'))
        self.assertEqual(
            {row[0]: row[4] for row in rows[1:]},
            {path: hashlib.sha256(content).hexdigest() for path, content in files.items()
             if path not in ('index.csv', 'SHA256SUMS')})

        def text(start):
            paths = [path for path in files if path.startswith(start)]
            self.assertEqual(len(paths), 1, (start, sorted(files)))
            [path] = paths
            if not path.endswith('.pdf'):
                return " ".join(html2plaintext(files[path].decode()).split())
            self.assertEqual(files[path][:5], b'%PDF-', path)
            pages = PdfReader(io.BytesIO(files[path])).pages
            return " ".join(" ".join(page.extract_text() for page in pages).split())

        mails = " ".join(content.decode() for path, content in files.items()
                         if path.startswith('06-Mails/') and path.endswith('.html'))
        self.assertIn("We propose two parts.", mails)
        self.assertIn("Dry when they left.", mails)
        for start, words in (
            ('08-Promises', (promise.name, "500.00", "06/05/2026", "Broken", "200.00")),
            ('09-Disputes', (dispute.name, "To settle", "Two boxes were wet.")),
            ('10-Payment-plans.html', (plan.name, "Active", "300.00")),
            ('10-Payment-plans/', ("acknowledgement of debt", "Jane Buyer", "150.00", other.name)),
            ('11-Late-interest/', (first.name, claim.name)),
            ('00-Story', (
                case.name, first.name, other.name, "Payment of", "200.00", "Promise of",
                "500.00", "Broken", "Dispute of", "400.00", "Payment plan over", "300.00",
                "in 2 instalments, debt acknowledged on 06/01/2026", "Active", "Level +5 sent",
                "A part is disputed")),
        ):
            found = text(start).replace('\xa0', ' ')
            for word in words:
                self.assertIn(word, found, start)
        self.assertNotIn("settled by", text('00-Story'), "a transfer of ours is no payment")
        total = f"{claim.amount_total:,.2f}"
        self.assertIn(total, text('11-Late-interest/').replace('\xa0', ' '))
