"""The core as the shell calls it: its three functions, and which version decided."""

import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from importlib.metadata import version
from pathlib import Path
from typing import Self

import routing
from routing.effects import Effect
from routing.events import Event, SignalReceived
from routing.state import State

Step = Callable[[State, Event, datetime], tuple[State, tuple[Effect, ...]]]
NextDeadline = Callable[[State], datetime | None]
OnlyHeard = Callable[[State, SignalReceived], bool]


@dataclass(frozen=True, slots=True)
class Core:
    """`routing`'s functions as arguments, so that a test can hand in a core that fails."""

    step: Step
    next_deadline: NextDeadline
    only_heard: OnlyHeard
    version: str

    @classmethod
    def shipped(cls) -> Self:
        """The core of this program."""
        from routing.step import next_deadline, step
        from routing.supervision import only_heard

        return cls(step, next_deadline, only_heard, CORE_VERSION)


def _core_version() -> str:
    """The release and a hash of `routing`'s source: byte for byte holds within one of these."""
    source = hashlib.sha256()
    for path in sorted(Path(routing.__file__).parent.glob("*.py")):
        source.update(path.read_bytes())
    return f"{version('bjelle')}+{source.hexdigest()[:12]}"


CORE_VERSION = _core_version()
TZDATA_VERSION = version("tzdata")
