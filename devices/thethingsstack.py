"""The Things Stack v3: `v3/{app}@{tenant}/devices/{id}/{up|join|down/…|location/solved|…}`.

QoS 0 and nothing retained; what was missed can only be fetched over HTTP. Empty fields are
omitted (an absent f_cnt is 0). `simulated: true` is a person trying things out: a test, never
an alarm (DEVICES S1). Source: the public documentation, as DEVICES section 2.3 says.
"""

from collections.abc import Mapping
from dataclasses import replace

from devices import lorawan
from devices.catalogue import Catalogue, suggest
from devices.codec import (
    BridgeLike,
    Enrolled,
    Ignored,
    Message,
    Undecodable,
    Understood,
    excerpt,
)
from devices.envelope import BROKEN, Json, instant, items, parsed, table, text, unbase64, whole
from devices.words import judged, number
from routing.readings import (
    BatteryRead,
    DeviceClass,
    DeviceFault,
    DeviceHeard,
    DeviceTime,
    HeardBy,
    LinkRead,
    Reading,
    Sighted,
    TimeQuality,
    Trust,
)

MOST_GATEWAYS = 64


class TheThingsStack:
    """The codec of one application on a The Things Stack."""

    def __init__(
        self, bridge: BridgeLike, enrolled: Mapping[str, Enrolled], catalogue: Catalogue
    ) -> None:
        """Take the enrolled devices by DevEUI, or by device id where a person chose that."""
        self.bridge = bridge.id
        self.base = bridge.base_topic.strip("/") or "v3"
        self.enrolled = {native.lower(): device for native, device in enrolled.items()}
        self.catalogue = catalogue

    def topics(self, wanted: frozenset[DeviceClass]) -> tuple[str, ...]:
        """Return filters. Topics name device ids, so an enrolled DevEUI needs all of them."""
        classes = {d.device_class for d in self.enrolled.values()}
        if not classes & wanted:
            return ()
        # The base may name the application already.
        return (f"{self.base}/devices/+/up", f"{self.base}/+/devices/+/up")

    def understand(self, topic: str, rest: str, payload: bytes) -> tuple[Understood, ...]:
        """Return what one message says."""
        levels = rest.split("/")
        if "devices" not in levels[:3]:
            return (Ignored("no device message of The Things Stack"),)
        at = levels.index("devices")
        kind = "/".join(levels[at + 2 :])
        if at + 1 >= len(levels) or kind.endswith(("push", "replace")):
            return (Ignored("a downlink command, not for us"),)
        body = parsed(payload)
        said = table(body)
        ids = table(said.get("end_device_ids"))
        native = text(ids.get("dev_eui")).lower() or levels[at + 1].lower()
        enrolled = self.enrolled.get(native) or self.enrolled.get(levels[at + 1].lower())
        heard = _Heard(topic, payload, native, said, enrolled)
        if body is BROKEN or not said:
            return (self._undecodable(heard, "not a JSON object"),)
        return self._kinds(heard, kind)

    def _kinds(self, heard: "_Heard", kind: str) -> tuple[Understood, ...]:
        body = heard.body
        if "uplink_message" in body:
            return self._up(heard, table(body["uplink_message"]))
        if "join_accept" in body:
            return self._offer(
                heard, self._message(heard, (DeviceHeard(HeardBy.JOIN),), "join")
            )
        if "location_solved" in body:
            return self._location(heard)
        for failed in ("downlink_nack", "downlink_failed"):
            if failed in body:
                error = table(table(body[failed]).get("error"))
                detail = excerpt(text(error.get("name")))
                fault = DeviceFault(failed.upper(), detail)
                return (self._message(heard, (fault,), failed),)
        if "downlink_ack" in body:
            reading = DeviceHeard(HeardBy.HEARTBEAT)
            return (self._message(heard, (reading,), "downlink_ack"),)
        return (Ignored(f"{excerpt(kind) or 'a message'}: no news of a device"),)

    def _up(self, heard: "_Heard", up: Json) -> tuple[Understood, ...]:
        encoded = up.get("frm_payload", "")
        data = unbase64(encoded)
        if data is None:
            return (self._undecodable(heard, "`frm_payload` is not base64"),)
        versions = table(up.get("version_ids"))
        brand, model = text(versions.get("brand_id")), text(versions.get("model_id"))
        suggested = suggest(self.catalogue, "tts_model", f"{brand}/{model}")
        ids = table(heard.body.get("end_device_ids"))
        receivers = items(up.get("rx_metadata"))[:MOST_GATEWAYS]
        at = instant(up.get("received_at")) or instant(heard.body.get("received_at"))
        uplink = lorawan.Uplink(
            topic=heard.topic,
            bridge=self.bridge,
            native=heard.native,
            payload=heard.payload,
            data=data,
            key=f"{heard.native}/{text(ids.get('dev_addr'))}/{whole(up.get('f_cnt'))}/{encoded}",
            port=whole(up.get("f_port")),
            link=_link(receivers),
            gateway_time=DeviceTime() if at is None else judged(at, TimeQuality.GATEWAY),
            test=heard.test(),
            decoded=up.get("decoded_payload", BROKEN),
            codec=(f"{brand}/{model}", text(versions.get("firmware_version"))),
            session=text(ids.get("dev_addr")),
            number=whole(up.get("f_cnt")),
        )
        chosen = lorawan.model_named(self.catalogue, heard.enrolled, suggested)
        found = lorawan.understand(uplink, heard.enrolled, chosen)
        return self._offer(heard, _with_battery(found, up), suggested)

    def _location(self, heard: "_Heard") -> tuple[Understood, ...]:
        place = table(table(heard.body["location_solved"]).get("location"))
        latitude, longitude = number(place.get("latitude")), number(place.get("longitude"))
        if latitude is None or longitude is None:
            return (self._undecodable(heard, "a location without coordinates"),)
        seen = Sighted(
            "network",
            latitude=latitude,
            longitude=longitude,
            accuracy_m=number(place.get("accuracy")),
        )
        return (self._message(heard, (seen,), "location"),)

    def _message(self, heard: "_Heard", readings: tuple[Reading, ...], source: str) -> Message:
        at = instant(heard.body.get("received_at"))
        return Message(
            bridge=self.bridge,
            native=heard.native,
            device=heard.enrolled.device if heard.enrolled else None,
            readings=readings,
            key=f"{heard.native}/{source}/{excerpt(text(heard.body.get('received_at')))}",
            device_time=DeviceTime() if at is None else judged(at, TimeQuality.GATEWAY),
            source=source,
            test=heard.test(),
        )

    def _offer(
        self, heard: "_Heard", found: Understood, suggested: str = ""
    ) -> tuple[Understood, ...]:
        if heard.enrolled is not None:
            return (found,)
        name = text(table(heard.body.get("end_device_ids")).get("device_id"))
        return lorawan.with_proposal(self.bridge, heard.native, name, suggested, found)

    def _undecodable(self, heard: "_Heard", why: str) -> Undecodable:
        device = heard.enrolled.device if heard.enrolled else None
        return Undecodable(heard.topic, heard.payload, why, self.bridge, heard.native, device)


class _Heard:
    """One message of one device, as received."""

    __slots__ = ("body", "enrolled", "native", "payload", "topic")

    def __init__(
        self, topic: str, payload: bytes, native: str, body: Json, enrolled: Enrolled | None
    ) -> None:
        self.topic = topic
        self.payload = payload
        self.native = native
        self.body = body
        self.enrolled = enrolled

    def test(self) -> bool:
        """Simulated traffic, wherever the server writes it."""
        inside = table(self.body.get("uplink_message"))
        return self.body.get("simulated") is True or inside.get("simulated") is True


def _link(receivers: list[object]) -> LinkRead | None:
    """The strongest of the gateways that heard it."""
    best: LinkRead | None = None
    for receiver in receivers:
        heard = table(receiver)
        rssi = number(heard.get("rssi"))
        if rssi is not None and (best is None or rssi > (best.rssi_dbm or -999)):
            best = LinkRead(rssi_dbm=rssi, snr_db=number(heard.get("snr")))
    return best


def _with_battery(found: Message | Undecodable, up: Json) -> Message | Undecodable:
    """Add the battery that the device told the network, where the payload has none."""
    percent = number(table(up.get("last_battery_percentage")).get("value"))
    if isinstance(found, Undecodable) or percent is None:
        return found
    if any(isinstance(reading, BatteryRead) for reading in found.readings):
        return found
    clamped = min(max(percent, 0.0), 100.0)
    trust = Trust.GOOD if clamped == percent else Trust.CLAMPED
    return replace(found, readings=(*found.readings, BatteryRead(clamped, trust=trust)))
