"""Response times, against figures worked out by hand."""

import json
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import insert

from hub.ledger import local_day
from hub.quality import (
    CallTimes,
    Figures,
    as_json,
    call_json,
    figures,
    quantile,
    response_times,
)
from hub.records import encode_plan
from hub.store import tables
from hub.store.store import Store
from routing.defaults import POLICIES
from routing.ids import HouseId, UnitId
from routing.plan import CallPolicy, CallType, Plan, Priority, Unit

HOUSE = HouseId("solvik")
START = datetime(2026, 11, 20, 20, tzinfo=UTC)  # 21:00 in Oslo
END = START + timedelta(hours=12)


def target(kind: CallType, seconds: int) -> CallPolicy:
    return replace(POLICIES[kind], respond_within=timedelta(seconds=seconds))


PLAN = Plan(
    HOUSE,
    1,
    "Europe/Oslo",
    units={UnitId(u): Unit(UnitId(u)) for u in ("nord", "sor")},
    policies={
        CallType.PATIENT: target(CallType.PATIENT, 60),
        CallType.BATHROOM: target(CallType.BATHROOM, 30),
    },
)


def s(*seconds: float) -> list[timedelta]:
    return [timedelta(seconds=one) for one in seconds]


def call(n: int, *, at: float = 0, **more: Any) -> CallTimes:
    """A patient's call `at` seconds after START; times in seconds after registration."""
    registered = START + timedelta(seconds=at)
    times = {
        name: registered + timedelta(seconds=more.pop(name))
        for name in ("delivered", "taken", "present", "closed")
        if name in more
    }
    fixed = {"type": CallType.PATIENT, "priority": Priority.IMPORTANT, "unit": "nord"} | more
    return CallTimes(id=f"1-{n}", registered=registered, **times, **fixed)


def computed(*calls: CallTimes, by: Any = None, now: datetime = END) -> Figures:
    return figures(calls, PLAN, since=START, until=END, by=by, now=now)


# --- Kaplan and Meier ---------------------------------------------------------------------


def test_a_median_with_censoring_is_that_of_the_hand_worked_example() -> None:
    # 10, 20, 30+, 40, 50+: surviving 4/5, 3/5, 3/5, 3/10, 3/10.
    happened, censored = s(10, 20, 40), s(30, 50)

    assert quantile(happened, censored, 0.5) == timedelta(seconds=40)
    assert quantile(happened, censored, 0.4) == timedelta(seconds=20)
    assert quantile(happened, censored, 0.7) == timedelta(seconds=40)
    assert quantile(happened, censored, 0.9) is None


def test_the_textbook_example_of_six_mercaptopurine_has_median_23() -> None:
    # Freireich 1963, treated arm: weeks in remission, 9 of 21 relapsed; published median 23.
    relapsed = [6, 6, 6, 7, 10, 13, 16, 22, 23]
    cut = [6, 9, 10, 11, 17, 19, 20, 25, 32, 32, 34, 35]

    assert quantile(s(*relapsed), s(*cut), 0.5) == timedelta(seconds=23)


@pytest.mark.parametrize(
    ("waits", "share", "expected"),
    [((5,), 0.5, 5), ((1, 2, 3, 4), 0.5, 2), ((1, 2, 3), 0.5, 2), (range(1, 11), 0.9, 9)],
)
def test_without_censoring_it_is_the_ordinary_quantile(
    waits: Any, share: float, expected: int
) -> None:
    assert quantile(s(*waits), [], share) == timedelta(seconds=expected)


def test_nothing_has_no_median() -> None:
    assert quantile([], [], 0.5) is None
    assert quantile([], s(5, 6), 0.5) is None


waits = st.lists(st.integers(0, 5000), max_size=30)


@given(happened=waits, censored=waits)
def test_an_open_call_never_makes_the_figures_better(
    happened: list[int], censored: list[int]
) -> None:
    dropped = quantile(s(*happened), [], 0.5)
    counted = quantile(s(*happened), s(*censored), 0.5)

    assert counted is None or (dropped is not None and counted >= dropped)


# --- A night ------------------------------------------------------------------------------

NIGHT = (
    call(1, at=0, delivered=1, taken=20, present=80, closed=200, by_person=True),
    call(2, at=10, delivered=2, taken=50, present=170, closed=300, by_person=True),
    call(3, at=20, delivered=1, taken=90, present=200, closed=400, by_person=True),
    # Nobody ever took it: still open at the end, far over the target of 60 s.
    call(4, at=30, delivered=3),
    # The patient came back to bed by itself after 40 s: neither within nor outside.
    call(5, at=40, delivered=1, closed=40),
    # Just registered when we look.
    call(6, at=12 * 3600 - 30),
    call(7, at=50, unit="sor", priority=Priority.URGENT, type=CallType.BATHROOM, taken=25),
)


def test_a_night_gives_the_figures_worked_out_by_hand() -> None:
    whole = computed(*NIGHT).whole

    # Taken: 20, 25, 50, 90. Censored: 40 (ended), 30 (just now), 43170 (open).
    # Surviving after 20: 6/7, 25: 5/7, (30+), (40+), 50: 5/7*2/3 = 10/21, 90: 5/21.
    assert whole.response.median == timedelta(seconds=50)
    assert whole.response.p90 is None
    assert (whole.response.happened, whole.response.open) == (4, 3)
    # 20, 50 and 25 (bathroom, target 30 s) within; 90 and the open one outside.
    assert (whole.within, whole.outside) == (3, 2)
    assert (whole.undecided, whole.ended_by_signal, whole.open) == (1, 1, 2)
    assert whole.share_within == 3 / 5
    # Arrived: 80, 170, 200. Censored: 30, 40, 43150, 43170. Surviving 4/5, 3/5, 2/5.
    assert whole.arrival.median == timedelta(seconds=200)
    assert (whole.arrival.happened, whole.arrival.p90) == (3, None)
    # Delivered: 1, 1, 1, 2, 3. Censored: 25 (taken before it was told), 30. Surviving 4/7, 3/7.
    assert whole.delivered.median == timedelta(seconds=2)
    assert whole.calls == 7


def test_groups_add_up_to_the_whole() -> None:
    for by in ("unit", "priority", "day"):
        found = computed(*NIGHT, by=by)

        assert sum(group.calls for group in found.groups) == found.whole.calls
        assert sum(group.within for group in found.groups) == found.whole.within
        assert sum(group.open for group in found.groups) == found.whole.open


def test_units_without_a_call_are_shown_as_zero() -> None:
    found = computed(NIGHT[0], by="unit")

    assert [(group.key, group.calls) for group in found.groups] == [("nord", 1), ("sor", 0)]
    assert found.groups[1].share_within is None


def test_a_day_is_the_houses_local_day() -> None:
    before, after = call(1, at=3 * 3600 - 1, taken=5), call(2, at=3 * 3600, taken=5)
    found = computed(before, after, by="day")

    assert [group.key for group in found.groups] == ["2026-11-20", "2026-11-21"]


def test_a_call_answered_by_arriving_or_by_a_talk_is_answered_then() -> None:
    arrived, talked = call(1, present=30, closed=90), call(2, closed=45, by_person=True)

    assert computed(arrived).whole.response.median == timedelta(seconds=30)
    assert computed(talked).whole.response.median == timedelta(seconds=45)
    assert computed(talked).whole.arrival.median is None


def test_technical_calls_are_counted_beside() -> None:
    found = computed(NIGHT[0], call(9, type=CallType.TECHNICAL), call(10, type="information"))

    assert (found.whole.calls, found.technical) == (1, 2)


def test_a_reopened_call_that_nobody_holds_counts_as_open() -> None:
    assert computed(call(1, delivered=1)).whole.open == 1


def test_no_figure_holds_a_person() -> None:
    text = json.dumps([as_json(computed(*NIGHT, by="unit")), *map(call_json, NIGHT)])

    for word in ("staff", "owner", "patient", "by_person", "handset"):
        assert f'"{word}":' not in text


def test_the_json_says_seconds_and_marks_small_groups() -> None:
    made = as_json(computed(*NIGHT, by="unit"), lambda unit: {"nord": "Nord"}.get(unit, unit))

    assert made["whole"]["response"] == {
        "happened": 4,
        "open": 3,
        "median_s": 50.0,
        "p90_s": None,
    }
    assert [(g["name"], g["small"]) for g in made["groups"]] == [("Nord", False), ("sor", True)]


# --- From the store -----------------------------------------------------------------------


def stored(one: CallTimes, **more: Any) -> dict[str, Any]:
    row: dict[str, Any] = {
        "house": HOUSE,
        "id": one.id,
        "type": str(one.type),
        "priority": int(one.priority),
        "unit": one.unit,
        "practice": False,
        "late": False,
        "opened_at": one.registered,
        "rang_at": one.delivered,
        "taken_at": one.taken,
        "present_at": one.present,
        "closed_at": one.closed,
        "state": "closed" if one.closed else "ringing",
        "outcome": "helped" if one.by_person else None,
        "pressed": 1,
        "reopened": 0,
        "rungs": 0,
    }
    return row | more


async def test_the_store_gives_the_same_figures_and_leaves_practice_out(store: Store) -> None:
    rows = [stored(one) for one in NIGHT]
    rows.append(stored(call(90, taken=1), practice=True))
    rows.append(stored(call(91, at=-60, taken=1)))
    rows.append(stored(call(92, at=12 * 3600, taken=1)))
    rows.append(stored(call(93, taken=1), house="other"))
    plan = {"house": HOUSE, "version": 1, "at": START, "plan": encode_plan(PLAN).decode()}
    await store.write((insert(tables.calls), rows), insert(tables.plans).values(**plan))

    found = await response_times(store, HOUSE, since=START, until=END, by="priority")

    assert found.whole == computed(*NIGHT).whole
    assert [one.id for one in found.calls] == [one.id for one in NIGHT[:5]] + ["1-7", "1-6"]


async def test_a_house_without_calls_has_empty_figures(store: Store) -> None:
    found = await response_times(store, HOUSE, since=START, until=END, by="unit")

    assert found.whole.calls == 0
    assert found.whole.share_within is None
    assert found.groups == ()


@pytest.mark.parametrize(
    ("day", "hours"), [("2026-03-29", 23), ("2026-10-25", 25), ("2026-11-21", 24)]
)
def test_a_local_day_is_as_long_as_the_clock_says(day: str, hours: int) -> None:
    begins, ends = local_day(date.fromisoformat(day), ZoneInfo("Europe/Oslo"))

    assert ends.astimezone(UTC) - begins.astimezone(UTC) == timedelta(hours=hours)
