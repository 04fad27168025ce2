"""Whatever happens in a night: sentences that hold after every step."""

from datetime import datetime, timedelta
from typing import Any

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant
from hypothesis.stateful import rule as happens

from routing.calls import CallState
from routing.cards import allowed, shown_on
from routing.draft import Draft
from routing.effects import Book, Reply, Ring, Send, Show, Withdraw
from routing.events import (
    BridgeChanged,
    BrokerChanged,
    Delivery,
    Event,
    HandsetState,
    Outcome,
    PlanAdopted,
    ReceiptGiven,
    ReceiptKind,
    SignalReceived,
    Started,
    TimePassed,
)
from routing.ids import BridgeId, CallId
from routing.plan import Plan, RuleState, TriggerKind
from routing.readings import HelpPressed
from routing.state import State
from routing.step import empty, next_deadline, step
from routing.who import is_student
from tests.routing import night as n

# A limit that cuts an example in two is read as flaky, and coverage makes a night long.
pytestmark = pytest.mark.timeout(900)

STAFF = ("anne", "per", "eva", "stud", "omar", "lise")
ALARMS = ("wrist-ola", "wrist-kari", "cord-204", "cord-301", "wrist-spare")
Kept = tuple[dict[Any, Any], ...]


def kept(state: State) -> Kept:
    """Copy every dict of a state: a step must write to none of them."""
    return (
        dict(state.calls),
        dict(state.handsets),
        dict(state.devices),
        dict(state.bridges),
        dict(state.waiting),
        dict(state.proofs),
        dict(state.places),
        *(dict(call.ringing) for call in state.calls.values()),
    )


def plan() -> Plan:
    made = n.with_rules(
        n.rule("r1", delay=timedelta(minutes=3), ends_by_itself=True),
        n.rule("r2", TriggerKind.DOOR_OPEN, state=RuleState.TRIAL),
        n.rule("r3", TriggerKind.MOTION),
    )
    return n.with_device(made, "bed-ola", expect_every=timedelta(hours=1))


class AnyNight(RuleBasedStateMachine):
    """Events in any order; time passes as the shell lets it, or jumps as after an outage."""

    def __init__(self) -> None:
        super().__init__()
        self.state: State = empty(plan())
        self.now: datetime = n.Night().clock("00:00")
        self.serial = 0
        self.epoch = 0
        self.ids: dict[CallId, None] = {}
        self.given: list[tuple[State, Kept]] = []

    def offer(self, event: Event) -> tuple[object, ...]:
        before = self.state
        self.given.append((before, kept(before)))
        self.state, effects = step(before, event, self.now)
        again = step(before, event, self.now)
        assert (self.state, effects) == again, "the same question has the same answer"
        self.check(before, event, effects)
        return effects

    def check(self, before: State, event: Event, effects: tuple[object, ...]) -> None:
        for call in self.state.calls:
            if call not in before.calls:
                assert call not in self.ids, "an id is used once"
                self.ids[call] = None
        books = [one for one in effects if isinstance(one, Book)]
        assert len(books) == isinstance(event, SignalReceived)
        if hasattr(event, "by") and not isinstance(event, PlanAdopted):
            assert len([one for one in effects if isinstance(one, Reply)]) == 1
        rings = {
            (call.id, handset) for call in before.calls.values() for handset in call.ringing
        }
        for one in effects:
            if isinstance(one, Ring):
                rings.add((one.call, one.handset))
                assert one.because.reason
            elif isinstance(one, Withdraw):
                rings.discard((one.call, one.handset))
        silent = {
            (call.id, handset) for call in self.state.calls.values() for handset in call.ringing
        }
        # The telephone that was tapped knows by its answer and gets no withdrawal.
        tapped = getattr(getattr(event, "by", None), "handset", None)
        assert {one for one in rings if one[1] != tapped} == {
            one for one in silent if one[1] != tapped
        }, "Ring and Withdraw announce exactly what changed"
        self.check_press(event, effects, books)
        self.check_told(effects)

    def check_told(self, effects: tuple[object, ...]) -> None:
        afresh = Draft(self.state, self.now)
        afresh.listen_until(self.state.listening_until)
        assert afresh.done()[0].due == self.state.due, "the deadline kept is the real one"
        for one in effects:
            if isinstance(one, Show) and one.call in self.state.open:
                lists = [h for h in self.state.handsets if one.call in shown_on(self.state, h)]
                assert list(one.handsets) == lists, "who lists a call is told what changed"

    def teardown(self) -> None:
        for state, was in self.given:
            assert kept(state) == was, "a state that was given never changes"

    def check_press(self, event: Event, effects: tuple[object, ...], books: list[Book]) -> None:
        if not isinstance(event, SignalReceived) or not isinstance(
            event.readings[0], HelpPressed
        ):
            return
        call = self.state.calls[books[0].call]  # type: ignore[index]
        assert any(isinstance(one, Ring | Send) for one in effects) or not any(
            now.staff
            and now.state is not HandsetState.GONE
            and not is_student(self.state.plan, now.staff)
            and now.staff not in call.present
            for now in self.state.handsets.values()
        ), "a press is never silent while somebody can hear it"

    def operation(self) -> str:
        self.serial += 1
        return f"o{self.serial}"

    @initialize()
    def start(self) -> None:
        self.restart()

    @happens()
    def restart(self) -> None:
        self.epoch += 1
        self.offer(Started(self.epoch, "t", "t", self.now + timedelta(seconds=8)))

    @happens(seconds=st.sampled_from((0.5, 2, 3, 30, 61, 301, 4000)))
    def time_passes(self, seconds: float) -> None:
        then = self.now + timedelta(seconds=seconds)
        for _ in range(400):
            due = next_deadline(self.state)
            if due is None or due > then:
                break
            self.now = max(self.now, due)
            self.offer(TimePassed())
            later = next_deadline(self.state)
            assert later is None or later > self.now, "what is due was done"
        self.now = then

    @happens(seconds=st.sampled_from((1, 40, 700)))
    def the_hub_is_away(self, seconds: float) -> None:
        self.now += timedelta(seconds=seconds)

    @happens(staff=st.sampled_from(STAFF))
    def signs_in(self, staff: str) -> None:
        self.offer(n.sign_in(staff))

    @happens(staff=st.sampled_from(STAFF))
    def signs_out(self, staff: str) -> None:
        self.offer(n.sign_out(staff))

    @happens(staff=st.sampled_from(STAFF), state=st.sampled_from(list(HandsetState)))
    def telephone(self, staff: str, state: HandsetState) -> None:
        self.offer(n.reports(staff, state))

    @happens(device=st.sampled_from(ALARMS), late=st.booleans())
    def presses(self, device: str, *, late: bool) -> None:
        self.serial += 1
        delivery = n.backlog(self.now - timedelta(minutes=20)) if late else Delivery()
        event = n.press(device, key=f"k{self.serial}", delivery=delivery)
        self.offer(event)

    @happens(on=st.booleans(), which=st.sampled_from(("bed", "door", "motion")))
    def senses(self, which: str, *, on: bool) -> None:
        match which:
            case "bed":
                self.offer(n.bed(occupied=on))
            case "door":
                self.offer(n.door(opened=on))
            case _:
                self.offer(n.motion(on=on))

    @happens(data=st.data(), staff=st.sampled_from(STAFF), what=st.integers(0, 6))
    def taps(self, data: st.DataObject, staff: str, what: int) -> None:
        if not self.state.calls:
            return
        call = data.draw(st.sampled_from(list(self.state.calls)))
        by = n.by(staff, self.operation())
        other = data.draw(st.sampled_from(STAFF))
        tap = (
            n.take(staff, call),
            n.decline(staff, call),
            n.hand_over(staff, other, call),
            n.arrive(staff, call),
            n.left(staff, call),
            n.close(staff, call, data.draw(st.sampled_from((Outcome.HELPED, Outcome.SPOKE)))),
            n.undo(staff, call),
        )[what]
        object.__setattr__(tap, "by", by)
        self.offer(tap)

    @happens(staff=st.sampled_from(STAFF), emergency=st.booleans())
    def asks(self, staff: str, *, emergency: bool) -> None:
        self.offer(n.ask(staff, emergency=emergency, operation=self.operation()))

    @happens(data=st.data(), kind=st.sampled_from(list(ReceiptKind)))
    def confirms(self, data: st.DataObject, kind: ReceiptKind) -> None:
        ringing = [(c.id, h) for c in self.state.calls.values() for h in c.ringing]
        if ringing:
            call, handset = data.draw(st.sampled_from(ringing))
            self.offer(ReceiptGiven(handset, call, kind))

    @happens(up=st.booleans())
    def broker(self, *, up: bool) -> None:
        self.offer(BrokerChanged(up))

    @happens(online=st.booleans())
    def bridge(self, *, online: bool) -> None:
        self.offer(BridgeChanged(BridgeId("zigbee"), online))

    @invariant()
    def no_call_dies_quietly(self) -> None:
        for call in map(self.state.calls.__getitem__, self.state.open):
            if call.state is CallState.RINGING:
                assert call.climbs_at is not None
                last = call.rung >= len(call.ladder.rungs)
                rung = call.ladder.failsafe if last else call.ladder.rungs[call.rung]
                patience = max(rung.patience, timedelta(seconds=10))
                assert call.climbs_at <= (self.state.now or self.now) + patience
                assert call.ringing or last, "rings somewhere or has reached the failsafe"
            if call.state is CallState.TAKEN:
                assert call.owner is not None
                assert call.arrive_by is not None
            if call.owner is None:
                assert call.arrive_by is None

    @invariant()
    def who_is_present_is_at_a_call_that_says_so(self) -> None:
        for call in map(self.state.calls.__getitem__, self.state.open):
            assert bool(call.present) is (call.state is CallState.PRESENT)

    @invariant()
    def students_never_ring_alone(self) -> None:
        for call in self.state.calls.values():
            if call.ringing and call.state is CallState.RINGING:
                assert not all(
                    is_student(self.state.plan, one.staff) for one in call.ringing.values()
                )

    @invariant()
    def limits_hold(self) -> None:
        state = self.state
        assert list(state.open) == [c.id for c in state.calls.values() if c.closed_at is None]
        for device in state.devices.values():
            assert len(device.keys) <= 16
        for call in state.calls.values():
            assert len(call.presses) <= 20
            assert call.owner not in call.responders
            if call.state is CallState.CLOSED:
                assert not call.ringing
                assert call.climbs_at is None

    @invariant()
    def buttons_offered_work(self) -> None:
        for call in map(self.state.calls.__getitem__, self.state.open):
            for staff in STAFF:
                can = allowed(self.state, call, n.StaffId(staff))
                taps = {"take": n.take, "arrive": n.arrive, "close": n.close, "leave": n.left}
                for name, tap in taps.items():
                    if name in can:
                        event = tap(staff, call.id)
                        if name == "close":  # from elsewhere after a talk that took place
                            event = n.close(staff, call.id, Outcome.SPOKE)
                        _, effects = step(self.state, event, self.now)
                        reply = next(one for one in effects if isinstance(one, Reply))
                        due = next_deadline(self.state)
                        passed = due is not None and due < self.now
                        assert reply.ok or passed, (name, reply)


AnyNight.TestCase.settings = settings(
    max_examples=25,
    stateful_step_count=40,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow],
)
TestAnyNight = AnyNight.TestCase
