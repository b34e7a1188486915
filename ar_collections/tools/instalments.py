"""Instalments of a payment plan: amounts and dates. No ORM."""
from calendar import monthrange
from collections.abc import Iterator
from datetime import date, timedelta
from decimal import ROUND_DOWN, Decimal

# Days or months between two instalments.
INTERVALS = {'week': ('days', 7), 'two_weeks': ('days', 14), 'month': ('months', 1),
             'quarter': ('months', 3)}


def split_amount(total: Decimal, number: int, unit: Decimal,
                 first: Decimal = Decimal(0)) -> list[Decimal]:
    """Return ``number`` amounts that add up to ``total``; the last one takes the rounding rest.

    :param total: what is to be paid, a multiple of ``unit``
    :param number: how many instalments, the first one included
    :param unit: smallest amount of the currency: 0.01, 1, 0.001
    :param first: the first instalment when it differs (a down payment); zero: all alike
    :raise ValueError: when an instalment would be nothing or less
    """
    if number < 1 or total <= 0:
        raise ValueError("Nothing to split")
    head = [first] if first else []
    alike, rest = number - len(head), total - first
    if not alike:
        amounts = [total]
    else:
        # Rounded down: the last one is the highest, never less than nothing.
        part = (rest / alike / unit).quantize(Decimal(1), ROUND_DOWN) * unit
        amounts = [*head, *[part] * (alike - 1), rest - part * (alike - 1)]
    if any(amount <= 0 for amount in amounts):
        raise ValueError("An instalment would be nothing")
    return amounts


def get_dates(first: date, interval: str, number: int) -> Iterator[date]:
    """Yield the due dates: the same day of each month, or its last day when it has no such day.

    Counted from the first date, so that 31 January is followed by 28 February and 31 March.

    :param interval: a key of `INTERVALS`
    """
    kind, step = INTERVALS[interval]
    for rank in range(number):
        if kind == 'days':
            yield first + timedelta(days=step * rank)
        else:
            years, month = divmod(first.month - 1 + step * rank, 12)
            year = first.year + years
            yield date(year, month + 1, min(first.day, monthrange(year, month + 1)[1]))
