"""Shelly: Gen2+ over MQTT (`events/rpc`, `status/<component>`, `online`), and Gen1's topics.

Not every event is a press: `btn_down` and `btn_up` frame one, `config_changed` is none. BLU
devices speak through a gateway as `bthomedevice:200`; their buttons re-send the last press as
a heartbeat (DEVICES D8), so the key of such a press carries no time and its window is long
enough for copies only. A device is enrolled as `<prefix>` or, for one of its parts,
`<prefix>/<component>`. Source: the maker's API documentation, as DEVICES section 2.5 says.
"""

from collections.abc import Mapping, Sequence

from devices.actions import meaning_of
from devices.catalogue import Catalogue, Rule
from devices.codec import (
    PRESS_WINDOW,
    BridgeLike,
    BridgeSaid,
    Enrolled,
    Ignored,
    Message,
    Undecodable,
    Understood,
    excerpt,
    level,
    short,
)
from devices.envelope import Json, items, parsed, plain, table, text
from devices.lorawan import apply
from devices.times import device_time
from devices.words import Findings, Word, number
from routing.readings import (
    Availability,
    AvailabilityChanged,
    DeviceClass,
    DeviceFault,
    DeviceHeard,
    DeviceTime,
    HeardBy,
    Reading,
)

PRESSES: Mapping[str, str] = {
    "single_push": "press", "double_push": "double", "triple_push": "triple", "long_push":
    "long", "single_press": "press", "double_press": "double", "triple_press": "triple",
    "long_press": "long", "hold_press": "long", "push": "press",
    "S": "press", "SS": "double", "SSS": "triple", "L": "long",
}  # fmt: skip
FRAMES = frozenset({"btn_down", "btn_up"})
DEVICE: Mapping[str, Word] = {"battery": Word("battery_percent"), "rssi": Word("rssi")}
COMPONENTS: Mapping[str, Mapping[str, Word]] = {
    "bthomedevice": DEVICE,
    "blutrv": DEVICE,
    "devicepower": {},
    "temperature": {"tC": Word("measured", name="temperature", unit="°C")},
    "humidity": {"rh": Word("measured", name="humidity", unit="%")},
    "illuminance": {"lux": Word("measured", name="illuminance", unit="lx")},
    "smoke": {"alarm": Word("fault", what="smoke")},
    "flood": {"alarm": Word("measured", name="water_leak")},
    "occupancy": {"value": Word("motion")},
    "presence": {"num_objects": Word("count")},
    "presencezone": {"state": Word("motion"), "num_objects": Word("count")},
    "wifi": {"rssi": Word("rssi")},
    "cover": {},
}


class Shelly:
    """The codec of the Shellies under one base topic."""

    def __init__(
        self, bridge: BridgeLike, enrolled: Mapping[str, Enrolled], catalogue: Catalogue
    ) -> None:
        """Take the enrolled devices by topic prefix, or prefix and component."""
        self.bridge = bridge.id
        self.base = bridge.base_topic.strip("/")
        self.enrolled = dict(enrolled)
        self.catalogue = catalogue
        self.prefixes = sorted({n.partition("/")[0] for n in enrolled}, key=len, reverse=True)

    def topics(self, wanted: frozenset[DeviceClass]) -> tuple[str, ...]:
        """Return the topics of enrolled devices; all parts of one speak on the same."""
        head = self.base + "/" if self.base else ""
        of = {n.partition("/")[0] for n, d in self.enrolled.items() if d.device_class in wanted}
        return tuple(f"{head}{level(prefix)}/#" for prefix in sorted(of))

    def understand(self, topic: str, rest: str, payload: bytes) -> tuple[Understood, ...]:
        """Return what one message says."""
        levels = rest.split("/")
        match levels:
            case [device, "online"]:
                return self._online(topic, device, payload)
            case [device, "events", "rpc"]:
                return self._rpc(topic, device, payload)
            case [device, "status", component]:
                body = parsed(payload)
                if body.__class__ is not dict:
                    return (
                        self._undecodable(topic, device, payload, "status is no JSON object"),
                    )
                return self._status(device, {component: table(body)})
            case [device, "input_event", number_]:
                return self._gen1(topic, device, number_, payload)
            case _:
                return (Ignored("a Shelly topic of no use to us"),)

    def _online(self, topic: str, device: str, payload: bytes) -> tuple[Understood, ...]:
        state = plain(payload).lower()
        if state not in {"true", "false"}:
            return (self._undecodable(topic, device, payload, "online is no true or false"),)
        word = Availability.ONLINE if state == "true" else Availability.OFFLINE
        said: tuple[Understood, ...] = (
            self._message(device, "", (AvailabilityChanged(word, "shelly"),), "", "online"),
        )
        if any(native.startswith(device + "/") for native in self.enrolled):
            said = (
                *said,
                BridgeSaid(self.bridge, state == "true", f"gateway {device}", device),
            )
        return said

    def _rpc(self, topic: str, device: str, payload: bytes) -> tuple[Understood, ...]:
        body = table(parsed(payload))
        params = table(body.get("params"))
        match text(body.get("method")):
            case "NotifyEvent":
                found = [
                    said
                    for event in items(params.get("events"))[:32]
                    if (said := self._event(device, table(event))) is not None
                ]
                return tuple(found) or (Ignored("a Shelly event of no use to us"),)
            case "NotifyStatus" | "NotifyFullStatus":
                return self._status(device, params)
            case "":
                return (self._undecodable(topic, device, payload, "no JSON-RPC notification"),)
            case method:
                return (Ignored(f"a Shelly notification {excerpt(method)}"),)

    def _event(self, device: str, event: Json) -> Message | None:
        component, name = text(event.get("component")), text(event.get("event"))
        enrolled = self._enrolled(device, component)
        alarm = enrolled is not None and enrolled.device_class is DeviceClass.ALARM
        at = number(event.get("ts"))
        time = DeviceTime() if at is None else device_time(at)
        kind = component.partition(":")[0]
        if kind not in {"input", "bthomedevice", "bthomesensor"}:
            return None
        if name in FRAMES:
            return self._message(device, component, (DeviceHeard(),), "", "event", time)
        token = PRESSES.get(name)
        if token is None and not (alarm and meaning_of(name).asks and "_push" in name):
            if kind == "input":
                return None
            return self._message(
                device, component, (DeviceHeard(HeardBy.HEARTBEAT),), "", "event"
            )
        findings = Findings(enrolled.device_class if enrolled else DeviceClass.COMFORT)
        button = _button(component, event)
        findings.put(Word("press", zone=button, values=PRESSES), name)
        key = short(f"{device}/{component}|{button}|{name}")
        return self._message(device, component, findings.done(), key, "event", time)

    def _status(self, device: str, components: Json) -> tuple[Understood, ...]:
        found: list[Understood] = []
        for component, value in list(components.items())[:64]:
            status = table(value)
            kind = component.partition(":")[0]
            words = COMPONENTS.get(kind)
            rules = self._rules(device, component)
            if words is None and kind != "input" and not rules:
                continue
            enrolled = self._enrolled(device, component)
            findings = Findings(enrolled.device_class if enrolled else DeviceClass.COMFORT)
            apply(rules, status, findings)
            for name, word in (words or {}).items():
                if status.get(name) is not None:
                    findings.put(word, status[name])
            if kind == "devicepower":
                _power(table(status.get("battery")), findings)
            for error in items(status.get("errors"))[:4]:
                findings.readings.append(DeviceFault(excerpt(text(error), 40), component))
            if kind == "input" and isinstance(status.get("state"), bool):
                findings.put(Word("measured", name=component), status["state"])
            parts = ",".join(findings.key_parts)
            key = short(f"{device}/{component}|{parts}") if parts else ""
            readings = findings.done() or (DeviceHeard(),)
            found.append(self._message(device, component, readings, key, "status"))
        return tuple(found) or (Ignored("a Shelly status of no use to us"),)

    def _gen1(
        self, topic: str, device: str, index: str, payload: bytes
    ) -> tuple[Understood, ...]:
        """`{"event": "S", "event_cnt": 12}`: the count tells presses apart; empty is none."""
        body = table(parsed(payload))
        if "event" not in body:
            return (
                self._undecodable(topic, device, payload, "an input event without `event`"),
            )
        name = body["event"]
        if not name:
            return (Ignored("an empty Gen1 input event"),)
        component = f"input:{index}"
        enrolled = self._enrolled(device, component)
        findings = Findings(enrolled.device_class if enrolled else DeviceClass.COMFORT)
        findings.put(Word("press", zone=index, values=PRESSES), name)
        key = short(f"{device}/{component}|{excerpt(name)}|{excerpt(body.get('event_cnt'))}")
        return (self._message(device, component, findings.done(), key, "event"),)

    def _rules(self, device: str, component: str) -> Sequence[Rule]:
        """Return how a part is read: what a `bthomesensor` means is not on the wire."""
        part = self.enrolled.get(f"{device}/{component}")
        model = self.catalogue.get(part.model) if part is not None else None
        return () if model is None else model.rules

    def _enrolled(self, device: str, component: str) -> Enrolled | None:
        return self.enrolled.get(f"{device}/{component}") or self.enrolled.get(device)

    def _message(
        self,
        device: str,
        component: str,
        readings: tuple[Reading, ...],
        key: str,
        source: str,
        time: DeviceTime = DeviceTime(),  # noqa: B008 - frozen
    ) -> Message:
        part = f"{device}/{component}"
        native = part if part in self.enrolled else device
        enrolled = self.enrolled.get(native)
        return Message(
            self.bridge,
            native,
            enrolled.device if enrolled else None,
            readings,
            key,
            PRESS_WINDOW,
            time,
            source=source,
            model=enrolled.model if enrolled else "",
        )

    def _undecodable(self, topic: str, device: str, payload: bytes, why: str) -> Undecodable:
        enrolled = self.enrolled.get(device)
        of = enrolled.device if enrolled else None
        return Undecodable(topic, payload, why, self.bridge, device, of)


def _power(battery: Json, findings: Findings) -> None:
    for name, word in (("percent", "battery_percent"), ("V", "battery_volts")):
        if battery.get(name) is not None:
            findings.put(Word(word), battery[name])


def _button(component: str, event: Json) -> str:
    """Which button: a BLU device's `idx`, or the number of the input."""
    index = event.get("idx")
    if isinstance(index, int) and not isinstance(index, bool):
        return str(index)
    kind, _, number_ = component.partition(":")
    return number_ if kind == "input" else ""
