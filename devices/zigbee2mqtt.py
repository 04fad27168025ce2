"""Zigbee2MQTT 1.x and 2.x: the mapping comes from its own retained `bridge/devices`.

Devices are keyed by ieee address: names hold `/`, spaces and umlauts and change. State is
cached and replayed (DEVICES fact 3), so levels are only levels here; a press is an edge by its
message. The one press may come three times, as state, as `<name>/action` and by Home
Assistant's copy: all carry the same key. Source: the bridge's code, release 2.12.1, as DEVICES
section 2.1 says.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import cast

import orjson

from devices.actions import meaning_of
from devices.catalogue import Catalogue, suggest
from devices.codec import (
    PRESS_WINDOW,
    BridgeLike,
    BridgeSaid,
    Discovered,
    Discovery,
    Enrolled,
    Ignored,
    Message,
    Undecodable,
    Understood,
    excerpt,
    level,
    short,
)
from devices.envelope import BROKEN, Json, instant, items, parsed, plain, table, text
from devices.exposes import exposed, known_words, on_mains, word_for
from devices.times import device_time, judged
from devices.words import Findings, Word, number
from devices.zigbee_properties import Reader, reader_of
from routing.readings import (
    Availability,
    AvailabilityChanged,
    BatteryRead,
    ButtonPressed,
    DeviceClass,
    DeviceHeard,
    DeviceTime,
    HeardBy,
    HelpCancelled,
    HelpPressed,
    LinkRead,
    Measured,
    Problem,
    ProblemKind,
    Reading,
    TimeQuality,
)

MOST_DEVICES = 2000
SPECIAL = frozenset(
    {"action", "update", "device", "last_seen", "update_available", "elapsed", "battery_type"}
)
UNSEEN_IS_HELP = frozenset({"action", "click", "sos", "sos_alarm", "emergency", "panic"})
"""Keys for whose sake a message from an unknown name is kept in quarantine, not dropped."""
PRESSES = (HelpPressed, ButtonPressed)
QUIET = (BatteryRead, LinkRead, Measured, DeviceHeard, Problem)


@dataclass(frozen=True, slots=True)
class Known:
    """A device of the bridge, ready to read its messages."""

    native: str
    name: str
    model: str
    version: int
    enrolled: Enrolled | None
    handlers: Mapping[str, Reader]
    described: bool
    """Whether the bridge's exposes were there: without them a contact's polarity is unknown."""


class Zigbee2Mqtt:
    """The codec of one Zigbee2MQTT."""

    def __init__(
        self,
        bridge: BridgeLike,
        enrolled: Mapping[str, Enrolled],
        catalogue: Catalogue,
        found: tuple[Discovered, ...] = (),
    ) -> None:
        """Take what is enrolled by ieee address, and what the bridge last said it knows."""
        self.bridge = bridge.id
        self.base = bridge.base_topic or "zigbee2mqtt"
        self.catalogue = catalogue
        self.known: dict[str, Known] = {}
        seen: set[str] = set()
        for device in found:
            self.known[device.name or device.native] = self._know(device, enrolled)
            seen.add(device.native)
        for native in enrolled:
            if native not in seen:  # before the bridge's list came, or for good: still heard
                self.known[native] = self._know(Discovered(native), enrolled)
        self.complete = bool(found)

    def topics(self, wanted: frozenset[DeviceClass]) -> tuple[str, ...]:
        """Return the topic filters of the enrolled devices of these classes."""
        names = [
            name
            for name, known in self.known.items()
            if known.enrolled is not None and known.enrolled.device_class in wanted
        ]
        return tuple(
            f"{self.base}/{level(name)}{tail}" for name in names for tail in ("", "/+")
        )

    def _know(self, device: Discovered, enrolled: Mapping[str, Enrolled]) -> Known:
        chosen = enrolled.get(device.native)
        model_id = chosen.model if chosen else device.model
        words = known_words(self.catalogue, device.model, model_id)
        exposes = parsed(device.exposes.encode())
        described = tuple(exposed(exposes))
        handlers: dict[str, Reader] = {}
        mains = on_mains(described)
        for one in described:
            word = word_for(one, words)
            if word is not None and word.word == "battery_volts" and mains:
                word = Word("measured", name=one.property, unit=one.unit)
            if word is not None and one.property not in SPECIAL:
                handlers[one.property] = reader_of(word, one.unit)
        for name in (
            "battery",
            "linkquality",
            "battery_low",
            "sos",
            "occupancy",
            "presence",
            "tamper",
        ):
            if name not in handlers and (not described or name in {"battery", "linkquality"}):
                handlers[name] = reader_of(words[name], "")
        model = self.catalogue.get(model_id)
        version = model.version if model else 0
        return Known(
            device.native, device.name, model_id, version, chosen, handlers, bool(described)
        )

    # --- Topics -------------------------------------------------------------------------------

    def understand(self, topic: str, rest: str, payload: bytes) -> tuple[Understood, ...]:
        """Return what one message of this bridge says."""
        known = self.known.get(rest)
        if known is not None:
            return self._state(topic, known, payload)
        if rest.startswith("bridge/"):
            return self._bridge(topic, rest[7:], payload)
        name, _, last = rest.rpartition("/")
        known = self.known.get(name)
        if known is not None:
            return self._below(topic, known, last, payload)
        return self._stranger(topic, rest, payload)

    def _below(
        self, topic: str, known: Known, last: str, payload: bytes
    ) -> tuple[Understood, ...]:
        match last:
            case "set" | "get":
                return (Ignored("a command to a device, not from it"),)
            case "availability":
                return self._availability(topic, known, payload)
            case "action" | "click":
                return self._action_copy(known, payload)
            case _:
                return self._attribute(topic, known, last, payload)

    def _state(self, topic: str, known: Known, payload: bytes) -> tuple[Understood, ...]:
        if not payload:
            return (Ignored("a deleted topic: the device was renamed or removed"),)
        try:
            body = orjson.loads(payload)
        except ValueError as error:
            return (self._undecodable(topic, known, payload, f"not JSON: {excerpt(error)}"),)
        if not isinstance(body, dict):
            return (self._undecodable(topic, known, payload, "not a JSON object"),)
        return self._said(known, cast("Json", body), "state")

    def _attribute(
        self, topic: str, known: Known, name: str, payload: bytes
    ) -> tuple[Understood, ...]:
        """`advanced.output: attribute`: one property, as plain text or JSON."""
        if not payload:
            return (Ignored("a deleted topic: the device was renamed or removed"),)
        if name not in known.handlers:
            return (Ignored(f"an attribute of no use to us: {excerpt(name)}"),)
        value = parsed(payload)
        if value is BROKEN:
            value = plain(payload)
            if not value:
                return (
                    self._undecodable(topic, known, payload, f"{excerpt(name)} is no text"),
                )
        return self._said(known, {name: value}, "attribute")

    def _action_copy(self, known: Known, payload: bytes) -> tuple[Understood, ...]:
        """A second copy of the same press (D2); Home Assistant's option publishes it."""
        value = parsed(payload)
        action = value if isinstance(value, str) else plain(payload)
        return self._said(known, {"action": action}, "action")

    def _availability(self, topic: str, known: Known, payload: bytes) -> tuple[Understood, ...]:
        state = _state_of(payload)
        if state not in {"online", "offline"}:
            if not payload:
                return (Ignored("a deleted availability"),)
            return (self._undecodable(topic, known, payload, "neither online nor offline"),)
        reading = AvailabilityChanged(Availability(state), "zigbee2mqtt")
        return (self._message(known, (reading,), "", "availability"),)

    # --- One device message -------------------------------------------------------------------

    def _said(self, known: Known, body: Json, source: str) -> tuple[Understood, ...]:
        enrolled = known.enrolled
        device_class = enrolled.device_class if enrolled else DeviceClass.COMFORT
        findings = Findings(device_class)
        handlers = known.handlers
        for name, value in body.items():
            handler = handlers.get(name)
            if handler is not None:
                handler(findings, value)
        press: list[HelpPressed | ButtonPressed] = []
        if "action" in body:
            _press(findings, body["action"], press)
        elif "click" in body:  # what releases before 1.17 said, and legacy options still do
            _press(findings, body["click"], press)
        if not known.described and "contact" in body:
            findings.problem(ProblemKind.SCHEMA, "contact: polarity unknown without exposes")
        readings = findings.done()
        time = _last_seen(body.get("last_seen")) if "last_seen" in body else NO_TIME
        if not press:
            if not readings:
                readings = HEARD
            return (self._message(known, readings, _key(known, findings), source, time),)
        return self._pressed(known, press, readings, findings, (source, time))

    def _pressed(
        self,
        known: Known,
        press: list[HelpPressed | ButtonPressed],
        readings: tuple[Reading, ...],
        findings: Findings,
        how: tuple[str, DeviceTime],
    ) -> tuple[Understood, ...]:
        """A press has a key of its own, so that its copies join whatever stands beside it."""
        source, time = how
        said = "+".join(_press_key(one) for one in press)
        key = short(f"{known.native}|{said}")
        if all(isinstance(one, QUIET) for one in readings):
            return (self._message(known, (*press, *readings), key, source, time),)
        return (
            self._message(known, tuple(press), key, source, time),
            self._message(known, readings, _key(known, findings), source, time),
        )

    def _message(
        self,
        known: Known,
        readings: tuple[Reading, ...],
        key: str,
        source: str,
        time: DeviceTime = DeviceTime(),  # noqa: B008 - frozen
    ) -> Message:
        enrolled = known.enrolled
        return Message(
            self.bridge,
            known.native,
            None if enrolled is None else enrolled.device,
            readings,
            key,
            PRESS_WINDOW,
            time,
            False,  # noqa: FBT003 - `history`: nothing of Zigbee2MQTT's is
            source,
            False,  # noqa: FBT003 - `test`
            known.model,
            known.version,
        )

    def _undecodable(self, topic: str, known: Known, payload: bytes, why: str) -> Undecodable:
        device = known.enrolled.device if known.enrolled else None
        return Undecodable(topic, payload, why, self.bridge, known.native, device)

    def _stranger(self, topic: str, rest: str, payload: bytes) -> tuple[Understood, ...]:
        """A name that `bridge/devices` has not: a group, or a device renamed a moment ago."""
        if not payload:
            return (Ignored("a deleted topic: the device was renamed or removed"),)
        body = table(parsed(payload))
        address = text(table(body.get("device")).get("ieeeAddr"))
        for known in self.known.values() if address else ():
            if known.native == address:
                return self._said(known, body, "state")
        if rest.endswith("/action") or UNSEEN_IS_HELP & body.keys():
            why = "no such name in bridge/devices: is the base topic right, the list retained?"
            return (Undecodable(topic, payload, why, self.bridge),)
        return (Ignored("a group, or a device that the bridge has not listed"),)

    # --- The bridge itself --------------------------------------------------------------------

    def _bridge(self, topic: str, what: str, payload: bytes) -> tuple[Understood, ...]:
        match what:
            case "state":
                return self._bridge_state(topic, payload)
            case "devices":
                return self._devices(topic, payload)
            case "event":
                return self._event(payload)
            case "health":
                return (BridgeSaid(self.bridge, online=True, detail="bridge/health"),)
            case _:
                return (Ignored("the bridge's own business"),)

    def _bridge_state(self, topic: str, payload: bytes) -> tuple[Understood, ...]:
        state = _state_of(payload)
        if state in {"online", "offline"}:
            return (BridgeSaid(self.bridge, state == "online", "bridge/state"),)
        if not payload:
            return (Ignored("a deleted bridge state"),)
        why = "bridge/state is neither online nor offline"
        return (Undecodable(topic, payload, why, self.bridge),)

    def _devices(self, topic: str, payload: bytes) -> tuple[Understood, ...]:
        listed = parsed(payload)
        if not isinstance(listed, list):
            if not payload:
                return (Ignored("a deleted device list: the last one holds"),)
            return (Undecodable(topic, payload, "bridge/devices is no list", self.bridge),)
        found = [
            one
            for entry in items(cast("object", listed))[:MOST_DEVICES]
            if (one := self._discovered(table(entry))) is not None
        ]
        return (Discovery(self.bridge, tuple(found)),)

    def _discovered(self, entry: Json) -> Discovered | None:
        address = text(entry.get("ieee_address"))
        if not address or entry.get("type") == "Coordinator":
            return None
        definition = table(entry.get("definition"))
        name, vendor = text(definition.get("model")), text(definition.get("vendor"))
        exposes = definition.get("exposes")
        return Discovered(
            native=address,
            name=text(entry.get("friendly_name")) or address,
            model=self.suggest(name, exposes),
            vendor=vendor,
            description=text(definition.get("description")),
            exposes=orjson.dumps(exposes if isinstance(exposes, list) else []).decode(),
        )

    def suggest(self, model: str, exposes: object) -> str:
        """Return the model to propose: a named one, an alarm by its words, else a sensor."""
        named = suggest(self.catalogue, "z2m_model", model)
        if named:
            return named
        for one in exposed(exposes):
            if one.property in {"sos", "sos_alarm"}:
                return "zigbee2mqtt/alarm-button"
            if one.property == "action" and {"emergency", "panic", "sos"} & set(one.values):
                return "zigbee2mqtt/alarm-button"
        return "zigbee2mqtt/sensor"

    def _event(self, payload: bytes) -> tuple[Understood, ...]:
        body = table(parsed(payload))
        data = table(body.get("data"))
        address = text(data.get("ieee_address"))
        kind = {"device_joined": HeardBy.JOIN, "device_announce": HeardBy.ANNOUNCE}.get(
            text(body.get("type"))
        )
        known = next((k for k in self.known.values() if k.native == address), None)
        if kind is None or known is None:
            return (Ignored("a bridge event without news of a device of ours"),)
        # An announce from an alarm device may be all that is left of a press (A9).
        return (self._message(known, (DeviceHeard(kind),), "", "event"),)


HEARD = (DeviceHeard(),)
NO_TIME = DeviceTime()


def _state_of(payload: bytes) -> str:
    """`online` or `offline`, plain (1.x) or as JSON (2.x) (M5)."""
    value = parsed(payload)
    if isinstance(value, dict):
        return text(table(cast("object", value)).get("state")).lower()
    return (value if isinstance(value, str) else plain(payload)).lower()


def _last_seen(value: object) -> DeviceTime:
    at = instant(value)
    if at is not None:
        return judged(at, TimeQuality.GATEWAY)
    millis = number(value)
    return NO_TIME if millis is None else device_time(millis / 1000, TimeQuality.GATEWAY)


def _key(known: Known, findings: Findings) -> str:
    parts = findings.key_parts
    return short(f"{known.native}|{','.join(parts)}") if parts else ""


def _press_key(reading: HelpPressed | ButtonPressed) -> str:
    if isinstance(reading, HelpPressed):
        return f"help:{reading.trigger}:{reading.button}"
    return f"button:{reading.kind}:{reading.button}"


def _press(
    findings: Findings, action: object, press: list[HelpPressed | ButtonPressed]
) -> None:
    """Null and empty are no event (M1, M2); from an alarm the unknown is help (M9)."""
    if action is None or action == "" or action == "none":  # noqa: PLR1714 - any type
        return
    if not isinstance(action, str):
        findings.problem(ProblemKind.SCHEMA, f"action={excerpt(action, 24)}")
        if findings.alarm:
            press.append(HelpPressed(meaning_of("").trigger))
        return
    asked = meaning_of(action)
    if not findings.alarm:
        if asked.emergency:
            press.append(HelpPressed(asked.trigger, asked.button))
        else:
            press.append(ButtonPressed(asked.kind, asked.button))
    elif asked.cancels:
        findings.readings.append(HelpCancelled())
        findings.key_parts.append("cancel")
    elif asked.asks:
        press.append(HelpPressed(asked.trigger, asked.button, asked.count))
        if not asked.known:
            findings.problem(ProblemKind.UNKNOWN_ENUM, f"action={excerpt(action, 24)}")
