"""What public vectors' expected fields mean in our words.

Each upstream names things in its own way (`data.occupied`, `open`, `garage door`). A field
without an entry here is one that our vocabulary has no word for (firmware, counters of
minutes, menus).
"""

import math
from collections.abc import Callable
from dataclasses import dataclass, replace

from devices.envelope import Json, items, table, text
from devices.words import number, raw_text
from routing.readings import (
    BatteryRead,
    BedChanged,
    ButtonPressed,
    DeviceFault,
    DoorMoved,
    FallPhase,
    FallSeen,
    HelpPressed,
    LinkRead,
    Measured,
    MotionSeen,
    Reading,
    Sighted,
    Tampered,
    Trust,
)

Got = tuple[Reading, ...]
Check = Callable[[Got], bool]
GUESSED = 5.0
"""Percent that two estimates of the same volts may differ: upstream rounds to tens."""
CLOSE = 0.051
"""Upstreams round to one or two digits; we keep what the bytes say."""


@dataclass(frozen=True)
class Expected:
    """One field of a vector, and how to see it in our readings."""

    name: str
    value: object
    check: Check | None
    of: Got | None = None

    def bound(self, readings: Got) -> "Expected":
        """Look only at these readings, not at those of the whole vector."""
        return replace(self, of=readings)

    def holds(self, got: Got) -> bool:
        """Return whether the readings carry the field."""
        return self.check is not None and self.check(got if self.of is None else self.of)


def _near(found: float | None, wanted: float, relative: float = 0.005) -> bool:
    if found is None:
        return False
    return math.isclose(found, wanted, rel_tol=relative, abs_tol=CLOSE)


def measured(*names: str, factor: float = 1.0) -> Callable[[object], Check | None]:
    """Return what looks for a quantity of one of these names."""

    def check_for(value: object) -> Check | None:
        wanted = float(value) if isinstance(value, bool) else number(value)
        if wanted is None:
            return None
        return lambda got: any(
            isinstance(r, Measured)
            and (r.name in names or r.name.rstrip("_123456789") in names)
            and _near(r.value * factor, wanted, 0.02)
            for r in got
        )

    return check_for


def battery(value: object) -> Check | None:
    """Look for a percentage."""
    wanted = number(value)
    if wanted is None:
        return None
    return lambda got: any(
        isinstance(r, BatteryRead)
        and r.percent is not None
        and abs(r.percent - wanted) <= (GUESSED if r.trust is Trust.UNRELIABLE else 1)
        for r in got
    )


def _volts(value: object) -> Check | None:
    wanted = number(value)
    if wanted is None:
        return None
    return lambda got: any(
        (isinstance(r, BatteryRead) and _near(r.volts, wanted))
        or (isinstance(r, Measured) and r.name == "voltage" and _near(r.value, wanted))
        for r in got
    )


def flag(
    kind: type[Reading], attribute: str, *, inverted: bool = False
) -> Callable[[object], Check | None]:
    """Return what looks for a yes or no in a kind of reading."""

    def check_for(value: object) -> Check | None:
        if value is None or raw_text(value) not in {"true", "false", "0", "1"}:
            return None
        wanted = (raw_text(value) in {"true", "1"}) is not inverted
        return lambda got: any(
            isinstance(r, kind) and getattr(r, attribute) is wanted for r in got
        )

    return check_for


def _sos(value: object) -> Check | None:
    if value is True:
        return lambda got: any(isinstance(r, HelpPressed) for r in got)
    return lambda got: not any(isinstance(r, HelpPressed) for r in got)


def fall(value: object) -> Check | None:
    """Look for a fall, or that there is none: one that is over is none."""
    fallen = {FallPhase.SUSPECTED, FallPhase.CONFIRMED}
    if value is True:
        return lambda got: any(isinstance(r, FallSeen) for r in got)
    return lambda got: not any(isinstance(r, FallSeen) and r.phase in fallen for r in got)


KINDS = {
    "short": "press", "single": "press", "single_press": "press", "single press": "press",
    "single_click": "press", "pressed": "press", "press": "press", "toggle": "press", "1":
    "press", "short press": "press", "true": "press", "double": "double", "double_press":
    "double", "double press": "double", "double_click": "double", "triple": "triple",
    "triple press": "triple", "triple_press": "triple", "long": "long", "long press": "long",
    "long_press": "long", "long_double_press": "long", "long_triple_press": "long",
    "hold": "hold", "hold press": "hold", "hold_press": "hold",
    "rotate left": "rotate_left", "rotate_left": "rotate_left",
    "rotate right": "rotate_right", "rotate_right": "rotate_right",
}  # fmt: skip


def _press(value: object) -> Check:
    said = raw_text(value).lower()
    if said in {"false", "none", "0", "no press", "no_press"}:
        return lambda got: not any(isinstance(r, (ButtonPressed, HelpPressed)) for r in got)
    kind = KINDS.get(said)
    return lambda got: any(
        isinstance(r, ButtonPressed) and (kind is None or r.kind == kind) for r in got
    )


def _one_of_several(number_: str) -> Callable[[object], Check | None]:
    """`button2: true`: that one was pressed; false: that one was not."""

    def check_for(value: object) -> Check | None:
        if not isinstance(value, bool):
            return None
        return lambda got: (
            value
            is any(
                isinstance(r, (ButtonPressed, HelpPressed)) and r.button == number_ for r in got
            )
        )

    return check_for


def _any_press(value: object) -> Check | None:
    """`toggle` beside a button's kind: that it was pressed."""
    del value
    return lambda got: any(isinstance(r, ButtonPressed) for r in got)


def _contact(value: object) -> Check | None:
    said = raw_text(value).upper()
    if said not in {"OPEN", "CLOSED"}:
        return None
    return lambda got: any(isinstance(r, DoorMoved) and r.open is (said == "OPEN") for r in got)


OCCUPIED = frozenset({"OCCUPIED", "TRUE", "1", "2"})
"""2: certain, where 1 is likely (Elsys)."""
VACANT = frozenset({"FREE", "VACANT", "UNOCCUPIED", "FALSE", "0"})


def _occupied(value: object) -> Check | None:
    said = raw_text(value).upper()
    if said not in OCCUPIED | VACANT:
        return None
    return lambda got: any(
        isinstance(r, MotionSeen) and r.active is (said in OCCUPIED) for r in got
    )


MOVED = flag(MotionSeen, "active")


def _pir(value: object) -> Check | None:
    said = raw_text(value).upper()
    if said in {"TRIGGER", "TRIGGERED", "MOTION", "OCCUPIED", "TRUE", "1"}:
        return MOVED("true")
    if said in {"NORMAL", "IDLE", "NO_MOTION", "VACANT", "FALSE", "0"}:
        return MOVED("false")
    return None


def _place(attribute: str, limit: float) -> Callable[[object], Check | None]:
    def check_for(value: object) -> Check | None:
        wanted = number(value)
        if wanted is None or abs(wanted) > limit:  # no place on Earth
            return None
        return lambda got: any(
            isinstance(r, Sighted)
            and (at := getattr(r, attribute)) is not None
            and abs(at - wanted) < 1e-4
            for r in got
        )

    return check_for


def _accuracy(value: object) -> Check | None:
    wanted = number(value)
    if wanted is None:
        return None
    return lambda got: any(
        isinstance(r, Sighted) and _near(r.accuracy_m, wanted, 0.02) for r in got
    )


def _tampered(value: object) -> Check | None:
    said = raw_text(value).upper()
    if said in {"NORMAL", "FALSE", "0", "INSTALLED"}:
        return lambda got: not any(isinstance(r, Tampered) and r.active for r in got)
    return lambda got: any(isinstance(r, Tampered) and r.active for r in got)


def _alarmed(value: object) -> Check | None:
    """A range error or alarm word of a sensor: a fault, or nothing when it is normal."""
    said = raw_text(value).upper()
    if said in {"NORMAL", "THRESHOLD_RELEASE", "NONE", "NULL"}:
        return lambda got: not any(isinstance(r, DeviceFault) for r in got)
    return lambda got: any(isinstance(r, DeviceFault) for r in got)


def _magnet(value: object) -> Check | None:
    """`magnet: true` means that the magnet is there: closed."""
    return flag(DoorMoved, "open", inverted=True)(value)


def _rssi(value: object) -> Check | None:
    wanted = number(value)
    if wanted is None:
        return None
    return lambda got: any(
        (isinstance(r, LinkRead) and _near(r.rssi_dbm, wanted))
        or (isinstance(r, Sighted) and _near(r.rssi_dbm, wanted))
        for r in got
    )


def _bssid(value: object) -> Check | None:
    address = raw_text(value).lower()
    return lambda got: any(isinstance(r, Sighted) and address in r.locator for r in got)


TEMPERATURE = ("temperature", "average_temperature")
AKENZA: dict[str, Callable[[object], Check | None]] = {
    "batteryLevel": battery,
    "batteryVoltage": _volts,
    "lowBattery": flag(BatteryRead, "low"),
    "sos": _sos,
    "sosEvent": _sos,
    "pressOnceEvent": lambda value: _press(value) if value is True else None,
    "buttonPushed": _press,
    "buttonEvent": _press,
    **{f"button{n}": _one_of_several(str(n)) for n in range(1, 7)},
    "waterLeak": measured("water_leak", "wet"),
    "waterleak": measured("water_leak", "wet"),
    "leakage": measured("water_leak", "wet"),
    "leakageDetected": measured("water_leak", "wet"),
    "heartRate": measured("heart_rate"),
    "respiratoryRate": measured("respiration"),
    "mandown": fall,
    "manDown": fall,
    "press": _press,
    "button": _press,
    "buttonPressed": _press,
    "pressed": _press,
    "open": flag(DoorMoved, "open"),
    "isOpen": flag(DoorMoved, "open"),
    "doorOpen": flag(DoorMoved, "open"),
    "contact": _contact,
    "magnet": _magnet,
    "magnetChannel1": _magnet,
    "magnetChannel2": _magnet,
    "occupied": flag(MotionSeen, "active"),
    "occupancyStatus": _occupied,
    "occupancy": _occupied,
    "presence": _occupied,
    "isOccupied": _occupied,
    "reedState": _contact,
    "horizontalAccuracy": _accuracy,
    "motion": flag(MotionSeen, "active"),
    "pir": _pir,
    "pirStatus": _pir,
    "pirState": _pir,
    "magnetStatus": _contact,
    "doorState": _contact,
    "doorStatus": _contact,
    "hasMoved": flag(MotionSeen, "active"),
    "inTrip": flag(MotionSeen, "active"),
    "movementDetected": flag(MotionSeen, "active"),
    "tamperAlarm": _tampered,
    "tamperStatus": _tampered,
    "tamper": _tampered,
    "temperatureAlarm": _alarmed,
    "alarmChannel1": _alarmed,
    "alarmChannel2": _alarmed,
    "temperature": measured(*TEMPERATURE),
    "temperatureChannel1": measured("temperature"),
    "temperatureChannel2": measured("temperature"),
    "humidity": measured("humidity"),
    "light": measured("illuminance", "light"),
    "illuminance": measured("illuminance"),
    "co2": measured("co2"),
    "tvoc": measured("tvoc"),
    "pm1": measured("pm1_0"),
    "pm2_5": measured("pm2_5"),
    "pm10": measured("pm10"),
    "vapingIndex": measured("vaping_index"),
    "pressure": measured("pressure"),
    "latitude": _place("latitude", 90),
    "longitude": _place("longitude", 180),
    "rssi": _rssi,
}
DERIVED_TOPICS = frozenset({"door_count", "washroom_usage"})
"""Samples that upstream counts from its own stored state: no message says them."""


def akenza(expected: object, given: Json) -> tuple[Expected, ...]:
    """Return the fields of a LoRaWAN vector that we have words for.

    A value that upstream repeats from its own earlier state is not in the message and is left
    out: a codec has no memory, `routing` has.
    """
    found: list[Expected] = []
    remembers = "state" in given
    said = {key for sample in items(expected) for key in table(sample)}
    for sample in items(expected):
        fields = table(sample)
        if text(fields.get("topic")) in DERIVED_TOPICS:
            continue
        nowhere = _nowhere(fields)
        for key, value in fields.items():
            name = key.removeprefix("data.")
            if nowhere and name in {"latitude", "longitude"}:
                continue
            if name == key or (remembers and _repeated(name, given)) or _counted(name, given):
                continue
            if name == "motion" and not isinstance(value, bool) and "data.occupancy" in said:
                continue  # how often something stirred, where presence is said outright
            maker = _bssid if name.startswith("bssid") else AKENZA.get(name)
            if name.startswith("rssi"):
                maker = _rssi
            check = maker(value) if maker and value is not None else None
            if check is not None:
                found.append(Expected(name, value, check))
    return tuple(found)


def _nowhere(fields: Json) -> bool:
    """Whether the expected position is no place on Earth: ours is then a problem, not a fix."""
    latitude, longitude = (
        number(fields.get("data.latitude")),
        number(fields.get("data.longitude")),
    )
    return abs(latitude or 0) > 90 or abs(longitude or 0) > 180


def _counted(name: str, given: Json) -> bool:
    """Whether upstream makes an occupancy of how a counter grew since the message before."""
    data = table(given.get("data"))
    return name == "occupancy" and name not in data and "payloadHex" not in data


def _repeated(name: str, given: Json) -> bool:
    """Whether upstream takes a field from its state rather than from this message."""
    data = table(given.get("data"))
    stateful = name in {"contact", "occupied", "occupancyStatus", "motion", "hasContact"}
    return stateful and name not in data and "payloadHex" not in data


def _distance(value: object) -> Check | None:
    """In metres or millimetres, as the sender had it; ours are metres."""
    wanted = number(value)
    if wanted is None:
        return None
    return lambda got: any(
        isinstance(r, Measured)
        and r.name == "distance"
        and (_near(r.value, wanted) or math.isclose(r.value * 1000, wanted, rel_tol=0.005))
        for r in got
    )


HCI: dict[str, Callable[[object], Check | None]] = {
    "battery": battery,
    "voltage": _volts,
    "rssi": _rssi,
    "tracker.rssi": _rssi,
    "motion": flag(MotionSeen, "active"),
    "moving": flag(MotionSeen, "active"),
    "occupancy": flag(MotionSeen, "active"),
    "presence": flag(MotionSeen, "active"),
    "door": flag(DoorMoved, "open"),
    "garage door": flag(DoorMoved, "open"),
    "garage_door": flag(DoorMoved, "open"),
    "opening": flag(DoorMoved, "open"),
    "window": flag(DoorMoved, "open"),
    "bed occupancy": flag(BedChanged, "occupied"),
    "tamper": _tampered,
    "button": _press,
    "dimmer": _press,
    "button switch": _press,
    "one btn switch": _any_press,
    "remote": _any_press,
    "temperature": measured(*TEMPERATURE),
    "humidity": measured("humidity"),
    "illuminance": measured("illuminance"),
    "heart rate": measured("heart_rate"),
    "vibration": measured("vibration"),
    "binary": measured("generic"),
    "generic": measured("generic"),
    "light": measured("light"),
    "moisture": measured("moisture", "wet"),
    "pressure": measured("pressure"),
    "co2": measured("co2"),
    "tvoc": measured("tvoc"),
    "pressure present duration": measured("pressure_present_duration"),
    "no motion time": measured("no_motion_time"),
    "battery_low": flag(BatteryRead, "low"),
    "battery low": flag(BatteryRead, "low"),
    "battery_charging": flag(BatteryRead, "charging"),
    "distance": _distance,
    "count": measured("count"),
}


def hci(expected: Json) -> tuple[Expected, ...]:
    """Return the fields of a Bluetooth vector that we have words for."""
    found: list[Expected] = []
    for name, value in expected.items():
        plain = name.rstrip("_123456789") if name not in HCI else name
        maker = HCI.get(name) or HCI.get(plain)
        check = maker(value) if maker is not None and value is not None else None
        if check is not None:
            found.append(Expected(name, value, check))
    return tuple(found)


def bthome(advert: Json) -> tuple[Expected, ...]:
    """Return the fields of one BTHome advert. The signal strength there is the test's own."""
    values = {k: v for k, v in table(advert.get("values")).items() if k != "signal_strength"}
    found = [*hci(values), *hci(table(advert.get("binary")))]
    for name, event in table(advert.get("events")).items():
        said = items(event)
        kind = text(said[0]) if said else ""
        if name.startswith(("button", "dimmer")) and kind:
            found.append(Expected(name, kind, _press(kind)))
    return tuple(found)
