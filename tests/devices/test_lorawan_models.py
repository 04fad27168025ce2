"""LoRaWAN payloads written from the makers' documents, and the network servers around them.

Milesight WS202, WS301, VS373 and most others here have no public vector: these are made by
hand from the documents named in each model's `source`, 2026-11-21.
"""

import json
from collections.abc import Mapping

import pytest

from devices.catalogue import load
from devices.codec import Bridge, BridgeSaid, Discovery, Enrolled, Ignored, Message, Undecodable
from devices.layouts.payload import decode
from devices.registry import Registry
from devices.words import Findings
from routing.ids import BridgeId, DeviceId
from routing.readings import (
    BatteryRead,
    BedChanged,
    ButtonPressed,
    DeviceClass,
    DeviceFault,
    DeviceHeard,
    DoorMoved,
    FallPhase,
    FallSeen,
    HeardBy,
    HelpCancelled,
    HelpPressed,
    HelpTrigger,
    LinkRead,
    Measured,
    MotionSeen,
    Problem,
    ProblemKind,
    Reading,
    Sighted,
    Tampered,
    TimeQuality,
    Trust,
)
from tests.devices.bench import (
    ALARM,
    CHIRP,
    COMFORT,
    EUI,
    SAFETY,
    event,
    lorawan_registry,
    only,
    up,
)

PRESS = HelpPressed(HelpTrigger.PRESS)


def read(
    model: str, payload: str, port: int | None = None, device_class: DeviceClass = COMFORT
) -> tuple[Reading, ...]:
    findings = Findings(device_class)
    assert decode(load()[model].variants, port, bytes.fromhex(payload), findings)
    return findings.done()


@pytest.mark.parametrize(
    ("model", "payload", "port", "reading"),
    [
        ("milesight/ws101", "ff2e02", 85, ButtonPressed("long")),
        ("milesight/ws101", "ff2e03", 85, ButtonPressed("double")),
        ("milesight/ws101", "ff0bff", 85, DeviceHeard(HeardBy.RESET)),
        ("milesight/ws136", "ff3403f00d", 85, ButtonPressed("press", "3")),
        ("milesight/ws202", "017564030001040000", 85, MotionSeen(active=True)),
        ("milesight/ws202", "030000", 85, MotionSeen(active=False)),
        ("milesight/ws203", "0367e100046850050001", 85, MotionSeen(active=True)),
        ("milesight/ws301", "030001", 85, DoorMoved(open=True)),
        ("milesight/ws301", "030000", 85, DoorMoved(open=False)),
        ("milesight/ws301", "040001", 85, Tampered("wall")),
        ("milesight/em300-mcs", "060001", 85, DoorMoved(open=True)),
        ("milesight/em300-mcs", "0367ffff", 85, Measured("temperature", -0.1, "°C")),
        ("milesight/vs340", "030001", 85, MotionSeen(active=True)),
        ("milesight/vs370", "030000040001", 85, MotionSeen(active=False)),
        ("milesight/vs321", "05fd0200", 85, MotionSeen(active=True, count=2)),
        ("milesight/vs321", "05fd0000", 85, MotionSeen(active=False, count=0)),
        ("milesight/vs373", "03f8040000000000", 85, FallSeen(FallPhase.CONFIRMED)),
        ("milesight/vs373", "03f8020000000000", 85, BedChanged(occupied=True)),
        ("milesight/vs373", "03f8030000000000", 85, BedChanged(occupied=False)),
        ("milesight/vs373", "03f8000100000000", 85, DeviceFault("motionless", "target_status")),
        ("milesight/vs373", "03f8000000000000", 85, FallSeen(FallPhase.CLEARED)),
        ("digitalmatter/oyster3", "000000000000000004", 4, FallSeen(FallPhase.SUSPECTED)),
        ("digitalmatter/oyster3", "000000000000000000", 4, FallSeen(FallPhase.CLEARED)),
        ("milesight/vs373", "06fb0700000101", 85, FallSeen(FallPhase.CONFIRMED, incident="7")),
        ("milesight/vs373", "06fb0700000201", 85, FallSeen(FallPhase.CLEARED, incident="7")),
        ("milesight/vs373", "06fb0700000301", 85, FallSeen(FallPhase.IGNORED, incident="7")),
        ("milesight/vs373", "06fb0800030101", 85, BedChanged(occupied=False)),
        ("milesight/at101", "0488c05eaa00a0e18f0301", 85, MotionSeen(active=True)),
        (
            "milesight/at101",
            "06d9000102030405 06c401".replace(" ", ""),
            85,
            MotionSeen(active=True),
        ),
        ("milesight/at101", "070001", 85, Tampered("wall")),
        ("browan/tbol100", "010b3800e8f1039fe67a09", 136, ButtonPressed("press")),
        ("milesight/ds3604", "fb0100054d696c6573017550", 85, BatteryRead(80.0)),
        ("milesight/ws101", "017564aa01", 85, Problem(ProblemKind.UNKNOWN_CHANNEL, "aa01")),
        ("milesight/generic", "0567fb00", 85, Measured("temperature", 25.1, "°C")),
        ("netvox/r312a", "014d011c010000000000 00", 6, ButtonPressed("press")),
        ("netvox/r311a", "0102011c010000000000 00", 6, DoorMoved(open=True)),
        ("netvox/r718a", "010b01240a281a2c000000", 6, Measured("temperature", 26.0, "°C")),
        ("browan/tbms100", "010b3805000a0000", 102, MotionSeen(active=True)),
        ("browan/tbdw100", "000b3805000a0000", 100, DoorMoved(open=False)),
        ("browan/tbpb100", "010b38000001 0000", 147, ButtonPressed("press")),
        ("dragino/lds02", "8be20100000500000a00", 10, DoorMoved(open=True)),
        ("dragino/trackerd", "4f68", 7, HelpPressed(HelpTrigger.LEVEL)),
        ("dragino/trackerd", "0f68", 7, HelpCancelled()),
        ("abeeway/at2", "05105c8200", 18, HelpPressed(HelpTrigger.LEVEL)),
        ("mclimate/button", "01db011a02", None, ButtonPressed("double")),
        ("sensative/strips", "ffff0901", 1, DoorMoved(open=True)),
        ("sensative/strips", "ffff1001", 1, ButtonPressed("press")),
    ],
)
def test_a_payload_says_what_its_document_says(
    model: str, payload: str, port: int | None, reading: Reading
) -> None:
    assert reading in read(model, payload, port)


def test_b2_a_battery_byte_of_zero_while_charging_is_no_empty_battery() -> None:
    assert not [
        r for r in read("browan/tbms100", "0100380500", 102) if isinstance(r, BatteryRead)
    ]


def test_a_percentage_made_of_volts_is_marked_unreliable() -> None:
    (battery,) = [
        r for r in read("netvox/r718a", "010b0121", 6) if isinstance(r, BatteryRead)
    ] or [r for r in read("elsys/ers", "070ce4") if isinstance(r, BatteryRead)]
    assert battery.trust is Trust.UNRELIABLE


def test_the_low_bit_of_a_netvox_battery_is_not_part_of_the_volts() -> None:
    found = read("netvox/r311a", "0102019c01", 6)
    battery = next(r for r in found if isinstance(r, BatteryRead))
    assert (battery.volts, battery.low) == (2.8, True)


@pytest.mark.parametrize(
    ("model", "payload", "port"),
    [
        ("milesight/vs373", "06fb0700000901", 85),
        ("milesight/vs373", "03f8", 85),
        ("netvox/r311a", "010201", 6),
        ("browan/tbdw100", "0011", 100),
        ("abeeway/at2", "03105c82090512", 18),
        ("elsys/ers", "f0", None),
        ("tektelic/smart-room", "01", 10),
        ("milesight/ds3604", "fb0100054d69", 85),
        ("milesight/gs601", "0302", 85),
        ("mclimate/button", "02", None),
        ("ble/bthome", "53ff", None),
    ],
)
def test_what_does_not_fit_is_a_problem_or_a_sign_of_life_and_never_silent(
    model: str, payload: str, port: int | None
) -> None:
    found = read(model, payload, port)
    assert [r for r in found if isinstance(r, (Problem, DeviceHeard))]


def test_a_negative_position_keeps_its_sign() -> None:
    found = read("browan/tbol100", "000b3800000000ff00f8ff1f", 136)
    assert [r for r in found if isinstance(r, (Sighted, Problem))]


def test_more_records_than_an_honest_payload_holds_are_said() -> None:
    assert Problem(ProblemKind.TRUNCATED, "more than 128 records") in read(
        "milesight/ws101", "017564" * 200
    )
    assert Problem(ProblemKind.TRUNCATED, "more than 128 records") in read(
        "dragino/lds03a", "0100000500000063bfe921" * 200, 3
    )


def test_padding_that_the_maker_is_known_for_is_no_problem() -> None:
    assert not [r for r in read("mclimate/button", "01db011a01ffff") if isinstance(r, Problem)]


def test_m14_region_bytes_that_two_firmwares_invert_are_shown_and_never_used() -> None:
    assert read("milesight/vs373", "04f901000000") == ()


def test_t2_each_stored_state_of_a_door_is_history() -> None:
    findings = Findings(SAFETY)
    payload = bytes.fromhex("0100000500000063bfe921" * 2)
    assert decode(load()["dragino/lds03a"].variants, 3, payload, findings)
    assert findings.history
    assert findings.done() == (DoorMoved(open=True),) * 2


# --- The Things Stack ------------------------------------------------------------------------

TTS = BridgeId("tts")


def tts(
    body: object, model: str = "milesight/ws101", topic: str = "v3/app@t/devices/knapp/up"
) -> tuple[object, ...]:
    enrolled = {(TTS, EUI): Enrolled(DeviceId("dev-1"), model, ALARM)}
    registry = Registry([Bridge(TTS, "thethingsstack", "v3")], enrolled)
    payload = body if isinstance(body, bytes) else json.dumps(body).encode()
    return registry.understand(topic, payload)


def uplink(
    more: Mapping[str, object] | None = None, eui: str = EUI.upper()
) -> dict[str, object]:
    return {
        "end_device_ids": {"device_id": "knapp", "dev_eui": eui, "dev_addr": "01a2b3c4"},
        "received_at": "2026-11-21T02:14:00.123456789Z",
        "uplink_message": {
            "f_port": 85,
            "frm_payload": "/y4B",
            "rx_metadata": [{"rssi": -90, "snr": 1}, {"rssi": -70, "snr": 2}, {}],
            **(more or {}),
        },
    }


def test_a_press_through_the_things_stack_is_the_same_press() -> None:
    (message,) = tts(uplink())
    assert isinstance(message, Message)
    assert message.readings == (PRESS, LinkRead(-70.0, 2.0))
    assert message.key == f"{EUI}/01a2b3c4/0//y4B"
    assert message.device_time.quality is TimeQuality.GATEWAY


def test_s1_simulated_traffic_is_a_test() -> None:
    (message,) = tts(uplink({"simulated": True}))
    assert isinstance(message, Message)
    assert message.test
    (message,) = tts({**uplink(), "simulated": True})
    assert isinstance(message, Message)
    assert message.test


@pytest.mark.parametrize(("said", "shown"), [(88, 88.0), (130, 100.0)])
def test_the_battery_that_the_network_knows_is_added(said: int, shown: float) -> None:
    (message,) = tts(uplink({"last_battery_percentage": {"value": said}}))
    assert isinstance(message, Message)
    battery = next(r for r in message.readings if isinstance(r, BatteryRead))
    assert battery.percent == shown


def test_the_payloads_own_battery_wins() -> None:
    more = {"frm_payload": "AXUQ", "last_battery_percentage": {"value": 88}}
    (message,) = tts(uplink(more))
    assert isinstance(message, Message)
    assert [r.percent for r in message.readings if isinstance(r, BatteryRead)] == [16.0]


def test_joins_acks_failures_and_locations_are_understood() -> None:
    ids = {"end_device_ids": {"device_id": "knapp", "dev_eui": EUI}}
    cases: list[tuple[dict[str, object], object]] = [
        ({"join_accept": {}}, DeviceHeard(HeardBy.JOIN)),
        ({"downlink_ack": {}}, DeviceHeard(HeardBy.HEARTBEAT)),
        ({"downlink_nack": {}}, DeviceFault("DOWNLINK_NACK")),
        (
            {"downlink_failed": {"error": {"name": "too_long"}}},
            DeviceFault("DOWNLINK_FAILED", "too_long"),
        ),
        (
            {
                "location_solved": {
                    "location": {"latitude": 59.9, "longitude": 10.7, "accuracy": 9}
                }
            },
            Sighted("network", latitude=59.9, longitude=10.7, accuracy_m=9.0),
        ),
    ]
    for more, reading in cases:
        (message,) = tts({**ids, **more})
        assert isinstance(message, Message)
        assert message.readings == (reading,)


@pytest.mark.parametrize(
    "body",
    [
        b"{",
        [],
        {},
        uplink({"frm_payload": "?"}),
        {"end_device_ids": {"dev_eui": EUI}, "location_solved": {}},
    ],
)
def test_m10_the_things_stack_nonsense_is_undecodable(body: object) -> None:
    (found,) = tts(body)
    assert isinstance(found, Undecodable)


def test_downlinks_and_other_topics_are_ignored() -> None:
    for topic in ("v3/app@t/devices/knapp/down/push", "v3/app@t/devices", "v3/x"):
        assert isinstance(tts({"downlinks": []}, topic=topic)[0], Ignored)
    assert isinstance(tts({"downlinks": [1]})[0], Ignored)


def test_a_stranger_is_proposed_by_its_brand_and_model() -> None:
    versions = {"version_ids": {"brand_id": "milesight-iot", "model_id": "ws101"}}
    message, proposal = tts(uplink(versions, "00000000000000aa"))
    assert isinstance(proposal, Discovery)
    assert proposal.found[0].model == "milesight/ws101"
    assert isinstance(message, Message)
    assert message.device is None


def test_a_join_of_a_stranger_is_proposed() -> None:
    body = {"end_device_ids": {"device_id": "n", "dev_eui": "aa"}, "join_accept": {}}
    _, proposal = tts(body)
    assert isinstance(proposal, Discovery)


def test_a_device_may_be_enrolled_by_its_id() -> None:
    enrolled = {(TTS, "knapp"): Enrolled(DeviceId("d"), "milesight/ws101", ALARM)}
    registry = Registry([Bridge(TTS, "thethingsstack", "v3")], enrolled)
    found = registry.understand("v3/a/devices/knapp/up", json.dumps(uplink()).encode())
    assert only(found).device == DeviceId("d")
    assert registry.alarm_topics() == ("v3/devices/+/up", "v3/+/devices/+/up")
    comfort = {(TTS, "knapp"): Enrolled(DeviceId("d"), "milesight/ws202", COMFORT)}
    assert Registry([Bridge(TTS, "thethingsstack", "v3")], comfort).alarm_topics() == ()


# --- ChirpStack's other events ---------------------------------------------------------------


@pytest.mark.parametrize(
    ("kind", "body", "readings"),
    [
        ("join", {"devAddr": "01"}, (DeviceHeard(HeardBy.JOIN),)),
        (
            "status",
            {"margin": 7, "batteryLevel": 51.5},
            (DeviceHeard(HeardBy.HEARTBEAT), BatteryRead(51.5), LinkRead(snr_db=7.0)),
        ),
        (
            "status",
            {"externalPowerSource": True},
            (DeviceHeard(HeardBy.HEARTBEAT), BatteryRead(charging=True)),
        ),
        ("status", {"batteryLevelUnavailable": True}, (DeviceHeard(HeardBy.HEARTBEAT),)),
        (
            "status",
            {"batteryLevel": 120},
            (DeviceHeard(HeardBy.HEARTBEAT), BatteryRead(100.0, trust=Trust.CLAMPED)),
        ),
        (
            "log",
            {"level": "ERROR", "code": "UPLINK_MIC", "description": "x"},
            (DeviceFault("UPLINK_MIC", "x"), Problem(ProblemKind.SECURITY, "UPLINK_MIC")),
        ),
        ("error", {"type": "OTAA", "error": "no"}, (DeviceFault("OTAA", "no"),)),
        ("ack", {"acknowledged": True}, (DeviceHeard(HeardBy.HEARTBEAT),)),
        ("ack", {}, (DeviceFault("DOWNLINK_NOT_ACKNOWLEDGED"),)),
        (
            "location",
            {"location": {"latitude": 59.9, "longitude": 10.7}},
            (Sighted("network", latitude=59.9, longitude=10.7),),
        ),
    ],
)
def test_every_event_of_chirpstack_is_understood(
    kind: str, body: object, readings: tuple[Reading, ...]
) -> None:
    assert only(event(lorawan_registry("milesight/ws101"), body, kind)).readings == readings


@pytest.mark.parametrize("kind", ["txack", "integration", "something"])
def test_events_without_news_of_a_device_are_ignored(kind: str) -> None:
    assert isinstance(event(lorawan_registry("milesight/ws101"), {}, kind)[0], Ignored)


def test_a_location_without_coordinates_is_undecodable() -> None:
    (found,) = event(lorawan_registry("milesight/ws101"), {"location": {}}, "location")
    assert isinstance(found, Undecodable)


@pytest.mark.parametrize(
    ("topic", "payload", "said"),
    [
        ("gateway/ab/state/conn", b'{"state":"ONLINE"}', True),
        ("eu868/gateway/ab/state/conn", b'{"state":"OFFLINE"}', False),
        ("eu868/gateway/ab/event/stats", b"{}", True),
    ],
)
def test_a_gateways_state_is_told_as_a_part_of_the_bridge(
    topic: str, payload: bytes, said: bool
) -> None:
    (found,) = lorawan_registry("milesight/ws101").understand(topic, payload)
    assert isinstance(found, BridgeSaid)
    assert (found.online, found.part) == (said, "ab")


def test_a_gateways_nonsense_and_other_business() -> None:
    registry = lorawan_registry("milesight/ws101")
    assert isinstance(registry.understand("gateway/ab/state/conn", b"\x08\x01")[0], Undecodable)
    assert isinstance(registry.understand("gateway/ab/command/down", b"{}")[0], Ignored)
    assert isinstance(
        registry.understand("application/1/device/ab/command/down", b"{}")[0], Ignored
    )


def test_a_model_that_is_gone_and_a_port_that_no_message_has_are_undecodable() -> None:
    (found,) = event(lorawan_registry("acme/none"), up("ff2e01"))
    assert isinstance(found, Undecodable)
    assert "acme/none" in found.why
    (found,) = event(lorawan_registry("browan/tbdw100"), up("0011380500"))
    assert isinstance(found, Undecodable)
    assert "port 85" in found.why


def test_a_frame_without_payload_is_a_sign_of_life() -> None:
    message = only(event(lorawan_registry("milesight/ws101"), up("", 3, {"rxInfo": []})))
    assert message.readings == (DeviceHeard(),)


def test_an_unknown_stranger_is_heard() -> None:
    profile = {"deviceInfo": {"deviceProfileName": "nothing we know"}}
    message, _ = event(lorawan_registry("milesight/ws101"), up("ff2e01", 1, profile), eui="aa")
    assert isinstance(message, Message)
    assert DeviceHeard() in message.readings


def test_a_gateways_own_clock_is_used_where_the_event_has_no_time() -> None:
    more = {"time": None, "rxInfo": [{"gwTime": "2026-11-21T02:14:00+00:00"}]}
    message = only(event(lorawan_registry("milesight/ws101"), up("ff2e01", 1, more)))
    assert message.device_time.quality is TimeQuality.GATEWAY


def test_the_alarm_lane_names_exactly_the_alarm_and_safety_devices() -> None:
    enrolled = {
        (CHIRP, "aa"): Enrolled(DeviceId("a"), "milesight/ws101", ALARM),
        (CHIRP, "bb"): Enrolled(DeviceId("b"), "milesight/ws202", COMFORT),
        (CHIRP, "cc"): Enrolled(DeviceId("c"), "milesight/ws301", SAFETY),
    }
    registry = Registry([Bridge(CHIRP, "chirpstack", "application")], enrolled)
    assert registry.alarm_topics() == (
        "application/device/aa/event/+",  # where the base names the application already
        "application/+/device/aa/event/+",
        "application/device/cc/event/+",
        "application/+/device/cc/event/+",
    )
    assert registry.bulk_topics() == (
        "application/#",
        "gateway/+/state/+",
        "+/gateway/+/state/+",
    )


@pytest.mark.parametrize(
    ("heard", "snr"), [({"snr": 4.5}, 4.5), ({"loRaSNR": 3}, 3.0), ({}, 0.0)]
)
def test_the_noise_stands_under_the_name_of_either_version_and_absent_is_zero(
    heard: dict[str, object], snr: float
) -> None:
    more = {"rxInfo": [{"rssi": -97, **heard}]}
    message = only(event(lorawan_registry("milesight/ws101"), up("ff2e01", 1, more)))
    assert LinkRead(rssi_dbm=-97.0, snr_db=snr) in message.readings
