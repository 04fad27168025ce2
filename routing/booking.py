"""Where a signal went: the line that the ledger gets, and when the thing happened."""

from dataclasses import dataclass
from datetime import datetime

from routing.effects import Because, Booked
from routing.ids import CallId


@dataclass(frozen=True, slots=True)
class Booking:
    """Where a signal is booked, why, and to which call."""

    to: Booked
    because: Because
    call: CallId | None = None


@dataclass(frozen=True, slots=True)
class When:
    """When something happened: an interval where a backlog hides the moment."""

    first: datetime
    last: datetime
    late: bool = False


_WEIGHT = {
    Booked.OPENED: 0,
    Booked.JOINED: 1,
    Booked.PRACTICE: 2,
    Booked.ENDED: 3,
    Booked.WAITING: 4,
    Booked.SUPPRESSED: 5,
    Booked.TECHNICAL: 6,
    Booked.NO_RULE: 7,
    Booked.DUPLICATE: 8,
    Booked.UNCHANGED: 9,
    Booked.QUARANTINED: 10,
}


def weightier(one: Booking, other: Booking) -> Booking:
    """Return the booking that says more; a message is booked where it did most."""
    return other if _WEIGHT[other.to] < _WEIGHT[one.to] else one
