"""A bridge whose strangers say too much, against a real Mosquitto: a press gets through."""

from pathlib import Path

import pytest

from hub.flood import FLOOD, Allowance, Floods
from hub.mqtt import Intake
from routing.events import FaultMended, FaultNoticed
from tests.support.mosquitto import Mosquitto
from tests.support.ward import (
    BASE,
    BRIDGE,
    PRESS,
    Notebook,
    Running,
    behind,
    intake,
    motion,
    settings,
)

pytestmark = pytest.mark.broker


async def test_a_press_and_an_enrolled_sensor_are_read_through_a_flood_that_is_told(
    broker: Mosquitto, notebook: Notebook, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("hub.mqtt.TICK_S", 0.05)
    floods = Floods(Allowance(per_s=0.001, burst=50.0, calm_s=3600.0))
    house = behind(["wrist-12"], ["motion-3"])
    taken = intake(settings(broker, tmp_path), notebook, house, floods=floods)
    async with Running(taken), broker.client() as bridge:
        await taken.live.wait()
        for n in range(500):
            await bridge.publish(f"{BASE}/stranger-{n % 7}", motion(n), qos=n % 2)
        await bridge.publish(f"{BASE}/motion-3", motion(1), qos=1)
        await bridge.publish(f"{BASE}/wrist-12", PRESS, qos=1)
        await notebook.until(lambda: told(notebook) != [] and len(notebook.signals) == 2)
    assert {signal.device for signal in notebook.signals} == {"wrist-12", "motion-3"}
    (flood,) = told(notebook)
    assert flood.bridge == BRIDGE.id
    assert "strangers" in flood.detail
    assert taken.stats.shed == floods.shed > 400


async def test_a_flood_that_is_over_is_told_too(
    broker: Mosquitto, notebook: Notebook, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("hub.mqtt.TICK_S", 0.05)
    floods = Floods(Allowance(per_s=0.001, burst=5.0, calm_s=0.5))
    taken: Intake = intake(
        settings(broker, tmp_path), notebook, behind(["wrist-12"]), floods=floods
    )
    async with Running(taken), broker.client() as bridge:
        await taken.live.wait()
        for n in range(20):
            await bridge.publish(f"{BASE}/stranger", motion(n), qos=1)
        mended = FaultMended(FLOOD, bridge=BRIDGE.id)
        await notebook.until(lambda: any(event == mended for event, _ in notebook.entered))
    assert len(told(notebook)) == 1
    assert taken.stats.shed > 0


def told(notebook: Notebook) -> list[FaultNoticed]:
    return [
        event
        for event, _ in notebook.entered
        if isinstance(event, FaultNoticed) and event.code == FLOOD
    ]
