"""What a house file may not undo: an objection, a pause, an end, a template's version.

A file is written at a desk, the house goes on meanwhile. What somebody decided in the running
house about a patient's rule stands until somebody decides otherwise there, or says in the file
on what.
"""

from zoneinfo import ZoneInfo

from sqlalchemy import Connection, select

from hub.house_templates import moved
from hub.names import Named
from hub.rule_edits import LISTENS, found, last_change
from hub.store.tables import people
from routing.ids import HouseId, StaffId
from routing.plan import Plan, Rule, RuleState

OVER = (RuleState.SUSPENDED, RuleState.ENDED)
Problems = tuple[tuple[str, str], ...]


class HouseStands(ValueError):  # noqa: N818 - a state of affairs, told to a person
    """The file would undo what was decided in the house; `problems` are (path, what to do)."""

    def __init__(self, problems: Problems) -> None:
        """Keep the problems; the message has one line for each."""
        super().__init__("\n".join(f"{path}: {text}" for path, text in problems))
        self.problems = problems


def refuse(connection: Connection, before: Plan | None, after: Plan) -> None:
    """Refuse a file that would undo what stands.

    Raises:
        HouseStands: with every problem: who did it, when, and what to write.
    """
    if before is None:
        return
    problems = [*_rules(connection, before, after), *_templates(before, after)]
    if problems:
        raise HouseStands(tuple(problems))


def _templates(before: Plan, after: Plan) -> Problems:
    versions = {one.id: one.version for one in before.templates}
    told: list[tuple[str, str]] = []
    for name in moved(before, after):
        has = versions[name]
        text = f"differs from version {has} that the house has: give it version {has + 1}"
        told.append((f"templates.{name}", f"{text}, so that its rules are looked at"))
    return tuple(told)


def _rules(connection: Connection, before: Plan, after: Plan) -> Problems:
    told: list[tuple[str, str]] = []
    for rule in before.rules:
        now = found(after, rule.id)
        text = _gone(rule) if now is None else _back(rule, now)
        if text:
            who = _who(connection, before, rule)
            told.append((f"rules.{rule.id}", text.replace("{who}", who)))
    return tuple(told)


def _gone(rule: Rule) -> str:
    """A rule that is left out and written again later would come back as if nobody objected."""
    if rule.state is not RuleState.SUSPENDED:
        return ""
    return (
        "the patient objected ({who}), and this file leaves the rule out: write it with "
        "`state: suspended`, or `state: ended` where that was decided"
    )


def _back(rule: Rule, now: Rule) -> str:
    """Say what keeps a rule from coming back as the file has it, empty if nothing does."""
    awake = now.state in LISTENS or now.state is RuleState.PAUSED
    same = now.basis_reference in ("", rule.basis_reference)
    if rule.state in OVER and awake and same:
        was = "the patient objected" if rule.state is RuleState.SUSPENDED else "it was ended"
        return (
            f"{was} ({{who}}), and this file would make it {now.state} again: keep "
            f"`state: {rule.state}`, or name the new decision or consent in `basis_reference` "
            f"(still '{rule.basis_reference}')"
        )
    if rule.state is RuleState.SUSPENDED and now.state is RuleState.DRAFT and same:
        return (
            "the patient objected ({who}), and a draft would forget that: keep "
            "`state: suspended`, or name the new decision in `basis_reference`"
        )
    if rule.state is RuleState.PAUSED and now.state in LISTENS:
        return (
            f"it was paused ({{who}}), and this file would make it {now.state} again: keep "
            "`state: paused`, or let whoever paused it take it in use on the rule's page"
        )
    return ""


def _who(connection: Connection, plan: Plan, rule: Rule) -> str:
    """Say who made the rule's present version, and when."""
    change = last_change(connection, plan.house, rule.id, rule.version - 1)
    if change is None:
        return f"version {rule.version}"
    by = "a house file" if change.by is None else _name(connection, plan.house, change.by)
    at = change.at.astimezone(ZoneInfo(plan.timezone))
    return f"{by}, {at:%Y-%m-%d %H:%M}, version {change.version}"


def _name(connection: Connection, house: HouseId, staff: StaffId) -> str:
    query = select(people.c.short).where(
        people.c.house == house, people.c.kind == str(Named.STAFF), people.c.id == staff
    )
    return connection.scalar(query) or staff
