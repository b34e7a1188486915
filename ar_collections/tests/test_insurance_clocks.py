from datetime import timedelta
from unittest.mock import patch

from odoo.tests import tagged

from .deadline_common import day
from .insured_common import TERMS, InsuredCommon
from .scale_common import ScaleCommon


@tagged('post_install', '-at_install')
class TestInsuranceClocks(InsuredCommon):
    """What the contract says, counted from the original due date."""

    def test_each_term_that_was_typed_in_sets_its_day(self):
        self.invoice(1000, due='2026-05-15')
        self.build()
        self.assertEqual(self.last_days(), {
            'overdue_notice': '2026-06-14', 'extension': '2026-07-14',
            'collections': '2026-08-13', 'insurance_claim': '2026-11-11'})
        row = self.rows('overdue_notice')
        self.assertIn("P-0042", row.source)
        self.assertIn("30 days from the original due date", row.explanation)

    def test_the_list_begins_with_the_fewest_days_left_then_the_most_euros(self):
        few, many, first = (self.invoice(amount, due=due) for amount, due in (
            (1000, '2026-05-15'), (5000, '2026-05-15'), (300, '2026-05-10')))
        self.build()
        self.assertEqual(
            [row.move_id for row in self.rows('overdue_notice')], [first, many, few])

    def test_whoever_follows_the_customer_is_told_before_the_last_day(self):
        bill = self.invoice(1000, due='2026-05-15')
        customer = self.account_of()
        last = day('2026-06-14')
        first = last - timedelta(days=self.company.ar_deadline_lead_days)
        self.assertLess(first, last)
        self.build(str(first - timedelta(days=1)))
        self.assertFalse(customer.activity_ids)
        for when in (first, first + timedelta(days=1)):
            self.build(str(when))
            [activity] = customer.activity_ids
        self.assertEqual((activity.user_id, activity.date_deadline), (self.collector, last))
        self.assertIn("06/14/2026", activity.summary)
        self.assertIn(bill.name, activity.note)

    def test_a_term_that_nobody_has_typed_in_sets_none(self):
        self.policy_2026.write(dict.fromkeys(TERMS, 0))
        self.invoice(1000, due='2026-05-15')
        self.build()
        self.assertEqual(self.last_days(), {})

    def test_small_amounts_need_no_notice_until_they_add_up(self):
        self.policy_2026.min_overdue_amount = 1500
        self.invoice(1000, due='2026-05-15')
        self.invoice(5000, due='2026-06-20')
        self.build()
        self.assertEqual(set(self.last_days()), {'extension', 'collections', 'insurance_claim'})
        self.invoice(500, due='2026-05-25')
        self.build()
        self.assertEqual(sorted(str(row.last_day) for row in self.rows('overdue_notice')),
                         ['2026-06-14', '2026-06-24'])

    def test_nothing_before_the_due_date_nor_for_whom_no_cover_is_known(self):
        self.invoice(1000, due='2026-06-01')
        stranger = self.customer("Stranger", country_id=self.france.id)
        self.invoice(1000, due='2026-05-15', partner=stranger)
        self.account_of(stranger)
        self.build()
        self.assertEqual(self.last_days(), {})
        self.assertEqual(self.last_days(stranger), {})

    def test_a_refused_customer_and_one_invoiced_before_the_policy_are_not_insured(self):
        refused, early = (self.customer(n, country_id=self.france.id) for n in ("No", "Early"))
        self.cover(refused, amount=0)
        self.cover(early)
        self.invoice(1000, due='2026-05-15', partner=refused)
        self.invoice(1000, due='2026-01-20', date='2025-12-20', partner=early)
        self.build()
        self.assertEqual(self.last_days(refused), {})
        self.assertEqual(self.last_days(early), {})

    def test_a_due_date_that_is_postponed_starts_no_new_time(self):
        bill = self.invoice(1000, due='2026-06-10')
        self.build()
        self.assertEqual(self.last_days(), {})
        self.items(bill).date_maturity = '2026-08-31'
        self.build('2026-06-11')
        self.assertEqual(self.last_days()['overdue_notice'], '2026-07-10')
        self.assertIn("08/31/2026", self.rows('overdue_notice').explanation)
        # Advanced: the earlier day counts.
        self.items(bill).date_maturity = '2026-06-01'
        self.build()
        self.assertEqual(self.last_days()['overdue_notice'], '2026-07-01')

    def test_a_longer_term_than_the_policy_insures_is_flagged(self):
        self.invoice(1000, date='2026-03-01', due='2026-07-15')
        self.build()
        self.assertEqual(self.last_days(), {'credit_period': '2026-04-30'})
        self.assertIn("at most 60 days", self.rows('credit_period').explanation)
        self.assertEqual(self.rows('credit_period').state, 'missed')

    def test_an_insolvency_is_told_within_the_days_of_the_policy(self):
        self.invoice(1000, due='2026-05-15')
        self.account_of().write({
            'insolvency_date': '2026-05-28', 'insolvency_state': 'liquidation',
            'insolvency_published_on': '2026-05-31'})
        self.build()
        self.assertEqual(self.last_days()['insolvency_notice'], '2026-06-10')
        self.assertEqual(self.rows('insolvency_notice').amount, 1000.0)

    def test_calendar_days_are_never_moved(self):
        for number in range(14):
            self.invoice(10, due=str(day('2026-05-01') + timedelta(days=number)))
        self.build()
        for row in self.rows('overdue_notice'):
            self.assertEqual(row.last_day, row.start_day + timedelta(days=30))

    def test_building_twice_is_building_once(self):
        self.invoice(1000, due='2026-05-15')
        self.assertTrue(self.build())
        self.assertEqual(self.build(), 0)


@tagged('post_install', '-at_install')
class TestInsuranceScale(ScaleCommon):
    """As many queries for a thousand insured customers as for ten."""

    def test_a_constant_number_of_queries(self):
        policy = self.env['ar.insurance.policy'].create({
            'name': "House policy", 'date_from': '2020-01-01', 'company_id': self.company.id,
            'currency_id': self.company.currency_id.id, **TERMS})
        counts = []
        for count in (10, 990):
            ids = self.multiply(count)
            self.env['ar.customer']._refresh(self.company)
            self.env.flush_all()
            self.env.cr.execute(
                """
                WITH cover AS (
                    INSERT INTO ar_cover (policy_id, customer_id, company_id, currency_id, kind,
                                          status, source)
                    SELECT %s, id, company_id, %s, 'named', 'granted', 'manual'
                      FROM ar_customer WHERE partner_id = ANY(%s) RETURNING id)
                INSERT INTO ar_cover_layer (cover_id, kind, rank, amount, date_from, status,
                                            source)
                SELECT id, 'permanent', 1, 1000, '2020-01-01', 'granted', 'manual' FROM cover
                """, [policy.id, self.company.currency_id.id, ids])
            with patch.object(type(self.env['ar.deadline']), '_tell', lambda *args: None):
                with self.counted(counts):
                    self.env['ar.deadline']._build(self.company)
        rows = self.env['ar.deadline'].search([('kind', '=', 'overdue_notice')])
        # Two of the three items of each customer are overdue.
        self.assertEqual(len(rows), 2000)
        self.assertLessEqual(counts[1], counts[0] + 4)
