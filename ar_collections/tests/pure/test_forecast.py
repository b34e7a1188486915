import math
from datetime import date, timedelta

from hypothesis import given, settings
from hypothesis import strategies as st

from odoo.tests import BaseCase, tagged

from ...tools import forecast
from ...tools.forecast import Habit, Payment, Tail, expect, learn, learn_tail, recency

DUE = date(2026, 6, 1)
FLAT = Tail((-30, 0, 100), ((2, 3, 4), (5, 10, 20), (50, 60, 70)))

payments = st.lists(
    st.builds(
        lambda delay, share, issued, terms: Payment(
            delay, share * recency(max(issued - terms - delay, 0)), issued,
            max(issued - terms - delay, 0)),
        st.integers(-60, 200), st.floats(0.05, 1), st.integers(0, 700), st.integers(0, 60)),
    max_size=12)
ledgers = st.dictionaries(st.integers(1, 6), payments, max_size=5)
segments = st.dictionaries(st.integers(1, 8), st.sampled_from(('FR', 'DE', None)), max_size=8)
ages = st.lists(st.integers(-90, 900), max_size=10)


def steady(delay, number, weight=1.0):
    """Return payments of somebody who always pays on the same day."""
    return [Payment(delay, weight, 40 * turn + 40, 40 * turn) for turn in range(number)]


def slow_delay(habit, tenths, age):
    """Write every possible delay out, a thousandth of a payment each, and count."""
    possible = []
    before = 0
    for delay, total in zip(habit.delays, habit.totals, strict=True):
        if delay > age:
            possible += [delay] * (total - before)
        before = total
    return possible[math.ceil(tenths * len(possible) / 10) - 1] if possible else None


@tagged('post_install', '-at_install')
class TestForecast(BaseCase):
    """Habits and dates, from examples counted by hand and from random ledgers."""

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

    # === RANDOM LEDGERS === #

    @given(ledgers, segments, ages, st.integers(-400, 1500), st.integers(0, 60))
    @settings(max_examples=150, deadline=None)
    def test_never_in_the_past_and_in_order(self, paid, known, still, age, dispute_days):
        habits = learn(paid, known, still)
        eve = DUE + timedelta(days=age)
        for habit in (*habits.customers.values(), habits.default):
            found = expect(habit, habits.tail, DUE, eve, dispute_days=dispute_days)
            self.assertLess(eve, found.early)
            self.assertLessEqual(found.early, found.likely)
            self.assertLessEqual(found.likely, found.late)

    @given(ledgers, segments, st.integers(-80, 220))
    @settings(max_examples=100, deadline=None)
    def test_dates_equal_counting_by_hand(self, paid, known, age):
        habits = learn(paid, known)
        for habit in habits.customers.values():
            found = expect(habit, habits.tail, DUE, DUE + timedelta(days=age))
            if found.basis == 'habit':
                self.assertEqual(
                    [(day - DUE).days for day in (found.early, found.likely, found.late)],
                    [slow_delay(habit, tenths, age) for tenths in (1, 5, 9)])

    @given(ledgers, segments)
    @settings(max_examples=100, deadline=None)
    def test_a_habit_is_a_distribution(self, paid, known):
        for habit in learn(paid, known).customers.values():
            self.assertEqual(list(habit.delays), sorted(set(habit.delays)))
            self.assertEqual(list(habit.totals), sorted(habit.totals))
            self.assertGreaterEqual(habit.totals[-1], forecast.ERROR_PRIOR * forecast.UNIT - 1)

    @given(payments, st.integers(-50, 50))
    @settings(max_examples=60, deadline=None)
    def test_the_centre_lies_between_own_and_segment(self, rows, other):
        habits = learn({1: rows, 2: steady(other, 50)}, {1: 'FR', 2: 'FR'})
        if rows:
            habit = habits.customers[1]
            segment = learn({1: rows, 2: steady(other, 50)}, {3: 'FR', 1: 'FR', 2: 'FR'})
            low, high = sorted((habit.own, segment.customers[3].usual))
            self.assertLessEqual(low - 1e-6, habit.usual)
            self.assertLessEqual(habit.usual, high + 1e-6)

    @given(ledgers, segments, ages)
    @settings(max_examples=30, deadline=None)
    def test_the_order_of_payments_does_not_matter(self, paid, known, still):
        turned = {key: rows[::-1] for key, rows in reversed(list(paid.items()))}
        one, two = learn(paid, known, still), learn(turned, known, still[::-1])
        self.assertEqual(one.tail, two.tail)
        for key, habit in one.customers.items():
            self.assertAlmostEqual(habit.usual, two.customers[key].usual)
