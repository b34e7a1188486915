"""Longest lawful terms of payment. No ORM, no clock here."""
from calendar import monthrange
from datetime import date, timedelta


def end_of_month(day: date) -> date:
    return day.replace(day=monthrange(day.year, day.month)[1])


def get_longest_due(invoiced: date, days: int, end_of_month_days: int = 0) -> date | None:
    """Return the last lawful due date of an invoice, or None when no limit is known.

    :param invoiced: date of the invoice
    :param days: longest term in days from the invoice; 0: not known
    :param end_of_month_days: longest term counted to an end of month, 0 when there is none. Both
        ways of counting are lawful in France (DGCCRF): the days, then the end of that month; or
        the end of the month of the invoice, then the days.
    """
    if not days:
        return None
    candidates = [invoiced + timedelta(days=days)]
    if end_of_month_days:
        more = timedelta(days=end_of_month_days)
        candidates += [end_of_month(invoiced + more), end_of_month(invoiced) + more]
    return max(candidates)
