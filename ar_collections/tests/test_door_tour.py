from odoo.tests import tagged

from .test_door_payment import DoorPaymentCommon


@tagged('post_install', '-at_install')
class TestDoorTour(DoorPaymentCommon):
    """A customer's visit without a login: dispute with a photo, promise, payment."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        for number, move in enumerate((cls.old, cls.late, cls.coming), start=1):
            move.name = f'DOOR/{number}'
        # The provider's page sends the customer back at once; its answer arrives later.
        cls.provider.redirect_form_view_id = cls.env['ir.ui.view'].create({
            'name': "Till", 'type': 'qweb',
            'arch': f'<form action="{cls.path}" method="get"/>'})

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
            'amount': 40, 'state': 'draft', 'invoice_ids': self.coming.ids}])
        self.arrive(transaction)
        self.assertEqual(self.coming.amount_residual, 0)
        self.start_tour(self.path, 'ar_door_paid', login=None)
