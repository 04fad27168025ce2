"""Many telephones at once: 500 connected, one call to 40 of them, and 40 calls at once.

A call is a real press through the broker; each of the house's 40 telephones is one figure, from
the press's sending to the frame that makes it ring. Forty calls at once are 1,600 rings. The
floor has the same sockets, the same heartbeats, and pushes to the same telephones.
"""

import asyncio
import contextlib
import json
import logging
import tempfile
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import aiomqtt
import psutil
from websockets.asyncio.client import ClientConnection

from hub import house
from hub.clock import SystemClock
from routing.ids import DeviceId
from routing.plan import Device, Plan
from simulators.bench import systems
from simulators.bench.measure import Figures, figures, medians, noise, ratios
from simulators.bench.systems import System, Where
from simulators.bench.telephones import Telephone, Watch
from simulators.local_broker import Broker
from simulators.local_broker import running as broker_running
from simulators.payloads import ZigbeeVoice, retained, voice

logging.getLogger("mqtt").setLevel(logging.ERROR)  # it warns of forty presses at once
RINGS_WITHIN_S = 30.0
HEARTBEAT_S = 2.0
READY_S = 6.0
"""Three heartbeats: every page has said what its telephone can do."""


@dataclass(frozen=True)
class Crowd:
    """How many of what. A call rings every telephone of its house."""

    telephones: int = 500
    a_house: int = 40
    singles: int = 10
    """Calls one after the other; each gives `a_house` figures."""
    at_once: int = 40
    idle_s: float = 20.0
    repeats: int = 1

    def sizes(self) -> list[int]:
        """Return how many telephones each house has."""
        full, rest = divmod(self.telephones, self.a_house)
        return [self.a_house] * full + ([rest] if rest else [])

    @property
    def rooms(self) -> list[str]:
        """Return the rooms of a house: one press each, so that every press opens a call."""
        return [str(101 + n) for n in range(self.singles + self.at_once + 1)]


def house_file(crowd: Crowd, index: int) -> str:
    """Return one house whose ladder rings everybody at once; its people are invented."""
    since, people = "2026-01-01T00:00", range(crowd.sizes()[index])
    everybody = {"ring": ["house"], "patience": "30min"}
    stays = {"since": since, "offer": "accepted"}
    return json.dumps(
        {
            "house": {"id": f"house-{index:02d}", "name": f"Measured house {index}"},
            "units": {"ward": {"name": "Ward"}},
            "rooms": {r: {"unit": "ward", "beds": [f"b{r}"]} for r in crowd.rooms},
            "staff": {
                f"s{n}": {
                    "name": f"Carer {n}",
                    "role": "nurse",
                    "competence": "nurse",
                    "units": ["ward"],
                }
                for n in people
            },
            "patients": {
                f"p{r}": {"name": f"Patient {r}", "stays": [{"bed": f"b{r}", **stays}]}
                for r in crowd.rooms
            },
            "bridges": {
                "z2m": {"ecosystem": "zigbee2mqtt", "base_topic": f"house-{index:02d}/z2m"}
            },
            "devices": {
                f"press-{r}": {
                    "bridge": "z2m",
                    "native": f"0x00124b{index:04x}{n:06x}",
                    "model": "zigbee2mqtt/alarm-button",
                    "class": "alarm",
                    "used": [{"purpose": "help", "since": since, "patient": f"p{r}"}],
                }
                for n, r in enumerate(crowd.rooms)
            },
            "handsets": {f"t{n}": {"unit": "ward"} for n in people},
            "ladders": {"all": {"steps": [everybody], "failsafe": everybody}},
            "policies": {"patient": {"ladder": "all"}},
        }
    )


@dataclass
class Rings:
    """When each press was sent, and how long until each telephone had it."""

    sent: dict[str, float] = field(default_factory=dict[str, float])
    latencies: list[float] = field(default_factory=list[float])
    beats: int = 0

    _all: asyncio.Event = field(default_factory=asyncio.Event)
    _wanted: int = 0

    def rang(self, room: str) -> None:
        """Count one telephone's first ring for a room."""
        self.latencies.append(time.monotonic() - self.sent[room])
        if len(self.latencies) >= self._wanted:
            self._all.set()

    async def reach(self, count: int) -> None:
        """Wait until so many rings were heard; raises TimeoutError."""
        self._wanted = count
        if len(self.latencies) >= count:
            return
        self._all.clear()
        async with asyncio.timeout(RINGS_WITHIN_S):
            await self._all.wait()


@dataclass
class Listener(Telephone):
    """A telephone that confirms each ring and leaves the call open."""

    rings: Rings = field(default_factory=Rings)
    _heard: set[str] = field(default_factory=set[str])

    async def _called(self, socket: ClientConnection, frame: dict[str, Any]) -> None:
        card = frame["card"]
        if not frame["ring"] or not card["room"]:
            return
        room = card["room"]["number"]
        if room in self.rings.sent and room not in self._heard:
            self._heard.add(room)
            self.rings.rang(room)
        for kind in ("received", "ringing"):
            ring = card.get("ring", 1)
            await self._send(socket, t="receipt", call=card["id"], kind=kind, ring=ring)

    async def _alive(self, socket: ClientConnection, frame: dict[str, Any]) -> None:
        self.rings.beats += 1
        await super()._alive(socket, frame)


@asynccontextmanager
async def connected(system: System, rings: Rings) -> AsyncIterator[None]:
    """Connect every telephone while the block runs."""
    async with asyncio.TaskGroup() as tasks:
        running: list[asyncio.Task[None]] = []
        for where in system.telephones:
            ready = asyncio.Event()
            telephone = Listener(where.house, where.url, where.headers, Watch(), rings=rings)
            running.append(tasks.create_task(telephone.run(ready)))
            await ready.wait()
        yield
        for task in running:
            task.cancel()


async def measured(system: System, broker: Broker, plan: Plan, crowd: Crowd) -> Figures:
    """Connect, stand idle, ring one by one, ring all at once."""
    process, rings = psutil.Process(system.process.pid), Rings()
    empty = process.memory_info().rss
    async with connected(system, rings):
        await asyncio.sleep(READY_S)
        full = process.memory_info().rss
        beats, cpu = rings.beats, system.cpu_s()
        await asyncio.sleep(crowd.idle_s)
        beats, cpu = rings.beats - beats, system.cpu_s() - cpu
        rooms = crowd.rooms
        # The first opens paths that are cold after a start; it is not counted.
        await _press(broker, plan, rooms[:1], rings, crowd.a_house)
        rings.latencies.clear()
        for room in rooms[1 : crowd.singles + 1]:
            await _press(broker, plan, [room], rings, crowd.a_house)
        one = figures(rings.latencies)
        wanted = crowd.singles * crowd.a_house
        missing = wanted - len(rings.latencies)
        rings.latencies.clear()
        before = system.cpu_s()
        await _press(broker, plan, rooms[crowd.singles + 1 :], rings, crowd.a_house)
        burst, burst_cpu = figures(rings.latencies), system.cpu_s() - before
        missing += crowd.at_once * crowd.a_house - len(rings.latencies)
    return {
        **{f"one_call_{key}": value for key, value in one.items()},
        **{f"calls_at_once_{key}": value for key, value in burst.items()},
        "cpu_us_per_heartbeat": round(cpu / max(beats, 1) * 1e6, 1),
        "cpu_us_per_ring_at_once": round(
            burst_cpu / max(crowd.at_once * crowd.a_house, 1) * 1e6, 1
        ),
        "heartbeats": float(beats),
        "memory_kb_per_handset": round((full - empty) / crowd.telephones / 1024, 1),
        "missing": float(missing),
    }


async def _press(
    broker: Broker, plan: Plan, rooms: list[str], rings: Rings, telephones: int
) -> None:
    """Press in these rooms at the same time; wait until every telephone has every call."""
    wanted = len(rings.latencies) + len(rooms) * telephones
    at = SystemClock().now()
    said = {room: _voice(plan, plan.devices[DeviceId(f"press-{room}")]) for room in rooms}
    async with aiomqtt.Client(
        broker.host, broker.port, username=broker.username, password=broker.password
    ) as client:
        messages = {room: one.press(at) for room, one in said.items()}
        for room in rooms:
            rings.sent[room] = time.monotonic()
        async with asyncio.TaskGroup() as tasks:
            for message in messages.values():
                tasks.create_task(client.publish(message.topic, message.payload, qos=1))
        with contextlib.suppress(TimeoutError):  # what did not ring is counted as missing
            await rings.reach(wanted)
    await asyncio.sleep(1.0)  # receipts are answered before the next


def _voice(plan: Plan, device: Device) -> ZigbeeVoice:
    made = voice(plan, device)
    if not isinstance(made, ZigbeeVoice):
        raise TypeError(f"{device.id} has no Zigbee voice")
    return made


async def _announce(broker: Broker, plans: list[Plan]) -> None:
    async with aiomqtt.Client(
        broker.host, broker.port, username=broker.username, password=broker.password
    ) as client:
        for plan in plans:
            for _, message in retained(plan):
                if "/bridge/" in message.topic:
                    await client.publish(message.topic, message.payload, qos=1, retain=True)


async def _once(crowd: Crowd) -> dict[str, Figures]:
    files = [house_file(crowd, index) for index in range(len(crowd.sizes()))]
    plans = [house.parse(text, "bench").plan(1) for text in files]
    found: dict[str, Figures] = {}
    with tempfile.TemporaryDirectory(prefix="bjelle-bench-") as name:
        folder = Path(name)
        with broker_running(folder / "broker") as broker:
            await _announce(broker, plans)
            async with systems.floor(
                broker, folder, 0, "--heartbeat", str(HEARTBEAT_S)
            ) as system:
                for plan in plans:
                    url = f"ws://127.0.0.1:{system.port}/telephone/{plan.house}"
                    system.telephones += [Where(plan.house, url, {})] * len(plan.handsets)
                found["floor"] = await measured(system, broker, plans[0], crowd)
            async with systems.ours(broker, folder, len(files), files.__getitem__) as system:
                await system.settle()
                found["ours"] = await measured(system, broker, plans[0], crowd)
    return found


async def handsets(crowd: Crowd) -> dict[str, Any]:
    """Run the benchmark and return its JSON object."""
    before = psutil.cpu_times()
    pairs = [await _once(crowd) for _ in range(crowd.repeats)]
    runs = {name: [pair[name] for pair in pairs] for name in ("ours", "floor")}
    ours, floor = medians(runs["ours"]), medians(runs["floor"])
    return {
        "bench": "handsets",
        "ours": ours,
        "floor": floor,
        "ratio": ratios(ours, floor),
        "noise": noise(runs, before, psutil.cpu_times()),
        "settings": {
            **vars(crowd),
            "houses": len(crowd.sizes()),
            "heartbeat_s": HEARTBEAT_S,
            "floor": "the bare hub with the same sockets and heartbeats; it keeps nothing of a "
            "heartbeat",
        },
    }
