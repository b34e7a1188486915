"""When will an open item be paid? Habits learnt from past payments. No ORM, no clock here.

A delay is a number of days between the due date of an item and a payment: negative when early.

A customer's habit is a set of possible delays, each with a weight. Its centre is the mean of the
customer's own delays, drawn towards the mean of its segment when the history is thin (empirical
Bayes shrinkage: `OWN_PRIOR` payments of the segment are mixed with the customer's own). Around that
centre lie the errors made in the past: the customer's own, and those of all customers, which count
as `ERROR_PRIOR` payments. An error is a payment minus what would have been expected on the day the
item was issued, from the payments made before: so it shows how wide a forecast really errs, and
when customers have begun to pay earlier or later. Where there were no payments before, the others
of the same customer stand in, with little weight.

An item is known to be unpaid on a day. So only the delays that are still possible count: the date
in the middle of them is the likely one, one in ten is earlier than the early date, one in ten later
than the late one. An item later than nine in ten of what its customer does follows the tail: the
mean time that items of that age still took, where open items count with the time they have been
waiting (exponential life table with censoring).

The constants were chosen on payments of the year 2012 of a public ledger, and then measured on the
half-year after it: `benchmarks/forecast_2012.py`.
"""
import math
from bisect import bisect_left, bisect_right
from collections.abc import Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import NamedTuple

# How far back payments are read, and after how many days one counts half.
HISTORY_MONTHS = 24
HALF_LIFE = 365
# Payments of the segment mixed with the customer's own, and of the company with the segment's.
OWN_PRIOR = 2.0
SEGMENT_PRIOR = 10.0
# Weight of everybody's errors around the centre, in payments, and in how many steps.
ERROR_PRIOR = 20.0
ERROR_STEPS = 40
# Payments before an item from which its error can be told, and the weight of an error told by the
# other payments instead, before and after.
MIN_EARLIER = 2.0
HINDSIGHT = 0.1
# Early, likely, late, in tenths: eight cases of ten lie between early and late.
TENTHS = (1, 5, 9)
# Weights are kept as whole thousandths of a payment, so that SQL and Python agree to the unit.
UNIT = 1000
# The tail takes over when less than one in so many of the possible delays is left.
LATEST = 10
# Ages, in days after the due date, at which the tail is measured.
TAIL_AGES = (-30, -14, 0, 7, 14, 30, 60, 90, 120, 180, 270, 365, 540, 730)
# Payments of the age before that are mixed into each age of the tail, and its first guess.
TAIL_PRIOR = 5.0
TAIL_DEFAULT = 30.0
TAIL_LIMIT = 1095


class Payment(NamedTuple):
    """A payment, or a part of one.

    ``delay`` in days after the due date; ``weight`` between 0 and 1: the share of the item that was
    paid, times `recency`. ``issued`` and ``paid``: how many days ago the item was issued and paid.
    """
    delay: int
    weight: float
    issued: int
    paid: int


@dataclass(frozen=True)
class Habit:
    """The possible delays of a customer.

    ``delays`` ascending; ``totals`` the weights up to each of them, in thousandths of a payment.
    ``own`` mean of the own payments (None without any), ``usual`` the centre after blending, both
    in days; ``payments`` how many own payments were seen.
    """
    delays: tuple[int, ...]
    totals: tuple[int, ...]
    payments: int
    own: float | None
    usual: float


@dataclass(frozen=True)
class Tail:
    """Days that items of an age still took: three numbers per age, as in `TENTHS`."""
    ages: tuple[int, ...]
    remaining: tuple[tuple[int, int, int], ...]


@dataclass(frozen=True)
class Habits:
    """Everything learnt from one ledger; ``default`` serves whoever has no habit of their own."""
    customers: Mapping[Hashable, Habit]
    default: Habit
    tail: Tail


@dataclass(frozen=True)
class Expectation:
    """Three dates; ``basis`` says from what: 'promise', 'habit' or 'tail'."""
    early: date
    likely: date
    late: date
    basis: str


def recency(days_ago: int) -> float:
    """Return the weight of a payment made some days ago: half after `HALF_LIFE` days."""
    return 0.5 ** (max(days_ago, 0) / HALF_LIFE)


# === LEARNING === #

def learn(
    payments: Mapping[Hashable, Sequence[Payment]],
    segments: Mapping[Hashable, Hashable],
    open_ages: Iterable[int] = (),
    ahead: int = 0,
) -> Habits:
    """Return the habits that the payments of one company show.

    :param payments: past payments of each customer
    :param segments: segment of every customer who needs a habit, with payments or without
    :param open_ages: days after the due date (negative: before) of the items still open: what has
        not been paid is a fact too
    :param ahead: days that these habits are to serve without being learnt again, on the average:
        the errors are those that habits of that age made
    """
    payments = {key: rows for key, rows in payments.items() if any(r.weight > 0 for r in rows)}
    company = _mean([row for rows in payments.values() for row in rows])
    centres = _get_segment_centres(payments, segments, company)
    errors = {
        key: _get_errors(rows, centres.get(segments.get(key), company), ahead)
        for key, rows in payments.items()}
    steps = _get_steps([error for rows in errors.values() for error in rows])
    customers = {
        key: _make_habit(payments.get(key, ()), errors.get(key, ()),
                         centres.get(segments.get(key), company), steps)
        for key in {**segments, **payments}}
    return Habits(
        customers=customers, default=_make_habit((), (), company, steps),
        tail=learn_tail([row for rows in payments.values() for row in rows], open_ages))


def learn_tail(payments: Iterable[Payment], open_ages: Iterable[int] = ()) -> Tail:
    """Return how long items of an age still took.

    Mean remaining time at an age = days lived beyond it by all items, paid or open, divided by the
    payments beyond it: the maximum likelihood estimate of an exponential time with censoring. With
    few payments it is drawn towards the one of the age before.
    """
    paid = sorted((row.delay, row.weight) for row in payments)
    still = sorted(open_ages)
    mean, remaining = TAIL_DEFAULT, []
    for age in TAIL_AGES:
        paid = [(delay, weight) for delay, weight in paid if delay > age]
        lived = sum((delay - age) * weight for delay, weight in paid)
        lived += sum(days - age for days in still[bisect_right(still, age):])
        count = sum(weight for _delay, weight in paid)
        mean = min((lived + TAIL_PRIOR * mean) / (count + TAIL_PRIOR), TAIL_LIMIT)
        remaining.append(tuple(
            max(1, math.ceil(-mean * math.log(1 - tenths / 10))) for tenths in TENTHS))
    return Tail(TAIL_AGES, tuple(remaining))


def _get_segment_centres(payments, segments, company):
    rows_by_segment = {}
    for key, rows in payments.items():
        rows_by_segment.setdefault(segments.get(key), []).extend(rows)
    return {segment: _blend(_mean(rows), _count(rows), company, SEGMENT_PRIOR)
            for segment, rows in rows_by_segment.items()}


def _get_errors(rows, centre, ahead):
    """Return (days, weight): each payment minus what would have been expected for it."""
    rows = sorted(rows, key=lambda row: -row.paid)
    sums = [(0.0, 0.0, 0.0)]
    for row in rows:
        weights, days, squares = sums[-1]
        sums.append((weights + row.weight, days + row.weight * row.delay,
                     squares + row.weight ** 2))
    paid = [-row.paid for row in rows]
    errors = []
    for row in rows:
        # Paid before the day on which this item was issued, or even that much earlier.
        weights, days, squares = sums[bisect_left(paid, -row.issued - ahead)]
        count = weights ** 2 / squares if squares > 0 else 0.0
        if count >= MIN_EARLIER:
            expected = _blend(days / weights, count, centre, OWN_PRIOR)
            errors.append((row.delay - expected, row.weight))
        weights, days, squares = sums[-1]
        rest, squares = weights - row.weight, squares - row.weight ** 2
        others = (days - row.weight * row.delay) / rest if rest > 1e-9 else centre
        count = rest ** 2 / squares if squares > 1e-12 else 0.0
        expected = _blend(others, count, centre, OWN_PRIOR)
        errors.append((row.delay - expected, row.weight * HINDSIGHT))
    return errors


def _get_steps(errors):
    """Return the errors in equal steps: what everybody's errors look like, in few numbers."""
    if not errors:
        return [0.0] * ERROR_STEPS
    errors = sorted(errors)
    total = sum(weight for _error, weight in errors)
    steps, reached = [], 0.0
    for error, weight in errors:
        reached += weight
        while len(steps) < ERROR_STEPS and (
                reached >= (len(steps) + 0.5) / ERROR_STEPS * total - 1e-9):
            steps.append(error)
    return steps


def _make_habit(rows, errors, segment_centre, steps):
    count = _count(rows)
    own = _mean(rows) if rows else None
    centre = segment_centre if own is None else _blend(own, count, segment_centre, OWN_PRIOR)
    total = sum(weight for _error, weight in errors)
    weights = {}
    for error, weight in errors:
        delay = round(centre + error)
        weights[delay] = weights.get(delay, 0.0) + weight * count / total
    for error in steps:
        delay = round(centre + error)
        weights[delay] = weights.get(delay, 0.0) + ERROR_PRIOR / ERROR_STEPS
    delays, totals, reached = [], [], 0.0
    for delay in sorted(weights):
        reached += weights[delay]
        delays.append(delay)
        totals.append(round(reached * UNIT))
    return Habit(tuple(delays), tuple(totals), len(rows), own, centre)


def _mean(rows):
    total = sum(row.weight for row in rows)
    return sum(row.weight * row.delay for row in rows) / total if total > 0 else 0.0


def _count(rows):
    """Return how many equal payments these unequal weights are worth (Kish)."""
    squares = sum(row.weight ** 2 for row in rows)
    return sum(row.weight for row in rows) ** 2 / squares if squares > 0 else 0.0


def _blend(value, count, prior, prior_count):
    return (value * count + prior * prior_count) / (count + prior_count)


# === EXPECTING === #

def expect(
    habit: Habit, tail: Tail, due: date, unpaid_on: date, *,
    promised: date | None = None, dispute_days: int = 0,
) -> Expectation:
    """Return the dates on which an item may be paid; always after ``unpaid_on``.

    :param unpaid_on: last day at whose end the item is known to be open
    :param promised: day the customer promised; one that has passed counts for nothing
    :param dispute_days: days that a dispute on the item usually still takes: they put off the date
        from which the customer's delay counts
    """
    if promised and promised > unpaid_on:
        spread = _get_delay(habit, 9, habit.delays[0] - 1) - _get_delay(
            habit, 5, habit.delays[0] - 1)
        return Expectation(promised, promised, promised + timedelta(days=spread), 'promise')
    start = due + timedelta(days=dispute_days)
    age = (unpaid_on - start).days
    if LATEST * (habit.totals[-1] - _get_total(habit, age)) < habit.totals[-1]:
        index = max(bisect_right(tail.ages, age) - 1, 0)
        days, basis = [age + rest for rest in tail.remaining[index]], 'tail'
    else:
        days, basis = [_get_delay(habit, tenths, age) for tenths in TENTHS], 'habit'
    return Expectation(*(start + timedelta(days=day) for day in days), basis)


def _get_total(habit, age):
    """Return the weight of the delays that an item of this age has outlived."""
    index = bisect_right(habit.delays, age)
    return habit.totals[index - 1] if index else 0


def _get_delay(habit, tenths, age):
    """Return the delay below which lie so many tenths of what is still possible."""
    passed = _get_total(habit, age)
    target = passed + -(-tenths * (habit.totals[-1] - passed) // 10)
    return habit.delays[bisect_left(habit.totals, target)]
