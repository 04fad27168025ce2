"""Coverage and reviews over HTTP, and `bjelle coverage` that asks the running hub."""

import asyncio
import json
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path

import pytest
from typer import Typer
from typer.testing import CliRunner, Result

from hub.cli_coverage import coverage
from routing.events import PlanAdopted
from routing.ids import PatientId, RuleId
from routing.plan import Basis, CallType, Profile, Role, Rule, RuleState, Trigger, TriggerKind
from tests.support.exchange import PASSWORD, Exchange, body, exchange

app = Typer()
app.command("coverage")(coverage)


@pytest.fixture
async def hub(tmp_path: Path) -> AsyncIterator[Exchange]:
    async with exchange(tmp_path) as hub:
        yield hub


async def test_with_nobody_on_duty_every_bed_is_a_gap_in_words(hub: Exchange) -> None:
    nurse = await hub.console(Role.NURSE)

    told = body(await nurse.get("/api/v1/coverage"))
    english = body(await nurse.get("/api/v1/coverage?lang=en"))

    assert told["beds"] == 1
    assert told["gaps"]
    assert {one["bed"] for one in told["gaps"]} == {"b101"}
    assert all(one["text"] for one in told["gaps"])
    assert told["gaps"][0]["text"] != english["gaps"][0]["text"]


async def test_somebody_competent_with_a_ready_telephone_closes_the_gap(hub: Exchange) -> None:
    nurse = await hub.console(Role.NURSE)
    before = {one["call_type"] for one in body(await nurse.get("/api/v1/coverage"))["gaps"]}
    async with hub.page("phone-1", "the-nurse"):
        await hub.ready(1)
        told = body(await nurse.get("/api/v1/coverage"))

    assert str(CallType.PATIENT) in before
    assert str(CallType.PATIENT) not in {one["call_type"] for one in told["gaps"]}


async def test_the_command_asks_the_running_hub(
    hub: Exchange, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("BJELLE_PORT", str(hub.app.state.port))
    nobody = await asked("--login", "the-nurse", "--json")
    async with hub.page("phone-1", "the-nurse"):
        await hub.ready(1)
        somebody = await asked("--login", "the-nurse")
    wrong = await asked("--login", "the-student")
    both = await asked("--login", "the-nurse", "--at", "2026-11-21T02:30")

    assert nobody.exit_code == 1, nobody.output
    assert json.loads(nobody.stdout)["gaps"]
    assert "1 beds, " in somebody.stdout
    assert (wrong.exit_code, "not asked" in wrong.stderr) == (2, True)
    assert (both.exit_code, "leave FILE" in both.stderr) == (2, True)


async def asked(*words: str) -> Result:
    """Run the command beside the hub's loop, as a person at a prompt does."""
    return await asyncio.to_thread(CliRunner().invoke, app, list(words), input=f"{PASSWORD}\n")


async def test_what_is_overdue_is_listed_first_with_its_sentence(hub: Exchange) -> None:
    plan, today = hub.state.plan, hub.clock.now().date()
    rules = (rule("late", today - timedelta(days=3)), rule("soon", today + timedelta(days=3)))
    since = hub.clock.now() - timedelta(hours=30)
    stays = tuple(replace(one, profile=Profile.ARRIVAL, since=since) for one in plan.stays)
    await hub.engine.submit(PlanAdopted(replace(plan, version=2, rules=rules, stays=stays)))
    nurse = await hub.console(Role.NURSE)

    told = body(await nurse.get("/api/v1/reviews"))["reviews"]
    overdue = body(await nurse.get("/api/v1/reviews?overdue=true&lang=en"))["reviews"]

    assert [(one["kind"], one["rule"], one["overdue"]) for one in told] == [
        ("rule", "late", True),
        ("arrival", None, True),
        ("rule", "soon", False),
    ]
    assert [one["rule"] for one in overdue] == ["late", None]
    assert overdue[1]["sentence"] == "Talk about the arrival"
    assert "ute av senga" in told[0]["sentence"] or "ute av seng" in told[0]["sentence"]


def rule(name: str, review_by: date) -> Rule:
    return Rule(
        RuleId(name),
        1,
        PatientId("p-1"),
        "vil ha følge",
        (Trigger(TriggerKind.BED_EXIT),),
        CallType.BED_EXIT,
        RuleState.ACTIVE,
        basis=Basis.CONSENT,
        review_by=review_by,
    )
