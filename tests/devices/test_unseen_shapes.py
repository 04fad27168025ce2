"""Shapes that no vector of ours had: facts of public definitions and decoders, read 2026-11-22.

The Zigbee properties stand in the converters' definitions 26.112.0; the payloads and what they
say are those of akenza-io/device-type-library, bthome-ble 3.25.0 and ble_monitor. The words are
ours.
"""

import orjson
import pytest

from devices import adverts
from devices.catalogue import load
from devices.codec import Bridge, Discovery, Enrolled, Message
from devices.envelope import BROKEN, Json, at_path
from devices.expectations import akenza
from devices.layouts.payload import decode
from devices.lorawan import apply
from devices.registry import Registry
from devices.words import Findings
from routing.ids import BridgeId, DeviceId
from routing.readings import (
    BatteryRead,
    ButtonPressed,
    DeviceClass,
    DeviceFault,
    DeviceHeard,
    DoorMoved,
    HeardBy,
    HelpPressed,
    HelpTrigger,
    LinkRead,
    Measured,
    MotionSeen,
    Problem,
    ProblemKind,
    Reading,
    Sighted,
    Tampered,
    Trust,
)
from tests.devices.bench import ALARM, COMFORT

Z2M = BridgeId("z2m")
KEY = "231d39c1d7cc1ab1aee224cd096db932"  # a public test vector's
SEALING = "54:48:e6:8f:80:a5"


# --- Zigbee2MQTT: what a property is, its kind tells -----------------------------------------


def spoken(
    exposes: list[Json], body: Json, device_class: DeviceClass = COMFORT
) -> tuple[Reading, ...]:
    """Return what a device with these exposes says."""
    listed = {
        "ieee_address": "0x1",
        "friendly_name": "d",
        "type": "EndDevice",
        "definition": {"model": "m", "vendor": "v", "exposes": exposes},
    }
    bridge = Bridge(Z2M, "zigbee2mqtt", "z2m")
    found = Registry([bridge], {}).understand("z2m/bridge/devices", orjson.dumps([listed]))
    lists = [one for one in found if isinstance(one, Discovery)]
    enrolled = {(Z2M, "0x1"): Enrolled(DeviceId("d"), "zigbee2mqtt/sensor", device_class)}
    registry = Registry([bridge], enrolled, lists)
    said = registry.understand("z2m/d", orjson.dumps(body))
    return tuple(r for one in said if isinstance(one, Message) for r in one.readings)


OCCUPANCY: Json = {
    "type": "binary",
    "property": "occupancy",
    "value_on": True,
    "value_off": False,
}


def numeric(name: str, unit: str = "") -> Json:
    return {"type": "numeric", "property": name, "unit": unit}


def binary(name: str) -> Json:
    return {"type": "binary", "property": name, "value_on": True, "value_off": False}


def enum(name: str, *values: str) -> Json:
    return {"type": "enum", "property": name, "values": list(values)}


@pytest.mark.parametrize(
    "setting",
    [
        numeric("occupancy_timeout"),
        numeric("presence_sensitivity"),
        numeric("presence_delay"),
        numeric("occupancy_level"),
        numeric("pir_detection_interval"),
    ],
)
def test_a_setting_that_is_sent_with_every_message_is_nobody_in_the_room(setting: Json) -> None:
    body: Json = {"occupancy": False, str(setting["property"]): 90}
    assert spoken([OCCUPANCY, setting], body) == (MotionSeen(active=False),)


def test_a_press_under_its_old_name_is_a_press_and_one_beside_the_new_name_is_no_second() -> (
    None
):
    alarm = [enum("action", "single")]
    old = spoken(alarm, {"click": "single"}, ALARM)
    assert old == (HelpPressed(HelpTrigger.PRESS),)
    assert spoken(alarm, {"click": "single", "action": "single"}, ALARM) == old
    assert spoken(alarm, {"click": ""}, ALARM) == (DeviceHeard(),)
    assert spoken(alarm, {"action": "", "action_group": 901}, ALARM) == (DeviceHeard(),)


@pytest.mark.parametrize("name", ["emergency_overcurrent", "emergency_overheat"])
def test_a_relay_that_is_too_hot_asks_nobody_for_help(name: str) -> None:
    assert spoken([binary(name)], {name: True}, ALARM) == (DeviceHeard(),)


@pytest.mark.parametrize(
    ("expose", "value", "reading"),
    [
        (binary("occupancy_2"), True, MotionSeen(active=True)),
        (binary("contact_left"), True, DoorMoved(open=True)),
        (binary("contact_alarm_1"), True, DoorMoved(open=True)),
        (binary("occupancy_alarm_1"), False, MotionSeen(active=False)),
        (binary("garage_door_contact"), True, DoorMoved(open=False)),
        (enum("door_state", "open", "closed"), "open", DoorMoved(open=True)),
        (enum("window_state", "open", "close"), "close", DoorMoved(open=False)),
        (binary("tamper_alarm"), True, Tampered("case")),
        (binary("carbon_monoxide"), True, DeviceFault("carbon_monoxide")),
        (enum("smoke_state", "alarm", "normal"), "alarm", DeviceFault("smoke", "smoke")),
        (binary("water_leak_alarm_1"), True, Measured("water_leak", 1.0)),
        (enum("battery_state", "low", "medium", "high"), "low", BatteryRead(low=True)),
        (enum("battery_state", "low", "medium", "high"), "medium", BatteryRead(low=False)),
        (enum("charging_status", "none", "charging"), "charging", BatteryRead(charging=True)),
        (numeric("local_temperature", "°C"), 21.5, Measured("temperature", 21.5, "°C")),
        (binary("battery_defect"), True, DeviceFault("battery_defect")),
    ],
)
def test_a_property_under_another_name_keeps_its_meaning(
    expose: Json, value: object, reading: Reading
) -> None:
    assert spoken([expose], {str(expose["property"]): value}) == (reading,)


@pytest.mark.parametrize(
    "expose",
    [
        enum("moving", "UP", "STOP", "DOWN"),
        enum("state", "OPEN", "CLOSE", "STOP"),
        enum("contact_mode", "nc", "no"),
        numeric("smoke_density"),
        enum("temperature_unit", "celsius", "fahrenheit"),
        numeric("gas_value"),
    ],
)
def test_a_name_of_another_kind_says_nothing(expose: Json) -> None:
    values = expose.get("values")
    value = values[0] if isinstance(values, list) else 12
    assert spoken([expose], {str(expose["property"]): value}) == (DeviceHeard(),)


def test_the_volts_of_a_plug_are_no_battery() -> None:
    plug = [numeric("power", "W"), numeric("voltage", "V")]
    assert spoken(plug, {"voltage": 231}) == (Measured("voltage", 231.0, "V"),)
    lock = [numeric("battery", "%"), numeric("power", "W"), numeric("voltage", "mV")]
    assert spoken(lock, {"voltage": 2900}) == (BatteryRead(volts=2.9),)


# --- BTHome v1, Qingping and others ----------------------------------------------------------


def heard(
    service: str, body: str, secret: str = "", address: str = SEALING
) -> tuple[str | None, tuple[Reading, ...]]:
    findings = Findings(COMFORT)
    why = adverts.service_data(
        bytes.fromhex(service)[::-1], bytes.fromhex(body), address, secret, load(), findings
    )
    return why, findings.done()


@pytest.mark.parametrize(
    ("body", "readings"),
    [
        (
            "2302ca090303bf13",
            (Measured("temperature", 25.06, "°C"), Measured("humidity", 50.55, "%")),
        ),
        ("023a04", (ButtonPressed("long"),)),
        ("033c0103", (ButtonPressed("rotate_left", "dimmer"),)),
        ("021100", (DoorMoved(open=False),)),
        ("030c020c", (BatteryRead(volts=3.074),)),
        ("04096000aa", (Measured("count", float(0xAA0060)),)),
        ("4509cdcc8c3f", (Measured("count", 1.1),)),
        ("430f003c", (Measured("generic", 1.0),)),
        ("440f000000", (Measured("generic", 0.0),)),
        ("0200b4", (DeviceHeard(),)),
        ("", (DeviceHeard(),)),
    ],
)
def test_bthome_v1_reads_a_number_of_any_length(
    body: str, readings: tuple[Reading, ...]
) -> None:
    why, got = heard("181c", body)
    assert why == ""
    assert [getattr(r, "name", "") for r in got] == [getattr(r, "name", "") for r in readings]
    for ours, wanted in zip(got, readings, strict=True):
        if isinstance(ours, Measured) and isinstance(wanted, Measured):
            assert ours.value == pytest.approx(wanted.value)
        else:
            assert ours == wanted


@pytest.mark.parametrize(
    ("body", "kind"),
    [
        ("2302ca", ProblemKind.TRUNCATED),
        ("00ff", ProblemKind.TRUNCATED),
        ("02ee01", ProblemKind.UNKNOWN_CHANNEL),
        ("023c01", ProblemKind.TRUNCATED),
        ("0102", ProblemKind.TRUNCATED),
    ],
)
def test_bthome_v1_says_what_it_could_not_read(body: str, kind: ProblemKind) -> None:
    _, got = heard("181c", body)
    assert [one.kind for one in got if isinstance(one, Problem)] == [kind]


def test_bthome_v1_sealed_is_opened_with_its_key_alone() -> None:
    sealed = "fba435e4d3c312fb0011223357d90a99"
    why, got = heard("181e", sealed, KEY)
    assert why == ""
    assert got == (Measured("temperature", 25.06, "°C"), Measured("humidity", 50.55, "%"))
    assert "no bind key" in (heard("181e", sealed)[0] or "")
    assert "does not open" in (heard("181e", sealed, "00" * 16)[0] or "")
    assert "too short" in (heard("181e", sealed[:16], KEY)[0] or "")


def test_a_plain_v1_advert_of_a_device_that_seals_its_own_is_not_believed() -> None:
    why, got = heard("181c", "023a01", KEY)
    assert why == ""
    assert [one.kind for one in got if isinstance(one, Problem)] == [ProblemKind.SECURITY]
    assert not any(isinstance(one, ButtonPressed) for one in got)


def test_a_service_that_nobody_knows_is_none_of_ours() -> None:
    assert heard("1234", "00") == (None, ())


def test_two_voltages_in_one_advert_are_not_both_the_battery() -> None:
    why, got = heard("fcd2", "400c020c4a1400")
    assert why == ""
    assert got == (Measured("voltage", 2.0, "V"), BatteryRead(volts=3.074))


def structure(body: str) -> tuple[Reading, ...]:
    findings = Findings(COMFORT)
    advert = adverts.Advert(SEALING, (bytes.fromhex(body),))
    assert adverts.understand(advert, "", load(), findings) == ""
    return findings.done()


@pytest.mark.parametrize(
    ("body", "reading"),
    [
        ("16cdfd4812005e60342d580804018b09000f0122", MotionSeen(active=True)),
        ("16cdfd08096f1c40342d580104be000d02", Measured("temperature", 19.0, "°C")),
        ("ffb407140000000000000000efbbafa9d1a73b04", DoorMoved(open=False)),
        ("ffb407173e000000000000006722d81075f42a04", DoorMoved(open=True)),
        ("1642524164c6b545f6f18e060601ed25", Measured("temperature", -19.0, "°C")),
        ("166e2a860b", Measured("temperature", 29.5, "°C")),
        ("166f2a23", Measured("humidity", 35.0, "%")),
        ("160f184b", BatteryRead(75.0)),
        ("ff9a0801b708b4128ccb0bffc767", MotionSeen(active=True)),
        ("ff9a0801b708b4120ccb0bffc767", BatteryRead(volts=3.03, low=False)),
    ],
)
def test_other_makers_adverts(body: str, reading: Reading) -> None:
    assert reading in structure(body)


# --- LoRaWAN ---------------------------------------------------------------------------------


def frame(
    model: str, payload: str, port: int, device_class: DeviceClass = COMFORT
) -> tuple[Reading, ...]:
    findings = Findings(device_class)
    assert decode(load()[model].variants, port, bytes.fromhex(payload), findings)
    return findings.done()


@pytest.mark.parametrize(
    ("model", "payload", "port", "reading"),
    [
        (
            "seeed/t1000",
            "06000040006502cf150082390e02d37bd400f200641f",
            5,
            HelpPressed(HelpTrigger.SOS_MODE),
        ),
        ("seeed/t1000", "090000800064b909080082355b02d379e460", 5, ButtonPressed("press")),
        ("seeed/t1000", "0260010a0105010002d0003c003c0001", 5, BatteryRead(96.0)),
        (
            "seeed/t1000",
            "0b0000000064b90908c1c2c3c4c5c6c4ffffffffffff00ffffffffffff0060",
            5,
            Sighted("ble:c1:c2:c3:c4:c5:c6", -60.0),
        ),
        ("ascoel/pb868lr", "010001", 40, ButtonPressed("press")),
        ("ascoel/pb868lr", "5e", 8, BatteryRead(94.0)),
        ("oxon/oxobutton2", "39020201006408c210b00000", 1, ButtonPressed("press", "2")),
        (
            "oxon/buttonboard",
            "3184000001ff6418fe75014cf89eaf33",
            1,
            ButtonPressed("long", "3"),
        ),
        ("oxon/oxobutton", "300200000001641400", 1, ButtonPressed("press", "2")),
        (
            "comtac/cm-2",
            "0110000a5efed419ec07d001f4044809ca154578216a",
            3,
            ButtonPressed("press"),
        ),
        ("pressac/rcs", "0630130001", 1, MotionSeen(active=True)),
        ("pressac/rcs", "0620130031825a55015e", 1, Measured("illuminance", 350.0, "lx")),
        (
            "imbuildings/comfort",
            "01030004a30b00f7412603015f09fa0c74037901",
            1,
            MotionSeen(active=True),
        ),
        (
            "enless/600-062",
            "0144bf22870c00d7000001dd00000000000100000000000000000000" + "0020",
            2,
            MotionSeen(active=True),
        ),
        ("milesight/am300", "0367ee0004687c050001", 85, MotionSeen(active=True)),
        ("milesight/am300", "056a0000", 85, MotionSeen(active=False)),
        ("milesight/em300-mld", "01755c050001", 85, Measured("water_leak", 1.0)),
        ("netvox/r718wa", "0132012401000000000000", 6, Measured("water_leak", 1.0)),
        ("browan/tbwl100", "010b3628", 106, Measured("water_leak", 1.0)),
        ("cayenne/lpp", "016601", 1, MotionSeen(active=True)),
        ("cayenne/lpp", "0567ffd7", 1, Measured("temperature", -4.1, "°C")),
        ("tektelic/edoctor", "ea900c0564d5488b19", 10, Measured("heart_rate", 72.0, "bpm")),
        ("tektelic/edoctor", "ea900c0564d5488b19", 10, Measured("respiration", 12.0, "bpm")),
        ("sensative/strips", "ffff52010000", 1, DoorMoved(open=True)),
        ("dragino/lsn50", "0e41008200008c0034fffd", 2, DoorMoved(open=True)),
        (
            "globalsat/lt-20",
            "80023032525aefd2056400",
            1,
            MotionSeen(active=True),
        ),
    ],
)
def test_a_frame_says_what_its_maker_means(
    model: str, payload: str, port: int, reading: Reading
) -> None:
    assert reading in frame(model, payload, port)


def test_an_sos_of_a_worn_tracker_rings_whatever_its_class() -> None:
    for of in (ALARM, COMFORT):
        said = frame("seeed/t1000", "06000040006502cf150082390e02d37bd400f200641f", 5, of)
        assert HelpPressed(HelpTrigger.SOS_MODE) in said


def test_how_often_something_stirred_yields_to_presence_said_outright() -> None:
    assert MotionSeen(active=False) in frame("elsys/ers", "05011100", 5)
    assert MotionSeen(active=True) in frame("elsys/ers", "05001102", 5)
    assert MotionSeen(active=True) in frame("elsys/ers", "0501", 5)
    assert MotionSeen(active=False) in frame("elsys/ers", "0500", 5)


def test_each_stored_movement_stands_for_itself() -> None:
    one = "20ce 9e744663 01 01 2401 65".replace(" ", "")
    two = "20ce 9f744663 01 00 2401 65".replace(" ", "")
    moved = [
        r.active for r in frame("milesight/ws203", one + two, 85) if isinstance(r, MotionSeen)
    ]
    assert moved == [True, False]


# --- Cloud JSON ------------------------------------------------------------------------------


def cloud(model: str, value: object) -> tuple[Reading, ...]:
    findings = Findings(COMFORT)
    assert apply(load()[model].rules, value, findings)
    return findings.done()


@pytest.mark.parametrize(
    ("model", "data", "reading"),
    [
        (
            "json/disruptive-contact",
            {"motion": {"state": "MOTION_DETECTED"}},
            MotionSeen(active=True),
        ),
        (
            "json/disruptive-contact",
            {"deskOccupancy": {"state": "NOT_OCCUPIED"}},
            MotionSeen(active=False),
        ),
        (
            "json/disruptive-contact",
            {"waterPresent": {"state": "PRESENT"}},
            Measured("water_leak", 1.0),
        ),
        ("json/disruptive-touch", {"eventType": "touch", "touch": {}}, ButtonPressed("press")),
        (
            "json/disruptive-touch",
            {"eventType": "batteryStatus", "batteryStatus": {"percentage": 98}},
            BatteryRead(98.0),
        ),
        ("json/haltian-thingsee", {"tsmId": 2100, "state": 1}, MotionSeen(active=True)),
        ("json/vergesense", {"event_type": "x", "state": "occupied"}, MotionSeen(active=True)),
        ("json/airthings", {"occupants": 2}, MotionSeen(active=True, count=2)),
        ("json/airthings", {"rssi": -52, "serialNumber": "1"}, LinkRead(-52.0)),
    ],
)
def test_cloud_connectors(model: str, data: Json, reading: Reading) -> None:
    assert reading in cloud(model, {"data": data})


def test_a_path_finds_an_item_of_a_list_by_what_it_is_called() -> None:
    values = [{"type": "a", "value": 1}, {"type": "b", "value": 2}, "x"]
    assert at_path({"v": values}, ("v", "[type=b]", "value")) == 2
    assert at_path({"v": values}, ("v", "0", "value")) == 1
    assert at_path({"v": values}, ("v", "7", "value")) is BROKEN
    assert at_path({"v": values}, ("v", "[type=c]", "value")) is BROKEN
    assert at_path({"v": values}, ("v", "nonsense")) is BROKEN
    assert at_path({"v": 1}, ("v", "0")) is BROKEN


def test_an_estimate_of_the_battery_says_that_it_is_one() -> None:
    (battery,) = [r for r in frame("elsys/ers", "070d84", 5) if isinstance(r, BatteryRead)]
    assert battery.trust is Trust.UNRELIABLE
    assert battery.percent == 80


def test_a_board_that_boots_is_heard() -> None:
    assert DeviceHeard(HeardBy.RESET) in frame("pressac/rcs", "06101305410200711e140a140a", 1)


def test_a_vector_that_says_presence_outright_is_not_asked_for_its_count() -> None:
    sample = {"data.occupancy": 2, "data.occupied": True, "data.motion": 0}
    asked = [one.name for one in akenza([sample], {"data": {"payloadHex": "05001102"}})]
    assert asked == ["occupancy", "occupied"]


# --- What is read even while a bridge floods -------------------------------------------------


def test_what_enrolled_devices_and_bridges_say_is_spared_and_strangers_are_not() -> None:
    bridges = [
        Bridge(Z2M, "zigbee2mqtt", "z2m"),
        Bridge(BridgeId("rooms"), "espresense", "espresense"),
        Bridge(BridgeId("lora"), "chirpstack", ""),
    ]
    enrolled = {(Z2M, "0x1"): Enrolled(DeviceId("d"), "zigbee2mqtt/sensor", COMFORT)}
    registry = Registry(bridges, enrolled)
    spared = registry.spared_topics()
    assert {"z2m/0x1", "z2m/0x1/+", "z2m/bridge/#"} <= set(spared)
    assert "espresense/rooms/+/status" in spared
    assert "gateway/+/state/+" in spared
    assert "espresense/#" not in spared
    assert "#" not in spared


def test_whose_topic_it_is_is_known_without_reading_a_byte() -> None:
    registry = Registry([Bridge(Z2M, "zigbee2mqtt", "z2m")], {})
    assert registry.bridge_of("z2m/anything") == Z2M
    assert registry.bridge_of("z2m/#") == Z2M
    assert registry.bridge_of("elsewhere/x") is None


# --- Shelly -----------------------------------------------------------------------------------

SHELLY = BridgeId("shelly")


def of_shelly(status: Json, **models: str) -> list[tuple[str, tuple[Reading, ...]]]:
    """Return what a full status says, each with the device that it is about."""
    enrolled = {
        (SHELLY, f"gw/{part.replace('_', ':')}"): Enrolled(DeviceId(part), model, COMFORT)
        for part, model in models.items()
    }
    registry = Registry([Bridge(SHELLY, "shelly", "shellies")], enrolled)
    body = {"src": "gw", "method": "NotifyStatus", "params": {"ts": 1.0, **status}}
    said = registry.understand("shellies/gw/events/rpc", orjson.dumps(body))
    return [(one.device or "", one.readings) for one in said if isinstance(one, Message)]


def test_what_a_bluetooth_sensor_means_stands_in_its_model() -> None:
    status: Json = {"bthomesensor:200": {"id": 200, "value": True, "last_updated_ts": 1}}
    assert of_shelly(status, bthomesensor_200="shelly/blu-door") == [
        ("bthomesensor_200", (DoorMoved(open=True),))
    ]
    assert of_shelly(status, bthomesensor_200="shelly/blu-motion") == [
        ("bthomesensor_200", (MotionSeen(active=True),))
    ]
    assert of_shelly(status) == []
    assert of_shelly(status, bthomesensor_200="nothing/known") == []


@pytest.mark.parametrize(
    ("status", "readings"),
    [
        ({"occupancy:0": {"id": 0, "value": True}}, (MotionSeen(active=True),)),
        (
            {"devicepower:0": {"battery": {"V": 5.9, "percent": 81}}},
            (BatteryRead(81.0, 5.9),),
        ),
        ({"devicepower:0": {"battery": {"percent": 81}}}, (BatteryRead(81.0),)),
        (
            {"flood:0": {"alarm": True, "errors": ["cable_unplugged"]}},
            (Measured("water_leak", 1.0), DeviceFault("cable_unplugged", "flood:0")),
        ),
        ({"smoke:0": {"alarm": True}}, (DeviceFault("smoke"),)),
        ({"presencezone:200": {"state": True}}, (MotionSeen(active=True),)),
    ],
)
def test_parts_of_newer_shellies(status: Json, readings: tuple[Reading, ...]) -> None:
    ((_, said),) = of_shelly(status)
    assert said == readings
