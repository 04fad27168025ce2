"""What every command needs: the settings, the store, one clear sentence when it fails."""

import asyncio
import json
import socket
import sys
from collections.abc import Coroutine
from pathlib import Path
from typing import Annotated, Any, NoReturn, TypeVar

import typer
from pydantic import ValidationError
from sqlalchemy import make_url
from sqlalchemy.exc import SQLAlchemyError

from hub.house_store import houses
from hub.settings import Settings
from hub.store.database import Database, database
from hub.store.migrate import SchemaBehind, migrate, require_newest
from routing.ids import HouseId

T = TypeVar("T")

NO = 1
"""Exit code: done, and the answer is no."""
CANNOT = 2
"""Exit code: could not be done."""

StoreOption = Annotated[
    str | None,
    typer.Option("--store", help="The store's URL, or a SQLite file. Default: the settings'."),
]
HouseOption = Annotated[
    str | None, typer.Option("--house", help="Which house, where the store has several.")
]
JsonOption = Annotated[bool, typer.Option("--json", help="Print JSON for a script to read.")]


def fail(sentence: str, code: int = CANNOT) -> NoReturn:
    """Say on stderr why it could not be done, and end."""
    print(sentence, file=sys.stderr)
    raise typer.Exit(code)


def print_json(value: Any) -> None:
    """Print one JSON value."""
    print(json.dumps(value, ensure_ascii=False, indent=2))


def settings(store: str | None = None) -> Settings:
    """Read the settings; `store` is a URL or a SQLite file that overrides theirs."""
    given: dict[str, Any] = {} if store is None else {"store_url": _url(store)}
    try:
        return Settings(**given)
    except ValidationError as error:
        first = error.errors()[0]
        field = ".".join(str(part) for part in first["loc"])
        fail(
            f"settings: {field}: {first['msg']} "
            f"(environment BJELLE_{field.upper()}, or bjelle.toml)"
        )


def _url(store: str) -> str:
    return store if "://" in store else f"sqlite+aiosqlite:///{store}"


def run(work: Coroutine[Any, Any, T]) -> T:
    """Run a command's work; what the store says becomes one sentence."""
    try:
        return asyncio.run(work)
    except SchemaBehind as error:
        fail(str(error))
    except (SQLAlchemyError, OSError) as error:
        fail(f"the store does not answer: {str(error).splitlines()[0]}")


def must_exist(store: str | None) -> str:
    """Return the store's URL; a question about a SQLite file that is not there makes none."""
    url = settings(store).store_url
    parsed = make_url(url)
    if parsed.get_backend_name() == "sqlite" and not Path(parsed.database or "").exists():
        fail(f"no store at {parsed.database}: `bjelle house import FILE` makes one, or --store")
    return url


async def opened(store: str | None, *, create: bool = False) -> Database:
    """Open the store beside a hub that may be running: no spool, no writer of its own.

    `create` makes a SQLite file that is not there; otherwise that is an error.
    """
    url = settings(store).store_url if create else must_exist(store)
    if make_url(url).get_backend_name() == "sqlite":
        await migrate(url)
    else:
        await require_newest(url)
    return database(url)


async def one_house(base: Database, house: str | None) -> HouseId:
    """Return the house that is meant: the one named, or the only one."""
    known = await houses(base)
    if house is not None:
        if house not in known:
            fail(f"no house '{house}' in this store; known: {', '.join(known) or 'none'}")
        return HouseId(house)
    if len(known) == 1:
        return known[0]
    if not known:
        fail("the store has no house yet: `bjelle house import FILE` first")
    fail(f"the store has {len(known)} houses, say which with --house: {', '.join(known)}")


def hub_answers(at: Settings) -> bool:
    """Tell whether something listens where the hub of these settings would."""
    host = "127.0.0.1" if at.host in {"", "0.0.0.0", "::"} else at.host  # noqa: S104
    try:
        with socket.create_connection((host, at.port), timeout=1):
            return True
    except OSError:
        return False
