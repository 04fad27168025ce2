"""What the API answers: calls and stories, board, ward, technical page, problems."""

import json
from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest
from sqlalchemy import delete, select

from hub.api.frames import Action
from hub.store import tables
from hub.store.rows import QuarantinedMessage
from routing.events import BrokerChanged, HandsetState, Outcome
from routing.ids import SignalId
from routing.plan import Role
from tests.support.exchange import HOUSE, Exchange, body, exchange
from tests.support.shell import until


@pytest.fixture
async def hub(tmp_path: Path) -> AsyncIterator[Exchange]:
    async with exchange(tmp_path) as hub:
        yield hub


async def get(client: httpx.AsyncClient, path: str) -> Any:
    answer = await client.get(path)
    assert answer.status_code == 200, answer.text
    return body(answer)


async def seen_through(hub: Exchange) -> str:
    """One call from press to close; returns its id."""
    async with hub.page("phone-1", "carer-1") as page:
        await hub.ready(1)
        await hub.press()
        card = await page.ringing()
        await until(lambda: hub.state.calls[hub.state.open[0]].rang_at)
        for action, more in (
            (Action.TAKE, {}),
            (Action.ARRIVE, {"room": "r101"}),
            (Action.CLOSE, {"outcome": Outcome.TOILET}),
        ):
            assert (await page.done(action, card.id, **more)).ok
        return card.id


async def readings(hub: Exchange) -> list[tuple[str, str, str]]:
    async with hub.store.read() as connection:
        rows = await connection.execute(select(tables.access_log).order_by("id"))
        return [(row.staff, row.what, row.subject) for row in rows]


async def test_a_call_has_its_five_times_and_its_story(hub: Exchange) -> None:
    call = await seen_through(hub)
    nurse = await hub.console(Role.NURSE)
    (found,) = (await get(nurse, "/api/v1/calls"))["calls"]
    assert (found["id"], found["room"], found["patient"]) == (call, "101", "Kari N.")
    assert (found["state"], found["outcome"]) == ("closed", "toilet")
    times = [
        found[f"{name}_at"]
        for name in ("registered", "delivered", "taken", "present", "closed")
    ]
    assert all(times)
    assert times == sorted(times)

    told = await get(nurse, f"/api/v1/calls/{call}?lang=en")
    moves = [one["move"] for one in told["story"]]
    assert moves[0] == "opened"
    assert moves[-1] == "closed"
    assert [m for m in moves if m in ("rang", "taken", "arrived")] == [
        "rang",
        "taken",
        "arrived",
    ]
    taken = next(one for one in told["story"] if one["move"] == "taken")
    assert taken["staff"] == {"id": "carer-1", "name": "Carer-1"}
    assert taken["text"]
    figures = await get(nurse, "/api/v1/quality/response-times?by=unit")
    assert figures["whole"]["calls"] == 1


async def test_who_read_about_whom_is_logged(hub: Exchange) -> None:
    call = await seen_through(hub)
    nurse = await hub.console(Role.NURSE)
    await get(nurse, "/api/v1/calls")
    await get(nurse, f"/api/v1/calls/{call}")
    await get(nurse, "/api/v1/patients")
    assert await readings(hub) == [
        ("the-nurse", "calls", "p-1"),
        ("the-nurse", "call", "p-1"),
        ("the-nurse", "patients", "p-1"),
    ]


async def test_a_technician_sees_calls_without_patients(hub: Exchange) -> None:
    call = await seen_through(hub)
    technician = await hub.console(Role.TECHNICIAN)
    (found,) = (await get(technician, "/api/v1/calls"))["calls"]
    told = await get(technician, f"/api/v1/calls/{call}")
    assert found["patient"] is None
    assert "Kari" not in json.dumps(told)
    assert await readings(hub) == []


async def test_calls_come_in_pages_that_overlap_in_nothing(hub: Exchange) -> None:
    now = hub.clock.now()
    row = {
        "house": HOUSE,
        "type": "patient",
        "priority": 2,
        "unit": "nord",
        "practice": False,
        "late": False,
        "state": "closed",
        "pressed": 1,
        "reopened": 0,
        "rungs": 1,
    }
    rows = [
        # Pairs of equal times: the id decides between them.
        {**row, "id": f"1-{n}", "opened_at": now - timedelta(minutes=n // 2)}
        for n in range(25)
    ]
    await hub.store.write((tables.calls.insert(), rows))
    nurse = await hub.console(Role.NURSE)
    found: list[str] = []
    page = await get(nurse, "/api/v1/calls?limit=10")
    found += [call["id"] for call in page["calls"]]
    while page["next"]:
        page = await get(nurse, f"/api/v1/calls?limit=10&after={page['next']}")
        found += [call["id"] for call in page["calls"]]
    assert len(found) == len(set(found)) == 25
    since = (now - timedelta(minutes=2, seconds=1)).isoformat().replace("+", "%2B")
    recent = await get(nurse, f"/api/v1/calls?since={since}")
    assert len(recent["calls"]) == 6
    assert (await get(nurse, "/api/v1/calls?unit=sor"))["calls"] == []
    assert (await get(nurse, "/api/v1/calls?open=true"))["calls"] == []


async def test_an_open_call_is_on_the_board_without_the_patients_name(hub: Exchange) -> None:
    board = await hub.enrolled("phone-2")
    async with hub.page("phone-1", "carer-1") as page:
        await hub.ready(1)
        await hub.press()
        card = await page.ringing()
        assert (await page.done(Action.TAKE, card.id)).ok
        shown = await get(board, "/api/v1/board")
        assert "Kari" not in json.dumps(shown)
        assert "p-1" not in json.dumps(shown)
        (call,) = shown["calls"]
        assert (call["room"], call["owner"], call["state"]) == ("101", "Carer-1", "taken")
        (staff,) = shown["staff"]
        assert (staff["doing"], staff["room"]) == ("on_the_way", "101")
        nurse = await hub.console(Role.NURSE)
        (still_open,) = (await get(nurse, "/api/v1/calls?open=true"))["calls"]
        assert still_open["closed_at"] is None


async def test_the_ward_list_is_of_ones_own_units(hub: Exchange) -> None:
    nurse = await hub.console(Role.NURSE)
    (patient,) = (await get(nurse, "/api/v1/patients"))["patients"]
    assert (patient["name"], patient["room"], patient["rules"]) == ("Kari N.", "101", [])
    assert (await get(nurse, "/api/v1/patients?unit=sor"))["patients"] == []


async def test_what_nobody_understood_is_shown_with_its_bytes(hub: Exchange) -> None:
    technician = await hub.console(Role.TECHNICIAN)
    hub.store.keep(
        QuarantinedMessage(
            HOUSE, SignalId("1-9"), hub.clock.now(), "z/wrist", b"\xff\x00", "no JSON"
        )
    )
    await hub.engine.submit(BrokerChanged(up=True))
    (found,) = (await get(technician, "/api/v1/quarantine"))["messages"]
    assert (found["topic"], found["why"], found["excerpt"]) == ("z/wrist", "no JSON", "ff00")


async def test_the_technical_page_tells_of_broker_store_telephones_and_bridges(
    hub: Exchange,
) -> None:
    technician = await hub.console(Role.TECHNICIAN)
    async with hub.page("phone-1", "carer-1"):
        await hub.ready(1)
        status = await get(technician, "/api/v1/status")
    phone = next(one for one in status["handsets"] if one["id"] == "phone-1")
    assert (phone["state"], phone["connected"], phone["staff"]) == ("ready", True, "carer-1")
    other = next(one for one in status["handsets"] if one["id"] == "phone-2")
    assert (other["state"], other["connected"]) == (str(HandsetState.SIGNED_OFF), False)
    assert (status["broker"], status["store"], status["inbox"]) == (
        True,
        "recorded",
        {"alarm": 0, "bulk": 0},
    )
    assert [bridge["id"] for bridge in status["bridges"]] == ["z2m"]
    assert status["never_heard"] == 1


async def test_the_hub_is_not_ready_without_its_broker_but_alive(hub: Exchange) -> None:
    client = hub.client()
    assert (await get(client, "/readyz"))["ready"] is True
    await hub.engine.submit(BrokerChanged(up=False, since=hub.clock.now()))
    answer = await client.get("/readyz")
    assert answer.status_code == 503
    assert "broker" in body(answer)["details"][0]
    assert (await client.get("/healthz")).status_code == 200


async def test_a_request_that_is_not_understood_names_the_field_and_no_secret(
    hub: Exchange,
) -> None:
    given = {"staff": "carer-1", "pin": "4711471147114711"}
    answer = await hub.client().post("/api/v1/session", json=given)
    assert answer.status_code == 422
    assert answer.headers["content-type"] == "application/problem+json"
    problem = body(answer)
    assert any("pin" in one["field"] for one in problem["errors"])
    assert problem["next"]
    assert "4711471147114711" not in answer.text


@pytest.mark.parametrize(
    ("path", "status"),
    [
        ("/api/v1/calls/9-99", 404),
        ("/api/v1/calls?after=nonsense", 422),
        ("/api/v1/calls?limit=0", 422),
        ("/api/v1/quality/response-times?since=2026-01-02T00:00:00", 422),
        ("/api/v1/quality/response-times?since=2999-01-02T00:00:00Z", 422),
        ("/api/v1/none", 404),
    ],
)
async def test_a_problem_says_what_and_what_to_do(
    hub: Exchange, path: str, status: int
) -> None:
    answer = await (await hub.console(Role.LEADER)).get(path)
    problem = body(answer)
    assert (answer.status_code, problem["status"]) == (status, status)
    assert problem["type"].startswith("urn:bjelle:problem:")
    assert problem["detail"]
    assert problem["next"]


async def test_the_openapi_document_describes_every_route(hub: Exchange) -> None:
    document = await get(await hub.console(Role.LEADER), "/api/v1/openapi.json")
    assert "/api/v1/calls/{call_id}" in document["paths"]
    assert "/api/v1/session" in document["paths"]


async def test_a_session_that_is_no_longer_in_the_store_opens_nothing(
    hub: Exchange,
) -> None:
    client = await hub.console(Role.NURSE)
    await hub.store.write(delete(tables.sessions))
    await hub.accounts.load()
    assert (await client.get("/api/v1/me")).status_code == 401
