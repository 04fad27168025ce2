"""A million payloads from a seed: real messages cut, mixed and poisoned, on every codec.

Hypothesis finds what is odd and shrinks it, at some hundred payloads a second; this goes
through a million in minutes. `python -m tests.devices.fuzz 1000000` prints the figures.
"""

import base64
import json
import resource
import sys
from dataclasses import dataclass
from random import Random
from time import perf_counter_ns

from devices.catalogue import load
from devices.codec import Bridge, Discovery, Enrolled, Message, Undecodable
from devices.registry import Registry
from devices.scaip import understand as understand_scaip
from routing.ids import BridgeId, DeviceId
from routing.readings import DeviceClass
from tests.devices.bench import BUTTON, EUI, binary, enum, listed, up

Z2M, CHIRP, TTS = BridgeId("z2m"), BridgeId("chirp"), BridgeId("tts")
SHELLY, ESP, OMG, JSON = BridgeId("shelly"), BridgeId("esp"), BridgeId("omg"), BridgeId("json")
BRIDGES = (
    Bridge(Z2M, "zigbee2mqtt", "zigbee2mqtt"),
    Bridge(CHIRP, "chirpstack", "application"),
    Bridge(TTS, "thethingsstack", "v3"),
    Bridge(SHELLY, "shelly", "shellies"),
    Bridge(ESP, "espresense", "espresense"),
    Bridge(OMG, "theengs", "home"),
    Bridge(JSON, "json", "hus"),
)
EXPOSES = [
    *BUTTON,
    binary("contact", False, True),
    binary("sos"),
    binary("occupancy"),
    enum("fall_status", "normal", "fall_warning", "fall_alarm"),
]
POISON = [
    "null",
    "true",
    "-1",
    "1e308",
    "1e-320",
    "18446744073709551616",
    '""',
    "[]",
    "{}",
    '"\\u0000"',
    "[" * 60 + "]" * 60,
    '{"a":' * 30 + "1" + "}" * 30,
    '"' + "x" * 400 + '"',
    "NaN",
    '"2.3(low battery)"',
    '"1980-01-01T00:00:00Z"',
    '"\\ud800"',
    '"emergency"',
    '"on"',
]


def models() -> list[str]:
    """Every model that reads bytes."""
    return sorted(name for name, model in load().items() if model.variants)


def registry() -> Registry:
    """Everything enrolled as an alarm; each model that reads bytes has a number as DevEUI."""
    enrolled = {
        (CHIRP, f"{n:016x}"): Enrolled(DeviceId(f"m{n}"), name, DeviceClass.ALARM)
        for n, name in enumerate(models())
    }
    for bridge, native, model in (
        (Z2M, "0x1", "zigbee2mqtt/alarm-button"),
        (TTS, EUI, "milesight/ws101"),
        (SHELLY, "i4", ""),
        (ESP, "tag", ""),
        (OMG, "a4c1388d18b2", "ble/bthome-alarm"),
        (JSON, "radar", "json/vs373-wifi"),
        (JSON, "esp", "json/esphome-mr60fda2"),
    ):
        enrolled[bridge, native] = Enrolled(DeviceId(native), model, DeviceClass.ALARM)
    blank = Registry(BRIDGES, enrolled)
    body = json.dumps([listed("0x1", "knapp", EXPOSES)]).encode()
    found = blank.understand("zigbee2mqtt/bridge/devices", body)
    return Registry(BRIDGES, enrolled, [one for one in found if isinstance(one, Discovery)])


def real() -> list[tuple[str, bytes]]:
    """Messages as they are sent, one or more of each kind."""
    state = {"action": "emergency", "battery": 57, "contact": False, "linkquality": 90}
    stack = {
        "end_device_ids": {"device_id": "b", "dev_eui": EUI, "dev_addr": "01ab"},
        "received_at": "2026-11-21T02:14:00Z",
        "uplink_message": {
            "f_port": 85,
            "f_cnt": 7,
            "frm_payload": "AXUQ/y4B",
            "rx_metadata": [{"rssi": -91, "snr": 7.5}],
            "decoded_payload": {"press": "short"},
        },
    }
    rpc = {
        "src": "i4",
        "method": "NotifyEvent",
        "params": {
            "ts": 1.5,
            "events": [{"component": "input:0", "event": "single_push", "ts": 1}],
        },
    }
    advert = {"id": "A4:C1:38:8D:18:B2", "rssi": -60, "servicedatauuid": "0xfcd2",
              "servicedata": "4400a83a01"}  # fmt: skip
    announced = {"type": "device_announce", "data": {"ieee_address": "0x1"}}
    chirp = f"application/1/device/{0:016x}/event/"
    place = {"location": {"latitude": 59.9, "longitude": 10.7}}
    messages: list[tuple[str, object]] = [
        ("zigbee2mqtt/knapp", state),
        ("zigbee2mqtt/knapp", {"sos": True, "fall_status": "fall_alarm", "occupancy": True}),
        ("zigbee2mqtt/knapp/availability", {"state": "online"}),
        ("zigbee2mqtt/bridge/state", {"state": "offline"}),
        ("zigbee2mqtt/bridge/devices", [listed("0x1", "knapp", EXPOSES)]),
        ("zigbee2mqtt/bridge/event", announced),
        (chirp + "up", up("017510ff2e01")),
        (chirp + "status", {"margin": 7, "batteryLevel": 88.5}),
        (chirp + "log", {"level": "ERROR", "code": "UPLINK_MIC", "description": "x"}),
        (chirp + "location", place),
        (chirp + "ack", {"acknowledged": False, "queueItemId": "q"}),
        ("eu868/gateway/ab/state/conn", {"state": "OFFLINE"}),
        ("v3/app@t/devices/b/up", stack),
        ("v3/app@t/devices/b/location/solved", {"location_solved": place}),
        ("shellies/i4/events/rpc", rpc),
        ("shellies/i4/status/input:0", {"id": 0, "state": True}),
        ("shellies/i4/input_event/0", {"event": "S", "event_cnt": 3}),
        ("espresense/devices/tag/bad", {"id": "tag", "rssi": -60, "distance": 2.5}),
        ("home/omg/BTtoMQTT/A4C1388D18B2", advert),
        ("hus/radar", {"trigger_data": {"event": 0, "status": 1, "trigger_id": 9}}),
    ]  # fmt: skip
    return [(topic, json.dumps(body).encode()) for topic, body in messages] + [
        ("zigbee2mqtt/knapp/action", b"emergency"),
        ("zigbee2mqtt/knapp/contact", b"false"),
        ("shellies/i4/online", b"true"),
        ("espresense/rooms/bad/button", b"ON"),
        ("home/omg/LWT", b"online"),
        ("hus/esp/binary_sensor/fall_detected/state", b"ON"),
    ]


def poisoned(die: Random, payload: bytes) -> bytes:
    """Some of: a byte changed, a piece cut, doubled, a value exchanged for a bad one."""
    body = bytearray(payload)
    for _ in range(die.randrange(1, 6)):
        at = die.randrange(len(body) + 1)
        match die.randrange(6):
            case 0 | 1:
                body[at : at + 1] = bytes([die.randrange(256)])
            case 2:
                del body[at : at + die.randrange(1, 12)]
            case 3:
                body[at:at] = body[at : at + die.randrange(1, 40)]
            case 4:
                colon = body.find(b":", at)
                end = min(
                    (n for n in (body.find(b",", colon), body.find(b"}", colon)) if n > 0),
                    default=-1,
                )
                if 0 <= colon < end:
                    body[colon + 1 : end] = die.choice(POISON).encode()
            case _:
                del body[die.randrange(len(body) + 1) :]
    return bytes(body)


@dataclass
class Figures:
    """What the run met."""

    payloads: int = 0
    understood: int = 0
    undecodable: int = 0
    slowest_us: float = 0.0
    slowest: str = ""


def run(payloads: int, seed: int = 0) -> Figures:
    """Let every codec hear so many payloads; fails with the first that is not borne.

    Raises:
        AssertionError: a codec raised, said nothing, or a message has no reading.
    """
    die = Random(seed)
    door, bases, known = registry(), real(), len(models())
    figures = Figures()
    for n in range(payloads):
        kind = die.random()
        if kind < 0.6:
            topic, base = die.choice(bases)
            payload = poisoned(die, base)
        elif kind < 0.9:  # any bytes of any model
            topic = f"application/1/device/{die.randrange(known):016x}/event/up"
            data = base64.b64encode(die.randbytes(die.randrange(0, 52))).decode()
            port = die.randrange(0, 224)
            payload = f'{{"devAddr":"01","fCnt":{n},"fPort":{port},"data":"{data}"}}'.encode()
        else:
            topic = die.choice(bases)[0]
            if die.random() < 0.3:
                topic = die.randbytes(die.randrange(30)).decode("utf-8", "replace")
            payload = die.randbytes(die.randrange(200))
        _one(door, topic, payload, figures)
    return figures


def _one(door: Registry, topic: str, payload: bytes, figures: Figures) -> None:
    begun = perf_counter_ns()
    found = door.understand(topic, payload)
    took = (perf_counter_ns() - begun) / 1000
    assert found, (topic, payload)
    figures.payloads += 1
    for one in found:
        if isinstance(one, Message):
            assert one.readings, (topic, payload)
            assert len(one.key) <= 400, (topic, payload)
            figures.understood += 1
        elif isinstance(one, Undecodable):
            assert not one.why.startswith("the codec failed"), (topic, payload, one.why)
            figures.undecodable += 1
    if figures.payloads % 16 == 0:
        understand_scaip(payload, BRIDGES[0].id, {})
    if took > figures.slowest_us:
        figures.slowest_us, figures.slowest = took, f"{topic} {payload[:80]!r}"


def main(payloads: int) -> None:
    """Run and print the figures as JSON."""
    begun = perf_counter_ns()
    figures = run(payloads)
    told = {
        **figures.__dict__,
        "wall_s": round((perf_counter_ns() - begun) / 1e9, 1),
        "peak_mb": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024,
    }
    sys.stdout.write(json.dumps(told, indent=2) + "\n")


if __name__ == "__main__":
    main(int(sys.argv[1]))
