"""Checks on what the house decided: plans, rules, ladders, practice, and a full disk."""

# ruff: noqa: ARG001 - every check has the same shape

from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from routing.effects import Booked, Move, Note, Reason, Ring, TrialCall
from routing.events import PlanAdopted, SignalReceived, StoreState
from routing.ids import PatientId
from routing.plan import (
    Combine,
    Plan,
    Priority,
    Profile,
    Rule,
    RuleState,
    Stay,
    TriggerKind,
    Window,
)
from routing.readings import HelpPressed
from routing.state import State, is_open
from simulators.truths_signals import technical_call
from simulators.watch import Stepped, Watch, Wrong

_BY_RULE = (Move.OPENED, Move.JOINED, Move.RAISED)
_NO_SENSORS = (Profile.END_OF_LIFE, Profile.OUT, Profile.FAMILY_PRESENT)


# --- Plans and ladders ------------------------------------------------------------------------


def plan_holds(watch: Watch, step: Stepped) -> Wrong | None:
    """What was adopted is what is decided with, and nothing else changes it."""
    event, plan = step.event, step.after.plan
    if isinstance(event, PlanAdopted):
        if plan is not event.plan:
            return Wrong(f"version {event.plan.version} was adopted, {plan.version} holds")
    elif plan is not step.before.plan:
        return Wrong(f"{type(event).__name__} changed the plan")
    return None


def ladder_frozen(watch: Watch, step: Stepped) -> Wrong | None:
    """A call climbs the ladder it began with, until it is raised to another type."""
    for call, old, now in step.changed:
        if old is None or now is None or old.ladder is now.ladder or old.type is not now.type:
            continue
        if old.ladder != now.ladder:
            return Wrong(f"{call} changed its ladder under way", call)
    return None


# --- Rules ------------------------------------------------------------------------------------


def rule_in_force(watch: Watch, step: Stepped) -> Wrong | None:
    """A rule that calls is in force, in its version, its window and after its delay."""
    plan = step.after.plan
    for effect in step.effects:
        if isinstance(effect, TrialCall):
            because, state = effect.because, RuleState.TRIAL
        elif isinstance(effect, Note) and effect.move in _BY_RULE:
            because, state = effect.because, RuleState.ACTIVE
            if because.reason is not Reason.RULE_HELD:
                continue
        else:
            continue
        rule = next((r for r in plan.rules if r.id == because.rule), None)
        if rule is None:
            return Wrong(f"the rule {because.rule} called and is in no plan")
        told = dict(because.facts)
        why = _not_in_force(step, rule, because.rule_version, state, told.get("since", ""))
        if why:
            return Wrong(f"the rule {rule.id} called: {why}", getattr(effect, "call", None))
    return None


def _not_in_force(step: Stepped, rule: Rule, version: int, state: RuleState, since: str) -> str:
    if rule.state is not state:
        return f"it is {rule.state}"
    if rule.version != version:
        return f"as version {version}, version {rule.version} holds"
    stay = _stay(step.after.plan, rule.patient, step.now)
    if stay is None:
        return f"{rule.patient} does not live here"
    if stay.profile in _NO_SENSORS:
        return f"{rule.patient} lives without sensors ({stay.profile})"
    for pause in step.after.pauses:
        if pause.patient == rule.patient and pause.rule in (None, rule.id):
            return f"{rule.patient} is paused until {pause.until:%H:%M}"
    return _too_soon(step, rule, datetime.fromisoformat(since)) if since else ""


SETTLES = timedelta(seconds=10)
LOOKS_AGAIN = timedelta(seconds=60)
"""What a broker replayed settles so long; beside staff a wait is looked at again."""


def waits_follow(watch: Watch, step: Stepped) -> Wrong | None:
    """After an edit nothing waits for a rule that is no more, nor longer than the rule says."""
    plan = step.after.plan
    for rule_id, waiting in step.after.waiting.items():
        rule = next((r for r in plan.rules if r.id == rule_id), None)
        if rule is None or rule.state not in (RuleState.ACTIVE, RuleState.TRIAL):
            return Wrong(f"something waits for {rule_id}, which is no rule in force")
        still = any(t.kind is TriggerKind.NO_MOTION for t in rule.triggers)
        if still or rule.combine is Combine.IN_ORDER:
            continue  # from the window's opening; by the time between two conditions
        pauses = (p.until for p in step.after.pauses if p.patient == rule.patient)
        latest = max(waiting.since + max(rule.delay, SETTLES), step.now + LOOKS_AGAIN, *pauses)
        if waiting.due > latest:
            late = (waiting.due - latest).total_seconds()
            return Wrong(f"{rule_id} waits {late:.0f} s longer than it says since the edit")
    return None


def _too_soon(step: Stepped, rule: Rule, since: datetime) -> str:
    if any(t.kind is TriggerKind.NO_MOTION for t in rule.triggers):
        return ""  # stillness counts from the window's opening
    falls = any(t.kind is TriggerKind.FALL for t in rule.triggers)
    if step.now - since < rule.delay and not falls:  # a fall waits for nothing
        return f"after {(step.now - since).total_seconds():.0f} s of {rule.delay}"
    zone = ZoneInfo(step.after.plan.timezone)
    if rule.window is not None and not _inside(rule.window, since.astimezone(zone)):
        return f"it began at {since.astimezone(zone):%a %H:%M}, outside its window"
    return ""


def _inside(window: Window, at: datetime) -> bool:
    """Judge by the clock on the wall, whatever the offset: seconds do not matter here."""
    minute, day = at.replace(tzinfo=None).time(), at.weekday()
    if window.since < window.until:
        return day in window.weekdays and window.since <= minute < window.until
    if minute >= window.since:
        return day in window.weekdays
    return minute < window.until and (day - 1) % 7 in window.weekdays


def _stay(plan: Plan, patient: PatientId, at: datetime) -> Stay | None:
    for stay in plan.stays:
        here = stay.since <= at and (stay.until is None or at < stay.until)
        if stay.patient == patient and here:
            return stay
    return None


# --- Practice ---------------------------------------------------------------------------------


def practice_apart(watch: Watch, step: Stepped) -> Wrong | None:
    """A practice press makes a practice call that rings; a real one never joins it."""
    event, book = step.event, step.book
    assert isinstance(event, SignalReceived)
    if book is None or book.call is None or event.test:
        return None
    if not any(r.__class__ is HelpPressed for r in event.readings):
        return None
    call = step.after.calls.get(book.call)
    if call is None or technical_call(call):
        return None
    stay = _stay(step.after.plan, call.patient, step.now) if call.patient else None
    until = stay.practice_until if stay is not None else None
    practises = until is not None and step.now < until
    if call.practice is not practises or (book.to is Booked.PRACTICE) is not practises:
        kind = "practice" if practises else "real"
        return Wrong(f"a {kind} press of {event.device} was booked {book.to}", call.id)
    old = step.before.calls.get(call.id)
    if practises and old is None and not _sounds(step, call.id):
        return Wrong(f"{call.id} rings nobody", call.id)
    return None


def _sounds(step: Stepped, call: str) -> bool:
    """Tell whether it rings, went out, or has nobody at all left to ring."""
    if any(e.__class__ is Ring and e.call == call for e in step.effects):  # pyright: ignore[reportAttributeAccessIssue]
        return True
    opened = next(c for c in step.after.calls.values() if c.id == call)
    return opened.rung >= len(opened.ladder.rungs)


def practice_stays(watch: Watch, step: Stepped) -> Wrong | None:
    """A call does not become practice, nor real, while it lives."""
    for call, old, now in step.changed:
        if old is not None and now is not None and old.practice is not now.practice:
            return Wrong(f"{call} became {'practice' if now.practice else 'real'}", call)
    return None


# --- A full disk ------------------------------------------------------------------------------


def full_disk_shouted(watch: Watch, step: Stepped) -> Wrong | None:
    """While nothing can be stored anywhere, the loudest technical call says so."""
    if step.after.store is not StoreState.SPOOL_LOST:
        return None
    if _shouted(step.after) or watch.closed_by_hand(Reason.STORE_LOST, step.after):
        return None
    return Wrong("nothing can be stored, and no emergency call of the house says so")


def _shouted(state: State) -> bool:
    return any(
        call.because.reason is Reason.STORE_LOST
        and call.priority is Priority.EMERGENCY
        and is_open(call)
        for call in state.calls.values()
    )
