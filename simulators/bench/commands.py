"""`bjelle bench …`: figures beside a floor measured in the same run. Nothing asserts them."""

import asyncio
import json as to_json
from collections.abc import Coroutine
from dataclasses import replace
from typing import Annotated, Any

import typer

from simulators.bench.measure import Setting

bench = typer.Typer(help="Benchmarks, each beside its floor.", no_args_is_help=True)

Json = Annotated[bool, typer.Option("--json", help="Print one JSON object.")]
Houses = Annotated[int, typer.Option(help="Houses in one hub, 24 rooms each.")]
Repeats = Annotated[int, typer.Option(help="Runs of each; medians are printed.")]
Seed = Annotated[int, typer.Option(help="Another seed, other traffic.")]
Result = dict[str, Any]


@bench.command()
def latency(
    houses: Houses = 40,
    rate: Annotated[float, typer.Option(help="Events per second.")] = 1000,
    seconds: Annotated[float, typer.Option(help="Measured time of each run.")] = 10,
    repeats: Repeats = 3,
    seed: Seed = 7,
    json: Json = False,
) -> None:
    """Press to handset, p50 and p99, beside a bare hub without our logic."""
    from simulators.bench.measure import compared, paced

    setting = Setting(houses=houses, rate=rate, seconds=seconds, repeats=repeats, seed=seed)
    _show(compared("latency", paced, setting), json=json)


@bench.command()
def decode(
    messages: Annotated[int, typer.Option(help="Messages of each run.")] = 20_000,
    repeats: Repeats = 5,
    json: Json = False,
) -> None:
    """Microseconds to understand one message, codec by codec, beside a bare parse."""
    from simulators.bench.decode import measured

    found = measured(messages, repeats)
    if json:
        print(to_json.dumps(found, indent=2))
        return
    for name, ours in found["ours"].items():
        bare, times = found["floor"][name], found["ratio"][name]
        print(f"{name:<16}{ours:>8} us{bare:>8} us bare{times:>8} x")


@bench.command()
def throughput(
    houses: Houses = 40,
    events: Annotated[int, typer.Option(help="Events to drain in each run.")] = 20_000,
    rate: Annotated[
        float, typer.Option(help="Events per second of the sustained part.")
    ] = 1000,
    seconds: Annotated[float, typer.Option(help="Length of the sustained part.")] = 10,
    repeats: Repeats = 3,
    seed: Seed = 7,
    json: Json = False,
) -> None:
    """Events per second at saturation, and CPU per event at a steady rate."""
    from simulators.bench.measure import compared, drained, paced

    setting = Setting(houses, rate, seconds, repeats=repeats, drain=events, seed=seed)

    async def both() -> Result:
        result = await compared("throughput", drained, setting)
        steady = await compared("steady", paced, replace(setting, repeats=1))
        wanted = ("per_s", "cpu_us_per_event", "p50_ms", "p99_ms")
        for part in ("ours", "floor", "ratio"):
            result[part] |= {f"steady_{k}": steady[part][k] for k in wanted}
        return result

    _show(both(), json=json)


@bench.command()
def backlog(
    houses: Houses = 40,
    events: Annotated[int, typer.Option(help="Motion events that wait.")] = 100_000,
    repeats: Repeats = 1,
    seed: Seed = 7,
    json: Json = False,
) -> None:
    """Press to ring while queued motion events drain, beside the same hub idle."""
    from simulators.bench.backlog import backlog as run

    setting = Setting(houses=houses, backlog=events, repeats=repeats, seed=seed)
    _show(run(setting), json=json)


@bench.command()
def handsets(
    telephones: Annotated[int, typer.Option(help="Connected telephones.")] = 500,
    a_house: Annotated[int, typer.Option(help="Telephones that one call rings.")] = 40,
    calls: Annotated[int, typer.Option(help="Calls at once.")] = 40,
    seconds: Annotated[float, typer.Option(help="Idle time with heartbeats only.")] = 20,
    repeats: Repeats = 1,
    json: Json = False,
) -> None:
    """Ring 40 of 500 telephones, by one call and by 40 at once; CPU and memory of each line."""
    from simulators.bench.handsets import Crowd
    from simulators.bench.handsets import handsets as run

    crowd = Crowd(telephones, a_house, at_once=calls, idle_s=seconds, repeats=repeats)
    _show(run(crowd), json=json)


@bench.command("core")
def core_(
    days: Annotated[int, typer.Option(help="Days of the unit's year.", min=1)] = 365,
    repeats: Repeats = 3,
    seed: Seed = 7,
    json: Json = False,
) -> None:
    """Steps a second, a rehearsal of 30 nights, a unit's year; floor: the rows decoded."""
    from simulators.bench.core import bench_core

    async def measured() -> Result:
        return bench_core(
            year_days=days,
            repeats=repeats,
            seed=seed,
            tell=lambda line: typer.echo(f"  {line}", err=True),
        )

    _show(measured(), json=json)


def _show(work: Coroutine[Any, Any, Result], *, json: bool) -> None:
    result = asyncio.run(work)
    if json:
        print(to_json.dumps(result))
        return

    def number(n: Any) -> str:
        return f"{n:>12,.3f}" if isinstance(n, float) else f"{n:>12}"

    print(f"{result['bench']}: {'':24}{'ours':>12}{'floor':>12}{'ratio':>12}")
    for key, value in result["ours"].items():
        floor, ratio = result["floor"].get(key, ""), result["ratio"].get(key, "")
        print(f"  {key:<32}{number(value)}{number(floor)}{number(ratio)}")
    print("noise:", to_json.dumps(result["noise"]))
    print("settings:", to_json.dumps(result["settings"]))
