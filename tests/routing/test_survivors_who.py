"""Found by mutation: who is rung, who may act, and what a change of hands does to others."""

from dataclasses import replace
from datetime import timedelta

from routing.cards import allowed, shown_on
from routing.effects import Reason, Ring
from routing.events import HandsetReported, HandsetState, Started
from routing.ids import HandsetId, StaffId
from routing.plan import (
    CallType,
    Combine,
    DeviceLife,
    Priority,
    TargetKind,
    Trigger,
    TriggerKind,
)
from routing.readings import BatteryRead
from routing.reviews import reviews
from routing.step import next_deadline
from routing.technical import NOBODY
from routing.who import is_student
from tests.routing.night import (
    Night,
    arrive,
    ask,
    bed,
    decline,
    door,
    hand_over,
    motion,
    pause,
    press,
    reports,
    rule,
    sign_out,
    signal,
    solvik,
    take,
    telephone,
    with_device,
    with_rules,
    with_stay,
)
from tests.routing.test_escalation import rung, with_ladder


def considered(night: Night) -> dict[str, Reason]:
    ring = next(one for one in night.effects if isinstance(one, Ring))
    return {one.staff: one.reason for one in ring.because.considered}


# --- Who is rung ------------------------------------------------------------------------------


def test_a_call_that_comes_back_rings_also_those_of_earlier_steps() -> None:
    plan = with_ladder(rung(30, TargetKind.STAFF, "anne"), rung(60, TargetKind.STAFF, "omar"))
    night = Night(plan).at("02:00", press()).at("02:00:40", take("omar"))

    night.at("02:10")

    assert night.call().reopened
    assert {"anne", "omar"} <= {one.staff for one in night.call().ringing.values()}


def test_who_is_on_the_way_to_another_is_spared() -> None:
    night = Night().at("02:00", press("wrist-kari")).at("02:00:10", take("anne"))

    night.at("02:00:20", press())

    assert night.rung() == ["per"]
    assert considered(night)["anne"] is Reason.BUSY


def test_who_cannot_be_reached_is_passed_over_for_that_also_when_busy() -> None:
    night = Night().at("02:00", press("wrist-kari")).at("02:00:10", take("anne"))
    night.at("02:00:15", reports("anne", HandsetState.GONE)).at("02:00:20", press())

    assert considered(night)["anne"] is Reason.NOT_REACHABLE


def test_a_student_rings_beside_a_carer_of_an_earlier_step() -> None:
    plan = with_ladder(rung(30, TargetKind.STAFF, "anne"), rung(60, TargetKind.STAFF, "stud"))
    night = Night(plan, on_duty=("anne", "stud")).at("02:00", press())

    night.at("02:00:30")

    assert "stud" in night.rung()


def test_a_ready_student_makes_no_step_sure() -> None:
    plan = with_ladder(rung(60, TargetKind.UNIT), rung(60, TargetKind.HOUSE))
    night = Night(plan, on_duty=("per", "stud", "omar"), mute=("tel-per",))
    night.at("01:00", reports("per", HandsetState.LIMITED)).at("02:00", press())

    assert "omar" in night.rung()


def test_a_call_rung_on_ready_telephones_is_no_fault_however_long_it_rings() -> None:
    night = Night().at("02:00", press()).at("02:30")

    assert night.call().rung == len(night.call().ladder.rungs)
    assert night.faults() == []


def test_nobody_in_reach_is_told_for_each_unit() -> None:
    night = Night(on_duty=()).at("02:00", press()).at("02:01", press("cord-301"))

    assert [one.unit for one in night.open() if one.fault == NOBODY] == ["a", "b"]


# --- Who may act ------------------------------------------------------------------------------


def test_a_student_may_not_answer_for_a_call_that_rings_beside_somebody() -> None:
    night = Night(on_duty=("anne", "per", "stud", "omar"))
    night.at("02:00", press()).at("02:00:10", take("anne")).at("02:01", arrive("anne"))
    night.at("02:02", press())

    night.at("02:02:10", take("stud", night.open()[-1].id))

    night.replied(Reason.STUDENT_NOT_ALONE, ok=False)


def test_a_student_may_come_to_an_emergency_only_once_somebody_has_it() -> None:
    night = Night(on_duty=("anne", "per", "stud")).at("02:00", ask("anne", emergency=True))
    stud = StaffId("stud")
    assert "take" not in allowed(night.state, night.call(), stud)

    night.at("02:00:10", take("per"))

    assert "take" in allowed(night.state, night.call(), stud)


def test_who_declined_and_then_took_it_may_give_it_back() -> None:
    night = Night().at("02:00", press()).at("02:00:05", decline("anne"))
    night.at("02:00:10", take("anne")).at("02:00:20", decline("anne"))

    night.replied(Reason.DECLINED, ok=True)
    assert night.call().owner is None
    assert "per" in {one.staff for one in night.call().ringing.values()}


def test_who_is_there_may_hand_over_what_another_owns() -> None:
    night = Night().at("02:00", press()).at("02:00:10", take("anne"))
    night.at("02:01", arrive("anne")).at("02:02", arrive("per"))

    night.at("02:03", hand_over("per", "omar"))

    night.replied(Reason.HANDED_OVER, ok=True)


def test_only_calls_that_are_ended_in_the_room_ask_which_room() -> None:
    night = Night().at("02:00", press()).at("02:01", arrive("anne", room="205"))
    night.replied(Reason.ARRIVED, ok=True)

    night = Night().at("02:00", press("cord-204")).at("02:01", arrive("anne", room="205"))
    assert night.call().type is CallType.BATHROOM
    night.replied(Reason.NOT_PRESENT, ok=False)


def test_who_comes_without_taking_it_has_it_from_then_on() -> None:
    night = Night().at("02:00", press()).at("02:01", arrive("anne"))

    assert night.call().owner == "anne"
    assert night.call().taken_at == night.clock("02:01")


def test_a_student_who_comes_first_does_not_own_it() -> None:
    night = Night(on_duty=("anne", "stud")).at("02:00", press()).at("02:01", arrive("stud"))

    assert night.call().owner is None
    assert night.call().taken_at is None


def test_a_pause_may_last_a_whole_day_and_no_longer() -> None:
    night = Night().at("02:00", pause("anne", Night().clock("26:00")))
    night.replied(Reason.PAUSED, ok=True)

    night.at("03:00", pause("anne", Night().clock("27:00:01")))
    night.replied(Reason.NOT_ALLOWED, ok=False)


def test_who_was_rung_sees_the_call_until_it_is_over() -> None:
    plan = with_ladder(rung(30, TargetKind.STAFF, "omar"), rung(60, TargetKind.STAFF, "anne"))
    night = Night(plan).at("02:00", press()).at("02:00:10", decline("omar"))
    night.at("02:00:20", take("anne"))

    assert "omar" not in {one.staff for one in night.call().ringing.values()}
    assert night.call().id in shown_on(night.state, telephone("omar"))


# --- Telephones -------------------------------------------------------------------------------


def test_a_telephone_put_down_remembers_nobody() -> None:
    night = Night().at("02:00", sign_out("anne"))

    now = night.state.handsets[telephone("anne")]
    assert (now.staff, now.signed_in, now.reasons, now.units) == (None, None, (), ())


def test_a_telephone_says_why_it_is_limited() -> None:
    said = HandsetReported(telephone("anne"), HandsetState.LIMITED, ("hidden",))
    night = Night().at("02:00", said)

    assert night.state.handsets[telephone("anne")].reasons == ("hidden",)


def test_while_the_hub_still_listens_a_telephone_that_seems_gone_keeps_ringing() -> None:
    night = Night().at("02:00", press())
    again = Started(2, "test", "test", night.clock("02:00:13"))
    night.at("02:00:05", again).at("02:00:06", reports("anne", HandsetState.GONE))
    assert telephone("anne") in night.call().ringing

    night.at("02:00:14")
    assert telephone("anne") not in night.call().ringing


def test_a_telephone_that_only_changes_how_well_it_hears_is_not_rung_anew() -> None:
    night = Night().at("02:00", press())

    night.at("02:00:10", reports("per", HandsetState.LIMITED)).expects()
    night.at("02:00:20", reports("eva", HandsetState.READY)).expects()


# --- Presses that go on -----------------------------------------------------------------------


def _pressed_while_on_the_way(*times: str) -> Night:
    night = Night().at("02:00", press()).at("02:00:10", take("anne"))
    for n, at in enumerate(times):
        night.at(at, press(key=f"k{n}"))
    return night


def test_the_third_press_is_why_who_is_on_the_way_must_hurry() -> None:
    night = _pressed_while_on_the_way("02:01", "02:01:30")

    assert night.call().priority is Priority.URGENT
    assert night.call().because.reason is Reason.THIRD_PRESS_UNANSWERED
    assert night.call().arrive_by == night.clock("02:03:30")


def test_hurrying_gives_nobody_longer() -> None:
    first = Night().at("02:00", press()).at("02:00:10", take("anne")).call().arrive_by
    night = _pressed_while_on_the_way("02:03:40", "02:04:40")

    assert night.call().priority is Priority.URGENT
    assert night.call().arrive_by == first


def test_a_call_knows_the_signals_that_made_it() -> None:
    night = Night(with_rules(rule("r1"))).at("02:00", bed(occupied=True))
    night.at("02:10", bed(occupied=False))
    assert night.call().signals == ("1-2",)

    night.at("02:11", press("wrist-kari"))
    assert night.call("1-2").signals == ("1-3",)


def test_what_a_device_in_repair_says_is_no_call_unless_somebody_presses() -> None:
    plan = with_device(solvik(), "wrist-ola", life=DeviceLife.REPAIR)
    night = Night(plan).at("02:00", signal("wrist-ola", BatteryRead(percent=50.0)))
    assert night.open() == []

    night.at("02:01", press())
    assert len(night.faults()) == 1


# --- Rules ------------------------------------------------------------------------------------


def test_of_two_rules_that_wait_the_sooner_wakes_the_hub_in_either_order() -> None:
    slow = rule("slow", TriggerKind.DOOR_OPEN, delay=timedelta(minutes=10))
    fast = rule("fast", TriggerKind.MOTION, delay=timedelta(minutes=3))
    for first, second, due in (
        (door(opened=True), motion(on=True), "02:03:10"),
        (motion(on=True), door(opened=True), "02:03"),
    ):
        night = Night(with_rules(slow, fast))
        night.at("01:00", door(opened=False), motion(on=False))
        night.at("02:00", first).at("02:00:10", second)
        assert next_deadline(night.state) == night.clock(due)


def test_a_pause_is_over_at_its_end_to_the_second() -> None:
    night = Night(with_rules(rule("r1"))).at("01:00", bed(occupied=True))
    night.at("02:00", pause("anne", night.clock("02:30")))
    night.at("02:29:59", bed(occupied=False), bed(occupied=True))
    assert night.open() == []

    night.jump("02:30", bed(occupied=False))
    assert [one.type for one in night.open()] == [CallType.BED_EXIT]


def test_a_rule_holds_from_its_first_moment() -> None:
    begins = Night().clock("02:00")
    night = Night(with_rules(rule("r1", valid_from=begins))).at("01:00", bed(occupied=True))

    night.at("02:00", bed(occupied=False))

    assert len(night.open()) == 1


def test_a_less_urgent_rule_that_joins_raises_nothing() -> None:
    rules = (
        rule("r1", priority=Priority.IMPORTANT),
        rule("r2", TriggerKind.MOTION, priority=Priority.ROUTINE),
    )
    night = Night(with_rules(*rules)).at("01:00", bed(occupied=True), motion(on=False))
    night.at("02:00", bed(occupied=False)).at("02:01", motion(on=True))

    assert night.call().priority is Priority.IMPORTANT
    assert night.state.next_call == 2


def test_conditions_met_in_order_begin_anew_afterwards() -> None:
    made = rule(
        "r1",
        Trigger(TriggerKind.BED_EXIT),
        Trigger(TriggerKind.DOOR_OPEN),
        combine=Combine.IN_ORDER,
    )
    night = Night(with_rules(made))
    night.at("01:00", bed(occupied=True), door(opened=False))
    night.at("02:00", bed(occupied=False)).at("02:01", door(opened=True))

    assert len(night.open()) == 1
    assert night.state.waiting == {}


def test_who_has_left_the_house_needs_no_review() -> None:
    made = rule("r1")
    plan = with_rules(made, plan=with_stay(solvik(), "ola", until=Night().clock("01:00")))
    now = Night().clock("02:00")

    assert reviews(plan, now) == ()
    assert [one.rule for one in reviews(with_rules(made), now)] == ["r1"]


def test_a_plan_is_looked_up_by_its_own_rooms() -> None:
    plan = with_rules(rule("r1", TriggerKind.MOTION))
    moved = replace(plan, rules=())
    night = Night(plan).at("01:00", motion(on=False)).at("02:00", motion(on=True))
    assert len(night.open()) == 1

    other = Night(moved).at("01:00", motion(on=False)).at("02:00", motion(on=True))
    assert other.open() == []
    assert HandsetId("h1") in moved.handsets


def test_somebody_whom_the_plan_does_not_know_counts_as_a_student() -> None:
    assert is_student(solvik(), StaffId("agency-7"))
    assert not is_student(solvik(), StaffId("anne"))
