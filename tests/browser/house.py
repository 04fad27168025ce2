"""The real hub for a browser: a process of its own, Mosquitto, SQLite, wire formats."""

import os
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from signal import SIGCONT, SIGSTOP
from typing import Any

import httpx
from paho.mqtt import publish

from hub.house import load
from routing.ids import DeviceId
from routing.plan import Plan
from simulators.payloads import Published, ZigbeeVoice, retained, voice
from tests.support.mosquitto import ROOT, Mosquitto, free_port

SMALL = ROOT / "simulators" / "houses" / "small.yaml"
PASSWORD = "en lang setning om vinter"
LEADER = "leader-1"
PINS = {"carer-1": "2580", "nurse-1": "1470"}
UP_WITHIN_S = 40.0


@dataclass
class House:
    """A running hub, who may sign in, and the devices that speak."""

    url: str
    plan: Plan
    broker: Mosquitto
    process: subprocess.Popen[bytes]
    console: httpx.Client

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
        """Press a patient's wrist alarm."""
        speaking = voice(self.plan, self.plan.devices[DeviceId(device)])
        assert isinstance(speaking, ZigbeeVoice)
        self.say(speaking.press(datetime.now(UTC)))  # noqa: TID251 - a device has its own clock

    def sign_in(self) -> None:
        """Sign the leader in, who may make codes and read figures."""
        login = {"login": LEADER, "password": PASSWORD}
        self.console.post("/api/v1/session", json=login).raise_for_status()

    def code(self, handset: str) -> str:
        """Make a one-time code for a telephone."""
        answer = self.console.post(f"/api/v1/handsets/{handset}/code", json={})
        return str(answer.raise_for_status().json()["code"])

    def calls(self) -> list[dict[str, Any]]:
        """Return the calls as the API tells them, newest first."""
        return list(self.console.get("/api/v1/calls").raise_for_status().json()["calls"])

    def freeze(self) -> None:
        """Stop the hub's clock: a black hole, whose sockets stay open."""
        self.process.send_signal(SIGSTOP)

    def thaw(self) -> None:
        """Let it go on."""
        self.process.send_signal(SIGCONT)


def _bjelle(environment: dict[str, str], *arguments: str, said: str = "") -> None:
    done = subprocess.run(
        [sys.executable, "-m", "hub.cli", *arguments],
        env=environment,
        input=said.encode(),
        capture_output=True,
        timeout=60,
        check=False,
    )
    if done.returncode:
        raise RuntimeError(f"bjelle {' '.join(arguments)}: {done.stderr.decode()[-800:]}")


def _house_file(folder: Path) -> Path:
    """The smallest house, in which the nurse and the carer ring together."""
    text = SMALL.read_text().replace("small/zigbee2mqtt", "zigbee2mqtt")
    file = folder / "house.yaml"
    file.write_text(text.replace("assigned: [carer-1]", "assigned: [carer-1, nurse-1]"))
    return file


@contextmanager
def open_house(folder: Path, broker: Mosquitto) -> Iterator[House]:
    """Import the house, give its people their secrets, run the hub."""
    folder.mkdir(parents=True, exist_ok=True)
    file, port = _house_file(folder), free_port()
    environment = {
        **os.environ,
        **broker.environment,
        "BJELLE_STORE_URL": f"sqlite+aiosqlite:///{folder / 'bjelle.db'}",
        "BJELLE_DATA_DIR": str(folder),
        "BJELLE_PORT": str(port),
        "BJELLE_COOKIE_SECURE": "false",
        "BJELLE_GATEWAY_LISTEN_S": "1",
    }
    _bjelle(environment, "house", "import", str(file))
    _bjelle(
        environment, "user", "add", LEADER, "--role", "leader", "--login", LEADER, said=PASSWORD
    )
    for staff, pin in PINS.items():
        _bjelle(environment, "user", "pin", staff, said=pin)
    plan = load(file).plan(version=1)
    with (folder / "hub.log").open("wb") as log:
        process = subprocess.Popen(
            [sys.executable, "-m", "hub.cli", "serve"], env=environment, stdout=log, stderr=log
        )
        url = f"http://127.0.0.1:{port}"
        console = httpx.Client(base_url=url, headers={"X-Bjelle": "1"})
        house = House(url, plan, broker, process, console)
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
