"""Planned shifts: a change-over that nobody came to is a fault, and who is there stays on.

Nobody is signed out by a shift's end. Somebody who signed in from `EARLY` before the planned
start belongs to the new shift; with nobody of it on a unit `grace` after the start, one
technical call says so, and closes by itself at the first sign-in.
"""

from dataclasses import replace
from datetime import datetime, timedelta

from routing.draft import Draft, covers, facts
from routing.effects import Because, Reason
from routing.ids import StaffId, UnitId
from routing.index import index_of
from routing.life import close_call, open_call
from routing.plan import CallType, Plan, Shift
from routing.state import HandsetNow, State
from routing.technical import CHANGE_OVER
from routing.who import is_student
from routing.whose import NOWHERE
from routing.windows import began, opens_after

EARLY = timedelta(hours=1)
"""Who signs in this long before the start has come for the new shift."""


def watch(draft: Draft) -> None:
    """Look whether each shift that should have begun has somebody on each of its units."""
    if not draft.plan.shifts or draft.shift_at is None or draft.shift_at > draft.now:
        return
    draft.shift_at = _next_look(draft.plan, draft.now)
    missing = _missing(draft)
    told: dict[UnitId, None] = {}
    for call in draft.open_calls():
        if call.fault != CHANGE_OVER or call.unit is None:
            continue
        told[call.unit] = None
        if call.unit not in missing:
            over = Because(Reason.FAULT_OVER, facts=facts(fault=CHANGE_OVER))
            close_call(draft, call, over)
    for unit, (shift, start) in missing.items():
        if unit not in told:
            known = facts(unit=unit, shift=shift.id, since=start.isoformat())
            open_call(
                draft,
                CallType.TECHNICAL,
                Because(Reason.SHIFT_NOT_CHANGED, facts=known),
                replace(NOWHERE, unit=unit),
                fault=CHANGE_OVER,
            )


def last_of_a_unit(state: State, staff: StaffId) -> bool:
    """Tell whether a unit would have nobody if this person were signed out now.

    The hub lets no session end by itself then: the old shift stays responsible.
    """
    plan = state.plan
    mine = [now for now in state.handsets.values() if now.staff == staff]
    others = [
        now
        for now in state.handsets.values()
        if now.staff is not None and now.staff != staff and not is_student(plan, now.staff)
    ]
    return any(
        any(covers(plan, now, unit) for now in mine)
        and not any(covers(plan, now, unit) for now in others)
        for unit in plan.units
    )


def _missing(draft: Draft) -> dict[UnitId, tuple[Shift, datetime]]:
    found: dict[UnitId, tuple[Shift, datetime]] = {}
    for shift in draft.plan.shifts:
        start = began(shift.window, draft.now, draft.index.zone)
        if start is None or start + shift.grace > draft.now:
            continue
        for unit in shift.units or tuple(draft.plan.units):
            if not any(_came(draft, now, unit, start) for _, now, _ in draft.on_duty()):
                found[unit] = (shift, start)
    return found


def _came(draft: Draft, now: HandsetNow, unit: UnitId, start: datetime) -> bool:
    return (
        now.signed_in is not None
        and now.signed_in >= start - EARLY
        and covers(draft.plan, now, unit)
    )


def _next_look(plan: Plan, now: datetime) -> datetime | None:
    """Return when the next shift's grace, or a shift itself, is over."""
    zone = index_of(plan).zone
    found: datetime | None = None
    for shift in plan.shifts:
        starts = opens_after(shift.window, now - shift.grace, zone)
        at = None if starts is None else starts + shift.grace
        if at is not None and (found is None or at < found):
            found = at
    return found
