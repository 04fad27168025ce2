"""Repeated presses, copies and late words: what becomes of each, to the second."""

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta

import pytest

from routing.effects import Book, Booked, Move, Reason
from routing.events import (
    Delivery,
    PlanAdopted,
    ProofAsked,
    SignalQuarantined,
    SignalReceived,
)
from routing.ids import DeviceId, PatientId, SignalId
from routing.plan import (
    Assignment,
    CallType,
    DeviceLife,
    Plan,
    Priority,
    Purpose,
    TriggerKind,
)
from routing.readings import (
    BedChanged,
    DeviceTime,
    FallPhase,
    FallSeen,
    HelpPressed,
    HelpTrigger,
    Measured,
    TimeQuality,
)
from routing.signals import KEYS_KEPT
from routing.step import step
from routing.technical import STAYS_ON
from tests.routing.night import (
    LONG_AGO,
    Night,
    arrive,
    backlog,
    bed,
    close,
    decline,
    door,
    motion,
    press,
    rule,
    signal,
    solvik,
    take,
    with_device,
    with_rules,
    with_stay,
)


def measured(**more: object) -> SignalReceived:
    """Say something that is neither a press nor a level."""
    return signal("wrist-ola", Measured("temperature", 21.5), **more)


# --- Presses that are repeated ----------------------------------------------------------------


def test_the_third_press_raises_to_the_last_second_of_ten_minutes() -> None:
    inside = Night().at("02:00", press()).at("02:05", press()).at("02:10", press())
    assert inside.call().because.reason is Reason.THIRD_PRESS_UNANSWERED

    outside = Night().at("02:00", press()).at("02:05", press()).at("02:10:01", press())
    assert outside.call().because.reason is Reason.HELP_PRESSED


def test_the_story_of_a_call_holds_every_press_that_was_made() -> None:
    night = Night().at("02:00", press()).at("02:01", press()).at("02:02", press("cord-204"))

    assert night.call().signals == ("1-1", "1-2", "1-3")


def test_further_presses_raise_an_urgent_call_no_more_and_ring_whoever_rings() -> None:
    night = Night().at("02:00:00", press()).at("02:00:05", press()).at("02:00:10", press())
    night.at("02:00:15", decline("anne"))

    night.at("02:00:20", press()).noted(Move.PRESSED_AGAIN)

    assert night.rung() == ["per"], "who said no to the urgent call has heard it"


def test_no_number_of_presses_makes_an_emergency_less_urgent() -> None:
    plan = with_rules(rule("r1", priority=Priority.EMERGENCY))
    night = Night(plan).at("01:00", bed(occupied=True)).at("02:00", bed(occupied=False))

    for n in range(4):
        night.at(f"02:00:{10 + n}", press())

    assert night.call().pressed == 4
    assert night.call().priority is Priority.EMERGENCY


def test_a_second_press_hurries_nobody_a_third_does_though_it_is_urgent_already() -> None:
    night = Night().at("02:00:00", press("cord-204"))
    night.at("02:00:31", press("cord-204"))
    assert night.call().climbs_at == night.clock("02:01:30"), "the house has its minute"

    night.at("02:00:35", press("cord-204"))
    assert night.call().climbs_at == night.now + timedelta(seconds=30)


def test_practice_is_over_at_its_end_to_the_second() -> None:
    ends = Night().clock("02:00")
    night = Night(with_stay(solvik(), "ola", practice_until=ends))

    night.at("02:00", press()).booked(Booked.OPENED, Reason.HELP_PRESSED)

    assert not night.call().practice


def test_the_device_that_called_first_is_told_that_somebody_comes() -> None:
    night = Night().at("02:00", press()).at("02:00:10", press("cord-204"))

    night.at("02:00:20", take("anne")).expects(
        "still 1-1 per taken_by_another", "answer wrist-ola coming"
    )


# --- Copies and redeliveries ------------------------------------------------------------------


def test_another_sources_press_is_a_copy_for_two_seconds_and_then_a_press() -> None:
    night = Night().at("02:00:00", press(source="state"))
    night.at("02:00:02", press(source="action")).booked(Booked.DUPLICATE)

    night.at("02:01:00", press(source="state"))
    night.at("02:01:02.5", press(source="action")).booked(Booked.JOINED)


def test_the_same_message_is_one_to_the_end_of_its_window() -> None:
    night = Night().at("02:00", press(key="k"))

    night.at("02:00:02", press(key="k")).booked(Booked.DUPLICATE)


def test_a_packet_that_comes_twice_within_one_connection_is_one_press() -> None:
    night = Night().at("02:00", press(key="k", delivery=Delivery(packet=7)))

    night.at("02:00:01", press(key="k", delivery=Delivery(packet=7, dup=True)))

    night.booked(Booked.DUPLICATE)


@pytest.mark.parametrize(
    ("contact", "booked"), [("02:01:02", Booked.DUPLICATE), ("02:01:03", Booked.JOINED)]
)
def test_a_packet_is_the_same_when_its_answer_can_have_been_lost_with_the_contact(
    contact: str, booked: Booked
) -> None:
    night = Night().at("02:00", press(key="k", delivery=Delivery(packet=7)))
    again = Delivery(packet=7, dup=True, backlog_since=night.clock(contact))

    night.at("02:05", press(key="k", delivery=again)).booked(booked)


def test_two_presses_whose_answers_were_lost_come_again_as_two_redeliveries() -> None:
    night = Night().at("02:00:00", press(key="k1")).at("02:00:01", press(key="k2"))
    kept = backlog(night.clock("02:00:02"))

    night.at("02:05", press(key="k1", delivery=kept)).booked(Booked.DUPLICATE)
    night.at("02:05", press(key="k2", delivery=kept)).booked(Booked.DUPLICATE)


def test_of_a_frame_that_counts_two_gateways_kept_one_press() -> None:
    night, window = Night(), timedelta(minutes=5)
    kept = backlog(night.clock("01:00"))

    night.at("02:00", press(key="eui:7", key_window=window, delivery=kept))
    night.at("02:00", press(key="eui:7", key_window=window, delivery=kept))

    night.booked(Booked.DUPLICATE)
    assert night.call().pressed == 1


def test_a_press_is_known_again_though_its_device_has_said_much_since_an_earlier_one() -> None:
    night = Night().at("01:00", measured(key="first")).at("01:01", press(key="k"))
    for n in range(KEYS_KEPT - 3):
        night.at(f"01:{10 + n}", measured(key=f"m{n}"))

    night.at("02:00:00", press(key="k")).booked(Booked.JOINED)
    night.at("02:00:01", measured(key="x"), measured(key="y"))

    night.at("02:00:02", press(key="k")).booked(Booked.DUPLICATE)


def test_what_a_copy_says_beside_the_press_is_not_lost_with_it() -> None:
    plan = with_rules(rule("r1", delay=timedelta(minutes=10)))
    night = Night(plan).at("01:00", bed(occupied=True))
    night.at("02:00:00", press("bed-ola", source="state"))

    up = signal("bed-ola", HelpPressed(HelpTrigger.PRESS), BedChanged(False), source="ha")
    night.at("02:00:01", up).booked(Booked.WAITING)

    assert night.call().pressed == 1


# --- A level that stays on --------------------------------------------------------------------


def on(**more: object) -> SignalReceived:
    return press("wrist-ola", HelpTrigger.LEVEL, **more)


def closed_at(at: str, night: Night, call: str = "1-1") -> Night:
    """Anne comes and closes the call."""
    return night.at(at, take("anne", call), arrive("anne", call), close("anne", call))


def test_a_level_that_was_on_for_somebody_and_is_worn_by_nobody_is_no_news() -> None:
    plan, off = solvik(), Night().clock("02:07")
    others = tuple(one for one in plan.assignments if one.device != "wrist-ola")
    worn = Assignment(DeviceId("wrist-ola"), Purpose.HELP, LONG_AGO, off, PatientId("ola"))
    night = Night(replace(plan, assignments=(*others, worn))).at("02:00", on())

    closed_at("02:05", night).at("02:08", on()).booked(Booked.UNCHANGED)


def test_a_level_says_nothing_new_while_its_practice_call_is_open() -> None:
    ends = Night().clock("03:00")
    night = Night(with_stay(solvik(), "ola", practice_until=ends)).at("02:00", on())

    night.at("02:30", on()).booked(Booked.UNCHANGED)
    assert night.call().pressed == 1


def test_a_press_while_the_level_is_on_has_no_technician_look_at_the_device() -> None:
    night = closed_at("02:05", Night().at("02:00", on()))

    night.at("02:06", press()).booked(Booked.OPENED)

    assert night.faults() == []


def test_a_level_that_arrives_out_of_order_rings_no_oftener_than_any_other() -> None:
    night = closed_at("02:05", Night().at("02:00", on(session="01ab", number=1)))
    night.at("02:30:00", measured(session="01ab", number=10))
    night.at("02:30:01", on(session="01ab", number=9)).booked(Booked.OPENED)
    closed_at("02:33", night, "1-2")

    night.at("02:36", on(session="01ab", number=11)).booked(Booked.UNCHANGED)
    night.at("02:40:01", on(session="01ab", number=12)).booked(Booked.OPENED)


def test_a_fall_that_is_said_to_be_over_twice_is_nothing_to_look_at() -> None:
    over = signal("radar-204", FallSeen(FallPhase.CLEARED))
    night = Night(with_rules(rule("r1", TriggerKind.FALL, call_type=CallType.FALL_SUSPECTED)))
    night.at("01:00", over).at("02:00", over).booked(Booked.UNCHANGED)

    assert night.faults() == []


def test_a_fall_that_is_confirmed_too_leaves_the_device_to_be_looked_at() -> None:
    fell = signal("radar-204", FallSeen(FallPhase.SUSPECTED))
    night = Night(with_rules(rule("r1", TriggerKind.FALL, call_type=CallType.FALL_SUSPECTED)))
    closed_at("02:05", night.at("02:00", fell)).at("03:00", fell)

    night.at("03:01", signal("radar-204", FallSeen(FallPhase.CONFIRMED)))

    assert night.faults() == [STAYS_ON]


# --- Late words -------------------------------------------------------------------------------


def changed_hands(at: datetime) -> Plan:
    """Ola's wrist alarm is Kari's from then on."""
    plan, wrist = solvik(), DeviceId("wrist-ola")
    others = tuple(one for one in plan.assignments if one.device != wrist)
    worn = (
        Assignment(wrist, Purpose.HELP, LONG_AGO, at, PatientId("ola")),
        Assignment(wrist, Purpose.HELP, at, None, PatientId("kari")),
    )
    return replace(plan, assignments=(*others, *worn))


def told(at: datetime) -> DeviceTime:
    return DeviceTime(at, TimeQuality.DEVICE)


def test_a_press_at_the_very_moment_of_the_last_contact_is_whose_it_was_then() -> None:
    since = Night().clock("01:00")
    night = Night(changed_hands(Night().clock("01:30")))

    night.at("02:00", press(delivery=backlog(since), device_time=told(since)))

    assert (night.call().patient, night.call().possible) == ("ola", ())


def test_stored_history_is_of_who_wore_it_at_its_time_or_of_all_since_it_was_heard() -> None:
    stored = Delivery(history=True)
    night = Night(changed_hands(Night().clock("01:30"))).at("01:00", measured())
    night.at("02:00", press(delivery=stored, device_time=told(night.clock("01:10"))))
    assert night.call().patient == "ola"

    night = Night(changed_hands(Night().clock("01:30"))).at("01:00", measured())
    night.at("02:00", press(delivery=stored)).booked(Booked.OPENED, Reason.LATE)
    assert (night.call().patient, night.call().possible) == (None, ("ola", "kari"))
    assert night.call().happened_since == night.clock("01:00")


@pytest.mark.parametrize(("at", "late"), [("01:50", False), ("01:49:30", True)])
def test_stored_history_is_late_after_ten_minutes(at: str, *, late: bool) -> None:
    night = Night()
    night.at("02:00", press(delivery=Delivery(history=True), device_time=told(night.clock(at))))

    assert night.call().late is late


# --- Words out of order (DEVICES T4) ----------------------------------------------------------


def level(night: Night) -> str:
    """Return what is known of the door."""
    return night.state.devices[DeviceId("door-204")].levels["door"].value


def said(number: int, *, opened: bool) -> SignalReceived:
    return door(opened=opened, session="01ab", number=number)


@pytest.mark.parametrize(
    ("at", "number", "after"),
    [
        ("02:05:00", 12, "closed"),  # eight before the latest, five minutes after it
        ("02:05:01", 12, "open"),
        ("02:00:01", 11, "open"),
        ("02:00:01", 20, "open"),  # the latest itself was overtaken by nothing
    ],
)
def test_t4_how_far_behind_and_how_late_a_message_was_overtaken(
    at: str, number: int, after: str
) -> None:
    night = Night().at("02:00", said(20, opened=False)).at(at, said(number, opened=True))

    assert level(night) == after


def test_t4_d6_a_counter_that_begins_again_from_nought_is_believed() -> None:
    night = Night().at("02:00", said(3, opened=False)).at("02:00:05", said(0, opened=True))

    assert level(night) == "open"


def test_t4_the_latest_stays_the_latest_whatever_is_overtaken_or_does_not_count() -> None:
    night = Night().at("02:00:00", said(10, opened=False)).at("02:00:01", door(opened=False))
    night.at("02:00:02", said(8, opened=True))

    night.at("02:00:03", said(9, opened=True))

    assert level(night) == "closed"


def test_t4_what_the_broker_remembers_is_overtaken_by_nothing_that_is_heard() -> None:
    kept = Delivery(retained=True)
    night = Night().at("02:00", door(opened=False, session="01ab", number=5, delivery=kept))

    night.at("02:00:01", said(4, opened=True))

    assert level(night) == "open"


@pytest.mark.parametrize(
    ("kind", "say_so", "word", "held"),
    [
        (TriggerKind.DOOR_OPEN, door, "opened", True),
        (TriggerKind.BED_EXIT, bed, "occupied", False),
        (TriggerKind.MOTION, motion, "on", True),
    ],
)
def test_t4_what_was_over_before_it_was_heard_keeps_no_rule_waiting(
    kind: TriggerKind, say_so: Callable[..., SignalReceived], word: str, *, held: bool
) -> None:
    night = Night(with_rules(rule("r1", kind, delay=timedelta(minutes=10))))

    def say(at: str, number: int, *, value: bool) -> None:
        night.at(at, say_so(**{word: value}, session="01ab", number=number))

    say("02:00:00", 4, value=not held)
    say("02:10:01", 6, value=not held)  # sent after the next one
    say("02:10:03", 5, value=held)
    night.booked(Booked.ENDED)

    assert night.at("02:30").open() == []


# --- Signs of life, and what is not in use ----------------------------------------------------


def test_test_traffic_is_a_sign_of_life() -> None:
    plan = with_device(solvik(), "wrist-ola", expect_every=timedelta(hours=1))
    night = Night(plan).at("00:50", press(test=True)).at("01:30")
    assert night.faults() == []

    assert night.at("01:51").faults() == ["device_silent"]


def test_a_sensor_that_moves_in_the_moment_it_is_told_to_hang_hangs_no_more() -> None:
    night = Night().at("01:00", motion(on=True)).at("25:00")
    assert night.faults() == ["sensor_stuck"]

    night.at("25:00", motion(on=False)).at("25:00:01")

    assert night.faults() == []


def test_a_device_taken_out_of_the_plan_within_its_proof_is_not_in_use() -> None:
    wrist = DeviceId("wrist-ola")
    night = Night().at("02:00", ProofAsked(wrist, Night().clock("02:02")))
    others = {one: kept for one, kept in solvik().devices.items() if one != wrist}
    night.at("02:00:30", PlanAdopted(replace(solvik(), version=2, devices=others)))

    night.at("02:01", press()).booked(Booked.TECHNICAL, Reason.NOT_IN_USE)
    assert night.faults() == ["pressed_not_in_use"]


def test_an_old_press_that_the_broker_remembers_of_a_retired_device_calls_nobody() -> None:
    plan = with_device(solvik(), "wrist-spare", life=DeviceLife.RETIRED)
    night = Night(plan)

    night.at("02:00", press("wrist-spare", delivery=Delivery(retained=True))).expects()

    night.booked(Booked.TECHNICAL, Reason.NOT_IN_USE)
    assert night.faults() == []


def test_s1_test_traffic_of_a_device_in_cleaning_calls_nobody() -> None:
    night = Night(with_device(solvik(), "wrist-ola", life=DeviceLife.CLEANING))

    night.at("02:00", press(test=True)).expects().booked(Booked.TECHNICAL, Reason.NOT_IN_USE)
    assert night.faults() == []

    night.at("02:01", press())
    assert night.faults() == ["pressed_not_in_use"]


@pytest.mark.parametrize(
    ("device", "reason"),
    [
        ("wrist-ola", Reason.ALARM_DEVICE_NOT_UNDERSTOOD),
        ("bed-ola", Reason.NOT_UNDERSTOOD),
    ],
)
def test_the_ledger_says_whether_an_alarm_was_not_understood(
    device: str, reason: Reason
) -> None:
    nonsense = SignalQuarantined(SignalId("1-9"), "topic", "bad UTF-8", DeviceId(device))
    _, effects = step(Night().state, nonsense, Night().clock("02:00"))

    (book,) = [one for one in effects if isinstance(one, Book)]
    assert (book.to, book.because.reason) == (Booked.QUARANTINED, reason)
