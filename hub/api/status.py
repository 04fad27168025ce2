"""How the hub is: for technicians, for Prometheus, for whatever restarts containers."""

from dataclasses import asdict
from datetime import datetime, timedelta
from typing import Annotated

from fastapi import APIRouter, Query, Response
from fastapi.responses import JSONResponse
from prometheus_client import CONTENT_TYPE_LATEST
from pydantic import AwareDatetime, BaseModel, Field
from sqlalchemy import select

from hub.api.wiring import Hub, TheHub, TheSession
from hub.store import tables
from routing.events import HandsetState, StoreState
from routing.ids import DeviceId, HouseId
from routing.plan import DeviceClass
from routing.readings import Availability
from routing.state import State, is_open

routes = APIRouter(tags=["status"])

EXCERPT_BYTES = 200
LOOKS_WITHIN = timedelta(seconds=10)
"""A board asks twice a second; this allows for a network that stumbles."""


class Health(BaseModel):
    """Whether the hub can do its work, and what is in the way."""

    ready: bool
    broker: bool
    store: StoreState
    engine: bool
    details: list[str]


class HandsetStatus(BaseModel):
    """A telephone as the hub judges it."""

    id: str
    name: str
    state: HandsetState
    reasons: list[str]
    staff: str | None
    staff_name: str | None
    since: datetime | None
    connected: bool
    behind: int = Field(description="frames that its line has not sent yet")
    silent_s: float | None = Field(description="since its page last answered")


class BridgeStatus(BaseModel):
    """What carries devices to us."""

    id: str
    ecosystem: str
    online: bool | None = Field(description="null: not heard from since the start")
    since: datetime | None
    last_heard: datetime | None


class DeviceStatus(BaseModel):
    """A device that should be looked after."""

    id: str
    device_class: DeviceClass
    room: str | None
    last_heard: datetime | None
    silent: bool
    availability: Availability
    battery_percent: float | None


class ChannelStatus(BaseModel):
    """A rung outside the house: ntfy, SMS, e-mail, an MQTT topic."""

    name: str
    kind: str
    configured: bool
    used: bool = Field(description="a ladder of the house rings it")
    last_proof: datetime | None = Field(description="when it last gave a receipt")
    age_s: float | None
    overdue: bool = Field(description="no receipt for more than a day: do not count on it")
    failing: str = Field(description="why the last try failed; empty while it works")
    waiting: int = Field(description="notices in the outbox")


class BoardStatus(BaseModel):
    """A screen in a corridor: the rung that needs nobody's telephone."""

    id: str
    name: str
    looked_at: datetime | None = Field(description="when it last fetched the board")
    alive: bool = Field(description="it did within the last ten seconds")


class Status(BaseModel):
    """The technical page in one answer."""

    now: datetime
    version: str
    epoch: int
    plan_version: int
    broker: bool
    store: StoreState
    handsets: list[HandsetStatus]
    bridges: list[BridgeStatus]
    silent_devices: list[DeviceStatus]
    weak_batteries: list[DeviceStatus]
    never_heard: int = Field(description="enrolled devices not heard since the first start")
    inbox: dict[str, int]
    unsettled: int = Field(description="events decided whose rows are not durable yet")
    open_calls: int
    channels: list[ChannelStatus]
    boards: list[BoardStatus]


class Quarantined(BaseModel):
    """A message that nobody understood."""

    signal: str
    at: datetime
    topic: str
    why: str
    device: str | None
    bridge: str | None
    bytes: int
    excerpt: str = Field(description="the first 200 bytes, in hexadecimal")


class Quarantine(BaseModel):
    """Messages that were not understood, newest first."""

    messages: list[Quarantined]


@routes.get("/healthz")
async def healthz() -> dict[str, str]:
    """Say that the process answers."""
    return {"status": "alive"}


@routes.get("/readyz", response_model=Health, responses={503: {"model": Health}})
async def readyz(hub: TheHub) -> JSONResponse:
    """Say whether presses can ring and are kept: 503 with what is in the way."""
    health = _health(hub)
    return JSONResponse(health.model_dump(mode="json"), 200 if health.ready else 503)


@routes.get("/metrics")
async def metrics(hub: TheHub) -> Response:
    """Return the figures in Prometheus' text format."""
    return Response(hub.metrics.exposition(), media_type=CONTENT_TYPE_LATEST)


@routes.get("/api/v1/status")
async def status(session: TheSession, hub: TheHub) -> Status:
    """Return what a technician looks at first."""
    engine = hub.engines[session.house]
    state = engine.state
    alarm, bulk = engine.depths
    watched = [_device(state, device) for device in state.plan.devices]
    return Status(
        now=hub.clock.now(),
        version=hub.version,
        epoch=state.epoch,
        plan_version=state.plan.version,
        broker=state.broker_up,
        store=state.store,
        handsets=_handsets(hub, session.house, state),
        bridges=_bridges(state),
        silent_devices=[device for device in watched if device.silent],
        weak_batteries=[
            device
            for device in watched
            if device.battery_percent is not None and device.battery_percent < 15
        ],
        never_heard=sum(device.last_heard is None for device in watched),
        inbox={"alarm": alarm, "bulk": bulk},
        unsettled=engine.unsettled,
        open_calls=sum(is_open(call) for call in state.calls.values()),
        channels=_channels(hub, session.house),
        boards=_boards(hub, session.house),
    )


@routes.get("/api/v1/quarantine")
async def quarantine(
    session: TheSession,
    hub: TheHub,
    before: AwareDatetime | None = None,
    limit: Annotated[int, Query(ge=1, le=500)] = 100,
) -> Quarantine:
    """Return messages that were not understood, newest first."""
    table = tables.quarantine.c
    wanted = select(tables.quarantine).where(table.house == session.house)
    if before is not None:
        wanted = wanted.where(table.at < before)
    async with hub.store.read() as connection:
        rows = await connection.execute(wanted.order_by(table.at.desc()).limit(limit))
        return Quarantine(
            messages=[
                Quarantined(
                    signal=row.signal,
                    at=row.at,
                    topic=row.topic,
                    why=row.why,
                    device=row.device,
                    bridge=row.bridge,
                    bytes=len(row.payload),
                    excerpt=bytes(row.payload)[:EXCERPT_BYTES].hex(),
                )
                for row in rows
            ]
        )


def _health(hub: Hub) -> Health:
    details: list[str] = []
    states = [engine.state for engine in hub.engines.values()]
    broker = hub.metrics.broker_up(states)
    if not broker:
        details.append("the broker is away: presses cannot come in; the hub keeps trying")
    if hub.store.state is not StoreState.RECORDED:
        details.append("the store is away: calls ring, taps are marked «ikke lagret»")
    running = bool(states) and all(state.epoch for state in states)
    if not running:
        details.append("no house has started: import one with `bjelle house import FILE`")
    ready = broker and running and hub.store.state is StoreState.RECORDED
    return Health(
        ready=ready, broker=broker, store=hub.store.state, engine=running, details=details
    )


def _handsets(hub: Hub, house: HouseId, state: State) -> list[HandsetStatus]:
    names, lines, silent = (
        hub.names[house],
        hub.gateway.lines(house),
        hub.gateway.silent_s(house),
    )
    found: list[HandsetStatus] = []
    for handset in dict.fromkeys([*state.plan.handsets, *state.handsets]):
        now = state.handsets.get(handset)
        found.append(
            HandsetStatus(
                id=handset,
                name=names.handset(handset),
                state=now.state if now else HandsetState.SIGNED_OFF,
                reasons=list(now.reasons) if now else [],
                staff=now.staff if now else None,
                staff_name=names.staff(now.staff) if now and now.staff else None,
                since=now.since if now else None,
                connected=handset in lines,
                behind=lines.get(handset, 0),
                silent_s=round(silent[handset], 1) if handset in silent else None,
            )
        )
    return found


def _channels(hub: Hub, house: HouseId) -> list[ChannelStatus]:
    standing = hub.channels.standing(house) if hub.channels is not None else ()
    return [ChannelStatus(**asdict(one)) for one in standing]


def _boards(hub: Hub, house: HouseId) -> list[BoardStatus]:
    found: list[BoardStatus] = []
    for board in hub.accounts.boards(house):
        looked = hub.accounts.looked(board.id)
        alive = looked is not None and hub.clock.now() - looked < LOOKS_WITHIN
        found.append(BoardStatus(id=board.id, name=board.name, looked_at=looked, alive=alive))
    return found


def _bridges(state: State) -> list[BridgeStatus]:
    found: list[BridgeStatus] = []
    for bridge in state.plan.bridges.values():
        now = state.bridges.get(bridge.id)
        found.append(
            BridgeStatus(
                id=bridge.id,
                ecosystem=bridge.ecosystem,
                online=now.online if now else None,
                since=now.since if now else None,
                last_heard=now.last_heard if now else None,
            )
        )
    return found


def _device(state: State, device: DeviceId) -> DeviceStatus:
    known, now = state.plan.devices[device], state.devices.get(device)
    room = next(
        (
            state.plan.rooms[a.room].number
            for a in state.plan.assignments
            if a.device == device and a.until is None and a.room and a.room in state.plan.rooms
        ),
        None,
    )
    return DeviceStatus(
        id=device,
        device_class=known.device_class,
        room=room,
        last_heard=now.last_heard if now else None,
        silent=bool(now and now.silent),
        availability=now.availability if now else Availability.UNKNOWN,
        battery_percent=now.battery_percent if now else None,
    )
