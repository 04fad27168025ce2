"""From one message to the engine: whose it is, what it says, and what is kept of it."""

import asyncio
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol, assert_never

from devices.codec import (
    LONGEST_LIST,
    LONGEST_MESSAGE,
    BridgeLike,
    BridgeSaid,
    Discovery,
    Ignored,
    Message,
    Undecodable,
    Understood,
)
from hub.clock import Clock
from hub.engine import Lane
from hub.flood import Floods
from hub.mqtt_port import Received
from hub.mqtt_stats import MqttStats
from hub.mqtt_topics import Topics
from hub.store.rows import QuarantinedMessage, RawMessage
from routing.events import (
    BridgeChanged,
    Delivery,
    Event,
    FaultMended,
    FaultNoticed,
    SignalQuarantined,
    SignalReceived,
)
from routing.ids import BridgeId, DeviceId, HouseId, SignalId
from routing.place import only_seen
from routing.readings import Problem
from routing.technical import NOT_READ

PART_SILENT = "bridge_part_silent"
"""Fault code, with `:` and which gateway, node or station of a bridge is offline."""
WITHOUT_PROMISE = "alarm_at_qos0"
"""Fault code: an alarm device speaks at QoS 0."""
CURES = {
    "zigbee2mqtt": "set `qos: 1` for this device in Zigbee2MQTT's configuration.yaml",
    "chirpstack": "set `qos=1` under [integration.mqtt] in chirpstack.toml",
}
ANY_CURE = "let what publishes it do so at QoS 1"


class Understands(Protocol):
    """What we ask of `devices.registry.Registry`."""

    def understand(
        self, topic: str, payload: bytes, *, retained: bool = False, qos: int = 1
    ) -> tuple[Understood, ...]:
        """Say what the bytes mean. Never raises."""
        ...

    def alarm_topics(self) -> tuple[str, ...]:
        """Return the filters of the enrolled alarm and safety devices."""
        ...

    def bulk_topics(self) -> tuple[str, ...]:
        """Return the filters of everything that the bridges may say."""
        ...

    def spared_topics(self) -> tuple[str, ...]:
        """Return the filters of what is read even while a bridge floods."""
        ...

    def bridge_of(self, topic: str) -> BridgeId | None:
        """Return the bridge that a topic or filter stands under."""
        ...


@dataclass(frozen=True, slots=True)
class Behind:
    """What one house has behind the broker."""

    registry: Understands
    bridges: Sequence[BridgeLike]


class Enters(Protocol):
    """What we ask of `hub.engine.Engine`."""

    async def submit(self, event: Event, lane: Lane = Lane.ALARM) -> object:
        """Enter an event; return when it is durable."""
        ...

    def next_signal(self) -> SignalId:
        """Return an id never used before."""
        ...


Keep = Callable[[RawMessage | QuarantinedMessage], None]
"""Hand bytes to the store: written with the event that is submitted next, or before it."""
OnDiscovery = Callable[[HouseId, Discovery], None]
"""Take what a bridge knows; must not wait. Later comes `Intake.adopt` with a new registry."""


@dataclass(frozen=True, slots=True)
class Part:
    """One thing that a message says: an event, and bytes to keep with it."""

    event: Event
    kept: RawMessage | QuarantinedMessage | None = None


class Entry:
    """The door of all houses behind one broker."""

    def __init__(
        self,
        houses: Mapping[HouseId, Behind],
        engine_for: Callable[[HouseId], Enters],
        *,
        clock: Clock,
        keep: Keep,
        on_discovery: OnDiscovery,
        stats: MqttStats,
        floods: Floods | None = None,
    ) -> None:
        """Take the houses behind this broker."""
        self.floods = Floods() if floods is None else floods
        self.houses = dict(houses)
        self.engine_for = engine_for
        self._clock = clock
        self._keep = keep
        self._on_discovery = on_discovery
        self._stats = stats
        self._at_qos0: set[DeviceId] = set()
        self.heard_on: dict[tuple[HouseId, DeviceId], str] = {}
        """The topic of each device's last uplink, where hub/answers.py sends a downlink."""
        self._topics = Topics()
        self._ecosystems: dict[BridgeId, str] = {}
        for house, behind in houses.items():
            self.adopt(house, behind)

    def adopt(self, house: HouseId, behind: Behind) -> None:
        """Understand this house's messages by another registry from now on."""
        self.houses[house] = behind
        registry = behind.registry
        self._topics.put(
            house, registry.alarm_topics(), registry.bulk_topics(), registry.spared_topics()
        )
        self.floods.keep_only(house, (bridge.id for bridge in behind.bridges))
        self._ecosystems |= {bridge.id: bridge.ecosystem for bridge in behind.bridges}

    @property
    def alarm_filters(self) -> tuple[str, ...]:
        """What the alarm lane should be subscribed to."""
        return self._topics.alarm

    @property
    def bulk_filters(self) -> tuple[str, ...]:
        """What the bulk lane should be subscribed to."""
        return self._topics.bulk

    def unheard(self) -> dict[HouseId, frozenset[str]]:
        """Return, by house, filters of alarm devices that no broker takes."""
        return self._topics.unusable()

    async def enter(
        self, message: Received, backlog_since: datetime | None, lane: Lane
    ) -> None:
        """Take in one message; return when everything that it says is durable."""
        houses = self._topics.houses_of(message.topic)
        if not houses:
            self._stats.foreign += 1
            return
        if self._topics.is_urgent(message.topic):
            lane = Lane.ALARM  # also where it still counts on the bulk lane
        elif backlog_since is None and not self._reads(houses, message.topic):
            self._stats.shed += 1
            return
        parts = [
            (engine, part)
            for house in houses
            for engine in (self.engine_for(house),)
            for result in self._understood(self.houses[house].registry, message)
            for part in self._parts(house, engine, message, result, backlog_since)
        ]
        for _, part in parts:
            if part.kept is not None:
                self._keep(part.kept)
        match parts:
            case []:
                return
            case [(engine, one)]:
                await engine.submit(one.event, lane)
            case _:
                # Together, so that they can share a commit; gather starts them in order.
                await asyncio.gather(*(to.submit(part.event, lane) for to, part in parts))

    def _reads(self, houses: Sequence[HouseId], topic: str) -> bool:
        """Tell whether a message is read; of a bridge that floods its strangers are not.

        Whatever an enrolled device says is, however much there is of it.
        """
        now_s, spare = asyncio.get_running_loop().time(), not self._topics.is_spared(topic)
        reads = False
        for house in houses:
            bridge = self.houses[house].registry.bridge_of(topic)
            if bridge is None or self.floods.takes(house, bridge, now_s, spare=spare):
                reads = True
        return reads

    def flood_news(self) -> list[tuple[HouseId, Event]]:
        """Return which bridges of which house began or ceased to flood."""
        return list(self.floods.news(asyncio.get_running_loop().time()))

    def _understood(self, registry: Understands, message: Received) -> tuple[Understood, ...]:
        topic, payload = message.topic, message.payload
        if len(payload) > LONGEST_LIST:
            return (
                Undecodable(topic, payload, f"{len(payload)} bytes; at most {LONGEST_LIST}"),
            )
        try:
            return registry.understand(
                topic, payload, retained=message.retained, qos=message.qos
            )
        except Exception as error:  # noqa: BLE001 - no payload may stop the lane (DEVICES M10)
            return (Undecodable(topic, payload, f"the codec failed: {type(error).__name__}"),)

    # --- what each result becomes -------------------------------------------------------------

    def _parts(
        self,
        house: HouseId,
        engine: Enters,
        message: Received,
        result: Understood,
        backlog_since: datetime | None,
    ) -> Iterator[Part]:
        match result:
            case Message(device=None):
                self._stats.by_bridge[result.bridge] += 1
                self._stats.unknown_senders += 1
            case Message(device=device):
                assert device is not None
                self._count(result)
                self._stats.understood[self._ecosystems.get(result.bridge, "")] += 1
                if result.source == "up":
                    self.heard_on[house, device] = message.topic
                yield from self._promise(device, message, result)
                event = _received(engine.next_signal(), device, message, result, backlog_since)
                # Raw sightings, kept 30 days, would be the history of where somebody has been.
                raw = None if only_seen(event) else self._raw(house, event.signal, message)
                yield Part(event, raw)
            case BridgeSaid():
                self._stats.by_bridge[result.bridge] += 1
                yield Part(_bridge_event(result))
            case Discovery():
                self._stats.by_bridge[result.bridge] += 1
                self._on_discovery(house, result)
            case Undecodable():
                yield self._quarantined(house, engine.next_signal(), message, result)
                if result.device is None and self._topics.is_urgent(message.topic):
                    yield Part(FaultNoticed(NOT_READ, _not_read(message), bridge=result.bridge))
            case Ignored():
                self._stats.ignored += 1
            case _:
                assert_never(result)

    def _count(self, said: Message) -> None:
        self._stats.by_bridge[said.bridge] += 1
        ecosystem = self._ecosystems.get(said.bridge, "")
        for reading in said.readings:
            if isinstance(reading, Problem):
                self._stats.problems[ecosystem, reading.kind.value] += 1

    def _raw(self, house: HouseId, signal: SignalId, message: Received) -> RawMessage:
        at = self._clock.now()
        topic, payload = message.topic, message.payload
        return RawMessage(house, signal, at, topic, payload, message.qos, message.retained)

    def _quarantined(
        self, house: HouseId, signal: SignalId, message: Received, what: Undecodable
    ) -> Part:
        ecosystem = self._ecosystems.get(what.bridge, "") if what.bridge else ""
        self._stats.problems[ecosystem, "undecodable"] += 1
        kept = QuarantinedMessage(
            house,
            signal,
            self._clock.now(),
            message.topic,
            message.payload[:LONGEST_MESSAGE],
            what.why,
            what.device,
            what.bridge,
        )
        return Part(
            SignalQuarantined(signal, message.topic, what.why, what.device, what.bridge), kept
        )

    def _promise(self, device: DeviceId, message: Received, said: Message) -> Iterator[Part]:
        """Say once that an alarm device has no promise from the broker, with the cure."""
        if message.qos and device in self._at_qos0:
            self._at_qos0.discard(device)
            yield Part(FaultMended(WITHOUT_PROMISE, device=device, bridge=said.bridge))
        elif (
            not message.qos
            and device not in self._at_qos0
            and self._topics.is_urgent(message.topic)
        ):
            self._at_qos0.add(device)
            cure = CURES.get(self._ecosystems.get(said.bridge, ""), ANY_CURE)
            what = (
                f"{device} speaks at QoS 0: a press is lost where the network stumbles; {cure}"
            )
            yield Part(FaultNoticed(WITHOUT_PROMISE, what, device=device, bridge=said.bridge))


def _not_read(message: Received) -> str:
    return (
        f"a message of {len(message.payload)} bytes on an alarm device's topic "
        f"({message.topic[:120]}) could not be read: it may have been a press; look after "
        "those who wear one of this bridge"
    )


def _bridge_event(said: BridgeSaid) -> Event:
    """Return what a bridge's word means; one of its gateways is not the whole bridge."""
    if not said.part:
        return BridgeChanged(said.bridge, said.online, said.detail)
    code = f"{PART_SILENT}:{said.part}"[:80]
    if said.online:
        return FaultMended(code, bridge=said.bridge)
    detail = f"{said.part} of {said.bridge} is offline: look at its power and network"
    return FaultNoticed(code, detail, bridge=said.bridge)


def _received(
    signal: SignalId,
    device: DeviceId,
    message: Received,
    said: Message,
    backlog_since: datetime | None,
) -> SignalReceived:
    return SignalReceived(
        signal,
        device,
        said.readings,
        key=said.key,
        key_window=said.key_window,
        device_time=said.device_time,
        delivery=Delivery(
            qos=message.qos,
            retained=message.retained,
            dup=message.dup,
            packet=message.packet,
            backlog_since=backlog_since,
            history=said.history,
        ),
        source=said.source,
        test=said.test,
        session=said.session,
        number=said.number,
    )
