"""The benchmark's telephones: real WebSockets that answer as a quick carer's page would.

The same for ours and for the floor: `received` and `ringing` at once, then take, arrive, close,
each after the answer to the one before. Latency is from the press's scheduled moment to the
first telephone that has its frame.
"""

import asyncio
import itertools
import time
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import orjson
from websockets.asyncio.client import ClientConnection, connect


@dataclass
class Watch:
    """What was pressed when, and how long until it rang; shared by all telephones of a run."""

    scheduled: dict[tuple[str, str], list[float]] = field(
        default_factory=lambda: defaultdict(list)
    )
    latencies: list[float] = field(default_factory=list)
    closed: int = 0

    def expect(self, house: str, room: str, at: float) -> None:
        """Note a press that will be published at the monotonic second `at`."""
        self.scheduled[house, room].append(at)

    def rang(self, house: str, room: str) -> bool:
        """Take the oldest due press of the room; False when it was counted already."""
        waiting, now = self.scheduled[house, room], time.monotonic()
        if not waiting or waiting[0] > now:
            return False
        self.latencies.append(now - waiting.pop(0))
        return True

    @property
    def missing(self) -> int:
        """How many due presses have not rung."""
        now = time.monotonic()
        return sum(at <= now for times in self.scheduled.values() for at in times)


@dataclass
class Telephone:
    """One telephone of one house."""

    house: str
    url: str
    headers: dict[str, str]
    watch: Watch
    sequence: Iterator[int] = field(default_factory=lambda: itertools.count(1))
    todo: dict[str, tuple[str, str]] = field(default_factory=dict)
    """Operation id -> (call, the action to follow)."""

    async def run(self, ready: asyncio.Event) -> None:
        """Connect and answer until cancelled."""
        async with connect(
            self.url, additional_headers=self.headers, compression=None, ping_interval=None
        ) as socket:
            await self._send(socket, t="hello", v=1, resume=None, page="bench", lang="nb")
            ready.set()
            async for text in socket:
                await self._answer(socket, orjson.loads(text))

    async def _send(self, socket: ClientConnection, **frame: Any) -> None:
        await socket.send(orjson.dumps(frame).decode())

    async def _answer(self, socket: ClientConnection, frame: dict[str, Any]) -> None:
        match frame["t"]:
            case "call":
                await self._called(socket, frame)
            case "heartbeat":
                await self._alive(socket, frame)
            case "answer":
                await self._next(socket, frame)
            case _:
                pass

    async def _called(self, socket: ClientConnection, frame: dict[str, Any]) -> None:
        card = frame["card"]
        if not frame["ring"] or not card["room"]:  # technical calls have no room
            return
        mine = self.watch.rang(self.house, card["room"]["number"])
        ring = card.get("ring", 1)
        for kind in ("received", "ringing"):
            await self._send(socket, t="receipt", call=card["id"], kind=kind, ring=ring)
        if mine:
            await self._operate(socket, card["id"], "take", "arrive")

    async def _alive(self, socket: ClientConnection, frame: dict[str, Any]) -> None:
        facts = {"visible": True, "painted_ms": 8, "audio": True, "wake_lock": True}
        await self._send(socket, t="alive", n=frame["n"], beat=frame["beat"], **facts)

    async def _operate(
        self, socket: ClientConnection, call: str, action: str, then: str
    ) -> None:
        operation = f"{self.house}-{id(self):x}-{next(self.sequence)}"
        self.todo[operation] = (call, then)
        more = {"outcome": "helped"} if action == "close" else {}
        await self._send(socket, t="op", op=operation, action=action, call=call, **more)

    async def _next(self, socket: ClientConnection, frame: dict[str, Any]) -> None:
        call, action = self.todo.pop(frame["op"], ("", ""))
        if action and frame["ok"]:
            then = {"arrive": "close", "close": "done"}.get(action, "")
            if action == "done":
                self.watch.closed += 1
            else:
                await self._operate(socket, call, action, then)
