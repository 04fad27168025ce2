"""What bridges say they know reaches the registry when it is news, and only then."""

import asyncio
import json
from typing import Any

import pytest

from devices.codec import Discovered, Discovery
from hub import houses
from hub.clock import SystemClock
from hub.houses import Houses
from hub.mqtt_entry import Entry
from hub.mqtt_port import Received
from hub.mqtt_stats import MqttStats
from hub.performers import Lane
from hub.store.store import Store
from routing.ids import BridgeId, HouseId
from tests.routing.night import solvik
from tests.support.shell import until
from tests.support.ward import Notebook

HOUSE, BRIDGE = HouseId("solvik"), BridgeId("zigbee")
WRIST = "0xwrist-ola"
PRESS = b'{"action":"emergency"}'


def knowing(store: Store) -> Houses:
    """The houses of a process as they stand after the start: no bridge has said anything."""
    found = Houses(store, SystemClock())
    found.known[HOUSE] = {}
    found._newest[HOUSE] = solvik()
    found._understand(HOUSE)
    return found


def listening(house: Houses) -> tuple[Entry, Notebook]:
    """The broker's door of this house, and what comes in by it."""
    notebook = Notebook()
    entry = Entry(
        house.behind,
        lambda _: notebook,
        clock=SystemClock(),
        keep=notebook.kept.append,
        on_discovery=house.discovered,
        stats=MqttStats(),
    )
    house.follow(entry)
    return entry, notebook


def listed(name: str) -> bytes:
    """Zigbee2MQTT's own list: Ola's wrist alarm, with the name that somebody gave it."""
    action = {"type": "enum", "property": "action", "values": ["emergency"]}
    definition = {"model": "SOS", "vendor": "x", "exposes": [action]}
    device = {"ieee_address": WRIST, "friendly_name": name, "definition": definition}
    return json.dumps([device]).encode()


async def in_one_breath(entry: Entry, *messages: tuple[str, bytes]) -> None:
    """What the socket brought at once: each begins before anything else has its turn."""
    await asyncio.gather(
        *(
            entry.enter(Received(f"z2m/{topic}", payload, 1), None, Lane.BULK)
            for topic, payload in messages
        )
    )


async def test_a_stranger_that_was_proposed_before_is_no_news(store: Store) -> None:
    house = knowing(store)
    strangers = [Discovered("a"), Discovered("b")]
    house.known[HOUSE] = {BRIDGE: Discovery(BRIDGE, tuple(strangers), complete=False)}
    for one in strangers:
        house.discovered(HOUSE, Discovery(BRIDGE, (one,), complete=False))
    assert house._found.empty()
    house.discovered(HOUSE, Discovery(BRIDGE, (Discovered("c"),), complete=False))
    assert house._found.qsize() == 1


async def test_a_press_right_behind_the_list_that_renamed_its_device_is_heard(
    store: Store,
) -> None:
    house = knowing(store)
    entry, notebook = listening(house)

    await in_one_breath(
        entry, ("bridge/devices", listed("armband 204")), ("armband 204", PRESS)
    )

    assert [one.device for one in notebook.presses] == ["wrist-ola"]


async def test_a_list_that_our_code_stumbles_over_leaves_what_was_known_before(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    house = knowing(store)
    entry, notebook = listening(house)
    await in_one_breath(entry, ("bridge/devices", listed("armband 204")))

    def stumbles(*_: Any) -> None:
        raise RecursionError

    with monkeypatch.context() as broken:
        broken.setattr(houses, "Registry", stumbles)
        await in_one_breath(entry, ("bridge/devices", listed("another name")))
    await in_one_breath(entry, ("armband 204", PRESS))

    assert [one.device for one in notebook.presses] == ["wrist-ola"]


async def test_nor_does_a_strangers_proposal_end_the_hub(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    house = knowing(store)

    def stumbles(*_: Any) -> None:
        raise RecursionError

    with monkeypatch.context() as broken:
        broken.setattr(houses, "Registry", stumbles)
        house.discovered(HOUSE, Discovery(BRIDGE, (Discovered("a"),), complete=False))
        running = asyncio.ensure_future(house.run())
        await until(house._found.empty)
        await asyncio.sleep(0)
        assert not running.done()
        running.cancel()
    assert BRIDGE not in house.known[HOUSE]
