"""A tag's room: last heard by, with certainty and age, never a position."""

from datetime import UTC, datetime, timedelta

from routing.ids import RoomId
from routing.place import FROZEN_AFTER, Place, alias, sighted, whereabouts

NOW = datetime(2026, 11, 21, 2, 14, tzinfo=UTC)
A, B, C = RoomId("204"), RoomId("205"), RoomId("corridor")


def heard(*told: tuple[RoomId, float, float], place: Place | None = None) -> Place:
    place = place or Place()
    for room, rssi, second in told:
        place = sighted(place, room, rssi, NOW + timedelta(seconds=second))
    return place


def test_l1_a_tag_between_two_rooms_stays_where_it_was() -> None:
    flips = [(room, -70 + n % 3, n) for n in range(20) for room in (A, B)]
    assert heard((A, -68, -1), *flips).room == A


def test_l1_it_moves_when_the_other_is_clearly_stronger_for_a_while() -> None:
    place = heard((A, -70, 0), (B, -60, 1), (B, -60.5, 6))
    assert place.room == A
    assert heard((B, -60, 12), place=place).room == B


def test_l1_a_single_strong_reading_moves_nobody() -> None:
    assert heard((A, -70, 0), (B, -50, 1), (B, -75, 2), (B, -50, 12)).room == A


def test_l2_a_sighting_expires_and_unknown_is_said() -> None:
    place = heard((A, -60, 0))
    assert whereabouts(place, NOW).room == A
    later = whereabouts(place, NOW + timedelta(minutes=6))
    assert (later.room, later.certainty, later.age) == (None, 0.0, None)


def test_l2_a_frozen_figure_is_no_sighting() -> None:
    place = heard(*((A, -60, second) for second in range(FROZEN_AFTER)))
    assert whereabouts(place, NOW + timedelta(seconds=FROZEN_AFTER)).room is None


def test_l3_two_ids_are_one_tag() -> None:
    aliases = {"irk:1": "tag", "aa:bb": "tag"}
    assert {alias(one, aliases) for one in ("irk:1", "aa:bb", "tag")} == {"tag"}


def test_l4_it_is_last_heard_by_with_certainty_age_and_where_to_look_next() -> None:
    place = heard((A, -60, 0), (C, -62, 1), (B, -90, 2))
    found = whereabouts(place, NOW + timedelta(seconds=10))
    assert (found.room, found.age, found.then) == (A, timedelta(seconds=10), (C, B))
    assert 0 < found.certainty < 0.7
    older = whereabouts(place, NOW + timedelta(minutes=4))
    assert older.certainty < found.certainty
