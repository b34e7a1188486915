"""The pages over HTTP, as a customer and as a forwarded accountant."""
import html
import re

from lxml.html import fromstring

from odoo import fields
from odoo.tests import tagged
from odoo.tools import mute_logger

from .test_door import picture
from .test_door_attacks import DoorHttpCommon
from .test_portal_link import html_of


@tagged('post_install', '-at_install')
class TestDoorPages(DoorHttpCommon):

    def test_the_links_of_a_reminder_open_the_customers_pages(self):
        """The mail as the mail server got it; the links as its reader follows them."""
        self.env['ar.dunning.run']._run(self.company)
        self.send()
        [mail] = [one for one in self.deliver() if one['smtp_to_list'] == [self.buyer.email]]
        links = re.findall(r'href="https?://[^/"]+(/my/[^"]+)"', html_of(mail))
        [door] = {link for link in links if link.startswith('/my/statement/link/')}
        invoices = {html.unescape(link) for link in links if link.startswith('/my/invoices/')}
        self.assertNotEqual(door, self.path, "a link of its own")
        page = self.url_open(door)
        self.assertEqual(page.status_code, 200)
        for move in self.old + self.late + self.coming:
            self.assertIn(move.name, page.text)
        self.assertNotIn(self.foreign.name, page.text)
        self.assertEqual(len(invoices), 2)
        for move in self.old + self.late:
            [link] = [link for link in invoices if link.startswith(f'/my/invoices/{move.id}?')]
            page = self.url_open(link)
            self.assertEqual(page.status_code, 200)
            self.assertIn(move.name, page.text)

    def test_the_page_and_its_headers(self):
        page = self.get()
        self.assertEqual(page.status_code, 200)
        for text in ("250.00", "100.00", self.old.name, "Our House"):
            self.assertIn(text, page.text)
        self.assertNotIn("777.00", page.text)
        self.assertNotIn("Stranger", page.text)
        self.assertEqual(page.headers['Referrer-Policy'], 'no-referrer')
        self.assertIn('noindex', page.headers['X-Robots-Tag'])
        self.assertEqual(page.headers['Cache-Control'], 'no-store')
        self.env.invalidate_all()
        self.assertTrue(self.link.last_used_at)

    def test_the_credit_line_for_link_and_login_and_nobody_else(self):
        """The holder of a printed statement sees the account, not the credit line."""
        self.buyer.with_company(self.company).credit_limit = 4321
        grade = self.env.ref('ar_collections.ar_risk_class_d')
        self.account.risk_class_id = grade
        self.portal_user('door-credit', self.buyer)
        own = f'/my/statement/{self.account.id}'
        printed = f'{own}?access_token={self.account._portal_ensure_token()}'
        self.assertNotIn("4,321", self.get().text)
        self.company.ar_door_credit = True
        for path, seen in ((None, True), (printed, False)):
            page = self.get(path=path)
            self.assertIn("100.00", page.text)
            self.assertEqual("4,321" in page.text, seen, path)
        self.authenticate('door-credit', 'door-credit' * 2)
        page = self.get(path=own)
        self.assertIn("4,321.00", page.text)
        self.assertIn("3,931.00", page.text, "less 390 that are owed")
        self.assertNotIn(grade.name, page.text)
        self.buyer.child_ids[:1].parent_id = self.stranger
        self.assertNotIn("4,321", self.get(path=own).text, "no longer of this house")

    def test_movements_between_two_days_on_page_and_paper(self):
        """By link and by login, against Odoo's own lines; not by the token of a statement."""
        self.pay(self.old, 60, date='2026-06-10')
        self.pay(self.late, 250, date='2026-06-20')
        lines = self.env['account.move.line'].search([
            ('partner_id', '=', self.buyer.id), ('parent_state', '=', 'posted'),
            ('account_type', '=', 'asset_receivable')])

        def balance(day):
            amount = sum(lines.filtered(lambda line: str(line.date) <= day).mapped('balance'))
            return f'{amount:,.2f}'

        query = 'show=movements&date_from=2026-06-01&date_to=2026-06-15'
        opening, closing = balance('2026-05-31'), balance('2026-06-15')
        self.assertEqual((opening, closing), ('390.00', '330.00'))
        own = f'/my/statement/{self.account.id}'
        for address in (f'{self.path}?{query}', f'{self.path}/pdf?{query}'):
            text = self.url_open(address).content.decode()
            text = re.sub(r'<[^>]+>', ' ', text.partition('<main')[2] or text)
            words = " ".join(text.replace('\xa0', ' ').split())
            self.assertRegex(
                words, rf'Opening balance .*?{opening} .*?60\.00 .*?{closing} .*?'
                       rf'Closing balance .*?{closing}', address)
            self.assertIn("Statement of account from 06/01/2026 to 06/15/2026", words)
            self.assertNotIn("250.00 80.00", words, "what was paid later")
            self.assertRegex(words, r'1[-–]30 days', "the ageing line")
        # A paper is passed on and never expires: what is open, nothing of what was.
        token = f'&access_token={self.account._portal_ensure_token()}'
        for tail in ('', '&report_type=html'):
            text = self.url_open(f'{own}?{query}{token}{tail}').text
            self.assertIn(self.old.name, text)
            for words in ("Opening balance", 'name="date_from"', self.late.name):
                self.assertNotIn(words, text, tail)
        self.portal_user('door-moves', self.buyer)
        self.authenticate('door-moves', 'door-moves' * 2)
        self.assertIn(closing, self.get(f'?{query}', own).text)
        self.assertNotIn(closing, self.get('', own).text, "open items again")

    def test_what_colleagues_say_about_a_dispute_stays_inside(self):
        self.form('dispute', items=self.ids(self.old), reason=self.reason.id, note="Broken")
        dispute = self.acts().dispute_id
        dispute.message_post(body="They always lie", subtype_xmlid='mail.mt_note')
        dispute.message_post(body="Between us", subtype_xmlid='mail.mt_comment')
        self.portal_user('door-dispute', self.buyer)
        for path in (self.path, f'/my/statement/{self.account.id}'):
            if path != self.path:
                self.authenticate('door-dispute', 'door-dispute' * 2)
            pages = self.get(path=path).text + self.get('/dispute', path).text
            self.assertIn(self.old.name, pages)
            for words in ("They always lie", "Between us"):
                self.assertNotIn(words, pages)

    def test_in_the_language_of_the_customer_or_as_chosen(self):
        self.buyer.lang = 'fr_FR'
        self.assertIn('<html lang="fr-FR"', self.get().text)
        self.assertIn('<html lang="en-US"', self.get('?lang=en_US').text)
        self.assertIn('<html lang="en-US"', self.get().text, "the choice stays")

    def test_a_promise_by_the_form(self):
        page, data = self.form('promise', items=self.ids(self.old), date=self.day)
        self.assertIn("We have noted your promise", page.text)
        self.assertEqual(self.acts().promise_id.amount, 100)
        self.assertEqual(self.acts().link_id, self.link)
        again = self.url_open(f'{self.path}/promise', data=data)
        self.assertIn("We have noted your promise", again.text)
        self.assertEqual(len(self.acts()), 1, "a reload of the form is no second promise")

    def test_what_is_asked_for_is_noted_and_thanked_for_in_french(self):
        """The real pages, posted; the words of the translation that is delivered."""
        self.use_french(
            'ar_collections', 'ar_collections.door_thanks', 'ar_collections.door_instalments')
        self.buyer.lang = 'fr_FR'
        self.env.flush_all()
        items = self.ids(self.late)
        for kind, values, words, noted in (
                ('copy', {'items': items, 'note': "Le bon de livraison signé"},
                 "Merci. Nous vous enverrons ce que vous avez demandé.",
                 {'note': "Le bon de livraison signé"}),
                ('instalments', {'items': items, 'count': '3', 'date': self.day},
                 "Merci pour votre proposition.",
                 {'instalment_count': 3, 'amount': 250,
                  'first_date': fields.Date.to_date(self.day)}),
                ('contact', {'name': "Ada Comptable", 'email': 'ada@example.com'},
                 "Nous écrirons à cette personne",
                 {'new_name': "Ada Comptable", 'new_email': 'ada@example.com'})):
            page, data = self.form(kind, **values)
            self.assertEqual((page.status_code, page.history[0].status_code), (200, 303), kind)
            self.assertIn('<html lang="fr-FR"', page.text)
            self.assertIn(words, " ".join(html.unescape(page.text).split()), kind)
            act = self.acts()[:1]
            self.assertRecordValues(act, [{
                'kind': kind, 'state': 'new', 'key': data['key'], 'link_id': self.link.id,
                **noted}])
            self.assertEqual(
                act.move_line_ids, self.items(self.late) if 'items' in values else (
                    act.move_line_ids.browse()))
            self.assertTrue(act.activity_ids, "somebody of ours is asked")
        self.assertEqual(len(self.acts()), 3)
        home = " ".join(html.unescape(self.get().text).split())
        for words in ("Copie demandée le", "proposé"):
            self.assertIn(words, home)
        proposal = self.acts().filtered(lambda act: act.kind == 'instalments')
        proposal._refuse("Deux fois <b>seulement</b>.")
        self.env.flush_all()
        self.assertIn("Deux fois &lt;b&gt;seulement&lt;/b&gt;.", self.get().text)

    def test_a_promise_and_a_dispute_are_thanked_for_in_french(self):
        self.use_french('ar_collections', 'ar_collections.door_thanks')
        self.buyer.lang = 'fr_FR'
        self.env.flush_all()
        for kind, values, words in (
                ('promise', {'items': self.ids(self.late), 'date': self.day},
                 ("Merci. Nous avons noté votre promesse :", "250,00",
                  "vous ne recevrez pas de relance")),
                ('dispute', {'items': self.ids(self.old), 'reason': str(self.reason.id),
                             'note': "Trois chaises cassées"},
                 ("Merci. Nous l'examinons.", "Votre référence :"))):
            page, _data = self.form(kind, **values)
            text = " ".join(fromstring(page.text).xpath(
                'string(//*[@role="status"][contains(@class, "alert-success")])').split())
            for word in words:
                self.assertIn(word, text, kind)
            self.assertNotIn("Thank", text)
        self.assertIn(self.acts().dispute_id.name, text)
        self.assertEqual(set(self.acts().mapped('kind')), {'promise', 'dispute'})

    def test_what_is_wrong_is_said_and_what_was_typed_stays(self):
        page, _data = self.form('promise', items=self.ids(self.old), date='2020-01-01',
                                note="Typed before")
        self.assertEqual(page.status_code, 422)
        self.assertIn("Please choose a date from", page.text)
        self.assertIn("Typed before", page.text)
        self.assertFalse(self.acts())

    def test_a_script_stays_text(self):
        evil = "<script>document.title='stolen'</script>"
        page, _data = self.form('dispute', items=self.ids(self.old), reason='', note=evil)
        self.assertNotIn(evil, page.text)
        self.assertIn("&lt;script&gt;", page.text)

    def test_a_photo_by_the_form(self):
        page = self.get('/dispute')
        data = {
            'csrf_token': re.search(r'name="csrf_token" value="([^"]+)"', page.text)[1],
            'key': re.search(r'name="key" value="([^"]+)"', page.text)[1],
            'items': self.ids(self.old), 'reason': self.reason.id, 'note': "Broken"}
        evil = [('files', ('x.png', b'<svg onload="alert(1)"/>', 'image/png'))]
        refused = self.url_open(f'{self.path}/dispute', data=data, files=evil)
        self.assertIn("is no photo and no PDF", refused.text)
        sent = self.url_open(f'{self.path}/dispute', data=data, files=[
            ('files', ('x.png', picture(), 'text/html'))])
        self.assertIn("We are looking into it", sent.text)
        attachment = self.acts().dispute_id.message_ids.attachment_ids
        self.assertEqual((attachment.mimetype, attachment.public), ('image/png', False))
        self.assertEqual(self.url_open(f'/web/content/{attachment.id}').status_code, 404,
                         "not even who sent it reads it without a login")

    def test_a_form_without_its_token_is_refused(self):
        with mute_logger('odoo.http'):
            refused = self.url_open(f'{self.path}/promise', data={
                'items': self.ids(self.old), 'date': self.day, 'key': 'x' * 20})
        self.assertEqual(refused.status_code, 400)
        self.assertFalse(self.acts())

    def test_invoices_of_this_customer_only(self):
        draft = self.invoice(50, due='2026-05-01', post=False)
        entry = self.entry(10, '2026-05-01')
        for move in (self.foreign, draft, entry):
            self.assertEqual(self.get(f'/invoice/{move.id}').status_code, 404, move)
        self.old.invoice_pdf_report_file = 'JVBERi0xLjQgc3RvcmVk'
        found = self.get(f'/invoice/{self.old.id}')
        self.assertEqual(found.content, b'%PDF-1.4 stored')
        self.assertIn('attachment', found.headers['Content-Disposition'])

    def test_an_invoice_that_was_never_sent_is_an_invoice(self):
        """Nothing was stored: what is posted is printed as what it is, never as a pro forma."""
        self.use_french('account', 'account.report_invoice_document')
        credit = self.credit_note(30, date='2026-05-10')
        for move, lang, title in (
                (self.old, 'en_US', "Invoice"), (self.old, 'fr_FR', "Facture"),
                (credit, 'en_US', "Credit Note")):
            with self.subTest(move=move.name, lang=lang):
                self.buyer.lang = lang
                self.env.flush_all()
                self.assertFalse(move.invoice_pdf_report_id)
                found = self.get(f'/invoice/{move.id}')
                self.assertEqual(found.status_code, 200)
                text = " ".join(fromstring(found.text).text_content().split())
                self.assertRegex(text, rf"(?<!\w) ?{title} {move.name}")
                self.assertNotRegex(text.lower(), "pro.?forma")
                self.assertIn('attachment', found.headers['Content-Disposition'])
                self.assertNotIn('proforma', found.headers['Content-Disposition'])
                self.env.invalidate_all()
                self.assertFalse(move.invoice_pdf_report_id, "a visit stores nothing")

    def test_the_number_of_queries_of_the_page(self):
        counts = []
        for more in (2, 0, 495):
            if more:
                self.many_items(more)
            self.env.flush_all()
            before = self.env.cr.sql_log_count
            self.assertEqual(self.get().status_code, 200)
            counts.append(self.env.cr.sql_log_count - before)
        self.assertLessEqual(abs(counts[2] - counts[1]), 3, counts)
