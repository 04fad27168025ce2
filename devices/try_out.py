"""«What would the hub understand?»: a payload read out, field by field and bit by bit.

For `bjelle device try PROFILE --hex … | --json …`. The same tables and the same codecs as at
night; only the telling is added.
"""

from dataclasses import fields as fields_of
from typing import Any

import orjson

from devices import adverts
from devices.catalogue import Catalogue, Model, load
from devices.codec import (
    Bridge,
    Discovered,
    Discovery,
    Enrolled,
    Message,
    Understood,
    excerpt,
)
from devices.envelope import BROKEN, parsed, table
from devices.layouts.fields import Piece
from devices.layouts.payload import decode
from devices.lorawan import looked_up
from devices.registry import Registry
from devices.words import Findings, raw_text
from routing.ids import BridgeId, DeviceId
from routing.readings import Reading

MOST_BYTES = 4096
TRIED = BridgeId("try")


class UnknownModelError(ValueError):
    """No model of that name; the sentence names the nearest ones."""


def explain(
    model: str,
    given: str,
    *,
    port: int | None = None,
    secret: str = "",
    catalogue: Catalogue | None = None,
) -> list[str]:
    """Return lines that say what the hub would understand of a payload.

    Args:
        model: a name of the catalogue (`milesight/ws101`).
        given: hex (blanks and colons allowed), or a JSON text.
        port: the LoRaWAN port, where the model's messages differ by port.
        secret: a bind key in hex, for sealed adverts. It is not repeated in the answer.
        catalogue: the models; None: those that ship with us.

    Raises:
        UnknownModelError: no such model.
    """
    catalogue = load() if catalogue is None else catalogue
    found = catalogue.get(model)
    if found is None:
        near = [name for name in catalogue if model.rpartition("/")[2].casefold() in name]
        hint = f"; did you mean {', '.join(near[:5])}?" if near else ""
        raise UnknownModelError(f"no model is called {excerpt(model)!r}{hint}")
    lines = _head(found)
    payload = unhex(given)
    if payload is not None:
        return lines + _bytes(found, payload, port, secret, catalogue)
    value = parsed(given.encode("utf-8", "replace"))
    if value is BROKEN:
        return [*lines, "neither hex nor JSON: nothing to read"]
    return lines + _json(found, value, given, catalogue)


def unhex(given: str) -> bytes | None:
    """Return the bytes of a hex text with blanks, colons or 0x, or None."""
    plain = "".join(given.split()).replace(":", "").removeprefix("0x")
    if not plain or len(plain) > 2 * MOST_BYTES:
        return None
    try:
        return bytes.fromhex(plain)
    except ValueError:
        return None


def _head(model: Model) -> list[str]:
    state = ", experimental (no vectors: not for alarms)" if model.experimental else ""
    return [
        f"{model.id} version {model.version}, class {model.device_class}{state}",
        f"  from: {model.source}",
    ]


def _bytes(
    model: Model, payload: bytes, port: int | None, secret: str, catalogue: Catalogue
) -> list[str]:
    findings = Findings(model.device_class)
    lines = [f"{len(payload)} bytes: {payload.hex(' ')}"]
    if model.id.startswith("ble/"):
        advert = adverts.from_hci(payload)
        body = advert or adverts.Advert("", adverts.split(payload))
        why = adverts.understand(body, secret, catalogue, findings)
        lines += [f"  structure {one.hex(' ')}" for one in body.structures]
        return [*lines, *([f"not understood: {why}"] if why else []), *_said(findings.done())]
    trace: list[Piece] = []
    if not decode(model.variants, port, payload, findings, trace):
        return [*lines, f"no message of this model has {len(payload)} bytes on port {port}"]
    lines += [_piece(piece) for piece in trace]
    return [*lines, *_said(findings.done())]


def _piece(piece: Piece) -> str:
    bits = " ".join(f"{byte:08b}" for byte in piece.raw[:4])
    words = f" -> {', '.join(piece.words)}" if piece.words else ""
    raw = piece.raw.hex(" ") if piece.raw else "(key alone)"
    return f"  {piece.at:3d}  {raw:<24} {bits:<36} {piece.name} = {piece.value}{words}"


def _json(model: Model, value: object, given: str, catalogue: Catalogue) -> list[str]:
    if model.rules:
        return _paths(model, value)
    if model.id.startswith("zigbee2mqtt/"):
        return _zigbee(model, given, catalogue)
    said = table(value)
    if "data" in said:
        bridge = Bridge(TRIED, "chirpstack", "application")
        topic = "application/a/device/tried/event/up"
    elif "uplink_message" in said:
        bridge = Bridge(TRIED, "thethingsstack", "v3")
        topic = "v3/a@t/devices/tried/up"
    else:
        return ["this model reads bytes: give --hex, or a whole event of a network server"]
    enrolled = Enrolled(DeviceId("tried"), model.id, model.device_class)
    registry = Registry([bridge], {(TRIED, "tried"): enrolled}, (), catalogue)
    return _answers(registry.understand(topic, given.encode()))


def _paths(model: Model, value: object) -> list[str]:
    findings = Findings(model.device_class)
    lines: list[str] = []
    for rule in model.rules:
        there = looked_up(rule, value) if rule.paths else value
        place = " or ".join(".".join(path) for path in rule.paths) or "(the payload itself)"
        if there is BROKEN:
            lines.append(f"  {place}: not there")
            continue
        lines.append(f"  {place} = {excerpt(raw_text(there))} -> {rule.word.word}")
        findings.put(rule.word, there)
    return [*lines, *_said(findings.done())]


def _zigbee(model: Model, given: str, catalogue: Catalogue) -> list[str]:
    """A state message; its exposes are taken as the plainest that its values allow."""
    body = table(parsed(given.encode()))
    exposes = [_plainest(name, value) for name, value in body.items()]
    bridge = Bridge(BridgeId("try"), "zigbee2mqtt", "z")
    found = Discovered("0x1", "tried", model.id, exposes=orjson.dumps(exposes).decode())
    enrolled = {(bridge.id, "0x1"): Enrolled(DeviceId("tried"), model.id, model.device_class)}
    discovery = Discovery(bridge.id, (found,))
    registry = Registry([bridge], enrolled, [discovery], catalogue)
    note = "polarity as Zigbee2MQTT usually has it; a real bridge's exposes decide"
    return [note, *_answers(registry.understand("z/tried", given.encode()))]


def _plainest(name: str, value: object) -> dict[str, object]:
    if isinstance(value, bool):
        on = name != "contact"
        return {"type": "binary", "property": name, "value_on": on, "value_off": not on}
    if isinstance(value, str):
        return {"type": "enum", "property": name, "values": [value]}
    return {"type": "numeric", "property": name, "unit": "mV" if name == "voltage" else ""}


def _answers(answers: tuple[Understood, ...]) -> list[str]:
    lines: list[str] = []
    for answer in answers:
        if isinstance(answer, Message):
            lines.append(f"message, duplicate key {answer.key or '(none)'}")
            lines += _said(answer.readings)
        else:
            lines.append(f"undecodable: {getattr(answer, 'why', answer)}")
    return lines


def _said(readings: tuple[Reading, ...]) -> list[str]:
    if not readings:
        return ["the hub understands: a sign of life, nothing more"]
    return ["the hub understands:", *(f"  {_reading(reading)}" for reading in readings)]


def _reading(reading: Reading) -> str:
    told: list[str] = []
    for one in fields_of(reading):
        value: Any = getattr(reading, one.name)
        if value is not None and value != "":
            told.append(f"{one.name}={value}")
    return f"{type(reading).__name__}({', '.join(told)})"
