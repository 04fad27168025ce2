"""A database that belongs to one test, and how to hurt it."""

import contextlib
import sqlite3
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from hub.store.migrate import migrate
from hub.store.store import Store, StoreLimits


@dataclass(frozen=True)
class Place:
    """A database that belongs to one test, and how to hurt it."""

    url: str
    folder: Path
    """Where the spool goes."""
    stalled: Callable[[], contextlib.AbstractContextManager[None]]
    """While entered, no transaction of the store ends."""

    @property
    def spool(self) -> Path:
        """The spool's file."""
        return self.folder / "spool"

    async def open(self, limits: StoreLimits | None = None, **more: Any) -> Store:
        """A store here; PostgreSQL's tables are made first, as `bjelle db upgrade` does."""
        if self.url.startswith("postgresql"):
            await migrate(self.url)
        return await Store.open(self.url, spool=self.spool, limits=limits, **more)


@contextlib.contextmanager
def locked(file: Path) -> Iterator[None]:
    """Another process's transaction that holds the SQLite file's only write lock."""
    other = sqlite3.connect(file, isolation_level=None, timeout=30)
    try:
        other.execute("BEGIN EXCLUSIVE")
        yield
        other.execute("ROLLBACK")
    finally:
        other.close()
