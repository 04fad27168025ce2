"""What makers' own documents give as examples: bytes, and what they say.

Facts from the payload tables and examples in Milesight-IoT/SensorDecoders and from
TheThingsNetwork/lorawan-devices (vendor/abeeway, browan, dragino, netvox, elsys), read
2026-11-22. The words are ours.
"""

from datetime import UTC, datetime

import pytest

from devices.catalogue import load
from devices.layouts.payload import decode
from devices.words import Findings
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
    Reading,
    Sighted,
    Tampered,
)

ALARM, COMFORT = DeviceClass.ALARM, DeviceClass.COMFORT
FULL = BatteryRead(100.0)
LEVEL = HelpPressed(HelpTrigger.LEVEL)


NOT_WHOLE = {"0B880100250001", "53AB78 3C04A1 F9 8E 04"}
"""A maker's example that is cut short, and one whose position is no place on Earth."""


def heard(
    model: str, payload: str, port: int | None = None, device_class: DeviceClass = COMFORT
) -> Findings:
    findings = Findings(device_class)
    data = bytes.fromhex(payload.replace(" ", ""))
    assert decode(load()[model].variants, port, data, findings)
    return findings


def read(
    model: str, payload: str, port: int | None = None, device_class: DeviceClass = COMFORT
) -> tuple[Reading, ...]:
    return heard(model, payload, port, device_class).done()


def temperature(degrees: float) -> Measured:
    return Measured("temperature", degrees, "°C")


def humidity(percent: float) -> Measured:
    return Measured("humidity", percent, "%")


@pytest.mark.parametrize(
    ("model", "payload", "port", "said"),
    [
        ("milesight/ws101", "017510 FF2E01", 85, {ButtonPressed("press"), BatteryRead(16.0)}),
        ("milesight/ws136", "FF34 01 03 02", 85, {ButtonPressed("double", "1")}),
        ("milesight/ws136", "FF34 06 00 03", 85, {ButtonPressed("long", "6")}),
        (
            "milesight/ws202",
            "017510 030001 040000",
            85,
            {BatteryRead(16.0), MotionSeen(active=True), Measured("daylight", 0.0)},
        ),
        (
            "milesight/ws203",
            "017564 03673401 046865 050000",
            85,
            {FULL, temperature(30.8), humidity(50.5), MotionSeen(active=False)},
        ),
        (
            "milesight/ws203",
            "8367220101",
            85,
            {temperature(29.0), DeviceFault("temperature_threshold", "temperature_alarm")},
        ),
        (
            "milesight/ws301",
            "017564 030001 040001",
            85,
            {FULL, DoorMoved(open=True), Tampered("wall")},
        ),
        (
            "milesight/em300-mcs",
            "01755C 03673401 046865 060001",
            85,
            {BatteryRead(92.0), temperature(30.8), humidity(50.5), DoorMoved(open=True)},
        ),
        ("milesight/vs340", "017564 030001", 85, {FULL, MotionSeen(active=True)}),
        (
            "milesight/vs370",
            "017564 030001 040000",
            85,
            {FULL, MotionSeen(active=True), Measured("illuminance_bright", 0.0)},
        ),
        (
            "milesight/vs330",
            "017562 02820F00 038E01 048E01",
            85,
            {BatteryRead(98.0), MotionSeen(active=True, distance_m=0.015)},
        ),
        (
            "milesight/at101",
            "017564 03671B01 050000 048836BF7701F000090722",
            85,
            {
                FULL,
                temperature(28.3),
                Measured("tilted", 0.0),
                MotionSeen(active=True),
                Sighted("gnss", latitude=24.62495, longitude=118.030576),
            },
        ),
        (
            "milesight/at101",
            "06D9081CC316222DF9C302 06D90824E124F6A667B602 06D909FFFFFFFFFFFF0000",
            85,
            {
                Sighted("wifi:1c:c3:16:22:2d:f9", -61.0),
                Sighted("wifi:24:e1:24:f6:a6:67", -74.0),
                MotionSeen(active=True),
            },
        ),
        (
            "milesight/vs373",
            "07b0 02 00 0a0000 100000",
            85,
            {
                Measured("use_time_now", 10.0, "min"),
                Measured("use_time_today", 16.0, "min"),
            },
        ),
        (
            "milesight/vs373",
            "08b1 04 bc02",
            85,
            {
                DeviceFault("bradypnea", "respiratory_status"),
                Measured("respiration", 7.0, "bpm"),
            },
        ),
        (
            "milesight/vs373",
            "06fb 0900 08 01 00",
            85,
            {FallSeen(FallPhase.SUSPECTED, incident="9")},
        ),
        (
            "browan/tbdw100",
            "00CB3500008A3A00",
            100,
            {DoorMoved(open=False), temperature(21.0), Measured("events", 14986.0)},
        ),
        (
            "browan/tbms100",
            "01BB34040 0DC7801",
            102,
            {MotionSeen(active=True), temperature(20.0), Measured("events", 96476.0)},
        ),
        ("browan/tbms100", "0000000000000000", 102, {DeviceHeard(HeardBy.HEARTBEAT)}),
        ("browan/tbol100", "190b38 00000000 00000000", 136, {ButtonPressed("press")}),
        ("dragino/lds02", "0B880100250001", 10, {DoorMoved(open=False)}),
        ("dragino/lds02", "8B8803000000000000 01", 10, {DoorMoved(open=True)}),
        ("dragino/lds02", "4B8802000003000004 00", 10, {Measured("wet", 1.0)}),
        (
            "dragino/trackerd",
            "015A7066 06CF3CF8 0FA2 30 01AE 00DA",
            2,
            {
                humidity(43.0),
                temperature(21.8),
                MotionSeen(active=True),
                HelpCancelled(),
                Sighted("gnss", latitude=22.70423, longitude=114.244856),
            },
        ),
        (
            "dragino/lht65n",
            "CBF60B0D0376010ADD7FFF",
            2,
            {
                temperature(28.29),
                humidity(88.6),
                Measured("external_temperature", 27.81, "°C"),
            },
        ),
        ("dragino/lht65n", "CBF6FF380376040101 7FFF", 2, {MotionSeen(active=True)}),
        ("dragino/lht65n", "CBF6FF380376050012 7FFF", 2, {temperature(-2.0)}),
        ("netvox/r312a", "0110011c010000000000 00", 6, {ButtonPressed("press")}),
        (
            "digitalmatter/oyster3",
            "53AB78 3C04A1 F9 8E 04",
            4,
            {FallSeen(FallPhase.SUSPECTED), MotionSeen(active=False)},
        ),
        ("dragino/pb01", "0CF6 03 01 011B 0230", 2, {ButtonPressed("press")}),
        ("netvox/r603", "01de011c01000100000000", 6, {DeviceFault("mains_failure")}),
        ("netvox/r311a", "01020120010000000000 00", 6, {DoorMoved(open=True)}),
        ("netvox/r718a", "010b0120ff9c0fa0000000", 6, {temperature(-1.0), humidity(40.0)}),
        (
            "abeeway/at2",
            "036ac18900001d28b901603702",
            18,
            {
                HelpCancelled(),
                MotionSeen(active=False),
                temperature(25.3),
                Sighted("gnss", latitude=48.9208064, longitude=2.3082752, accuracy_m=7.84),
            },
        ),
        ("abeeway/at2", "0a00f9860000", 18, {HelpCancelled(), temperature(23.8)}),
        ("elsys/ers", "0100e2 0229 040027 0506 060308 070d62", 5, {temperature(22.6)}),
        ("elsys/ers", "01ff9c 1102", 5, {temperature(-10.0), MotionSeen(active=True)}),
    ],
)
def test_an_example_says_in_our_words_what_its_maker_says(
    model: str, payload: str, port: int, said: set[Reading]
) -> None:
    got = read(model, payload, port)
    assert said <= set(got)
    whole = [reading for reading in got if not isinstance(reading, Problem)]
    assert len(whole) == len(got) or payload in NOT_WHOLE


def test_t2_several_stored_records_are_history_with_the_last_ones_time() -> None:
    found = heard("milesight/ws203", "20CEAE5BA6640400240165 20CE5C5CA6640301340165", 85)
    assert found.history
    assert found.time.at == datetime.fromtimestamp(1688624220, UTC)
    assert {temperature(29.2), temperature(30.8)} <= set(found.done())


def test_t2_a_stored_position_of_a_tracker_has_its_calendars_time() -> None:
    found = heard("dragino/trackerd", "015A706606CF3CF8 07e8 0b 16 02 0e 1e", 4)
    assert found.history
    assert found.time.at == datetime(2024, 11, 22, 2, 14, 30, tzinfo=UTC)
    nonsense = heard("dragino/trackerd", "015A706606CF3CF8 07e8 0d 46 02 0e 1e", 4)
    assert not nonsense.history
    assert nonsense.time.at is None


def test_a_stored_position_of_the_at101_stands_longitude_first() -> None:
    found = heard("milesight/at101", "20ce 5c5ca664 f0000907 36bf7701", 85)
    assert Sighted("gnss", latitude=24.62495, longitude=118.030576) in found.done()


@pytest.mark.parametrize(
    ("payload", "said"),
    [
        ("20ce 5c5ca664 00 0200", [MotionSeen(active=True, count=2)]),
        ("20ce 5c5ca664 01 ff03 0100", []),
    ],
)
def test_a_people_counters_history_has_two_shapes(payload: str, said: list[Reading]) -> None:
    assert list(read("milesight/vs321", payload, 85)) == said


def test_an_unknown_kind_of_press_is_a_press_and_a_problem() -> None:
    got = read("milesight/ws136", "ff34 02 00 63", 85)
    assert ButtonPressed("press", "2") in got
    assert [reading for reading in got if isinstance(reading, Problem)]
    assert HelpPressed(HelpTrigger.PRESS, "2") in read(
        "milesight/ws136", "ff34020063", 85, ALARM
    )


# --- Abeeway: SOS in every frame, beacons in four shapes, and the end ------------------------


@pytest.mark.parametrize(
    ("payload", "said"),
    [
        ("0a00 5c 82 00 07", LEVEL),  # the event says it, whatever the flag says
        ("0a10 5c 82 00 08", HelpCancelled()),
        ("0510 5c 82 00", LEVEL),
        ("0310 5c 82 09 05 a1b2c3d4e5f6 c4", LEVEL),
        ("0e10 5c 82 04 0005 00", LEVEL),
        ("0910 5c 82 00 00", LEVEL),
    ],
)
def test_sos_of_an_abeeway_is_heard_in_every_frame(payload: str, said: Reading) -> None:
    got = read("abeeway/at2", payload, 18, ALARM)
    assert said in got
    assert len([r for r in got if isinstance(r, (HelpPressed, HelpCancelled))]) == 1


@pytest.mark.parametrize(
    ("payload", "locator"),
    [
        ("0300 5c 82 07 05 a1b2c3d4e5f6 c4", "ble:a1:b2:c3:d4:e5:f6"),
        ("0300 5c 82 0a 05 a1b2c3d4e5f6 c4", "ble:a1:b2:c3:d4:e5:f6"),
        (
            "0300 5c 82 0b 05" + "ab" * 16 + "c4",
            "ble:" + ":".join(["ab"] * 16),
        ),
        ("0e00 5c 82 07 0005 a1b2c3d4e5f6 c4", "ble:a1:b2:c3:d4:e5:f6"),
        ("0e00 5c 82 0b 0005" + "ab" * 16 + "c4", "ble:" + ":".join(["ab"] * 16)),
        ("0e00 5c 82 09 0005 a1b2c3d4e5f6 c4", "wifi:a1:b2:c3:d4:e5:f6"),
    ],
)
def test_an_abeeway_hears_beacons_and_networks(payload: str, locator: str) -> None:
    assert Sighted(locator, -60.0) in read("abeeway/at2", payload, 18)


def test_an_abeeway_that_is_switched_off_says_so() -> None:
    got = read("abeeway/at2", "0900 00 82 00 01", 18)
    assert DeviceFault("switched_off_battery_empty", "shutdown") in got
    assert BatteryRead(charging=True) in got


def test_an_abeeways_extended_position() -> None:
    got = read(
        "abeeway/at2", "0e04 5c 82 00 0010 00 1d28b90e 01603702 0064 0a 0000 0000 00 0000", 18
    )
    assert Sighted("gnss", latitude=48.9208078, longitude=2.3082754, accuracy_m=39.22) in got


def test_a_tracker_that_hears_a_beacon_names_it_with_its_strength() -> None:
    beacon = "00" * 15 + "01" + "0002" + "0003" + "c50000 c4" + "0f68 00"
    got = read("dragino/trackerd", beacon, 6)
    assert (
        Sighted("ble:" + ":".join(["00"] * 15 + ["01", "00", "02", "00", "03"]), -60.0) in got
    )


def test_without_a_fix_the_last_position_is_not_said_again() -> None:
    got = read("browan/tbol100", "080b38 00e8f103 9fe67a09", 136)
    assert not [reading for reading in got if isinstance(reading, Sighted)]
    assert [
        reading
        for reading in read("browan/tbol100", "000b38 00e8f103 9fe67a09", 136)
        if isinstance(reading, Sighted)
    ]
