"""A call that wants several: who comes walks in peace, and it rings until enough come."""

from dataclasses import replace
from datetime import timedelta

from routing.calls import CallState
from routing.cards import allowed, arrive_by
from routing.defaults import LADDERS, POLICIES, policy_for
from routing.draft import engaged, on_the_way
from routing.effects import Considered, Move, Note, Reason, Ring
from routing.events import PlanAdopted, SignedIn
from routing.ids import HandsetId, StaffId
from routing.plan import CallType, Competence, Plan
from routing.step import next_deadline
from tests.routing.night import (
    Night,
    arrive,
    ask,
    decline,
    hand_over,
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


def students(plan: Plan, staff: str) -> Plan:
    """Return the plan where this person is a student from now on."""
    person = replace(plan.staff[StaffId(staff)], competence=Competence.STUDENT)
    return replace(plan, staff={**plan.staff, person.id: person})


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


# --- Who gives it away comes no more ----------------------------------------------------------


def test_an_emergency_handed_over_on_the_way_is_the_colleagues_and_rings_on() -> None:
    night = one_comes().at("02:14:10", hand_over("per", "lise"))

    night.at("02:14:15", take("lise"))

    assert (night.call().owner, night.call().responders) == ("lise", ())
    assert night.at("02:14:30").rung() == ["per", "omar"], "one comes, two are wanted"


def test_who_came_as_the_second_and_takes_it_over_leaves_nobody_beside_them() -> None:
    night = two_come().at("02:14:20", hand_over("per", "omar"))
    assert "take" in allowed(night.state, night.call(), StaffId("omar"))

    night.at("02:14:25", take("omar"))

    assert (night.call().owner, night.call().responders) == ("omar", ())
    assert sorted(night.rung()) == ["lise", "per"]
    assert night.call().climbs_at == night.clock("02:14:55")


def test_a_third_who_takes_it_over_comes_with_the_second() -> None:
    night = two_come().at("02:14:20", hand_over("per", "lise"))

    night.at("02:14:25", take("lise"))

    assert (night.call().owner, night.call().responders) == ("lise", ("omar",))
    assert "take" not in allowed(night.state, night.call(), StaffId("omar"))
    assert (night.rung(), night.call().climbs_at) == ([], None)


def test_a_student_who_is_there_cannot_hand_it_to_who_has_it_already() -> None:
    night = one_comes("per", "omar", "stud").at("02:14:10", arrive("stud"))

    night.at("02:14:20", hand_over("stud", "per"))

    night.expects().replied(Reason.ALREADY_DONE, ok=True, by="per")
    assert night.call().offered_to is None


def test_who_is_there_and_is_asked_to_have_it_is_not_rung_by_the_rounds_for_a_third() -> None:
    night = two_come(plan=wanting(3)).at("02:14:20", arrive("omar"))
    night.at("02:14:40", hand_over("per", "omar"))
    assert night.rung() == ["omar"]

    assert night.at("02:15:00").rung() == ["lise"]


def test_who_takes_it_over_from_one_who_is_there_is_the_second() -> None:
    night = one_comes().at("02:14:20", arrive("per")).at("02:14:25", hand_over("per", "lise"))

    night.at("02:14:28", take("lise"))

    assert (night.call().owner, night.call().present) == ("lise", ("per",))
    assert (night.rung(), night.call().climbs_at) == ([], None)


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

    rounds = [night.at(clock).rung() for clock in ("02:15:30", "02:16:30")]

    assert rounds == [["omar", "lise"]] * 2
    assert night.call("1-2").round == 2
    assert telephone("per") in night.call("1-2").ringing


def test_a_press_is_told_to_who_walks() -> None:
    night = Night().at("02:14:00", press()).at("02:14:10", take("anne"))

    night.at("02:14:40", press())

    assert night.rung() == ["anne"]
    assert telephone("anne") in night.call().ringing


# --- Who said they come, and is not there in time ---------------------------------------------


def test_a_second_who_does_not_arrive_counts_no_more_and_it_rings_for_another() -> None:
    night = two_come().at("02:14:30", arrive("per")).at("02:16:09")
    assert night.call().responders == ("omar",)

    night.at("02:16:10").noted(Move.NOT_COME)

    told = next(one for one in night.effects if isinstance(one, Note))
    assert (told.staff, told.because.reason) == ("omar", Reason.NOT_COME)
    assert (night.call().owner, night.call().responders) == ("per", ())
    assert sorted(night.rung()) == ["lise", "omar"], "he may have forgotten it"
    assert night.call().climbs_at == night.clock("02:16:40")
    said = [one.because for one in night.effects if isinstance(one, Ring)][-1]
    assert (said.reason, said.facts) == (Reason.NOT_COME, (("staff", "omar"),))


def test_a_second_who_arrives_in_time_is_waited_for_no_more() -> None:
    night = two_come().at("02:14:30", arrive("per")).at("02:15:00", arrive("omar"))

    assert next_deadline(night.state) == night.call().ask_at


def test_the_owner_who_does_not_arrive_leaves_it_to_who_is_there_and_it_rings() -> None:
    night = two_come().at("02:14:30", arrive("omar"))
    assert night.call().beside_by == night.clock("02:16:10")

    night.at("02:16:10")

    assert (night.call().owner, night.call().responders) == ("omar", ())
    assert sorted(night.rung()) == ["lise", "per"]


def test_the_owner_is_waited_for_where_the_second_came_without_a_word() -> None:
    night = one_comes().at("02:14:20", arrive("omar"))
    assert night.call().ringing == {}, "one is there, one comes: enough"
    assert night.call().climbs_at is None

    night.at("02:16:05")

    assert night.call().owner == "omar"
    assert sorted(night.rung()) == ["lise", "per"]


def test_the_latest_who_comes_is_waited_for_and_the_owner_as_long() -> None:
    night = one_comes(plan=wanting(3)).at("02:14:20", take("omar"))
    night.at("02:14:40", arrive("lise"))

    assert night.call().beside_by == night.clock("02:16:20")


def test_who_took_it_over_later_than_the_second_came_has_their_own_limit() -> None:
    night = two_come().at("02:14:30", hand_over("per", "lise")).at("02:15:00", take("lise"))

    night.at("02:15:10", arrive("omar"))

    assert night.call().beside_by == night.clock("02:17:00")


def test_a_student_who_arrives_first_sets_no_limit_for_whoever_takes_it_over() -> None:
    night = one_comes("per", "omar", "lise", "stud").at("02:14:10", arrive("stud"))
    assert night.call().beside_by is None


def test_a_student_who_arrives_lets_the_offer_to_another_ring() -> None:
    night = two_come("per", "omar", "lise", "stud").at("02:14:20", hand_over("per", "lise"))

    night.at("02:14:30", arrive("stud"))

    assert list(night.call().ringing) == [telephone("lise")]
    assert night.call().offered_to == "lise"


def test_an_owner_who_is_competent_no_more_and_arrives_is_waited_for_no_more() -> None:
    night = one_comes().at("02:14:10", take("omar"))
    night.at("02:14:12", PlanAdopted(students(night.state.plan, "per")))

    night.at("02:14:20", arrive("per"))

    assert night.call().arrive_by is None


def test_who_is_offered_it_arrives_and_may_not_carry_it_is_offered_it_no_more() -> None:
    night = one_comes().at("02:14:10", hand_over("per", "lise"))
    night.at("02:14:12", PlanAdopted(students(night.state.plan, "lise")))

    night.at("02:14:20", arrive("lise"))

    assert night.call().offered_to is None


def test_the_owner_who_cannot_come_leaves_it_to_who_is_there() -> None:
    night = two_come().at("02:14:30", arrive("omar")).at("02:15:00", decline("per"))

    assert (night.call().owner, night.call().responders) == ("omar", ())
    assert night.rung() == ["lise"]


def test_an_ordinary_call_is_the_colleagues_who_is_there_once_its_owner_cannot() -> None:
    night = Night().at("02:14:00", press()).at("02:14:10", take("anne"))
    night.at("02:14:30", arrive("per"))
    assert night.call().beside_by is None

    night.at("02:15:00", decline("anne"))

    assert night.call().owner == "per"
    assert (night.rung(), night.call().climbs_at) == ([], None)


def test_where_nobody_there_covers_it_any_more_it_rings_though_enough_are_there() -> None:
    night = two_come(plan=wanting(2)).at("02:14:30", arrive("omar"))
    night.at("02:14:40", arrive("stud"))
    night.at("02:15:00", PlanAdopted(students(night.state.plan, "omar")))

    night.at("02:16:10")

    assert (night.call().owner, night.call().state) == (None, CallState.PRESENT)
    assert "lise" in night.rung()


def test_it_rings_where_nobody_has_it_though_as_many_are_there_as_it_wants() -> None:
    night = two_come().at("02:14:30", arrive("omar")).at("02:14:40", arrive("lise"))
    plan = night.state.plan
    policy = replace(policy_for(plan, CallType.EMERGENCY), close_competence=Competence.NURSE)
    policies = {**plan.policies, CallType.EMERGENCY: policy}
    people = {**plan.staff, StaffId("lise"): replace(plan.staff[StaffId("omar")], id="lise")}
    night.at("02:15:00", PlanAdopted(replace(plan, policies=policies, staff=people)))

    night.at("02:16:10")

    assert (night.call().owner, night.call().present) == (None, ("omar", "lise"))
    assert "per" in night.rung()


def test_help_asked_once_more_rings_again_where_the_second_does_not_come() -> None:
    night = Night().at("02:14:00", press()).at("02:14:10", arrive("anne"))
    night.at("02:14:40", press()).at("02:14:45", arrive("anne", "1-2"))
    night.at("02:14:47", press()).at("02:14:50", take("per", "1-2"))
    assert night.call("1-2").ladder.responders == 1
    assert night.call("1-2").climbs_at is None

    night.at("02:16:50")

    assert night.call("1-2").responders == ()
    assert "per" in night.rung()
    assert night.call("1-2").climbs_at is not None


def test_a_student_who_does_not_arrive_makes_nothing_ring() -> None:
    night = one_comes("per", "omar", "stud")
    night.at("02:14:08", take("omar")).at("02:14:20", arrive("per"))
    night.at("02:14:22", arrive("omar"))
    night.at("02:14:30", take("stud"))
    assert night.call().responders == ("omar", "stud")

    night.at("02:16:30").noted(Move.NOT_COME)

    assert night.call().responders == ("omar",)
    assert night.rung() == []


def test_who_comes_beside_and_signs_out_has_a_line_in_the_story() -> None:
    two_come().at("02:14:40", sign_out("omar")).noted(Move.NOT_COME)


def test_who_signs_out_and_had_nothing_to_do_with_it_has_no_line() -> None:
    two_come().at("02:14:40", sign_out("lise")).noted()


def test_who_walks_beside_others_is_busy_for_other_calls_until_the_limit() -> None:
    night = Night().at("02:00", ask("omar", emergency=True))
    night.at("02:00:10", take("lise")).at("02:00:15", take("anne"))
    night.at("02:00:30", arrive("lise"))

    assert night.at("02:02", press()).rung() == ["per"]
    assert thought_of(night, "anne") == [Considered(StaffId("anne"), False, Reason.BUSY)]


def test_who_comes_beside_sees_the_time_they_are_waited_for() -> None:
    call = two_come().at("02:14:30", arrive("per")).call()

    assert arrive_by(call, StaffId("omar")) == call.beside_by
    assert arrive_by(call, StaffId("lise")) == call.arrive_by
