"""No topic and no bytes raise, and none takes long. A million of them in `make long`."""

import json
import string

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from devices.catalogue import load
from devices.codec import (
    Bridge,
    BridgeSaid,
    Discovery,
    Enrolled,
    Ignored,
    Message,
    Undecodable,
)
from devices.layouts.payload import decode
from devices.registry import Registry
from devices.words import Findings
from routing.ids import BridgeId, DeviceId
from tests.devices import fuzz
from tests.devices.bench import ALARM, BUTTON, COMFORT, EUI, binary, listed, up

BASES = {
    "zigbee2mqtt": "zigbee2mqtt",
    "chirpstack": "application",
    "thethingsstack": "v3",
    "shelly": "shellies",
    "espresense": "espresense",
    "theengs": "home",
    "json": "hus",
}
NATIVES = {
    "zigbee2mqtt": "0x1",
    "chirpstack": EUI,
    "thethingsstack": EUI,
    "shelly": "i4",
    "espresense": "bad",
    "theengs": "a4c1388d18b2",
    "json": "radar",
}
MODELS = {
    "chirpstack": "milesight/ws101",
    "thethingsstack": "milesight/ws101",
    "json": "json/vs373-wifi",
}


def everything() -> Registry:
    bridges = [Bridge(BridgeId(name), name, base) for name, base in BASES.items()]
    enrolled = {
        (BridgeId(name), native): Enrolled(
            DeviceId(name), MODELS.get(name, "zigbee2mqtt/alarm-button"), ALARM
        )
        for name, native in NATIVES.items()
    }
    blank = Registry(bridges, enrolled)
    exposes = [*BUTTON, binary("contact", False, True), binary("sos"), binary("occupancy")]
    body = json.dumps([listed("0x1", "knapp", exposes)]).encode()
    found = blank.understand("zigbee2mqtt/bridge/devices", body)
    return Registry(bridges, enrolled, [d for d in found if isinstance(d, Discovery)])


REGISTRY = everything()
TOPICS = (
    "zigbee2mqtt/knapp",
    "zigbee2mqtt/knapp/action",
    "zigbee2mqtt/knapp/contact",
    "zigbee2mqtt/knapp/availability",
    "zigbee2mqtt/bridge/devices",
    "zigbee2mqtt/bridge/event",
    "zigbee2mqtt/bridge/state",
    f"application/1/device/{EUI}/event/up",
    f"application/1/device/{EUI}/event/status",
    f"application/1/device/{EUI}/event/log",
    f"application/1/device/{EUI}/event/location",
    "eu868/gateway/ab/state/conn",
    "v3/app@t/devices/knapp/up",
    "shellies/i4/events/rpc",
    "shellies/i4/status/input:0",
    "shellies/i4/input_event/0",
    "shellies/i4/online",
    "espresense/devices/x/bad",
    "espresense/rooms/bad/button",
    "home/omg/BTtoMQTT/A4C1388D18B2",
    "home/omg/LWT",
    "hus/radar",
    "hus/radar/status",
)
WORDS = st.sampled_from(
    [
        "action",
        "contact",
        "sos",
        "occupancy",
        "battery",
        "linkquality",
        "data",
        "object",
        "rxInfo",
        "fCnt",
        "fPort",
        "rssi",
        "snr",
        "deviceInfo",
        "devEui",
        "tags",
        "time",
        "uplink_message",
        "frm_payload",
        "end_device_ids",
        "params",
        "events",
        "component",
        "event",
        "method",
        "NotifyEvent",
        "NotifyStatus",
        "single_push",
        "input:0",
        "bthomedevice:1",
        "status",
        "ts",
        "id",
        "mac",
        "servicedata",
        "servicedatauuid",
        "fcd2",
        "manufacturerdata",
        "trigger_data",
        "trigger_id",
        "distance",
        "batt",
        "emergency",
        "ON",
        "OFF",
        "online",
        "definition",
        "exposes",
        "property",
        "type",
        "binary",
        "value_on",
        "features",
    ]
)
SCALARS = (
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(max_size=12)
    | WORDS
    | st.binary(max_size=24).map(bytes.hex)
    | st.sampled_from(["AXUQ/y4B", "2026-11-21T02:14:00Z", "1980-01-01T00:00:00Z"])
)
VALUES = st.recursive(
    SCALARS,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(WORDS, inner, max_size=6),
    max_leaves=16,
)
PAYLOADS = (
    st.binary(max_size=200)
    | VALUES.map(lambda value: json.dumps(value).encode())
    | st.dictionaries(WORDS, VALUES, max_size=8).map(lambda value: json.dumps(value).encode())
)
ANY_TOPIC = (
    st.sampled_from(TOPICS)
    | st.text(alphabet=string.printable + "øåü/+#\0", max_size=60)
    | st.tuples(st.sampled_from(sorted(BASES.values())), st.text(max_size=30)).map("/".join)
)
ANSWERS = (Message, BridgeSaid, Discovery, Undecodable, Ignored)


def check(topic: str, payload: bytes) -> None:
    found = REGISTRY.understand(topic, payload)
    assert found
    for one in found:
        assert isinstance(one, ANSWERS)
        if isinstance(one, Undecodable):
            assert not one.why.startswith("the codec failed"), (topic, payload, one.why)
        if isinstance(one, Message):
            assert one.readings
            assert len(one.key) <= 400
    assert REGISTRY.understand(topic, payload) == found


@settings(max_examples=600, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(ANY_TOPIC, PAYLOADS)
@example("zigbee2mqtt/knapp", b'{"action":{"a":1}}')
@example("zigbee2mqtt/knapp", b'{"contact":[]}')
@example("hus/radar", b'{"event":1e308}')
def test_m10_no_topic_and_no_bytes_raise(topic: str, payload: bytes) -> None:
    check(topic, payload)


@settings(max_examples=400, deadline=None)
@given(st.sampled_from(sorted(load())), st.integers(0, 255), st.binary(max_size=80))
def test_m10_no_payload_of_any_model_raises_or_is_silent(
    name: str, port: int, payload: bytes
) -> None:
    findings = Findings(COMFORT)
    known = decode(load()[name].variants, port, payload, findings)
    assert known or not findings.done()


def test_a_long_radio_payload_is_read_in_bounded_steps() -> None:
    for name, model in load().items():
        findings = Findings(ALARM)
        decode(model.variants, 85, b"\x01\x75\x10" * 20000, findings)
        assert len(findings.done()) < 1000, name


def mutated(seed: int) -> bytes:
    """A real message with some bytes changed, cut or doubled."""
    import random

    die = random.Random(seed)
    base = bytearray(json.dumps(up("017510ff2e01")).encode())
    for _ in range(die.randrange(1, 6)):
        at = die.randrange(len(base))
        base[at] = die.randrange(256)
    return bytes(base[: die.randrange(len(base))]) if die.random() < 0.3 else bytes(base)


def test_mutated_messages_are_understood_or_refused() -> None:
    for seed in range(2000):
        check(f"application/1/device/{EUI}/event/up", mutated(seed))


def test_m10_thirty_thousand_poisoned_messages_of_every_codec_are_borne() -> None:
    figures = fuzz.run(30_000, seed=7)
    assert figures.payloads == 30_000
    assert figures.understood > 3000, "a run that nothing understands proves little"


@pytest.mark.long
@pytest.mark.timeout(3600)
@settings(max_examples=20_000, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(ANY_TOPIC, PAYLOADS)
def test_twenty_thousand_payloads_that_hypothesis_thinks_of(topic: str, payload: bytes) -> None:
    check(topic, payload)


@pytest.mark.long
@pytest.mark.timeout(3600)
def test_m10_a_million_poisoned_messages_are_borne() -> None:
    assert fuzz.run(1_000_000).payloads == 1_000_000


@pytest.mark.parametrize("name", ["+", "#", "ward/+", "#/wrist"])
def test_a_name_that_is_a_wildcard_does_not_stand_for_every_device(name: str) -> None:
    bridge = Bridge(BridgeId("b"), "json", "house")
    enrolled = {(bridge.id, name): Enrolled(DeviceId("d"), "", ALARM)}
    levels = Registry([bridge], enrolled).alarm_topics()[0].removeprefix("house/").split("/")
    assert not {"+", "#"} & set(levels[:-1])
