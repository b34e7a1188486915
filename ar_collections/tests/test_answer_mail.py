from odoo import Command
from odoo.exceptions import AccessError
from odoo.tests import Form, tagged
from odoo.tools import html2plaintext

from .test_door import DoorCommon


@tagged('post_install', '-at_install')
class TestAnswerMail(DoorCommon):
    """What a customer asked for is refused, or its dispute: it hears of it by e-mail, once."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.collector = cls.user('collector')

    def refuse(self, act, answer="Two parts, please:\nthe goods were <b>resold</b>.", **vals):
        """Answer by the dialogue, as a collector does; return the e-mails written."""
        action = act.with_user(self.collector).action_refuse()
        self.env[action['res_model']].with_user(self.collector).with_context(
            **action['context']).create({'answer': answer, **vals}).action_refuse()
        return self.env['ar.answer'].search([('act_id', 'in', act.ids)])

    def propose(self, **values):
        return self.submit(
            'instalments', items=self.ids(self.late), count='3', date='2026-06-15', **values)

    def uphold(self, dispute, answer):
        action = dispute.with_user(self.collector).action_uphold()
        self.env[action['res_model']].with_user(self.collector).with_context(
            **action['context']).create({
                'resolution': "They use it.", 'answer': answer}).action_settle()
        return self.env['ar.answer'].search([('dispute_id', '=', dispute.id)])

    def deliver_answers(self):
        with self.mock_smtplib_connection():
            self.env['mail.mail'].process_email_queue(
                email_ids=self.env['ar.answer'].search([]).mail_id.ids or [0])
        return self.emails

    def test_a_refused_proposal_is_told_once(self):
        act = self.propose()
        answer = self.refuse(act)
        self.assertRecordValues(answer, [{
            'state': 'queued', 'recipient_id': self.buyer.id, 'user_id': self.collector.id,
            'answer': act.answer, 'customer_id': self.account_of().id}])
        mail = answer.mail_id
        self.assertEqual(mail.subject, "Our answer to your proposal of 06/01/2026 - Our House")
        text = html2plaintext(mail.body_html)
        for words in (f"You proposed to pay {self.late.name} in 3 instalments",
                      "Two parts, please:", "the goods were <b>resold</b>.",
                      self.collector.name, "Our House"):
            self.assertIn(words, text)
        self.assertNotIn("<b>", mail.body_html, "what was typed is text")
        emails = self.deliver_answers()
        self.assertEqual([email['smtp_to_list'] for email in emails], [[self.buyer.email]])
        self.assertEqual((answer.state, act.answer_mail_state), ('sent', 'sent'))
        self.assertIn("Two parts", self.account_of().message_ids[0].body)
        self.assertFalse(self.deliver_answers())
        self.assertFalse(self.env['ar.answer']._answer(act), "nothing twice")

    def test_in_the_language_of_the_recipient(self):
        self.env['res.lang']._activate_lang('fr_FR')
        template = self.env.ref('ar_collections.mail_template_ar_answer')
        template.with_context(lang='fr_FR').subject = "{{ object.subject }} (réponse)"
        self.buyer.lang = 'fr_FR'
        mail = self.refuse(self.propose()).mail_id
        self.assertIn("01/06/2026", mail.subject)
        self.assertIn("(réponse)", mail.subject)
        self.assertIn("Bonjour,", html2plaintext(mail.body_html))

    def test_it_goes_to_whoever_asked_else_as_reminders_do(self):
        account = self.account_of()
        asking = self.customer("Asking", parent_id=self.buyer.id)
        account.collections_contact_id = self.customer("Paying", parent_id=self.buyer.id)
        act = self.propose()
        self.assertEqual(act._get_answer_recipient(), account.collections_contact_id)
        act.contact_id = asking
        self.assertEqual(act._get_answer_recipient(), asking)
        for vals in ({'active': False}, {'active': True, 'parent_id': self.stranger.id},
                     {'parent_id': self.buyer.id, 'email': False}):
            asking.write(vals)
            self.assertEqual(
                act._get_answer_recipient(), account.collections_contact_id, vals)
        asking.email = 'asking@example.com'
        action = act.with_user(self.collector).action_refuse()
        dialog = Form(self.env[action['res_model']].with_user(self.collector).with_context(
            **action['context']))
        dialog.answer = "No."
        self.assertEqual((dialog.by_mail, dialog.mail_hint), (True, asking.email_formatted))
        self.assertEqual(self.refuse(act).recipient_id, asking)

    def test_nothing_leaves_where_reminders_are_stopped_for_good(self):
        account = self.account_of()
        cases = {
            'stopped': lambda: account.write({'dunning_stop': True}),
            'insolvency': lambda: account.write(
                {'dunning_stop': False, 'insolvency_date': '2026-06-01'}),
            'legal': lambda: (
                account.write({'insolvency_date': False}),
                self.env['ar.legal.case'].create({
                    'customer_id': account.id, 'line_ids': [Command.create(
                        {'move_line_id': self.items(self.late).id})]})),
        }
        labels = dict(self.env['ar.dunning.skip']._fields['reason']._description_selection(
            self.env))
        for code, prepare in cases.items():
            act = self.propose()
            prepare()
            answer = self.refuse(act)
            self.assertRecordValues(answer, [{
                'state': 'cancelled', 'reason': labels[code], 'mail_id': False}])
            self.assertEqual(act.state, 'refused', "it stands on its pages all the same")

    def test_a_stop_that_comes_before_it_leaves(self):
        answer = self.refuse(self.propose())
        self.account_of().dunning_stop = True
        self.assertFalse(self.deliver_answers())
        self.assertEqual((answer.state, answer.mail_id.state), ('cancelled', 'cancel'))

    def test_without_an_address_who_answered_picks_up_the_phone(self):
        act = self.propose()
        self.buyer.email = False
        self.assertEqual(self.refuse(act).state, 'failed')
        self.assertEqual(act.activity_ids.user_id, self.collector)
        self.assertIn("Tell Buyer our answer", act.activity_ids.summary)
        answer = self.env['ar.answer'].search([('act_id', '=', act.id)])
        auditor = self.user('auditor')
        with self.assertRaises(AccessError):
            answer.with_user(auditor).action_retry()
        with self.assertRaises(AccessError):
            answer.with_user(self.collector).write({'state': 'sent'})
        self.buyer.email = 'found@example.com'
        answer.with_user(self.collector).action_retry()
        self.assertEqual(len(self.deliver_answers()), 1)
        self.assertEqual(answer.state, 'sent')

    def test_an_upheld_claim(self):
        dispute = self.submit(
            'dispute', items=self.ids(self.late), reason=str(self.reason.id),
            note="Broken").dispute_id
        answer = self.uphold(dispute, "It is in use.")
        self.assertIn(
            f"You disputed {self.late.name}", html2plaintext(answer.mail_id.body_html))
        self.assertNotIn("They use it", answer.mail_id.body_html, "that is ours")
        dispute.action_reopen()
        self.assertFalse(self.deliver_answers(), "there is no answer any more")
        self.assertEqual(answer.state, 'cancelled')
        self.assertEqual(self.uphold(dispute, "It is in use."), answer)
        self.assertEqual((len(self.deliver_answers()), answer.state), (1, 'sent'))
        dispute.action_reopen()
        self.uphold(dispute, "It is in use.")
        self.assertFalse(self.deliver_answers(), "the same words once")

    def test_only_when_wanted(self):
        self.assertFalse(self.refuse(self.propose(), by_mail=False))
        self.assertFalse(self.refuse(self.submit(
            'contact', name="X", email='x@example.com'), "No."), "that is our affair")
        self.assertFalse(self.refuse(self.submit(
            'copy', items=self.ids(self.old), note="x"), False), "no words, no e-mail")
        self.company.ar_answer_mail = False
        self.assertFalse(self.refuse(self.propose()))
