"""What is supposed otherwise in a what-if: ladders that wait, one more on duty, a rule changed.

As `bjelle replay --what-if` has it: `delay=60s`, `delay=-30s`, `on-duty=STAFF`,
`on-duty=STAFF,45s` (who answers after that), `rule=FILE`.
"""

from dataclasses import dataclass, replace
from datetime import date, timedelta
from pathlib import Path

from hub.house_file import duration, written_duration
from hub.names import Names
from hub.rule_draft import RuleRefused, drafted, read_file
from hub.sentence_texts import Lang
from routing.defaults import LADDERS
from routing.ids import LadderId, StaffId
from routing.plan import Basis, Ladder, Plan, Rule, RuleState

SHORTEST = timedelta(seconds=5)
"""No step is supposed to wait less."""
MARK = "+"
"""Behind the id of one more on duty: like that person, and nobody's own carer."""


class NotSupposed(ValueError):  # noqa: N818 - a state of affairs, told to a person
    """What is written is nothing that can be supposed."""


@dataclass(frozen=True, slots=True)
class Extra:
    """One more on duty, all the time, with a telephone of their own that is ready."""

    like: StaffId
    answers_after: timedelta | None = None
    """None: who would have been rung is known, what they would have done is not."""

    @property
    def staff(self) -> StaffId:
        """The id of this person, whom the house does not have."""
        return StaffId(f"{self.like}{MARK}")


@dataclass(frozen=True, slots=True)
class Supposed:
    """What is otherwise, all at once."""

    delay: timedelta = timedelta(0)
    """Each step of each ladder waits so much longer; the failsafe's rounds stay."""
    on_duty: tuple[Extra, ...] = ()
    rules: tuple[Rule, ...] = ()


def supposed(words: tuple[str, ...], plan: Plan, names: Names) -> Supposed:
    """Read what is to be supposed.

    Raises:
        NotSupposed: with what was expected.
    """
    found = Supposed()
    for word in words:
        kind, _, value = word.partition("=")
        match kind:
            case "delay":
                found = replace(found, delay=_length(word, value))
            case "on-duty":
                found = replace(found, on_duty=(*found.on_duty, _extra(word, value, plan)))
            case "rule":
                found = replace(found, rules=(*found.rules, _rule(Path(value), plan, names)))
            case _:
                raise NotSupposed(
                    f"--what-if {word}: expected delay=60s, on-duty=STAFF, "
                    "on-duty=STAFF,45s or rule=FILE"
                )
    likes = [one.like for one in found.on_duty]
    if len(set(likes)) != len(likes):
        raise NotSupposed("--what-if on-duty: name each person once; each is one more")
    return found


def supposed_plan(plan: Plan, given: Supposed) -> Plan:
    """Return the plan with what is supposed in it."""
    changed = plan
    if given.delay:
        # The defaults too: a plan that names no ladder of its own rings by them.
        ladders: dict[LadderId, Ladder] = {**LADDERS, **plan.ladders}
        waits = {name: _slower(one, given.delay) for name, one in ladders.items()}
        changed = replace(changed, ladders=waits)
    if given.on_duty:
        staff = dict(plan.staff)
        for one in given.on_duty:
            if (like := plan.staff.get(one.like)) is not None:
                staff[one.staff] = replace(like, id=one.staff)
        changed = replace(changed, staff=staff)
    for rule in given.rules:
        rest = tuple(one for one in changed.rules if one.id != rule.id)
        changed = replace(changed, rules=(*rest, _at_version(rule, plan)))
    return changed


def told(given: Supposed, names: Names, lang: Lang) -> list[str]:
    """Say what is supposed, in words."""
    n = int(lang == "en")
    said: list[str] = []
    if given.delay:
        length = written_duration(abs(given.delay))
        more = ("lenger", "longer") if given.delay > timedelta(0) else ("kortere", "shorter")
        waits = ("hvert trinn i en stige venter", "each step of a ladder waits")[n]
        said.append(f"{waits} {length} {more[n]}")
    for one in given.on_duty:
        like = names.staff(one.like)
        who = (f"én til på vakt, som {like}", f"one more on duty, like {like}")[n]
        if one.answers_after is not None:
            after = written_duration(one.answers_after)
            who += (f", som svarer etter {after}", f", who answers after {after}")[n]
        said.append(who)
    for rule in given.rules:
        written = (
            f"regelen {rule.id} er {STATES[rule.state][0]}, slik den er skrevet",
            f"rule {rule.id} is {STATES[rule.state][1]}, as written",
        )
        said.append(written[n])
    return said


STATES: dict[RuleState, tuple[str, str]] = {
    RuleState.DRAFT: ("et utkast", "a draft"),
    RuleState.TRIAL: ("på prøve", "on trial"),
    RuleState.ACTIVE: ("aktiv", "active"),
    RuleState.PAUSED: ("på pause", "paused"),
    RuleState.SUSPENDED: ("stanset", "suspended"),
    RuleState.ENDED: ("avsluttet", "ended"),
}


def _at_version(rule: Rule, plan: Plan) -> Rule:
    standing = next((one for one in plan.rules if one.id == rule.id), None)
    return rule if standing is None else replace(rule, version=standing.version)


def _slower(ladder: Ladder, delay: timedelta) -> Ladder:
    rungs = (replace(one, patience=max(SHORTEST, one.patience + delay)) for one in ladder.rungs)
    return replace(ladder, rungs=tuple(rungs))


def _length(word: str, text: str) -> timedelta:
    try:
        found: timedelta = duration(text.removeprefix("-").removeprefix("+"))
    except ValueError as error:
        raise NotSupposed(f"--what-if {word}: {error}") from error
    return -found if text.startswith("-") else found


def _extra(word: str, text: str, plan: Plan) -> Extra:
    name, _, after = text.partition(",")
    if name not in plan.staff:
        known = ", ".join(list(plan.staff)[:8])
        raise NotSupposed(f"--what-if {word}: nobody '{name}' works here; known: {known}")
    return Extra(StaffId(name), _length(word, after) if after else None)


def _rule(path: Path, plan: Plan, names: Names) -> Rule:
    """Read a rule; a draft is supposed to be active, an ended one to be gone."""
    try:
        name, fields = read_file(path)
        rule = drafted(plan, names, name, fields)
    except RuleRefused as error:
        raise NotSupposed(f"--what-if rule={path}: {error}") from error
    if rule.state not in (RuleState.DRAFT, RuleState.TRIAL, RuleState.ACTIVE):
        return rule
    return replace(
        rule,
        state=RuleState.ACTIVE,
        basis=rule.basis or Basis.STAFF_ONLY,
        review_by=rule.review_by or date.max,
        valid_from=None,
    )
