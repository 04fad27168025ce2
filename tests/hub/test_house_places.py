"""The house file on place: receivers, further ids of a tag, the basis to follow somebody."""

from datetime import date

import pytest

from hub.house import HouseFileError, parse
from hub.house_export import export
from hub.houses import enrolled
from hub.names import Names
from routing.ids import BridgeId, DeviceId, RoomId
from routing.plan import Basis, PlaceBasis
from routing.whereabouts import receiver_of, stands_in

HOUSE = """house: { id: small }
units: { nord: }
rooms:
  "1": { unit: nord, beds: [b1] }
  spisestue: { unit: nord, kind: common }
staff: { a: { name: A B, role: nurse, competence: nurse, units: [nord] } }
patients:
  p:
    name: Kari Nordlykt
    stays:
      - bed: b1
        since: 2026-01-01
        place: { basis: consent, reference: Samtale, decided_by: a, review_by: 2027-01-19 }
bridges:
  zigbee: { ecosystem: zigbee2mqtt, base_topic: z }
  ble: { ecosystem: espresense, base_topic: e }
devices:
  wrist:
    bridge: zigbee
    native: "0x1"
    model: zigbee2mqtt/alarm-button
    class: alarm
    aliases: [{ bridge: ble, native: tag-1 }, { native: "0x2" }]
    used: [{ purpose: help, patient: p, since: 2026-01-01 }]
  node:
    bridge: ble
    native: spisestue
    model: ble/receiver
    class: infrastructure
    expect_every: 10min
    used: [{ purpose: receiver, room: spisestue, since: 2026-01-01 }]
"""
WRIST, NODE = DeviceId("wrist"), DeviceId("node")


def told(old: str, new: str) -> list[str]:
    assert old in HOUSE
    with pytest.raises(HouseFileError) as refused:
        parse(HOUSE.replace(old, new, 1), "x.yaml")
    return [problem.sentence("x.yaml") for problem in refused.value.problems]


def test_a_receiver_stands_in_a_room_and_a_tag_has_all_its_ids() -> None:
    plan = parse(HOUSE).plan(1)
    assert receiver_of(plan, WRIST, "Spisestue") == NODE
    assert stands_in(plan, NODE, plan.stays[0].since) == RoomId("spisestue")
    natives = {native for native, one in enrolled(plan).items() if one.device == WRIST}
    assert natives == {
        (BridgeId("zigbee"), "0x1"),
        (BridgeId("zigbee"), "0x2"),
        (BridgeId("ble"), "tag-1"),
    }
    assert plan.stays[0].place == PlaceBasis(Basis.CONSENT, "Samtale", "a", date(2027, 1, 19))


def test_what_is_exported_is_what_was_imported() -> None:
    file = parse(HOUSE)
    plan = file.plan(1)
    assert parse(export(plan, Names(file.names()))).plan(1) == plan


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        (", review_by: 2027-01-19", "", "x.yaml:13: patients.p.stays.1.place.review_by: "),
        ("consent", "staff_only", "x.yaml:13: patients.p.stays.1.place.basis: a place is the"),
        ("Samtale", "Kari sa ja", "x.yaml:13: patients.p.stays.1.place.reference: holds the"),
        (
            "native: tag-1",
            "native: SPISESTUE",
            "x.yaml:27: devices.node.native: 'spisestue' is",
        ),
        (
            "bridge: ble, native: tag-1",
            "bridge: b, native: t",
            "x.yaml:23: devices.wrist.aliases",
        ),
        (
            "purpose: receiver, room: spisestue",
            "purpose: receiver, room: kjeller",
            "x.yaml:31: devices.node.used.1.room: no room 'kjeller'; known: 1, spisestue",
        ),
        (
            "purpose: receiver, room: spisestue",
            "purpose: receiver, patient: p",
            "x.yaml:31: devices.node.used.1.patient: a receiver is worn by nobody",
        ),
    ],
)
def test_what_is_wrong_is_said_with_its_line_and_field(old: str, new: str, said: str) -> None:
    problems = told(old, new)
    assert any(one.startswith(said) for one in problems), problems
