"""Sensor rules: a patient's own conditions, in their window, after their delay, unless covered.

A rule begins when its condition comes to hold, waits its delay («ikke tilbake innen …»), and
calls if it still holds. It is silent while paused, while somebody competent is with the
patient, while the stay is lived without sensors, and outside its window; each silence is named
in the ledger. A rule in trial only says what it would have done.
"""

from datetime import datetime, timedelta
from typing import assert_never

from routing.booking import Booking, weightier
from routing.calls import CallState
from routing.defaults import OBJECTION
from routing.draft import Draft, facts
from routing.effects import Because, Booked, Move, Reason, TrialCall
from routing.events import SignalReceived
from routing.ids import DeviceId, PatientId, RuleId, SignalId
from routing.index import holds_at, listens, room_of, stay_at, unit_of
from routing.life import (
    calls_of,
    close_call,
    more_serious,
    open_call,
    raise_to,
    signals_with,
)
from routing.plan import (
    Basis,
    CallType,
    Combine,
    Profile,
    Rule,
    RuleState,
    Trigger,
    TriggerKind,
)
from routing.readings import BedChanged, DoorMoved, FallPhase, FallSeen, MotionSeen, Reading
from routing.reviews import arrival_over
from routing.state import Call, Waiting
from routing.who import is_competent
from routing.whose import Whose
from routing.windows import inside, opens_after

SETTLE = timedelta(seconds=10)
"""What a backlog or a replay says is judged once it has drained: the last level counts."""
LOOK_AGAIN = timedelta(seconds=60)
"""While somebody is with the patient, a waiting rule is judged again this often."""
IN_ORDER_WITHIN = timedelta(hours=1)
"""Between two conditions in order, where the rule names no time."""

_NO_RULE = Booking(Booked.NO_RULE, Because(Reason.NO_RULE))
_SILENT_PROFILES = (Profile.END_OF_LIFE, Profile.OUT, Profile.FAMILY_PRESENT)


def changed(draft: Draft, event: SignalReceived, reading: Reading) -> Booking:
    """Judge a changed level by the rules that listen to the device."""
    listening = draft.index.rules_for.get(event.device)
    if listening is None:
        return _NO_RULE
    if isinstance(reading, FallSeen):
        return _fall(draft, event, reading, listening)
    begins, ends = _kinds(reading)
    found = _NO_RULE
    for rule in listening:
        found = weightier(found, _judge(draft, event, rule, begins, ends))
    return found


def pressed(draft: Draft, event: SignalReceived) -> Booking:
    """Judge a press on a button that is no alarm."""
    found = _NO_RULE
    for rule in draft.index.rules_for.get(event.device, ()):
        found = weightier(found, _judge(draft, event, rule, TriggerKind.PRESS, None))
    return found


def end_pauses(draft: Draft) -> None:
    """Forget the pauses that ended."""
    if any(pause.until <= draft.now for pause in draft.pauses):
        draft.set_pauses(tuple(pause for pause in draft.pauses if pause.until > draft.now))


def due_rule(draft: Draft, rule_id: RuleId, waiting: Waiting) -> None:
    """Judge a rule whose delay is over."""
    rule = draft.index.rules[rule_id]
    draft.wait(rule_id, None)
    if not _in_progress(rule, waiting):
        _judge_again(draft, rule, waiting)


def adopted(draft: Draft) -> None:
    """Forget what waits for rules that no longer listen, and tell who decides on a «no»."""
    for rule_id in tuple(draft.waiting):
        if rule_id not in draft.index.devices_for:
            draft.wait(rule_id, None)
    before = {rule.id: rule.state for rule in draft.state.plan.rules}
    for rule in draft.plan.rules:
        was = before.get(rule.id, RuleState.SUSPENDED)
        if rule.state is RuleState.SUSPENDED and was is not rule.state:
            _objected(draft, rule)
    for call in draft.open_calls():
        if call.type is CallType.INFORMATION and call.rule is not None:
            rule = draft.index.rules.get(call.rule)
            if rule is None or rule.state is not RuleState.SUSPENDED:
                version = 0 if rule is None else rule.version
                close_call(draft, call, Because(Reason.DECIDED, call.rule, version))


def _objected(draft: Draft, rule: Rule) -> None:
    """Tell the nurse and the patient's carers that the patient said no, and who decides.

    The rule is silent from this moment, whatever rings for it already goes on. What the carers
    must know at once is that the sensor no longer calls them.
    """
    place = _place(draft, rule.patient)
    basis = Basis.STAFF_ONLY if rule.basis is None else rule.basis
    known = facts(patient=rule.patient, room=place.room, why=basis.value)
    because = Because(Reason.OBJECTED, rule.id, rule.version, known)
    open_call(draft, CallType.INFORMATION, because, place, ladder=OBJECTION, rule=rule.id)


# --- One rule, one change ---------------------------------------------------------------------


def _kinds(reading: Reading) -> tuple[TriggerKind | None, TriggerKind | None]:
    match reading:
        case BedChanged():
            return (
                (None, TriggerKind.BED_EXIT)
                if reading.occupied
                else (TriggerKind.BED_EXIT, None)
            )
        case DoorMoved():
            return (
                (TriggerKind.DOOR_OPEN, None) if reading.open else (None, TriggerKind.DOOR_OPEN)
            )
        case MotionSeen():
            if reading.active:
                return TriggerKind.MOTION, TriggerKind.NO_MOTION
            return TriggerKind.NO_MOTION, TriggerKind.MOTION
        case _:
            return None, None


def _judge(
    draft: Draft,
    event: SignalReceived,
    rule: Rule,
    begins: TriggerKind | None,
    ends: TriggerKind | None,
) -> Booking:
    if not _valid(draft, rule):
        return _NO_RULE
    for place, trigger in enumerate(rule.triggers):
        if not _means(draft, rule, trigger, event.device):
            continue
        if trigger.kind is _as_motion(begins, trigger):
            return _one_holds(draft, event, rule, place)
        if trigger.kind is _as_motion(ends, trigger):
            return _one_ended(draft, event, rule)
    return _NO_RULE


def _as_motion(kind: TriggerKind | None, trigger: Trigger) -> TriggerKind | None:
    """Presence by a sensor in a room is motion there."""
    if kind is TriggerKind.MOTION and trigger.kind is TriggerKind.PRESENCE:
        return TriggerKind.PRESENCE
    return kind


def _one_holds(draft: Draft, event: SignalReceived, rule: Rule, place: int) -> Booking:
    if rule.combine is Combine.IN_ORDER:
        return _next_in_order(draft, event, rule, place)
    if rule.combine is Combine.ALL and not _holds_now(draft, rule):
        return Booking(Booked.NO_RULE, _because(rule, Reason.NO_RULE))
    trigger = rule.triggers[place]
    if trigger.kind is not TriggerKind.PRESS and not _holds(draft, rule, trigger):
        return _NO_RULE  # the bed's other zone is occupied, another sensor still sees somebody
    if rule.id in draft.waiting:
        return Booking(Booked.WAITING, _because(rule, Reason.RULE_WAITING))
    return _begin(draft, event, rule)


def _next_in_order(draft: Draft, event: SignalReceived, rule: Rule, place: int) -> Booking:
    waiting = draft.waiting.get(rule.id)
    met = 0 if waiting is None else waiting.step
    if waiting is not None and not _in_progress(rule, waiting):
        return Booking(Booked.WAITING, _because(rule, Reason.RULE_WAITING))
    if place != met:
        if place != 0:
            return _NO_RULE
        met = 0
    met += 1
    if met == len(rule.triggers):
        draft.wait(rule.id, None)
        return _begin(draft, event, rule)
    within = rule.triggers[met].within or IN_ORDER_WITHIN
    draft.wait(rule.id, Waiting(draft.now, draft.now + within, event.signal, met))
    return Booking(Booked.WAITING, _because(rule, Reason.RULE_WAITING, met=str(met)))


def _in_progress(rule: Rule, waiting: Waiting) -> bool:
    """Tell whether conditions in order are still being met, before any delay runs."""
    return rule.combine is Combine.IN_ORDER and 0 < waiting.step < len(rule.triggers)


def _begin(draft: Draft, event: SignalReceived, rule: Rule) -> Booking:
    """Let a rule whose condition came to hold be silent, wait, or call."""
    silent = _silent(draft, rule)
    if silent is not None:
        return Booking(Booked.SUPPRESSED, _because(rule, silent))
    starts = _counts_from(draft, rule)
    if starts is None:
        return Booking(Booked.SUPPRESSED, _because(rule, Reason.OUTSIDE_WINDOW))
    delay = rule.delay
    if event.delivery.backlog_since is not None or event.delivery.retained:
        delay = max(delay, SETTLE)
    due = starts + delay
    if due > draft.now:
        step = len(rule.triggers) if rule.combine is Combine.IN_ORDER else 0
        draft.wait(rule.id, Waiting(draft.now, due, event.signal, step))
        because = _because(rule, Reason.RULE_WAITING, due=due.isoformat())
        return Booking(Booked.WAITING, because)
    return _call(draft, rule, event.signal, draft.now)


def _counts_from(draft: Draft, rule: Rule) -> datetime | None:
    """Return from when the delay counts, None if the rule does not listen now.

    What happens outside the window begins nothing. Stillness is no event but a state: stillness
    that began before the window counts from its opening.
    """
    if inside(rule.window, draft.now, draft.index.zone):
        return draft.now
    if rule.window is not None and _is_stillness(rule):
        return opens_after(rule.window, draft.now, draft.index.zone)
    return None


def _is_stillness(rule: Rule) -> bool:
    return all(trigger.kind is TriggerKind.NO_MOTION for trigger in rule.triggers)


def _judge_again(draft: Draft, rule: Rule, waiting: Waiting) -> None:
    """Judge a rule when its delay is over: still silent, still waiting, or a call."""
    if not _valid(draft, rule):
        return
    silent = _silent(draft, rule)
    if silent is Reason.PAUSED:
        ends = max(pause.until for pause in draft.pauses if pause.patient == rule.patient)
        _wait_on(draft, rule, waiting, ends)
    elif silent is Reason.PRESENCE_COVERS:
        _wait_on(draft, rule, waiting, draft.now + LOOK_AGAIN)
    elif silent is None:
        if _is_stillness(rule) and not inside(rule.window, draft.now, draft.index.zone):
            starts = _counts_from(draft, rule)
            if starts is not None:
                _wait_on(draft, rule, waiting, starts + rule.delay)
            return
        _call(draft, rule, waiting.signal, waiting.since)


def _wait_on(draft: Draft, rule: Rule, waiting: Waiting, until: datetime) -> None:
    draft.wait(rule.id, Waiting(waiting.since, until, waiting.signal, waiting.step))


# --- Why a rule is silent ---------------------------------------------------------------------


def _valid(draft: Draft, rule: Rule) -> bool:
    begun = rule.valid_from is None or rule.valid_from <= draft.now
    return begun and (rule.valid_until is None or draft.now < rule.valid_until)


def _silent(draft: Draft, rule: Rule) -> Reason | None:
    for pause in draft.pauses:
        if (
            pause.patient == rule.patient
            and pause.rule in (None, rule.id)
            and draft.now < pause.until
        ):
            return Reason.PAUSED
    stay = stay_at(draft.index, rule.patient, draft.now)
    if stay is None or stay.profile in _SILENT_PROFILES:
        return Reason.PROFILE_SILENT
    if not rule.decided_by and arrival_over(stay, draft.now):
        return Reason.ARRIVAL_OVER
    if _somebody_there(draft, rule.patient, rule.call_type):
        return Reason.PRESENCE_COVERS
    if any(_holds(draft, rule, trigger) for trigger in rule.unless):
        return Reason.UNLESS_HELD
    return None


def _somebody_there(draft: Draft, patient: PatientId, call_type: CallType | None) -> bool:
    """Tell whether staff are with the patient, competent for the type of call if given."""
    return any(
        call_type is None or is_competent(draft.plan, call_type, staff)
        for call in draft.open_calls()
        if call.patient == patient
        for staff in call.present
    )


def _means(draft: Draft, rule: Rule, trigger: Trigger, device: DeviceId) -> bool:
    """Tell whether a trigger means this device as it is assigned now."""
    if trigger.device is not None:
        return trigger.device == device
    stay = stay_at(draft.index, rule.patient, draft.now)
    room = None if stay is None else room_of(draft.plan, stay)
    rooms = () if room is None else (room.id,)
    return any(
        holds_at(one.since, one.until, draft.now, draft.now)
        and listens(draft.plan, trigger, one, rule.patient, rooms)
        for one in draft.index.assignments.get(device, ())
    )


def _holds_now(draft: Draft, rule: Rule) -> bool:
    """Tell whether the rule's condition holds by the last levels known."""
    holding = (_holds(draft, rule, trigger) for trigger in rule.triggers)
    return all(holding) if rule.combine is Combine.ALL else any(holding)


def _holds(  # noqa: PLR0911 - one row for each kind
    draft: Draft, rule: Rule, trigger: Trigger
) -> bool:
    if trigger.kind is TriggerKind.PRESENCE and trigger.room is None and trigger.device is None:
        return _somebody_there(draft, rule.patient, None)
    values = _levels(draft, rule, trigger)
    match trigger.kind:
        case TriggerKind.BED_EXIT:
            return "empty" in values and "occupied" not in values
        case TriggerKind.MOTION | TriggerKind.PRESENCE:
            return "on" in values
        case TriggerKind.NO_MOTION:
            return "off" in values and "on" not in values
        case TriggerKind.DOOR_OPEN:
            return "open" in values
        case TriggerKind.FALL:
            return any(value.startswith(_FALLEN) for value in values)
        case TriggerKind.PRESS:
            return False
        case _:
            assert_never(trigger.kind)


_FALLEN = (FallPhase.SUSPECTED.value, FallPhase.CONFIRMED.value)
_LEVEL_OF = {
    TriggerKind.BED_EXIT: "bed",
    TriggerKind.MOTION: "motion",
    TriggerKind.PRESENCE: "motion",
    TriggerKind.NO_MOTION: "motion",
    TriggerKind.DOOR_OPEN: "door",
    TriggerKind.FALL: "fall",
    TriggerKind.PRESS: "press",
}


def _levels(draft: Draft, rule: Rule, trigger: Trigger) -> list[str]:
    """Return the last levels of every device that the trigger means."""
    kind = _LEVEL_OF[trigger.kind]
    values: list[str] = []
    for device in draft.index.devices_for[rule.id]:
        known = draft.devices.get(device)
        if known is not None and _means(draft, rule, trigger, device):
            values += [
                level.value
                for name, level in known.levels.items()
                if name.partition(":")[0] == kind
            ]
    return values


# --- Calls of rules ---------------------------------------------------------------------------


def _call(
    draft: Draft,
    rule: Rule,
    signal: SignalId | None,
    since: datetime,
    call_type: CallType | None = None,
) -> Booking:
    """Call for a rule, or join or raise the patient's open call."""
    because = _because(rule, Reason.RULE_HELD, since=since.isoformat())
    if rule.state is RuleState.TRIAL:
        trial = _because(rule, Reason.RULE_TRIAL, since=since.isoformat())
        draft.effects.append(TrialCall(trial, signal))
        return Booking(Booked.SUPPRESSED, trial)
    wanted = call_type or rule.call_type
    place = _place(draft, rule.patient)
    for call in calls_of(draft, place, None, practice=False):
        if call.state is not CallState.PRESENT:
            return Booking(
                Booked.JOINED, because, _join(draft, call, rule, wanted, because, signal).id
            )
    call = open_call(
        draft,
        wanted,
        because,
        place,
        priority=rule.priority,
        ladder=rule.ladder,
        rule=rule.id,
        signal=signal,
    )
    return Booking(Booked.OPENED, because, call.id)


def _join(
    draft: Draft,
    call: Call,
    rule: Rule,
    wanted: CallType,
    because: Because,
    signal: SignalId | None,
) -> Call:
    signals = call.signals if signal is None else signals_with(call, signal)
    call = draft.move(call, Move.JOINED, because, signals=signals)
    if rule.id != call.rule or wanted is not call.type:
        if more_serious(wanted, call.type):
            return raise_to(draft, call, wanted, because)
        if rule.priority is not None and rule.priority < call.priority:
            return draft.move(call, Move.RAISED, because, priority=rule.priority)
    return call


def _place(draft: Draft, patient: PatientId) -> Whose:
    stay = stay_at(draft.index, patient, draft.now)
    room = None if stay is None else room_of(draft.plan, stay)
    room_id = None if room is None else room.id
    return Whose(patient, (), room_id, unit_of(draft.plan, room_id))


def _one_ended(draft: Draft, event: SignalReceived, rule: Rule) -> Booking:
    """Let a condition that no longer holds end its waiting, or its call if the rule says so."""
    waiting = draft.waiting.get(rule.id)
    if waiting is not None and _in_progress(rule, waiting):
        return _NO_RULE
    last = rule.triggers[-1]
    holds = (
        _holds(draft, rule, last)
        if rule.combine is Combine.IN_ORDER
        else _holds_now(draft, rule)
    )
    if holds:
        return _NO_RULE
    because = _because(rule, Reason.RULE_ENDED_BY_SIGNAL)
    if waiting is not None:
        draft.wait(rule.id, None)
        return Booking(Booked.ENDED, because)
    for call in draft.open_calls():
        if call.rule != rule.id:
            continue
        if rule.ends_by_itself and not call.pressed and call.state is not CallState.PRESENT:
            close_call(draft, call, because)
            return Booking(Booked.ENDED, because, call.id)
        draft.move(call, Move.JOINED, because, signals=signals_with(call, event.signal))
        return Booking(Booked.JOINED, because, call.id)
    return _NO_RULE


# --- Falls ------------------------------------------------------------------------------------


def _fall(
    draft: Draft, event: SignalReceived, reading: FallSeen, listening: tuple[Rule, ...]
) -> Booking:
    """Judge a phase of a fall: a later one raises, «cleared» is told and closes nothing."""
    found = _NO_RULE
    for rule in listening:
        means = any(
            trigger.kind is TriggerKind.FALL and _means(draft, rule, trigger, event.device)
            for trigger in rule.triggers
        )
        if means and _valid(draft, rule):
            found = weightier(found, _fall_phase(draft, event, reading, rule))
    return found


def _fall_phase(draft: Draft, event: SignalReceived, reading: FallSeen, rule: Rule) -> Booking:
    if reading.phase in (FallPhase.CLEARED, FallPhase.IGNORED):
        because = _because(rule, Reason.RULE_ENDED_BY_SIGNAL, phase=reading.phase.value)
        for call in draft.open_calls():
            if call.rule == rule.id:
                draft.move(call, Move.JOINED, because)
                return Booking(Booked.JOINED, because, call.id)
        return _NO_RULE
    confirmed = reading.phase is FallPhase.CONFIRMED
    if rule.call_type is CallType.FALL_CONFIRMED and not confirmed:
        return _NO_RULE
    silent = _silent(draft, rule)
    if silent is not None:
        return Booking(Booked.SUPPRESSED, _because(rule, silent, phase=reading.phase.value))
    if not inside(rule.window, draft.now, draft.index.zone):
        return Booking(Booked.SUPPRESSED, _because(rule, Reason.OUTSIDE_WINDOW))
    call_type = CallType.FALL_CONFIRMED if confirmed else rule.call_type
    return _call(draft, rule, event.signal, draft.now, call_type)


def _because(rule: Rule, reason: Reason, **known: str) -> Because:
    return Because(reason, rule.id, rule.version, facts(patient=rule.patient, **known))
