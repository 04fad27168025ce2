"""What goes out on a one-shot channel: a notice without names, and the port that carries it.

A notice is seen on lock screens and passes providers: it tells the room and how urgent it is,
never who lives there.
"""

import hashlib
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from hub.names import Names
from routing.ids import HouseId
from routing.plan import Priority
from routing.state import Call, State

URGENCY = {
    Priority.EMERGENCY: "nødanrop",
    Priority.URGENT: "haster",
    Priority.IMPORTANT: "viktig",
    Priority.ROUTINE: "vanlig",
}
"""Words of UX 4.2, as they stand after a room's number."""


@dataclass(frozen=True, slots=True)
class Order:
    """One row of the outbox, or a `Send` that has no row yet because the store is away."""

    id: str
    """`<house>:<call>:<channel>:<round>`: the same however often it is tried."""
    house: HouseId
    call: str
    """Empty: the daily proof of the channel."""
    channel: str
    round: int
    created_at: datetime
    tries: int = 0

    @property
    def proof(self) -> bool:
        """It is the daily proof, or a test: no call."""
        return not self.call


@dataclass(frozen=True, slots=True)
class Notice:
    """What is sent. The same `key` is the same notice sent again."""

    key: str
    house: HouseId
    title: str
    text: str
    at: datetime
    call: str = ""
    room: str = ""
    priority: int | None = None
    """Of the call; None: a proof, which wakes nobody."""
    link: str = ""


class Transport(Protocol):
    """One way out of the house."""

    kind: str

    async def send(self, notice: Notice) -> str:
        """Send once; return the other side's receipt.

        Raises:
            NotSent: with what to do; the outbox tries again.
        """
        ...


class NotSent(Exception):  # noqa: N818 - a state of affairs, told to a technician
    """The other side did not take it. `refused`: it answered no, so a person must look."""

    def __init__(self, why: str, *, refused: bool = False) -> None:
        super().__init__(why)
        self.refused = refused


def key_of(order: Order) -> str:
    """Return a short name of the order that fits in any header: 32 hex digits."""
    return hashlib.sha256(order.id.encode()).hexdigest()[:32]


def notice_of(order: Order, state: State, names: Names, public_url: str) -> Notice:
    """Say where and how urgent; names of people stay in the house."""
    at = state.now or order.created_at
    house = names.house(order.house)
    if order.proof:
        title = f"Prøve av kanalen «{order.channel}»"
        text = f"{house}: dette er en prøve. Ingen skal gjøre noe. (This is a test.)"
        return Notice(key_of(order), order.house, title, text, at)
    call = next((c for c in state.calls.values() if c.id == order.call), None)
    reference = f"Ref {order.call}/{order.round}"
    link = f"{public_url.rstrip('/')}/h?call={order.call}" if public_url else ""
    if call is None:
        text = f"{house}. Åpne Bjelle. {reference}"
        return Notice(key_of(order), order.house, "Anrop", text, at, order.call, link=link)
    room = _room(state, call)
    title = f"Anrop rom {room} – {URGENCY[call.priority]}"
    if not room:
        title = f"Anrop – {URGENCY[call.priority]}"
    if call.practice:
        title = f"Øvelse: {title}"
    # On its own line what a reader needs to tell two notices from one that came twice.
    text = f"{house}. Ingen har tatt det. {reference}"
    return Notice(
        key_of(order),
        order.house,
        title,
        text,
        at,
        order.call,
        room,
        int(call.priority),
        link,
    )


def _room(state: State, call: Call) -> str:
    room = None if call.room is None else state.plan.rooms.get(call.room)
    return "" if room is None else room.number
