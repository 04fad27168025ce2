"""Templates shared between houses: which rules follow theirs, deviate, or are of an older one.

A template stands in each house's file under `templates`, with its version; houses that share it
have the same text there. Nothing changes a patient's rule by itself: a new version is proposed
(`bjelle rules templates`) and somebody decides, rule by rule.
"""

from collections.abc import Iterable
from dataclasses import dataclass, fields
from enum import StrEnum

from hub.house_file import template_named
from routing.ids import HouseId, RuleId, TemplateId
from routing.plan import Plan, Rule, RuleState, Template

COMPARED = tuple(
    one.name
    for one in fields(Template)
    if one.name not in ("id", "version", "title", "routine")
)
"""What a template can say of a rule."""


class Follows(StrEnum):
    """How a rule stands to its template."""

    FOLLOWS = "follows"
    DEVIATES = "deviates"
    OLDER = "older"
    """Made from an older version: look whether the new one suits the patient."""
    MISSING = "missing"
    """The house does not have the template."""


@dataclass(frozen=True, slots=True)
class Standing:
    """One rule beside its template."""

    house: HouseId
    rule: RuleId
    state: RuleState
    template: TemplateId
    version: int
    newest: int
    """The newest version that any of the houses has, 0 where none has the template."""
    follows: Follows
    fields: tuple[str, ...]
    """Where the rule differs from the version it names; empty where that is not kept."""
    reason: str


@dataclass(frozen=True, slots=True)
class Behind:
    """A template that is not the same in all houses."""

    house: HouseId
    template: TemplateId
    version: int
    newest: int
    newest_in: HouseId
    differs: bool
    """The same version with another content: one of the houses changed it without a new one."""


def deviating(rule: Rule, template: Template) -> tuple[str, ...]:
    """Name the fields in which a rule differs from what its template says."""
    return tuple(
        name
        for name in COMPARED
        if (wanted := getattr(template, name)) is not None
        and not _means(getattr(rule, name), wanted, name)
    )


def _means(have: object, wanted: object, name: str) -> bool:
    """Tell whether the rule says the same; which sensor or room is meant is the patient's."""
    if name not in ("triggers", "unless"):
        return have == wanted
    assert isinstance(have, tuple)
    assert isinstance(wanted, tuple)
    return [(one.kind, one.within) for one in have] == [
        (one.kind, one.within) for one in wanted
    ]


def standings(plans: Iterable[Plan]) -> tuple[Standing, ...]:
    """Tell how every rule that names a template stands to it, ended rules left out."""
    houses = tuple(plans)
    newest = _newest(houses)
    found: list[Standing] = []
    for plan in houses:
        mine = {one.id: one for one in plan.templates}
        for rule in plan.rules:
            named = template_named(rule.template)
            if named is None or rule.state is RuleState.ENDED:
                continue
            name, version = TemplateId(named[0]), named[1]
            last = newest[name].version if name in newest else 0
            template = mine.get(name)
            kept = template is not None and template.version == version
            differs = deviating(rule, template) if template is not None and kept else ()
            follows = Follows.DEVIATES if differs else Follows.FOLLOWS
            if version < last:
                follows = Follows.OLDER
            elif template is None:
                follows = Follows.MISSING
            found.append(
                Standing(
                    plan.house,
                    rule.id,
                    rule.state,
                    name,
                    version,
                    last,
                    follows,
                    differs,
                    rule.deviation,
                )
            )
    return tuple(found)


def behind(plans: Iterable[Plan]) -> tuple[Behind, ...]:
    """Name the templates that are older, or otherwise, in one house than in another."""
    houses = tuple(plans)
    newest = _newest(houses)
    where = {
        one.id: plan.house
        for plan in reversed(houses)
        for one in plan.templates
        if one.version == newest[one.id].version
    }
    return tuple(
        Behind(
            plan.house,
            one.id,
            one.version,
            newest[one.id].version,
            where[one.id],
            one.version == newest[one.id].version,
        )
        for plan in houses
        for one in plan.templates
        if one != newest[one.id]
    )


def moved(before: Plan, after: Plan) -> tuple[TemplateId, ...]:
    """Name the templates whose content changed while their version did not."""
    kept = {one.id: one for one in before.templates}
    return tuple(
        one.id
        for one in after.templates
        if one.id in kept and one != kept[one.id] and one.version <= kept[one.id].version
    )


def _newest(plans: tuple[Plan, ...]) -> dict[TemplateId, Template]:
    """Return each template at its newest version; the first house's, where two differ."""
    newest: dict[TemplateId, Template] = {}
    for plan in plans:
        for one in plan.templates:
            if one.id not in newest or one.version > newest[one.id].version:
                newest[one.id] = one
    return newest
