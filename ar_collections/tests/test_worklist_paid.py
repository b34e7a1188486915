from odoo import fields
from odoo.exceptions import AccessError, UserError
from odoo.tests import tagged

from .worklist_common import OutcomeCommon


@tagged('post_install', '-at_install')
class TestPaidAlready(OutcomeCommon):
    """The customer says that it is paid: we wait, and ask for the proof when we want it."""

    def test_paid_already_stops_claims_about_the_items_until_the_day(self):
        other = self.invoice(300, due='2026-05-10')
        self.click(outcome='paid', user=self.collector, date='2026-06-05',
                   item_ids=self.items(self.bill).ids)
        run = self.run_dunning('2026-06-01')
        self.assertEqual(self.reasons(run), [('said_paid', 1000)])
        self.assertEqual(run.reminder_ids.line_ids.move_id, other)
        self.assertIn(self.bill.name, self.activities().summary)
        run.reminder_ids._set_cancelled("The test goes on")
        self.assertFalse(self.reasons(self.run_dunning('2026-06-05')))
        self.assertEqual(self.row().amount, 1300)

    def test_paid_already_undone_claims_the_items_again(self):
        answer = self.click(outcome='paid', user=self.collector, date='2026-06-05',
                            item_ids=self.items(self.bill).ids)
        self.env['ar.interaction'].with_user(self.collector).browse(
            answer['interaction_id']).action_undo()
        run = self.run_dunning('2026-06-02')
        self.assertFalse(self.reasons(run))
        self.assertEqual(run.reminder_ids.line_ids.move_id, self.bill)

    def test_paid_already_removes_the_item_from_a_waiting_reminder(self):
        self.run_dunning('2026-06-01')
        self.assertEqual(self.reminders().state, 'approved')
        self.click(outcome='paid', date='2026-06-05', item_ids=self.items(self.bill).ids)
        self.send()
        self.assertEqual(self.reminders().state, 'cancelled')

    def test_the_proof_is_asked_for_in_the_language_of_the_customer(self):
        self.env['res.lang']._activate_lang('fr_FR')
        self.buyer.lang = 'fr_FR'

        def mails():
            return self.account_of().message_ids.filtered(
                lambda message: self.buyer in message.partner_ids)
        answer = self.click(outcome='paid', user=self.collector, contact_id=self.buyer.id,
                            item_ids=self.items(self.bill).ids)
        self.assertTrue(answer['can_undo'] and answer['can_ask_proof'])
        self.assertFalse(mails(), "one click sends nothing")
        said = self.contacts().with_user(self.collector)
        said.action_ask_proof()
        said.action_ask_proof()
        self.assertEqual(mails().subject, f"Votre paiement de {self.bill.name}")
        # A mail that has left is not taken back.
        self.assertRecordValues(said, [{'can_undo': False, 'can_ask_proof': False}])
        with self.assertRaises(UserError):
            said.action_undo()
        auditor = self.user('auditor', 'proof_auditor')
        with self.assertRaises(AccessError):
            said.with_user(auditor).action_ask_proof()
        self.buyer.email = False
        self.go('2026-06-02')
        again = self.click(outcome='paid', user=self.collector, item_ids=self.items(self.bill).ids)
        self.assertFalse(again['can_ask_proof'])
        with self.assertRaisesRegex(UserError, "e-mail address"):
            (self.contacts() - said).with_user(self.collector).action_ask_proof()

    def test_another_day_to_wait_for_the_money(self):
        self.click(outcome='paid', user=self.collector, item_ids=self.items(self.bill).ids)
        said = self.contacts().with_user(self.collector)
        self.assertEqual(said.set_day('2026-06-19')['next_date'], '2026-06-19')
        day = fields.Date.to_date('2026-06-19')
        self.assertEqual(
            (self.account_of().follow_up_date, self.activities().date_deadline), (day, day))
        self.assertEqual(self.reasons(self.run_dunning('2026-06-18')), [('said_paid', 1000)])
        for date in ('2026-06-17', '', False):
            with self.assertRaises(UserError):
                said.set_day(date)
        with self.assertRaises(UserError):
            self.contacts().with_user(self.user('manager', 'day_boss')).set_day('2026-06-25')

    def test_an_opening_balance_is_worked_by_a_collector_of_own_customers(self):
        """Its entry is no invoice, and no document of theirs: they still ask for the money."""
        own = self.user('own', 'opening_own')
        opening = self.entry(400, '2026-05-02', due='2026-05-02')
        self.items(opening).no_followup = False
        self.account_of().collector_id = own
        self.env['ar.customer']._refresh(self.company)
        Worklist = self.env['ar.worklist'].with_user(own)
        Worklist.env.invalidate_all()
        data = Worklist.load_customer(self.account_of().id)
        self.assertIn(opening.name, [item['name'] for item in data['items']])
        items = self.items(opening).ids
        self.click(outcome='paid', user=own, item_ids=items, date='2026-06-05')
        self.contacts().with_user(own).action_ask_proof()
        self.click(outcome='promise', user=own, item_ids=items, date='2026-06-09')
        self.assertEqual(self.account_of().promise_ids.amount, 400)
