"""Mutants of a source file: each is the file with one node changed.

A change answers one question about the tests: would anybody notice if this bound, this branch,
this statement, this argument were not as it is?
"""

import ast
import copy
import hashlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

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
    """One change: the file, the lines it touches, what it was, and the whole text after it."""

    path: Path
    line: int
    end_line: int
    what: str
    text: str

    @property
    def key(self) -> str:
        """Name it by its whole text: the same change of the same file is the same mutant."""
        said = f"{self.path.name}\n{self.text}".encode()
        return hashlib.sha256(said).hexdigest()[:16]


@dataclass(frozen=True)
class Changed:
    """What a change did, and the lines it touched."""

    what: str
    line: int
    end_line: int


Change = Callable[[ast.AST], Iterator[Callable[[ast.AST], Changed]]]
"""Offers the ways in which a node can be changed in place."""


def _lines(node: ast.AST) -> tuple[int, int]:
    line = getattr(node, "lineno", 0)
    return line, getattr(node, "end_lineno", line) or line


def swap_comparison(node: ast.AST) -> Iterator[Callable[[ast.AST], Changed]]:
    """`<` becomes `<=`, `is` becomes `is not`, each in a chain by itself."""
    if not isinstance(node, ast.Compare):
        return
    for place, operator in enumerate(node.ops):
        if type(operator) in _SWAPPED:
            yield lambda there, n=place: _swap(there, n)


def _swap(node: ast.AST, place: int) -> Changed:
    assert isinstance(node, ast.Compare)
    before = ast.unparse(node)
    node.ops[place] = _SWAPPED[type(node.ops[place])]()
    return Changed(f"{before}  ->  {ast.unparse(node)}", *_lines(node))


def invert_condition(node: ast.AST) -> Iterator[Callable[[ast.AST], Changed]]:
    """`if x` becomes `if not x`."""
    if isinstance(node, ast.If | ast.IfExp) and not isinstance(node.test, ast.Compare):
        yield _invert


def _invert(node: ast.AST) -> Changed:
    assert isinstance(node, ast.If | ast.IfExp)
    before, where = ast.unparse(node.test), _lines(node.test)
    node.test = ast.UnaryOp(ast.Not(), node.test)
    return Changed(f"if {before}  ->  if not ({before})", *where)


def drop_operand(node: ast.AST) -> Iterator[Callable[[ast.AST], Changed]]:
    """`a and b and c` becomes `a and c`: each operand must matter."""
    if isinstance(node, ast.BoolOp):
        for place in range(len(node.values)):
            yield lambda there, n=place: _drop_operand(there, n)


def _drop_operand(node: ast.AST, place: int) -> Changed:
    assert isinstance(node, ast.BoolOp)
    before, where = ast.unparse(node), _lines(node)
    # One operand is left as `x and True`, which is x.
    neutral = ast.Constant(isinstance(node.op, ast.And))
    gone = ast.unparse(node.values[place])
    node.values[place] = neutral
    return Changed(f"{before}  ->  without {gone}", *where)


def one_off(node: ast.AST) -> Iterator[Callable[[ast.AST], Changed]]:
    """`timedelta(seconds=30)` becomes 31."""
    if isinstance(node, ast.Call) and getattr(node.func, "id", "") == "timedelta":
        for place, keyword in enumerate(node.keywords):
            value = getattr(keyword.value, "value", None)
            if isinstance(value, int) and value:
                yield lambda there, n=place: _one_off(there, n)


def _one_off(node: ast.AST, place: int) -> Changed:
    assert isinstance(node, ast.Call)
    before = ast.unparse(node)
    value = node.keywords[place].value
    assert isinstance(value, ast.Constant)
    assert isinstance(value.value, int)
    value.value += 1
    return Changed(f"{before}  ->  {ast.unparse(node)}", *_lines(node))


def drop_statement(node: ast.AST) -> Iterator[Callable[[ast.AST], Changed]]:
    """Leave one call or assignment to a part out of a body."""
    for name in ("body", "orelse"):
        body: object = getattr(node, name, None)
        if not isinstance(body, list) or isinstance(node, ast.ClassDef):
            continue
        for place, statement in enumerate(body):  # pyright: ignore[reportUnknownVariableType, reportUnknownArgumentType]
            is_call = isinstance(statement, ast.Expr) and isinstance(statement.value, ast.Call)
            # A name that is never assigned would only raise; parts of a draft are state.
            is_part = isinstance(statement, ast.Assign) and isinstance(
                statement.targets[0], ast.Attribute | ast.Subscript
            )
            if is_call or is_part or isinstance(statement, ast.AugAssign):
                yield lambda there, n=name, at=place: _drop_statement(there, n, at)


def _drop_statement(node: ast.AST, name: str, place: int) -> Changed:
    body: list[ast.stmt] = getattr(node, name)
    statement = body[place]
    body[place] = ast.copy_location(ast.Pass(), statement)
    return Changed(f"left out: {ast.unparse(statement)}", *_lines(statement))


def drop_argument(node: ast.AST) -> Iterator[Callable[[ast.AST], Changed]]:
    """Leave one field out of a change of a call, a device or a telephone."""
    if not isinstance(node, ast.Call):
        return
    called = getattr(node.func, "attr", getattr(node.func, "id", ""))
    if called in ("replace", "change", "move"):
        for place, keyword in enumerate(node.keywords):
            if keyword.arg is not None:
                yield lambda there, n=place: _drop_argument(there, n)


def _drop_argument(node: ast.AST, place: int) -> Changed:
    assert isinstance(node, ast.Call)
    where = _lines(node)
    gone = node.keywords.pop(place)
    what = f"{ast.unparse(node.func)}(…) without {gone.arg}={ast.unparse(gone.value)}"
    return Changed(what, *where)


CHANGES: tuple[Change, ...] = (
    swap_comparison,
    invert_condition,
    drop_operand,
    one_off,
    drop_statement,
    drop_argument,
)


def mutants(path: Path) -> Iterator[Mutant]:
    """Make every mutant of a file, each a change of one node."""
    tree = ast.parse(path.read_text("utf-8"))
    for number, found in enumerate(ast.walk(tree)):
        for change in CHANGES:
            for way in change(found):
                changed = copy.deepcopy(tree)
                node = next(n for at, n in enumerate(ast.walk(changed)) if at == number)
                did = way(node)
                text = ast.unparse(ast.fix_missing_locations(changed)) + "\n"
                yield Mutant(path, did.line, did.end_line, did.what, text)


def all_mutants(folder: Path, *, only: str | None = None) -> list[Mutant]:
    """Make the mutants of every file that decides, or of one."""
    files = [path for path in sorted(folder.glob("*.py")) if path.name not in VOCABULARY]
    if only is not None:
        files = [path for path in files if path.name == only]
    return [one for path in files for one in mutants(path)]
