"""A pretended house on a real broker, and pretended carers on real WebSockets.

The residents and devices are those of the simulated nights; what they say goes out by MQTT in
its real wire format, in real time or faster. A `Carer` signs in through the real HTTP API with
the telephone's key and a PIN, and does on the socket what the handset's page does.
"""

import asyncio
import contextlib
import json
import urllib.error
import urllib.request
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, time, timedelta
from random import Random
from typing import Any
from zoneinfo import ZoneInfo

import aiomqtt
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import WebSocketException

from hub.clock import SystemClock
from routing.ids import BridgeId, DeviceId, PatientId, RoomId
from routing.plan import Plan
from simulators.agenda import Agenda
from simulators.local_broker import Broker
from simulators.payloads import Published, bridge_state, retained
from simulators.residents import Devices, Resident, habits
from simulators.walks import Walks

BEDTIME, MORNING = time(22), time(7)
RECONNECT_S = (0.5, 1.0, 2.0, 5.0)
SIGN_IN_S = 10.0
ANSWER_S = 30.0
"""An operation without an answer after this is given up, as a person would."""


class WiredHouse:
    """A house whose residents live now, on a real broker."""

    def __init__(
        self, plan: Plan, seed: int, broker: Broker, *, speed: float = 1.0, bustle: float = 1.0
    ) -> None:
        """`speed`: times faster than the clock; `bustle`: times more presses than usual.

        Without any bustle nobody gets up either: only what is asked for happens.
        """
        self.plan = plan
        self._broker = broker
        self._speed = speed
        self._clock = SystemClock()
        self.agenda = Agenda(self._clock.now())
        self._outbox: asyncio.Queue[Published] = asyncio.Queue()
        self.published = 0
        self.pressed = 0
        self.walks = Walks(self.agenda, plan, self._speak, seed)
        self.devices = Devices(self.agenda, plan, self._speak, (), seed)
        homes = self.devices.homes
        self.residents = {
            patient: Resident(self.agenda, self.devices, homes[patient], habit, seed)
            for patient, habit in habits(plan, seed, bustle).items()
            if patient in homes and bustle
        }
        self._in_room: dict[RoomId, list[PatientId]] = {}
        for patient, home in homes.items():
            self._in_room.setdefault(home.room, []).append(patient)

    async def run(self) -> None:
        """Live until cancelled; heals a lost broker by itself.

        At the end the bridges say that they are offline, as they do when they are stopped.
        """
        self.devices.begin()
        self.walks.begin()
        bedtime_s, morning_s = self._night(self._clock.now())
        for resident in self.residents.values():
            resident.begin(bedtime_s, morning_s)
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(self._live(), name="residents")
            tasks.create_task(self._publish(), name="bridges")

    def press(self, device: DeviceId) -> None:
        """Let somebody press this device now.

        Raises:
            KeyError: the house has no such device that can be pressed.
        """
        self.devices.press(self.devices.things[device])

    def somebody_came(self, room: str) -> None:
        """Tell the residents of a room that a person is there: they stop pressing."""
        place = self.plan.rooms.get(RoomId(room))
        home = place.bathroom_of or place.id if place is not None else RoomId(room)
        for patient in self._in_room.get(home, ()):
            if patient in self.residents:
                self.residents[patient].somebody_came()

    def _night(self, now: datetime) -> tuple[float, float]:
        local = now.astimezone(ZoneInfo(self.plan.timezone))
        bed = datetime.combine(local.date(), BEDTIME, local.tzinfo)
        if local.time() < MORNING:
            bed -= timedelta(days=1)
        morning = datetime.combine(bed.date() + timedelta(days=1), MORNING, local.tzinfo)
        return (bed - now).total_seconds(), (morning - now).total_seconds()

    def _speak(self, bridge: BridgeId, message: Published, press: bool) -> None:  # noqa: FBT001
        del bridge
        self.pressed += press
        self._outbox.put_nowait(message)

    async def _live(self) -> None:
        loop = asyncio.get_running_loop()
        began = loop.time()
        while True:
            lived_s = (loop.time() - began) * self._speed
            self.agenda.run(lived_s)
            due = self.agenda.next_s
            wait_s = 1.0 if due is None else (due - lived_s) / self._speed
            # At least once a second: `press` may have written something nearer.
            await asyncio.sleep(min(max(wait_s, 0.001), 1.0))

    async def _publish(self) -> None:
        tries = 0
        while True:
            try:
                async with self._connect() as client:
                    tries = 0
                    await self._speak_to(client)
            except aiomqtt.MqttError:
                await asyncio.sleep(RECONNECT_S[min(tries, len(RECONNECT_S) - 1)])
                tries += 1

    def _connect(self) -> aiomqtt.Client:
        broker = self._broker
        version = aiomqtt.ProtocolVersion.V5 if broker.version == 5 else None
        return aiomqtt.Client(
            broker.host,
            broker.port,
            username=broker.username or None,
            password=broker.password or None,
            identifier=f"simulated-{self.plan.house}",
            protocol=version,
        )

    async def _speak_to(self, client: aiomqtt.Client) -> None:
        for _, message in retained(self.plan):
            await self._send(client, message)
        try:
            while True:
                await self._send(client, await self._outbox.get())
        except asyncio.CancelledError:
            with contextlib.suppress(aiomqtt.MqttError):
                for bridge in self.plan.bridges.values():
                    if bridge.ecosystem != "chirpstack":
                        await self._send(client, bridge_state(bridge, online=False))
            raise

    async def _send(self, client: aiomqtt.Client, message: Published) -> None:
        await client.publish(message.topic, message.payload, message.qos, message.retain)
        self.published += 1


# --- carers -----------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Pace:
    """Seconds of human time: shortest and longest. Divided by `speed`."""

    hears: tuple[float, float] = (2, 12)
    walks: tuple[float, float] = (8, 60)
    cares: tuple[float, float] = (20, 120)
    speed: float = 1.0
    declines: float = 0.08
    """How often somebody says «kan ikke»."""


@dataclass(slots=True)
class Deeds:
    """What one carer did."""

    rings: int = 0
    taken: int = 0
    lost: int = 0
    """Taken by another first."""
    closed: int = 0
    connected: int = 0


class SignInRefusedError(Exception):
    """The hub did not let this carer in; the text is the hub's."""


@dataclass(slots=True)
class Carer:
    """One person with one telephone on a real socket."""

    hub: str
    """The hub's address: http://127.0.0.1:8080."""
    handset: str
    key: str = field(repr=False)
    staff: str
    pin: str = field(repr=False)
    seed: int = 0
    pace: Pace = field(default_factory=Pace)
    on_arrival: Callable[[str], None] = lambda _: None
    """Told the room's id."""
    deeds: Deeds = field(default_factory=Deeds)
    cards: dict[str, dict[str, Any]] = field(default_factory=dict[str, dict[str, Any]])
    _dice: Random = field(init=False, repr=False)
    _answers: dict[str, asyncio.Future[dict[str, Any]]] = field(init=False, repr=False)
    _operations: int = 0
    _epoch: str = ""
    _busy: bool = False

    def __post_init__(self) -> None:
        """Dice of its own."""
        self._dice = Random(f"{self.seed}/live/{self.staff}")
        self._answers = {}

    async def run(self) -> None:
        """Sign in and work until cancelled or signed out; reconnects with growing pauses.

        Raises:
            SignInRefusedError: wrong key or PIN, or the hub says why not.
        """
        cookies = await self._sign_in()
        tries = 0
        while True:
            try:
                headers = {"Cookie": cookies, "Origin": self.hub}
                url = f"{self.hub.replace('http', 'ws', 1)}/api/v1/handset"
                async with connect(url, additional_headers=headers) as socket:
                    tries = 0
                    if await self._attend(socket):
                        return
            except (OSError, WebSocketException):
                pass
            await asyncio.sleep(RECONNECT_S[min(tries, len(RECONNECT_S) - 1)])
            tries += 1

    async def _sign_in(self) -> str:
        for pause in (*RECONNECT_S, None):
            try:
                return await asyncio.to_thread(self._post_session)
            except OSError as error:
                if pause is None:
                    raise SignInRefusedError(
                        f"{self.hub} cannot be reached: {error}"
                    ) from error
                await asyncio.sleep(pause)
        raise SignInRefusedError(f"{self.hub} cannot be reached")

    def _post_session(self) -> str:
        if not self.hub.startswith(("http://", "https://")):
            raise SignInRefusedError(f"{self.hub!r} is no http address")
        request = urllib.request.Request(  # noqa: S310 - checked above
            f"{self.hub}/api/v1/session",
            data=json.dumps({"staff": self.staff, "pin": self.pin}).encode(),
            headers={
                "Content-Type": "application/json",
                "X-Bjelle": "1",
                "Cookie": f"bjelle_handset={self.key}",
            },
            method="POST",
        )
        try:
            with urllib.request.urlopen(request, timeout=SIGN_IN_S) as answer:  # noqa: S310
                given = answer.headers.get_all("Set-Cookie") or []
        except urllib.error.HTTPError as error:
            text = error.read(500).decode("utf-8", "replace")
            raise SignInRefusedError(f"{self.staff} on {self.handset}: {text}") from error
        session = next(c.split(";")[0] for c in given if c.startswith("bjelle_session="))
        return f"bjelle_handset={self.key}; {session}"

    # --- the socket ---

    async def _attend(self, socket: ClientConnection) -> bool:
        """Serve one connection; return whether the hub said that it is over for good."""
        self.deeds.connected += 1
        self.cards.clear()
        await self._send(socket, t="hello", v=1, resume=None, page="simulated", lang="nb")
        async with asyncio.TaskGroup() as tasks:
            try:
                async for text in socket:
                    frame = json.loads(text)
                    if frame["t"] == "bye":
                        return frame["reason"] in ("replaced", "signed_out", "expired")
                    await self._take_in(socket, frame, tasks)
            finally:
                for waiting in self._answers.values():
                    waiting.cancel()
                self._answers.clear()
                self._busy = False
        return False

    async def _take_in(
        self, socket: ClientConnection, frame: dict[str, Any], tasks: asyncio.TaskGroup
    ) -> None:
        match frame["t"]:
            case "heartbeat":
                await self._alive(socket, frame)
            case "snapshot":
                self.cards = {card["id"]: card for card in frame["calls"]}
                for card in frame["calls"]:
                    if card["ring"]:
                        await self._rings(socket, card, tasks)
            case "call":
                card = frame["card"]
                self.cards[card["id"]] = card
                if frame["ring"] and card["ring"]:
                    await self._rings(socket, card, tasks)
            case "gone":
                self.cards.pop(frame["call"], None)
            case "answer":
                waiting = self._answers.pop(frame["op"], None)
                if waiting is not None and not waiting.done():
                    waiting.set_result(frame)
            case _:
                pass

    async def _alive(self, socket: ClientConnection, frame: dict[str, Any]) -> None:
        await self._send(
            socket,
            t="alive",
            n=frame["n"],
            beat=frame["beat"],
            visible=True,
            painted_ms=16,
            audio=True,
            wake_lock=True,
            battery=80,
            charging=False,
            outbox=0,
            ringing=[c for c, card in self.cards.items() if card["ring"]],
        )

    async def _rings(
        self, socket: ClientConnection, card: dict[str, Any], tasks: asyncio.TaskGroup
    ) -> None:
        self.deeds.rings += 1
        for kind in ("received", "ringing"):
            await self._send(socket, t="receipt", call=card["id"], kind=kind, ring=card["ring"])
        tasks.create_task(self._respond(socket, card["id"]), name=f"{self.staff} {card['id']}")

    # --- the person ---

    async def _respond(self, socket: ClientConnection, call: str) -> None:
        with contextlib.suppress(WebSocketException, asyncio.CancelledError, TimeoutError):
            await self._pause(self.pace.hears)
            card = self.cards.get(call)
            if card is None or not card["ring"] or self._busy or "take" not in card["can"]:
                return
            await self._send(socket, t="receipt", call=call, kind="seen", ring=card["ring"])
            if self._dice.random() < self.pace.declines and "decline" in card["can"]:
                await self._operate(socket, "decline", call, reason="busy")
                return
            await self._help(socket, call)

    async def _help(self, socket: ClientConnection, call: str) -> None:
        self._busy = True
        try:
            answer = await self._operate(socket, "take", call)
            if not answer["ok"]:
                self.deeds.lost += 1
                return
            self.deeds.taken += 1
            await self._pause(self.pace.walks)
            room = (self.cards.get(call, {}).get("room") or {}).get("id")
            answer = await self._operate(socket, "arrive", call, room=room)
            if not answer["ok"]:
                return
            if room:
                self.on_arrival(room)
            await self._pause(self.pace.cares)
            answer = await self._operate(socket, "close", call, outcome="helped")
            if answer["ok"]:
                self.deeds.closed += 1
            else:
                await self._operate(socket, "leave", call)
        finally:
            self._busy = False

    async def _operate(
        self, socket: ClientConnection, action: str, call: str, **more: str | None
    ) -> dict[str, Any]:
        self._operations += 1
        operation = f"{self.staff}-{id(self):x}-{self._operations}"
        waiting = asyncio.get_running_loop().create_future()
        self._answers[operation] = waiting
        known = {name: value for name, value in more.items() if value is not None}
        await self._send(
            socket,
            t="op",
            op=operation,
            seq=self._operations,
            action=action,
            call=call,
            **known,
        )
        async with asyncio.timeout(ANSWER_S):
            return await waiting

    async def _pause(self, between: tuple[float, float]) -> None:
        await asyncio.sleep(self._dice.uniform(*between) / self.pace.speed)

    async def _send(self, socket: ClientConnection, **frame: object) -> None:
        await socket.send(json.dumps(frame))


# --- both -------------------------------------------------------------------------------------


async def live(
    house: WiredHouse, carers: Sequence[Carer], *, for_s: float | None = None
) -> None:
    """Run a house and its carers until cancelled, or for so many seconds."""
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(for_s), asyncio.TaskGroup() as tasks:
            tasks.create_task(house.run(), name="house")
            for carer in carers:
                tasks.create_task(carer.run(), name=carer.staff)


def play(
    plan: Plan,
    seed: int,
    broker: Broker,
    *,
    hub: str = "",
    people: Sequence[dict[str, str]] = (),
    speed: float = 1.0,
    bustle: float = 1.0,
    for_s: float | None = None,
) -> tuple[WiredHouse, list[Carer]]:
    """Play a house from synchronous code until Ctrl-C or for so many seconds."""
    house = WiredHouse(plan, seed, broker, speed=speed, bustle=bustle)
    carers = [
        Carer(
            hub.rstrip("/"),
            one["handset"],
            one["key"],
            one["staff"],
            one["pin"],
            seed,
            Pace(speed=speed),
            house.somebody_came,
        )
        for one in people
    ]
    with contextlib.suppress(KeyboardInterrupt):
        asyncio.run(live(house, carers, for_s=for_s))
    return house, carers
