"""The one door: `step(state, event, now)` gives the next state and what is ordered.

A frozen value goes in, a frozen value comes out; nothing here reads a clock, a die or a disk.
What was due before `now` is done first, at `now` but counted from when it was due, so that a
late caller and a punctual one climb the same ladder.
"""

from datetime import datetime
from typing import assert_never

from routing import (
    coverage,
    edits,
    handsets,
    proof,
    rules,
    shifts,
    signals,
    supervision,
    taps,
    technical,
    timers,
    whereabouts,
)
from routing.draft import Draft
from routing.effects import Effect
from routing.events import (
    Arrived,
    BridgeChanged,
    BrokerChanged,
    CallClosed,
    CallDeclined,
    CallHandedOver,
    CallTaken,
    ClockStepped,
    DevicesHeard,
    Event,
    FaultMended,
    FaultNoticed,
    HandsetReported,
    HelpAsked,
    Left,
    PauseEnded,
    PauseSet,
    PlanAdopted,
    ProofAsked,
    ReceiptGiven,
    SignalQuarantined,
    SignalReceived,
    SignedIn,
    SignedOut,
    Started,
    StoreChanged,
    TagsPlaced,
    TakeUndone,
    TimePassed,
)
from routing.plan import Plan
from routing.state import State


def empty(plan: Plan) -> State:
    """Return the state of a house that has never started."""
    return State(plan=plan)


def next_deadline(state: State) -> datetime | None:
    """Return when the shell must offer `TimePassed`; never later than what is due first."""
    found = state.due
    for at in (state.watch_at, state.cover_at, state.shift_at):
        if at is not None and (found is None or at < found):
            found = at
    return found


def step(state: State, event: Event, now: datetime) -> tuple[State, tuple[Effect, ...]]:
    """Decide.

    Raises:
        ValueError: a move that the call's table does not have. The state given is intact: the
            shell keeps it, quarantines the event and rings the fallback.
    """
    if state.now is not None and now < state.now:
        now = state.now
    draft = Draft(state, now)
    # A start takes its epoch first: what fell due while the hub was away may open calls, and a
    # number of the old epoch may have rung without reaching the journal.
    if state.due is not None and state.due < now and not isinstance(event, Started):
        _pass_time(draft)
    _take_in(draft, event)
    if draft.unreached:
        technical.nobody_reached(draft)
    elif not isinstance(event, SignalReceived):
        technical.somebody_ready(draft)
    return draft.done()


def _take_in(draft: Draft, event: Event) -> None:  # noqa: C901, PLR0912, PLR0915 - one row for each
    match event:
        case SignalReceived():
            signals.received(draft, event)
        case (
            CallTaken()
            | CallDeclined()
            | CallHandedOver()
            | Arrived()
            | Left()
            | CallClosed()
            | TakeUndone()
            | HelpAsked()
            | PauseSet()
            | PauseEnded()
        ):
            taps.tap(draft, event)
        case TimePassed():
            _pass_time(draft)
            supervision.watch(draft)
            shifts.watch(draft)
            coverage.watch(draft)
        case ReceiptGiven():
            handsets.receipt(draft, event)
        case HandsetReported():
            handsets.reported(draft, event)
        case SignedIn():
            handsets.signed_in(draft, event)
        case SignedOut():
            handsets.signed_out(draft, event)
        case SignalQuarantined():
            signals.quarantined(draft, event)
        case DevicesHeard():
            supervision.heard(draft, event)
        case TagsPlaced():
            whereabouts.placed(draft, event)
        case BridgeChanged():
            supervision.bridge_changed(draft, event)
        case BrokerChanged():
            supervision.broker_changed(draft, event)
        case StoreChanged():
            supervision.store_changed(draft, event)
        case ClockStepped():
            supervision.clock_stepped(draft, event)
        case FaultNoticed():
            supervision.fault_noticed(draft, event)
        case FaultMended():
            supervision.fault_mended(draft, event)
        case PlanAdopted():
            draft.adopt(event.plan)
            edits.adopted(draft)
            supervision.adopted(draft)
            whereabouts.forget(draft)
        case ProofAsked():
            proof.asked(draft, event)
        case Started():
            draft.epoch = event.epoch
            draft.next_call = 1
            draft.listen_until(event.listening_until)
            supervision.started(draft)
            draft.look_at_duty()
            _pass_time(draft)
        case _:
            assert_never(event)


def _pass_time(draft: Draft) -> None:
    """Do what is due: pauses that end, rules whose delay is over, ladders that climb."""
    if draft.listening_until is not None and draft.listening_until <= draft.now:
        handsets.listened(draft)
    rules.end_pauses(draft)
    timers.due(draft)
