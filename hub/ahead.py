"""Rings that the durable state does not hold: ahead of their commit, or of no call at all.

A ring leaves before its commit and goes on until `settled` has it, even where the latest state
has silenced it since: what silences must be durable. A ring whose step raised has no call to be
compared with; it goes on until somebody acts, ten minutes at most.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from hub.operations import Key
from routing.effects import Effect, Ring
from routing.ids import CallId, HandsetId, HouseId
from routing.state import State, is_open

FALLBACK_S = 600.0
"""How long a ring that the state does not hold goes on when nobody acts."""


@dataclass(frozen=True, slots=True)
class _Ahead:
    """Rings of one call on one telephone that left before their commit, and the state then."""

    count: int
    state: State


@dataclass(frozen=True, slots=True)
class Fallback:
    """A ring whose step raised: everybody rings, and there is no call to reconcile with."""

    ring: Ring
    at: datetime
    until: float


class Ahead:
    """What each telephone rings for beside the durable state."""

    def __init__(self, seconds: Callable[[], float], now: Callable[[], datetime]) -> None:
        """`seconds` tells time that never goes back, `now` the hub's clock."""
        self._seconds = seconds
        self._now = now
        self._ahead: dict[Key, dict[CallId, _Ahead]] = {}
        self._fallbacks: dict[Key, dict[CallId, Fallback]] = {}

    def rings(self, house: HouseId, state: State, ring: Ring) -> None:
        """Note a ring that leaves now; `state` is that after its step."""
        key = (house, ring.handset)
        own = self._ahead.setdefault(key, {})
        before = own.get(ring.call)
        own[ring.call] = _Ahead(before.count + 1 if before else 1, state)
        if not rings(state, ring.call, ring.handset):
            until = self._seconds() + FALLBACK_S
            fallbacks = self._fallbacks.setdefault(key, {})
            fallbacks[ring.call] = Fallback(ring, self._now(), until)

    def caught_up(self, house: HouseId, effects: Sequence[Effect]) -> None:
        """These rings are durable: from now the durable state says whether they go on."""
        for effect in effects:
            if not isinstance(effect, Ring):
                continue
            key = (house, effect.handset)
            own = self._ahead.get(key, {})
            before = own.pop(effect.call, None)
            if before is not None and before.count > 1:
                own[effect.call] = _Ahead(before.count - 1, before.state)
            elif not own:
                self._ahead.pop(key, None)

    def calls(self, key: Key) -> Iterable[CallId]:
        """Return the calls of one telephone that are looked at beside the durable ones."""
        return (*self._ahead.get(key, ()), *self._fallbacks.get(key, ()))

    def state(self, key: Key, call: CallId) -> State | None:
        """Return the state in which this telephone's ring left; None: it is durable."""
        ahead = self._ahead.get(key, {}).get(call)
        return None if ahead is None else ahead.state

    def fallback(self, key: Key, call: CallId) -> Fallback | None:
        """Return the ring that no state holds, while it goes on."""
        fallback = self._fallbacks.get(key, {}).get(call)
        return None if fallback is None or fallback.until < self._seconds() else fallback

    def acted_upon(self, house: HouseId, call: CallId) -> None:
        """Somebody saw to a fallback ring: it stops everywhere."""
        self._forget(lambda key, one, _: key[0] == house and one == call)

    def prune(self) -> None:
        """Forget the fallbacks whose time is over."""
        now = self._seconds()
        self._forget(lambda _, __, fallback: fallback.until < now)

    def _forget(self, over: Callable[[Key, CallId, Fallback], bool]) -> None:
        for key, own in list(self._fallbacks.items()):
            for call in [call for call, one in own.items() if over(key, call, one)]:
                del own[call]
            if not own:
                del self._fallbacks[key]

    @property
    def fallbacks(self) -> int:
        """How many rings go on that no state holds."""
        return sum(len(own) for own in self._fallbacks.values())


def rings(state: State, call: CallId, handset: HandsetId) -> bool:
    """Tell whether the state holds this ring."""
    known = state.calls.get(call)
    return known is not None and is_open(known) and handset in known.ringing
