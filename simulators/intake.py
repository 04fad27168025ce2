"""The pretended way in: bytes under a topic become events, by the live `devices.Registry`.

What hub/mqtt.py and hub/mqtt_entry.py do between the broker and the engine, without sockets.
"""

from dataclasses import replace
from datetime import datetime

from devices.codec import BridgeSaid, Discovery, Ignored, Message, Undecodable
from devices.registry import Registry
from hub.houses import enrolled
from routing.events import BridgeChanged, Delivery, Event, SignalQuarantined, SignalReceived
from routing.ids import DeviceId, SignalId
from routing.plan import Plan
from simulators.broker import Carried


class Intake:
    """Understands messages, and gives each signal its id."""

    def __init__(self, plan: Plan) -> None:
        """Know the devices of this plan."""
        self._plan = plan
        self._discovered: dict[str, Discovery] = {}
        self._registry = self._new_registry()
        self._life = 0
        self._sequence = 0

    def begin(self, life: int) -> None:
        """A new epoch: its signals are numbered from one."""
        self._life, self._sequence = life, 0

    def follow(self, plan: Plan) -> None:
        """Understand what the new plan has enrolled."""
        self._plan = plan
        self._registry = self._new_registry()

    def understand(self, carried: Carried, since: datetime | None) -> list[Event]:
        """Return what a message says; `since`: it comes out of a backlog from then."""
        delivery = Delivery(
            qos=carried.qos, retained=carried.retained, dup=carried.dup, backlog_since=since
        )
        said = self._registry.understand(
            carried.topic, carried.payload, retained=carried.retained, qos=carried.qos
        )
        events: list[Event] = []
        for word in said:
            match word:
                case Message():
                    if word.device is not None:
                        events.append(self._signal(word, word.device, delivery))
                case Undecodable():
                    events.append(
                        SignalQuarantined(
                            self._next_signal(), word.topic, word.why, word.device, word.bridge
                        )
                    )
                case BridgeSaid():
                    events.append(BridgeChanged(word.bridge, word.online, word.detail))
                case Discovery():
                    self._discovered[word.bridge] = word
                    self._registry = self._new_registry()
                case Ignored():
                    pass
        return events

    def _signal(self, word: Message, device: DeviceId, delivery: Delivery) -> SignalReceived:
        if word.history:
            delivery = replace(delivery, history=True)
        return SignalReceived(
            self._next_signal(),
            device,
            word.readings,
            word.key,
            word.key_window,
            word.device_time,
            delivery,
            word.source,
            word.test,
            word.session,
            word.number,
        )

    def _next_signal(self) -> SignalId:
        self._sequence += 1
        return SignalId(f"{self._life}-{self._sequence}")

    def _new_registry(self) -> Registry:
        return Registry(
            tuple(self._plan.bridges.values()),
            enrolled(self._plan),
            tuple(self._discovered.values()),
        )
