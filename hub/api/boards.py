"""Boards: screens in corridors with a key of their own instead of somebody's sign-in.

A technician or leader issues the key, as a link and its picture, shown once; the screen opens
it once and keeps it as a cookie that opens the board and nothing else. Revoked, the screen is
shut out at its next look.
"""

from datetime import datetime
from typing import Annotated

from fastapi import APIRouter, Request, Response
from pydantic import BaseModel, Field, SecretStr

from hub.api.access import BOARD
from hub.api.limits import Limits
from hub.api.problems import ApiProblem, no_such, store_away
from hub.api.sessions import TEN_YEARS_S, link_to, picture_of, set_cookie
from hub.api.wiring import TheHub, TheSession
from hub.store.rows import StoreDown

routes = APIRouter(prefix="/api/v1/boards", tags=["boards"])


class NewBoard(BaseModel):
    """What to call the screen: where it hangs."""

    name: str = Field(min_length=1, max_length=100)


class BoardAnswer(BaseModel):
    """One screen whose key holds."""

    id: str
    name: str
    issued_at: datetime
    looked_at: datetime | None = Field(
        description="when it last fetched the board; null: not since the hub's start"
    )


class Issued(BoardAnswer):
    """A key, shown once."""

    link: str = Field(description="open this on the screen, once")
    picture: str = Field(description="the link as a QR code: an SVG as data URI")


class Key(BaseModel):
    """What the link holds behind its #."""

    key: Annotated[SecretStr, Field(max_length=100)]


@routes.get("")
async def boards(session: TheSession, hub: TheHub) -> list[BoardAnswer]:
    """Return the house's screens."""
    found = sorted(hub.accounts.boards(session.house), key=lambda one: (one.name, one.id))
    return [
        BoardAnswer(
            id=one.id,
            name=one.name,
            issued_at=one.issued_at,
            looked_at=hub.accounts.looked(one.id),
        )
        for one in found
    ]


@routes.post("", status_code=201)
async def issue(body: NewBoard, session: TheSession, hub: TheHub, request: Request) -> Issued:
    """Issue a key for one screen."""
    try:
        key, board = await hub.accounts.issue_board(session.house, body.name, session.staff)
    except StoreDown as error:
        raise store_away(str(error)) from error
    # In the fragment: a browser sends that to nobody, so it is in no log.
    link = link_to(hub, request, f"/tavle#key={key}")
    return Issued(
        id=board.id,
        name=board.name,
        issued_at=board.issued_at,
        looked_at=None,
        link=link,
        picture=picture_of(link),
    )


@routes.delete("/{board_id}", status_code=204)
async def revoke(board_id: str, session: TheSession, hub: TheHub) -> None:
    """Shut a screen out, at once."""
    try:
        known = await hub.accounts.revoke_board(session.house, board_id)
    except StoreDown as error:
        raise store_away(str(error)) from error
    if not known:
        raise no_such("board", board_id, do="see GET /api/v1/boards")


@routes.post("/open", status_code=204)
async def open_(body: Key, hub: TheHub, request: Request, response: Response) -> None:
    """Exchange the key of a link for this screen's cookie."""
    limits: Limits = request.app.state.limits
    limits.sign_in(f"board {request.client.host if request.client else ''}")
    key = body.key.get_secret_value()
    if hub.accounts.board(key) is None:
        raise ApiProblem(
            403,
            "key-refused",
            "Key refused",
            "this key is unknown or revoked",
            do="ask a technician for a new one",
        )
    set_cookie(response, hub, BOARD, key, TEN_YEARS_S)
