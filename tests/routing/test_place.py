"""A tag's room: last heard by, with certainty and age, never a position."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from routing.events import Certainty, Placing
from routing.ids import DeviceId, RoomId
from routing.place import FROZEN_AFTER, Track, placing, sighted, strength
from routing.readings import Sighted

NOW = datetime(2026, 11, 21, 2, 14, tzinfo=UTC)
A, B, C = RoomId("204"), RoomId("205"), RoomId("corridor")
TAG = DeviceId("tag")


def heard(*told: tuple[RoomId, float, float], track: Track | None = None) -> Track:
    track = track or Track()
    for room, rssi, second in told:
        track = sighted(track, room, rssi, NOW + timedelta(seconds=second))
    return track


def said(track: Track, second: float = 0) -> Placing:
    found = placing(TAG, track, NOW + timedelta(seconds=second))
    assert found is not None
    return found


def test_l1_a_tag_between_two_rooms_stays_where_it_was() -> None:
    flips = [(room, -70 + n % 3, n) for n in range(20) for room in (A, B)]
    assert heard((A, -68, -1), *flips).room == A


def test_l1_it_moves_when_the_other_is_clearly_stronger_for_a_while() -> None:
    track = heard((A, -70, 0), (B, -60, 1), (B, -60.5, 6))
    assert track.room == A
    assert heard((B, -60, 12), track=track).room == B


def test_l1_it_moves_after_ten_seconds_and_not_before() -> None:
    track = heard((A, -70, 0), (B, -60, 1))
    assert heard((B, -60.5, 10.9), track=track).room == A
    assert heard((B, -60.5, 11), track=track).room == B


def test_l1_a_little_stronger_is_not_elsewhere_however_long() -> None:
    beside = [(room, -70 + 5.0 * (room == B) - n % 2, n) for n in range(60) for room in (A, B)]
    assert heard((A, -70, -1), *beside).room == A


def test_l1_a_single_strong_reading_moves_nobody() -> None:
    assert heard((A, -70, 0), (B, -50, 1), (B, -75, 2), (B, -50, 12)).room == A


def test_l1_another_rival_waits_its_own_time() -> None:
    assert heard((A, -80, 0), (B, -60, 1), (C, -50, 8), (C, -50.5, 12)).room == A


def test_a_room_that_hears_the_tag_no_more_loses_ground() -> None:
    """Who walks out of a strong room into a weakly covered one is found there in a minute."""
    walked = [(B, -71.0 - n % 2, 5.0 * n) for n in range(1, 20)]
    assert heard((A, -66, 0), *walked[:6]).room == A
    assert heard((A, -66, 0), *walked).room == B


def test_a_room_that_is_quiet_for_27_seconds_is_six_decibels_weaker() -> None:
    assert heard((A, -66, 0), (B, -66, 27), (B, -66.5, 37)).room == B
    assert heard((A, -66, 0), (B, -66, 26), (B, -66.5, 36)).room == A


def test_l4_what_was_certain_in_one_room_makes_nothing_certain_in_the_next() -> None:
    weak = [(B, -82.0 - n % 2 / 2, 5.0 * n) for n in range(1, 20)]
    walked = heard((A, -66, 0), *weak)
    assert (said(walked, 95).room, said(walked, 95).certainty) == (B, Certainty.LIKELY)
    later = heard((A, -66, 0), (B, -82, 301))
    assert (said(later, 301).room, said(later, 301).certainty) == (B, Certainty.LIKELY)


def test_l2_a_sighting_counts_for_five_minutes_to_the_second() -> None:
    assert heard((A, -50, 0), (B, -90, 300)).room == A


def test_l2_what_is_old_says_nothing_and_the_next_one_heard_is_believed_at_once() -> None:
    assert heard((A, -50, 0), (B, -90, 301)).room == B


def test_l2_a_frozen_figure_is_no_sighting() -> None:
    frozen = heard(*((A, -60, second) for second in range(FROZEN_AFTER)))
    assert placing(TAG, frozen, NOW) is None
    thawed = heard((A, -61, FROZEN_AFTER), track=frozen)
    assert said(thawed).room == A


def test_l2_a_frozen_figure_elsewhere_holds_nobody() -> None:
    both = [(A, -60.0, float(second)) for second in range(FROZEN_AFTER)]
    assert heard(*both, (B, -80, FROZEN_AFTER)).room == B


def test_l2_a_frozen_figure_elsewhere_makes_nobody_uncertain() -> None:
    frozen = [(B, -60.0, float(second)) for second in range(FROZEN_AFTER)]
    here = said(heard(*frozen, (A, -70, FROZEN_AFTER)), FROZEN_AFTER)
    assert here == Placing(TAG, A, Certainty.CERTAIN, here.at, ())


def test_l4_a_room_that_heard_the_tag_long_ago_is_not_beside_it() -> None:
    track = heard((A, -50, 0), (B, -70, 1), (C, -72, 60), (A, -50.5, 90))
    assert said(track, 302).nearby == (C,)


def test_l4_it_is_last_heard_by_with_certainty_and_the_rooms_beside_it() -> None:
    track = heard((A, -60, 0), (C, -72, 1), (B, -90, 2))
    assert said(track, 2) == Placing(
        TAG, A, Certainty.CERTAIN, NOW + timedelta(seconds=2), (C, B)
    )


@pytest.mark.parametrize(
    ("told", "expected"),
    [
        (((A, -60.0, 0.0),), Certainty.CERTAIN),
        (((A, -80.0, 0.0),), Certainty.CERTAIN),
        (((A, -81.0, 0.0),), Certainty.LIKELY),
        (((A, -60.0, 0.0), (B, -62.0, 1.0)), Certainty.LIKELY),
        (((A, -60.0, 0.0), (B, -63.0, 1.0)), Certainty.CERTAIN),
        (((A, -81.0, 0.0), (B, -81.0, 1.0), (A, -75.0, 2.0)), Certainty.CERTAIN),
        (((A, -60.0, 0.0), (B, -64.0, 1.0), (B, -58.0, 2.0)), Certainty.LIKELY),
        (((A, -60.0, 0.0), (B, -58.0, 1.0), (B, -64.0, 2.0)), Certainty.LIKELY),
        (((A, -79.0, 0.0), (A, -82.0, 1.0)), Certainty.CERTAIN),
        (((A, -79.0, 0.0), (A, -84.0, 1.0)), Certainty.LIKELY),
    ],
)
def test_l4_certain_is_strong_and_clearly_ahead_and_does_not_flicker(
    told: tuple[tuple[RoomId, float, float], ...], expected: Certainty
) -> None:
    assert said(heard(*told), 2).certainty is expected


def test_a_distance_is_as_good_as_a_strength_and_a_satellite_knows_no_room() -> None:
    assert strength(Sighted("a", rssi_dbm=-70.0, distance_m=9.0)) == -70
    near, far = strength(Sighted("a", distance_m=0.0)), strength(Sighted("a", distance_m=8.0))
    assert near is not None
    assert far is not None
    assert near > -40 > -80 > far > -90
    assert strength(Sighted("gnss", latitude=59.9, longitude=10.7)) is None


def test_what_expired_is_not_carried_along() -> None:
    track = heard((A, -60, 0), (B, -70, 400))
    assert list(track.heard) == [B]
    assert replace(track, heard={}).heard == {}
