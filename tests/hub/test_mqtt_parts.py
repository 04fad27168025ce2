"""One gateway, node or station of a bridge: its silence is told by its own name, once."""

import pytest

from devices.codec import Bridge
from devices.registry import Registry
from hub.clock import SystemClock
from hub.engine import Lane
from hub.mqtt_entry import PART_SILENT, Behind, Entry
from hub.mqtt_port import Received
from hub.mqtt_stats import MqttStats
from routing.events import BridgeChanged, Event, FaultMended, FaultNoticed
from routing.ids import BridgeId
from tests.support.ward import HOUSE, Notebook


def entry(notebook: Notebook, *bridges: Bridge) -> Entry:
    return Entry(
        {HOUSE: Behind(Registry(bridges, {}), bridges)},
        lambda _: notebook,
        clock=SystemClock(),
        keep=notebook.kept.append,
        on_discovery=lambda *_: None,
        stats=MqttStats(),
    )


async def told(bridge: Bridge, *said: tuple[str, bytes]) -> list[Event]:
    notebook = Notebook()
    door = entry(notebook, bridge)
    for topic, payload in said:
        await door.enter(Received(topic, payload, qos=1), None, Lane.BULK)
    return [event for event, _ in notebook.entered]


ROOMS = Bridge(BridgeId("rooms"), "espresense", "espresense")
TAGS = Bridge(BridgeId("tags"), "theengs", "home")


@pytest.mark.parametrize(
    ("bridge", "topic", "part"),
    [(ROOMS, "espresense/rooms/bad/status", "bad"), (TAGS, "home/omg-2/LWT", "omg-2")],
)
async def test_a_part_that_goes_offline_is_a_fault_of_its_own_name_until_it_is_back(
    bridge: Bridge, topic: str, part: str
) -> None:
    noticed, mended = await told(bridge, (topic, b"offline"), (topic, b"online"))

    assert isinstance(noticed, FaultNoticed)
    assert noticed.code == f"{PART_SILENT}:{part}"
    assert noticed.bridge == bridge.id
    assert part in noticed.detail
    assert "power" in noticed.detail
    assert mended == FaultMended(f"{PART_SILENT}:{part}", bridge=bridge.id)


async def test_a_part_is_not_the_whole_bridge() -> None:
    events = await told(ROOMS, ("espresense/rooms/bad/status", b"offline"))

    assert not any(isinstance(event, BridgeChanged) for event in events)


async def test_two_parts_are_two_faults() -> None:
    events = await told(
        ROOMS,
        ("espresense/rooms/bad/status", b"offline"),
        ("espresense/rooms/gang/status", b"offline"),
    )

    codes = [event.code for event in events if isinstance(event, FaultNoticed)]
    assert codes == [f"{PART_SILENT}:bad", f"{PART_SILENT}:gang"]


async def test_a_part_of_a_very_long_name_has_a_bounded_code() -> None:
    long = "x" * 300
    (noticed,) = await told(ROOMS, (f"espresense/rooms/{long}/status", b"offline"))

    assert isinstance(noticed, FaultNoticed)
    assert len(noticed.code) <= 80
