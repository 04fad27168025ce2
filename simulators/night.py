"""`run_night`: whole nights in virtual time, every truth checked, one digest of the decisions.

The same seed, house and faults give the same events, times and effects in every process; the
digest over them says so. Several nights are several seeds, and may run side by side.
"""

import hashlib
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from dataclasses import dataclass, field
from multiprocessing import get_context
from typing import Any

from routing.ids import PatientId
from routing.plan import Plan
from routing.state import State, is_open
from simulators import story
from simulators.core import Core
from simulators.faults import Fault, Trouble, troubles
from simulators.shell import Shell
from simulators.truths import TRUTHS
from simulators.truths_calls import technical
from simulators.watch import Break, Ending, Truth, Watch
from simulators.world import (
    CALM_S,
    FAULTS_FROM_S,
    FAULTS_UNTIL_S,
    NIGHT_S,
    World,
    begins,
)

Progress = Callable[[int, int], None]
"""Told after each night: how many are done, of how many."""


@dataclass(frozen=True, slots=True)
class Broken:
    """A truth that did not hold, with what led to it."""

    truth: str
    seed: int
    at: str
    story: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Night:
    """What one seed gave."""

    seed: int
    signals: int
    calls: int
    broken: tuple[Broken, ...]
    digest: str
    simulated_s: float
    wall_s: float
    began: str = ""
    troubles: int = 0
    steps: int = 0


@dataclass(frozen=True, slots=True)
class Report:
    """What all nights gave."""

    seed: int
    nights: int
    signals: int
    calls: int
    truths_broken: tuple[Broken, ...]
    digest: str
    simulated_s: float
    wall_s: float
    factor: float
    """Simulated seconds per wall second of one core."""
    each: tuple[Night, ...] = field(default=(), repr=False)

    def as_json(self) -> dict[str, Any]:
        """Return the one object that `--json` prints."""
        return {
            "seed": self.seed,
            "nights": self.nights,
            "signals": self.signals,
            "calls": self.calls,
            "truths_broken": [
                {"truth": b.truth, "seed": b.seed, "at": b.at, "story": list(b.story)}
                for b in self.truths_broken
            ],
            "digest": self.digest,
            "simulated_s": round(self.simulated_s, 3),
            "wall_s": round(self.wall_s, 3),
            "factor": round(self.factor, 1),
        }


@dataclass(slots=True)
class Rehearsal:
    """One night ready to run: what `find` varies."""

    plan: Plan
    seed: int
    faults: tuple[Fault, ...]
    core: Core = field(default_factory=Core)
    truths: tuple[Truth, ...] = TRUTHS
    chosen: tuple[Trouble, ...] | None = None
    """These troubles instead of those of the seed."""
    residents: tuple[PatientId, ...] | None = None
    until_s: float = NIGHT_S
    """Stop here, or at the first truth broken when `hasty`."""
    hasty: bool = False
    watch: Watch = field(init=False)
    world: World = field(init=False)

    def run(self) -> Night:
        """Run it."""
        began = time.perf_counter()
        chosen = self.chosen
        if chosen is None:
            chosen = troubles(self.seed, self.faults, self.plan, FAULTS_FROM_S, FAULTS_UNTIL_S)
            self.chosen = chosen
        start = begins(self.seed, self.plan, self.faults)
        self.watch = watch = Watch(self.plan, self.truths)
        self.world = world = World(
            self.plan, self.seed, start, chosen, watch, self.core, self.residents
        )
        watch.gathered = lambda: world.shell.gathered
        world.begin()
        self._run()
        world.shell.flush()
        if not (self.hasty and watch.broken) and self.until_s >= NIGHT_S:
            watch.ends(_ending(world, self.core))
        shell = world.shell
        told = [_told(self, b) for b in watch.broken.values()]
        return Night(
            self.seed,
            shell.signals,
            watch.opened,
            tuple(told),
            shell.digest.hexdigest(),
            world.agenda.seconds,
            time.perf_counter() - began,
            start.isoformat(),
            len(chosen),
            shell.steps,
        )

    def _run(self) -> None:
        agenda, watch = self.world.agenda, self.watch
        enough = (lambda: bool(watch.broken)) if self.hasty else None
        agenda.run(min(self.until_s, CALM_S), unless=enough)
        while agenda.seconds < self.until_s:
            if self.hasty and watch.broken:
                return
            agenda.run(min(agenda.seconds + 60, self.until_s), unless=enough)
            if agenda.seconds >= CALM_S + 900 and _calm(self.world.shell.state):
                return


def _calm(state: State) -> bool:
    return not any(is_open(c) and not technical(c) for c in state.calls.values())


def _ending(world: World, core: Core) -> Ending:
    shell = world.shell
    unacknowledged = tuple(
        c.number
        for c in world.broker.helps
        if c.number not in shell.journaled and c.number not in shell.gaps
    )
    return Ending(
        shell.state,
        shell.now(),
        unacknowledged,
        world.gateway.settled_screens(),
        _replay(shell, core, world.plan),
    )


def _replay(shell: Shell, core: Core, plan: Plan) -> str:
    """Step the whole journal anew; return the first difference, or nothing."""
    state = core.empty(plan)
    for number, row in enumerate(shell.journal):
        try:
            state, effects = core.step(state, row.event, row.at)
        except Exception as error:  # noqa: BLE001 - whatever it raises is the difference
            return f"row {number} ({type(row.event).__name__}) raised {error!r}"
        if effects != row.effects:
            return f"row {number} ({type(row.event).__name__}) gave other effects"
    return ""


def _told(rehearsal: Rehearsal, broken: Break) -> Broken:
    watch = rehearsal.watch
    told = story.tell(
        rehearsal.plan, watch.log, rehearsal.chosen or (), broken, rehearsal.world
    )
    return Broken(broken.truth, rehearsal.seed, broken.at.isoformat(), told)


def one_night(seed: int, faults: Sequence[Fault], plan: Plan) -> Night:
    """Run one seed with the live core."""
    return Rehearsal(plan, seed, tuple(faults)).run()


def run_night(
    seed: int,
    nights: int = 1,
    faults: Sequence[Fault] = (),
    house: Plan | None = None,
    *,
    jobs: int = 1,
    core: Core | None = None,
    progress: Progress | None = None,
) -> Report:
    """Run `nights` nights, of the seeds from `seed` on, and check every truth in each.

    `house` is the plan (None: the small house in code); `core` a broken one for tests, which
    runs in this process only.
    """
    plan = house if house is not None else _small()
    began = time.perf_counter()
    seeds = range(seed, seed + nights)
    done: dict[int, Night] = {}
    if jobs > 1 and nights > 1 and core is None:
        with ProcessPoolExecutor(min(jobs, nights), mp_context=get_context("spawn")) as pool:
            running = [pool.submit(one_night, s, tuple(faults), plan) for s in seeds]
            for finished in as_completed(running):
                night = finished.result()
                done[night.seed] = night
                if progress is not None:
                    progress(len(done), nights)
    else:
        for each in seeds:
            done[each] = Rehearsal(plan, each, tuple(faults), core or Core()).run()
            if progress is not None:
                progress(len(done), nights)
    return _report(seed, [done[s] for s in seeds], time.perf_counter() - began)


def _small() -> Plan:
    from simulators.small_house import small_house

    return small_house()


def _report(seed: int, each: list[Night], wall_s: float) -> Report:
    digest = each[0].digest
    if len(each) > 1:
        digest = hashlib.sha256("".join(n.digest for n in each).encode()).hexdigest()
    simulated = sum(n.simulated_s for n in each)
    busy = sum(n.wall_s for n in each)
    return Report(
        seed,
        len(each),
        sum(n.signals for n in each),
        sum(n.calls for n in each),
        tuple(b for n in each for b in n.broken),
        digest,
        simulated,
        wall_s,
        simulated / busy if busy else 0.0,
        tuple(each),
    )
