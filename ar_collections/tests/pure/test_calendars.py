from datetime import datetime, time

from odoo.tests import BaseCase, tagged

from ...tools.calendars import hour_to_time, next_opening

WORKDAYS = {0, 1, 2, 3, 4}


@tagged('post_install', '-at_install')
class TestNextOpening(BaseCase):
    """When a message may leave; instants are naive UTC, hours are those of the company."""

    def opening(self, now, tz='Europe/Paris', days=None, hours=(8, 18), holidays=()):
        intervals = [tuple(map(datetime.fromisoformat, pair)) for pair in holidays]
        found = next_opening(
            datetime.fromisoformat(now), tz, WORKDAYS if days is None else days, *hours,
            intervals)
        return found and found.isoformat(' ', 'minutes')

    def test_open_now_is_now(self):
        self.assertEqual(self.opening('2026-06-03 09:30'), '2026-06-03 09:30')

    def test_too_early_waits_for_the_morning(self):
        self.assertEqual(self.opening('2026-06-03 02:00'), '2026-06-03 06:00')

    def test_closing_hour_itself_is_closed(self):
        self.assertEqual(self.opening('2026-06-03 15:59'), '2026-06-03 15:59')
        self.assertEqual(self.opening('2026-06-03 16:00'), '2026-06-04 06:00')

    def test_friday_evening_waits_for_monday(self):
        self.assertEqual(self.opening('2026-06-05 17:00'), '2026-06-08 06:00')

    def test_the_weekday_is_the_one_of_the_company(self):
        # Sunday 23:00 in London is Monday morning in Auckland.
        self.assertEqual(
            self.opening('2026-06-07 22:00', tz='Pacific/Auckland'), '2026-06-07 22:00')

    def test_opening_follows_summer_and_winter_time(self):
        for now, expected in (
            ('2026-03-27 20:00', '2026-03-30 06:00'),   # clocks go forward on the 29th
            ('2026-03-26 20:00', '2026-03-27 07:00'),
            ('2026-10-23 20:00', '2026-10-26 07:00'),   # and back on 25 October
        ):
            self.assertEqual(self.opening(now), expected, now)

    def test_an_hour_that_does_not_exist_still_opens(self):
        found = self.opening('2026-03-28 23:30', days={6}, hours=(2.5, 18))
        self.assertEqual(found[:10], '2026-03-29')

    def test_a_holiday_is_closed_to_its_end(self):
        holiday = ('2026-07-13 22:00', '2026-07-14 21:59')
        self.assertEqual(
            self.opening('2026-07-14 10:00', holidays=[holiday]), '2026-07-15 06:00')

    def test_half_a_day_off_leaves_the_other_half(self):
        morning = ('2026-12-24 06:00', '2026-12-24 12:00')
        self.assertEqual(
            self.opening('2026-12-24 08:00', holidays=[morning]), '2026-12-24 12:00')

    def test_holidays_in_a_row_are_jumped_over_together(self):
        days = [('2026-12-24 23:00', '2026-12-25 22:59'), ('2026-12-23 23:00', '2026-12-24 23:00')]
        self.assertEqual(self.opening('2026-12-24 09:00', holidays=days), '2026-12-28 07:00')

    def test_overlapping_holidays_do_not_reopen_the_first(self):
        days = [('2026-06-03 00:00', '2026-06-03 12:00'), ('2026-06-03 08:00', '2026-06-03 10:00')]
        self.assertEqual(self.opening('2026-06-03 06:30', holidays=days), '2026-06-03 12:00')

    def test_nothing_opens_in_a_closed_season(self):
        season = ('2026-06-01 00:00', '2026-12-31 00:00')
        self.assertIsNone(self.opening('2026-06-03 08:00', holidays=[season]))
        self.assertIsNone(self.opening('2026-06-03 08:00', days=set()))

    def test_midnight_to_midnight_is_always_open(self):
        self.assertEqual(
            self.opening('2026-06-03 21:59', hours=(0, 24)), '2026-06-03 21:59')

    def test_hours_become_times(self):
        self.assertEqual(hour_to_time(8.5), time(8, 30))
        self.assertEqual(hour_to_time(24), time.max)
