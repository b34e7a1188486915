from odoo import Command, fields
from odoo.exceptions import AccessError
from odoo.tests import tagged

from .common import CollectionsCommon


class ScoringCommon(CollectionsCommon):
    """Classes and the shipped scorecard, a shop of our own for orders."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.card = cls.env.ref('ar_collections.ar_scorecard_standard')
        cls.product = cls.env['product.product'].create(
            {'name': "Goods", 'type': 'service', 'list_price': 100, 'taxes_id': False})

    @classmethod
    def risk_class(cls, code):
        return cls.env.ref(f'ar_collections.ar_risk_class_{code}')

    @classmethod
    def order(cls, amount, partner=None, date=None, state='sale', **vals):
        """Create a quotation, or a confirmed order of a day."""
        order = cls.env['sale.order'].create({
            'partner_id': (partner or cls.buyer).id, 'company_id': cls.company.id, **vals,
            'order_line': [Command.create(
                {'product_id': cls.product.id, 'price_unit': amount, 'tax_ids': False})],
        })
        if state == 'sale':
            order.action_confirm()
        if date:
            order.date_order = date
        return order

    def criterion(self, code):
        return self.card.criterion_ids.filtered(lambda c: c.code == code)

    def score(self, partner=None):
        """Score one customer on fresh figures; return the last score."""
        customer = self.account_of(partner)
        customer.action_score_now()
        return customer.credit_score_id

    def figures(self, partner=None):
        """Return {code: figure} of the known criteria of the last score."""
        return {line.code: round(line.value, 2)
                for line in self.score(partner).line_ids if line.is_known}


@tagged('post_install', '-at_install')
class TestScoreFigures(ScoringCommon):
    """What each criterion reads, on ledgers that a person can add up. Today: 2026-06-01."""

    def test_nobody_knows_a_new_customer(self):
        customer = self.account_of()
        customer.action_score_now()
        self.assertFalse(customer.credit_score_id)
        self.assertEqual(customer.risk_class_id, self.risk_class('unrated'))

    def test_the_ledger_gives_its_figures(self):
        """1000 paid 10 days late in May, 300 open and 20 days late, 100 not due."""
        self.pay(self.invoice(1000, due='2026-05-10', date='2024-05-20'), date='2026-05-20')
        self.invoice(300, due='2026-05-12')
        self.invoice(100, due='2026-06-10')
        self.assertEqual(self.figures(), {
            'weighted_days_late': round((1000 * 10 + 300 * 20) / 1300, 2),
            'share_overdue': 75, 'oldest_overdue': 20, 'relation_age': 24})

    def test_nothing_open_is_good_only_for_who_was_invoiced(self):
        self.pay(self.invoice(100, due='2026-05-10', date='2025-06-02'), date='2026-05-10')
        self.assertEqual(self.figures(), {
            'weighted_days_late': 0, 'share_overdue': 0, 'oldest_overdue': 0, 'relation_age': 11})

    def test_the_trend_compares_three_months_with_the_nine_before(self):
        self.pay(self.invoice(100, due='2025-10-01'), date='2025-10-06')
        self.pay(self.invoice(300, due='2026-01-01'), date='2026-01-10')
        self.assertNotIn('lateness_trend', self.figures(), "nothing was paid lately")
        self.pay(self.invoice(50, due='2026-04-01'), date='2026-05-01')
        # 30 − (100 × 5 + 300 × 9) ÷ 400
        self.assertEqual(self.figures()['lateness_trend'], 22)

    def test_growth_of_orders_needs_two_years(self):
        self.order(1000, date='2025-02-01')
        self.order(1500, date='2026-02-01')
        self.assertNotIn('order_growth', self.figures())
        self.order(1, date='2024-05-01')
        self.assertEqual(self.figures()['order_growth'], 50)

    def test_an_order_of_a_contact_in_another_currency_counts_for_the_company(self):
        contact = self.customer("Contact", parent_id=self.buyer.id, type='invoice')
        dollar = self.use_dollar(('2020-01-01', 2))
        prices = self.env['product.pricelist'].create(
            {'name': "Dollar", 'currency_id': dollar.id, 'company_id': self.company.id})
        self.order(1, date='2024-05-01')
        self.order(100, date='2025-02-01')
        self.order(100, contact, date='2026-02-01', pricelist_id=prices.id)
        self.assertEqual(self.figures()['order_growth'], -50)

    def test_the_country_counts_when_a_list_is_set(self):
        france, chad = self.env.ref('base.fr'), self.env.ref('base.td')
        self.buyer.country_id = chad
        self.assertNotIn('country', self.figures())
        self.criterion('country').country_ids = chad
        self.assertEqual(self.figures()['country'], 1)
        self.buyer.country_id = france
        self.assertEqual(self.figures()['country'], 0)

    def test_accounts_typed_in_give_the_financial_scores(self):
        accounts = self.env['ar.financial.statement'].create({
            'customer_id': self.account_of().id, 'year': 2025,
            'currency_id': self.company.currency_id.id, 'total_assets': 1000,
            'current_assets': 500, 'receivables_and_cash': 300,
            'current_liabilities': 100, 'total_debt': 400, 'equity': 600,
            'retained_earnings': 600, 'permanent_capital': 700, 'sales': 2000,
            'value_added': 400, 'staff_cost': 280, 'ebitda': 100, 'ebit': 150,
            'financial_cost': 40})
        self.assertAlmostEqual(accounts.altman, 7.16, 2)
        # 24 × 0.25 + 22 × 0.7 + 16 × 0.3 − 87 × 0.02 − 10 × 0.7
        self.assertAlmostEqual(accounts.conan_holder, 17.46, 2)
        self.assertEqual(self.figures(), {'altman': 7.16, 'conan_holder': 17.46})
        self.assertEqual(self.account_of().credit_score, 100)

    def test_the_latest_accounts_count_and_old_ones_do_not(self):
        base = {'customer_id': self.account_of().id, 'total_assets': 1000, 'total_debt': 500,
                'current_assets': 1, 'equity': 500}
        self.env['ar.financial.statement'].create([
            {**base, 'year': 2022, 'ebit': 9}, {**base, 'year': 2023, 'ebit': 100},
            {**base, 'year': 2024, 'ebit': 200}])
        self.assertEqual(self.figures(), {'altman': round(0.00656 + 1.344 + 1.05, 2)})
        self.env['ar.financial.statement'].search([('year', '>', 2022)]).unlink()
        self.assertEqual(self.figures(), {}, "accounts of four years ago say nothing")

    def test_accounts_without_a_denominator_have_no_score(self):
        accounts = self.env['ar.financial.statement'].create(
            {'customer_id': self.account_of().id, 'year': 2025, 'total_assets': 1000})
        self.assertFalse(accounts.has_altman)
        self.assertFalse(accounts.has_conan_holder)
        self.assertEqual(self.figures(), {})


@tagged('post_install', '-at_install')
class TestScoreClass(ScoringCommon):
    """From a score to a class, and who stands before it."""

    def good_payer(self, partner=None):
        self.pay(self.invoice(1000, due='2026-03-01', date='2020-01-01', partner=partner),
                 date='2026-03-01')

    def bad_payer(self, partner=None):
        self.invoice(1000, due='2025-12-01', partner=partner)

    def test_a_good_payer_is_very_good_and_odoo_knows(self):
        self.good_payer()
        score = self.score()
        self.assertEqual((score.score, score.risk_class_id), (100, self.risk_class('a')))
        customer = self.account_of()
        self.assertEqual(customer.risk_class_id, self.risk_class('a'))
        self.assertFalse(customer.risk_class_manual)
        self.assertEqual(self.buyer.with_company(self.company).trust, 'good')

    def test_a_bad_payer_is_very_weak_and_new_orders_wait(self):
        self.bad_payer()
        self.score()
        self.company.ar_credit_active = True
        customer = self.account_of()
        self.assertEqual(customer.risk_class_id, self.risk_class('e'))
        self.assertEqual(self.buyer.with_company(self.company).trust, 'bad')
        order = self.order(100)
        self.assertEqual((order.state, order.ar_credit_state), ('draft', 'held'))
        self.assertIn("risk class", order.ar_credit_message)

    def test_the_lines_explain_the_score(self):
        self.invoice(300, due='2026-05-12')
        self.invoice(100, due='2026-06-10')
        score = self.score()
        self.assertEqual(len(score.line_ids), len(self.card.criterion_ids))
        self.assertAlmostEqual(sum(score.line_ids.mapped('contribution')), score.score, 0)
        share = score.line_ids.filtered(lambda line: line.code == 'share_overdue')
        self.assertRecordValues(share, [{
            'value': 75, 'points': 0, 'has_band_from': True, 'band_from': 75,
            'has_band_to': False, 'weight': 15, 'share': 25}])
        self.assertEqual(
            share.explanation, "75.00 lies at 75.00 or above: 0.0 points, weight 25.0 %.")
        unknown = score.line_ids.filtered(lambda line: line.code == 'altman')
        self.assertIn("takes no part", unknown.explanation)
        self.assertAlmostEqual(
            score.coverage, 100 * 60 / sum(self.card.criterion_ids.mapped('weight')), 1)

    def test_a_floor_of_a_class_is_included(self):
        self.good_payer()
        floor = self.risk_class('a')
        floor.score_from = 100
        self.assertEqual(self.score().risk_class_id, floor)

    def test_below_every_floor_is_the_worst_class(self):
        self.bad_payer()
        self.risk_class('e').score_from = 19
        self.assertEqual(self.score().risk_class_id, self.risk_class('e'))

    def test_a_class_set_by_hand_stands_until_its_end(self):
        self.bad_payer()
        manager = self.user('manager')
        customer = self.account_of()
        self.env['ar.risk.class.set'].with_user(manager).create({
            'customer_ids': customer.ids, 'risk_class_id': self.risk_class('b').id,
            'until': '2026-06-10', 'reason': "New owner, guarantee promised"}).action_set()
        customer.action_score_now()
        by_hand = {
            'risk_class_id': self.risk_class('b').id, 'risk_class_manual': True,
            'risk_class_user_id': manager.id, 'risk_class_until': fields.Date.to_date('2026-06-10'),
            'risk_class_reason': "New owner, guarantee promised"}
        self.assertRecordValues(customer, [by_hand])
        self.assertEqual(customer.credit_score_id.risk_class_id, self.risk_class('e'))
        self.go('2026-06-10')
        self.env['ar.customer']._score(self.company)
        self.assertRecordValues(customer, [by_hand])
        self.go('2026-06-11')
        self.env['ar.customer']._score(self.company)
        self.assertRecordValues(customer, [{
            'risk_class_id': self.risk_class('e').id, 'risk_class_manual': False,
            'risk_class_user_id': False, 'risk_class_until': False}])

    def test_a_class_by_hand_without_end_stands(self):
        self.bad_payer()
        customer = self.account_of()
        customer._set_risk_class(self.risk_class('b'), "Ours")
        self.go('2030-01-01')
        customer.action_score_now()
        self.assertEqual(customer.risk_class_id, self.risk_class('b'))

    def test_when_it_ends_for_somebody_unknown_he_is_unrated(self):
        customer = self.account_of()
        customer._set_risk_class(self.risk_class('b'), "A hunch", until='2026-06-10')
        self.go('2026-06-11')
        self.env['ar.customer']._score(self.company)
        self.assertRecordValues(customer, [{
            'risk_class_id': self.risk_class('unrated').id, 'risk_class_manual': False}])

    def test_no_score_lifts_a_default(self):
        self.good_payer()
        customer = self.account_of()
        customer._set_risk_class(self.risk_class('default'), "Insolvency", manual=False)
        self.score()
        self.assertEqual(customer.risk_class_id, self.risk_class('default'))

    def test_a_score_never_puts_a_review_off(self):
        self.good_payer()
        customer = self.account_of()
        customer.review_date = '2026-05-01'
        self.score()
        self.assertEqual(customer.review_date, fields.Date.to_date('2026-05-01'))
        customer._set_risk_class(self.risk_class('c'), "Reviewed")
        self.assertEqual(customer.review_date, fields.Date.to_date('2026-12-01'))

    def test_a_class_cannot_be_typed_in(self):
        customer = self.account_of()
        for role in ('own', 'collector', 'manager', 'admin'):
            with self.assertRaises(AccessError):
                customer.with_user(self.user(role, f'class_{role}')).write(
                    {'risk_class_id': self.risk_class('a').id})
        with self.assertRaises(AccessError):
            customer.with_user(self.user('collector'))._set_risk_class(
                self.risk_class('a'), "Mine")

    def test_the_policy_of_the_class_comes_before_the_default(self):
        policy = self.policy([(1, 'automatic')], name="Strict")
        self.risk_class('e').policy_id = policy
        customer = self.account_of()
        self.assertEqual(customer.effective_policy_id, self.ladder)
        customer._set_risk_class(self.risk_class('e'), "Bad")
        customer.invalidate_recordset(['effective_policy_id', 'policy_reason'])
        self.assertEqual(
            (customer.effective_policy_id, customer.policy_reason), (policy, "Risk class E."))
        self.invoice(100, due='2026-05-20')
        run = self.run_dunning('2026-06-01')
        self.assertEqual(run.reminder_ids.level_id.policy_id, policy)
        rule = self.env['ar.dunning.rule'].create({'name': "All", 'policy_id': self.ladder.id})
        customer.invalidate_recordset(['effective_policy_id'])
        self.assertEqual(customer.effective_policy_id, rule.policy_id)
        rule.active = False
        policy.active = False
        customer.invalidate_recordset(['effective_policy_id'])
        self.assertEqual(customer.effective_policy_id, self.ladder, "an archived one never chooses")

    def test_a_policy_of_another_company_never_chooses(self):
        other = self.make_company("Elsewhere")
        policy = self.policy([(1, 'automatic')], company_id=other.id)
        self.risk_class('e').policy_id = policy
        customer = self.account_of()
        customer._set_risk_class(self.risk_class('e'), "Bad")
        self.assertEqual(customer.effective_policy_id, self.ladder)
