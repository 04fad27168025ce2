"""Found by mutation: how a call climbs, waits and comes back, and whose signal joins which."""

from dataclasses import replace
from datetime import timedelta

import pytest

from routing.calls import diagram
from routing.defaults import DAY_LIST
from routing.effects import Book, Booked, Move, Note, Reason
from routing.events import Event, HandsetState, SignedIn, Started
from routing.ids import BedId, DeviceId, HandsetId, PatientId, StaffId
from routing.plan import (
    CallType,
    Ladder,
    Priority,
    RuleState,
    Stay,
    TargetKind,
)
from routing.readings import BatteryRead, BedChanged, FallPhase, FallSeen, Tampered
from routing.state import Call
from tests.routing.night import (
    Night,
    arrive,
    ask,
    bed,
    close,
    decline,
    hand_over,
    left,
    press,
    reports,
    rule,
    sign_in,
    sign_out,
    signal,
    solvik,
    take,
    telephone,
    undo,
    with_device,
    with_rules,
    with_stay,
)
from tests.routing.test_escalation import night_noise, rung, with_ladder


def why_climbed(night: Night) -> list[Reason]:
    notes = [one for one in night.effects if isinstance(one, Note)]
    return [one.because.reason for one in notes if one.move is Move.CLIMBED]


# --- The ladder's end -------------------------------------------------------------------------


def test_each_round_of_the_failsafe_is_told_once() -> None:
    night = Night().at("02:00", press()).at("02:03")
    assert night.call().rung == len(night.call().ladder.rungs)

    night.at("02:05").noted(Move.CLIMBED)
    assert night.call().round == 2


def test_after_an_outage_the_failsafe_keeps_its_rhythm() -> None:
    night = Night().at("02:00", press()).at("02:03:10")

    night.jump("02:05:40")

    assert night.call().climbs_at == night.clock("02:07")


def test_who_declines_in_the_failsafe_has_quiet_until_its_next_round() -> None:
    night = Night(on_duty=("anne",)).at("02:00", press()).at("02:03:10")

    night.at("02:03:20", decline("anne")).expects("still 1-1 anne declined")
    night.at("02:04:59").expects()
    night.at("02:05")
    assert night.rung() == ["anne"]


def test_who_comes_to_duty_in_the_failsafe_rings_with_its_people() -> None:
    plan = with_ladder(rung(30, TargetKind.STAFF, "anne"))
    night = Night(plan, on_duty=("anne",)).at("02:00", press()).at("02:00:40")

    night.at("02:00:50", sign_in("omar")).expects("ring 1-1 omar")


LEADERS_LAST = with_ladder(
    rung(30, TargetKind.STAFF, "eva"), failsafe=rung(600, TargetKind.ROLE, "leader")
)


def test_who_comes_to_duty_where_the_failsafe_rings_nobody_is_rung_at_once() -> None:
    night = Night(LEADERS_LAST, on_duty=()).at("02:00", press())
    assert night.call().ringing == {}

    night.at("02:00:10", sign_in("omar"))

    assert "ring 1-1 omar" in night_noise(night)
    night.at("02:00:11", reports("omar", HandsetState.READY))
    assert night.faults() == []
    night.at("02:00:20", sign_in("lise")).expects()


def test_who_declined_and_whose_telephone_blinks_has_quiet_until_the_next_round() -> None:
    night = Night(LEADERS_LAST, on_duty=("omar",)).at("02:00", press())
    night.at("02:00:10", decline("omar")).at("02:00:20", reports("omar", HandsetState.GONE))

    night.at("02:00:30", reports("omar", HandsetState.READY)).expects()
    night.at("02:10")
    assert night.rung() == ["omar"]


def test_who_comes_to_duty_is_not_rung_for_what_stands_on_the_days_list() -> None:
    night = Night(on_duty=()).at("02:00", signal("wrist-ola", BatteryRead(percent=3.0)))
    assert night.call().rung == len(night.call().ladder.rungs)

    night.at("02:00:10", sign_in("omar")).expects()


def test_the_failsafe_rings_its_own_people_and_not_the_whole_house() -> None:
    plan = with_ladder(
        rung(30, TargetKind.STAFF, "eva"), failsafe=rung(60, TargetKind.STAFF, "lise")
    )
    night = Night(plan, on_duty=("lise", "omar")).at("02:00", press())

    assert night.rung() == ["lise"]


def test_while_somebody_rings_an_empty_failsafe_wakes_nobody_else() -> None:
    plan = with_ladder(
        rung(30, TargetKind.STAFF, "anne"), failsafe=rung(60, TargetKind.ROLE, "leader")
    )
    night = Night(plan, on_duty=("anne", "omar")).at("02:00", press())

    night.at("02:00:30")

    assert night.rung() == ["anne"]


def test_a_patients_call_finds_somebody_however_low_its_priority() -> None:
    plan = with_ladder(
        rung(30, TargetKind.STAFF, "eva"), failsafe=rung(60, TargetKind.ROLE, "leader")
    )
    routine = replace(plan.policies[CallType.PATIENT], priority=Priority.ROUTINE)
    plan = replace(plan, policies={CallType.PATIENT: routine})
    night = Night(plan, on_duty=("omar",)).at("02:00", press())

    assert night.rung() == ["omar"]


def test_a_fault_that_cannot_wait_finds_somebody_where_no_technician_is() -> None:
    plan = with_device(solvik(), "wrist-ola", expect_every=timedelta(hours=1))
    night = Night(plan, on_duty=("omar",)).at("01:00")
    assert night.faults() == ["device_silent"]

    assert night.rung() == ["omar"]


def test_a_flat_battery_wakes_nobody_where_no_technician_is() -> None:
    night = Night().at("02:00", signal("wrist-ola", BatteryRead(percent=3.0)))
    assert night.faults() == ["battery_low"]

    assert night.rung() == []


def test_two_calls_that_reach_the_failsafe_together_are_both_sent() -> None:
    night = Night().at("02:00", press(), press("wrist-kari"))

    night.at("02:03")

    sent = [said for said in night_noise(night) if said.startswith("send")]
    assert sent == ["send 1-1 duty", "send 1-2 duty"]


def test_a_channel_that_two_steps_name_is_asked_once_where_both_come_at_once() -> None:
    plan = with_ladder(
        rung(0, TargetKind.CHANNEL, "duty"), failsafe=rung(60, TargetKind.CHANNEL, "duty")
    )
    night = Night(plan, on_duty=("anne",)).at("02:00", press())

    assert [said for said in night_noise(night) if said.startswith("send")] == ["send 1-1 duty"]


# --- Climbing ---------------------------------------------------------------------------------


def test_the_story_says_whether_all_declined_or_a_telephone_went() -> None:
    plan = with_stay(solvik(), "ola", backup=())
    night = Night(plan, on_duty=("anne", "eva")).at("02:00", press())
    night.at("02:00:10", decline("anne"))
    assert why_climbed(night) == [Reason.ALL_DECLINED]

    night = Night(plan, on_duty=("anne", "eva")).at("02:00", press())
    night.at("02:00:10", reports("anne", HandsetState.GONE))
    assert why_climbed(night) == [Reason.HANDSET_GONE]


def test_a_telephone_that_changes_hands_as_the_ladder_climbs_rings_for_who_has_it_now() -> None:
    night = Night(on_duty=("anne", "eva")).at("02:00", press())

    # The step was due at 02:01: it is rung, and anne's telephone is per's, all at once.
    night.jump("02:01:30", SignedIn(telephone("anne"), StaffId("per")))

    assert night.rung()[-1] == "per"
    assert night.call().ringing[telephone("anne")].staff == "per"


def test_a_telephone_that_rings_anew_says_why_it_does() -> None:
    night = Night().at("02:00", press()).at("02:00:10", press()).at("02:00:20", press())

    because = night.call().ringing[telephone("anne")].because
    assert because is not None
    assert because.reason is Reason.THIRD_PRESS_UNANSWERED


# --- Students ---------------------------------------------------------------------------------


def test_a_student_who_comes_to_duty_rings_beside_who_rings_already() -> None:
    night = Night(with_ladder(rung(60, TargetKind.UNIT)), on_duty=("anne",))
    night.at("02:00", press())

    night.at("02:00:10", sign_in("stud")).expects("ring 1-1 stud")


def test_a_student_does_not_ring_beside_a_telephone_that_is_only_believed_in() -> None:
    plan = with_ladder(rung(60, TargetKind.UNIT), failsafe=rung(60, TargetKind.UNIT))
    night = Night(plan, on_duty=("anne", "stud"))
    night.at("01:00", reports("anne", HandsetState.GONE), reports("stud", HandsetState.GONE))
    night.at("02:00", press())
    assert night.call().ringing == {}

    # Anne's telephone may come back until the gateway has listened; it rings for nobody yet.
    night.at("02:00:30", Started(2, "test", "test", night.clock("02:00:38")))
    night.at("02:00:31", reports("stud", HandsetState.READY)).expects()
    night.at("02:00:32", reports("anne", HandsetState.READY))
    assert "ring 1-1 anne" in night_noise(night)


def test_who_leaves_a_student_alone_with_the_ringing_silences_the_student_too() -> None:
    night = Night(with_ladder(rung(60, TargetKind.UNIT)), on_duty=("anne", "stud"))
    night.at("02:00", press())

    night.at("02:00:10", reports("anne", HandsetState.GONE))

    assert night_noise(night)[:2] == [
        "still 1-1 anne handset_gone",
        "still 1-1 stud student_not_alone",
    ]


def test_a_student_who_was_rung_beside_a_carer_is_not_rung_alone_when_it_comes_back() -> None:
    night = Night(with_ladder(rung(60, TargetKind.UNIT)), on_duty=("anne", "stud"))
    night.at("02:00", press()).at("02:00:10", take("anne"))

    night.at("02:00:20", sign_out("anne"))

    assert night.rung() == []


# --- Coming back ------------------------------------------------------------------------------


def test_who_comes_to_duty_is_not_rung_for_what_somebody_has() -> None:
    night = Night(on_duty=("anne",)).at("02:00", press()).at("02:00:10", take("anne"))

    night.at("02:00:20", sign_in("per")).expects()


def test_a_call_that_comes_back_late_is_waited_for_from_when_it_was_due() -> None:
    night = Night().at("02:00", press()).at("02:00:10", take("anne"))

    night.jump("02:05:40")

    assert (night.call().reopened, night.call().rung) == (1, 0)
    assert night.call().climbs_at == night.clock("02:06:10")


def test_a_call_that_comes_back_gives_its_step_time_to_answer() -> None:
    night = Night(on_duty=("anne", "per", "eva")).at("02:00", press())
    night.at("02:00:10", take("anne"))

    night.at("02:05:10")

    assert night.rung() == ["anne", "per"]


THREE_STEPS = with_ladder(
    rung(30, TargetKind.STAFF, "anne"),
    rung(60, TargetKind.STAFF, "eva"),
    rung(60, TargetKind.STAFF, "omar"),
)


@pytest.mark.parametrize(
    ("before", "back"),
    [
        ([take("anne")], [decline("anne")]),
        ([take("anne")], [undo("anne")]),
        ([take("anne"), arrive("anne")], [left("anne")]),
        ([press()], [press()]),
    ],
    ids=["given back", "undone", "left", "pressed a third time"],
)
def test_who_declined_before_is_asked_again_once_it_comes_back(
    before: list[Event], back: list[Event]
) -> None:
    night = Night(THREE_STEPS, on_duty=("anne", "eva", "omar")).at("02:00", press())
    night.at("02:00:40", decline("eva")).at("02:00:50", *before)

    night.at("02:00:53", *back)

    assert "eva" in night.rung()
    assert "omar" not in night.rung(), "her step has its time again"


def test_help_that_was_asked_for_on_a_telephone_lights_no_device_when_it_comes_back() -> None:
    night = Night().at("02:00", ask("anne", room="204")).at("02:00:10", take("per"))

    night.at("02:00:12", undo("per"))

    assert not [said for said in night_noise(night) if said.startswith("answer")]


def test_a_fault_that_comes_back_lights_nothing_at_the_patients() -> None:
    night = Night(on_duty=("anne", "tore"))
    night.at("02:00", signal("wrist-ola", BatteryRead(percent=3.0)))
    night.at("02:00:10", take("tore"))

    night.at("02:00:12", undo("tore")).replied(Reason.UNDONE, ok=True)

    assert not [said for said in night_noise(night) if said.startswith("answer")]


# --- Several come -----------------------------------------------------------------------------


def several() -> Night:
    """An emergency of Lise's: anne has it, per and omar came too."""
    night = Night(on_duty=("anne", "per", "omar", "lise", "stud"))
    night.at("02:00", ask("lise", emergency=True, room="204"))
    night.at("02:00:10", take("anne")).at("02:00:20", take("per")).at("02:00:30", take("omar"))
    return night.at("02:01", arrive("anne"), arrive("per"), arrive("omar"))


def test_who_has_it_after_another_left_counts_once() -> None:
    night = several().at("02:05", left("anne"))

    assert (night.call().owner, night.call().responders) == ("per", ("omar",))


def test_who_came_and_left_may_come_once_more() -> None:
    night = several().at("02:05", left("per"))
    assert (night.call().owner, night.call().responders) == ("anne", ("omar",))

    night.at("02:06", take("per")).replied(Reason.TAKEN, ok=True)
    assert night.call().responders == ("omar", "per")


# --- Raising and closing ----------------------------------------------------------------------


def out_of_bed(*on_duty: str) -> Night:
    """Ola gets up at 02:00, and his rule calls."""
    night = Night(with_rules(rule()), on_duty=on_duty).at("01:00", bed(occupied=True))
    return night.at("02:00", bed(occupied=False))


def test_a_call_says_why_it_was_made_a_more_serious_one() -> None:
    night = out_of_bed("anne", "per").at("02:00:10", press())

    assert night.call().type is CallType.PATIENT
    assert night.call().because.reason is Reason.HELP_PRESSED


def test_a_call_that_becomes_more_serious_starts_on_its_own_ladder() -> None:
    night = out_of_bed("anne", "per", "eva").at("02:02:10", decline("per")).at("02:03:10")
    assert (night.call().ladder.id, night.call().round) == ("patient", 1)

    night.at("02:03:20", press("cord-204"))

    assert night.call().type is CallType.BATHROOM
    assert (night.call().ladder.id, night.call().rung, night.call().round) == ("urgent", 0, 0)
    assert night.call().declined == (), "who could not come before is asked for this"
    assert night.call().climbs_at == night.clock("02:03:50")


def test_a_closed_call_waits_for_nobody_and_is_offered_to_nobody() -> None:
    night = Night().at("02:00", ask("anne", room="204")).at("02:00:10", take("per"))
    night.at("02:00:20", hand_over("per", "omar")).at("02:00:30", close("anne"))

    assert night.call().closed_at is not None
    assert (night.call().arrive_by, night.call().offered_to) == (None, None)


# --- Whose signal joins which call ------------------------------------------------------------


def calls(night: Night) -> list[Call]:
    return [one for one in night.open() if one.type is not CallType.TECHNICAL]


def test_two_devices_that_belong_to_nobody_are_two_calls() -> None:
    plan = solvik()
    others = tuple(one for one in plan.assignments if one.device != "wrist-kari")
    night = Night(replace(plan, assignments=others)).at("02:00", press("wrist-spare"))

    night.at("02:00:10", press("wrist-kari")).booked(Booked.OPENED)
    night.at("02:00:20", press("wrist-kari")).booked(Booked.JOINED)
    assert [one.device for one in calls(night)] == ["wrist-spare", "wrist-kari"]


def test_after_a_change_in_a_room_for_two_its_cord_calls_for_who_is_there_now() -> None:
    moved = Night().clock("02:00")
    plan = with_stay(solvik(), "gro", until=moved)
    siri = Stay(PatientId("siri"), BedId("301b"), moved)
    night = Night(replace(plan, stays=(*plan.stays, siri))).at("01:59", press("cord-301"))
    assert night.call().possible == ("nils", "gro")

    night.at("02:01", press("cord-301")).booked(Booked.OPENED)

    assert night.call("1-2").possible == ("nils", "siri")
    night.at("02:02", press("cord-301")).booked(Booked.JOINED)
    assert [one.pressed for one in calls(night)] == [1, 2]


def test_of_two_rules_that_did_the_same_the_first_is_booked() -> None:
    trials = (rule("r1", state=RuleState.TRIAL), rule("r2", state=RuleState.TRIAL))
    night = Night(with_rules(*trials)).at("01:00", bed(occupied=True))

    night.at("02:00", bed(occupied=False)).booked(Booked.SUPPRESSED, Reason.RULE_TRIAL)

    booked = [one for one in night.effects if isinstance(one, Book)][-1]
    assert (night.trials(), booked.because.rule) == (2, "r1")


# --- Levels and the table ---------------------------------------------------------------------


def test_two_zones_of_one_bed_are_two_levels() -> None:
    night = Night().at("01:00", signal("bed-ola", BedChanged(True, zone="left")))

    night.at("01:01", signal("bed-ola", BedChanged(True, zone="right")))
    night.at("01:02", signal("bed-ola", BedChanged(True)))

    levels = night.state.devices[DeviceId("bed-ola")].levels
    assert list(levels) == ["bed:left", "bed:right", "bed"]


def test_two_zones_of_one_radar_are_two_levels() -> None:
    night = Night()
    for n, zone in enumerate(("bed", "door", "")):
        night.at(f"01:0{n}", signal("radar-204", FallSeen(FallPhase.SUSPECTED, zone=zone)))

    levels = night.state.devices[DeviceId("radar-204")].levels
    assert list(levels) == ["fall:bed", "fall:door", "fall"]


def test_what_is_tampered_with_is_remembered_as_on_until_it_is_right_again() -> None:
    night = Night().at("02:00", signal("wrist-ola", Tampered("strap")))
    device = DeviceId("wrist-ola")
    assert night.state.devices[device].levels["tamper:strap"].value == "on"

    night.at("02:10", signal("wrist-ola", Tampered("strap", active=False)))
    assert night.state.devices[device].levels["tamper:strap"].value == "off"


def test_the_picture_of_a_calls_life_shows_what_leads_elsewhere_and_nothing_else() -> None:
    arrows = [line.strip() for line in diagram().splitlines() if "-->" in line]

    assert arrows == [
        "[*] --> ringing: opened",
        "ringing --> taken: taken",
        "ringing --> present: arrived",
        "ringing --> closed: closed",
        "taken --> present: arrived",
        "taken --> ringing: reopened",
        "taken --> closed: closed",
        "present --> ringing: left",
        "present --> taken: left_to_owner",
        "present --> closed: closed",
        "closed --> [*]",
    ]


def last_of_the_failsafe() -> Night:
    """Lise is all whom this failsafe rings; Omar is on duty elsewhere."""
    plan = with_ladder(
        rung(30, TargetKind.STAFF, "eva"), failsafe=rung(600, TargetKind.STAFF, "lise")
    )
    night = Night(plan, on_duty=("omar", "lise")).at("02:00", press())
    assert set(night.call().ringing) == {"tel-lise"}
    return night


def test_where_the_last_telephone_of_a_failsafe_goes_everybody_there_is_rings_at_once() -> None:
    night = last_of_the_failsafe().at("02:00:10", reports("lise", HandsetState.GONE))

    assert "ring 1-1 omar" in night_noise(night)


def test_so_it_is_where_the_last_of_a_failsafe_declines_who_then_has_quiet() -> None:
    night = last_of_the_failsafe().at("02:00:10", decline("lise"))

    assert night.rung() == ["omar"]
    because = night.call().ringing[HandsetId("tel-omar")].because
    assert because is not None
    assert because.reason is Reason.ALL_DECLINED


def test_a_student_is_not_rung_alone_where_everybody_else_has_declined() -> None:
    plan = with_ladder(
        rung(30, TargetKind.STAFF, "eva"), failsafe=rung(600, TargetKind.STAFF, "lise")
    )
    night = Night(plan, on_duty=("omar", "lise", "stud")).at("02:00", press())
    night.at("02:00:10", decline("lise"))
    assert sorted(night.rung()) == ["omar", "stud"]

    night.at("02:00:20", decline("omar"))

    assert night.call().ringing == {}


def test_what_stands_on_the_days_list_wakes_nobody_when_its_last_telephone_goes() -> None:
    lists = Ladder(DAY_LIST, (), rung(600, TargetKind.STAFF, "lise"))
    night = Night(replace(solvik(), ladders={DAY_LIST: lists}), on_duty=("anne", "lise"))
    night.at("02:00", signal("wrist-ola", BatteryRead(percent=3.0)))
    assert set(night.call().ringing) == {"tel-lise"}

    night.at("02:00:10", reports("lise", HandsetState.GONE))

    assert night.call().ringing == {}
