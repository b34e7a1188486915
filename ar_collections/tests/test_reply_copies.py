import polib

from odoo.fields import Command
from odoo.tests import tagged
from odoo.tools import file_path, html2plaintext

from .test_reply import ReplyCommon


@tagged('post_install', '-at_install')
class TestCopies(ReplyCommon):

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.seller = cls.user('sales_team.group_sale_salesman', 'seller')
        cls.boss = cls.user('manager', 'boss')
        cls.buyer.user_id = cls.seller
        cls.company.ar_escalation_user_id = cls.boss
        cls.director = cls.customer("Director", parent_id=cls.buyer.id, lang=False)
        cls.account.escalation_contact_id = cls.director
        cls.ladder.level_ids.filtered(lambda level: level.offset_days == 5).write({
            'copy_salesperson': True, 'copy_manager': True, 'copy_escalation': True})

    def test_one_message_with_everybody_on_it(self):
        reminder = self.run_dunning('2026-06-01').reminder_ids
        for email in ("seller@", "boss@", "director@"):
            self.assertIn(email, reminder.copy_names, "in the preview")
        self.send()
        emails = self.deliver()
        self.assertEqual(len(emails), 1)
        message = emails[0]['message']
        for person in (self.seller.partner_id, self.boss.partner_id, self.director):
            self.assertIn(person.email, message)
        self.assertIn(self.buyer.email, message)
        self.assertEqual(set(emails[0]['smtp_to_list']), {
            self.buyer.email, self.director.email, self.seller.email, self.boss.email})
        self.assertEqual(
            reminder.copy_ids, self.seller.partner_id | self.boss.partner_id | self.director)
        self.assertEqual(reminder.state, 'sent')

    def test_a_copy_that_comes_back_is_no_reminder_that_comes_back(self):
        reminder, _emails = self.remind()
        reminder._message_receive_bounce(self.boss.email, self.boss.partner_id)
        self.assertEqual(reminder.state, 'sent')
        self.assertIn(self.boss.email, self.account.message_ids[0].body)
        reminder._message_receive_bounce(self.buyer.email, self.buyer)
        self.assertEqual(reminder.state, 'failed')

    def test_the_recipient_gets_no_copy_of_its_own(self):
        self.account.escalation_contact_id = self.buyer
        reminder = self.run_dunning('2026-06-01').reminder_ids
        self.assertNotIn("buyer@", reminder.copy_names)

    def test_without_a_salesperson_of_the_customer_those_of_the_invoices(self):
        other = self.user('sales_team.group_sale_salesman', 'other')
        self.bill.invoice_user_id = other
        reminder = self.run_dunning('2026-06-01').reminder_ids
        self.assertIn("seller@", reminder.copy_names)
        self.assertNotIn("other@", reminder.copy_names)
        self.buyer.user_id = False
        reminder.invalidate_recordset(['copy_names'])
        self.assertIn("other@", reminder.copy_names)
        self.assertNotIn("seller@", reminder.copy_names)

    def test_without_a_manager_for_escalations_whoever_approves(self):
        self.company.ar_escalation_user_id = False
        self.company.ar_approver_id = self.user('manager', 'approver')
        reminder = self.run_dunning('2026-06-01').reminder_ids
        self.assertIn("approver@", reminder.copy_names)

    def test_a_level_without_copies(self):
        self.ladder.level_ids.write({
            'copy_salesperson': False, 'copy_manager': False, 'copy_escalation': False})
        reminder, emails = self.remind()
        self.assertFalse(reminder.copy_names)
        self.assertEqual(emails[0]['smtp_to_list'], [self.buyer.email])


@tagged('post_install', '-at_install')
class TestThanks(ReplyCommon):

    def thanks(self):
        self.env['ar.thanks']._thank(self.company)
        return self.env['ar.thanks'].search([('company_id', '=', self.company.id)])

    def break_promise(self):
        promise = self.promise(self.bill, '2026-06-02')
        self.go('2026-06-10')
        promise._follow()
        self.assertEqual(promise.state, 'broken')

    def deliver_thanks(self):
        with self.mock_smtplib_connection():
            self.env['mail.mail'].process_email_queue(
                email_ids=self.env['ar.thanks'].search([]).mail_id.ids or [0])
        return self.emails

    def test_once_after_a_broken_promise(self):
        self.company.ar_thanks = True
        self.break_promise()
        self.pay(self.bill, date='2026-06-10')
        thanks = self.thanks()
        self.assertRecordValues(thanks, [{'amount': 100, 'cause': 'promise', 'state': 'queued'}])
        self.assertEqual(len(self.thanks()), 1, "once per payment")
        self.assertEqual(
            thanks.with_user(self.user('collector', 'thankful')).action_view_payment()['res_id'],
            thanks.payment_line_id.move_id.id)
        emails = self.deliver_thanks()
        self.assertEqual(len(emails), 1)
        self.assertIn("100.00", emails[0]['message'])
        self.assertEqual(thanks.state, 'sent')
        self.assertEqual(len(self.deliver_thanks()), 0)

    def test_in_the_language_of_the_recipient(self):
        """The French words as they are delivered, with what they place."""
        self.env['res.lang']._activate_lang('fr_FR')
        template = self.env.ref('ar_collections.mail_template_ar_thanks')
        delivered = {entry.msgid: entry.msgstr for entry in polib.pofile(
            file_path('ar_collections/i18n/fr.po'))}
        for field in ('subject', 'body_html'):
            [words] = [told for said, told in delivered.items()
                       if said.strip() == str(template[field]).strip()]
            template.with_context(lang='fr_FR')[field] = words
        self.company.ar_thanks = True
        self.buyer.lang = 'fr_FR'
        self.break_promise()
        self.pay(self.bill, date='2026-06-10')
        mail = self.thanks().mail_id
        text = " ".join(html2plaintext(mail.body_html).replace('\xa0', ' ').split())
        self.assertEqual(mail.subject, "Merci de votre paiement - Our House")
        for words in ("Bonjour,", "Nous avons bien reçu votre paiement de",
                      "100,00 €", "Plus rien n'est échu", "Cordialement,", "Our House"):
            self.assertIn(words, text)
        self.assertNotIn("t-out", mail.body_html)
        self.assertEqual(len(self.deliver_thanks()), 1)

    def test_after_the_last_level(self):
        self.company.ar_thanks = True
        for day in ('2026-05-26', '2026-06-05', '2026-06-20'):
            self.night(day)
        self.assertEqual(self.reminders()[-1].level_id.offset_days, 30)
        self.pay(self.bill, date='2026-06-20')
        self.assertEqual(self.thanks().cause, 'reminder')

    def test_not_when_something_else_is_overdue_nor_when_nothing_was_serious(self):
        self.company.ar_thanks = True
        other = self.invoice(50, due='2026-06-01')
        self.break_promise()
        self.pay(self.bill, date='2026-06-10')
        self.assertFalse(self.thanks())
        self.pay(other, date='2026-06-10')
        self.assertEqual(len(self.thanks()), 1)
        easy = self.invoice(20, due='2026-06-09')
        self.pay(easy, date='2026-06-10')
        self.assertEqual(len(self.thanks()), 1)

    def test_the_policy_decides_over_the_company(self):
        self.break_promise()
        self.pay(self.bill, date='2026-06-10')
        self.assertFalse(self.thanks())
        self.ladder.thanks = 'yes'
        self.assertEqual(len(self.thanks()), 1)

    def test_an_old_payment_is_no_news(self):
        self.company.ar_thanks = True
        self.break_promise()
        self.pay(self.bill, date='2026-06-10')
        for day, number in (('2026-06-18', 0), ('2026-06-17', 1)):
            self.go(day)
            self.assertEqual(len(self.thanks()), number, day)

    def test_a_payment_undone_before_it_leaves(self):
        self.company.ar_thanks = True
        self.break_promise()
        self.pay(self.bill, date='2026-06-10')
        thanks = self.thanks()
        self.bill.line_ids.remove_move_reconcile()
        self.assertEqual(len(self.deliver_thanks()), 0)
        self.assertEqual((thanks.state, thanks.mail_id.state), ('cancelled', 'cancel'))

    def test_one_entry_with_the_cheques_of_two_customers(self):
        """One deposit, two customers: the second broke the unique key, and every thank-you."""
        self.company.ar_thanks = True
        second = self.customer("Second")
        bill = self.invoice(70, due='2026-05-20', partner=second)
        more = self.invoice(100, due='2026-05-20')
        promises = self.promise(self.bill | more, '2026-06-02') | self.promise(bill, '2026-06-02')
        self.go('2026-06-10')
        promises._follow()
        lines = [(self.buyer, 100), (self.buyer, 100), (second, 70)]
        deposit = self.env['account.move'].create({
            'move_type': 'entry', 'date': '2026-06-10', 'journal_id': self.journal('bank').id,
            'line_ids': [
                *(Command.create({
                    'account_id': partner.property_account_receivable_id.id,
                    'partner_id': partner.id, 'balance': -amount}) for partner, amount in lines),
                Command.create({
                    'account_id': self.journal('bank').default_account_id.id, 'balance': 270})]})
        deposit.action_post()
        for partner, moves in ((self.buyer, self.bill | more), (second, bill)):
            (self.items(moves) | deposit.line_ids.filtered(
                lambda line, partner=partner: line.partner_id == partner)).reconcile()
        self.assertEqual(
            sorted((one.partner_id.name, one.amount, one.state) for one in self.thanks()),
            [("Buyer", 200, 'queued'), ("Second", 70, 'queued')])
        self.assertEqual(len(self.thanks()), 2, "once per customer and payment")

    def test_the_scheduled_action_runs_twice(self):
        self.company.ar_thanks = True
        self.break_promise()
        self.pay(self.bill, date='2026-06-10')
        cron = self.env.ref('ar_collections.ir_cron_ar_thanks')
        for _twice in range(2):
            with self.enter_registry_test_mode():
                cron.method_direct_trigger()
        self.assertEqual(self.env['ar.thanks'].search_count(
            [('company_id', '=', self.company.id)]), 1)
