"""A rule that waits is edited: judged as if it had been so when its condition came to hold."""

from dataclasses import replace
from datetime import date, datetime, time, timedelta

import pytest

from routing.effects import Note, Reason
from routing.events import HandsetState, PlanAdopted
from routing.ids import DeviceId, PatientId, RuleId
from routing.plan import Combine, Rule, RuleState, Trigger, TriggerKind, Window
from routing.step import next_deadline
from tests.routing.night import (
    Night,
    arrive,
    backlog,
    bed,
    door,
    left,
    motion,
    pause,
    press,
    reports,
    resume,
    rule,
    signal,
    take,
    with_rules,
)
from tests.routing.test_rules import asleep

NIGHT = Window(time(22), time(6))
EARLY = timedelta(minutes=4)
TEN = timedelta(minutes=10)
LATE = timedelta(minutes=20)
OUT = Trigger(TriggerKind.BED_EXIT)
DOOR = Trigger(TriggerKind.DOOR_OPEN)


def edited(night: Night, **changes: object) -> PlanAdopted:
    """Let somebody edit the rule."""
    plan = night.state.plan
    rules = tuple(
        replace(one, version=one.version + 1, **changes)  # type: ignore[arg-type]
        for one in plan.rules
    )
    return PlanAdopted(replace(plan, version=plan.version + 1, rules=rules))


def out_of_bed(made: Rule, at: str = "02:00", day: date | None = None) -> Night:
    night = asleep(with_rules(made)) if day is None else asleep(with_rules(made), day)
    return night.at(at, bed(occupied=False))


def rang_at(night: Night) -> datetime | None:
    """Return when the rule called, None if it has not."""
    return next((one.opened_at for one in night.state.calls.values() if one.rule == "r1"), None)


# --- The delay --------------------------------------------------------------------------------


def test_a_longer_delay_counts_from_the_same_beginning() -> None:
    night = out_of_bed(rule(delay=TEN))
    night.at("02:05", edited(night, delay=LATE)).at("02:19:59")
    assert rang_at(night) is None
    night.at("02:20").expects("ring 1-1 anne", "ring 1-1 per")
    assert dict(night.call().because.facts)["since"] == night.clock("02:00").isoformat()


def test_a_shorter_delay_counts_from_the_same_beginning() -> None:
    night = out_of_bed(rule(delay=TEN))
    night.at("02:02", edited(night, delay=EARLY)).at("02:03:59").expects()
    night.at("02:04").expects("ring 1-1 anne", "ring 1-1 per")


def test_a_delay_that_the_edit_has_made_past_calls_at_once() -> None:
    night = out_of_bed(rule(delay=TEN))
    night.at("02:05", edited(night, delay=EARLY))
    assert next_deadline(night.state) == night.now, "due now, and not in the past"
    night.at("02:05").expects("ring 1-1 anne", "ring 1-1 per")
    assert night.call().because.rule_version == 2
    assert night.state.due is not None
    assert night.state.due > night.now


def test_an_edit_of_something_else_changes_no_deadline() -> None:
    night = out_of_bed(rule(delay=TEN))
    night.at("02:05", edited(night, text="Ute av sengen")).at("02:09:59").expects()
    night.at("02:10")
    assert rang_at(night) == night.clock("02:10")


def test_who_is_back_in_bed_after_the_edit_is_not_called_for() -> None:
    night = out_of_bed(rule(delay=TEN))
    night.at("02:05", edited(night, delay=LATE)).at("02:12", bed(occupied=True)).at("03:00")
    assert night.open() == []


def test_a_delay_that_is_edited_twice_still_counts_from_the_beginning() -> None:
    night = out_of_bed(rule(delay=TEN))
    night.at("02:05", edited(night, delay=LATE)).at("02:12", edited(night, delay=TEN))
    night.at("02:12")
    assert rang_at(night) == night.clock("02:12"), "past already: at once"


def test_what_a_broker_replayed_settles_first_however_short_the_delay_is_now() -> None:
    night = asleep(with_rules(rule(delay=TEN)))
    night.at("02:00", bed(occupied=False, delivery=backlog(night.clock("01:50"))))
    night.at("02:00:02", edited(night, delay=timedelta(0))).at("02:00:09").expects()
    night.at("02:00:10")
    assert rang_at(night) == night.clock("02:00:10")


@pytest.mark.parametrize("state", [RuleState.PAUSED, RuleState.ENDED, RuleState.SUSPENDED])
def test_a_rule_that_is_paused_ended_or_objected_to_waits_no_more(state: RuleState) -> None:
    night = out_of_bed(rule(delay=TEN))
    night.at("02:05", edited(night, state=state, delay=LATE)).at("03:00")
    assert night.state.waiting == {}
    told = [call.because.reason for call in night.open()]
    assert told == ([Reason.OBJECTED] if state is RuleState.SUSPENDED else [])


@pytest.mark.parametrize("state", [RuleState.ACTIVE, RuleState.PAUSED, RuleState.ENDED])
def test_what_rings_rings_on_whatever_becomes_of_its_rule(state: RuleState) -> None:
    night = out_of_bed(rule()).at("02:00:10")
    before = night.call()
    night.at("02:00:20", edited(night, state=state, delay=LATE)).expects()
    assert night.call() == before
    assert night.open() == [before]


def test_a_rule_that_is_taken_out_of_the_plan_waits_no_more() -> None:
    night = out_of_bed(rule(delay=TEN))
    night.at("02:05", PlanAdopted(replace(night.state.plan, version=2, rules=()))).at("03:00")
    assert night.open() == []


def test_a_rule_put_on_trial_while_it_waits_only_says_that_it_would_have_called() -> None:
    night = out_of_bed(rule(delay=TEN))
    night.at("02:05", edited(night, state=RuleState.TRIAL, delay=LATE)).at("02:20")
    assert (night.open(), night.trials()) == ([], 1)


def test_a_shorter_delay_during_a_pause_waits_for_the_pauses_end() -> None:
    night = out_of_bed(rule(delay=TEN))
    night.at("02:02", pause("anne", night.clock("02:30")))
    night.at("02:05", edited(night, delay=EARLY)).at("02:29:59").expects()
    night.at("02:30")
    assert rang_at(night) == night.clock("02:30")


def test_a_pause_of_another_rule_of_the_patient_holds_nothing_back() -> None:
    quiet = rule("r2", TriggerKind.DOOR_OPEN)
    night = asleep(with_rules(rule(delay=TEN), quiet)).at("02:00", bed(occupied=False))
    night.at("02:05", pause("anne", night.clock("02:15"), "r1"))
    night.at("02:06", pause("anne", night.clock("05:00"), "r2")).at("02:15")
    assert rang_at(night) == night.clock("02:15")


def test_a_longer_delay_while_somebody_is_there_is_not_judged_before_it_is_over() -> None:
    night = out_of_bed(rule(delay=TEN))
    night.at("02:01", press()).at("02:02", take("anne")).at("02:03", arrive("anne"))
    night.at("02:10:30", edited(night, delay=LATE)).at("02:15", left("anne")).at("02:19:59")
    assert not [one for one in night.all if _says(one, Reason.RULE_HELD)]
    night.at("02:20")
    assert [one for one in night.effects if _says(one, Reason.RULE_HELD)], "it joins the call"


def _says(effect: object, reason: Reason) -> bool:
    return isinstance(effect, Note) and effect.because.reason is reason


# --- Windows, and the nights on which the clock changes ---------------------------------------


def test_what_began_outside_the_window_as_it_is_now_waits_no_more() -> None:
    night = out_of_bed(rule(window=NIGHT, delay=TEN), at="22:00")
    shorter = replace(NIGHT, since=time(23, 30))
    night.at("22:05", edited(night, window=shorter)).at("22:30")
    assert night.open() == []


def test_what_began_inside_the_window_as_it_is_now_goes_on() -> None:
    night = out_of_bed(rule(window=NIGHT, delay=TEN), at="22:00")
    night.at("22:05", edited(night, window=replace(NIGHT, until=time(5)))).at("22:10")
    assert rang_at(night) == night.clock("22:10")
    night = out_of_bed(rule(window=NIGHT, delay=TEN), at="22:00")
    night.at("22:05", edited(night, window=None, delay=LATE)).at("22:20")
    assert rang_at(night) == night.clock("22:20")


@pytest.mark.parametrize(
    ("day", "exit_at", "edit_at", "rings_at"),
    [
        # 25 October: 03:00 becomes 02:00, at 01:00 UTC.
        (date(2026, 10, 25), "00:50", "01:05", "01:10"),
        # 29 March 2027: 02:00 becomes 03:00, at 01:00 UTC.
        (date(2027, 3, 28), "00:50", "01:05", "01:10"),
    ],
)
def test_a_delay_edited_in_the_hour_of_the_changed_clocks_counts_real_minutes(
    day: date, exit_at: str, edit_at: str, rings_at: str
) -> None:
    far = replace(rule(window=NIGHT, delay=timedelta(minutes=40)), review_by=date(2028, 1, 1))
    night = out_of_bed(far, at=exit_at, day=day)
    night.at(edit_at, edited(night, delay=LATE)).at(rings_at)
    assert rang_at(night) == night.clock(rings_at)


# --- Stillness counts from the opening of its window ------------------------------------------

STILL = rule("r1", TriggerKind.NO_MOTION, window=NIGHT, delay=timedelta(hours=1))


def still(at: str, made: Rule = STILL) -> Night:
    night = Night(with_rules(made)).at("00:01", motion(on=True))
    return night.at(at, motion(on=False))


def test_stillness_before_its_window_counts_from_the_opening_after_an_edit_too() -> None:
    night = still("20:00")
    night.at("20:30", edited(night, delay=timedelta(minutes=30))).at("21:29:59").expects()
    night.at("21:30")
    assert rang_at(night) == night.clock("21:30"), "22:00 in Oslo, and half an hour"


def test_stillness_inside_its_window_counts_from_when_it_began() -> None:
    night = still("22:00")
    night.at("22:10", edited(night, delay=timedelta(minutes=30))).at("22:30")
    assert rang_at(night) == night.clock("22:30")


def test_stillness_since_before_its_window_opened_counts_from_the_opening() -> None:
    night = still("20:00")
    night.at("21:20", edited(night, delay=timedelta(minutes=30))).at("21:30")
    assert rang_at(night) == night.clock("21:30")


def test_stillness_that_waits_for_the_next_night_keeps_that_opening() -> None:
    night = still("04:30")
    night.at("12:00", edited(night, delay=timedelta(minutes=30))).at("21:29:59").expects()
    night.at("21:30")
    assert rang_at(night) == night.clock("21:30")


def test_stillness_whose_window_has_no_weekday_any_more_waits_no_more() -> None:
    night = still("22:00")
    night.at("22:10", edited(night, window=replace(NIGHT, weekdays=()))).at("47:00")
    assert (night.open(), night.state.waiting) == ([], {})


# --- Other signals ----------------------------------------------------------------------------


def test_a_rule_whose_new_signals_do_not_hold_waits_no_more() -> None:
    night = out_of_bed(rule(delay=TEN))
    night.at("02:05", edited(night, triggers=(DOOR,))).at("03:00")
    assert night.open() == []


def test_a_rule_whose_new_signals_hold_too_goes_on() -> None:
    night = out_of_bed(rule(delay=TEN))
    night.at("02:05", edited(night, triggers=(OUT, DOOR))).at("02:10")
    assert rang_at(night) == night.clock("02:10")


def test_a_rule_given_to_another_patient_does_not_take_the_waiting_along() -> None:
    night = out_of_bed(rule(delay=TEN))
    night.at("02:05", edited(night, patient=PatientId("kari"))).at("03:00")
    assert night.open() == []


def test_a_button_that_was_pressed_stays_pressed_when_its_rule_is_edited() -> None:
    from routing.readings import ButtonPressed

    button = Trigger(TriggerKind.PRESS, device=DeviceId("door-204"))
    night = Night(with_rules(rule("r1", button, delay=TEN)))
    night.at("02:00", signal("door-204", ButtonPressed("single")))
    night.at("02:05", edited(night, triggers=(button, OUT))).at("02:10")
    assert rang_at(night) == night.clock("02:10")


IN_ORDER = rule("r1", OUT, DOOR, combine=Combine.IN_ORDER, delay=TEN)


def test_conditions_in_order_keep_what_was_met_when_only_times_change() -> None:
    night = out_of_bed(IN_ORDER)
    night.at("02:05", edited(night, delay=EARLY)).at("02:06", door(opened=True)).at("02:10")
    assert rang_at(night) == night.clock("02:10")


def test_a_shorter_time_between_conditions_in_order_counts_from_the_first() -> None:
    hasty = (OUT, replace(DOOR, within=EARLY))
    night = out_of_bed(IN_ORDER)
    night.at("02:02", edited(night, triggers=hasty)).at("02:03:59", door(opened=True))
    assert night.state.waiting[RuleId("r1")].due == night.clock("02:13:59")

    night = out_of_bed(IN_ORDER)
    night.at("02:02", edited(night, triggers=hasty)).at("02:04")
    assert night.state.waiting == {}, "the second came too late to be in order"

    night = out_of_bed(IN_ORDER)
    night.at("02:30", edited(night, triggers=hasty))
    assert next_deadline(night.state) == night.now, "over by then: now, and not in the past"

    night = out_of_bed(replace(IN_ORDER, triggers=hasty))
    night.at("02:02", edited(night, triggers=(OUT, DOOR))).at("02:59:59")
    assert night.state.waiting[RuleId("r1")].due == night.clock("03:00")


def test_another_order_begins_anew() -> None:
    night = out_of_bed(IN_ORDER)
    night.at("02:05", edited(night, triggers=(DOOR, OUT))).at("02:06", door(opened=True))
    assert night.state.waiting[RuleId("r1")].step == 1
    night = out_of_bed(rule(delay=TEN))
    night.at("02:05", edited(night, combine=Combine.IN_ORDER)).at("03:00")
    assert night.open() == []


def test_conditions_that_need_no_order_any_more_count_from_the_first() -> None:
    night = out_of_bed(IN_ORDER)
    night.at("02:05", edited(night, combine=Combine.ANY)).at("02:09:59").expects()
    night.at("02:10")
    assert rang_at(night) == night.clock("02:10")


def test_a_pause_is_over_at_its_end_and_not_after_it() -> None:
    night = asleep(with_rules(rule()))
    night.at("02:01", pause("anne", night.clock("02:30")))
    night.at("02:30", bed(occupied=False))
    assert night.rung() == ["anne", "per"], "the signal of that moment calls"


def test_a_resumed_pause_after_an_edit_keeps_the_beginning() -> None:
    night = out_of_bed(rule(delay=TEN), at="02:00")
    night.at("02:01", pause("anne", night.clock("03:00"))).at(
        "02:08", edited(night, delay=LATE)
    )
    night.at("02:09", resume("anne"), reports("anne", HandsetState.READY)).at("02:20")
    assert rang_at(night) == night.clock("02:20")


def test_a_wait_that_an_earlier_version_left_behind_ends_where_no_window_opens_again() -> None:
    night = still("22:00")
    never = replace(STILL, window=replace(NIGHT, weekdays=()))
    night.state = replace(night.state, plan=replace(night.state.plan, rules=(never,)))
    night.at("24:00")
    assert (night.open(), night.state.waiting) == ([], {})
