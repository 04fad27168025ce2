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
from devices.network_server import Heard, clamped, strongest
from devices.times import by_gateway
from devices.words import number
from routing.readings import BatteryRead, DeviceClass, DeviceFault, DeviceHeard, HeardBy


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
        said = table(parsed(payload))
        ids = table(said.get("end_device_ids"))
        native = text(ids.get("dev_eui")).lower() or levels[at + 1].lower()
        received = said.get("received_at")
        heard = Heard(
            topic,
            payload,
            self.bridge,
            native,
            said,
            self.enrolled.get(native) or self.enrolled.get(levels[at + 1].lower()),
            identity=text(received),
            time=by_gateway(instant(received)),
            test=_simulated(said),
        )
        return self._kinds(heard, kind) if said else (heard.undecodable("not a JSON object"),)

    def _kinds(self, heard: Heard, kind: str) -> tuple[Understood, ...]:
        body = heard.body
        if "uplink_message" in body:
            return self._up(heard, table(body["uplink_message"]))
        if "join_accept" in body:
            joined = heard.message("join", DeviceHeard(HeardBy.JOIN))
            return heard.offered(joined, _name(body))
        if "location_solved" in body:
            return heard.located(table(body["location_solved"]).get("location"))
        for failed in ("downlink_nack", "downlink_failed"):
            if failed in body:
                error = table(table(body[failed]).get("error"))
                fault = DeviceFault(failed.upper(), excerpt(text(error.get("name"))))
                return (heard.message(failed, fault),)
        if "downlink_ack" in body:
            return (heard.message("downlink_ack", DeviceHeard(HeardBy.HEARTBEAT)),)
        return (Ignored(f"{excerpt(kind) or 'a message'}: no news of a device"),)

    def _up(self, heard: Heard, up: Json) -> tuple[Understood, ...]:
        encoded = up.get("frm_payload", "")
        data = unbase64(encoded)
        if data is None:
            return (heard.undecodable("`frm_payload` is not base64"),)
        versions = table(up.get("version_ids"))
        named = f"{text(versions.get('brand_id'))}/{text(versions.get('model_id'))}"
        suggested = ""
        if heard.enrolled is None:
            suggested = suggest(self.catalogue, "tts_model", named)
        ids = table(heard.body.get("end_device_ids"))
        address, number_ = text(ids.get("dev_addr")), whole(up.get("f_cnt"))
        at = instant(up.get("received_at"))
        uplink = lorawan.Uplink(
            topic=heard.topic,
            bridge=self.bridge,
            native=heard.native,
            payload=heard.payload,
            data=data,
            key=f"{heard.native}/{address}/{number_}/{encoded}",
            port=whole(up.get("f_port")),
            link=strongest(items(up.get("rx_metadata")), "snr"),
            gateway_time=heard.time if at is None else by_gateway(at),
            test=heard.test,
            decoded=up.get("decoded_payload", BROKEN),
            codec=(named, text(versions.get("firmware_version"))),
            session=address,
            number=number_,
        )
        chosen = lorawan.model_named(self.catalogue, heard.enrolled, suggested)
        found = lorawan.understand(uplink, heard.enrolled, chosen)
        return heard.offered(_with_battery(found, up), _name(heard.body), suggested)


def _name(body: Json) -> str:
    return text(table(body.get("end_device_ids")).get("device_id"))


def _simulated(body: Json) -> bool:
    """Simulated traffic, wherever the server writes it."""
    inside = table(body.get("uplink_message"))
    return body.get("simulated") is True or inside.get("simulated") is True


def _with_battery(found: Message | Undecodable, up: Json) -> Message | Undecodable:
    """Add the battery that the device told the network, where the payload has none."""
    percent = number(table(up.get("last_battery_percentage")).get("value"))
    if isinstance(found, Undecodable) or percent is None:
        return found
    if any(isinstance(reading, BatteryRead) for reading in found.readings):
        return found
    return replace(found, readings=(*found.readings, clamped(percent)))
