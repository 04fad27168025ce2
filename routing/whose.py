"""Whose a device was when something happened, and where help is needed."""

from dataclasses import dataclass
from datetime import datetime

from routing.draft import Draft
from routing.ids import DeviceId, PatientId, RoomId, UnitId
from routing.index import holds_at, room_of, stay_at, stays_in_room, unit_of
from routing.plan import Assignment, RoomKind


@dataclass(frozen=True, slots=True)
class Whose:
    """A patient, or several possible ones, and a place."""

    patient: PatientId | None = None
    possible: tuple[PatientId, ...] = ()
    room: RoomId | None = None
    unit: UnitId | None = None
    bathroom: bool = False
    assigned: bool = True


NOWHERE = Whose()


def whose(draft: Draft, device: DeviceId, first: datetime, last: datetime) -> Whose:
    """Return whose the device was during `[first, last]`.

    The room is where the device stands, or where its wearer's bed is. Where the wearer was last
    heard is shown beside it (`routing.whereabouts`) and decides nothing: it may be wrong.

    One patient where that is certain. Where the wearer changed inside the interval, or several
    people share the room, all of them are possible and none is claimed.
    """
    index = draft.index
    held = [
        one
        for one in index.assignments.get(device, ())
        if holds_at(one.since, one.until, first, last)
    ]
    stands_in = next((one.room for one in reversed(held) if one.room is not None), None)
    patients = _patients(draft, held, first, last)
    patient = patients[0] if len(patients) == 1 else None
    room = stands_in
    if room is None and patients:
        room = _bed_room(draft, patients[-1], last)
    standing = None if stands_in is None else draft.plan.rooms.get(stands_in)
    return Whose(
        patient,
        () if patient is not None else patients,
        room,
        unit_of(draft.plan, room),
        bathroom=standing is not None and standing.kind is RoomKind.BATHROOM,
        assigned=bool(held),
    )


def _patients(
    draft: Draft, held: list[Assignment], first: datetime, last: datetime
) -> tuple[PatientId, ...]:
    found: dict[PatientId, None] = {}
    for one in held:
        if one.patient is not None:
            found[one.patient] = None
        else:
            for stay in stays_in_room(draft.index, one.room, first, last):
                found[stay.patient] = None
    return tuple(found)


def _bed_room(draft: Draft, patient: PatientId, at: datetime) -> RoomId | None:
    stay = stay_at(draft.index, patient, at)
    room = None if stay is None else room_of(draft.plan, stay)
    return None if room is None else room.id
