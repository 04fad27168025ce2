"""What the engine hands to the store: journal rows, raw payloads, snapshots."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from routing.effects import Effect
from routing.events import StoreState
from routing.ids import BridgeId, DeviceId, HouseId, SignalId
from routing.state import Call, State

QUARANTINED = "Quarantined"
"""Journal kind of an event whose step raised: kept, never stepped again."""


PLACES = "TagsPlaced"
"""Journal kind of where tags were heard: erased after days, and no decision rests on it."""


@dataclass(frozen=True, slots=True)
class Row:
    """One journal row, and what its projections are made from."""

    house: HouseId
    seq: int
    at: datetime
    kind: str
    payload: bytes
    payload_hash: str
    decisions: bytes
    digest: str
    core_version: str
    effects: tuple[Effect, ...]
    changed: tuple[Call, ...] = ()
    """Calls that this row changed, as they are after it."""
    heard: int = 0
    """Messages that a `DevicesHeard` stands for: the ledger books them as unchanged."""


@dataclass(frozen=True, slots=True)
class RawMessage:
    """A message's bytes as they came, kept 30 days."""

    house: HouseId
    signal: SignalId
    at: datetime
    topic: str
    payload: bytes
    qos: int = 1
    retained: bool = False


@dataclass(frozen=True, slots=True)
class QuarantinedMessage:
    """A message that nobody understood, or whose step raised."""

    house: HouseId
    signal: SignalId
    at: datetime
    topic: str
    payload: bytes
    why: str
    device: DeviceId | None = None
    bridge: BridgeId | None = None


@dataclass(frozen=True, slots=True)
class Snapshot:
    """A whole State, as it was after row `seq`. Encoded by the writer, not by the engine."""

    house: HouseId
    seq: int
    at: datetime
    state: State
    core_version: str


Kept = RawMessage | QuarantinedMessage | Snapshot
"""Rows beside the journal that go in the same transaction."""


@dataclass(frozen=True, slots=True)
class JournalRow:
    """One stored row. `payload` is None once erased."""

    house: HouseId
    seq: int
    at: datetime
    kind: str
    payload: bytes | None
    payload_hash: str
    decisions: bytes
    digest: str
    core_version: str


@dataclass(frozen=True, slots=True)
class Recovered:
    """What a start needs: the newest snapshot, what came after, where the chain stands."""

    house: HouseId
    state: State | None
    """None: this house has never started."""
    snapshot_seq: int
    tail: tuple[JournalRow, ...]
    seq: int
    digest: str
    last_at: datetime | None


class Appender(Protocol):
    """Who is told how it went: an engine."""

    house: HouseId

    def appended(self, rows: Sequence[Row], *, recorded: bool) -> None:
        """These rows are durable, in order; `recorded` False: only in the spool."""
        ...

    def lost_fence(self, why: str) -> None:
        """Another worker wrote to this house's journal: stop, and stop ringing."""
        ...

    def store_changed(self, state: StoreState, detail: str) -> None:
        """The store went away or came back."""
        ...


class Fenced(RuntimeError):  # noqa: N818 (a state of affairs, as in the design)
    """Another worker wrote to this house's journal. This one has to stop."""


class StoreDown(RuntimeError):  # noqa: N818
    """The database does not answer: try again later. The journal goes to the spool."""


def steps_nothing(row: JournalRow) -> bool:
    """Tell whether a row is passed over when the journal is stepped again."""
    return row.kind == QUARANTINED or (row.kind == PLACES and row.payload is None)


def changed_calls(before: State, after: State) -> tuple[Call, ...]:
    """Return the calls that are not the very same value as before: the projection's rows."""
    if after.calls is before.calls:
        return ()
    old = before.calls
    return tuple(call for key, call in after.calls.items() if old.get(key) is not call)
