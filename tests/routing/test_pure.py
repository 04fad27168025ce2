"""The core is told everything: what it imports, how it is drawn, what it never does."""

import ast
import os
import subprocess
import sys
from pathlib import Path

import pytest

import routing
from routing import draft
from routing.calls import TABLE, CallState, after, diagram
from routing.effects import AFTER_COMMIT, Because, Move, Reason, Ring
from routing.index import index_of
from routing.state import is_open
from routing.step import empty, next_deadline
from tests.routing.night import Night, arrive, close, press, solvik, take

SOURCES = sorted(Path(routing.__file__).parent.glob("*.py"))
ALLOWED = {
    "collections.abc",
    "dataclasses",
    "datetime",
    "enum",
    "functools",
    "hashlib",
    "itertools",
    "math",
    "re",
    "routing",
    "typing",
    "zoneinfo",
}


def imports(path: Path) -> set[str]:
    found: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(node, ast.Import):
            found |= {name.name for name in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            found.add("routing" if node.module.split(".")[0] == "routing" else node.module)
    return found


@pytest.mark.parametrize("path", SOURCES, ids=lambda path: path.name)
def test_the_core_imports_only_what_cannot_surprise(path: Path) -> None:
    assert imports(path) <= ALLOWED


@pytest.mark.parametrize("path", SOURCES, ids=lambda path: path.name)
def test_the_core_makes_no_set(path: Path) -> None:
    """A set's order differs between processes; a replay must not."""
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        assert not isinstance(node, ast.Set | ast.SetComp), f"{path.name}:{node.lineno}"
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name):
            assert node.func.id not in {"set", "frozenset", "hash"}, (
                f"{path.name}:{node.lineno}"
            )


def test_the_picture_shows_every_way_a_call_changes_state() -> None:
    drawn = diagram()
    assert drawn.startswith("stateDiagram-v2")
    for state, moves in TABLE.items():
        for move, to in moves.items():
            assert (f"{state} --> {to}: {move}" in drawn) is (to is not state)


def test_the_readme_shows_the_same_picture() -> None:
    readme = Path(routing.__file__).parent.parent / "README.md"
    assert diagram() in readme.read_text("utf-8")


def test_a_closed_call_never_moves_again() -> None:
    assert TABLE[CallState.CLOSED] == {}
    night = Night().at("02:00", press()).at("02:00:10", take("anne"))
    night.at("02:01", arrive("anne")).at("02:02", close("anne"))
    assert not is_open(night.call())
    making = draft.Draft(night.state, night.now)
    with pytest.raises(ValueError, match=r"routing\.calls\.TABLE"):
        making.move(night.call(), Move.TAKEN, Because(Reason.TAKEN))
    assert after(CallState.CLOSED, Move.TAKEN) is None


def test_noise_never_waits_for_the_commit() -> None:
    assert Ring not in AFTER_COMMIT


def test_a_step_leaves_the_state_it_was_given() -> None:
    night = Night()
    before, copied = night.state, repr(night.state)
    night.at("02:00", press()).at("02:00:10", take("anne"))
    assert repr(before) == copied


def test_an_empty_house_waits_for_nothing() -> None:
    assert next_deadline(empty(solvik())) is None


def test_the_index_of_a_plan_is_built_once_and_forgotten_in_time() -> None:
    plan = solvik()
    assert index_of(plan) is index_of(plan)
    first = index_of(plan)
    for _ in range(300):
        index_of(solvik())
    assert index_of(plan) is not first
    assert index_of(plan).rules_for == first.rules_for


_A_NIGHT = """
import hashlib
from tests.routing import night as n
made = n.Night(n.with_rules(n.rule()))
made.at("01:00", n.bed(occupied=True))
made.at("01:10", n.bed(occupied=False), n.press("cord-301"))
made.at("01:11", n.decline("anne")).at("01:20", n.take("omar", "1-2")).at("02:00")
made.at("02:10", n.arrive("per")).at("02:12", n.close("per"))
print(hashlib.sha256(repr((made.state, made.all)).encode()).hexdigest())
"""


def test_every_process_decides_the_same() -> None:
    root = Path(routing.__file__).parent.parent
    seen = [
        subprocess.run(
            [sys.executable, "-c", _A_NIGHT],
            env={**os.environ, "PYTHONHASHSEED": seed},
            cwd=root,
            capture_output=True,
            check=True,
            text=True,
        ).stdout
        for seed in ("0", "2")
    ]
    assert seen[0] == seen[1]
    assert len(seen[0].strip()) == 64
