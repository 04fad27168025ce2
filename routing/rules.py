"""Sensor rules: a patient's own conditions, in their window, after their delay, unless covered.

A rule begins when its condition comes to hold, waits its delay («ikke tilbake innen …»), and
calls if it still holds (`conditions`, `rule_calls`). What happens outside its window begins
nothing; each silence is named in the ledger. A rule in trial only says what it would have done.
"""

from datetime import datetime, timedelta

from routing.booking import Booking, weightier
from routing.calls import CallState
from routing.conditions import (
    holds,
    holds_now,
    in_progress,
    is_stillness,
    means,
    paused_until,
    silent,
    valid,
)
from routing.draft import Draft
from routing.effects import Booked, Move, Reason
from routing.events import SignalReceived
from routing.ids import RuleId
from routing.life import close_call, signals_with
from routing.plan import Combine, Rule, Trigger, TriggerKind
from routing.readings import BedChanged, DoorMoved, FallSeen, MotionSeen, Reading
from routing.rule_calls import NO_RULE, because_of, call_for, fall
from routing.state import Waiting
from routing.windows import inside, opens_after

SETTLE = timedelta(seconds=10)
"""What a backlog or a replay says is judged once it has drained: the last level counts."""
LOOK_AGAIN = timedelta(seconds=60)
"""While somebody is with the patient, a waiting rule is judged again this often."""
IN_ORDER_WITHIN = timedelta(hours=1)
"""Between two conditions in order, where the rule names no time."""


def changed(draft: Draft, event: SignalReceived, reading: Reading) -> Booking:
    """Judge a changed level by the rules that listen to the device."""
    listening = draft.index.rules_for.get(event.device)
    if listening is None:
        return NO_RULE
    if isinstance(reading, FallSeen):
        return fall(draft, event, reading, listening)
    begins, ends = _kinds(reading)
    found = NO_RULE
    for rule in listening:
        found = weightier(found, _judge(draft, event, rule, begins, ends))
    return found


def pressed(draft: Draft, event: SignalReceived) -> Booking:
    """Judge a press on a button that is no alarm."""
    found = NO_RULE
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
    if not in_progress(rule, waiting):
        _judge_again(draft, rule, waiting)


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
    if not valid(draft, rule):
        return NO_RULE
    for place, trigger in enumerate(rule.triggers):
        if not means(draft, rule, trigger, event.device):
            continue
        if trigger.kind is _as_motion(begins, trigger):
            return _one_holds(draft, event, rule, place)
        if trigger.kind is _as_motion(ends, trigger):
            return _one_ended(draft, event, rule)
    return NO_RULE


def _as_motion(kind: TriggerKind | None, trigger: Trigger) -> TriggerKind | None:
    """Presence by a sensor in a room is motion there."""
    if kind is TriggerKind.MOTION and trigger.kind is TriggerKind.PRESENCE:
        return TriggerKind.PRESENCE
    return kind


def _one_holds(draft: Draft, event: SignalReceived, rule: Rule, place: int) -> Booking:
    if rule.combine is Combine.IN_ORDER:
        return _next_in_order(draft, event, rule, place)
    if rule.combine is Combine.ALL and not holds_now(draft, rule):
        return Booking(Booked.NO_RULE, because_of(rule, Reason.NO_RULE))
    trigger = rule.triggers[place]
    if trigger.kind is not TriggerKind.PRESS and not holds(draft, rule, trigger):
        return NO_RULE  # the bed's other zone is occupied, another sensor still sees somebody
    if rule.id in draft.waiting:
        return Booking(Booked.WAITING, because_of(rule, Reason.RULE_WAITING))
    return _begin(draft, event, rule)


def _next_in_order(draft: Draft, event: SignalReceived, rule: Rule, place: int) -> Booking:
    waiting = draft.waiting.get(rule.id)
    met = 0 if waiting is None else waiting.step
    if waiting is not None and not in_progress(rule, waiting):
        return Booking(Booked.WAITING, because_of(rule, Reason.RULE_WAITING))
    if place != met:
        if place != 0:
            return NO_RULE
        met = 0
    met += 1
    if met == len(rule.triggers):
        draft.wait(rule.id, None)
        return _begin(draft, event, rule)
    within = rule.triggers[met].within or IN_ORDER_WITHIN
    draft.wait(rule.id, Waiting(draft.now, draft.now + within, event.signal, met))
    return Booking(Booked.WAITING, because_of(rule, Reason.RULE_WAITING, met=str(met)))


def _begin(draft: Draft, event: SignalReceived, rule: Rule) -> Booking:
    """Let a rule whose condition came to hold be silent, wait, or call."""
    why = silent(draft, rule)
    if why is not None:
        return Booking(Booked.SUPPRESSED, because_of(rule, why))
    starts = _counts_from(draft, rule)
    if starts is None:
        return Booking(Booked.SUPPRESSED, because_of(rule, Reason.OUTSIDE_WINDOW))
    delay = rule.delay
    if event.delivery.backlog_since is not None or event.delivery.retained:
        delay = max(delay, SETTLE)
    due = starts + delay
    if due > draft.now:
        step = len(rule.triggers) if rule.combine is Combine.IN_ORDER else 0
        draft.wait(rule.id, Waiting(draft.now, due, event.signal, step))
        because = because_of(rule, Reason.RULE_WAITING, due=due.isoformat())
        return Booking(Booked.WAITING, because)
    return call_for(draft, rule, event.signal, draft.now)


def _counts_from(draft: Draft, rule: Rule) -> datetime | None:
    """Return from when the delay counts, None if the rule does not listen now.

    What happens outside the window begins nothing. Stillness is no event but a state: stillness
    that began before the window counts from its opening.
    """
    if inside(rule.window, draft.now, draft.index.zone):
        return draft.now
    if rule.window is not None and is_stillness(rule):
        return opens_after(rule.window, draft.now, draft.index.zone)
    return None


def _judge_again(draft: Draft, rule: Rule, waiting: Waiting) -> None:
    """Judge a rule when its delay is over: still silent, still waiting, or a call."""
    if not valid(draft, rule):
        return
    ends = paused_until(draft, rule)
    if ends is not None:
        _wait_on(draft, rule, waiting, ends)
        return
    why = silent(draft, rule)
    if why is Reason.PRESENCE_COVERS:
        _wait_on(draft, rule, waiting, draft.now + LOOK_AGAIN)
    elif why is None:
        if is_stillness(rule) and not inside(rule.window, draft.now, draft.index.zone):
            starts = _counts_from(draft, rule)
            if starts is not None:
                _wait_on(draft, rule, waiting, starts + rule.delay)
            return
        call_for(draft, rule, waiting.signal, waiting.since)


def _wait_on(draft: Draft, rule: Rule, waiting: Waiting, until: datetime) -> None:
    draft.wait(rule.id, Waiting(waiting.since, until, waiting.signal, waiting.step))


def _one_ended(draft: Draft, event: SignalReceived, rule: Rule) -> Booking:
    """Let a condition that no longer holds end its waiting, or its call if the rule says so."""
    waiting = draft.waiting.get(rule.id)
    if waiting is not None and in_progress(rule, waiting):
        return NO_RULE
    last = rule.triggers[-1]
    still = (
        holds(draft, rule, last) if rule.combine is Combine.IN_ORDER else holds_now(draft, rule)
    )
    if still:
        return NO_RULE
    because = because_of(rule, Reason.RULE_ENDED_BY_SIGNAL)
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
    return NO_RULE
