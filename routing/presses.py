"""Somebody presses for help: it always rings, joins or raises a call, never less."""

from datetime import datetime, timedelta

from routing.booking import Booking, When
from routing.calls import CallState
from routing.draft import Draft, facts
from routing.effects import Answer, AnswerKind, Because, Booked, Move, Reason
from routing.escalation import hurry, raise_priority, reopen, ring_again, ring_anew, ring_one
from routing.events import SignalReceived
from routing.index import stay_at
from routing.life import (
    KEPT,
    calls_of,
    more_serious,
    open_call,
    raise_to,
    signals_with,
    where_help_is,
)
from routing.plan import CallType, Priority
from routing.readings import HelpPressed, HelpTrigger
from routing.state import Call
from routing.who import covered_by_presence
from routing.whose import Whose, whose

REPEATS = 3
REPEATS_WITHIN = timedelta(minutes=10)
"""The third unanswered press inside this raises the call (DOMAIN 7, the Luleå case)."""
HURRY_TO_ARRIVE = timedelta(minutes=2)


def press(draft: Draft, event: SignalReceived, reading: HelpPressed, when: When) -> Booking:
    """Ring for a help press: a new call, the patient's open one again, or assistance."""
    place = whose(draft, event.device, when.first, when.last)
    stay = stay_at(draft.index, place.patient, draft.now)
    practice = (
        stay is not None and stay.practice_until is not None and draft.now < stay.practice_until
    )
    known = facts(
        patient=place.patient,
        room=place.room,
        device=event.device,
        button=reading.button,
        trigger=reading.trigger.value if reading.trigger is HelpTrigger.UNKNOWN else "",
    )
    call = _belongs_to(draft, event, place, practice=practice)
    if call is not None:
        call = _again(draft, call, event, place, known)
        to = Booked.JOINED
    else:
        call = _new(draft, event, place, when, known, practice=practice)
        to = Booked.OPENED
    received = Because(Reason.HELP_PRESSED, facts=known)
    draft.effects.append(Answer(call.id, event.device, AnswerKind.RECEIVED, received))
    return Booking(Booked.PRACTICE if practice else to, call.because, call.id)


def _belongs_to(
    draft: Draft, event: SignalReceived, place: Whose, *, practice: bool
) -> Call | None:
    for call in calls_of(draft, place, event.device, practice=practice):
        if call.type is CallType.ASSIST or not covered_by_presence(draft, call):
            return call
    return None


def _new(
    draft: Draft,
    event: SignalReceived,
    place: Whose,
    when: When,
    known: tuple[tuple[str, str], ...],
    *,
    practice: bool,
) -> Call:
    helped = any(
        covered_by_presence(draft, call)
        for call in where_help_is(draft, place, event.device, practice=practice)
    )
    if helped:
        call_type, reason = CallType.ASSIST, Reason.HELP_WHILE_PRESENT
    elif place.bathroom:
        call_type, reason = CallType.BATHROOM, Reason.BATHROOM_CALL
    else:
        call_type, reason = CallType.PATIENT, Reason.HELP_PRESSED
    if not place.assigned:
        reason = Reason.UNASSIGNED_DEVICE
    elif when.late:
        reason = Reason.LATE
    return open_call(
        draft,
        call_type,
        Because(reason, facts=known),
        place,
        device=event.device,
        practice=practice,
        late=when.late,
        happened_since=when.first if when.late else None,
        pressed=True,
        signal=event.signal,
    )


def _again(
    draft: Draft,
    call: Call,
    event: SignalReceived,
    place: Whose,
    known: tuple[tuple[str, str], ...],
) -> Call:
    pressed = call.pressed + 1
    because = Because(Reason.PRESSED_AGAIN, facts=(*known, ("pressed", str(pressed))))
    call = draft.move(
        call,
        Move.PRESSED_AGAIN,
        because,
        presses=(*call.presses, draft.now)[-KEPT:],
        pressed=pressed,
        signals=signals_with(call, event.signal),
        device=call.device or event.device,
    )
    asked_for = CallType.BATHROOM if place.bathroom else CallType.PATIENT
    if more_serious(asked_for, call.type):
        because = Because(Reason.HELP_PRESSED, facts=because.facts)
        call = raise_to(draft, call, asked_for, because)
    unanswered = _in_a_row(call, draft.now) and call.priority > Priority.URGENT
    raised = Because(Reason.THIRD_PRESS_UNANSWERED, facts=because.facts)
    match call.state:
        case CallState.TAKEN:
            return _press_to_owner(draft, call, because, raised if unanswered else None)
        case CallState.PRESENT if covered_by_presence(draft, call):
            return ring_anew(draft, call, Because(Reason.HELP_WHILE_PRESENT, facts=known))
        case _:
            if unanswered:
                return raise_priority(draft, call, raised, Priority.URGENT)
            call = ring_again(draft, call, because)
            return hurry(draft, call) if _in_a_row(call, draft.now) else call


def _in_a_row(call: Call, now: datetime) -> bool:
    recent = [pressed for pressed in call.presses if now - pressed <= REPEATS_WITHIN]
    return len(recent) >= REPEATS


def _press_to_owner(draft: Draft, call: Call, because: Because, raised: Because | None) -> Call:
    """Tell whoever is on the way; one who cannot be told does not keep the call."""
    if raised is not None:
        call = draft.move(call, Move.RAISED, raised, priority=Priority.URGENT, because=raised)
        sooner = draft.now + HURRY_TO_ARRIVE
        arrive_by = sooner if call.arrive_by is None else min(call.arrive_by, sooner)
        call = hurry(draft, draft.change(call, arrive_by=arrive_by))
    before = len(draft.effects)
    call = ring_one(draft, call, call.owner, because)
    if len(draft.effects) == before:
        return reopen(draft, call, Because(Reason.HANDSET_GONE, facts=because.facts))
    return call
