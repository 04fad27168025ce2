"""Enrolling devices: changes of the plan, each a pure function from one plan to the next.

Discovery proposes, a person chooses, a proof press makes it active (DEVICES section 6). An
assignment is a relation of its own with a beginning and an end, so that a late event still goes
to who wore the device when it happened.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from devices.catalogue import load as catalogue
from routing.ids import BridgeId, DeviceId, PatientId, RoomId
from routing.plan import Assignment, Device, DeviceLife, Plan, Purpose
from routing.readings import DeviceClass

PROVE_EVERY = timedelta(days=31)
"""An alarm device is tried monthly: what it no longer sends cannot be seen (DEVICES M3)."""
IDLE = (DeviceLife.CLEANING, DeviceLife.REPAIR, DeviceLife.RETIRED)
"""Lives that a person may put a device into; only a proof brings it back from them."""

Change = Callable[[Plan], Plan]


class EnrolmentRefused(ValueError):  # noqa: N818 - an answer
    """The plan cannot be changed so; `do` says what to do instead."""

    def __init__(self, said: str, do: str) -> None:
        """Keep both."""
        super().__init__(said)
        self.do = do


@dataclass(frozen=True, slots=True)
class Wearer:
    """Whose a device shall be: a patient, a room, or staff."""

    purpose: Purpose
    patient: PatientId | None = None
    room: RoomId | None = None


@dataclass(frozen=True, slots=True)
class Wanted:
    """A device as a person chose it."""

    id: DeviceId
    bridge: BridgeId
    native: str
    model: str
    device_class: DeviceClass
    expect_every: timedelta | None = None
    wearer: Wearer | None = None


def enrol(wanted: Wanted, at: datetime) -> Change:
    """Add a device, proposed until its proof press."""

    def change(plan: Plan) -> Plan:
        _fits(plan, wanted)
        device = Device(
            wanted.id,
            wanted.bridge,
            wanted.native,
            wanted.model,
            wanted.device_class,
            DeviceLife.PROPOSED,
            wanted.expect_every or catalogue()[wanted.model].expect_every,
        )
        grown = replace(plan, devices={**plan.devices, device.id: device})
        return grown if wanted.wearer is None else assign(device.id, wanted.wearer, at)(grown)

    return change


def assign(device: DeviceId, wearer: Wearer | None, at: datetime) -> Change:
    """Hand a device over at a moment; None: it is nobody's from then on."""

    def change(plan: Plan) -> Plan:
        known = _device(plan, device)
        if known.life is DeviceLife.RETIRED:
            raise EnrolmentRefused(f"{device} is retired", "enrol another device")
        if wearer is None:
            return _ended(plan, device, at)
        _lives_here(plan, wearer, at)
        begun = Assignment(device, wearer.purpose, at, None, wearer.patient, wearer.room)
        plan = _ended(plan, device, at)
        return replace(plan, assignments=(*plan.assignments, begun))

    return change


def swap(old: DeviceId, new: DeviceId, native: str, at: datetime) -> Change:
    """Replace a device by another of its model: the wearer keeps it, the proof is done anew.

    The old one goes to repair with its history; its assignments end where the new ones begin.
    """

    def change(plan: Plan) -> Plan:
        worn = _device(plan, old)
        wanted = Wanted(new, worn.bridge, native, worn.model, worn.device_class)
        _fits(plan, wanted)
        fresh = replace(worn, id=new, native=native, life=DeviceLife.PROPOSED, proven_at=None)
        moved = tuple(
            replace(one, device=new, since=at)
            for one in plan.assignments
            if one.device == old and _open(one, at)
        )
        away = replace(worn, life=DeviceLife.REPAIR)
        plan = _ended(plan, old, at)
        return replace(
            plan,
            devices={**plan.devices, old: away, new: fresh},
            assignments=(*plan.assignments, *moved),
        )

    return change


def put_away(device: DeviceId, life: DeviceLife, at: datetime) -> Change:
    """Clean, repair or retire a device: from now on it is nobody's and rings nobody."""
    if life not in IDLE:
        raise EnrolmentRefused(
            f"{device} cannot be made {life} by hand",
            "ask for a proof press: that makes it active",
        )

    def change(plan: Plan) -> Plan:
        known = replace(_device(plan, device), life=life)
        plan = _ended(plan, device, at)
        return replace(plan, devices={**plan.devices, device: known})

    return change


def prove(device: DeviceId, at: datetime) -> Change:
    """Note that the real alarm came through: the device is in use from now."""

    def change(plan: Plan) -> Plan:
        known = plan.devices.get(device)
        if known is None or known.life is DeviceLife.RETIRED:
            return plan  # taken out of use while somebody tried it
        known = replace(known, life=DeviceLife.ACTIVE, proven_at=at)
        return replace(plan, devices={**plan.devices, device: known})

    return change


def overdue(device: Device, now: datetime) -> bool:
    """Tell whether an alarm device in use has not proved itself for a month."""
    if device.device_class is not DeviceClass.ALARM:
        return False
    if device.life not in (DeviceLife.ACTIVE, DeviceLife.SUSPECT):
        return False
    return device.proven_at is None or now - device.proven_at > PROVE_EVERY


def worn_now(plan: Plan, device: DeviceId, now: datetime) -> Assignment | None:
    """Return whose the device is."""
    mine = [one for one in plan.assignments if one.device == device]
    return next((one for one in mine if one.since <= now and _open(one, now)), None)


def _device(plan: Plan, device: DeviceId) -> Device:
    known = plan.devices.get(device)
    if known is None:
        raise EnrolmentRefused(f"no device '{device}'", "look at `bjelle device list`")
    return known


def _fits(plan: Plan, wanted: Wanted) -> None:
    if wanted.id in plan.devices:
        raise EnrolmentRefused(f"'{wanted.id}' is a device already", "choose another name")
    if wanted.bridge not in plan.bridges:
        known = ", ".join(plan.bridges) or "none"
        raise EnrolmentRefused(f"no bridge '{wanted.bridge}'", f"choose one of: {known}")
    for one in plan.devices.values():
        same = (one.bridge, one.native.lower()) == (wanted.bridge, wanted.native.lower())
        if same:
            raise EnrolmentRefused(
                f"'{wanted.native}' is {one.id} already ({one.life})",
                f"ask for a proof press of {one.id} to take it in use again",
            )
    model = catalogue().get(wanted.model)
    if model is None:
        raise EnrolmentRefused(
            f"no model '{wanted.model}' in devices/models", "see devices/README.md"
        )
    if model.experimental and wanted.device_class is DeviceClass.ALARM:
        raise EnrolmentRefused(
            f"'{wanted.model}' is experimental and cannot be class alarm",
            "choose another device for help, or class safety or comfort for this one",
        )


def _lives_here(plan: Plan, wearer: Wearer, at: datetime) -> None:
    if wearer.patient is not None and not any(
        stay.patient == wearer.patient and (stay.until is None or stay.until > at)
        for stay in plan.stays
    ):
        raise EnrolmentRefused(f"no patient '{wearer.patient}' stays here", "choose another")
    if wearer.room is not None and wearer.room not in plan.rooms:
        raise EnrolmentRefused(f"no room '{wearer.room}'", "choose a room of the house file")
    nobody = wearer.patient is None and wearer.room is None
    if nobody and wearer.purpose is not Purpose.STAFF:
        raise EnrolmentRefused(
            "belongs to nobody and nowhere", "give a patient, a room, or both"
        )


def _open(one: Assignment, at: datetime) -> bool:
    return one.until is None or one.until > at


def _ended(plan: Plan, device: DeviceId, at: datetime) -> Plan:
    """End what is open at the moment; what would only begin later never does."""
    kept = tuple(
        replace(one, until=at) if one.device == device and _open(one, at) else one
        for one in plan.assignments
        if one.device != device or one.since < at
    )
    return replace(plan, assignments=kept)
