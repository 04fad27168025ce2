"""A mutant put into modules that are loaded already: its functions' code is swapped.

Importing everything anew for each mutant costs more than its tests do. Only what runs when a
function is called can be swapped; a constant, a table or a default needs the import.
"""

import functools
import inspect
import sys
from collections.abc import Iterator
from types import CodeType, FunctionType, ModuleType
from typing import Any

from tests.mutants import Mutant


class NeedsImport(Exception):  # noqa: N818 - what it is
    """The change runs when the module is imported."""


def swap(mutant: Mutant) -> None:
    """Change the loaded module as the mutant says.

    Raises:
        NeedsImport: nothing was changed.
    """
    module = sys.modules[f"routing.{mutant.path.stem}"]
    name = str(module.__file__)
    before = compile(mutant.path.read_text("utf-8"), name, "exec")
    changed = dict(_changed(before, compile(mutant.text, name, "exec")))
    there: dict[str, list[FunctionType]] = {}
    for function in _functions(module):
        there.setdefault(function.__code__.co_qualname, []).append(function)
    for qualname, code in changed.items():
        found = there.get(qualname, [])
        if not found or any(f.__code__.co_freevars != code.co_freevars for f in found):
            raise NeedsImport(qualname)
    for qualname, code in changed.items():
        for function in there[qualname]:
            function.__code__ = code


def _runs_when_called(code: CodeType) -> bool:
    return bool(code.co_flags & inspect.CO_OPTIMIZED)


def _changed(before: CodeType, after: CodeType) -> Iterator[tuple[str, CodeType]]:
    """Yield the functions whose code differs.

    Raises:
        NeedsImport: the module's or a class's own code differs.
    """
    if _own(before) != _own(after):
        raise NeedsImport(before.co_qualname)
    for one, other in zip(_nested(before), _nested(after), strict=True):
        if not _runs_when_called(one):
            yield from _changed(one, other)
        elif _whole(one) != _whole(other):
            yield other.co_qualname, other


def _nested(code: CodeType) -> list[CodeType]:
    return [one for one in code.co_consts if isinstance(one, CodeType)]


def _own(code: CodeType) -> tuple[Any, ...]:
    consts = [(type(c), repr(c)) for c in code.co_consts if not isinstance(c, CodeType)]
    nested = [(one.co_qualname, one.co_flags) for one in _nested(code)]
    return code.co_code, code.co_names, code.co_varnames, code.co_freevars, consts, nested


def _whole(code: CodeType) -> tuple[Any, ...]:
    return (*_own(code), [_whole(one) for one in _nested(code)])


def _functions(module: ModuleType) -> Iterator[FunctionType]:
    """Yield the module's own functions and methods, under whatever wraps them."""
    seen: set[int] = set()
    waiting: list[Any] = list(vars(module).values())
    while waiting:
        one = waiting.pop()
        if id(one) in seen:
            continue
        seen.add(id(one))
        if isinstance(one, FunctionType) and one.__module__ == module.__name__:
            yield one
        waiting.extend(_inside(one, module.__name__))


def _inside(one: Any, module: str) -> list[Any]:
    """Return what this may wrap or hold."""
    if isinstance(one, type):
        return list(vars(one).values()) if one.__module__ == module else []
    if isinstance(one, property):
        return [one.fget, one.fset]
    if isinstance(one, functools.cached_property):
        return [one.func]
    # staticmethod, classmethod, cache and wraps alike
    return [one.__wrapped__] if hasattr(one, "__wrapped__") else []
