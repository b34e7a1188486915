from psycopg2 import IntegrityError

from odoo.exceptions import ValidationError
from odoo.tests import tagged
from odoo.tools import mute_logger

from .common import CollectionsCommon


@tagged('post_install', '-at_install')
class TestPolicyChoice(CollectionsCommon):
    """Which ladder a customer is on, and the sentence that says why."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.soft = cls.policy([(20, 'automatic')], name="Soft")
        cls.hard = cls.policy([(1, 'automatic')], name="Hard")
        cls.third = cls.policy([(2, 'automatic')], name="Third")

    def rule(self, policy, domain, sequence=10, **vals):
        return self.env['ar.dunning.rule'].create({
            'name': f"Rule {policy.name} {sequence}", 'policy_id': policy.id, 'domain': domain,
            'sequence': sequence, **vals})

    def assertChosen(self, policy, reason, customer=None):
        customer = customer or self.account_of()
        customer.invalidate_recordset()
        self.assertEqual(customer.effective_policy_id, policy)
        self.assertIn(reason, customer.policy_reason)

    def test_company_default_is_the_last_resort(self):
        self.assertChosen(self.ladder, "default of the company")

    def test_without_any_policy_the_customer_says_that_nothing_is_sent(self):
        self.company.ar_dunning_policy_id = False
        self.assertChosen(self.env['ar.dunning.policy'], "nothing is sent")
        self.invoice(100, due='2026-05-01')
        run = self.run_dunning('2026-06-01')
        self.assertFalse(run.reminder_ids)
        self.assertEqual(self.reasons(run), [('no_policy', 100)])

    def test_first_matching_rule_wins(self):
        self.rule(self.hard, "[('country_id.code', '=', 'DE')]", 1)
        self.rule(self.soft, "[('overdue_amount', '>=', 0)]", 2)
        self.rule(self.third, "[]", 3)
        self.assertChosen(self.soft, "Rule Soft 2")
        self.buyer.country_id = self.env.ref('base.de')
        self.assertChosen(self.hard, "Rule Hard 1")

    def test_rules_speak_of_class_tag_country_language_salesperson_and_amount(self):
        tag = self.env['res.partner.category'].create({'name': "Key account"})
        seller = self.user('sales_team.group_sale_salesman', 'seller')
        self.buyer.write({
            'category_id': [(4, tag.id)], 'user_id': seller.id, 'lang': 'en_US',
            'country_id': self.env.ref('base.be').id})
        self.invoice(100, due='2026-05-01')
        self.env['ar.customer']._refresh(self.company)
        for domain in (
            f"[('category_ids', 'in', [{tag.id}])]", "[('country_id.code', '=', 'BE')]",
            "[('lang', '=', 'en_US')]", f"[('user_id', '=', {seller.id})]",
            "[('overdue_amount', '>', 99)]", "[('max_days_overdue', '>', 30)]",
            "[('partner_id.name', 'ilike', 'buyer')]",
        ):
            rule = self.rule(self.soft, domain)
            self.assertChosen(self.soft, "Rule")
            self.assertEqual(rule.customer_count, 1, domain)
            rule.unlink()

    def test_customer_overrules_the_rules(self):
        self.rule(self.soft, "[]")
        self.account_of().policy_id = self.hard
        self.assertChosen(self.hard, "Chosen on this customer")

    def test_invoice_overrules_the_customer(self):
        self.account_of().policy_id = self.soft
        plain, special = self.invoice(100, due='2026-05-30'), self.invoice(70, due='2026-05-30')
        special.ar_dunning_policy_id = self.hard
        run = self.run_dunning('2026-06-01')
        self.assertEqual(run.reminder_ids.policy_id, self.hard)
        steps = run.reminder_ids.line_ids.filtered(lambda line: line.kind == 'step')
        self.assertEqual(steps.move_id, special)
        self.assertFalse(plain.ar_dunning_policy_id)
        self.assertEqual(
            self.env['account.move'].search([('ar_dunning_policy_id', '=', self.hard.id)]), special)

    def test_archived_policies_and_rules_do_not_choose(self):
        rule = self.rule(self.soft, "[]", 1)
        self.rule(self.hard, "[]", 2)
        rule.active = False
        self.assertChosen(self.hard, "Rule Hard 2")
        self.hard.active = False
        self.assertChosen(self.ladder, "default of the company")

    def test_rules_of_another_company_do_not_choose(self):
        other = self.make_company("Other House")
        self.rule(self.soft, "[]", company_id=other.id)
        self.assertChosen(self.ladder, "default of the company")

    def test_a_rule_that_cannot_be_read_is_refused(self):
        for domain in ("[('no_such_field', '=', 1)]", "not a domain", "__import__('os')"):
            with self.assertRaises(ValidationError, msg=domain):
                self.rule(self.soft, domain)


@tagged('post_install', '-at_install')
class TestPolicyModel(CollectionsCommon):
    """What a ladder refuses, and the two that come with the module."""

    def test_ready_ladders_match_the_promise(self):
        expected = {
            'cautious': [
                (-3, 'email', 'automatic'), (5, 'email', 'automatic'), (15, 'email', 'approve'),
                (30, 'email', 'approve'), (60, 'letter', 'approve')],
            'firm': [
                (-3, 'email', 'automatic'), (5, 'email', 'automatic'), (15, 'email', 'automatic'),
                (30, 'email', 'automatic'), (60, 'letter', None)],
        }
        for name, levels in expected.items():
            policy = self.env.ref(f'ar_collections.ar_dunning_policy_{name}')
            found = [(x.offset_days, x.channel, x.execution) for x in policy.level_ids]
            for row, wanted in zip(found, levels, strict=True):
                self.assertEqual(row[:2], wanted[:2], name)
                self.assertIn(row[2], (wanted[2], row[2] if wanted[2] is None else wanted[2]))
            last = policy.level_ids[-1]
            self.assertTrue(last.also_call)
            self.assertEqual(last.scope, 'open', "the letter lists every open item")

    def test_new_companies_start_on_the_cautious_ladder_with_the_night_run_off(self):
        company = self.env['res.company'].create({'name': "New House"})
        self.assertEqual(
            company.ar_dunning_policy_id,
            self.env.ref('ar_collections.ar_dunning_policy_cautious'))
        self.assertFalse(company.ar_dunning_active)

    def test_two_levels_cannot_fall_on_one_day(self):
        with self.assertRaises(IntegrityError), mute_logger('odoo.sql_db'):
            self.policy([(5, 'automatic'), (5, 'approve')])

    def test_a_level_by_mail_needs_a_template(self):
        with self.assertRaises(ValidationError):
            self.policy([(5, 'automatic', {'mail_template_id': False})])

    def test_a_ladder_without_weekdays_is_refused(self):
        days = dict.fromkeys(
            ('monday', 'tuesday', 'wednesday', 'thursday', 'friday', 'saturday', 'sunday'), False)
        with self.assertRaises(ValidationError):
            self.policy([(5, 'automatic')], **days)

    def test_hours_must_run_forward(self):
        with self.assertRaises(IntegrityError), mute_logger('odoo.sql_db'):
            self.policy([(5, 'automatic')], hour_from=18, hour_to=8)

    def test_a_used_ladder_and_its_levels_cannot_be_deleted(self):
        self.invoice(100, due='2026-05-26')
        self.run_dunning('2026-06-01')
        with self.assertRaises(ValidationError):
            self.ladder.unlink()
        with self.assertRaises(ValidationError):
            self.reminders().level_id.unlink()

    def test_copying_a_ladder_copies_its_levels(self):
        copy = self.ladder.copy()
        self.assertEqual(copy.level_ids.mapped('offset_days'), [-3, 5, 15, 30])
        self.assertEqual(copy.name, "Ladder (copy)")

    def test_holidays_of_the_working_hours_close_the_day(self):
        policy = self.policy([(5, 'automatic')], skip_holidays=True, hour_from=8, hour_to=18)
        self.env['resource.calendar.leaves'].create({
            'name': "Bastille Day", 'company_id': self.company.id, 'resource_id': False,
            'calendar_id': self.company.resource_calendar_id.id,
            'date_from': '2026-07-13 22:00:00', 'date_to': '2026-07-14 21:59:59'})
        self.go('2026-07-14')
        self.assertEqual(str(policy._get_next_opening(self.company)), '2026-07-15 06:00:00')
        policy.skip_holidays = False
        self.assertEqual(str(policy._get_next_opening(self.company)), '2026-07-14 09:00:00')
