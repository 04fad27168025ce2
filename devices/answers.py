"""Back to the patient: what is published so that a device shows «received» or «somebody comes».

A model says it as data (`answer.received`, `answer.coming`); a device without it stays silent,
and nobody is told otherwise. A broker's acknowledgement proves that the message is on its way,
not that a lamp burns: radio devices may sleep until their next message.
"""

from base64 import b64encode
from dataclasses import dataclass

import orjson

from devices.catalogue import Catalogue, load
from devices.envelope import Json, table

SET, DOWNLINK, RPC = "set", "downlink", "rpc"


@dataclass(frozen=True, slots=True)
class Published:
    """One message for the broker."""

    topic: str
    payload: bytes


@dataclass(frozen=True, slots=True)
class Addressed:
    """A device as its bridge knows it."""

    ecosystem: str
    base_topic: str
    native: str


def answer(
    model: str, kind: str, to: Addressed, catalogue: Catalogue | None = None
) -> Published | None:
    """Return what to publish, or None where the device cannot tell the patient anything."""
    known = (load() if catalogue is None else catalogue).get(model)
    said = None if known is None else known.answers.get(kind)
    if said is None or not to.native or any(sign in to.native for sign in "#+/\0"):
        return None
    match to.ecosystem:
        case "zigbee2mqtt" if SET in said:
            # The ieee address works as a name too, and does not change when one is renamed.
            return Published(f"{to.base_topic}/{to.native}/set", orjson.dumps(said[SET]))
        case "chirpstack" if DOWNLINK in said:
            return _chirpstack(to, table(said[DOWNLINK]))
        case "shelly" if RPC in said:
            return _shelly(to, table(said[RPC]))
        case _:
            return None


def _chirpstack(to: Addressed, said: Json) -> Published:
    """Queue a confirmed downlink. The application stands in the model: topics need it."""
    head = to.base_topic.strip("/") or "application"
    body = {
        "devEui": to.native,
        "confirmed": True,
        "fPort": said["port"],
        "data": b64encode(bytes.fromhex(str(said["hex"]))).decode(),
    }
    topic = f"{head}/{said['application']}/device/{to.native}/command/down"
    return Published(topic, orjson.dumps(body))


def _shelly(to: Addressed, said: Json) -> Published:
    head = f"{to.base_topic.strip('/')}/" if to.base_topic.strip("/") else ""
    body = {"id": 1, "src": "bjelle", "method": said["method"], "params": said["params"]}
    return Published(f"{head}{to.native}/rpc", orjson.dumps(body))
