from smtplib import SMTPServerDisconnected
from unittest.mock import patch

from odoo.tests import tagged
from odoo.tools import mute_logger

from odoo.addons.base.models.ir_mail_server import IrMail_Server

from .common import CollectionsCommon

BOUNCE = """\
Return-Path: <>
X-Original-To: {bounce}
From: MAILER-DAEMON@mx.example.com
To: {bounce}
Subject: Undelivered Mail Returned to Sender
Message-ID: <bounce-{number}@mx.example.com>
References: {message_id}
MIME-Version: 1.0
Content-Type: multipart/report; report-type=delivery-status; boundary="b"

--b
Content-Type: text/plain

The mailbox does not exist.
--b
Content-Type: message/delivery-status

Final-Recipient: rfc822; {email}
Action: failed
Status: 5.1.1
--b
Content-Type: message/rfc822

Message-ID: {message_id}
To: {email}
Subject: Reminder

--b--
"""


@tagged('post_install', '-at_install')
class TestMailGuard(CollectionsCommon):
    """Between the queue and the mail server: at most once, never outdated, nothing lost."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.bill = cls.invoice(100, due='2026-05-26')

    def setUp(self):
        super().setUp()
        self.reminder = self.run_dunning('2026-06-01').reminder_ids
        self.send(self.reminder)
        self.mail = self.reminder.mail_id
        self.assertEqual(self.reminder.state, 'queued')

    def test_the_status_of_the_mail_makes_it_sent(self):
        self.assertEqual(len(self.deliver()), 1)
        self.assertRecordValues(self.reminder, [
            {'state': 'sent', 'sent_date': self.company._get_ar_today()}])
        self.assertEqual(set(self.reminder.line_ids.mapped('state')), {'sent'})
        self.assertEqual(self.mail.notification_ids.notification_status, 'sent')
        self.assertEqual(len(self.deliver()), 0, "and never again")

    def test_an_invoice_paid_while_the_mail_waits_is_not_claimed(self):
        self.pay(self.bill, 60)
        self.assertEqual(len(self.deliver()), 0)
        self.assertEqual((self.reminder.state, self.mail.state), ('approved', 'cancel'))
        self.send(self.reminder)
        self.assertEqual(len(self.deliver()), 1)
        self.assertEqual(self.reminder.amount_claimed, 40)
        self.assertIn("40.00", str(self.reminder.body))

    def test_paid_in_full_while_the_mail_waits(self):
        self.pay(self.bill)
        self.assertEqual(len(self.deliver()), 0)
        self.send(self.reminder)
        self.assertEqual(self.reminder.state, 'cancelled')

    def test_a_credit_that_comes_while_the_mail_waits(self):
        self.credit_note(30, '2026-06-01')
        self.assertEqual(len(self.deliver()), 0)
        self.send(self.reminder)
        self.deliver()
        self.assertRecordValues(self.reminder, [{'state': 'sent', 'amount_claimed': 70}])

    def test_a_stop_that_comes_while_the_mail_waits(self):
        self.account_of().dunning_stop = True
        self.assertEqual(len(self.deliver()), 0)

    def test_found_in_the_act_of_sending_the_outcome_is_unknown(self):
        self.reminder._set_sending()
        self.assertEqual(len(self.deliver()), 0, "never sent a second time by itself")
        self.assertEqual((self.reminder.state, self.mail.state), ('unknown', 'exception'))
        self.assertIn("Ask the customer", self.reminder.reason)

    def test_a_mail_server_out_of_reach_is_tried_again_later(self):
        with patch.object(IrMail_Server, '_connect__', side_effect=OSError("no route")):
            self.env['mail.mail'].process_email_queue(email_ids=self.mail.ids)
        self.assertEqual((self.reminder.state, self.mail.state), ('queued', 'outgoing'))
        self.assertEqual(str(self.mail.scheduled_date), '2026-06-01 09:05:00')
        self.assertEqual(len(self.deliver()), 0, "not yet")
        self.go('2026-06-01', '09:06:00')
        self.assertEqual(len(self.deliver()), 1)
        self.assertEqual(self.reminder.state, 'sent')

    def test_a_mail_server_that_never_comes_back_turns_it_red(self):
        for _number in range(42):
            self.mail.scheduled_date = False
            with patch.object(IrMail_Server, '_connect__', side_effect=OSError("no route")):
                self.env['mail.mail'].process_email_queue(email_ids=self.mail.ids)
        self.assertEqual(self.reminder.state, 'failed')
        self.assertIn("no route", self.reminder.reason)

    def fail_with(self, error):
        logger = mute_logger('odoo.addons.mail.models.mail_mail')
        with self.mock_smtplib_connection(), logger, \
                patch.object(IrMail_Server, 'send_email', side_effect=error):
            self.env['mail.mail'].process_email_queue(email_ids=self.mail.ids)

    def test_a_refusal_turns_it_red_with_the_servers_words(self):
        self.fail_with(ValueError("550 5.1.1 mailbox unavailable"))
        self.assertEqual(self.reminder.state, 'failed')
        self.assertIn("mailbox unavailable", self.reminder.reason)
        self.assertIn("mailbox unavailable",
                      str(self.account_of().message_ids.mapped('body')))

    def test_a_connection_lost_in_the_middle_is_not_repeated_blindly(self):
        with self.assertRaises(SMTPServerDisconnected), self.env.cr.savepoint():
            with self.mock_smtplib_connection(), \
                    mute_logger('odoo.addons.mail.models.mail_mail'), \
                    patch.object(IrMail_Server, 'send_email',
                                 side_effect=SMTPServerDisconnected("gone")):
                self.mail.send()

    def test_no_recipient_is_a_failure_not_a_silence(self):
        self.mail.write({'recipient_ids': [(5,)], 'email_to': False})
        self.deliver()
        self.assertEqual(self.reminder.state, 'failed')

    def test_a_bounce_turns_it_red(self):
        self.env['mail.alias.domain'].search([]).unlink()
        domain = self.env['mail.alias.domain'].create({'name': "house.example.com"})
        self.company.alias_domain_id = domain
        self.deliver()
        self.bounce(domain)
        self.assertEqual(self.reminder.state, 'failed')
        self.assertIn("buyer@example.com", self.reminder.reason)
        self.assertEqual(self.mail.notification_ids.notification_status, 'bounce')

    def test_a_late_bounce_does_not_disturb_a_newer_reminder(self):
        self.env['mail.alias.domain'].search([]).unlink()
        domain = self.env['mail.alias.domain'].create({'name': "house.example.com"})
        self.company.alias_domain_id = domain
        self.deliver()
        newer = self.run_dunning('2026-06-10').reminder_ids
        self.bounce(domain)
        self.assertEqual((self.reminder.state, newer.state), ('sent', 'proposed'))
        self.assertIn("buyer@example.com", self.reminder.reason)

    def bounce(self, domain):
        with mute_logger('odoo.addons.mail.models.mail_thread'):
            self.env['mail.thread'].message_process('', BOUNCE.format(
                bounce=domain.bounce_email, message_id=self.reminder.message_id.message_id,
                email=self.buyer.email, number=self.reminder.id))

    def test_mails_of_others_are_left_alone(self):
        plain = self.env['mail.mail'].create({
            'email_to': "someone@example.com", 'email_from': "us@house.example.com",
            'subject': "Hello", 'body_html': "<p>Hello</p>"})
        with self.mock_smtplib_connection():
            (plain | self.mail).send()
        self.assertEqual((plain.exists().state, self.reminder.state), ('sent', 'sent'))
        self.assertEqual(len(self.emails), 2)
