"""Shelly over MQTT, and everything that is plain text or JSON on a topic."""

import json

import pytest

from devices.codec import (
    Bridge,
    BridgeSaid,
    Enrolled,
    Ignored,
    Message,
    Undecodable,
    Understood,
)
from devices.registry import Registry
from routing.ids import BridgeId, DeviceId
from routing.readings import (
    Availability,
    AvailabilityChanged,
    BatteryRead,
    BedChanged,
    ButtonPressed,
    DeviceFault,
    DeviceHeard,
    DoorMoved,
    FallPhase,
    FallSeen,
    HeardBy,
    HelpPressed,
    HelpTrigger,
    LinkRead,
    Measured,
    MotionSeen,
    Problem,
    Reading,
    TimeQuality,
)
from tests.devices.bench import ALARM, COMFORT, SAFETY, only

SHELLY, JSON = BridgeId("shelly"), BridgeId("json")
PRESS = HelpPressed(HelpTrigger.PRESS, "0")


def shelly() -> Registry:
    enrolled = {
        (SHELLY, "i4-a"): Enrolled(DeviceId("i4"), "shelly/i4", COMFORT),
        (SHELLY, "i4-a/input:0"): Enrolled(DeviceId("cord"), "shelly/cord", ALARM),
        (SHELLY, "gw-b/bthomedevice:200"): Enrolled(DeviceId("pendant"), "shelly/blu", ALARM),
    }
    return Registry([Bridge(SHELLY, "shelly", "shellies")], enrolled)


def rpc(
    device: str, event: dict[str, object], method: str = "NotifyEvent"
) -> tuple[Understood, ...]:
    body = {"src": device, "method": method, "params": {"ts": 1.0, "events": [event]}}
    return shelly().understand(f"shellies/{device}/events/rpc", json.dumps(body).encode())


def test_an_input_enrolled_as_alarm_asks_for_help_and_the_others_are_buttons() -> None:
    cord = only(
        rpc("i4-a", {"component": "input:0", "event": "single_push", "ts": 1795233240.5})
    )
    assert (cord.device, cord.readings) == (DeviceId("cord"), (PRESS,))
    assert cord.device_time.quality is TimeQuality.DEVICE
    other = only(rpc("i4-a", {"component": "input:2", "event": "long_push"}))
    assert (other.device, other.readings) == (DeviceId("i4"), (ButtonPressed("long", "2"),))


def test_a_blu_pendant_through_a_gateway() -> None:
    event = {"component": "bthomedevice:200", "event": "double_push", "idx": 1}
    message = only(rpc("gw-b", event))
    assert message.device == DeviceId("pendant")
    assert message.readings == (HelpPressed(HelpTrigger.DOUBLE, "1", 2),)


@pytest.mark.parametrize("name", ["btn_down", "btn_up"])
def test_the_frames_of_a_press_are_no_press(name: str) -> None:
    assert only(rpc("i4-a", {"component": "input:0", "event": name})).readings == (
        DeviceHeard(),
    )


@pytest.mark.parametrize("name", ["config_changed", "ota_success", ""])
def test_not_every_event_is_a_press(name: str) -> None:
    assert isinstance(rpc("i4-a", {"component": "input:0", "event": name})[0], Ignored)
    assert isinstance(rpc("i4-a", {"component": "sys", "event": name})[0], Ignored)
    blu = only(rpc("gw-b", {"component": "bthomedevice:200", "event": name}))
    assert blu.readings == (DeviceHeard(HeardBy.HEARTBEAT),)


def test_m9_an_unknown_push_of_an_alarm_is_help() -> None:
    message = only(rpc("i4-a", {"component": "input:0", "event": "quintuple_push"}))
    assert [r for r in message.readings if isinstance(r, HelpPressed)]
    assert [r for r in message.readings if isinstance(r, Problem)]


@pytest.mark.parametrize(
    ("component", "status", "readings"),
    [
        (
            "bthomedevice:200",
            {"battery": 97, "rssi": -86},
            (BatteryRead(97.0), LinkRead(-86.0)),
        ),
        ("devicepower:0", {"battery": {"V": 2.9, "percent": 61}}, (BatteryRead(61.0, 2.9),)),
        ("input:1", {"state": True}, (Measured("input:1", 1.0),)),
        ("input:1", {"state": None}, (DeviceHeard(),)),
        ("smoke:0", {"alarm": True}, (DeviceFault("smoke"),)),
        (
            "presencezone:200",
            {"state": True, "num_objects": 2},
            (MotionSeen(active=True, count=2),),
        ),
    ],
)
def test_a_status_says_what_its_component_is(
    component: str, status: object, readings: tuple[Reading, ...]
) -> None:
    topic = f"shellies/i4-a/status/{component}"
    message = only(shelly().understand(topic, json.dumps(status).encode()))
    assert message.readings == readings
    full = {"method": "NotifyFullStatus", "params": {component: status, "ts": 1, "ble": {}}}
    assert (
        only(
            shelly().understand("shellies/i4-a/events/rpc", json.dumps(full).encode())
        ).readings
        == readings
    )


def test_online_is_availability_and_of_a_gateway_also_the_bridges() -> None:
    message = only(shelly().understand("shellies/x/online", b"true"))
    assert message.readings == (AvailabilityChanged(Availability.ONLINE, "shelly"),)
    _, said = shelly().understand("shellies/gw-b/online", b"false")
    assert said == BridgeSaid(SHELLY, online=False, detail="gateway gw-b", part="gw-b")


@pytest.mark.parametrize(
    "topic", ["x/online", "x/events/rpc", "x/status/input:0", "x/input_event/0", "i4-a/online"]
)
def test_m10_shelly_nonsense_is_undecodable(topic: str) -> None:
    assert isinstance(shelly().understand(f"shellies/{topic}", b"\xff")[0], Undecodable)


def test_what_is_of_no_use_is_ignored() -> None:
    for topic, body in (
        ("x/status/cloud", "{}"),
        ("x/events/rpc", '{"method":"NotifyOther"}'),
        ("x/command", ""),
        ("x/input_event/0", '{"event":"","event_cnt":3}'),
    ):
        assert isinstance(shelly().understand(f"shellies/{topic}", body.encode())[0], Ignored)


def test_a_gen1_count_tells_two_presses_apart() -> None:
    first, second = (
        only(shelly().understand("shellies/i4-a/input_event/0", payload))
        for payload in (b'{"event":"S","event_cnt":3}', b'{"event":"S","event_cnt":4}')
    )
    assert first.readings == (PRESS,)
    assert first.key != second.key
    assert shelly().alarm_topics() == ("shellies/gw-b/#", "shellies/i4-a/#")


def test_shellies_without_a_base_topic_have_their_own() -> None:
    bridge = Bridge(SHELLY, "shelly", "")
    registry = Registry([bridge], {(SHELLY, "a"): Enrolled(DeviceId("a"), "shelly/x", ALARM)})
    assert registry.alarm_topics() == ("a/#",)
    assert registry.bulk_topics() == ("#",)
    assert isinstance(registry.understand("a/online", b"true")[0], Message)


# --- Plain JSON and text ---------------------------------------------------------------------


def plain(model: str, below: str, payload: object, device_class: object = SAFETY) -> object:
    enrolled = {(JSON, "rom7/radar"): Enrolled(DeviceId("r"), model, SAFETY)}
    registry = Registry([Bridge(JSON, "json", "hus")], enrolled)
    raw = payload if isinstance(payload, bytes) else json.dumps(payload).encode()
    topic = "hus/rom7/radar" + (f"/{below}" if below else "")
    (found,) = registry.understand(topic, raw)
    return found


FALL = FallSeen(FallPhase.CONFIRMED, incident="7")


@pytest.mark.parametrize(
    "body",
    [
        {"trigger_data": {"event": 0, "status": 1, "trigger_id": 7}},
        {"trigger data": {"event": 0, "status": 1, "trigger id": 7}},
        {"data": {"trigger_data": {"event": 0, "status": 1, "trigger_id": 7}}},
        {"event": 0, "status": 1, "trigger_id": 7},
        {"trigger_data": {"event": 0, "trigger_id": 7}},
    ],
)
def test_m7_a_fall_is_raised_in_every_shape(body: object) -> None:
    found = plain("json/vs373-wifi", "", body)
    assert isinstance(found, Message)
    assert found.readings == (FALL,)


def test_f2_a_resolved_fall_is_a_phase_and_no_end() -> None:
    found = plain("json/vs373-wifi", "", {"event": 0, "status": 2, "trigger_id": 7})
    assert isinstance(found, Message)
    assert found.readings == (FallSeen(FallPhase.CLEARED, incident="7"),)
    back = plain("json/vs373-wifi", "", {"event": 3, "status": 2})
    assert isinstance(back, Message)
    assert back.readings == (BedChanged(occupied=True),)


def test_f1_a_radars_fall_has_phases() -> None:
    phases = []
    for status in ("fall_detected", "fall confirmed", "calling", "fall exit"):
        found = plain("json/radar-fall", "events", {"payload": {"status": status}})
        assert isinstance(found, Message)
        phases += [r.phase.value for r in found.readings if isinstance(r, FallSeen)]
    assert phases == ["suspected", "confirmed", "confirmed", "cleared"]


def test_esphome_speaks_plain_text() -> None:
    found = plain("json/esphome-mr60fda2", "binary_sensor/people_exist/state", b"ON")
    assert isinstance(found, Message)
    assert found.readings == (MotionSeen(active=True),)
    assert found.key == "rom7/radar|motion=True"


@pytest.mark.parametrize("payload", [b"online", b"Online", b"offline"])
def test_a_devices_own_last_will(payload: bytes) -> None:
    found = plain("json/esphome-mr60fda2", "status", payload)
    assert isinstance(found, Message)
    assert isinstance(found.readings[0], AvailabilityChanged)


@pytest.mark.parametrize("payload", [b"\xff", b'{"other":1}', b"[]", b'{"a":NaN}'])
def test_m10_json_without_our_values_is_undecodable(payload: bytes) -> None:
    assert isinstance(plain("json/vs373-wifi", "", payload), Undecodable)
    assert isinstance(
        plain("json/esphome-mr60fda2", "binary_sensor/people_exist/state", b"\xff"), Undecodable
    )


def test_other_topics_and_strangers_are_ignored() -> None:
    assert isinstance(plain("json/vs373-wifi", "debug", b"x"), Ignored)
    assert isinstance(plain("json/vs373-wifi", "", b""), Ignored)
    registry = Registry([Bridge(JSON, "json", "hus")], {})
    assert isinstance(registry.understand("hus/andre", b"x")[0], Ignored)
    assert isinstance(plain("json/none", "", b"{}"), Undecodable)


def test_cloud_events_have_paths_into_lists() -> None:
    found = plain("json/disruptive-contact", "", {"data": {"contact": {"state": "CLOSED"}}})
    assert isinstance(found, Message)
    assert found.readings == (DoorMoved(open=False),)
    sample = {"values": [{"value": 292.4}]}
    found = plain("json/yanzi-presence", "", sample)
    assert isinstance(found, Message)
    assert found.readings == (Measured("sample", 292.4),)
    registry = Registry(
        [Bridge(JSON, "json", "")],
        {(JSON, "a"): Enrolled(DeviceId("a"), "json/vs373-wifi", ALARM)},
    )
    assert registry.alarm_topics() == ("a/#",)
