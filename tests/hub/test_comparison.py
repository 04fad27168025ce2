"""A period beside the one before: chance is called chance; the file names nobody."""

import csv
from datetime import UTC, datetime, timedelta
from io import StringIO
from typing import Literal

from hub.comparison import Verdict, changed
from hub.quality import By, CallTimes, Figures, figures
from hub.quality_csv import BOM, written
from routing.ids import HouseId, UnitId
from routing.plan import CallType, Plan, Priority, Unit

START = datetime(2026, 11, 2, 0, 0, tzinfo=UTC)
PLAN = Plan(HouseId("h"), 1, "Europe/Oslo", units={UnitId("nord"): Unit(UnitId("nord"))})


def period(quick: int, slow: int, by: By | None = None) -> Figures:
    """Calls answered in 20 s and in 20 min, an hour apart."""
    calls = [
        CallTimes(
            id=f"1-{n}",
            type=CallType.PATIENT,
            priority=Priority.IMPORTANT,
            unit="nord",
            registered=START + timedelta(hours=n),
            taken=START + timedelta(hours=n, seconds=20 if n < quick else 1200),
        )
        for n in range(quick + slow)
    ]
    until = START + timedelta(days=30)
    return figures(calls, PLAN, since=START, until=until, by=by, now=until)


def verdict(now: tuple[int, int], before: tuple[int, int]) -> Verdict:
    return changed(period(*now).whole, period(*before).whole).verdict


def test_a_difference_that_chance_makes_is_called_chance() -> None:
    # 80 % against 70 % of 50: 1.15 standard deviations.
    assert verdict((40, 10), (35, 15)) is Verdict.CHANCE


def test_a_difference_beyond_three_standard_deviations_has_a_direction() -> None:
    # 90 % against 60 % of 50: 3.46 standard deviations of the pooled share 75 %.
    assert verdict((45, 5), (30, 20)) is Verdict.BETTER
    assert verdict((30, 20), (45, 5)) is Verdict.WORSE


def test_the_same_share_of_everything_is_no_change() -> None:
    assert verdict((20, 0), (20, 0)) is Verdict.CHANCE


def test_of_fewer_than_five_calls_nothing_is_said() -> None:
    assert verdict((4, 0), (0, 40)) is Verdict.FEW
    assert changed(period(40, 0).whole, None).verdict is Verdict.FEW


def test_hours_are_of_the_houses_own_clock_and_all_of_the_day() -> None:
    found = period(1, 0, "hour")
    assert [group.key for group in found.groups] == [f"{hour:02}" for hour in range(24)]
    assert [group.key for group in found.groups if group.calls] == ["01"], "00 UTC in Oslo"


def rows(found: Figures, lang: Literal["nb", "en"] = "nb") -> list[list[str]]:
    changes = {one.key: changed(one, None) for one in (*found.groups, found.whole)}
    text = written(found, changes, {"nord": "Nord; ærlig", "=1+1": "=1+1"}.__getitem__, lang)
    assert text.startswith(BOM)
    return list(csv.reader(StringIO(text.removeprefix(BOM)), delimiter=";"))


def test_the_file_has_a_row_for_each_group_and_one_for_the_house() -> None:
    heads, nord, whole = rows(period(8, 2, "unit"))
    assert (heads[0], nord[0], whole[0]) == ("Gruppe", "Nord; ærlig", "Hele huset")
    assert nord[3:8] == ["10", "20", "1200", "ikke nådd", "80"]
    assert rows(period(8, 2, "unit"), "en")[2][0] == "Whole house"


def test_fewer_than_five_calls_keep_their_number_and_lose_their_times() -> None:
    _, nord, _ = rows(period(4, 0, "unit"))
    assert nord[3:8] == ["4", *["færre enn 5"] * 4]
