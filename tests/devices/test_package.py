"""The catalogue, the door, the words, proposals and the tools for people."""

import json
import tomllib
from pathlib import Path

import jsonschema
import pytest

import devices.registry as door
from devices import catalogue, conformance, enrolment, try_out
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
from devices.envelope import at_path, instant, plain, unbase64
from devices.layouts.fields import Field
from devices.lorawan import apply
from devices.registry import Registry, UnknownEcosystemError
from devices.words import Findings, Word, device_time, number
from routing.ids import BridgeId, DeviceId
from routing.readings import (
    BatteryRead,
    ButtonPressed,
    DeviceClass,
    DeviceFault,
    DeviceHeard,
    DoorMoved,
    FallPhase,
    FallSeen,
    HeardBy,
    HelpCancelled,
    HelpPressed,
    HelpTrigger,
    Measured,
    MotionSeen,
    Problem,
    ProblemKind,
    Sighted,
    TimeQuality,
)
from tests.devices.bench import (
    ALARM,
    BUTTON,
    COMFORT,
    CORPORA,
    SAFETY,
    Zigbee,
    binary,
    enum,
    event,
    listed,
    needs_corpora,
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


# --- Words -----------------------------------------------------------------------------------


def said(word: Word, value: object, device_class: DeviceClass = COMFORT) -> tuple[object, ...]:
    findings = Findings(device_class)
    findings.put(word, value)
    return findings.done()


@pytest.mark.parametrize(
    ("word", "value", "expected"),
    [
        (Word("help"), "press", (HelpPressed(HelpTrigger.PRESS),)),
        (Word("cancel"), True, (HelpCancelled(),)),
        (Word("cancel"), False, ()),
        (Word("press"), "release", (ButtonPressed("release"),)),
        (Word("press"), True, (ButtonPressed("press"),)),
        (Word("fault", what="x"), 1, (DeviceFault("x"),)),
        (Word("fault", what="x"), 0, ()),
        (Word("heard"), "join", (DeviceHeard(HeardBy.JOIN),)),
        (Word("heard"), "?", (DeviceHeard(HeardBy.HEARTBEAT),)),
        (Word("nothing"), 1, ()),
        (Word("count"), 3, (MotionSeen(active=True, count=3),)),
        (Word("posture"), "sitting", (MotionSeen(active=True, posture="sitting"),)),
        (Word("distance"), 1.5, (Measured("distance", 1.5, "m"),)),
        (Word("motion", on="ON"), "OFF", (MotionSeen(active=False),)),
        (Word("motion", on="OCCUPIED"), 0, (MotionSeen(active=False),)),
        (Word("motion", on="false", off="true"), False, (MotionSeen(active=True),)),
        (Word("motion"), "detected", (MotionSeen(active=True),)),
        (Word("motion"), "clear", (MotionSeen(active=False),)),
        (Word("closed"), 1, (DoorMoved(open=False),)),
        (Word("measured", name="m"), True, (Measured("m", 1.0),)),
        (Word("charging"), True, (BatteryRead(charging=True),)),
        (Word("latitude"), 59.9, ()),
        (Word("latitude"), "x", ()),
        (Word("time"), "x", ()),
        (Word("sighted", what="ble:"), ("aa", -40.0), (Sighted("ble:aa", -40.0),)),
        (Word("fall"), "confirmed", (FallSeen(FallPhase.CONFIRMED),)),
    ],
)
def test_a_word_and_a_value_become_a_reading(
    word: Word, value: object, expected: tuple[object, ...]
) -> None:
    assert said(word, value) == expected


@pytest.mark.parametrize(
    ("word", "value"),
    [
        (Word("help"), "?"),
        (Word("sos"), "?"),
        (Word("motion"), "?"),
        (Word("fall"), "?"),
        (Word("fault", values={"1": "x"}), "2"),
        (Word("battery_low"), "?"),
        (Word("rssi"), "?"),
        (Word("count"), "?"),
        (Word("measured", name="m"), "?"),
        (Word("press"), 7),
        (Word("motion", on="ON"), "?"),
        (Word("door", means={}), 1),
        (Word("battery_percent"), True),
        (Word("battery_percent"), "1e999"),
        (Word("battery_percent"), 1e308),
        (Word("battery_percent"), "x" * 40),
    ],
)
def test_what_a_word_does_not_know_is_a_problem(word: Word, value: object) -> None:
    assert [r for r in said(word, value) if isinstance(r, Problem)]


@pytest.mark.parametrize("word", ["press", "help", "sos", "fall"])
def test_m9_what_an_alarm_says_and_we_do_not_know_is_help(word: str) -> None:
    found = said(Word(word, values={"1": "press"}), "?", ALARM)
    assert [r for r in found if isinstance(r, HelpPressed)] == [
        HelpPressed(HelpTrigger.UNKNOWN, "?")
    ]


def test_a_release_of_an_alarm_button_is_no_help() -> None:
    assert said(Word("press"), "release", ALARM) == ()


def test_a_known_fault_has_its_name() -> None:
    assert said(Word("fault", name="n", values={"1": "x"}), 1) == (DeviceFault("x", "n"),)


def test_several_zones_are_one_movement_and_the_best_receiver_wins() -> None:
    findings = Findings(COMFORT)
    for value in (False, True, False):
        findings.put(Word("motion"), value)
    for rssi in (-90, -60, -70):
        findings.put(Word("rssi"), rssi)
    found = findings.done()
    assert found[0] == MotionSeen(active=True)
    assert getattr(found[1], "rssi_dbm") == -60.0  # noqa: B009


@pytest.mark.parametrize("place", [(91.0, 0.0), (0.0, 181.0), (0.0, 0.0)])
def test_a_position_that_is_none_is_a_problem(place: tuple[float, float]) -> None:
    findings = Findings(COMFORT)
    findings.put(Word("latitude"), place[0])
    findings.put(Word("longitude"), place[1])
    assert [r for r in findings.done() if isinstance(r, Problem)]


def test_small_readers() -> None:
    assert number("  7 ") == 7.0
    assert device_time(float("1e20")).quality is TimeQuality.IMPLAUSIBLE
    assert instant("2026-13-45T99:99:99+00:00") is None
    assert unbase64(7) is None
    assert plain(b"x" * 999) == ""
    assert at_path({"a": [1, {"b": 2}]}, ("a", "1", "b")) == 2
    assert at_path([1], ("0",)) == 1
    assert Field("u24").read(b"\x01\x02", 0) is None
    assert Field("u24").read(b"\x01\x02\x03", 0) == (0x030201, 3)
    assert Field("f32", mask=1).read(b"\x00\x00\x80\x3f", 0) == (1.0, 4)
    assert Field("text", size=2).read(b"ab", 0) == ("ab", 2)
    assert Field("text8").read(b"", 0) is None
    assert Field("u8").scaled("text") == "text"


# --- Proposals and tools ---------------------------------------------------------------------


def test_a_proposal_names_model_class_and_what_must_be_proved() -> None:
    button = Discovered("0x1", "a", "zigbee2mqtt/alarm-button", exposes=json.dumps(BUTTON))
    door_ = Discovered(
        "0x2", "b", "zigbee2mqtt/sensor", exposes=json.dumps([binary("contact", False, True)])
    )
    stranger = Discovered("0x3", "c")
    ws101 = Discovered("ab", "d", "milesight/ws101")
    one, two, three, four = enrolment.suggestions((button, door_, stranger, ws101))
    assert (one.device_class, one.prove) == (ALARM, ("press",))
    assert (two.device_class, two.prove) == (SAFETY, ("open and close",))
    assert (three.model, three.expect_every) == ("", None)
    assert (four.device_class, four.prove) == (ALARM, ("press",))


def test_try_out_tells_bit_by_bit() -> None:
    lines = try_out.explain("milesight/ws101", "01 75 10 ff:2e:01")
    assert any("00010000" in line and "battery_percent = 16" in line for line in lines)
    assert "  HelpPressed(trigger=press, count=1)" in lines


def test_try_out_takes_json_adverts_and_events() -> None:
    press = try_out.explain(
        "zigbee2mqtt/alarm-button",
        '{"action":"emergency","voltage":2900,"contact":true,"occupancy":false}',
    )
    assert "  HelpPressed(trigger=press, count=1)" in press
    assert (
        "undecodable: not JSON" in "".join(try_out.explain("zigbee2mqtt/sensor", "[1]"))
        or press
    )
    fall = try_out.explain("json/vs373-wifi", '{"event":0,"status":1}')
    assert "  FallSeen(phase=confirmed)" in fall
    assert any("not there" in line for line in fall)
    advert = try_out.explain("ble/bthome", "05 16 d2 fc 40 3a 01".replace("05", "06", 1))
    assert "  ButtonPressed(kind=press)" in advert
    assert "not understood" in "".join(try_out.explain("ble/bthome", "02ff01"))
    uplink = try_out.explain("milesight/ws101", json.dumps(up("ff2e01")))
    assert "  HelpPressed(trigger=press, count=1)" in uplink
    broken = try_out.explain("milesight/ws101", json.dumps(up("", 1, {"data": "?"})))
    assert any("undecodable" in line for line in broken)
    assert "reads bytes" in try_out.explain("milesight/ws101", "{}")[-1]
    assert "neither" in try_out.explain("milesight/ws101", "{zz")[-1]
    assert "sign of life" in try_out.explain("milesight/vs373", "04f900000000")[-1]
    constant = try_out.explain("ble/mibeacon", "0c4a00")
    assert constant


def test_try_out_takes_a_stranger_and_nothing() -> None:
    assert try_out.unhex("") is None
    event_ = {"end_device_ids": {}, "uplink_message": {"frm_payload": "/y4B"}}
    lines = try_out.explain("milesight/ws101", json.dumps(event_))
    assert "  HelpPressed(trigger=press, count=1)" in lines


def test_try_out_names_the_nearest_model() -> None:
    with pytest.raises(try_out.UnknownModelError, match="milesight/ws101"):
        try_out.explain("x/ws101", "00")
    with pytest.raises(try_out.UnknownModelError):
        try_out.explain("nothing-like-it", "00")


# --- Conformance -----------------------------------------------------------------------------


@needs_corpora
def test_the_public_vectors_are_right_but_for_those_named() -> None:
    """Wrong ones are named here with the reason; a new one is a failure."""
    report = conformance.run(CORPORA)
    ecosystems = report["ecosystems"]
    assert isinstance(ecosystems, dict)
    assert set(ecosystems) >= {"lorawan", "ble", "bthome", "zigbee2mqtt", "thethingsstack"}
    wrong = report["wrong"]
    assert isinstance(wrong, list)
    named = {
        # A message of which we read the position only.
        "digitalMatter/oyster3: should decode the digital matter Oyster 4, inactivity timer",
        # The flag bits are not confirmed by any manual at hand.
        "moko/LW007-PIR: should decode the Moko LW007-PIR heartbeat payload",
        "moko/LW007-PIR: should decode the Moko LW007-PIR shutdown payload",
        # A percentage that upstream makes of volts by a curve of its own.
        "swisscom/multisense: should decode the Swisscom Multisense timed event with "
        "all datatopics",
        # Upstream calls 292.405 kelvin 29.24 degrees.
        "yanzi/presenceMini: should decode the Presence Mini Sensor Temperature payload",
    }
    assert {one["vector"] for one in wrong} == named


def test_each_format_is_told_by_its_shape_and_wrong_ones_are_listed(tmp_path: Path) -> None:
    lorawan = {
        "model": "milesight/WS101",
        "examples": [
            {
                "name": "right",
                "input": {"data": {"payloadHex": "ff2e01", "port": 85}},
                "expected": [{"data.press": "SHORT", "topic": "x"}],
            },
            {
                "name": "wrong",
                "input": {"data": {"payloadHex": "ff2e01"}},
                "expected": [{"data.press": "LONG", "data.batteryLevel": 3}],
            },
            {"name": "no hex", "input": {"data": {"payloadHex": "zz"}}, "expected": []},
        ],
    }
    files: dict[str, object] = {
        "a.json": lorawan,
        "b.json": {"model": "nobody/x", "examples": [{"input": {}}]},
        "c.json": [{"hci_hex": "00", "test": "none", "expected": {}}],
        "d.json": [
            {
                "adverts": [
                    {
                        "hex": "403a02",
                        "events": {"button": ["long_press", None], "other": []},
                        "values": {},
                    },
                    {"hex": "403a02", "supported": False},
                    {"hex": ""},
                ],
                "test": "b",
                "address": "AA",
            }
        ],
        "e.json": [
            {"vendor": "v", "model": "m", "actions": ["single", "emergency", "off", "", "zonk"]}
        ],
        "f.json": [
            {
                "vendor": "v",
                "model": "m",
                "exposes": [
                    binary("contact", False, True),
                    binary("sos"),
                    binary("battery_low"),
                    enum("fall_status", "fall_alarm"),
                    enum("action", "none", "single"),
                    {"type": "numeric", "property": "battery"},
                    binary("presence", None, None),
                ],
            }
        ],
        "g.json": [
            {"source": "s", "payload": {"uplink_message": {"frm_payload": "?"}}},
            {"source": "s", "payload": {"x": 1}},
            {"invalid_json_as_published": "{"},
        ],
        "h.json": {"wifi": {"rssi": -50}, "a:0": {}},
        "i.json": [
            {
                "fixture": {
                    "device_config": {
                        "components": [{"key": "bthomedevice:1", "status": {"battery": 5}}]
                    }
                },
                "source": "x",
            }
        ],
        "j.json": [{"other": 1}],
        "k.json": [],
    }
    (tmp_path / "sub").mkdir()
    for name, content in files.items():
        (tmp_path / "sub" / name).write_text(json.dumps(content))
    (tmp_path / "broken.json").write_text("{")
    (tmp_path / "notes.md").write_text("x")
    report = conformance.run(tmp_path)
    ecosystems = report["ecosystems"]
    assert isinstance(ecosystems, dict)
    lora = ecosystems["lorawan"]
    assert (lora["vectors"], lora["right"], lora["undecodable"], lora["wrong"]) == (4, 1, 2, 1)
    assert ecosystems["thethingsstack"]["undecodable"] == 1
    assert ecosystems["zigbee2mqtt"]["wrong"] == 0
    assert ecosystems["bthome"]["wrong"] == 2
    wrong = report["wrong"]
    assert isinstance(wrong, list)
    assert {"press": "LONG", "batteryLevel": 3} in [one["expected"] for one in wrong]


def test_expected_values_that_say_nothing_are_not_compared() -> None:
    from devices.expectations import AKENZA, HCI

    for fields in (AKENZA, HCI):
        for maker in fields.values():
            for value in ("nonsense", 7, None, "NORMAL", "OPEN", "OCCUPIED", "TRIGGER", True):
                check = maker(value)
                assert check is None or check((BatteryRead(),)) in {True, False}
                assert check is None or check((DeviceHeard(),)) in {True, False}


@pytest.mark.parametrize(
    ("name", "model"),
    [
        ("milesight/WS202", "milesight/ws202"),
        ("milesight/WS156", "milesight/ws136"),
        ("milesight/AM307", "milesight/generic"),
        ("abeeway/anyTracker", "abeeway/at2"),
        ("netvox/R718F", "netvox/r311a"),
        ("nobody/x", ""),
    ],
)
def test_a_public_model_name_finds_our_model(name: str, model: str) -> None:
    assert conformance.model_for(name, catalogue.load()) == model
