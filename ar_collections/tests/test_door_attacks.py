"""The pages over HTTP, as a customer, as a forwarded accountant and as an attacker."""
import re
from datetime import timedelta
from unittest.mock import patch

from odoo import fields
from odoo.tests import HttpCase, tagged

from ..models.figures import statement_choice
from .test_door import DoorCommon


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
        """Each of them a request of its own: 980 are refused before anything is looked up."""
        statuses = [self.get(path=f'/my/statement/link/{number:043d}').status_code
                    for number in range(1000)]
        self.assertEqual(statuses, [404] * 20 + [429] * 980)
        Hit = self.env['ar.portal.hit'].sudo()
        key = Hit.search([('key', 'like', 'miss:%')], limit=1).key
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
