"""The house file into the store and out: plan version N+1, names, logins, in one transaction.

The running hub calls `adopt` and then submits `PlanAdopted(plan)` to its engine; the command
line calls it alone while no hub runs, and the next start adopts the newest plan.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, Protocol, TypeVar

from sqlalchemy import Connection, Table, delete, insert, select, update

from hub.house import HouseFile
from hub.house_export import export
from hub.house_standing import refuse
from hub.names import Names
from hub.records import decode_plan, encode_plan
from hub.store import tables
from routing.ids import HouseId, StaffId
from routing.plan import Ladder, Plan, Rule

T = TypeVar("T")


class Reads(Protocol):
    """Where questions are asked: the hub's Store, or a Database of the command line."""

    def read(self) -> Any:
        """`async with reads.read() as connection`."""
        ...


class Transacts(Protocol):
    """Where a transaction is done: a Database (the Store has it as `store.database`)."""

    async def transact(self, work: Callable[[Connection], T]) -> T:
        """Run `work` in one transaction, durable on return."""
        ...


class LoginTaken(ValueError):  # noqa: N818 - a state of affairs, told to a person
    """Somebody else in this house signs in with that name already."""


@dataclass(frozen=True, slots=True)
class Adopted:
    """What became of a file: the plan, or `plan.version == before` where nothing changed."""

    plan: Plan
    before: int
    """Version before; 0 where the house is new."""
    changed: tuple[str, ...]
    """Which parts of the plan differ: `devices`, `rules` …"""


async def adopt(
    base: Transacts, file: HouseFile, *, at: datetime, by: StaffId | None
) -> Adopted:
    """Store the file as the house's next plan. A file that changes nothing makes no version.

    Names are replaced by the file's; names of people who are no longer in it stay until they
    are erased, because old calls are still read. Logins get an account without password or PIN;
    people who were in the last plan and are not in this one can no longer sign in.

    Raises:
        LoginTaken: a login of the file is another account's.
        HouseStands: the file would undo an objection, an end or a pause of a rule.
    """

    def work(connection: Connection) -> Adopted:
        previous = newest(connection, HouseId(file.house.id))
        adopted = _compared(file, previous)
        refuse(connection, previous, adopted.plan)
        if adopted.changed:
            _put_plan(connection, adopted.plan, at, by)
        _put_names(connection, file)
        _put_accounts(connection, file, previous)
        return adopted

    return await base.transact(work)


async def edit(
    base: Transacts,
    house: HouseId,
    change: Callable[[Plan], Plan],
    *,
    at: datetime,
    by: StaffId | None,
) -> Adopted:
    """Change the newest plan in one transaction; names and logins stay as they are.

    What `change` raises leaves everything as it was.

    Raises:
        LookupError: the house has no plan.
    """

    def work(connection: Connection) -> Adopted:
        previous = newest(connection, house)
        if previous is None:
            raise LookupError(f"{house} has no plan yet: import its house file")
        plan = numbered(replace(change(previous), version=previous.version + 1), previous)
        parts = [name for name in plan.__slots__ if name != "version"]
        changed = tuple(name for name in parts if _differs(plan, previous, name))
        if changed:
            _put_plan(connection, plan, at, by)
        return Adopted(plan if changed else previous, previous.version, changed)

    return await base.transact(work)


def newest(connection: Connection, house: HouseId) -> Plan | None:
    """Return the newest plan of a house, None if it has none; inside a transaction."""
    plans = tables.plans.c
    text = connection.scalar(
        select(plans.plan).where(plans.house == house).order_by(plans.version.desc()).limit(1)
    )
    return decode_plan(text) if text else None


async def newest_plan(base: Reads, house: HouseId) -> Plan | None:
    """Return the newest plan of a house, None if it has none."""
    async with base.read() as connection:
        return await connection.run_sync(newest, house)


async def houses(base: Reads) -> list[HouseId]:
    """Return the houses that have a plan."""
    async with base.read() as connection:
        found = await connection.execute(
            select(tables.plans.c.house).distinct().order_by(tables.plans.c.house)
        )
        return [HouseId(house) for house in found.scalars()]


async def exported(base: Reads, house: HouseId) -> str | None:
    """Return the newest plan with its names as a house file, None if there is no plan."""
    plan = await newest_plan(base, house)
    if plan is None:
        return None
    accounts = tables.accounts.c
    async with base.read() as connection:
        names = await Names.load(connection, house)
        found = await connection.execute(
            select(accounts.staff, accounts.login).where(accounts.house == house)
        )
        logins: Mapping[str, str] = {row.staff: row.login for row in found}
    return export(plan, names, logins)


def numbered(plan: Plan, previous: Plan | None) -> Plan:
    """Give changed rules and ladders the next version, unchanged ones the version they had.

    A decision's record names a rule and its version: two contents never share one.
    """
    if previous is None:
        return plan
    rules = {rule.id: rule for rule in previous.rules}
    return replace(
        plan,
        rules=tuple(_next(rule, rules.get(rule.id)) for rule in plan.rules),
        ladders={
            name: _next(ladder, previous.ladders.get(name))
            for name, ladder in plan.ladders.items()
        },
    )


Versioned = TypeVar("Versioned", Rule, Ladder)


def _next(new: Versioned, old: Versioned | None) -> Versioned:
    if old is None:
        return new
    if replace(new, version=old.version) == old:
        return old
    return replace(new, version=max(new.version, old.version + 1))


def _compared(file: HouseFile, previous: Plan | None) -> Adopted:
    before = previous.version if previous else 0
    plan = numbered(file.plan(before + 1), previous)
    parts = [name for name in plan.__slots__ if name != "version"]
    changed = tuple(
        name for name in parts if previous is None or _differs(plan, previous, name)
    )
    return Adopted(plan if changed or previous is None else previous, before, changed)


def _differs(plan: Plan, previous: Plan, part: str) -> bool:
    new, old = getattr(plan, part), getattr(previous, part)
    # The order is part of the plan (first matching rule, first room in a list).
    return new != old or (isinstance(new, dict) and list(new) != list(old))


def _put_plan(connection: Connection, plan: Plan, at: datetime, by: StaffId | None) -> None:
    text = encode_plan(plan).decode()
    connection.execute(
        insert(tables.plans).values(
            house=plan.house, version=plan.version, at=at, plan=text, by=by
        )
    )
    # Without names: `people` is the only place for them, so that erasing there is enough.
    connection.execute(
        insert(tables.house_files).values(
            house=plan.house, version=plan.version, at=at, yaml=export(plan, Names())
        )
    )


def _put_names(connection: Connection, file: HouseFile) -> None:
    for name in file.names():
        key = {"house": file.house.id, "kind": str(name.kind), "id": name.id}
        _put(connection, tables.people, key, {"name": name.name, "short": name.short})


def _put_accounts(connection: Connection, file: HouseFile, previous: Plan | None) -> None:
    house = file.house.id
    _free_logins(connection, file, previous)
    for staff, person in file.staff.items():
        values: dict[str, Any] = {"role": str(person.role)}
        values |= {"login": person.login} if person.login else {}
        key = {"house": house, "staff": staff}
        if person.login:
            # Back again, not merely still here: who was disabled by hand stays disabled.
            if previous is None or staff not in previous.staff:
                values["disabled"] = False
            _put(connection, tables.accounts, key, values)
        else:
            _change(connection, tables.accounts, key, values)
    gone = [staff for staff in (previous.staff if previous else {}) if staff not in file.staff]
    for staff in gone:
        _change(
            connection, tables.accounts, {"house": house, "staff": staff}, {"disabled": True}
        )
        ended = (tables.sessions.c.house == house) & (tables.sessions.c.staff == staff)
        connection.execute(delete(tables.sessions).where(ended))


def _free_logins(connection: Connection, file: HouseFile, previous: Plan | None) -> None:
    """Take each login of the file from who had it before: people swap, and ids are renamed.

    Only an account that no plan knows (`bjelle user add`) keeps its login against the file.
    """
    accounts, logins = tables.accounts.c, file.logins()
    ours = {*file.staff, *(previous.staff if previous else {})}
    found = connection.execute(
        select(accounts.login, accounts.staff).where(
            accounts.house == file.house.id, accounts.login.in_(logins.values())
        )
    )
    for login, staff in found.all():
        if logins.get(staff) == login:
            continue
        if staff not in ours:
            raise LoginTaken(f"the login '{login}' is {staff}'s: choose another in the file")
        # A sign that no login of a file may hold, so that nobody is given it by chance.
        key = {"house": file.house.id, "staff": staff}
        _change(connection, tables.accounts, key, {"login": f"~{staff}"})


def _change(
    connection: Connection, table: Table, key: Mapping[str, Any], values: Mapping[str, Any]
) -> int:
    where = [table.c[name] == value for name, value in key.items()]
    return connection.execute(update(table).where(*where).values(**values)).rowcount


def _put(
    connection: Connection, table: Table, key: Mapping[str, Any], values: Mapping[str, Any]
) -> None:
    if not _change(connection, table, key, values):
        connection.execute(insert(table).values(**key, **values))
