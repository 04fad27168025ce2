"""Signing in: the right secret opens, wrong ones lock, and nothing usable is stored."""

from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest
from sqlalchemy import select, update

from hub.accounts import Accounts
from hub.auth import (
    LONGEST_LOCK,
    PIN_LOCK,
    PIN_TRIES,
    Tries,
    WeakSecret,
    code_hash,
    hash_password,
    hash_pin,
    matches,
    token_hash,
)
from hub.store import tables
from routing.ids import HandsetId, StaffId
from routing.plan import Role
from tests.support.exchange import HOUSE, PASSWORD, PIN, Exchange, body, exchange

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)


@pytest.fixture
async def hub(tmp_path: Path) -> AsyncIterator[Exchange]:
    async with exchange(tmp_path) as hub:
        yield hub


async def pin(client: httpx.AsyncClient, staff: str, given: str) -> httpx.Response:
    return await client.post("/api/v1/session", json={"staff": staff, "pin": given})


async def rows(hub: Exchange, table: Any) -> list[Any]:
    async with hub.store.read() as connection:
        return list(await connection.execute(select(table)))


# --- Secrets


@pytest.mark.parametrize("given", ["123", "1234567", "12a4", "", "１２３４"])
def test_a_pin_is_four_to_six_digits(given: str) -> None:
    with pytest.raises(WeakSecret, match="4 to 6 digits"):
        hash_pin(given)


def test_a_short_password_is_refused() -> None:
    with pytest.raises(WeakSecret, match="at least 10"):
        hash_password("ninechars")


async def test_secrets_are_hashed_with_argon2id_and_salted() -> None:
    one, two = hash_pin("4711"), hash_pin("4711")
    assert one.startswith("$argon2id$")
    assert one != two
    assert await matches(one, "4711")
    assert not await matches(one, "4712")
    assert not await matches(None, "4711")
    assert not await matches("not a hash", "4711")


def test_a_code_may_be_typed_in_any_case_with_dashes() -> None:
    assert code_hash("abcd-efgh") == code_hash("ABCD EFGH") != code_hash("ABCDEFGI")


def test_each_lock_is_twice_as_long_as_the_last_up_to_the_longest() -> None:
    tries = Tries()
    for _ in range(PIN_TRIES - 1):
        tries = tries.wrong(NOON, PIN_TRIES)
        assert not tries.locked(NOON)
    locks: list[timedelta] = []
    for _ in range(12):
        tries = tries.wrong(NOON, PIN_TRIES)
        assert tries.locked(NOON)
        assert tries.locked_until is not None
        locks.append(tries.locked_until - NOON)
    assert locks[:3] == [PIN_LOCK, 2 * PIN_LOCK, 4 * PIN_LOCK]
    assert locks[-1] == LONGEST_LOCK
    assert not tries.locked(NOON + LONGEST_LOCK)


# --- Telephones


async def test_a_person_signs_in_on_an_enrolled_telephone(hub: Exchange) -> None:
    client = await hub.enrolled("phone-1")
    tiles = body(await client.get("/api/v1/handset/people"))
    assert {"staff": "carer-1", "name": "Carer-1", "role": "carer", "units": ["nord"]} in tiles[
        "people"
    ]
    assert tiles["units"] == [{"id": "nord", "name": "Nord"}]
    answer = await pin(client, "carer-1", PIN)
    assert answer.status_code == 200
    assert body(answer)["handset"] == "phone-1"
    assert hub.state.handsets[HandsetId("phone-1")].staff == "carer-1"
    assert body(await client.get("/api/v1/me"))["staff"] == "carer-1"


async def test_cookies_are_kept_from_scripts_and_other_sites(hub: Exchange) -> None:
    client = await hub.enrolled("phone-1")
    set_cookie = (await pin(client, "carer-1", PIN)).headers["set-cookie"]
    assert "HttpOnly" in set_cookie
    assert "SameSite=strict" in set_cookie
    assert "Secure" not in set_cookie, "the test's hub speaks http on loopback"
    hub.app.state.hub = replace(
        hub.app.state.hub,
        settings=hub.app.state.hub.settings.model_copy(update={"cookie_secure": True}),
    )
    assert "Secure" in (await pin(client, "carer-1", PIN)).headers["set-cookie"]


async def test_without_the_telephones_key_no_pin_is_taken(hub: Exchange) -> None:
    answer = await pin(hub.client(), "carer-1", PIN)
    assert answer.status_code == 401
    assert body(answer)["type"] == "urn:bjelle:problem:not-enrolled"


async def test_five_wrong_pins_lock_this_person_on_this_telephone_only(hub: Exchange) -> None:
    one, two = await hub.enrolled("phone-1"), await hub.enrolled("phone-2")
    wrong = [await pin(one, "carer-1", "0000") for _ in range(5)]
    assert [answer.status_code for answer in wrong] == [401, 401, 401, 401, 423]
    locked = await pin(one, "carer-1", PIN)
    assert locked.status_code == 423
    assert int(locked.headers["retry-after"]) > 200
    assert (await pin(one, "carer-2", PIN)).status_code == 200
    assert (await pin(two, "carer-1", PIN)).status_code == 200


async def test_a_lock_survives_a_restart_and_ends_by_itself(hub: Exchange) -> None:
    client = await hub.enrolled("phone-1")
    for _ in range(5):
        await pin(client, "carer-1", "0000")
    later = Accounts(hub.store, hub.clock)
    await later.load()
    key = (HOUSE, StaffId("carer-1"), HandsetId("phone-1"))
    assert later._known.pins[key].locked(hub.clock.now())
    table = tables.pin_tries
    await hub.store.write(update(table).values(locked_until=hub.clock.now()))
    await hub.accounts.load()
    assert (await pin(client, "carer-1", PIN)).status_code == 200
    assert await rows(hub, table) == []


async def test_somebody_unknown_is_refused_as_a_wrong_pin_is(hub: Exchange) -> None:
    client = await hub.enrolled("phone-1")
    known, unknown = await pin(client, "carer-1", "0000"), await pin(client, "nobody", "0000")
    assert (known.status_code, known.content) == (unknown.status_code, unknown.content)


async def test_the_next_person_takes_the_telephone_over(hub: Exchange) -> None:
    client = await hub.signed_in("phone-1", "carer-1")
    token = client.cookies["bjelle_session"]
    async with hub.on_line(client) as page:
        assert (await pin(client, "carer-2", PIN)).status_code == 200
        await page.until(lambda: page.closed)
    assert hub.state.handsets[HandsetId("phone-1")].staff == "carer-2"
    assert hub.accounts.session(token) is None
    assert [row.staff for row in await rows(hub, tables.sessions)] == ["carer-2"]


async def test_a_code_enrols_once_and_revokes_the_key_before(hub: Exchange) -> None:
    old = await hub.enrolled("phone-1")
    leader, new = await hub.console(Role.LEADER), hub.client()
    made = body(await leader.post("/api/v1/handsets/phone-1/code"))
    assert made["path"] == f"/h#enrol={made['code']}"
    given = {"code": made["code"].lower(), "name": "Telefon Nord 1"}
    assert (await new.post("/api/v1/handsets/enrol", json=given)).status_code == 200
    assert (await new.post("/api/v1/handsets/enrol", json=given)).status_code == 403
    assert (await new.get("/api/v1/handset/people")).status_code == 200
    assert (await old.get("/api/v1/handset/people")).status_code == 401


async def test_a_code_that_is_too_old_enrols_nothing(hub: Exchange) -> None:
    code, _ = await hub.accounts.code_for(HOUSE, HandsetId("phone-1"))
    known = hub.accounts._known.codes
    known[code_hash(code)] = replace(known[code_hash(code)], expires_at=hub.clock.now())
    answer = await hub.client().post("/api/v1/handsets/enrol", json={"code": code})
    assert body(answer)["type"] == "urn:bjelle:problem:code-refused"


async def test_a_code_is_made_for_telephones_of_the_plan_only(hub: Exchange) -> None:
    leader = await hub.console(Role.LEADER)
    answer = await leader.post("/api/v1/handsets/phone-99/code")
    assert answer.status_code == 404
    assert "house file" in body(answer)["next"]


# --- Consoles


async def test_a_console_user_signs_in_and_out(hub: Exchange) -> None:
    client = await hub.console(Role.NURSE)
    assert body(await client.get("/api/v1/me"))["role"] == "nurse"
    assert (await client.delete("/api/v1/session")).status_code == 204
    assert (await client.get("/api/v1/me")).status_code == 401


async def test_ten_wrong_passwords_lock_the_account(hub: Exchange) -> None:
    client, login = hub.client(), "the-nurse"
    for _ in range(10):
        given = {"login": login, "password": "wrong password"}
        assert (await client.post("/api/v1/session", json=given)).status_code == 401
    right = {"login": login, "password": PASSWORD}
    assert (await client.post("/api/v1/session", json=right)).status_code == 423


async def test_too_many_tries_from_one_place_must_wait(hub: Exchange) -> None:
    client = hub.client()
    codes = [
        (await client.post("/api/v1/handsets/enrol", json={"code": f"X{n}"})).status_code
        for n in range(25)
    ]
    assert codes[:20] == [403] * 20
    assert 429 in codes[20:]


async def test_a_closed_account_is_out_at_once(hub: Exchange) -> None:
    client = await hub.console(Role.NURSE)
    own = tables.accounts.c.staff == "the-nurse"
    await hub.store.write(update(tables.accounts).where(own).values(disabled=True))
    await hub.accounts.load()
    assert (await client.get("/api/v1/me")).status_code == 401
    given = {"login": "the-nurse", "password": PASSWORD}
    assert (await hub.client().post("/api/v1/session", json=given)).status_code == 401


async def test_a_session_that_is_over_opens_nothing(hub: Exchange) -> None:
    client = await hub.console(Role.NURSE)
    known = hub.accounts._known.sessions
    hashed = token_hash(client.cookies["bjelle_session"])
    known[hashed] = replace(known[hashed], expires_at=hub.clock.now())
    assert (await client.get("/api/v1/me")).status_code == 401


async def test_the_store_holds_no_token_key_code_or_secret(hub: Exchange) -> None:
    client = await hub.signed_in("phone-1", "carer-1")
    secrets = [*client.cookies.values(), PIN, PASSWORD]
    for table in (tables.sessions, tables.handset_keys, tables.enrol_codes, tables.accounts):
        for row in await rows(hub, table):
            assert not any(secret in str(value) for value in row for secret in secrets)
