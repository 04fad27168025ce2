"""`bjelle`: one command, its parts gathered from the hub and from `bjelle.commands`.

Exit codes everywhere: 0 done, 1 done and the answer is no (a broken truth, an unbalanced
ledger), 2 could not be done (wrong usage, refused input, nothing to work on).
"""

import importlib
import logging
import sys
from importlib.metadata import entry_points, version
from typing import Annotated, Any

import typer
from typer.core import TyperGroup

PARTS = (
    ("doctor", "hub.cli_doctor:doctor"),
    ("house", "hub.cli_house:house"),
    ("user", "hub.cli_user:user"),
    ("handset", "hub.cli_handset:handset"),
    ("board", "hub.cli_board:board"),
    ("report", "hub.cli_report:report"),
    ("why", "hub.cli_report:why"),
    ("ledger", "hub.cli_report:ledger"),
    ("rehearse", "hub.cli_rehearse:rehearse"),
    ("backup", "hub.cli_store:backup"),
    ("restore", "hub.cli_store:restore"),
    ("replay", "hub.cli_replay:replay"),
    ("db", "hub.cli_store:db"),
    ("device", "hub.cli_device:device"),
    ("broker", "hub.cli_broker:broker"),
    ("coverage", "hub.cli_coverage:coverage"),
    ("route", "hub.cli_route:route"),
    ("rules", "hub.cli_rules:rules"),
    ("channel", "hub.cli_channel:channel"),
)
"""Command name and where it lives. What stands above the hub comes in by entry point."""
PANELS = {
    "Running a hub": ("serve", "doctor", "version"),
    "A house and its people": (
        "house",
        "user",
        "handset",
        "board",
        "broker",
        "device",
        "channel",
    ),
    "Who would be rung": ("route", "coverage", "rules", "rehearse"),
    "What happened, and why": ("report", "why", "ledger", "replay"),
    "Keeping it": ("backup", "restore", "db"),
    "Pretending": ("demo", "simulate", "bench"),
}
"""How `bjelle --help` sorts them."""


OURS = ("routing", "devices", "hub", "simulators")


class Sorted(TyperGroup):
    """Lists its commands as `PANELS` does."""

    def list_commands(self, ctx: Any) -> list[str]:
        """Return the names, what is in no panel last."""
        order = [name for names in PANELS.values() for name in names]
        there = super().list_commands(ctx)
        return [*(one for one in order if one in there), *(o for o in there if o not in order)]


app = typer.Typer(
    name="bjelle",
    cls=Sorted,
    help="Bjelle: the open alarm and sensor hub for care houses. "
    "A first look: `bjelle demo`. A real house: docs/operations.md.",
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode="markdown",
    pretty_exceptions_show_locals=False,
)


def _panel(name: str) -> str | None:
    return next((panel for panel, names in PANELS.items() if name in names), None)


@app.command(rich_help_panel=_panel("serve"))
def serve(
    host: Annotated[str | None, typer.Option(help="Address to listen on.")] = None,
    port: Annotated[int | None, typer.Option(help="Port to listen on.")] = None,
    log_json: Annotated[bool, typer.Option("--log-json", help="Log as JSON lines.")] = False,
) -> None:
    """Run the hub: broker, engine, journal, telephones, API. Stops cleanly on Ctrl-C."""
    from hub.app import serve as run

    given: dict[str, object] = {}
    if host is not None:
        given["host"] = host
    if port is not None:
        given["port"] = port
    raise typer.Exit(run(given, log_json=log_json))


@app.command("version", rich_help_panel=_panel("version"))
def show_version() -> None:
    """Print the version."""
    print(version("bjelle"))


def _mount(name: str, part: object) -> None:
    if isinstance(part, typer.Typer):
        app.add_typer(part, name=name, rich_help_panel=_panel(name))
    elif callable(part):
        app.command(name, rich_help_panel=_panel(name))(part)
    else:
        raise TypeError(f"{name} is neither a Typer app nor a command")


def _gather(wanted: str | None) -> None:
    """Mount the one command that is wanted, or all where that is not known (help, typos)."""
    entries = entry_points(group="bjelle.commands")
    known = dict(PARTS) | {e.name: e.value for e in entries}
    for name, where in {wanted: known[wanted]}.items() if wanted in known else known.items():
        module, attribute = where.split(":")
        try:
            part = getattr(importlib.import_module(module), attribute)
        except ModuleNotFoundError as error:
            if error.name is None or error.name.partition(".")[0] in OURS:
                raise
            _mount_lacking(name, error.name)
        else:
            _mount(name, part)


def _mount_lacking(name: str, package: str) -> None:
    """Mount what a command is where a package of the development tools is not installed."""

    def lacking() -> None:
        print(
            f"not installed here: it needs {package}, see requirements/dev.in", file=sys.stderr
        )
        raise typer.Exit(2)

    whatever = {"allow_extra_args": True, "ignore_unknown_options": True}
    panel, said = _panel(name), f"Not installed here (needs {package})."
    made = app.command(name, rich_help_panel=panel, help=said, context_settings=whatever)
    made(lacking)


def _log_aside() -> None:
    """Keep the log out of stdout, which a script reads the answer from."""
    from hub.logs import set_up

    set_up(level=logging.WARNING)


def main() -> None:
    """Run the command line."""
    first = sys.argv[1] if len(sys.argv) > 1 else None
    if first not in ("serve", "version"):
        _gather(first)
        _log_aside()
    sys.exit(app())


if __name__ == "__main__":
    main()
