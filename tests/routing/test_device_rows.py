"""Rows of the failure table (DEVICES 3) that are decided here and tested nowhere else."""

from collections.abc import Callable
from datetime import timedelta

import pytest

from routing.effects import Booked
from routing.events import BridgeChanged, BrokerChanged, Delivery, SignalReceived
from routing.ids import BridgeId, DeviceId
from routing.plan import CallType, TriggerKind
from routing.readings import (
    Availability,
    AvailabilityChanged,
    FallPhase,
    FallSeen,
    HelpCancelled,
    HelpPressed,
    HelpTrigger,
)
from routing.supervision import only_heard
from tests.routing.night import (
    Night,
    backlog,
    bed,
    door,
    motion,
    press,
    rule,
    signal,
    solvik,
    with_device,
    with_rules,
)

ZIGBEE = BridgeId("zigbee")


def test_a6_data_win_over_a_last_will_that_stays_for_ever() -> None:
    night = Night().at("00:30", BridgeChanged(ZIGBEE, online=False))
    night.at("00:31", motion(on=True)).at("00:40", motion(on=False)).at("03:00")
    assert night.faults() == []


def test_a8_an_outage_is_shown_with_its_beginning_and_what_waited_is_late() -> None:
    night = Night()
    since = night.clock("00:29")
    night.at("00:30", BrokerChanged(up=False, since=since))
    assert night.faults() == ["broker_lost"]
    assert since.isoformat() in dict(night.call().because.facts).values()
    night.at("00:40", BrokerChanged(up=True, since=since))
    assert night.faults() == []
    night.at("00:40:01", press(delivery=backlog(since)))
    (call,) = (one for one in night.open() if one.pressed)
    assert call.late
    assert call.happened_since == since


def test_a2_a_sensor_that_is_said_to_be_online_and_says_nothing_is_silent() -> None:
    plan = with_device(solvik(), "wrist-ola", expect_every=timedelta(hours=1))
    night = Night(plan=plan)
    online = AvailabilityChanged(Availability.ONLINE)
    night.at("00:10", signal("wrist-ola", online, delivery=Delivery(retained=True)))
    night.at("03:00")
    assert "device_silent" in night.faults()


# --- T4: uplinks that overtook each other ----------------------------------------------------


def level(night: Night, device: str, kind: str) -> str:
    return night.state.devices[DeviceId(device)].levels[kind].value


@pytest.mark.parametrize(
    ("say_so", "word", "kind", "now"),
    [
        (door, "opened", "door", "closed"),
        (bed, "occupied", "bed", "occupied"),
        (motion, "on", "motion", "off"),
    ],
)
def test_t4_a_message_that_was_overtaken_sets_no_level(
    say_so: Callable[..., SignalReceived], word: str, kind: str, now: str
) -> None:
    was = word == "occupied"
    night = Night()

    def say(at: str, number: int, *, value: bool) -> None:
        night.at(at, say_so(**{word: value}, session="01ab", number=number))

    say("02:00:00", 4, value=was)
    say("02:10:01", 6, value=was)  # sent after the next one
    say("02:10:03", 5, value=not was)
    (device,) = (one for one, known in night.state.devices.items() if known.session)
    assert level(night, device, kind) == now
    say("02:11:00", 7, value=not was)
    assert level(night, device, kind) != now


def test_t4_a_door_that_was_opened_and_shut_is_still_told_to_its_rule() -> None:
    plan = with_rules(rule("r1", TriggerKind.DOOR_OPEN, call_type=CallType.WANDER))
    night = Night(plan).at("02:00", door(opened=False, session="01ab", number=4))
    night.at("02:10:01", door(opened=False, session="01ab", number=6))

    night.at("02:10:03", door(opened=True, session="01ab", number=5))

    assert [call.type for call in night.open()] == [CallType.WANDER]
    assert level(night, "door-204", "door") == "closed"


def test_t4_a_press_that_was_overtaken_rings() -> None:
    night = Night().at("02:00", signal("wrist-ola", session="01ab", number=9))
    night.at("02:00:05", press(session="01ab", number=8))
    assert [call.pressed for call in night.open()] == [1]


def test_t4_an_sos_that_was_over_before_it_arrived_rings_and_its_end_stays_the_end() -> None:
    on, off = HelpPressed(HelpTrigger.LEVEL), HelpCancelled()
    night = Night().at("02:00", signal("wrist-ola", off, session="01ab", number=7))
    night.at("02:10:01", signal("wrist-ola", off, session="01ab", number=9))
    night.at("02:10:02", signal("wrist-ola", on, session="01ab", number=8))
    assert [call.pressed for call in night.open()] == [1]
    assert level(night, "wrist-ola", "help") == "off"


def test_t4_a_fall_that_was_overtaken_is_told() -> None:
    seen = FallSeen(FallPhase.CLEARED, incident="7")
    night = Night().at("02:00", signal("radar-204", seen, session="01ab", number=9))
    confirmed = FallSeen(FallPhase.CONFIRMED, incident="7")
    night.at("02:00:02", signal("radar-204", confirmed, session="01ab", number=8))
    night.booked(Booked.NO_RULE)


@pytest.mark.parametrize(("number", "at"), [(0, "02:00:05"), (1, "02:00:05"), (19, "02:09")])
def test_t4_d6_a_counter_that_begins_again_or_a_late_one_is_believed(
    number: int, at: str
) -> None:
    night = Night().at("02:00", door(opened=False, session="01ab", number=20))
    night.at(at, door(opened=True, session="01ab", number=number))
    assert level(night, "door-204", "door") == "open"


def test_t4_another_session_is_not_compared() -> None:
    night = Night().at("02:00", door(opened=False, session="01ab", number=20))
    night.at("02:00:05", door(opened=True, session="02cd", number=18))
    assert level(night, "door-204", "door") == "open"


def test_t4_a_message_after_a_gap_is_not_gathered_for_its_number_counts() -> None:
    night = Night().at("02:00", door(opened=False, session="01ab", number=4))
    assert only_heard(night.state, door(opened=False, session="01ab", number=5))
    assert not only_heard(night.state, door(opened=False, session="01ab", number=6))
    assert only_heard(night.state, door(opened=False))
