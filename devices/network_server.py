"""What the network servers have in common: whose event it is, and what follows from that.

ChirpStack and The Things Stack carry the same frames of the same devices in different words.
Their codecs say where the words stand; everything else is here, and in `lorawan`.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from devices import lorawan
from devices.codec import NO_TIME, Enrolled, Message, Undecodable, Understood, excerpt
from devices.envelope import Json, table
from devices.joined import link_read
from devices.words import number
from routing.ids import BridgeId, DeviceId
from routing.readings import (
    BatteryRead,
    DeviceTime,
    LinkRead,
    Reading,
    Sighted,
    Trust,
)

MOST_GATEWAYS = 64
"""Gateways looked at in one frame."""
MAX_PERCENT = 100.0


@dataclass(slots=True)  # not frozen: one is made for each event, and kept by nobody
class Heard:
    """One event of one device, as a network server told it."""

    topic: str
    payload: bytes
    bridge: BridgeId
    native: str
    """DevEUI in lower case, or the id that a person enrolled."""
    body: Json
    enrolled: Enrolled | None
    identity: str = ""
    """What tells this event from the next of its kind: an id or the time."""
    time: DeviceTime = NO_TIME
    test: bool = False

    @property
    def device(self) -> DeviceId | None:
        """The enrolled device, if it is one."""
        return None if self.enrolled is None else self.enrolled.device

    def undecodable(self, why: str) -> Undecodable:
        """Say that it cannot be understood."""
        return Undecodable(self.topic, self.payload, why, self.bridge, self.native, self.device)

    def message(self, source: str, *readings: Reading) -> Message:
        """Return what an event without a frame says."""
        return Message(
            bridge=self.bridge,
            native=self.native,
            device=self.device,
            readings=readings,
            key=f"{self.native}/{source}/{excerpt(self.identity)}",
            device_time=self.time,
            source=source,
            test=self.test,
        )

    def located(self, place: object) -> tuple[Understood, ...]:
        """Return where the network thinks that the device is."""
        where = table(place)
        latitude, longitude = number(where.get("latitude")), number(where.get("longitude"))
        if latitude is None or longitude is None:
            return (self.undecodable("a location without coordinates"),)
        accuracy = number(where.get("accuracy"))
        seen = Sighted("network", latitude=latitude, longitude=longitude, accuracy_m=accuracy)
        return (self.message("location", seen),)

    def offered(
        self, found: Understood, name: str, suggested: str = ""
    ) -> tuple[Understood, ...]:
        """Return what was said; of a stranger with the proposal to enrol it."""
        if self.enrolled is not None:
            return (found,)
        return lorawan.with_proposal(self.bridge, self.native, name, suggested, found)


def strongest(receivers: Sequence[object], *snr: str, silent: object = None) -> LinkRead | None:
    """Return the best of the gateways that heard a frame.

    Args:
        receivers: the server's list, each with `rssi`.
        snr: under which names the signal-to-noise ratio stands.
        silent: what it is where none of the names is there.
    """
    best: tuple[float, float | None] | None = None
    for receiver in receivers[:MOST_GATEWAYS]:
        heard = table(receiver)
        rssi = number(heard.get("rssi"))
        if rssi is not None and (best is None or rssi > best[0]):
            said = silent
            for name in snr:
                if name in heard:
                    said = heard[name]
                    break
            best = rssi, number(said)
    return None if best is None else link_read(best[0], best[1], None)


def clamped(percent: float) -> BatteryRead:
    """Return a battery that the network told, inside what can be."""
    inside = min(max(percent, 0.0), MAX_PERCENT)
    trust = Trust.GOOD if inside == percent else Trust.CLAMPED
    return BatteryRead(percent=inside, trust=trust)
