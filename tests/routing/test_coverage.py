"""Is there, for every bed and call type now, somebody who would hear and can help?"""

from dataclasses import replace
from datetime import timedelta

import pytest

from routing.coverage import CALL_TYPES, Coverage, Missing, coverage
from routing.defaults import ladder_for, policy_for
from routing.effects import Reason
from routing.events import HandsetState, PlanAdopted, Started, TimePassed
from routing.ids import BedId, LadderId, RoomId, StaffId, UnitId
from routing.plan import (
    Bed,
    CallType,
    Ladder,
    Plan,
    Priority,
    RuleState,
    Rung,
    Target,
    TargetKind,
)
from routing.step import next_deadline
from tests.routing.night import (
    Night,
    press,
    reports,
    rule,
    sign_in,
    sign_out,
    solvik,
    take,
    with_rules,
    with_stay,
)

FALLEN = CallType.FALL_CONFIRMED
"""Closed by a health worker: an assistant does not cover it."""


def of(night: Night) -> Coverage:
    return coverage(night.state, night.now)


def ladder(*rungs: Rung, failsafe: Rung) -> Ladder:
    return Ladder(LadderId("own"), rungs, failsafe)


def rings(*targets: Target, seconds: int = 60) -> Rung:
    return Rung(targets, timedelta(seconds=seconds))


HOUSE = Target(TargetKind.HOUSE)
DUTY = Target(TargetKind.CHANNEL, "duty")


def with_ladder(
    own: Ladder, kind: CallType = CallType.PATIENT, plan: Plan | None = None
) -> Plan:
    plan = plan or solvik()
    policy = replace(policy_for(plan, kind), ladder=own.id)
    return replace(
        plan,
        ladders={**plan.ladders, own.id: own},
        policies={**plan.policies, kind: policy},
    )


def test_a_staffed_house_has_no_gap_and_counts_what_it_asked() -> None:
    found = of(Night())

    assert found.gaps == ()
    assert (found.beds, found.pairs) == (4, 4 * len(CALL_TYPES))


def test_capability_11_the_last_competent_receiver_gone_shows_a_gap_within_60_s() -> None:
    night = Night(on_duty=("anne", "eva"), guard=True).at("02:00")
    assert night.faults() == []

    night.at("02:00:10", sign_out("anne")).at("02:01:10")

    assert night.faults() == ["coverage_gap", "coverage_gap"]  # one for each unit
    gap, _ = night.open()
    assert gap.opened_at - night.clock("02:00:10") <= timedelta(seconds=60)
    assert gap.because.reason is Reason.COVERAGE_GAP
    assert dict(gap.because.facts)["why"] == "not_competent"
    assert not [call for call in night.open() if call.pressed], "before any call"


def test_a_nurse_of_one_unit_covers_no_bed_of_another_that_asks_for_its_own() -> None:
    own_nurse = Target(TargetKind.COMPETENCE, "nurse", UnitId(""))
    plan = with_ladder(ladder(rings(own_nurse), failsafe=rings(own_nurse, DUTY)))

    found = of(Night(plan, on_duty=("anne", "lise")))
    assert {gap.bed for gap in found.gaps} == {"204", "205"}, "Lise has unit b"

    named = Target(TargetKind.COMPETENCE, "nurse", UnitId("b"))
    plan = with_ladder(ladder(rings(named), failsafe=rings(named, DUTY)))
    assert of(Night(plan, on_duty=("anne", "lise"))).gaps == ()


def test_a_units_own_nurse_covers_its_beds_whatever_another_unit_lacks() -> None:
    own_nurse = Target(TargetKind.COMPETENCE, "nurse", UnitId(""))
    plan = with_ladder(ladder(rings(own_nurse), failsafe=rings(DUTY)))

    found = of(Night(plan, on_duty=("lise",)))

    assert {gap.bed for gap in found.gaps} == {"204", "205"}


def test_a_gap_closes_by_itself_when_somebody_competent_is_there_again() -> None:
    night = Night(on_duty=("eva",), guard=True).at("02:00")
    assert night.faults() == ["coverage_gap", "coverage_gap"]

    night.at("02:10", sign_in("lise"), reports("lise", HandsetState.READY)).at("02:11")

    assert night.faults() == []


def test_a_gap_is_told_once_while_it_lasts() -> None:
    night = Night(on_duty=("eva",), guard=True).at("02:00")

    night.at("02:10", sign_in("eva")).at("02:11")
    night.at("02:12", reports("eva", HandsetState.READY)).at("02:13")

    assert night.faults() == ["coverage_gap", "coverage_gap"]


def test_a_gap_of_a_press_is_urgent_and_one_of_a_special_competence_is_not() -> None:
    nobody = Night(on_duty=(), guard=True).at("00:01")
    untrained = Night(on_duty=("eva",), guard=True).at("00:01")

    assert {call.priority for call in nobody.open()} == {Priority.URGENT}
    assert {call.priority for call in untrained.open()} == {Priority.IMPORTANT}


def test_a_telephone_that_blinks_wakes_nobody() -> None:
    night = Night(on_duty=("anne",), guard=True).at("02:00")

    night.at("02:00:10", reports("anne", HandsetState.GONE))
    night.at("02:00:20", TimePassed())  # something else was due
    night.at("02:00:30", reports("anne", HandsetState.READY)).at("02:05")

    assert night.faults() == []
    assert night.state.next_call == 1, "not even for a moment"


@pytest.mark.parametrize(
    ("on_duty", "state", "reason"),
    [
        ((), None, Reason.NOT_ON_DUTY),
        (("stud",), None, Reason.STUDENT_NOT_ALONE),
        (("eva",), None, Reason.NOT_COMPETENT),
        (("anne",), HandsetState.GONE, Reason.NOT_REACHABLE),
        (("anne",), HandsetState.LIMITED, Reason.NO_READY_HANDSET),
        (("anne", "eva"), HandsetState.QUIET, Reason.NO_READY_HANDSET),
    ],
)
def test_a_gap_says_what_is_missing(
    on_duty: tuple[str, ...], state: HandsetState | None, reason: Reason
) -> None:
    night = Night(on_duty=on_duty)
    if state is not None:
        night.at("02:00", *(reports(one, state) for one in on_duty[:1]))

    gaps = [gap for gap in of(night).gaps if gap.call_type is FALLEN]

    assert {gap.reason for gap in gaps} == {reason}
    assert {gap.missing for gap in gaps} == {Missing.RECEIVER}
    assert len(gaps) == 4


def test_a_student_beside_somebody_whose_telephone_is_quiet_is_no_receiver() -> None:
    night = Night(on_duty=("anne", "stud")).at("02:00", reports("anne", HandsetState.QUIET))

    gap = of(night).gaps[0]

    assert gap.reason is Reason.NO_READY_HANDSET
    assert StaffId("stud") in [one.staff for one in gap.considered]


def test_a_person_who_is_busy_is_still_there() -> None:
    night = Night(on_duty=("anne",)).at("02:00", press()).at("02:00:10", take("anne"))

    assert of(night).gaps == ()


def test_a_ladder_that_reaches_its_own_unit_only_leaves_the_other_unit_open() -> None:
    own = ladder(rings(Target(TargetKind.UNIT)), failsafe=rings(Target(TargetKind.UNIT), DUTY))
    night = Night(with_ladder(own), on_duty=("anne",))

    gaps = of(night).gaps

    assert {gap.unit for gap in gaps} == {"b"}
    assert {gap.call_type for gap in gaps} == {CallType.PATIENT}


def test_a_failsafe_that_reaches_nobody_is_a_gap_although_the_first_step_is_manned() -> None:
    own = ladder(rings(HOUSE), failsafe=rings(Target(TargetKind.STAFF, "chief")))
    night = Night(with_ladder(own))

    gaps = of(night).gaps

    assert {(gap.missing, gap.reason) for gap in gaps} == {
        (Missing.FAILSAFE, Reason.RUNG_EMPTY)
    }
    assert len(gaps) == 4


def test_neither_receiver_nor_failsafe_is_said_as_the_missing_receiver() -> None:
    own = ladder(
        rings(Target(TargetKind.STAFF, "chief")), failsafe=rings(Target(TargetKind.STAFF, "x"))
    )
    night = Night(with_ladder(own))

    assert {gap.missing for gap in of(night).gaps} == {Missing.RECEIVER}


def test_who_would_be_left_is_named_and_is_not_the_reason() -> None:
    own = ladder(
        rings(Target(TargetKind.STAFF, "chief")), failsafe=rings(Target(TargetKind.STAFF, "x"))
    )
    gap = of(Night(with_ladder(own), on_duty=("anne",))).gaps[0]

    assert gap.reason is Reason.NOT_ON_DUTY, "Anne's telephone is ready: none is missing"
    assert [one.staff for one in gap.considered] == ["x", "chief", "anne"]


def test_a_failsafe_of_people_needs_no_channel() -> None:
    night = Night(with_ladder(ladder(rings(HOUSE), failsafe=rings(HOUSE))))

    assert of(night).gaps == ()


def test_carers_of_one_patient_cover_no_other() -> None:
    carers = rings(Target(TargetKind.ASSIGNED))
    night = Night(with_ladder(ladder(carers, failsafe=rings(DUTY))), on_duty=("anne", "omar"))

    gaps = of(night).gaps

    assert [gap.patient for gap in gaps] == ["kari", "gro"], "Gro shares a room with Nils"


def test_an_empty_bed_has_the_carers_of_who_lives_in_its_room() -> None:
    plan = solvik()
    free = Bed(BedId("205b"), RoomId("205"))
    plan = replace(
        plan,
        beds={**plan.beds, free.id: free},
        stays=tuple(one for one in plan.stays if one.patient != "ola"),
    )
    carers = rings(Target(TargetKind.ASSIGNED))
    night = Night(with_ladder(ladder(carers, failsafe=rings(DUTY)), plan=plan))

    assert [gap.bed for gap in of(night).gaps] == ["204"]


def test_the_ladder_of_a_patients_own_rule_is_asked_too() -> None:
    own = ladder(
        rings(Target(TargetKind.STAFF, "chief")),
        failsafe=rings(Target(TargetKind.STAFF, "chief"), DUTY),
    )
    night_only = rule("r1", ladder=LadderId("own"))
    draft = rule("r2", ladder=LadderId("own"), state=RuleState.DRAFT, call_type=FALLEN)
    plan = with_rules(night_only, draft, plan=replace(solvik(), ladders={own.id: own}))

    gaps = of(Night(plan)).gaps

    assert [(gap.bed, gap.call_type, gap.ladder) for gap in gaps] == [
        ("204", CallType.BED_EXIT, "own")
    ]


def test_an_empty_bed_shows_its_gap_but_calls_nobody() -> None:
    plan = solvik()
    plan = replace(plan, stays=tuple(one for one in plan.stays if one.patient == "ola"))
    night = Night(plan, on_duty=(), guard=True).at("00:01")

    assert {gap.bed for gap in of(night).gaps} == {"204", "205", "301a", "301b"}
    assert [call.unit for call in night.open()] == ["a"]


def test_a_bed_in_no_room_is_no_place_to_ask_for() -> None:
    plan = solvik()
    lost = Bed(BedId("lost"), RoomId("nowhere"))
    night = Night(replace(plan, beds={**plan.beds, lost.id: lost}), on_duty=())

    assert "lost" not in {gap.bed for gap in of(night).gaps}


def test_a_stay_that_begins_is_asked_for_when_it_begins() -> None:
    plan = solvik()
    later = replace(plan, stays=tuple(one for one in plan.stays if one.patient == "gro"))
    since = Night().clock("03:00")
    night = Night(with_stay(later, "gro", since=since), on_duty=(), guard=True).at("02:00")
    assert night.faults() == []
    assert next_deadline(night.state) == since

    night.at("03:00")

    assert night.faults() == ["coverage_gap"]


@pytest.mark.parametrize(("kari", "gro"), [("03:00", "05:00"), ("05:00", "03:00")])
def test_of_two_stays_that_begin_the_sooner_is_asked_for_first(kari: str, gro: str) -> None:
    clock = Night().clock
    plan = with_stay(solvik(), "kari", since=clock(kari))
    plan = with_stay(plan, "gro", since=clock(gro))
    night = Night(plan, on_duty=("anne",), guard=True).at("02:00")

    assert next_deadline(night.state) == clock("03:00")


def test_a_new_plan_is_asked_within_a_minute() -> None:
    night = Night(on_duty=("anne",), guard=True).at("02:00")
    own = ladder(rings(Target(TargetKind.STAFF, "x")), failsafe=rings(DUTY))

    night.at("02:05", PlanAdopted(with_ladder(own))).at("02:06")

    assert night.faults() == ["coverage_gap", "coverage_gap"]


def test_the_question_changes_nothing() -> None:
    night = Night(on_duty=("anne",)).at("02:00", press())
    before = night.state

    of(night)

    assert night.state == before
    assert ladder_for(night.state.plan, CallType.PATIENT).rungs


def test_after_a_start_coverage_waits_until_the_telephones_were_listened_for() -> None:
    night = Night(on_duty=(), guard=True)
    until = night.clock("01:02")
    night.at("01:00", Started(2, "t", "t", until)).at("01:01:59")
    told = len(night.open())

    night.at("01:02:10")

    assert next_deadline(night.state) is not None
    assert [call.fault for call in night.open()][told:] == []


def test_a_gap_and_an_ordinary_call_stand_side_by_side() -> None:
    night = Night(on_duty=("eva",), guard=True).at("02:00", press())

    night.at("02:10", sign_in("lise"), reports("lise", HandsetState.READY)).at("02:11")

    assert night.faults() == []
    assert [call.pressed for call in night.open()] == [1]
