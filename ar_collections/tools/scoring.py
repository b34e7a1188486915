"""Points from weighted criteria: every score explains itself. No ORM, no clock here.

A criterion turns one figure into points, 0 to 100, through bands. The score is the mean of the
points, weighted. A criterion without a figure takes no part: the weights of the others are
stretched to 100 %, and the line says so. So what nobody knows neither lowers nor raises a score.
"""
import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass


@dataclass(frozen=True)
class Band:
    """Points from a value on, up to the start of the next band."""
    start: float
    points: float


@dataclass(frozen=True)
class Criterion:
    """One thing that is looked at."""
    code: str
    weight: float
    bands: tuple[Band, ...]


@dataclass(frozen=True)
class Line:
    """What one criterion gave.

    ``value``, ``points``, ``band_from`` and ``band_to`` are None when there is no figure; an end
    of the band is None as well when the band is open there. ``share`` is the weight in percent
    after stretching, ``contribution`` the part of the score that comes from here.
    """
    code: str
    weight: float
    value: float | None = None
    points: float | None = None
    band_from: float | None = None
    band_to: float | None = None
    share: float = 0.0
    contribution: float = 0.0


@dataclass(frozen=True)
class Score:
    """A score, 0 (worst) to 100 (best), with its lines; ``value`` is None without any figure.

    ``coverage`` is the percentage of the weights for which there was a figure.
    """
    value: float | None
    coverage: float
    lines: tuple[Line, ...]


def find_band(value: float, bands: Iterable[Band]) -> tuple[Band, float | None, float | None]:
    """Return (band, its lower end, its upper end) for a value.

    Lower ends are included, upper ends excluded. The lowest band is open below: it also takes what
    lies under its start. So bands can neither overlap nor leave a gap.

    :raise ValueError: when there is no band
    """
    ordered = sorted(bands, key=lambda band: band.start)
    if not ordered:
        raise ValueError("a criterion needs at least one band")
    index = max((i for i, band in enumerate(ordered) if value >= band.start), default=0)
    upper = ordered[index + 1].start if index + 1 < len(ordered) else None
    return ordered[index], ordered[index].start if index else None, upper


def compute_score(
    criteria: Iterable[Criterion], values: Mapping[str, float | None],
) -> Score:
    """Return the score of one customer.

    :param criteria: what is looked at; weights are relative, they need not sum to 100
    :param values: figure of each criterion code; absent or None: unknown
    """
    criteria = [criterion for criterion in criteria if criterion.weight > 0 and criterion.bands]
    total = sum(criterion.weight for criterion in criteria)
    known = sum(c.weight for c in criteria if values.get(c.code) is not None)
    lines, score = [], 0.0
    for criterion in criteria:
        value = values.get(criterion.code)
        if value is None:
            lines.append(Line(criterion.code, criterion.weight))
            continue
        band, lower, upper = find_band(value, criterion.bands)
        share = criterion.weight / known * 100
        contribution = band.points * share / 100
        score += contribution
        lines.append(Line(
            criterion.code, criterion.weight, value, band.points, lower, upper, share,
            contribution))
    return Score(
        value=round(score, 6) if known else None,
        coverage=known / total * 100 if total else 0.0,
        lines=tuple(lines),
    )


def get_signature(score: Score) -> str:
    """Return a text that changes when a figure crosses into another band, appears or disappears,
    or when a weight changes: what makes a new score worth keeping."""
    return "|".join(
        f"{line.code}:{line.weight:g}:{'-' if line.points is None else format(line.points, 'g')}"
        for line in sorted(score.lines, key=lambda line: line.code))


def get_version(criteria: Iterable[Criterion]) -> str:
    """Return a short text that changes with any criterion, weight or band."""
    return hashlib.sha256(repr(list(criteria)).encode()).hexdigest()[:12]
