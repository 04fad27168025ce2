"""The words, proposals, and the tools for people."""

import json
from pathlib import Path

import pytest

from devices import catalogue, conformance, enrolment, try_out
from devices.codec import (
    Discovered,
)
from devices.envelope import at_path, instant, plain, unbase64
from devices.layouts.fields import Field
from devices.times import device_time
from devices.words import Findings, Word, number
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
    Sighted,
    TimeQuality,
)
from tests.devices.bench import (
    ALARM,
    BUTTON,
    COMFORT,
    CORPORA,
    SAFETY,
    binary,
    enum,
    needs_corpora,
    up,
)

MODELS = Path(catalogue.__file__).parent / "models"
FILES = sorted(MODELS.glob("*/*.toml"))


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
    assert Field("mac", size=2).read(b"ab", 0) == ("61:62", 2)
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


SWISSCOM = (
    "swisscom/multisense: should decode the Swisscom Multisense timed event with all datatopics"
)


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
        # A percentage that upstream makes of volts by a curve of its own.
        SWISSCOM,
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
        ("milesight/AM307", "milesight/am300"),
        ("milesight/UC51X", "milesight/generic"),
        ("abeeway/anyTracker", "abeeway/at2"),
        ("netvox/R718F", "netvox/r311a"),
        ("nobody/x", ""),
    ],
)
def test_a_public_model_name_finds_our_model(name: str, model: str) -> None:
    assert conformance.model_for(name, catalogue.load()) == model
