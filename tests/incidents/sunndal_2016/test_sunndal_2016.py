"""Sunndal 2016 as a night of ours: see story.md."""

from routing.calls import CallState
from routing.effects import Ring, Send
from tests.routing.night import Night, press, take

PRESSES = ("00:15", "02:10", "04:05", "06:10")


def test_four_presses_over_a_night_are_one_call_and_each_is_heard_anew() -> None:
    night = Night()
    for at in PRESSES:
        night.at(at, press())
        assert [one for one in night.effects if isinstance(one, Ring)], at

    assert night.call().pressed == len(PRESSES)
    assert night.call().state is CallState.RINGING
    assert [one.channel for one in night.all if isinstance(one, Send)]


def test_taken_by_somebody_who_never_came_it_opens_again_within_minutes() -> None:
    night = Night().at("00:15", press()).at("00:16", take("anne"))

    night.at("00:22")

    assert night.call().state is CallState.RINGING
    assert night.call().reopened == 1
