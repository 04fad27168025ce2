"""The bytes that devices and bridges really send: Zigbee2MQTT JSON and ChirpStack v4 JSON.

Written from DEVICES sections 2.1, 2.2 and 2.4 and the vendors' documents named there, not with
the codecs of `devices`: two readings of one format that check each other. A `Voice` is one
device's way of speaking; it holds the counters that the device itself would hold.
"""

import json
from base64 import b64encode
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from routing.ids import BridgeId
from routing.plan import Bridge, Device, Plan, Purpose


@dataclass(frozen=True, slots=True)
class Published:
    """One MQTT message as it leaves the bridge."""

    topic: str
    payload: bytes
    qos: int = 1
    retain: bool = False


class Kind(StrEnum):
    """What a device is for, as far as the pretended house cares."""

    WRIST = "wrist"
    BED = "bed"
    MOTION = "motion"
    DOOR = "door"
    FALL = "fall"


_KINDS = (
    (Kind.FALL, ("fall", "hs2fd")),
    (Kind.BED, ("bed", "vs373", "zg-210z", "c3007")),
    (
        Kind.MOTION,
        ("motion", "pir", "ws202", "e2134", "snzb-03", "rtcgq", "presence", "occupancy"),
    ),
    (Kind.DOOR, ("door", "contact", "ws301", "e2013", "snzb-04", "mccgq")),
    (Kind.WRIST, ("sos", "button", "ws101", "alarm", "wrist", "pendant", "help", "pull")),
)
"""Words of model ids, in the order they are tried: `bed_presence_sensor` is a bed."""


_PURPOSES = {
    Purpose.HELP: Kind.WRIST,
    Purpose.STAFF: Kind.WRIST,
    Purpose.BED: Kind.BED,
    Purpose.ROOM: Kind.MOTION,
    Purpose.DOOR: Kind.DOOR,
}


_RADAR = "fall-"


def kind_of(plan: Plan, device: Device) -> Kind | None:
    """Return what a device is for: by its model's name, else by what it is assigned for.

    A fall radar of a general model is known by its own id.
    """
    name = device.model.lower()
    if str(device.id).startswith(_RADAR):
        return Kind.FALL
    found = next((kind for kind, words in _KINDS if any(w in name for w in words)), None)
    if found is not None:
        return found
    used = (a.purpose for a in plan.assignments if a.device == device.id)
    return next((_PURPOSES.get(purpose) for purpose in used), None)


def compact(value: object) -> bytes:
    """Encode as JSON the way the bridges do: no blanks, UTF-8."""
    return json.dumps(value, separators=(",", ":"), ensure_ascii=False).encode()


# --- Zigbee2MQTT (DEVICES 2.1) ----------------------------------------------------------------


def _numeric(name: str, unit: str = "") -> dict[str, object]:
    return {"type": "numeric", "name": name, "property": name, "access": 1, "unit": unit}


def _binary(name: str, on: object, off: object) -> dict[str, object]:
    seen = {"type": "binary", "name": name, "property": name, "access": 1}
    return {**seen, "value_on": on, "value_off": off}


def _enum(name: str, values: Sequence[str]) -> dict[str, object]:
    return {"type": "enum", "name": name, "property": name, "access": 1, "values": list(values)}


_ALWAYS = [_numeric("battery", "%"), _numeric("linkquality", "lqi")]

DEFINITIONS: dict[Kind, dict[str, object]] = {
    Kind.WRIST: {
        "model": "TS0215A_sos",
        "vendor": "Tuya",
        "description": "SOS button",
        "exposes": [
            _enum("action", ["emergency"]),
            _binary("tamper", on=True, off=False),
            *_ALWAYS,
        ],
    },
    Kind.BED: {
        "model": "TS0601_bed_presence_sensor",
        "vendor": "Tuya",
        "description": "Bed presence sensor",
        "exposes": [
            _binary("occupancy", on=True, off=False),
            _enum("work_state", ["presence", "none", "presence_5min", "none_30min"]),
            *_ALWAYS,
        ],
    },
    Kind.MOTION: {
        "model": "SNZB-03",
        "vendor": "SONOFF",
        "description": "Motion sensor",
        "exposes": [_binary("occupancy", on=True, off=False), *_ALWAYS],
    },
    Kind.DOOR: {
        "model": "SNZB-04",
        "vendor": "SONOFF",
        "description": "Contact sensor",
        "exposes": [_binary("contact", on=False, off=True), *_ALWAYS],
    },
    Kind.FALL: {
        "model": "HS2FD-EF1-3.0",
        "vendor": "Heiman",
        "description": "Fall detection radar",
        "exposes": [
            _enum("fall_status", ["normal", "fall_warning", "fall_alarm"]),
            _numeric("linkquality", "lqi"),
        ],
    },
}
"""Zigbee2MQTT's word on each kind: a contact is `false` when the door is open."""

_MAINS = "Mains (single phase)"
_POWER = {Kind.WRIST: "Battery", Kind.BED: _MAINS, Kind.FALL: _MAINS}


def bridge_devices(bridge: Bridge, devices: Sequence[tuple[Device, Kind]]) -> Published:
    """Return the retained list of devices with their exposes."""
    rows: list[dict[str, object]] = [
        {
            "ieee_address": "0x00124b0000000000",
            "type": "Coordinator",
            "friendly_name": "Coordinator",
            "supported": True,
            "disabled": False,
            "definition": None,
        }
    ]
    for device, kind in devices:
        rows.append(
            {
                "ieee_address": device.native,
                "type": "EndDevice",
                "friendly_name": friendly(device),
                "supported": True,
                "disabled": False,
                "interview_state": "SUCCESSFUL",
                "power_source": _POWER.get(kind, "Battery"),
                "software_build_id": "1.0.6",
                "definition": DEFINITIONS[kind],
            }
        )
    return Published(f"{bridge.base_topic}/bridge/devices", compact(rows), 0, retain=True)


def bridge_state(bridge: Bridge, *, online: bool) -> Published:
    """Return Zigbee2MQTT's own state, which is also its last will."""
    state = {"state": "online" if online else "offline"}
    return Published(f"{bridge.base_topic}/bridge/state", compact(state), 1, retain=True)


def availability(bridge: Bridge, name: str, *, online: bool) -> Published:
    """Return the retained word on one device. «Online» here is not alive (DEVICES fact 2)."""
    state = {"state": "online" if online else "offline"}
    return Published(f"{bridge.base_topic}/{name}/availability", compact(state), 1, retain=True)


@dataclass(slots=True)
class ZigbeeVoice:
    """A Zigbee device behind Zigbee2MQTT, with the cached state that it repeats."""

    base: str
    name: str
    kind: Kind
    qos: int = 1
    cache: dict[str, object] = field(default_factory=dict[str, object])

    def press(self, at: datetime) -> Published:
        """Say «emergency»; the action is not cached."""
        return self._say(at, {"action": "emergency"})

    def level(self, at: datetime, on: bool) -> Published:  # noqa: FBT001 - the level is the word
        """Say occupied, moving or open."""
        if self.kind is Kind.DOOR:
            self.cache["contact"] = not on
        else:
            self.cache["occupancy"] = on
        if self.kind is Kind.BED:
            self.cache["work_state"] = "presence" if on else "none"
        return self._say(at, {})

    def fall(self, at: datetime, status: str) -> Published:
        """Say `fall_warning`, `fall_alarm` or `normal`, and go on saying it."""
        self.cache["fall_status"] = status
        return self._say(at, {})

    def worn(self, at: datetime, worn: bool) -> Published:  # noqa: FBT001 - the level is the word
        """Say that the clasp was opened, or closed again."""
        self.cache["tamper"] = not worn
        return self._say(at, {})

    def heartbeat(self, at: datetime, battery: int) -> Published:
        """Say what is cached, with a fresh battery where there is one: a check-in."""
        if self.kind is not Kind.FALL:
            self.cache["battery"] = battery
        return self._say(at, {"action": None} if self.kind is Kind.WRIST else {})

    def _say(self, at: datetime, more: dict[str, object]) -> Published:
        seen = at.isoformat(timespec="milliseconds").replace("+00:00", "Z")
        said = {**self.cache, "linkquality": 120, "last_seen": seen, **more}
        return Published(f"{self.base}/{self.name}", compact(said), self.qos)


# --- ChirpStack v4 around Milesight's TLV (DEVICES 2.2, 2.4) ----------------------------------

_APPLICATION = "52f14cd4-c6f1-4fbd-8f87-4025e1d49242"


def tlv_battery(percent: int) -> bytes:
    """`01 75`: battery in percent."""
    return bytes((0x01, 0x75, max(0, min(100, percent))))


def tlv_press(mode: int = 1) -> bytes:
    """`ff 2e` of the WS101: 1 short, 2 long, 3 double."""
    return bytes((0xFF, 0x2E, mode))


def tlv_level(kind: Kind, on: bool) -> bytes:  # noqa: FBT001 - the level is the word
    """`03 00`: the WS202's motion, the WS301's door; 1 is moving, 1 is open."""
    if kind is Kind.BED:
        # VS373 (experimental, from the cited vendor document): region 1 occupied or not.
        return bytes((0x04, 0xF8, 1, int(on)))
    return bytes((0x03, 0x00, int(on)))


@dataclass(slots=True)
class LorawanVoice:
    """A Milesight device behind ChirpStack, with its frame counter."""

    base: str
    dev_eui: str
    name: str
    profile: str
    kind: Kind
    qos: int = 1
    frames: int = 0

    def press(self, at: datetime) -> Published:
        """One short press."""
        return self._up(at, tlv_press())

    def level(self, at: datetime, on: bool) -> Published:  # noqa: FBT001 - the level is the word
        """Occupied, moving or open."""
        return self._up(at, tlv_level(self.kind, on))

    def heartbeat(self, at: datetime, battery: int) -> Published:
        """Battery only: the check-in."""
        return self._up(at, tlv_battery(battery))

    def _up(self, at: datetime, data: bytes) -> Published:
        self.frames += 1
        seen = at.isoformat(timespec="milliseconds")
        said = {
            "deduplicationId": f"{self.dev_eui}-{self.frames:08x}",
            "time": seen,
            "deviceInfo": {
                "tenantId": _APPLICATION,
                "tenantName": "house",
                "applicationId": _APPLICATION,
                "applicationName": "care",
                "deviceProfileId": _APPLICATION,
                "deviceProfileName": self.profile,
                "deviceName": self.name,
                "devEui": self.dev_eui,
                "tags": {},
            },
            "devAddr": self.dev_eui[-8:],
            "adr": True,
            "dr": 5,
            "fCnt": self.frames,
            "fPort": 85,
            "confirmed": False,
            "data": b64encode(data).decode(),
            "rxInfo": [
                {
                    "gatewayId": "24e124fffef00001",
                    "uplinkId": self.frames,
                    "rssi": -71,
                    "snr": 9.2,
                }
            ],
            "txInfo": {"frequency": 868100000},
        }
        topic = f"{self.base}/device/{self.dev_eui}/event/up"
        return Published(topic, compact(said), self.qos)


Voice = ZigbeeVoice | LorawanVoice


def voice(plan: Plan, device: Device) -> Voice | None:
    """Return the way this device speaks; None when the pretended house has no such device."""
    bridge = plan.bridges[device.bridge]
    kind = kind_of(plan, device)
    if kind is None or bridge.ecosystem == "espresense":
        return None  # receivers and tags are played by simulators.walks
    if bridge.ecosystem == "chirpstack":
        base = bridge.base_topic
        if "/" not in base:
            base = f"{base}/{_APPLICATION}"
        profile = device.model.rpartition("/")[2].upper()
        return LorawanVoice(base, device.native, str(device.id), profile, kind)
    return ZigbeeVoice(bridge.base_topic, friendly(device), kind)


def friendly(device: Device) -> str:
    """Return the name that Zigbee2MQTT gives the device: our id, which names no person."""
    return str(device.id)


def retained(plan: Plan) -> list[tuple[BridgeId, Published]]:
    """Return what the broker holds from before the night: bridges online, devices listed."""
    found: list[tuple[BridgeId, Published]] = []
    for bridge in plan.bridges.values():
        if bridge.ecosystem in ("chirpstack", "espresense"):
            continue
        mine = [
            (d, kind)
            for d in plan.devices.values()
            if d.bridge == bridge.id and (kind := kind_of(plan, d)) is not None
        ]
        found.append((bridge.id, bridge_state(bridge, online=True)))
        found.append((bridge.id, bridge_devices(bridge, mine)))
        found += [(bridge.id, availability(bridge, friendly(d), online=True)) for d, _ in mine]
    return found
