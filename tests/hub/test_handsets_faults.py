"""What telephones get while something is broken: the store, another page, the core itself."""

import asyncio
import contextlib
import socket
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path

from hub.api import frames, sessions
from hub.api.frames import Action, ByeReason
from hub.auth import Session
from hub.core import Core
from hub.operations import PENDING_LIMIT
from hub.store.store import Store, StoreLimits
from routing.effects import Effect, Reason
from routing.events import Event, FaultNoticed, SignalQuarantined, SignalReceived, StoreState
from routing.ids import HandsetId
from routing.plan import CallType
from routing.state import State
from tests.support.exchange import HOUSE, Exchange, Page, exchange
from tests.support.shell import until
from tests.support.stores import locked


async def fresh(page: Page) -> frames.Snapshot:
    """Ask for a snapshot: what was sent before it has arrived then."""
    count = len(page.snapshots)
    await page.say(frames.Hello(v=frames.PROTOCOL))
    await page.until(lambda: len(page.snapshots) > count)
    return page.snapshots[-1]


@contextlib.asynccontextmanager
async def two_pages(tmp_path: Path) -> AsyncIterator[tuple[Exchange, Page, Page]]:
    async with (
        exchange(tmp_path) as hub,
        hub.page("phone-1", "carer-1") as one,
        hub.page("phone-2", "carer-2") as two,
    ):
        await hub.ready(2)
        yield hub, one, two


async def test_a_press_rings_while_the_store_stands_still_and_nothing_is_confirmed(
    tmp_path: Path,
) -> None:
    async with two_pages(tmp_path) as (hub, one, two):
        with locked(tmp_path / "hub.db"):
            press = hub.tasks.create_task(hub.press())
            card = await one.ringing()
            await two.ringing()
            op = await one.do(Action.TAKE, card.id)
            await until(lambda: hub.state.calls[hub.state.open[0]].owner)
            # Decided, not durable: nobody is told, and the other telephone goes on ringing.
            assert (await fresh(two)).calls[0].ring
            assert (await fresh(one)).calls[0].owner is None
            assert op not in one.answers
            assert not press.done()
        await one.until(lambda: op in one.answers)
        assert (one.answers[op].ok, one.answers[op].recorded) == (True, True)
        await two.until(lambda: two.shown[card.id].ring == 0)


async def test_a_tap_while_the_store_is_down_is_answered_and_marked_not_stored(
    tmp_path: Path,
) -> None:
    store = await Store.open(
        f"sqlite+aiosqlite:///{tmp_path / 'hub.db'}",
        spool=tmp_path / "spool",
        limits=StoreLimits(unrecorded_after_s=0.2, retry_s=0.02, probe_s=0.05),
    )
    async with exchange(tmp_path, store=store) as hub, hub.page("phone-1", "carer-1") as page:
        await hub.ready(1)
        with locked(tmp_path / "hub.db"):
            press = hub.tasks.create_task(hub.press())
            card = await page.ringing()
            answer = await page.done(Action.TAKE, card.id)
            assert (answer.ok, answer.recorded) == (True, False)
            await until(lambda: hub.state.store is StoreState.UNRECORDED)
            await page.until(lambda: page.shown[card.id].mine)
        await press
        await until(lambda: hub.state.store is StoreState.RECORDED)
        assert (await page.done(Action.ARRIVE, card.id, room="r101")).recorded


async def test_somebody_signs_in_and_comes_back_while_the_store_is_down(
    tmp_path: Path,
) -> None:
    store = await Store.open(
        f"sqlite+aiosqlite:///{tmp_path / 'hub.db'}",
        spool=tmp_path / "spool",
        limits=StoreLimits(unrecorded_after_s=0.2, retry_s=0.02, probe_s=0.05),
    )
    async with exchange(tmp_path, store=store) as hub:
        client = await hub.enrolled("phone-1")
        with locked(tmp_path / "hub.db"):
            press = hub.tasks.create_task(hub.press())
            # The store's word is a step of its own: pages read what has settled.
            await until(lambda: hub.gateway._settled[HOUSE].store is StoreState.UNRECORDED)
            body = {"staff": "carer-1", "pin": "4711"}
            assert (await client.post("/api/v1/session", json=body)).status_code == 200
            async with hub.on_line(client) as page:
                assert page.snapshots[0].store is StoreState.UNRECORDED
                await page.ringing()
        await press


async def test_a_page_that_does_not_read_is_dropped_and_delays_nobody(tmp_path: Path) -> None:
    async with exchange(tmp_path) as hub, hub.page("phone-1", "carer-1") as page:
        await hub.ready(1)
        stuck = await hub.at_work("phone-2", "carer-2")
        narrow = socket.socket()
        narrow.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        narrow.connect(("127.0.0.1", hub.app.state.port))
        narrow.setblocking(False)
        async with hub.socket(stuck, sock=narrow, max_queue=1) as line:
            hello = '{"t":"hello","v":1}'
            await line.send(hello)
            await until(lambda: len(hub.gateway.lines(HOUSE)) == 2)
            # Each `hello` asks for a snapshot that is never read, until every buffer is full.
            while HandsetId("phone-2") in hub.gateway.lines(HOUSE):
                await line.send(hello)
                await asyncio.sleep(0)
            assert hub.gateway.ended[ByeReason.SLOW] == 1
            await hub.press()
            card = await page.ringing()
            assert (await page.done(Action.TAKE, card.id)).ok
            line.transport.abort()
        async with hub.on_line(stuck) as again:
            assert again.shown[card.id].owner == frames.Person("carer-1", "Carer-1")


async def test_more_taps_than_the_hub_takes_are_answered_busy_at_once(tmp_path: Path) -> None:
    async with exchange(tmp_path) as hub, hub.page("phone-1", "carer-1") as page:
        await hub.ready(1)
        with locked(tmp_path / "hub.db"):
            ops = [await page.do(Action.TAKE, "9-99") for _ in range(40)]
            await page.until(lambda: len(page.answers) >= 8)
            assert {answer.reason for answer in page.answers.values()} == {"hub_busy"}
        await page.until(lambda: len(page.answers) == len(ops))
        reasons = [answer.reason for answer in page.answers.values()]
        # What the telephone's own arrival still has on its way takes of the same room.
        assert 0 < reasons.count(str(Reason.UNKNOWN_CALL)) <= PENDING_LIMIT
        assert set(reasons) == {"hub_busy", str(Reason.UNKNOWN_CALL)}


def pressed(page: Page) -> list[frames.Card]:
    """The patient's call, beside the technical one about the fault."""
    return [card for card in page.shown.values() if card.type is CallType.PATIENT]


async def test_when_the_core_fails_on_a_press_every_telephone_rings_all_the_same(
    tmp_path: Path,
) -> None:
    core = failing_on(SignalReceived, SignalQuarantined, FaultNoticed)
    async with (
        exchange(tmp_path, core=core) as hub,
        hub.page("phone-1", "carer-1") as one,
        hub.page("phone-2", "carer-2") as two,
    ):
        await hub.ready(2)
        await hub.press()
        for page in (one, two):
            await page.until(lambda page=page: pressed(page))
        card = pressed(one)[0]
        assert (card.reason, card.can) == (Reason.SHELL_FAULT, (Action.TAKE,))
        await hub.pass_time(4)
        # The state knows no such call: comparing with it must not take the ring away.
        assert card.id in {one.id for one in (await fresh(one)).calls}
        await one.do(Action.TAKE, card.id)
        await two.until(lambda: card.id not in two.shown)


def failing_on(*events: type) -> Core:
    """The real core, but these kinds of events make it raise."""
    real = Core.shipped()

    def step(state: State, event: Event, now: datetime) -> tuple[State, tuple[Effect, ...]]:
        if isinstance(event, events):
            raise ZeroDivisionError("a bug of ours")
        return real.step(state, event, now)

    return replace(real, step=step)


async def test_a_house_that_another_worker_took_over_stops_ringing_here(tmp_path: Path) -> None:
    async with exchange(tmp_path) as hub, hub.page("phone-1", "carer-1") as page:
        hub.gateway.fenced(HOUSE)
        await page.until(lambda: page.closed)
        assert page.bye is not None
        assert page.bye.reason is ByeReason.STOPPING


def over(hub: Exchange) -> Session:
    """The telephone's session, as if its time had just passed."""
    (session,) = hub.accounts.on_telephone(HOUSE, HandsetId("phone-1"))
    past = replace(session, expires_at=hub.clock.now() - timedelta(seconds=1))
    hub.accounts._known.sessions[session.token_hash] = past
    assert hub.accounts.over() == (past,)
    return past


async def test_a_shift_that_is_over_ends_the_line(tmp_path: Path) -> None:
    async with (
        exchange(tmp_path) as hub,
        hub.page("phone-2", "carer-2"),
        hub.page("phone-1", "carer-1") as page,
    ):
        await sessions.end_shift(hub.app.state.hub, over(hub))
        await page.until(lambda: page.closed)
        assert page.bye is not None
        assert page.bye.reason is ByeReason.EXPIRED
        assert hub.state.handsets[HandsetId("phone-1")].staff is None


async def test_the_last_one_of_a_unit_stays_until_somebody_has_come(tmp_path: Path) -> None:
    async with exchange(tmp_path) as hub, hub.page("phone-1", "carer-1") as page:
        await sessions.end_shift(hub.app.state.hub, over(hub))
        assert hub.accounts.over() == ()
        assert hub.state.handsets[HandsetId("phone-1")].staff == "carer-1"
        assert not page.closed


async def test_nobody_is_signed_out_in_the_middle_of_a_call(tmp_path: Path) -> None:
    async with exchange(tmp_path) as hub, hub.page("phone-1", "carer-1") as page:
        await hub.ready(1)
        await hub.press()
        card = await page.ringing()
        assert (await page.done(Action.TAKE, card.id)).ok
        await sessions.end_shift(hub.app.state.hub, over(hub))
        assert hub.accounts.over() == ()
        assert (await page.done(Action.ARRIVE, card.id, room="r101")).ok
