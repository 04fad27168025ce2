"""The database is away: rows wait in the spool, and come back in order.

States: RECORDED -> UNRECORDED (rows in the spool, fsynced) -> SPOOL_LOST (spool full or its
disk gone too: rows held in memory, bounded; still nothing stops ringing) -> RECORDED.
"""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Protocol

import structlog

from hub.store.commit import Refusals, commit
from hub.store.database import Database
from hub.store.rows import Kept, RawMessage, Row, Snapshot
from hub.store.spool import Spool, SpoolLost
from routing.events import StoreState

log = structlog.get_logger(__name__)

Outcome = Refusals | Exception


@dataclass(frozen=True, slots=True)
class StoreLimits:
    """How patient the store is, and how much it holds."""

    unrecorded_after_s: float = 5.0
    retry_s: float = 0.1
    probe_s: float = 1.0
    group_rows: int = 2000
    """Rows of one transaction at most."""
    held_rows: int = 100_000
    """Rows held in memory when the spool is lost too; what comes after is not stored at all."""
    queued: int = 50_000
    """Rows waiting for the writer, beyond which raw payloads are no longer kept."""


class Writer(Protocol):
    """The store, as far as an outage needs it."""

    database: Database
    limits: StoreLimits
    state: StoreState

    def settle(
        self, rows: Sequence[Row], *, recorded: bool, fenced: Refusals | None = None
    ) -> None:
        """Tell each engine how its rows went, in order."""
        ...

    def change(self, state: StoreState, detail: str) -> None:
        """Take note that the database went away or came back, and tell every engine."""
        ...


class Outage:
    """Takes rows while the database is away, and brings them back when it answers again."""

    def __init__(self, store: Writer, spool: Spool) -> None:
        self._store = store
        self._spool = spool
        self._tasks: asyncio.TaskGroup | None = None
        self._attempt: asyncio.Task[Outcome] | None = None
        self._healing: asyncio.Task[None] | None = None
        self._lock = asyncio.Lock()
        # A half-written group must not be read: one operation on the file at a time.
        self._file = asyncio.Lock()
        self._held: list[Row] = []
        self._offset = 0
        self._refused = False
        self.lost_rows = 0
        """Rows that neither database nor spool nor memory could hold: a gap in the journal."""
        self.last_error = ""

    @asynccontextmanager
    async def parented(self, tasks: asyncio.TaskGroup) -> AsyncIterator[None]:
        """Run the background work in this group; end it at the group's end."""
        self._tasks = tasks
        try:
            yield
        finally:
            # What is left stays in the spool: the next start begins with it.
            if self._healing is not None:
                self._healing.cancel()
            self._tasks = None

    # --- Transactions -----------------------------------------------------------------------

    async def attempt(
        self, rows: Sequence[Row], kept: Sequence[Kept], *, within_s: float
    ) -> Refusals | None:
        """Try to commit; None: it failed, or has not answered within this time.

        A transaction is never cancelled: nobody would know whether it was done. It is left to
        end by itself, and nothing else is tried before that. Rows that turn out to be in the
        journal already are recognised by their digest.
        """
        if self._tasks is None:
            raise RuntimeError("the store does not run: start Store.run in the task group")
        if self._attempt is None or self._attempt.done():
            self._attempt = self._tasks.create_task(self._outcome(rows, kept), name="commit")
            mine = True
        else:
            mine = False
        done, _ = await asyncio.wait({self._attempt}, timeout=max(0.0, within_s))
        if not done or not mine:
            self.last_error = self.last_error or "no answer"
            return None
        outcome = self._attempt.result()
        if isinstance(outcome, Exception):
            if str(outcome) != self.last_error:
                log.warning("database did not take a commit", error=str(outcome))
            self.last_error = str(outcome)
            return None
        self.last_error = ""
        return outcome

    async def _outcome(self, rows: Sequence[Row], kept: Sequence[Kept]) -> Outcome:
        # Whatever it is, rows must not be lost and nothing stops ringing: it is an outage.
        try:
            return await commit(self._store.database, rows, kept)
        except Exception as error:  # noqa: BLE001
            return error

    # --- Going away -------------------------------------------------------------------------

    async def begin(self, rows: Sequence[Row], kept: Sequence[Kept]) -> None:
        """The database's time is up: spool these rows, tell everybody, start asking again."""
        why = self.last_error or "no answer"
        self._store.change(StoreState.UNRECORDED, why)
        await self.take(rows, kept)
        assert self._tasks is not None
        self._healing = self._tasks.create_task(self._heal(), name="store heals")

    async def take(self, rows: Sequence[Row], kept: Sequence[Kept]) -> bool:
        """Take rows while the database is away; False: it is back, commit them instead."""
        async with self._lock:
            if self._store.state is StoreState.RECORDED:
                return False
            entries = [*self._held, *rows, *self._worth_spooling(kept)]
            try:
                async with self._file:
                    await asyncio.to_thread(self._spool.append, entries)
            except SpoolLost as error:
                self._hold(rows)
                self._store.change(StoreState.SPOOL_LOST, str(error))
            else:
                self._held.clear()
                self._store.change(StoreState.UNRECORDED, "the spool takes rows again")
            self._store.settle(rows, recorded=False)
        return True

    def _worth_spooling(self, kept: Sequence[Kept]) -> list[Kept]:
        """Raw payloads while there is ample room, what nobody understood as long as any."""
        ample = self._spool.size() < self._spool.limit_bytes // 2
        return [
            item
            for item in kept
            if not isinstance(item, Snapshot) and (ample or not isinstance(item, RawMessage))
        ]

    def _hold(self, rows: Sequence[Row]) -> None:
        room = max(0, self._store.limits.held_rows - len(self._held))
        self._held.extend(rows[:room])
        self.lost_rows += len(rows[room:])

    # --- Coming back ------------------------------------------------------------------------

    async def _heal(self) -> None:
        while self._store.state is not StoreState.RECORDED:
            await asyncio.sleep(self._store.limits.probe_s)
            if self._attempt is not None:
                await asyncio.wait({self._attempt})
            try:
                await self._bring_back()
            except OSError as error:
                log.error("spool cannot be read", error=str(error))  # noqa: TRY400

    async def _bring_back(self) -> None:
        if not await self._drain():
            return
        async with self._lock:
            # Nothing comes in while we hold the lock: what is left is the last of it.
            if not await self._drain() or not await self._drain_held():
                return
            await asyncio.to_thread(self._finish)
            lost = f"; at most {self.lost_rows} rows lost" if self.lost_rows else ""
            self.lost_rows = 0
            self._store.change(StoreState.RECORDED, f"all rows are stored{lost}")

    async def _drain(self) -> bool:
        """Append what the spool holds, in order; False: the database went away again."""
        while True:
            async with self._file:
                chunk = await asyncio.to_thread(self._spool.read, self._offset)
            for damage in chunk.dropped:
                log.error("spooled row lost", damage=damage)
            if not chunk.entries:
                return True
            if not await self._put_back(chunk.entries):
                return False
            self._offset = chunk.next_offset

    async def _drain_held(self) -> bool:
        if self._held and not await self._put_back(self._held):
            return False
        self._held.clear()
        return True

    async def _put_back(self, entries: Sequence[Row | Kept]) -> bool:
        rows, kept = _sorted(entries)
        patience = self._store.limits.unrecorded_after_s
        fenced = await self.attempt(rows, kept, within_s=patience)
        if fenced:
            self._refused = True
            self._store.settle(
                [r for r in rows if r.house in fenced], recorded=False, fenced=fenced
            )
        return fenced is not None

    def _finish(self) -> None:
        if self._refused and self._spool.size():
            aside = self._spool.set_aside("refused")
            log.error("rows of another worker's time set aside", file=aside.name)
        else:
            self._spool.clear()
        self._offset = 0
        self._refused = False

    async def drain_at_start(self) -> list[str]:
        """Append what an earlier outage left, before anything is recovered; say what is bad."""
        found: list[str] = []
        await asyncio.to_thread(self._spool.check)
        if torn := await asyncio.to_thread(self._spool.mend):
            found.append(torn)
        while True:
            chunk = await asyncio.to_thread(self._spool.read, self._offset)
            found.extend(chunk.dropped)
            if not chunk.entries:
                break
            rows, kept = _sorted(chunk.entries)
            fenced = await commit(self._store.database, rows, kept)
            found.extend(fenced.values())
            self._refused = self._refused or bool(fenced)
            self._offset = chunk.next_offset
        await asyncio.to_thread(self._finish)
        for what in found:
            log.error("spool of an earlier outage", found=what)
        return found


def _sorted(entries: Sequence[Row | Kept]) -> tuple[list[Row], list[Kept]]:
    rows = [entry for entry in entries if isinstance(entry, Row)]
    kept = [entry for entry in entries if not isinstance(entry, Row)]
    return rows, kept
