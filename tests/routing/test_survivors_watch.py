"""Found by mutation: redeliveries, and what is looked at when nobody says anything."""

from dataclasses import replace
from datetime import time, timedelta

import pytest

from routing.coverage import Missing, coverage
from routing.effects import Booked, Move, Note, Reason
from routing.events import BridgeChanged, Delivery, ProofAsked
from routing.ids import BridgeId, DeviceId
from routing.levels import KINDS_KEPT
from routing.plan import CallType, Plan, Rung, Shift, Target, TargetKind, Window
from routing.readings import (
    Availability,
    AvailabilityChanged,
    BedChanged,
    DeviceHeard,
    DeviceTime,
    TimeQuality,
)
from tests.routing.night import (
    Night,
    backlog,
    motion,
    press,
    signal,
    solvik,
    with_device,
    with_stay,
)
from tests.routing.test_escalation import rung, with_ladder

ZIGBEE = BridgeId("zigbee")


def watched(**every: timedelta) -> Plan:
    """Expect these devices (`_` for `-`) to be heard this often."""
    plan = solvik()
    for device, often in every.items():
        plan = with_device(plan, device.replace("_", "-"), expect_every=often)
    return plan


# --- Presses: redelivered, late, proof --------------------------------------------------------


def test_a_press_with_the_number_of_another_packet_rings_unless_the_broker_says_again() -> None:
    night = Night()
    since = night.clock("02:00:30")
    night.at("02:01", press(key="k", delivery=Delivery(packet=7)))

    equal = Delivery(packet=7, dup=False, backlog_since=since)
    night.at("02:02", press(key="k", delivery=equal)).booked(Booked.JOINED)

    assert night.call().pressed == 2
    assert night.rung()


def test_a_frame_that_counts_is_known_again_whatever_its_packet_is_called() -> None:
    night = Night()
    since = night.clock("02:00:30")
    window = timedelta(minutes=10)
    first = press(key="frame 41", key_window=window, delivery=Delivery(packet=7))
    night.at("02:01", first)

    again = Delivery(packet=9, dup=False, backlog_since=since)
    night.at("02:02", press(key="frame 41", key_window=window, delivery=again))

    night.booked(Booked.DUPLICATE)
    assert night.call().pressed == 1


def test_a_queued_press_that_the_device_dates_now_happened_now() -> None:
    night = Night()
    told = DeviceTime(night.clock("02:14"), TimeQuality.DEVICE)

    night.at("02:14", press(delivery=backlog(night.clock("01:00")), device_time=told))

    assert night.call().late
    assert night.call().happened_since == night.clock("02:14")


def test_asking_for_another_proof_ends_none_before_its_last_moment() -> None:
    night = Night()
    night.at("02:14", ProofAsked(DeviceId("wrist-ola"), night.clock("02:16")))

    night.at("02:16", ProofAsked(DeviceId("wrist-kari"), night.clock("02:18")))

    night.at("02:16", press()).booked(Booked.PRACTICE, Reason.PROVEN)


def test_a_device_of_many_zones_goes_on_telling_of_those_that_are_known() -> None:
    zones = [BedChanged(occupied=False, zone=f"z{n}") for n in range(KINDS_KEPT)]
    night = Night().at("02:00", signal("bed-ola", *zones))

    night.at("02:01", signal("bed-ola", BedChanged(occupied=True, zone="z0")))

    levels = night.state.devices[DeviceId("bed-ola")].levels
    assert levels["bed:z0"].value == "occupied"
    assert len(levels) == KINDS_KEPT


# --- Supervision ------------------------------------------------------------------------------


def test_a_bridge_that_has_never_spoken_is_told_after_its_limit() -> None:
    plan = solvik()
    bridge = replace(plan.bridges[ZIGBEE], expect_every=timedelta(minutes=10))
    night = Night(replace(plan, bridges={ZIGBEE: bridge})).at("00:10:59")
    assert night.faults() == []

    # Counted from when the hub first looked: a minute after its start.
    assert night.at("00:11:01").faults() == ["bridge_lost"]
    assert night.state.bridges[ZIGBEE].since == night.clock("00:11")


def test_movement_without_end_is_told_also_when_the_hub_looked_in_between() -> None:
    night = Night().at("02:00", motion(on=False)).at("02:01", motion(on=True))
    night.at("03:00", BridgeChanged(ZIGBEE, online=True)).at("04:00")

    assert night.at("26:00:59").faults() == []
    assert night.at("26:01:01").faults() == ["sensor_stuck"]


def test_a_silent_device_that_is_also_called_offline_is_one_fault() -> None:
    night = Night(watched(wrist_ola=timedelta(seconds=30)))
    night.at("00:00:10", signal("wrist-ola", AvailabilityChanged(Availability.OFFLINE)))

    assert night.at("00:05").faults() == ["device_silent"]


def test_an_offline_device_is_told_also_when_the_hub_looked_in_between() -> None:
    night = Night(watched(pir_204=timedelta(minutes=10)))
    night.at("00:09:30", signal("wrist-ola", AvailabilityChanged(Availability.OFFLINE)))

    assert night.at("00:10:01").faults() == ["device_silent"]
    assert night.at("00:10:31").faults() == ["device_silent", "device_offline"]


def test_a_device_that_is_steadily_back_is_told_no_more() -> None:
    night = Night().at("02:00", signal("wrist-ola", AvailabilityChanged(Availability.OFFLINE)))
    assert night.at("02:05").faults() == ["device_offline"]
    night.at("02:05", signal("wrist-ola", AvailabilityChanged(Availability.ONLINE)))

    assert night.at("02:14:59").faults() == ["device_offline"]
    assert night.at("02:15:01").faults() == []


def test_a_silence_that_is_known_is_not_told_again_at_every_look() -> None:
    minute = timedelta(minutes=1)
    night = Night(watched(wrist_ola=10 * minute, pir_204=20 * minute))

    night.at("00:25")

    assert night.faults() == ["device_silent", "device_silent"]
    assert not [one for one in night.all if isinstance(one, Note) and one.move is Move.JOINED]


def test_when_one_device_shows_that_the_bridge_is_back_the_others_get_a_minute() -> None:
    night = Night(watched(pir_204=timedelta(minutes=10)))
    night.at("00:05", signal("pir-204", DeviceHeard()))
    night.at("00:06", BridgeChanged(ZIGBEE, online=False))

    night.at("00:30", signal("wrist-ola", DeviceHeard()))

    assert night.at("00:30:59").faults() == []
    assert night.at("00:31:01").faults() == ["device_silent"]


# --- Coverage and shifts ----------------------------------------------------------------------


def test_a_failsafe_that_is_only_the_duty_telephone_is_an_end() -> None:
    duty = Rung((Target(TargetKind.CHANNEL, "duty"),), timedelta(seconds=60))
    night = Night(with_ladder(rung(60, TargetKind.UNIT), failsafe=duty))

    gaps = coverage(night.state, night.now).gaps

    assert not [one for one in gaps if one.missing is Missing.FAILSAFE]
    assert not [one for one in gaps if one.call_type is CallType.PATIENT]


def test_coverage_is_looked_at_when_the_first_of_the_stays_ends() -> None:
    plan = with_stay(solvik(), "ola", until=Night().clock("05:00"))
    plan = with_stay(plan, "kari", until=Night().clock("04:00"))

    night = Night(plan, guard=True).at("01:00")

    assert night.state.cover_at == night.clock("04:00")


DAY = Shift("day", Window(time(7), time(15)))
NIGHT = Shift("night", Window(time(22), time(7)))


@pytest.mark.parametrize("shifts", [(NIGHT, DAY), (DAY, NIGHT)])
def test_the_next_shift_is_looked_at_first_in_whichever_order_they_are_planned(
    shifts: tuple[Shift, ...],
) -> None:
    # 07:00 in Oslo is 06:00 UTC; a quarter of an hour of grace.
    night = Night(replace(solvik(), shifts=shifts)).at("06:14:59")
    assert night.faults() == []

    assert night.at("06:15:01").faults() == ["shift_not_changed", "shift_not_changed"]


def test_a_shift_of_no_weekday_never_begins_and_hides_no_other() -> None:
    never = Shift("never", Window(time(7), time(15), weekdays=()))
    night = Night(replace(solvik(), shifts=(NIGHT, DAY, never)))

    assert night.at("06:15:01").faults() == ["shift_not_changed", "shift_not_changed"]
