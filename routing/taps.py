"""What people do with a call: take, decline, hand over, arrive, leave, close, undo, ask.

Each tap is answered exactly once, also when it was not possible: the first to take a call has
it, the others are told who. A tap sent twice counts once.
"""

from dataclasses import replace
from datetime import timedelta
from typing import assert_never

from routing.calls import CallState
from routing.defaults import policy_for
from routing.draft import Draft, awaited, facts, on_the_way
from routing.effects import Answer, AnswerKind, Because, Move, Reason, Reply
from routing.escalation import (
    ask_after,
    come_no_more,
    enough_come,
    go_away,
    lose_ringing,
    reopen,
    ring_again,
    ring_anew,
    ring_for_more,
    ring_one,
    silence,
    stop_on,
)
from routing.events import (
    Arrived,
    By,
    CallClosed,
    CallDeclined,
    CallHandedOver,
    CallTaken,
    HelpAsked,
    Left,
    Outcome,
    PauseEnded,
    PauseSet,
    TakeUndone,
    Tap,
)
from routing.ids import CallId, RoomId, StaffId
from routing.index import unit_of
from routing.life import close_call, open_call
from routing.plan import CallType
from routing.state import Call, HandsetNow, Pause
from routing.who import covered_by_presence, is_competent, is_student, may_carry
from routing.whose import NOWHERE, Whose

UNDO_WITHIN = timedelta(seconds=5)
TOO_OLD = timedelta(minutes=10)
"""A tap that waited longer in a telephone's outbox is a note, not an act (UX 2.2)."""
LONGEST_PAUSE = timedelta(hours=24)

Answered = tuple[bool, Because, CallId | None, StaffId | None]


def tap(draft: Draft, event: Tap) -> None:
    """Do what was tapped and answer it; the same operation again gets the same answer."""
    by = event.by
    handset = None if by.handset is None else draft.handsets.get(by.handset)
    if (
        handset is not None
        and handset.last_reply is not None
        and handset.last_operation == by.operation
    ):
        draft.effects.append(handset.last_reply)
        return
    ok, because, call, who = _act(draft, event)
    reply = Reply(by.handset, by.operation, ok, because, call, who)
    draft.effects.append(reply)
    if by.handset is not None:
        now = draft.handsets.get(by.handset, HandsetNow())
        now = replace(now, last_operation=by.operation, last_ok=ok, last_reply=reply)
        draft.put_handset(by.handset, now)


def _act(  # noqa: C901, PLR0911, PLR0912 - one row for each tap
    draft: Draft, event: Tap
) -> Answered:
    if event.by.staff not in draft.plan.staff:
        return _no(Reason.NOT_ALLOWED, why="unknown person")
    match event:
        case HelpAsked():
            return _ask_help(draft, event)
        case PauseSet():
            return _set_pause(draft, event)
        case PauseEnded():
            return _end_pause(draft, event)
        case _:
            call = draft.calls.get(event.call)
            if call is None:
                because = Because(Reason.UNKNOWN_CALL)
                return False, because, event.call, None
            if call.state is CallState.CLOSED:
                return _after_the_end(call, event)
    match event:
        case CallTaken():
            return _take(draft, call, event.by)
        case CallDeclined():
            return _decline(draft, call, event)
        case CallHandedOver():
            return _hand_over(draft, call, event)
        case Arrived():
            return _arrive(draft, call, event)
        case Left():
            return _leave(draft, call, event.by)
        case CallClosed():
            return _close(draft, call, event)
        case TakeUndone():
            return _undo(draft, call, event.by)
        case _:
            assert_never(event)


def _yes(call: Call, reason: Reason, by: StaffId | None = None) -> Answered:
    return True, Because(reason), call.id, by


def _no(
    reason: Reason, call: Call | None = None, by: StaffId | None = None, **known: str
) -> Answered:
    because = Because(reason, facts=facts(**known))
    return False, because, None if call is None else call.id, by


def _after_the_end(call: Call, event: Tap) -> Answered:
    """Answer for a closed call: what was done stays done, and who closed it is said."""
    if isinstance(event, CallClosed | Left | CallDeclined):
        return _yes(call, Reason.ALREADY_DONE, call.closed_by)
    return _no(Reason.CLOSED, call, call.closed_by)


def _take(draft: Draft, call: Call, by: By) -> Answered:
    offered = call.offered_to == by.staff
    if by.staff == call.owner or (by.staff in call.responders and not offered):
        stop_on_all(draft, call, by.staff, Because(Reason.TAKEN))
        return _yes(call, Reason.ALREADY_DONE)
    refused = may_carry(draft, call, by.staff)
    if _too_old(draft, by):
        refused = Reason.LATE
    elif offered:
        pass  # also by who is with the patient
    elif wants_more(call) and (refused is None or call.ladder.responders > 1):
        return _respond(draft, call, by)
    elif call.owner is not None or covered_by_presence(draft, call):
        refused = Reason.TAKEN_BY_ANOTHER
    if refused is not None:
        holder = call.owner or next(iter(call.present), None)
        return _no(refused, call, holder)
    because = Because(Reason.TAKEN)
    arrive_by = draft.now + policy_for(draft.plan, call.type).arrive_within
    call = draft.move(
        call,
        Move.TAKEN,
        because,
        staff=by.staff,
        handset=by.handset,
        owner=by.staff,
        owner_handset=by.handset,
        taken_at=draft.now,
        arrive_by=arrive_by,
        offered_to=None,
        responders=tuple(one for one in call.responders if one != by.staff),
    )
    call = _enough_come(draft, call, by)
    if call.climbs_at is None and not enough_come(draft, call):
        # Who came as the second has it now, and who gave it away comes no more.
        call = ring_for_more(
            draft, call, Because(Reason.HANDED_OVER, facts=(("staff", by.staff),))
        )
    if call.device is not None and call.type is not CallType.TECHNICAL:
        draft.effects.append(Answer(call.id, call.device, AnswerKind.COMING, because))
    return _yes(call, Reason.TAKEN)


def wants_more(call: Call) -> bool:
    """Tell whether more may come to a call that somebody has.

    An emergency asks for several; another call rings on where help was asked for once more
    while somebody was there already.
    """
    rings_beside = call.climbs_at is not None
    return call.owner is not None and (call.ladder.responders > 1 or rings_beside)


def _respond(draft: Draft, call: Call, by: By) -> Answered:
    """Let one more come to an emergency; students too, beside the one who has it."""
    call = draft.move(
        call,
        Move.RESPONDED,
        Because(Reason.TAKEN),
        staff=by.staff,
        handset=by.handset,
        responders=(*call.responders, by.staff),
        beside_by=draft.now + policy_for(draft.plan, call.type).arrive_within,
    )
    call = _enough_come(draft, call, by)
    return _yes(call, Reason.TAKEN, call.owner)


def _enough_come(draft: Draft, call: Call, by: By) -> Call:
    """Silence everybody else once as many come as the ladder wants; else only the taker."""
    if enough_come(draft, call):
        because = Because(Reason.TAKEN_BY_ANOTHER)
        return silence(draft, call, because, by=by.staff, keep=by.handset)
    return stop_on_all(draft, call, by.staff, Because(Reason.TAKEN))


def stop_on_all(draft: Draft, call: Call, staff: StaffId, because: Because) -> Call:
    """Stop the ringing on every telephone of one person."""
    for handset, ringing in call.ringing.items():
        if ringing.staff == staff:
            call = stop_on(draft, call, handset, because)
    return call


def _decline(draft: Draft, call: Call, event: CallDeclined) -> Answered:
    by = event.by
    because = Because(Reason.DECLINED, facts=facts(reason=event.reason))
    rings = any(ringing.staff == by.staff for ringing in call.ringing.values())
    if by.staff in call.declined and by.staff not in on_the_way(call) and not rings:
        return _yes(call, Reason.ALREADY_DONE)
    declined = call.declined if by.staff in call.declined else (*call.declined, by.staff)
    offered_to = None if call.offered_to == by.staff else call.offered_to
    call = draft.move(
        call,
        Move.DECLINED,
        because,
        staff=by.staff,
        handset=by.handset,
        declined=declined,
        offered_to=offered_to,
    )
    if call.owner == by.staff and awaited(call):
        call = stop_on_all(draft, call, by.staff, because)
        reopen(draft, call, because, given_back_by=by.staff)
        return _yes(call, Reason.DECLINED)
    for handset, ringing in call.ringing.items():
        if ringing.staff == by.staff:
            call = lose_ringing(draft, call, handset, because)
    come_no_more(draft, call, by.staff, because)
    return _yes(call, Reason.DECLINED)


def _hand_over(draft: Draft, call: Call, event: CallHandedOver) -> Answered:
    by = event.by
    if event.to in (call.offered_to, call.owner):
        return _yes(call, Reason.ALREADY_DONE, call.owner)
    mine = by.staff == call.owner or by.staff in call.present or call.owner is None
    if not mine:
        return _no(Reason.TAKEN_BY_ANOTHER, call, call.owner)
    refused = may_carry(draft, call, event.to)
    if refused is not None:
        return _no(refused, call, event.to)
    because = Because(Reason.HANDED_OVER, facts=(("by", by.staff),))
    before = len(draft.effects)
    rung = ring_one(draft, call, event.to, because)
    if len(draft.effects) == before:
        return _no(Reason.NOT_REACHABLE, call, event.to)
    draft.move(
        rung, Move.HANDED_OVER, because, staff=event.to, handset=by.handset, offered_to=event.to
    )
    return _yes(call, Reason.HANDED_OVER, event.to)


def _arrive(draft: Draft, call: Call, event: Arrived) -> Answered:
    by = event.by
    if by.staff in call.present:
        return _yes(_still_there(draft, call), Reason.ALREADY_DONE)
    if _too_old(draft, by):
        return _no(Reason.LATE, call, call.owner)
    in_room = policy_for(draft.plan, call.type).cancel_in_room
    if in_room and event.room and call.room is not None and event.room != call.room:
        return _no(Reason.NOT_PRESENT, call, wrong_room=event.room)
    because = Because(Reason.ARRIVED)
    competent = may_carry(draft, call, by.staff) is None
    beside_by = call.beside_by
    if competent and call.ladder.responders > 1 and call.arrive_by is not None:
        # Who has it and is not there yet comes beside this one from now on.
        beside_by = max(call.arrive_by, beside_by or call.arrive_by)
    call = draft.move(
        call,
        Move.ARRIVED,
        because,
        staff=by.staff,
        handset=by.handset,
        present=(*call.present, by.staff),
        present_at=call.present_at or draft.now,
        ask_at=ask_after(draft, call),
        reminded=False,
        owner=call.owner or (by.staff if competent else None),
        owner_handset=call.owner_handset or (by.handset if competent else None),
        taken_at=call.taken_at or (draft.now if competent else None),
        # Whoever comes after all has taken the offer back; one made at the place stands.
        offered_to=None if competent or call.offered_to == by.staff else call.offered_to,
        # A student there first does not end the wait for who took it.
        arrive_by=None if competent or by.staff == call.owner else call.arrive_by,
        beside_by=beside_by,
    )
    if competent and enough_come(draft, call):
        call = silence(draft, call, because, by=by.staff, keep=by.handset)
    else:
        call = stop_on_all(draft, call, by.staff, because)
    return _yes(call, Reason.ARRIVED)


def _still_there(draft: Draft, call: Call) -> Call:
    """Let who was asked say that it takes longer: asked again after the same time."""
    if not call.reminded:
        return call
    because = Because(Reason.ARRIVED)
    return draft.change(call, because, ask_at=ask_after(draft, call), reminded=False)


def _leave(draft: Draft, call: Call, by: By) -> Answered:
    if by.staff not in call.present:
        return _yes(call, Reason.ALREADY_DONE)
    left = go_away(draft, call, by.staff, Because(Reason.LEFT), by.handset)
    if left.state is CallState.TAKEN:
        return _yes(call, Reason.LEFT_TO_OWNER, left.owner)
    covered = any(is_competent(draft.plan, left.type, one) for one in left.present)
    return _yes(call, Reason.STEPPED_OUT if covered else Reason.LEFT)


def _close(draft: Draft, call: Call, event: CallClosed) -> Answered:
    by = event.by
    refused = _may_not_close(draft, call, event)
    if refused is not None:
        return _no(refused, call, call.owner)
    because = Because(
        Reason.CLOSED, facts=facts(outcome=event.outcome.value, reason=event.reason)
    )
    close_call(draft, call, because, by=by.staff, handset=by.handset, outcome=event.outcome)
    return _yes(call, Reason.CLOSED)


def _may_not_close(draft: Draft, call: Call, event: CallClosed) -> Reason | None:
    """Say what keeps this person from closing: competence, or being somewhere else.

    Closed at the place, or after a talk that took place, or with a stated reason; a bathroom
    call only in that bathroom. Who asked for help may end it; a technical call has no bedside.
    """
    staff = event.by.staff
    if is_student(draft.plan, staff):
        return Reason.STUDENT_NOT_ALONE
    if staff == call.asked_by or call.type in (CallType.TECHNICAL, CallType.INFORMATION):
        return None
    if not is_competent(draft.plan, call.type, staff):
        return Reason.NOT_COMPETENT
    if staff in call.present:
        return None
    elsewhere = event.outcome is Outcome.SPOKE or bool(event.reason)
    if policy_for(draft.plan, call.type).cancel_in_room or not elsewhere:
        return Reason.NOT_PRESENT
    return None


def _undo(draft: Draft, call: Call, by: By) -> Answered:
    if call.state is CallState.RINGING:
        return _yes(call, Reason.ALREADY_DONE)
    in_time = call.taken_at is not None and draft.now - call.taken_at <= UNDO_WITHIN
    if call.owner != by.staff or call.state is not CallState.TAKEN or not in_time:
        return _no(Reason.NOT_ALLOWED, call, call.owner)
    reopen(draft, call, Because(Reason.UNDONE))
    return _yes(call, Reason.UNDONE)


def _too_old(draft: Draft, by: By) -> bool:
    return by.client_at is not None and draft.now - by.client_at > TOO_OLD


def _ask_help(draft: Draft, event: HelpAsked) -> Answered:
    by = event.by
    wanted = CallType.EMERGENCY if event.emergency else CallType.ASSIST
    for call in draft.open_calls():
        if call.operation == by.operation:
            return _yes(call, Reason.ALREADY_DONE)
        if call.asked_by == by.staff and call.type is wanted and event.room in ("", call.room):
            because = Because(Reason.PRESSED_AGAIN, facts=facts(pressed=str(call.pressed + 1)))
            again = draft.move(
                call, Move.PRESSED_AGAIN, because, staff=by.staff, pressed=call.pressed + 1
            )
            _ring_for_asker(draft, again, because)
            return _yes(call, Reason.PRESSED_AGAIN)
    place = _place_of(draft, event)
    reason = Reason.EMERGENCY if event.emergency else Reason.STAFF_ASKED
    known = facts(patient=place.patient, room=place.room, staff=by.staff)
    call = open_call(
        draft,
        wanted,
        Because(reason, facts=known),
        place,
        pressed=True,
        asked_by=by.staff,
        operation=by.operation,
    )
    return _yes(call, reason)


def _ring_for_asker(draft: Draft, call: Call, because: Because) -> Call:
    """Ring again for staff who ask once more, also after somebody took or reached the call."""
    if call.ringing:
        return ring_again(draft, call, because)
    if call.state is CallState.TAKEN:
        return reopen(draft, call, because)
    return ring_anew(draft, call, because)


def _place_of(draft: Draft, event: HelpAsked) -> Whose:
    call = None if event.call is None else draft.calls.get(event.call)
    room = RoomId(event.room) if event.room else None
    if call is not None:
        room = room or call.room
        return Whose(call.patient, call.possible, room, unit_of(draft.plan, room) or call.unit)
    if room is not None:
        return Whose(room=room, unit=unit_of(draft.plan, room))
    handset = None if event.by.handset is None else draft.handsets.get(event.by.handset)
    if handset is not None and handset.units:
        return Whose(unit=handset.units[0])
    person = draft.plan.staff[event.by.staff]
    return Whose(unit=person.units[0]) if person.units else NOWHERE


def _set_pause(draft: Draft, event: PauseSet) -> Answered:
    """Pause a patient's sensor rules: with a reason and an end, by somebody who may."""
    if is_student(draft.plan, event.by.staff):
        return _no(Reason.STUDENT_NOT_ALONE)
    if not event.reason:
        return _no(Reason.NOT_ALLOWED, why="a pause needs a reason")
    if not draft.now < event.until <= draft.now + LONGEST_PAUSE:
        return _no(Reason.NOT_ALLOWED, why="a pause ends within 24 hours")
    kept = _pauses_but(draft, event.patient, event.rule)
    pause = Pause(event.patient, event.rule, event.until, event.by.staff, event.reason)
    draft.set_pauses((*kept, pause))
    return True, Because(Reason.PAUSED, rule=event.rule), None, None


def _end_pause(draft: Draft, event: PauseEnded) -> Answered:
    if is_student(draft.plan, event.by.staff):
        return _no(Reason.STUDENT_NOT_ALONE)
    draft.set_pauses(_pauses_but(draft, event.patient, event.rule))
    return True, Because(Reason.CLOSED, rule=event.rule), None, None


def _pauses_but(draft: Draft, patient: object, rule: object) -> tuple[Pause, ...]:
    return tuple(
        pause
        for pause in draft.pauses
        if pause.patient != patient or (rule is not None and pause.rule != rule)
    )
