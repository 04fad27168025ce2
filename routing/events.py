"""What happened. Everything the core learns enters as one of these, by one door (`step`).

`readings` holds what a codec understood of one device message; the shell wraps them in
`SignalReceived` with what it alone knows (delivery, lane, when contact was last). Events say
nothing of `now`: that is an argument of `step`, given by the shell's clock.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

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
from routing.plan import Plan
from routing.readings import DeviceTime, Reading

# --- Signals: readings as the shell received them ---------------------------------------------


@dataclass(frozen=True, slots=True)
class Delivery:
    """How the message reached us. `dup` is not trusted (DEVICES D4)."""

    qos: int = 1
    retained: bool = False
    dup: bool = False
    packet: int = 0
    """The broker's packet id, 0 where unknown. The same id again with `dup` is one message."""
    backlog_since: datetime | None = None
    """Set for a message from before the lane's marker: it happened in [this, now]."""
    history: bool = False
    """The device itself says that this is stored history (`20 ce`)."""


@dataclass(frozen=True, slots=True)
class SignalReceived:
    """One device message, understood. The same `key` inside its window is the same message."""

    signal: SignalId
    device: DeviceId
    readings: tuple[Reading, ...]
    key: str = ""
    """Duplicate key, from the codec: (DevEUI, DevAddr, fCnt, payload) or a content hash."""
    key_window: timedelta = timedelta(seconds=2)
    device_time: DeviceTime = DeviceTime()  # noqa: RUF009 - frozen
    delivery: Delivery = Delivery()
    source: str = ""
    """Which of several copies of one press this is: `state`, `action`, `ha` (DEVICES D2)."""
    test: bool = False
    """Simulated or test traffic: never a call (DEVICES S1)."""
    session: str = ""
    """Inside one session (a join, a boot) a higher `number` was said later (DEVICES T4)."""
    number: int = 0


@dataclass(frozen=True, slots=True)
class SignalQuarantined:
    """A message that could not be understood; its bytes lie in quarantine under `signal`.

    `device` is set when the sender is known: an alarm device's nonsense is a technical call.
    """

    signal: SignalId
    topic: str
    why: str
    device: DeviceId | None = None
    bridge: BridgeId | None = None


@dataclass(frozen=True, slots=True)
class DevicesHeard:
    """Gathered signs of life: each device and when it was last heard (DESIGN section 3)."""

    heard: tuple[tuple[DeviceId, datetime], ...]
    readings: tuple[tuple[DeviceId, tuple[Reading, ...]], ...] = ()
    """Last battery and link readings of the interval, which raise nothing by themselves."""
    counted: int = 0
    """How many messages this stands for; the ledger books them as `unchanged`."""


class Certainty(StrEnum):
    """How sure it is that a tag is in a room. Never a position (DEVICES L4)."""

    CERTAIN = "certain"
    LIKELY = "likely"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class Placing:
    """The receivers' word on one tag: the room, how sure, and when it was last heard."""

    device: DeviceId
    room: RoomId
    certainty: Certainty
    at: datetime
    nearby: tuple[RoomId, ...] = ()
    """Other rooms that heard it, strongest first, at most two."""


@dataclass(frozen=True, slots=True)
class TagsPlaced:
    """Gathered sightings: tags that changed room or certainty, and those heard as before.

    Only of those whose place may be known. Sightings themselves are never kept.
    """

    placed: tuple[Placing, ...] = ()
    seen: tuple[tuple[DeviceId, datetime], ...] = ()


@dataclass(frozen=True, slots=True)
class BridgeChanged:
    """A bridge (or gateway) says online or offline, or its last will did."""

    bridge: BridgeId
    online: bool
    detail: str = ""


# --- People and telephones --------------------------------------------------------------------


class HandsetState(StrEnum):
    """What a telephone can do now: klar, begrenset, stille, borte, logget av (UX 2.2)."""

    READY = "ready"
    LIMITED = "limited"
    QUIET = "quiet"
    GONE = "gone"
    SIGNED_OFF = "signed_off"


@dataclass(frozen=True, slots=True)
class SignedIn:
    """A person took this telephone for the shift."""

    handset: HandsetId
    staff: StaffId
    units: tuple[UnitId, ...] = ()
    """The units taken responsibility for; empty: those of the person."""


@dataclass(frozen=True, slots=True)
class SignedOut:
    """The person put it down. Open calls they own come back."""

    handset: HandsetId
    staff: StaffId


@dataclass(frozen=True, slots=True)
class HandsetReported:
    """The gateway's judgement of a telephone changed."""

    handset: HandsetId
    state: HandsetState
    reasons: tuple[str, ...] = ()
    """`hidden`, `audio_off`, `low_battery`, `no_wake_lock`; `unheard` since a sign-in."""


class ReceiptKind(StrEnum):
    """How far a ring came on one telephone."""

    SENT = "sent"
    RECEIVED = "received"
    RINGING = "ringing"
    SEEN = "seen"


@dataclass(frozen=True, slots=True)
class ReceiptGiven:
    """A telephone says how far the ring came."""

    handset: HandsetId
    call: CallId
    kind: ReceiptKind


class Outcome(StrEnum):
    """What happened, in one tap (UX H4)."""

    HELPED = "helped"
    TOILET = "toilet"
    UNREST = "unrest"
    FALL = "fall"
    NOT_NEEDED = "not_needed"
    SENSOR_FAULT = "sensor_fault"
    FOOD_DRINK = "food_drink"
    SPOKE = "spoke"
    """Closed from elsewhere after a talk that really took place."""
    OTHER = "other"


@dataclass(frozen=True, slots=True)
class By:
    """Who acts, on which telephone, with which operation."""

    staff: StaffId
    handset: HandsetId | None
    operation: OperationId
    client_at: datetime | None = None
    sequence: int = 0


@dataclass(frozen=True, slots=True)
class CallTaken:
    """«Jeg tar den»."""

    call: CallId
    by: By


@dataclass(frozen=True, slots=True)
class CallDeclined:
    """«Kan ikke», with a reason code: busy, break, other_unit, none."""

    call: CallId
    by: By
    reason: str = ""


@dataclass(frozen=True, slots=True)
class CallHandedOver:
    """«Overfør»: stays with the giver until the receiver takes it."""

    call: CallId
    by: By
    to: StaffId


@dataclass(frozen=True, slots=True)
class Arrived:
    """«Jeg er hos pasienten»."""

    call: CallId
    by: By
    room: str = ""


@dataclass(frozen=True, slots=True)
class Left:
    """Left without closing: what is not done shows again."""

    call: CallId
    by: By


@dataclass(frozen=True, slots=True)
class CallClosed:
    """«Avslutt», with an outcome, by a person at the place or with a stated reason."""

    call: CallId
    by: By
    outcome: Outcome
    reason: str = ""


@dataclass(frozen=True, slots=True)
class TakeUndone:
    """«Angre» inside 5 s of «Jeg tar den»: the call rings again."""

    call: CallId
    by: By


@dataclass(frozen=True, slots=True)
class HelpAsked:
    """Staff ask for help from a telephone: assistance, or emergency to everyone."""

    by: By
    emergency: bool
    call: CallId | None = None
    room: str = ""


@dataclass(frozen=True, slots=True)
class PauseSet:
    """A bounded pause of a patient's sensor rules (or one rule). Presses are never paused."""

    by: By
    patient: PatientId
    until: datetime
    reason: str
    rule: RuleId | None = None


@dataclass(frozen=True, slots=True)
class PauseEnded:
    """Somebody ended a pause early."""

    by: By
    patient: PatientId
    rule: RuleId | None = None


# --- The house itself -------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Started:
    """The hub started: a new epoch, committed before anything else.

    Until `listening_until` telephones keep their last state: the gateway just began to listen.
    """

    epoch: int
    core_version: str
    tzdata_version: str
    listening_until: datetime


@dataclass(frozen=True, slots=True)
class PlanAdopted:
    """A new plan version holds from now."""

    plan: Plan
    by: StaffId | None = None


@dataclass(frozen=True, slots=True)
class ProofAsked:
    """Somebody stands by a device and provokes its real alarm: the first until then proves it.

    It is booked as practice and does not ring; anything else rings as usual.
    """

    device: DeviceId
    until: datetime
    by: StaffId | None = None


@dataclass(frozen=True, slots=True)
class BrokerChanged:
    """The hub lost or found its broker; `since` is the last contact."""

    up: bool
    since: datetime | None = None
    session_kept: bool = True


class StoreState(StrEnum):
    """Whether the journal can be written."""

    RECORDED = "recorded"
    UNRECORDED = "unrecorded"
    """Taps are confirmed but marked «ikke lagret»; inputs go to the spool file."""
    SPOOL_LOST = "spool_lost"


@dataclass(frozen=True, slots=True)
class StoreChanged:
    """The store became unreachable, or came back."""

    state: StoreState
    detail: str = ""


@dataclass(frozen=True, slots=True)
class ClockStepped:
    """The wall clock jumped by more than a second; `now` in the core never goes back."""

    by: timedelta


@dataclass(frozen=True, slots=True)
class FaultNoticed:
    """The shell noticed a fault of its own: QoS 0 from an alarm device, dropped messages."""

    code: str
    detail: str
    device: DeviceId | None = None
    bridge: BridgeId | None = None


@dataclass(frozen=True, slots=True)
class FaultMended:
    """The same fault is over."""

    code: str
    device: DeviceId | None = None
    bridge: BridgeId | None = None


@dataclass(frozen=True, slots=True)
class TimePassed:
    """A deadline of the state is due: nothing else happened."""


Tap = (
    CallTaken
    | CallDeclined
    | CallHandedOver
    | Arrived
    | Left
    | CallClosed
    | TakeUndone
    | HelpAsked
    | PauseSet
    | PauseEnded
)

Event = (
    SignalReceived
    | SignalQuarantined
    | DevicesHeard
    | TagsPlaced
    | BridgeChanged
    | SignedIn
    | SignedOut
    | HandsetReported
    | ReceiptGiven
    | Tap
    | Started
    | PlanAdopted
    | ProofAsked
    | BrokerChanged
    | StoreChanged
    | ClockStepped
    | FaultNoticed
    | FaultMended
    | TimePassed
)
