"""`bjelle house`: check, import, export a house file, and its JSON Schema."""

import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any

import typer

from hub.cli_door import (
    CANNOT,
    NO,
    HouseOption,
    JsonOption,
    StoreOption,
    fail,
    hub_answers,
    one_house,
    opened,
    print_json,
    run,
    settings,
)
from hub.cli_hub import Refused, RunningHub, read_password
from hub.clock import SystemClock
from hub.house import HouseFile, HouseFileError, load, schema
from hub.house_standing import HouseStands
from hub.house_store import Adopted, LoginTaken, adopt, exported

house = typer.Typer(
    name="house",
    help="A whole care house as one YAML file: check it, take it in use, write it out.",
    no_args_is_help=True,
)

FileArgument = Annotated[Path, typer.Argument(help="The house file, in YAML.")]


@house.command()
def check(file: FileArgument, json: JsonOption = False) -> None:
    """Check a house file. Says every problem with its line and what was expected.

    Exit code 0: nothing is wrong. 1: something is. 2: the file cannot be read.
    """
    try:
        read = load(file)
    except HouseFileError as error:
        if json:
            print_json(_refusal(error))
        else:
            print(error, file=sys.stderr)
            count = len(error.problems)
            print(f"{count} problem{'s' * (count != 1)}.", file=sys.stderr)
        raise typer.Exit(CANNOT if error.unreadable else NO) from None
    counts = _counts(read)
    if json:
        print_json({"ok": True, "file": str(file), "house": read.house.id, "counts": counts})
    else:
        print(f"{file.name}: {read.house.name or read.house.id} is in order.")
        print(", ".join(f"{count} {name}" for name, count in counts.items()) + ".")


@house.command("import")
def import_(
    file: FileArgument,
    store: StoreOption = None,
    login: Annotated[
        str | None,
        typer.Option(
            help="Import through the running hub as this person, a technician or leader. The "
            "password is asked for, or read from stdin."
        ),
    ] = None,
    offline: Annotated[
        bool,
        typer.Option(
            "--offline",
            help="Write to the store although a hub answers: used at its next start.",
        ),
    ] = False,
    json: JsonOption = False,
) -> None:
    """Take a house file in use: plan version N+1, names and logins, in one transaction.

    Beside a running hub it goes through the hub and holds at once; else at the next start.
    """
    try:
        read = load(file)
    except HouseFileError as error:
        if json:
            print_json(_refusal(error))
        print(f"not imported:\n{error}", file=sys.stderr)
        raise typer.Exit(CANNOT) from None
    at = settings(store)
    if not offline and hub_answers(at):
        done = _through_hub(RunningHub(at), file, login)
    elif login is not None and not offline:
        fail(f"no hub answers at {at.host}:{at.port}: leave --login out to write to the store")
    else:
        adopted = run(_adopt(read, store))
        done = {"house": read.house.id, "version": adopted.plan.version}
        done |= {"before": adopted.before, "changed": list(adopted.changed)}
    if json:
        print_json(done)
    else:
        print(_told(done))


def _told(done: Mapping[str, Any]) -> str:
    house, version, changed = done["house"], done["version"], done["changed"]
    if not changed:
        as_was = f"the plan is as it was, version {version}"
        return f"{house}: {as_was}; names and logins are the file's."
    what = f"changed: {', '.join(changed)}" if done["before"] else "new house"
    return f"{house}: plan version {version} ({what})."


def _through_hub(hub: RunningHub, file: Path, login: str | None) -> dict[str, Any]:
    if login is None:
        fail(
            f"a hub answers at {hub.where}: import through it with --login (a technician's or "
            "leader's; the password is asked for), or say --offline: used at its next start"
        )
    body = file.read_bytes()
    try:
        return hub.signed_in(
            login,
            read_password(login),
            lambda signed_in: signed_in.ask("POST", "/api/v1/house", body, "application/yaml"),
        )
    except Refused as error:
        for one in error.problem.get("errors", ()):
            line = f":{one['line']}" if one.get("line") else ""
            where = f"{file.name}{line}: {one.get('path')}"
            print(f"{where}: {one.get('text')}", file=sys.stderr)
        fail(f"not imported: {error}")


@house.command("export")
def export_(
    store: StoreOption = None,
    house: HouseOption = None,
    output: Annotated[
        Path | None, typer.Option("--output", "-o", help="Write to this file, not to stdout.")
    ] = None,
    json: JsonOption = False,
) -> None:
    """Write the newest plan with its names as a house file. It holds personal names."""
    text = run(_export(store, house))
    if output is not None:
        # Readable by its owner only: the names of patients are in it.
        output.touch(mode=0o600)
        output.write_text(text, encoding="utf-8")
    if json:
        print_json({"file": str(output)} if output else {"yaml": text})
    elif output is None:
        print(text, end="")
    else:
        print(f"written to {output}: it holds personal names.")


@house.command("schema")
def schema_() -> None:
    """Print the JSON Schema of a house file, for editors."""
    print_json(schema())


async def _adopt(read: HouseFile, store: str | None) -> Adopted:
    base = await opened(store, create=True)
    try:
        return await adopt(base, read, at=SystemClock().now(), by=None)
    except (LoginTaken, HouseStands) as error:
        fail(f"not imported: {error}")
    finally:
        await base.close()


async def _export(store: str | None, house: str | None) -> str:
    base = await opened(store)
    try:
        text = await exported(base, await one_house(base, house))
        assert text is not None
        return text
    finally:
        await base.close()


def _counts(read: HouseFile) -> dict[str, int]:
    sections = ("units", "rooms", "patients", "staff", "devices", "handsets", "rules")
    return {name: len(getattr(read, name)) for name in sections}


def _refusal(error: HouseFileError) -> dict[str, Any]:
    return {
        "ok": False,
        "file": error.file,
        "problems": [
            {"line": problem.line, "path": problem.path, "text": problem.text}
            for problem in error.problems
        ],
    }
