"""What a rehearsal tells: the calls that would have been, and what cannot be known."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from routing.effects import Because, Considered, Reason
from routing.ids import CallId, DeviceId, HandsetId, SignalId, StaffId
from routing.plan import CallType, Priority, Rule
from routing.state import Call


class Missing(StrEnum):
    """Why a stretch of the past cannot be reconstructed."""

    HUB_DOWN = "hub_down"
    BROKER_AWAY = "broker_away"
    BRIDGE_AWAY = "bridge_away"
    DEVICE_SILENT = "device_silent"
    NOT_IN_USE = "not_in_use"
    NO_DEVICE = "no_device"
    PAUSED = "paused"
    """The version in use was paused by itself: the draft might have been, too."""
    ERASED = "erased"
    LOST = "lost"
    NO_JOURNAL = "no_journal"


@dataclass(frozen=True, slots=True)
class Stretch:
    """`[since, until)` in which what is shown may be wrong, and why."""

    since: datetime
    until: datetime
    why: Missing
    what: str = ""
    """The device or bridge, where it is one."""


@dataclass(frozen=True, slots=True)
class Load:
    """Somebody who would have been rung, and what they had on their hands then."""

    staff: StaffId
    handset: HandsetId
    reason: Reason
    """Why this person."""
    carries: tuple[CallId, ...]
    """Open calls taken by them, or at which they are present."""
    rings: tuple[CallId, ...]
    """Open calls that rang on their telephone already."""


@dataclass(frozen=True, slots=True)
class WouldCall:
    """One call of the rehearsed rule."""

    at: datetime
    since: datetime
    """From when its condition held."""
    signal: SignalId | None
    type: CallType
    priority: Priority
    joins: CallId | None
    """The patient's open call that it would have joined; None: a call of its own."""
    rung: tuple[Load, ...]
    passed: tuple[Considered, ...]
    channels: tuple[str, ...]
    after: timedelta | None
    """Since the previous one of this list: it may have been one call still open."""
    uncertain: tuple[Missing, ...]
    because: Because


@dataclass(frozen=True, slots=True)
class Kept:
    """The condition came to hold and the rule would have stayed silent, and why."""

    at: datetime
    because: Because
    signal: SignalId

    @property
    def reason(self) -> Reason:
        """Return the reason alone."""
        return self.because.reason


@dataclass(frozen=True, slots=True)
class Rehearsed:
    """What the rule would have done, beside what happened."""

    rule: Rule
    since: datetime
    until: datetime
    calls: tuple[WouldCall, ...]
    silent: tuple[Kept, ...]
    missing: tuple[Stretch, ...]
    happened: tuple[Call, ...]
    """The patient's real calls, as they were at the end."""
    problems: tuple[str, ...]
    """What keeps the rule from being active today."""
    unsupervised: tuple[DeviceId, ...]
    """Devices that it listens to and nobody would notice silent."""
    rows: int
    other_versions: tuple[str, ...]
    """Other cores that decided in this time; here today's decides."""
