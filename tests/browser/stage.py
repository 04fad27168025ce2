"""A stage for the pages: the hub's own frames and pages, with the cards a test puts up.

For looks and manners (layout, contrast, words, what a tap sends): cases that a real house
seldom shows together. Whether a press reaches the page is for `test_a_press_end_to_end.py`,
with the real hub and broker.
"""

import asyncio
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import uvicorn
from playwright.sync_api import Page
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import FileResponse, JSONResponse, Response
from starlette.routing import Mount, Route, WebSocketRoute
from starlette.staticfiles import StaticFiles
from starlette.websockets import WebSocket, WebSocketDisconnect

from hub.api import frames
from routing.calls import CallState
from routing.effects import Reason
from routing.events import HandsetState, StoreState
from routing.plan import CallType, Competence, Role

DIST = Path(__file__).parents[2] / "hub" / "static" / "dist"
PAGES = {"/h": "handset", "/tavle": "board", "/demo": "demo", "/": "index"}
CSP = "default-src 'self'; connect-src 'self' ws: wss:; frame-ancestors 'self'"

ME = frames.Me("aisha", "Aisha", Role.NURSE, Competence.NURSE, ("sor",))
PER = frames.Person("per", "Per")
COLLEAGUES = (
    frames.Colleague("per", "Per", frames.Doing.FREE, HandsetState.READY),
    frames.Colleague("liv", "Liv", frames.Doing.WITH_PATIENT, HandsetState.READY, "207"),
    frames.Colleague("ola", "Ola", frames.Doing.NO_CONTACT, HandsetState.GONE),
)


def now() -> datetime:
    """The stage's clock."""
    return datetime.now(UTC)  # noqa: TID251 - the world outside the hub


def card(**changes: Any) -> frames.Card:
    """A patient's press in room 204, twelve seconds old, ringing here."""
    opened = now() - timedelta(seconds=12)
    usual: dict[str, Any] = {
        "id": "1-7",
        "type": CallType.PATIENT,
        "priority": 1,
        "state": CallState.RINGING,
        "practice": False,
        "late": False,
        "room": frames.RoomFace("204", "204", "2", "Sør"),
        "patient": "Kari N.",
        "why": "Kari N. trykket på armbåndet",
        "reason": Reason.HELP_PRESSED,
        "note": "Fall sist uke. Bruker rullator.",
        "isolation": "",
        "opened_at": opened,
        "ringing_since": opened,
        "ring": 1,
        "pressed": 1,
        "owner": None,
        "taken_at": None,
        "arrive_by": None,
        "present": (),
        "present_at": None,
        "also_ringing": ("Per", "Liv"),
        "rung": 0,
        "can": (frames.Action.TAKE, frames.Action.DECLINE, frames.Action.HAND_OVER),
        "place": frames.Place(
            "korridor sør",
            now() - timedelta(seconds=8),
            certain_until=now() + timedelta(seconds=52),
            known_until=now() + timedelta(seconds=292),
        ),
    }
    return frames.Card(**usual | changes)


def mine(**changes: Any) -> frames.Card:
    """The same call, taken by me twenty seconds ago."""
    taken = now() - timedelta(seconds=20)
    usual: dict[str, Any] = {
        "state": CallState.TAKEN,
        "ring": 0,
        "mine": True,
        "owner": frames.Person(ME.id, ME.name),
        "taken_at": taken,
        "arrive_by": taken + timedelta(minutes=2),
        "can": (
            frames.Action.DECLINE,
            frames.Action.HAND_OVER,
            frames.Action.ARRIVE,
            frames.Action.UNDO,
        ),
    }
    return card(**usual | changes)


def there(**changes: Any) -> frames.Card:
    """The same call, with me at the patient."""
    usual: dict[str, Any] = {
        "state": CallState.PRESENT,
        "present": (frames.Person(ME.id, ME.name),),
        "present_at": now() - timedelta(seconds=95),
        "can": (frames.Action.HAND_OVER, frames.Action.LEAVE, frames.Action.CLOSE),
    }
    return mine(**usual | changes)


def fault() -> frames.Card:
    """A technical call: a bridge is gone."""
    why = "Ingen kontakt med bro «sør»"
    return card(type=CallType.TECHNICAL, room=None, patient=None, why=why)


@dataclass
class Stage:
    """What the page is shown, and what it said."""

    url: str = ""
    cards: list[frames.Card] = field(default_factory=list)
    enrolled: bool = True
    signed_in: bool = True
    silent: bool = False
    answering: bool = True
    ask: frames.Question | None = None
    answers: dict[str, dict[str, Any]] = field(default_factory=dict)
    units: list[dict[str, str]] = field(default_factory=list)
    heard: list[frames.FromPage] = field(default_factory=list)
    posted: list[tuple[str, Any]] = field(default_factory=list)
    _n: int = 0
    _loop: asyncio.AbstractEventLoop | None = None
    _sockets: list[WebSocket] = field(default_factory=list)

    def put(self, *cards: frames.Card) -> None:
        """Put these cards up instead of those shown, as a snapshot."""
        self.cards = list(cards)
        self._send_all(self._snapshot)

    def ring(self, one: frames.Card) -> None:
        """Let one more call ring, as a delta."""
        self.cards = [*(c for c in self.cards if c.id != one.id), one]
        self._send_all(lambda: frames.CallChanged(self._next(), ring=one.ring > 0, card=one))

    def gone(self, call: str, reason: frames.GoneReason, by: frames.Person | None) -> None:
        """Take a card away."""
        self.cards = [c for c in self.cards if c.id != call]
        self._send_all(lambda: frames.Gone(self._next(), call, reason, by))

    def said(self, kind: type[frames.FromPage]) -> list[Any]:
        """Return what the page said of one kind, oldest first."""
        return [one for one in list(self.heard) if isinstance(one, kind)]

    def _send_all(self, make: Any) -> None:
        async def send() -> None:
            frame = frames.encode(make())
            for socket in list(self._sockets):
                await socket.send_text(frame)

        assert self._loop
        asyncio.run_coroutine_threadsafe(send(), self._loop).result(5)

    def _next(self) -> int:
        self._n += 1
        return self._n

    def _hash(self) -> str:
        return frames.fingerprint((c.id, c.state, c.ring) for c in self.cards)

    def _snapshot(self) -> frames.Snapshot:
        phone = frames.Telephone("tlf-1", "Sør 1", HandsetState.READY)
        return frames.Snapshot(
            self._next(), now(), ME, phone, COLLEAGUES, tuple(self.cards), StoreState.RECORDED,
            self._hash(), "0.1.0",
        )  # fmt: skip

    def _heartbeat(self, beat: int) -> frames.Heartbeat:
        return frames.Heartbeat(
            self._n, beat, now(), self._hash(), "0.1.0", HandsetState.READY, (),
            StoreState.RECORDED, ask=self.ask,
        )  # fmt: skip

    async def _line(self, socket: WebSocket) -> None:
        await socket.accept()
        self._loop = asyncio.get_running_loop()
        self._sockets.append(socket)
        try:
            async with asyncio.TaskGroup() as tasks:
                beats = tasks.create_task(self._beats(socket))
                await self._listen(socket)
                beats.cancel()
        except* (WebSocketDisconnect, RuntimeError):
            pass
        finally:
            self._sockets.remove(socket)

    async def _beats(self, socket: WebSocket) -> None:
        beat = 0
        while True:
            await asyncio.sleep(frames.HEARTBEAT_S / 2)
            beat += 1
            if not self.silent:
                await socket.send_text(frames.encode(self._heartbeat(beat)))

    async def _listen(self, socket: WebSocket) -> None:
        async for text in socket.iter_text():
            said = frames.decode(text)
            self.heard.append(said)
            if isinstance(said, frames.Hello) and not self.silent:
                await socket.send_text(frames.encode(self._snapshot()))
            if isinstance(said, frames.Op) and self.answering and not self.silent:
                answer = frames.Answer(
                    said.op, ok=True, reason="taken", text="", call=said.call
                )
                await socket.send_text(frames.encode(answer))

    async def _page(self, request: Request) -> Response:
        name = PAGES[request.url.path]
        headers = {"Content-Security-Policy": CSP, "Cache-Control": "no-cache"}
        return FileResponse(DIST / f"{name}.html", headers=headers)

    async def _api(self, request: Request) -> Response:
        path = request.url.path
        if request.method in ("POST", "PUT"):
            self.posted.append((path, await request.json()))
        if request.method in ("PUT", "DELETE"):
            self.signed_in = self.signed_in and request.method == "PUT"
            return Response(status_code=204)
        if path == "/api/v1/session":
            self.signed_in = True
        if path == "/api/v1/handsets/enrol":
            self.enrolled = True
        if path in self.answers:
            return JSONResponse(self.answers[path])
        if path == "/api/v1/me" and self.signed_in:
            return JSONResponse(
                {"staff": ME.id, "name": ME.name, "role": "nurse", "handset": "tlf-1"}
            )
        if path == "/api/v1/handset/people" and self.enrolled:
            names = ["Aisha", "Per", "Liv", "Ola", "Ingrid-Marie"]
            tiles = [{"staff": n.lower(), "name": n, "units": ["sor"]} for n in names]
            return JSONResponse({"people": tiles, "units": self.units})
        if request.method == "POST":
            return JSONResponse({})
        return JSONResponse({"title": "Ikke logget på", "detail": "Logg på"}, status_code=401)

    def app(self) -> Starlette:
        """The stage as an application."""
        api = [
            Route("/{rest:path}", self._api, methods=["GET", "POST", "PUT", "DELETE"]),
        ]
        return Starlette(
            routes=[
                *(Route(path, self._page) for path in PAGES),
                WebSocketRoute("/api/v1/handset", self._line),
                Mount("/api", routes=api),
                Mount("/demo", routes=api),
                Mount("/", StaticFiles(directory=DIST)),
            ]
        )


@contextmanager
def on_stage() -> Iterator[Stage]:
    """Run a stage on a free port of the loopback."""
    stage = Stage()
    config = uvicorn.Config(stage.app(), port=0, log_level="warning", ws="websockets-sansio")
    server = uvicorn.Server(config)
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    while not server.started:
        if not thread.is_alive():
            raise RuntimeError("the stage did not start: see uvicorn's message above")
    port = server.servers[0].sockets[0].getsockname()[1]
    stage.url = f"http://127.0.0.1:{port}"
    try:
        yield stage
    finally:
        server.should_exit = True
        thread.join(10)


def on_shift(page: Page, stage: Stage, *cards: frames.Card, lang: str = "nb") -> Page:
    """Open the page of somebody whose shift has begun."""
    stage.cards = list(cards)
    page.add_init_script("sessionStorage.setItem('bjelle-checked', '1')")
    page.goto(f"{stage.url}/h?lang={lang}")
    page.wait_for_selector("[data-testid=call-card], [data-testid=calm]")
    return page
