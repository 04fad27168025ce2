"""How much of what can wait is begun in one round of the event loop.

A press needs some five rounds from its socket to a telephone's: read, understood, stepped,
rung, written. Each round used to begin everything that the broker had sent of a backlog; a
press then waited five times for all of it. With a few a round it waits five times for a few.
"""

import asyncio
from collections import deque

A_ROUND = 8
"""Messages: about two milliseconds, understanding, stepping and acknowledging them."""


class Turns:
    """Lets a few through in each round of the loop, in the order in which they came."""

    def __init__(self, a_round: int = A_ROUND) -> None:
        """Nobody waits."""
        self._a_round = a_round
        self._left = a_round
        self._waiting: deque[asyncio.Future[None]] = deque()
        self._counts = False

    @property
    def waiting(self) -> int:
        """How many wait for their turn."""
        return len(self._waiting)

    async def mine(self) -> None:
        """Wait for a turn; without any wait while there are few."""
        self._count()
        if self._left > 0 and not self._waiting:
            self._left -= 1
            return
        turn: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._waiting.append(turn)
        await turn

    def _count(self) -> None:
        if not self._counts:
            self._counts = True
            asyncio.get_running_loop().call_soon(self._next_round)

    def _next_round(self) -> None:
        self._counts = False
        if not self._waiting:
            self._left = self._a_round
            return
        # Those who are let through run in the next round: nobody may pass them until then.
        self._left = 0
        let_through = 0
        while self._waiting and let_through < self._a_round:
            turn = self._waiting.popleft()
            if not turn.done():
                turn.set_result(None)
                let_through += 1
        self._count()
