"""`bjelle board`: keys for screens in corridors, where nobody signs in."""

import sys
from datetime import datetime
from typing import Annotated, Any

import segno
import typer
from sqlalchemy import insert, select, update

from hub.accounts import BOARD_ID
from hub.auth import new_token, token_hash
from hub.cli_door import (
    HouseOption,
    JsonOption,
    StoreOption,
    fail,
    one_house,
    opened,
    print_json,
    run,
    settings,
)
from hub.cli_handset import address_of
from hub.clock import SystemClock
from hub.store import tables

board = typer.Typer(
    name="board",
    help="Screens in corridors: issue a key, list them, shut one out.",
    no_args_is_help=True,
)
_keys = tables.board_keys.c


@board.command()
def issue(
    name: Annotated[str, typer.Argument(help="Where it hangs: «Korridor nord».")],
    url: Annotated[
        str | None,
        typer.Option(
            help="Where the screen reaches the hub, as https://hub.house.example:8443."
        ),
    ] = None,
    store: StoreOption = None,
    house: HouseOption = None,
    json: JsonOption = False,
) -> None:
    """Make a key, shown once: open the link on the screen, or scan the picture."""
    key, at = new_token(), SystemClock().now()
    run(_issue(name, key, at, store, house))
    link = f"{(url or address_of(settings(store))).rstrip('/')}/tavle#key={key}"
    if json:
        print_json({"id": token_hash(key)[:BOARD_ID], "name": name, "url": link})
        return
    print(f"{name}: open this on the screen, once")
    print(link)
    if sys.stdout.isatty():
        segno.make(link).terminal(compact=True)


@board.command("list")
def list_(
    store: StoreOption = None, house: HouseOption = None, json: JsonOption = False
) -> None:
    """List the screens whose key holds."""
    known = run(_list(store, house))
    if json:
        print_json(known)
        return
    for one in known:
        print(f"{one['id']:<16}{one['name']:<32}issued {one['issued_at'][:16]}")
    if not known:
        print("no screen has a key: `bjelle board issue NAME`")


@board.command()
def revoke(
    board_id: Annotated[str, typer.Argument(help="Its id, as `bjelle board list` shows it.")],
    store: StoreOption = None,
    house: HouseOption = None,
    json: JsonOption = False,
) -> None:
    """Shut a screen out. A running hub follows within seconds."""
    if not run(_revoke(board_id, store, house)):
        fail(f"no screen '{board_id}' holds a key: see `bjelle board list`")
    if json:
        print_json({"id": board_id, "revoked": True})
    else:
        print(f"{board_id}: shut out")


async def _issue(
    name: str, key: str, at: datetime, store: str | None, house: str | None
) -> None:
    base = await opened(store)
    try:
        row = {"house": await one_house(base, house), "key_hash": token_hash(key)}
        made = insert(tables.board_keys).values(**row, name=name, issued_at=at)
        await base.transact(lambda connection: connection.execute(made))
    finally:
        await base.close()


async def _list(store: str | None, house: str | None) -> list[dict[str, Any]]:
    base = await opened(store)
    try:
        held = (_keys.house == await one_house(base, house)) & _keys.revoked_at.is_(None)
        wanted = select(tables.board_keys).where(held).order_by(_keys.name, _keys.key_hash)
        async with base.read() as connection:
            found = (await connection.execute(wanted)).all()
    finally:
        await base.close()
    return [
        {
            "id": row.key_hash[:BOARD_ID],
            "name": row.name,
            "issued_at": row.issued_at.isoformat(),
        }
        for row in found
    ]


async def _revoke(board_id: str, store: str | None, house: str | None) -> int:
    base, now = await opened(store), SystemClock().now()
    try:
        own = _keys.house == await one_house(base, house)
        held = own & _keys.key_hash.startswith(board_id, autoescape=True)
        over = update(tables.board_keys).where(held & _keys.revoked_at.is_(None))
        if len(board_id) != BOARD_ID:
            return 0
        return await base.transact(
            lambda connection: connection.execute(over.values(revoked_at=now)).rowcount
        )
    finally:
        await base.close()
