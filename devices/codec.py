"""The port of a codec: what it is given, and the few things it can answer.

A codec is pure and stateless: (topic, payload, what is enrolled) -> `Understood`. It has no
clock, no memory and no I/O, and no payload of any bytes makes it raise. Edges, duplicates and
rules are found later, in `routing`; a codec only says what was said.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from hashlib import blake2b
from typing import Protocol

from routing.ids import BridgeId, DeviceId
from routing.readings import DeviceClass, DeviceTime, Reading

NO_TIME = DeviceTime()
PRESS_WINDOW = timedelta(seconds=2)
"""Two equal presses inside this are one press heard twice (DEVICES D1, D3)."""
UPLINK_WINDOW = timedelta(seconds=300)
"""How long a LoRaWAN copy may take through another gateway (DEVICES D5)."""
LONGEST_MESSAGE = 64 * 1024
"""A device says what it has to say in far less; only a bridge's own lists are longer."""
LONGEST_LIST = 16 * 1024 * 1024
"""The retained `bridge/devices` of a very large Zigbee network is about 4 MB."""
LONGEST_KEY = 160


@dataclass(frozen=True, slots=True)
class Bridge:
    """What carries devices to us. `routing.plan.Bridge` has the same three names."""

    id: BridgeId
    ecosystem: str
    base_topic: str = ""


class BridgeLike(Protocol):
    """Anything that says its id, its ecosystem and its base topic."""

    @property
    def id(self) -> BridgeId:
        """The bridge's own id."""
        ...

    @property
    def ecosystem(self) -> str:
        """Which codec it speaks: a key of `registry.MAKERS`."""
        ...

    @property
    def base_topic(self) -> str:
        """What its topics begin with; empty: the ecosystem's usual base."""
        ...


@dataclass(frozen=True, slots=True)
class Enrolled:
    """A device that a person chose: which model, and how serious it is."""

    device: DeviceId
    model: str
    device_class: DeviceClass
    secret: str = field(default="", repr=False)
    """A bind key in hex, for encrypted adverts. Never logged, never in a result."""


Native = tuple[BridgeId, str]
"""(bridge, the ecosystem's own id): two instances may carry the same address (DEVICES M13)."""
Enrolments = Mapping[Native, Enrolled]


@dataclass(frozen=True, slots=True)
class Message:
    """One device message, understood. `device` is None for a sender that nobody enrolled."""

    bridge: BridgeId
    native: str
    device: DeviceId | None
    readings: tuple[Reading, ...]
    key: str = ""
    """The same key inside `key_window` is the same message; empty: never a duplicate."""
    key_window: timedelta = PRESS_WINDOW
    device_time: DeviceTime = NO_TIME
    history: bool = False
    source: str = "state"
    test: bool = False
    model: str = ""
    model_version: int = 0
    session: str = ""
    """Inside one session (a join) a higher `number` was said later (DEVICES T4)."""
    number: int = 0


@dataclass(frozen=True, slots=True)
class BridgeSaid:
    """A bridge (or one of its gateways, named in `detail`) says online or offline."""

    bridge: BridgeId
    online: bool
    detail: str = ""
    part: str = ""
    """Empty for the bridge itself; else the gateway, node or room station it speaks of."""


@dataclass(frozen=True, slots=True)
class Discovered:
    """A device that a bridge knows. It proposes enrolment and never activates anything."""

    native: str
    name: str = ""
    """Hostile text: shown escaped, never used as an id."""
    model: str = ""
    """The catalogue's suggestion, or empty."""
    vendor: str = ""
    description: str = ""
    exposes: str = "[]"
    """Zigbee2MQTT's `exposes` as JSON text: the mapping is made from it."""


@dataclass(frozen=True, slots=True)
class Discovery:
    """What a bridge knows. `complete`: replaces what it said before, else adds to it."""

    bridge: BridgeId
    found: tuple[Discovered, ...]
    complete: bool = True


@dataclass(frozen=True, slots=True)
class Undecodable:
    """The bytes could not be understood. From an alarm device that is a technical call."""

    topic: str
    payload: bytes
    why: str
    bridge: BridgeId | None = None
    native: str = ""
    device: DeviceId | None = None


@dataclass(frozen=True, slots=True)
class Ignored:
    """Understood, and of no use to us. Counted, not kept."""

    why: str


Understood = Message | BridgeSaid | Discovery | Undecodable | Ignored


class Codec(Protocol):
    """One bridge's codec."""

    def understand(self, topic: str, rest: str, payload: bytes) -> tuple[Understood, ...]:
        """Return what a message says; `rest` is the topic without the base."""
        ...

    def topics(self, wanted: frozenset[DeviceClass]) -> tuple[str, ...]:
        """Return the topic filters of the enrolled devices of these classes."""
        ...


def level(name: str) -> str:
    """Return a device's name as part of a topic filter.

    A name that is itself a wildcard (`+`, `#`) would stand for every device of the bridge: it
    becomes one that no broker takes, so that the hub leaves it out and says so.
    """
    return "/".join(part * 2 if part in {"+", "#"} else part for part in name.split("/"))


def short(key: str) -> str:
    """Return the key itself, or its digest where it would not fit in a state."""
    if len(key) <= LONGEST_KEY:
        return key
    return blake2b(key.encode("utf-8", "replace"), digest_size=16).hexdigest()


def excerpt(value: object, longest: int = 64) -> str:
    """Return a bounded, printable piece of what was not understood."""
    text = value.hex() if isinstance(value, (bytes, bytearray)) else str(value)[: longest + 1]
    clean = "".join(c if c.isprintable() else "·" for c in text[:longest])
    return clean + ("…" if len(text) > longest else "")
