"""`bjelle broker`: the broker's users and rights, and the secrets of a whole installation."""

import sys
from pathlib import Path
from typing import Annotated

import typer

from hub.broker_acl import acl as acl_text
from hub.broker_acl import users
from hub.cli_door import JsonOption, fail, print_json
from hub.house import HouseFileError, load
from hub.house_plan import plan_of
from routing.plan import Plan

broker = typer.Typer(
    name="broker",
    help="The MQTT broker: who may say and hear what, from the house's plan.",
    no_args_is_help=True,
)

FileArgument = Annotated[Path, typer.Argument(help="The house file, in YAML.")]


@broker.command()
def acl(
    file: FileArgument,
    out: Annotated[
        Path | None,
        typer.Option(help="Write `acl` and `passwords` here; new passwords are printed once."),
    ] = None,
    renew: Annotated[bool, typer.Option("--renew", help="Draw every password again.")] = False,
    json: JsonOption = False,
) -> None:
    """Make one broker user for the hub, one for each bridge, one for boards, and their rights.

    Without --out nothing is written: the ACL is printed.
    """
    plan = _plan(file)
    if out is None:
        _show(plan, json=json)
        return
    from hub.deploy_files import write_broker

    fresh = write_broker(plan, out, renew=renew)
    if json:
        print_json({"written": [str(out / "acl"), str(out / "passwords")], "new": fresh})
        return
    print(
        f"{out / 'acl'} and {out / 'passwords'} written; then: make Mosquitto read them again"
    )
    for name, password in fresh.items():
        print(f"{name}  {password}")
    if fresh:
        print("These passwords are shown once and stored nowhere.", file=sys.stderr)


@broker.command()
def secrets(
    file: FileArgument,
    out: Annotated[Path, typer.Option(help="The folder that docker-compose.yml reads.")] = Path(
        "deploy/secrets"
    ),
    name: Annotated[
        list[str] | None,
        typer.Option(help="A name or address under which telephones reach the hub."),
    ] = None,
    json: JsonOption = False,
) -> None:
    """Make everything secret that docker-compose.yml needs; what is there already is kept."""
    from hub.deploy_files import NoOpenssl, write_all

    try:
        fresh = write_all(_plan(file), out, names=name or ())
    except (NoOpenssl, OSError) as error:
        fail(f"no secrets made: {error}")
    if json:
        print_json({"folder": str(out), "new_users": list(fresh)})
        return
    print(f"{out}: {len(fresh)} new broker users. Bridges' passwords: {out / 'bridges.txt'}")


def _plan(file: Path) -> Plan:
    try:
        return plan_of(load(file), 1)
    except HouseFileError as error:
        fail(str(error))


def _show(plan: Plan, *, json: bool) -> None:
    people = users(plan)
    if json:
        print_json(
            [{"user": u.name, "reads": list(u.reads), "writes": list(u.writes)} for u in people]
        )
    else:
        print(acl_text(people), end="")
