"""A small invented house in code, for tests and for nights without a house file.

Two units, as many rooms as asked for; rooms, people and devices are numbers, never names.
The ladders and call types follow DOMAIN section 7's default table.
"""

from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta

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
    UnitId,
)
from routing.plan import (
    AlarmOffer,
    Assignment,
    Basis,
    Bed,
    Bridge,
    CallPolicy,
    CallType,
    Competence,
    Device,
    Handset,
    Ladder,
    Plan,
    Priority,
    Purpose,
    Role,
    Room,
    RoomKind,
    Rule,
    RuleState,
    Rung,
    Staff,
    Stay,
    Target,
    TargetKind,
    Trigger,
    TriggerKind,
    Unit,
    Window,
)
from routing.readings import DeviceClass

BEGINNING = datetime(2026, 1, 1, tzinfo=UTC)
"""Every stay and assignment of the small house is older than any simulated night."""


def _s(seconds: int) -> timedelta:
    return timedelta(seconds=seconds)


def _targets(*kinds: TargetKind) -> tuple[Target, ...]:
    return tuple(Target(kind) for kind in kinds)


_NURSE = Target(TargetKind.COMPETENCE, Competence.NURSE.name.lower())
_UNIT = Rung(_targets(TargetKind.UNIT), _s(60))
_HOUSE = Rung(_targets(TargetKind.HOUSE), _s(120))
_FAILSAFE = Rung((*_targets(TargetKind.HOUSE), _NURSE), _s(60))


def _ladders() -> dict[LadderId, Ladder]:
    press = (Rung(_targets(TargetKind.ASSIGNED, TargetKind.BACKUP), _s(60)), _UNIT, _HOUSE)
    urgent = (Rung(_targets(TargetKind.UNIT), _s(30)), Rung(_targets(TargetKind.HOUSE), _s(30)))
    everyone = (Rung(_targets(TargetKind.HOUSE), _s(30)),)
    technical = (
        Rung(_targets(TargetKind.UNIT), _s(300)),
        Rung(_targets(TargetKind.HOUSE), _s(300)),
    )
    made = (
        Ladder(LadderId("press"), press, _FAILSAFE),
        Ladder(LadderId("urgent"), urgent, _FAILSAFE),
        Ladder(LadderId("everyone"), everyone, _FAILSAFE, responders=2),
        Ladder(LadderId("technical"), technical, replace(_FAILSAFE, patience=_s(600))),
    )
    return {ladder.id: ladder for ladder in made}


_ARRIVE = {
    Priority.EMERGENCY: 120,
    Priority.URGENT: 120,
    Priority.IMPORTANT: 300,
    Priority.ROUTINE: 600,
}


def _policies() -> dict[CallType, CallPolicy]:
    table = (
        (CallType.EMERGENCY, Priority.EMERGENCY, "everyone"),
        (CallType.ASSIST, Priority.URGENT, "urgent"),
        (CallType.BATHROOM, Priority.URGENT, "urgent"),
        (CallType.PATIENT, Priority.IMPORTANT, "press"),
        (CallType.BED_EXIT, Priority.IMPORTANT, "press"),
        (CallType.MOTION, Priority.IMPORTANT, "press"),
        (CallType.WANDER, Priority.URGENT, "urgent"),
        (CallType.DOOR, Priority.URGENT, "urgent"),
        (CallType.INACTIVITY, Priority.IMPORTANT, "press"),
        (CallType.FALL_SUSPECTED, Priority.URGENT, "urgent"),
        (CallType.FALL_CONFIRMED, Priority.URGENT, "urgent"),
        (CallType.TECHNICAL, Priority.IMPORTANT, "technical"),
        (CallType.INFORMATION, Priority.ROUTINE, "technical"),
    )
    return {
        kind: CallPolicy(
            type=kind,
            priority=priority,
            ladder=LadderId(ladder),
            arrive_within=_s(_ARRIVE[priority]),
            respond_within=_s(180),
            close_competence=Competence.NURSE
            if kind is CallType.FALL_CONFIRMED
            else Competence.ASSISTANT,
            cancel_in_room=kind is CallType.BATHROOM,
        )
        for kind, priority, ladder in table
    }


Z2M = BridgeId("z2m-1")
CHIRP = BridgeId("chirpstack-1")


def _room_devices(index: int) -> tuple[tuple[Device, Purpose], ...]:
    """Every room: wrist alarm and motion; every second a bed sensor and a door.

    Every fourth has a fall radar, and its movement and door speak LoRaWAN.
    """

    def zigbee(kind: str, model: str, klass: DeviceClass, every_s: int) -> Device:
        native = f"0x{0xA4C138000000 + index * 16 + len(kind):016x}"
        return Device(
            DeviceId(f"{kind}-{index}"), Z2M, native, model, klass, expect_every=_s(every_s)
        )

    def lorawan(kind: str, model: str, klass: DeviceClass) -> Device:
        eui = f"24e1245{len(kind):x}5b{index:06x}"
        return Device(
            DeviceId(f"{kind}-{index}"), CHIRP, eui, model, klass, expect_every=_s(3600)
        )

    far = index % 4 == 2
    found: list[tuple[Device, Purpose]] = []
    if index % 4 == 0:
        wrist = lorawan("wrist", "milesight/ws101", DeviceClass.ALARM)
    else:
        wrist = zigbee("wrist", "z2m/alarm-button", DeviceClass.ALARM, 3600)
    found.append((wrist, Purpose.HELP))
    pir = zigbee("pir", "z2m/motion", DeviceClass.COMFORT, 3600)
    if far:
        pir = lorawan("pir", "milesight/ws202", DeviceClass.COMFORT)
    found.append((pir, Purpose.ROOM))
    if index % 2 == 0:
        found.append((zigbee("bed", "z2m/bed", DeviceClass.SAFETY, 1800), Purpose.BED))
        door = zigbee("door", "z2m/door", DeviceClass.COMFORT, 3600)
        if far:
            door = lorawan("door", "milesight/ws301", DeviceClass.COMFORT)
        found.append((door, Purpose.DOOR))
    if far:
        radar = zigbee("fall-radar", "z2m/fall-radar", DeviceClass.SAFETY, 1800)
        found.append((radar, Purpose.ROOM))
    return tuple(found)


_NIGHT_HOURS = Window(time(22), time(7))


def _rules(index: int) -> tuple[Rule, ...]:
    patient = PatientId(f"patient-{index}")
    if index % 4 == 2:
        return (_fall_rule(index, patient),)
    if index % 4 != 0:
        return ()
    out = Rule(
        id=RuleId(f"bed-{index}"),
        version=1,
        patient=patient,
        need="Jeg vil ikke ligge på gulvet til noen kommer på runde.",
        triggers=(Trigger(TriggerKind.BED_EXIT),),
        call_type=CallType.BED_EXIT,
        state=RuleState.ACTIVE,
        window=_NIGHT_HOURS,
        delay=_s(600),
        ends_by_itself=index % 8 == 0,
        basis=Basis.CONSENT,
        basis_reference="sak 1",
        decided_by="nurse-1",
        review_by=date(2030, 1, 1),
    )
    if index % 8 != 0:
        return (out,)
    door = replace(
        out,
        id=RuleId(f"door-{index}"),
        triggers=(Trigger(TriggerKind.DOOR_OPEN),),
        call_type=CallType.WANDER,
        delay=_s(0),
        ends_by_itself=False,
    )
    return (out, door)


def _fall_rule(index: int, patient: PatientId) -> Rule:
    return Rule(
        id=RuleId(f"fall-{index}"),
        version=1,
        patient=patient,
        need="Jeg vil bli funnet hvis jeg faller og ikke når alarmen.",
        triggers=(Trigger(TriggerKind.FALL),),
        call_type=CallType.FALL_SUSPECTED,
        state=RuleState.ACTIVE,
        basis=Basis.CONSENT,
        basis_reference="sak 3",
        decided_by="nurse-1",
        review_by=date(2030, 1, 1),
    )


def _staff(per_unit: int) -> tuple[Staff, ...]:
    found: list[Staff] = []
    for unit in ("unit-1", "unit-2"):
        mine = (UnitId(unit),)
        for index in range(per_unit):
            level = Competence.ASSISTANT if index % 2 else Competence.HEALTH_WORKER
            found.append(Staff(StaffId(f"carer-{unit}-{index}"), Role.CARER, level, mine))
    both = (UnitId("unit-1"), UnitId("unit-2"))
    found += [
        Staff(StaffId(f"nurse-{i}"), Role.NURSE, Competence.NURSE, both) for i in (1, 2, 3)
    ]
    found.append(
        Staff(StaffId("student-1"), Role.STUDENT, Competence.STUDENT, (UnitId("unit-1"),))
    )
    return tuple(found)


def small_house(rooms: int = 12, carers_per_unit: int = 6, handsets: int = 10) -> Plan:
    """Return a house of two units with one patient in each of `rooms` rooms."""
    plan = Plan(
        house=HouseId("small"),
        version=1,
        timezone="Europe/Oslo",
        units={UnitId(u): Unit(UnitId(u)) for u in ("unit-1", "unit-2")},
        bridges={
            Z2M: Bridge(Z2M, "zigbee2mqtt", "zigbee2mqtt"),
            CHIRP: Bridge(CHIRP, "chirpstack", "application", expect_every=_s(3600)),
        },
        ladders=_ladders(),
        policies=_policies(),
    )
    staff = _staff(carers_per_unit)
    plan.staff.update({person.id: person for person in staff})
    for index in range(handsets):
        unit = UnitId(f"unit-{index % 2 + 1}")
        handset = HandsetId(f"handset-{index + 1}")
        plan.handsets[handset] = Handset(handset, unit)
    stays: list[Stay] = []
    assignments: list[Assignment] = []
    rules: list[Rule] = []
    for index in range(rooms):
        unit = UnitId(f"unit-{index % 2 + 1}")
        room, bed = RoomId(f"room-{index}"), BedId(f"bed-{index}")
        patient = PatientId(f"patient-{index}")
        plan.rooms[room] = Room(room, unit, str(101 + index))
        plan.beds[bed] = Bed(bed, room)
        carers = tuple(p.id for p in staff if p.role is Role.CARER and unit in p.units)
        stays.append(
            Stay(
                patient,
                bed,
                BEGINNING,
                offer=AlarmOffer.ACCEPTED,
                assigned=(carers[index % len(carers)],),
                backup=(carers[(index + 1) % len(carers)],),
            )
        )
        for device, purpose in _room_devices(index):
            plan.devices[device.id] = device
            worn = purpose is Purpose.HELP
            assignments.append(
                Assignment(
                    device.id,
                    purpose,
                    BEGINNING,
                    patient=patient if worn else None,
                    room=None if worn else room,
                )
            )
        rules += _rules(index)
    corridor = RoomId("corridor-1")
    plan.rooms[corridor] = Room(corridor, UnitId("unit-1"), "gang", RoomKind.CORRIDOR)
    return replace(plan, stays=tuple(stays), assignments=tuple(assignments), rules=tuple(rules))
