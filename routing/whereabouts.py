"""Where a patient is now, as far as receivers tell: what may be known, how old it is, and then.

A place is shown, never obeyed: nobody is rung, passed over or silenced because of it. It is
known of a patient whose stay has a legal basis for it, and of anybody who calls for help, while
that call is open: the quality standard wants help to find whoever presses, anywhere in the
building (DOMAIN sections 5 and 6). Staff are never followed. What is old is unknown, and says
so, with the next places to look.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from routing.draft import Draft
from routing.effects import Because, Reason
from routing.events import Certainty, Placing, TagsPlaced
from routing.ids import DeviceId, PatientId, RoomId
from routing.index import Index, address_of, holds_at, index_of, room_of, stay_at
from routing.place import EXPIRES
from routing.plan import Assignment, CallType, Plan, Purpose, RoomKind
from routing.state import Call, LastPlace, State

FRESH = timedelta(seconds=60)
"""A place is certain at most this long after the tag was heard."""
KEPT = timedelta(hours=12)
"""What is older is forgotten: it finds nobody any more."""
BEFORE = 3
LOOK = 5
"""More places than this nobody looks at."""

_CHANGED = Because(Reason.PLACE_CHANGED)
_NO_REASON_TO_LOOK = (CallType.TECHNICAL, CallType.INFORMATION)


@dataclass(frozen=True, slots=True)
class Seen:
    """What a person is told. Unknown is said: `room` is then where it was last, or None."""

    room: RoomId | None = None
    certainty: Certainty = Certainty.UNKNOWN
    seen_at: datetime | None = None
    since: datetime | None = None
    certain_until: datetime | None = None
    """Until then it is certain, if nobody hears the tag again; None: it is not."""
    known_until: datetime | None = None
    """Until then it is at least likely; after it, unknown."""
    look: tuple[RoomId, ...] = ()
    """The next places to look, nearest first: rooms that heard the tag too, the last ones, the
    patient's own, and where people of the unit usually are."""


def receiver_of(plan: Plan, tag: DeviceId, locator: str) -> DeviceId | None:
    """Return the enrolled receiver (or beacon) that a sighting names; None: a stranger."""
    device = plan.devices.get(tag)
    if device is None:
        return None
    receivers, address = index_of(plan).receivers, address_of(locator)
    for bridge in (device.bridge, *(alias.bridge for alias in device.aliases)):
        found = receivers.get((bridge, address))
        if found is not None:
            return found
    return receivers.get((None, address))


def stands_in(plan: Plan, receiver: DeviceId, at: datetime) -> RoomId | None:
    """Return the room that a receiver stands in."""
    for one in index_of(plan).assignments.get(receiver, ()):
        if one.purpose is Purpose.RECEIVER and holds_at(one.since, one.until, at, at):
            return one.room
    return None


def may_know(index: Index, calls: Iterable[Call], tag: DeviceId, at: datetime) -> bool:
    """Tell whether a tag's place may be known now: a legal basis, or an open call."""
    held = _held(index, tag, at)
    if held is not None and (held.purpose is Purpose.STAFF or held.room is not None):
        return False
    patient = None if held is None else held.patient
    stay = stay_at(index, patient, at)
    if stay is not None and stay.place is not None:
        return True
    return any(_about(call, patient, tag) for call in calls)


def called(state: State) -> tuple[DeviceId, ...]:
    """Return the tags of those whom the open calls are about: their place is news at once."""
    if state.now is None:
        return ()
    index = index_of(state.plan)
    found: dict[DeviceId, None] = {}
    for call_id in state.open:
        call = state.calls[call_id]
        if call.type in _NO_REASON_TO_LOOK:
            continue
        for patient in _patients(call):
            for held in _worn(index, patient, state.now):
                found[held.device] = None
        if not _patients(call) and call.device is not None:
            found[call.device] = None
    return tuple(found)


# --- What is recorded -------------------------------------------------------------------------


def placed(draft: Draft, event: TagsPlaced) -> None:
    """Take in where tags were heard; calls about their wearers show it, and do not ring."""
    draft.places = dict(draft.places)
    for one in event.placed:
        if one.device in draft.plan.devices:
            draft.places[one.device] = _next(draft.places.get(one.device), one)
    for tag, at in event.seen:
        known = draft.places.get(tag)
        if known is not None and at > known.seen_at:
            draft.places[tag] = replace(known, seen_at=at)
    forget(draft)
    for one in event.placed:
        _tell(draft, one.device)


def forget(draft: Draft) -> None:
    """Drop what is old, and what may no longer be known: no basis, and the call is over."""
    if not draft.places:
        return
    calls = draft.open_calls()
    draft.places = {
        tag: place
        for tag, place in draft.places.items()
        if draft.now - place.seen_at <= KEPT and may_know(draft.index, calls, tag, draft.now)
    }


def _next(before: LastPlace | None, one: Placing) -> LastPlace:
    if before is None:
        return LastPlace(one.room, one.certainty, one.at, one.at, one.nearby)
    at = max(one.at, before.seen_at)
    if before.room == one.room:
        return replace(before, certainty=one.certainty, seen_at=at, nearby=one.nearby)
    rooms = (before.room, *(room for room in before.before if room != one.room))
    return LastPlace(one.room, one.certainty, one.at, at, one.nearby, rooms[:BEFORE])


def _tell(draft: Draft, tag: DeviceId) -> None:
    held = _held(draft.index, tag, draft.now)
    patient = None if held is None else held.patient
    for call in draft.open_calls():
        if _about(call, patient, tag):
            draft.show(call.id, _CHANGED)


# --- What is shown ----------------------------------------------------------------------------


def of_patient(state: State, patient: PatientId, now: datetime) -> Seen | None:
    """Return where a patient is, as far as it may be known; None: it may not."""
    index = index_of(state.plan)
    stay = stay_at(index, patient, now)
    calls = [state.calls[call] for call in state.open]
    followed = stay is not None and stay.place is not None
    if not followed and not any(_about(call, patient, None) for call in calls):
        return None
    tags = {held.device: held for held in _worn(index, patient, now)}
    return _as_of(state.plan, _latest(state.places, tags), _own_room(index, patient, now), now)


def of_call(state: State, call: Call, now: datetime) -> Seen | None:
    """Return where the person is whom a call is about; None: nobody is looked for.

    A press of what is fixed in a room says where the person was, too.
    """
    if call.type in _NO_REASON_TO_LOOK or call.asked_by is not None:
        return None
    index = index_of(state.plan)
    patients = _patients(call)
    tags = {held.device: held for one in patients for held in _worn(index, one, now)}
    own = _own_room(index, patients[0], now) if patients else None
    last = _latest(state.places, tags)
    if not patients and call.device is not None:
        last = state.places.get(call.device)
    pressed = _pressed_in(index, call)
    # In the same moment the press is the surer word.
    if pressed is not None and (last is None or pressed.seen_at >= last.seen_at):
        last = pressed
    return _as_of(state.plan, last, own or call.room, now)


def _pressed_in(index: Index, call: Call) -> LastPlace | None:
    """Return the room of the fixed button that was pressed last, as a sure place then."""
    if call.device is None or not call.presses:
        return None
    held = _held(index, call.device, call.presses[-1])
    if held is None or held.room is None:
        return None
    at = call.presses[-1]
    return LastPlace(held.room, Certainty.CERTAIN, at, at)


def _latest(
    places: Mapping[DeviceId, LastPlace], tags: Mapping[DeviceId, Assignment]
) -> LastPlace | None:
    """Return the newest place of somebody's tags, heard since they wear them."""
    mine = [
        places[tag]
        for tag, held in tags.items()
        if tag in places and places[tag].seen_at >= held.since
    ]
    return max(mine, key=lambda place: place.seen_at, default=None)


def _as_of(plan: Plan, last: LastPlace | None, own: RoomId | None, now: datetime) -> Seen:
    if last is None or now - last.seen_at > KEPT:
        return Seen(look=_look(plan, None, own, None))
    sure = last.certainty is Certainty.CERTAIN
    certain_until = last.seen_at + FRESH if sure else None
    known_until = last.seen_at + EXPIRES
    certainty = Certainty.LIKELY
    if now > known_until:
        certainty = Certainty.UNKNOWN
    elif certain_until is not None and now <= certain_until:
        certainty = Certainty.CERTAIN
    look = _look(plan, last, own, last.room)
    return Seen(
        last.room, certainty, last.seen_at, last.since, certain_until, known_until, look
    )


def _look(
    plan: Plan, last: LastPlace | None, own: RoomId | None, but: RoomId | None
) -> tuple[RoomId, ...]:
    wanted = list(last.nearby) if last is not None else []
    if own is not None:
        wanted.append(own)
        wanted += [room.id for room in plan.rooms.values() if room.bathroom_of == own]
    wanted += last.before if last is not None else ()
    home = plan.rooms.get(own) if own is not None else None
    for kind in (RoomKind.COMMON, RoomKind.CORRIDOR):
        wanted += [
            room.id
            for room in plan.rooms.values()
            if room.kind is kind and home is not None and room.unit == home.unit
        ]
    return tuple(room for room in dict.fromkeys(wanted) if room != but)[:LOOK]


# --- Whose ------------------------------------------------------------------------------------


def _held(index: Index, tag: DeviceId, at: datetime) -> Assignment | None:
    for one in index.assignments.get(tag, ()):
        if holds_at(one.since, one.until, at, at):
            return one
    return None


def _worn(index: Index, patient: PatientId, at: datetime) -> list[Assignment]:
    return [
        one for one in index.worn_by.get(patient, ()) if holds_at(one.since, one.until, at, at)
    ]


def _patients(call: Call) -> tuple[PatientId, ...]:
    return (call.patient,) if call.patient is not None else call.possible


def _about(call: Call, patient: PatientId | None, tag: DeviceId | None) -> bool:
    """Tell whether an open call is a reason to look for this person, or nobody's device."""
    if call.type in _NO_REASON_TO_LOOK:
        return False
    if patient is not None:
        return patient in _patients(call)
    return tag is not None and call.device == tag and not _patients(call)


def _own_room(index: Index, patient: PatientId, at: datetime) -> RoomId | None:
    stay = stay_at(index, patient, at)
    room = None if stay is None else room_of(index.plan, stay)
    return None if room is None else room.id
