"""Near the end or with family present the tone is quiet, never where it must be heard."""

from dataclasses import replace
from datetime import timedelta

import pytest

from routing.cards import quiet, rings_on
from routing.defaults import POLICIES
from routing.ids import LadderId, StaffId
from routing.plan import CallType, Ladder, Plan, Priority, Profile, Rung, Target, TargetKind
from tests.routing.night import (
    Night,
    arrive,
    ask,
    left,
    press,
    solvik,
    take,
    telephone,
    with_stay,
)


def near_the_end(profile: Profile = Profile.END_OF_LIFE) -> Plan:
    return with_stay(solvik(), "ola", profile=profile)


def is_quiet(night: Night, call: str = "1-1") -> bool:
    return quiet(night.state, night.call(call))


@pytest.mark.parametrize("profile", list(Profile))
def test_only_the_end_of_life_and_family_make_a_press_quiet(profile: Profile) -> None:
    night = Night(near_the_end(profile)).at("02:00", press())
    softened = profile in (Profile.END_OF_LIFE, Profile.FAMILY_PRESENT)
    assert is_quiet(night) is softened


def test_a_quiet_call_rings_whom_a_loud_one_rings_and_climbs_as_soon() -> None:
    loud, soft = Night(), Night(near_the_end())
    for clock in ("02:00", "02:01", "02:02", "02:03", "02:05", "02:09"):
        events = (press(),) if clock == "02:00" else ()
        loud.at(clock, *events)
        soft.at(clock, *events)
        assert soft.rung() == loud.rung()
        assert soft.call().ringing.keys() == loud.call().ringing.keys()
    assert rings_on(soft.state, telephone("anne")) == ("1-1",)


def test_after_the_first_step_it_is_quiet_no_more() -> None:
    night = Night(near_the_end()).at("02:00", press()).at("02:00:59")
    assert is_quiet(night)
    assert not is_quiet(night.at("02:01:01"))


def test_the_third_press_is_not_quiet_however_slowly_they_came() -> None:
    fast = Night(near_the_end()).at("02:00", press()).at("02:00:10", press())
    assert is_quiet(fast)
    assert not is_quiet(fast.at("02:00:20", press()))
    slow = replace(fast.call(), priority=Priority.IMPORTANT)
    assert slow.pressed == 3
    assert not quiet(fast.state, slow)


def test_what_was_taken_and_came_back_is_not_quiet() -> None:
    night = Night(near_the_end()).at("02:00", press()).at("02:00:10", take("anne"))
    assert is_quiet(night)
    night.at("02:00:20", arrive("anne")).at("02:00:40", left("anne"))
    assert night.call().ringing
    assert not is_quiet(night)


def test_a_ladder_that_is_only_a_failsafe_is_quiet_until_it_rings_again() -> None:
    everybody = Rung((Target(TargetKind.HOUSE),), timedelta(seconds=60))
    alone = Ladder(LadderId("alone"), (), everybody)
    policy = replace(POLICIES[CallType.PATIENT], ladder=alone.id)
    plan = replace(
        near_the_end(), ladders={alone.id: alone}, policies={CallType.PATIENT: policy}
    )
    night = Night(plan).at("02:00", press()).at("02:05")
    assert night.call().rung == 0
    assert not is_quiet(night)


@pytest.mark.parametrize("priority", list(Priority))
def test_nothing_urgent_is_quiet(priority: Priority) -> None:
    policy = replace(POLICIES[CallType.PATIENT], priority=priority)
    plan = replace(near_the_end(), policies={CallType.PATIENT: policy})
    night = Night(plan).at("02:00", press())
    assert is_quiet(night) is (priority > Priority.URGENT)


@pytest.mark.parametrize(
    ("kind", "softened"),
    [
        (CallType.PATIENT, True),
        (CallType.EMERGENCY, False),
        (CallType.ASSIST, False),
        (CallType.TECHNICAL, False),
    ],
)
def test_staff_in_need_and_faults_keep_their_sound(kind: CallType, *, softened: bool) -> None:
    night = Night(near_the_end()).at("02:00", press())
    call = replace(night.call(), type=kind)
    assert quiet(night.state, call) is softened


def test_where_it_is_not_certain_whose_call_it_is_nothing_is_quiet() -> None:
    plan = with_stay(solvik(), "nils", profile=Profile.END_OF_LIFE)
    night = Night(plan).at("02:00", press("cord-301"))
    assert (night.call().patient, night.call().priority) == (None, Priority.IMPORTANT)
    assert not is_quiet(night)


def test_an_emergency_from_a_telephone_beside_the_dying_is_loud() -> None:
    night = Night(near_the_end()).at("02:00", ask("anne", emergency=True, room="204"))
    assert night.call().asked_by == StaffId("anne")
    assert not is_quiet(night)
