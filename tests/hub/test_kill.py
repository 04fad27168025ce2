"""kill -9 of the real hub at any moment between publish and ring, against a real Mosquitto.

After the restart every press that the broker acknowledged rings, for the right patient, and no
id is used twice. The journal, the ledger and a telephone's WebSocket are asked.
"""

import asyncio
import json
import random
import signal
from collections import Counter
from collections.abc import AsyncIterator
from pathlib import Path

import aiomqtt
import pytest
import pytest_asyncio

from hub.api import frames
from routing.events import Outcome
from tests.support.exchange import Page
from tests.support.hub_process import HubProcess
from tests.support.mosquitto import ROOT, Mosquitto

pytestmark = [pytest.mark.broker, pytest.mark.timeout(1800)]

HOUSE = ROOT / "simulators" / "houses" / "small.yaml"
BASE = "small/zigbee2mqtt"
WRISTS = {
    "wrist-101": ("0x00be11e000000101", "101"),
    "wrist-102": ("0x00be11e000000102", "102"),
}
PATIENTS = {"wrist-101": "p-1", "wrist-102": "p-2"}
RINGS_WITHIN_S = 30.0
LIVES_S = (0.01, 0.02, 0.08)
"""Longest times between publish and kill: a press takes some milliseconds to its ring."""


def bridge_devices() -> bytes:
    """Zigbee2MQTT's retained list with the two wrist alarms."""
    action = {
        "type": "enum",
        "name": "action",
        "property": "action",
        "access": 1,
        "values": ["emergency"],
    }
    return json.dumps(
        [
            {
                "ieee_address": native,
                "type": "EndDevice",
                "friendly_name": name,
                "supported": True,
                "disabled": False,
                "definition": {
                    "model": "TS0215A_sos",
                    "vendor": "Tuya",
                    "description": "SOS button",
                    "exposes": [action],
                },
            }
            for name, (native, _) in WRISTS.items()
        ]
    ).encode()


def press(number: int) -> bytes:
    """One press that can be found again by its bytes."""
    return json.dumps({"action": "emergency", "linkquality": 100, "voltage": number}).encode()


@pytest_asyncio.fixture
async def hub(broker: Mosquitto, tmp_path: Path) -> AsyncIterator[HubProcess]:
    found = HubProcess(tmp_path / "hub", broker, HOUSE)
    await asyncio.to_thread(found.take_in_use, leader="leader-1", carers=["carer-1"])
    async with broker.client() as bridge:
        await bridge.publish(f"{BASE}/bridge/state", b'{"state":"online"}', 1, retain=True)
        await bridge.publish(f"{BASE}/bridge/devices", bridge_devices(), 1, retain=True)
    found.start()
    try:
        await found.up()
        await found.sign_in("phone-1", "carer-1", login="lise")
        yield found
    finally:
        found.end()


class Wrists:
    """The two wrist alarms, pressed no faster than a press can be told from a radio repeat."""

    def __init__(self, bridge: aiomqtt.Client) -> None:
        self._bridge = bridge
        self._rang_at = 0.0

    async def wait(self) -> None:
        """Wait until another press is news: two seconds after the last (DEVICES D1)."""
        now = asyncio.get_running_loop().time()
        await asyncio.sleep(max(0.0, self._rang_at + 2.1 - now))

    async def press(self, wrist: str, payload: bytes) -> None:
        """Press; returns when the broker has acknowledged it."""
        await self._bridge.publish(f"{BASE}/{wrist}", payload, qos=1)

    async def rang(self, page: Page, rooms: set[str]) -> None:
        """Wait until a call rings on the telephone for each of these rooms, and only these."""
        async with asyncio.timeout(RINGS_WITHIN_S):
            await page.until(lambda: rooms <= ringing(page))
        assert ringing(page) == rooms
        self._rang_at = asyncio.get_running_loop().time()


async def ready(wrists: Wrists, page: Page) -> None:
    """Wait until the first press rings: bridges known, lanes joined; then close it."""
    await wrists.press("wrist-101", press(0))
    await wrists.rang(page, {"101"})
    await close_all(page)


def ringing(page: Page) -> set[str]:
    return {
        card.room.number for card in page.shown.values() if card.ring and card.room is not None
    }


async def close_all(page: Page) -> None:
    """Somebody comes, helps, and closes each call."""
    while page.shown:
        card = next(iter(page.shown.values()))
        await page.done(frames.Action.TAKE, card.id)
        await page.done(frames.Action.ARRIVE, card.id)
        closed = await page.done(frames.Action.CLOSE, card.id, outcome=Outcome.HELPED)
        assert closed.ok, closed
        await page.until(lambda card=card: card.id not in page.shown)


async def one_round(
    hub: HubProcess, wrists: Wrists, dice: random.Random, number: int
) -> list[tuple[str, bytes]]:
    """Press, kill the hub at a random moment, press perhaps once more, start it again."""
    chosen = dice.sample(sorted(WRISTS), dice.choice((1, 2)))
    pressed = [(wrist, press(10 * number + n)) for n, wrist in enumerate(chosen)]
    await wrists.wait()
    moment = dice.uniform(0, dice.choice(LIVES_S))

    async def kill() -> None:
        await asyncio.sleep(moment)
        hub.end(signal.SIGKILL)

    killing = asyncio.ensure_future(kill())
    for wrist, payload in pressed:
        await wrists.press(wrist, payload)
    await killing
    if dice.random() < 0.3:  # a second death while it starts
        hub.start()
        await asyncio.sleep(dice.uniform(0, 3))
        hub.end(signal.SIGKILL)
    hub.start()
    await hub.up()
    return pressed


async def judged(hub: HubProcess, broker: Mosquitto, kills: int, seed: int) -> None:
    dice = random.Random(seed)
    everything: list[tuple[str, bytes]] = []
    async with broker.client() as bridge:
        wrists = Wrists(bridge)
        async with hub.page() as page:
            await ready(wrists, page)
        for number in range(1, kills + 1):
            pressed = await one_round(hub, wrists, dice, number)
            everything += pressed
            rooms = {WRISTS[wrist][1] for wrist, _ in pressed}
            async with hub.page() as page:
                await wrists.rang(page, rooms)
                await close_all(page)
    hub.end(signal.SIGTERM)
    assert_all_booked(hub, everything)
    assert_ids_are_used_once(hub)


def assert_all_booked(hub: HubProcess, everything: list[tuple[str, bytes]]) -> None:
    """Each press is in the ledger, at a call of the patient who wears the device."""
    told = hub.rows(
        "select raw.payload, ledger.booked, ledger.device, calls.patient from raw "
        "join ledger on ledger.signal = raw.signal left join calls on calls.id = ledger.call"
    )
    for wrist, payload in everything:
        booked = [row[1:] for row in told if bytes(row[0]) == payload]
        counted = [row for row in booked if row[0] in {"opened", "joined"}]
        assert counted, f"{wrist} {payload!r} is lost: {booked}"
        assert {row[1:] for row in counted} == {(wrist, PATIENTS[wrist])}
    assert hub.rows("select count(*) from quarantine") == [(0,)]


def assert_ids_are_used_once(hub: HubProcess) -> None:
    opened = hub.rows(
        "select call, count(*) from call_events where move = 'opened' group by call"
    )
    assert [row for row in opened if row[1] != 1] == []
    signals = Counter(signal for (signal,) in hub.rows("select signal from ledger"))
    assert [signal for signal, times in signals.items() if times != 1] == []
    epochs = [epoch for (epoch,) in hub.rows("select epoch from epochs order by at")]
    assert epochs == sorted(set(epochs))


async def test_a_press_that_rang_but_was_not_yet_journaled_comes_again(
    hub: HubProcess, broker: Mosquitto
) -> None:
    """Killed after PUBLISH, before the journal: nothing was acknowledged, nothing is lost."""
    async with broker.client() as bridge:
        wrists = Wrists(bridge)
        async with hub.page() as page:
            await ready(wrists, page)
        await wrists.wait()
        async with hub.page() as page:
            with hub.store_locked():
                await wrists.press("wrist-101", press(1))
                await wrists.rang(page, {"101"})  # noise does not wait for the disk
                hub.end(signal.SIGKILL)
        told = hub.rows("select payload from raw")
        assert press(1) not in [bytes(payload) for (payload,) in told]
        hub.start()
        await hub.up()
        async with hub.page() as page:
            await wrists.rang(page, {"101"})
    hub.end(signal.SIGTERM)
    assert_all_booked(hub, [("wrist-101", press(1))])
    assert_ids_are_used_once(hub)


async def test_every_press_rings_after_ten_kills(hub: HubProcess, broker: Mosquitto) -> None:
    await with_any_seed(hub, broker, kills=10)


@pytest.mark.long
async def test_every_press_rings_after_fifty_kills(hub: HubProcess, broker: Mosquitto) -> None:
    await with_any_seed(hub, broker, kills=50)


async def with_any_seed(hub: HubProcess, broker: Mosquitto, kills: int) -> None:
    seed = random.SystemRandom().randrange(10**6)
    try:
        await judged(hub, broker, kills, seed)
    except BaseException as error:
        error.add_note(f"seed {seed}; the hub said: " + "\n".join(hub.log[-20:]))
        raise
