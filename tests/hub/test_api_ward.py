"""Stays, shifts and templates as the console asks for them; refusals with codes."""

from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest

from hub.api.rule_refusals import code_of
from routing.ids import PatientId, RuleId
from routing.plan import CallType, Role, Rule, RuleState
from tests.support.exchange import Exchange, body, exchange
from tests.support.house_in_use import adopted, with_everyone
from tests.support.mosquitto import ROOT

SMALL = (ROOT / "simulators" / "houses" / "small.yaml").read_text("utf-8")
TEMPLATES = """templates:
  night-bed:
    version: 2
    title: Ute av seng om natten
    triggers: [{ kind: bed_exit }]
    call_type: bed_exit
    delay: 10min
rules:
  deviating:
    patient: p-2
    need: Vil ha følge om natten.
    template: night-bed@2
    delay: 5min
    deviation: Faller ofte.
    state: draft
"""


@pytest.fixture
async def hub(tmp_path: Path) -> AsyncIterator[Exchange]:
    """The small house with a free bed and a template, and the exchange's own accounts."""
    async with exchange(tmp_path) as hub:
        text = SMALL.replace('beds: ["102-1"]', 'beds: ["102-1", "102-2"]')
        text = text.replace("rules:\n", TEMPLATES, 1)
        await adopted(hub, with_everyone(text))
        yield hub


async def told(client: httpx.AsyncClient, path: str) -> dict[str, Any]:
    answer = await client.get(f"/api/v1{path}")
    assert answer.status_code == httpx.codes.OK, answer.text
    return body(answer)


async def test_who_stays_here_is_told_with_what_is_worn_and_which_beds_are_free(
    hub: Exchange,
) -> None:
    ward = await told(await hub.console(Role.NURSE), "/stays")

    kari = ward["stays"][0]
    assert (kari["patient"], kari["room"], kari["offer"]) == ("p-1", "101", "accepted")
    assert {one["id"] for one in kari["devices"]} == {"wrist-101", "bed-101"}
    assert [one["bed"] for one in ward["free_beds"]] == ["102-2"]
    assert "the-student" not in {one["id"] for one in ward["carers"]}
    assert ward["left"] == []


async def test_what_a_discharged_patient_wore_is_listed_until_it_is_taken_care_of(
    hub: Exchange,
) -> None:
    nurse = await hub.console(Role.NURSE)
    await nurse.post("/api/v1/patients/p-1/discharge", json={})
    left = (await told(nurse, "/stays"))["left"]
    assert [(one["patient"], sorted(one["to_return"])) for one in left] == [
        ("p-1", ["bed-101", "wrist-101"])
    ]

    await nurse.post("/api/v1/devices/wrist-101/life", json={"life": "cleaning"})

    assert (await told(nurse, "/stays"))["left"][0]["to_return"] == ["bed-101"]


async def test_a_template_is_told_with_the_rules_that_differ_and_why(hub: Exchange) -> None:
    answer = await told(await hub.console(Role.LEADER), "/templates")

    (template,) = answer["templates"]
    assert (template["version"], template["newest"], template["otherwise"]) == (2, 2, False)
    (rule,) = template["rules"]
    assert (rule["follows"], rule["reason"]) == ("deviates", "Faller ofte.")
    assert rule["differs"] == [{"field": "delay", "template": "10min", "rule": "5min"}]
    assert (answer["missing"], answer["untied"]) == ([], 1)


async def test_shifts_tell_who_is_on_duty_and_which_telephone_is_free(hub: Exchange) -> None:
    leader = await hub.console(Role.LEADER)
    before = await told(leader, "/shifts")
    assert before["on_duty"] == []
    assert before["units"] == [
        {"unit": "nord", "name": "Nord", "signed_in": 0, "ready": 0, "nurses": 0}
    ]
    async with hub.page("phone-1", "the-nurse"):
        await hub.ready(1)
        now = await told(leader, "/shifts")

    assert [(one["staff"], one["state"]) for one in now["on_duty"]] == [("the-nurse", "ready")]
    assert now["units"][0]["nurses"] == 1
    assert "the-nurse" not in {one["staff"] for one in now["off_duty"]}


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"goal": "Kari vil ut."}, "stay-names-somebody"),
        ({"assigned": ["nobody"]}, "stay-no-such-staff"),
        ({"practice_until": "2099-01-01T00:00:00Z"}, "stay-practice-too-long"),
        ({"offer": "not_offered"}, None),
    ],
)
async def test_a_refused_stay_has_a_code_that_a_page_can_word(
    hub: Exchange, changes: dict[str, Any], code: str | None
) -> None:
    nurse = await hub.console(Role.NURSE)
    answer = await nurse.patch("/api/v1/patients/p-1/stay", json=changes)
    assert body(answer).get("code") == code


async def test_beds_and_answers_that_cannot_be_have_codes_with_parameters(
    hub: Exchange,
) -> None:
    nurse = await hub.console(Role.NURSE)
    found: list[tuple[str, dict[str, str]]] = []
    for bed in ("102-1", "101-1", "none"):
        answer = body(await nurse.post("/api/v1/patients/p-1/move", json={"bed": bed}))
        found.append((answer["code"], answer["params"]))
    assert found == [
        ("stay-bed-taken", {"bed": "102-1"}),
        ("stay-own-bed", {"bed": "101-1"}),
        ("stay-no-such-bed", {"bed": "none"}),
    ]
    gone = body(await nurse.get("/api/v1/patients/nobody/stay"))
    assert (gone["code"], gone["params"]) == ("no-such-patient", {"id": "nobody"})


def test_whatever_keeps_a_rule_from_being_active_has_a_code() -> None:
    rule = Rule(
        RuleId("r"),
        version=1,
        patient=PatientId("p-1"),
        need="",
        triggers=(),
        call_type=CallType.BED_EXIT,
        state=RuleState.ACTIVE,
        delay=timedelta(0),
    )
    assert rule.problems()
    assert all(code_of(text) for text in rule.problems())
