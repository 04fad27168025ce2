"""SCAIP (SS 91100, CLC/TS 50134-9): what another alarm receiver's request says, and the answer.

A request is a small XML text `<mrq>` in a SIP MESSAGE; here is the part without SIP: bytes in,
what they say and the `<mrs>` out. The same (controller, reference) again is the same alarm and
gets the identical answer (DEVICES D10), because nothing here remembers anything. Bears what is
really sent: missing zeros, any order, an absent type (an alarm) or status (a manual one),
blanks inside values, the root `<scaip>`. Source: an open implementation's codes, as DEVICES
section 2.8 says; not checked against the standard, and nothing carries SIP yet.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from enum import IntEnum
from xml.parsers import expat

from devices.codec import Enrolled, Message, Undecodable, excerpt
from routing.ids import BridgeId
from routing.readings import (
    BatteryRead,
    BedChanged,
    DeviceFault,
    DeviceHeard,
    DoorMoved,
    FallPhase,
    FallSeen,
    HeardBy,
    HelpCancelled,
    HelpPressed,
    HelpTrigger,
    MotionSeen,
    Problem,
    ProblemKind,
    Reading,
    Tampered,
)

LONGEST = 4096
LONGEST_VALUE = 256
REPEATS = timedelta(hours=1)
"""A controller repeats an unanswered request for minutes; its references do not come round."""
LONGEST_REF = 16


class Answered(IntEnum):
    """`snu`: what the receiver says of a request."""

    OK = 0
    TOO_LONG = 1
    FORMAT = 2
    MISSING = 7


MANUAL, CANCELLED, CLOSED, LYING = 10, 19, 21, 117
TESTS = frozenset({102, 103})
STATUSES: Mapping[int, Reading] = {
    14: BatteryRead(low=True),
    15: BatteryRead(low=False),
    16: BatteryRead(low=True),
    85: DeviceFault("mains_failure"),
    86: DeviceHeard(HeardBy.HEARTBEAT),
    125: Tampered("case"),
}
"""What a status says whatever the device is."""
ALARMS: Mapping[int, Reading] = {
    3: HelpPressed(HelpTrigger.PRESS, "personal"),
    4: HelpPressed(HelpTrigger.PRESS, "fixed"),
    5: FallSeen(FallPhase.CONFIRMED),
    7: HelpPressed(HelpTrigger.PRESS, "panic"),
    12: BedChanged(occupied=False),
    13: MotionSeen(active=True),
    14: DoorMoved(open=True),
    18: MotionSeen(active=True),
    38: Tampered("case"),
}
"""What an alarm of a device type says."""


@dataclass(frozen=True, slots=True)
class Heard:
    """What a request says, and the answer that belongs to it."""

    said: Message | Undecodable
    answer: bytes


def understand(payload: bytes, bridge: BridgeId, enrolled: Mapping[str, Enrolled]) -> Heard:
    """Return what a request says and its answer. Never raises, whatever the bytes are."""
    if len(payload) > LONGEST:
        return _refused(payload[:LONGEST], bridge, "", Answered.TOO_LONG, "too long")
    tags = _tags(payload)
    if tags is None:
        return _refused(payload, bridge, "", Answered.FORMAT, "not a SCAIP request")
    ref, controller = tags.get("ref", ""), tags.get("cid", "")
    missing = [name for name in ("ref", "cid", "dty") if not tags.get(name)]
    if missing or len(ref) > LONGEST_REF or not (ref.isascii() and ref.isalnum()):
        why = f"mandatory: {', '.join(missing) or 'a reference of letters and digits'}"
        return _refused(payload, bridge, controller, Answered.MISSING, why, ref)
    native = tags.get("did") or controller
    chosen = enrolled.get(native)
    status = _code(tags.get("stc", ""), MANUAL)
    message = Message(
        bridge=bridge,
        native=native,
        device=None if chosen is None else chosen.device,
        readings=_readings(tags, status),
        key=f"scaip/{controller[:64]}/{ref}",
        key_window=REPEATS,
        source="scaip",
        test=status in TESTS,
        model="" if chosen is None else chosen.model,
    )
    return Heard(message, answer(ref, Answered.OK))


def answer(ref: str, said: Answered) -> bytes:
    """Return the `<mrs>` of a reference. The same arguments give the same bytes."""
    safe = "".join(sign for sign in ref if sign.isascii() and sign.isalnum())[:LONGEST_REF]
    return f"<mrs><ref>{safe}</ref><snu>{said.value}</snu></mrs>".encode()


def _readings(  # noqa: PLR0911 - one row for each kind of request
    tags: Mapping[str, str], status: int
) -> tuple[Reading, ...]:
    kind = tags.get("mty", "").upper() or "ME"
    device = _code(tags["dty"], -1)
    if kind == "PI":
        return (DeviceHeard(HeardBy.HEARTBEAT),)
    if kind == "RE" or status == CANCELLED:
        return (HelpCancelled("remote"),)
    if status in STATUSES:
        return (STATUSES[status],)
    if device == 12 and status == LYING:
        return (BedChanged(occupied=True),)
    if device == 14 and status == CLOSED:
        return (DoorMoved(open=False),)
    if kind != "ME":
        return (DeviceHeard(HeardBy.DATA),)
    known = ALARMS.get(device)
    if known is not None:
        return (known,)
    # An alarm of a kind that has no word here is still an alarm (M9).
    what = f"dty={excerpt(tags['dty'], 16)} stc={status}"
    return Problem(ProblemKind.UNKNOWN_ENUM, what), HelpPressed(HelpTrigger.UNKNOWN)


def _code(value: str, otherwise: int) -> int:
    """Return a code whose zeros may be missing: `10`, `010` and `0010` are one."""
    plain = "".join(value.split())
    short = plain.isascii() and plain.isdecimal() and len(plain) <= 8
    return int(plain) if short else otherwise


class _Refused(Exception):  # noqa: N818 - never leaves this file
    """The text declares something: no request does."""


def _tags(payload: bytes) -> dict[str, str] | None:
    """Return the values below the root by name, or None where it is no request."""
    found: dict[str, str] = {}
    path: list[str] = []

    def began(name: str, _attributes: object) -> None:
        path.append(name.rpartition(":")[2].lower())

    def ended(_name: str) -> None:
        path.pop()

    def told(data: str) -> None:
        if len(path) == 2:
            before = found.get(path[1], "")
            found[path[1]] = (before + data)[:LONGEST_VALUE]

    def declared(*_given: object) -> None:
        raise _Refused

    reader = expat.ParserCreate()
    reader.StartElementHandler = began
    reader.EndElementHandler = ended
    reader.CharacterDataHandler = told
    reader.StartDoctypeDeclHandler = declared
    try:
        reader.Parse(payload, True)  # noqa: FBT003 - the parser's own signature
    except (expat.ExpatError, _Refused, ValueError):
        return None
    return {name: value.strip() for name, value in found.items()}


def _refused(
    payload: bytes, bridge: BridgeId, native: str, said: Answered, why: str, ref: str = ""
) -> Heard:
    return Heard(Undecodable("scaip", payload, why, bridge, native), answer(ref, said))
