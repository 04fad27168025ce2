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
BY_HOUSE = frozenset({"webpush"})
"""Kinds whose receivers are each house's own: one house's proof says nothing of another."""
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


Way = tuple[HouseId | None, str]
"""A channel and the house whose receivers it reaches; None: the same for all houses."""


@dataclass
class Health:
    """What is known of each channel; the houses' engines are told of changes."""

    engines: Mapping[HouseId, Engine]
    kinds: Mapping[str, str]
    """Configured channels and their kinds."""
    last: dict[Way, datetime] = field(default_factory=dict[Way, datetime])
    failing: dict[Way, str] = field(default_factory=dict[Way, str])
    waiting: Mapping[str, int] = field(default_factory=dict[str, int])
    _told: dict[Way, datetime] = field(default_factory=dict[Way, datetime])

    def way(self, channel: str, house: HouseId) -> Way:
        """Return what a receipt in this house says something of."""
        return (house if self.kinds.get(channel) in BY_HOUSE else None, channel)

    def proved_through(self, channel: str) -> Sequence[HouseId]:
        """Return the houses whose proofs are needed: one for all, or each that rings it.

        Where no house rings it yet, somebody is setting it up and wants to see it work.
        """
        if self.kinds.get(channel) not in BY_HOUSE:
            return sorted(self.engines)[:1]
        return self._ringing(channel) or sorted(self.engines)

    def _ringing(self, channel: str) -> list[HouseId]:
        return sorted(h for h, e in self.engines.items() if channel in used_by(e.state.plan))

    def _concerned(self, way: Way) -> Sequence[Engine]:
        house, channel = way
        if house is None:
            return list(self.engines.values())
        # A house that does not ring it needs no technical call about it.
        return [self.engines[one] for one in self._ringing(channel) if one == house]

    async def works(self, channel: str, at: datetime, house: HouseId) -> None:
        """Take note of a receipt; end the technical calls about the channel."""
        way = self.way(channel, house)
        self.last[way] = max(at, self.last.get(way, at))
        if self.failing.pop(way, ""):
            log.info("channel works again", channel=channel, house=way[0])
        self._told.pop(way, None)
        for engine in self._concerned(way):
            # Asked of the state, so that a fault from before a restart ends too.
            if _is_told(engine, channel):
                await _tell(engine, FaultMended(fault_of(channel)))

    async def fails(
        self, channel: str, why: str, at: datetime, house: HouseId, *, tell: bool
    ) -> None:
        """Take note of a failed try; `tell`: make it a technical call, once."""
        way = self.way(channel, house)
        if way not in self.failing:
            log.warning("channel fails", channel=channel, house=way[0], why=why)
        self.failing[way] = why
        if not tell or at < self._told.get(way, at) + self._quiet(way):
            return
        self._told[way] = at
        detail = f"channel {channel}: {why}"
        for engine in self._concerned(way):
            if not _is_told(engine, channel):
                await _tell(engine, FaultNoticed(fault_of(channel), detail))

    def _quiet(self, way: Way) -> timedelta:
        return TOLD_AGAIN if way in self._told else timedelta(0)

    def ages_s(self, now: datetime) -> dict[str, float]:
        """Return seconds since each configured channel's last receipt; infinite: never.

        Where each house has receivers of its own, the house that waits longest counts.
        """
        return {name: self._age_s(name, now) for name in self.kinds}

    def _age_s(self, channel: str, now: datetime) -> float:
        ways = [self.way(channel, house) for house in self.proved_through(channel)]
        if not ways or any(way not in self.last for way in ways):
            return float("inf")
        return max((now - self.last[way]).total_seconds() for way in ways)

    def standing(self, house: HouseId, now: datetime) -> Sequence[Standing]:
        """Return every channel that is configured, or that the house's ladders ring."""
        used = used_by(self.engines[house].state.plan)
        names = [*self.kinds, *sorted(used - set(self.kinds))]
        return [self._standing(name, house, now, used=name in used) for name in names]

    def _standing(self, name: str, house: HouseId, now: datetime, *, used: bool) -> Standing:
        way = self.way(name, house)
        last = self.last.get(way)
        age = None if last is None else now - last
        return Standing(
            name=name,
            kind=self.kinds.get(name, ""),
            configured=name in self.kinds,
            used=used,
            last_proof=last,
            age_s=None if age is None else round(age.total_seconds(), 1),
            overdue=age is None or age > OVERDUE,
            failing=self.failing.get(way, ""),
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
