"""The whole store in one file, consistent, checked, and the same for both databases.

A gzip of lines of JSON: a header (format, schema revision, tables and their columns), one line
per row, and a last line with the SHA-256 of all before it. It holds names and password hashes:
the file is readable by its owner only; keep it where the hub's own disk is not. Sessions are
left out: after a restore everybody signs in again.
"""

import asyncio
import base64
import contextlib
import gzip
import hashlib
import os
import zlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

import msgspec
from sqlalchemy import Column, Connection, Table, func, insert, select
from sqlalchemy.dialects import postgresql
from sqlalchemy.types import LargeBinary

from hub.replay import houses, verify_house
from hub.store import tables
from hub.store.database import database, snapshot_of
from hub.store.migrate import migrate, revision_of

FORMAT = 1
LEFT_OUT = ("sessions",)
BATCH = 500
NOTE = "last-backup.json"
EPOCHS_AHEAD = 1000
"""The hub may have started again since the backup: its ids must not be given twice."""


class NotRestored(RuntimeError):  # noqa: N818 (a state of affairs)
    """The file or the target is not fit; nothing was changed."""


@dataclass(frozen=True, slots=True)
class Backup:
    """What went into the file, or came out of it."""

    rows: dict[str, int]
    digest: str
    revision: str | None


def _backed_up() -> list[Table]:
    return [table for table in tables.metadata.sorted_tables if table.name not in LEFT_OUT]


async def backup(url: str, file: Path) -> Backup:
    """Write the store behind this URL to a file, while the hub may go on working."""
    partial = file.with_name(f"{file.name}.partial")

    def work(connection: Connection) -> Backup:
        handle = os.open(partial, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with os.fdopen(handle, "wb") as raw:
            # No time and no name in the header: the same store gives the same bytes.
            with gzip.GzipFile(filename="", fileobj=raw, mode="wb", mtime=0) as out:
                done = _dump(connection, out)
            raw.flush()
            os.fsync(raw.fileno())
        return done

    done = await snapshot_of(url, work)
    await asyncio.to_thread(partial.replace, file)
    return done


@dataclass(frozen=True, slots=True)
class LastBackup:
    """Where the newest backup is and when it was made: what `bjelle doctor` asks for."""

    at: datetime
    file: str


def note(data_dir: Path, last: LastBackup) -> None:
    """Write down that a backup was made; that it cannot be written hurts no backup."""
    with contextlib.suppress(OSError):
        (data_dir / NOTE).write_bytes(msgspec.json.encode(last))


def noted(data_dir: Path) -> LastBackup | None:
    """Return the newest backup that was written down."""
    try:
        return msgspec.json.decode((data_dir / NOTE).read_bytes(), type=LastBackup)
    except (OSError, msgspec.MsgspecError):
        return None


def _dump(connection: Connection, out: gzip.GzipFile) -> Backup:
    digest = hashlib.sha256()
    counts: dict[str, int] = {}

    def line(value: Any) -> None:
        data = msgspec.json.encode(value) + b"\n"
        digest.update(data)
        out.write(data)

    revision = revision_of(connection)
    columns = {str(table.name): [str(c.name) for c in table.c] for table in _backed_up()}
    line({"bjelle": "backup", "format": FORMAT, "revision": revision, "tables": columns})
    for table in _backed_up():
        writers = [_writer(column) for column in table.c]
        name = str(table.name)
        counts[name] = 0
        query = select(table).order_by(*table.primary_key.columns)
        for row in connection.execute(query, execution_options={"yield_per": BATCH}):
            values = [write(value) for write, value in zip(writers, row, strict=True)]
            line([name, *values])
            counts[name] += 1
    total = digest.hexdigest()
    out.write(msgspec.json.encode({"sha256": total, "rows": counts}) + b"\n")
    return Backup(counts, total, revision)


async def restore(file: Path, url: str) -> Backup:
    """Fill an empty store from a file. The chain of every house is followed before it counts.

    Raises:
        NotRestored: the file is damaged, the target is not empty, or a chain does not hold.
    """
    found = await asyncio.to_thread(check, file)
    await migrate(url, found.revision or "head")
    base = database(url)
    try:
        await base.transact(lambda connection: _load(connection, file))
    finally:
        await base.close()
    await migrate(url)
    return found


def check(file: Path) -> Backup:
    """Read the whole file and compare its digest. Raises NotRestored."""
    digest = hashlib.sha256()
    header: dict[str, Any] | None = None
    last = b""
    try:
        with gzip.open(file, "rb") as lines:
            for line in lines:
                digest.update(last)
                header = header or msgspec.json.decode(line)
                last = line
        footer = msgspec.json.decode(last)
    except (OSError, EOFError, zlib.error, msgspec.MsgspecError) as error:
        raise NotRestored(f"{file.name} is damaged ({error}): use another backup") from error
    if not isinstance(header, dict) or header.get("bjelle") != "backup":
        raise NotRestored(f"{file.name} is no backup of Bjelle")
    if header["format"] != FORMAT:
        raise NotRestored(f"{file.name} has format {header['format']}: use a newer Bjelle")
    if not isinstance(footer, dict) or footer.get("sha256") != digest.hexdigest():
        raise NotRestored(f"{file.name} is damaged (its digest differs): use another backup")
    return Backup(footer["rows"], footer["sha256"], header["revision"])


def _load(connection: Connection, file: Path) -> None:
    for table in _backed_up():
        if connection.execute(select(table).limit(1)).first() is not None:
            raise NotRestored(
                f"the target is not empty ({table.name} has rows): restore into a new database"
            )
    for table, rows in _batches(file):
        connection.execute(insert(table), rows)
    _after_load(connection)


def _after_load(connection: Connection) -> None:
    for house in houses(connection):
        verified = verify_house(connection, house)
        if verified.broken:
            raise NotRestored(f"journal of {house}: {verified.broken}")
    epochs = tables.epochs
    newest = select(epochs.c.house, func.max(epochs.c.epoch), func.max(epochs.c.at))
    for house, epoch, at in connection.execute(newest.group_by(epochs.c.house)).all():
        ahead = epoch + EPOCHS_AHEAD
        connection.execute(insert(epochs).values(house=house, epoch=ahead, at=at))
    if connection.dialect.name == "postgresql":
        _advance_counters(connection)


def _advance_counters(connection: Connection) -> None:
    """Rows came with their numbers: PostgreSQL's counters do not know of them."""
    table = tables.access_log
    name = postgresql.dialect().identifier_preparer.format_table(table)
    sequence = func.pg_get_serial_sequence(name, "id")
    highest = select(func.max(table.c.id)).scalar_subquery()
    connection.execute(select(func.setval(sequence, highest)).where(highest.is_not(None)))


def _batches(file: Path) -> Iterator[tuple[Table, list[dict[str, Any]]]]:
    with gzip.open(file, "rb") as lines:
        header = msgspec.json.decode(next(lines))
        readers = {
            name: [(column, _reader(_table(name).c[column])) for column in columns]
            for name, columns in header["tables"].items()
        }
        name, batch = "", list[dict[str, Any]]()
        for line in lines:
            entry = msgspec.json.decode(line)
            if isinstance(entry, dict):
                break
            if batch and (entry[0] != name or len(batch) >= BATCH):
                yield _table(name), batch
                batch = []
            name = entry[0]
            pairs = zip(readers[name], entry[1:], strict=True)
            batch.append({column: read(value) for (column, read), value in pairs})
        if batch:
            yield _table(name), batch


def _table(name: str) -> Table:
    return tables.metadata.tables[name]


def _writer(column: Column[Any]) -> Callable[[Any], Any]:
    if isinstance(column.type, LargeBinary):
        return lambda value: None if value is None else base64.b64encode(value).decode()
    return lambda value: value


def _reader(column: Column[Any]) -> Callable[[Any], Any]:
    if isinstance(column.type, LargeBinary):
        return lambda value: None if value is None else base64.b64decode(value)
    if isinstance(column.type, tables.Utc):
        return lambda value: None if value is None else datetime.fromisoformat(value)
    return lambda value: value
