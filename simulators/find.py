"""New seeds until a truth breaks, and then the shortest night that breaks it the same way.

What the core alone decides wrongly is shrunk to the events it needs (`shrink.py`); what needs
the world around it, to the troubles and residents it needs. What stays is told.
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
from simulators.world import NIGHT_S

MOST_RUNS = 60
"""Nights run while shrinking one break: each costs about a second, up to the break."""
MARGIN_S = 1800.0
"""Without some of its causes a break may come later: looked for this much longer."""


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
    """Leave out what the break does not need: events where the core alone breaks, else more."""
    handled = tuple(night.world.shell.handled)
    trace = Trace.of(night.plan, handled, night.core, night.truths)
    events = shortest(trace, broken.truth)
    if events:
        broke = trace.replayed(events, broken.truth)
        last = broke.broken or broken
        needed = f"{len(events)} of {len(handled)} events are enough for the core alone"
        story = _retold(night.plan, broke.steps, last)
        return _found(night, last, story, needed, 0, 0, len(events))
    budget = [MOST_RUNS]
    night = _only(night, broken)
    night.run()
    small = _without_residents(_without_troubles(night, broken, budget), broken, budget)
    told = small.run()
    last = small.watch.broken.get(broken.truth, broken)
    story = next((b.story for b in told.broken if b.truth == broken.truth), ())
    troubles, people = len(small.chosen or ()), len(small.world.residents)
    needed = (
        f"needs {troubles} of {len(night.chosen or ())} troubles and {people} of "
        f"{len(night.world.residents)} residents"
    )
    return _found(night, last, story, needed, troubles, people, 0)


def _found(
    night: Rehearsal,
    last: Break,
    story: tuple[str, ...],
    needed: str,
    troubles: int,
    residents: int,
    events: int,
) -> Found:
    at = last.at.isoformat()
    return Found(last.truth, night.seed, at, story, needed, troubles, residents, events)


def _only(night: Rehearsal, broken: Break) -> Rehearsal:
    """Watch this truth alone, and only until it breaks: much of a night need not be run."""
    truths = tuple(t for t in night.truths if t.name == broken.truth)
    if any(t.at_end is not None for t in truths):
        return replace(night, truths=truths)
    since = (broken.at - night.world.agenda.start).total_seconds()
    return replace(night, truths=truths, hasty=True, until_s=min(since + MARGIN_S, NIGHT_S))


def _retold(plan: Plan, steps: Sequence[Any], broken: Break) -> tuple[str, ...]:
    from zoneinfo import ZoneInfo

    zone = ZoneInfo(plan.timezone)
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


def _without_troubles(night: Rehearsal, broken: Break, budget: list[int]) -> Rehearsal:
    """Try none, then halves, then one by one."""
    kept = night.chosen or ()
    best = night
    size = len(kept)
    while size >= 1 and budget[0] > 0:
        start = 0
        while start < len(kept):
            tried = kept[:start] + kept[start + size :]
            candidate = replace(night, chosen=tried)
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
        candidate = replace(night, residents=tried)
        if _breaks(candidate, broken, budget):
            return candidate
    return night
