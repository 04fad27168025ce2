"""What one telephone shows: the state in frames' words, with names and sentences.

Which calls, whether they ring, and which buttons: `routing.cards` decides that, this file only
dresses it. Names come in here and nowhere below.
"""

from dataclasses import dataclass
from datetime import datetime

from hub.api import frames
from hub.line import same_values
from hub.names import Names
from hub.place_told import place_of
from hub.sentence_texts import Lang
from hub.sentences import place, sentence, why_line
from routing import cards as core
from routing.calls import CallState
from routing.draft import on_the_way
from routing.effects import Because, Ring
from routing.events import HandsetState
from routing.ids import CallId, HandsetId, HouseId, PatientId, RoomId, StaffId
from routing.index import index_of, stay_at
from routing.plan import CallType, Competence, Plan, Priority, Role, Stay
from routing.state import Call, HandsetNow, State, is_open
from routing.whereabouts import of_call

FACES_KEPT = 1024


@dataclass(frozen=True, slots=True)
class _Face:
    """What is the same of a call on every telephone in one language."""

    of: tuple[object, ...]
    room: frames.RoomFace | None
    patient: str | None
    why: str
    note: str
    isolation: str
    owner: frames.Person | None
    present: tuple[frames.Person, ...]
    ringing: tuple[tuple[HandsetId, StaffId, str], ...]
    """On which telephones, whose, and what colleagues call them."""
    place: frames.Place | None
    quiet: bool


class Faces:
    """Makes cards, and the few texts that no decision of the core stands behind."""

    def __init__(self) -> None:
        """One for all houses of the process."""
        self._faces: dict[tuple[HouseId, CallId, Lang], _Face] = {}

    def why(
        self,
        because: Because,
        lang: Lang,
        names: Names,
        state: State,
        *,
        by: StaffId | None = None,
        call: CallId | None = None,
    ) -> str:
        """Return the reason as one sentence; `by` is who did it, `call` what it is about."""
        about = state.calls.get(call) if call else None
        room = about.room if about else None
        return sentence(because, lang, names, state.plan, staff=by, room=room)

    def card(
        self,
        state: State,
        call_id: CallId,
        handset: HandsetId,
        staff: StaffId,
        lang: Lang,
        names: Names,
    ) -> frames.Card | None:
        """Return one card; None if this telephone does not show the call."""
        call = state.calls.get(call_id)
        if call is None or not core.shows(state, handset, call):
            return None
        return self._card(state, call, handset, staff, lang, names)

    def _card(
        self,
        state: State,
        call: Call,
        handset: HandsetId,
        staff: StaffId,
        lang: Lang,
        names: Names,
    ) -> frames.Card:
        ringing = call.ringing.get(handset)
        face = self._face_of(state, call, lang, names)
        return frames.Card(
            id=call.id,
            type=call.type,
            priority=call.priority,
            state=call.state,
            practice=call.practice,
            late=call.late,
            room=face.room,
            patient=face.patient,
            why=face.why,
            reason=call.because.reason,
            note=face.note,
            isolation=face.isolation,
            opened_at=call.opened_at,
            ringing_since=ringing.since if ringing else None,
            ring=ringing.again + 1 if ringing else 0,
            pressed=call.pressed,
            owner=face.owner,
            taken_at=call.taken_at,
            arrive_by=core.arrive_by(call, staff),
            present=face.present,
            present_at=call.present_at,
            also_ringing=tuple(
                dict.fromkeys(
                    name
                    for other, whose, name in face.ringing
                    if other != handset and whose != staff
                )
            ),
            rung=call.rung,
            place=face.place,
            can=tuple(frames.Action(a) for a in core.allowed(state, call, staff)),
            reopened=call.reopened,
            mine=staff == call.owner or staff in call.responders,
            offered=staff == call.offered_to,
            quiet=face.quiet,
        )

    def _face_of(self, state: State, call: Call, lang: Lang, names: Names) -> _Face:
        """Return a call's face, made once for the forty telephones that it rings on."""
        key: tuple[HouseId, CallId, Lang] = (state.plan.house, call.id, lang)
        of = (call, state.plan, names, state.places)
        face = self._faces.get(key)
        if face is not None and same_values(face.of, of):
            return face
        if len(self._faces) >= FACES_KEPT:
            self._faces.clear()
        stay = _stay(state, call)
        face = self._faces[key] = _Face(
            of,
            room=_room(state.plan, call.room, names),
            patient=_patient(call, names),
            why=why_line(call, lang, names, state.plan),
            note=stay.note if stay else "",
            isolation=stay.isolation if stay else "",
            owner=self.person(call.owner, names) if call.owner else None,
            present=tuple(self.person(one, names) for one in call.present),
            ringing=tuple(
                (handset, one.staff, names.staff(one.staff))
                for handset, one in call.ringing.items()
            ),
            place=_place(state, call, lang),
            quiet=core.quiet(state, call),
        )
        return face

    def fallback(
        self, ring: Ring, state: State, lang: Lang, names: Names, *, at: datetime
    ) -> frames.Card:
        """Return a card for a ring that the state does not hold: a step raised, or is amiss."""
        facts = dict(ring.because.facts)
        room = _room(state.plan, RoomId(facts["room"]), names) if "room" in facts else None
        where = place(facts.get("room"), lang, state.plan)
        why = self.why(ring.because, lang, names, state)
        return frames.Card(
            id=ring.call,
            type=CallType.PATIENT,
            priority=Priority.URGENT,
            state=CallState.RINGING,
            practice=False,
            late=False,
            room=room,
            patient=None,
            why=f"{where}: {why}" if where else why,
            reason=ring.because.reason,
            note="",
            isolation="",
            opened_at=at,
            ringing_since=at,
            ring=ring.again + 1,
            pressed=1,
            owner=None,
            taken_at=None,
            arrive_by=None,
            present=(),
            present_at=None,
            also_ringing=(),
            rung=0,
            can=(frames.Action.TAKE,),
        )

    def bare(self, call: Call, handset: HandsetId, lang: Lang) -> frames.Card:
        """Return a card of the call's own fields: dressing it raised, and it must ring."""
        ringing = call.ringing.get(handset)
        return frames.Card(
            id=call.id,
            type=call.type,
            priority=call.priority,
            state=call.state,
            practice=call.practice,
            late=call.late,
            room=None if call.room is None else frames.RoomFace(call.room, call.room, "", ""),
            patient=None,
            why="Anrop. Feil i sentralen." if lang == "nb" else "Call. A fault in the hub.",
            reason=call.because.reason,
            note="",
            isolation="",
            opened_at=call.opened_at,
            ringing_since=ringing.since if ringing else None,
            ring=ringing.again + 1 if ringing else 0,
            pressed=call.pressed,
            owner=None,
            taken_at=call.taken_at,
            arrive_by=call.arrive_by,
            present=(),
            present_at=call.present_at,
            also_ringing=(),
            rung=call.rung,
            can=(frames.Action.TAKE, frames.Action.ARRIVE),
        )

    def gone(
        self, state: State, call_id: CallId, staff: StaffId
    ) -> tuple[frames.GoneReason, StaffId | None]:
        """Return why a card left this telephone, and through whom."""
        call = state.calls.get(call_id)
        if call is None or not is_open(call):
            return frames.GoneReason.CLOSED, call.closed_by if call else None
        if staff in call.declined:
            return frames.GoneReason.DECLINED, staff
        if call.owner is not None and call.owner != staff:
            return frames.GoneReason.TAKEN, call.owner
        return frames.GoneReason.MOVED_ON, None

    def person(self, staff: StaffId, names: Names) -> frames.Person:
        """Return somebody with the name that colleagues use."""
        return frames.Person(staff, names.staff(staff))

    def me(self, state: State, staff: StaffId, role: Role, names: Names) -> frames.Me:
        """Return who is signed in."""
        known = state.plan.staff.get(staff)
        now = next((h for h in state.handsets.values() if h.staff == staff), HandsetNow())
        return frames.Me(
            id=staff,
            name=names.staff(staff),
            role=role,
            competence=known.competence if known else Competence.STUDENT,
            units=now.units or (known.units if known else ()),
        )

    def colleagues(
        self, state: State, but: StaffId | None, names: Names
    ) -> tuple[frames.Colleague, ...]:
        """Return who else is on duty, in the plan's order of telephones."""
        busy = _busy(state)
        found: dict[StaffId, frames.Colleague] = {}
        for now in state.handsets.values():
            if now.staff is None or now.staff == but or now.staff in found:
                continue
            doing, room = busy.get(now.staff, (frames.Doing.FREE, None))
            if now.state in (HandsetState.GONE, HandsetState.SIGNED_OFF):
                doing = frames.Doing.NO_CONTACT
            known = state.plan.staff.get(now.staff)
            found[now.staff] = frames.Colleague(
                id=now.staff,
                name=names.staff(now.staff),
                doing=doing,
                handset=now.state,
                room=room,
                competence=known.competence if known else Competence.STUDENT,
            )
        return tuple(found.values())

    def busy(self, lang: Lang) -> str:
        """Say that the hub has too much of this telephone on its way."""
        if lang == "nb":
            return "Sentralen er opptatt. Trykk en gang til."
        return "The hub is busy. Tap once more."

    def failed(self, lang: Lang) -> str:
        """Say that an operation was not carried out."""
        if lang == "nb":
            return "Ble ikke utført. Trykk en gang til, eller ring teknisk vakt."
        return "Not done. Tap once more, or call the technician on duty."

    def not_followed(self, lang: Lang) -> str:
        """Say what to do about a ring that no state holds: nobody follows it from here."""
        if lang == "nb":
            return "Gå dit nå. Sentralen har en feil og følger ikke dette anropet videre."
        return "Go there now. The hub has a fault and does not follow this call further."


def _busy(state: State) -> dict[StaffId, tuple[frames.Doing, str | None]]:
    doing: dict[StaffId, tuple[frames.Doing, str | None]] = {}
    for call in state.calls.values():
        if not is_open(call):
            continue
        room = state.plan.rooms.get(call.room) if call.room else None
        number = room.number if room else None
        for staff in on_the_way(call):
            doing.setdefault(staff, (frames.Doing.ON_THE_WAY, number))
        for staff in call.present:
            doing[staff] = (frames.Doing.WITH_PATIENT, number)
    return doing


def _place(state: State, call: Call, lang: Lang) -> frames.Place | None:
    seen = of_call(state, call, state.now or call.opened_at)
    if seen is None:
        return None
    told = place_of(seen, state.plan, lang)
    return frames.Place(
        room=told.room,
        seen_at=told.seen_at,
        certain_until=told.certain_until,
        known_until=told.known_until,
        look=told.look,
        elsewhere=_elsewhere(state.plan, call, seen.room),
    )


def _elsewhere(plan: Plan, call: Call, seen: RoomId | None) -> bool:
    room = plan.rooms.get(seen) if seen else None
    return room is not None and call.room not in (None, room.id, room.bathroom_of)


def _room(plan: Plan, id_: RoomId | None, names: Names) -> frames.RoomFace | None:
    room = plan.rooms.get(id_) if id_ else None
    if room is None:
        return None
    return frames.RoomFace(room.id, room.number, room.floor, names.unit(room.unit))


def _patient(call: Call, names: Names) -> str | None:
    who: tuple[PatientId, ...] = (call.patient,) if call.patient else call.possible
    return " / ".join(names.patient(one) for one in who) or None


def _stay(state: State, call: Call) -> Stay | None:
    if call.patient is None:
        return None
    return stay_at(index_of(state.plan), call.patient, call.opened_at)
