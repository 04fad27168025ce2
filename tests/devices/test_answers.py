"""What a device can be told so that its patient sees «received» or «somebody comes»."""

import json
from base64 import b64encode

import pytest

from devices.answers import Addressed, Reached, Receipt, answer, receipt
from devices.catalogue import Catalogue, model_of

LAMP = "zigbee2mqtt/alarm-button-lamp"
ZIGBEE = Addressed("zigbee2mqtt", "house/z2m", "0x00be11e1")


def model(name: str, said: dict[str, object]) -> Catalogue:
    described = {"version": 1, "class": "comfort", "source": "a test", "answer": said}
    return {name: model_of(name, described, {}, "test")}


LORA = model("test/lora", {"received": {"downlink": {"port": 85, "hex": "ff01"}}})
SHELLY = model(
    "test/shelly", {"coming": {"rpc": {"method": "Light.Set", "params": {"id": 0, "on": True}}}}
)


def test_a_zigbee_lamp_is_set_by_its_address_which_no_rename_changes() -> None:
    said = answer(LAMP, "received", ZIGBEE)
    assert said is not None
    assert said.topic == "house/z2m/0x00be11e1/set"
    assert json.loads(said.payload)


CHIRP = Addressed(
    "chirpstack", "application", "24e124aa", "application/a1/device/24e124aa/event/up"
)
STACK = Addressed("thethingsstack", "v3", "24e124aa", "v3/care@ttn/devices/knapp-7/up")


def test_a_lorawan_device_gets_a_confirmed_downlink_where_it_was_heard() -> None:
    said = answer("test/lora", "received", CHIRP, LORA, ticket="t-1")
    assert said is not None
    assert said.topic == "application/a1/device/24e124aa/command/down"
    assert json.loads(said.payload) == {
        "id": "t-1",
        "devEui": "24e124aa",
        "confirmed": True,
        "fPort": 85,
        "data": b64encode(b"\xff\x01").decode(),
    }
    device = "application/a1/device/24e124aa/event"
    assert said.receipts == (f"{device}/txack", f"{device}/ack")


def test_the_things_stack_gets_a_push_to_the_id_that_it_knows() -> None:
    said = answer("test/lora", "received", STACK, LORA, ticket="t-1")
    assert said is not None
    assert said.topic == "v3/care@ttn/devices/knapp-7/down/push"
    assert json.loads(said.payload) == {
        "downlinks": [
            {
                "f_port": 85,
                "frm_payload": b64encode(b"\xff\x01").decode(),
                "priority": "HIGH",
                "confirmed": True,
                "correlation_ids": ["bjelle:t-1"],
            }
        ]
    }
    assert "v3/care@ttn/devices/knapp-7/down/ack" in said.receipts


@pytest.mark.parametrize("to", [CHIRP, STACK])
def test_without_a_ticket_nothing_is_asked_back(to: Addressed) -> None:
    said = answer("test/lora", "received", to, LORA)
    assert said is not None
    assert b'id":' not in said.payload
    assert b"correlation" not in said.payload


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
        ("test/lora", "received", Addressed("chirpstack", "", "24e124aa")),
        ("test/lora", "received", Addressed("thethingsstack", "", "24e124aa", "v3/x")),
        ("test/lora", "received", Addressed("chirpstack", "", "a/#")),
    ],
)
def test_who_cannot_be_told_is_told_nothing(name: str, kind: str, to: Addressed) -> None:
    assert answer(name, kind, to, LORA) is None


# --- How far it came -------------------------------------------------------------------------

EVENT = "application/a1/device/24e124aa/event"
DOWN = "v3/care@ttn/devices/knapp-7/down"
OURS = ["as:up:01", "bjelle:t-1"]


@pytest.mark.parametrize(
    ("topic", "body", "told"),
    [
        (f"{EVENT}/txack", {"queueItemId": "t-1"}, Receipt("t-1", Reached.SENT)),
        (
            f"{EVENT}/ack",
            {"queueItemId": "t-1", "acknowledged": True},
            Receipt("t-1", Reached.ACKNOWLEDGED),
        ),
        (
            f"{EVENT}/ack",
            {"queueItemId": "t-1"},
            Receipt("t-1", Reached.FAILED, "not heard"),
        ),
        (f"{EVENT}/up", {"queueItemId": "t-1"}, None),
        (
            f"{DOWN}/sent",
            {"correlation_ids": OURS, "downlink_sent": {}},
            Receipt("t-1", Reached.SENT),
        ),
        (
            f"{DOWN}/ack",
            {"downlink_ack": {"correlation_ids": OURS}},
            Receipt("t-1", Reached.ACKNOWLEDGED),
        ),
        (f"{DOWN}/nack", {"correlation_ids": OURS}, Receipt("t-1", Reached.FAILED)),
        (
            f"{DOWN}/failed",
            {
                "downlink_failed": {
                    "downlink": {"correlation_ids": OURS},
                    "error": {"name": "no_session"},
                }
            },
            Receipt("t-1", Reached.FAILED, "no_session"),
        ),
        (f"{DOWN}/queued", {"correlation_ids": OURS}, None),
        (f"{DOWN}/ack", {"correlation_ids": ["as:up:01", 7]}, None),
        (
            "shellies/bjelle/rpc",
            {"id": "t-1", "result": {}},
            Receipt("t-1", Reached.ACKNOWLEDGED),
        ),
        (
            "bjelle/rpc",
            {"id": "t-1", "error": {"code": 404, "message": "no handler"}},
            Receipt("t-1", Reached.FAILED, "no handler"),
        ),
        ("bjelle/rpc", {"id": 1, "result": {}}, None),
        ("x", {}, None),
    ],
)
def test_a_receipt_says_how_far_an_answer_came(
    topic: str, body: dict[str, object], told: Receipt | None
) -> None:
    assert receipt(topic, json.dumps(body).encode()) == told


def test_nonsense_is_no_receipt() -> None:
    assert receipt(f"{DOWN}/ack", b"\xff") is None
    assert receipt(f"{EVENT}/txack", b"[]") is None


def test_a_sign_at_the_bed_shows_the_answer_as_text_and_beeps() -> None:
    """Facts of the DS3604's encoder: fb01, page and block, length, UTF-8; ff3d01 is a beep."""
    for kind, words in (("received", "Mottatt"), ("coming", "Noen kommer")):
        said = answer("milesight/ds3604", kind, CHIRP)
        assert said is not None
        body = json.loads(said.payload)
        text = words.encode()
        wire = b"\xfb\x01\x00" + bytes([len(text)]) + text + b"\xff\x3d\x01"
        assert body["fPort"] == 85
        assert body["data"] == b64encode(wire).decode()
        assert len(wire) <= 51  # what the slowest data rate in Europe carries


@pytest.mark.parametrize(
    ("model_", "method"),
    [("shelly/call-point-switch", "Switch.Set"), ("shelly/call-point-light", "Light.Set")],
)
def test_a_lamp_behind_a_shelly_burns_longer_for_somebody_comes(
    model_: str, method: str
) -> None:
    at = Addressed("shelly", "shellies", "cord-3")
    burns: dict[str, int] = {}
    for kind in ("received", "coming"):
        said = answer(model_, kind, at, ticket="t-1")
        assert said is not None
        assert said.topic == "shellies/cord-3/rpc"
        body = json.loads(said.payload)
        assert body["method"] == method
        assert body["params"]["on"] is True
        burns[kind] = body["params"]["toggle_after"]
    assert 0 < burns["received"] < burns["coming"]
