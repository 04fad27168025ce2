"""The real hub for a browser: a process of its own, Mosquitto, SQLite, wire formats."""

import asyncio
import os
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from signal import SIGCONT, SIGSTOP
from typing import Any

import httpx
from paho.mqtt import publish

from devices.codec import PRESS_WINDOW
from hub.clock import SystemClock
from hub.house import HouseFile, load
from hub.house_store import adopt
from hub.store.database import database
from hub.store.migrate import migrate
from routing.ids import DeviceId, StaffId
from routing.plan import Plan
from simulators.payloads import Published, ZigbeeVoice, retained, voice
from simulators.staffing import Secrets, equip
from tests.support.mosquitto import ROOT, Mosquitto, free_port

SMALL = ROOT / "simulators" / "houses" / "small.yaml"
LEADER = StaffId("leader-1")
LOGIN = "lise"
"""The leader's, by the house file."""
UP_WITHIN_S = 90.0
TOGETHER = ("assigned: [carer-1]", "assigned: [carer-1, nurse-1]")
"""The smallest house, changed so that the nurse and the carer ring together."""


@dataclass
class House:
    """A running hub, who may sign in, and the devices that speak."""

    url: str
    plan: Plan
    broker: Mosquitto
    process: subprocess.Popen[bytes]
    console: httpx.Client
    secrets: Secrets
    pressed: dict[str, float] = field(default_factory=dict[str, float])
    """When each wrist was pressed last, by a clock that never goes back."""

    def say(self, *messages: Published) -> None:
        """Publish as the bridges do; returns when the broker has it."""
        login = {"username": "tester", "password": self.broker.tester_password}
        publish.multiple(
            [
                {"topic": m.topic, "payload": m.payload, "qos": m.qos, "retain": m.retain}
                for m in messages
            ],
            hostname=self.broker.host,
            port=self.broker.port,
            auth=login,  # type: ignore[arg-type] - paho's stubs want its own TypedDict
        )

    def press(self, device: str = "wrist-101") -> None:
        """Press a patient's wrist alarm; the same one not so soon that it is a radio's copy."""
        again = self.pressed.get(device, 0.0) + PRESS_WINDOW.total_seconds() + 0.5
        while time.monotonic() < again:
            threading.Event().wait(again - time.monotonic())
        self.pressed[device] = time.monotonic()
        speaking = voice(self.plan, self.plan.devices[DeviceId(device)])
        assert isinstance(speaking, ZigbeeVoice)
        self.say(speaking.press(datetime.now(UTC)))  # noqa: TID251 - a device has its own clock

    @property
    def password(self) -> str:
        """The leader's."""
        return self.secrets.passwords[LEADER]

    def pin(self, staff: str) -> str:
        """Anybody's PIN."""
        return self.secrets.pins[StaffId(staff)]

    def sign_in(self) -> None:
        """Sign the leader in, who may make codes and read figures."""
        login = {"login": LOGIN, "password": self.password}
        self.console.post("/api/v1/session", json=login).raise_for_status()

    def code(self, handset: str) -> str:
        """Make a one-time code for a telephone."""
        answer = self.console.post(f"/api/v1/handsets/{handset}/code", json={})
        return str(answer.raise_for_status().json()["code"])

    def calls(self) -> list[dict[str, Any]]:
        """Return the calls as the API tells them, newest first."""
        return list(self.console.get("/api/v1/calls").raise_for_status().json()["calls"])

    def state_of(self, name: str) -> str:
        """Return what the hub judges this person's telephone to be."""
        board = self.console.get("/api/v1/board").raise_for_status().json()
        return next((one["handset"] for one in board["staff"] if one["name"] == name), "")

    def freeze(self) -> None:
        """Stop the hub's clock: a black hole, whose sockets stay open."""
        self.process.send_signal(SIGSTOP)

    def thaw(self) -> None:
        """Let it go on."""
        self.process.send_signal(SIGCONT)


def _house_file(folder: Path, changes: tuple[tuple[str, str], ...]) -> HouseFile:
    text = SMALL.read_text().replace("small/zigbee2mqtt", "zigbee2mqtt")
    for old, new in changes:
        assert old in text, old
        text = text.replace(old, new)
    file = folder / "house.yaml"
    file.write_text(text)
    return load(file)


async def _furnish(url: str, house: HouseFile) -> Secrets:
    """Take the house in use and give its people their secrets, as `bjelle demo` does."""
    await migrate(url)
    base, at = database(url), SystemClock().now()
    try:
        adopted = await adopt(base, house, at=at, by=None)
        return await equip(base, adopted.plan, at=at)
    finally:
        await base.close()


@contextmanager
def open_house(
    folder: Path, broker: Mosquitto, changes: tuple[tuple[str, str], ...] = (TOGETHER,)
) -> Iterator[House]:
    """Furnish the smallest house with these changes, and run the hub."""
    folder.mkdir(parents=True, exist_ok=True)
    file, port = _house_file(folder, changes), free_port()
    store = f"sqlite+aiosqlite:///{folder / 'bjelle.db'}"
    environment = {
        **os.environ,
        **broker.environment,
        "BJELLE_STORE_URL": store,
        "BJELLE_DATA_DIR": str(folder),
        "BJELLE_PORT": str(port),
        "BJELLE_COOKIE_SECURE": "false",
        "BJELLE_GATEWAY_LISTEN_S": "1",
        # A ladder's last step must lead somewhere, or its failure is a call of its own.
        "BJELLE_CHANNELS": '{"duty": {"kind": "mqtt"}}',
    }
    with ThreadPoolExecutor(1) as aside:  # Playwright's loop runs in this thread
        secrets = aside.submit(lambda: asyncio.run(_furnish(store, file))).result(60)
    plan = file.plan(version=1)
    with (folder / "hub.log").open("wb") as log:
        process = subprocess.Popen(
            [sys.executable, "-m", "hub.cli", "serve"], env=environment, stdout=log, stderr=log
        )
        url = f"http://127.0.0.1:{port}"
        console = httpx.Client(base_url=url, headers={"X-Bjelle": "1"}, timeout=20)
        house = House(url, plan, broker, process, console, secrets)
        try:
            house.say(*(message for _, message in retained(plan)))
            _wait_until_ready(house, folder / "hub.log")
            house.sign_in()
            yield house
        finally:
            console.close()
            house.thaw()
            process.terminate()
            process.wait(20)


def _wait_until_ready(house: House, log: Path) -> None:
    until = time.monotonic() + UP_WITHIN_S
    while True:
        try:
            answer = httpx.get(f"{house.url}/readyz", timeout=2)
            if answer.status_code == httpx.codes.OK:
                return
            said = answer.text
        except httpx.TransportError as error:
            said = str(error)
        if house.process.poll() is not None or time.monotonic() > until:
            raise RuntimeError(f"the hub is not ready: {said}\n{log.read_text()[-2000:]}")
