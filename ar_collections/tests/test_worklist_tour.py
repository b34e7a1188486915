from odoo import Command, fields
from odoo.tests import HttpCase, tagged

from .common import CollectionsCommon

PAGE = '/odoo/receivables-worklist'


class WorklistTourCommon(CollectionsCommon, HttpCase):
    """Three customers of today's ledger; the first owes most."""

    frozen = False

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.collector = cls.user('collector', 'tour_collector', name="Tour Collector")
        # Whoever collects may register the payment in this house.
        cls.collector.group_ids += cls.env.ref('account.group_account_invoice')
        today = fields.Date.today()
        cls.buyer.write({'name': "Alpha", 'phone': "+33 1 23 45 67 89"})
        second = cls.customer("Bravo", phone="+33 1 11 11 11 11")
        third = cls.customer("Charlie")
        cls.bill = cls.invoice(3000, due=fields.Date.subtract(today, days=30))
        cls.second_bill = cls.invoice(
            2000, due=fields.Date.subtract(today, days=30), partner=second)
        cls.invoice(1000, due=fields.Date.subtract(today, days=30), partner=third)
        cls.env['ar.customer']._refresh(cls.company)
        cls.accounts = cls.env['ar.customer'].search([('company_id', '=', cls.company.id)])
        cls.accounts.collector_id = cls.collector


@tagged('post_install', '-at_install')
class TestWorklistTour(WorklistTourCommon):

    def test_a_collectors_hour(self):
        """Call → promise → payment registered → next, with the keys."""
        self.start_tour(PAGE, 'ar_worklist_hour', login=self.collector.login)
        promise = self.env['ar.promise'].search([('company_id', '=', self.company.id)])
        self.assertEqual((promise.partner_id.name, promise.amount), ("Alpha", 1500))
        contacts = self.env['ar.interaction'].search([('company_id', '=', self.company.id)])
        self.assertEqual(
            sorted((row.partner_id.name, row.outcome) for row in contacts),
            [("Alpha", 'promise'), ("Charlie", 'no_answer')])
        self.assertEqual(
            contacts.filtered('promise_id').phone, "+33 1 23 45 67 89")
        self.assertTrue(self.second_bill.payment_state in ('paid', 'in_payment'))

    def test_every_key(self):
        """Each key opens its form or does its thing; what one key did, another takes back."""
        today = fields.Date.today()
        boss = self.user('manager', 'tour_boss', name="Tour Boss")
        self.company.ar_escalation_user_id = boss
        late = {'due': fields.Date.subtract(today, days=20), 'partner': self.buyer}
        promised, disputed = self.invoice(111, **late), self.invoice(77, **late)
        self.customer("Accountant", parent_id=self.buyer.id, type='invoice', phone="+33 2")
        alpha = self.accounts.filtered(lambda account: account.partner_id == self.buyer)
        alpha.collections_contact_id = self.buyer
        promise, _dispute = self.env['ar.promise'].create({
            'customer_id': alpha.id, 'promise_date': fields.Date.add(today, days=5),
            'amount': 111, 'line_ids': [Command.create({'move_line_id': self.items(promised).id})],
        }), self.env['ar.dispute'].create({
            'customer_id': alpha.id,
            'reason_id': self.env.ref('ar_collections.ar_dispute_reason_price').id,
            'line_ids': [Command.create({'move_line_id': self.items(disputed).id})]})
        self.env['ar.interaction'].create(
            {'customer_id': alpha.id, 'note': "The reception took a message"})
        delta, echo, foxtrot = (
            self.customer(name, phone="+33 3") for name in ("Delta", "Echo", "Foxtrot"))
        late['due'] = fields.Date.subtract(today, days=30)
        _call, wrong, _right, paid, other = (
            self.invoice(amount, **{**late, 'partner': partner})
            for amount, partner in ((500, delta), (300, echo), (50, echo), (150, foxtrot),
                                    (25, foxtrot)))
        self.env['ar.customer']._refresh(self.company)
        self.env['ar.customer'].search(
            [('company_id', '=', self.company.id)]).collector_id = self.collector
        self.start_tour(PAGE, 'ar_worklist_keys', login=self.collector.login)
        self.env.invalidate_all()
        written = self.env['ar.interaction'].with_context(active_test=False).search(
            [('company_id', '=', self.company.id), ('user_id', '=', self.collector.id)], order='id')
        self.assertEqual(
            [(row.partner_id.name, row.outcome, row.kind, row.active, row.note or "")
             for row in written],
            [("Alpha", 'wrong_contact', 'call', False, "Left the company"),
             ("Alpha", 'escalate', 'call', True, "He laughs at us"),
             ("Bravo", 'spoken', 'call', True, ""),
             ("Charlie", 'wrong_address', 'letter', True, ""),
             ("Delta", 'call_back', 'call', True, "After the holidays"),
             ("Echo", 'dispute', 'call', True, "Ten percent too much"),
             ("Foxtrot", 'paid', 'call', False, ""),
             ("Foxtrot", 'paid', 'call', True, "By cheque")])
        self.assertEqual(written[0].contact_id.name, "Accountant")
        self.assertFalse(alpha.wrong_contact_ids)
        self.assertEqual(
            [(task.user_id, task.summary) for task in alpha.activity_ids],
            [(boss, "Escalated by Tour Collector: He laughs at us")])
        self.assertEqual(alpha.promise_ids, promise)
        # What the forms and the bar were told, down to the records.
        call_back, disputed, _undone, said = written[-4:]
        self.assertEqual(call_back.next_date, fields.Date.add(today, days=9))
        self.assertEqual(call_back.customer_id.follow_up_date, call_back.next_date)
        self.assertRecordValues(disputed.dispute_id, [{
            'reason_id': self.env.ref('ar_collections.ar_dispute_reason_quality').id,
            'amount': 30, 'state': 'open', 'partner_id': echo.id}])
        self.assertEqual(disputed.item_ids, self.items(wrong))
        self.assertEqual(disputed.dispute_id.line_ids.move_line_id, self.items(wrong))
        self.assertEqual(wrong.payment_state, 'not_paid', "Odoo's “blocked” is never used")
        self.assertEqual(said.item_ids, self.items(paid) | self.items(other))
        wait = fields.Date.add(today, days=12)
        self.assertEqual((said.next_date, said.activity_id.date_deadline), (wait, wait))
        self.assertEqual(said.customer_id.activity_ids, said.activity_id)
        mail = said.customer_id.message_ids.filtered(lambda one: foxtrot in one.partner_ids)
        self.assertEqual(len(mail), 1, "undone before the proof was asked for: no mail")
        self.assertEqual(mail.author_id, self.collector.partner_id)
        for move in paid | other:
            self.assertIn(move.name, mail.subject)

    def test_an_auditor_reads(self):
        auditor = self.user('auditor', 'tour_auditor')
        self.start_tour(PAGE, 'ar_worklist_read', login=auditor.login)


@tagged('post_install', '-at_install')
class TestWorklistPhone(WorklistTourCommon):

    browser_size = '375x812'
    touch_enabled = True

    def test_phone(self):
        self.buyer.email = "accounts.payable.department@alpha-holdings.example"
        self.start_tour(PAGE, 'ar_worklist_phone', login=self.collector.login)
        self.assertEqual(self.env['ar.interaction'].search(
            [('company_id', '=', self.company.id)]).mapped('outcome'), ['no_answer'])
