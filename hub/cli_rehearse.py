"""`bjelle rehearse`: a rule on the patient's own past nights, before it rings for anybody."""

import sys
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from typing import Annotated

import typer
from sqlalchemy import Connection

from hub.cli_door import (
    HouseOption,
    JsonOption,
    StoreOption,
    fail,
    one_house,
    opened,
    print_json,
)
from hub.cli_door import run as run_work
from hub.clock import SystemClock
from hub.house_store import newest_plan
from hub.names import Names
from hub.rehearsal import Rehearsed
from hub.rehearsal_store import (
    LONGEST,
    NIGHTS,
    NothingToRehearse,
    rehearse_house,
    since_nights,
)
from hub.rehearsal_told import as_json, lines
from hub.rule_draft import Fields, RuleRefused, drafted, fields_of, read_file, read_text
from hub.sentence_texts import Lang
from routing.index import index_of
from routing.plan import Plan, Rule


def rehearse(
    rule: Annotated[
        str, typer.Option("--rule", help="A YAML file with one rule, a rule's id, or -.")
    ],
    patient: Annotated[
        str | None, typer.Option("--patient", help="Rehearse it as this patient's.")
    ] = None,
    nights: Annotated[
        int, typer.Option(help="How many nights back, noon to noon.", min=1, max=LONGEST)
    ] = NIGHTS,
    until: Annotated[
        str | None, typer.Option("--until", help="A moment with a zone. Default: now.")
    ] = None,
    lang: Annotated[str, typer.Option(help="nb or en.")] = "nb",
    store: StoreOption = None,
    house: HouseOption = None,
    json: JsonOption = False,
) -> None:
    """Tell which calls a rule would have made, beside what really happened."""
    if lang not in {"nb", "en"}:
        fail(f"--lang {lang}: expected nb or en")
    found = run_work(_rehearsed(_Asked(rule, patient, nights, _moment(until)), store, house))
    said: Lang = "nb" if lang == "nb" else "en"
    if json:
        print_json(as_json(found.told, found.plan, found.names, said))
    else:
        print("\n".join(lines(found.told, found.plan, found.names, said)))


@dataclass(frozen=True, slots=True)
class _Asked:
    rule: str
    patient: str | None
    nights: int
    until: datetime


@dataclass(frozen=True, slots=True)
class _Found:
    told: Rehearsed
    plan: Plan
    names: Names


def _moment(text: str | None) -> datetime:
    if text is None:
        return SystemClock().now()
    try:
        at = datetime.fromisoformat(text)
    except ValueError:
        fail(f"--until {text}: expected a moment like 2026-11-21T12:00+01:00")
    if at.tzinfo is None:
        fail(f"--until {text}: has no zone: write an offset, as in {text}+01:00")
    return at


async def _rehearsed(asked: _Asked, store: str | None, house: str | None) -> _Found:
    base = await opened(store)
    try:
        which = await one_house(base, house)
        plan = await newest_plan(base, which)
        assert plan is not None
        async with base.read() as connection:
            names = await Names.load(connection, which)
        chosen = _rule(asked, plan, names)
        since = since_nights(asked.nights, asked.until, index_of(plan).zone)

        def work(connection: Connection) -> Rehearsed:
            return rehearse_house(connection, which, chosen, since=since, until=asked.until)

        async with base.read() as connection:
            told = await connection.run_sync(work)
        rules = tuple(one for one in plan.rules if one.id != chosen.id)
        return _Found(told, replace(plan, rules=(*rules, chosen)), names)
    except RuleRefused as error:
        fail(f"not rehearsed: {error}")
    except NothingToRehearse as error:
        fail(str(error))
    finally:
        await base.close()


def _rule(asked: _Asked, plan: Plan, names: Names) -> Rule:
    name, fields = _written(asked.rule, plan)
    if asked.patient is not None:
        fields = {**fields, "patient": asked.patient}
    return drafted(plan, names, name, fields)


def _written(rule: str, plan: Plan) -> tuple[str, Fields]:
    if rule == "-":
        return read_text(sys.stdin.read(), "draft")
    known = next((one for one in plan.rules if one.id == rule), None)
    if known is not None:
        return rule, fields_of(known, plan)
    if not Path(rule).exists():
        ids = ", ".join(one.id for one in plan.rules) or "none"
        fail(f"--rule {rule}: neither a file nor a rule of this house; its rules: {ids}")
    return read_file(Path(rule))
