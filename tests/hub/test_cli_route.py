"""A house file tried out: who would ring, where nobody would, and expectations for CI."""

import json
from pathlib import Path

import pytest
from typer import Typer
from typer.testing import CliRunner, Result

from hub.cli_coverage import coverage
from hub.cli_route import route
from hub.house import load

HOUSE = str(Path(__file__).parents[2] / "simulators" / "houses" / "solvik.yaml")
PAIR = "nord-night-1,sor-night-1"

app = Typer()
app.add_typer(route, name="route")
app.command("coverage")(coverage)


def bjelle(*words: str) -> Result:
    return CliRunner().invoke(app, list(words))


def test_a_ladder_is_walked_step_by_step_until_the_failsafe() -> None:
    done = bjelle(
        "route",
        "test",
        HOUSE,
        "--at",
        "02:30",
        "--press",
        "wrist-01",
        "--on-duty",
        PAIR,
        "--json",
    )

    assert done.exit_code == 0, done.output
    walked = json.loads(done.stdout)
    assert walked["call_type"] == "patient"
    assert [one["after_s"] for one in walked["steps"]] == [0, 60, 120, 300]
    assert walked["steps"][-1]["channels"] == ["duty"]
    assert any("primærkontakt" in line for line in walked["steps"][0]["considered"])


def test_the_same_in_words_for_a_person_at_a_prompt() -> None:
    done = bjelle(
        "route", "test", HOUSE, "--at", "02:30", "--press", "wrist-01", "--lang", "en"
    )

    assert done.exit_code == 0
    assert "opened patient, priority 2" in done.stdout
    assert "    0 s  " in done.stdout


@pytest.mark.parametrize(
    "words",
    [
        ("--at", "25:00", "--press", "wrist-01"),
        ("--at", "02:30", "--press", "no-such"),
        ("--at", "02:30", "--signal", "sneeze:wrist-01"),
        ("--at", "02:30"),
        ("--at", "02:30", "--press", "wrist-01", "--on-duty", "nobody"),
        ("--at", "02:30", "--press", "wrist-01", "--day", "tomorrow"),
    ],
)
def test_what_cannot_be_asked_is_said(words: tuple[str, ...]) -> None:
    done = bjelle("route", "test", HOUSE, *words)

    assert done.exit_code == 2
    assert done.stderr.strip()


def suite(tmp_path: Path, first: str) -> str:
    path = tmp_path / "expectations.yaml"
    path.write_text(
        f"""cases:
  - name: a press at night
    at: "02:30"
    press: wrist-01
    on_duty: [nord-night-1, sor-night-1]
    expect:
      - {{after: 0s, ring: [{first}, sor-night-1]}}
      - {{after: 5min, channels: [duty]}}
""",
        encoding="utf-8",
    )
    return str(path)


def test_a_suite_of_expectations_that_are_met(tmp_path: Path) -> None:
    done = bjelle("route", "test", HOUSE, "--suite", suite(tmp_path, "nord-night-1"))

    assert done.exit_code == 0, done.output
    assert "1 of 1 met" in done.stdout


def test_a_suite_that_is_not_met_ends_with_1_and_the_difference(tmp_path: Path) -> None:
    done = bjelle("route", "test", HOUSE, "--suite", suite(tmp_path, "leader-1"))

    assert done.exit_code == 1
    assert "after 0 s ring: expected leader-1, sor-night-1; got nord-night-1" in done.stdout


def test_capability_11_coverage_of_a_house_file_names_each_gap_and_ends_with_1() -> None:
    full = bjelle("coverage", HOUSE, "--json")
    assert full.exit_code == 0, full.output
    assert json.loads(full.stdout)["gaps"] == []

    student = bjelle("coverage", HOUSE, "--on-duty", _least_competent())
    assert student.exit_code == 1
    assert "gaps." in student.stdout


def _least_competent() -> str:
    staff = load(Path(HOUSE)).plan(1).staff.values()
    return min(staff, key=lambda one: one.competence).id
