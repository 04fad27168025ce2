"""A new plan: what it does to the rules that wait, and who is told of a patient's «no».

A changed rule is judged as if it had been so when its condition came to hold. A new delay
counts from that beginning, not from the edit, and what is over by then calls at once. What the
rule as it is now would not have begun (another window, other signals) waits no more, and
neither does anything of a rule that was paused, ended or objected to. What rings rings on.
"""

from dataclasses import replace
from datetime import datetime

from routing.conditions import holds_now, in_progress, is_stillness
from routing.defaults import OBJECTION
from routing.draft import Draft, facts
from routing.effects import Because, Reason
from routing.index import Index, index_of
from routing.life import close_call, open_call
from routing.plan import Basis, CallType, Combine, Rule, RuleState, TriggerKind
from routing.rule_calls import place_of
from routing.rules import IN_ORDER_WITHIN, SETTLE
from routing.state import Waiting
from routing.windows import began, inside, opens_after


def adopted(draft: Draft) -> None:
    """Judge what waits by the rules as they are now, and tell who decides on a «no»."""
    before = index_of(draft.state.plan)
    for rule_id, waiting in tuple(draft.waiting.items()):
        draft.wait(rule_id, _rejudged(draft, before, draft.index.rules.get(rule_id), waiting))
    _objections(draft, before)


# --- What waits -------------------------------------------------------------------------------


def _rejudged(
    draft: Draft, before: Index, rule: Rule | None, waiting: Waiting
) -> Waiting | None:
    """Return the waiting as the rule is now, None where nothing waits any more."""
    if rule is None or rule.id not in draft.index.devices_for:
        return None
    was = before.rules.get(rule.id, rule)
    if not _would_have_begun(draft, was, rule):
        return None
    due = _due(draft, was, rule, waiting)
    return None if due is None else replace(waiting, due=due)


def _due(draft: Draft, was: Rule, rule: Rule, waiting: Waiting) -> datetime | None:
    if in_progress(rule, waiting):
        within = rule.triggers[waiting.step].within
        if within == was.triggers[waiting.step].within:
            return waiting.due
        return max(waiting.since + (within or IN_ORDER_WITHIN), draft.now)
    if (rule.delay, rule.window, rule.combine) == (was.delay, was.window, was.combine):
        return waiting.due
    starts = _began(draft, rule, waiting)
    if starts is None:
        return None
    # What a broker replayed settles first, however short the delay is now.
    settled = min(waiting.due, waiting.since + SETTLE)
    return max(starts + rule.delay, settled, draft.now)


def _would_have_begun(draft: Draft, was: Rule, rule: Rule) -> bool:
    """Tell whether what holds now would have let the rule begin, by its signals as they are.

    Another order begins anew: nobody knows in which order it was met.
    """
    if _listens_to(was) == _listens_to(rule):
        return True
    if rule.combine is Combine.IN_ORDER:
        return False
    pressed = any(trigger.kind is TriggerKind.PRESS for trigger in rule.triggers)
    return pressed or holds_now(draft, rule)


def _listens_to(rule: Rule) -> tuple[object, ...]:
    triggers = tuple(replace(trigger, within=None) for trigger in rule.triggers)
    return rule.patient, rule.combine, triggers


def _began(draft: Draft, rule: Rule, waiting: Waiting) -> datetime | None:
    """Return from when the delay counts; stillness counts from the opening of its window."""
    zone = draft.index.zone
    if rule.window is None:
        return waiting.since
    if not is_stillness(rule):
        return waiting.since if inside(rule.window, waiting.since, zone) else None
    opened = began(rule.window, draft.now, zone)
    if opened is None:
        return opens_after(rule.window, draft.now, zone)
    return max(waiting.since, min(opened, draft.now))


# --- A patient says no ------------------------------------------------------------------------


def _objections(draft: Draft, before: Index) -> None:
    for rule in draft.plan.rules:
        was = before.rules.get(rule.id)
        known = RuleState.SUSPENDED if was is None else was.state
        if rule.state is RuleState.SUSPENDED and known is not rule.state:
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
    place = place_of(draft, rule.patient)
    basis = Basis.STAFF_ONLY if rule.basis is None else rule.basis
    known = facts(patient=rule.patient, room=place.room, why=basis.value)
    because = Because(Reason.OBJECTED, rule.id, rule.version, known)
    open_call(draft, CallType.INFORMATION, because, place, ladder=OBJECTION, rule=rule.id)
