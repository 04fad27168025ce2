"""A ward behind a real broker: Zigbee devices as a bridge publishes them, and an engine that
notes what it is given and commits when the test lets it.
"""

import asyncio
import json
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from importlib.resources import files
from itertools import count
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import aiomqtt

from devices.catalogue import read
from devices.codec import Bridge, Discovered, Discovery, Enrolled
from devices.registry import Registry
from hub.clock import SystemClock
from hub.engine import Lane
from hub.mqtt import Intake
from hub.mqtt_entry import Behind
from hub.settings import Settings
from hub.store.rows import QuarantinedMessage, RawMessage
from routing.events import Event, SignalReceived
from routing.ids import BridgeId, DeviceId, HouseId, SignalId
from routing.readings import DeviceClass, HelpPressed
from tests.support.mosquitto import Mosquitto

HOUSE = HouseId("solvik")
BASE = "zigbee2mqtt"
BRIDGE = Bridge(BridgeId("z2m"), "zigbee2mqtt", BASE)
WITHIN_S = 60.0
EXPOSES = json.dumps(
    [
        {
            "type": "enum",
            "name": "action",
            "property": "action",
            "access": 1,
            "values": ["emergency"],
        },
        {
            "type": "binary",
            "name": "occupancy",
            "property": "occupancy",
            "access": 1,
            "value_on": True,
            "value_off": False,
        },
    ]
)
_FOLDER = SimpleNamespace(iterdir=lambda: [files("devices") / "models" / "zigbee2mqtt"])
CATALOGUE = read(cast("Any", _FOLDER))
"""This ward is all Zigbee."""
PRESS = b'{"action":"emergency","battery":97,"linkquality":120}'


def motion(n: int) -> bytes:
    """One of many different messages of a motion sensor."""
    return json.dumps({"occupancy": n % 2 == 0, "illuminance": n}).encode()


def behind(alarms: Sequence[str], others: Sequence[str] = ()) -> Behind:
    """Return what a house has behind the broker: devices by their friendly names."""
    names = [(name, DeviceClass.ALARM) for name in alarms]
    names += [(name, DeviceClass.COMFORT) for name in others]
    enrolled = {
        (BRIDGE.id, f"0x{name}"): Enrolled(DeviceId(name), "", device_class)
        for name, device_class in names
    }
    found = tuple(Discovered(f"0x{name}", name, exposes=EXPOSES) for name, _ in names)
    return Behind(
        Registry([BRIDGE], enrolled, [Discovery(BRIDGE.id, found)], CATALOGUE), [BRIDGE]
    )


@dataclass
class Notebook:
    """An engine that notes events in order. `hold` keeps commits from happening."""

    entered: list[tuple[Event, Lane]] = field(default_factory=list[tuple[Event, Lane]])
    kept: list[RawMessage | QuarantinedMessage] = field(
        default_factory=list[RawMessage | QuarantinedMessage]
    )
    discovered: list[Discovery] = field(default_factory=list[Discovery])
    _commits: dict[Lane, asyncio.Event] = field(
        default_factory=lambda: {lane: asyncio.Event() for lane in Lane}
    )
    _news: asyncio.Condition = field(default_factory=asyncio.Condition)
    _signals: Iterator[int] = field(default_factory=lambda: count(1))
    fails: Exception | None = None
    """What submitting a signal raises."""
    refuses: Exception | None = None
    """What submitting anything raises."""

    def __post_init__(self) -> None:
        self.release()

    def hold(self, *lanes: Lane) -> None:
        """Let nothing be committed (of these lanes) until `release`."""
        for lane in lanes or tuple(Lane):
            self._commits[lane].clear()

    def release(self) -> None:
        for commits in self._commits.values():
            commits.set()

    def next_signal(self) -> SignalId:
        return SignalId(f"1-{next(self._signals)}")

    async def submit(self, event: Event, lane: Lane = Lane.ALARM) -> None:
        if self.refuses is not None:
            raise self.refuses
        if self.fails is not None and isinstance(event, SignalReceived):
            raise self.fails
        self.entered.append((event, lane))
        async with self._news:
            self._news.notify_all()
        await self._commits[lane].wait()

    async def until(self, met: Callable[[], bool]) -> None:
        async with asyncio.timeout(WITHIN_S), self._news:
            await self._news.wait_for(met)

    @property
    def signals(self) -> list[SignalReceived]:
        return [event for event, _ in self.entered if isinstance(event, SignalReceived)]

    @property
    def presses(self) -> list[SignalReceived]:
        return [s for s in self.signals if any(isinstance(r, HelpPressed) for r in s.readings)]

    def payloads(self) -> Counter[bytes]:
        """How often each payload was taken in as a signal."""
        return Counter(kept.payload for kept in self.kept if isinstance(kept, RawMessage))

    def events(self, kind: type[Any]) -> list[Any]:
        return [event for event, _ in self.entered if isinstance(event, kind)]


def press(n: int) -> bytes:
    """One of many presses that can be told apart."""
    return json.dumps({"action": "emergency", "linkquality": n}).encode()


async def publish_all(client: aiomqtt.Client, messages: Sequence[tuple[str, bytes]]) -> None:
    """Publish in order at QoS 1, many at a time; returns when the broker has them all."""
    for start in range(0, len(messages), 500):
        some = messages[start : start + 500]
        await asyncio.gather(*(client.publish(topic, body, 1) for topic, body in some))


def settings(broker: Mosquitto, folder: Path, **more: Any) -> Settings:
    """Return the settings of a hub at this broker, its files in `folder`."""
    return Settings(**{**broker.settings, "data_dir": folder, **more})


def intake(
    where: Settings,
    notebook: Notebook,
    house: Behind,
    *,
    last_contact: datetime | None = None,
    **more: Any,
) -> Intake:
    """Return an intake of one house whose events land in the notebook."""
    return Intake(
        where,
        {HOUSE: house},
        lambda _: notebook,
        clock=SystemClock(),
        keep=notebook.kept.append,
        on_discovery=lambda _, found: notebook.discovered.append(found),
        last_contact=last_contact,
        **more,
    )


class Running:
    """`async with Running(intake)`: runs it as a task and stops it at the end."""

    def __init__(self, taken: Intake) -> None:
        self.intake = taken

    async def __aenter__(self) -> Intake:
        self._task = asyncio.ensure_future(self.intake.run())
        return self.intake

    async def __aexit__(self, *_: object) -> None:
        self._task.cancel()
        await asyncio.gather(self._task, return_exceptions=True)
