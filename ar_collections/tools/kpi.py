"""Formulas of the receivables figures: exact, without ORM, clock or database.

Amounts are `Decimal` in one currency, tax included on both sides of every ratio. A figure that
cannot be known (no sales, nothing paid) is None, never zero. Sources stand at each formula; the
tests repeat the worked examples that these sources publish.
"""
from bisect import bisect_left
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal

ZERO = Decimal(0)
HUNDRED = Decimal(100)
YEAR = 365
# Changes are summed with their distance from this day; any day will do.
EPOCH = date(2000, 1, 1)
# A balance that two years of sales do not explain is capped there.
COUNTBACK_MONTHS = 24
# Steps of the monthly roll rates, in days after the due date: not due, 1-30 ... over 120.
ROLL_EDGES = (1, 31, 61, 91, 121)


@dataclass(frozen=True)
class Countback:
    """Days of a count-back; ``capped`` when the sales known do not explain the balance.

    ``months`` is the number of months that were used, the last one in part.
    """
    days: Decimal
    months: int
    capped: bool


# === TURNOVER === #

def dso(receivable: Decimal, sales: Decimal, days: int) -> Decimal | None:
    """Return days sales outstanding: receivable ÷ sales of the period × days of the period.

    A customer base that is owed money (a negative balance) waits for nothing: 0. Without sales
    there is no answer. Source: the usual accounting method, e.g. the Credit Research Foundation's
    "conventional DSO".
    """
    if sales <= 0:
        return None
    return max(receivable, ZERO) / sales * days


def dso_countback(receivable: Decimal, periods: Iterable[tuple[Decimal, int]]) -> Countback | None:
    """Return the DSO by count-back: how many days of latest sales make up the balance.

    Month by month from the latest: its sales are taken off the balance and its days are counted;
    of the last month needed, only remaining ÷ sales × days. A month whose credit notes exceed its
    invoices counts its days and gives its credits back to the balance: time has passed all the
    same. A balance larger than all sales given is capped at their days and flagged.

    :param receivable: balance; negative counts as zero
    :param periods: (sales, days), the latest first
    :return: None when there is a balance but no period with sales
    """
    remaining, days, months, sold = max(receivable, ZERO), ZERO, 0, False
    if not remaining:
        return Countback(ZERO, 0, False)
    for sales, length in periods:
        months += 1
        sold = sold or sales > 0
        if 0 < remaining <= sales:
            return Countback(days + remaining / sales * length, months, False)
        remaining -= sales
        days += length
    return Countback(days, months, True) if sold else None


def current_part(receivable: Decimal, not_due: Decimal) -> Decimal:
    """Return the part of the balance that is not yet due.

    Credits that nobody has matched are set against what is overdue first: so the part never
    exceeds the balance, and nothing can be better than the best possible.
    """
    return min(not_due, max(receivable, ZERO))


def average_days_delinquent(days: Decimal | None, best: Decimal | None) -> Decimal | None:
    """Return DSO − best possible DSO: the days that lateness adds."""
    return None if days is None or best is None else days - best


def collection_effectiveness(
        opening: Decimal, sales: Decimal, closing: Decimal, current: Decimal) -> Decimal | None:
    """Return the collection effectiveness index, in percent.

    (opening + sales − closing total) ÷ (opening + sales − closing **current**): what was collected
    of what could have been. Source: Credit Research Foundation; with sales ÷ N for a window of N
    months in its form, with the sales of the whole window in the form of most software. The caller
    says which by passing the one or the other.
    """
    collectable = opening + sales - current
    if collectable <= 0:
        return None
    return (opening + sales - closing) / collectable * HUNDRED


# === SHARES AND MEANS === #

def percent(part: Decimal, whole: Decimal) -> Decimal | None:
    """Return part ÷ whole in percent; None when there is no whole."""
    return part / whole * HUNDRED if whole > 0 else None


def weighted_mean(total: Decimal, weight: Decimal) -> Decimal | None:
    """Return Σ(amount × days) ÷ Σ amount; None when nothing was paid."""
    return total / weight if weight > 0 else None


def promise_kept_rate(kept: Decimal, broken: Decimal) -> Decimal | None:
    """Return kept ÷ (kept + broken) in percent, by number of promises or by amount.

    Of the promises due in the period; kept means received in full by the day and its grace. What
    is still open, cancelled, replaced or void has no outcome and is in neither. Example: of five
    promises of May two were kept (300 and 100), one was broken (600), one is open and one was
    replaced: 2 ÷ 3 = 66.7 % by number, 400 ÷ 1,000 = 40 % by amount.
    """
    return percent(kept, kept + broken)


def dispute_rate(disputed: Decimal, open_items: Decimal) -> Decimal | None:
    """Return disputed ÷ open items in percent, both as they stood at the end of the same day.

    Example: 30 disputed of an item of 100, and 50 of 50, among 400 open: 80 ÷ 400 = 20 %. When 80
    have been paid on the first, 20 are open and disputed: 70 ÷ 320 = 21.9 %.

    Benchmarks name it "Deductions as % of total $ outstanding" (creditability.com.au, "Payment
    performance"), without figures. The examples with figures divide otherwise: deductions ÷ sales
    (smyyth.com, "Accounts receivable deductions: still a plague on profits": 97 of 1,000 million
    are 9.7 %). Others: disputed ÷ issued invoices by number (kpidepot.com/kpi/
    invoice-dispute-rate), disputes declared ÷ sales (dafevolution.blogspot.com, "Le taux de
    litiges").
    """
    return percent(disputed, open_items)


def resolution_days(days: Decimal, disputes: Decimal) -> Decimal | None:
    """Return the mean days from opening to settling of the disputes settled in a period.

    Example: three disputes settled after 4, 10 and 31 days: 45 ÷ 3 = 15 days.
    """
    return weighted_mean(days, disputes)


def per_head(amount: Decimal, heads: int | Decimal) -> Decimal | None:
    """Return an amount per person; None when nobody is there.

    Collector productivity: delinquent balances collected ÷ number of collectors, as defined by
    opsdog.com, "Amount Collected per Collections Employee", which counts managers and assistants
    too. Published example: 7,000 with one full-time person are 7,000 each, with 1.2 they are 5,833
    (receivableaccounts.blogspot.com, "Revenue per FTE", 29 May 2026). We count the collectors to
    whom customers were assigned, not their assistants: 90,000 received after the due date, three
    collectors, 30,000 each.
    """
    return amount / heads if heads > 0 else None


def cost_of_lateness(amount_days: Decimal, annual_rate: Decimal) -> Decimal | None:
    """Return what waiting has cost: Σ(overdue amount × days) × annual rate in percent ÷ 365.

    :param amount_days: overdue amount of each day, summed over the days
    :return: None when the company has not said what its money costs
    """
    return amount_days * annual_rate / HUNDRED / YEAR if annual_rate > 0 else None


def cash_per_day(annual_sales: Decimal) -> Decimal | None:
    """Return the cash that one day of DSO frees: sales of a year ÷ 365."""
    return annual_sales / YEAR if annual_sales > 0 else None


# === MOVEMENTS === #

def roll_forward(opening: Decimal, billed: Decimal, credited: Decimal, cash: Decimal,
                 written_off: Decimal, exchange: Decimal = ZERO, other: Decimal = ZERO) -> Decimal:
    """Return the closing balance: opening + billed − credited − cash − written off ± the rest."""
    return opening + billed - credited - cash - written_off + exchange + other


def loss_probability(rates: Sequence[Decimal | None]) -> Decimal | None:
    """Return the share that ends in the oldest bucket, in percent: the product of the rates.

    Source: roll-rate method, Comptroller's Handbook (US OCC), retail lending.

    :param rates: roll rates in percent from the bucket in question to the last but one
    """
    share = HUNDRED
    for rate in rates:
        if rate is None:
            return None
        share = share * rate / HUNDRED
    return share


# === SERIES === #
# A series of days D0 < D1 < … cuts time into periods: period i holds the days after D(i-1) up to
# and including Di. An event counts from its period on.

def period_of(day: date, days: Sequence[date]) -> int:
    """Return the index of the period that holds ``day``; len(days) when it comes after all."""
    return bisect_left(days, day)


def cumulate(events: Mapping[int, Decimal], count: int) -> list[Decimal]:
    """Return the running total at the end of each of ``count`` periods."""
    total, result = ZERO, []
    for index in range(count):
        total += events.get(index, ZERO)
        result.append(total)
    return result


def amount_days(events: Mapping[int, tuple[Decimal, Decimal]], days: Sequence[date],
                epoch: date) -> list[Decimal]:
    """Return, for each period, the sum over its days of what was open at the end of the day.

    :param events: {period: (Σ amount, Σ amount × (first day of the amount − epoch))}
    :param days: last day of each period; the first period has no beginning and gives 0
    """
    result, before = [], ZERO
    for index, end in enumerate(days):
        amount, moment = events.get(index, (ZERO, ZERO))
        if index:
            result.append(before * (end - days[index - 1]).days
                          + amount * ((end - epoch).days + 1) - moment)
        else:
            result.append(ZERO)
        before += amount
    return result


def bucket_of(age: int, edges: Sequence[int] = ROLL_EDGES) -> int:
    """Return the index of the bucket of an age: 0 is not due, len(edges) the oldest."""
    return sum(age >= edge for edge in edges)


def roll_amounts(cells: Iterable[tuple[date, int, bool, Decimal]], days: Sequence[date],
                 start: int, edges: Sequence[int] = ROLL_EDGES) -> list[list[tuple]]:
    """Follow the items of each bucket from one day to the next.

    Roll rate of a bucket = what of it stands in the next bucket (or further: months have 28 to 31
    days) one month later ÷ what stood in it. What was booked in between does not belong to it.
    Source: roll-rate method, Comptroller's Handbook (US OCC), retail lending.

    :param cells: (due date, period, fresh, amount): changes of open items by due date; ``fresh``
        when the item itself was booked in the same period
    :param days: last day of each period
    :param start: index of the first period to report, at least 1
    :return: for each period from ``start`` on, [(amount one day before, amount that rolled)] by
        bucket, the oldest left out: it has nowhere to go
    """
    open_at, moved = {}, {}
    for due, index, fresh, amount in cells:
        open_at.setdefault(due, {}).setdefault(index, ZERO)
        open_at[due][index] += amount
        if not fresh:
            moved[due, index] = moved.get((due, index), ZERO) + amount
    balances = {due: cumulate(events, len(days)) for due, events in open_at.items()}
    result = []
    for index in range(start, len(days)):
        rows = [[ZERO, ZERO] for _edge in edges]
        for due, balance in balances.items():
            before = bucket_of((days[index - 1] - due).days, edges)
            amount = balance[index - 1]
            if not amount or before == len(edges):
                continue
            rows[before][0] += amount
            if bucket_of((days[index] - due).days, edges) > before:
                rows[before][1] += amount + moved.get((due, index), ZERO)
        result.append([tuple(row) for row in rows])
    return result


def month_ends(last: date, count: int) -> list[date]:
    """Return ``count`` days: the ends of the months before ``last``, and ``last`` itself."""
    result = [last]
    while len(result) < count:
        result.append(result[-1].replace(day=1) - timedelta(days=1))
    return result[::-1]
