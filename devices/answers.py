"""Back to the patient: what is published so that a device shows «received» or «somebody comes».

A model says it as data (`answer.received`, `answer.coming`); a device without it stays silent,
and nobody is told otherwise. The broker's acknowledgement proves that the message is on its
way, not that a lamp burns. Where the ecosystem says more, a `Receipt` names how far it came:
a gateway has sent it, the device has acknowledged it, or it failed. Each answer carries a
`ticket` by which its receipts are known: ChirpStack's queue item id, The Things Stack's
correlation id, the id of a Shelly's call. Zigbee2MQTT gives none. Source: the public
documentation of each, as DEVICES section 2 says.
"""

from base64 import b64encode
from dataclasses import dataclass
from enum import StrEnum

import orjson

from devices.catalogue import Catalogue, load
from devices.envelope import Json, items, parsed, table, text

SET, DOWNLINK, RPC = "set", "downlink", "rpc"
TICKET = "bjelle:"
"""Begins the correlation id at The Things Stack."""


class Reached(StrEnum):
    """How far an answer came, as the ecosystem says."""

    SENT = "sent"
    """A gateway has sent it; nobody knows yet whether the device heard it."""
    ACKNOWLEDGED = "acknowledged"
    FAILED = "failed"


@dataclass(frozen=True, slots=True)
class Published:
    """One message for the broker."""

    topic: str
    payload: bytes
    receipts: tuple[str, ...] = ()
    """Topic filters where its receipts come; none: there are none."""


@dataclass(frozen=True, slots=True)
class Addressed:
    """A device as its bridge knows it."""

    ecosystem: str
    base_topic: str
    native: str
    heard_on: str = ""
    """The topic of its last message: a LoRaWAN device's application stands in it."""


@dataclass(frozen=True, slots=True)
class Receipt:
    """How far the answer with this ticket came."""

    ticket: str
    reached: Reached
    why: str = ""


def answer(
    model: str,
    kind: str,
    to: Addressed,
    catalogue: Catalogue | None = None,
    *,
    ticket: str = "",
) -> Published | None:
    """Return what to publish, or None where the device cannot tell the patient anything.

    Args:
        model: the enrolled one.
        kind: `received` or `coming`.
        to: where the device is.
        catalogue: the models; None: those that ship with us.
        ticket: a UUID of this answer, for its receipts.
    """
    known = (load() if catalogue is None else catalogue).get(model)
    said = None if known is None else known.answers.get(kind)
    if said is None or not to.native or any(sign in to.native for sign in "#+/\0"):
        return None
    match to.ecosystem:
        case "zigbee2mqtt" if SET in said:
            # The ieee address works as a name too, and does not change when one is renamed.
            return Published(f"{to.base_topic}/{to.native}/set", orjson.dumps(said[SET]))
        case "chirpstack" if DOWNLINK in said:
            return _chirpstack(to, table(said[DOWNLINK]), ticket)
        case "thethingsstack" if DOWNLINK in said:
            return _the_things_stack(to, table(said[DOWNLINK]), ticket)
        case "shelly" if RPC in said:
            return _shelly(to, table(said[RPC]), ticket)
        case _:
            return None


def _chirpstack(to: Addressed, said: Json, ticket: str) -> Published | None:
    """Queue a confirmed downlink in the application where the device was heard."""
    device, found, _ = to.heard_on.rpartition("/event/")
    if not found:
        return None
    body: Json = {"devEui": to.native, "confirmed": True, **_frame(said)}
    if ticket:
        body["id"] = ticket
    filters = tuple(f"{device}/event/{kind}" for kind in ("txack", "ack"))
    return Published(f"{device}/command/down", orjson.dumps(body), filters)


def _the_things_stack(to: Addressed, said: Json, ticket: str) -> Published | None:
    """Push a confirmed downlink to the device id that stands in the topic of its uplinks."""
    head, found, tail = to.heard_on.partition("/devices/")
    if not found:
        return None
    device = f"{head}/devices/{tail.partition('/')[0]}"
    frame = _frame(said)
    downlink: Json = {
        "f_port": frame["fPort"],
        "frm_payload": frame["data"],
        "priority": "HIGH",
        "confirmed": True,
    }
    if ticket:
        downlink["correlation_ids"] = [TICKET + ticket]
    filters = tuple(f"{device}/down/{kind}" for kind in ("sent", "ack", "nack", "failed"))
    return Published(f"{device}/down/push", orjson.dumps({"downlinks": [downlink]}), filters)


def _frame(said: Json) -> Json:
    return {
        "fPort": said["port"],
        "data": b64encode(bytes.fromhex(str(said["hex"]))).decode(),
    }


def _shelly(to: Addressed, said: Json, ticket: str) -> Published:
    """Call the device; its answer comes below the bridge's own base, where it may write."""
    head = f"{to.base_topic.strip('/')}/" if to.base_topic.strip("/") else ""
    caller = f"{head}bjelle"
    body: Json = {"id": ticket or 1, "src": caller, "method": said["method"]}
    body["params"] = said["params"]
    return Published(f"{head}{to.native}/rpc", orjson.dumps(body), (f"{caller}/rpc",))


# --- Receipts ---------------------------------------------------------------------------------


def receipt(topic: str, payload: bytes) -> Receipt | None:
    """Return how far an answer came, or None where the message is no receipt of ours.

    Never raises: the topic and the bytes are a stranger's.
    """
    body = table(parsed(payload))
    match topic.split("/")[-2:]:
        case ["event", "txack"]:
            return _told(text(body.get("queueItemId")), Reached.SENT)
        case ["event", "ack"]:
            heard = body.get("acknowledged") is True
            reached = Reached.ACKNOWLEDGED if heard else Reached.FAILED
            return _told(text(body.get("queueItemId")), reached, "" if heard else "not heard")
        case ["down", kind]:
            return _of_the_things_stack(kind, body)
        case ["bjelle", "rpc"]:
            error = body.get("error")
            reached = Reached.ACKNOWLEDGED if error is None else Reached.FAILED
            why = text(table(error).get("message"), 80)
            return _told(text(body.get("id")), reached, why)
        case _:
            return None


def _of_the_things_stack(kind: str, body: Json) -> Receipt | None:
    reached = {
        "sent": Reached.SENT,
        "ack": Reached.ACKNOWLEDGED,
        "nack": Reached.FAILED,
        "failed": Reached.FAILED,
    }.get(kind)
    if reached is None:
        return None
    inside = table(body.get(f"downlink_{kind}"))
    ids = items(body.get("correlation_ids")) + items(inside.get("correlation_ids"))
    ids += items(table(inside.get("downlink")).get("correlation_ids"))
    ours = next((text(one) for one in ids if text(one).startswith(TICKET)), "")
    why = text(table(inside.get("error")).get("name"), 80)
    return _told(ours.removeprefix(TICKET), reached, why)


def _told(ticket: str, reached: Reached, why: str = "") -> Receipt | None:
    return Receipt(ticket, reached, why) if ticket else None
