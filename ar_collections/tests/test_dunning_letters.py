import io

from odoo.exceptions import UserError
from odoo.tests import tagged
from odoo.tools.pdf import PdfReader

from .common import CollectionsCommon


@tagged('post_install', '-at_install')
class TestLetters(CollectionsCommon):
    """One document for the batch in postal order, one for each customer."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.ladder.level_ids[1].write({
            'channel': 'letter', 'execution': 'approve', 'letter_body': "<p>Dear Sir,</p>"})
        for name, code, town in (("Zoe", '69001', "Lyon"), ("Ann", '13001', "Marseille"),
                                 ("Bob", '13001', "Marseille")):
            partner = cls.customer(name, street="1 rue Haute", zip=code, city=town,
                                   country_id=cls.env.ref('base.fr').id)
            # Zoe owes fifty instalments: more than fits on a page.
            terms = [(day, 2) for day in range(1, 51)] if name == "Zoe" else [(1, 100)]
            cls.invoice(5000, date='2026-03-01', partner=partner, terms=terms)
        cls.collector = cls.user('collector')

    def setUp(self):
        super().setUp()
        self.letters = self.run_dunning('2026-06-01').reminder_ids

    def words(self, *pages):
        return " ".join(" ".join(page.extract_text() for page in pages).split())

    def test_letters_wait_for_the_batch_and_are_not_sent_by_the_night(self):
        self.letters._approve()
        self.assertFalse(self.send())
        self.assertEqual(set(self.letters.mapped('state')), {'approved'})

    def test_only_approved_letters_are_printed(self):
        with self.assertRaises(UserError):
            self.letters.with_user(self.collector).action_print_letters()

    def test_paid_ones_are_not_printed(self):
        self.letters._approve()
        ann = self.letters.filtered(lambda r: r.partner_id.name == "Ann")
        self.pay(ann.line_ids.move_id)
        self.letters.with_user(self.collector).action_print_letters()
        self.assertEqual((ann.state, len(self.letters.batch_id.reminder_ids)), ('cancelled', 2))

    def test_a_real_batch_is_in_postal_order_and_cut_for_the_customers(self):
        self.letters._approve()
        letters = self.letters.with_context(force_report_rendering=True)
        with self.allow_pdf_render():
            action = letters.action_print_letters()
        batch = self.letters.batch_id
        self.assertIn(str(batch.attachment_id.id), action['url'])
        self.assertEqual(set(self.letters.mapped('state')), {'sent'})
        self.assertEqual(batch.letter_count, 3)
        merged = PdfReader(io.BytesIO(batch.attachment_id.raw))
        text = self.words(*merged.pages)
        places = [text.index(f"{name} 1 rue Haute") for name in ("Ann", "Bob", "Zoe")]
        self.assertEqual(places, sorted(places), "by postcode, then by name")
        pages = {}
        for reminder in self.letters:
            single = PdfReader(io.BytesIO(reminder.attachment_id.raw))
            pages[reminder.partner_id.name] = len(single.pages)
            first = self.words(single.pages[0])
            self.assertIn(reminder.partner_id.name, first)
            self.assertIn(self.company.name, first, "the sender stands in the body")
            self.assertEqual(reminder.attachment_id.res_model, 'ar.customer')
        self.assertEqual(sum(pages.values()), len(merged.pages))
        self.assertGreater(pages["Zoe"], 1, "fifty items need a second page")
        self.assertEqual((pages["Ann"], pages["Bob"]), (1, 1))

    def test_copies_are_named_on_the_letter_and_get_it_as_pdf(self):
        seller, boss = self.user('sales_team.group_sale_salesman', 'seller'), self.user('manager')
        self.company.ar_escalation_user_id = boss
        self.ladder.level_ids[1].write({'copy_salesperson': True, 'copy_manager': True})
        ann = self.letters.filtered(lambda r: r.partner_id.name == "Ann")
        ann.partner_id.user_id = seller
        self.assertIn(seller.name, ann.copy_names, "in the preview")
        ann._approve()
        with self.allow_pdf_render():
            ann.with_context(force_report_rendering=True).with_user(
                self.collector).action_print_letters()
        text = self.words(*PdfReader(io.BytesIO(ann.attachment_id.raw)).pages)
        self.assertIn(f"Copy to: {seller.name}, {boss.name}", text)
        self.assertEqual(ann.copy_ids, (seller | boss).partner_id)
        mail = self.env['mail.mail'].search([('res_id', '=', ann.customer_id.id),
                                             ('model', '=', 'ar.customer')])
        self.assertRecordValues(mail, [{
            'recipient_ids': ann.copy_ids.ids, 'attachment_ids': ann.attachment_id.ids,
            'state': 'outgoing'}])
        self.assertIn(ann.name, mail.body_html)
        with self.mock_smtplib_connection():
            mail.send()
        self.assertEqual({one['smtp_to_list'][0] for one in self.emails}, {
            seller.email_normalized, boss.email_normalized})
        self.assertEqual(ann.state, 'sent')

    def test_the_text_is_kept_as_printed(self):
        self.letters._approve()
        self.letters.action_print_letters()
        self.ladder.level_ids[1].letter_body = "<p>Other words</p>"
        self.assertIn("Dear Sir", str(self.letters[0].preview_body))

    def test_letters_of_two_companies_are_not_mixed(self):
        other = self.make_company("Other House")
        self.letters._approve()
        self.letters[0].company_id = other
        with self.assertRaises(UserError):
            self.letters.action_print_letters()

    def test_printing_twice_prints_once(self):
        self.letters._approve()
        self.letters.action_print_letters()
        with self.assertRaises(UserError):
            self.letters.action_print_letters()

    def test_snailmail_gets_each_letter_and_its_refusal_turns_the_reminder_red(self):
        # Odoo installs Snailmail by itself wherever Discuss is.
        self.company.ar_letter_sending = 'snailmail'
        self.letters._approve()
        with self.allow_pdf_render():
            self.letters.with_context(force_report_rendering=True).action_print_letters()
        posted = self.env['snailmail.letter'].search([
            ('model', '=', 'ar.reminder'), ('res_id', 'in', self.letters.ids)])
        self.assertEqual(len(posted), len(self.letters))
        for letter in posted:
            reminder = self.letters.browse(letter.res_id)
            self.assertRecordValues(letter, [{
                'partner_id': reminder.recipient_id.id, 'company_id': self.company.id,
                'attachment_id': reminder.attachment_id.id, 'state': 'pending',
                'message_id': reminder.message_id.id}])
        good, bad, _other = self.letters
        # A street is what Snailmail checks before it asks its server: nothing leaves this machine.
        refused = posted.filtered(lambda letter: letter.res_id == bad.id)
        refused.street = False
        refused._snailmail_print()
        self.assertEqual(refused.state, 'error')
        with self.enter_registry_test_mode():
            self.env.ref('ar_collections.ir_cron_ar_reminder_send').method_direct_trigger()
        self.env.invalidate_all()
        self.assertEqual((good.state, bad.state), ('sent', 'failed'))
        self.assertIn("address of the recipient is not complete", bad.reason)
