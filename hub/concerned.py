"""Which telephones and cards a batch of effects concerns; the gateway compares only those."""

from collections.abc import Sequence

from routing.effects import Effect, Move, Note, Ring, Show, Withdraw
from routing.ids import CallId, HandsetId

_HEARD = (Move.RANG, Move.SEEN)
"""How far a ring came stands on no card."""


def concerned(
    effects: Sequence[Effect],
) -> tuple[frozenset[HandsetId], tuple[CallId, ...], dict[tuple[CallId, HandsetId], Withdraw]]:
    """Return the telephones, the calls, and what was withdrawn from where."""
    handsets: set[HandsetId] = set()
    calls: dict[CallId, None] = {}
    withdrawn: dict[tuple[CallId, HandsetId], Withdraw] = {}
    for effect in effects:
        match effect:
            case Ring():
                handsets.add(effect.handset)
            case Withdraw():
                handsets.add(effect.handset)
                withdrawn[effect.call, effect.handset] = effect
            case Show():
                handsets.update(effect.handsets)
            case Note() if effect.move not in _HEARD:
                pass
            case _:
                continue
        calls[effect.call] = None
    return frozenset(handsets), tuple(calls), withdrawn
