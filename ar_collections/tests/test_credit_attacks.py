import json

from odoo import Command
from odoo.exceptions import UserError
from odoo.tests import tagged

from .credit_common import BlockCommon

# Keys with which other modules, or a curious client, try to get past a check.
CONTEXT = {
    'bypass_risk': True, 'ar_credit_passed': True, 'skip_credit': True, 'no_check': True,
    'tracking_disable': True, 'install_mode': True, 'import_file': True,
    'disable_credit_check': True, 'send_email': False, 'sale_write_from_compute': True,
    'skip_check_lock_date': True, 'validate_analytic': False, 'active_test': False,
}


@tagged('post_install', '-at_install')
class TestCreditAttacks(BlockCommon):
    """Nothing a salesperson sends gets an order past the rules."""

    def test_the_button_holds_and_says_why(self):
        order = self.offer()
        answer = self.rpc(order, 'action_confirm')
        self.assertHeld(order, 'over_limit')
        self.assertIn("exceeded by", answer['params']['message'])
        self.assertIn("500", order.with_user(self.seller).ar_credit_message)

    def test_no_context_key_helps(self):
        """A context key of the client lifts nothing."""
        order = self.offer()
        self.rpc(order, 'action_confirm', **CONTEXT)
        self.assertHeld(order)
        self.refused(order, 'write', {'state': 'sale'}, **CONTEXT)
        self.refused(self.env['sale.order'], 'create', [{
            'partner_id': self.buyer.id, 'state': 'sale', 'order_line': [Command.create(
                {'product_id': self.goods.id, 'price_unit': 1500})]}], **CONTEXT)

    def test_state_cannot_be_written(self):
        order = self.offer()
        self.refused(order, 'write', {'state': 'sale'})
        self.refused(order, 'web_save', {'state': 'sale'}, {})
        with self.assertRaises(UserError):
            order.sudo().write({'state': 'sale'})
        with self.assertRaises(UserError):
            order.sudo().state = 'sale'
        order._action_cancel()
        self.refused(order, 'write', {'state': 'sale'})
        self.assertEqual(order.state, 'cancel')

    def test_state_and_a_larger_amount_in_one_write(self):
        order = self.offer(100)
        line = order.order_line
        self.refused(order, 'write', {
            'state': 'sale', 'order_line': [Command.update(line.id, {'price_unit': 9000})]})
        self.refused(order, 'write', {
            'order_line': [Command.update(line.id, {'price_unit': 9000})], 'state': 'sale'})
        other = self.customer("Other")
        self.set_limit(10, other)
        self.refused(order, 'write', {'state': 'sale', 'partner_invoice_id': other.id})

    def test_an_order_born_confirmed_is_judged_once(self):
        """By creation, by import: counted once, refused when over."""
        line = {'product_id': self.goods.id, 'price_unit': 900, 'tax_ids': False}
        order = self.env['sale.order'].browse(self.rpc(self.env['sale.order'], 'create', [{
            'partner_id': self.buyer.id, 'state': 'sale', 'order_line': [Command.create(line)]}]))
        self.assertEqual((order.state, order.ar_decided_amount), ('sale', 900))
        self.refused(self.env['sale.order'], 'create', [{
            'partner_id': self.buyer.id, 'state': 'sale', 'order_line': [Command.create(line)]}])

    def test_the_term_of_the_class_is_proposed_and_never_left(self):
        """OCA/credit-control#435, #416: one click writes the term; leaving it is judged again."""
        term, later = self.env['account.payment.term'].create(
            [{'name': "In advance"}, {'name': "90 days"}])
        weak = self.env.ref('ar_collections.ar_risk_class_e')
        self.account_of().risk_class_id = weak
        self.rule('risk_class')
        order = self.offer(100, payment_term_id=later.id)
        self.assertTrue(order.ar_credit_would_hold)
        self.assertFalse(order.ar_offered_term_id, "off by default")
        self.refused(order, 'action_confirm_with_term')
        weak.write({'payment_term_id': term.id, 'propose_term': True})
        self.env.invalidate_all()
        self.assertEqual(order.with_user(self.seller).ar_offered_term_id, term)
        self.assertIn("“In advance”", order.ar_credit_preview)
        self.rpc(order, 'action_confirm')
        self.assertHeld(order, 'risk_class')
        self.assertEqual(order.payment_term_id, later, "nothing changes by itself")
        self.assertIn("“In advance”", order.ar_credit_message)
        self.assertTrue(self.rpc(order, 'action_confirm_with_term'))
        self.assertEqual((order.state, order.payment_term_id, order.ar_credit_state),
                         ('sale', term, 'released'))
        self.refused(order, 'action_confirm_with_term')
        for value in (later.id, False):
            self.refused(order, 'write', {'payment_term_id': value})
        other = self.offer(100, payment_term_id=term.id)
        self.refused(other, 'write', {'state': 'sale', 'payment_term_id': later.id})
        self.rpc(order, 'write', {'payment_term_id': term.id, 'client_order_ref': "X"})
        self.account_of().risk_class_id = self.env.ref('ar_collections.ar_risk_class_a')
        self.rpc(order, 'write', {'payment_term_id': later.id})
        self.assertEqual(order.payment_term_id, later, "the class asks for no term any more")

    def test_no_term_where_it_does_not_help(self):
        """Another reason holds all the same; who refused an order decided as a person."""
        term = self.env['account.payment.term'].create({'name': "In advance"})
        weak = self.env.ref('ar_collections.ar_risk_class_e')
        weak.write({'payment_term_id': term.id, 'propose_term': True})
        self.account_of().risk_class_id = weak
        self.rule('risk_class')
        over = self.offer(1500)
        self.assertFalse(over.ar_offered_term_id)
        over.payment_term_id = term
        self.rpc(over, 'action_confirm')
        self.assertHeld(over, 'over_limit')
        order = self.offer(100)
        self.rpc(order, 'action_confirm')
        order.ar_hold_ids._refuse(self.boss, "Never again")
        for _attempt in range(2):
            self.env.invalidate_all()
            self.assertFalse(order.ar_offered_term_id)
            self.refused(order, 'action_confirm_with_term')
            self.rpc(order, 'write', {'payment_term_id': term.id})
            self.rpc(order, 'action_confirm')
            self.assertHeld(order, 'risk_class')

    def test_import(self):
        columns = ['partner_id/.id', 'state', 'order_line/product_id/.id',
                   'order_line/price_unit', 'order_line/product_uom_qty']
        for state in ('sale', 'Sales Order'):
            result = self.rpc(self.env['sale.order'], 'load', columns, [
                [str(self.buyer.id), state, str(self.goods.id), '1500', '1']])
            self.assertFalse(result['ids'], state)
            self.assertIn("exceeded by", result['messages'][0]['message'])
        order = self.offer()
        external = order.export_data(['id'])['datas'][0][0]
        result = self.rpc(self.env['sale.order'], 'load', ['id', 'state'], [[external, 'sale']])
        self.assertFalse(result['ids'])
        self.assertEqual(order.state, 'draft')

    def test_a_copy_is_judged_anew(self):
        """odoo#51081: neither a copy nor another screen goes around the block."""
        order = self.offer()
        self.rpc(order, 'action_confirm')
        self.over_limit.active = False
        self.rpc(order, 'action_confirm')
        self.assertEqual(order.state, 'sale')
        self.over_limit.active = True
        copy = order.copy()
        self.assertEqual((copy.state, copy.ar_credit_state, copy.ar_decided_amount),
                         ('draft', 'none', 0))
        self.rpc(copy, 'action_confirm')
        self.assertHeld(copy)

    def test_computed_figures_cannot_be_typed_in(self):
        """Odoo lets an RPC client write stored computed fields: the judge must not believe them."""
        order = self.offer()
        for vals in ({'amount_total': 1}, {'amount_untaxed': 1}, {'ar_decided_amount': 9e6},
                     {'ar_credit_state': 'released'}, {'invoice_status': 'invoiced'}):
            self.refused(order, 'write', vals)
            self.refused(self.env['sale.order'], 'create', [
                {'partner_id': self.buyer.id, **vals}])
        for vals in ({'price_total': 1}, {'price_subtotal': 1}, {'qty_invoiced': 1},
                     {'untaxed_amount_invoiced': 1}):
            self.refused(order.order_line, 'write', vals)
            self.refused(order, 'write', {'order_line': [
                Command.update(order.order_line.id, vals)]})
            self.refused(self.env['sale.order.line'], 'create', [
                {'order_id': order.id, 'product_id': self.goods.id, **vals}])
        self.rpc(order, 'action_confirm')
        self.assertHeld(order)

    def test_confirmed_orders_cannot_hide(self):
        """What a salesperson writes on a confirmed order does not make room for the next."""
        bill = self.invoice(900, due='2026-05-20', partner=self.customer("Somebody"))
        order = self.offer(900)
        self.rpc(order, 'action_confirm')
        line = order.order_line
        self.refused(line, 'write', {'is_downpayment': True})
        self.refused(line, 'write', {'invoice_lines': [Command.set(bill.invoice_line_ids.ids)]})
        self.refused(order, 'write', {'ar_closed': True})
        self.assertEqual(self.exposure(), 900)

    def test_no_line_looks_cheaper_or_invoiced(self):
        """A down payment counts as invoiced in Odoo; amounts of tax by hand replace the price."""
        order = self.offer(900)
        self.refused(order.order_line, 'write', {'is_downpayment': True})
        line = {'order_id': order.id, 'product_id': self.goods.id}
        self.refused(self.env['sale.order.line'], 'create', [{**line, 'is_downpayment': True}])
        self.rpc(self.env['sale.order.line'], 'create', [
            {**line, 'is_downpayment': True, 'product_uom_qty': 0, 'price_unit': 50}])
        tax = self.taxes[self.company]
        amounts = dict.fromkeys(('tax_amount', 'tax_amount_currency'), 0)
        data = {
            'currency_id': order.currency_id.id, 'price_unit': 5000, 'discount': 0, 'quantity': 1,
            'rate': 1, 'manual_total_excluded_currency': 1, 'manual_total_excluded': 1,
            'manual_tax_amounts': {
                str(tax.id): {**amounts, 'base_amount': 1, 'base_amount_currency': 1}}}
        self.refused(self.env['sale.order.line'], 'create', [{
            **line, 'price_unit': 5000, 'tax_ids': [Command.set(tax.ids)],
            'extra_tax_data': data}])
        self.rpc(self.env['sale.order.line'], 'create', [{
            **line, 'price_unit': 10, 'tax_ids': [Command.set(tax.ids)], 'extra_tax_data': data}])
        self.refused(order.order_line[-1], 'write', {'price_unit': 5000})
        self.refused(order, 'write', {'order_line': [
            Command.update(order.order_line[-1].id, {'price_unit': 5000})]})
        self.rpc(order, 'action_confirm')
        self.assertEqual((order.state, self.exposure()), ('sale', 912))

    def test_no_default_decides(self):
        """Defaults, sent along or stored by a user, apply with elevated rights too."""
        self.rule('risk_class')
        good = self.env.ref('ar_collections.ar_risk_class_a')
        (self.env['ar.risk.class'].search([]) - good).order_decision = 'hold'
        values = {
            'sale.order': {'ar_closed': True, 'ar_decided_amount': 9e6, 'amount_total': 1},
            'sale.order.line': {'price_total': 1, 'price_subtotal': 1, 'qty_invoiced': 9e6},
            'ar.credit.hold': {'state': 'released', 'release_cap': 9e6},
            'ar.customer': {'risk_class_id': good.id, 'credit_stop': True}}
        Fields = self.env['ir.model.fields']
        self.rpc(self.env['ir.default'], 'create', [{
            'field_id': Fields._get(model, name).id, 'user_id': self.seller.id,
            'json_value': json.dumps(value)}
            for model, own in values.items() for name, value in own.items()])
        defaults = {f'default_{name}': value for own in values.values()
                    for name, value in own.items()}
        stranger = self.customer("Stranger")
        for sent in ({}, defaults):
            context = {key: value for key, value in sent.items() if key != 'default_state'}
            order = self.env['sale.order'].browse(self.rpc(self.env['sale.order'], 'create', [{
                'partner_id': stranger.id, 'order_line': [Command.create({
                    'product_id': self.goods.id, 'price_unit': 1500, 'tax_ids': False})],
                'user_id': self.seller.id}], **context))
            self.assertRecordValues(order, [
                {'ar_closed': False, 'ar_decided_amount': 0, 'amount_total': 1500}])
            self.assertRecordValues(order.order_line, [{'price_total': 1500, 'qty_invoiced': 0}])
            for _attempt in range(2):
                self.rpc(order, 'action_confirm', **sent)
                self.assertHeld(order, 'risk_class')
                self.assertEqual(order.ar_hold_ids.release_cap, 0)
        self.assertEqual(self.account_of(stranger).risk_class_id.code, "–")
        self.assertFalse(self.account_of(stranger).credit_stop)

    def test_the_debtor_of_a_contact_cannot_be_swapped(self):
        """The contact who is invoiced goes to another customer, with its confirmed orders."""
        self.seller.group_ids += self.env.ref('base.group_partner_manager')
        roomy = self.customer("Roomy")
        contact, site = self.env['res.partner'].create([
            {'name': "Desk", 'parent_id': roomy.id, 'type': 'invoice'},
            {'name': "Site", 'parent_id': roomy.id, 'type': 'delivery'}])
        order = self.offer(9000, contact, partner_invoice_id=contact.id)
        self.rpc(order, 'action_confirm')
        self.assertEqual(order.state, 'sale')
        self.refused(contact, 'write', {'parent_id': self.buyer.id})
        self.refused(self.buyer, 'write', {'commercial_partner_id': roomy.id})
        self.rpc(site, 'write', {'parent_id': self.buyer.id})
        self.assertEqual((site.commercial_partner_id, self.exposure()), (self.buyer, 0))
        self.set_limit(9000)
        self.rpc(contact, 'write', {'parent_id': self.buyer.id})
        self.assertEqual(self.exposure(), 9000)
        self.set_limit(10, roomy)
        self.refused(contact, 'write', {'parent_id': roomy.id})
        self.rpc(contact, 'write', {'name': "Front desk", 'parent_id': self.buyer.id})

    def test_a_payment_of_somebody_else_cannot_be_linked(self):
        order = self.offer()
        transaction = self.transaction(self.customer("Somebody"), 1500)
        self.refused(order, 'write', {'transaction_ids': [Command.link(transaction.id)]})
        self.refused(self.env['sale.order'], 'create', [{
            'partner_id': self.buyer.id, 'transaction_ids': [Command.set(transaction.ids)]}])

    def transaction(self, partner, amount, state='done'):
        provider = self.env['payment.provider'].create({
            'name': "Till", 'code': 'none', 'state': 'test', 'company_id': self.company.id})
        return self.env['payment.transaction'].create({
            'provider_id': provider.id, 'amount': amount, 'state': state,
            'currency_id': self.company.currency_id.id, 'partner_id': partner.id,
            'payment_method_id': self.env.ref('payment.payment_method_unknown').id})

    def test_holds_are_closed_to_everybody(self):
        order = self.offer()
        self.rpc(order, 'action_confirm')
        hold = order.ar_hold_ids
        values = {'order_id': order.id, 'customer_id': hold.customer_id.id, 'state': 'released',
                  'company_id': self.company.id, 'release_cap': 9e6}
        users = {role: self.user(role, f'c_{role}') for role in (
            'auditor', 'own', 'collector', 'manager', 'admin')}
        for user in (self.seller, *users.values()):
            self.refused(hold, 'write', {'state': 'released', 'release_cap': 9e6}, user=user)
            self.refused(hold, 'write', {'reasons': "Nothing"}, user=user)
            self.refused(hold, 'unlink', user=user)
            self.refused(self.env['ar.credit.hold'], 'create', [values], user=user)
            self.refused(order, 'write', {'ar_hold_ids': [Command.create(values)]}, user=user)
            for private in ('_release', '_judge_again', '_update_state', '_go_on'):
                self.refused(hold, private, user=user)
        for private in ('_remember_passed', '_keep_decided_amount', '_action_confirm'):
            self.refused(order, private)
        self.refused(hold, 'action_judge_again')
        self.assertHeld(order)

    def test_an_order_with_decisions_is_not_deleted(self):
        """The log stands: an order that was held is cancelled, never removed."""
        order = self.offer()
        self.rpc(order, 'action_confirm')
        chief = self.user('sales_team.group_sale_manager', 'chief')
        self.refused(order, 'unlink', user=chief)
        with self.assertRaisesRegex(UserError, "credit decisions"):
            order.sudo().unlink()
        self.rpc(order, 'action_cancel')
        self.assertEqual(order.ar_hold_ids.state, 'withdrawn')
        plain = self.offer(10)
        plain.unlink()

    def test_nobody_below_a_manager_decides(self):
        order = self.offer()
        self.rpc(order, 'action_confirm')
        for role in ('collector', 'own', 'auditor'):
            user = self.user(role, f'd_{role}')
            self.refused(self.env['ar.credit.answer'], 'create', [{
                'mode': 'release', 'reason': "x", 'hold_ids': order.ar_hold_ids.ids}], user=user)
            for vals in ({'credit_stop': False}, {'credit_group_id': False},
                         {'review_date': '2030-01-01'}):
                self.refused(self.account_of(), 'write', vals, user=user)
        self.refused(self.env['ar.credit.answer'], 'create', [{
            'mode': 'release', 'reason': "x", 'hold_ids': order.ar_hold_ids.ids}])
        self.refused(self.env['ar.credit.limit'], 'create', [{
            'customer_id': self.account_of().id, 'amount': 9e6, 'date_from': '2026-06-01'}],
            user=self.boss)

    def test_automatic_flows_hold_without_an_error(self):
        """A cron of subscriptions, a sales team's automation: held, and the job goes on."""
        orders = self.offer() | self.offer(200)
        for order in orders.with_user(self.env.ref('base.user_root')):
            order.action_confirm()
        self.assertEqual(orders.mapped('state'), ['draft', 'sale'])
        self.assertHeld(orders[0])

    # === WHAT IS REMEMBERED === #

    def test_what_passed_is_forgotten_with_the_transaction(self):
        """Odoo runs a request again on the same cursor: it is judged again."""
        order = self.offer(500)
        self.assertFalse(order._hold_offenders())
        self.assertTrue(order._has_passed())
        self.env.cr.postrollback.run()
        self.assertFalse(order._has_passed())
