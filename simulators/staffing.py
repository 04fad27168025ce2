"""Everybody of a simulated house gets a PIN and every telephone a key, straight in the store.

What a technician does by hand in a real house. The secrets are made here, returned, and known
to nobody else; only hashes are stored.
"""

import secrets
from dataclasses import dataclass, field
from datetime import datetime

from sqlalchemy import Connection, delete, insert, update
from sqlalchemy.dialects.postgresql import insert as upsert_postgres
from sqlalchemy.dialects.sqlite import insert as upsert_sqlite

from hub.auth import hash_password, hash_pin, new_token, token_hash
from hub.house_store import Transacts
from hub.store import tables
from routing.ids import HandsetId, HouseId, StaffId
from routing.plan import Plan, Role


@dataclass(frozen=True)
class Secrets:
    """What simulated people know and simulated telephones hold."""

    house: HouseId
    keys: dict[HandsetId, str] = field(default_factory=dict[HandsetId, str])
    pins: dict[StaffId, str] = field(default_factory=dict[StaffId, str])
    passwords: dict[StaffId, str] = field(default_factory=dict[StaffId, str])
    """For those who lead or look after technology: they sign in on the console."""


async def equip(
    base: Transacts, plan: Plan, *, at: datetime, pin: str | None = None
) -> Secrets:
    """Give everybody a PIN (the same `pin`, if given) and every telephone a new key."""
    own = Secrets(plan.house)
    shared = hash_pin(pin) if pin else None
    accounts: list[dict[str, object]] = []
    for staff in plan.staff.values():
        own.pins[staff.id] = pin or f"{secrets.randbelow(9000) + 1000}"
        account = {
            "house": plan.house,
            "staff": staff.id,
            "login": staff.id,
            "role": str(staff.role),
            "pin_hash": shared or hash_pin(own.pins[staff.id]),
            "password_hash": None,
        }
        if staff.role in (Role.LEADER, Role.TECHNICIAN) and pin is None:
            own.passwords[staff.id] = secrets.token_urlsafe(9)
            account["password_hash"] = hash_password(own.passwords[staff.id])
        accounts.append(account)
    own.keys.update({handset: new_token() for handset in plan.handsets})

    def work(connection: Connection) -> None:
        upsert = upsert_sqlite if connection.dialect.name == "sqlite" else upsert_postgres
        for account in accounts:
            changed = {k: v for k, v in account.items() if k.endswith("_hash")}
            statement = upsert(tables.accounts).values(**account)
            connection.execute(
                statement.on_conflict_do_update(
                    index_elements=["house", "staff"], set_=changed | {"disabled": False}
                )
            )
        keys = tables.handset_keys
        connection.execute(update(keys).where(keys.c.house == plan.house).values(revoked_at=at))
        connection.execute(
            delete(tables.pin_tries).where(tables.pin_tries.c.house == plan.house)
        )
        rows = [
            {
                "house": plan.house,
                "handset": handset,
                "key_hash": token_hash(key),
                "name": handset,
                "enrolled_at": at,
            }
            for handset, key in own.keys.items()
        ]
        if rows:
            connection.execute(insert(keys), rows)

    await base.transact(work)
    return own
