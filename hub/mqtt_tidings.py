"""What happened to the broker, told to every house: in order, and to each by itself.

A house whose engine ended, or whose inbox is full, keeps no other from hearing it.
"""

import asyncio
from collections.abc import Callable, Iterable
from pathlib import Path

import structlog

from hub.engine import EngineStopped, Fenced, Lane
from hub.mqtt_entry import Enters
from routing.events import Event, FaultNoticed
from routing.ids import HouseId

log = structlog.get_logger(__name__)

DROPPED = "qos0_dropped"
UNWRITTEN = "lanes_unwritten"
UNHEARD = "alarm_name_unusable"
BEHIND = "lane_behind"
"""Fault code, with `:` and the lane: its marker does not come back."""
WAITING = 1000
"""Events of one house; whoever brings one more waits."""


class Tidings:
    """One queue and one task for each house."""

    def __init__(self, engine_for: Callable[[HouseId], Enters]) -> None:
        """Nothing has happened; `run` tells."""
        self._engine_for = engine_for
        self._queues: dict[HouseId, asyncio.Queue[Event]] = {}
        self._fresh: asyncio.Queue[HouseId] = asyncio.Queue()

    async def put(self, house: HouseId, event: Event) -> None:
        """Hand in what one house is to be told."""
        if house not in self._queues:
            self._queues[house] = asyncio.Queue(WAITING)
            self._fresh.put_nowait(house)
        await self._queues[house].put(event)

    async def put_each(self, news: Iterable[tuple[HouseId, Event]]) -> None:
        """Hand in several, each for its house."""
        for house, event in news:
            await self.put(house, event)

    async def run(self) -> None:
        """Tell, for as long as the hub lives."""
        async with asyncio.TaskGroup() as tasks:
            while True:
                house = await self._fresh.get()
                tasks.create_task(self._tell(house), name=f"mqtt tidings {house}")

    async def _tell(self, house: HouseId) -> None:
        while True:
            event = await self._queues[house].get()
            try:
                await self._engine_for(house).submit(event, Lane.ALARM)
            except (Fenced, EngineStopped) as ended:
                # Its own task says so and ends the hub; until then the others are told.
                log.warning("a house was not told", house=house, why=str(ended))


def still_behind(lane: str, client: str, within_s: float) -> FaultNoticed:
    """Return the fault of a lane whose marker has not come back."""
    return FaultNoticed(
        f"{BEHIND}:{lane}",
        f"what the broker keeps for {client} has not been taken in for {within_s:.0f} s: how "
        "old its messages are is unknown, and presses in it are marked late; see the broker's "
        "queue limits and its log",
    )


def unusable(filters: Iterable[str]) -> FaultNoticed:
    """Return the fault of alarm devices that cannot be subscribed to one by one."""
    return FaultNoticed(
        UNHEARD,
        f"{', '.join(sorted(filters)[:3])}: no broker takes this name of an alarm device in a "
        "topic, so its presses overtake nothing or are not heard; give it a name without + and "
        "# on its bridge",
    )


def dropped_at_qos0(count: int) -> FaultNoticed:
    """Return the fault of messages without a promise that came too fast."""
    return FaultNoticed(
        DROPPED,
        f"{count} messages at QoS 0 came faster than they could be taken in and were dropped: "
        "let the bridges publish at QoS 1, or say less",
    )


def lanes_unwritten(file: Path, why: str) -> FaultNoticed:
    """Return the fault of a disk that does not take how far the lanes were read."""
    return FaultNoticed(
        UNWRITTEN,
        f"{file.name} cannot be written ({why}): presses that were seen to may ring again "
        "after a restart; make room on the disk of data_dir",
    )
