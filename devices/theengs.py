"""OpenMQTTGateway and Theengs gateway: Bluetooth adverts as JSON.

`home/<gateway>/BTtoMQTT/<MAC>`: what the gateway decoded, and the raw service or manufacturer
data, which we read ourselves where we can (DEVICES fact 6); `home/<gateway>/LWT` is its last
will. Every advert is also a sighting by that gateway.
"""

from collections.abc import Mapping
from datetime import timedelta

from devices import adverts
from devices.catalogue import Catalogue
from devices.codec import (
    BridgeLike,
    BridgeSaid,
    Enrolled,
    Ignored,
    Message,
    Undecodable,
    Understood,
    level,
    short,
)
from devices.envelope import Json, parsed, plain, table, text
from devices.words import Findings, Word, number
from routing.readings import DeviceClass, DeviceHeard, HeardBy, Reading, Sighted

PACKET_WINDOW = timedelta(seconds=4)
"""An advert is repeated, and heard by several gateways, for about so long (DEVICES D9)."""
DECODED: Mapping[str, Word] = {
    "batt": Word("battery_percent"),
    "volt": Word("battery_volts"),
    "tempc": Word("measured", name="temperature", unit="°C"),
    "hum": Word("measured", name="humidity", unit="%"),
    "lux": Word("measured", name="illuminance", unit="lx"),
    "open": Word("door"),
    "door": Word("door"),
    "opening": Word("door"),
    "motion": Word("motion"),
    "presence": Word("motion"),
    "pres": Word("motion"),
    "occupancy": Word("motion"),
    "tamper": Word("tamper", what="case"),
    "low_batt": Word("battery_low"),
}
BUTTONS: Mapping[str, str] = {
    "0": "", "1": "press", "2": "double", "3": "triple", "4": "long", "254": "hold", "128":
    "hold", "press": "press", "single": "press", "double": "double", "triple": "triple",
    "long": "long",
}  # fmt: skip

BUTTON = Word("press", values=BUTTONS, none=frozenset({"0", "", "none"}))


class Theengs:
    """The codec of the OpenMQTTGateways of one base topic."""

    def __init__(
        self, bridge: BridgeLike, enrolled: Mapping[str, Enrolled], catalogue: Catalogue
    ) -> None:
        """Take the enrolled devices by address, in any spelling."""
        self.bridge = bridge.id
        self.base = bridge.base_topic.strip("/") or "home"
        self.enrolled = {_plain_address(native): one for native, one in enrolled.items()}
        self.catalogue = catalogue

    def topics(self, wanted: frozenset[DeviceClass]) -> tuple[str, ...]:
        """Return the topics of enrolled devices, by any gateway."""
        natives = [n for n, d in self.enrolled.items() if d.device_class in wanted]
        return tuple(f"{self.base}/+/BTtoMQTT/{level(native.upper())}" for native in natives)

    def understand(self, topic: str, rest: str, payload: bytes) -> tuple[Understood, ...]:
        """Return what one message says."""
        match rest.split("/"):
            case [gateway, "LWT"]:
                state = plain(payload).lower()
                if state in {"online", "offline"}:
                    online = state == "online"
                    return (BridgeSaid(self.bridge, online, f"gateway {gateway}", gateway),)
                why = "a gateway's LWT is neither online nor offline"
                return (Undecodable(topic, payload, why, self.bridge),)
            case [gateway, "SYStoMQTT"] if (known := _plain_address(gateway)) in self.enrolled:
                return (self._alive(known),)
            case [gateway, "BTtoMQTT", *_] | [gateway, "undecoded", *_]:
                return (self._advert(topic, gateway, payload),)
            case ["home_presence", gateway, *_]:
                return (self._advert(topic, gateway, payload),)
            case _:
                return (Ignored("the gateway's own business"),)

    def _alive(self, gateway: str) -> Message:
        """A receiver's own news of itself: that it lives is what we need of it."""
        enrolled = self.enrolled[gateway]
        heard = (DeviceHeard(HeardBy.HEARTBEAT),)
        return Message(self.bridge, gateway, enrolled.device, heard, model=enrolled.model)

    def _advert(self, topic: str, gateway: str, payload: bytes) -> Message | Undecodable:
        body = table(parsed(payload))
        native = _plain_address(text(body.get("id")) or text(body.get("mac")))
        if not native:
            why = "an advert without `id`"
            return Undecodable(topic, payload, why, self.bridge)
        enrolled = self.enrolled.get(native)
        findings = Findings(enrolled.device_class if enrolled else DeviceClass.COMFORT)
        why = self._read(body, native, enrolled, findings)
        if why and enrolled is not None:
            return Undecodable(topic, payload, why, self.bridge, native, enrolled.device)
        rssi = number(body.get("rssi"))
        readings: tuple[Reading, ...] = findings.done() or (DeviceHeard(),)
        if rssi is not None:
            readings = (*readings, Sighted(gateway, rssi, number(body.get("distance"))))
        parts = ",".join(findings.key_parts)
        return Message(
            self.bridge,
            native,
            enrolled.device if enrolled else None,
            readings,
            short(f"{native}|{parts}") if parts else "",
            PACKET_WINDOW,
            model=enrolled.model if enrolled else "",
        )

    def _read(
        self, body: Json, native: str, enrolled: Enrolled | None, findings: Findings
    ) -> str:
        """The raw data first, by our own tables; then what the gateway decoded."""
        structures = _structures(body)
        secret = enrolled.secret if enrolled else ""
        address = ":".join(native[i : i + 2] for i in range(0, 12, 2))
        advert = adverts.Advert(address, structures)
        why = adverts.understand(advert, secret, self.catalogue, findings) if structures else ""
        if structures and not why:
            return ""
        taken = False
        for name, word in DECODED.items():
            if body.get(name) is not None:
                findings.put(word, body[name])
                taken = True
        if body.get("button") is not None:
            findings.put(BUTTON, body["button"])
            taken = True
        return "" if taken or why == adverts.NOTHING_KNOWN else why


def _plain_address(address: str) -> str:
    return address.replace(":", "").replace("-", "").lower()


def _structures(body: Json) -> tuple[bytes, ...]:
    found: list[bytes] = []
    uuid = text(body.get("servicedatauuid")).lower().removeprefix("0x")
    data = _unhex(body.get("servicedata"))
    if data and len(uuid) == 4:
        found.append(b"\x16" + (_unhex(uuid) or b"\0\0")[::-1] + data)
    maker = _unhex(body.get("manufacturerdata"))
    if maker:
        found.append(b"\xff" + maker)
    return tuple(found)


def _unhex(value: object) -> bytes:
    try:
        return bytes.fromhex(text(value))
    except ValueError:
        return b""
