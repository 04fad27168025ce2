"""The pretended way from a device to the hub: radio, bridge, broker, session.

The broker keeps its promise: what it accepted at QoS 1 is delivered until acknowledged, over
restarts of the hub and cut links, in order. What radio and bridges do to messages before that
is theirs, and the truths ask only for what the broker accepted.
"""

from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from random import Random

from routing.ids import BridgeId, PatientId
from simulators.agenda import Agenda
from simulators.faults import Fault, Trouble
from simulators.payloads import Published


@dataclass(slots=True)
class Carried:
    """One message that the broker accepted."""

    number: int
    topic: str
    payload: bytes
    qos: int
    retained: bool
    at_s: float
    help: bool = False
    """A person pressed, and the bytes are whole: the truths follow it."""
    by: PatientId | None = None
    """Who pressed, where the device was still that person's when the broker took it."""
    dup: bool = False


By = Callable[[], PatientId | None]
"""Asked when the broker takes a press: who pressed, unless the wearer has changed since."""


def _nobody() -> None:
    return None


Deliver = Callable[[Carried, bool], None]
"""Takes the message and whether it is backlog."""

_CHANCE = {
    Fault.LOST: 0.15,
    Fault.LATE: 0.08,
    Fault.DOUBLED: 0.20,
    Fault.REORDERED: 0.15,
    Fault.CORRUPTED: 0.04,
}


class Broker:
    """Mosquitto as shipped: persistent session, QoS 0 queued for the offline hub too."""

    def __init__(self, agenda: Agenda, seed: int, troubles: Sequence[Trouble]) -> None:
        """Start with nobody connected."""
        self._agenda = agenda
        self._dice = Random(f"{seed}/radio")
        self._windows = [t for t in troubles if t.fault in _CHANCE]
        self._deliver: Deliver | None = None
        self._queue: deque[Carried] = deque()
        self._number = 0
        self.up = True
        self.dead_bridges: dict[BridgeId, bool] = {}
        self.retained: dict[str, Carried] = {}
        self.unacked: dict[int, Carried] = {}
        """Delivered or queued at QoS 1 and not yet acknowledged, in order."""
        self.helps: list[Carried] = []
        """Every press accepted at QoS 1."""

    # --- from the bridges ---------------------------------------------------------------------

    def say(
        self,
        bridge: BridgeId,
        message: Published,
        *,
        press: bool = False,
        by: By = _nobody,
    ) -> None:
        """A device speaks: the radio and the bridge do what they do today."""
        if self.dead_bridges.get(bridge):
            return
        seconds = self._agenda.seconds
        for trouble in self._windows:
            if trouble.now(seconds) and self._dice.random() < _CHANCE[trouble.fault]:
                self._spoil(trouble.fault, bridge, message, press, by)
                return
        self._agenda.after(
            self._dice.uniform(0.004, 0.12), lambda: self.accept(message, press=press, by=by)
        )

    def _spoil(
        self,
        fault: Fault,
        bridge: BridgeId,
        message: Published,
        press: bool,  # noqa: FBT001
        by: By,
    ) -> None:
        def accept() -> None:
            if not self.dead_bridges.get(bridge):
                self.accept(message, press=press, by=by)

        match fault:
            case Fault.LOST:
                return
            case Fault.LATE:
                self._agenda.after(self._dice.uniform(20, 900), accept)
            case Fault.DOUBLED:
                self._agenda.after(0.01, accept)
                self._agenda.after(self._dice.uniform(0.03, 1.2), accept)
            case Fault.REORDERED:
                self._agenda.after(self._dice.uniform(0.4, 6), accept)
            case _:
                spoilt = self._corrupt(message)
                self._agenda.after(0.01, lambda: self.accept(spoilt))

    def _corrupt(self, message: Published) -> Published:
        payload = bytearray(message.payload)
        if self._dice.random() < 0.5:
            del payload[self._dice.randrange(len(payload)) :]
        else:
            for _ in range(3):
                payload[self._dice.randrange(len(payload))] ^= 1 << self._dice.randrange(8)
        return Published(message.topic, bytes(payload), message.qos, retain=message.retain)

    def accept(self, message: Published, *, press: bool = False, by: By = _nobody) -> None:
        """The broker takes the message: from here on it keeps its promise."""
        if not self.up:
            return
        self._number += 1
        carried = Carried(
            self._number,
            message.topic,
            message.payload,
            message.qos,
            retained=False,
            at_s=self._agenda.seconds,
            help=press,
            by=by(),
        )
        if message.retain:
            self.retained[message.topic] = carried
        if press and message.qos:
            self.helps.append(carried)
        if carried.qos:
            self.unacked[carried.number] = carried
        if self._deliver is None:
            self._queue.append(carried)
        else:
            self._deliver(carried, False)  # noqa: FBT003 - not backlog

    # --- to the hub ---------------------------------------------------------------------------

    def connect(self, deliver: Deliver) -> None:
        """The hub is here: retained messages, then what is unacknowledged and queued."""
        self._deliver = deliver
        for carried in list(self.retained.values()):
            deliver(
                Carried(
                    0,
                    carried.topic,
                    carried.payload,
                    carried.qos,
                    retained=True,
                    at_s=carried.at_s,
                ),
                False,  # noqa: FBT003
            )
        waiting = [*self.unacked.values(), *(c for c in self._queue if not c.qos)]
        waiting.sort(key=lambda c: c.number)
        queued = {c.number for c in self._queue}
        self._queue.clear()
        for carried in waiting:
            carried.dup = carried.number not in queued
            deliver(carried, True)  # noqa: FBT003 - before the marker

    def disconnect(self) -> None:
        """The hub is gone, with or without a word."""
        self._deliver = None

    def acknowledge(self, carried: Carried) -> None:
        """The hub's PUBACK: after its commit, never before."""
        self.unacked.pop(carried.number, None)
