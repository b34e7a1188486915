from odoo import fields
from odoo.tests import tagged

from .cover_common import CoverCommon

DAY = fields.Date.to_date


@tagged('post_install', '-at_install')
class TestCoverRules(CoverCommon):
    """What the insurer says holds new orders, in words that a salesperson may read."""

    def try_order(self, amount, reason):
        order = self.quote([(1, amount, False)], user_id=self.seller.id)
        hold = order.sudo().ar_hold_ids
        if not hold:
            return False
        self.assertIn(reason, hold.reason_codes)
        return hold.reasons

    def test_missing(self):
        self.set_limit(100000)
        self.rule('cover_missing')
        self.assertIn("No credit insurance", self.try_order(100, 'cover_missing'))
        self.decide('granted', 1000)
        self.assertFalse(self.try_order(100, 'cover_missing'))
        late = self.invoice(10, due='2026-04-20')
        self.contract.max_extension_days = 30
        self.assertTrue(self.try_order(100, 'cover_missing'), "nothing new while it is so late")
        self.pay(late, 10, '2026-06-01')
        self.assertFalse(self.try_order(100, 'cover_missing'))
        self.contract.date_to = '2026-05-31'
        self.assertFalse(self.try_order(100, 'cover_missing'), "no policy asks for it")

    def test_reduced(self):
        self.set_limit(100000)
        self.rule('cover_reduced')
        self.decide('granted', 5000, day='2026-05-01')
        self.assertFalse(self.try_order(6000, 'cover_reduced'), "granted, not reduced")
        self.go('2026-06-05')
        self.decide('reduced', 2000)
        self.assertIn("uncovered", self.try_order(1000, 'cover_reduced'))

    def test_what_a_twin_owes_uses_up_a_reduced_cover(self):
        self.set_limit(100000)
        self.rule('cover_reduced')
        twin = self.env['ar.customer']._get_or_create(self.customer("Twin"), self.company)
        for customer in (self.account, twin):
            self.decide('reduced', 2000, customer=customer, buyer_id='777')
        self.assertFalse(self.try_order(600, 'cover_reduced'))
        self.invoice(1000, due='2026-07-20', partner=twin.partner_id)
        self.assertIn("uncovered", self.try_order(600, 'cover_reduced'), "600, 600 and 1,000")

    def test_withdrawn_after_its_day_only(self):
        self.set_limit(100000)
        self.rule('cover_withdrawn')
        self.decide('granted', 5000, day='2026-05-01')
        self.decide('withdrawal_announced', 5000, withdrawal_on=DAY('2026-07-01'))
        self.assertFalse(self.try_order(100, 'cover_withdrawn'), "delivered before is covered")
        self.go('2026-07-01')
        self.assertIn("07/01/2026", self.try_order(100, 'cover_withdrawn'))
        self.decide('refused', cover_id='C3', day='2026-07-01')
        self.assertIn("Refused", self.try_order(100, 'cover_withdrawn'))

    def test_an_insolvency_that_is_over_holds_nothing(self):
        self.set_limit(100000)
        self.rule('insolvency')
        account = self.account_of()
        account.write({'insolvency_date': '2026-05-02', 'insolvency_state': 'plan'})
        self.assertFalse(self.try_order(10, 'insolvency'))
        account.insolvency_state = 'closed_unpaid'
        self.assertIn("proceedings since", self.try_order(10, 'insolvency'))
        account.write({'insolvency_date': '2026-06-02', 'insolvency_state': False})
        self.assertFalse(self.try_order(10, 'insolvency'), "from tomorrow")

    def test_guarantees_and_insurance_together(self):
        self.set_limit(100000)
        rule = self.rule('not_covered')
        rule.tolerance_amount = 100
        self.decide('granted', 1000, valid_from=DAY('2026-01-01'))
        self.assertFalse(self.try_order(1000, 'not_covered'), "100 of 1,000 at our own risk")
        self.assertTrue(self.try_order(500, 'not_covered'))

    def test_queries_of_the_judge(self):
        self.rule('cover_missing'), self.rule('cover_reduced'), self.rule('cover_withdrawn')
        partners = self.buyer
        for number in range(10):
            partner = self.customer(f"Judged {number}")
            self.decide('granted', 100, customer=self.env['ar.customer']._get_or_create(
                partner, self.company))
            partners |= partner
        Decision, counts = self.env['ar.credit.decision'], []
        rules = self.env['ar.credit.rule']._get_rules(self.company)
        for some in (partners[:2], partners):
            Decision._get_facts(self.company, some, rules)
            self.env.flush_all()
            # In a transaction of its own, as a click is.
            self.env.cr.postrollback.run()
            before = self.env.cr.sql_log_count
            Decision._get_facts(self.company, some, rules)
            counts.append(self.env.cr.sql_log_count - before)
        self.assertEqual(counts[0], counts[1])
