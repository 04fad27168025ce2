"""Screens in corridors: a key of their own, that opens the board and nothing else."""

import base64
import re
from collections.abc import AsyncIterator
from pathlib import Path
from urllib.parse import unquote

import pytest
import segno
from sqlalchemy import delete

from hub.accounts import Accounts
from hub.api.access import ACCESS, BOARD, WEBSOCKET
from hub.auth import CODE_LIFE
from hub.store import tables
from routing.plan import Role
from tests.support.exchange import HOUSE, Exchange, body, exchange
from tests.support.shell import rows


@pytest.fixture
async def hub(tmp_path: Path) -> AsyncIterator[Exchange]:
    async with exchange(tmp_path, public_url="https://bjelle.example:8443/") as hub:
        yield hub


async def issued(hub: Exchange) -> dict[str, str]:
    console = await hub.console(Role.TECHNICIAN)
    answer = await console.post("/api/v1/boards", json={"name": "Korridor nord"})
    assert answer.status_code == 201, answer.text
    return body(answer)


def key_of(board: dict[str, str]) -> str:
    link, _, key = board["link"].partition("#key=")
    assert link == "https://bjelle.example:8443/tavle"
    return key


async def test_a_screen_with_its_key_sees_the_board_without_patients_names(
    hub: Exchange,
) -> None:
    screen = hub.client()
    assert (await screen.get("/api/v1/board")).status_code == 401
    opened = await screen.post("/api/v1/boards/open", json={"key": key_of(await issued(hub))})
    assert opened.status_code == 204
    cookie = opened.headers["set-cookie"]
    assert "HttpOnly" in cookie
    assert "SameSite=strict" in cookie
    await hub.press()
    answer = await screen.get("/api/v1/board")
    assert "101" in [call["room"] for call in body(answer)["calls"]]
    assert not any(name in answer.text for name in ("Kari", "Nordlykt", "p-1"))


async def test_a_boards_key_opens_nothing_else(hub: Exchange) -> None:
    screen = hub.client()
    screen.cookies.set(BOARD, key_of(await issued(hub)))
    for method, path in ACCESS:
        if method == WEBSOCKET or not path.startswith("/api/") or path.endswith("/board"):
            continue
        if path.endswith(("/session", "/enrol", "/open")) and method == "POST":
            continue
        answer = await screen.request(method, re.sub(r"\{\w+\}", "1-1", path))
        assert answer.status_code == 401, (method, path)
    with pytest.raises(Exception, match="403"):
        async with hub.socket(screen):
            pass


async def test_a_revoked_screen_is_out_at_its_next_look_and_after_a_restart(
    hub: Exchange,
) -> None:
    board = await issued(hub)
    screen, console = hub.client(), await hub.console(Role.LEADER)
    screen.cookies.set(BOARD, key_of(board))
    assert (await screen.get("/api/v1/board")).status_code == 200
    [known] = body(await console.get("/api/v1/boards"))
    assert known["name"] == "Korridor nord"
    [shown] = body(await console.get("/api/v1/status"))["boards"]
    assert (shown["id"], shown["alive"]) == (board["id"], True)
    assert shown["looked_at"] == known["looked_at"]
    assert (await console.delete(f"/api/v1/boards/{board['id']}")).status_code == 204
    assert (await screen.get("/api/v1/board")).status_code == 401
    assert body(await console.get("/api/v1/boards")) == []
    assert (await console.delete(f"/api/v1/boards/{board['id']}")).status_code == 404
    again = Accounts(hub.store, hub.clock)
    await again.load()
    assert again.board(key_of(board)) is None
    refused = await screen.post("/api/v1/boards/open", json={"key": key_of(board)})
    assert body(refused)["type"].endswith("key-refused")


async def test_a_screen_that_has_not_looked_is_not_counted_on(hub: Exchange) -> None:
    await issued(hub)
    console = await hub.console(Role.TECHNICIAN)
    [shown] = body(await console.get("/api/v1/status"))["boards"]
    assert (shown["looked_at"], shown["alive"]) == (None, False)


async def test_a_boards_key_survives_a_restart_and_stands_nowhere_in_the_store(
    hub: Exchange,
) -> None:
    key = key_of(await issued(hub))
    again = Accounts(hub.store, hub.clock)
    await again.load()
    known = again.board(key)
    assert known is not None
    assert (known.house, known.name) == (HOUSE, "Korridor nord")
    [row] = await rows(hub.store, tables.board_keys)
    assert key not in str(row)
    assert row.issued_by == "the-technician"


async def test_guessing_keys_has_to_wait(hub: Exchange) -> None:
    screen = hub.client()
    answers = [
        (await screen.post("/api/v1/boards/open", json={"key": f"guess {n}"})).status_code
        for n in range(22)
    ]
    assert answers[-1] == 429


# --- the picture of a telephone's code --------------------------------------------------------


async def test_the_picture_of_a_code_leads_a_telephone_to_the_hub_once(hub: Exchange) -> None:
    console = await hub.console(Role.TECHNICIAN)
    made = body(await console.post("/api/v1/handsets/phone-1/code"))
    assert made["link"] == f"https://bjelle.example:8443/h#enrol={made['code']}"
    assert dark(made["picture"]) == modules(made["link"])
    client = hub.client()
    assert (
        await client.post("/api/v1/handsets/enrol", json={"code": made["code"]})
    ).status_code == 200
    other = hub.client()
    again = await other.post("/api/v1/handsets/enrol", json={"code": made["code"]})
    assert again.status_code == 403


async def test_guessing_codes_has_to_wait_and_does_not_use_the_real_one_up(
    hub: Exchange,
) -> None:
    console = await hub.console(Role.TECHNICIAN)
    made = body(await console.post("/api/v1/handsets/phone-1/code"))
    guesses = [{"code": f"GUESS{n:03}"} for n in range(22)]
    client = hub.client()
    answers = [await client.post("/api/v1/handsets/enrol", json=one) for one in guesses]
    assert answers[-1].status_code == 429
    assert int(answers[-1].headers["retry-after"]) >= 1
    key, _ = await hub.accounts.enrol(made["code"], "")
    assert hub.accounts.telephone(key)


async def test_a_picture_is_worth_nothing_once_its_quarter_of_an_hour_is_over(
    hub: Exchange,
) -> None:
    console = await hub.console(Role.TECHNICIAN)
    made = body(await console.post("/api/v1/handsets/phone-1/code"))
    known = hub.accounts._known.codes
    for code, one in known.items():
        known[code] = type(one)(one.house, one.handset, one.expires_at - CODE_LIFE, None)
    await hub.store.write(delete(tables.enrol_codes))
    answer = await hub.client().post("/api/v1/handsets/enrol", json={"code": made["code"]})
    assert answer.status_code == 403


def dark(picture: str) -> set[tuple[int, int]]:
    """Read the dark modules back from the SVG's own drawing: runs along each row."""
    kind, _, said = picture.partition(",")
    assert kind.startswith("data:image/svg+xml")
    svg = base64.b64decode(said).decode() if kind.endswith("base64") else unquote(said)
    drawn = re.findall(r""" d=['"]([^'"]+)['"]""", svg)[-1]  # the light ground comes first
    found: set[tuple[int, int]] = set()
    x, y = 0.0, 0.0
    for command, numbers in re.findall(r"([Mmh])([^Mmhvz]+)", drawn):
        values = [float(one) for one in re.findall(r"-?\d*\.?\d+", numbers)]
        match command:
            case "M":
                x, y = values
            case "m":
                x, y = x + values[0], y + values[1]
            case _:
                found |= {(int(y), int(x) + n) for n in range(int(values[0]))}
                x += values[0]
    return found


def modules(link: str) -> set[tuple[int, int]]:
    """The dark modules of a code for exactly this text, with the quiet zone around them."""
    code = segno.make(link, error="m", micro=False)
    quiet = code.default_border_size
    return {
        (y + quiet, x + quiet)
        for y, row in enumerate(code.matrix)
        for x, module in enumerate(row)
        if module
    }
