"""What goes beside the journal: raw payloads, the outbox; what is kept, and for how long."""

from dataclasses import replace
from datetime import datetime, timedelta

import pytest

from hub.core import Core
from hub.engine import Limits
from hub.replay import replay, verify_chain
from hub.store import tables
from hub.store.retention import erase_payloads, prune
from hub.store.rows import Fenced, QuarantinedMessage, RawMessage, Snapshot
from hub.store.store import Store
from routing.effects import Because, Effect, Reason, Send
from routing.events import Event, SignalReceived
from routing.ids import CallId, HouseId, SignalId
from routing.state import State
from tests.hub.test_store_spool import some_rows
from tests.support.shell import engine_on, rows, running
from tests.support.stores import Place
from tests.support.toy import (
    START,
    TOY,
    motion,
    next_deadline,
    only_heard,
    press,
    step,
    toy_house,
)

HOUSE = HouseId("solvik")


def raw_at(at: datetime, n: int) -> RawMessage:
    """A message of that time."""
    return RawMessage(HOUSE, SignalId(f"1-{n}"), at, "zigbee2mqtt/wrist", b"\xff\x00", 1)


async def test_raw_bytes_are_there_when_submit_returns(store: Store) -> None:
    engine = await engine_on(store)
    async with running(store, engine):
        signal = engine.next_signal()
        store.keep(
            RawMessage(HOUSE, signal, START, "z/\0\ud800", b"\xff\x00", 0, retained=True)
        )
        await engine.submit(press(signal))

        kept = await rows(store, tables.raw)
        assert [(r.signal, r.payload, r.qos, r.retained) for r in kept] == [
            (signal, b"\xff\x00", 0, True)
        ]


async def test_a_backlog_of_raw_bytes_is_bounded_and_counted_but_never_what_was_odd(
    place: Place,
) -> None:
    store = await place.open()
    store.limits = replace(store.limits, queued=10)
    odd = QuarantinedMessage(HOUSE, SignalId("1-99"), START, "t", b"?", "odd")
    store.keep(*(raw_at(START, n) for n in range(15)), odd)
    engine = await engine_on(store)
    async with running(store, engine):
        pass

    assert len(await rows(store, tables.raw)) == 10
    assert store.dropped_raw == 5
    assert [q.why for q in await rows(store, tables.quarantine)] == ["odd"]
    await store.close()


async def test_an_order_to_a_channel_is_in_the_outbox_once(store: Store) -> None:
    def sends(state: State, event: Event, now: datetime) -> tuple[State, tuple[Effect, ...]]:
        state, effects = step(state, event, now)
        if isinstance(event, SignalReceived):
            effects += (Send(CallId("1-1"), "sms", Because(Reason.FAILSAFE), 1),)
        return state, effects

    engine = await engine_on(store, core=Core(sends, next_deadline, only_heard, "toy-s"))
    async with running(store, engine):
        await engine.submit(press(engine.next_signal()))
        await engine.submit(motion(engine.next_signal()))

    outbox = await rows(store, tables.outbox)
    assert [(o.id, o.state, o.tries) for o in outbox] == [("solvik:1-1:sms:1", "waiting", 0)]


async def test_append_returns_when_rows_are_durable_and_knows_its_own(store: Store) -> None:
    first, *others = some_rows(3)
    async with running(store):
        assert await store.append([first, *others])
        # The answer was lost and the rows are sent again: they are recognised.
        assert await store.append([first, *others])
        with pytest.raises(Fenced, match="row 2 of solvik was written by another worker"):
            await store.append([replace(others[0], digest="0" * 64)])

    assert [row.seq for row in await rows(store, tables.journal)] == [1, 2, 3]
    assert len(await rows(store, tables.ledger)) == 3


async def test_a_snapshot_of_what_another_worker_has_overtaken_is_not_kept(
    store: Store,
) -> None:
    first, *others = some_rows(2)
    async with running(store):
        await store.append([first, *others])
        store.keep(Snapshot(HOUSE, 2, START, toy_house(), "toy"))
        with pytest.raises(Fenced):
            await store.append([replace(others[0], digest="0" * 64)])

    assert await rows(store, tables.snapshot) == []


async def test_raw_payloads_are_gone_after_thirty_days(store: Store) -> None:
    old, young = START - timedelta(days=31), START - timedelta(days=29)
    store.keep(raw_at(old, 1), raw_at(young, 2))
    async with running(store):
        pass

    deleted = await prune(store, START)

    assert deleted == {"raw": 1, "quarantine": 0, "snapshot": 0, "places": 0}
    assert [r.signal for r in await rows(store, tables.raw)] == ["1-2"]


async def test_old_snapshots_go_and_a_replay_still_begins_at_one(
    store: Store, place: Place
) -> None:
    engine = await engine_on(store, limits=Limits(snapshot_every_rows=2))
    async with running(store, engine):
        for _ in range(20):
            await engine.submit(motion(engine.next_signal()))
    before = len(await rows(store, tables.snapshot))

    deleted = (await prune(store, START + timedelta(days=40)))["snapshot"]

    assert deleted == before - 3
    assert await engine_on(store)
    found = (await replay(place.url, core=TOY))[0]
    assert found.same
    assert found.since_seq > 0


async def test_payloads_are_erased_only_where_a_snapshot_makes_them_unneeded(
    store: Store, place: Place
) -> None:
    engine = await engine_on(store, limits=Limits(snapshot_every_rows=5))
    async with running(store, engine, clean=False):
        for _ in range(8):
            await engine.submit(motion(engine.next_signal()))

    erased = await erase_payloads(store, HOUSE, START + timedelta(days=1))

    snapshots = [s.seq for s in await rows(store, tables.snapshot)]
    assert erased == max(snapshots)
    assert (await verify_chain(place.url))[0].whole
    assert (await engine_on(store)).state == engine.state
