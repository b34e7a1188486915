import base64
import io
import re

from PIL import Image

from odoo import Command, fields
from odoo.tests import HttpCase, new_test_user, tagged
from odoo.tools import mute_logger
from odoo.tools.pdf import PdfReader

from ..models.desk.payment_plan_signing import REPORT
from .plan_common import PlanCommon


def draw_signature():
    """Return a small image, as a browser sends it."""
    stream = io.BytesIO()
    Image.new('RGBA', (60, 20), (0, 0, 120, 255)).save(stream, 'PNG')
    return base64.b64encode(stream.getvalue()).decode()


class PlanPortalCommon(PlanCommon, HttpCase):

    frozen = False

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.today = cls.company._get_ar_today()
        cls.day = fields.Date.to_string(cls.today)

    def proposed(self, amount=900, partner=None):
        due = fields.Date.subtract(self.today, days=20)
        plan = self.draft_plan(
            self.invoice(amount, due=due, partner=partner),
            first=fields.Date.add(self.today, days=10))
        plan.action_submit()
        plan._portal_ensure_token()
        return plan

    def accept(self, plan, token=None, name="Jane Buyer", signature=None):
        self.env.flush_all()
        return self.make_jsonrpc_request(f'/my/payment_plan/{plan.id}/accept', {
            'access_token': plan.access_token if token is None else token, 'name': name,
            'signature': draw_signature() if signature is None else signature})

    def page(self, plan, token=None, query=''):
        self.env.flush_all()
        return self.url_open(
            f'/my/payment_plan/{plan.id}?access_token={token or plan.access_token}{query}')


@tagged('post_install', '-at_install')
class TestPlanSigning(PlanPortalCommon):

    def test_signed_online(self):
        plan = self.proposed()
        collector = self.user('collector')
        plan.customer_id.collector_id = collector
        answer = self.accept(plan)
        self.assertIn('message=signed', answer['redirect_url'])
        self.env.invalidate_all()
        self.assertRecordValues(plan, [{
            'state': 'active', 'signed_by': "Jane Buyer", 'signature_way': 'portal',
            'acknowledged_on': self.today}])
        self.assertTrue(plan.signature)
        # Odoo prints no PDF behind a request of a test, see `test_the_signed_letter`.
        letter = plan.message_ids.attachment_ids
        self.assertEqual(letter.name, f'{plan._get_report_base_filename()}.pdf')
        self.assertIn("Jane Buyer", letter.raw.decode())
        self.assertIn(collector.partner_id, plan.message_ids.partner_ids, "who waits for it hears")
        self.assertIn("error", self.accept(plan), "a second click signs nothing")
        self.env.invalidate_all()
        self.assertEqual(len(plan.message_ids.attachment_ids), 1)

    def test_the_page_and_its_letter(self):
        plan = self.proposed()
        page = self.page(plan)
        self.assertIn("Accept and sign", page.text)
        self.assertIn('noindex', page.headers['X-Robots-Tag'])
        self.assertEqual(page.headers['Referrer-Policy'], 'no-referrer')
        letter = self.page(plan, query='&report_type=pdf&download=true')
        self.assertEqual(letter.headers['Content-Type'], 'application/pdf')
        self.assertIn("Proposal of a payment plan", letter.text)

    @mute_logger('odoo.http')
    def test_from_the_customer_s_pages(self):
        """The plan opens and is signed as long as the link that led to it, and no longer."""
        plan, other = self.proposed(), self.proposed(partner=self.customer("Another"))
        link, url = self.env['ar.portal.link']._make(plan.customer_id)
        path = url[url.index('/my/'):]
        self.env.flush_all()
        home = self.url_open(path).text
        self.assertIn(f'{path}/plan/{plan.id}"', home)
        self.assertNotIn(plan.access_token, home, "the pages hand out no second key")
        page = self.url_open(f'{path}/plan/{plan.id}')
        self.assertIn("Accept and sign", page.text)
        self.assertNotIn(plan.access_token, page.text)
        self.assertEqual(page.headers['Cache-Control'], 'no-store')
        letter = self.url_open(f'{path}/plan/{plan.id}?file=pdf')
        self.assertEqual(letter.headers['Content-Type'], 'application/pdf')
        self.assertEqual(self.url_open(f'{path}/plan/{other.id}').status_code, 404)
        values = {'name': "Jane Buyer", 'signature': draw_signature()}
        self.assertIn('error', self.make_jsonrpc_request(
            f'{path}/plan/{other.id}/accept', values))
        answer = self.make_jsonrpc_request(f'{path}/plan/{plan.id}/accept', values)
        self.assertEqual(answer['redirect_url'], f'{path}/plan/{plan.id}?message=signed')
        self.env.invalidate_all()
        self.assertEqual((plan.state, other.state), ('active', 'proposed'))
        self.assertIn("Thank you", self.url_open(answer['redirect_url']).text)
        self.use_french('ar_collections', 'ar_collections.portal_my_payment_plan')
        plan.partner_id.lang = 'fr_FR'
        self.env.flush_all()
        thanks = self.url_open(answer['redirect_url']).text
        self.assertIn("Merci !", thanks.replace('\xa0', ' ').replace('\u202f', ' '))
        self.assertIn("Votre signature", thanks)
        self.assertNotIn("Thank you", thanks)
        self.env['ar.portal.link.new'].create(
            {'customer_id': plan.customer_id.id}).action_revoke_all()
        old = plan.access_token
        self.assertFalse(old, "also the link of the mail with the proposal")
        self.env.flush_all()
        self.assertEqual(self.url_open(f'{path}/plan/{plan.id}').status_code, 404)
        self.assertEqual(link.state, 'revoked')
        self.assertTrue(other.access_token)

    @mute_logger('odoo.http')
    def test_the_link_of_the_mail_ends_and_guesses_are_counted(self):
        plan = self.proposed()
        self.assertEqual(self.page(plan).headers['Cache-Control'], 'no-store')
        days = self.company.ar_door_link_days
        for past, seen in ((days, True), (days + 1, False)):
            plan.sudo().valid_until = fields.Date.subtract(self.today, days=past)
            self.assertEqual(plan.name in self.page(plan).text, seen, past)
        plan.sudo().valid_until = self.today
        for _guess in range(20):
            self.accept(plan, 'wrong')
        self.assertEqual(self.page(plan).status_code, 429)
        self.assertIn("Too many", self.accept(plan)['error'])
        self.env.invalidate_all()
        self.assertEqual(plan.state, 'proposed')

    def send(self, path, action, note=''):
        """Send one of the forms of a page; return the page that comes then."""
        self.env.flush_all()
        token = re.search(r'csrf_token: "([^"]+)"', self.url_open(path).text)[1]
        address, _mark, query = path.partition('?')
        answer = self.url_open(
            f'{address}/{action}?{query}', data={'csrf_token': token, 'note': note})
        self.env.invalidate_all()
        return answer

    def test_refused_on_the_page(self):
        """By the customer's link or that of the mail; nothing twice, nothing of others."""
        collector = self.user('collector')
        plan, other, mailed = (self.proposed(), self.proposed(partner=self.customer("Another")),
                               self.proposed(amount=60))
        plan.customer_id.collector_id = collector
        _link, url = self.env['ar.portal.link']._make(plan.customer_id)
        path = url[url.index('/my/'):]
        self.assertEqual(self.send(f'{path}/plan/{other.id}', 'refuse').status_code, 404)
        thanks = self.send(
            f'{path}/plan/{plan.id}', 'refuse', "<script>alert(1)</script> 200 a month")
        self.assertIn("Thank you for telling us", thanks.text)
        self.assertNotIn("Accept and sign", thanks.text)
        self.assertRecordValues(plan, [{
            'state': 'cancelled', 'refused_on': self.today, 'acknowledged_on': False,
            'refusal': "<script>alert(1)</script> 200 a month"}])
        act = plan.customer_id.portal_act_ids
        self.assertRecordValues(act, [{
            'kind': 'refusal', 'state': 'new', 'former_plan_id': plan.id, 'wait_until': False,
            'amount': 900}])
        self.assertEqual(act.activity_ids.user_id, collector)
        self.assertEqual(act.activity_ids.note,
                         "<p>&lt;script&gt;alert(1)&lt;/script&gt; 200 a month</p>")
        self.assertIn("refuses payment plan", act.activity_ids.summary)
        self.assertNotIn('<script>', " ".join(plan.message_ids.mapped('body')))
        self.assertIn('error', self.accept(plan), "who refused does not sign")
        mail = f'/my/payment_plan/{mailed.id}?access_token={mailed.access_token}'
        self.send(mail.replace('=', '=no'), 'refuse')
        self.assertEqual({mailed.state, other.state}, {'proposed'})
        for _click in range(2):
            self.send(mail, 'refuse')
        self.assertEqual((mailed.state, mailed.refusal), ('cancelled', False))
        self.assertEqual(len(plan.customer_id.portal_act_ids), 2)
        draft = act.with_user(collector).action_accept()
        self.assertRecordValues(self.env['ar.payment.plan'].browse(draft['res_id']), [{
            'state': 'draft', 'amount': 900, 'number': 3}])

    def test_not_signed_when_it_would_be_broken_at_once(self):
        """The first instalment is missed: the page takes no signature, and offers another plan."""
        plan, paid = self.proposed(), self.proposed(amount=60)
        for part in (plan + paid).instalment_ids.sudo():
            part.due_date = fields.Date.subtract(part.due_date, days=16)
        # The first was to arrive yesterday, with its days of grace; the proposal is valid on.
        self.assertEqual(plan.sign_until, fields.Date.subtract(self.today, days=1))
        terms = self.parts(plan)
        texts = [one['text'] for one in self.env['ar.door'].sudo()._get_more(
            plan.customer_id.sudo())]
        self.assertIn(f"Payment plan {plan.name}: the proposal has lapsed", texts)
        page = self.page(plan).text
        self.assertNotIn("Accept and sign", page)
        self.assertIn("Ask for a new proposal", page)
        self.assertIn("was valid until", self.accept(plan)['error'])
        # Who has paid in time what had to come before signs all the same.
        self.assertIn('error', self.accept(paid))
        self.pay(paid.line_ids.move_id, 20, fields.Date.subtract(self.today, days=7))
        self.assertIn("Accept and sign", self.page(paid).text)
        self.assertIn('message=signed', self.accept(paid)['redirect_url'])
        self.env.invalidate_all()
        self.assertEqual((plan.state, paid.state), ('proposed', 'active'))
        path = f'/my/payment_plan/{plan.id}?access_token={plan.access_token}'
        self.assertIn("Thank you", self.send(path, 'renew', "After the 20th").text)
        self.send(path, 'renew')
        act = plan.customer_id.portal_act_ids
        self.assertRecordValues(act, [{
            'kind': 'renewal', 'state': 'new', 'amount': 900, 'note': "After the 20th",
            'former_plan_id': plan.id, 'instalment_count': 3}])
        self.assertEqual((plan.state, self.parts(plan)), ('cancelled', terms))
        self.assertNotIn("Ask for a new proposal", self.page(plan).text)
        act.action_accept()
        self.assertGreater(min(act.plan_id.instalment_ids.mapped('due_date')), self.today)
        act.plan_id.action_submit()
        self.assertEqual(act.plan_id.state, 'proposed')

    def read_letter(self, plan):
        content, _kind = self.env['ir.actions.report'].with_context(
            force_report_rendering=True)._render_qweb_pdf(REPORT, plan.ids)
        reader = PdfReader(io.BytesIO(content))
        return len(reader.pages), self.get_words(reader)

    def get_words(self, reader):
        return " ".join(" ".join(page.extract_text() for page in reader.pages).split())

    def test_the_letter(self):
        plan = self.proposed()
        pages, text = self.read_letter(plan)
        self.assertEqual(pages, 1)
        for words in (plan.name, "Proposal of a payment plan", "300.00", "Nine Hundred",
                      "acknowledges owing", plan.line_ids.move_id.name, "5 days after"):
            self.assertIn(words, text)

    def test_the_signed_letter(self):
        plan = self.proposed()
        plan.with_context(force_report_rendering=True)._sign(
            "Jane Buyer", 'portal', self.today, signature=draw_signature())
        letter = plan.message_ids.attachment_ids
        self.assertEqual(letter.mimetype, 'application/pdf')
        reader = PdfReader(io.BytesIO(letter.raw))
        text = self.get_words(reader)
        self.assertIn("acknowledgement of debt", text)
        self.assertIn("Jane Buyer", text)
        self.assertTrue(reader.pages[-1].images, "the drawn signature")

    def test_who_may_not(self):
        plan, other = self.proposed(), self.proposed(partner=self.customer("Another"))
        lapsed = self.proposed()
        lapsed.sudo().valid_until = fields.Date.subtract(self.today, days=1)
        draft = self.draft_plan(self.invoice(100, due=self.day), first=self.today)
        token = draft._portal_ensure_token()
        for target, key in (
            (plan, ''), (plan, 'no'), (plan, other.access_token), (plan, plan.access_token + '0'),
            (lapsed, lapsed.access_token), (draft, token),
        ):
            self.assertIn('error', self.accept(target, key), key)
        self.assertNotIn("Accept and sign", self.page(lapsed).text)
        for target, key in ((plan, 'no'), (plan, other.access_token), (draft, token)):
            self.assertNotIn(target.name, self.page(target, key).text)
        old = plan.access_token
        plan.action_send_back()
        plan.action_submit()
        self.assertIn('error', self.accept(plan, old), "a link taken back stays dead")
        self.env.invalidate_all()
        self.assertEqual({plan.state, other.state, lapsed.state}, {'proposed'})

    def test_one_s_own_company_only(self):
        plan, other = self.proposed(), self.proposed(partner=self.customer("Another"))
        contact = self.customer("Contact", parent_id=self.buyer.id)
        new_test_user(
            self.env, login='portal_buyer', groups='base.group_portal', partner_id=contact.id,
            company_id=self.company.id, company_ids=[Command.set(self.company.ids)])
        self.authenticate('portal_buyer', 'portal_buyer')
        self.env.flush_all()
        mine = self.url_open('/my/payment_plans').text
        self.assertIn(plan.name, mine)
        self.assertNotIn(other.name, mine)
        self.assertIn(plan.name, self.url_open(f'/my/payment_plan/{plan.id}').text)
        self.assertNotIn(other.name, self.url_open(f'/my/payment_plan/{other.id}').text)

    def test_ours_do_not_sign_for_them(self):
        plan = self.proposed()
        collector = self.user('collector')
        self.authenticate(collector.login, collector.login.ljust(8, 'x'))
        self.assertIn("Only the customer", self.accept(plan)['error'])
        self.env.invalidate_all()
        self.assertEqual(plan.state, 'proposed')

    @mute_logger('odoo.http')
    def test_rubbish_is_refused(self):
        plan = self.proposed()
        svg = base64.b64encode(b'<svg onload="alert(1)" xmlns="http://www.w3.org/2000/svg"/>')
        for options in (
            {'name': ''}, {'name': "   "}, {'name': ["x"]}, {'signature': ''},
            {'signature': 'AAAA'}, {'signature': '%%%'}, {'signature': svg.decode()},
            {'signature': [1]}, {'signature': {'a': 1}},
        ):
            self.assertIn('error', self.accept(plan, **options), options)
        self.env.invalidate_all()
        self.assertEqual(plan.state, 'proposed')
        self.accept(plan, name="<script>alert(1)</script>" + "x" * 500)
        self.env.invalidate_all()
        self.assertEqual(len(plan.signed_by), 100)
        self.assertNotIn("<script>alert", self.page(plan).text)


@tagged('post_install', '-at_install')
class TestPlanTour(PlanPortalCommon):

    def test_a_customer_signs_in_the_browser(self):
        plan = self.proposed()
        self.env.flush_all()
        self.start_tour(plan.get_portal_url(), 'ar_payment_plan_sign', login=None)
        self.env.invalidate_all()
        self.assertRecordValues(plan, [{'state': 'active', 'signed_by': "Jane Buyer"}])
        self.assertTrue(plan.signature)
