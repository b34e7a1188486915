"""The pages over HTTP, as a customer, as a forwarded accountant and as an attacker."""
import html
import re
from datetime import timedelta
from unittest.mock import patch

from odoo import fields
from odoo.tests import HttpCase, tagged
from odoo.tools import mute_logger

from ..models.figures import statement_choice
from .test_door import DoorCommon, picture
from .test_portal_link import html_of


class DoorHttpCommon(DoorCommon, HttpCase):
    """Real time: the server does not believe in a clock that stands still."""

    frozen = False
    coming_due = fields.Date.to_string(fields.Date.today() + timedelta(days=60))

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.env['res.lang']._activate_lang('fr_FR')
        cls.account = cls.env['ar.customer']._get_or_create(cls.buyer, cls.company)
        cls.link, cls.url = cls.env['ar.portal.link']._make(cls.account)
        cls.path = cls.url[cls.url.index('/my/'):]
        cls.day = fields.Date.to_string(fields.Date.today() + timedelta(days=5))

    @classmethod
    def portal_user(cls, name, partner):
        contact = cls.customer(name, parent_id=partner.id)
        return cls.env['res.users'].create({
            'login': name, 'password': name * 2, 'partner_id': contact.id, 'lang': 'en_US',
            'group_ids': [(6, 0, [cls.env.ref('base.group_portal').id])],
            'company_id': cls.company.id, 'company_ids': [(6, 0, cls.company.ids)]})

    def get(self, tail='', path=None):
        return self.url_open((path or self.path) + tail)

    def form(self, kind, path=None, **values):
        """Fill in a form and send it; return (response, what was sent)."""
        page = self.get(f'/{kind}', path)
        data = {
            'csrf_token': re.search(r'name="csrf_token" value="([^"]+)"', page.text)[1],
            'key': re.search(r'name="key" value="([^"]+)"', page.text)[1], **values}
        return self.url_open(
            f'{path or self.path}/{kind}', data=data, allow_redirects=True), data

    def acts(self):
        self.env.invalidate_all()
        return self.env['ar.portal.act'].search([('customer_id', '=', self.account.id)])


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
        self.assertNotIn("777", page.text)
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


@tagged('post_install', '-at_install')
class TestDoorAttacks(DoorHttpCommon):

    def test_wrong_expired_and_withdrawn_links_say_the_same(self):
        texts = set()
        other = 'B' if self.path.endswith('A') else 'A'
        for path in (self.path[:-1] + other, self.path + 'x', self.path.swapcase().replace(
                '/MY/STATEMENT/LINK/', '/my/statement/link/')):
            page = self.get(path=path)
            self.assertEqual(page.status_code, 404)
            texts.add(re.sub(r'csrf_token[^,]*|sw="?[^"]*', '', page.text)[:2000])
        self.link.expires_on = '2026-01-01'
        self.assertEqual(self.get().status_code, 404)
        self.link.expires_on = '2036-01-01'
        self.assertEqual(self.get().status_code, 200)
        self.link.action_revoke()
        page = self.get()
        self.assertEqual(page.status_code, 404)
        self.assertNotIn("100.00", page.text)
        for tail in ('/promise', '/pdf', f'/invoice/{self.old.id}', '/contact',
                     f'/pay/{self.company.currency_id.id}?choice=all', '/interest/1'):
            self.assertEqual(self.get(tail).status_code, 404, tail)

    def test_a_thousand_guesses(self):
        statuses = [self.get(path=f'/my/statement/link/{number:043d}').status_code
                    for number in range(25)]
        self.assertEqual(statuses, [404] * 20 + [429] * 5)
        Hit = self.env['ar.portal.hit'].sudo()
        # The same decision as a page takes, without the thousand pages.
        key = Hit.search([('key', 'like', 'miss:%')], limit=1).key
        allowed = sum(not Hit._is_full(key, 20) and Hit._take(key, 20) for _one in range(975))
        self.assertEqual(allowed, 0)
        self.assertEqual(self.get().status_code, 429, "even a right one: a guess teaches nothing")
        # Another address is not locked out by it.
        Hit.search([('key', '=', key)]).sudo().write({'key': 'miss:elsewhere'})
        self.assertEqual(self.get().status_code, 200)

    def test_wrong_tokens_of_a_printed_statement_count_too(self):
        path = f'/my/statement/{self.account.id}'
        statuses = [self.url_open(f'{path}?access_token={number}').status_code
                    for number in range(22)]
        self.assertEqual(statuses[-2:], [429, 429])

    def test_a_link_has_its_limit(self):
        Hit = self.env['ar.portal.hit'].sudo()
        for _one in range(300):
            Hit._take(f'link:{self.link.id}', 300)
            Hit._take(f'token:{self.account.id}', 300)
        self.assertEqual(self.get().status_code, 429)
        # The token on a printed statement is a link, too.
        token = self.account._portal_ensure_token()
        page = self.url_open(f'/my/statement/{self.account.id}?access_token={token}')
        self.assertEqual(page.status_code, 429)

    def test_acts_have_their_limit(self):
        Hit = self.env['ar.portal.hit'].sudo()
        for _one in range(30):
            Hit._take(f'act:{self.account.id}', 30)
        page, _data = self.form('contact', name="x", email='x@example.com')
        self.assertEqual(page.status_code, 429)
        self.assertFalse(self.acts())

    def test_values_that_are_none(self):
        """Each of these was an error of the server."""
        pay = f'/pay/{self.company.currency_id.id}'
        for tail in ('/promise?items=²&currency=³', f'{pay}?choice=²', f'{pay}?items=²',
                     '?thanks=%00', '/promise?items=' + '9' * 5000):
            self.assertEqual(self.get(tail).status_code, 200, tail[:60])
        for kind, values in (
                ('promise', {'items': '²', 'date': self.day}),
                ('instalments', {'items': self.ids(self.old), 'count': '²', 'date': self.day}),
                ('contact', {'name': "x\x00", 'email': 'no address\x00'})):
            page, _data = self.form(kind, **values)
            self.assertEqual(page.status_code, 422, kind)
        page = self.get('/promise')
        token = re.search(r'name="csrf_token" value="([^"]+)"', page.text)[1]
        page = self.url_open(
            f'{self.path}/promise', data={'csrf_token': token, 'items': self.ids(self.old)},
            files=[('note', ('note', b'x')), ('key', ('key', b'x')), ('date', ('date', b'x'))])
        self.assertEqual(page.status_code, 422)
        self.assertFalse(self.acts())
        for dates, reason in (
                ('date_from=2026-02-31', "choose both days"), ('date_to=²', "choose both days"),
                ('date_from=%00', "choose both days"), ('date_from=' + '9' * 5000, "both days"),
                ('date_from=0001-01-01', "three years at most"),
                ('date_from=2026-06-02&date_to=2026-06-01', "must be before"),
                ('date_from=9999-12-31&date_to=9999-12-31', "must be before")):
            for page in (self.path, f'{self.path}/pdf'):
                answer = self.url_open(f'{page}?show=movements&{dates}')
                self.assertIn(reason, answer.text, (page, dates[:30]))
                self.assertNotIn("100.00", answer.text, (page, dates[:30]))

    def test_more_movements_than_one_page_holds(self):
        query = '?show=movements&date_from=2026-04-01&date_to=2026-05-31'
        with patch.object(statement_choice, 'MOST_MOVEMENTS', 3):
            self.assertIn("Closing balance", self.get(query).text)
            self.many_items(1)
            for tail in (query, f'/pdf{query}'):
                answer = self.get(tail)
                self.assertIn("choose fewer days", answer.text)
                self.assertNotIn("Closing balance", answer.text)

    def test_the_items_of_others(self):
        elsewhere = self.make_company("Elsewhere Ltd")
        other = self.invoice(50, due='2026-05-01', company=elsewhere)
        for move in (self.foreign, other):
            for kind in ('promise', 'dispute', 'copy', 'instalments'):
                page, _data = self.form(
                    kind, items=self.ids(move), date=self.day, note="x", count='2',
                    reason=self.reason.id)
                self.assertEqual(page.status_code, 422, (kind, move))
            self.assertEqual(self.get(f'/invoice/{move.id}').status_code, 404, move)
            page = self.get(f'/pay/{self.company.currency_id.id}?items={self.ids(move)[0]}')
            self.assertIn("Nothing is to be paid here", page.text)
        self.assertFalse(self.acts())

    def test_another_customer_who_is_logged_in(self):
        self.portal_user('other-side', self.stranger)
        self.portal_user('own-side', self.buyer)
        inside = f'/my/statement/{self.account.id}'
        self.authenticate('other-side', 'other-side' * 2)
        for tail in ('', '/promise', '/pdf', f'/invoice/{self.old.id}', '/contact'):
            page = self.get(tail, inside)
            self.assertNotIn("100.00", page.text, tail)
            self.assertNotIn(self.old.name, page.text, tail)
        self.authenticate('own-side', 'own-side' * 2)
        page = self.get('', inside)
        self.assertIn("100.00", page.text)
        page, _data = self.form('promise', inside, items=self.ids(self.old), date=self.day)
        self.assertIn("We have noted your promise", page.text)
        self.assertEqual(self.acts().contact_id.name, 'own-side')
        self.assertFalse(self.acts().link_id)

    def test_nobody_without_a_login(self):
        page = self.get('', f'/my/statement/{self.account.id}/promise')
        self.assertIn('/web/login', page.url)
        page = self.get('', f'/my/statement/{self.account.id}')
        self.assertNotIn("100.00", page.text)

    def test_a_printed_token_gives_no_acts(self):
        token = self.account._portal_ensure_token()
        page = self.url_open(f'/my/statement/{self.account.id}?access_token={token}')
        self.assertIn("100.00", page.text)
        self.assertNotIn('/promise', page.text)
        page = self.url_open(f'/my/statement/{self.account.id}/promise?access_token={token}')
        self.assertIn('/web/login', page.url)
