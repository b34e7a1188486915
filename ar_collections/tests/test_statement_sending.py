from unittest.mock import patch

from psycopg2 import IntegrityError

from odoo.exceptions import AccessError
from odoo.tests import HttpCase, JsonRpcException, tagged
from odoo.tools import mute_logger

from odoo.addons.base.models.ir_mail_server import IrMail_Server

from .common import CollectionsCommon


class StatementSendingCommon(CollectionsCommon):
    """Five customers who owe something, and one who does not."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.partners = cls.env['res.partner'].union(*(
            cls.customer(f"Customer {number}") for number in range(5)))
        for number, partner in enumerate(cls.partners):
            cls.invoice(100 + number, due='2026-05-01', partner=partner)
        cls.quiet = cls.customer("Quiet")

    def start(self, partners=None, **vals):
        customers = self.account_of(partners or self.partners)
        return self.env['ar.statement.run']._start(
            customers, date_to='2026-06-01', skip_empty=True, **vals)

    def work(self, run, **options):
        """Let the scheduled action prepare the mails, as often as it wants."""
        with patch.object(type(self.env['ir.cron']), '_commit_progress',
                          lambda cron, processed=0, **kwargs: 60):
            self.env['ar.statement.sending']._cron_send(**options)

    def deliver_statements(self, run):
        with self.mock_smtplib_connection():
            self.env['mail.mail'].process_email_queue(
                email_ids=run.sending_ids.mail_id.ids or [0])
        return self.emails


@tagged('post_install', '-at_install')
class TestStatementSending(StatementSendingCommon):
    """Recorded first, sent once, never twice."""

    def test_each_customer_gets_one_mail_with_its_statement(self):
        run = self.start()
        self.assertEqual(set(run.sending_ids.mapped('state')), {'waiting'})
        self.work(run, batch_size=2)
        self.assertEqual(set(run.sending_ids.mapped('state')), {'queued'})
        mails = self.deliver_statements(run)
        self.assertEqual(
            sorted(mail['smtp_to_list'][0] for mail in mails),
            sorted(self.partners.mapped('email')))
        self.assertEqual((run.sent_count, run.open_count), (5, 0))
        for sending in run.sending_ids:
            self.assertEqual(sending.mail_id.attachment_ids, sending.attachment_id)
            text = sending.attachment_id.raw.decode()
            self.assertIn(sending.partner_id.name, text)
            others = (self.partners - sending.partner_id).mapped('name')
            self.assertFalse([name for name in others if name in text], "only its own")
            self.assertIn("sent to", str(sending.customer_id.message_ids.mapped('body')))
            link = sending.customer_id._get_statement_url()
            # The mail carries a link of its own, which is made when it leaves.
            self.assertIn(f'href="{sending.page_url}"', sending.mail_id.body_html)
            self.assertIn(link, text.replace('&amp;', '&'), "on the statement itself, too")

    def test_twice_is_once(self):
        run = self.start()
        self.work(run)
        self.work(run)
        self.assertEqual(len(self.deliver_statements(run)), 5)
        self.work(run)
        self.assertEqual(len(self.deliver_statements(run)), 0)

    def test_one_row_per_customer_and_sending(self):
        run = self.start()
        with self.assertRaises(IntegrityError), mute_logger('odoo.sql_db'), \
                self.env.cr.savepoint():
            run.sending_ids[0].sudo().copy()

    def test_found_in_the_act_of_sending_the_outcome_is_unknown(self):
        run = self.start()
        self.work(run)
        lost = run.sending_ids[0]
        lost.sudo()._set_sending()
        self.assertEqual(len(self.deliver_statements(run)), 4, "never sent a second time by itself")
        self.assertEqual((lost.state, lost.mail_id.state), ('unknown', 'exception'))
        lost.action_retry()
        self.work(run)
        self.assertEqual(len(self.deliver_statements(run)), 1, "a person said so")
        self.assertEqual(lost.state, 'sent')

    def test_a_mail_server_out_of_reach_is_tried_again(self):
        run = self.start()
        self.work(run)
        with patch.object(IrMail_Server, '_connect__', side_effect=OSError("no route")):
            self.env['mail.mail'].process_email_queue(email_ids=run.sending_ids.mail_id.ids)
        self.assertEqual(set(run.sending_ids.mapped('state')), {'queued'})
        self.go('2026-06-01', '09:06:00')
        self.assertEqual(len(self.deliver_statements(run)), 5)

    def test_a_refusal_turns_it_red(self):
        run = self.start(self.partners[0])
        self.work(run)
        with self.mock_smtplib_connection(), mute_logger('odoo.addons.mail.models.mail_mail'), \
                patch.object(IrMail_Server, 'send_email', side_effect=ValueError("550 no mailbox")):
            self.env['mail.mail'].process_email_queue(email_ids=run.sending_ids.mail_id.ids)
        self.assertEqual((run.sending_ids.state, run.problem_count), ('failed', 1))
        self.assertIn("no mailbox", run.sending_ids.reason)

    def test_nothing_open_and_no_address(self):
        self.partners[0].email = False
        run = self.start(self.partners[:2] | self.quiet)
        self.work(run)
        states = {one.partner_id: one.state for one in run.sending_ids}
        self.assertEqual(states, {self.partners[0]: 'failed', self.partners[1]: 'queued',
                                  self.quiet: 'cancelled'})

    def test_one_customer_stops_nobody_else(self):
        broken = self.account_of(self.partners[2])
        Report = type(self.env['report.ar_collections.report_ar_statement'])
        whole = Report._get_documents

        def fail(report, customers, options):
            if broken in customers:
                raise ValueError("broken logo")
            return whole(report, customers, options)

        run = self.start()
        with patch.object(Report, '_get_documents', fail):
            self.work(run)
        states = {one.customer_id: one.state for one in run.sending_ids}
        self.assertEqual(states.pop(broken), 'failed')
        self.assertEqual(set(states.values()), {'queued'})

    def test_stopped_before_it_is_prepared(self):
        run = self.start()
        run.action_stop()
        self.work(run)
        self.assertEqual(set(run.sending_ids.mapped('state')), {'cancelled'})
        self.assertFalse(run.sending_ids.mail_id)

    def test_the_invoice_contact_is_written_to_in_its_language(self):
        self.env['res.lang']._activate_lang('fr_FR')
        partner = self.partners[0]
        contact = self.customer("Comptable", parent_id=partner.id, type='invoice', lang='fr_FR')
        run = self.start(partner)
        self.work(run)
        [mail] = self.deliver_statements(run)
        self.assertEqual(mail['smtp_to_list'], [contact.email])
        self.assertEqual(run.sending_ids.lang, 'fr_FR')

    def test_rights(self):
        run = self.start()
        auditor, other = self.user('auditor', 'send-auditor'), self.user('own', 'own-collector')
        one = run.sending_ids[0]
        one.customer_id.collector_id = self.user('collector', 'send-collector')
        with self.assertRaises(AccessError):
            one.with_user(auditor).action_retry()
        with self.assertRaises(AccessError):
            one.with_user(other).read(['state'])
        with self.assertRaises(AccessError):
            one.with_user(self.env.ref('base.user_admin')).write({'state': 'sent'})
        with self.assertRaises(AccessError):
            run.with_user(auditor).action_stop()


@tagged('post_install', '-at_install')
class TestStatementPortal(StatementSendingCommon, HttpCase):
    """The page: by token, by the contacts of the same entity, by nobody else."""

    frozen = False

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        accounts = cls.env['ar.customer']._get_or_create(cls.partners, cls.company)
        cls.buyer_account = accounts.filtered(lambda one: one.partner_id == cls.partners[0])
        group = cls.env.ref('base.group_portal').id

        def portal(name, partner):
            contact = cls.customer(name, parent_id=partner.id)
            return cls.env['res.users'].create({
                'login': name, 'password': name * 2, 'partner_id': contact.id,
                'group_ids': [(6, 0, [group])], 'company_id': cls.company.id,
                'company_ids': [(6, 0, cls.company.ids)]})

        cls.inside = portal('inside-contact', cls.partners[0])
        cls.outside = portal('outside-contact', cls.partners[1])

    def page(self, query=''):
        return self.url_open(f'/my/statement/{self.buyer_account.id}{query}')

    def test_by_token_and_only_by_the_right_one(self):
        token = self.buyer_account._portal_ensure_token()
        found = self.page(f'?access_token={token}')
        self.assertEqual(found.status_code, 200)
        self.assertIn("100.00", found.text)
        for wrong in ('', '?access_token=', '?access_token=x', '?access_token=None'):
            self.assertNotIn("100.00", self.page(wrong).text)
        self.buyer_account.action_reset_statement_link()
        self.assertNotIn("100.00", self.page(f'?access_token={token}').text)

    def test_by_a_contact_of_the_entity(self):
        self.authenticate('inside-contact', 'inside-contact' * 2)
        found = self.url_open('/my/statement')
        self.assertIn("100.00", found.text)
        self.assertIn('ar_statement', self.url_open('/my/home').text)

    def test_not_by_a_contact_of_another(self):
        self.authenticate('outside-contact', 'outside-contact' * 2)
        self.assertNotIn("100.00", self.page().text)
        self.assertIn("101.00", self.url_open('/my/statement').text)

    def test_the_pdf(self):
        token = self.buyer_account._portal_ensure_token()
        found = self.page(f'?access_token={token}&report_type=html')
        self.assertIn("Customer 0", found.text)

    def test_a_payment_is_for_what_is_due_whatever_the_browser_says(self):
        token = self.buyer_account._portal_ensure_token()
        provider = self.env['payment.provider'].sudo().search([('code', '=', 'none')], limit=1)
        provider = provider.copy({
            'name': "Test", 'company_id': self.company.id, 'state': 'test', 'is_published': True})
        method = self.env['payment.method'].sudo().create({
            'name': "Test", 'code': 'ar_test', 'image': False,
            'provider_ids': [(6, 0, provider.ids)]})
        url = (f'/my/statement/{self.buyer_account.id}/transaction/'
               f'{self.company.currency_id.id}')
        params = {
            'provider_id': provider.id, 'payment_method_id': method.id, 'token_id': None,
            'amount': 1, 'flow': 'direct', 'tokenization_requested': False,
            'landing_route': '/my/home', 'access_token': token}
        with mute_logger('odoo.http', 'odoo.addons.base.models.ir_http'):
            bad = self.make_jsonrpc_request
            with self.assertRaises(Exception):  # noqa: B017
                bad(url, {**params, 'access_token': 'wrong'})
        self.make_jsonrpc_request(url, params)
        transaction = self.env['payment.transaction'].search(
            [('provider_id', '=', provider.id)], limit=1)
        self.assertEqual(transaction.amount, 100)
        self.assertEqual(transaction.invoice_ids.commercial_partner_id, self.partners[0])
        # Another amount by way of a validation, and the till of another company.
        elsewhere = provider.copy({
            'name': "Elsewhere", 'company_id': self.make_company("Elsewhere Ltd").id})
        with mute_logger('odoo.http'), self.assertRaises(JsonRpcException):
            self.make_jsonrpc_request(url, {**params, 'provider_id': elsewhere.id})
        self.make_jsonrpc_request(url, {**params, 'is_validation': True})
        self.assertIn('/payment/pay', self.page(f'?access_token={token}').text)
        self.company.ar_door_pay = False
        self.assertNotIn('/payment/pay', self.page(f'?access_token={token}').text)
        with mute_logger('odoo.http'), self.assertRaises(JsonRpcException):
            self.make_jsonrpc_request(url, params)
        self.assertEqual(
            self.env['payment.transaction'].search(
                [('partner_id', '=', self.partners[0].id)]).mapped(
                lambda one: (one.operation, one.amount, one.provider_id)),
            [('online_direct', 100, provider)] * 2)
