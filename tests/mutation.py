# ruff: noqa: T201 - it prints what survived
"""Mutation runs over routing/: change one line, and see whether a test notices.

    python tests/mutation.py --sample 40 --seed 1 --jobs 2

Each mutant lives in a copy of the tree; `tests/routing` runs there, stopping at the first
failure. Survivors are listed with their place and what was changed. Exit code 1: a survivor.
A survivor is a missing test, or an equal program: look at it, and write which.
"""

import argparse
import ast
import copy
import json
import os
import random
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
COPIED = ("routing", "tests/routing", "tests/__init__.py", "README.md", "pyproject.toml")
VOCABULARY = (
    "ids.py",
    "readings.py",
    "events.py",
    "effects.py",
    "plan.py",
    "state.py",
    "__init__.py",
)
"""Words and defaults without decisions."""
EACH_WITHIN_S = 120

_SWAPPED: dict[type[ast.cmpop], type[ast.cmpop]] = {
    ast.Lt: ast.LtE,
    ast.LtE: ast.Lt,
    ast.Gt: ast.GtE,
    ast.GtE: ast.Gt,
    ast.Eq: ast.NotEq,
    ast.NotEq: ast.Eq,
    ast.Is: ast.IsNot,
    ast.IsNot: ast.Is,
    ast.In: ast.NotIn,
    ast.NotIn: ast.In,
}


@dataclass(frozen=True)
class Mutant:
    """One change: the file, the line, what it was, and the whole text after it."""

    path: Path
    line: int
    what: str
    text: str


Change = Callable[[ast.AST], str | None]
"""Changes a node in place and says what it did; None where it does not apply."""


def swap_comparison(node: ast.AST) -> str | None:
    """`<` becomes `<=`, `is` becomes `is not`."""
    if not isinstance(node, ast.Compare) or type(node.ops[0]) not in _SWAPPED:
        return None
    before = ast.unparse(node)
    node.ops[0] = _SWAPPED[type(node.ops[0])]()
    return f"{before}  ->  {ast.unparse(node)}"


def invert_condition(node: ast.AST) -> str | None:
    """`if x` becomes `if not x`."""
    if not isinstance(node, ast.If | ast.IfExp):
        return None
    before = ast.unparse(node.test)
    node.test = ast.UnaryOp(ast.Not(), node.test)
    return f"if {before}  ->  if not ({before})"


def swap_and_or(node: ast.AST) -> str | None:
    """`and` becomes `or`."""
    if not isinstance(node, ast.BoolOp):
        return None
    before = ast.unparse(node)
    node.op = ast.Or() if isinstance(node.op, ast.And) else ast.And()
    return f"{before}  ->  {ast.unparse(node)}"


def one_off(node: ast.AST) -> str | None:
    """`timedelta(seconds=30)` becomes 31."""
    if not isinstance(node, ast.Call) or not isinstance(node.func, ast.Name):
        return None
    if node.func.id != "timedelta":
        return None
    for keyword in node.keywords:
        value = keyword.value
        if isinstance(value, ast.Constant) and isinstance(value.value, int):
            before = ast.unparse(node)
            value.value += 1
            return f"{before}  ->  {ast.unparse(node)}"
    return None


def drop_statement(node: ast.AST) -> str | None:
    """Leave a call or an assignment out."""
    body = getattr(node, "body", None)
    if not isinstance(body, list) or not isinstance(node, ast.FunctionDef | ast.If | ast.For):
        return None
    for n, statement in enumerate(body):
        is_call = isinstance(statement, ast.Expr) and isinstance(statement.value, ast.Call)
        if is_call or isinstance(statement, ast.AugAssign):
            body[n] = ast.copy_location(ast.Pass(), statement)
            return f"left out: {ast.unparse(statement)}"
    return None


CHANGES: tuple[Change, ...] = (
    swap_comparison,
    invert_condition,
    swap_and_or,
    one_off,
    drop_statement,
)


def mutants(path: Path) -> Iterator[Mutant]:
    """Make every mutant of a file, each a change of one node."""
    tree = ast.parse(path.read_text("utf-8"))
    for number, found in enumerate(ast.walk(tree)):
        for change in CHANGES:
            if change(copy.deepcopy(found)) is None:
                continue
            changed = copy.deepcopy(tree)
            node = list(ast.walk(changed))[number]
            what = change(node)
            text = ast.unparse(ast.fix_missing_locations(changed)) + "\n"
            assert what is not None
            yield Mutant(path, getattr(found, "lineno", 0), what, text)


def all_mutants() -> list[Mutant]:
    """Make the mutants of every file that decides."""
    files = sorted((ROOT / "routing").glob("*.py"))
    return [one for path in files if path.name not in VOCABULARY for one in mutants(path)]


def survives(mutant: Mutant) -> bool:
    """Run the tests beside a mutant; a run that takes too long has noticed it."""
    with tempfile.TemporaryDirectory(prefix="bjelle-mutant-") as folder:
        there = Path(folder)
        for name in COPIED:
            source, to = ROOT / name, there / name
            to.parent.mkdir(parents=True, exist_ok=True)
            if source.is_dir():
                shutil.copytree(source, to, ignore=shutil.ignore_patterns("__pycache__"))
            else:
                shutil.copy(source, to)
        (there / mutant.path.relative_to(ROOT)).write_text(mutant.text, "utf-8")
        command = [
            *(sys.executable, "-m", "pytest", "tests/routing", "-x", "-q"),
            *("-p", "no:cacheprovider", "-p", "no:randomly", "--no-header"),
        ]
        environment = {**os.environ, "PYTHONPATH": folder, "PYTHONDONTWRITEBYTECODE": "1"}
        try:
            done = subprocess.run(
                command,
                cwd=folder,
                env=environment,
                capture_output=True,
                timeout=EACH_WITHIN_S,
                check=False,
            )
        except subprocess.TimeoutExpired:
            return False
        return done.returncode == 0


def main() -> int:
    """Run a sample and say which mutants survived."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--sample", type=int, default=60, help="how many, drawn by the seed")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--jobs", type=int, default=2)
    parser.add_argument("--minutes", type=float, default=20, help="begin no mutant after this")
    parser.add_argument("--json", action="store_true")
    given = parser.parse_args()
    made = all_mutants()
    drawn = random.Random(given.seed).sample(made, min(given.sample, len(made)))
    ends = time.monotonic() + given.minutes * 60
    unchanged = Mutant(drawn[0].path, 0, "nothing", drawn[0].path.read_text("utf-8"))
    if not survives(unchanged):
        print("tests/routing fails without any change: mend that first", file=sys.stderr)
        return 2

    def judge(mutant: Mutant) -> bool | None:
        return survives(mutant) if time.monotonic() < ends else None

    with ThreadPoolExecutor(given.jobs) as workers:
        verdicts = list(workers.map(judge, drawn))
    left = [one for one, verdict in zip(drawn, verdicts, strict=True) if verdict]
    ran = sum(verdict is not None for verdict in verdicts)
    listed = [
        {"file": str(one.path.relative_to(ROOT)), "line": one.line, "change": one.what}
        for one in left
    ]
    if given.json:
        print(json.dumps({"possible": len(made), "ran": ran, "survivors": listed}, indent=2))
    else:
        for one in listed:
            print(f"survived  {one['file']}:{one['line']}  {one['change']}")
        print(f"{ran} of {len(made)} mutants tried (seed {given.seed}): {len(left)} survived.")
    return 1 if left else 0


if __name__ == "__main__":
    sys.exit(main())
