"""The one door into `devices`: a topic and its bytes become what the hub can act on.

A `Registry` is immutable. It is built from the bridges, what is enrolled and what the bridges
last said they know; when one of these changes, a new one is built. `understand` never raises
and is bounded in time: size first, then one dictionary look-up, then the bridge's codec.
"""

from collections.abc import Callable, Iterable, Mapping

from devices.catalogue import Catalogue, load
from devices.chirpstack import ChirpStack
from devices.codec import (
    LONGEST_LIST,
    LONGEST_MESSAGE,
    BridgeLike,
    Codec,
    Discovered,
    Discovery,
    Enrolled,
    Enrolments,
    Ignored,
    Undecodable,
    Understood,
    excerpt,
)
from devices.espresense import Espresense
from devices.generic_json import GenericJson
from devices.shelly import Shelly
from devices.theengs import Theengs
from devices.thethingsstack import TheThingsStack
from devices.zigbee2mqtt import Zigbee2Mqtt
from routing.ids import BridgeId
from routing.readings import DeviceClass

Maker = Callable[[BridgeLike, Mapping[str, Enrolled], Catalogue, tuple[Discovered, ...]], Codec]


def _listless(
    kind: Callable[[BridgeLike, Mapping[str, Enrolled], Catalogue], Codec],
) -> Maker:
    """A codec that needs no list of the bridge's own: its models say it all."""
    return lambda bridge, enrolled, catalogue, _found: kind(bridge, enrolled, catalogue)


MAKERS: Mapping[str, Maker] = {
    "zigbee2mqtt": Zigbee2Mqtt,
    "chirpstack": _listless(ChirpStack),
    "thethingsstack": _listless(TheThingsStack),
    "shelly": _listless(Shelly),
    "espresense": _listless(Espresense),
    "theengs": _listless(Theengs),
    "json": _listless(GenericJson),
}
EVERY_CLASS = frozenset(DeviceClass)
ALARM_LANE = frozenset({DeviceClass.ALARM, DeviceClass.SAFETY})
OF_ITSELF: Mapping[str, tuple[str, ...]] = {
    "zigbee2mqtt": ("bridge/#",),
    "espresense": ("rooms/+/status", "rooms/+/telemetry"),
    "theengs": ("+/LWT", "+/SYStoMQTT"),
}
"""What a bridge says of itself and its parts, below its base topic."""
LONGEST_TOPIC = 1024


class UnknownEcosystemError(ValueError):
    """A bridge names an ecosystem that no codec speaks."""


class Registry:
    """All codecs of a house, by topic."""

    def __init__(
        self,
        bridges: Iterable[BridgeLike],
        enrolled: Enrolments,
        discovered: Iterable[Discovery] = (),
        catalogue: Catalogue | None = None,
    ) -> None:
        """Build the codecs.

        Raises:
            UnknownEcosystemError: a bridge speaks something else than those in `MAKERS`.
        """
        catalogue = load() if catalogue is None else catalogue
        found = _merged(discovered)
        self._codecs: list[tuple[str, BridgeId, Codec]] = []
        self._own: list[str] = []
        self._gateways: Codec | None = None
        self._gateway_bridge: BridgeId | None = None
        for bridge in bridges:
            maker = MAKERS.get(bridge.ecosystem)
            if maker is None:
                known = ", ".join(sorted(MAKERS))
                raise UnknownEcosystemError(
                    f"bridge {bridge.id!r}: no codec speaks {bridge.ecosystem!r}; "
                    f"choose of {known}"
                )
            own = {native: one for (of, native), one in enrolled.items() if of == bridge.id}
            codec = maker(bridge, own, catalogue, found.get(bridge.id, ()))
            base = bridge.base_topic.strip("/")
            head = base + "/" if base else ""
            self._codecs.append((head, bridge.id, codec))
            self._own += [head + topic for topic in OF_ITSELF.get(bridge.ecosystem, ())]
            if isinstance(codec, ChirpStack) and self._gateways is None:
                self._gateways, self._gateway_bridge = codec, bridge.id
        # The longest base first: `home/z2m/` before `home/`.
        self._codecs.sort(key=lambda one: -len(one[0]))

    def understand(
        self, topic: str, payload: bytes, *, retained: bool = False, qos: int = 1
    ) -> tuple[Understood, ...]:
        """Return what a message says. Never raises, whatever the topic and the bytes are."""
        del retained, qos  # how it was delivered is judged in routing; a codec only reads
        try:
            return self._understand(topic, payload)
        except Exception as error:  # noqa: BLE001 - a stranger's bytes must not stop the hub
            why = f"the codec failed ({type(error).__name__}): report this payload to us"
            return (Undecodable(topic, payload, why, self._route(topic)[0]),)

    def alarm_topics(self) -> tuple[str, ...]:
        """Return the filters of exactly the enrolled alarm and safety devices (alarm lane)."""
        return tuple(t for _, _, codec in self._codecs for t in codec.topics(ALARM_LANE))

    def bulk_topics(self) -> tuple[str, ...]:
        """Return the filters of everything that the bridges may say (bulk lane)."""
        topics = [base + "#" if base else "#" for base, _, _ in self._codecs]
        if self._gateways is not None:
            topics += ["gateway/+/state/+", "+/gateway/+/state/+"]
        return tuple(topics)

    def spared_topics(self) -> tuple[str, ...]:
        """Return the filters of what is read even while a bridge floods.

        All that enrolled devices say, of whatever class, and what a bridge says of itself.
        """
        enrolled = (t for _, _, codec in self._codecs for t in codec.topics(EVERY_CLASS))
        gateways = self.bulk_topics()[len(self._codecs) :]
        return tuple(dict.fromkeys((*enrolled, *self._own, *gateways)))

    def bridge_of(self, topic: str) -> BridgeId | None:
        """Return whose base topic a topic or a filter stands under."""
        return self._route(topic)[0]

    def _understand(self, topic: str, payload: bytes) -> tuple[Understood, ...]:
        if len(topic) > LONGEST_TOPIC:
            return (Undecodable(topic[:LONGEST_TOPIC], payload, "the topic is too long"),)
        bridge, codec, rest = self._route(topic)
        if codec is None:
            return (Ignored("no bridge has this topic"),)
        longest = LONGEST_LIST if rest == "bridge/devices" else LONGEST_MESSAGE
        if len(payload) > longest:
            why = f"{len(payload)} bytes; a message has at most {longest}"
            return (Undecodable(topic, payload[:LONGEST_MESSAGE], why, bridge),)
        return codec.understand(topic, rest, payload)

    def _route(self, topic: str) -> tuple[BridgeId | None, Codec | None, str]:
        for base, bridge, codec in self._codecs:
            if topic.startswith(base):
                return bridge, codec, topic[len(base) :]
        if self._gateways is not None and "gateway" in topic.split("/", 2)[:2]:
            return self._gateway_bridge, self._gateways, topic
        return None, None, ""

    def __repr__(self) -> str:
        return f"Registry({', '.join(excerpt(base) for base, _, _ in self._codecs)})"


def _merged(discovered: Iterable[Discovery]) -> dict[BridgeId, tuple[Discovered, ...]]:
    """Join what each bridge said: a complete list replaces, a proposal adds."""
    found: dict[BridgeId, dict[str, Discovered]] = {}
    for one in discovered:
        known = {} if one.complete else found.get(one.bridge, {})
        found[one.bridge] = known | {device.native: device for device in one.found}
    return {bridge: tuple(known.values()) for bridge, known in found.items()}


__all__ = ["Registry", "UnknownEcosystemError"]
