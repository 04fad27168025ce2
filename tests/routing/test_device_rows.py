"""Rows of the failure table (DEVICES 3) that are decided here and tested nowhere else."""

from datetime import timedelta

from routing.events import BridgeChanged, BrokerChanged, Delivery
from routing.ids import BridgeId
from routing.readings import Availability, AvailabilityChanged
from tests.routing.night import Night, backlog, motion, press, signal, solvik, with_device

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
