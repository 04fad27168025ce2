"""One step in the making: the old state, what changes, and what is ordered.

A draft lives inside one `step` and nowhere else. It copies a dict of the state the first time
it is written to, so a signal that changes one device copies one dict; a step that raises leaves
the old state untouched. `move` is the only way a call changes its state: it asks `calls.TABLE`.
"""

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

from routing.calls import CallState, after
from routing.effects import Because, Effect, Move, Note, Show
from routing.events import HandsetState, ReceiptKind
from routing.ids import (
    BridgeId,
    CallId,
    DeviceId,
    HandsetId,
    RuleId,
    StaffId,
    UnitId,
)
from routing.index import Index, index_of
from routing.plan import Plan
from routing.state import BridgeNow, Call, DeviceNow, HandsetNow, Pause, State, Waiting

RECEIPT_WITHIN = timedelta(seconds=2)
"""A ring without «ringing» after this goes to the next people too (UX finding 3)."""
CLOSED_KEPT = timedelta(hours=24)
HELD = timedelta(seconds=45)
"""A change of who can be reached is judged after this: blinks wake nobody."""

REACHABLE = (HandsetState.READY, HandsetState.LIMITED, HandsetState.QUIET)


class Draft:
    """What one step is about to make of the state."""

    __slots__ = (
        "_calls_own",
        "_devices_own",
        "_handsets_own",
        "_retime",
        "_shows",
        "_waiting_own",
        "bridges",
        "broker_up",
        "calls",
        "cover_at",
        "devices",
        "effects",
        "epoch",
        "grace_until",
        "handsets",
        "index",
        "listening_until",
        "next_call",
        "now",
        "open",
        "pauses",
        "places",
        "plan",
        "proofs",
        "rang",
        "shift_at",
        "state",
        "store",
        "unreached",
        "waiting",
        "watch_at",
    )

    def __init__(self, state: State, now: datetime) -> None:
        self.state = state
        self.now = now
        self.plan: Plan = state.plan
        self.index: Index = index_of(state.plan)
        self.effects: list[Effect] = []
        self.epoch = state.epoch
        self.next_call = state.next_call
        self.calls = state.calls
        self.open = state.open
        self.handsets = state.handsets
        self.devices = state.devices
        self.bridges = state.bridges
        self.waiting = state.waiting
        self.pauses = state.pauses
        self.listening_until = state.listening_until
        self.broker_up = state.broker_up
        self.store = state.store
        self.watch_at = state.watch_at
        self.grace_until = state.grace_until
        self.cover_at = state.cover_at
        self.shift_at = state.shift_at
        self.proofs = state.proofs
        self.places = state.places
        self.unreached: dict[CallId, Because] = {}
        """Calls that reached their failsafe without one telephone sure to sound."""
        self.rang: dict[tuple[CallId, HandsetId], None] = {}
        """Telephones rung in this step, for which call: once is enough."""
        self._calls_own = False
        self._devices_own = False
        self._handsets_own = False
        self._waiting_own = False
        self._retime = False
        self._shows: dict[CallId, Because] = {}

    # --- Writing, each dict copied at most once -----------------------------------------------

    def adopt(self, plan: Plan) -> None:
        """Let a new plan hold from here on."""
        self.plan = plan
        self.index = index_of(plan)
        self._retime = True
        self.look_at_duty()

    def put_device(self, device: DeviceId, now: DeviceNow) -> None:
        """Remember a device."""
        if not self._devices_own:
            self.devices = dict(self.devices)
            self._devices_own = True
        self.devices[device] = now

    def put_handset(self, handset: HandsetId, now: HandsetNow) -> None:
        """Remember a telephone; who can be reached may have changed."""
        before = self.handsets.get(handset)
        if (
            before is None
            or before.state is not now.state
            or before.signed_in != now.signed_in
            or before.staff != now.staff
        ):
            self.look_at_duty()
        if not self._handsets_own:
            self.handsets = dict(self.handsets)
            self._handsets_own = True
        self.handsets[handset] = now

    def put_bridge(self, bridge: BridgeId, now: BridgeNow) -> None:
        """Remember a bridge: they are few and change seldom."""
        self.bridges = {**self.bridges, bridge: now}

    def wait(self, rule: RuleId, waiting: Waiting | None) -> None:
        """Let a rule wait, or no longer."""
        if not self._waiting_own:
            self.waiting = dict(self.waiting)
            self._waiting_own = True
        self._retime = True
        if waiting is None:
            self.waiting.pop(rule, None)
        else:
            self.waiting[rule] = waiting

    def set_pauses(self, pauses: tuple[Pause, ...]) -> None:
        """Replace the pauses."""
        self.pauses = pauses
        self._retime = True

    def listen_until(self, until: datetime | None) -> None:
        """Keep telephones' last state until then."""
        self.listening_until = until
        self._retime = True

    def put_call(self, call: Call, shown: Because | None = None) -> Call:
        """Remember a call; `shown` tells the telephones that what they show of it changed."""
        if not self._calls_own:
            self.calls = dict(self.calls)
            self._calls_own = True
        self._retime = True
        self.calls[call.id] = call
        if shown is not None:
            self._shows[call.id] = shown
        return call

    def add_call(self, call: Call) -> Call:
        """Remember a new call and forget what was closed a day ago."""
        self.put_call(call, call.because)
        self.open = (*self.open, call.id)
        self.next_call += 1
        horizon = self.now - CLOSED_KEPT
        for old in [
            kept.id
            for kept in self.calls.values()
            if kept.closed_at is not None and kept.closed_at <= horizon
        ]:
            del self.calls[old]
        return call

    def move(
        self,
        call: Call,
        move: Move,
        because: Because,
        /,
        *,
        staff: StaffId | None = None,
        handset: HandsetId | None = None,
        **changes: Any,
    ) -> Call:
        """Move a call by the table, change what the move changes, and note it in its story."""
        to = after(call.state, move)
        if to is None:
            raise ValueError(
                f"call {call.id} is {call.state} and cannot be {move}: see routing.calls.TABLE"
            )
        call = self.put_call(replace(call, state=to, **changes), because)
        if to is CallState.CLOSED:
            self.open = tuple(open_id for open_id in self.open if open_id != call.id)
        self.effects.append(Note(call.id, move, self.now, because, staff, handset))
        return call

    def change(self, call: Call, because: Because | None = None, **changes: Any) -> Call:
        """Change a call without moving it."""
        return self.put_call(replace(call, **changes), because)

    def show(self, call: CallId, because: Because) -> None:
        """Tell the telephones that what they show of a call changed, and it did not."""
        self._shows.setdefault(call, because)

    def heard(self, call: Call, *, timed: bool) -> None:
        """Remember how far a ring came; `timed`: a deadline depends on it.

        No card shows it, so no telephone is told: forty telephones that say «ringing» are not
        1,600 cards.
        """
        retime = self._retime
        self.put_call(call)
        self._retime = retime or timed

    def look_at(self, at: datetime) -> None:
        """Let supervision look again at `at`, if not before."""
        if self.watch_at is None or at < self.watch_at:
            self.watch_at = at

    def look_at_duty(self) -> None:
        """Let coverage and shifts be looked at soon, if not before."""
        soon = self.now + HELD
        if self.cover_at is None or soon < self.cover_at:
            self.cover_at = soon
        if self.plan.shifts and (self.shift_at is None or soon < self.shift_at):
            self.shift_at = soon

    def attempt(self, work: Callable[[], None]) -> Exception | None:
        """Do a part of the step; if it raises, undo that part and return what it raised.

        For what many share: one call that nobody foresaw must not stop the others' ladders.
        """
        kept = {name: getattr(self, name) for name in self.__slots__}
        effects = len(self.effects)
        rang, shows, unreached = dict(self.rang), dict(self._shows), dict(self.unreached)
        # What is written from here on is written to copies: the dicts kept stay as they are.
        self._calls_own = self._devices_own = False
        self._handsets_own = self._waiting_own = False
        try:
            work()
        except Exception as error:  # noqa: BLE001 - whatever it is, the others go on
            for name, value in kept.items():
                setattr(self, name, value)
            del self.effects[effects:]
            self.rang, self._shows, self.unreached = rang, shows, unreached
            return error
        return None

    # --- Reading ------------------------------------------------------------------------------

    def open_calls(self) -> list[Call]:
        """Return the open calls, oldest first."""
        calls = self.calls
        return [calls[call_id] for call_id in self.open]

    def on_duty(self) -> list[tuple[HandsetId, HandsetNow, StaffId]]:
        """Return the telephones that somebody is signed in on, in the order they were known."""
        return [
            (handset, now, now.staff)
            for handset, now in self.handsets.items()
            if now.staff is not None
        ]

    def reachable(self, handset: HandsetNow) -> bool:
        """Tell whether a ring may be sent there; after a start, gone is believed only later."""
        if handset.staff is None:
            return False
        if handset.state is HandsetState.GONE:
            return self.listening_until is not None and self.now < self.listening_until
        return handset.state in REACHABLE

    # --- The end ------------------------------------------------------------------------------

    def done(self) -> tuple[State, tuple[Effect, ...]]:
        """Return the new state and what is ordered, changed cards last."""
        for call_id, because in self._shows.items():
            watching = watchers(self, self.calls[call_id])
            if watching:
                self.effects.append(Show(call_id, watching, because))
        due = self._next_due() if self._retime else self.state.due
        state = State(
            self.plan,
            self.epoch,
            self.next_call,
            self.now,
            self.calls,
            self.handsets,
            self.devices,
            self.bridges,
            self.waiting,
            self.pauses,
            self.listening_until,
            self.broker_up,
            self.store,
            self.open,
            due,
            self.watch_at,
            self.grace_until,
            self.cover_at,
            self.shift_at,
            self.proofs,
            self.places,
        )
        return state, tuple(self.effects)

    def _next_due(self) -> datetime | None:
        found = self.listening_until
        for call in self.open_calls():
            for due in deadlines(self, call):
                if due is not None and (found is None or due < found):
                    found = due
        for waiting in self.waiting.values():
            if found is None or waiting.due < found:
                found = waiting.due
        for pause in self.pauses:
            if found is None or pause.until < found:
                found = pause.until
        return found


def arrival_due(call: Call) -> datetime | None:
    """Return when a taken call comes back."""
    return call.arrive_by if awaited(call) else None


def awaited(call: Call) -> bool:
    """Tell whether its owner is on the way, and nobody who covers the call is there yet.

    A student may be there first: that is not the arrival which was promised.
    """
    if call.state is CallState.PRESENT:
        return call.arrive_by is not None and call.owner not in call.present
    return call.state is CallState.TAKEN


def engaged(call: Call) -> tuple[StaffId | None, ...]:
    """Return who has this call in hands: on the way to it, or at the place."""
    return (call.owner, *call.responders, *call.present)


def on_the_way(call: Call) -> tuple[StaffId, ...]:
    """Return who has said they come and is not there yet: the owner, and who comes beside."""
    said = (call.owner, *call.responders)
    return tuple(one for one in said if one is not None and one not in call.present)


def coming_beside(call: Call) -> tuple[StaffId, ...]:
    """Return who is on the way beside others: not the owner who is waited for alone."""
    waited_for = call.owner if awaited(call) else None
    return tuple(one for one in on_the_way(call) if one != waited_for)


def beside_due(call: Call) -> datetime | None:
    """Return when whoever comes beside others, and is not there, counts no more."""
    return call.beside_by if call.beside_by is not None and coming_beside(call) else None


def asking_due(call: Call) -> datetime | None:
    """Return when whoever is there is asked whether it is done, or the call opens again."""
    return call.ask_at if call.state is CallState.PRESENT else None


def deadlines(draft: Draft, call: Call) -> tuple[datetime | None, ...]:
    """Return when a timer has something to do for a call, in no order."""
    return (
        call.climbs_at,
        arrival_due(call),
        beside_due(call),
        asking_due(call),
        receipt_due(draft, call),
    )


def receipt_due(draft: Draft, call: Call) -> datetime | None:
    """Return when the next people ring because no telephone has said that it sounds.

    One telephone that sounds is enough; in the failsafe everybody rings already.
    """
    if call.climbs_at is None or call.rung >= len(call.ladder.rungs):
        return None
    found: datetime | None = None
    for ringing in call.ringing.values():
        if ringing.receipt in (ReceiptKind.RINGING, ReceiptKind.SEEN):
            return None
        if not ringing.missed:
            # After a start, telephones are listened for first: that ends later than any ring.
            due = (draft.listening_until or ringing.since) + RECEIPT_WITHIN
            found = due if found is None or due < found else found
    return found


def concerned(call: Call) -> tuple[StaffId | None, ...]:
    """Return who has the call, asked for it, is offered it, is there or on the way."""
    return (call.owner, call.asked_by, call.offered_to, *call.present, *call.responders)


def watchers(draft: Draft, call: Call) -> tuple[HandsetId, ...]:
    """Return the telephones that list this call: rung for it, concerned, or on its unit."""
    people = concerned(call)
    return tuple(
        handset
        for handset, now, staff in draft.on_duty()
        if handset in call.told or staff in people or covers(draft.plan, now, call.unit)
    )


def covers(plan: Plan, handset: HandsetNow, unit: UnitId | None) -> bool:
    """Tell whether the person on this telephone has that unit; no unit is everybody's."""
    if unit is None or handset.staff is None:
        return unit is None
    if handset.units:
        return unit in handset.units
    person = plan.staff.get(handset.staff)
    return person is not None and unit in person.units


def facts(**known: str | None) -> tuple[tuple[str, str], ...]:
    """Return facts for a `Because` in the order given, the absent ones left out."""
    return tuple((name, value) for name, value in known.items() if value)
