"""One engine per house, the only writer: events in, effects out, in the journal's order.

    submit -> inbox (alarm lane first) -> step -> Ring leaves at once -> row queued to the store
           -> commit, with the rows of all houses -> everything else leaves, submit returns

Noise first, silence after: nothing is acknowledged, withdrawn or confirmed before its commit,
and no ring waits for one.
"""

import asyncio
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Self

import structlog

from hub import fallback, records
from hub.clock import Clock
from hub.core import TZDATA_VERSION, Core
from hub.heard import Heard
from hub.inbox import AtOnce, EngineStopped, Entry, Inbox, Limits
from hub.performers import Lane, Performer, Performers, Settled
from hub.recovery import recovered_state
from hub.store.rows import (
    QUARANTINED,
    Fenced,
    QuarantinedMessage,
    Row,
    Snapshot,
    changed_calls,
)
from hub.store.store import Store
from routing.effects import Book, Effect, Note
from routing.events import (
    ClockStepped,
    DevicesHeard,
    Event,
    FaultNoticed,
    SignalReceived,
    Started,
    StoreChanged,
    StoreState,
    TimePassed,
)
from routing.ids import HouseId, SignalId
from routing.state import Call, State

__all__ = ["Engine", "EngineStopped", "Fenced", "Lane", "Limits", "Performer", "Settled"]

log = structlog.get_logger(__name__)

SLICE = 64
"""Events stepped before the loop may read its sockets again."""
WATCH_S = 1.0
"""How often the wall clock is compared with the monotonic one."""
DUE_AT_ONCE = 100
"""Deadlines stepped before the loop may read its sockets again."""
_NEVER = datetime.max.replace(tzinfo=UTC)
_WRITTEN = (Book, Note)
"""Effects that only the journal and its tables carry: nobody waits for them."""


@dataclass(frozen=True, slots=True)
class _Pending:
    """A stepped event whose row is not durable yet."""

    row: Row
    state: State
    entry: Entry


class Engine:
    """Steps every event of one house and lets its effects out at the right moment."""

    def __init__(
        self,
        house: HouseId,
        state: State,
        *,
        clock: Clock,
        store: Store,
        performers: Sequence[Performer] = (),
        epoch: int,
        seq: int,
        digest: str,
        limits: Limits | None = None,
        core: Core | None = None,
        rows_since_snapshot: int = 0,
    ) -> None:
        """Begin where the journal ends: after row `seq`, whose digest is `digest`."""
        self.house = house
        self.state = state
        self.epoch = epoch
        self.seq = seq
        self.stepped = 0
        self.quarantined = 0
        self._clock = clock
        self._store = store
        self._performers = Performers(house, performers, self._fault_later)
        self._digest = digest
        self._limits = limits or Limits()
        self._core = core or Core.shipped()
        self._signals = 0
        self._inbox = Inbox(self._limits.inbox)
        self._pending: deque[_Pending] = deque()
        self._heard = Heard()
        self._since_snapshot = rows_since_snapshot
        self._told = fallback.Told()
        self._time_waits_until: datetime | None = None
        self._idle_until: datetime | None = None
        self._at_once = AtOnce()
        self._stopping = False
        self._ended: Exception | None = None

    @classmethod
    async def start(
        cls,
        house: HouseId,
        initial: State,
        *,
        clock: Clock,
        store: Store,
        performers: Sequence[Performer] = (),
        limits: Limits | None = None,
        core: Core | None = None,
    ) -> Self:
        """Commit a new epoch, then recover: newest snapshot, the tail stepped and compared.

        `initial` is `empty(plan)`, used by a house that has never started.
        """
        core = core or Core.shipped()
        epoch = await store.start_epoch(house, clock.now())
        recovered = await store.recover(house)
        state = recovered_state(recovered, initial, core)
        if recovered.last_at is not None:
            clock.not_before(recovered.last_at)
        return cls(
            house,
            state,
            clock=clock,
            store=store,
            performers=performers,
            epoch=epoch,
            seq=recovered.seq,
            digest=recovered.digest,
            limits=limits,
            core=core,
            rows_since_snapshot=recovered.seq - recovered.snapshot_seq,
        )

    # --- The door ---------------------------------------------------------------------------

    def next_signal(self) -> SignalId:
        """A new signal id, `<epoch>-<n>`: the epoch was committed, so it was never used."""
        self._signals += 1
        return SignalId(f"{self.epoch}-{self._signals}")

    @property
    def depth(self) -> int:
        """Events that wait to be stepped."""
        return len(self._inbox)

    @property
    def depths(self) -> tuple[int, int]:
        """The same by lane: alarm, bulk."""
        return self._inbox.depth(Lane.ALARM), self._inbox.depth(Lane.BULK)

    @property
    def unsettled(self) -> int:
        """Events stepped whose rows are not durable yet."""
        return len(self._pending)

    async def submit(self, event: Event, lane: Lane = Lane.ALARM) -> Settled:
        """Hand in an event; returns when its row is durable, or in the spool.

        Waits while the lane is full, and so holds the broker back.

        Raises:
            Fenced: another worker has the house now.
            EngineStopped: this engine ends; the event was not taken.
        """
        await self._inbox.room(lane)
        try:
            self._refuse_when_ended()
        except (Fenced, EngineStopped):
            self._inbox.give_back(lane)  # who waits behind us must hear the same
            raise
        wait: asyncio.Future[Settled] = asyncio.get_running_loop().create_future()
        entry, idle_until = Entry(event, lane, wait), self._idle_until
        if idle_until is not None and not self.depth and self._at_once.take():
            self._inbox.put(entry, wake=False)
            self._work_at_once(idle_until)
        else:
            self._inbox.put(entry)
        return await wait

    def _work_at_once(self, idle_until: datetime) -> None:
        """Step while `run` waits for work: a press need not wait until its turn comes round."""
        self._idle_until = None
        try:
            self._work()
        except Exception as error:  # noqa: BLE001 (`run` raises it, as if it had met it)
            self._ended = error
        if self._ended is not None or self.depth or self._look_at() < idle_until:
            self._inbox.wake()
        else:
            self._idle_until = idle_until

    def _refuse_when_ended(self) -> None:
        if self._ended is not None:
            raise self._ended
        if self._stopping:
            raise EngineStopped(f"{self.house} is stopping: send it again after the start")

    # --- The loop ---------------------------------------------------------------------------

    async def run(self) -> None:
        """Step what comes in, and time. Ends after `stop`; raises Fenced when fenced."""
        self._store.attach(self)
        try:
            self._begin()
            while self._ended is None and not (self._stopping and self._finished()):
                await self._wait_for_work()
                self._work()
                await asyncio.sleep(0)
            if self._ended is not None:
                raise self._ended
        finally:
            self._end()

    async def stop(self) -> None:
        """Step what is in the inbox, flush, take a snapshot, and let `run` end."""
        self._stopping = True
        self._inbox.wake()

    def _begin(self) -> None:
        if self.seq == 0:
            # Replay begins here: the plan that the house started with.
            self._snapshot()
        started = Started(
            epoch=self.epoch,
            core_version=self._core.version,
            tzdata_version=TZDATA_VERSION,
            listening_until=self._now() + self._limits.listen,
        )
        self._process(Entry(started, Lane.ALARM))
        if self.state.store is not self._store.state:
            # The journal ends in an outage that is over.
            self.store_changed(self._store.state, "as found at the start")
        for found in self._store.found_at_start:
            self._process(Entry(FaultNoticed("spool_damaged", found), Lane.ALARM))

    def _end(self) -> None:
        self._store.detach(self.house)
        error = self._ended or EngineStopped(f"{self.house} stopped: send it again")
        self._ended = error
        for pending in self._pending:
            self._refuse(pending.entry, error)
        while (entry := self._inbox.take()) is not None:
            self._refuse(entry, error)

    def _refuse(self, entry: Entry, error: Exception) -> None:
        entry.refuse(error)
        self._inbox.leave(entry)

    def _finished(self) -> bool:
        """While stopping: flush, snapshot, and see whether everything is durable."""
        if self.depth:
            return False
        self._flush_heard()
        if self._since_snapshot:
            self._snapshot()
        return not self._pending

    async def _wait_for_work(self) -> None:
        if self.depth or self._ended is not None:
            return
        now = self._now()
        self._idle_until = min(self._look_at(), now + timedelta(seconds=WATCH_S))
        await self._inbox.wait((self._idle_until - now).total_seconds())
        self._idle_until = None

    def _look_at(self) -> datetime:
        """When there is work again by itself."""
        at = self._due() or _NEVER
        if self._heard.since is not None:
            at = min(at, self._heard.since + self._limits.heard_flush)
        return at

    def _work(self) -> None:
        if (by := self._clock.stepped()) is not None:
            self._process(Entry(ClockStepped(by), Lane.ALARM))
        for _ in range(SLICE):
            if self._ended is not None or (entry := self._inbox.take()) is None:
                break
            self._process(entry)
        self._pass_time()
        self._now_and_then()

    # --- Time -------------------------------------------------------------------------------

    def _now(self) -> datetime:
        now = self._clock.now()
        return now if self.state.now is None else max(now, self.state.now)

    def _due(self) -> datetime | None:
        """The next deadline, or when to try again after a failed one."""
        due = self._core.next_deadline(self.state)
        if due is None or self._time_waits_until is None:
            return due
        return max(due, self._time_waits_until)

    def _pass_time(self) -> None:
        for _ in range(DUE_AT_ONCE):
            due = self._due()
            if due is None or due > self._now() or self._ended is not None:
                return
            # A device heard a moment ago must not be called silent.
            if self._flush_heard():
                continue
            before = self.state
            self._time_waits_until = None
            self._process(Entry(TimePassed(), Lane.ALARM))
            if self._core.next_deadline(self.state) == due:
                self._time_stuck(due, failed=self.state is before)
                return

    def _time_stuck(self, due: datetime, *, failed: bool) -> None:
        """A deadline that does not go away must not keep everything else waiting."""
        self._time_waits_until = self._now() + timedelta(seconds=WATCH_S)
        if not failed:
            self._fault("deadline_stuck", f"due {due.isoformat()} and still due after its step")

    def _now_and_then(self) -> None:
        now = self._now()
        if self._heard.due(self.state, now, self._limits.heard_flush):
            self._flush_heard()
        every = self._limits.snapshot_every_rows
        if self._since_snapshot >= (every if not self.depth else 2 * every):
            self._flush_heard()
            self._snapshot()

    def _flush_heard(self) -> bool:
        events = self._heard.tell(self.state)
        for event in events:
            self._process(Entry(event, Lane.BULK))
        return bool(events)

    def _snapshot(self) -> None:
        taken = Snapshot(self.house, self.seq, self._now(), self.state, self._core.version)
        self._store.keep(taken)
        self._since_snapshot = 0

    # --- One event --------------------------------------------------------------------------

    def _process(self, entry: Entry) -> bool:
        """Step one event; False where the step raised."""
        event = entry.event
        if isinstance(event, SignalReceived) and self._is_only_heard(event):
            self._heard.gather(event, self._now(), self.state)
            self._resolve(entry, Settled(self.state, (), recorded=True))
            return True
        now = self._now()
        try:
            payload = records.encode_event(event)
            state, effects = self._core.step(self.state, event, now)
            decisions = records.encode_effects(effects)
        except Exception as error:  # noqa: BLE001 (rings more, never less)
            self._quarantine(entry, now, error)
            return False
        before, self.state = self.state, state
        self._make_noise(effects)
        changed = changed_calls(before, state)
        self._record(entry, type(event).__name__, payload, effects, decisions, now, changed)
        return True

    def _is_only_heard(self, event: SignalReceived) -> bool:
        try:
            self._heard.sighted(event, self.state, self._now())
            return self._core.only_heard(self.state, event)
        except Exception:
            log.exception("only_heard raised: the event is stepped", house=self.house)
            return False

    def _make_noise(self, effects: Sequence[Effect]) -> None:
        if self._ended is None:
            self._performers.noise(self.state, effects)

    def _record(
        self,
        entry: Entry,
        kind: str,
        payload: bytes,
        effects: tuple[Effect, ...],
        decisions: bytes,
        at: datetime,
        changed: tuple[Call, ...] = (),
    ) -> None:
        self.seq += 1
        self.stepped += 1
        self._since_snapshot += 1
        hashed = records.payload_hash(payload)
        version = self._core.version
        self._digest = records.chain(
            self._digest, self.seq, at, kind, hashed, decisions, version
        )
        heard = entry.event.counted if isinstance(entry.event, DevicesHeard) else 0
        made = (hashed, decisions, self._digest, version, effects, changed, heard)
        row = Row(self.house, self.seq, at, kind, payload, *made)
        self._pending.append(_Pending(row, self.state, entry))
        self._store.put(row, awaited=not all(isinstance(e, _WRITTEN) for e in effects))

    # --- A step that raised -----------------------------------------------------------------

    def _quarantine(self, entry: Entry, now: datetime, error: Exception) -> None:
        """Keep the event, ring all the same, say so. The old state is intact."""
        event = entry.event
        kind = type(event).__name__
        log.error("event quarantined", house=self.house, kind=kind, exc_info=error)
        self.quarantined += 1
        why = fallback.printable(f"{kind} made the step raise {type(error).__name__}: {error}")
        signal = fallback.signal_of(event) or SignalId(f"event-{self.epoch}-{self.seq + 1}")
        booked, before = False, self.seq
        if (instead := fallback.instead_of(event, why)) is not None:
            booked = self._process(Entry(instead, entry.lane))
        call = fallback.call_of(self._effects_since(before))
        effects = fallback.effects_for(self.state, event, signal, call, why, booked=booked)
        self._make_noise(effects)
        payload = fallback.payload_of(event)
        device = fallback.device_of(event)
        self._store.keep(QuarantinedMessage(self.house, signal, now, "", payload, why, device))
        decisions = records.encode_effects(effects)
        self._record(entry, QUARANTINED, payload, effects, decisions, now)
        if not isinstance(event, FaultNoticed):
            self._fault("step_failed", why)

    def _effects_since(self, seq: int) -> list[Effect]:
        return [e for p in self._pending if p.row.seq > seq for e in p.row.effects]

    def _fault(self, code: str, detail: str) -> None:
        """Tell the core about a fault of our own, each at most once a minute."""
        if self._told.is_news(code, self._now()):
            self._process(Entry(FaultNoticed(code, detail), Lane.ALARM))

    def _fault_later(self, code: str, detail: str) -> None:
        """The same, from the middle of a step: it waits for its turn."""
        if self._told.is_news(code, self._now()):
            self._inbox.put(Entry(FaultNoticed(code, detail), Lane.ALARM))

    # --- What the store answers -------------------------------------------------------------

    def appended(self, rows: Sequence[Row], *, recorded: bool) -> None:
        """These rows are durable: let everything else out, in order."""
        if self._ended is not None:
            return
        done: list[_Pending] = []
        for row in rows:
            pending = self._pending.popleft()
            if pending.row.seq != row.seq:
                raise RuntimeError(f"store answered row {row.seq}, not {pending.row.seq}")
            done.append(pending)
        effects = tuple(effect for pending in done for effect in pending.row.effects)
        state = done[-1].state
        self._performers.settled(state, effects, recorded=recorded)
        for pending in done:
            self._resolve(
                pending.entry, Settled(pending.state, pending.row.effects, recorded=recorded)
            )
        if self._stopping:
            self._inbox.wake()

    def _resolve(self, entry: Entry, settled: Settled) -> None:
        self._inbox.leave(entry)
        entry.answer(settled)

    def lost_fence(self, why: str) -> None:
        """Another worker wrote to this journal: stop at once, and stop ringing."""
        if self._ended is not None:
            return
        log.error("fence lost", house=self.house, why=why)
        self._ended = Fenced(why)
        self._performers.fenced()
        self._inbox.wake()

    def store_changed(self, state: StoreState, detail: str) -> None:
        """The store went away or came back: the core must know."""
        self._inbox.put(Entry(StoreChanged(state, detail), Lane.ALARM))
        if state is StoreState.RECORDED:
            # If rows were lost with the spool, recovery must start after the gap.
            self._since_snapshot = max(self._since_snapshot, self._limits.snapshot_every_rows)
        self._inbox.wake()
