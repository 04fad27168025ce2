"""LoRaWAN, whatever network server carried it: one uplink and its model become a message.

The bytes are decoded by our own tables. What the server decoded is used only where the model
pins the codec and its version (DEVICES fact 6): `button: "short"` means four things in four
codecs. Where both are there they are compared, and a difference is never silent.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from devices.catalogue import Catalogue, Model, Rule
from devices.codec import (
    NO_TIME,
    Discovered,
    Discovery,
    Enrolled,
    Message,
    Undecodable,
    Understood,
    excerpt,
    short,
)
from devices.envelope import BROKEN, at_path
from devices.layouts.payload import decode
from devices.words import Findings, raw_text
from routing.ids import BridgeId
from routing.readings import (
    BedChanged,
    ButtonPressed,
    DeviceClass,
    DeviceHeard,
    DeviceTime,
    DoorMoved,
    FallSeen,
    HelpCancelled,
    HelpPressed,
    LinkRead,
    MotionSeen,
    Problem,
    ProblemKind,
    Reading,
    Tampered,
    TimeQuality,
)

NO_MODEL = "model {!r} is not in the catalogue: choose another, or add its file"


@dataclass(slots=True)  # not frozen: one is made for each frame, and kept by nobody
class Uplink:
    """What every network server says of a frame."""

    topic: str
    bridge: BridgeId
    native: str
    """DevEUI, lower case."""
    payload: bytes
    data: bytes
    key: str = ""
    port: int | None = None
    link: LinkRead | None = None
    gateway_time: DeviceTime = NO_TIME
    test: bool = False
    decoded: object = BROKEN
    codec: tuple[str, str] = ("", "")
    """The server's codec and its version, where the server names them."""
    session: str = ""
    """The DevAddr: a join gives a new one."""
    number: int = 0
    """The frame counter."""


def understand(
    uplink: Uplink, enrolled: Enrolled | None, model: Model | None
) -> Message | Undecodable:
    """Return the message of an uplink. `model` is the enrolled one, or a suggestion."""
    device = None if enrolled is None else enrolled.device
    if enrolled is not None and model is None:
        return _undecodable(uplink, enrolled, NO_MODEL.format(enrolled.model))
    readings: tuple[Reading, ...] = (DeviceHeard(),)
    time, history, named, version = uplink.gateway_time, False, "", 0
    if model is not None and uplink.data:
        named, version = model.id, model.version
        how = enrolled.device_class if enrolled else DeviceClass.COMFORT
        findings = Findings(how)
        if not _read(uplink, model, findings):
            return _undecodable(
                uplink,
                enrolled,
                f"{model.id} has no message of {len(uplink.data)} bytes on port {uplink.port}",
            )
        readings = findings.done() or readings
        if model.variants and (rules := _pinned(uplink, model)):
            readings += _compared(uplink, rules, readings, how)
        history = findings.history
        if findings.time.quality is not TimeQuality.NONE:
            time = findings.time
    if uplink.link is not None:
        readings = (*readings, uplink.link)
    return Message(
        bridge=uplink.bridge,
        native=uplink.native,
        device=device,
        readings=readings,
        key=short(uplink.key),
        key_window=model.key_window if model else Message.key_window,
        device_time=time,
        history=history,
        source="up",
        test=uplink.test,
        model=named,
        model_version=version,
        session=short(uplink.session),
        number=uplink.number,
    )


def _read(uplink: Uplink, model: Model, findings: Findings) -> bool:
    if model.variants:
        return decode(model.variants, uplink.port, uplink.data, findings)
    return apply(_pinned(uplink, model), uplink.decoded, findings)


def _pinned(uplink: Uplink, model: Model) -> Sequence[Rule]:
    """Return how to read the server's object: known of just this codec in this version."""
    for one in model.accepts:
        if (one.codec, one.version) == uplink.codec:
            return one.rules
    return ()


def _compared(
    uplink: Uplink, rules: Sequence[Rule], ours: tuple[Reading, ...], how: DeviceClass
) -> tuple[Reading, ...]:
    """Return what the server's decoding adds: a problem for each difference of weight.

    Beside it only what rings more is believed: a cry for help, and a fall.
    """
    server = Findings(how)
    if not apply(rules, uplink.decoded, server):
        return (Problem(ProblemKind.SCHEMA, "the server's object has nothing that is pinned"),)
    known = {_weight(reading) for reading in ours}
    added: list[Reading] = []
    for reading in server.done():
        weight = _weight(reading)
        if weight is None or weight in known:
            continue
        added.append(Problem(ProblemKind.SCHEMA, excerpt(f"the server decoded {reading}")))
        if isinstance(reading, (HelpPressed, FallSeen)):
            added.append(reading)
    return tuple(added)


def _weight(reading: Reading) -> object:
    """Return what is compared of a reading: what somebody might be called for."""
    match reading:
        case MotionSeen():
            return MotionSeen, reading.active
        case (
            HelpPressed()
            | HelpCancelled()
            | ButtonPressed()
            | BedChanged()
            | DoorMoved()
            | FallSeen()
            | Tampered()
        ):
            return reading
        case _:
            return None


def apply(rules: Sequence[Rule], value: object, findings: Findings) -> bool:
    """Put what the paths of a JSON value say into `findings`; False: no path was there."""
    found = False
    for rule in rules:
        there = looked_up(rule, value)
        if there is not BROKEN:
            findings.put(rule.word, there)
            found = True
    return found


def looked_up(rule: Rule, value: object) -> object:
    """Return the value of the first path that is there, joined with what stands beside it."""
    there = _first(rule.paths, value)
    if there is BROKEN or not rule.beside:
        return there
    second = _first(rule.beside, value)
    return f"{raw_text(there)}/{'' if second is BROKEN else raw_text(second)}"


def _first(paths: tuple[tuple[str, ...], ...], value: object) -> object:
    for path in paths:
        there = at_path(value, path)
        if there is not BROKEN:
            return there
    return BROKEN


def _undecodable(uplink: Uplink, enrolled: Enrolled | None, why: str) -> Undecodable:
    device = None if enrolled is None else enrolled.device
    return Undecodable(uplink.topic, uplink.payload, why, uplink.bridge, uplink.native, device)


def with_proposal(
    bridge: BridgeId, native: str, name: str, model: str, found: Understood
) -> tuple[Understood, ...]:
    """Return what a stranger said, with the proposal to enrol it."""
    stranger = Discovered(native=native, name=name, model=model)
    return (found, Discovery(bridge, (stranger,), complete=False))


def model_named(
    catalogue: Catalogue, enrolled: Enrolled | None, suggested: str
) -> Model | None:
    """Return the enrolled model, or for a stranger the suggested one."""
    return catalogue.get(suggested if enrolled is None else enrolled.model)
