"""`bjelle backup`, `restore` and `db`: the store as a whole."""

from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer

from hub.backup import Backup, LastBackup, NotRestored, note
from hub.backup import backup as write_backup
from hub.backup import restore as fill_from
from hub.cli_door import (
    NO,
    HouseOption,
    JsonOption,
    StoreOption,
    fail,
    hub_answers,
    must_exist,
    print_json,
    run,
    settings,
)
from hub.clock import SystemClock
from hub.replay import Verified, verify_chain
from hub.store.migrate import SchemaBehind, migrate, newest, require_newest
from routing.ids import HouseId

db = typer.Typer(name="db", help="The store's tables: upgrade and check.", no_args_is_help=True)


def backup(
    file: Annotated[Path, typer.Argument(help="Where to write it, as backup.bjelle.")],
    store: StoreOption = None,
    json: JsonOption = False,
) -> None:
    """Write the whole store to one file, while the hub may go on. It holds personal names."""
    done = run(write_backup(must_exist(store), file))
    if not any(done.rows.values()):
        file.unlink()
        fail("nothing to back up: the store holds no house. Is this the hub's own folder?")
    note(settings(store).data_dir, LastBackup(SystemClock().now(), str(file.absolute())))
    told = f"{sum(done.rows.values())} rows written to {file}, sha256 {done.digest[:16]}…"
    _tell(done, json, f"{told}\nKeep it where the hub's own disk is not.")


def restore(
    file: Annotated[Path, typer.Argument(help="A file that `bjelle backup` wrote.")],
    store: StoreOption = None,
    json: JsonOption = False,
) -> None:
    """Fill a new, empty store from a backup, after following every house's chain."""
    at = settings(store)
    # Beside a running hub only into another store than its own: that is how a backup is tried.
    if at.store_url == settings().store_url and hub_answers(at):
        fail(f"a hub answers at {at.host}:{at.port}: stop it, then restore into a new store")
    if not file.exists():
        fail(f"no file {file}")
    try:
        done = run(fill_from(file, at.store_url))
    except NotRestored as error:
        fail(f"not restored: {error}")
    rows = sum(done.rows.values())
    _tell(done, json, f"{rows} rows restored; everybody signs in again.")


@db.command()
def upgrade(store: StoreOption = None, json: JsonOption = False) -> None:
    """Bring the tables to this program's version. Take a backup first."""
    url = settings(store).store_url
    run(migrate(url))
    if json:
        print_json({"revision": newest()})
    else:
        print(f"the tables are at revision {newest()}.")


@db.command()
def check(
    store: StoreOption = None, house: HouseOption = None, json: JsonOption = False
) -> None:
    """Check that the tables are this program's and that every journal's chain is whole."""
    url = must_exist(store)
    behind = run(_behind(url))
    found = [] if behind else run(verify_chain(url, HouseId(house) if house else None))
    whole = not behind and all(one.whole for one in found)
    if json:
        houses = [asdict(one) | {"whole": one.whole} for one in found]
        print_json({"ok": whole, "schema": behind or "current", "houses": houses})
    else:
        print(behind or f"tables: revision {newest()}, as this program needs them")
        for one in found:
            print(_chain_line(one))
    if not whole:
        raise typer.Exit(NO)


async def _behind(url: str) -> str:
    """Return what is wrong with the tables' version, empty if nothing is."""
    try:
        await require_newest(url)
    except SchemaBehind as error:
        return str(error)
    return ""


def _tell(done: Backup, json: bool, text: str) -> None:
    if json:
        print_json(asdict(done))
    else:
        print(text)


def _chain_line(one: Verified) -> str:
    state = one.broken or (f"{len(one.gaps)} gaps, {one.gaps}" if one.gaps else "whole")
    erased = f", {one.erased} payloads erased" if one.erased else ""
    return f"{one.house}: journal of {one.rows} rows{erased}, chain {state}"
