from unittest.mock import patch

from odoo import fields
from odoo.exceptions import UserError
from odoo.tests import Form, tagged

from .test_scorecard import ScoringCommon


class JobsCommon(ScoringCommon):

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.boss = cls.user('manager', 'boss')
        cls.company.ar_approver_id = cls.boss
        cls.company.ar_credit_active = True

    def cron(self, name):
        """Run a scheduled action as Odoo does."""
        with self.enter_registry_test_mode():
            self.env.ref(f'ar_collections.{name}').method_direct_trigger()

    def limit(self, amount, partner=None, until=None):
        return self.account_of(partner)._grant_limit(
            amount, reason="Test", user=self.boss, date_to=until)

    def hold(self, amount=500, partner=None):
        """Confirm an order over a limit of 100."""
        self.limit(100, partner)
        order = self.order(amount, partner)
        self.assertEqual(order.ar_credit_state, 'held')
        return order


@tagged('post_install', '-at_install')
class TestNightlyScore(JobsCommon):

    def test_the_night_scores_everybody_once(self):
        self.invoice(100, due='2025-12-01')
        self.env['ar.customer']._refresh(self.company)
        customer = self.account_of()
        self.cron('ir_cron_ar_credit_score')
        self.assertEqual(customer.risk_class_id, self.risk_class('e'))
        self.assertEqual(customer.score_checked_on, fields.Date.to_date('2026-06-01'))
        self.cron('ir_cron_ar_credit_score')
        self.assertEqual(len(customer.score_ids), 1)

    def test_it_goes_on_where_it_was_stopped(self):
        for number in range(5):
            self.invoice(100, due='2025-12-01', partner=self.customer(f"Buyer {number}"))
        self.env['ar.customer']._refresh(self.company)
        path = 'odoo.addons.ar_collections.models.credit.score_compute.BATCH'
        cron = type(self.env['ir.cron'])
        others = self.env['res.company'].search([('id', '!=', self.company.id)])
        for company in others:
            self.env['ar.customer']._score(company)
        with patch(path, 2), patch.object(cron, '_commit_progress', return_value=0):
            for scored in (2, 4, 5, 5):
                self.env['ar.customer']._cron_score()
                self.assertEqual(self.env['ar.credit.score'].search_count(
                    [('company_id', '=', self.company.id)]), scored)


@tagged('post_install', '-at_install')
class TestWatch(JobsCommon):
    """One activity a day and per list, for who approves."""

    def lists(self, kind):
        return self.env['mail.activity'].search([
            ('activity_type_id', '=', self.env.ref(f'ar_collections.mail_activity_type_{kind}').id),
            ('user_id', '=', self.boss.id)])

    def watch(self, date):
        self.go(date)
        self.cron('ir_cron_ar_credit_watch')

    def test_limits_that_end_are_told_once_a_day(self):
        self.limit(1000)
        self.limit(5000, until='2026-06-20')
        second = self.customer("Second")
        self.limit(700, second, until='2026-06-21')
        self.watch('2026-06-04')
        self.assertFalse(self.lists('limit'), "fifteen days before, not earlier")
        self.watch('2026-06-05')
        activity = self.lists('limit')
        self.assertEqual(len(activity), 1)
        self.assertIn("Buyer", activity.note)
        self.assertIn("1,000.00", activity.note, "what comes afterwards")
        self.assertNotIn("Second", activity.note)
        self.watch('2026-06-06')
        self.assertEqual(len(self.lists('limit')), 1, "the list of today replaces yesterday's")
        self.assertIn("Second", self.lists('limit').note)
        self.assertIn("2", self.lists('limit').summary)

    def test_a_day_is_told_once_even_when_done(self):
        self.limit(5000, until='2026-06-05')
        self.watch('2026-06-01')
        self.lists('limit').action_done()
        self.watch('2026-06-01')
        self.assertFalse(self.lists('limit'))

    def test_a_limit_that_goes_on_is_not_told(self):
        self.limit(5000, until='2026-06-05')
        self.limit(6000, until='2026-12-31')
        self.watch('2026-06-01')
        self.assertFalse(self.lists('limit'))

    def test_the_limit_itself_falls_back_without_any_job(self):
        self.limit(1000)
        self.limit(5000, until='2026-06-05')
        customer = self.account_of()
        self.go('2026-06-05')
        self.assertEqual(customer.credit_limit_today, 5000)
        self.go('2026-06-06')
        customer.invalidate_recordset()
        self.assertEqual(customer.credit_limit_today, 1000)

    def test_reviews_due_are_told(self):
        self.account_of().review_date = '2026-06-03'
        self.watch('2026-06-02')
        self.assertFalse(self.lists('review'))
        self.watch('2026-06-03')
        self.assertIn("Buyer", self.lists('review').note)
        self.account_of().review_date = '2026-09-01'
        self.watch('2026-06-04')
        self.assertFalse(self.lists('review'))

    def test_other_companies_are_told_to_their_own(self):
        other = self.make_company("Elsewhere")
        self.account_of(company=other).review_date = '2026-06-01'
        self.watch('2026-06-01')
        self.assertFalse(self.lists('review'))
        self.assertTrue(other.ar_review_activity_id)


@tagged('post_install', '-at_install')
class TestAutoRelease(JobsCommon):
    """Held orders go on when their cause is gone, and never by anything else."""

    def triggers(self):
        return self.env['ir.cron.trigger'].search_count([
            ('cron_id', '=', self.env.ref('ar_collections.ir_cron_ar_credit_release').id)])

    def overdue_hold(self):
        self.env.ref('ar_collections.ar_credit_rule_over_limit').active = False
        invoice = self.invoice(1000, due='2026-01-01')
        order = self.order(50)
        self.assertEqual(order.ar_credit_state, 'held')
        return invoice, order

    def test_a_payment_frees_the_order(self):
        invoice, order = self.overdue_hold()
        self.cron('ir_cron_ar_credit_release')
        self.assertEqual(order.state, 'draft')
        before = self.triggers()
        self.pay(invoice)
        self.assertGreater(self.triggers(), before)
        self.cron('ir_cron_ar_credit_release')
        self.assertEqual((order.state, order.ar_credit_state), ('sale', 'released'))
        self.assertEqual(order.ar_hold_ids.state, 'auto_released')

    def test_money_that_is_not_matched_frees_the_order_too(self):
        order = self.hold(150)
        before = self.triggers()
        self.pay(self.buyer, 80, match=False)
        self.assertGreater(self.triggers(), before, "at once, not at the next night")
        self.cron('ir_cron_ar_credit_release')
        self.assertEqual(order.state, 'sale')
        second = self.hold(400)
        before = self.triggers()
        self.credit_note(400, '2026-06-01')
        self.assertGreater(self.triggers(), before)
        self.cron('ir_cron_ar_credit_release')
        self.assertEqual(second.state, 'sale')

    def test_a_payment_without_an_entry_frees_the_order(self):
        self.hold()
        payment = self.env['account.payment'].create({
            'payment_type': 'inbound', 'partner_type': 'customer', 'partner_id': self.buyer.id,
            'amount': 500, 'journal_id': self.journal('bank').id})
        self.env.flush_all()
        self.env.cr.execute(
            "UPDATE account_payment SET state = 'in_process', move_id = NULL,"
            " outstanding_account_id = NULL WHERE id = %s", payment.ids)
        payment.invalidate_recordset()
        before = self.triggers()
        payment.state = 'paid'
        self.assertFalse(payment.move_id)
        self.assertGreater(self.triggers(), before)

    def test_a_payment_of_somebody_else_wakes_nobody(self):
        self.overdue_hold()
        invoice = self.invoice(100, due='2026-05-01', partner=self.customer("Other"))
        before = self.triggers()
        self.pay(invoice)
        self.assertEqual(self.triggers(), before)

    def test_waking_costs_one_query(self):
        partners = self.env['res.partner'].browse(self.buyer.ids)
        before = self.env.cr.sql_log_count
        self.env['ar.credit.hold']._wake_for(partners)
        self.assertEqual(self.env.cr.sql_log_count - before, 1)

    def test_an_order_that_fails_does_not_keep_the_others(self):
        first, second = self.hold(partner=self.customer("One")), self.hold(
            partner=self.customer("Two"))
        self.env.ref('ar_collections.ar_credit_rule_over_limit').active = False
        Order = type(self.env['sale.order'])
        confirm, text = Order.action_confirm, "No stock today"

        def fail_on_first(orders):
            if first in orders:
                raise UserError(text)
            return confirm(orders)

        with patch.object(Order, 'action_confirm', fail_on_first):
            self.cron('ir_cron_ar_credit_release')
            self.cron('ir_cron_ar_credit_release')
        self.assertEqual((first.ar_credit_state, first.state), ('held', 'draft'))
        self.assertEqual(second.state, 'sale')
        notes = first.ar_hold_ids.message_ids.filtered(lambda m: text in m.body)
        self.assertEqual(len(notes), 1, "said once")
        self.cron('ir_cron_ar_credit_release')
        self.assertEqual(first.state, 'sale')

    def test_the_oldest_order_comes_first(self):
        self.limit(100)
        first, second = self.order(150), self.order(160)
        self.account_of().sudo().partner_id.with_company(self.company).credit_limit = 200
        self.cron('ir_cron_ar_credit_release')
        self.assertEqual((first.state, second.ar_credit_state), ('sale', 'held'))

    def test_a_cancelled_order_leaves_the_list(self):
        order = self.hold()
        order._action_cancel()
        self.cron('ir_cron_ar_credit_release')
        self.assertEqual(order.ar_hold_ids.state, 'withdrawn')

    def test_no_job_refuses_a_natural_person(self):
        """A person's order is held with its reason and waits for a person, whatever the class."""
        person = self.customer("Jane Doe", is_company=False)
        self.invoice(1000, due='2025-11-01', partner=person)
        self.account_of(person).action_score_now()
        self.assertEqual(self.account_of(person).risk_class_id, self.risk_class('e'))
        order = self.order(100, person)
        self.assertTrue(order.ar_credit_message)
        self.go('2027-06-01')
        for name in ('score', 'watch', 'release'):
            self.cron(f'ir_cron_ar_credit_{name}')
        self.assertEqual((order.state, order.ar_hold_ids.state), ('draft', 'held'))
        self.assertEqual(order.ar_hold_ids.activity_ids.user_id, self.boss)


@tagged('post_install', '-at_install')
class TestIdentity(JobsCommon):
    """A wrong number is said, and saved."""

    def test_a_wrong_siren_is_a_warning_and_is_saved(self):
        self.buyer.write(
            {'country_id': self.env.ref('base.fr').id, 'company_registry': '732829321'})
        customer = self.account_of()
        self.assertEqual(
            customer.identity_warning, "The SIREN 732829321 has a wrong check digit.")
        self.assertEqual(customer.action_check_identity()['params']['type'], 'warning')
        self.buyer.company_registry = '732 829 320'
        self.assertFalse(customer.identity_warning)
        self.assertEqual(customer.action_check_identity()['params']['type'], 'success')

    def test_the_contact_says_so_while_it_is_typed_and_is_saved(self):
        keeper = self.user('base.group_partner_manager', 'keeper')
        with Form(self.env['res.partner'].with_user(keeper).with_context(
                default_is_company=True)) as contact:
            contact.name = "Typed"
            contact.country_id = self.env.ref('base.fr')
            contact.company_registry = '732829321'
            self.assertEqual(
                contact.ar_identity_warning, "The SIREN 732829321 has a wrong check digit.")
            contact.company_registry = '732829320'
            self.assertFalse(contact.ar_identity_warning)
            contact.vat = 'FR45732829320'
            self.assertIn("VAT FR45732829320", contact.ar_identity_warning)
        self.assertTrue(contact.record.ar_identity_warning)
        # Others through the rules of their country. Odoo's own check of VAT numbers, where it is
        # installed, may refuse: ours never does.
        for country, number, wrong in (
                ('be', 'BE0477472701', 'BE0477472702'), ('de', 'DE111111125', 'DE111111126')):
            partner = self.customer(country, country_id=self.env.ref(f'base.{country}').id)
            partner = partner.with_context(no_vat_validation=True)
            partner.vat = number
            self.assertFalse(partner.ar_identity_warning)
            partner.vat = wrong
            self.assertIn(f"VAT {wrong} has a wrong check digit", partner.ar_identity_warning)

    def test_a_request_carries_the_warning(self):
        self.buyer.write(
            {'country_id': self.env.ref('base.fr').id, 'company_registry': '73282932000075'})
        request = self.env['ar.credit.request'].create({
            'customer_id': self.account_of().id, 'amount': 100, 'reason': "More goods"})
        request.action_submit()
        self.assertEqual(request.state, 'submitted')
        self.assertIn("SIRET 73282932000075", request.message_ids[0].body)
        request.action_submit()
        self.assertEqual(
            len(request.message_ids.filtered(lambda m: "SIRET" in (m.body or ''))), 1)

    def test_a_salesperson_sees_the_warning_on_the_request_only(self):
        self.buyer.write(
            {'country_id': self.env.ref('base.fr').id, 'company_registry': '732829321'})
        seller = self.user('sales_team.group_sale_salesman', 'seller')
        request = self.env['ar.credit.request'].with_user(seller).sudo().create({
            'customer_id': self.account_of().id, 'amount': 100, 'reason': "More goods",
            'user_id': seller.id}).with_user(seller)
        request.sudo(False).action_submit()
        self.assertIn("wrong check digit", request.sudo(False).identity_warning)
