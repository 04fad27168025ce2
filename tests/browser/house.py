"""The real hub for a browser: a process of its own, Mosquitto, SQLite, wire formats.

All tests of a run share one hub, and each has a care house of its own in it: as strict a
separation as a fresh hub, without the seconds that a fresh one takes to start.
"""

import asyncio
import json
import os
import sqlite3
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from secrets import randbelow, token_urlsafe
from signal import SIGCONT, SIGSTOP
from typing import Any

import httpx
from paho.mqtt import publish
from ruamel.yaml import YAML
from sqlalchemy import update

from devices.codec import PRESS_WINDOW
from hub.auth import hash_password
from hub.clock import SystemClock
from hub.house import HouseFile, parse
from hub.house_store import adopt
from hub.store import tables
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
Change = tuple[str, str]
"""A text of the smallest house's file, and what stands there instead."""
TOGETHER: Change = ("assigned: [carer-1]", "assigned: [carer-1, nurse-1]")
"""The nurse and the carer ring together."""


@dataclass
class House:
    """A house in a running hub, who may sign in, and the devices that speak."""

    url: str
    plan: Plan
    login: str
    broker: Mosquitto
    process: subprocess.Popen[bytes]
    console: httpx.Client
    secrets: Secrets
    database: Path
    file: str = ""
    """The house with its patients and devices, who move in before the first press."""
    inhabited: bool = False
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
        self.move_in()
        again = self.pressed.get(device, 0.0) + PRESS_WINDOW.total_seconds() + 0.5
        while time.monotonic() < again:
            threading.Event().wait(again - time.monotonic())
        self.pressed[device] = time.monotonic()
        speaking = voice(self.plan, self.plan.devices[DeviceId(device)])
        assert isinstance(speaking, ZigbeeVoice)
        self.say(speaking.press(datetime.now(UTC)))  # noqa: TID251 - a device has its own clock

    def move_in(self) -> None:
        """Let the patients and their devices into the house, once."""
        if self.inhabited:
            return
        self.inhabited = True
        body = self.file.encode()
        self.console.post("/api/v1/house", content=body).raise_for_status()
        self.say(*(message for _, message in retained(self.plan)))
        late = time.monotonic() + UP_WITHIN_S
        while not self._reached():
            assert time.monotonic() < late, "no bridge of the house was heard"
            threading.Event().wait(0.1)

    def _reached(self) -> bool:
        status = self.console.get("/api/v1/status").raise_for_status().json()
        # ESPresense has no state of its own: its nodes have.
        stated = [one for one in status["bridges"] if one["ecosystem"] != "espresense"]
        return all(bridge["online"] for bridge in stated)

    @property
    def password(self) -> str:
        """The leader's."""
        return self.secrets.passwords[LEADER]

    def pin(self, staff: str) -> str:
        """Anybody's PIN."""
        return self.secrets.pins[StaffId(staff)]

    def sign_in(self) -> None:
        """Sign the leader in, who may make codes and read figures."""
        login = {"login": self.login, "password": self.password}
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

    def judgements(self, handset: str) -> list[str]:
        """Return what the hub judged a telephone to be, by its journal, oldest first."""
        asked = (
            "select payload from journal where house = ? and kind = 'HandsetReported'"
            " order by seq"
        )
        with closing(sqlite3.connect(self.database)) as connection:
            rows = connection.execute(asked, (str(self.plan.house),)).fetchall()
        told = [json.loads(row[0]) for row in rows]
        return [one["state"] for one in told if one["handset"] == handset]

    def freeze(self) -> None:
        """Stop the hub's clock: a black hole, whose sockets stay open."""
        self.process.send_signal(SIGSTOP)

    def thaw(self) -> None:
        """Let it go on."""
        self.process.send_signal(SIGCONT)


def in_house(*changes: Change) -> Callable[..., Any]:
    """Give a test a house with these changes instead of the one where both ring together."""

    def furnished(test: Any) -> Any:
        test.house_changes = changes
        return test

    return furnished


EMPTY = ("house", "units", "rooms", "staff", "bridges", "handsets")
"""The sections of a house where nobody lives yet: it may stand unattended while others are
tested, its telephones may take their time to sign in and its bridges to speak, without a
technical call about it."""


def _house_file(number: int, changes: tuple[Change, ...]) -> str:
    text = SMALL.read_text()
    own = (
        ("id: small", f"id: small-{number}"),
        ("small/zigbee2mqtt", f"small-{number}/zigbee2mqtt"),
        (f"login: {LOGIN}", f"login: {LOGIN}-{number}"),
    )
    for old, new in (*own, *changes):
        assert old in text, old
        text = text.replace(old, new)
    return text


def _empty(text: str) -> HouseFile:
    written = YAML(typ="safe").load(text)
    for bridge in written["bridges"].values():
        bridge.pop("expect_every", None)
    return parse(json.dumps({section: written[section] for section in EMPTY}))


async def _furnish(url: str, houses: Mapping[str, HouseFile]) -> dict[str, Secrets]:
    """Take the houses in use and give their people their secrets, as `bjelle demo` does.

    One PIN for all, and one password for the leaders: secrets are slow to make, by intent.
    """
    await migrate(url)
    base, at = database(url), SystemClock().now()
    pin, password = f"{randbelow(9000) + 1000}", token_urlsafe(9)
    hashed = hash_password(password)
    accounts = tables.accounts
    leader = update(accounts).where(accounts.c.staff == LEADER).values(password_hash=hashed)
    try:
        found: dict[str, Secrets] = {}
        for name, house in houses.items():
            adopted = await adopt(base, house, at=at, by=None)
            found[name] = await equip(base, adopted.plan, at=at, pin=pin)
            found[name].passwords[LEADER] = password
        await base.transact(lambda connection: connection.execute(leader))
        return found
    finally:
        await base.close()


@dataclass
class Street:
    """One hub with a house for each test."""

    url: str
    broker: Mosquitto
    process: subprocess.Popen[bytes]
    files: Mapping[str, str]
    secrets: Mapping[str, Secrets]
    log: Path

    @contextmanager
    def house(self, name: str) -> Iterator[House]:
        """Let its leader sign in."""
        file = parse(self.files[name])
        plan, login = file.plan(version=2), str(file.staff[LEADER].login)
        with httpx.Client(base_url=self.url, headers={"X-Bjelle": "1"}, timeout=20) as console:
            one = House(
                self.url, plan, login, self.broker, self.process, console,
                self.secrets[name], self.log.with_name("bjelle.db"), self.files[name],
            )  # fmt: skip
            try:
                one.sign_in()
                yield one
            finally:
                one.thaw()


@contextmanager
def open_street(
    folder: Path, broker: Mosquitto, changes: Mapping[str, tuple[Change, ...]]
) -> Iterator[Street]:
    """Furnish a house per name, the smallest one with these changes, and run the hub."""
    folder.mkdir(parents=True, exist_ok=True)
    files = {
        name: _house_file(number, own) for number, (name, own) in enumerate(changes.items(), 1)
    }
    store, port = f"sqlite+aiosqlite:///{folder / 'bjelle.db'}", free_port()
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
    empty = {name: _empty(text) for name, text in files.items()}
    with ThreadPoolExecutor(1) as aside:  # Playwright's loop runs in this thread
        secrets = aside.submit(lambda: asyncio.run(_furnish(store, empty))).result(300)
    log = folder / "hub.log"
    with log.open("wb") as writing:
        process = subprocess.Popen(
            [sys.executable, "-m", "hub.cli", "serve"],
            env=environment,
            stdout=writing,
            stderr=writing,
        )
        street = Street(f"http://127.0.0.1:{port}", broker, process, files, secrets, log)
        try:
            _wait_until_ready(street)
            yield street
        finally:
            process.terminate()
            process.wait(30)


@contextmanager
def open_house(folder: Path, broker: Mosquitto, *changes: Change) -> Iterator[House]:
    """Run a hub with one house, for a test that is not a browser's."""
    with (
        open_street(folder, broker, {"alone": changes}) as street,
        street.house("alone") as house,
    ):
        yield house


def _wait_until_ready(street: Street) -> None:
    until = time.monotonic() + UP_WITHIN_S
    said, pause = "", threading.Event()
    with httpx.Client(base_url=street.url, timeout=5) as client:
        while street.process.poll() is None and time.monotonic() < until:
            try:
                answer = client.get("/readyz")
            except httpx.TransportError as error:
                said = str(error)
            else:
                if answer.status_code == httpx.codes.OK:
                    return
                said = answer.text
            pause.wait(0.1)
    raise RuntimeError(f"the hub is not ready: {said}\n{street.log.read_text()[-2000:]}")
