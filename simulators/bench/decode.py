"""What understanding a message costs, codec by codec, beside a bare parse of its bytes."""

import platform
import statistics
from collections.abc import Callable
from time import process_time_ns
from typing import Any

import msgspec
import orjson

from devices.codec import Bridge, Discovered, Discovery, Enrolled
from devices.registry import Registry
from routing.ids import BridgeId, DeviceId
from routing.readings import DeviceClass

EUI, IEEE, MAC = "24e124535b123456", "0x00be11e000000101", "AA:BB:CC:00:00:01"
EXPOSES = [
    {"type": "enum", "property": "action", "values": ["emergency"], "access": 1},
    {"type": "numeric", "property": "battery", "unit": "%", "access": 1},
]
INFO = {"applicationId": "a1", "deviceProfileName": "WS101", "devEui": EUI, "deviceName": "x"}
UPLINK = {
    "deduplicationId": "d",
    "time": "2026-11-21T02:14:00Z",
    "deviceInfo": INFO,
    "devAddr": "01ab",
    "fCnt": 7,
    "fPort": 85,
    "data": "AXVk/y4B",
    "rxInfo": [{"gatewayId": "g", "rssi": -91, "snr": 7.5}],
}
STACK = {
    "end_device_ids": {"device_id": "b", "dev_eui": EUI, "dev_addr": "01ab"},
    "received_at": "2026-11-21T02:14:00Z",
    "uplink_message": {"f_port": 85, "f_cnt": 7, "frm_payload": "AXVk/y4B", "rx_metadata": []},
}
RPC = {
    "src": "shellybutton",
    "method": "NotifyEvent",
    "params": {
        "ts": 1,
        "events": [{"component": "input:0", "event": "single_push", "ts": 1}],
    },
}

ADVERT = {
    "id": MAC,
    "rssi": -60,
    "servicedatauuid": "0xfcd2",
    "servicedata": "4400a80164023a01",
}
FALL = {
    "device_info": {"device_sn": "6749", "device_mac": MAC, "time": "2026-11-21 02:14:00"},
    "trigger_data": {"event": 0, "status": 1, "trigger_id": 9, "sub_no": 1},
}

# (name, ecosystem, base topic, native id, model, topic, message)
CASES = (
    (
        "zigbee2mqtt",
        "zigbee2mqtt",
        "z",
        IEEE,
        "zigbee2mqtt/alarm-button",
        "z/button",
        {"action": "emergency", "battery": 80, "linkquality": 120},
    ),
    (
        "chirpstack",
        "chirpstack",
        "application",
        EUI,
        "milesight/ws101",
        f"application/a1/device/{EUI}/event/up",
        UPLINK,
    ),
    (
        "thethingsstack",
        "thethingsstack",
        "v3",
        EUI,
        "milesight/ws101",
        "v3/app@t/devices/b/up",
        STACK,
    ),
    ("shelly", "shelly", "", "shellybutton", "", "shellybutton/events/rpc", RPC),
    (
        "espresense",
        "espresense",
        "espresense",
        "tag",
        "",
        "espresense/devices/tag/kitchen",
        {"id": "tag", "rssi": -70, "distance": 2.1},
    ),
    (
        "theengs",
        "theengs",
        "home",
        MAC.replace(":", "").lower(),
        "",
        "home/omg/BTtoMQTT/AABBCC000001",
        {"id": MAC, "rssi": -60, "name": "tag", "batt": 90, "tempc": 21.5},
    ),
    (
        "bthome",
        "theengs",
        "home",
        MAC.replace(":", "").lower(),
        "ble/bthome-alarm",
        "home/omg/BTtoMQTT/AABBCC000001",
        ADVERT,
    ),
    ("json", "json", "hus", "radar", "json/vs373-wifi", "hus/radar", FALL),
)


def measured(messages: int = 20_000, repeats: int = 5) -> dict[str, Any]:
    """Return microseconds of processor time per message: ours, two floors, the noise."""
    ours: dict[str, float] = {}
    floor: dict[str, float] = {}
    msgspec_floor: dict[str, float] = {}
    noise: dict[str, float] = {}
    for name, ecosystem, base, native, model, topic, message in CASES:
        registry = _registry(ecosystem, base, native, model)
        payload = orjson.dumps(message)
        _understood(registry, topic, payload)
        runs = [
            _timed(lambda r=registry, t=topic, p=payload: r.understand(t, p), messages)
            for _ in range(repeats)
        ]
        for parse, figures in ((orjson.loads, floor), (msgspec.json.decode, msgspec_floor)):
            bare = [_timed(lambda p=payload, f=parse: f(p), messages) for _ in range(repeats)]
            figures[name] = round(statistics.median(bare), 2)
        ours[name] = round(statistics.median(runs), 2)
        noise[name] = round((max(runs) - min(runs)) / statistics.median(runs), 2)
    return {
        "bench": "decode",
        "ours": ours,
        "floor": floor,
        "floor_msgspec": msgspec_floor,
        "ratio": {name: round(ours[name] / floor[name], 1) for name in ours},
        "noise": noise,
        "settings": {
            "unit": "us of processor time per message",
            "messages": messages,
            "repeats": repeats,
            "python": platform.python_version(),
        },
    }


def _registry(ecosystem: str, base: str, native: str, model: str) -> Registry:
    bridge = BridgeId("b")
    known = Discovered(native, "button", exposes=orjson.dumps(EXPOSES).decode())
    enrolled = Enrolled(DeviceId("d"), model, DeviceClass.ALARM)
    found = (Discovery(bridge, (known,)),) if ecosystem == "zigbee2mqtt" else ()
    return Registry((Bridge(bridge, ecosystem, base),), {(bridge, native): enrolled}, found)


def _understood(registry: Registry, topic: str, payload: bytes) -> None:
    """Refuse to measure how fast something is not understood."""
    found = registry.understand(topic, payload)
    if not any(type(one).__name__ == "Message" for one in found):
        raise RuntimeError(f"the bench's message on {topic} is not understood: {found}")


def _timed(work: Callable[[], object], times: int) -> float:
    begun = process_time_ns()
    for _ in range(times):
        work()
    return (process_time_ns() - begun) / times / 1000
