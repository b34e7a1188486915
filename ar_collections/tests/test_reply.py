from unittest.mock import patch

from odoo.exceptions import AccessError, UserError, ValidationError
from odoo.fields import Command
from odoo.tests import tagged
from odoo.tools import mute_logger

from .test_desk import DeskCommon

MAIL = """\
From: {sender}
To: {to}
Subject: {subject}
Message-ID: <{number}@mail.buyer.example.com>
{references}Date: Mon, 01 Jun 2026 08:30:00 +0000
MIME-Version: 1.0
Content-Type: text/plain; charset="utf-8"

{text}
"""


class ReplyCommon(DeskCommon):

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.env['mail.alias.domain'].search([]).unlink()
        cls.domain = cls.env['mail.alias.domain'].create({'name': "house.example.com"})
        cls.company.alias_domain_id = cls.domain
        cls.collector = cls.user('collector')
        cls.collector.notification_type = 'inbox'
        cls.bill = cls.invoice(100, due='2026-05-20')
        cls.account = cls.env['ar.customer']._get_or_create(cls.buyer, cls.company)
        cls.account.collector_id = cls.collector

    def setUp(self):
        super().setUp()
        self.number = 0

    def remind(self):
        """Let a reminder leave; return it and what the mail server got."""
        run = self.run_dunning('2026-06-01')
        self.send()
        emails = self.deliver()
        return run.reminder_ids, emails

    def receive(self, text, answers=None, subject="Re: Reminder", sender=None, to=None):
        """Let Odoo's mail gateway take a real answer."""
        self.number += 1
        reference = answers.message_id.message_id if answers else False
        with mute_logger('odoo.addons.mail.models.mail_thread'):
            return self.env['mail.thread'].message_process('', MAIL.format(
                sender=sender or self.buyer.email_formatted, subject=subject, number=self.number,
                to=to or self.domain.catchall_email, text=text,
                references=f"In-Reply-To: {reference}\nReferences: {reference}\n"
                if reference else ""))

    def replies(self):
        return self.env['ar.reply'].search([('company_id', '=', self.company.id)], order='id')

    def answer(self, text, **options):
        """Answer a reminder; return the reply as the collector sees it."""
        if not self.reminders():
            self.remind()
        self.receive(text, self.reminders()[0], **options)
        return self.replies()[-1].with_user(self.collector)


@tagged('post_install', '-at_install')
class TestReplyIncoming(ReplyCommon):

    def test_answers_come_back_to_the_house_and_to_the_reminder(self):
        reminder, emails = self.remind()
        self.assertIn(f"<{self.domain.catchall_email}>", emails[0]['message'])
        self.receive("We will pay this invoice on Friday.", reminder)
        message = reminder.message_ids.filtered(lambda one: one.message_type == 'email')
        self.assertEqual(message.author_id, self.buyer)
        reply = self.replies()
        self.assertRecordValues(reply, [{
            'customer_id': self.account.id, 'reminder_id': reminder.id, 'kind': 'promise',
            'confidence': 'high', 'sentence': "We will pay this invoice on Friday.",
            'state': 'new', 'message_id': message.id}])
        self.assertEqual(str(reply.date), '2026-06-05')
        self.assertEqual(reply.move_line_ids, self.items(self.bill))
        self.assertIn("We will pay this invoice on Friday.",
                      str(self.account.message_ids.mapped('body')))

    def test_the_same_message_twice_is_one_reply(self):
        reminder, _emails = self.remind()
        self.receive("We will pay on Friday.", reminder)
        self.number -= 1
        self.receive("We will pay on Friday.", reminder)
        self.assertEqual(len(self.replies()), 1)
        self.env['ar.reply']._take_message(reminder, self.replies().message_id)
        self.assertEqual(len(self.replies()), 1)

    def test_the_collector_is_told_once(self):
        self.answer("We will pay on Friday.")
        told = self.env['mail.notification'].search([
            ('res_partner_id', '=', self.collector.partner_id.id),
            ('mail_message_id.model', 'in', ('ar.customer', 'ar.reminder'))])
        self.assertEqual(len(told), 1)

    def test_an_automatic_answer_tells_nobody(self):
        reply = self.answer("I am out of the office until 14 June 2026.",
                            subject="Automatic reply: Reminder")
        self.assertEqual((reply.kind, str(reply.date)), ('out_of_office', '2026-06-14'))
        self.assertFalse(self.env['mail.notification'].search([
            ('res_partner_id', '=', self.collector.partner_id.id)]))

    def test_an_answer_to_a_message_on_the_customer_is_read_too(self):
        message = self.account.message_post(
            body="A word", message_type='comment', subtype_xmlid='mail.mt_comment')
        self.receive("Already paid yesterday!", self.env['ar.reminder'].new(
            {'message_id': message.id}))
        self.assertRecordValues(self.replies(), [{
            'kind': 'paid', 'reminder_id': False, 'customer_id': self.account.id}])

    def test_an_answer_to_an_agreement_is_about_its_items(self):
        """The proposal of a plan says: simply reply to this message."""
        young = self.invoice(70, due='2026-06-20')
        plan = self.env['ar.payment.plan'].create({
            'customer_id': self.account.id, 'number': 2, 'first_date': '2026-06-15',
            'line_ids': [Command.create({'move_line_id': self.items(young).id})]})
        for record in (plan, self.promise(young, '2026-06-20'), self.dispute(young, amount=20)):
            with self.subTest(record._name):
                message = record.message_post(
                    body="A word", message_type='comment', subtype_xmlid='mail.mt_comment')
                self.receive("We will pay on 30 June.", self.env['ar.reminder'].new(
                    {'message_id': message.id}))
                reply = self.replies()[-1]
                self.assertRecordValues(reply, [{
                    'kind': 'promise', 'reminder_id': False, 'customer_id': self.account.id,
                    'items_named': False, 'move_line_ids': self.items(young).ids}])
                self.assertIn(record.display_name, str(self.account.message_ids[0].body))

    def test_a_colleague_who_writes_by_mail_is_no_customer(self):
        reminder, _emails = self.remind()
        self.receive("We will pay on Friday.", reminder, sender=self.collector.email_formatted)
        self.assertFalse(self.replies())

    def test_an_unknown_sender_is_read(self):
        reply = self.answer("The goods have not been delivered yet.",
                            sender="Someone <someone@elsewhere.example.com>")
        self.assertRecordValues(reply, [{'kind': 'dispute', 'customer_id': self.account.id}])
        self.assertEqual(reply.reason_id, self.env.ref(
            'ar_collections.ar_dispute_reason_delivery'))

    def test_the_invoice_named_is_meant(self):
        other = self.invoice(70, due='2026-05-21')
        reply = self.answer(f"The price on invoice {other.name} is wrong.")
        self.assertEqual(reply.move_line_ids, self.items(other))
        self.assertTrue(reply.items_named)

    def test_a_reader_that_fails_loses_no_message(self):
        reminder, _emails = self.remind()
        with mute_logger('odoo.addons.ar_collections.models.desk.reply_incoming'), \
                self.patched_reader():
            self.receive("We will pay on Friday.", reminder)
        self.assertRecordValues(self.replies(), [{'kind': 'unknown', 'state': 'new'}])

    def patched_reader(self):
        return patch('odoo.addons.ar_collections.models.desk.reply_incoming.read_reply',
                     side_effect=ValueError("broken rule"))

    def test_queries_do_not_grow_with_the_number_of_open_items(self):
        reminder, _emails = self.remind()
        self.receive("We will pay on Friday.", reminder)
        self.env.invalidate_all()
        start = self.env.cr.sql_log_count
        self.receive("We will pay on Friday.", reminder)
        few = self.env.cr.sql_log_count - start
        for _number in range(15):
            self.invoice(10, due='2026-05-22')
        self.env.flush_all()
        self.env.invalidate_all()
        start = self.env.cr.sql_log_count
        self.receive("We will pay on Friday.", reminder)
        self.assertLessEqual(self.env.cr.sql_log_count - start, few + 5)


@tagged('post_install', '-at_install')
class TestReplyAccept(ReplyCommon):

    def test_a_promise_is_noted_with_one_click_and_suspends_the_ladder(self):
        reply = self.answer("We will pay EUR 60.00 on Friday.")
        self.assertEqual(reply.proposal, "Will pay €\xa060.00 on 06/05/2026".replace(
            "€\xa060.00", reply._format_amount()))
        reply.action_accept()
        self.assertRecordValues(reply.promise_id, [{
            'amount': 60, 'state': 'open', 'channel': 'email', 'reply_id': reply.id,
            'contact_id': self.buyer.id, 'user_id': self.collector.id}])
        self.assertEqual(str(reply.promise_id.promise_date), '2026-06-05')
        self.assertRecordValues(reply, [
            {'state': 'accepted', 'done_by_id': self.collector.id}])
        contact = self.env['ar.interaction'].search([('key', '=', f'reply:{reply.id}')])
        self.assertRecordValues(contact, [{
            'customer_id': self.account.id, 'kind': 'email', 'outcome': 'promise',
            'direction': 'in', 'promise_id': reply.promise_id.id,
            'contact_id': self.buyer.id}])
        run = self.run_dunning('2026-06-05')
        self.assertEqual(self.reasons(run), [('promised', 100)])

    def test_more_than_is_owed_opens_the_form(self):
        reply = self.answer("We will pay EUR 400.00 on Friday.")
        action = reply.action_accept()
        self.assertEqual(action['res_model'], 'ar.promise')
        self.assertEqual(action['context']['default_promise_date'], '2026-06-05')
        self.assertEqual(reply.state, 'new', "until the form is saved")

    def test_a_dispute_is_noted_with_one_click(self):
        reply = self.answer("The machine arrived damaged.")
        reply.action_accept()
        self.assertRecordValues(reply.dispute_id, [{'amount': 100, 'state': 'open'}])
        self.assertEqual(reply.dispute_id.reason_id, self.env.ref(
            'ar_collections.ar_dispute_reason_quality'))
        self.assertIn("damaged", reply.dispute_id.description)

    def test_an_item_in_an_open_promise_says_what_to_do(self):
        self.remind()
        self.promise(self.bill, '2026-06-03')
        reply = self.answer("We will pay on Friday.")
        with self.assertRaisesRegex(UserError, "open promise"):
            reply.action_accept()

    def test_said_to_be_paid_waits_then_comes_back(self):
        reply = self.answer("This invoice was paid on 27 May.")
        reply.action_accept()
        self.assertEqual(str(reply.wait_until), '2026-06-06')
        self.assertEqual(str(self.account.follow_up_date), '2026-06-07')
        later = self.run_dunning('2026-06-06')
        self.assertEqual(self.reasons(later), [('said_paid', 100)])
        self.assertEqual(len(self.run_dunning('2026-06-07').reminder_ids), 1)

    def test_an_unread_reply_holds_the_next_reminder_for_some_days(self):
        self.company.ar_reply_hold_days = 5
        self.answer("Hello, could you please call me?")
        self.assertEqual(self.reasons(self.run_dunning('2026-06-05')), [('reply', 100)])
        self.assertEqual(len(self.run_dunning('2026-06-06').reminder_ids), 1)

    def test_a_reply_withdraws_a_reminder_that_waits_in_the_queue(self):
        reminder, _emails = self.remind()
        self.run_dunning('2026-06-04')
        later = self.reminders()[-1]
        self.assertNotEqual(later, reminder)
        later._approve()
        self.send()
        self.company.ar_reply_hold_days = 5
        self.receive("Hello, could you please call me?", reminder)
        self.assertEqual(len(self.deliver()), 0)

    def test_an_automatic_answer_holds_nothing(self):
        self.company.ar_reply_hold_days = 5
        self.answer("I am out of the office until 14 June 2026.")
        self.assertEqual(len(self.run_dunning('2026-06-04').reminder_ids), 1)

    def test_no_days_no_hold(self):
        self.company.ar_reply_hold_days = 0
        self.answer("Hello, could you please call me?")
        self.assertEqual(len(self.run_dunning('2026-06-04').reminder_ids), 1)

    def test_out_of_office_plans_the_next_look(self):
        reply = self.answer("I am out of the office until 14 June 2026.")
        reply.action_accept()
        self.assertEqual(str(self.account.follow_up_date), '2026-06-15')
        self.assertEqual(reply.state, 'accepted')

    def test_a_new_address_gets_the_next_reminder_with_one_click(self):
        brown = self.customer("Mrs Brown", parent_id=self.buyer.id, email='brown@example.com')
        self.account.collections_contact_id = brown
        words = ("Please write to Accounts@buyer.example.com from now on, "
                 "Mrs Brown no longer works for our company.")
        reply = self.answer(words)
        self.assertIs(reply.action_accept(), True)
        contact = self.buyer.child_ids - brown
        self.assertRecordValues(contact, [{
            'email': 'accounts@buyer.example.com', 'lang': self.buyer.lang, 'type': 'contact',
            'commercial_partner_id': self.buyer.id}])
        self.assertEqual(self.account.collections_contact_id, contact)
        self.assertRecordValues(reply, [{'state': 'accepted', 'new_contact_id': contact.id}])
        self.assertFalse(self.account.activity_ids, "nothing is left to do")
        reminders = self.reminders()
        self.run_dunning('2026-07-20')
        self.assertEqual((self.reminders() - reminders).recipient_id, contact)
        # The same address again, of somebody found wrong in between: nobody is made twice.
        self.account.wrong_contact_ids = contact
        self.account.collections_contact_id = brown
        self.answer(words).action_accept()
        self.assertEqual(self.buyer.child_ids, brown | contact)
        self.assertEqual(self.account.collections_contact_id, contact)
        self.assertFalse(self.account.wrong_contact_ids)

    def test_a_wrong_person_without_an_address_opens_the_card(self):
        reply = self.answer("Mrs Brown no longer works for our company.")
        action = reply.action_accept()
        self.assertEqual((action['res_model'], action['res_id']), ('res.partner', self.buyer.id))
        self.assertIn("find the right one", self.account.activity_ids.summary)
        self.assertRecordValues(reply, [{'state': 'accepted', 'new_contact_id': False}])
        self.assertFalse(self.buyer.child_ids)

    def test_a_request_about_data_goes_to_a_person_within_a_month(self):
        reply = self.answer("Under the GDPR I ask you to delete my personal data.")
        reply.action_accept()
        self.assertEqual(str(self.account.activity_ids.date_deadline), '2026-07-01')

    def test_unclear_is_never_accepted_blindly(self):
        reply = self.answer("We will pay as soon as our own customer has paid us.")
        self.assertEqual(reply.kind, 'unknown')
        with self.assertRaises(UserError):
            reply.action_accept()
        reply.action_done()
        self.assertEqual(reply.state, 'other')
        reply.action_reopen()
        self.assertEqual(reply.state, 'new')

    def test_a_person_corrects_before_accepting(self):
        reply = self.answer("Hello, could you please call me?")
        reply.write({'kind': 'promise', 'date': '2026-06-10'})
        reply.action_accept()
        self.assertEqual(str(reply.promise_id.promise_date), '2026-06-10')

    def test_what_nobody_may(self):
        reply = self.answer("We will pay on Friday.")
        with self.assertRaises(AccessError):
            reply.write({'state': 'accepted'})
        with self.assertRaises(AccessError):
            reply.with_user(self.user('auditor')).action_accept()
        with self.assertRaises(AccessError):
            reply.with_user(self.user('own', 'stranger')).action_accept()
        with self.assertRaises(UserError):
            reply.unlink()
        reply.action_accept()
        with self.assertRaises(UserError):
            reply.write({'date': '2026-06-10'})

    def test_items_of_another_customer_are_no_items_of_a_reply(self):
        """Else anybody with a reply held the ladder of a customer whom they may not see."""
        reply = self.answer("This invoice was paid on 27 May.")
        stranger = self.invoice(50, due='2026-05-20', partner=self.customer("Stranger"))
        with self.assertRaisesRegex(ValidationError, "no receivable item of Buyer"):
            reply.move_line_ids = [Command.link(self.items(stranger).id)]

    def test_an_amount_in_one_currency_is_none_in_another(self):
        dollar = self.env.ref('base.USD')
        dollar.active = True
        other = self.invoice(900, due='2026-05-20', currency=dollar)
        reply = self.answer("We will pay EUR 60.00 on Friday.")
        reply.move_line_ids = self.items(self.bill | other)
        self.promise(self.bill, '2026-06-03')
        reply.action_accept()
        self.assertRecordValues(reply.promise_id, [{'currency_id': dollar.id, 'amount': 900}])

    def test_a_reply_of_another_customer_is_no_reason(self):
        reply = self.answer("We will pay on Friday.")
        other = self.customer("Other")
        bill = self.invoice(50, due='2026-05-20', partner=other)
        with self.assertRaises(UserError):
            self.env['ar.promise'].create({
                'customer_id': self.account_of(other).id, 'reply_id': reply.id, 'amount': 50,
                'promise_date': '2026-06-10',
                'line_ids': [Command.create({'move_line_id': self.items(bill).id})]})
