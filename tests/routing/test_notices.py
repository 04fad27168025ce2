"""Each time a channel is asked has a number of its own: the outbox sends a number once."""

from dataclasses import replace
from datetime import timedelta

from routing.effects import Send
from routing.ids import LadderId
from routing.plan import CallType, Ladder, Plan, Rung, Target, TargetKind
from tests.routing.night import Night, arrive, left, press, solvik, take

DUTY = Target(TargetKind.CHANNEL, "duty")
BOARD = Target(TargetKind.CHANNEL, "board")


def sent(night: Night) -> list[tuple[str, str, int]]:
    sends = [one for one in night.all if isinstance(one, Send)]
    return [(one.call, one.channel, one.round) for one in sends]


def by_channel(*targets: Target) -> Plan:
    """The first step of a patient's call is a channel: a small house at night."""
    minute = timedelta(minutes=1)
    ladder = Ladder(
        LadderId("patient"),
        (Rung(targets, minute), Rung((Target(TargetKind.UNIT),), minute)),
        failsafe=Rung((Target(TargetKind.HOUSE), *targets), minute),
    )
    return replace(solvik(), ladders={ladder.id: ladder})


def test_the_failsafe_of_a_call_that_was_made_more_serious_is_sent_anew() -> None:
    night = Night().at("02:00", press()).at("02:10")
    before = sent(night)
    assert len(before) > 1, "the duty manager was told several times"

    night.at("02:10:30", press("cord-204")).at("02:20")

    assert night.call().type is CallType.BATHROOM
    assert len(sent(night)) > len(before)
    assert len(set(sent(night))) == len(sent(night)), "none would be taken for an older one"


def test_a_step_by_channel_is_sent_anew_when_the_call_comes_back() -> None:
    night = Night(by_channel(DUTY)).at("02:00", press())
    assert sent(night) == [("1-1", "duty", 1)]

    night.at("02:00:20", take("anne")).at("02:01", arrive("anne")).at("02:02", left("anne"))

    assert sent(night) == [("1-1", "duty", 1), ("1-1", "duty", 2)]


def test_several_channels_of_a_step_share_its_number() -> None:
    night = Night(by_channel(DUTY, BOARD, DUTY)).at("02:00", press())

    assert sent(night) == [("1-1", "duty", 1), ("1-1", "board", 1)]


def test_steps_that_are_caught_up_with_at_once_ask_a_channel_once() -> None:
    night = Night(by_channel(DUTY)).at("02:00", press()).jump("02:30")

    assert sent(night) == [("1-1", "duty", 1), ("1-1", "duty", 2)]


def test_a_call_of_an_earlier_version_goes_on_counting_from_its_rounds() -> None:
    night = Night().at("02:00", press()).at("02:10")
    uncounted = replace(night.call(), notices=0)
    night.state = replace(night.state, calls={**night.state.calls, uncounted.id: uncounted})

    night.at("02:20")

    assert len(set(sent(night))) == len(sent(night))
