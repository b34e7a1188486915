"""Days named in a sentence, in the words of one language.

Each language has its table in `reply_words`: names of months and weekdays, numbers in words, and
patterns that say which rule of this file counts the day. A day is only returned when its words
leave no doubt; the precision tells whether a day was named or a stretch of time.

Pure functions: the day of reading comes in.
"""
import re
from calendar import monthrange
from collections import namedtuple
from datetime import date, timedelta

# start, end: place in the sentence; exact: a day was named, not a stretch of time.
FoundDate = namedtuple('FoundDate', 'start end date exact')

# A day without its year is the next or the last one; further away it is no sensible reading.
MAX_DAYS_AHEAD = 200
MAX_DAYS_BACK = 330
FRIDAY = 4


def find_dates(sentence, words, today, past=False, month_first=None):
    """Return the days named in a folded sentence, in order.

    :param str sentence: folded, see `reply_text.fold`
    :param words: table of the language
    :param date today: the day on which it was written
    :param bool past: whether a day without year or week lies behind (a payment made)
    :param month_first: whether 5/6 is May 6; None when nobody can say: such a day is left out
    :rtype: list[FoundDate]
    """
    found, taken = [], []
    for rule, pattern in words.DATE_PATTERNS:
        for match in pattern.finditer(sentence):
            if any(match.start() < end and start < match.end() for start, end in taken):
                continue
            taken.append(match.span())
            if words.DOCUMENT_DATE.search(sentence[:match.start()]):
                continue
            result = RULES[rule](match.groupdict(), words, today, past, month_first)
            if result and result[0]:
                found.append(FoundDate(match.start(), match.end(), *result))
    return sorted(found)


def _number(text, words):
    return int(text) if text.isdigit() else words.NUMBERS.get(text)


def _build(year, month, day):
    try:
        return date(year, month, day)
    except ValueError:
        return None


def _place(month, day, today, past):
    """Return the day of this month that lies ahead, or behind; None when it is too far."""
    years = (today.year - 1, today.year, today.year + 1)
    days = [found for year in years if (found := _build(year, month, day))]
    if past:
        behind = [one for one in days if one <= today]
        found = max(behind, default=None)
        return found if found and (today - found).days <= MAX_DAYS_BACK else None
    ahead = [one for one in days if one >= today]
    found = min(ahead, default=None)
    return found if found and (found - today).days <= MAX_DAYS_AHEAD else None


def _year(text):
    year = int(text)
    return year + 2000 if year < 100 else year


def _month_end(year, month):
    year, month = year + (month - 1) // 12, (month - 1) % 12 + 1
    return date(year, month, monthrange(year, month)[1])


def _named(groups, words, today, past, _month_first):
    """5 June 2026, 5. Juni, le 1er juin."""
    day, month = int(groups['day']), words.MONTHS[groups['month']]
    if groups.get('year'):
        return _build(_year(groups['year']), month, day), True
    return _place(month, day, today, past), True


def _numeric(groups, words, today, past, month_first):
    """05/06/2026, 5.6., 2026-06-05."""
    first, second = int(groups['first']), int(groups['second'])
    if words.DAY_FIRST or '.' in (groups.get('sep') or '') or first > 12:
        month_first = False
    elif second > 12:
        month_first = True
    if month_first is None and first != second:
        return None
    day, month = (second, first) if month_first else (first, second)
    if not 1 <= month <= 12 or not 1 <= day <= 31:
        return None
    if groups.get('year'):
        return _build(_year(groups['year']), month, day), True
    return _place(month, day, today, past), True


def _iso(groups, _words, _today, _past, _month_first):
    return _build(int(groups['year']), int(groups['month']), int(groups['day'])), True


def _weekday(groups, words, today, past, _month_first):
    """Friday: the coming one; the last one when it is behind. Today's own name is no answer."""
    wanted = words.WEEKDAYS[groups['weekday']]
    if past:
        return today - timedelta(days=(today.weekday() - wanted) % 7 or 7), True
    return today + timedelta(days=(wanted - today.weekday()) % 7 or 7), True


def _weekday_last(groups, words, today, _past, month_first):
    return _weekday(groups, words, today, True, month_first)


def _weekday_next_week(groups, words, today, _past, _month_first):
    """Friday of next week."""
    monday = today - timedelta(days=today.weekday()) + timedelta(days=7)
    return monday + timedelta(days=words.WEEKDAYS[groups['weekday']]), True


def _weekday_near(groups, words, today, past, month_first):
    """The next Friday: people differ on which one; the coming one, but not for sure."""
    return _weekday(groups, words, today, False, month_first)[0], False


def _day_of_month(groups, _words, today, past, _month_first):
    """On the 15th."""
    day = int(groups['day'])
    for shift in ((0, -1) if past else (0, 1)):
        end = _month_end(today.year, today.month + shift)
        found = _build(end.year, end.month, day)
        if found and (found <= today if past else found >= today):
            return found, True
    return None


def _day_of_next_month(groups, _words, today, _past, _month_first):
    end = _month_end(today.year, today.month + 1)
    return _build(end.year, end.month, int(groups['day'])), True


def _in_days(groups, words, today, _past, _month_first):
    number = _number(groups['number'], words)
    return (today + timedelta(days=number), True) if number and number <= 120 else None


def _in_weeks(groups, words, today, _past, _month_first):
    number = _number(groups['number'], words)
    return (today + timedelta(weeks=number), True) if number and number <= 16 else None


def _days_ago(groups, words, today, _past, _month_first):
    number = _number(groups['number'], words)
    return (today - timedelta(days=number), True) if number and number <= 200 else None


def _weeks_ago(groups, words, today, _past, _month_first):
    number = _number(groups['number'], words)
    return (today - timedelta(weeks=number), False) if number and number <= 30 else None


def _shift(days):
    def count(_groups, _words, today, _past, _month_first):
        return today + timedelta(days=days), True
    return count


def _month_end_in(months):
    def count(_groups, _words, today, _past, _month_first):
        return _month_end(today.year, today.month + months), False
    return count


def _end_named(groups, words, today, past, _month_first):
    """End of June."""
    month = words.MONTHS[groups['month']]
    year = _year(groups['year']) if groups.get('year') else today.year
    found = _month_end(year, month)
    if not groups.get('year') and not past and found < today:
        found = _month_end(year + 1, month)
    return (found, False) if (found - today).days <= MAX_DAYS_AHEAD else None


def _part_of_month(day):
    """Beginning of June: by the 10th; middle: the 15th."""
    def count(groups, words, today, past, _month_first):
        return _place(words.MONTHS[groups['month']], day, today, past), False
    return count


def _week_end_in(weeks):
    """This week, next week: its Friday at the latest."""
    def count(_groups, _words, today, _past, _month_first):
        monday = today - timedelta(days=today.weekday())
        found = monday + timedelta(weeks=weeks, days=FRIDAY)
        return (found if weeks or found >= today else today), False
    return count


def _last_week(_groups, _words, _today, _past, _month_first):
    """Last week: some day of it, nobody knows which."""
    return None


def _week_number(groups, _words, today, past, _month_first):
    """Week 25: its Friday."""
    week = int(groups['number'])
    if not 1 <= week <= 53:
        return None
    for year in ((today.year, today.year - 1) if past else (today.year, today.year + 1)):
        try:
            found = date.fromisocalendar(year, week, FRIDAY + 1)
        except ValueError:
            continue
        if past and found - today < timedelta(days=7):
            return found, False
        if not past and found >= today and (found - today).days <= MAX_DAYS_AHEAD:
            return found, False
    return None


RULES = {
    'named': _named, 'numeric': _numeric, 'iso': _iso, 'weekday': _weekday,
    'weekday_last': _weekday_last, 'weekday_next_week': _weekday_next_week,
    'weekday_near': _weekday_near, 'day_of_month': _day_of_month,
    'day_of_next_month': _day_of_next_month, 'in_days': _in_days, 'in_weeks': _in_weeks,
    'days_ago': _days_ago, 'weeks_ago': _weeks_ago, 'today': _shift(0), 'tomorrow': _shift(1),
    'after_tomorrow': _shift(2), 'yesterday': _shift(-1), 'before_yesterday': _shift(-2),
    'eight_days': _shift(8), 'fortnight': _shift(15),
    'month_end': _month_end_in(0), 'next_month_end': _month_end_in(1), 'end_named': _end_named,
    'begin_named': _part_of_month(10), 'mid_named': _part_of_month(15),
    'week_end': _week_end_in(0), 'next_week': _week_end_in(1), 'last_week': _last_week,
    'week_number': _week_number,
}


def compile_patterns(patterns, words):
    """Return the patterns of a language with the names of its days and months filled in.

    :param patterns: list of (rule, pattern with {month}, {weekday}, {number}, {day}, {year})
    """
    def choice(names):
        return '|'.join(sorted((re.escape(name) for name in names), key=len, reverse=True))

    parts = {
        'month': f"(?P<month>{choice(words['MONTHS'])})",
        'weekday': f"(?P<weekday>{choice(words['WEEKDAYS'])})",
        'number': rf"(?P<number>\d{{1,3}}|{choice(words['NUMBERS'])})",
        'day': r"(?P<day>3[01]|[12]\d|0?[1-9])",
        'year': r"(?P<year>20\d\d)",
    }
    shared = [
        ('iso', r"\b(?P<year>20\d\d)-(?P<month>\d\d)-(?P<day>\d\d)\b"),
        ('numeric', r"(?<![\d.,/-])(?P<first>\d{1,2})(?P<sep>[./-])(?P<second>\d{1,2})(?P=sep)"
                    r"(?P<year>20\d\d|\d\d)(?![\d/-])"),
    ]
    return [(rule, re.compile(pattern)) for rule, pattern in shared] + [
        (rule, re.compile(_fill(pattern, parts))) for rule, pattern in patterns]


def _fill(pattern, parts):
    for name, part in parts.items():
        pattern = pattern.replace('{%s}' % name, part)
    return pattern
