"""Reading the journal back."""

from collections.abc import Iterator
from typing import Any

from sqlalchemy import Connection, Row, select

from hub import records
from hub.store import tables
from hub.store.rows import JournalRow, Recovered
from routing.ids import HouseId

PAGE = 1000


def recover(connection: Connection, house: HouseId) -> Recovered:
    """The newest snapshot, the rows after it, and where the chain stands."""
    snapshot = tables.snapshot
    newest = connection.execute(
        select(snapshot.c.seq, snapshot.c.at, snapshot.c.state)
        .where(snapshot.c.house == house)
        .order_by(snapshot.c.seq.desc())
        .limit(1)
    ).first()
    seq = newest.seq if newest else 0
    tail = tuple(rows_after(connection, house, seq))
    last = tail[-1] if tail else _row_at(connection, house, seq)
    return Recovered(
        house=house,
        state=records.decode_state(newest.state) if newest else None,
        snapshot_seq=seq,
        tail=tail,
        seq=last.seq if last else seq,
        digest=last.digest if last else records.genesis(house),
        last_at=last.at if last else (newest.at if newest else None),
    )


def rows_after(
    connection: Connection, house: HouseId, seq: int, until: int | None = None
) -> Iterator[JournalRow]:
    """The journal's rows after `seq`, in order, page by page."""
    journal = tables.journal
    query = select(journal).where(journal.c.house == house).order_by(journal.c.seq).limit(PAGE)
    if until is not None:
        query = query.where(journal.c.seq <= until)
    while page := connection.execute(query.where(journal.c.seq > seq)).all():
        yield from map(_journal_row, page)
        seq = page[-1].seq


def _row_at(connection: Connection, house: HouseId, seq: int) -> JournalRow | None:
    journal = tables.journal
    found = connection.execute(
        select(journal).where(journal.c.house == house, journal.c.seq == seq)
    ).first()
    return _journal_row(found) if found else None


def _journal_row(row: Row[Any]) -> JournalRow:
    return JournalRow(
        house=HouseId(row.house),
        seq=row.seq,
        at=row.at,
        kind=row.kind,
        payload=None if row.payload is None else row.payload.encode(),
        payload_hash=row.payload_hash,
        decisions=row.decisions.encode(),
        digest=row.digest,
        core_version=row.core_version,
    )
