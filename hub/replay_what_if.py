"""What if? A journal lived twice: as it was, and with something supposed otherwise.

Both worlds are stepped by the live core, side by side: one with the journal's own events, the
other with the same events after the change. Until the first difference they are one world. From
there on what people answered is known only for the world that was: it is kept, laid on the call
that corresponds, and marked *assumed*. Telephones are assumed to sound when they are rung
otherwise than they were. A call that exists only in the supposed world is answered by nobody we
know of: it is followed for an hour and then set aside.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from heapq import heappop, heappush

from hub import records
from hub.core import Core
from hub.replay_supposed import Extra, Supposed, supposed_plan
from hub.replay_worlds import Assumed, Course, FirstDifference, Pair, WhatIf
from hub.store.rows import QUARANTINED, JournalRow, steps_nothing
from routing.draft import Draft, engaged
from routing.effects import Because, Effect, Move, Note, Reason, Reply, Ring, Show
from routing.events import (
    Arrived,
    By,
    CallClosed,
    CallTaken,
    DevicesHeard,
    Event,
    HandsetReported,
    HandsetState,
    HelpAsked,
    Outcome,
    PauseEnded,
    PauseSet,
    PlanAdopted,
    ReceiptGiven,
    ReceiptKind,
    SignedIn,
    Started,
    Tap,
    TimePassed,
)
from routing.ids import CallId, HandsetId, OperationId
from routing.index import index_of
from routing.life import close_call
from routing.plan import CallType
from routing.state import Call, State, is_open

FOLLOWED = timedelta(hours=1)
"""A call that only the supposed world has is followed this long: nobody's answer is known."""
WALKS = timedelta(seconds=60)
STAYS = timedelta(minutes=5)
"""One more on duty, who is supposed to answer: so long on the way, and so long there."""

_BLANK = Because(Reason.UNCHANGED)
_NO_MORE = timedelta(microseconds=1)
_SOUNDS = (HandsetState.READY, HandsetState.LIMITED, HandsetState.QUIET)
_NO_PATIENTS = (CallType.TECHNICAL, CallType.INFORMATION)


def what_if(
    supposed: Supposed,
    state: State,
    rows: Iterable[JournalRow],
    core: Core,
    *,
    since: datetime,
    until: datetime | None = None,
) -> WhatIf:
    """Live `rows` twice, from the house's state as of the row before the first of them."""
    run: _Run | None = None
    for row in rows:
        if until is not None and row.at >= until:
            break
        if run is None and row.at < since:
            state = _as_it_was(state, row, core)
            continue
        run = run or _Run(supposed, state, core, since)
        if not run.take(row):
            break
    return (run or _Run(supposed, state, core, since)).ended(until)


def _as_it_was(state: State, row: JournalRow, core: Core) -> State:
    """Step a row from before the worlds part; what cannot be stepped changes nothing."""
    if row.kind == QUARANTINED or row.payload is None:
        return state
    return core.step(state, records.decode_event(row.payload), row.at)[0]


@dataclass
class _Run:
    """Two worlds under way."""

    supposed: Supposed
    was: State
    core: Core
    since: datetime
    courses: dict[CallId, Course] = field(default_factory=dict[CallId, Course])
    would_be: dict[CallId, Course] = field(default_factory=dict[CallId, Course])
    pairs: dict[CallId, CallId] = field(default_factory=dict[CallId, CallId])
    first: FirstDifference | None = None
    assumed: list[Assumed] = field(default_factory=list[Assumed])
    rows: int = 0
    otherwise_now: int = 0
    stopped: str = ""
    last: JournalRow | None = None
    _agenda: list[tuple[datetime, int, Event]] = field(
        default_factory=list[tuple[datetime, int, Event]]
    )
    _numbered: int = 0
    _rang: dict[tuple[CallId, HandsetId], None] = field(
        default_factory=dict[tuple[CallId, HandsetId], None]
    )
    """Telephones that the world as it was rings in this row, by its own call."""
    _row: tuple[State, tuple[Effect, ...]] | None = None
    """While a row is stepped: what the world as it was made of it."""
    would: State = field(init=False)
    _extras: dict[HandsetId, Extra] = field(init=False)

    def __post_init__(self) -> None:
        """Part the worlds: the supposed plan holds in one of them."""
        plan = supposed_plan(self.was.plan, self.supposed)
        listening = index_of(plan).devices_for
        waiting = {one: how for one, how in self.was.waiting.items() if one in listening}
        self.would = replace(self.was, plan=plan, waiting=waiting)
        self.pairs = {call: call for call in self.was.calls}
        for call in self.was.open:
            self.courses[call] = _so_far(self.was.calls[call])
            self.would_be[call] = _so_far(self.was.calls[call])
        self._extras = {_telephone(one): one for one in self.supposed.on_duty}
        at = self.was.now or self.since
        for handset, extra in self._extras.items():
            self._live(SignedIn(handset, extra.staff), at)
            ready = self._live(HandsetReported(handset, HandsetState.READY), at)
            self._compare(0, at, (), ready)

    # --- The journal --------------------------------------------------------------------------

    def take(self, row: JournalRow) -> bool:
        """Step one row in both worlds; False where the journal cannot be read on."""
        before, self.last = self.last, row
        if before is not None and row.seq != before.seq + 1:
            self.stopped = f"the journal has a hole before row {row.seq}"
            return False
        if steps_nothing(row):
            return True
        if row.payload is None:
            self.stopped = f"the payload of row {row.seq} is erased"
            return False
        event = records.decode_event(row.payload)
        if not isinstance(event, Started):
            self._wake(row.at)
        self.rows += 1
        was, ordered = self.core.step(self.was, event, row.at)
        self.otherwise_now += records.encode_effects(ordered) != row.decisions
        self._note(self.courses, was, ordered, row.at)
        self._rang = {(one.call, one.handset): None for one in ordered if isinstance(one, Ring)}
        self._row = (was, ordered)
        would = self._would(event, row)
        self.was = was
        self._compare(row.seq, row.at, ordered, would)
        self._rang, self._row = {}, None
        self._set_aside(row.at)
        return True

    def ended(self, until: datetime | None) -> WhatIf:
        """Do what the supposed world is due before the end, and tell."""
        if until is not None and not self.stopped:
            self._wake(until)
        end = until or (self.last.at if self.last else self.since)
        matched = {ours: theirs for theirs, ours in self.pairs.items()}
        pairs = [
            Pair(course, self.would_be.get(self.pairs[call]) if call in self.pairs else None)
            for call, course in self.courses.items()
        ]
        pairs += [
            Pair(None, course) for call, course in self.would_be.items() if call not in matched
        ]
        return WhatIf(
            self.supposed,
            self.was.plan,
            self.since,
            end,
            self.rows,
            self.first,
            tuple(self.assumed),
            tuple(sorted(pairs, key=_opened)),
            self.otherwise_now,
            self.stopped,
        )

    # --- The supposed world -------------------------------------------------------------------

    def _would(  # noqa: PLR0911 - one row for each
        self, event: Event, row: JournalRow
    ) -> tuple[Effect, ...]:
        """Let one event of the journal happen in the supposed world."""
        if isinstance(event, PlanAdopted):
            plan = supposed_plan(event.plan, self.supposed)
            return self._live(replace(event, plan=plan), row.at)
        if isinstance(event, ReceiptGiven):
            call = self.pairs.get(event.call)
            return () if call is None else self._live(replace(event, call=call), row.at)
        if isinstance(event, HelpAsked):
            call = None if event.call is None else self.pairs.get(event.call)
            return self._answered(replace(event, call=call), row, event.call, call)
        if isinstance(event, PauseSet | PauseEnded):
            return self._answered(event, row, None, None)
        if isinstance(event, Tap):
            call = self.pairs.get(event.call)
            if event.call not in self.was.calls:
                return self._live(event, row.at)  # neither world knows it
            if call is None:
                self._assume(event, row.seq, row.at, event.call, None, possible=False)
                return ()
            return self._answered(replace(event, call=call), row, event.call, call)
        return self._live(event, row.at)

    def _answered(
        self, event: Tap, row: JournalRow, was: CallId | None, would: CallId | None
    ) -> tuple[Effect, ...]:
        effects = self._live(event, row.at)
        if self.first is not None:
            possible = any(isinstance(one, Reply) and one.ok for one in effects)
            self._assume(event, row.seq, row.at, was, would, possible=possible)
        return effects

    def _assume(
        self,
        event: Tap,
        seq: int,
        at: datetime,
        was: CallId | None,
        would: CallId | None,
        *,
        possible: bool,
    ) -> None:
        what = type(event).__name__
        self.assumed.append(Assumed(seq, at, what, event.by.staff, was, would, possible))
        if would is not None and possible and would in self.would_be:
            self.would_be[would].assumed = True

    def _live(self, event: Event, at: datetime) -> tuple[Effect, ...]:
        """Step the supposed world; what rings otherwise than it did is assumed to sound."""
        self.would, effects = self.core.step(self.would, event, at)
        self._note(self.would_be, self.would, effects, at)
        if self._row is not None:
            self._pair(*self._row, effects)
        theirs = {ours: was for was, ours in self.pairs.items()}
        for one in effects:
            if not isinstance(one, Ring):
                continue
            if one.handset in self._extras:
                self._will_answer(one, at)
            elif (theirs.get(one.call, one.call), one.handset) in self._rang:
                continue  # the journal has what its telephone said
            known = self.would.handsets.get(one.handset)
            if known is not None and known.state in _SOUNDS:
                receipt = ReceiptGiven(one.handset, one.call, ReceiptKind.RINGING)
                self.would, told = self.core.step(self.would, receipt, at)
                self._note(self.would_be, self.would, told, at)
        return effects

    def _wake(self, until: datetime) -> None:
        """Do what the supposed world is due before the world as it was has anything due.

        Where both are due at once the hub was late then: the row that did it is still to come.
        """
        while True:
            theirs = self.core.next_deadline(self.was)
            due = _due(self.would)
            if due is not None and theirs is not None and due >= theirs:
                due = None
            planned = self._agenda[0][0] if self._agenda else None
            at = min((one for one in (due, planned) if one is not None), default=until)
            if at >= until:
                return
            if planned is not None and planned == at:
                _, _, event = heappop(self._agenda)
                self._act(event, at)
                continue
            before = self.would
            self._pass_time(at)
            if _due(self.would) == _due(before):
                return
            self._set_aside(at)

    def _pass_time(self, at: datetime) -> None:
        # Silence of devices is judged only by the journal's own rows: what the engine had
        # gathered of their signs of life is flushed there first.
        watch = self.would.watch_at
        if watch is None or watch > at:
            effects = self._live(TimePassed(), at)
        else:
            effects = self._live(DevicesHeard(()), at + _NO_MORE)
        self._compare(self.last.seq if self.last else 0, at, (), effects)

    def _set_aside(self, at: datetime) -> None:
        """Follow no longer what nobody is known to answer."""
        for name in self.would.open:
            call = self.would.calls[name]
            if call.type in _NO_PATIENTS or at - call.opened_at <= FOLLOWED:
                continue
            theirs = [
                self.was.calls.get(was) for was, ours in self.pairs.items() if ours == name
            ]
            if any(_still(one, at) for one in theirs):
                continue
            draft = Draft(self.would, at)
            close_call(draft, call, _BLANK)
            self.would, _ = draft.done()
            if name in self.would_be:
                self.would_be[name].set_aside = True

    # --- One more on duty ---------------------------------------------------------------------

    def _will_answer(self, ring: Ring, at: datetime) -> None:
        extra = self._extras[ring.handset]
        if extra.answers_after is not None:
            self._plan(at + extra.answers_after, CallTaken(ring.call, self._by(ring.handset)))

    def _plan(self, at: datetime, event: Event) -> None:
        heappush(self._agenda, (at, self._number(), event))

    def _by(self, handset: HandsetId) -> By:
        operation = OperationId(f"supposed-{self._number()}")
        return By(self._extras[handset].staff, handset, operation)

    def _number(self) -> int:
        self._numbered += 1
        return self._numbered

    def _act(self, event: Event, at: datetime) -> None:
        """Let one more on duty take a call that still rings there, go to it, and close it."""
        assert isinstance(event, CallTaken | Arrived | CallClosed)
        call, handset = self.would.calls.get(event.call), event.by.handset
        if call is None or handset is None or not is_open(call):
            return
        if isinstance(event, CallTaken):
            busy = any(
                is_open(one) and event.by.staff in engaged(one)
                for one in self.would.calls.values()
            )
            if handset not in call.ringing or busy:
                return
        effects = self._live(event, at)
        ok = any(isinstance(one, Reply) and one.ok for one in effects)
        was = next((was for was, ours in self.pairs.items() if ours == call.id), None)
        self._assume(event, 0, at, was, call.id, possible=ok)
        self._compare(self.last.seq if self.last else 0, at, (), effects)
        if ok and isinstance(event, CallTaken):
            self._plan(at + WALKS, Arrived(call.id, self._by(handset)))
        elif ok and isinstance(event, Arrived):
            done = CallClosed(call.id, self._by(handset), Outcome.HELPED)
            self._plan(at + STAYS, done)

    # --- Side by side -------------------------------------------------------------------------

    def _compare(
        self, seq: int, at: datetime, was: tuple[Effect, ...], would: tuple[Effect, ...]
    ) -> None:
        """Find the first thing that anybody could have noticed; reasons alone are none."""
        if self.first is None and _seen(was) != _seen(would):
            self.first = FirstDifference(seq, at, was, would)

    def _pair(self, was: State, ordered: tuple[Effect, ...], would: tuple[Effect, ...]) -> None:
        """Say which call of the one world is which of the other: touched by the same event."""
        theirs, ours = _touched(ordered), _touched(would)
        for name, opened in theirs.items():
            mine = self.pairs.get(name)
            if mine is not None and mine in self.would.open and not opened:
                continue
            call = was.calls.get(name)
            taken = set() if not opened else {*self.pairs.values()}
            fits = [
                one
                for one in ours
                if call is not None
                and _alike(call, self.would.calls.get(one))
                and (not ours[one] or one not in taken)
            ]
            # What both opened belongs together before what one of them only joined.
            fits.sort(key=lambda one: ours[one] is not opened)
            if fits:
                self.pairs[name] = fits[0]

    def _note(
        self,
        courses: dict[CallId, Course],
        state: State,
        effects: tuple[Effect, ...],
        at: datetime,
    ) -> None:
        for one in effects:
            if not isinstance(one, Note | Ring) or one.call not in state.calls:
                continue
            call = state.calls[one.call]
            course = courses.setdefault(one.call, Course(call))
            course.call = call
            course.rungs = max(course.rungs, call.rung)
            course.failsafe = course.failsafe or call.round > 0
            if isinstance(one, Ring):
                course.rings += 1
                course.rang_at = course.rang_at or at
            elif one.move in (Move.TAKEN, Move.RESPONDED):
                course.taken_at = course.taken_at or one.at
            elif one.move is Move.ARRIVED:
                course.present_at = course.present_at or one.at
            elif one.move is Move.CLOSED:
                course.closed_at = one.at


def _seen(effects: tuple[Effect, ...]) -> list[Effect]:
    return [replace(one, because=_BLANK) for one in effects if not isinstance(one, Show)]


def _touched(effects: tuple[Effect, ...]) -> dict[CallId, bool]:
    """Calls that were opened (True), or joined and pressed again (False), in this row."""
    found: dict[CallId, bool] = {}
    for one in effects:
        if isinstance(one, Note) and one.move in (
            Move.OPENED,
            Move.JOINED,
            Move.PRESSED_AGAIN,
        ):
            found[one.call] = found.get(one.call, False) or one.move is Move.OPENED
    return found


def _alike(one: Call, other: Call | None) -> bool:
    if other is None or one.fault != other.fault or one.asked_by != other.asked_by:
        return False
    if one.patient is not None or other.patient is not None:
        return one.patient == other.patient
    return (one.device, one.bridge, one.unit) == (other.device, other.bridge, other.unit)


def _still(call: Call | None, at: datetime) -> bool:
    """Tell whether people are, or were just now, known to act on the call."""
    if call is None:
        return False
    return call.closed_at is None or at - call.closed_at <= FOLLOWED


def _so_far(call: Call) -> Course:
    return Course(call, rungs=call.rung, taken_at=call.taken_at, present_at=call.present_at)


def _due(state: State) -> datetime | None:
    found = [one for one in (state.due, state.cover_at, state.shift_at) if one is not None]
    return min(found, default=None)


def _opened(pair: Pair) -> datetime:
    course = pair.was or pair.would
    assert course is not None
    return course.call.opened_at


def _telephone(extra: Extra) -> HandsetId:
    return HandsetId(f"of-{extra.staff}")
