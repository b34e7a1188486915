from unittest.mock import patch

from odoo import Command
from odoo.exceptions import AccessError, UserError, ValidationError
from odoo.tests import Form, tagged
from odoo.tools import file_open

from .credit_common import BlockCommon


class LimitsCommon(BlockCommon):
    """Whoever works here has one company selected."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.env = cls.env(context=dict(cls.env.context, allowed_company_ids=cls.company.ids))
        cls.buyer, cls.company = cls.buyer.with_env(cls.env), cls.company.with_env(cls.env)


@tagged('post_install', '-at_install')
class TestTypedLimits(LimitsCommon):
    """Odoo's own credit limit, typed on the contact, is a decision like any other."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.env['ar.credit.authority'].search([]).unlink()
        cls.accountant = cls.user('account.group_account_invoice', 'accountant')
        cls.accountant.group_ids += cls.env.ref('base.group_partner_manager')

    def allow(self, amount, user=None, **vals):
        return self.env['ar.credit.authority'].create({
            'group_id': self.env.ref('base.group_user').id, 'max_amount': amount,
            'user_ids': [Command.set((user or self.accountant).ids)], **vals})

    def typed(self, amount, partner=None):
        (partner or self.buyer).with_user(self.accountant).with_company(
            self.company).credit_limit = amount

    def log(self, partner=None):
        return [(limit.amount, limit.kind, limit.granted_by_id)
                for limit in self.account_of(partner).limit_ids.sorted('id')]

    def test_without_authority_it_is_refused_in_words(self):
        with self.assertRaisesRegex(AccessError, "limit request"), self.env.cr.savepoint():
            self.typed(5000)
        self.env.invalidate_all()
        self.assertEqual((self.buyer.with_company(self.company).credit_limit, self.log()),
                         (1000, []))

    def test_a_debtor_does_not_leave_its_debt_behind(self):
        """Below a customer with room, stop, limit and debt would go: that is a credit decision."""
        roomy = self.customer("Roomy")
        self.set_limit(90000, roomy)

        def leave(partner, user=self.accountant, **vals):
            theirs = partner.with_user(user).with_company(self.company)
            # As in a call from outside: commands on contacts run as whoever began.
            with patch.object(self.env.transaction, 'default_env', theirs.env):
                with self.env.cr.savepoint():
                    theirs.write(vals)

        ways = [{'is_company': False, 'parent_id': roomy.id},
                {'company_type': 'person', 'parent_id': roomy.id}]
        stopped, owing, held = map(self.customer, ("Stopped", "Owing", "Held"))
        self.account_of(stopped).credit_stop = True
        self.invoice(300, due='2026-06-30', partner=owing)
        self.rule('no_limit')
        self.rpc(order := self.offer(10, held), 'action_confirm')
        self.assertHeld(order)
        self.set_limit(1000)
        for debtor in (stopped, owing, held, self.buyer):
            for vals in ways:
                with self.subTest(debtor.name, way=[*vals]), self.assertRaisesRegex(
                        AccessError, "credit decision"):
                    leave(debtor, **vals)
            self.env.invalidate_all()
            with self.assertRaisesRegex(AccessError, "credit decision"):
                leave(debtor, is_company=False)
                leave(debtor, parent_id=roomy.id)
            self.env.invalidate_all()
            with self.assertRaisesRegex(AccessError, "credit decision"):
                leave(debtor, is_company=False)
                leave(roomy, child_ids=[Command.link(debtor.id)])
            self.env.invalidate_all()
            self.assertEqual(debtor.commercial_partner_id, debtor)
        # A subsidiary goes on owing for itself; who owes nothing is a contact like any other.
        leave(owing, is_company=True, parent_id=roomy.id)
        self.assertEqual(owing.commercial_partner_id, owing)
        free = self.customer("Free")
        self.account_of(free)
        leave(free, is_company=False, parent_id=roomy.id)
        self.assertEqual(free.commercial_partner_id, roomy)
        account = self.account_of(owing)
        self.allow(299)
        with self.assertRaisesRegex(AccessError, "299"):
            leave(owing, is_company=False)
        self.allow(300)
        leave(owing, is_company=False)
        self.assertEqual(owing.commercial_partner_id, roomy)
        self.assertIn("300", account.message_ids[:1].body)
        # Ordinary changes ask nothing of the database for it.
        self.env.flush_all()
        theirs = self.buyer.with_user(self.accountant)
        self.assertEqual(theirs.commercial_partner_id, theirs)
        with self.assertQueryCount(0):
            theirs._get_leaving({'name': "Other", 'is_company': True})
        # Two records of one debtor are still merged by whoever may.
        double = self.customer("Double")
        self.set_limit(500, double)
        merger = self.user('base.group_system', 'merger')
        merger.group_ids += self.env.ref('account.group_account_manager')
        self.env['base.partner.merge.automatic.wizard'].with_user(merger)._merge(
            (double | self.buyer).ids, self.buyer)
        self.assertFalse(double.exists())

    def test_within_authority_it_leaves_a_trail(self):
        self.allow(3000)
        order = self.offer(1500)
        self.rpc(order, 'action_confirm')
        self.assertHeld(order)
        self.typed(2500)
        self.assertEqual(self.log(), [(2500, 'amount', self.accountant)])
        self.assertIn("Typed in", self.account_of().limit_ids.reason)
        self.assertIn(self.accountant.name, self.account_of().message_ids[0].body)
        self.assertEqual((order.state, order.ar_credit_state), ('sale', 'released'))
        self.typed(2500)
        self.assertEqual(len(self.log()), 1, "nothing changed")
        with self.assertRaises(AccessError):
            self.typed(3001)

    def test_no_limit_takes_an_authority_without_a_ceiling(self):
        authority = self.allow(10**6)
        with self.assertRaisesRegex(AccessError, "no ceiling"), self.env.cr.savepoint():
            self.typed(0)
        authority.unlimited = True
        self.typed(0)
        self.assertEqual(self.log(), [(0, 'unlimited', self.accountant)])

    def test_a_new_contact_and_an_import(self):
        Partner = self.env['res.partner'].with_user(self.accountant).with_company(self.company)
        with self.assertRaises(AccessError), self.env.cr.savepoint():
            Partner.create({'name': "New", 'is_company': True, 'credit_limit': 50})
        self.assertTrue(Partner.create({'name': "Without", 'is_company': True}))
        refused = Partner.load(['name', 'is_company', 'credit_limit'], [["Imported", "1", "70"]])
        self.assertFalse(refused['ids'])
        with self.assertRaises(AccessError), self.env.cr.savepoint():
            Partner.with_context(default_credit_limit=50).create({'name': "New"})
        self.env['ir.default'].set(
            'res.partner', 'credit_limit', 60, company_id=self.company.id)
        with self.assertRaisesRegex(AccessError, "no ceiling"), self.env.cr.savepoint():
            Partner.create({'name': "Unlimited", 'credit_limit': 0})
        self.assertEqual(Partner.create({'name': "As all"}).sudo().credit_limit, 60)
        self.allow(100)
        done = Partner.load(['name', 'is_company', 'credit_limit'], [["Imported", "1", "70"]])
        partner = self.env['res.partner'].browse(done['ids'])
        self.assertEqual(self.log(partner), [(70, 'amount', self.accountant)])

    def test_the_default_of_the_company_is_no_decision(self):
        self.env['ir.default'].set(
            'res.partner', 'credit_limit', 300, company_id=self.company.id)
        Partner = self.env['res.partner'].with_user(self.accountant).with_company(self.company)
        partner = Partner.create({'name': "New", 'is_company': True, 'credit_limit': 300})
        self.assertEqual(self.log(partner), [])

    def test_without_credit_control_the_field_is_odoos(self):
        self.company.ar_credit_active = False
        self.typed(7000)
        self.assertEqual((self.buyer.with_company(self.company).credit_limit, self.log()),
                         (7000, []))


@tagged('post_install', '-at_install')
class TestGrantedLimits(LimitsCommon):
    """Requests: what is asked for is said, many at once keep the trail of one."""

    def ask(self, user=None, **vals):
        return self.env['ar.credit.request'].with_user(user or self.seller).create({
            'customer_id': self.account_of().id, 'reason': "Review", **vals})

    def approve(self, requests):
        requests.with_user(self.boss).action_approve()

    def test_zero_must_say_which(self):
        with self.assertRaisesRegex(ValidationError, "two things"):
            self.ask(amount=0)
        with self.assertRaisesRegex(UserError, "two things"):
            self.account_of()._grant_limit(0, reason="?", user=self.boss)

    def test_no_credit_holds_whatever_is_not_paid(self):
        request = self.ask(kind='none')
        request.action_submit()
        self.approve(request)
        customer = self.account_of()
        self.assertEqual((customer.credit_limit_today, customer.no_credit_today), (0, True))
        order = self.offer(1)
        self.assertTrue(order.ar_credit_would_hold)
        self.rpc(order, 'action_confirm')
        self.assertHeld(order, 'over_limit')
        self.assertIn("no credit", order.ar_credit_message)
        self.invoice(10, due='2026-06-30')
        customer.invalidate_recordset()
        self.assertTrue(customer.is_over_limit)
        self.assertIn(customer, self.env['ar.customer'].search([('is_over_limit', '=', True)]))
        self.refused(customer, 'write', {'no_credit': False}, user=self.boss)
        back = self.ask(amount=500)
        back.action_submit()
        self.approve(back)
        self.assertFalse(customer.no_credit_today)
        self.assertEqual(order.state, 'sale')

    def test_no_credit_for_a_while(self):
        request = self.ask(kind='none', date_to='2026-06-10')
        request.action_submit()
        self.approve(request)
        customer = self.account_of()
        self.assertTrue(customer.no_credit_today)
        self.go('2026-06-11')
        customer.invalidate_recordset()
        self.assertEqual((customer.credit_limit_today, customer.no_credit_today), (1000, False))

    def test_no_limit_takes_an_authority_without_a_ceiling(self):
        request = self.ask(kind='unlimited')
        request.action_submit()
        with self.assertRaisesRegex(AccessError, "no ceiling"):
            self.approve(request)
        self.env['ar.credit.authority'].create({
            'group_id': self.env.ref('ar_collections.group_ar_manager').id, 'max_amount': 0,
            'unlimited': True})
        self.approve(request)
        order = self.offer(10**6)
        self.rpc(order, 'action_confirm')
        self.assertEqual(order.state, 'sale')

    def test_ones_own_draft_can_be_deleted_and_a_request_withdrawn(self):
        draft, other = self.ask(amount=5), self.ask(self.boss, amount=6)
        self.rpc(draft, 'unlink')
        self.assertFalse(draft.exists())
        self.refused(other, 'unlink')
        self.refused(other, 'action_cancel')
        request = self.ask(amount=7)
        self.rpc(request, 'action_submit')
        self.refused(request, 'unlink')
        self.rpc(request, 'action_cancel')
        self.assertEqual((request.state, request.activity_ids.ids), ('cancelled', []))
        self.refused(request, 'write', {'amount': 8})
        self.refused(request, 'action_approve', user=self.boss)

    def test_many_limits_at_once(self):
        second, third = self.customer("Second"), self.customer("Third")
        self.set_limit(20000, second)
        customers = self.account_of() | self.account_of(second) | self.account_of(third)
        collector = self.user('collector', 'collector')
        action = customers.with_user(collector).action_change_limits()
        with Form(self.env['ar.credit.limit.change'].with_user(collector).with_context(
                **action['context'])) as form:
            form.percent = 10
            form.reason = "Prices went up"
        result = form.record.action_ask()
        requests = self.env['ar.credit.request'].search(result['domain'])
        self.assertRecordValues(requests.sorted('amount'), [
            {'customer_id': self.account_of().id, 'amount': 1100, 'user_id': collector.id,
             'state': 'submitted', 'reason': "Prices went up"},
            {'customer_id': self.account_of(second).id, 'amount': 22000,
             'user_id': collector.id, 'state': 'submitted', 'reason': "Prices went up"}])
        self.assertEqual(requests.activity_ids.mapped('user_id'), self.boss)
        self.assertEqual(len(requests.activity_ids), 1, "told once")
        self.refused(requests, 'action_approve', user=collector)
        self.approve(requests)
        self.assertEqual(customers.mapped('credit_limit_today'), [1100, 22000, 0])
        self.assertEqual(customers.limit_ids.granted_by_id, self.boss)
        self.assertEqual(customers.limit_ids.request_id, requests)

    def test_the_proposal_and_the_round_figures(self):
        self.invoice(1234, due='2026-05-01')
        change = self.env['ar.credit.limit.change'].with_user(self.boss).create({
            'customer_ids': [Command.set(self.account_of().ids)], 'method': 'proposal',
            'reason': "Review"})
        change.action_ask()
        request = self.account_of().request_ids
        self.assertEqual(request.amount, request.proposed_amount)
        self.assertEqual(request.amount % 500, 0)
        change.method, change.percent = 'percent', -100
        with self.assertRaises(UserError):
            change.action_ask()

    def test_an_import_keeps_the_trail(self):
        other = self.customer("Second")
        (self.account_of() | self.account_of(other)).mapped('partner_id.name')
        Request = self.env['ar.credit.request'].with_user(self.boss)
        result = Request.load(
            ['customer_id', 'kind', 'amount', 'date_to', 'reason', 'state'],
            [[self.buyer.name, 'amount', '1500', '2026-12-31', "Review", 'approved'],
             [other.name, 'none', '', '', "Unpaid", 'approved']])
        self.assertTrue(result['ids'], result['messages'])
        requests = Request.browse(result['ids'])
        self.assertEqual(set(requests.mapped('state')), {'draft'}, "whatever the file says")
        self.assertEqual(requests.user_id, self.boss)
        requests.action_submit()
        with self.assertRaises(AccessError):
            requests.action_approve()
        requests.with_user(self.user('manager', 'second boss')).action_approve()
        self.assertEqual(self.account_of().credit_limit_today, 1500)
        self.assertTrue(self.account_of(other).no_credit)
        template = Request.get_import_templates()[0]['template']
        with file_open(template.lstrip('/')) as file:
            self.assertLessEqual(set(file.readline().strip().split(',')), set(Request._fields))

    def test_buttons_that_would_fail_are_not_shown(self):
        view = self.env.ref('sale.view_order_form')
        names = ('name="action_confirm"', 'name="action_quotation_send"', 'name="action_cancel"')
        for user, shown in ((self.boss, False), (self.seller, True)):
            arch = self.env['sale.order'].with_user(user).get_view(view.id, 'form')['arch']
            for name in names:
                self.assertEqual(name in arch, shown, (user.login, name))

    def test_a_limit_costs_the_same_with_many_contacts(self):
        """OCA/credit-control#288: 40 seconds for a company with many contacts."""
        counts = []
        for size in (1, 1, 200):
            partner = self.customer(f"Parent of {size}")
            self.env['res.partner'].create(
                [{'name': f"Contact {n}", 'parent_id': partner.id} for n in range(size)])
            customer = self.account_of(partner)
            self.env.flush_all()
            self.env.invalidate_all()
            before = self.env.cr.sql_log_count
            customer._grant_limit(700 + size, reason="Test", user=self.boss)
            self.env.flush_all()
            counts.append(self.env.cr.sql_log_count - before)
            self.assertEqual(
                set(partner.child_ids.with_company(self.company).mapped('credit_limit')),
                {700 + size})
        self.assertLessEqual(counts[2], counts[1] + 10)
