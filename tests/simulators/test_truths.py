"""Every truth is seen failing once: the core is broken by hand, and just that is reported."""

from dataclasses import replace
from datetime import datetime

import pytest

from routing import presses
from routing.calls import CallState
from routing.draft import Draft
from routing.effects import (
    Move,
    Note,
    Withdraw,
)
from routing.events import (
    Arrived,
    CallClosed,
    CallTaken,
    Event,
    Outcome,
    PlanAdopted,
    TagsPlaced,
)
from routing.ids import DeviceId, OperationId, PatientId, SignalId
from routing.plan import (
    CallType,
    Competence,
    Priority,
)
from routing.state import State
from routing.whose import Whose, whose
from simulators.truths import NAMES
from tests.simulators import (
    breaks_of_calls,
    breaks_of_devices,
    breaks_of_plans,
    breaks_of_signals,
    breaks_of_time,
)
from tests.simulators.breaks import BREAKS, CALL, WHY, change_call, edited, only_on
from tests.simulators.breaks_of_plans import followed, heard_in
from tests.simulators.scene import (
    CARER,
    NURSE,
    Effects,
    Scene,
    with_call,
)

SCENES = (
    breaks_of_calls,
    breaks_of_devices,
    breaks_of_plans,
    breaks_of_signals,
    breaks_of_time,
)
"""Loaded, so that each truth has its scene."""


def test_a_place_that_rings_or_moves_a_call_breaks_its_truth() -> None:
    scene = Scene().press().rings().after(1)
    scene.do(heard_in("room-2"))
    assert scene.broken == ()
    change_call(scene, TagsPlaced, priority=Priority.ROUTINE).do(heard_in("room-3"))
    assert scene.broken == ("a-place-decides-nothing",)


def test_a_core_that_routes_by_place_is_caught(monkeypatch: pytest.MonkeyPatch) -> None:
    """The code itself is broken: the unit is that of the room where somebody was heard."""

    def where_heard(draft: Draft, device: DeviceId, *when: datetime) -> Whose:
        found = whose(draft, device, *when)
        heard = draft.places.get(device)
        return found if heard is None else replace(found, unit=None, room=heard.room)

    monkeypatch.setattr(presses, "whose", where_heard)
    scene = Scene()
    scene.do(PlanAdopted(followed(scene.plan))).do(heard_in("room-2")).press()
    assert "a-place-decides-nothing" in scene.broken


@pytest.mark.parametrize("name", NAMES)
def test_breaking_the_core_by_hand_reports_exactly_that_truth(name: str) -> None:
    assert BREAKS[name]().broken == (name,)


def test_a_scene_that_nobody_spoilt_breaks_no_truth() -> None:
    scene = Scene().press().rings().after(5)
    scene.do(CallTaken(CALL, scene.by())).after(30)
    scene.do(Arrived(CALL, scene.by(), "room-1")).after(60)
    scene.do(CallClosed(CALL, scene.by(), Outcome.HELPED)).after(60)

    assert scene.ends().broken == ()
    assert scene.call.closed_by == CARER[0]


def test_the_same_operation_twice_may_not_count_twice() -> None:
    scene = Scene().press().rings().after(5)
    by = replace(scene.by(), operation=OperationId("once"))
    scene.do(CallTaken(CALL, by))

    @only_on(CallTaken)
    def spoil(_: State, after: State, effects: Effects) -> tuple[State, Effects]:
        return with_call(after, replace(after.calls[CALL], pressed=9)), effects

    assert scene.spoilt(spoil).do(CallTaken(CALL, by)).broken == ("a-tap-has-one-answer",)


def test_a_helper_may_not_close_what_needs_a_nurse() -> None:
    scene = Scene().press().rings().after(5)
    fall = replace(scene.state.calls[CALL], type=CallType.FALL_CONFIRMED)
    scene.state = with_call(scene.state, fall)
    scene.do(CallTaken(CALL, scene.by(NURSE))).after(5)
    scene.do(Arrived(CALL, scene.by(NURSE), "room-1")).after(60)

    def spoil(_: State, event: Event, after: State, effects: Effects) -> tuple[State, Effects]:
        if not isinstance(event, CallClosed):
            return after, effects
        staff = {
            **after.plan.staff,
            NURSE[0]: replace(after.plan.staff[NURSE[0]], competence=Competence.ASSISTANT),
        }
        return replace(after, plan=replace(after.plan, staff=staff)), effects

    scene.spoilt(spoil).do(CallClosed(CALL, scene.by(NURSE), Outcome.HELPED))

    # A core that changes the plan by a tap breaks that truth too.
    assert scene.broken == ("closed-by-a-person-or-its-own-signal", "the-plan-adopted-holds")


def test_an_edit_of_the_plan_may_not_close_a_patients_call() -> None:
    scene = Scene().press().rings().after(5)

    @only_on(PlanAdopted)
    def spoil(_: State, after: State, effects: Effects) -> tuple[State, Effects]:
        call = after.calls[CALL]
        closed = replace(
            call, state=CallState.CLOSED, closed_at=after.now, ringing={}, climbs_at=None
        )
        said = [Withdraw(CALL, handset, WHY) for handset in call.ringing]
        assert after.now is not None
        note = Note(CALL, Move.CLOSED, after.now, WHY)
        return with_call(after, closed), (*effects, *said, note)

    scene.spoilt(spoil).do(edited(scene))

    assert scene.broken == ("closed-by-a-person-or-its-own-signal",)


def test_whose_press_it_was_is_known_to_the_witness_also_when_it_joins() -> None:
    scene = Scene().press().rings().after(5)
    scene.watch.pressed_by[SignalId("1-2")] = PatientId("patient-3")

    scene.press()

    assert scene.broken == ("an-event-belongs-to-its-wearer",)
