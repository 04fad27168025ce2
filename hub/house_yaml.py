"""YAML with lines: plain dicts, lists and strings, and where in the file each of them stands.

Read from the parser's events, not through a constructor: nothing is ever built from a tag, an
anchor cannot multiply itself, a key cannot be given twice, and every value keeps its line.
Scalars stay strings (`floor: 1`, `number: 0101` mean what they look like); types decide later.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from ruamel.yaml import YAML
from ruamel.yaml.error import MarkedYAMLError, YAMLError, YAMLStreamError
from ruamel.yaml.events import (
    AliasEvent,
    CollectionStartEvent,
    DocumentStartEvent,
    Event,
    MappingEndEvent,
    MappingStartEvent,
    NodeEvent,
    ScalarEvent,
    SequenceEndEvent,
)

Path = tuple[str | int, ...]

LARGEST = 2_000_000
"""Characters. A house of 120 beds is about 150,000."""
DEEPEST = 12
"""Nested collections. The house file needs seven."""


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing that is wrong: where (line from 1, 0: the whole file), what was expected."""

    line: int
    path: str
    text: str

    def sentence(self, file: str) -> str:
        """Say it as one line: `solvik.yaml:41: rooms.204.unit: no unit 'nord'; known: sor`."""
        where = f"{file}:{self.line}" if self.line else file
        return f"{where}: {self.path}: {self.text}" if self.path else f"{where}: {self.text}"


class NotYamlError(Exception):
    """The text cannot be read as the YAML we accept; `problem` says where and why."""

    def __init__(self, problem: Problem) -> None:
        """Keep the problem; its text is the message."""
        super().__init__(problem.text)
        self.problem = problem


@dataclass(slots=True)
class Document:
    """What the text says, and the line (from 1) of every path in it."""

    data: Any = None
    lines: dict[Path, int] = field(default_factory=dict[Path, int])
    repeated: list[Problem] = field(default_factory=list[Problem])

    def line(self, path: Path) -> int:
        """Return the line of this path, or of the nearest part of it that is in the file."""
        for length in range(len(path), 0, -1):
            if path[:length] in self.lines:
                return self.lines[path[:length]]
        return 1 if self.lines else 0


def read(text: str) -> Document:
    """Read one YAML document.

    Raises:
        NotYamlError: not YAML, too large or deep, several documents, anchors or tags.
    """
    if len(text) > LARGEST:
        raise NotYamlError(
            Problem(0, "", f"larger than {LARGEST:,} characters: not a house file")
        )
    document = Document()
    try:
        events = YAML(typ="rt", pure=True).parse(text)
        _document(_checked(iter(events)), document)
    except MarkedYAMLError as error:
        raise NotYamlError(_marked(error)) from None
    except (YAMLError, YAMLStreamError) as error:
        raise NotYamlError(Problem(0, "", f"not YAML: {_first_line(error)}")) from None
    return document


def dotted(path: Path) -> str:
    """Write a path as people say it: `rooms.204.unit`, list positions from 1."""
    return ".".join(str(part + 1) if isinstance(part, int) else part for part in path)


def _checked(events: Iterator[Event]) -> Iterator[Event]:
    """Pass on what we accept, and refuse the rest where it stands."""
    depth = documents = 0
    for event in events:
        line = event.start_mark.line + 1 if event.start_mark else 0
        if isinstance(event, AliasEvent) or (isinstance(event, NodeEvent) and event.anchor):
            raise NotYamlError(Problem(line, "", "anchors and aliases (& *) are refused"))
        if isinstance(event, ScalarEvent | CollectionStartEvent) and event.tag:
            raise NotYamlError(Problem(line, "", f"the tag {event.tag} is refused"))
        if isinstance(event, DocumentStartEvent):
            documents += 1
            if documents > 1:
                raise NotYamlError(
                    Problem(line, "", "a second document (---): one house a file")
                )
        if isinstance(event, CollectionStartEvent):
            depth += 1
            if depth > DEEPEST:
                raise NotYamlError(Problem(line, "", f"nested deeper than {DEEPEST}"))
        if isinstance(event, MappingEndEvent | SequenceEndEvent):
            depth -= 1
        yield event


def _document(events: Iterator[Event], document: Document) -> None:
    for event in events:
        if isinstance(event, NodeEvent):
            document.data = _value(event, events, (), document)


def _value(event: Event, events: Iterator[Event], path: Path, document: Document) -> Any:
    document.lines.setdefault(path, event.start_mark.line + 1)
    if isinstance(event, ScalarEvent):
        plain = event.style is None or event.style == ""
        return None if plain and event.value in {"", "~", "null"} else event.value
    if isinstance(event, MappingStartEvent):
        return _mapping(events, path, document)
    return _sequence(events, path, document)


def _mapping(events: Iterator[Event], path: Path, document: Document) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for event in events:
        if isinstance(event, MappingEndEvent):
            break
        line = event.start_mark.line + 1
        if not isinstance(event, ScalarEvent):
            raise NotYamlError(Problem(line, dotted(path), "a key must be a plain word"))
        here = (*path, str(event.value))
        if event.value in found:
            first = document.lines[here]
            text = f"given twice, first on line {first}: keep one of them"
            document.repeated.append(Problem(line, dotted(here), text))
        document.lines.setdefault(here, line)
        found[str(event.value)] = _value(next(events), events, here, document)
    return found


def _sequence(events: Iterator[Event], path: Path, document: Document) -> list[Any]:
    found: list[Any] = []
    for event in events:
        if isinstance(event, SequenceEndEvent):
            break
        found.append(_value(event, events, (*path, len(found)), document))
    return found


def _marked(error: MarkedYAMLError) -> Problem:
    mark = error.problem_mark or error.context_mark
    said = " ".join(part for part in (error.context, error.problem) if part)
    return Problem(mark.line + 1 if mark else 0, "", f"not YAML: {said}")


def _first_line(error: Exception) -> str:
    return (str(error).splitlines() or [type(error).__name__])[0]
