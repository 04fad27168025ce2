"""Why: for a person, for nobody, for a signal, from the decisions as they were written."""

from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Connection

from hub.why import who_rang, why_signal, why_staff
from routing.events import SignalReceived
from routing.ids import CallId, DeviceId, StaffId
from routing.readings import BedChanged
from tests.support.exchange import HOUSE, Exchange, exchange, small_names


@pytest.fixture
async def hub(tmp_path: Path) -> AsyncIterator[Exchange]:
    async with exchange(tmp_path) as hub:
        yield hub


async def told(hub: Exchange, work: Callable[[Connection], Any]) -> Any:
    async with hub.store.read() as connection:
        return await connection.run_sync(work)


def known(hub: Exchange, lang: str = "nb") -> Any:
    return lang, small_names(hub.plan), hub.plan


async def called(hub: Exchange) -> CallId:
    await hub.press()
    return hub.state.open[0]


async def test_who_was_rung_is_told_why_and_who_was_passed_over(hub: Exchange) -> None:
    async with hub.page("phone-1", "carer-1"):
        await hub.ready(1)
        call = await called(hub)
        why = await told(
            hub, lambda c: why_staff(c, HOUSE, call, StaffId("carer-1"), known(hub))
        )
        rang = await told(hub, lambda c: who_rang(c, HOUSE, call, known(hub)))

    assert why["rung"] is True
    assert why["answer"].startswith("Du fikk anropet")
    assert why["chain"][0]["what"] == "rang"
    assert rang == "Ringte hos Carer-1."


async def test_who_was_not_rung_is_told_the_reason_in_both_languages(hub: Exchange) -> None:
    async with hub.page("phone-1", "carer-1"):
        await hub.ready(1)
        call = await called(hub)
        said = [
            await told(
                hub,
                lambda c, lang=lang: why_staff(
                    c, HOUSE, call, StaffId("carer-2"), known(hub, lang)
                ),
            )
            for lang in ("nb", "en")
        ]

    assert [one["rung"] for one in said] == [False, False]
    assert said[0]["answer"].startswith("Carer-2 ble ikke ringt")
    assert said[1]["answer"].startswith("Carer-2 was not rung")


async def test_where_it_rang_at_nobodys_the_reason_is_told(hub: Exchange) -> None:
    call = await called(hub)
    said = await told(hub, lambda c: who_rang(c, HOUSE, call, known(hub, "en")))

    assert said.startswith("Rang at nobody’s")


async def test_a_signal_that_was_no_call_says_why(hub: Exchange) -> None:
    await called(hub)
    signal = hub.engine.next_signal()
    await hub.engine.submit(
        SignalReceived(signal, DeviceId("stranger"), (BedChanged(occupied=True),))
    )
    why = await told(hub, lambda c: why_signal(c, HOUSE, signal, known(hub)))
    press = await told(hub, lambda c: why_signal(c, HOUSE, "1-1", known(hub)))
    none = await told(hub, lambda c: why_signal(c, HOUSE, "9-9", known(hub)))

    assert why["answer"].startswith("Ga ikke anrop: ")
    assert press["answer"].startswith("Ga anrop ")
    assert none is None
