"""The two databases behind one small door: a transaction for the writer, connections to read.

SQLAlchemy Core does both. What the writer does is one plain function of a `Connection`: it runs
on a synchronous engine in one dedicated thread for SQLite (an asynchronous driver there is the
same thread with two more hops for each statement), inside the asynchronous engine for
PostgreSQL. Questions (`read`) go through the asynchronous engine on both.
"""

import asyncio
import functools
from collections.abc import AsyncIterator, Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager
from typing import Any, Protocol, TypeVar

from sqlalchemy import URL, Connection, Engine, create_engine, event, make_url
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine, create_async_engine
from sqlalchemy.pool import NullPool

T = TypeVar("T")

BUSY_S = 1.0
"""How long SQLite itself waits for another process's lock; we ask again after that."""
COMMAND_S = 30.0
"""A PostgreSQL that has not answered for this long is given up, and the connection with it."""


class Database(Protocol):
    """A place for transactions. Raises what SQLAlchemy raises."""

    url: URL

    async def transact(self, work: Callable[[Connection], T]) -> T:
        """Run `work` in one transaction, durable on return."""
        ...

    def read(self) -> Any:
        """`async with database.read() as connection`: for questions."""
        ...

    async def close(self) -> None:
        """Give everything back."""
        ...


class Sqlite:
    """A file. One thread writes; WAL lets others read meanwhile."""

    def __init__(self, url: URL) -> None:
        if not url.database or url.database == ":memory:":
            raise ValueError("store_url: SQLite needs a file: sqlite+aiosqlite:///bjelle.db")
        self.url = url
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="store")
        self._engine = writing_engine(url)
        self._reading: AsyncEngine = create_async_engine(
            url, connect_args={"timeout": 5}, hide_parameters=True
        )
        event.listen(self._reading.sync_engine, "connect", _only_reading)

    async def transact(self, work: Callable[[Connection], T]) -> T:
        """Run `work` in one transaction, durable on return."""
        loop = asyncio.get_running_loop()
        return await loop.run_in_executor(self._thread, functools.partial(self._work, work))

    def _work(self, work: Callable[[Connection], T]) -> T:
        with self._engine.begin() as connection:
            return work(connection)

    @asynccontextmanager
    async def read(self) -> AsyncIterator[AsyncConnection]:
        """`async with database.read() as connection`: for questions."""
        async with self._reading.connect() as connection:
            yield connection

    async def close(self) -> None:
        """Give everything back."""
        await self._reading.dispose()
        loop = asyncio.get_running_loop()
        await loop.run_in_executor(self._thread, self._engine.dispose)
        self._thread.shutdown(wait=False)


def writing_engine(url: URL) -> Engine:
    """An engine for SQLite that takes the write lock first and flushes each commit."""
    engine = create_engine(
        url.set(drivername="sqlite+pysqlite"),
        connect_args={"timeout": BUSY_S, "check_same_thread": False},
        # What was written must not stand in a log because the write failed.
        hide_parameters=True,
        pool_size=1,
        max_overflow=0,
    )
    event.listen(engine, "connect", _writing)
    event.listen(engine, "begin", _begin_immediate)
    return engine


def _writing(connection: Any, record: Any) -> None:
    del record
    # We say BEGIN ourselves (below).
    connection.isolation_level = None
    connection.execute("PRAGMA journal_mode=WAL")
    # FULL: in WAL the commit itself is flushed, not only the next checkpoint.
    connection.execute("PRAGMA synchronous=FULL")


def _begin_immediate(connection: Connection) -> None:
    # At once the writer's lock: a transaction that reads first could not be upgraded later.
    connection.exec_driver_sql("BEGIN IMMEDIATE")


def _only_reading(connection: Any, record: Any) -> None:
    del record
    cursor = connection.cursor()
    cursor.execute("PRAGMA query_only=1")
    cursor.close()


class Postgres:
    """A server. Transactions of the writer and questions share a small pool."""

    def __init__(self, url: URL) -> None:
        self.url = url
        self._engine = create_async_engine(
            url,
            connect_args={"command_timeout": COMMAND_S, "timeout": 5},
            hide_parameters=True,
            pool_size=4,
            max_overflow=8,
            pool_timeout=10,
        )

    async def transact(self, work: Callable[[Connection], T]) -> T:
        """Run `work` in one transaction, durable on return."""
        async with self._engine.begin() as connection:
            return await connection.run_sync(work)

    @asynccontextmanager
    async def read(self) -> AsyncIterator[AsyncConnection]:
        """`async with database.read() as connection`: for questions."""
        async with self._engine.connect() as connection:
            yield connection

    async def close(self) -> None:
        """Give everything back."""
        await self._engine.dispose()


def database(url: str) -> Sqlite | Postgres:
    """The database behind this SQLAlchemy URL."""
    parsed = make_url(url)
    match parsed.get_backend_name():
        case "sqlite":
            return Sqlite(parsed)
        case "postgresql":
            return Postgres(parsed)
        case other:
            raise ValueError(f"store_url: expected SQLite or PostgreSQL, got {other!r}")


def passing_engine(url: str) -> AsyncEngine:
    """An asynchronous engine that keeps no connection: for one-off commands."""
    return create_async_engine(url, poolclass=NullPool, hide_parameters=True)


async def snapshot_of(url: str, work: Callable[[Connection], T]) -> T:
    """Run `work` on one consistent view of the database, without holding the writer up.

    It may block: SQLite's runs in a thread; PostgreSQL's is for a command, not for a hub.
    """
    parsed = make_url(url)
    if parsed.get_backend_name() == "sqlite":
        return await asyncio.to_thread(_sqlite_snapshot, parsed, work)
    engine = passing_engine(url)
    try:
        async with engine.connect() as connection:
            given = await connection.execution_options(
                isolation_level="REPEATABLE READ", postgresql_readonly=True
            )
            return await given.run_sync(work)
    finally:
        await engine.dispose()


def _sqlite_snapshot(url: URL, work: Callable[[Connection], T]) -> T:
    engine = create_engine(
        url.set(drivername="sqlite+pysqlite"), poolclass=NullPool, hide_parameters=True
    )
    event.listen(engine, "connect", _own_begin)
    # In WAL a plain BEGIN sees one moment and keeps nobody from writing.
    event.listen(engine, "begin", lambda connection: connection.exec_driver_sql("BEGIN"))
    with engine.begin() as connection:
        return work(connection)


def _own_begin(connection: Any, record: Any) -> None:
    del record
    connection.isolation_level = None
