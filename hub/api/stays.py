"""Stays: the wrist alarm's offer and answer, how the stay is lived, a move, a discharge."""

from datetime import datetime
from typing import Annotated, Any

from fastapi import APIRouter
from pydantic import AwareDatetime, BaseModel, ConfigDict, Field

from hub.api.patients import own_units
from hub.api.problems import ApiProblem, no_such, store_away
from hub.api.reading import note_reading
from hub.api.rule_refusals import stopping
from hub.api.wiring import Hub, TheHub, TheSession
from hub.auth import Session
from hub.engine import EngineStopped
from hub.house_check import names_in
from hub.names import Named
from hub.stay_edits import (
    Change,
    StayRefused,
    discharged,
    left_over,
    lived,
    moved,
    stay_now,
)
from hub.store.rows import StoreDown
from routing.ids import BedId, PatientId
from routing.index import room_of
from routing.plan import AlarmOffer, Plan, Profile, Stay

routes = APIRouter(prefix="/api/v1/patients", tags=["patients"])

Words = Annotated[str, Field(max_length=500)]
Staff = Annotated[list[str], Field(max_length=20)]


class StayChange(BaseModel):
    """What is to be otherwise; what is left out stays as it is."""

    model_config = ConfigDict(extra="forbid")

    offer: AlarmOffer | None = Field(default=None, description="the wrist alarm")
    profile: Profile | None = None
    goal: Words | None = Field(default=None, description="«Hva er viktig for deg?»")
    note: Words | None = None
    isolation: Annotated[str, Field(max_length=120)] | None = None
    assigned: Staff | None = None
    backup: Staff | None = None
    practice_until: AwareDatetime | None = Field(
        default=None, description="presses until then are practice (øvelse); null ends it"
    )


class Moving(BaseModel):
    """Where to."""

    bed: str


class StayAnswer(BaseModel):
    """A stay as it is lived now, or as it ended."""

    patient: str
    name: str
    bed: str
    since: datetime
    until: datetime | None
    offer: AlarmOffer
    profile: Profile
    goal: str
    note: str
    isolation: str
    assigned: list[str]
    backup: list[str]
    practice_until: datetime | None


class DischargeAnswer(BaseModel):
    """What a discharge ended, and what is to be collected."""

    stay: StayAnswer
    rules_ended: list[str]
    to_return: list[str] = Field(
        description="devices: collect, clean, and prove them before the next patient"
    )


@routes.get("/{patient}/stay")
async def stay(patient: str, session: TheSession, hub: TheHub) -> StayAnswer:
    """Return how somebody stays here now."""
    found = _mine(hub, session, patient)
    await note_reading(hub, session, "stay", [patient])
    return _answer(hub, session, found)


@routes.patch("/{patient}/stay")
async def change_stay(
    patient: str, change: StayChange, session: TheSession, hub: TheHub
) -> StayAnswer:
    """Change how the stay is lived: it holds at once."""
    _mine(hub, session, patient)
    asked = {name: getattr(change, name) for name in change.model_fields_set}
    asked = {n: v for n, v in asked.items() if v is not None or n == "practice_until"}
    _no_names(hub, session, patient, asked)
    values: dict[str, Any] = {
        name: tuple(value) if isinstance(value, list) else value
        for name, value in asked.items()
    }
    now = hub.clock.now()
    plan = await _edit(hub, session, lambda: lived(PatientId(patient), now, values))
    await note_reading(hub, session, f"stay: {', '.join(asked)}"[:80], [patient])
    return _answer(hub, session, _stay(plan, patient, now))


@routes.post("/{patient}/move")
async def move(patient: str, to: Moving, session: TheSession, hub: TheHub) -> StayAnswer:
    """Move to a free bed, in one step; what is worn follows, what stands in the room stays."""
    _mine(hub, session, patient)
    now = hub.clock.now()
    plan = await _edit(hub, session, lambda: moved(PatientId(patient), BedId(to.bed), now))
    await note_reading(hub, session, "move", [patient])
    return _answer(hub, session, _stay(plan, patient, now))


@routes.post("/{patient}/discharge")
async def discharge(patient: str, session: TheSession, hub: TheHub) -> DischargeAnswer:
    """End the stay: its rules end at once; says which devices are to be returned."""
    before = _mine(hub, session, patient)
    now = hub.clock.now()
    left = left_over(hub.engines[session.house].state.plan, PatientId(patient), now)
    plan = await _edit(hub, session, lambda: discharged(PatientId(patient), now))
    await note_reading(hub, session, "discharge", [patient])
    after = next(
        one for one in plan.stays if one.patient == patient and one.since == before.since
    )
    return DischargeAnswer(
        stay=_answer(hub, session, after),
        rules_ended=list(left.rules_ended),
        to_return=list(left.to_return),
    )


async def _edit(hub: Hub, session: Session, change: Any) -> Plan:
    try:
        made: Change = change()
        return (await hub.houses.edit(session.house, made, session.staff)).plan
    except StayRefused as error:
        raise _refused(error) from error
    except StoreDown as error:
        raise store_away(str(error)) from error
    except EngineStopped as error:
        raise stopping() from error


def _refused(error: StayRefused) -> ApiProblem:
    return ApiProblem(
        422,
        "stay-refused",
        "Not possible",
        str(error),
        do=error.do,
        code=error.code,
        params=error.params,
    )


def _stay(plan: Plan, patient: str, now: datetime) -> Stay:
    return stay_now(plan, PatientId(patient), now)


def _mine(hub: Hub, session: Session, patient: str) -> Stay:
    """Return the stay of somebody in the caller's units; others do not exist for them."""
    plan = hub.engines[session.house].state.plan
    try:
        found = _stay(plan, patient, hub.clock.now())
    except StayRefused as error:
        raise no_such("patient", patient, do=error.do) from error
    room = room_of(plan, found)
    if room is None or room.unit not in own_units(hub, session):
        raise no_such("patient", patient, do="see GET /api/v1/patients for yours")
    return found


def _no_names(hub: Hub, session: Session, patient: str, asked: dict[str, Any]) -> None:
    """The plan and the journal hold no names, so the patient's own may not stand in a text."""
    name = hub.names[session.house].full(Named.PATIENT, patient)
    for field in ("goal", "note", "isolation"):
        for word in names_in(str(asked.get(field) or ""), name):
            why = f"`{field}` holds the name '{word}': plan and journal keep no names"
            refused = StayRefused(
                why, "say «pasienten»", "stay-names-somebody", field=field, word=word
            )
            raise _refused(refused)


def _answer(hub: Hub, session: Session, stay: Stay) -> StayAnswer:
    return StayAnswer(
        patient=stay.patient,
        name=hub.names[session.house].patient(stay.patient),
        bed=stay.bed,
        since=stay.since,
        until=stay.until,
        offer=stay.offer,
        profile=stay.profile,
        goal=stay.goal,
        note=stay.note,
        isolation=stay.isolation,
        assigned=list(stay.assigned),
        backup=list(stay.backup),
        practice_until=stay.practice_until,
    )
