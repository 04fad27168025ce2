"""What a plan says, arranged by question, so that a signal costs look-ups and no searches.

Derived from the plan and never stored: `index_of` builds it once per plan value and remembers
the last few (a process has a few dozen houses). A step never changes it.
"""

import re
from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

from routing.ids import BridgeId, DeviceId, PatientId, RoomId, RuleId, UnitId
from routing.plan import (
    Assignment,
    Plan,
    Purpose,
    Room,
    Rule,
    RuleState,
    Stay,
    Trigger,
)

_REMEMBERED = 256
"""Plans kept: more houses than one process has, each with the version before an edit."""


@dataclass(frozen=True, slots=True)
class Index:
    """One plan, by question."""

    plan: Plan
    zone: ZoneInfo
    assignments: dict[DeviceId, tuple[Assignment, ...]]
    stays_of: dict[PatientId, tuple[Stay, ...]]
    stays_in: dict[RoomId, tuple[Stay, ...]]
    rules: dict[RuleId, Rule]
    rules_for: dict[DeviceId, tuple[Rule, ...]]
    """Rules that could listen to this device at some time; time is judged per signal."""
    devices_for: dict[RuleId, tuple[DeviceId, ...]]
    worn_by: dict[PatientId, tuple[Assignment, ...]]
    receivers: dict[tuple[BridgeId | None, str], DeviceId | None]
    """Receivers by (bridge, address), and by (None, address): None where that is two."""


_built: dict[int, Index] = {}


def index_of(plan: Plan) -> Index:
    """Return the plan by question; built on first use, a pure function of the plan."""
    found = _built.get(id(plan))
    # The kept index holds its plan, so the id cannot have been given to another one.
    if found is not None and found.plan is plan:
        return found
    while len(_built) >= _REMEMBERED:
        del _built[next(iter(_built))]
    built = _build(plan)
    _built[id(plan)] = built
    return built


def holds_at(since: datetime, until: datetime | None, first: datetime, last: datetime) -> bool:
    """Tell whether `[since, until)` touches the interval `[first, last]`."""
    return since <= last and (until is None or first < until)


def room_of(plan: Plan, stay: Stay) -> Room | None:
    """Return the room of a stay's bed."""
    bed = plan.beds.get(stay.bed)
    return None if bed is None else plan.rooms.get(bed.room)


def stay_at(index: Index, patient: PatientId | None, at: datetime) -> Stay | None:
    """Return where a patient stayed at a time."""
    if patient is None:
        return None
    for stay in index.stays_of.get(patient, ()):
        if holds_at(stay.since, stay.until, at, at):
            return stay
    return None


def stays_in_room(
    index: Index, room: RoomId | None, first: datetime, last: datetime
) -> tuple[Stay, ...]:
    """Return who stayed in a room, or in the bedroom that a bathroom belongs to."""
    if room is None:
        return ()
    found = index.plan.rooms.get(room)
    if found is not None and found.bathroom_of is not None:
        room = found.bathroom_of
    return tuple(
        stay
        for stay in index.stays_in.get(room, ())
        if holds_at(stay.since, stay.until, first, last)
    )


def unit_of(plan: Plan, room: RoomId | None) -> UnitId | None:
    """Return the unit a room belongs to."""
    found = None if room is None else plan.rooms.get(room)
    return None if found is None else found.unit


def _build(plan: Plan) -> Index:
    assignments: dict[DeviceId, tuple[Assignment, ...]] = {}
    worn_by: dict[PatientId, tuple[Assignment, ...]] = {}
    for assignment in plan.assignments:
        before = assignments.get(assignment.device, ())
        assignments[assignment.device] = (*before, assignment)
        if assignment.patient is not None and assignment.room is None:
            worn = worn_by.get(assignment.patient, ())
            worn_by[assignment.patient] = (*worn, assignment)
    stays_of: dict[PatientId, tuple[Stay, ...]] = {}
    stays_in: dict[RoomId, tuple[Stay, ...]] = {}
    for stay in plan.stays:
        stays_of[stay.patient] = (*stays_of.get(stay.patient, ()), stay)
        room = room_of(plan, stay)
        if room is not None:
            stays_in[room.id] = (*stays_in.get(room.id, ()), stay)
    rules_for: dict[DeviceId, tuple[Rule, ...]] = {}
    devices_for: dict[RuleId, tuple[DeviceId, ...]] = {}
    for rule in plan.rules:
        if rule.state not in (RuleState.ACTIVE, RuleState.TRIAL) or rule.problems():
            continue
        mine = _devices_of(plan, rule, stays_of.get(rule.patient, ()))
        devices_for[rule.id] = mine
        for device in mine:
            rules_for[device] = (*rules_for.get(device, ()), rule)
    return Index(
        plan,
        ZoneInfo(plan.timezone),
        assignments,
        stays_of,
        stays_in,
        {rule.id: rule for rule in plan.rules},
        rules_for,
        devices_for,
        worn_by,
        _receivers(plan),
    )


_ADDRESS = re.compile(r"(?:[0-9a-f]{2}[:-]?){5}[0-9a-f]{2}")


def address_of(locator: str) -> str:
    """Return a receiver's name as it is compared: `AA:BB…` is `aabb…`, `ble:` is left out."""
    text = locator.lower().removeprefix("ble:")
    return text.replace(":", "").replace("-", "") if _ADDRESS.fullmatch(text) else text


def _receivers(plan: Plan) -> dict[tuple[BridgeId | None, str], DeviceId | None]:
    found: dict[tuple[BridgeId | None, str], DeviceId | None] = {}
    used = {one.device: None for one in plan.assignments if one.purpose is Purpose.RECEIVER}
    for device_id in used:
        device = plan.devices.get(device_id)
        if device is None:
            continue
        known = (
            (device.bridge, device.native),
            *((a.bridge, a.native) for a in device.aliases),
        )
        for bridge, native in known:
            address = address_of(native)
            found[bridge, address] = device_id
            alone = found.get((None, address), device_id) == device_id
            found[None, address] = device_id if alone else None
    return found


def _devices_of(plan: Plan, rule: Rule, stays: tuple[Stay, ...]) -> tuple[DeviceId, ...]:
    """Return every device that a trigger of the rule could ever mean, in the plan's order."""
    rooms = tuple(room.id for stay in stays if (room := room_of(plan, stay)) is not None)
    found: dict[DeviceId, None] = {}
    for trigger in (*rule.triggers, *rule.unless):
        if trigger.device is not None:
            found[trigger.device] = None
            continue
        for assignment in plan.assignments:
            if listens(plan, trigger, assignment, rule.patient, rooms):
                found[assignment.device] = None
    return tuple(found)


def listens(
    plan: Plan,
    trigger: Trigger,
    assignment: Assignment,
    patient: PatientId,
    rooms: tuple[RoomId, ...],
) -> bool:
    """Tell whether a trigger means the device of this assignment.

    A named room, or by default the patient's own: worn or assigned to the patient, or standing
    in the patient's room or its bathroom without being another patient's. A trigger that names
    its device needs no question.
    """
    if trigger.room is not None:
        return assignment.room == trigger.room
    if assignment.patient is not None:
        return assignment.patient == patient
    if assignment.room is None or assignment.purpose in (Purpose.STAFF, Purpose.RECEIVER):
        return False
    room = plan.rooms.get(assignment.room)
    own = None if room is None else room.bathroom_of
    return assignment.room in rooms or own in rooms
