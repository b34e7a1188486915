from decimal import Decimal

from odoo import Command
from odoo.exceptions import UserError, ValidationError
from odoo.tests import tagged

from ..connectors.results import Cover, CoverStatus, Layer, LayerKind, Money
from .credit_common import BlockCommon


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
        insured = self.customer("Insured")
        self.env['ar.credit.guarantee'].create({
            'customer_id': self.account_of(insured).id, 'name': "BG 1", 'kind': 'bank',
            'amount': 500, 'date_from': '2026-01-01', 'date_to': '2026-06-01'})
        yield 'not_covered', {'tolerance_amount': 20}, self.offer(521, insured)
        promiser = self.customer("Promiser")
        item = self.items(self.invoice(100, due='2026-04-20', partner=promiser))
        self.go('2026-05-01')
        promise = self.env['ar.promise'].create({
            'customer_id': self.account_of(promiser).id, 'amount': 100,
            'currency_id': item.currency_id.id, 'promise_date': '2026-05-10',
            'line_ids': [Command.create({'move_line_id': item.id})]})
        self.go('2026-06-01')
        promise._follow()
        yield 'broken_promise', {}, self.offer(10, promiser)
        for broke in (
                {'insolvency_date': '2026-05-02'}, {'insolvency_state': 'liquidation'},
                {'insolvency_state': 'to_check', 'insolvency_date': '2026-06-01'}):
            partner = self.customer("Broke")
            self.account_of(partner).write(broke)
            yield 'insolvency', {}, self.offer(10, partner)
        gone = self.customer("Gone")
        self.account_of(gone).register_state = 'closed'
        yield 'register_closed', {}, self.offer(10, gone)
        rated = self.customer("Rated")
        self.account_of(rated).external_grade = 9
        yield 'external_rating', {'rating_grade': 8}, self.offer(10, rated)
        policy = self.env['ar.insurance.policy'].create({
            'name': "Policy", 'company_id': self.company.id, 'date_from': '2026-01-01',
            'currency_id': self.company.currency_id.id, 'insured_percentage': 90})
        yield 'cover_missing', {}, self.offer(10, self.customer("Uncovered"))
        for reason, decisions in (
                ('cover_reduced', [('granted', 500), ('reduced', 100)]),
                ('cover_withdrawn', [('granted', 500), ('withdrawn', None)])):
            partner = self.customer(reason)
            for status, amount in decisions:
                self.env['ar.cover']._apply(policy, self.account_of(partner), Cover(
                    'C1', CoverStatus(status), layers=(Layer(
                        LayerKind.PERMANENT, Money(Decimal(amount), 'EUR')),) if amount else ()))
            yield reason, {}, self.offer(200, partner)

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

    def test_what_guarantees_cover(self):
        self.over_limit.active = False
        self.rule('not_covered', tolerance_amount=20)
        guarantee = self.env['ar.credit.guarantee'].create({
            'customer_id': self.account_of().id, 'name': "BG 1", 'kind': 'bank', 'amount': 500,
            'date_from': '2026-01-01', 'date_to': '2026-06-01'})
        self.assertEqual(self.reasons(self.offer(520)), {})
        self.assertEqual(self.reasons(self.offer(520.01)), {'not_covered': 'hold'})
        self.invoice(20, due='2026-06-30')
        self.assertEqual(self.reasons(self.offer(500)), {})
        guarantee.date_to = '2026-05-31'
        self.assertEqual(self.reasons(self.offer(1)), {'not_covered': 'hold'}, "cover ended")

    def test_a_class_that_warns_only_warns(self):
        self.rule('risk_class')
        self.account_of().risk_class_id = self.env.ref('ar_collections.ar_risk_class_d')
        self.assertEqual(self.reasons(self.offer(10)), {'risk_class': 'warn'})

    def test_only_the_offenders_of_a_batch_are_held(self):
        orders = self.offer(600) | self.offer(600) | self.offer(300, self.customer("Free"))
        self.rpc(orders, 'action_confirm')
        self.assertEqual(orders.mapped('state'), ['sale', 'draft', 'sale'])
        self.assertEqual(orders.mapped('ar_credit_state'), ['none', 'held', 'none'])

    def test_what_passes_counts_for_what_follows(self):
        """Members of one group, a root and its branch: one list is no way around one limit."""
        self.over_limit.active = False
        self.rule('over_group_limit')
        member = self.customer("Member")
        # In dollars: 600 euros are 660, and two of them 1320.
        group = self.env['ar.credit.group'].create({
            'name': "Holding", 'limit': 1290, 'currency_id': self.currencies['USD'].id,
            'company_ids': [Command.set((self.company | self.other).ids)]})
        accounts = self.account_of() | self.account_of(member)
        accounts.credit_group_id = group
        orders = self.offer(600) | self.offer(600, member)
        self.rpc(orders, 'action_confirm')
        self.assertEqual(orders.mapped('state'), ['sale', 'draft'], "two members")
        self.account_of(member, self.other).credit_group_id = group
        self.assertEqual(group._get_exposure(), 660)
        group.limit = 1300
        orders = self.offer(300) | self.offer(400, member, company=self.other)
        orders.action_confirm()
        self.assertEqual(orders.mapped('state'), ['sale', 'draft'], "two companies")
        self.over_limit.active = True
        orders = self.offer(600, member) | self.offer(600, member, company=self.branch)
        self.set_limit(1000, member)
        group.limit = 0
        with self.assertRaises(UserError), self.env.cr.savepoint():
            orders.write({'state': 'sale'})
        orders.action_confirm()
        self.assertEqual(orders.mapped('state'), ['sale', 'draft'], "a root and its branch")
        self.assertEqual(orders[1].ar_hold_ids.exposure, 600)

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
            # What Odoo reads of an order anyway.
            (orders.currency_id | orders.company_id.currency_id).mapped('rounding')
            # Each in a transaction of its own, as a click is.
            self.env.cr.postrollback.run()
            before = self.env.cr.sql_log_count
            self.assertFalse(orders._hold_offenders())
            counts.append(self.env.cr.sql_log_count - before)
        self.assertEqual(counts[1], counts[2])
        self.assertLessEqual(
            counts[1], 3, "a read with the lock, the sums and a record, whatever the rules")

    # === WHAT WAS DECIDED ON === #

    def checks(self, order):
        return self.env['ar.credit.check'].search([('order_id', '=', order.id)])

    def test_what_passed_keeps_what_it_was_decided_on(self):
        """OCA/credit-control#50: frozen at confirmation, not computed anew later."""
        invoice = self.invoice(300, due='2026-05-20')
        self.env['ar.credit.guarantee'].create({
            'customer_id': self.account_of().id, 'name': "D 1", 'kind': 'deposit', 'amount': 150,
            'date_from': '2026-01-01'})
        self.quote([(1, 100, False)])
        owed = self.buyer.with_company(self.company).credit
        order = self.offer(500)
        self.rpc(order, 'action_confirm')
        self.pay(invoice, 300)
        self.set_limit(9999)
        self.over_limit.tolerance_percent = 20
        self.env.invalidate_all()
        check = self.checks(order)
        self.assertRecordValues(check, [{
            'order_name': order.name, 'customer_id': self.account_of().id, 'result': 'passed',
            'user_id': self.seller.id, 'occasion': 'order', 'amount': 500, 'amount_added': 500,
            'exposure': 400, 'exposure_after': 900, 'limit': 1000, 'limit_kind': 'amount',
            'own_risk': 750, 'reasons_told': ''}])
        self.assertEqual(owed, 300)
        self.assertEqual(check.figures, {
            'parts': {'open_items': owed, 'orders': 100}, 'covered': 150, 'insured': None})
        self.assertEqual(check.rules_told, "Over the credit limit")
        for text in ("Open invoices", "300.00", "Not read: no rule asked for it", "750.00"):
            self.assertIn(text, check.figures_html)
        seen = self.rpc(order, 'read', ['ar_check_told'])[0]
        self.assertIn("Passed, ", seen['ar_check_told'])
        self.assertNotIn("400", seen['ar_check_told'])
        self.refused(check, 'read', ['exposure'])
        self.assertEqual(check.with_user(self.boss).exposure, 400)

    def test_a_batch_and_what_was_held_are_kept_too(self):
        orders = self.offer(600) | self.offer(700) | self.offer(300)
        self.rpc(orders, 'action_confirm')
        kept = [(check.result, check.exposure, check.figures['parts'])
                for order in orders for check in self.checks(order)]
        self.assertEqual(kept, [
            ('passed', 0, {}), ('held', 600, {'together': 600}),
            ('passed', 600, {'together': 600})])
        held = orders[1]
        self.assertEqual(held.ar_hold_ids.exposure, 600, "the hold says the same")
        self.assertIn("exceeded by", self.checks(held).reasons_told)
        held.ar_hold_ids._release(self.boss, "Known well")
        self.assertEqual(self.checks(held).mapped('result'), ['released', 'held'])
        self.rpc(orders[0].order_line, 'write', {'price_unit': 500})
        self.assertEqual(len(self.checks(orders[0])), 1, "a smaller order is no decision")
        self.set_limit(9999)
        self.rpc(orders[0].order_line, 'write', {'price_unit': 800})
        grown = self.checks(orders[0])[0]
        self.assertEqual((grown.occasion, grown.result, grown.amount), ('growth', 'passed', 800))
        self.assertAlmostEqual(sum(grown.figures['parts'].values()), grown.exposure)
        self.assertEqual(grown.exposure, 1000, "the others, without this one")

    def test_who_needs_no_credit_gets_no_account(self):
        stranger = self.customer("Gifted")
        order = self.offer(0, stranger)
        self.rpc(order, 'action_confirm')
        self.assertEqual((order.state, self.checks(order).ids), ('sale', []))
        self.assertFalse(self.env['ar.customer'].search([('partner_id', '=', stranger.id)]))
        order = self.offer(0)
        self.account_of()
        self.rpc(order, 'action_confirm')
        self.assertRecordValues(self.checks(order), [
            {'result': 'prepaid', 'limit_kind': False, 'rules_told': '', 'figures_html': False}])

    def test_a_check_is_history(self):
        order = self.offer(100)
        self.rpc(order, 'action_confirm')
        check = self.checks(order)
        for env in (self.env, self.env(user=self.boss)):
            own = check.with_env(env)
            for act in (lambda own=own: own.write({'exposure': 0}), own.unlink, own.copy,
                        lambda own=own: own.create({'order_id': order.id})):
                with self.assertRaises(UserError):
                    act()
        order._action_cancel()
        name = order.name
        order.unlink()
        self.env.invalidate_all()
        self.assertRecordValues(check, [{'order_name': name, 'order_id': False, 'amount': 100}])

    def test_a_rule_counts_at_once(self):
        """Rules, accounts and time zones are kept in memory: a change must be seen."""
        order = self.offer()
        self.assertTrue(self.reasons(order))
        self.over_limit.decision = 'ignore'
        self.assertFalse(self.reasons(order))
        self.over_limit.decision = 'hold'
        self.over_limit.unlink()
        self.assertFalse(self.reasons(order))
        self.rule('over_limit', 'warn', company_id=self.other.id)
        self.assertFalse(self.reasons(order))
        self.rule('over_limit', 'warn', tolerance_amount=499)
        self.assertEqual(self.reasons(order), {'over_limit': 'warn'})
        receivable = self.env['account.account'].create({
            'code': '411999', 'name': "Other customers", 'account_type': 'asset_current',
            'reconcile': True, 'company_ids': [Command.set(self.company.ids)]})
        self.assertNotIn(receivable.id, self.company._get_ar_account_ids())
        receivable.account_type = 'asset_receivable'
        self.assertIn(receivable.id, self.company._get_ar_account_ids())
        self.company.resource_calendar_id.tz = 'Pacific/Kiritimati'
        self.assertEqual(self.company._get_ar_tz(), 'Pacific/Kiritimati')

    def test_a_branch_shares_the_exposure(self):
        self.quote([(1, 900, False)], company=self.branch)
        self.rpc(order := self.offer(200), 'action_confirm')
        self.assertHeld(order)

    def test_a_branch_has_the_rules_of_its_root(self):
        """One legal entity, one credit control: a branch is no way around it."""
        self.over_limit.company_id = self.company
        self.company.ar_credit_active = False
        self.assertFalse(self.branch.ar_credit_active)
        self.company.ar_credit_active = True
        self.assertTrue(self.branch.ar_credit_active)
        self.assertTrue(self.make_company("New Branch", parent=self.company).ar_credit_active)
        with self.assertRaises(ValidationError):
            self.branch.ar_credit_active = False
        order = self.offer(1500, company=self.branch)
        self.assertEqual(self.reasons(order), {'over_limit': 'hold'}, "its limit is the root's")
        self.set_limit(2000, company=self.branch)
        self.assertEqual(self.reasons(order), {}, "unless it has one of its own")
        self.account_of()._grant_limit(
            100, reason="Alarm", user=self.boss, date_to='2026-06-30')
        self.assertEqual(self.reasons(order), {})
        self.set_limit(0, company=self.branch)
        self.assertEqual(self.reasons(order), {'over_limit': 'hold'})

    def test_the_reader_has_their_language(self):
        """The log keeps what was said; whoever reads gets it in their own words."""
        self.env['res.lang']._activate_lang('fr_FR')
        order = self.offer()
        self.rpc(order, 'action_confirm', lang='en_US')
        hold = order.ar_hold_ids
        self.assertIn("1,000.00", hold.reasons)
        french = hold.with_context(lang='fr_FR').reasons_told.replace('\u202f', ' ')
        self.assertIn("1 000,00", french.replace('\xa0', ' '))
        self.assertIn("1,000.00", hold.with_context(lang='en_US').reasons_told)
        self.assertEqual(
            order.with_context(lang='fr_FR').ar_credit_message,
            hold.with_context(lang='fr_FR').reasons_told)

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
