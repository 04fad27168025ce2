"""After a stop, a crash or an upgrade: the state is what the journal says, and ids are new."""

import asyncio
from dataclasses import replace
from datetime import datetime

import pytest
from sqlalchemy import update

from hub import records
from hub.core import Core
from hub.engine import Lane, Limits
from hub.replay import replay, verify_chain
from hub.store import tables
from hub.store.store import Store
from routing.effects import Effect, Ring
from routing.events import Event, SignalReceived
from routing.state import State
from tests.support.shell import engine_on, rows, running, until
from tests.support.stores import Place
from tests.support.toy import (
    TOY,
    HandClock,
    Told,
    motion,
    next_deadline,
    only_heard,
    press,
    step,
    take,
    toy_house,
)


async def a_night(store: Store, clean: bool = True, limits: Limits | None = None) -> State:
    """A few presses, one taken, some motion; gives the last state."""
    engine = await engine_on(store, limits=limits)
    async with running(store, engine, clean=clean):
        await asyncio.gather(
            *(engine.submit(press(engine.next_signal(), f"wrist-{n}")) for n in range(3)),
            *(engine.submit(motion(engine.next_signal()), Lane.BULK) for _ in range(10)),
        )
        await engine.submit(take("1-2"))
    return engine.state


@pytest.mark.parametrize("clean", [True, False], ids=["stopped", "killed"])
async def test_the_next_start_goes_on_where_the_last_one_was(store: Store, clean: bool) -> None:
    before = await a_night(store, clean)

    again = await engine_on(store)

    assert again.state == before
    recovered = await store.recover(again.house)
    assert len(recovered.tail) == (0 if clean else 15)


async def test_a_long_night_is_recovered_from_a_snapshot_not_from_its_beginning(
    store: Store,
) -> None:
    before = await a_night(store, clean=False, limits=Limits(snapshot_every_rows=5))

    recovered = await store.recover(toy_house().plan.house)
    again = await engine_on(store)

    assert 5 <= recovered.snapshot_seq <= recovered.seq
    assert again.state == before


async def test_a_ladder_that_was_due_in_the_outage_rings_at_once(store: Store) -> None:
    await a_night(store, clean=False)
    clock, told = HandClock(), Told()
    clock.at = clock.at.replace(minute=59)
    again = await engine_on(store, "solvik", told, clock=clock)
    async with running(store, again):
        await until(lambda: told.rang)

    assert {ring.call for ring in told.rang} == {"1-1", "1-3"}


async def test_time_after_a_start_is_not_before_the_journals_last(store: Store) -> None:
    await a_night(store)
    clock = HandClock()
    clock.at = clock.at.replace(year=2020)
    again = await engine_on(store, clock=clock)
    async with running(store, again):
        pass

    times = [row.at for row in await rows(store, tables.journal)]
    assert times == sorted(times)


def quieter(state: State, event: Event, now: datetime) -> tuple[State, tuple[Effect, ...]]:
    """A newer core that rings one telephone less."""
    state, effects = step(state, event, now)
    rings = [effect for effect in effects if isinstance(effect, Ring)]
    return state, tuple(effect for effect in effects if effect not in rings[1:])


async def test_a_core_that_decides_otherwise_starts_and_is_named(
    place: Place, store: Store
) -> None:
    before = await a_night(store, clean=False)
    newer = Core(quieter, next_deadline, only_heard, "toy-2")

    again = await engine_on(store, core=newer)
    found = (await replay(place.url, core=newer))[0]

    assert again.state.calls == before.calls
    assert found.differences == 3
    assert found.first is not None
    assert (found.first.seq, found.first.kind) == (2, "SignalReceived")
    assert "effect 2: Ring(" in found.first.what
    assert "(toy-1 then, toy-2 now)" in found.first.what


async def test_the_same_core_replays_every_decision_and_every_snapshot(
    place: Place, store: Store
) -> None:
    before = await a_night(store, limits=Limits(snapshot_every_rows=4))

    found = (await replay(place.url, core=TOY))[0]

    assert found.same
    assert (found.since_seq, found.rows) == (0, len(await rows(store, tables.journal)))
    assert found.state == before


async def test_another_hidden_state_is_found_at_the_next_snapshot(
    place: Place, store: Store
) -> None:
    await a_night(store, limits=Limits(snapshot_every_rows=4))

    def forgetful(
        state: State, event: Event, now: datetime
    ) -> tuple[State, tuple[Effect, ...]]:
        state, effects = step(state, event, now)
        calls = {key: replace(call, pressed=0) for key, call in state.calls.items()}
        return replace(state, calls=calls), effects

    core = Core(forgetful, next_deadline, only_heard, TOY.version)
    found = (await replay(place.url, core=core))[0]

    assert found.first is not None
    assert "is not that of its snapshot" in found.first.what


async def test_a_quarantined_event_is_not_stepped_again(place: Place, store: Store) -> None:
    engine = await engine_on(store)
    async with running(store, engine, clean=False):
        await engine.submit(press(engine.next_signal(), "broken"))
        await engine.submit(press(engine.next_signal()))
        await until(lambda: not engine.unsettled)

    again = await engine_on(store)
    found = (await replay(place.url, core=TOY))[0]

    assert again.state == engine.state
    assert found.same


# --- The chain --------------------------------------------------------------------------------


async def test_the_chain_is_whole_and_survives_an_erased_payload(
    place: Place, store: Store
) -> None:
    await a_night(store)
    journal = tables.journal
    await store.write(update(journal).where(journal.c.seq == 3).values(payload=None))

    found = (await verify_chain(place.url))[0]

    assert found.whole
    assert (found.rows, found.erased) == (15, 1)


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"payload": '{"is":"TimePassed"}'}, "row 3: its payload was changed"),
        ({"decisions": "[]"}, "row 3 does not follow from row 2"),
        ({"kind": "TimePassed"}, "row 3 does not follow"),
    ],
)
async def test_a_changed_row_breaks_the_chain_and_is_named(
    place: Place, store: Store, change: dict[str, str], said: str
) -> None:
    await a_night(store)
    journal = tables.journal
    await store.write(update(journal).where(journal.c.seq == 3).values(**change))

    found = (await verify_chain(place.url))[0]

    assert not found.whole
    assert said in found.broken


async def test_a_missing_row_is_named_as_a_gap(place: Place, store: Store) -> None:
    await a_night(store)
    await store.write(tables.journal.delete().where(tables.journal.c.seq == 4))

    found = (await verify_chain(place.url))[0]

    assert (found.gaps, found.whole) == (((3, 5),), False)


async def test_an_erased_row_moves_the_replays_beginning(place: Place, store: Store) -> None:
    await a_night(store, limits=Limits(snapshot_every_rows=4))
    journal = tables.journal
    await store.write(update(journal).where(journal.c.seq == 2).values(payload=None))

    found = (await replay(place.url, core=TOY))[0]

    assert found.same
    assert found.since_seq >= 2


# --- Projections ------------------------------------------------------------------------------


async def test_the_ledger_has_one_line_for_each_signal(store: Store) -> None:
    await a_night(store)

    ledger = await rows(store, tables.ledger)

    assert sorted(row.booked for row in ledger) == ["no_rule"] * 10 + ["opened"] * 3
    assert len({row.signal for row in ledger}) == 13


async def test_the_calls_projection_is_the_state(store: Store) -> None:
    state = await a_night(store)

    stored = await rows(store, tables.calls)

    assert [(c.id, c.state, c.taken_at, c.opened_at) for c in stored] == [
        (c.id, c.state.value, c.taken_at, c.opened_at) for c in state.calls.values()
    ]


async def test_each_move_is_one_row_in_the_journals_order(store: Store) -> None:
    await a_night(store)

    events = await rows(store, tables.call_events)

    assert [(e.call, e.move) for e in events] == [
        ("1-1", "opened"),
        ("1-2", "opened"),
        ("1-3", "opened"),
        ("1-2", "taken"),
    ]
    assert records.decode_because(events[0].because).facts == (("device", "wrist-0"),)


async def test_what_one_table_refuses_does_not_keep_the_journal_waiting(
    store: Store, place: Place
) -> None:
    engine = await engine_on(store)
    async with running(store, engine):
        await engine.submit(press(engine.next_signal()))
        # Somebody wrote into the projection by hand: the same row again is refused.
        taken = {"house": "solvik", "seq": engine.seq + 1, "n": 3, "signal": "x"}
        more = {"at": engine.state.now, "booked": "opened", "count": 1, "reason": "x"}
        await store.write((tables.ledger.insert(), [{**taken, **more}]))
        settled = await engine.submit(press(engine.next_signal(), "wrist-2"))

    assert settled.recorded
    assert (await verify_chain(place.url))[0].whole
    assert isinstance(
        records.decode_event((await rows(store, tables.journal))[2].payload), SignalReceived
    )
