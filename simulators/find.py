"""New seeds until a truth breaks, and then the shortest night that breaks it the same way.

Shrinking goes from coarse to fine: which troubles are needed, which residents are needed, and
then, for what the core alone decides, which events are needed (`shrink.py`). What stays is told.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any

from routing.ids import PatientId
from routing.plan import Plan
from simulators.core import Core
from simulators.faults import Fault
from simulators.night import Rehearsal
from simulators.shrink import Trace, shortest
from simulators.story import sentence
from simulators.watch import Break, Truth

MOST_RUNS = 60
"""Nights run while shrinking one break: each costs about a second, up to the break."""


@dataclass(frozen=True, slots=True)
class Found:
    """A seed that breaks a truth, shrunk."""

    truth: str
    seed: int
    at: str
    story: tuple[str, ...]
    needed: str
    """What the break needs: troubles, residents, events."""
    troubles: int
    residents: int
    events: int

    def as_json(self) -> dict[str, Any]:
        """Return the object that `--json` prints."""
        return {
            "truth": self.truth,
            "seed": self.seed,
            "at": self.at,
            "story": list(self.story),
            "needed": self.needed,
            "troubles": self.troubles,
            "residents": self.residents,
            "events": self.events,
        }


def find_break(
    seed: int,
    faults: Sequence[Fault],
    plan: Plan,
    *,
    limit: int = 1000,
    core: Core | None = None,
    truths: tuple[Truth, ...] | None = None,
    progress: Callable[[int], None] | None = None,
) -> Found | None:
    """Run seeds from `seed` on until a truth breaks; return it shrunk, or None."""
    for number in range(seed, seed + limit):
        if progress is not None:
            progress(number)
        night = Rehearsal(plan, number, tuple(faults), core or Core())
        if truths is not None:
            night.truths = truths
        night.run()
        if night.watch.broken:
            return shrink(night, next(iter(night.watch.broken.values())))
    return None


def shrink(night: Rehearsal, broken: Break) -> Found:
    """Leave out what the break does not need."""
    budget = [MOST_RUNS]
    small = _without_troubles(night, broken, budget)
    small = _without_residents(small, broken, budget)
    told = small.run()
    last = small.watch.broken.get(broken.truth, broken)
    story = next((b.story for b in told.broken if b.truth == broken.truth), ())
    trace = Trace.of(small.plan, tuple(small.world.shell.handled), small.core, small.truths)
    events = shortest(trace, broken.truth)
    if events:
        broke = trace.replayed(events)
        story = _retold(small, broke.steps, broke.broken or last)
    troubles, people = len(small.chosen or ()), len(small.world.residents)
    needed = (
        f"needs {troubles} of {len(night.chosen or ())} troubles, {people} of "
        f"{len(night.world.residents)} residents"
        + (f", {len(events)} of {len(small.world.shell.handled)} events" if events else "")
    )
    return Found(
        broken.truth,
        night.seed,
        last.at.isoformat(),
        story,
        needed,
        troubles,
        people,
        len(events),
    )


def _retold(night: Rehearsal, steps: Sequence[Any], broken: Break) -> tuple[str, ...]:
    from zoneinfo import ZoneInfo

    zone = ZoneInfo(night.plan.timezone)
    lines = [
        f"{at.astimezone(zone):%H:%M:%S} {text}"
        for at, event, effects in steps
        if (text := sentence(event, effects))
    ]
    return (
        *lines,
        f"{broken.at.astimezone(zone):%H:%M:%S} BROKEN {broken.truth}: {broken.what}",
    )


def _breaks(night: Rehearsal, broken: Break, budget: list[int]) -> bool:
    if budget[0] <= 0:
        return False
    budget[0] -= 1
    night.run()
    return broken.truth in night.watch.broken


def _varied(night: Rehearsal, **changes: Any) -> Rehearsal:
    return replace(night, hasty=night.hasty, **changes)


def _without_troubles(night: Rehearsal, broken: Break, budget: list[int]) -> Rehearsal:
    """Try none, then halves, then one by one."""
    kept = night.chosen or ()
    best = night
    size = len(kept)
    while size >= 1 and budget[0] > 0:
        start = 0
        while start < len(kept):
            tried = kept[:start] + kept[start + size :]
            candidate = _varied(night, chosen=tried)
            if _breaks(candidate, broken, budget):
                kept, best = tried, candidate
            else:
                start += size
        size //= 2
    return best


def _without_residents(night: Rehearsal, broken: Break, budget: list[int]) -> Rehearsal:
    """Try the patient concerned alone, then halves."""
    everybody = tuple(night.world.residents) if night.watch.broken else ()
    if not everybody:
        night.run()
        everybody = tuple(night.world.residents)
    alone: tuple[PatientId, ...] = (broken.patient,) if broken.patient is not None else ()
    for tried in (alone, everybody[: len(everybody) // 2], everybody[len(everybody) // 2 :]):
        candidate = _varied(night, residents=tried)
        if _breaks(candidate, broken, budget):
            return candidate
    return night
