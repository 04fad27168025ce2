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
    Arrived,
    By,
    CallClosed,
    CallDeclined,
    CallHandedOver,
    CallTaken,
    Delivery,
    Event,
    HandsetReported,
    HandsetState,
    HelpAsked,
    Left,
    Outcome,
    PauseEnded,
    PauseSet,
    ReceiptGiven,
    ReceiptKind,
    SignalReceived,
    SignedIn,
    SignedOut,
    Started,
    TakeUndone,
    Tap,
    TimePassed,
)
from routing.ids import (
    BedId,
    BridgeId,
    CallId,
    DeviceId,
    HandsetId,
    HouseId,
    OperationId,
    PatientId,
    RoomId,
    RuleId,
    SignalId,
    StaffId,
    UnitId,
)
from routing.plan import (
    Assignment,
    Basis,
    Bed,
    Bridge,
    CallType,
    Competence,
    Device,
    DeviceClass,
    Handset,
    Plan,
    Purpose,
    Role,
    Room,
    RoomKind,
    Rule,
    RuleState,
    Staff,
    Stay,
    Trigger,
    TriggerKind,
    Unit,
)
from routing.readings import (
    BedChanged,
    DoorMoved,
    HelpPressed,
    HelpTrigger,
    MotionSeen,
    Reading,
)
from routing.state import Call, State
from routing.step import empty, next_deadline, step

DAY = date(2026, 11, 3)
"""A Tuesday in winter: Oslo is one hour before UTC. Clock words in the tests are UTC."""
LONG_AGO = datetime(2026, 10, 1, tzinfo=UTC)

_LIFE: dict[str, tuple[str, str]] = {
    "wrist-ola": ("ola", ""),
    "wrist-kari": ("kari", ""),
    "bed-ola": ("ola", "204"),
    "pir-204": ("", "204"),
    "door-204": ("", "204"),
    "radar-204": ("", "204"),
    "cord-204": ("", "bath-204"),
    "cord-301": ("", "301"),
    "wrist-spare": ("", ""),
    "locator-hall": ("", "hall"),
}
_ALARMS = ("wrist-ola", "wrist-kari", "cord-204", "cord-301", "wrist-spare")


def solvik() -> Plan:
    """Two units: on `a` Ola (204) and Kari (205), on `b` two people in room 301."""
    rooms = {
        "204": Room(RoomId("204"), UnitId("a"), "204"),
        "205": Room(RoomId("205"), UnitId("a"), "205"),
        "bath-204": Room(
            RoomId("bath-204"), UnitId("a"), "204", RoomKind.BATHROOM, bathroom_of=RoomId("204")
        ),
        "hall": Room(RoomId("hall"), UnitId("a"), "gang", RoomKind.CORRIDOR),
        "301": Room(RoomId("301"), UnitId("b"), "301"),
    }
    beds = {"204": "204", "205": "205", "301a": "301", "301b": "301"}
    return Plan(
        house=HouseId("solvik"),
        version=1,
        timezone="Europe/Oslo",
        units={UnitId(unit): Unit(UnitId(unit)) for unit in ("a", "b")},
        rooms={room.id: room for room in rooms.values()},
        beds={BedId(bed): Bed(BedId(bed), RoomId(room)) for bed, room in beds.items()},
        stays=(
            _stay("ola", "204", assigned=("anne",), backup=("per",)),
            _stay("kari", "205", assigned=("per",), backup=("anne",)),
            _stay("nils", "301a", assigned=("omar",)),
            _stay("gro", "301b", assigned=("lise",)),
        ),
        bridges={BridgeId("zigbee"): Bridge(BridgeId("zigbee"), "zigbee2mqtt", "z2m")},
        devices={
            DeviceId(name): Device(
                DeviceId(name),
                BridgeId("zigbee"),
                f"0x{name}",
                "test/model",
                DeviceClass.ALARM if name in _ALARMS else DeviceClass.SAFETY,
            )
            for name in _LIFE
        },
        assignments=tuple(
            Assignment(
                DeviceId(name),
                Purpose.HELP if name in _ALARMS else Purpose.ROOM,
                LONG_AGO,
                patient=PatientId(patient) if patient else None,
                room=RoomId(room) if room else None,
            )
            for name, (patient, room) in _LIFE.items()
            if patient or room
        ),
        staff={
            one.id: one
            for one in (
                _staff("anne", "a"),
                _staff("per", "a"),
                _staff("eva", "a", competence=Competence.ASSISTANT),
                _staff("stud", "a", role=Role.STUDENT, competence=Competence.STUDENT),
                _staff("omar", "b"),
                _staff("lise", "b", role=Role.NURSE, competence=Competence.NURSE),
                _staff("tore", "a", "b", role=Role.TECHNICIAN, competence=Competence.ASSISTANT),
            )
        },
        handsets={HandsetId(f"h{n}"): Handset(HandsetId(f"h{n}")) for n in range(7)},
    )


def _stay(
    patient: str, bed: str, assigned: Sequence[str] = (), backup: Sequence[str] = ()
) -> Stay:
    return Stay(
        PatientId(patient),
        BedId(bed),
        LONG_AGO,
        assigned=tuple(StaffId(one) for one in assigned),
        backup=tuple(StaffId(one) for one in backup),
    )


def _staff(
    name: str,
    *units: str,
    role: Role = Role.CARER,
    competence: Competence = Competence.HEALTH_WORKER,
) -> Staff:
    return Staff(StaffId(name), role, competence, tuple(UnitId(unit) for unit in units))


def with_stay(plan: Plan, patient: str, **changes: object) -> Plan:
    """Change one patient's stay."""
    stays = tuple(
        replace(stay, **changes) if stay.patient == patient else stay  # type: ignore[arg-type]
        for stay in plan.stays
    )
    return replace(plan, stays=stays)


def with_device(plan: Plan, device: str, **changes: object) -> Plan:
    """Change one device."""
    now = replace(plan.devices[DeviceId(device)], **changes)  # type: ignore[arg-type]
    return replace(plan, devices={**plan.devices, now.id: now})


def rule(name: str = "r1", *triggers: TriggerKind | Trigger, **changes: object) -> Rule:
    """Make an active rule of Ola's, with basis and review date; bed exit unless told else."""
    made = Rule(
        id=RuleId(name),
        version=1,
        patient=PatientId("ola"),
        need="vil ikke ligge på gulvet",
        triggers=tuple(
            one if isinstance(one, Trigger) else Trigger(one)
            for one in (triggers or (TriggerKind.BED_EXIT,))
        ),
        call_type=CallType.BED_EXIT,
        state=RuleState.ACTIVE,
        basis=Basis.CONSENT,
        review_by=date(2026, 12, 1),
    )
    return replace(made, **changes)  # type: ignore[arg-type]


def with_rules(*rules: Rule, plan: Plan | None = None) -> Plan:
    """Give the house these rules."""
    return replace(plan or solvik(), rules=rules)


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


def telephone(staff: str) -> HandsetId:
    """Each person's telephone is named after them."""
    return HandsetId(f"tel-{staff}")


def owner(handset: str) -> str:
    """Return whose telephone it is."""
    return handset.removeprefix("tel-")


# --- Signals ----------------------------------------------------------------------------------


def signal(device: str, *readings: Reading, **more: object) -> SignalReceived:
    """Receive a message from a device; the night gives it its id."""
    return SignalReceived(SignalId(""), DeviceId(device), readings, **more)  # type: ignore[arg-type]


def press(
    device: str = "wrist-ola", trigger: HelpTrigger = HelpTrigger.PRESS, **more: object
) -> SignalReceived:
    """Press for help."""
    return signal(device, HelpPressed(trigger), **more)


def bed(*, occupied: bool, device: str = "bed-ola", **more: object) -> SignalReceived:
    """Lie down or get up."""
    return signal(device, BedChanged(occupied), **more)


def motion(*, on: bool, device: str = "pir-204", **more: object) -> SignalReceived:
    """Move or be still."""
    return signal(device, MotionSeen(on), **more)


def door(*, opened: bool, device: str = "door-204", **more: object) -> SignalReceived:
    """Open or close."""
    return signal(device, DoorMoved(opened), **more)


def backlog(since: datetime) -> Delivery:
    """Make a delivery from before the marker."""
    return Delivery(backlog_since=since)


# --- Taps -------------------------------------------------------------------------------------


def by(staff: str, operation: str = "", client_at: datetime | None = None) -> By:
    """Let somebody act on their own telephone."""
    return By(StaffId(staff), telephone(staff), OperationId(operation), client_at)


def take(
    staff: str, call: str = "1-1", operation: str = "", client_at: datetime | None = None
) -> CallTaken:
    """«Jeg tar den»."""
    return CallTaken(CallId(call), by(staff, operation, client_at))


def decline(staff: str, call: str = "1-1") -> CallDeclined:
    """«Kan ikke»."""
    return CallDeclined(CallId(call), by(staff), "busy")


def hand_over(staff: str, to: str, call: str = "1-1") -> CallHandedOver:
    """«Overfør»."""
    return CallHandedOver(CallId(call), by(staff), StaffId(to))


def arrive(
    staff: str, call: str = "1-1", room: str = "", client_at: datetime | None = None
) -> Arrived:
    """«Jeg er hos pasienten»."""
    return Arrived(CallId(call), by(staff, "", client_at), room)


def left(staff: str, call: str = "1-1") -> Left:
    """Leave without closing."""
    return Left(CallId(call), by(staff))


def close(
    staff: str, call: str = "1-1", outcome: Outcome = Outcome.HELPED, reason: str = ""
) -> CallClosed:
    """«Avslutt»."""
    return CallClosed(CallId(call), by(staff), outcome, reason)


def undo(staff: str, call: str = "1-1") -> TakeUndone:
    """«Angre»."""
    return TakeUndone(CallId(call), by(staff))


def ask(
    staff: str, *, emergency: bool = False, call: str = "", room: str = "", operation: str = ""
) -> HelpAsked:
    """Ask for help from a telephone."""
    return HelpAsked(by(staff, operation), emergency, CallId(call) if call else None, room)


def pause(staff: str, until: datetime, rule_id: str = "", reason: str = "stell") -> PauseSet:
    """Pause Ola's rules."""
    chosen = RuleId(rule_id) if rule_id else None
    return PauseSet(by(staff), PatientId("ola"), until, reason, chosen)


def resume(staff: str, rule_id: str = "") -> PauseEnded:
    """End a pause early."""
    return PauseEnded(by(staff), PatientId("ola"), RuleId(rule_id) if rule_id else None)


# --- Telephones -------------------------------------------------------------------------------


def sign_in(staff: str, *units: str) -> SignedIn:
    """Come to duty."""
    return SignedIn(telephone(staff), StaffId(staff), tuple(UnitId(unit) for unit in units))


def sign_out(staff: str) -> SignedOut:
    """Go off duty."""
    return SignedOut(telephone(staff), StaffId(staff))


def reports(staff: str, state: HandsetState) -> HandsetReported:
    """Let the gateway judge a telephone."""
    return HandsetReported(telephone(staff), state)
