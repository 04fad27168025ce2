"""Silence is not safety: devices, bridges, batteries and the hub's own faults.

A technical call says what is wrong with what. Equal faults join it, and it closes by itself
when the fault is over. A bridge that is gone is one call, and its devices none: they are
unknown because of it. After the broker came back a short grace lets last wills and queued data
settle.
"""

from dataclasses import replace
from datetime import datetime, timedelta
from typing import assert_never

from routing.draft import Draft, facts
from routing.effects import Because, Reason
from routing.events import (
    BridgeChanged,
    BrokerChanged,
    ClockStepped,
    DevicesHeard,
    FaultMended,
    FaultNoticed,
    SignalReceived,
    StoreChanged,
    StoreState,
)
from routing.health import (
    BATTERY_GOOD_PERCENT,
    OFFLINE_HELD,
    alive,
    battery,
    of_the_link,
)
from routing.ids import BridgeId, DeviceId
from routing.index import stays_in_room
from routing.levels import level_of
from routing.life import close_call
from routing.place import by_second_radio
from routing.plan import CallType, Device, DeviceClass, DeviceLife, Priority, Profile
from routing.readings import (
    FALLEN,
    Availability,
    BatteryRead,
    ButtonPressed,
    DeviceFault,
    FallSeen,
    HelpCancelled,
    HelpPressed,
    Problem,
    Reading,
)
from routing.state import BridgeNow, DeviceNow, Level, State
from routing.technical import (
    BRIDGE,
    BROKER,
    CLOCK,
    LOST,
    NOT_READ,
    OFFLINE,
    SILENT,
    SPOOL_LOST,
    STUCK,
    UNRECORDED,
    is_fault,
    mended,
    technical,
)

GRACE = timedelta(seconds=60)
"""After the broker or the hub came back queued data and last wills come first (A5)."""
STEADY = timedelta(minutes=10)
"""Online without a break for this long ends that fault: one call, not twenty (DEVICES A1)."""

STUCK_AFTER = timedelta(hours=24)
"""Movement without a pause for this long is a sensor that hangs (DEVICES A10)."""
STILL_AFTER = timedelta(hours=72)
"""No movement for this long where somebody lives is one too: alive, and blind."""

_WATCHED = (DeviceLife.ACTIVE, DeviceLife.SUSPECT)
_NEW = DeviceNow()


def only_heard(state: State, event: SignalReceived) -> bool:
    """Tell whether a message says nothing new, so that it may be gathered in `DevicesHeard`.

    Never for a cry for help or nonsense, never for a device or bridge that was thought lost,
    never for what a broker replayed or queued.
    """
    if by_second_radio(state.plan, event):
        return True
    known = state.devices.get(event.device)
    device = state.plan.devices.get(event.device)
    if (
        known is None
        or device is None
        or device.life is DeviceLife.RETIRED
        or known.silent
        or event.test
        or event.delivery.retained
        or event.delivery.history
        or event.delivery.backlog_since is not None
    ):
        return False
    bridge = state.bridges.get(device.bridge)
    if bridge is not None and bridge.online is False:
        return False
    return _in_turn(known, event) and all(
        _says_nothing(known, reading) for reading in event.readings
    )


def _in_turn(known: DeviceNow, event: SignalReceived) -> bool:
    """Tell whether nothing is missing before it: else its number must be remembered (T4)."""
    if not event.session or not any(level_of(reading) for reading in event.readings):
        return True
    return event.session == known.session and event.number == known.number + 1


def _says_nothing(known: DeviceNow, reading: Reading) -> bool:
    match reading:
        case HelpPressed() | HelpCancelled() | ButtonPressed() | Problem() | DeviceFault():
            return False
        case FallSeen(phase=phase) if phase in FALLEN:
            return False  # whether the same again is news, `signals` judges
        case BatteryRead():
            low = reading.percent is not None and reading.percent <= BATTERY_GOOD_PERCENT
            return not low and reading.low is None
        case _:
            found = level_of(reading)
            if found is None:
                return True
            level = known.levels.get(found[0])
            return level is not None and level.value == found[1]


def heard(draft: Draft, event: DevicesHeard) -> None:
    """Take in gathered signs of life."""
    batteries = dict(event.readings)
    for device_id, at in event.heard:
        device = draft.plan.devices.get(device_id)
        if device is None:
            continue
        before = draft.devices.get(device_id, _NEW)
        latest = at if before.last_heard is None else max(at, before.last_heard)
        draft.put_device(device_id, replace(before, last_heard=latest))
        alive(draft, device, before)
        for reading in batteries.get(device_id, ()):
            if isinstance(reading, BatteryRead):
                battery(draft, device, reading)


def adopted(draft: Draft) -> None:
    """Begin to watch what the plan says; a device that never spoke is silent too."""
    for device in draft.plan.devices.values():
        known = draft.devices.get(device.id, _NEW)
        if device.expect_every is not None and known.watched_since is None:
            draft.put_device(device.id, replace(known, watched_since=draft.now))
        if device.life not in _WATCHED:
            _out_of_use(draft, device)
    # Also one that was never understood, and so is not among those heard.
    for device_id in {**draft.state.plan.devices, **draft.devices}:
        if device_id not in draft.plan.devices:
            _retire(draft, device_id)
    draft.look_at(draft.now)


def started(draft: Draft) -> None:
    """Begin to watch after a start: what queued up while the hub was away comes first."""
    draft.grace_until = draft.now + GRACE
    adopted(draft)


def _out_of_use(draft: Draft, device: Device) -> None:
    """Say no more that a device is silent or hangs once nobody depends on it.

    In use again it is judged by when it was heard last, and what it senses begins anew.
    """
    for fault in (SILENT, OFFLINE, STUCK):
        mended(draft, fault, device=device.id)
    known = draft.devices.get(device.id)
    if known is None:
        return
    levels = of_the_link(known.levels)
    if known.silent or levels != known.levels:
        draft.put_device(device.id, replace(known, silent=False, levels=levels))


def _retire(draft: Draft, device: DeviceId) -> None:
    for call in draft.open_calls():
        if call.type is CallType.TECHNICAL and call.device == device:
            because = Because(Reason.FAULT_OVER, facts=facts(device=device, retired="yes"))
            close_call(draft, call, because)
    draft.devices = {one: now for one, now in draft.devices.items() if one != device}


def watch(draft: Draft) -> None:
    """Look at every limit that may be over, and say when to look again."""
    if draft.watch_at is None or draft.watch_at > draft.now:
        return
    draft.watch_at = None
    if draft.grace_until is not None:
        if draft.now < draft.grace_until:
            draft.watch_at = draft.grace_until
            return
        draft.grace_until = None
    # Without a broker nothing can be heard; that is one call already.
    if not draft.broker_up:
        return
    last = _last_heard_by_bridge(draft)
    for bridge in draft.plan.bridges.values():
        _watch_bridge(draft, bridge.id, bridge.expect_every, last.get(bridge.id))
    for device in draft.plan.devices.values():
        if device.life in _WATCHED and not _excused(draft, device.bridge):
            _watch_device(draft, device)


def _excused(draft: Draft, bridge: BridgeId) -> bool:
    """Tell whether a bridge is gone, or back too recently for its devices to have spoken."""
    now = draft.bridges.get(bridge)
    if now is None or now.online is None:
        return False
    if now.online and now.since is not None:
        settled = now.since + GRACE
        if settled > draft.now:
            draft.look_at(settled)
            return True
    return not now.online


def _last_heard_by_bridge(draft: Draft) -> dict[BridgeId, datetime]:
    last: dict[BridgeId, datetime] = {}
    for device in draft.plan.devices.values():
        known = draft.devices.get(device.id)
        if known is not None and known.last_heard is not None:
            before = last.get(device.bridge)
            if before is None or known.last_heard > before:
                last[device.bridge] = known.last_heard
    return last


def _watch_bridge(
    draft: Draft, bridge: BridgeId, expect_every: timedelta | None, last: datetime | None
) -> None:
    now = draft.bridges.get(bridge, BridgeNow())
    if now.online is False:
        because = Because(Reason.BRIDGE_LOST, facts=(("bridge", bridge),))
        if not any(is_fault(call, BRIDGE, None, bridge) for call in draft.open_calls()):
            technical(draft, BRIDGE, because, bridge=bridge)
        return
    if expect_every is None:
        return
    spoken = max((at for at in (last, now.since) if at is not None), default=None)
    if spoken is None:
        draft.put_bridge(bridge, replace(now, since=draft.now))
        spoken = draft.now
    due = spoken + expect_every
    if due > draft.now:
        draft.look_at(due)
        return
    draft.put_bridge(bridge, replace(now, online=False, since=draft.now))
    because = Because(
        Reason.BRIDGE_LOST, facts=(("bridge", bridge), ("last_heard", spoken.isoformat()))
    )
    technical(draft, BRIDGE, because, bridge=bridge)


def _watch_device(draft: Draft, device: Device) -> None:
    now = draft.devices.get(device.id)
    if now is None:
        return
    _watch_offline(draft, device, now)
    _watch_stuck(draft, device, now)
    if device.expect_every is None or now.silent:
        return
    spoken = [at for at in (now.last_heard, now.watched_since) if at is not None]
    due = max(spoken, default=draft.now) + device.expect_every
    if due > draft.now:
        draft.look_at(due)
        return
    draft.put_device(device.id, replace(now, silent=True))
    last = "" if now.last_heard is None else now.last_heard.isoformat()
    because = Because(Reason.DEVICE_SILENT, facts=facts(device=device.id, last_heard=last))
    technical(draft, SILENT, because, device=device.id)


def _watch_offline(draft: Draft, device: Device, now: DeviceNow) -> None:
    link = now.levels.get("link")
    if link is None or device.device_class is DeviceClass.COMFORT:
        return
    open_now = any(is_fault(call, OFFLINE, device.id, None) for call in draft.open_calls())
    if link.value == Availability.OFFLINE.value:
        due = link.since + OFFLINE_HELD
        if due > draft.now:
            draft.look_at(due)
        elif not open_now and not now.silent:
            known = facts(device=device.id, since=link.since.isoformat())
            technical(
                draft, OFFLINE, Because(Reason.DEVICE_SILENT, facts=known), device=device.id
            )
    elif open_now:
        due = link.since + STEADY
        if due > draft.now:
            draft.look_at(due)
        else:
            mended(draft, OFFLINE, device=device.id)


def _watch_stuck(draft: Draft, device: Device, now: DeviceNow) -> None:
    level = now.levels.get("motion")
    if level is None:
        return
    due = _stuck_at(draft, device, level)
    if due is None or due > draft.now:
        mended(draft, STUCK, device=device.id)
        if due is not None:
            draft.look_at(due)
    elif not any(is_fault(call, STUCK, device.id, None) for call in draft.open_calls()):
        known = facts(device=device.id, since=level.since.isoformat())
        because = Because(Reason.SENSOR_STUCK, facts=known)
        technical(draft, STUCK, because, device=device.id, priority=Priority.ROUTINE)


def _stuck_at(draft: Draft, device: Device, level: Level) -> datetime | None:
    """Return when movement, or stillness, has lasted too long; None: nobody lives there.

    Stillness counts from when somebody has been at home in the device's room: a sensor that
    was blind before a patient moved in is told too.
    """
    if level.value == "on":
        return level.since + STUCK_AFTER
    still = [
        max(level.since, held.since, stay.since)
        for held in draft.index.assignments.get(device.id, ())
        if held.until is None or held.until > draft.now
        for stay in stays_in_room(draft.index, held.room, draft.now, draft.now)
        if stay.profile is not Profile.OUT
    ]
    return min(still) + STILL_AFTER if still else None


# --- Bridges, the broker, the store, the clock ------------------------------------------------


def bridge_changed(draft: Draft, event: BridgeChanged) -> None:
    """Take in a bridge's state: gone is one call, back is its end."""
    now = draft.bridges.get(event.bridge, BridgeNow())
    since = draft.now if now.online is not event.online else now.since
    last = draft.now if event.online else now.last_heard
    draft.put_bridge(event.bridge, BridgeNow(event.online, since, last))
    if event.online:
        mended(draft, BRIDGE, bridge=event.bridge)
        draft.look_at(draft.now + GRACE)
    elif now.online is not False:
        draft.look_at(draft.grace_until or draft.now)
        if draft.grace_until is None and draft.broker_up:
            known = (("bridge", str(event.bridge)), ("detail", event.detail))
            technical(
                draft, BRIDGE, Because(Reason.BRIDGE_LOST, facts=known), bridge=event.bridge
            )


def broker_changed(draft: Draft, event: BrokerChanged) -> None:
    """Take in that the hub lost or found its broker."""
    was_up = draft.broker_up
    draft.broker_up = event.up
    since = "" if event.since is None else event.since.isoformat()
    if event.up:
        mended(draft, BROKER)
        draft.grace_until = draft.now + GRACE
        draft.look_at(draft.grace_until)
        if not event.session_kept:
            # It does not end by itself: somebody looks in on those who may have pressed.
            because = Because(Reason.MESSAGES_LOST, facts=facts(since=since))
            technical(draft, LOST, because, priority=Priority.URGENT)
    elif was_up:
        because = Because(Reason.BROKER_LOST, facts=facts(since=since))
        technical(draft, BROKER, because, priority=Priority.URGENT)


def store_changed(draft: Draft, event: StoreChanged) -> None:
    """Take in whether the journal can be written; with the spool gone too, shout."""
    draft.store = event.state
    because = Because(Reason.STORE_LOST, facts=facts(detail=event.detail))
    match event.state:
        case StoreState.RECORDED:
            mended(draft, UNRECORDED)
            mended(draft, SPOOL_LOST)
        case StoreState.UNRECORDED:
            mended(draft, SPOOL_LOST)
            technical(draft, UNRECORDED, because, priority=Priority.URGENT)
        case StoreState.SPOOL_LOST:
            technical(draft, SPOOL_LOST, because, priority=Priority.EMERGENCY)
        case _:
            assert_never(event.state)


def clock_stepped(draft: Draft, event: ClockStepped) -> None:
    """Tell the technician that the wall clock jumped; a person closes it."""
    seconds = f"{event.by.total_seconds():.0f}"
    technical(draft, CLOCK, Because(Reason.CLOCK_STEPPED, facts=facts(seconds=seconds)))


def fault_noticed(draft: Draft, event: FaultNoticed) -> None:
    """Tell about a fault that the shell saw."""
    known = facts(device=event.device, code=event.code, detail=event.detail)
    because = Because(Reason.SHELL_FAULT, facts=known)
    urgent = Priority.URGENT if event.code == NOT_READ else None
    technical(
        draft,
        event.code,
        because,
        device=event.device,
        bridge=event.bridge,
        priority=urgent,
    )


def fault_mended(draft: Draft, event: FaultMended) -> None:
    """End a fault that the shell saw."""
    mended(draft, event.code, device=event.device, bridge=event.bridge)
