from odoo import Command
from odoo.tests import tagged

from .test_door_payment import DoorPaymentCommon


@tagged('post_install', '-at_install')
class TestDoorTour(DoorPaymentCommon):
    """A customer's visit without a login: dispute with a photo, promise, payment.

    The payment goes through Odoo's own provider for trials, up to the reconciled invoice: its form,
    its answer, Odoo's status page and what that page books.
    """

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        for number, move in enumerate((cls.old, cls.late, cls.coming), start=1):
            move.name = f'DOOR/{number}'
        Provider = cls.env['payment.provider']
        if 'demo' not in Provider._fields['code'].get_values(cls.env):
            raise AssertionError("Install payment_demo beside this module, as scripts/test does.")
        cls.provider.state = 'disabled'
        cls.provider = Provider.create({
            'name': "Till", 'code': 'demo', 'state': 'test', 'is_published': True,
            'company_id': cls.company.id, 'journal_id': cls.journal('bank').id,
            'inline_form_view_id': cls.env.ref('payment_demo.inline_form').id,
            'payment_method_ids': [
                Command.set(cls.env.ref('payment_demo.payment_method_demo').ids)]})

    def test_a_visit(self):
        self.start_tour(self.path, 'ar_door_visit', login=None)
        acts = self.acts()
        self.assertEqual(sorted(acts.mapped('kind')), ['dispute', 'payment', 'promise'])
        dispute = acts.dispute_id
        self.assertEqual(dispute.line_ids.move_id, self.old)
        self.assertEqual(dispute.message_ids.attachment_ids.name, "broken box.png")
        self.assertEqual(acts.promise_id.line_ids.move_id, self.late)
        transaction = acts.transaction_id
        self.assertRecordValues(transaction, [{
            'amount': 40, 'state': 'done', 'invoice_ids': self.coming.ids,
            'provider_id': self.provider.id, 'is_post_processed': True}])
        self.assertRecordValues(transaction.payment_id, [{
            'amount': 40, 'partner_id': self.buyer.id, 'company_id': self.company.id}])
        self.assertEqual(self.coming.amount_residual, 0)
        self.start_tour(self.path, 'ar_door_paid', login=None)
