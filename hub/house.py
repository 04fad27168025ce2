"""The house file: one YAML that describes a whole care house. Read it, check it, write it.

file = load(Path("solvik.yaml"))     # or HouseFileError with every problem and its line
plan = file.plan(version=1)          # what the house decided, without names
names = file.names()                 # the rows for the erasable table `people`
text = export(plan, Names(names))    # and back again
"""

import difflib
from pathlib import Path
from typing import Any

from pydantic import ValidationError
from pydantic_core import ErrorDetails

from hub import house_check, house_file, house_yaml
from hub.house_export import export
from hub.house_file import Sections
from hub.house_plan import names_of, plan_of
from hub.house_yaml import Document, NotYamlError, Problem, dotted
from hub.house_yaml import Path as YamlPath
from hub.names import Name
from routing.plan import Plan

__all__ = ["HouseFile", "HouseFileError", "Problem", "export", "load", "parse", "schema"]

EMPTY = "the file is empty: start from simulators/houses/small.yaml"


class HouseFileError(Exception):
    """The file is refused; `problems` has every reason, in the file's order."""

    def __init__(
        self, file: str, problems: tuple[Problem, ...], *, unreadable: bool = False
    ) -> None:
        """Keep the problems; the message has one line for each."""
        super().__init__("\n".join(problem.sentence(file) for problem in problems))
        self.file = file
        self.problems = problems
        self.unreadable = unreadable
        """The file could not be opened at all."""


class HouseFile(Sections):
    """A house file without problems."""

    def plan(self, version: int) -> Plan:
        """Return the plan that this file describes; it holds no names."""
        return plan_of(self, version)

    def names(self) -> tuple[Name, ...]:
        """Return the names of people, units, telephones and the house."""
        return names_of(self)

    def logins(self) -> dict[str, str]:
        """Return the login of each member of staff who has one."""
        return {name: part.login for name, part in self.staff.items() if part.login}


def load(path: Path) -> HouseFile:
    """Read and check a house file.

    Raises:
        HouseFileError: every problem, with line, path and what was expected.
    """
    try:
        # Four bytes a character at most: what is larger is refused without being decoded.
        if path.stat().st_size > 4 * house_yaml.LARGEST:
            raise HouseFileError(str(path), (Problem(0, "", "too large for a house file"),))
        text = path.read_bytes().decode("utf-8-sig")
    except OSError as error:
        why = error.strerror or type(error).__name__
        raise HouseFileError(
            str(path), (Problem(0, "", f"cannot be read: {why}"),), unreadable=True
        ) from None
    except UnicodeDecodeError as error:
        line = error.object[: error.start].count(b"\n") + 1
        problem = Problem(line, "", "is not UTF-8: save the file as UTF-8")
        raise HouseFileError(str(path), (problem,)) from None
    return parse(text, path.name)


def parse(text: str, file: str = "house.yaml") -> HouseFile:
    """Read and check the text of a house file; `file` names it in messages.

    Raises:
        HouseFileError: as `load`.
    """
    try:
        document = house_yaml.read(text)
    except NotYamlError as error:
        raise HouseFileError(file, (error.problem,)) from None
    if not document.data:
        raise HouseFileError(file, (Problem(0, "", EMPTY),))
    if not isinstance(document.data, dict):
        expected = "expected sections like house:, units:, rooms:"
        raise HouseFileError(file, (Problem(1, "", expected),))
    try:
        read = HouseFile.model_validate(document.data)
    except ValidationError as error:
        found = [_problem(detail, document) for detail in error.errors()]
        found += _of_the_rest(document, error)
        raise HouseFileError(file, _ordered(document.repeated + found)) from None
    found = _checked(read, document)
    if document.repeated or found:
        raise HouseFileError(file, _ordered(document.repeated + found))
    return read


def schema() -> dict[str, Any]:
    """Return the JSON Schema of the house file, for editors and other tools."""
    made = HouseFile.model_json_schema(by_alias=True)
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", **made}


def _checked(read: Sections, document: Document) -> list[Problem]:
    return [
        Problem(document.line(path), dotted(path), text)
        for path, text in house_check.problems(read)
    ]


def _of_the_rest(document: Document, error: ValidationError) -> list[Problem]:
    """Check what is left when the malformed entries are taken out: all mistakes in one go.

    What refers to an entry that was taken out is not told: it may be right once that is.
    """
    rest = dict(document.data)
    taken: set[str] = set()
    for detail in error.errors():
        section, *path = detail["loc"]
        entries = rest.get(str(section))
        if not path or not isinstance(entries, dict) or section == "house":
            return []
        rest[str(section)] = {key: part for key, part in entries.items() if key != path[0]}
        taken |= {str(path[0]), *_strings(entries.get(str(path[0])))}
    try:
        found = _checked(HouseFile.model_validate(rest), document)
    except ValidationError:
        return []
    return [one for one in found if not any(f"'{name}'" in one.text for name in taken)]


def _strings(part: Any) -> set[str]:
    match part:
        case str():
            return {part}
        case dict():
            return {text for value in part.values() for text in _strings(value)}
        case list():
            return {text for value in part for text in _strings(value)}
        case _:
            return set()


def _ordered(problems: list[Problem]) -> tuple[Problem, ...]:
    return tuple(sorted(problems, key=lambda problem: problem.line))


def _problem(detail: ErrorDetails, document: Document) -> Problem:
    # A refused key has the loc (…, key, "[key]"): the marker is pydantic's own.
    path = tuple(part for part in detail["loc"] if part != "[key]")
    return Problem(document.line(path), dotted(path), _expected(detail, path))


def _expected(detail: ErrorDetails, path: YamlPath) -> str:  # noqa: PLR0911 (one a kind)
    """Say what was expected, in the file's words."""
    given, context = detail["input"], detail.get("ctx", {})
    match detail["type"]:
        case "extra_forbidden":
            return f"unknown field; {_fields_near(path)}"
        case "missing":
            return "is missing"
        case "value_error":
            return f"{context['error']}, got {_short(given)}"
        case "enum":
            return f"expected one of {_listed(str(context['expected']))}, got {_short(given)}"
        case "string_pattern_mismatch" if context["pattern"] == house_file.ID_PATTERN:
            return f"expected an id (letters a-z, digits, . _ -), got {_short(given)}"
        case "model_type" | "dict_type":
            return f"expected fields like `name: value`, got {_short(given)}"
        case "list_type":
            return f"expected a list, got {_short(given)}"
        case _:
            said = detail["msg"]
            return f"{said[0].lower()}{said[1:]}, got {_short(given)}"


def _fields_near(path: YamlPath) -> str:
    part: Any = HouseFile
    for step in path[:-1]:
        part = _inside(part, step)
    fields = [info.alias or name for name, info in part.model_fields.items()]
    near = difflib.get_close_matches(str(path[-1]), fields, n=1)
    return f"did you mean '{near[0]}'?" if near else f"expected one of {', '.join(fields)}"


def _inside(part: Any, step: str | int) -> Any:
    """Follow one step of a path from a type to the type of what stands there."""
    if not hasattr(part, "model_fields"):  # dict[Id, Part], list[Part], Part | None
        arguments = [kind for kind in part.__args__ if kind is not type(None)]
        inner = arguments[-1]
        return inner if isinstance(step, int) or len(arguments) > 1 else _inside(inner, step)
    by_word = {info.alias or name: info for name, info in part.model_fields.items()}
    return by_word[str(step)].annotation


def _listed(expected: str) -> str:
    return expected.replace("'", "").replace(" or ", ", ")


def _short(value: Any) -> str:
    match value:
        case dict():
            return "fields"
        case list():
            return "a list"
        case _:
            text = str(value)
            return f"'{text[:40]}…'" if len(text) > 40 else f"'{text}'"
