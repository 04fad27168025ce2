"""Solvik, the small house of the tests: two units, four patients, and what stands where."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, date, datetime

from routing.ids import (
    BedId,
    BridgeId,
    DeviceId,
    HandsetId,
    HouseId,
    PatientId,
    RoomId,
    RuleId,
    StaffId,
    UnitId,
)
from routing.plan import (
    Assignment,
    Basis,
    Bed,
    Bridge,
    CallType,
    Competence,
    Device,
    DeviceClass,
    Handset,
    Plan,
    Purpose,
    Role,
    Room,
    RoomKind,
    Rule,
    RuleState,
    Staff,
    Stay,
    Trigger,
    TriggerKind,
    Unit,
)

LONG_AGO = datetime(2026, 10, 1, tzinfo=UTC)

_LIFE: dict[str, tuple[str, str]] = {
    "wrist-ola": ("ola", ""),
    "wrist-kari": ("kari", ""),
    "bed-ola": ("ola", "204"),
    "pir-204": ("", "204"),
    "door-204": ("", "204"),
    "radar-204": ("", "204"),
    "cord-204": ("", "bath-204"),
    "cord-301": ("", "301"),
    "wrist-spare": ("", ""),
    "locator-hall": ("", "hall"),
}
_ALARMS = ("wrist-ola", "wrist-kari", "cord-204", "cord-301", "wrist-spare")


def solvik() -> Plan:
    """Two units: on `a` Ola (204) and Kari (205), on `b` two people in room 301."""
    rooms = {
        "204": Room(RoomId("204"), UnitId("a"), "204"),
        "205": Room(RoomId("205"), UnitId("a"), "205"),
        "bath-204": Room(
            RoomId("bath-204"), UnitId("a"), "204", RoomKind.BATHROOM, bathroom_of=RoomId("204")
        ),
        "hall": Room(RoomId("hall"), UnitId("a"), "gang", RoomKind.CORRIDOR),
        "301": Room(RoomId("301"), UnitId("b"), "301"),
    }
    beds = {"204": "204", "205": "205", "301a": "301", "301b": "301"}
    return Plan(
        house=HouseId("solvik"),
        version=1,
        timezone="Europe/Oslo",
        units={UnitId(unit): Unit(UnitId(unit)) for unit in ("a", "b")},
        rooms={room.id: room for room in rooms.values()},
        beds={BedId(bed): Bed(BedId(bed), RoomId(room)) for bed, room in beds.items()},
        stays=(
            _stay("ola", "204", assigned=("anne",), backup=("per",)),
            _stay("kari", "205", assigned=("per",), backup=("anne",)),
            _stay("nils", "301a", assigned=("omar",)),
            _stay("gro", "301b", assigned=("lise",)),
        ),
        bridges={BridgeId("zigbee"): Bridge(BridgeId("zigbee"), "zigbee2mqtt", "z2m")},
        devices={
            DeviceId(name): Device(
                DeviceId(name),
                BridgeId("zigbee"),
                f"0x{name}",
                "test/model",
                DeviceClass.ALARM if name in _ALARMS else DeviceClass.SAFETY,
            )
            for name in _LIFE
        },
        assignments=tuple(
            Assignment(
                DeviceId(name),
                Purpose.HELP if name in _ALARMS else Purpose.ROOM,
                LONG_AGO,
                patient=PatientId(patient) if patient else None,
                room=RoomId(room) if room else None,
            )
            for name, (patient, room) in _LIFE.items()
            if patient or room
        ),
        staff={
            one.id: one
            for one in (
                _staff("anne", "a"),
                _staff("per", "a"),
                _staff("eva", "a", competence=Competence.ASSISTANT),
                _staff("stud", "a", role=Role.STUDENT, competence=Competence.STUDENT),
                _staff("omar", "b"),
                _staff("lise", "b", role=Role.NURSE, competence=Competence.NURSE),
                _staff("tore", "a", "b", role=Role.TECHNICIAN, competence=Competence.ASSISTANT),
            )
        },
        handsets={HandsetId(f"h{n}"): Handset(HandsetId(f"h{n}")) for n in range(7)},
    )


def _stay(
    patient: str, bed: str, assigned: Sequence[str] = (), backup: Sequence[str] = ()
) -> Stay:
    return Stay(
        PatientId(patient),
        BedId(bed),
        LONG_AGO,
        assigned=tuple(StaffId(one) for one in assigned),
        backup=tuple(StaffId(one) for one in backup),
    )


def _staff(
    name: str,
    *units: str,
    role: Role = Role.CARER,
    competence: Competence = Competence.HEALTH_WORKER,
) -> Staff:
    return Staff(StaffId(name), role, competence, tuple(UnitId(unit) for unit in units))


def with_stay(plan: Plan, patient: str, **changes: object) -> Plan:
    """Change one patient's stay."""
    stays = tuple(
        replace(stay, **changes) if stay.patient == patient else stay  # type: ignore[arg-type]
        for stay in plan.stays
    )
    return replace(plan, stays=stays)


def with_device(plan: Plan, device: str, **changes: object) -> Plan:
    """Change one device."""
    now = replace(plan.devices[DeviceId(device)], **changes)  # type: ignore[arg-type]
    return replace(plan, devices={**plan.devices, now.id: now})


def rule(name: str = "r1", *triggers: TriggerKind | Trigger, **changes: object) -> Rule:
    """Make an active rule of Ola's, with basis and review date; bed exit unless told else."""
    made = Rule(
        id=RuleId(name),
        version=1,
        patient=PatientId("ola"),
        need="vil ikke ligge på gulvet",
        triggers=tuple(
            one if isinstance(one, Trigger) else Trigger(one)
            for one in (triggers or (TriggerKind.BED_EXIT,))
        ),
        call_type=CallType.BED_EXIT,
        state=RuleState.ACTIVE,
        basis=Basis.CONSENT,
        review_by=date(2026, 12, 1),
    )
    return replace(made, **changes)  # type: ignore[arg-type]


def with_rules(*rules: Rule, plan: Plan | None = None) -> Plan:
    """Give the house these rules."""
    return replace(plan or solvik(), rules=rules)
