import re
from datetime import date

import polib

from odoo.exceptions import UserError
from odoo.tests import tagged
from odoo.tools import SQL, file_path, html2plaintext

from .legal_common import LegalCommon


@tagged('post_install', '-at_install')
class TestLegalLaw(LegalCommon):
    """What the law says to a case: whom its notice addresses, what is no longer demanded."""

    def person(self, name, code):
        person = self.customer(name, is_company=False, country_id=self.env.ref(f'base.{code}').id)
        self.account_of(person).debtor_kind = 'consumer'
        return person

    # === TEXT === #

    def test_the_kind_of_debtor_set_by_hand_decides_the_text(self):
        business = self.env.ref('ar_collections.ar_formal_notice_fr')
        consumer = self.env.ref('ar_collections.ar_formal_notice_fr_consumer')
        consumer.with_user(self.boss).action_confirm()
        # A company with a tax number, and nevertheless a consumer.
        account = self.account_of(self.buyer)
        case = self.case(self.invoice(100, due='2026-05-20'), user=self.clerk)
        self.assertEqual(case.notice_text_id, business)
        account.debtor_kind = 'consumer'
        self.assertEqual(case.notice_text_id, consumer)
        case.notice_text_id = business
        with self.assertRaisesRegex(UserError, "not written for consumers"):
            case.action_print_notice()
        self.assertFalse(case.notice_attachment_id)
        case.notice_text_id = consumer
        case.action_print_notice()
        # What was posted stays what it was.
        case.notice_sent_on = '2026-06-01'
        account.debtor_kind = 'business'
        self.assertEqual(case.notice_text_id, consumer)

    def letter(self, case):
        """Return what the notice says, as its reader sees it."""
        html, _kind = self.env['ir.actions.report']._render_qweb_html(
            'ar_collections.report_ar_formal_notice', case.ids)
        return " ".join(html2plaintext(html).replace('\xa0', ' ').split())

    def test_every_delivered_text_is_complete_and_prints_no_marker(self):
        texts = self.env['ar.formal.notice.text'].search([])
        found = {(text.country_id.code, text.debtor) for text in texts}
        for country in ('FR', 'BE', 'NL', 'DE', 'LU', 'ES', 'IT', 'IE', 'AT', 'CH', 'GB'):
            self.assertIn((country, 'business'), found)
        self.assertEqual(len(found), len(texts), "one text for each")
        # Nobody's counsel has read them: only the text that names the law's own words is on.
        self.assertEqual(texts.filtered(lambda text: text.state == 'confirmed'),
                         self.env.ref('ar_collections.ar_formal_notice_fr'))
        # The Belgian one names it.
        self.company.company_registry = '0477472701'
        for rule in ('nl_consumer', 'be_consumer'):
            self.env.ref(f'ar_collections.regime_{rule}').action_confirm()
        for text in texts:
            with self.subTest(text=text.name):
                self.assertTrue(text.content and text.source)
                partner = self.customer(text.name, country_id=text.country_id.id)
                self.account_of(partner).debtor_kind = text.debtor
                case = self.case(self.invoice(1000, due='2026-05-20', partner=partner))
                if text.state != 'confirmed':
                    self.assertFalse(case.notice_text_id)
                    with self.assertRaisesRegex(UserError, "reads and confirms"):
                        case._make_notice()
                    text.action_confirm()
                    case.notice_text_id = case._find_notice_text()
                self.assertEqual(case.notice_text_id, text)
                letter = self.letter(case)
                for words in ("1,000.00", case.line_ids.move_id.name, case.name,
                              self.company.name, f"{text.days}"):
                    self.assertIn(words, letter)
                for mark in ('[[', ']]'):
                    self.assertNotIn(mark, letter)

    def test_the_dutch_notice_names_the_exact_costs(self):
        """15 % of the first 2,500 and 10 % of the next, on the sum of all claims."""
        self.env.ref('ar_collections.ar_formal_notice_nl_consumer').action_confirm()
        jan = self.person("Jan", 'nl')
        case = self.case(self.invoice(1000, due='2026-05-20', partner=jan)
                         | self.invoice(1600, due='2026-05-20', partner=jan))
        with self.assertRaisesRegex(UserError, "names the costs of collection"):
            case.action_print_notice()
        self.assertFalse(case.notice_attachment_id)
        self.env.ref('ar_collections.regime_nl_consumer').action_confirm()
        case.action_print_notice()
        self.assertRegex(self.letter(case), "collection costs of .{0,3}385.00")
        # Fifteen days after its receipt that sum is claimed, shared among the invoices, no more.
        jan_account = self.account_of(jan)
        self.env.ref('ar_collections.regime_nl_consumer').write(
            {'rate_kind': 'fixed', 'fixed_rate': 6})
        case.write({'notice_sent_on': '2026-06-02', 'notice_received_on': '2026-06-05'})
        self.assertEqual(
            (str(jan_account.notice_date), jan_account.notice_channel), ('2026-06-05', 'received'))
        for day, reasons, total in (('2026-06-20', {'wait'}, 0), ('2026-06-21', {None}, 385)):
            claims = self.env['ar.interest.engine']._get_item_claims(
                jan_account, date.fromisoformat(day))
            self.assertEqual({claim.reason for claim in claims}, reasons, day)
            self.assertEqual(sum(claim.compensation for claim in claims), total, day)
        self.assertEqual([str(claim.compensation) for claim in claims], ['148.08', '236.92'])
        case.write({'notice_received_on': False, 'notice_sent_on': False})
        # What was paid meanwhile costs nothing; the scale has a minimum.
        self.pay(case.line_ids.move_id.sorted('amount_total')[1])
        self.pay(case.line_ids.move_id.sorted('amount_total')[0], 900)
        self.env.invalidate_all()
        self.assertRegex(self.letter(case), "collection costs of .{0,3}40.00")

    def test_a_text_with_an_unknown_marker_is_not_printed(self):
        self.env['res.lang']._activate_lang('fr_FR')
        text = self.env.ref('ar_collections.ar_formal_notice_fr')
        case = self.case(self.invoice(100, due='2026-05-20'))
        self.buyer.lang = 'fr_FR'
        for field, wrong in (('body', "<p>[[amount]] [[items]] [[ cost ]]</p>"),
                             ('body', "<p>[[<b>amount</b>]] [[amount]] [[items]]</p>"),
                             ('body', "<p>[[amount]] only</p>"), ('subject', "[[montant]]")):
            with self.assertRaises(UserError), self.env.cr.savepoint():
                text.with_context(lang='fr_FR')[field] = wrong
            # Translations are loaded past this form: the letter itself refuses as well.
            before = text.with_context(lang='fr_FR')[field]
            with self.assertRaises(UserError), self.env.cr.savepoint():
                self.env.flush_all()
                self.env.cr.execute(SQL(
                    "UPDATE ar_formal_notice_text SET %s = %s || jsonb_build_object('fr_FR', %s)"
                    " WHERE id = %s", SQL.identifier(field), SQL.identifier(field), wrong,
                    text.id))
                self.env.invalidate_all()
                case._make_notice()
            self.env.invalidate_all()
            self.assertEqual(text.with_context(lang='fr_FR')[field], before)

    def test_every_translation_has_the_markers_of_its_text(self):
        """What a translation loses is not printed."""
        entries = [entry for entry in polib.pofile(file_path('ar_collections/i18n/fr.po'))
                   if '[[' in entry.msgid and entry.msgstr]
        self.assertTrue(entries)
        for entry in entries:
            found, wanted = (sorted(re.findall(r'\[\[.*?\]\]', words))
                             for words in (entry.msgstr, entry.msgid))
            self.assertEqual(found, wanted, entry.msgid)

    def test_a_country_without_a_text_is_refused(self):
        far = self.customer("Far", country_id=self.env.ref('base.us').id)
        nowhere = self.customer("Nowhere", country_id=False)
        for partner, words in ((far, "none is delivered"), (nowhere, "has no country")):
            self.account_of(partner).debtor_kind = 'business'
            case = self.case(self.invoice(100, due='2026-05-20', partner=partner))
            self.assertFalse(case.notice_text_id)
            with self.assertRaisesRegex(UserError, words):
                case.action_print_notice()
            # The contract may be under another law: a person chooses its text.
            case.notice_text_id = self.env.ref('ar_collections.ar_formal_notice_fr')
            case.action_print_notice()
            self.assertTrue(case.notice_attachment_id)

    def test_a_public_body_gets_no_text_of_a_business(self):
        self.account_of(self.buyer).debtor_kind = 'public'
        case = self.case(self.invoice(100, due='2026-05-20'), user=self.clerk)
        self.assertFalse(case.notice_text_id)
        with self.assertRaisesRegex(UserError, "No confirmed text"):
            case.action_print_notice()

    # === INTEREST === #

    def interest(self, partner, day):
        return [(f'{claim.interest:.2f}', claim.reason)
                for claim in self.env['ar.interest.engine']._get_item_claims(
                    self.account_of(partner), date.fromisoformat(day))]

    def test_interest_and_tiers_count_with_the_tax(self):
        """C-585/20. 1,000 and 20 % bear on 1,200; 900 pounds and 20 % reach the next tier."""
        self.taxed(1000, due='2026-01-31')
        [claim] = self.env['ar.interest.engine']._get_item_claims(
            self.account_of(self.buyer), date(2026, 3, 2))
        self.assertEqual(claim.statement.segments[0].base, 1200)
        # 1,200 at 12.15 % for 30 days.
        self.assertEqual(str(claim.interest), '11.98')
        pound = self.env.ref('base.GBP')
        pound.active = True
        debtor = self.customer("London", country_id=self.env.ref('base.uk').id)
        self.account_of(debtor).regime_id = self.env.ref('ar_collections.regime_uk_business')
        for rate, tier in ((0, 40), (20, 70)):
            bill = self.taxed(900, rate=rate, due='2026-01-31', partner=debtor, currency=pound)
            [claim] = self.env['ar.interest.engine']._get_item_claims(
                self.account_of(debtor), date(2026, 3, 2), moves=bill)
            self.assertEqual((claim.statement.principal, claim.compensation),
                             (900 + 9 * rate, tier))

    def test_a_received_notice_lets_interest_run(self):
        hans = self.person("Hans", 'de')
        account = self.account_of(hans)
        case = self.case(self.invoice(3650, due='2026-01-31', partner=hans), user=self.clerk)
        case.write({'notice_tracking': '1A 123', 'notice_sent_on': '2026-02-26'})
        self.assertEqual(self.interest(hans, '2026-03-12'), [('0.00', 'notice')])
        case.notice_received_on = '2026-03-02'
        # 1.27 + 5 = 6.27 % for ten days of 3,650.
        self.assertEqual(self.interest(hans, '2026-03-12'), [('6.27', None)])
        self.assertEqual(account.notice_channel, 'letter')
        # A mistake in the day is corrected on the customer as well.
        case.notice_received_on = '2026-03-07'
        self.assertEqual(str(account.notice_date), '2026-03-07')
        case.notice_received_on = False
        self.assertFalse(account.notice_date or account.notice_channel)
        # What a person has noted stays.
        account.notice_date = '2026-02-15'
        case.notice_received_on = '2026-03-02'
        self.assertEqual(str(account.notice_date), '2026-02-15')

    def test_a_letter_whose_days_the_law_counts_goes_by_its_posting(self):
        rule = self.env.ref('ar_collections.regime_be_consumer')
        rule.letter_days = 3
        rule.action_confirm()
        jan = self.person("Jan", 'be')
        case = self.case(self.invoice(3650, due='2026-04-01', partner=jan), user=self.clerk)
        case.write({'notice_sent_on': '2026-05-12', 'notice_received_on': '2026-05-15'})
        self.assertEqual(str(self.account_of(jan).notice_date), '2026-05-12')

    def test_a_notice_about_a_part_is_left_to_a_person(self):
        hans = self.person("Hans", 'de')
        first = self.invoice(3650, due='2026-01-31', partner=hans)
        second = self.invoice(100, due='2026-02-10', partner=hans)
        case = self.case(first, user=self.clerk)
        case.write({'notice_sent_on': '2026-02-26', 'notice_received_on': '2026-03-02'})
        self.assertFalse(self.account_of(hans).notice_date)
        self.assertIn("items not in this case: 1", case.message_ids[0].body)
        # It was not late by then: the notice need not name it.
        self.items(second).date_maturity = '2026-03-02'
        case.notice_received_on = False
        case.notice_received_on = '2026-03-02'
        self.assertEqual(str(self.account_of(hans).notice_date), '2026-03-02')

    # === WHAT IS NO LONGER DEMANDED === #

    def test_after_an_insolvency_the_claim_is_declared(self):
        invoice = self.invoice(100, date='2026-04-20', due='2026-05-20')
        later = self.case(self.invoice(50, date='2026-05-25', due='2026-05-28'), user=self.clerk)
        case = self.case(invoice, user=self.clerk)
        self.assertFalse(case.pursuit_warning)
        self.account_of(self.buyer).insolvency_date = '2026-05-10'
        self.env.invalidate_all()
        self.assertIn("L622-24", case.pursuit_warning)
        with self.assertRaisesRegex(UserError, "declare the claim"):
            case.action_print_notice()
        for target in ('agency', 'court'):
            with self.assertRaisesRegex(UserError, "declare the claim"):
                self.hand_over(case, target, court="Nantes")
        self.assertEqual(case.stage, 'notice')
        self.hand_over(case, 'lawyer')
        self.assertEqual(case.stage, 'lawyer')
        self.assertTrue([m for m in case.message_ids if "L622-24" in (m.body or '')])
        # What was invoiced after the judgment is paid as it falls due.
        self.assertFalse(later.pursuit_warning)
        later.action_print_notice()
        self.assertTrue(later.notice_attachment_id)

    def test_a_claim_moved_to_the_doubtful_account_is_as_old_as_its_invoice(self):
        """The entry that moves it is dated after the judgment: the usual order of things."""
        invoice = self.invoice(100, date='2026-04-20', due='2026-05-20')
        self.invoice(30, date='2026-05-20', due='2026-05-25')
        account = self.account_of(self.buyer)
        account.insolvency_date = '2026-05-10'
        Deadline = self.env['ar.deadline']
        transfer = self.to_doubtful(invoice)
        Deadline._build(self.company)
        clock = Deadline.search([
            ('customer_id', '=', account.id), ('kind', '=', 'insolvency_claim')])
        self.assertEqual((clock.amount, clock.state), (100.0, 'open'))
        moved = transfer.line_ids.doubtful_line_id
        self.assertEqual(
            self.env['account.move.line'].search(list(clock._get_items_domain())), moved)
        self.assertIn("L622-21", html2plaintext(account.law_today))
        # Half of it paid, the rest comes back as an item of its own: no reminder of that either.
        payment = self.pay(self.buyer, 40, '2026-06-01')
        line = payment.move_id.line_ids.filtered(lambda one: one.account_id == self.receivable)
        payment.move_id.button_draft()
        line.account_id = self.doubtful
        payment.move_id.with_user(self.accountant).action_post()
        (moved | payment.move_id.line_ids.filtered(
            lambda one: one.account_id == self.doubtful)).reconcile()
        transfer.with_user(self.boss).action_back()
        transfer.back_move_id.action_post()
        back = self.items(transfer.back_move_id)
        self.assertEqual(back.amount_residual, 60)
        Deadline._build(self.company)
        self.assertEqual((clock.amount, clock.state), (60.0, 'open'))
        run = self.run_dunning('2026-06-10')
        self.assertEqual(run.reminder_ids.line_ids.mapped('amount_residual'), [30.0])
        self.assertIn(('insolvency', 60.0), self.reasons(run))

    def test_no_plan_for_what_must_be_declared(self):
        invoice = self.invoice(100, date='2026-04-20', due='2026-05-20')
        account = self.account_of(self.buyer)
        plan = self.env['ar.payment.plan'].create({
            'customer_id': account.id, 'currency_id': self.company.currency_id.id,
            'line_ids': [(0, 0, {'move_line_id': self.items(invoice).id})],
            'instalment_ids': [(0, 0, {'due_date': '2026-07-01', 'amount': 100})]})
        account.insolvency_date = '2026-05-25'
        with self.assertRaisesRegex(UserError, "L622-24"):
            plan.action_submit()
        account.insolvency_date = False
        plan.action_submit()
        account.insolvency_date = '2026-05-25'
        for act in (plan.action_send, plan.action_signed_on_paper):
            with self.assertRaisesRegex(UserError, "L622-24"):
                act()

    def test_a_disputed_item_is_told_in_the_case(self):
        invoice = self.invoice(100, date='2026-04-20', due='2026-05-20')
        case = self.case(invoice, user=self.clerk)
        self.assertFalse(case.pursuit_warning)
        account = self.account_of(self.buyer)
        self.assertNotIn("Disputed", html2plaintext(account.law_today))
        self.env['ar.dispute'].create({
            'customer_id': account.id, 'currency_id': self.company.currency_id.id,
            'reason_id': self.env.ref('ar_collections.ar_dispute_reason_price').id,
            'line_ids': [(0, 0, {'move_line_id': self.items(invoice).id, 'amount': 40})]})
        self.env.invalidate_all()
        for words in (invoice.name, "disputed", "Settle the dispute first", "2011/7/EU"):
            self.assertIn(words, case.pursuit_warning)
        case.action_print_notice()
        self.assertTrue([m for m in case.message_ids if "2011/7/EU" in (m.body or '')])
        self.assertIn(f"Disputed: {invoice.name}", html2plaintext(account.law_today))
        self.assertEqual(account.lawful_step, 'settle')

    def test_a_barred_claim_is_told_and_a_consumer_is_not_asked(self):
        self.company.country_id = self.france
        case = self.case(self.invoice(100, date='2021-04-20', due='2021-05-20'), user=self.clerk)
        case.action_print_notice()
        self.env.invalidate_all()
        self.assertIn("prescription passed on 05/20/2026", case.pursuit_warning)
        self.assertIn("L110-4", case.pursuit_warning)
        self.assertTrue([m for m in case.message_ids if "L110-4" in (m.body or '')])
        self.hand_over(case)
        self.assertEqual(case.stage, 'agency')
        jean = self.person("Jean", 'fr')
        self.env.ref('ar_collections.ar_formal_notice_fr_consumer').action_confirm()
        case = self.case(
            self.invoice(100, date='2024-04-20', due='2024-05-20', partner=jean), user=self.clerk)
        self.assertTrue(case.notice_text_id)
        for act in (case.action_print_notice, lambda: self.hand_over(case)):
            with self.assertRaisesRegex(UserError, "L218-2"):
                act()
        self.assertFalse(case.notice_attachment_id)
        # Something interrupted it: it may be demanded again.
        self.env['ar.limitation.act'].create({
            'customer_id': case.customer_id.id, 'kind': 'acknowledgement', 'date': '2025-05-01',
            'item_ids': [(6, 0, case.line_ids.move_line_id.ids)]}).action_confirm()
        case.action_print_notice()
        self.assertTrue(case.notice_attachment_id)
