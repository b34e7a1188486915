"""When a claim dies: prescription and procedural time limits. No ORM, no clock here.

A prescription runs in calendar days and is complete when its last day is over (French civil code,
articles 2228 and 2229); it never moves off a holiday. A procedural time limit does (`get_due_day`).
"""
from collections.abc import Collection, Iterable
from dataclasses import dataclass, field
from datetime import date, timedelta

from dateutil.relativedelta import relativedelta

from .holidays import next_open_day

# From which day a prescription counts.
STARTS = ('due', 'invoice', 'year_end')
# What an act does to it.
RESTART, SUSPEND, NONE = 'restart', 'suspend', 'none'
EFFECTS = (RESTART, SUSPEND, NONE)


def add_period(start: date, years: int = 0, months: int = 0, days: int = 0) -> date:
    """Return the last day of a period whose first event happened on ``start``.

    In months and years it is the day with the same number, or the last day of the month when there
    is none; months first, then days, and the day of the event does not count (French code of civil
    procedure, article 641).
    """
    return start + relativedelta(years=years, months=months) + timedelta(days=days)


def get_due_day(
    start: date, *, years: int = 0, months: int = 0, days: int = 0, movable: bool = True,
    calendar: str = 'FR', closed: Collection[date] = (),
) -> tuple[date, date]:
    """Return the last day of a procedural time limit: (as counted, as it may be used).

    :param movable: moved to the next working day when it falls on a closed one (article 642)
    :param calendar: see `tools.holidays.CALENDARS`
    """
    counted = add_period(start, years, months, days)
    return counted, next_open_day(counted, calendar, closed) if movable else counted


@dataclass(frozen=True)
class Effect:
    """What one kind of act does to a prescription.

    :ivar effect: one of `EFFECTS`
    :ivar lasting: an interruption lasts until the act ends, a new period runs from then on
    :ivar tail_months: a suspension goes on for so many months after its end
    """
    effect: str = NONE
    lasting: bool = False
    tail_months: int = 0
    source: str = ''


@dataclass(frozen=True)
class Period:
    """How long claims of one kind live.

    :ivar starts: one of `STARTS`
    :ivar restart_year_end: after an act too, the period runs from the end of the year
    :ivar effects: {kind of act: `Effect`}; a kind that is not there does nothing
    """
    years: int = 0
    months: int = 0
    starts: str = 'due'
    restart_year_end: bool = False
    effects: dict[str, Effect] = field(default_factory=dict)

    def get_start(self, due: date, invoiced: date | None = None) -> date:
        """Return the day from which the first period counts; it is not counted itself."""
        if self.starts == 'invoice':
            return min(invoiced or due, due)
        return date(due.year, 12, 31) if self.starts == 'year_end' else due

    def get_end(self, start: date) -> date:
        """Return the last lawful day of a period."""
        return add_period(start, self.years, self.months)


@dataclass(frozen=True)
class Act:
    """Something that may interrupt or suspend a prescription."""
    kind: str
    date: date
    end: date | None = None  # pylint: disable=used-before-assignment
    key: object = None


@dataclass(frozen=True)
class Step:
    """What an act did: ``outcome`` is an effect, or 'late' (after the last day), 'pending' (it has
    not ended, what it gives more is not counted yet)."""
    act: Act
    outcome: str
    start: date
    last_day: date


@dataclass(frozen=True)
class Limitation:
    """The prescription of one claim: the day from which it counts now and its last lawful day."""
    start: date
    last_day: date
    steps: tuple[Step, ...] = ()

    @property
    def last_effective(self) -> Step | None:
        """Return the last act that moved the day, or None."""
        return next((step for step in reversed(self.steps)
                     if step.outcome in (RESTART, SUSPEND, 'pending')), None)


def compute_limitation(
    period: Period, due: date, acts: Iterable[Act] = (), invoiced: date | None = None,
) -> Limitation:
    """Return until when a claim can be brought to court.

    An interruption wipes out what has run and a period of the same length runs again from the act
    (French civil code, article 2231), or from its end when it lasts (article 2242); a suspension
    only adds its own days (article 2230). What comes after the last day revives nothing. While an
    act has no end, only what is certain is counted: the earlier day is shown.

    :param due: due date of the claim
    :param acts: in any order
    :param invoiced: date of the invoice, for rules that count from it
    """
    start = period.get_start(due, invoiced)
    last = period.get_end(start)
    steps, stayed_to = [], None
    for act in sorted(acts, key=lambda act: (act.date, act.end or act.date)):
        effect = period.effects.get(act.kind, Effect())
        outcome = effect.effect
        if outcome != NONE and act.date > last:
            outcome = 'late'
        elif outcome == RESTART:
            begins = max(act.date, act.end or act.date) if effect.lasting else act.date
            if period.restart_year_end:
                begins = date(begins.year, 12, 31)
            ends = period.get_end(begins)
            if stayed_to and stayed_to > begins:
                ends += stayed_to - begins
            if ends > last:
                start, last = begins, ends
            outcome = 'pending' if effect.lasting and not act.end else RESTART
        elif outcome == SUSPEND:
            if act.end:
                # Days before the period began, or that two suspensions share, stop no clock.
                begins = max(act.date, start + timedelta(days=1))
                if stayed_to:
                    begins = max(begins, stayed_to + timedelta(days=1))
                ends = add_period(act.end, months=effect.tail_months)
                if ends >= begins:
                    last += timedelta(days=(ends - begins).days + 1)
                    stayed_to = ends
            else:
                outcome = 'pending'
        steps.append(Step(act, outcome, start, last))
    return Limitation(start, last, tuple(steps))
