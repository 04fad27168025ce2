"""kill -9 of the real hub between a notice's lease and its receipt, and its commands."""

import asyncio
import json
import sqlite3
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest
import pytest_asyncio

from hub.channel_transports import VAPID_FILE
from hub.web_push import Vapid
from tests.support.hub_process import HubProcess
from tests.support.mosquitto import ROOT, Mosquitto
from tests.support.push_service import PushService
from tests.support.receivers import NtfyServer

pytestmark = [pytest.mark.broker, pytest.mark.timeout(300)]

SMALL = ROOT / "simulators" / "houses" / "small.yaml"
LADDERS = """
ladders:
  outside:
    steps: [{ ring: ["channel:duty"], patience: 10min }]
    failsafe: { ring: ["channel:duty"], patience: 10min }
policies:
  patient: { ladder: outside }
"""


@dataclass
class Hub(HubProcess):
    """A hub with channels in its environment."""

    channels: dict[str, dict[str, str]] = field(default_factory=dict[str, dict[str, str]])

    @property
    def environment(self) -> dict[str, str]:
        return {**super().environment, "BJELLE_CHANNELS": json.dumps(self.channels)}

    def row(self) -> tuple[str, str, int, str | None]:
        """Return id, state, whether it is leased, and receipt of the proof."""
        question = "select id, state, lease_until is not null, receipt from outbox"
        [row] = self.rows(question)
        return row[0], row[1], row[2], row[3]


@pytest_asyncio.fixture
async def server() -> AsyncIterator[NtfyServer]:
    async with NtfyServer(hold=True).running() as server:
        yield server


@pytest.fixture
def hub(broker: Mosquitto, tmp_path: Path, server: NtfyServer) -> Hub:
    house = tmp_path / "house.yaml"
    house.write_text(SMALL.read_text() + LADDERS)
    channels = {"duty": {"kind": "ntfy", "url": server.url}}
    return Hub(tmp_path / "hub", broker, house, channels=channels)


async def test_killed_between_lease_and_receipt_it_is_sent_again_with_the_same_key(
    hub: Hub, server: NtfyServer
) -> None:
    await asyncio.to_thread(hub.take_in_use, leader="leader-1", carers=["carer-1"])
    try:
        hub.start()
        await server.got(1)  # it is there, and the receipt is not back
        hub.end()
        leased = hub.row()
        server.hold = False
        hub.start()
        await server.got(2)
        async with asyncio.timeout(40):
            while (done := hub.row())[1] != "sent":  # noqa: ASYNC110 - another process
                await asyncio.sleep(0.05)
    finally:
        hub.end()
    assert leased[1:] == ("waiting", 1, None)
    assert done[0] == leased[0]
    assert done[3] is not None
    assert len({r.body["sequence_id"] for r in server.requests}) == 1


async def test_channels_are_listed_and_tested_by_hand(hub: Hub, server: NtfyServer) -> None:
    server.hold = False
    await asyncio.to_thread(hub.take_in_use, leader="leader-1", carers=[])
    tested = await asyncio.to_thread(hub.command, "channel", "test", "duty", "--json")
    listed = await asyncio.to_thread(hub.command, "channel", "list", "--json")
    assert json.loads(tested)["sent"] is True
    [one] = json.loads(listed)
    assert (one["name"], one["kind"], one["overdue"]) == ("duty", "ntfy", False)
    assert one["used_by"] == ["small"]


async def test_a_test_that_is_refused_says_so_and_ends_with_1(
    hub: Hub, server: NtfyServer
) -> None:
    server.hold, server.status = False, 403
    await asyncio.to_thread(hub.take_in_use, leader="leader-1", carers=[])
    with pytest.raises(AssertionError, match=r"NOT sent: ntfy refuses us \(403\)"):
        await asyncio.to_thread(hub.command, "channel", "test", "duty")
    with pytest.raises(AssertionError, match="last proof never  OVERDUE"):
        await asyncio.to_thread(hub.command, "channel", "list")


async def test_web_push_is_tested_by_hand_as_every_other_channel(hub: Hub) -> None:
    hub.channels = {"push": {"kind": "webpush", "url": "mailto:drift@helsehus.example"}}
    await asyncio.to_thread(hub.take_in_use, leader="leader-1", carers=[])
    with pytest.raises(AssertionError, match="NOT sent: the hub has no Web Push key yet"):
        await asyncio.to_thread(hub.command, "channel", "test", "push")
    made = json.loads(await asyncio.to_thread(hub.command, "channel", "key", "--json"))
    assert made["public"] == Vapid.kept(hub.folder / VAPID_FILE).public
    async with PushService(Vapid.kept(hub.folder / VAPID_FILE).public).running() as service:
        browser = service.browser("phone-1")
        with sqlite3.connect(hub.database) as connection:
            connection.execute(
                "insert into push_subscriptions values (?,?,?,?,?,?,?,null,null,null)",
                (
                    "small",
                    "phone-1",
                    browser.endpoint,
                    browser.public.hex(),
                    browser.auth.hex(),
                    "nb",
                    "2026-11-22 01:00:00.000000",
                ),
            )
        connection.close()
        tested = await asyncio.to_thread(hub.command, "channel", "test", "push", "--json")
    assert json.loads(tested)["said"] == "web push taken for 1 of 1 telephones"
    [pushed] = service.pushed
    assert json.loads(browser.opened(pushed.body))["test"] is True
