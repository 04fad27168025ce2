"""A rule calls: for a patient's own condition, or a fall by its phases."""

from datetime import datetime

from routing.booking import Booking, weightier
from routing.calls import CallState
from routing.conditions import means, silent, valid
from routing.draft import Draft, facts
from routing.effects import Because, Booked, Move, Reason, TrialCall
from routing.events import SignalReceived
from routing.ids import PatientId, SignalId
from routing.index import room_of, stay_at, unit_of
from routing.life import calls_of, more_serious, open_call, raise_to, signals_with
from routing.plan import CallType, Rule, RuleState, TriggerKind
from routing.readings import FallPhase, FallSeen
from routing.state import Call
from routing.whose import Whose
from routing.windows import inside

NO_RULE = Booking(Booked.NO_RULE, Because(Reason.NO_RULE))


def call_for(
    draft: Draft,
    rule: Rule,
    signal: SignalId | None,
    since: datetime,
    call_type: CallType | None = None,
) -> Booking:
    """Call for a rule, or join or raise the patient's open call."""
    because = because_of(rule, Reason.RULE_HELD, since=since.isoformat())
    if rule.state is RuleState.TRIAL:
        trial = because_of(rule, Reason.RULE_TRIAL, since=since.isoformat())
        draft.effects.append(TrialCall(trial, signal))
        return Booking(Booked.SUPPRESSED, trial)
    wanted = call_type or rule.call_type
    place = place_of(draft, rule.patient)
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


def place_of(draft: Draft, patient: PatientId) -> Whose:
    """Return where the patient's bed is."""
    stay = stay_at(draft.index, patient, draft.now)
    room = None if stay is None else room_of(draft.plan, stay)
    room_id = None if room is None else room.id
    return Whose(patient, (), room_id, unit_of(draft.plan, room_id))


def because_of(rule: Rule, reason: Reason, **known: str) -> Because:
    """Say that it was this rule, in this version."""
    return Because(reason, rule.id, rule.version, facts(patient=rule.patient, **known))


# --- Falls ------------------------------------------------------------------------------------


def fall(
    draft: Draft, event: SignalReceived, reading: FallSeen, listening: tuple[Rule, ...]
) -> Booking:
    """Judge a phase of a fall: a later one raises, «cleared» is told and closes nothing."""
    found = NO_RULE
    for rule in listening:
        meant = any(
            trigger.kind is TriggerKind.FALL and means(draft, rule, trigger, event.device)
            for trigger in rule.triggers
        )
        if meant and valid(draft, rule):
            found = weightier(found, _fall_phase(draft, event, reading, rule))
    return found


def _fall_phase(draft: Draft, event: SignalReceived, reading: FallSeen, rule: Rule) -> Booking:
    if reading.phase in (FallPhase.CLEARED, FallPhase.IGNORED):
        because = because_of(rule, Reason.RULE_ENDED_BY_SIGNAL, phase=reading.phase.value)
        for call in draft.open_calls():
            if call.rule == rule.id:
                draft.move(call, Move.JOINED, because)
                return Booking(Booked.JOINED, because, call.id)
        return NO_RULE
    confirmed = reading.phase is FallPhase.CONFIRMED
    if rule.call_type is CallType.FALL_CONFIRMED and not confirmed:
        return NO_RULE
    why = silent(draft, rule)
    if why is not None:
        return Booking(Booked.SUPPRESSED, because_of(rule, why, phase=reading.phase.value))
    if not inside(rule.window, draft.now, draft.index.zone):
        return Booking(Booked.SUPPRESSED, because_of(rule, Reason.OUTSIDE_WINDOW))
    call_type = CallType.FALL_CONFIRMED if confirmed else rule.call_type
    return call_for(draft, rule, event.signal, draft.now, call_type)
