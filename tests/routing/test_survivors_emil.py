"""Repeated presses, copies and late words: what becomes of each, to the second."""

from datetime import timedelta

from routing.effects import Booked, Move, Reason
from routing.plan import Priority
from tests.routing.night import (
    Night,
    bed,
    decline,
    press,
    rule,
    solvik,
    take,
    with_rules,
    with_stay,
)

# --- Presses that are repeated ----------------------------------------------------------------


def test_the_third_press_raises_to_the_last_second_of_ten_minutes() -> None:
    inside = Night().at("02:00", press()).at("02:05", press()).at("02:10", press())
    assert inside.call().because.reason is Reason.THIRD_PRESS_UNANSWERED

    outside = Night().at("02:00", press()).at("02:05", press()).at("02:10:01", press())
    assert outside.call().because.reason is Reason.HELP_PRESSED


def test_the_story_of_a_call_holds_every_press_that_was_made() -> None:
    night = Night().at("02:00", press()).at("02:01", press()).at("02:02", press("cord-204"))

    assert night.call().signals == ("1-1", "1-2", "1-3")


def test_further_presses_raise_an_urgent_call_no_more_and_ring_whoever_rings() -> None:
    night = Night().at("02:00:00", press()).at("02:00:05", press()).at("02:00:10", press())
    night.at("02:00:15", decline("anne"))

    night.at("02:00:20", press()).noted(Move.PRESSED_AGAIN)

    assert night.rung() == ["per"], "who said no to the urgent call has heard it"


def test_no_number_of_presses_makes_an_emergency_less_urgent() -> None:
    plan = with_rules(rule("r1", priority=Priority.EMERGENCY))
    night = Night(plan).at("01:00", bed(occupied=True)).at("02:00", bed(occupied=False))

    for n in range(4):
        night.at(f"02:00:{10 + n}", press())

    assert night.call().pressed == 4
    assert night.call().priority is Priority.EMERGENCY


def test_a_second_press_hurries_nobody_a_third_does_though_it_is_urgent_already() -> None:
    night = Night().at("02:00:00", press("cord-204"))
    night.at("02:00:31", press("cord-204"))
    assert night.call().climbs_at == night.clock("02:01:30"), "the house has its minute"

    night.at("02:00:35", press("cord-204"))
    assert night.call().climbs_at == night.now + timedelta(seconds=30)


def test_practice_is_over_at_its_end_to_the_second() -> None:
    ends = Night().clock("02:00")
    night = Night(with_stay(solvik(), "ola", practice_until=ends))

    night.at("02:00", press()).booked(Booked.OPENED, Reason.HELP_PRESSED)

    assert not night.call().practice


def test_the_device_that_called_first_is_told_that_somebody_comes() -> None:
    night = Night().at("02:00", press()).at("02:00:10", press("cord-204"))

    night.at("02:00:20", take("anne")).expects(
        "still 1-1 per taken_by_another", "answer wrist-ola coming"
    )
