"""The engine's inbox: two bounded lanes. A place is held from submit until the commit."""

import asyncio
from collections import deque
from dataclasses import dataclass
from datetime import timedelta

from hub.performers import Lane, Settled
from routing.events import Event

AT_ONCE = 8
"""Events stepped by who submits them before the loop may read its sockets again."""


@dataclass(frozen=True, slots=True)
class Limits:
    """How much an engine holds, and how often it does what it does now and then."""

    inbox: int = 4000
    """Events of each lane between `submit` and its commit; one more waits."""
    heard_flush: timedelta = timedelta(seconds=30)
    snapshot_every_rows: int = 2000
    listen: timedelta = timedelta(seconds=8)
    """After a start, telephones keep their last state this long."""


class EngineStopped(RuntimeError):  # noqa: N818 (a state of affairs)
    """The engine takes nothing more."""


@dataclass(frozen=True, slots=True)
class Entry:
    """One event on its way from submit to its commit; `wait` is None for the engine's own."""

    event: Event
    lane: Lane
    wait: asyncio.Future[Settled] | None = None

    def answer(self, settled: Settled) -> None:
        """Tell who submitted it, if anybody still waits."""
        if self.wait is not None and not self.wait.done():
            self.wait.set_result(settled)

    def refuse(self, error: Exception) -> None:
        """Tell who submitted it that the engine ended."""
        if self.wait is not None and not self.wait.done():
            self.wait.set_exception(error)
            # Who submitted may be gone too (the whole group ends): no complaint about that.
            self.wait.exception()


class AtOnce:
    """Lets who submits step a few events of a round, without waiting for the engine's turn."""

    def __init__(self) -> None:
        """A round begins."""
        self._taken = 0

    def take(self) -> bool:
        """Tell whether one more may be stepped at once in this round of the loop."""
        if self._taken >= AT_ONCE:
            return False
        if not self._taken:
            asyncio.get_running_loop().call_soon(self._next_round)
        self._taken += 1
        return True

    def _next_round(self) -> None:
        self._taken = 0


class Inbox:
    """Alarm lane first. A full lane makes `room` wait, and only that lane."""

    def __init__(self, limit: int) -> None:
        self._lanes: tuple[deque[Entry], ...] = tuple(deque() for _ in Lane)
        self._room = tuple(asyncio.Semaphore(limit) for _ in Lane)
        self._came = asyncio.Event()

    def __len__(self) -> int:
        return sum(len(lane) for lane in self._lanes)

    def depth(self, lane: Lane) -> int:
        """Events of this lane that wait to be stepped."""
        return len(self._lanes[lane])

    async def room(self, lane: Lane) -> None:
        """Take a place, waiting while there is none."""
        await self._room[lane].acquire()

    def give_back(self, lane: Lane) -> None:
        """Give a place back."""
        self._room[lane].release()

    def leave(self, entry: Entry) -> None:
        """Give the entry's place back: it is durable, or refused."""
        if entry.wait is not None:
            self.give_back(entry.lane)

    def put(self, entry: Entry, *, wake: bool = True) -> None:
        """Queue an entry and wake the engine."""
        self._lanes[entry.lane].append(entry)
        if wake:
            self._came.set()

    def take(self) -> Entry | None:
        """The next entry, or None."""
        for lane in self._lanes:
            if lane:
                return lane.popleft()
        return None

    def wake(self) -> None:
        """Wake the engine without an event."""
        self._came.set()

    async def wait(self, seconds: float) -> None:
        """Wait for an entry, a wake, or this long."""
        if len(self):
            return
        timer = asyncio.get_running_loop().call_later(max(0.0, seconds), self._came.set)
        try:
            await self._came.wait()
        finally:
            timer.cancel()
        self._came.clear()
