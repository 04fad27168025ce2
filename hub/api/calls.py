"""Calls and their stories, and the board that hangs in the corridor."""

import base64
from datetime import datetime
from typing import Annotated, Any

from fastapi import APIRouter, Query
from pydantic import AwareDatetime, BaseModel, Field
from sqlalchemy import and_, or_, select

from hub import records
from hub.api.frames import Doing
from hub.api.problems import ApiProblem, no_such, not_signed_in
from hub.api.reading import note_reading
from hub.api.wiring import Hub, TheHub, TheSession, TheWho, Who
from hub.auth import Session
from hub.sentences import sentence, why_line
from hub.store import tables
from routing.calls import CallState
from routing.cards import open_calls
from routing.effects import Reason
from routing.events import HandsetState, StoreState
from routing.ids import HouseId, RoomId
from routing.plan import CallType, Role
from routing.state import State

routes = APIRouter(prefix="/api/v1", tags=["calls"])

LARGEST_PAGE = 500


class PersonAnswer(BaseModel):
    """A member of staff."""

    id: str
    name: str


class CallAnswer(BaseModel):
    """One call and its times; a time that has not come is null."""

    id: str
    type: CallType
    priority: int = Field(description="0 emergency, 1 urgent, 2 important, 3 routine")
    state: CallState
    unit: str | None
    room: str | None = Field(description="what stands on the door")
    patient: str | None = Field(description="short name; null for who need not know it")
    practice: bool
    late: bool
    registered_at: datetime
    delivered_at: datetime | None = Field(description="first telephone that said it sounds")
    taken_at: datetime | None
    present_at: datetime | None
    closed_at: datetime | None
    outcome: str | None
    owner: PersonAnswer | None
    pressed: int
    reopened: int


class CallsPage(BaseModel):
    """Calls, newest first. `next`: give it as `after` for those that follow."""

    calls: list[CallAnswer]
    next: str | None


class Told(BaseModel):
    """One thing that happened to a call."""

    at: datetime
    move: str
    reason: str
    text: str = Field(description="the reason as a sentence")
    staff: PersonAnswer | None
    handset: str | None


class Story(BaseModel):
    """A call and everything that happened to it, in order."""

    call: CallAnswer
    story: list[Told]


class BoardCall(BaseModel):
    """An open call for the corridor: room and reason, nobody's name but the staff's."""

    id: str
    type: CallType
    priority: int
    state: CallState
    room: str | None
    floor: str | None
    unit: str | None
    why: str
    reason: Reason
    practice: bool
    late: bool
    opened_at: datetime
    pressed: int
    rung: int
    owner: str | None
    taken_at: datetime | None
    present: list[str]


class BoardPerson(BaseModel):
    """Somebody on duty: first name, what they do, how their telephone is."""

    name: str
    doing: Doing
    handset: HandsetState
    room: str | None


class Board(BaseModel):
    """What hangs in the corridor."""

    now: datetime
    house: str
    calls: list[BoardCall]
    staff: list[BoardPerson]
    store: StoreState
    broker_up: bool


@routes.get("/calls")
async def calls(
    session: TheSession,
    hub: TheHub,
    *,
    open_only: Annotated[bool, Query(alias="open")] = False,
    since: Annotated[AwareDatetime | None, Query(description="registered from then on")] = None,
    unit: str | None = None,
    after: Annotated[str | None, Query(description="`next` of the page before")] = None,
    limit: Annotated[int, Query(ge=1, le=LARGEST_PAGE)] = 100,
) -> CallsPage:
    """Return calls with their times, newest first."""
    table = tables.calls.c
    wanted = select(tables.calls).where(table.house == session.house)
    if open_only:
        wanted = wanted.where(table.state != str(CallState.CLOSED))
    if since is not None:
        wanted = wanted.where(table.opened_at >= since)
    if unit is not None:
        wanted = wanted.where(table.unit == unit)
    if after is not None:
        at, id_ = _place(after)
        earlier = and_(table.opened_at == at, table.id < id_)
        wanted = wanted.where(or_(table.opened_at < at, earlier))
    wanted = wanted.order_by(table.opened_at.desc(), table.id.desc()).limit(limit + 1)
    async with hub.store.read() as connection:
        rows = (await connection.execute(wanted)).all()
    page, more = rows[:limit], len(rows) > limit
    if _may_know(session):
        await note_reading(hub, session, "calls", (r.patient for r in page if r.patient))
    return CallsPage(
        calls=[_call(row, hub, session) for row in page],
        next=_mark(page[-1].opened_at, page[-1].id) if more else None,
    )


@routes.get("/calls/{call_id}")
async def call(
    call_id: str,
    session: TheSession,
    hub: TheHub,
    lang: Annotated[str, Query(pattern="^(nb|en)$")] = "nb",
) -> Story:
    """Return one call and its story, each step with its reason."""
    table, events = tables.calls.c, tables.call_events.c
    async with hub.store.read() as connection:
        found = await connection.execute(
            select(tables.calls).where(table.house == session.house, table.id == call_id)
        )
        row = found.one_or_none()
        if row is None:
            raise no_such("call", call_id, do="GET /api/v1/calls lists them")
        told = await connection.execute(
            select(tables.call_events)
            .where(events.house == session.house, events.call == call_id)
            .order_by(events.seq, events.n)
        )
        story = told.all()
    if row.patient and _may_know(session):
        await note_reading(hub, session, "call", (row.patient,))
    return Story(
        call=_call(row, hub, session), story=[_told(one, hub, session, lang) for one in story]
    )


@routes.get("/board")
async def board(
    hub: TheHub, who: TheWho, lang: Annotated[str, Query(pattern="^(nb|en)$")] = "nb"
) -> Board:
    """Return what the corridor may see: open calls without patients' names."""
    house = _house_of(who)
    state, names = hub.engines[house].state, hub.names[house]
    language = "nb" if lang == "nb" else "en"
    shown: list[BoardCall] = []
    for one in open_calls(state):
        room = state.plan.rooms.get(one.room) if one.room else None
        shown.append(
            BoardCall(
                id=one.id,
                type=one.type,
                priority=one.priority,
                state=one.state,
                room=room.number if room else None,
                floor=room.floor if room else None,
                unit=one.unit,
                why=why_line(one, language, names, state.plan),
                reason=one.because.reason,
                practice=one.practice,
                late=one.late,
                opened_at=one.opened_at,
                pressed=one.pressed,
                rung=one.rung,
                owner=names.staff(one.owner) if one.owner else None,
                taken_at=one.taken_at,
                present=[names.staff(staff) for staff in one.present],
            )
        )
    staff = [
        BoardPerson(name=c.name, doing=c.doing, handset=c.handset, room=c.room)
        for c in hub.gateway.colleagues(house)
    ]
    return Board(
        now=hub.clock.now(),
        house=names.house(house),
        calls=shown,
        staff=staff,
        store=state.store,
        broker_up=state.broker_up,
    )


def _house_of(who: Who) -> HouseId:
    for one in (who.session, who.telephone, who.board):
        if one is not None:
            return one.house
    raise not_signed_in("/api/v1/board")


def _may_know(session: Session) -> bool:
    """Tell whether this role needs patients' names."""
    return session.role is not Role.TECHNICIAN


def _call(row: Any, hub: Hub, session: Session) -> CallAnswer:
    names = hub.names[session.house]
    known = row.patient if _may_know(session) else None
    return CallAnswer(
        id=row.id,
        type=row.type,
        priority=row.priority,
        state=row.state,
        unit=row.unit,
        room=_door(hub.engines[session.house].state, row.room),
        patient=names.patient(known) if known else None,
        practice=row.practice,
        late=row.late,
        registered_at=row.opened_at,
        delivered_at=row.rang_at,
        taken_at=row.taken_at,
        present_at=row.present_at,
        closed_at=row.closed_at,
        outcome=row.outcome,
        owner=_person(row.owner, hub, session),
        pressed=row.pressed,
        reopened=row.reopened,
    )


def _told(row: Any, hub: Hub, session: Session, lang: str) -> Told:
    house = session.house
    because = records.decode_because(row.because)
    language = "nb" if lang == "nb" else "en"
    plan = hub.engines[house].state.plan
    return Told(
        at=row.at,
        move=row.move,
        reason=row.reason,
        text=sentence(because, language, hub.names[house], plan, staff=row.staff),
        staff=_person(row.staff, hub, session),
        handset=hub.names[house].handset(row.handset) if row.handset else None,
    )


def _person(id_: str | None, hub: Hub, session: Session) -> PersonAnswer | None:
    if id_ is None:
        return None
    return PersonAnswer(id=id_, name=hub.names[session.house].staff(id_))


def _door(state: State, room: str | None) -> str | None:
    known = state.plan.rooms.get(RoomId(room)) if room else None
    return known.number if known else room


def _mark(at: datetime, id_: str) -> str:
    return base64.urlsafe_b64encode(f"{at.isoformat()} {id_}".encode()).decode()


def _place(mark: str) -> tuple[datetime, str]:
    try:
        at, id_ = base64.urlsafe_b64decode(mark.encode()).decode().split(" ", 1)
        return datetime.fromisoformat(at), id_
    except ValueError as error:
        raise ApiProblem(
            422,
            "invalid",
            "Request not understood",
            "`after` is not a mark of this API",
            do="give the `next` of the page before, unchanged, or leave it out",
        ) from error
