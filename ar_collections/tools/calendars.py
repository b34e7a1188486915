"""When a message may leave: weekdays, hours and public holidays, in one time zone. No ORM here."""
from datetime import UTC, datetime, time, timedelta

import pytz


def hour_to_time(hour: float) -> time:
    """Turn 8.5 into 08:30; 24 becomes the last microsecond of the day."""
    if hour >= 24:
        return time.max
    minutes = round(hour * 60)
    return time(minutes // 60, minutes % 60)


def next_opening(
    now: datetime,
    tz_name: str,
    weekdays: set[int],
    hour_from: float,
    hour_to: float,
    holidays: list[tuple[datetime, datetime]] = (),
    horizon_days: int = 60,
) -> datetime | None:
    """Return the first instant, not before ``now``, at which sending is allowed.

    :param now: instant, naive UTC as Odoo stores it
    :param tz_name: name of the time zone in which weekdays and hours are meant
    :param weekdays: allowed weekdays, Monday is 0; empty means never
    :param hour_from: opening hour, included (8.5 = half past eight)
    :param hour_to: closing hour, excluded
    :param holidays: closed intervals, naive UTC, start included, end excluded
    :param horizon_days: how far to look
    :return: naive UTC instant, or None when nothing opens within the horizon
    """
    tz = pytz.timezone(tz_name or 'UTC')
    local_now = pytz.utc.localize(now).astimezone(tz)
    for offset in range(horizon_days + 1):
        day = local_now.date() + timedelta(days=offset)
        if day.weekday() not in weekdays:
            continue
        opens = _to_utc(tz, day, hour_to_time(hour_from))
        closes = _to_utc(tz, day, hour_to_time(hour_to))
        moment = max(opens, now)
        moment = _after_holidays(moment, holidays)
        if moment < closes:
            return moment
    return None


def _to_utc(tz, day, hour):
    return tz.localize(datetime.combine(day, hour)).astimezone(UTC).replace(tzinfo=None)


def _after_holidays(moment, holidays):
    for start, end in sorted(holidays):
        if start <= moment < end:
            moment = end
    return moment
