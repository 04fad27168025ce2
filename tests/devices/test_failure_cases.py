"""The failure cases of DEVICES section 3, as far as they are decided in a codec."""

import json
from datetime import timedelta

import pytest

from devices.codec import Bridge, BridgeSaid, Discovery, Enrolled, Ignored, Message, Undecodable
from devices.registry import Registry
from routing.ids import BridgeId, DeviceId
from routing.readings import (
    Availability,
    AvailabilityChanged,
    BatteryRead,
    ButtonPressed,
    DeviceFault,
    DeviceHeard,
    DoorMoved,
    FallPhase,
    FallSeen,
    HeardBy,
    HelpCancelled,
    HelpPressed,
    HelpTrigger,
    LinkRead,
    MotionSeen,
    Problem,
    ProblemKind,
    TimeQuality,
    Trust,
)
from tests.devices.bench import (
    ALARM,
    COMFORT,
    EUI,
    SAFETY,
    Zigbee,
    binary,
    enum,
    event,
    lorawan_registry,
    only,
    up,
)

PRESS = HelpPressed(HelpTrigger.PRESS)


# --- Duplicates
# --------------------------------------------------------------------------------


def test_d1_one_press_published_twice_has_one_key_although_the_radio_figures_differ() -> None:
    house = Zigbee().button()
    first = house.message(
        "wrist-12", {"action": "emergency", "battery": 90, "linkquality": 120}
    )
    second = house.message("wrist-12", {"action": "emergency", "battery": 89, "linkquality": 7})
    assert PRESS in first.readings
    assert first.key == second.key != ""


def test_d2_the_copy_on_the_action_topic_has_the_key_of_the_press_and_another_source() -> None:
    house = Zigbee().button()
    state = house.message("wrist-12", {"action": "emergency", "battery": 90})
    copy = house.message("wrist-12/action", b"emergency")
    assert (state.source, copy.source) == ("state", "action")
    assert copy.readings == (PRESS,)
    assert state.key == copy.key


def test_d2_the_copy_keeps_the_press_key_when_the_state_carries_levels_too() -> None:
    exposes = [enum("action", "emergency"), binary("tamper")]
    house = Zigbee().add("0x1", "knapp", exposes, ALARM)
    press, levels = house.say("knapp", {"action": "emergency", "tamper": True})
    assert isinstance(press, Message)
    assert isinstance(levels, Message)
    assert press.key == house.message("knapp/action", b"emergency").key != levels.key


def test_d3_a_press_is_a_duplicate_only_inside_two_seconds() -> None:
    message = Zigbee().button().message("wrist-12", {"action": "emergency"})
    assert message.key_window == timedelta(seconds=2)


def test_d4_the_same_bytes_again_give_the_same_message() -> None:
    registry = Zigbee().button().registry()
    body = b'{"action":"emergency"}'
    first = registry.understand("zigbee2mqtt/wrist-12", body)
    assert registry.understand("zigbee2mqtt/wrist-12", body) == first


def test_d5_a_copy_by_another_gateway_has_the_same_key_for_five_minutes() -> None:
    registry = lorawan_registry("milesight/ws101")
    first = only(event(registry, up("017510ff2e01", 7)))
    other = {"deduplicationId": "0e1f", "time": "2026-11-21T02:15:40+00:00", "rxInfo": []}
    second = only(event(registry, up("017510ff2e01", 7, other)))
    assert first.key == second.key
    assert first.key_window == timedelta(seconds=300)


def test_d6_a_press_after_the_counter_restarts_is_news() -> None:
    registry = lorawan_registry("milesight/ws101")
    before = only(event(registry, up("017510ff2e01", 812)))
    after = only(event(registry, up("017510ff2e01", None)))
    assert PRESS in after.readings
    assert before.key != after.key


def test_d6_a_join_gives_a_new_address_and_so_a_new_key_for_the_same_counter() -> None:
    registry = lorawan_registry("milesight/ws101")
    before = only(event(registry, up("017510ff2e01", 0)))
    after = only(event(registry, up("017510ff2e01", 0, {"devAddr": "01ffffff"})))
    assert before.key != after.key


def test_d7_the_networks_word_on_a_retransmission_is_technical() -> None:
    body = {"level": "WARNING", "code": "UPLINK_F_CNT_RETRANSMISSION", "description": "again"}
    message = only(event(lorawan_registry("milesight/ws101"), body, "log"))
    assert message.readings == (DeviceFault("UPLINK_F_CNT_RETRANSMISSION", "again"),)


def test_d11_equal_states_in_a_second_share_a_key() -> None:
    house = Zigbee().add("0x1", "radar", [binary("presence")])
    first = house.message("radar", {"presence": True, "linkquality": 40})
    again = house.message("radar", {"presence": True, "linkquality": 44})
    assert first.key == again.key != house.message("radar", {"presence": False}).key


# --- Retained and replayed
# ---------------------------------------------------------------------


def test_r1_a_retained_press_is_told_like_any_other_and_routing_knows_how_it_came() -> None:
    registry = Zigbee().button().registry()
    body = b'{"action":"emergency"}'
    replayed = registry.understand("zigbee2mqtt/wrist-12", body, retained=True)
    assert replayed == registry.understand("zigbee2mqtt/wrist-12", body)


def test_r2_a_cached_state_carries_levels_and_no_press() -> None:
    exposes = [enum("action", "single"), binary("contact", False, True)]
    found = Zigbee().add("0x1", "dør", exposes).readings("dør", {"contact": True, "battery": 9})
    assert DoorMoved(open=False) in found
    assert not [r for r in found if isinstance(r, (HelpPressed, ButtonPressed))]


def test_r3_sos_is_a_level_not_an_edge() -> None:
    house = Zigbee().add("0x1", "snor", [binary("sos")], ALARM)
    assert house.readings("snor", {"sos": True}) == (HelpPressed(HelpTrigger.LEVEL),)
    assert house.readings("snor", {"sos": False}) == (HelpCancelled(),)
    assert house.message("snor", {"sos": True}).key == house.message("snor", {"sos": True}).key


def test_r4_each_press_of_a_latched_button_is_a_press() -> None:
    house = Zigbee().button()
    for _ in range(2):
        assert PRESS in house.readings("wrist-12", {"action": "emergency"})


@pytest.mark.parametrize(
    ("on", "off", "value", "is_open"),
    [(False, True, False, True), (True, False, True, True), ("ON", "OFF", "OFF", False)],
)
def test_r5_a_door_is_open_as_the_bridge_says_value_on(
    on: object, off: object, value: object, is_open: bool
) -> None:
    house = Zigbee().add("0x1", "dør", [binary("contact", on, off)])
    assert house.readings("dør", {"contact": value}) == (DoorMoved(open=is_open),)


def test_r6_an_emptied_topic_is_a_deletion_not_an_event() -> None:
    house = Zigbee().button()
    for topic in ("wrist-12", "wrist-12/availability", "old name", "wrist-12/battery"):
        assert isinstance(house.say(topic, b"")[0], Ignored)


def test_r7_without_the_bridges_list_a_contact_is_not_guessed() -> None:
    enrolled = {(BridgeId("z2m"), "0x1"): Enrolled(DeviceId("d"), "zigbee2mqtt/sensor", SAFETY)}
    registry = Registry([Bridge(BridgeId("z2m"), "zigbee2mqtt", "zigbee2mqtt")], enrolled)
    message = only(registry.understand("zigbee2mqtt/0x1", b'{"contact":true}'))
    assert not [r for r in message.readings if isinstance(r, DoorMoved)]
    assert [r for r in message.readings if isinstance(r, Problem)]


def test_r7_without_the_bridges_list_a_press_is_still_a_press() -> None:
    enrolled = {(BridgeId("z2m"), "0x1"): Enrolled(DeviceId("d"), "zigbee2mqtt/sensor", ALARM)}
    registry = Registry([Bridge(BridgeId("z2m"), "zigbee2mqtt", "zigbee2mqtt")], enrolled)
    message = only(registry.understand("zigbee2mqtt/0x1", b'{"action":"emergency"}'))
    assert message.readings == (PRESS,)


# --- Malformed
# ---------------------------------------------------------------------------------


@pytest.mark.parametrize("action", [None, "", "none"])
def test_m1_m2_no_action_is_no_event(action: str | None) -> None:
    body = {"action": action, "last_seen": "2026-11-21T02:14:00Z", "battery": 80}
    message = Zigbee().button().message("wrist-12", body)
    assert not [r for r in message.readings if isinstance(r, HelpPressed)]
    assert not [r for r in message.readings if isinstance(r, Problem)]


def test_m3_an_empty_action_of_an_sos_key_is_still_a_sign_of_life() -> None:
    message = Zigbee().button().message("wrist-12", {"action": ""})
    assert message.readings == (DeviceHeard(),)


def test_m4_a_null_level_is_a_problem_of_its_own_kind() -> None:
    house = Zigbee().add("0x1", "radar", [binary("presence")])
    assert house.readings("radar", {"presence": None}) == (
        Problem(ProblemKind.NULL_FIELD, "motion=None"),
    )


@pytest.mark.parametrize("payload", [b"online", b'{"state":"online"}', b'"online"', b"Online"])
def test_m5_availability_is_plain_or_json(payload: bytes) -> None:
    message = Zigbee().button().message("wrist-12/availability", payload)
    assert message.readings == (AvailabilityChanged(Availability.ONLINE, "zigbee2mqtt"),)


@pytest.mark.parametrize("payload", [b"offline", b'{"state":"offline"}'])
def test_m5_the_bridges_state_is_plain_or_json(payload: bytes) -> None:
    assert Zigbee().say("bridge/state", payload) == (
        BridgeSaid(BridgeId("z2m"), online=False, detail="bridge/state"),
    )


def test_m6_a_battery_is_coerced_or_a_problem() -> None:
    house = Zigbee().button()
    assert house.readings("wrist-12", {"battery": "51.5"}) == (BatteryRead(percent=51.5),)
    for odd in ("2.3(low battery)", [1, 2], {"a": 1}, True):
        found = house.readings("wrist-12", {"battery": odd})
        assert [r for r in found if isinstance(r, Problem)]


def test_m8_unknown_channel_in_the_middle_is_a_problem() -> None:
    message = only(event(lorawan_registry("milesight/ws101"), up("017564aa0105ff2e01")))
    kinds = [r.kind for r in message.readings if isinstance(r, Problem)]
    assert kinds == [ProblemKind.UNKNOWN_CHANNEL, ProblemKind.TRUNCATED]
    assert BatteryRead(percent=100.0) in message.readings


@pytest.mark.parametrize("data", ["0175", "017564ff", "017564ff2e", "03"])
def test_m8_bytes_cut_short_are_a_problem(data: str) -> None:
    message = only(event(lorawan_registry("milesight/ws101"), up(data)))
    assert [r for r in message.readings if isinstance(r, Problem)]


def test_m9_an_unknown_press_of_an_alarm_is_help_and_a_problem() -> None:
    message = only(event(lorawan_registry("milesight/ws101"), up("ff2e09")))
    assert HelpPressed(HelpTrigger.UNKNOWN, "9") in message.readings
    assert Problem(ProblemKind.UNKNOWN_ENUM, "press=9") in message.readings


def test_m9_an_unknown_action_of_an_alarm_is_help_and_a_problem() -> None:
    message = Zigbee().button().message("wrist-12", {"action": "wobble"})
    assert HelpPressed(HelpTrigger.UNKNOWN, "wobble") in message.readings
    assert [r for r in message.readings if isinstance(r, Problem)]


@pytest.mark.parametrize(
    "action",
    ["off", "release", "hold_release", "disarm", "arm_all_zones", "arm_away", "exit_delay",
     "brightness_stop", "identify", "released_1", "home"],
)  # fmt: skip
def test_m9_what_is_known_to_be_harmless_is_not_help(action: str) -> None:
    found = Zigbee().button().readings("wrist-12", {"action": action})
    assert not [r for r in found if isinstance(r, (HelpPressed, Problem))]


def test_m9_an_unknown_fall_status_of_an_alarm_radar_is_help() -> None:
    exposes = [enum("fall_status", "normal", "fall_warning", "fall_alarm", "unknown")]
    house = Zigbee().add("0x1", "radar", exposes, ALARM)
    assert FallSeen(FallPhase.CONFIRMED) in house.readings(
        "radar", {"fall_status": "fall_alarm"}
    )
    assert HelpPressed(HelpTrigger.UNKNOWN, "unknown") in house.readings(
        "radar", {"fall_status": "unknown"}
    )


DEEP = b'{"a":' * 5000 + b"1" + b"}" * 5000


@pytest.mark.parametrize(
    "payload",
    [b"\xff\xfe", b'{"action":"emer', b"x" * 1_000_000, b'{"battery":NaN}', DEEP, b"[1]", b"7"],
)
@pytest.mark.parametrize("topic", ["zigbee2mqtt/wrist-12"])
def test_m10_nonsense_is_undecodable_with_its_sender(topic: str, payload: bytes) -> None:
    (found,) = Zigbee().button().registry().understand(topic, payload)
    assert isinstance(found, Undecodable)
    assert found.why
    assert len(found.payload) <= 65536


@pytest.mark.parametrize("payload", [b"\xff\xfe", b'{"data":"AX', DEEP, b"[]", b'{"data":"?"}'])
def test_m10_nonsense_from_a_network_server_is_undecodable(payload: bytes) -> None:
    (found,) = event(lorawan_registry("milesight/ws101"), payload)
    assert isinstance(found, Undecodable)
    assert found.device == DeviceId("dev-1")


@pytest.mark.parametrize("name", ["rom 1/seng ø", "2. etasje/Gang Øst", "ü/ä/ö", "a b"])
def test_m12_names_may_hold_slashes_spaces_and_umlauts(name: str) -> None:
    message = Zigbee().button(name).message(name, {"action": "emergency"})
    assert (message.native, message.readings) == ("0x12", (PRESS,))


def test_m12_a_renamed_device_is_the_same_device() -> None:
    before = Zigbee().button("wrist-12").message("wrist-12", {"action": "emergency"})
    house = Zigbee().button("rom 7")
    after = house.message("rom 7", {"action": "emergency"})
    assert before.native == after.native
    assert before.key == after.key


def test_m13_two_instances_and_a_base_topic_with_a_slash() -> None:
    one, two = Zigbee("hus/a", "a").button(), Zigbee("hus/a/b", "b").button()
    registry = Registry([one.bridge, two.bridge], {**one.enrolled, **two.enrolled})
    found: list[Discovery] = []
    for house in (one, two):
        payload = json.dumps(house.entries).encode()
        said = registry.understand(f"{house.base}/bridge/devices", payload)
        found += [d for d in said if isinstance(d, Discovery)]
    registry = Registry([one.bridge, two.bridge], {**one.enrolled, **two.enrolled}, found)
    press = b'{"action":"emergency"}'
    assert only(registry.understand("hus/a/wrist-12", press)).bridge == "a"
    assert only(registry.understand("hus/a/b/wrist-12", press)).bridge == "b"


# --- Time, availability, battery
# ---------------------------------------------------------------


@pytest.mark.parametrize("year", ["1980", "2000", "2199"])
def test_t1_an_absurd_time_is_marked_implausible(year: str) -> None:
    late = {"time": f"{year}-01-21T00:00:00.000000000+00:00"}
    message = only(event(lorawan_registry("milesight/ws101"), up("ff2e01", 7, late)))
    assert message.device_time.quality is TimeQuality.IMPLAUSIBLE
    assert PRESS in message.readings


def test_t1_a_gateways_time_is_marked_as_the_gateways() -> None:
    message = only(event(lorawan_registry("milesight/ws101"), up("ff2e01")))
    assert message.device_time.quality is TimeQuality.GATEWAY


def test_t2_stored_history_says_so_and_carries_the_devices_time() -> None:
    registry = lorawan_registry("milesight/ws203", SAFETY)
    message = only(event(registry, up("20ce" + "40e61f69" + "00" + "01" + "e100" + "50")))
    assert message.history
    assert message.device_time.quality is TimeQuality.DEVICE
    assert MotionSeen(active=True) in message.readings


def test_t3_a_time_without_a_zone_is_no_time() -> None:
    late = {"time": "2026-11-21T02:14:00.000"}
    message = only(event(lorawan_registry("milesight/ws101"), up("ff2e01", 7, late)))
    assert message.device_time.quality is TimeQuality.NONE


def test_t4_an_uplink_says_its_session_and_its_number() -> None:
    registry = lorawan_registry("milesight/ws101")
    first, second = (only(event(registry, up("ff2e01", n))) for n in (7, None))
    assert (first.session, first.number) == ("01a2b3c4", 7)
    assert (second.session, second.number) == ("01a2b3c4", 0)


def test_a3_the_bridges_last_will_is_one_word_of_the_bridge() -> None:
    assert Zigbee().button().say("bridge/state", {"state": "offline"}) == (
        BridgeSaid(BridgeId("z2m"), online=False, detail="bridge/state"),
    )


def test_a9_a_rejoin_is_told_as_an_announcement() -> None:
    body = {"type": "device_announce", "data": {"ieee_address": "0x12", "friendly_name": "x"}}
    assert Zigbee().button().readings("bridge/event", body) == (DeviceHeard(HeardBy.ANNOUNCE),)


@pytest.mark.parametrize(("said", "shown"), [(200, 100.0), (193, 100.0), (-5, 0.0)])
def test_b1_an_impossible_battery_is_clamped_and_marked(said: int, shown: float) -> None:
    found = Zigbee().button().readings("wrist-12", {"battery": said})
    assert found == (BatteryRead(percent=shown, trust=Trust.CLAMPED),)


def test_b3_a_press_with_an_empty_battery_is_a_press() -> None:
    found = Zigbee().button().readings("wrist-12", {"action": "emergency", "battery": 0})
    assert found == (PRESS, BatteryRead(percent=0.0))


def test_the_strongest_gateway_gives_the_link() -> None:
    more = {"rxInfo": [{"rssi": -120, "snr": -9}, {"rssi": -60, "snr": 9}, {"snr": 1}]}
    message = only(event(lorawan_registry("milesight/ws101"), up("ff2e01", 1, more)))
    assert LinkRead(-60.0, 9.0) in message.readings


def test_a_stranger_is_told_with_a_proposal() -> None:
    registry = lorawan_registry("milesight/ws101")
    message, proposal = event(registry, up("ff2e01"), eui="ffff")
    assert isinstance(message, Message)
    assert message.device is None
    assert isinstance(proposal, Discovery)
    assert proposal.found[0].model == "milesight/ws101"
    assert not proposal.complete


def test_comfort_buttons_are_buttons() -> None:
    house = Zigbee().add("0x1", "bryter", [enum("action", "1_single")], COMFORT)
    assert house.readings("bryter", {"action": "1_single"}) == (ButtonPressed("press", "1"),)


def test_the_dev_eui_is_matched_in_any_case() -> None:
    found = event(lorawan_registry("milesight/ws101"), up("ff2e01"), eui=EUI.upper())
    assert only(found).device == DeviceId("dev-1")
