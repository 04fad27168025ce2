"""A core small enough to see through, for tests of the shell around it.

Help rings every telephone of the plan and again each 30 s; the first to take it has it.
A device called `broken` makes the step raise, as an error in `routing` would.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta

from hub.core import Core
from routing.calls import CallState
from routing.effects import (
    Because,
    Book,
    Booked,
    Effect,
    Move,
    Note,
    Reason,
    Reply,
    Ring,
    Withdraw,
)
from routing.events import (
    By,
    CallTaken,
    DevicesHeard,
    Event,
    HandsetState,
    SignalQuarantined,
    SignalReceived,
    SignedIn,
    Started,
    StoreChanged,
    TimePassed,
)
from routing.ids import (
    CallId,
    DeviceId,
    HandsetId,
    HouseId,
    LadderId,
    OperationId,
    SignalId,
    StaffId,
)
from routing.plan import CallType, Handset, Ladder, Plan, Priority, Rung
from routing.readings import BatteryRead, HelpPressed, HelpTrigger, LinkRead, MotionSeen
from routing.state import Call, DeviceNow, HandsetNow, State

PATIENCE = timedelta(seconds=30)
LADDER = Ladder(LadderId("all"), (), Rung((), PATIENCE))
START = datetime(2026, 11, 21, 2, 14, tzinfo=UTC)


def toy_house(house: str = "solvik") -> State:
    """A house with two telephones, nobody signed in."""
    handsets = {HandsetId(h): Handset(HandsetId(h)) for h in ("night-1", "night-2")}
    return State(Plan(HouseId(house), 1, "Europe/Oslo", handsets=handsets))


def step(  # noqa: C901, PLR0911 (one case for each event)
    state: State, event: Event, now: datetime
) -> tuple[State, tuple[Effect, ...]]:
    """Decide, simply."""
    state = replace(state, now=now)
    match event:
        case SignalReceived(device="broken"):
            raise ZeroDivisionError("a broken rule")
        case SignalReceived(readings=(HelpPressed(), *_)):
            return _open(state, event, now)
        case SignalReceived():
            because = Because(Reason.NO_RULE)
            return state, (Book(event.signal, Booked.NO_RULE, because, event.device),)
        case SignalQuarantined():
            because = Because(Reason.NOT_UNDERSTOOD)
            return state, (Book(event.signal, Booked.QUARANTINED, because, event.device),)
        case CallTaken(call="broken"):
            raise ZeroDivisionError("a broken rule")
        case CallTaken():
            return _take(state, event, now)
        case TimePassed():
            return _ring_again(state, now)
        case SignedIn():
            on = HandsetNow(HandsetState.READY, now, event.staff)
            return replace(state, handsets={**state.handsets, event.handset: on}), ()
        case DevicesHeard():
            heard = {device: DeviceNow(last_heard=at) for device, at in event.heard}
            return replace(state, devices={**state.devices, **heard}), ()
        case Started():
            return replace(state, epoch=event.epoch, next_call=1), ()
        case StoreChanged():
            return replace(state, store=event.state), ()
        case _:
            return state, ()


def _open(
    state: State, event: SignalReceived, now: datetime
) -> tuple[State, tuple[Effect, ...]]:
    key = CallId(f"{state.epoch}-{state.next_call}")
    because = Because(Reason.HELP_PRESSED, facts=(("device", event.device),))
    call = Call(
        key,
        CallType.PATIENT,
        Priority.URGENT,
        CallState.RINGING,
        now,
        LADDER,
        because,
        device=event.device,
        climbs_at=now + PATIENCE,
        pressed=1,
    )
    calls = {**state.calls, key: call}
    return replace(state, calls=calls, next_call=state.next_call + 1), (
        *_rings(state, key, because),
        Note(key, Move.OPENED, now, because),
        Book(event.signal, Booked.OPENED, because, event.device, key),
    )


def _rings(state: State, call: CallId, because: Because, again: int = 0) -> list[Ring]:
    return [Ring(call, h, StaffId("anna"), because, again) for h in state.plan.handsets]


def _take(state: State, event: CallTaken, now: datetime) -> tuple[State, tuple[Effect, ...]]:
    by = event.by
    call = state.calls.get(event.call)
    if call is None:
        because = Because(Reason.UNKNOWN_CALL)
        return state, (Reply(by.handset, by.operation, ok=False, because=because),)
    because = Because(Reason.TAKEN)
    taken = replace(call, state=CallState.TAKEN, owner=by.staff, taken_at=now, climbs_at=None)
    others = [h for h in state.plan.handsets if h != by.handset]
    return replace(state, calls={**state.calls, call.id: taken}), (
        *(Withdraw(call.id, h, because, by.staff) for h in others),
        Note(call.id, Move.TAKEN, now, because, by.staff, by.handset),
        Reply(by.handset, by.operation, ok=True, because=because, call=call.id),
    )


def _ring_again(state: State, now: datetime) -> tuple[State, tuple[Effect, ...]]:
    effects: list[Effect] = []
    calls = dict(state.calls)
    for call in state.calls.values():
        if call.climbs_at is not None and call.climbs_at <= now:
            calls[call.id] = replace(
                call, climbs_at=call.climbs_at + PATIENCE, round=call.round + 1
            )
            because = Because(Reason.PATIENCE_OVER)
            effects += _rings(state, call.id, because, call.round + 1)
    return replace(state, calls=calls), tuple(effects)


def next_deadline(state: State) -> datetime | None:
    """The first call that rings again."""
    return min((c.climbs_at for c in state.calls.values() if c.climbs_at), default=None)


def only_heard(state: State, event: SignalReceived) -> bool:
    """Battery and link say nothing new."""
    return all(isinstance(r, (BatteryRead, LinkRead)) for r in event.readings)


TOY = Core(step, next_deadline, only_heard, "toy-1")


def press(signal: SignalId, device: str = "wrist-12") -> SignalReceived:
    """Somebody presses for help."""
    return SignalReceived(signal, DeviceId(device), (HelpPressed(HelpTrigger.PRESS),))


def motion(signal: SignalId, device: str = "motion-7") -> SignalReceived:
    """Movement that no rule asks about."""
    return SignalReceived(signal, DeviceId(device), (MotionSeen(active=True),))


def heartbeat(signal: SignalId, device: str, percent: float = 80) -> SignalReceived:
    """A sign of life."""
    return SignalReceived(signal, DeviceId(device), (BatteryRead(percent=percent),))


def take(call: str, handset: str = "night-1", operation: str = "op-1") -> CallTaken:
    """«Jeg tar den»."""
    by = By(StaffId("anna"), HandsetId(handset), OperationId(operation))
    return CallTaken(CallId(call), by)


@dataclass
class HandClock:
    """A clock that stands still until a test moves it."""

    at: datetime = START
    jump: timedelta | None = None

    def now(self) -> datetime:
        """Return aware UTC, never earlier than the last answer."""
        return self.at

    def stepped(self) -> timedelta | None:
        """Return a jump once."""
        jump, self.jump = self.jump, None
        return jump

    def not_before(self, at: datetime) -> None:
        """Never answer earlier than `at`."""
        self.at = max(self.at, at)


@dataclass
class Told:
    """A performer that remembers what it was told, in order."""

    rang: list[Ring] = field(default_factory=list[Ring])
    out: list[Effect] = field(default_factory=list[Effect])
    recorded: list[bool] = field(default_factory=list[bool])
    batches: int = 0
    silenced: list[HouseId] = field(default_factory=list[HouseId])

    def noise(self, house: HouseId, state: State, effects: Sequence[Effect]) -> None:
        """Ring."""
        del house, state
        self.rang += [effect for effect in effects if isinstance(effect, Ring)]

    def settled(
        self, house: HouseId, state: State, effects: Sequence[Effect], recorded: bool
    ) -> None:
        """After the commit."""
        del house, state
        self.batches += 1
        self.out += effects
        self.recorded.append(recorded)

    def fenced(self, house: HouseId) -> None:
        """Another worker has the house."""
        self.silenced.append(house)
