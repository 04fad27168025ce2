"""What is done now and then beside the ringing may fail; it never ends the hub."""

import asyncio
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest

from hub.clock import SystemClock
from hub.house_store import Adopted
from hub.proofs import Proofs
from hub.store import retention, tables
from hub.store.rows import RawMessage
from hub.store.store import Store
from routing.effects import Because, Book, Booked, Reason
from routing.ids import DeviceId, HouseId, SignalId, StaffId
from routing.plan import Plan
from routing.step import empty
from tests.routing.night import LONG_AGO, solvik
from tests.support.shell import rows, running, until

HOUSE = HouseId("solvik")


async def test_a_database_that_goes_away_while_old_rows_are_looked_for_is_waited_for(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    clock = SystemClock()
    monkeypatch.setattr(retention, "EVERY_S", 0.01)
    reads, away = store.read, [OSError("connection refused")] * 3

    def reading() -> Any:
        if away:
            raise away.pop()
        return reads()

    monkeypatch.setattr(store, "read", reading)
    async with running(store):
        tidy = asyncio.ensure_future(retention.keep_tidy(store, clock))
        await until(lambda: tidy.done() or not away)
        old = clock.now() - timedelta(days=31)
        store.keep(RawMessage(HOUSE, SignalId("1-1"), old, "a/b", b"{}"))
        store._pace.now()
        await until(lambda: tidy.done() or store.commits)
        assert not tidy.done()
        async with asyncio.timeout(20):
            while await rows(store, tables.raw):
                assert not tidy.done()
                await asyncio.sleep(0.01)
        tidy.cancel()


class Office:
    """Where plans are edited: the first edit meets a fault of ours."""

    def __init__(self) -> None:
        self.plan = solvik()
        self.edits = 0

    async def edit(
        self, house: HouseId, change: Callable[[Plan], Plan], by: StaffId | None
    ) -> Adopted:
        """Change the plan."""
        del house, by
        self.edits += 1
        if self.edits == 1:
            raise ValueError("a plan that cannot be written down")
        self.plan = change(self.plan)
        return Adopted(self.plan, 1, ("devices",))


async def test_a_proof_that_cannot_be_written_down_keeps_no_other_from_it() -> None:
    office, proofs = Office(), Proofs()
    state = empty(office.plan)
    because = Because(Reason.PROVEN)
    for device in ("wrist-ola", "wrist-kari"):
        booked = Book(SignalId("1-1"), Booked.PRACTICE, because, DeviceId(device))
        heard = type(state)(plan=office.plan, now=LONG_AGO)
        proofs.settled(HOUSE, heard, (booked,), recorded=True)
    working = asyncio.ensure_future(proofs.run(office))
    await until(lambda: working.done() or office.edits == 2)
    assert not working.done()
    await until(lambda: office.plan.devices[DeviceId("wrist-kari")].proven_at)
    working.cancel()
