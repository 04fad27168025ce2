"""Engines and their store, running in a test's own task group."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable, Sequence
from typing import Any

from sqlalchemy import Table, select

from hub.clock import Clock
from hub.core import Core
from hub.engine import Engine, Limits, Performer
from hub.store.store import Store
from routing.state import State
from tests.support.toy import TOY, HandClock, toy_house

WITHIN_S = 60


async def until(condition: Callable[[], object]) -> None:
    """Wait until something is true; fail when it does not become so."""
    async with asyncio.timeout(WITHIN_S):
        while not condition():  # noqa: ASYNC110 (any condition, of anything)
            await asyncio.sleep(0.005)


async def engine_on(
    store: Store,
    house: str = "solvik",
    *performers: Performer,
    clock: Clock | None = None,
    core: Core = TOY,
    limits: Limits | None = None,
    initial: State | None = None,
) -> Engine:
    """An engine, started from what the store holds."""
    initial = initial or toy_house(house)
    return await Engine.start(
        initial.plan.house,
        initial,
        clock=clock or HandClock(),
        store=store,
        performers=performers,
        limits=limits,
        core=core,
    )


@contextlib.asynccontextmanager
async def running(
    store: Store, *engines: Engine, clean: bool = True
) -> AsyncIterator[asyncio.TaskGroup]:
    """Run the store and the engines; stop them in order, or (not `clean`) as a crash does."""
    async with asyncio.TaskGroup() as tasks:
        writer = tasks.create_task(store.run())
        runs = [tasks.create_task(engine.run()) for engine in engines]
        for engine in engines:
            await until(lambda e=engine: e.seq > 0)
        yield tasks
        if clean:
            for engine in engines:
                await engine.stop()
            async with asyncio.timeout(WITHIN_S):
                await asyncio.gather(*runs)
                await store.stop()
                await writer
        else:
            for task in (*runs, writer):
                task.cancel()


async def rows(store: Store, table: Table, *order: str) -> Sequence[Any]:
    """All rows of a table."""
    columns = [table.c[name] for name in order] or list(table.primary_key)
    async with store.read() as connection:
        return (await connection.execute(select(table).order_by(*columns))).all()
