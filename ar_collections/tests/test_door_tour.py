from odoo import Command
from odoo.tests import JsonRpcException, tagged
from odoo.tools import mute_logger

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
        cls.method = cls.env.ref('payment_demo.payment_method_demo')
        cls.provider = Provider.create({
            'name': "Till", 'code': 'demo', 'state': 'test', 'is_published': True,
            'company_id': cls.company.id, 'journal_id': cls.journal('bank').id,
            'inline_form_view_id': cls.env.ref('payment_demo.inline_form').id,
            'payment_method_ids': [
                Command.set(cls.method.ids)]})

    def pay(self, path, currency, amount, provider):
        """Pay what is due on one page, as the provider's form in the browser does."""
        self.provider = provider
        transaction = self.start('due', amount, currency, path)
        self.make_jsonrpc_request('/payment/demo/simulate_payment', {
            'reference': transaction.reference, 'payment_details': '4242',
            'simulated_state': 'done'})
        self.make_jsonrpc_request('/payment/status/poll', {})
        self.env.invalidate_all()
        self.assertRecordValues(transaction, [{
            'state': 'done', 'is_post_processed': True, 'amount': amount,
            'currency_id': currency.id, 'company_id': provider.company_id.id}])
        self.assertRecordValues(transaction.payment_id, [{
            'amount': amount, 'currency_id': currency.id, 'partner_id': self.buyer.id,
            'company_id': provider.company_id.id, 'journal_id': provider.journal_id.id}])
        return transaction.payment_id

    def test_each_company_and_each_currency_is_paid_apart(self):
        """One customer owes in two companies, in one of them in two currencies: three payments."""
        dollar = self.env.ref('base.USD')
        dollar.active = True
        in_dollars = self.invoice(80, due='2026-05-01', currency=dollar)
        elsewhere = self.make_company("Elsewhere Ltd")
        there = self.invoice(50, due='2026-05-01', company=elsewhere)
        _link, url = self.env['ar.portal.link']._make(self.account_of(company=elsewhere))
        path, euro = url[url.index('/my/'):], self.company.currency_id
        here = self.provider
        journal = self.journal('bank', elsewhere)
        theirs = here.copy({
            'company_id': elsewhere.id, 'journal_id': journal.id, 'state': 'test',
            'is_published': True})
        moves = self.old + self.late + in_dollars + there

        def owed():
            self.env.invalidate_all()
            return [move.amount_residual for move in moves]

        for amount, currency, address, provider in (
                (400, euro, self.path, here),  # Both companies in one.
                (430, euro, self.path, here),  # Both currencies in one.
                (350, euro, self.path, theirs), (50, euro, path, here),
                (80, dollar, path, theirs)):
            self.provider = provider
            with self.assertRaises(JsonRpcException, msg=(amount, currency.name)), mute_logger(
                    'odoo.http'):
                self.start('due', amount, currency, address)
        self.assertEqual(owed(), [100, 250, 80, 50])
        paid = self.pay(self.path, dollar, 80, here)
        self.assertEqual(owed(), [100, 250, 0, 50])
        paid += self.pay(path, euro, 50, theirs)
        self.assertEqual(owed(), [100, 250, 0, 0])
        paid += self.pay(self.path, euro, 350, here)
        self.assertEqual(owed(), [0, 0, 0, 0])
        self.assertEqual([one.reconciled_invoice_ids for one in paid], [
            in_dollars, there, self.old + self.late])

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
