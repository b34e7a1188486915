from odoo.exceptions import AccessError, UserError, ValidationError
from odoo.tests import tagged

from .legal_common import LegalCommon


@tagged('post_install', '-at_install')
class TestAgencyPayment(LegalCommon):
    """Gross frees the customer, the fee is a cost, the agency owes the net amount."""

    def payment(self, case, gross, fee=0.0, **vals):
        return self.env['ar.agency.payment'].with_user(self.clerk).create({
            'case_id': case.id, 'gross_amount': gross, 'fee_amount': fee, **vals})

    def test_gross_fee_net(self):
        old, new = self.invoice(100, due='2026-02-01'), self.invoice(80, due='2026-03-01')
        case = self.case(new | old)
        self.hand_over(case)
        payment = self.payment(case, 120, 18, reference="A-77")
        self.assertRecordValues(payment, [{
            'net_amount': 102, 'party_id': self.agency.id, 'state': 'draft'}])
        payment.action_propose()
        self.assertEqual(payment.move_id.state, 'draft')
        payment.move_id.with_user(self.accountant).action_post()
        self.assertEqual(payment.state, 'booked')
        self.assertEqual(
            [self.items(old).amount_residual, self.items(new).amount_residual], [0, 60])
        self.assertEqual(
            [self.balance(account) for account in (self.agency_account, self.fees)], [102, 18])
        self.assertEqual(case.collected_amount, 120)
        self.assertTies()
        self.reverse(payment)
        self.assertEqual(payment.state, 'undone')
        self.assertEqual(case.residual, 180)
        self.assertTies()

    def test_the_last_payment_closes_the_case(self):
        case = self.case(self.invoice(100, due='2026-02-01'))
        self.hand_over(case)
        payment = self.payment(case, 100, 100)
        payment.action_propose()
        payment.move_id.with_user(self.accountant).action_post()
        self.assertRecordValues(case, [{'stage': 'closed', 'outcome': 'paid'}])
        self.assertEqual(self.balance(self.agency_account), 0)

    def test_no_more_than_is_owed(self):
        case = self.case(self.invoice(100, due='2026-02-01'))
        payment = self.payment(case, 100.01)
        with self.assertRaises(ValidationError):
            payment.action_propose()

    def test_a_doubtful_item_is_paid_where_it_stands(self):
        invoice = self.invoice(100, due='2026-02-01')
        case = self.case(invoice)
        self.to_doubtful(invoice)
        payment = self.payment(case, 70)
        payment.action_propose()
        payment.move_id.with_user(self.accountant).action_post()
        self.assertEqual(self.balance(self.doubtful), 30)
        self.assertEqual(case.residual, 30)
        self.assertTies()

    def test_what_the_agency_has_collected_keeps_a_promise_and_a_plan(self):
        invoice = self.invoice(100, due='2026-02-01')
        promise = self.agree('ar.promise', self.items(invoice))
        plan = self.agree('ar.payment.plan', self.items(invoice))
        payment = self.payment(self.case(invoice), 100, 10, date='2026-06-03')
        payment.action_propose()
        self.assertEqual((promise.state, plan.state), ('open', 'active'))
        payment.move_id.with_user(self.accountant).action_post()
        self.assertRecordValues(promise, [{'state': 'kept', 'paid_amount': 100}])
        self.assertRecordValues(plan, [{'state': 'kept', 'paid_amount': 100}])
        self.reverse(payment)
        self.assertEqual((promise.state, plan.state), ('open', 'active'))

    def test_an_accountant_posts_nobody_else(self):
        case = self.case(self.invoice(100, due='2026-02-01'))
        payment = self.payment(case, 100)
        payment.action_propose()
        with self.assertRaises(AccessError):
            payment.with_user(self.user('own')).action_post_entry()
        with self.assertRaises(UserError):
            payment.gross_amount = 50
