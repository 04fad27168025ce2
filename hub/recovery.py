"""From the journal back to a State: newest snapshot, the tail stepped again and compared."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

import structlog

from hub import records
from hub.core import Core
from hub.store.rows import JournalRow, Recovered, steps_nothing
from routing.state import State

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Stepped:
    """One journal row stepped again. `difference` is empty where it decided as recorded."""

    row: JournalRow
    state: State
    decisions: bytes
    difference: str = ""


def step_again(state: State, rows: Iterable[JournalRow], core: Core) -> Iterator[Stepped]:
    """Step each row with the time it had, and compare with what was decided then."""
    for row in rows:
        if steps_nothing(row):
            yield Stepped(row, state, row.decisions)
            continue
        if row.payload is None:
            yield Stepped(row, state, b"", "its payload is erased: begin at a later snapshot")
            continue
        try:
            event = records.decode_event(row.payload)
            state, effects = core.step(state, event, row.at)
            decisions = records.encode_effects(effects)
        except Exception as error:  # noqa: BLE001 (whatever it is, it is the difference)
            yield Stepped(row, state, b"", f"raised {type(error).__name__}: {error}")
            continue
        yield Stepped(row, state, decisions, _difference(row, decisions, core))


def _difference(row: JournalRow, decisions: bytes, core: Core) -> str:
    if decisions == row.decisions:
        return ""
    then, now = records.decode_effects(row.decisions), records.decode_effects(decisions)
    place = next(
        (n for n, (a, b) in enumerate(zip(then, now, strict=False)) if a != b),
        min(len(then), len(now)),
    )
    before = repr(then[place]) if place < len(then) else "nothing"
    after = repr(now[place]) if place < len(now) else "nothing"
    versions = f" ({row.core_version} then, {core.version} now)"
    return f"effect {place + 1}: {before} then, {after} now{versions}"


def recovered_state(recovered: Recovered, initial: State, core: Core) -> State:
    """The State as of the journal's last row. Differences are logged and not fatal."""
    state = initial if recovered.state is None else recovered.state
    differences = 0
    expected = recovered.snapshot_seq
    for stepped in step_again(state, recovered.tail, core):
        state = stepped.state
        expected += 1
        if stepped.row.seq != expected:
            log.error("journal has a gap", after=expected - 1, before=stepped.row.seq)
            expected = stepped.row.seq
        if stepped.difference:
            differences += 1
            log.warning("decides otherwise", seq=stepped.row.seq, difference=stepped.difference)
    log.info(
        "recovered",
        house=recovered.house,
        snapshot=recovered.snapshot_seq,
        rows=len(recovered.tail),
        differences=differences,
    )
    return state
