"""From an operation of a telephone to the event that enters the core."""

from datetime import datetime, timedelta
from typing import assert_never

from hub.api.frames import Action, Op
from routing.events import (
    Arrived,
    By,
    CallClosed,
    CallDeclined,
    CallHandedOver,
    CallTaken,
    HelpAsked,
    Left,
    Outcome,
    PauseEnded,
    PauseSet,
    TakeUndone,
    Tap,
)
from routing.ids import CallId, HandsetId, OperationId, PatientId, RuleId, StaffId

PAUSE_MINUTES = 15
"""How long a pause lasts that does not say (UX H8); the core refuses more than a day."""
MOST_MINUTES = 7 * 24 * 60
"""Any number past this is as wrong; a date has an end."""


class UnfinishedTap(ValueError):  # noqa: N818 - what it is, in the field's words
    """The operation lacks what its action needs; the text says what."""


def tap(  # noqa: C901, PLR0911 - a table
    op: Op, staff: StaffId, handset: HandsetId | None, now: datetime
) -> Tap:
    """Return what this operation asks of the core; a pause is counted from `now`.

    Raises:
        UnfinishedTap: no call, no receiver, no patient.
    """
    # A time without its zone says nothing that could be compared.
    at = op.at if op.at is not None and op.at.tzinfo is not None else None
    by = By(staff, handset, OperationId(op.op), at, op.seq)
    match op.action:
        case Action.TAKE:
            return CallTaken(_call(op), by)
        case Action.DECLINE:
            return CallDeclined(_call(op), by, op.reason or "none")
        case Action.HAND_OVER:
            if not op.to:
                raise UnfinishedTap("hand_over names nobody: give the colleague's id in `to`")
            return CallHandedOver(_call(op), by, StaffId(op.to))
        case Action.ARRIVE:
            return Arrived(_call(op), by, op.room or "")
        case Action.LEAVE:
            return Left(_call(op), by)
        case Action.CLOSE:
            return CallClosed(_call(op), by, op.outcome or Outcome.OTHER, op.reason or "")
        case Action.UNDO:
            return TakeUndone(_call(op), by)
        case Action.ASSIST | Action.EMERGENCY:
            call = CallId(op.call) if op.call else None
            return HelpAsked(by, op.action is Action.EMERGENCY, call, op.room or "")
        case Action.PAUSE:
            # By the hub's clock: the telephone's may be wrong, and its tap may have waited.
            minutes = max(-MOST_MINUTES, min(op.minutes or PAUSE_MINUTES, MOST_MINUTES))
            until = now + timedelta(minutes=minutes)
            return PauseSet(by, _patient(op), until, op.reason or "", _rule(op))
        case Action.RESUME:
            return PauseEnded(by, _patient(op), _rule(op))
        case _:
            assert_never(op.action)


def _call(op: Op) -> CallId:
    if not op.call:
        raise UnfinishedTap(f"{op.action} names no call: give the card's id in `call`")
    return CallId(op.call)


def _patient(op: Op) -> PatientId:
    if not op.patient:
        raise UnfinishedTap(f"{op.action} names no patient: give the id in `patient`")
    return PatientId(op.patient)


def _rule(op: Op) -> RuleId | None:
    return RuleId(op.rule) if op.rule else None
