import math
from datetime import date, timedelta

from odoo.tests import BaseCase, tagged

from ...tools import forecast
from ...tools.forecast import Habit, Payment, Tail, expect, learn, learn_tail, recency

DUE = date(2026, 6, 1)
FLAT = Tail((-30, 0, 100), ((2, 3, 4), (5, 10, 20), (50, 60, 70)))


def steady(delay, number, weight=1.0):
    """Return payments of somebody who always pays on the same day."""
    return [Payment(delay, weight, 40 * turn + 40, 40 * turn) for turn in range(number)]


@tagged('post_install', '-at_install')
class TestForecast(BaseCase):
    """Habits and dates, from examples counted by hand.

    Their laws on random ledgers: `scripts/tests/test_forecast_laws.py`, outside Odoo, because
    Hypothesis reads the source of every module that is loaded.
    """

    # === EXAMPLES === #

    def test_a_steady_payer_is_expected_on_their_day(self):
        habits = learn({1: steady(12, 30)}, {1: 'FR'})
        found = expect(habits.customers[1], habits.tail, DUE, DUE - timedelta(days=30))
        self.assertEqual(found.early, date(2026, 6, 13))
        self.assertEqual(found.likely, date(2026, 6, 13))
        self.assertEqual(found.late, date(2026, 6, 13))
        self.assertEqual((habits.customers[1].own, habits.customers[1].payments), (12, 30))

    def test_thin_history_is_drawn_towards_the_segment(self):
        """One payment at 40 days among a segment at 10: (1 × 40 + 2 × segment) ÷ 3."""
        habits = learn({1: steady(40, 1), 2: steady(10, 200)}, {1: 'FR', 2: 'FR'})
        count, mean = 201, (40 + 200 * 10) / 201
        segment = (count * mean + 10 * mean) / (count + 10)
        self.assertAlmostEqual(habits.customers[1].usual, (40 + 2 * segment) / 3)
        self.assertAlmostEqual(habits.customers[2].usual, (200 * 10 + 2 * segment) / 202)

    def test_a_customer_without_payments_has_the_habit_of_the_segment(self):
        habits = learn(
            {1: steady(5, 100), 2: steady(35, 100)}, {1: 'FR', 2: 'DE', 3: 'DE', 4: 'IT'})
        self.assertGreater(habits.customers[3].usual, 30)
        self.assertAlmostEqual(habits.customers[4].usual, 20)
        self.assertIsNone(habits.customers[3].own)
        self.assertEqual(habits.default.usual, habits.customers[4].usual)

    def test_recent_payments_weigh_more(self):
        self.assertEqual([recency(days) for days in (-5, 0, 365, 730)], [1, 1, 0.5, 0.25])
        old = [Payment(0, recency(700), 740, 700)] * 10
        new = [Payment(20, recency(10), 50, 10)] * 10
        self.assertGreater(learn({1: old + new}, {}).customers[1].usual, 12)

    def test_a_ledger_without_payments_expects_on_the_due_date(self):
        habits = learn({}, {1: None})
        found = expect(habits.customers[1], habits.tail, DUE, DUE - timedelta(days=9))
        self.assertEqual((found.early, found.likely, found.late), (DUE, DUE, DUE))

    def test_only_what_is_still_possible_counts(self):
        """Ten delays, 1 to 10 days, one payment each; five days after due five are left."""
        habit = Habit(tuple(range(1, 11)), tuple(range(1000, 11000, 1000)), 10, 5.5, 5.5)
        found = expect(habit, FLAT, DUE, DUE)
        self.assertEqual([(day - DUE).days for day in (found.early, found.likely, found.late)],
                         [1, 5, 9])
        found = expect(habit, FLAT, DUE, DUE + timedelta(days=5))
        self.assertEqual([(day - DUE).days for day in (found.early, found.likely, found.late)],
                         [6, 8, 10])
        self.assertEqual(found.basis, 'habit')

    def test_later_than_ever_follows_the_tail(self):
        habit = Habit((1, 2), (1000, 2000), 2, 1.5, 1.5)
        found = expect(habit, FLAT, DUE, DUE + timedelta(days=40))
        self.assertEqual([(day - DUE).days for day in (found.early, found.likely, found.late)],
                         [45, 50, 60])
        self.assertEqual(found.basis, 'tail')

    def test_a_promise_goes_first_until_it_is_broken(self):
        habits = learn({1: steady(12, 30)}, {1: 'FR'})
        eve = DUE + timedelta(days=2)
        for days, basis in ((1, 'promise'), (30, 'promise'), (0, 'habit'), (-5, 'habit')):
            promised = eve + timedelta(days=days)
            found = expect(habits.customers[1], habits.tail, DUE, eve, promised=promised)
            self.assertEqual(found.basis, basis)
            if basis == 'promise':
                self.assertEqual(found.likely, promised)

    def test_a_dispute_puts_the_date_off(self):
        habits = learn({1: steady(12, 30)}, {1: 'FR'})
        plain, disputed = (
            expect(habits.customers[1], habits.tail, DUE, DUE, dispute_days=days)
            for days in (0, 14))
        self.assertEqual((disputed.likely - plain.likely).days, 14)

    def test_the_tail_counts_those_who_wait(self):
        """One payment 10 days after day 0, two items open since 100 and 200 days: 310 ÷ 1."""
        plain = learn_tail([Payment(10, 1, 50, 5)])
        waiting = learn_tail([Payment(10, 1, 50, 5)], [100, 200])
        index = forecast.TAIL_AGES.index(0)
        before = forecast.TAIL_DEFAULT
        for age in forecast.TAIL_AGES[:index + 1]:
            before = (max(10 - age, 0) + 300 - 2 * age + 5 * before) / (1 + 5)
        self.assertEqual(
            waiting.remaining[index],
            tuple(math.ceil(before * math.log(1 / (1 - share))) for share in (0.1, 0.5, 0.9)))
        self.assertGreater(waiting.remaining[index][1], plain.remaining[index][1])

    def test_errors_show_a_change_of_habit(self):
        """Thirty payments on day 0, then thirty on day 20: expected with the old eyes, late."""
        rows = [Payment(0, 1, 40 + turn, 20 + turn) for turn in range(400, 430)]
        rows += [Payment(20, 1, 40 + turn, turn) for turn in range(30)]
        errors = forecast._get_errors(rows, 10.0, 0)
        seen = [error for error, weight in errors if weight == 1]
        self.assertTrue(all(error > 9 for error in seen if error > 0) and max(seen) > 15)
