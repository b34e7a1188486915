from datetime import date

from odoo.exceptions import UserError
from odoo.tests import tagged

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
