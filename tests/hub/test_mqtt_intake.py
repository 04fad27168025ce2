"""MQTT in, against a real Mosquitto: acknowledged after the commit, healed, told."""

import asyncio
from datetime import UTC, datetime
from pathlib import Path

import pytest

from hub.clock import SystemClock
from hub.engine import EngineStopped, Lane
from hub.mqtt import Intake
from hub.mqtt_port import GmqttLink
from hub.mqtt_tidings import Tidings
from hub.store.rows import QuarantinedMessage, RawMessage
from routing.events import (
    BridgeChanged,
    BrokerChanged,
    FaultMended,
    FaultNoticed,
    SignalQuarantined,
    SignalReceived,
)
from routing.ids import HouseId
from routing.technical import NOT_READ
from tests.support.mosquitto import Mosquitto
from tests.support.ward import (
    BASE,
    HOUSE,
    PRESS,
    WITHIN_S,
    Notebook,
    Running,
    behind,
    intake,
    motion,
    settings,
)

pytestmark = pytest.mark.broker


async def live(taken: Intake) -> None:
    async with asyncio.timeout(WITHIN_S):
        await taken.live.wait()


async def test_a_press_becomes_a_signal_on_the_alarm_lane_with_its_bytes_kept(
    broker: Mosquitto, notebook: Notebook, tmp_path: Path
) -> None:
    taken = intake(settings(broker, tmp_path), notebook, behind(["wrist-12"], ["motion-3"]))
    async with Running(taken), broker.client() as bridge:
        await live(taken)
        await bridge.publish(f"{BASE}/motion-3", motion(0), qos=1)
        await bridge.publish(f"{BASE}/wrist-12", PRESS, qos=1)
        await notebook.until(lambda: len(notebook.signals) == 2)
    (press,) = notebook.presses
    assert press.device == "wrist-12"
    assert press.delivery.qos == 1
    assert press.delivery.backlog_since is None
    lanes = {
        event.device: lane for event, lane in notebook.entered if event in notebook.signals
    }
    assert lanes == {"wrist-12": Lane.ALARM, "motion-3": Lane.BULK}
    raw = [kept for kept in notebook.kept if isinstance(kept, RawMessage)]
    assert {(kept.topic, kept.payload) for kept in raw} == {
        (f"{BASE}/wrist-12", PRESS),
        (f"{BASE}/motion-3", motion(0)),
    }
    assert {kept.signal for kept in raw} == {signal.signal for signal in notebook.signals}


async def test_what_was_not_committed_comes_again_to_the_next_hub(
    broker: Mosquitto, notebook: Notebook, tmp_path: Path
) -> None:
    where = settings(broker, tmp_path)
    async with Running(intake(where, notebook, behind(["wrist-12"]))) as taken:
        await live(taken)
        notebook.hold()
        async with broker.client() as bridge:
            await bridge.publish(f"{BASE}/wrist-12", PRESS, qos=1)
        await notebook.until(lambda: len(notebook.presses) == 1)
    again = Notebook()
    async with Running(intake(where, again, behind(["wrist-12"]))) as taken:
        await live(taken)
    assert [press.device for press in again.presses] == ["wrist-12"]
    third = Notebook()
    async with Running(intake(where, third, behind(["wrist-12"]))) as taken:
        await live(taken)
    assert third.presses == []


async def test_a_broker_of_3_1_1_is_understood_too(
    broker: Mosquitto, notebook: Notebook, tmp_path: Path
) -> None:
    """For the demo. Against a broker that remembers, even the late acknowledgement holds."""
    where = settings(broker, tmp_path, mqtt_version=4)
    async with Running(intake(where, notebook, behind(["wrist-12"]))) as taken:
        await live(taken)
        notebook.hold()
        async with broker.client() as bridge:
            await bridge.publish(f"{BASE}/wrist-12", PRESS, qos=1)
        await notebook.until(lambda: len(notebook.presses) == 1)
    again = Notebook()
    async with Running(intake(where, again, behind(["wrist-12"]))) as taken:
        await live(taken)
    assert len(again.presses) == 1


async def test_a_message_that_the_engine_refuses_stays_with_the_broker(
    broker: Mosquitto, notebook: Notebook, tmp_path: Path
) -> None:
    where = settings(broker, tmp_path)
    async with Running(intake(where, notebook, behind(["wrist-12"]))) as taken:
        await live(taken)
        notebook.fails = RuntimeError("the spool is full")
        async with broker.client() as bridge:
            await bridge.publish(f"{BASE}/wrist-12", PRESS, qos=1)
        await notebook.until(lambda: len(notebook.events(BrokerChanged)) == 2)
        notebook.fails = None
        await notebook.until(lambda: len(notebook.presses) == 1)


async def test_a_broker_that_is_absent_at_start_is_waited_for(
    broker: Mosquitto, notebook: Notebook, tmp_path: Path
) -> None:
    broker.stop()
    last = datetime(2026, 11, 20, 3, 0, tzinfo=UTC)
    taken = intake(
        settings(broker, tmp_path), notebook, behind(["wrist-12"]), last_contact=last
    )
    async with Running(taken):
        await notebook.until(lambda: notebook.events(BrokerChanged) != [])
        assert not taken.up
        broker.start()
        await live(taken)
        async with broker.client() as bridge:
            await bridge.publish(f"{BASE}/wrist-12", PRESS, qos=1)
        await notebook.until(lambda: len(notebook.presses) == 1)
    assert notebook.events(BrokerChanged) == [
        BrokerChanged(up=False, since=last),
        BrokerChanged(up=True, since=last, session_kept=False),
    ]


async def test_a_broker_that_restarts_is_found_again_and_the_gap_has_both_ends(
    broker: Mosquitto, notebook: Notebook, tmp_path: Path
) -> None:
    taken = intake(settings(broker, tmp_path), notebook, behind(["wrist-12"]))
    async with Running(taken):
        await live(taken)
        broker.restart()
        await notebook.until(lambda: len(notebook.events(BrokerChanged)) == 3)
        await live(taken)
        async with broker.client() as bridge:
            await bridge.publish(f"{BASE}/wrist-12", PRESS, qos=1)
        await notebook.until(lambda: len(notebook.presses) == 1)
    first, down, up = notebook.events(BrokerChanged)
    assert first == BrokerChanged(up=True)
    assert (down.up, up.up, up.session_kept) == (False, True, True)
    assert down.since is not None
    assert up.since == down.since
    assert notebook.presses[0].delivery.backlog_since is None


async def test_a_broker_that_forgot_our_session_is_an_outage(
    broker: Mosquitto, notebook: Notebook, tmp_path: Path
) -> None:
    taken = intake(settings(broker, tmp_path), notebook, behind(["wrist-12"]))
    async with Running(taken):
        await live(taken)
        broker.stop()
        for file in (broker.folder / "data").iterdir():
            file.unlink()
        broker.start()
        await notebook.until(lambda: len(notebook.events(BrokerChanged)) == 3)
        await live(taken)
        async with broker.client() as bridge:
            await bridge.publish(f"{BASE}/wrist-12", PRESS, qos=1)
        await notebook.until(lambda: len(notebook.presses) == 1)
    up = notebook.events(BrokerChanged)[-1]
    assert (up.up, up.session_kept) == (True, False)
    assert up.since is not None


async def test_a_wrong_password_is_said_with_what_to_do(
    broker: Mosquitto, notebook: Notebook, tmp_path: Path
) -> None:
    where = settings(broker, tmp_path, mqtt_password="wrong-horse")
    async with Running(intake(where, notebook, behind(["wrist-12"]))):
        await notebook.until(lambda: notebook.events(FaultNoticed) != [])
    (fault,) = notebook.events(FaultNoticed)
    assert fault.code == "broker_refused"
    assert "BJELLE_MQTT_PASSWORD" in fault.detail
    assert "wrong-horse" not in fault.detail


async def test_a_password_that_is_set_right_mends_the_fault(
    broker: Mosquitto, notebook: Notebook, tmp_path: Path
) -> None:
    where = settings(broker, tmp_path, mqtt_password="new-horse")
    taken = intake(where, notebook, behind(["wrist-12"]))
    async with Running(taken):
        await notebook.until(lambda: notebook.events(FaultNoticed) != [])
        broker.stop()
        broker.add_user("hub", "new-horse")
        broker.start()
        await live(taken)
        await notebook.until(lambda: notebook.events(FaultMended) != [])
    assert notebook.events(FaultMended) == [FaultMended("broker_refused")]


async def test_tls_with_the_houses_own_authority(
    tls_broker: Mosquitto, notebook: Notebook, tmp_path: Path
) -> None:
    taken = intake(settings(tls_broker, tmp_path), notebook, behind(["wrist-12"]))
    async with Running(taken), tls_broker.client() as bridge:
        await live(taken)
        await bridge.publish(f"{BASE}/wrist-12", PRESS, qos=1)
        await notebook.until(lambda: len(notebook.presses) == 1)


async def test_a_broker_with_a_strangers_certificate_gets_no_password(
    tls_broker: Mosquitto, notebook: Notebook, tmp_path: Path
) -> None:
    where = settings(tls_broker, tmp_path, mqtt_ca=None)
    async with Running(intake(where, notebook, behind(["wrist-12"]))):
        await notebook.until(lambda: notebook.events(FaultNoticed) != [])
    (fault,) = notebook.events(FaultNoticed)
    assert "BJELLE_MQTT_CA" in fault.detail


async def test_nonsense_is_kept_with_its_bytes_and_stops_nothing(
    broker: Mosquitto, notebook: Notebook, tmp_path: Path
) -> None:
    nonsense = [b"\xff\xfe{", b'{"action":', b"{" * 5000, b'{"x":NaN}', b"x" * 1_000_000]
    taken = intake(settings(broker, tmp_path), notebook, behind(["wrist-12"]))
    async with Running(taken), broker.client() as bridge:
        await live(taken)
        for payload in nonsense:
            await bridge.publish(f"{BASE}/wrist-12", payload, qos=1)
        await bridge.publish(f"{BASE}/wrist-12", PRESS, qos=1)
        await notebook.until(lambda: len(notebook.presses) == 1)
    bad = notebook.events(SignalQuarantined)
    kept = {k.signal: k.payload for k in notebook.kept if isinstance(k, QuarantinedMessage)}
    assert len(bad) >= 4
    assert [kept[one.signal] for one in bad][:2] == nonsense[:2]
    assert max(len(payload) for payload in kept.values()) == 64 * 1024
    assert taken.stats.problems["zigbee2mqtt", "undecodable"] == len(bad)
    # Of what cannot even be told to be the alarm's, somebody hears all the same.
    unread = [one for one in bad if one.device is None]
    told = [one for one in notebook.events(FaultNoticed) if one.code == NOT_READ]
    assert len(told) == len(unread) > 0
    assert "may have been a press" in told[0].detail


async def test_the_bridges_own_word_enters_and_its_list_is_handed_on(
    broker: Mosquitto, notebook: Notebook, tmp_path: Path
) -> None:
    async with broker.client() as bridge:
        await bridge.publish(f"{BASE}/bridge/state", b'{"state":"online"}', 1, retain=True)
        await bridge.publish(f"{BASE}/bridge/devices", b"[]", 0, retain=True)
        taken = intake(settings(broker, tmp_path), notebook, behind(["wrist-12"]))
        async with Running(taken):
            await live(taken)
            await bridge.publish(f"{BASE}/bridge/state", b"offline", qos=1)
            await notebook.until(lambda: len(notebook.events(BridgeChanged)) == 2)
    assert [said.online for said in notebook.events(BridgeChanged)] == [True, False]
    assert [found.bridge for found in notebook.discovered] == ["z2m"]


async def test_strangers_are_counted_and_nothing_more(
    broker: Mosquitto, notebook: Notebook, tmp_path: Path
) -> None:
    taken = intake(settings(broker, tmp_path), notebook, behind(["wrist-12"], ["motion-1"]))
    async with Running(taken), broker.client() as bridge:
        await live(taken)
        await bridge.publish(f"{BASE}/nobody-enrolled-this", PRESS, qos=1)
        await bridge.publish(f"{BASE}/motion-1", motion(1), qos=1)
        await notebook.until(lambda: len(notebook.signals) == 1)
    assert [signal.device for signal in notebook.signals] == ["motion-1"]


async def test_an_alarm_device_at_qos_0_rings_and_is_a_fault_with_its_cure(
    broker: Mosquitto, notebook: Notebook, tmp_path: Path
) -> None:
    taken = intake(settings(broker, tmp_path), notebook, behind(["wrist-12"]))
    async with Running(taken), broker.client() as bridge:
        await live(taken)
        for _ in range(3):
            await bridge.publish(f"{BASE}/wrist-12", PRESS, qos=0)
        await notebook.until(lambda: len(notebook.presses) == 3)
        await bridge.publish(f"{BASE}/wrist-12", PRESS, qos=1)
        await notebook.until(lambda: len(notebook.presses) == 4)
        await notebook.until(lambda: notebook.events(FaultMended) != [])
    (fault,) = notebook.events(FaultNoticed)
    assert (fault.code, fault.device) == ("alarm_at_qos0", "wrist-12")
    assert "qos: 1" in fault.detail


async def test_qos_0_beyond_its_limit_is_dropped_counted_and_told(
    broker: Mosquitto, notebook: Notebook, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("hub.mqtt.QOS0_LIMIT", 10)
    monkeypatch.setattr("hub.mqtt.TICK_S", 0.05)
    taken = intake(settings(broker, tmp_path), notebook, behind([], ["motion-1"]))
    async with Running(taken), broker.client() as bridge:
        await live(taken)
        notebook.hold()
        for n in range(30):
            await bridge.publish(f"{BASE}/motion-1", motion(n), qos=0)
        await bridge.publish(f"{BASE}/motion-1", motion(30), qos=1)
        await notebook.until(lambda: notebook.signals[-1].delivery.qos == 1)
        notebook.release()
        await notebook.until(lambda: notebook.events(FaultNoticed) != [])
        await notebook.until(lambda: notebook.events(FaultMended) != [])
    assert taken.stats.qos0_dropped == 20
    assert len(notebook.signals) == 10 + 1
    assert [fault.code for fault in notebook.events(FaultNoticed)] == ["qos0_dropped"]


async def test_two_houses_may_share_a_base_topic(
    broker: Mosquitto, notebook: Notebook, tmp_path: Path
) -> None:
    other = Notebook()
    both = {HOUSE: behind(["wrist-12"]), HouseId("fjordgata"): behind(["wrist-40"])}
    taken = Intake(
        settings(broker, tmp_path),
        both,
        lambda house: notebook if house == HOUSE else other,
        clock=SystemClock(),
        keep=notebook.kept.append,
        on_discovery=lambda *_: None,
    )
    async with Running(taken), broker.client() as bridge:
        await live(taken)
        for name in ("wrist-12", "wrist-40"):
            await bridge.publish(f"{BASE}/{name}", PRESS, qos=1)
        await notebook.until(lambda: len(notebook.presses) == 1)
        await other.until(lambda: len(other.presses) == 1)
    assert [press.device for press in notebook.presses] == ["wrist-12"]
    assert [press.device for press in other.presses] == ["wrist-40"]


@pytest.mark.parametrize("name", ["odd#name", "odd\0name", "od+d", "+", "#", "ward/#"])
async def test_a_name_that_no_filter_can_hold_is_told_and_harms_nobody_else(
    broker: Mosquitto, notebook: Notebook, tmp_path: Path, name: str
) -> None:
    house = behind(["wrist-12", name], ["motion-3"])
    taken = intake(settings(broker, tmp_path), notebook, house)
    async with Running(taken), broker.client() as bridge:
        await live(taken)
        await bridge.publish(f"{BASE}/motion-3", motion(0), qos=1)
        await bridge.publish(f"{BASE}/wrist-12", PRESS, qos=1)
        await notebook.until(lambda: len(notebook.signals) == 2)
        await notebook.until(lambda: notebook.events(FaultNoticed) != [])
        taken.adopt(HOUSE, behind(["wrist-12"], ["motion-3"]))
        await notebook.until(lambda: notebook.events(FaultMended) != [])
    lanes = {s.device: lane for s, lane in notebook.entered if isinstance(s, SignalReceived)}
    assert lanes == {"wrist-12": Lane.ALARM, "motion-3": Lane.BULK}
    assert [fault.code for fault in notebook.events(FaultNoticed)] == ["alarm_name_unusable"]


class Forgetful(GmqttLink):
    """A broker whose queue was full when the marker came, as often as `forgets` says."""

    forgets = 0

    async def publish(
        self, topic: str, payload: bytes, *, qos: int = 1, retain: bool = False
    ) -> None:
        if qos and self.client_id.endswith("-bulk") and Forgetful.forgets:
            Forgetful.forgets -= 1
            return
        await super().publish(topic, payload, qos=qos, retain=retain)


async def test_a_marker_that_does_not_come_back_is_told_and_asked_for_again(
    broker: Mosquitto, notebook: Notebook, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("hub.mqtt.TICK_S", 0.05)
    monkeypatch.setattr("hub.mqtt.MARKER_WITHIN_S", 0.2)
    monkeypatch.setattr(Forgetful, "forgets", 2)
    house = behind([], ["motion-3"])
    taken = intake(settings(broker, tmp_path), notebook, house, link=Forgetful)
    async with Running(taken):
        await notebook.until(lambda: notebook.events(FaultNoticed) != [])
        await live(taken)
        await notebook.until(lambda: notebook.events(FaultMended) != [])
    assert [f.code for f in notebook.events(FaultNoticed)] == ["lane_behind:bulk"]
    assert [f.code for f in notebook.events(FaultMended)] == ["lane_behind:bulk"]


async def test_a_house_whose_engine_ended_keeps_no_other_from_hearing() -> None:
    ended, well = Notebook(), Notebook()
    ended.refuses = EngineStopped("solvik stopped")
    tidings = Tidings(lambda house: ended if house == HOUSE else well)
    telling = asyncio.ensure_future(tidings.run())
    for up in (False, True):
        for house in (HOUSE, HouseId("fjordgata")):
            await tidings.put(house, BrokerChanged(up=up))
    await well.until(lambda: len(well.events(BrokerChanged)) == 2)
    telling.cancel()
    await asyncio.gather(telling, return_exceptions=True)
    assert [said.up for said in well.events(BrokerChanged)] == [False, True]


async def test_a_full_disk_does_not_make_the_hub_deaf(
    broker: Mosquitto, notebook: Notebook, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("hub.mqtt.TICK_S", 0.05)
    where = settings(broker, tmp_path)
    file = tmp_path / f"lanes-{where.mqtt_client_id}.new"
    file.mkdir()  # what stands in the way, as a full disk would
    async with Running(intake(where, notebook, behind(["wrist-12"]))) as taken:
        await live(taken)
        async with broker.client() as bridge:
            await bridge.publish(f"{BASE}/wrist-12", PRESS, qos=1)
        await notebook.until(lambda: notebook.events(FaultNoticed) != [])
        file.rmdir()
        broker.stop()
        broker.start()
        await notebook.until(lambda: notebook.events(FaultMended) != [])
    assert len(notebook.presses) == 1
    assert [fault.code for fault in notebook.events(FaultNoticed)] == ["lanes_unwritten"]
