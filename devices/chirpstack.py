"""ChirpStack v4 (and v3 where it differs): application events and gateway states.

`application/<id>/device/<DevEUI>/event/<event>`, JSON; QoS 0, nothing retained, no last will,
so only its gateways' `conn` tells that it lives. Absent fields are protobuf's defaults: an
absent fCnt is 0. Source: the server's own integration code, read as DEVICES section 2.2 says.
"""

from collections.abc import Callable, Mapping

from devices import lorawan
from devices.catalogue import Catalogue, suggest
from devices.codec import (
    BridgeLike,
    BridgeSaid,
    Enrolled,
    Ignored,
    Message,
    Undecodable,
    Understood,
    excerpt,
)
from devices.envelope import BROKEN, Json, instant, items, parsed, table, text, unbase64, whole
from devices.words import judged, number
from routing.ids import BridgeId, DeviceId
from routing.readings import (
    BatteryRead,
    DeviceClass,
    DeviceFault,
    DeviceHeard,
    DeviceTime,
    HeardBy,
    LinkRead,
    Problem,
    ProblemKind,
    Reading,
    Sighted,
    TimeQuality,
    Trust,
)

MOST_GATEWAYS = 64
MAX_PERCENT = 100.0


class ChirpStack:
    """The codec of one ChirpStack."""

    def __init__(
        self, bridge: BridgeLike, enrolled: Mapping[str, Enrolled], catalogue: Catalogue
    ) -> None:
        """Take the bridge, its enrolled devices by DevEUI, and the catalogue."""
        self.bridge = bridge.id
        self.base = bridge.base_topic
        self.enrolled = {eui.lower(): device for eui, device in enrolled.items()}
        self.catalogue = catalogue
        self._events: dict[str, Callable[[_Event], tuple[Understood, ...]]] = {
            "up": self._up,
            "join": self._join,
            "status": self._status,
            "log": self._log,
            "error": self._log,
            "location": self._location,
            "ack": self._ack,
            "txack": self._nothing,
            "integration": self._nothing,
        }

    def topics(self, wanted: frozenset[DeviceClass]) -> tuple[str, ...]:
        """Return the topic filters of the enrolled devices of these classes."""
        head = self.base.strip("/") or "application"
        # The base may name the application already.
        return tuple(
            f"{head}/{between}device/{eui}/event/+"
            for eui, device in self.enrolled.items()
            if device.device_class in wanted
            for between in ("", "+/")
        )

    def understand(self, topic: str, rest: str, payload: bytes) -> tuple[Understood, ...]:
        """Return what one event or one gateway's state says."""
        levels = rest.split("/")
        if "gateway" in levels[:2]:
            return self._gateway(topic, levels, payload)
        match levels[-4:]:
            case ["device", eui, "event", kind] if kind in self._events:
                return self._event(topic, eui.lower(), kind, payload)
            case ["device", _, "event", kind]:
                return (Ignored(f"a ChirpStack event called {excerpt(kind)}"),)
            case _:
                return (Ignored("no ChirpStack event"),)

    def _event(
        self, topic: str, native: str, kind: str, payload: bytes
    ) -> tuple[Understood, ...]:
        enrolled = self.enrolled.get(native)
        body = parsed(payload)
        if body.__class__ is not dict:
            why = "not a JSON object (set the integration's marshaler to JSON, not protobuf)"
            device = None if enrolled is None else enrolled.device
            return (Undecodable(topic, payload, why, self.bridge, native, device),)
        return self._events[kind](_Event(topic, payload, native, table(body), enrolled))

    # --- Events -------------------------------------------------------------------------------

    def _up(self, event: "_Event") -> tuple[Understood, ...]:
        body = event.body
        encoded = body.get("data", "")
        data = unbase64(encoded)
        if data is None:
            return (event.undecodable(self.bridge, "`data` is not base64"),)
        receivers = items(body.get("rxInfo"))[:MOST_GATEWAYS]
        info = event.info()
        suggested = ""
        if event.enrolled is None:
            names = (text(info.get("deviceProfileName")), text(info.get("deviceName")))
            suggested = suggest(self.catalogue, "chirpstack_profile", *names)
        tags = table(info.get("tags"))
        uplink = lorawan.Uplink(
            topic=event.topic,
            bridge=self.bridge,
            native=event.native,
            payload=event.payload,
            data=data,
            key=event.frame_key(str(encoded)),
            port=whole(body.get("fPort")),
            link=_link(receivers),
            gateway_time=_gateway_time(body, receivers),
            decoded=body.get("object", BROKEN),
            codec=(text(tags.get("codec")), text(tags.get("codec_version"))),
            session=text(body.get("devAddr")),
            number=whole(body.get("fCnt")),
        )
        model = lorawan.model_named(self.catalogue, event.enrolled, suggested)
        return self._offered(
            event, lorawan.understand(uplink, event.enrolled, model), suggested
        )

    def _join(self, event: "_Event") -> tuple[Understood, ...]:
        said = self._message(event, (DeviceHeard(HeardBy.JOIN),), "join")
        return self._offered(event, said, "")

    def _status(self, event: "_Event") -> tuple[Understood, ...]:
        body = event.body
        level = number(body.get("batteryLevel"))
        readings: list[Reading] = [DeviceHeard(HeardBy.HEARTBEAT)]
        if body.get("externalPowerSource") is True:
            readings.append(BatteryRead(charging=True))
        elif body.get("batteryLevelUnavailable") is not True and level is not None:
            clamped = min(max(level, 0.0), MAX_PERCENT)
            trust = Trust.GOOD if clamped == level else Trust.CLAMPED
            readings.append(BatteryRead(percent=clamped, trust=trust))
        margin = number(body.get("margin"))
        if margin is not None:
            readings.append(LinkRead(snr_db=margin))
        return (self._message(event, tuple(readings), "status"),)

    def _log(self, event: "_Event") -> tuple[Understood, ...]:
        """The network server's own words: technical, never a call by themselves (D7)."""
        body = event.body
        code = excerpt(text(body.get("code")) or text(body.get("type")) or "UNKNOWN")
        detail = excerpt(text(body.get("description")) or text(body.get("error")), 160)
        readings: list[Reading] = [DeviceFault(code, detail)]
        if code in {"UPLINK_MIC", "UPLINK_F_CNT_RESET"}:
            readings.append(Problem(ProblemKind.SECURITY, code))
        return (self._message(event, tuple(readings), "log"),)

    def _location(self, event: "_Event") -> tuple[Understood, ...]:
        place = table(event.body.get("location"))
        latitude, longitude = number(place.get("latitude")), number(place.get("longitude"))
        if latitude is None or longitude is None:
            return (event.undecodable(self.bridge, "a location without coordinates"),)
        seen = Sighted(
            "network",
            latitude=latitude,
            longitude=longitude,
            accuracy_m=number(place.get("accuracy")),
        )
        return (self._message(event, (seen,), "location"),)

    def _ack(self, event: "_Event") -> tuple[Understood, ...]:
        if event.body.get("acknowledged") is True:
            return (self._message(event, (DeviceHeard(HeardBy.HEARTBEAT),), "ack"),)
        return (self._message(event, (DeviceFault("DOWNLINK_NOT_ACKNOWLEDGED"),), "ack"),)

    def _nothing(self, _event: "_Event") -> tuple[Understood, ...]:
        return (Ignored("a ChirpStack event without news of a device"),)

    def _message(self, event: "_Event", readings: tuple[Reading, ...], source: str) -> Message:
        return Message(
            bridge=self.bridge,
            native=event.native,
            device=event.device(),
            readings=readings,
            key=f"{event.native}/{source}/{excerpt(event.identity(), 64)}",
            device_time=_gateway_time(event.body, []),
            source=source,
        )

    def _offered(
        self, event: "_Event", found: Understood, suggested: str
    ) -> tuple[Understood, ...]:
        if event.enrolled is not None:
            return (found,)
        name = text(event.info().get("deviceName"))
        return lorawan.with_proposal(self.bridge, event.native, name, suggested, found)

    def _gateway(self, topic: str, levels: list[str], payload: bytes) -> tuple[Understood, ...]:
        at = levels.index("gateway")
        match levels[at + 1 :]:
            case [gateway, "state", "conn"]:
                state = text(table(parsed(payload)).get("state")).upper()
                if state in {"ONLINE", "OFFLINE"}:
                    online = state == "ONLINE"
                    return (BridgeSaid(self.bridge, online, f"gateway {gateway}", gateway),)
                why = "a gateway's state is neither ONLINE nor OFFLINE"
                return (Undecodable(topic, payload, why, self.bridge),)
            case [gateway, "event", "stats"]:
                return (BridgeSaid(self.bridge, online=True, part=gateway),)
            case _:
                return (Ignored("a gateway's own business"),)


class _Event:
    """One event of one device, as received."""

    __slots__ = ("body", "enrolled", "native", "payload", "topic")

    def __init__(
        self, topic: str, payload: bytes, native: str, body: Json, enrolled: Enrolled | None
    ) -> None:
        self.topic = topic
        self.payload = payload
        self.native = native
        self.body = body
        self.enrolled = enrolled

    def info(self) -> Json:
        """`deviceInfo` in v4; the fields themselves in v3."""
        return table(self.body.get("deviceInfo")) or self.body

    def device(self) -> DeviceId | None:
        return None if self.enrolled is None else self.enrolled.device

    def identity(self) -> str:
        return text(self.body.get("deduplicationId")) or text(self.body.get("time"))

    def frame_key(self, data: str) -> str:
        """(DevEUI, DevAddr, fCnt, payload): never the deduplicationId (DEVICES 2.2).

        A join gives a new DevAddr and an ABP device's payload differs or comes later than the
        window, so a press after a counter reset is news (D6).
        """
        address = text(self.body.get("devAddr"))
        return f"{self.native}/{address}/{whole(self.body.get('fCnt'))}/{data}"

    def undecodable(self, bridge: BridgeId, why: str) -> Undecodable:
        return Undecodable(self.topic, self.payload, why, bridge, self.native, self.device())


def _link(receivers: list[object]) -> LinkRead | None:
    """The strongest of the gateways that heard it."""
    best: tuple[float, float | None] | None = None
    for receiver in receivers:
        heard = table(receiver)
        rssi = number(heard.get("rssi"))
        if rssi is not None and (best is None or rssi > best[0]):
            best = (rssi, number(heard.get("snr", heard.get("loRaSNR", 0))))
    return None if best is None else LinkRead(rssi_dbm=best[0], snr_db=best[1])


def _gateway_time(body: Json, receivers: list[object]) -> DeviceTime:
    """`time` comes from a gateway's clock without a drift check (DEVICES fact 9)."""
    at = instant(body.get("time"))
    if at is None and receivers:
        at = instant(table(receivers[0]).get("gwTime"))
    return DeviceTime() if at is None else judged(at, TimeQuality.GATEWAY)
