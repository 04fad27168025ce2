"""A call that wants several: who comes walks in peace, and it rings until enough come."""

from dataclasses import replace
from datetime import timedelta

from routing.cards import allowed
from routing.defaults import LADDERS, POLICIES
from routing.draft import engaged, on_the_way
from routing.effects import Considered, Move, Reason, Ring
from routing.events import SignedIn
from routing.ids import HandsetId, StaffId
from routing.plan import CallType, Plan
from tests.routing.night import (
    Night,
    arrive,
    ask,
    decline,
    left,
    press,
    sign_out,
    solvik,
    take,
    telephone,
)

SECOND = timedelta(seconds=1)


def wanting(responders: int, round_s: int = 30) -> Plan:
    """Return the house where this many must come to an emergency."""
    own = LADDERS[POLICIES[CallType.EMERGENCY].ladder]
    failsafe = replace(own.failsafe, patience=round_s * SECOND)
    ladder = replace(own, responders=responders, failsafe=failsafe)
    return replace(solvik(), ladders={ladder.id: ladder})


def one_comes(*on_duty: str, plan: Plan | None = None) -> Night:
    """Anne asks for everybody; Per has taken it and walks."""
    night = Night(plan or solvik(), on_duty=("anne", *(on_duty or ("per", "omar", "lise"))))
    return night.at("02:14:00", ask("anne", emergency=True, room="205")).at(
        "02:14:05", take("per")
    )


def two_come(*on_duty: str, plan: Plan | None = None) -> Night:
    """Omar has said he comes too; he and Per are on their way."""
    return one_comes(*on_duty, plan=plan).at("02:14:10", take("omar"))


def thought_of(night: Night, staff: str) -> list[Considered]:
    """Return what was thought of this person the last time somebody rang."""
    last = [one for one in night.all if isinstance(one, Ring)][-1]
    return [one for one in last.because.considered if one.staff == staff]


# --- Who comes walks in peace -----------------------------------------------------------------


def test_who_walks_to_an_emergency_is_not_rung_when_it_rings_on_for_a_second() -> None:
    night = one_comes().at("02:14:30")

    assert night.rung() == ["omar", "lise"]
    assert thought_of(night, "per") == [Considered(StaffId("per"), False, Reason.TAKEN)]


def test_a_second_who_walks_is_not_rung_while_a_third_is_wanted() -> None:
    night = two_come(plan=wanting(3)).at("02:14:30")

    assert night.rung() == ["lise"]


def test_who_walks_and_signs_in_on_another_telephone_is_not_rung_there() -> None:
    night = one_comes().at("02:14:12", SignedIn(HandsetId("tel-2"), StaffId("per"), ()))

    assert night.rung() == []


def test_nobody_else_on_duty_is_no_fault_while_one_comes() -> None:
    night = one_comes("per").at("02:14:30").at("02:15:00")

    assert night.call().round == 2
    assert night.faults() == []
    assert night.rung() == []


def test_who_came_and_left_is_rung_again() -> None:
    night = one_comes().at("02:14:20", arrive("per")).at("02:15:30", left("per"))

    assert "per" in night.rung()


def test_a_call_is_in_the_hands_of_who_walks_and_of_who_is_there() -> None:
    night = two_come().at("02:14:20", arrive("per"))

    assert {*engaged(night.call())} == {"per", "omar"}
    assert on_the_way(night.call()) == ("omar",)
    assert on_the_way(Night().at("02:14:00", press()).call()) == ()


# --- Who cannot come after all ----------------------------------------------------------------


def test_who_comes_beside_the_owner_may_say_that_they_cannot() -> None:
    night = two_come()
    assert "decline" in allowed(night.state, night.call(), StaffId("omar"))

    night.at("02:14:40", decline("omar")).replied(Reason.DECLINED, ok=True).noted(Move.DECLINED)

    assert (night.call().owner, night.call().responders) == ("per", ())
    assert night.rung() == ["lise"]


def test_it_climbs_on_from_where_it_stands_for_the_one_who_is_missing() -> None:
    night = two_come().at("02:14:12", decline("omar"))
    assert night.rung() == ["lise"]
    assert night.call().climbs_at == night.clock("02:14:42")

    night.at("02:14:42")
    assert night.call().round == 1


def test_in_the_failsafe_everybody_who_is_left_rings_and_the_next_round_is_due() -> None:
    night = one_comes().at("02:14:40", take("omar")).at("02:15:00", decline("omar"))

    assert night.call().rung == len(night.call().ladder.rungs)
    assert night.rung() == ["lise"]
    assert night.call().climbs_at == night.clock("02:15:00") + 30 * SECOND
    night.at("02:15:30")
    assert sorted(night.rung()) == ["lise", "omar"], "the last resort asks also who declined"


def test_a_failsafe_without_patience_is_not_due_at_once() -> None:
    night = one_comes(plan=wanting(2, round_s=1))
    night.at("02:15:10", take("omar")).at("02:15:15", decline("omar"))

    assert night.call().climbs_at == night.clock("02:15:25")


def test_it_rings_for_nobody_where_enough_still_come() -> None:
    night = one_comes("per", "omar", "stud")
    night.at("02:14:08", take("stud")).at("02:14:10", take("omar"))

    night.at("02:14:40", decline("stud"))

    assert night.call().responders == ("omar",)
    assert (night.rung(), night.call().climbs_at) == ([], None)


def test_where_it_rings_for_a_second_still_a_student_who_cannot_changes_no_deadline() -> None:
    night = one_comes("per", "omar", "stud").at("02:14:08", take("stud"))
    due = night.call().climbs_at

    night.at("02:14:20", decline("stud"))

    assert night.call().responders == ()
    assert (night.rung(), night.call().climbs_at) == ([], due)


def test_who_is_there_and_declines_the_ring_is_there_still() -> None:
    night = two_come().at("02:14:30", arrive("omar")).at("02:14:40", decline("omar"))

    assert night.call().responders == ("omar",)
    assert "decline" not in allowed(night.state, night.call(), StaffId("omar"))
    assert night.rung() == []


def test_who_declined_came_all_the_same_and_cannot_after_all_is_heard_twice() -> None:
    night = one_comes().at("02:14:08", decline("omar")).at("02:14:10", take("omar"))

    night.at("02:14:20", decline("omar")).replied(Reason.DECLINED, ok=True)

    assert night.call().responders == ()
    assert night.call().declined == ("omar",)


def test_who_comes_beside_the_owner_and_signs_out_does_not_come() -> None:
    night = two_come().at("02:14:40", sign_out("omar"))

    assert night.call().responders == ()
    assert night.rung() == ["lise"]
    assert [one.because.reason for one in night.all if isinstance(one, Ring)][-1] is (
        Reason.OWNER_SIGNED_OUT
    )


def test_who_signs_out_of_one_telephone_of_two_comes_still() -> None:
    night = two_come().at("02:14:20", SignedIn(HandsetId("tel-2"), StaffId("omar"), ()))

    night.at("02:14:40", sign_out("omar"))

    assert night.call().responders == ("omar",)


def test_the_owner_who_cannot_lets_everybody_ring_who_has_not_declined() -> None:
    night = two_come().at("02:14:40", decline("per"))

    assert (night.call().owner, night.call().responders) == (None, ())
    assert sorted(night.rung()) == ["lise", "omar"]


def test_who_comes_as_the_second_hears_a_press_and_not_the_rounds_after_it() -> None:
    night = Night().at("02:14:00", press()).at("02:14:10", arrive("anne"))
    night.at("02:14:40", press()).at("02:14:45", arrive("anne", "1-2"))
    night.at("02:14:47", press()).at("02:14:50", take("per", "1-2"))
    night.at("02:15:00", press())
    assert "per" in night.rung(), "a press is news"

    rounds = [night.at(clock).rung() for clock in ("02:15:30", "02:16:30", "02:17:30")]

    assert rounds == [["omar", "lise"]] * 3
    assert night.call("1-2").round == 3
    assert telephone("per") in night.call("1-2").ringing


def test_a_press_is_told_to_who_walks() -> None:
    night = Night().at("02:14:00", press()).at("02:14:10", take("anne"))

    night.at("02:14:40", press())

    assert night.rung() == ["anne"]
    assert telephone("anne") in night.call().ringing
