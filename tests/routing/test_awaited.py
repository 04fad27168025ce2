"""Who took a call is waited for, also where a student is there before them."""

from routing.calls import CallState
from routing.effects import Move, Note, Reason
from tests.routing.night import Night, arrive, close, decline, left, press, sign_out, take


def student_first() -> Night:
    """Anne takes Ola's call; the student is there before her."""
    night = Night(on_duty=("anne", "per", "stud")).at("02:00", press())
    return night.at("02:00:10", take("anne")).at("02:00:40", arrive("stud"))


def reopened(night: Night) -> list[Reason]:
    notes = [one for one in night.all if isinstance(one, Note)]
    return [one.because.reason for one in notes if one.move is Move.REOPENED]


def test_a_student_at_the_place_is_not_the_arrival_of_who_took_it() -> None:
    night = student_first()
    night.at("02:05:09").expects()
    assert night.call().owner == "anne"

    night.at("02:05:10")

    assert sorted(night.rung()) == ["anne", "per"]
    assert (night.call().owner, night.call().present) == (None, ("stud",))
    assert reopened(night) == [Reason.NOT_ARRIVED]
    assert night.call().climbs_at is not None, "it climbs on until somebody comes"


def test_who_took_it_where_a_student_is_already_is_waited_for_too() -> None:
    night = Night(on_duty=("anne", "per", "stud")).at("02:00", press())
    night.at("02:00:10", arrive("stud")).at("02:00:20", take("anne"))
    night.at("02:05:19").expects()

    night.at("02:05:20")

    assert sorted(night.rung()) == ["anne", "per"]


def test_who_took_it_and_comes_is_not_rung_for_again() -> None:
    night = student_first().at("02:04", arrive("anne"))

    night.at("02:50").expects()
    assert night.call().state is CallState.PRESENT
    night.at("02:51", close("anne"))
    assert not reopened(night)


def test_a_colleague_who_covers_it_ends_the_wait() -> None:
    night = student_first().at("02:04", arrive("per"))

    night.at("02:50").expects()
    assert night.call().owner == "anne"


def test_and_when_the_colleague_leaves_the_student_it_rings_again() -> None:
    night = student_first().at("02:04", arrive("per")).at("02:10", left("per"))

    assert sorted(night.rung()) == ["anne", "per"]


def test_who_gives_it_back_while_the_student_waits_lets_it_ring() -> None:
    night = student_first().at("02:01", decline("anne"))

    assert night.rung() == ["per"]
    assert night.call().owner is None


def test_who_signs_out_on_the_way_does_not_keep_it_either() -> None:
    night = student_first().at("02:01", sign_out("anne"))

    assert night.rung() == ["per"]
    assert reopened(night) == [Reason.OWNER_SIGNED_OUT]


def test_after_it_came_back_the_next_who_takes_it_is_waited_for_as_long() -> None:
    night = student_first().at("02:05:10").at("02:06", take("per"))
    night.at("02:10:59").expects()

    night.at("02:11")

    assert "per" in night.rung()
