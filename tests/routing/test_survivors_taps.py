"""Found by mutation: taps that cross each other, and what is looked at in odd order."""

from dataclasses import replace
from datetime import timedelta

import pytest

from routing.calls import CallState
from routing.cards import allowed
from routing.defaults import POLICIES
from routing.effects import Move, Note, Reason
from routing.events import (
    BridgeChanged,
    BrokerChanged,
    FaultNoticed,
    PlanAdopted,
    SignalReceived,
    StoreChanged,
    StoreState,
)
from routing.ids import BridgeId, PatientId, StaffId
from routing.plan import CallType, Competence, Priority, Role
from routing.readings import (
    Availability,
    AvailabilityChanged,
    BatteryRead,
    DeviceHeard,
    Reading,
)
from routing.supervision import only_heard
from tests.routing.night import (
    Night,
    arrive,
    ask,
    decline,
    motion,
    pause,
    press,
    resume,
    signal,
    solvik,
    take,
    telephone,
    undo,
    with_device,
)
from tests.routing.test_taps import ringing

ZIGBEE = BridgeId("zigbee")
ALIVE = DeviceHeard()

# --- Taps -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("tapped", "reason"),
    [("02:14:10", Reason.TAKEN), ("02:04:10", Reason.TAKEN), ("02:04:09", Reason.LATE)],
)
def test_a_tap_counts_when_it_waited_ten_minutes_and_not_a_second_more(
    tapped: str, reason: Reason
) -> None:
    night = ringing()
    tap = take("anne", client_at=night.clock(tapped))

    night.at("02:14:10", tap).replied(reason, ok=reason is Reason.TAKEN)


def test_who_is_refused_is_told_who_is_there_although_nobody_has_it() -> None:
    night = ringing("anne", "stud").at("02:14:10", arrive("stud"))

    night.at("02:14:20", take("anne", client_at=night.clock("02:00")))

    night.replied(Reason.LATE, ok=False, by="stud")


def test_a_call_is_in_hands_once_who_is_there_may_carry_it_by_the_new_plan() -> None:
    night = ringing("anne", "stud").at("02:14:10", arrive("stud"))
    stud = replace(
        solvik().staff[StaffId("stud")], role=Role.CARER, competence=Competence.HEALTH_WORKER
    )
    night.at(
        "02:14:20", PlanAdopted(replace(solvik(), staff={**solvik().staff, stud.id: stud}))
    )
    assert "take" not in allowed(night.state, night.call(), StaffId("anne"))

    night.at("02:14:30", take("anne")).replied(Reason.TAKEN_BY_ANOTHER, ok=False, by="stud")


def test_who_cannot_come_before_it_rings_there_is_not_rung_later() -> None:
    night = ringing().at("02:14:10", decline("omar")).replied(Reason.DECLINED, ok=True)

    night.at("02:16")

    assert "lise" in night.rung()
    assert "omar" not in night.rung()


def test_who_is_rung_once_more_after_no_may_say_no_once_more() -> None:
    night = ringing("anne", "per").at("02:14:10", decline("anne"))
    night.at("02:14:20", decline("per"))
    assert night.rung() == ["anne", "per"], "nobody else is there: the failsafe"

    night.at("02:14:30", decline("anne")).expects("still 1-1 anne declined")

    night.replied(Reason.DECLINED, ok=True)


def test_a_no_that_arrives_after_its_owner_is_there_lets_nothing_ring() -> None:
    night = ringing().at("02:14:10", take("anne")).at("02:14:40", arrive("anne"))

    night.at("02:14:41", decline("anne")).expects()

    assert (night.call().state, night.call().owner) == (CallState.PRESENT, "anne")


def test_where_no_room_is_known_any_room_is_the_place() -> None:
    in_room = replace(POLICIES[CallType.PATIENT], cancel_in_room=True)
    plan = replace(solvik(), policies={CallType.PATIENT: in_room})
    night = Night(plan).at("02:14", press("wrist-spare"))
    assert night.call().room is None

    night.at("02:14:30", arrive("anne", room="205")).replied(Reason.ARRIVED, ok=True)


def test_who_comes_after_the_question_is_asked_anew_before_it_opens_again() -> None:
    policy = replace(POLICIES[CallType.PATIENT], present_within=timedelta(minutes=20))
    night = Night(replace(solvik(), policies={CallType.PATIENT: policy}))
    night.at("02:00", press()).at("02:01", arrive("anne"))
    night.at("02:21").noted(Move.REMINDED)

    night.at("02:22", arrive("per"))

    night.at("02:42").noted(Move.REMINDED)


def test_nobody_takes_back_what_another_took() -> None:
    night = ringing().at("02:14:10", take("anne"))

    night.at("02:14:12", undo("per")).expects().replied(Reason.NOT_ALLOWED, ok=False, by="anne")

    assert night.call().owner == "anne"


def test_who_is_already_there_goes_by_leaving_not_by_taking_it_back() -> None:
    night = ringing().at("02:14:10", take("anne")).at("02:14:12", arrive("anne"))

    night.at("02:14:13", undo("anne")).expects().replied(Reason.NOT_ALLOWED, ok=False)

    assert night.call().state is CallState.PRESENT


def test_where_only_a_student_is_there_is_nothing_to_take_back() -> None:
    night = ringing("anne", "stud").at("02:14:10", arrive("stud"))

    night.at("02:14:12", undo("anne")).expects().replied(Reason.NOT_ALLOWED, ok=False)


def test_the_state_knows_the_telephone_of_who_has_a_call_and_of_no_student() -> None:
    night = ringing("anne", "per", "stud").at("02:14:10", arrive("stud"))
    assert night.call().owner_handset is None

    night.at("02:14:20", take("anne"))
    night.at("02:14:30", arrive("per"))
    assert night.call().owner_handset == telephone("anne")

    came = ringing().at("02:14:10", arrive("per"))
    assert came.call().owner_handset == telephone("per")


@pytest.mark.parametrize(
    ("named", "room", "unit"), [("301", "301", "b"), ("loft", "loft", "a"), ("", "204", "a")]
)
def test_help_is_wanted_in_the_room_that_is_named_else_where_the_call_is(
    named: str, room: str, unit: str
) -> None:
    night = ringing().at("02:15", ask("anne", call="1-1", room=named))

    assert (night.call("1-2").room, night.call("1-2").unit) == (room, unit)


def test_a_student_may_come_to_an_emergency_and_it_rings_on_for_a_second_carer() -> None:
    night = Night(on_duty=("anne", "per", "omar", "stud"))
    night.at("02:14", ask("anne", emergency=True)).at("02:14:05", take("per"))

    night.at("02:14:10", take("stud")).replied(Reason.TAKEN, ok=True, by="per")

    assert night.call().responders == ("stud",)
    assert telephone("omar") in night.call().ringing


def test_a_call_is_taken_since_it_was_taken_not_since_the_arrival() -> None:
    night = ringing().at("02:14:10", take("anne")).at("02:15", arrive("anne"))

    assert night.call().taken_at == night.clock("02:14:10")


def test_who_asks_twice_stands_in_the_story_with_the_count() -> None:
    night = Night().at("02:14", ask("anne")).at("02:15", ask("anne"))

    again = [one for one in night.all if isinstance(one, Note)]
    assert [one.staff for one in again if one.move is Move.PRESSED_AGAIN] == ["anne"]
    assert night.call().pressed == 2


def test_a_pause_that_ends_now_is_none() -> None:
    night = Night()

    night.at("02:14", pause("anne", night.clock("02:14")))

    night.replied(Reason.NOT_ALLOWED, ok=False)


def test_pausing_or_resuming_the_rules_of_one_patient_leaves_another_s_pause() -> None:
    night = Night()
    until = night.clock("03:00")
    night.at("02:14", replace(pause("per", until), patient=PatientId("kari")))

    night.at("02:15", pause("anne", until)).at("02:16", resume("anne"))

    assert [one.patient for one in night.state.pauses] == ["kari"]


# --- Devices and bridges ----------------------------------------------------------------------


def test_after_the_broker_is_back_what_is_due_is_looked_at_when_it_has_settled() -> None:
    night = Night(with_device(solvik(), "wrist-ola", expect_every=timedelta(hours=1)))
    night.at("00:10", signal("wrist-ola", ALIVE)).at("00:30", BrokerChanged(up=False))

    night.at("02:00", BrokerChanged(up=True))

    assert night.at("02:00:59").faults() == []
    assert night.at("02:01").faults() == ["device_silent"]


def test_a_bridge_that_never_said_whether_it_is_online_excuses_no_device() -> None:
    plan = with_device(solvik(), "bed-ola", expect_every=timedelta(hours=1))
    bridge = replace(plan.bridges[ZIGBEE], expect_every=timedelta(hours=4))
    night = Night(replace(plan, bridges={ZIGBEE: bridge})).at("00:30")
    assert night.state.bridges[ZIGBEE].online is None

    assert night.at("01:00").faults() == ["device_silent"]


def test_a_bridge_that_says_again_that_it_is_online_gives_its_devices_no_more_time() -> None:
    night = Night(with_device(solvik(), "wrist-ola", expect_every=timedelta(hours=1)))
    night.at("00:10", BridgeChanged(ZIGBEE, online=True))
    night.at("00:59:30", BridgeChanged(ZIGBEE, online=True))

    assert night.at("01:00").faults() == ["device_silent"]


def test_a_bridge_was_heard_when_it_spoke_not_when_others_said_it_is_gone() -> None:
    night = Night().at("00:10", BridgeChanged(ZIGBEE, online=True))
    night.at("00:20", BridgeChanged(ZIGBEE, online=False))

    known = night.state.bridges[ZIGBEE]
    assert (known.last_heard, known.since) == (night.clock("00:10"), night.clock("00:20"))


@pytest.mark.parametrize(
    ("said", "fault"),
    [
        (signal("wrist-ola", AvailabilityChanged(Availability.OFFLINE)), "device_offline"),
        (motion(on=True), "sensor_stuck"),
    ],
)
def test_a_fault_that_is_known_is_not_told_again_at_every_look(
    said: SignalReceived, fault: str
) -> None:
    night = Night().at("00:10", said).at("25:00")
    assert night.faults() == [fault]

    night.at("25:10", BridgeChanged(ZIGBEE, online=True)).at("25:20")

    assert not [one for one in night.all if isinstance(one, Note) and one.move is Move.JOINED]


def test_a_lost_spool_ends_also_when_the_journal_is_back_at_once() -> None:
    night = Night().at("02:00", StoreChanged(StoreState.SPOOL_LOST))
    assert night.faults() == ["spool_lost"]

    assert night.at("02:01", StoreChanged(StoreState.RECORDED)).faults() == []


@pytest.mark.parametrize(
    ("code", "priority"),
    [("alarm_not_read", Priority.URGENT), ("qos0", Priority.IMPORTANT)],
)
def test_what_may_have_been_a_press_is_more_urgent_than_other_faults_of_the_shell(
    code: str, priority: Priority
) -> None:
    assert Night().at("02:00", FaultNoticed(code, "")).call().priority is priority


# --- What is only heard -----------------------------------------------------------------------


def said(number: int, *readings: Reading, session: str = "01ab") -> SignalReceived:
    return signal("pir-204", *readings, session=session, number=number)


def test_signs_of_life_are_gathered_also_of_a_bridge_that_is_there() -> None:
    night = Night().at("01:00", motion(on=True)).at("01:01", BridgeChanged(ZIGBEE, online=True))

    assert only_heard(night.state, signal("pir-204", ALIVE))


def test_a_level_out_of_turn_is_not_only_heard_a_mere_sign_of_life_is() -> None:
    moves = motion(on=True).readings
    night = Night().at("01:00", said(4, *moves))

    assert only_heard(night.state, said(5, *moves))
    assert not only_heard(night.state, said(6, *moves))
    assert not only_heard(night.state, said(5, *moves, session="02cd"))
    assert only_heard(night.state, said(9, ALIVE))


def test_a_battery_that_is_just_good_again_is_told_at_once() -> None:
    night = Night().at("01:00", signal("pir-204", BatteryRead(percent=5.0)))
    good = signal("pir-204", BatteryRead(percent=25.0))
    assert not only_heard(night.state, good)

    assert night.at("01:01", good).faults() == []
