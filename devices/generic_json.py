"""Everything that is plain text or JSON on a topic: ESPHome, Tasmota, radars over Wi-Fi.

A model lists values: under which sub-topic and at which path a value stands, and which word it
carries. A device is enrolled by the topic between the bridge's base and the first such
sub-topic. `value_template`s of Home Assistant are never executed: a path is names and numbers,
nothing more.
"""

from collections.abc import Mapping

from devices.catalogue import Catalogue, Model, Rule
from devices.codec import (
    PRESS_WINDOW,
    BridgeLike,
    Enrolled,
    Ignored,
    Message,
    Undecodable,
    Understood,
    level,
    short,
)
from devices.envelope import BROKEN, parsed, plain
from devices.lorawan import NO_MODEL, looked_up
from devices.words import Findings
from routing.readings import (
    Availability,
    AvailabilityChanged,
    DeviceClass,
    DeviceHeard,
    Reading,
)

LAST_WILLS: Mapping[str, Availability] = {
    "online": Availability.ONLINE,
    "offline": Availability.OFFLINE,
    "true": Availability.ONLINE,
    "false": Availability.OFFLINE,
    "connected": Availability.ONLINE,
    "disconnected": Availability.OFFLINE,
}
WILL_TOPICS = frozenset({"status", "lwt", "availability", "online", "$state"})


class GenericJson:
    """The codec of a base topic whose devices have a JSON model each."""

    def __init__(
        self, bridge: BridgeLike, enrolled: Mapping[str, Enrolled], catalogue: Catalogue
    ) -> None:
        """Take the enrolled devices by their topic below the base."""
        self.bridge = bridge.id
        self.base = bridge.base_topic.strip("/")
        self.catalogue = catalogue
        self.enrolled = {native.strip("/"): one for native, one in enrolled.items()}

    def topics(self, wanted: frozenset[DeviceClass]) -> tuple[str, ...]:
        """Return the topics of the enrolled devices of these classes."""
        head = self.base + "/" if self.base else ""
        return tuple(
            f"{head}{level(native)}/#"
            for native, one in self.enrolled.items()
            if one.device_class in wanted
        )

    def understand(self, topic: str, rest: str, payload: bytes) -> tuple[Understood, ...]:
        """Return what one message says."""
        native, below = self._owner(rest)
        enrolled = self.enrolled.get(native)
        if enrolled is None:
            return (Ignored("nobody enrolled a device under this topic"),)
        if not payload:
            return (Ignored("a deleted topic"),)
        model = self.catalogue.get(enrolled.model)
        if model is None:
            why = NO_MODEL.format(enrolled.model)
            return (self._undecodable(topic, payload, native, enrolled, why),)
        return (self._read(topic, payload, native, below, enrolled, model),)

    def _owner(self, rest: str) -> tuple[str, str]:
        levels = rest.split("/")
        for count in range(len(levels), 0, -1):
            native = "/".join(levels[:count])
            if native in self.enrolled:
                return native, "/".join(levels[count:])
        return "", rest

    def _read(
        self,
        topic: str,
        payload: bytes,
        native: str,
        below: str,
        enrolled: Enrolled,
        model: Model,
    ) -> Message | Undecodable | Ignored:
        rules = [rule for rule in model.rules if _matches(rule.topic, below)]
        if not rules:
            return self._will(native, below, payload, enrolled)
        value = parsed(payload)
        flat = plain(payload) if value is BROKEN else value
        findings = Findings(enrolled.device_class)
        found = False
        for rule in rules:
            there = _value(rule, value, flat)
            if there is not BROKEN and there != "":
                findings.put(rule.word, there)
                found = True
        if not found:
            why = f"{model.id}: none of its values stands in this message"
            return self._undecodable(topic, payload, native, enrolled, why)
        parts = ",".join(findings.key_parts)
        key = short(f"{native}|{parts}") if parts else ""
        readings: tuple[Reading, ...] = findings.done() or (DeviceHeard(),)
        return Message(
            self.bridge,
            native,
            enrolled.device,
            readings,
            key,
            PRESS_WINDOW,
            findings.time,
            findings.history,
            model=model.id,
            model_version=model.version,
        )

    def _will(
        self, native: str, below: str, payload: bytes, enrolled: Enrolled
    ) -> Message | Ignored:
        state = LAST_WILLS.get(plain(payload).lower())
        if below.lower() not in WILL_TOPICS or state is None:
            return Ignored("a topic that its model does not name")
        reading = AvailabilityChanged(state, below)
        return Message(self.bridge, native, enrolled.device, (reading,), source="availability")

    def _undecodable(
        self, topic: str, payload: bytes, native: str, enrolled: Enrolled, why: str
    ) -> Undecodable:
        return Undecodable(topic, payload, why, self.bridge, native, enrolled.device)


def _value(rule: Rule, value: object, flat: object) -> object:
    if not rule.paths:
        return flat if isinstance(flat, (str, int, float)) else BROKEN
    return looked_up(rule, value)


def _matches(pattern: str, below: str) -> bool:
    """Whether a sub-topic fits; `+` stands for one level."""
    if pattern == below:
        return True
    wanted, levels = pattern.split("/"), below.split("/")
    return len(wanted) == len(levels) and all(
        a in {"+", b} for a, b in zip(wanted, levels, strict=True)
    )
