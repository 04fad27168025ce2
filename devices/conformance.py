"""Run public vectors through the codecs and say how many are right.

«Right» means: our readings carry what the vector's expected fields say, for every field that
our vocabulary has a word for. «Undecodable» means that we say so ourselves (no such model, a
sealed advert without its key, a maker's format we do not read). Everything else is «wrong»,
with what was expected and what came. Nothing here knows a single vector; `expectations` knows
the field names.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from importlib.resources.abc import Traversable
from pathlib import Path

import orjson

from devices import adverts
from devices.catalogue import Catalogue, load
from devices.codec import Bridge, Discovery, Enrolled, Message, Undecodable
from devices.envelope import Json, items, table, text
from devices.expectations import Expected, akenza, bthome, hci
from devices.expectations_zigbee import zigbee_action, zigbee_values
from devices.layouts.payload import decode
from devices.lorawan import apply
from devices.registry import Registry
from devices.words import Findings, number
from routing.ids import BridgeId, DeviceId
from routing.readings import DeviceClass, DeviceHeard, Problem, Reading

MOST_WRONG = 2000
BRIDGE = BridgeId("conformance")


@dataclass
class Score:
    """How one ecosystem did."""

    vectors: int = 0
    right: int = 0
    undecodable: int = 0
    wrong: list[dict[str, object]] = field(default_factory=list[dict[str, object]])


Judge = Callable[[str, object, Score, Catalogue], None]


def run(directory: Path | Traversable, catalogue: Catalogue | None = None) -> dict[str, object]:
    """Return the report that `bjelle device conformance DIR --json` prints."""
    catalogue = load() if catalogue is None else catalogue
    scores: dict[str, Score] = {}
    for name, ecosystem, judge, content in _vectors(directory):
        judge(name, content, scores.setdefault(ecosystem, Score()), catalogue)
    return {
        "ecosystems": {
            name: {
                "vectors": score.vectors,
                "right": score.right,
                "undecodable": score.undecodable,
                "wrong": len(score.wrong),
            }
            for name, score in sorted(scores.items())
        },
        "wrong": [w for _, score in sorted(scores.items()) for w in score.wrong][:MOST_WRONG],
    }


def _vectors(directory: Path | Traversable) -> Iterator[tuple[str, str, Judge, object]]:
    """Yield each file with what its content looks like: formats are told by their shape."""
    for folder in sorted(directory.iterdir(), key=lambda f: f.name):
        files = sorted(folder.iterdir(), key=lambda f: f.name) if folder.is_dir() else [folder]
        for file in files:
            if not file.name.endswith(".json"):
                continue
            try:
                content = orjson.loads(file.read_bytes())
            except ValueError:
                continue
            kind = _kind(content)
            if kind is not None:
                yield file.name, kind[0], kind[1], content


def _kind(content: object) -> tuple[str, Judge] | None:
    if "examples" in table(content):
        return "lorawan", _lorawan
    if any(":" in key or key == "components" for key in table(content)):
        return "shelly", _shelly
    first = table(next(iter(items(content)), None))
    for member, kind in SHAPES:
        if member in first:
            return kind
    return None


def _settle(
    score: Score, vector: str, expected: tuple[Expected, ...], got: tuple[Reading, ...] | str
) -> None:
    """Count one vector. `got` is a text where the codec itself said that it cannot."""
    score.vectors += 1
    if isinstance(got, str):
        score.undecodable += 1
        return
    missed = [one for one in expected if not one.holds(got)]
    if not missed:
        score.right += 1
        return
    score.wrong.append(
        {
            "vector": vector,
            "expected": {one.name: one.value for one in missed},
            "got": [repr(reading) for reading in got],
        }
    )


# --- LoRaWAN
# ------------------------------------------------------------------------------------


def model_for(name: str, catalogue: Catalogue) -> str:
    """Return our model for a public model name: by its match data, else by its own name."""
    wanted = name.casefold()
    maker, _, model = wanted.partition("/")
    guess = ""
    for known in catalogue.values():
        for public in (*known.match.get("public", ()), *known.match.get("cloud", ())):
            if public.casefold() == wanted:
                return known.id
            if public.endswith("*") and wanted.startswith(public[:-1].casefold()):
                guess = guess or known.id
    if wanted in catalogue:
        return wanted
    for known in catalogue.values():
        of, _, own = known.id.partition("/")
        names = {own, *(n.casefold() for n in known.match.get("chirpstack_profile", ()))}
        if of == maker and (model in names or f"{maker} {model}" in names):
            return known.id
    return guess


def _lorawan(_file: str, content: object, score: Score, catalogue: Catalogue) -> None:
    body = table(content)
    name = text(body.get("model"))
    model = catalogue.get(model_for(name, catalogue))
    for example in items(body.get("examples")):
        vector = f"{name}: {text(table(example).get('name'))}"
        given = table(table(example).get("input"))
        if model is None:
            _settle(score, vector, (), "no such model in the catalogue")
            continue
        findings = Findings(DeviceClass.COMFORT)
        data = table(given.get("data"))
        payload = _unhex(data.get("payloadHex"))
        port = data.get("port")
        if model.variants and payload is not None:
            known = decode(
                model.variants, port if isinstance(port, int) else None, payload, findings
            )
        else:
            known = apply(model.rules, given, findings)
        expected = akenza(table(example).get("expected"), given)
        _settle(score, vector, expected, findings.done() if known else "no such message")


def _unhex(value: object) -> bytes | None:
    try:
        return bytes.fromhex(value) if isinstance(value, str) else None
    except ValueError:
        return None


# --- Bluetooth
# ----------------------------------------------------------------------------------


def _hci(_file: str, content: object, score: Score, catalogue: Catalogue) -> None:
    for vector in items(content):
        one = table(vector)
        packet = one.get("hci_hex")
        listed = items(packet)
        raw = _unhex(listed[0] if listed else packet)
        heard = adverts.from_hci(raw or b"")
        if heard is None:
            _settle(score, text(one.get("test")), (), "no advertising report")
            continue
        findings = Findings(DeviceClass.COMFORT)
        why = adverts.understand(heard, text(one.get("key")), catalogue, findings)
        findings.linked("rssi", heard.rssi_dbm or 0.0)
        expected = hci(table(one.get("expected")))
        _settle(score, text(one.get("test")), expected, why or findings.done())


def _bthome(_file: str, content: object, score: Score, catalogue: Catalogue) -> None:
    for vector in items(content):
        one = table(vector)
        for index, advert in enumerate(items(one.get("adverts"))):
            said = table(advert)
            findings = Findings(DeviceClass.COMFORT)
            uuid = _unhex(text(one.get("uuid"))) or b"\xfc\xd2"
            why = adverts.service_data(
                uuid[-2:][::-1],
                _unhex(said.get("hex")) or b"",
                text(one.get("address")).lower(),
                text(one.get("bindkey")),
                catalogue,
                findings,
            )
            why = "no such service" if why is None else why
            got = findings.done()
            if said.get("supported") is False:  # refused there: here a security problem
                refused = bool(why) or any(isinstance(reading, Problem) for reading in got)
                holds = Expected("refused", value=True, check=lambda _got, yes=refused: yes)
                expected, got_or_why = (holds,), got
            else:
                expected, got_or_why = bthome(said), why or got
            if why and not expected:  # both sides say that it cannot be read
                got_or_why = (DeviceHeard(),)
            _settle(score, f"{text(one.get('test'))}[{index}]", expected, got_or_why)


# --- Zigbee2MQTT
# --------------------------------------------------------------------------------


def _registry(definition: Json, device_class: DeviceClass) -> Registry:
    """A bridge with one device, listed as the bridge lists it."""
    bridge = Bridge(BRIDGE, "zigbee2mqtt", "z2m")
    listed = {
        "ieee_address": "0x1",
        "friendly_name": "d",
        "type": "EndDevice",
        "definition": definition,
    }
    blank = Registry([bridge], {})
    found = blank.understand("z2m/bridge/devices", orjson.dumps([listed]))
    discovered = [one for one in found if isinstance(one, Discovery)]
    model = discovered[0].found[0].model if discovered and discovered[0].found else ""
    chosen = Enrolled(DeviceId("d"), model, device_class)
    return Registry([bridge], {(BRIDGE, "0x1"): chosen}, discovered)


def _exposes(_file: str, content: object, score: Score, _catalogue: Catalogue) -> None:
    for entry in items(content):
        definition = table(entry)
        registry = _registry(definition, DeviceClass.COMFORT)
        name = f"{text(definition.get('vendor'))} {text(definition.get('model'))}"
        expected: list[Expected] = []
        got: list[Reading] = []
        for body, wanted in zigbee_values(definition):
            said = registry.understand("z2m/d", orjson.dumps(body))
            readings = tuple(r for m in said if isinstance(m, Message) for r in m.readings)
            got += readings
            expected += [one.bound(readings) for one in wanted]
        _settle(score, name, tuple(expected), tuple(got) or (DeviceHeard(),))


def _actions(_file: str, content: object, score: Score, _catalogue: Catalogue) -> None:
    for entry in items(content):
        definition = table(entry)
        name = f"{text(definition.get('vendor'))} {text(definition.get('model'))}"
        words = [text(action) for action in items(definition.get("actions"))]
        exposes = [{"type": "enum", "property": "action", "values": words}]
        expected: list[Expected] = []
        got: list[Reading] = []
        for device_class in (DeviceClass.COMFORT, DeviceClass.ALARM):
            registry = _registry({**definition, "exposes": exposes}, device_class)
            for word in words:
                said = registry.understand("z2m/d", orjson.dumps({"action": word}))
                readings = tuple(r for m in said if isinstance(m, Message) for r in m.readings)
                got += readings
                alarm = device_class is DeviceClass.ALARM
                expected += [one.bound(readings) for one in zigbee_action(word, alarm=alarm)]
        _settle(score, name, tuple(expected), tuple(got) or (DeviceHeard(),))


# --- The Things Stack, Shelly
# -------------------------------------------------------------------


def _tts(_file: str, content: object, score: Score, catalogue: Catalogue) -> None:
    registry = Registry([Bridge(BRIDGE, "thethingsstack", "v3")], {}, (), catalogue)
    for index, entry in enumerate(items(content)):
        one = table(entry)
        name = f"{text(one.get('source'))}[{index}]"
        broken = one.get("invalid_json_as_published")
        raw = text(broken, 1 << 20).encode() if broken else orjson.dumps(one.get("payload"))
        said = registry.understand("v3/app1@t/devices/dev1/up", raw)
        if broken:  # the right answer is that it cannot be read
            right = all(isinstance(answer, Undecodable) for answer in said)
            holds = Expected("invalid", value=True, check=lambda _got, right=right: right)
            _settle(score, name, (holds,), (DeviceHeard(),))
            continue
        got = tuple(r for m in said if isinstance(m, Message) for r in m.readings)
        undecodable = any(isinstance(answer, Undecodable) for answer in said)
        _settle(score, name, _tts_expected(one), "undecodable" if undecodable else got)


def _tts_expected(one: Json) -> tuple[Expected, ...]:
    payload = table(one.get("payload"))
    if "join_accept" in payload or "downlink_ack" in payload:
        return (Expected("heard", value=True, check=_heard),)
    if "uplink_message" not in payload:
        return ()
    up = table(payload.get("uplink_message"))
    strengths = [number(table(heard).get("rssi")) for heard in items(up.get("rx_metadata"))]
    strongest = max((one for one in strengths if one is not None), default=None)
    battery = number(table(up.get("last_battery_percentage")).get("value"))
    said = hci({"rssi": strongest, "battery": battery})
    return (Expected("heard", value=True, check=_heard), *said)


def _heard(got: tuple[Reading, ...]) -> bool:
    return any(isinstance(reading, DeviceHeard) for reading in got)


def _shelly(file: str, content: object, score: Score, catalogue: Catalogue) -> None:
    """Dumps of components: the status of each, as the hub would hear it."""
    registry = Registry([Bridge(BRIDGE, "shelly", "shellies")], {}, (), catalogue)
    for name, components in _components(file, content):
        body = {"src": "s", "method": "NotifyFullStatus", "params": components}
        said = registry.understand("shellies/s/events/rpc", orjson.dumps(body))
        got = tuple(r for m in said if isinstance(m, Message) for r in m.readings)
        expected: list[Expected] = []
        for status in components.values():
            expected += hci(
                {k: v for k, v in table(status).items() if k in {"battery", "rssi"}}
            )
        undecodable = any(isinstance(answer, Undecodable) for answer in said)
        _settle(score, name, tuple(expected), "undecodable" if undecodable else got)


def _components(file: str, content: object) -> Iterator[tuple[str, Json]]:
    entries = items(content) or [content]
    for entry in entries:
        one = table(entry)
        fixture = table(one.get("fixture")) or one
        listed = items(table(fixture.get("device_config", fixture)).get("components"))
        status: Json = {text(table(c).get("key")): table(c).get("status") for c in listed} or {
            k: v for k, v in one.items() if ":" in k or k == "wifi"
        }
        yield text(one.get("source")) or file, status


SHAPES: tuple[tuple[str, tuple[str, Judge]], ...] = (
    ("hci_hex", ("ble", _hci)),
    ("adverts", ("bthome", _bthome)),
    ("actions", ("zigbee2mqtt-actions", _actions)),
    ("exposes", ("zigbee2mqtt", _exposes)),
    ("payload", ("thethingsstack", _tts)),
    ("invalid_json_as_published", ("thethingsstack", _tts)),
    ("fixture", ("shelly", _shelly)),
)
"""Files are told by a member of their first entry."""
