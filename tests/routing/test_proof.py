"""The proof press: the real alarm, when asked for, proves the device and rings nobody."""

from dataclasses import replace
from datetime import timedelta

import pytest

from routing.effects import Booked, Reason
from routing.events import Delivery, PlanAdopted, ProofAsked
from routing.ids import DeviceId
from routing.plan import DeviceLife
from routing.readings import DeviceClass, HelpTrigger
from tests.routing.night import Night, bed, press, solvik, with_device

WRIST = DeviceId("wrist-ola")


def tried(life: DeviceLife = DeviceLife.ACTIVE) -> Night:
    """A night in which a technician stands by Ola's wrist alarm at 14:00."""
    night = Night(plan=with_device(solvik(), WRIST, life=life))
    return night.at("02:14", ProofAsked(WRIST, night.clock("02:16")))


@pytest.mark.parametrize("life", [DeviceLife.ACTIVE, DeviceLife.PROPOSED, DeviceLife.CLEANING])
def test_the_real_alarm_in_the_window_is_practice_and_rings_nobody(life: DeviceLife) -> None:
    night = tried(life).at("02:15", press(source="action")).expects()
    night.booked(Booked.PRACTICE, Reason.PROVEN)
    night.at("02:15:01", press(source="state")).expects().booked(Booked.DUPLICATE)
    assert night.open() == []
    assert night.state.proofs == {}


def test_the_next_press_rings_as_usual() -> None:
    night = tried().at("02:15", press())
    night.at("02:15:10", press()).booked(Booked.OPENED, Reason.HELP_PRESSED)


def test_anybody_else_rings_in_the_meantime() -> None:
    tried().at("02:15", press("wrist-kari")).booked(Booked.OPENED)


def test_after_the_window_a_press_is_a_press() -> None:
    tried().at("02:16:01", press()).booked(Booked.OPENED, Reason.HELP_PRESSED)


@pytest.mark.parametrize(
    "sent", [Delivery(retained=True), Delivery(history=True)], ids=["retained", "history"]
)
def test_memory_proves_nothing(sent: Delivery) -> None:
    night = tried().at("02:15", press(delivery=sent))
    assert night.state.proofs == {WRIST: night.clock("02:16")}


def test_a_message_in_test_mode_proves_nothing() -> None:
    night = tried(DeviceLife.PROPOSED).at("02:15", press(test=True))
    assert night.state.proofs == {WRIST: night.clock("02:16")}


def test_a_backlog_proves_nothing_and_rings() -> None:
    night = tried()
    late = Delivery(backlog_since=night.clock("02:10"))
    night.at("02:15", press(delivery=late)).booked(Booked.OPENED, Reason.LATE)


def test_a_level_that_proved_itself_is_not_a_new_call_when_repeated() -> None:
    night = tried(DeviceLife.PROPOSED).at("02:15", press(trigger=HelpTrigger.LEVEL))
    plan = with_device(night.state.plan, WRIST, life=DeviceLife.ACTIVE)
    again = Night(plan=plan)
    assert again.open() == []
    night.at("02:20", press(trigger=HelpTrigger.LEVEL))
    assert all(call.pressed == 0 for call in night.open())


def test_a_bed_proves_itself_by_being_left() -> None:
    night = Night()
    device = DeviceId("bed-ola")
    assert night.state.plan.devices[device].device_class is DeviceClass.SAFETY
    night.at("02:14", ProofAsked(device, night.clock("02:16")))
    night.at("02:15", bed(occupied=False)).booked(Booked.PRACTICE, Reason.PROVEN)


def test_a_window_is_never_longer_than_two_minutes_and_is_forgotten() -> None:
    night = Night()
    night.at("02:14", ProofAsked(WRIST, night.clock("03:14")))
    assert night.state.proofs == {WRIST: night.clock("02:16")}
    unknown = ProofAsked(DeviceId("nothing"), night.clock("02:14") + timedelta(hours=1))
    night.at("02:20", unknown)
    assert night.state.proofs == {}


def test_asked_once_more_when_it_has_left_the_plan_a_device_has_no_window() -> None:
    night = tried()
    others = {one: kept for one, kept in solvik().devices.items() if one != WRIST}
    night.at("02:14:30", PlanAdopted(replace(solvik(), version=2, devices=others)))
    night.at("02:15", ProofAsked(WRIST, night.clock("02:17")))
    assert night.state.proofs == {}
