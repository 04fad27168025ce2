"""The store: one writer per database commits the rows of all houses together.

Group commit: what arrived while the last transaction ran goes into the next one (`pace.py`
says when that begins). When the database has not answered for `unrecorded_after_s`, rows go to
the spool (spool.py) and everybody is told; outage.py brings them back, in order.
"""

import asyncio
from collections import defaultdict, deque
from collections.abc import AsyncIterator, Callable, Iterator, Mapping, Sequence
from contextlib import asynccontextmanager, contextmanager
from datetime import datetime
from pathlib import Path
from typing import Any, Self, TypeVar

import structlog
from sqlalchemy import Connection, Executable, func, insert, select
from sqlalchemy.ext.asyncio import AsyncConnection

from hub.store import tables
from hub.store.commit import is_outage
from hub.store.database import Database, database
from hub.store.journal import recover
from hub.store.migrate import migrate, require_newest
from hub.store.outage import Outage, StoreLimits
from hub.store.pace import Pace
from hub.store.rows import Appender, Fenced, Kept, RawMessage, Recovered, Row, StoreDown
from hub.store.spool import Spool, SpoolLost
from routing.events import StoreState
from routing.ids import HouseId

__all__ = ["Statement", "Store", "StoreLimits"]

log = structlog.get_logger(__name__)
T = TypeVar("T")

Statement = Executable | tuple[Executable, Sequence[Mapping[str, Any]]]

ADMINISTRATION_S = 10.0
"""How long an administrative transaction may wait for its turn."""


@contextmanager
def _told_as_outage() -> Iterator[None]:
    """Say in our own words that the database is away."""
    try:
        yield
    except Exception as error:
        if isinstance(error, SpoolLost) or not is_outage(error):
            raise
        cause = getattr(error, "orig", None) or error
        raise StoreDown(f"the database is busy or away, try again: {cause}") from error


class Store:
    """Journal, snapshots, projections and administration, on SQLite or PostgreSQL."""

    def __init__(self, database: Database, spool: Spool, limits: StoreLimits) -> None:
        self.database = database
        self.limits = limits
        self.state = StoreState.RECORDED
        self.last_commit_s = 0.0
        self.commits = 0
        self.found_at_start: list[str] = []
        """What was wrong with the spool of an earlier outage: told as faults by the engines."""
        self._outage = Outage(self, spool)
        self._appenders: dict[HouseId, Appender] = {}
        self._queue: deque[Row | Kept] = deque()
        self.dropped_raw = 0
        self._waiting: dict[tuple[HouseId, int], asyncio.Future[bool]] = {}
        self._pace = Pace()
        self._stopping = False

    @classmethod
    async def open(
        cls,
        url: str,
        *,
        spool: Path,
        limits: StoreLimits | None = None,
        spool_limit_bytes: int = 256 * 1024 * 1024,
    ) -> Self:
        """Connect; bring SQLite's tables up to date; append what an earlier outage spooled.

        Raises:
            SchemaBehind: PostgreSQL's tables are older than this program: `bjelle db upgrade`.
            StoreDown: the database does not answer.
            SpoolLost: there is no place for the spool.
        """
        base = database(url)
        with _told_as_outage():
            if base.url.get_backend_name() == "sqlite":
                await migrate(url)
            else:
                await require_newest(url)
        store = cls(base, Spool(spool, spool_limit_bytes), limits or StoreLimits())
        with _told_as_outage():
            store.found_at_start = await store._outage.drain_at_start()
        return store

    async def close(self) -> None:
        """Give the connections back. Stop `run` first."""
        await self.database.close()

    @property
    def trouble(self) -> str:
        """Why the last commit did not go through; empty while all is well."""
        return self._outage.last_error

    # --- Starting a house ---

    async def start_epoch(self, house: HouseId, at: datetime) -> int:
        """Commit a new epoch, so that no id of this start was ever used before."""

        def work(connection: Any) -> int:
            last = connection.scalar(
                select(func.max(tables.epochs.c.epoch)).where(tables.epochs.c.house == house)
            )
            epoch = (last or 0) + 1
            connection.execute(insert(tables.epochs).values(house=house, epoch=epoch, at=at))
            return epoch

        with _told_as_outage():
            return await self.database.transact(work)

    async def recover(self, house: HouseId) -> Recovered:
        """The newest snapshot, the rows after it, and where the chain stands."""
        with _told_as_outage():
            async with self.read() as connection:
                return await connection.run_sync(recover, house)

    # --- Questions and administration ---

    @asynccontextmanager
    async def read(self) -> AsyncIterator[AsyncConnection]:
        """`async with store.read() as connection`: for questions only."""
        async with self.database.read() as connection:
            yield connection

    async def write(self, *statements: Statement) -> list[int]:
        """Run small administrative statements in one transaction; gives the rows each touched.

        Raises StoreDown when the database does not take it now; nothing was written then,
        unless the answer alone was lost (repeat what may be repeated).
        """

        def work(connection: Any) -> list[int]:
            counts: list[int] = []
            for statement in statements:
                given = statement if isinstance(statement, tuple) else (statement,)
                counts.append(connection.execute(*given).rowcount)
            return counts

        return await self.transact(work)

    async def transact(self, work: Callable[[Connection], T]) -> T:
        """Run a small piece of administration in one transaction; fails as `write` does."""
        if self.state is not StoreState.RECORDED:
            raise StoreDown(
                "the database does not answer: nothing can be changed until it does"
            )
        with _told_as_outage():
            async with asyncio.timeout(ADMINISTRATION_S):
                return await self.database.transact(work)

    # --- What the engines hand in ---

    def attach(self, appender: Appender) -> None:
        """Rows of this house are answered to this engine."""
        self._appenders[appender.house] = appender
        if self.state is not StoreState.RECORDED:
            appender.store_changed(self.state, "the store was away when this house started")

    def detach(self, house: HouseId) -> None:
        """The engine stopped."""
        self._appenders.pop(house, None)

    def put(self, row: Row, *, awaited: bool = True) -> None:
        """Queue one row for the next transaction; its appender hears how it went.

        `awaited` False: nobody waits for what it lets out; it may share a transaction.
        """
        self._queue.append(row)
        if awaited:
            self._pace.now()
        else:
            self._pace.soon(len(self._queue))

    def keep(self, *kept: Kept) -> None:
        """Queue raw payloads, quarantined bytes or snapshots; they go with the rows around.

        Nothing waits here: where too many raw payloads wait for the writer they are dropped and
        counted (`dropped_raw`); what nobody understood is not.
        """
        for item in kept:
            if isinstance(item, RawMessage) and len(self._queue) >= self.limits.queued:
                self.dropped_raw += 1
            else:
                self._queue.append(item)
        self._pace.beside(len(self._queue))

    async def append(self, rows: Sequence[Row]) -> bool:
        """Put rows in and wait until they are durable; False: only in the spool."""
        loop = asyncio.get_running_loop()
        waits = []
        for row in rows:
            self._waiting[row.house, row.seq] = wait = loop.create_future()
            waits.append(wait)
            self.put(row)
        return all(await asyncio.gather(*waits))

    # --- The writer ---

    async def run(self) -> None:
        """Write until stopped. One for all houses; parented by the TaskGroup."""
        async with asyncio.TaskGroup() as tasks, self._outage.parented(tasks):
            while await self._something_to_do():
                rows, kept = self._take()
                await self._write_out(rows, kept)
        self._stopping = False

    async def stop(self) -> None:
        """Let `run` write what is queued, then end."""
        self._stopping = True
        self._pace.now()

    async def _something_to_do(self) -> bool:
        if self._queue and self._stopping:
            return True
        if self._queue:
            self._pace.soon(len(self._queue))
        while not self._stopping:
            await self._pace.turn()
            if self._queue:
                return True
        return bool(self._queue)

    def _take(self) -> tuple[list[Row], list[Kept]]:
        rows: list[Row] = []
        kept: list[Kept] = []
        for _ in range(min(len(self._queue), self.limits.group_rows)):
            entry = self._queue.popleft()
            if isinstance(entry, Row):
                rows.append(entry)
            else:
                kept.append(entry)
        return rows, kept

    async def _write_out(self, rows: list[Row], kept: list[Kept]) -> None:
        while True:
            if self.state is StoreState.RECORDED:
                if not await self._commit(rows, kept):
                    await self._outage.begin(rows, kept)
                return
            if await self._outage.take(rows, kept):
                return

    async def _commit(self, rows: list[Row], kept: list[Kept]) -> bool:
        """Commit, asking again while the database is away; False once patience is over."""
        loop = asyncio.get_running_loop()
        began = loop.time()
        deadline = began + self.limits.unrecorded_after_s
        while True:
            fenced = await self._outage.attempt(rows, kept, within_s=deadline - loop.time())
            if fenced is not None:
                self.last_commit_s = loop.time() - began
                self.commits += 1
                self.settle(rows, recorded=True, fenced=fenced)
                return True
            if loop.time() >= deadline:
                return False
            await asyncio.sleep(self.limits.retry_s)

    # --- Telling the engines ---

    def settle(
        self,
        rows: Sequence[Row],
        *,
        recorded: bool,
        fenced: Mapping[HouseId, str] | None = None,
    ) -> None:
        """Tell each engine how its rows went, in order."""
        groups: dict[HouseId, list[Row]] = defaultdict(list)
        for row in rows:
            groups[row.house].append(row)
        for house, group in groups.items():
            why = (fenced or {}).get(house)
            self._answer_waiting(group, recorded=recorded, why=why)
            if appender := self._appenders.get(house):
                if why is None:
                    appender.appended(group, recorded=recorded)
                else:
                    appender.lost_fence(why)

    def _answer_waiting(self, rows: Sequence[Row], *, recorded: bool, why: str | None) -> None:
        if not self._waiting:
            return
        for row in rows:
            wait = self._waiting.pop((row.house, row.seq), None)
            if wait is None or wait.done():
                continue
            if why is None:
                wait.set_result(recorded)
            else:
                wait.set_exception(Fenced(why))

    def change(self, state: StoreState, detail: str) -> None:
        """Take note that the database went away or came back, and tell every engine."""
        if state is self.state:
            return
        self.state = state
        level = log.info if state is StoreState.RECORDED else log.error
        level("store changed", state=state.value, detail=detail)
        for appender in list(self._appenders.values()):
            appender.store_changed(state, detail)
