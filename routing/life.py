"""Opening, raising and closing a call: the parts of its life that every cause shares."""

from datetime import datetime

from routing.calls import CallState
from routing.defaults import ladder_for, policy_for
from routing.draft import Draft
from routing.effects import Because, Move, Note
from routing.escalation import first_ring, ring_anew, silence
from routing.events import Outcome
from routing.ids import (
    BridgeId,
    CallId,
    DeviceId,
    HandsetId,
    LadderId,
    OperationId,
    PatientId,
    RuleId,
    SignalId,
    StaffId,
)
from routing.plan import CallType, Priority
from routing.state import Call
from routing.whose import NOWHERE, Whose

KEPT = 20
"""Presses and signals that a call remembers one by one; `pressed` has the whole count."""

SERIOUS = (
    CallType.EMERGENCY,
    CallType.ASSIST,
    CallType.FALL_CONFIRMED,
    CallType.BATHROOM,
    CallType.PATIENT,
    CallType.WANDER,
    CallType.FALL_SUSPECTED,
    CallType.DOOR,
    CallType.BED_EXIT,
    CallType.INACTIVITY,
    CallType.MOTION,
    CallType.TECHNICAL,
    CallType.INFORMATION,
)
"""Most serious first: what joins a call may only make it more serious."""

_FOR_A_PATIENT = SERIOUS[1:11]


def open_call(
    draft: Draft,
    call_type: CallType,
    because: Because,
    whose: Whose = NOWHERE,
    *,
    priority: Priority | None = None,
    ladder: LadderId | None = None,
    device: DeviceId | None = None,
    bridge: BridgeId | None = None,
    rule: RuleId | None = None,
    fault: str = "",
    practice: bool = False,
    late: bool = False,
    happened_since: datetime | None = None,
    pressed: bool = False,
    signal: SignalId | None = None,
    asked_by: StaffId | None = None,
    operation: OperationId | None = None,
) -> Call:
    """Open a call and ring its first rung."""
    call = draft.add_call(
        Call(
            id=CallId(f"{draft.epoch}-{draft.next_call}"),
            type=call_type,
            priority=policy_for(draft.plan, call_type).priority
            if priority is None
            else priority,
            state=CallState.RINGING,
            opened_at=draft.now,
            ladder=ladder_for(draft.plan, call_type, ladder),
            because=because,
            patient=whose.patient,
            possible=whose.possible,
            room=whose.room,
            unit=whose.unit,
            device=device,
            bridge=bridge,
            rule=rule,
            fault=fault,
            practice=practice,
            late=late,
            happened_since=happened_since,
            presses=(draft.now,) if pressed else (),
            pressed=int(pressed),
            signals=() if signal is None else (signal,),
            asked_by=asked_by,
            operation=operation,
        )
    )
    draft.effects.append(Note(call.id, Move.OPENED, draft.now, because, asked_by))
    return first_ring(draft, call)


def close_call(
    draft: Draft,
    call: Call,
    because: Because,
    *,
    by: StaffId | None = None,
    handset: HandsetId | None = None,
    outcome: Outcome | None = None,
) -> Call:
    """Close a call and silence what still rings for it."""
    call = silence(draft, call, because, by=by, keep=handset)
    return draft.move(
        call,
        Move.CLOSED,
        because,
        staff=by,
        handset=handset,
        closed_at=draft.now,
        closed_by=by,
        outcome=outcome,
        arrive_by=None,
        offered_to=None,
    )


def more_serious(call_type: CallType, than: CallType) -> bool:
    """Tell whether one type goes before another."""
    return SERIOUS.index(call_type) < SERIOUS.index(than)


def raise_to(draft: Draft, call: Call, call_type: CallType, because: Because) -> Call:
    """Make a call a more serious one: its ladder, its priority, and everybody rings anew."""
    policy = policy_for(draft.plan, call_type)
    call = draft.move(
        call,
        Move.RAISED,
        because,
        type=call_type,
        priority=min(call.priority, policy.priority),
        because=because,
    )
    if call.state is not CallState.RINGING:
        return call
    call = draft.change(
        call, ladder=ladder_for(draft.plan, call_type), rung=0, round=0, declined=()
    )
    return ring_anew(draft, call, because)


def calls_of(
    draft: Draft, whose: Whose, device: DeviceId | None, *, practice: bool
) -> list[Call]:
    """Return the open calls that a signal of the same patient belongs to, most serious first.

    Without a known patient the device decides. Emergencies and technical calls join nothing.
    """
    return _about(draft, whose, device, _FOR_A_PATIENT, practice=practice)


def where_help_is(
    draft: Draft, whose: Whose, device: DeviceId | None, *, practice: bool
) -> list[Call]:
    """Return the open calls where staff may be with this patient: an emergency is one too."""
    return _about(
        draft, whose, device, (CallType.EMERGENCY, *_FOR_A_PATIENT), practice=practice
    )


def _about(
    draft: Draft,
    whose: Whose,
    device: DeviceId | None,
    types: tuple[CallType, ...],
    *,
    practice: bool,
) -> list[Call]:
    found = [
        call
        for call in draft.open_calls()
        if call.type in types
        and call.practice == practice
        and _same(call, whose.patient, whose, device)
    ]
    return sorted(found, key=lambda call: SERIOUS.index(call.type))


def _same(call: Call, patient: PatientId | None, whose: Whose, device: DeviceId | None) -> bool:
    if patient is not None:
        return call.patient == patient
    if call.patient is not None:
        return False
    return call.device == device and call.possible == whose.possible


def signals_with(call: Call, signal: SignalId) -> tuple[SignalId, ...]:
    """Return the call's signals with one more, at most `KEPT`."""
    return (*call.signals, signal)[-KEPT:]
