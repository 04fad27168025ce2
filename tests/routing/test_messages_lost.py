"""A broker that forgot its session lost what was pressed meanwhile: that is said."""

from routing.effects import Reason
from routing.events import BrokerChanged
from routing.plan import Priority
from tests.routing.night import Night, close


def forgotten() -> Night:
    night = Night().at("02:00", BrokerChanged(up=False, since=Night().clock("01:59:30")))
    back = BrokerChanged(up=True, since=night.clock("01:59:30"), session_kept=False)
    return night.at("02:01", back)


def test_what_may_have_been_pressed_meanwhile_is_a_call_with_its_beginning() -> None:
    night = forgotten()

    assert night.faults() == ["messages_lost"], "the broker itself is back"
    (call,) = night.open()
    assert (call.priority, call.because.reason) == (Priority.URGENT, Reason.MESSAGES_LOST)
    assert dict(call.because.facts)["since"] == night.clock("01:59:30").isoformat()
    assert night.rung()


def test_it_is_over_when_a_person_says_so_and_not_before() -> None:
    night = forgotten().at("05:00", BrokerChanged(up=True))
    assert night.faults() == ["messages_lost"]

    night.at("05:01", close("anne", night.open()[0].id))
    assert night.faults() == []


def test_it_is_told_also_where_the_hub_was_away_itself() -> None:
    night = Night().at("02:00", BrokerChanged(up=True, session_kept=False))

    assert night.faults() == ["messages_lost"]


def test_a_session_that_was_kept_lost_nothing() -> None:
    night = Night().at("02:00", BrokerChanged(up=False))

    night.at("02:01", BrokerChanged(up=True))
    assert night.faults() == []
