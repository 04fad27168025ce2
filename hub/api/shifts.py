"""Who is at work now, with which telephone; planned shifts, and a change-over nobody came to.

Who may help whom is decided by `routing`; where nobody would hear is GET /coverage. Employees
are shown as they are now, to those who plan the shift: no history, no figures of a person.
"""

from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from fastapi import APIRouter
from pydantic import BaseModel, Field

from hub.api import frames
from hub.api.wiring import Hub, TheHub, TheSession
from hub.auth import Session
from hub.names import Names
from routing.draft import covers
from routing.events import HandsetState
from routing.plan import Competence, Plan, Role, Shift
from routing.state import State, is_open
from routing.technical import CHANGE_OVER
from routing.windows import began, opens_after

routes = APIRouter(prefix="/api/v1", tags=["duty"])


class OnDuty(BaseModel):
    """Somebody signed in on a telephone."""

    staff: str
    name: str
    role: Role | None = Field(description="null: no longer in the plan")
    competence: Competence | None
    units: list[str] = Field(description="names; empty: the person's own")
    handset: str
    handset_name: str
    state: HandsetState
    reasons: list[str]
    signed_in: datetime | None
    doing: frames.Doing
    room: str | None


class OffDuty(BaseModel):
    """Somebody who works here and is not signed in."""

    staff: str
    name: str
    role: Role
    competence: Competence
    units: list[str]


class UnitNow(BaseModel):
    """A unit, and how many would hear there."""

    unit: str
    name: str
    signed_in: int
    ready: int = Field(description="of them, with a telephone that is ready")
    nurses: int = Field(description="of the ready ones, with a nurse's competence")


class ShiftNow(BaseModel):
    """A planned shift."""

    id: str
    since: str = Field(description="local time of day, HH:MM")
    until: str
    weekdays: list[int] = Field(description="on which it begins, Monday is 0")
    units: list[str] = Field(description="names; empty: the whole house")
    grace_s: float
    began: datetime | None = Field(description="null: it is not on now")
    next: datetime | None


class Missed(BaseModel):
    """A shift that has begun and to which nobody came: the old one stays responsible."""

    unit: str
    name: str
    shift: str
    since: datetime | None
    call: str


class Shifts(BaseModel):
    """Who is at work, and who should be."""

    now: datetime
    on_duty: list[OnDuty]
    off_duty: list[OffDuty]
    phones_free: list[str] = Field(description="names of telephones nobody is signed in on")
    units: list[UnitNow]
    shifts: list[ShiftNow]
    missed: list[Missed]


@routes.get("/shifts")
async def shifts(session: TheSession, hub: TheHub) -> Shifts:
    """Return who is on duty with which telephone, and how the planned shifts stand."""
    state, names, now = hub.engines[session.house].state, _names(hub, session), hub.clock.now()
    people = _on_duty(hub, session)
    here = {one.staff for one in people}
    return Shifts(
        now=now,
        on_duty=people,
        off_duty=_off_duty(state.plan, names, here),
        phones_free=[
            names.handset(one)
            for one in state.plan.handsets
            if (known := state.handsets.get(one)) is None or known.staff is None
        ],
        units=_units(state, names),
        shifts=[_shift(one, state.plan, names, now) for one in state.plan.shifts],
        missed=_missed(state, names),
    )


def _names(hub: Hub, session: Session) -> Names:
    return hub.names[session.house]


def _on_duty(hub: Hub, session: Session) -> list[OnDuty]:
    state, names = hub.engines[session.house].state, _names(hub, session)
    doing = {one.id: one for one in hub.gateway.colleagues(session.house)}
    found: list[OnDuty] = []
    for handset, now in state.handsets.items():
        if now.staff is None:
            continue
        person, face = state.plan.staff.get(now.staff), doing.get(now.staff)
        found.append(
            OnDuty(
                staff=now.staff,
                name=names.staff(now.staff),
                role=person.role if person else None,
                competence=person.competence if person else None,
                units=[names.unit(unit) for unit in now.units],
                handset=handset,
                handset_name=names.handset(handset),
                state=now.state,
                reasons=list(now.reasons),
                signed_in=now.signed_in,
                doing=face.doing if face else frames.Doing.NO_CONTACT,
                room=face.room if face else None,
            )
        )
    return sorted(found, key=lambda one: (one.name, one.handset))


def _off_duty(plan: Plan, names: Names, here: set[str]) -> list[OffDuty]:
    found = [
        OffDuty(
            staff=one.id,
            name=names.staff(one.id),
            role=one.role,
            competence=one.competence,
            units=[names.unit(unit) for unit in one.units],
        )
        for one in plan.staff.values()
        if one.id not in here
    ]
    return sorted(found, key=lambda one: one.name)


def _units(state: State, names: Names) -> list[UnitNow]:
    found: list[UnitNow] = []
    for unit in state.plan.units:
        mine = [
            (now, person)
            for now in state.handsets.values()
            if now.staff is not None
            and (person := state.plan.staff.get(now.staff)) is not None
            and covers(state.plan, now, unit)
        ]
        ready = [person for now, person in mine if now.state is HandsetState.READY]
        found.append(
            UnitNow(
                unit=unit,
                name=names.unit(unit),
                signed_in=len(mine),
                ready=len(ready),
                nurses=sum(person.competence >= Competence.NURSE for person in ready),
            )
        )
    return found


def _shift(shift: Shift, plan: Plan, names: Names, now: datetime) -> ShiftNow:
    zone = ZoneInfo(plan.timezone)
    return ShiftNow(
        id=shift.id,
        since=f"{shift.window.since:%H:%M}",
        until=f"{shift.window.until:%H:%M}",
        weekdays=list(shift.window.weekdays),
        units=[names.unit(unit) for unit in shift.units],
        grace_s=shift.grace / timedelta(seconds=1),
        began=began(shift.window, now, zone),
        next=opens_after(shift.window, now, zone),
    )


def _missed(state: State, names: Names) -> list[Missed]:
    """Return the open technical calls that say so: the core looked, this only reads."""
    found: list[Missed] = []
    for call in state.calls.values():
        if not is_open(call) or call.fault != CHANGE_OVER or call.unit is None:
            continue
        known = dict(call.because.facts)
        unit, since = call.unit, known.get("since")
        found.append(
            Missed(
                unit=unit,
                name=names.unit(unit),
                shift=known.get("shift", ""),
                since=datetime.fromisoformat(since) if since else None,
                call=call.id,
            )
        )
    return found
