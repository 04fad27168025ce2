"""A house file tried out: who would ring, where nobody would, and expectations for CI."""

import json
import re
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


SENSED = """  sensed:
    patient: p-02
    need: Vil ikke gå ut alene om natten.
    triggers: [{{ kind: {kind}, device: {device} }}]
    call_type: {call_type}
    state: active
    basis: consent
    review_by: 2027-01-01
"""


def with_rule(tmp_path: Path, kind: str, device: str, call_type: str) -> str:
    """The house with one rule that listens to this device, and none else."""
    text = Path(HOUSE).read_text("utf-8")
    rule = SENSED.format(kind=kind, device=device, call_type=call_type)
    made = tmp_path / "house.yaml"
    made.write_text(_without_rules(text) + "rules:\n" + rule, encoding="utf-8")
    return str(made)


def _without_rules(text: str) -> str:
    before, _, rest = text.partition("\nrules:\n")
    after = re.split(r"\n(?=[a-z])", rest, maxsplit=1)
    return before + "\n" + (after[1] + "\n" if len(after) > 1 else "")


@pytest.mark.parametrize(
    ("kind", "device", "call_type", "signal"),
    [
        ("bed_exit", "bed-102", "bed_exit", "bed_exit"),
        ("motion", "motion-103", "motion", "motion"),
        ("door_open", "door-110", "door", "door_open"),
        ("fall", "motion-103", "fall_suspected", "fall"),
    ],
)
def test_a_ladder_is_walked_for_what_a_sensor_says(
    tmp_path: Path, kind: str, device: str, call_type: str, signal: str
) -> None:
    house = with_rule(tmp_path, kind, device, call_type)

    done = bjelle(
        "route", "test", house, "--at", "02:30", "--signal", f"{signal}:{device}", "--json"
    )

    assert done.exit_code == 0, done.output
    walked = json.loads(done.stdout)
    wanted = "fall_confirmed" if signal == "fall" else call_type
    assert (walked["booked"], walked["call_type"]) == ("opened", wanted)
    assert walked["steps"][0]["after_s"] == 0
    assert walked["steps"][0]["rings"]


def test_a_rule_that_waits_rings_when_its_delay_is_over() -> None:
    words = ("--at", "02:30", "--signal", "bed_exit:bed-102", "--json")
    walked = json.loads(bjelle("route", "test", HOUSE, *words).stdout)

    assert walked["booked"] == "waiting"
    assert walked["steps"][0]["after_s"] == 600
    assert walked["call_type"] == "bed_exit"


def test_a_signal_outside_its_window_rings_nobody_and_says_so() -> None:
    words = ("--at", "12:00", "--signal", "bed_exit:bed-102")
    done = bjelle("route", "test", HOUSE, *words)

    assert done.exit_code == 0
    assert "nobody rings." in done.stdout


def test_a_technical_signal_reaches_a_technician() -> None:
    words = ("--at", "10:30", "--signal", "battery:wrist-01", "--json")
    walked = json.loads(bjelle("route", "test", HOUSE, *words).stdout)

    assert (walked["booked"], walked["call_type"]) == ("technical", "technical")
    staff = load(Path(HOUSE)).plan(1).staff
    rung = [one for step in walked["steps"] for one in step["rings"]]
    assert "technician" in {str(staff[one].role) for one in rung}


def test_a_competence_within_the_unit_is_asked_before_that_of_the_house(tmp_path: Path) -> None:
    ladders = """ladders:
  nurses:
    steps:
      - { ring: ["competence:nurse@unit"], patience: 60s }
      - { ring: ["competence:nurse"], patience: 60s }
    failsafe: { ring: [house], patience: 60s }
"""
    house = Path(HOUSE).read_text("utf-8").replace("ladders:\n", ladders, 1)
    path = tmp_path / "own.yaml"
    path.write_text(
        house.replace("  patient: { ladder: patient,", "  patient: { ladder: nurses,")
    )
    nurses = "nurse-day-1,nurse-day-2"
    asked = ("route", "test", str(path), "--at", "12:30", "--press", "wrist-01")

    done = bjelle(*asked, "--on-duty", nurses, "--json")

    assert done.exit_code == 0, done.output
    first, then = json.loads(done.stdout)["steps"][:2]
    assert (first["after_s"], first["rings"]) == (0, ["nurse-day-1"])
    assert (then["after_s"], then["rings"]) == (60, ["nurse-day-1", "nurse-day-2"])


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


def test_a_suite_asks_for_other_signals_than_a_press(tmp_path: Path) -> None:
    path = tmp_path / "sensors.yaml"
    path.write_text(
        """cases:
  - name: out of bed and not back
    at: "02:30"
    bed_exit: bed-102
    on_duty: [nord-night-1, sor-night-1]
    expect:
      - { after: 10min, ring: [nord-night-1, sor-night-1] }
  - name: out of bed by day rings nobody
    at: "12:00"
    bed_exit: bed-102
    expect: []
""",
        encoding="utf-8",
    )

    done = bjelle("route", "test", HOUSE, "--suite", str(path), "--json")

    assert done.exit_code == 0, done.output
    assert [one["differences"] for one in json.loads(done.stdout)["results"]] == [[], []]


def test_a_suite_that_cannot_be_read_is_said(tmp_path: Path) -> None:
    for text in (
        "cases: [ 1 ]",
        "nothing: here",
        "cases:\n  - { at: '02:30', expect: [ {} ] }",
    ):
        path = tmp_path / "bad.yaml"
        path.write_text(text, encoding="utf-8")
        done = bjelle("route", "test", HOUSE, "--suite", str(path))
        assert (done.exit_code, bool(done.stderr.strip())) == (2, True)


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
