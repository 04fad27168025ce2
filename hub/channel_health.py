"""Which channels work: faults told and ended, and when each last gave a receipt."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

import structlog

from hub.engine import Engine, EngineStopped, Fenced
from routing.defaults import ladder_for
from routing.events import Event, FaultMended, FaultNoticed
from routing.ids import HouseId
from routing.plan import CallType, Plan, TargetKind
from routing.state import is_open

log = structlog.get_logger(__name__)

OVERDUE = timedelta(hours=26)
"""A day, and time for a proof that came late."""
TOLD_AGAIN = timedelta(hours=1)
"""A person may have closed the technical call of a channel that is still down."""
TRIES = 3
"""Failed tries in a row before it is told: one lost packet wakes nobody."""


@dataclass(frozen=True, slots=True)
class Standing:
    """One rung outside the house, as a technician sees it."""

    name: str
    kind: str
    configured: bool
    used: bool
    """A ladder of the house rings it."""
    last_proof: datetime | None
    age_s: float | None
    overdue: bool
    failing: str
    """Why the last try failed; empty while it works."""
    waiting: int


def fault_of(channel: str) -> str:
    """Return the code of the technical call about this channel."""
    return f"channel_failed:{channel}"


def used_by(plan: Plan) -> set[str]:
    """Return the channels that a house's ladders ring."""
    ladders = [*plan.ladders.values(), *(ladder_for(plan, kind) for kind in CallType)]
    return {
        target.value
        for ladder in ladders
        for rung in (*ladder.rungs, ladder.failsafe)
        for target in rung.targets
        if target.kind is TargetKind.CHANNEL
    }


@dataclass
class Health:
    """What is known of each channel; the houses' engines are told of changes."""

    engines: Mapping[HouseId, Engine]
    kinds: Mapping[str, str]
    """Configured channels and their kinds."""
    last: dict[str, datetime] = field(default_factory=dict[str, datetime])
    failing: dict[str, str] = field(default_factory=dict[str, str])
    waiting: Mapping[str, int] = field(default_factory=dict[str, int])
    _told: dict[str, datetime] = field(default_factory=dict[str, datetime])

    async def works(self, channel: str, at: datetime) -> None:
        """Take note of a receipt; end the technical calls about the channel."""
        self.last[channel] = max(at, self.last.get(channel, at))
        if self.failing.pop(channel, ""):
            log.info("channel works again", channel=channel)
        self._told.pop(channel, None)
        for engine in self.engines.values():
            # Asked of the state, so that a fault from before a restart ends too.
            if _is_told(engine, channel):
                await _tell(engine, FaultMended(fault_of(channel)))

    async def fails(self, channel: str, why: str, at: datetime, *, tell: bool) -> None:
        """Take note of a failed try; `tell`: make it a technical call, once."""
        if channel not in self.failing:
            log.warning("channel fails", channel=channel, why=why)
        self.failing[channel] = why
        if not tell or at < self._told.get(channel, at) + self._quiet(channel):
            return
        self._told[channel] = at
        detail = f"channel {channel}: {why}"
        for engine in self.engines.values():
            if not _is_told(engine, channel):
                await _tell(engine, FaultNoticed(fault_of(channel), detail))

    def _quiet(self, channel: str) -> timedelta:
        return TOLD_AGAIN if channel in self._told else timedelta(0)

    def ages_s(self, now: datetime) -> dict[str, float]:
        """Return seconds since each configured channel's last receipt; infinite: never."""
        return {
            name: (now - self.last[name]).total_seconds() if name in self.last else float("inf")
            for name in self.kinds
        }

    def standing(self, house: HouseId, now: datetime) -> Sequence[Standing]:
        """Return every channel that is configured, or that the house's ladders ring."""
        used = used_by(self.engines[house].state.plan)
        names = [*self.kinds, *sorted(used - set(self.kinds))]
        return [self._standing(name, now, used=name in used) for name in names]

    def _standing(self, name: str, now: datetime, *, used: bool) -> Standing:
        last = self.last.get(name)
        age = None if last is None else now - last
        return Standing(
            name=name,
            kind=self.kinds.get(name, ""),
            configured=name in self.kinds,
            used=used,
            last_proof=last,
            age_s=None if age is None else round(age.total_seconds(), 1),
            overdue=age is None or age > OVERDUE,
            failing=self.failing.get(name, ""),
            waiting=self.waiting.get(name, 0),
        )


def _is_told(engine: Engine, channel: str) -> bool:
    code = fault_of(channel)
    return any(call.fault == code and is_open(call) for call in engine.state.calls.values())


async def _tell(engine: Engine, event: Event) -> None:
    try:
        await engine.submit(event)
    except (EngineStopped, Fenced) as error:
        log.info("a channel's change was not told", house=engine.house, why=str(error))
