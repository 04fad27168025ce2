"""A call's life as ONE table: states, what moves it, what that leads to.

A call rings until somebody takes it, is taken until somebody arrives, and is closed by a person
with an outcome (or by its own signal where the rule says so). Taken without arrival comes back;
leaving without closing comes back. `TABLE` is the only place that knows; the README's picture
is drawn from it (`diagram`) and a test compares the two.
"""

from enum import StrEnum

from routing.effects import Move


class CallState(StrEnum):
    """Where a call stands. Priority is colour; this is position and word (UX finding 4)."""

    RINGING = "ringing"
    TAKEN = "taken"
    PRESENT = "present"
    CLOSED = "closed"


TABLE: dict[CallState, dict[Move, CallState]] = {
    CallState.RINGING: {
        Move.PRESSED_AGAIN: CallState.RINGING,
        Move.JOINED: CallState.RINGING,
        Move.RAISED: CallState.RINGING,
        Move.CLIMBED: CallState.RINGING,
        Move.RANG: CallState.RINGING,
        Move.SEEN: CallState.RINGING,
        Move.DECLINED: CallState.RINGING,
        Move.HANDED_OVER: CallState.RINGING,
        Move.TAKEN: CallState.TAKEN,
        Move.ARRIVED: CallState.PRESENT,
        Move.CLOSED: CallState.CLOSED,
    },
    CallState.TAKEN: {
        Move.PRESSED_AGAIN: CallState.TAKEN,
        Move.JOINED: CallState.TAKEN,
        Move.RAISED: CallState.TAKEN,
        Move.RANG: CallState.TAKEN,
        Move.SEEN: CallState.TAKEN,
        Move.RESPONDED: CallState.TAKEN,
        Move.TAKEN: CallState.TAKEN,
        Move.CLIMBED: CallState.TAKEN,
        Move.HANDED_OVER: CallState.TAKEN,
        Move.DECLINED: CallState.TAKEN,
        Move.NOT_COME: CallState.TAKEN,
        Move.ARRIVED: CallState.PRESENT,
        Move.REOPENED: CallState.RINGING,
        Move.CLOSED: CallState.CLOSED,
    },
    CallState.PRESENT: {
        Move.PRESSED_AGAIN: CallState.PRESENT,
        Move.JOINED: CallState.PRESENT,
        Move.RAISED: CallState.PRESENT,
        Move.RANG: CallState.PRESENT,
        Move.SEEN: CallState.PRESENT,
        Move.RESPONDED: CallState.PRESENT,
        Move.TAKEN: CallState.PRESENT,
        Move.CLIMBED: CallState.PRESENT,
        Move.HANDED_OVER: CallState.PRESENT,
        Move.DECLINED: CallState.PRESENT,
        Move.NOT_COME: CallState.PRESENT,
        Move.ARRIVED: CallState.PRESENT,
        Move.STEPPED_OUT: CallState.PRESENT,
        Move.REMINDED: CallState.PRESENT,
        Move.REOPENED: CallState.PRESENT,
        Move.LEFT: CallState.RINGING,
        Move.LEFT_TO_OWNER: CallState.TAKEN,
        Move.CLOSED: CallState.CLOSED,
    },
    CallState.CLOSED: {},
}


def after(state: CallState, move: Move) -> CallState | None:
    """Return the state that `move` leads to, or None where the table has no such move."""
    return TABLE[state].get(move)


def diagram() -> str:
    """Draw the table as a Mermaid state diagram; moves that change nothing are left out."""
    lines = ["stateDiagram-v2", "    [*] --> ringing: opened"]
    for state, moves in TABLE.items():
        lines += [
            f"    {state} --> {to}: {move}" for move, to in moves.items() if to is not state
        ]
    return "\n".join([*lines, "    closed --> [*]"])
