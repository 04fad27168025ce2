"""Is it better than before? Two periods' shares within target, and whether chance explains it.

A leader who looks each week must seldom be told of a difference that is none, so the limits are
those of a p-chart: three standard deviations of the difference of two shares with the pooled
share (Provost and Murray, The Health Care Data Guide, chapter 7). What cannot be told is said.
"""

from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum
from math import sqrt

from hub.quality import SMALL, Group

LIMIT = 3.0
"""Standard deviations: chance passes them in less than 1 of 300 looks."""


class Verdict(StrEnum):
    """How a period stands to the one before it."""

    BETTER = "better"
    WORSE = "worse"
    CHANCE = "chance"
    """The difference is no larger than chance makes."""
    FEW = "few"
    """Too few calls in one of the periods to say anything."""


@dataclass(frozen=True, slots=True)
class Change:
    """A group's figures in the period before, and the verdict."""

    calls: int
    share_within: float | None
    median: timedelta | None
    verdict: Verdict


def changed(now: Group, before: Group | None) -> Change:
    """Compare a group with itself in the period before; None: it had no call then."""
    if before is None:
        return Change(0, None, None, Verdict.FEW)
    return Change(
        before.calls, before.share_within, before.response.median, _verdict(now, before)
    )


def _verdict(now: Group, before: Group) -> Verdict:
    first, second = before.within + before.outside, now.within + now.outside
    if min(first, second) < SMALL:
        return Verdict.FEW
    pooled = (before.within + now.within) / (first + second)
    spread = sqrt(pooled * (1 - pooled) * (1 / first + 1 / second))
    difference = now.within / second - before.within / first
    if abs(difference) <= LIMIT * spread:
        return Verdict.CHANCE
    return Verdict.BETTER if difference > 0 else Verdict.WORSE
