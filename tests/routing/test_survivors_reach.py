"""Found by mutation: students by either word, who is spared, and a ladder that broke."""

from dataclasses import replace
from datetime import timedelta

from routing.cards import shown_on
from routing.defaults import POLICIES
from routing.effects import Reason, Ring
from routing.events import HandsetState
from routing.ids import StaffId
from routing.plan import CallType, Competence, Plan, Priority, Role, Rung, TargetKind
from tests.routing.night import (
    Night,
    arrive,
    ask,
    decline,
    press,
    reports,
    solvik,
    take,
    telephone,
)
from tests.routing.test_escalation import rung, with_ladder
from tests.routing.test_timers import ASSIGNED, FOREVER, poisoned


def with_staff(plan: Plan, staff: str, **changes: object) -> Plan:
    """Change one person."""
    now = replace(plan.staff[StaffId(staff)], **changes)  # type: ignore[arg-type]
    return replace(plan, staff={**plan.staff, now.id: now})


def for_the_trained(plan: Plan) -> Plan:
    """Let patient calls need a health worker: Eva, an assistant, is not competent."""
    policy = replace(POLICIES[CallType.PATIENT], close_competence=Competence.HEALTH_WORKER)
    return replace(plan, policies={CallType.PATIENT: policy})


# --- Who may act ------------------------------------------------------------------------------


def test_a_student_who_has_learned_much_is_still_no_receiver_of_a_call() -> None:
    trained = with_staff(solvik(), "stud", competence=Competence.HEALTH_WORKER)
    night = Night(for_the_trained(trained), on_duty=("stud", "eva")).at("02:00", press())

    night.at("02:00:10", take("stud")).replied(Reason.STUDENT_NOT_ALONE, ok=False)
    night.at("02:00:20", take("eva")).replied(Reason.TAKEN, ok=True)


def test_a_carer_without_any_competence_yet_carries_no_call_alone() -> None:
    plan = with_staff(solvik(), "stud", role=Role.CARER)
    night = Night(plan, on_duty=("stud",)).at("02:00", press())

    assert night.rung() == []
    night.at("02:00:10", take("stud")).replied(Reason.STUDENT_NOT_ALONE, ok=False)


def test_who_is_competent_and_out_of_reach_keeps_nobody_from_taking_it() -> None:
    night = Night(for_the_trained(solvik()), on_duty=("anne", "eva"))
    night.at("02:00", press(), reports("anne", HandsetState.GONE))

    night.at("02:00:10", take("eva")).replied(Reason.TAKEN, ok=True)


# --- Who is rung ------------------------------------------------------------------------------


def test_a_telephone_of_somebody_the_plan_does_not_know_stops_no_step() -> None:
    plan = with_ladder(
        rung(30, TargetKind.COMPETENCE, "nurse"), rung(30, TargetKind.ROLE, "technician")
    )
    night = Night(plan, on_duty=("stranger", "lise", "tore")).at("02:00", press())
    assert night.rung() == ["lise"]

    night.at("02:00:30")
    assert night.rung() == ["tore"]


def test_an_urgent_call_goes_before_what_anybody_is_doing() -> None:
    night = Night(on_duty=("anne", "per")).at("02:00", press("wrist-kari"))
    night.at("02:00:10", take("anne")).at("02:01", press("cord-204"))

    assert night.call("1-2").priority is Priority.URGENT
    assert night.rung() == ["anne", "per"]


def test_who_is_free_and_cannot_come_spares_nobody() -> None:
    night = Night(on_duty=("anne", "per")).at("02:00", press("wrist-kari"))
    night.at("02:00:10", take("anne"), reports("per", HandsetState.GONE))

    night.at("02:01", press())

    assert night.rung() == ["anne"]
    assert night.call("1-2").rung == 0, "at once, not when the whole ladder was tried"


def test_a_free_student_does_not_spare_who_is_busy() -> None:
    plan = with_ladder(rung(60, TargetKind.UNIT))
    night = Night(plan, on_duty=("anne", "stud")).at("02:00", press("wrist-kari"))

    night.at("02:00:10", take("anne")).at("02:01", press())

    assert night.rung() == ["anne", "stud"]
    assert night.call("1-2").rung == 0


def test_who_is_on_the_way_is_spared_also_when_a_student_came_first() -> None:
    night = Night(on_duty=("anne", "per", "stud")).at("02:00", press("wrist-kari"))
    night.at("02:00:10", take("anne")).at("02:00:20", arrive("stud"))

    night.at("02:01", press())

    assert night.rung() == ["per"]


def test_who_comes_second_to_an_emergency_is_on_the_way_too() -> None:
    night = Night(on_duty=("anne", "per", "omar")).at("02:00", ask("omar", emergency=True))
    night.at("02:00:10", take("per")).at("02:00:15", take("anne"))

    night.at("02:01", press())

    assert night.rung() == ["anne", "per"], "both are busy: better than an empty chair"
    busy = next(one for one in night.effects if isinstance(one, Ring)).because.considered
    assert {one.reason for one in busy} == {Reason.BUSY}


# --- A ladder that broke ----------------------------------------------------------------------


def rings(night: Night) -> list[tuple[str, int]]:
    """Return who was rung for the call whose ladder broke, and how often before."""
    return [
        (one.staff, one.again)
        for one in night.effects
        if isinstance(one, Ring) and one.call == "1-1"
    ]


def test_a_press_in_the_moment_in_which_everybody_rings_rings_nobody_twice() -> None:
    night = poisoned(Night().at("02:00", press()), ASSIGNED, FOREVER)

    night.jump("02:01:30", press(key="again"))

    assert rings(night) == [("anne", 1), ("per", 1), ("omar", 0), ("lise", 0)]


def test_who_was_rung_because_a_ladder_broke_sees_who_took_it() -> None:
    night = poisoned(Night().at("02:00", press()), ASSIGNED, FOREVER).at("02:01")

    night.at("02:01:10", take("anne"))

    assert night.call().ringing == {}
    assert night.call().id in shown_on(night.state, telephone("omar"))


def test_who_said_no_before_a_ladder_broke_is_rung_again_and_told_so() -> None:
    night = poisoned(Night().at("02:00", press()), ASSIGNED, FOREVER)
    night.at("02:00:10", decline("per"))

    night.at("02:01")

    assert rings(night) == [("anne", 1), ("per", 1), ("omar", 0), ("lise", 0)]


def test_a_student_who_rang_when_a_ladder_broke_is_waited_for_no_more() -> None:
    plan = with_ladder(rung(60, TargetKind.UNIT))
    mute = (telephone("anne"), telephone("stud"))
    night = Night(plan, on_duty=("anne", "stud"), mute=mute).at("02:00", press())
    poisoned(night, Rung(FOREVER.targets, timedelta(seconds=60)), FOREVER)

    night.jump("02:00:02")
    assert rings(night) == [("anne", 1)]
    assert telephone("stud") in night.call().ringing

    night.jump("02:00:10")
    assert rings(night) == []


def test_an_emergency_that_somebody_has_and_whose_ladder_broke_goes_on_ringing() -> None:
    night = Night().at("02:00", ask("anne", emergency=True)).at("02:00:10", take("per"))
    poisoned(night, ASSIGNED, FOREVER)
    assert night.call().climbs_at is not None

    night.at("02:00:30")

    assert night.call().climbs_at == night.clock("02:05:30")
