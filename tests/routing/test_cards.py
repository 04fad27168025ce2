"""What a telephone rings, lists and offers."""

from dataclasses import replace
from datetime import timedelta

from routing.calls import CallState
from routing.cards import allowed, open_calls, queue, rings_on, shown_on, shows
from routing.effects import Reply
from routing.events import ClockStepped, PlanAdopted
from routing.ids import HandsetId, StaffId
from routing.plan import Competence, Role
from tests.routing.night import (
    Night,
    arrive,
    ask,
    close,
    hand_over,
    press,
    sign_in,
    sign_out,
    solvik,
    take,
    telephone,
)


def can(night: Night, staff: str, call: str = "1-1") -> tuple[str, ...]:
    return allowed(night.state, night.call(call), StaffId(staff))


def test_capability_24_the_queue_is_priority_then_waiting_time_then_id() -> None:
    night = Night()
    night.at("02:00", press("wrist-kari")).at("02:01", press("cord-204")).at(
        "02:02", press("cord-301")
    )
    night.at("02:03", ask("anne", emergency=True))
    assert [call.id for call in open_calls(night.state)] == ["1-4", "1-2", "1-1", "1-3"]
    assert queue(reversed(open_calls(night.state))) == open_calls(night.state)


def test_waiting_time_goes_before_the_id_also_after_the_tenth_call() -> None:
    night = Night()
    for n in range(11):
        night.at(f"02:00:{n}", ask("anne", emergency=True, room=f"r{n}"))
    ids = [call.id for call in open_calls(night.state)]
    assert ids == [f"1-{n}" for n in range(1, 12)]


def test_what_rings_and_what_is_listed_on_a_telephone() -> None:
    night = Night().at("02:00", press())
    assert rings_on(night.state, telephone("anne")) == ("1-1",)
    assert rings_on(night.state, telephone("omar")) == ()
    assert shown_on(night.state, telephone("omar")) == ()
    night.at("02:00:10", take("anne"))
    assert shown_on(night.state, telephone("per")) == ("1-1",)
    night.at("02:01", press("cord-301"))
    assert shown_on(night.state, telephone("omar")) == ("1-2",)
    night.at("02:02", sign_out("omar"))
    assert shown_on(night.state, telephone("omar")) == ()
    assert shown_on(night.state, HandsetId("none")) == ()


def test_one_call_is_shown_where_the_list_has_it_and_nowhere_once_closed() -> None:
    night = Night().at("02:00", press())
    shown = [
        one
        for one in ("anne", "omar", "none")
        if shows(night.state, telephone(one), night.call())
    ]
    assert shown == ["anne"]
    night.at("02:00:10", take("anne")).at("02:00:20", arrive("anne", room="204"))
    night.at("02:00:30", close("anne"))
    assert night.call().state is CallState.CLOSED
    assert not shows(night.state, telephone("anne"), night.call())


def test_a_telephone_that_nobody_carries_shows_no_call() -> None:
    night = Night().at("02:00", press()).at("02:00:10", sign_out("anne"))
    assert "tel-anne" in night.call().told
    assert not shows(night.state, telephone("anne"), night.call())
    assert shown_on(night.state, telephone("anne")) == ()


def test_who_was_not_rung_sees_what_goes_on_in_their_own_unit() -> None:
    night = Night(on_duty=("anne", "eva", "omar")).at("02:00", press())
    assert night.rung() == ["anne"]
    assert shown_on(night.state, telephone("eva")) == ("1-1",)
    assert shown_on(night.state, telephone("omar")) == ()


def test_a_call_without_a_unit_is_listed_everywhere() -> None:
    night = Night().at("02:00", ClockStepped(timedelta(hours=1)))
    assert shown_on(night.state, telephone("lise")) == ("1-1",)


def test_a_call_is_listed_for_who_has_to_do_with_it() -> None:
    night = Night().at("02:00", press()).at("02:00:10", take("anne"))
    night.at("02:00:20", hand_over("anne", "omar"))
    assert shown_on(night.state, telephone("omar")) == ("1-1",)
    night.at("02:00:30", arrive("lise"))
    assert shown_on(night.state, telephone("lise")) == ("1-1",)


def test_who_asked_for_help_or_took_it_unrung_sees_it_in_another_unit() -> None:
    night = Night().at("02:00", ask("omar", room="204"))
    night.at("02:00:10", take("lise"))
    assert (night.call().unit, night.call().owner) == ("a", "lise")
    assert not {"tel-omar", "tel-lise"} & set(night.call().told)
    assert shown_on(night.state, telephone("omar")) == ("1-1",)
    assert shown_on(night.state, telephone("lise")) == ("1-1",)


def test_one_more_who_comes_to_an_emergency_sees_it_without_having_been_rung() -> None:
    night = Night(on_duty=("anne", "per", "lise")).at("02:00", ask("anne", emergency=True))
    night.at("02:00:05", take("per")).at("02:00:10", take("lise"))
    night.at("02:01", sign_in("omar")).at("02:01:10", take("omar"))
    assert "tel-omar" not in night.call().told
    assert shown_on(night.state, telephone("omar")) == ("1-1",)


def test_the_buttons_follow_the_call() -> None:
    night = Night(on_duty=("anne", "per", "stud")).at("02:00", press())
    assert can(night, "anne") == ("take", "decline", "arrive")
    assert can(night, "stud") == ("arrive",)
    assert can(night, "nobody") == ()
    night.at("02:00:10", take("anne"))
    assert can(night, "anne") == ("decline", "hand_over", "arrive", "close", "undo")
    assert can(night, "per") == ("arrive",)
    night.at("02:00:20", hand_over("anne", "per"))
    assert can(night, "per") == ("take", "decline", "arrive")
    night.at("02:01", arrive("anne"))
    assert can(night, "anne") == ("hand_over", "leave", "close")
    night.at("02:02", close("anne"))
    assert can(night, "anne") == ()


def test_where_somebody_competent_is_nobody_else_takes_it() -> None:
    night = Night().at("02:00", press()).at("02:00:10", take("anne"))
    night.at("02:01", arrive("anne"))
    assert can(night, "per") == ("arrive",)

    night = Night().at("02:00", press()).at("02:00:10", take("anne"))
    night.at("02:00:20", hand_over("anne", "per")).at("02:01", arrive("anne"))
    assert can(night, "per") == ("arrive",), "she handed it over and came herself after all"


def test_who_came_to_help_may_hand_it_over_too() -> None:
    night = Night().at("02:00", press()).at("02:00:10", take("anne"))
    night.at("02:01", arrive("anne")).at("02:02", arrive("per"))
    assert can(night, "per") == ("hand_over", "leave", "close")


def test_with_a_student_already_there_taking_is_no_longer_undone() -> None:
    night = Night(on_duty=("anne", "stud")).at("02:00", press()).at("02:00:10", take("anne"))
    night.at("02:00:12", arrive("stud"))
    assert "undo" not in can(night, "anne")


def test_who_became_competent_beside_the_patient_covers_the_call() -> None:
    night = Night(on_duty=("anne", "stud")).at("02:00", press()).at("02:00:10", arrive("stud"))
    plan = solvik()
    trained = replace(
        plan.staff[StaffId("stud")], role=Role.CARER, competence=Competence.HEALTH_WORKER
    )
    night.at("02:00:20", PlanAdopted(replace(plan, staff={**plan.staff, trained.id: trained})))

    offered = "take" in can(night, "anne")

    night.at("02:00:30", take("anne"))
    reply = next(one for one in night.effects if isinstance(one, Reply))
    assert reply.ok is offered, "a button that is shown is not refused"


def test_anybody_but_a_student_may_close_a_fault() -> None:
    night = Night(on_duty=("eva", "stud")).at("02:00", ClockStepped(timedelta(hours=1)))
    assert "close" in can(night, "eva")
    assert "close" not in can(night, "stud")


def test_a_bathroom_call_is_not_closed_from_elsewhere() -> None:
    night = Night().at("02:00", press("cord-204")).at("02:00:10", take("anne"))
    assert "close" not in can(night, "anne")
    night.at("02:00:20", arrive("anne"))
    assert "close" in can(night, "anne")


def test_more_may_take_an_emergency_and_the_asker_may_end_it() -> None:
    night = Night().at("02:00", ask("anne", emergency=True)).at("02:00:05", take("per"))
    assert "take" in can(night, "omar")
    assert "take" not in can(night, "per")
    assert "close" in can(night, "anne")
    night.at("02:00:10", take("omar"))
    assert "take" not in can(night, "omar")


def test_where_a_student_is_alone_a_carer_may_still_take_it() -> None:
    night = Night(on_duty=("anne", "stud")).at("02:00", press()).at("02:00:10", arrive("stud"))
    assert "take" in can(night, "anne")
    assert "hand_over" not in can(night, "stud")
    assert "close" not in can(night, "stud")


def test_somebody_not_competent_is_offered_no_close() -> None:
    night = Night(on_duty=("eva",)).at("02:00", ask("anne", emergency=True))
    night.at("02:00:05", arrive("eva"))
    assert "close" not in can(night, "eva")
