"""Who stays here now, for whoever plans the day: the alarm's answer, the goal, what is worn.

Beside them: which beds are free, who may be named as carer, and what still has to be collected
from those who left.
"""

from collections.abc import Iterator
from datetime import datetime, timedelta

from fastapi import APIRouter
from pydantic import BaseModel, Field

from hub.api.patients import own_units
from hub.api.reading import note_reading
from hub.api.wiring import Hub, TheHub, TheSession
from hub.auth import Session
from hub.enrolment import IDLE, worn_now
from hub.names import Names
from routing.ids import PatientId, UnitId
from routing.index import holds_at, room_of
from routing.plan import (
    AlarmOffer,
    Plan,
    Profile,
    Purpose,
    Role,
    Room,
    RuleState,
    Stay,
)

routes = APIRouter(prefix="/api/v1", tags=["patients"])

LEFT_WITHIN = timedelta(days=30)
"""Devices of somebody who left longer ago are on the list of devices only."""


class Person(BaseModel):
    """A colleague."""

    id: str
    name: str


class Worn(BaseModel):
    """A device that is the patient's now."""

    id: str
    purpose: Purpose


class StayRow(BaseModel):
    """One patient's stay as it is lived now."""

    patient: str
    name: str
    unit: str
    unit_name: str
    room: str
    bed: str
    since: datetime
    offer: AlarmOffer
    profile: Profile
    goal: str
    note: str
    isolation: str
    assigned: list[Person]
    backup: list[Person]
    practice_until: datetime | None
    devices: list[Worn]
    rules: int = Field(description="rules that have not ended")


class FreeBed(BaseModel):
    """A bed that nobody has now, nor is promised."""

    bed: str
    room: str
    unit: str
    unit_name: str


class LeftRow(BaseModel):
    """Somebody whose stay ended, and whose devices nobody has taken care of."""

    patient: str
    name: str
    room: str
    until: datetime
    to_return: list[str]


class Ward(BaseModel):
    """The stays of the caller's units; a leader sees the house."""

    now: datetime
    stays: list[StayRow]
    free_beds: list[FreeBed]
    carers: list[Person] = Field(description="who may be named as carer: no student")
    left: list[LeftRow]


@routes.get("/stays")
async def stays(session: TheSession, hub: TheHub) -> Ward:
    """Return who stays here now, and what a nurse needs to change that."""
    now, plan = hub.clock.now(), hub.engines[session.house].state.plan
    names, mine = hub.names[session.house], own_units(hub, session)
    worn = _worn(plan, now)
    here = [
        _row(plan, names, stay, room, worn.get(stay.patient, []))
        for stay, room in _here(plan, mine, now)
    ]
    here.sort(key=lambda one: (one.unit_name, one.room, one.bed))
    left = sorted(_left(plan, names, mine, now), key=lambda one: one.until, reverse=True)
    await note_reading(hub, session, "stays", [one.patient for one in (*here, *left)])
    return Ward(
        now=now,
        stays=here,
        free_beds=list(_free(plan, names, mine, now)),
        carers=_carers(hub, session),
        left=left,
    )


def _here(plan: Plan, units: tuple[UnitId, ...], now: datetime) -> Iterator[tuple[Stay, Room]]:
    for stay in plan.stays:
        room = room_of(plan, stay)
        if (
            holds_at(stay.since, stay.until, now, now)
            and room is not None
            and room.unit in units
        ):
            yield stay, room


def _worn(plan: Plan, now: datetime) -> dict[PatientId, list[Worn]]:
    found: dict[PatientId, list[Worn]] = {}
    for one in plan.assignments:
        mine = holds_at(one.since, one.until, now, now)
        if mine and one.patient is not None and one.device in plan.devices:
            found.setdefault(one.patient, []).append(Worn(id=one.device, purpose=one.purpose))
    return found


def _row(plan: Plan, names: Names, stay: Stay, room: Room, worn: list[Worn]) -> StayRow:
    def people(ids: tuple[str, ...]) -> list[Person]:
        return [Person(id=one, name=names.staff(one)) for one in ids]

    return StayRow(
        patient=stay.patient,
        name=names.patient(stay.patient),
        unit=room.unit,
        unit_name=names.unit(room.unit),
        room=room.number,
        bed=stay.bed,
        since=stay.since,
        offer=stay.offer,
        profile=stay.profile,
        goal=stay.goal,
        note=stay.note,
        isolation=stay.isolation,
        assigned=people(stay.assigned),
        backup=people(stay.backup),
        practice_until=stay.practice_until,
        devices=worn,
        rules=sum(
            rule.patient == stay.patient and rule.state is not RuleState.ENDED
            for rule in plan.rules
        ),
    )


def _free(
    plan: Plan, names: Names, units: tuple[UnitId, ...], now: datetime
) -> Iterator[FreeBed]:
    taken = {stay.bed for stay in plan.stays if stay.until is None or now < stay.until}
    for bed in plan.beds.values():
        room = plan.rooms.get(bed.room)
        if room is not None and bed.id not in taken and room.unit in units:
            yield FreeBed(
                bed=bed.id, room=room.number, unit=room.unit, unit_name=names.unit(room.unit)
            )


def _carers(hub: Hub, session: Session) -> list[Person]:
    plan, names = hub.engines[session.house].state.plan, hub.names[session.house]
    found = [
        Person(id=one.id, name=names.staff(one.id))
        for one in plan.staff.values()
        if one.role in (Role.CARER, Role.NURSE)
    ]
    return sorted(found, key=lambda one: one.name)


def _left(
    plan: Plan, names: Names, units: tuple[UnitId, ...], now: datetime
) -> Iterator[LeftRow]:
    here = {stay.patient for stay in plan.stays if stay.until is None or now < stay.until}
    for stay in plan.stays:
        room = room_of(plan, stay)
        gone = stay.until is not None and now - LEFT_WITHIN < stay.until <= now
        if not gone or stay.patient in here or room is None or room.unit not in units:
            continue
        assert stay.until is not None
        devices = _uncollected(plan, stay, now)
        if devices:
            yield LeftRow(
                patient=stay.patient,
                name=names.patient(stay.patient),
                room=room.number,
                until=stay.until,
                to_return=devices,
            )


def _uncollected(plan: Plan, stay: Stay, now: datetime) -> list[str]:
    """Return the devices that ended with the stay and that nobody has cleaned or given on."""
    return [
        one.device
        for one in plan.assignments
        if one.patient == stay.patient
        and one.until == stay.until
        and one.device in plan.devices
        and plan.devices[one.device].life not in IDLE
        and worn_now(plan, one.device, now) is None
    ]
