"""One vocabulary for every ecosystem: a word and a value become a reading.

A model's data says which word a field carries (`door`, `press`, `battery_percent`); `Findings`
gathers what one message said and joins what belongs together (percent and volts are one
`BatteryRead`, latitude and longitude one `Sighted`). This is the only place that makes readings
from values, so that a door means the same from Zigbee, LoRaWAN, BLE and plain JSON.
"""

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import cast

from devices.codec import excerpt
from devices.joined import joined_battery, joined_motion, link_read
from devices.times import device_time
from routing.readings import (
    BedChanged,
    ButtonPressed,
    DeviceClass,
    DeviceFault,
    DeviceHeard,
    DeviceTime,
    DoorMoved,
    FallPhase,
    FallSeen,
    HeardBy,
    HelpCancelled,
    HelpPressed,
    HelpTrigger,
    Measured,
    MotionSeen,
    Problem,
    ProblemKind,
    Reading,
    Sighted,
    Tampered,
)


@dataclass(frozen=True, slots=True)
class Word:
    """What a field means. Written in a model's data, made once when it is loaded."""

    word: str
    name: str = ""
    """The name of a measured quantity; for other words what to show in `device try`."""
    unit: str = ""
    zone: str = ""
    what: str = ""
    values: Mapping[str, str] = field(default_factory=dict[str, str])
    """Raw value (as text) to the token that the word knows."""
    none: frozenset[str] = frozenset()
    """Raw values that say nothing (`0` = no press)."""
    on: str | None = None
    """The raw value that means true; None: any non-zero value, `true`, `ON`."""
    off: str | None = None
    otherwise: str = ""
    """The token of a value that `values` has not: said as a problem, and not lost."""
    means: Mapping[str, tuple[tuple[str, str], ...]] | None = None
    """One raw value, several words: `4 = [["fall", "confirmed"]]`."""
    empty_volts: float | None = None
    full_volts: float | None = None


def raw_text(value: object) -> str:
    """Return the text by which a value is looked up in a model's data."""
    if value is True:
        return "true"
    if value is False:
        return "false"
    if isinstance(value, float) and value.is_integer() and abs(value) < 1e15:
        return str(int(value))
    return str(value)


def number(value: object) -> float | None:
    """Return a finite number from a number or a numeric text, else None (DEVICES M6)."""
    if isinstance(value, bool):
        return None
    if isinstance(value, (int, float)):
        return float(value) if abs(value) < 1e300 else None
    if isinstance(value, str) and len(value) <= 32:
        try:
            found = float(value)
        except ValueError:
            return None
        return found if math.isfinite(found) else None
    return None


HINT = "hint"
"""`what` of a movement that counts only where the message does not say presence outright."""
TRUE = frozenset({"true", "1", "on", "yes", "open", "detected", "occupied"})
FALSE = frozenset({"false", "0", "off", "no", "closed", "clear", "vacant", "unoccupied"})


def truth(value: object, word: Word) -> bool | None:
    """Return whether a value means true, by the model's polarity; None: it says neither."""
    text = raw_text(value)
    if word.on is not None and word.on in {text, "any"}:  # `any`: that it is said is enough
        return True
    if word.off is not None:
        return _by_both(text.lower(), (word.on or "").lower(), word.off.lower())
    if word.on is not None:
        lowered, on = text.lower(), word.on.lower()
        opposite = (on in TRUE and lowered in FALSE) or (on in FALSE and lowered in TRUE)
        return False if opposite or number(value) is not None else None
    plain = number(value)
    if plain is not None:
        return plain != 0
    lowered = text.lower()
    return True if lowered in TRUE else False if lowered in FALSE else None


def _by_both(text: str, on: str, off: str) -> bool | None:
    """Both sides are named: exact but for case, and `1` for `true` where that is a name."""
    spoken = {"1": "true", "0": "false"}.get(text, text) if off in {"true", "false"} else text
    return True if spoken == on else False if spoken == off else None


TRIGGERS = {t.value: t for t in HelpTrigger}
TRIGGERS.update(
    short=HelpTrigger.PRESS,
    single=HelpTrigger.PRESS,
    triple=HelpTrigger.DOUBLE,
    hold=HelpTrigger.LONG,
)
COUNTS = {"double": 2, "triple": 3}
PHASES = {p.value: p for p in FallPhase}
HEARD = {h.value: h for h in HeardBy}


class Findings:
    """What one message says, gathered word by word. Made for one message and thrown away."""

    __slots__ = (
        "_battery",
        "_button",
        "_incident",
        "_link",
        "_motion",
        "_place",
        "alarm",
        "history",
        "key_parts",
        "readings",
        "time",
    )

    def __init__(self, device_class: DeviceClass) -> None:
        """Start empty, for a device of this class: an alarm's oddities are help."""
        self.alarm = device_class is DeviceClass.ALARM
        self.readings: list[Reading] = []
        self.key_parts: list[str] = []
        self.time = DeviceTime()
        self.history = False
        # Made when first needed: most messages speak of one or two of these.
        self._battery: dict[str, float] | None = None
        self._link: dict[str, float] | None = None
        self._place: dict[str, float] | None = None
        self._motion: dict[str, float | str] | None = None
        self._incident = ""
        self._button = ""

    def put(self, word: Word, value: object) -> None:
        """Take one field. Anything that the word does not know becomes a `Problem`."""
        if word.none and raw_text(value) in word.none:
            return
        if word.means is not None:
            self._meaning(word, raw_text(value))
            return
        WORDS[word.word](self, word, value)

    def moved(self, *, active: bool) -> None:
        """Take a movement; one of several zones is enough."""
        if self._motion is None:
            self._motion = {"active": active}
        else:
            self._motion["active"] = active or self._motion.get("active", False)

    def charged(self, what: str, amount: float) -> None:
        """Take one figure of the battery."""
        if self._battery is None:
            self._battery = {}
        self._battery[what] = amount

    def linked(self, what: str, amount: float) -> None:
        """Take one figure of the radio; the best of several receivers wins."""
        if self._link is None:
            self._link = {what: amount}
        else:
            self._link[what] = max(amount, self._link.get(what, amount))

    def _about_motion(self, what: str, amount: float | str) -> None:
        if self._motion is None:
            self._motion = {}
        self._motion[what] = amount

    def problem(self, kind: ProblemKind, what: object = "") -> None:
        """Say that part of the message was not understood."""
        self.readings.append(Problem(kind, excerpt(what)))

    def done(self) -> tuple[Reading, ...]:
        """Return all readings, with what belongs together joined."""
        readings = self.readings
        if self._motion is not None:
            readings.append(joined_motion(self._motion))
        if self._place is not None:
            self._join_place(self._place)
        if self._battery is not None:
            readings.append(joined_battery(self._battery))
        if self._link is not None:
            link = self._link
            readings.append(link_read(link.get("rssi"), link.get("snr"), link.get("lqi")))
        return tuple(readings)

    def _meaning(self, word: Word, text: str) -> None:
        meaning = (word.means or {}).get(text)
        if meaning is None:
            self.unknown(word, text)
            return
        for name, token in meaning:
            WORDS[name](self, Word(name, zone=word.zone, what=word.what, name=word.name), token)

    def unknown(self, word: Word, value: object) -> None:
        """An unknown value: a problem, and help when the device is an alarm (M9)."""
        kind = ProblemKind.NULL_FIELD if value is None else ProblemKind.UNKNOWN_ENUM
        label = word.name or word.word
        self.problem(kind, f"{label}={excerpt(value, 24)}")
        asks = word.word in {"press", "help", "sos", "fall"}
        if self.alarm and asks and value is not None:
            self.readings.append(HelpPressed(HelpTrigger.UNKNOWN, excerpt(value, 24)))

    def _join_place(self, place: dict[str, float]) -> None:
        if "latitude" not in place or "longitude" not in place:
            return
        latitude, longitude = place["latitude"], place["longitude"]
        if abs(latitude) > 90 or abs(longitude) > 180 or (latitude == 0 and longitude == 0):
            self.problem(ProblemKind.SCHEMA, f"position {latitude}, {longitude}")
            return
        self.readings.append(
            Sighted(
                "gnss",
                latitude=latitude,
                longitude=longitude,
                accuracy_m=place.get("accuracy"),
            )
        )

    # --- The words, one small function each ---------------------------------------------------

    def say_press(self, word: Word, value: object) -> None:
        """A press: help from an alarm device, else a button."""
        token = word.values.get(raw_text(value)) if word.values else _token(value)
        if token is None and word.otherwise and value is not None:
            label = word.name or word.word
            self.problem(ProblemKind.UNKNOWN_ENUM, f"{label}={excerpt(value, 24)}")
            token = word.otherwise
        if token is None:
            self.unknown(word, value)
            return
        button = word.zone or self._button
        self.key_parts.append(f"press={button}{token}")
        if token == "release":  # noqa: S105 - a word of buttons, no secret
            if not self.alarm:
                self.readings.append(ButtonPressed("release", button))
            return
        if self.alarm:
            trigger = TRIGGERS.get(token, HelpTrigger.PRESS)
            self.readings.append(HelpPressed(trigger, button, COUNTS.get(token, 1)))
        else:
            self.readings.append(ButtonPressed(token, button))

    def say_button(self, _word: Word, value: object) -> None:
        """Which of several buttons; stands before the press in the data."""
        self._button = excerpt(raw_text(value), 16)

    def say_help(self, word: Word, value: object) -> None:
        """Help whatever the class: the device itself says that it is an emergency."""
        token = word.values.get(raw_text(value)) if word.values else _token(value)
        trigger = TRIGGERS.get(token or "")
        if trigger is None:
            self.unknown(word, value)
            trigger = HelpTrigger.UNKNOWN
            if self.alarm:
                return
        self.key_parts.append(f"help={trigger}")
        self.readings.append(HelpPressed(trigger, word.zone))

    def say_sos(self, word: Word, value: object) -> None:
        """A level that stays on until it is reset; `routing` finds the edge (facts 3, 5)."""
        active = truth(value, word)
        if active is None:
            self.unknown(word, value)
        elif active:
            self.key_parts.append("sos=on")
            self.readings.append(HelpPressed(HelpTrigger.LEVEL, word.zone))
        else:
            self.key_parts.append("sos=off")
            self.readings.append(HelpCancelled())

    def say_cancel(self, word: Word, value: object) -> None:
        """The device says that the request is over."""
        if truth(value, word):
            self.key_parts.append("cancel")
            self.readings.append(HelpCancelled(word.what or "device"))

    def say_level(self, word: Word, value: object) -> None:
        """Motion, bed, door, tamper: on or off."""
        active = truth(value, word)
        if active is None:
            self.unknown(word, value)
            return
        self.key_parts.append(f"{word.word}{word.zone}{word.what}={active}")
        match word.word:
            case "motion" if self.history:  # each record for itself: the last one holds
                self.readings.append(MotionSeen(active))
            case "motion" if word.what == HINT:
                self._about_motion(HINT, active)
            case "motion":
                self.moved(active=active)
            case "bed":
                self.readings.append(BedChanged(active, word.zone))
            case "door":
                self.readings.append(DoorMoved(active))
            case "closed":
                self.readings.append(DoorMoved(not active))
            case _:
                self.readings.append(Tampered(word.what or "case", active))

    def say_fall(self, word: Word, value: object) -> None:
        """A fall and how far the device's judgement came."""
        text = raw_text(value)
        phase = PHASES.get(word.values.get(text, "") if word.values else text)
        if phase is None:
            self.unknown(word, value)
            return
        self.key_parts.append(f"fall{word.zone}={phase}")
        self.readings.append(FallSeen(phase, word.zone, self._incident))

    def say_incident(self, _word: Word, value: object) -> None:
        """The id that joins the phases of one fall; stands before the fall in the data."""
        self._incident = excerpt(value, 32)
        self.key_parts.append(f"incident={self._incident}")

    def say_fault(self, word: Word, value: object) -> None:
        """The device says that something is wrong with it."""
        if word.values:
            token = word.values.get(raw_text(value))
            if token is None:
                self.unknown(word, value)
            else:
                self.readings.append(DeviceFault(token, word.name))
        elif truth(value, word):
            self.readings.append(DeviceFault(word.what or word.name or "fault"))

    def say_battery(self, word: Word, value: object) -> None:
        """Percent, volts or millivolts, low, charging: one `BatteryRead`."""
        if word.word in {"battery_low", "charging"}:
            flag = truth(value, word)
            if flag is None:
                self.unknown(word, value)
            else:
                self.charged("low" if word.word == "battery_low" else "charging", flag)
            return
        amount = number(value)
        if amount is None:
            self.problem(_kind(value), f"{word.word}={excerpt(value, 24)}")
        elif word.word == "battery_percent":
            self.charged("percent", amount)
        else:
            self._volts(word, amount)

    def _volts(self, word: Word, volts: float) -> None:
        if self._battery is not None and "volts" in self._battery:  # a second one: no battery's
            self.readings.append(Measured("voltage", round(volts, 3), "V"))
            return
        self.charged("volts", round(volts, 3))
        if word.empty_volts is not None and word.full_volts is not None:
            share = (volts - word.empty_volts) / (word.full_volts - word.empty_volts)
            self.charged("estimate", float(round(min(max(share, 0.0), 1.0) * 100)))

    def say_link(self, word: Word, value: object) -> None:
        """Radio quality; the best of several receivers wins."""
        amount = number(value)
        if amount is None:
            self.problem(_kind(value), f"{word.word}={excerpt(value, 24)}")
        else:
            self.linked(word.word, amount)

    def say_place(self, word: Word, value: object) -> None:
        """Latitude, longitude, accuracy: one position, when both coordinates are there."""
        amount = number(value)
        if amount is not None:
            self._place = {} if self._place is None else self._place
            self._place[word.word] = round(amount, 7)

    def say_about_motion(self, word: Word, value: object) -> None:
        """Count, distance and posture belong to the motion of the same message."""
        if word.word == "posture":
            posture = word.values.get(raw_text(value), excerpt(value, 24))
            self._about_motion("posture", posture)
            self.key_parts.append(f"posture={posture}")
            return
        amount = number(value)
        if amount is None:
            self.problem(_kind(value), f"{word.word}={excerpt(value, 24)}")
        else:
            self._about_motion(word.word, amount)
            if word.word == "count":
                self.key_parts.append(f"count={amount}")

    def say_measured(self, word: Word, value: object) -> None:
        """A quantity without a rule of its own."""
        amount = number(value)
        if amount is None:
            flag = truth(value, word)
            if flag is None:
                self.problem(_kind(value), f"{word.name}={excerpt(value, 24)}")
                return
            amount = float(flag)
        self.readings.append(Measured(word.name, round(amount, 7), word.unit))

    def say_heard(self, word: Word, value: object) -> None:
        """A sign of life and its kind."""
        kind = HEARD.get(word.values.get(raw_text(value), word.what or raw_text(value)))
        self.readings.append(DeviceHeard(kind or HeardBy.HEARTBEAT))

    def say_time(self, _word: Word, value: object) -> None:
        """The device's own clock, in seconds since 1970."""
        seconds = number(value)
        if seconds is not None:
            self.time = device_time(seconds)

    def say_history(self, word: Word, value: object) -> None:
        """Stored history: the device's own time belongs to it (T2)."""
        self.history = True
        self.say_time(word, value)

    def say_sighted(self, word: Word, value: object) -> None:
        """A locator heard, by its address; `(address, rssi)` where the strength is known."""
        address, rssi = cast("tuple[str, float | None]", value)
        if address.strip("f:") and address.strip("0:"):  # all ones, all zeros: nobody was heard
            self.readings.append(Sighted(f"{word.what}{address}", rssi))

    def say_nothing(self, word: Word, value: object) -> None:
        """Known, and of no use to us."""


def _token(value: object) -> str | None:
    return value if isinstance(value, str) and value else "press" if value is True else None


def _kind(value: object) -> ProblemKind:
    return ProblemKind.NULL_FIELD if value is None else ProblemKind.SCHEMA


WORDS: Mapping[str, Callable[[Findings, Word, object], None]] = {
    "press": Findings.say_press,
    "button": Findings.say_button,
    "help": Findings.say_help,
    "sos": Findings.say_sos,
    "cancel": Findings.say_cancel,
    "motion": Findings.say_level,
    "bed": Findings.say_level,
    "door": Findings.say_level,
    "closed": Findings.say_level,
    "tamper": Findings.say_level,
    "fall": Findings.say_fall,
    "incident": Findings.say_incident,
    "fault": Findings.say_fault,
    "battery_percent": Findings.say_battery,
    "battery_volts": Findings.say_battery,
    "battery_low": Findings.say_battery,
    "charging": Findings.say_battery,
    "rssi": Findings.say_link,
    "snr": Findings.say_link,
    "lqi": Findings.say_link,
    "latitude": Findings.say_place,
    "longitude": Findings.say_place,
    "accuracy": Findings.say_place,
    "count": Findings.say_about_motion,
    "distance": Findings.say_about_motion,
    "posture": Findings.say_about_motion,
    "measured": Findings.say_measured,
    "heard": Findings.say_heard,
    "time": Findings.say_time,
    "history": Findings.say_history,
    "sighted": Findings.say_sighted,
    "nothing": Findings.say_nothing,
}
