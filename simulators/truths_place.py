"""Checks on place: it is shown, never obeyed, and known by right only."""

# ruff: noqa: ARG001 - every check has the same shape

from dataclasses import replace

from routing.effects import Effect, Show
from routing.events import SignalReceived, TagsPlaced
from routing.ids import DeviceId, PatientId
from routing.plan import CallType
from routing.readings import HelpPressed
from routing.state import State, is_open
from routing.step import step as live_step
from simulators.watch import Stepped, Watch, Wrong


def place_decides_nothing(watch: Watch, step: Stepped) -> Wrong | None:
    """The same step in a house where nobody's place is known rings and books the same."""
    event, before = step.event, step.before
    if isinstance(event, TagsPlaced):
        event = TagsPlaced()
    elif not before.places or not _asks(event):
        return None
    after, effects = live_step(replace(before, places={}), event, step.now)
    if _decided(effects) != _decided(step.effects):
        return Wrong("without any place known something else was decided")
    for call, _, now in step.changed:
        if now is None or now != after.calls.get(call):
            return Wrong(f"without any place known call {call} would be another", call)
    return None


def place_by_right(watch: Watch, step: Stepped) -> Wrong | None:
    """Who is followed has a legal basis for it, or is looked for because of an open call."""
    if step.after.places is step.before.places:
        return None
    for tag in step.after.places:
        wearers = {
            held.patient
            for held in step.after.plan.assignments
            if held.device == tag
            and held.since <= step.now
            and (held.until is None or step.now < held.until)
        }
        allowed = any(
            stay.place is not None and stay.patient in wearers for stay in step.after.plan.stays
        )
        if not allowed and not _looked_for(step.after, wearers, tag):
            return Wrong(f"{tag} is followed without a basis, and nobody calls", None, tag)
    return None


def _looked_for(state: State, wearers: set[PatientId | None], tag: DeviceId) -> bool:
    return any(
        is_open(call)
        and call.type not in (CallType.TECHNICAL, CallType.INFORMATION)
        and (call.patient in wearers or call.device == tag or wearers & set(call.possible))
        for call in state.calls.values()
    )


def _asks(event: object) -> bool:
    return isinstance(event, SignalReceived) and any(
        isinstance(one, HelpPressed) for one in event.readings
    )


def _decided(effects: tuple[Effect, ...]) -> tuple[Effect, ...]:
    return tuple(one for one in effects if not isinstance(one, Show))
