"""A sensor that moves without end, or is still where somebody lives, is told (DEVICES A10)."""

from dataclasses import replace
from datetime import datetime

import pytest

from routing.events import PlanAdopted
from routing.plan import Plan, Profile
from tests.routing.night import LONG_AGO, Night, motion, solvik, with_stay


def moved_in(plan: Plan, since: datetime) -> PlanAdopted:
    return PlanAdopted(with_stay(replace(plan, version=2), "ola", since=since))


def still(plan: Plan | None = None) -> Night:
    """Nothing moves in Ola's room after 02:00."""
    night = Night(plan or solvik())
    return night.at("01:00", motion(on=True)).at("02:00", motion(on=False))


def held(night: Night, *, since: datetime = LONG_AGO, until: datetime | None = None) -> Plan:
    """Return the plan with other times of the sensor in Ola's room."""
    plan = night.state.plan
    return replace(
        plan,
        version=2,
        assignments=tuple(
            replace(one, since=since, until=until) if one.device == "pir-204" else one
            for one in plan.assignments
        ),
    )


def test_the_fault_of_a_still_sensor_ends_when_the_patient_is_out() -> None:
    night = still().at("74:00")
    assert night.faults() == ["sensor_stuck"]

    out = with_stay(replace(night.state.plan, version=2), "ola", profile=Profile.OUT)
    night.at("75:00", PlanAdopted(out)).at("75:00:01")

    assert night.faults() == []


def test_a_sensor_that_was_blind_before_the_patient_moved_in_is_told_three_days_after() -> None:
    night = still(replace(solvik(), stays=()))
    night.at("30:00", moved_in(solvik(), night.clock("30:00")))

    assert night.at("101:59").faults() == []
    assert night.at("102:00").faults() == ["sensor_stuck"]


def test_a_still_sensor_counts_from_when_it_came_to_the_room() -> None:
    night = still()
    night.at("30:00", PlanAdopted(held(night, since=night.clock("30:00"))))

    assert night.at("101:59").faults() == []
    assert night.at("102:00").faults() == ["sensor_stuck"]


@pytest.mark.parametrize(("until", "told"), [("74:00", []), ("74:00:01", ["sensor_stuck"])])
def test_a_sensor_is_still_where_it_stands_until_it_is_taken_away(
    until: str, told: list[str]
) -> None:
    night = still()
    night.at("30:00", PlanAdopted(held(night, until=night.clock(until))))

    assert night.at("74:00").faults() == told


def test_movement_without_end_is_a_fault_in_an_empty_room_too() -> None:
    night = Night(replace(solvik(), stays=())).at("01:00", motion(on=True))

    assert "sensor_stuck" in night.at("25:00").faults()
