"""Corners that a quiet night seldom reaches, each with its rule."""

from dataclasses import replace
from datetime import UTC, datetime, time, timedelta

from routing.cards import allowed
from routing.effects import Booked
from routing.events import HandsetReported, HandsetState, PlanAdopted, SignedIn
from routing.ids import BedId, DeviceId, HandsetId, RoomId, StaffId
from routing.plan import (
    Assignment,
    CallType,
    Purpose,
    TriggerKind,
    Window,
)
from routing.readings import (
    BatteryRead,
    BedChanged,
    DeviceHeard,
    DoorMoved,
    FallPhase,
    FallSeen,
    HelpCancelled,
    HelpPressed,
    HelpTrigger,
    MotionSeen,
    Sighted,
    Tampered,
)
from tests.routing.night import (
    LONG_AGO,
    Night,
    arrive,
    ask,
    bed,
    decline,
    motion,
    press,
    rule,
    sign_in,
    signal,
    solvik,
    take,
    with_device,
    with_rules,
    with_stay,
)

STUDENT_TOO = SignedIn(HandsetId("tel-stud-2"), StaffId("stud"))


def test_a_press_when_everybody_declined_rings_them_all_again() -> None:
    night = Night(on_duty=("anne",)).at("02:00", press())
    night.at("02:00:05", decline("anne")).at("02:00:10", decline("anne"))
    night.at("02:00:15", press())
    assert night.rung() == ["anne"]


def test_signing_in_anew_while_it_rings_rings_no_more() -> None:
    Night().at("02:00", press()).at("02:00:10", sign_in("anne")).expects()


def test_a_student_with_two_telephones_is_left_alone_on_neither() -> None:
    night = Night(on_duty=("anne", "per", "stud")).at("01:00", STUDENT_TOO)
    night.at("02:00", ask("anne", emergency=True))
    night.at("02:00:05", take("per")).at("02:00:10", take("stud"))
    assert not night.call().ringing


def test_a_student_who_helps_elsewhere_still_sees_the_failsafe() -> None:
    night = Night(on_duty=("anne", "stud")).at("02:00", press())
    night.at("02:00:10", arrive("stud"))
    night.at("02:01", press("wrist-kari"))
    night.at("02:05")
    assert "stud" in [one.staff for one in night.call("1-2").ringing.values()]


def test_of_two_telephones_only_the_reachable_one_rings() -> None:
    night = Night(on_duty=("anne",)).at("01:00", SignedIn(HandsetId("old"), StaffId("anne")))
    night.at("01:01", HandsetReported(HandsetId("old"), HandsetState.GONE))
    night.at("02:00", press()).expects("ring 1-1 anne", "answer wrist-ola received")


def test_more_may_come_where_help_is_asked_for_while_somebody_is_there() -> None:
    night = Night().at("02:00", press()).at("02:00:10", arrive("anne"))
    night.at("02:01", press()).at("02:01:10", take("per", "1-2"))
    night.at("02:01:30", arrive("per", "1-2")).at("02:02", press())
    assert "take" in allowed(night.state, night.call("1-2"), StaffId("omar"))
    assert "take" not in allowed(night.state, night.call("1-2"), StaffId("stud"))


def test_a_device_that_is_no_longer_supervised_ends_its_fault_when_it_speaks() -> None:
    night = Night(with_device(solvik(), "wrist-ola", expect_every=timedelta(hours=1)))
    night.at("01:00").at("01:30", PlanAdopted(solvik()))
    assert night.faults() == ["device_silent"]
    night.at("01:40", signal("wrist-ola", DeviceHeard()))
    assert night.faults() == []
    night.at("09:00")
    assert night.faults() == []


def test_a_good_battery_from_the_start_is_nothing() -> None:
    night = Night().at("02:00", signal("wrist-ola", BatteryRead(percent=90.0)))
    night.booked(Booked.UNCHANGED)


def test_tampering_joins_its_own_call_among_others() -> None:
    night = Night().at("02:00", press())
    night.at("02:01", signal("wrist-ola", Tampered("strap")))
    night.at("02:02", signal("wrist-ola", Tampered("strap"))).booked(Booked.TECHNICAL)
    assert night.faults() == ["tampered:strap"]


def test_a_device_that_leaves_the_plan_leaves_other_calls_alone() -> None:
    night = Night().at("02:00", press("wrist-kari"), press())
    devices = {one: made for one, made in solvik().devices.items() if one != "wrist-ola"}
    night.at("02:01", PlanAdopted(replace(solvik(), devices=devices)))
    assert len(night.state.open) == 2


def test_a_bed_without_a_room_still_rings_for_its_patient() -> None:
    night = Night(with_stay(solvik(), "ola", bed=BedId("lost"))).at("02:00", press())
    assert night.rung() == ["anne", "per"]
    assert night.call().room is None


def test_staffs_own_devices_in_a_room_move_no_rule() -> None:
    plan = solvik()
    staff_room = Assignment(
        DeviceId("wrist-spare"), Purpose.STAFF, LONG_AGO, room=RoomId("204")
    )
    plan = replace(plan, assignments=(*plan.assignments, staff_room))
    night = Night(with_rules(rule("r1", TriggerKind.MOTION), plan=plan))
    night.at("01:00", motion(on=False, device="wrist-spare"))
    night.at("02:00", motion(on=True, device="wrist-spare")).booked(Booked.NO_RULE)


def test_capability_18_a_rule_does_not_follow_a_device_to_its_next_wearer() -> None:
    plan = solvik()
    moved = datetime(2026, 11, 3, 1, tzinfo=UTC)
    others = tuple(one for one in plan.assignments if one.device != "bed-ola")
    was = next(one for one in plan.assignments if one.device == "bed-ola")
    now = replace(was, patient=plan.stays[1].patient, since=moved)
    plan = replace(plan, assignments=(*others, replace(was, until=moved), now))
    night = Night(with_rules(rule(), plan=plan)).at("00:30", bed(occupied=True))
    night.at("02:00", bed(occupied=False)).expects().booked(Booked.NO_RULE)


def test_where_a_device_is_heard_moves_no_rule() -> None:
    night = Night(with_rules(rule("r1", TriggerKind.MOTION)))
    night.at("01:00", signal("pir-204", Sighted("a")))
    night.at("02:00", signal("pir-204", Sighted("b"))).booked(Booked.UNCHANGED)


def test_an_opened_case_moves_no_rule() -> None:
    night = Night(with_rules(rule("r1", TriggerKind.MOTION)))
    night.at("01:00", signal("pir-204", Tampered("case", active=False)))
    night.at("02:00", signal("pir-204", Tampered("case")))
    assert night.faults() == ["tampered:case"]
    assert len(night.state.open) == 1, "and no call of the rule's"


def test_a_plan_that_takes_the_window_away_ends_the_waiting() -> None:
    still = rule("r1", TriggerKind.NO_MOTION, delay=timedelta(minutes=10))
    night = Night(with_rules(still)).at("01:00", motion(on=True))
    night.at("02:00", motion(on=False)).booked(Booked.WAITING)
    never = replace(still, window=Window(time(8), time(20), ()))
    night.at("02:05", PlanAdopted(with_rules(never))).at("02:30").expects()
    assert night.state.waiting == {}


def test_a_cleared_fall_is_told_in_its_own_call() -> None:
    falls = rule("r1", TriggerKind.FALL, call_type=CallType.FALL_SUSPECTED)
    night = Night(with_rules(falls)).at("01:00", press("wrist-kari"))
    night.at("02:00", signal("radar-204", FallSeen(FallPhase.SUSPECTED)))
    night.at("02:01", signal("radar-204", FallSeen(FallPhase.CLEARED))).booked(Booked.JOINED)


def test_a_cancel_is_not_told_in_a_sensors_call() -> None:
    night = Night(with_rules(rule())).at("01:00", bed(occupied=True))
    night.at("01:01", signal("wrist-ola", HelpPressed(HelpTrigger.LEVEL)))
    night.at("01:02", arrive("anne"))
    from tests.routing.night import close

    night.at("01:03", close("anne")).at("02:00", bed(occupied=False))
    night.at("02:01", signal("wrist-ola", HelpCancelled())).booked(Booked.UNCHANGED)


def test_several_levels_in_one_message_and_a_limit_on_their_kinds() -> None:
    night = Night()
    night.at("02:00", signal("bed-ola", BedChanged(occupied=True), MotionSeen(active=False)))
    night.at("02:01", signal("bed-ola", BedChanged(occupied=False), MotionSeen(active=True)))
    levels = night.state.devices[DeviceId("bed-ola")].levels
    assert {kind: level.value for kind, level in levels.items()} == {
        "bed": "empty",
        "motion": "on",
    }
    zones = [BedChanged(occupied=True, zone=f"z{n}") for n in range(40)]
    night.at("02:02", signal("bed-ola", *zones, DoorMoved(open=True)))
    assert len(night.state.devices[DeviceId("bed-ola")].levels) == 16
