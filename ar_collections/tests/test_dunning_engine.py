from datetime import date, timedelta

from odoo import fields
from odoo.tests import tagged

from .common import CollectionsCommon


@tagged('post_install', '-at_install')
class TestLadder(CollectionsCommon):
    """Which item gets which level on which day."""

    def each_day(self, start, end):
        day, last = fields.Date.to_date(start), fields.Date.to_date(end)
        while day <= last:
            self.night(str(day))
            day += timedelta(days=1)

    def test_the_cautious_ladder_speaks_on_its_five_days(self):
        """Maturity 30 June: 27/06, 05/07, 15/07, 30/07 and 29/08, never the day beside."""
        ladder = self.env.ref('ar_collections.ar_dunning_policy_cautious').copy({
            'saturday': True, 'sunday': True, 'hour_from': 0, 'hour_to': 24})
        self.account_of().policy_id = ladder
        self.buyer.write({'street': "1 rue Haute", 'zip': '75001', 'city': "Paris"})
        self.invoice(1000, due='2026-06-30')
        expected = [
            ('2026-06-27', -3, 1000.0, 'sent'), ('2026-07-05', 5, 1000.0, 'sent'),
            ('2026-07-15', 15, 1000.0, 'sent'), ('2026-07-30', 30, 1000.0, 'sent')]
        for around in ('2026-06-27', '2026-07-05', '2026-07-15', '2026-07-30', '2026-08-29'):
            day = fields.Date.to_date(around)
            self.each_day(day - timedelta(days=1), day + timedelta(days=1))
        self.assertReminders([*expected, ('2026-08-29', 60, 1000.0, 'approved')])
        self.assertEqual(self.reminders()[-1].channel, 'letter')

    def test_offsets_count_from_the_maturity_of_each_instalment(self):
        self.invoice(1000, date='2026-05-01', terms=[(30, 40), (60, 60)])
        self.night('2026-06-05')
        self.assertReminders([('2026-06-05', 5, 400.0, 'sent')])
        waiting = self.night('2026-06-28')
        self.assertEqual(self.reasons(waiting), [('one_message', 600)])
        self.night('2026-06-29')
        self.assertReminders([
            ('2026-06-05', 5, 400.0, 'sent'), ('2026-06-28', 15, 400.0, 'sent'),
            ('2026-06-29', -3, 600.0, 'sent')])

    def test_one_step_per_run_even_after_a_long_silence(self):
        self.invoice(100, due='2026-06-01')
        self.night('2026-06-06')
        self.night('2026-07-20')
        self.night('2026-07-21')
        self.night('2026-07-22')
        self.assertReminders([
            ('2026-06-06', 5, 100.0, 'sent'), ('2026-07-20', 15, 100.0, 'sent'),
            ('2026-07-21', 30, 100.0, 'sent')])

    def test_an_old_item_starts_at_the_first_overdue_level(self):
        self.invoice(100, due='2026-02-01')
        self.night('2026-06-01')
        self.assertReminders([('2026-06-01', 5, 100.0, 'sent')])

    def test_or_at_the_level_of_its_age(self):
        self.ladder.catch_up = 'age'
        self.invoice(100, due='2026-05-15')
        self.night('2026-06-01')
        self.night('2026-06-02')
        self.assertReminders([('2026-06-01', 15, 100.0, 'sent')])

    def test_before_the_due_date_nobody_hears_of_a_later_level(self):
        self.invoice(100, due='2026-06-10')
        for day in ('2026-06-06', '2026-06-07', '2026-06-08', '2026-06-10', '2026-06-11'):
            self.night(day)
        self.assertReminders([('2026-06-07', -3, 100.0, 'sent')])

    def test_a_missed_announcement_is_not_sent_after_the_due_date(self):
        self.invoice(100, due='2026-06-01')
        self.night('2026-06-02')
        self.assertReminders([])

    def test_a_level_on_the_due_date_itself(self):
        self.company.ar_dunning_policy_id = self.policy([(0, 'automatic'), (10, 'automatic')])
        self.invoice(100, due='2026-06-10')
        self.night('2026-06-09')
        self.assertReminders([])
        self.night('2026-06-10')
        self.night('2026-06-20')
        self.assertReminders(
            [('2026-06-10', 0, 100.0, 'sent'), ('2026-06-20', 10, 100.0, 'sent')])

    def test_part_payment_lowers_the_claim_and_keeps_the_level(self):
        invoice = self.invoice(1000, due='2026-06-01')
        self.night('2026-06-06')
        self.pay(invoice, 400, '2026-06-08')
        self.night('2026-06-16')
        self.assertReminders(
            [('2026-06-06', 5, 1000.0, 'sent'), ('2026-06-16', 15, 600.0, 'sent')])

    def test_items_of_several_levels_share_one_message_of_the_highest(self):
        self.invoice(100, due='2026-06-01')
        self.night('2026-06-06')
        self.invoice(50, due='2026-06-11')
        self.night('2026-06-16')
        self.assertReminders(
            [('2026-06-06', 5, 100.0, 'sent'), ('2026-06-16', 15, 150.0, 'sent')])
        steps = {line.amount_residual: line.level_id.offset_days
                 for line in self.reminders()[-1].line_ids}
        self.assertEqual(steps, {100: 15, 50: 5})

    def test_a_run_twice_is_a_run_once(self):
        self.invoice(100, due='2026-05-26')
        self.invoice(100, due='2026-05-01', partner=self.customer("Second"))
        self.run_dunning('2026-06-01')
        before = self.reminders()
        again = self.run_dunning('2026-06-01')
        self.assertEqual(self.reminders(), before)
        self.assertEqual(set(dict(self.reasons(again))), {'open_reminder'})
        self.send()
        self.run_dunning('2026-06-01')
        self.assertEqual(self.reminders(), before)

    def test_the_nightly_run_of_a_day_exists_once(self):
        self.invoice(100, due='2026-05-26')
        first = self.run_dunning('2026-06-01', kind='nightly')
        second = self.run_dunning('2026-06-01', kind='nightly')
        self.assertEqual(first, second)
        self.assertEqual(len(first.reminder_ids), 1)

    def test_a_reset_lets_the_ladder_start_again(self):
        self.invoice(100, due='2026-05-26')
        self.night('2026-06-01')
        self.night('2026-06-11')
        self.env['ar.dunning.reset'].create({
            'customer_ids': self.account_of().ids, 'reason': "New agreement",
            'level_id': self.ladder.level_ids[1].id}).action_reset()
        self.night('2026-06-12')
        self.env['ar.dunning.reset'].create({
            'customer_ids': self.account_of().ids, 'reason': "From the start"}).action_reset()
        self.assertFalse(self.account_of().dunning_level_id)
        self.night('2026-06-13')
        self.assertReminders([
            ('2026-06-01', 5, 100.0, 'sent'), ('2026-06-11', 15, 100.0, 'sent'),
            ('2026-06-12', 15, 100.0, 'sent'), ('2026-06-13', 5, 100.0, 'sent')])
        self.assertIn("From the start", str(self.account_of().message_ids.mapped('body')))

    def test_an_invoice_reset_to_draft_and_posted_again_keeps_history_in_words(self):
        invoice = self.invoice(100, due='2026-05-26')
        self.night('2026-06-01')
        invoice.button_draft()
        invoice.action_post()
        self.night('2026-06-20')
        self.assertEqual(self.reminders()[0].line_ids.name, invoice.name)
        self.assertEqual(len(self.reminders()), 2)


@tagged('post_install', '-at_install')
class TestRunRules(CollectionsCommon):
    """Caps, distances, minimum, netting and grouping."""

    def setUp(self):
        super().setUp()
        self.levels = self.ladder.level_ids

    def test_two_messages_keep_their_distance(self):
        self.ladder.min_days_between = 7
        self.invoice(100, due='2026-05-26')
        self.invoice(50, due='2026-06-02')
        self.night('2026-06-01')
        too_soon = self.night('2026-06-07')
        self.assertEqual(self.reasons(too_soon), [('too_soon', 50)])
        self.night('2026-06-08')
        self.assertEqual([str(day) for day in self.reminders().mapped('date')],
                         ['2026-06-01', '2026-06-08'])

    def test_below_the_minimum_items_stay_where_they_are(self):
        self.levels[1].min_amount = 100
        self.invoice(99, due='2026-05-26')
        self.assertEqual(self.reasons(self.run_dunning('2026-06-01')), [('minimum', 99)])
        self.invoice(1, due='2026-05-26')
        self.assertEqual(len(self.run_dunning('2026-06-02').reminder_ids), 1)

    def test_too_many_automatic_steps_wait_for_a_person(self):
        self.ladder.max_auto_steps = 2
        self.levels.execution = 'automatic'
        self.invoice(100, due='2026-06-10')
        for day in ('2026-06-07', '2026-06-15'):
            self.run_dunning(day)
            self.send()
            self.deliver()
        held = self.run_dunning('2026-06-25').reminder_ids
        self.assertRecordValues(held, [
            {'state': 'proposed', 'capped': True, 'auto': False, 'execution': 'approve'}])
        held._approve()
        self.send()
        self.deliver()
        after = self.run_dunning('2026-07-10').reminder_ids
        self.assertRecordValues(after, [{'state': 'approved', 'capped': False, 'auto': True}])

    def test_credits_are_subtracted(self):
        self.invoice(100, due='2026-05-26')
        self.credit_note(30, '2026-05-28')
        self.run_dunning('2026-06-01')
        self.assertRecordValues(self.reminders(), [
            {'amount_due': 100, 'amount_credit': 30, 'amount_claimed': 70}])

    def test_or_shown_or_ignored(self):
        self.invoice(100, due='2026-05-26')
        self.credit_note(30, '2026-05-28')
        for netting, shown in (('show', 30), ('ignore', 0)):
            self.reminders()._set_cancelled("next")
            self.ladder.netting = netting
            self.run_dunning('2026-06-01')
            self.assertRecordValues(self.reminders()[-1], [
                {'amount_due': 100, 'amount_credit': shown, 'amount_claimed': 100}])

    def test_credits_that_cover_everything_silence_the_customer(self):
        self.invoice(100, due='2026-05-26')
        self.pay(self.buyer, 100, '2026-05-28')
        run = self.run_dunning('2026-06-01')
        self.assertFalse(run.reminder_ids)
        self.assertEqual(self.reasons(run), [('credits', 100)])

    def test_covered_customers_have_no_next_step(self):
        self.invoice(100, due='2026-05-26')
        self.env['ar.customer']._refresh(self.company)
        self.assertTrue(self.account_of().next_action_date)
        self.pay(self.buyer, 100, '2026-05-28')
        self.env['ar.customer']._refresh(self.company)
        self.assertFalse(self.account_of().next_action_date)

    def test_credits_beyond_the_overdue_silence_what_they_cover_before_due(self):
        self.invoice(90, due='2026-05-20')
        self.invoice(50, due='2026-06-03')
        self.pay(self.buyer, 100, '2026-05-28')
        run = self.run_dunning('2026-06-01')
        self.assertFalse(run.reminder_ids.filtered(lambda reminder: not reminder.amount_claimed))
        self.assertEqual(self.reasons(run), [('credits', 50), ('credits', 90)])

    def test_a_credit_in_another_currency_covers_nothing(self):
        dollar = self.use_dollar(('2026-01-01', 2.0))
        self.invoice(100, due='2026-05-26')
        self.credit_note(900, '2026-05-28', currency=dollar)
        self.run_dunning('2026-06-01')
        self.assertRecordValues(self.reminders(), [{'amount_claimed': 100, 'amount_credit': 0}])

    def test_currencies_are_claimed_side_by_side(self):
        dollar = self.use_dollar(('2026-01-01', 2.0))
        self.invoice(100, due='2026-05-26')
        self.invoice(60, due='2026-05-26', currency=dollar)
        self.run_dunning('2026-06-01')
        sections = {s['currency'].name: s['claimed'] for s in self.reminders()._get_sections()}
        self.assertEqual(sections, {'EUR': 100, 'USD': 60})
        self.assertEqual(self.reminders().amount_claimed, 130)

    def test_one_message_per_invoice(self):
        self.ladder.grouping = 'invoice'
        first = self.invoice(100, due='2026-05-26')
        second = self.invoice(50, due='2026-05-20')
        self.credit_note(30, '2026-05-28')
        run = self.run_dunning('2026-06-01')
        found = {r.move_id: r.amount_claimed for r in run.reminder_ids}
        self.assertEqual(found, {first: 100, second: 50})
        self.assertTrue(all(len(r.line_ids) == 1 for r in run.reminder_ids))

    def test_one_message_at_a_time_over_two_ladders(self):
        other = self.policy([(5, 'automatic'), (20, 'automatic')], name="Other")
        self.invoice(100, due='2026-05-26')
        self.invoice(50, due='2026-05-10').ar_dunning_policy_id = other
        other.catch_up = 'age'
        run = self.run_dunning('2026-06-01')
        self.assertEqual(run.reminder_ids.policy_id, other)
        self.assertEqual(self.reasons(run), [('one_message', 100)])

    def test_a_message_that_does_not_go_first_does_not_stop_the_second(self):
        other = self.policy([(20, 'automatic', {'min_amount': 1000})], name="Other")
        self.invoice(100, due='2026-05-26')
        self.invoice(50, due='2026-05-10').ar_dunning_policy_id = other
        run = self.run_dunning('2026-06-01')
        self.assertEqual(run.reminder_ids.policy_id, self.ladder)
        self.assertEqual(self.reasons(run), [('minimum', 50)])

    def test_what_is_listed_beside_the_steps(self):
        """Only what reaches the level; all that is overdue; all that is open."""
        self.invoice(100, due='2026-05-26')
        self.invoice(10, due='2026-05-30')
        self.invoice(1, due='2026-06-20')
        for scope, listed in (('step', [100]), ('overdue', [10, 100]), ('open', [1, 10, 100])):
            self.levels[1].scope = scope
            self.reminders()._set_cancelled("next")
            self.run_dunning('2026-06-01')
            amounts = self.reminders()[-1].line_ids.mapped('amount_residual')
            self.assertEqual(sorted(amounts), listed, scope)

    def test_a_run_may_be_limited_to_some_customers(self):
        second = self.customer("Second")
        self.invoice(100, due='2026-05-26')
        self.invoice(100, due='2026-05-26', partner=second)
        run = self.run_dunning('2026-06-01', customers=self.account_of(second))
        self.assertEqual(run.reminder_ids.partner_id, second)

    def test_what_is_previewed_is_what_is_created(self):
        self.invoice(100, due='2026-05-26')
        self.invoice(50, due='2026-05-01').no_followup = True
        preview = self.env['ar.dunning.preview'].create({'company_id': self.company.id})
        self.assertEqual(
            (preview.message_count, preview.item_count, preview.amount, preview.skip_count),
            (1, 1, 100, 1))
        self.assertFalse(self.reminders(), "a preview creates nothing")
        run = self.env['ar.dunning.run'].browse(preview.action_create_reminders()['res_id'])
        self.assertEqual(
            (len(run.reminder_ids), sum(run.reminder_ids.mapped('amount_claimed')),
             len(run.skip_ids)), (1, 100, 1))

    def test_the_run_counts_what_became_of_its_reminders(self):
        self.invoice(100, due='2026-05-26')
        self.invoice(50, due='2026-05-10', partner=self.customer("Second"))
        self.ladder.catch_up = 'age'
        run = self.run_dunning('2026-06-01')
        self.assertRecordValues(run, [{
            'reminder_count': 2, 'waiting_count': 1, 'leaving_count': 1, 'progress': 0,
            'amount_claimed': 150, 'date': date(2026, 6, 1)}])
        run.reminder_ids.filtered(lambda r: r.state == 'proposed')._set_skipped("Known to pay")
        self.send()
        self.deliver()
        run.invalidate_recordset()
        self.assertRecordValues(run, [{
            'waiting_count': 0, 'leaving_count': 0, 'sent_count': 1, 'progress': 100,
            'amount_claimed': 100}])
