"""A fall that is never said to be over does not silence the next one."""

from routing.cards import allowed
from routing.effects import Booked, Reason
from routing.events import Delivery, SignalReceived
from routing.ids import StaffId
from routing.plan import CallType, Plan, Priority, TriggerKind
from routing.readings import FallPhase, FallSeen
from routing.supervision import only_heard
from routing.technical import STAYS_ON
from tests.routing.night import (
    Night,
    arrive,
    backlog,
    close,
    press,
    rule,
    signal,
    take,
    with_rules,
)


def fall(phase: FallPhase = FallPhase.SUSPECTED, **more: object) -> SignalReceived:
    """A tracker says «man down» and has no word for «up again»."""
    return signal("radar-204", FallSeen(phase), **more)


def rules() -> Plan:
    return with_rules(rule("r1", TriggerKind.FALL, call_type=CallType.FALL_SUSPECTED))


def picked_up() -> Night:
    """Ola fell, Anne came and closed the call; nothing said that the fall is over."""
    night = Night(rules()).at("02:00", fall()).at("02:01", take("anne"))
    return night.at("02:02", arrive("anne")).at("02:05", close("anne"))


def test_the_next_fall_of_a_device_that_never_says_up_again_calls() -> None:
    night = picked_up().at("03:00", fall())

    night.booked(Booked.OPENED)
    assert night.rung()


def test_so_does_a_confirmed_one_whose_clearing_was_lost() -> None:
    night = Night(rules()).at("02:00", fall(FallPhase.CONFIRMED)).at("02:01", take("anne"))
    night.at("02:02", arrive("anne")).at("02:05", close("anne"))

    night.at("03:00", fall(FallPhase.CONFIRMED)).booked(Booked.OPENED)


def test_while_its_call_is_open_the_same_phase_says_nothing_new() -> None:
    night = Night(rules()).at("02:00", fall())

    night.at("02:30", fall()).booked(Booked.UNCHANGED, Reason.UNCHANGED)


def test_it_calls_again_at_most_every_ten_minutes_and_not_while_it_is_just_closed() -> None:
    night = picked_up()
    night.at("02:09:59", fall()).booked(Booked.UNCHANGED)
    night.at("02:10", fall()).booked(Booked.OPENED)
    night.at("02:11", take("anne", "1-2")).at("02:12", arrive("anne", "1-2"))
    night.at("02:30", close("anne", "1-2"))

    night.at("02:31", fall()).booked(Booked.UNCHANGED)
    night.at("02:32", fall()).booked(Booked.OPENED)


def test_what_the_broker_remembers_or_kept_of_the_same_fall_is_not_news() -> None:
    night = picked_up()

    night.at("02:30", fall(delivery=Delivery(retained=True))).booked(Booked.UNCHANGED)
    night.at("02:31", fall(delivery=backlog(night.clock("02:10")))).booked(Booked.UNCHANGED)


def test_a_fall_is_never_gathered_with_signs_of_life() -> None:
    night = picked_up()

    assert not only_heard(night.state, fall())
    night.at("02:30", fall(FallPhase.CLEARED))
    assert only_heard(night.state, fall(FallPhase.CLEARED))


def test_a_device_that_goes_on_saying_it_is_looked_at_until_it_says_otherwise() -> None:
    night = picked_up().at("03:00", fall())
    (told,) = [call for call in night.open() if call.fault == STAYS_ON]
    assert (told.device, told.priority) == ("radar-204", Priority.ROUTINE)

    night.at("03:05", fall(FallPhase.CLEARED))
    assert STAYS_ON not in night.faults()


def test_a_first_fall_has_nobody_look_at_the_device() -> None:
    assert STAYS_ON not in picked_up().faults()


def test_a_cord_pulled_after_a_confirmed_fall_rings_again_and_is_still_a_fall() -> None:
    night = Night(rules(), on_duty=("anne", "per", "eva"))
    night.at("02:00", fall(FallPhase.CONFIRMED)).at("02:01", arrive("eva"))

    night.at("02:02", press("cord-204"))

    call = night.call()
    assert (call.type, call.pressed) == (CallType.FALL_CONFIRMED, 1)
    # Eva is an assistant: somebody trained looks, and whoever is rung may take it.
    assert "close" not in allowed(night.state, call, StaffId("eva"))
    assert night.rung()
    assert "take" in allowed(night.state, call, StaffId("anne"))
    night.at("02:03", take("anne"))
    assert night.call().owner == "anne"


def test_a_fall_seen_after_the_cord_was_pulled_makes_it_a_fall() -> None:
    night = Night(rules()).at("02:00", press("cord-204"))

    night.at("02:01", fall(FallPhase.CONFIRMED))

    assert night.call().type is CallType.FALL_CONFIRMED
