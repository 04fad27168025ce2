"""The witness of a night: sees every step, keeps what the truths must remember, writes breaks.

It believes nothing of the core: what it knows (who was heard when, which keys were seen, how
many messages came) it has from the events alone. Work per step is proportional to what changed.
"""

from collections import deque
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from routing.effects import Book, Effect, Move, Note, Reason
from routing.events import (
    BridgeChanged,
    BrokerChanged,
    DevicesHeard,
    Event,
    PlanAdopted,
    ReceiptGiven,
    ReceiptKind,
    SignalQuarantined,
    SignalReceived,
    Started,
)
from routing.ids import CallId, DeviceId, HandsetId, OperationId, PatientId, SignalId
from routing.plan import Device, Plan
from routing.state import Call, State

SETTLES = timedelta(minutes=6)
"""After a start, a reconnection or a bridge's return devices get time to be heard again."""
SWAPPED = 8
SWAPPED_WITHIN = timedelta(minutes=5)
"""How far a message may be overtaken and still be known as that (DEVICES T4)."""
KEYS_KEPT = timedelta(minutes=15)
REMEMBERED_STEPS = 6000
"""How much of the night before a break can be told."""


@dataclass(frozen=True, slots=True)
class Row:
    """One durable step of the journal."""

    event: Event
    at: datetime
    effects: tuple[Effect, ...]


Screen = tuple[HandsetId, tuple[CallId, ...], tuple[CallId, ...]]
"""A telephone, what it rings for, and what the state says."""


@dataclass(frozen=True, slots=True)
class Stepped:
    """One step, and what it changed."""

    before: State
    event: Event
    now: datetime
    after: State
    effects: tuple[Effect, ...]
    changed: tuple[tuple[CallId, Call | None, Call | None], ...]
    """Calls that are not the same as before: id, then, now."""
    book: Book | None
    """The booking of this signal, where there is one."""


@dataclass(frozen=True, slots=True)
class Break:
    """A truth that did not hold."""

    truth: str
    at: datetime
    what: str
    call: CallId | None = None
    patient: PatientId | None = None
    device: DeviceId | None = None


@dataclass(frozen=True, slots=True)
class Wrong:
    """What a check found, and what it is about."""

    what: str
    call: CallId | None = None
    device: DeviceId | None = None


Check = Callable[["Watch", Stepped], Wrong | None]


@dataclass(frozen=True, slots=True)
class Ending:
    """The night is over and calm: what liveness is judged by."""

    state: State
    now: datetime
    unjournaled: tuple[int, ...]
    """Presses that the broker accepted at QoS 1 and that are not in the journal."""
    phones: tuple[Screen, ...]
    """Each connected telephone with no frame on its way."""
    replayed: str
    """Empty, or the first difference between the journal and its replay."""


EndCheck = Callable[["Watch", Ending], Iterator[Wrong]]


@dataclass(frozen=True, slots=True)
class Truth:
    """What must always hold: one sentence of the design, one check."""

    name: str
    sentence: str
    check: Check | None = None
    on: tuple[type, ...] = ()
    """Events it is checked after; empty: every one."""
    at_end: EndCheck | None = None


class Watch:
    """Sees every step of one night."""

    def __init__(self, plan: Plan, truths: Sequence[Truth]) -> None:
        """Watch for these truths."""
        self.plan = plan
        self._truths = truths
        self._by_event: dict[type, tuple[Truth, ...]] = {}
        self.broken: dict[str, Break] = {}
        self.log: deque[tuple[datetime, Event, tuple[Effect, ...]]] = deque(
            maxlen=REMEMBERED_STEPS
        )
        self.messages = 0
        """Understood or quarantined since the hub's start, as the shell counted."""
        self.booked = 0
        self.gathered: Callable[[], int] = lambda: 0
        self.lost_gathered = 0
        """Heard by a hub that was killed before its flush: acknowledged, rightly nowhere."""
        self.last = plan_start()
        self.keys: dict[tuple[DeviceId, str], datetime] = {}
        self.heard: dict[DeviceId, datetime] = {}
        self.sure: dict[DeviceId, datetime] = {}
        """The latest that a device was surely alive: a backlog is as old as that."""
        self.counted: dict[DeviceId, tuple[str, int]] = {}
        """The latest that a device said, by its own counting."""
        self.used_ids: dict[CallId, datetime] = {}
        self.unheard: dict[CallId, datetime] = {}
        self.answers: dict[OperationId, bool] = {}
        self.pressed_by: dict[SignalId, PatientId] = {}
        """Who really pressed, of signals on their way to the core: what no hub can know."""
        self.opened = 0
        self.broker_down_since: datetime | None = None
        self.overdue: tuple[datetime, datetime] | None = None
        """A deadline that has passed, and when that was first seen."""
        self.settles_at: datetime | None = None
        self._devices = tuple(plan.devices.values())
        self._turn = 0

    # --- the witness's side of the shell ------------------------------------------------------

    def received(self) -> None:
        """One device message was understood, or put in quarantine."""
        self.messages += 1

    def stepped(
        self,
        before: State,
        event: Event,
        now: datetime,
        after: State,
        effects: tuple[Effect, ...],
    ) -> None:
        """Check every truth that this event can break."""
        self.log.append((now, event, effects))
        changed = () if before.calls is after.calls else _changed(before, after)
        book = next((e for e in effects if e.__class__ is Book), None)
        step = Stepped(before, event, now, after, effects, changed, book)  # pyright: ignore[reportArgumentType]
        kind = event.__class__
        truths = self._by_event.get(kind)
        if truths is None:
            truths = tuple(
                t for t in self._truths if t.check is not None and (not t.on or kind in t.on)
            )
            self._by_event[kind] = truths
        for truth in truths:
            check = truth.check
            wrong = check(self, step) if check is not None else None
            if wrong is not None:
                self._break(truth.name, now, wrong, after)
        self._remember(step)

    def raised(self, event: Event, now: datetime, error: Exception) -> None:
        """A step raised."""
        self.log.append((now, event, ()))
        what = f"the step raised {type(error).__name__}: {error}"
        self._break("a-step-never-raises", now, Wrong(what), None)

    def restarted(self, rows: Sequence[Row], rebuilt: State, committed: State) -> None:
        """The hub came back from its journal: nothing may have changed."""
        self._forget_uncommitted(rows, rebuilt)
        if rebuilt != committed:
            names = [
                f
                for f in State.__dataclass_fields__
                if getattr(rebuilt, f) != getattr(committed, f)
            ]
            what = f"rebuilt from {len(rows)} rows, the state differs in {', '.join(names)}"
            self._break("a-restart-changes-nothing", self.last, Wrong(what), None)

    def differs(self, row: Row, effects: tuple[Effect, ...]) -> None:
        """Replay gave other effects."""
        what = f"replay of {type(row.event).__name__} gave {len(effects)} other effects"
        self._break("a-restart-changes-nothing", row.at, Wrong(what), None)

    # --- memory -------------------------------------------------------------------------------

    def _remember(self, step: Stepped) -> None:  # noqa: C901, PLR0912 - one row each
        event = step.event
        self.last = step.now
        for effect in step.effects:
            if effect.__class__ is Book:
                self.booked += 1
            elif isinstance(effect, Note) and effect.move is Move.OPENED:
                self.opened += 1
                self.used_ids[effect.call] = step.now
                self.unheard[effect.call] = step.now
        match event:
            case SignalReceived():
                if event.session and not self.overtaken(event, step.now):
                    self.counted[event.device] = event.session, event.number
                if not event.delivery.retained:
                    self.heard[event.device] = step.now
                    self._surely(event.device, event.delivery.backlog_since or step.now)
                if event.key:
                    self._learn(event, step.now)
            case SignalQuarantined():
                if event.device is not None:
                    self.heard[event.device] = step.now
            case DevicesHeard():
                self.booked += event.counted
                for device, at in event.heard:
                    if device not in self.heard or self.heard[device] < at:
                        self.heard[device] = at
                    self._surely(device, at)
            case ReceiptGiven():
                if event.kind in (ReceiptKind.RINGING, ReceiptKind.SEEN):
                    self.unheard.pop(event.call, None)
            case BrokerChanged():
                self.broker_down_since = None if event.up else step.now
                self.settles_at = step.now + SETTLES
            case Started() | BridgeChanged():
                self.settles_at = step.now + SETTLES
            case PlanAdopted():
                self.plan = event.plan
                self._devices = tuple(event.plan.devices.values())
            case _:
                pass
        for call, _, now in step.changed:
            if now is not None and (now.owner is not None or now.present or now.closed_at):
                self.unheard.pop(call, None)

    def overtaken(self, event: SignalReceived, now: datetime) -> bool:
        """Tell whether this was said before; much earlier or older, the count begins again."""
        session, number = self.counted.get(event.device, ("", 0))
        heard = self.sure.get(event.device)
        recent = heard is not None and now - heard <= SWAPPED_WITHIN
        return session == event.session and 0 < number - event.number <= SWAPPED and recent

    def _surely(self, device: DeviceId, at: datetime) -> None:
        known = self.sure.get(device)
        self.sure[device] = at if known is None else max(at, known)

    def killed(self) -> None:
        """What was gathered dies with the hub: acknowledged, and it depended on nothing."""
        self.lost_gathered += self.gathered()
        self.pressed_by.clear()

    def next_device(self) -> Device | None:
        """Return the devices one after the other, one per step: all of them within seconds."""
        if not self._devices:
            return None
        self._turn = (self._turn + 1) % len(self._devices)
        return self._devices[self._turn]

    def settling(self, now: datetime) -> bool:
        """Tell whether the broker or the hub came back just now: silence is judged later."""
        return self.settles_at is not None and now < self.settles_at

    def closed_by_hand(self, reason: Reason, state: State) -> bool:
        """Tell whether a person closed the technical call of this reason, as anybody may."""
        return any(
            c.closed_by is not None and c.because.reason is reason for c in state.calls.values()
        )

    def _forget_uncommitted(self, rows: Sequence[Row], rebuilt: State) -> None:
        """Know what the journal knows: what was not durable happens again, under new ids."""
        self.unheard = {c: at for c, at in self.unheard.items() if c in rebuilt.calls}
        self.plan = rebuilt.plan
        self._devices = tuple(rebuilt.plan.devices.values())
        self.sure = {d: now.last_heard for d, now in rebuilt.devices.items() if now.last_heard}
        self.counted = {}
        self.keys = {}
        for row in rows[_since(rows) :]:
            event = row.event
            if isinstance(event, SignalReceived) and event.key:
                self._learn(event, row.at)

    def _learn(self, event: SignalReceived, at: datetime) -> None:
        known = self.keys.get((event.device, event.key))
        if known is None or known <= at:
            self.keys[(event.device, event.key)] = at + event.key_window

    # --- breaks -------------------------------------------------------------------------------

    def _break(self, truth: str, now: datetime, wrong: Wrong, state: State | None) -> None:
        if truth in self.broken:
            return
        call = state.calls.get(wrong.call) if state is not None and wrong.call else None
        self.broken[truth] = Break(
            truth,
            now,
            wrong.what,
            wrong.call,
            call.patient if call is not None else None,
            wrong.device or (call.device if call is not None else None),
        )

    def screens(self, screens: Sequence[Screen], state: State, now: datetime) -> None:
        """Compare telephones with the state while nothing is on its way to them."""
        for handset, rings, should in screens:
            if sorted(rings) != sorted(should):
                what = f"{handset} rings for {sorted(rings)}, the state says {sorted(should)}"
                wrong = next(
                    call for call in (*rings, *should) if (call in rings) != (call in should)
                )
                self._break("every-handset-shows-the-state", now, Wrong(what, wrong), state)

    def ends(self, ending: Ending) -> None:
        """Check what must hold once the night is calm."""
        self.screens(ending.phones, ending.state, ending.now)
        for truth in self._truths:
            if truth.at_end is None:
                continue
            for wrong in truth.at_end(self, ending):
                self._break(truth.name, ending.now, wrong, ending.state)


def _since(rows: Sequence[Row]) -> int:
    """Return the first row that can still hold a key."""
    first = len(rows)
    while first > 0 and rows[-1].at - rows[first - 1].at <= KEYS_KEPT:
        first -= 1
    return first


def plan_start() -> datetime:
    """Return a time before every simulated night."""
    return datetime.fromisoformat("2000-01-01T00:00:00+00:00")


def _changed(
    before: State, after: State
) -> tuple[tuple[CallId, Call | None, Call | None], ...]:
    old, new = before.calls, after.calls
    found = [(c, old.get(c), call) for c, call in new.items() if old.get(c) is not call]
    found += [(c, call, None) for c, call in old.items() if c not in new]
    return tuple(found)
