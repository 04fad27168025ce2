"""What the patient's device shows: «received», «somebody comes», and never that for nobody."""

import pytest

from routing.effects import Answer
from routing.events import Event
from tests.routing.night import Night, arrive, decline, left, press, sign_out, take, undo


def told(night: Night) -> list[str]:
    return [one.kind for one in night.all if isinstance(one, Answer)]


def test_who_takes_it_is_shown_as_coming() -> None:
    night = Night().at("02:00", press()).at("02:00:10", take("anne"))

    assert told(night) == ["received", "coming"]


@pytest.mark.parametrize("back", [undo("anne"), decline("anne"), sign_out("anne")])
def test_when_the_call_comes_back_nobody_is_shown_as_coming(back: Event) -> None:
    night = Night().at("02:00", press()).at("02:00:10", take("anne")).at("02:00:14", back)

    assert told(night) == ["received", "coming", "received"]


def test_nor_when_who_took_it_did_not_come() -> None:
    night = Night().at("02:00", press()).at("02:00:10", take("anne")).at("02:06")

    assert told(night) == ["received", "coming", "received"]


def test_nor_when_who_was_there_left_without_closing() -> None:
    night = (
        Night().at("02:00", press()).at("02:00:10", take("anne")).at("02:01", arrive("anne"))
    )
    night.at("02:05", left("anne")).at("02:06", take("per"))

    assert told(night) == ["received", "coming", "received", "coming"]


def test_a_student_who_stays_is_nobody_who_comes() -> None:
    night = Night(on_duty=("anne", "per", "stud")).at("02:00", press())
    night.at("02:00:10", take("anne")).at("02:01", arrive("anne"), arrive("stud"))

    night.at("02:05", left("anne"))

    assert told(night) == ["received", "coming", "received"]
