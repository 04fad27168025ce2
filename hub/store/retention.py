"""What is kept how long, by purpose; small deletions, so that no commit waits for a big one.

Raw payloads and quarantined bytes: 30 days. Snapshots: the newest three, and the first of each
day for as long as a replay may begin there. Journal payloads older than the law or the house
wants are erased in place: their hash stays, and the chain holds. Where tags were heard is
erased after three days; nothing was decided by it, so that a replay passes over it.
"""

import asyncio
from datetime import datetime, timedelta

import structlog
from sqlalchemy import Delete, Table, and_, delete, func, select, tuple_, update
from sqlalchemy.exc import SQLAlchemyError

from hub.clock import Clock
from hub.store import tables
from hub.store.rows import PLACES, StoreDown
from hub.store.store import Store
from routing.ids import HouseId

log = structlog.get_logger(__name__)

RAW = timedelta(days=30)
SNAPSHOTS = timedelta(days=30)
PLACES_KEPT = timedelta(days=3)
"""Where somebody was heard: long enough to ask what happened that night, and no longer."""
NEWEST = 3
AT_ONCE = 2000
EVERY_S = 3600.0


async def keep_tidy(store: Store, clock: Clock) -> None:
    """Prune every hour; parented by the TaskGroup. An outage is waited out."""
    while True:
        await asyncio.sleep(EVERY_S)
        try:
            await prune(store, clock.now())
        except (StoreDown, SQLAlchemyError, OSError) as error:
            # A question asks the database itself: what it raises must not end the ringing.
            log.warning("not pruned", why=str(error))


async def prune(store: Store, now: datetime) -> dict[str, int]:
    """Delete what has been kept long enough; gives the rows deleted from each table."""
    deleted: dict[str, int] = {}
    for table in (tables.raw, tables.quarantine):
        deleted[str(table.name)] = await _prune_older(store, table, now - RAW)
    deleted["places"] = await _erase_places(store, now - PLACES_KEPT)
    deleted["snapshot"] = await _prune_snapshots(store, now - SNAPSHOTS)
    return deleted


async def _prune_older(store: Store, table: Table, before: datetime) -> int:
    total = 0
    while True:
        [count] = await store.write(_some_older(table, before))
        total += count
        if count < AT_ONCE:
            return total


def _some_older(table: Table, before: datetime) -> Delete:
    key = tuple_(*table.primary_key.columns)
    old = select(*table.primary_key.columns).where(table.c.at < before).limit(AT_ONCE)
    return delete(table).where(key.in_(old))


async def _prune_snapshots(store: Store, before: datetime) -> int:
    snapshot = tables.snapshot.c
    async with store.read() as connection:
        found = await connection.execute(
            select(snapshot.house, snapshot.seq, snapshot.at).order_by(
                snapshot.house, snapshot.seq
            )
        )
        by_house: dict[str, list[tuple[int, datetime]]] = {}
        for house, seq, at in found:
            by_house.setdefault(house, []).append((seq, at))
    gone = [
        (house, seq) for house, known in by_house.items() for seq in _superfluous(known, before)
    ]
    if not gone:
        return 0
    # Each by itself: the list is short, and SQLite takes no row values in a list.
    statements = [
        delete(tables.snapshot).where(and_(snapshot.house == house, snapshot.seq == seq))
        for house, seq in gone[:AT_ONCE]
    ]
    return sum(await store.write(*statements))


def _superfluous(known: list[tuple[int, datetime]], before: datetime) -> list[int]:
    """Neither among the newest, nor the first of its day, nor (if recent) the very first."""
    first_of_day: dict[object, int] = {}
    for seq, at in known:
        if at >= before:
            first_of_day.setdefault(at.date(), seq)
    kept = {*first_of_day.values(), *(seq for seq, _ in known[-NEWEST:])}
    return [seq for seq, _ in known if seq not in kept]


async def _erase_places(store: Store, before: datetime) -> int:
    """Erase where tags were heard, as far as a snapshot has taken it in."""
    journal, snapshot = tables.journal.c, tables.snapshot.c
    newest = (
        select(func.max(snapshot.seq)).where(snapshot.house == journal.house).scalar_subquery()
    )
    statement = (
        update(tables.journal)
        .where(
            journal.kind == PLACES,
            journal.at < before,
            journal.payload.is_not(None),
            journal.seq <= newest,
        )
        .values(payload=None)
    )
    [count] = await store.write(statement)
    return count


async def erase_payloads(store: Store, house: HouseId, before: datetime) -> int:
    """Erase journal payloads older than this, as far as a snapshot makes them unneeded."""
    async with store.read() as connection:
        newest = await connection.scalar(
            select(func.max(tables.snapshot.c.seq)).where(tables.snapshot.c.house == house)
        )
    journal = tables.journal.c
    statement = (
        update(tables.journal)
        .where(
            journal.house == house,
            journal.at < before,
            journal.seq <= (newest or 0),
            journal.payload.is_not(None),
        )
        .values(payload=None)
    )
    [count] = await store.write(statement)
    return count
