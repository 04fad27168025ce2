"""The core under test, as four functions: the live one, or one broken on purpose by a test."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from routing.effects import Effect
from routing.events import Event, SignalReceived
from routing.plan import Plan
from routing.state import State
from routing.step import empty, next_deadline, step
from routing.supervision import only_heard

Step = Callable[[State, Event, datetime], tuple[State, tuple[Effect, ...]]]


@dataclass(frozen=True, slots=True)
class Core:
    """What decides."""

    step: Step = step
    next_deadline: Callable[[State], datetime | None] = next_deadline
    only_heard: Callable[[State, SignalReceived], bool] = only_heard
    empty: Callable[[Plan], State] = empty
