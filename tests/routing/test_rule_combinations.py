"""Conditions together: all of them, any of them, one after the other, and falls by phases."""

from datetime import UTC, datetime, timedelta

from routing.effects import Booked, Move, Reason
from routing.events import SignalReceived
from routing.ids import RoomId
from routing.plan import (
    CallType,
    Combine,
    Plan,
    Trigger,
    TriggerKind,
)
from routing.readings import FallPhase, FallSeen, Measured
from tests.routing.night import (
    Night,
    arrive,
    bed,
    close,
    door,
    motion,
    pause,
    rule,
    signal,
    take,
    with_rules,
)
from tests.routing.test_rules import NIGHT, TEN, asleep

# --- Combinations -----------------------------------------------------------------------------


def test_all_conditions_together() -> None:
    both = rule("r1", TriggerKind.BED_EXIT, TriggerKind.DOOR_OPEN, combine=Combine.ALL)
    night = asleep(with_rules(both))
    night.at("02:00", bed(occupied=False)).booked(Booked.NO_RULE)
    night.at("02:05", door(opened=True)).booked(Booked.OPENED)


def test_any_condition_and_the_delay_ends_only_when_none_holds() -> None:
    either = rule("r1", TriggerKind.BED_EXIT, TriggerKind.DOOR_OPEN, delay=TEN)
    night = asleep(with_rules(either))
    night.at("02:00", bed(occupied=False)).at("02:01", door(opened=True)).booked(Booked.WAITING)
    night.at("02:02", bed(occupied=True)).booked(Booked.NO_RULE)
    night.at("02:10")
    assert night.rung()


def in_order(within: timedelta | None = timedelta(minutes=5), **changes: object) -> Plan:
    first = Trigger(TriggerKind.BED_EXIT)
    second = Trigger(TriggerKind.DOOR_OPEN, within=within)
    return with_rules(rule("r1", first, second, combine=Combine.IN_ORDER, **changes))


def test_conditions_in_order_within_their_time() -> None:
    night = asleep(in_order())
    night.at("02:00", bed(occupied=False)).booked(Booked.WAITING)
    night.at("02:04", door(opened=True)).booked(Booked.OPENED)


def test_the_wrong_order_or_too_late_is_no_call() -> None:
    night = asleep(in_order())
    night.at("02:00", door(opened=True)).booked(Booked.NO_RULE)
    night.at("02:01", bed(occupied=False)).booked(Booked.WAITING)
    night.at("02:06:01", door(opened=False)).at("02:06:30", door(opened=True)).booked(
        Booked.NO_RULE
    )
    assert night.state.open == ()


def test_the_first_condition_again_begins_anew() -> None:
    night = asleep(in_order(within=None))
    night.at("02:00", bed(occupied=False)).at("02:03", bed(occupied=True)).booked(
        Booked.NO_RULE
    )
    night.at("02:50", bed(occupied=False)).booked(Booked.WAITING)
    night.at("03:45", door(opened=True)).booked(Booked.OPENED)


def test_in_order_with_a_delay_ends_with_its_last_condition() -> None:
    night = asleep(in_order(delay=TEN))
    night.at("02:00", bed(occupied=False)).at("02:01", door(opened=True)).booked(Booked.WAITING)
    night.at("02:02", bed(occupied=True)).booked(Booked.NO_RULE)
    night.at("02:02:30", bed(occupied=False)).booked(Booked.WAITING)
    night.at("02:03", door(opened=False)).booked(Booked.ENDED)
    night.at("03:00").expects()


# --- Falls ------------------------------------------------------------------------------------


def fall(phase: FallPhase, incident: str = "f1") -> SignalReceived:
    return signal("radar-204", FallSeen(phase, incident=incident))


def fall_rule(**changes: object) -> Plan:
    wanted: dict[str, object] = {"call_type": CallType.FALL_SUSPECTED} | changes
    return with_rules(rule("r1", TriggerKind.FALL, **wanted))


def test_f2_a_confirmed_fall_raises_and_cleared_never_closes() -> None:
    night = asleep(fall_rule())
    night.at("02:00", fall(FallPhase.SUSPECTED)).booked(Booked.OPENED)
    night.at("02:00:10", fall(FallPhase.CONFIRMED)).noted(Move.JOINED, Move.RAISED)
    assert night.call().type is CallType.FALL_CONFIRMED
    assert night.rung()
    night.at("02:00:20", fall(FallPhase.CLEARED)).booked(Booked.JOINED)
    assert night.state.open
    night.at("02:01", take("anne")).at("02:01:10", arrive("anne")).at("02:02", close("anne"))
    night.at("02:03", fall(FallPhase.IGNORED)).booked(Booked.NO_RULE)


def test_a_rule_for_confirmed_falls_waits_for_that() -> None:
    night = asleep(fall_rule(call_type=CallType.FALL_CONFIRMED))
    night.at("02:00", fall(FallPhase.SUSPECTED)).booked(Booked.NO_RULE)
    night.at("02:00:10", fall(FallPhase.CONFIRMED)).booked(Booked.OPENED)


def test_fall_rules_have_windows_pauses_and_times_too() -> None:
    night = asleep(fall_rule(window=NIGHT))
    night.at("12:00", fall(FallPhase.SUSPECTED)).booked(Booked.SUPPRESSED)
    night = asleep(fall_rule())
    night.at("01:00", pause("anne", night.clock("03:00")))
    night.at("02:00", fall(FallPhase.SUSPECTED)).booked(Booked.SUPPRESSED)
    night = asleep(fall_rule(valid_from=datetime(2027, 1, 1, tzinfo=UTC)))
    night.at("02:00", fall(FallPhase.SUSPECTED)).booked(Booked.NO_RULE)
    night = asleep(with_rules(rule("r1", TriggerKind.MOTION)))
    night.at("02:00", fall(FallPhase.SUSPECTED)).booked(Booked.NO_RULE)


def test_unless_there_was_a_fall() -> None:
    night = asleep(with_rules(rule(unless=(Trigger(TriggerKind.FALL),))))
    night.at("01:59", fall(FallPhase.SUSPECTED))
    night.at("02:00", bed(occupied=False)).booked(Booked.SUPPRESSED, Reason.UNLESS_HELD)


def test_unless_conditions_of_other_kinds() -> None:
    kinds = (TriggerKind.NO_MOTION, TriggerKind.DOOR_OPEN, TriggerKind.PRESS)
    night = asleep(with_rules(rule(unless=tuple(Trigger(kind) for kind in kinds[1:]))))
    night.at("02:00", bed(occupied=False)).booked(Booked.OPENED)
    night = asleep(with_rules(rule(unless=(Trigger(TriggerKind.NO_MOTION),))))
    night.at("02:00", bed(occupied=False)).booked(Booked.SUPPRESSED, Reason.UNLESS_HELD)


def test_unless_asks_only_the_sensors_it_names() -> None:
    in_hall = Trigger(TriggerKind.MOTION, room=RoomId("hall"))
    night = asleep(with_rules(rule("r1", TriggerKind.MOTION, unless=(in_hall,))))
    night.at("02:00", motion(on=True)).booked(Booked.OPENED)


def test_a_sensor_that_never_spoke_is_no_stillness_and_silences_nothing() -> None:
    night = Night(with_rules(rule(unless=(Trigger(TriggerKind.NO_MOTION),))))
    night.at("01:00", bed(occupied=True))
    night.at("02:00", bed(occupied=False)).booked(Booked.OPENED)


def test_a_measurement_moves_no_rule() -> None:
    night = asleep(with_rules(rule()))
    night.at("02:00", signal("bed-ola", Measured("temperature", 21.0))).booked(Booked.UNCHANGED)
