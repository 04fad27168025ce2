"""ESPresense: which room heard which tag, and the rooms' own inputs.

`espresense/devices/<id>/<room>` is a sighting (QoS 0, not retained); an enrolled node's
`telemetry` is its sign of life; `espresense/rooms/<room>/status` is a node's last will; its
button, motion, pir and radar inputs are *retained*: exactly the replayed old press (R1), which
`routing` tells from a new one by its delivery. A sighting never says where somebody is, only
who was heard by what (L4).
"""

from collections.abc import Mapping

from devices.catalogue import Catalogue
from devices.codec import (
    BridgeLike,
    BridgeSaid,
    Enrolled,
    Ignored,
    Message,
    Undecodable,
    Understood,
    excerpt,
    level,
)
from devices.envelope import parsed, plain, table
from devices.words import Findings, Word, number
from routing.readings import BatteryRead, DeviceClass, DeviceHeard, HeardBy, Reading, Sighted

INPUTS: Mapping[str, Word] = {
    "motion": Word("motion", on="ON"),
    "pir": Word("motion", on="ON"),
    "radar": Word("motion", on="ON"),
}
ON = frozenset({"on", "1", "true", "pressed"})


class Espresense:
    """The codec of one ESPresense."""

    def __init__(
        self, bridge: BridgeLike, enrolled: Mapping[str, Enrolled], catalogue: Catalogue
    ) -> None:
        """Take the enrolled tags by id (an alias is enrolled as a device of its own, L3)."""
        del catalogue
        self.bridge = bridge.id
        self.base = bridge.base_topic.strip("/") or "espresense"
        self.enrolled = dict(enrolled)

    def topics(self, wanted: frozenset[DeviceClass]) -> tuple[str, ...]:
        """Return the inputs of enrolled nodes; sightings are never urgent."""
        nodes = [n for n, d in self.enrolled.items() if d.device_class in wanted]
        return tuple(f"{self.base}/rooms/{level(node)}/+" for node in nodes)

    def understand(self, topic: str, rest: str, payload: bytes) -> tuple[Understood, ...]:
        """Return what one message says."""
        match rest.split("/"):
            case ["devices", tag, room]:
                return (self._sighting(topic, tag, room, payload),)
            case ["rooms", room, "status"]:
                state = plain(payload).lower()
                if state in {"online", "offline"}:
                    return (BridgeSaid(self.bridge, state == "online", f"node {room}", room),)
                why = "a node's status is neither online nor offline"
                return (Undecodable(topic, payload, why, self.bridge),)
            case ["rooms", room, "telemetry"] if room in self.enrolled:
                return (self._message(room, (DeviceHeard(HeardBy.HEARTBEAT),), ""),)
            case ["rooms", room, ("button" | "motion" | "pir" | "radar") as what]:
                return (self._input(topic, room, what, payload),)
            case _:
                return (Ignored("ESPresense's own business"),)

    def _sighting(
        self, topic: str, tag: str, room: str, payload: bytes
    ) -> Message | Undecodable:
        enrolled = self.enrolled.get(tag)
        body = table(parsed(payload))
        rssi, distance = number(body.get("rssi")), number(body.get("distance"))
        if rssi is None and distance is None:
            device = enrolled.device if enrolled else None
            why = "a sighting without rssi and distance"
            return Undecodable(topic, payload, why, self.bridge, tag, device)
        readings: list[Reading] = [Sighted(room, rssi, distance)]
        percent, millivolts = number(body.get("batt")), number(body.get("mV"))
        if percent is not None or millivolts is not None:
            volts = None if millivolts is None else round(millivolts / 1000, 3)
            clamped = None if percent is None else min(max(percent, 0.0), 100.0)
            readings.append(BatteryRead(clamped, volts))
        return self._message(tag, tuple(readings), "")

    def _input(
        self, topic: str, room: str, what: str, payload: bytes
    ) -> Message | Undecodable | Ignored:
        enrolled = self.enrolled.get(room)
        value = plain(payload)
        if not value:
            device = enrolled.device if enrolled else None
            return Undecodable(topic, payload, f"{what} is no text", self.bridge, room, device)
        findings = Findings(enrolled.device_class if enrolled else DeviceClass.COMFORT)
        if what == "button":
            if value.lower() in ON:
                findings.put(Word("press", values={value: "press"}), value)
            else:
                findings.readings.append(DeviceHeard())
        else:
            findings.put(INPUTS[what], value)
        key = f"{room}|{excerpt(','.join(findings.key_parts), 96)}"
        return self._message(room, findings.done(), key)

    def _message(self, native: str, readings: tuple[Reading, ...], key: str) -> Message:
        enrolled = self.enrolled.get(native)
        device = enrolled.device if enrolled else None
        model = enrolled.model if enrolled else ""
        return Message(self.bridge, native, device, readings, key, model=model)


__all__ = ["Espresense"]
