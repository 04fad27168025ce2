"""Any events in any order, under the very truths of the simulated nights.

`pytest --hypothesis-show-statistics` prints how many calls each example rang, and how many of
them were taken, climbed, came back and were closed: a machine that rings nobody proves nothing.
"""

from dataclasses import replace
from datetime import timedelta

from hypothesis import HealthCheck, event, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant
from hypothesis.stateful import rule as happens

from routing.effects import Move, Note
from routing.events import (
    Arrived,
    BridgeChanged,
    BrokerChanged,
    CallClosed,
    CallDeclined,
    CallHandedOver,
    CallTaken,
    Delivery,
    HandsetReported,
    HandsetState,
    HelpAsked,
    Left,
    Outcome,
    PauseSet,
    PlanAdopted,
    ReceiptGiven,
    ReceiptKind,
    SignedIn,
    SignedOut,
    StoreChanged,
    StoreState,
    TakeUndone,
)
from routing.ids import BridgeId, CallId, DeviceId, PatientId
from routing.plan import Plan, RuleState
from routing.readings import BedChanged
from tests.simulators.scene import CARER, NURSE, STUDENT, Scene

PEOPLE = (CARER, NURSE, STUDENT)
WRISTS = tuple(DeviceId(f"wrist-{n}") for n in range(4))
STAGES = (Move.OPENED, Move.TAKEN, Move.CLIMBED, Move.REOPENED, Move.CLOSED)


def _paused(plan: Plan) -> Plan:
    to = {RuleState.ACTIVE: RuleState.PAUSED, RuleState.PAUSED: RuleState.ACTIVE}
    return replace(
        plan, rules=tuple(replace(r, state=to.get(r.state, r.state)) for r in plan.rules)
    )


class AnyEvents(RuleBasedStateMachine):
    """Three people, four wrist alarms, a bed with a rule, and whatever comes."""

    def __init__(self) -> None:
        super().__init__()
        self.scene = Scene()

    @initialize(first=st.sampled_from(WRISTS), data=st.data(), how_far=st.integers(-1, 3))
    def somebody_presses(self, first: DeviceId, data: st.DataObject, how_far: int) -> None:
        """Each example begins with a call; in most of them somebody goes there."""
        self.scene.press(device=first)
        if how_far >= 0:
            self._answered(data, how_far)

    @happens(device=st.sampled_from(WRISTS), late=st.booleans())
    def presses(self, device: DeviceId, *, late: bool) -> None:
        since = self.scene.now - timedelta(minutes=12)
        self.scene.press(
            device=device, delivery=Delivery(backlog_since=since) if late else Delivery()
        )

    @happens(occupied=st.booleans())
    def bed(self, *, occupied: bool) -> None:
        self.scene.signal(BedChanged(occupied=occupied), device=DeviceId("bed-4"))

    @happens(seconds=st.sampled_from((1, 3, 31, 61, 130, 700)))
    def time_passes(self, seconds: float) -> None:
        self.scene.after(seconds)

    @happens(kind=st.sampled_from((ReceiptKind.RINGING, ReceiptKind.SEEN)))
    def telephones_say_that_they_ring(self, kind: ReceiptKind) -> None:
        ringing = [(c.id, h) for c in self.scene.state.calls.values() for h in c.ringing]
        for call, handset in ringing:
            self.scene.do(ReceiptGiven(handset, call, kind))

    @happens(data=st.data(), who=st.sampled_from(PEOPLE), what=st.integers(0, 8))
    def taps(self, data: st.DataObject, who: tuple[str, str], what: int) -> None:
        calls = self.scene.state.open or tuple(self.scene.state.calls)
        if not calls:
            return
        call = data.draw(st.sampled_from(calls))
        by = self.scene.by(who)  # pyright: ignore[reportArgumentType]
        other = data.draw(st.sampled_from(PEOPLE))[0]
        self.scene.do(
            (
                CallTaken(call, by),
                CallTaken(call, by),
                Arrived(call, by, ""),
                Arrived(call, by, ""),
                CallClosed(call, by, Outcome.HELPED),
                CallDeclined(call, by, "busy"),
                CallHandedOver(call, by, other),
                Left(call, by),
                TakeUndone(call, by),
            )[what]
        )

    @happens(data=st.data(), how_far=st.integers(0, 3))
    def who_is_rung_answers(self, data: st.DataObject, how_far: int) -> None:
        """As it usually goes: takes it, comes, and ends it, leaves, or is never seen again."""
        self._answered(data, how_far)

    def _answered(self, data: st.DataObject, how_far: int) -> None:
        scene = self.scene
        ringing = [
            (c.id, r.staff, h) for c in scene.state.calls.values() for h, r in c.ringing.items()
        ]
        if not ringing:
            return
        call, staff, handset = data.draw(st.sampled_from(ringing))
        who = (staff, handset)
        scene.do(ReceiptGiven(handset, call, ReceiptKind.RINGING))
        scene.after(4).do(CallTaken(call, scene.by(who)))
        if how_far == 0:
            scene.after(700)  # it must have come back by then
        else:
            scene.after(40).do(Arrived(call, scene.by(who), ""))
        if how_far > 1:
            by = scene.by(who)
            ends = CallClosed(call, by, Outcome.HELPED) if how_far > 2 else Left(call, by)
            scene.after(90).do(ends)

    @happens(who=st.sampled_from(PEOPLE), emergency=st.booleans())
    def asks_for_help(self, who: tuple[str, str], *, emergency: bool) -> None:
        self.scene.do(HelpAsked(self.scene.by(who), emergency))  # pyright: ignore[reportArgumentType]

    @happens(minutes=st.sampled_from((1, 30)))
    def pauses(self, minutes: int) -> None:
        until = self.scene.now + timedelta(minutes=minutes)
        by = self.scene.by(NURSE)
        self.scene.do(PauseSet(by, PatientId("patient-4"), until, "in the bath"))

    @happens(who=st.sampled_from(PEOPLE), state=st.sampled_from(list(HandsetState)))
    def telephone(self, who: tuple[str, str], state: HandsetState) -> None:
        self.scene.do(HandsetReported(who[1], state))  # pyright: ignore[reportArgumentType]

    @happens(who=st.sampled_from(PEOPLE), on=st.booleans())
    def shift(self, who: tuple[str, str], *, on: bool) -> None:
        if on:
            self.scene.do(SignedIn(who[1], who[0]))  # pyright: ignore[reportArgumentType]
            self.scene.do(HandsetReported(who[1], HandsetState.READY))  # pyright: ignore[reportArgumentType]
        else:
            self.scene.do(SignedOut(who[1], who[0]))  # pyright: ignore[reportArgumentType]

    @happens(what=st.sampled_from(("rules", "practice", "ladders")))
    def plan_is_edited(self, what: str) -> None:
        plan = self.scene.state.plan
        until = self.scene.now + timedelta(minutes=5)
        match what:
            case "rules":
                new = _paused(plan)
            case "practice":
                stays = tuple(
                    replace(s, practice_until=until) if s.patient == "patient-2" else s
                    for s in plan.stays
                )
                new = replace(plan, stays=stays)
            case _:
                ladders = {
                    name: replace(ladder, version=ladder.version + 1)
                    for name, ladder in plan.ladders.items()
                }
                new = replace(plan, ladders=ladders)
        self.scene.do(PlanAdopted(replace(new, version=plan.version + 1)))

    @happens(state=st.sampled_from(list(StoreState)))
    def store(self, state: StoreState) -> None:
        self.scene.do(StoreChanged(state))

    @happens(up=st.booleans())
    def broker(self, *, up: bool) -> None:
        self.scene.do(BrokerChanged(up=up, since=self.scene.now))

    @happens(online=st.booleans())
    def bridge(self, *, online: bool) -> None:
        self.scene.do(BridgeChanged(BridgeId("z2m-1"), online=online))

    @invariant()
    def every_truth_holds(self) -> None:
        assert not self.scene.broken, list(self.scene.watch.broken.values())

    def teardown(self) -> None:
        """Say how far the calls came, so that a weak machine shows."""
        moves: dict[Move, dict[CallId, None]] = {}
        for _, _, effects in self.scene.watch.log:
            for one in effects:
                if isinstance(one, Note):
                    moves.setdefault(one.move, {})[one.call] = None
        for move in STAGES:
            count = len(moves.get(move, {}))
            event(f"calls {move}: {count if count < 4 else '4 or more'}")


AnyEvents.TestCase.settings = settings(
    max_examples=30,
    stateful_step_count=35,
    deadline=None,
    derandomize=True,  # the same in every run of CI; `simulate find` looks for new ones
    suppress_health_check=[HealthCheck.too_slow],
)
TestAnyEvents = AnyEvents.TestCase
