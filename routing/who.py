"""Who rings: each person thought of is chosen or passed over, and the reason is kept.

The order is the ladder's. A person is passed over who is not on duty, has no reachable
telephone, declined, is not competent for the call, or is busy with somebody else while a free
colleague is there. A student is told beside somebody who can carry the call, never alone.
"""

from dataclasses import dataclass
from datetime import datetime
from typing import assert_never

from routing.defaults import policy_for
from routing.draft import REACHABLE, Draft, awaited, beside_due, covers, on_the_way
from routing.effects import Considered, Reason
from routing.events import HandsetState
from routing.ids import HandsetId, StaffId, UnitId
from routing.index import Index, stay_at, stays_in_room
from routing.plan import (
    CallType,
    Competence,
    Plan,
    Priority,
    Role,
    Rung,
    Stay,
    Target,
    TargetKind,
)
from routing.state import Call, HandsetNow, State


@dataclass(frozen=True, slots=True)
class Chosen:
    """Who a rung rings, everybody considered, and whether somebody is sure to hear it."""

    considered: tuple[Considered, ...]
    channels: tuple[str, ...]
    sure: bool
    """One of them has a telephone that is ready, or a channel was used."""

    @property
    def rung(self) -> tuple[Considered, ...]:
        """Those who ring."""
        return tuple(one for one in self.considered if one.chosen)


def is_student(plan: Plan, staff: StaffId) -> bool:
    """Tell whether this person may only see and assist; somebody unknown is one."""
    person = plan.staff.get(staff)
    return (
        person is None or person.role is Role.STUDENT or person.competence is Competence.STUDENT
    )


def is_competent(plan: Plan, call_type: CallType, staff: StaffId) -> bool:
    """Tell whether this person covers what the call type needs."""
    person = plan.staff.get(staff)
    return (
        person is not None
        and not is_student(plan, staff)
        and person.competence >= policy_for(plan, call_type).close_competence
    )


def may_carry(draft: Draft, call: Call, staff: StaffId) -> Reason | None:
    """Return why this person may not take the call alone, None if they may.

    With nobody competent on duty, whoever is there may take it: better than nobody.
    """
    return _may_carry(draft.plan, draft.handsets, call, staff)


def may_carry_in(state: State, call: Call, staff: StaffId) -> Reason | None:
    """Answer the same of a state at rest."""
    return _may_carry(state.plan, state.handsets, call, staff)


def _may_carry(
    plan: Plan, handsets: dict[HandsetId, HandsetNow], call: Call, staff: StaffId
) -> Reason | None:
    if is_student(plan, staff):
        return Reason.STUDENT_NOT_ALONE
    if is_competent(plan, call.type, staff):
        return None
    for handset in handsets.values():
        if (
            handset.staff is not None
            and handset.state in REACHABLE
            and is_competent(plan, call.type, handset.staff)
        ):
            return Reason.NOT_COMPETENT
    return None


def covered_by_presence(draft: Draft, call: Call) -> bool:
    """Tell whether somebody is at the place who is competent for this call."""
    return any(is_competent(draft.plan, call.type, staff) for staff in call.present)


def choose(draft: Draft, call: Call, rung: Rung, *, last_resort: bool = False) -> Chosen:
    """Decide who a rung rings. As a last resort only reachability and students count."""
    channels: list[str] = []
    thought_of: dict[StaffId, Reason] = {}
    for target in rung.targets:
        if target.kind is TargetKind.CHANNEL:
            channels.append(target.value)
        else:
            for staff, reason in _candidates(draft, call, target):
                thought_of.setdefault(staff, reason)
    return _judge(draft, call, thought_of, tuple(channels), last_resort=last_resort)


def everybody(draft: Draft, call: Call) -> Chosen:
    """Choose everybody on duty: what is left when a ladder reached nobody."""
    everyone: dict[StaffId, Reason] = {staff: Reason.ON_DUTY for _, _, staff in draft.on_duty()}
    return _judge(draft, call, everyone, (), last_resort=True)


def _candidates(draft: Draft, call: Call, target: Target) -> list[tuple[StaffId, Reason]]:
    plan = draft.plan
    match target.kind:
        case TargetKind.ASSIGNED:
            stays = _stays(draft.index, call, draft.now)
            return [(staff, Reason.ASSIGNED) for stay in stays for staff in stay.assigned]
        case TargetKind.BACKUP:
            stays = _stays(draft.index, call, draft.now)
            return [(staff, Reason.BACKUP) for stay in stays for staff in stay.backup]
        case TargetKind.STAFF:
            return [(StaffId(target.value), Reason.ON_DUTY)]
        case TargetKind.UNIT:
            unit = _unit_meant(plan, call, target.value)
            return [
                (staff, Reason.ON_UNIT)
                for _, now, staff in draft.on_duty()
                if covers(plan, now, unit)
            ]
        case TargetKind.HOUSE | TargetKind.CHANNEL:
            return [(staff, Reason.ON_DUTY) for _, _, staff in draft.on_duty()]
        case TargetKind.COMPETENCE:
            fits = _has_competence
        case TargetKind.ROLE:
            fits = _has_role
        case _:
            assert_never(target.kind)
    within = None if target.unit is None else _unit_meant(plan, call, target.unit)
    return [
        (staff, Reason.ON_DUTY if target.unit is None else Reason.ON_UNIT)
        for _, now, staff in draft.on_duty()
        if fits(plan, staff, target.value) and covers(plan, now, within)
    ]


def _unit_meant(plan: Plan, call: Call, named: str) -> UnitId | None:
    """Return the unit of this name; without one, or one that is no more, the call's own."""
    return next((unit for unit in plan.units if unit == named), call.unit)


def _has_competence(plan: Plan, staff: StaffId, value: str) -> bool:
    person = plan.staff.get(staff)
    return person is not None and person.competence >= competence_named(value)


def _has_role(plan: Plan, staff: StaffId, value: str) -> bool:
    person = plan.staff.get(staff)
    return person is not None and person.role == value


def competence_named(value: str) -> Competence:
    """Return the competence of this name or number; what is unknown means a nurse."""
    for level in Competence:
        if value in (str(int(level)), level.name, level.name.lower()):
            return level
    return Competence.NURSE


def _stays(index: Index, call: Call, now: datetime) -> tuple[Stay, ...]:
    """Return the stays whose carers are meant: the patient's, else those of the room."""
    patients = (call.patient,) if call.patient is not None else call.possible
    if patients:
        found = (stay_at(index, patient, now) for patient in patients)
        return tuple(stay for stay in found if stay is not None)
    return stays_in_room(index, call.room, now, now)


def _judge(
    draft: Draft,
    call: Call,
    thought_of: dict[StaffId, Reason],
    channels: tuple[str, ...],
    *,
    last_resort: bool,
) -> Chosen:
    telephones: _Telephones = {}
    for handset, now, staff in draft.on_duty():
        telephones.setdefault(staff, []).append((handset, now))
    busy = {} if last_resort else _busy(draft, call)
    passed = {
        staff: _passed_over(draft, call, staff, telephones, last_resort=last_resort)
        for staff in thought_of
    }
    _spare_the_busy(draft, call, busy, passed)
    _never_alone(draft, call, passed)
    considered: list[Considered] = []
    sure = bool(channels)
    for staff, reason in thought_of.items():
        against = passed[staff]
        if against is not None:
            considered.append(Considered(staff, chosen=False, reason=against))
            continue
        chosen_for = Reason.BUSY if staff in busy else reason
        for handset, now in telephones[staff]:
            if draft.reachable(now):
                considered.append(
                    Considered(staff, chosen=True, reason=chosen_for, handset=handset)
                )
                ready = now.state is HandsetState.READY
                sure = sure or (ready and not is_student(draft.plan, staff))
    return Chosen(tuple(considered), channels, sure)


_Telephones = dict[StaffId, list[tuple[HandsetId, HandsetNow]]]


def _spare_the_busy(
    draft: Draft,
    call: Call,
    busy: dict[StaffId, None],
    passed: dict[StaffId, Reason | None],
) -> None:
    """Pass over who is with somebody else, while somebody free can carry the call.

    An emergency or an urgent call goes before what anybody is doing (DOMAIN 9.9), and a busy
    colleague is better than an empty chair.
    """
    free = any(
        against is None and staff not in busy and not is_student(draft.plan, staff)
        for staff, against in passed.items()
    )
    if free and call.priority > Priority.URGENT:
        for staff, against in passed.items():
            if against is None and staff in busy:
                passed[staff] = Reason.BUSY


def _never_alone(draft: Draft, call: Call, passed: dict[StaffId, Reason | None]) -> None:
    """Pass over students unless somebody who can carry the call rings beside them."""
    carried = any(
        against is None and not is_student(draft.plan, staff)
        for staff, against in passed.items()
    )
    if not carried and not a_carrier_rings(draft, call):
        for staff, against in passed.items():
            if against is None:
                passed[staff] = Reason.STUDENT_NOT_ALONE


def _passed_over(  # noqa: PLR0911 - one row for each reason
    draft: Draft,
    call: Call,
    staff: StaffId,
    telephones: _Telephones,
    *,
    last_resort: bool,
) -> Reason | None:
    if staff == call.asked_by:
        return Reason.STAFF_ASKED
    if staff in call.present:
        return Reason.ARRIVED
    if staff in on_the_way(call):
        return Reason.TAKEN  # it rings for more; this one comes already
    mine = telephones.get(staff)
    if not mine:
        return Reason.NOT_ON_DUTY
    if not any(draft.reachable(now) for _, now in mine):
        return Reason.NOT_REACHABLE
    if last_resort:
        return None
    if staff in call.declined:
        return Reason.DECLINED_BEFORE
    if not is_student(draft.plan, staff) and not is_competent(draft.plan, call.type, staff):
        return Reason.NOT_COMPETENT
    return None


def _busy(draft: Draft, call: Call) -> dict[StaffId, None]:
    """Return who is on the way to, or with, somebody else."""
    busy: dict[StaffId, None] = {}
    for other in draft.open_calls():
        if other.id != call.id:
            waited_for = awaited(other) or beside_due(other) is not None
            coming = on_the_way(other) if waited_for else ()
            busy.update(dict.fromkeys((*coming, *other.present)))
    return busy


def a_carrier_rings(draft: Draft, call: Call) -> bool:
    """Tell whether a telephone rings whose holder may carry the call: no student's."""
    return any(not is_student(draft.plan, one.staff) for one in call.ringing.values())
