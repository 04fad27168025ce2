"""`bjelle device`: try payloads and public vectors; enrol devices in the running hub."""

from pathlib import Path
from typing import Annotated, Any

import typer

from devices.conformance import run as judge
from devices.try_out import UnknownModelError, explain
from hub import cli_enrol
from hub.cli_door import NO, JsonOption, fail, print_json

device = typer.Typer(
    name="device",
    help="Enrol, prove and hand over devices; try a payload, or public vectors.",
    no_args_is_help=True,
)


for _name, _command in (
    ("list", cli_enrol.list_),
    ("propose", cli_enrol.propose),
    ("enrol", cli_enrol.enrol),
    ("prove", cli_enrol.prove),
    ("assign", cli_enrol.assign),
    ("swap", cli_enrol.swap),
    ("retire", cli_enrol.retire),
):
    device.command(_name)(_command)


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
