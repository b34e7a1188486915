from odoo import Command
from odoo.exceptions import AccessError, UserError
from odoo.tests import Form, HttpCase, tagged

from .common import CollectionsCommon

SALES = 'sales_team.group_sale_salesman'


class CreditScreensCommon(CollectionsCommon):
    """A customer with a limit, a salesperson who knows nothing of the ledger, a credit manager."""

    frozen = False

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.company.ar_credit_active = True
        cls.buyer.name = "Tour Buyer"
        cls.seller = cls.user(SALES, 'tour_seller')
        cls.manager = cls.user('manager', 'tour_credit_manager')
        cls.company.ar_approver_id = cls.manager
        cls.account = cls.env['ar.customer']._get_or_create(cls.buyer, cls.company)
        cls.account._grant_limit(1000, reason="Start", user=cls.manager)

    @classmethod
    def quote(cls, amount):
        return cls.env['sale.order'].with_user(cls.seller).create({
            'partner_id': cls.buyer.id, 'company_id': cls.company.id, 'user_id': cls.seller.id,
            'order_line': [Command.create({
                'product_id': cls.product.id, 'product_uom_qty': 1, 'price_unit': amount,
                'tax_ids': False})],
        })

    @classmethod
    def make_product(cls):
        return cls.env['product.product'].create({
            'name': "Table", 'type': 'service', 'taxes_id': False, 'list_price': 1})


@tagged('post_install', '-at_install')
class TestCreditTour(CreditScreensCommon, HttpCase):
    """People at the screen: quote, held, request, approve, released, confirmed."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.product = cls.make_product()

    def test_quote_to_confirmed(self):
        order = self.quote(1800)
        url = f'/odoo/sale.order/{order.id}'
        self.start_tour(url, 'ar_credit_quote_to_request', login=self.seller.login)
        self.env.invalidate_all()
        self.assertEqual((order.state, order.ar_credit_state), ('draft', 'held'))
        request = self.account.request_ids
        self.assertRecordValues(request, [{
            'state': 'submitted', 'user_id': self.seller.id, 'amount': 2000}])
        self.start_tour('/odoo/credit-requests', 'ar_credit_approve', login=self.manager.login)
        self.env.invalidate_all()
        self.assertEqual(request.state, 'approved')
        self.assertEqual(self.account.credit_limit_today, 2000)
        self.assertEqual(order.state, 'sale')
        self.assertEqual(self.account.hold_ids.state, 'auto_released')
        self.start_tour(url, 'ar_credit_confirmed', login=self.seller.login)

    def test_release_from_the_list(self):
        order = self.quote(1800)
        order.action_confirm()
        self.assertEqual(order.ar_credit_state, 'held')
        self.start_tour('/odoo/credit-held-orders', 'ar_credit_release', login=self.manager.login)
        self.env.invalidate_all()
        self.assertEqual(order.state, 'sale')
        self.assertRecordValues(self.account.hold_ids, [{
            'state': 'released', 'decided_by_id': self.manager.id,
            'decision_reason': "Payment announced for Friday", 'release_cap': 1800}])
        self.start_tour(
            f'/odoo/receivables/{self.account.id}', 'ar_credit_exposure',
            login=self.manager.login)

    def test_the_history_of_the_scores_is_a_chart(self):
        """A day without any figure is no zero: it is left out."""
        scores = self.env['ar.credit.score'].sudo().create([{
            'customer_id': self.account.id, 'company_id': self.company.id, 'date': day,
            'computed_at': f'{day} 02:00:00', 'score': score, 'is_rated': score > 0,
        } for day, score in (('2026-03-02', 80), ('2026-04-07', 55.5), ('2026-05-11', 0),
                             ('2026-06-01', 20))])
        self.account.sudo().credit_score_id = scores[-1]
        self.start_tour(
            f'/odoo/receivables/{self.account.id}', 'ar_credit_score_chart',
            login=self.manager.login)


@tagged('post_install', '-at_install')
class TestCreditScreens(CreditScreensCommon):
    """Who sees and may do what on the screens of credit."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.product = cls.make_product()

    def test_salesperson_sees_the_message_not_the_ledger(self):
        self.invoice(700, due='2026-01-15')
        order = self.quote(1800)
        with Form(order.with_user(self.seller)) as form:
            self.assertIn("is exceeded by", form.ar_credit_preview)
            self.assertTrue(form.ar_credit_would_hold)
        order.action_confirm()
        order.invalidate_recordset()
        self.assertIn("is exceeded by", order.ar_credit_message)
        with self.assertRaises(AccessError):
            self.account.with_user(self.seller).read(['partner_id'])
        with self.assertRaises(AccessError):
            self.account.hold_ids.with_user(self.seller).read(['exposure'])

    def test_preview_writes_nothing(self):
        """A form that is read makes no customer: its cursor may be read-only."""
        stranger = self.customer("Stranger")
        order = self.quote(10)
        order.partner_id = stranger
        self.assertFalse(order.ar_credit_would_hold)
        self.assertFalse(self.env['ar.customer'].search([('partner_id', '=', stranger.id)]))

    def test_salesperson_asks_for_a_limit(self):
        order = self.quote(1800)
        action = order.with_user(self.seller).action_ask_credit_limit()
        Request = self.env['ar.credit.request'].with_user(self.seller)
        with Form(Request.with_context(**action['context'])) as form:
            self.assertEqual(form.amount, 2000)
            self.assertNotIn('current_limit', form._view['fields'])
            self.assertNotIn('proposed_amount', form._view['fields'])
        request = form.record
        self.assertEqual(request.name, "Limit for Tour Buyer")
        request.action_submit()
        self.assertEqual(request.state, 'submitted')
        self.assertEqual(request.sudo().activity_ids.user_id, self.manager)
        again = order.with_user(self.seller).action_ask_credit_limit()
        self.assertEqual(again['res_id'], request.id)
        with self.assertRaises(AccessError):
            request.action_approve()

    def test_no_figure_leaks_without_a_limit(self):
        """Who has shown no limit and no excess to the salesperson is not measured for them."""
        stranger = self.customer("Stranger")
        self.invoice(700, due='2026-01-15', partner=stranger)
        order = self.quote(1800)
        order.partner_id = stranger
        action = order.with_user(self.seller).action_ask_credit_limit()
        self.assertEqual(action['context']['default_amount'], 0)

    def test_closing_an_order_is_a_credit_decision(self):
        order = self.quote(900)
        order.action_confirm()
        self.assertEqual(self.account.exposure, 900)
        for attack in (
            lambda: order.with_user(self.seller).write({'ar_closed': True}),
            lambda: order.with_user(self.seller).action_toggle_ar_closed(),
            lambda: self.env['sale.order'].with_user(self.seller).create({
                'partner_id': self.buyer.id, 'company_id': self.company.id, 'ar_closed': True}),
            lambda: order.with_user(self.seller).write({'ar_credit_state': 'released'}),
        ):
            with self.assertRaises(AccessError):
                attack()
        order.with_user(self.manager).action_toggle_ar_closed()
        self.account.invalidate_recordset()
        self.assertTrue(order.ar_closed)
        self.assertEqual(self.account.exposure, 0)

    def test_manager_reads_orders_and_changes_none(self):
        order = self.quote(900)
        with Form(order.with_user(self.manager)) as form:
            self.assertFalse(form.ar_credit_would_hold)
        with self.assertRaises(AccessError):
            order.with_user(self.manager).write({'note': "x"})
        own = self.user('own', 'tour_own')
        self.assertEqual(self.env['sale.order'].with_user(own).search_count(
            [('id', '=', order.id)]), 1)
        self.account.collector_id = self.manager
        self.assertFalse(self.env['sale.order'].with_user(own).search_count(
            [('id', '=', order.id)]))

    def test_larger_order_is_allowed_in_advance(self):
        order = self.quote(900)
        order.action_confirm()
        action = order.with_user(self.manager).action_allow_larger()
        answer = Form(self.env['ar.credit.answer'].with_user(self.manager).with_context(
            **action['context']))
        self.assertEqual(answer.cap, 900)
        answer.reason = "Agreed with the board"
        answer.cap = 1500
        answer.save().action_confirm()
        order.order_line.price_unit = 1500
        self.assertEqual(order.amount_total, 1500)
        with self.assertRaises(UserError):
            order.order_line.price_unit = 1501

    def test_state_of_orders_is_stored_and_grouped(self):
        held, free = self.quote(1800), self.quote(100)
        (held | free).action_confirm()
        Order = self.env['sale.order']
        groups = dict(Order._read_group(
            [('id', 'in', (held | free).ids)], ['ar_credit_state'], ['__count']))
        self.assertEqual(groups, {'held': 1, 'none': 1})
        self.assertEqual(Order.search([
            ('ar_credit_state', '=', 'held'), ('company_id', '=', self.company.id)]), held)
        self.assertEqual(held.copy().ar_credit_state, 'none')

    def test_replaced_limit_is_no_longer_in_force(self):
        old = self.account.limit_ids
        new = self.account._grant_limit(3000, reason="Growth", user=self.manager)
        (old | new).invalidate_recordset()
        self.assertEqual((old.state, new.state), ('replaced', 'active'))

    def test_customers_of_the_ledger_are_unrated(self):
        """The refresh makes customers in SQL: they have a class as those made one by one."""
        stranger = self.customer("Stranger")
        self.invoice(700, due='2026-01-15', partner=stranger)
        self.env['ar.customer']._refresh(self.company)
        customer = self.env['ar.customer'].search([('partner_id', '=', stranger.id)])
        self.assertEqual(customer.risk_class_id.kind, 'unrated')

    def test_review_done_plans_the_next(self):
        self.account.review_date = '2026-01-01'
        with self.assertRaises(AccessError):
            self.account.with_user(self.user('collector', 'tour_collector')).action_reviewed()
        self.account.with_user(self.manager).action_reviewed()
        self.assertEqual(
            self.account.review_date,
            self.account.risk_class_id.with_user(self.manager)._get_review_date())

    def test_group_without_rate_opens(self):
        group = self.env['ar.credit.group'].create({
            'name': "Group", 'limit': 5000, 'company_ids': [Command.set(self.company.ids)],
            'currency_id': self.company.currency_id.id,
            'customer_ids': [Command.set(self.account.ids)]})
        self.quote(400).action_confirm()
        group.invalidate_recordset()
        self.assertEqual((group.exposure, group.available), (400, 4600))
        self.assertFalse(group.exposure_problem)
