"""Watching every signed-in telephone, with or without a line, and telling the core of changes.

A telephone that goes while its page reloads is not gone: the watch outlives the line, and only
the missing answers count (hub/watchdog.py).
"""

from hub.operations import Inward, Key
from hub.watchdog import Facts, Judgement, Watch, answered, forgive, in_charger, judge
from routing.events import HandsetReported
from routing.ids import HandsetId, HouseId
from routing.state import HandsetNow, State

REPORT_AGAIN_S = 5.0
"""A judgement that the core has not taken in is offered again after this."""


class Watching:
    """The watches of all houses. `now` is in seconds of any clock that never goes back."""

    def __init__(self, inward: Inward) -> None:
        self._inward = inward
        self._watches: dict[Key, Watch] = {}
        self._reported: dict[Key, tuple[Judgement, float]] = {}

    def begin(self, key: Key, now: float) -> None:
        """Watch this telephone from now, if it is not watched already."""
        self._watches.setdefault(key, Watch(answered_at=now))

    def answered(self, key: Key, facts: Facts, state: State, now: float) -> None:
        """Take in what a page's main thread said."""
        self._watches[key] = answered(self._watches.get(key, Watch(now)), facts, now)
        self._report(key, state, now)

    def forgive(self, pause_s: float) -> None:
        """The hub stood still for this long: nobody's silence counts."""
        self._watches = {key: forgive(w, pause_s) for key, w in self._watches.items()}

    def look(self, house: HouseId, state: State, now: float) -> None:
        """Judge the telephones that somebody is signed in on; forget the others."""
        for handset, known in state.handsets.items():
            key = (house, handset)
            if known.staff is None:
                self._reported.pop(key, None)
            else:
                self._watches.setdefault(key, Watch(answered_at=now))
                self._report(key, state, now)

    def judged(self, key: Key, state: State, now: float) -> Judgement:
        """Return what a telephone is now, or what the core believes until it has spoken."""
        watch = self._watches.get(key)
        judgement = judge(watch, now) if watch else None
        if judgement is not None:
            return judgement
        known = state.handsets.get(key[1], HandsetNow())
        return known.state, known.reasons

    def in_charger(self, key: Key, now: float) -> bool:
        """Tell whether a carried telephone rests in the charger."""
        watch = self._watches.get(key)
        return watch is not None and in_charger(watch, now)

    def silent_s(self, house: HouseId, now: float) -> dict[HandsetId, float]:
        """Return how long ago each telephone's page last answered."""
        return {
            h: now - w.answered_at for (where, h), w in self._watches.items() if where == house
        }

    def end(self, key: Key) -> None:
        """Nobody is signed in there any more."""
        self._watches.pop(key, None)
        self._reported.pop(key, None)

    def _report(self, key: Key, state: State, now: float) -> None:
        """Report a change once, and again only when the core does not show it."""
        judgement = judge(self._watches[key], now)
        known = state.handsets.get(key[1])
        if judgement is None or known is None or known.staff is None:
            return
        last = self._reported.get(key)
        same = last is not None and last[0] == judgement
        if (known.state, known.reasons) == judgement and (last is None or same):
            self._reported[key] = (judgement, now)
            return
        if last is not None and same and now - last[1] < REPORT_AGAIN_S:
            return
        self._reported[key] = (judgement, now)
        event = HandsetReported(key[1], *judgement)
        self._inward.spawn(self._inward.submit(key, event))
