"""Python's collector, kept from stopping the hub while somebody presses.

The plans and states of a process are a million objects that stay. The collector's oldest
generation walks through them all, again and again: 0.3 to 0.7 s with 40 houses, measured in
`bjelle bench backlog`, in which no press rings. What survived is therefore set aside (`freeze`)
after each such walk, so that the next one meets only what is new. Nothing that is set aside is
looked at again before `sweep`, which is for an hour in which no call is open.
"""

import asyncio
import gc
from collections.abc import Callable

import structlog

log = structlog.get_logger(__name__)

YOUNG = (5_000, 10, 20)
"""Objects made before the youngest are looked at, and how often the older ones follow."""
EVERY_S = 3600.0
CALMLESS = 24
"""So many hours with an open call at each look: then it is swept all the same."""


def begin() -> None:
    """Set aside what the start made, and whatever survives from now on."""
    gc.set_threshold(*YOUNG)
    if _aside not in gc.callbacks:
        gc.callbacks.append(_aside)
    sweep()


def end() -> None:
    """Undo `begin`, for a process that goes on without a hub."""
    if _aside in gc.callbacks:
        gc.callbacks.remove(_aside)
    gc.unfreeze()


def sweep() -> int:
    """Look through everything, also what was set aside; return how many objects went."""
    gc.unfreeze()
    return gc.collect()


async def run(calm: Callable[[], bool], *, every_s: float = EVERY_S) -> None:
    """Sweep once an hour, when no call is open; at the latest once a day."""
    waited = 0
    while True:
        await asyncio.sleep(every_s)
        waited += 1
        if calm() or waited >= CALMLESS:
            waited = 0
            log.debug("swept", objects=sweep())


def _aside(phase: str, info: dict[str, int]) -> None:
    if phase == "stop" and info["generation"] == len(YOUNG) - 1:
        gc.freeze()
