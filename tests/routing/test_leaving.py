"""Who leaves the place: it rings again, unless others are there or one who took it comes."""

from datetime import timedelta

from routing.calls import CallState
from routing.effects import Move, Note, Reason
from tests.routing.night import Night, arrive, ask, hand_over, left, press, sign_out, take
from tests.routing.test_several_come import wanting


def taken_over() -> Night:
    """Anne is with the patient; Per has taken the call over from her, and walks."""
    night = Night().at("02:00", press()).at("02:00:10", take("anne"))
    night.at("02:01", arrive("anne")).at("02:02", hand_over("anne", "per"))
    return night.at("02:02:10", take("per"))


def test_who_leaves_to_the_colleague_who_took_it_over_makes_nobody_ring() -> None:
    night = taken_over()
    limit = night.call().arrive_by

    night.at("02:02:20", left("anne")).expects().noted(Move.LEFT_TO_OWNER)
    night.replied(Reason.LEFT_TO_OWNER, ok=True, by="per")

    call = night.call()
    assert (call.state, call.owner, call.present) == (CallState.TAKEN, "per", ())
    assert (call.arrive_by, call.ask_at) == (limit, None)


def test_the_colleague_who_does_not_come_is_followed_as_anybody() -> None:
    night = taken_over().at("02:02:20", left("anne"))
    limit = night.call().arrive_by
    assert limit is not None

    night.at(f"{limit:%H:%M:%S}").noted(Move.REOPENED)

    assert night.call().state is CallState.RINGING
    assert {"anne", "per"} <= set(night.rung())


def test_the_colleague_who_comes_is_asked_afresh_whether_it_is_done() -> None:
    night = Night().at("02:00", press()).at("02:00:10", take("anne"))
    night.at("02:01", arrive("anne")).at("03:02", hand_over("anne", "per"))
    assert night.call().reminded

    night.at("03:02:10", take("per")).at("03:02:20", left("anne"))
    assert (night.call().reminded, night.call().ask_at) == (False, None)
    night.at("03:03", arrive("per"))

    assert night.call().ask_at == night.clock("03:03") + timedelta(hours=1)


def test_who_signs_out_at_the_place_after_handing_over_leaves_it_to_the_colleague() -> None:
    night = taken_over().at("02:02:20", sign_out("anne")).noted(Move.LEFT_TO_OWNER)

    told = next(one for one in night.effects if isinstance(one, Note))
    assert told.because.reason is Reason.OWNER_SIGNED_OUT
    assert (night.call().owner, night.rung()) == ("per", [])


def test_a_student_who_was_there_first_and_leaves_leaves_it_to_the_owner() -> None:
    night = Night(on_duty=("anne", "per", "stud")).at("02:00", press())
    night.at("02:00:10", take("anne")).at("02:00:30", arrive("stud"))

    night.at("02:00:50", left("stud")).expects().noted(Move.LEFT_TO_OWNER)

    assert (night.call().state, night.call().owner) == (CallState.TAKEN, "anne")


def test_a_student_who_stays_waits_with_the_patient_for_the_owner() -> None:
    night = taken_over()
    night.at("02:02:15", arrive("stud"))

    night.at("02:02:20", left("anne")).expects().noted(Move.STEPPED_OUT)

    call = night.call()
    assert (call.state, call.owner, call.present) == (CallState.PRESENT, "per", ("stud",))
    assert call.arrive_by is not None


def emergency_taken_over(responders: int = 2) -> Night:
    """Per was first at the emergency, and Lise has taken it over from him."""
    night = Night(wanting(responders), on_duty=("anne", "per", "omar", "lise"))
    night.at("02:14:00", ask("anne", emergency=True, room="205"))
    night.at("02:14:05", take("per")).at("02:14:20", arrive("per"))
    return night.at("02:14:22", hand_over("per", "lise")).at("02:14:25", take("lise"))


def test_who_stays_at_an_emergency_sees_what_is_needed_and_it_rings_for_nobody() -> None:
    night = Night(wanting(2)).at("02:14:00", ask("anne", emergency=True, room="205"))
    night.at("02:14:05", take("per")).at("02:14:20", arrive("per"))
    night.at("02:14:22", arrive("omar"))
    asked = night.call().ask_at
    assert asked is not None

    night.at("02:14:40", left("omar")).expects().noted(Move.STEPPED_OUT)

    assert (night.call().climbs_at, night.call().ask_at) == (None, asked)
    night.at(f"{asked:%H:%M:%S}").noted(Move.REMINDED)


def test_an_emergency_left_to_one_of_two_rings_for_another() -> None:
    night = emergency_taken_over()
    assert night.call().climbs_at is None

    night.at("02:14:40", left("per"))

    assert (night.call().state, night.call().owner) == (CallState.TAKEN, "lise")
    assert night.rung() == ["per", "omar"]


def test_a_student_who_stays_is_not_one_of_two_in_an_emergency() -> None:
    night = emergency_taken_over().at("02:14:30", arrive("stud"))

    night.at("02:14:40", left("per"))

    assert (night.call().state, night.call().owner) == (CallState.PRESENT, "lise")
    assert night.rung() == ["per", "omar"]


def test_an_emergency_that_rings_on_is_not_begun_anew_by_who_leaves() -> None:
    night = emergency_taken_over(responders=3)
    due = night.call().climbs_at
    assert due is not None

    night.at("02:14:28", left("per"))

    assert (night.rung(), night.call().climbs_at) == ([], due)
