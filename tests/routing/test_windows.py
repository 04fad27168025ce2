"""Windows on the wall clock: midnight, weekdays, both nights when the clock changes."""

from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest

from routing.plan import Window
from routing.windows import began, inside, opens_after

OSLO = ZoneInfo("Europe/Oslo")
NIGHT = Window(time(22), time(6))


def local(day: int, hour: int, minute: int = 0, *, month: int = 11, fold: int = 0) -> datetime:
    return datetime(2026, month, day, hour, minute, tzinfo=OSLO, fold=fold).astimezone(UTC)


@pytest.mark.parametrize(
    ("hour", "expected"),
    [(21, False), (22, True), (23, True), (0, True), (5, True), (6, False)],
)
def test_a_window_goes_over_midnight(hour: int, *, expected: bool) -> None:
    assert inside(NIGHT, local(4, hour), OSLO) is expected


def test_a_day_window_and_no_window() -> None:
    day = Window(time(8), time(20))
    assert inside(day, local(4, 8), OSLO)
    assert not inside(day, local(4, 20), OSLO)
    assert inside(None, local(4, 3), OSLO)


def test_a_night_belongs_to_the_weekday_on_which_it_began() -> None:
    friday = Window(time(22), time(6), (4,))  # 6 November 2026 is a Friday
    assert inside(friday, local(6, 23), OSLO)
    assert inside(friday, local(7, 5), OSLO)
    assert not inside(friday, local(6, 5), OSLO)
    assert not inside(friday, local(7, 23), OSLO)
    assert not inside(Window(time(8), time(20), (4,)), local(7, 9), OSLO)


def test_equal_ends_are_the_whole_day_from_that_hour() -> None:
    whole = Window(time(7), time(7), (4,))
    assert inside(whole, local(6, 7), OSLO)
    assert inside(whole, local(7, 6), OSLO)
    assert not inside(whole, local(6, 6), OSLO)


def test_on_the_night_with_an_hour_twice_both_are_inside() -> None:
    window = Window(time(2), time(3))
    first, second = (local(25, 2, 30, month=10, fold=fold) for fold in (0, 1))
    assert second > first
    assert inside(window, first, OSLO)
    assert inside(window, second, OSLO)


def test_on_the_night_without_an_hour_the_clock_jumps_over_it() -> None:
    before, after = (
        datetime(2026, 3, 29, 0, 59, tzinfo=UTC),
        datetime(2026, 3, 29, 1, tzinfo=UTC),
    )
    window = Window(time(2), time(3))
    assert not inside(window, before, OSLO)
    assert not inside(window, after, OSLO)
    assert inside(NIGHT, after, OSLO)


def test_when_a_window_opens_next() -> None:
    assert opens_after(NIGHT, local(4, 12), OSLO) == local(4, 22)
    assert opens_after(NIGHT, local(4, 22), OSLO) == local(5, 22)
    assert opens_after(Window(time(8), time(9), (4,)), local(6, 9), OSLO) == local(13, 8)
    assert opens_after(Window(time(8), time(9), ()), local(6, 9), OSLO) is None


def test_when_the_window_began_that_it_is_now() -> None:
    day = Window(time(8), time(20))
    assert began(day, local(4, 12), OSLO) == local(4, 8)
    assert began(NIGHT, local(4, 22), OSLO) == local(4, 22)
    assert began(NIGHT, local(4, 23), OSLO) == local(4, 22)
    assert began(NIGHT, local(5, 5), OSLO) == local(4, 22)
    assert began(NIGHT, local(5, 6), OSLO) is None


@pytest.mark.parametrize("since", [time(2), time(2, 1), time(2, 30), time(2, 59), time(3)])
def test_a_window_whose_hour_the_spring_leaves_out_begins_where_the_clock_goes_on(
    since: time,
) -> None:
    goes_on = datetime(2026, 3, 29, 1, tzinfo=UTC)
    window = Window(since, time(6))
    assert opens_after(window, goes_on - timedelta(hours=2), OSLO) == goes_on
    assert began(window, goes_on + timedelta(minutes=10), OSLO) == goes_on


def test_a_window_at_midnight_begins_at_midnight() -> None:
    assert opens_after(Window(time(0), time(6)), local(4, 12), OSLO) == local(5, 0)


def test_a_window_whose_hour_comes_twice_begins_the_first_time_and_goes_on() -> None:
    window = Window(time(2, 30), time(6), (6,))  # 25 October 2026 is a Sunday
    first = local(25, 2, 30, month=10)
    assert opens_after(window, local(24, 12, month=10), OSLO) == first
    for minute in (0, 10, 29, 30, 59):
        again = local(25, 2, minute, month=10, fold=1)
        assert inside(window, again, OSLO)
        assert began(window, again, OSLO) == first
    assert not inside(window, local(25, 2, 29, month=10), OSLO)
    assert not inside(Window(time(3), time(6)), local(25, 2, 59, month=10, fold=1), OSLO)


def test_a_whole_day_from_an_hour_that_comes_twice_begins_on_its_own_day() -> None:
    sunday = Window(time(2, 30), time(2, 30), (6,))
    assert inside(sunday, local(25, 2, 10, month=10, fold=1), OSLO)
    assert not inside(sunday, local(25, 2, 10, month=10), OSLO)
