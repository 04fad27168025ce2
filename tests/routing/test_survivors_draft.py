"""Found by mutation: what a step keeps, undoes and looks at again, and who sees it."""

from dataclasses import replace
from datetime import timedelta

from routing.calls import CallState
from routing.cards import shown_on
from routing.defaults import policy_for
from routing.draft import Draft
from routing.effects import Reason, Show
from routing.events import (
    ClockStepped,
    HandsetState,
    PlanAdopted,
    ReceiptGiven,
    ReceiptKind,
    Started,
)
from routing.ids import CallId, DeviceId, LadderId, RuleId, StaffId
from routing.plan import CallType, Competence, Ladder, Plan, TriggerKind
from routing.state import DeviceNow, HandsetNow, Waiting
from routing.step import next_deadline
from tests.routing.night import (
    Night,
    arrive,
    ask,
    bed,
    door,
    hand_over,
    motion,
    pause,
    press,
    reports,
    rule,
    sign_in,
    sign_out,
    solvik,
    take,
    telephone,
    with_rules,
    with_stay,
)
from tests.routing.test_shifts import NIGHT_SHIFT, with_shift
from tests.routing.test_timers import DUTY, FOREVER

HOUSE_GAP = ["coverage_gap", "coverage_gap"]
"""One for each unit."""


def shown(night: Night) -> dict[str, tuple[str, ...]]:
    """Return which telephones were told that what they show of a call changed."""
    return {one.call: one.handsets for one in night.effects if isinstance(one, Show)}


# --- When coverage and shifts are looked at ---------------------------------------------------


def test_a_telephone_is_given_45_seconds_to_come_back_and_no_more() -> None:
    night = Night(on_duty=("anne",), guard=True).at("02:00")

    night.at("02:00:10", reports("anne", HandsetState.GONE)).at("02:00:54.9")
    assert night.faults() == []

    night.at("02:00:55")
    assert night.faults() == HOUSE_GAP


def test_a_bed_that_is_free_next_week_puts_no_look_off() -> None:
    plan = with_stay(solvik(), "gro", until=Night().clock("150:00"))
    night = Night(plan, on_duty=("anne",), guard=True).at("02:00")

    night.at("02:00:10", reports("anne", HandsetState.GONE)).at("02:01")

    assert night.faults() == HOUSE_GAP


def test_what_changes_nobodys_reach_gives_the_hub_nothing_to_look_at() -> None:
    night = Night(on_duty=("anne",), guard=True).at("02:00")
    assert next_deadline(night.state) is None

    night.at("02:10", reports("anne", HandsetState.READY), take("anne", "9-9"))

    assert next_deadline(night.state) is None


def test_telephones_that_blink_put_no_change_over_off() -> None:
    night = Night(with_shift(NIGHT_SHIFT), on_duty=("anne", "omar"))

    night.at("21:14:40", reports("anne", HandsetState.LIMITED)).at("21:15:01")

    assert night.faults() == ["shift_not_changed", "shift_not_changed"]


def test_signing_in_for_the_new_shift_counts_also_on_a_limited_telephone() -> None:
    night = Night(with_shift(NIGHT_SHIFT), on_duty=("anne", "omar"))
    night.at("20:00", *(reports(one, HandsetState.LIMITED) for one in ("anne", "omar")))
    night.at("21:20")

    night.at("21:30", sign_in("anne")).at("21:31")

    assert [one.unit for one in night.open()] == ["b"]


# --- What is due ------------------------------------------------------------------------------


def test_a_pause_ends_on_time_while_somebody_is_with_a_patient() -> None:
    night = Night(with_rules(rule())).at("02:00", press()).at("02:01", arrive("anne"))
    night.at("02:10", pause("anne", night.clock("02:30")))

    night.at("02:29:59")
    assert len(night.state.pauses) == 1
    night.at("02:30")
    assert night.state.pauses == ()


def test_a_receipt_that_comes_late_hides_nothing_that_is_due_after_it() -> None:
    night = Night(mute=(telephone("anne"), telephone("per"))).at("02:00", press())

    sent = ReceiptGiven(telephone("anne"), CallId("1-1"), ReceiptKind.SENT)
    night.jump("02:00:05", sent)

    due = next_deadline(night.state)
    assert due is not None
    assert due > night.now, "what was due before the receipt has been done"


def test_a_silent_telephone_in_the_failsafe_makes_no_round_of_its_own() -> None:
    everybody = tuple(map(telephone, ("anne", "per", "omar", "lise", "eva")))
    night = Night(mute=everybody).at("02:00", press()).at("02:02")
    assert night.call().rung == len(night.call().ladder.rungs)
    night.at("02:02:10", sign_in("eva"))
    assert night.rung() == ["eva"]

    night.at("02:02:50").expects()


def test_an_offer_that_its_telephone_does_not_confirm_wakes_nobody_else() -> None:
    night = Night(mute=(telephone("omar"),)).at("02:00", press())
    night.at("02:00:10", take("anne")).at("02:00:20", hand_over("anne", "omar"))

    night.at("02:00:40").expects()

    assert night.call().owner == "anne"


def test_gone_is_believed_from_the_moment_the_hub_has_listened_for_it() -> None:
    night = Night().at("02:00", Started(2, "test", "test", Night().clock("02:00:08")))
    night.at("02:00:01", reports("anne", HandsetState.GONE))

    night.at("02:00:08", press())

    assert night.rung() == ["per"]


# --- Who is waited for ------------------------------------------------------------------------


def test_who_took_a_call_that_a_colleague_sees_to_may_go_off_duty() -> None:
    night = Night().at("02:00", press()).at("02:00:10", take("anne"))
    night.at("02:01", arrive("per"))

    night.at("02:02", sign_out("anne")).expects()

    assert (night.call().state, night.call().present) == (CallState.PRESENT, ("per",))


def test_who_is_there_already_when_they_take_it_is_not_waited_for() -> None:
    plan = solvik()
    trained = replace(
        policy_for(plan, CallType.PATIENT), close_competence=Competence.HEALTH_WORKER
    )
    plan = replace(plan, policies={CallType.PATIENT: trained})
    night = Night(plan, on_duty=("anne", "eva")).at("02:00", press())
    night.at("02:00:10", arrive("eva")).at("02:00:20", sign_out("anne"))

    night.at("02:00:30", take("eva")).replied(Reason.TAKEN, ok=True)

    night.at("02:30").expects()
    assert (night.call().owner, night.call().present) == ("eva", ("eva",))


# --- Who is reached, and who sees it ----------------------------------------------------------


def test_who_left_the_plan_and_is_still_signed_in_keeps_no_call_from_the_others() -> None:
    plan = solvik()
    staff = {name: one for name, one in plan.staff.items() if name != "lise"}
    night = Night().at("01:00", PlanAdopted(replace(plan, staff=staff)))

    night.at("02:00", press())

    assert night.rung() == ["anne", "per"]


def test_a_call_that_belongs_to_no_unit_belongs_to_each() -> None:
    night = Night().at("02:00", ClockStepped(timedelta(hours=1)))

    assert (night.call().unit, night.call().rung) == (None, 0)
    assert night.rung() == ["anne", "per", "omar", "lise"]


def test_everybody_on_the_unit_sees_at_once_what_changes_on_a_call() -> None:
    night = Night(on_duty=("anne", "per", "eva", "omar")).at("02:00", press())
    assert night.rung() == ["anne", "per"]
    assert shown(night) == {"1-1": ("tel-anne", "tel-per", "tel-eva")}


def test_who_was_rung_from_another_unit_sees_at_once_that_somebody_took_it() -> None:
    night = Night().at("02:00", press()).at("02:02:10")
    assert "omar" in {one.staff for one in night.call().ringing.values()}
    night.at("02:02:20", take("anne"))

    assert "tel-omar" in shown(night)["1-1"]
    night.at("02:02:30", arrive("anne"))
    assert "tel-omar" in shown(night)["1-1"], "also when it rings there no more"


def test_who_asked_for_help_in_another_unit_sees_at_once_who_comes() -> None:
    night = Night().at("02:00", ask("omar", room="204"))
    assert "tel-omar" in shown(night)["1-1"]

    night.at("02:00:10", take("anne"))

    assert "tel-omar" in shown(night)["1-1"]
    assert shown_on(night.state, telephone("omar")) == ("1-1",)


def test_a_telephone_that_nobody_holds_is_told_of_no_call() -> None:
    night = Night().at("01:00", reports("eva", HandsetState.READY)).at("02:00", press())

    assert "tel-eva" not in shown(night)["1-1"]


# --- What failed is undone --------------------------------------------------------------------


def broken_rules() -> Plan:
    """Two rules that wait three minutes; what the second calls for cannot be rung."""
    broken = Ladder(LadderId("broken"), (FOREVER,), DUTY)
    whole = rule("whole", TriggerKind.MOTION, delay=timedelta(minutes=3))
    cannot = rule("cannot", TriggerKind.DOOR_OPEN, delay=timedelta(minutes=3))
    plan = with_rules(whole, replace(cannot, ladder=broken.id, call_type=CallType.DOOR))
    return replace(plan, ladders={broken.id: broken})


def test_a_rule_that_cannot_ring_leaves_no_half_call_behind() -> None:
    night = Night(broken_rules()).at("01:00", door(opened=False))
    night.at("02:00", door(opened=True)).at("02:03")
    assert [one.type for one in night.open()] == [CallType.TECHNICAL]

    # It is tried again at 02:08, just after a rule that does ring.
    night.at("02:04", motion(on=False)).at("02:05", motion(on=True)).at("02:08")

    assert [one.type for one in night.open()] == [CallType.TECHNICAL, CallType.BED_EXIT]
    night.at("02:09", take("anne", "1-3")).replied(Reason.UNKNOWN_CALL, ok=False)


def test_what_an_attempt_wrote_before_it_failed_is_undone_everywhere() -> None:
    night = Night(with_rules(rule())).at("01:00", bed(occupied=True)).at("02:00", press())
    making = Draft(night.state, night.now)

    def write(word: str) -> None:
        making.put_call(replace(night.call(), fault=word))
        making.put_handset(telephone("anne"), HandsetNow(staff=StaffId(word)))
        making.put_device(DeviceId("bed-ola"), DeviceNow(session=word))
        making.wait(RuleId(word), Waiting(night.now, night.now))

    def fails() -> None:
        write("halfway")
        raise ValueError("in the middle")

    write("before")
    assert isinstance(making.attempt(fails), ValueError)

    kept, _ = making.done()
    assert "halfway" not in repr((kept.calls, kept.handsets, kept.devices, kept.waiting))
    assert "before" in kept.waiting
