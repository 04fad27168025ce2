"""A device in cleaning or repair: heard and remembered, so that what is known after is true."""

from dataclasses import replace
from datetime import timedelta

import pytest

from routing.effects import Booked, Reason
from routing.events import BridgeChanged, Delivery, DevicesHeard, PlanAdopted
from routing.ids import BridgeId, DeviceId
from routing.plan import Bridge, DeviceLife, Plan
from routing.readings import (
    Availability,
    AvailabilityChanged,
    BatteryRead,
    DeviceHeard,
    HelpTrigger,
    LinkRead,
)
from routing.state import DeviceNow
from routing.supervision import only_heard
from tests.routing.night import Night, bed, motion, press, rule, signal, solvik, with_device

WRIST = DeviceId("wrist-ola")
ALIVE = DeviceHeard()
HOUR = timedelta(hours=1)


def cleaning(night: Night, life: DeviceLife = DeviceLife.CLEANING) -> PlanAdopted:
    return _to(night, "wrist-ola", life)


def _to(night: Night, device: str, life: DeviceLife) -> PlanAdopted:
    plan = with_device(night.state.plan, device, life=life)
    return PlanAdopted(replace(plan, version=plan.version + 1))


def watched(life: DeviceLife = DeviceLife.ACTIVE) -> Plan:
    return with_device(solvik(), "wrist-ola", expect_every=HOUR, life=life)


def known(night: Night, device: str = "wrist-ola") -> DeviceNow:
    return night.state.devices[DeviceId(device)]


def test_a_device_heard_in_cleaning_is_not_called_silent_when_it_is_worn_again() -> None:
    night = Night(watched()).at("00:10", signal("wrist-ola", ALIVE))
    night.at("00:20", cleaning(night))
    for hour in range(1, 6):
        night.at(f"0{hour}:00", signal("wrist-ola", ALIVE)).booked(
            Booked.TECHNICAL, Reason.NOT_IN_USE
        )
    night.at("05:30", cleaning(night, DeviceLife.ACTIVE)).at("05:31")
    assert night.faults() == []
    assert known(night).last_heard == night.clock("05:00")

    night.at("06:00")
    assert night.faults() == ["device_silent"], "an hour after it was heard in cleaning"


def test_a_device_not_heard_in_cleaning_is_called_silent_as_soon_as_it_is_worn() -> None:
    night = Night(watched()).at("00:10", signal("wrist-ola", ALIVE))
    night.at("00:20", cleaning(night)).at("05:30", cleaning(night, DeviceLife.ACTIVE))
    night.at("05:31")
    assert night.faults() == ["device_silent"]


def test_nobody_is_told_that_a_device_in_cleaning_is_silent() -> None:
    night = Night(watched()).at("01:30")
    assert night.faults() == ["device_silent"]

    night.at("02:00", cleaning(night))
    assert night.faults() == [], "nobody depends on it now"
    assert not known(night).silent
    night.at("09:00")
    assert night.faults() == []

    night.at("09:10", cleaning(night, DeviceLife.ACTIVE)).at("09:11")
    assert night.faults() == ["device_silent"], "and it is told anew where it is worn"


def test_a_device_that_its_bridge_calls_offline_is_told_when_it_is_in_use_again() -> None:
    night = Night(watched()).at("00:10", signal("wrist-ola", ALIVE))
    night.at("00:11", signal("wrist-ola", AvailabilityChanged(Availability.ONLINE)))
    night.at("00:20", cleaning(night))
    night.at("00:30", signal("wrist-ola", AvailabilityChanged(Availability.OFFLINE)))
    night.at("00:40")
    assert night.faults() == []
    assert known(night).availability is Availability.OFFLINE

    night.at("00:45", cleaning(night, DeviceLife.ACTIVE)).at("00:46")
    assert night.faults() == ["device_offline"]
    night.at("00:50", cleaning(night))
    assert night.faults() == []


def test_a_cry_in_cleaning_is_no_level_the_next_patients_first_one_rings() -> None:
    night = Night(watched()).at("00:10", press(trigger=HelpTrigger.LEVEL, key="a"))
    night.at("00:20", cleaning(night))
    assert known(night).levels == {}, "what it said of the last patient is over"
    night.at("01:00", press(trigger=HelpTrigger.LEVEL, key="b"))
    assert "pressed_not_in_use" in night.faults()

    night.at("01:05", cleaning(night, DeviceLife.ACTIVE))
    night.at("01:06", press(trigger=HelpTrigger.LEVEL, key="c"))
    assert night.rung(), "two minutes after one in cleaning it is news all the same"


def test_what_a_sensor_said_on_the_bench_is_no_edge_in_the_room() -> None:
    plan = replace(solvik(), rules=(rule(),))
    night = Night(plan).at("00:10", bed(occupied=True))
    night.at("00:20", _to(night, "bed-ola", DeviceLife.REPAIR))
    night.at("00:30", bed(occupied=False)).at("00:40", bed(occupied=True))
    assert known(night, "bed-ola").levels == {}

    night.at("01:00", _to(night, "bed-ola", DeviceLife.ACTIVE))
    night.at("01:01", bed(occupied=False)).booked(Booked.UNCHANGED, Reason.BASELINE)
    night.at("01:02", bed(occupied=True)).at("01:03", bed(occupied=False))
    assert night.rung() == ["anne", "per"], "from then on edges are edges"


def test_a_sensor_that_hangs_is_no_fault_on_the_bench() -> None:
    night = Night(solvik()).at("00:10", motion(on=False)).at("00:11", motion(on=True))
    night.at("30:00")
    assert night.faults() == ["sensor_stuck"]
    night.at("30:10", _to(night, "pir-204", DeviceLife.REPAIR)).at("40:00")
    assert night.faults() == []


def test_a_press_in_cleaning_is_told_once_however_often_the_broker_brings_it() -> None:
    night = Night(watched(DeviceLife.CLEANING))
    night.at("01:00", press(key="k")).booked(Booked.TECHNICAL, Reason.NOT_IN_USE)
    night.at("01:00:01", press(key="k")).booked(Booked.DUPLICATE)
    night.at("01:00:02", press(key="l", source="action")).booked(Booked.DUPLICATE)
    night.at("01:00:10", press(key="m", source="action")).booked(Booked.TECHNICAL)
    assert night.faults() == ["pressed_not_in_use"]


def test_what_a_broker_retained_of_a_device_in_cleaning_proves_no_life() -> None:
    night = Night(watched(DeviceLife.CLEANING))
    night.at("01:00", signal("wrist-ola", ALIVE, delivery=Delivery(retained=True)))
    assert known(night).last_heard is None


def test_a_battery_in_cleaning_is_known_and_wakes_nobody() -> None:
    night = Night(watched()).at("00:10", signal("wrist-ola", BatteryRead(percent=9.0)))
    assert night.faults() == ["battery_low"]
    night.at("00:20", cleaning(night))
    night.at("00:30", signal("wrist-ola", BatteryRead(percent=7.0)))
    night.at("00:40", signal("wrist-ola", BatteryRead(percent=90.0), LinkRead(lqi=9)))
    assert night.faults() == [], "changed while it was cleaned"
    assert known(night).battery_percent == 90.0
    night.at("00:50", signal("wrist-ola", BatteryRead(percent=5.0)))
    assert night.faults() == [], "nobody depends on it now"


def test_a_bridge_heard_through_a_device_in_cleaning_is_not_gone() -> None:
    plan = watched()
    bridge = Bridge(BridgeId("zigbee"), "zigbee2mqtt", "z2m", expect_every=HOUR)
    night = Night(replace(plan, bridges={bridge.id: bridge}))
    night.at("00:10", cleaning(night))
    night.at("00:50", signal("wrist-ola", ALIVE)).at("01:40")
    assert night.faults() == []
    night.at("01:45", BridgeChanged(bridge.id, online=False)).at("01:50")
    assert night.faults() == ["bridge_lost"]
    night.at("01:55", signal("wrist-ola", ALIVE))
    assert night.faults() == [], "data win over a last will"


def test_signs_of_life_from_the_cleaning_room_are_gathered_as_all_others() -> None:
    night = Night(watched())
    night.at("00:10", cleaning(night))
    night.at("00:20", signal("wrist-ola", ALIVE))
    assert only_heard(night.state, signal("wrist-ola", ALIVE))
    assert not only_heard(night.state, press())

    night.at("00:50", DevicesHeard(((WRIST, night.clock("00:49")),), counted=1))
    night.at("01:30", cleaning(night, DeviceLife.ACTIVE)).at("01:48")
    assert night.faults() == []


@pytest.mark.parametrize("life", [DeviceLife.RETIRED, DeviceLife.CLEANING])
def test_a_device_that_never_spoke_has_nothing_to_forget(life: DeviceLife) -> None:
    plan = with_device(solvik(), "wrist-spare", life=life)
    night = Night(plan).at("01:00", PlanAdopted(replace(plan, version=2)))
    assert DeviceId("wrist-spare") not in night.state.devices


def test_a_retired_device_is_not_remembered() -> None:
    night = Night(with_device(solvik(), "wrist-spare", life=DeviceLife.RETIRED))
    night.at("01:00", signal("wrist-spare", ALIVE)).booked(Booked.TECHNICAL)
    assert DeviceId("wrist-spare") not in night.state.devices
