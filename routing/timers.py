"""What is due: each call's ladder and each rule's delay by itself, so that one stops no other.

Whatever is due and raises (a patience that no clock can hold, a move that nobody foresaw) would
raise again in every later step, and the hub would answer every press with its fallback. So each
is tried alone: what raises is undone, everybody on duty rings for that call, a technician is
told, and it is tried again later. A step stays a pure function: the same state raises the same.
"""

from dataclasses import replace
from datetime import timedelta
from functools import partial

from routing import rules
from routing.draft import Draft, deadlines, facts
from routing.effects import Because, Move, Note, Reason, Ring
from routing.escalation import due_call, send_all
from routing.ids import RuleId
from routing.plan import Priority, TargetKind
from routing.state import Call, Ringing, Waiting
from routing.technical import TIMER, technical
from routing.who import is_student

TRIED_AGAIN = timedelta(minutes=5)
"""A call whose timer raised rings everybody this often, until somebody takes it."""


def due(draft: Draft) -> None:
    """Judge the rules whose delay is over, then let ladders climb and calls come back."""
    for rule_id, waiting in tuple(draft.waiting.items()):
        if waiting.due <= draft.now:
            error = draft.attempt(partial(rules.due_rule, draft, rule_id, waiting))
            if error is not None:
                _rule_failed(draft, rule_id, waiting, error)
    for call in draft.open_calls():
        # An earlier one whose timer raised may have changed it: the technical call is joined.
        now = draft.calls[call.id]
        if _is_due(draft, now):
            error = draft.attempt(partial(due_call, draft, now))
            if error is not None:
                _ring_everybody(draft, now, error)


def _is_due(draft: Draft, call: Call) -> bool:
    return any(at is not None and at <= draft.now for at in deadlines(draft, call))


def _ring_everybody(draft: Draft, call: Call, error: Exception) -> None:
    """Ring everybody on duty and the failsafe's channels, without asking the ladder's steps."""
    number = call.round + 1
    known = (("after", "step_failed"), ("round", str(number)))
    because = Because(Reason.FAILSAFE, facts=known)
    ringing = {one: replace(how, missed=True) for one, how in call.ringing.items()}
    told = call.told
    for handset, now, staff in draft.on_duty():
        if not draft.reachable(now) or is_student(draft.plan, staff):
            continue
        before = ringing.get(handset)
        if before is None:
            again, since = 1 if handset in told else 0, draft.now
        else:
            again, since = before.again + 1, before.since
        ringing[handset] = Ringing(staff, since, again=again, because=because, missed=True)
        told = told if handset in told else (*told, handset)
        draft.rang[call.id, handset] = None
        draft.effects.append(Ring(call.id, handset, staff, because, again))
    channels = [
        target.value
        for target in call.ladder.failsafe.targets
        if target.kind is TargetKind.CHANNEL
    ]
    later = draft.now + TRIED_AGAIN
    after = draft.change(call, because, ringing=ringing, told=told, round=number)
    after = send_all(draft, after, channels, because)
    draft.change(
        after,
        climbs_at=None if call.climbs_at is None else later,
        arrive_by=None if call.arrive_by is None else max(call.arrive_by, later),
        beside_by=None if call.beside_by is None else max(call.beside_by, later),
        ask_at=None if call.ask_at is None else max(call.ask_at, later),
    )
    draft.effects.append(Note(call.id, Move.CLIMBED, draft.now, because))
    _tell(draft, error, call=call.id, room=call.room)


def _rule_failed(draft: Draft, rule: RuleId, waiting: Waiting, error: Exception) -> None:
    """Try a rule's delay again later: what it should have said is told to a technician now."""
    draft.wait(rule, replace(waiting, due=draft.now + TRIED_AGAIN))
    _tell(draft, error, rule=rule)


def _tell(draft: Draft, error: Exception, **known: str | None) -> None:
    """Open the technical call, loudly: the core itself did what nobody foresaw."""
    why = facts(fault=TIMER, detail=type(error).__name__, **known)
    because = Because(Reason.SHELL_FAULT, facts=why)
    technical(draft, TIMER, because, priority=Priority.URGENT)
