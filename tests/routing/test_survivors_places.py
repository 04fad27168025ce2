"""Found by mutation: where somebody is, to the second, and what is wrong with which thing."""

from dataclasses import replace

import pytest

from routing.effects import Move, Note
from routing.events import (
    BridgeChanged,
    Certainty,
    FaultNoticed,
    HandsetState,
    PlanAdopted,
    TagsPlaced,
)
from routing.ids import BridgeId, DeviceId, RoomId
from routing.plan import Assignment, Bridge, CallType, Plan, Priority, Purpose, RuleState
from routing.readings import Availability, AvailabilityChanged
from routing.state import Call
from routing.step import empty
from routing.technical import NOBODY, NOT_READ
from routing.whereabouts import Seen, called, of_call, of_patient, stands_in
from tests.routing.night import (
    LONG_AGO,
    Night,
    ask,
    bed,
    press,
    reports,
    rule,
    sign_in,
    signal,
    solvik,
    take,
    with_rules,
    with_stay,
)
from tests.routing.test_objections import objected
from tests.routing.test_whereabouts import (
    BATH,
    CONSENT,
    HALL,
    KARI,
    LOUNGE,
    OLA,
    OWN,
    TAG,
    at,
    house,
    seen,
    shown,
)

SPARE, CORD = DeviceId("wrist-spare"), DeviceId("cord-204")


def with_assignments(plan: Plan, *more: Assignment) -> Plan:
    """Let these devices be used so, and no other way."""
    named = {one.device for one in more}
    kept = tuple(one for one in plan.assignments if one.device not in named)
    return replace(plan, assignments=(*kept, *more))


def looked_for(night: Night, call: str = "1-1") -> Seen:
    found = of_call(night.state, night.call(call), night.now)
    assert found is not None
    return found


# --- Who may be found, and who not ------------------------------------------------------------


def test_what_stands_in_a_room_is_not_followed_though_it_is_a_patients() -> None:
    night = at(Night(house()), "02:00", tag="bed-ola")
    assert night.state.places == {}


@pytest.mark.parametrize(
    ("purpose", "room"), [(Purpose.STAFF, None), (Purpose.HELP, HALL)], ids=str
)
def test_not_even_while_it_calls(purpose: Purpose, room: RoomId | None) -> None:
    used = Assignment(SPARE, purpose, LONG_AGO, room=room)
    night = Night(with_assignments(house(), used)).at("02:14", press(SPARE))
    assert night.call().device == SPARE

    at(night, "02:14:01", tag=SPARE)
    assert night.state.places == {}


def test_nobodys_alarm_that_calls_is_no_reason_to_follow_another_one() -> None:
    plan = house()
    other = replace(plan.devices[SPARE], id=DeviceId("other"), native="0xother")
    plan = replace(plan, devices={**plan.devices, other.id: other})
    night = Night(plan).at("02:14", press(SPARE))

    at(night, "02:14:01", tag="other")
    assert night.state.places == {}
    assert shown(night) == []


def test_an_alarm_taken_off_after_its_press_tells_no_more_of_whoever_wore_it() -> None:
    night = Night(house(consent=False)).at("02:14", press())
    worn = tuple(one for one in house().assignments if one.device != TAG)
    night.at("02:15", PlanAdopted(replace(house(consent=False), assignments=worn)))

    at(night, "02:16")
    assert night.state.places == {}


def test_who_has_left_is_not_followed_any_more() -> None:
    night = Night(house())
    gone = with_stay(house(), "ola", until=night.clock("02:05"))
    night.at("02:01", PlanAdopted(gone))
    at(night, "02:02")

    assert seen(night).room == LOUNGE
    assert of_patient(night.state, OLA, night.clock("02:05")) is None


def test_news_at_once_is_of_whoever_a_call_is_about_and_of_nothing_else() -> None:
    assert called(empty(house())) == ()
    night = Night(house()).at("02:14", press(CORD))
    assert called(night.state) == (TAG,)
    asked = Night(house()).at("02:14", ask("anne", room="hall"))
    assert called(asked.state) == ()


def test_who_asks_for_help_from_a_telephone_is_not_looked_for() -> None:
    night = Night(house()).at("02:14", ask("anne", room="204"))
    assert of_call(night.state, night.call(), night.now) is None


def test_what_also_stands_in_a_room_hears_for_where_it_is_a_receiver() -> None:
    hears = DeviceId("locator-hall")
    plan = with_assignments(
        house(),
        Assignment(hears, Purpose.ROOM, LONG_AGO, room=OWN),
        Assignment(hears, Purpose.RECEIVER, LONG_AGO, room=HALL),
    )
    assert stands_in(plan, hears, LONG_AGO) == HALL


# --- How old, how sure ------------------------------------------------------------------------


def test_a_state_once_given_stays_as_it_was_when_tags_are_placed() -> None:
    night = Night(house()).at("02:00")
    before = night.state
    at(night, "02:00")
    assert (before.places, list(night.state.places)) == ({}, [TAG])


def test_a_room_that_becomes_sure_is_told_as_sure() -> None:
    night = at(Night(house()), "02:00", sure=False)
    assert seen(night).certainty is Certainty.LIKELY
    at(night, "02:00:10", sure=True)
    assert seen(night).certainty is Certainty.CERTAIN


def test_a_place_is_kept_for_twelve_hours_to_the_second() -> None:
    night = at(Night(house()), "02:00")
    now = night.clock("14:00")
    last = of_patient(night.state, OLA, now)
    assert last is not None
    assert (last.room, last.certainty) == (LOUNGE, Certainty.UNKNOWN)

    night.jump("14:00", TagsPlaced())
    assert list(night.state.places) == [TAG]
    night.jump("14:00:01", TagsPlaced())
    assert night.state.places == {}


def test_a_tag_heard_in_the_moment_it_changes_hands_is_the_next_ones() -> None:
    plan = with_stay(house(), "kari", place=CONSENT)
    moved = Night().clock("02:05")
    mine = Assignment(TAG, Purpose.HELP, LONG_AGO, until=moved, patient=OLA)
    hers = Assignment(TAG, Purpose.HELP, moved, patient=KARI)
    night = at(Night(with_assignments(plan, mine, hers)), "02:05")

    assert seen(night, KARI).room == LOUNGE
    assert seen(night, OLA).room is None


# --- A cord that was pulled -------------------------------------------------------------------


def test_a_pulled_cord_tells_the_place_of_who_wears_nothing_that_was_heard() -> None:
    night = Night(house()).at("02:14", press(CORD))
    found = looked_for(night)
    assert (found.room, found.certainty) == (BATH, Certainty.CERTAIN)
    assert found.look == (OWN, LOUNGE, HALL), "from the patient's own room, not the bathroom"


def test_a_pulled_cord_is_surer_than_a_tag_heard_in_the_same_moment() -> None:
    night = at(Night(house()), "02:14").at("02:14", press(CORD))
    assert looked_for(night).room == BATH


def test_a_call_without_a_press_tells_no_place_of_a_device_that_nobody_pressed() -> None:
    plan = with_rules(rule(), plan=house())
    night = Night(plan).at("01:00", bed(occupied=True)).at("02:00", bed(occupied=False))
    assert night.call().presses == ()
    assert looked_for(night).room is None


# --- What is wrong with what ------------------------------------------------------------------


def offline(device: str) -> Call:
    said = signal(device, AvailabilityChanged(Availability.OFFLINE))
    night = Night().at("02:00", said).at("02:01")
    assert night.faults() == ["device_offline"]
    return night.call()


def test_a_fault_is_told_where_the_thing_stands_and_names_nobody_who_lives_there() -> None:
    for device, room, unit in (("wrist-ola", "204", "a"), ("cord-301", "301", "b")):
        call = offline(device)
        assert (call.room, call.unit) == (room, unit)
        assert (call.patient, call.possible) == (None, ())


def test_two_bridges_that_are_lost_are_two_faults_and_each_ends_by_itself() -> None:
    lora = Bridge(BridgeId("lora"), "chirpstack", "application")
    plan = replace(solvik(), bridges={**solvik().bridges, lora.id: lora})
    night = Night(plan).at("02:00", BridgeChanged(lora.id, online=False))
    night.at("02:01", BridgeChanged(BridgeId("zigbee"), online=False))
    assert [call.bridge for call in night.open()] == ["lora", "zigbee"]

    night.at("02:02", BridgeChanged(BridgeId("zigbee"), online=True))
    assert [call.bridge for call in night.open()] == ["lora"]


def test_the_same_fault_again_joins_its_call_and_makes_it_no_worse() -> None:
    not_read = FaultNoticed(NOT_READ, "odd", DeviceId("wrist-ola"))
    night = Night().at("02:00", not_read).at("02:01", not_read)

    night.noted(Move.JOINED)
    assert night.call().priority is Priority.URGENT


# --- No telephone that is sure to sound -------------------------------------------------------


def test_what_stands_on_the_days_list_needs_no_ready_telephone() -> None:
    night = Night(with_rules(rule()), on_duty=())
    night.at("02:00", objected(night, state=RuleState.SUSPENDED))

    assert [call.type for call in night.open()] == [CallType.INFORMATION]


def test_a_telephone_that_is_ready_again_in_time_is_no_fault() -> None:
    night = Night(on_duty=("anne",)).at("02:00", press())
    night.at("02:00:10", reports("anne", HandsetState.LIMITED))

    night.jump("02:10", reports("anne", HandsetState.READY))

    assert night.call().rung == len(night.call().ladder.rungs)
    moves = [one.move for one in night.effects if isinstance(one, Note)]
    assert Move.OPENED not in moves, "not for a moment: that would ring the technician"


def test_nobody_in_reach_ends_for_the_unit_whose_call_is_in_hands_and_for_no_other() -> None:
    night = Night(on_duty=()).at("02:00", press()).at("02:01", press("cord-301"))
    night.at("02:02", sign_in("anne"))

    night.at("02:03", take("anne"))

    assert [call.unit for call in night.open() if call.fault == NOBODY] == ["b"]
