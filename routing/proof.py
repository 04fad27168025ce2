"""The proof press: a device is in use only once its real alarm came through, when asked for.

Devices pair perfectly and never send what they are for (z2m#7184). A technician opens a window
and provokes the device; the first real alarm inside it is the proof, is booked as practice and
rings nobody. Anything else, and the same press again, rings as usual.
"""

from datetime import timedelta

from routing.booking import Booking
from routing.draft import Draft
from routing.effects import Because, Booked, Reason
from routing.events import ProofAsked, SignalReceived
from routing.plan import Device
from routing.readings import (
    BedChanged,
    DeviceClass,
    DoorMoved,
    FallSeen,
    HelpPressed,
    MotionSeen,
)

WINDOW = timedelta(minutes=2)
"""Longest time between the prompt and the real alarm (DEVICES section 6)."""

_SENSED = (BedChanged, DoorMoved, FallSeen, MotionSeen)
"""What a device that nobody presses shows when it is provoked."""


def asked(draft: Draft, event: ProofAsked) -> None:
    """Open the window. One that is over is forgotten here: the dict holds what still counts."""
    open_still = {one: until for one, until in draft.proofs.items() if until >= draft.now}
    open_still.pop(event.device, None)
    if event.device in draft.plan.devices:
        open_still[event.device] = min(event.until, draft.now + WINDOW)
    draft.proofs = open_still


def proven(draft: Draft, event: SignalReceived, device: Device) -> Booking | None:
    """Return where the signal is booked if it is the proof that was asked for."""
    until = draft.proofs.get(event.device)
    if until is None or draft.now > until or not _is_real(event, device):
        return None
    draft.proofs = {one: at for one, at in draft.proofs.items() if one != event.device}
    because = Because(Reason.PROVEN, facts=(("device", event.device),))
    return Booking(Booked.PRACTICE, because)


def _is_real(event: SignalReceived, device: Device) -> bool:
    """Tell whether it is the alarm itself, now: no memory of the broker's or the device's."""
    sent = event.delivery
    if event.test or sent.retained or sent.history or sent.backlog_since is not None:
        return False
    help_only = device.device_class is DeviceClass.ALARM
    kinds = (HelpPressed,) if help_only else (HelpPressed, *_SENSED)
    return any(isinstance(reading, kinds) for reading in event.readings)
