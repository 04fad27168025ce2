"""Found by mutation: rules, falls, shifts and reviews in the moments that no test saw."""

from dataclasses import replace
from datetime import time, timedelta

from routing.effects import Booked, Move
from routing.events import (
    Delivery,
    TimePassed,
)
from routing.ids import DeviceId, RoomId, StaffId
from routing.plan import (
    Assignment,
    CallType,
    Combine,
    Priority,
    Profile,
    Purpose,
    Rule,
    Shift,
    Trigger,
    TriggerKind,
    Window,
)
from routing.readings import (
    FallPhase,
    FallSeen,
    Measured,
)
from routing.reviews import reviews
from routing.shifts import last_of_a_unit
from tests.routing.night import (
    LONG_AGO,
    Night,
    bed,
    door,
    motion,
    press,
    rule,
    sign_in,
    sign_out,
    signal,
    solvik,
    with_rules,
    with_stay,
)

# --- Rules ------------------------------------------------------------------------------------


def asleep(*rules: Rule) -> Night:
    """Ola is in bed, nobody moves, the door is closed."""
    night = Night(with_rules(*rules))
    return night.at("01:00", bed(occupied=True), motion(on=False), door(opened=False))


def test_presence_in_a_room_waits_no_longer_once_nothing_moves_there() -> None:
    there = Trigger(TriggerKind.PRESENCE, room=RoomId("204"))
    night = asleep(rule("r1", there, delay=timedelta(minutes=10)))
    night.at("02:00", motion(on=True)).booked(Booked.WAITING)

    night.at("02:05", motion(on=False)).booked(Booked.ENDED)

    assert night.at("02:30").open() == []


def test_what_a_broker_remembers_begins_a_rule_once_the_next_word_had_its_chance() -> None:
    kept = Delivery(retained=True)
    night = asleep(rule("r1"))
    night.at("02:00:00", bed(occupied=False, delivery=kept)).booked(Booked.WAITING)
    night.at("02:00:09", bed(occupied=True)).booked(Booked.ENDED)

    night.at("03:00:00", bed(occupied=False, delivery=kept)).at("03:00:10")
    assert night.rung() == ["anne", "per"]


def test_conditions_met_in_order_call_when_their_delay_is_over() -> None:
    first, then = Trigger(TriggerKind.BED_EXIT), Trigger(TriggerKind.DOOR_OPEN)
    ten = timedelta(minutes=10)
    night = asleep(rule("r1", first, then, combine=Combine.IN_ORDER, delay=ten))
    night.at("02:00", bed(occupied=False)).at("02:01", door(opened=True))

    night.at("02:11")

    assert night.rung() == ["anne", "per"]


def test_the_story_of_a_rules_call_holds_the_word_that_it_is_over() -> None:
    night = asleep(rule("r1")).at("02:00", bed(occupied=False))

    night.at("02:05", bed(occupied=True)).noted(Move.JOINED)

    assert night.call().signals == ("1-4", "1-5")


def test_a_rule_that_is_as_urgent_as_the_call_it_joins_raises_nothing() -> None:
    night = asleep(
        rule("r1", priority=Priority.IMPORTANT),
        rule("r2", TriggerKind.DOOR_OPEN, priority=Priority.IMPORTANT),
    )
    night.at("02:00", bed(occupied=False))

    night.at("02:01", door(opened=True)).booked(Booked.JOINED).noted(Move.JOINED)


def test_a_fall_is_no_movement_to_a_rule_that_asks_for_that() -> None:
    night = asleep(rule("r1", TriggerKind.MOTION))

    night.at("02:00", signal("radar-204", FallSeen(FallPhase.SUSPECTED)))

    night.booked(Booked.NO_RULE)
    assert night.open() == []


def test_a_fall_by_a_radar_that_was_moved_is_not_of_whom_it_watched_before() -> None:
    ola_falls = rule("r1", TriggerKind.FALL, call_type=CallType.FALL_SUSPECTED)
    plan, radar, moved = with_rules(ola_falls), DeviceId("radar-204"), Night().clock("01:30")
    others = tuple(one for one in plan.assignments if one.device != radar)
    stood = (
        Assignment(radar, Purpose.ROOM, LONG_AGO, moved, room=RoomId("204")),
        Assignment(radar, Purpose.ROOM, moved, None, room=RoomId("205")),
    )
    night = Night(replace(plan, assignments=(*others, *stood)))

    night.at("02:00", signal(radar, FallSeen(FallPhase.SUSPECTED))).booked(Booked.NO_RULE)

    assert night.open() == []


def test_that_a_fall_is_said_to_be_over_stands_in_the_story_of_its_call() -> None:
    night = asleep(rule("r1", TriggerKind.FALL, call_type=CallType.FALL_SUSPECTED))
    night.at("02:00", signal("radar-204", FallSeen(FallPhase.SUSPECTED)))

    night.at("02:01", signal("radar-204", FallSeen(FallPhase.CLEARED))).noted(Move.JOINED)


# --- Shifts -----------------------------------------------------------------------------------

# 22:00 in Oslo is 21:00 UTC in November.
NIGHT_SHIFT = Shift("night", Window(time(22), time(7)), grace=timedelta(minutes=15))


def change_over() -> Night:
    return Night(replace(solvik(), shifts=(NIGHT_SHIFT,)), on_duty=("anne", "omar"))


def test_nobody_is_missed_before_the_grace_is_over_whoever_comes_and_goes() -> None:
    night = change_over().at("21:02", sign_in("per")).at("21:05")

    assert night.faults() == []


def test_who_takes_another_telephone_has_not_left_the_shift() -> None:
    night = change_over().at("21:05", sign_in("anne"), sign_in("omar"))

    night.at("22:00:00", sign_out("anne")).at("22:00:10", TimePassed())
    assert night.faults() == []

    assert night.at("22:00:20", sign_in("anne")).at("22:02").faults() == []


def test_a_change_over_ends_no_call_but_its_own() -> None:
    night = change_over().at("21:05", sign_in("anne"), sign_in("omar"))

    night.at("21:10", press()).at("21:20")

    assert night.call().ringing


def test_who_does_not_cover_an_empty_unit_is_not_its_last_one() -> None:
    night = Night(on_duty=("anne", "per"))

    assert not last_of_a_unit(night.state, StaffId("anne")), "nobody is on unit b at all"


# --- Reviews, and time that nobody told -------------------------------------------------------


def test_an_arrival_is_listed_from_its_first_moment_and_overdue_to_the_second() -> None:
    since = Night().clock("02:00")
    plan = with_stay(solvik(), "ola", profile=Profile.ARRIVAL, since=since)

    def overdue(after: timedelta) -> list[bool]:
        return [one.overdue for one in reviews(plan, since + after)]

    assert overdue(-timedelta(seconds=1)) == []
    assert overdue(timedelta(0)) == [False]
    assert overdue(timedelta(hours=24, seconds=-1)) == [False]
    assert overdue(timedelta(hours=24)) == [True]


def test_whatever_happens_after_a_break_finds_the_ladders_where_they_are_due() -> None:
    night = Night().at("02:00:00", press())

    night.jump("02:02:10", signal("wrist-ola", Measured("temperature", 21.5)))

    assert night.call().rung == 2
    assert night.rung() == ["anne", "per", "omar", "lise"]
