"""The reading side: what rings and shows on a telephone, in which order, what may be tapped.

Pure questions to a `State`; the gateway, the board and the simulators ask here and decide
nothing themselves.
"""

from collections.abc import Iterable
from datetime import datetime

from routing.calls import CallState
from routing.defaults import policy_for
from routing.draft import coming_beside, concerned, covers
from routing.ids import CallId, HandsetId, StaffId
from routing.index import index_of, stay_at
from routing.plan import CallType, Priority, Profile
from routing.presses import REPEATS
from routing.state import Call, HandsetNow, State, is_open
from routing.who import is_competent, is_student, may_carry_in

_QUIET_PROFILES = (Profile.END_OF_LIFE, Profile.FAMILY_PRESENT)
_NEVER_QUIET = (CallType.EMERGENCY, CallType.ASSIST, CallType.TECHNICAL)
"""Staff in need and faults keep their own sound, whatever priority the house gave them."""


def queue(calls: Iterable[Call]) -> tuple[Call, ...]:
    """Order calls by the written rules: priority, then who waited longest, then the id."""
    return tuple(sorted(calls, key=lambda call: (call.priority, call.opened_at, call.id)))


def open_calls(state: State) -> tuple[Call, ...]:
    """Return the open calls in the queue's order."""
    return queue(state.calls[call] for call in state.open)


def rings_on(state: State, handset: HandsetId) -> tuple[CallId, ...]:
    """Return the calls that ring on this telephone now, in the queue's order."""
    return tuple(call.id for call in open_calls(state) if handset in call.ringing)


def shown_on(state: State, handset: HandsetId) -> tuple[CallId, ...]:
    """Return the open calls that this telephone lists, in the queue's order.

    Those that ring there, that its person owns or is present at, that it was told of earlier,
    and all open ones in its units.
    """
    now = state.handsets.get(handset)
    if now is None:
        return ()
    return tuple(call.id for call in open_calls(state) if _shows(state, call, handset, now))


def shows(state: State, handset: HandsetId, call: Call) -> bool:
    """Tell whether this telephone lists the call: one of `shown_on`."""
    now = state.handsets.get(handset)
    return now is not None and is_open(call) and _shows(state, call, handset, now)


def _shows(state: State, call: Call, handset: HandsetId, now: HandsetNow) -> bool:
    staff = now.staff
    return staff is not None and (
        handset in call.ringing
        or handset in call.told
        or staff in concerned(call)
        or covers(state.plan, now, call.unit)
    )


def quiet(state: State, call: Call) -> bool:
    """Tell whether the call rings with the quiet tone: family is there, or the end is near.

    It rings as long and on as many telephones as any other. Nothing that is urgent, was pressed
    three times, climbed past the first step or came back is quiet, nor where it is not certain
    whose call it is.
    """
    if call.priority <= Priority.URGENT or call.type in _NEVER_QUIET:
        return False
    if max(call.rung, call.round, call.reopened) > 0 or call.pressed >= REPEATS:
        return False
    stay = stay_at(index_of(state.plan), call.patient, call.opened_at)
    return stay is not None and stay.profile in _QUIET_PROFILES


def arrive_by(call: Call, staff: StaffId) -> datetime | None:
    """Return when this person is waited for at the place; who only looks sees the owner's."""
    return call.beside_by if staff in coming_beside(call) else call.arrive_by


def allowed(state: State, call: Call, staff: StaffId) -> tuple[str, ...]:
    """Return what this person may do with the call now, as the telephone's buttons.

    Of `take`, `decline`, `hand_over`, `arrive`, `leave`, `close`, `undo`. `close` is shown
    where it needs no further reason: at the place, or where no place is needed; a logged talk
    or a stated reason closes from elsewhere too and is judged when it is tapped.
    """
    if not is_open(call) or staff not in state.plan.staff:
        return ()
    can: list[str] = []
    mine = call.owner == staff
    here = staff in call.present
    if _may_take(state, call, staff):
        can.append("take")
    rings = any(ringing.staff == staff for ringing in call.ringing.values())
    if (rings or mine or staff in call.responders) and not here:
        can.append("decline")
    if (mine or here) and not is_student(state.plan, staff):
        can.append("hand_over")
    if not here:
        can.append("arrive")
    else:
        can.append("leave")
    if _may_close(state, call, staff):
        can.append("close")
    if mine and call.state is CallState.TAKEN:
        can.append("undo")
    return tuple(can)


def _may_take(state: State, call: Call, staff: StaffId) -> bool:
    if staff == call.owner:
        return False
    if staff in call.responders:
        return call.offered_to == staff  # comes already, and is asked to have it
    if call.owner is not None and call.ladder.responders > 1:
        return True
    able = may_carry_in(state, call, staff) is None
    if (
        call.state is CallState.PRESENT
        and call.climbs_at is not None
        and call.owner is not None
    ):
        return able  # somebody is there and more are wanted
    covered = any(is_competent(state.plan, call.type, one) for one in call.present)
    free = call.offered_to == staff or (call.owner is None and not covered)
    return free and able


def _may_close(state: State, call: Call, staff: StaffId) -> bool:
    if is_student(state.plan, staff):
        return False
    if staff == call.asked_by or call.type in (CallType.TECHNICAL, CallType.INFORMATION):
        return True
    if not is_competent(state.plan, call.type, staff):
        return False
    in_room = policy_for(state.plan, call.type).cancel_in_room
    return staff in call.present or (not in_room and call.owner == staff)
