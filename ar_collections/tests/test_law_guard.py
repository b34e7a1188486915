from datetime import date

from odoo.exceptions import AccessError, UserError
from odoo.tests import Form, tagged
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

    def test_dutch_consumer_by_letter(self):
        """Fourteen days from the day after receipt; what the letter says is what is waited for."""
        jan = self.someone('nl')
        self.invoice(3650, due='2026-04-20', partner=jan)
        # Posted on a Tuesday: received on Monday the 18th, the third working day (Ascension Day).
        notice = self.notice(jan, '2026-05-12', 'letter')
        text = self.words(notice)
        for words in ("14 calendar days, counted from the day after you received this letter",
                      "received on working day number 3 after it was posted"):
            self.assertIn(words, text)
        self.assertEqual(notice.free_until, date(2026, 6, 1))
        self.assertEqual(self.left_out('2026-06-01'), [('free_days', '2026-06-02', 'wait')])
        self.assertEqual(self.amounts(jan, '2026-06-01')[0][3], 'wait')
        # Interest from the day after that receipt: fifteen days of 3,650 at 6 %.
        self.assertEqual(self.amounts(jan, '2026-06-02')[0][1:], ('9.00', '490.00', None))
        self.assertTrue(self.run_dunning('2026-06-02').reminder_ids)
        # A rule that counts from the posting says so, and waits for no other day.
        rule = self.env.ref('ar_collections.regime_nl_consumer')
        rule.write({'letter_receipt': False, 'letter_days': 0})
        self.assertIn("counted from the day after this letter was posted",
                      notice._get_free_days_text(self.env, rule))
        self.assertEqual(rule._get_last_free_day(date(2026, 5, 12), 'letter'), date(2026, 5, 26))

    def test_a_noted_receipt_takes_the_place_of_the_assumed_one(self):
        """Article 6:96 (6): fourteen days from the day after receipt; this letter took eight."""
        jan, piet = self.someone('nl'), self.someone('be')
        for partner in (jan, piet):
            self.invoice(3650, due='2026-04-20', partner=partner)
        belgian, notice = (self.notice(one, '2026-05-12', 'letter') for one in (piet, jan))
        self.go('2026-05-22')
        own = notice.with_user(self.user('collector', 'receipts')).with_context(
            tracking_disable=False)
        for day in ('2026-05-11', '2026-05-23'):
            with self.assertRaisesRegex(UserError, "received on that day or later"):
                own.free_received_on = day
        with self.assertRaisesRegex(UserError, "is history"):
            own.write({'free_received_on': '2026-05-20', 'free_until': '2026-05-19'})
        with self.assertRaisesRegex(UserError, "is history"):
            own.write({'free_received_on': '2026-05-20', 'recipient_id': own.partner_id.id})
        with self.assertRaisesRegex(UserError, "changes nothing"):
            belgian.with_user(own.env.user).free_received_on = '2026-05-20'
        with self.assertRaises(AccessError):
            notice.with_user(self.user('auditor', 'onlooker')).free_received_on = '2026-05-20'
        self.assertFalse(notice.free_received_on)
        with Form(own) as form:
            form.free_received_on = '2026-05-20'
        self.flush_tracking()
        [value] = notice.message_ids.tracking_value_ids
        self.assertEqual((value.field_id.name, str(value.new_value_datetime.date())),
                         ('free_received_on', '2026-05-20'))
        self.assertEqual(value.mail_message_id.author_id, own.env.user.partner_id)
        self.assertEqual(notice.free_until, date(2026, 6, 3))
        self.assertIn("06/03/2026", notice.law_note)
        self.assertEqual(self.amounts(jan, '2026-06-03')[0][3], 'wait')
        self.assertEqual(self.left_out('2026-06-03'), [('free_days', '2026-06-04', 'wait')])
        self.assertEqual(self.amounts(jan, '2026-06-04')[0][1:], ('9.00', '490.00', None))
        self.assertTrue(self.run_dunning('2026-06-04').reminder_ids)
        # Taken back, the rule counts as before: it was a mistake.
        own.free_received_on = False
        self.assertEqual(notice.free_until, date(2026, 6, 1))
        self.assertEqual(self.amounts(jan, '2026-06-02')[0][1:], ('9.00', '490.00', None))

    def flush_tracking(self):
        self.env.flush_all()
        self.env.cr.precommit.run()

    def costs(self, partner, day):
        """Return what the statement claims for the cost of collection, and on which invoices."""
        found = self.items_of(partner, day)
        return sum(claim.compensation for claim in found), len(
            [claim for claim in found if claim.compensation])

    def test_the_cost_that_a_dutch_notice_names_is_the_cost_that_is_claimed(self):
        """One notice, one sum (6:96): 2,600 give 385, and not 150 + 240. A later one its own."""
        jan = self.someone('nl')
        bills = [self.invoice(amount, due='2026-04-20', partner=jan) for amount in (1000, 1600)]
        self.assertIn("we may charge 385.00 €", self.words(self.notice(jan, '2026-05-10')))
        self.assertEqual(self.costs(jan, '2026-05-25'), (385, 2))
        self.invoice(1000, due='2026-05-15', partner=jan)
        self.go('2026-05-26')
        text = self.words(self.notice(jan, '2026-05-26'))
        self.assertIn("we may charge 150.00 €", text)
        self.assertEqual(self.costs(jan, '2026-06-10'), (535, 3))
        # Claimed in two parts it stays the sum that was named.
        self.go('2026-06-10')
        claims = self.env['ar.claim']
        for bill in bills:
            claims |= self.env['ar.claim']._prepare_for(
                self.account_of(jan), date(2026, 6, 10), moves=bill)
            claims[-1].with_user(self.boss).action_claim()
        self.assertEqual(sum(claims.mapped('amount_compensation')), 385)
        report = self.env['report.ar_collections.report_ar_claim']
        self.assertFalse(report._get_document(claims[0])['shared'], "one invoice")
        self.assertEqual(self.costs(jan, '2026-06-10'), (150, 1))

    def test_belgian_invoices_of_one_notice_owe_the_lower_of_two_readings(self):
        """Twice 1,000: 65 and 5 % of 1,500 are 140, twice 90 is 180. Twice 140: 40, not 43."""
        jan, piet = self.someone('be'), self.someone('be')
        for partner, amount, cost in ((jan, 1000, 140), (piet, 140, 40)):
            for _number in range(2):
                self.invoice(amount, due='2026-04-20', partner=partner)
            self.assertIn(f"{cost}.00", self.words(self.notice(partner, '2026-05-12')))
            self.assertEqual(self.costs(partner, '2026-05-27'), (cost, 2))

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

    def test_an_item_that_charges_nothing_yet_holds_nothing_back(self):
        """A lawful claim leaves, although a younger item stands beside it in the message."""
        jan = self.someone('be')
        self.ladder.level_ids.filtered(
            lambda level: level.offset_days < 10).interest_mode = 'none'
        old = self.invoice(3650, due='2026-04-20', partner=jan)
        self.night('2026-05-01')
        self.notice(jan, '2026-05-12')
        young = self.invoice(100, due='2026-06-01', partner=jan)
        self.go('2026-06-08')
        [reminder] = self.run_dunning('2026-06-08').reminder_ids
        self.assertEqual(reminder.line_ids.filtered(
            lambda line: line.kind == 'step').move_id, old | young)
        self.assertEqual(reminder.level_id.interest_mode, 'claim')
        self.assertFalse(reminder.law_note)
        # A rule under which interest does not wait by itself: the message does.
        rule = self.env.ref('ar_collections.regime_be_consumer')
        rule.free_reminders = 2
        self.assertTrue(reminder._get_refused_charges())
        rule.write({'free_reminders': 1, 'needs_notice': False})
        self.assertTrue(reminder._get_refused_charges())
        rule.needs_notice = True
        self.assertFalse(reminder._get_refused_charges())
        reminder.sudo()._set_approved()
        self.send(reminder)
        self.deliver()
        self.assertEqual(reminder.state, 'sent', reminder.reason)
        self.assertNotIn("20.00", self.words(reminder))

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

    def test_a_level_that_serves_as_the_notice_names_no_days_of_its_own(self):
        """The delivered second reminder asks for payment within 8 days, the first names none."""
        first, second = (self.env.ref(f'ar_collections.ar_dunning_level_cautious_p{days}')
                         for days in (5, 15))
        self.assertFalse(second.notice_term_warning)
        (first | second).interest_mode = 'notice'
        self.assertFalse(first.notice_term_warning)
        self.assertIn("“8 days”", second.notice_term_warning)

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

    def test_where_the_law_wants_no_notice_the_claim_leaves_at_once(self):
        """Austria: 4 %, § 1000 ABGB; Switzerland: 5 %, art. 104 OR; neither has a flat sum."""
        for country, amount in (('at', "8.40"), ('ch', "10.50")):
            partner = self.someone(country)
            self.invoice(3650, due='2026-04-20', partner=partner)
            self.run_dunning('2026-05-11')
            [reminder] = self.reminders(partner)
            self.assertIn(amount, " ".join(reminder._get_late_texts()))
            self.assertFalse(reminder.law_note)

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
