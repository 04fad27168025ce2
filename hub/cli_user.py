"""`bjelle user`: who may sign in. Secrets come from a prompt or stdin, never from argv."""

import getpass
import sys
from collections.abc import Callable
from typing import Annotated, Any

import typer
from sqlalchemy import Connection, delete, insert, select, update

from hub.auth import WeakSecret, hash_password, hash_pin
from hub.cli_door import (
    HouseOption,
    JsonOption,
    StoreOption,
    fail,
    one_house,
    opened,
    print_json,
    run,
)
from hub.house_store import newest
from hub.names import Names
from hub.store import tables
from hub.store.database import Database
from routing.ids import HouseId
from routing.plan import Role

user = typer.Typer(
    name="user",
    help="Who may sign in: accounts, passwords, PINs. Secrets are typed or piped.",
    no_args_is_help=True,
)

StaffArgument = Annotated[str, typer.Argument(help="The person's id in the house file.")]


@user.command()
def add(
    staff: StaffArgument,
    login: Annotated[
        str | None, typer.Option(help="Default: the house file's, or the id.")
    ] = None,
    role: Annotated[
        str | None,
        typer.Option(
            help="carer, student, nurse, technician, leader. Default: the house file's."
        ),
    ] = None,
    store: StoreOption = None,
    house: HouseOption = None,
    json: JsonOption = False,
) -> None:
    """Give somebody an account with a password. The first one must be a leader."""
    if role is not None and role not in list(Role):
        fail(f"--role {role}: expected one of {', '.join(Role)}")
    hashed = _secret("Password", hash_password)
    made = run(_in_store(store, house, lambda c, h: _add(c, h, staff, login, role, hashed)))
    _tell(made, json, f"{made['staff']} may sign in as '{made['login']}', {made['role']}.")


@user.command("list")
def list_(
    store: StoreOption = None, house: HouseOption = None, json: JsonOption = False
) -> None:
    """List the accounts, without secrets."""
    accounts = run(_list(store, house))
    if json:
        print_json(accounts)
        return
    if not accounts:
        print("no accounts yet: `bjelle user add STAFF --role leader` makes the first")
    for one in accounts:
        ways = [way for way in ("password", "pin") if one[way]]
        state = "disabled" if one["disabled"] else " and ".join(ways) or "cannot sign in yet"
        print(
            f"{one['staff']:<20} {one['login']:<20} {one['role']:<12} {one['name']:<24} {state}"
        )


@user.command()
def reset(
    staff: StaffArgument,
    store: StoreOption = None,
    house: HouseOption = None,
    json: JsonOption = False,
) -> None:
    """Set a new password, lift a lock, and end the person's sessions."""
    hashed = _secret("New password", hash_password)
    values = {"password_hash": hashed, "failed": 0, "locked_until": None, "disabled": False}
    made = run(_in_store(store, house, lambda c, h: _change(c, h, staff, values)))
    _tell(made, json, f"{staff} has a new password and is signed out everywhere.")


@user.command()
def pin(
    staff: StaffArgument,
    store: StoreOption = None,
    house: HouseOption = None,
    json: JsonOption = False,
) -> None:
    """Set the PIN for signing in on an enrolled telephone, and lift its locks."""
    hashed = _secret("PIN (4 to 6 digits)", hash_pin)
    made = run(_in_store(store, house, lambda c, h: _set_pin(c, h, staff, hashed)))
    _tell(made, json, f"{staff} has a new PIN.")


@user.command()
def disable(
    staff: StaffArgument,
    store: StoreOption = None,
    house: HouseOption = None,
    json: JsonOption = False,
) -> None:
    """Close an account and end its sessions. The last leader with a password stays."""
    made = run(_in_store(store, house, lambda c, h: _disable(c, h, staff)))
    _tell(made, json, f"{staff} can no longer sign in.")


# --- Secrets --------------------------------------------------------------------------------


def _secret(what: str, hashed: Callable[[str], str]) -> str:
    """Read a secret from the prompt (twice) or the first line of stdin; return its hash."""
    if sys.stdin.isatty():
        secret = getpass.getpass(f"{what}: ")
        if getpass.getpass("Once more: ") != secret:
            fail("the two are not equal: nothing was changed")
    else:
        secret = sys.stdin.readline().rstrip("\r\n")
    if not secret:
        fail(f"no {what.lower()} was given: type it, or pipe one line to stdin")
    try:
        return hashed(secret)
    except WeakSecret as error:
        fail(f"not set: {error}")


# --- In the store ---------------------------------------------------------------------------

Values = dict[str, Any]


async def _in_store(
    store: str | None, house: str | None, work: Callable[[Connection, HouseId], Values]
) -> Values:
    base = await opened(store)
    try:
        which = await one_house(base, house)
        return await base.transact(lambda connection: work(connection, which))
    finally:
        await base.close()


def _own(house: HouseId, staff: str) -> Any:
    accounts = tables.accounts.c
    return (accounts.house == house) & (accounts.staff == staff)


def _account(connection: Connection, house: HouseId, staff: str) -> Any:
    return connection.execute(select(tables.accounts).where(_own(house, staff))).first()


def _add(
    connection: Connection,
    house: HouseId,
    staff: str,
    login: str | None,
    role: str | None,
    hashed: str,
) -> Values:
    plan = newest(connection, house)
    person = (
        next((one for one in plan.staff.values() if one.id == staff), None) if plan else None
    )
    there = _account(connection, house, staff)
    if there is not None and there.password_hash:
        fail(f"{staff} has an account already: `bjelle user reset {staff}` sets a new password")
    role = role or (there.role if there else None) or (str(person.role) if person else None)
    if role is None:
        known = ", ".join(plan.staff) if plan else "none"
        fail(
            f"'{staff}' is not in the house file (known: {known}): say --role to add it anyway"
        )
    if role != Role.LEADER and not _leaders(connection, house):
        fail("the first account must be a leader, who can add the others: --role leader")
    login = login or (there.login if there else None) or staff
    accounts = tables.accounts.c
    taken = select(accounts.staff).where(accounts.house == house, accounts.login == login)
    owner = connection.scalar(taken)
    if owner not in {None, staff}:
        fail(f"the login '{login}' is {owner}'s: choose another with --login")
    values = {"login": login, "role": role, "password_hash": hashed, "disabled": False}
    if there is None:
        key = {"house": house, "staff": staff}
        connection.execute(insert(tables.accounts).values(**key, **values))
    else:
        connection.execute(update(tables.accounts).where(_own(house, staff)).values(**values))
    return _told(connection, house, staff)


def _change(connection: Connection, house: HouseId, staff: str, values: Values) -> Values:
    _require(connection, house, staff)
    connection.execute(update(tables.accounts).where(_own(house, staff)).values(**values))
    sessions = tables.sessions.c
    own = (sessions.house == house) & (sessions.staff == staff)
    connection.execute(delete(tables.sessions).where(own))
    return _told(connection, house, staff)


def _set_pin(connection: Connection, house: HouseId, staff: str, hashed: str) -> Values:
    _require(connection, house, staff)
    values = {"pin_hash": hashed}
    connection.execute(update(tables.accounts).where(_own(house, staff)).values(**values))
    tries = tables.pin_tries.c
    own = (tries.house == house) & (tries.staff == staff)
    connection.execute(delete(tables.pin_tries).where(own))
    return _told(connection, house, staff)


def _disable(connection: Connection, house: HouseId, staff: str) -> Values:
    _require(connection, house, staff)
    if _leaders(connection, house) == [staff]:
        fail(f"{staff} is the only leader who can sign in: add another leader first")
    return _change(connection, house, staff, {"disabled": True})


def _require(connection: Connection, house: HouseId, staff: str) -> None:
    if _account(connection, house, staff) is None:
        fail(f"'{staff}' has no account in {house}: `bjelle user list` shows them")


def _leaders(connection: Connection, house: HouseId) -> list[str]:
    accounts = tables.accounts.c
    found = connection.execute(
        select(accounts.staff).where(
            accounts.house == house,
            accounts.role == str(Role.LEADER),
            accounts.password_hash.is_not(None),
            accounts.disabled.is_(False),
        )
    )
    return list(found.scalars())


def _told(connection: Connection, house: HouseId, staff: str) -> Values:
    return _without_secrets(_account(connection, house, staff))


def _without_secrets(row: Any) -> Values:
    return {
        "staff": row.staff,
        "login": row.login,
        "role": row.role,
        "password": row.password_hash is not None,
        "pin": row.pin_hash is not None,
        "disabled": row.disabled,
        "locked_until": row.locked_until.isoformat() if row.locked_until else None,
    }


async def _list(store: str | None, house: str | None) -> list[Values]:
    base: Database = await opened(store)
    try:
        which = await one_house(base, house)
        async with base.read() as connection:
            accounts = tables.accounts.c
            found = await connection.execute(
                select(tables.accounts).where(accounts.house == which).order_by(accounts.staff)
            )
            rows = list(found)
            names = await Names.load(connection, which)
        return [_without_secrets(row) | {"name": names.staff(row.staff)} for row in rows]
    finally:
        await base.close()


def _tell(made: Values, json: bool, text: str) -> None:
    if json:
        print_json(made)
    else:
        print(text)
