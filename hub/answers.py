"""Telling the patient: «received» and «somebody comes», where the device can show it.

A `Performer` with a connection of its own. It acts after the commit, so that nobody is promised
what a crash could forget. What the broker has not acknowledged in time is counted as failed and
not sent later: a lamp that says «somebody comes» an hour after is worse than a dark one.
"""

import asyncio
from collections import Counter
from collections.abc import Callable, Sequence

import structlog

from devices.answers import Addressed, Published, answer
from devices.catalogue import Catalogue, load
from hub.mqtt_port import BrokerAway, GmqttLink, Link, Pauses, Received, Will
from hub.settings import Settings
from routing.effects import Answer, Effect
from routing.ids import HouseId
from routing.state import State

log = structlog.get_logger(__name__)

KEPT = 200
FRESH_S = 30.0
"""An answer that could not be sent inside this is not sent any more."""


class Answers:
    """Sends the answers of all houses. `counted`: sent, failed, no_way (it has no lamp)."""

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
        self._waiting: asyncio.Queue[tuple[float, Published]] = asyncio.Queue(KEPT)

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
        del house, recorded
        for effect in effects:
            if isinstance(effect, Answer):
                self._queue(state, effect)

    def _queue(self, state: State, told: Answer) -> None:
        device = state.plan.devices.get(told.device)
        bridge = None if device is None else state.plan.bridges.get(device.bridge)
        if device is None or bridge is None:
            return
        to = Addressed(bridge.ecosystem, bridge.base_topic, device.native)
        message = answer(device.model, told.kind.value, to, self._catalogue)
        if message is None:
            self.counted["no_way"] += 1
            return
        try:
            self._waiting.put_nowait((asyncio.get_running_loop().time(), message))
        except asyncio.QueueFull:
            self._failed(message, "too many answers wait")

    async def run(self) -> None:
        """Send, each on a connection that is alive, as long as it is fresh."""
        pauses = Pauses()
        at, message = await self._waiting.get()
        while True:
            link = self._link(self._settings, "answers")
            try:
                await link.connect(_nothing)
                pauses.reset()
                while True:
                    await self._send(link, at, message)
                    at, message = await self._waiting.get()
            except BrokerAway as away:
                if self._stale(at):
                    self._failed(message, str(away))
                    at, message = await self._waiting.get()
            finally:
                await link.close()
            await pauses.pause()

    async def _send(self, link: Link, at: float, message: Published) -> None:
        if self._stale(at):
            self._failed(message, "the broker was away too long")
            return
        await link.publish(message.topic, message.payload, qos=1)
        self.counted["sent"] += 1

    def _stale(self, at: float) -> bool:
        return asyncio.get_running_loop().time() - at > FRESH_S

    def _failed(self, message: Published, why: str) -> None:
        self.counted["failed"] += 1
        log.warning("an answer to a patient was not sent", topic=message.topic, why=why)


def _link(settings: Settings, name: str) -> Link:
    # With a will, because only such a connection keeps a list of what is not acknowledged yet.
    return GmqttLink(settings, name, will=Will("bjelle/answers", b'{"state":"offline"}'))


async def _nothing(_: Received) -> None:
    """Hear nothing: this connection subscribes to nothing."""
