"""Checks on what devices say of people and of themselves: falls, order, silence."""

# ruff: noqa: ARG001 - every check has the same shape

from collections.abc import Iterator

from routing.calls import CallState
from routing.defaults import policy_for
from routing.effects import Booked, Reason
from routing.events import SignalReceived
from routing.ids import PatientId
from routing.levels import level_of
from routing.plan import (
    CallType,
    DeviceClass,
    DeviceLife,
    Plan,
    Profile,
    Rule,
    RuleState,
    Stay,
    TriggerKind,
)
from routing.readings import FallPhase, FallSeen, Tampered
from routing.state import is_open
from simulators.watch import Stepped, Watch, Wrong

_FELL = (FallPhase.SUSPECTED, FallPhase.CONFIRMED)
_AS_GRAVE = (CallType.ASSIST, CallType.BATHROOM, CallType.FALL_CONFIRMED)
_NO_SENSORS = (Profile.END_OF_LIFE, Profile.OUT, Profile.FAMILY_PRESENT)


def _news(step: Stepped) -> SignalReceived | None:
    """Return the signal, where the core was to take its readings in."""
    event, book = step.event, step.book
    assert isinstance(event, SignalReceived)
    device = step.after.plan.devices.get(event.device)
    in_use = device is not None and device.life in (DeviceLife.ACTIVE, DeviceLife.SUSPECT)
    if not in_use or event.test or book is None or book.to is Booked.DUPLICATE:
        return None
    return None if book.because.reason is Reason.PROVEN else event


# --- Falls ------------------------------------------------------------------------------------


def fall_calls(watch: Watch, step: Stepped) -> Wrong | None:
    """A fall that is news is a call, where a rule in force asks; confirmed, a grave one."""
    event = _news(step)
    if event is None or event.delivery.retained:
        return None
    for reading in event.readings:
        if isinstance(reading, FallSeen) and reading.phase in _FELL:
            kind, value = level_of(reading) or ("", "")
            before = step.before.devices.get(event.device)
            known = None if before is None else before.levels.get(kind)
            if known is not None and known.value == value:
                continue  # it goes on saying so
            if any(_asks(step, rule, event) for rule in step.after.plan.rules):
                return _fall_told(step, event, reading.phase)
    return None


def _fall_told(step: Stepped, event: SignalReceived, phase: FallPhase) -> Wrong | None:
    book = step.book
    call = step.after.calls.get(book.call) if book is not None and book.call else None
    if call is None or not is_open(call):
        return Wrong(f"a fall before {event.device} called nobody", None, event.device)
    if phase is FallPhase.CONFIRMED and call.type not in _AS_GRAVE:
        return Wrong(f"a confirmed fall is a {call.type} call", call.id, event.device)
    return None


def _asks(step: Stepped, rule: Rule, event: SignalReceived) -> bool:
    """Tell whether this rule asks for the falls that this device sees, now."""
    plan, now = step.after.plan, step.now
    if rule.state is not RuleState.ACTIVE or rule.window is not None or rule.unless:
        return False
    if not any(t.kind is TriggerKind.FALL and t.device is None for t in rule.triggers):
        return False
    stay = _stay(step, plan, rule.patient)
    if stay is None or stay.profile in _NO_SENSORS or not rule.decided_by:
        return False
    if any(p.patient == rule.patient and p.until > now for p in step.before.pauses):
        return False
    bed = plan.beds.get(stay.bed)
    stands = any(
        one.device == event.device
        and bed is not None
        and one.room == bed.room
        and one.since <= now
        and (one.until is None or now < one.until)
        for one in plan.assignments
    )
    return stands and not _attended(step, rule)


def _stay(step: Stepped, plan: Plan, patient: PatientId) -> Stay | None:
    for stay in plan.stays:
        here = stay.since <= step.now and (stay.until is None or step.now < stay.until)
        if stay.patient == patient and here:
            return stay
    return None


def _attended(step: Stepped, rule: Rule) -> bool:
    level = policy_for(step.after.plan, rule.call_type).close_competence
    staff = step.after.plan.staff
    return any(
        staff[one].competence >= level
        for call in step.before.calls.values()
        if call.patient == rule.patient and call.state is CallState.PRESENT
        for one in call.present
        if one in staff
    )


# --- An alarm laid aside ----------------------------------------------------------------------


def aside_shows(watch: Watch, step: Stepped) -> Wrong | None:
    """What was opened or taken off is an open technical call until it is put right."""
    event = _news(step)
    if event is None:
        return None
    device = step.after.plan.devices[event.device]
    if device.device_class not in (DeviceClass.ALARM, DeviceClass.SAFETY):
        return None
    for reading in event.readings:
        if isinstance(reading, Tampered):
            told = any(
                is_open(call) and call.device == device.id and call.fault.startswith("tampered")
                for call in step.after.calls.values()
            )
            if told is not reading.active:
                what = "is laid aside" if reading.active else "is worn again"
                return Wrong(f"{device.id} {what}, and the technical calls disagree")
    return None


# --- Order, and silence -----------------------------------------------------------------------


def overtaken_turns_nothing_back(watch: Watch, step: Stepped) -> Wrong | None:
    """What a device said earlier and the radio brought later changes no level."""
    event = _news(step)
    before = None if event is None else step.before.devices.get(event.device)
    if event is None or before is None or not event.session or not event.number:
        return None
    if not watch.overtaken(event, step.now):
        return None
    number = watch.counted[event.device][1]
    after = step.after.devices[event.device]
    for kind in _kinds(event):
        if kind in before.levels and after.levels[kind].value != before.levels[kind].value:
            return Wrong(
                f"{event.device} said {event.number} after {number}, and was believed",
                None,
                event.device,
            )
    return None


def _kinds(event: SignalReceived) -> Iterator[str]:
    for reading in event.readings:
        found = level_of(reading)
        if found is not None and not isinstance(reading, FallSeen):
            yield found[0]


def silence_is_true(watch: Watch, step: Stepped) -> Wrong | None:
    """A device that was heard inside its limit is not called silent, wherever it was heard."""
    for call_id, before, call in step.changed:
        if before is not None or call is None or call.fault != "device_silent":
            continue
        device = None if call.device is None else step.after.plan.devices.get(call.device)
        heard = None if device is None else watch.sure.get(device.id)
        if device is None or heard is None or device.expect_every is None:
            continue
        if step.now - heard < device.expect_every:
            return Wrong(f"{device.id} spoke at {heard:%H:%M:%S} and is called silent", call_id)
    return None
