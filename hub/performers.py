"""Who carries effects out, and telling all of them: one that fails keeps nobody else silent."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from enum import IntEnum
from typing import Protocol, runtime_checkable

import structlog

from routing.effects import Effect, Ring
from routing.ids import HouseId
from routing.state import State

log = structlog.get_logger(__name__)


class Lane(IntEnum):
    """Staff taps, receipts and alarm devices go first."""

    ALARM = 0
    BULK = 1


@dataclass(frozen=True, slots=True)
class Settled:
    """What became of an event. `recorded` False: only in the spool, «ikke lagret»."""

    state: State
    effects: tuple[Effect, ...]
    recorded: bool


class Performer(Protocol):
    """Carries effects out: gateway, publisher, channels, metrics."""

    def noise(self, house: HouseId, state: State, effects: Sequence[Effect]) -> None:
        """Ring, at once, before the commit. Must not block; receives only Ring."""
        ...

    def settled(
        self,
        house: HouseId,
        state: State,
        effects: Sequence[Effect],
        recorded: bool,  # noqa: FBT001 (part of the seam)
    ) -> None:
        """Everything of a committed batch, in order; `state` is that after its last event."""
        ...


@runtime_checkable
class StopsRinging(Protocol):
    """A performer that must know when another worker has taken the house over."""

    def fenced(self, house: HouseId) -> None:
        """Stop ringing for this house: another worker does now."""
        ...


class Performers:
    """All of a house's performers, told one after the other."""

    def __init__(
        self,
        house: HouseId,
        performers: Sequence[Performer],
        failed: Callable[[str, str], None],
    ) -> None:
        """`failed(code, detail)` hears of a performer that raised."""
        self._house = house
        self._all = tuple(performers)
        self._failed = failed

    def noise(self, state: State, effects: Sequence[Effect]) -> None:
        """Hand the rings among these effects out."""
        rings = [effect for effect in effects if isinstance(effect, Ring)]
        if not rings:
            return
        for performer in self._all:
            try:
                performer.noise(self._house, state, rings)
            except Exception as error:  # noqa: BLE001 (the next one may still ring)
                self._tell(performer, error)

    def settled(self, state: State, effects: Sequence[Effect], *, recorded: bool) -> None:
        """Hand a committed batch out."""
        for performer in self._all:
            try:
                performer.settled(self._house, state, effects, recorded)
            except Exception as error:  # noqa: BLE001
                self._tell(performer, error)

    def fenced(self) -> None:
        """Another worker has the house: those that ring stop."""
        for performer in self._all:
            if isinstance(performer, StopsRinging):
                try:
                    performer.fenced(self._house)
                except Exception as error:  # noqa: BLE001
                    self._tell(performer, error)

    def _tell(self, performer: Performer, error: Exception) -> None:
        name = type(performer).__name__.lower()
        log.error("performer failed", performer=name, exc_info=error)
        self._failed(f"performer_{name}", f"{name} raised {type(error).__name__}: {error}")
