"""The pretended hub: what hub/engine.py does, without sockets, disk or tasks.

It takes no decision: it understands with the live `devices.Registry`, decides with the live
`routing.step`, makes noise before the commit and silence after it, gathers mere signs of life,
wakes at deadlines, and rebuilds itself from its journal when it is killed.
"""

import hashlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from random import Random
from typing import Protocol

from hub import records
from hub.heard import Heard
from routing.effects import Effect, Ring
from routing.events import (
    BrokerChanged,
    ClockStepped,
    Event,
    PlanAdopted,
    SignalQuarantined,
    SignalReceived,
    Started,
    StoreChanged,
    StoreState,
    TimePassed,
)
from routing.plan import Plan
from routing.readings import HelpPressed
from routing.state import State
from simulators.agenda import Agenda
from simulators.broker import Broker, Carried
from simulators.core import Core
from simulators.faults import Fault, Trouble
from simulators.intake import Intake
from simulators.watch import Row, Watch

FLUSH_S = 30.0
FLUSH = timedelta(seconds=FLUSH_S)
"""Signs of life are gathered this long (hub/settings.py, `heard_flush_s`)."""
LISTEN_S = 8.0
"""After a start telephones keep their last state this long."""
UNRECORDED_S = 5.0
SNAPSHOT_ROWS = 500


@dataclass(slots=True)
class Pending:
    """A step that is not durable yet."""

    row: Row
    settled: Callable[[], None] | None


class Performer(Protocol):
    """The gateway's side of the engine's seam."""

    def noise(self, effects: Sequence[Effect]) -> None:
        """Ring at once."""
        ...

    def settled(self, effects: Sequence[Effect]) -> None:
        """Silence and confirm, after the commit."""
        ...

    def started(self) -> None:
        """The hub is up again: no socket is left from before."""
        ...

    def killed(self) -> None:
        """The hub died."""
        ...


class Shell:
    """One house's engine in virtual time."""

    def __init__(
        self,
        agenda: Agenda,
        plan: Plan,
        core: Core,
        broker: Broker,
        witness: Watch,
        troubles: Sequence[Trouble],
        seed: int,
    ) -> None:
        """Wire it; `start` begins."""
        self._agenda = agenda
        self._core = core
        self._broker = broker
        self._witness = witness
        self._stores = [t for t in troubles if t.fault in (Fault.STORE, Fault.FULL)]
        self._dice = Random(f"{seed}/shell")
        self.performers: list[Performer] = []
        self.state = core.empty(plan)
        self.up = False
        self.life = 0
        """Counts starts, so that a happening of a dead hub does nothing."""
        self.digest = hashlib.sha256()
        self.steps = 0
        self.signals = 0
        self.handled: list[tuple[datetime, Event]] = []
        """Every event that was stepped, also those that a kill took back."""
        self.journal: list[Row] = []
        self.journaled: dict[int, bool] = {}
        """Numbers of the broker's messages whose events are durable, or held (see `gaps`)."""
        self.gaps: dict[int, bool] = {}
        """Acknowledged while no disk took a row, and lost because the hub died then."""
        self._held: list[Pending] = []
        """Rows that neither journal nor spool could take: in memory until a disk is back."""
        self._held_numbers: list[int] = []
        self._snapshots: list[tuple[int, bytes]] = [(0, records.encode_state(self.state))]
        self._committed = self.state
        self._pending: list[Pending] = []
        self._committing = False
        self._offset = timedelta()
        self._last = agenda.now
        self._wake_at: datetime | None = None
        self._woken: datetime | None = None
        self._heard = Heard()
        self.gathered = 0
        """Messages heard and not yet flushed."""
        self.link = False
        self.plan = plan
        """The newest that is stored; the state's may be older while the hub starts."""
        self._intake = Intake(plan)
        self._contact = self._last
        """When the broker was last in reach."""

    # --- time ---------------------------------------------------------------------------------

    def now(self) -> datetime:
        """The hub's clock: never back, forward with the wall."""
        self._last = max(self._last, self._agenda.now + self._offset)
        return self._last

    def clock_steps(self, by: timedelta) -> None:
        """The wall clock jumps. Forward is followed; back is noticed and not followed."""
        if not self.up:
            return
        if by > timedelta():
            self._offset += by
            self._wake_at = None  # what was due in an hour may be due now
        self.submit(ClockStepped(by))

    # --- life ---------------------------------------------------------------------------------

    def start(self) -> None:
        """A new epoch, committed before anything else; then the newest plan and the broker."""
        if self._disk_full(0.0):
            # No epoch can be committed: the supervisor starts the hub again and again.
            self._agenda.after(2, self.start)
            return
        self.up = True
        self.life += 1
        self._intake.begin(self.life)
        for performer in self.performers:
            performer.started()
        listening = self.now() + timedelta(seconds=LISTEN_S)
        if self.state.plan.version == self.plan.version:
            self.submit(Started(self.life, "simulated", "simulated", listening), self.connect)
            return
        # Stored before the hub died, or imported meanwhile (hub/houses.py, `catch_up`).
        self.submit(Started(self.life, "simulated", "simulated", listening))
        self.submit(PlanAdopted(self.plan), self.connect)

    def kill(self) -> None:
        """Kill -9: what is not durable is gone."""
        if not self.up:
            return
        self.up = False
        self.life += 1
        if self.link:
            self._contact = self.now()
        self._broker.disconnect()
        self.link = False
        self._witness.killed()
        self._pending.clear()
        self._held.clear()
        for number in self._held_numbers:
            self.gaps[number] = True
            del self.journaled[number]
        self._held_numbers.clear()
        self._committing = False
        self._heard = Heard()
        self.gathered = 0
        self._wake_at = None
        for performer in self.performers:
            performer.killed()
        self._rebuild()

    def _rebuild(self) -> None:
        """Newest snapshot, step the tail, compare the effects with those recorded."""
        first, snapshot = self._snapshots[-1]
        state = records.decode_state(snapshot)
        rows = self.journal[first:]
        for row in rows:
            try:
                state, effects = self._core.step(state, row.event, row.at)
            except Exception as error:  # noqa: BLE001 - whatever it is, it is the core's
                self._witness.raised(row.event, row.at, error)
                continue
            if effects != row.effects:
                self._witness.differs(row, effects)
        self._witness.restarted(self.journal, state, self._committed)
        self.state = state

    # --- the plan -----------------------------------------------------------------------------

    @property
    def can_edit(self) -> bool:
        """Whether a new plan can be stored, as an edit needs (hub/house_store.py)."""
        seconds = self._agenda.seconds
        away = any(t.now(seconds) and t.target != "slow" for t in self._stores)
        return self.up and not away and self.state.store is StoreState.RECORDED

    def adopt(self, plan: Plan) -> None:
        """Take a new version in use: stored, decided with, understood by."""
        self.plan = replace(plan, version=self.plan.version + 1)
        self._intake.follow(self.plan)
        self.submit(PlanAdopted(self.plan))

    # --- the broker ---------------------------------------------------------------------------

    def connect(self) -> None:
        """Reach the broker, if it is there: what waited is backlog."""
        if not self.up or self.link:
            return
        if not self._broker.up:
            if self.state.broker_up:
                self.submit(BrokerChanged(up=False, since=self._contact))
            return
        self.link = True
        if not self.state.broker_up:
            self.submit(BrokerChanged(up=True, since=self._contact))
        self._broker.connect(self.receive)

    def cut(self) -> None:
        """Lose the broker."""
        if not self.link:
            return
        self.link = False
        self._broker.disconnect()
        self._contact = self.now()
        self.submit(BrokerChanged(up=False, since=self._contact))

    def receive(self, carried: Carried, backlog: bool) -> None:  # noqa: FBT001 - the broker's word
        """One MQTT message: understand, decide; acknowledge when all of it is durable."""
        events = self._intake.understand(carried, self._contact if backlog else None)
        for event in events:
            if isinstance(event, SignalReceived):
                self._pressed_by(carried, event)
        waits = len(events)
        if not waits:
            self._acknowledge(carried)
            return
        left = [waits]

        def settled() -> None:
            left[0] -= 1
            if left[0] == 0:
                self._acknowledge(carried)

        for event in events:
            self.submit(event, settled)

    def _acknowledge(self, carried: Carried) -> None:
        self.journaled[carried.number] = True
        if self._held:
            self._held_numbers.append(carried.number)
        self._broker.acknowledge(carried)

    def _pressed_by(self, carried: Carried, signal: SignalReceived) -> None:
        """Let the witness know what no hub can: who pressed."""
        if carried.by is None or carried.retained:
            return
        # A device's clock does not jump with the hub's, and tells when a backlog happened.
        late = signal.delivery.backlog_since is not None
        lies = self._offset and late and signal.device_time.at is not None
        if not lies and any(isinstance(r, HelpPressed) for r in signal.readings):
            self._witness.pressed_by[signal.signal] = carried.by

    # --- the engine ---------------------------------------------------------------------------

    def submit(self, event: Event, settled: Callable[[], None] | None = None) -> None:
        """Decide now; call `settled` when it is durable."""
        if not self.up:
            return
        if isinstance(event, SignalReceived | SignalQuarantined):
            self._witness.received()
            self.signals += 1
        if isinstance(event, SignalReceived):
            self._heard.sighted(event, self.state, self.now())
        if isinstance(event, SignalReceived) and self._core.only_heard(self.state, event):
            self._gather(event)
            if settled is not None:
                settled()
        else:
            self._step(event, settled)
        if self._heard.due(self.state, self.now(), FLUSH):
            self.flush()

    def _step(self, event: Event, settled: Callable[[], None] | None) -> None:
        now = self.now()
        before = self.state
        self.handled.append((now, event))
        try:
            after, effects = self._core.step(before, event, now)
        except Exception as error:  # noqa: BLE001 - the old state is intact, whatever it was
            self._witness.raised(event, now, error)
            if settled is not None:
                self._agenda.after(0.01, settled)
            return
        self.state = after
        self.steps += 1
        digest = self.digest
        digest.update(records.encode_event(event))
        digest.update(now.isoformat().encode())
        digest.update(records.encode_effects(effects))
        self._witness.stepped(before, event, now, after, effects)
        noise = [e for e in effects if isinstance(e, Ring)]
        if noise:
            for performer in self.performers:
                performer.noise(noise)
        self._pending.append(Pending(Row(event, now, effects), settled))
        self._commit()
        self._set_alarm()

    def _set_alarm(self) -> None:
        due = self._core.next_deadline(self.state)
        if due is None or due == self._wake_at:
            return
        self._wake_at = due
        life = self.life

        def wake() -> None:
            if self.life != life or self._wake_at != due:
                return
            self._wake_at = None
            self._woken = self.now()
            self.flush()
            self._step(TimePassed(), None)

        # Overdue after TimePassed is a broken truth; the night goes on, a second at a time.
        stuck = due <= self._last and self._woken == self._last
        soonest = self._last + timedelta(seconds=1) if stuck else due
        self._agenda.when(soonest - self._offset, wake)

    # --- signs of life ------------------------------------------------------------------------

    def _gather(self, event: SignalReceived) -> None:
        if not self.gathered:
            life = self.life
            self._agenda.after(FLUSH_S, lambda: self.flush() if self.life == life else None)
        self.gathered += 1
        self._heard.gather(event, self.now(), self.state)

    @property
    def idle(self) -> bool:
        """Whether everything decided is durable and performed."""
        return self.up and not self._pending and not self._committing

    def flush(self) -> None:
        """Let the core know who was heard."""
        events = self._heard.tell(self.state)
        for event in events if self.up else ():
            self.gathered = 0
            self._step(event, None)

    # --- the store ----------------------------------------------------------------------------

    def _commit(self) -> None:
        """One transaction at a time; what came meanwhile goes into the next."""
        if self._committing or not self._pending:
            return
        self._committing = True
        batch, self._pending = self._pending, []
        life = self.life
        state = self.state
        self._agenda.after(
            self._commit_s(), lambda: self._durable(batch, state) if self.life == life else None
        )

    def _commit_s(self) -> float:
        seconds = self._agenda.seconds
        for trouble in self._stores:
            if trouble.now(seconds):
                return self._troubled_commit_s(trouble, seconds)
        return self._dice.uniform(0.002, 0.012)

    def _troubled_commit_s(self, trouble: Trouble, seconds: float) -> float:
        if trouble.target == "slow":
            return self._dice.uniform(0.2, 3.0)
        if self.state.store is not StoreState.RECORDED:
            return 0.006  # the spool's fsync
        rest = trouble.at_s + trouble.for_s - seconds
        if rest <= UNRECORDED_S:
            return rest + 0.01
        return UNRECORDED_S

    def _disk_full(self, for_s: float) -> bool:
        """Tell whether neither journal nor spool has taken a row for so long."""
        seconds = self._agenda.seconds
        return any(
            t.fault is Fault.FULL and t.now(seconds) and seconds - t.at_s >= for_s
            for t in self._stores
        )

    def _durable(self, batch: list[Pending], state: State) -> None:
        if self._disk_full(UNRECORDED_S):
            self._held += batch
        else:
            self.journal += [pending.row for pending in (*self._held, *batch)]
            self._held.clear()
            self._held_numbers.clear()
            self._committed = state
        if len(self.journal) - self._snapshots[-1][0] >= SNAPSHOT_ROWS:
            self._snapshots = [(len(self.journal), records.encode_state(state))]
        self._committing = False
        for pending in batch:
            for performer in self.performers:
                performer.settled(pending.row.effects)
            if pending.settled is not None:
                pending.settled()
        self._say_store()
        self._commit()

    def _say_store(self) -> None:
        """Tell the core when rows go to the spool, and when they go to the journal again."""
        seconds = self._agenda.seconds
        down = any(
            t.now(seconds) and t.target != "slow" and seconds - t.at_s >= UNRECORDED_S
            for t in self._stores
        )
        full = self._disk_full(UNRECORDED_S)
        if down and self.state.store is StoreState.RECORDED:
            self.submit(StoreChanged(StoreState.UNRECORDED, "no commit for 5 s"))
        if full and self.state.store is StoreState.UNRECORDED:
            self.submit(StoreChanged(StoreState.SPOOL_LOST, "no space left on device"))
        elif down and not full and self.state.store is StoreState.SPOOL_LOST:
            self.submit(StoreChanged(StoreState.UNRECORDED, "the spool takes rows again"))
        elif not down and self.state.store is not StoreState.RECORDED:
            self.submit(StoreChanged(StoreState.RECORDED))
