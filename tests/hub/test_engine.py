"""The engine: noise first, silence after, and one order for everything."""

import asyncio
from collections.abc import Sequence
from datetime import timedelta

import pytest

from hub.clock import SystemClock
from hub.engine import EngineStopped, Lane, Limits
from hub.inbox import AT_ONCE
from hub.store import tables
from hub.store.pace import GATHER_ROWS
from hub.store.rows import Fenced
from hub.store.store import Store
from routing.effects import Booked, Effect, Reply, Ring, Withdraw
from routing.events import FaultNoticed, SignedIn
from routing.ids import CallId, HandsetId, HouseId, StaffId
from routing.state import State
from tests.support.shell import WITHIN_S, engine_on, rows, running, until
from tests.support.stores import Place
from tests.support.toy import HandClock, Told, heartbeat, motion, press, take, toy_house


async def test_a_press_rings_while_the_store_stalls_and_nothing_settles(
    place: Place, store: Store
) -> None:
    told = Told()
    engine = await engine_on(store, "solvik", told)
    async with running(store, engine) as tasks:
        await until(lambda: not engine.unsettled)
        settled_before = told.batches
        with place.stalled():
            submits = []
            for n in range(3):
                event = press(engine.next_signal(), f"wrist-{n}")
                submits.append(tasks.create_task(engine.submit(event)))
                await until(lambda n=n: len(told.rang) == 2 * (n + 1))
            taken = tasks.create_task(engine.submit(take("1-1")))
            await until(lambda: engine.unsettled == 4)

            if place.url.startswith("sqlite"):
                # Longer than SQLite itself waits: the commit has failed and is tried again.
                await until(lambda: "locked" in store.trouble)
            assert told.batches == settled_before
            assert not any(submit.done() for submit in (*submits, taken))
        settled = await taken

    assert settled.recorded
    assert [type(e) for e in settled.effects if isinstance(e, (Withdraw, Reply))] == [
        Withdraw,
        Reply,
    ]


async def test_submit_returns_when_the_row_is_durable(store: Store) -> None:
    engine = await engine_on(store)
    async with running(store, engine):
        settled = await engine.submit(press(engine.next_signal()))

        journal = await rows(store, tables.journal)
        assert [row.kind for row in journal] == ["Started", "SignalReceived"]
        assert settled.recorded
        assert list(settled.state.calls) == ["1-1"]


async def test_the_alarm_lane_goes_first(store: Store) -> None:
    engine = await engine_on(store)
    async with asyncio.TaskGroup() as tasks:
        bulk = [
            tasks.create_task(engine.submit(motion(engine.next_signal()), Lane.BULK))
            for _ in range(200)
        ]
        alarm = tasks.create_task(engine.submit(press(engine.next_signal())))
        await until(lambda: engine.depth == 201)
        async with running(store, engine):
            await asyncio.gather(alarm, *bulk)

    kinds = [row.payload for row in await rows(store, tables.journal)]
    assert "HelpPressed" in kinds[1]


async def test_a_full_lane_holds_the_sender_back_and_only_that_lane(
    place: Place, store: Store
) -> None:
    told = Told()
    engine = await engine_on(store, "solvik", told, limits=Limits(inbox=2))
    async with running(store, engine) as tasks:
        await until(lambda: not engine.unsettled)
        with place.stalled():
            bulk = [
                tasks.create_task(engine.submit(motion(engine.next_signal()), Lane.BULK))
                for _ in range(3)
            ]
            await until(lambda: engine.unsettled == 2)
            alarm = tasks.create_task(engine.submit(press(engine.next_signal())))
            await until(lambda: told.rang)

            assert engine.unsettled == 3
            assert engine.depth == 0
        await asyncio.gather(alarm, *bulk)

    assert len(await rows(store, tables.ledger)) == 4


async def test_what_waits_together_is_committed_together(place: Place, store: Store) -> None:
    engine = await engine_on(store)
    async with running(store, engine) as tasks:
        await until(lambda: not engine.unsettled)
        before = store.commits
        with place.stalled():
            submits = [
                tasks.create_task(engine.submit(motion(engine.next_signal()), Lane.BULK))
                for _ in range(100)
            ]
            await until(lambda: engine.unsettled == 100)
        await asyncio.gather(*submits)

        assert store.commits - before <= 3


async def test_what_nobody_waits_for_goes_with_what_somebody_waits_for(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    engine = await engine_on(store)
    async with running(store, engine) as tasks:
        await until(lambda: not engine.unsettled)
        monkeypatch.setattr("hub.store.pace.GATHER_S", 3600)
        before = store.commits
        level = tasks.create_task(engine.submit(motion(engine.next_signal()), Lane.BULK))
        await until(lambda: engine.unsettled == 1)
        pressed = tasks.create_task(engine.submit(press(engine.next_signal())))
        await asyncio.gather(level, pressed)

        assert store.commits - before == 1


async def test_many_that_nobody_waits_for_are_a_group(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    engine = await engine_on(store)
    async with running(store, engine) as tasks:
        await until(lambda: not engine.unsettled)
        monkeypatch.setattr("hub.store.pace.GATHER_S", 3600)
        many = [
            tasks.create_task(engine.submit(motion(engine.next_signal()), Lane.BULK))
            for _ in range(2 * GATHER_ROWS)
        ]
        await until(lambda: sum(one.done() for one in many) >= GATHER_ROWS)
        # What is left is no group of its own; it goes with the first that somebody waits for.
        await engine.submit(press(engine.next_signal()))
        await asyncio.gather(*many)


async def test_who_submits_to_an_idle_engine_steps_at_once_but_only_few_of_a_round(
    store: Store,
) -> None:
    engine = await engine_on(store)
    async with running(store, engine) as tasks:
        await until(lambda: not engine.unsettled)
        before = engine.stepped
        pressed = tasks.create_task(engine.submit(press(engine.next_signal())))
        await asyncio.sleep(0)
        assert engine.stepped == before + 1
        await pressed
        before = engine.stepped
        moved = [
            tasks.create_task(engine.submit(motion(engine.next_signal()), Lane.BULK))
            for _ in range(4 * AT_ONCE)
        ]
        await asyncio.sleep(0)
        assert engine.stepped == before + AT_ONCE
        await asyncio.gather(*moved)


async def test_a_deadline_that_comes_with_a_step_at_once_is_not_slept_over(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("hub.engine.WATCH_S", 3600)
    monkeypatch.setattr("tests.support.toy.PATIENCE", timedelta(milliseconds=50))
    engine = await engine_on(store, clock=SystemClock())
    async with running(store, engine):
        await until(lambda: not engine.unsettled)
        await engine.submit(press(engine.next_signal()))
        await until(lambda: engine.state.calls[CallId("1-1")].round > 1)


async def test_what_goes_wrong_in_a_step_at_once_ends_the_engine_and_not_the_one_who_came(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_: object) -> None:
        raise ZeroDivisionError("our own mistake")

    engine = await engine_on(store)

    async def lived() -> None:
        async with running(store, engine):
            await until(lambda: not engine.unsettled)
            monkeypatch.setattr(engine, "_now_and_then", broken)
            with pytest.raises(ZeroDivisionError):
                await engine.submit(press(engine.next_signal()))

    with pytest.raises(ExceptionGroup) as ended:
        await lived()
    assert ended.group_contains(ZeroDivisionError)


async def test_several_houses_share_one_writer_and_keep_their_own_chain(store: Store) -> None:
    told = [Told(), Told()]
    north = await engine_on(store, "north", told[0])
    south = await engine_on(store, "south", told[1])
    async with running(store, north, south):
        await asyncio.gather(
            *(north.submit(press(north.next_signal())) for _ in range(5)),
            *(south.submit(motion(south.next_signal())) for _ in range(5)),
        )

    journal = await rows(store, tables.journal)
    assert [(r.house, r.seq) for r in journal] == [
        (house, seq) for house in ("north", "south") for seq in range(1, 7)
    ]
    assert (len(told[0].rang), len(told[1].rang)) == (10, 0)


async def test_effects_leave_in_the_journals_order(store: Store) -> None:
    told = Told()
    engine = await engine_on(store, "solvik", told)
    async with running(store, engine):
        await asyncio.gather(
            *(engine.submit(press(engine.next_signal(), f"wrist-{n}")) for n in range(20))
        )

    opened = [row.call for row in await rows(store, tables.call_events)]
    assert opened == [f"1-{n}" for n in range(1, 21)]
    assert [e.call for e in told.out if isinstance(e, Ring)] == [e.call for e in told.rang]


# --- Time ------------------------------------------------------------------------------------


async def test_a_deadline_is_stepped_when_it_is_due_without_any_event(store: Store) -> None:
    told, clock = Told(), HandClock()
    engine = await engine_on(store, "solvik", told, clock=clock)
    async with running(store, engine):
        await engine.submit(press(engine.next_signal()))
        clock.at += timedelta(seconds=31)
        await until(lambda: len(told.rang) == 4)
        await until(lambda: not engine.unsettled)

    last = (await rows(store, tables.journal))[-1]
    assert (last.kind, last.at) == ("TimePassed", clock.at)


async def test_a_jump_of_the_wall_clock_is_journaled(store: Store) -> None:
    clock = HandClock()
    engine = await engine_on(store, clock=clock)
    async with running(store, engine):
        clock.jump = timedelta(hours=1)
        await engine.submit(motion(engine.next_signal()))

    kinds = [row.kind for row in await rows(store, tables.journal)]
    assert kinds == ["Started", "ClockStepped", "SignalReceived"]


async def test_time_never_goes_back_in_the_journal(store: Store) -> None:
    clock = HandClock()
    engine = await engine_on(store, clock=clock)
    async with running(store, engine):
        await engine.submit(motion(engine.next_signal()))
        clock.at -= timedelta(minutes=5)
        await engine.submit(motion(engine.next_signal()))

    times = [row.at for row in await rows(store, tables.journal)]
    assert times == sorted(times)


# --- Signs of life ---------------------------------------------------------------------------


async def test_signs_of_life_settle_at_once_and_become_one_row(store: Store) -> None:
    clock = HandClock()
    engine = await engine_on(store, clock=clock)
    async with running(store, engine):
        for n in range(10):
            signal = engine.next_signal()
            await engine.submit(heartbeat(signal, f"tag-{n % 2}", 90 - n), Lane.BULK)
        await until(lambda: not engine.unsettled)  # «Started» may still be on its way
        assert [row.kind for row in await rows(store, tables.journal)] == ["Started"]
        clock.at += timedelta(seconds=30)
        await until(lambda: engine.seq == 2 and not engine.unsettled)

    journal = await rows(store, tables.journal)
    assert [row.kind for row in journal] == ["Started", "DevicesHeard"]
    assert '"counted":10' in journal[1].payload
    assert '"percent":81.0' in journal[1].payload
    ledger = await rows(store, tables.ledger)
    assert [(row.booked, row.count) for row in ledger] == [(Booked.UNCHANGED, 10)]


async def test_signs_of_life_come_before_a_deadline_that_would_miss_them(store: Store) -> None:
    clock = HandClock()
    engine = await engine_on(store, clock=clock)
    async with running(store, engine):
        await engine.submit(press(engine.next_signal()))
        clock.at += timedelta(seconds=29)
        await engine.submit(heartbeat(engine.next_signal(), "tag-1"), Lane.BULK)
        clock.at += timedelta(seconds=2)
        await until(lambda: engine.seq == 4)

    kinds = [row.kind for row in await rows(store, tables.journal)]
    assert kinds[-2:] == ["DevicesHeard", "TimePassed"]


async def test_signs_of_life_are_flushed_at_a_clean_stop(store: Store) -> None:
    engine = await engine_on(store)
    async with running(store, engine):
        await engine.submit(heartbeat(engine.next_signal(), "tag-1"), Lane.BULK)

    assert [row.kind for row in await rows(store, tables.journal)][-1] == "DevicesHeard"


# --- A step that raises ----------------------------------------------------------------------


async def test_a_step_that_raises_rings_everybody_on_duty_and_keeps_the_event(
    store: Store,
) -> None:
    told = Told()
    engine = await engine_on(store, "solvik", told)
    async with running(store, engine):
        await engine.submit(SignedIn(HandsetId("night-1"), StaffId("anna")))
        before = engine.state.calls
        signal = engine.next_signal()
        settled = await engine.submit(press(signal, "broken"))
        after = await engine.submit(press(engine.next_signal(), "wrist-1"))

    assert [(r.handset, r.staff) for r in told.rang[:1]] == [("night-1", "anna")]
    assert settled.state.calls == before
    assert list(after.state.calls) == ["1-1"]
    quarantined = await rows(store, tables.quarantine)
    assert [(q.signal, q.device) for q in quarantined] == [(signal, "broken")]
    assert "ZeroDivisionError" in quarantined[0].why
    booked = [r.booked for r in await rows(store, tables.ledger) if r.signal == signal]
    assert booked == [Booked.QUARANTINED]
    kinds = [row.kind for row in await rows(store, tables.journal)]
    assert kinds[2:5] == ["SignalQuarantined", "Quarantined", "FaultNoticed"]


async def test_with_nobody_on_duty_the_fallback_rings_every_telephone(store: Store) -> None:
    told = Told()
    engine = await engine_on(store, "solvik", told)
    async with running(store, engine):
        await engine.submit(press(engine.next_signal(), "broken"))

    assert [ring.handset for ring in told.rang] == ["night-1", "night-2"]


async def test_a_tap_that_makes_the_step_raise_is_answered_no(store: Store) -> None:
    engine = await engine_on(store)
    async with running(store, engine):
        settled = await engine.submit(take("broken"))

    assert [(e.operation, e.ok) for e in settled.effects if isinstance(e, Reply)] == [
        ("op-1", False)
    ]


async def test_an_event_that_json_cannot_carry_is_quarantined_not_lost(store: Store) -> None:
    told = Told()
    engine = await engine_on(store, "solvik", told)
    async with running(store, engine):
        await engine.submit(press(engine.next_signal(), "wrist-\ud800"))

    assert told.rang
    assert "\\ud800" in (await rows(store, tables.quarantine))[0].payload.decode()


class Deaf(Told):
    """A performer that cannot ring."""

    def noise(self, house: HouseId, state: State, effects: Sequence[Effect]) -> None:
        del house, state, effects
        raise ConnectionError("no sockets")


async def test_a_performer_that_fails_keeps_nobody_else_from_ringing(store: Store) -> None:
    told = Told()
    engine = await engine_on(store, "solvik", Deaf(), told)
    async with running(store, engine):
        await engine.submit(press(engine.next_signal()))
        await until(lambda: engine.seq == 3)

    assert len(told.rang) == 2
    last = (await rows(store, tables.journal))[-1]
    assert (last.kind, "performer_deaf" in last.payload) == (FaultNoticed.__name__, True)


# --- The fence -------------------------------------------------------------------------------


async def test_an_engine_that_lost_its_fence_stops_and_stops_ringing(
    place: Place, store: Store
) -> None:
    told = Told()
    old = await engine_on(store, "solvik", told)
    other_store = await place.open()
    with pytest.raises(ExceptionGroup) as group:  # noqa: PT012
        async with asyncio.TaskGroup() as tasks:
            writer = tasks.create_task(store.run())
            tasks.create_task(old.run())
            await until(lambda: old.seq == 1 and not old.unsettled)
            new = await engine_on(other_store)
            async with running(other_store, new):
                await new.submit(press(new.next_signal()))
                assert new.epoch == old.epoch + 1
                with pytest.raises(Fenced, match="written by another worker"):
                    await old.submit(press(old.next_signal()))
                told.rang.clear()
                with pytest.raises(Fenced):
                    await old.submit(press(old.next_signal()))
            writer.cancel()
    await other_store.close()

    assert [type(e) for e in group.value.exceptions] == [Fenced]
    assert told.silenced == ["solvik"]
    assert told.rang == []
    journal = await rows(store, tables.journal)
    assert [row.seq for row in journal] == list(range(1, len(journal) + 1))


async def test_a_stopped_engine_takes_nothing_more(store: Store) -> None:
    engine = await engine_on(store)
    async with running(store, engine):
        pass

    with pytest.raises(EngineStopped, match="send it again"):
        await engine.submit(motion(engine.next_signal()))


async def test_ids_are_never_used_again_even_when_their_commit_never_came(
    place: Place, store: Store
) -> None:
    first = await engine_on(store, initial=toy_house())
    async with running(store, first, clean=False) as tasks:
        await until(lambda: not first.unsettled)
        with place.stalled():
            lost = first.next_signal()
            submit = tasks.create_task(first.submit(press(lost)))
            await until(lambda: "1-1" in first.state.calls)
            submit.cancel()
    second = await engine_on(store, initial=toy_house())
    async with running(store, second):
        settled = await second.submit(press(second.next_signal()))

    assert second.epoch == first.epoch + 1
    assert "2-1" in settled.state.calls
    assert second.next_signal() != lost


async def test_whoever_waits_for_a_place_hears_that_the_engine_ended(store: Store) -> None:
    engine = await engine_on(store, limits=Limits(inbox=1))
    async with running(store, engine):
        await engine.stop()
        await until(lambda: engine.state.now is not None)
        told = [
            asyncio.ensure_future(engine.submit(press(engine.next_signal()))) for _ in "abc"
        ]
        async with asyncio.timeout(WITHIN_S):
            answers = await asyncio.gather(*told, return_exceptions=True)
    assert [type(answer) for answer in answers] == [EngineStopped] * 3
