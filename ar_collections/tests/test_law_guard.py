from datetime import date

from odoo.exceptions import UserError
from odoo.tests import tagged
from odoo.tools import html2plaintext

from .law_common import LawCommon


@tagged('post_install', '-at_install')
class TestFreeNotice(LawCommon):
    """Nothing is charged before the free message of the law has left and its days have passed."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        for name in ('be', 'nl'):
            cls.env.ref(f'ar_collections.regime_{name}_consumer').action_confirm()
        # The Dutch rate is set by decree: any will do, as the cost is what is looked at.
        cls.env.ref('ar_collections.regime_nl_consumer').write(
            {'rate_kind': 'fixed', 'fixed_rate': 6})
        cls.ladder.level_ids.interest_mode = 'claim'

    def someone(self, country, **vals):
        partner = self.customer(
            f"Someone {country}", is_company=False,
            country_id=self.env.ref(f'base.{country}').id, street="Rue 1", city="Ville", **vals)
        self.account_of(partner).debtor_kind = 'consumer'
        return partner

    def words(self, reminder):
        return " ".join(html2plaintext(reminder.items_html).replace('\xa0', ' ').split())

    def notice(self, partner, day, channel='email'):
        """Let the button make the free notice on a day, and send it."""
        self.go(day)
        action = self.account_of(partner).action_free_notice()
        notice = self.env['ar.reminder'].browse(action['res_id'])
        if channel == 'letter':
            notice.channel = 'letter'
        notice._approve()
        if channel == 'letter':
            notice.sudo()._print_letters()
        else:
            self.send(notice)
            self.deliver()
        self.assertEqual(notice.state, 'sent')
        return notice

    def left_out(self, day):
        skips = self.run_dunning(day).skip_ids
        return [(skip.reason, str(skip.allowed_from), skip.lawful_step) for skip in skips]

    def test_belgian_consumer_by_email(self):
        """Book XIX: free, and 14 days from the day after the e-mail; 65 and 5 % above 500."""
        jan = self.someone('be')
        self.invoice(3650, due='2026-04-20', partner=jan)
        run = self.run_dunning('2026-05-11')
        self.assertFalse(run.reminder_ids)
        skip = run.skip_ids
        self.assertEqual((skip.reason, skip.lawful_step), ('free_notice', 'free_notice'))
        self.assertIn("lalibre.be", skip.law_source)
        self.assertEqual(skip.allowed_from, date(2026, 5, 26))
        preview = self.env['ar.dunning.preview'].create(
            {'company_id': self.company.id, 'date': '2026-05-11'})
        self.assertEqual(
            preview.skip_ids.mapped(lambda row: (row.reason, row.law_source, row.allowed_from)),
            [('free_notice', skip.law_source, skip.allowed_from)])
        notice = self.notice(jan, '2026-05-12')
        text = self.words(notice)
        for mention in ("free of charge", "14 calendar days", "day after this e-mail",
                        "222.50", "Goods", "04/20/2026", "Our House"):
            self.assertIn(mention, text)
        self.assertEqual(notice.free_until, date(2026, 5, 26))
        # The ladder has learned nothing from it.
        self.assertFalse(self.account_of(jan).dunning_level_id)
        self.assertEqual(self.left_out('2026-05-26'), [('free_days', '2026-05-27', 'wait')])
        # What an older run was told stays told.
        self.assertEqual(skip.reason, 'free_notice')
        run = self.night('2026-05-27')
        self.assertEqual(run.reminder_ids.state, 'sent')
        claim = self.env['ar.claim'].search([('customer_id', '=', self.account_of(jan).id)])
        self.assertEqual((claim.amount_interest, claim.amount_compensation), (0, 222.50))

    def test_belgian_consumer_by_letter(self):
        """From the third working day after posting: Ascension Day and the weekend do not count."""
        jan = self.someone('be')
        self.invoice(3650, due='2026-04-20', partner=jan)
        notice = self.notice(jan, '2026-05-12', 'letter')
        self.assertEqual(notice.free_until, date(2026, 5, 31))
        self.assertEqual(self.left_out('2026-05-31'), [('free_days', '2026-06-01', 'wait')])
        self.assertTrue(self.run_dunning('2026-06-01').reminder_ids)

    def test_dutch_consumer_hears_the_exact_cost(self):
        """15 % of the first 2,500 and 10 % of the next 1,150: 490, in the notice and the claim."""
        jan = self.someone('nl')
        self.invoice(3650, due='2026-04-20', partner=jan)
        self.assertEqual(self.left_out('2026-05-10'), [
            ('free_notice', '2026-05-25', 'free_notice')])
        text = self.words(self.notice(jan, '2026-05-10'))
        self.assertIn("490.00", text)
        self.assertEqual(self.amounts(jan, '2026-05-24')[0][3], 'wait')
        # Interest from the day after the notice: 15 days of 3,650 at 6 %.
        self.assertEqual(self.amounts(jan, '2026-05-25')[0][1:3], ('9.00', '490.00'))
        self.assertTrue(self.run_dunning('2026-05-25').reminder_ids)

    def test_a_later_item_needs_a_notice_of_its_own(self):
        jan = self.someone('be')
        self.invoice(3650, due='2026-04-20', partner=jan)
        self.notice(jan, '2026-05-12')
        self.invoice(100, due='2026-05-12', partner=jan)
        self.go('2026-06-01')
        self.assertEqual([row[3] for row in self.amounts(jan)], [None, 'notice'])
        run = self.run_dunning('2026-06-01')
        self.assertEqual(self.reasons(run), [('free_notice', 100)])
        self.assertNotIn("20.00 €", self.words(run.reminder_ids))

    def test_a_step_of_the_ladder_serves_as_the_notice_unless_it_is_spoken(self):
        jan, piet = self.someone('be'), self.someone('nl')
        self.ladder.level_ids.filtered(
            lambda level: level.offset_days == 5).interest_mode = 'notice'
        bill = self.invoice(3650, due='2026-05-20', partner=jan)
        self.invoice(3650, due='2026-05-20', partner=piet)
        run = self.run_dunning('2026-05-26')
        spoken = run.reminder_ids.filtered(lambda one: one.partner_id == piet)
        spoken.sudo().channel = 'call'
        self.send(run.reminder_ids)
        self.deliver()
        self.assertEqual(set(run.reminder_ids.mapped('state')), {'sent'})
        written = run.reminder_ids - spoken
        self.assertIn("free of charge", written.body)
        self.assertEqual((written.free_until, spoken.free_until), (date(2026, 6, 9), False))
        run = self.run_dunning('2026-06-10')
        self.assertEqual(run.reminder_ids.line_ids.move_id, bill)
        self.assertEqual(run.skip_ids.reason, 'free_notice')

    def test_businesses_and_silent_levels_are_not_held(self):
        self.invoice(3650, due='2026-04-20')
        jan = self.someone('be')
        self.invoice(3650, due='2026-04-20', partner=jan)
        self.ladder.level_ids.interest_mode = 'notice'
        run = self.run_dunning('2026-05-11')
        self.assertEqual(len(run.reminder_ids), 2)
        business = run.reminder_ids.filtered(lambda one: one.partner_id == self.buyer)
        self.assertEqual(business._get_late_texts(), [])
        with self.assertRaisesRegex(UserError, "No free notice is wanted"):
            business.sudo()._set_skipped("x")
            self.account_of().action_free_notice()

    def test_who_turns_out_to_be_a_consumer_is_judged_again_at_sending(self):
        jan = self.someone('be')
        account = self.account_of(jan)
        account.write({'debtor_kind': 'business'})
        self.invoice(3650, due='2026-04-20', partner=jan)
        reminder = self.run_dunning('2026-05-11').reminder_ids
        account.debtor_kind = 'consumer'
        self.assertIn("It will not leave", reminder.law_note)
        self.assertIn("lalibre.be", reminder.law_note)
        reminder.sudo()._set_approved()
        self.send(reminder)
        self.assertEqual(reminder.state, 'cancelled')
        self.assertIn("05/26/2026", reminder.reason)

    def test_where_only_a_formal_notice_helps_the_message_leaves_without_the_claim(self):
        hans = self.someone('de')
        self.invoice(3650, due='2026-04-20', partner=hans)
        reminder = self.run_dunning('2026-05-11').reminder_ids
        self.assertEqual(reminder._get_late_texts(), [])
        self.assertIn("leaves without late interest", reminder.law_note)
        self.assertIn("gesetze-in-app.de", reminder.law_note)
        self.assertEqual(self.account_of(hans).lawful_step, 'formal_notice')

    def test_one_notice_at_a_time_and_only_with_an_address(self):
        jan = self.someone('be')
        self.invoice(3650, due='2026-04-20', partner=jan)
        account = self.account_of(jan)
        account.action_lawful_step()
        with self.assertRaisesRegex(UserError, "not finished"):
            account.action_free_notice()
        account.reminder_ids.sudo()._set_skipped("x")
        jan.write({'email': False, 'street': False})
        with self.assertRaisesRegex(UserError, "enter an address"):
            account.action_free_notice()

    def test_the_customer_says_what_the_law_allows_today(self):
        jan = self.someone('be')
        self.invoice(3650, due='2026-04-20', partner=jan)
        account = self.account_of(jan)
        text = html2plaintext(account.law_today)
        self.assertIn("lalibre.be", text)
        self.assertIn("Lawful from 06/16/2026", text)
        self.assertEqual(account.lawful_step, 'free_notice')
        unknown = self.customer("Unknown", is_company=False, country_id=self.france.id)
        self.invoice(10, due='2026-04-20', partner=unknown)
        self.assertEqual(self.account_of(unknown).lawful_step, 'kind')
        # A French business: everything is lawful.
        self.invoice(10, due='2026-04-20')
        self.assertNotIn("Not today", html2plaintext(self.account_of().law_today))
        self.account_of().insolvency_date = '2026-05-25'
        self.assertIn("L622-21", html2plaintext(self.account_of().law_today))
        self.assertEqual(self.account_of().lawful_step, 'declare')
        run = self.run_dunning('2026-06-01')
        skip = run.skip_ids.filtered(lambda one: one.reason == 'insolvency')
        self.assertIn("L622-24", skip.law_source)
        self.assertEqual((skip.lawful_step, skip.allowed_from), ('declare', False))
        self.assertEqual(skip.action_lawful_step()['res_model'], 'ar.deadline')
