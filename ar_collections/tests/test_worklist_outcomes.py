from odoo.exceptions import UserError
from odoo.tests import tagged

from .worklist_common import OutcomeCommon


@tagged('post_install', '-at_install')
class TestOutcomes(OutcomeCommon):
    """Each outcome does the next thing by itself and takes the customer off until its date."""

    def test_a_second_click_does_nothing_more(self):
        customer = self.account_of()
        token = self.env['ar.worklist'].with_user(self.collector).load_customer(
            customer.id)['token']
        items = self.items(self.bill).ids
        values = {'date': '2026-06-05', 'item_ids': items}
        first = self.click(outcome='promise', user=self.collector, token=token, **values)
        second = self.click(outcome='promise', user=self.collector, token=token, **values)
        self.assertEqual((first['again'], second['again']), (False, True))
        self.assertEqual(first['interaction_id'], second['interaction_id'])
        self.assertEqual(len(customer.promise_ids), 1)
        self.assertEqual(len(self.contacts()), 1)

    def test_no_answer_comes_back_and_proposes_another_way(self):
        # Monday, then Tuesday, then Wednesday: the third call in a row.
        for number, (day, again) in enumerate((
                ('2026-06-01', '2026-06-02'), ('2026-06-02', '2026-06-03'),
                ('2026-06-03', '2026-06-08')), start=1):
            self.go(day)
            self.assertTrue(self.row(), day)
            self.assertEqual(self.click(user=self.collector)['next_date'], again)
            self.assertFalse(self.row())
            self.assertEqual(self.account_of()._get_tries(), number)
        self.assertEqual(self.activities().user_id, self.collector)
        self.assertIn("write an e-mail", self.activities().summary)
        self.buyer.write({'email': False, 'street': "1 Road", 'city': "Lyon"})
        self.assertEqual(self.account_of()._get_other_way(), "send a letter")

    def test_friday_comes_back_on_monday(self):
        self.go('2026-06-05')
        self.assertEqual(self.click()['next_date'], '2026-06-08')

    def test_a_public_holiday_is_no_working_day(self):
        self.env['resource.calendar.leaves'].create({
            'name': "Holiday", 'company_id': self.company.id,
            'calendar_id': self.company.resource_calendar_id.id,
            'date_from': '2026-06-01 22:00:00', 'date_to': '2026-06-02 21:59:59'})
        self.assertEqual(self.click()['next_date'], '2026-06-03')

    def test_call_back_on_the_day_agreed(self):
        self.assertEqual(
            self.click(outcome='call_back', date='2026-06-11')['next_date'], '2026-06-11')
        self.assertFalse(self.row())
        for date in ('2026-05-31', False):
            with self.assertRaises(UserError):
                self.click(outcome='call_back', date=date)

    def test_a_promise_stops_the_ladder_and_comes_back_after_its_deadline(self):
        answer = self.click(
            outcome='promise', user=self.collector, date='2026-06-05', amount=600,
            item_ids=self.items(self.bill).ids, note="The director")
        promise = self.account_of().promise_ids
        self.assertRecordValues(promise, [{
            'amount': 600, 'state': 'open', 'user_id': self.collector.id, 'channel': 'call'}])
        self.assertEqual(answer['next_date'], '2026-06-08')
        self.assertEqual(self.contacts().promise_id, promise)
        self.assertFalse(self.run_dunning('2026-06-02').reminder_ids)
        self.go('2026-06-08')
        promise._follow()
        self.assertEqual({part['code'] for part in self.row().parts},
                         {'money', 'broken', 'follow_up'})
        # Broken is what was broken over the last 90 days.
        for day, counts in (('2026-09-05', True), ('2026-09-06', False)):
            self.go(day)
            self.assertEqual('broken' in {part['code'] for part in self.row().parts}, counts)

    def test_a_promise_kept_brings_nobody_back(self):
        self.click(outcome='promise', date='2026-06-05', item_ids=self.items(self.bill).ids)
        self.pay(self.bill, date='2026-06-04')
        self.env['ar.customer']._refresh(self.company)
        self.go('2026-06-10')
        self.assertFalse(self.row())

    def test_a_dispute_is_opened_with_its_reason(self):
        reason = self.env.ref('ar_collections.ar_dispute_reason_price')
        self.click(outcome='dispute', user=self.collector, reason_id=reason.id,
                   item_ids=self.items(self.bill).ids, note="10 % too much")
        dispute = self.account_of().dispute_ids
        self.assertRecordValues(dispute, [{'reason_id': reason.id, 'amount': 1000}])
        self.assertEqual(self.bill.payment_state, 'not_paid', "“blocked” would survive payment")
        # What is noted about a call is ours; the customer reads its disputes on its own page.
        [shown] = self.env['ar.door'].sudo()._read_disputes(self.account_of())
        self.assertNotIn("too much", str(shown))
        self.assertIn("10 % too much", dispute.message_ids.mapped('body')[0])
        self.assertEqual(self.contacts().dispute_id, dispute)
        with self.assertRaises(UserError):
            self.click(outcome='dispute', item_ids=self.items(self.bill).ids)

    def test_a_part_is_disputed_and_the_rest_is_still_asked_for(self):
        reason = self.env.ref('ar_collections.ar_dispute_reason_price').id
        other = self.invoice(300, due='2026-05-10')
        for amount, moves in ((50, self.bill | other), (1000.01, self.bill)):
            with self.assertRaises(UserError), self.cr.savepoint():
                self.click(outcome='dispute', reason_id=reason, amount=amount,
                           item_ids=self.items(moves).ids)
        answer = self.click(outcome='dispute', user=self.collector, reason_id=reason, amount=100,
                            item_ids=self.items(self.bill).ids)
        self.assertEqual(self.account_of().dispute_ids.amount, 100)
        self.go(answer['next_date'])
        self.assertEqual(self.row().amount, 1200)
        data = self.env['ar.worklist'].with_user(self.collector).load_customer(
            self.account_of().id)
        [part, whole] = data['items']
        self.assertEqual(
            (part['residual'], part['claim'], whole['claim']), (1000, 900, 300))
        self.assertRegex(part['state'], r"^.*100\.00.* disputed: ")
        self.assertEqual(data['defaults']['item_ids'], [part['id'], whole['id']])
        # Nobody promises what they dispute.
        self.click(outcome='promise', user=self.collector, date='2026-06-12',
                   item_ids=data['defaults']['item_ids'])
        self.assertEqual(self.account_of().promise_ids.amount, 1200)

    def test_off_the_list_until_its_day_although_more_is_overdue(self):
        """A second invoice nobody spoke about is overdue: the customer still gets its peace."""
        other = self.invoice(300, due='2026-05-10')
        reason = self.env.ref('ar_collections.ar_dispute_reason_price')
        for outcome, values, eve, day in (
                ('dispute', {'reason_id': reason.id}, '2026-06-05', '2026-06-06'),
                ('paid', {'date': '2026-06-12'}, '2026-06-11', '2026-06-12')):
            with self.subTest(outcome=outcome):
                self.assertTrue(self.row())
                answer = self.click(outcome=outcome, user=self.collector,
                                    item_ids=self.items(self.bill).ids, **values)
                self.assertEqual(answer['next_date'], day)
                self.assertFalse(self.row())
                self.assertFalse(self.work(self.collector))
                self.go(eve)
                self.assertFalse(self.row())
                self.go(day)
                self.assertEqual(
                    self.row().amount, 300 if outcome == 'dispute' else 1300)
                self.account_of().dispute_ids._settle('withdrawn', "A mistake")
        self.assertTrue(other.amount_residual)

    def test_a_wrong_contact_is_taken_off(self):
        contact = self.customer("Gone", parent_id=self.buyer.id, type='invoice', phone='123')
        customer = self.account_of()
        customer.collections_contact_id = contact
        self.click(outcome='wrong_contact', user=self.collector, contact_id=contact.id)
        self.assertFalse(customer.collections_contact_id)
        self.assertEqual(customer.wrong_contact_ids, contact)
        self.assertEqual(self.activities().activity_type_id, self.env.ref(
            'ar_collections.mail_activity_type_clean_up'))
        self.run_dunning('2026-06-01')
        self.assertEqual(self.reminders().recipient_id, self.buyer)
        names = [row['name'] for row in self.env['ar.worklist'].load_customer(
            customer.id)['contacts']]
        self.assertNotIn("Gone", names)

    def test_a_wrong_address_makes_a_task(self):
        contact = self.customer("Moved", parent_id=self.buyer.id, type='invoice')
        self.account_of().collections_contact_id = contact
        self.run_dunning('2026-06-01')
        self.assertEqual(self.reminders().recipient_id, contact)
        self.click(outcome='wrong_address', user=self.collector, contact_id=contact.id)
        self.assertIn("Wrong address: correct the card of Buyer, Moved", self.activities().summary)
        self.assertFalse(self.row())
        # Nothing is sent there until its card is put right, not even what was ready.
        self.send()
        self.assertEqual(self.reminders().recipient_id, self.buyer)

    def test_each_outcome_comes_back_on_the_day_of_the_settings(self):
        self.company.write({
            'ar_no_answer_days': 2, 'ar_spoken_days': 4, 'ar_clean_up_days': 9,
            'ar_said_paid_days': 11})
        for outcome, eve, day in (
                ('no_answer', '2026-06-02', '2026-06-03'), ('spoken', '2026-06-04', '2026-06-05'),
                ('escalate', '2026-06-04', '2026-06-05'), ('paid', '2026-06-11', '2026-06-12'),
                ('wrong_contact', '2026-06-09', '2026-06-10'),
                ('wrong_address', '2026-06-09', '2026-06-10')):
            with self.subTest(outcome=outcome):
                answer = self.click(outcome=outcome, item_ids=self.items(self.bill).ids)
                self.assertEqual(answer['next_date'], day)
                self.go(eve)
                self.assertFalse(self.row())
                self.go(day)
                self.assertEqual(self.row().amount, 1000)
                self.go('2026-06-01')
                self.contacts().action_undo()

    def test_escalation_goes_to_the_manager(self):
        boss = self.user('manager', 'boss')
        self.company.ar_escalation_user_id = boss
        self.click(outcome='escalate', user=self.collector, note="He laughs at us")
        self.assertEqual(self.activities().user_id, boss)
        self.assertIn("He laughs at us", self.activities().summary)
        self.assertFalse(self.row())

    def test_what_is_added_to_an_escalation_reaches_the_manager(self):
        boss = self.user('manager', 'boss', lang='en_US')
        self.company.ar_escalation_user_id = boss
        answer = self.click(outcome='escalate', user=self.collector)
        self.assertIn("Buyer", self.activities().summary)
        contact = self.contacts().with_user(self.collector)
        self.assertEqual(contact.id, answer['interaction_id'])
        contact.write({'note': "He laughs at us"})
        self.assertRecordValues(self.activities(), [{
            'user_id': boss.id,
            'summary': f"Escalated by {self.collector.name}: He laughs at us"}])
        self.activities().action_done()
        contact.write({'note': "Twice"})
        self.assertFalse(self.activities())

    def test_a_collector_of_own_customers_may_do_it_all(self):
        own = self.user('own', 'outcome_own')
        self.account_of().collector_id = own
        items = self.items(self.bill).ids
        reason = self.env.ref('ar_collections.ar_dispute_reason_price')
        for outcome, values in (
            ('no_answer', {}), ('spoken', {}), ('call_back', {'date': '2026-06-09'}),
            ('wrong_contact', {}), ('wrong_address', {}), ('escalate', {}),
            ('paid', {'item_ids': items}),
            ('promise', {'item_ids': items, 'date': '2026-06-09'}),
            ('dispute', {'item_ids': items, 'reason_id': reason.id}),
        ):
            self.assertFalse(self.click(user=own, outcome=outcome, **values)['again'], outcome)
        self.assertEqual(len(self.contacts()), 9)
        said = self.contacts().filtered(lambda row: row.outcome == 'paid').with_user(own)
        said.action_ask_proof()
        self.assertTrue(said.proof_asked_at)

    def test_the_guide_fits_what_happened(self):
        def guide():
            return self.env['ar.worklist'].load_customer(self.account_of().id)['guides'][0]
        self.assertEqual(guide()['name'], "Second call")
        self.assertIn("1,000.00", guide()['text'])
        self.assertIn("30 days", guide()['text'])
        self.click(outcome='no_answer')
        self.assertEqual(guide()['name'], "Not reached last time")
        self.go('2026-07-20')
        self.click(outcome='spoken')
        self.assertEqual(guide()['name'], "Long overdue")
        own = self.env['ar.call.guide'].create({
            'name': "Ours", 'sequence': 1, 'body': "{customer} {unknown} {0.__class__}",
            'company_id': self.company.id})
        self.assertEqual(guide()['text'], "Buyer {unknown} {0.__class__}")
        own.min_days = 1000
        self.assertEqual(guide()['name'], "Long overdue")
        # For a level: shown to those who stand on it.
        level = self.ladder.level_ids[0]
        own.write({'min_days': 0, 'level_ids': level.ids})
        self.assertEqual(guide()['name'], "Long overdue")
        customer = self.account_of()
        customer.sudo().dunning_level_id = level
        self.assertEqual(own._get_guide(customer, {'situations': {'any'}, 'days': 79}), own)

    def test_the_script_of_the_level_speaks_with_the_figures(self):
        def said():
            data = self.env['ar.worklist'].with_user(self.collector).load_customer(
                self.account_of().id)
            return [(guide['name'], guide['text']) for guide in data['guides']]
        policy = self.policy([(5, 'approve', {'call_script': "First"}), (20, 'approve', {
            'call_script': "Ask {{ object.partner_id.name }} for {{ object.amount_text }}, late "
                           "by {{ object.days_overdue }} days."}), (60, 'approve')],
            catch_up='age')
        self.assertEqual([name for name, _text in said()], ["Second call"], "no policy: the guide")
        self.company.ar_dunning_policy_id = policy
        # The next level of an item 30 days late: the one that its age has reached.
        [(name, text)] = said()
        self.assertEqual(name, "Level +20")
        self.assertRegex(text, r"^Ask Buyer for .*1,000\.00.*, late by 30 days\.$")
        # The level of the reminder that waits, then of the one that has left.
        for reminder in self.run_dunning('2026-06-01').reminder_ids:
            self.assertEqual(said()[0][0], reminder.level_id.name)
            waiting, reminder.level_id = reminder.level_id, policy.level_ids[0]
            self.assertEqual(said()[0], ("Level +5", "First"), "whatever comes next")
            reminder.level_id = waiting
            reminder._approve()
        self.send()
        self.deliver()
        self.env['ar.customer']._refresh(self.company)
        self.assertEqual(said()[0][0], "Level +20")
        self.assertFalse(self.env['ar.reminder'].search([('state', '=', 'proposed')]))
        # What the last contact asks for comes after it.
        self.click(outcome='no_answer')
        self.assertEqual([name for name, _text in said()], ["Level +20", "Not reached last time"])
        # In the language of whoever calls.
        self.env['res.lang']._activate_lang('fr_FR')
        policy.level_ids[1].with_context(lang='fr_FR').call_script = (
            "Demandez {{ object.amount_text }}.")
        self.collector.lang = 'fr_FR'
        # The spaces within the amount do not break the line.
        self.assertRegex(said()[0][1], "^Demandez 1[\\xa0\\u202f]000,00[\\xa0\\u202f]€\\.$")
        # A level without a script: today's guide.
        policy.level_ids.call_script = False
        self.assertEqual([name for name, _text in said()], ["Not reached last time"])
