"""What can still change a decision, and nothing else. Frozen values in plain dicts.

A step copies only the dicts it changes; a failed step leaves the old state intact. Every dict
has a limit: closed calls 24 h, wearer history 7 days, one last operation per telephone and
person. Never iterate a set here: the order must be the same in every process.
"""

from dataclasses import dataclass, field
from datetime import datetime

from routing.calls import CallState
from routing.effects import Because, Reply
from routing.events import Certainty, HandsetState, Outcome, ReceiptKind, StoreState
from routing.ids import (
    BridgeId,
    CallId,
    DeviceId,
    HandsetId,
    OperationId,
    PatientId,
    RoomId,
    RuleId,
    SignalId,
    StaffId,
    UnitId,
)
from routing.plan import CallType, Ladder, Plan, Priority
from routing.readings import Availability


@dataclass(frozen=True, slots=True)
class Ringing:
    """One telephone that rings for a call, and how far that came."""

    staff: StaffId
    since: datetime
    receipt: ReceiptKind | None = None
    receipt_at: datetime | None = None
    again: int = 0
    because: Because | None = None
    missed: bool = False
    """No «ringing» receipt inside its limit: already acted upon."""


@dataclass(frozen=True, slots=True)
class Call:
    """A call for help, open or closed less than 24 h ago."""

    id: CallId
    type: CallType
    priority: Priority
    state: CallState
    opened_at: datetime
    ladder: Ladder
    because: Because
    """Why it exists: the reason it was opened, or last raised."""
    patient: PatientId | None = None
    possible: tuple[PatientId, ...] = ()
    """Both wearers, where a late signal's interval spans a change of wearer."""
    room: RoomId | None = None
    """Where help is needed, as best known."""
    unit: UnitId | None = None
    device: DeviceId | None = None
    bridge: BridgeId | None = None
    rule: RuleId | None = None
    fault: str = ""
    """Technical calls: what is wrong; also what one such call is joined by."""
    practice: bool = False
    late: bool = False
    happened_since: datetime | None = None
    """For a late call: it happened in [this, opened_at]."""
    presses: tuple[datetime, ...] = ()
    """Help presses that belong to it, newest last, at most 20; `pressed` counts them all."""
    pressed: int = 0
    signals: tuple[SignalId, ...] = ()
    """The last signals that opened or joined it, at most 20."""
    rung: int = 0
    """Index into the ladder's rungs; len(rungs) is the failsafe."""
    round: int = 0
    """How many times the failsafe has rung, since it was opened or made a more serious one."""
    notices: int = 0
    """How many times channels were asked: each time has a number of its own, or the outbox
    would take it for one that was sent before."""
    climbs_at: datetime | None = None
    """When the next rung is due. Never None while ringing."""
    ringing: dict[HandsetId, Ringing] = field(default_factory=dict[HandsetId, Ringing])
    told: tuple[HandsetId, ...] = ()
    """Telephones that were ever rung for it: they see who took it."""
    declined: tuple[StaffId, ...] = ()
    asked_by: StaffId | None = None
    """Staff who asked for help from a telephone: not rung for it, may end it."""
    operation: OperationId | None = None
    """The operation that opened it, so that a tap sent twice opens one call."""
    owner: StaffId | None = None
    owner_handset: HandsetId | None = None
    taken_at: datetime | None = None
    arrive_by: datetime | None = None
    responders: tuple[StaffId, ...] = ()
    """Others who took an emergency too."""
    beside_by: datetime | None = None
    """When those who come beside others, and are not there, count no more."""
    offered_to: StaffId | None = None
    """Handed over to, not yet taken by."""
    present: tuple[StaffId, ...] = ()
    present_at: datetime | None = None
    ask_at: datetime | None = None
    """While somebody is there: when they are asked whether it is done, then when it opens."""
    reminded: bool = False
    rang_at: datetime | None = None
    """First «ringing» receipt from any telephone."""
    reopened: int = 0
    closed_at: datetime | None = None
    closed_by: StaffId | None = None
    outcome: Outcome | None = None


@dataclass(frozen=True, slots=True)
class HandsetNow:
    """A telephone as the core knows it."""

    state: HandsetState = HandsetState.SIGNED_OFF
    since: datetime | None = None
    staff: StaffId | None = None
    units: tuple[UnitId, ...] = ()
    signed_in: datetime | None = None
    """When this person took it: tells who came for the new shift."""
    reasons: tuple[str, ...] = ()
    last_operation: OperationId | None = None
    last_ok: bool = True
    last_reply: Reply | None = None
    """The answer to `last_operation`: the same operation gets the same answer."""


@dataclass(frozen=True, slots=True)
class Level:
    """Last known level of one kind of reading (`bed`, `motion`, `door`, `help`)."""

    value: str
    since: datetime


@dataclass(frozen=True, slots=True)
class DeviceNow:
    """What is remembered of one device: edges and duplicates are found here."""

    levels: dict[str, Level] = field(default_factory=dict[str, Level])
    keys: dict[str, datetime] = field(default_factory=dict[str, datetime])
    """Duplicate keys seen and until when they count, at most 16."""
    last_heard: datetime | None = None
    availability: Availability = Availability.UNKNOWN
    silent: bool = False
    battery_percent: float | None = None
    problems: int = 0
    watched_since: datetime | None = None
    """When supervision began: a device that never spoke is silent too, counted from here."""
    session: str = ""
    number: int = 0
    """The latest that was said, by the device's own counting; no session: it does not count."""


@dataclass(frozen=True, slots=True)
class LastPlace:
    """Where a tag was last heard, as recorded; `routing.whereabouts` says what it is worth."""

    room: RoomId
    certainty: Certainty
    since: datetime
    """In this room since."""
    seen_at: datetime
    """Last heard by any receiver."""
    nearby: tuple[RoomId, ...] = ()
    before: tuple[RoomId, ...] = ()
    """The rooms before this one, newest first, at most three: where to look next."""


@dataclass(frozen=True, slots=True)
class BridgeNow:
    """A bridge as last heard."""

    online: bool | None = None
    since: datetime | None = None
    last_heard: datetime | None = None


@dataclass(frozen=True, slots=True)
class Waiting:
    """A rule whose condition holds and whose delay is running."""

    since: datetime
    due: datetime
    signal: SignalId | None = None
    step: int = 0
    """For conditions in order: how many have been met."""


@dataclass(frozen=True, slots=True)
class Pause:
    """A bounded pause: owner, reason, end."""

    patient: PatientId
    rule: RuleId | None
    until: datetime
    by: StaffId
    reason: str


@dataclass(frozen=True, slots=True)
class State:
    """One care house, now."""

    plan: Plan
    epoch: int = 0
    next_call: int = 1
    now: datetime | None = None
    """Latest `now` a step was given: it never goes back."""
    calls: dict[CallId, Call] = field(default_factory=dict[CallId, Call])
    """Open calls, and those closed in the last 24 h."""
    handsets: dict[HandsetId, HandsetNow] = field(default_factory=dict[HandsetId, HandsetNow])
    devices: dict[DeviceId, DeviceNow] = field(default_factory=dict[DeviceId, DeviceNow])
    bridges: dict[BridgeId, BridgeNow] = field(default_factory=dict[BridgeId, BridgeNow])
    waiting: dict[RuleId, Waiting] = field(default_factory=dict[RuleId, Waiting])
    pauses: tuple[Pause, ...] = ()
    listening_until: datetime | None = None
    """After a start: telephones keep their last state until then."""
    broker_up: bool = True
    store: StoreState = StoreState.RECORDED
    open: tuple[CallId, ...] = ()
    """The calls that are not closed, oldest first: what most decisions walk."""
    due: datetime | None = None
    """Earliest deadline of calls, rules and pauses; derived, kept so that nothing walks."""
    watch_at: datetime | None = None
    """When supervision must look again; never later than the first silence that is due."""
    grace_until: datetime | None = None
    """After the broker came back, last wills and retained states storm in: judged then."""
    cover_at: datetime | None = None
    """When coverage must be looked at: a telephone, the plan or a stay has changed."""
    shift_at: datetime | None = None
    """When planned shifts must be looked at."""
    proofs: dict[DeviceId, datetime] = field(default_factory=dict[DeviceId, datetime])
    """Devices whose real alarm is provoked now, and until when it proves them."""
    places: dict[DeviceId, LastPlace] = field(default_factory=dict[DeviceId, LastPlace])
    """Where tags were last heard: only of those whose place may be known, at most 12 h."""


def is_open(call: Call) -> bool:
    """Tell whether somebody still has to do something about it."""
    return call.state is not CallState.CLOSED
