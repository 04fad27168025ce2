"""From an operation of a telephone to the event that enters the core."""

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
    TakeUndone,
    Tap,
)
from routing.ids import CallId, HandsetId, OperationId, StaffId


class UnfinishedTap(ValueError):  # noqa: N818 - what it is, in the field's words
    """The operation lacks what its action needs; the text says what."""


def tap(op: Op, staff: StaffId, handset: HandsetId | None) -> Tap:  # noqa: PLR0911 - a table
    """Return what this operation asks of the core.

    Raises:
        UnfinishedTap: no call, no receiver.
    """
    by = By(staff, handset, OperationId(op.op), op.at, op.seq)
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
        case _:
            assert_never(op.action)


def _call(op: Op) -> CallId:
    if not op.call:
        raise UnfinishedTap(f"{op.action} names no call: give the card's id in `call`")
    return CallId(op.call)
