"""A press while a backlog drains: the hub was away, 100,000 motion events wait at the broker.

The figure to stand beside is the hub itself with nothing to drain: `floor` is the idle hub.
"""

import asyncio
import itertools
import tempfile
import time
from pathlib import Path
from typing import Any

import aiomqtt
import psutil

from simulators.bench import systems
from simulators.bench.houses import Sending, Traffic, plan_of
from simulators.bench.measure import (
    Figures,
    Publisher,
    Setting,
    announce,
    figures,
    medians,
    noise,
    ratios,
    with_telephones,
)
from simulators.bench.systems import System
from simulators.bench.telephones import Watch
from simulators.local_broker import Broker
from simulators.local_broker import running as broker_running

PRESSES_PER_S = 10.0
IDLE_S = 10.0
DRAINED_WITHIN_S = 300.0
STILL_S = 2.0
"""Nothing handled for this long: drained."""


async def _press(
    broker: Broker, watch: Watch, presses: list[Sending], stop: asyncio.Event
) -> None:
    async with aiomqtt.Client(
        broker.host, broker.port, username=broker.username, password=broker.password
    ) as client:
        for press in presses:
            if stop.is_set():
                return
            watch.expect(press.house, press.room, time.monotonic())
            await client.publish(press.topic, press.payload, qos=1)
            await asyncio.sleep(1 / PRESSES_PER_S)


async def _drained(system: System, count: int, began: float) -> float:
    """Wait until the backlog is handled; return how long that took since `began`."""
    last, seen = began, -1
    while time.monotonic() - began < DRAINED_WITHIN_S:
        now = await system.handled()
        if now >= count:
            return time.monotonic() - began
        if now != seen:
            last, seen = time.monotonic(), now
        elif time.monotonic() - last > STILL_S and now:
            return last - began
        await asyncio.sleep(0.1)
    raise RuntimeError(f"{seen} of {count} handled in {DRAINED_WITHIN_S:.0f} s")


async def _measured(
    system: System, broker: Broker, presses: list[Sending], count: int, began: float
) -> tuple[Figures, float]:
    watch, stop = Watch(), asyncio.Event()
    async with with_telephones(system, watch), asyncio.TaskGroup() as tasks:
        tasks.create_task(_press(broker, watch, presses, stop))
        if count:
            took = await _drained(system, count, began)
        else:
            took = IDLE_S
            await asyncio.sleep(IDLE_S)
        stop.set()
    return {**figures(watch.latencies), "presses": len(watch.latencies)}, took


async def _once(setting: Setting, seed: int) -> tuple[Figures, Figures]:
    plans = [plan_of(index) for index in range(setting.houses)]
    traffic = Traffic(plans, rate=1, seed=seed).messages()
    presses = list(itertools.islice((m for m in traffic if m.kind == "press"), 2000))
    with tempfile.TemporaryDirectory(prefix="bjelle-bench-") as name:
        folder = Path(name)
        with broker_running(folder / "broker") as broker:
            await announce(broker, setting)
            async with systems.ours(broker, folder, setting.houses) as system:
                await system.settle()
                idle, _ = await _measured(system, broker, presses[:200], 0, time.monotonic())
                # All of them: a hub that starts gives an absent one seconds to come back.
                telephones, port = system.telephones, system.port
            more = ("--rate", "1000000", "--count", str(setting.backlog), "--seed", str(seed))
            await Publisher(broker, setting, *more, "--only-motion").run(time.monotonic)
            began = time.monotonic()
            async with systems.hub(broker, folder, port) as system:
                system.telephones = telephones
                busy, took = await _measured(
                    system, broker, presses[200:], setting.backlog, began
                )
    busy["drained_per_s"] = round(setting.backlog / max(took, 0.001), 1)
    return busy, idle


async def backlog(setting: Setting) -> dict[str, Any]:
    """Run the benchmark and return its JSON object."""
    before = psutil.cpu_times()
    pairs = [await _once(setting, setting.seed + n) for n in range(setting.repeats)]
    runs = {"ours": [busy for busy, _ in pairs], "floor": [idle for _, idle in pairs]}
    ours, floor = medians(runs["ours"]), medians(runs["floor"])
    return {
        "bench": "backlog",
        "ours": ours,
        "floor": floor,
        "ratio": ratios(ours, floor),
        "noise": noise(runs, before, psutil.cpu_times()),
        "settings": {
            **vars(setting),
            "floor": "the same hub with nothing to drain",
            "presses_per_s": PRESSES_PER_S,
        },
    }
