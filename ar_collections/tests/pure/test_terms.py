from datetime import date, timedelta

from odoo.tests import BaseCase, tagged

from ...tools.terms import end_of_month, get_longest_due


@tagged('post_install', '-at_install')
class TestLongestTerms(BaseCase):
    """France: 60 days, or 45 days end of month by both ways of counting (L441-10 I, DGCCRF)."""

    def test_both_readings_of_45_days_end_of_month_are_lawful_every_day(self):
        for offset in range(731):
            day = date(2027, 1, 1) + timedelta(days=offset)
            longest = get_longest_due(day, 60, 45)
            self.assertLessEqual(end_of_month(day + timedelta(days=45)), longest, day)
            self.assertLessEqual(end_of_month(day) + timedelta(days=45), longest, day)
            self.assertLessEqual(day + timedelta(days=60), longest, day)

    def test_60_days_end_of_month_is_not(self):
        """By either way of counting; a few days of a year happen to stay within."""
        for counted in (
            lambda day: end_of_month(day) + timedelta(days=60),
            lambda day: end_of_month(day + timedelta(days=60)),
        ):
            days = [date(2027, 1, 1) + timedelta(days=offset) for offset in range(731)]
            beyond = [day for day in days if counted(day) > get_longest_due(day, 60, 45)]
            self.assertGreater(len(beyond), 350)

    def test_known_days(self):
        for day, longest in (
            ('2026-01-01', '2026-03-17'),   # 31 January + 45
            ('2026-01-16', '2026-03-31'),   # 2 March, end of March
            ('2026-01-31', '2026-04-01'),   # 60 days
            ('2026-02-14', '2026-04-15'),   # 60 days
            ('2026-03-17', '2026-05-31'),   # 1 May, end of May
        ):
            self.assertEqual(
                get_longest_due(date.fromisoformat(day), 60, 45), date.fromisoformat(longest))

    def test_no_limit_known(self):
        self.assertIsNone(get_longest_due(date(2026, 1, 1), 0, 45))
        self.assertEqual(get_longest_due(date(2026, 1, 1), 60), date(2026, 3, 2))
