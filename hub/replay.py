"""Replay a journal: does this core decide today as was decided then? And is the chain whole?

Byte for byte within one core version; across versions the first difference is the answer.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from datetime import datetime
from typing import TypeVar

from sqlalchemy import Connection, select

from hub import records
from hub.core import Core
from hub.recovery import step_again
from hub.store import tables
from hub.store.database import database
from hub.store.journal import rows_after
from hub.store.rows import PLACES, JournalRow
from routing.ids import HouseId
from routing.state import State

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Difference:
    """One row that decides otherwise now."""

    seq: int
    kind: str
    at: str
    what: str


@dataclass(frozen=True, slots=True)
class Replayed:
    """What a replay found. `first` is None where everything was decided the same."""

    house: HouseId
    since_seq: int
    """The snapshot that it began with."""
    rows: int
    differences: int
    first: Difference | None
    state: State | None

    @property
    def same(self) -> bool:
        """Whether every decision is as it was."""
        return self.differences == 0


@dataclass(frozen=True, slots=True)
class Verified:
    """What a look at the chain found. `broken` is empty where it is whole."""

    house: HouseId
    rows: int
    erased: int
    """Rows whose payload was erased: the chain holds without it."""
    gaps: tuple[tuple[int, int], ...]
    """(last before, first after) where rows are missing: a spool was lost there."""
    broken: str
    digest: str

    @property
    def whole(self) -> bool:
        """Whether every row follows from the one before."""
        return not self.broken and not self.gaps


def replay_house(
    connection: Connection,
    house: HouseId,
    core: Core,
    *,
    initial: State | None = None,
    until: int | None = None,
) -> Replayed:
    """Step the journal again from the first snapshot that can be used.

    `initial` begins at the very first row instead: another plan, to see what would have been.
    """
    since, state = (0, initial) if initial is not None else _first_usable(connection, house)
    if state is None:
        return Replayed(house, 0, 0, 0, None, None)
    snapshots = {} if initial is not None else _snapshots(connection, house)
    rows, found, first, unplaced = 0, 0, None, False
    journal = rows_after(connection, house, since, until)
    for stepped in step_again(state, journal, core):
        state = stepped.state
        rows += 1
        unplaced = unplaced or (stepped.row.kind == PLACES and stepped.row.payload is None)
        what = stepped.difference or _snapshot_difference(
            stepped.row, state, core, snapshots, unplaced=unplaced
        )
        if what:
            found += 1
            row = stepped.row
            first = first or Difference(row.seq, row.kind, row.at.isoformat(), what)
    return Replayed(house, since, rows, found, first, state)


def _first_usable(connection: Connection, house: HouseId) -> tuple[int, State | None]:
    """The oldest snapshot after which no payload was erased and no row is missing."""
    journal, snapshot = tables.journal.c, tables.snapshot.c
    erased = connection.scalars(
        select(journal.seq)
        .where(journal.house == house, journal.payload.is_(None), journal.kind != PLACES)
        .order_by(journal.seq.desc())
        .limit(1)
    ).first()
    query = select(snapshot.seq, snapshot.state).where(snapshot.house == house)
    after = max(erased or 0, _last_gap(connection, house))
    found = connection.execute(
        query.where(snapshot.seq >= after).order_by(snapshot.seq).limit(1)
    ).first()
    return (found.seq, records.decode_state(found.state)) if found else (0, None)


def begin_at(
    connection: Connection, house: HouseId, since: datetime | None
) -> tuple[int, datetime, State]:
    """Return row, time and state of the newest usable snapshot by `since`, else the first.

    Raises:
        LookupError: the house has no snapshot to begin at.
    """
    seq, state = _first_usable(connection, house)
    if state is None:
        raise LookupError(f"{house} has no journal to begin with: it has not run yet")
    snapshot = tables.snapshot.c
    query = select(snapshot.seq, snapshot.at, snapshot.state).where(
        snapshot.house == house, snapshot.seq >= seq
    )
    later = None
    if since is not None:
        newest = query.where(snapshot.at <= since).order_by(snapshot.seq.desc()).limit(1)
        later = connection.execute(newest).first()
    found = later or connection.execute(query.order_by(snapshot.seq).limit(1)).one()
    return found.seq, found.at, records.decode_state(found.state)


def _last_gap(connection: Connection, house: HouseId) -> int:
    journal = tables.journal.c
    expected, last = 1, 0
    for seq in connection.scalars(
        select(journal.seq).where(journal.house == house).order_by(journal.seq)
    ):
        if seq != expected:
            last = seq - 1
        expected = seq + 1
    return last


def _snapshots(connection: Connection, house: HouseId) -> dict[int, tuple[str, str]]:
    snapshot = tables.snapshot.c
    found = connection.execute(
        select(snapshot.seq, snapshot.core_version, snapshot.state).where(
            snapshot.house == house
        )
    )
    return {row.seq: (row.core_version, row.state) for row in found}


def _snapshot_difference(
    row: JournalRow,
    state: State,
    core: Core,
    snapshots: dict[int, tuple[str, str]],
    *,
    unplaced: bool,
) -> str:
    """The same effects from another state would differ later: see it here."""
    version, stored = snapshots.get(row.seq, ("", ""))
    if version != core.version or records.encode_state(state).decode() == stored:
        return ""
    if unplaced and _without_places(state) == _without_places(records.decode_state(stored)):
        return ""
    return f"the state after row {row.seq} is not that of its snapshot"


def _without_places(state: State) -> State:
    """Where tags were heard is erased sooner than the rest, and nothing rests on it."""
    return replace(state, places={}, now=None)


def verify_house(
    connection: Connection, house: HouseId, *, newest: int | None = None
) -> Verified:
    """Follow the chain from the first row, or over the `newest` rows only."""
    since, digest = _before_newest(connection, house, newest)
    expected = since + 1
    rows, erased, gaps = 0, 0, list[tuple[int, int]]()
    for row in rows_after(connection, house, since):
        rows += 1
        if row.seq != expected:
            # The missing rows' digest is unknown: trust this one's, and say where.
            gaps.append((expected - 1, row.seq))
        elif broken := _broken(row, digest):
            return Verified(house, rows, erased, tuple(gaps), broken, digest)
        erased += row.payload is None
        digest, expected = row.digest, row.seq + 1
    return Verified(house, rows, erased, tuple(gaps), "", digest)


def _before_newest(
    connection: Connection, house: HouseId, newest: int | None
) -> tuple[int, str]:
    """The row before the newest ones, whose digest is trusted; without one, the beginning."""
    journal = tables.journal.c
    ours = select(journal.seq, journal.digest).where(journal.house == house)
    if newest is not None:
        query = ours.order_by(journal.seq.desc()).offset(newest).limit(1)
        if (row := connection.execute(query).first()) is not None:
            return row.seq, row.digest
    return 0, records.genesis(house)


def _broken(row: JournalRow, previous: str) -> str:
    payload = row.payload
    if payload is not None and records.payload_hash(payload) != row.payload_hash:
        return f"row {row.seq}: its payload was changed after it was written"
    digest = records.chain(
        previous,
        row.seq,
        row.at,
        row.kind,
        row.payload_hash,
        row.decisions,
        row.core_version,
    )
    if digest != row.digest:
        return f"row {row.seq} does not follow from row {row.seq - 1}: one was changed"
    return ""


def houses(connection: Connection) -> list[HouseId]:
    """The houses that this journal holds."""
    found = connection.scalars(select(tables.journal.c.house).distinct())
    return sorted(HouseId(house) for house in found)


async def replay(
    url: str, house: HouseId | None = None, *, core: Core | None = None
) -> list[Replayed]:
    """Replay one house, or all, of the store behind this URL."""
    chosen = core or Core.shipped()

    def work(connection: Connection) -> Iterator[Replayed]:
        for one in [house] if house else houses(connection):
            yield replay_house(connection, one, chosen)

    return await _with_connection(url, work)


async def verify_chain(
    url: str, house: HouseId | None = None, *, newest: int | None = None
) -> list[Verified]:
    """Follow the chain of one house, or of all, of the store behind this URL."""

    def work(connection: Connection) -> Iterator[Verified]:
        for one in [house] if house else houses(connection):
            yield verify_house(connection, one, newest=newest)

    return await _with_connection(url, work)


async def _with_connection(url: str, work: Callable[[Connection], Iterator[T]]) -> list[T]:
    base = database(url)
    try:
        async with base.read() as connection:
            return await connection.run_sync(lambda given: list(work(given)))
    finally:
        await base.close()
