"""The words of devices: what a codec can say about one message.

`devices` turns (topic, bytes, model) into these and imports nothing else of routing but `ids`.
The home of the vocabulary of DEVICES section 4. A reading is what was said, never what it
means: edges, duplicates and rules are found later, in `step`.
"""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum


class DeviceClass(StrEnum):
    """How serious a device's silence or nonsense is (DEVICES section 5)."""

    ALARM = "alarm"
    SAFETY = "safety"
    COMFORT = "comfort"
    INFRASTRUCTURE = "infrastructure"


class HelpTrigger(StrEnum):
    """How help was asked for; `unknown` is anything odd an alarm device says (DEVICES M9)."""

    PRESS = "press"
    DOUBLE = "double"
    LONG = "long"
    SOS_MODE = "sos_mode"
    KEYPAD = "keypad"
    LEVEL = "level"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class HelpPressed:
    """Somebody asks for help. Trigger `level` is a state that stays on (`sos: true`)."""

    trigger: HelpTrigger
    button: str = ""
    count: int = 1


@dataclass(frozen=True, slots=True)
class HelpCancelled:
    """The device says the request is over. Never closes a call by itself."""

    by: str = "device"


@dataclass(frozen=True, slots=True)
class ButtonPressed:
    """A press on something that is not enrolled as an alarm."""

    kind: str
    button: str = ""


@dataclass(frozen=True, slots=True)
class BedChanged:
    """Weight in the bed or not: «no weight», never «has fallen» (DOMAIN 10)."""

    occupied: bool
    zone: str = ""


@dataclass(frozen=True, slots=True)
class MotionSeen:
    """Movement or presence, on or off."""

    active: bool
    posture: str = ""
    count: int | None = None
    distance_m: float | None = None


class FallPhase(StrEnum):
    """A radar's fall has a life cycle (DEVICES 2.7)."""

    SUSPECTED = "suspected"
    CONFIRMED = "confirmed"
    CLEARED = "cleared"
    IGNORED = "ignored"


FALLEN = (FallPhase.SUSPECTED, FallPhase.CONFIRMED)
"""Phases in which somebody may lie on the floor."""


@dataclass(frozen=True, slots=True)
class FallSeen:
    """A fall by a device's judgement; `incident` joins its phases."""

    phase: FallPhase
    zone: str = ""
    incident: str = ""


@dataclass(frozen=True, slots=True)
class DoorMoved:
    """A door or window contact."""

    open: bool


@dataclass(frozen=True, slots=True)
class Sighted:
    """A tag was heard by a locator. The room is derived later, with certainty and age."""

    locator: str
    rssi_dbm: float | None = None
    distance_m: float | None = None
    latitude: float | None = None
    longitude: float | None = None
    accuracy_m: float | None = None


class Trust(StrEnum):
    """How far a battery figure can be believed (DEVICES B1-B3)."""

    GOOD = "good"
    CLAMPED = "clamped"
    UNRELIABLE = "unreliable"


@dataclass(frozen=True, slots=True)
class BatteryRead:
    """Battery, in percent 0-100 or volts."""

    percent: float | None = None
    volts: float | None = None
    low: bool | None = None
    charging: bool | None = None
    trust: Trust = Trust.GOOD


@dataclass(frozen=True, slots=True)
class LinkRead:
    """Radio quality."""

    rssi_dbm: float | None = None
    snr_db: float | None = None
    lqi: int | None = None


class HeardBy(StrEnum):
    """Why we know that the device is alive."""

    DATA = "data"
    HEARTBEAT = "heartbeat"
    JOIN = "join"
    RESET = "reset"
    ANNOUNCE = "announce"


@dataclass(frozen=True, slots=True)
class DeviceHeard:
    """The device said something; feeds supervision and little else."""

    by: HeardBy = HeardBy.DATA


class Availability(StrEnum):
    """What a bridge believes of a device. Retained «online» is not alive (DEVICES fact 2)."""

    ONLINE = "online"
    OFFLINE = "offline"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class AvailabilityChanged:
    """A bridge's word on a device."""

    state: Availability
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Tampered:
    """Case opened, strap cut, taken off the wall."""

    what: str
    active: bool = True


@dataclass(frozen=True, slots=True)
class DeviceFault:
    """The device or the network says that something is wrong (`UPLINK_MIC`, jam)."""

    code: str
    detail: str = ""


class ProblemKind(StrEnum):
    """Why part of a message was not understood."""

    UNKNOWN_CHANNEL = "unknown_channel"
    UNKNOWN_ENUM = "unknown_enum"
    TRUNCATED = "truncated"
    SCHEMA = "schema"
    NULL_FIELD = "null_field"
    SECURITY = "security"


@dataclass(frozen=True, slots=True)
class Problem:
    """Part of a message was not understood. From an alarm device that is itself an alarm."""

    kind: ProblemKind
    excerpt: str = ""


@dataclass(frozen=True, slots=True)
class Measured:
    """A quantity with no rule of its own yet (temperature), kept for why and charts."""

    name: str
    value: float
    unit: str = ""


Reading = (
    HelpPressed
    | HelpCancelled
    | ButtonPressed
    | BedChanged
    | MotionSeen
    | FallSeen
    | DoorMoved
    | Sighted
    | BatteryRead
    | LinkRead
    | DeviceHeard
    | AvailabilityChanged
    | Tampered
    | DeviceFault
    | Problem
    | Measured
)


class TimeQuality(StrEnum):
    """How far a device's own clock can be believed (DEVICES T1-T3)."""

    NONE = "none"
    GATEWAY = "gateway"
    DEVICE = "device"
    IMPLAUSIBLE = "implausible"


@dataclass(frozen=True, slots=True)
class DeviceTime:
    """The time the device or gateway claims. A hint, never the order."""

    at: datetime | None = None
    quality: TimeQuality = TimeQuality.NONE
