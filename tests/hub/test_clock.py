"""The hub's time neither jumps back nor stands still, whatever the wall clock does."""

from datetime import UTC, datetime, timedelta

from hub.clock import HouseClock, SystemClock
from hub.store import tables
from hub.store.store import Store
from tests.support.shell import engine_on, rows, running, until


class Machine:
    """A wall clock that somebody sets, and a monotonic one that nobody can."""

    def __init__(self) -> None:
        self.wall_s = 1_800_000_000.0
        self.monotonic_s = 50.0

    def pass_time(self, seconds: float) -> None:
        self.wall_s += seconds
        self.monotonic_s += seconds

    def clock(self) -> SystemClock:
        return SystemClock(lambda: self.wall_s, lambda: self.monotonic_s)


def test_a_wall_clock_set_forward_is_followed_and_told_once() -> None:
    machine = Machine()
    clock = machine.clock()
    machine.wall_s += 3600
    assert clock.stepped() == timedelta(hours=1)
    assert clock.now() == datetime.fromtimestamp(machine.wall_s, UTC)
    assert clock.stepped() is None


def test_a_wall_clock_set_back_is_told_once_and_time_goes_on_at_its_own_pace() -> None:
    machine = Machine()
    clock = machine.clock()
    before = clock.now()
    machine.wall_s -= 3600
    assert clock.stepped() == timedelta(hours=-1)
    assert clock.stepped() is None
    machine.pass_time(30)
    assert clock.now() == before + timedelta(seconds=30)
    assert clock.stepped() is None


def test_a_wall_clock_put_right_again_is_told_and_time_did_not_jump() -> None:
    machine = Machine()
    clock = machine.clock()
    before = clock.now()
    machine.wall_s -= 3600
    clock.stepped()
    machine.wall_s += 3600
    assert clock.stepped() == timedelta(hours=1)
    assert clock.now() == before


def test_a_journal_that_is_ahead_of_the_wall_is_gone_on_from() -> None:
    machine = Machine()
    clock = machine.clock()
    journal = clock.now() + timedelta(minutes=5)
    clock.not_before(journal)
    machine.pass_time(10)
    assert clock.now() == journal + timedelta(seconds=10)
    clock.not_before(journal)
    assert clock.now() == journal + timedelta(seconds=10)


def test_a_disciplined_clock_is_no_step() -> None:
    machine = Machine()
    clock = machine.clock()
    machine.wall_s += 0.4
    assert clock.stepped() is None


async def test_every_house_of_a_process_hears_of_a_step(store: Store) -> None:
    machine = Machine()
    shared, clocks = machine.clock(), list[HouseClock]()
    engines = [
        await engine_on(store, house, clock=HouseClock(shared, clocks))
        for house in ("solvik", "bakken")
    ]
    async with running(store, *engines):
        machine.wall_s += 3600
        await until(lambda: all(engine.seq > 1 for engine in engines))
    told = [
        row.house for row in await rows(store, tables.journal) if row.kind == "ClockStepped"
    ]
    assert sorted(told) == ["bakken", "solvik"]


def test_a_house_that_asks_no_more_keeps_only_the_last_steps() -> None:
    machine = Machine()
    shared, clocks = machine.clock(), list[HouseClock]()
    ended, asking = HouseClock(shared, clocks), HouseClock(shared, clocks)
    for _ in range(100):
        machine.wall_s += 3600
        assert asking.stepped() == timedelta(hours=1)
    assert len(ended.untold) < 100
    before = asking.now()
    asking.not_before(before + timedelta(hours=1))
    assert ended.now() >= before + timedelta(hours=1)
