"""The collector walks through what is new, and the rest in a calm hour."""

import asyncio
import gc
import weakref
from collections.abc import Iterator

import pytest

from hub import garbage
from tests.support.shell import until


class Ring:
    """Refers to itself: only the collector can free it."""

    def __init__(self) -> None:
        self.me = self


@pytest.fixture(autouse=True)
def _as_it_was() -> Iterator[None]:
    thresholds = gc.get_threshold()
    yield
    garbage.end()
    gc.set_threshold(*thresholds)


def test_what_survives_the_oldest_generation_is_not_walked_through_again() -> None:
    garbage.begin()
    kept = [Ring() for _ in range(1_000)]
    before = gc.get_freeze_count()

    gc.collect()

    assert gc.get_freeze_count() >= before + len(kept)
    assert len(gc.get_objects(generation=2)) < len(kept)


async def test_what_was_set_aside_and_died_is_freed_in_a_calm_hour() -> None:
    garbage.begin()
    ring = Ring()
    gone = weakref.ref(ring)
    gc.collect()  # set aside while it lives
    del ring
    gc.collect()
    assert gone() is not None, "an ordinary walk does not see it"
    calm = False
    sweeping = asyncio.ensure_future(garbage.run(lambda: calm, every_s=0.001))
    try:
        calm = True
        await until(lambda: gone() is None)
    finally:
        sweeping.cancel()


async def test_a_house_that_is_never_calm_is_swept_all_the_same() -> None:
    garbage.begin()
    ring = Ring()
    gone = weakref.ref(ring)
    gc.collect()
    del ring
    sweeping = asyncio.ensure_future(garbage.run(lambda: False, every_s=0.001))
    try:
        await until(lambda: gone() is None)
    finally:
        sweeping.cancel()
