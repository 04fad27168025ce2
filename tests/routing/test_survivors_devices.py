"""Found by mutation: what a device says of itself, and whose it is to the second."""

from dataclasses import replace
from datetime import timedelta

from routing.effects import Booked, Reason
from routing.events import BridgeChanged
from routing.ids import BridgeId, DeviceId, PatientId, RoomId
from routing.index import index_of
from routing.plan import Alias, Assignment, Purpose
from routing.readings import (
    Availability,
    AvailabilityChanged,
    BatteryRead,
    DeviceHeard,
    Tampered,
    Trust,
)
from routing.supervision import only_heard
from tests.routing.night import (
    LONG_AGO,
    Night,
    bed,
    press,
    rule,
    signal,
    solvik,
    with_device,
    with_rules,
)

ZIGBEE = BridgeId("zigbee")
OLA, KARI = PatientId("ola"), PatientId("kari")


# --- Health -----------------------------------------------------------------------------------


def test_a_device_that_is_offline_for_a_minute_is_told_and_not_later() -> None:
    night = Night().at("02:00", signal("wrist-ola", AvailabilityChanged(Availability.OFFLINE)))
    assert night.at("02:00:59").faults() == []
    assert night.at("02:01").faults() == ["device_offline"]


def test_who_speaks_over_the_same_bridge_hides_no_silence() -> None:
    plan = with_device(solvik(), "pir-204", expect_every=timedelta(minutes=10))
    night = Night(plan).at("00:02", BridgeChanged(ZIGBEE, online=True))
    night.at("00:05", signal("pir-204", DeviceHeard()))
    night.at("00:14:50", signal("wrist-ola", DeviceHeard()))

    assert night.at("00:15").faults() == ["device_silent"]


def test_of_two_faults_in_one_message_the_first_is_where_it_is_booked() -> None:
    both = signal("wrist-ola", BatteryRead(percent=5.0), Tampered("strap"))
    night = Night().at("02:00", both).booked(Booked.TECHNICAL, Reason.BATTERY_LOW)
    assert night.faults() == ["battery_low", "tampered:strap"]


def test_a_low_battery_ends_at_25_percent_and_by_no_lesser_word() -> None:
    night = Night().at("02:00", signal("wrist-ola", BatteryRead(percent=10.0)))
    for less in (
        BatteryRead(percent=24.9, low=False),
        BatteryRead(percent=90.0, trust=Trust.UNRELIABLE),
        BatteryRead(volts=3.0),
    ):
        night.at("03:00", signal("wrist-ola", less))
        assert night.faults() == ["battery_low"]

    night.at("04:00", signal("wrist-ola", BatteryRead(percent=25.0)))
    assert night.faults() == []


def test_what_a_device_with_two_radios_says_of_its_battery_is_no_mere_sighting() -> None:
    plan = with_device(solvik(), "wrist-ola", aliases=(Alias(BridgeId("ble"), "tag"),))
    night = Night(plan).at("02:00", signal("wrist-ola", DeviceHeard()))
    assert not only_heard(night.state, signal("wrist-ola", BatteryRead(percent=5.0)))


# --- Whose ------------------------------------------------------------------------------------


def test_a_wrist_alarm_that_changes_hands_is_the_next_ones_from_that_moment() -> None:
    plan = solvik()
    wrist, change = DeviceId("wrist-ola"), Night().clock("02:14")
    others = tuple(one for one in plan.assignments if one.device != wrist)
    first = Assignment(wrist, Purpose.HELP, LONG_AGO, until=change, patient=OLA)
    then = Assignment(wrist, Purpose.HELP, change, patient=KARI)
    plan = replace(plan, assignments=(*others, first, then))

    night = Night(plan).at("02:14", press())

    assert (night.call().patient, night.call().possible) == (KARI, ())


def test_a_cord_in_a_room_that_the_plan_has_forgotten_rings_and_the_rules_hold() -> None:
    plan = with_rules(rule())
    forgotten = RoomId("bath-204")
    rooms = {one: room for one, room in plan.rooms.items() if one != forgotten}

    night = Night(replace(plan, rooms=rooms)).at("02:14", press("cord-204"))

    night.booked(Booked.OPENED, Reason.HELP_PRESSED)
    assert night.rung()
    night.at("02:20", bed(occupied=True)).at("02:30", bed(occupied=False))
    night.booked(Booked.OPENED)


def test_a_plan_is_arranged_by_question_once() -> None:
    plan = solvik()
    assert index_of(plan) is index_of(plan)
    assert index_of(solvik()) is not index_of(plan)
