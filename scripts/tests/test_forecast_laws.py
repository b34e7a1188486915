"""Laws of the forecast on random ledgers: it lies in the future, in order, and in proportion."""
import math
import sys
from datetime import date, timedelta
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path

from hypothesis import given, settings
from hypothesis import strategies as st

# By its path: it needs neither Odoo nor a database.
PATH = Path(__file__).resolve().parents[2] / 'ar_collections' / 'tools' / 'forecast.py'
SPEC = spec_from_file_location('ar_forecast', PATH)
forecast = sys.modules[SPEC.name] = module_from_spec(SPEC)
SPEC.loader.exec_module(forecast)
Payment, expect, learn, recency = (
    forecast.Payment, forecast.expect, forecast.learn, forecast.recency)

DUE = date(2026, 6, 1)

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


@given(ledgers, segments, ages, st.integers(-400, 1500), st.integers(0, 60))
@settings(max_examples=150, deadline=None)
def test_never_in_the_past_and_in_order(paid, known, still, age, dispute_days):
    habits = learn(paid, known, still)
    eve = DUE + timedelta(days=age)
    for habit in (*habits.customers.values(), habits.default):
        found = expect(habit, habits.tail, DUE, eve, dispute_days=dispute_days)
        assert eve < found.early
        assert found.early <= found.likely
        assert found.likely <= found.late


@given(ledgers, segments, st.integers(-80, 220))
@settings(max_examples=100, deadline=None)
def test_dates_equal_counting_by_hand(paid, known, age):
    habits = learn(paid, known)
    for habit in habits.customers.values():
        found = expect(habit, habits.tail, DUE, DUE + timedelta(days=age))
        if found.basis == 'habit':
            days = [(day - DUE).days for day in (found.early, found.likely, found.late)]
            assert days == [slow_delay(habit, tenths, age) for tenths in (1, 5, 9)]


@given(ledgers, segments)
@settings(max_examples=100, deadline=None)
def test_a_habit_is_a_distribution(paid, known):
    for habit in learn(paid, known).customers.values():
        assert list(habit.delays) == sorted(set(habit.delays))
        assert list(habit.totals) == sorted(habit.totals)
        assert habit.totals[-1] >= forecast.ERROR_PRIOR * forecast.UNIT - 1


@given(payments, st.integers(-50, 50))
@settings(max_examples=60, deadline=None)
def test_the_centre_lies_between_own_and_segment(rows, other):
    habits = learn({1: rows, 2: steady(other, 50)}, {1: 'FR', 2: 'FR'})
    if rows:
        habit = habits.customers[1]
        segment = learn({1: rows, 2: steady(other, 50)}, {3: 'FR', 1: 'FR', 2: 'FR'})
        low, high = sorted((habit.own, segment.customers[3].usual))
        assert low - 1e-6 <= habit.usual
        assert habit.usual <= high + 1e-6


@given(ledgers, segments, ages)
@settings(max_examples=30, deadline=None)
def test_the_order_of_payments_does_not_matter(paid, known, still):
    turned = {key: rows[::-1] for key, rows in reversed(list(paid.items()))}
    one, two = learn(paid, known, still), learn(turned, known, still[::-1])
    assert one.tail == two.tail
    for key, habit in one.customers.items():
        assert math.isclose(habit.usual, two.customers[key].usual, abs_tol=1e-7)
