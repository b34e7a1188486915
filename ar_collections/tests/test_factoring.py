
from psycopg2.errors import UniqueViolation

from odoo import fields
from odoo.exceptions import AccessError, UserError, ValidationError
from odoo.fields import Command
from odoo.tests import tagged
from odoo.tools import mute_logger

from .factoring_common import FactoringCommon


@tagged('post_install', '-at_install')
class TestFactoringAssignment(FactoringCommon):

    def test_amounts_by_the_rates_of_the_contract(self):
        moves = self.invoice(1000, due='2026-07-01') | self.invoice(500, due='2026-05-20')
        assignment = self.assignment(moves)
        self.assertRecordValues(assignment, [{
            'amount': 1500, 'advance_amount': 1200, 'reserve_amount': 150, 'fee_amount': 15,
            # 800 for 30 days at 6 % of 360; the overdue one costs nothing in advance.
            'interest_amount': 4.0, 'line_count': 2}])
        self.assertRegex(assignment.name, r"^FCT/2026/\d+$")

    def test_what_cannot_be_assigned(self):
        dollar = self.env.ref('base.USD')
        dollar.active = True
        good = self.invoice(100, due='2026-07-01')
        disputed = self.invoice(110, due='2026-07-02')
        self.dispute(disputed)
        foreign = self.invoice(120, due='2026-07-03', currency=dollar)
        credit = self.credit_note(30, '2026-06-01')
        paid = self.invoice(130, due='2026-07-04')
        self.pay(paid)
        draft = self.invoice(140, due='2026-07-05', post=False)
        taken = self.invoice(150, due='2026-07-06')
        self.assignment(taken).action_assign()
        old = self.invoice(160, due='2026-01-10')
        self.contract.date_from = '2026-02-01'
        every = good | disputed | foreign | credit | paid | draft | taken | old
        refusals = self.contract._get_refusals(every)
        self.assertEqual(refusals, {
            disputed.id: "it is disputed", foreign.id: "it is in USD, the contract in EUR",
            credit.id: "it is a credit note", paid.id: "nothing is owed on it",
            draft.id: "it is no posted customer invoice", taken.id: "it is assigned already",
            old.id: "its date is outside the contract"})
        assignment = self.assignment(good | disputed)
        with self.assertRaisesRegex(UserError, f"{disputed.name}: it is disputed"):
            assignment.action_assign()
        self.assertEqual(assignment.state, 'draft')

    def test_the_ceiling_counts_what_is_with_the_factor(self):
        self.contract.debtor_limit = 250
        first, second = self.invoice(200, due='2026-07-01'), self.invoice(100, due='2026-07-02')
        self.assignment(first).action_assign()
        later = self.assignment(second)
        self.assertIn("exceeds the ceiling", later.problems)
        self.contract.ceiling_ids = [Command.create(
            {'partner_id': self.buyer.id, 'amount': 300})]
        later.invalidate_recordset()
        self.assertFalse(later.problems)
        self.contract.ceiling_ids.amount = 0
        later.invalidate_recordset()
        self.assertIn("exceeds the ceiling", later.problems)

    def test_twice_is_refused_by_the_database(self):
        bill = self.invoice(100, due='2026-07-01')
        self.assignment(bill)
        with mute_logger('odoo.sql_db'), self.assertRaises(UniqueViolation), \
                self.env.cr.savepoint():
            self.assignment(bill)
            self.env.flush_all()

    def test_it_proposes_what_the_contract_allows(self):
        good = self.invoice(100, due='2026-07-01')
        disputed = self.invoice(110, due='2026-07-02')
        self.dispute(disputed)
        self.credit_note(30, '2026-06-01')
        self.contract.action_new_assignment()
        assignment = self.contract.assignment_ids
        self.assertEqual(assignment.line_ids.move_id, good)
        assignment.action_propose()
        self.assertEqual(assignment.line_ids.move_id, good)

    def test_from_the_list_of_invoices(self):
        bill = self.invoice(100, due='2026-07-01')
        action = bill.action_ar_assign()
        made = self.env['ar.factoring.assignment'].browse(action['res_id'])
        self.assertEqual(made.line_ids.move_id, bill)

    def test_the_amount_is_that_of_the_moment(self):
        bill = self.invoice(100, due='2026-07-01')
        assignment = self.assignment(bill)
        self.pay(bill, 40)
        assignment.action_assign()
        self.assertEqual(assignment.amount, 60)
        self.pay(bill, 10)
        self.assertEqual(assignment.line_ids.amount, 60, "history does not move")

    def test_the_number_of_queries_does_not_grow(self):
        def count(moves):
            self.env.flush_all()
            self.env.invalidate_all()
            start = self.env.cr.sql_log_count
            self.contract._get_refusals(moves)
            return self.env.cr.sql_log_count - start

        moves = self.env['account.move']
        for number in range(10):
            moves |= self.invoice(100 + number, due='2026-07-01')
        few = count(moves)
        for number in range(20):
            partner = self.customer(f"Debtor {number}")
            moves |= self.invoice(50, due='2026-07-01', partner=partner)
        self.assertLessEqual(count(moves), few + 1)

    def test_who_may(self):
        bill = self.invoice(100, due='2026-07-01')
        assignment = self.assignment(bill)
        for role in ('auditor', 'own', 'collector'):
            with self.assertRaises(AccessError):
                assignment.with_user(self.user(role)).action_assign()
        manager = self.user('manager')
        with self.assertRaises(AccessError):
            assignment.with_user(manager).write({'state': 'assigned'})
        assignment.with_user(manager).action_assign()
        with self.assertRaises(UserError):
            assignment.with_user(manager).write({'date': '2026-01-01'})
        with self.assertRaises(AccessError):
            assignment.line_ids.with_user(manager).write({'state': 'paid'})
        with self.assertRaises(UserError):
            assignment.unlink()
        other = self.make_company("Other House")
        stranger = manager.copy({'login': 'stranger', 'company_id': other.id,
                                 'company_ids': [Command.set(other.ids)]})
        self.assertFalse(self.env['ar.factoring.assignment'].with_user(stranger).with_context(
            allowed_company_ids=other.ids).search([]))

    def test_a_perimeter_hides_what_others_follow(self):
        own, other = self.user('own'), self.user('collector')
        mine, theirs = self.customer("Mine"), self.customer("Theirs")
        bills = self.invoice(100, due='2026-07-01', partner=mine) | self.invoice(
            200, due='2026-07-01', partner=theirs)
        self.account_of(mine).collector_id = own
        self.account_of(theirs).collector_id = other
        assignment = self.assignment(bills)
        assignment.action_assign()
        Line = self.env['ar.factoring.line']
        self.assertEqual(Line.with_user(own).search([]).move_id, bills[0])
        self.assertEqual(len(Line.with_user(other).search([])), 2)
        with self.assertRaises(AccessError):
            assignment.with_user(own).read(['amount', 'line_ids'])

    def test_a_contract_that_contradicts_itself(self):
        with self.assertRaises(ValidationError):
            self.contract.write({'method': 'transfer', 'own_dunning': True})
        with self.assertRaises(ValidationError):
            self.contract.write({'account_debt_id': False})
        self.contract.write({'journal_id': False, 'account_debt_id': False})


@tagged('post_install', '-at_install')
class TestFactoringEntries(FactoringCommon):
    """Drafts only; after a person has posted them Odoo's own balances must be right."""

    def test_kept_on_the_account_then_paid_to_the_factor(self):
        bill = self.invoice(1000, due='2026-07-01')
        assignment = self.assignment(bill)
        assignment.action_assign()
        entry = assignment.move_id
        self.assertEqual((entry.state, self.receivable()), ('draft', 1000))
        entry.action_post()
        self.assertEqual(self.receivable(), 1000, "the claim stays")
        # What is open today is filtered and added up by lists, though nothing is stored.
        Line = self.env['ar.factoring.line']
        for low, total in ((999, 1000), (1000, None)):
            [[found]] = Line._read_group(
                [('id', 'in', assignment.line_ids.ids), ('residual', '>', low)],
                aggregates=['residual:sum'])
            self.assertEqual(found or None, total)
        self.assertEqual(
            [self.balance(code) for code in ('467100', '519300', '622500', '661600')],
            [786, -800, 10, 4])
        assignment.line_ids.action_paid()
        paid = assignment.line_ids.settle_move_id
        self.assertEqual((paid.state, bill.amount_residual), ('draft', 1000))
        paid.action_post()
        self.assertEqual((bill.amount_residual, self.receivable()), (0, 0))
        self.assertEqual([self.balance(code) for code in ('467100', '519300')], [986, 0])

    def test_off_the_account_then_returned(self):
        self.contract.method = 'transfer'
        bill = self.invoice(1000, due='2026-07-01')
        assignment = self.assignment(bill)
        assignment.action_assign()
        self.assertEqual(bill.amount_residual, 1000, "nothing moves before a person posts")
        assignment.move_id.action_post()
        self.assertEqual((bill.amount_residual, self.receivable()), (0, 0))
        self.assertEqual(
            [self.balance(code) for code in ('467100', '467200', '622500', '661600')],
            [886, 100, 10, 4])
        assignment.line_ids.action_return()
        back = assignment.line_ids.settle_move_id
        self.assertEqual((back.state, bill.amount_residual), ('draft', 0))
        back.action_post()
        self.assertEqual((bill.amount_residual, self.receivable()), (1000, 1000))
        self.assertEqual(self.items(bill).date_maturity.isoformat(), '2026-07-01')
        self.assertEqual([self.balance(code) for code in ('467100', '467200')], [-14, 0])
        self.assertFalse(back.line_ids.filtered(
            lambda line: line.account_id.account_type == 'asset_receivable'
            and not line.reconciled))

    def test_the_reserve_is_released_when_the_customer_pays(self):
        self.contract.method = 'transfer'
        bills = self.invoice(1000, due='2026-07-01') | self.invoice(500, due='2026-07-01')
        assignment = self.assignment(bills)
        assignment.action_assign()
        assignment.move_id.action_post()
        line = assignment.line_ids.filtered(lambda one: one.move_id == bills[0])
        line.action_paid()
        line.settle_move_id.action_post()
        self.assertEqual(self.balance('467200'), 50, "that of the other invoice stays")
        self.assertEqual(line.state, 'paid')

    def test_without_recourse_nothing_comes_back(self):
        self.contract.recourse = False
        assignment = self.assignment(self.invoice(100, due='2026-07-01'))
        assignment.action_assign()
        with self.assertRaisesRegex(UserError, "without recourse"):
            assignment.line_ids.action_return()

    def test_returned_may_be_assigned_again(self):
        bill = self.invoice(100, due='2026-07-01')
        assignment = self.assignment(bill)
        assignment.action_assign()
        assignment.line_ids.action_return()
        again = self.assignment(bill)
        again.action_assign()
        self.assertEqual(again.state, 'assigned')

    def test_paid_to_us_by_mistake(self):
        bill = self.invoice(100, due='2026-07-01')
        assignment = self.assignment(bill)
        assignment.action_assign()
        self.pay(bill, 60)
        self.assertEqual(assignment.line_ids.state, 'assigned')
        self.pay(bill)
        self.assertEqual(assignment.line_ids.state, 'paid')
        self.assertIn(bill.name, assignment.activity_ids.summary)

    def test_a_payment_to_us_that_bounces(self):
        """It stayed "paid" for ever: reminded by us, and never to be returned by the factor."""
        bill = self.invoice(100, due='2026-05-20')
        assignment = self.assignment(bill)
        assignment.action_assign()
        payment = self.pay(bill)
        self.assertEqual(assignment.line_ids.state, 'paid')
        payment.move_id.line_ids.remove_move_reconcile()
        self.assertRecordValues(assignment.line_ids, [{'state': 'assigned', 'settled_on': False}])
        self.assertEqual(self.reasons(self.run_dunning('2026-06-01')), [('factoring', 100)])
        # What a person noted is no matter of the ledger.
        assignment.line_ids.action_paid()
        self.match(bill, payment.move_id)
        payment.move_id.line_ids.remove_move_reconcile()
        self.assertEqual(assignment.line_ids.state, 'paid')

    def test_cancelled_before_it_is_posted(self):
        bill = self.invoice(100, due='2026-07-01')
        assignment = self.assignment(bill)
        assignment.action_assign()
        entry = assignment.move_id
        assignment.action_cancel()
        self.assertFalse(entry.exists())
        self.assertEqual(self.assignment(bill).action_assign(), True)
        posted = bill and self.env['ar.factoring.assignment'].search(
            [('state', '=', 'assigned')], limit=1)
        posted.move_id.action_post()
        with self.assertRaises(UserError):
            posted.action_cancel()

    def test_the_aged_balance_shows_it_as_of_any_day(self):
        doubtful = self.env['account.account'].create({
            'name': "Doubtful", 'code': '416100', 'account_type': 'asset_current',
            'reconcile': True, 'company_ids': [Command.set(self.company.ids)]})
        self.company.ar_doubtful_account_ids = doubtful

        def table(*days, valuation='company'):
            self.env.flush_all()
            rows = [self.env['ar.aged.balance'].with_context(
                ar_date=f'2026-06-{day:02}', ar_valuation=valuation)._read_group(
                    [], [], ['assigned_amount:sum', 'amount:sum'])[0] for day in days]
            return [tuple(round(value or 0, 2) for value in row) for row in rows]

        first, second = self.invoice(1000, due='2026-07-01'), self.invoice(500, due='2026-07-01')
        third = self.invoice(70, due='2026-07-01')
        self.assignment(third)
        self.go('2026-06-02')
        withdrawn = self.assignment(second)
        withdrawn.action_assign()
        self.go('2026-06-03')
        withdrawn.action_cancel()
        self.go('2026-06-04')
        assignment = self.assignment(first)
        assignment.date = '2026-06-04'
        assignment.action_assign()
        self.pay(first, 300, '2026-06-06')
        self.go('2026-06-08')
        self.env['ar.doubtful.transfer']._transfer_to_doubtful(
            self.items(first), "Insolvent").move_id.action_post()
        self.go('2026-06-10')
        assignment.line_ids.action_return()
        self.assertEqual(
            table(1, 2, 3, 4, 5, 6, 8, 9, 10),
            # Assigned from the 1st and taken back on the 3rd; nothing between; then the other.
            [(500, 1570), (500, 1570), (0, 1570), (1000, 1570), (1000, 1570), (700, 1270),
             (700, 1270), (700, 1270), (0, 1270)])
        self.assertEqual(table(9, valuation='document'), [(700, 1270)])
        dataset = self.env['ar.aged.report']._get_dataset(
            {'date': fields.Date.to_date('2026-06-09')}, [], detailed=True)
        names = [name for name, _label in dataset['columns']]
        [section] = dataset['sections']
        self.assertEqual(section['values'][names.index('assigned_amount')], 700)
        self.assertIn('assigned_amount', self.env['ar.aged.balance'].get_view(
            view_type='list')['arch'])
        self.assertEqual(table(9, valuation='revalued'), [(700, 1270)])

    def test_what_is_paid_to_the_factor_keeps_a_promise(self):
        bill = self.invoice(1000, due='2026-07-01')
        assignment = self.assignment(bill)
        assignment.action_assign()
        promise = self.promise(bill, '2026-06-05')
        assignment.line_ids.action_paid()
        self.assertEqual(promise.state, 'open', "nothing moves before a person posts")
        assignment.line_ids.settle_move_id.action_post()
        self.assertRecordValues(promise, [{'state': 'kept', 'paid_amount': 1000}])

    def test_a_foreign_currency_balances_to_the_cent(self):
        dollar = self.use_dollar(('2026-01-01', 1.0837))
        contract = self.contract.copy({'currency_id': dollar.id, 'name': "Export"})
        bills = self.env['account.move']
        for amount in (333.33, 777.77, 0.07):
            bills |= self.invoice(amount, due='2026-07-01', currency=dollar)
        for method in ('keep', 'transfer'):
            contract.method = method
            assignment = self.assignment(bills, contract)
            assignment.action_assign()
            self.assertAlmostEqual(sum(assignment.move_id.line_ids.mapped('balance')), 0, 2)
            assignment.move_id.action_post()
            assignment.line_ids.action_return()
            assignment.line_ids.settle_move_id.action_post()
            self.assertEqual([bill.amount_residual for bill in bills], [333.33, 777.77, 0.07])
