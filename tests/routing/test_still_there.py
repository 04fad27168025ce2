"""Who is with a patient and forgot to close is asked once; then the call opens again."""

from dataclasses import replace
from datetime import timedelta

from routing.calls import CallState
from routing.defaults import POLICIES
from routing.effects import Move, Reason, Show
from routing.plan import CallType, Plan, Profile
from tests.routing.night import (
    Night,
    arrive,
    close,
    left,
    motion,
    press,
    solvik,
    take,
    with_stay,
)


def short() -> Plan:
    policy = replace(POLICIES[CallType.PATIENT], present_within=timedelta(minutes=20))
    return replace(solvik(), policies={CallType.PATIENT: policy})


def with_ola(plan: Plan | None = None) -> Night:
    night = Night(plan or short()).at("02:00", press()).at("02:00:10", take("anne"))
    return night.at("02:01", arrive("anne"))


def test_who_is_there_long_is_asked_whether_it_is_done() -> None:
    night = with_ola().at("02:20:59").noted()

    night.at("02:21").noted(Move.REMINDED).expects()

    assert any(isinstance(one, Show) for one in night.effects)
    assert night.call().state is CallState.PRESENT


def test_a_call_that_nobody_closed_opens_again_and_rings_also_who_forgot() -> None:
    night = with_ola().at("02:21").at("02:26")

    assert night.call().state is CallState.RINGING
    assert sorted(night.rung()) == ["anne", "per"]
    assert night.call().reopened == 1
    note = next(one for one in night.effects if getattr(one, "move", None) is Move.LEFT)
    assert note.because.reason is Reason.FORGOT_TO_CLOSE


def test_saying_still_there_waits_the_same_time_again() -> None:
    night = with_ola().at("02:21").at("02:22", arrive("anne"))
    assert night.effects, "the question goes from the card"

    night.at("02:41:59").noted()
    night.at("02:42").noted(Move.REMINDED)


def test_arriving_twice_before_the_question_changes_nothing() -> None:
    night = with_ola().at("02:05", arrive("anne"))

    night.at("02:21").noted(Move.REMINDED)


def test_closing_or_leaving_ends_the_question() -> None:
    with_ola().at("02:21").at("02:22", close("anne")).at("03:30").noted()
    night = with_ola().at("02:21").at("02:22", left("anne")).at("02:22:10", take("anne"))
    night.at("02:23", arrive("anne")).at("02:42:59").noted()


def test_a_second_person_who_comes_is_not_asked_at_once() -> None:
    night = with_ola().at("02:15", arrive("per"))

    night.at("02:34:59").noted()
    night.at("02:35").noted(Move.REMINDED)


def test_a_house_without_the_limit_asks_nobody() -> None:
    policy = replace(POLICIES[CallType.PATIENT], present_within=None)
    night = with_ola(replace(solvik(), policies={CallType.PATIENT: policy}))

    night.at("12:00").noted()


def test_a10_movement_without_a_pause_for_a_day_is_a_sensor_that_hangs() -> None:
    night = Night().at("01:00", motion(on=True)).at("24:59")
    assert night.faults() == []

    night.at("25:00")
    assert night.faults() == ["sensor_stuck"]
    assert night.open()[0].because.reason is Reason.SENSOR_STUCK
    night.at("26:00", press())  # an ordinary call changes nothing of it

    night.at("30:00", motion(on=False)).at("30:01")
    assert night.faults() == []


def test_a_sensor_that_hangs_is_told_once() -> None:
    night = Night().at("01:00", motion(on=True)).at("26:00")

    night.at("27:00", motion(on=True, device="radar-204")).at("52:00")

    assert night.faults() == ["sensor_stuck", "sensor_stuck"]


def test_a10_no_movement_for_three_days_where_somebody_lives_is_a_blind_sensor() -> None:
    night = Night().at("01:00", motion(on=True)).at("02:00", motion(on=False))
    night.at("60:00", motion(on=False)).at("73:59")
    assert night.faults() == []

    night.at("74:00")
    assert night.faults() == ["sensor_stuck"]

    night.at("75:00", motion(on=True)).at("75:01")
    assert night.faults() == []


def test_a10_a_room_whose_patient_is_out_or_has_left_may_be_still() -> None:
    for plan in (
        with_stay(solvik(), "ola", profile=Profile.OUT),
        replace(solvik(), stays=()),
    ):
        night = Night(plan).at("01:00", motion(on=True)).at("02:00", motion(on=False))
        night.at("80:00")
        assert "sensor_stuck" not in night.faults()


def test_movement_that_pauses_is_not_one_that_hangs() -> None:
    night = Night().at("01:00", motion(on=True)).at("20:00", motion(on=False))

    night.at("21:00", motion(on=True)).at("26:00")

    assert night.faults() == []
