"""Sensor rules (first stub so that the press path stands)."""

from routing.draft import Draft
from routing.effects import Because, Booked, Reason
from routing.events import SignalReceived
from routing.presses import Outcome
from routing.readings import Reading

_NO_RULE = Outcome(Booked.NO_RULE, Because(Reason.NO_RULE))


def changed(draft: Draft, event: SignalReceived, reading: Reading) -> Outcome:
    """Judge a changed level."""
    return _NO_RULE


def pressed(draft: Draft, event: SignalReceived) -> Outcome:
    """Judge a press on something that is no alarm."""
    return _NO_RULE


def due_rules(draft: Draft) -> None:
    """Fire what is due."""


def adopted(draft: Draft) -> None:
    """Forget what waits for rules that are gone."""
