from odoo import Command
from odoo.tests import HttpCase, JsonRpcException, tagged
from odoo.tools import mute_logger

from .credit_common import BlockCommon

SIGNATURE = (
    'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5E'
    'rkJggg==')


@tagged('post_install', '-at_install')
class TestCreditPortal(BlockCommon, HttpCase):
    """OCA/credit-control#302: the customer signs, and somebody hears of it."""

    frozen = False

    def accept(self, order):
        self.env.flush_all()
        return self.make_jsonrpc_request(f'/my/orders/{order.id}/accept', {
            'access_token': order._portal_ensure_token(), 'name': "Jane Buyer",
            'signature': SIGNATURE})

    def test_a_signature_is_kept_and_the_order_held(self):
        order = self.offer(require_signature=True, require_payment=False)
        order.action_quotation_sent()
        answer = self.accept(order)
        self.assertIn('sign_ok', answer['redirect_url'])
        self.env.invalidate_all()
        self.assertEqual((order.state, order.ar_credit_state), ('sent', 'held'))
        self.assertTrue(order.signature)
        self.assertEqual(order.signed_by, "Jane Buyer")
        self.assertEqual(order.ar_hold_ids.activity_ids.user_id, self.boss)
        again = self.accept(order)
        self.assertIn('error', again)
        self.env.invalidate_all()
        self.assertEqual(len(order.ar_hold_ids.activity_ids), 1, "told once")
        self.set_limit(2000)
        order.ar_hold_ids._judge_again()
        self.assertEqual(order.state, 'sale', "the signature was the confirmation")
        self.assertTrue(order.signature)

    def test_a_signature_within_the_limit_confirms(self):
        order = self.offer(900, require_signature=True, require_payment=False)
        self.accept(order)
        self.env.invalidate_all()
        self.assertEqual(order.state, 'sale')

    @mute_logger('odoo.http')
    def test_json_rpc_of_a_salesperson(self):
        """The same door as every program outside: a session, and calls by name."""
        order = self.offer()
        self.env.flush_all()
        self.authenticate(self.seller.login, self.seller.login.ljust(8, 'x'))

        def call(model, method, *args, **kwargs):
            return self.make_jsonrpc_request(f'/web/dataset/call_kw/{model}/{method}', {
                'model': model, 'method': method, 'args': list(args), 'kwargs': kwargs})

        context = {'bypass_risk': True, 'su': True, 'uid': 1, 'tracking_disable': True}
        for method, args in (
                ('write', [[order.id], {'state': 'sale'}]),
                ('web_save', [[order.id], {'state': 'sale'}, {}]),
                ('write', [[order.id], {'amount_total': 1}]),
                ('_action_confirm', [[order.id]]),
                ('_remember_passed', [[order.id]]),
                ('create', [[{'partner_id': self.buyer.id, 'state': 'sale', 'order_line': [
                    (0, 0, {'product_id': self.goods.id, 'price_unit': 9000})]}]])):
            with self.assertRaises(JsonRpcException, msg=method):
                call('sale.order', method, *args, context=context)
        call('sale.order', 'action_confirm', [order.id], context=context)
        self.env.invalidate_all()
        self.assertHeld(order, 'over_limit')
        with self.assertRaises(JsonRpcException):
            call('ar.credit.hold', 'write', [order.ar_hold_ids.id], {'state': 'released'})


@tagged('post_install', '-at_install')
class TestCreditPayment(BlockCommon):
    """Paid online: prepaid in full passes, a deposit counts once, post-processing never fails."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        method = cls.env.ref('payment.payment_method_unknown')
        bank = cls.journal('bank')
        cls.provider = cls.env['payment.provider'].create({
            'name': "Till", 'code': 'none', 'state': 'test', 'company_id': cls.company.id,
            'payment_method_ids': [Command.set(method.ids)], 'journal_id': bank.id})
        bank.inbound_payment_method_line_ids[:1].payment_provider_id = cls.provider
        method.active = True
        cls.method = method

    def paid(self, order, amount, state='done'):
        """Pay an order as the payment page does, with what comes after."""
        transaction = self.env['payment.transaction'].create({
            'provider_id': self.provider.id, 'payment_method_id': self.method.id,
            'amount': amount, 'currency_id': order.currency_id.id,
            'partner_id': order.partner_invoice_id.id, 'operation': 'online_direct',
            'reference': f'{order.name}-{len(order.transaction_ids)}',
            'sale_order_ids': [Command.set(order.ids)]})
        if state == 'done':
            transaction._set_done()
        else:
            transaction._set_authorized()
        transaction._post_process()
        return transaction

    def test_prepaid_in_full_passes(self):
        """frappe/erpnext#37888: no credit is asked for, whatever the rules say."""
        self.rule('stop')
        self.account_of().credit_stop = True
        order = self.offer(5000)
        self.paid(order, 5000)
        self.assertEqual((order.state, order.ar_hold_ids.ids), ('sale', []))
        self.assertEqual(self.exposure(), 0)

    def test_a_part_payment_holds_without_an_error(self):
        order = self.offer(5000, require_payment=True, prepayment_percent=0.5)
        transaction = self.paid(order, 2500)
        self.assertEqual(order.ar_credit_state, 'held')
        self.assertIn(order.state, ('draft', 'sent'))
        self.assertEqual(transaction.state, 'done')
        self.assertEqual(transaction.payment_id.amount, 2500, "the money is booked")
        self.assertEqual(order.ar_hold_ids.amount_added, 2500)
        self.paid(order, 2500)
        self.assertEqual((order.state, order.ar_credit_state), ('sale', 'released'))

    def test_a_deposit_counts_once(self):
        """It stands as an open credit in the ledger, and lowers the credit asked for."""
        order = self.offer(1500, require_payment=True, prepayment_percent=1.0)
        self.paid(order, 400)
        self.assertEqual(self.exposure(), -400)
        self.rpc(order, 'action_confirm')
        self.assertEqual(order.ar_credit_state, 'held', "1100 would be owed")
        order.order_line.price_unit = 1400
        self.rpc(order, 'action_confirm')
        self.assertEqual(order.state, 'sale')
        self.assertEqual(self.exposure(), 1000)

    def test_the_deposit_of_the_class(self):
        self.over_limit.active = False
        self.rule('deposit')
        self.account_of().risk_class_id = self.env.ref('ar_collections.ar_risk_class_e')
        order = self.offer(1000, require_payment=True, prepayment_percent=0.5)
        self.rpc(order, 'action_confirm')
        self.assertEqual(order.ar_credit_state, 'held')
        self.assertIn("50", order.ar_credit_message)
        self.paid(order, 500)
        self.assertEqual(order.state, 'sale')

    def test_authorised_money_counts(self):
        self.provider.support_manual_capture = 'full_only'
        order = self.offer(5000)
        self.paid(order, 5000, 'authorized')
        self.assertEqual(order.state, 'sale')
