"""What must hold of the whole tree: what the README promises, what is shipped, what is named.

The README's picture of a call's life is compared with its table in tests/routing/test_pure.py.
"""

import ast
import json
import re
import subprocess
import sys
import zipfile
from collections.abc import Iterator
from functools import cache
from importlib.metadata import packages_distributions
from itertools import takewhile
from pathlib import Path
from typing import Any

import jsonschema
import pytest
import typer.main
from ruamel.yaml import YAML
from typer.testing import CliRunner

import hub.cli
from devices.registry import MAKERS
from hub.house import schema
from routing.effects import Reason

ROOT = Path(__file__).resolve().parents[1]
PACKAGES = {"hub", "devices", "routing", "simulators"}
MODELS = ROOT / "devices" / "models"
DEVICE_TESTS = ROOT / "tests" / "devices"


# --- Words and decisions ----------------------------------------------------------------------


def test_every_reason_is_given_by_a_decision() -> None:
    """One that nothing gives is a sentence that nobody will ever read."""
    given = {
        node.attr
        for path in (ROOT / "routing").glob("*.py")
        for node in ast.walk(ast.parse(path.read_text("utf-8")))
        if isinstance(node, ast.Attribute)
        and isinstance(node.value, ast.Name)
        and node.value.id == "Reason"
    }
    assert {reason.name for reason in Reason} == given


# --- Commands ---------------------------------------------------------------------------------


@cache
def bjelle() -> Any:
    """The whole command line, with what simulators add."""
    hub.cli._gather(None)
    return typer.main.get_command(hub.cli.app)


WORD = re.compile(r"[a-z][a-z|-]*")


def in_code(page: str) -> str:
    """What stands in fenced or indented blocks, and between backticks."""
    fenced = re.findall(r"```.*?\n(.*?)```", page, re.DOTALL)
    indented = re.findall(r"^ {4}\S.*$", page, re.MULTILINE)
    inline = re.findall(r"`([^`\n]+)`", page)
    return "\n".join([*fenced, *indented, *inline])


def named_commands(text: str) -> Iterator[tuple[tuple[str, ...], list[str]]]:
    """Every `bjelle …` of a text: its words, and the options after them; `a|b` are two."""
    for line in re.findall(r"\bbjelle ([a-z][^\n·&;#>]*)", text):
        words = line.replace("'", " ").split()
        own = list(takewhile(WORD.fullmatch, words))
        if own[0] in bjelle().commands:  # else prose, or a package's name
            options = [word for word in words[len(own) :] if word.startswith("--")]
            for last in own[-1].split("|"):
                yield (*own[:-1], last), options


def resolved(words: tuple[str, ...]) -> Any:
    """The command that these words lead to; words after it are its arguments."""
    at: Any = bjelle()
    for n, word in enumerate(words):
        if hasattr(at, "commands"):
            assert word in at.commands, f"there is no `bjelle {' '.join(words[: n + 1])}`"
            at = at.commands[word]
    return at


def test_what_one_does_with_it_names_commands_that_answer_to_help() -> None:
    readme = (ROOT / "README.md").read_text("utf-8")
    section = readme.split("## What one does with it")[1].split("\n## ")[0]
    named = {words for words, _ in named_commands(in_code(section))}
    assert len(named) >= 12
    for words in named:
        resolved(words)
        said = CliRunner().invoke(hub.cli.app, [*words, "--help"])
        assert said.exit_code == 0, words
        assert "Usage:" in said.output


@pytest.mark.parametrize("page", ["README.md", "docs/operations.md", "docs/architecture.md"])
def test_every_command_that_a_page_names_exists_with_its_options(page: str) -> None:
    for words, options in named_commands(in_code((ROOT / page).read_text("utf-8"))):
        command = resolved(words)
        known = {name for param in command.params for name in param.opts} | {"--help"}
        for option in options:
            assert option.split("=")[0] in known, (words, option)


@pytest.mark.parametrize("page", ["README.md", "docs/operations.md", "devices/README.md"])
def test_every_file_that_a_page_links_to_is_there(page: str) -> None:
    file = ROOT / page
    for link in re.findall(r"\]\(([^)#:]+)(?:#[^)]*)?\)", file.read_text("utf-8")):
        assert (file.parent / link).exists(), f"{page}: {link}"


# --- What is shipped --------------------------------------------------------------------------


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> set[str]:
    """The names in the wheel that a release is made of."""
    folder = tmp_path_factory.mktemp("wheel")
    made = subprocess.run(
        [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(folder)],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert made.returncode == 0, made.stderr
    (file,) = folder.glob("*.whl")
    with zipfile.ZipFile(file) as opened:
        return set(opened.namelist())


def test_the_wheel_holds_the_four_packages_and_nothing_else(wheel: set[str]) -> None:
    tops = {name.split("/")[0] for name in wheel}
    assert {top for top in tops if not top.endswith(".dist-info")} == PACKAGES
    assert len(tops) == len(PACKAGES) + 1


def test_the_wheel_holds_everything_that_runs_need(wheel: set[str]) -> None:
    data = [
        *MODELS.glob("*/*.toml"),
        *(ROOT / "hub" / "store" / "migrations").rglob("*.py"),
        *(ROOT / "simulators" / "houses").glob("*.yaml"),
    ]
    page = ROOT / "hub" / "static" / "dist"
    data += [one for one in page.rglob("*") if one.is_file()]
    missing = {str(one.relative_to(ROOT)) for one in data} - wheel
    assert missing == set()
    if not page.exists():
        pytest.skip("the page is not built (make page): the rest of the wheel is whole")


def test_every_top_level_name_has_one_owner() -> None:
    owners = packages_distributions()
    for name in PACKAGES:
        assert set(owners.get(name, ())) <= {"bjelle"}, owners.get(name)


@pytest.mark.parametrize("name", ["base", "dev", "demo-broker"])
def test_every_requirement_is_pinned_with_hashes_and_names_no_index(name: str) -> None:
    text = (ROOT / "requirements" / f"{name}.txt").read_text("utf-8")
    lines = [line for line in text.splitlines() if line.strip() and line.strip()[0] != "#"]
    found = [part.strip() for part in "\n".join(lines).replace("\\\n", " ").splitlines()]
    assert found
    for one in found:
        assert re.match(r"[A-Za-z0-9._-]+(\[[a-z,]+\])?==\S+ ", one), one
        assert "--hash=sha256:" in one, one
    assert "://" not in text
    assert "index-url" not in text


# --- What is named ----------------------------------------------------------------------------

REGISTRIES = [
    f"{name}.{end}" for name, end in (("pypi", "org"), ("npmjs", "com"), ("jsr", "io"))
]
REGISTRIES += [f"{a}{b}.org" for a, b in (("python", "hosted"), ("npm", "js"))]
MACHINE = [f"/{name}/" for name in ("work", "root", "home", "tmp")]


@pytest.mark.parametrize("named", [*REGISTRIES, *MACHINE])
def test_no_tracked_file_names_a_registry_or_a_path_of_one_machine(named: str) -> None:
    if not (ROOT / ".git").exists():
        pytest.skip("no git here: which files are tracked is unknown")
    found = subprocess.run(
        ["git", "grep", "-nIF", "-e", named],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert found.returncode in (0, 1), found.stderr
    assert found.stdout == ""


# --- Devices ----------------------------------------------------------------------------------

CATALOGUE: dict[str, str] = {
    "zigbee2mqtt": "zigbee2mqtt",
    "chirpstack": "lorawan",
    "thethingsstack": "lorawan",
    "theengs": "ble",
    "shelly": "ble",
    "json": "json",
    "espresense": "",
}
"""Where the models stand that a codec reads by; ESPresense says everything itself."""


def test_every_codec_has_its_place_in_the_catalogue() -> None:
    assert set(CATALOGUE) == set(MAKERS)
    for ecosystem, folder in CATALOGUE.items():
        assert not folder or list((MODELS / folder).glob("*.toml")), ecosystem


@pytest.mark.parametrize("ecosystem", list(MAKERS))
def test_every_codec_is_tested_with_payloads_of_its_own(ecosystem: str) -> None:
    """Beside the hostile ones, which every codec gets."""
    tests = [p for p in DEVICE_TESTS.glob("*.py") if p.name != "test_hostile.py"]
    assert any(f'"{ecosystem}"' in path.read_text("utf-8") for path in tests)


# --- The house file ---------------------------------------------------------------------------

SCHEMA = ROOT / "docs" / "house.schema.json"


def test_the_schema_of_a_house_file_is_fresh() -> None:
    assert json.loads(SCHEMA.read_text("utf-8")) == schema(), "run `make schema`"


@pytest.mark.parametrize("name", ["solvik", "small"])
def test_our_houses_keep_the_schema(name: str) -> None:
    text = (ROOT / "simulators" / "houses" / f"{name}.yaml").read_text("utf-8")
    said: Any = YAML(typ="safe", pure=True).load(text)
    plain = json.loads(json.dumps(said, default=str))  # YAML's dates are JSON's strings
    validator = jsonschema.Draft202012Validator(json.loads(SCHEMA.read_text("utf-8")))
    assert [error.message for error in validator.iter_errors(plain)] == []
