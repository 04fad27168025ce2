"""One group into the database: quickly, or row by row where the quick way is refused.

A refusal is rare and means one of three things: the rows are there already (the answer to an
earlier commit was lost), another worker holds the journal (the fence), or a projection cannot
take a row (then the journal alone gets it: the truth must not wait for a figure).
"""

import functools
from collections.abc import Mapping, Sequence

import structlog
from sqlalchemy import Connection, select
from sqlalchemy.exc import DBAPIError, SQLAlchemyError
from sqlalchemy.exc import IntegrityError as Conflict

from hub.store import tables
from hub.store.database import Database
from hub.store.projections import write_group
from hub.store.rows import Kept, Row, Snapshot
from routing.ids import HouseId

log = structlog.get_logger(__name__)

Refusals = Mapping[HouseId, str]
"""Houses whose journal another worker holds, and what was found there."""

_REFUSED_SQLSTATES = ("22", "23", "42")


def is_outage(error: Exception) -> bool:
    """Tell whether the database is away, as opposed to refusing these values."""
    if isinstance(error, (OSError, TimeoutError)):
        return True
    if not isinstance(error, DBAPIError):
        # SQLAlchemy's own: the pool gave no connection in time.
        return isinstance(error, SQLAlchemyError)
    if isinstance(error, Conflict):
        return False
    state = str(getattr(error.orig, "sqlstate", None) or "")
    cause = error.orig.__cause__ if error.orig is not None else None
    return not (state.startswith(_REFUSED_SQLSTATES) or isinstance(cause, ValueError))


async def commit(database: Database, rows: Sequence[Row], kept: Sequence[Kept]) -> Refusals:
    """Make a group durable. Returns the houses that lost their fence: their rows are not in."""
    try:
        await database.transact(functools.partial(write_group, rows=rows, kept=kept))
    except Exception as error:
        if is_outage(error):
            raise
        log.warning("group refused, going row by row", rows=len(rows), error=str(error))
        return await database.transact(functools.partial(write_carefully, rows=rows, kept=kept))
    return {}


def write_carefully(
    connection: Connection, rows: Sequence[Row], kept: Sequence[Kept]
) -> Refusals:
    """Put in what is missing, one by one, each in a savepoint of its own."""
    fenced: dict[HouseId, str] = {}
    for row in rows:
        if row.house in fenced:
            continue
        there = _digest_at(connection, row)
        if there is None:
            _write_one(connection, row)
        elif there != row.digest:
            fenced[row.house] = (
                f"journal row {row.seq} of {row.house} was written by another worker: "
                "this one stops; see that only one hub serves the house"
            )
    for item in kept:
        if isinstance(item, Snapshot) and item.house in fenced:
            # What it was made from is not in the journal: no start may begin there.
            continue
        try:
            with connection.begin_nested():
                write_group(connection, (), (item,))
        except (SQLAlchemyError, ValueError) as error:
            log.warning("payload not kept", house=item.house, error=str(error))
    return fenced


def _digest_at(connection: Connection, row: Row) -> str | None:
    journal = tables.journal.c
    return connection.scalar(
        select(journal.digest).where(journal.house == row.house, journal.seq == row.seq)
    )


def _write_one(connection: Connection, row: Row) -> None:
    try:
        with connection.begin_nested():
            write_group(connection, (row,))
    except Exception as error:
        if is_outage(error):
            raise
        log.exception("projection refused a row: only the journal has it", seq=row.seq)
        with connection.begin_nested():
            write_group(connection, (row,), projections=False)
