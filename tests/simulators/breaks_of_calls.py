"""Scenes that break the truths of a call's life, and of who rings."""

from dataclasses import replace

from routing.calls import CallState
from routing.effects import (
    Considered,
    Move,
    Note,
    Reason,
    Reply,
    Ring,
    Withdraw,
)
from routing.events import (
    CallTaken,
    HelpAsked,
    SignalReceived,
    TimePassed,
)
from routing.plan import (
    Target,
    TargetKind,
)
from routing.readings import BedChanged
from routing.state import Ringing, State
from tests.simulators.breaks import CALL, WHY, breaks, change_call, only_on, without
from tests.simulators.scene import (
    CARER,
    NURSE,
    STUDENT,
    Effects,
    Scene,
    with_call,
)

# --- a call's life ---


@breaks("an-untaken-call-rings-or-climbs")
def a_call_forgets_when_to_climb() -> Scene:
    return change_call(Scene(), SignalReceived, climbs_at=None).press()


@breaks("no-step-waits-for-an-empty-chair")
def a_call_waits_for_an_empty_chair() -> Scene:
    @only_on(SignalReceived)
    def spoil(_: State, after: State, effects: Effects) -> tuple[State, Effects]:
        call = replace(list(after.calls.values())[-1], ringing={})
        return with_call(after, call), without(effects, Ring)

    return Scene().spoilt(spoil).press()


@breaks("nothing-is-overdue")
def a_deadline_is_forgotten() -> Scene:
    @only_on(TimePassed)
    def spoil(before: State, after: State, effects: Effects) -> tuple[State, Effects]:
        return replace(before, now=after.now), ()

    return Scene().press().rings().spoilt(spoil).after(70)


@breaks("no-call-dies-quietly")
def a_call_is_forgotten() -> Scene:
    scene = Scene().press().rings()

    @only_on(SignalReceived)
    def spoil(before: State, after: State, effects: Effects) -> tuple[State, Effects]:
        left = {c: call for c, call in after.calls.items() if c != CALL}
        return replace(after, calls=left, open=()), effects

    return scene.after(5).spoilt(spoil).signal(BedChanged(occupied=True))


@breaks("taken-is-not-closed")
def a_taken_call_may_be_arrived_at_never() -> Scene:
    scene = change_call(Scene().press().rings().after(5), CallTaken, arrive_by=None)
    return scene.do(CallTaken(CALL, scene.by()))


@breaks("closed-by-a-person-or-its-own-signal")
def a_call_is_closed_by_a_movement() -> Scene:
    scene = Scene().press().rings().after(5)

    @only_on(SignalReceived)
    def spoil(_: State, after: State, effects: Effects) -> tuple[State, Effects]:
        call = after.calls[CALL]
        closed = replace(
            call, state=CallState.CLOSED, closed_at=after.now, ringing={}, climbs_at=None
        )
        said = [Withdraw(CALL, handset, WHY) for handset in call.ringing]
        assert after.now is not None
        return with_call(after, closed), (
            *effects,
            *said,
            Note(CALL, Move.CLOSED, after.now, WHY),
        )

    return scene.spoilt(spoil).signal(BedChanged(occupied=True))


@breaks("rings-and-silences-are-announced")
def a_telephone_is_rung_in_the_state_only() -> Scene:
    @only_on(SignalReceived)
    def spoil(_: State, after: State, effects: Effects) -> tuple[State, Effects]:
        return after, without(effects, Ring)

    return Scene().spoilt(spoil).press()


@breaks("a-silenced-telephone-has-a-reason")
def all_telephones_fall_silent() -> Scene:
    scene = Scene().press().rings().after(5)
    rung = replace(scene.call.ladder.rungs[0], targets=(Target(TargetKind.CHANNEL, "duty"),))
    ladder = replace(scene.call.ladder, rungs=(rung, *scene.call.ladder.rungs[1:]))
    scene.state = with_call(scene.state, replace(scene.call, ladder=ladder))

    @only_on(SignalReceived)
    def spoil(_: State, after: State, effects: Effects) -> tuple[State, Effects]:
        call = after.calls[CALL]
        said = [Withdraw(CALL, handset, WHY) for handset in call.ringing]
        return with_call(after, replace(call, ringing={})), (*effects, *said)

    return scene.spoilt(spoil).signal(BedChanged(occupied=True))


# --- who ---


@breaks("at-most-one-owner")
def the_owner_changes_by_itself() -> Scene:
    scene = Scene().press().rings().after(5)
    scene.do(CallTaken(CALL, scene.by())).after(1)
    return change_call(scene, SignalReceived, owner=NURSE[0]).signal(BedChanged(occupied=True))


@breaks("the-second-accept-is-told-who")
def the_second_accept_is_not_told() -> Scene:
    scene = Scene().press().rings().after(5)
    scene.do(CallTaken(CALL, scene.by())).after(1)

    @only_on(CallTaken)
    def spoil(_: State, after: State, effects: Effects) -> tuple[State, Effects]:
        return after, tuple(replace(e, by=None) if isinstance(e, Reply) else e for e in effects)

    return scene.spoilt(spoil).do(CallTaken(CALL, scene.by(NURSE)))


@breaks("a-student-is-never-alone")
def only_a_student_is_rung() -> Scene:
    @only_on(SignalReceived)
    def spoil(_: State, after: State, effects: Effects) -> tuple[State, Effects]:
        call = list(after.calls.values())[-1]
        one = replace(next(iter(call.ringing.values())), staff=STUDENT[0])
        ring = next(e for e in effects if isinstance(e, Ring))
        chosen = (Considered(STUDENT[0], True, Reason.ON_UNIT, STUDENT[1]),)
        told = replace(
            ring,
            handset=STUDENT[1],
            staff=STUDENT[0],
            because=replace(ring.because, considered=chosen),
        )
        call = replace(call, ringing={STUDENT[1]: one})
        return with_call(after, call), (*without(effects, Ring), told)

    return Scene().spoilt(spoil).press()


@breaks("an-emergency-is-never-muted")
def an_emergency_is_merged_away() -> Scene:
    scene = Scene().press().rings().after(5)

    @only_on(HelpAsked)
    def spoil(before: State, after: State, effects: Effects) -> tuple[State, Effects]:
        return replace(before, now=after.now), tuple(e for e in effects if isinstance(e, Reply))

    return scene.spoilt(spoil).do(HelpAsked(scene.by(), emergency=True, call=CALL))


@breaks("an-emergency-rings-until-enough-come")
def one_comes_and_nobody_waits_for_the_second() -> Scene:
    scene = Scene().do(HelpAsked(Scene().by(NURSE), emergency=True)).rings().after(5)
    return change_call(scene, CallTaken, climbs_at=None).do(CallTaken(CALL, scene.by()))


@breaks("who-comes-beside-is-waited-for")
def the_second_has_no_limit() -> Scene:
    scene = Scene().do(HelpAsked(Scene().by(NURSE), emergency=True)).rings().after(5)
    scene.do(CallTaken(CALL, scene.by()))
    second = CallTaken(CALL, scene.by(STUDENT))
    return change_call(scene, CallTaken, beside_by=None).do(second)


@breaks("who-comes-is-left-to-walk")
def who_walks_is_rung_with_the_next_step() -> Scene:
    scene = Scene().do(HelpAsked(Scene().by(NURSE), emergency=True)).rings().after(5)
    scene.do(CallTaken(CALL, scene.by()))
    staff, handset = CARER

    @only_on(TimePassed)
    def spoil(_: State, after: State, effects: Effects) -> tuple[State, Effects]:
        chosen = (Considered(staff, True, Reason.ON_UNIT, handset),)
        told = Ring(CALL, handset, staff, replace(WHY, considered=chosen), 1)
        call = after.calls[CALL]
        assert after.now is not None
        ringing = {**call.ringing, handset: Ringing(staff, after.now, again=1)}
        return with_call(after, replace(call, ringing=ringing)), (*effects, told)

    return scene.spoilt(spoil).after(30)


@breaks("every-ring-says-why")
def a_ring_has_no_why() -> Scene:
    @only_on(SignalReceived)
    def spoil(_: State, after: State, effects: Effects) -> tuple[State, Effects]:
        return after, tuple(
            replace(e, because=replace(e.because, considered=())) if isinstance(e, Ring) else e
            for e in effects
        )

    return Scene().spoilt(spoil).press()
