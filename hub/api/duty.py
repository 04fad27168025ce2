"""Whether everybody is covered now, and which decisions are due: looked at before a shift."""

from datetime import datetime
from typing import Annotated

from fastapi import APIRouter, Query
from pydantic import BaseModel, Field

from hub.api.reading import note_reading
from hub.api.wiring import TheHub, TheSession
from hub.coverage_text import gap_line
from hub.rule_sentences import rule_sentence
from routing.coverage import Missing, coverage
from routing.effects import Reason
from routing.plan import CallType, Role
from routing.reviews import ReviewKind, reviews

routes = APIRouter(prefix="/api/v1", tags=["duty"])

Language = Annotated[str, Query(pattern="^(nb|en)$")]


class GapAnswer(BaseModel):
    """A bed and a kind of call that nobody would answer now."""

    unit: str
    room: str
    bed: str
    occupied: bool
    call_type: CallType
    ladder: str
    missing: Missing
    reason: Reason
    text: str


class CoverageAnswer(BaseModel):
    """Every bed and call type, asked now of the decision that would ring."""

    at: datetime
    beds: int
    pairs: int = Field(description="beds times call types (and patients' own ladders)")
    gaps: list[GapAnswer]


class ReviewAnswer(BaseModel):
    """One decision that is due."""

    kind: ReviewKind
    patient: str
    unit: str
    room: str
    due: datetime
    overdue: bool
    rule: str | None
    sentence: str


class Reviews(BaseModel):
    """What is to be decided again, the longest overdue first."""

    reviews: list[ReviewAnswer]


@routes.get("/coverage")
async def covered(session: TheSession, hub: TheHub, lang: Language = "nb") -> CoverageAnswer:
    """Return where nobody competent would hear a call now, and why."""
    state, names = hub.engines[session.house].state, hub.names[session.house]
    found = coverage(state, hub.clock.now())
    language = "nb" if lang == "nb" else "en"
    return CoverageAnswer(
        at=found.at,
        beds=found.beds,
        pairs=found.pairs,
        gaps=[
            GapAnswer(
                unit=gap.unit,
                room=state.plan.rooms[gap.room].number,
                bed=gap.bed,
                occupied=gap.patient is not None,
                call_type=gap.call_type,
                ladder=gap.ladder,
                missing=gap.missing,
                reason=gap.reason,
                text=gap_line(gap, state.plan, names, language),
            )
            for gap in found.gaps
        ],
    )


@routes.get("/reviews")
async def due_reviews(
    session: TheSession,
    hub: TheHub,
    lang: Language = "nb",
    *,
    overdue: Annotated[bool, Query(description="only what is overdue")] = False,
) -> Reviews:
    """Return what is to be decided again in the caller's units; a leader sees the house."""
    plan, names = hub.engines[session.house].state.plan, hub.names[session.house]
    person = plan.staff.get(session.staff)
    units = plan.units if session.role is Role.LEADER else person.units if person else ()
    rules = {rule.id: rule for rule in plan.rules}
    language = "nb" if lang == "nb" else "en"
    found: list[ReviewAnswer] = []
    seen: list[str] = []
    for one in reviews(plan, hub.clock.now()):
        bed = plan.beds.get(one.bed)
        room = plan.rooms.get(bed.room) if bed else None
        if room is None or room.unit not in units or (overdue and not one.overdue):
            continue
        seen.append(one.patient)
        sentence = ("Samtale om ankomsten", "Talk about the arrival")[language == "en"]
        if one.rule is not None:
            sentence = rule_sentence(rules[one.rule], plan, language, names)
        found.append(
            ReviewAnswer(
                kind=one.kind,
                patient=names.patient(one.patient),
                unit=room.unit,
                room=room.number,
                due=one.due,
                overdue=one.overdue,
                rule=one.rule,
                sentence=sentence,
            )
        )
    await note_reading(hub, session, "reviews", dict.fromkeys(seen))
    return Reviews(reviews=found)
