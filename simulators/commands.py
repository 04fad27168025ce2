"""`bjelle simulate night | find | live`: pretended houses, on the command line."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Annotated

import typer

from routing.plan import Plan
from simulators.faults import Fault, parse
from simulators.night import Report, run_night

simulate = typer.Typer(
    help="Pretended houses: nights in virtual time, new seeds until something breaks, live.",
    no_args_is_help=True,
)

HOUSES = Path(__file__).parent / "houses"
SOLVIK = HOUSES / "solvik.yaml"

Seed = Annotated[int, typer.Option(help="The same seed gives the same night.")]
Faults = Annotated[str, typer.Option(help="none, all, or names with commas: broker,restart …")]
House = Annotated[Path | None, typer.Option(help="House file; without one, Solvik.")]
Json = Annotated[bool, typer.Option("--json", help="One JSON object on standard output.")]


def plan_of(house: Path | None) -> Plan:
    """Return the plan of a house file, of Solvik, or of the small house in code."""
    path = house or SOLVIK
    if house is None and not path.exists():
        from simulators.small_house import small_house

        return small_house()
    from hub.house import load

    return load(path).plan(version=1)


def _faults(names: str) -> tuple[Fault, ...]:
    try:
        return parse(names)
    except ValueError as error:
        raise typer.BadParameter(str(error), param_hint="--faults") from error


def _plan(house: Path | None) -> Plan:
    try:
        return plan_of(house)
    except (OSError, ValueError) as error:
        raise typer.BadParameter(str(error), param_hint="--house") from error


@simulate.command()
def night(
    seed: Seed = 7,
    nights: Annotated[int, typer.Option(min=1, help="This many seeds, from --seed on.")] = 1,
    jobs: Annotated[int, typer.Option(min=1, help="Processes side by side.")] = 1,
    faults: Faults = "none",
    house: House = None,
    as_json: Json = False,
) -> None:
    """Simulate whole nights of a house in seconds, and check everything that must hold.

    A night runs from 20:30 over two changes of shift until every call of the morning is taken
    care of. Exit code 1 when a truth is broken.
    """
    plan, chosen = _plan(house), _faults(faults)
    progress = None if as_json or nights == 1 else _counting(nights)
    report = run_night(seed, nights, chosen, plan, jobs=jobs, progress=progress)
    if as_json:
        typer.echo(json.dumps(report.as_json(), ensure_ascii=False))
    else:
        _tell(report, plan, chosen)
    if report.truths_broken:
        raise typer.Exit(1)


def _counting(nights: int) -> Callable[[int, int], None]:
    every = max(1, nights // 20)

    def progress(done: int, of: int) -> None:
        if done % every == 0 or done == of:
            typer.echo(f"  {done} of {of} nights", err=True)

    return progress


def _tell(report: Report, plan: Plan, faults: tuple[Fault, ...]) -> None:
    from simulators.truths import TRUTHS

    hours = report.simulated_s / 3600
    nights = "one night" if report.nights == 1 else f"{report.nights} nights"
    rooms = len(plan.beds)
    typer.echo(f"{plan.house}: {nights} ({hours:.0f} h), {rooms} beds, from seed {report.seed}")
    wrong = ", ".join(f.value for f in faults) or "nothing"
    typer.echo(f"  what went wrong on purpose: {wrong}")
    typer.echo(f"  {report.signals} device messages led to {report.calls} calls")
    typer.echo(
        f"  took {report.wall_s:.1f} s: {report.factor:.0f} times the clock's speed, per core"
    )
    typer.echo(f"  digest of every decision: {report.digest}")
    if not report.truths_broken:
        typer.echo(f"  all {len(TRUTHS)} truths held")
        return
    for broken in report.truths_broken:
        _tell_broken(broken.truth, broken.seed, broken.story)


def _tell_broken(name: str, seed: int, story: tuple[str, ...]) -> None:
    from simulators.truths import TRUTHS

    sentence = next((t.sentence for t in TRUTHS if t.name == name), "")
    typer.echo(f"\nBROKEN, seed {seed}: {name}\n  {sentence}")
    for line in story:
        typer.echo(f"    {line}")


@simulate.command()
def find(
    seed: Seed = 1,
    faults: Faults = "all",
    house: House = None,
    limit: Annotated[int, typer.Option(min=1, help="Give up after this many seeds.")] = 1000,
    as_json: Json = False,
) -> None:
    """Try new seeds until a truth breaks; print the seed and the shortest story that breaks it.

    Exit code 1 when something was found.
    """
    from simulators.find import find_break

    plan, chosen = _plan(house), _faults(faults)
    found = find_break(
        seed, chosen, plan, limit=limit, progress=lambda s: typer.echo(f"  seed {s}", err=True)
    )
    if found is None:
        if as_json:
            typer.echo(json.dumps({"found": None, "seeds": limit}))
        else:
            typer.echo(f"{limit} seeds from {seed} on: every truth held")
        return
    if as_json:
        typer.echo(json.dumps({"found": found.as_json()}, ensure_ascii=False))
    else:
        _tell_broken(found.truth, found.seed, found.story)
        typer.echo(f"\n  {found.needed}")
    raise typer.Exit(1)


@simulate.command()
def live(
    house: House = None,
    seed: Seed = 7,
    speed: Annotated[float, typer.Option(min=0.1, help="Times faster than the clock.")] = 1.0,
    mqtt: Annotated[str, typer.Option(help="Broker, HOST:PORT.")] = "127.0.0.1:1883",
    mqtt_user: Annotated[str, typer.Option(help="User name at the broker.")] = "",
    mqtt_password: Annotated[
        str, typer.Option(envvar="BJELLE_SIMULATE_MQTT_PASSWORD", help="Its password.")
    ] = "",
    hub: Annotated[str, typer.Option(help="The hub's address, for simulated carers.")] = "",
    carers: Annotated[
        Path | None,
        typer.Option(help="JSON list of {handset, key, staff, pin}: who signs in where."),
    ] = None,
    minutes: Annotated[float, typer.Option(min=0, help="Stop after this long; 0: never.")] = 0,
) -> None:
    """Play a house against a running hub: real broker, real sockets, real time (or faster)."""
    from simulators.live import play
    from simulators.local_broker import Broker

    host, _, port = mqtt.rpartition(":")
    if not host or not port.isdigit():
        raise typer.BadParameter("expected HOST:PORT", param_hint="--mqtt")
    if carers is not None and not hub:
        raise typer.BadParameter("carers need the hub's address: --hub URL", param_hint="--hub")
    people = json.loads(carers.read_text(encoding="utf-8")) if carers is not None else []
    played, worked = play(
        _plan(house),
        seed,
        Broker(host, int(port), mqtt_user, mqtt_password, 5, "given"),
        hub=hub,
        people=people,
        speed=speed,
        for_s=minutes * 60 or None,
    )
    closed = sum(carer.deeds.closed for carer in worked)
    typer.echo(
        f"{played.published} messages, {played.pressed} presses; "
        f"{len(worked)} carers closed {closed} calls"
    )
