"""The core's benchmark says what it measured beside its floor, and how far it is."""

from simulators.bench.core import bench_core, days, lived


def test_the_bench_of_the_core_has_a_floor_for_every_figure() -> None:
    said: list[str] = []

    told = bench_core(year_days=1, repeats=1, seed=7, nights=1, tell=said.append)

    assert list(told) == ["bench", "ours", "floor", "ratio", "noise", "settings"]
    assert list(told["ours"]) == [
        "steps_per_s",
        "rehearsal_30_nights_s",
        "rehearsal_year_of_unit_s",
    ]
    for part in ("floor", "ratio", "noise"):
        assert set(told[part]) == set(told["ours"])
    assert told["settings"]["year_days"] == 1
    assert any("rehearsal_year_of_unit_s" in line for line in said)


def test_a_long_rehearsal_says_how_far_it_is() -> None:
    said: list[str] = []
    day = lived(7)

    rows = sum(1 for _ in days(day, 61, said.append, "rehearsed"))

    assert rows == 61 * len(day.rows)
    assert said == ["rehearsed: 30 of 61 days", "rehearsed: 60 of 61 days"]
