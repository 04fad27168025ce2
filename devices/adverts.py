"""Bluetooth adverts: what a tag or sensor shouts into the room, whichever gateway heard it.

The structures of an advert are walked by the tables in `devices/models/ble/`; sealed ones
(BTHome v1 and v2, MiBeacon v4 and v5) are opened with the device's bind key. A plain advert of
a device whose key is known is dropped as a security event (DEVICES M11). What a gateway cannot
open is said, not guessed.
"""

import struct
from collections.abc import Sequence
from dataclasses import dataclass

from devices.catalogue import Catalogue
from devices.layouts.fields import Field
from devices.layouts.payload import decode
from devices.sealed import open_sealed
from devices.words import Findings
from routing.readings import DeviceHeard, ProblemKind

SERVICE_16 = 0x16
MANUFACTURER = 0xFF
BTHOME_V2, BTHOME_V1, BTHOME_V1_SEALED, MIBEACON = (
    b"\xd2\xfc",
    b"\x1c\x18",
    b"\x1e\x18",
    b"\x95\xfe",
)
KEY_BYTES = 16
ENCRYPTED = 0x01
WITH_ADDRESS = 0x02
FLOAT_V1 = 2
SEALED_TAIL = 8
"""BTHome's counter of four bytes and tag of four."""
MI_SEALED, MI_ADDRESS, MI_CAPABILITY, MI_OBJECT = 0x08, 0x10, 0x20, 0x40
MOST_STRUCTURES = 40
NOTHING_KNOWN = "nothing in it that we know"
"""Not a fault: a tag need not say more than that it is there."""


@dataclass(frozen=True, slots=True)
class Advert:
    """One advert as a gateway heard it."""

    address: str
    """Lower case, with colons."""
    structures: tuple[bytes, ...]
    """Each with its type first: `16 d2fc …`."""
    rssi_dbm: float | None = None


def from_hci(packet: bytes) -> Advert | None:
    """Return the advert of an HCI LE (extended) advertising report, or None."""
    if len(packet) < 15 or packet[:2] != b"\x04\x3e":
        return None
    if packet[3] == 0x02:
        address, size, rssi = packet[7:13], packet[13], packet[-1]
        data = packet[14 : 14 + size]
    elif packet[3] == 0x0D and len(packet) > 29:
        address, rssi, size = packet[8:14], packet[18], packet[28]
        data = packet[29 : 29 + size]
    else:
        return None
    strength = float(rssi - 256 if rssi > 127 else rssi)
    return Advert(address[::-1].hex(":"), split(data), strength)


def split(data: bytes) -> tuple[bytes, ...]:
    """Return the structures of an advert's data: {length, type, data}, bounded."""
    found: list[bytes] = []
    at = 0
    while at < len(data) and len(found) < MOST_STRUCTURES:
        size = data[at]
        if size:
            found.append(data[at + 1 : at + 1 + size])
        at += 1 + size
    return tuple(found)


def understand(advert: Advert, secret: str, catalogue: Catalogue, findings: Findings) -> str:
    """Put what an advert says into `findings`; return why not, or empty."""
    why, understood = NOTHING_KNOWN, False
    for structure in advert.structures:
        said = _structure(structure, advert, secret, catalogue, findings)
        if said == "":
            understood = True
        elif said is not None:
            why = said
    return "" if understood else why


def _structure(
    structure: bytes, advert: Advert, secret: str, catalogue: Catalogue, findings: Findings
) -> str | None:
    """None: not of interest; empty: understood; else why not."""
    if structure[:1] == b"\x16":
        said = service_data(
            structure[1:3], structure[3:], advert.address, secret, catalogue, findings
        )
        if said is not None:
            return said
    model = catalogue.get("ble/structures")
    if model is not None and decode(model.variants, None, structure, findings):
        return ""
    return None


def service_data(
    service: bytes,
    body: bytes,
    address: str,
    secret: str,
    catalogue: Catalogue,
    findings: Findings,
) -> str | None:
    """Read one service's data. None: of no service we know; empty: understood; else why not.

    `service` is the 16-bit number as on the air, its low byte first.
    """
    if service == BTHOME_V2:
        return bthome(body, address, secret, catalogue, findings)
    if service == BTHOME_V1:
        return _bthome_v1(body, secret, catalogue, findings)
    if service == BTHOME_V1_SEALED:
        return _bthome_v1_sealed(body, address, secret, catalogue, findings)
    if service == MIBEACON:
        return mibeacon(body, address, secret, catalogue, findings)
    return None


def bthome(
    body: bytes, address: str, secret: str, catalogue: Catalogue, findings: Findings
) -> str:
    """Read BTHome v2: an information byte, perhaps an address, then objects, perhaps sealed."""
    if not body:
        return "BTHome without an information byte"
    info = body[0]
    if info >> 5 != 2:
        return f"BTHome of version {info >> 5}: only 2 is known"
    start = 7 if info & WITH_ADDRESS else 1
    objects = body[start:]
    if info & ENCRYPTED:
        opened = _bthome_opened(body[:1], objects, address, secret)
        if isinstance(opened, str):
            return opened
        objects = opened
    elif secret:
        findings.problem(ProblemKind.SECURITY, "a plain advert of a device that seals its own")
        return ""
    model = catalogue["ble/bthome"]
    packet = objects[1] if objects[:1] == b"\x00" and len(objects) > 1 else None
    if packet is not None:
        findings.key_parts.append(f"packet={packet}")
    if not objects or not decode(model.variants, None, objects, findings):
        findings.readings.append(DeviceHeard())
    return ""


def _bthome_opened(info: bytes, sealed: bytes, address: str, secret: str) -> bytes | str:
    key = _key(secret)
    if key is None:
        return "sealed, and no bind key is enrolled for it"
    if len(sealed) <= SEALED_TAIL:
        return "sealed, and too short to be opened"
    counter, tag = sealed[-8:-4], sealed[-4:]
    nonce = _address(address) + BTHOME_V2 + info + counter
    opened = open_sealed(key, nonce, sealed[:-8], tag)
    return "sealed, and its bind key does not open it" if opened is None else opened


def _bthome_v1(body: bytes, secret: str, catalogue: Catalogue, findings: Findings) -> str:
    """A plain advert of v1; one of a device whose key is known is not believed."""
    if secret:
        findings.problem(ProblemKind.SECURITY, "a plain advert of a device that seals its own")
        return ""
    _objects_v1(body, catalogue, findings)
    return ""


def _bthome_v1_sealed(
    body: bytes, address: str, secret: str, catalogue: Catalogue, findings: Findings
) -> str:
    key = _key(secret)
    if key is None:
        return "sealed, and no bind key is enrolled for it"
    if len(body) <= SEALED_TAIL:
        return "sealed, and too short to be opened"
    nonce = _address(address) + BTHOME_V1_SEALED + body[-8:-4]
    opened = open_sealed(key, nonce, body[:-8], body[-4:], b"\x11")
    if opened is None:
        return "sealed, and its bind key does not open it"
    _objects_v1(opened, catalogue, findings)
    return ""


def _objects_v1(body: bytes, catalogue: Catalogue, findings: Findings) -> None:
    """v1: {kind and length u8, id u8, data}; ids and scales are v2's, lengths are the sender's.

    Kinds: 0 a number, 1 a signed number, 2 a float; 3 and above are texts and addresses.
    """
    known = catalogue["ble/bthome"].variants[0].table
    at, said = 0, False
    while at + 1 < len(body):
        kind, size = body[at] >> 5, body[at] & 0x1F
        key, data = body[at + 1 : at + 2], body[at + 2 : at + 1 + size]
        fields = known.get(key)
        if size < 1 or len(data) < size - 1:
            findings.problem(ProblemKind.TRUNCATED, body[at:])
            return
        if fields is None:
            findings.problem(ProblemKind.UNKNOWN_CHANNEL, key)
        elif key == b"\x00" and data:
            findings.key_parts.append(f"packet={data[0]}")
        else:
            _object_v1(fields, kind, data, findings)
            said = said or any(field.words for field in fields)
        at += 1 + size
    if not said:
        findings.readings.append(DeviceHeard())


def _object_v1(fields: Sequence[Field], kind: int, data: bytes, findings: Findings) -> None:
    """One object, by v2's table: several fields as there, a single one of any length."""
    at = 0
    for field in fields:
        found = field.read(data, at)
        if len(fields) == 1 and kind <= FLOAT_V1:
            found = (_number_v1(kind, data), len(data)) if data else None
        if found is None:
            findings.problem(ProblemKind.TRUNCATED, data)
            return
        at += found[1]
        value = field.scaled(found[0]) if kind != FLOAT_V1 else found[0]
        for word in field.words if value is not None else ():
            findings.put(word, value)


def _number_v1(kind: int, data: bytes) -> float:
    if kind == FLOAT_V1:
        format_ = {2: "<e", 4: "<f", 8: "<d"}.get(len(data))
        return 0.0 if format_ is None else float(struct.unpack(format_, data)[0])
    return int.from_bytes(data, "little", signed=kind == 1)


def mibeacon(
    body: bytes, address: str, secret: str, catalogue: Catalogue, findings: Findings
) -> str:
    """Read Xiaomi's frame: control, product, counter, perhaps address, object."""
    if len(body) < 5:
        return "a MiBeacon frame cut short"
    control = body[0] | body[1] << 8
    start = 5
    if control & MI_ADDRESS:
        start += 6
    if control & MI_CAPABILITY and start < len(body):
        start += 3 if body[start] & MI_CAPABILITY else 1
    if not control & MI_OBJECT:
        findings.readings.append(DeviceHeard())
        return ""
    objects = body[start:]
    findings.key_parts.append(f"packet={body[4]}")
    if control & MI_SEALED:
        opened = _mi_opened(body, objects, address, secret)
        if isinstance(opened, str):
            return opened
        objects = opened
    decode(catalogue["ble/mibeacon"].variants, None, objects, findings)
    return ""


def _mi_opened(body: bytes, objects: bytes, address: str, secret: str) -> bytes | str:
    if body[1] >> 4 < 4:
        return "sealed the old way, without a tag that proves who sent it"
    key = _key(secret)
    if key is None:
        return "sealed, and no bind key is enrolled for it"
    if len(objects) < 8:
        return "sealed, and too short to be opened"
    nonce = _address(address)[::-1] + body[2:5] + objects[-7:-4]
    opened = open_sealed(key, nonce, objects[:-7], objects[-4:], b"\x11")
    return "sealed, and its bind key does not open it" if opened is None else opened


def _key(secret: str) -> bytes | None:
    try:
        key = bytes.fromhex(secret)
    except ValueError:
        return None
    return key if len(key) == KEY_BYTES else None


def _address(address: str) -> bytes:
    try:
        return bytes.fromhex(address.replace(":", ""))[:6].rjust(6, b"\0")
    except ValueError:
        return bytes(6)
