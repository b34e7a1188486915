"""What a customer may do on its pages: the acts, without a browser."""
import io

from PIL import Image

from odoo import Command, fields
from odoo.exceptions import AccessError, UserError
from odoo.tests import tagged

from .common import CollectionsCommon


def picture(kind='PNG', size=(8, 8)):
    """Return the bytes of a small image."""
    stream = io.BytesIO()
    Image.new('RGB', size, 'red').save(stream, kind)
    return stream.getvalue()


class DoorCommon(CollectionsCommon):
    """A customer who owes two overdue invoices and one to come, and a stranger who owes too."""

    coming_due = '2026-07-01'

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.old = cls.invoice(100, due='2026-05-01')
        cls.late = cls.invoice(250, due='2026-05-20')
        cls.coming = cls.invoice(40, due=cls.coming_due, date='2026-05-15')
        cls.stranger = cls.customer("Stranger")
        cls.foreign = cls.invoice(777, due='2026-05-01', partner=cls.stranger)
        cls.reason = cls.env.ref('ar_collections.ar_dispute_reason_quality')

    _key = 0

    def submit(self, kind, key=None, partner=None, **values):
        """Send a form as the pages do."""
        type(self)._key += 1
        return self.env['ar.portal.act'].sudo()._submit(
            self.account_of(partner).sudo(), kind, values,
            key=key or f'test-key-{self._key:012d}')

    def many_items(self, count):
        """Book so many open items at once, as an opening balance does."""
        account = self.buyer.property_account_receivable_id.id
        self.env['account.move'].create({
            'move_type': 'entry', 'date': '2026-05-10',
            'journal_id': self.journal('general').id,
            'line_ids': [
                *(Command.create({
                    'account_id': account, 'partner_id': self.buyer.id, 'balance': 1.0,
                    'date_maturity': '2026-05-10'}) for _one in range(count)),
                Command.create({
                    'account_id': self.journal('sale').default_account_id.id,
                    'balance': -count})]}).action_post()

    def ids(self, *moves):
        return [str(item.id) for move in moves for item in self.items(move)]


@tagged('post_install', '-at_install')
class TestDoorActs(DoorCommon):

    def test_a_promise_by_the_page_suspends_the_ladder(self):
        act = self.submit('promise', items=self.ids(self.old, self.late), date='2026-06-10')
        promise = act.promise_id
        self.assertRecordValues(promise, [{
            'channel': 'portal', 'amount': 350, 'state': 'open',
            'promise_date': fields.Date.to_date('2026-06-10')}])
        self.assertEqual(self.reasons(self.run_dunning('2026-06-02')),
                         [('promised', 100), ('promised', 250)])

    def test_a_form_sent_twice_acts_once(self):
        first = self.submit('promise', key='the-same-form-key', items=self.ids(self.old),
                            date='2026-06-10')
        again = self.submit('promise', key='the-same-form-key', items=self.ids(self.late),
                            date='2026-06-12')
        self.assertEqual(first, again)
        self.assertEqual(len(self.account_of().promise_ids), 1)

    def test_a_form_that_failed_may_be_sent_again(self):
        with self.assertRaises(UserError):
            self.submit('promise', key='mended-form-key-1', items=self.ids(self.old), date='')
        self.assertFalse(self.account_of().portal_act_ids)
        self.submit('promise', key='mended-form-key-1', items=self.ids(self.old),
                    date='2026-06-10')
        self.assertEqual(len(self.account_of().promise_ids), 1)

    def test_the_limits_of_a_promise(self):
        self.company.ar_door_promise_days = 14
        for values in (
                {'date': '2026-06-16'}, {'date': '2026-05-31'}, {'date': 'tomorrow'},
                {'date': '2026-06-10', 'amount': '100.01'}, {'date': '2026-06-10', 'amount': '-1'},
                {'date': '2026-06-10', 'amount': 'nan'}, {'date': '2026-06-10', 'amount': 'inf'}):
            with self.assertRaises(UserError, msg=values):
                self.submit('promise', items=self.ids(self.old), **values)
        self.submit('promise', items=self.ids(self.old), date='2026-06-15', amount='60.5')
        self.assertEqual(self.account_of().promise_ids.amount, 60.5)
        with self.assertRaises(UserError):
            self.submit('promise', items=self.ids(self.old), date='2026-06-12')

    def test_a_cent_does_not_stop_the_ladder_again_and_again(self):
        self.submit('promise', items=self.ids(self.old), date='2026-06-20', amount='0.01')
        self.pay(self.old, 0.01, '2026-06-02')
        self.assertEqual(self.account_of().promise_ids.state, 'kept')
        with self.assertRaisesRegex(UserError, "promised here before"):
            self.submit('promise', items=self.ids(self.old), date='2026-06-25', amount='0.01')
        self.submit('promise', items=self.ids(self.late), date='2026-06-25')
        self.go('2026-08-31')
        self.submit('promise', items=self.ids(self.old), date='2026-09-05')

    def test_no_more_promises_after_broken_ones(self):
        self.company.ar_door_promise_broken = 1
        self.assertIn('promise', self.account_of()._get_door_acts())
        self.submit('promise', items=self.ids(self.old), date='2026-06-02')
        self.go('2026-06-20')
        self.account_of().promise_ids._follow()
        self.env.invalidate_all()
        self.assertNotIn('promise', self.account_of()._get_door_acts())
        with self.assertRaises(UserError):
            self.submit('promise', items=self.ids(self.late), date='2026-06-22')

    def test_a_dispute_with_its_photo(self):
        act = self.submit(
            'dispute', items=self.ids(self.old), reason=str(self.reason.id), amount='30',
            note="<script>alert(1)</script> broken", files=[('../../x.svg', picture())])
        dispute = act.dispute_id
        self.assertRecordValues(dispute, [{'amount': 30, 'state': 'open'}])
        self.assertEqual(dispute.description, "<script>alert(1)</script> broken", "plain text")
        attachment = dispute.message_ids.attachment_ids
        self.assertRecordValues(attachment, [{'name': 'x.png', 'mimetype': 'image/png'}])
        self.assertNotIn('<script>', " ".join(self.account_of().message_ids.mapped('body')))
        self.assertEqual(self.reasons(self.run_dunning('2026-06-02')), [])

    def test_files_are_known_by_their_content(self):
        svg = b'<svg xmlns="http://www.w3.org/2000/svg"><script>alert(1)</script></svg>'
        for name, content in (
                ('photo.png', b'<html><script>alert(1)</script></html>'), ('photo.svg', svg),
                ('photo.jpg', picture('GIF')), ('big.png', b'\x89PNG\r\n' + bytes(10_000_000)),
                ('cut.png', picture(size=(200, 200))[:60]), ('empty.jpg', b''),
                ('x.jpg', b'MZ\x90\x00')):
            with self.assertRaises(UserError, msg=name):
                self.submit('dispute', items=self.ids(self.old), reason=str(self.reason.id),
                            note="Look", files=[(name, content)])
        with self.assertRaises(UserError):
            self.submit('dispute', items=self.ids(self.old), reason=str(self.reason.id),
                        note="Look", files=[('a.png', picture())] * 4)
        self.assertFalse(self.account_of().dispute_ids)
        act = self.submit('dispute', items=self.ids(self.old), reason=str(self.reason.id),
                          note="Look", files=[('scan.PDF', b'%PDF-1.4 x'), ('p', picture('JPEG'))])
        self.assertEqual(sorted(act.dispute_id.message_ids.attachment_ids.mapped('mimetype')),
                         ['application/pdf', 'image/jpeg'])

    def test_a_dispute_says_why(self):
        for values in ({'reason': '', 'note': "x"}, {'reason': '0', 'note': "x"},
                       {'reason': str(self.reason.id), 'note': "  "},
                       {'reason': str(self.reason.id), 'note': "x" * 4001}):
            with self.assertRaises(UserError, msg=values):
                self.submit('dispute', items=self.ids(self.old), **values)

    def test_items_of_others_are_no_items(self):
        elsewhere = self.make_company("Elsewhere Ltd")
        other = self.invoice(50, due='2026-05-01', company=elsewhere)
        paid = self.invoice(20, due='2026-05-02')
        self.pay(paid)
        credit = self.credit_note(15, '2026-05-03')
        draft = self.invoice(30, due='2026-05-01', post=False)
        for move in (self.foreign, other, paid, credit, draft):
            with self.assertRaises(UserError, msg=move.name):
                self.submit('promise', items=self.ids(self.old, move), date='2026-06-10')
        for items in ([], ['0'], ['x'], ['-1'], ["1 OR 1=1"]):
            with self.assertRaises(UserError, msg=items):
                self.submit('copy', items=items, note="x")
        self.assertFalse(self.account_of().portal_act_ids)

    def test_one_currency_at_a_time(self):
        dollar = self.env.ref('base.USD')
        dollar.active = True
        other = self.invoice(10, due='2026-05-01', currency=dollar)
        with self.assertRaises(UserError):
            self.submit('promise', items=self.ids(self.old, other), date='2026-06-10')

    def test_the_ladder_waits_for_our_answer_once(self):
        self.company.ar_door_wait_days = 5
        act = self.submit('copy', items=self.ids(self.late), note="The delivery note, please <b>")
        self.assertRecordValues(act, [{
            'state': 'new', 'wait_until': fields.Date.to_date('2026-06-06')}])
        self.assertEqual(act.activity_ids.note, "<p>The delivery note, please &lt;b&gt;</p>")
        run = self.run_dunning('2026-06-06')
        self.assertIn(('asked', 250), self.reasons(run))
        self.go('2026-06-07')
        again = self.submit('copy', items=self.ids(self.late), note="Again")
        self.assertFalse(again.wait_until, "asking every week does not stop the ladder")
        self.assertNotIn(('asked', 250), self.reasons(self.run_dunning('2026-06-07')))

    def test_an_answer_lets_the_ladder_go_on(self):
        act = self.submit('copy', items=self.ids(self.late), note="x")
        act.with_user(self.user('collector')).action_accept()
        self.assertEqual((act.state, act.wait_until, act.activity_ids.ids),
                         ('accepted', False, []))
        self.assertNotIn(('asked', 250), self.reasons(self.run_dunning('2026-06-02')))
        with self.assertRaises(UserError):
            act.action_accept()

    def test_a_waiting_reminder_is_withdrawn(self):
        self.run_dunning('2026-06-01')
        self.send()
        self.submit('copy', items=self.ids(self.old, self.late), note="x")
        self.assertEqual([mail['smtp_to_list'] for mail in self.deliver()],
                         [[self.stranger.email]])

    def test_instalments_within_the_limits(self):
        self.company.write({'ar_door_plan_count': 3, 'ar_door_plan_amount': 300})
        good = {'count': '3', 'date': '2026-06-15', 'items': self.ids(self.late)}
        for bad in ({'count': '4'}, {'count': '1'}, {'count': 'x'}, {'date': '2027-01-01'},
                    {'items': self.ids(self.old, self.late)}):
            with self.assertRaises(UserError, msg=bad):
                self.submit('instalments', **{**good, **bad})
        act = self.submit('instalments', **good)
        self.assertRecordValues(act, [{
            'state': 'new', 'instalment_count': 3, 'amount': 250,
            'first_date': fields.Date.to_date('2026-06-15')}])

    def test_an_accepted_proposal_is_a_plan_as_proposed(self):
        """Three monthly parts of 250; reminders wait for the answer, the signature, the money."""
        self.company.write({'ar_door_wait_days': 5, 'ar_plan_validity_days': 15})
        self.pay(self.old)
        act = self.submit('instalments', items=self.ids(self.late), count='3', date='2026-06-15')
        collector = self.user('collector')

        def waits(day):
            run = self.run_dunning(day)
            written = run.reminder_ids.filtered(lambda one: one.partner_id == self.buyer)
            self.assertEqual(written.mapped('amount_claimed'), [250.0] * len(written))
            reasons = [reason for reason, _amount in self.reasons(run, self.buyer)]
            self.assertEqual(len(written), 0 if reasons else 1)
            if written:
                written._set_cancelled("Only to see.")
            return reasons

        self.assertEqual(waits('2026-06-02'), ['asked'])
        action = act.with_user(collector).action_accept()
        plan = act.plan_id
        self.assertEqual((action['res_model'], action['res_id']), ('ar.payment.plan', plan.id))
        self.assertRecordValues(plan, [{
            'state': 'draft', 'customer_id': self.account_of().id, 'amount': 250,
            'user_id': collector.id}])
        self.assertEqual(plan.line_ids.move_line_id, self.items(self.late))
        self.assertEqual(
            [(str(part.due_date), part.amount) for part in plan.instalment_ids],
            [('2026-06-15', 83.33), ('2026-07-15', 83.33), ('2026-08-15', 83.34)])
        self.assertEqual(act.action_open_result()['res_id'], plan.id)
        self.assertEqual(act.state, 'accepted')
        with self.assertRaises(UserError):
            act.action_accept()
        self.assertEqual(waits('2026-06-06'), ['asked'], "while it is drawn up, as long as said")
        self.assertEqual(waits('2026-06-07'), [])
        plan.with_user(collector).action_submit()
        self.assertEqual(waits('2026-06-22'), ['asked'], "while it may be signed")
        self.assertEqual(waits('2026-06-23'), [], "it has lapsed")
        self.assertEqual(waits('2026-06-20'), ['asked'])
        with self.env.cr.savepoint() as savepoint:
            plan._answer('refusal', "No.")
            self.assertEqual(waits('2026-06-20'), [], "refused: the ladder goes on at once")
            savepoint.rollback()
        self.env.invalidate_all()
        self.go('2026-06-23')
        with self.env.cr.savepoint() as savepoint:
            again = plan._answer('renewal', "")
            self.assertEqual((again.state, again.wait_until), ('new', False),
                             "the ladder has waited for these items already")
            self.assertEqual(waits('2026-06-23'), [])
            savepoint.rollback()
        self.env.invalidate_all()
        plan.action_send_back()
        plan.first_date = '2026-06-25'
        plan.action_spread()
        plan.action_submit()
        plan.action_start()
        self.assertEqual(waits('2026-06-24'), ['planned'])
        plan.action_cancel()
        self.assertEqual(waits('2026-06-25'), [])

    def test_a_proposal_about_what_was_paid_meanwhile(self):
        act = self.submit('instalments', items=self.ids(self.old, self.late), count='2',
                          date='2026-06-15')
        self.pay(self.old)
        self.pay(self.late, 100)
        act.action_accept()
        self.assertEqual(act.plan_id.instalment_ids.mapped('amount'), [75, 75])
        act = self.submit('instalments', items=self.ids(self.late), count='2', date='2026-06-15')
        self.pay(self.late)
        with self.assertRaisesRegex(UserError, "Nothing is owed"):
            act.action_accept()
        self.assertEqual((act.state, act.plan_id.ids), ('new', []))

    def test_a_refused_proposal_says_why(self):
        act = self.submit('instalments', items=self.ids(self.late), count='3', date='2026-06-15')
        collector = self.user('collector')
        action = act.with_user(collector).action_refuse()
        self.assertEqual(act.state, 'new', "not before it is answered")
        dialog = self.env[action['res_model']].with_user(collector).with_context(
            **action['context']).create({})
        self.assertTrue(dialog.is_answer_needed)
        with self.assertRaisesRegex(UserError, "say why"):
            dialog.action_refuse()
        dialog.answer = "Two parts, please:\nthe goods were <b>resold</b>."
        dialog.action_refuse()
        self.assertRecordValues(act, [{
            'state': 'refused', 'wait_until': False, 'plan_id': False, 'answer': dialog.answer,
            'answered_by_id': collector.id}])
        self.assertFalse(act.activity_ids)
        self.assertNotIn(('asked', 250), self.reasons(self.run_dunning('2026-06-02')))
        Door = self.env['ar.door'].sudo()
        [shown] = Door._get_answers(self.account_of())
        self.assertEqual(shown['answer'], dialog.answer)
        self.assertIn("06/01/2026", shown['asked'])
        self.assertFalse(Door._get_answers(self.account_of(self.stranger)))
        self.go('2026-08-01')
        self.assertFalse(Door._get_answers(self.account_of()), "old news")
        copy = self.submit('copy', items=self.ids(self.old), note="x")
        self.env['ar.portal.act.refuse'].create({'act_ids': copy.ids}).action_refuse()
        self.assertEqual(copy.state, 'refused', "a copy sent by post needs no words")

    def test_a_better_contact_changes_nothing_by_itself(self):
        before = self.buyer.read(['name', 'email', 'phone'])
        act = self.submit('contact', name="Ada Accountant", email="Ada@Example.com", note="new")
        self.assertEqual(self.buyer.read(['name', 'email', 'phone']), before)
        self.assertFalse(self.buyer.child_ids)
        act.with_user(self.user('collector')).action_accept()
        contact = self.buyer.child_ids
        self.assertRecordValues(contact, [{'name': "Ada Accountant", 'email': 'ada@example.com'}])
        self.assertEqual(self.account_of().collections_contact_id, contact)
        self.assertEqual(self.buyer.read(['name', 'email', 'phone']), before)
        for values in ({'name': ''}, {'name': "X"}, {'name': "X", 'email': 'no address'}):
            with self.assertRaises(UserError, msg=values):
                self.submit('contact', **values)

    def test_a_known_address_is_not_made_twice(self):
        known = self.customer("Known", parent_id=self.buyer.id, email='known@example.com')
        act = self.submit('contact', name="Somebody", email='known@example.com')
        act.action_accept()
        self.assertEqual((act.new_contact_id, known.name), (known, "Known"))

    def test_what_the_settings_do_not_allow(self):
        self.company.write({
            'ar_door_promise': False, 'ar_door_dispute': False, 'ar_door_copy': False,
            'ar_door_contact': False, 'ar_door_plan': False, 'ar_door_pay': False})
        for kind in ('promise', 'dispute', 'copy', 'instalments', 'contact', 'payment', 'unlink'):
            with self.assertRaises(UserError, msg=kind):
                self.submit(kind, items=self.ids(self.old), date='2026-06-10')

    def test_who_may_answer(self):
        act = self.submit('copy', items=self.ids(self.late), note="x")
        for role in ('auditor', 'own'):
            user = self.user(role, f'door-{role}')
            self.account_of().collector_id = self.env.ref('base.user_admin')
            with self.assertRaises(AccessError, msg=role):
                act.with_user(user).action_accept()
            with self.assertRaises(AccessError, msg=role):
                act.with_user(user)._refuse("No.")
        collector = self.user('collector', 'door-collector')
        with self.assertRaises(AccessError):
            act.with_user(collector).write({'state': 'accepted'})
        with self.assertRaises(AccessError):
            self.env['ar.portal.act'].with_user(collector).create({
                'customer_id': self.account_of().id, 'kind': 'copy', 'key': 'x',
                'done_on': '2026-06-01'})
