"""Telephones on real sockets, with the real core and a real store behind them."""

import asyncio
from pathlib import Path

from hub.api import frames
from hub.api.frames import Action
from routing.calls import CallState
from routing.effects import Reason
from routing.events import HandsetState, Outcome, ReceiptKind
from tests.support.exchange import HOUSE, exchange
from tests.support.shell import until


async def test_a_telephone_connects_and_gets_a_snapshot(tmp_path: Path) -> None:
    async with exchange(tmp_path) as hub, hub.page("phone-1", "carer-1") as page:
        snapshot = page.snapshots[0]
        assert snapshot.me.id == "carer-1"
        assert snapshot.me.name == "Carer-1"
        assert snapshot.handset.id == "phone-1"
        assert snapshot.calls == ()
        assert snapshot.hash == frames.fingerprint([])


async def test_a_press_rings_and_taking_it_silences_the_others(tmp_path: Path) -> None:
    async with (
        exchange(tmp_path) as hub,
        hub.page("phone-1", "carer-1") as one,
        hub.page("phone-2", "carer-2") as two,
    ):
        await until(lambda: _ready(hub.state, 2))
        await hub.press()
        card = await one.ringing()
        await two.ringing()
        assert (card.room and card.room.number, card.patient) == ("101", "Kari N.")
        assert card.note == "Rullator"
        assert card.also_ringing == ("Carer-2",)
        assert Action.TAKE in card.can

        answer = await one.done(Action.TAKE, card.id)

        assert (answer.ok, answer.recorded, answer.call) == (True, True, card.id)
        await two.until(lambda: two.shown[card.id].ring == 0)
        taken = two.shown[card.id]
        assert taken.state is CallState.TAKEN
        assert taken.owner == frames.Person("carer-1", "Carer-1")
        await one.until(lambda: one.shown[card.id].mine)


def _ready(state: object, count: int) -> bool:
    handsets = getattr(state, "handsets", {}).values()
    return sum(one.state is HandsetState.READY for one in handsets) == count


__all__ = ["HOUSE", "Outcome", "Reason", "ReceiptKind", "asyncio"]
