"""Virtual time: a heap of timed happenings. No wall clock, no asyncio, nothing but order.

Two happenings at the same millisecond run in the order they were written down, so that one seed
gives one night.
"""

import heapq
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

Happening = Callable[[], None]


class Agenda:
    """What will happen, and what time it is in the pretended world."""

    def __init__(self, start: datetime) -> None:
        """Begin at `start`, aware."""
        self.start = start.astimezone(UTC)
        self.ms = 0
        """Milliseconds since the start."""
        self._heap: list[tuple[int, int, Happening]] = []
        self._written = 0

    @property
    def now(self) -> datetime:
        """The world's true time, aware UTC."""
        return self.start + timedelta(milliseconds=self.ms)

    @property
    def seconds(self) -> float:
        """Seconds since the start."""
        return self.ms / 1000

    def at(self, seconds: float, happening: Happening) -> None:
        """Write down that something happens `seconds` after the start, never in the past."""
        self._write(int(seconds * 1000), happening)

    def after(self, seconds: float, happening: Happening) -> None:
        """Write down that something happens `seconds` from now."""
        self._write(self.ms + int(seconds * 1000), happening)

    def when(self, at: datetime, happening: Happening) -> None:
        """Write down that something happens at this time, or now if it has passed.

        Rounded up to the millisecond: a deadline that wakes us must have been reached.
        """
        micros = (at - self.start) // timedelta(microseconds=1)
        self._write(-(-micros // 1000), happening)

    def _write(self, ms: int, happening: Happening) -> None:
        self._written += 1
        heapq.heappush(self._heap, (max(ms, self.ms), self._written, happening))

    @property
    def next_s(self) -> float | None:
        """When the next happening is due, in seconds since the start; None: nothing is."""
        return self._heap[0][0] / 1000 if self._heap else None

    def run(self, until_s: float, *, unless: Callable[[], bool] | None = None) -> None:
        """Let everything happen up to `until_s`, or until `unless` says that it is enough."""
        until = int(until_s * 1000)
        heap = self._heap
        while heap and heap[0][0] <= until:
            self.ms, _, happening = heapq.heappop(heap)
            happening()
            if unless is not None and unless():
                return
        self.ms = max(self.ms, until)
