"""The database is away: all still rings, rows wait in the spool and come back in order."""

import asyncio
from pathlib import Path

import pytest

from hub import records
from hub.store import tables
from hub.store.rows import Row, StoreDown
from hub.store.spool import Spool, SpoolLost
from hub.store.store import Store, StoreLimits
from routing.effects import Reply
from routing.events import StoreState
from tests.support import postgres
from tests.support.mosquitto import free_port
from tests.support.shell import engine_on, rows, running, until
from tests.support.stores import Place
from tests.support.toy import Told, motion, press, take

HASTY = StoreLimits(unrecorded_after_s=0.3, probe_s=0.05, retry_s=0.05)


async def assert_whole_chain(store: Store, house: str = "solvik") -> list[str]:
    """Every row follows the one before; gives the kinds."""
    digest = records.genesis(house)
    journal = [row for row in await rows(store, tables.journal) if row.house == house]
    for n, row in enumerate(journal, 1):
        digest = records.chain(
            digest,
            n,
            row.at,
            row.kind,
            row.payload_hash,
            row.decisions.encode(),
            row.core_version,
        )
        assert (row.seq, row.digest) == (n, digest)
        assert records.payload_hash(row.payload.encode()) == row.payload_hash
    return [row.kind for row in journal]


async def test_an_outage_is_told_spooled_settled_and_made_good_in_order(place: Place) -> None:
    store, told = await place.open(HASTY), Told()
    engine = await engine_on(store, "solvik", told)
    async with running(store, engine) as tasks:
        await until(lambda: not engine.unsettled)
        with place.stalled():
            first = await tasks.create_task(engine.submit(press(engine.next_signal())))
            await until(lambda: engine.state.store is StoreState.UNRECORDED)
            taken = await engine.submit(take("1-1"))

            assert (first.recorded, taken.recorded) == (False, False)
            assert [e.ok for e in taken.effects if isinstance(e, Reply)] == [True]
            assert place.spool.stat().st_size > 0
        await until(lambda: engine.state.store is StoreState.RECORDED)
        after = await engine.submit(motion(engine.next_signal()))

    assert after.recorded
    assert await assert_whole_chain(store) == [
        "Started",
        "SignalReceived",
        "StoreChanged",
        "CallTaken",
        "StoreChanged",
        "SignalReceived",
    ]
    assert not place.spool.exists()
    calls = await rows(store, tables.calls)
    assert [(call.id, call.state, call.owner) for call in calls] == [("1-1", "taken", "anna")]
    await store.close()


async def test_a_hub_that_dies_in_an_outage_begins_with_its_spool(place: Place) -> None:
    store = await place.open(HASTY)
    engine = await engine_on(store)
    async with running(store, engine, clean=False) as tasks:
        await until(lambda: not engine.unsettled)
        with place.stalled():
            await tasks.create_task(engine.submit(press(engine.next_signal())))
            await until(lambda: engine.state.store is StoreState.UNRECORDED)
            await until(lambda: not engine.unsettled)
            for task in tasks._tasks:
                task.cancel()
    await store.close()

    second = await place.open()
    again = await engine_on(second)
    async with running(second, again):
        pass

    assert "1-1" in again.state.calls
    assert again.state.store is StoreState.RECORDED
    assert (await assert_whole_chain(second))[:3] == [
        "Started",
        "SignalReceived",
        "StoreChanged",
    ]
    assert not place.spool.exists()
    await second.close()


async def test_with_the_spool_full_too_everything_still_rings_and_is_told(place: Place) -> None:
    store, told = await place.open(HASTY, spool_limit_bytes=2000), Told()
    engine = await engine_on(store, "solvik", told)
    async with running(store, engine) as tasks:
        await until(lambda: not engine.unsettled)
        with place.stalled():
            submits = [
                tasks.create_task(engine.submit(press(engine.next_signal(), f"wrist-{n}")))
                for n in range(20)
            ]
            settled = await asyncio.gather(*submits)
            await until(lambda: engine.state.store is StoreState.SPOOL_LOST)
        await until(lambda: engine.state.store is StoreState.RECORDED)

    assert len(told.rang) == 40
    assert not any(s.recorded for s in settled)
    assert (await assert_whole_chain(store)).count("SignalReceived") == 20
    await store.close()


async def test_rows_that_nothing_could_hold_leave_a_gap_and_recovery_starts_after_it(
    place: Place,
) -> None:
    limits = StoreLimits(unrecorded_after_s=0.3, probe_s=0.05, retry_s=0.05, held_rows=5)
    store = await place.open(limits, spool_limit_bytes=1)
    engine = await engine_on(store)
    async with running(store, engine, clean=False) as tasks:
        await until(lambda: not engine.unsettled)
        with place.stalled():
            await engine.submit(press(engine.next_signal()))
            await until(lambda: engine.state.store is StoreState.SPOOL_LOST)
            submits = [
                tasks.create_task(engine.submit(press(engine.next_signal()))) for _ in range(20)
            ]
            await asyncio.gather(*submits)
        await until(lambda: engine.state.store is StoreState.RECORDED)
        await engine.submit(press(engine.next_signal()))
    await store.close()

    second = await place.open()
    again = await engine_on(second)
    assert again.state == engine.state
    stored = [row.seq for row in await rows(second, tables.journal)]
    assert len(stored) < engine.seq
    await second.close()


async def test_a_spool_whose_disk_comes_back_gets_what_was_held_first(place: Place) -> None:
    away = Place(place.url, place.folder / "disk", place.stalled)
    away.folder.mkdir()
    store = await away.open(HASTY)
    engine = await engine_on(store)
    async with running(store, engine):
        await until(lambda: not engine.unsettled)
        away.folder.rmdir()
        with place.stalled():
            await engine.submit(press(engine.next_signal(), "wrist-1"))
            await until(lambda: engine.state.store is StoreState.SPOOL_LOST)
            await until(lambda: not engine.unsettled)
            away.folder.mkdir()
            await engine.submit(press(engine.next_signal(), "wrist-2"))
            await until(lambda: engine.state.store is StoreState.UNRECORDED)

            spooled = [e.seq for e in Spool(away.spool).read().entries if isinstance(e, Row)]
            assert spooled[:4] == [2, 3, 4, 5]
        await until(lambda: engine.state.store is StoreState.RECORDED)

    assert (await assert_whole_chain(store)).count("SignalReceived") == 2
    await store.close()


async def test_a_spool_that_is_gone_for_good_does_not_keep_the_store_away(
    place: Place,
) -> None:
    away = Place(place.url, place.folder / "disk", place.stalled)
    away.folder.mkdir()
    store = await away.open(HASTY)
    engine = await engine_on(store)
    async with running(store, engine):
        await until(lambda: not engine.unsettled)
        away.folder.rmdir()
        with place.stalled():
            await engine.submit(press(engine.next_signal()))
            await until(lambda: engine.state.store is StoreState.SPOOL_LOST)
        await until(lambda: engine.state.store is StoreState.RECORDED)

    assert (await assert_whole_chain(store)).count("SignalReceived") == 1
    await store.close()


async def test_a_missing_spool_folder_is_said_at_the_start(place: Place) -> None:
    with pytest.raises(SpoolLost, match="create it, or set data_dir"):
        await Place(place.url, place.folder / "no", place.stalled).open()


async def test_administration_says_that_the_store_is_away(place: Place) -> None:
    store = await place.open(HASTY)
    engine = await engine_on(store)
    async with running(store, engine) as tasks:
        await until(lambda: not engine.unsettled)
        with place.stalled():
            tasks.create_task(engine.submit(motion(engine.next_signal())))
            await until(lambda: store.state is StoreState.UNRECORDED)
            with pytest.raises(StoreDown, match="nothing can be changed until it does"):
                await store.write(tables.people.delete())
        await until(lambda: store.state is StoreState.RECORDED)
        assert await store.write(tables.people.delete()) == [0]
    await store.close()


@pytest.mark.postgres
async def test_a_server_that_dies_and_comes_back_gets_every_row(tmp_path: Path) -> None:
    with postgres.running() as cluster, cluster.database() as name:
        place = Place(cluster.url(name), tmp_path, lambda: cluster.stalled(name))
        store = await place.open(HASTY)
        engine = await engine_on(store)
        async with running(store, engine):
            await engine.submit(press(engine.next_signal()))
            cluster.stop("immediate")
            down = await engine.submit(take("1-1"))
            cluster.start()
            await until(lambda: engine.state.store is StoreState.RECORDED)
            up = await engine.submit(motion(engine.next_signal()))

        assert (down.recorded, up.recorded) == (False, True)
        assert (await assert_whole_chain(store)).count("SignalReceived") == 2
        await store.close()


async def test_a_server_that_is_not_there_is_said_so_at_the_start(tmp_path: Path) -> None:
    url = f"postgresql+asyncpg://bjelle:x@127.0.0.1:{free_port()}/bjelle"

    with pytest.raises(StoreDown, match="busy or away, try again"):
        await Store.open(url, spool=tmp_path / "spool")
