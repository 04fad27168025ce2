"""When the writer begins its next transaction.

What somebody waits for (a ring's silence, an answer to a tap) begins one at once, and takes
with it whatever is queued. What nobody waits for (a level of a sensor that no rule answered, a
message's bytes) shares one with its neighbours: at a thousand events a second a transaction for
each was half of the hub's processor time. Alone in a quiet house it waits for nobody either.
"""

import asyncio
import math

GATHER_S = 0.01
"""Between two transactions that nobody waits for: what a broker's acknowledgement may cost."""
GATHER_ROWS = 128
"""So many in the queue are a group already."""


class Pace:
    """Wakes the writer. Times are the loop's."""

    def __init__(self) -> None:
        """Nothing is queued."""
        self._wake = asyncio.Event()
        self._timer: asyncio.TimerHandle | None = None
        self._began = -math.inf

    def now(self) -> None:
        """Somebody waits, or the queue is long: begin."""
        self._wake.set()

    def soon(self, queued: int) -> None:
        """Something is queued that may share a transaction with what comes next."""
        if queued >= GATHER_ROWS or asyncio.get_running_loop().time() >= self._due():
            self._wake.set()
        else:
            self.beside(queued)

    def beside(self, queued: int) -> None:
        """Something is queued that goes with a row: let that one decide, but not for ever."""
        if queued >= GATHER_ROWS:
            self._wake.set()
        elif self._timer is None:
            loop = asyncio.get_running_loop()
            at = max(self._due(), loop.time() + GATHER_S / 2)
            self._timer = loop.call_at(at, self._wake.set)

    async def turn(self) -> None:
        """Wait until there is reason to begin; it begins now."""
        await self._wake.wait()
        self._wake.clear()
        self._began = asyncio.get_running_loop().time()
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _due(self) -> float:
        return self._began + GATHER_S
