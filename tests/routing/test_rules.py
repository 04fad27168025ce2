"""A patient's own sensor rules: window, delay, combination, silence."""

from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta

import pytest

from routing.calls import CallState
from routing.effects import Booked, Move, Reason
from routing.events import Delivery, PlanAdopted
from routing.ids import DeviceId, LadderId, PatientId, RoomId
from routing.plan import (
    Assignment,
    CallType,
    Plan,
    Priority,
    Profile,
    Purpose,
    RuleState,
    Trigger,
    TriggerKind,
    Window,
)
from routing.readings import BedChanged, ButtonPressed
from tests.routing.night import (
    DAY,
    LONG_AGO,
    Night,
    arrive,
    backlog,
    bed,
    close,
    door,
    motion,
    pause,
    press,
    rule,
    signal,
    solvik,
    take,
    with_rules,
    with_stay,
)

NIGHT = Window(time(22), time(6))
TEN = timedelta(minutes=10)


def asleep(plan: Plan, day: date = DAY) -> Night:
    """Ola is in bed, nobody moves, the door is closed."""
    night = Night(plan, day=day)
    return night.at("00:01", bed(occupied=True), motion(on=False), door(opened=False))


def test_capability_12_out_of_bed_at_night_and_not_back_in_ten_minutes() -> None:
    night = asleep(with_rules(rule(window=NIGHT, delay=TEN)))
    night.at("02:00", bed(occupied=False)).expects().booked(Booked.WAITING, Reason.RULE_WAITING)
    night.at("02:09:59").expects()
    night.at("02:10").expects("ring 1-1 anne", "ring 1-1 per")
    call = night.call()
    assert (call.type, call.rule, call.patient, call.room) == (
        CallType.BED_EXIT,
        "r1",
        "ola",
        "204",
    )


def test_back_in_time_is_no_call() -> None:
    night = asleep(with_rules(rule(delay=TEN)))
    night.at("02:00", bed(occupied=False))
    night.at("02:09", bed(occupied=True)).booked(Booked.ENDED, Reason.RULE_ENDED_BY_SIGNAL)
    night.at("03:00").expects()
    assert night.state.open == ()


def test_up_again_counts_from_the_new_time() -> None:
    night = asleep(with_rules(rule(delay=TEN)))
    night.at("02:00", bed(occupied=False)).at("02:05", bed(occupied=True))
    night.at("02:06", bed(occupied=False)).at("02:15").expects()
    night.at("02:16")
    assert night.rung()


def test_a_rule_without_delay_rings_at_once() -> None:
    night = asleep(with_rules(rule()))
    night.at("02:00", bed(occupied=False)).booked(Booked.OPENED, Reason.RULE_HELD)


def test_outside_the_window_is_suppressed_by_name() -> None:
    night = asleep(with_rules(rule(window=NIGHT)))
    night.at("12:00", bed(occupied=False)).expects().booked(
        Booked.SUPPRESSED, Reason.OUTSIDE_WINDOW
    )
    night.at("22:30").expects()


def test_a_rule_that_began_inside_its_window_calls_after_its_end() -> None:
    night = asleep(with_rules(rule(window=NIGHT, delay=TEN)))
    night.at("04:55", bed(occupied=False)).at("05:05")
    assert night.rung()


def test_the_first_message_is_a_baseline() -> None:
    night = Night(with_rules(rule()))
    night.at("02:00", bed(occupied=False)).booked(Booked.UNCHANGED, Reason.BASELINE)
    night.at("02:01", bed(occupied=False)).booked(Booked.UNCHANGED, Reason.UNCHANGED)


def test_r2_a_restart_of_the_bridge_makes_no_transitions() -> None:
    night = asleep(with_rules(rule()))
    night.at("02:00", bed(occupied=True, delivery=Delivery(retained=True))).booked(
        Booked.UNCHANGED
    )


def test_a_level_that_changed_while_nobody_listened_is_judged_once_it_settled() -> None:
    night = asleep(with_rules(rule()))
    since = night.clock("01:00")
    night.at("02:00", bed(occupied=False, delivery=backlog(since))).booked(Booked.WAITING)
    night.at("02:00:01", bed(occupied=True, delivery=backlog(since))).booked(Booked.ENDED)
    night.at("02:00:02", bed(occupied=False, delivery=backlog(since)))
    night.at("02:00:12")
    assert night.rung(), "rules judge the last level"


def test_r5_the_old_state_just_before_the_new_is_one_opening() -> None:
    plan = with_rules(rule("r1", TriggerKind.DOOR_OPEN, call_type=CallType.DOOR))
    night = Night(plan)
    night.at("02:00", door(opened=False)).at("02:00:00.1", door(opened=True)).booked(
        Booked.OPENED
    )
    night.at("02:00:01", door(opened=True)).booked(Booked.UNCHANGED)


def test_motion_in_a_room_in_a_window() -> None:
    trigger = Trigger(TriggerKind.MOTION, room=RoomId("204"))
    plan = with_rules(rule("r1", trigger, call_type=CallType.MOTION, window=NIGHT))
    night = asleep(plan)
    night.at("02:00", motion(on=True)).booked(Booked.OPENED)
    night.at("02:00:30", motion(on=False)).booked(Booked.JOINED, Reason.RULE_ENDED_BY_SIGNAL)
    night.at("02:00:50", motion(on=True)).booked(Booked.JOINED)
    assert len(night.state.open) == 1


def test_capability_12_a_sensor_without_any_rule_is_only_booked() -> None:
    night = asleep(solvik())
    night.at("02:00", motion(on=True)).expects().booked(Booked.NO_RULE, Reason.NO_RULE)


def test_no_motion_counts_from_when_everything_is_still() -> None:
    plan = solvik()
    second = Assignment(
        DeviceId("locator-hall"), Purpose.ROOM, LONG_AGO, room=RoomId("bath-204")
    )
    others = tuple(one for one in plan.assignments if one.device != "locator-hall")
    plan = replace(plan, assignments=(*others, second))
    still = rule("r1", TriggerKind.NO_MOTION, call_type=CallType.INACTIVITY, delay=TEN)
    night = asleep(with_rules(still, plan=plan))
    night.at("01:00", motion(on=False, device="locator-hall"))
    night.at("02:00", motion(on=True)).at("02:00:10", motion(on=True, device="locator-hall"))
    night.at("02:01", motion(on=False)).booked(Booked.NO_RULE)
    night.at("02:05", motion(on=False, device="locator-hall")).booked(Booked.WAITING)
    night.at("02:14:59").expects()
    night.at("02:15")
    assert night.call().type is CallType.INACTIVITY


def test_movement_ends_the_waiting_for_stillness() -> None:
    still = rule("r1", TriggerKind.NO_MOTION, delay=TEN)
    night = asleep(with_rules(still)).at("02:00", motion(on=True))
    night.at("02:01", motion(on=False)).at("02:05", motion(on=True)).booked(Booked.ENDED)
    night.at("02:30").expects()


def test_stillness_before_the_window_counts_from_its_opening() -> None:
    day = Window(time(8), time(20))  # 07:00 to 19:00 UTC
    still = rule("r1", TriggerKind.NO_MOTION, delay=TEN, window=day)
    night = asleep(with_rules(still)).at("02:00", motion(on=True))
    night.at("02:01", motion(on=False)).booked(Booked.WAITING)
    night.at("07:09").expects()
    night.at("07:10")
    assert night.rung()


def test_stillness_that_would_end_after_the_window_waits_for_the_next() -> None:
    day = Window(time(8), time(20))
    still = rule("r1", TriggerKind.NO_MOTION, delay=TEN, window=day)
    night = asleep(with_rules(still)).at("18:50", motion(on=True))
    night.at("18:55", motion(on=False)).booked(Booked.WAITING)
    night.at("19:30").expects()
    night.at("31:10")
    assert night.rung()


def test_a_window_without_a_weekday_never_listens() -> None:
    never = Window(time(8), time(20), ())
    still = rule("r1", TriggerKind.NO_MOTION, delay=TEN, window=never)
    night = asleep(with_rules(still)).at("02:00", motion(on=True))
    night.at("02:01", motion(on=False)).booked(Booked.SUPPRESSED, Reason.OUTSIDE_WINDOW)


# --- Ending -----------------------------------------------------------------------------------


def test_back_in_bed_closes_only_where_the_rule_says_so() -> None:
    night = asleep(with_rules(rule(ends_by_itself=True)))
    night.at("02:00", bed(occupied=False))
    night.at("02:01", bed(occupied=True)).expects(
        "still 1-1 anne rule_ended_by_signal", "still 1-1 per rule_ended_by_signal"
    ).booked(Booked.ENDED)
    assert (night.call().state, night.call().closed_by) == (CallState.CLOSED, None)
    night = asleep(with_rules(rule()))
    night.at("02:00", bed(occupied=False))
    night.at("02:01", bed(occupied=True)).noted(Move.JOINED)
    assert night.state.open


def test_with_staff_at_the_place_the_signal_closes_nothing() -> None:
    night = asleep(with_rules(rule(ends_by_itself=True)))
    night.at("02:00", bed(occupied=False)).at("02:00:30", arrive("anne"))
    night.at("02:01", bed(occupied=True)).booked(Booked.JOINED)
    assert night.call().state is CallState.PRESENT


# --- Silence, each by name --------------------------------------------------------------------


def test_a_pause_silences_all_of_a_patients_rules_or_one() -> None:
    night = asleep(with_rules(rule()))
    night.at("01:00", pause("anne", night.clock("03:00"), "another"))
    night.at("02:00", bed(occupied=False)).booked(Booked.OPENED)
    night = asleep(with_rules(rule()))
    night.at("01:00", pause("anne", night.clock("03:00")))
    night.at("02:00", bed(occupied=False)).expects().booked(Booked.SUPPRESSED, Reason.PAUSED)


def test_a_pause_of_one_patients_rules_silences_no_other_patient() -> None:
    by_kari = Trigger(TriggerKind.MOTION, device=DeviceId("wrist-kari"))
    night = Night(with_rules(rule("r1", by_kari, patient=PatientId("kari"))))
    night.at(
        "01:00", motion(on=False, device="wrist-kari"), pause("anne", night.clock("03:00"))
    )
    night.at("02:00", motion(on=True, device="wrist-kari")).booked(Booked.OPENED)


def test_a_rule_that_waits_when_a_pause_comes_is_judged_when_it_ends() -> None:
    night = asleep(with_rules(rule(delay=TEN)))
    night.at("02:00", bed(occupied=False)).at("02:05", pause("anne", night.clock("02:30")))
    night.at("02:29").expects()
    night.at("02:30")
    assert night.rung()


def test_capability_8_presence_covers_sensor_signals() -> None:
    night = asleep(with_rules(rule()))
    night.at("02:00", press()).at("02:00:10", arrive("anne"))
    night.at("02:01", bed(occupied=False)).expects().booked(
        Booked.SUPPRESSED, Reason.PRESENCE_COVERS
    )


def test_presence_at_the_end_of_the_delay_looks_again() -> None:
    night = asleep(with_rules(rule(delay=TEN)))
    night.at("02:00", bed(occupied=False)).at("02:01", press()).at("02:02", arrive("anne"))
    night.at("02:10").expects()
    night.at("02:10:30", close("anne"))
    night.at("02:11")
    assert night.rung(), "the bed is still empty and nobody is there"


def test_a_student_does_not_cover_sensor_signals() -> None:
    night = Night(with_rules(rule()), on_duty=("anne", "stud"))
    night.at("01:00", bed(occupied=True)).at("02:00", press()).at("02:00:10", arrive("stud"))
    night.at("02:01", bed(occupied=False)).booked(Booked.OPENED)


@pytest.mark.parametrize("profile", [Profile.END_OF_LIFE, Profile.OUT, Profile.FAMILY_PRESENT])
def test_capability_39_a_quiet_stay_silences_sensors_and_never_a_press(
    profile: Profile,
) -> None:
    night = asleep(with_rules(rule(), plan=with_stay(solvik(), "ola", profile=profile)))
    night.at("02:00", bed(occupied=False)).booked(Booked.SUPPRESSED, Reason.PROFILE_SILENT)
    night.at("02:01", press()).booked(Booked.OPENED)
    assert night.rung()


def test_a_rule_silent_at_the_end_of_its_delay_does_not_call() -> None:
    night = asleep(with_rules(rule(delay=TEN)))
    night.at("02:00", bed(occupied=False))
    night.at("02:05", PlanAdopted(with_stay(night.state.plan, "ola", profile=Profile.OUT)))
    night.at("02:30").expects()


def test_unless_somebody_else_is_moving_in_the_room() -> None:
    night = asleep(with_rules(rule(unless=(Trigger(TriggerKind.MOTION, room=RoomId("204")),))))
    night.at("01:59", motion(on=True))
    night.at("02:00", bed(occupied=False)).booked(Booked.SUPPRESSED, Reason.UNLESS_HELD)


def test_unless_somebody_is_with_the_patient() -> None:
    plan = with_rules(rule(unless=(Trigger(TriggerKind.PRESENCE),)))
    night = Night(plan, on_duty=("anne", "stud")).at("01:00", bed(occupied=True))
    night.at("02:00", press()).at("02:00:10", arrive("stud"))
    night.at("02:01", bed(occupied=False)).booked(Booked.SUPPRESSED, Reason.UNLESS_HELD)


# --- States of a rule -------------------------------------------------------------------------


def test_a_trial_rule_only_says_what_it_would_have_done() -> None:
    night = asleep(with_rules(rule(state=RuleState.TRIAL)))
    night.at("02:00", bed(occupied=False)).expects().booked(
        Booked.SUPPRESSED, Reason.RULE_TRIAL
    )
    assert night.trials() == 1
    night = asleep(with_rules(rule(state=RuleState.TRIAL, delay=TEN)))
    night.at("02:00", bed(occupied=False)).at("02:10").expects()
    assert night.trials() == 1


@pytest.mark.parametrize(
    "changes",
    [
        {"basis": None},
        {"review_by": None},
        {"state": RuleState.DRAFT},
        {"state": RuleState.SUSPENDED},
        {"triggers": ()},
    ],
)
def test_capability_16_no_rule_without_basis_and_review_date_ever_listens(
    changes: dict[str, object],
) -> None:
    night = asleep(with_rules(rule("r1", TriggerKind.BED_EXIT, **changes)))
    night.at("02:00", bed(occupied=False)).expects().booked(Booked.NO_RULE)


def test_a_draft_needs_no_basis_yet() -> None:
    assert rule(state=RuleState.DRAFT, basis=None).problems() == ()
    assert len(rule(basis=None, review_by=None).problems()) == 2


def test_a_rule_holds_only_in_its_time() -> None:
    from_three = rule(valid_from=datetime(2026, 11, 3, 3, tzinfo=UTC))
    night = asleep(with_rules(from_three))
    night.at("02:00", bed(occupied=False)).booked(Booked.NO_RULE)
    night.at("03:30", bed(occupied=True)).at("03:31", bed(occupied=False)).booked(Booked.OPENED)
    until = rule(valid_until=datetime(2026, 11, 3, 2, 5, tzinfo=UTC), delay=TEN)
    night = asleep(with_rules(until))
    night.at("02:00", bed(occupied=False)).booked(Booked.WAITING)
    night.at("03:00").expects()
    ended = rule(valid_until=datetime(2026, 11, 3, 2, tzinfo=UTC))
    asleep(with_rules(ended)).at("02:00", bed(occupied=False)).booked(Booked.NO_RULE)


def test_a_rule_that_is_taken_away_stops_waiting() -> None:
    night = asleep(with_rules(rule(delay=TEN), rule("r2", delay=TEN)))
    night.at("02:00", bed(occupied=False))
    night.at("02:05", PlanAdopted(with_rules(rule("r2", delay=TEN))))
    assert list(night.state.waiting) == ["r2"]


def test_after_discharge_a_rule_is_silent() -> None:
    gone = with_stay(with_rules(rule()), "ola", until=datetime(2026, 11, 3, 1, tzinfo=UTC))
    night = asleep(gone)
    night.at("02:00", bed(occupied=False)).expects().booked(
        Booked.SUPPRESSED, Reason.PROFILE_SILENT
    )


# --- Joining and raising ----------------------------------------------------------------------


def test_a_sensor_joins_the_patients_open_call_visibly() -> None:
    night = asleep(with_rules(rule()))
    night.at("02:00", press()).at("02:00:10", bed(occupied=False)).noted(Move.JOINED)
    night.booked(Booked.JOINED, Reason.RULE_HELD)
    assert len(night.state.open) == 1
    night.at("02:00:30", bed(occupied=True)).booked(Booked.NO_RULE)


def test_a_more_serious_rule_raises_and_rings_again() -> None:
    wander = rule("r2", TriggerKind.DOOR_OPEN, call_type=CallType.WANDER)
    night = asleep(with_rules(rule(), wander))
    night.at("02:00", bed(occupied=False)).at("02:00:10", door(opened=True))
    night.noted(Move.JOINED, Move.RAISED)
    assert (night.call().type, night.call().priority) == (CallType.WANDER, Priority.URGENT)
    assert night.rung()


def test_a_rule_with_its_own_priority_raises_what_it_joins() -> None:
    urgent = rule("r2", TriggerKind.DOOR_OPEN, priority=Priority.URGENT)
    night = asleep(with_rules(rule(), urgent))
    night.at("02:00", bed(occupied=False)).at("02:00:10", door(opened=True))
    assert night.call().priority is Priority.URGENT


def test_a_rule_has_its_own_priority_and_ladder() -> None:
    night = asleep(with_rules(rule(priority=Priority.URGENT, ladder=LadderId("assist"))))
    night.at("02:00", bed(occupied=False))
    assert (night.call().priority, night.call().ladder.id) == (Priority.URGENT, "assist")


def test_raising_a_taken_call_tells_without_taking_it_away() -> None:
    wander = rule("r2", TriggerKind.DOOR_OPEN, call_type=CallType.WANDER)
    night = asleep(with_rules(rule(), wander))
    night.at("02:00", bed(occupied=False)).at("02:00:05", take("anne"))
    night.at("02:00:10", door(opened=True)).noted(Move.JOINED, Move.RAISED)
    assert (night.call().owner, night.call().type) == ("anne", CallType.WANDER)


def test_a_button_that_is_no_alarm_may_have_a_rule() -> None:
    button = rule("r1", Trigger(TriggerKind.PRESS, device=DeviceId("door-204")))
    night = asleep(with_rules(button))
    night.at("02:00", signal("door-204", ButtonPressed("single"))).booked(Booked.OPENED)
    night.at("02:01", signal("pir-204", ButtonPressed("single"))).booked(Booked.NO_RULE)
    retained = Delivery(retained=True)
    night.at("02:02", signal("door-204", ButtonPressed("single"), delivery=retained)).booked(
        Booked.UNCHANGED
    )


def test_presence_by_a_sensor_is_motion() -> None:
    there = rule("r1", Trigger(TriggerKind.PRESENCE, room=RoomId("204")))
    night = asleep(with_rules(there))
    night.at("02:00", motion(on=True)).booked(Booked.OPENED)


def test_presence_by_a_named_sensor_asks_that_sensor_and_no_staff() -> None:
    in_room = Trigger(TriggerKind.PRESENCE, device=DeviceId("pir-204"))
    night = asleep(with_rules(rule("r1", unless=(in_room,))))
    night.at("02:00", motion(on=True)).at("02:01", bed(occupied=False)).expects()
    night.booked(Booked.SUPPRESSED, Reason.UNLESS_HELD)


def test_a_rule_of_one_patient_is_not_moved_by_anothers_device() -> None:
    night = asleep(with_rules(rule("r1", TriggerKind.MOTION)))
    night.at("02:00", motion(on=False, device="wrist-kari")).at(
        "02:01", motion(on=True, device="wrist-kari")
    ).booked(Booked.NO_RULE)


def test_bed_zones_are_one_bed() -> None:
    night = Night(with_rules(rule()))
    for zone in ("left", "right"):
        night.at("01:00", signal("bed-ola", BedChanged(occupied=True, zone=zone)))
    night.at("02:00", signal("bed-ola", BedChanged(occupied=False, zone="left")))
    night.expects()
    night.at("02:01", signal("bed-ola", BedChanged(occupied=False, zone="right")))
    assert night.state.open
