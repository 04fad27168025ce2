"""`bjelle handset`: let a telephone in with a one-time code, see which are in, shut one out."""

import sys
from datetime import datetime
from typing import Annotated, Any

import segno
import typer
from sqlalchemy import Connection, insert, select, update

from hub.auth import CODE_LIFE, code_hash, new_code
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
from hub.clock import SystemClock
from hub.house_store import newest
from hub.names import Names
from hub.settings import Settings
from hub.store import tables
from routing.ids import HouseId
from routing.plan import Plan

handset = typer.Typer(
    name="handset",
    help="The house's telephones: enrol one with a code, list them, shut a lost one out.",
    no_args_is_help=True,
)

HandsetArgument = Annotated[str, typer.Argument(help="The telephone's id in the house file.")]


@handset.command()
def code(
    handset_id: HandsetArgument,
    url: Annotated[
        str | None,
        typer.Option(help="Where telephones reach the hub, as https://hub.house.example:8443."),
    ] = None,
    store: StoreOption = None,
    house: HouseOption = None,
    json: JsonOption = False,
) -> None:
    """Make a one-time code that enrols a telephone: type it there, or scan the picture."""
    secret, until = run(_make(handset_id, store, house))
    link = f"{(url or address_of(settings(store))).rstrip('/')}/h#enrol={secret}"
    if json:
        made = {"handset": handset_id, "code": secret, "url": link}
        print_json(made | {"expires_at": until.isoformat()})
        return
    print(f"{handset_id}: code {secret}, once, within {CODE_LIFE.seconds // 60} minutes")
    print(link)
    if sys.stdout.isatty():
        segno.make(link).terminal(compact=True)


@handset.command("list")
def list_(
    store: StoreOption = None, house: HouseOption = None, json: JsonOption = False
) -> None:
    """List the telephones of the house file, and since when each is enrolled."""
    known = run(_list(store, house))
    if json:
        print_json(known)
        return
    for one in known:
        since = f"enrolled {one['enrolled_at'][:16]}" if one["enrolled_at"] else "not enrolled"
        print(f"{one['handset']:<16} {one['name']:<24} {since}")


@handset.command()
def revoke(
    handset_id: HandsetArgument,
    store: StoreOption = None,
    house: HouseOption = None,
    json: JsonOption = False,
) -> None:
    """Shut a telephone out, as when it is lost. A running hub follows within seconds."""
    count = run(_revoke(handset_id, store, house))
    if json:
        print_json({"handset": handset_id, "revoked": count})
    else:
        print(f"{handset_id}: {'shut out' if count else 'was not enrolled'}")


def address_of(at: Settings) -> str:
    """Return where telephones reach the hub, or at least where it listens, for a link."""
    if at.public_url:
        return at.public_url
    return f"{'https' if at.tls_certificate else 'http'}://{at.host}:{at.port}"


async def _make(handset_id: str, store: str | None, house: str | None) -> tuple[str, datetime]:
    secret, until = new_code(), SystemClock().now() + CODE_LIFE
    base = await opened(store)
    try:
        which = await one_house(base, house)

        def work(connection: Connection) -> None:
            _require(_plan(connection, which), handset_id)
            connection.execute(
                insert(tables.enrol_codes).values(
                    code_hash=code_hash(secret),
                    house=which,
                    handset=handset_id,
                    expires_at=until,
                )
            )

        await base.transact(work)
    finally:
        await base.close()
    return secret, until


def _plan(connection: Connection, house: HouseId) -> Plan:
    plan = newest(connection, house)
    assert plan is not None, "one_house gives houses that have a plan"
    return plan


def _require(plan: Plan, handset_id: str) -> None:
    if not any(one == handset_id for one in plan.handsets):
        known = ", ".join(plan.handsets) or "none"
        fail(f"no telephone '{handset_id}' in the house file; known: {known}")


async def _list(store: str | None, house: str | None) -> list[dict[str, Any]]:
    base = await opened(store)
    keys = tables.handset_keys.c
    try:
        which = await one_house(base, house)
        async with base.read() as connection:
            plan = await connection.run_sync(_plan, which)
            names = await Names.load(connection, which)
            found = await connection.execute(
                select(keys.handset, keys.enrolled_at).where(
                    keys.house == which, keys.revoked_at.is_(None)
                )
            )
            since = {row.handset: row.enrolled_at.isoformat() for row in found}
    finally:
        await base.close()
    return [
        {"handset": one, "name": names.handset(one), "enrolled_at": since.get(one)}
        for one in plan.handsets
    ]


async def _revoke(handset_id: str, store: str | None, house: str | None) -> int:
    base = await opened(store)
    keys = tables.handset_keys
    try:
        which = await one_house(base, house)
        own = (keys.c.house == which) & (keys.c.handset == handset_id)
        ended = update(keys).where(own & keys.c.revoked_at.is_(None))
        now = SystemClock().now()
        return await base.transact(
            lambda connection: connection.execute(ended.values(revoked_at=now)).rowcount
        )
    finally:
        await base.close()
