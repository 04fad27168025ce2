"""A night shift for tests: a small house, a clock that is told, and what was ordered.

`Night` behaves as the shell does: it offers `TimePassed` at each deadline on the way, and its
telephones say «ringing» when they are rung, unless they are named in `mute`.
"""

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta
from itertools import count

from routing.effects import (
    Answer,
    Book,
    Booked,
    Effect,
    Move,
    Note,
    Reason,
    Reply,
    Ring,
    Send,
    TrialCall,
    Withdraw,
)
from routing.events import (
    Event,
    HandsetState,
    ReceiptGiven,
    ReceiptKind,
    SignalReceived,
    SignedIn,
    Started,
    Tap,
    TimePassed,
)
from routing.ids import (
    CallId,
    OperationId,
    SignalId,
    StaffId,
)
from routing.plan import (
    CallType,
    Plan,
)
from routing.state import Call, State
from routing.step import empty, next_deadline, step
from tests.routing.house import LONG_AGO, rule, solvik, with_device, with_rules, with_stay
from tests.routing.words import (
    arrive,
    ask,
    backlog,
    bed,
    by,
    close,
    decline,
    door,
    hand_over,
    left,
    motion,
    owner,
    pause,
    press,
    reports,
    resume,
    sign_in,
    sign_out,
    signal,
    take,
    telephone,
    undo,
)

__all__ = [
    "DAY",
    "LONG_AGO",
    "Night",
    "arrive",
    "ask",
    "backlog",
    "bed",
    "by",
    "close",
    "decline",
    "door",
    "hand_over",
    "left",
    "motion",
    "noise",
    "owner",
    "pause",
    "press",
    "reports",
    "resume",
    "rule",
    "sign_in",
    "sign_out",
    "signal",
    "solvik",
    "take",
    "telephone",
    "undo",
    "with_device",
    "with_rules",
    "with_stay",
]

DAY = date(2026, 11, 3)
"""A Tuesday in winter: Oslo is one hour before UTC. Clock words in the tests are UTC."""


class Night:
    """One night at Solvik; the helper plays the shell."""

    def __init__(
        self,
        plan: Plan | None = None,
        *,
        on_duty: Sequence[str] = ("anne", "per", "omar", "lise"),
        mute: Sequence[str] = (),
        day: date = DAY,
        guard: bool = False,
    ) -> None:
        # Tests of one call give it the id 1-1: those of coverage say `guard`.
        self.guard = guard
        self.day = day
        self.mute = list(mute)
        self.state: State = empty(plan or solvik())
        self.effects: list[Effect] = []
        self.all: list[Effect] = []
        self.now = self.clock("00:00:00")
        self._operations = count(1)
        self._signals = count(1)
        self._offer(Started(1, "test", "test", self.now))
        for staff in on_duty:
            self._offer(SignedIn(telephone(staff), StaffId(staff)))
            self._offer(reports(staff, HandsetState.READY))
        self._offer(TimePassed())
        self.effects = []

    def clock(self, words: str) -> datetime:
        """Read a clock; more than 24 hours is the next day."""
        hours, minutes, *rest = (float(part) for part in words.split(":"))
        start = datetime.combine(self.day, time(), tzinfo=UTC)
        return start + timedelta(hours=hours, minutes=minutes, seconds=rest[0] if rest else 0)

    def at(self, words: str, *events: Event) -> "Night":
        """Let time pass to then, and these events happen at that moment."""
        then = self.clock(words)
        self.effects = []
        while (due := next_deadline(self.state)) is not None and (
            due < then or (due <= then and not events)
        ):
            self.now = max(due, self.now)
            before = self.state
            self._offer(TimePassed())
            assert next_deadline(self.state) != due or self.state != before, "stuck in time"
        self.now = then
        if events:
            self.effects = []
        for event in events:
            self._offer(event)
        return self

    def jump(self, words: str, *events: Event) -> "Night":
        """Let time pass unseen, as while the hub is down; then these events."""
        self.now = self.clock(words)
        self.effects = []
        for event in events or (TimePassed(),):
            self._offer(event)
        return self

    def _offer(self, event: Event) -> None:
        if isinstance(event, SignalReceived) and not event.signal:
            event = replace(event, signal=SignalId(f"1-{next(self._signals)}"))
        if isinstance(event, Tap) and not event.by.operation:
            operation = OperationId(f"op-{next(self._operations)}")
            event = replace(event, by=replace(event.by, operation=operation))
        before = self.state
        self.state, effects = step(before, event, self.now)
        if not self.guard:
            self.state = replace(self.state, cover_at=None)
        self.effects += effects
        self.all += effects
        assert len([one for one in effects if isinstance(one, Book)]) == isinstance(
            event, SignalReceived
        )
        for effect in effects:
            if isinstance(effect, Ring) and effect.handset not in self.mute:
                receipt = ReceiptGiven(effect.handset, effect.call, ReceiptKind.RINGING)
                self.state, told = step(self.state, receipt, self.now)
                self.all += told

    # --- What was ordered ---------------------------------------------------------------------

    def expects(self, *wanted: str) -> "Night":
        """Check noise and silence, all of it and in order: `ring 1-1 anne`, `still 1-1 per`."""
        assert [said for one in self.effects if (said := noise(one))] == list(wanted)
        return self

    def rung(self) -> list[str]:
        """Return who was rung in the last step, in order."""
        return [one.staff for one in self.effects if isinstance(one, Ring)]

    def booked(self, to: Booked, reason: Reason | None = None) -> "Night":
        """Check where the last signal was booked."""
        last = [one for one in self.effects if isinstance(one, Book)][-1]
        assert last.to is to, last
        if reason is not None:
            assert last.because.reason is reason, last
        return self

    def replied(self, reason: Reason, *, ok: bool, by: str | None = None) -> "Night":
        """Check the answer to the last tap."""
        last = [one for one in self.effects if isinstance(one, Reply)][-1]
        assert (last.ok, last.because.reason) == (ok, reason), last
        if by is not None:
            assert last.by == by
        return self

    def noted(self, *moves: Move) -> "Night":
        """Check the moves of the last step, all of them and in order."""
        assert [one.move for one in self.effects if isinstance(one, Note)] == list(moves)
        return self

    def trials(self) -> int:
        """Count the calls that rules in trial would have made in the last step."""
        return len([one for one in self.effects if isinstance(one, TrialCall)])

    def call(self, call: str = "1-1") -> Call:
        """Return a call."""
        return self.state.calls[CallId(call)]

    def open(self) -> list[Call]:
        """Return the open calls."""
        return [self.state.calls[call] for call in self.state.open]

    def faults(self) -> list[str]:
        """Return the open technical calls' faults."""
        return [call.fault for call in self.open() if call.type is CallType.TECHNICAL]


def noise(effect: Effect) -> str:
    """Say a ringing or silencing effect in short, nothing for the others."""
    match effect:
        case Ring():
            again = f" again {effect.again}" if effect.again else ""
            return f"ring {effect.call} {effect.staff}{again}"
        case Withdraw():
            return f"still {effect.call} {owner(effect.handset)} {effect.because.reason}"
        case Send():
            return f"send {effect.call} {effect.channel}"
        case Answer():
            return f"answer {effect.device} {effect.kind}"
        case _:
            return ""
