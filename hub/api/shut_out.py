"""Telephones that nobody may be on any more: their line ends, their person is off duty.

An account is closed, a lost telephone is shut out, a store is restored without its sessions.
The gate refuses what such a telephone asks from then on, but an open line asks for nothing: it
would show patients' names, and count as somebody on duty, until it happened to break.
"""

from hub.api import frames
from hub.api.wiring import Hub
from hub.engine import EngineStopped
from routing.events import SignedOut
from routing.ids import HandsetId, HouseId, StaffId

Place = tuple[HouseId, HandsetId, StaffId]


def shut_out(hub: Hub) -> tuple[Place, ...]:
    """Return who is on duty without a session, an open account or a key of the telephone."""
    return tuple(
        (house, handset, now.staff)
        for house, engine in hub.engines.items()
        for handset, now in engine.state.handsets.items()
        if now.staff is not None and not hub.accounts.holds(house, handset, now.staff)
    )


async def turn_out(hub: Hub, before: tuple[Place, ...]) -> tuple[Place, ...]:
    """End what was shut out `before` and still is; return what is now.

    Seen twice, because signing in is two steps: the session first, then the duty.
    """
    found = shut_out(hub)
    for house, handset, staff in found:
        if (house, handset, staff) not in before:
            continue
        for session in hub.accounts.on_telephone(house, handset):
            if session.staff == staff:
                await hub.accounts.end(session)
        hub.gateway.hang_up(house, handset, frames.ByeReason.SIGNED_OUT)
        try:
            await hub.engines[house].submit(SignedOut(handset, staff))
        except EngineStopped:
            return ()  # the hub is stopping: the next start looks again
    return found
