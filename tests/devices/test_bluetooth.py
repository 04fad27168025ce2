"""Adverts, the seals on them, and the gateways that hear them."""

import json

import pytest

from devices import adverts
from devices.catalogue import load
from devices.codec import Bridge, BridgeSaid, Enrolled, Ignored, Message, Undecodable
from devices.registry import Registry
from devices.sealed import open_sealed
from devices.words import Findings
from routing.ids import BridgeId, DeviceId
from routing.readings import (
    BatteryRead,
    ButtonPressed,
    DeviceClass,
    DeviceHeard,
    DoorMoved,
    HeardBy,
    HelpPressed,
    HelpTrigger,
    Measured,
    MotionSeen,
    Problem,
    ProblemKind,
    Reading,
    Sighted,
)
from tests.devices.bench import ALARM, COMFORT, only

BLE = BridgeId("ble")
MAC = "a4:c1:38:8d:18:b2"
KEY = "231d39c1d7cc1ab1aee224cd096db932"  # a public test vector's


def said(
    structure: bytes, secret: str = "", address: str = MAC
) -> tuple[str, tuple[Reading, ...]]:
    findings = Findings(COMFORT)
    advert = adverts.Advert(address, (structure,))
    return adverts.understand(advert, secret, load(), findings), findings.done()


def bthome(objects: str, info: str = "40") -> bytes:
    return b"\x16\xd2\xfc" + bytes.fromhex(info + objects)


def test_ccm_gives_what_rfc_3610_prints() -> None:
    key = bytes.fromhex("c0c1c2c3c4c5c6c7c8c9cacbcccdcecf")
    nonce = bytes.fromhex("00000003020100a0a1a2a3a4a5")
    sealed = bytes.fromhex("588c979a61c663d2f066d0c2c0f989806d5f6b61dac384")
    tag, head = bytes.fromhex("17e8d12cfdf926e0"), bytes(range(8))
    assert open_sealed(key, nonce, sealed, tag, head) == bytes(range(8, 31))
    assert open_sealed(key, nonce, sealed, bytes(8), head) is None
    assert open_sealed(b"short", nonce, sealed, tag, head) is None
    assert open_sealed(key, b"short", sealed, tag, head) is None
    assert open_sealed(key, nonce, sealed, b"odd", head) is None


def test_a_sealed_advert_is_opened_with_its_key_only() -> None:
    sealed = "e445f3c9962b332211006c7c4519"
    address = "54:48:e6:8f:80:a5"
    why, found = said(bthome(sealed, "41"), KEY, address)
    assert (why, found[0]) == ("", Measured("temperature", 25.06, "°C"))
    assert "no bind key" in said(bthome(sealed, "41"), "", address)[0]
    assert "no bind key" in said(bthome(sealed, "41"), "zz", address)[0]
    assert "does not open" in said(bthome(sealed, "41"), "00" * 16, address)[0]
    assert "too short" in said(bthome("ba0d", "41"), KEY, address)[0]
    assert "does not open" in said(bthome(sealed, "41"), KEY, "no address")[0]


def test_m11_a_plain_advert_of_a_device_that_seals_is_a_security_event() -> None:
    _, found = said(bthome("2101"), KEY)
    assert found == (
        Problem(ProblemKind.SECURITY, "a plain advert of a device that seals its own"),
    )


@pytest.mark.parametrize(
    ("objects", "reading"),
    [
        ("3a01", ButtonPressed("press")),
        ("3a80", ButtonPressed("hold")),
        ("1a01", DoorMoved(open=True)),
        ("2300", MotionSeen(active=False)),
        ("0164", BatteryRead(100.0)),
        ("40e803", Measured("distance", 1.0, "m")),
        ("2a01", Measured("sound", 1.0)),
        ("", DeviceHeard()),
    ],
)
def test_bthome_objects(objects: str, reading: Reading) -> None:
    assert reading in said(bthome(objects))[1]


def test_bthome_of_another_version_and_without_information() -> None:
    assert "version 1" in said(bthome("", "20"))[0]
    assert "information" in said(b"\x16\xd2\xfc")[0]
    assert "no bind key" in said(b"\x16\x1e\x18\x02")[0]


def test_mibeacon_frames_that_say_little() -> None:
    assert "cut short" in said(b"\x16\x95\xfe\x10")[0]
    assert said(bytes.fromhex("1695fe1050010203")) == ("", (DeviceHeard(),))
    assert said(bytes.fromhex("1695fe7040010203a1a2a3a4a5a6200000031001"))[0] == ""
    assert "no bind key" in said(bytes.fromhex("1695fe485001020304"))[0]
    assert "too short" in said(bytes.fromhex("1695fe485001020304"), KEY)[0]
    assert "does not open" in said(bytes.fromhex("1695fe4850010203") + bytes(12), KEY)[0]
    assert "the old way" in said(bytes.fromhex("1695fe4830010203") + bytes(12), KEY)[0]


def test_what_nobody_knows_is_said() -> None:
    assert said(b"\xff\x01\x02\x03") == ("nothing in it that we know", ())


def test_hci_reports_old_and_extended() -> None:
    data = bytes.fromhex("0416d2fc40")
    mac = bytes.fromhex("b2188d38c1a4")
    old = b"\x04\x3e\x00\x02\x01\x03\x00" + mac + bytes([len(data)]) + data + b"\xc4"
    heard = adverts.from_hci(old)
    assert heard is not None
    assert (heard.address, heard.rssi_dbm) == (MAC, -60.0)
    assert heard.structures == (data[1:],)
    new = b"\x04\x3e\x00\x0d\x01\x00\x00\x00" + mac + bytes(4) + b"\xc4" + bytes(9)
    extended = adverts.from_hci(new + bytes([len(data)]) + data)
    assert extended is not None
    assert (extended.address, extended.rssi_dbm) == (MAC, -60.0)
    for broken in (
        b"",
        bytes(40),
        b"\x04\x3e\x00\x05" + bytes(20),
        b"\x04\x3e\x00\x0d" + bytes(20),
    ):
        assert adverts.from_hci(broken) is None
    assert adverts.split(b"\x00\x02\xff\x01\x09\x16") == (b"\xff\x01", b"\x16")


# --- Theengs and OpenMQTTGateway -------------------------------------------------------------


def theengs(secret: str = "", device_class: object = ALARM) -> Registry:
    chosen = Enrolled(DeviceId("d"), "ble/bthome-alarm", ALARM, secret)
    return Registry([Bridge(BLE, "theengs", "home")], {(BLE, MAC.upper()): chosen})


def advert(more: object, topic: str = "home/omg/BTtoMQTT/A4C1388D18B2") -> object:
    body = {"id": MAC.upper(), "rssi": -60, **(more if isinstance(more, dict) else {})}
    payload = more if isinstance(more, bytes) else json.dumps(body).encode()
    (found,) = theengs().understand(topic, payload)
    return found


def test_raw_service_data_is_read_by_our_own_tables() -> None:
    found = advert({"servicedata": "4000073a01", "servicedatauuid": "0xfcd2", "button": "2"})
    assert isinstance(found, Message)
    assert found.readings == (HelpPressed(HelpTrigger.PRESS), Sighted("omg", -60.0))
    assert "packet=7" in found.key


def test_d9_the_packet_id_is_in_the_key_for_four_seconds() -> None:
    first = advert({"servicedata": "4000073a01", "servicedatauuid": "fcd2"})
    again = advert({"servicedata": "4000073a01", "servicedatauuid": "fcd2", "rssi": -80})
    later = advert({"servicedata": "4000083a01", "servicedatauuid": "fcd2"})
    assert isinstance(first, Message)
    assert isinstance(again, Message)
    assert isinstance(later, Message)
    assert first.key == again.key != later.key
    assert first.key_window.total_seconds() == 4


def test_d8_a_heartbeat_that_repeats_the_press_is_told_with_its_packet_id() -> None:
    found = advert(
        {"servicedata": "4400210 15e3a01".replace(" ", ""), "servicedatauuid": "fcd2"}
    )
    assert isinstance(found, Message)
    assert HelpPressed(HelpTrigger.PRESS) in found.readings
    assert "packet=33" in found.key


@pytest.mark.parametrize(
    ("more", "reading"),
    [
        ({"open": True}, DoorMoved(open=True)),
        ({"batt": 80}, BatteryRead(80.0)),
        ({"motion": False}, MotionSeen(active=False)),
        ({"tempc": 21.5}, Measured("temperature", 21.5, "°C")),
        ({"button": "double"}, HelpPressed(HelpTrigger.DOUBLE, count=2)),
        ({"button": 1}, HelpPressed(HelpTrigger.PRESS)),
        ({}, DeviceHeard()),
        ({"servicedata": "40ZZ", "servicedatauuid": "fcd2"}, DeviceHeard()),
        ({"manufacturerdata": "4c00021599", "batt": 7}, BatteryRead(7.0)),
    ],
)
def test_what_the_gateway_decoded_is_taken_where_we_have_no_table(
    more: object, reading: Reading
) -> None:
    found = advert(more)
    assert isinstance(found, Message)
    assert reading in found.readings


def test_m10_an_advert_that_says_nothing_is_undecodable_from_a_device_of_ours() -> None:
    found = advert({"servicedata": "41e445f3c9962b332211006c7c4519", "servicedatauuid": "fcd2"})
    assert isinstance(found, Undecodable)
    assert found.device == DeviceId("d")
    assert isinstance(advert(b"{"), Undecodable)


def test_a_stranger_that_cannot_be_read_is_still_a_sighting() -> None:
    body = {"id": "00:00:00:00:00:01", "rssi": -50, "manufacturerdata": "ffff01", "distance": 2}
    message = only(theengs().understand("home/omg/undecoded/x", json.dumps(body).encode()))
    assert message.readings == (DeviceHeard(), Sighted("omg", -50.0, 2.0))
    no_rssi = json.dumps({"mac": "00:00:00:00:00:01"}).encode()
    assert only(theengs().understand("home/home_presence/omg", no_rssi)).readings == (
        DeviceHeard(),
    )


def test_a_gateways_last_will() -> None:
    registry = theengs()
    assert registry.understand("home/omg/LWT", b"offline") == (
        BridgeSaid(BLE, online=False, detail="gateway omg", part="omg"),
    )
    assert isinstance(registry.understand("home/omg/LWT", b"?")[0], Undecodable)
    assert isinstance(registry.understand("home/omg/SYStoMQTT", b"{}")[0], Ignored)
    assert registry.alarm_topics() == ("home/+/BTtoMQTT/A4C1388D18B2",)


def test_an_enrolled_receivers_own_news_say_that_it_lives() -> None:
    bridge = Bridge(BridgeId("ble"), "theengs", "home")
    omg = Enrolled(DeviceId("omg"), "ble/receiver", DeviceClass.INFRASTRUCTURE)
    registry = Registry([bridge], {(BridgeId("ble"), "OMG-1"): omg})
    alive = only(registry.understand("home/OMG-1/SYStoMQTT", b"{}"))
    assert (alive.device, alive.readings) == ("omg", (DeviceHeard(HeardBy.HEARTBEAT),))


# --- ESPresense ------------------------------------------------------------------------------


def espresense() -> Registry:
    enrolled = {
        (BLE, "irk:abc"): Enrolled(DeviceId("tag"), "ble/tag", COMFORT),
        (BLE, "bad"): Enrolled(DeviceId("node"), "ble/node", ALARM),
    }
    return Registry([Bridge(BLE, "espresense", "espresense")], enrolled)


def test_a_sighting_names_the_room_that_heard_it() -> None:
    body = b'{"id":"irk:abc","rssi":-71.5,"distance":2.25,"batt":80,"mV":2950}'
    message = only(espresense().understand("espresense/devices/irk:abc/stue", body))
    assert message.device == DeviceId("tag")
    assert message.readings == (Sighted("stue", -71.5, 2.25), BatteryRead(80.0, 2.95))
    assert message.key == ""
    bare = only(espresense().understand("espresense/devices/x/stue", b'{"distance":3}'))
    assert bare.readings == (Sighted("stue", None, 3.0),)
    more = only(espresense().understand("espresense/devices/x/stue", b'{"rssi":-1,"mV":3000}'))
    assert more.readings[1] == BatteryRead(None, 3.0)


def test_a_rooms_inputs() -> None:
    registry = espresense()
    pressed = only(registry.understand("espresense/rooms/bad/button", b"ON", retained=True))
    assert pressed.readings == (HelpPressed(HelpTrigger.PRESS),)
    released = only(registry.understand("espresense/rooms/bad/button", b"OFF"))
    assert released.readings == (DeviceHeard(),)
    moved = only(registry.understand("espresense/rooms/gang/motion", b"ON"))
    assert moved.readings == (MotionSeen(active=True),)
    for topic in ("rooms/bad/pir", "rooms/gang/pir", "devices/irk:abc/stue", "devices/x/stue"):
        found = registry.understand(f"espresense/{topic}", b"\xff")
        assert isinstance(found[0], Undecodable)
    alive = only(registry.understand("espresense/rooms/bad/telemetry", b"{}"))
    assert alive.readings == (DeviceHeard(HeardBy.HEARTBEAT),)
    assert isinstance(registry.understand("espresense/rooms/x/telemetry", b"{}")[0], Ignored)


def test_a_nodes_status() -> None:
    registry = espresense()
    assert registry.understand("espresense/rooms/bad/status", b"online") == (
        BridgeSaid(BLE, online=True, detail="node bad", part="bad"),
    )
    assert isinstance(registry.understand("espresense/rooms/bad/status", b"")[0], Undecodable)
    assert registry.alarm_topics() == ("espresense/rooms/bad/+",)
