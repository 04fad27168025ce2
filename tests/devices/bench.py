"""A small house on the bench: bridges, enrolled devices, and short ways to let them speak."""

import json
from collections.abc import Mapping
from pathlib import Path

import pytest

from devices.codec import Bridge, Discovery, Enrolled, Message, Understood
from devices.registry import Registry
from routing.ids import BridgeId, DeviceId
from routing.readings import DeviceClass, Reading

ALARM, SAFETY, COMFORT = DeviceClass.ALARM, DeviceClass.SAFETY, DeviceClass.COMFORT
CORPORA = Path(__file__).parents[3] / "shared" / "corpora"
needs_corpora = pytest.mark.skipif(
    not CORPORA.is_dir(), reason="../shared/corpora is not here: the public vectors are absent"
)

Z2M, CHIRP = BridgeId("z2m"), BridgeId("chirp")
BUTTON = [
    {"type": "enum", "property": "action", "values": ["emergency"], "access": 1},
    {"type": "numeric", "property": "battery", "unit": "%", "access": 1},
    {"type": "numeric", "property": "voltage", "unit": "mV", "access": 1},
]


def binary(name: str, on: object = True, off: object = False) -> dict[str, object]:
    return {"type": "binary", "property": name, "value_on": on, "value_off": off, "access": 1}


def enum(name: str, *values: str) -> dict[str, object]:
    return {"type": "enum", "property": name, "values": list(values), "access": 1}


def listed(
    ieee: str, name: str, exposes: object, model: str = "X", vendor: str = "V"
) -> dict[str, object]:
    """One entry of `bridge/devices`."""
    definition = {"model": model, "vendor": vendor, "description": "", "exposes": exposes}
    return {
        "ieee_address": ieee,
        "type": "EndDevice",
        "friendly_name": name,
        "definition": definition,
        "power_source": "Battery",
    }


class Zigbee:
    """A Zigbee2MQTT with some devices, already listed and enrolled."""

    def __init__(self, base: str = "zigbee2mqtt", bridge: str = "z2m") -> None:
        self.base = base
        self.bridge = Bridge(BridgeId(bridge), "zigbee2mqtt", base)
        self.entries: list[dict[str, object]] = []
        self.enrolled: dict[tuple[BridgeId, str], Enrolled] = {}

    def add(
        self,
        ieee: str,
        name: str,
        exposes: object,
        device_class: DeviceClass = COMFORT,
        model: str = "X",
        chosen: str = "zigbee2mqtt/sensor",
    ) -> "Zigbee":
        self.entries.append(listed(ieee, name, exposes, model))
        enrolled = Enrolled(DeviceId(name), chosen, device_class)
        self.enrolled[(self.bridge.id, ieee)] = enrolled
        return self

    def button(self, name: str = "wrist-12", ieee: str = "0x12") -> "Zigbee":
        return self.add(ieee, name, BUTTON, ALARM, "TS0215A_sos", "zigbee2mqtt/alarm-button")

    def registry(self) -> Registry:
        blank = Registry([self.bridge], self.enrolled)
        topic = f"{self.base}/bridge/devices"
        found = blank.understand(topic, json.dumps(self.entries).encode(), retained=True)
        return Registry(
            [self.bridge], self.enrolled, [d for d in found if isinstance(d, Discovery)]
        )

    def say(self, topic: str, body: object) -> tuple[Understood, ...]:
        payload = body if isinstance(body, bytes) else json.dumps(body).encode()
        return self.registry().understand(f"{self.base}/{topic}", payload)

    def message(self, topic: str, body: object) -> Message:
        return only(self.say(topic, body))

    def readings(self, topic: str, body: object) -> tuple[Reading, ...]:
        return self.message(topic, body).readings


def only(found: tuple[Understood, ...]) -> Message:
    (message,) = found
    assert isinstance(message, Message), message
    return message


EUI = "24e124136b0000a1"


def lorawan_registry(model: str, device_class: DeviceClass = ALARM, eui: str = EUI) -> Registry:
    enrolled = {(CHIRP, eui): Enrolled(DeviceId("dev-1"), model, device_class)}
    return Registry([Bridge(CHIRP, "chirpstack", "application")], enrolled)


def up(
    data: str | bytes, f_cnt: int | None = 7, more: Mapping[str, object] | None = None
) -> dict[str, object]:
    """A ChirpStack `up` event around a payload given in hex or bytes."""
    import base64

    raw = bytes.fromhex(data) if isinstance(data, str) else data
    body: dict[str, object] = {
        "deduplicationId": "b5b21e4f-9f0c-4d39-9d5c-33a2a2a4a1f0",
        "time": "2026-11-21T02:14:00.123456+00:00",
        "deviceInfo": {"deviceName": "knapp", "devEui": EUI, "deviceProfileName": "WS101"},
        "devAddr": "01a2b3c4",
        "fPort": 85,
        "data": base64.b64encode(raw).decode(),
        "rxInfo": [{"gatewayId": "0016c001f153a14c", "rssi": -97, "snr": 4.5}],
    }
    if f_cnt is not None:
        body["fCnt"] = f_cnt
    return {**body, **(more or {})}


def event(
    registry: Registry, body: object, kind: str = "up", eui: str = EUI
) -> tuple[Understood, ...]:
    payload = body if isinstance(body, bytes) else json.dumps(body).encode()
    return registry.understand(f"application/4b5c/device/{eui}/event/{kind}", payload)
