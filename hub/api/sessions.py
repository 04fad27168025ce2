"""Signing in and out, and enrolling telephones."""

import asyncio
from datetime import datetime, timedelta
from typing import Annotated

import segno
from fastapi import APIRouter, Request, Response
from pydantic import BaseModel, Field, SecretStr

from hub.accounts import Locked, Refused
from hub.api import frames
from hub.api.access import SESSION, TELEPHONE
from hub.api.limits import Limits
from hub.api.problems import ApiProblem, no_such, not_signed_in, store_away
from hub.api.shut_out import Place, turn_out
from hub.api.wiring import Hub, TheHub, TheSession, TheWho
from hub.auth import CONSOLE, SHIFT, Session, Telephone
from hub.engine import EngineStopped
from hub.store.rows import StoreDown
from routing.draft import engaged
from routing.events import SignedIn, SignedOut
from routing.ids import HandsetId, HouseId, StaffId, UnitId
from routing.plan import Competence, Role
from routing.shifts import last_of_a_unit
from routing.state import State, is_open

routes = APIRouter(prefix="/api/v1", tags=["signing in"])

OVER_LOOK_S = 5.0
"""How often sessions are looked at for being over."""
OVER_LOOK = timedelta(seconds=OVER_LOOK_S)
OVERTIME = timedelta(minutes=15)
TEN_YEARS_S = 10 * 365 * 24 * 3600
"""A telephone stays enrolled until its key is revoked."""


class Login(BaseModel):
    """A console user: login and password."""

    login: str = Field(max_length=200)
    password: SecretStr = Field(max_length=200)
    house: str | None = Field(None, description="needed only where a login is in two houses")


class PinLogin(BaseModel):
    """A person on an enrolled telephone: their tile and PIN."""

    staff: str = Field(max_length=200)
    pin: SecretStr = Field(max_length=12)
    units: list[str] | None = Field(
        None, description="units taken responsibility for; left out: the person's own"
    )


class MeAnswer(BaseModel):
    """Who is signed in, where, until when."""

    house: str
    house_name: str
    staff: str
    name: str
    role: Role
    competence: Competence
    units: list[str]
    handset: str | None
    expires_at: datetime


class Code(BaseModel):
    """A one-time code, typed on the telephone."""

    code: Annotated[SecretStr, Field(max_length=40)]
    name: str = Field("", max_length=100, description="what to call the telephone")


class Enrolled(BaseModel):
    """Which telephone this is now."""

    house: str
    handset: str
    name: str


class CodeAnswer(BaseModel):
    """A code for one telephone: shown once, used once."""

    handset: str
    code: str
    path: str = Field(description="what a QR code leads to, on this hub's own address")
    link: str = Field(description="the same, with the address that telephones reach")
    picture: str = Field(description="the link as a QR code: an SVG as data URI")
    expires_at: datetime


class Tile(BaseModel):
    """One person to choose."""

    staff: str
    name: str
    role: Role
    units: list[str]


class UnitChoice(BaseModel):
    """One unit to take responsibility for."""

    id: str
    name: str


class People(BaseModel):
    """What the telephone shows before the PIN."""

    house: str
    house_name: str
    handset: str
    handset_name: str
    people: list[Tile]
    units: list[UnitChoice]


@routes.post("/session")
async def sign_in(
    body: Login | PinLogin, hub: TheHub, who: TheWho, request: Request, response: Response
) -> MeAnswer:
    """Sign in: login and password, or tile and PIN on an enrolled telephone."""
    limits: Limits = request.app.state.limits
    if isinstance(body, PinLogin):
        telephone = who.telephone
        if telephone is None:
            raise _not_enrolled()
        limits.sign_in(f"pin {telephone.house} {telephone.handset}")
        token, session = await _by_pin(hub, telephone, body)
    else:
        limits.sign_in(f"password {request.client.host if request.client else ''}")
        token, session = await _by_password(hub, body)
    # A shift may be made longer: the hub ends it, not the telephone's memory of its cookie.
    life = 2 * SHIFT if session.handset else CONSOLE
    set_cookie(response, hub, SESSION, token, int(life.total_seconds()))
    return _me(hub, session)


@routes.delete("/session", status_code=204)
async def sign_out(session: TheSession, hub: TheHub, response: Response) -> None:
    """Sign out; on a telephone, its line ends and the person's open calls come back."""
    await end_session(hub, session, frames.ByeReason.SIGNED_OUT)
    response.delete_cookie(SESSION, path="/")


@routes.get("/me")
async def me(session: TheSession, hub: TheHub) -> MeAnswer:
    """Return who is signed in."""
    return _me(hub, session)


@routes.get("/handset/people")
async def people(hub: TheHub, who: TheWho) -> People:
    """Return the tiles of a telephone: who may sign in on it."""
    telephone = who.telephone
    if telephone is None:
        raise _not_enrolled()
    names, plan = hub.names[telephone.house], hub.engines[telephone.house].state.plan
    tiles: list[Tile] = []
    for account in hub.accounts.people(telephone.house):
        known = plan.staff.get(account.staff)
        if known is not None:
            tiles.append(
                Tile(
                    staff=account.staff,
                    name=names.staff(account.staff),
                    role=account.role,
                    units=list(known.units),
                )
            )
    return People(
        house=telephone.house,
        house_name=names.house(telephone.house),
        handset=telephone.handset,
        handset_name=names.handset(telephone.handset),
        people=sorted(tiles, key=lambda tile: (tile.name, tile.staff)),
        units=[UnitChoice(id=unit, name=names.unit(unit)) for unit in plan.units],
    )


@routes.post("/handsets/enrol")
async def enrol(body: Code, hub: TheHub, request: Request, response: Response) -> Enrolled:
    """Exchange a one-time code for this telephone's key."""
    limits: Limits = request.app.state.limits
    limits.sign_in(f"enrol {request.client.host if request.client else ''}")
    try:
        key, telephone = await hub.accounts.enrol(body.code.get_secret_value(), body.name)
    except Refused as error:
        raise ApiProblem(
            403,
            "code-refused",
            "Code refused",
            str(error),
            do="ask a technician for a new one: it holds for 15 minutes and once",
        ) from error
    except StoreDown as error:
        raise store_away(str(error)) from error
    # Whoever is on the telephone that had this place holds a key that is worth nothing now.
    for older in hub.accounts.on_telephone(telephone.house, telephone.handset):
        await end_session(hub, older, frames.ByeReason.SIGNED_OUT)
    set_cookie(response, hub, TELEPHONE, key, TEN_YEARS_S)
    return Enrolled(house=telephone.house, handset=telephone.handset, name=telephone.name)


@routes.post("/handsets/{handset_id}/code")
async def code(
    handset_id: str, session: TheSession, hub: TheHub, request: Request
) -> CodeAnswer:
    """Make a one-time code for a telephone of the plan."""
    handset = HandsetId(handset_id)
    if handset not in hub.engines[session.house].state.plan.handsets:
        raise no_such("telephone", handset_id, do="add it to the house file under `handsets`")
    try:
        secret, until = await hub.accounts.code_for(session.house, handset)
    except StoreDown as error:
        raise store_away(str(error)) from error
    # In the fragment: a browser sends that to nobody, so it is in no log.
    path = f"/h#enrol={secret}"
    link = link_to(hub, request, path)
    return CodeAnswer(
        handset=handset_id,
        code=secret,
        path=path,
        link=link,
        picture=picture_of(link),
        expires_at=until,
    )


async def end_session(hub: Hub, session: Session, reason: frames.ByeReason) -> None:
    """End a session everywhere: the token, the line, the person's place on the telephone."""
    await hub.accounts.end(session)
    if session.handset is not None:
        hub.gateway.hang_up(session.house, session.handset, reason)
        engine = hub.engines.get(session.house)
        if engine is not None:
            await engine.submit(SignedOut(session.handset, session.staff))


async def keep_shifts(hub: Hub) -> None:
    """Sign telephones off whose time is over, nobody in a call; and those shut out, anybody."""
    seen: tuple[Place, ...] = ()
    while True:
        await asyncio.sleep(OVER_LOOK_S)
        for session in hub.accounts.over(soon=2 * OVER_LOOK):
            await end_shift(hub, session)
        seen = await turn_out(hub, seen)


async def end_shift(hub: Hub, session: Session) -> None:
    """End a session whose time is over; who is still needed gets 15 minutes more.

    Needed is who is with somebody, and the last one of a unit: until the new shift has signed
    in the old one stays responsible.
    """
    engine = hub.engines.get(session.house)
    if session.handset is not None and engine is not None and _needed(engine.state, session):
        # Before it is over: a page that connects anew in that moment must not be refused.
        await hub.accounts.extend(session, hub.clock.now() + OVERTIME)
        return
    if session.expires_at > hub.clock.now():
        return
    try:
        await end_session(hub, session, frames.ByeReason.EXPIRED)
    except EngineStopped:
        return  # the hub is stopping; the session is over all the same


def _needed(state: State, session: Session) -> bool:
    return _busy(state, session) or last_of_a_unit(state, session.staff)


def _busy(state: State, session: Session) -> bool:
    """Tell whether this person is on the way to somebody, or with them."""
    return any(session.staff in engaged(call) for call in state.calls.values() if is_open(call))


async def _by_password(hub: Hub, body: Login) -> tuple[str, Session]:
    house = HouseId(body.house) if body.house else None
    try:
        return await hub.accounts.by_password(
            body.login, body.password.get_secret_value(), house=house, life=CONSOLE
        )
    except Locked as error:
        raise _locked(hub, error, "this account") from error
    except Refused as error:
        raise ApiProblem(
            401,
            "wrong-password",
            "Not signed in",
            "the login or the password is wrong",
            do="try again, or have a leader set a new password with `bjelle user`",
        ) from error


async def _by_pin(hub: Hub, telephone: Telephone, body: PinLogin) -> tuple[str, Session]:
    plan = hub.engines[telephone.house].state.plan
    units = tuple(UnitId(unit) for unit in body.units or ())
    for unit in units:
        if unit not in plan.units:
            raise no_such("unit", unit, do="choose one of GET /api/v1/handset/people's `units`")
    before = hub.accounts.on_telephone(telephone.house, telephone.handset)
    try:
        token, session = await hub.accounts.by_pin(
            telephone, StaffId(body.staff), body.pin.get_secret_value(), SHIFT
        )
    except Locked as error:
        raise _locked(hub, error, "this person on this telephone") from error
    except Refused as error:
        raise ApiProblem(
            401,
            "wrong-pin",
            "Not signed in",
            "the PIN is wrong",
            do="try again; five wrong ones lock this person on this telephone",
        ) from error
    engine = hub.engines[telephone.house]
    if before:
        hub.gateway.hang_up(telephone.house, telephone.handset, frames.ByeReason.SIGNED_OUT)
    for older in before:
        if older.staff != session.staff:
            await engine.submit(SignedOut(telephone.handset, older.staff))
    await engine.submit(SignedIn(telephone.handset, session.staff, units))
    return token, session


def _locked(hub: Hub, error: Locked, what: str) -> ApiProblem:
    wait_s = max(1, round((error.until - hub.clock.now()).total_seconds()))
    return ApiProblem(
        423,
        "locked",
        "Locked after wrong tries",
        f"{what} is locked for {wait_s} s more",
        do="wait, sign in on another telephone, or ask a leader",
        retry_after_s=wait_s,
        params={"seconds": str(wait_s)},
    )


def _not_enrolled() -> ApiProblem:
    problem = not_signed_in("signing in with a PIN")
    problem.body = problem.body.model_copy(
        update={
            "type": "urn:bjelle:problem:not-enrolled",
            "code": "not-enrolled",
            "title": "Telephone not enrolled",
            "detail": "this telephone has no key of this hub",
            "next": "enrol it with a one-time code: POST /api/v1/handsets/enrol",
        }
    )
    return problem


def link_to(hub: Hub, request: Request, path: str) -> str:
    """Return where another screen reaches this path: the public address, else the asked one."""
    base = hub.settings.public_url or f"{request.url.scheme}://{request.url.netloc}"
    return base.rstrip("/") + path


def picture_of(link: str) -> str:
    """Return a link as a QR code: an SVG as data URI, black on white also at night."""
    return segno.make(link, error="m", micro=False).svg_data_uri(scale=6, light="#fff")


def set_cookie(response: Response, hub: Hub, name: str, value: str, life_s: int) -> None:
    """Give a secret that scripts cannot read and other sites cannot use."""
    response.set_cookie(
        name,
        value,
        max_age=life_s,
        path="/",
        httponly=True,
        secure=hub.settings.cookie_secure,
        samesite="strict",
    )


def _me(hub: Hub, session: Session) -> MeAnswer:
    state, names = hub.engines[session.house].state, hub.names[session.house]
    known = state.plan.staff.get(session.staff)
    now = state.handsets.get(session.handset) if session.handset else None
    units = (now.units if now else ()) or (known.units if known else ())
    return MeAnswer(
        house=session.house,
        house_name=names.house(session.house),
        staff=session.staff,
        name=names.staff(session.staff),
        role=session.role,
        competence=known.competence if known else Competence.STUDENT,
        units=list(units),
        handset=session.handset,
        expires_at=session.expires_at,
    )
