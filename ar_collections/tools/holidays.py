"""Days on which a court is closed, and the day to which a procedural time limit moves.

No ORM, no clock. A calendar is a table of rules with their source; days that an authority adds are
handed in by the caller.
"""
from collections.abc import Collection
from dataclasses import dataclass
from datetime import date, timedelta
from functools import lru_cache

from dateutil.easter import easter

SATURDAY = 5


@dataclass(frozen=True)
class Holiday:
    """One public holiday: a day of the year, or days from Easter Sunday."""
    code: str
    month: int = 0
    day: int = 0
    easter_offset: int | None = None
    first_year: int = 1

    def get_date(self, year: int) -> date | None:
        """Return its date in a year, or None before it existed."""
        if year < self.first_year:
            return None
        if self.easter_offset is not None:
            return easter(year) + timedelta(days=self.easter_offset)
        return date(year, self.month, self.day)


# Code du travail L3133-1: the public holidays of France. Whit Monday stays one although its work
# may be due as the day of solidarity (L3133-7 to L3133-12).
FRANCE = (
    Holiday('new_year', 1, 1),
    Holiday('easter_monday', easter_offset=1),
    Holiday('labour_day', 5, 1),
    Holiday('victory_1945', 5, 8, first_year=1982),
    Holiday('ascension', easter_offset=39),
    Holiday('whit_monday', easter_offset=50),
    Holiday('national_day', 7, 14),
    Holiday('assumption', 8, 15),
    Holiday('all_saints', 11, 1),
    Holiday('armistice_1918', 11, 11),
    Holiday('christmas', 12, 25),
)
# Code du travail L3134-13: Bas-Rhin, Haut-Rhin, Moselle. Good Friday only in communes with a
# Protestant church or one that both confessions share: taken for all of them, see `CALENDARS`.
ALSACE_MOSELLE = (
    *FRANCE,
    Holiday('good_friday', easter_offset=-2),
    Holiday('saint_stephen', 12, 26),
)
# Belgium, the ten legal holidays (royal decree of 18 April 1974, article 1; its text was not read).
# They make a free notice wait longer, never shorter, and no court of ours counts by them.
BELGIUM = (
    Holiday('new_year', 1, 1),
    Holiday('easter_monday', easter_offset=1),
    Holiday('labour_day', 5, 1),
    Holiday('ascension', easter_offset=39),
    Holiday('whit_monday', easter_offset=50),
    Holiday('national_day', 7, 21),
    Holiday('assumption', 8, 15),
    Holiday('all_saints', 11, 1),
    Holiday('armistice_1918', 11, 11),
    Holiday('christmas', 12, 25),
)
# Netherlands: Algemene termijnenwet, article 3 (known, its text was not read); for the arrival of a
# letter only. 27 April moves to the 26th when it is a Sunday: closed both ways.
NETHERLANDS = (
    Holiday('new_year', 1, 1),
    Holiday('easter_monday', easter_offset=1),
    Holiday('kings_day', 4, 27, first_year=2014),
    Holiday('liberation_day', 5, 5),
    Holiday('ascension', easter_offset=39),
    Holiday('whit_monday', easter_offset=50),
    Holiday('christmas', 12, 25),
    Holiday('second_christmas_day', 12, 26),
)
# The calendars by code; a code that is not here moves off weekends and the days handed in only.
CALENDARS = {'FR': FRANCE, 'FR-AM': ALSACE_MOSELLE, 'BE': BELGIUM, 'NL': NETHERLANDS}


@lru_cache(maxsize=256)
def get_holidays(calendar: str, year: int) -> frozenset[date]:
    """Return the public holidays of a year.

    :param calendar: key of `CALENDARS`; an unknown one has none
    """
    days = (holiday.get_date(year) for holiday in CALENDARS.get(calendar, ()))
    return frozenset(day for day in days if day)


def is_closed(day: date, calendar: str, closed: Collection[date] = ()) -> bool:
    """Tell whether a day is a Saturday, a Sunday, a public holiday or closed otherwise."""
    return (day.weekday() >= SATURDAY or day in closed
            or day in get_holidays(calendar, day.year))


def next_open_day(day: date, calendar: str, closed: Collection[date] = ()) -> date:
    """Return the day itself when courts work on it, or the first one after it on which they do.

    French code of civil procedure, article 642, second paragraph: a time limit that would expire
    on a Saturday, a Sunday or a public holiday runs to the first working day after it.

    :param calendar: key of `CALENDARS`
    :param closed: further days on which nothing can be filed
    """
    while is_closed(day, calendar, closed):
        day += timedelta(days=1)
    return day


def get_last_free_day(sent: date, days: int, working_days: int, calendar: str) -> date:
    """Return the last day on which nothing may be charged after a free notice.

    :param date sent: day on which the notice left
    :param days: calendar days to wait
    :param working_days: the first of them is this working day after the notice left (Belgium,
        letter: the third); 0: the day after, as for an e-mail
    :param calendar: key of `CALENDARS`; an unknown one knows weekends only
    """
    first = sent + timedelta(days=1)
    for number in range(working_days):
        first = next_open_day(first + timedelta(days=bool(number)), calendar)
    return first + timedelta(days=days - 1)
