from datetime import date, timedelta
from decimal import Decimal
from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from odoo.tests import BaseCase, tagged

from ...tools.interest import Credit, Payment, Stay, Stop, compute_statement
from ...tools.interest_rules import (
    ALLOCATIONS,
    ANCHORINGS,
    DAY_COUNTS,
    ROUNDINGS,
    Bracket,
    Compensation,
    Rate,
    Regime,
    round_half_up,
)
from .interest_common import examples

FIRST, DAYS = date(2019, 1, 1), 2500
money = st.integers(1, 5_000_000).map(lambda cents: Decimal(cents) / 100)
part = st.integers(100, 3_000_000).map(lambda cents: Decimal(cents) / 100)
days = st.integers(0, DAYS).map(lambda n: FIRST + timedelta(days=n))


@st.composite
def all_rates(draw):
    """A rate for every half-year that a test can reach."""
    rates = []
    for year in range(2018, 2028):
        for month, end in ((1, (6, 30)), (7, (12, 31))):
            value = Decimal(draw(st.integers(-88, 600))) / 100
            rates.append(Rate('ref', date(year, month, 1), date(year, *end), value))
    return rates


@st.composite
def regimes(draw, **given_options):
    anchoring = given_options.get('anchoring') or draw(st.sampled_from(ANCHORINGS))
    frozen_last = anchoring == 'payment'
    options = {
        'margin': Decimal(draw(st.sampled_from(['8', '9.2', '10']))),
        'anchoring': anchoring,
        'rate_step': draw(st.sampled_from([None, Decimal('0.5')])),
        'day_count': draw(st.sampled_from(DAY_COUNTS)),
        # The rule itself refuses the pair; see `Regime.check`.
        'rounding': draw(st.sampled_from(
            [one for one in ROUNDINGS if not frozen_last or one != 'daily'])),
        'compounding': False if frozen_last else draw(st.booleans()),
        'allocation': 'principal' if frozen_last else draw(st.sampled_from(ALLOCATIONS)),
        'compensation': Compensation((Bracket(Decimal(0), Decimal(40)),)),
    }
    return Regime('test', reference='ref', **{**options, **given_options})


@st.composite
def cases(draw, **given_options):
    due, end = sorted([draw(days), draw(days)])
    events = draw(st.lists(st.one_of(
        st.builds(Payment, days, part), st.builds(Credit, days, part, st.booleans()),
        st.builds(Stop, days),
        st.tuples(days, st.integers(0, 200)).map(
            lambda pair: Stay(pair[0], pair[0] + timedelta(days=pair[1])))), max_size=4))
    return draw(money), due, end, draw(regimes(**given_options)), draw(all_rates()), events


@tagged('post_install', '-at_install')
class TestInterestProperties(BaseCase):
    """What must hold for any claim; hypothesis looks for one where it does not."""

    @examples(300)
    @given(cases())
    def test_totals_are_the_sum_of_what_is_printed(self, case):
        found = compute_statement(*case)
        self.assertEqual(found.interest, sum(s.amount for s in found.segments))
        paid = {name: sum(getattr(a, f'to_{name}') for a in found.allocations)
                for name in ('cost', 'interest', 'principal')}
        self.assertEqual(found.interest_due, found.interest - paid['interest'])
        self.assertEqual(found.principal_due, found.principal - paid['principal'])
        self.assertEqual(found.compensation_due, found.compensation - paid['cost'])
        self.assertEqual(
            found.total,
            found.principal_due + found.interest_due + found.compensation_due)
        for move in found.allocations:
            self.assertEqual(
                move.amount,
                move.to_cost + move.to_interest + move.to_principal + move.surplus)
        for segment in found.segments:
            self.assertEqual(segment.amount, segment.amount.quantize(Decimal('0.01')))

    @examples(300)
    @given(cases(compounding=False))
    def test_each_rounding_is_what_it_says(self, case):
        """The day, the line, or once for all: nothing else is rounded."""
        found, rounding = compute_statement(*case), case[3].rounding
        if rounding == 'end':
            self.assertEqual(found.interest, round_half_up(found.exact_interest, 2))
            return
        for s in found.segments:
            parts = s.days if rounding == 'daily' and s.days else 1
            self.assertEqual(s.amount, parts * round_half_up(s.exact / parts, 2))

    @examples(300)
    @given(cases())
    def test_nothing_is_ever_negative(self, case):
        found = compute_statement(*case)
        for amount in (
            found.interest, found.principal_due, found.interest_due, found.compensation_due,
            *(s.amount for s in found.segments), *(s.base for s in found.segments),
            *(s.days for s in found.segments),
        ):
            self.assertGreaterEqual(amount, 0)

    @examples(300)
    @given(cases())
    def test_a_debtor_recomputes_every_line_by_hand(self, case):
        """Base x rate x days / days of the year, from what is printed alone, within a cent."""
        found = compute_statement(*case)
        rounding = case[3].rounding
        for s in found.segments:
            by_hand = s.base * s.rate * s.days / (100 * s.divisor)
            gap = abs(by_hand - s.amount)
            allowed = Decimal('0.00500001') * (s.days if rounding == 'daily' else 1)
            self.assertLessEqual(gap, allowed if rounding != 'end' else Decimal('0.01000001'))

    @examples(300)
    @given(money, st.lists(days, min_size=3, max_size=3),
           regimes(anchoring='segment', compounding=False), all_rates())
    def test_interest_adds_up_over_any_split_of_the_period(self, principal, three, regime, rates):
        due, middle, end = sorted(three)

        def exact(first, last):
            return compute_statement(principal, first, last, regime, rates).exact_interest
        self.assertEqual(exact(due, middle) + exact(middle, end), exact(due, end))

    @examples(300)
    @given(cases(), days, part)
    def test_a_payment_never_raises_the_claim(self, case, paid_on, amount):
        *head, events = case
        before = compute_statement(*head, events)
        after = compute_statement(*head, [*events, Payment(paid_on, amount)])
        self.assertLessEqual(after.total, before.total)

    @examples(200)
    @given(cases(anchoring='segment'), st.integers(0, 400))
    def test_waiting_never_lowers_the_interest(self, case, more):
        principal, due, end, regime, rates, events = case
        events = [e for e in events if not isinstance(e, Payment | Credit) or e.date <= end]
        now = compute_statement(principal, due, end, regime, rates, events)
        later_end = min(end + timedelta(days=more), date(2027, 12, 31))
        later = compute_statement(principal, due, later_end, regime, rates, events)
        self.assertGreaterEqual(later.interest, now.interest)

    @examples(200)
    @given(cases())
    def test_lines_follow_each_other_without_gap_or_overlap(self, case):
        if case[3].anchoring == 'payment':
            return
        found = compute_statement(*case)
        for one, other in pairwise(found.segments):
            self.assertLess(one.date_to, other.date_from)
        if found.segments:
            self.assertGreater(found.segments[0].date_from, found.due)
            self.assertLessEqual(found.segments[-1].date_to, found.end)

    @examples(200)
    @given(money, days, st.integers(1, 600), all_rates(), st.sampled_from(['365', 'actual']))
    def test_a_slow_walk_day_by_day_agrees(self, principal, due, late, rates, day_count):
        """The oracle asks each day for its rate and its year."""
        regime = Regime('x', reference='ref', margin=Decimal(8), day_count=day_count)
        end = due + timedelta(days=late)
        total = 0
        for offset in range(1, late + 1):
            day = due + timedelta(days=offset)
            [rate] = [r for r in rates if r.date_from <= day <= r.date_to]
            year = 366 if day_count == 'actual' and day.year % 4 == 0 else 365
            total += float(principal) * float(rate.value + 8) / 100 / year
        found = compute_statement(principal, due, end, regime, rates)
        self.assertAlmostEqual(float(found.exact_interest), total, delta=max(total, 1) * 1e-9)
