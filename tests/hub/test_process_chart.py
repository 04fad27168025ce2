"""Process behaviour charts, against the worked example of UX Q1."""

import pytest

from hub.process_chart import Chart, chart

CHECK = [52.0, 61, 48, 55, 70, 66, 49, 58, 62, 95, 57, 51, 60, 54]


def test_the_check_series_has_its_mean_its_limits_and_one_signal() -> None:
    found = chart(CHECK)
    assert found is not None
    assert found.mean_range is not None
    assert round(found.centre, 2) == 59.86
    assert round(found.mean_range, 2) == 13.08
    assert (round(found.lower or 0, 2), round(found.upper or 0, 2)) == (25.07, 94.64)
    assert found.outside == (CHECK.index(95),)
    assert found.shifted == ()


def test_fewer_than_twelve_points_are_a_run_chart_without_limits() -> None:
    assert chart(CHECK[:11]) == Chart(centre=58)
    assert chart([]) is None


def test_eight_in_a_row_on_one_side_are_a_signal_and_a_point_on_the_mean_breaks_the_row() -> (
    None
):
    steps = [40.0, 60] * 4 + [40.0] + [51.0] * 9
    found = chart(steps)
    assert found is not None
    assert found.shifted == (16, 17)
    level = chart([50.0] * 12)
    assert level == Chart(50, 0, 50, 50)


@pytest.mark.parametrize("size", range(12, 20))
def test_the_lower_limit_of_a_time_is_never_below_zero(size: int) -> None:
    found = chart([float(n % 2 * 100) for n in range(size)])
    assert found is not None
    assert found.lower == 0
