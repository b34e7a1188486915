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
        collector = self.user('collector', 'door-collector')
        with self.assertRaises(AccessError):
            act.with_user(collector).write({'state': 'accepted'})
        with self.assertRaises(AccessError):
            self.env['ar.portal.act'].with_user(collector).create({
                'customer_id': self.account_of().id, 'kind': 'copy', 'key': 'x',
                'done_on': '2026-06-01'})


@tagged('post_install', '-at_install')
class TestDoorFigures(DoorCommon):

    def door(self):
        return self.env['ar.door'].sudo()._read(self.account_of().sudo())

    def test_what_may_be_paid(self):
        self.submit('dispute', items=self.ids(self.old), reason=str(self.reason.id), note="x",
                    amount='30')
        self.credit_note(25, '2026-05-25')
        [section] = self.door()['sections']
        currency, account = self.company.currency_id, self.account_of().sudo()

        def amount(choice):
            return self.env['ar.door'].sudo()._get_payment(account, currency.id, choice)[1]

        self.assertEqual([code for code, _text in section['choices']],
                         ['due', 'undisputed', 'all'])
        self.assertEqual(amount('due'), 100 + 250 - 25)
        self.assertEqual(amount('undisputed'), 70 + 250 - 25)
        self.assertEqual(amount('all'), 100 + 250 + 40 - 25)
        chosen = '-'.join(self.ids(self.late, self.coming))
        self.assertEqual(amount(chosen), 290)
        for bad in (f"{chosen}-{self.ids(self.foreign)[0]}", '0', '', 'x', "1' OR '1'='1"):
            self.assertEqual(amount(bad), 0.0, bad)

    def test_all_equals_the_balance_of_odoo(self):
        self.credit_note(25, '2026-05-25')
        self.pay(self.old, 60)
        account = self.account_of().sudo()
        _items, amount, _parts = self.env['ar.door'].sudo()._get_payment(
            account, self.company.currency_id.id, 'all')
        self.assertEqual(amount, self.buyer.with_company(self.company).credit)

    def test_the_credit_line_is_shown_only_when_the_company_says_so(self):
        self.buyer.with_company(self.company).credit_limit = 1000
        account = self.account_of().sudo()
        self.assertFalse(self.door()['credit_line'], "off by default")
        self.company.ar_door_credit = True

        def line():
            self.env.invalidate_all()
            found = self.env['ar.door'].sudo()._format_credit_line(account)
            return found and tuple(
                found[name].replace("€", '').strip() for name in ('limit', 'available'))

        # Odoo's own figure is the yardstick: nothing but invoices is open.
        left = 1000 - self.buyer.with_company(self.company).credit
        self.assertEqual(line(), ("1,000.00", f"{left:,.2f}"))
        self.assertEqual(left, 610)
        account.credit_group_id = self.env['ar.credit.group'].create({
            'name': "Holding", 'limit': 400, 'company_ids': [Command.set(self.company.ids)],
            'currency_id': self.company.currency_id.id})
        self.assertEqual(line()[1], "10.00", "no more than the group has left")
        self.buyer.with_company(self.company).credit_limit = 300
        self.assertEqual(line()[1], "0.00", "never negative")
        account.credit_stop = True
        self.assertFalse(line(), "a figure would mislead while orders are stopped")
        account.credit_stop = False
        self.buyer.with_company(self.company).credit_limit = 0
        self.assertFalse(line(), "there is no limit to show")

    def test_the_number_of_queries_does_not_depend_on_the_items(self):
        counts = []
        account = self.account_of().sudo()
        for more in (2, 0, 495):
            if more:
                self.many_items(more)
            self.env.flush_all()
            self.env.invalidate_all()
            before = self.env.cr.sql_log_count
            self.env['ar.door'].sudo()._read(account)
            counts.append(self.env.cr.sql_log_count - before)
        self.assertEqual(counts[1], counts[2])
        self.assertLessEqual(counts[2], 60)
