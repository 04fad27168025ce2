"""What people do with a call, and the answer each tap gets."""

from dataclasses import replace

from routing.calls import CallState
from routing.cards import allowed
from routing.defaults import POLICIES
from routing.effects import Move, Reason, Reply
from routing.events import By, CallTaken, Outcome
from routing.ids import CallId, OperationId, StaffId
from routing.plan import CallType, Competence, Priority
from tests.routing.night import (
    Night,
    arrive,
    ask,
    close,
    decline,
    hand_over,
    left,
    pause,
    press,
    resume,
    sign_in,
    solvik,
    take,
    undo,
)


def ringing(*on_duty: str) -> Night:
    return Night(on_duty=on_duty or ("anne", "per", "omar", "lise")).at("02:14:00", press())


def test_capability_7_two_accepts_give_one_owner_and_the_other_is_told_who() -> None:
    night = ringing()
    night.at("02:14:10", take("anne"), take("per"))
    night.replied(Reason.TAKEN_BY_ANOTHER, ok=False, by="anne")
    assert night.call().owner == "anne"


def test_the_same_operation_twice_gets_the_same_answer() -> None:
    night = ringing()
    night.at("02:14:10", take("per", operation="x")).at("02:14:11", take("anne", operation="y"))
    first = [one for one in night.effects if isinstance(one, Reply)]
    night.at("02:14:30", take("anne", operation="y"))
    assert [one for one in night.effects if isinstance(one, Reply)] == first
    night.at("02:14:40", take("per", operation="z")).replied(Reason.ALREADY_DONE, ok=True)


def test_a_repeated_operation_does_nothing_and_is_answered_as_before() -> None:
    night = ringing()
    night.at("02:14:10", take("anne", operation="x"))
    before = night.state.calls
    night.at("02:14:11", take("anne", operation="x")).expects().replied(Reason.TAKEN, ok=True)
    assert night.state.calls == before


def test_a_tap_on_an_unknown_call_is_answered_so() -> None:
    night = ringing()
    night.at("02:14:10", take("anne", "9-9")).replied(Reason.UNKNOWN_CALL, ok=False)


def test_a_tap_by_somebody_unknown_is_refused() -> None:
    night = ringing()
    stranger = By(StaffId("x"), None, OperationId("o"))
    night.at("02:14:10", CallTaken(CallId("1-1"), stranger)).replied(
        Reason.NOT_ALLOWED, ok=False
    )


def test_capability_4_taken_without_arrival_rings_again() -> None:
    night = ringing()
    night.at("02:14:10", take("anne"))
    night.at("02:19:09").expects()
    night.at("02:19:10")
    call = night.call()
    assert (call.state, call.owner, call.reopened) == (CallState.RINGING, None, 1)
    assert sorted(call.ringing) == ["tel-anne", "tel-per"]


def test_arriving_in_time_keeps_it() -> None:
    night = ringing()
    night.at("02:14:10", take("anne")).at("02:19:10", arrive("anne"))
    assert night.call().state is CallState.PRESENT
    night.at("03:19").expects()


def test_leaving_without_closing_rings_again_with_its_story() -> None:
    night = ringing()
    night.at("02:14:10", take("anne")).at("02:15", arrive("anne"))
    night.at("02:16", left("anne")).replied(Reason.LEFT, ok=True)
    assert night.rung() == ["anne", "per"]
    assert (night.call().reopened, night.call().pressed) == (1, 1)
    night.at("02:16:05", left("anne")).replied(Reason.ALREADY_DONE, ok=True)


def test_one_of_two_at_the_place_may_leave() -> None:
    night = ringing()
    night.at("02:14:10", take("anne")).at("02:15", arrive("anne")).at("02:15:10", arrive("per"))
    night.at("02:16", left("anne")).expects().noted(Move.STEPPED_OUT)
    night.replied(Reason.STEPPED_OUT, ok=True)
    assert (night.call().owner, night.call().present) == ("per", ("per",))
    night.at("02:15:30", arrive("anne"))
    night.at("02:17", left("anne")).noted(Move.STEPPED_OUT)
    assert night.call().owner == "per"


def test_a_student_left_alone_at_the_place_does_not_keep_the_call() -> None:
    night = ringing("anne", "stud")
    night.at("02:14:10", take("anne")).at("02:15", arrive("anne")).at(
        "02:15:10", arrive("stud")
    )
    night.at("02:16", left("anne"))
    assert night.rung() == ["anne"]
    assert night.call().present == ("stud",)


def test_closing_needs_presence_a_talk_or_a_reason() -> None:
    night = ringing()
    night.at("02:14:10", take("anne"))
    night.at("02:14:20", close("anne")).replied(Reason.NOT_PRESENT, ok=False)
    night.at("02:14:30", close("anne", outcome=Outcome.SPOKE)).replied(Reason.CLOSED, ok=True)
    assert night.call().outcome is Outcome.SPOKE
    night = ringing()
    night.at("02:14:30", close("per", reason="feil knapp")).replied(Reason.CLOSED, ok=True)


def test_a_bathroom_call_is_closed_only_in_that_bathroom() -> None:
    night = Night().at("02:14", press("cord-204"))
    night.at("02:14:10", take("anne"))
    night.at("02:14:20", close("anne", outcome=Outcome.SPOKE)).replied(
        Reason.NOT_PRESENT, ok=False
    )
    night.at("02:14:30", arrive("anne", room="205")).replied(Reason.NOT_PRESENT, ok=False)
    night.at("02:14:40", arrive("anne", room="bath-204")).replied(Reason.ARRIVED, ok=True)
    night.at("02:15", close("anne")).replied(Reason.CLOSED, ok=True)


def test_capability_25_a_student_neither_takes_nor_closes() -> None:
    night = ringing("anne", "stud")
    night.at("02:14:10", take("stud")).replied(Reason.STUDENT_NOT_ALONE, ok=False)
    night.at("02:14:20", arrive("stud")).replied(Reason.ARRIVED, ok=True)
    assert night.call().ringing, "presence silences only what it covers"
    night.at("02:14:30", close("stud")).replied(Reason.STUDENT_NOT_ALONE, ok=False)
    night.at("02:14:40", take("anne")).replied(Reason.TAKEN, ok=True).noted(Move.TAKEN)
    assert night.call().state is CallState.PRESENT


def test_capability_25_an_assistant_cannot_close_a_nurse_level_call() -> None:
    plan = solvik()
    nurse = replace(POLICIES[CallType.PATIENT], close_competence=Competence.NURSE)
    night = Night(replace(plan, policies={CallType.PATIENT: nurse}))
    night.at("02:14", press()).at("02:14:20", arrive("anne"))
    assert night.call().ringing, "the nurse is still called"
    night.at("02:14:30", close("anne")).replied(Reason.NOT_COMPETENT, ok=False)
    night.at("02:14:50", arrive("lise")).at("02:15", close("lise")).replied(
        Reason.CLOSED, ok=True
    )


def test_while_an_incompetent_person_is_there_the_ladder_goes_on() -> None:
    night = ringing("anne", "stud", "omar")
    night.at("02:14:20", arrive("stud"))
    night.at("02:16:00")
    assert "omar" in night.rung()


def test_who_is_with_the_patient_hands_over_and_the_other_may_take_it() -> None:
    night = Night().at("02:14:00", press()).at("02:14:10", take("anne"))
    night.at("02:15:00", arrive("anne")).at("02:16:00", hand_over("anne", "per"))
    assert "take" in allowed(night.state, night.call(), StaffId("per"))
    assert "take" not in allowed(night.state, night.call(), StaffId("eva"))

    night.at("02:16:10", take("eva")).replied(Reason.TAKEN_BY_ANOTHER, ok=False)
    night.at("02:16:20", take("per")).replied(Reason.TAKEN, ok=True)

    assert (night.call().owner, night.call().present) == ("per", ("anne",))
    night.at("02:17:00", arrive("per")).at("02:17:10", left("anne"))
    assert (night.call().state, night.call().present) == (CallState.PRESENT, ("per",))


def test_handed_over_stays_with_the_giver_until_it_is_taken() -> None:
    night = ringing()
    night.at("02:14:10", take("anne"))
    night.at("02:14:20", hand_over("anne", "per")).expects("ring 1-1 per again 1").replied(
        Reason.HANDED_OVER, ok=True
    )
    assert (night.call().owner, night.call().offered_to) == ("anne", "per")
    night.at("02:14:25", hand_over("anne", "per")).replied(Reason.ALREADY_DONE, ok=True)
    night.at("02:14:30", take("per")).replied(Reason.TAKEN, ok=True)
    assert (night.call().owner, night.call().offered_to) == ("per", None)


def test_an_offer_that_is_declined_stays_with_the_giver() -> None:
    night = ringing()
    night.at("02:14:10", take("anne")).at("02:14:20", hand_over("anne", "per"))
    night.at("02:14:30", decline("per"))
    assert (night.call().owner, night.call().offered_to) == ("anne", None)
    assert not night.call().ringing


def test_handing_over_is_refused_where_it_cannot_work() -> None:
    night = ringing("anne", "per", "stud")
    night.at("02:14:10", take("anne"))
    night.at("02:14:20", hand_over("per", "stud")).replied(Reason.TAKEN_BY_ANOTHER, ok=False)
    night.at("02:14:30", hand_over("anne", "stud")).replied(Reason.STUDENT_NOT_ALONE, ok=False)
    night.at("02:14:40", hand_over("anne", "omar")).replied(Reason.NOT_REACHABLE, ok=False)


def test_a_call_nobody_has_may_be_passed_on() -> None:
    night = ringing()
    night.at("02:14:10", hand_over("anne", "omar")).expects("ring 1-1 omar")
    night.at("02:14:20", take("omar")).replied(Reason.TAKEN, ok=True)


def test_who_arrives_at_a_call_offered_to_them_has_it() -> None:
    night = ringing()
    night.at("02:14:10", hand_over("anne", "omar")).at("02:14:20", arrive("omar"))
    assert (night.call().owner, night.call().offered_to) == ("omar", None)


def test_undo_within_five_seconds_rings_again() -> None:
    night = ringing()
    night.at("02:14:10", take("anne")).at("02:14:15", undo("anne")).replied(
        Reason.UNDONE, ok=True
    )
    assert night.rung() == ["anne", "per"]
    night.at("02:14:16", undo("anne")).replied(Reason.ALREADY_DONE, ok=True)
    night.at("02:14:20", take("anne")).at("02:14:26", undo("anne")).replied(
        Reason.NOT_ALLOWED, ok=False
    )


def test_declining_what_one_has_gives_it_back() -> None:
    night = ringing()
    night.at("02:14:10", take("anne")).at("02:14:30", decline("anne"))
    assert night.call().state is CallState.RINGING
    night.at("02:14:35", decline("per")).at("02:14:36", decline("per")).replied(
        Reason.ALREADY_DONE, ok=True
    )


def test_taps_after_the_end_are_told_who_closed() -> None:
    night = ringing()
    night.at("02:14:10", arrive("anne")).at("02:15", close("anne"))
    night.at("02:15:10", take("per")).replied(Reason.CLOSED, ok=False, by="anne")
    night.at("02:15:11", close("per")).replied(Reason.ALREADY_DONE, ok=True, by="anne")


def test_a_tap_that_waited_too_long_is_not_acted_upon() -> None:
    night = ringing()
    old = night.clock("02:00")
    night.at("02:14:10", take("anne", client_at=old)).replied(Reason.LATE, ok=False)
    night.at("02:14:20", arrive("anne", client_at=old)).replied(Reason.LATE, ok=False)
    assert night.call().ringing


def test_arriving_twice_is_once() -> None:
    night = ringing()
    night.at("02:14:10", arrive("anne")).at("02:14:11", arrive("anne")).replied(
        Reason.ALREADY_DONE, ok=True
    )
    night.at("02:14:20", take("per")).replied(Reason.TAKEN_BY_ANOTHER, ok=False, by="anne")


def test_closed_calls_are_forgotten_after_a_day() -> None:
    night = ringing()
    night.at("02:14:10", arrive("anne")).at("02:15", close("anne"))
    night.at("26:14", press("wrist-kari"))
    assert "1-1" in night.state.calls
    night.at("26:16", press("cord-301"))
    assert "1-1" not in night.state.calls


# --- Staff who ask ----------------------------------------------------------------------------


def test_an_emergency_rings_everybody_but_the_one_who_asks() -> None:
    night = Night()
    night.at("02:14", ask("anne", emergency=True, room="205")).replied(
        Reason.EMERGENCY, ok=True
    )
    assert night.rung() == ["per", "omar", "lise"]
    assert (night.call().priority, night.call().room) == (Priority.EMERGENCY, "205")


def test_an_emergency_takes_several_responders() -> None:
    night = Night()
    night.at("02:14:00", ask("anne", emergency=True))
    night.at("02:14:05", take("per")).expects("still 1-1 per taken")
    night.at("02:14:30")
    assert "omar" in night.rung(), "one is not enough: the ladder goes on"
    night.at("02:14:40", take("omar")).replied(Reason.TAKEN, ok=True).noted(Move.RESPONDED)
    assert night.call().responders == ("omar",)
    assert not night.call().ringing
    night.at("02:14:41", take("omar")).replied(Reason.ALREADY_DONE, ok=True)
    night.at("02:14:50", arrive("per"))
    night.at("02:15", close("anne")).replied(Reason.CLOSED, ok=True)


def test_arriving_at_an_emergency_without_taking_it_still_asks_for_more() -> None:
    night = Night()
    night.at("02:14:00", ask("anne", emergency=True)).at("02:14:10", arrive("per"))
    assert sorted(night.call().ringing) == ["tel-lise", "tel-omar"]
    night.at("02:14:20", arrive("omar"))
    assert not night.call().ringing


def test_an_emergency_is_never_merged_and_its_repeat_rings_again() -> None:
    night = Night()
    night.at("02:14:00", ask("anne", emergency=True, operation="a"))
    night.at("02:14:02", ask("per", emergency=True))
    assert len(night.state.open) == 2
    night.at("02:14:05", ask("anne", emergency=True, operation="b")).replied(
        Reason.PRESSED_AGAIN, ok=True
    )
    assert night.rung()
    night.at("02:14:07", ask("anne", emergency=False, operation="c"))
    night.at("02:14:08", ask("anne", emergency=True, operation="a")).replied(
        Reason.ALREADY_DONE, ok=True
    )
    assert len(night.state.open) == 3


def test_a_press_is_never_merged_into_an_emergency() -> None:
    night = ringing()
    night.at("02:14:10", arrive("anne")).at("02:14:20", ask("anne", emergency=True, call="1-1"))
    night.at("02:14:30", close("anne", "1-1")).at("02:14:40", press())
    assert [call.type for call in night.open()] == [CallType.EMERGENCY, CallType.PATIENT]


def test_asking_again_for_assistance_that_was_taken_rings_again() -> None:
    night = ringing()
    night.at("02:14:10", arrive("anne"))
    night.at("02:15", ask("anne", emergency=False, call="1-1")).replied(
        Reason.STAFF_ASKED, ok=True
    )
    asked = night.call("1-2")
    assert (asked.type, asked.patient, asked.room) == (CallType.ASSIST, "ola", "204")
    night.at("02:15:10", take("per", "1-2"))
    night.at("02:15:20", ask("anne", emergency=False)).noted(Move.PRESSED_AGAIN, Move.REOPENED)
    assert night.rung()
    night.at("02:15:30", ask("anne", emergency=False)).noted(Move.PRESSED_AGAIN)
    assert night.rung(), "while it rings it rings again"
    night.at("02:15:40", arrive("per", "1-2"))
    night.at("02:15:50", ask("anne", emergency=False)).noted(Move.PRESSED_AGAIN, Move.CLIMBED)
    assert night.rung() == ["omar", "lise"]


def test_where_help_is_asked_for_follows_from_what_is_known() -> None:
    night = Night(on_duty=())
    night.at("02:13", sign_in("anne", "b"))
    night.at("02:14", ask("anne", emergency=False))
    assert night.call().unit == "b"
    night.at("02:15", sign_in("per")).at("02:16", ask("per", emergency=False))
    assert night.call("1-3").unit == "a" or night.call("1-2").unit == "a"


def test_somebody_without_a_unit_may_ask_too() -> None:
    plan = solvik()
    loose = replace(plan.staff[StaffId("anne")], units=())
    night = Night(replace(plan, staff={**plan.staff, loose.id: loose}))
    night.at("02:14", ask("anne", emergency=True))
    assert night.call().unit is None
    unbound = By(StaffId("anne"), None, OperationId("q"))
    night.at("02:15", replace(ask("anne", emergency=False), by=unbound))
    assert night.call("1-2").unit is None


# --- Pauses -----------------------------------------------------------------------------------


def test_capability_23_a_pause_has_an_owner_a_reason_and_an_end() -> None:
    night = Night()
    soon = night.clock("03:00")
    night.at("02:14", pause("anne", soon)).replied(Reason.PAUSED, ok=True)
    assert [(one.by, one.reason, one.until) for one in night.state.pauses] == [
        ("anne", "stell", soon)
    ]
    night.at("02:15", pause("anne", soon, reason="")).replied(Reason.NOT_ALLOWED, ok=False)
    night.at("02:16", pause("anne", night.clock("30:00"))).replied(Reason.NOT_ALLOWED, ok=False)
    night.at("02:17", pause("stud", soon)).replied(Reason.STUDENT_NOT_ALONE, ok=False)
    night.at("02:18", resume("stud")).replied(Reason.STUDENT_NOT_ALONE, ok=False)
    night.at("03:00")
    assert night.state.pauses == ()


def test_a_pause_may_be_ended_early_all_or_one_rule() -> None:
    night = Night()
    soon = night.clock("03:00")
    night.at("02:14", pause("anne", soon, "r1")).at("02:15", pause("anne", soon, "r2"))
    night.at("02:16", resume("anne", "r1"))
    assert [one.rule for one in night.state.pauses] == ["r2"]
    night.at("02:17", resume("anne"))
    assert night.state.pauses == ()


def test_capability_23_a_press_is_never_paused() -> None:
    night = Night()
    night.at("02:14", pause("anne", night.clock("03:00"))).at("02:15", press())
    assert night.rung() == ["anne", "per"]
