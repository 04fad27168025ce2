"""The core alone: steps a second, a rehearsal of 30 nights, a unit's year. No disk, no socket.

One day of a unit is lived once through the live core and kept as journal rows; longer times are
that day again and again. The floor is what no rehearsal can avoid: the same rows, decoded.
"""

import statistics
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from random import Random
from typing import Any

from hub import records
from hub.core import Core
from hub.house import parse
from hub.rehearsal import rehearse
from hub.store.rows import JournalRow
from routing.events import Event, SignalReceived, Started, TimePassed
from routing.ids import DeviceId, SignalId
from routing.plan import Rule
from routing.readings import BedChanged, DoorMoved, MotionSeen, Reading
from routing.state import State
from routing.step import empty, next_deadline
from simulators.bench.houses import ROOMS, house_file

Tell = Callable[[str], None]

DAY = timedelta(days=1)
BEGINS = datetime(2026, 11, 1, 12, tzinfo=UTC)
PER_ROOM = 60
"""Changes that one room's sensors tell in a day (PERF: 90 % motion, the rest bed and door)."""


@dataclass(frozen=True, slots=True)
class Lived:
    """One day of a unit, as the journal has it."""

    first: State
    rows: tuple[JournalRow, ...]
    rule: Rule


def lived(seed: int) -> Lived:
    """Live one day through the live core; a state after it is like that before it."""
    made = parse(house_file(0)).plan(version=1)
    # Nobody is on duty here: calls end with their cause, or they would pile up for a year.
    rules = tuple(replace(rule, ends_by_itself=True) for rule in made.rules)
    plan = replace(made, rules=rules)
    core, dice = Core.shipped(), Random(seed)
    state, rows = empty(plan), list[JournalRow]()

    def put(event: Event, at: datetime) -> None:
        nonlocal state
        state, effects = core.step(state, event, at)
        kind, payload = type(event).__name__, records.encode_event(event)
        decided = records.encode_effects(effects)
        seq = len(rows) + 1
        rows.append(
            JournalRow(plan.house, seq, at, kind, payload, "", decided, "", core.version)
        )

    put(Started(1, core.version, "", BEGINS), BEGINS)
    first = state
    rows.clear()
    for serial, (at, device, reading) in enumerate(_agenda(dice)):
        while (due := next_deadline(state)) is not None and due < at:
            before = state
            put(TimePassed(), max(due, before.now or due))
            if next_deadline(state) == due:
                break
        signal = SignalId(f"1-{serial}")
        put(SignalReceived(signal, DeviceId(device), (reading,), key=f"k{serial}"), at)
    rule = replace(plan.rules[0], delay=timedelta(minutes=3), window=None)
    return Lived(first, tuple(rows), rule)


def _agenda(dice: Random) -> list[tuple[datetime, str, Reading]]:
    told: list[tuple[datetime, str, Reading]] = []
    for room in range(101, 101 + ROOMS):
        times = sorted(BEGINS + dice.random() * DAY for _ in range(PER_ROOM))
        for n, at in enumerate(times):
            on = n % 2 == 0
            kind = ("bed", "door")[n // 2 % 2] if n % 20 >= 16 else "motion"
            reading: Reading = MotionSeen(on)
            if kind != "motion":
                reading = BedChanged(not on) if kind == "bed" else DoorMoved(on)
            told.append((at, f"{kind}-{room}", reading))
    return sorted(told, key=lambda one: one[0])


def _quietly(_: str) -> None:
    """Tell nobody."""


def days(day: Lived, count: int, tell: Tell = _quietly, what: str = "") -> Iterator[JournalRow]:
    """Return the day's rows, so many times, each a day later; tell every thirtieth day."""
    each = len(day.rows)
    for n in range(count):
        if n and n % 30 == 0:
            tell(f"{what}: {n} of {count} days")
        for row in day.rows:
            yield replace(row, seq=row.seq + n * each, at=row.at + n * DAY)


def bench_core(
    *, year_days: int, repeats: int, seed: int, nights: int = 30, tell: Tell = _quietly
) -> dict[str, Any]:
    """Measure, and put the floor beside it; `tell` hears how far it is.

    `nights` is for tests that look at the form only.
    """
    tell("one day is lived through the live core")
    day, core = lived(seed), Core.shipped()

    def steps() -> None:
        state = day.first
        for event, at in events:
            state, _ = core.step(state, event, at)

    def rehearsed(count: int) -> Callable[[], None]:
        until = BEGINS + count * DAY
        return lambda: _used(
            rehearse(
                day.rule,
                day.first,
                days(day, count, tell, "rehearsed"),
                core,
                since=BEGINS,
                until=until,
            )
        )

    def decoded(count: int) -> Callable[[], None]:
        def work() -> None:
            for row in days(day, count, tell, "decoded"):
                records.decode_event(row.payload or b"")

        return work

    events = [(records.decode_event(row.payload or b""), row.at) for row in day.rows]
    tell(f"{len(events)} steps of that day, {repeats} times")
    stepping = _seconds(steps, repeats)
    ours, floor, noise = dict[str, float](), dict[str, float](), dict[str, float]()
    ours["steps_per_s"] = len(events) / statistics.median(stepping)
    one_day = _seconds(decoded(1), repeats)
    floor["steps_per_s"] = len(events) / statistics.median(one_day)
    for name, count in (
        ("rehearsal_30_nights_s", nights),
        ("rehearsal_year_of_unit_s", year_days),
    ):
        again = repeats if count <= nights else 1
        tell(f"{name}: {count} days of {len(day.rows)} rows")
        mine, bare = _seconds(rehearsed(count), again), _seconds(decoded(count), again)
        ours[name], floor[name] = statistics.median(mine), statistics.median(bare)
        noise[name] = (max(mine) - min(mine)) / ours[name]
    noise["steps_per_s"] = (max(stepping) - min(stepping)) / statistics.median(stepping)
    return {
        "bench": "core",
        "ours": ours,
        "floor": floor,
        "ratio": {name: ours[name] / floor[name] for name in ours},
        "noise": noise,
        "settings": {
            "rooms": ROOMS,
            "rows_a_day": len(day.rows),
            "year_days": year_days,
            "repeats": repeats,
            "seed": seed,
            "core": core.version,
        },
    }


def _used(told: object) -> None:
    """Keep the answer until it is measured."""
    del told


def _seconds(work: Callable[[], None], repeats: int) -> list[float]:
    found: list[float] = []
    for _ in range(repeats):
        begun = time.perf_counter()
        work()
        found.append(time.perf_counter() - begun)
    return found
