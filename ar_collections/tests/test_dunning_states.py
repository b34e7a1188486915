from psycopg2 import IntegrityError

from odoo.exceptions import AccessError, UserError
from odoo.tests import tagged
from odoo.tools import mute_logger

from .common import CollectionsCommon

STATES = (
    'proposed', 'approved', 'queued', 'sending', 'sent', 'failed', 'unknown', 'skipped',
    'cancelled')
# From each state, the steps of the machine that move it; every other step leaves it alone.
MOVES = {
    '_set_approved': {'proposed', 'failed', 'unknown'},
    '_set_proposed': {'approved'},
    '_set_queued': {'approved'},
    '_set_back_to_approved': {'queued'},
    '_set_sending': {'queued'},
    '_set_sent': {'approved', 'queued', 'sending', 'unknown'},
    '_set_failed': {'approved', 'queued', 'sending', 'sent', 'unknown'},
    '_set_unknown': {'sending'},
    '_set_skipped': {'proposed', 'approved', 'failed', 'unknown'},
    '_set_cancelled': {'proposed', 'approved', 'failed', 'unknown'},
}
TARGETS = {
    '_set_back_to_approved': 'approved', '_set_failed': 'failed', '_set_unknown': 'unknown',
    '_set_skipped': 'skipped', '_set_cancelled': 'cancelled',
}
NEEDS_REASON = ('_set_failed', '_set_unknown', '_set_skipped', '_set_cancelled')


@tagged('post_install', '-at_install')
class TestStates(CollectionsCommon):
    """The only ways from one state to another, and the promises that hold in all of them."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.bill = cls.invoice(100, due='2026-05-26')
        cls.manager = cls.user('manager')
        cls.collector = cls.user('collector')

    def setUp(self):
        super().setUp()
        self.reminder = self.run_dunning('2026-06-01').reminder_ids

    def put(self, state):
        """Put the reminder into a state, as if it had got there."""
        self.reminder._update_state(STATES, state)
        return self.reminder

    def test_every_step_from_every_state(self):
        for method, allowed in MOVES.items():
            arguments = ["because"] if method in NEEDS_REASON else []
            target = TARGETS.get(method, method.removeprefix('_set_'))
            for state in STATES:
                self.put(state)
                getattr(self.reminder, method)(*arguments)
                expected = target if state in allowed else state
                self.assertEqual(self.reminder.state, expected, f"{method} from {state}")
                self.assertEqual(
                    set(self.reminder.line_ids.mapped('state')), {expected}, "lines follow")

    def test_a_person_who_approves_is_remembered(self):
        self.put('proposed').with_user(self.collector).action_approve()
        self.assertRecordValues(self.reminder, [
            {'state': 'approved', 'approved_by_id': self.collector.id, 'auto': False}])

    def test_history_cannot_be_edited(self):
        for state in ('queued', 'sending', 'sent', 'unknown'):
            reminder = self.put(state).with_user(self.manager)
            for vals in ({'custom_body': "<p>Other</p>"}, {'recipient_id': self.buyer.id},
                         {'channel': 'sms'}, {'state': 'proposed'}, {'body': "x"},
                         {'message_id': False}, {'user_id': self.manager.id}):
                with self.assertRaises(UserError, msg=f"{state} {vals}"):
                    reminder.write(vals)

    def test_no_field_of_the_machine_can_be_written_before_it_leaves_either(self):
        reminder = self.put('proposed').with_user(self.manager)
        for vals in ({'state': 'sent'}, {'key': 'x'}, {'amount_claimed': 1}, {'level_id': False},
                     {'sent_at': False}, {'execution': 'automatic'}, {'auto': True},
                     {'send_after': False}, {'line_ids': [(5,)]}, {'policy_id': False},
                     {'mail_id': False}, {'retry_count': 9}, {'date': '2026-01-01'}):
            with self.assertRaises(AccessError, msg=str(vals)):
                reminder.write(vals)
        reminder.write({'custom_subject': "Our call of today", 'channel': 'letter'})

    def test_history_cannot_be_deleted(self):
        for state in STATES:
            reminder = self.put(state)
            if state in ('cancelled', 'skipped'):
                continue
            with self.assertRaises(UserError, msg=state):
                reminder.unlink()
        for user in (self.manager, self.collector):
            with self.assertRaises(UserError):
                self.put('sent').with_user(user).unlink()

    def test_items_go_with_their_reminder(self):
        lines = self.put('cancelled').line_ids
        self.reminder.unlink()
        self.assertFalse(lines.exists())

    def test_a_merge_takes_reminders_along(self):
        """Whether the other contact is a customer already or not; nobody is deleted meanwhile."""
        reminder = self.reminder
        merge = self.env['base.partner.merge.automatic.wizard'].create({})
        for heir, known in ((self.customer("New heir"), False), (self.customer("Heir"), True)):
            old = reminder.partner_id
            if known:
                self.invoice(100, due='2026-05-26', partner=heir)
                self.account_of(heir)
            with self.assertRaises(IntegrityError), mute_logger('odoo.sql_db'):
                with self.env.cr.savepoint():
                    self.env.cr.execute("DELETE FROM res_partner WHERE id = %s", [old.id])
            merge._merge((old | heir).ids, heir)
            self.env.invalidate_all()
            self.assertEqual(
                (reminder.partner_id, reminder.customer_id.partner_id), (heir, heir), known)

    def test_a_deleted_item_leaves_its_words_behind(self):
        """Without a foreign key: deleted through the ORM, and behind its back."""
        line = self.put('sent').line_ids
        self.bill.button_draft()
        line.move_line_id.with_context(
            dynamic_unlink=True, check_move_validity=False).unlink()
        self.assertRecordValues(line, [{'move_line_id': False, 'move_id': self.bill.id}])
        self.env.cr.execute(
            "UPDATE ar_reminder_line SET move_line_id = (SELECT MAX(id) + 1 FROM account_move_line)"
            " WHERE id = %s", line.ids)
        line.invalidate_recordset()
        self.assertEqual(line._gc_lost_items()[0], 1)
        self.assertFalse(line.move_line_id)
        self.assertEqual((line.name, line.amount_residual), (self.bill.name, 100))

    def test_lines_belong_to_nobody(self):
        line = self.put('proposed').line_ids.with_user(self.manager)
        for vals in ({'amount_residual': 1}, {'state': 'sent'}, {'counted': False}):
            with self.assertRaises(AccessError):
                line.write(vals)
        with self.assertRaises(AccessError):
            line.unlink()
        with self.assertRaises(AccessError):
            line.create({'reminder_id': self.reminder.id})

    def test_nobody_creates_a_reminder_by_hand(self):
        for user in (self.collector, self.manager, self.user('admin', 'ar_admin')):
            with self.assertRaises(AccessError):
                self.reminder.with_user(user).create({'key': 'mine', 'state': 'sent'})

    def test_the_same_key_cannot_exist_twice(self):
        self.put('sent')
        with self.assertRaises(IntegrityError), mute_logger('odoo.sql_db'):
            self.reminder.copy({'key': self.reminder.key})
            self.env.flush_all()

    def test_the_database_refuses_a_second_open_reminder_for_an_item(self):
        line = self.reminder.line_ids
        with self.assertRaises(IntegrityError), mute_logger('odoo.sql_db'):
            line.copy({'level_id': self.ladder.level_ids[2].id})
            self.env.flush_all()

    def test_the_database_refuses_a_level_twice_in_one_cycle(self):
        self.put('sent')
        with self.assertRaises(IntegrityError), mute_logger('odoo.sql_db'):
            self.reminder.line_ids.copy()
            self.env.flush_all()

    def test_skipping_asks_why_and_keeps_the_answer(self):
        wizard = self.env['ar.reminder.reason'].with_user(self.collector).create({
            'reminder_ids': self.reminder.ids, 'mode': 'skip', 'reason': "Paid by phone"})
        wizard.action_confirm()
        self.assertRecordValues(self.reminder, [{'state': 'skipped', 'reason': "Paid by phone"}])

    def test_buttons_refuse_what_has_left(self):
        reminder = self.put('sent').with_user(self.collector)
        for button in ('action_retry', 'action_other_channel', 'action_mark_sent',
                       'action_edit_text', 'action_reset_text'):
            with self.assertRaises(UserError, msg=button):
                getattr(reminder, button)()

    def test_unknown_is_settled_by_a_person(self):
        self.put('unknown').with_user(self.collector).action_mark_sent()
        self.assertEqual(self.reminder.state, 'sent')
        self.assertIn(self.collector.name, self.reminder.reason)
        self.put('unknown').with_user(self.collector).action_retry()
        self.assertEqual(self.reminder.state, 'approved')

    def test_a_stopped_run_takes_its_approvals_back(self):
        self.put('approved')
        self.reminder.run_id.with_user(self.collector).action_stop()
        self.assertEqual(self.reminder.state, 'proposed')
        self.put('queued')
        self.reminder.run_id.with_user(self.collector).action_stop()
        self.assertEqual(self.reminder.state, 'queued')

    def test_manual_reminders_are_not_approved_in_one_go(self):
        self.reminder._set_cancelled("next")
        self.ladder.level_ids[1].execution = 'manual'
        run = self.run_dunning('2026-06-01')
        self.assertEqual(run.reminder_ids.state, 'proposed')
        with self.assertRaises(UserError):
            run.with_user(self.collector).action_approve_all()
        run.reminder_ids.with_user(self.collector).action_approve()
        self.assertEqual(run.reminder_ids.state, 'approved')

    def test_the_approver_gets_one_activity_a_day(self):
        self.company.ar_approver_id = self.manager
        for number in range(3):
            self.invoice(10, due='2026-05-10', partner=self.customer(f"More {number}"))
        self.ladder.catch_up = 'age'
        activities = self.env['mail.activity'].search_count
        mine = [('user_id', '=', self.manager.id)]
        for day in ('2026-06-01', '2026-06-02'):
            run = self.run_dunning(day, kind='nightly')
            run._notify_approver()
            run._notify_approver()
            self.assertEqual(activities(mine), 1)
        self.assertIn("3", self.env['mail.activity'].search(mine).summary)
        waiting = self.reminders().filtered(lambda r: r.state == 'proposed')
        waiting.with_user(self.collector).action_approve()
        self.assertEqual(activities(mine), 0, "nothing waits any more")
