"""A whole hub but the broker: real store, core, gateway, and sockets on a free port."""

import asyncio
import contextlib
import json
import uuid
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Any

import httpx
import msgspec
from sqlalchemy import insert
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed
from websockets.typing import Origin

from hub.accounts import Accounts
from hub.api import frames
from hub.api.access import SESSION, TELEPHONE
from hub.api.app import create_app, serve
from hub.auth import Telephone, hash_password, hash_pin, new_token, token_hash
from hub.cards import Faces
from hub.clock import SystemClock
from hub.core import Core
from hub.engine import Engine, Limits
from hub.handsets import Gateway
from hub.houses import Houses
from hub.metrics import Metrics
from hub.names import Name, Named, Names
from hub.performers import Performer
from hub.push_channel import WebPush
from hub.settings import Settings
from hub.store import tables
from hub.store.store import Store
from routing.events import HandsetState, SignalReceived, SignedIn
from routing.ids import (
    BedId,
    BridgeId,
    DeviceId,
    HandsetId,
    HouseId,
    LadderId,
    PatientId,
    RoomId,
    StaffId,
    UnitId,
)
from routing.plan import (
    Assignment,
    Bed,
    Bridge,
    CallPolicy,
    CallType,
    Competence,
    Device,
    Handset,
    Ladder,
    Plan,
    Priority,
    Purpose,
    Role,
    Room,
    Rung,
    Staff,
    Stay,
    Target,
    TargetKind,
    Unit,
)
from routing.readings import DeviceClass, HelpPressed, HelpTrigger
from routing.state import State
from routing.step import empty
from tests.support.shell import until

HOUSE = HouseId("small")
PIN = "4711"
PASSWORD = "a long password"
WITHIN_S = 60.0
HEADERS = {"X-Bjelle": "1"}


def small_plan(clock: SystemClock, telephones: int = 3) -> Plan:
    """One unit, one room, one patient with a wrist alarm; carers `carer-1`… and one of each."""
    since = clock.now() - timedelta(days=1)
    unit, room, bed = UnitId("nord"), RoomId("r101"), BedId("b101")
    carers = [StaffId(f"carer-{n}") for n in range(1, telephones + 1)]
    staff = {one: Staff(one, Role.CARER, Competence.HEALTH_WORKER, (unit,)) for one in carers}
    for role in Role:
        one = StaffId(f"the-{role}")
        level = Competence.STUDENT if role is Role.STUDENT else Competence.NURSE
        staff[one] = Staff(one, role, level, (unit,))
    everybody = Rung((Target(TargetKind.HOUSE),), timedelta(seconds=60))
    ladder = Ladder(LadderId("all"), (everybody,), everybody)
    return Plan(
        HOUSE,
        version=1,
        timezone="Europe/Oslo",
        units={unit: Unit(unit)},
        rooms={room: Room(room, unit, "101", floor="1")},
        beds={bed: Bed(bed, room)},
        stays=(Stay(PatientId("p-1"), bed, since, note="Rullator", assigned=(carers[0],)),),
        bridges={BridgeId("z2m"): Bridge(BridgeId("z2m"), "zigbee2mqtt", "zigbee2mqtt")},
        devices={
            DeviceId("wrist"): Device(
                DeviceId("wrist"), BridgeId("z2m"), "0x1", "z2m/generic", DeviceClass.ALARM
            )
        },
        assignments=(
            Assignment(DeviceId("wrist"), Purpose.HELP, since, patient=PatientId("p-1")),
        ),
        staff=staff,
        handsets={
            HandsetId(f"phone-{n}"): Handset(HandsetId(f"phone-{n}"), unit)
            for n in range(1, telephones + 1)
        },
        ladders={ladder.id: ladder},
        policies={
            CallType.PATIENT: CallPolicy(
                CallType.PATIENT,
                Priority.IMPORTANT,
                ladder.id,
                arrive_within=timedelta(minutes=5),
                respond_within=timedelta(minutes=1),
            )
        },
    )


def small_names(plan: Plan) -> Names:
    """Invented names: «Carer 1», «Kari N.»."""
    people = [Name(Named.STAFF, one, one.title(), one.title()) for one in plan.staff]
    rest = [
        Name(Named.PATIENT, "p-1", "Kari Nordlykt", "Kari N."),
        Name(Named.HOUSE, HOUSE, "Lille Solvik", ""),
        Name(Named.UNIT, "nord", "Nord", ""),
    ]
    return Names((*people, *rest))


class Hand:
    """The gateway's seconds: the loop's, or a test's own once it has touched them."""

    def __init__(self) -> None:
        self._own: float | None = None

    @property
    def now(self) -> float:
        """Return the seconds."""
        return asyncio.get_running_loop().time() if self._own is None else self._own

    @now.setter
    def now(self, value: float) -> None:
        self._own = value


@dataclass
class Exchange:
    """A running hub and how to reach it."""

    store: Store
    clock: SystemClock
    engine: Engine
    gateway: Gateway
    accounts: Accounts
    metrics: Metrics
    plan: Plan
    app: Any
    tasks: asyncio.TaskGroup
    hand: "Hand"
    clients: list[httpx.AsyncClient] = field(default_factory=list[httpx.AsyncClient])

    @property
    def address(self) -> str:
        """Where it listens."""
        return f"127.0.0.1:{self.app.state.port}"

    @property
    def state(self) -> State:
        """The latest state."""
        return self.engine.state

    def client(self) -> httpx.AsyncClient:
        """A browser with its own cookies."""
        client = httpx.AsyncClient(
            base_url=f"http://{self.address}", headers=HEADERS, timeout=WITHIN_S, verify=False
        )
        self.clients.append(client)
        return client

    async def press(self, **more: Any) -> None:
        """The patient presses the wrist alarm."""
        signal = self.engine.next_signal()
        await self.engine.submit(
            SignalReceived(
                signal,
                DeviceId("wrist"),
                (HelpPressed(HelpTrigger.PRESS),),
                key=f"press {signal}",
                **more,
            )
        )

    async def enrolled(self, handset: str) -> httpx.AsyncClient:
        """A telephone with its key."""
        code, _ = await self.accounts.code_for(HOUSE, HandsetId(handset))
        client = self.client()
        answer = await client.post("/api/v1/handsets/enrol", json={"code": code})
        assert answer.status_code == 200, answer.text
        return client

    async def signed_in(self, handset: str, staff: str) -> httpx.AsyncClient:
        """A telephone with somebody signed in."""
        client = await self.enrolled(handset)
        answer = await client.post("/api/v1/session", json={"staff": staff, "pin": PIN})
        assert answer.status_code == 200, answer.text
        return client

    async def at_work(self, handset: str, staff: str) -> httpx.AsyncClient:
        """A telephone in its shift, without typing the code and the PIN."""
        client, key = self.client(), new_token()
        telephone = Telephone(HOUSE, HandsetId(handset), handset)
        self.accounts._known.keys[token_hash(key)] = telephone
        account = self.accounts._known.accounts[HOUSE, StaffId(staff)]
        token, _ = await self.accounts._begin(account, telephone.handset, timedelta(hours=8))
        await self.engine.submit(SignedIn(telephone.handset, account.staff))
        client.cookies.set(TELEPHONE, key)
        client.cookies.set(SESSION, token)
        return client

    async def ready(self, count: int) -> None:
        """Wait until so many telephones have answered that they can do everything."""
        said = (HandsetState.READY, ())
        reported = self.gateway._watching._reported
        await until(lambda: sum(one[0] == said for one in reported.values()) == count)
        await until(
            lambda: all(
                self.state.handsets[key[1]].state is HandsetState.READY for key in reported
            )
        )

    async def pass_time(self, seconds: float) -> None:
        """Let time pass for the gateway, in steps that it does not take for its own sleep."""
        left = seconds
        while left > 0:
            self.hand.now += min(left, 1.0)
            left -= 1.0
            await until(lambda: self.gateway._ticked_at >= self.hand.now)

    async def console(self, role: Role) -> httpx.AsyncClient:
        """A browser where the person of this role signed in with a password."""
        client = self.client()
        body = {"login": f"the-{role}", "password": PASSWORD}
        answer = await client.post("/api/v1/session", json=body)
        assert answer.status_code == 200, answer.text
        return client

    def socket(self, client: httpx.AsyncClient, **more: Any) -> connect:
        """Open the telephone's WebSocket with the client's cookies."""
        cookies = "; ".join(f"{name}={value}" for name, value in client.cookies.items())
        return connect(
            f"ws://{self.address}/api/v1/handset",
            additional_headers={"Cookie": cookies},
            origin=Origin(more.pop("origin", f"http://{self.address}")),
            compression=None,
            **more,
        )

    @contextlib.asynccontextmanager
    async def page(self, handset: str, staff: str, **more: Any) -> AsyncIterator["Page"]:
        """A telephone's page, signed in, connected, with its snapshot."""
        client = await self.at_work(handset, staff)
        async with self.on_line(client, **more) as page:
            yield page

    @contextlib.asynccontextmanager
    async def on_line(self, client: httpx.AsyncClient, **more: Any) -> AsyncIterator["Page"]:
        """A page of a telephone that is signed in already."""
        async with self.socket(client) as socket:
            page = Page(socket, **more)
            reading = self.tasks.create_task(page.read())
            try:
                await page.say(frames.Hello(v=frames.PROTOCOL))
                await page.until(lambda: page.snapshots)
                yield page
            finally:
                reading.cancel()


@dataclass
class Page:
    """What the browser's page does, no more: shows, answers heartbeats, sends taps."""

    socket: ClientConnection
    alive: bool = True
    """Answers heartbeats, as the main thread of a page that runs."""
    rings: bool = True
    """Says «ringing» for what rings."""
    audio: bool = True
    visible: bool = True
    charging: bool | None = None
    shown: dict[str, frames.Card] = field(default_factory=dict[str, frames.Card])
    snapshots: list[frames.Snapshot] = field(default_factory=list[frames.Snapshot])
    calls: list[frames.CallChanged] = field(default_factory=list[frames.CallChanged])
    gone: list[frames.Gone] = field(default_factory=list[frames.Gone])
    answers: dict[str, frames.Answer] = field(default_factory=dict[str, frames.Answer])
    answered: list[frames.Answer] = field(default_factory=list[frames.Answer])
    beats: list[frames.Heartbeat] = field(default_factory=list[frames.Heartbeat])
    colleagues: list[frames.Colleagues] = field(default_factory=list[frames.Colleagues])
    bye: frames.Bye | None = None
    closed: bool = False
    n: int = 0
    _news: asyncio.Event = field(default_factory=asyncio.Event)

    async def say(self, frame: frames.FromPage) -> None:
        """Send one frame."""
        with contextlib.suppress(ConnectionClosed):  # what was sent before it is still read
            await self.socket.send(msgspec.json.encode(frame).decode())

    async def until(self, condition: Any) -> None:
        """Wait until something is true of this page."""
        async with asyncio.timeout(WITHIN_S):
            while not condition():
                self._news.clear()
                await self._news.wait()

    async def do(self, action: frames.Action, call: str | None = None, **more: Any) -> str:
        """Tap; return the operation's id."""
        op = str(uuid.uuid4())
        await self.say(frames.Op(op=op, action=action, call=call, **more))
        return op

    async def done(
        self, action: frames.Action, call: str | None = None, **more: Any
    ) -> frames.Answer:
        """Tap and wait for the answer."""
        op = await self.do(action, call, **more)
        await self.until(lambda: op in self.answers)
        return self.answers[op]

    async def ringing(self) -> frames.Card:
        """Wait until a call rings here."""
        await self.until(lambda: any(card.ring for card in self.shown.values()))
        return next(card for card in self.shown.values() if card.ring)

    async def read(self) -> None:
        """Do what the page does with each frame, until the line ends."""
        try:
            async for text in self.socket:
                await self._take_in(msgspec.json.decode(text, type=frames.FromHub))
                self._news.set()
        except ConnectionClosed:
            pass
        finally:
            self.closed = True
            self._news.set()

    async def _take_in(self, frame: frames.FromHub) -> None:
        match frame:
            case frames.Snapshot():
                self.snapshots.append(frame)
                self.shown = {card.id: card for card in frame.calls}
                self.n = frame.n
                for card in frame.calls:
                    await self._ring(card)
            case frames.CallChanged():
                assert frame.n == self.n + 1
                self.n = frame.n
                self.calls.append(frame)
                self.shown[frame.card.id] = frame.card
                await self._ring(frame.card)
            case frames.Gone():
                assert frame.n == self.n + 1
                self.n = frame.n
                self.gone.append(frame)
                del self.shown[frame.call]
            case frames.Colleagues():
                assert frame.n == self.n + 1
                self.n = frame.n
                self.colleagues.append(frame)
            case frames.Heartbeat():
                self.beats.append(frame)
                if self.alive:
                    await self.say(self.facts(frame.beat))
            case frames.Answer():
                self.answers[frame.op] = frame
                self.answered.append(frame)
            case frames.Bye():
                self.bye = frame

    def facts(self, beat: int) -> frames.Alive:
        """What the main thread answers."""
        return frames.Alive(
            n=self.n,
            beat=beat,
            visible=self.visible,
            painted_ms=16,
            audio=self.audio,
            wake_lock=True,
            battery=80,
            charging=self.charging,
        )

    async def _ring(self, card: frames.Card) -> None:
        if card.ring and self.rings:
            for kind in ("received", "ringing"):
                await self.say(frames.Receipt(call=card.id, kind=kind, ring=card.ring))


@contextlib.asynccontextmanager
async def exchange(
    folder: Path,
    *,
    telephones: int = 3,
    performers: Sequence[Performer] = (),
    store: Store | None = None,
    core: Core | None = None,
    push: WebPush | None = None,
    **settings: Any,
) -> AsyncIterator[Exchange]:
    """Start everything, stop it in order."""
    clock = SystemClock()
    plan = small_plan(clock, telephones)
    url = f"sqlite+aiosqlite:///{folder / 'hub.db'}"
    store = store or await Store.open(url, spool=folder / "spool")
    await store.write(*_accounts(plan))
    names = {HOUSE: small_names(plan)}
    metrics, hand = Metrics(), Hand()
    gateway = Gateway(
        names=names, clock=clock, version="test", faces=Faces(), seconds=lambda: hand.now
    )
    engine = await Engine.start(
        HOUSE,
        empty(plan),
        clock=clock,
        store=store,
        performers=(gateway, metrics, *performers),
        limits=Limits(listen=timedelta(0)),
        core=core,
    )
    accounts = Accounts(store, clock)
    await accounts.load()
    engines = {HOUSE: engine}
    houses = Houses(store, clock, engines, names)
    gateway.attach(HOUSE, engine)
    metrics.watch(engines=engines, store=store)
    here = Settings(store_url=url, host="127.0.0.1", port=0, cookie_secure=False, **settings)
    app = create_app(
        settings=here,
        store=store,
        houses=houses,
        engines=engines,
        gateway=gateway,
        names=names,
        clock=clock,
        metrics=metrics,
        accounts=accounts,
        push=push,
    )
    try:
        async with asyncio.TaskGroup() as tasks:
            ready = asyncio.Event()
            writer = tasks.create_task(store.run())
            deciding = tasks.create_task(engine.run())
            attending = tasks.create_task(gateway.run())
            serving = tasks.create_task(serve(app, here, ready=ready))
            await ready.wait()
            async with asyncio.TaskGroup() as pages:
                hub = Exchange(
                    store, clock, engine, gateway, accounts, metrics, plan, app, pages, hand
                )
                try:
                    yield hub
                finally:
                    for client in hub.clients:
                        await client.aclose()
            serving.cancel()
            attending.cancel()
            await engine.stop()
            async with asyncio.timeout(WITHIN_S):
                await deciding
                await store.stop()
                await writer
    finally:
        await store.close()


_hashes: dict[str, str] = {}


def _hashed(kind: str) -> str:
    """Argon2 once for all tests: it is meant to be slow."""
    if kind not in _hashes:
        _hashes[kind] = hash_pin(PIN) if kind == "pin" else hash_password(PASSWORD)
    return _hashes[kind]


def _accounts(plan: Plan) -> list[Any]:
    rows = [
        {
            "house": HOUSE,
            "staff": one.id,
            "login": one.id,
            "role": str(one.role),
            "pin_hash": _hashed("pin"),
            "password_hash": _hashed("password"),
        }
        for one in plan.staff.values()
    ]
    return [(insert(tables.accounts), rows)]


def body(answer: httpx.Response) -> Any:
    """The answer's JSON."""
    return json.loads(answer.content)
