"""The pretended house live: real Mosquitto, the real hub in its process, real sockets."""

import asyncio
import contextlib
from collections.abc import Callable
from pathlib import Path

import httpx
import pytest

from simulators.live import Carer, Pace, SignInRefusedError, WiredHouse, live
from simulators.local_broker import Broker
from tests.browser.house import House, open_house
from tests.support.mosquitto import Mosquitto

pytestmark = pytest.mark.broker

WITHIN_S = 60.0
QUICK = Pace(hears=(0.05, 0.3), walks=(0.05, 0.2), cares=(0.1, 0.2), declines=0)


def where(broker: Mosquitto) -> Broker:
    return Broker(broker.host, broker.port, "tester", broker.tester_password, 5, "test")


def enrolled(house: House, handset: str) -> str:
    answer = httpx.post(
        f"{house.url}/api/v1/handsets/enrol",
        json={"code": house.code(handset), "name": handset},
        headers={"X-Bjelle": "1"},
    )
    return str(answer.raise_for_status().cookies["bjelle_handset"])


async def until(met: Callable[[], bool]) -> None:
    async with asyncio.timeout(WITHIN_S):
        while not met():  # noqa: ASYNC110 - other processes tell no event
            await asyncio.sleep(0.05)


async def test_a_press_of_the_pretended_house_is_taken_and_closed_by_a_pretended_carer(
    broker: Mosquitto, tmp_path: Path
) -> None:
    with open_house(tmp_path / "hub", broker) as house:
        house.move_in()
        wired = WiredHouse(house.plan, 7, where(broker))
        handsets = list(house.plan.handsets)
        carers = [
            Carer(
                house.url,
                handset,
                enrolled(house, handset),
                staff,
                house.pin(staff),
                7,
                QUICK,
                wired.somebody_came,
            )
            for handset, staff in zip(handsets, ("carer-1", "nurse-1"), strict=False)
        ]
        working = asyncio.create_task(live(wired, carers))  # noqa: TID251 - ended below
        try:
            await until(lambda: all(c.deeds.connected for c in carers) and wired.published > 3)
            wired.press(next(iter(wired.devices.things)))
            await until(lambda: any(carer.deeds.closed for carer in carers))
        finally:
            working.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await working

        closed = [call for call in house.calls() if call["state"] == "closed"]
        assert closed
        assert sum(carer.deeds.taken for carer in carers) >= len(closed)


async def test_a_wrong_pin_is_refused_in_the_hubs_own_words(
    broker: Mosquitto, tmp_path: Path
) -> None:
    with open_house(tmp_path / "hub", broker) as house:
        handset = next(iter(house.plan.handsets))
        carer = Carer(house.url, handset, enrolled(house, handset), "carer-1", "000000")

        with pytest.raises(SignInRefusedError, match="PIN"):
            await carer.run()


async def test_a_secret_is_not_in_what_a_carer_prints() -> None:
    carer = Carer("http://127.0.0.1:1", "phone-1", "the-key", "carer-1", "2580")

    assert "the-key" not in repr(carer)
    assert "2580" not in repr(carer)
