"""The hub's time neither jumps back nor stands still, whatever the wall clock does."""

from datetime import UTC, datetime, timedelta

from hub.clock import SystemClock


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
