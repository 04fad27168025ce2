"""Nothing is reachable without signing in but the ways in, and each role reaches its own."""

from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from starlette.routing import BaseRoute, Route, WebSocketRoute
from websockets.exceptions import InvalidStatus

from hub.api.access import ACCESS, ANYBODY, WEBSOCKET, Open
from routing.plan import Role
from tests.support.exchange import Exchange, body, exchange

REFUSED = ("urn:bjelle:problem:not-signed-in", "urn:bjelle:problem:role-not-allowed")
IDS = {
    "{call_id}": "1-1",
    "{handset_id}": "phone-1",
    "{rule_id}": "none",
    "{board_id}": "none",
    "{file:path}": "assets/none.js",
}
HTTP = [entry for entry in ACCESS if entry[0] != WEBSOCKET]
WAYS_IN = {
    ("GET", "/healthz"),
    ("GET", "/readyz"),
    ("GET", "/"),
    ("GET", "/h"),
    ("GET", "/tavle"),
    ("GET", "/demo"),
    ("GET", "/{file:path}"),
    ("POST", "/api/v1/session"),
    ("POST", "/api/v1/handsets/enrol"),
    ("POST", "/api/v1/boards/open"),
}


@pytest.fixture
async def hub(tmp_path: Path) -> AsyncIterator[Exchange]:
    async with exchange(tmp_path) as hub:
        yield hub


def routes(found: list[BaseRoute]) -> Iterator[tuple[str, str]]:
    for route in found:
        if isinstance(route, WebSocketRoute):
            yield WEBSOCKET, route.path
        elif isinstance(route, Route):
            for method in (route.methods or set()) - {"HEAD"}:
                yield method, route.path
        elif nested := getattr(getattr(route, "original_router", route), "routes", None):
            yield from routes(nested)
        else:
            raise AssertionError(f"{route!r} is no route that the table can name")


async def asked(client: httpx.AsyncClient, method: str, path: str) -> Any:
    """Ask, and return the problem's type, or None where the gate let it through."""
    for name, value in IDS.items():
        path = path.replace(name, value)
    answer = await client.request(method, path)
    problem = answer.headers["content-type"].startswith("application/problem+json")
    return body(answer)["type"] if problem else None


def test_the_table_names_every_route_and_nothing_else(hub: Exchange) -> None:
    assert set(routes(hub.app.routes)) == set(ACCESS)


def test_only_the_ways_in_are_open_to_anybody() -> None:
    assert {entry for entry, allowed in ACCESS.items() if allowed == ANYBODY} == WAYS_IN


async def test_nobody_gets_in_without_signing_in(hub: Exchange) -> None:
    for entry in HTTP:
        problem = await asked(hub.client(), *entry)
        if entry in WAYS_IN:
            assert problem not in REFUSED, entry
        else:
            assert problem == "urn:bjelle:problem:not-signed-in", entry


@pytest.mark.parametrize("role", list(Role))
async def test_each_role_reaches_what_the_table_gives_it_and_no_more(
    hub: Exchange, role: Role
) -> None:
    client = await hub.console(role)
    # Signing out is asked last: it ends what the others need.
    for entry in sorted(HTTP, key=lambda one: one == ("DELETE", "/api/v1/session")):
        problem = await asked(client, *entry)
        if entry in WAYS_IN or role in ACCESS[entry]:
            assert problem not in REFUSED, entry
        else:
            assert problem == "urn:bjelle:problem:role-not-allowed", entry


async def test_a_telephones_key_opens_its_tiles_and_the_board_only(hub: Exchange) -> None:
    client = await hub.enrolled("phone-1")
    for entry in HTTP:
        problem = await asked(client, *entry)
        if entry in WAYS_IN or Open.TELEPHONE in ACCESS[entry]:
            assert problem not in REFUSED, entry
        else:
            assert problem == "urn:bjelle:problem:not-signed-in", entry


async def test_what_the_table_does_not_name_gives_nothing_away(hub: Exchange) -> None:
    known = hub.client(), await hub.console(Role.STUDENT)
    for path in (
        "/docs",
        "/redoc",
        "/openapi.json",
        "/api",
        "/api/v1",
        "/api/v1/none",
        "/.env",
    ):
        for client in known:
            answer = await client.get(path)
            assert answer.status_code in (401, 404), path
            assert answer.headers["content-type"] == "application/problem+json"


@pytest.mark.parametrize("path", ["/..%2f..%2fapi/app.py", "/assets/..%2f..%2f..%2fauth.py"])
async def test_files_outside_the_pages_are_not_served(hub: Exchange, path: str) -> None:
    assert (await hub.client().get(path)).status_code == 404


async def test_a_telephones_session_is_worth_nothing_without_its_key(hub: Exchange) -> None:
    client = await hub.signed_in("phone-1", "carer-1")
    stolen = hub.client()
    stolen.cookies.set("bjelle_session", client.cookies["bjelle_session"])
    assert (await client.get("/api/v1/me")).status_code == 200
    assert (await stolen.get("/api/v1/me")).status_code == 401


async def test_a_change_without_our_header_or_from_another_site_is_refused(
    hub: Exchange,
) -> None:
    client = await hub.console(Role.LEADER)
    bare = await client.delete("/api/v1/session", headers={"X-Bjelle": ""})
    foreign = await client.delete("/api/v1/session", headers={"Origin": "http://evil.example"})
    assert body(bare)["type"] == "urn:bjelle:problem:header-missing"
    assert body(foreign)["type"] == "urn:bjelle:problem:foreign-origin"
    assert (await client.get("/api/v1/me")).status_code == 200


async def test_the_telephones_line_is_for_a_telephone_with_somebody_signed_in(
    hub: Exchange,
) -> None:
    nobody, telephone = hub.client(), await hub.enrolled("phone-1")
    for client in (nobody, telephone, await hub.console(Role.NURSE)):
        with pytest.raises(InvalidStatus) as refused:
            async with hub.socket(client):
                pass
        assert refused.value.response.status_code == 403


@pytest.mark.parametrize("role", list(Role))
async def test_the_telephones_line_is_for_every_role(hub: Exchange, role: Role) -> None:
    assert role in ACCESS[WEBSOCKET, "/api/v1/handset"]
    async with hub.page("phone-1", f"the-{role}") as page:
        assert page.snapshots[0].me.role is role


async def test_a_page_of_another_site_cannot_open_the_telephones_line(hub: Exchange) -> None:
    client = await hub.signed_in("phone-1", "carer-1")
    with pytest.raises(InvalidStatus) as refused:
        async with hub.socket(client, origin="http://evil.example"):
            pass
    assert refused.value.response.status_code == 403


async def test_every_answer_carries_the_security_headers(hub: Exchange) -> None:
    for path in ("/healthz", "/api/v1/calls", "/h", "/none"):
        headers = (await hub.client().get(path)).headers
        assert "default-src 'self'" in headers["content-security-policy"]
        assert "frame-ancestors 'self'" in headers["content-security-policy"]
        assert headers["x-content-type-options"] == "nosniff"
        assert headers["x-frame-options"] == "SAMEORIGIN"
    assert (await hub.client().get("/api/v1/calls")).headers["cache-control"] == "no-store"


async def test_the_figures_are_for_technicians_and_for_who_has_the_token(
    tmp_path: Path,
) -> None:
    async with exchange(tmp_path, metrics_token="scrape-me") as hub:
        client = hub.client()
        assert (await client.get("/metrics")).status_code == 401
        wrong = await client.get("/metrics", headers={"Authorization": "Bearer nearly"})
        right = await client.get("/metrics", headers={"Authorization": "Bearer scrape-me"})
        assert (wrong.status_code, right.status_code) == (401, 200)
        assert b"bjelle_calls_open" in right.content


async def test_without_a_token_in_the_settings_an_empty_one_opens_nothing(
    hub: Exchange,
) -> None:
    answer = await hub.client().get("/metrics", headers={"Authorization": "Bearer"})
    assert answer.status_code == 401
