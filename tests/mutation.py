# ruff: noqa: T201 - it prints how far it is, and what survived
"""Mutation runs over routing/: change one line, and see whether a test notices.

    python tests/mutation.py --jobs 2 --minutes 60

The tree is copied once, so that nobody's edits disturb a run. One run with coverage tells which
tests reach which line; a mutant meets those, the fastest first, in a forked process that has
them loaded already: the code of its functions is swapped. What they let live meets
`test_any_night` too. Verdicts are kept in `test-output/mutation.jsonl`: a run that was stopped
goes on where it was, and a mutant that a test killed is not tried again. Survivors that
`docs/mutation.md` explains are counted apart. Exit code 1: a survivor that nobody explained, or
an explanation of what is not there any more.
"""

import argparse
import contextlib
import hashlib
import json
import os
import random
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

from tests.mutants import Mutant, all_mutants  # noqa: E402 - found by the line above

COPIED = (
    "routing",
    "tests/routing",
    "tests/__init__.py",
    "tests/mutants.py",
    "tests/mutants_swapped.py",
    "README.md",
    "pyproject.toml",
)
EXPLAINED = ROOT / "docs" / "mutation.md"
KEPT = ROOT / "test-output" / "mutation.jsonl"
SLOW = "test_any_night"
"""Whole random nights: only what everything else let live meets them."""
READS_SOURCES = "test_pure"
"""Reads the files and starts processes of its own: it cannot see a mutant in memory."""
WITHIN_S, TIMES = 30.0, 5.0
"""A mutant whose tests run this much longer than without it has been noticed."""
SLOW_WITHIN_S = 150.0
_COLLECTED = ("--no-header", "-p", "no:cacheprovider", "-p", "no:randomly", "-p", "no:logging")


@dataclass(frozen=True)
class Suite:
    """What reaches what: the test files' digest, each test's time, each line's tests."""

    digest: str
    seconds: dict[str, float]
    reach: dict[str, dict[int, tuple[str, ...]]]

    def for_mutant(self, mutant: Mutant) -> tuple[str, ...]:
        """Return the tests that reach the mutant's lines, or its file, the fastest first."""
        lines = self.reach.get(mutant.path.name, {})
        found = {
            test
            for line in range(mutant.line, mutant.end_line + 1)
            for test in lines.get(line, ())
        }
        if not found:  # executed on import only: a constant, a table
            found = {test for tests in lines.values() for test in tests}
        return tuple(sorted(found, key=lambda test: (self.seconds.get(test, 0.0), test)))


@dataclass
class Verdicts:
    """What is known already, kept line by line."""

    path: Path
    suite: str
    killed: set[str] = field(default_factory=set)
    survived: set[str] = field(default_factory=set)

    @classmethod
    def read(cls, path: Path, suite: str) -> "Verdicts":
        """Take up an earlier run: killed stays killed, survivors only of the same tests."""
        found = cls(path, suite)
        if path.exists():
            for line in path.read_text("utf-8").splitlines():
                with contextlib.suppress(ValueError, KeyError):
                    row = json.loads(line)
                    if row["killed"]:
                        found.killed.add(row["mutant"])
                    elif row["suite"] == suite:
                        found.survived.add(row["mutant"])
        return found

    def keep(self, mutant: Mutant, *, killed: bool) -> None:
        """Write one verdict down at once."""
        (self.killed if killed else self.survived).add(mutant.key)
        row = {"mutant": mutant.key, "killed": killed, "suite": self.suite}
        row |= {"file": mutant.path.name, "line": mutant.line, "change": mutant.what}
        self.path.parent.mkdir(parents=True, exist_ok=True)
        with self.path.open("a", encoding="utf-8") as file:
            file.write(json.dumps(row, ensure_ascii=False) + "\n")


# --- What the tests reach ---------------------------------------------------------------------


def copied(root: Path, there: Path) -> None:
    """Copy what a run needs: others may edit the tree meanwhile."""
    for name in COPIED:
        source, to = root / name, there / name
        to.parent.mkdir(parents=True, exist_ok=True)
        if source.is_dir():
            shutil.copytree(source, to, ignore=shutil.ignore_patterns("__pycache__"))
        else:
            shutil.copy(source, to)


_TIMED = """
import json, sys, pytest
sys.path.insert(0, "")
class Times:
    found = {}
    def pytest_runtest_logreport(self, report):
        self.found[report.nodeid] = self.found.get(report.nodeid, 0.0) + report.duration
times = Times()
code = pytest.main(sys.argv[2:], plugins=[times])
open(sys.argv[1], "w").write(json.dumps(times.found))
sys.exit(int(code))
"""


def measured(there: Path) -> Suite:
    """Run the unchanged tests once with coverage.

    Raises:
        SystemExit: they fail without any change.
    """
    from coverage import CoverageData

    given = [
        *("tests/routing", "-x", "-q", "--no-header", "-p", "no:cacheprovider"),
        *("-p", "no:randomly", "--ignore", f"tests/routing/{SLOW}.py"),
        *("--ignore", f"tests/routing/{READS_SOURCES}.py"),
        *("--cov=routing", "--cov-context=test", "--cov-report="),
    ]
    done = subprocess.run(
        [sys.executable, "-c", _TIMED, "times.json", *given],
        cwd=there,
        env={**os.environ, "PYTHONPATH": str(there)},
        capture_output=True,
        text=True,
        timeout=600,
        check=False,
    )
    if done.returncode:
        print(done.stdout[-2000:], done.stderr[-500:], sep="\n", file=sys.stderr)
        raise SystemExit("tests/routing fails without any change: mend that first")
    seconds: dict[str, float] = json.loads((there / "times.json").read_text("utf-8"))
    data = CoverageData(str(there / ".coverage"))
    data.read()
    reach: dict[str, dict[int, tuple[str, ...]]] = {}
    for file in data.measured_files():
        lines = data.contexts_by_lineno(file)
        reach[Path(file).name] = {
            line: tuple(sorted({c.partition("|")[0] for c in contexts if "::" in c}))
            for line, contexts in lines.items()
        }
    return Suite(_digest(there / "tests"), seconds, reach)


def _digest(folder: Path) -> str:
    texts = (path.read_bytes() for path in sorted(folder.rglob("*.py")))
    return hashlib.sha256(b"".join(texts)).hexdigest()[:12]


# --- One mutant -------------------------------------------------------------------------------


class _Changed:
    """Import hook: gives one module its changed text, and leaves the others alone."""

    def __init__(self, mutant: Mutant) -> None:
        self._name = f"routing.{mutant.path.stem}"
        self._mutant = mutant

    def find_spec(self, name: str, path: object = None, target: object = None) -> object:
        """Answer for the changed module only."""
        del path, target
        if name != self._name:
            return None
        from importlib.machinery import ModuleSpec

        return ModuleSpec(name, self, origin=str(self._mutant.path))  # pyright: ignore[reportArgumentType]

    def create_module(self, spec: object) -> None:
        """As usual."""

    def exec_module(self, module: object) -> None:
        """Run the changed text."""
        code = compile(self._mutant.text, self._mutant.path.name, "exec")
        exec(code, vars(module))


def _forgotten() -> None:
    """Let everything that is mutated, and its tests, be imported anew."""
    for name in [n for n in sys.modules if n.split(".")[0] in ("routing", "tests")]:
        del sys.modules[name]


class Loaded:
    """The copy's tests, collected once: each mutant meets its own in a forked process."""

    def __init__(self, there: Path) -> None:
        """Take the copied tree; `run` collects."""
        self._there = there
        self._work: Callable[[], None] = lambda: None
        self._items: dict[str, Any] = {}

    def run(self, work: Callable[[], None]) -> None:
        """Collect, and call `work` in place of pytest's own loop."""
        import pytest

        self._work = work
        os.chdir(self._there)
        sys.path[:] = [str(self._there), *(p for p in sys.path if p != str(ROOT))]
        _forgotten()
        (self._there / "empty.ini").write_text("[pytest]\n", "utf-8")
        # Only what these tests need: hypothesis, for its seed.
        os.environ["PYTEST_DISABLE_PLUGIN_AUTOLOAD"] = "1"
        given = ["tests/routing", "-q", "-s", "-x", "-c", "empty.ini", *_COLLECTED]
        given += ["--rootdir", str(self._there), "-p", "_hypothesis_pytestplugin"]
        given += ["--ignore", f"tests/routing/{READS_SOURCES}.py"]
        given += ["--hypothesis-seed=1", "-W", "ignore"]
        if pytest.main(given, plugins=[self]) not in (0, 5):
            raise SystemExit("the tests could not be collected")

    def pytest_runtestloop(self, session: Any) -> bool:
        """Work, in place of running every test once."""
        self._items = {item.nodeid: item for item in session.items}
        self._work()
        return True

    def tests(self, tests: Sequence[str], *, slow: bool) -> list[str]:
        """Return these tests, or the random nights."""
        if slow:
            return [one for one in self._items if f"/{SLOW}.py" in one]
        return [one for one in tests if one in self._items]

    def passes(self, mutant: Mutant, tests: Sequence[str]) -> bool:
        """Run these tests beside the mutant; only a forked process may ask."""
        from tests.mutants_swapped import NeedsImport, swap

        try:
            swap(mutant)
        except NeedsImport:
            return self._imported_anew(mutant, tests)
        items = [self._items[one] for one in tests]
        for item, following in zip(items, [*items[1:], None], strict=True):
            item.config.hook.pytest_runtest_protocol(item=item, nextitem=following)
            if item.session.testsfailed:
                return False
        return True

    def _imported_anew(self, mutant: Mutant, tests: Sequence[str]) -> bool:
        import pytest

        _forgotten()
        sys.meta_path.insert(0, _Changed(mutant))  # pyright: ignore[reportArgumentType]
        place = {test: n for n, test in enumerate(tests)}

        class Only:
            """Keeps the tests that reach the mutant, in their order."""

            def pytest_collection_modifyitems(self, items: list[pytest.Item]) -> None:
                items[:] = [item for item in items if item.nodeid in place]
                items.sort(key=lambda item: place[item.nodeid])

        files = sorted({test.partition("::")[0] for test in tests})
        given = [*files, "-x", "-q", "-c", "empty.ini", "--rootdir", str(self._there)]
        given += [*_COLLECTED, "-p", "_hypothesis_pytestplugin"]
        given += ["--hypothesis-seed=1", "-W", "ignore"]
        # 0: every test passed. Anything else noticed it.
        return int(pytest.main(given, plugins=[Only()])) == 0


@dataclass
class Running:
    """A forked process with its mutant."""

    mutant: Mutant
    since: float
    within_s: float


def _fork(mutant: Mutant, loaded: Loaded, tests: Sequence[str]) -> int:
    child = os.fork()
    if child:
        return child
    code = 1
    try:
        os.setpgid(0, 0)
        with open(os.devnull, "w") as nowhere:  # noqa: PTH123 - a descriptor is wanted
            os.dup2(nowhere.fileno(), 1)
            os.dup2(nowhere.fileno(), 2)
        code = 0 if loaded.passes(mutant, tests) else 1
    except BaseException:  # noqa: BLE001 - a mutant that cannot even be imported is noticed
        code = 1
    os._exit(code)


def judged(
    mutants: Sequence[Mutant],
    loaded: Loaded,
    suite: Suite,
    *,
    jobs: int,
    ends: float,
    slow: bool,
) -> Iterator[tuple[Mutant, bool]]:
    """Yield each mutant and whether it was killed; begin none after `ends`."""
    waiting = list(reversed(mutants))
    running: dict[int, Running] = {}
    while waiting or running:
        while waiting and len(running) < jobs:
            if time.monotonic() >= ends:
                waiting.clear()
                break
            mutant = waiting.pop()
            tests = loaded.tests(() if slow else suite.for_mutant(mutant), slow=slow)
            if not tests:
                yield mutant, False
                continue
            pid = _fork(mutant, loaded, tests)
            usual = sum(suite.seconds.get(test, 0.0) for test in tests)
            within = SLOW_WITHIN_S if slow else WITHIN_S + TIMES * usual
            running[pid] = Running(mutant, time.monotonic(), within)
        yield from _ended(running)
        time.sleep(0.002)  # noqa: TID251 - a process that ends gives no condition to wait for


def _ended(running: dict[int, Running]) -> Iterator[tuple[Mutant, bool]]:
    for pid, one in list(running.items()):
        done, status = os.waitpid(pid, os.WNOHANG)
        late = time.monotonic() - one.since > one.within_s
        if not done and late:
            os.killpg(pid, signal.SIGKILL)
            os.waitpid(pid, 0)
        if done or late:
            del running[pid]
            survived = bool(done) and os.waitstatus_to_exitcode(status) == 0
            yield one.mutant, not survived


# --- The whole run ----------------------------------------------------------------------------


def explained(path: Path = EXPLAINED) -> set[tuple[str, str]]:
    """Return the (file, change) pairs that the list explains: `file.py` `change` in one row."""
    if not path.exists():
        return set()
    row = re.compile(r"^\| `([a-z_]+\.py)` \| `(.+?)` \|", re.MULTILINE)
    rows = row.findall(path.read_text("utf-8"))
    return {(file, change.replace("\\|", "|")) for file, change in rows}


class _Progress:
    """Says how far a run is and when it will be done."""

    def __init__(self, of: int, what: str) -> None:
        self._of, self._what = of, what
        self._began = self._told = time.monotonic()
        self.done = self.alive = 0

    def one(self, *, killed: bool) -> None:
        self.done += 1
        self.alive += not killed
        now = time.monotonic()
        if now - self._told < 15 and self.done < self._of:
            return
        self._told = now
        left = (now - self._began) / self.done * (self._of - self.done)
        print(
            f"  {self._what}: {self.done} of {self._of}, {self.alive} alive, "
            f"{left / 60:.1f} min left",
            file=sys.stderr,
            flush=True,
        )


def _run(
    mutants: Sequence[Mutant],
    there: Path,
    loaded: Loaded,
    suite: Suite,
    verdicts: Verdicts,
    *,
    jobs: int,
    ends: float,
) -> None:
    # The runner itself is tried first: a file without any change must live.
    path = there / "routing" / "step.py"
    same = Mutant(path, 1, 10_000, "nothing", path.read_text("utf-8"))
    for _, killed in judged([same], loaded, suite, jobs=1, ends=ends, slow=False):
        if killed:
            raise SystemExit("the tests fail beside an unchanged file: the runner is wrong")
    known = verdicts.killed | verdicts.survived
    fresh = [one for one in mutants if one.key not in known]
    alive: list[Mutant] = []
    progress = _Progress(len(fresh), "unit tests")
    for mutant, killed in judged(fresh, loaded, suite, jobs=jobs, ends=ends, slow=False):
        progress.one(killed=killed)
        if killed:
            verdicts.keep(mutant, killed=True)
        else:
            alive.append(mutant)
            where = f"{mutant.path.name}:{mutant.line}"
            print(
                f"  no unit test notices  {where}  {mutant.what}", file=sys.stderr, flush=True
            )
    progress = _Progress(len(alive), "random nights")
    for mutant, killed in judged(alive, loaded, suite, jobs=jobs, ends=ends, slow=True):
        progress.one(killed=killed)
        verdicts.keep(mutant, killed=killed)


def _told(
    drawn: Sequence[Mutant], made: Sequence[Mutant], verdicts: Verdicts, *, as_json: bool
) -> int:
    there = {(one.path.name, one.what) for one in made}
    files = {one.path.name for one in made}
    stale = sorted((file, what) for file, what in explained() - there if file in files)
    ran = [one for one in drawn if one.key in verdicts.killed | verdicts.survived]
    left = [one for one in ran if one.key in verdicts.survived]
    known = explained()
    new = [one for one in left if (one.path.name, one.what) not in known]
    listed = [{"file": m.path.name, "line": m.line, "change": m.what} for m in new]
    summary = {
        "possible": len(made),
        "drawn": len(drawn),
        "ran": len(ran),
        "killed": len(ran) - len(left),
        "explained": len(left) - len(new),
        "survivors": listed,
        "stale": [f"{file}: {what}" for file, what in stale],
    }
    if as_json:
        print(json.dumps(summary, indent=2, ensure_ascii=False))
    else:
        for one in new:
            print(f"survived  {one.path.name}:{one.line}  {one.what}")
        for file, what in stale:
            print(f"explained, but not there any more  {file}  {what}")
        print(
            f"{len(ran)} of {len(made)} mutants tried: {len(ran) - len(left)} killed, "
            f"{len(left) - len(new)} explained in docs/mutation.md, {len(new)} survived."
        )
        if len(ran) < len(drawn):
            print(f"{len(drawn) - len(ran)} not reached in time: run it again, it goes on.")
    return 1 if new or stale else 0


def main(arguments: Iterable[str] | None = None) -> int:
    """Run a sample and say which mutants survived."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--sample", type=int, default=0, help="how many; 0: all")
    parser.add_argument("--seed", type=int, default=1, help="draws the sample")
    parser.add_argument("--jobs", type=int, default=2)
    parser.add_argument("--minutes", type=float, default=60, help="begin no mutant after this")
    parser.add_argument(
        "--file",
        action="append",
        help="only this file of routing/, such as rules.py; again for the next, in this order",
    )
    parser.add_argument("--keep", type=Path, default=KEPT, help="where verdicts are kept")
    parser.add_argument("--tree", type=Path, default=ROOT, help="mutate this checkout")
    parser.add_argument("--json", action="store_true")
    given = parser.parse_args(None if arguments is None else list(arguments))
    ends = time.monotonic() + given.minutes * 60
    with tempfile.TemporaryDirectory(prefix="bjelle-mutation-") as folder:
        there = Path(folder)
        copied(given.tree, there)
        suite = measured(there)
        made = [
            mutant
            for only in given.file or (None,)
            for mutant in all_mutants(there / "routing", only=only)
        ]
        drawn = made
        if given.sample:
            count = min(given.sample, len(made))
            drawn = random.Random(given.seed).sample(made, count)
        verdicts = Verdicts.read(given.keep, suite.digest)
        # Loaded once, before the forks.
        for module in ("pytest", "hypothesis", "hypothesis.stateful", "zoneinfo"):
            __import__(module)
        loaded = Loaded(there)
        loaded.run(
            lambda: _run(drawn, there, loaded, suite, verdicts, jobs=given.jobs, ends=ends)
        )
    return _told(drawn, made, verdicts, as_json=given.json)


if __name__ == "__main__":
    sys.exit(main())
