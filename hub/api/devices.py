"""Devices: which there are, worst first; proposals; enrolling, proving, handing over.

No names: a patient is its pseudonym here, so that whoever mends devices reads nobody's record.
"""

from datetime import datetime, timedelta

from fastapi import APIRouter
from pydantic import BaseModel, Field

from devices.enrolment import suggestions
from hub.api.problems import ApiProblem, store_away
from hub.api.wiring import Hub, TheHub, TheSession
from hub.auth import Session
from hub.enrolment import (
    Change,
    EnrolmentRefused,
    Wanted,
    Wearer,
    assign,
    enrol,
    overdue,
    put_away,
    swap,
    worn_now,
)
from hub.store.rows import StoreDown
from routing.events import ProofAsked
from routing.ids import BridgeId, DeviceId, PatientId, RoomId
from routing.plan import Assignment, Device, DeviceLife, Purpose
from routing.proof import WINDOW
from routing.readings import Availability, DeviceClass
from routing.state import DeviceNow, State

routes = APIRouter(prefix="/api/v1/devices", tags=["devices"])

LOW_BATTERY = 15.0
NEVER_HEARD = DeviceNow()
IN_USE = (DeviceLife.ACTIVE, DeviceLife.SUSPECT)

Key = Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$")


class Worn(BaseModel):
    """Whose a device is, without a name."""

    purpose: Purpose = Purpose.HELP
    patient: str | None = None
    room: str | None = None


class DeviceRow(BaseModel):
    """One device, and how it does."""

    id: str
    bridge: str
    native: str
    model: str
    device_class: DeviceClass
    life: DeviceLife
    trouble: list[str] = Field(
        description="`silent`, `offline`, `never_heard`, `battery_low`, `proof_overdue`, "
        "`unproven`, `unassigned`; worst first"
    )
    last_heard: datetime | None
    expected_every_s: float | None
    battery_percent: float | None
    proven_at: datetime | None
    proving_until: datetime | None
    worn: Worn | None


class Devices(BaseModel):
    """All devices of the house, worst first."""

    now: datetime
    version: int = Field(description="of the plan")
    devices: list[DeviceRow]
    proof_overdue: list[str] = Field(description="alarm devices to be tried this month")


class Proposal(BaseModel):
    """A device that a bridge knows and the house has not enrolled."""

    bridge: str
    native: str
    name: str
    model: str = Field(description="suggestion; empty: choose one")
    device_class: DeviceClass
    expected_every_s: float | None
    because: str
    prove: list[str] = Field(description="what to provoke before it may be in use")


class NewDevice(BaseModel):
    """A device as a person chose it."""

    id: str = Key
    bridge: str
    native: str = Field(min_length=1, max_length=128)
    model: str
    device_class: DeviceClass
    expected_every_s: float | None = Field(default=None, ge=60, le=30 * 86400)
    worn: Worn | None = None


class Swap(BaseModel):
    """The device that takes another's place."""

    id: str = Key
    native: str = Field(min_length=1, max_length=128)


class Handover(BaseModel):
    """Whose the device is from now; null: nobody's."""

    worn: Worn | None


class Life(BaseModel):
    """Out of use: `cleaning`, `repair` or `retired`."""

    life: DeviceLife


class PlanNow(BaseModel):
    """The plan after a change."""

    version: int
    device: str


class Proving(BaseModel):
    """The window in which the device's real alarm proves it and rings nobody."""

    device: str
    until: datetime


@routes.get("")
async def listed(session: TheSession, hub: TheHub) -> Devices:
    """Tell of every device, worst first."""
    state, now = hub.engines[session.house].state, hub.clock.now()
    rows = [_row(state, device, now) for device in state.plan.devices.values()]
    rows.sort(key=_badness)
    late = [row.id for row in rows if "proof_overdue" in row.trouble]
    return Devices(now=now, version=state.plan.version, devices=rows, proof_overdue=late)


@routes.get("/proposals")
async def proposals(session: TheSession, hub: TheHub) -> list[Proposal]:
    """Tell what bridges have found and nobody has enrolled, with a suggestion for each."""
    plan = hub.engines[session.house].state.plan
    taken = {(one.bridge, one.native.lower()) for one in plan.devices.values()}
    return [
        Proposal(
            bridge=bridge,
            native=one.native,
            name=one.name,
            model=one.model,
            device_class=one.device_class,
            expected_every_s=_seconds(one.expect_every),
            because=one.because,
            prove=list(one.prove),
        )
        for bridge, discovery in hub.houses.known.get(session.house, {}).items()
        for one in suggestions(discovery.found)
        if (bridge, one.native.lower()) not in taken
    ]


@routes.post("", status_code=201)
async def enrolled(new: NewDevice, session: TheSession, hub: TheHub) -> PlanNow:
    """Enrol a device: proposed, until its proof press makes it active."""
    wanted = Wanted(
        DeviceId(new.id),
        BridgeId(new.bridge),
        new.native,
        new.model,
        new.device_class,
        None if new.expected_every_s is None else timedelta(seconds=new.expected_every_s),
        _wearer(new.worn),
    )
    return await _edit(hub, session, new.id, enrol(wanted, hub.clock.now()))


@routes.post("/{device_id}/proof")
async def prove(device_id: str, session: TheSession, hub: TheHub) -> Proving:
    """Open two minutes in which the first real alarm proves the device and rings nobody."""
    engine = hub.engines[session.house]
    device = engine.state.plan.devices.get(DeviceId(device_id))
    if device is None or device.life is DeviceLife.RETIRED:
        raise ApiProblem(
            404,
            "no-such-device",
            "No such device",
            f"no device '{device_id}' that could prove itself",
            do="look at the list of devices",
        )
    until = hub.clock.now() + WINDOW
    settled = await engine.submit(ProofAsked(device.id, until, session.staff))
    return Proving(device=device.id, until=settled.state.proofs.get(device.id, until))


@routes.post("/{device_id}/assignment")
async def handed_over(
    device_id: str, to: Handover, session: TheSession, hub: TheHub
) -> PlanNow:
    """Hand the device over now; what happened before stays with who wore it then."""
    change = assign(DeviceId(device_id), _wearer(to.worn), hub.clock.now())
    return await _edit(hub, session, device_id, change)


@routes.post("/{device_id}/swap")
async def swapped(device_id: str, by: Swap, session: TheSession, hub: TheHub) -> PlanNow:
    """Replace the device: same wearer, history kept, a new proof press."""
    change = swap(DeviceId(device_id), DeviceId(by.id), by.native, hub.clock.now())
    return await _edit(hub, session, by.id, change)


@routes.post("/{device_id}/life")
async def put_out_of_use(device_id: str, to: Life, session: TheSession, hub: TheHub) -> PlanNow:
    """Send the device to cleaning or repair, or retire it."""
    try:
        change = put_away(DeviceId(device_id), to.life, hub.clock.now())
    except EnrolmentRefused as error:
        raise _refused(error) from error
    return await _edit(hub, session, device_id, change)


async def _edit(hub: Hub, session: Session, device: str, change: Change) -> PlanNow:
    try:
        adopted = await hub.houses.edit(session.house, change, session.staff)
    except EnrolmentRefused as error:
        raise _refused(error) from error
    except StoreDown as error:
        raise store_away(str(error)) from error
    return PlanNow(version=adopted.plan.version, device=device)


def _refused(error: EnrolmentRefused) -> ApiProblem:
    return ApiProblem(422, "enrolment", "Not enrolled so", str(error), do=error.do)


def _wearer(worn: Worn | None) -> Wearer | None:
    if worn is None:
        return None
    patient = None if worn.patient is None else PatientId(worn.patient)
    return Wearer(worn.purpose, patient, None if worn.room is None else RoomId(worn.room))


def _row(state: State, device: Device, now: datetime) -> DeviceRow:
    known = state.devices.get(device.id, NEVER_HEARD)
    worn = worn_now(state.plan, device.id, now)
    until = state.proofs.get(device.id)
    return DeviceRow(
        id=device.id,
        bridge=device.bridge,
        native=device.native,
        model=device.model,
        device_class=device.device_class,
        life=device.life,
        trouble=_trouble(device, known, worn, now),
        last_heard=known.last_heard,
        expected_every_s=_seconds(device.expect_every),
        battery_percent=known.battery_percent,
        proven_at=device.proven_at,
        proving_until=until if until is not None and until >= now else None,
        worn=None
        if worn is None
        else Worn(purpose=worn.purpose, patient=worn.patient, room=worn.room),
    )


def _trouble(
    device: Device, known: DeviceNow, worn: Assignment | None, now: datetime
) -> list[str]:
    if device.life not in IN_USE:
        return ["unproven"] if device.life is DeviceLife.PROPOSED else []
    low = known.battery_percent is not None and known.battery_percent <= LOW_BATTERY
    found = {
        "silent": known.silent,
        "offline": known.availability is Availability.OFFLINE,
        "never_heard": known.last_heard is None,
        "battery_low": low,
        "unassigned": worn is None,
        "proof_overdue": overdue(device, now),
    }
    return [name for name, holds in found.items() if holds]


WORST_FIRST = (
    "silent",
    "offline",
    "never_heard",
    "battery_low",
    "unassigned",
    "proof_overdue",
    "unproven",
)
CLASSES = tuple(DeviceClass)


def _badness(row: DeviceRow) -> tuple[int, int, str]:
    """Order by the worst trouble, then by how serious the device is, then by name."""
    worst = min((WORST_FIRST.index(one) for one in row.trouble), default=len(WORST_FIRST))
    if not row.trouble and row.life not in IN_USE:
        worst += 1
    return worst, CLASSES.index(row.device_class), row.id


def _seconds(of: timedelta | None) -> float | None:
    return None if of is None else of.total_seconds()
