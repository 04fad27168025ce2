"""The plan: what the house has decided. Immutable, versioned, without personal names.

An edit makes a new plan with the next version and enters the core as `PlanAdopted`. Collections
are tuples (in the house file's order) or dicts by id; a call keeps the ladder it started with.
"""

from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from enum import IntEnum, StrEnum

from routing.ids import (
    BedId,
    BridgeId,
    DeviceId,
    HandsetId,
    HouseId,
    LadderId,
    PatientId,
    RoomId,
    RuleId,
    StaffId,
    TemplateId,
    UnitId,
)
from routing.readings import DeviceClass


class Priority(IntEnum):
    """Lower rings first. On the page: nødanrop, haster, viktig, vanlig (UX 4.2)."""

    EMERGENCY = 0
    URGENT = 1
    IMPORTANT = 2
    ROUTINE = 3


class CallType(StrEnum):
    """What kind of help is asked for; DOMAIN section 7's default table has one row for each."""

    EMERGENCY = "emergency"
    ASSIST = "assist"
    BATHROOM = "bathroom"
    PATIENT = "patient"
    BED_EXIT = "bed_exit"
    MOTION = "motion"
    WANDER = "wander"
    DOOR = "door"
    INACTIVITY = "inactivity"
    FALL_SUSPECTED = "fall_suspected"
    FALL_CONFIRMED = "fall_confirmed"
    TECHNICAL = "technical"
    INFORMATION = "information"


class Role(StrEnum):
    """What an account may do (least rights); what a person can do is `Competence`."""

    CARER = "carer"
    STUDENT = "student"
    NURSE = "nurse"
    TECHNICIAN = "technician"
    LEADER = "leader"


class Competence(IntEnum):
    """Ordered: who covers a level covers those below. A student never carries a call alone."""

    STUDENT = 0
    ASSISTANT = 1
    HEALTH_WORKER = 2
    NURSE = 3


class RoomKind(StrEnum):
    """What a room is for."""

    BEDROOM = "bedroom"
    BATHROOM = "bathroom"
    CORRIDOR = "corridor"
    COMMON = "common"
    STAFF = "staff"
    OUTSIDE = "outside"


class DeviceLife(StrEnum):
    """`proposed` by discovery, `active` after a proof press, `suspect` still rings.

    `cleaning`: between two patients; the next one's proof press makes it active again.
    """

    PROPOSED = "proposed"
    ACTIVE = "active"
    SUSPECT = "suspect"
    CLEANING = "cleaning"
    REPAIR = "repair"
    RETIRED = "retired"


class Purpose(StrEnum):
    """What an assignment is for."""

    HELP = "help"
    BED = "bed"
    ROOM = "room"
    DOOR = "door"
    STAFF = "staff"
    RECEIVER = "receiver"
    """Hears tags, or is a beacon that they hear: they are in the room where it stands."""


class AlarmOffer(StrEnum):
    """The wrist alarm is offered (quality standard 3.3.5); the answer is recorded."""

    NOT_OFFERED = "not_offered"
    OFFERED = "offered"
    ACCEPTED = "accepted"
    DECLINED = "declined"
    RETURNED = "returned"


class Profile(StrEnum):
    """How the stay is lived: `end_of_life` softens tones and stops sensors, never presses."""

    ARRIVAL = "arrival"
    ORDINARY = "ordinary"
    FAMILY_PRESENT = "family_present"
    END_OF_LIFE = "end_of_life"
    OUT = "out"


class Basis(StrEnum):
    """Legal basis of a rule (DOMAIN section 5)."""

    CONSENT = "consent"
    DECISION_4_6A = "decision_4_6a"
    CHAPTER_4A = "chapter_4a"
    STAFF_ONLY = "staff_only"


class RuleState(StrEnum):
    """A trial rule runs silently; a suspended one waits for who must decide."""

    DRAFT = "draft"
    TRIAL = "trial"
    ACTIVE = "active"
    PAUSED = "paused"
    SUSPENDED = "suspended"
    ENDED = "ended"


class TargetKind(StrEnum):
    """Who a rung rings."""

    ASSIGNED = "assigned"
    BACKUP = "backup"
    UNIT = "unit"
    HOUSE = "house"
    COMPETENCE = "competence"
    ROLE = "role"
    STAFF = "staff"
    CHANNEL = "channel"


@dataclass(frozen=True, slots=True)
class Unit:
    """A ward (avdeling)."""

    id: UnitId


@dataclass(frozen=True, slots=True)
class Room:
    """A room; `number` is what stands on the door and on the handset."""

    id: RoomId
    unit: UnitId
    number: str
    kind: RoomKind = RoomKind.BEDROOM
    floor: str = ""
    bathroom_of: RoomId | None = None


@dataclass(frozen=True, slots=True)
class Bed:
    """A bed place in a room."""

    id: BedId
    room: RoomId


@dataclass(frozen=True, slots=True)
class PlaceBasis:
    """On which legal basis a patient's place is followed, and when that is reviewed.

    Without one the place is known only while a call of the patient's is open (DOMAIN 5).
    """

    basis: Basis
    reference: str = ""
    decided_by: str = ""
    review_by: date | None = None


@dataclass(frozen=True, slots=True)
class Stay:
    """A patient's stay: in which bed, `[since, until)`, and how it is lived."""

    patient: PatientId
    bed: BedId
    since: datetime
    until: datetime | None = None
    offer: AlarmOffer = AlarmOffer.NOT_OFFERED
    profile: Profile = Profile.ORDINARY
    isolation: str = ""
    """What to put on before entering (DOMAIN 6.9), empty if nothing."""
    goal: str = ""
    """«Hva er viktig for deg?», in the patient's words."""
    note: str = ""
    """Two lines that the person who comes must know, without a name."""
    assigned: tuple[StaffId, ...] = ()
    backup: tuple[StaffId, ...] = ()
    practice_until: datetime | None = None
    """Presses before this are practice (øvelse): the real way, marked, out of the figures."""
    place: PlaceBasis | None = None
    """None: the patient's place is not followed, and known only while a call is open."""


@dataclass(frozen=True, slots=True)
class Bridge:
    """What carries devices to us, and the topic it speaks under."""

    id: BridgeId
    ecosystem: str
    """`zigbee2mqtt`, `chirpstack`, … : names a codec in `devices`."""
    base_topic: str
    expect_every: timedelta | None = None
    """Longest silence that is not a fault; None: only its own state topic tells."""


@dataclass(frozen=True, slots=True)
class Alias:
    """Another id that the same device shows itself under (DEVICES L3)."""

    bridge: BridgeId
    native: str


@dataclass(frozen=True, slots=True)
class Device:
    """A device as enrolled. Whose it is stands in `Assignment`."""

    id: DeviceId
    bridge: BridgeId
    native: str
    """The ecosystem's own stable id: ieee address, DevEUI, MAC."""
    model: str
    device_class: DeviceClass
    life: DeviceLife = DeviceLife.ACTIVE
    expect_every: timedelta | None = None
    """Longest silence that is not a fault. None: not supervised, and shown as that."""
    proven_at: datetime | None = None
    aliases: tuple[Alias, ...] = ()


@dataclass(frozen=True, slots=True)
class Assignment:
    """Whose a device is, `[since, until)`: a wearable's patient, a fixed device's room."""

    device: DeviceId
    purpose: Purpose
    since: datetime
    until: datetime | None = None
    patient: PatientId | None = None
    room: RoomId | None = None


@dataclass(frozen=True, slots=True)
class Staff:
    """Somebody who works here."""

    id: StaffId
    role: Role
    competence: Competence
    units: tuple[UnitId, ...]


@dataclass(frozen=True, slots=True)
class Handset:
    """An enrolled telephone."""

    id: HandsetId
    unit: UnitId | None = None


@dataclass(frozen=True, slots=True)
class Target:
    """One kind of receiver; `value` names the unit, competence, role, person or channel.

    An empty value means the call's own: its unit, its patient's carers. A competence or role
    may be asked for within one unit; None: in the whole house.
    """

    kind: TargetKind
    value: str = ""
    unit: UnitId | None = None
    """`UnitId("")`: the call's own unit."""


@dataclass(frozen=True, slots=True)
class Rung:
    """A step of the ladder: who rings, and how long until the next step."""

    targets: tuple[Target, ...]
    patience: timedelta


@dataclass(frozen=True, slots=True)
class Ladder:
    """Steps, then a failsafe that repeats until a person acts. It never just ends."""

    id: LadderId
    rungs: tuple[Rung, ...]
    failsafe: Rung
    responders: int = 1
    """How many must take it (emergency: more than one)."""
    version: int = 1


@dataclass(frozen=True, slots=True)
class CallPolicy:
    """What the house decided for one call type (DOMAIN section 7's table is the default)."""

    type: CallType
    priority: Priority
    ladder: LadderId
    arrive_within: timedelta
    """Taken but not arrived inside this: rings again (UX 4.3: P1 2 min, P2 5, P3 10)."""
    respond_within: timedelta
    """Target for taken - registered, used by the figures only."""
    close_competence: Competence = Competence.ASSISTANT
    cancel_in_room: bool = False
    """Closed only by somebody who says to be in that room (bathroom calls)."""
    present_within: timedelta | None = None
    """Somebody there this long is asked whether it is done, and then it opens again."""


@dataclass(frozen=True, slots=True)
class Window:
    """Local time of day, across midnight when `until <= since`; weekday of the start, Mon=0."""

    since: time
    until: time
    weekdays: tuple[int, ...] = (0, 1, 2, 3, 4, 5, 6)


@dataclass(frozen=True, slots=True)
class Shift:
    """A planned shift: who begins it signs in, at the latest `grace` after its start."""

    id: str
    window: Window
    units: tuple[UnitId, ...] = ()
    """Empty: every unit of the house."""
    grace: timedelta = timedelta(minutes=15)


class TriggerKind(StrEnum):
    """What a rule listens for."""

    BED_EXIT = "bed_exit"
    MOTION = "motion"
    DOOR_OPEN = "door_open"
    NO_MOTION = "no_motion"
    FALL = "fall"
    PRESENCE = "presence"
    PRESS = "press"


@dataclass(frozen=True, slots=True)
class Trigger:
    """One condition. `device` or `room` narrow it; by default the patient's own devices."""

    kind: TriggerKind
    device: DeviceId | None = None
    room: RoomId | None = None
    within: timedelta | None = None
    """For conditions combined in order: after the previous one, inside this."""


class Combine(StrEnum):
    """How a rule's triggers belong together."""

    ANY = "any"
    ALL = "all"
    IN_ORDER = "in_order"


@dataclass(frozen=True, slots=True)
class Rule:
    """A patient's own sensor rule: why, what, when, who, on which legal basis, until when.

    A rule without basis and review date cannot be active: `problems` says so at every door.
    """

    id: RuleId
    version: int
    patient: PatientId
    need: str
    """Why, in the patient's words."""
    triggers: tuple[Trigger, ...]
    call_type: CallType
    state: RuleState
    combine: Combine = Combine.ANY
    unless: tuple[Trigger, ...] = ()
    """Not when one of these holds now (e.g. presence of somebody)."""
    window: Window | None = None
    delay: timedelta = timedelta(0)
    """Rings only if it still holds after this: «ikke tilbake innen …»."""
    priority: Priority | None = None
    ladder: LadderId | None = None
    ends_by_itself: bool = False
    """The signal itself closes the call (back in bed), logged."""
    text: str = ""
    """Short line for the handset, no name."""
    basis: Basis | None = None
    basis_reference: str = ""
    least_intrusive: str = ""
    decided_by: str = ""
    review_by: date | None = None
    valid_from: datetime | None = None
    valid_until: datetime | None = None
    template: str = ""
    """`ID@VERSION` of the shared template it was made from, empty if none."""
    deviation: str = ""
    """Why it differs from its template."""

    def problems(self) -> tuple[str, ...]:
        """Say what keeps this rule from being active, empty if nothing does."""
        found: list[str] = []
        if self.state in (RuleState.ACTIVE, RuleState.TRIAL):
            if self.basis is None:
                found.append("no legal basis: record consent or decision first")
            if self.review_by is None:
                found.append("no review date: set one, 4 weeks ahead is usual, 12 at most")
        if not self.triggers:
            found.append("listens for nothing: give at least one trigger")
        return tuple(found)


@dataclass(frozen=True, slots=True)
class Template:
    """What rules of several patients and houses have in common. None: left to each rule.

    A rule names it with its version; where the rule differs it says why (`Rule.deviation`).
    """

    id: TemplateId
    version: int
    title: str = ""
    routine: str = ""
    """The routine's id where the municipality keeps its routines."""
    triggers: tuple[Trigger, ...] | None = None
    call_type: CallType | None = None
    combine: Combine | None = None
    unless: tuple[Trigger, ...] | None = None
    window: Window | None = None
    delay: timedelta | None = None
    priority: Priority | None = None
    ends_by_itself: bool | None = None
    text: str | None = None
    least_intrusive: str | None = None


@dataclass(frozen=True, slots=True)
class Plan:
    """Everything the house decided, at one version."""

    house: HouseId
    version: int
    timezone: str
    units: dict[UnitId, Unit] = field(default_factory=dict[UnitId, Unit])
    rooms: dict[RoomId, Room] = field(default_factory=dict[RoomId, Room])
    beds: dict[BedId, Bed] = field(default_factory=dict[BedId, Bed])
    stays: tuple[Stay, ...] = ()
    bridges: dict[BridgeId, Bridge] = field(default_factory=dict[BridgeId, Bridge])
    devices: dict[DeviceId, Device] = field(default_factory=dict[DeviceId, Device])
    assignments: tuple[Assignment, ...] = ()
    staff: dict[StaffId, Staff] = field(default_factory=dict[StaffId, Staff])
    handsets: dict[HandsetId, Handset] = field(default_factory=dict[HandsetId, Handset])
    ladders: dict[LadderId, Ladder] = field(default_factory=dict[LadderId, Ladder])
    policies: dict[CallType, CallPolicy] = field(default_factory=dict[CallType, CallPolicy])
    rules: tuple[Rule, ...] = ()
    shifts: tuple[Shift, ...] = ()
    templates: tuple[Template, ...] = ()
