"""One telephone's trouble is its own, one card's too, and a tap is answered whatever fails."""

from pathlib import Path
from typing import Any

import pytest

from hub.ahead import FALLBACK_S
from hub.api import frames
from hub.api.frames import Action, ByeReason
from hub.cards import Faces
from hub.handsets import PRUNE_S
from routing.events import FaultNoticed, SignalQuarantined, SignalReceived
from routing.ids import CallId, HandsetId, StaffId
from routing.state import State
from tests.hub.test_handsets_faults import failing_on
from tests.support.exchange import HOUSE, exchange
from tests.support.shell import until


class Undressed(Faces):
    """Cannot dress the cards of one person."""

    def __init__(self, staff: str) -> None:
        super().__init__()
        self._staff = staff

    def card(
        self,
        state: State,
        call_id: CallId,
        handset: HandsetId,
        staff: StaffId,
        *more: Any,
        **named: Any,
    ) -> frames.Card | None:
        if staff == self._staff:
            raise KeyError(call_id)
        return super().card(state, call_id, handset, staff, *more, **named)


class Speechless(Faces):
    """Has no words for any decision."""

    def why(self, *said: Any, **more: Any) -> str:
        raise KeyError(str(said) + str(more))


async def test_a_card_that_cannot_be_dressed_rings_bare_and_the_others_ring_as_they_should(
    tmp_path: Path,
) -> None:
    async with (
        exchange(tmp_path) as hub,
        hub.page("phone-1", "carer-1") as one,
        hub.page("phone-2", "carer-2") as two,
    ):
        await hub.ready(2)
        hub.gateway._faces = Undressed("carer-1")
        await hub.press()
        bare, whole = await one.ringing(), await two.ringing()
        assert (bare.room, bare.patient, whole.patient) == (
            frames.RoomFace("r101", "r101", "", ""),
            None,
            "Kari N.",
        )
        assert (await one.done(Action.TAKE, bare.id)).ok
        await two.until(lambda: two.shown[whole.id].ring == 0)


async def test_a_line_that_fails_in_its_turn_stops_no_other_line(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with (
        exchange(tmp_path) as hub,
        hub.page("phone-1", "carer-1") as one,
        hub.page("phone-2", "carer-2") as two,
    ):
        await hub.ready(2)
        judged = hub.gateway._watching.judged

        def judged_but_one(key: Any, *more: Any) -> Any:
            if key[1] == "phone-1":
                raise KeyError(key)
            return judged(key, *more)

        with monkeypatch.context() as broken:
            broken.setattr(hub.gateway._watching, "judged", judged_but_one)
            await one.until(lambda: one.closed)
            assert one.bye is not None
            assert one.bye.reason is ByeReason.SLOW
            beats = len(two.beats)
            await hub.press()
            await two.ringing()
            await two.until(lambda: len(two.beats) > beats)
        assert HandsetId("phone-2") in hub.gateway.lines(HOUSE)


async def test_a_tap_whose_answer_has_no_words_is_answered_with_what_became_of_it(
    tmp_path: Path,
) -> None:
    async with exchange(tmp_path) as hub, hub.page("phone-1", "carer-1") as page:
        await hub.ready(1)
        await hub.press()
        card = await page.ringing()
        hub.gateway._operations._faces = Speechless()
        taken = await page.done(Action.TAKE, card.id)
        unknown = await page.done(Action.TAKE, "9-99")
        assert (taken.ok, taken.reason, taken.recorded) == (True, "hub_failed", True)
        assert (unknown.ok, unknown.reason) == (False, "hub_failed")
        assert unknown.text
        hub.gateway._operations._faces = Faces()
        assert (await page.done(Action.ARRIVE, card.id, room="r101")).ok


async def test_a_ring_that_no_state_holds_is_forgotten_when_its_time_is_over(
    tmp_path: Path,
) -> None:
    core = failing_on(SignalReceived, SignalQuarantined, FaultNoticed)
    async with (
        exchange(tmp_path, core=core) as hub,
        hub.page("phone-1", "carer-1") as page,
    ):
        await hub.press()
        await page.ringing()
        assert hub.gateway._ahead.fallbacks
        hub.hand.now += FALLBACK_S + PRUNE_S + 1
        await until(lambda: not hub.gateway._ahead.fallbacks)
        await page.until(lambda: page.gone)


async def test_who_takes_a_ring_that_no_state_holds_is_told_to_go_there(tmp_path: Path) -> None:
    core = failing_on(SignalReceived, SignalQuarantined, FaultNoticed)
    async with (
        exchange(tmp_path, core=core) as hub,
        hub.page("phone-1", "carer-1") as one,
        hub.page("phone-2", "carer-2") as two,
    ):
        await hub.ready(2)
        await hub.press()
        card = await one.ringing()
        assert (await two.ringing()).id == card.id
        declined = await two.done(Action.DECLINE, card.id)
        assert one.shown[card.id].ring  # nobody's «Kan ikke» ends what cannot be passed on
        taken = await one.done(Action.TAKE, card.id)
        assert (taken.ok, taken.reason, taken.text[:10]) == (
            False,
            "not_followed",
            "Gå dit nå.",
        )
        assert declined.reason == "not_followed"
        await one.until(lambda: one.gone)
        await two.until(lambda: two.gone)
