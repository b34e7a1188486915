"""Paying on the pages: the ledger says how much, the browser says nothing."""
from odoo import Command, fields
from odoo.tests import JsonRpcException, tagged
from odoo.tools import mute_logger

from .test_door_attacks import DoorHttpCommon


class DoorPaymentCommon(DoorHttpCommon):

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        method = cls.env.ref('payment.payment_method_unknown')
        bank = cls.journal('bank')
        cls.provider = cls.env['payment.provider'].create({
            'name': "Till", 'code': 'none', 'state': 'test', 'is_published': True,
            'company_id': cls.company.id, 'payment_method_ids': [Command.set(method.ids)],
            'journal_id': bank.id})
        bank.inbound_payment_method_line_ids[:1].payment_provider_id = cls.provider
        method.active = True
        cls.method = method

    def start(self, choice, amount, currency=None, path=None):
        """Do what Odoo's payment form does when the button is pressed."""
        currency = currency or self.company.currency_id
        values = self.make_jsonrpc_request(
            f'{path or self.path}/pay/{currency.id}/{choice}/transaction', {
                'provider_id': self.provider.id, 'payment_method_id': self.method.id,
                'token_id': None, 'amount': amount, 'flow': 'direct',
                'tokenization_requested': False, 'landing_route': 'https://evil.example.com',
                'access_token': None})
        self.env.invalidate_all()
        return self.env['payment.transaction'].search(
            [('reference', '=', values['reference'])])

    def arrive(self, transaction):
        """Do what the provider's answer does."""
        transaction._set_done()
        transaction._post_process()
        self.env.flush_all()
        self.env.invalidate_all()


@tagged('post_install', '-at_install')
class TestDoorPayment(DoorPaymentCommon):

    def test_some(self):
        transaction = self.start('-'.join(self.ids(self.old, self.coming)), 140)
        page = self.get(path=transaction.landing_route)
        self.assertIn(f'{self.path}?thanks=', page.url)
        self.assertNotIn("Thank you", page.text, "nothing has been paid yet")
        self.assertEqual(transaction.partner_id, self.buyer)
        self.assertRecordValues(self.acts(), [{
            'kind': 'payment', 'amount': 140, 'transaction_id': transaction.id}])
        self.arrive(transaction)
        self.assertIn(
            "Thank you for your payment", self.get(path=transaction.landing_route).text)
        self.assertEqual(
            [move.amount_residual for move in (self.old, self.late, self.coming)], [0, 250, 0])

    def test_done_or_on_its_way_it_is_thanked_for_in_french(self):
        self.use_french('ar_collections', 'ar_collections.door_thanks')
        self.buyer.lang = 'fr_FR'
        for state, words in (
                ('pending', "Merci. Votre paiement est en cours."),
                ('done', "Merci pour votre paiement.")):
            transaction = self.start('-'.join(self.ids(self.old)), 100)
            if state == 'done':
                self.arrive(transaction)
            else:
                transaction._set_pending()
            page = self.get(path=transaction.landing_route).text
            self.assertIn(words, page)
            self.assertNotIn("Thank you", page)
            if state == 'pending':
                transaction._set_canceled()

    def test_the_secret_of_the_link_is_not_kept_with_the_payment(self):
        secret = self.path.rpartition('/')[2]
        transaction = self.start('due', 350)
        self.assertNotIn(secret, str(transaction.read()))
        self.assertNotIn(secret, str(self.acts().read()))
        page = self.get(path=transaction.landing_route)
        self.assertIn(self.path, page.url, "whoever paid comes back to the page")
        self.opener.cookies.clear()
        page = self.get(path=transaction.landing_route)
        self.assertNotIn("350.00", page.text)

    def test_a_stored_card_is_not_charged_by_a_forwarded_link(self):
        card = self.env['payment.token'].create({
            'provider_id': self.provider.id, 'payment_method_id': self.method.id,
            'partner_id': self.buyer.id, 'provider_ref': "card", 'payment_details': "4242"})
        with self.assertRaises(JsonRpcException), mute_logger('odoo.http'):
            self.make_jsonrpc_request(
                f'{self.path}/pay/{self.company.currency_id.id}/due/transaction', {
                    'provider_id': self.provider.id, 'payment_method_id': None,
                    'token_id': card.id, 'amount': 350, 'flow': 'token',
                    'tokenization_requested': False, 'landing_route': '/', 'access_token': None})
        self.assertFalse(self.env['payment.transaction'].search([('token_id', '=', card.id)]))

    def test_all_with_the_credits(self):
        self.credit_note(25, '2026-05-25')
        self.entry(60, '2026-04-01')
        self.arrive(self.start('all', 100 + 250 + 40 + 60 - 25))
        self.assertEqual(self.buyer.with_company(self.company).credit, 0)
        open_items = self.env['ar.statement']._read_statements(self.account)[self.account.id]
        self.assertEqual(open_items, [], "entries and credits are matched too")

    def test_what_is_due_without_what_is_disputed(self):
        self.submit('dispute', items=self.ids(self.old), reason=str(self.reason.id), note="x",
                    amount='30')
        self.arrive(self.start('undisputed', 320))
        self.assertEqual((self.old.amount_residual, self.late.amount_residual), (30, 0))
        self.assertEqual(self.account.dispute_ids.state, 'open')

    def test_a_chosen_instalment_is_paid_and_none_before_it(self):
        """Odoo would match the money with the oldest instalment of the invoice, disputed or not."""
        twice = self.invoice(200, date='2026-04-01', terms=[(10, 50), (40, 50)])
        first, second = self.items(twice).sorted('date_maturity')
        self.arrive(self.start(str(second.id), 100))
        self.assertEqual((first.amount_residual, second.amount_residual), (100, 0))
        again = self.invoice(60, date='2026-04-01', terms=[(10, 50), (40, 50)])
        former, latter = self.items(again).sorted('date_maturity')
        self.submit('dispute', items=[str(first.id), str(former.id)], note="x",
                    reason=str(self.reason.id))
        transaction = self.start('undisputed', 380)
        self.arrive(transaction)
        self.assertEqual(
            [item.amount_residual for item in (first, former, latter)], [100, 30, 0])
        self.assertEqual(self.account.dispute_ids.state, 'open')
        self.assertEqual(self.old.amount_residual + self.late.amount_residual, 0)
        self.assertEqual(transaction.payment_id.reconciled_invoice_ids,
                         self.old | self.late | again)
        # An older item that is disputed in part takes no more than the other part.
        older, half = self.invoice(50, due='2026-03-01'), self.invoice(
            40, date='2026-04-01', terms=[(10, 50), (400, 50)])
        self.submit('dispute', items=self.ids(older), note="x", reason=str(self.reason.id),
                    amount='20')
        self.arrive(self.start('undisputed', 30 + 20))
        self.assertEqual((older.amount_residual, half.amount_residual), (20, 20))

    def test_two_currencies_are_paid_apart(self):
        dollar = self.env.ref('base.USD')
        dollar.active = True
        other = self.invoice(80, due='2026-05-01', currency=dollar)
        page = self.get().text
        self.assertIn(f'/pay/{dollar.id}?choice=due', page)
        self.assertIn(f'/pay/{self.company.currency_id.id}?choice=due', page)
        self.assertIn('id="o_payment_form"', self.get(f'/pay/{dollar.id}?choice=due').text)
        transaction = self.start('due', 80, dollar)
        self.assertEqual(transaction.currency_id, dollar)
        self.arrive(transaction)
        self.assertEqual((other.amount_residual, self.old.amount_residual), (0, 100))

    def test_two_companies_are_paid_apart(self):
        elsewhere = self.make_company("Elsewhere Ltd")
        self.invoice(50, due='2026-05-01', company=elsewhere)
        self.account_of(company=elsewhere)
        self.portal_user('pays-both', self.buyer)
        self.authenticate('pays-both', 'pays-both' * 2)
        page = self.url_open('/my/statement').text
        for text in ("Our House", "Elsewhere Ltd", "50.00", "390.00"):
            self.assertIn(text, page)

    def test_a_wrong_amount_choice_or_link(self):
        for choice, amount, path in (
                ('due', 1, None), ('due', 349.99, None), (self.ids(self.foreign)[0], 777, None),
                ('due', 350, self.path + 'x'), ('nonsense', 350, None)):
            with self.assertRaises(JsonRpcException, msg=choice), mute_logger(
                    'odoo.http', 'odoo.addons.base.models.ir_http'):
                self.start(choice, amount, path=path)
        with self.assertRaises(JsonRpcException), mute_logger('odoo.http'):
            self.start('due', 350, self.env.ref('base.USD'))
        self.assertFalse(self.env['payment.transaction'].search(
            [('provider_id', '=', self.provider.id)]))

    def test_what_is_no_amount_is_refused_in_words(self):
        for amount in ('all of it', 'nan', None, {}):
            with self.assertRaisesRegex(JsonRpcException, 'ValidationError'), mute_logger(
                    'odoo.http'):
                self.start('due', amount)

    def test_a_payment_on_its_way_stops_the_ladder(self):
        transaction = self.start('due', 350)
        transaction._set_pending()
        run = self.env['ar.dunning.run']._run(self.company)
        self.assertEqual(self.reasons(run), [('paying', 100), ('paying', 250)])
        self.assertIn("Payment on its way", self.get().text)
        transaction._set_canceled()
        self.env.flush_all()
        self.assertFalse([reason for reason, _amount in self.reasons(
            self.env['ar.dunning.run']._run(self.company)) if reason == 'paying'])

    def test_a_transfer_announced_again_and_again_stops_it_once(self):
        first, again = self.start('due', 350), self.start('due', 350)
        (first | again)._set_pending()
        for days, stops in ((91, True), (8, False)):
            first.last_state_change = fields.Datetime.subtract(fields.Datetime.now(), days=days)
            self.env.flush_all()
            run = self.env['ar.dunning.run']._run(self.company)
            self.assertEqual('paying' in dict(self.reasons(run)), stops, days)
