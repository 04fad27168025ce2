"""Where somebody is: known by right, told with age, shown as it changes, never obeyed."""

from dataclasses import replace
from datetime import date, datetime, timedelta

import pytest

from routing.effects import Because, Move, Reason, Ring, Show
from routing.events import Certainty, PlanAdopted, TagsPlaced
from routing.events import Placing as Told
from routing.ids import BridgeId, DeviceId, PatientId, RoomId, StaffId, UnitId
from routing.index import index_of
from routing.place import by_second_radio
from routing.plan import (
    Alias,
    Assignment,
    Basis,
    Bridge,
    PlaceBasis,
    Plan,
    Purpose,
    Room,
    RoomKind,
)
from routing.readings import HelpPressed, HelpTrigger, LinkRead, Sighted
from routing.state import LastPlace
from routing.supervision import only_heard
from routing.whereabouts import (
    Seen,
    called,
    may_know,
    of_call,
    of_patient,
    receiver_of,
    stands_in,
)
from tests.routing.night import (
    LONG_AGO,
    Night,
    arrive,
    bed,
    close,
    press,
    rule,
    signal,
    solvik,
    take,
    with_device,
    with_rules,
    with_stay,
)

OLA, KARI = PatientId("ola"), PatientId("kari")
TAG = DeviceId("wrist-ola")
PRESS = HelpTrigger.PRESS
HALL, LOUNGE, OWN, BATH = RoomId("hall"), RoomId("lounge"), RoomId("204"), RoomId("bath-204")
CONSENT = PlaceBasis(Basis.CONSENT, review_by=date(2027, 1, 1))


def house(*, consent: bool = True) -> Plan:
    plan = solvik()
    lounge = Room(LOUNGE, UnitId("a"), "Dagligstue", RoomKind.COMMON)
    far = Room(RoomId("lounge-b"), UnitId("b"), "Dagligstue B", RoomKind.COMMON)
    plan = replace(plan, rooms={**plan.rooms, LOUNGE: lounge, far.id: far})
    return with_stay(plan, "ola", place=CONSENT) if consent else plan


def told(
    night: Night,
    room: RoomId = LOUNGE,
    tag: str = "wrist-ola",
    *,
    sure: bool = True,
    s: float = 0,
) -> TagsPlaced:
    certainty = Certainty.CERTAIN if sure else Certainty.LIKELY
    at = night.now - timedelta(seconds=s)
    return TagsPlaced((Told(DeviceId(tag), room, certainty, at),))


def at(night: Night, words: str, room: RoomId = LOUNGE, **more: object) -> Night:
    night.at(words)
    return night.at(words, told(night, room, **more))  # type: ignore[arg-type]


def seen(night: Night, patient: PatientId = OLA) -> Seen:
    found = of_patient(night.state, patient, night.now)
    assert found is not None
    return found


def shown(night: Night) -> list[Because]:
    return [one.because for one in night.effects if isinstance(one, Show)]


# --- By right ---------------------------------------------------------------------------------


def test_capability_22_a_place_is_a_room_how_sure_and_when() -> None:
    night = at(Night(house()), "02:00")
    night.at("02:00:08")
    assert seen(night) == Seen(
        LOUNGE,
        Certainty.CERTAIN,
        night.clock("02:00"),
        night.clock("02:00"),
        night.clock("02:01"),
        night.clock("02:05"),
        (OWN, BATH, HALL),
    )


def test_without_a_legal_basis_nobody_is_followed() -> None:
    night = at(Night(house(consent=False)), "02:00")
    assert night.state.places == {}
    assert of_patient(night.state, OLA, night.now) is None


def test_whoever_calls_for_help_may_be_found_while_the_call_is_open() -> None:
    night = Night(house(consent=False)).at("02:14", press())
    assert called(night.state) == (TAG,)
    at(night, "02:14:01")
    assert seen(night).room == LOUNGE
    found = of_call(night.state, night.call(), night.now)
    assert found is not None
    assert (found.room, found.certainty) == (LOUNGE, Certainty.CERTAIN)
    night.at("02:15", take("anne")).at("02:16", arrive("anne")).at("02:17", close("anne"))
    assert of_patient(night.state, OLA, night.now) is None
    night.at("02:18", TagsPlaced())
    assert night.state.places == {}
    assert called(night.state) == ()


def test_a_sensor_call_is_reason_enough_to_find_the_person() -> None:
    plan = with_rules(rule(), plan=house(consent=False))
    night = Night(plan).at("01:00", bed(occupied=True)).at("02:00", bed(occupied=False))
    at(night, "02:00:01")
    found = of_call(night.state, night.call(), night.now)
    assert found is not None
    assert found.room == LOUNGE


def test_a_flat_battery_is_no_reason_to_find_anybody() -> None:
    plan = with_device(house(consent=False), "wrist-ola", expect_every=timedelta(hours=1))
    night = Night(plan).at("03:00")
    assert night.faults() == ["device_silent"]
    assert called(night.state) == ()
    assert of_call(night.state, night.open()[0], night.now) is None
    at(night, "03:01")
    assert night.state.places == {}


def test_staff_and_what_stands_in_a_room_are_never_followed() -> None:
    plan = house()
    tags = (
        Assignment(DeviceId("wrist-spare"), Purpose.STAFF, LONG_AGO),
        *(one for one in plan.assignments),
    )
    night = Night(replace(plan, assignments=tags))
    at(night, "02:00", tag="wrist-spare")
    at(night, "02:00", tag="cord-204")
    at(night, "02:00", tag="nobody's")
    assert night.state.places == {}


def test_an_unassigned_alarm_device_is_looked_for_while_it_calls_and_rings_everybody() -> None:
    night = Night(house()).at("02:14", press("wrist-spare"))
    assert night.rung() == ["anne", "per", "omar", "lise"]
    assert called(night.state) == (DeviceId("wrist-spare"),)
    at(night, "02:14:01", tag="wrist-spare")
    found = of_call(night.state, night.call(), night.now)
    assert found is not None
    assert (found.room, found.look) == (LOUNGE, ())
    assert night.call().room is None


def test_a_basis_that_is_withdrawn_forgets_the_place_at_once() -> None:
    night = at(Night(house()), "02:00")
    assert OWN not in night.state.places
    night.at("02:01", PlanAdopted(house(consent=False)))
    assert night.state.places == {}


def test_what_is_half_a_day_old_is_forgotten() -> None:
    night = at(Night(house()), "02:00")
    night.jump("14:01", TagsPlaced())
    assert night.state.places == {}
    later = at(Night(house()), "02:00")
    found = of_patient(later.state, OLA, later.clock("14:01"))
    assert found == Seen(look=(OWN, BATH, LOUNGE, HALL))


# --- With age ---------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("age_s", "expected"),
    [
        (60, Certainty.CERTAIN),
        (61, Certainty.LIKELY),
        (300, Certainty.LIKELY),
        (301, Certainty.UNKNOWN),
    ],
)
def test_l2_a_place_grows_old_and_then_it_is_unknown(age_s: int, expected: Certainty) -> None:
    night = at(Night(house()), "02:00")
    found = of_patient(night.state, OLA, night.now + timedelta(seconds=age_s))
    assert found is not None
    assert (found.certainty, found.room, found.seen_at) == (expected, LOUNGE, night.now)


def test_unknown_is_said_with_the_next_places_to_look() -> None:
    night = Night(house()).at("02:14", press())
    found = of_call(night.state, night.call(), night.now)
    assert found == Seen(look=(OWN, BATH, LOUNGE, HALL))


def test_the_last_rooms_are_where_to_look_next_and_the_rooms_that_hear_the_tag_too() -> None:
    night = Night(house())
    for n, room in enumerate((OWN, HALL, LOUNGE, HALL, RoomId("205"))):
        at(night, f"02:0{n}", room)
    last = night.state.places[TAG]
    assert last.before == (HALL, LOUNGE, OWN)
    near = Told(TAG, RoomId("205"), Certainty.LIKELY, night.now, (BATH,))
    night.at("02:05", TagsPlaced((near,)))
    assert night.state.places[TAG].since == night.clock("02:04")
    assert seen(night).look == (BATH, OWN, HALL, LOUNGE)


def test_a_tag_heard_as_before_only_grows_younger() -> None:
    night = at(Night(house()), "02:00")
    night.at("02:04", TagsPlaced(seen=((TAG, night.clock("02:03:50")),)))
    assert seen(night).seen_at == night.clock("02:03:50")
    late = ((TAG, night.clock("02:01")), (DeviceId("wrist-kari"), night.now))
    night.at("02:04:01", TagsPlaced(seen=late))
    assert seen(night).seen_at == night.clock("02:03:50")
    assert list(night.state.places) == [TAG]


def test_a_press_of_what_is_fixed_tells_the_place_until_a_tag_is_heard_later() -> None:
    night = at(Night(house()), "02:00")
    night.at("02:14", press("cord-204"))
    found = of_call(night.state, night.call(), night.now)
    assert found is not None
    assert (found.room, found.certainty, found.seen_at) == (BATH, Certainty.CERTAIN, night.now)
    at(night, "02:15")
    found = of_call(night.state, night.call(), night.now)
    assert found is not None
    assert found.room == LOUNGE


def test_the_newest_of_several_tags_tells() -> None:
    plan = house()
    second = Assignment(DeviceId("wrist-spare"), Purpose.HELP, LONG_AGO, patient=OLA)
    night = Night(replace(plan, assignments=(*plan.assignments, second)))
    at(night, "02:00", HALL, tag="wrist-spare")
    at(night, "02:01", LOUNGE)
    assert seen(night).room == LOUNGE


def test_capability_18_a_place_belongs_to_whoever_wore_the_tag_then() -> None:
    plan = with_stay(house(), "kari", place=CONSENT)
    night = at(Night(plan), "02:00")
    moved = night.clock("02:05")
    mine = next(one for one in plan.assignments if one.device == TAG)
    others = tuple(one for one in plan.assignments if one.device not in (TAG, "wrist-kari"))
    swapped = (replace(mine, until=moved), replace(mine, since=moved, patient=KARI))
    night.at("02:05", PlanAdopted(replace(plan, assignments=(*others, *swapped))))
    night.at("02:06")
    assert seen(night, KARI).room is None
    assert seen(night, OLA).room is None
    at(night, "02:07")
    assert seen(night, KARI).room == LOUNGE


def test_who_has_no_bed_here_any_more_is_looked_for_where_the_tag_was() -> None:
    plan = replace(house(), stays=())
    night = Night(plan).at("02:14", press())
    at(night, "02:14:01")
    found = of_call(night.state, night.call(), night.now)
    assert found is not None
    assert (found.room, found.look) == (LOUNGE, ())


# --- Shown, and never obeyed ------------------------------------------------------------------


def test_capability_22_the_card_follows_who_walks_and_does_not_ring_again() -> None:
    night = Night(house()).at("02:14", press())
    rung = night.call().ringing
    at(night, "02:14:20", HALL).expects().noted()
    assert shown(night) == [Because(Reason.PLACE_CHANGED)]
    at(night, "02:14:40", LOUNGE)
    assert [one for one in night.effects if isinstance(one, Ring)] == []
    assert night.call().ringing == rung
    assert seen(night).room == LOUNGE


def test_a_tag_of_somebody_else_changes_no_card() -> None:
    plan = with_stay(house(), "kari", place=CONSENT)
    night = Night(plan).at("02:14", press())
    at(night, "02:14:20", HALL, tag="wrist-kari").expects().noted()
    assert shown(night) == []


def test_a_place_in_another_unit_routes_nobody_and_the_room_stays_the_patients() -> None:
    here, there = Night(house()), at(Night(house()), "02:00", RoomId("lounge-b"))
    here.at("02:14", press())
    there.at("02:14", press())
    assert there.rung() == here.rung() != []
    assert (there.call().room, there.call().unit) == (OWN, "a")


def test_a_repeated_press_from_elsewhere_joins_the_same_call() -> None:
    night = at(Night(house()), "02:00", HALL).at("02:14", press())
    at(night, "02:14:30", LOUNGE)
    night.at("02:15", press()).noted(Move.PRESSED_AGAIN)
    assert len(night.state.open) == 1


# --- Receivers --------------------------------------------------------------------------------


def with_receivers() -> Plan:
    plan = house()
    plan = with_device(plan, "locator-hall", native="Gang-1")
    spare = replace(
        plan.devices[DeviceId("locator-hall")],
        id=DeviceId("beacon"),
        native="AA:BB:CC:DD:EE:01",
        aliases=(Alias(BridgeId("ble"), "gw-2"),),
    )
    other = replace(
        spare, id=DeviceId("other"), bridge=BridgeId("ble"), native="gang-1", aliases=()
    )
    gone = replace(spare, id=DeviceId("gone"), native="gone", aliases=())
    used = tuple(
        Assignment(DeviceId(name), Purpose.RECEIVER, LONG_AGO, room=room)
        for name, room in (("locator-hall", HALL), ("beacon", LOUNGE), ("other", OWN))
    )
    ended = Assignment(gone.id, Purpose.RECEIVER, LONG_AGO, LONG_AGO + timedelta(1), room=HALL)
    unknown = Assignment(DeviceId("sold"), Purpose.RECEIVER, LONG_AGO, room=HALL)
    rest = tuple(one for one in plan.assignments if one.device != "locator-hall")
    ble = Bridge(BridgeId("ble"), "espresense", "espresense")
    return replace(
        plan,
        bridges={**plan.bridges, ble.id: ble},
        devices={**plan.devices, spare.id: spare, other.id: other, gone.id: gone},
        assignments=(*rest, *used, ended, unknown),
    )


@pytest.mark.parametrize(
    ("locator", "expected"),
    [
        ("gang-1", "locator-hall"),
        ("GANG-1", "locator-hall"),
        ("ble:aabbccddee01", "beacon"),
        ("aa-bb-cc-dd-ee-01", "beacon"),
        ("gw-2", "beacon"),
        ("gw-3", None),
        ("wrist-kari", None),
    ],
)
def test_a_receiver_is_known_by_any_spelling_of_its_address(
    locator: str, expected: str | None
) -> None:
    assert receiver_of(with_receivers(), TAG, locator) == expected


def test_l3_a_tag_with_a_second_id_is_heard_by_the_receivers_of_both_bridges() -> None:
    plan = with_receivers()
    mine = with_device(plan, "wrist-ola", bridge=BridgeId("lora"))
    assert receiver_of(mine, TAG, "gang-1") is None, "two bridges have one of that name"
    both = with_device(mine, "wrist-ola", aliases=(Alias(BridgeId("ble"), "irk:1"),))
    assert receiver_of(both, TAG, "gang-1") == "other"
    assert receiver_of(both, DeviceId("nobody's"), "gang-1") is None


def test_a_tag_in_the_wristband_is_no_sign_of_life_of_the_button_beside_it() -> None:
    mine = with_device(with_receivers(), "wrist-ola", aliases=(Alias(BridgeId("ble"), "t"),))
    night = Night(mine)
    seen_by = signal("wrist-ola", Sighted("gang-1", -60.0), LinkRead(rssi_dbm=-60.0))
    assert only_heard(night.state, seen_by), "gathered, and never stepped"
    assert by_second_radio(mine, seen_by)
    assert not by_second_radio(mine, press())
    assert not by_second_radio(mine, signal("wrist-ola", Sighted("a"), HelpPressed(PRESS)))
    assert not by_second_radio(with_receivers(), seen_by), "one radio: it lives"
    assert not by_second_radio(mine, signal("nobody's", Sighted("a")))


def test_a_receiver_hears_for_the_room_it_stands_in_while_it_stands_there() -> None:
    plan = with_receivers()
    now = datetime.combine(date(2026, 11, 3), datetime.min.time(), LONG_AGO.tzinfo)
    assert stands_in(plan, DeviceId("beacon"), now) == LOUNGE
    assert stands_in(plan, DeviceId("gone"), now) is None
    assert stands_in(plan, TAG, now) is None


def test_a_receiver_in_the_patients_room_is_no_sensor_of_theirs() -> None:
    plan = with_rules(rule(), plan=with_receivers())
    assert DeviceId("other") not in index_of(plan).devices_for[plan.rules[0].id]


def test_may_know_asks_who_wears_it_then() -> None:
    plan = house()
    before = LONG_AGO - timedelta(days=1)
    assert may_know(index_of(plan), (), TAG, LONG_AGO)
    assert not may_know(index_of(plan), (), TAG, before)


def test_a_place_is_remembered_as_it_was_recorded() -> None:
    night = at(Night(house()), "02:00", sure=False)
    when = night.clock("02:00")
    assert night.state.places == {TAG: LastPlace(LOUNGE, Certainty.LIKELY, when, when)}
    assert StaffId("anne") not in night.state.places
