from odoo import Command, fields
from odoo.exceptions import AccessError, UserError
from odoo.tests import tagged

from .credit_common import BlockCommon


@tagged('post_install', '-at_install')
class TestCreditAuthority(BlockCommon):
    """Who lets an order go, up to which amount, until when."""

    def setUp(self):
        super().setUp()
        self.env['ar.credit.authority'].search([]).unlink()
        self.authority = self.env['ar.credit.authority'].create({
            'group_id': self.env.ref('ar_collections.group_ar_manager').id, 'max_amount': 2000})

    def held(self, amount=1500, **vals):
        order = self.offer(amount, **vals)
        self.rpc(order, 'action_confirm')
        self.assertHeld(order)
        return order

    def answer(self, order, mode='release', user=None, **vals):
        answer = self.env['ar.credit.answer'].with_user(user or self.boss).create({
            'mode': mode, 'hold_ids': [Command.set(order.ar_hold_ids.filtered(
                lambda hold: hold.state == 'held').ids)], 'reason': "Known for years", **vals})
        self.env.cr.cache.clear()
        return answer.action_confirm()

    def test_a_release_confirms_the_order_and_is_logged(self):
        order = self.held()
        self.answer(order)
        self.assertEqual((order.state, order.ar_credit_state), ('sale', 'released'))
        hold = order.ar_hold_ids
        self.assertEqual(
            (hold.decided_by_id, hold.decision_reason, hold.release_cap, hold.exposure, hold.limit),
            (self.boss, "Known for years", 1500, 0, 1000))
        self.assertTrue(order.message_ids.filtered(
            lambda m: self.seller.partner_id in m.partner_ids and "Known for years" in m.body))

    def test_bands(self):
        """Above the ceiling nobody of the group; without a line nobody at all."""
        order = self.held(2500)
        with self.assertRaisesRegex(AccessError, "higher authority"):
            self.answer(order)
        with self.assertRaises(AccessError):
            self.answer(order, cap=2500)
        self.authority.max_amount = 2500
        with self.assertRaises(AccessError):
            self.answer(order, cap=9000)
        self.authority.unlink()
        with self.assertRaises(AccessError):
            self.answer(order)
        self.env['ar.credit.authority'].create({
            'group_id': self.env.ref('ar_collections.group_ar_manager').id,
            'user_ids': [Command.set(self.boss.ids)], 'max_amount': 0, 'unlimited': True})
        with self.assertRaises(AccessError):
            self.answer(order, user=self.user('manager', 'second'))
        self.answer(order)
        self.assertEqual(order.state, 'sale')

    def test_nobody_releases_an_order_of_their_own(self):
        order = self.held(user_id=self.boss.id)
        with self.assertRaisesRegex(AccessError, "ask a colleague"):
            self.answer(order)
        self.assertHeld(order)

    def test_not_even_an_administrator_and_not_after_reassigning(self):
        self.authority.unlimited = True
        companies = [Command.set(self.companies.ids)]
        admin = self.user('admin', 'chief', company_ids=companies)
        mine = self.held(user_id=admin.id)
        with self.assertRaisesRegex(AccessError, "ask a colleague"):
            self.answer(mine, user=admin)
        mine.user_id = self.seller
        with self.assertRaisesRegex(AccessError, "ask a colleague"):
            self.answer(mine, user=admin)
        both = self.user('manager', 'both', company_ids=companies)
        both.group_ids += self.env.ref('sales_team.group_sale_salesman_all_leads')
        confirmed = self.offer()
        self.rpc(confirmed, 'action_confirm', user=both)
        with self.assertRaisesRegex(AccessError, "ask a colleague"):
            self.answer(confirmed, user=both)
        self.company.ar_release_own = True
        self.answer(confirmed, user=both)
        self.assertEqual(confirmed.state, 'sale')

    def test_a_release_ends_at_its_cap_and_on_its_day(self):
        order = self.held()
        order.ar_hold_ids.sudo().confirm_on_release = False
        self.answer(order, cap=1600, until='2026-06-02')
        self.assertEqual(order.state, 'draft')
        order.order_line.price_unit = 1601
        self.rpc(order, 'action_confirm')
        self.assertEqual(order.state, 'draft', "more than was released")
        order.order_line.price_unit = 1600
        self.go('2026-06-03')
        self.rpc(order, 'action_confirm')
        self.assertEqual(order.state, 'draft', "the day after")
        self.go('2026-06-02')
        self.rpc(order, 'action_confirm')
        self.assertEqual(order.state, 'sale')

    def test_a_release_is_for_this_debtor(self):
        order = self.held()
        order.ar_hold_ids.sudo().confirm_on_release = False
        self.answer(order)
        other = self.customer("Other")
        self.set_limit(1, other)
        order.partner_invoice_id = other
        self.rpc(order, 'action_confirm')
        self.assertEqual(order.state, 'draft')

    def test_a_new_limit_releases_by_itself(self):
        order = self.held()
        request = self.env['ar.credit.request'].browse(self.rpc(
            self.env['ar.credit.request'], 'create', [{
                'customer_id': self.account_of().id, 'amount': 1800, 'reason': "Summer"}]))
        self.rpc(request, 'action_submit')
        self.refused(request, 'action_approve')
        self.refused(request, 'write', {'state': 'approved'})
        request.with_user(self.boss).action_approve()
        self.assertEqual((order.state, order.ar_hold_ids.state), ('sale', 'auto_released'))
        self.assertTrue(order.message_ids.filtered(lambda m: "no reason is left" in m.body))
        self.assertEqual(self.account_of().limit_ids.granted_by_id, self.boss)

    def test_the_limit_of_a_group_takes_the_same_authority(self):
        """Raised, lifted, counted elsewhere, or left: a group is no way around one's ceiling."""
        Group = self.env['ar.credit.group']
        values = {'name': "Holding", 'company_ids': [Command.set(self.company.ids)],
                  'currency_id': self.company.currency_id.id}
        self.refused(Group, 'create', [{**values, 'limit': 2001}], user=self.boss)
        group = Group.browse(
            self.rpc(Group, 'create', [{**values, 'limit': 2000}], user=self.boss))
        account = self.account_of()
        self.rpc(account, 'write', {'credit_group_id': group.id}, user=self.boss)
        # 2,000 pounds are 2,500 euros.
        for vals in ({'limit': 2001}, {'limit': 0},
                     {'currency_id': self.currencies['GBP'].id}):
            self.refused(group, 'write', vals, user=self.boss)
        self.rpc(group, 'write', {'limit': 1500, 'name': "Group"}, user=self.boss)
        group.limit = 5000
        self.refused(group, 'write', {'company_ids': [Command.set(self.other.ids)]},
                     user=self.boss, allowed_company_ids=self.companies.ids)
        self.refused(account, 'write', {'credit_group_id': False}, user=self.boss)
        self.refused(group, 'unlink', user=self.boss)
        self.rpc(account, 'write', {'credit_group_id': group.id}, user=self.boss)
        group.limit = 1000
        self.rpc(account, 'write', {'credit_group_id': False}, user=self.boss)
        self.assertFalse(account.credit_group_id)

    def test_nobody_approves_their_own_request(self):
        request = self.env['ar.credit.request'].with_user(self.boss).create({
            'customer_id': self.account_of().id, 'amount': 1800, 'reason': "Summer"})
        request.action_submit()
        with self.assertRaisesRegex(AccessError, "request of their own"):
            request.action_approve()

    def test_a_refusal_reaches_the_salesperson(self):
        order = self.held()
        self.answer(order, 'refuse')
        self.assertEqual((order.state, order.ar_credit_state), ('draft', 'refused'))
        self.assertTrue(order.message_ids.filtered(
            lambda m: self.seller.partner_id in m.partner_ids and "Refused" in m.body))
        self.rpc(order, 'action_confirm')
        self.assertHeld(order)

    def test_several_at_once(self):
        orders = self.held() | self.held(1200)
        self.answer(orders)
        self.assertEqual(set(orders.mapped('state')), {'sale'})
        self.assertEqual(sorted(orders.ar_hold_ids.mapped('release_cap')), [1200, 1500])

    def test_a_natural_person_is_refused_by_nobody_but_a_person(self):
        person = self.customer("Jane Doe", is_company=False)
        self.set_limit(10, person)
        order = self.offer(100, person)
        self.rpc(order, 'action_confirm')
        self.assertHeld(order)
        self.assertTrue(order.ar_credit_message)
        self.assertFalse(order.ar_hold_ids.decided_by_id)
        self.answer(order)
        self.assertEqual(order.state, 'sale')

    def test_history_cannot_be_changed(self):
        limit = self.account_of()._grant_limit(10, reason="Test", user=self.boss)
        for user in (self.boss, self.env.ref('base.user_admin'), self.env.user):
            with self.assertRaises(UserError):
                limit.with_user(user).write({'amount': 9})
            with self.assertRaises(UserError):
                limit.with_user(user).unlink()
        self.assertEqual(fields.Date.to_string(limit.date_from), '2026-06-01')
