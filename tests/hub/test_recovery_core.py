"""The shipped core, a real house file, a real store: a night, a crash, a replay elsewhere."""

import os
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from hub.core import Core
from hub.engine import Lane, Limits
from hub.house import load
from hub.replay import replay
from hub.store import tables
from hub.store.store import Store
from routing.effects import Reply
from routing.events import (
    By,
    CallTaken,
    HandsetReported,
    HandsetState,
    SignalReceived,
    SignedIn,
)
from routing.ids import DeviceId, HandsetId, OperationId
from routing.plan import DeviceClass, Plan
from routing.readings import BatteryRead, HelpPressed, HelpTrigger, MotionSeen
from routing.step import empty
from tests.support.shell import engine_on, rows, running, until
from tests.support.stores import Place
from tests.support.toy import HandClock, Told

ROOT = Path(__file__).resolve().parents[2]
NIGHT = datetime(2026, 11, 21, 1, 14, tzinfo=UTC)


@pytest.fixture
def plan() -> Plan:
    return load(ROOT / "simulators" / "houses" / "solvik.yaml").plan(1)


def devices_of(plan: Plan, wanted: DeviceClass) -> list[DeviceId]:
    return [d.id for d in plan.devices.values() if d.device_class is wanted]


async def a_night(store: Store, plan: Plan, told: Told) -> tuple[object, HandClock]:
    """Everybody signs in, presses and motion, one call taken, a ladder climbs; then a crash."""
    clock = HandClock(NIGHT)
    engine = await engine_on(
        store,
        "",
        told,
        clock=clock,
        core=Core.shipped(),
        initial=empty(plan),
        limits=Limits(snapshot_every_rows=7),
    )
    async with running(store, engine, clean=False):
        for handset, staff in zip(plan.handsets, plan.staff, strict=False):
            await engine.submit(SignedIn(handset, staff))
            await engine.submit(HandsetReported(handset, HandsetState.READY))
        clock.at += timedelta(seconds=10)
        for wrist in devices_of(plan, DeviceClass.ALARM)[:3]:
            help_asked = (HelpPressed(HelpTrigger.PRESS), BatteryRead(percent=80))
            await engine.submit(SignalReceived(engine.next_signal(), wrist, help_asked))
        for device in list(plan.devices)[:10]:
            seen = (MotionSeen(active=True),)
            await engine.submit(SignalReceived(engine.next_signal(), device, seen), Lane.BULK)
            clock.at += timedelta(milliseconds=300)
        assert told.rang
        ring = told.rang[0]
        by = By(ring.staff, HandsetId(ring.handset), OperationId("op-1"))
        taken = await engine.submit(CallTaken(ring.call, by))
        assert [e.ok for e in taken.effects if isinstance(e, Reply)] == [True]
        before = engine.seq
        clock.at += timedelta(minutes=5)
        await until(lambda: engine.seq > before and not engine.unsettled)
    return engine.state, clock


async def test_a_killed_hub_comes_back_with_the_same_house(store: Store, plan: Plan) -> None:
    before, _ = await a_night(store, plan, Told())

    again = await engine_on(store, core=Core.shipped(), initial=empty(plan))

    assert again.state == before
    assert await rows(store, tables.quarantine) == []


async def test_the_night_replays_byte_for_byte_in_another_process(
    place: Place, store: Store, plan: Plan
) -> None:
    await a_night(store, plan, Told())
    program = (
        "import asyncio, sys; from hub.replay import replay; "
        "print([(r.rows, r.differences, r.first) for r in asyncio.run(replay(sys.argv[1]))])"
    )
    for seed in ("1", "2", "3"):
        done = subprocess.run(  # noqa: ASYNC221 (nothing else runs in this test)
            [sys.executable, "-c", program, place.url],
            env={**os.environ, "PYTHONHASHSEED": seed},
            capture_output=True,
            text=True,
            check=True,
        )
        count = len(await rows(store, tables.journal))
        assert done.stdout.splitlines()[-1] == f"[({count}, 0, None)]"


async def test_every_signal_of_the_night_is_booked_once(store: Store, plan: Plan) -> None:
    await a_night(store, plan, Told())

    booked = [row.signal for row in await rows(store, tables.ledger)]

    assert len(booked) == len(set(booked)) == 13


async def test_a_new_hub_rings_on_after_the_crash(store: Store, plan: Plan) -> None:
    _, clock = await a_night(store, plan, Told())
    told = Told()
    clock.at += timedelta(minutes=2)
    again = await engine_on(
        store, "", told, clock=clock, core=Core.shipped(), initial=empty(plan)
    )
    async with running(store, again):
        await until(lambda: told.rang)

    assert (await replay(str(store.database.url.render_as_string(hide_password=False))))[0].same
