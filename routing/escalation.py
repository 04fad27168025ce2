"""Ladders: who rings now, how long they are waited for, and what never ends.

A rung rings its people and waits its patience. A rung that reaches nobody is passed at once and
says so. After the last rung comes the failsafe, which rings again each patience until a person
acts. Patience counts from when the step was due, so that after an outage the ladder catches up.
Everybody reached keeps ringing: climbing adds people, it takes nobody away.
"""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

from routing.defaults import policy_for
from routing.draft import (
    Draft,
    arrival_due,
    asking_due,
    awaited,
    beside_due,
    coming_beside,
    engaged,
    receipt_due,
)
from routing.effects import (
    Answer,
    AnswerKind,
    Because,
    Considered,
    Move,
    Reason,
    Ring,
    Send,
    Withdraw,
)
from routing.events import HandsetState
from routing.ids import HandsetId, StaffId
from routing.plan import CallType, Priority
from routing.state import Call, Ringing
from routing.who import Chosen, a_carrier_rings, choose, everybody, is_competent, is_student

ANSWER_WITHIN = timedelta(minutes=5)
"""After «er du ferdig her?» the call opens again unless somebody answers."""
SHORTEST_ROUND = timedelta(seconds=10)
"""A failsafe written with less patience than this would only make noise."""


def first_ring(draft: Draft, call: Call) -> Call:
    """Ring the ladder from its first rung, as for a call just opened."""
    return _sound(draft, call, call.because, draft.now)


def climb(draft: Draft, call: Call, reason: Reason, due: datetime | None = None) -> Call:
    """Leave the rung for the next; `due` is when that was due, now unless it is late."""
    due = due or draft.now
    if call.rung >= len(call.ladder.rungs):
        return _failsafe(draft, call, reason, due)
    because = _left(call.rung, reason)
    call = draft.move(call, Move.CLIMBED, because, rung=call.rung + 1)
    return _sound(draft, call, because, due)


def ring_again(draft: Draft, call: Call, because: Because) -> Call:
    """Ring everybody who rings for the call once more; nobody ringing, ring where it stands."""
    if not call.ringing:
        return ring_anew(draft, call, because)
    for handset, ringing in call.ringing.items():
        call = _ring(draft, call, handset, ringing.staff, because)
    return call


def ring_anew(
    draft: Draft,
    call: Call,
    because: Because,
    due: datetime | None = None,
    *,
    but: StaffId | None = None,
) -> Call:
    """Ring everybody reached so far and the rung where the ladder stands, and wait again."""
    reached = {one: staff for one, now, staff in draft.on_duty() if draft.reachable(now)}
    for handset, staff in [(one, reached[one]) for one in call.told if one in reached]:
        silent = staff in (call.asked_by, but) or staff in call.present
        if not silent and not is_student(draft.plan, staff):
            call = _ring(draft, call, handset, staff, because)
    return _sound(draft, call, because, due or draft.now)


def ring_one(draft: Draft, call: Call, staff: StaffId | None, because: Because) -> Call:
    """Ring one person's telephones for the call."""
    for handset, now, holder in draft.on_duty():
        if holder == staff and draft.reachable(now):
            call = _ring(draft, call, handset, holder, because)
    return call


def join_ringing(draft: Draft, call: Call, handset: HandsetId) -> Call:
    """Let a telephone that came to duty, or came back, ring with those rung so far."""
    if handset in call.ringing or call.climbs_at is None:
        return call
    for chosen in _so_far(draft, call):
        for one in chosen.rung:
            # Chosen as one of everybody, who declined has quiet until the next round.
            asked = one.handset == handset and one.staff not in call.declined
            if asked and _carried(draft, call, one.staff):
                because = Because(call.because.reason, considered=chosen.considered)
                return _ring(draft, call, handset, one.staff, because)
    return call


def _so_far(draft: Draft, call: Call) -> Iterator[Chosen]:
    """Yield whom each step chose until now; where the failsafe rings nobody, everybody."""
    for rung in call.ladder.rungs[: call.rung + 1]:
        yield choose(draft, call, rung)
    if call.rung >= len(call.ladder.rungs):
        yield choose(draft, call, call.ladder.failsafe)
        if not call.ringing and not for_the_list(call):
            yield everybody(draft, call)


def _carried(draft: Draft, call: Call, staff: StaffId) -> bool:
    """Tell whether this person may ring now: a student only beside a telephone that rings.

    Who was chosen beside a student may be on a telephone that is gone and believed in until
    the gateway has listened: it does not ring here.
    """
    return not is_student(draft.plan, staff) or a_carrier_rings(draft, call)


def silence(
    draft: Draft,
    call: Call,
    because: Because,
    *,
    by: StaffId | None = None,
    keep: HandsetId | None = None,
) -> Call:
    """Stop the ringing everywhere; `keep` is the telephone that was tapped and knows."""
    for handset in call.ringing:
        if handset != keep:
            draft.effects.append(Withdraw(call.id, handset, because, by))
    return draft.change(call, because, ringing={}, climbs_at=None)


def stop_on(draft: Draft, call: Call, handset: HandsetId, because: Because) -> Call:
    """Stop the ringing on one telephone; whoever is left alone as a student stops too."""
    left = {one: ringing for one, ringing in call.ringing.items() if one != handset}
    draft.effects.append(Withdraw(call.id, handset, because))
    if left and all(is_student(draft.plan, one.staff) for one in left.values()):
        alone = Because(Reason.STUDENT_NOT_ALONE)
        draft.effects += [Withdraw(call.id, one, alone) for one in left]
        left = {}
    return draft.change(call, because, ringing=left)


def lose_ringing(draft: Draft, call: Call, handset: HandsetId, because: Because) -> Call:
    """Take a telephone out of the ringing, and go on at once if it was the last one."""
    if handset not in call.ringing:
        return call
    call = stop_on(draft, call, handset, because)
    if call.ringing or call.climbs_at is None:
        return call
    if because.reason is Reason.DECLINED:
        because = Because(Reason.ALL_DECLINED)
    if call.rung >= len(call.ladder.rungs):
        return _ring_who_is_left(draft, call, because)
    return climb(draft, call, because.reason)


def _ring_who_is_left(draft: Draft, call: Call, because: Because) -> Call:
    """Ring everybody who has not declined: a failsafe's round may be long, and nobody rings."""
    if for_the_list(call):
        return call
    left = {
        one.handset: one.staff
        for one in everybody(draft, call).considered
        if one.handset is not None and one.staff not in call.declined
    }
    if not all(is_student(draft.plan, staff) for staff in left.values()):
        for handset, staff in left.items():
            call = _ring(draft, call, handset, staff, because)
    return call


def reopen(
    draft: Draft,
    call: Call,
    because: Because,
    due: datetime | None = None,
    *,
    given_back_by: StaffId | None = None,
) -> Call:
    """Let a taken call come back and ring, with its story.

    Whoever gave it back has declined it: rung again only as the last resort.
    """
    call = draft.move(
        call,
        Move.REOPENED,
        because,
        staff=call.owner,
        reopened=call.reopened + 1,
        declined=() if given_back_by is None else (given_back_by,),
        **_NOBODY,
    )
    _nobody_comes(draft, call, because)
    return ring_anew(draft, call, because, due, but=given_back_by)


def _nobody_comes(draft: Draft, call: Call, because: Because) -> None:
    """Take «somebody comes» back where the patient can see it: the call waits again."""
    if call.device is not None and call.type is not CallType.TECHNICAL:
        draft.effects.append(Answer(call.id, call.device, AnswerKind.RECEIVED, because))


_NOBODY: dict[str, Any] = {
    "owner": None,
    "owner_handset": None,
    "taken_at": None,
    "arrive_by": None,
    "offered_to": None,
    "responders": (),
    "beside_by": None,
    "ask_at": None,
    "reminded": False,
}


def go_away(
    draft: Draft,
    call: Call,
    staff: StaffId,
    because: Because,
    handset: HandsetId | None = None,
) -> Call:
    """Let somebody be at the place no more; it rings again unless others have it.

    Others have it who stay and cover it, or who have taken it over and are on the way.
    """
    rest = tuple(one for one in call.present if one != staff)
    covering = [one for one in rest if is_competent(draft.plan, call.type, one)]
    coming = awaited(call)
    if not rest and not coming:
        return _left_undone(draft, call, staff, because, handset)
    move = Move.STEPPED_OUT if rest else Move.LEFT_TO_OWNER
    if not covering and not coming:
        call = draft.move(
            call, move, because, staff=staff, handset=handset, present=rest, **_NOBODY
        )
        _nobody_comes(draft, call, because)
        return ring_anew(draft, call, because)
    if because.reason is Reason.LEFT:  # a tap; who signed out did more than go
        because = Because(Reason.STEPPED_OUT if rest else Reason.LEFT_TO_OWNER)
    owner = covering[0] if call.owner == staff else call.owner
    call = draft.move(
        call,
        move,
        because,
        staff=staff,
        handset=handset,
        present=rest,
        owner=owner,
        # Nobody counts twice where several must come.
        responders=tuple(one for one in call.responders if one not in (owner, staff)),
        ask_at=call.ask_at if rest else None,
        reminded=call.reminded and bool(rest),
    )
    if covering or call.climbs_at is not None or enough_come(draft, call):
        return call  # who stays at the place sees what is needed there
    return ring_for_more(draft, call, because)


def enough_come(draft: Draft, call: Call, wanted: int = 1) -> bool:
    """Tell whether as many come, or are there, as the ladder wants; students do not count."""
    coming = dict.fromkeys((call.owner, *call.responders, *call.present))
    carers = [one for one in coming if one is not None and not is_student(draft.plan, one)]
    return call.owner is not None and len(carers) >= max(wanted, call.ladder.responders)


def not_come(draft: Draft, call: Call, staff: StaffId, because: Because) -> Call:
    """Note that one who said they come beside others does not, and act on it."""
    call = draft.move(call, Move.NOT_COME, because, staff=staff)
    return come_no_more(draft, call, staff, because)


def come_no_more(draft: Draft, call: Call, staff: StaffId, because: Because) -> Call:
    """Let one who comes beside others not come after all; it rings for another at once.

    Where it was the owner, whoever covers the call at the place has it. A second one was
    wanted where somebody said they come as the second, whatever the ladder says.
    """
    if staff not in coming_beside(call):
        return call
    wanted = 2 if staff in call.responders else 1
    owner = call.owner
    if staff == owner:
        there = (one for one in call.present if is_competent(draft.plan, call.type, one))
        owner = next(there, None)
    rest = tuple(one for one in call.responders if one not in (owner, staff))
    call = draft.change(call, because, owner=owner, responders=rest)
    if call.climbs_at is not None or enough_come(draft, call, wanted):
        return call
    return ring_for_more(draft, call, because)


def ring_for_more(draft: Draft, call: Call, because: Because) -> Call:
    """Ring on from where the ladder stands: somebody comes, and more are wanted."""
    if call.rung < len(call.ladder.rungs):
        return _sound(draft, call, because, draft.now)
    round_ends = draft.now + max(call.ladder.failsafe.patience, SHORTEST_ROUND)
    return _ring_who_is_left(draft, draft.change(call, climbs_at=round_ends), because)


def _left_undone(
    draft: Draft, call: Call, staff: StaffId, because: Because, handset: HandsetId | None = None
) -> Call:
    call = draft.move(
        call,
        Move.LEFT,
        because,
        staff=staff,
        handset=handset,
        present=(),
        declined=(),
        reopened=call.reopened + 1,
        **_NOBODY,
    )
    _nobody_comes(draft, call, because)
    return ring_anew(draft, call, because)


def ask_after(draft: Draft, call: Call) -> datetime | None:
    """Return when somebody who is there now is asked whether it is done."""
    limit = policy_for(draft.plan, call.type).present_within
    return None if limit is None else draft.now + limit


def _not_closed(draft: Draft, call: Call) -> Call:
    """Ask once whether it is done; unanswered, let it open again where everybody sees it."""
    if not call.reminded:
        because = Because(Reason.STILL_PRESENT)
        ask_at = draft.now + ANSWER_WITHIN
        staff = call.present[0]
        return draft.move(
            call, Move.REMINDED, because, staff=staff, reminded=True, ask_at=ask_at
        )
    return _left_undone(draft, call, call.present[0], Because(Reason.FORGOT_TO_CLOSE))


def raise_priority(draft: Draft, call: Call, because: Because, priority: Priority) -> Call:
    """Raise an unanswered call: everybody reached rings anew, the next step is sooner."""
    call = draft.move(
        call, Move.RAISED, because, priority=priority, because=because, declined=()
    )
    return hurry(draft, ring_anew(draft, call, because))


def hurry(draft: Draft, call: Call) -> Call:
    """Let the next people ring inside `URGENT_PATIENCE`."""
    if call.climbs_at is None:
        return call
    return draft.change(call, climbs_at=min(call.climbs_at, draft.now + URGENT_PATIENCE))


URGENT_PATIENCE = timedelta(seconds=30)
"""After a third unanswered press the next people ring inside this (DOMAIN 7)."""


def due_call(draft: Draft, call: Call) -> None:
    """Do what is due for a call: climb, ring beside a silent telephone, come back."""
    arrive_by = arrival_due(call)
    if arrive_by is not None and arrive_by <= draft.now:
        call = reopen(draft, call, Because(Reason.NOT_ARRIVED), arrive_by)
    beside_by = beside_due(call)
    if beside_by is not None and beside_by <= draft.now:
        for staff in coming_beside(call):
            because = Because(Reason.NOT_COME, facts=(("staff", staff),))
            call = not_come(draft, call, staff, because)
    ask_at = asking_due(call)
    if ask_at is not None and ask_at <= draft.now:
        call = _not_closed(draft, call)
    receipt_by = receipt_due(draft, call)
    if receipt_by is not None and receipt_by <= draft.now:
        call = _no_receipt(draft, call)
    if call.climbs_at is not None and call.climbs_at <= draft.now:
        climb(draft, call, Reason.PATIENCE_OVER, call.climbs_at)


def _no_receipt(draft: Draft, call: Call) -> Call:
    missed = {handset: replace(one, missed=True) for handset, one in call.ringing.items()}
    call = draft.change(call, ringing=missed)
    return climb(draft, call, Reason.NO_RECEIPT)


def _left(rung: int, reason: Reason, considered: tuple[Considered, ...] = ()) -> Because:
    return Because(reason, facts=(("rung", str(rung + 1)),), considered=considered)


def _sound(draft: Draft, call: Call, because: Because, due: datetime) -> Call:
    """Ring its rung; pass on at once where nobody is sure to hear it or its time is over."""
    while call.rung < len(call.ladder.rungs):
        step = call.ladder.rungs[call.rung]
        chosen = choose(draft, call, step)
        call = _ring_all(draft, call, chosen, because)
        ends = due + step.patience
        if chosen.sure and ends > draft.now:
            return draft.change(call, climbs_at=ends)
        if chosen.sure:
            reason, due = Reason.PATIENCE_OVER, ends
        elif chosen.rung:
            reason = Reason.NOT_REACHABLE
        else:
            reason = Reason.RUNG_EMPTY
        because = _left(call.rung, reason, chosen.considered)
        call = draft.move(call, Move.CLIMBED, because, rung=call.rung + 1)
    return _failsafe(draft, call, because.reason, due)


def _failsafe(draft: Draft, call: Call, reason: Reason, due: datetime) -> Call:
    """Ring the failsafe once more: its people, everybody reached, or everybody there is."""
    step = call.ladder.failsafe
    chosen = choose(draft, call, step, last_resort=True)
    if not chosen.rung and not call.ringing and not for_the_list(call):
        found = everybody(draft, call)
        chosen = Chosen((*chosen.considered, *found.considered), chosen.channels, found.sure)
    because = Because(
        Reason.FAILSAFE,
        facts=(("after", reason.value), ("round", str(call.round + 1))),
        considered=chosen.considered,
    )
    call = draft.move(
        call,
        Move.CLIMBED,
        because,
        round=call.round + 1,
        climbs_at=_next_round(due, max(step.patience, SHORTEST_ROUND), draft.now),
    )
    ringing_before = call.ringing
    call = _ring_all(draft, call, chosen, because)
    for handset, ringing in ringing_before.items():
        if ringing.staff not in engaged(call):
            call = _ring(draft, call, handset, ringing.staff, because)
    if not _somebody_sure(draft, call):
        draft.unreached[call.id] = because
    return call


def _next_round(due: datetime, patience: timedelta, now: datetime) -> datetime:
    """Return the first round after now, in step with when the failsafe was due."""
    missed = max(0, (now - due) // patience)
    return due + patience * (missed + 1)


def for_the_list(call: Call) -> bool:
    """Tell whether nobody is woken for it: it stands on the day's list."""
    return call.priority is Priority.ROUTINE and call.type in (
        CallType.TECHNICAL,
        CallType.INFORMATION,
    )


def _somebody_sure(draft: Draft, call: Call) -> bool:
    return any(draft.handsets[handset].state is HandsetState.READY for handset in call.ringing)


def _ring_all(draft: Draft, call: Call, chosen: Chosen, because: Because) -> Call:
    told = Because(
        because.reason, because.rule, because.rule_version, because.facts, chosen.considered
    )
    for one in chosen.considered:
        if one.handset is not None:
            call = _ring(draft, call, one.handset, one.staff, told)
    return send_all(draft, call, chosen.channels, told)


def send_all(draft: Draft, call: Call, channels: Sequence[str], because: Because) -> Call:
    """Ask each of these channels, at most once in a step, under a number not used before."""
    asked = [
        one.channel for one in draft.effects if isinstance(one, Send) and one.call == call.id
    ]
    fresh = [channel for channel in dict.fromkeys(channels) if channel not in asked]
    if not fresh:
        return call
    # Never below the round: a call of an earlier version has no count of its notices.
    number = max(call.notices + 1, call.round)
    draft.effects += [Send(call.id, channel, because, number) for channel in fresh]
    return draft.change(call, because, notices=number)


def _ring(
    draft: Draft, call: Call, handset: HandsetId, staff: StaffId, because: Because
) -> Call:
    """Ring one telephone, at most once in a step however many ways it was chosen."""
    # One that was stopped meanwhile rings again: it must not count as ringing and be silent.
    if (call.id, handset) in draft.rang and handset in call.ringing:
        return call
    draft.rang[call.id, handset] = None
    before = call.ringing.get(handset)
    if before is None:
        again = 1 if handset in call.told else 0
        ringing = Ringing(staff, draft.now, again=again, because=because)
    else:
        again = before.again + 1
        ringing = replace(before, again=again, because=because)
    draft.effects.append(Ring(call.id, handset, staff, because, again))
    told = call.told if handset in call.told else (*call.told, handset)
    return draft.change(call, because, ringing={**call.ringing, handset: ringing}, told=told)
