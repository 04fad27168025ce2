"""People at work: they walk, hear, forget, decline, take, arrive and close, and go home.

A carer acts only through the telephone: every tap is an operation with its own id that waits in
the page's outbox until it is answered. Delays are drawn from what was measured or is usual: a
call is heard within seconds, walked to within a minute or two, and lasts some minutes.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import timedelta
from random import Random

from routing.effects import Reason, Reply
from routing.events import (
    Arrived,
    By,
    CallClosed,
    CallDeclined,
    CallHandedOver,
    CallTaken,
    Event,
    HelpAsked,
    Left,
    Outcome,
    PauseSet,
    SignedIn,
    SignedOut,
    TakeUndone,
)
from routing.ids import CallId, HandsetId, OperationId, StaffId
from routing.plan import Competence, Plan, Role, Staff
from routing.state import Call, is_open
from simulators.agenda import Agenda
from simulators.faults import Fault, Trouble
from simulators.phones import Gateway, Phone
from simulators.shell import Shell

OUTCOMES = (
    Outcome.HELPED,
    Outcome.HELPED,
    Outcome.TOILET,
    Outcome.UNREST,
    Outcome.FOOD_DRINK,
    Outcome.NOT_NEEDED,
)

OnArrival = Callable[[Call], None]


@dataclass(slots=True)
class Mood:
    """How reliable people are; at the end of the night everybody is willing."""

    hears: float = 0.93
    takes: float = 0.80
    declines: float = 0.10
    presses_arrived: float = 0.94
    closes: float = 0.93
    willing: bool = False


WILLING = Mood(hears=1, takes=1, declines=0, presses_arrived=1, closes=1, willing=True)


@dataclass(frozen=True, slots=True)
class Floor:
    """What all carers share."""

    agenda: Agenda
    plan: Plan
    shell: Shell
    gateway: Gateway
    troubles: Sequence[Trouble]
    on_arrival: OnArrival


class Carer:
    """One person on one shift."""

    def __init__(self, floor: Floor, person: Staff, seed: int, mood: Mood) -> None:
        """Not at work yet."""
        self._floor = floor
        self.person = person
        self._dice = Random(f"{seed}/carer/{person.id}")
        self._mood = mood
        self._taps = 0
        self.phone: Phone | None = None
        self.going: CallId | None = None
        self.present: CallId | None = None
        self._sure = False
        self._thinking: dict[CallId, bool] = {}
        self._told_no: dict[CallId, float] = {}
        self._busy = [t for t in floor.troubles if t.fault is Fault.BUSY]

    # --- shift --------------------------------------------------------------------------------

    def sign_in(self, handset: HandsetId) -> None:
        """Take a telephone for the shift; try again while the hub is away."""
        if not self._floor.shell.up:
            self._floor.agenda.after(5, lambda: self.sign_in(handset))
            return
        phone = self._floor.gateway.phones.setdefault(handset, Phone(handset))
        phone.staff = self.person.id
        phone.on_ring = self.hear
        self.phone = phone
        self._floor.shell.submit(SignedIn(handset, self.person.id))
        self._floor.gateway.connect(phone)

    def sign_out(self) -> None:
        """Put the telephone down; open calls come back to the others."""
        phone = self.phone
        if phone is None:
            return
        if not self._floor.shell.up:
            self._floor.agenda.after(5, self.sign_out)
            return
        if self.present is not None and not self._mood.willing:
            self._floor.agenda.after(60, self.sign_out)
            return
        self._floor.shell.submit(SignedOut(phone.handset, self.person.id))
        phone.staff = None
        phone.connection = 0
        phone.reported = None
        phone.ringing.clear()
        phone.outbox.clear()
        phone.on_reply.clear()
        phone.on_ring = None
        self.phone = None
        self.going = self.present = None

    @property
    def at_work(self) -> bool:
        """Signed in."""
        return self.phone is not None

    def become(self, mood: Mood) -> None:
        """Change how reliable this person is."""
        self._mood = mood

    # --- a ring -------------------------------------------------------------------------------

    def hear(self, call: CallId) -> None:
        """The telephone rings: react after some seconds, or do not hear it."""
        if self._thinking.get(call) or self.phone is None:
            return
        if self._dice.random() > self._mood.hears:
            return
        self._thinking[call] = True
        self._floor.agenda.after(
            min(90.0, 1.5 + self._dice.lognormvariate(1.8, 0.7)), lambda: self._decide(call)
        )

    def _decide(self, call: CallId) -> None:
        self._thinking.pop(call, None)
        phone = self.phone
        if phone is None or call not in phone.ringing:
            return
        self._floor.gateway.seen(phone, call)
        if call in (self.going, self.present):
            return  # already on it: the patient pressed again
        busy = self._trouble()
        occupied = self.going is not None or self.present is not None
        if busy == "ignores":
            return
        if busy == "declines" or (occupied and self._dice.random() < 0.35):
            self._tap(lambda by: CallDeclined(call, by, "busy"))
            return
        if occupied:
            # Later, when the hands are free, what still rings is looked at again.
            self._floor.agenda.after(self._dice.uniform(20, 90), lambda: self._again(call))
            return
        drawn = self._dice.random()
        if drawn < self._mood.takes:
            self._take(call)
        elif drawn < self._mood.takes + self._mood.declines:
            self._tap(
                lambda by: CallDeclined(call, by, self._dice.choice(("busy", "break", "")))
            )
        else:
            self._floor.agenda.after(self._dice.uniform(30, 120), lambda: self._again(call))

    def _again(self, call: CallId) -> None:
        if self.phone is not None and call in self.phone.ringing:
            self.hear(call)

    def _trouble(self) -> str:
        seconds = self._floor.agenda.seconds
        return next((t.target for t in self._busy if t.now(seconds)), "")

    def look(self) -> None:
        """Look at the telephone: what rings there and was not answered?"""
        if self.phone is not None:
            for call in list(self.phone.ringing):
                if self._told_no.get(call, 0) <= self._floor.agenda.seconds:
                    self.hear(call)

    # --- going there --------------------------------------------------------------------------

    def _take(self, call: CallId) -> None:
        self.going = call
        self._sure = False
        self._tap(lambda by: CallTaken(call, by), lambda reply: self._took(call, reply))
        self._floor.agenda.after(45, lambda: self._doubt(call))

    def _doubt(self, call: CallId) -> None:
        """No answer to «Jeg tar den»: it may not have been heard, so somebody else must go."""
        if self.going == call and not self._sure:
            self.going = None

    def _took(self, call: CallId, reply: Reply) -> None:
        self._sure = self.going == call
        if not reply.ok:
            if self.going == call:
                self.going = None
            # Never twice the same question in the same breath.
            self._told_no[call] = self._floor.agenda.seconds + 120
            return
        if self._dice.random() < 0.02 and not self._mood.willing:
            self._floor.agenda.after(
                self._dice.uniform(1, 6),
                lambda: self._tap(lambda by: TakeUndone(call, by), lambda _: self._stop(call)),
            )
            return
        if self._dice.random() < 0.02 and not self._mood.willing:
            self._tap(lambda by: CallDeclined(call, by, "busy"), lambda _: self._stop(call))
            return
        if self._dice.random() < 0.03 and not self._mood.willing:
            self._hand_over(call)
        self._floor.agenda.after(self._dice.uniform(8, 110), lambda: self._reach(call))

    def _stop(self, call: CallId) -> None:
        if self.going == call:
            self.going = None
        if self.present == call:
            self.present = None

    def _call(self, call: CallId) -> Call | None:
        known = self._floor.shell.state.calls.get(call)
        return known if known is not None and is_open(known) else None

    def _room(self, call: CallId) -> str:
        known = self._call(call)
        return str(known.room) if known is not None and known.room is not None else ""

    def _reach(self, call: CallId) -> None:
        known = self._call(call)
        if self.going != call or known is None:
            self._stop(call)
            return
        self._floor.on_arrival(known)
        self.going, self.present = None, call
        care_s = self._dice.uniform(40, 420)
        if self._dice.random() < self._mood.presses_arrived:
            room = self._room(call)
            self._tap(
                lambda by: Arrived(call, by, room), lambda reply: self._at_place(call, reply)
            )
        else:
            # Helped without a word: the hub will ring again, and somebody comes for nothing.
            self._floor.agenda.after(care_s, lambda: self._stop(call))
            return
        self._floor.agenda.after(care_s, lambda: self._finish(call))

    def _at_place(self, call: CallId, reply: Reply) -> None:
        if not reply.ok:
            self._stop(call)
            return
        if self._mood.willing:
            return
        drawn = self._dice.random()
        if drawn < 0.03:
            self._tap(lambda by: HelpAsked(by, False, call, self._room(call)))  # noqa: FBT003
        elif drawn < 0.036:
            self._tap(lambda by: HelpAsked(by, True, call, self._room(call)))  # noqa: FBT003
        elif drawn < 0.05:
            self._pause(call)
        elif drawn < 0.08:
            self._give_away(call)

    def _give_away(self, call: CallId) -> None:
        """Needed elsewhere: a colleague is asked to take over, and may not be waited for."""
        self._hand_over(call)
        self._floor.agenda.after(self._dice.uniform(5, 120), lambda: self._leave(call))

    def _leave(self, call: CallId) -> None:
        if self.present == call:
            self._tap(lambda by: Left(call, by))
            self._stop(call)

    def _pause(self, call: CallId) -> None:
        known = self._call(call)
        if known is None or known.patient is None or self.person.role is not Role.NURSE:
            return
        patient = known.patient
        until = self._floor.shell.now() + timedelta(minutes=self._dice.choice((15, 30, 60)))
        self._tap(lambda by: PauseSet(by, patient, until, "in the bath with help"))

    def _finish(self, call: CallId) -> None:
        if self.present != call:
            return
        if self._dice.random() > self._mood.closes:
            if self._dice.random() < 0.5:
                self._tap(lambda by: Left(call, by))
            self._stop(call)
            return
        outcome = self._dice.choice(OUTCOMES)
        self._tap(lambda by: CallClosed(call, by, outcome), lambda r: self._closed(call, r))

    def _closed(self, call: CallId, reply: Reply) -> None:
        if not reply.ok and reply.because.reason is Reason.NOT_COMPETENT:
            nurse = self._nurse()
            if nurse is not None:
                self._tap(lambda by: CallHandedOver(call, by, nurse))
            self._told_no[call] = self._floor.agenda.seconds + 600
            later = self._dice.uniform(5, 120)
            self._floor.agenda.after(later, lambda: self._tap(lambda by: Left(call, by)))
        self._stop(call)
        self._floor.agenda.after(self._dice.uniform(1, 5), self.look)

    def _nurse(self) -> StaffId | None:
        for phone in self._floor.gateway.phones.values():
            if phone.staff is None or phone.staff == self.person.id:
                continue
            if self._floor.plan.staff[phone.staff].competence is Competence.NURSE:
                return phone.staff
        return None

    def _hand_over(self, call: CallId) -> None:
        others = [
            p.staff
            for p in self._floor.gateway.phones.values()
            if p.staff is not None and p.staff != self.person.id
        ]
        if others:
            to = self._dice.choice(others)
            self._tap(lambda by: CallHandedOver(call, by, to))

    # --- the telephone ------------------------------------------------------------------------

    def _tap(
        self, make: Callable[[By], Event], on_reply: Callable[[Reply], None] | None = None
    ) -> None:
        phone = self.phone
        if phone is None:
            return
        self._taps += 1
        operation = OperationId(f"{self.person.id}/{self._taps}")
        by = By(self.person.id, phone.handset, operation, None, self._taps)
        event = make(by)
        self._floor.gateway.tap(phone, operation, event, on_reply or (lambda _: None))
