"""How a run goes: ours and the floor in turn, the same messages, medians, ratios and the noise.

Latency is from a press's scheduled moment to the first telephone that has its frame. Throughput
is a drain: the system is stopped (SIGSTOP), the broker filled, the system let go. Nothing here
is asserted anywhere: these machines are noisy, and a figure is to be read beside its floor.
"""

import asyncio
import itertools
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psutil

from simulators.bench import systems
from simulators.bench.houses import Traffic, plan_of
from simulators.bench.systems import System
from simulators.bench.telephones import Telephone, Watch
from simulators.local_broker import Broker
from simulators.local_broker import running as broker_running

Figures = dict[str, float]
Start = Callable[[Broker, Path, int], AbstractAsyncContextManager[System]]
SYSTEMS: dict[str, Start] = {"floor": systems.floor, "ours": systems.ours}
LEAD_S = 1.0
"""Between saying «go» and the first message."""


@dataclass(frozen=True)
class Setting:
    """What a benchmark is run with."""

    houses: int = 40
    rate: float = 1000
    seconds: float = 10
    warm_up_s: float = 3
    repeats: int = 3
    backlog: int = 100_000
    drain: int = 20_000
    seed: int = 7


@asynccontextmanager
async def with_telephones(system: System, watch: Watch) -> AsyncIterator[None]:
    """Connect every telephone of the system while the block runs."""
    async with asyncio.TaskGroup() as tasks:
        running: list[asyncio.Task[None]] = []
        connected: list[asyncio.Event] = []
        for where in system.telephones:
            connected.append(asyncio.Event())
            telephone = Telephone(where.house, where.url, where.headers, watch)
            running.append(tasks.create_task(telephone.run(connected[-1])))
        for ready in connected:
            await ready.wait()
        yield
        for task in running:
            task.cancel()


class Publisher:
    """The publishing process."""

    def __init__(self, broker: Broker, setting: Setting, *more: str) -> None:
        """Start it; it makes its messages before it says that it is ready."""
        self._command = [sys.executable, "-m", "simulators.bench.publisher"]
        self._command += ["--port", str(broker.port), "--houses", str(setting.houses)]
        self._command += ["--username", broker.username, f"--password={broker.password}"]
        self._command += more
        self.result: dict[str, Any] = {}

    async def run(self, at: Callable[[], float] | None = None) -> None:
        """Publish: first message at the monotonic second `at()`, asked when it is ready."""
        process = await asyncio.create_subprocess_exec(
            *self._command, stdin=subprocess.PIPE, stdout=subprocess.PIPE
        )
        assert process.stdin is not None
        assert process.stdout is not None
        if at is not None:
            await process.stdout.readline()
            process.stdin.write(f"{at()}\n".encode())
            await process.stdin.drain()
        said, _ = await process.communicate()
        if process.returncode:
            raise RuntimeError(f"the publisher failed with code {process.returncode}")
        if said:
            self.result = json.loads(said.splitlines()[-1])


async def announce(broker: Broker, setting: Setting) -> None:
    """Let the bridges say which devices they have (retained)."""
    await Publisher(broker, setting, "--announce").run()


def figures(latencies: list[float]) -> Figures:
    """Return p50, p99 and the largest, in milliseconds; empty lists give NaN."""
    if not latencies:
        return {"p50_ms": float("nan"), "p99_ms": float("nan"), "max_ms": float("nan")}
    ordered = sorted(latencies)
    p99 = ordered[min(len(ordered) - 1, int(len(ordered) * 0.99))]
    return {
        "p50_ms": round(statistics.median(ordered) * 1000, 3),
        "p99_ms": round(p99 * 1000, 3),
        "max_ms": round(ordered[-1] * 1000, 3),
    }


async def paced(system: System, broker: Broker, setting: Setting, seed: int) -> Figures:
    """Send at the setting's rate; return latency, CPU per event and what went missing."""
    count = int(setting.rate * (setting.warm_up_s + setting.seconds))
    plans = [plan_of(index) for index in range(setting.houses)]
    traffic = Traffic(plans, rate=setting.rate, seed=seed)
    watch, start = Watch(), 0.0
    pressed = [m for m in itertools.islice(traffic.messages(), count) if m.kind == "press"]

    def begin() -> float:
        nonlocal start
        start = time.monotonic() + LEAD_S
        for message in pressed:
            watch.expect(message.house, message.room, start + message.at)
        return start

    async with with_telephones(system, watch):
        more = ("--rate", str(setting.rate), "--count", str(count), "--seed", str(seed))
        publisher = Publisher(broker, setting, *more)
        before_cpu, before = system.cpu_s(), await system.handled()
        await publisher.run(begin)
        after, wall = await _all_handled(system, before + count, start)
        await _until(lambda: not watch.missing, 5)
        used = system.cpu_s() - before_cpu
    warm = sum(message.at < setting.warm_up_s for message in pressed)
    return {
        **figures(watch.latencies[warm:]),
        "per_s": round((after - before) / max(wall, 0.001), 1),
        "cpu_us_per_event": round(used / max(after - before, 1) * 1e6, 1),
        "presses": len(watch.latencies),
        "missing": watch.missing,
        "publisher_late_ms": publisher.result.get("latest_ms", 0.0),
    }


async def drained(system: System, broker: Broker, setting: Setting, seed: int) -> Figures:
    """Fill the broker while the system stands still; return how fast it drains."""
    watch = Watch()
    async with with_telephones(system, watch):
        before = await system.settle()
        before_cpu = system.cpu_s()
        system.pause()
        rate = ("--rate", "1000000", "--count", str(setting.drain), "--seed", str(seed))
        await Publisher(broker, setting, *rate).run(time.monotonic)
        began = time.monotonic()
        system.go_on()
        done, last = before, began
        while done - before < setting.drain and time.monotonic() - last < 5:
            now = await system.handled()
            if now != done:
                done, last = now, time.monotonic()
            await asyncio.sleep(0.05)
        wall = last - began
        used = system.cpu_s() - before_cpu
    events = done - before
    return {
        "per_s": round(events / max(wall, 0.001), 1),
        "cpu_us_per_event": round(used / max(events, 1) * 1e6, 1),
        "events": events,
    }


async def _all_handled(system: System, wanted: int, start: float) -> tuple[int, float]:
    """Wait until that many are handled, or no more are; return the count and the seconds."""
    done, last = 0, time.monotonic()
    while done < wanted and time.monotonic() - last < 5:
        now = await system.handled()
        if now != done:
            done, last = now, time.monotonic()
        await asyncio.sleep(0.02)
    return done, last - start


async def _until(holds: Callable[[], bool], at_most_s: float) -> None:
    until = time.monotonic() + at_most_s
    while not holds() and time.monotonic() < until:  # noqa: ASYNC110 - another process's state
        await asyncio.sleep(0.05)


Measure = Callable[[System, Broker, Setting, int], Any]


async def alternating(measure: Measure, setting: Setting) -> dict[str, list[Figures]]:
    """Measure each system `repeats` times in turn, each on a broker and store of its own."""
    found: dict[str, list[Figures]] = {name: [] for name in SYSTEMS}
    for repeat in range(setting.repeats):
        for name, start in SYSTEMS.items():
            with tempfile.TemporaryDirectory(prefix="bjelle-bench-") as folder:
                root = Path(folder)
                with broker_running(root / "broker") as broker:
                    await announce(broker, setting)
                    async with start(broker, root, setting.houses) as system:
                        await system.settle()
                        one = await measure(system, broker, setting, setting.seed + repeat)
                        found[name].append(one)
    return found


def medians(runs: list[Figures]) -> Figures:
    """Return the median of each figure over the runs."""
    return {key: round(statistics.median(run[key] for run in runs), 3) for key in runs[0]}


def ratios(ours: Figures, floor: Figures) -> Figures:
    """Return ours / floor for every figure that both have and that is not a count of faults."""
    return {
        key: round(ours[key] / floor[key], 3)
        for key in ours
        if key in floor and floor[key] and key not in {"missing", "publisher_late_ms"}
    }


def noise(runs: dict[str, list[Figures]], before: Any, after: Any) -> dict[str, Any]:
    """Say how far the runs lie apart, and how busy the machine was with others."""
    total = sum(after) - sum(before)
    steal = getattr(after, "steal", 0) - getattr(before, "steal", 0)
    spread = {
        f"{name}_{key}": [min(r[key] for r in of), max(r[key] for r in of)]
        for name, of in runs.items()
        for key in of[0]
        if key.endswith(("_ms", "per_s"))
    }
    return {
        "load_1m": round(os.getloadavg()[0], 2),
        "steal_percent": round(100 * steal / max(total, 0.001), 2),
        "repeats": len(next(iter(runs.values()))),
        "min_max": spread,
    }


async def compared(name: str, measure: Measure, setting: Setting) -> dict[str, Any]:
    """Run one benchmark and return its JSON object."""
    before = psutil.cpu_times()
    runs = await alternating(measure, setting)
    ours, floor = medians(runs["ours"]), medians(runs["floor"])
    return {
        "bench": name,
        "ours": ours,
        "floor": floor,
        "ratio": ratios(ours, floor),
        "noise": noise(runs, before, psutil.cpu_times()),
        "settings": {**vars(setting), "mix": "90 % motion, 9 % bed and door, 1 % presses"},
    }
