"""Rules over HTTP: the house file's checks, versions, who may, and what is told of others."""

from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest
from sqlalchemy import select

from hub.api import rehearsing
from hub.store import tables
from routing.events import SignalReceived
from routing.ids import DeviceId
from routing.plan import CallType, Role, RuleState
from routing.readings import BedChanged
from tests.support.exchange import Exchange, body, exchange
from tests.support.house_in_use import with_everyone
from tests.support.mosquitto import ROOT
from tests.support.stores import locked

SMALL = (ROOT / "simulators" / "houses" / "small.yaml").read_text()
RULE = "bed-exit-101"
AT = f"/api/v1/rules/{RULE}"
DRAFT: dict[str, Any] = {
    "patient": "p-1",
    "need": "Vil ha følge om natten.",
    "triggers": [{"kind": "bed_exit"}],
    "call_type": "bed_exit",
    "delay": "5min",
    "state": "draft",
}


@pytest.fixture
async def hub(tmp_path: Path) -> AsyncIterator[Exchange]:
    """The small house in use: with a rule, and the exchange's own accounts."""
    async with exchange(tmp_path) as hub:
        answer = await imported(hub, file())
        assert answer.status_code == 200, answer.text
        yield hub


def file() -> str:
    """The small house, with one of each role who may sign in."""
    return with_everyone(SMALL)


async def imported(hub: Exchange, text: str) -> httpx.Response:
    leader = await hub.console(Role.LEADER)
    return await leader.post(
        "/api/v1/house", content=text, headers={"Content-Type": "application/yaml"}
    )


async def patch(
    client: httpx.AsyncClient, match: int | None = 1, **fields: Any
) -> httpx.Response:
    headers = {} if match is None else {"If-Match": f'"{match}"'}
    return await client.patch(AT, json=fields, headers=headers)


def rule_of(hub: Exchange) -> Any:
    return next(rule for rule in hub.state.plan.rules if rule.id == RULE)


async def test_a_rule_is_told_in_both_languages_with_its_version(hub: Exchange) -> None:
    answer = await (await hub.console(Role.CARER)).get(AT)

    assert answer.headers["ETag"] == '"1"'
    told = body(answer)
    assert told["sentences"]["nb"].startswith("Hver natt 22:00–07:00: når Kari N. er ute av")
    assert told["sentences"]["en"].startswith("Every night 22:00–07:00: when Kari N. is out")
    assert told["fields"]["delay"] == "10min"


async def test_a_change_holds_at_once_and_gets_the_next_version(hub: Exchange) -> None:
    nurse = await hub.console(Role.NURSE)
    done = await patch(nurse, delay="3min")
    again = await patch(nurse, match=2, delay="4min")

    assert (done.status_code, done.headers["ETag"], again.headers["ETag"]) == (
        200,
        '"2"',
        '"3"',
    )
    assert rule_of(hub).delay == timedelta(minutes=4)
    assert "mer enn 4 minutter" in body(again)["sentences"]["nb"]


async def test_who_changed_what_meanwhile_is_told_with_412(hub: Exchange) -> None:
    nurse, leader = await hub.console(Role.NURSE), await hub.console(Role.LEADER)
    await patch(leader, delay="3min", text="Ute av seng")
    refused = await patch(nurse, delay="8min")

    assert refused.status_code == 412
    problem = body(refused)
    assert problem["type"] == "urn:bjelle:problem:changed-meanwhile"
    assert "by Den l." in problem["detail"]
    assert {one["field"] for one in problem["errors"]} == {"delay", "text"}
    assert rule_of(hub).delay == timedelta(minutes=3)


async def test_a_change_that_names_no_version_is_refused(hub: Exchange) -> None:
    refused = await patch(await hub.console(Role.NURSE), match=None, delay="1min")

    assert (refused.status_code, rule_of(hub).version) == (428, 1)


@pytest.mark.parametrize("missing", ["basis", "review_by"])
async def test_no_rule_becomes_active_without_basis_and_review_date(
    hub: Exchange, missing: str
) -> None:
    nurse = await hub.console(Role.NURSE)
    active = DRAFT | {"state": "active", "basis": "consent", "review_by": "2027-01-01"}
    without = {name: value for name, value in active.items() if name != missing}
    made = await nurse.post("/api/v1/rules", json={"id": "r2", "fields": without})
    patched = await patch(nurse, **{missing: None})
    put = await nurse.put(AT, json=without, headers={"If-Match": '"1"'})
    draft = await nurse.post("/api/v1/rules", json={"id": "r3", "fields": DRAFT})
    raised = await nurse.patch(
        "/api/v1/rules/r3",
        json={"state": "active", "basis": "consent", "review_by": "2027-01-01", missing: None},
        headers={"If-Match": '"1"'},
    )

    for refused in (made, patched, put, raised):
        assert refused.status_code == 422, refused.text
        assert body(refused)["type"] == "urn:bjelle:problem:rule-refused"
    assert draft.status_code == 201
    assert len(body(draft)["problems"]) == 0
    assert {rule.state for rule in hub.state.plan.rules} == {RuleState.ACTIVE, RuleState.DRAFT}


async def test_what_the_house_does_not_have_is_refused_by_field(hub: Exchange) -> None:
    nurse = await hub.console(Role.NURSE)
    refused = await patch(nurse, delay="soon", ladder="none")
    named = await patch(nurse, need="Kari går støtt")

    assert {one["field"] for one in body(refused)["errors"]} >= {"delay"}
    assert "Kari" in body(named)["detail"]
    assert rule_of(hub).version == 1


async def test_an_objection_silences_at_once_and_says_who_decides(hub: Exchange) -> None:
    carer, nurse = await hub.console(Role.CARER), await hub.console(Role.NURSE)
    told = body(await carer.post(f"{AT}/object"))
    again = await patch(nurse, match=2, state="active")
    by_a_draft = await patch(nurse, match=2, state="draft")
    decided = await patch(
        nurse, match=2, state="active", basis_reference="Ny samtale 21. november"
    )

    assert told["rule"]["state"] == "suspended"
    assert told["decides"]["nb"].startswith("Samtykket er trukket")
    assert (again.status_code, by_a_draft.status_code) == (422, 422)
    assert decided.status_code == 200
    assert rule_of(hub).state is RuleState.ACTIVE


async def test_an_objection_tells_who_decides_and_the_journal_has_it(hub: Exchange) -> None:
    nurse = await hub.console(Role.NURSE)
    await nurse.post(f"{AT}/object")

    (told,) = [one for one in hub.state.calls.values() if one.type is CallType.INFORMATION]
    assert (told.rule, told.patient, told.unit) == (RULE, "p-1", "nord")
    shown = body(await nurse.get(f"/api/v1/calls/{told.id}"))
    assert "Pasienten sa nei" in str(shown)
    assert "Samtykket er trukket" in str(shown)
    events = tables.call_events.c
    async with hub.store.read() as connection:
        rows = await connection.execute(select(events.reason).where(events.call == told.id))
        assert "objected" in {row.reason for row in rows}
    await patch(nurse, match=2, state="active", basis_reference="Ny samtale 21. november")
    assert hub.state.calls[told.id].closed_at is not None


async def test_a_file_does_not_wake_a_rule_that_the_patient_objected_to(hub: Exchange) -> None:
    nurse = await hub.console(Role.NURSE)
    await nurse.post(f"{AT}/object")

    for text in (file(), file().replace("state: active", "state: draft")):
        refused = await imported(hub, text)
        assert refused.status_code == 409, refused.text
        problem = body(refused)
        assert problem["type"] == "urn:bjelle:problem:house-stands"
        assert problem["errors"][0]["path"] == f"rules.{RULE}"
        said = problem["errors"][0]["text"]
        assert "the patient objected (Den n." in said
        assert "name the new decision" in said
    left_out = await imported(hub, file().split("rules:")[0])
    assert (left_out.status_code, "leaves the rule out" in left_out.text) == (409, True)
    assert rule_of(hub).state is RuleState.SUSPENDED

    kept = await imported(hub, file().replace("state: active", "state: suspended"))
    assert (kept.status_code, rule_of(hub).state) == (200, RuleState.SUSPENDED)
    decided = file().replace("Samtale ved innkomst", "Ny samtale 21. november")
    assert (await imported(hub, decided)).status_code == 200
    assert rule_of(hub).state is RuleState.ACTIVE


async def test_a_file_wakes_no_rule_that_was_paused_or_ended(hub: Exchange) -> None:
    nurse = await hub.console(Role.NURSE)
    await patch(nurse, state="paused")
    paused = await imported(hub, file())
    assert (paused.status_code, "it was paused (Den n." in paused.text) == (409, True)
    assert rule_of(hub).state is RuleState.PAUSED

    await nurse.post(f"{AT}/end", headers={"If-Match": '"2"'})
    ended = await imported(hub, file())
    assert (ended.status_code, "it was ended (Den n." in ended.text) == (409, True)
    by_page = await patch(nurse, match=3, state="active")
    assert by_page.status_code == 422
    assert "the rule was ended" in by_page.text


async def test_a_pause_by_its_owner_survives_a_file_that_is_imported_again(
    hub: Exchange,
) -> None:
    nurse = await hub.console(Role.NURSE)
    until = hub.clock.now() + timedelta(hours=1)
    await nurse.post(f"{AT}/pause", json={"until": until.isoformat(), "reason": "stell"})

    again = await imported(hub, file().replace("delay: 10min", "delay: 9min"))

    assert again.status_code == 200
    assert [(one.by, one.rule) for one in hub.state.pauses] == [("the-nurse", RULE)]
    assert body(await nurse.get(AT))["paused_until"] is not None


async def test_a_pause_has_an_owner_a_reason_and_an_end(hub: Exchange) -> None:
    nurse = await hub.console(Role.NURSE)
    until = hub.clock.now() + timedelta(hours=1)
    done = await nurse.post(f"{AT}/pause", json={"until": until.isoformat(), "reason": "stell"})
    long = await nurse.post(
        f"{AT}/pause",
        json={"until": (until + timedelta(days=2)).isoformat(), "reason": "stell"},
    )

    assert body(done)["paused_until"] is not None
    assert [(one.by, one.reason, one.rule) for one in hub.state.pauses] == [
        ("the-nurse", "stell", RULE)
    ]
    assert long.status_code == 422


async def test_an_ended_rule_stays_readable(hub: Exchange) -> None:
    nurse = await hub.console(Role.NURSE)
    done = await nurse.post(f"{AT}/end", headers={"If-Match": '"1"'})

    assert body(done)["state"] == "ended"
    assert body(await nurse.get("/api/v1/rules?state=ended"))["rules"][0]["id"] == RULE
    assert rule_of(hub).valid_until is not None


@pytest.mark.parametrize("role", [Role.CARER, Role.STUDENT, Role.TECHNICIAN])
async def test_who_does_not_decide_changes_nothing(hub: Exchange, role: Role) -> None:
    client = await hub.console(role)
    made = await client.post("/api/v1/rules", json={"id": "r2", "fields": DRAFT})
    for answer in (await patch(client, delay="1min"), made):
        assert answer.status_code == 403
    assert rule_of(hub).version == 1


async def test_reading_and_changing_stand_in_the_access_log(hub: Exchange) -> None:
    nurse = await hub.console(Role.NURSE)
    await nurse.get(AT)
    await patch(nurse, delay="3min")
    log = tables.access_log.c
    async with hub.store.read() as connection:
        rows = await connection.execute(
            select(log.staff, log.what, log.subject).where(log.what.contains(RULE))
        )
        assert [tuple(row) for row in rows] == [
            ("the-nurse", f"rule {RULE}", "p-1"),
            ("the-nurse", f"change of rule {RULE}", "p-1"),
        ]


async def test_a_change_waits_for_the_store(hub: Exchange, tmp_path: Path) -> None:
    nurse = await hub.console(Role.NURSE)
    with locked(tmp_path / "hub.db"):
        away = await patch(nurse, delay="3min")

    assert (away.status_code, rule_of(hub).version) == (503, 1)


@pytest.mark.timeout(180)
async def test_a_draft_is_rehearsed_on_the_patients_own_past(hub: Exchange) -> None:

    for serial, occupied in enumerate((True, False)):
        await hub.engine.submit(
            SignalReceived(
                hub.engine.next_signal(),
                DeviceId("bed-101"),
                (BedChanged(occupied),),
                key=f"k{serial}",
            )
        )
    nurse = await hub.console(Role.NURSE)
    answer = await nurse.post(  # a process of its own, humbly: it waits for everybody else
        "/api/v1/rules/rehearse",
        json={"fields": DRAFT | {"delay": "0s"}, "nights": 2},
        timeout=rehearsing.WITHIN_S,
    )

    assert answer.status_code == 200, answer.text
    told = body(answer)
    assert len(told["calls"]) == 1
    assert told["problems"]
    assert told["sentence"].startswith("Utkast")


async def test_a_draft_is_read_back_as_a_sentence_and_nothing_is_changed(hub: Exchange) -> None:
    nurse = await hub.console(Role.NURSE)
    read = await nurse.post("/api/v1/rules/preview", json={"fields": DRAFT | {"delay": "4min"}})
    assert read.status_code == 200, read.text
    assert "4 min" in body(read)["sentences"]["nb"]
    assert "4 min" in body(read)["sentences"]["en"]
    assert body(read)["problems"] == []
    wrong = await nurse.post("/api/v1/rules/preview", json={"fields": DRAFT | {"delay": "ten"}})
    assert wrong.status_code == 422
    assert [one["field"] for one in body(wrong)["errors"]] == ["delay"]
    assert body(await nurse.get("/api/v1/rules"))["rules"][0]["version"] == 1
