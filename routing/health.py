"""What a message says of its own device: batteries, tampering, faults, nonsense."""

from dataclasses import replace
from datetime import timedelta

from routing.booking import Booking
from routing.draft import Draft, facts
from routing.effects import Because, Booked, Reason
from routing.events import (
    SignalReceived,
)
from routing.ids import CallId, DeviceId
from routing.plan import Device, DeviceClass, Priority
from routing.readings import (
    AvailabilityChanged,
    BatteryRead,
    DeviceFault,
    Problem,
    Reading,
    Tampered,
    Trust,
)
from routing.state import DeviceNow, Level
from routing.technical import (
    BATTERY,
    BRIDGE,
    NOT_UNDERSTOOD,
    SILENT,
    is_fault,
    mended,
    technical,
)

BATTERY_LOW_PERCENT = 15.0
BATTERY_GOOD_PERCENT = 25.0
OFFLINE_HELD = timedelta(seconds=60)
"""A device that its bridge calls offline for this long is a fault (DEVICES A1)."""


def told(
    draft: Draft, event: SignalReceived, device: Device, before: DeviceNow
) -> Booking | None:
    """Take in what a message says of its device's health: batteries, faults, nonsense."""
    live = not event.delivery.retained
    if live:
        alive(draft, device, before)
    outcome: Booking | None = None
    for reading in event.readings:
        found = _health(draft, device, reading)
        if found is not None and outcome is None:
            outcome = found
    return outcome


def noted(draft: Draft, event: SignalReceived, device: Device, before: DeviceNow) -> None:
    """Take in the same of a device out of use: it wakes nobody, what is known stays true."""
    if not event.delivery.retained:
        alive(draft, device, before)
    for reading in event.readings:
        if isinstance(reading, BatteryRead) and not _is_low(reading):
            battery(draft, device, reading)
        elif isinstance(reading, AvailabilityChanged):
            _availability(draft, device, reading)


def of_the_link(levels: dict[str, Level]) -> dict[str, Level]:
    """Return what is known of a device's link alone: the rest is for where it is in use."""
    return {kind: level for kind, level in levels.items() if kind == "link"}


def alive(draft: Draft, device: Device, before: DeviceNow) -> None:
    """Take a sign of life: silence is over, and a bridge that carried it is not gone."""
    if before.silent:
        now = draft.devices[device.id]
        draft.put_device(device.id, replace(now, silent=False))
        mended(draft, SILENT, device=device.id)
        if device.expect_every is not None:
            draft.look_at(draft.now + device.expect_every)
    bridge = draft.bridges.get(device.bridge)
    # Data win over a last will that nobody took back (DEVICES A4, A6).
    if bridge is not None and bridge.online is False:
        draft.put_bridge(device.bridge, replace(bridge, online=True, since=draft.now))
        mended(draft, BRIDGE, bridge=device.bridge)
        draft.look_at(draft.now)


def _health(  # noqa: PLR0911 - one row for each reading
    draft: Draft, device: Device, reading: Reading
) -> Booking | None:
    match reading:
        case BatteryRead():
            return battery(draft, device, reading)
        case Problem():
            return _problem(draft, device, f"{reading.kind}: {reading.excerpt}")
        case AvailabilityChanged():
            return _availability(draft, device, reading)
        case Tampered():
            return _tampered(draft, device, reading)
        case DeviceFault():
            because = Because(
                Reason.TECHNICAL_ONLY, facts=facts(device=device.id, code=reading.code)
            )
            if device.device_class is DeviceClass.COMFORT:
                return Booking(Booked.TECHNICAL, because)
            call = technical(draft, f"fault:{reading.code}", because, device=device.id)
            return Booking(Booked.TECHNICAL, because, call.id)
        case _:
            return None


def battery(draft: Draft, device: Device, reading: BatteryRead) -> Booking | None:
    """Take in a battery: low is for the day list, good ends it, a doubtful figure is none."""
    now = draft.devices[device.id]
    percent = None if reading.trust is Trust.UNRELIABLE else reading.percent
    if percent is not None:
        draft.put_device(device.id, replace(now, battery_percent=percent))
    if _is_low(reading):
        return _battery_low(draft, device, reading)
    good = percent is not None and percent >= BATTERY_GOOD_PERCENT
    if good or (reading.low is False and percent is None):
        over = mended(draft, BATTERY, device=device.id)
        if over is not None:
            return Booking(Booked.TECHNICAL, Because(Reason.FAULT_OVER), over.id)
    return None


def _is_low(reading: BatteryRead) -> bool:
    percent = None if reading.trust is Trust.UNRELIABLE else reading.percent
    low = reading.low is True or (percent is not None and percent <= BATTERY_LOW_PERCENT)
    return low and reading.charging is not True


def _battery_low(draft: Draft, device: Device, reading: BatteryRead) -> Booking:
    percent = "" if reading.percent is None else f"{reading.percent:g}"
    because = Because(Reason.BATTERY_LOW, facts=facts(device=device.id, percent=percent))
    for call in draft.open_calls():
        if is_fault(call, BATTERY, device.id, None):
            return Booking(Booked.TECHNICAL, because, call.id)
    call = technical(draft, BATTERY, because, device=device.id, priority=Priority.ROUTINE)
    return Booking(Booked.TECHNICAL, because, call.id)


def _problem(draft: Draft, device: Device, why: str) -> Booking:
    now = draft.devices[device.id]
    draft.put_device(device.id, replace(now, problems=now.problems + 1))
    call = not_understood(draft, device.id, why)
    reason = Reason.NOT_UNDERSTOOD if call is None else Reason.ALARM_DEVICE_NOT_UNDERSTOOD
    because = Because(reason, facts=facts(device=device.id, why=why))
    return Booking(Booked.TECHNICAL, because, call)


def not_understood(draft: Draft, device: DeviceId, why: str) -> CallId | None:
    """Open a technical call where an alarm device is not understood: it might be a cry."""
    known = draft.plan.devices.get(device)
    if known is None or known.device_class is not DeviceClass.ALARM:
        return None
    because = Because(Reason.ALARM_DEVICE_NOT_UNDERSTOOD, facts=facts(device=device, why=why))
    return technical(draft, NOT_UNDERSTOOD, because, device=device).id


def _availability(draft: Draft, device: Device, reading: AvailabilityChanged) -> Booking:
    now = draft.devices[device.id]
    if now.availability is not reading.state:
        draft.put_device(device.id, replace(now, availability=reading.state))
        draft.look_at(draft.now + OFFLINE_HELD)
    because = Because(
        Reason.TECHNICAL_ONLY, facts=facts(device=device.id, availability=reading.state.value)
    )
    return Booking(Booked.TECHNICAL, because)


def _tampered(draft: Draft, device: Device, reading: Tampered) -> Booking | None:
    fault = f"tampered:{reading.what}"
    because = Because(
        Reason.TECHNICAL_ONLY, facts=facts(device=device.id, tampered=reading.what)
    )
    if reading.active and device.device_class in (DeviceClass.ALARM, DeviceClass.SAFETY):
        for call in draft.open_calls():
            if is_fault(call, fault, device.id, None):
                return Booking(Booked.TECHNICAL, because, call.id)
        return Booking(
            Booked.TECHNICAL, because, technical(draft, fault, because, device=device.id).id
        )
    over = None if reading.active else mended(draft, fault, device=device.id)
    if over is None:
        return None
    return Booking(Booked.TECHNICAL, Because(Reason.FAULT_OVER), over.id)
