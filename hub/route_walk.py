"""A ladder walked for an imagined signal, by the live core, without any server.

    walk(plan, Question(at=…, press=DeviceId("wrist-16")), names) -> Walk

Everybody named is signed in on a telephone of their own that is ready; nobody answers. The
steps are what the core orders, with the seconds since the signal, until the failsafe has rung
once. Nothing here decides.
"""

from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time, timedelta
from typing import Any, Literal
from zoneinfo import ZoneInfo

from hub.names import Names
from hub.sentences import sentence, who_was_considered
from routing.effects import Because, Book, Effect, Ring, Send
from routing.events import (
    Event,
    HandsetReported,
    HandsetState,
    ReceiptGiven,
    ReceiptKind,
    SignalReceived,
    SignedIn,
    Started,
    TimePassed,
)
from routing.ids import CallId, DeviceId, HandsetId, SignalId, StaffId
from routing.plan import Plan
from routing.readings import (
    BatteryRead,
    BedChanged,
    DoorMoved,
    FallPhase,
    FallSeen,
    HelpPressed,
    HelpTrigger,
    MotionSeen,
    Reading,
    Tampered,
)
from routing.state import State
from routing.step import empty, next_deadline, step

Lang = Literal["nb", "en"]

SIGNALS: dict[str, tuple[tuple[Reading, ...], tuple[Reading, ...]]] = {
    "press": ((), (HelpPressed(HelpTrigger.PRESS),)),
    "bed_exit": ((BedChanged(occupied=True),), (BedChanged(occupied=False),)),
    "motion": ((MotionSeen(active=False),), (MotionSeen(active=True),)),
    "door_open": ((DoorMoved(open=False),), (DoorMoved(open=True),)),
    "fall": ((), (FallSeen(FallPhase.CONFIRMED),)),
    "battery": ((BatteryRead(percent=90),), (BatteryRead(percent=3, low=True),)),
    "tamper": ((Tampered("strap", active=False),), (Tampered("strap"),)),
}
"""What a device said before, and what it says now."""

NOW = SignalId("1-1")
"""The imagined signal: a rule's call is known by it, it has no device of its own."""

LONGEST = timedelta(hours=24)
"""Nothing rings later than this after its signal."""


class NoSuchThingError(ValueError):
    """A device or person that the file does not name."""


@dataclass(frozen=True, slots=True)
class Question:
    """What is imagined."""

    at: time
    signal: str
    device: DeviceId
    day: date
    on_duty: tuple[StaffId, ...] = ()
    """Empty: everybody of the file."""


@dataclass(frozen=True, slots=True)
class WalkStep:
    """What rings together, how long after the signal."""

    after: timedelta
    why: str
    rings: tuple[StaffId, ...]
    channels: tuple[str, ...]
    considered: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Walk:
    """The answer: where the signal went, and who would ring."""

    booked: str
    why: str
    call_type: str
    priority: int | None
    steps: tuple[WalkStep, ...]


def walk(plan: Plan, question: Question, names: Names, lang: Lang = "nb") -> Walk:
    """Walk the ladder for an imagined signal.

    Raises:
        NoSuchThingError: the plan has no such device or person.
    """
    _check(plan, question)
    house = _House(plan, question)
    booked = house.signal()
    steps: list[WalkStep] = []
    house.collect(steps, names, lang)
    call = house.state.calls.get(booked.call) if booked.call else None
    until = house.began + LONGEST
    while (due := next_deadline(house.state)) is not None and due <= until:
        house.now = max(due, house.now)
        house.offer(TimePassed())
        house.collect(steps, names, lang)
        mine = house.mine()
        if mine is not None and mine.round >= 1:
            break
        if mine is None and not house.state.waiting:
            break
    call = house.mine() or call
    return Walk(
        booked.to.value,
        sentence(booked.because, lang, names, plan),
        "" if call is None else call.type.value,
        None if call is None else int(call.priority),
        tuple(steps),
    )


def _check(plan: Plan, question: Question) -> None:
    if question.device not in plan.devices:
        known = ", ".join(list(plan.devices)[:8])
        raise NoSuchThingError(f"no device '{question.device}' in this house; known: {known}")
    if question.signal not in SIGNALS:
        raise NoSuchThingError(f"no signal '{question.signal}': {', '.join(SIGNALS)}")
    for staff in question.on_duty:
        if staff not in plan.staff:
            raise NoSuchThingError(f"nobody '{staff}' works in this house")


class _House:
    """The imagined house: the core, its telephones, and what it ordered since the signal."""

    def __init__(self, plan: Plan, question: Question) -> None:
        zone = ZoneInfo(plan.timezone)
        self.began = datetime.combine(question.day, question.at, tzinfo=zone).astimezone(UTC)
        self.question = question
        self.now = self.began - timedelta(minutes=1)
        self.state: State = empty(plan)
        self.effects: list[Effect] = []
        self._before: dict[CallId, None] = {}
        self.offer(Started(1, "route test", "", self.now))
        for staff in question.on_duty or tuple(plan.staff):
            handset = HandsetId(f"of-{staff}")
            self.offer(SignedIn(handset, staff))
            self.offer(HandsetReported(handset, HandsetState.READY))
        self.now = self.began
        # What a change of shift or a gap in coverage would say beside it is not asked here.
        self.state = replace(self.state, cover_at=None, shift_at=None)

    def offer(self, event: Event) -> None:
        """Step, and let each telephone that rings say that it sounds."""
        self.state, effects = step(self.state, event, self.now)
        self.effects += effects
        for one in effects:
            if isinstance(one, Ring):
                receipt = ReceiptGiven(one.handset, one.call, ReceiptKind.RINGING)
                self.state, _ = step(self.state, receipt, self.now)

    def signal(self) -> Book:
        """Let the device speak."""
        before, now = SIGNALS[self.question.signal]
        if before:
            self.offer(SignalReceived(SignalId("1-0"), self.question.device, before, "before"))
        self._before = dict.fromkeys(self.state.calls)
        self.effects = []
        self.offer(SignalReceived(NOW, self.question.device, now, "now"))
        return next(one for one in self.effects if isinstance(one, Book))

    def mine(self) -> Any:
        """Return the call that the signal made."""
        for call in self.state.calls.values():
            mine = call.device == self.question.device or NOW in call.signals
            if call.id not in self._before and mine:
                return call
        return None

    def collect(self, steps: list[WalkStep], names: Names, lang: Lang) -> None:
        """Gather what rang in this moment into one step."""
        mine = self.mine()
        ordered = [
            one
            for one in self.effects
            if isinstance(one, Ring | Send) and mine is not None and one.call == mine.id
        ]
        self.effects = []
        if not ordered:
            return
        because: Because = ordered[0].because
        rings = [one.staff for one in ordered if isinstance(one, Ring)]
        steps.append(
            WalkStep(
                self.now - self.began,
                sentence(because, lang, names, self.state.plan, **_known(mine)),
                tuple(dict.fromkeys(rings)),
                tuple(one.channel for one in ordered if isinstance(one, Send)),
                tuple(who_was_considered(because, lang, names)),
            )
        )


def _known(call: Any) -> dict[str, str | None]:
    return {"room": call.room, "device": call.device, "pressed": str(call.pressed)}


def differences(walked: Walk, expected: list[dict[str, Any]]) -> list[str]:
    """Compare with expectations: `{after: seconds, ring: [ids], channels: [names]}` each.

    A moment that is not expected is not compared; what is not named of a moment neither.
    """
    found: list[str] = []
    by_after = {int(one.after.total_seconds()): one for one in walked.steps}
    for one in expected:
        after = int(one["after"])
        step_ = by_after.get(after)
        if step_ is None:
            times = ", ".join(f"{each} s" for each in by_after) or "never"
            found.append(f"after {after} s nothing rings; it rings after: {times}")
            continue
        for what, got in (("ring", step_.rings), ("channels", step_.channels)):
            if what in one and sorted(map(str, one[what])) != sorted(map(str, got)):
                wanted = ", ".join(map(str, one[what])) or "nobody"
                found.append(
                    f"after {after} s {what}: expected {wanted}; got "
                    f"{', '.join(map(str, got)) or 'nobody'}"
                )
    return found
