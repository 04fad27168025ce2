"""Telephones on real sockets, with the real core and a real store behind them."""

import asyncio
import contextlib
from datetime import timedelta
from pathlib import Path

from hub.api import frames
from hub.api.frames import Action, ByeReason, GoneReason
from hub.watchdog import IN_CHARGER_S, LIMITED_AFTER_S
from routing.calls import CallState
from routing.effects import Reason
from routing.events import HandsetState, Outcome
from routing.ids import CallId, HandsetId
from tests.support.exchange import HOUSE, Exchange, exchange
from tests.support.shell import until


async def test_a_telephone_connects_and_gets_a_snapshot(tmp_path: Path) -> None:
    async with exchange(tmp_path) as hub, hub.page("phone-1", "carer-1") as page:
        snapshot = page.snapshots[0]
        assert (snapshot.me.id, snapshot.me.name) == ("carer-1", "Carer-1")
        assert snapshot.handset.id == "phone-1"
        assert snapshot.calls == ()
        assert snapshot.hash == frames.fingerprint([])


async def test_a_press_rings_and_taking_it_silences_the_others(tmp_path: Path) -> None:
    async with (
        exchange(tmp_path) as hub,
        hub.page("phone-1", "carer-1") as one,
        hub.page("phone-2", "carer-2") as two,
    ):
        await hub.ready(2)
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


async def test_a_pause_needs_a_reason_counts_from_the_hubs_clock_and_can_be_ended(
    tmp_path: Path,
) -> None:
    async with exchange(tmp_path) as hub, hub.page("phone-1", "carer-1") as page:
        await hub.ready(1)
        assert not (await page.done(Action.PAUSE, patient="p-1")).ok
        assert (await page.done(Action.PAUSE, reason="care")).reason == "unreadable"
        wrong = hub.clock.now() + timedelta(hours=9)
        asked = {"patient": "p-1", "reason": "care", "at": wrong}

        assert (await page.done(Action.PAUSE, **asked)).ok

        (pause,) = hub.state.pauses
        assert (pause.patient, pause.rule, pause.by, pause.reason) == (
            "p-1", None, "carer-1", "care",
        )  # fmt: skip
        left = pause.until - hub.clock.now()
        assert timedelta(minutes=14) < left <= timedelta(minutes=15)
        assert (await page.done(Action.RESUME, patient="p-1")).ok
        assert hub.state.pauses == ()


async def test_a_closed_call_leaves_every_telephone(tmp_path: Path) -> None:
    async with (
        exchange(tmp_path) as hub,
        hub.page("phone-1", "carer-1") as one,
        hub.page("phone-2", "carer-2") as two,
    ):
        await hub.ready(2)
        await hub.press()
        card = await one.ringing()
        await two.ringing()
        assert (await one.done(Action.TAKE, card.id)).ok
        assert (await one.done(Action.ARRIVE, card.id, room="r101")).ok
        assert (await one.done(Action.CLOSE, card.id, outcome=Outcome.HELPED)).ok
        for page in (one, two):
            await page.until(lambda page=page: page.gone)
            assert page.gone[0].reason is GoneReason.CLOSED
            assert page.gone[0].by == frames.Person("carer-1", "Carer-1")
            assert page.shown == {}


async def test_of_fifty_who_take_it_at_once_one_wins_and_the_others_hear_who(
    tmp_path: Path,
) -> None:
    async with exchange(tmp_path, telephones=50) as hub, contextlib.AsyncExitStack() as stack:
        pages = [
            await stack.enter_async_context(hub.page(f"phone-{n}", f"carer-{n}"))
            for n in range(1, 51)
        ]
        await hub.ready(50)
        await hub.press()
        cards = await asyncio.gather(*(page.ringing() for page in pages))
        answers = await asyncio.gather(
            *(page.done(Action.TAKE, card.id) for page, card in zip(pages, cards, strict=True))
        )
        won = [n for n, answer in enumerate(answers, 1) if answer.ok]
        assert len(won) == 1
        winner = frames.Person(f"carer-{won[0]}", f"Carer-{won[0]}")
        lost = [answer for answer in answers if not answer.ok]
        assert {answer.by for answer in lost} == {winner}
        assert {answer.reason for answer in lost} == {Reason.TAKEN_BY_ANOTHER}
        assert all(winner.name in answer.text for answer in lost)
        for page in pages:
            await page.until(lambda page=page: page.shown[cards[0].id].owner == winner)


async def test_the_same_operation_again_gets_the_same_answer_and_counts_once(
    tmp_path: Path,
) -> None:
    async with exchange(tmp_path) as hub, hub.page("phone-1", "carer-1") as page:
        await hub.ready(1)
        await hub.press()
        card = await page.ringing()
        op = frames.Op(op="same", action=Action.TAKE, call=card.id)
        for _ in range(3):
            await page.say(op)
        await page.done(Action.TAKE, "9-98")
        rows = hub.engine.seq
        await page.say(op)
        await page.done(Action.TAKE, "9-99")
        assert hub.engine.seq == rows + 1, "only the other tap is a row"
        same = [answer for answer in page.answered if answer.op == "same"]
        assert len(same) >= 2
        assert {(answer.ok, answer.reason, answer.text) for answer in same} == {
            (True, same[0].reason, same[0].text)
        }


async def test_an_operation_sent_again_on_the_next_line_gets_its_answer(
    tmp_path: Path,
) -> None:
    async with exchange(tmp_path) as hub:
        client = await hub.at_work("phone-1", "carer-1")
        async with hub.on_line(client) as page:
            await hub.ready(1)
            await hub.press()
            card = await page.ringing()
            op = frames.Op(op="lost", action=Action.TAKE, call=card.id)
            await page.say(op)
            await until(lambda: hub.state.calls[CallId(card.id)].owner)
        async with hub.on_line(client) as page:
            await page.until(lambda: page.shown[card.id].mine)
            await page.say(op)
            await page.until(lambda: page.answers)
            assert page.answers["lost"].ok


async def test_a_tap_on_a_call_that_nobody_knows_is_answered_and_not_applied(
    tmp_path: Path,
) -> None:
    async with exchange(tmp_path) as hub, hub.page("phone-1", "carer-1") as page:
        answer = await page.done(Action.TAKE, "9-99")
        assert (answer.ok, answer.reason) == (False, Reason.UNKNOWN_CALL)
        assert answer.text


async def test_a_tap_that_lacks_something_is_answered_with_what_it_lacks(
    tmp_path: Path,
) -> None:
    async with exchange(tmp_path) as hub, hub.page("phone-1", "carer-1") as page:
        answer = await page.done(Action.TAKE)
        assert (answer.ok, answer.reason) == (False, "unreadable")
        assert "call" in answer.text
        await page.socket.send('{"t":"op","op":"odd","action":"dance"}')
        await page.until(lambda: "odd" in page.answers)
        assert page.answers["odd"].reason == "unreadable"
        await page.socket.send("not json")
        assert (await page.done(Action.TAKE, "9-99")).reason == Reason.UNKNOWN_CALL


async def test_a_ring_is_sent_again_until_the_page_says_that_it_sounds(tmp_path: Path) -> None:
    async with (
        exchange(tmp_path) as hub,
        hub.page("phone-1", "carer-1", rings=False) as page,
    ):
        await hub.ready(1)
        await hub.press()
        card = await page.ringing()
        await hub.pass_time(2.5)
        await page.until(lambda: sum(call.ring for call in page.calls) >= 3)
        await page.say(frames.Receipt(call=card.id, kind="ringing", ring=card.ring))
        await until(lambda: hub.state.calls[CallId(card.id)].rang_at)
        before = hub.gateway.rung_again
        await hub.pass_time(3)
        assert hub.gateway.rung_again == before


async def test_a_page_that_says_in_its_heartbeat_what_rings_gives_its_receipt_so(
    tmp_path: Path,
) -> None:
    async with (
        exchange(tmp_path) as hub,
        hub.page("phone-1", "carer-1", rings=False) as page,
    ):
        await hub.ready(1)
        await hub.press()
        card = await page.ringing()
        await page.say(
            frames.Alive(
                n=page.n,
                visible=True,
                painted_ms=1,
                audio=True,
                wake_lock=True,
                ringing=(card.id,),
            )
        )
        await until(lambda: hub.state.calls[CallId(card.id)].rang_at)


async def test_a_silent_page_is_quiet_then_gone_though_its_socket_is_fine(
    tmp_path: Path,
) -> None:
    async with exchange(tmp_path) as hub, hub.page("phone-1", "carer-1") as page:
        await hub.ready(1)
        page.alive = False
        await hub.pass_time(5)
        await until(lambda: handset(hub).state is HandsetState.QUIET)
        await (await page.socket.ping())
        await hub.pass_time(4)
        await until(lambda: handset(hub).state is HandsetState.GONE)
        await (await page.socket.ping())
        assert hub.gateway.lines(HOUSE)
        page.alive = True
        await page.say(page.facts(0))
        await until(lambda: handset(hub).state is HandsetState.READY)


async def test_a_page_that_went_is_gone_after_eight_seconds(tmp_path: Path) -> None:
    async with exchange(tmp_path) as hub:
        async with hub.page("phone-1", "carer-1"):
            await hub.ready(1)
        await until(lambda: not hub.gateway.lines(HOUSE))
        await hub.pass_time(9)
        await until(lambda: handset(hub).state is HandsetState.GONE)


async def test_a_page_without_sound_is_limited_and_says_why(tmp_path: Path) -> None:
    async with exchange(tmp_path) as hub, hub.page("phone-1", "carer-1", audio=False) as page:
        await until(lambda: handset(hub).reasons == ("audio_off",))
        assert handset(hub).state is HandsetState.LIMITED
        await page.until(lambda: page.beats[-1].reasons == ("audio_off",))


async def test_a_page_is_told_what_it_is_judged_to_be_between_two_heartbeats(
    tmp_path: Path,
) -> None:
    async with exchange(tmp_path) as hub, hub.page("phone-1", "carer-1") as page:
        await hub.ready(1)
        await page.until(lambda: page.beats[-1].state is HandsetState.READY)
        hub.hand.now += 0  # from here time passes only where the test says so
        page.audio = False
        await page.say(page.facts(page.beats[-1].beat))
        watch = hub.gateway._watching._watches
        await until(lambda: all(one.lacking for one in watch.values()))
        line = next(iter(hub.gateway._lines.values()))
        line.beat_due = hub.hand.now + 3600  # no heartbeat is due
        page.alive = False
        await hub.pass_time(LIMITED_AFTER_S - 1)
        page.alive = True
        await page.say(page.facts(page.beats[-1].beat))
        await hub.pass_time(1.1)
        await page.until(lambda: page.beats[-1].state is HandsetState.LIMITED)


async def test_a_person_who_gave_the_pin_is_not_ready_before_the_page_says_so(
    tmp_path: Path,
) -> None:
    async with exchange(tmp_path) as hub:
        client = await hub.at_work("phone-1", "carer-1")
        assert (handset(hub).state, handset(hub).reasons) == (
            HandsetState.LIMITED,
            ("unheard",),
        )
        async with hub.on_line(client):
            await hub.ready(1)
        assert handset(hub).state is HandsetState.READY


async def test_a_hub_that_slept_does_not_call_its_telephones_gone(tmp_path: Path) -> None:
    async with exchange(tmp_path) as hub, hub.page("phone-1", "carer-1"):
        await hub.ready(1)
        rows = hub.engine.seq
        hub.hand.now += 60
        await until(lambda: hub.gateway._ticked_at >= hub.hand.now)
        assert hub.engine.seq == rows
        assert handset(hub).state is HandsetState.READY


async def test_reports_enter_the_journal_only_on_change(tmp_path: Path) -> None:
    async with exchange(tmp_path) as hub, hub.page("phone-1", "carer-1") as page:
        await hub.ready(1)
        rows, beats = hub.engine.seq, len(page.beats)
        for _ in range(4):
            await hub.pass_time(2)
            await page.until(lambda before=beats: len(page.beats) > before)
            beats = len(page.beats)
        assert hub.engine.seq == rows


async def test_the_second_page_of_a_telephone_replaces_the_first(tmp_path: Path) -> None:
    async with exchange(tmp_path) as hub:
        client = await hub.at_work("phone-1", "carer-1")
        async with hub.on_line(client) as first, hub.on_line(client) as second:
            await first.until(lambda: first.closed)
            assert first.bye is not None
            assert first.bye.reason is ByeReason.REPLACED
            await hub.ready(1)
            await hub.press()
            await second.ringing()
            assert second.snapshots[0].n > first.snapshots[0].n


async def test_a_new_hello_brings_a_new_snapshot_with_the_heartbeats_hash(
    tmp_path: Path,
) -> None:
    async with exchange(tmp_path) as hub, hub.page("phone-1", "carer-1") as page:
        await hub.ready(1)
        await hub.press()
        card = await page.ringing()
        await page.say(frames.Hello(v=frames.PROTOCOL, resume=page.n, lang="en"))
        await page.until(lambda: len(page.snapshots) == 2)
        own = frames.fingerprint((c.id, c.state, c.ring) for c in page.shown.values())
        assert page.snapshots[1].hash == own
        assert page.shown[card.id].why != card.why, "in English now"
        await hub.pass_time(2)
        await page.until(lambda: page.beats[-1].hash == own)


async def test_a_page_of_another_protocol_is_told_to_reload(tmp_path: Path) -> None:
    async with exchange(tmp_path) as hub, hub.page("phone-1", "carer-1") as page:
        await page.say(frames.Hello(v=99))
        await page.until(lambda: page.closed)
        assert page.bye is not None
        assert page.bye.reason is ByeReason.RELOAD


async def test_signing_out_ends_the_line_and_the_place_on_the_telephone(
    tmp_path: Path,
) -> None:
    async with exchange(tmp_path) as hub:
        client = await hub.at_work("phone-1", "carer-1")
        async with hub.on_line(client) as page:
            assert (await client.delete("/api/v1/session")).status_code == 204
            await page.until(lambda: page.closed)
            assert page.bye is not None
            assert page.bye.reason is ByeReason.SIGNED_OUT
            assert handset(hub).staff is None


async def test_colleagues_see_what_the_others_do(tmp_path: Path) -> None:
    async with (
        exchange(tmp_path) as hub,
        hub.page("phone-1", "carer-1") as one,
        hub.page("phone-2", "carer-2") as two,
    ):
        await hub.ready(2)
        await hub.press()
        card = await one.ringing()
        assert (await one.done(Action.TAKE, card.id)).ok
        await hub.pass_time(2)
        await two.until(
            lambda: (
                two.colleagues
                and two.colleagues[-1].colleagues[0].doing is frames.Doing.ON_THE_WAY
            )
        )
        assert two.colleagues[-1].colleagues[0].room == "101"


def handset(hub: Exchange, name: str = "phone-1"):  # noqa: ANN201 - routing's HandsetNow
    return next(now for key, now in hub.state.handsets.items() if key == name)


async def test_a_telephone_put_in_the_charger_is_asked_about_the_shifts_end_unless_it_is_needed(
    tmp_path: Path,
) -> None:
    async with (
        exchange(tmp_path) as hub,
        hub.page("phone-1", "carer-1", charging=False) as page,
    ):
        await hub.ready(1)
        page.charging = True
        watch = hub.gateway._watching._watches
        await until(lambda: all(one.charging_since is not None for one in watch.values()))
        await hub.pass_time(IN_CHARGER_S)
        await page.until(lambda: page.beats[-1].ask is frames.Question.SIGN_OUT)
        await hub.press()
        await page.ringing()
        count = len(page.beats)
        await hub.pass_time(frames.HEARTBEAT_S)
        await page.until(lambda: len(page.beats) > count and page.beats[-1].ask is None)
        # Only asked: the person is still signed in, and what rings goes on.
        assert hub.state.handsets[HandsetId("phone-1")].staff == "carer-1"
