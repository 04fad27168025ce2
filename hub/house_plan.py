"""From the house file's sections to the plan (without names) and to the names."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from hub.house_file import (
    WITHIN_A_UNIT,
    DevicePart,
    LadderPart,
    PlacePart,
    PolicyPart,
    RulePart,
    Sections,
    ShiftPart,
    StayPart,
    StepPart,
    TemplatePart,
    TriggerPart,
    UsePart,
    WindowPart,
)
from hub.names import Name, Named, shorten
from routing.defaults import LADDERS, POLICIES
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
from routing.plan import (
    Alias,
    Assignment,
    Bed,
    Bridge,
    CallPolicy,
    CallType,
    Device,
    Handset,
    Ladder,
    PlaceBasis,
    Plan,
    Room,
    Rule,
    Rung,
    Shift,
    Staff,
    Stay,
    Target,
    TargetKind,
    Template,
    Trigger,
    Unit,
    Window,
)


def moment(written: datetime, zone: ZoneInfo) -> datetime:
    """Return a moment of the file as UTC; without an offset it is the house's local time.

    Raises:
        ValueError: the local time does not exist, or comes twice (clocks change): an offset is
            needed.
    """
    if written.tzinfo is not None:
        return written.astimezone(UTC)
    first, second = (written.replace(tzinfo=zone, fold=fold) for fold in (0, 1))
    if first.utcoffset() == second.utcoffset():
        return first.astimezone(UTC)
    back = first.astimezone(UTC).astimezone(zone).replace(tzinfo=None)
    what = "comes twice" if back == written else "does not exist"
    raise ValueError(
        f"{written:%Y-%m-%d %H:%M} {what} in {zone.key}: the clocks change that night; "
        f"write an offset, as in {first.isoformat(timespec='minutes')}"
    )


def _room(text: str | None) -> RoomId | None:
    return RoomId(text) if text else None


def _moment(written: datetime | None, zone: ZoneInfo) -> datetime | None:
    return moment(written, zone) if written else None


def _stay(patient: str, part: StayPart, zone: ZoneInfo) -> Stay:
    return Stay(
        patient=PatientId(patient),
        bed=BedId(part.bed),
        since=moment(part.since, zone),
        until=_moment(part.until, zone),
        offer=part.offer,
        profile=part.profile,
        isolation=part.isolation,
        goal=part.goal,
        note=part.note,
        assigned=tuple(StaffId(staff) for staff in part.assigned),
        backup=tuple(StaffId(staff) for staff in part.backup),
        practice_until=_moment(part.practice_until, zone),
        place=_place(part.place),
    )


def _place(part: PlacePart | None) -> PlaceBasis | None:
    if part is None:
        return None
    return PlaceBasis(part.basis, part.reference, part.decided_by, part.review_by)


def _device(name: str, part: DevicePart, zone: ZoneInfo) -> Device:
    return Device(
        id=DeviceId(name),
        bridge=BridgeId(part.bridge),
        native=part.native,
        model=part.model,
        device_class=part.device_class,
        life=part.life,
        expect_every=part.expect_every,
        proven_at=_moment(part.proven_at, zone),
        aliases=tuple(
            Alias(BridgeId(one.bridge or part.bridge), one.native) for one in part.aliases
        ),
    )


def _assignment(device: str, part: UsePart, zone: ZoneInfo) -> Assignment:
    return Assignment(
        device=DeviceId(device),
        purpose=part.purpose,
        since=moment(part.since, zone),
        until=_moment(part.until, zone),
        patient=PatientId(part.patient) if part.patient else None,
        room=_room(part.room),
    )


def target(text: str) -> Target:
    """Read `unit:nord` as a target; `competence:nurse@unit` is the call's own unit's."""
    word, _, value = text.partition(":")
    kind = TargetKind(word)
    if kind not in WITHIN_A_UNIT or "@" not in value:
        return Target(kind, value)
    what, _, where = value.partition("@")
    return Target(kind, what, UnitId(where.partition(":")[2]))


def _rung(part: StepPart) -> Rung:
    return Rung(tuple(target(text) for text in part.ring), part.patience)


def _ladder(name: str, part: LadderPart) -> Ladder:
    return Ladder(
        id=LadderId(name),
        rungs=tuple(_rung(step) for step in part.steps),
        failsafe=_rung(part.failsafe),
        responders=part.responders,
        version=part.version,
    )


def _policy(call_type: CallType, part: PolicyPart | None) -> CallPolicy:
    default = POLICIES[call_type]
    if part is None:
        return default
    return CallPolicy(
        type=call_type,
        priority=default.priority if part.priority is None else part.priority,
        ladder=LadderId(part.ladder) if part.ladder else default.ladder,
        arrive_within=part.arrive_within or default.arrive_within,
        respond_within=part.respond_within or default.respond_within,
        close_competence=(
            default.close_competence if part.close_competence is None else part.close_competence
        ),
        cancel_in_room=(
            default.cancel_in_room if part.cancel_in_room is None else part.cancel_in_room
        ),
        present_within=_present_within(part.present_within, default.present_within),
    )


def _present_within(written: timedelta | None, default: timedelta | None) -> timedelta | None:
    """Read how long until whoever is there is asked; `0s` says never, nothing the default."""
    if written is None:
        return default
    return written or None


def _trigger(part: TriggerPart) -> Trigger:
    device = DeviceId(part.device) if part.device else None
    return Trigger(part.kind, device, _room(part.room), part.within)


def template(name: str, part: TemplatePart) -> Template:
    """Return a template as the plan has it."""
    return Template(
        id=TemplateId(name),
        version=part.version,
        title=part.title,
        routine=part.routine,
        triggers=_triggers(part.triggers),
        call_type=part.call_type,
        combine=part.combine,
        unless=_triggers(part.unless),
        window=_window(part.window),
        delay=part.delay,
        priority=part.priority,
        ends_by_itself=part.ends_by_itself,
        text=part.text,
        least_intrusive=part.least_intrusive,
    )


def _triggers(parts: list[TriggerPart] | None) -> tuple[Trigger, ...] | None:
    return None if parts is None else tuple(_trigger(part) for part in parts)


def _window(part: WindowPart | None) -> Window | None:
    return None if part is None else Window(part.since, part.until, tuple(part.weekdays))


def rule(name: str, part: RulePart, zone: ZoneInfo) -> Rule:
    """Return a rule as the plan has it."""
    return Rule(
        id=RuleId(name),
        version=part.version,
        patient=PatientId(part.patient),
        need=part.need,
        triggers=tuple(_trigger(trigger) for trigger in part.triggers),
        call_type=part.call_type,
        state=part.state,
        combine=part.combine,
        unless=tuple(_trigger(trigger) for trigger in part.unless),
        window=_window(part.window),
        delay=part.delay,
        priority=part.priority,
        ladder=LadderId(part.ladder) if part.ladder else None,
        ends_by_itself=part.ends_by_itself,
        text=part.text,
        basis=part.basis,
        basis_reference=part.basis_reference,
        least_intrusive=part.least_intrusive,
        decided_by=part.decided_by,
        review_by=part.review_by,
        valid_from=_moment(part.valid_from, zone),
        valid_until=_moment(part.valid_until, zone),
        template=part.template,
        deviation=part.deviation,
    )


def _shift(name: str, part: ShiftPart) -> Shift:
    return Shift(
        name,
        Window(part.since, part.until, tuple(part.weekdays)),
        tuple(UnitId(unit) for unit in part.units),
        part.grace,
    )


def ladders_of(sections: Sections) -> dict[LadderId, Ladder]:
    """Return the default ladders with those of the file in their place or beside them."""
    own = {LadderId(name): _ladder(name, part) for name, part in sections.ladders.items()}
    return LADDERS | own


def plan_of(sections: Sections, version: int) -> Plan:
    """Make the plan of a checked file. It holds ids, no names."""
    zone = ZoneInfo(sections.house.timezone)
    rooms = {
        RoomId(name): Room(
            RoomId(name),
            UnitId(part.unit),
            part.number or name,
            part.kind,
            part.floor,
            _room(part.bathroom_of),
        )
        for name, part in sections.rooms.items()
    }
    return Plan(
        house=HouseId(sections.house.id),
        version=version,
        timezone=sections.house.timezone,
        units={UnitId(name): Unit(UnitId(name)) for name in sections.units},
        rooms=rooms,
        beds={
            BedId(bed): Bed(BedId(bed), RoomId(name))
            for name, part in sections.rooms.items()
            for bed in part.beds
        },
        stays=tuple(
            _stay(name, stay, zone)
            for name, part in sections.patients.items()
            for stay in part.stays
        ),
        bridges={
            BridgeId(name): Bridge(
                BridgeId(name), part.ecosystem, part.base_topic, part.expect_every
            )
            for name, part in sections.bridges.items()
        },
        devices={
            DeviceId(name): _device(name, part, zone) for name, part in sections.devices.items()
        },
        assignments=tuple(
            _assignment(name, use, zone)
            for name, part in sections.devices.items()
            for use in part.used
        ),
        staff={
            StaffId(name): Staff(
                StaffId(name),
                part.role,
                part.competence,
                tuple(UnitId(unit) for unit in part.units),
            )
            for name, part in sections.staff.items()
        },
        handsets={
            HandsetId(name): Handset(HandsetId(name), UnitId(part.unit) if part.unit else None)
            for name, part in sections.handsets.items()
        },
        ladders=ladders_of(sections),
        policies={kind: _policy(kind, sections.policies.get(kind)) for kind in CallType},
        rules=tuple(rule(name, part, zone) for name, part in sections.rules.items()),
        shifts=tuple(_shift(name, part) for name, part in sections.shifts.items()),
        templates=tuple(template(name, part) for name, part in sections.templates.items()),
    )


def names_of(sections: Sections) -> tuple[Name, ...]:
    """Return the rows for the table `people`."""
    house = sections.house
    rows = [Name(Named.HOUSE, house.id, house.name or house.id, house.name or house.id)]
    rows += [
        Name(Named.UNIT, name, part.name or name, part.name or name)
        for name, part in sections.units.items()
    ]
    rows += [
        Name(kind, name, part.name, part.short or shorten(part.name))
        for kind, parts in ((Named.STAFF, sections.staff), (Named.PATIENT, sections.patients))
        for name, part in parts.items()
    ]
    rows += [
        Name(Named.HANDSET, name, part.name or name, part.name or name)
        for name, part in sections.handsets.items()
    ]
    return tuple(rows)
