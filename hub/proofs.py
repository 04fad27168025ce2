"""A proof press that came through becomes part of the plan: the device is in use from then."""

import asyncio
from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Protocol

import structlog

from hub.engine import EngineStopped
from hub.enrolment import prove
from hub.house_store import Adopted
from hub.store.rows import StoreDown
from routing.effects import Book, Effect, Reason
from routing.ids import DeviceId, HouseId, StaffId
from routing.plan import Plan
from routing.state import State

log = structlog.get_logger(__name__)

AGAIN_S = 5.0
KEPT = 200
"""More proofs than anybody makes while the database is away."""


class Edits(Protocol):
    """Where a plan is changed (hub/houses.py)."""

    async def edit(
        self, house: HouseId, change: Callable[[Plan], Plan], by: StaffId | None
    ) -> Adopted:
        """Store the changed plan and decide with it. Raises StoreDown."""
        ...


class Proofs:
    """Performer: hears of proofs from the core and writes them into the plan."""

    def __init__(self) -> None:
        """Begin with none waiting."""
        self._heard: asyncio.Queue[tuple[HouseId, DeviceId, datetime]] = asyncio.Queue(KEPT)

    def noise(self, house: HouseId, state: State, effects: Sequence[Effect]) -> None:
        """Make none."""

    def settled(
        self,
        house: HouseId,
        state: State,
        effects: Sequence[Effect],
        recorded: bool,  # noqa: FBT001 - the Performer's seam
    ) -> None:
        """Take in the proofs; the plan is changed from `run`, not under the engine's feet."""
        del recorded
        for effect in effects:
            if not isinstance(effect, Book) or effect.because.reason is not Reason.PROVEN:
                continue
            if effect.device is None or state.now is None:
                continue
            try:
                self._heard.put_nowait((house, effect.device, state.now))
            except asyncio.QueueFull:
                log.warning("a proof press is not noted: try again", device=effect.device)

    async def run(self, houses: Edits) -> None:
        """Write them down, one after the other, as long as it takes."""
        while True:
            house, device, at = await self._heard.get()
            while True:
                try:
                    await houses.edit(house, prove(device, at), None)
                except StoreDown as error:
                    log.warning("a proof waits for the store", device=device, error=str(error))
                    await asyncio.sleep(AGAIN_S)
                except EngineStopped:
                    raise
                except Exception:
                    # The device stays as it was and is tried again; the ringing goes on.
                    log.exception("a proof is not in the plan", house=house, device=device)
                    break
                else:
                    log.info("device proven", house=house, device=device)
                    break
