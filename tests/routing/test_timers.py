"""One call or rule whose timer raises stops no other: it rings everybody, and is told."""

from dataclasses import replace
from datetime import timedelta

from routing.calls import CallState
from routing.effects import Move, Note, Reason, Ring, Send
from routing.events import HandsetState, TimePassed
from routing.ids import CallId, LadderId, RuleId
from routing.plan import CallType, Ladder, Priority, Rung, Target, TargetKind
from routing.state import Waiting
from routing.step import next_deadline, step
from tests.routing.night import Night, arrive, ask, close, press, reports, sign_in, take

FOREVER = Rung((Target(TargetKind.HOUSE),), timedelta.max)
"""A patience that no clock can hold: adding it to a time raises."""
ASSIGNED = Rung((Target(TargetKind.ASSIGNED),), timedelta(seconds=60))
DUTY = Rung(
    (Target(TargetKind.ROLE, "leader"), Target(TargetKind.CHANNEL, "duty")),
    timedelta(seconds=60),
)


def poisoned(night: Night, *rungs: Rung, call: str = "1-1") -> Night:
    """Give an open call a ladder that cannot be climbed."""
    ladder = Ladder(LadderId("broken"), rungs, DUTY)
    broken = replace(night.call(call), ladder=ladder)
    night.state = replace(night.state, calls={**night.state.calls, CallId(call): broken})
    return night


def test_a_call_whose_ladder_raises_rings_everybody_and_is_told() -> None:
    night = poisoned(Night().at("02:00", press()), ASSIGNED, FOREVER)

    night.at("02:01")

    rung = [one.staff for one in night.effects if isinstance(one, Ring) and one.call == "1-1"]
    assert rung == ["anne", "per", "omar", "lise"]
    assert next(one.channel for one in night.effects if isinstance(one, Send)) == "duty"
    assert night.faults() == ["timer_failed"]
    told = night.call("1-2")
    assert (told.priority, dict(told.because.facts)["detail"]) == (
        Priority.URGENT,
        "OverflowError",
    )
    assert dict(told.because.facts)["call"] == "1-1"


def test_the_others_ladders_climb_as_if_nothing_were_wrong() -> None:
    lonely = Night().at("02:00", press("wrist-kari"))
    beside = poisoned(Night().at("01:59", press()), ASSIGNED, FOREVER)
    beside.at("02:00", press("wrist-kari"))

    lonely.at("02:01")
    beside.at("02:01")

    mine = next(one for one in beside.open() if one.patient == "kari")
    alone = lonely.call()
    assert (mine.rung, list(mine.ringing)) == (alone.rung, list(alone.ringing))
    assert mine.climbs_at == alone.climbs_at


def test_a_press_after_it_is_decided_as_ever_and_not_by_the_fallback() -> None:
    night = poisoned(Night().at("02:00", press()), ASSIGNED, FOREVER).at("02:02")

    night.at("02:02:30", press("wrist-kari"))

    assert night.rung() == ["per", "anne"], "assigned and back-up, not the whole house"


def test_it_rings_again_every_five_minutes_until_somebody_takes_it() -> None:
    night = poisoned(Night().at("02:00", press()), ASSIGNED, FOREVER).at("02:01")

    night.at("02:06")
    again = [one.again for one in night.effects if isinstance(one, Ring) and one.call == "1-1"]
    assert again == [2, 2, 1, 1]
    night.at("02:07", take("anne")).at("02:08", arrive("anne")).at("02:12", close("anne"))
    assert night.call().state is CallState.CLOSED
    assert night.faults() == ["timer_failed"], "until a technician has looked"


def test_students_and_silent_telephones_are_no_part_of_everybody() -> None:
    night = Night(on_duty=("anne", "stud", "per")).at("02:00", press())
    night.at("02:00:10", reports("per", HandsetState.GONE), sign_in("eva"))
    night.at("02:00:20", reports("eva", HandsetState.READY))

    poisoned(night, ASSIGNED, FOREVER).at("02:01")

    rung = [one.staff for one in night.effects if isinstance(one, Ring) and one.call == "1-1"]
    assert sorted(rung) == ["anne", "eva"]


def test_a_taken_call_that_cannot_come_back_rings_everybody_and_is_tried_again() -> None:
    night = Night().at("02:00", press()).at("02:00:10", take("anne"))
    poisoned(night, FOREVER)

    night.at("02:05:10")

    call = night.call()
    assert (call.state, call.owner) == (CallState.TAKEN, "anne")
    assert list(call.ringing) == ["tel-anne", "tel-per", "tel-omar", "tel-lise"]
    assert (call.climbs_at, call.arrive_by) == (None, night.clock("02:10:10"))
    night.at("02:10:10")
    assert night.call().round == 2


def test_a_call_that_somebody_is_at_is_asked_about_again() -> None:
    night = Night().at("02:00", press()).at("02:00:10", take("anne"))
    night.at("02:01", arrive("anne")).at("03:05")
    poisoned(night, FOREVER)

    night.at("03:07")

    assert night.call().ask_at == night.clock("03:11")
    assert night.call().ringing


def test_a_second_whose_limit_raises_is_tried_again_later() -> None:
    night = Night().at("02:00", ask("omar", emergency=True)).at("02:00:10", take("anne"))
    night.at("02:00:20", take("per")).at("02:01", arrive("anne"))
    poisoned(night, FOREVER)

    night.at("02:02:20")

    call = night.call()
    assert (call.responders, call.beside_by) == (("per",), night.clock("02:07:20"))
    assert "lise" in night.rung()


def test_what_was_half_done_is_undone_and_the_same_state_fails_the_same_way() -> None:
    night = poisoned(Night().at("02:00", press()), ASSIGNED, FOREVER)
    before = night.state

    first = step(before, TimePassed(), night.clock("02:01"))
    again = step(before, TimePassed(), night.clock("02:01"))

    assert first == again
    notes = [one for one in first[1] if isinstance(one, Note) and one.call == "1-1"]
    assert [one.move for one in notes] == [Move.CLIMBED], "not also the half climb"
    assert first[0].calls[CallId("1-1")].rung == 0
    assert next_deadline(first[0]) is not None


def test_a_rule_whose_delay_raises_is_told_and_tried_again() -> None:
    night = Night().at("02:00")
    waits = Waiting(night.now, night.clock("02:05"))
    night.state = replace(night.state, waiting={RuleId("gone"): waits}, due=waits.due)

    night.at("02:05")

    assert night.faults() == ["timer_failed"]
    (told,) = night.open()
    assert told.type is CallType.TECHNICAL
    assert told.because.reason is Reason.SHELL_FAULT
    assert dict(told.because.facts)["rule"] == "gone"
    assert night.state.waiting[RuleId("gone")].due == night.clock("02:10")
    night.at("02:06", press())
    assert night.rung() == ["anne", "per"]
