"""What a device can be told so that its patient sees «received» or «somebody comes»."""

import json
from base64 import b64encode

import pytest

from devices.answers import Addressed, answer
from devices.catalogue import Catalogue, model_of

LAMP = "zigbee2mqtt/alarm-button-lamp"
ZIGBEE = Addressed("zigbee2mqtt", "house/z2m", "0x00be11e1")


def model(name: str, said: dict[str, object]) -> Catalogue:
    described = {"version": 1, "class": "comfort", "source": "a test", "answer": said}
    return {name: model_of(name, described, {}, "test")}


LORA = model(
    "test/lora", {"received": {"downlink": {"application": "a1", "port": 85, "hex": "ff01"}}}
)
SHELLY = model(
    "test/shelly", {"coming": {"rpc": {"method": "Light.Set", "params": {"id": 0, "on": True}}}}
)


def test_a_zigbee_lamp_is_set_by_its_address_which_no_rename_changes() -> None:
    said = answer(LAMP, "received", ZIGBEE)
    assert said is not None
    assert said.topic == "house/z2m/0x00be11e1/set"
    assert json.loads(said.payload)


@pytest.mark.parametrize("base", ["", "application"])
def test_a_lorawan_device_gets_a_confirmed_downlink_of_its_application(base: str) -> None:
    said = answer("test/lora", "received", Addressed("chirpstack", base, "24e124aa"), LORA)
    assert said is not None
    assert said.topic == "application/a1/device/24e124aa/command/down"
    assert json.loads(said.payload) == {
        "devEui": "24e124aa",
        "confirmed": True,
        "fPort": 85,
        "data": b64encode(b"\xff\x01").decode(),
    }


@pytest.mark.parametrize(("base", "topic"), [("", "s1/rpc"), ("house/", "house/s1/rpc")])
def test_a_shelly_is_called(base: str, topic: str) -> None:
    said = answer("test/shelly", "coming", Addressed("shelly", base, "s1"), SHELLY)
    assert said is not None
    assert said.topic == topic
    assert json.loads(said.payload)["method"] == "Light.Set"


@pytest.mark.parametrize(
    ("name", "kind", "to"),
    [
        ("no/such", "received", ZIGBEE),
        ("test/lora", "coming", Addressed("chirpstack", "", "24e124aa")),
        ("test/lora", "received", Addressed("zigbee2mqtt", "z", "24e124aa")),
        ("test/lora", "received", Addressed("chirpstack", "", "")),
        ("test/lora", "received", Addressed("chirpstack", "", "a/#")),
    ],
)
def test_who_cannot_be_told_is_told_nothing(name: str, kind: str, to: Addressed) -> None:
    assert answer(name, kind, to, LORA) is None
