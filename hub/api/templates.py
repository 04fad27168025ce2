"""Templates of rules, and which rules follow theirs, deviate (and why), or are of an older one.

Nothing here changes a rule: a new version is looked at rule by rule, in the rule's own form.
"""

from typing import Any

from fastapi import APIRouter
from pydantic import BaseModel, Field

from hub.api.reading import note_reading
from hub.api.rule_reach import reaches
from hub.api.wiring import Hub, TheHub, TheSession
from hub.house_export import Fields, sections_of
from hub.house_templates import Follows, Standing, behind, standings
from hub.names import Names
from routing.ids import TemplateId
from routing.plan import Plan, Rule, RuleState, Template

routes = APIRouter(prefix="/api/v1", tags=["rules"])


class Differs(BaseModel):
    """One field in which a rule is otherwise than its template, as the house file writes it."""

    field: str
    template: Any
    rule: Any


class RuleOf(BaseModel):
    """A rule that names a template."""

    rule: str
    patient: str
    patient_name: str
    state: RuleState
    version: int = Field(description="of the template, as the rule names it")
    follows: Follows
    differs: list[Differs] = Field(description="empty where that version is not kept")
    reason: str = Field(description="why it differs, as somebody wrote it")


class TemplateAnswer(BaseModel):
    """A template and the rules that were made from it, in the caller's units."""

    id: str
    version: int
    title: str
    routine: str
    fields: dict[str, Any] = Field(description="what it says, as the house file writes it")
    newest: int = Field(description="the newest version in the houses of this hub")
    otherwise: bool = Field(description="the same version is another text in another house")
    rules: list[RuleOf]


class Templates(BaseModel):
    """The house's templates; and rules that name one which the house does not have."""

    templates: list[TemplateAnswer]
    missing: list[RuleOf]
    untied: int = Field(description="rules in use that were made without a template")


@routes.get("/templates")
async def templates(session: TheSession, hub: TheHub) -> Templates:
    """Return the templates with the rules of the caller's units; a leader sees the house's."""
    plan, names = hub.engines[session.house].state.plan, hub.names[session.house]
    rules = {rule.id: rule for rule in plan.rules if reaches(hub, session, plan, rule)}
    written = sections_of(plan, names) if plan.templates else {}
    told: dict[TemplateId, list[RuleOf]] = {}
    for one in standings([plan]):
        if one.rule in rules:
            row = _rule(one, rules[one.rule], written, names)
            told.setdefault(one.template, []).append(row)
    here = {one.id for one in plan.templates}
    await note_reading(
        hub, session, "templates", (one.patient for rows in told.values() for one in rows)
    )
    return Templates(
        templates=[
            _template(hub, one, plan, written, told.get(one.id, [])) for one in plan.templates
        ],
        missing=[one for name, rows in told.items() if name not in here for one in rows],
        untied=sum(
            not rule.template and rule.state is not RuleState.ENDED for rule in rules.values()
        ),
    )


def _template(
    hub: Hub, one: Template, plan: Plan, written: Fields, rules: list[RuleOf]
) -> TemplateAnswer:
    away = next(
        (
            other
            for other in behind(engine.state.plan for engine in hub.engines.values())
            if (other.house, other.template) == (plan.house, one.id)
        ),
        None,
    )
    says = written["templates"][one.id]
    return TemplateAnswer(
        id=one.id,
        version=one.version,
        title=one.title,
        routine=one.routine,
        fields={k: v for k, v in says.items() if k not in ("version", "title", "routine")},
        newest=max(one.version, away.newest if away else 0),
        otherwise=away is not None and away.differs,
        rules=sorted(rules, key=lambda row: (row.follows is Follows.FOLLOWS, row.patient_name)),
    )


def _rule(one: Standing, rule: Rule, written: Fields, names: Names) -> RuleOf:
    template = written.get("templates", {}).get(one.template, {})
    mine = written.get("rules", {}).get(rule.id, {})
    return RuleOf(
        rule=rule.id,
        patient=rule.patient,
        patient_name=names.patient(rule.patient),
        state=rule.state,
        version=one.version,
        follows=one.follows,
        differs=[
            Differs(field=field, template=template.get(field), rule=mine.get(field))
            for field in one.fields
        ],
        reason=one.reason,
    )
