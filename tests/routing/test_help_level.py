"""`sos: true` is a level: raised once, and news again once its call is over and it stays on."""

from dataclasses import replace

from routing.effects import Booked, Reason
from routing.events import Delivery, SignalReceived
from routing.ids import DeviceId, PatientId
from routing.plan import Assignment, CallType, Priority, Purpose
from routing.readings import HelpCancelled, HelpTrigger
from tests.routing.house import LONG_AGO, solvik
from tests.routing.night import Night, arrive, backlog, close, press, signal, take


def on(**more: object) -> SignalReceived:
    return press("wrist-ola", HelpTrigger.LEVEL, **more)


def answered() -> Night:
    """Ola's alarm says «on», somebody comes and closes the call; «off» is never heard."""
    night = Night().at("02:00", on()).at("02:01", take("anne")).at("02:02", arrive("anne"))
    return night.at("02:05", close("anne"))


def test_a_level_that_stays_on_after_its_call_rings_again() -> None:
    night = answered().at("02:30", on())

    night.booked(Booked.OPENED)
    (again,) = [one for one in night.open() if one.type is CallType.PATIENT]
    assert list(again.ringing) == ["tel-anne", "tel-per"]


def test_and_a_technician_is_asked_to_look_at_the_device_by_day() -> None:
    night = answered().at("02:30", on())

    (told,) = [one for one in night.open() if one.type is CallType.TECHNICAL]
    assert (told.fault, told.device, told.priority) == (
        "alarm_stays_on",
        "wrist-ola",
        Priority.ROUTINE,
    )
    night.at("02:40", signal("wrist-ola", HelpCancelled()))
    assert night.faults() == [], "its «off» was heard: nothing to look at"


def test_while_the_call_is_open_the_level_says_nothing_new() -> None:
    night = Night().at("02:00", on())

    night.at("02:30", on()).booked(Booked.UNCHANGED, Reason.UNCHANGED)
    assert night.call().pressed == 1


def test_it_rings_at_most_every_ten_minutes() -> None:
    night = answered().at("02:30", on()).at("02:31", take("anne", "1-2"))
    night.at("02:32", arrive("anne", "1-2")).at("02:33", close("anne", "1-2"))

    night.at("02:39:59", on()).booked(Booked.UNCHANGED)
    night.at("02:40", on()).booked(Booked.OPENED)


def test_whoever_closed_the_call_has_two_minutes_to_reset_the_alarm() -> None:
    night = Night().at("02:00", on()).at("02:01", take("anne")).at("02:02", arrive("anne"))
    night.at("02:30", close("anne"))

    night.at("02:31", on()).booked(Booked.UNCHANGED)
    night.at("02:32", on()).booked(Booked.OPENED)


def test_what_the_broker_remembers_or_kept_is_not_news() -> None:
    night = answered()

    night.at("02:30", on(delivery=Delivery(retained=True))).booked(Booked.UNCHANGED)
    kept = backlog(night.clock("02:10"))
    night.at("02:31", on(delivery=kept)).booked(Booked.UNCHANGED)


def test_a_press_beside_the_level_is_always_news() -> None:
    night = answered()

    night.at("02:06", press("wrist-ola", HelpTrigger.PRESS)).booked(Booked.OPENED)


def test_a_level_that_was_on_for_who_wore_it_before_is_news_for_who_wears_it_now() -> None:
    plan, moved = solvik(), Night().clock("02:07")
    others = tuple(one for one in plan.assignments if one.device != "wrist-ola")
    worn = (
        Assignment(DeviceId("wrist-ola"), Purpose.HELP, LONG_AGO, moved, PatientId("ola")),
        Assignment(DeviceId("wrist-ola"), Purpose.HELP, moved, None, PatientId("kari")),
    )
    night = Night(replace(plan, assignments=(*others, *worn)))
    night.at("02:00", on()).at("02:01", take("anne")).at("02:02", arrive("anne"))
    night.at("02:05", close("anne"))

    night.at("02:08", on()).booked(Booked.OPENED)

    assert night.call("1-2").patient == "kari"
    night.at("02:09", on()).booked(Booked.UNCHANGED)
