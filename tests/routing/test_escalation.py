"""Ladders climb, pass empty chairs, and end at a person."""

from dataclasses import replace
from datetime import timedelta

import pytest

from routing.defaults import POLICIES, ladder_for
from routing.effects import Considered, Note, Reason, Ring
from routing.events import HandsetState, Started, TimePassed
from routing.ids import LadderId, StaffId
from routing.plan import (
    CallType,
    Competence,
    Ladder,
    Plan,
    Priority,
    Rung,
    Target,
    TargetKind,
)
from tests.routing.night import (
    Night,
    arrive,
    ask,
    decline,
    press,
    reports,
    sign_in,
    sign_out,
    solvik,
    take,
    telephone,
    with_stay,
)


def with_ladder(*rungs: Rung, failsafe: Rung | None = None, responders: int = 1) -> Plan:
    """Give patient calls a ladder of their own."""
    last = failsafe or Rung((Target(TargetKind.HOUSE),), timedelta(seconds=60))
    ladder = Ladder(LadderId("own"), rungs, last, responders)
    policy = replace(POLICIES[CallType.PATIENT], ladder=ladder.id)
    plan = solvik()
    return replace(plan, ladders={ladder.id: ladder}, policies={CallType.PATIENT: policy})


def rung(seconds: float, kind: TargetKind, value: str = "") -> Rung:
    return Rung((Target(kind, value),), timedelta(seconds=seconds))


def test_the_ladder_climbs_from_the_carer_to_the_unit_the_house_and_the_failsafe() -> None:
    night = Night(on_duty=("anne", "per", "eva", "omar", "lise"))
    night.at("02:14:00", press())
    assert night.rung() == ["anne", "per"]
    night.at("02:15:00").expects(
        "ring 1-1 anne again 1", "ring 1-1 per again 1", "ring 1-1 eva"
    )
    night.at("02:16:00")
    assert night.rung() == ["anne", "per", "eva", "omar", "lise"]
    night.at("02:17:00")
    assert "send 1-1 duty" in night_noise(night)
    assert night.call().rung == 3
    night.at("02:18:59").expects()
    night.at("02:19:00")
    assert len(night.rung()) == 5
    assert night.call().round == 2


def night_noise(night: Night) -> list[str]:
    from tests.routing.night import noise

    return [said for one in night.effects if (said := noise(one))]


def test_patience_counts_from_the_due_time_after_an_outage() -> None:
    night = Night()
    night.at("02:14:00", press())
    night.jump("02:15:50")
    assert night.call().rung == 1
    assert night.call().climbs_at == night.clock("02:16:00")


def test_a_long_outage_catches_up_to_the_failsafe_and_keeps_its_rhythm() -> None:
    night = Night()
    night.at("02:14:00", press())
    night.jump("04:00:30", Started(2, "test", "test", night.clock("04:00:38")))
    call = night.call()
    assert call.rung == len(call.ladder.rungs)
    assert call.climbs_at == night.clock("04:01:00")
    assert call.round == 1
    night.at("04:05", press("wrist-kari"))
    assert "2-1" in night.state.calls, "a new epoch gives new ids"


def test_a_rung_without_a_receiver_is_passed_at_once_and_says_so() -> None:
    night = Night(on_duty=("eva",))
    night.at("02:14", press())
    assert night.rung() == ["eva"]
    passed = [one for one in night.effects if isinstance(one, Note)][1]
    assert passed.because.reason is Reason.RUNG_EMPTY
    assert passed.because.considered == (
        Considered(StaffId("anne"), chosen=False, reason=Reason.NOT_ON_DUTY),
        Considered(StaffId("per"), chosen=False, reason=Reason.NOT_ON_DUTY),
    )


def test_capability_3_with_nobody_at_all_the_failsafe_repeats_until_somebody_comes() -> None:
    night = Night(on_duty=())
    night.at("02:14", press())
    assert night_noise(night)[0] == "send 1-1 duty"
    assert "no_ready_handset" in night.faults()
    night.at("02:16")
    assert "send 1-1 duty" in night_noise(night)
    night.at("02:16:30", sign_in("anne"))
    assert set(night.rung()) == {"anne"}
    night.at("02:16:31", reports("anne", HandsetState.READY))
    assert "no_ready_handset" not in night.faults()
    night.at("02:16:40", take("anne"))
    assert night.call().owner == "anne"


def test_the_failsafe_rings_everybody_when_its_own_people_are_not_there() -> None:
    plan = with_ladder(
        rung(30, TargetKind.STAFF, "lise"), failsafe=rung(30, TargetKind.ROLE, "leader")
    )
    night = Night(plan, on_duty=("omar",))
    night.at("02:14", press())
    assert night.rung() == ["omar"]


def test_two_calls_in_one_empty_unit_are_one_technical_call() -> None:
    night = Night(on_duty=())
    night.at("02:14", press()).at("02:14:05", press("wrist-kari"))
    assert night.faults().count("no_ready_handset") == 1


def test_everybody_declining_climbs_at_once() -> None:
    night = Night(on_duty=("anne", "per", "eva"))
    night.at("02:14:00", press()).at("02:14:05", decline("anne")).expects(
        "still 1-1 anne declined"
    )
    night.at("02:14:10", decline("per")).expects("still 1-1 per declined", "ring 1-1 eva")
    assert night.call().rung == 1
    night.at("02:14:20", decline("eva"))
    assert night.call().rung == 3
    assert night.rung() == ["anne", "per", "eva"], "the failsafe asks everybody again"


def test_capability_6_a_telephone_that_does_not_say_ringing_is_not_waited_for() -> None:
    night = Night(on_duty=("anne", "eva"), mute=(telephone("anne"),))
    night.at("02:14:00", press())
    assert night.rung() == ["anne"]
    night.at("02:14:01.9").expects()
    night.at("02:14:02").expects("ring 1-1 anne again 1", "ring 1-1 eva")
    assert night.call().rung == 1


def test_one_telephone_that_sounds_is_enough() -> None:
    night = Night(mute=(telephone("anne"),))
    night.at("02:14:00", press()).at("02:14:59").expects()
    assert night.call().rung == 0


@pytest.mark.parametrize("state", [HandsetState.LIMITED, HandsetState.QUIET])
def test_a_telephone_in_doubt_rings_and_so_do_the_next(state: HandsetState) -> None:
    plan = with_stay(solvik(), "ola", backup=())
    night = Night(plan, on_duty=("anne", "eva", "omar"))
    night.at("02:10", reports("anne", state))
    night.at("02:14", press())
    assert night.rung() == ["anne", "eva"]


def test_capability_20_a_telephone_that_is_gone_is_skipped() -> None:
    night = Night()
    night.at("02:10", reports("anne", HandsetState.GONE))
    night.at("02:14", press())
    assert night.rung() == ["per"]
    ring = next(one for one in night.effects if isinstance(one, Ring))
    assert ring.because.considered[0].reason is Reason.NOT_REACHABLE


def test_untaken_calls_move_at_once_from_a_telephone_that_goes() -> None:
    plan = with_stay(solvik(), "ola", backup=())
    night = Night(plan, on_duty=("anne", "eva"))
    night.at("02:14", press())
    night.at("02:14:10", reports("anne", HandsetState.GONE)).expects(
        "still 1-1 anne handset_gone", "ring 1-1 eva"
    )
    night.at("02:14:20", reports("anne", HandsetState.READY)).expects("ring 1-1 anne again 1")


def test_after_a_start_telephones_keep_their_last_state_until_the_gateway_has_listened() -> (
    None
):
    night = Night()
    night.jump("02:00", Started(2, "test", "test", night.clock("02:00:08")))
    night.at("02:00:01", reports("anne", HandsetState.GONE))
    night.at("02:00:02", press())
    assert night.rung() == ["anne", "per"]
    night.at("02:00:08").expects("still 2-1 anne handset_gone")


def test_receipts_are_waited_for_only_once_the_gateway_listens() -> None:
    plan = with_stay(solvik(), "ola", backup=())
    night = Night(plan, on_duty=("anne", "eva"), mute=(telephone("anne"),))
    night.jump("02:00", Started(2, "test", "test", night.clock("02:00:08")))
    night.at("02:00:01", press()).at("02:00:07").expects()
    night.at("02:00:10.5")
    assert night.call("2-1").rung == 1


def test_a_student_rings_beside_a_carer_and_never_alone() -> None:
    plan = with_ladder(rung(60, TargetKind.UNIT))
    night = Night(plan, on_duty=("stud", "anne"))
    night.at("02:14:00", press())
    assert night.rung() == ["stud", "anne"]
    night.at("02:14:10", reports("anne", HandsetState.GONE))
    assert not night.call().ringing


def test_with_only_a_student_the_student_is_not_the_receiver() -> None:
    night = Night(on_duty=("stud",))
    night.at("02:14", press())
    assert night.rung() == []
    assert "no_ready_handset" in night.faults()


def test_capability_25_somebody_not_competent_is_passed_over() -> None:
    plan = solvik()
    nurse = replace(POLICIES[CallType.PATIENT], close_competence=Competence.NURSE)
    night = Night(replace(plan, policies={CallType.PATIENT: nurse}))
    night.at("02:14", press())
    assert night.rung() == ["lise"]
    night.at("02:14:10", take("anne")).replied(Reason.NOT_COMPETENT, ok=False)


def test_with_nobody_competent_whoever_is_there_may_take_it() -> None:
    plan = solvik()
    nurse = replace(POLICIES[CallType.PATIENT], close_competence=Competence.NURSE)
    night = Night(replace(plan, policies={CallType.PATIENT: nurse}), on_duty=("anne",))
    night.at("02:14", press())
    assert night.rung() == ["anne"], "the failsafe asks for no papers"
    night.at("02:14:10", take("anne")).replied(Reason.TAKEN, ok=True)


def test_a_busy_carer_is_spared_while_a_free_one_is_there() -> None:
    night = Night()
    night.at("02:14", press()).at("02:14:10", take("anne")).at("02:14:30", arrive("anne"))
    night.at("02:15", press("wrist-kari"))
    assert night.rung() == ["per"]
    night.at("02:15:10", take("per", "1-2"))
    night.at("02:15:30", press("cord-301"))
    assert night.rung() == ["omar", "lise"]


def test_when_everybody_is_busy_they_ring_all_the_same() -> None:
    night = Night(on_duty=("anne",))
    night.at("02:14", press()).at("02:14:10", take("anne")).at("02:14:30", arrive("anne"))
    night.at("02:15", press("wrist-kari"))
    assert night.rung() == ["anne"]
    ring = next(one for one in night.effects if isinstance(one, Ring))
    assert ring.because.considered[-1].reason is Reason.BUSY


def test_an_emergency_goes_before_what_anybody_is_doing() -> None:
    night = Night(on_duty=("anne", "per"))
    night.at("02:14", press()).at("02:14:10", take("anne")).at("02:14:30", arrive("anne"))
    night.at("02:15", ask("per", emergency=True, room="205"))
    assert night.rung() == ["anne"]


def test_targets_by_competence_role_person_and_channel() -> None:
    plan = with_ladder(
        rung(10, TargetKind.COMPETENCE, "nurse"),
        rung(10, TargetKind.ROLE, "technician"),
        rung(10, TargetKind.STAFF, "omar"),
        rung(10, TargetKind.UNIT, "b"),
        rung(10, TargetKind.CHANNEL, "board"),
        failsafe=rung(60, TargetKind.COMPETENCE, "2"),
    )
    night = Night(plan, on_duty=("anne", "omar", "lise", "tore"))
    night.at("02:14:00", press())
    assert night.rung() == ["lise"]
    night.at("02:14:10")
    assert night.rung() == ["tore"]
    night.at("02:14:20")
    assert night.rung() == ["omar"]
    night.at("02:14:30")
    assert night.rung() == ["omar", "lise", "tore"]
    night.at("02:14:40").expects("send 1-1 board")
    night.at("02:14:50")
    assert night.rung() == ["anne", "omar", "lise", "tore"]


def test_an_unknown_competence_means_a_nurse() -> None:
    night = Night(with_ladder(rung(10, TargetKind.COMPETENCE, "doctor")))
    night.at("02:14:00", press())
    assert night.rung() == ["lise"]


def test_a_failsafe_without_patience_does_not_ring_without_end() -> None:
    night = Night(with_ladder(failsafe=rung(0, TargetKind.HOUSE)))
    night.at("02:14:00", press()).at("02:14:09").expects()
    night.at("02:14:10")
    assert night.rung()


def test_a_rung_without_patience_is_rung_and_left() -> None:
    night = Night(with_ladder(rung(0, TargetKind.STAFF, "anne"), rung(60, TargetKind.HOUSE)))
    night.at("02:14:00", press())
    assert night.rung() == ["anne", "per", "omar", "lise"]
    assert night.call().rung == 1


def test_a_call_keeps_the_ladder_it_started_with() -> None:
    from routing.events import PlanAdopted

    night = Night()
    night.at("02:14:00", press())
    before = night.call().ladder
    plan = replace(with_ladder(rung(5, TargetKind.HOUSE)), version=2)
    night.at("02:14:10", PlanAdopted(plan))
    assert night.call().ladder == before
    night.at("02:14:20", press("wrist-kari"))
    assert night.call("1-2").ladder.id == "own"


def test_a_policy_that_names_no_known_ladder_has_the_default_one() -> None:
    plan = solvik()
    lost = replace(POLICIES[CallType.PATIENT], ladder=LadderId("nowhere"))
    plan = replace(plan, policies={CallType.PATIENT: lost})
    assert ladder_for(plan, CallType.PATIENT).id == "patient"
    assert ladder_for(plan, CallType.PATIENT, LadderId("urgent")).id == "urgent"


def test_somebody_who_comes_to_duty_joins_what_rings_for_them() -> None:
    night = Night(on_duty=("anne",))
    night.at("02:14:00", press())
    night.at("02:14:10", sign_in("omar")).expects()
    night.at("02:14:20", sign_in("per")).expects("ring 1-1 per")
    night.at("02:17:00")
    night.at("02:17:10", sign_in("eva")).expects("ring 1-1 eva")


def test_the_queue_is_told_why_each_person_was_chosen() -> None:
    night = Night(on_duty=("anne", "per", "stud"))
    night.at("02:14:00", press())
    ring = next(one for one in night.effects if isinstance(one, Ring))
    assert [(one.staff, one.chosen, one.reason) for one in ring.because.considered] == [
        ("anne", True, Reason.ASSIGNED),
        ("per", True, Reason.BACKUP),
    ]


def test_time_never_goes_back() -> None:
    night = Night()
    night.at("02:14:00", press())
    night.jump("01:00:00", TimePassed())
    assert night.state.now == night.clock("02:14:00")


def test_an_empty_plan_still_rings_its_channel() -> None:
    plan = Plan(solvik().house, 1, "Europe/Oslo", devices=solvik().devices)
    night = Night(plan, on_duty=())
    night.at("02:14:00", press())
    assert night_noise(night)[0] == "send 1-1 duty"
    assert night.call().priority is Priority.IMPORTANT


def test_a_person_with_two_telephones_is_rung_on_both() -> None:
    from routing.events import SignedIn
    from routing.ids import HandsetId

    night = Night(on_duty=("anne",))
    night.at("02:00", SignedIn(HandsetId("tel-2"), StaffId("anne")))
    night.at("02:14:00", press())
    assert night.rung() == ["anne", "anne"]
    night.at("02:14:10", take("anne")).expects(
        "still 1-1 2 taken_by_another", "answer wrist-ola coming"
    )
    night.at("02:14:20", sign_out("anne"))
    assert night.call().owner == "anne", "still signed in on the other"
