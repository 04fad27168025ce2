"""`bjelle device list|propose|enrol|prove|assign|swap|retire`, through the running hub."""

import json as json_text
from typing import Annotated, Any
from urllib.parse import quote

import typer

from hub.cli_door import JsonOption, fail, print_json, settings
from hub.cli_hub import Refused, RunningHub, read_password
from routing.plan import Purpose
from routing.readings import DeviceClass

DEVICES = "/api/v1/devices"

LoginOption = Annotated[
    str,
    typer.Option(
        help="Who asks: a technician, a leader, for some a nurse. The password is asked for, "
        "or read from stdin."
    ),
]
DeviceArgument = Annotated[str, typer.Argument(help="The device's name in the house.")]
PatientOption = Annotated[str | None, typer.Option(help="The patient's id: p-2.")]
RoomOption = Annotated[str | None, typer.Option(help="The room's id.")]
PurposeOption = Annotated[Purpose, typer.Option(help="What it is for.")]


def list_(login: LoginOption, json: JsonOption = False) -> None:
    """List every device, worst first, and which are to be tried this month."""
    found = _ask(login, "GET", "")
    if json:
        print_json(found)
        return
    for one in found["devices"]:
        worn = one["worn"] or {}
        whose = worn.get("patient") or worn.get("room") or "-"
        battery = "" if one["battery_percent"] is None else f"{one['battery_percent']:.0f} %"
        heard = (one["last_heard"] or "never")[:16]
        trouble = ", ".join(one["trouble"]) or "in order"
        print(f"{one['id']:<20}{one['life']:<10}{whose:<12}{heard:<18}{battery:<7}{trouble}")
    if found["proof_overdue"]:
        print(f"to be tried this month: {', '.join(found['proof_overdue'])}")


def propose(login: LoginOption, json: JsonOption = False) -> None:
    """List what bridges know and nobody has enrolled, with a suggestion for each."""
    found = _ask(login, "GET", "/proposals")
    if json:
        print_json(found)
        return
    for one in found:
        model = one["model"] or "no model"
        print(f"{one['bridge']}  {one['native']}  {one['name']}  {model}: {one['because']}")
    if not found:
        print("nothing new: every device that a bridge knows is enrolled.")


def enrol(
    device: DeviceArgument,
    bridge: Annotated[str, typer.Option(help="The bridge that carries it.")],
    native: Annotated[str, typer.Option(help="Its own id: ieee address, DevEUI, MAC.")],
    model: Annotated[str, typer.Option(help="A model of devices/models.")],
    device_class: Annotated[DeviceClass, typer.Option("--class", help="How serious it is.")],
    login: LoginOption,
    patient: PatientOption = None,
    room: RoomOption = None,
    purpose: PurposeOption = Purpose.HELP,
    json: JsonOption = False,
) -> None:
    """Enrol a device. It is proposed until its proof press: `bjelle device prove`."""
    said = {"id": device, "bridge": bridge, "native": native, "model": model}
    said["device_class"] = device_class.value
    done = _ask(login, "POST", "", {**said, "worn": _worn(patient, room, purpose)})
    _tell(done, f"{device}: proposed; prove it with `bjelle device prove {device}`", json=json)


def prove(device: DeviceArgument, login: LoginOption, json: JsonOption = False) -> None:
    """Open two minutes: the first real alarm in them proves the device and rings nobody."""
    done = _ask(login, "POST", f"/{quote(device)}/proof")
    _tell(done, f"{device}: press it before {done['until'][11:19]} UTC", json=json)


def assign(
    device: DeviceArgument,
    login: LoginOption,
    patient: PatientOption = None,
    room: RoomOption = None,
    purpose: PurposeOption = Purpose.HELP,
    json: JsonOption = False,
) -> None:
    """Hand a device over now; without patient and room it is nobody's from now."""
    worn = _worn(patient, room, purpose)
    done = _ask(login, "POST", f"/{quote(device)}/assignment", {"worn": worn})
    _tell(done, f"{device}: {'handed over' if worn else 'is nobody’s now'}", json=json)


def swap(
    device: DeviceArgument,
    by: Annotated[str, typer.Argument(help="The name of the device that takes its place.")],
    native: Annotated[str, typer.Option(help="The new one's own id.")],
    login: LoginOption,
    json: JsonOption = False,
) -> None:
    """Replace a device: same wearer, history kept, a new proof press."""
    said = {"id": by, "native": native}
    done = _ask(login, "POST", f"/{quote(device)}/swap", said)
    _tell(done, f"{by} takes the place of {device}; prove it now", json=json)


def retire(
    device: DeviceArgument,
    login: LoginOption,
    cleaning: Annotated[bool, typer.Option(help="Only cleaned, for the next patient.")] = False,
    repair: Annotated[bool, typer.Option(help="Only repaired.")] = False,
    json: JsonOption = False,
) -> None:
    """Take a device out of use: for good, or for cleaning or repair."""
    if cleaning and repair:
        fail("one of --cleaning and --repair")
    life = "cleaning" if cleaning else "repair" if repair else "retired"
    done = _ask(login, "POST", f"/{quote(device)}/life", {"life": life})
    _tell(done, f"{device}: {life}, nobody's now", json=json)


def _worn(patient: str | None, room: str | None, purpose: Purpose) -> dict[str, Any] | None:
    if patient is None and room is None:
        return None
    return {"purpose": purpose.value, "patient": patient, "room": room}


def _ask(login: str, method: str, path: str, said: Any = None) -> Any:
    body, kind = b"", ""
    if said is not None:
        body, kind = json_text.dumps(said).encode(), "application/json"
    try:
        return RunningHub(settings()).signed_in(
            login, read_password(login), lambda hub: hub.ask(method, DEVICES + path, body, kind)
        )
    except Refused as error:
        fail(str(error))


def _tell(done: dict[str, Any], said: str, *, json: bool) -> None:
    if json:
        print_json(done)
    else:
        print(said)
