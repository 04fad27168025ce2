"""`bjelle doctor`: is this hub fit to be relied on?"""

import sys
from dataclasses import asdict

import typer
from pydantic import ValidationError

from hub import logs
from hub.cli_door import NO, JsonOption, print_json, run
from hub.cli_hub import Refused, RunningHub
from hub.clock import SystemClock
from hub.doctor import Finding, Mark, bad, examine, good, look
from hub.settings import Settings

MARKS = {Mark.GOOD: "✓", Mark.LOOK: "!", Mark.BAD: "✗"}
PLAIN = {Mark.GOOD: "ok", Mark.LOOK: "!!", Mark.BAD: "NO"}
"""Where the terminal cannot show the others."""


def doctor(json: JsonOption = False) -> None:
    """Look at everything the hub stands on, and say what to do next.

    ✓ is well, ! works and needs somebody, ✗ must be mended. Exit code 1 where there is a ✗.
    """
    found = _examined()
    worst = any(one.mark is Mark.BAD for one in found)
    if json:
        print_json({"ok": not worst, "findings": [asdict(one) for one in found]})
    else:
        for one in found:
            _print(one)
    if worst:
        raise typer.Exit(NO)


def _examined() -> list[Finding]:
    try:
        settings = Settings()
    except ValidationError as error:
        return [
            bad(
                "settings",
                f"{'.'.join(str(part) for part in one['loc'])}: {one['msg']}",
                f"correct BJELLE_{'_'.join(str(part) for part in one['loc']).upper()}, "
                "or bjelle.toml",
            )
            for one in error.errors()
        ]
    logs.set_up(level=50)  # what is wrong is said below, in one place
    found = run(examine(settings, SystemClock().now()))
    return [*found, _hub(settings)]


def _hub(settings: Settings) -> Finding:
    hub = RunningHub(settings)
    if not hub.answers:
        return look("hub", f"none answers at {hub.where}", "`bjelle serve`")
    try:
        hub.ask("GET", "/readyz")
    except Refused as error:
        said = "; ".join(error.problem.get("details", ())) or str(error)
        return bad(
            "hub", f"{hub.where}: {said}", "see docs/operations.md, When it is not ready"
        )
    return good("hub", f"{hub.where} is ready: presses ring and are kept")


def _print(one: Finding) -> None:
    try:
        "✓✗".encode(sys.stdout.encoding or "ascii")
        marks = MARKS
    except UnicodeEncodeError:
        marks = PLAIN
    print(f"{marks[one.mark]} {one.what}: {one.said}")
    if one.next:
        print(f"    -> {one.next}")
