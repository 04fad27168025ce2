"""A backup is taken while the hub works, and a restore is the same house."""

import gzip
import stat
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Table, select

from hub.backup import EPOCHS_AHEAD, LEFT_OUT, NotRestored, backup, check, restore
from hub.replay import replay, verify_chain
from hub.store import tables
from hub.store.database import database
from hub.store.rows import RawMessage
from hub.store.store import Store
from routing.ids import HouseId, SignalId
from tests.support.postgres import Cluster
from tests.support.shell import engine_on, running
from tests.support.stores import Place
from tests.support.toy import START, TOY, motion, press, take


async def a_filled_store(store: Store) -> None:
    """A short night, a raw payload, an account and a name."""
    engine = await engine_on(store)
    async with running(store, engine):
        store.keep(RawMessage(HouseId("solvik"), SignalId("1-1"), START, "z/x", b"\x00\xff"))
        await engine.submit(press(engine.next_signal()))
        await engine.submit(motion(engine.next_signal()))
        await engine.submit(take("1-1"))
        staff = {"house": "solvik", "staff": "anna"}
        account = {**staff, "login": "anna", "role": "carer", "pin_hash": "$argon2id$x"}
        session = {**staff, "token_hash": "0" * 64, "created_at": START, "expires_at": START}
        person = {"house": "solvik", "kind": "patient", "id": "p1", "name": "Ola Nordmann Ø"}
        seen = {
            "house": "solvik",
            "at": START,
            "staff": "anna",
            "what": "read",
            "subject": "p1",
        }
        await store.write(
            (tables.accounts.insert(), [account]),
            (tables.sessions.insert(), [session]),
            (tables.people.insert(), [{**person, "short": "Ola"}]),
            (tables.access_log.insert(), [seen, seen]),
        )


async def contents(url: str) -> dict[str, list[Any]]:
    """Every row of every table that a backup holds; epochs only as committed by starts."""
    base = database(url)
    found: dict[str, list[Any]] = {}

    def keys(table: Table) -> list[Any]:
        return list(table.primary_key)

    async with base.read() as connection:
        for table in tables.metadata.sorted_tables:
            if table.name not in (*LEFT_OUT, "epochs"):
                result = await connection.execute(select(table).order_by(*keys(table)))
                found[table.name] = [tuple(row) for row in result]
    await base.close()
    return found


async def test_a_restored_store_is_the_same_chain_replay_and_figures(
    place: Place, store: Store, tmp_path: Path
) -> None:
    await a_filled_store(store)
    file = tmp_path / "backup.gz"
    made = await backup(place.url, file)
    target = f"sqlite+aiosqlite:///{tmp_path / 'restored.db'}"

    restored = await restore(file, target)

    assert restored == made
    assert await contents(target) == await contents(place.url)
    assert (await verify_chain(target)) == (await verify_chain(place.url))
    assert (await replay(target, core=TOY)) == (await replay(place.url, core=TOY))
    assert (await replay(target, core=TOY))[0].same


@pytest.mark.postgres
async def test_a_house_moves_from_either_database_to_a_server(
    place: Place, store: Store, tmp_path: Path, postgres_cluster: Cluster
) -> None:
    await a_filled_store(store)
    file = tmp_path / "backup.gz"
    await backup(place.url, file)
    with postgres_cluster.database() as name:
        target = postgres_cluster.url(name)
        await restore(file, target)

        assert await contents(target) == await contents(place.url)
        moved = await Store.open(target, spool=tmp_path / "moved")
        # The server's own counters go on after the rows that came with numbers.
        seen = {"house": "solvik", "at": START, "staff": "a", "what": "r", "subject": "p"}
        assert await moved.write((tables.access_log.insert(), [seen])) == [1]
        engine = await engine_on(moved)
        async with running(moved, engine):
            assert engine.state.calls["1-1"].owner == "anna"  # type: ignore[index]
        await moved.close()


async def test_ids_given_after_the_backup_are_not_given_again(
    place: Place, store: Store, tmp_path: Path
) -> None:
    await a_filled_store(store)
    await backup(place.url, tmp_path / "b")
    later = [await engine_on(store) for _ in range(3)]
    target = f"sqlite+aiosqlite:///{tmp_path / 'restored.db'}"
    await restore(tmp_path / "b", target)

    second = await Store.open(target, spool=tmp_path / "other")
    again = await engine_on(second)
    await second.close()

    assert again.epoch > max(engine.epoch for engine in later)
    assert again.epoch == EPOCHS_AHEAD + 2


async def test_the_same_store_gives_the_same_bytes_and_only_its_owner_reads_them(
    place: Place, store: Store, tmp_path: Path
) -> None:
    await a_filled_store(store)

    await backup(place.url, tmp_path / "one")
    await backup(place.url, tmp_path / "two")

    assert (tmp_path / "one").read_bytes() == (tmp_path / "two").read_bytes()
    assert stat.S_IMODE((tmp_path / "one").stat().st_mode) == 0o600
    assert b"token_hash" not in gzip.decompress((tmp_path / "one").read_bytes())


async def test_a_backup_is_one_moment_of_a_hub_at_work(
    place: Place, store: Store, tmp_path: Path
) -> None:
    engine = await engine_on(store)
    async with running(store, engine) as tasks:

        async def work() -> None:
            for n in range(100):
                await engine.submit(press(engine.next_signal(), f"wrist-{n}"))

        busy = tasks.create_task(work())
        await engine.submit(press(engine.next_signal()))
        made = await backup(place.url, tmp_path / "b")
        await busy
    target = f"sqlite+aiosqlite:///{tmp_path / 'restored.db'}"
    await restore(tmp_path / "b", target)

    assert made.rows["ledger"] == made.rows["calls"] == made.rows["journal"] - 1
    assert (await replay(target, core=TOY))[0].same


@pytest.mark.parametrize("at", [30, -30, -1])
async def test_a_damaged_backup_is_refused_and_changes_nothing(
    store: Store, place: Place, tmp_path: Path, at: int
) -> None:
    await a_filled_store(store)
    file = tmp_path / "b"
    await backup(place.url, file)
    data = bytearray(file.read_bytes())
    data[at] ^= 0xFF
    file.write_bytes(data)

    with pytest.raises(NotRestored, match="use another backup"):
        await restore(file, f"sqlite+aiosqlite:///{tmp_path / 'restored.db'}")
    assert not (tmp_path / "restored.db").exists()


async def test_a_forged_row_is_refused_although_the_files_digest_is_right(
    store: Store, place: Place, tmp_path: Path
) -> None:
    await a_filled_store(store)
    journal = tables.journal
    await store.write(journal.update().where(journal.c.seq == 2).values(decisions="[]"))
    await backup(place.url, tmp_path / "b")
    check(tmp_path / "b")

    target = f"sqlite+aiosqlite:///{tmp_path / 'restored.db'}"
    with pytest.raises(NotRestored, match="row 2 does not follow"):
        await restore(tmp_path / "b", target)
    assert (await contents(target))["journal"] == []


async def test_a_restore_never_writes_over_a_house(
    store: Store, place: Place, tmp_path: Path
) -> None:
    await a_filled_store(store)
    await backup(place.url, tmp_path / "b")

    with pytest.raises(NotRestored, match="the target is not empty"):
        await restore(tmp_path / "b", place.url)
