"""Rules: read, made, changed, paused, ended, objected to, rehearsed. Versions and If-Match."""

import asyncio
import uuid
from collections.abc import Callable
from dataclasses import replace
from datetime import date, datetime
from typing import Annotated, Any

from fastapi import APIRouter, Header, Query, Response
from pydantic import AwareDatetime, BaseModel, ConfigDict, Field

from hub.api import rule_refusals as refusals
from hub.api.problems import ApiProblem, no_such, store_away
from hub.api.reading import note_reading
from hub.api.rehearsing import rehearsal
from hub.api.rule_reach import reaches
from hub.api.wiring import Hub, TheHub, TheSession
from hub.auth import Session
from hub.engine import EngineStopped
from hub.rehearsal_store import LONGEST, NIGHTS
from hub.rule_draft import Fields, RuleRefused, drafted, fields_of
from hub.rule_edits import (
    LISTENS,
    WHO_DECIDES,
    NotThatVersion,
    PlanMoved,
    checked,
    ended,
    found,
    last_change,
    merged,
    put,
    with_rule,
)
from hub.rule_sentences import rule_basis, rule_sentence
from hub.sentence_texts import Lang
from hub.store.rows import StoreDown
from routing.effects import Reply
from routing.events import By, PauseSet
from routing.ids import OperationId, RuleId
from routing.index import index_of
from routing.plan import Plan, Rule, RuleState

routes = APIRouter(prefix="/api/v1/rules", tags=["rules"])

TRIES = 3
Match = Annotated[str | None, Header(alias="If-Match", description='As `ETag` gave it: `"4"`')]
Language = Annotated[str, Query(pattern="^(nb|en)$")]


class Sentences(BaseModel):
    """The rule as people say it."""

    nb: str
    en: str


class RuleAnswer(BaseModel):
    """One rule. `fields` are those of the house file, ready to be changed and sent back."""

    id: str
    version: int
    patient: str
    patient_name: str
    state: RuleState
    sentences: Sentences
    basis: Sentences
    review_by: date | None
    review_overdue: bool
    paused_until: datetime | None
    problems: list[str] = Field(description="what keeps it from being active")
    fields: dict[str, Any]


class Rules(BaseModel):
    """The rules of the caller's units."""

    rules: list[RuleAnswer]


class NewRule(BaseModel):
    """A rule to be made; `fields` as in the house file."""

    id: str
    fields: dict[str, Any]


class Pausing(BaseModel):
    """A bounded pause, at most 24 hours."""

    until: AwareDatetime
    reason: Annotated[str, Field(min_length=1, max_length=200)]


class Draft(BaseModel):
    """Fields as in the house file, to be read as a rule; `id` of the rule they would change."""

    id: str = "draft"
    fields: dict[str, Any]


class Preview(BaseModel):
    """How fields read as a rule."""

    sentences: Sentences
    basis: Sentences
    problems: list[str] = Field(description="what keeps it from being active")
    problem_codes: list[str] = Field(description="the same, by stable names")


class Objected(BaseModel):
    """The rule is silent from now; who must decide."""

    rule: RuleAnswer
    decides: Sentences
    decided_by: str = Field(description="who decided the rule, as it was recorded")


class Rehearsing(BaseModel):
    """Which rule to rehearse: one that stands, or fields as in the house file."""

    model_config = ConfigDict(extra="forbid")

    rule: str | None = None
    fields: dict[str, Any] | None = None
    patient: str | None = None
    nights: Annotated[int, Field(ge=1, le=LONGEST)] = NIGHTS
    until: AwareDatetime | None = None
    lang: Annotated[str, Field(pattern="^(nb|en)$")] = "nb"


@routes.get("")
async def rules(
    session: TheSession,
    hub: TheHub,
    patient: str | None = None,
    state: RuleState | None = None,
) -> Rules:
    """Return the rules of patients in the caller's units; a leader sees the house's."""
    plan = _plan(hub, session)
    asked = [
        _answer(hub, session, plan, rule)
        for rule in plan.rules
        if reaches(hub, session, plan, rule)
        and (patient is None or rule.patient == patient)
        and (state is None or rule.state is state)
    ]
    await note_reading(hub, session, "rules", (one.patient for one in asked))
    return Rules(rules=asked)


@routes.get("/{rule_id}")
async def one_rule(
    rule_id: str, session: TheSession, hub: TheHub, response: Response
) -> RuleAnswer:
    """Return one rule; `ETag` is its version."""
    plan, rule = _found(hub, session, rule_id)
    await note_reading(hub, session, f"rule {rule_id}"[:80], [rule.patient])
    return _tagged(response, _answer(hub, session, plan, rule))


@routes.post("", status_code=201)
async def make(
    new: NewRule, session: TheSession, hub: TheHub, response: Response
) -> RuleAnswer:
    """Make a rule. Without basis and review date it can be a draft only."""

    def write(plan: Plan) -> Rule:
        if found(plan, new.id) is not None:
            raise refusals.taken(new.id)
        return checked(plan, hub.names[session.house], new.id, new.fields)

    return await _change(hub, session, response, new.id, write, None)


@routes.put("/{rule_id}")
async def replace_rule(
    rule_id: str,
    written: dict[str, Any],
    session: TheSession,
    hub: TheHub,
    response: Response,
    match: Match = None,
) -> RuleAnswer:
    """Replace a rule's fields."""
    expected = _expected(rule_id, match)
    _found(hub, session, rule_id)

    def write(plan: Plan) -> Rule:
        return checked(plan, hub.names[session.house], rule_id, written)

    return await _change(hub, session, response, rule_id, write, expected)


@routes.patch("/{rule_id}")
async def change_rule(
    rule_id: str,
    patch: dict[str, Any],
    session: TheSession,
    hub: TheHub,
    response: Response,
    match: Match = None,
) -> RuleAnswer:
    """Change some fields; null takes one out."""
    expected = _expected(rule_id, match)
    _found(hub, session, rule_id)

    def write(plan: Plan) -> Rule:
        rule = found(plan, rule_id)
        if rule is None:
            raise refusals.none(rule_id)
        return checked(plan, hub.names[session.house], rule_id, merged(rule, plan, patch))

    return await _change(hub, session, response, rule_id, write, expected)


@routes.post("/{rule_id}/end")
async def end(
    rule_id: str, session: TheSession, hub: TheHub, response: Response, match: Match = None
) -> RuleAnswer:
    """End a rule now. It stays readable."""
    expected = _expected(rule_id, match)
    _found(hub, session, rule_id)

    def write(plan: Plan) -> Rule:
        rule = found(plan, rule_id)
        if rule is None:
            raise refusals.none(rule_id)
        return ended(rule, hub.clock.now())

    return await _change(hub, session, response, rule_id, write, expected)


@routes.post("/{rule_id}/object")
async def objects(rule_id: str, session: TheSession, hub: TheHub) -> Objected:
    """Suspend a rule at once because the patient objects, whatever its version is now."""
    _, before = _found(hub, session, rule_id)
    if before.state in LISTENS or before.state is RuleState.PAUSED:
        await _suspend(hub, session, rule_id)
        await note_reading(hub, session, f"objection to rule {rule_id}"[:80], [before.patient])
    plan, rule = _found(hub, session, rule_id)
    nb, en = WHO_DECIDES[rule.basis]
    return Objected(
        rule=_answer(hub, session, plan, rule),
        decides=Sentences(nb=f"{nb}.", en=f"{en}."),
        decided_by=hub.names[session.house].staff(rule.decided_by) if rule.decided_by else "",
    )


@routes.post("/{rule_id}/pause")
async def pause(rule_id: str, pausing: Pausing, session: TheSession, hub: TheHub) -> RuleAnswer:
    """Pause a rule until a time, with a reason; the one who paused it owns the pause."""
    _, rule = _found(hub, session, rule_id)
    by = By(session.staff, None, OperationId(f"api-{uuid.uuid4()}"))
    event = PauseSet(by, rule.patient, pausing.until, pausing.reason, RuleId(rule_id))
    try:
        settled = await hub.engines[session.house].submit(event)
    except EngineStopped as error:
        raise refusals.stopping() from error
    reply = next(
        one
        for one in settled.effects
        if isinstance(one, Reply) and one.operation == by.operation
    )
    if not reply.ok:
        why = dict(reply.because.facts).get("why", str(reply.because.reason))
        raise ApiProblem(
            422, "pause-refused", "Pause refused", why, do="give `until` within 24 hours"
        )
    await note_reading(hub, session, f"pause of rule {rule_id}"[:80], [rule.patient])
    return _answer(hub, session, _plan(hub, session), rule)


@routes.post("/preview")
async def preview(draft: Draft, session: TheSession, hub: TheHub) -> Preview:
    """Say how these fields would read as a rule. Nothing is changed."""
    plan, names = _plan(hub, session), hub.names[session.house]
    try:
        rule = await asyncio.to_thread(drafted, plan, names, draft.id, draft.fields)
    except RuleRefused as error:
        raise refusals.refused(draft.id, error) from error
    if not reaches(hub, session, plan, rule):
        raise no_such("patient", rule.patient, do="see GET /api/v1/patients for yours")
    await note_reading(hub, session, "preview of a rule", [rule.patient])
    answer = _answer(hub, session, with_rule(plan, rule), rule)
    return Preview(
        sentences=answer.sentences,
        basis=answer.basis,
        problems=answer.problems,
        problem_codes=[refusals.code_of(text) for text in answer.problems],
    )


@routes.post("/rehearse")
async def rehearse(asked: Rehearsing, session: TheSession, hub: TheHub) -> dict[str, Any]:
    """Tell which calls a rule would have made on the patient's own past nights."""
    plan, names = _plan(hub, session), hub.names[session.house]
    if (asked.rule is None) is (asked.fields is None):
        raise refusals.invalid("give either `rule` (an id) or `fields` (a draft), not both")
    written: Fields = dict(asked.fields or {})
    if asked.rule is not None:
        written = fields_of(_found(hub, session, asked.rule)[1], plan)
    if asked.patient is not None:
        written["patient"] = asked.patient
    name = asked.rule or "draft"
    try:
        rule = await asyncio.to_thread(drafted, plan, names, name, written)
    except RuleRefused as error:
        raise refusals.refused(name, error) from error
    if not reaches(hub, session, plan, rule):
        raise no_such("patient", rule.patient, do="see GET /api/v1/patients for yours")
    told = await rehearsal(
        hub,
        session.house,
        name,
        fields_of(rule, with_rule(plan, rule)),
        nights=asked.nights,
        until=min(asked.until or hub.clock.now(), hub.clock.now()),
        lang=asked.lang,
    )
    await note_reading(hub, session, f"rehearsal, {asked.nights} nights", [rule.patient])
    return told


# --- Changing ---------------------------------------------------------------------------------


async def _change(
    hub: Hub,
    session: Session,
    response: Response,
    name: str,
    write: Callable[[Plan], Rule],
    expected: int | None,
) -> RuleAnswer:
    rule = await _stored(hub, session, name, write, expected)
    await note_reading(hub, session, f"change of rule {name}"[:80], [rule.patient])
    return _tagged(response, _answer(hub, session, _plan(hub, session), rule))


async def _stored(
    hub: Hub,
    session: Session,
    name: str,
    write: Callable[[Plan], Rule],
    expected: int | None,
) -> Rule:
    """Check the rule beside the loop that rings, then put it; again where the house moved."""
    for _ in range(TRIES):
        plan = _plan(hub, session)
        before = found(plan, name)
        if before is not None and expected is not None and before.version != expected:
            raise await _changed_meanwhile(hub, session, name, before.version, expected)
        try:
            rule = await asyncio.to_thread(write, plan)
            if not reaches(hub, session, plan, rule):
                raise no_such("patient", rule.patient, do="see GET /api/v1/patients for yours")
            adopted = await hub.houses.edit(
                session.house, put(rule, plan, expected), session.staff
            )
        except RuleRefused as error:
            raise refusals.refused(name, error) from error
        except NotThatVersion as error:
            raise await _changed_meanwhile(
                hub, session, name, error.current, expected
            ) from error
        except KeyError as error:
            raise (refusals.taken(name) if expected is None else refusals.none(name)) from error
        except PlanMoved:
            continue
        except StoreDown as error:
            raise store_away(str(error)) from error
        except EngineStopped as error:
            raise refusals.stopping() from error
        stored = found(adopted.plan, name)
        assert stored is not None
        return stored
    raise refusals.busy()


async def _suspend(hub: Hub, session: Session, name: str) -> None:
    def change(plan: Plan) -> Plan:
        rule = found(plan, name)
        if rule is None:
            return plan
        return with_rule(plan, replace(rule, state=RuleState.SUSPENDED))

    try:
        await hub.houses.edit(session.house, change, session.staff)
    except StoreDown as error:
        raise store_away(str(error)) from error
    except EngineStopped as error:
        raise refusals.stopping() from error


def _expected(name: str, match: str | None) -> int:
    if match is None:
        raise ApiProblem(
            428,
            "if-match-missing",
            "Version missing",
            f"a change of rule {name!r} must say which version it is a change of",
            do='GET the rule and send its ETag as `If-Match: "4"`',
        )
    try:
        return int(match.removeprefix("W/").strip('"'))
    except ValueError:
        raise refusals.invalid(f"If-Match {match!r} is no version of a rule") from None


async def _changed_meanwhile(
    hub: Hub, session: Session, name: str, current: int, expected: int | None
) -> ApiProblem:
    """Say who changed what since the version that the caller had."""
    said, fields, by_whom = "", tuple[str, ...](), dict[str, str]()
    try:
        async with hub.store.read() as connection:
            change = await connection.run_sync(
                last_change, session.house, RuleId(name), expected or 0
            )
    except (StoreDown, OSError):
        change = None
    if change is not None:
        who = hub.names[session.house].staff(change.by) if change.by else "a house file"
        zone = index_of(_plan(hub, session)).zone
        said = f", by {who} at {change.at.astimezone(zone):%Y-%m-%d %H:%M}"
        by_whom = {"by": who if change.by else "", "at": change.at.isoformat()}
        fields = change.fields
    what = f": {', '.join(fields)}" if fields else ""
    problem = ApiProblem(
        412,
        "changed-meanwhile",
        "Changed meanwhile",
        f"rule {name!r} is at version {current}, you changed version {expected}{said}{what}",
        do="GET it again, look at what the other changed, and send yours with the new ETag",
        params={"version": str(current), "mine": str(expected), **by_whom},
    )
    problem.body.errors = [{"field": one, "expected": "changed meanwhile"} for one in fields]
    return problem


# --- Reading ----------------------------------------------------------------------------------


def _plan(hub: Hub, session: Session) -> Plan:
    return hub.engines[session.house].state.plan


def _found(hub: Hub, session: Session, name: str) -> tuple[Plan, Rule]:
    plan = _plan(hub, session)
    rule = found(plan, name)
    if rule is None or not reaches(hub, session, plan, rule):
        raise refusals.none(name)
    return plan, rule


def _answer(hub: Hub, session: Session, plan: Plan, rule: Rule) -> RuleAnswer:
    names, now = hub.names[session.house], hub.clock.now()
    today = now.astimezone(index_of(plan).zone).date()
    pauses = [
        one.until
        for one in hub.engines[session.house].state.pauses
        if one.patient == rule.patient and one.rule in (None, rule.id)
    ]

    def said(say: Callable[[Lang], str]) -> Sentences:
        return Sentences(nb=say("nb"), en=say("en"))

    return RuleAnswer(
        id=rule.id,
        version=rule.version,
        patient=rule.patient,
        patient_name=names.patient(rule.patient),
        state=rule.state,
        sentences=said(lambda lang: rule_sentence(rule, plan, lang, names)),
        basis=said(lambda lang: rule_basis(rule, lang)),
        review_by=rule.review_by,
        review_overdue=rule.state in LISTENS
        and rule.review_by is not None
        and rule.review_by < today,
        paused_until=max(pauses, default=None),
        problems=list(rule.problems()),
        fields=fields_of(rule, plan),
    )


def _tagged(response: Response, answer: RuleAnswer) -> RuleAnswer:
    response.headers["ETag"] = f'"{answer.version}"'
    return answer
