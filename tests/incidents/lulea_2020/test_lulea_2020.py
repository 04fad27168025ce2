"""Luleå 2020 as a night of ours: see story.md."""

from routing.effects import Ring, Send
from routing.events import HandsetState
from routing.plan import Priority
from tests.routing.night import Night, press, reports

PRESSES = ("20:25", "20:29", "20:33", "20:41", "20:52", "21:03", "21:14", "21:25")


def test_eight_presses_that_nobody_answers_are_one_call_that_rises_and_never_ends() -> None:
    night = Night()
    reached: dict[str, None] = {}
    for at in PRESSES:
        night.at(at, press())
        assert any(isinstance(one, Ring | Send) for one in night.effects), at
        reached |= dict.fromkeys(night.rung())

    call = night.call()
    assert [one for one in night.open() if one.pressed] == [call], "one linked story"
    assert call.pressed == len(PRESSES)
    assert call.priority is Priority.URGENT
    assert {"anne", "per", "omar", "lise"} <= set(reached), "new receivers"
    sent = [one for one in night.all if isinstance(one, Send)]
    assert next(one.channel for one in sent if one.call == call.id) == "duty"

    night.at("25:25")
    assert night.call().ringing, "five hours later it still rings"


def test_a_system_that_reaches_nobody_says_so_before_the_first_press() -> None:
    night = Night(on_duty=("anne",), guard=True).at("19:00")

    night.at("19:10", reports("anne", HandsetState.GONE)).at("19:11")

    assert night.faults() == ["coverage_gap", "coverage_gap"]
    assert [one for one in night.all if isinstance(one, Send) and one.channel == "duty"]
