"""What a Zigbee definition promises, each value spoken once: the public lists as vectors."""

from collections.abc import Callable, Iterator

from devices.actions import meaning_of
from devices.envelope import Json, text
from devices.expectations import Check, Expected, Got, battery, fall, flag, measured
from devices.exposes import Exposed, exposed
from routing.readings import (
    BatteryRead,
    BedChanged,
    ButtonPressed,
    DeviceFault,
    DoorMoved,
    FallSeen,
    HelpCancelled,
    HelpPressed,
    LinkRead,
    MotionSeen,
    Reading,
    Tampered,
)

LEVELS: dict[str, tuple[type[Reading], str]] = {
    "contact": (DoorMoved, "open"),
    "occupancy": (MotionSeen, "active"),
    "presence": (MotionSeen, "active"),
    "tamper": (Tampered, "active"),
}
FALLS = frozenset({"fall_warning", "fall_alarm", "maybe_fall", "fall"})
BEDS = frozenset({"TS0601_bed_presence_sensor", "ZG-210Z", "C3007"})


def zigbee_values(definition: Json) -> Iterator[tuple[Json, tuple[Expected, ...]]]:
    """Yield a message for each value of each property, with what it must say."""
    bed = text(definition.get("model")) in BEDS
    listed = tuple(exposed(definition.get("exposes")))
    for one in listed:
        if one.type == "binary":
            yield from _binary(one, bed=bed)
        elif one.type == "numeric" and one.property in QUANTITIES:
            yield (
                {one.property: 57},
                (Expected(one.property, 57, QUANTITIES[one.property](57)),),
            )
        elif one.property == "action":
            for word in one.values:
                yield {"action": word}, zigbee_action(word, alarm=False)
        elif one.property in {"fall_status", "fall_down_status"}:
            for word in [value for value in one.values if value in FALLS]:
                check = fall(True)  # noqa: FBT003 - the field's value
                yield {one.property: word}, (Expected(word, value=True, check=check),)
        elif one.property.endswith(SETTINGS):
            for value in one.values or (57,):
                yield {one.property: value}, (Expected(one.property, value, _says_nothing),)


QUANTITIES: dict[str, Callable[[object], Check | None]] = {
    "battery": battery,
    "temperature": measured("temperature"),
    "humidity": measured("humidity"),
    "illuminance": measured("illuminance"),
    "co2": measured("co2"),
    "linkquality": lambda value: (
        lambda got: any(isinstance(r, LinkRead) and r.lqi == value for r in got)
    ),
}
SETTINGS = (
    "_timeout", "_sensitivity", "_delay", "_threshold", "_calibration", "_offset", "_interval",
    "_mode", "_time", "_level", "_distance", "_density", "_unit", "_duration", "_switch",
)  # fmt: skip
"""How a device is set, not what it saw: nobody moves because of an `occupancy_timeout`."""
SEEN = (MotionSeen, DoorMoved, BedChanged, FallSeen, HelpPressed, Tampered, DeviceFault)


def _says_nothing(got: Got) -> bool:
    return not any(isinstance(reading, SEEN) for reading in got)


def _binary(one: Exposed, *, bed: bool) -> Iterator[tuple[Json, tuple[Expected, ...]]]:
    name = one.property
    if name in LEVELS:
        kind, attribute = LEVELS[name]
        if bed and name == "occupancy":
            kind, attribute = BedChanged, "occupied"
        for raw, wanted in ((one.value_on, "true"), (one.value_off, "false")):
            check = flag(kind, attribute)(wanted)
            if raw is None:
                continue
            yield {name: raw}, (Expected(f"{name}={raw}", wanted, check),)
    elif name in {"sos", "sos_alarm"}:
        yield {name: one.value_on}, (Expected(name, value=True, check=_sos_check(on=True)),)
        yield {name: one.value_off}, (Expected(name, value=False, check=_sos_check(on=False)),)
    elif name == "battery_low":
        check = flag(BatteryRead, "low")("true")
        yield {name: one.value_on}, (Expected(name, value=True, check=check),)


def _no_press(got: Got) -> bool:
    return not any(isinstance(r, (ButtonPressed, HelpPressed)) for r in got)


def _sos_check(*, on: bool) -> Check:
    kind = HelpPressed if on else HelpCancelled
    return lambda got: any(isinstance(r, kind) for r in got)


def zigbee_action(word: str, *, alarm: bool) -> tuple[Expected, ...]:
    """Return what an action word must say: a press, help, or nothing."""
    if not word or word == "none":
        return (Expected(word, "no event", _no_press),)
    asked = meaning_of(word)
    wants_help = asked.emergency or (alarm and asked.asks)
    if wants_help:
        return (
            Expected(word, "help", lambda got: any(isinstance(r, HelpPressed) for r in got)),
        )
    if alarm:
        return (
            Expected(
                word, "not help", lambda got: not any(isinstance(r, HelpPressed) for r in got)
            ),
        )
    return (
        Expected(word, "button", lambda got: any(isinstance(r, ButtonPressed) for r in got)),
    )
