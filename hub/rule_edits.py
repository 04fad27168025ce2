"""One rule changed in a running house: read by the house file's checks, versioned, explained.

`edited` is the pure part: the plan with the rule as it will be, or why not. `last_change` reads
the stored plans: who made the version that stands, when, and what differs from another.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, fields, replace
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, select

from hub.names import Names
from hub.records import decode_plan
from hub.rule_draft import Fields, RuleRefused, drafted, fields_of
from hub.sentence_texts import DECIDES
from hub.store import tables
from routing.ids import HouseId, RuleId, StaffId
from routing.plan import Basis, Plan, Rule, RuleState

LISTENS = (RuleState.ACTIVE, RuleState.TRIAL)
LOOKED_BACK = 200
"""Plan versions read to find who changed a rule."""


class PlanMoved(Exception):  # noqa: N818
    """The house changed while the rule was checked: check it again."""


class NotThatVersion(Exception):  # noqa: N818 - a state of affairs, told to a person
    """Somebody else changed the rule meanwhile."""

    def __init__(self, current: int) -> None:
        """Keep the version that stands."""
        super().__init__(f"the rule is at version {current}")
        self.current = current


@dataclass(frozen=True, slots=True)
class Change:
    """Who made a version of a rule, when, and which fields differ from `than`."""

    version: int
    at: datetime
    by: StaffId | None
    fields: tuple[str, ...]


def found(plan: Plan, name: str) -> Rule | None:
    """Return the rule of this id."""
    return next((rule for rule in plan.rules if rule.id == name), None)


def checked(plan: Plan, names: Names, name: str, written: Fields) -> Rule:
    """Return the rule as written, at the version that stands (1 where it is new).

    Raises:
        RuleRefused: it is no rule that may be so, with every problem.
    """
    before = found(plan, name)
    after = drafted(plan, names, name, {**written, "version": before.version if before else 1})
    if before is not None:
        _decided_anew(before, after)
    return after


def put(rule: Rule, checked_in: Plan, expected: int | None) -> Callable[[Plan], Plan]:
    """Return the change of the plan that puts this rule; `expected` None: it must be new.

    The change raises `PlanMoved` where the plan is no longer the one the rule was checked in,
    `NotThatVersion` where the rule is at another version, KeyError where there is none.
    """

    def change(plan: Plan) -> Plan:
        before = found(plan, rule.id)
        if (before is None) is not (expected is None):
            raise KeyError(rule.id)
        if before is not None and before.version != expected:
            raise NotThatVersion(before.version)
        if plan.version != checked_in.version:
            raise PlanMoved
        return with_rule(plan, rule)

    return change


def merged(rule: Rule, plan: Plan, patch: Mapping[str, Any]) -> Fields:
    """Return the rule's fields with those of `patch` in their place; null takes one out."""
    together = {**fields_of(rule, plan), **patch}
    return {name: value for name, value in together.items() if value is not None}


def with_rule(plan: Plan, rule: Rule) -> Plan:
    """Return the plan with this rule in its place, or last where it is new."""
    if found(plan, rule.id) is None:
        return replace(plan, rules=(*plan.rules, rule))
    rules = tuple(rule if one.id == rule.id else one for one in plan.rules)
    return replace(plan, rules=rules)


def ended(rule: Rule, at: datetime) -> Rule:
    """Return the rule as ended now."""
    until = rule.valid_until if rule.valid_until and rule.valid_until < at else at
    return replace(rule, state=RuleState.ENDED, valid_until=until)


def _decided_anew(before: Rule, after: Rule) -> None:
    """An objection, and an end, stand until somebody has decided, and said on what."""
    still = (RuleState.SUSPENDED, RuleState.ENDED)
    again = before.state in still and after.state not in still
    if again and after.basis_reference in ("", before.basis_reference):
        same = f"it is still '{before.basis_reference}'"
        why = "the patient objected"
        if before.state is RuleState.ENDED:
            why = "the rule was ended"
        text = f"{why}: name the new decision or consent here ({same})"
        raise RuleRefused((("basis_reference", text),))


WHO_DECIDES: dict[Basis | None, tuple[str, str]] = {
    **{basis: DECIDES[basis] for basis in Basis},
    None: DECIDES[Basis.STAFF_ONLY],
}
"""After an objection (DOMAIN section 5), by the basis that the rule had."""


def differing(one: Rule, other: Rule) -> tuple[str, ...]:
    """Return the names of the fields that differ, without the version."""
    return tuple(
        f.name
        for f in fields(Rule)
        if f.name != "version" and getattr(one, f.name) != getattr(other, f.name)
    )


def last_change(
    connection: Connection, house: HouseId, name: RuleId, than: int
) -> Change | None:
    """Tell who made the rule's present version, and what differs from version `than`."""
    plans = tables.plans.c
    rows: Any = connection.execute(
        select(plans.at, plans.by, plans.plan)
        .where(plans.house == house)
        .order_by(plans.version.desc())
        .limit(LOOKED_BACK)
    )
    current: Rule | None = None
    made: Any = None
    for row in rows:
        rule = found(decode_plan(row.plan), name)
        if rule is None:
            break
        current = current or rule
        if rule.version == current.version:
            made = row
        if rule.version == than:
            return Change(current.version, made.at, made.by, differing(current, rule))
    if current is None:
        return None
    return Change(current.version, made.at, made.by, ())
