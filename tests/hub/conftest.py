"""Stores for the hub's tests: each on SQLite and on PostgreSQL, empty and of its own."""

from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest
import pytest_asyncio
import structlog

from hub.store.store import Store
from tests.support import postgres
from tests.support.postgres import Cluster
from tests.support.stores import Place, locked
from tests.support.ward import Notebook


@pytest.fixture(scope="session", autouse=True)
def plain_logs() -> None:
    """As the hub logs: structlog's own default prints every local variable of a traceback."""
    structlog.configure(
        processors=[
            structlog.processors.add_log_level,
            structlog.processors.format_exc_info,
            structlog.dev.ConsoleRenderer(colors=False),
        ]
    )


@pytest.fixture
def notebook() -> Notebook:
    """What an intake handed on, to look at."""
    return Notebook()


@pytest.fixture(scope="session")
def postgres_cluster() -> Iterator[Cluster]:
    """One server for the whole session (of each worker)."""
    with postgres.running() as cluster:
        yield cluster


@pytest.fixture(params=["sqlite", pytest.param("postgres", marks=pytest.mark.postgres)])
def place(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Place]:
    """An empty database on each of the two."""
    if request.param == "sqlite":
        file = tmp_path / "bjelle.db"
        yield Place(f"sqlite+aiosqlite:///{file}", tmp_path, lambda: locked(file))
        return
    cluster: Cluster = request.getfixturevalue("postgres_cluster")
    with cluster.database() as name:
        yield Place(cluster.url(name), tmp_path, lambda: cluster.stalled(name))


@pytest_asyncio.fixture
async def store(place: Place) -> AsyncIterator[Store]:
    """An open store; its `run` belongs in the test's task group."""
    store = await place.open()
    yield store
    await store.close()
