"""Coverage: for every bed and call type now, is there somebody who would hear and can help?

Asked of the same `choose` that rings: the call is imagined, the answer is the live one. Covered
is a bed where some step of the ladder reaches a competent person, no student, whose telephone
is ready, and whose failsafe reaches a person or a channel. A gap where somebody lives opens one
technical call for the unit before anybody has pressed, and closes by itself.

What can change the answer (a telephone, a plan, a stay that begins) sets `State.cover_at`, at
most `HELD` ahead: a telephone that blinks wakes nobody, and a gap shows within 60 s.
"""

from dataclasses import dataclass, field, replace
from datetime import datetime
from enum import StrEnum

from routing.calls import CallState
from routing.defaults import ladder_for, policy_for
from routing.draft import Draft, facts
from routing.effects import Because, Considered, Reason
from routing.events import HandsetState
from routing.ids import BedId, CallId, LadderId, PatientId, RoomId, StaffId, UnitId
from routing.index import holds_at
from routing.life import SERIOUS, close_call, open_call
from routing.plan import (
    CallType,
    Competence,
    Ladder,
    Plan,
    Priority,
    RuleState,
    Rung,
    Stay,
    TargetKind,
)
from routing.state import Call, State
from routing.technical import COVERAGE
from routing.who import Chosen, choose, everybody, is_competent, is_student
from routing.whose import NOWHERE

CALL_TYPES = SERIOUS[:11]
"""What somebody at a bed may need: everything but technical calls and information."""

_THE_PATIENTS = (TargetKind.ASSIGNED, TargetKind.BACKUP)
_REASONS = (
    Reason.NO_READY_HANDSET,
    Reason.NOT_REACHABLE,
    Reason.NOT_COMPETENT,
    Reason.STUDENT_NOT_ALONE,
    Reason.NOT_ON_DUTY,
)
"""The first of these that was met says best what is missing: a telephone, then a person."""


class Missing(StrEnum):
    """What a gap lacks."""

    RECEIVER = "receiver"
    """No step of the ladder reaches a competent person with a ready telephone."""
    FAILSAFE = "failsafe"
    """The failsafe reaches nobody by name and no channel: only everybody would be left."""


@dataclass(frozen=True, slots=True)
class Gap:
    """A bed and a kind of call that nobody would answer now, and why."""

    bed: BedId
    room: RoomId
    unit: UnitId
    patient: PatientId | None
    call_type: CallType
    ladder: LadderId
    missing: Missing
    reason: Reason
    considered: tuple[Considered, ...]


@dataclass(frozen=True, slots=True)
class Coverage:
    """The answer: how many pairs of bed and call type were asked for, and the gaps."""

    at: datetime
    beds: int
    pairs: int
    gaps: tuple[Gap, ...]


def coverage(state: State, now: datetime) -> Coverage:
    """Ask for every bed and call type. Read-only; a pure function of the state and the time."""
    return _asked(Draft(state, now))


def watch(draft: Draft) -> None:
    """Look whether everybody who lives here is covered, when that is due."""
    if draft.cover_at is None or draft.cover_at > draft.now:
        return
    if draft.listening_until is not None:
        draft.cover_at = draft.listening_until
        return
    draft.cover_at = _next_stay_change(draft.plan, draft.now)
    gaps: dict[UnitId, list[Gap]] = {}
    for gap in _asked(draft).gaps:
        if gap.patient is not None:
            gaps.setdefault(gap.unit, []).append(gap)
    told: dict[UnitId, None] = {}
    for call in draft.open_calls():
        if call.fault != COVERAGE or call.unit is None:
            continue
        told[call.unit] = None
        if call.unit not in gaps:
            close_call(draft, call, Because(Reason.FAULT_OVER, facts=facts(fault=COVERAGE)))
    for unit, found in gaps.items():
        if unit not in told:
            _tell(draft, unit, found)


def _tell(draft: Draft, unit: UnitId, gaps: list[Gap]) -> None:
    types = dict.fromkeys(gap.call_type.value for gap in gaps)
    known = facts(
        unit=unit,
        beds=str(len(dict.fromkeys(gap.bed for gap in gaps))),
        types=", ".join(types),
        missing=gaps[0].missing.value,
        why=gaps[0].reason.value,
    )
    # A press that nobody would hear is urgent; a special competence that is out of the house
    # is for the technician's and the leader's list.
    press = CallType.PATIENT.value in types
    open_call(
        draft,
        CallType.TECHNICAL,
        Because(Reason.COVERAGE_GAP, facts=known, considered=gaps[0].considered),
        replace(NOWHERE, unit=unit),
        priority=Priority.URGENT if press else None,
        fault=COVERAGE,
    )


def _next_stay_change(plan: Plan, now: datetime) -> datetime | None:
    found: datetime | None = None
    for stay in plan.stays:
        for at in (stay.since, stay.until):
            if at is not None and at > now and (found is None or at < found):
                found = at
    return found


# --- The question -----------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _Answer:
    missing: Missing | None
    reason: Reason
    considered: tuple[Considered, ...] = ()


_COVERED = _Answer(None, Reason.ON_DUTY)
_Key = tuple[Rung, Competence, UnitId | None, PatientId | RoomId | None]


@dataclass(slots=True)
class _Asked:
    """What was answered before: most beds share their steps, and asking is the dear part."""

    failsafes: dict[_Key, Chosen] = field(default_factory=dict[_Key, Chosen])
    against: dict[_Key, tuple[Considered, ...] | None] = field(
        default_factory=dict[_Key, tuple[Considered, ...] | None]
    )


def _key(draft: Draft, call: Call, rung: Rung) -> _Key:
    """Return all that a step's answer depends on: whose carers, which unit, what level."""
    kinds = [target.kind for target in rung.targets]
    patients = any(kind in _THE_PATIENTS for kind in kinds)
    units = TargetKind.UNIT in kinds or any(target.unit is not None for target in rung.targets)
    return (
        rung,
        policy_for(draft.plan, call.type).close_competence,
        call.unit if units else None,
        (call.patient or call.room) if patients else None,
    )


def _asked(draft: Draft) -> Coverage:
    gaps: list[Gap] = []
    pairs = 0
    known = _Asked()
    living = _living(draft)
    for bed in draft.plan.beds.values():
        room = draft.plan.rooms.get(bed.room)
        if room is None:
            continue
        stay = living.get(bed.id)
        patient = None if stay is None else stay.patient
        for kind in CALL_TYPES:
            for ladder in _ladders(draft, patient, kind):
                pairs += 1
                call = _imagined(draft, kind, ladder, patient, room.id, room.unit)
                answer = _ask(draft, call, known)
                if answer.missing is not None:
                    gaps.append(
                        Gap(
                            bed.id,
                            room.id,
                            room.unit,
                            patient,
                            kind,
                            ladder.id,
                            answer.missing,
                            answer.reason,
                            answer.considered,
                        )
                    )
    return Coverage(draft.now, len(draft.plan.beds), pairs, tuple(gaps))


def _living(draft: Draft) -> dict[BedId, Stay]:
    return {
        stay.bed: stay
        for stay in draft.plan.stays
        if holds_at(stay.since, stay.until, draft.now, draft.now)
    }


def _ladders(draft: Draft, patient: PatientId | None, kind: CallType) -> list[Ladder]:
    """Return the ladders such a call may climb: the house's, and the patient's own rules'."""
    usual = ladder_for(draft.plan, kind)
    found = {usual.id: usual}
    for rule in draft.plan.rules if patient is not None else ():
        mine = rule.patient == patient and rule.state is RuleState.ACTIVE
        if mine and rule.call_type is kind:
            ladder = ladder_for(draft.plan, kind, rule.ladder)
            found[ladder.id] = ladder
    return list(found.values())


def _imagined(
    draft: Draft,
    kind: CallType,
    ladder: Ladder,
    patient: PatientId | None,
    room: RoomId,
    unit: UnitId,
) -> Call:
    return Call(
        id=CallId("imagined"),
        type=kind,
        # Who is busy with somebody else is still there: as for an urgent call.
        priority=Priority.URGENT,
        state=CallState.RINGING,
        opened_at=draft.now,
        ladder=ladder,
        because=Because(Reason.COVERAGE_GAP),
        patient=patient,
        room=room,
        unit=unit,
    )


def _ask(draft: Draft, call: Call, known: _Asked) -> _Answer:
    key = _key(draft, call, call.ladder.failsafe)
    failsafe = known.failsafes.get(key)
    if failsafe is None:
        failsafe = choose(draft, call, call.ladder.failsafe, last_resort=True)
        known.failsafes[key] = failsafe
    ends = bool(failsafe.rung or failsafe.channels)
    considered: tuple[Considered, ...] = ()
    # The failsafe and the widest steps first: they answer for most beds at once.
    for rung in (call.ladder.failsafe, *reversed(call.ladder.rungs)):
        against = _against(draft, call, rung, known)
        if against is None:
            if ends:
                return _COVERED
            return _Answer(Missing.FAILSAFE, Reason.RUNG_EMPTY, failsafe.considered)
        considered += against
    met = _reasons(draft, considered)
    reason = next((one for one in _REASONS if one in met), Reason.NOT_ON_DUTY)
    if not ends:  # who would be left: they are no reason, their telephones may be ready
        considered += everybody(draft, call).considered
    once = dict.fromkeys(considered)
    return _Answer(Missing.RECEIVER, reason, tuple(once))


def _against(
    draft: Draft, call: Call, rung: Rung, known: _Asked
) -> tuple[Considered, ...] | None:
    """Return who was considered in vain, None where somebody would hear and can help."""
    key = _key(draft, call, rung)
    if key in known.against:
        return known.against[key]
    considered = choose(draft, call, rung).considered
    heard = any(_hears(draft, call.type, one) for one in considered)
    known.against[key] = None if heard else considered
    return known.against[key]


def _hears(draft: Draft, kind: CallType, one: Considered) -> bool:
    return (
        one.handset is not None
        and draft.handsets[one.handset].state is HandsetState.READY
        and is_competent(draft.plan, kind, one.staff)
    )


def _reasons(draft: Draft, considered: tuple[Considered, ...]) -> dict[Reason, None]:
    """Return why each was no receiver; who was chosen had a telephone that is not ready."""
    return {
        _chosen_in_vain(draft, one.staff) if one.chosen else one.reason: None
        for one in considered
    }


def _chosen_in_vain(draft: Draft, staff: StaffId) -> Reason:
    if is_student(draft.plan, staff):
        return Reason.STUDENT_NOT_ALONE
    return Reason.NO_READY_HANDSET
