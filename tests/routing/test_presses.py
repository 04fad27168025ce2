"""A help press always rings, joins or raises a call."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

from routing.effects import Booked, Move, Reason
from routing.events import Delivery, HandsetState, Started
from routing.ids import DeviceId, PatientId
from routing.plan import Assignment, CallType, DeviceLife, Priority, Purpose, TriggerKind
from routing.readings import (
    DeviceTime,
    HelpCancelled,
    HelpPressed,
    HelpTrigger,
    Sighted,
    TimeQuality,
)
from routing.step import step
from tests.routing.night import (
    LONG_AGO,
    Night,
    arrive,
    ask,
    backlog,
    bed,
    close,
    press,
    reports,
    rule,
    signal,
    solvik,
    take,
    with_device,
    with_rules,
    with_stay,
)


def test_a_press_rings_the_assigned_carer_and_the_back_up() -> None:
    night = Night()
    night.at("02:14", press()).expects(
        "ring 1-1 anne", "ring 1-1 per", "answer wrist-ola received"
    )
    night.booked(Booked.OPENED, Reason.HELP_PRESSED).noted(Move.OPENED)
    call = night.call()
    assert (call.type, call.priority) == (CallType.PATIENT, Priority.IMPORTANT)
    assert (call.patient, call.room, call.unit) == ("ola", "204", "a")


def test_a_call_goes_from_press_to_closed() -> None:
    night = Night()
    night.at("02:14", press())
    night.at("02:14:20", take("anne")).expects(
        "still 1-1 per taken_by_another", "answer wrist-ola coming"
    ).replied(Reason.TAKEN, ok=True)
    night.at("02:15", arrive("anne")).replied(Reason.ARRIVED, ok=True)
    night.at("02:20", close("anne")).replied(Reason.CLOSED, ok=True).noted(Move.CLOSED)
    assert night.state.open == ()


def test_capability_5_repeats_raise_as_in_the_lulea_case() -> None:
    night = Night(on_duty=("anne", "per", "omar", "lise"))
    heard: list[str] = []
    for n in range(8):
        night.at(f"00:{30 + n}", press())
        assert night.rung(), "a repeated press is never silent"
        heard += night.rung()
    call = night.call()
    assert night.state.open == (call.id,), "one linked story"
    assert call.pressed == 8
    assert call.priority is Priority.URGENT
    assert {"omar", "lise"} <= set(heard), "new recipients"


def test_the_third_unanswered_press_raises_and_the_next_step_comes_sooner() -> None:
    night = Night()
    night.at("02:14:00", press()).at("02:14:10", press())
    night.at("02:14:20", press()).noted(Move.PRESSED_AGAIN, Move.RAISED)
    assert night.call().because.reason is Reason.THIRD_PRESS_UNANSWERED
    assert night.call().climbs_at == night.now + timedelta(seconds=30)


def test_three_presses_over_more_than_ten_minutes_do_not_raise() -> None:
    night = Night()
    night.at("02:00", press()).at("02:06", press()).at("02:12", press())
    assert night.call().priority is Priority.IMPORTANT


def test_a_press_rings_whoever_is_on_the_way() -> None:
    night = Night()
    night.at("02:14", press()).at("02:14:10", take("anne"))
    night.at("02:14:30", press()).expects("ring 1-1 anne again 1", "answer wrist-ola received")
    night.booked(Booked.JOINED, Reason.HELP_PRESSED)
    night.at("02:14:40", take("anne")).expects("still 1-1 anne taken").replied(
        Reason.ALREADY_DONE, ok=True
    )


def test_a_third_press_on_a_taken_call_hurries_the_owner() -> None:
    night = Night()
    night.at("02:14", press()).at("02:14:10", take("anne"))
    night.at("02:14:20", press()).at("02:14:30", press())
    call = night.call()
    assert call.priority is Priority.URGENT
    assert call.arrive_by == night.now + timedelta(minutes=2)


def test_a_press_comes_back_to_all_when_the_owner_cannot_be_told() -> None:
    night = Night()
    night.at("02:14", press()).at("02:14:10", take("anne"))
    night.at("02:14:20", reports("anne", HandsetState.GONE))
    night.at("02:14:30", press())
    assert night.rung() == ["per"]
    assert night.call().owner is None


def test_the_bathroom_cord_is_a_bathroom_call_for_the_one_who_lives_there() -> None:
    night = Night()
    night.at("02:14", press("cord-204"))
    call = night.call()
    assert (call.type, call.patient, call.room) == (CallType.BATHROOM, "ola", "bath-204")


def test_a_wrist_press_becomes_a_bathroom_call_when_the_cord_is_pulled() -> None:
    night = Night()
    night.at("02:14", press()).at("02:14:20", press("cord-204"))
    night.noted(Move.PRESSED_AGAIN, Move.RAISED)
    call = night.call()
    assert (call.type, call.priority, call.pressed) == (CallType.BATHROOM, Priority.URGENT, 2)
    night.at("02:14:40", press())
    assert night.call().type is CallType.BATHROOM


def test_a_cord_in_a_shared_room_names_both_as_possible() -> None:
    night = Night()
    night.at("02:14", press("cord-301"))
    call = night.call()
    assert (call.patient, call.possible) == (None, ("nils", "gro"))
    assert night.rung() == ["omar", "lise"]
    night.at("02:14:30", press("cord-301")).booked(Booked.JOINED)


def test_an_active_alarm_device_that_nobody_wears_still_rings() -> None:
    night = Night()
    night.at("02:14", press("wrist-spare")).booked(Booked.OPENED, Reason.UNASSIGNED_DEVICE)
    assert night.rung(), "rings more, never less"
    night.at("02:15", press("wrist-ola"))
    assert len(night.state.open) == 2


def test_capability_9_the_same_button_means_assistance_while_staff_are_there() -> None:
    night = Night()
    night.at("02:14", press()).at("02:14:10", take("anne")).at("02:15", arrive("anne"))
    night.at("02:16", press()).booked(Booked.OPENED, Reason.HELP_WHILE_PRESENT)
    assert night.call("1-2").type is CallType.ASSIST
    assert night.call("1-2").priority is Priority.URGENT
    assert night.call("1-1").present == ("anne",)
    night.at("02:16:10", press()).booked(Booked.JOINED)


def test_a_press_while_staff_are_there_for_an_emergency_means_assistance() -> None:
    night = Night(on_duty=("anne", "per", "omar", "lise")).at("02:14", press())
    night.at("02:14:10", arrive("anne")).at("02:14:20", ask("anne", emergency=True, call="1-1"))
    night.at("02:14:30", close("anne", "1-1")).at("02:14:40", arrive("per", "1-2"))
    night.at("02:15", press()).booked(Booked.OPENED, Reason.HELP_WHILE_PRESENT)
    assert [call.type for call in night.open()] == [CallType.EMERGENCY, CallType.ASSIST]


def test_a_press_while_the_assistance_is_there_rings_again() -> None:
    night = Night()
    night.at("02:14", press()).at("02:14:10", take("anne")).at("02:15", arrive("anne"))
    night.at("02:16", press()).at("02:16:10", take("per", "1-2"))
    night.at("02:16:40", arrive("per", "1-2"))
    night.at("02:17", press()).noted(Move.PRESSED_AGAIN)
    assert night.rung() == ["anne"], "more people are wanted than those at the place"
    night.at("02:17:10", take("omar", "1-2")).replied(Reason.TAKEN, ok=True, by="per")
    assert night.call("1-2").present == ("per",)
    assert not night.call("1-2").ringing


def test_a_press_joins_a_call_where_nobody_competent_is_present() -> None:
    night = Night(on_duty=("anne", "stud"))
    night.at("02:14", press()).at("02:14:20", arrive("stud"))
    night.at("02:14:40", press()).booked(Booked.JOINED)
    assert night.rung() == ["anne"]


def test_a_press_takes_over_an_open_sensor_call() -> None:
    night = Night(with_rules(rule(ends_by_itself=True)))
    night.at("02:00", bed(occupied=True)).at("02:10", bed(occupied=False))
    night.at("02:10:20", press()).noted(Move.PRESSED_AGAIN, Move.RAISED)
    assert night.call().type is CallType.PATIENT
    night.at("02:10:30", bed(occupied=True))
    assert night.state.open, "back in bed does not answer a press"


def test_capability_27_a_practice_call_goes_the_real_way_and_is_marked() -> None:
    plan = with_stay(solvik(), "ola", practice_until=datetime(2026, 11, 3, 3, tzinfo=UTC))
    night = Night(plan)
    night.at("02:14", press()).booked(Booked.PRACTICE)
    assert night.rung() == ["anne", "per"]
    assert night.call().practice
    night.at("03:14", press()).booked(Booked.OPENED)
    assert not night.call("1-2").practice


def test_test_traffic_is_never_a_call() -> None:
    night = Night()
    night.at("02:14", press(test=True)).expects().booked(Booked.PRACTICE, Reason.TEST_TRAFFIC)


# --- Duplicates and copies (DEVICES D1-D6) ----------------------------------------------------


def test_d1_one_press_published_twice_is_one_call_and_a_named_duplicate() -> None:
    night = Night()
    night.at("02:14:00", press(key="k1"))
    night.at("02:14:01", press(key="k1")).expects().booked(Booked.DUPLICATE, Reason.DUPLICATE)
    assert night.call().pressed == 1


def test_d2_copies_of_one_press_by_other_sources_are_one() -> None:
    night = Night()
    night.at("02:14:00", press(source="state", key="a"))
    night.at("02:14:00.3", press(source="action", key="b")).expects().booked(Booked.DUPLICATE)
    night.at("02:14:01", press(source="ha", key="c")).booked(Booked.DUPLICATE)
    night.at("02:14:04", press(source="action", key="d")).booked(Booked.JOINED)


def test_d3_two_genuine_presses_with_equal_payload_are_two() -> None:
    night = Night()
    night.at("02:14", press(key="k")).at("02:17", press(key="k")).booked(Booked.JOINED)
    assert night.call().pressed == 2


def test_d4_a_redelivery_after_reconnect_is_one_event_and_a_second_press_is_news() -> None:
    night = Night()
    night.at("02:14:00", press(key="k"))
    since = night.now
    night.at("02:16", press(key="k", delivery=backlog(since))).booked(Booked.DUPLICATE)
    night.at("02:16", press(key="k", delivery=backlog(since))).booked(Booked.JOINED)


def test_d5_the_same_frame_by_another_gateway_minutes_later_is_one_event() -> None:
    night = Night()
    window = timedelta(minutes=5)
    night.at("02:14", press(key="eui:7", key_window=window))
    night.at("02:16", press(key="eui:7", key_window=window)).booked(Booked.DUPLICATE)
    night.at("02:16", press(key="eui:0", key_window=window)).booked(Booked.JOINED)


def test_a_replayed_press_does_not_swallow_a_genuine_one() -> None:
    night = Night()
    night.at("02:14:00", press(key="k", delivery=Delivery(retained=True)))
    night.at("02:14:01", press(key="k")).booked(Booked.OPENED)


def test_d4_the_brokers_packet_id_tells_a_redelivery_from_an_equal_press() -> None:
    """A press that died uncommitted comes again just like one whose PUBACK was lost."""
    night = Night()
    since = night.clock("02:14:01")
    night.at("02:14:00", press(key="k", delivery=Delivery(packet=7)))

    def again(packet: int, *, dup: bool) -> Delivery:
        return Delivery(packet=packet, dup=dup, backlog_since=since)

    night.at("02:16", press(key="k", delivery=again(8, dup=True))).booked(Booked.JOINED)
    night.at("02:16", press(key="k", delivery=again(7, dup=True))).booked(Booked.DUPLICATE)
    night.at("02:16", press(key="k", delivery=again(7, dup=False))).booked(Booked.JOINED)


def test_two_presses_in_one_backlog_are_two() -> None:
    night = Night()
    since = night.clock("01:00")
    night.at("02:14", press(key="k", delivery=backlog(since)))
    night.at("02:14", press(key="k", delivery=backlog(since))).booked(Booked.JOINED)
    assert night.call().pressed == 2


def test_keys_are_kept_to_a_limit() -> None:
    night = Night()
    for n in range(40):
        night.at(f"02:{n}", press(key=f"k{n}"))
    assert len(night.state.devices[DeviceId("wrist-ola")].keys) <= 16
    call = night.call()
    assert len(call.presses) <= 20
    assert len(call.signals) <= 20
    assert call.pressed == 40


# --- Replays, levels and backlogs (R1-R5, T1, T2) ---------------------------------------------


def test_r1_a_retained_press_is_a_replay() -> None:
    night = Night()
    night.at("02:14", press(delivery=Delivery(retained=True))).expects()
    night.booked(Booked.UNCHANGED, Reason.REPLAYED)


def test_r3_a_help_level_is_raised_once_also_when_it_is_replayed() -> None:
    night = Night()
    retained = Delivery(retained=True)
    level = HelpTrigger.LEVEL
    night.at("02:14", press(trigger=level, delivery=retained)).booked(Booked.OPENED)
    night.at("02:15", press(trigger=level)).booked(Booked.UNCHANGED)
    night.at("02:16", press(trigger=HelpTrigger.PRESS)).booked(Booked.JOINED)
    night.at("02:17", signal("wrist-ola", HelpCancelled())).booked(Booked.JOINED)
    night.at("02:18", press(trigger=level)).booked(Booked.JOINED)
    assert night.call().pressed == 3


def test_a_cancel_by_the_device_never_closes() -> None:
    night = Night()
    night.at("02:14", press())
    night.at("02:15", signal("wrist-ola", HelpCancelled())).noted()
    night.at("02:15:01", press(trigger=HelpTrigger.LEVEL))
    night.at("02:16", signal("wrist-ola", HelpCancelled())).noted(Move.JOINED)
    assert night.state.open
    night.at("02:17", take("anne")).at("02:17:10", arrive("anne")).at("02:18", close("anne"))
    night.at("02:19", press(trigger=HelpTrigger.LEVEL)).booked(Booked.OPENED)


def test_a_cancel_without_a_call_changes_nothing() -> None:
    night = Night()
    level = HelpTrigger.LEVEL
    night.at("02:14", press(trigger=level)).at("02:15", take("anne"))
    night.at("02:15:30", arrive("anne")).at("02:16", close("anne"))
    night.at("02:17", signal("wrist-ola", HelpCancelled())).booked(Booked.UNCHANGED)


def test_a_press_in_a_backlog_rings_marked_late() -> None:
    night = Night()
    since = night.clock("01:00")
    night.at("02:14", press(delivery=backlog(since))).booked(Booked.OPENED, Reason.LATE)
    assert night.rung() == ["anne", "per"]
    assert (night.call().late, night.call().happened_since) == (True, since)


def test_capability_18_a_late_press_names_both_wearers_when_it_changed_hands() -> None:
    plan = solvik()
    moved = datetime(2026, 11, 3, 1, 30, tzinfo=UTC)
    others = tuple(one for one in plan.assignments if one.device != "wrist-ola")
    worn = (
        Assignment(DeviceId("wrist-ola"), Purpose.HELP, LONG_AGO, moved, PatientId("ola")),
        Assignment(DeviceId("wrist-ola"), Purpose.HELP, moved, None, PatientId("kari")),
    )
    plan = replace(plan, assignments=(*others, *worn))
    night = Night(plan)
    night.at("02:14", press(delivery=backlog(night.clock("01:00"))))
    assert (night.call().patient, night.call().possible) == (None, ("ola", "kari"))
    assert night.rung() == ["anne", "per"]

    told = DeviceTime(night.clock("01:20"), TimeQuality.DEVICE)
    night = Night(plan)
    night.at("02:14", press(delivery=backlog(night.clock("01:00")), device_time=told))
    assert night.call().patient == "ola"
    night.at("02:15", press())
    assert night.call("1-2").patient == "kari"


def test_t1_a_lying_device_clock_is_not_believed() -> None:
    night = Night()
    lie = DeviceTime(datetime(1980, 1, 1, tzinfo=UTC), TimeQuality.DEVICE)
    night.at("02:14", press(device_time=lie)).booked(Booked.OPENED, Reason.HELP_PRESSED)
    assert not night.call().late
    since = night.clock("02:30")
    night.at("03:00", press("wrist-kari", delivery=backlog(since), device_time=lie))
    assert night.call("1-2").happened_since == since


def test_t2_stored_history_older_than_ten_minutes_is_late_and_never_dropped() -> None:
    night = Night()
    stored = Delivery(history=True)
    old = DeviceTime(night.clock("01:00"), TimeQuality.DEVICE)
    night.at("02:14", press(delivery=stored, device_time=old)).booked(
        Booked.OPENED, Reason.LATE
    )
    recent = DeviceTime(night.clock("02:19"), TimeQuality.DEVICE)
    night.at("02:20", press("wrist-kari", delivery=stored, device_time=recent))
    assert not night.call("1-2").late
    future = DeviceTime(night.clock("05:00"), TimeQuality.DEVICE)
    night.at("02:30", press("cord-301", delivery=stored, device_time=future))
    assert not night.call("1-3").late
    night.at("02:31", press("wrist-spare", delivery=stored))
    assert night.rung()


# --- Devices that are not in use --------------------------------------------------------------


def test_a_press_on_a_device_not_in_use_is_told_to_the_technician() -> None:
    plan = with_device(solvik(), "wrist-spare", life=DeviceLife.RETIRED)
    night = Night(plan)
    night.at("02:14", press("wrist-spare")).booked(Booked.TECHNICAL, Reason.NOT_IN_USE)
    assert night.faults() == ["pressed_not_in_use"]
    night.at("02:15", press("unknown-device")).booked(Booked.TECHNICAL)
    night.at("02:16", signal("unknown-device", Sighted("x"))).booked(Booked.TECHNICAL)


def test_a_suspect_device_still_rings() -> None:
    night = Night(with_device(solvik(), "wrist-ola", life=DeviceLife.SUSPECT))
    night.at("02:14", press()).booked(Booked.OPENED)


def test_a_press_with_an_unknown_trigger_is_help() -> None:
    night = Night()
    night.at("02:14", signal("wrist-ola", HelpPressed(HelpTrigger.UNKNOWN)))
    assert ("trigger", "unknown") in night.call().because.facts


def test_a_packet_number_of_long_ago_does_not_swallow_a_press_out_of_an_outage() -> None:
    night = Night()
    night.at("02:00", press(key="k", delivery=Delivery(packet=1)))
    since = night.clock("05:00")
    again = Delivery(packet=1, dup=True, backlog_since=since)
    night.at("05:10", press(key="k", delivery=again))
    assert night.rung()
    night.at("05:11", press(key="k", delivery=again))
    assert not night.rung(), "the same packet of the same outage is one press"


def test_what_fell_due_while_the_hub_was_away_gets_no_number_that_may_have_rung() -> None:
    night = Night(plan=with_rules(rule("r1", TriggerKind.BED_EXIT, delay=timedelta(minutes=5))))
    night.at("02:00", bed(occupied=True)).at("02:01", bed(occupied=False))
    stored, at = night.state, night.now + timedelta(minutes=30)
    # It rang, and the power went before the journal had it.
    rang, _ = step(stored, press("cord-204"), night.now + timedelta(minutes=1))
    recovered, _ = step(stored, Started(2, "core", "tz", at + timedelta(seconds=8)), at)
    assert list(rang.calls) == ["1-1"]
    assert list(recovered.calls) == ["2-1"]
    later, _ = step(recovered, press("cord-204"), at + timedelta(seconds=1))
    assert set(later.calls) <= {"2-1", "2-2"}
