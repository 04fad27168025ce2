"""Scenes that break the truths of what the house decided, and of places."""

from dataclasses import replace
from datetime import timedelta

from routing.effects import (
    Booked,
)
from routing.events import (
    Certainty,
    Placing,
    PlanAdopted,
    SignalReceived,
    StoreChanged,
    StoreState,
    TagsPlaced,
    TimePassed,
)
from routing.ids import DeviceId, RoomId
from routing.plan import (
    Basis,
    PlaceBasis,
    Plan,
    Priority,
    RuleState,
)
from routing.readings import BedChanged
from routing.state import LastPlace, State
from simulators.truths import TRUTHS
from simulators.truths_plan import rule_in_force
from simulators.watch import Watch
from tests.simulators.breaks import CALL, booked, breaks, change_call, edited, only_on
from tests.simulators.scene import (
    NIGHT,
    WRIST,
    Effects,
    Scene,
    with_call,
)


# --- what the house decided ---
@breaks("the-plan-adopted-holds")
def an_edit_is_forgotten() -> Scene:
    @only_on(PlanAdopted)
    def spoil(before: State, after: State, effects: Effects) -> tuple[State, Effects]:
        return replace(after, plan=before.plan), effects

    scene = Scene().spoilt(spoil)
    return scene.do(edited(scene, rules=()))


@breaks("a-call-keeps-its-ladder")
def an_edit_changes_the_ladder_of_an_open_call() -> Scene:
    scene = Scene().press().rings().after(5)
    longer = replace(scene.call.ladder, version=2)

    @only_on(PlanAdopted)
    def spoil(_: State, after: State, effects: Effects) -> tuple[State, Effects]:
        return with_call(after, replace(after.calls[CALL], ladder=longer)), effects

    return scene.spoilt(spoil).do(edited(scene))


def _out_of_bed(scene: Scene) -> Scene:
    bed = DeviceId("bed-4")
    scene.signal(BedChanged(occupied=True), device=bed).after(60)
    return scene.signal(BedChanged(occupied=False), device=bed)


def _all_rules(plan: Plan, **changes: object) -> Plan:
    return replace(plan, rules=tuple(replace(r, **changes) for r in plan.rules))  # pyright: ignore[reportArgumentType]


@breaks("only-a-rule-in-force-calls")
def a_paused_rule_calls_all_the_same() -> Scene:
    @only_on(TimePassed)
    def spoil(_: State, after: State, effects: Effects) -> tuple[State, Effects]:
        return replace(after, plan=_all_rules(after.plan, state=RuleState.PAUSED)), effects

    scene = _out_of_bed(Scene())
    # Only this truth watches: that a step changes the plan is another's.
    scene.watch = Watch(scene.plan, tuple(t for t in TRUTHS if t.check is rule_in_force))
    return scene.spoilt(spoil).after(700)


@breaks("practice-is-apart")
def a_practice_press_is_taken_for_a_real_one() -> Scene:
    scene = Scene()
    until = scene.now + timedelta(minutes=10)
    stays = tuple(
        replace(stay, practice_until=until) if stay.patient == "patient-1" else stay
        for stay in scene.plan.stays
    )
    scene.do(edited(scene, stays=stays))

    @only_on(SignalReceived)
    def spoil(_: State, after: State, effects: Effects) -> tuple[State, Effects]:
        call = list(after.calls.values())[-1]
        return with_call(after, replace(call, practice=False)), booked(effects, Booked.OPENED)

    return scene.spoilt(spoil).press()


@breaks("practice-stays-practice")
def a_real_call_becomes_practice() -> Scene:
    scene = Scene().press().rings().after(5)
    return change_call(scene, SignalReceived, practice=True).signal(BedChanged(occupied=True))


@breaks("a-full-disk-is-shouted")
def a_full_disk_is_a_whisper() -> Scene:
    @only_on(StoreChanged)
    def spoil(_: State, after: State, effects: Effects) -> tuple[State, Effects]:
        call = list(after.calls.values())[-1]
        return with_call(after, replace(call, priority=Priority.ROUTINE)), effects

    scene = Scene().do(StoreChanged(StoreState.UNRECORDED)).spoilt(spoil)
    return scene.do(StoreChanged(StoreState.SPOOL_LOST, "no space left"))


def heard_in(room: str) -> TagsPlaced:
    return TagsPlaced((Placing(WRIST, RoomId(room), Certainty.CERTAIN, NIGHT),))


def followed(plan: Plan) -> Plan:
    basis = PlaceBasis(Basis.CONSENT)
    stays = tuple(replace(stay, place=basis) for stay in plan.stays)
    return replace(plan, stays=stays, version=plan.version + 1)


@breaks("a-place-decides-nothing")
def a_press_from_elsewhere_waits_longer() -> Scene:
    scene = Scene()
    scene.do(PlanAdopted(followed(scene.plan))).do(heard_in("room-2"))
    assert list(scene.state.places) == [WRIST]
    return change_call(scene, SignalReceived, priority=Priority.ROUTINE).press()


@breaks("a-place-is-known-by-right")
def somebody_is_followed_without_a_basis() -> Scene:
    @only_on(TagsPlaced)
    def spoil(_: State, after: State, effects: Effects) -> tuple[State, Effects]:
        place = LastPlace(RoomId("room-2"), Certainty.CERTAIN, NIGHT, NIGHT)
        return replace(after, places={WRIST: place}), effects

    return Scene().spoilt(spoil).do(heard_in("room-2"))
