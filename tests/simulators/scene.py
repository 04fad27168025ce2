"""A short scene stepped by hand through the live core, with one thing spoilt on purpose."""

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta

from routing.effects import Effect
from routing.events import (
    By,
    Event,
    HandsetReported,
    HandsetState,
    ReceiptGiven,
    ReceiptKind,
    SignalQuarantined,
    SignalReceived,
    SignedIn,
    Started,
    TimePassed,
)
from routing.ids import CallId, DeviceId, HandsetId, OperationId, SignalId, StaffId
from routing.plan import Plan
from routing.readings import HelpPressed, HelpTrigger, Reading
from routing.state import Call, State
from routing.step import empty, next_deadline, step
from simulators.small_house import small_house
from simulators.truths import TRUTHS
from simulators.watch import Ending, Watch

NIGHT = datetime.fromisoformat("2026-03-10T23:00:00+00:00")

Effects = tuple[Effect, ...]
Spoil = Callable[[State, Event, State, Effects], tuple[State, Effects]]
"""(before, event, after, effects) -> what the broken core says instead."""

CARER, NURSE, STUDENT = (
    (StaffId("carer-unit-2-0"), HandsetId("handset-2")),
    (StaffId("nurse-1"), HandsetId("handset-1")),
    (StaffId("student-1"), HandsetId("handset-3")),
)
WRIST = DeviceId("wrist-1")
"""Worn by patient-1 of unit-2, whose assigned carer is CARER."""


class Scene:
    """A carer, a nurse and a student are signed in; what happens next is said line by line."""

    def __init__(self, plan: Plan | None = None, *, nobody_else: bool = False) -> None:
        self.plan = plan or _with_carer(small_house())
        self.watch = Watch(self.plan, TRUTHS)
        self.state = empty(self.plan)
        self.now = NIGHT
        self.spoil: Spoil | None = None
        self._signals = 0
        self._taps = 0
        self.do(Started(1, "test", "test", self.now))
        for staff, handset in (CARER,) if nobody_else else (CARER, NURSE, STUDENT):
            self.do(SignedIn(handset, staff))
            self.do(HandsetReported(handset, HandsetState.READY))

    def after(self, seconds: float) -> "Scene":
        """Let time pass, waking at each deadline."""
        until = self.now + timedelta(seconds=seconds)
        while (due := next_deadline(self.state)) is not None and due <= until:
            self.now = max(self.now, due)
            self.do(TimePassed())
            if self.watch.broken:
                return self
        self.now = until
        return self

    def do(self, event: Event) -> "Scene":
        """Take one step and let the truths see it."""
        if isinstance(event, SignalReceived | SignalQuarantined):
            self.watch.received()
        before = self.state
        after, effects = step(before, event, self.now)
        if self.spoil is not None:
            after, effects = self.spoil(before, event, after, effects)
        self.state = after
        self.watch.stepped(before, event, self.now, after, effects)
        return self

    def spoilt(self, spoil: Spoil) -> "Scene":
        """From here on the core is broken."""
        self.spoil = spoil
        return self

    # --- words ---

    def signal(self, *readings: Reading, device: DeviceId = WRIST, **more: object) -> "Scene":
        self._signals += 1
        event = SignalReceived(
            SignalId(f"1-{self._signals}"), device, readings, f"key-{self._signals}"
        )
        return self.do(replace(event, **more))  # pyright: ignore[reportArgumentType]

    def press(self, **more: object) -> "Scene":
        return self.signal(HelpPressed(HelpTrigger.PRESS), **more)  # pyright: ignore[reportArgumentType]

    def rings(self, call: str = "1-1", handset: HandsetId = CARER[1]) -> "Scene":
        return self.do(ReceiptGiven(handset, CallId(call), ReceiptKind.RINGING))

    def by(self, who: tuple[StaffId, HandsetId] = CARER) -> By:
        self._taps += 1
        return By(who[0], who[1], OperationId(f"{who[0]}/{self._taps}"), None, self._taps)

    # --- what was seen ---

    @property
    def call(self) -> Call:
        """The call that was opened last."""
        return list(self.state.calls.values())[-1]

    @property
    def broken(self) -> tuple[str, ...]:
        return tuple(self.watch.broken)

    def ends(self, **more: object) -> "Scene":
        """The night is over."""
        ending = Ending(self.state, self.now, (), (), "")
        self.watch.ends(replace(ending, **more))  # pyright: ignore[reportArgumentType]
        return self


def _with_carer(plan: Plan) -> Plan:
    stays = tuple(
        replace(stay, assigned=(CARER[0],), backup=()) if stay.patient == "patient-1" else stay
        for stay in plan.stays
    )
    return replace(plan, stays=stays)


def with_call(state: State, call: Call) -> State:
    """Put a changed call into the state, as a broken core would."""
    return replace(state, calls={**state.calls, call.id: call})
