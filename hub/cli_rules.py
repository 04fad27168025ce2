"""`bjelle rules`: the houses' rules beside what they have in common."""

from dataclasses import asdict
from pathlib import Path
from typing import Annotated, Any

import typer

from hub.cli_door import NO, JsonOption, StoreOption, fail, opened, print_json, run
from hub.house import HouseFileError, load
from hub.house_store import houses, newest_plan
from hub.house_templates import Behind, Follows, Standing, behind, standings
from routing.plan import Plan

rules = typer.Typer(
    name="rules", help="Rules and the templates they were made from.", no_args_is_help=True
)


@rules.callback()
def _group() -> None:
    """Look at the rules of all houses at once."""


@rules.command()
def templates(
    files: Annotated[
        list[Path] | None, typer.Argument(help="House files. Default: the store's houses.")
    ] = None,
    store: StoreOption = None,
    json: JsonOption = False,
) -> None:
    """List which rules follow their template, deviate (and why) or stand on an older version.

    Houses that share a template have it in each house file, with its version; a house that has
    an older one is named. Exit code 1: something is older, missing, or not the same everywhere.
    """
    plans = _of_files(files) if files else run(_stored(store))
    found, old = standings(plans), behind(plans)
    if json:
        print_json(_as_json(found, old))
    else:
        _print(found, old)
    to_do = [one for one in found if one.follows in (Follows.OLDER, Follows.MISSING)]
    if to_do or old:
        raise typer.Exit(NO)


def _of_files(files: list[Path]) -> list[Plan]:
    try:
        return [load(file).plan(1) for file in files]
    except HouseFileError as error:
        fail(str(error))


async def _stored(store: str | None) -> list[Plan]:
    base = await opened(store)
    try:
        plans = [await newest_plan(base, house) for house in await houses(base)]
        return [plan for plan in plans if plan is not None]
    finally:
        await base.close()


def _as_json(found: tuple[Standing, ...], old: tuple[Behind, ...]) -> dict[str, Any]:
    return {
        "rules": [asdict(one) for one in found],
        "houses_behind": [asdict(one) for one in old],
    }


def _print(found: tuple[Standing, ...], old: tuple[Behind, ...]) -> None:
    if not found:
        print("No rule names a template.")
    for one in found:
        print(
            f"{one.house}  {one.rule} ({one.state})  {one.template}@{one.version}: {_how(one)}"
        )
    for house in old:
        print(f"{house.house}  template {house.template}@{house.version}: {_behind(house)}")


def _how(one: Standing) -> str:
    match one.follows:
        case Follows.FOLLOWS:
            return "follows"
        case Follows.DEVIATES:
            return f"deviates in {', '.join(one.fields)}: {one.reason}"
        case Follows.OLDER:
            why = f"; deviates: {one.reason}" if one.reason else ""
            return f"older, {one.newest} is the newest: look whether it suits the patient{why}"
        case Follows.MISSING:
            return "the house does not have this template: put it in its file"


def _behind(one: Behind) -> str:
    if one.differs:
        return f"not the same as in {one.newest_in}: make one of them version {one.newest + 1}"
    return f"{one.newest_in} has version {one.newest}: put it in this house's file"
