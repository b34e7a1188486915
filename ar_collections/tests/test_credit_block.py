from odoo import Command, fields
from odoo.exceptions import AccessError, UserError
from odoo.service.model import call_kw
from odoo.tests import tagged

from .test_credit_exposure import ExposureCommon

# Keys with which other modules, or a curious client, try to get past a check.
CONTEXT = {
    'bypass_risk': True, 'ar_credit_passed': True, 'skip_credit': True, 'no_check': True,
    'tracking_disable': True, 'install_mode': True, 'import_file': True,
    'disable_credit_check': True, 'send_email': False, 'sale_write_from_compute': True,
    'skip_check_lock_date': True, 'validate_analytic': False, 'active_test': False,
}


class BlockCommon(ExposureCommon):
    """A salesperson with a customer who may owe 1000, and one rule: over the limit."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.companies.ar_credit_active = True
        cls.boss = cls.user('manager', 'boss', company_ids=[Command.set(cls.companies.ids)])
        cls.companies.ar_approver_id = cls.boss
        cls.seller = cls.user(
            'sales_team.group_sale_salesman_all_leads', 'seller')
        cls.env['ar.credit.rule'].search([]).active = False
        cls.over_limit = cls.rule('over_limit')
        cls.set_limit(1000)

    @classmethod
    def user(cls, role, login=None, **vals):
        user = super().user(role, login, **{k: v for k, v in vals.items() if k != 'company_ids'})
        if vals.get('company_ids'):
            user.company_ids = vals['company_ids']
        return user

    @classmethod
    def rule(cls, reason, decision='hold', **vals):
        return cls.env['ar.credit.rule'].create({'reason': reason, 'decision': decision, **vals})

    @classmethod
    def set_limit(cls, amount, partner=None, company=None):
        (partner or cls.buyer).with_company(company or cls.company).credit_limit = amount

    def rpc(self, records, name, *args, user=None, **context):
        """Call a method as the web client or an RPC client does."""
        self.env.flush_all()
        env = self.env(user=user or self.seller, su=False,
                       context={'allowed_company_ids': self.company.ids, **context})
        ids = [records.ids] if records.ids else []
        self.env.cr.cache.clear()
        return call_kw(env[records._name], name, [*ids, *args], {'context': dict(env.context)})

    def offer(self, amount=1500, partner=None, **vals):
        """Create a quotation of the salesperson."""
        return self.quote([(1, amount, False)], partner, confirm=False,
                          **{'user_id': self.seller.id, **vals})

    def assertHeld(self, order, *codes):
        self.assertEqual((order.state, order.ar_credit_state), ('draft', 'held'))
        if codes:
            self.assertEqual(order.ar_hold_ids[:1].reason_codes, str(list(codes)).replace("'", '"'))

    def refused(self, records, name, *args, **options):
        """The call is refused; access and validation errors are user errors too."""
        with self.assertRaises(UserError), self.env.cr.savepoint():
            self.rpc(records, name, *args, **options)
            self.env.flush_all()
        self.env.invalidate_all()


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
        self.rpc(line, 'write', {'is_downpayment': True})
        self.refused(line, 'write', {'invoice_lines': [Command.set(bill.invoice_line_ids.ids)]})
        self.refused(order, 'write', {'ar_closed': True})
        self.assertEqual(self.exposure(), 900)

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


@tagged('post_install', '-at_install')
class TestGrowth(BlockCommon):
    """A confirmed order cannot grow past what was decided (OCA/credit-control#534, #537, #544)."""

    def setUp(self):
        super().setUp()
        self.confirmed = self.quote([(9, 100, False)], user_id=self.seller.id)
        self.assertEqual(self.confirmed.state, 'sale')
        self.line = self.confirmed.order_line

    def test_quantity_price_discount_and_tax(self):
        for vals in ({'product_uom_qty': 11}, {'price_unit': 120},
                     {'tax_ids': [Command.set(self.taxes[self.company].ids)]},
                     {'product_uom_id': self.env.ref('uom.product_uom_dozen').id}):
            self.refused(self.line, 'write', vals)
            self.refused(self.confirmed, 'write', {
                'order_line': [Command.update(self.line.id, vals)]})
        self.rpc(self.line, 'write', {'discount': 50})
        self.rpc(self.line, 'write', {'discount': 0})
        self.assertEqual(self.confirmed.amount_total, 900)

    def test_up_to_the_limit_it_may_grow(self):
        self.rpc(self.line, 'write', {'product_uom_qty': 10})
        self.assertEqual(self.confirmed.ar_decided_amount, 1000)

    def test_new_lines(self):
        line = {'product_id': self.goods.id, 'price_unit': 500, 'tax_ids': False}
        self.refused(self.confirmed, 'write', {'order_line': [Command.create(line)]})
        self.refused(self.env['sale.order.line'], 'create', [
            {**line, 'order_id': self.confirmed.id}])
        quote = self.offer(5000)
        self.refused(quote.order_line, 'write', {'order_id': self.confirmed.id})

    def test_a_negative_line_cannot_be_taken_back(self):
        order = self.quote([(1, 90, False), (-1, 80, False)], user_id=self.seller.id)
        self.assertEqual((order.state, self.exposure()), ('sale', 910))
        self.refused(order.order_line[1], 'write', {'product_uom_qty': 2})
        self.refused(order.order_line[1], 'unlink')

    def test_another_debtor_another_currency(self):
        other = self.customer("Other")
        self.set_limit(10, other)
        self.refused(self.confirmed, 'write', {'partner_invoice_id': other.id})
        self.refused(self.confirmed, 'write', {'partner_id': other.id})
        self.refused(self.confirmed, 'write', {'currency_id': self.currencies['GBP'].id})

    def test_another_company(self):
        """Confirmed where nobody judges, then moved."""
        self.other.ar_credit_active = False
        order = self.quote([(1, 5000, False)], company=self.other, user_id=self.boss.id)
        chief = self.user('sales_team.group_sale_manager', 'chief',
                          company_ids=[Command.set(self.companies.ids)])
        self.refused(order, 'write', {'company_id': self.company.id}, user=chief,
                     allowed_company_ids=self.companies.ids)
        self.assertEqual(order.company_id, self.other)

    def test_an_order_of_before_may_shrink(self):
        """Confirmed before the rules came: no total was judged, less must stay possible."""
        self.company.ar_credit_active = False
        order = self.quote([(50, 100, False)], user_id=self.seller.id)
        self.company.ar_credit_active = True
        self.rpc(order.order_line, 'write', {'product_uom_qty': 40})
        self.rpc(order, 'write', {'order_line': [Command.create(
            {'name': "Thank you", 'display_type': 'line_note'})]})
        self.assertEqual(order.amount_total, 4000)
        self.refused(order.order_line[0], 'write', {'product_uom_qty': 41})

    def test_a_release_covers_growth_up_to_its_cap(self):
        answer = self.env['ar.credit.answer'].with_user(self.boss).create({
            'mode': 'allow_growth', 'order_id': self.confirmed.id, 'cap': 2000,
            'reason': "Good customer"})
        answer.action_confirm()
        self.rpc(self.line, 'write', {'product_uom_qty': 20})
        self.refused(self.line, 'write', {'product_uom_qty': 21})


@tagged('post_install', '-at_install')
class TestCreditRules(BlockCommon):
    """Each reason warns, holds or is ignored; only the offenders of a batch are held."""

    def reasons(self, order):
        """Return {code: decision} of what would happen now."""
        verdict = order._get_credit_verdicts(order.company_id)[order]
        return {reason['code']: reason['decision'] for reason in verdict}

    def cases(self):
        """Yield (reason, values of the rule, order that offends)."""
        self.over_limit.active = False
        yield 'over_limit', {}, self.offer()
        free = self.customer("Free")
        yield 'no_limit', {}, self.offer(10, free)
        late = self.customer("Late")
        self.invoice(500, due='2026-04-01', partner=late)
        yield 'overdue', {'overdue_days': 30, 'overdue_amount': 100}, self.offer(10, late)
        stopped = self.customer("Stopped")
        self.account_of(stopped).write({'credit_stop': True, 'credit_stop_reason': "Lawsuit"})
        yield 'stop', {}, self.offer(10, stopped)
        bad = self.customer("Bad")
        self.account_of(bad).risk_class_id = self.env.ref('ar_collections.ar_risk_class_e')
        yield 'risk_class', {}, self.offer(10, bad)
        yield 'deposit', {}, self.offer(10, bad)
        old = self.customer("Old")
        self.account_of(old).review_date = '2026-05-31'
        yield 'review_late', {}, self.offer(10, old)
        expired = self.customer("Expired")
        self.set_limit(100, expired)
        self.go('2026-05-01')
        self.account_of(expired)._grant_limit(
            5000, reason="Season", user=self.boss, date_to='2026-05-31')
        self.go('2026-06-01')
        yield 'limit_expired', {}, self.offer(400, expired)
        member = self.customer("Member")
        self.account_of(member).credit_group_id = self.env['ar.credit.group'].create({
            'name': "Holding", 'limit': 50, 'company_ids': [Command.set(self.company.ids)],
            'currency_id': self.company.currency_id.id})
        yield 'over_group_limit', {}, self.offer(60, member)

    def test_every_reason_ignores_warns_and_holds(self):
        seen = set()
        for reason, vals, order in self.cases():
            rule = self.rule(reason, 'ignore', **vals)
            self.assertEqual(self.reasons(order), {}, reason)
            rule.decision = 'warn'
            self.assertEqual(self.reasons(order), {reason: 'warn'})
            order.invalidate_recordset()
            self.assertTrue(order.ar_credit_preview)
            self.assertFalse(order.ar_credit_would_hold)
            rule.decision = 'hold'
            self.assertEqual(self.reasons(order), {reason: 'hold'})
            rule.risk_class_ids = self.env.ref('ar_collections.ar_risk_class_a')
            self.assertEqual(self.reasons(order), {}, "another class")
            rule.risk_class_ids = False
            self.rpc(order, 'action_confirm')
            self.assertHeld(order, reason)
            rule.active = False
            seen.add(reason)
        self.assertEqual(seen, set(self.env['ar.credit.decision']._get_rule_methods()))

    def test_a_warning_lets_the_order_go(self):
        """OCA/credit-control#435, #416: warn only. #26: warned while quoting."""
        self.over_limit.decision = 'warn'
        order = self.offer()
        self.assertIn("exceeded", order.with_user(self.seller).ar_credit_preview)
        self.assertEqual(self.rpc(order, 'action_confirm'), True)
        self.assertEqual((order.state, order.ar_hold_ids.ids), ('sale', []))

    def test_several_reasons_are_told_together(self):
        """OCA/credit-control#144."""
        self.rule('stop')
        self.account_of().credit_stop = True
        order = self.offer()
        self.rpc(order, 'action_confirm')
        self.assertHeld(order, 'over_limit', 'stop')
        self.assertEqual(len(order.ar_credit_message.splitlines()), 2)

    def test_tolerances(self):
        for percent, amount, allowed in ((0, 0, 1000), (10, 0, 1100), (0, 40, 1040),
                                         (10, 40, 1040), (3, 40, 1030)):
            self.over_limit.write({'tolerance_percent': percent, 'tolerance_amount': amount})
            self.assertEqual(self.reasons(self.offer(allowed)), {}, allowed)
            self.assertTrue(self.reasons(self.offer(allowed + 0.01)), allowed)

    def test_a_class_that_warns_only_warns(self):
        self.rule('risk_class')
        self.account_of().risk_class_id = self.env.ref('ar_collections.ar_risk_class_d')
        self.assertEqual(self.reasons(self.offer(10)), {'risk_class': 'warn'})

    def test_only_the_offenders_of_a_batch_are_held(self):
        orders = self.offer(600) | self.offer(600) | self.offer(300, self.customer("Free"))
        self.rpc(orders, 'action_confirm')
        self.assertEqual(orders.mapped('state'), ['sale', 'draft', 'sale'])
        self.assertEqual(orders.mapped('ar_credit_state'), ['none', 'held', 'none'])

    def test_the_team_is_told_once(self):
        order = self.offer()
        for _attempt in range(3):
            self.rpc(order, 'action_confirm')
        self.assertEqual(len(order.ar_hold_ids), 1)
        self.assertEqual(order.ar_hold_ids.activity_ids.user_id, self.boss)
        self.assertEqual(len(order.ar_hold_ids.activity_ids), 1)

    def test_a_held_order_that_passes_leaves_the_list(self):
        order = self.offer()
        self.rpc(order, 'action_confirm')
        self.set_limit(2000)
        self.rpc(order, 'action_confirm')
        self.assertEqual((order.state, order.ar_credit_state), ('sale', 'released'))
        self.assertFalse(order.ar_hold_ids.activity_ids)

    def test_the_same_queries_for_one_order_and_for_many(self):
        counts = []
        for size in (1, 1, 20):
            orders = self.env['sale.order'].union(*(
                self.offer(1, self.customer(f"Many {size} {number}")) for number in range(size)))
            self.account_of(orders.partner_id)
            self.env.flush_all()
            self.env.invalidate_all()
            orders.mapped('order_line.product_id.name')
            before = self.env.cr.sql_log_count
            self.assertFalse(orders._hold_offenders())
            counts.append(self.env.cr.sql_log_count - before)
        self.assertEqual(counts[1], counts[2])

    def test_a_branch_shares_the_exposure(self):
        self.quote([(1, 900, False)], company=self.branch)
        self.rpc(order := self.offer(200), 'action_confirm')
        self.assertHeld(order)

    def test_the_salesperson_sees_words_and_no_ledger(self):
        """odoo#114561: warned without accounting rights."""
        self.invoice(900, due='2026-05-20')
        order = self.offer(200)
        self.rpc(order, 'action_confirm')
        self.env.invalidate_all()
        seen = self.rpc(order, 'read', ['ar_credit_message', 'ar_credit_state'])[0]
        self.assertIn("exceeded by", seen['ar_credit_message'])
        self.refused(order.ar_hold_ids, 'read', ['exposure'])
        self.refused(self.account_of(), 'read', ['exposure'])

    def test_the_banner_of_odoo_steps_back(self):
        """odoo#276308: it reads the wrong company; ours reads that of the order."""
        self.company.account_use_credit_limit = True
        order = self.offer()
        self.assertFalse(order.partner_credit_warning)
        self.company.ar_credit_active = False
        self.env.invalidate_all()
        self.assertTrue(order.partner_credit_warning)

    def test_off_means_off(self):
        self.company.ar_credit_active = False
        order = self.offer(99999)
        self.rpc(order, 'action_confirm')
        self.rpc(order.order_line, 'write', {'price_unit': 999999})
        self.assertEqual((order.state, order.ar_hold_ids.ids), ('sale', []))


@tagged('post_install', '-at_install')
class TestInvoiceStop(BlockCommon):
    """Only customer invoices and receipts, and only if the company asks for it."""

    def test_off_by_default(self):
        self.assertEqual(self.invoice(5000, due='2026-06-30').state, 'posted')

    def test_invoices_and_receipts_are_stopped(self):
        self.company.ar_invoice_stop = True
        for kind in ('out_invoice', 'out_receipt'):
            with self.assertRaisesRegex(UserError, "stopped by credit control"):
                self.invoice(5000, due='2026-06-30', kind=kind)
        self.assertEqual(self.invoice(900, due='2026-06-30').state, 'posted')

    def test_what_lowers_the_debt_is_never_stopped(self):
        """binaural-dev/odoo-venezuela#1172."""
        self.company.ar_invoice_stop = True
        self.rule('stop')
        bill = self.invoice(100, due='2026-06-30', post=False)
        self.account_of().credit_stop = True
        with self.assertRaises(UserError):
            bill.action_post()
        self.assertEqual(self.credit_note(50, '2026-06-01').state, 'posted')
        self.assertEqual(self.entry(-10, '2026-06-01').state, 'posted')
        self.assertIn(self.pay(self.buyer, 30).state, ('in_process', 'paid'))

    def test_invoices_of_orders_were_judged_with_them(self):
        """frappe/erpnext#37888: goods that left are invoiced."""
        self.company.ar_invoice_stop = True
        order = self.quote([(1, 900, False)])
        self.set_limit(1)
        self.assertEqual(self.bill(order).state, 'posted')

    def test_an_order_closed_and_then_invoiced_is_judged(self):
        self.company.ar_invoice_stop = True
        order = self.quote([(1, 900, False)])
        order.ar_closed = True
        self.quote([(1, 900, False)])
        with self.assertRaises(UserError):
            self.bill(order)

    def test_drafts_that_count_are_not_counted_twice(self):
        self.company.write({'ar_invoice_stop': True, 'ar_exposure_drafts': True})
        self.assertEqual(self.invoice(900, due='2026-06-30').state, 'posted')


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
