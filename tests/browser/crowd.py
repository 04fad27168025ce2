"""Other people's telephones: real sockets that answer as a page would, without a browser."""

import asyncio
import json
import threading
import uuid
from collections.abc import Iterator, Sequence
from contextlib import AsyncExitStack, contextmanager
from dataclasses import dataclass, field
from typing import Any

import httpx
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed
from websockets.typing import Origin

from routing.ids import HandsetId
from tests.browser.house import House

ALIVE = {"visible": True, "painted_ms": 8, "audio": True, "wake_lock": True}
WITHIN_S = 40


def guests(count: int) -> tuple[tuple[str, str], tuple[str, str]]:
    """Return changes to the smallest house that give it more staff and telephones."""
    person = "{ role: carer, competence: health_worker, units: [nord], name: "
    people = "".join(f"  guest-{n}: {person}Gjest {n} }}\n" for n in range(1, count + 1))
    phones = "".join(
        f"  guest-phone-{n}: {{ name: Gjest {n}, unit: nord }}\n" for n in range(1, count + 1)
    )
    return ("staff:\n", f"staff:\n{people}"), ("handsets:\n", f"handsets:\n{phones}")


def residents(count: int) -> tuple[tuple[str, str], ...]:
    """Return changes that give the smallest house more patients, each with a wrist alarm."""
    numbers = range(201, 201 + count)
    rooms = "".join(
        f'  "{n}": {{ unit: nord, floor: "2", beds: ["{n}-1"] }}\n' for n in numbers
    )
    people = "".join(
        f"  p-{n}:\n    name: Pasient {n}\n    stays:\n"
        f'      - {{ bed: "{n}-1", since: 2026-01-06T12:00, offer: accepted,'
        " assigned: [carer-1] }\n"
        for n in numbers
    )
    wrists = "".join(
        f'  wrist-{n}:\n    bridge: zigbee\n    native: "0x00be11e000000{n + 200}"\n'
        "    model: zigbee2mqtt/alarm-button\n    class: alarm\n    expect_every: 25h\n"
        f"    used: [{{ purpose: help, patient: p-{n}, since: 2026-01-06T12:00 }}]\n"
        for n in numbers
    )
    return (
        ("rooms:\n", f"rooms:\n{rooms}"),
        ("patients:\n", f"patients:\n{people}"),
        ("devices:\n", f"devices:\n{wrists}"),
    )


@dataclass
class Guest:
    """One telephone: what it shows, and the answers it waits for."""

    socket: ClientConnection
    cards: dict[str, dict[str, Any]] = field(default_factory=dict[str, dict[str, Any]])
    answers: dict[str, asyncio.Future[dict[str, Any]]] = field(default_factory=dict[str, Any])
    changed: asyncio.Event = field(default_factory=asyncio.Event)

    async def say(self, **frame: Any) -> None:
        """Send a frame."""
        await self.socket.send(json.dumps(frame))

    async def read(self) -> None:
        """Do what a page does with each frame."""
        await self.say(t="hello", v=1, resume=None, page="guest", lang="nb")
        try:
            async for text in self.socket:
                await self._hear(json.loads(text))
                self.changed.set()
        except ConnectionClosed:
            pass

    async def tap(self, action: str, call: str, **more: Any) -> dict[str, Any]:
        """Tap, and return the hub's answer."""
        op = str(uuid.uuid4())
        self.answers[op] = asyncio.get_running_loop().create_future()
        await self.say(t="op", op=op, action=action, call=call, **more)
        async with asyncio.timeout(WITHIN_S):
            return await self.answers[op]

    async def ringing(self) -> str:
        """Wait for a call to ring here, and return its id."""
        async with asyncio.timeout(WITHIN_S):
            while True:
                for card in self.cards.values():
                    if card["ring"]:
                        return str(card["id"])
                self.changed.clear()
                await self.changed.wait()

    async def _hear(self, frame: dict[str, Any]) -> None:
        match frame["t"]:
            case "heartbeat":
                await self.say(t="alive", n=frame["n"], beat=frame["beat"], **ALIVE)
            case "snapshot":
                self.cards = {card["id"]: card for card in frame["calls"]}
            case "call":
                card = frame["card"]
                self.cards[card["id"]] = card
                for kind in ("received", "ringing") if card["ring"] else ():
                    ring = card["ring"]
                    await self.say(t="receipt", call=card["id"], kind=kind, ring=ring)
            case "gone":
                self.cards.pop(frame["call"], None)
            case "answer":
                self.answers[frame["op"]].set_result(frame)
            case _:
                pass


@dataclass
class Crowd:
    """Guests in a thread of their own, so that a browser's test need not be asynchronous."""

    loop: asyncio.AbstractEventLoop
    guests: list[Guest] = field(default_factory=list[Guest])

    def close(self, call: str) -> None:
        """Let the first guest go to the patient and end the call."""
        self._run(self._close(self.guests[0], call))

    def race(self) -> list[dict[str, Any]]:
        """Let all guests wait for the same call and take it at once; return their answers."""
        return self._run(self._race())

    def _run(self, work: Any) -> Any:
        return asyncio.run_coroutine_threadsafe(work, self.loop).result(3 * WITHIN_S)

    async def _close(self, guest: Guest, call: str) -> None:
        await guest.tap("arrive", call)
        answer = await guest.tap("close", call, outcome="helped")
        assert answer["ok"], answer

    async def _race(self) -> list[dict[str, Any]]:
        calls = await asyncio.gather(*(guest.ringing() for guest in self.guests))
        assert len(set(calls)) == 1, calls
        taps = (guest.tap("take", calls[0]) for guest in self.guests)
        return list(await asyncio.gather(*taps))


async def _sign_in(house: House, number: int) -> str:
    handset = HandsetId(f"guest-phone-{number}")
    cookies = {"bjelle_handset": house.secrets.keys[handset]}
    async with httpx.AsyncClient(
        base_url=house.url, cookies=cookies, headers={"X-Bjelle": "1"}, timeout=WITHIN_S
    ) as client:
        body = {"staff": f"guest-{number}", "pin": house.pin(f"guest-{number}")}
        answer = await client.post("/api/v1/session", json=body)
        answer.raise_for_status()
        return "; ".join(f"{name}={value}" for name, value in client.cookies.items())


async def _attend(
    house: House, numbers: Sequence[int], crowd: Crowd, here: threading.Event
) -> None:
    address = f"{house.url.replace('http', 'ws')}/api/v1/handset"
    async with AsyncExitStack() as stack, asyncio.TaskGroup() as tasks:
        for number in numbers:
            headers = {"Cookie": await _sign_in(house, number)}
            line = connect(
                address,
                additional_headers=headers,
                origin=Origin(house.url),
                compression=None,
                ping_interval=None,
            )
            guest = Guest(await stack.enter_async_context(line))
            crowd.guests.append(guest)
            tasks.create_task(guest.read())
        here.set()
        await asyncio.Event().wait()


@contextmanager
def crowd_of(house: House, count: int) -> Iterator[Crowd]:
    """Sign so many guests in and keep their telephones answering."""
    loop, here = asyncio.new_event_loop(), threading.Event()
    crowd = Crowd(loop)
    attending = loop.create_task(_attend(house, range(1, count + 1), crowd, here))

    def live() -> None:
        try:
            loop.run_until_complete(attending)
        except asyncio.CancelledError:
            pass
        finally:
            here.set()

    thread = threading.Thread(target=live, daemon=True)
    thread.start()
    try:
        assert here.wait(120)
        assert len(crowd.guests) == count
        yield crowd
    finally:
        loop.call_soon_threadsafe(attending.cancel)
        thread.join(WITHIN_S)
        loop.close()
