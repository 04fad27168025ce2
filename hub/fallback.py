"""What rings when the core itself fails: everybody on duty. Rings more, never less."""

from collections.abc import Sequence
from datetime import datetime, timedelta

import msgspec

from hub import records
from routing.effects import Because, Book, Booked, Effect, Note, Reason, Reply, Ring
from routing.events import (
    By,
    Event,
    HandsetState,
    HelpAsked,
    SignalQuarantined,
    SignalReceived,
    TimePassed,
)
from routing.ids import CallId, DeviceId, HandsetId, SignalId, StaffId
from routing.plan import DeviceClass
from routing.readings import FallSeen, HelpPressed, Problem
from routing.state import State

AGAIN = timedelta(seconds=60)
"""A fault of the shell that repeats is told once in this time."""


class Told:
    """Which faults of the shell were told, and when."""

    def __init__(self) -> None:
        """None was."""
        self._at: dict[str, datetime] = {}

    def is_news(self, code: str, now: datetime) -> bool:
        """Tell whether this fault was not told within the last minute; it is from here on."""
        told = self._at.get(code)
        if told is not None and now - told < AGAIN:
            return False
        self._at[code] = now
        return True


def printable(text: str) -> str:
    """A text that JSON and both databases can carry."""
    return text.encode(errors="backslashreplace").decode()


def device_of(event: Event) -> DeviceId | None:
    """The device that this event is about, as it can be stored."""
    device = getattr(event, "device", None)
    return None if device is None else DeviceId(printable(device))


def signal_of(event: Event) -> SignalId | None:
    """The signal that this event is about, if it is a device's."""
    return getattr(event, "signal", None)


def instead_of(event: Event, why: str) -> Event | None:
    """What the core is given instead: a signal it need not understand, from the same device."""
    if isinstance(event, SignalReceived):
        return SignalQuarantined(event.signal, topic="", why=why, device=device_of(event))
    return None


def call_of(effects: Sequence[Effect]) -> CallId | None:
    """The call that the substitute opened or joined."""
    return next((effect.call for effect in effects if isinstance(effect, (Ring, Note))), None)


def effects_for(
    state: State,
    event: Event,
    signal: SignalId,
    call: CallId | None,
    why: str,
    *,
    booked: bool,
) -> tuple[Effect, ...]:
    """What goes out although the step raised: rings, an answer to the tap, the booking."""
    because = Because(Reason.SHELL_FAULT, facts=_facts(state, event, why))
    effects: list[Effect] = []
    if isinstance(event, TimePassed):
        for ringing in state.calls.values():
            if ringing.ringing:
                effects += _rings(state, ringing.id, because, again=ringing.pressed + 1)
    elif _asks_for_help(state, event):
        effects += _rings(state, call or CallId(f"fallback-{signal}"), because)
    by = getattr(event, "by", None)
    if isinstance(by, By):
        effects.append(Reply(by.handset, by.operation, ok=False, because=because))
    if isinstance(event, SignalReceived) and not booked:
        effects.append(Book(signal, Booked.QUARANTINED, because, device_of(event)))
    return tuple(effects)


def payload_of(event: Event) -> bytes:
    """The event as JSON; where that was the very fault, as its printed form."""
    try:
        return records.encode_event(event)
    except records.NotEncodable:
        text = repr(event).encode("ascii", "backslashreplace").decode()
        return msgspec.json.encode({records.TAG: type(event).__name__, "printed": text})


def _asks_for_help(state: State, event: Event) -> bool:
    if isinstance(event, HelpAsked):
        return True
    if not isinstance(event, SignalReceived) or event.test:
        return False
    device = state.plan.devices.get(event.device)
    if device is None or device.device_class is DeviceClass.ALARM:
        return True
    return any(isinstance(r, (HelpPressed, FallSeen, Problem)) for r in event.readings)


def _facts(state: State, event: Event, why: str) -> tuple[tuple[str, str], ...]:
    device = device_of(event)
    if device is None:
        return (("error", why),)
    rooms = [
        ("room", assignment.room)
        for assignment in state.plan.assignments
        if assignment.device == device and assignment.until is None and assignment.room
    ]
    return (("error", why), ("device", device), *rooms)


def _rings(state: State, call: CallId, because: Because, again: int = 0) -> list[Effect]:
    """One ring for each telephone on duty; where none is, for every telephone of the plan."""
    found: list[tuple[HandsetId, StaffId]] = [
        (handset, now.staff)
        for handset, now in state.handsets.items()
        if now.staff is not None and now.state is not HandsetState.SIGNED_OFF
    ]
    found = found or [(handset, StaffId("")) for handset in state.plan.handsets]
    return [Ring(call, handset, staff, because, again) for handset, staff in found]
