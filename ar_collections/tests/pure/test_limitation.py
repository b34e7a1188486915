from datetime import date, timedelta

from dateutil.easter import easter
from dateutil.relativedelta import relativedelta
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from odoo.tests import BaseCase, tagged

from ...tools.holidays import (
    CALENDARS,
    get_holidays,
    get_last_free_day,
    is_closed,
    next_open_day,
)
from ...tools.limitation import Act, Effect, Period, add_period, compute_limitation, get_due_day


def examples(count):
    """The same cases on every machine, and nothing written to the disk."""
    # The first draw of a process reads all its modules: slow, and no fault of the test.
    return settings(
        max_examples=count, deadline=None, derandomize=True, database=None,
        suppress_health_check=[HealthCheck.too_slow])


def day(text):
    return date.fromisoformat(text)


days = st.integers(0, 20_000).map(lambda number: date(1990, 1, 1) + timedelta(days=number))
calendars = st.sampled_from([*CALENDARS, ''])
FRANCE = Period(years=5, effects={
    'acknowledgement': Effect('restart'), 'claim': Effect('restart', lasting=True),
    'measure': Effect('restart')})
GERMANY = Period(years=3, starts='year_end', effects={
    'acknowledgement': Effect('restart'), 'claim': Effect('suspend', tail_months=6),
    'negotiation': Effect('suspend')})


@tagged('post_install', '-at_install')
class TestPublishedDays(BaseCase):
    """Days that others have published, each with where."""

    def test_holidays_of_france(self):
        """The calendar of the French administration for 2024 to 2026 (service-public.fr)."""
        for year, moving in (
            (2024, ('2024-04-01', '2024-05-09', '2024-05-20')),
            (2025, ('2025-04-21', '2025-05-29', '2025-06-09')),
            (2026, ('2026-04-06', '2026-05-14', '2026-05-25')),
        ):
            fixed = [date(year, *pair) for pair in (
                (1, 1), (5, 1), (5, 8), (7, 14), (8, 15), (11, 1), (11, 11), (12, 25))]
            self.assertEqual(get_holidays('FR', year), {*fixed, *map(day, moving)})

    def test_alsace_and_moselle_have_two_more(self):
        self.assertEqual(
            get_holidays('FR-AM', 2026) - get_holidays('FR', 2026),
            {day('2026-04-03'), day('2026-12-26')})

    def test_months_of_article_641(self):
        """Code of civil procedure, article 641: the same number, else the last of the month."""
        for start, months, end in (
            ('2026-01-15', 1, '2026-02-15'), ('2026-01-31', 1, '2026-02-28'),
            ('2028-01-31', 1, '2028-02-29'), ('2026-02-28', 1, '2026-03-28'),
            ('2026-08-31', 6, '2027-02-28'), ('2026-12-15', 2, '2027-02-15'),
        ):
            self.assertEqual(add_period(day(start), months=months), day(end))

    def test_a_month_that_ends_on_a_saturday_is_prolonged(self):
        """Cour de cassation as told by cj-avocats.net, 31 March 2012: a time limit of one month
        whose end falls on a Saturday runs to the first working day after it."""
        counted, last = get_due_day(day('2012-01-11'), months=1)
        self.assertEqual((counted.weekday(), counted, last), (
            5, day('2012-02-11'), day('2012-02-13')))

    def test_days_and_months_together(self):
        """Article 641, third paragraph: the months first, then the days."""
        self.assertEqual(add_period(day('2026-01-31'), months=1, days=10), day('2026-03-10'))

    def test_payment_orders_of_both_rules(self):
        """Six months before 1 September 2026, three since; both off closed days."""
        self.assertEqual(
            get_due_day(day('2026-08-31'), months=6), (day('2027-02-28'), day('2027-03-01')))
        self.assertEqual(
            get_due_day(day('2026-09-25'), months=3), (day('2026-12-25'), day('2026-12-28')))

    def test_germany_at_the_end_of_the_year(self):
        """bierensgroup.com: due 1 May 2017, barred after 31 December 2020. taxoninvoice.com:
        claims of 2019 are barred after 31 December 2022."""
        for due, last in (('2017-05-01', '2020-12-31'), ('2019-01-02', '2022-12-31'),
                          ('2019-12-31', '2022-12-31')):
            self.assertEqual(compute_limitation(GERMANY, day(due)).last_day, day(last))

    def test_the_netherlands_from_the_day_after(self):
        """collectionsineurope.com: invoice of 1 June 2007 at 30 days, expired on 2 July 2012; of
        3 December 2007, on 3 January 2013. The day before each is the last one in time."""
        rule = Period(years=5)
        for due, expired in (('2007-07-01', '2012-07-02'), ('2008-01-02', '2013-01-03')):
            last = compute_limitation(rule, day(due)).last_day
            self.assertEqual(last + timedelta(days=1), day(expired))

    def test_an_english_example_that_forgets_the_end_of_the_year_is_not_german_law(self):
        """A page says: due 1 May 2017, three years, barred on 1 May 2020. Not where years end."""
        self.assertNotEqual(
            compute_limitation(GERMANY, day('2017-05-01')).last_day, day('2020-05-01'))
        self.assertEqual(
            compute_limitation(Period(years=3), day('2017-05-01')).last_day, day('2020-05-01'))

    @given(days, st.integers(1, 30), st.integers(0, 5), calendars)
    @examples(200)
    def test_the_wait_after_a_notice_against_counting_day_by_day(self, sent, wait, open_days, cal):
        counted, day_of = 0, sent
        while counted < open_days:
            day_of += timedelta(days=1)
            counted += not is_closed(day_of, cal)
        if not open_days:
            day_of += timedelta(days=1)
        charged = day_of + timedelta(days=wait)
        self.assertEqual(
            get_last_free_day(sent, wait, open_days, cal) + timedelta(days=1), charged)

    def test_a_dutch_letter_is_never_taken_to_arrive_before_the_court_does(self):
        """Hoge Raad, 25 November 2016, ECLI:NL:HR:2016:2704: on the second day after it was sent;
        Sundays, Mondays and holidays are neither a day between nor a day of delivery."""
        fixed = {(1, 1), (4, 27), (5, 5), (12, 25), (12, 26)}

        def delivers(one):
            moved = {easter(one.year) + timedelta(days=days) for days in (1, 39, 50)}
            return one.weekday() not in (6, 0) and (one.month, one.day) not in fixed and (
                one not in moved)

        late = set()
        for number in range(3653):
            sent = arrival = date(2026, 1, 1) + timedelta(days=number)
            seen = 0
            while seen < 2:
                arrival += timedelta(days=1)
                seen += delivers(arrival)
            late.add((get_last_free_day(sent, 1, 3, 'NL') - arrival).days)
        self.assertEqual(min(late), 0)
        self.assertLess(max(late), 7)


@tagged('post_install', '-at_install')
class TestActs(BaseCase):
    """What interrupts, what suspends, and what does nothing."""

    def test_an_acknowledgement_wipes_out_what_has_run(self):
        """French civil code, articles 2240 and 2231: a new period of the same length."""
        found = compute_limitation(
            FRANCE, day('2021-01-31'), [Act('acknowledgement', day('2025-12-15'))])
        self.assertEqual((found.start, found.last_day), (day('2025-12-15'), day('2030-12-15')))

    def test_a_formal_notice_does_not(self):
        """Cass. com. 18 May 2022, 20-23.204."""
        found = compute_limitation(
            FRANCE, day('2021-01-31'), [Act('formal_notice', day('2025-12-15'))])
        self.assertEqual(found.last_day, day('2026-01-31'))
        self.assertEqual([step.outcome for step in found.steps], ['none'])
        self.assertIsNone(found.last_effective)

    def test_nothing_revives_a_barred_claim(self):
        late = Act('acknowledgement', day('2026-02-01'))
        found = compute_limitation(FRANCE, day('2021-01-31'), [late])
        self.assertEqual((found.last_day, found.steps[0].outcome), (day('2026-01-31'), 'late'))
        in_time = Act('acknowledgement', day('2026-01-31'))
        self.assertEqual(
            compute_limitation(FRANCE, day('2021-01-31'), [in_time]).last_day, day('2031-01-31'))

    def test_a_claim_interrupts_until_it_ends(self):
        """Articles 2241 and 2242; while it goes on, only what is certain is shown."""
        going_on = compute_limitation(FRANCE, day('2021-01-31'), [Act('claim', day('2023-05-10'))])
        self.assertEqual(
            (going_on.last_day, going_on.steps[0].outcome), (day('2028-05-10'), 'pending'))
        ended = compute_limitation(
            FRANCE, day('2021-01-31'), [Act('claim', day('2023-05-10'), day('2024-11-04'))])
        self.assertEqual(ended.last_day, day('2029-11-04'))

    def test_german_proceedings_stop_the_clock_and_six_months_more(self):
        """§ 204 (2) and § 209 BGB."""
        claim = Act('claim', day('2020-06-01'), day('2021-01-31'))
        found = compute_limitation(GERMANY, day('2017-05-01'), [claim])
        # 1 June 2020 to 31 July 2021, both included, are not counted: 426 days.
        self.assertEqual(found.last_day, day('2020-12-31') + timedelta(days=426))

    def test_two_suspensions_at_once_stop_the_clock_once(self):
        one = [Act('negotiation', day('2019-01-01'), day('2019-12-31'))]
        both = [*one, Act('negotiation', day('2019-06-01'), day('2019-10-31'))]
        self.assertEqual(
            compute_limitation(GERMANY, day('2017-05-01'), one).last_day,
            compute_limitation(GERMANY, day('2017-05-01'), both).last_day)

    def test_public_bodies_count_from_the_end_of_the_year_each_time(self):
        rule = Period(years=4, starts='year_end', restart_year_end=True,
                      effects={'reminder': Effect('restart')})
        self.assertEqual(compute_limitation(rule, day('2020-03-15')).last_day, day('2024-12-31'))
        self.assertEqual(compute_limitation(
            rule, day('2020-03-15'), [Act('reminder', day('2022-07-01'))]).last_day,
            day('2026-12-31'))

    def test_counted_from_the_invoice_when_the_rule_says_so(self):
        rule = Period(years=5, starts='invoice')
        self.assertEqual(compute_limitation(
            rule, day('2021-01-31'), invoiced=day('2020-12-31')).last_day, day('2025-12-31'))


@tagged('post_install', '-at_install')
class TestLimitationProperties(BaseCase):
    """What holds for every day."""

    @examples(400)
    @given(days, st.integers(0, 24), st.integers(0, 40), calendars)
    def test_a_movable_day_is_never_closed_and_never_too_far(self, start, months, more, calendar):
        counted, last = get_due_day(start, months=months, days=more, calendar=calendar)
        self.assertFalse(is_closed(last, calendar))
        self.assertGreaterEqual(last, counted)
        self.assertTrue(all(
            is_closed(counted + timedelta(days=number), calendar)
            for number in range((last - counted).days)))
        self.assertLessEqual((last - counted).days, 5)

    @examples(300)
    @given(days, st.integers(1, 24), calendars)
    def test_without_the_rule_of_article_642_nothing_moves(self, start, months, calendar):
        counted, last = get_due_day(start, months=months, movable=False, calendar=calendar)
        self.assertEqual(counted, last)
        self.assertEqual(counted, start + relativedelta(months=months))

    @examples(400)
    @given(days, st.integers(1, 10))
    def test_prescription_is_the_anniversary_whatever_day_that_is(self, due, years):
        last = compute_limitation(Period(years=years), due).last_day
        self.assertEqual((last.year, last.month), (due.year + years, due.month))
        self.assertEqual(last.day, 28 if (due.month, due.day) == (2, 29) and (
            last.year % 4 or last.year == 2100) else due.day)

    @examples(400)
    @given(days, st.lists(st.tuples(
        st.sampled_from(['acknowledgement', 'claim', 'measure', 'formal_notice', 'negotiation']),
        st.integers(-300, 4000), st.none() | st.integers(0, 1500)), max_size=6),
        st.sampled_from([FRANCE, GERMANY]))
    def test_acts_never_shorten_and_order_of_entry_does_not_count(self, due, raw, rule):
        acts = [Act(kind, due + timedelta(days=after),
                    None if lasts is None else due + timedelta(days=after + lasts))
                for kind, after, lasts in raw]
        bare = compute_limitation(rule, due)
        found = compute_limitation(rule, due, acts)
        self.assertGreaterEqual(found.last_day, bare.last_day)
        self.assertEqual(found.last_day, compute_limitation(rule, due, acts[::-1]).last_day)
        self.assertEqual(len(found.steps), len(acts))
        for step in found.steps:
            if step.outcome == 'late':
                self.assertGreater(step.act.date, step.last_day)

    @examples(200)
    @given(days, st.integers(0, 4000))
    def test_in_france_the_last_acknowledgement_in_time_counts(self, due, after):
        act = Act('acknowledgement', due + timedelta(days=after))
        found = compute_limitation(FRANCE, due, [act])
        limit = add_period(due, years=5)
        self.assertEqual(
            found.last_day, max(limit, add_period(act.date, years=5)) if act.date <= limit
            else limit)

    @examples(200)
    @given(days, calendars)
    def test_the_next_open_day_is_the_first_one(self, start, calendar):
        """Against a walk that knows the law of 1 day in another way."""
        found = next_open_day(start, calendar)
        walk = start
        while True:
            sunday = easter(walk.year)
            national = {(7, 21)} if calendar == 'BE' else {(5, 8), (7, 14)}
            feasts = national | {(1, 1), (5, 1), (8, 15), (11, 1), (11, 11), (12, 25)}
            gaps = {1, 39, 50}
            if calendar == 'FR-AM':
                feasts.add((12, 26))
                gaps.add(-2)
            closed = calendar and (
                (walk.month, walk.day) in feasts or (walk - sunday).days in gaps)
            if walk.isoweekday() < 6 and not closed:
                break
            walk += timedelta(days=1)
        self.assertEqual(found, walk)
