"""The two systems under measurement, each a process of its own on the run's own broker.

`ours` is the hub as shipped (`bjelle serve`); `floor` is `simulators.bench.floor`. Both on
SQLite, on the same Mosquitto, with the same telephones.
"""

import asyncio
import contextlib
import os
import signal
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import httpx
import psutil
from argon2 import PasswordHasher
from sqlalchemy import update

from hub import house
from hub.clock import SystemClock
from hub.house_store import adopt
from hub.store import tables
from hub.store.database import database
from hub.store.migrate import migrate
from simulators.bench.houses import CARERS, house_file
from simulators.local_broker import Broker, free_port
from simulators.staffing import Secrets, equip

PIN = "135790"
TOKEN = "measured-only"  # noqa: S105 - of a hub that lives for one run on loopback
UP_WITHIN_S = 60.0
SIGN_IN_AT_ONCE = 4
"""A PIN's check is meant to cost: more at once only wait for the same cores."""
COOKIES = ("bjelle_handset", "bjelle_session")


@dataclass(frozen=True)
class Where:
    """Where one telephone connects, and as whom."""

    house: str
    url: str
    headers: dict[str, str]


@dataclass
class System:
    """A running system."""

    name: str
    process: subprocess.Popen[bytes]
    port: int
    telephones: list[Where]
    client: httpx.AsyncClient

    def pause(self) -> None:
        """Stop the process where it is (SIGSTOP)."""
        self.process.send_signal(signal.SIGSTOP)

    def go_on(self) -> None:
        """Let it run again."""
        self.process.send_signal(signal.SIGCONT)

    def cpu_s(self) -> float:
        """Return user and system seconds used so far."""
        used = psutil.Process(self.process.pid).cpu_times()
        return used.user + used.system

    async def handled(self) -> int:
        """Return how many MQTT messages were handled for good so far."""
        if self.name == "floor":
            answer = await self.client.get("/handled")
            return int(answer.json())
        answer = await self.client.get("/metrics")
        answer.raise_for_status()
        counts = [
            float(line.rpartition(" ")[2])
            for line in answer.text.splitlines()
            if line.startswith("bjelle_mqtt_messages_total{")
        ]
        return int(sum(counts))

    async def settle(self) -> int:
        """Wait until nothing more is being handled; return the count."""
        before = -1
        while (now := await self.handled()) != before:
            before = now
            await asyncio.sleep(0.5)
        return now


def _environment(broker: Broker, folder: Path, port: int) -> dict[str, str]:
    return {
        **os.environ,
        "BJELLE_STORE_URL": f"sqlite+aiosqlite:///{folder / 'ours.db'}",
        "BJELLE_DATA_DIR": str(folder),
        "BJELLE_PORT": str(port),
        "BJELLE_MQTT_HOST": broker.host,
        "BJELLE_MQTT_PORT": str(broker.port),
        "BJELLE_MQTT_USERNAME": broker.username,
        "BJELLE_MQTT_PASSWORD": broker.password,
        "BJELLE_MQTT_TLS": "false",
        "BJELLE_COOKIE_SECURE": "false",
        "BJELLE_METRICS_TOKEN": TOKEN,
    }


async def equipped_houses(
    folder: Path, count: int, file: Callable[[int], str] = house_file
) -> list[Secrets]:
    """Make the store with that many houses, everybody with a PIN and a telephone."""
    url = f"sqlite+aiosqlite:///{folder / 'ours.db'}"
    await migrate(url)
    base, at = database(url), SystemClock().now()
    try:
        equipped: list[Secrets] = []
        for index in range(count):
            read = house.parse(file(index), f"house-{index:02d}")
            adopted = await adopt(base, read, at=at, by=None)
            equipped.append(await equip(base, adopted.plan, at=at, pin=PIN))
        # Checked by what the hash itself says it costs: 500 real ones take minutes, and how
        # long a PIN's check takes is not what is measured.
        cheap = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1).hash(PIN)
        quick = update(tables.accounts).values(pin_hash=cheap)
        await base.transact(lambda connection: connection.execute(quick))
        return equipped
    finally:
        await base.close()


@asynccontextmanager
async def ours(
    broker: Broker, folder: Path, houses: int, file: Callable[[int], str] = house_file
) -> AsyncIterator[System]:
    """Run the hub as shipped, with everybody signed in."""
    equipped = await equipped_houses(folder, houses, file)
    port = free_port()
    async with hub(broker, folder, port) as system:
        people = [
            (own.house, staff, key)
            for own in equipped
            for staff, key in zip(own.pins, own.keys.values(), strict=True)
        ]
        room, url = asyncio.Semaphore(SIGN_IN_AT_ONCE), f"ws://127.0.0.1:{port}/api/v1/handset"

        base = f"http://127.0.0.1:{port}"

        async def telephone(house: str, staff: str, key: str) -> Where:
            async with room:
                cookies = await _sign_in(way, base, key, staff)
            return Where(house, url, {"Cookie": cookies, "Origin": base})

        async with httpx.AsyncHTTPTransport() as way:
            system.telephones += await asyncio.gather(*(telephone(*one) for one in people))
        yield system


@asynccontextmanager
async def hub(broker: Broker, folder: Path, port: int) -> AsyncIterator[System]:
    """Run the hub as shipped on what `folder` holds; nobody is signed in by this."""
    command = [sys.executable, "-m", "hub.cli", "serve"]
    environment = _environment(broker, folder, port)
    async with _running("ours", command, folder, port, "/healthz", environment) as system:
        system.client.headers["Authorization"] = f"Bearer {TOKEN}"
        yield system


async def _sign_in(way: httpx.AsyncHTTPTransport, base: str, key: str, staff: str) -> str:
    # Without a client: a cookie jar and a TLS context each are most of 500 sign-ins.
    request = httpx.Request(
        "POST",
        f"{base}/api/v1/session",
        json={"staff": staff, "pin": PIN},
        headers={"X-Bjelle": "1", "Cookie": f"bjelle_handset={key}"},
    )
    answer = await way.handle_async_request(request)
    await answer.aread()
    answer.request = request
    answer.raise_for_status()
    return f"bjelle_handset={key}; bjelle_session={answer.cookies['bjelle_session']}"


@asynccontextmanager
async def floor(broker: Broker, folder: Path, houses: int, *more: str) -> AsyncIterator[System]:
    """Run the bare hub; `more` are its further arguments."""
    port = free_port()
    command = [sys.executable, "-m", "simulators.bench.floor", "--database"]
    command += [str(folder / "floor.db"), "--mqtt-port", str(broker.port), "--port", str(port)]
    command += more
    environment = {
        **os.environ,
        "FLOOR_USERNAME": broker.username,
        "FLOOR_PASSWORD": broker.password,
    }
    async with _running("floor", command, folder, port, "/handled", environment) as system:
        for index in range(houses):
            name = f"house-{index:02d}"
            url = f"ws://127.0.0.1:{port}/telephone/{name}"
            system.telephones += [Where(name, url, {})] * CARERS
        yield system


@asynccontextmanager
async def _running(
    name: str,
    command: list[str],
    folder: Path,
    port: int,
    alive: str,
    environment: dict[str, str],
) -> AsyncIterator[System]:
    with (
        (folder / f"{name}.log").open("wb") as output,
        subprocess.Popen(  # noqa: ASYNC220 - nothing else runs in this loop yet
            command, env=environment, stdout=output, stderr=output
        ) as process,
    ):
        base = f"http://127.0.0.1:{port}"
        async with httpx.AsyncClient(base_url=base, timeout=60) as client:
            try:
                await _until_up(client, alive, process, folder / f"{name}.log")
                yield System(name, process, port, [], client)
            finally:
                process.send_signal(signal.SIGCONT)
                process.terminate()
                try:
                    await asyncio.to_thread(process.wait, 20)
                except subprocess.TimeoutExpired:
                    process.kill()


async def _until_up(
    client: httpx.AsyncClient, path: str, process: subprocess.Popen[bytes], log: Path
) -> None:
    until = time.monotonic() + UP_WITHIN_S
    while time.monotonic() < until and process.poll() is None:
        with contextlib.suppress(httpx.TransportError):
            if (await client.get(path)).status_code == httpx.codes.OK:
                return
        await asyncio.sleep(0.1)
    said = await asyncio.to_thread(log.read_text, errors="replace")
    raise RuntimeError(f"{log.stem} did not come up: {said[-1500:]}")
