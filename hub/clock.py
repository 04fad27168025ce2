"""The one place that reads the wall clock. Its time never goes back."""

import time
from collections import deque
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Protocol

TOLERATED_S = 1.0
"""Less than this is a clock being disciplined, not one that jumps."""
STEPS_KEPT = 16
"""Of a house that does not ask any more, because its engine has ended."""


class Clock(Protocol):
    """What the shell asks for time; simulations hand in their own."""

    def now(self) -> datetime:
        """Return aware UTC, never earlier than the last answer."""
        ...

    def stepped(self) -> timedelta | None:
        """Return how far the wall clock jumped since last asked, if by more than a second."""
        ...

    def not_before(self, at: datetime) -> None:
        """Never answer earlier than `at` (the journal's last)."""
        ...


class SystemClock:
    """The machine's time, carried by the monotonic clock so that it neither jumps nor stops.

    A wall clock set forward is followed. One set back is not, and neither is waited for: time
    goes on from where it was, ahead of the wall, so that every patience goes on running.
    """

    def __init__(
        self,
        wall: Callable[[], float] = time.time,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        """Start at the wall clock; both arguments are seconds, and there for tests."""
        self._wall = wall
        self._monotonic = monotonic
        self._offset = wall() - monotonic()
        self._behind = 0.0
        """How far the wall is behind us, as last told; never positive."""

    def now(self) -> datetime:
        """Return aware UTC, never earlier than the last answer."""
        return datetime.fromtimestamp(self._monotonic() + self._offset, UTC)

    def not_before(self, at: datetime) -> None:
        """Go on from `at` (the journal's last) where that is later than now."""
        self._offset += max(0.0, (at - self.now()).total_seconds())

    def stepped(self) -> timedelta | None:
        """Return how far the wall clock jumped since last asked, if by more than a second."""
        drift = self._wall() - self._monotonic() - self._offset
        jump = drift - self._behind
        if abs(jump) <= TOLERATED_S:
            return None
        self._offset += max(0.0, drift)
        self._behind = min(0.0, drift)
        return timedelta(seconds=jump)


class HouseClock:
    """One house's view of a clock that several share: each hears of every step."""

    def __init__(self, clock: Clock, houses: list["HouseClock"]) -> None:
        """`houses` are all views of this clock; this one joins them."""
        self._clock = clock
        self._houses = houses
        self.untold: deque[timedelta] = deque(maxlen=STEPS_KEPT)
        """Steps that this house has not asked for yet."""
        houses.append(self)

    def now(self) -> datetime:
        """Return aware UTC, never earlier than the last answer."""
        return self._clock.now()

    def not_before(self, at: datetime) -> None:
        """Never answer earlier than `at` (the journal's last)."""
        self._clock.not_before(at)

    def stepped(self) -> timedelta | None:
        """Return how far the wall clock jumped, once for each jump and house."""
        by = self._clock.stepped()
        if by is not None:
            for one in self._houses:
                one.untold.append(by)
        return self.untold.popleft() if self.untold else None
