"""A process behaviour chart (XmR): which days differ by more than chance, and which do not.

Natural limits are the mean plus and minus 2.66 times the mean moving range; fewer than twelve
points have none, only a median to look at (a run chart). Two signals, no more, so that a leader
who looks each week is seldom told of one that is none: a point outside the limits, and eight in
a row on one side of the mean. Source: Wheeler, Understanding Variation, as UX Q1 has it.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from statistics import fmean, median

FEWEST = 12
"""With fewer points limits say more of chance than of the process."""
PER_RANGE = 2.66
"""3 / d2 for moving ranges of two (d2 = 1.128)."""
IN_A_ROW = 8


@dataclass(frozen=True, slots=True)
class Chart:
    """Where the points lie; `lower`, `upper` and `signals` only with enough of them."""

    centre: float
    """The mean, or of fewer than twelve points the median."""
    mean_range: float | None = None
    lower: float | None = None
    upper: float | None = None
    outside: tuple[int, ...] = ()
    """Points outside the natural limits, by their place in the series."""
    shifted: tuple[int, ...] = ()
    """Points that are the eighth, ninth … in a row on one side of the mean."""


def chart(series: Sequence[float]) -> Chart | None:
    """Return the chart of these points, oldest first; None of none."""
    if not series:
        return None
    if len(series) < FEWEST:
        return Chart(centre=median(series))
    mean = fmean(series)
    ranges = [abs(b - a) for a, b in pairwise(series)]
    mean_range = fmean(ranges)
    lower, upper = mean - PER_RANGE * mean_range, mean + PER_RANGE * mean_range
    outside = tuple(n for n, x in enumerate(series) if not lower <= x <= upper)
    # A time cannot be negative: the limit that is drawn stops at zero.
    return Chart(mean, mean_range, max(0.0, lower), upper, outside, _shifted(series, mean))


def _shifted(series: Sequence[float], mean: float) -> tuple[int, ...]:
    found: list[int] = []
    run, side = 0, 0
    for n, x in enumerate(series):
        here = (x > mean) - (x < mean)
        run = run + 1 if here == side and here else abs(here)
        side = here
        if run >= IN_A_ROW:
            found.append(n)
    return tuple(found)
