"""The one place that reads the wall clock. Its time never goes back."""

import time
from datetime import UTC, datetime, timedelta
from typing import Protocol


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
    """The machine's time, carried by the monotonic clock so that it cannot go back.

    A wall clock set forward is followed; one set back is not: we wait until it has caught up.
    `not_before` is the journal's last `at`.
    """

    def __init__(self, not_before: datetime | None = None) -> None:
        """Start at the wall clock, or at `not_before` where that is later."""
        self._offset = time.time() - time.monotonic()
        self._last = not_before or datetime.fromtimestamp(0, UTC)

    def now(self) -> datetime:
        """Return aware UTC, never earlier than the last answer."""
        at = datetime.fromtimestamp(time.monotonic() + self._offset, UTC)
        self._last = max(self._last, at)
        return self._last

    def not_before(self, at: datetime) -> None:
        """Never answer earlier than `at` (the journal's last)."""
        self._last = max(self._last, at)

    def stepped(self) -> timedelta | None:
        """Return how far the wall clock jumped since last asked, if by more than a second."""
        drift = time.time() - time.monotonic() - self._offset
        if abs(drift) <= 1:
            return None
        self._offset += drift
        return timedelta(seconds=drift)
