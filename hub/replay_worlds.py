"""What a what-if tells: where two worlds part, how calls went, which answers are assumed."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from hub.replay_supposed import Supposed
from routing.effects import Effect
from routing.ids import CallId, StaffId
from routing.plan import Plan
from routing.state import Call


@dataclass(frozen=True, slots=True)
class FirstDifference:
    """Where the two worlds part. `seq` is the journal's row then, or the next one."""

    seq: int
    at: datetime
    was: tuple[Effect, ...]
    would: tuple[Effect, ...]


@dataclass(frozen=True, slots=True)
class Assumed:
    """One answer that is not known for this world: recorded in the other, or supposed."""

    seq: int
    """The journal's row, 0 for an answer of one more on duty."""
    at: datetime
    what: str
    staff: StaffId
    was: CallId | None
    would: CallId | None
    """None: the supposed world has no such call, and the answer is left out."""
    possible: bool
    """Whether it could be given there: taken by another it cannot."""


@dataclass
class Course:
    """How one call went in one world; times of the first of each, None where it never was."""

    call: Call
    rings: int = 0
    rungs: int = 0
    rang_at: datetime | None = None
    taken_at: datetime | None = None
    present_at: datetime | None = None
    closed_at: datetime | None = None
    failsafe: bool = False
    assumed: bool = False
    """An assumed answer belongs to it."""
    set_aside: bool = False

    def to_taken(self) -> timedelta | None:
        """How long until somebody took it, or stood there."""
        found = [at for at in (self.taken_at, self.present_at) if at is not None]
        return min(found) - self.call.opened_at if found else None


@dataclass(frozen=True, slots=True)
class Pair:
    """One call in both worlds, or in one of them."""

    was: Course | None
    would: Course | None

    @property
    def same(self) -> bool:
        """Whether nobody would have noticed a difference."""
        return (
            self.was is not None
            and self.would is not None
            and _told(self.was) == _told(self.would)
        )


@dataclass(frozen=True, slots=True)
class WhatIf:
    """What a replay of a supposed world found."""

    supposed: Supposed
    plan: Plan
    """The plan at the end, as it was."""
    since: datetime
    until: datetime
    rows: int
    first: FirstDifference | None
    assumed: tuple[Assumed, ...]
    calls: tuple[Pair, ...]
    otherwise_now: int
    """Rows that this program decides otherwise than recorded, with nothing supposed."""
    stopped: str
    """Why it ends before the journal does, empty if it does not."""


def _told(course: Course) -> tuple[object, ...]:
    call = course.call
    return (
        call.type,
        call.priority,
        course.rings,
        course.rungs,
        course.taken_at,
        course.present_at,
        course.closed_at,
    )
