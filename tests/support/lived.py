"""A house lived through by the live core, with the journal rows that the engine would write."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from hub import records
from hub.core import Core
from hub.heard import Heard
from hub.store.rows import JournalRow
from routing.effects import Effect, Move, Note, Reason, Ring
from routing.events import (
    Arrived,
    By,
    CallClosed,
    CallTaken,
    Event,
    HandsetReported,
    HandsetState,
    Outcome,
    ReceiptGiven,
    ReceiptKind,
    SignalReceived,
    SignedIn,
    Started,
    TimePassed,
)
from routing.ids import CallId, OperationId, SignalId, StaffId
from routing.plan import Plan
from routing.state import State
from routing.step import empty, next_deadline, step
from routing.supervision import only_heard
from tests.routing import night as n

CORE = Core.shipped()
BEGINS = n.Night().clock("18:00")
FLUSH = timedelta(seconds=30)


@dataclass(frozen=True)
class Tap:
    """A colleague answers the call that this signal belongs to."""

    what: str
    staff: str
    signal: SignalId


class Engine:
    """What hub/engine.py does with a stream: gathers, wakes, steps, writes rows."""

    def __init__(self, plan: Plan, *, sounds: bool = False) -> None:
        self.sounds = sounds
        self.state: State = empty(plan)
        self.first = self.state
        self.rows: list[JournalRow] = []
        self.effects: list[tuple[datetime, Effect]] = []
        self.heard = Heard()
        self.taps = 0
        self.now = BEGINS
        """How far it was lived."""

    def offer(self, at: datetime, *events: Event | Tap) -> None:
        """Pass the time until then, then step."""
        self.wait(at)
        self.now = at
        for event in events:
            if isinstance(event, SignalReceived) and only_heard(self.state, event):
                self.heard.gather(event, at)
            elif isinstance(event, Tap):
                self.tap(event, at)
            else:
                self.put(event, at)

    def wait(self, until: datetime) -> None:
        """Wake at each deadline, and when what was gathered is flushed."""
        while True:
            due = next_deadline(self.state)
            flush = self.heard.since + FLUSH if self.heard.since else None
            at = min((one for one in (due, flush) if one is not None), default=until)
            if at >= until:
                return
            self.put(self.heard.flush() or TimePassed(), at)

    def tap(self, tap: Tap, at: datetime) -> None:
        """Answer on the colleague's own telephone."""
        call = next(
            (one.id for one in self.state.calls.values() if tap.signal in one.signals),
            CallId("none"),
        )
        self.taps += 1
        by = By(StaffId(tap.staff), n.telephone(tap.staff), OperationId(f"o{self.taps}"))
        match tap.what:
            case "take":
                self.put(CallTaken(call, by), at)
            case "arrive":
                self.put(Arrived(call, by), at)
            case _:
                self.put(CallClosed(call, by, Outcome.NOT_NEEDED), at)

    def put(self, event: Event, at: datetime) -> None:
        """Step, and write the row."""
        payload = records.encode_event(event)
        self.state, effects = step(self.state, event, at)
        self.effects += [(at, one) for one in effects]
        seq = len(self.rows) + 1
        self.rows.append(
            JournalRow(
                self.state.plan.house,
                seq,
                at,
                type(event).__name__,
                payload,
                "",
                records.encode_effects(effects),
                "",
                CORE.version,
            )
        )

        for one in effects if self.sounds else ():
            if isinstance(one, Ring):
                self.put(ReceiptGiven(one.handset, one.call, ReceiptKind.RINGING), at)

    def called(self, rule: str) -> list[tuple[datetime, str]]:
        """When the rule called or joined, and for which signal's sake."""
        return [
            (at, dict(one.because.facts)["since"])
            for at, one in self.effects
            if isinstance(one, Note)
            and one.because.rule == rule
            and one.because.reason is Reason.RULE_HELD
            and one.move in (Move.OPENED, Move.JOINED)
        ]


def on_duty(engine: Engine) -> None:
    """Sign four people in, two in each unit."""
    engine.put(Started(1, "t", "t", BEGINS), BEGINS)
    for staff in ("anne", "per", "omar", "lise"):
        engine.put(SignedIn(n.telephone(staff), StaffId(staff)), BEGINS)
        engine.put(HandsetReported(n.telephone(staff), HandsetState.READY), BEGINS)


def lived(
    plan: Plan,
    stream: Iterable[tuple[datetime, Event | Tap]],
    end: datetime,
    *,
    sounds: bool = False,
) -> Engine:
    """Live through a stream with four people on duty; `sounds`: their telephones say so."""
    engine = Engine(plan, sounds=sounds)
    on_duty(engine)
    for at, event in stream:
        engine.offer(at, event)
    engine.wait(end)
    engine.now = end
    return engine


def at(minutes: float) -> datetime:
    """So many minutes into the night."""
    return BEGINS + timedelta(minutes=minutes)
