"""One property of a Zigbee2MQTT message: how its value is read, worked out once per device.

The commonest properties skip `Findings.put`: motion sensors send most of a house's messages.
"""

from collections.abc import Callable
from typing import cast

from devices.joined import measured_of
from devices.words import Findings, Word, number
from routing.readings import DeviceClass, MotionSeen, Problem, Reading

Reader = Callable[[Findings, object], None]
LEVELS = frozenset({"motion", "bed", "door", "tamper"})


def reader_of(word: Word, unit: str) -> Reader:
    """Return a reader of one property; the commonest are made fast."""
    if word.word == "battery_percent":
        return _battery_percent(word)
    if word.word == "lqi":
        return _quality(word)
    if word.word == "battery_volts" and unit == "mV":
        return _millivolts(word)
    if word.word == "measured" and word.on is None:
        return _quantity(word)
    if word.word in LEVELS and word.on is not None and word.off is not None:
        return _level(word)
    return lambda findings, value: findings.put(word, value)


def _battery_percent(word: Word) -> Reader:
    def read(findings: Findings, value: object) -> None:
        if value.__class__ is int or value.__class__ is float:
            findings.charged("percent", cast("float", value))
        else:
            findings.put(word, value)

    return read


def _quality(word: Word) -> Reader:
    def read(findings: Findings, value: object) -> None:
        if value.__class__ is int:
            findings.linked("lqi", cast("float", value))
        else:
            findings.put(word, value)

    return read


def _level(word: Word) -> Reader:
    """A boolean property: what `true` and `false` say is worked out once.

    Its reading is looked up by the raw value. `1` and `True` are one key for Python, and one
    meaning for a device.
    """
    table: dict[object, tuple[Reading | None, str, bool | None]] = {}
    for value in (True, False, "ON", "OFF", word.on, word.off):
        alone = Findings(DeviceClass.COMFORT)
        alone.put(word, value)
        found = alone.done()
        if found and not isinstance(found[0], Problem):
            active = found[0].active if isinstance(found[0], MotionSeen) else None
            table[value] = (
                None if active is not None else found[0],
                alone.key_parts[0],
                active,
            )

    def read(findings: Findings, value: object) -> None:
        known = table.get(value) if isinstance(value, (bool, str)) else None
        if known is None:
            findings.put(word, value)
            return
        reading, key, active = known
        findings.key_parts.append(key)
        if reading is not None:
            findings.readings.append(reading)
        else:
            findings.moved(active=bool(active))

    return read


def _millivolts(word: Word) -> Reader:
    def read(findings: Findings, value: object) -> None:
        amount = number(value)
        if amount is None:
            findings.put(word, value)
        else:
            findings.charged("volts", round(amount / 1000, 3))

    return read


def _quantity(word: Word) -> Reader:
    def read(findings: Findings, value: object) -> None:
        if value.__class__ is float or value.__class__ is int:
            amount = float(cast("float", value)) + 0.0
            findings.readings.append(measured_of(word.name, amount, word.unit))
        elif value is not None:  # a quantity that is not there yet is no problem
            findings.put(word, value)

    return read
