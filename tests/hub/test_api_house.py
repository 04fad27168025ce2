"""A house file taken in use while the hub runs: by the API and by the command beside it."""

import asyncio
import subprocess
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from pathlib import Path

import httpx
import pytest
from sqlalchemy import insert

from hub.api import frames
from hub.app import Hub, running
from hub.auth import hash_password
from hub.clock import SystemClock
from hub.house import load
from hub.house_store import adopt
from hub.settings import Settings
from hub.store import tables
from hub.store.database import database
from hub.store.migrate import migrate
from routing.ids import DeviceId, HandsetId, HouseId
from routing.plan import Role
from simulators.payloads import Published, ZigbeeVoice, retained, voice
from tests.support.exchange import PASSWORD, Exchange, body, exchange
from tests.support.mosquitto import ROOT, Mosquitto
from tests.support.shell import until
from tests.support.stores import locked

SMALL = (ROOT / "simulators" / "houses" / "small.yaml").read_text()
HOUSE = HouseId("small")
YAML = {"Content-Type": "application/yaml"}
GROWN = SMALL.replace("Ola Solfanger", "Ola Havdur").replace(
    "  bed-101:",
    """  wrist-spare:
    bridge: zigbee
    native: "0x00be11e000000109"
    model: zigbee2mqtt/alarm-button
    class: alarm
    used: [{ purpose: help, patient: p-2, since: 2026-01-06T12:00 }]
  bed-101:""",
)
"""The small house with one more wrist alarm, and a name spelt otherwise."""
TAKEN = SMALL.replace("login: per", "login: the-nurse")


@pytest.fixture
async def hub(tmp_path: Path) -> AsyncIterator[Exchange]:
    async with exchange(tmp_path) as hub:
        yield hub


async def send(client: httpx.AsyncClient, text: str | bytes) -> httpx.Response:
    return await client.post("/api/v1/house", content=text, headers=YAML)


# --- what is refused, and how -----------------------------------------------------------------


async def test_a_wrong_file_is_refused_with_every_problem_and_its_line(hub: Exchange) -> None:
    leader = await hub.console(Role.LEADER)
    wrong = SMALL.replace("unit: nord, floor", "unit: vest, floor").replace("25h", "soon", 1)
    answer = await send(leader, wrong)

    assert answer.status_code == 422
    problem = body(answer)
    assert problem["type"] == "urn:bjelle:problem:house-file"
    assert problem["next"]
    told = {(one["line"], one["path"]) for one in problem["errors"]}
    lines = wrong.splitlines()
    for line, path in told:
        assert path.rsplit(".", 1)[-1] in lines[int(line) - 1], (line, path)
    paths = {path for _, path in told}
    assert paths == {"rooms.101.unit", "rooms.102.unit", "devices.wrist-101.expect_every"}
    assert hub.state.plan is hub.plan


@pytest.mark.parametrize(
    ("text", "status", "name", "said"),
    [
        (b"house: \xff", 422, "house-file", "UTF-8"),
        (b"", 422, "house-file", "empty"),
        (b"#" * 8_000_001, 413, "too-large", "larger than"),
        (SMALL.replace("id: small", "id: other").encode(), 409, "another-house", "'other'"),
        (
            SMALL.replace("login: per", "login: the-nurse").encode(),
            409,
            "login-taken",
            "choose",
        ),
    ],
    ids=["not text", "empty", "too large", "another house", "login taken"],
)
async def test_what_cannot_be_taken_in_use_is_told(
    hub: Exchange, text: bytes, status: int, name: str, said: str
) -> None:
    answer = await send(await hub.console(Role.TECHNICIAN), text)

    assert answer.status_code == status, answer.text
    problem = body(answer)
    assert problem["type"] == f"urn:bjelle:problem:{name}"
    assert said in problem["detail"]
    assert hub.state.plan is hub.plan


async def test_a_file_waits_for_the_store_and_may_be_sent_again(
    hub: Exchange, tmp_path: Path
) -> None:
    leader = await hub.console(Role.LEADER)
    with locked(tmp_path / "hub.db"):
        away = await send(leader, SMALL)
    again = await send(leader, SMALL)

    assert (away.status_code, body(away)["type"]) == (503, "urn:bjelle:problem:store-away")
    assert body(again)["changed"]
    assert DeviceId("wrist-101") in hub.state.plan.devices


async def test_who_left_the_house_is_signed_out_of_the_telephone_at_once(
    hub: Exchange,
) -> None:
    leader = await hub.console(Role.LEADER)
    assert (await send(leader, SMALL)).status_code == 200
    async with hub.page("phone-1", "carer-1") as page:
        await hub.ready(1)
        without = SMALL.replace("  carer-1:", "  carer-9:").replace("[carer-1]", "[carer-9]")
        assert (await send(leader, without)).status_code == 200
        await page.until(lambda: page.bye is not None)

    assert page.bye is not None
    assert page.bye.reason == frames.ByeReason.SIGNED_OUT
    assert hub.accounts.on_telephone(HOUSE, HandsetId("phone-1")) == ()


# --- a hub at work ----------------------------------------------------------------------------


@asynccontextmanager
async def at_work(folder: Path, broker: Mosquitto) -> AsyncIterator[tuple[Hub, Settings]]:
    """The whole hub on a real broker, with the small house and its leader's password."""
    file = folder / "small.yaml"
    file.write_text(SMALL)
    settings = Settings(
        **broker.settings,
        store_url=f"sqlite+aiosqlite:///{folder / 'bjelle.db'}",
        data_dir=folder,
        port=0,
        cookie_secure=False,
        gateway_listen_s=0,
    )
    await migrate(settings.store_url)
    base = database(settings.store_url)
    await adopt(base, load(file), at=SystemClock().now(), by=None)
    account = {"house": HOUSE, "staff": "boss", "login": "boss", "role": "leader"}
    row = insert(tables.accounts).values(**account, password_hash=hash_password(PASSWORD))
    await base.transact(lambda connection: connection.execute(row))
    await base.close()
    async with running(settings) as hub:
        yield hub, settings


async def say(broker: Mosquitto, *messages: Published) -> None:
    async with broker.client() as bridge:
        for one in messages:
            await bridge.publish(one.topic, one.payload, one.qos, one.retain)


@pytest.mark.broker
async def test_an_import_beside_a_running_hub_holds_at_once(
    broker: Mosquitto, tmp_path: Path
) -> None:
    """Plan, names and subscriptions: the new wrist alarm rings the moment it is pressed."""
    grown = tmp_path / "grown.yaml"
    grown.write_text(GROWN)
    after = load(grown).plan(version=2)
    # The bridge knows the new device before the house has enrolled it.
    await say(broker, *(message for _, message in retained(after)))
    spare = voice(after, after.devices[DeviceId("wrist-spare")])
    assert isinstance(spare, ZigbeeVoice)
    async with at_work(tmp_path, broker) as (hub, settings):
        engine = hub.houses.engines[HOUSE]
        await until(hub.intake.live.is_set)
        await until(lambda: hub.houses.known[HOUSE])
        assert not any("wrist-spare" in f for f in hub.intake._handover.subscribed)

        said = await asyncio.to_thread(imported, grown, settings, hub.port, PASSWORD)
        assert said.stdout == "small: plan version 2 (changed: devices, assignments).\n", said
        assert engine.state.plan.version == 2
        assert engine.state.plan.devices[DeviceId("wrist-spare")]
        assert hub.houses.names[HOUSE].patient("p-2").startswith("Ola H")
        await until(lambda: any("wrist-spare" in f for f in hub.intake._handover.subscribed))
        at = datetime.now(UTC)  # noqa: TID251 - a device has its own clock
        await say(broker, spare.press(at))
        called = DeviceId("wrist-spare")
        await until(lambda: called in {c.device for c in engine.state.calls.values()})
        (call,) = (one for one in engine.state.calls.values() if one.device == called)
        assert call.patient == "p-2"

        wrong = await asyncio.to_thread(imported, grown, settings, hub.port, "not the password")
        assert wrong.returncode == 2
        assert "the login or the password is wrong" in wrong.stderr
        same = await asyncio.to_thread(imported, grown, settings, hub.port, PASSWORD)
        assert same.stdout.startswith("small: the plan is as it was, version 2;")


def imported(
    file: Path, settings: Settings, port: int, password: str
) -> subprocess.CompletedProcess[str]:
    """`bjelle house import FILE --login boss`, the password piped."""
    return subprocess.run(
        [sys.executable, "-m", "hub.cli", "house", "import", str(file), "--login", "boss"],
        env={
            "PYTHONPATH": str(ROOT),
            "BJELLE_STORE_URL": settings.store_url,
            "BJELLE_PORT": str(port),
        },
        cwd=file.parent,
        input=password + "\n",
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
