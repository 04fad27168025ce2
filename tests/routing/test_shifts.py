"""Planned shifts: nobody came is a fault, and the old shift stays responsible."""

from dataclasses import replace
from datetime import time, timedelta

from routing.effects import Reason
from routing.events import HandsetState
from routing.ids import StaffId, UnitId
from routing.plan import Plan, Shift, Window
from routing.shifts import last_of_a_unit
from tests.routing.night import Night, press, reports, sign_in, sign_out, solvik

# 22:00 in Oslo is 21:00 UTC in November.
NIGHT_SHIFT = Shift("night", Window(time(22), time(7)))


def with_shift(*shifts: Shift) -> Plan:
    return replace(solvik(), shifts=shifts)


def test_capability_10_a_missed_change_over_is_a_fault_and_the_old_shift_stays() -> None:
    night = Night(with_shift(NIGHT_SHIFT), on_duty=("anne", "omar")).at("21:14:59")
    assert night.faults() == []

    night.at("21:15:01")
    assert night.faults() == ["shift_not_changed", "shift_not_changed"]
    told = night.open()[0]
    assert told.because.reason is Reason.SHIFT_NOT_CHANGED
    assert dict(told.because.facts)["shift"] == "night"

    night.at("22:00", press())
    assert night.rung() == ["anne"], "the old shift is still responsible"


def test_the_fault_closes_by_itself_when_somebody_of_the_new_shift_signs_in() -> None:
    night = Night(with_shift(NIGHT_SHIFT), on_duty=("anne", "omar")).at("21:20")

    night.at("21:25", press())
    night.at("21:30", sign_in("per"), reports("per", HandsetState.READY)).at("21:31")

    assert night.faults() == ["shift_not_changed"]


def test_who_came_up_to_an_hour_before_belongs_to_the_new_shift() -> None:
    night = Night(with_shift(NIGHT_SHIFT), on_duty=("anne", "omar"))
    night.at("19:59", sign_in("lise")).at("20:01", sign_in("per")).at("21:20")

    assert [call.unit for call in night.open()] == ["b"]


def test_signing_in_again_is_staying_on_for_the_new_shift() -> None:
    night = Night(with_shift(NIGHT_SHIFT), on_duty=("anne", "omar"))

    night.at("21:05", sign_in("anne"), sign_in("omar")).at("21:20")

    assert night.faults() == []


def test_a_shift_of_one_unit_asks_for_that_unit() -> None:
    only = replace(NIGHT_SHIFT, units=(UnitId("b"),), grace=timedelta(minutes=5))
    night = Night(with_shift(only), on_duty=("anne", "omar")).at("21:05:01")

    assert [call.unit for call in night.open()] == ["b"]


def test_a_fault_is_told_once_and_is_over_with_the_shift() -> None:
    night = Night(with_shift(NIGHT_SHIFT), on_duty=("anne", "omar")).at("21:20")
    night.at("21:30", sign_out("omar")).at("21:40")
    assert night.faults().count("shift_not_changed") == 2

    night.at("30:10", sign_in("anne")).at("30:12")

    assert "shift_not_changed" not in night.faults()


def test_of_two_shifts_the_next_to_begin_is_waited_for() -> None:
    day = Shift("day", Window(time(7), time(22)))
    night = Night(with_shift(NIGHT_SHIFT, day), on_duty=("anne", "omar"))
    night.at("05:00", sign_in("anne"), sign_in("omar"))

    night.at("06:16")
    assert night.faults() == []

    night.at("21:16")
    assert night.faults() == ["shift_not_changed", "shift_not_changed"]


def test_a_shift_without_weekdays_never_begins() -> None:
    never = Shift("never", Window(time(22), time(7), ()))
    night = Night(with_shift(never), on_duty=("anne", "omar")).at("23:59")

    assert night.faults() == []


def test_the_last_one_of_a_unit_is_not_signed_out_by_the_clock() -> None:
    night = Night(on_duty=("anne", "omar", "stud"))

    assert last_of_a_unit(night.state, StaffId("anne")), "a student carries no unit"
    assert last_of_a_unit(night.state, StaffId("omar"))
    assert not last_of_a_unit(night.state, StaffId("stud"))
    night.at("02:00", sign_in("per"))
    assert not last_of_a_unit(night.state, StaffId("anne"))
