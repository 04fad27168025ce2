"""The shortest list of events that makes the core alone break a truth.

The events of a night are stepped again without world or shell; deadlines fire by themselves. A
call's id depends on how many were opened before it, so a tap on «the call of wrist-3» follows
to the newest call of wrist-3 when earlier calls are left out.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, Self

from routing.effects import Effect
from routing.events import (
    DevicesHeard,
    Event,
    SignalQuarantined,
    SignalReceived,
    TimePassed,
)
from routing.ids import CallId
from routing.plan import Plan
from routing.state import Call, State
from simulators.core import Core
from simulators.watch import Break, Truth, Watch

MOST_STEPS = 400_000
"""Steps spent on shrinking one break: about half a minute."""

Timed = tuple[datetime, Event]
Told = tuple[datetime, Event, tuple[Effect, ...]]


@dataclass(frozen=True, slots=True)
class Broke:
    """What a list of events did."""

    broken: Break | None
    steps: tuple[Told, ...]
    stepped: int


@dataclass(frozen=True, slots=True)
class Trace:
    """The events of a night, and which call each tap meant."""

    plan: Plan
    events: tuple[Timed, ...]
    means: dict[CallId, tuple[Any, ...]]
    core: Core
    truths: tuple[Truth, ...]

    @classmethod
    def of(
        cls, plan: Plan, events: Sequence[Timed], core: Core, truths: tuple[Truth, ...]
    ) -> Self:
        """Take the events that came from outside, and learn the calls' identities."""
        kept = tuple(e for e in events if not isinstance(e[1], TimePassed))
        trace = cls(plan, kept, {}, core, truths)
        watch = Watch(plan, ())
        run = _Run(trace, watch)
        run.all(kept, "")
        return replace(trace, means=run.known)

    def replayed(self, events: Sequence[Timed], truth: str = "") -> Broke:
        """Step these events, waking at deadlines, until the truth breaks."""
        watch = Watch(self.plan, tuple(t for t in self.truths if t.check is not None))
        run = _Run(self, watch)
        run.all(events, truth)
        broken = watch.broken.get(truth) if truth else next(iter(watch.broken.values()), None)
        return Broke(broken, tuple(watch.log), run.stepped)


class _Run:
    """One replay."""

    def __init__(self, trace: Trace, watch: Watch) -> None:
        self._core = trace.core
        self._state = trace.core.empty(trace.plan)
        self._watch = watch
        self._means = trace.means
        self._ids: dict[tuple[Any, ...], CallId] = {}
        self.known: dict[CallId, tuple[Any, ...]] = {}
        self.stepped = 0

    def all(self, events: Sequence[Timed], truth: str) -> None:
        """Step events in order, with the deadlines between them."""
        for at, event in events:
            self._wake(at)
            self._step(at, self._renamed(event))
            if truth and truth in self._watch.broken:
                return
        if truth and self._state.now is not None:
            self._wake(None)

    def _wake(self, until: datetime | None) -> None:
        for _ in range(50):
            due = self._core.next_deadline(self._state)
            if due is None or (until is not None and due >= until):
                return
            now = self._state.now
            self._step(due if now is None else max(due, now), TimePassed())
            if until is None and self._watch.broken:
                return

    def _step(self, now: datetime, event: Event) -> None:
        before: State = self._state
        self.stepped += 1
        if isinstance(event, SignalReceived | SignalQuarantined):
            self._watch.messages += 1
        elif isinstance(event, DevicesHeard):
            self._watch.messages += event.counted
        try:
            after, effects = self._core.step(before, event, now)
        except Exception as error:  # noqa: BLE001 - whatever it raises is the break
            self._watch.raised(event, now, error)
            return
        self._state = after
        if before.calls is not after.calls:
            for call_id, call in after.calls.items():
                if call_id not in before.calls:
                    self._learn(call)
        self._watch.stepped(before, event, now, after, effects)

    def _learn(self, call: Call) -> None:
        kind = (call.patient, call.device, call.rule, call.fault, call.asked_by)
        self._ids[kind] = call.id
        self.known[call.id] = kind

    def _renamed(self, event: Event) -> Event:
        call = getattr(event, "call", None)
        meant = self._means.get(call) if call is not None else None
        if meant is None:
            return event
        now = self._ids.get(meant)
        if now is None or now == call:
            return event
        return replace(event, call=now)  # pyright: ignore[reportCallIssue, reportArgumentType]


def shortest(trace: Trace, truth: str) -> tuple[Timed, ...]:
    """Return the fewest events that break the truth, or none where the core alone does not."""
    events = trace.events
    whole = trace.replayed(events, truth)
    if whole.broken is None:
        return ()
    events = tuple(e for e in events if e[0] <= whole.broken.at)
    left = MOST_STEPS - whole.stepped
    size = max(1, len(events) // 2)
    while left > 0:
        start, gone = 0, False
        while start < len(events) and left > 0:
            tried = events[:start] + events[start + size :]
            broke = trace.replayed(tried, truth)
            left -= broke.stepped + 1
            if broke.broken is not None:
                events, gone = tried, True
            else:
                start += size
        if size == 1 and not gone:
            break
        size = max(1, size // 2)
    return events
