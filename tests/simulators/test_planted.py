"""Bugs planted in the core's own code: a simulated night finds each, under the right name.

That a press acknowledged before its commit is lost by a kill is shown in `test_night`.
"""

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime

import pytest

from routing import escalation, presses, rules, signals
from routing.booking import Booking
from routing.calls import CallState
from routing.draft import Draft
from routing.effects import Because, Booked, Effect, Reason, Reply, Ring
from routing.events import CallDeclined, CallTaken, Event, SignalReceived
from routing.ids import PatientId
from routing.plan import Rule
from routing.rule_calls import call_for
from routing.state import Call, State
from routing.step import step
from routing.whose import Whose, whose
from simulators.core import Core
from simulators.faults import Fault
from simulators.night import Rehearsal
from simulators.small_house import small_house

Planted = Callable[[pytest.MonkeyPatch], Core]
BUGS: dict[str, tuple[Planted, tuple[str, ...], tuple[Fault, ...]]] = {}
"""What is planted, which truth must find it, and what must go wrong that night to show it."""


def finds(*truths: str, faults: tuple[Fault, ...] = ()) -> Callable[[Planted], Planted]:
    def keep(planted: Planted) -> Planted:
        BUGS[planted.__name__] = planted, truths, faults
        return planted

    return keep


def stepped(change: Callable[[State, Event, State, tuple[Effect, ...]], State | None]) -> Core:
    """Return a core whose state is changed after a step, where `change` says so."""

    def broken(state: State, event: Event, now: datetime) -> tuple[State, tuple[Effect, ...]]:
        after, effects = step(state, event, now)
        return change(state, event, after, effects) or after, effects

    return Core(broken)


def with_call(state: State, call: Call) -> State:
    return replace(state, calls={**state.calls, call.id: call})


@finds("a-press-opens-joins-or-raises-a-call")
def a_press_is_lost(patch: pytest.MonkeyPatch) -> Core:
    lost = Booking(Booked.NO_RULE, Because(Reason.NO_RULE))
    patch.setattr(signals, "press", lambda *_: lost)
    return Core()


@finds("an-event-belongs-to-its-wearer")
def a_press_is_another_patients(patch: pytest.MonkeyPatch) -> Core:
    def wrong(draft: Draft, device: object, first: datetime, last: datetime) -> Whose:
        found = whose(draft, device, first, last)  # pyright: ignore[reportArgumentType]
        return replace(found, patient=PatientId("patient-3")) if found.patient else found

    patch.setattr(presses, "whose", wrong)
    return Core()


@finds("nothing-is-overdue", "an-untaken-call-rings-or-climbs")
def a_ladder_ends_at_its_last_step(patch: pytest.MonkeyPatch) -> Core:
    climb = escalation.climb

    def ends(draft: Draft, call: Call, *more: object) -> Call:
        if call.rung >= len(call.ladder.rungs):
            return draft.change(call, climbs_at=None)
        return climb(draft, call, *more)  # pyright: ignore[reportArgumentType]

    patch.setattr(escalation, "climb", ends)
    return Core()


@finds("a-repeat-press-rings-again")
def who_is_on_the_way_hears_no_more_presses(patch: pytest.MonkeyPatch) -> Core:
    patch.setattr(presses, "_press_to_owner", lambda _draft, call, *_: call)
    return Core()


@finds("at-most-one-owner", "the-second-accept-is-told-who")
def a_second_accept_takes_the_call_away(_: pytest.MonkeyPatch) -> Core:
    def second(
        before: State, event: Event, after: State, effects: tuple[Effect, ...]
    ) -> State | None:
        if not isinstance(event, CallTaken):
            return None
        call = after.calls.get(event.call)
        refused = any(isinstance(e, Reply) and not e.ok for e in effects)
        if call is None or call.state is not CallState.TAKEN or not refused:
            return None
        return with_call(after, replace(call, owner=event.by.staff))

    return stepped(second)


@finds("taken-is-not-closed")
def a_taken_call_never_comes_back(_: pytest.MonkeyPatch) -> Core:
    def forgotten(
        before: State, event: Event, after: State, effects: tuple[Effect, ...]
    ) -> State | None:
        call = after.calls.get(event.call) if isinstance(event, CallTaken) else None
        if call is None or call.state is not CallState.TAKEN:
            return None
        return with_call(after, replace(call, arrive_by=None))

    return stepped(forgotten)


@finds("the-third-unanswered-press-raises", faults=(Fault.BUSY,))
def a_third_press_is_like_the_first(patch: pytest.MonkeyPatch) -> Core:
    patch.setattr(presses, "REPEATS", 99)
    return Core()


@finds("no-call-dies-quietly")
def a_declined_call_is_dropped(_: pytest.MonkeyPatch) -> Core:
    def dropped(
        before: State, event: Event, after: State, effects: tuple[Effect, ...]
    ) -> State | None:
        call = after.calls.get(event.call) if isinstance(event, CallDeclined) else None
        if call is None or call.state is not CallState.RINGING:
            return None
        return with_call(after, replace(call, state=CallState.CLOSED))

    return stepped(dropped)


@finds("practice-is-apart", faults=(Fault.PRACTICE,))
def practice_is_taken_for_real(patch: pytest.MonkeyPatch) -> Core:
    patch.setattr(presses, "stay_at", lambda *_: None)
    return Core()


@finds("only-a-rule-in-force-calls")
def a_rule_calls_without_its_delay(patch: pytest.MonkeyPatch) -> Core:
    def at_once(draft: Draft, event: SignalReceived, rule: Rule) -> Booking:
        return call_for(draft, rule, event.signal, draft.now)

    patch.setattr(rules, "_begin", at_once)
    return Core()


@finds("a-call-keeps-its-ladder", faults=(Fault.PLAN,))
def a_call_follows_every_edit_of_its_ladder(_: pytest.MonkeyPatch) -> Core:
    def follows(
        before: State, event: Event, after: State, effects: tuple[Effect, ...]
    ) -> State | None:
        if before.plan is after.plan:
            return None
        calls = {
            c: replace(call, ladder=after.plan.ladders.get(call.ladder.id, call.ladder))
            for c, call in after.calls.items()
        }
        return replace(after, calls=calls)

    return stepped(follows)


@finds("rings-and-silences-are-announced")
def a_ring_is_ordered_only_in_the_state(_: pytest.MonkeyPatch) -> Core:
    def broken(state: State, event: Event, now: datetime) -> tuple[State, tuple[Effect, ...]]:
        after, effects = step(state, event, now)
        if isinstance(event, SignalReceived):
            effects = tuple(e for e in effects if not isinstance(e, Ring))
        return after, effects

    return Core(broken)


@pytest.mark.parametrize("name", BUGS)
def test_a_night_finds_what_was_planted(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    planted, truths, faults = BUGS[name]
    core = planted(monkeypatch)

    for seed in range(1, 9):
        night = Rehearsal(small_house(), seed, faults, core)
        night.hasty = True
        night.run()
        if night.watch.broken:
            assert set(night.watch.broken) & set(truths), night.watch.broken
            return
    pytest.fail("eight nights saw nothing")
