from odoo import fields
from odoo.exceptions import AccessError, UserError
from odoo.tests import tagged

from .worklist_common import OutcomeCommon


@tagged('post_install', '-at_install')
class TestUndo(OutcomeCommon):
    """One key is pressed too quickly: the author takes it back, and everything is as before."""

    def state_now(self, contact):
        """Return what an outcome may change, as the screens read it."""
        self.env.flush_all()
        self.env.invalidate_all()
        customer, month = self.account_of(), fields.Date.to_date('2026-06-01')
        data = self.env['ar.worklist'].with_user(self.collector).load_customer(customer.id)
        row = self.row()
        kept = ('priority', 'contacts', 'history', 'tries', 'guides', 'follow_up', 'items', 'lines')
        return {
            **{name: data[name] for name in kept},
            'row': (row.last_outcome, row.last_contact_at, row.priority, row.follow_up_date),
            'customer': (
                customer.follow_up_date, customer.collections_contact_id,
                customer.wrong_contact_ids, customer.interaction_count),
            'target': self.env['ar.collector.target']._get_figures(
                self.company, month, self.collector.ids)[self.collector.id],
            'tasks': self.activities(),
            'reminded': self.account_of()._get_statement_candidates() & contact,
        }

    def test_undo_puts_everything_back(self):
        contact = self.customer("Jane", parent_id=self.buyer.id, type='invoice', phone='123')
        customer, Worklist = self.account_of(), self.env['ar.worklist'].with_user(self.collector)
        customer.collections_contact_id = contact
        customer.follow_up_date = '2026-05-28'
        # A question, that a call would answer.
        self.env['ar.interaction'].create({
            'customer_id': customer.id, 'direction': 'in', 'outcome': 'request',
            'date': '2026-05-28 10:00:00'})
        for _turn in range(2):
            self.click(user=self.collector)
            customer.follow_up_date = '2026-05-28'
        before = self.state_now(contact)
        self.assertEqual(before['tries'], 2)
        self.assertIn('request', {line['code'] for line in before['lines']})
        for outcome, values in (
                ('no_answer', {}), ('spoken', {}), ('call_back', {'date': '2026-06-09'}),
                ('paid', {'date': '2026-06-09'}), ('wrong_contact', {}), ('wrong_address', {}),
                ('escalate', {})):
            with self.subTest(outcome=outcome):
                token = Worklist.load_customer(customer.id)['token']
                values.update(contact_id=contact.id, item_ids=self.items(self.bill).ids)
                answer = Worklist.log_outcome(customer.id, outcome, token, values)
                self.assertTrue(answer['can_undo'])
                self.assertFalse(self.row())
                row = self.env['ar.interaction'].with_user(self.collector).browse(
                    answer['interaction_id'])
                row.action_undo()
                row.action_undo()
                self.assertEqual(self.state_now(contact), before)
                # Kept, and its echo does not do it again.
                self.assertRecordValues(row, [
                    {'active': False, 'outcome': outcome, 'can_undo': False}])
                with self.assertRaises(UserError):
                    row.write({'next_date': '2026-06-20'})
                again = Worklist.log_outcome(customer.id, outcome, token, values)
                self.assertEqual((again['again'], again['can_undo']), (True, False))
                self.assertEqual(self.state_now(contact), before)

    def test_undo_leaves_what_somebody_changed_since(self):
        contact = self.customer("Jane", parent_id=self.buyer.id, type='invoice', phone='123')
        other = self.customer("John", parent_id=self.buyer.id, phone='456')
        customer = self.account_of()
        customer.collections_contact_id = contact
        self.click(outcome='wrong_contact', user=self.collector, contact_id=contact.id)
        customer.write({'collections_contact_id': other.id, 'follow_up_date': '2026-07-01'})
        self.activities().action_done()
        self.contacts().with_user(self.collector).action_undo()
        self.assertRecordValues(customer, [{
            'collections_contact_id': other.id, 'wrong_contact_ids': [],
            'follow_up_date': fields.Date.to_date('2026-07-01')}])

    def test_a_day_typed_in_is_not_the_day_of_what_was_undone(self):
        customer = self.account_of()
        customer.follow_up_date = '2026-06-09'
        self.click(outcome='call_back', user=self.collector, date='2026-06-09')
        self.contacts().with_user(self.collector).action_undo()
        self.pay(self.bill)
        self.go('2026-06-09')
        customer._refresh_now()
        self.assertEqual([part['code'] for part in self.row().parts], ['follow_up'])

    def test_who_may_undo_what(self):
        def undo(answer, user=self.collector):
            return self.env['ar.interaction'].with_user(user).browse(
                answer['interaction_id']).action_undo()
        first = self.click(user=self.collector)
        own = self.user('own', 'undo_own')
        for user, error in ((own, AccessError), (self.user('auditor', 'undo_audit'), AccessError),
                            (self.user('manager', 'undo_boss'), UserError)):
            with self.assertRaises(error):
                undo(first, user)
        with self.assertRaises(UserError):
            self.contacts().with_user(self.collector).write({'active': False})
        # The last one first.
        second = self.click(user=self.collector)
        with self.assertRaisesRegex(UserError, "since"):
            undo(first)
        undo(second)
        undo(first)
        self.assertFalse(self.contacts())
        # A promise is cancelled, not undone.
        promise = self.click(outcome='promise', user=self.collector, date='2026-06-05',
                             item_ids=self.items(self.bill).ids)
        self.assertFalse(promise['can_undo'])
        with self.assertRaises(UserError):
            undo(promise)
        self.account_of().promise_ids.action_cancel()
        late = self.click(user=self.collector)
        self.go('2026-06-02', '09:00:01')
        self.env.invalidate_all()
        with self.assertRaises(UserError):
            undo(late)
