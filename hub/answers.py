"""Telling the patient: «received» and «somebody comes», where the device can show it.

A `Performer` with a connection of its own. It acts after the commit, so that nobody is promised
what a crash could forget. What the broker has not acknowledged in time is counted as failed and
not sent later: a lamp that says «somebody comes» an hour after is worse than a dark one.
Receipts of the network server or the device are counted; they prove more than the broker's
acknowledgement, and where they fail, a technician reads so.
"""

import asyncio
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import assert_never
from uuid import uuid4

import structlog

from devices.answers import Addressed, Published, Reached, answer, receipt
from devices.catalogue import Catalogue, load
from hub.mqtt_port import BrokerAway, GmqttLink, Link, Pauses, Received, Will
from hub.settings import Settings
from routing.effects import Answer, Effect
from routing.ids import DeviceId, HouseId
from routing.state import State

log = structlog.get_logger(__name__)

KEPT = 200
FRESH_S = 30.0
"""An answer that could not be sent inside this is not sent any more."""


MOST_FILTERS = 500
"""Topics on which receipts are awaited; over it, the oldest are given up together."""


@dataclass(frozen=True, slots=True)
class Outgoing:
    """One answer on its way."""

    at: float
    device: DeviceId
    ticket: str
    message: Published


class Answers:
    """Sends the answers of all houses.

    `counted`: sent (the broker has it), failed, no_way (it has no lamp); and of the receipts
    transmitted (by a gateway), acknowledged (by the device), unacknowledged.
    """

    def __init__(
        self,
        settings: Settings,
        catalogue: Catalogue | None = None,
        link: Callable[[Settings, str], Link] | None = None,
    ) -> None:
        """`run` connects when there is something to say."""
        self.counted: Counter[str] = Counter()
        self._settings = settings
        self._catalogue = load() if catalogue is None else catalogue
        self._link = link or _link
        self._waiting: asyncio.Queue[Outgoing] = asyncio.Queue(KEPT)
        self._told: dict[str, DeviceId] = {}
        self._filters: dict[str, None] = {}
        self.heard_on: Mapping[tuple[HouseId, DeviceId], str] = {}
        """The topic of each device's last message (hub/mqtt_entry.py): a downlink needs it."""

    def noise(self, house: HouseId, state: State, effects: Sequence[Effect]) -> None:
        """Make none."""

    def settled(
        self,
        house: HouseId,
        state: State,
        effects: Sequence[Effect],
        recorded: bool,  # noqa: FBT001 - the Performer's seam
    ) -> None:
        """Queue what devices can show. Never waits."""
        del recorded
        for effect in effects:
            if isinstance(effect, Answer):
                self._queue(house, state, effect)

    def _queue(self, house: HouseId, state: State, told: Answer) -> None:
        device = state.plan.devices.get(told.device)
        bridge = None if device is None else state.plan.bridges.get(device.bridge)
        if device is None or bridge is None:
            return
        heard_on = self.heard_on.get((house, told.device), "")
        to = Addressed(bridge.ecosystem, bridge.base_topic, device.native, heard_on)
        ticket = str(uuid4())
        message = answer(device.model, told.kind.value, to, self._catalogue, ticket=ticket)
        if message is None:
            self.counted["no_way"] += 1
            return
        now = asyncio.get_running_loop().time()
        one = Outgoing(now, told.device, ticket, message)
        try:
            self._waiting.put_nowait(one)
        except asyncio.QueueFull:
            self._failed(one, "too many answers wait")

    async def run(self) -> None:
        """Send, each on a connection that is alive, as long as it is fresh."""
        pauses = Pauses()
        one = await self._waiting.get()
        while True:
            link = self._link(self._settings, "answers")
            self._filters = {}
            try:
                await link.connect(self._heard)
                pauses.reset()
                while True:
                    await self._send(link, one)
                    one = await self._waiting.get()
            except BrokerAway as away:
                if self._stale(one):
                    self._failed(one, str(away))
                    one = await self._waiting.get()
            finally:
                await link.close()
            await pauses.pause()

    async def _send(self, link: Link, one: Outgoing) -> None:
        if self._stale(one):
            self._failed(one, "the broker was away too long")
            return
        if one.message.receipts:
            await self._listen(link, one)
        await link.publish(one.message.topic, one.message.payload, qos=1)
        self.counted["sent"] += 1

    async def _listen(self, link: Link, one: Outgoing) -> None:
        """Subscribe to where its receipts come; refused, it is sent all the same."""
        while len(self._told) >= KEPT:
            del self._told[next(iter(self._told))]
        self._told[one.ticket] = one.device
        new = [wanted for wanted in one.message.receipts if wanted not in self._filters]
        if not new:
            return
        old = list(self._filters) if len(self._filters) > MOST_FILTERS else []
        try:
            await link.subscribe(new, old)
        except BrokerAway as away:
            if link.lost.done():
                raise
            log.warning("no receipts of answers", device=one.device, why=str(away))
        self._filters = {} if old else self._filters
        self._filters.update(dict.fromkeys(new))

    async def _heard(self, message: Received) -> None:
        """Count a receipt of an answer of ours."""
        told = receipt(message.topic, message.payload)
        device = None if told is None else self._told.get(told.ticket)
        if told is None or device is None:
            return
        match told.reached:
            case Reached.SENT:
                self.counted["transmitted"] += 1
            case Reached.ACKNOWLEDGED:
                self.counted["acknowledged"] += 1
                del self._told[told.ticket]
            case Reached.FAILED:
                self.counted["unacknowledged"] += 1
                del self._told[told.ticket]
                log.warning("a device did not take an answer", device=device, why=told.why)
            case _:
                assert_never(told.reached)

    def _stale(self, one: Outgoing) -> bool:
        return asyncio.get_running_loop().time() - one.at > FRESH_S

    def _failed(self, one: Outgoing, why: str) -> None:
        self.counted["failed"] += 1
        log.warning("an answer to a patient was not sent", device=one.device, why=why)


def _link(settings: Settings, name: str) -> Link:
    # With a will, because only such a connection keeps a list of what is not acknowledged yet.
    return GmqttLink(settings, name, will=Will("bjelle/answers", b'{"state":"offline"}'))
