"""ChirpStack v4 (and v3 where it differs): application events and gateway states.

`application/<id>/device/<DevEUI>/event/<event>`, JSON; QoS 0, nothing retained, no last will,
so only its gateways' `conn` tells that it lives. Absent fields are protobuf's defaults: an
absent fCnt is 0. Source: the server's own integration code, read as DEVICES section 2.2 says.
"""

from collections.abc import Callable, Mapping
from datetime import datetime

from devices import lorawan
from devices.catalogue import Catalogue, suggest
from devices.codec import (
    BridgeLike,
    BridgeSaid,
    Enrolled,
    Ignored,
    Undecodable,
    Understood,
    excerpt,
    level,
)
from devices.envelope import BROKEN, Json, instant, items, parsed, table, text, unbase64, whole
from devices.network_server import Heard, clamped, strongest
from devices.times import by_gateway
from devices.words import number
from routing.readings import (
    BatteryRead,
    DeviceClass,
    DeviceFault,
    DeviceHeard,
    HeardBy,
    LinkRead,
    Problem,
    ProblemKind,
    Reading,
)

NOT_JSON = "not a JSON object (set the integration's marshaler to JSON, not protobuf)"


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
        self._events: dict[str, Callable[[Heard], tuple[Understood, ...]]] = {
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
            f"{head}/{between}device/{level(eui)}/event/+"
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
        given = parsed(payload)
        body = table(given)
        heard = Heard(
            topic,
            payload,
            self.bridge,
            native,
            body,
            enrolled,
            identity=text(body.get("deduplicationId")) or text(body.get("time")),
            time=by_gateway(_time(body)),
        )
        if given.__class__ is not dict:
            return (heard.undecodable(NOT_JSON),)
        return self._events[kind](heard)

    # --- Events -------------------------------------------------------------------------------

    def _up(self, heard: Heard) -> tuple[Understood, ...]:
        body = heard.body
        encoded = body.get("data", "")
        data = unbase64(encoded)
        if data is None:
            return (heard.undecodable("`data` is not base64"),)
        receivers = items(body.get("rxInfo"))
        info = _info(body)
        suggested = ""
        if heard.enrolled is None:
            names = (text(info.get("deviceProfileName")), text(info.get("deviceName")))
            suggested = suggest(self.catalogue, "chirpstack_profile", *names)
        tags = table(info.get("tags"))
        address, number_ = text(body.get("devAddr")), whole(body.get("fCnt"))
        uplink = lorawan.Uplink(
            topic=heard.topic,
            bridge=self.bridge,
            native=heard.native,
            payload=heard.payload,
            data=data,
            # Never the deduplicationId (DEVICES 2.2). A join gives a new DevAddr, and an ABP
            # device's payload differs or comes later than the window, so a press after a
            # counter reset is news (D6).
            key=f"{heard.native}/{address}/{number_}/{encoded}",
            port=whole(body.get("fPort")),
            link=strongest(receivers, "snr", "loRaSNR", silent=0),
            gateway_time=heard.time,
            decoded=body.get("object", BROKEN),
            codec=(text(tags.get("codec")), text(tags.get("codec_version"))),
            session=address,
            number=number_,
        )
        model = lorawan.model_named(self.catalogue, heard.enrolled, suggested)
        found = lorawan.understand(uplink, heard.enrolled, model)
        return heard.offered(found, text(info.get("deviceName")), suggested)

    def _join(self, heard: Heard) -> tuple[Understood, ...]:
        said = heard.message("join", DeviceHeard(HeardBy.JOIN))
        return heard.offered(said, text(_info(heard.body).get("deviceName")))

    def _status(self, heard: Heard) -> tuple[Understood, ...]:
        body = heard.body
        level = number(body.get("batteryLevel"))
        readings: list[Reading] = [DeviceHeard(HeardBy.HEARTBEAT)]
        if body.get("externalPowerSource") is True:
            readings.append(BatteryRead(charging=True))
        elif body.get("batteryLevelUnavailable") is not True and level is not None:
            readings.append(clamped(level))
        margin = number(body.get("margin"))
        if margin is not None:
            readings.append(LinkRead(snr_db=margin))
        return (heard.message("status", *readings),)

    def _log(self, heard: Heard) -> tuple[Understood, ...]:
        """The network server's own words: technical, never a call by themselves (D7)."""
        body = heard.body
        code = excerpt(text(body.get("code")) or text(body.get("type")) or "UNKNOWN")
        detail = excerpt(text(body.get("description")) or text(body.get("error")), 160)
        readings: list[Reading] = [DeviceFault(code, detail)]
        if code in {"UPLINK_MIC", "UPLINK_F_CNT_RESET"}:
            readings.append(Problem(ProblemKind.SECURITY, code))
        return (heard.message("log", *readings),)

    def _location(self, heard: Heard) -> tuple[Understood, ...]:
        return heard.located(heard.body.get("location"))

    def _ack(self, heard: Heard) -> tuple[Understood, ...]:
        if heard.body.get("acknowledged") is True:
            return (heard.message("ack", DeviceHeard(HeardBy.HEARTBEAT)),)
        return (heard.message("ack", DeviceFault("DOWNLINK_NOT_ACKNOWLEDGED")),)

    def _nothing(self, _heard: Heard) -> tuple[Understood, ...]:
        return (Ignored("a ChirpStack event without news of a device"),)

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


def _info(body: Json) -> Json:
    """`deviceInfo` in v4; the fields themselves in v3."""
    return table(body.get("deviceInfo")) or body


def _time(body: Json) -> datetime | None:
    """`time` comes from a gateway's clock without a drift check (DEVICES fact 9)."""
    at = instant(body.get("time"))
    receivers = items(body.get("rxInfo")) if at is None else []
    return instant(table(receivers[0]).get("gwTime")) if receivers else at
