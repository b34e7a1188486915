import io

from odoo.tests import tagged
from odoo.tools import html2plaintext, mute_logger
from odoo.tools.pdf import PdfReader

from .common import CollectionsCommon


@tagged('post_install', '-at_install')
class TestSending(CollectionsCommon):
    """What leaves is today's truth, by a way that works, in the words of the recipient."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.bill = cls.invoice(100, due='2026-05-26')
        cls.second = cls.invoice(40, due='2026-05-25')

    def setUp(self):
        super().setUp()
        self.reminder = self.run_dunning('2026-06-01').reminder_ids

    def assertSent(self, claimed, items):
        self.send(self.reminder)
        self.assertEqual(self.reminder.state, 'queued')
        self.assertEqual(self.reminder.amount_claimed, claimed)
        self.assertEqual(
            sorted(self.reminder.line_ids.filtered(lambda x: x.kind != 'credit').mapped(
                'amount_residual')), items)

    # === THE LEDGER IS READ AGAIN === #

    def test_nothing_changed(self):
        self.assertSent(140, [40, 100])

    def test_a_paid_item_drops_out(self):
        self.pay(self.bill)
        self.assertSent(40, [40])

    def test_a_part_payment_is_subtracted(self):
        self.pay(self.bill, 60)
        self.assertSent(80, [40, 40])

    def test_a_new_credit_is_netted(self):
        self.credit_note(30, '2026-06-01')
        self.assertSent(110, [40, 100])
        self.assertEqual(self.reminder.amount_credit, 30)

    def test_an_item_excluded_meanwhile_drops_out(self):
        self.second.no_followup = True
        self.assertSent(100, [100])

    def test_an_item_blocked_meanwhile_drops_out(self):
        self.second.action_toggle_block_payment()
        self.assertSent(100, [100])

    def test_when_all_is_paid_nothing_leaves(self):
        self.pay(self.bill)
        self.pay(self.second)
        self.send(self.reminder)
        self.assertEqual(self.reminder.state, 'cancelled')
        self.assertIn("Nothing left to claim", self.reminder.reason)
        self.assertFalse(self.reminder.mail_id)

    def test_when_credits_cover_all_nothing_leaves(self):
        self.pay(self.buyer, 140)
        self.send(self.reminder)
        self.assertEqual(self.reminder.state, 'cancelled')

    def test_a_customer_put_on_stop_hears_nothing(self):
        self.account_of().dunning_stop = True
        self.send(self.reminder)
        self.assertEqual(self.reminder.state, 'cancelled')

    def test_the_mail_says_what_the_reminder_claims(self):
        self.pay(self.bill, 60)
        self.send(self.reminder)
        body = str(self.reminder.mail_id.body_html)
        self.assertIn(self.bill.name, body)
        self.assertIn("80.00", body)
        self.assertNotIn("140.00", body)

    # === THE WAY === #

    def test_the_collections_contact_receives_it(self):
        self.reminder._set_cancelled("again")
        invoicing = self.customer("Invoicing", parent_id=self.buyer.id, type='invoice')
        self.assertEqual(self.run_dunning('2026-06-01').reminder_ids.recipient_id, invoicing)
        self.reminders()[-1]._set_cancelled("again")
        other = self.customer("Collections", parent_id=self.buyer.id, type='other')
        self.account_of().collections_contact_id = other
        again = self.run_dunning('2026-06-01').reminder_ids
        self.assertEqual(again.recipient_id, other)
        self.send(again)
        self.assertEqual(again.mail_id.recipient_ids, other)

    def test_who_has_left_or_is_wrong_receives_nothing(self):
        left = self.customer("Left", parent_id=self.buyer.id)
        account = self.account_of()
        account.collections_contact_id = left
        self.assertEqual(account._get_statement_recipient(), left)
        account.wrong_contact_ids = left
        self.assertEqual(account._get_statement_recipient(), self.buyer)
        account.wrong_contact_ids = False
        left.active = False
        self.reminder._set_cancelled("again")
        reminder = self.run_dunning('2026-06-01').reminder_ids
        self.assertEqual(reminder.recipient_id, self.buyer)
        self.assertNotIn(left, reminder._get_candidates())
        self.assertEqual(account._get_statement_recipient(), self.buyer)

    def test_without_an_address_the_fallbacks_are_tried_in_order(self):
        self.reminder._set_cancelled("again")
        self.buyer.email = False
        level = self.ladder.level_ids[1]
        level.write({'fallback_channel': 'letter', 'second_fallback_channel': 'call'})
        for vals, channel in (
            ({}, 'task'), ({'phone': "+33 1 23 45 67 89"}, 'call'),
            ({'street': "1 rue Haute", 'city': "Paris"}, 'letter'),
            ({'email': "buyer@example.com"}, 'email'),
        ):
            self.buyer.write(vals)
            reminder = self.run_dunning('2026-06-01').reminder_ids
            self.assertEqual((reminder.channel, reminder.planned_channel), (channel, 'email'))
            reminder._set_cancelled("again")

    def test_at_the_end_of_all_channels_the_collector_gets_a_task(self):
        self.reminder._set_cancelled("again")
        self.buyer.email = False
        collector = self.user('collector')
        self.account_of().collector_id = collector
        reminder = self.run_dunning('2026-06-01').reminder_ids
        self.send(reminder)
        self.assertEqual(reminder.state, 'sent')
        activity = self.account_of().activity_ids
        self.assertEqual(activity.user_id, collector)
        self.assertIn(self.bill.name, str(activity.note))

    def test_without_a_collector_the_task_still_reaches_a_person(self):
        self.reminder._set_cancelled("again")
        self.buyer.email = False
        manager = self.user('manager')
        self.send(self.run_dunning('2026-06-01').reminder_ids)
        self.assertEqual(self.account_of().activity_ids.user_id, manager)

    def test_an_address_lost_since_the_proposal_finds_another_way(self):
        self.buyer.write({'email': False, 'phone': "+33 1 23 45 67 89"})
        self.ladder.level_ids[1].fallback_channel = 'call'
        self.send(self.reminder)
        self.assertEqual((self.reminder.channel, self.reminder.state), ('call', 'sent'))

    def test_a_call_is_an_activity_with_script_and_items(self):
        self.reminder._set_cancelled("again")
        self.ladder.level_ids[1].write(
            {'channel': 'call', 'call_script': "Ask for {{ object.partner_id.name }}."})
        self.buyer.phone = "+33 1 23 45 67 89"
        self.send(self.run_dunning('2026-06-01').reminder_ids)
        activity = self.account_of().activity_ids
        self.assertEqual(
            activity.activity_type_id, self.env.ref('mail.mail_activity_data_call'))
        self.assertIn("Ask for Buyer.", str(activity.note))
        self.assertIn(self.bill.name, str(activity.note))

    def test_an_sms_goes_through_the_queue_of_odoo_and_its_fate_comes_back(self):
        self.reminder._set_cancelled("again")
        self.ladder.level_ids[1].write(
            {'channel': 'sms', 'sms_body': "Please pay {{ object.amount_claimed }}"})
        self.buyer.phone = "+33 6 12 34 56 78"
        reminder = self.run_dunning('2026-06-01').reminder_ids
        self.send(reminder)
        self.assertEqual(reminder.state, 'queued')
        sms = self.env['sms.sms'].search([('mail_message_id', '=', reminder.message_id.id)])
        self.assertEqual((sms.state, sms.body), ('outgoing', "Please pay 140.0"))
        sms.sms_tracker_id._action_update_from_provider_error('sms_number_format')
        reminder._follow_sms()
        self.assertEqual(reminder.state, 'failed')

    def test_a_failed_one_tries_another_channel_with_one_click(self):
        self.send(self.reminder)
        self.reminder._set_failed("Mailbox full")
        self.buyer.write({'street': "1 rue Haute", 'city': "Paris"})
        self.reminder.with_user(self.user('collector')).action_other_channel()
        self.assertRecordValues(self.reminder, [{'state': 'approved', 'channel': 'letter'}])

    def test_a_call_follows_the_letter(self):
        self.ladder.level_ids[1].also_call = True
        self.send(self.reminder)
        self.assertFalse(self.account_of().activity_ids)
        self.deliver()
        self.assertEqual(self.account_of().activity_ids.activity_type_id,
                         self.env.ref('mail.mail_activity_data_call'))

    # === THE HOUR === #

    def test_nothing_leaves_before_the_opening_hour(self):
        self.reminder._set_cancelled("again")
        self.ladder.write({'hour_from': 9, 'hour_to': 17, 'saturday': False, 'sunday': False})
        self.go('2026-06-05', '20:00:00')
        reminder = self.env['ar.dunning.run']._run(self.company).reminder_ids
        self.assertEqual(str(reminder.send_after), '2026-06-08 07:00:00')
        self.assertFalse(self.send())
        self.go('2026-06-08', '07:00:00')
        self.send()
        self.assertEqual(reminder.state, 'queued')

    def test_hours_that_closed_since_put_it_off(self):
        self.ladder.write({'hour_from': 9, 'hour_to': 17})
        self.go('2026-06-01', '18:00:00')
        self.send()
        self.assertEqual(self.reminder.state, 'approved')
        self.assertEqual(str(self.reminder.send_after), '2026-06-02 07:00:00')

    # === THE WORDS === #

    def test_language_and_formats_are_the_recipients(self):
        self.env['res.lang']._activate_lang('fr_FR')
        self.env.ref('ar_collections.mail_template_ar_reminder_first').with_context(
            lang='fr_FR').subject = "Relance : {{ object.amount_claimed }}"
        contact = self.customer("Compta", parent_id=self.buyer.id, type='other', lang='fr_FR')
        self.reminder.recipient_id = contact
        self.send(self.reminder)
        self.assertIn("Relance", self.reminder.subject)
        self.assertIn("140,00", str(self.reminder.body))
        self.assertIn("26/05/2026", str(self.reminder.body))

    def test_every_ready_text_holds_what_an_accountant_looks_for(self):
        """Both ladders, by mail and on paper: the table, the total, where to pay, crossed payments.
        """
        self.env['res.partner.bank'].create({
            'acc_number': 'FR7630006000011234567890189',
            'partner_id': self.company.partner_id.id})
        token = self.bill._portal_ensure_token()
        for ladder in ('cautious', 'firm'):
            levels = self.env.ref(f'ar_collections.ar_dunning_policy_{ladder}').level_ids
            said = set()
            for level in levels:
                for channel in ('email', 'letter'):
                    if channel == 'email' and not level.mail_template_id:
                        continue
                    self.reminder.sudo().write({'level_id': level.id, 'channel': channel})
                    self.env.invalidate_all()
                    body = str(self.reminder.preview_body)
                    text = " ".join(html2plaintext(body).split())
                    for part in (
                            self.bill.name, "04/26/2026", "05/26/2026", "6", "100.00",
                            self.second.name, "05/25/2026", "7", "40.00", "140.00",
                            "FR76 3000 6000 0112 3456 7890 189"):
                        self.assertIn(part, text, (level.name, channel))
                    self.assertRegex(
                        text, "payment (has crossed|is already on its way)[^.]*disregard",
                        (level.name, channel))
                    self.assertNotRegex(body, r"{{|<t |object[.]", (level.name, channel))
                    if channel == 'email':
                        self.assertIn(token, body, "the page to pay on")
                        said.add((self.reminder.preview_subject, body.split("<table")[0]))
            self.assertEqual(len(said), len(levels), "each mail has its own words")

    def test_what_is_read_beforehand_is_what_leaves(self):
        before = str(self.reminder.preview_body)
        self.send(self.reminder)
        self.assertEqual(str(self.reminder.preview_body), str(self.reminder.body))
        self.assertIn(self.bill.name, before)

    def test_own_words_keep_a_live_table(self):
        self.reminder.action_edit_text()
        self.assertIn("[[items]]", self.reminder.custom_body)
        self.reminder.custom_body = "<p>As agreed on the phone.</p><p>[[items]]</p>"
        self.pay(self.bill, 60)
        self.send(self.reminder)
        body = str(self.reminder.body)
        self.assertIn("As agreed on the phone.", body)
        self.assertIn("80.00", body)
        self.assertNotIn("[[items]]", body)

    def test_a_template_that_raises_for_one_stops_nobody_else(self):
        other = self.customer("Other")
        self.invoice(70, due='2026-05-26', partner=other)
        self.run_dunning('2026-06-01')
        self.env.ref('ar_collections.mail_template_ar_reminder_first').subject = (
            "{{ object.partner_id.name if object.partner_id.name != 'Buyer' else 1 / 0 }}")
        with mute_logger('odoo.addons.mail.models.mail_render_mixin'):
            self.send()
        states = {r.partner_id.name: r.state for r in self.reminders()}
        self.assertEqual(states, {'Buyer': 'failed', 'Other': 'queued'})
        self.assertIn("could not be prepared", self.reminder.reason)
        self.assertTrue(self.reminder.line_ids, "nothing is lost")

    def test_history_stands_on_the_customer_and_on_each_invoice(self):
        self.send(self.reminder)
        for record in (self.account_of(), self.bill, self.second):
            self.assertIn(self.reminder.name, str(record.message_ids.mapped('body')), record)

    def test_history_of_several_messages_to_one_customer_is_complete(self):
        self.reminder._set_cancelled("again")
        self.ladder.grouping = 'invoice'
        run = self.run_dunning('2026-06-01')
        self.send()
        notes = str(self.account_of().message_ids.mapped('body'))
        for reminder in run.reminder_ids:
            self.assertIn(reminder.name, notes)

    def test_stored_invoices_are_attached_as_they_are(self):
        self.ladder.level_ids[1].attach_invoices = True
        legal = self.env['ir.attachment'].create({
            'name': "legal.pdf", 'raw': b"%PDF-legal", 'res_model': 'account.move',
            'res_id': self.bill.id, 'res_field': 'invoice_pdf_report_file',
            'mimetype': 'application/pdf'})
        self.bill.invalidate_recordset()
        self.assertEqual(self.bill.invoice_pdf_report_id, legal)
        self.send(self.reminder)
        attached = {a.name: a.raw for a in self.reminder.mail_id.attachment_ids}
        self.assertEqual(len(attached), 2)
        self.assertIn(b"%PDF-legal", attached.values())
        [printed] = [name for name, content in attached.items() if content != b"%PDF-legal"]
        self.assertIn(self.second.name.replace('/', '_'), printed)
        self.assertNotIn(b"proforma", attached[printed].lower().replace(b" ", b""))

    def test_the_statement_is_attached_when_the_level_wants_it(self):
        coming = self.invoice(77, due='2026-07-15', date='2026-05-20')
        foreign = self.invoice(55, due='2026-07-15', partner=self.customer("Other"))
        self.assertFalse(self.ladder.level_ids[1].attach_statement)
        self.assertFalse(self.reminder._get_documents())
        self.ladder.level_ids[1].attach_statement = True
        with self.allow_pdf_render():
            self.send(self.reminder.with_context(force_report_rendering=True))
        attachment = self.reminder.mail_id.attachment_ids
        self.assertEqual(
            (attachment.name, attachment.mimetype),
            ("Statement of account 2026-06-01.pdf", 'application/pdf'))
        pages = PdfReader(io.BytesIO(attachment.raw)).pages
        text = " ".join(" ".join(page.extract_text() for page in pages).split())
        # The whole account, also what is not due yet and so stands in no reminder.
        for move in self.bill + self.second + coming:
            self.assertIn(move.name, text)
        self.assertNotIn(coming.name, str(self.reminder.body))
        self.assertNotIn(foreign.name, text)
        self.assertIn("217.00", text, "100 + 40 + 77")

    def test_the_level_decides_on_payment_links(self):
        level = self.ladder.level_ids[1]
        level.payment_link = False
        self.assertNotIn('href', str(self.reminder.preview_body))
        self.assertFalse((self.bill + self.second).filtered('access_token'))
        level.payment_link = True
        self.send(self.reminder)
        body = str(self.reminder.body)
        for move in self.bill + self.second:
            self.assertTrue(move.access_token)
            self.assertIn(f'/my/invoices/{move.id}?access_token={move.access_token}', body)
        self.assertIn('/my/statement/link/', body)

    def test_the_scheduled_action_sends_and_sends_once(self):
        with self.enter_registry_test_mode():
            for _twice in range(2):
                self.env.ref('ar_collections.ir_cron_ar_reminder_send').method_direct_trigger()
        self.assertEqual(self.reminder.state, 'queued')
        self.assertEqual(self.env['mail.mail'].search_count(
            [('model', '=', 'ar.reminder'), ('res_id', '=', self.reminder.id)]), 1)

    def test_the_nightly_action_runs_for_those_who_want_it(self):
        self.reminder._set_cancelled("again")
        with self.enter_registry_test_mode():
            self.env.ref('ar_collections.ir_cron_ar_dunning_run').method_direct_trigger()
            self.assertEqual(len(self.reminders()), 1)
            self.company.ar_dunning_active = True
            for _twice in range(2):
                self.env.ref('ar_collections.ir_cron_ar_dunning_run').method_direct_trigger()
        self.assertEqual(len(self.reminders()), 2)
