"""Templates: shared between houses with a version; a rule that differs says why."""

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from typer import Typer
from typer.testing import CliRunner, Result

from hub.cli_house import house
from hub.cli_rules import rules
from hub.house import HouseFileError, parse
from hub.house_templates import Follows, behind, deviating, moved, standings
from hub.names import Names
from hub.rule_draft import RuleRefused, drafted
from routing.ids import HouseId
from routing.plan import CallType, Plan, Rule, TriggerKind

SMALL = (Path(__file__).parents[2] / "simulators" / "houses" / "small.yaml").read_text("utf-8")
TEMPLATE = """templates:
  night-bed:
    version: {version}
    title: Ute av seng om natten
    routine: KP-217
    triggers: [ {{ kind: bed_exit }} ]
    call_type: bed_exit
    window: {{ since: "22:00", until: "07:00" }}
    delay: {delay}
    least_intrusive: Vekttrykk i sengen, ikke kamera.
rules:
"""


def file(
    *more: str, version: int = 1, delay: str = "10min", house_id: str = "small", **old: str
) -> str:
    """The small house with a template, and rules of these lines."""
    text = SMALL.replace("rules:\n", TEMPLATE.format(version=version, delay=delay), 1)
    text = text.replace("id: small", f"id: {house_id}", 1)
    for before, after in old.items():
        text = text.replace(before, after)
    return text + "".join(more)


def rule(name: str = "r-2", *lines: str, template: str = "night-bed@1") -> str:
    written = [f"  {name}:", "    patient: p-1", "    need: Vil ha følge om natten."]
    written += ["    basis: consent", "    review_by: 2026-12-20", "    state: active"]
    return "\n".join([*written, f"    template: {template}", *lines]) + "\n"


def plan(text: str) -> Plan:
    return parse(text).plan(1)


def one(text: str, name: str = "r-2") -> Rule:
    return next(rule for rule in plan(text).rules if rule.id == name)


def refused(text: str) -> str:
    with pytest.raises(HouseFileError) as caught:
        parse(text)
    return str(caught.value)


def test_what_a_rule_leaves_out_is_its_templates() -> None:
    made = one(file(rule()))

    assert [trigger.kind for trigger in made.triggers] == [TriggerKind.BED_EXIT]
    assert made.call_type is CallType.BED_EXIT
    assert (made.delay.total_seconds(), made.window is not None) == (600, True)
    assert made.least_intrusive.startswith("Vekttrykk")


def test_a_rule_that_differs_and_does_not_say_why_is_refused_with_what_to_do() -> None:
    said = refused(file(rule("r-2", "    delay: 5min")))

    assert "rules.r-2.deviation" in said
    assert "differs from night-bed@1 in delay" in said
    assert "write here why" in said


def test_a_rule_that_says_why_may_differ() -> None:
    text = file(rule("r-2", "    delay: 5min", "    deviation: Går fort, faller ofte."))

    assert one(text).delay.total_seconds() == 300
    (standing,) = standings([plan(text)])
    assert (standing.follows, standing.fields) == (Follows.DEVIATES, ("delay",))
    assert standing.reason == "Går fort, faller ofte."


def test_which_sensor_is_meant_is_the_patients_and_no_deviation() -> None:
    text = file(rule("r-2", "    triggers: [ { kind: bed_exit, device: bed-101 } ]"))

    assert standings([plan(text)])[0].follows is Follows.FOLLOWS


@pytest.mark.parametrize(
    ("template", "said"),
    [
        ("night-bed", "expected a template and its version, as ID@1; known: night-bed@1"),
        ("no-such@1", "no template 'no-such' in `templates`"),
        ("night-bed@7", "there is no version 7 of night-bed here"),
        ("night-bed@x", "expected a template and its version"),
    ],
)
def test_a_template_that_the_house_does_not_have_is_named(template: str, said: str) -> None:
    lines = ("    triggers: [ { kind: bed_exit } ]", "    call_type: bed_exit")

    assert said in refused(file(rule("r-2", *lines, template=template)))


def test_a_template_names_nothing_that_stands_in_one_house() -> None:
    text = file(rule()).replace("kind: bed_exit }", "kind: bed_exit, room: '101' }", 1)

    assert "those are the rule's, not the template's" in refused(text)


def test_the_page_and_the_command_pass_the_same_check() -> None:
    here = plan(file())
    fields: dict[str, Any] = {"patient": "p-1", "need": "Vil sove.", "state": "draft"}
    fields["template"] = "night-bed@1"

    assert drafted(here, Names(), "r-9", fields).delay.total_seconds() == 600
    with pytest.raises(RuleRefused, match="write here why this patient"):
        drafted(here, Names(), "r-9", fields | {"delay": "1min"})


def test_a_newer_version_is_proposed_and_changes_no_rule_by_itself() -> None:
    lines = ("    triggers: [ { kind: bed_exit } ]", "    call_type: bed_exit")
    later = plan(file(rule("r-2", *lines, "    delay: 10min"), version=2, delay="15min"))

    (standing,) = standings([later])
    assert (standing.follows, standing.version, standing.newest) == (Follows.OLDER, 1, 2)
    assert next(one for one in later.rules if one.id == "r-2").delay.total_seconds() == 600


def test_two_houses_with_one_template_are_compared() -> None:
    here, there = plan(file(rule())), plan(file(version=2, house_id="bjerk"))

    (old,) = behind([here, there])
    assert (old.house, old.version, old.newest, old.newest_in) == ("small", 1, 2, "bjerk")
    assert standings([here, there])[0].follows is Follows.OLDER
    same = plan(file(delay="11min", house_id="bjerk"))
    assert [one.differs for one in behind([here, same])] == [True]
    assert behind([here, plan(file(house_id="bjerk"))]) == ()


def test_a_house_without_the_template_and_an_ended_rule() -> None:
    here = plan(file(rule()))
    without = replace(here, house=HouseId("bjerk"), templates=())

    assert [one.follows for one in standings([without])] == [Follows.MISSING]
    ended = plan(file(rule().replace("state: active", "state: ended")))
    assert standings([ended]) == ()


def test_a_template_changed_without_a_new_version_is_noticed() -> None:
    assert moved(plan(file()), plan(file(delay="11min"))) == ("night-bed",)
    assert moved(plan(file()), plan(file(delay="11min", version=2))) == ()
    template = plan(file()).templates[0]
    assert deviating(one(file(rule())), template) == ()


# --- At a prompt ------------------------------------------------------------------------------

app = Typer()
app.add_typer(house, name="house")
app.add_typer(rules, name="rules")


def bjelle(*words: str) -> Result:
    return CliRunner().invoke(app, list(words))


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("BJELLE_STORE_URL", f"sqlite+aiosqlite:///{tmp_path / 'bjelle.db'}")
    monkeypatch.setenv("BJELLE_PORT", "1")
    monkeypatch.chdir(tmp_path)
    return tmp_path


def written(here: Path, text: str, name: str = "house.yaml") -> str:
    path = here / name
    path.write_text(text, encoding="utf-8")
    return str(path)


def test_deviations_and_older_versions_are_listed(here: Path) -> None:
    deviates = rule("r-2", "    delay: 5min", "    deviation: Går fort.")
    small = written(here, file(deviates))
    bjerk = written(here, file(version=2, house_id="bjerk"), "bjerk.yaml")

    told = bjelle("rules", "templates", small)
    assert told.exit_code == 0, told.output
    assert "small  r-2 (active)  night-bed@1: deviates in delay: Går fort." in told.stdout
    both = bjelle("rules", "templates", small, bjerk)
    assert both.exit_code == 1
    assert "older, 2 is the newest" in both.stdout
    assert "small  template night-bed@1: bjerk has version 2" in both.stdout
    for one in (small, bjerk):
        assert bjelle("house", "import", one).exit_code == 0
    stored = bjelle("rules", "templates", "--json")
    assert stored.exit_code == 1
    assert [one["follows"] for one in json.loads(stored.stdout)["rules"]] == ["older"]


def test_without_templates_that_is_said(here: Path) -> None:
    told = bjelle("rules", "templates", written(here, SMALL))

    assert (told.exit_code, told.stdout) == (0, "No rule names a template.\n")
    assert bjelle("rules", "templates", written(here, "house: {}")).exit_code == 2


def test_an_import_that_changes_a_template_and_not_its_version_is_refused(here: Path) -> None:
    assert bjelle("house", "import", written(here, file())).exit_code == 0

    done = bjelle("house", "import", written(here, file(delay="11min")))
    assert done.exit_code == 2
    assert "templates.night-bed: differs from version 1 that the house has" in done.stderr
    assert (
        bjelle("house", "import", written(here, file(delay="11min", version=2))).exit_code == 0
    )
