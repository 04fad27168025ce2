"""`bjelle device`: what would the hub understand of a payload, or of public vectors?"""

from pathlib import Path
from typing import Annotated, Any

import typer

from devices.conformance import run as judge
from devices.try_out import UnknownModelError, explain
from hub.cli_door import NO, JsonOption, fail, print_json

device = typer.Typer(
    name="device",
    help="Try a device's payload, or run public vectors through the codecs.",
    no_args_is_help=True,
)


@device.command("try")
def try_(
    profile: Annotated[str, typer.Argument(help="A model, as milesight/ws101.")],
    hex_: Annotated[
        str | None, typer.Option("--hex", help="The payload's bytes, as '01 75 10 ff 2e 01'.")
    ] = None,
    payload: Annotated[
        str | None, typer.Option("--json", help="The payload, or a whole event, as JSON text.")
    ] = None,
    port: Annotated[
        int | None, typer.Option(help="The LoRaWAN port, where it matters.")
    ] = None,
) -> None:
    """Say field by field what the hub would understand of a payload."""
    if (hex_ is None) == (payload is None):
        fail("give the payload with --hex or with --json, one of them")
    try:
        lines = explain(profile, hex_ or payload or "", port=port)
    except UnknownModelError as error:
        fail(str(error))
    print("\n".join(lines))


@device.command()
def conformance(
    directory: Annotated[
        Path, typer.Argument(help="A folder of public vectors, as JSON files.")
    ],
    json: JsonOption = False,
) -> None:
    """Run public vectors through the codecs. Exit code 1 where one is understood wrongly."""
    if not directory.is_dir():
        fail(f"no folder {directory}")
    report: dict[str, Any] = judge(directory)
    if not report["ecosystems"]:
        fail(f"no vectors in {directory}: expected folders with JSON files")
    if json:
        print_json(report)
    else:
        _print(report)
    if report["wrong"]:
        raise typer.Exit(NO)


def _print(report: dict[str, Any]) -> None:
    print(f"{'ecosystem':<20}{'vectors':>9}{'right':>9}{'undecodable':>13}{'wrong':>9}")
    for name, score in report["ecosystems"].items():
        print(
            f"{name:<20}{score['vectors']:>9}{score['right']:>9}"
            f"{score['undecodable']:>13}{score['wrong']:>9}"
        )
    for wrong in report["wrong"][:20]:
        print(f"wrong: {wrong['vector']}: expected {wrong['expected']}, got {wrong['got']}")
