"""MQTT out: what corridor lamps, boards and other systems may know of a house. No names.

    bjelle/<house>/status      {"state":"online"}, retained; the broker says offline for us
    bjelle/<house>/call/<id>   retained while the call is open, empty when it is closed

Reconciled with the state, not driven by effects: what is retained at the broker becomes what
the state says, after every commit and every reconnect, so a lost publication does no harm. A
retained call that the state does not know (of an earlier life) is cleared.
"""

import asyncio
from collections.abc import Callable, Sequence

import orjson
import structlog

from hub.mqtt_port import BrokerAway, GmqttLink, Link, Pauses, Received, Will
from hub.settings import Settings
from routing.effects import Effect
from routing.ids import HouseId
from routing.state import Call, State, is_open

log = structlog.get_logger(__name__)

ONLINE = b'{"state":"online"}'
OFFLINE = b'{"state":"offline"}'
CHECK_S = 60.0

LinkMaker = Callable[[Settings, str, Will], Link]


def _link(settings: Settings, name: str, will: Will) -> Link:
    return GmqttLink(settings, name, will=will)


class Publisher:
    """One house's word to the broker: a `Performer` with a connection of its own (its will)."""

    def __init__(self, settings: Settings, house: HouseId, link: LinkMaker = _link) -> None:
        """Publish for this house; `run` connects once there is a state to tell of."""
        self.house = house
        self.published = 0
        self._settings = settings
        self._link = link
        self._base = f"bjelle/{house}/"
        self._state: State | None = None
        self._news = asyncio.Event()
        self._there: dict[str, bytes] = {}
        """What the broker retains under `call/`, as far as we know."""
        self._away = False

    # --- a performer --------------------------------------------------------------------------

    def noise(self, house: HouseId, state: State, effects: Sequence[Effect]) -> None:
        """Nothing: lamps follow what is durable."""

    def settled(
        self,
        house: HouseId,
        state: State,
        effects: Sequence[Effect],
        recorded: bool,  # noqa: FBT001 - the Performer's seam
    ) -> None:
        """Publish what changed, soon. Never waits."""
        del house, effects, recorded
        if self._state is None or state.calls is not self._state.calls:
            self._state = state
            self._news.set()

    # --- the connection -----------------------------------------------------------------------

    async def run(self) -> None:
        """Publish, heal; for as long as the hub lives. Says offline when it is cancelled."""
        await self._news.wait()
        pauses = Pauses()
        while True:
            try:
                await self._live(pauses)
            except BrokerAway as away:
                if not self._away:
                    self._away = True
                    log.warning("publisher away", house=self.house, why=str(away))
            await pauses.pause()

    async def _live(self, pauses: Pauses) -> None:
        will = Will(self._base + "status", OFFLINE)
        link = self._link(self._settings, f"out-{self.house}", will)
        self._there.clear()
        try:
            await link.connect(self._hear)
            await self._speak(link, pauses)
        finally:
            await link.close()

    async def _speak(self, link: Link, pauses: Pauses) -> None:
        try:
            await link.subscribe([self._base + "call/+"], retained=True)
            await link.publish(self._base + "status", ONLINE, retain=True)
            if self._away:
                self._away = False
                log.info("publisher back", house=self.house)
            pauses.reset()
            self._news.set()
            await self._keep_up(link)
        except asyncio.CancelledError:
            await _say_goodbye(link, self._base + "status")
            raise

    async def _hear(self, message: Received) -> None:
        """Note what the broker retains from an earlier life of ours."""
        if message.retained and message.payload:
            self._there.setdefault(message.topic, message.payload)
            self._news.set()

    async def _keep_up(self, link: Link) -> None:
        while True:
            news = asyncio.ensure_future(self._news.wait())
            try:
                await asyncio.wait(
                    {news, link.lost}, timeout=CHECK_S, return_when=asyncio.FIRST_COMPLETED
                )
            finally:
                news.cancel()
            if link.lost.done():
                raise BrokerAway(link.lost.result())
            self._news.clear()
            await self._reconcile(link)

    async def _reconcile(self, link: Link) -> None:
        assert self._state is not None
        wanted = {f"{self._base}call/{c.id}": body for c, body in _open_calls(self._state)}
        for topic in (*wanted, *(t for t in self._there if t not in wanted)):
            body = wanted.get(topic, b"")
            if self._there.get(topic, b"") == body:
                continue
            # Before the wait: a second change meanwhile is news again.
            if body:
                self._there[topic] = body
            else:
                self._there.pop(topic, None)
            await link.publish(topic, body, retain=True)
            self.published += 1


def _open_calls(state: State) -> list[tuple[Call, bytes]]:
    return [
        (call, orjson.dumps(_told(state, call)))
        for call in state.calls.values()
        if is_open(call)
    ]


def _told(state: State, call: Call) -> dict[str, object]:
    """What anybody in the corridor may see: where, how urgent, who comes. No patient."""
    room = None if call.room is None else state.plan.rooms.get(call.room)
    return {
        "id": call.id,
        "type": call.type.value,
        "priority": int(call.priority),
        "state": call.state.value,
        "room": None if room is None else room.number,
        "unit": call.unit or (None if room is None else room.unit),
        "opened_at": call.opened_at.isoformat(),
        "owner": call.owner,
        "practice": call.practice,
    }


async def _say_goodbye(link: Link, topic: str) -> None:
    """A clean end takes the last will with it, so we say it ourselves."""
    try:
        async with asyncio.timeout(2.0):
            await link.publish(topic, OFFLINE, retain=True)
    except (BrokerAway, TimeoutError):
        log.info("status could not be set to offline: the broker is away")
