"""Found by mutation: what is told of who came and went, and who sees it."""

from datetime import timedelta

import pytest

from routing.effects import Move, Note, Reason, Show
from routing.events import FaultNoticed, HandsetReported, HandsetState, StoreChanged, StoreState
from routing.plan import Rung, Target, TargetKind, TriggerKind
from routing.reviews import reviews
from routing.step import next_deadline
from routing.technical import NOBODY
from tests.routing.night import (
    Night,
    arrive,
    bed,
    close,
    left,
    motion,
    press,
    reports,
    rule,
    sign_out,
    solvik,
    take,
    telephone,
    undo,
    with_rules,
    with_stay,
)
from tests.routing.test_escalation import rung, with_ladder


def told(night: Night, move: Move) -> Note:
    return [one for one in night.all if isinstance(one, Note) and one.move is move][-1]


def shown(night: Night) -> list[tuple[str, ...]]:
    return [one.handsets for one in night.effects if isinstance(one, Show)]


# --- The story --------------------------------------------------------------------------------


def test_who_leaves_a_student_behind_stands_in_the_story() -> None:
    night = Night(on_duty=("anne", "per", "stud")).at("02:00", press())
    night.at("02:01", arrive("anne")).at("02:02", arrive("stud")).at("02:03", left("anne"))

    went = told(night, Move.STEPPED_OUT)
    assert (went.staff, went.handset) == ("anne", telephone("anne"))
    assert went.because.reason is Reason.LEFT
    assert night.call().owner is None, "a student covers nothing"


def test_the_story_says_who_was_asked_whether_it_is_done() -> None:
    night = Night().at("02:00", press()).at("02:01", arrive("anne"))
    night.at("02:02", arrive("per"))

    asked = night.at("06:00")

    assert {
        one.staff for one in asked.all if isinstance(one, Note) and one.move is Move.REMINDED
    } == {"anne"}


def test_the_story_says_on_which_telephone_somebody_came() -> None:
    night = Night().at("02:00", press()).at("02:01", arrive("per"))

    assert told(night, Move.ARRIVED).handset == telephone("per")


def test_no_ready_telephone_says_for_which_unit() -> None:
    night = Night(on_duty=()).at("02:00", press())

    fault = next(one for one in night.open() if one.fault == NOBODY)
    known = dict(fault.because.facts)
    assert (known["unit"], known["room"], known["call"]) == ("a", "204", "1-1")


def test_a_call_that_two_rules_made_knows_both_signals() -> None:
    rules = with_rules(rule("r1"), rule("r2", TriggerKind.MOTION))
    night = Night(rules).at("01:00", bed(occupied=True), motion(on=False))
    night.at("02:00", bed(occupied=False)).at("02:01", motion(on=True))

    assert night.call().signals == ("1-3", "1-4")


def test_a_closed_call_is_remembered_for_a_day_and_not_longer() -> None:
    night = Night().at("02:00", press()).at("02:01", arrive("anne")).at("02:02", close("anne"))

    night.at("26:01:59", press("wrist-kari"))
    assert "1-1" in night.state.calls

    night.at("26:02", press("cord-301"))
    assert "1-1" not in night.state.calls


# --- Who sees it ------------------------------------------------------------------------------


def test_who_takes_a_call_of_another_unit_unasked_sees_it() -> None:
    night = Night().at("02:00", press())
    assert all(telephone("omar") not in handsets for handsets in shown(night))

    night.at("02:00:10", take("omar"))

    assert telephone("omar") in shown(night)[-1]
    assert telephone("omar") not in night.call().told


def test_who_comes_to_help_another_unit_sees_what_happens_there() -> None:
    night = Night().at("02:00", press()).at("02:01", arrive("anne"))
    night.at("02:02", arrive("omar"))
    assert night.call().owner == "anne"
    assert telephone("omar") not in night.call().told

    night.at("02:03", arrive("per"))

    assert shown(night)
    assert all(telephone("omar") in handsets for handsets in shown(night))
    assert all(telephone("lise") not in handsets for handsets in shown(night))


# --- Telephones -------------------------------------------------------------------------------


def test_who_has_become_free_is_not_rung_because_the_telephone_hears_less_well() -> None:
    night = Night().at("02:00", press("wrist-kari")).at("02:00:05", take("anne"))
    night.at("02:00:10", arrive("anne")).at("02:00:20", press())
    assert night.rung() == ["per"]
    night.at("02:00:30", close("anne"))

    night.at("02:00:40", reports("anne", HandsetState.LIMITED)).expects()


def test_the_hub_wakes_for_the_call_that_is_due_first_in_any_order() -> None:
    night = Night().at("02:00", press()).at("02:00:50", press("wrist-kari"))
    assert next_deadline(night.state) == night.clock("02:01")

    night.at("02:00:55", take("anne"))
    assert next_deadline(night.state) == night.clock("02:01:50")


def test_a_telephone_put_down_keeps_no_reason_of_who_had_it() -> None:
    said = HandsetReported(telephone("anne"), HandsetState.LIMITED, ("hidden",))
    night = Night().at("02:00", said).at("02:01", sign_out("anne"))

    assert night.state.handsets[telephone("anne")].reasons == ()


def test_a_call_that_rings_only_where_it_may_not_be_heard_is_told() -> None:
    night = Night(on_duty=("anne",)).at("01:00", reports("anne", HandsetState.LIMITED))

    night.at("02:00", press())

    assert "anne" in night.rung()
    assert NOBODY in night.faults()


def test_a_take_that_is_undone_rings_those_of_earlier_steps_at_once() -> None:
    plan = with_ladder(rung(30, TargetKind.STAFF, "anne"), rung(60, TargetKind.STAFF, "omar"))
    night = Night(plan).at("02:00", press()).at("02:00:40", take("omar"))

    night.at("02:00:42", undo("omar"))

    assert sorted(night.rung()) == ["anne", "omar"]


def test_a_student_is_told_beside_a_carer_who_rings_since_an_earlier_step() -> None:
    targets = (Target(TargetKind.STAFF, "stud"), Target(TargetKind.CHANNEL, "duty"))
    plan = with_ladder(rung(30, TargetKind.STAFF, "anne"), Rung(targets, timedelta(seconds=60)))
    night = Night(plan, on_duty=("anne", "stud")).at("02:00", press())

    night.at("02:00:30").expects("ring 1-1 stud", "send 1-1 duty")


def test_a_student_may_not_come_instead_where_one_more_is_asked_for() -> None:
    night = Night(on_duty=("anne", "per", "stud", "omar"))
    night.at("02:00", press()).at("02:01", arrive("anne"))
    night.at("02:02", press()).at("02:02:10", arrive("per", "1-2"))
    night.at("02:03", press())
    assert night.call("1-2").climbs_at is not None, "it rings beside those who are there"

    night.at("02:03:10", take("stud", "1-2"))

    night.replied(Reason.TAKEN_BY_ANOTHER, ok=False)
    assert night.call("1-2").responders == ()


# --- Rules, reviews, faults -------------------------------------------------------------------


@pytest.mark.parametrize(("until", "kept"), [("02:00:01", ["r1"]), ("02:00", [])])
def test_a_stay_needs_review_until_its_very_end(until: str, kept: list[str]) -> None:
    plan = with_stay(solvik(), "ola", until=Night().clock(until))

    found = reviews(with_rules(rule("r1"), plan=plan), Night().clock("02:00"))

    assert [one.rule for one in found] == kept


def test_a_fault_that_is_raised_says_what_made_it_worse() -> None:
    night = Night().at("02:00", FaultNoticed("spool_lost", "odd"))

    night.at("02:01", StoreChanged(StoreState.SPOOL_LOST, "disk gone"))

    assert night.call().because.reason is Reason.STORE_LOST
    assert dict(night.call().because.facts) == {"detail": "disk gone"}
