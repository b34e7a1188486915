from odoo import fields
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

    def test_an_auditor_reads(self):
        auditor = self.user('auditor', 'tour_auditor')
        self.start_tour(PAGE, 'ar_worklist_read', login=auditor.login)


@tagged('post_install', '-at_install')
class TestWorklistPhone(WorklistTourCommon):

    browser_size = '375x812'
    touch_enabled = True

    def test_phone(self):
        self.start_tour(PAGE, 'ar_worklist_phone', login=self.collector.login)
        self.assertEqual(self.env['ar.interaction'].search(
            [('company_id', '=', self.company.id)]).mapped('outcome'), ['no_answer'])
