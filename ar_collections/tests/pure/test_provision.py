from decimal import Decimal as D
from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from odoo.tests import BaseCase, tagged

from ...tools.provision import (
    BUCKETS,
    adjusted,
    base,
    loss,
    loss_share,
    net_of_vat,
    roll_losses,
)
from .interest_common import examples

MONEY = st.decimals(min_value=0, max_value=10**7, places=2)


@tagged('post_install', '-at_install')
class TestProvisionFormulas(BaseCase):
    """Published examples, and what must hold for any figures."""

    def test_ifrs_9_illustrative_example_12(self):
        """IFRS 9, IE74-IE77: Company M, receivables of CU 30 million, allowance CU 580,000."""
        matrix = [
            (15_000_000, '0.003', 45_000), (7_500_000, '0.016', 120_000),
            (4_000_000, '0.036', 144_000), (2_500_000, '0.066', 165_000),
            (1_000_000, '0.106', 106_000)]
        self.assertEqual(
            [loss(D(gross), D(rate), 0) for gross, rate, _loss in matrix],
            [D(expected) for _gross, _rate, expected in matrix])
        self.assertEqual(
            sum(loss(D(gross), D(rate), 2) for gross, rate, _loss in matrix), 580_000)

    def test_a_published_table_that_cuts_its_cents(self):
        """faqifrs.com, "Step 6 Apply the provision matrix": 4.5 % of 2,500 printed as 112."""
        self.assertEqual(loss(D(2500), D('0.045'), 2), D('112.50'))
        self.assertNotEqual(loss(D(2500), D('0.045'), 0), D(112))
        self.assertEqual(
            [loss(D(gross), D(rate), 0) for gross, rate in (
                (15000, '0.005'), (7500, '0.022'), (4000, '0.027'))], [75, 165, 108])

    def test_ifrs_community_by_both_methods(self):
        """ifrscommunity.com, "IFRS 9: impairment", workings at scribd.com/document/727588826.

        Sales of 100,000, of which 50,000, 23,000, 8,000 and 2,000 were still open at the end of
        each bucket; the last were never paid. Allowance: 27,567.
        """
        reached = [D(100_000), D(50_000), D(23_000), D(8000), D(2000)]
        unpaid = [loss_share(amount, D(2000)) for amount in reached]
        rolled = roll_losses(list(pairwise(reached)), D(1))
        for rates in (unpaid, rolled):
            self.assertEqual(
                [str(round(rate * 100, 1)) for rate in rates],
                ['2.0', '4.0', '8.7', '25.0', '100.0'])
            losses = [loss(D(amount), rate, 0) for amount, rate in zip(
                (300_000, 140_000, 60_000, 23_000, 5000), rates, strict=True)]
            self.assertEqual(losses, [6000, 5600, 5217, 5750, 5000])
            self.assertEqual(sum(losses), 27_567)

    def test_roll_rates_multiply_to_the_end(self):
        rolls = [(D(1000), D(200)), (D(500), D(250)), (D(400), D(200)), (D(300), D(150)),
                 (D(200), D(160))]
        self.assertEqual(
            roll_losses(rolls, D('0.5')),
            [D('0.01'), D('0.05'), D('0.1'), D('0.2'), D('0.4'), D('0.5')])

    def test_no_history_is_no_rate(self):
        self.assertIsNone(loss_share(D(0), D(0)))
        self.assertIsNone(adjusted(None, D(10)))
        rolls = [(D(1000), D(200)), (D(0), D(0)), (D(400), D(200)), (D(300), D(150)),
                 (D(200), D(160))]
        self.assertEqual(
            roll_losses(rolls, D('0.5')), [None, None, D('0.1'), D('0.2'), D('0.4'), D('0.5')])
        self.assertEqual(roll_losses(rolls, None), [None] * BUCKETS)

    def test_outlook_and_insured_part(self):
        self.assertEqual(adjusted(D('0.02'), D(10)), D('0.022'))
        self.assertEqual(adjusted(D('0.02'), D(-50)), D('0.01'))
        self.assertEqual(adjusted(D('0.6'), D(100)), 1)
        self.assertEqual(base(D(1000), D(900)), 100)
        self.assertEqual(base(D(100), D(900)), 0)

    def test_vat_is_left_out(self):
        self.assertEqual(net_of_vat(D(1200), D(1000), D(1200), 2), 1000)
        self.assertEqual(net_of_vat(D('100.00'), D(1000), D(1200), 2), D('83.33'))
        self.assertEqual(net_of_vat(D(50), D(0), D(0), 2), 50)

    @examples(100)
    @given(MONEY, MONEY, st.decimals(min_value=0, max_value=1, places=4))
    def test_a_loss_is_never_more_than_what_is_at_risk(self, gross, insured, rate):
        amount = base(gross, insured)
        self.assertLessEqual(0, loss(amount, rate, 2))
        self.assertLessEqual(loss(amount, rate, 2), gross)

    @examples(100)
    @given(st.lists(st.tuples(MONEY, MONEY), min_size=BUCKETS - 1, max_size=BUCKETS - 1),
           st.decimals(min_value=0, max_value=1, places=4))
    def test_older_is_never_safer_by_roll_rates(self, rolls, last):
        rates = [rate for rate in roll_losses(rolls, last) if rate is not None]
        self.assertEqual(rates, sorted(rates))
        self.assertTrue(all(0 <= rate <= 1 for rate in rates))
