"""A rule as somebody wrote it, checked by the house file's own checks against its house.

The page, the command line and the import pass the same door: the fields of the house file's
`rules` section, its types, `hub.house_check`, `Rule.problems()`.
"""

from collections.abc import Mapping
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from pydantic import ValidationError

from hub import house_check, house_plan, house_yaml
from hub.house import HouseFile
from hub.house_export import sections_of
from hub.house_file import Sections
from hub.house_yaml import NotYamlError, dotted
from hub.names import Names
from routing.plan import Plan, Rule

Fields = dict[str, Any]


class RuleRefused(ValueError):  # noqa: N818 - a state of affairs, told to a person
    """What is written is no rule of this house; `problems` are (path, what was expected)."""

    def __init__(self, problems: tuple[tuple[str, str], ...]) -> None:
        """Keep the problems; the message has one line for each."""
        super().__init__(
            "; ".join(f"{path}: {text}" if path else text for path, text in problems)
        )
        self.problems = problems


def fields_of(rule: Rule, plan: Plan) -> Fields:
    """Return a rule as the house file writes it, without its id."""
    return sections_of(plan, Names())["rules"][rule.id]


def drafted(plan: Plan, names: Names, name: str, fields: Mapping[str, Any]) -> Rule:
    """Read one rule, as if it stood in the house's file under this id.

    Raises:
        RuleRefused: with every problem of it. What else is wrong in the house is not told.
    """
    written = sections_of(plan, names)
    written["rules"] = {**written.get("rules", {}), name: dict(fields)}
    try:
        read = HouseFile.model_validate(written)
    except ValidationError as error:
        wrong = [
            (dotted(_inside(one["loc"])), one["msg"])
            for one in error.errors()
            if one["loc"][:1] == ("rules",) and name in one["loc"][:2]
        ]
        raise RuleRefused(tuple(wrong) or (("", _first(error)),)) from error
    return _checked(read, name)


def _checked(read: Sections, name: str) -> Rule:
    here = ("rules", name)
    found = [
        (dotted(path[2:]), text)
        for path, text in house_check.problems(read)
        if path[:2] == here
    ]
    if found:
        raise RuleRefused(tuple(found))
    return house_plan.rule(name, read.rules[name], ZoneInfo(read.house.timezone))


def _inside(loc: tuple[int | str, ...]) -> house_yaml.Path:
    return tuple(part for part in loc[2:] if part != "[key]")


def _first(error: ValidationError) -> str:
    one = error.errors()[0]
    where = ".".join(str(part) for part in one["loc"])
    return (
        f"the house itself does not read ({where}: {one['msg']}): export, correct and import it"
    )


def read_file(path: Path) -> tuple[str, Fields]:
    """Read a YAML file with one rule: `rules: {ID: {…}}`, or the rule's fields alone.

    Raises:
        RuleRefused: it cannot be read, or holds no rule or several.
    """
    try:
        return read_text(path.read_text(encoding="utf-8"), path.stem)
    except (OSError, UnicodeDecodeError) as error:
        raise RuleRefused((("", f"{path.name} cannot be read: {error}"),)) from error


def read_text(text: str, name: str) -> tuple[str, Fields]:
    """Read one rule's YAML; `name` is its id where the text gives none."""
    try:
        data = house_yaml.read(text).data
    except NotYamlError as error:
        raise RuleRefused((("", error.problem.sentence(name)),)) from error
    if not isinstance(data, dict):
        raise RuleRefused((("", "expected a rule's fields like `patient: …`"),))
    if "rules" not in data:
        return name, data
    rules = data["rules"]
    if not isinstance(rules, dict) or len(rules) != 1:
        raise RuleRefused((("rules", "expected exactly one rule in this file"),))
    ((only, fields),) = rules.items()
    if not isinstance(fields, dict):
        raise RuleRefused((("rules", "expected a rule's fields like `patient: …`"),))
    return only, fields
