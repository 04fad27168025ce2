"""MQTT in: two lanes, markers, and the broker's acknowledgement after our commit.

Two broker sessions, because a press can only overtake a backlog at the broker: the alarm lane
is subscribed to exactly the enrolled devices of class alarm and safety, the bulk lane to all
that the bridges say (`hub.mqtt_lanes` says which copy counts). They live and die together, the
alarm lane first: while it is away, nobody may discard copies on its word.

A message is understood, entered (`Engine.submit`) and, once that returned because the journal
or the spool has it, acknowledged. What precedes a lane's own marker after a (re)connect is
backlog: it happened somewhere in [last contact, now].
"""

import asyncio
from collections.abc import Callable, Mapping
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from datetime import datetime
from functools import partial

import structlog

from hub.clock import Clock
from hub.engine import Lane
from hub.flood import Floods
from hub.mqtt_entry import Behind, Enters, Entry, Keep, OnDiscovery
from hub.mqtt_lanes import Handover
from hub.mqtt_port import BrokerAway, GmqttLink, Link, Pauses, Received
from hub.mqtt_stats import MqttStats
from hub.mqtt_tidings import (
    BEHIND,
    DROPPED,
    UNHEARD,
    UNWRITTEN,
    Tidings,
    dropped_at_qos0,
    lanes_unwritten,
    still_behind,
    unusable,
)
from hub.mqtt_turns import Turns
from hub.settings import Settings
from routing.events import BrokerChanged, Event, FaultMended, FaultNoticed
from routing.ids import DeviceId, HouseId

log = structlog.get_logger(__name__)

TICK_S = 10.0
"""How often contact is proved where devices are silent: it bounds what an outage may lose."""
QOS0_LIMIT = 2000
"""Messages without a promise that a lane takes in at once; more are dropped and counted."""
TOGETHER_S = 0.2
"""Lists of bridges come together; until we follow, a new alarm device is on the bulk lane."""
REFUSED = "broker_refused"
MARKER_WITHIN_S = 120.0
"""A backlog of 300,000 messages; what is still behind after that may be behind for ever."""
CALM_TICKS = 6
"""No drop for so many ticks ends the fault."""
MQTT_3_1_1 = 4

LinkMaker = Callable[[Settings, str], Link]


@dataclass
class LaneNow:
    """One of the two sessions, as it stands."""

    lane: Lane
    name: str
    last_contact: datetime | None
    """Nothing that happened before this is still to come."""
    link: Link | None = None
    marker: str | None = ""
    """What ends the backlog; None: it has been seen."""
    at_work: set[asyncio.Task[object]] = field(default_factory=set[asyncio.Task[object]])
    """Being taken in, not yet durable."""
    qos0: int = 0
    since_s: float = 0.0
    """When its marker was first published, by the loop's clock."""
    turns: Turns | None = None
    """None: everything is begun at once."""


class Intake:
    """All that comes from one broker, for all houses behind it."""

    def __init__(
        self,
        settings: Settings,
        houses: Mapping[HouseId, Behind],
        engine_for: Callable[[HouseId], Enters],
        *,
        clock: Clock,
        keep: Keep,
        on_discovery: OnDiscovery,
        last_contact: datetime | None = None,
        link: LinkMaker = GmqttLink,
        floods: Floods | None = None,
    ) -> None:
        """Take the houses; `run` connects.

        `last_contact`: the journal's last time, None for a hub that never ran.
        """
        self.stats = MqttStats()
        self.joined = asyncio.Event()
        """Set while both lanes are connected and subscribed."""
        self.live = asyncio.Event()
        """Set while both lanes are connected and have drained what preceded their markers."""
        self._settings = settings
        self._clock = clock
        self._link = link
        self._entry = Entry(
            houses,
            engine_for,
            clock=clock,
            keep=keep,
            on_discovery=on_discovery,
            stats=self.stats,
            floods=floods,
        )
        file = settings.data_dir / f"lanes-{settings.mqtt_client_id}.json"
        self._handover = Handover.read(file)
        # A backlog that an earlier process left unfinished is older than the journal's end.
        older = self._handover.since
        self._alarm = LaneNow(Lane.ALARM, "alarm", older.get("alarm", last_contact))
        self._bulk = LaneNow(Lane.BULK, "bulk", older.get("bulk", last_contact), turns=Turns())
        self._began = last_contact
        self._markers = f"bjelle/{settings.mqtt_client_id}/marker/"
        self._epoch = int(clock.now().timestamp() * 1000)
        self._marker_number = 0
        self._changed = asyncio.Event()
        self._tidings = Tidings(engine_for)
        self._away = False
        self._away_since: datetime | None = None
        self._refused = ""
        self._first = True
        self._dropping: int | None = None
        self._dropped_before = 0
        self._unwritten = False
        self._behind: set[str] = set()
        self._unheard: dict[HouseId, frozenset[str]] = {}

    @property
    def up(self) -> bool:
        """Tell whether both lanes are connected and subscribed."""
        return self.joined.is_set()

    @property
    def heard_on(self) -> Mapping[tuple[HouseId, DeviceId], str]:
        """Tell on which topic each device's last uplink came."""
        return self._entry.heard_on

    def adopt(self, house: HouseId, behind: Behind) -> None:
        """Understand a house's messages by another registry from now on, and resubscribe."""
        self._entry.adopt(house, behind)
        self._changed.set()

    async def run(self) -> None:
        """Connect, take in, heal; for as long as the hub lives."""
        if self._settings.mqtt_version == MQTT_3_1_1:
            log.warning(
                "MQTT 3.1.1 is for the demo: its embedded broker forgets its sessions, and so "
                "takes presses for delivered that the journal does not hold; a house needs 5"
            )
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(self._tidings.run(), name="mqtt tidings")
            tasks.create_task(self._heal(), name="mqtt lanes")

    async def _heal(self) -> None:
        pauses = Pauses()
        while True:
            try:
                await self._live()
            except BrokerAway as away:
                if self.up:
                    pauses.reset()
                await self._went_away(away)
            await pauses.pause()

    # --- one life of the two connections ------------------------------------------------------

    async def _live(self) -> None:
        """Join both lanes and hold them; ends only by `BrokerAway` or cancellation."""
        async with AsyncExitStack() as closing:
            for lane in (self._alarm, self._bulk):
                lane.link = self._link(self._settings, lane.name)
                lane.marker = self._next_marker()
                lane.since_s = asyncio.get_running_loop().time()
                self.stats.behind[lane.name] = 1
                if lane.last_contact is not None:
                    self._handover.since[lane.name] = lane.last_contact
                closing.push_async_callback(lane.link.close)
            self._handover.rewind()
            self._changed.clear()
            kept = await self._join_alarm() & await self._join_bulk()
            self._first = False
            await self._came_back(kept=kept)
            await self._judge_names()
            await self._hold()

    async def _join_alarm(self) -> bool:
        lane, handover = self._alarm, self._handover
        assert lane.link is not None
        handover.wanted = self._entry.alarm_filters
        if handover.moved():
            handover.count_twins()  # from the first message of an older subscription on
        kept = await lane.link.connect(partial(self._take, lane))
        if not kept:
            handover.session_lost()
            handover.count_twins()
        handover.subscribing()
        await handover.save()
        filters = (*handover.wanted, self._markers + "+")
        await lane.link.subscribe(filters, retained=self._first)
        await self._publish(lane, lane.marker)
        return kept

    async def _join_bulk(self) -> bool:
        lane = self._bulk
        assert lane.link is not None
        kept = await lane.link.connect(partial(self._take, lane))
        await self._subscribe_bulk()
        # The alarm lane has its SUBACK: what stands behind this marker has a twin there.
        await self._move_over(lane, lane.marker)
        return kept

    async def _subscribe_bulk(self) -> None:
        link, handover = self._bulk.link, self._handover
        assert link is not None
        filters = self._entry.bulk_filters
        old = tuple(f for f in handover.bulk if f not in filters)
        handover.bulk = (*filters, *old)
        await handover.save()
        await link.subscribe((*filters, self._markers + "+"), old, retained=self._first)
        handover.bulk = filters

    async def _move_over(self, lane: LaneNow, marker: str | None) -> None:
        """Publish a marker; let the alarm lane go of what it should no longer have."""
        handover = self._handover
        assert marker is not None
        if handover.moved():
            handover.marked(marker)
            await handover.save()
        await self._publish(lane, marker)
        # After the marker: between it and UNSUBACK a message comes twice, never not at all.
        if obsolete := handover.obsolete():
            assert self._alarm.link is not None
            await self._alarm.link.subscribe(drop=obsolete)
            handover.let_go()
            await handover.save()

    async def _hold(self) -> None:
        """Watch both connections, follow the registries, prove contact."""
        assert self._alarm.link is not None
        assert self._bulk.link is not None
        lost = (self._alarm.link.lost, self._bulk.link.lost)
        while True:
            changed = asyncio.ensure_future(self._changed.wait())
            try:
                await asyncio.wait(
                    {*lost, changed}, timeout=TICK_S, return_when=asyncio.FIRST_COMPLETED
                )
            finally:
                changed.cancel()
            for one in lost:
                if one.done():
                    raise BrokerAway(one.result())
            if self._changed.is_set():
                await asyncio.sleep(TOGETHER_S)
                self._changed.clear()
                await self._follow()
            else:
                await self._alarm.link.publish(self._markers + "tick", b"", qos=0)
                await self._judge_drops()
                await self._judge_file()
                await self._judge_markers()
                await self._tidings.put_each(self._entry.flood_news())

    async def _follow(self) -> None:
        """The registries changed: subscribe to what is new, then let go of what is not."""
        handover, link = self._handover, self._alarm.link
        assert link is not None
        handover.wanted = self._entry.alarm_filters
        await self._judge_names()
        await self._subscribe_bulk()
        if not handover.moved():
            return
        handover.count_twins()
        fresh = tuple(f for f in handover.wanted if f not in handover.subscribed)
        handover.subscribing()
        await handover.save()
        await link.subscribe(fresh)
        await self._move_over(self._alarm, self._next_marker())

    def _next_marker(self) -> str:
        self._marker_number += 1
        return f"{self._epoch}-{self._marker_number}"

    async def _publish(self, lane: LaneNow, marker: str | None) -> None:
        assert lane.link is not None
        await lane.link.publish(f"{self._markers}{marker}", b"")

    # --- one message --------------------------------------------------------------------------

    async def _take(self, lane: LaneNow, message: Received) -> None:
        """Take in one message; return when it may be acknowledged.

        Of the bulk lane a few at a time. Up to the next wait all this runs in the order in
        which the broker sent.
        """
        unpromised = message.qos == 0 and not message.topic.startswith(self._markers)
        if unpromised and not self._has_room(lane):
            return
        lane.qos0 += unpromised
        try:
            await self._take_in_turn(lane, message)
        finally:
            lane.qos0 -= unpromised

    async def _take_in_turn(self, lane: LaneNow, message: Received) -> None:
        if lane.turns is not None:
            link = lane.link
            await lane.turns.mine()
            if link is not lane.link and message.qos:
                return  # of a connection that is gone: the broker sends it again
        if message.topic.startswith(self._markers):
            await self._see_marker(lane, message.topic.removeprefix(self._markers))
            return
        if lane.lane is Lane.BULK:
            if self._handover.is_copy(message.topic, message.payload):
                self.stats.copies += 1
                return
        elif self._handover.on_alarm(message.topic, message.payload):
            self.stats.copies += 1
            return
        since = None
        self.stats.messages[lane.name] += 1
        if lane.marker is None:
            lane.last_contact = self._clock.now()
        else:
            since = lane.last_contact
            self.stats.backlog[lane.name] += 1
        await self._enter(lane, message, since)

    def _has_room(self, lane: LaneNow) -> bool:
        self.stats.qos0 += 1
        if lane.qos0 < QOS0_LIMIT:
            return True
        self.stats.qos0_dropped += 1
        return False

    async def _enter(self, lane: LaneNow, message: Received, since: datetime | None) -> None:
        task = asyncio.current_task()
        assert task is not None
        lane.at_work.add(task)
        self.stats.waiting[lane.name] += 1
        try:
            await self._entry.enter(message, since, lane.lane)
        finally:
            lane.at_work.discard(task)
            self.stats.waiting[lane.name] -= 1

    async def _see_marker(self, lane: LaneNow, marker: str) -> None:
        moves = False
        if lane.lane is Lane.ALARM:
            self._handover.marker_on_alarm(marker)
        else:
            moves = self._handover.marker_on_bulk(marker)
        live = marker == lane.marker
        if live:
            lane.marker = None
        if lane.marker is None:
            lane.last_contact = self._clock.now()
        if live or moves:
            await self._pass_for_good(lane, marker, live=live)

    async def _pass_for_good(self, lane: LaneNow, marker: str, *, live: bool) -> None:
        """Write the marker down once all in front of it is durable; then acknowledge it.

        Else a message in front of it could be delivered again after a restart, be taken for a
        copy or for news, and a press would not count.
        """
        link = lane.link
        before = tuple(lane.at_work)
        if before:
            await asyncio.wait(before)
        if link is None or link is not lane.link or link.lost.done():
            return
        if live:
            self.stats.behind[lane.name] = 0
            if not any(self.stats.behind.values()):
                self.live.set()
            if lane.name in self._behind:
                self._behind.discard(lane.name)
                await self._say(FaultMended(f"{BEHIND}:{lane.name}"))
            self._handover.since.pop(lane.name, None)
            log.info("lane is live", lane=lane.name, backlog=self.stats.backlog[lane.name])
        if lane.lane is Lane.BULK:
            self._handover.passed_for_good(marker)
        await self._handover.save()

    # --- what is told -------------------------------------------------------------------------

    async def _came_back(self, *, kept: bool) -> None:
        since = self._away_since if self._away else self._began
        self._away = False
        self.stats.broker_up = True
        self.joined.set()
        self.stats.connects += 1
        log.info("broker is there", session_kept=kept, away_since=_iso(since))
        if self._refused:
            self._refused = ""
            await self._say(FaultMended(REFUSED))
        # A hub that never ran had no session to lose.
        kept = kept or since is None
        await self._say(BrokerChanged(up=True, since=since, session_kept=kept))

    async def _went_away(self, away: BrokerAway) -> None:
        self.live.clear()
        self.joined.clear()
        self.stats.losses += self.stats.broker_up
        self.stats.broker_up = False
        if not self._away:
            self._away = True
            self._away_since = self._last_contact()
            log.warning("broker away", why=str(away), since=_iso(self._away_since))
            await self._say(BrokerChanged(up=False, since=self._away_since))
        if away.refused and self._refused != str(away):
            self._refused = str(away)
            log.error("broker refuses", why=str(away))
            await self._say(FaultNoticed(REFUSED, str(away)))

    def _last_contact(self) -> datetime | None:
        times = (self._alarm.last_contact, self._bulk.last_contact)
        known = [at for at in times if at is not None]
        return min(known) if known else None

    async def _judge_drops(self) -> None:
        """Say once that messages without a promise were dropped, and once that it is over."""
        dropped, self._dropped_before = (
            self.stats.qos0_dropped - self._dropped_before,
            self.stats.qos0_dropped,
        )
        if dropped:
            if self._dropping is None:
                log.warning("QoS 0 messages dropped", dropped=dropped)
                await self._say(dropped_at_qos0(dropped))
            self._dropping = 0
        elif self._dropping is not None:
            self._dropping += 1
            if self._dropping >= CALM_TICKS:
                self._dropping = None
                await self._say(FaultMended(DROPPED))

    async def _judge_file(self) -> None:
        """Say once that the lanes' file cannot be written, and once that it can again."""
        why = self._handover.unwritten
        if bool(why) is self._unwritten:
            return
        self._unwritten = bool(why)
        said = lanes_unwritten(self._handover.file, why) if why else FaultMended(UNWRITTEN)
        await self._say(said)

    async def _judge_markers(self) -> None:
        """Say that a lane has been behind for too long; ask for its marker once more.

        A broker whose queue for us was full dropped it: then nothing would ever be live again.
        """
        now = asyncio.get_running_loop().time()
        for lane in (self._alarm, self._bulk):
            if lane.marker is None or now - lane.since_s < MARKER_WITHIN_S:
                continue
            if lane.name not in self._behind:
                self._behind.add(lane.name)
                log.error("lane stays behind", lane=lane.name)
                client = f"{self._settings.mqtt_client_id}-{lane.name}"
                await self._say(still_behind(lane.name, client, MARKER_WITHIN_S))
            lane.since_s = now
            await self._publish(lane, lane.marker)

    async def _judge_names(self) -> None:
        """Say which alarm devices cannot be subscribed to one by one, and when they can."""
        for house, unheard in self._entry.unheard().items():
            before = self._unheard.get(house, frozenset())
            if unheard == before:
                continue
            self._unheard[house] = unheard
            said = unusable(unheard) if unheard else FaultMended(UNHEARD)
            await self._tidings.put(house, said)

    async def _say(self, event: Event) -> None:
        """Enter what happened to the broker in every house."""
        for house in tuple(self._entry.houses):
            await self._tidings.put(house, event)


def _iso(at: datetime | None) -> str | None:
    return None if at is None else at.isoformat(timespec="seconds")
