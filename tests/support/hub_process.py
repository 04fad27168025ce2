"""The real hub as a process of its own, made ready with its own commands, killed at will."""

import asyncio
import contextlib
import os
import signal
import sqlite3
import subprocess
import sys
import threading
from collections.abc import AsyncIterator, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
from websockets.asyncio.client import connect
from websockets.typing import Origin

from hub.api import frames
from tests.support.exchange import HEADERS, Page
from tests.support.mosquitto import ROOT, Mosquitto, free_port

UP_WITHIN_S = 60.0
PASSWORD = "a-long-word-for-tests-7"
PIN = "4937"


@dataclass
class HubProcess:
    """`bjelle serve` on a SQLite file, behind a broker. Its data survive a kill."""

    folder: Path
    broker: Mosquitto
    house_file: Path
    port: int = field(default_factory=free_port)
    log: list[str] = field(default_factory=list[str])
    cookies: dict[str, str] = field(default_factory=dict[str, str])
    _process: subprocess.Popen[str] | None = None
    _reader: threading.Thread | None = None

    @property
    def database(self) -> Path:
        return self.folder / "bjelle.db"

    @property
    def environment(self) -> dict[str, str]:
        inherited = {k: v for k, v in os.environ.items() if not k.startswith("BJELLE_")}
        return {
            **inherited,
            **self.broker.environment,
            "BJELLE_STORE_URL": f"sqlite+aiosqlite:///{self.database}",
            "BJELLE_DATA_DIR": str(self.folder),
            "BJELLE_PORT": str(self.port),
            "BJELLE_COOKIE_SECURE": "false",
            "BJELLE_GATEWAY_LISTEN_S": "0.2",
            "PYTHONPATH": str(ROOT),
        }

    # --- its own commands ---------------------------------------------------------------------

    def command(self, *arguments: str, typed: str = "") -> str:
        """Run `bjelle …` to its end; `typed` is what somebody would type."""
        done = subprocess.run(
            [sys.executable, "-m", "hub.cli", *arguments],
            env=self.environment,
            cwd=self.folder,
            input=typed,
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, done.stderr + done.stdout
        return done.stdout

    def take_in_use(self, *, leader: str, carers: Sequence[str]) -> None:
        """Import the house and let people in, as a technician would."""
        self.folder.mkdir(parents=True, exist_ok=True)
        self.command("house", "import", str(self.house_file))
        self.command("user", "add", leader, "--role", "leader", typed=PASSWORD + "\n")
        for carer in carers:
            self.command("user", "pin", carer, typed=PIN + "\n")

    # --- its life -----------------------------------------------------------------------------

    def start(self) -> None:
        """Start it; `up` waits until it answers."""
        self._process = subprocess.Popen(
            [sys.executable, "-m", "hub.cli", "serve", "--log-json"],
            env=self.environment,
            cwd=self.folder,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            text=True,
        )
        self._reader = threading.Thread(target=self._read, args=(self._process,), daemon=True)
        self._reader.start()

    def _read(self, process: subprocess.Popen[str]) -> None:
        assert process.stderr is not None
        for line in process.stderr:
            self.log.append(line.rstrip())

    def end(self, by: signal.Signals = signal.SIGKILL) -> None:
        """Kill it (or stop it in order with SIGTERM)."""
        if self._process is None:
            return
        self._process.send_signal(by)
        self._process.wait(UP_WITHIN_S)
        if self._reader is not None:
            self._reader.join()
        assert self._process.stderr is not None
        self._process.stderr.close()
        self._process = None

    async def up(self) -> None:
        """Wait until it answers.

        Raises:
            RuntimeError: it ended instead; the text holds what it said.
        """
        async with asyncio.timeout(UP_WITHIN_S), self.browser() as browser:
            while True:
                assert self._process is not None
                if self._process.poll() is not None:
                    raise RuntimeError("the hub ended:\n" + "\n".join(self.log[-30:]))
                with contextlib.suppress(httpx.TransportError):
                    if (await browser.get("/healthz")).status_code == 200:
                        return
                await asyncio.sleep(0.02)

    # --- its telephones -----------------------------------------------------------------------

    def browser(self) -> httpx.AsyncClient:
        return httpx.AsyncClient(base_url=f"http://127.0.0.1:{self.port}", headers=HEADERS)

    async def sign_in(self, handset: str, staff: str, *, login: str) -> None:
        """Enrol a telephone with a code from the leader's console, and sign in with a PIN."""
        async with self.browser() as console:
            await _ok(
                console.post("/api/v1/session", json={"login": login, "password": PASSWORD})
            )
            made = await _ok(console.post(f"/api/v1/handsets/{handset}/code"))
        async with self.browser() as telephone:
            code = made.json()["code"]
            await _ok(telephone.post("/api/v1/handsets/enrol", json={"code": code}))
            await _ok(telephone.post("/api/v1/session", json={"staff": staff, "pin": PIN}))
            self.cookies = dict(telephone.cookies)

    @contextlib.asynccontextmanager
    async def page(self) -> AsyncIterator[Page]:
        """The signed-in telephone's page, with its snapshot."""
        cookies = "; ".join(f"{name}={value}" for name, value in self.cookies.items())
        async with connect(
            f"ws://127.0.0.1:{self.port}/api/v1/handset",
            additional_headers={"Cookie": cookies},
            origin=Origin(f"http://127.0.0.1:{self.port}"),
            compression=None,
        ) as socket:
            page = Page(socket)
            reading = asyncio.ensure_future(page.read())
            try:
                await page.say(frames.Hello(v=frames.PROTOCOL))
                await page.until(lambda: page.snapshots)
                yield page
            finally:
                reading.cancel()
                await asyncio.gather(reading, return_exceptions=True)

    # --- its journal --------------------------------------------------------------------------

    def rows(self, question: str) -> list[tuple[Any, ...]]:
        """Ask the database, from outside."""
        with contextlib.closing(sqlite3.connect(self.database, timeout=30)) as connection:
            return connection.execute(question).fetchall()

    @contextlib.contextmanager
    def store_locked(self) -> Iterator[None]:
        """Keep the journal from being written, as a disk that hangs does."""
        with contextlib.closing(sqlite3.connect(self.database, timeout=30)) as connection:
            connection.isolation_level = None
            connection.execute("begin exclusive")
            try:
                yield
            finally:
                connection.execute("rollback")


async def _ok(asked: Any) -> httpx.Response:
    answer: httpx.Response = await asked
    assert answer.status_code < 300, answer.text
    return answer
