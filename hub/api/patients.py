"""The ward list: who stays where, with their rules in sentences. Need to know: own units."""

from datetime import date, datetime
from typing import Annotated

from fastapi import APIRouter, Query
from pydantic import BaseModel, Field

from hub.api.reading import note_reading
from hub.api.wiring import Hub, TheHub, TheSession
from hub.auth import Session
from hub.place_told import place_of
from hub.rule_sentences import rule_basis, rule_sentence
from routing.ids import UnitId
from routing.index import holds_at, room_of
from routing.plan import Profile, Role, Rule, RuleState, Stay
from routing.whereabouts import of_patient

WHO_GOES = frozenset({Role.CARER, Role.STUDENT, Role.NURSE})

routes = APIRouter(prefix="/api/v1", tags=["patients"])


class RuleAnswer(BaseModel):
    """One rule: what it does, on which basis, until when."""

    id: str
    version: int
    state: RuleState
    sentence: str
    basis: str
    review_by: date | None
    paused_until: datetime | None
    problems: list[str] = Field(description="what keeps it from being active")


class PlaceAnswer(BaseModel):
    """Where somebody was last heard; it grows old by its two limits, and is then unknown."""

    room: str | None = Field(description="as the door says it; null: never heard")
    seen_at: datetime | None
    certain_until: datetime | None = Field(description="null: only likely")
    known_until: datetime | None
    look: list[str] = Field(description="the next places to look")


class PatientAnswer(BaseModel):
    """Somebody who stays here now."""

    id: str
    name: str
    unit: str
    room: str
    bed: str
    since: datetime
    profile: Profile
    note: str
    isolation: str
    goal: str
    place: PlaceAnswer | None = Field(
        description="null where it may not be known: no legal basis, and no open call"
    )
    rules: list[RuleAnswer]


class Patients(BaseModel):
    """The ward list."""

    patients: list[PatientAnswer]


@routes.get("/patients")
async def patients(
    session: TheSession,
    hub: TheHub,
    unit: str | None = None,
    lang: Annotated[str, Query(pattern="^(nb|en)$")] = "nb",
) -> Patients:
    """Return who stays in the caller's units; a leader sees the house."""
    now, plan = hub.clock.now(), hub.engines[session.house].state.plan
    mine = own_units(hub, session)
    found: list[PatientAnswer] = []
    for stay in plan.stays:
        here = holds_at(stay.since, stay.until, now, now)
        room = room_of(plan, stay)
        if not here or room is None or room.unit not in mine:
            continue
        if unit is None or room.unit == unit:
            found.append(_patient(hub, session, stay, room.unit, room.number, lang))
    found.sort(key=lambda one: (one.unit, one.room, one.bed))
    await note_reading(hub, session, "patients", (one.id for one in found))
    return Patients(patients=found)


def own_units(hub: Hub, session: Session) -> tuple[UnitId, ...]:
    """Return the units this person needs to know about now."""
    state = hub.engines[session.house].state
    if session.role is Role.LEADER:
        return tuple(state.plan.units)
    now = state.handsets.get(session.handset) if session.handset else None
    if now is not None and now.units:
        return now.units
    known = state.plan.staff.get(session.staff)
    return known.units if known else ()


def _patient(
    hub: Hub, session: Session, stay: Stay, unit: str, room: str, lang: str
) -> PatientAnswer:
    names, plan = hub.names[session.house], hub.engines[session.house].state.plan
    rules = [rule for rule in plan.rules if rule.patient == stay.patient]
    return PatientAnswer(
        id=stay.patient,
        name=names.patient(stay.patient),
        unit=unit,
        room=room,
        bed=stay.bed,
        since=stay.since,
        profile=stay.profile,
        note=stay.note,
        isolation=stay.isolation,
        goal=stay.goal,
        place=_place(hub, session, stay, lang),
        rules=[_rule(hub, session, rule, lang) for rule in rules],
    )


def _place(hub: Hub, session: Session, stay: Stay, lang: str) -> PlaceAnswer | None:
    """Return where the patient is, to those who go there: a leader's figures need no place."""
    if session.role not in WHO_GOES:
        return None
    state = hub.engines[session.house].state
    seen = of_patient(state, stay.patient, hub.clock.now())
    if seen is None:
        return None
    told = place_of(seen, state.plan, "nb" if lang == "nb" else "en")
    return PlaceAnswer(
        room=told.room,
        seen_at=told.seen_at,
        certain_until=told.certain_until,
        known_until=told.known_until,
        look=list(told.look),
    )


def _rule(hub: Hub, session: Session, rule: Rule, lang: str) -> RuleAnswer:
    state = hub.engines[session.house].state
    language = "nb" if lang == "nb" else "en"
    pauses = [
        pause.until
        for pause in state.pauses
        if pause.patient == rule.patient and pause.rule in (None, rule.id)
    ]
    return RuleAnswer(
        id=rule.id,
        version=rule.version,
        state=rule.state,
        sentence=rule_sentence(rule, state.plan, language, hub.names[session.house]),
        basis=rule_basis(rule, language),
        review_by=rule.review_by,
        paused_until=max(pauses, default=None),
        problems=list(rule.problems()),
    )
