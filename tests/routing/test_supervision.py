"""Silence is not safety: what is not heard is told, once, and ends by itself."""

from dataclasses import replace
from datetime import timedelta

import pytest

from routing.effects import Booked, Move, Reason
from routing.events import (
    BridgeChanged,
    BrokerChanged,
    ClockStepped,
    Delivery,
    DevicesHeard,
    FaultMended,
    FaultNoticed,
    HandsetState,
    PlanAdopted,
    SignalQuarantined,
    SignalReceived,
    Started,
    StoreChanged,
    StoreState,
)
from routing.ids import BridgeId, DeviceId, SignalId
from routing.plan import CallType, DeviceClass, DeviceLife, Plan, Priority
from routing.readings import (
    Availability,
    AvailabilityChanged,
    BatteryRead,
    ButtonPressed,
    DeviceFault,
    DeviceHeard,
    HelpPressed,
    HelpTrigger,
    LinkRead,
    MotionSeen,
    Problem,
    ProblemKind,
    Reading,
    Sighted,
    Tampered,
    Trust,
)
from routing.state import State
from routing.step import next_deadline, step
from routing.supervision import only_heard
from tests.routing.night import (
    Night,
    backlog,
    close,
    motion,
    press,
    reports,
    sign_in,
    signal,
    solvik,
    with_device,
)

HOUR = timedelta(hours=1)
ALIVE = DeviceHeard()


def watched(*devices: str, every: timedelta = HOUR, plan: Plan | None = None) -> Plan:
    plan = plan or solvik()
    for device in devices or ("wrist-ola",):
        plan = with_device(plan, device, expect_every=every)
    return plan


def bridge_watched() -> Plan:
    plan = watched("wrist-ola", "bed-ola")
    bridge = replace(plan.bridges[BridgeId("zigbee")], expect_every=timedelta(minutes=10))
    return replace(plan, bridges={bridge.id: bridge})


# --- Devices ----------------------------------------------------------------------------------


def test_capability_19_a_silent_device_is_a_technical_call_within_its_limit() -> None:
    night = Night(watched())
    night.at("00:30", signal("wrist-ola", ALIVE))
    night.at("01:29:59").expects()
    night.at("01:30")
    assert night.faults() == ["device_silent"]
    assert night.call().type is CallType.TECHNICAL
    assert night.state.devices[DeviceId("wrist-ola")].silent
    night.at("05:00")
    assert night.faults() == ["device_silent"], "once"


def test_a_heartbeat_ends_it() -> None:
    night = Night(watched()).at("01:00:00")
    assert night.faults() == ["device_silent"]
    night.at("01:10", signal("wrist-ola", ALIVE)).noted(Move.CLOSED)
    assert night.call().because.reason is Reason.DEVICE_SILENT
    night.at("02:10")
    assert night.faults() == ["device_silent"]


def test_gathered_signs_of_life_end_it_too() -> None:
    night = Night(watched()).at("01:00")
    heard = ((DeviceId("wrist-ola"), night.clock("01:09")), (DeviceId("gone"), night.now))
    low = ((DeviceId("wrist-ola"), (BatteryRead(percent=5.0), LinkRead())),)
    night.at("01:10", DevicesHeard(heard, low, 2))
    assert night.faults() == ["battery_low"]
    assert night.state.devices[DeviceId("wrist-ola")].last_heard == night.clock("01:09")
    night.at("01:11", DevicesHeard(((DeviceId("wrist-ola"), night.clock("01:00")),)))
    assert night.state.devices[DeviceId("wrist-ola")].last_heard == night.clock("01:09")


def test_a_retained_message_is_no_sign_of_life() -> None:
    night = Night(watched())
    night.at("00:50", signal("wrist-ola", ALIVE, delivery=Delivery(retained=True)))
    night.at("01:00")
    assert night.faults() == ["device_silent"]


def test_a_device_without_a_limit_is_not_supervised() -> None:
    night = Night()
    assert next_deadline(night.at("23:00").state) is None


def test_a_device_taken_out_of_use_is_not_missed() -> None:
    night = Night(watched())
    night.at("00:10", PlanAdopted(with_device(watched(), "wrist-ola", life=DeviceLife.REPAIR)))
    night.at("05:00")
    assert night.faults() == []


def test_a_device_that_leaves_the_plan_takes_its_fault_along() -> None:
    night = Night(watched()).at("01:00")
    plan = solvik()
    devices = {one: device for one, device in plan.devices.items() if one != "wrist-ola"}
    night.at("01:10", PlanAdopted(replace(plan, devices=devices)))
    assert night.faults() == []
    assert DeviceId("wrist-ola") not in night.state.devices


@pytest.mark.parametrize("heard", [(), (signal("wrist-ola", ALIVE),)])
def test_a_device_that_leaves_the_plan_takes_its_own_faults_along_and_no_other(
    heard: tuple[SignalReceived, ...],
) -> None:
    night = Night().at("01:00", *heard)
    night.at("02:00", FaultNoticed("qos0", "", DeviceId("wrist-ola")))
    night.at("02:01", FaultNoticed("qos0", "", DeviceId("wrist-kari")))
    devices = {one: kept for one, kept in solvik().devices.items() if one != "wrist-ola"}

    night.at("02:10", PlanAdopted(replace(solvik(), version=2, devices=devices)))

    assert [call.device for call in night.open()] == ["wrist-kari"]


def test_a_new_device_is_watched_from_when_it_was_adopted() -> None:
    night = Night()
    night.at("03:00", PlanAdopted(watched()))
    night.at("03:59").expects()
    night.at("04:00")
    assert night.faults() == ["device_silent"]


def test_after_a_start_what_queued_up_comes_first() -> None:
    night = Night(watched())
    night.at("00:10", signal("wrist-ola", ALIVE))
    night.jump("03:00", Started(2, "test", "test", night.clock("03:00:08")))
    assert night.faults() == []
    night.at("03:00:30", signal("wrist-ola", ALIVE, delivery=backlog(night.clock("02:50"))))
    night.at("03:01").expects()
    night.at("03:50")
    assert night.faults() == ["device_silent"]


# --- Bridges and the broker -------------------------------------------------------------------


def test_a3_a_bridge_that_is_gone_is_one_call_and_its_devices_none() -> None:
    night = Night(watched("wrist-ola", "bed-ola", "pir-204"))
    night.at("00:30", BridgeChanged(BridgeId("zigbee"), online=False))
    assert night.faults() == ["bridge_lost"]
    night.at("00:31", BridgeChanged(BridgeId("zigbee"), online=False))
    night.at("04:00")
    assert night.faults() == ["bridge_lost"]
    night.at("04:01", BridgeChanged(BridgeId("zigbee"), online=True))
    assert night.faults() == []
    night.at("04:01:30").expects()
    night.at("04:02:00")
    assert night.faults() == ["device_silent"] * 3


def test_a4_data_win_over_a_last_will_that_nobody_took_back() -> None:
    night = Night().at("00:30", BridgeChanged(BridgeId("zigbee"), online=False))
    night.at("00:40", motion(on=True))
    assert night.faults() == []
    assert night.state.bridges[BridgeId("zigbee")].online


def test_a7_a_bridge_that_says_nothing_is_gone() -> None:
    night = Night(bridge_watched())
    night.at("00:05", signal("wrist-ola", ALIVE)).at("00:06", signal("bed-ola", ALIVE))
    night.at("00:15:59").expects()
    night.at("00:16")
    assert night.faults() == ["bridge_lost"]
    night.at("03:00")
    assert night.faults() == ["bridge_lost"]


def test_a5_after_the_broker_is_back_last_wills_storm_in_and_are_judged_later() -> None:
    night = Night(watched())
    night.at("00:30", BrokerChanged(up=False, since=night.clock("00:29")))
    assert (night.faults(), night.call().priority) == (["broker_lost"], Priority.URGENT)
    night.at("00:31", BrokerChanged(up=False))
    night.at("02:00").at("02:01", BrokerChanged(up=True))
    assert night.faults() == []
    night.at("02:01:01", BridgeChanged(BridgeId("zigbee"), online=False))
    assert night.faults() == []
    night.at("02:01:30").expects()
    night.at("02:02:01")
    assert night.faults() == ["bridge_lost"]


def test_a_will_that_was_taken_back_in_the_grace_is_no_call() -> None:
    night = Night().at("00:30", BrokerChanged(up=False)).at("00:31", BrokerChanged(up=True))
    night.at("00:31:01", BridgeChanged(BridgeId("zigbee"), online=False))
    night.at("00:31:10", BridgeChanged(BridgeId("zigbee"), online=True))
    night.at("00:40")
    assert night.faults() == []


def test_without_a_broker_nothing_else_is_missed() -> None:
    night = Night(watched()).at("00:30", BrokerChanged(up=False))
    night.at("00:40", BridgeChanged(BridgeId("zigbee"), online=False))
    night.at("04:00")
    assert night.faults() == ["broker_lost"]


# --- What a bridge says of a device -----------------------------------------------------------


def link(state: Availability, device: str = "wrist-ola") -> SignalReceived:
    return signal(device, AvailabilityChanged(state))


def test_a1_a_device_that_comes_and_goes_is_one_technical_call() -> None:
    night = Night().at("00:00:30", link(Availability.ONLINE))
    told = 0
    for minute in range(1, 61, 6):
        night.at(f"00:{minute}", link(Availability.OFFLINE))
        night.at(f"00:{minute + 3}", link(Availability.ONLINE))
        told = max(told, len(night.state.calls))
    assert told == 1
    night.at("02:00")
    assert night.faults() == []


def test_a_short_absence_is_nothing() -> None:
    night = Night().at("00:00:30", link(Availability.ONLINE))
    night.at("00:10", link(Availability.OFFLINE)).at("00:10:30", link(Availability.ONLINE))
    night.at("00:12")
    assert night.faults() == []


def test_offline_and_silent_is_one_call() -> None:
    night = Night(watched()).at("01:00")
    night.at("01:10", link(Availability.OFFLINE, "wrist-kari"))
    night.at("01:20")
    assert night.faults() == ["device_silent", "device_offline"]
    night.at("01:21", link(Availability.OFFLINE, "wrist-kari")).booked(Booked.TECHNICAL)


def test_the_absence_of_a_comfort_device_is_only_booked() -> None:
    night = Night(with_device(solvik(), "pir-204", device_class=DeviceClass.COMFORT))
    night.at("00:10", link(Availability.OFFLINE, "pir-204")).booked(Booked.TECHNICAL)
    night.at("01:00")
    assert night.faults() == []


# --- Batteries --------------------------------------------------------------------------------


def battery(device: str = "wrist-ola", **more: object) -> SignalReceived:
    return signal(device, BatteryRead(**more))  # type: ignore[arg-type]


def test_a_low_battery_is_for_the_day_list_and_ends_when_it_is_good() -> None:
    night = Night()
    night.at("02:00", battery(percent=14.0)).expects().booked(
        Booked.TECHNICAL, Reason.BATTERY_LOW
    )
    assert night.call().priority is Priority.ROUTINE
    night.at("02:10", battery(percent=14.0)).booked(Booked.TECHNICAL)
    night.at("02:20", battery(percent=20.0)).booked(Booked.UNCHANGED)
    night.at("02:30", battery(percent=90.0)).booked(Booked.TECHNICAL, Reason.FAULT_OVER)
    assert len(night.state.calls) == 1


def test_b1_an_unreliable_figure_is_no_fault() -> None:
    night = Night().at("02:00", battery(percent=0.0, trust=Trust.UNRELIABLE))
    night.booked(Booked.UNCHANGED)
    assert night.faults() == []


def test_b2_a_charging_device_is_not_low() -> None:
    night = Night().at("02:00", battery(percent=0.0, charging=True))
    assert night.faults() == []


def test_a_devices_own_word_on_its_battery_counts() -> None:
    night = Night().at("02:00", battery(low=True))
    assert night.faults() == ["battery_low"]
    night.at("02:10", battery(low=False))
    assert night.faults() == []


def test_b3_a_press_with_an_empty_battery_is_still_a_call() -> None:
    night = Night()
    both = signal("wrist-ola", HelpPressed(HelpTrigger.PRESS), BatteryRead(percent=0.0))
    night.at("02:00", both).booked(Booked.OPENED)
    assert night.rung() == ["anne", "per"]
    assert night.faults() == ["battery_low"]


# --- Nonsense, tampering, faults of the device ------------------------------------------------


def test_m8_part_of_an_alarm_devices_message_not_understood_is_a_technical_call() -> None:
    night = Night()
    odd = Problem(ProblemKind.UNKNOWN_CHANNEL, "ff 99")
    night.at("02:00", signal("wrist-ola", odd)).booked(
        Booked.TECHNICAL, Reason.ALARM_DEVICE_NOT_UNDERSTOOD
    )
    assert night.faults() == ["not_understood"]
    night.at("02:01", signal("wrist-ola", odd)).noted(Move.JOINED)
    night.at("02:02", signal("pir-204", odd)).booked(Booked.TECHNICAL, Reason.NOT_UNDERSTOOD)
    assert night.state.devices[DeviceId("pir-204")].problems == 1
    assert night.faults() == ["not_understood"]


def test_m9_an_unknown_word_of_an_alarm_device_is_help_and_a_problem() -> None:
    night = Night()
    message = signal(
        "wrist-ola",
        HelpPressed(HelpTrigger.UNKNOWN),
        Problem(ProblemKind.UNKNOWN_ENUM, "panik"),
    )
    night.at("02:00", message).booked(Booked.OPENED)
    assert night.faults() == ["not_understood"]


def test_m10_what_cannot_be_read_is_quarantined_and_told_where_it_may_be_a_cry() -> None:
    night = Night()

    def garbage(device: str | None) -> SignalQuarantined:
        name = None if device is None else DeviceId(device)
        return SignalQuarantined(SignalId("1-99"), "topic", "bad UTF-8", name)

    state, effects = step(night.state, garbage("wrist-ola"), night.clock("02:00"))
    assert [call.fault for call in state.calls.values()] == ["not_understood"]
    for device in ("pir-204", None, "stranger"):
        state, effects = step(night.state, garbage(device), night.clock("02:00"))
        assert state.calls == {}
        assert len(effects) == 1


def test_tampering_with_an_alarm_or_safety_device_is_told_until_it_is_over() -> None:
    night = Night().at("01:00", signal("wrist-ola", Tampered("strap", active=False)))
    night.at("02:00", signal("wrist-ola", Tampered("strap"))).booked(Booked.TECHNICAL)
    assert night.faults() == ["tampered:strap"]
    night.at("02:01", signal("wrist-ola", Tampered("strap"))).booked(Booked.TECHNICAL)
    assert len(night.state.calls) == 1
    night.at("02:02", signal("wrist-ola", Tampered("strap", active=False))).booked(
        Booked.TECHNICAL, Reason.FAULT_OVER
    )
    assert night.faults() == []


def test_a_devices_own_fault_is_told_unless_it_is_only_comfort() -> None:
    night = Night(with_device(solvik(), "pir-204", device_class=DeviceClass.COMFORT))
    night.at("02:00", signal("wrist-ola", DeviceFault("jam"))).booked(Booked.TECHNICAL)
    night.at("02:01", signal("pir-204", DeviceFault("jam"))).booked(Booked.TECHNICAL)
    night.at("02:02", signal("pir-204", Tampered("case")))
    assert [(call.fault, call.device) for call in night.open()] == [("fault:jam", "wrist-ola")]


# --- The hub's own faults ---------------------------------------------------------------------


def test_an_unwritable_journal_is_urgent_and_a_lost_spool_the_loudest() -> None:
    night = Night().at("02:00", StoreChanged(StoreState.UNRECORDED, "disk full"))
    assert (night.faults(), night.call().priority) == (["store_unrecorded"], Priority.URGENT)
    night.at("02:01", StoreChanged(StoreState.SPOOL_LOST))
    lost = night.call("1-2")
    assert (lost.priority, lost.ladder.id) == (Priority.EMERGENCY, "emergency")
    assert night.rung() == ["anne", "per", "omar", "lise"]
    night.at("02:02", StoreChanged(StoreState.UNRECORDED))
    assert night.faults() == ["store_unrecorded"]
    night.at("02:03", StoreChanged(StoreState.RECORDED))
    assert night.faults() == []


def test_a_jump_of_the_clock_is_told_and_closed_by_a_person() -> None:
    night = Night().at("02:00", ClockStepped(timedelta(hours=-1)))
    assert night.faults() == ["clock_stepped"]
    night.at("02:10", close("anne")).replied(Reason.CLOSED, ok=True)


def test_faults_that_the_shell_sees_join_and_end() -> None:
    night = Night()
    qos = FaultNoticed("qos0", "alarm device at QoS 0", DeviceId("wrist-ola"))
    night.at("02:00", qos).at("02:01", qos).noted(Move.JOINED)
    night.at("02:02", FaultMended("qos0", DeviceId("wrist-kari"))).expects()
    night.at("02:03", FaultMended("qos0", DeviceId("wrist-ola")))
    assert night.faults() == []


def test_a_fault_that_gets_worse_raises_its_call() -> None:
    night = Night().at("02:00", FaultNoticed("spool_lost", "odd"))
    night.at("02:01", StoreChanged(StoreState.SPOOL_LOST)).noted(Move.RAISED)
    assert night.call().priority is Priority.EMERGENCY


def test_no_ready_telephone_is_told_only_for_calls_of_people() -> None:
    night = Night(on_duty=()).at("02:00", FaultNoticed("qos0", ""))
    assert night.faults() == ["qos0"]


def test_no_ready_telephone_lasts_until_one_rings() -> None:
    night = Night(on_duty=()).at("02:00", press())
    night.at("02:00:10", sign_in("stud"))
    assert "no_ready_handset" in night.faults()
    night.at("02:00:20", sign_in("anne"))
    assert "no_ready_handset" in night.faults()
    night.at("02:00:21", reports("anne", HandsetState.READY))
    assert "no_ready_handset" not in night.faults()


# --- What is only heard -----------------------------------------------------------------------


def known(night: Night) -> State:
    return (
        night.at("01:00", motion(on=True))
        .at("01:01", signal("pir-204", Sighted("locator-hall")))
        .state
    )


@pytest.mark.parametrize(
    ("readings", "expected"),
    [
        ((), True),
        ((DeviceHeard(),), True),
        ((MotionSeen(active=True),), True),
        ((MotionSeen(active=False),), False),
        ((Sighted("locator-hall"), LinkRead(lqi=3)), True),
        ((Sighted("elsewhere"),), True),
        ((Tampered("case"),), False),
        ((BatteryRead(percent=80.0),), True),
        ((BatteryRead(volts=2.9),), True),
        ((BatteryRead(percent=12.0),), False),
        ((BatteryRead(low=True),), False),
        ((ButtonPressed("single"),), False),
        ((HelpPressed(HelpTrigger.LEVEL),), False),
        ((Problem(ProblemKind.SCHEMA),), False),
    ],
)
def test_only_what_says_nothing_new_is_only_heard(
    readings: tuple[Reading, ...], *, expected: bool
) -> None:
    assert only_heard(known(Night()), signal("pir-204", *readings)) is expected


def test_what_might_matter_is_never_only_heard() -> None:
    night = Night(watched())
    state = known(night)
    quiet = signal("pir-204", ALIVE)
    assert only_heard(state, quiet)
    for event in (
        signal("door-204", ALIVE),
        signal("stranger", ALIVE),
        replace(quiet, test=True),
        replace(quiet, delivery=Delivery(retained=True)),
        replace(quiet, delivery=Delivery(history=True)),
        replace(quiet, delivery=backlog(night.now)),
    ):
        assert not only_heard(state, event)
    gone = night.at("01:10", BridgeChanged(BridgeId("zigbee"), online=False)).state
    assert not only_heard(gone, quiet)
