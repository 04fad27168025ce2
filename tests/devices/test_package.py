"""Models as data, the one door, and Zigbee2MQTT's corners."""

import json
import tomllib
from pathlib import Path

import jsonschema
import pytest

import devices.registry as door
from devices import catalogue, try_out
from devices.actions import meaning_of
from devices.codec import (
    Bridge,
    BridgeSaid,
    Discovered,
    Discovery,
    Enrolled,
    Ignored,
    Message,
    Undecodable,
    short,
)
from devices.lorawan import apply
from devices.registry import Registry, UnknownEcosystemError
from devices.words import Findings
from routing.ids import BridgeId, DeviceId
from routing.readings import (
    BatteryRead,
    DeviceClass,
    DeviceHeard,
    DoorMoved,
    FallPhase,
    FallSeen,
    HelpCancelled,
    HelpPressed,
    HelpTrigger,
    Measured,
    MotionSeen,
    Problem,
    ProblemKind,
    TimeQuality,
)
from tests.devices.bench import (
    ALARM,
    BUTTON,
    COMFORT,
    Zigbee,
    binary,
    enum,
    event,
    listed,
    only,
    up,
)

MODELS = Path(catalogue.__file__).parent / "models"
FILES = sorted(MODELS.glob("*/*.toml"))


# --- Models as data --------------------------------------------------------------------------


@pytest.mark.parametrize("file", FILES, ids=lambda file: f"{file.parent.name}/{file.name}")
def test_each_model_file_keeps_the_schema(file: Path) -> None:
    schema = json.loads((MODELS / "schema.json").read_text())
    jsonschema.Draft202012Validator(schema).validate(tomllib.loads(file.read_text()))


def test_the_schema_names_every_word() -> None:
    from devices.words import WORDS

    schema = json.loads((MODELS / "schema.json").read_text())
    assert schema["$defs"]["wordName"]["enum"] == sorted(WORDS)


def test_each_model_says_where_it_comes_from_and_an_alarm_is_never_experimental() -> None:
    for model in catalogue.load().values():
        assert model.source
        assert model.version >= 1
        assert not (model.experimental and model.device_class is DeviceClass.ALARM)


MODEL = '[model."a/b"]\nversion = 1\nclass = "comfort"\nsource = "x"\n'


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("[model", "not TOML"),
        ('[model."a/b"]\nversion = 1\nclass = "nonsense"\nsource = "x"', "nonsense"),
        ('[model."a/b"]\nclass = "comfort"\nsource = "x"', "version"),
        (
            '[model."a/b"]\nversion=1\nclass="alarm"\nsource="x"\nexperimental=true',
            "experimental",
        ),
        (MODEL + '[[model."a/b".message]]\nfields = [{ type = "u9" }]', "u9"),
        (MODEL + '[[model."a/b".message]]\nfields = [{ word = "dor" }]', "dor"),
        (
            MODEL + '[[model."a/b".message]]\nfields = '
            '[{ word = "fall", means = { 1 = [["x", "y"]] } }]',
            "means.1",
        ),
        (MODEL + '[[model."a/b".message]]\ninclude = ["nowhere"]', "nowhere"),
        (MODEL + '[[model."a/b".message]]\nfields = 3', "a table"),
        (MODEL + '[[model."a/b".message]]\nport = 3', "a list"),
        (MODEL + "message = 3", "a list"),
        (MODEL + "property = 3", "a table"),
    ],
)
def test_a_wrong_model_is_refused_with_its_file_and_field(
    tmp_path: Path, text: str, said: str
) -> None:
    (tmp_path / "lorawan").mkdir()
    (tmp_path / "README").write_text("not a folder")
    (tmp_path / "lorawan" / "notes.txt").write_text("not a model")
    (tmp_path / "lorawan" / "wrong.toml").write_text(text)
    with pytest.raises(catalogue.BadModelError, match=r"lorawan/wrong\.toml") as caught:
        catalogue.read(tmp_path)
    assert said in str(caught.value)


def test_a_name_stands_once(tmp_path: Path) -> None:
    for folder in ("a", "b"):
        (tmp_path / folder).mkdir()
        (tmp_path / folder / "m.toml").write_text(MODEL)
    with pytest.raises(catalogue.BadModelError, match="exists already"):
        catalogue.read(tmp_path)


def test_a_new_device_is_one_data_file(tmp_path: Path) -> None:
    """The example of devices/README.md."""
    (tmp_path / "lorawan").mkdir()
    readme = (MODELS.parent / "README.md").read_text()
    block = readme.split("```toml")[1].split("```")[0]
    text = "\n".join(line.removeprefix("   ") for line in block.splitlines())
    (tmp_path / "lorawan" / "knapp.toml").write_text(text)
    own = catalogue.read(tmp_path)
    lines = try_out.explain("acme/knapp7", "0157", port=10, catalogue=own)
    assert lines[-2:] == [
        "  ButtonPressed(kind=press)",
        "  BatteryRead(percent=87.0, trust=good)",
    ]
    assert "no message" in try_out.explain("acme/knapp7", "01", port=1, catalogue=own)[-1]


def test_a_server_decoded_object_is_taken_only_from_the_pinned_codec(tmp_path: Path) -> None:
    (tmp_path / "lorawan").mkdir()
    text = MODEL + (
        '[[model."a/b".accepts]]\ncodec = "acme"\nversion = "2"\n'
        'value = [{ path = "door.state", word = "door", on = true }]'
    )
    (tmp_path / "lorawan" / "m.toml").write_text(text)
    own = catalogue.read(tmp_path)
    enrolled = {(BridgeId("c"), "ab"): Enrolled(DeviceId("d"), "a/b", COMFORT)}
    registry = Registry([Bridge(BridgeId("c"), "chirpstack", "application")], enrolled, (), own)

    def said(version: str) -> object:
        tags = {"codec": "acme", "codec_version": version}
        more = {
            "deviceInfo": {"tags": tags},
            "object": {"door": {"state": False}},
            "rxInfo": [],
        }
        return event(registry, up("01", 1, more), eui="ab")[0]

    trusted, other = said("2"), said("3")
    assert isinstance(trusted, Message)
    assert trusted.readings == (DoorMoved(open=False),)
    assert isinstance(other, Undecodable)
    assert not apply((), {}, Findings(COMFORT))


CHECKED = (
    MODEL.replace('"comfort"', '"alarm"')
    + """
[[model."a/b".message]]
fields = [
  { type = "u8", word = "press", none = [0], values = { 1 = "press" } },
  { type = "u8", word = "motion" },
]
[[model."a/b".accepts]]
codec = "acme"
version = "2"
value = [
  { path = "press", word = "press", none = ["none"], values = { s = "press", l = "long" } },
  { path = "moves", word = "motion" },
  { path = "fall", word = "fall", values = { yes = "confirmed" }, none = ["no"] },
  { path = "door", word = "door" },
  { path = "battery", word = "battery_percent" },
]
"""
)


@pytest.mark.parametrize(
    ("data", "told", "added", "differs"),
    [
        ("0101", {"press": "s", "moves": True, "battery": 12}, (), False),
        ("0001", {"press": "none", "moves": 1}, (), False),
        ("0000", {"press": "s", "moves": 0}, (HelpPressed(HelpTrigger.PRESS),), True),
        ("0101", {"press": "l"}, (HelpPressed(HelpTrigger.LONG),), True),
        ("0000", {"fall": "yes"}, (FallSeen(FallPhase.CONFIRMED),), True),
        ("0000", {"moves": True}, (), True),
        ("0000", {"door": True}, (), True),  # our own has not the door: told, and not believed
        ("0000", {"other": 1}, (), True),
    ],
)
def test_what_the_server_decoded_is_compared_with_our_own_and_a_difference_is_told(
    tmp_path: Path,
    data: str,
    told: dict[str, object],
    added: tuple[object, ...],
    differs: bool,
) -> None:
    (tmp_path / "lorawan").mkdir()
    (tmp_path / "lorawan" / "m.toml").write_text(CHECKED)
    own = catalogue.read(tmp_path)
    enrolled = {(BridgeId("c"), "ab"): Enrolled(DeviceId("d"), "a/b", ALARM)}
    registry = Registry([Bridge(BridgeId("c"), "chirpstack", "application")], enrolled, (), own)
    pinned = {"deviceInfo": {"tags": {"codec": "acme", "codec_version": "2"}}}

    message = only(event(registry, up(data, 1, {**pinned, "object": told}), eui="ab"))
    assert [r for r in message.readings if isinstance(r, Problem)] != [] or not differs
    assert not differs or set(added) <= set(message.readings)
    assert DoorMoved(open=True) not in message.readings

    other = {"deviceInfo": {"tags": {"codec": "acme", "codec_version": "3"}}}
    message = only(event(registry, up(data, 1, {**other, "object": told}), eui="ab"))
    assert not [reading for reading in message.readings if isinstance(reading, Problem)]


def test_the_things_stacks_own_decoding_is_compared_too(tmp_path: Path) -> None:
    (tmp_path / "lorawan").mkdir()
    enrolled = {(BridgeId("t"), "k"): Enrolled(DeviceId("d"), "a/b", ALARM)}
    body = {
        "uplink_message": {
            "frm_payload": "AAA=",
            "decoded_payload": {"press": "s"},
            "version_ids": {"brand_id": "ac", "model_id": "me", "firmware_version": "2"},
        }
    }
    text = CHECKED.replace('"acme"', '"ac/me"')
    (tmp_path / "lorawan" / "m.toml").write_text(text)
    registry = Registry(
        [Bridge(BridgeId("t"), "thethingsstack", "v3")],
        enrolled,
        (),
        catalogue.read(tmp_path),
    )
    message = only(registry.understand("v3/a@t/devices/k/up", json.dumps(body).encode()))
    assert HelpPressed(HelpTrigger.PRESS) in message.readings
    assert [reading for reading in message.readings if isinstance(reading, Problem)]


# --- The door --------------------------------------------------------------------------------


def test_an_unknown_ecosystem_is_refused_with_the_choice() -> None:
    with pytest.raises(UnknownEcosystemError, match="zigbee2mqtt"):
        Registry([Bridge(BridgeId("x"), "fax", "")], {})


def test_a_topic_of_nobody_and_one_too_long() -> None:
    registry = Zigbee().button().registry()
    assert isinstance(registry.understand("other/x", b"")[0], Ignored)
    assert isinstance(registry.understand("zigbee2mqtt/" + "x" * 2000, b"")[0], Undecodable)
    assert repr(registry) == "Registry(zigbee2mqtt/)"


def test_a_failing_codec_is_an_undecodable_message(monkeypatch: pytest.MonkeyPatch) -> None:
    class Broken:
        def __init__(self, *_: object) -> None: ...

        def understand(self, *_: object) -> tuple[()]:
            raise ZeroDivisionError

        def topics(self, _: object) -> tuple[str, ...]:
            return ()

    monkeypatch.setattr(door, "MAKERS", {"broken": Broken})
    registry = Registry([Bridge(BridgeId("b"), "broken", "b")], {})
    (found,) = registry.understand("b/x", b"payload")
    assert isinstance(found, Undecodable)
    assert "ZeroDivisionError" in found.why


def test_a_list_may_be_long_and_a_message_may_not() -> None:
    registry = Zigbee().button().registry()
    long = json.dumps([listed("0x1", "x" * 70000, BUTTON)]).encode()
    assert isinstance(registry.understand("zigbee2mqtt/bridge/devices", long)[0], Discovery)
    assert isinstance(registry.understand("zigbee2mqtt/wrist-12", long)[0], Undecodable)


def test_a_proposal_adds_to_what_a_bridge_said_and_a_list_replaces_it() -> None:
    bridge = Bridge(BridgeId("z"), "zigbee2mqtt", "z")
    button = Discovered("0x1", "a", "", exposes=json.dumps(BUTTON))
    other = Discovered("0x2", "b", "", exposes=json.dumps(BUTTON))
    complete, more = (
        Discovery(bridge.id, (button,)),
        Discovery(bridge.id, (other,), complete=False),
    )
    press = b'{"action":"single"}'
    both = Registry([bridge], {}, [complete, more])
    assert only(both.understand("z/a", press)).native == "0x1"
    assert only(both.understand("z/b", press)).native == "0x2"
    replaced = Registry([bridge], {}, [complete, more, Discovery(bridge.id, (other,))])
    assert isinstance(replaced.understand("z/a", press)[0], Undecodable)


def test_the_alarm_lane_of_a_zigbee_bridge_follows_its_names() -> None:
    house = Zigbee().button("rom 1/knapp").add("0x2", "lampe", [binary("occupancy")])
    assert house.registry().alarm_topics() == (
        "zigbee2mqtt/rom 1/knapp",
        "zigbee2mqtt/rom 1/knapp/+",
    )
    assert house.registry().bulk_topics() == ("zigbee2mqtt/#",)


def test_a_long_key_is_shortened_and_stays_itself() -> None:
    assert short("k") == "k"
    assert short("k" * 500) == short("k" * 500)
    assert len(short("k" * 500)) == 32


# --- Zigbee2MQTT's corners -------------------------------------------------------------------


def test_attribute_output_is_one_property_a_topic() -> None:
    house = Zigbee().add(
        "0x1", "dør", [binary("contact", False, True), enum("action", "single")]
    )
    assert house.readings("dør/contact", b"false") == (DoorMoved(open=True),)
    assert isinstance(house.say("dør/other", b"1")[0], Ignored)
    assert isinstance(house.say("dør/contact", b"\xff")[0], Undecodable)
    assert house.readings("dør/battery", b"57") == (BatteryRead(57.0),)
    text = Zigbee().add("0x1", "dør", [enum("opening_state", "open", "closed")])
    assert text.readings("dør/opening_state", b"open") == (DoorMoved(open=True),)


def test_commands_and_the_bridges_own_business_are_ignored() -> None:
    house = Zigbee().button()
    for topic in (
        "wrist-12/set",
        "wrist-12/get",
        "bridge/info",
        "bridge/logging",
        "stue/gruppe",
    ):
        assert isinstance(house.say(topic, {"state": "ON"})[0], Ignored)
    assert isinstance(house.say("bridge/state", b"")[0], Ignored)
    assert isinstance(house.say("bridge/devices", b"")[0], Ignored)
    assert isinstance(house.say("bridge/event", {"type": "device_leave"})[0], Ignored)
    assert house.say("bridge/health", {}) == (
        BridgeSaid(BridgeId("z2m"), online=True, detail="bridge/health"),
    )


def test_the_bridges_nonsense_is_undecodable() -> None:
    house = Zigbee().button()
    for topic in ("bridge/state", "bridge/devices", "wrist-12/availability"):
        assert isinstance(house.say(topic, b"\xff")[0], Undecodable)


def test_a_press_from_an_unlisted_name_is_kept_and_never_dropped() -> None:
    house = Zigbee().button()
    assert isinstance(house.say("renamed", {"action": "emergency"})[0], Undecodable)
    assert isinstance(house.say("renamed/action", b"emergency")[0], Undecodable)
    told = {"action": "emergency", "device": {"ieeeAddr": "0x12"}}
    assert house.message("renamed", told).native == "0x12"
    other = {"action": "emergency", "device": {"ieeeAddr": "0x99"}}
    assert isinstance(house.say("renamed", other)[0], Undecodable)


def test_discovery_lists_devices_and_proposes_models() -> None:
    entries = [
        {"type": "Coordinator", "ieee_address": "0x0"},
        {"type": "EndDevice"},
        listed("0x1", "a", [binary("sos")]),
        listed("0x2", "b", [enum("action", "panic", "disarm")]),
        listed("0x3", "c", [binary("occupancy")], model="TS0601_bed_presence_sensor"),
        {"type": "EndDevice", "ieee_address": "0x4", "definition": None},
    ]
    (found,) = Zigbee().say("bridge/devices", entries)
    assert isinstance(found, Discovery)
    assert [(one.native, one.model) for one in found.found] == [
        ("0x1", "zigbee2mqtt/alarm-button"),
        ("0x2", "zigbee2mqtt/alarm-button"),
        ("0x3", "zigbee2mqtt/bed"),
        ("0x4", "zigbee2mqtt/sensor"),
    ]


@pytest.mark.parametrize(
    ("seen", "quality"),
    [
        ("2026-11-21T02:14:00+01:00", TimeQuality.GATEWAY),
        (1795230000123, TimeQuality.GATEWAY),
        (12, TimeQuality.IMPLAUSIBLE),
        (1e30, TimeQuality.IMPLAUSIBLE),
        ("now", TimeQuality.NONE),
        (None, TimeQuality.NONE),
    ],
)
def test_last_seen_is_a_hint_with_a_quality(seen: object, quality: TimeQuality) -> None:
    message = Zigbee().button().message("wrist-12", {"battery": 1, "last_seen": seen})
    assert message.device_time.quality is quality


def test_an_action_that_is_no_text() -> None:
    found = Zigbee().button().readings("wrist-12", {"action": {"a": 1}})
    assert HelpPressed(HelpTrigger.UNKNOWN) in found
    comfort = Zigbee().add("0x1", "b", BUTTON).readings("b", {"action": 7})
    assert not [r for r in comfort if isinstance(r, HelpPressed)]
    assert [r for r in comfort if isinstance(r, Problem)]


def test_an_emergency_is_help_whatever_the_class() -> None:
    house = Zigbee().add("0x1", "fob", [enum("action", "emergency")], COMFORT)
    assert house.readings("fob", {"action": "emergency"}) == (HelpPressed(HelpTrigger.PRESS),)


def test_a_cancelled_request_is_told() -> None:
    assert Zigbee().button().readings("wrist-12", {"action": "cancel"}) == (HelpCancelled(),)


def test_odd_values_take_the_slow_way_and_end_in_a_problem_or_a_reading() -> None:
    exposes = [
        binary("contact_left", False, True),
        binary("occupancy"),
        {"type": "numeric", "property": "voltage", "unit": "V"},
        {"type": "numeric", "property": "temperature", "unit": "°C"},
        {"type": "numeric", "property": "linkquality"},
        {"type": "numeric", "property": "voltage_ac", "unit": "kV"},
        {"type": "switch", "features": [binary("state", "ON", "OFF")]},
        {"type": "climate"},
    ]
    house = Zigbee().add("0x1", "x", exposes)
    assert house.readings("x", {"contact_left": False}) == (DoorMoved(open=True),)
    assert house.readings("x", {"occupancy": 1}) == (MotionSeen(active=True),)
    assert house.readings("x", {"voltage": 2.9}) == (BatteryRead(volts=2.9),)
    assert house.readings("x", {"voltage": None})[0] == Problem(
        ProblemKind.NULL_FIELD, "battery_volts=None"
    )
    assert house.readings("x", {"temperature": 21}) == (Measured("temperature", 21.0, "°C"),)
    assert house.readings("x", {"temperature": None}) == (DeviceHeard(),)
    assert house.readings("x", {"temperature": "21.5"}) == (
        Measured("temperature", 21.5, "°C"),
    )
    assert [r for r in house.readings("x", {"linkquality": "x"}) if isinstance(r, Problem)]
    assert [r for r in house.readings("x", {"occupancy": "maybe"}) if isinstance(r, Problem)]
    millivolts = Zigbee().button()
    assert millivolts.readings("wrist-12", {"voltage": 2900}) == (BatteryRead(volts=2.9),)
    assert [
        r for r in millivolts.readings("wrist-12", {"voltage": "x"}) if isinstance(r, Problem)
    ]


def test_exposes_that_never_end_are_bounded() -> None:
    nested: object = [binary("occupancy")]
    for _ in range(50):
        nested = [{"type": "x", "features": nested}]
    nested = [*nested, binary("tamper")] if isinstance(nested, list) else nested
    found = Zigbee().add("0x1", "x", nested).readings("x", {"occupancy": True})
    assert found == (DeviceHeard(),)


@pytest.mark.parametrize(
    ("word", "kind", "button"),
    [
        ("1_single", "press", "1"),
        ("hold_left", "long", "left"),
        ("button_3_double", "double", "3"),
        ("single_center", "press", "center"),
        ("toggle", "toggle", ""),
        ("on_2", "on", "2"),
        ("many", "many", ""),
        ("wibble", "wibble", "wibble"),
        ("", "unknown", ""),
        ("disarm", "disarm", ""),
        ("arm_day_zones", "arm_day_zones", ""),
        ("brightness_stop", "release", "brightness"),
        ("off_1", "off", "1"),
        ("SOS", "sos", ""),
    ],
)
def test_the_words_of_buttons(word: str, kind: str, button: str) -> None:
    assert (meaning_of(word).kind, meaning_of(word).button) == (kind, button)
