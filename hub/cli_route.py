"""`bjelle route test`: who would ring, step by step, on a house file, without any server."""

import re
from dataclasses import asdict
from datetime import date, time
from pathlib import Path
from typing import Annotated, Any

import typer
from ruamel.yaml import YAML
from ruamel.yaml.error import YAMLError

from hub.cli_door import NO, JsonOption, fail, print_json
from hub.clock import SystemClock
from hub.house import HouseFileError, load
from hub.house_file import duration
from hub.names import Names
from hub.route_walk import SIGNALS, NoSuchThingError, Question, Walk, differences, walk
from routing.ids import DeviceId, StaffId
from routing.plan import Plan

route = typer.Typer(
    name="route", help="Who would ring: a house file tried out.", no_args_is_help=True
)

_CLOCK = re.compile(r"([01]?\d|2[0-3]):([0-5]\d)")


@route.callback()
def _group() -> None:
    """Try a house file out before it is taken in use."""


@route.command("test")
def try_out(
    file: Annotated[Path, typer.Argument(help="The house file, in YAML.")],
    at: Annotated[str | None, typer.Option(help="Local time of day, as 02:30.")] = None,
    press: Annotated[str | None, typer.Option(help="This device is pressed.")] = None,
    signal: Annotated[
        str | None, typer.Option(help="KIND:DEVICE, as bed_exit:bed-16, door_open:door-2.")
    ] = None,
    day: Annotated[str | None, typer.Option(help="As 2026-11-21. Default: today.")] = None,
    on_duty: Annotated[
        str | None, typer.Option(help="Ids of those signed in, a,b,c. Default: everybody.")
    ] = None,
    suite: Annotated[
        Path | None, typer.Option(help="A YAML file of expectations. Exit code 1: not met.")
    ] = None,
    lang: Annotated[str, typer.Option(help="nb or en.")] = "nb",
    json: JsonOption = False,
) -> None:
    """Walk the ladder of an imagined signal: who rings, when, why; nobody answers."""
    if lang not in {"nb", "en"}:
        fail(f"--lang {lang}: expected nb or en")
    try:
        read = load(file)
    except HouseFileError as error:
        fail(str(error))
    plan, names = read.plan(1), Names(read.names())
    if suite is not None:
        _suite(plan, names, suite, json=json)
        return
    if at is None or (press is None) == (signal is None):
        fail("say --at 02:30 and one of --press DEVICE, --signal KIND:DEVICE, or --suite FILE")
    asked = {"at": at, "on_duty": on_duty.split(",") if on_duty else [], "day": day}
    asked |= {"press": press} if press else dict([_kind_and_device(signal or "")])
    walked = _walked(plan, names, asked, lang)
    if json:
        print_json(_as_json(walked))
    else:
        _print(walked, names)


def _kind_and_device(text: str) -> tuple[str, str]:
    kind, _, device = text.partition(":")
    if kind not in SIGNALS or not device:
        fail(f"--signal {text}: expected KIND:DEVICE with one of {', '.join(SIGNALS)}")
    return kind, device


def _walked(plan: Plan, names: Names, asked: dict[str, Any], lang: str = "nb") -> Walk:
    clock = _CLOCK.fullmatch(str(asked.get("at", "")))
    kinds = [kind for kind in SIGNALS if kind in asked]
    if clock is None or len(kinds) != 1:
        fail(f"expected `at` as 02:30 and one of {', '.join(SIGNALS)}, got {asked}")
    try:
        day = date.fromisoformat(str(asked["day"])) if asked.get("day") else None
    except ValueError:
        fail(f"day {asked['day']}: expected a date like 2026-11-21")
    question = Question(
        time(int(clock[1]), int(clock[2])),
        kinds[0],
        DeviceId(str(asked[kinds[0]])),
        day or SystemClock().now().date(),
        tuple(StaffId(str(one)) for one in asked.get("on_duty") or ()),
    )
    try:
        return walk(plan, question, names, "nb" if lang == "nb" else "en")
    except NoSuchThingError as error:
        fail(str(error))


def _suite(plan: Plan, names: Names, path: Path, *, json: bool) -> None:
    try:
        cases = YAML(typ="safe", pure=True).load(path.read_text("utf-8"))["cases"]
    except (OSError, YAMLError, KeyError, TypeError) as error:
        fail(f"{path}: expected `cases:`, a list of name, at, press, expect: {error!r}")
    results = [_case(plan, names, n, case) for n, case in enumerate(cases, 1)]
    wrong = [one for one in results if one["differences"]]
    if json:
        print_json({"cases": len(results), "failed": len(wrong), "results": results})
    else:
        for one in results:
            print(f"{'not met' if one['differences'] else 'met':>7}  {one['name']}")
            for line in one["differences"]:
                print(f"         {line}")
        print(f"{len(results) - len(wrong)} of {len(results)} met.")
    if wrong:
        raise typer.Exit(NO)


def _case(plan: Plan, names: Names, n: int, case: Any) -> dict[str, Any]:
    if not isinstance(case, dict) or not isinstance(case.get("expect"), list):
        fail(f"case {n}: expected name, at, press, expect (a list)")
    expected: list[dict[str, Any]] = []
    for one in case["expect"]:
        try:
            after = duration(one["after"]).total_seconds()
        except (KeyError, TypeError, ValueError) as error:
            fail(f"case {n}: expected `after: 60s` in each expectation: {error}")
        expected.append({**one, "after": after})
    name = str(case.get("name", f"case {n}"))
    walked = _walked(plan, names, case)
    return {"name": name, "differences": differences(walked, expected)}


def _as_json(walked: Walk) -> dict[str, Any]:
    steps = [asdict(one) | {"after": one.after.total_seconds()} for one in walked.steps]
    for one in steps:
        one["after_s"] = one.pop("after")
    return asdict(walked) | {"steps": steps}


def _print(walked: Walk, names: Names) -> None:
    kind = f" {walked.call_type}, priority {walked.priority}" if walked.call_type else ""
    print(f"{walked.booked}{kind}: {walked.why}")
    for one in walked.steps:
        who = ", ".join(names.staff(staff) for staff in one.rings) or "nobody by telephone"
        channels = "".join(f", channel {channel}" for channel in one.channels)
        print(f"{int(one.after.total_seconds()):>5} s  {who}{channels}")
        print(f"         {one.why}")
        for line in one.considered:
            print(f"           {line}")
    if not walked.steps:
        print("nobody rings.")
